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
 * @typedef {{ page: number, each: number, isFull: boolean }} View
 * @typedef {{ data: Data, parentElement: HTMLElement, setTriggerValue(name: string, value: unknown): void }} Component
 */
import { fill } from "./album.js";
import * as frame from "./frame.js";
import * as gather from "./gather.js";
import { html } from "./markup.js";
import * as meeting from "./meeting.js";
import { morph } from "./morph.js";
import { named } from "./projector.js";
import { SHEETS } from "./sheets.js";
import * as wall from "./wall.js";

const CALM_MS = 4000, COMPLAINT_MS = 12_000;
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
const FRESH = { which: "wall", page: 0, each: wall.FEW, isNaming: false, fields: gather.LEAST, note: "", restored: "", dismissed: "", doubt: 0 };
let view = { ...FRESH };
/** What is open over the wall, and which photo. @type {{ sheet: string, photo: number | null }} */
let over = { sheet: "", photo: null };
/** The rooms that can be gone back to. @type {State[] | null} */
let earlier = null;
/** What is left of the room that has just ended. @type {import("./frame.js").Receipt | null} */
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
  show($(".view"), state ? room(state) : meeting.id ? html`<h1>${say.title}</h1><p class="soft">${say.waiting}</p>` : receipt ? frame.receipt(receipt, data, isBusy) : frame.door(data, earlier ?? [], isBusy));
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
    view.note = phase === "collect" && made && made.id === state.model.id ? fill(data.say.onPhones, { model: made.name }) : "";
  }
  if (view.restored !== state.restored && (view.restored = state.restored)) view.note = ""; // the newer one is what is said
  isNew = Boolean(phase) && phase !== state.phase;
  phase = state.phase;
  view.page = Math.min(view.page, wall.pages(wall.seen(state).length, view.each) - 1);
}

/** @param {State} state */
function room(state) {
  const { say } = data, isWall = !isCollecting(), words = view.note || (state.restored === view.dismissed ? "" : state.restored);
  return html`${frame.aside(state, say)}<section class="board">${frame.head(state, isWall, data, zip())}${frame.calm(words, say)}<div class="space">${body(state)}</div>${frame.foot(state, isWall, say)}</section>`;
}

const isCollecting = () => meeting.state?.phase === "collect" || view.isNaming;

const zip = () => `${meeting.own(meeting.id, "/home.zip")}?lang=${data.language}`;

/** @param {State} state */
function body(state) {
  const { say } = data;
  if (isCollecting())
    return html`<div class="collecting">${state.collect ? gather.collecting(state.collect, data.train + encodeURIComponent(state.collect.project), say) : gather.naming(view.fields, say)}</div>`;
  const photos = wall.seen(state), which = state.phase === "shown" ? view.which : "wall";
  const what = which === "piles" ? wall.columns(photos, say) : which === "disputed" ? wall.disagreements(photos, say) : wall.cards(photos, view, say);
  return html`${frame.tools(state, { ...view, isFull }, which, say)}<div class="what ${which}">${what}</div>`;
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
  const words = state && over.sheet ? SHEETS[over.sheet](state, { data, doubt: view.doubt, zip: zip(), isBusy }) : html``;
  if (state && over.sheet) {
    show(sheet, words);
    if (!sheet.open) { sheet.showModal(); sheet.querySelector("h2")?.focus(); }
  } else if (sheet.open) sheet.close();
}

/** Say how many there are to who does not see the wall, once it has been so for a while; another phase at once. @param {State} state */
function announce(state) {
  const { say } = data, counts = [fill(state.people.length === 1 ? say.here1 : say.here, { n: state.people.length }), fill(wall.seen(state).length === 1 ? say.photo1 : say.photos, { n: wall.seen(state).length })];
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
