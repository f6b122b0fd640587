// @ts-check
/**
 * What stands on the wall of a room, as HTML: photos with guesses and answers, piles, disagreements, one photo alone.
 * Nothing here knows of the document. Places for photos are there before the photos, so nothing moves when one comes.
 *
 * @typedef {import("./meeting.js").State} State
 * @typedef {import("./meeting.js").Photo} Photo
 * @typedef {import("./markup.js").Html} Html
 * @typedef {{ [name: string]: string }} Say
 */
import { html, icon, ready, sentence, when } from "./markup.js";

export const FEW = 8, MANY = 24;

/** The photos that everybody may see. @param {State} state */
export const seen = (state) => state.photos.filter(({ hidden }) => !hidden);

/** How many pages there are. @param {number} photos @param {number} each */
export const pages = (photos, each) => Math.max(1, Math.ceil(photos / each));

/** Return a part of a whole in percent, 100 at most: who guessed may have gone; 0 of nothing. @param {number} part @param {number} whole */
export const share = (part, whole) => (whole ? Math.min(100, Math.round((100 * part) / whole)) : 0);

/**
 * Return photos by what the model is sure they show, the largest pile first; at the end those it is not sure of.
 *
 * @param {Photo[]} photos
 */
export function piles(photos) {
  /** @type {Map<string, Photo[]>} */
  const found = new Map();
  for (const photo of photos) if (photo.pile !== undefined) found.set(photo.pile, [...(found.get(photo.pile) ?? []), photo]);
  return [...found].map(([name, photos]) => ({ name, photos })).sort((a, b) => Number(!a.name) - Number(!b.name) || b.photos.length - a.photos.length);
}

/** Return what more than half of those who guessed said, where that is not what the model says; else null. @param {Photo} photo */
export const otherwise = ({ options = [], guesses }) => options.find(({ count, isRight }) => !isRight && 2 * count > guesses) ?? null;

/** @param {number} n @param {string} one @param {string} many @param {{ [gap: string]: string | number | Html }} [more] */
export const many = (n, one, many, more = {}) => sentence(n === 1 ? one : many, { n, ...more });

/** @param {Photo} photo @param {string} size */
const source = (photo, size = "?side=480") => `${photo.src}${size}`;

/** Sign and answer in a few words; before it is shown, how many have guessed. @param {Photo} photo @param {Say} say */
const answer = (photo, say) => photo.caption === undefined
  ? sentence(say.guessed, { n: html`<b>${photo.guesses}</b>`, of: photo.of })
  : html`<span class="sign" aria-hidden="true"></span>${ready(photo.caption)}`;

/** How many guessed, or guessed right: a bar, and the number at its end. @param {Photo} photo @param {Say} say */
function bar(photo, say) {
  const isShown = photo.caption !== undefined, { of, guesses, rightGuesses } = photo, n = isShown ? rightGuesses : guesses;
  const words = sentence(isShown ? say.guessedIt : say.guessed, { n, of });
  return html`<p class="guessed"><i style="--p:${share(n, of)}"></i><span class="unseen">${words}</span><b aria-hidden="true">${isShown && `${n}/${of}`}</b></p>`;
}

/** @param {Photo} photo @param {Say} say */
export function votes({ votes }, say) {
  const all = votes ? votes.right + votes.wrong : 0;
  return votes && all ? sentence(say.votes, { right: html`<b>${votes.right}</b>`, wrong: html`<b>${votes.wrong}</b>` }) : html``;
}

/** @param {Photo} photo @param {Say} say @param {string} [loading] */
const picture = (photo, say, loading = "eager") =>
  html`<button type="button" class="photo" data-do="large" data-photo="${photo.photo}" aria-label="${sentence(say.enlarge, { name: photo.by })}"><img src="${source(photo)}" alt="" loading="${loading}"><span class="who">${photo.by}</span></button>`;

/** @param {Photo | undefined} photo @param {Say} say */
const card = (photo, say) => photo
  ? html`<li class="card one ${photo.look ?? ""}" data-photo="${photo.photo}">${picture(photo, say)}<p class="ans">${answer(photo, say)}</p>${bar(photo, say)}<p class="votes">${votes(photo, say)}</p></li>`
  : html`<li class="card one empty" aria-hidden="true"><button type="button" class="photo" disabled><img alt=""><span class="who"></span></button><p class="ans"></p><p class="guessed"></p><p class="votes"></p></li>`;

