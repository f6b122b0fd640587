// @ts-check
/**
 * What stands around the wall of a room, as HTML: before it and after it, the way in, the question and what the teacher
 * can do. Nothing here knows of the document.
 *
 * @typedef {import("./meeting.js").State} State
 * @typedef {import("./markup.js").Html} Html
 * @typedef {import("./room.js").Data} Data
 * @typedef {import("./room.js").View} View
 * @typedef {import("./wall.js").Say} Say
 * @typedef {{ left: { [what: string]: number }, kept: string }} Receipt What is left of a room, and its class set if that was to be kept.
 */
import { html, icon, sentence, when } from "./markup.js";
import { BACK, FORTH, MANY, many, pages, seen } from "./wall.js";

const EYE = "M2.5 12S6 5.5 12 5.5 21.5 12 21.5 12 18 18.5 12 18.5 2.5 12 2.5 12zM12 15a3 3 0 1 0 0-6 3 3 0 0 0 0 6z";
const LOCK = "M6 11h12v9H6zM8.5 11V8a3.5 3.5 0 0 1 7 0v3", PAUSE = "M9 6v12M15 6v12", WIDE = "M4 9V4h5M15 4h5v5M20 15v5h-5M9 20H4v-5";
const MORE = "M5 12h.01M12 12h.01M19 12h.01", PEOPLE = "M9 11a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7zM2.5 20a6.5 6.5 0 0 1 13 0M16 4.5a3.5 3.5 0 0 1 0 6.5M18 14.5a6.5 6.5 0 0 1 3.5 5.5";
/** What is counted once a room has ended, and how that is called. */
const LEFT = [["rooms", "leftRooms"], ["photos", "leftPhotos"], ["people", "leftPeople"], ["projects", "leftProjects"], ["models", "leftModels"]];

/**
 * A button of the wall. It keeps its place among the others while it is away: so what has the focus, or is below the
 * mouse, never becomes another one.
 *
 * @param {string} does
 * @param {Html | string} inside
 * @param {{ isThere?: boolean, isOff?: boolean, kind?: string }} [how]
 */
export const button = (does, inside, { isThere = true, isOff = false, kind = "" } = {}) =>
  html`<button type="button" class="btn ${kind}" data-do="${does}"${when("hidden", !isThere)}${when("disabled", isOff)}>${inside}</button>`;

/** The page before a room is open. @param {Data} data @param {State[]} earlier @param {boolean} isBusy */
export function door(data, earlier, isBusy) {
  const { say } = data;
  return html`<div class="door"><h1>${say.title}</h1><p class="lead">${say.what} ${say.then}</p>
<p class="row">${button("open", html`${icon(PEOPLE)}${say.open}`, { isOff: isBusy, kind: "main" })}
${earlier.map(({ id, code }) => html`<button type="button" class="btn" data-do="enter" data-room="${id}">${sentence(say.back, { code })}</button>`)}</p>
${!data.isClass && html`<p class="calm">${say.alone} <code>make class</code></p>`}
<p class="links">${data.links.map(({ href, words }) => html`<a href="${href}">${words}</a>`)}</p></div>`;
}

/** What is left of a room that has ended; a class set that was kept is not counted. @param {Receipt} of @param {Data} data @param {boolean} isBusy */
export function receipt({ left, kept }, data, isBusy) {
  const { say } = data, isGone = Object.values(left).every((count) => !count);
  const counted = kept ? LEFT.slice(0, -2) : LEFT;
  return html`<div class="door"><h1 tabindex="-1">${!isGone ? say.notGone : kept ? say.allButSet : say.allGone}</h1><p class="lead">${say.looked}</p>
<dl class="receipt">${counted.map(([what, words]) => html`<div><dt>${say[words]}</dt><dd>${left[what]}</dd></div>`)}</dl>
<p class="row">${button("open", say.openOther, { isOff: isBusy, kind: "main" })}${kept && html`<a class="btn" href="${data.train + encodeURIComponent(kept)}">${say.openTrain}</a>`}</p></div>`;
}

/** How phones come in. @param {State} state @param {Say} say */
export function aside(state, say) {
  const asleep = state.people.filter(({ here }) => !here).length, n = html`<b>${state.people.length}</b>`;
  const [host, port] = [state.short.replace(/(:\d+)?\/r$/, ""), state.short.match(/(:\d+)?\/r$/)?.[0] ?? ""];
  const code = state.isReachable
    ? html`<img class="qr" src="${state.qr}" alt="${sentence(say.qr, { address: state.address })}">`
    : html`<div class="qr only"><p>${say.alone}</p><code>make class</code><a href="${state.address}" target="_blank" rel="noopener">${say.tryHere}</a></div>`;
  const doors = [state.locked && html`<span>${icon(LOCK)}${say.locked}</span>`, state.paused && html`<span>${icon(PAUSE)}${say.paused}</span>`];
  return html`<aside class="card join" aria-label="${say.join}"><p class="lead">${say.join}</p>${code}
<p class="code" translate="no">${state.code}</p><p class="short" translate="no">${host}<wbr>${port}</p><p class="doors">${doors}</p>
<button type="button" class="btn bare here" data-do="people"><span>${many(state.people.length, say.here1, say.here, { n })}</span></button>
<p class="soft small asleep">${asleep > 0 && sentence(say.asleepN, { n: asleep })}</p></aside>`;
}

