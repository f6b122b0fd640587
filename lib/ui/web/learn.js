// @ts-check
/**
 * The page Learn: puts there what `lib.server.lessons` answers, and sends what the reader moves and presses. It knows
 * nothing of any lesson; lib/lessons/player.py says by which marks it finds what can be pressed.
 *
 * @typedef {object} Data What lib/ui/learn/stage.py hands over.
 * @property {string} visit
 * @property {string} at "LESSON/STEP", or "" for all lessons.
 * @property {string} first
 * @property {string} missing What is said of an address that names no lesson.
 * @property {number} used How many photos of one's own lessons use.
 * @property {string} language
 * @property {string} query
 * @property {number} most
 * @property {{ [name: string]: string }} say
 * @typedef {{ data: Data, parentElement: HTMLElement, setTriggerValue(name: string, value: unknown): void }} Component
 */
import { escaped, fill, put } from "./album.js";
import { handed } from "./handed.js";
import { morph } from "./morph.js";
import * as pixels from "./pixels.js";

const RETRY_MS = 3000, PATIENCE_MS = 250, AT_ONCE = 2;
const AWAY = [502, 503, 504]; // said by a proxy: what the server itself says is JSON

// What outlives a mount: Streamlit mounts the component anew when the theme changes.
/** @type {Data} */
let data;
/** @type {Component["setTriggerValue"]} */
let tell;
/** @type {HTMLElement | null} */
let root = null;
let at = "", shown = "", said = "", pictures = "";
/** Where this script has gone, and the page has not followed yet. @type {string[]} */
let gone = [];
/** @type {{ [name: string]: string }} */
let values = {};
let asking = new AbortController(), sketching = new AbortController();
/** What the step was put into: a mount anew has another. @type {Element | null} */
let filled = null;
let isMoving = false, isStale = false, retry = 0;

/** Called at every run of the page. @param {Component} component */
export function draw(component) {
  const here = /** @type {HTMLElement & { end?: () => void }} */ (component.parentElement.querySelector("#learn"));
  ({ data, setTriggerValue: tell } = component);
  root = here;
  here.end ??= listen(here);
  settle();
  return () => { if (!here.isConnected) here.end?.(); };
}

/** Go on with the visit that this tab keeps: a page that was loaded anew has another one at first. */
function settle() {
  const kept = sessionStorage.getItem("discern-visit");
  const behind = gone.indexOf(data.at);
  if (data.at === said) gone = [];
  else if (behind >= 0) gone.splice(0, behind + 1); // a run for an earlier press
  else { at = said = data.at; values = {}; gone = []; } // by the address: a link, or Back
  const wanted = [data.visit, data.language, at].join(" ");
  if (!here().firstChild) put(here(), data.first);
  if (kept && kept !== data.visit) return void setTimeout(settle, 100);
  if (wanted === shown && filled === here()) return;
  shown = wanted;
  filled = here();
  show();
}

/** @param {string} place @returns {any} */
const $ = (place) => root?.querySelector(place);
const here = () => /** @type {HTMLElement} */ ($(".here"));

/** @param {string} [step] @param {{ [name: string]: string }} [more] */
function address(step = at, more = {}) {
  const told = new URLSearchParams({ ...values, ...(pictures ? { set: pictures } : {}), ...more, lang: data.language });
  return `/visits/${data.visit}/lessons${step && `/${step}`}?${told}`;
}

/**
 * Return what the server answers; null where it is away or knows this visit no longer: then the page asks again.
 *
 * @param {string} where
 * @param {RequestInit} [how]
 */
async function ask(where, how) {
  try {
    const answer = await fetch(where, how), isTold = answer.headers.get("content-type")?.includes("json");
    const found = answer.status === 204 ? {} : isTold ? await answer.json() : null;
    if (!found && !AWAY.includes(answer.status)) return { detail: data.say.broken };
    if (found && found.code !== "visit-unknown") { trouble(""); return found; }
    tell("lost", Date.now());
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") return null;
  }
  trouble(data.say.lost);
  clearTimeout(retry);
  retry = window.setTimeout(() => show(), RETRY_MS);
  return null;
}

/** @param {string} text */
function trouble(text) {
  const bar = $(".notice-bar");
  if (!bar) return;
  bar.hidden = !text;
  if (bar.textContent !== text) bar.textContent = text;
}

