// @ts-check
/** The live picture: the camera's, or a photo to try, with what the newest model says of it. */
import { places, steady } from "./classes.js";
import * as live from "./live.js";
import { morph } from "./morph.js";
import * as project from "./project.js";

const PATIENCE_MS = 4000; // for the model that a device sees with
const EVERY_MS = 260, AWAY_MS = 2000, SIDE = 640, MOST_ROWS = 5;

/** @type {MediaStream | null} */
let stream = null;
let facing = "environment", isAsking = false, isStarting = false, heldAnswer = { words: "", since: 0, next: "" };
/** @type {Blob | null} */
let tried = null;
/** What this device sees by itself, for which head's eyes; null where the server has to be shown the picture. @type {{ of: string, see: Awaited<ReturnType<typeof live.eyes>> | null, opening: Promise<unknown> } | null} */
let own = null;
let triedBy = "", timer = 0; // which head of which project has said what of it
/** @type {HTMLElement | null} */
let root = null;
/** @type {{ [name: string]: string }} */
let say = {};
/** What stands there while there is no picture: as long as too few classes have photos, and after that. */
let boxes = { waiting: "", ready: "" };

/** @param {string} place @returns {any} */
const $ = (place) => root?.querySelector(place);

/** Show it in a place; what goes on goes on. @param {HTMLElement} here @param {typeof say} words @param {typeof boxes} idle */
export function show(here, words, idle) {
  [root, say, boxes] = [here, words, idle];
  for (const video of root.querySelectorAll("video")) if (stream && video.srcObject !== stream) play(video);
  paint();
}

/** Whether there is a camera that is on. */
export const isOn = () => Boolean(stream);

/** @param {HTMLVideoElement} video */
function play(video) {
  video.srcObject = stream;
  video.play().catch(() => {}); // a page that goes away
}

/** Turn the camera on; says why, where that cannot be. */
export async function start() {
  if (stream || isStarting) return;
  if (!navigator.mediaDevices) return trouble(say.insecure);
  isStarting = true;
  try {
    const wanted = { facingMode: facing, width: { ideal: 1280 }, height: { ideal: 960 } };
    stream = await navigator.mediaDevices.getUserMedia({ video: wanted });
  } catch (error) {
    return trouble(say.noCamera.replace("{reason}", error instanceof Error ? error.message : String(error)));
  } finally {
    isStarting = false;
  }
  for (const track of stream.getTracks()) track.onended = stop;
  trouble("");
  tried = null;
  for (const video of root?.querySelectorAll("video") ?? []) play(video);
  const cameras = (await navigator.mediaDevices.enumerateDevices()).filter(({ kind }) => kind === "videoinput");
  root?.classList.toggle("turns", cameras.length > 1);
  paint();
  next();
}

/** Turn the camera off. */
export function stop() {
  stream?.getTracks().forEach((track) => track.stop());
  stream = null;
  for (const video of root?.querySelectorAll("video") ?? []) video.srcObject = null;
  paint();
}

/** Take the camera at the other side of a phone. */
export async function turn() {
  facing = facing === "user" ? "environment" : "user";
  stop();
  await start();
}

/** @param {string} words */
function trouble(words) {
  if ($(".trouble")) $(".trouble").textContent = words;
}

/** Show a photo instead, and what the model says of it. @param {Blob} photo */
export function tryPhoto(photo) {
  tried = photo;
  stop();
  triedBy = "";
  const picture = $(".pic > img");
  if (picture.src) URL.revokeObjectURL(picture.src);
  picture.src = URL.createObjectURL(photo);
  paint();
  next();
}

/** Return the camera's picture as it is now. @returns {Promise<Blob | null>} */
export async function frame() {
  const video = $(".pic > video");
  if (!video?.videoWidth) return null;
  const scale = Math.min(1, SIDE / Math.max(video.videoWidth, video.videoHeight));
  const canvas = Object.assign(document.createElement("canvas"), { width: Math.round(video.videoWidth * scale), height: Math.round(video.videoHeight * scale) });
  canvas.getContext("2d")?.drawImage(video, 0, 0, canvas.width, canvas.height);
  return new Promise((done) => canvas.toBlob(done, "image/jpeg", 0.9));
}

/** Ask about the picture, one at a time; the camera's again and again, a photo when the model has learned. */
export function next() {
  clearTimeout(timer);
  rest();
  if (isAsking || document.hidden || !root?.isConnected || !project.state) return;
  if (stream || (tried && triedBy !== newest())) ask();
}

/** Let this device see by itself, as the newest head wants it; what takes longer than some seconds goes on behind. */
async function open() {
  const wanted = project.state?.sees, of = JSON.stringify(wanted ?? null);
  if (wanted && own?.of !== of) {
    const mine = (own = { of, see: /** @type {Awaited<ReturnType<typeof live.eyes>> | null} */ (null), opening: Promise.resolve() });
    const failed = (/** @type {Error} */ error) => console.info(`The server is shown the picture: ${error.message}`);
    mine.opening = live.eyes(wanted).then((see) => { mine.see = see; }, failed);
  }
  if (own && !own.see) await Promise.race([own.opening, new Promise((done) => setTimeout(done, PATIENCE_MS))]);
}

