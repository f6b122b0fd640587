// @ts-check
/**
 * Where the model looked: cells over the photo, and below it what they say. One switch for all photos; nothing of it is
 * kept, each map is asked for anew.
 *
 * @typedef {object} Told What `lib.server.where` answers.
 * @property {string} cells
 * @property {number[]} box Left, top, right, bottom: shares of the photo.
 * @property {string} method
 * @property {number} index
 * @property {number | null} against
 * @property {string} low
 * @property {string} high
 * @property {string[]} says
 * @property {{ index: number, label: string }[]} classes
 * @property {string} [detail] Instead of all that: what went wrong.
 */
import { escaped, fill, put } from "./album.js";
import { choose as chooseBox } from "./crop.js";

const CALM_MS = 120, ABOUT = ["model", "whole", "lang"]; // of all that is asked about answers, what a map depends on

let isOn = false, asked = "", shownOf = "", far = "";
/** @type {Told | null} */
let told = null;
/** @type {{ class?: string, against?: string }} */
let chosen = {};
let asking = new AbortController();

/** @type {{ end(): void } | null} */
let covering = null;
let timer = 0;

/** Turn it on, or off. */
export function turn() {
  isOn = !isOn;
}

/** Whether a part of the photo is covered now. */
export const covers = () => Boolean(covering);

/** Nothing is covered any more. */
export function uncover() {
  clearTimeout(timer);
  covering?.end();
  covering = null;
}

/**
 * Cover a part of the photo, which can be drawn anew or moved, and show what the model says then; or no part any more.
 *
 * @param {HTMLElement} over What lies exactly over the photo.
 * @param {string} help
 * @param {string} address Where to ask.
 * @param {string} query
 * @param {(answer: string) => unknown} show
 */
export function cover(over, help, address, query, show) {
  if (covering) return uncover();
  const mine = (covering = chooseBox(over, help, ({ left, top, right, bottom }) => {
    clearTimeout(timer);
    timer = window.setTimeout(async () => {
      const part = [left, top, right, bottom].map((share) => share.toFixed(4)).join(",");
      const found = await fetch(`${address}?${new URLSearchParams({ part })}&${query}`).then((answer) => answer.json()).catch(() => null);
      if (found?.answer && covering === mine) show(found.answer);
    }, CALM_MS);
  }));
}

/** Let the reader's choice of a class hold. @param {HTMLSelectElement} select */
export function choose({ name, value }) {
  chosen = { ...chosen, [name]: value };
  if (chosen.against === chosen.class) delete chosen.against;
}

/**
 * Draw it, and ask for it where it is not there yet.
 *
 * @param {HTMLElement} root
 * @param {{ address: string, query: string, isAnswered: boolean, say: { [name: string]: string }, paint(): void }} now
 *   `address`: where to ask; `query`: for which model, and in which words.
 */
export function paint(root, { address, query, isAnswered, say, paint: again }) {
  /** @param {string} place @returns {any} */
  const $ = (place) => root.querySelector(place);
  const asks = new URLSearchParams(query), of = `${address} ${asks.get("model")}`, button = $("[data-do=where]");
  const view = `${address}?${new URLSearchParams(ABOUT.map((name) => [name, asks.get(name) ?? ""]))}`;
  button.hidden = !isAnswered;
  button.setAttribute("aria-pressed", String(isOn));
  if (of !== shownOf) { chosen = {}; shownOf = of; uncover(); }
  if (!asked.startsWith(view)) told = null; // the map is of another photo, or another model's
  const wanted = isOn && isAnswered ? [view, new URLSearchParams(filled(chosen))].join("&") : "";
  if (wanted !== asked) ask(wanted, say, again);
  const isHere = Boolean(told && !told.detail);
  root.classList.toggle("looks", isHere);
  $(".where").hidden = !asked;
  if (!asked) uncover();
  $("[data-do=cover]").setAttribute("aria-pressed", String(Boolean(covering)));
  $(".where").setAttribute("aria-busy", String(Boolean(asked && !told)));
  const says = told ? (told.detail ? [told.detail] : told.says) : asked ? [far || say.whereBusy] : [];
  put($(".where .says"), says.map((text) => `<p>${escaped(text)}</p>`).join(""));
  $(".where .scale").hidden = $(".where .of").hidden = !isHere;
  if (!told || told.detail) return;
  const [left, top, right, bottom] = told.box;
  const cells = $(".cells");
  const place = { left, top, width: right - left, height: bottom - top };
  for (const [side, share] of Object.entries(place)) cells.style.setProperty(side, `${share * 100}%`);
  if (cells.getAttribute("src") !== told.cells) cells.src = told.cells;
  cells.alt = told.says[0];
  $(".where .low").textContent = told.low;
  $(".where .high").textContent = told.high;
  const { index, against, classes, method } = told;
  options($(".where [name=class]"), classes, index);
  options($(".where [name=against]"), [{ index: -1, label: say.whereNone }, ...classes.filter((one) => one.index !== index)], against ?? -1);
  $(".where label:has([name=against])").hidden = method !== "cam";
}

/** @param {{ [name: string]: string | undefined }} values @returns {{ [name: string]: string }} */
const filled = (values) => Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined && value !== "-1").map(([name, value]) => [name, String(value)]));

/** @param {HTMLSelectElement} select @param {{ index: number, label: string }[]} classes @param {number} value */
function options(select, classes, value) {
  put(select, classes.map(({ index, label }) => `<option value="${index}">${escaped(label)}</option>`).join(""));
  select.value = String(value);
}

/**
 * Return the last of the lines that come; each one before it says how far it is.
 *
 * @param {Response} answer
 * @param {(done: number, total: number) => void} hear
 * @returns {Promise<Told>}
 */
async function read(answer, hear) {
  const reader = /** @type {ReadableStream} */ (answer.body).pipeThrough(new TextDecoderStream()).getReader();
  let begun = "", last = "";
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    const lines = (begun + part.value).split("\n");
    begun = lines.pop() ?? "";
    if (!lines.length) continue;
    last = lines.at(-1) ?? "";
    const { done, total } = JSON.parse(last);
    if (total) hear(done, total);
  }
  return JSON.parse(begun || last);
}

/** @param {string} wanted "" for nothing. @param {{ [name: string]: string }} say @param {() => void} again */
async function ask(wanted, say, again) {
  asking.abort();
  const { signal } = (asking = new AbortController());
  asked = wanted;
  far = "";
  if (!wanted) { told = null; return; }
  if (told?.detail) told = null; // another class of the same photo: its map takes the place of this one
  try {
    const found = await read(await fetch(wanted, { signal }), (done, total) => {
      if (signal.aborted) return;
      far = fill(say.whereFar, { done, total });
      again();
    });
    if (signal.aborted) return;
    told = found;
  } catch {
    if (signal.aborted) return;
    told = /** @type {Told} */ (/** @type {object} */ ({ detail: say.lost }));
  }
  again();
}
