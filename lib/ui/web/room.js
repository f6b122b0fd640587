// @ts-check
/**
 * The page Room, the teacher's, which is the projector's wall. It lives by the routes of lib/server/room/teacher.py:
 * nothing that happens in a room makes Streamlit run the page. lib/ui/room/wall.py says what `data` holds.
 *
 * @typedef {import("./meeting.js").State} State
 * @typedef {import("./markup.js").Html} Html
 * @typedef {object} Data
 * @property {string} language
 * @property {string} room The id of the room that the address names, or "".
 * @property {boolean} isClass Whether others than this computer reach the server.
 * @property {{ id: string, name: string }[]} models Those that are ready.
 * @property {string[]} help What to do where a phone does not reach the room.
 * @property {string} train The address of a class set on the page Train, which ends with its id.
 * @property {{ href: string, words: string }[]} links To pages that go with a room.
 * @property {{ [name: string]: string }} say
 * @typedef {{ data: Data, parentElement: HTMLElement, setTriggerValue(name: string, value: unknown): void }} Component
 */
import * as gather from "./gather.js";
import { html, icon, sentence, when } from "./markup.js";
import * as meeting from "./meeting.js";
import { morph } from "./morph.js";
import { named } from "./projector.js";
import * as wall from "./wall.js";

const CALM_MS = 4000, COMPLAINT_MS = 12_000;
const EYE = "M2.5 12S6 5.5 12 5.5 21.5 12 21.5 12 18 18.5 12 18.5 2.5 12 2.5 12zM12 15a3 3 0 1 0 0-6 3 3 0 0 0 0 6z";
const LOCK = "M6 11h12v9H6zM8.5 11V8a3.5 3.5 0 0 1 7 0v3", PAUSE = "M9 6v12M15 6v12", WIDE = "M4 9V4h5M15 4h5v5M20 15v5h-5M9 20H4v-5";
const MORE = "M5 12h.01M12 12h.01M19 12h.01", PEOPLE = "M9 11a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7zM2.5 20a6.5 6.5 0 0 1 13 0M16 4.5a3.5 3.5 0 0 1 0 6.5M18 14.5a6.5 6.5 0 0 1 3.5 5.5";

/** What is counted once a room has ended, and how that is called. */
const LEFT = [["rooms", "leftRooms"], ["photos", "leftPhotos"], ["people", "leftPeople"], ["projects", "leftProjects"], ["models", "leftModels"]];

// What outlives a mount: Streamlit mounts the component anew when the theme changes.
/** @type {Data} */
let data;
/** @type {Component["setTriggerValue"]} */
let tell;
/** @type {HTMLElement | null} */
let root = null;
/** The room that the address named when the page ran last. */
let addressed = "";
/** What the teacher looks at. */
const FRESH = { which: "wall", page: 0, each: wall.FEW, isNaming: false, fields: gather.LEAST, note: "", dismissed: "", doubt: 0 };
let view = { ...FRESH };
/** What is open over the wall, and which photo. @type {{ sheet: string, photo: number | null }} */
let over = { sheet: "", photo: null };
/** The rooms that can be gone back to. @type {State[] | null} */
let earlier = null;
/** What is left of the room that has just ended, and the class set that was to be kept, or "". @type {{ left: { [what: string]: number }, kept: string } | null} */
let receipt = null;
/** The switches of the menu that the server has not answered to yet. @type {Set<string | undefined>} */
const turning = new Set();
let isFull = false, isBusy = false, isNew = false, problem = "", phase = "", due = 0, calm = 0, complaint = 0, heard = "";

/** @param {string} place @returns {any} */
const $ = (place) => root?.querySelector(place);