/** Say who looks at the camera's picture, before it is looked at. */
function tellWho() {
  const who = own?.see ? "device" : "server";
  root?.querySelector(".pic")?.setAttribute("data-live", who);
  if ($(".by") && $(".by").textContent !== say[who]) $(".by").textContent = say[who];
}

/** What is asked about: what this device saw of the camera's picture, the picture, or a photo. @returns {Promise<RequestInit | null>} */
async function shown() {
  const video = $(".pic > video"), body = stream ? null : tried;
  if (body) return { method: "POST", body };
  if (own?.see && video?.videoWidth) return { method: "POST", body: await own.see(video), headers: { "Content-Type": "application/x-seen" } };
  const photo = await frame();
  return photo && { method: "POST", body: photo };
}

async function ask() {
  isAsking = true;
  const began = performance.now(), of = stream, by = newest(), photo = tried;
  if (of) {
    await open();
    tellWho();
  }
  const asked = await shown();
  const found = asked && (await project.ask(`/look${!of && photo instanceof File ? `?${new URLSearchParams({ name: photo.name })}` : ""}`, asked));
  if (!of && $(".by")) $(".by").textContent = "";
  isAsking = false;
  if (found?.html && of === stream && isWatching()) {
    answer(found.html, found.near, Boolean(of));
    if (!of) triedBy = by;
  }
  const wait = found || !asked ? EVERY_MS - (performance.now() - began) : AWAY_MS;
  timer = setTimeout(next, Math.max(30, wait));
}

const newest = () => `${project.id()} ${project.state?.learned}`;
const isReady = () => (project.state?.classes ?? []).filter(({ count }) => count).length > 1;
const isWatching = () => Boolean(stream || tried) && isReady();

/** Without a picture or classes there is no answer, and an earlier one goes. */
function rest() {
  const place = $(".answer"), box = isReady() ? boxes.ready : boxes.waiting;
  if (isWatching() || !place || place.is === box) return;
  place.innerHTML = place.is = box;
  heldAnswer = { words: "", since: 0, next: "" };
  reminds([]);
}

/** @param {string} html @param {number[]} near @param {boolean} isLive */
function answer(html, near, isLive) {
  if (!root) return;
  const fresh = document.createElement("template");
  fresh.innerHTML = html;
  $(".answer").is = "";
  const verdict = fresh.content.querySelector(".verdict"), bars = fresh.content.querySelector(".bars");
  const words = verdict ? `${verdict.className} ${verdict.querySelector(".say")?.textContent}` : "";
  heldAnswer = isLive ? steady(heldAnswer, words, performance.now()) : { words, since: 0, next: words };
  if (verdict && heldAnswer.words === words) morphAs($(".answer > .verdict"), verdict);
  if (bars) {
    order(bars);
    morphAs($(".answer > .bars"), bars);
  }
  reminds(near);
}

/** Show the photos that it is reminded of. @param {number[]} near Their ids. */
function reminds(near) {
  $(".near").classList.toggle("has", near.length > 0);
  [...(root?.querySelectorAll(".near img") ?? [])].forEach((picture, place) => {
    const src = near[place] === undefined ? "" : project.picture(near[place], 96);
    picture.setAttribute("alt", src && project.keepsNumbers() ? say.numbers : "");
    if (picture.getAttribute("src") !== src) src ? picture.setAttribute("src", src) : picture.removeAttribute("src");
  });
}

/** @param {Element} old @param {Element} fresh */
function morphAs(old, fresh) {
  for (const name of ["class", "style", "data-verdict", "data-unfamiliar"]) {
    const value = fresh.getAttribute(name);
    value === null ? old.removeAttribute(name) : old.setAttribute(name, value);
  }
  morph(old, fresh);
}

/** Put the rows into the order of the classes, so that each bar stays where it is. @param {Element} bars */
function order(bars) {
  const body = bars.querySelector("tbody"), names = (project.state?.classes ?? []).map(({ name }) => name);
  for (const row of bars.querySelectorAll("tbody tr[aria-hidden]")) row.remove();
  const rows = new Map([...bars.querySelectorAll("tbody tr")].map((row) => [row.querySelector("th")?.title ?? "", row]));
  body?.replaceChildren(...places([...rows.keys()], names, MOST_ROWS).map((name) => /** @type {Element} */ (rows.get(name))));
}

function paint() {
  if (!root) return;
  root.classList.toggle("on", Boolean(stream));
  root.classList.toggle("tries", Boolean(tried) && !stream);
  root.classList.toggle("mirrored", stream?.getVideoTracks()[0].getSettings().facingMode === "user");
  rest();
}

document.addEventListener("visibilitychange", next);
