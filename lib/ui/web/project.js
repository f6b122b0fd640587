// @ts-check
/**
 * The project that this browser works on, at the server: lib/server/projects.py has the routes, lib/server/workshop.py
 * what a state is.
 *
 * @typedef {import("./classes.js").Klass} Klass
 * @typedef {object} State
 * @property {string} id
 * @property {string} name
 * @property {number} version
 * @property {number} learned
 * @property {Klass[]} classes
 * @property {{ id: number, name: string, reason: string, klass: number | null, isBroken: boolean }[]} aside
 * @property {number} asideCount
 * @property {string} result
 * @property {object | null} accuracy
 * @property {string} chosen
 * @property {string[]} notes
 * @property {import("./live.js").Eyes | null} sees
 * @property {{ [name: string]: string | number }} settings
 * @property {string} bound Why the backbone cannot be another one, or "".
 * @property {number} toDrop Photos that are still to be deleted.
 * @property {{ id: string, name: string }[]} backbones
 * @property {{ id: string, name: string, photos: number | null }[]} exercises
 * @property {{ id: string, name: string, isCurrent: boolean } | null} model
 * @property {{ state: string, words: string } | null} job
 * @typedef {{ id: string, label: string }} Known Which project, and the names of its classes.
 */

const KEPT = "discern-projects", MOST_KEPT = 12, RETRY_MS = 3000;

/** @type {State | null} */
export let state = null;
export let isAway = false;
/** The projects of this browser, the present one first; without an id where it has not begun. @type {Known[]} */
let mine = kept();
let language = "en";
/** What to do when anything changed and when the project is no more, and what is said of a failure that says nothing. */
let on = { change() {}, gone() {}, failed: "" };
/** @type {AbortController | null} */
let following = null;

/** @returns {Known[]} */
function kept() {
  try {
    const found = JSON.parse(localStorage.getItem(KEPT) ?? "[]");
    return Array.isArray(found) ? found.filter(({ id, label }) => typeof id === "string" && typeof label === "string") : [];
  } catch {
    return []; // a browser that stores nothing
  }
}

/** @param {Known[]} projects */
function keep(projects) {
  mine = projects.filter(({ id }, place) => projects.findIndex((one) => one.id === id) === place).slice(0, MOST_KEPT);
  try {
    localStorage.setItem(KEPT, JSON.stringify(mine));
  } catch { /* the project lives as long as the page */ }
}

export const file = () => `${own(id())}/file`;
export const id = () => mine[0]?.id ?? "";
/** Those that have begun. */
export const all = () => mine.filter(({ id }) => id);

/**
 * Say in which language the server is to answer, and whom changes are told; then open a project.
 *
 * @param {string} spoken
 * @param {string} wanted Its id; "" for that of this browser.
 * @param {typeof on} told
 */
export function begin(spoken, wanted, told) {
  on = told;
  if (spoken === language && (!wanted || wanted === id()) && (state || !id())) return;
  language = spoken;
  if (wanted || id()) open(wanted || id());
}

/** Work on another project, "" for a new one. @param {string} other */
export async function open(other) {
  if (state && state.id !== other) state = null;
  keep([mine.find(({ id }) => id === other) ?? { id: other, label: "" }, ...all()]);
  on.change();
  if (other) await ask("");
  if (state) follow();
}

/** Forget projects that are no more. @param {string[]} gone */
export function forget(gone) {
  if (!all().some((one) => gone.includes(one.id))) return;
  const here = id();
  if (gone.includes(here)) state = null;
  keep([{ id: gone.includes(here) ? "" : here, label: "" }, ...all().filter((one) => !gone.includes(one.id) && one.id !== here)]);
  on.change();
}

/** @type {Promise<unknown> | null} */
let beginning = null;

/**
 * Have a project: the first thing that somebody does begins it.
 *
 * @param {string[]} names Of the classes that it has then.
 * @returns {Promise<State | null>} Null where the server is away.
 */
export async function ensure(names) {
  if (!state) await (beginning ??= make(names).finally(() => { beginning = null; }));
  return state;
}

/** @param {string[]} names */
async function make(names) {
  if (id()) return void await ask("");
  const made = await send("/projects", { method: "POST", body: "{}" });
  if (!made?.id) return;
  let whole = await send(own(made.id));
  for (const name of names) whole = await send(`${own(made.id)}/classes`, { method: "POST", body: JSON.stringify({ name }) });
  keep([{ id: made.id, label: "" }, ...all()]);
  if (whole) accept(whole);
  if (state) follow();
}

/**
 * Ask something of the project, and take up the state that is answered. Returns the answer, a problem included; null
 * where the server is away.
 *
 * @param {string} path Below the project.
 * @param {RequestInit} [how]
 */
export async function ask(path, how) {
  const asked = id();
  if (!asked) return null;
  const found = await send(`${own(asked)}${path}`, how);
  if (!found || asked !== id()) return null;
  if (found.code === "project-unknown") {
    forget([asked]);
    on.gone();
    return found;
  }
  accept(found.state ?? found);
  return found;
}

/** @param {any} found @param {boolean} [isNewest] */
function accept(found, isNewest = false) {
  if (!Array.isArray(found.classes) || (!isNewest && state && found.version < state.version)) return; // answers overtake each other
  state = found;
  keep([{ id: id(), label: state?.classes.map(({ name }) => name).join(" · ") ?? "" }, ...all()]);
  on.change();
}

/**
 * Return what the server answers, a problem included; null where it is away.
 *
 * @param {string} path
 * @param {RequestInit} [how]
 */
export async function send(path, how) {
  try {
    const answer = await fetch(`${path}${path.includes("?") ? "&" : "?"}lang=${language}`, how);
    const found = await answer.json().catch(() => ({ detail: on.failed, status: answer.status })); // a bug is no JSON
    if (isAway) { isAway = false; on.change(); }
    return found;
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") return null;
    if (!isAway) { isAway = true; on.change(); }
    return null;
  }
}

/** Take up what others change in this project, and what the server does by itself; not while nobody looks. */
async function follow() {
  following?.abort();
  const { signal } = (following = new AbortController());
  while (!signal.aborted && state && !document.hidden) {
    const asked = state.id, found = await send(`${own(asked)}/changes?since=${state.version}`, { signal });
    if (signal.aborted || asked !== id()) return;
    if (found?.code === "project-unknown") {
      forget([asked]);
      return on.gone();
    }
    if (found?.classes) accept(found, true);
    else await new Promise((done) => setTimeout(done, RETRY_MS));
  }
}

document.addEventListener("visibilitychange", () => (document.hidden ? following?.abort() : state && follow()));

/** The address of a project; the id may be anything that an address said. @param {string} id */
const own = (id) => `/projects/${encodeURIComponent(id)}`;

/** Whether only numbers made of photos are kept. */
export const keepsNumbers = () => state?.settings.keep === "features";

/** The address of a photo, or of the numbers in its place. @param {number} photo @param {number} side */
export const picture = (photo, side) => `${own(id())}/photos/${photo}.${keepsNumbers() ? "png" : `jpg?side=${side}`}`;
