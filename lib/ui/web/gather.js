// @ts-check
/**
 * What stands on the wall while phones collect photos for named classes, as HTML. Nothing here knows of the document.
 *
 * @typedef {import("./meeting.js").Collect} Collect
 * @typedef {import("./wall.js").Say} Say
 */
import { html, icon, ready, sentence, when } from "./markup.js";

export const LEAST = 2, MOST = 6;
const PICTURES = 8, PLUS = "M12 5v14M5 12h14", PIN = "M9 4h6l-1 6 3 3H7l3-3zM12 13v7";
const STAR = "M12 3.5l2.6 5.3 5.9.9-4.3 4.1 1 5.9-5.2-2.8-5.2 2.8 1-5.9-4.3-4.1 5.9-.9z";

/** How a model is called by itself: by its classes. @param {Collect} collect */
export const usualName = (collect) => collect.classes.map(({ name }) => name).join(", ").slice(0, 60);

/** Where the classes are named. @param {number} fields @param {Say} say */
export const naming = (fields, say) => html`<form class="card naming" data-form="collect"><h2>${say.nameClasses}</h2><p class="soft">${say.nameHelp}</p>
${Array.from({ length: fields }, (_, place) => html`<label><span>${sentence(say.className, { n: place + 1 })}</span><input type="text" name="class" maxlength="100" autocomplete="off" spellcheck="false"${when("required", place < LEAST)}></label>`)}
<div class="row"><button type="button" class="btn bare" data-do="field"${when("hidden", fields >= MOST)}>${icon(PLUS)}${say.another}</button><button type="submit" class="btn main">${say.begin}</button></div></form>`;

/** @param {Collect["classes"][number]} klass @param {number | null} pinned @param {Say} say */
const card = ({ id, name, count, photos }, pinned, say) => html`<li class="card class ${id === pinned ? "pinned" : ""}"><header><h2 title="${name}">${name}</h2><b>${count}</b></header>
<div class="newest">${Array.from({ length: PICTURES }, (_, place) => html`<span><img alt=""${photos[place] ? html` src="${photos[place]}"` : ""}></span>`)}</div>
<button type="button" class="btn" data-do="pin" data-class="${id}" aria-pressed="${String(id === pinned)}">${icon(PIN)}<span>${sentence(id === pinned ? say.pinned : say.pin, { label: name })}</span></button></li>`;

/** What stops the model from being made, what it is doing, or "". @param {Collect} collect */
const stand = ({ why, making, problem }) => making || problem || why;

/** @param {Collect} collect @param {string} train The address of the class set on the page Train. @param {Say} say */
export const collecting = (collect, train, say) => html`<div class="classes"><ul>${collect.classes.map((klass) => card(klass, collect.pinned, say))}</ul>
<div class="card do"><form data-form="class"${when("hidden", collect.classes.length >= MOST)}><label class="small" for="room-class">${say.another}</label><input type="text" id="room-class" name="class" maxlength="100" autocomplete="off" spellcheck="false" required><button type="submit" class="btn">${icon(PLUS)}${say.add}</button></form>
<form data-form="model"><label class="small" for="room-model">${say.modelName}</label><input type="text" id="room-model" name="name" maxlength="100" autocomplete="off" required><button type="submit" class="btn main" aria-describedby="room-stand"${when("disabled", !collect.canMake || Boolean(collect.making))}>${icon(STAR)}${collect.model ? say.renew : say.make}</button></form>
<p id="room-stand" role="status">${stand(collect)}</p></div></div>
<div class="card res"><h2>${say.good}</h2><div class="result">${ready(collect.result)}</div><p class="soft small">${collect.aside > 0 && sentence(say.aside, { n: collect.aside })}</p><a class="btn bare" href="${train}">${say.openTrain}</a></div>`;