/** Called at every run of the page. @param {Component} component */
export function draw(component) {
  ({ data, setTriggerValue: tell } = component);
  const here = /** @type {HTMLElement & { end?: () => void }} */ (component.parentElement.querySelector("#room"));
  root = here;
  here.end ??= listen(here);
  meeting.begin(data.language, { change: paintSoon, gone });
  if (data.room !== addressed && (addressed = data.room) !== meeting.id) enter(data.room);
  if (!meeting.id && !earlier) look();
  paint();
  return () => { if (!here.isConnected) here.end?.(); };
}

/** Go to a room, "" for none. @param {string} room */
function enter(room) {
  view = { ...FRESH };
  over = { sheet: "", photo: null };
  phase = "";
  if (room) receipt = null;
  meeting.enter(room);
}

/** Find the rooms that can be gone back to. */
async function look() {
  earlier = [];
  earlier = await meeting.still();
  paintSoon();
}

/** The room that was shown is no more, or not this browser's. @param {string} why */
function gone(why) {
  view = { ...FRESH };
  over = { sheet: "", photo: null };
  complain(why || data.say.ended);
  tell("room", "");
  look();
}

function paintSoon() {
  due ||= requestAnimationFrame(paint); // once a frame, however much is new
}

function paint() {
  cancelAnimationFrame(due);
  due = 0;
  if (!root) return;
  const { state } = meeting, { say } = data;
  root.classList.toggle("on", Boolean(state));
  root.classList.toggle("full", isFull);
  if (state) follow(state);
  const trouble = $(".trouble"), words = meeting.isAway ? say.lost : problem;
  trouble.hidden = !words;
  if (trouble.textContent !== words) trouble.textContent = words;
  show($(".view"), state ? room(state) : meeting.id ? html`<h1>${say.title}</h1><p class="soft">${say.waiting}</p>` : receipt ? end(receipt) : door());
  settle(state);
  fit();
  paintOver(state);
  if (isNew && document.activeElement === document.body) $("h1").focus({ preventScroll: true });
  isNew = false;
  if (state) announce(state);
}

/** @param {Element} place @param {Html} what */
function show(place, what) {
  const fresh = document.createElement("template");
  fresh.innerHTML = what.text.replace(/>\n</g, "><");
  morph(place, fresh.content);
}

/** Make answers smaller that would not fit into their line, and at last two lines of them. */
function fit() {
  for (const words of /** @type {NodeListOf<HTMLElement>} */ (root?.querySelectorAll(".one .ans") ?? []))
    for (const size of [0.9, 0.8, 0.7, 0]) {
      if (words.scrollWidth <= words.clientWidth) break;
      if (size) words.style.setProperty("--fit", String(size));
      else words.classList.add("two");
    }
}

/** What a new state means for what the teacher looks at. @param {State} state */
function follow(state) {
  if (phase && phase !== state.phase) {
    view.page = 0;
    view.which = "wall";
    view.isNaming = false;
    const made = state.collect?.model;
    view.note = phase === "collect" && made && made.id === state.model.id ? sentenceText(data.say.onPhones, { model: made.name }) : "";
  }
  isNew = Boolean(phase) && phase !== state.phase;
  phase = state.phase;
  view.page = Math.min(view.page, wall.pages(wall.seen(state).length, view.each) - 1);
}

/** @param {string} text @param {{ [gap: string]: string | number }} values */
const sentenceText = (text, values) => text.replace(/\{(\w+)\}/g, (gap, name) => String(values[name] ?? gap));

/** The page before a room is open. */
function door() {
  const { say } = data;
  return html`<div class="door"><h1>${say.title}</h1><p class="lead">${say.what} ${say.then}</p>
<p class="row">${button("open", html`${icon(PEOPLE)}${say.open}`, { isOff: isBusy, kind: "main" })}
${(earlier ?? []).map(({ id, code }) => html`<button type="button" class="btn" data-do="enter" data-room="${id}">${sentence(say.back, { code })}</button>`)}</p>
${!data.isClass && html`<p class="calm">${say.alone} <code>make class</code></p>`}
<p class="links">${data.links.map(({ href, words }) => html`<a href="${href}">${words}</a>`)}</p></div>`;
}

