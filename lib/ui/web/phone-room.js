// @ts-check
/**
 * How a phone and its room keep in touch. The room is asked how it is, again and again; what was pressed is told to it,
 * and told again until it has heard. lib/server/room/phones.py answers.
 *
 * @typedef {import("./phone-state.js").State} State
 * @typedef {import("./phone-state.js").Told} Told
 */
const WAITS_MS = [500, 1000, 2000, 4000, 8000], PATIENCE_MS = 30_000;

/** The room as it was last heard of. @type {State | null} */
export let state = null;
/** Whether the room cannot be reached. */
export let isAway = false;
/** Why there is no room of this code any more; "" as long as there is one. */
export let gone = "";

let place = "", language = "", isTelling = false;
let changed = () => {};
/** @type {(sentence: string) => void} */
let complain = () => {};
/** The answers that are here, by photo, and what they are called together. @type {Map<number, string>} */
const answers = new Map();
let held = "";
let listening = new AbortController();
/** What was pressed and has not been heard: the last of each photo. @type {Map<string, { path: string, told: { [name: string]: any } }>} */
const pressed = new Map();
/** @type {Set<() => void>} */
const sleepers = new Set();

/**
 * @param {{ code: string, language: string }} of
 * @param {{ change(): void, complain(sentence: string): void }} on
 */
export function begin(of, on) {
  [place, language, changed, complain] = [`/r/${of.code}`, of.language, on.change, on.complain];
  // A phone that slept has an answer on its way that will never come.
  const wake = () => { if (!document.hidden) { sleepers.forEach((up) => up()); listen(); } };
  for (const event of ["online", "pageshow"]) window.addEventListener(event, wake);
  document.addEventListener("visibilitychange", wake);
  listen();
}

/** The address of something in the room. @param {string} path @param {{ [name: string]: string }} [told] */
export const address = (path, told = {}) => `${place}${path}?${new URLSearchParams({ ...told, lang: language })}`;

/** Ask how the room is until it has ended; one at a time: who asks anew takes over. */
export async function listen() {
  listening.abort();
  const { signal } = (listening = new AbortController());
  let isFirst = true;
  for (let failed = 0; !signal.aborted && !gone && state?.phase !== "ended" && !document.hidden;) {
    const asked = /** @type {{ [name: string]: string }} */ ({ answers: held });
    if (!isFirst && state) asked.since = state.version;
    const found = await ask(address("/state", asked), "GET", undefined, signal);
    if (signal.aborted) return;
    isFirst = false;
    if (found && (found.version || found.code === "room-unknown")) {
      failed = 0;
      away(false);
      hear(found);
    } else {
      away(true);
      isFirst = true;
      await rest(WAITS_MS[Math.min(failed++, WAITS_MS.length - 1)]);
    }
  }
}

/** @param {boolean} isSo */
function away(isSo) {
  if (isAway === isSo) return;
  isAway = isSo;
  changed();
  if (!isSo) tell();
}

/** Take in what was answered. @param {Told} found */
export function hear(found) {
  const fresh = found.state ?? found;
  if (fresh.version) take(fresh);
  else if (found.code === "room-unknown") gone = found.detail ?? found.code;
  else if (found.code === "person-unknown") listen();
  changed();
}

/** @param {State} fresh */
function take(fresh) {
  if (state && isOlder(fresh.version, state.version)) return;
  if (fresh.answers !== state?.answers) answers.clear();
  const shots = fresh.phase === "shown" ? [...fresh.shown, ...fresh.mine] : [];
  for (const shot of shots) {
    if (shot.answer !== undefined) answers.set(shot.photo, shot.answer);
    shot.answer = answers.get(shot.photo) ?? "";
  }
  const isWhole = shots.every(({ photo }) => answers.has(photo));
  held = shots.length && isWhole ? fresh.answers : "";
  state = fresh;
  if (!isWhole) listen();
}

/** Whether one version came before another of the same server (lib/server/room/state.py, `version`). @param {string} one @param {string} other */
function isOlder(one, other) {
  const [boot, , count] = one.split("."), [otherBoot, , otherCount] = other.split(".");
  return boot === otherBoot && Number(count) < Number(otherCount);
}

/** What tells one start of the server from another. */
export const boot = () => state?.version.split(".")[0] ?? "";

/**
 * Tell the room what was pressed for a photo.
 *
 * @param {"guess" | "vote"} path
 * @param {{ photo: number, guess?: string, right?: boolean }} told
 */
export function press(path, told) {
  pressed.set(`${path} ${told.photo}`, { path, told });
  changed();
  tell();
}

/** What was pressed for a photo and not heard yet. @param {"guess" | "vote"} path @param {number} photo */
export const unheard = (path, photo) => pressed.get(`${path} ${photo}`)?.told;

async function tell() {
  if (isTelling || isAway) return;
  isTelling = true;
  for (const [key, last] of pressed) {
    const found = await ask(address(`/${last.path}`, { answers: held }), "POST", JSON.stringify(last.told));
    if (!found || (found.status >= 500 && !found.detail)) { // the one that listens says when it is back
      if (!isAway) listen();
      break;
    }
    if (pressed.get(key) === last) pressed.delete(key);
    if (found.code === "room-paused") listen(); // which says why
    else if (found.detail) complain(found.detail);
    hear(found);
  }
  isTelling = false;
  if (pressed.size && !isAway) setTimeout(tell, WAITS_MS[0]);
}

/**
 * Return what the server answers, a problem included; null where it cannot be reached.
 *
 * @param {string} address
 * @param {string} [method]
 * @param {BodyInit} [body]
 * @param {AbortSignal} [until] Ends it at once.
 * @returns {Promise<Told | null>}
 */
export async function ask(address, method = "GET", body, until) {
  const patience = new AbortController(), end = () => patience.abort(), timer = setTimeout(end, PATIENCE_MS);
  until?.addEventListener("abort", end);
  try {
    const answer = await fetch(address, { method, body, signal: patience.signal, cache: "no-store" });
    return { ...(answer.status === 204 ? {} : await answer.json()), status: answer.status };
  } catch {
    return null;
  } finally {
    clearTimeout(timer);
  }
}

/** Wait so long, or until the phone wakes. @param {number} ms */
export const rest = (ms) => new Promise((done) => {
  const up = () => { clearTimeout(timer); sleepers.delete(up); done(null); };
  const timer = setTimeout(up, ms);
  sleepers.add(up);
});
