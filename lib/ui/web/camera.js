// @ts-check
/**
 * The camera: its picture with what models say of it, and photos one after the other, until the dialog is closed. Where
 * there is no camera a film does.
 *
 * @typedef {{ id: string, query: string }} Asked A model, and what is asked of its answers.
 * @typedef {object} On What the page does.
 * @property {string} visit
 * @property {Asked} first The model that answers.
 * @property {(id: string) => Asked} other
 * @property {{ [name: string]: string }} say
 * @property {{ [kind: string]: string }} names Of the verdicts.
 * @property {{ id: string, name: string }[]} models
 * @property {(photo: Blob, name: string) => void} take
 */
import { escaped, fill } from "./album.js";
import * as live from "./live.js";
import { morph } from "./morph.js";

const RATE_MS = 1000;

let shots = 0, facing = "environment";

/**
 * Open the dialog.
 *
 * @param {HTMLDialogElement} dialog
 * @param {On} on
 */
export function open(dialog, on) {
  const off = new AbortController(), { signal } = off;
  const $ = (/** @type {string} */ place) => /** @type {any} */ (dialog.querySelector(place));
  const video = /** @type {HTMLVideoElement} */ ($("video"));
  // Not in the page: there, the one field for files takes photos.
  const chooser = Object.assign(document.createElement("input"), { type: "file", accept: "video/*" });
  /** @type {MediaStream | undefined} */
  let stream;
  let film = "", isPaused = false;

  const quiet = () => {
    stream?.getTracks().forEach((track) => track.stop());
    if (film) URL.revokeObjectURL(film);
    stream = undefined;
    film = "";
    video.srcObject = null;
    video.removeAttribute("src");
    $("[data-do=shoot]").disabled = true;
  };
  const begin = async () => {
    quiet();
    $(".trouble").textContent = "";
    try {
      if (!navigator.mediaDevices) throw new Error(on.say.insecure);
      const wanted = { facingMode: facing, width: { ideal: 1280 }, height: { ideal: 960 } };
      const opened = await navigator.mediaDevices.getUserMedia({ video: wanted });
      if (signal.aborted) return opened.getTracks().forEach((track) => track.stop());
      stream = opened;
    } catch (error) {
      $(".trouble").textContent = fill(on.say.noCamera, { reason: error instanceof Error ? error.message : String(error) });
      $("[data-do=film]").focus();
      return;
    }
    video.srcObject = stream;
    for (const track of stream.getTracks()) track.onended = () => { quiet(); $(".trouble").textContent = on.say.cameraGone; };
    // The preview of one's own face is a mirror; what the model sees never is.
    dialog.classList.toggle("mirrored", stream.getVideoTracks()[0].getSettings().facingMode === "user");
    const cameras = (await navigator.mediaDevices.enumerateDevices()).filter(({ kind }) => kind === "videoinput");
    dialog.classList.toggle("turns", cameras.length > 1);
    await run().catch(() => {}); // the dialog was closed meanwhile
    $("[data-do=shoot]").focus();
  };
  const run = async () => {
    await video.play();
    $("[data-do=shoot]").disabled = false;
  };
  const pause = (/** @type {boolean} */ still) => {
    isPaused = still;
    still ? video.pause() : video.play().catch(() => {});
    $("[data-do=pause]").setAttribute("aria-pressed", String(still));
  };
  /** @type {{ [name: string]: () => unknown }} */
  const does = {
    shoot: async () => on.take(await live.picture(video), `camera-${++shots}.jpg`),
    pause: () => pause(!isPaused),
    turn: () => { facing = facing === "user" ? "environment" : "user"; pause(false); return begin(); },
    film: () => chooser.click(),
    looked: () => {
      const button = $("[data-do=looked]"), isOn = button.getAttribute("aria-pressed") !== "true";
      button.setAttribute("aria-pressed", String(isOn));
      answers[0].explain(isOn);
    },
  };

  dialog.addEventListener("click", ({ target }) => {
    const button = /** @type {Element} */ (target).closest("button");
    if (button && button.dataset.do !== "shut") does[button.dataset.do ?? ""]?.();
  }, { signal });
  chooser.onchange = async () => {
    const [file] = chooser.files ?? [];
    chooser.value = "";
    if (!file) return;
    quiet();
    $(".trouble").textContent = "";
    dialog.classList.remove("mirrored");
    video.src = film = URL.createObjectURL(file);
    pause(false);
    await run().catch(() => {
      $(".trouble").textContent = fill(on.say.noFilm, { file: file.name });
      for (const { clear } of answers) clear();
    });
  };
  for (const name of ["pause", "looked"]) $(`[data-do=${name}]`).setAttribute("aria-pressed", "false");
  const places = /** @type {HTMLElement[]} */ ([...dialog.querySelectorAll(".looks")]);
  const answers = [answering(places[0], video, on, () => isPaused, signal, $("canvas")), answering(places[1], video, on, () => isPaused, signal, null)];
  answers[0].ask(on.first);
  const none = new Option(on.say.second, ""), others = on.models.filter(({ id }) => id !== on.first.id);
  $("select").replaceChildren(none, ...others.map(({ id, name }) => new Option(name, id)));
  answers[1].ask(null);
  $("select").onchange = () => answers[1].ask($("select").value ? on.other($("select").value) : null);
  $("[name=still]").onchange = () => answers.forEach(({ hold }) => hold($("[name=still]").checked));
  dialog.addEventListener("close", () => { off.abort(); quiet(); }, { once: true });
  dialog.showModal();
  begin();
}