/** What is left of a room that has ended; a class set that was kept is not counted. @param {NonNullable<typeof receipt>} of */
function end({ left, kept }) {
  const { say } = data, isGone = Object.values(left).every((count) => !count);
  const counted = kept ? LEFT.slice(0, -2) : LEFT;
  return html`<div class="door"><h1 tabindex="-1">${!isGone ? say.notGone : kept ? say.allButSet : say.allGone}</h1><p class="lead">${say.looked}</p>
<dl class="receipt">${counted.map(([what, words]) => html`<div><dt>${say[words]}</dt><dd>${left[what]}</dd></div>`)}</dl>
<p class="row">${button("open", say.openOther, { isOff: isBusy, kind: "main" })}${kept && html`<a class="btn" href="${data.train + encodeURIComponent(kept)}">${say.openTrain}</a>`}</p></div>`;
}

/** @param {State} state */
function room(state) {
  return html`${aside(state)}<section class="board">${head(state)}${line(state)}<div class="space">${body(state)}</div>${foot(state)}</section>`;
}

/** @param {State} state */
function aside(state) {
  const { say } = data, asleep = state.people.filter(({ here }) => !here).length, n = html`<b>${state.people.length}</b>`;
  const [host, port] = [state.short.replace(/(:\d+)?\/r$/, ""), state.short.match(/(:\d+)?\/r$/)?.[0] ?? ""];
  const way = state.isReachable
    ? html`<p class="lead">${say.join}</p><img class="qr" src="${state.qr}" alt="${sentence(say.qr, { address: state.address })}"><p class="code" translate="no">${state.code}</p><p class="short" translate="no">${host}<wbr>${port}</p>`
    : html`<p class="lead">${say.join}</p><div class="qr only"><p>${say.alone}</p><code>make class</code><a href="${state.address}" target="_blank" rel="noopener">${say.tryHere}</a></div><p class="code" translate="no">${state.code}</p><p class="short" translate="no">${host}<wbr>${port}</p>`;
  const doors = [state.locked && html`<span>${icon(LOCK)}${say.locked}</span>`, state.paused && html`<span>${icon(PAUSE)}${say.paused}</span>`];
  return html`<aside class="card join" aria-label="${say.join}">${way}<p class="doors">${doors}</p><button type="button" class="btn bare here" data-do="people"><span>${sentence(state.people.length === 1 ? say.here1 : say.here, { n })}</span></button><p class="soft small asleep">${asleep ? sentence(say.asleepN, { n: asleep }) : ""}</p></aside>`;
}

const isCollecting = () => meeting.state?.phase === "collect" || view.isNaming;

/**
 * A button of the wall. It keeps its place among the others while it is away: so what has the focus, or is below the
 * mouse, never becomes another one.
 *
 * @param {string} does
 * @param {Html | string} inside
 * @param {{ isThere?: boolean, isOff?: boolean, kind?: string }} [how]
 */
const button = (does, inside, { isThere = true, isOff = false, kind = "" } = {}) =>
  html`<button type="button" class="btn ${kind}" data-do="${does}"${when("hidden", !isThere)}${when("disabled", isOff)}>${inside}</button>`;

/** @param {State} state */
function head(state) {
  const { say } = data, isWall = !isCollecting(), isShown = isWall && state.phase === "shown", none = !wall.seen(state).length;
  const asked = !isWall ? say.collectPhotos : isShown ? say.askShown : say.ask;
  return html`<header class="top"><h1 tabindex="-1">${asked}</h1><div class="go">
${button("wall", say.backToWall, { isThere: !isWall })}
${button("turn", html`${icon(EYE)}${isShown ? say.hide : say.show}`, { isThere: isWall, isOff: none && !isShown, kind: isShown ? "" : "main" })}
${button("next", html`${say.nextRound}${icon(wall.FORTH)}`, { isThere: isShown, kind: "main" })}
${button("collect", say.collect, { isThere: isWall })}${menu(state)}</div></header>`;
}

