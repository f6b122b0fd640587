// @ts-check
/**
 * What opens over the wall of a room, as HTML: who is here, points, hidden photos, help, and the end. Nothing here knows
 * of the document.
 *
 * @typedef {import("./meeting.js").State} State
 * @typedef {import("./markup.js").Html} Html
 * @typedef {import("./wall.js").Say} Say
 * @typedef {object} More
 * @property {import("./room.js").Data} data
 * @property {number} doubt The person of whom it is asked whether they are to go, or 0.
 * @property {string} zip The address of what can be taken home.
 * @property {boolean} isBusy
 */
import { fill } from "./album.js";
import { usualName } from "./gather.js";
import { html, sentence, when } from "./markup.js";
import { many } from "./wall.js";

/** @param {string} title @param {Say} say @param {Html} inside @param {Html} [buttons] */
const sheet = (title, say, inside, buttons = html`<button type="button" class="btn main" data-do="close">${say.close}</button>`) =>
  html`<h2 id="room-sheet" tabindex="-1">${title}</h2><div class="inside">${inside}</div><div class="row">${buttons}</div>`;

/** What opens, by its name. @type {{ [name: string]: (state: State, more: More) => Html }} */
export const SHEETS = {
  people: (state, { data: { say }, doubt }) => {
    const doubted = state.people.find(({ id }) => id === doubt);
    if (doubted)
      return sheet(fill(say.removeSure, { name: doubted.name }), say, html`<p>${say.removeMeans}</p>`,
        html`<button type="button" class="btn main" data-do="remove" data-person="${doubted.id}">${say.remove}</button><button type="button" class="btn" data-do="keep">${say.cancel}</button>`);
    const rows = state.people.map(({ id, name, score, photos, here }) =>
      html`<tr><th scope="row">${name}</th>${state.score && html`<td>${score}</td>`}<td>${photos}</td><td>${here ? say.isHere : say.isAsleep}</td><td><button type="button" class="btn bare" data-do="doubt" data-person="${id}">${say.remove}<span class="unseen"> ${name}</span></button></td></tr>`);
    const table = html`<table><thead><tr><th scope="col">${say.name}</th>${state.score && html`<th scope="col">${say.points}</th>`}<th scope="col">${say.photosTitle}</th><th scope="col">${say.phone}</th><td></td></tr></thead><tbody>${rows}</tbody></table>`;
    return sheet(say.people, say, state.people.length ? table : html`<p class="soft">${say.nobody}</p>`);
  },
  points: (state, { data: { say } }) => {
    const ranked = [...state.people].sort((a, b) => b.score - a.score);
    const rows = ranked.map(({ name, score }) => html`<tr><td>${1 + ranked.filter((other) => other.score > score).length}</td><th scope="row">${name}</th><td><b>${score}</b></td></tr>`);
    return sheet(say.points, say, html`<p class="soft">${say.pointsHelp}</p><table class="ranks"><tbody>${rows}</tbody></table>`);
  },
  hidden: (state, { data: { say } }) => {
    const found = state.photos.filter(({ hidden }) => hidden);
    const rows = found.map(({ photo, src, by }) => html`<li><img class="veiled" src="${src}?side=480" alt=""><span>${sentence(say.photoOf, { name: by })}</span><button type="button" class="btn" data-do="unhide" data-photo="${photo}">${say.showAgain}</button></li>`);
    return sheet(say.hiddenPhotos, say, found.length ? html`<ul class="hidden-ones">${rows}</ul>` : html`<p class="soft">${say.noneHidden}</p>`);
  },
  help: (state, { data: { say, help } }) => {
    const others = state.others.length ? html`<p>${sentence(say.otherAddresses, { addresses: state.others.join(", ") })}</p>` : "";
    return sheet(say.cannotJoin, say, html`${state.isReachable ? help.map((words) => html`<p>${words}</p>`) : html`<p>${say.alone} <code>make class</code></p>`}${others}`);
  },
  end: (state, { data: { say }, zip, isBusy }) => {
    const set = state.collect, photos = state.all;
    const gone = [many(photos, say.photo1, say.photos), many(state.people.length, say.gonePerson, say.gonePeople), set && sentence(set.model ? say.goneSetModel : say.goneSet, { names: usualName(set), n: set.classes.reduce((n, { count }) => n + count, 0) })];
    return sheet(say.endSure, say, html`<p><a class="btn" href="${zip}" download>${say.takeHome}</a></p><p>${say.endMeans}</p><ul class="gone">${gone.map((one) => one && html`<li>${one}</li>`)}</ul>
<label${when("hidden", !set)}><input type="checkbox" class="keep-set"><span>${say.keepSet}</span></label>`,
      html`<button type="button" class="btn main" data-do="endNow"${when("disabled", isBusy)}>${say.endNow}</button><button type="button" class="btn" data-do="close">${say.cancel}</button>`);
  },
};