/**
 * Let a model answer in a place for as long as the dialog is open.
 *
 * @param {HTMLElement} here
 * @param {HTMLVideoElement} video
 * @param {On} on
 * @param {() => boolean} isPaused
 * @param {AbortSignal} signal
 * @param {HTMLCanvasElement | null} overlay Where it shows where it looked.
 */
function answering(here, video, on, isPaused, signal, overlay) {
  let turn = 0, isStill = /** @type {HTMLInputElement | null} */ (here.closest("dialog")?.querySelector("[name=still]"))?.checked ?? false;
  /** @type {live.Model | null} */
  let model = null;
  const note = (/** @type {string} */ words) => put(here, ".by", escaped(words));
  const clear = () => { for (const place of [".found", ".rate"]) put(here, place, ""); if (overlay) cover(overlay, null, video); };
  const newest = pictures(video, signal);
  let explains = false;
  signal.addEventListener("abort", () => { turn += 1; model = null; });

  /** @param {Asked | null} asked */
  async function ask(asked) {
    const mine = ++turn;
    model = null;
    here.hidden = !asked;
    clear();
    delete here.dataset.live;
    if (!asked) return;
    put(here, ".of", escaped(on.models.find(({ id }) => id === asked.id)?.name ?? asked.id));
    note(on.say.loading);
    const come = (/** @type {number} */ share) => mine === turn && note(fill(on.say.loadingShare, { percent: `${Math.round(share * 100)}%` }));
    const opened = await live.open(`/visits/${on.visit}/camera?${asked.query}`, asked.query, on.names, come).catch((error) => { if (mine === turn) note(error.message); return null; });
    if (mine !== turn || signal.aborted || !opened) return;
    model = opened;
    here.dataset.live = model.where;
    here.closest("dialog")?.classList.toggle("still", model.where === "device");
    note(on.say[model.where]);
    model.hold(isStill);
    if (overlay) here.closest("dialog")?.classList.toggle("explains", Boolean(model.explain));
    model.explain?.(explains);
    go(mine);
  }

  /** Answer one picture after the other, always the newest. @param {number} mine */
  async function go(mine) {
    let since = performance.now(), count = 0;
    while (mine === turn && model && !signal.aborted) {
      const shown = await newest();
      if (mine !== turn) return;
      if (!shown || isPaused() || document.hidden) { await rest(100); since = performance.now(); count = 0; continue; }
      try {
        const html = await model.look(video);
        if (mine !== turn || signal.aborted) return;
        put(here, ".found", html);
        if (overlay) cover(overlay, model.map, video);
        here.dataset.ms = String(Math.round(performance.now() - shown));
        here.dataset.answers = String(Number(here.dataset.answers ?? 0) + 1);
      } catch (error) {
        clear();
        note(error instanceof Error ? error.message : String(error));
        await rest(1000);
        continue;
      }
      count += 1;
      const took = performance.now() - since;
      if (took > RATE_MS) {
        put(here, ".rate", escaped(fill(on.say.rate, { n: String(Math.round((count * 1000) / took)) })));
        since = performance.now();
        count = 0;
      }
    }
  }
  const explain = (/** @type {boolean} */ isOn) => { explains = isOn; model?.explain?.(isOn); if (overlay && !isOn) cover(overlay, null, video); };
  return { ask, clear, explain, hold: (/** @type {boolean} */ still) => { isStill = still; model?.hold(still); } };
}

/**
 * Return what waits for the newest picture of a video that was not asked for yet, and says when it came, on the page's
 * clock; 0 if none comes. One that came while the last was looked at is there at once.
 *
 * @param {HTMLVideoElement} video
 * @param {AbortSignal} signal
 * @returns {() => Promise<number>}
 */
export function pictures(video, signal) {
  let came = 0, wake = () => {};
  const next = () => { video.requestVideoFrameCallback ? video.requestVideoFrameCallback(note) : requestAnimationFrame(note); };
  const note = () => {
    if (signal.aborted) return;
    came = performance.now();
    wake();
    next();
  };
  next();
  return async () => {
    if (!came) await Promise.race([new Promise((done) => { wake = () => done(null); }), rest(500)]);
    const at = video.videoWidth ? came : 0;
    came = 0;
    return at;
  };
}

/** Lay cells over the part of the picture that the model saw; a video is shown whole, in the middle. @param {HTMLCanvasElement} canvas @param {live.Seen | null} map @param {HTMLVideoElement} video */
function cover(canvas, map, { videoWidth, videoHeight, clientWidth, clientHeight, offsetLeft, offsetTop }) {
  canvas.hidden = !map;
  if (!map) return;
  const { cells, box: [left, top, right, bottom] } = map, scale = Math.min(clientWidth / videoWidth, clientHeight / videoHeight);
  const [wide, high] = [videoWidth * scale, videoHeight * scale];
  Object.assign(canvas, { width: cells.width, height: cells.height });
  canvas.getContext("2d")?.putImageData(cells, 0, 0);
  const at = { left: offsetLeft + (clientWidth - wide) / 2 + left * wide, top: offsetTop + (clientHeight - high) / 2 + top * high, width: (right - left) * wide, height: (bottom - top) * high };
  for (const [side, px] of Object.entries(at)) canvas.style.setProperty(side, `${px}px`);
}

/** @param {number} ms */
const rest = (ms) => new Promise((done) => setTimeout(done, ms));

/** @param {HTMLElement} here @param {string} place @param {string} html */
function put(here, place, html) {
  const fresh = document.createElement("template");
  fresh.innerHTML = html;
  morph(/** @type {Element} */ (here.querySelector(place)), fresh.content);
}