/** @param {State} state */
function menu(state) {
  const { say, models } = data, offers = models.some(({ id }) => id === state.model.id) ? models : [state.model, ...models];
  /** @param {string} name @param {boolean} is @param {string} words */
  const flag = (name, is, words) => html`<label><input type="checkbox" data-flag="${name}"${when("checked", is)}><span>${words}</span></label>`;
  return html`<details class="menu"><summary class="btn" aria-label="${say.more}" title="${say.more}">${icon(MORE)}</summary><div class="pop">
${flag("locked", state.locked, say.lock)}${flag("paused", state.paused, say.pause)}${flag("score", state.score, say.withPoints)}
<label class="answers"><span>${say.answers}</span><select data-model aria-describedby="room-answers">${offers.map(({ id, name }) => html`<option value="${id}">${name}</option>`)}</select><span class="small soft" id="room-answers">${say.answersHelp}</span></label>
<button type="button" class="btn bare" data-do="help">${say.cannotJoin}</button>
${data.links.map(({ href, words }) => html`<a class="btn bare" href="${href}" target="_blank" rel="noopener">${words}</a>`)}
<a class="btn bare" href="${zip()}" download>${say.takeHome}</a>
<button type="button" class="btn bare" data-do="end">${say.endRoom}</button></div></details>`;
}

const zip = () => `${meeting.own(meeting.id, "/home.zip")}?lang=${data.language}`;

/** One calm line: what was kept when the server was started anew, or that a new model answers. @param {State} state */
function line(state) {
  const words = view.note || (state.restored === view.dismissed ? "" : state.restored);
  return html`<p class="calm"${when("hidden", !words)}><span>${words}</span><button type="button" class="btn bare" data-do="dismiss">${data.say.close}</button></p>`;
}

/** @param {State} state */
function body(state) {
  const { say } = data;
  if (isCollecting())
    return html`<div class="collecting">${state.collect ? gather.collecting(state.collect, data.train + encodeURIComponent(state.collect.project), say) : gather.naming(view.fields, say)}</div>`;
  const photos = wall.seen(state), which = state.phase === "shown" ? view.which : "wall";
  const what = which === "piles" ? wall.columns(photos, say) : which === "disputed" ? wall.disagreements(photos, say) : wall.cards(photos, view, say);
  return html`${tools(state, which)}<div class="what ${which}">${what}</div>`;
}

/** @param {State} state @param {string} which */
function tools(state, which) {
  const { say } = data, photos = wall.seen(state), n = photos.length, disputed = photos.filter((photo) => photo.disputed).length;
  /** @param {string} name @param {string} words @param {number} [count] */
  const chip = (name, words, count) => html`<button type="button" class="chip" data-do="which" data-which="${name}" aria-pressed="${String(which === name)}">${words}${count !== undefined && html` <b>${count}</b>`}</button>`;
  const chips = state.phase === "shown" && n ? html`${chip("wall", say.wall)}${chip("piles", say.piles)}${chip("disputed", say.disagreements, disputed)}` : html`<p class="soft">${sentence(say.answering, { model: html`<b>${state.model.name}</b>` })}</p>`;
  const last = wall.pages(n, view.each) - 1, isWall = which === "wall";
  return html`<div class="tools"><div class="chips" role="group" aria-label="${say.view}">${chips}</div><div class="pager"${when("hidden", !isWall)}>
<span class="soft">${wall.many(n, say.photo1, say.photos)}</span>
<button type="button" class="btn" data-do="page" data-by="-1" aria-label="${say.previous}"${when("disabled", !view.page)}>${icon(wall.BACK)}</button><span class="at">${view.page + 1} / ${last + 1}</span><button type="button" class="btn" data-do="page" data-by="1" aria-label="${say.next}"${when("disabled", view.page >= last)}>${icon(wall.FORTH)}</button>
<button type="button" class="btn" data-do="each" aria-pressed="${String(view.each === wall.MANY)}">${say.small}</button></div>
<button type="button" class="btn full-screen" data-do="full" aria-pressed="${String(isFull)}" aria-label="${say.full}" title="${say.full} (F)">${icon(WIDE)}</button></div>`;
}

