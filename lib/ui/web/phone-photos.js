// @ts-check
/**
 * Photos on their way from a phone to its room: made smaller first, two at a time, in their order. What could not be sent
 * waits here and is sent again.
 *
 * @typedef {object} Parcel
 * @property {Blob} file
 * @property {string} name
 * @property {number | null} klass The class of the class set; null for the wall.
 * @property {string} [burst] Photos of one press of the button.
 * @property {string} [url] Of the picture in this page's own memory.
 * @property {number} share How much of it has gone, in [0, 1].
 * @property {number} [failures] How often the server failed with it.
 */
import * as room from "./phone-room.js";

const AT_ONCE = 2, AGAIN_MS = 3000, SIDE = 1600, PATIENCE_MS = 120_000, TRIES = 3;

/** @type {Parcel[]} */
let waiting = [];
/** @type {Set<Parcel>} */
const underWay = new Set();
/** Why some were refused or put aside, and how many for that. @type {{ id: number, reason: string, n: number, isAside: boolean }[]} */
export let refused = [];
/** Photos on the wall that are here, too, by their numbers. @type {Map<number, Parcel>} */
const kept = new Map();
/** Photos that were on the wall when the server ended. @type {Parcel[]} */
export let lost = [];
let isStuck = false, boot = "", round = 0, refusals = 0;
let changed = () => {};

/** @param {() => void} told Called when anything of this changes. */
export const begin = (told) => { changed = told; };

/** Those that have not arrived, in their order: for the wall, or for the class set. @param {boolean} isForWall */
export const pending = (isForWall) => [...underWay, ...waiting].filter(({ klass }) => (klass === null) === isForWall);

/** @param {Iterable<File>} files @param {number | null} klass */
export async function bring(files, klass) {
  for (const file of files) {
    const small = await smaller(file);
    add({ file: small, name: file.name, klass, share: 0 });
  }
}

/** @param {Parcel} parcel */
export function add(parcel) {
  if (parcel.klass === null) parcel.url = URL.createObjectURL(parcel.file);
  waiting.push(parcel);
  work();
  changed();
}

/** Send what a server that was started anew has lost. */
export function again() {
  const all = lost;
  lost = [];
  all.forEach(add);
}

/** @param {number} id */
export function dismiss(id) {
  refused = refused.filter((one) => one.id !== id);
  changed();
}

/** Forget everything: whoever it was has left. */
export function clear() {
  for (const { url } of waiting) if (url) URL.revokeObjectURL(url);
  [waiting, lost, refused] = [[], [], []];
  kept.clear();
}

/** Compare with the room: what is there need not be sent again, and what waited for it goes on. */
export function settle() {
  const { state } = room;
  if (!state?.me) return;
  if (boot && boot !== room.boot()) lost.push(...kept.values());
  if (round !== state.round && boot === room.boot()) lost = [];
  if (boot !== room.boot() || round !== state.round) kept.clear();
  [boot, round] = [room.boot(), state.round];
  if (state.phase !== "collect") waiting = waiting.filter(({ klass }) => klass === null);
  work();
}

/** @param {Parcel} parcel */
function isWanted({ klass }) {
  const { state } = room;
  return Boolean(state?.me) && !state?.paused && !room.isAway && state?.phase === (klass === null ? "photos" : "collect");
}

function work() {
  while (underWay.size < AT_ONCE && !isStuck) {
    const place = waiting.findIndex(isWanted);
    if (place < 0) break;
    const [parcel] = waiting.splice(place, 1);
    underWay.add(parcel);
    send(parcel).finally(() => { work(); changed(); });
  }
  if (underWay.size + waiting.length) window.addEventListener("beforeunload", stay);
  else window.removeEventListener("beforeunload", stay);
}

/** Have the browser ask before it leaves a page with photos that would be lost. @param {BeforeUnloadEvent} event */
const stay = (event) => event.preventDefault();

/** @param {Parcel} parcel */
async function send(parcel) {
  const { klass, file, name, burst, url } = parcel;
  const path = klass === null ? "/photos" : `/classes/${klass}`;
  const found = await upload(room.address(path, { name, ...(burst ? { burst } : {}) }), file, (share) => { parcel.share = share; changed(); });
  underWay.delete(parcel);
  parcel.share = 0;
  if (found && found.status >= 500) parcel.failures = (parcel.failures ?? 0) + 1;
  if (!found || (found.status >= 500 && Number(parcel.failures) < TRIES) || found.code === "room-paused" || (found.status === 429 && found.code !== "room-full")) {
    waiting.unshift(parcel);
    isStuck = true;
    setTimeout(() => { isStuck = false; work(); changed(); }, AGAIN_MS);
    if (!found || found.code) room.listen();
    return;
  }
  if (url) URL.revokeObjectURL(url);
  if (found.photo !== undefined) kept.set(found.photo, parcel);
  const reason = found.detail || found.reason || (found.state ? "" : `HTTP ${found.status}`);
  const known = refused.find((one) => one.reason === reason);
  if (known) known.n += 1;
  else if (reason) refused.push({ id: ++refusals, reason, n: 1, isAside: !found.detail });
  room.hear(found);
}

/**
 * Post a file and say how far it is, which `fetch` cannot; null where the server cannot be reached.
 *
 * @param {string} address
 * @param {Blob} file
 * @param {(share: number) => void} progress
 * @returns {Promise<room.Told | null>}
 */
function upload(address, file, progress) {
  return new Promise((done) => {
    const request = new XMLHttpRequest();
    request.open("POST", address);
    request.timeout = PATIENCE_MS;
    request.responseType = "json";
    request.upload.onprogress = ({ loaded, total }) => progress(loaded / (total || 1));
    request.onload = () => done({ ...request.response, status: request.status });
    request.onerror = request.ontimeout = request.onabort = () => done(null);
    request.send(file);
  });
}

/**
 * Return a photo as a JPEG with a longer side of 1600 pixels at most, upright, and without what a camera writes beside
 * the picture, such as the place; as it is where the browser cannot do that.
 *
 * @param {Blob} file
 * @returns {Promise<Blob>}
 */
export async function smaller(file) {
  const image = new Image(), url = URL.createObjectURL(file);
  try {
    image.src = url;
    await image.decode();
    const { naturalWidth: width, naturalHeight: height } = image, scale = Math.min(1, SIDE / Math.max(width, height));
    const canvas = Object.assign(document.createElement("canvas"), { width: Math.max(1, Math.round(width * scale)), height: Math.max(1, Math.round(height * scale)) });
    const pen = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
    pen.fillStyle = "#fff"; // what is see-through would be black
    pen.fillRect(0, 0, canvas.width, canvas.height);
    pen.drawImage(image, 0, 0, canvas.width, canvas.height);
    return (await new Promise((/** @type {BlobCallback} */ done) => canvas.toBlob(done, "image/jpeg", 0.9))) ?? file;
  } catch {
    return file;
  } finally {
    URL.revokeObjectURL(url);
  }
}