/**
 * A page of photos: as many places as a page has, whatever is in them.
 *
 * @param {Photo[]} photos
 * @param {{ page: number, each: number }} view
 * @param {Say} say
 */
export function cards(photos, { page, each }, say) {
  const places = Array.from({ length: each }, (_, place) => card(photos[page * each + place], say));
  return html`<ul class="cards" data-each="${each}">${places}</ul><p class="nothing"${when("hidden", photos.length > 0)}>${say.nothing}</p>`;
}

/** @param {Photo[]} photos @param {Say} say */
export const columns = (photos, say) => html`<ul class="heaps">${piles(photos).map(({ name, photos }) =>
  html`<li class="card pile ${name ? "" : "none"}"><h2>${name ? "" : html`<span class="sign" aria-hidden="true"></span>`}${name || say.unsure} <b>${photos.length}</b></h2><ul>${photos.map((photo) => html`<li>${picture(photo, say, "lazy")}</li>`)}</ul></li>`)}</ul>`;

/** @param {Photo[]} photos @param {Say} say */
export function disagreements(photos, say) {
  const found = photos.filter(({ disputed }) => disputed);
  if (!found.length) return html`<p class="calm">${say.agreed}</p>`;
  return html`<ul class="disputes">${found.map((photo) => {
    const most = otherwise(photo), guessed = most && sentence(say.guessedIt, { n: most.count, of: photo.guesses });
    return html`<li class="card dispute ${photo.look ?? ""}">${picture(photo, say, "lazy")}<dl><div><dt>${say.modelSays}</dt><dd class="ans">${answer(photo, say)}</dd></div><div><dt>${say.classSays}</dt><dd>${most ? most.name : say.itIsWrong}</dd><dd class="soft">${guessed}</dd><dd class="soft">${votes(photo, say)}</dd></div></dl></li>`;
  })}</ul>`;
}

/** What the class guessed of one photo, a line for each option. @param {Photo} photo @param {Say} say */
const tally = (photo, say) => html`<h3>${say.classGuessed}</h3><table class="tally"><caption class="unseen">${say.classGuessed}</caption><tbody>${(photo.options ?? []).map(({ name, count, isRight }) =>
  html`<tr class="${isRight ? "right" : ""}"><th scope="row" title="${name}">${name}</th><td class="t"><i style="--p:${share(count, photo.guesses)}"></i></td><td>${count}${isRight && html` <em>${say.right}</em>`}</td></tr>`)}</tbody></table>`;

/**
 * One photo alone, as large as the screen.
 *
 * @param {State} state
 * @param {number} number Of the photo.
 * @param {Say} say
 */
export function large(state, number, say) {
  const shown = seen(state), place = shown.findIndex(({ photo }) => photo === number), photo = shown[place];
  if (!photo) return html``;
  const count = sentence(say.place, { n: place + 1, total: shown.length });
  const said = photo.answer
    ? html`${ready(photo.answer)}${tally(photo, say)}<p class="votes">${votes(photo, say)}</p>`
    : html`<div class="ask"><h2>${say.ask}</h2><p>${answer(photo, say)}</p>${bar(photo, say)}</div>`;
  return html`<div class="pic"><img src="${source(photo, "")}" alt="${sentence(say.photoOf, { name: photo.by })}"></div><div class="said">${said}</div>
<footer><p><b id="room-large">${photo.by}</b> <span class="soft">${count}</span></p>
<button type="button" class="btn" data-do="step" data-by="-1" aria-label="${say.previous}"${when("disabled", !place)}>${icon(BACK)}</button>
<button type="button" class="btn" data-do="step" data-by="1" aria-label="${say.next}"${when("disabled", place === shown.length - 1)}>${icon(FORTH)}</button>
<button type="button" class="btn bare" data-do="hide" data-photo="${photo.photo}">${say.hidePhoto}</button>
<button type="button" class="btn" data-do="close">${say.close}</button></footer>`;
}

export const BACK = "M15 5l-7 7 7 7", FORTH = "M9 5l7 7-7 7";