/** @param {State} state */
function foot(state) {
  const { say } = data, isWall = !isCollecting(), isShown = state.phase === "shown", hidden = state.photos.filter((photo) => photo.hidden).length;
  const right = html`<b>${state.guesses.right}</b>`, surprises = html`<b>${state.guesses.surprises}</b>`;
  return html`<footer class="foot"><p class="legend soft small">${isWall && html`<i></i>${isShown ? say.legendShown : say.legend}`}</p>
<p class="total">${isShown && sentence(say.total, { right, surprises })}</p>
${button("points", say.points, { isThere: state.score, kind: "bare" })}
${button("hidden", sentence(say.hiddenN, { n: hidden }), { isThere: hidden > 0, kind: "bare" })}
${button("train", say.train, { isThere: isWall, isOff: !state.all, kind: "bare" })}
${button("end", say.end, { kind: "bare" })}</footer>`;
}

/** What markup cannot say: the values of fields. @param {State | null} state */
function settle(state) {
  if (!state) return;
  const select = $("[data-model]");
  if (select && document.activeElement !== select) select.value = state.model.id;
  for (const box of /** @type {NodeListOf<HTMLInputElement>} */ (root?.querySelectorAll("[data-flag]") ?? []))
    if (!turning.has(box.dataset.flag)) box.checked = box.hasAttribute("checked");
  const name = $("[data-form=model] input");
  if (name && state.collect && (!name.value || name.value === name.dataset.was)) name.value = name.dataset.was = gather.usualName(state.collect);
}

/** What lies over the wall. @param {State | null} state */
function paintOver(state) {
  const one = $(".large"), sheet = $(".sheet");
  const photo = state && over.photo !== null ? wall.large(state, over.photo, data.say) : html``;
  if (state && over.photo !== null && photo.text) {
    show(one, photo);
    if (!one.open) one.showModal();
  } else if (one.open) one.close();
  const words = state && over.sheet ? SHEETS[over.sheet](state) : html``;
  if (state && over.sheet) {
    show(sheet, html`${words}`);
    if (!sheet.open) { sheet.showModal(); sheet.querySelector("h2")?.focus(); }
  } else if (sheet.open) sheet.close();
}

/** @param {string} title @param {Html} inside @param {Html} [buttons] */
const sheet = (title, inside, buttons = html`<button type="button" class="btn main" data-do="close">${data.say.close}</button>`) =>
  html`<h2 id="room-sheet" tabindex="-1">${title}</h2><div class="inside">${inside}</div><div class="row">${buttons}</div>`;