/** What is asked, and what the teacher can do about it. @param {State} state @param {boolean} isWall Whether photos are guessed, not collected. @param {Data} data @param {string} zip */
export function head(state, isWall, data, zip) {
  const { say } = data, isShown = isWall && state.phase === "shown", none = !seen(state).length;
  const asked = !isWall ? say.collectPhotos : isShown ? say.askShown : say.ask;
  return html`<header class="top"><h1 tabindex="-1">${asked}</h1><div class="go">
${button("wall", say.backToWall, { isThere: !isWall })}
${button("turn", html`${icon(EYE)}${isShown ? say.hide : say.show}`, { isThere: isWall, isOff: none && !isShown, kind: isShown ? "" : "main" })}
${button("next", html`${say.nextRound}${icon(FORTH)}`, { isThere: isShown, kind: "main" })}
${button("collect", say.collect, { isThere: isWall })}${menu(state, data, zip)}</div></header>`;
}

/** @param {State} state @param {Data} data @param {string} zip */
function menu(state, data, zip) {
  const { say, models } = data, offers = models.some(({ id }) => id === state.model.id) ? models : [state.model, ...models];
  /** @param {string} name @param {boolean} is @param {string} words */
  const flag = (name, is, words) => html`<label><input type="checkbox" data-flag="${name}"${when("checked", is)}><span>${words}</span></label>`;
  return html`<details class="menu"><summary class="btn" aria-label="${say.more}" title="${say.more}">${icon(MORE)}</summary><div class="pop">
${flag("locked", state.locked, say.lock)}${flag("paused", state.paused, say.pause)}${flag("score", state.score, say.withPoints)}
<label class="answers"><span>${say.answers}</span><select data-model aria-describedby="room-answers">${offers.map(({ id, name }) => html`<option value="${id}">${name}</option>`)}</select><span class="small soft" id="room-answers">${say.answersHelp}</span></label>
<button type="button" class="btn bare" data-do="help">${say.cannotJoin}</button>
${data.links.map(({ href, words }) => html`<a class="btn bare" href="${href}" target="_blank" rel="noopener">${words}</a>`)}
<a class="btn bare" href="${zip}" download>${say.takeHome}</a>
<button type="button" class="btn bare" data-do="end">${say.endRoom}</button></div></details>`;
}

/** One calm line. @param {string} words @param {Say} say */
export const calm = (words, say) =>
  html`<p class="calm"${when("hidden", !words)}><span>${words}</span><button type="button" class="btn bare" data-do="dismiss">${say.close}</button></p>`;

/** Which view of the wall, and which part of it. @param {State} state @param {View} view @param {string} which @param {Say} say */
export function tools(state, view, which, say) {
  const photos = seen(state), n = photos.length, disputed = photos.filter((photo) => photo.disputed).length;
  /** @param {string} name @param {string} words @param {number} [count] */
  const chip = (name, words, count) => html`<button type="button" class="chip" data-do="which" data-which="${name}" aria-pressed="${String(which === name)}">${words}${count !== undefined && html` <b>${count}</b>`}</button>`;
  const chips = state.phase === "shown" && n ? html`${chip("wall", say.wall)}${chip("piles", say.piles)}${chip("disputed", say.disagreements, disputed)}` : html`<p class="soft">${sentence(say.answering, { model: html`<b>${state.model.name}</b>` })}</p>`;
  const last = pages(n, view.each) - 1, isWall = which === "wall";
  return html`<div class="tools"><div class="chips" role="group" aria-label="${say.view}">${chips}</div><div class="pager"${when("hidden", !isWall)}>
<span class="soft">${many(n, say.photo1, say.photos)}</span>
<button type="button" class="btn" data-do="page" data-by="-1" aria-label="${say.previous}"${when("disabled", !view.page)}>${icon(BACK)}</button><span class="at">${view.page + 1} / ${last + 1}</span><button type="button" class="btn" data-do="page" data-by="1" aria-label="${say.next}"${when("disabled", view.page >= last)}>${icon(FORTH)}</button>
<button type="button" class="btn" data-do="each" aria-pressed="${String(view.each === MANY)}">${say.small}</button></div>
<button type="button" class="btn full-screen" data-do="full" aria-pressed="${String(view.isFull)}" aria-label="${say.full}" title="${say.full} (F)">${icon(WIDE)}</button></div>`;
}

/** @param {State} state @param {boolean} isWall @param {Say} say */
export function foot(state, isWall, say) {
  const isShown = state.phase === "shown", hidden = state.photos.filter((photo) => photo.hidden).length;
  const right = html`<b>${state.guesses.right}</b>`, surprises = html`<b>${state.guesses.surprises}</b>`;
  return html`<footer class="foot"><p class="legend soft small">${isWall && html`<i></i>${isShown ? say.legendShown : say.legend}`}</p>
<p class="total">${isShown && sentence(say.total, { right, surprises })}</p>
${button("points", say.points, { isThere: state.score, kind: "bare" })}
${button("hidden", sentence(say.hiddenN, { n: hidden }), { isThere: hidden > 0, kind: "bare" })}
${button("train", say.train, { isThere: isWall, isOff: !state.all, kind: "bare" })}
${button("end", say.end, { kind: "bare" })}</footer>`;
}
