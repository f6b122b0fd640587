// @ts-check
/**
 * A phone's own camera: what the room's model says of its picture, or of one photo, and photos for the class set. Loaded
 * when somebody asks for it; not before.
 */
import { pictures } from "./camera.js";
import * as live from "./live.js";
import { morph } from "./morph.js";
import * as photos from "./phone-photos.js";
import * as room from "./phone-room.js";
import { listen } from "./shoot.js";
import { fill } from "./text.js";

const SIDE = 640, STUCK_MS = 1000, NONE_MS = 100, ROWS = "5";

/** @type {{ [name: string]: string }} */
let say = {};
/** What the verdicts are called. @type {{ [kind: string]: string }} */
let names = {};
let changed = () => {};
/** Where the camera or a photo is shown; "" for nowhere. */
export let view = /** @type {"" | "live" | "collect"} */ ("");
let facing = "environment", answeredBy = "", shown = "";
/** @type {MediaStream | null} */
let stream = null;
/** What goes on as long as the camera is open, and what the model answers. */
let opened = new AbortController(), answering = new AbortController();

/** @param {string} place @returns {any} */
const $ = (place) => document.querySelector(`#${view || "live"} ${place}`);

/** @param {{ say: typeof say, names: typeof names, change(): void }} on */
export const begin = (on) => { [say, names, changed] = [on.say, on.names, on.change]; };

/** Whether the camera's picture is there. @param {"live" | "collect"} where */
export const isOn = (where) => view === where && Boolean(stream);

/** Close everything: camera and photo are forgotten. */
export function shut() {
  opened.abort();
  answering.abort();
  quiet();
  if (shown) URL.revokeObjectURL(shown);
  view = answeredBy = shown = "";
  changed();
}

function quiet() {
  stream?.getTracks().forEach((track) => track.stop());
  if (stream) $("video").srcObject = null;
  stream = null;
}

/** Open the camera. @param {"live" | "collect"} where */
export async function open(where) {
  fresh(where);
  const { signal } = opened;
  if (!(await start(signal))) {
    if (where === "collect" && !signal.aborted) view = "";
    return changed();
  }
  if (where === "collect") listen(document.getElementById(where) ?? document.body, ".class button", {
    camera: { isOn: () => Boolean(stream), start: async () => {}, frame: async () => ($("video").videoWidth ? live.picture($("video"), SIDE) : null) },
    take: (button, file, _, burst) => photos.add({ file, name: "camera.jpg", klass: Number(button.dataset.id), burst, share: 0 }),
    waiting: () => photos.pending(false).length,
    without: () => {},
  }, signal);
  changed();
}

/** @param {"live" | "collect"} where */
function fresh(where) {
  shut();
  [view, opened] = [where, new AbortController()];
  if (where === "live") for (const place of [".answer", ".by"]) $(place).replaceChildren();
  $(".trouble").textContent = "";
}

/** @param {AbortSignal} signal */
async function start(signal) {
  const trouble = (/** @type {string} */ words) => { if (!signal.aborted) $(".trouble").textContent = words; };
  if (!navigator.mediaDevices) return trouble(say.insecure);
  try {
    const found = await navigator.mediaDevices.getUserMedia({ video: { facingMode: facing, width: { ideal: 1280 }, height: { ideal: 960 } } });
    if (signal.aborted) return found.getTracks().forEach((track) => track.stop());
    stream = found;
  } catch (error) {
    return trouble(fill(say.noCamera, { reason: error instanceof Error ? error.message : String(error) }));
  }
  trouble("");
  const [track] = stream.getVideoTracks(), video = $("video");
  track.onended = () => { quiet(); trouble(say.cameraGone); changed(); };
  video.classList.toggle("mirrored", track.getSettings().facingMode === "user");
  video.srcObject = stream;
  await video.play().catch(() => {}); // it was closed meanwhile
  return !signal.aborted;
}

/** Take the camera at the other side of the phone. */
export async function turn() {
  facing = facing === "user" ? "environment" : "user";
  quiet();
  await start(opened.signal);
  changed();
}

/** Draw the view of the live camera. @param {room.State} state */
export function paint({ model: { query } }) {
  $("video").hidden = !stream;
  $(".pic img").hidden = !shown;
  $(".pic").hidden = !stream && !shown && Boolean($(".trouble").textContent);
  $(".pic").parentElement.classList.toggle("on", Boolean(stream || shown));
  $("[data-do=turn]").disabled = !stream;
  $(".take [data-do=live]").hidden = Boolean(stream) || !navigator.mediaDevices;
  if (!stream || answeredBy === query) return;
  answering.abort();
  [answeredBy, answering] = [query, new AbortController()];
  watch($("video"), query, answering.signal);
}

/** Say of the newest picture what the model does, again and again. @param {HTMLVideoElement} video @param {string} query @param {AbortSignal} signal */
async function watch(video, query, signal) {
  const note = (/** @type {string} */ words) => { if (!signal.aborted && $(".by").textContent !== words) $(".by").textContent = words; };
  note(say.loading);
  const come = (/** @type {number} */ share) => note(fill(say.loadingShare, { percent: `${Math.round(share * 100)}%` }));
  const asked = new URLSearchParams(query);
  asked.set("top", ROWS); // the room asks for more, to have what can be guessed
  const model = await live.open(room.address("/look"), String(asked), names, come).catch((error) => note(error.message));
  const newest = pictures(video, signal);
  while (model && !signal.aborted) {
    if (!(await newest()) || document.hidden) {
      await rest(NONE_MS);
      continue;
    }
    try {
      const html = document.createElement("template");
      html.innerHTML = await model.look(video);
      if (signal.aborted) return;
      morph($(".answer"), html.content);
      note(say[model.where]);
    } catch (error) {
      note(error instanceof Error ? error.message : String(error));
      await rest(STUCK_MS);
    }
  }
}

/** Show what the model says of a photo; nobody keeps it. @param {File} file */
export async function ask(file) {
  fresh("live");
  const { signal } = opened, small = await photos.smaller(file);
  if (signal.aborted) return;
  $(".pic img").src = shown = URL.createObjectURL(small);
  $(".by").textContent = say.looking;
  changed();
  const found = await room.ask(room.address("/look", { name: file.name }), "POST", small);
  if (signal.aborted) return;
  $(".answer").innerHTML = found?.answer ?? "";
  $(".by").textContent = found ? found.detail ?? say.server : say.away;
  if (found && !found.answer) room.hear(found);
}

/** @param {number} ms */
const rest = (ms) => new Promise((done) => setTimeout(done, ms));