/** What opens over the wall, by its name. @type {{ [name: string]: (state: State) => Html }} */
const SHEETS = {
  people: (state) => {
    const { say } = data, doubted = state.people.find(({ id }) => id === view.doubt);
    if (doubted)
      return sheet(sentenceText(say.removeSure, { name: doubted.name }), html`<p>${say.removeMeans}</p>`,
        html`<button type="button" class="btn main" data-do="remove" data-person="${doubted.id}">${say.remove}</button><button type="button" class="btn" data-do="keep">${say.cancel}</button>`);
    const rows = state.people.map(({ id, name, score, photos, here }) =>
      html`<tr><th scope="row">${name}</th>${state.score && html`<td>${score}</td>`}<td>${photos}</td><td>${here ? say.isHere : say.isAsleep}</td><td><button type="button" class="btn bare" data-do="doubt" data-person="${id}">${say.remove}<span class="unseen"> ${name}</span></button></td></tr>`);
    const table = html`<table><thead><tr><th scope="col">${say.name}</th>${state.score && html`<th scope="col">${say.points}</th>`}<th scope="col">${say.photosTitle}</th><th scope="col">${say.phone}</th><td></td></tr></thead><tbody>${rows}</tbody></table>`;
    return sheet(say.people, state.people.length ? table : html`<p class="soft">${say.nobody}</p>`);
  },
  points: (state) => {
    const ranked = [...state.people].sort((a, b) => b.score - a.score);
    const rows = ranked.map(({ name, score }) => html`<tr><td>${1 + ranked.filter((other) => other.score > score).length}</td><th scope="row">${name}</th><td><b>${score}</b></td></tr>`);
    return sheet(data.say.points, html`<p class="soft">${data.say.pointsHelp}</p><table class="ranks"><tbody>${rows}</tbody></table>`);
  },
  hidden: (state) => {
    const { say } = data, found = state.photos.filter(({ hidden }) => hidden);
    const rows = found.map(({ photo, src, by }) => html`<li><img class="veiled" src="${src}?side=480" alt=""><span>${sentence(say.photoOf, { name: by })}</span><button type="button" class="btn" data-do="unhide" data-photo="${photo}">${say.showAgain}</button></li>`);
    return sheet(say.hiddenPhotos, found.length ? html`<ul class="hidden-ones">${rows}</ul>` : html`<p class="soft">${say.noneHidden}</p>`);
  },
  help: (state) => {
    const others = state.others?.length ? html`<p>${sentence(data.say.otherAddresses, { addresses: state.others.join(", ") })}</p>` : "";
    return sheet(data.say.cannotJoin, html`${state.isReachable ? data.help.map((words) => html`<p>${words}</p>`) : html`<p>${data.say.alone} <code>make class</code></p>`}${others}`);
  },
  end: (state) => {
    const { say } = data, set = state.collect, photos = state.all ?? state.photos.length;
    const gone = [wall.many(photos, say.photo1, say.photos), wall.many(state.people.length, say.gonePerson, say.gonePeople), set && sentence(set.model ? say.goneSetModel : say.goneSet, { names: gather.usualName(set), n: set.classes.reduce((n, { count }) => n + count, 0) })];
    return sheet(say.endSure, html`<p><a class="btn" href="${zip()}" download>${say.takeHome}</a></p><p>${say.endMeans}</p><ul class="gone">${gone.map((one) => one && html`<li>${one}</li>`)}</ul>
<label${when("hidden", !set)}><input type="checkbox" class="keep-set"><span>${say.keepSet}</span></label>`,
      html`<button type="button" class="btn main" data-do="endNow"${when("disabled", isBusy)}>${say.endNow}</button><button type="button" class="btn" data-do="close">${say.cancel}</button>`);
  },
};

/** Say how many there are to who does not see the wall, once it has been so for a while; another phase at once. @param {State} state */
function announce(state) {
  const { say } = data, counts = [sentenceText(state.people.length === 1 ? say.here1 : say.here, { n: state.people.length }), sentenceText(wall.seen(state).length === 1 ? say.photo1 : say.photos, { n: wall.seen(state).length })];
  const words = counts.join(", ");
  if (words === heard) return;
  clearTimeout(calm);
  calm = window.setTimeout(() => {
    heard = words;
    if (root) $("p.unseen[role=status]").textContent = words;
  }, CALM_MS);
}

/** Say for a while what went wrong; "" for nothing. @param {string} words */
function complain(words) {
  problem = words;
  clearTimeout(complaint);
  if (words) complaint = window.setTimeout(() => complain(""), COMPLAINT_MS);
  paintSoon();
}

