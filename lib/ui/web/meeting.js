// @ts-check
/**
 * A room as its teacher's browser has it: lib/server/room/teacher.py has the routes, and lib/server/room/state.py says
 * what a state is. The server answers as soon as anything is otherwise, so one question is always on its way.
 *
 * @typedef {object} Person
 * @property {number} id
 * @property {string} name
 * @property {number} score
 * @property {number} photos
 * @property {boolean} here Whether their phone asked within the last half minute.
 * @typedef {object} Photo
 * @property {number} photo
 * @property {string} src
 * @property {string} by
 * @property {boolean} hidden
 * @property {number} guesses
 * @property {number} of How many may guess.
 * @property {number} rightGuesses
 * @property {string} [look] From here on only when answers are shown.
 * @property {string} [caption]
 * @property {string} [answer]
 * @property {string} [pile] What the model is sure of, or "".
 * @property {{ name: string, count: number, isRight: boolean }[]} [options]
 * @property {{ right: number, wrong: number }} [votes]
 * @property {boolean} [disputed]
 * @typedef {object} Collect
 * @property {string} project
 * @property {{ id: number, name: string, count: number, photos: string[] }[]} classes
 * @property {number} aside
 * @property {number | null} pinned
 * @property {string} result
 * @property {boolean} canMake
 * @property {string} why
 * @property {string} making
 * @property {{ id: string, name: string } | null} model
 * @property {string} problem
 * @typedef {object} State
 * @property {string} version
 * @property {string} id
 * @property {string} code
 * @property {string} address
 * @property {string} short
 * @property {string[]} others
 * @property {boolean} isReachable
 * @property {string} qr
 * @property {"photos" | "shown" | "collect" | "ended"} phase
 * @property {number} round
 * @property {boolean} locked
 * @property {boolean} paused
 * @property {boolean} score
 * @property {string} restored
 * @property {{ id: string, name: string }} model
 * @property {Person[]} people
 * @property {Photo[]} photos
 * @property {number} all How many photos there are, those of earlier rounds included.
 * @property {{ right: number, surprises: number }} guesses
 * @property {Collect | null} collect
 * @typedef {{ id: string, code: string }} Known
 */

const KEPT = "discern-rooms", MOST_KEPT = 12, BACKOFF_MS = [1000, 2000, 4000, 8000], LONGEST_MS = 40_000;

/** @type {State | null} */
export let state = null;
export let isAway = false;
export let id = "";
/** What to do when anything changed, and when the room is no more. */
let on = { change() {}, gone: (/** @type {string} */ _why) => {} };
let language = "en";
/** @type {AbortController | null} */
let following = null;

/** Return the rooms that this browser has opened, the newest first. @returns {Known[]} */
export function known() {
  try {
    const found = JSON.parse(localStorage.getItem(KEPT) ?? "[]");
    return Array.isArray(found) ? found.filter((one) => typeof one?.id === "string" && typeof one.code === "string") : [];
  } catch {
    return []; // a browser that stores nothing
  }
}

/** @param {Known[]} rooms */
function keep(rooms) {
  try {
    localStorage.setItem(KEPT, JSON.stringify(rooms.slice(0, MOST_KEPT)));
  } catch { /* the address names the room */ }
}

/** @param {string} room */
const forget = (room) => keep(known().filter((one) => one.id !== room));

/** @param {string} room @param {string} [path] */
export const own = (room, path = "") => `/rooms/${encodeURIComponent(room)}${path}`;

/**
 * Return what the server answers; null where it is away.
 *
 * @param {string} where
 * @param {RequestInit} [how]
 * @returns {Promise<any>}
 */
async function fetched(where, how) {
  try {
    const answer = await fetch(`${where}${where.includes("?") ? "&" : "?"}lang=${language}`, how);
    return answer.headers.get("content-type")?.includes("json") ? await answer.json() : null;
  } catch {
    return null;
  }
}

/** Wait the longer, the more often the server did not answer. @param {number} failures */
const backoff = (failures) => new Promise((done) => setTimeout(done, BACKOFF_MS[Math.min(failures, BACKOFF_MS.length - 1)]));

/** Say in which language the server is to answer, and whom changes are told. @param {string} spoken @param {typeof on} told */
export function begin(spoken, told) {
  on = told;
  const isOther = spoken !== language;
  language = spoken;
  if (id && (isOther || !following)) follow();
}

/** Ask no more until the page begins again. */
export function rest() {
  following?.abort();
  following = null;
}

/** Look at a room, "" for none. @param {string} room */
export function enter(room) {
  rest();
  id = room;
  state = null;
  isAway = false;
  if (room) follow();
  on.change();
}

/** Open a room, as soon as the server answers. @returns {Promise<string>} What went wrong, or "". */
export async function open() {
  let made = null;
  for (let failures = 0; !made; failures++) {
    made = await fetched("/rooms", { method: "POST", body: "{}" });
    away(!made);
    if (!made) await backoff(failures);
  }
  if (!made.id) return made.detail;
  keep([{ id: made.id, code: made.code }, ...known()]);
  enter(made.id);
  return "";
}

/** Return this browser's rooms that are still open, and forget the others. @returns {Promise<State[]>} */
export async function still() {
  const found = await Promise.all(known().map(async (one) => ({ one, now: await fetched(own(one.id, "/state")) })));
  for (const { one, now } of found) if (now && (now.detail || now.phase === "ended")) forget(one.id);
  return found.map(({ now }) => now).filter((now) => now && !now.detail && now.phase !== "ended");
}

/**
 * Ask the server to do something; the answer is the room's state.
 *
 * @param {string} path
 * @param {string} method
 * @param {object} [told]
 * @returns {Promise<string>} What went wrong, or "".
 */
export async function send(path, method, told = {}) {
  const room = id, found = await fetched(own(room, path), { method, body: JSON.stringify(told) });
  if (room !== id) return "";
  away(!found);
  if (found && !found.detail) accept(found);
  return found?.detail ?? "";
}

/**
 * End the room.
 *
 * @param {boolean} isKept Whether the class set and its model stay.
 * @returns {Promise<{ left?: { [what: string]: number }, detail?: string } | null>} Null where the server is away.
 */
export async function end(isKept) {
  const room = id, found = await fetched(own(room), { method: "DELETE", body: JSON.stringify({ keep: isKept }) });
  away(!found);
  if (!found?.left) return found;
  forget(room);
  enter("");
  return found;
}

/** Ask again and again how the room is. */
async function follow() {
  following?.abort();
  const { signal } = (following = new AbortController());
  for (let failures = 0, isFirst = true; !signal.aborted;) {
    const since = isFirst ? "" : state?.version ?? "";
    const turn = new AbortController(), stop = () => turn.abort(), timer = setTimeout(stop, LONGEST_MS);
    signal.addEventListener("abort", stop, { once: true });
    const found = await fetched(own(id, `/state?since=${encodeURIComponent(since)}`), { signal: turn.signal });
    clearTimeout(timer);
    if (signal.aborted) return;
    away(!found);
    if (!found) {
      await backoff(failures++);
      continue;
    }
    failures = 0;
    if (found.detail || found.phase === "ended") return over(found.code === "room-unknown" ? "" : found.detail ?? ""); // who typed no code is told of none
    isFirst = false;
    accept(found);
  }
}

/** The room has ended, or is another browser's. @param {string} why */
function over(why) {
  forget(id);
  enter("");
  on.gone(why);
}

/** @param {State} found */
function accept(found) {
  state = found;
  on.change();
}

/** @param {boolean} is */
function away(is) {
  if (is === isAway) return;
  isAway = is;
  on.change();
}
