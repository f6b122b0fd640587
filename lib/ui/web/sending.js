// @ts-check
/**
 * Photos on their way to the project: some at a time, in the order they came; what fails is listed and holds up nothing.
 *
 * @typedef {object} Parcel
 * @property {number | null} klass Null for a zip whose folders are classes.
 * @property {Blob} file
 * @property {string} name
 * @property {string} [burst] Photos of one press of the button.
 * @property {string} [url] Of the picture in this page's own memory.
 * @property {() => void} [then] What is to be done when it has arrived.
 */
import * as project from "./project.js";

const AT_ONCE = 2, RETRY_MS = 3000, LIGHT = 500_000; // bytes that a small picture may decode here

/** @type {Parcel[]} */
let waiting = [];
/** @type {Set<Parcel>} */
const underWay = new Set();
/** @type {{ name: string, reason: string }[]} */
export let refused = [];
let isStuck = false;
/** @type {() => void} */
let changed = () => {};

/** @param {() => void} told Called when anything of this changes. */
export const begin = (told) => { changed = told; };

/** Photos of a class that have not arrived yet, the newest first. @param {number | null} klass */
export const pending = (klass) => all().filter((one) => one.klass === klass).reverse();

/** How many are still to come. */
export const left = () => waiting.length + underWay.size;

const all = () => [...underWay, ...waiting];

/** @param {Parcel[]} parcels */
export function bring(parcels) {
  for (const parcel of parcels) if (parcel.file.size < LIGHT) parcel.url = URL.createObjectURL(parcel.file);
  waiting.push(...parcels);
  warn();
  work();
  changed();
}

/** Give what waits for a class that no project had its number there. @param {Map<number, number>} numbers */
export function renumber(numbers) {
  for (const parcel of all()) if (parcel.klass !== null) parcel.klass = numbers.get(parcel.klass) ?? parcel.klass;
  work();
}

/** Put the list of what failed away. */
export function dismiss() {
  refused = [];
  changed();
}

/** Forget all that has not been sent. */
export function clear() {
  for (const { url } of waiting) if (url) URL.revokeObjectURL(url);
  waiting = [];
  warn();
  dismiss();
}

/** Have the browser ask before it leaves the page as long as something is on its way: that would be lost. */
function warn() {
  if (left()) window.addEventListener("beforeunload", stay);
  else window.removeEventListener("beforeunload", stay);
}

/** @param {BeforeUnloadEvent} event */
const stay = (event) => event.preventDefault();

function work() {
  while (underWay.size < AT_ONCE && project.state && !isStuck) {
    const place = waiting.findIndex(({ klass }) => klass === null || klass >= 0);
    if (place < 0) return;
    const [parcel] = waiting.splice(place, 1);
    underWay.add(parcel);
    send(parcel).finally(() => { work(); changed(); });
  }
}

/** @param {Parcel} parcel */
async function send(parcel) {
  const { klass, file, name, burst, url, then } = parcel;
  const told = new URLSearchParams({ name, ...(burst ? { burst } : {}) });
  const found = await project.ask(`${klass === null ? "" : `/classes/${klass}`}/photos?${told}`, { method: "POST", body: file });
  underWay.delete(parcel);
  if (!found || found.status === 429) { // away, or too much at once: later
    waiting.unshift(parcel);
    isStuck = true;
    setTimeout(() => { isStuck = false; work(); }, RETRY_MS);
    return;
  }
  warn();
  if (url) URL.revokeObjectURL(url);
  if (found.detail && found.code !== "project-unknown") refused.push({ name, reason: found.detail });
  else then?.();
}