/** Ask the server for something, and say what went wrong. @param {string} path @param {string} method @param {object} [told] */
async function change(path, method, told) {
  const words = await meeting.send(path, method, told);
  complain(words);
  return !words;
}

/** @param {string} flag @param {boolean} is */
async function turn(flag, is) {
  turning.add(flag);
  await change("", "PATCH", { [flag]: is });
  turning.delete(flag);
}

/** @param {Promise<unknown>} work */
async function once(work) {
  isBusy = true;
  paintSoon();
  await work;
  isBusy = false;
  paintSoon();
}

async function open() {
  complain(await meeting.open());
  if (!meeting.id) return;
  view = { ...FRESH };
  receipt = null;
  phase = "";
  tell("room", meeting.id);
}

async function endNow() {
  const kept = $(".keep-set")?.checked ? meeting.state?.collect?.project ?? "" : "", found = await meeting.end(Boolean(kept));
  complain(found?.detail ?? "");
  if (!found?.left) return;
  receipt = { left: found.left, kept };
  over = { sheet: "", photo: null };
  full(false);
  tell("room", "");
  look();
  paint();
  $("h1")?.focus();
}

/** Over the whole screen, where the browser lets it; without the header in any case. @param {boolean} is */
function full(is) {
  if (is === isFull) return;
  isFull = is;
  if (is) document.documentElement.requestFullscreen?.().catch(() => {});
  else if (document.fullscreenElement) document.exitFullscreen();
  paintSoon();
}

/** Show other photos of the wall, or another photo of its own. @param {number} by */
function step(by) {
  const { state } = meeting;
  if (!state) return;
  const shown = wall.seen(state);
  if (over.photo === null) view.page = Math.min(Math.max(view.page + by, 0), wall.pages(shown.length, view.each) - 1);
  else over.photo = shown[shown.findIndex(({ photo }) => photo === over.photo) + by]?.photo ?? over.photo;
  paintSoon();
}

/** @param {string} name */
const opens = (name) => () => { over.sheet = name; view.doubt = 0; };

/** What the buttons do, by `data-do`; then the page is painted. @type {{ [name: string]: (button: HTMLElement) => unknown }} */
const DO = {
  open: () => once(open()),
  enter: ({ dataset }) => { enter(dataset.room ?? ""); tell("room", dataset.room); },
  turn: () => change("", "PATCH", { phase: meeting.state?.phase === "shown" ? "photos" : "shown" }),
  next: () => change("/next", "POST"),
  collect: () => (meeting.state?.collect ? change("", "PATCH", { phase: "collect" }) : void (view.isNaming = true)),
  wall: () => { view.isNaming = false; if (meeting.state?.phase === "collect") return change("", "PATCH", { phase: "photos" }); },
  field: () => { view.fields = Math.min(view.fields + 1, gather.MOST); paint(); $("[data-form=collect] label:last-of-type input")?.focus(); },
  pin: ({ dataset }) => change("", "PATCH", { pinned: meeting.state?.collect?.pinned === Number(dataset.class) ? null : Number(dataset.class) }),
  train: () => change("/train", "POST"),
  dismiss: () => { view.dismissed = view.note ? view.dismissed : meeting.state?.restored ?? ""; view.note = ""; },
  which: ({ dataset }) => { view.which = dataset.which ?? "wall"; },
  page: ({ dataset }) => step(Number(dataset.by)),
  step: ({ dataset }) => step(Number(dataset.by)),
  each: () => {
    const first = view.page * view.each;
    view.each = view.each === wall.FEW ? wall.MANY : wall.FEW;
    view.page = Math.floor(first / view.each);
  },
  full: () => full(!isFull),
  large: ({ dataset }) => { over.photo = Number(dataset.photo); },
  hide: async ({ dataset }) => { if (await change(`/photos/${dataset.photo}`, "PATCH", { hidden: true })) over.photo = null; },
  unhide: ({ dataset }) => change(`/photos/${dataset.photo}`, "PATCH", { hidden: false }),
  people: opens("people"),
  points: opens("points"),
  hidden: opens("hidden"),
  help: opens("help"),
  end: opens("end"),
  doubt: ({ dataset }) => { view.doubt = Number(dataset.person); paint(); $(".sheet h2")?.focus(); },
  keep: () => { view.doubt = 0; },
  remove: async ({ dataset }) => { await change(`/people/${dataset.person}`, "DELETE"); view.doubt = 0; },
  endNow: () => once(endNow()),
  close: () => { over = { sheet: "", photo: null }; },
};