/** Show the step, or all lessons. @param {boolean} [isNew] Whether the reader came here just now. */
async function show(isNew = false) {
  asking.abort();
  const { signal } = (asking = new AbortController());
  here().setAttribute("aria-busy", "true");
  const early = setTimeout(() => at && sketch(signal), PATIENCE_MS);
  const found = await ask(address(), { signal });
  clearTimeout(early);
  if (signal.aborted || !found) return;
  sketching.abort();
  here().setAttribute("aria-busy", "false");
  if (found.detail) {
    if (!$(`.ls[data-lesson="${at.split("/")[0]}"][data-step="${at.split("/")[1]}"]`) && at) await sketch(signal);
    return signal.aborted ? undefined : failed(found.detail);
  }
  place(here(), found.html);
  paper(found.sheet);
  pixels.watch(here());
  if (!at && data.missing) trouble(data.missing);
  if (!isNew) return;
  coming("");
  $("h1")?.focus({ preventScroll: true });
  root?.scrollIntoView({ block: "start" });
  document.getElementById("stMain")?.scrollTo({ top: 0 });
}

/** Show a step that takes long without what is being worked out. @param {AbortSignal} signal */
async function sketch(signal) {
  const mine = (sketching = new AbortController());
  const found = await fetch(address(at, { part: "frame" }), { signal: mine.signal }).then((answer) => answer.json()).catch(() => null);
  if (found?.html && !signal.aborted && !mine.signal.aborted) place(here(), found.html);
}

/** @param {string} reason */
function failed(reason) {
  const place = $(".play .scene, .play .busy, .check .busy");
  if (place) place.outerHTML = `<div class="scene"><p class="verdict fail"><span class="sign"></span><span class="say small">${escaped(reason)}</span></p></div>`;
  else trouble(reason);
}

/** @param {Element} old @param {string} html */
function place(old, html) {
  const fresh = document.createElement("template");
  fresh.innerHTML = html;
  morph(old, fresh.content);
  for (const select of old.querySelectorAll("select"))
    if (!isMoving) select.value = select.querySelector("option[selected]")?.getAttribute("value") ?? "0";
  const set = /** @type {NodeListOf<HTMLInputElement>} */ (old.querySelectorAll("input[name]"));
  for (const input of set) {
    if (input.type === "radio") input.checked = input.hasAttribute("checked");
    else if (!isMoving && document.activeElement !== input) input.value = input.getAttribute("value") ?? "";
  }
}

/** Lay the sheet for the printer below everything else; the style shows it on paper alone. @param {string} html */
function paper(html) {
  const sheet = document.querySelector("body > .paper") ?? document.body.appendChild(Object.assign(document.createElement("div"), { className: "paper" }));
  put(sheet, html);
}

/** @param {boolean} withNotes */
function print(withNotes) {
  document.querySelector("body > .paper")?.classList.toggle("with-notes", withNotes);
  window.print();
}

/** Send what was moved; while an answer is on its way only the newest waits. */
async function move() {
  if (isMoving) return void (isStale = true);
  isMoving = true;
  do {
    isStale = false;
    const step = at, found = await ask(address(step, { part: "play", ...ofShown() }));
    if (found?.detail) failed(found.detail);
    else if (found && step === at && $(".play")) {
      place($(".play"), found.play);
      pixels.watch(here());
    }
  } while (isStale);
  isMoving = false;
}

/** @param {string} to "LESSON/STEP" or "". */
function go(to) {
  at = said = to;
  values = {};
  shown = [data.visit, data.language, at].join(" ");
  gone.push(at);
  tell("at", at);
  show(true);
}

/** Which pictures are on the screen: another tab of this visit may have chosen others since. @returns {{ [name: string]: string }} */
function ofShown() {
  const set = $(".ls")?.dataset.pictures;
  return set ? { set } : {};
}

/** @param {string} choice */
async function answer(choice) {
  const question = $("[data-question]")?.dataset.question ?? "", step = at;
  const found = await ask(address(step, { choice, question, ...ofShown() }), { method: "POST" });
  if (!found || step !== at) return;
  if (found.detail) {
    await show();
    return void trouble(found.detail);
  }
  place($(".check"), found.check);
  const dots = document.createElement("template");
  dots.innerHTML = found.dots;
  if (dots.content.firstElementChild) morph($(".dots"), dots.content.firstElementChild);
}