/** What is sent from forms, by `data-form`. @type {{ [name: string]: (form: HTMLFormElement) => unknown }} */
const FORMS = {
  collect: (form) => change("/collect", "POST", { classes: new FormData(form).getAll("class").map((name) => String(name).trim()).filter(Boolean) }),
  class: async (form) => { if (await change("/collect", "POST", { classes: [new FormData(form).get("class")] })) form.reset(); },
  model: (form) => change("/model", "POST", { name: new FormData(form).get("name") }),
};

/** @param {HTMLElement} here */
function listen(here) {
  const off = new AbortController(), { signal } = off;
  here.addEventListener("click", async ({ target }) => {
    const at = /** @type {Element} */ (target), button = /** @type {HTMLElement | null} */ (at.closest("[data-do]"));
    if (at.closest(".pop .btn")) here.querySelector(".menu")?.removeAttribute("open");
    if (button) await DO[button.dataset.do ?? ""]?.(button);
    if (button) paintSoon();
  }, { signal });
  here.addEventListener("submit", async (event) => {
    event.preventDefault();
    const form = /** @type {HTMLFormElement} */ (event.target);
    await FORMS[form.dataset.form ?? ""]?.(form);
  }, { signal });
  here.addEventListener("change", ({ target }) => {
    if (target instanceof HTMLInputElement && target.dataset.flag) turn(target.dataset.flag, target.checked);
    if (target instanceof HTMLSelectElement && target.matches("[data-model]")) change("", "PATCH", { model: target.value });
  }, { signal });
  for (const dialog of here.querySelectorAll("dialog"))
    dialog.addEventListener("close", () => { over = dialog.matches(".large") ? { ...over, photo: null } : { ...over, sheet: "" }; }, { signal });
  document.addEventListener("click", ({ target }) => {
    const menu = here.querySelector(".menu[open]");
    if (menu && !menu.contains(/** @type {Node} */ (target))) menu.removeAttribute("open");
  }, { signal });
  document.addEventListener("keydown", (event) => {
    const key = named(event), opened = here.querySelector(".menu[open]"), at = /** @type {Element} */ (event.target);
    if (key === "escape" && opened) { opened.removeAttribute("open"); opened.querySelector("summary")?.focus(); }
    else if (key === "escape" && isFull && over.photo === null && !over.sheet) full(false);
    if (!meeting.state || event.ctrlKey || event.metaKey || event.altKey || over.sheet || at.closest("input, select, textarea")) return;
    const by = { arrowleft: -1, pageup: -1, arrowright: 1, pagedown: 1 }[key];
    if (by && (!isCollecting() || over.photo !== null)) { event.preventDefault(); step(by); }
    if (key === "f" && !event.repeat) full(!isFull);
  }, { signal });
  window.addEventListener("resize", paintSoon, { signal });
  document.addEventListener("fullscreenchange", () => { if (!document.fullscreenElement) full(false); }, { signal });
  here.addEventListener("error", ({ target }) => /** @type {Element} */ (target).classList.add("broken"), { signal, capture: true });
  here.addEventListener("load", ({ target }) => /** @type {Element} */ (target).classList.remove("broken"), { signal, capture: true });
  return () => { off.abort(); clearTimeout(calm); clearTimeout(complaint); full(false); if (root === here) { root = null; meeting.rest(); } };
}