/** Bring photos into the visit's album, and look at them from now on. @param {File[]} files */
async function bring(files) {
  if (!files.length) return;
  /** @type {string[]} */
  const problems = [];
  const now = Date.now() * 1000;
  const waiting = files.map((file, number) => ({ file, order: now - number }));
  const n = files.length;
  let done = 0, kept = 0;
  coming(fill(data.say.bringing, { done, n }));
  here().setAttribute("aria-busy", "true");
  const send = async () => {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      const { file, order } = next, { name, size } = file;
      if (size > data.most) { problems.push(fill(data.say.tooLarge, { file: name, most: data.most >> 20 })); continue; }
      const told = new URLSearchParams({ order: String(order), name });
      const found = await ask(`/visits/${data.visit}/photos?${told}&${data.query}`, { method: "POST", body: file });
      if (found?.detail) problems.push(found.detail);
      else if (found?.kind === "failed") problems.push(fill(data.say.unusable, { file: name }));
      else if (found) kept += 1;
      coming(fill(data.say.bringing, { done: ++done, n }));
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, send));
  pictures = "mine";
  values = {};
  await show();
  coming(kept > data.used ? fill(data.say.newest, { n: kept }) : "");
  trouble([...new Set(problems)].join(" "));
}

/** Say how far the photos are that the reader brings. @param {string} text */
function coming(text) {
  const line = $(".coming");
  if (line) line.textContent = text;
}

const input = () => /** @type {HTMLInputElement} */ ($("input[type=file]"));

/** What the buttons do, by `data-do`. @type {{ [name: string]: () => unknown }} */
const DO = {
  add: () => input().click(),
  again: async () => { await ask(address(""), { method: "DELETE" }); show(); },
  print: () => print(false),
  "print-notes": () => print(true),
};

/** @param {HTMLElement} here */
function listen(here) {
  const off = new AbortController(), { signal } = off;
  here.addEventListener("click", (event) => {
    const button = /** @type {Element} */ (event.target).closest("button");
    if (!button) return;
    const { to, set, answer: choice, do: does } = button.dataset;
    if (to !== undefined) go(to);
    else if (set !== undefined) { pictures = set; values = {}; show(); }
    else if (choice !== undefined) answer(choice);
    else if (does) DO[does]?.();
  }, { signal });
  here.addEventListener("submit", (event) => event.preventDefault(), { signal });
  here.addEventListener("input", ({ target }) => {
    if (target instanceof HTMLInputElement && target.type === "file") return;
    if (!(target instanceof HTMLInputElement || target instanceof HTMLSelectElement) || !target.form) return;
    values = Object.fromEntries([...new FormData(target.form)].map(([name, value]) => [name, String(value)]));
    const places = target.dataset.shown?.split("|"), output = target.closest(".ctl")?.querySelector("output");
    if (places && output) {
      output.textContent = places[Number(target.value)];
      target.setAttribute("aria-valuetext", places[Number(target.value)]);
    }
    move();
  }, { signal });
  here.addEventListener("change", ({ target }) => {
    if (!(target instanceof HTMLInputElement) || target.type !== "file") return;
    bring([...(target.files ?? [])]);
    target.value = "";
  }, { signal });
  here.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || !/** @type {Element} */ (event.target).closest(".check")) return;
    const place = "abcdef".indexOf(event.key.toLowerCase());
    if (event.key.length === 1 && place >= 0) /** @type {HTMLElement | null} */ (here.querySelector(`[data-answer="${place}"]`))?.click();
  }, { signal });
  pixels.listen(here, signal);
  document.addEventListener("dragover", (event) => { if (event.dataTransfer?.types.includes("Files")) event.preventDefault(); }, { signal });
  document.addEventListener("drop", async (event) => {
    if (!event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    bring(await handed(event.dataTransfer));
  }, { signal });
  document.addEventListener("paste", (event) => {
    if (!event.clipboardData?.files.length) return;
    event.preventDefault();
    bring([...event.clipboardData.files]);
  }, { signal });
  signal.addEventListener("abort", () => document.querySelector("body > .paper")?.remove());
  return () => off.abort();
}
