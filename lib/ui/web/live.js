// @ts-check
/**
 * What a model says of a moving picture, again and again: on this device, by the code that the page Code gives away,
 * or by the server where that cannot be.
 *
 * @typedef {{ index: number, label: string, probability: number, percent: string }} Prediction
 * @typedef {object} Answer
 * @property {Prediction[]} predictions
 * @property {string} verdict
 * @property {string} message
 * @property {boolean} strange
 * @property {number[]} probabilities
 * @property {string[]} labels
 * @property {number | null} familiarity
 * @property {Float32Array | null} map
 * @typedef {{ address: string, depth: number, parts: number, isNormalised: boolean, view: string }} Votes
 * @typedef {{ cells: ImageData, box: number[] }} Seen Where it looked: cells to lay over a part, shares of the picture.
 * @typedef {object} Model One that answers.
 * @property {"device" | "server"} where
 * @property {(video: HTMLVideoElement) => Promise<string>} look Returns HTML: verdict and bars.
 * @property {(isStill: boolean) => void} hold Whether answers are an average over the last half second.
 * @property {((isOn: boolean) => void) | null} explain Whether it shows where it looked; null for one that cannot.
 * @property {Seen | null} map Where it looked last, if that is wanted.
 */
import { escaped } from "./text.js";

const STILL_MS = 500, SIDE = 640, MOST_KEPT = 2;
const canvas = document.createElement("canvas"); // one for all pictures: a new one for each is not freed as fast as they come
// The smallest module with a vector in it: a browser that takes it has the instructions that the engine is built with.
const VECTOR = [0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 10, 1, 8, 0, 65, 0, 253, 15, 253, 98, 11];

/**
 * Return what answers, the device if it can.
 *
 * @param {string} address Where the server looks at pictures: a JPEG is posted there, and its `answer` is HTML.
 * @param {string} query What is asked of answers on the device.
 * @param {{ [kind: string]: string }} names Of the verdicts.
 * @param {(share: number) => void} onProgress Told how much of the model has come.
 * @returns {Promise<Model>}
 */
export async function open(address, query, names, onProgress) {
  try {
    if (WebAssembly.validate(new Uint8Array(VECTOR))) return await onDevice(query, names, onProgress);
  } catch (error) {
    if (error instanceof Told) throw error;
    console.info(`The server answers: ${error instanceof Error ? error.message : error}`);
  }
  return onServer(address);
}

/** What the server says of a question that it does not answer; no reason to show it pictures instead. */
class Told extends Error {}

/** @param {string} query @param {{ [kind: string]: string }} names @param {(share: number) => void} onProgress @returns {Promise<Model>} */
async function onDevice(query, names, onProgress) {
  const { model, places } = await loaded(`/live?${query}`);
  await model.open(onProgress);
  /** @type {{ at: number, probabilities: number[], familiarity: number | null }[]} */
  let lately = [];
  let isStill = false;
  /** @type {Promise<Float32Array> | null} */
  let rows = null;
  /** @type {Model} */
  const mine = {
    where: "device",
    map: null,
    explain: places.votes && ((isOn) => {
      rows = isOn ? fetch(places.votes?.address ?? "").then(async (answer) => new Float32Array(await answer.arrayBuffer())) : null;
      mine.map = null;
    }),
    hold: (still) => { isStill = still; lately = []; },
    async look(video) {
      const small = await reduced(video);
      /** @type {Answer} */
      const now = await model.classify(small).finally(() => small.close());
      if (rows && now.map && places.votes) mine.map = looked(now, await rows, places.votes, video);
      if (!isStill) return drawn(now, model.model, names);
      const at = performance.now();
      lately = [...lately.filter((one) => at - one.at < STILL_MS), { ...now, at }];
      const mean = now.probabilities.map((_, k) => average(lately.map(({ probabilities }) => probabilities[k])));
      const familiar = now.familiarity === null ? null : average(lately.map(({ familiarity }) => familiarity ?? 0));
      return drawn(model.conclude(mean, now.labels, familiar, 0), model.model, names);
    },
  };
  return mine;
}

/** A video's picture as it is now: reading all pixels of a large one would take longer than the model does. @param {HTMLVideoElement} video */
function reduced(video) {
  const { videoWidth: width, videoHeight: height } = video, scale = Math.min(1, SIDE / Math.max(width, height));
  return createImageBitmap(video, { resizeWidth: Math.round(width * scale), resizeHeight: Math.round(height * scale), resizeQuality: "medium" });
}

/** The code of the page Code with a model in it, both of this server. @param {string} address */
async function loaded(address) {
  const told = await fetch(address);
  /** @type {{ library: string, model: string, votes: Votes | null, detail?: string, code?: string }} */
  const places = await told.json();
  if (!told.ok) throw places.code === "scripts-missing" ? new Error(places.detail) : new Told(places.detail);
  const { load } = await import(new URL(places.library, location.origin).href);
  const model = kept.get(places.model) ?? (await load(new URL(places.model, location.origin).href));
  kept.delete(places.model);
  kept.set(places.model, model);
  for (const [place, oldest] of kept) if (kept.size > MOST_KEPT && kept.delete(place)) oldest.close();
  return { model, places };
}

/** Models that this page has loaded, by their addresses, those used last: each takes tens of megabytes. @type {Map<string, any>} */
const kept = new Map();

/** @param {number[]} values */
const average = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;

/**
 * Return what this device sees by itself, for the page Train: the means of a model's last map, and of its quarters.
 *
 * @typedef {{ model: string, look: string, depth: number, parts: number }} Eyes
 * @param {Eyes} wanted
 * @returns {Promise<(video: HTMLVideoElement) => Promise<Float32Array<ArrayBuffer>>>} Rejected where it cannot.
 */
export async function eyes({ model: id, look, depth, parts }) {
  if (!WebAssembly.validate(new Uint8Array(VECTOR))) throw new Error("This browser has no vector instructions.");
  const { model } = await loaded(`/live/eyes?${new URLSearchParams({ model: id, look })}`);
  await model.open();
  return async (video) => {
    const small = await reduced(video);
    /** @type {{ map: Float32Array }} */
    const { map } = await model.classify(small).finally(() => small.close());
    const means = [1, ...(parts === 1 ? [] : [parts])].flatMap((count) => partsOf(map, depth, count).map(({ means }) => means));
    return Float32Array.from(means.flatMap((each) => [...each]));
  };
}

/** @param {string} address @returns {Model} */
function onServer(address) {
  return {
    where: "server",
    map: null,
    explain: null,
    hold: () => {},
    async look(video) {
      const answer = await fetch(address, { method: "POST", body: await picture(video, SIDE) });
      const card = await answer.json().catch(() => ({}));
      if (!answer.ok) throw new Error(card.detail ?? `HTTP ${answer.status}`);
      return card.answer;
    },
  };
}

/**
 * Return where a model looked for its likeliest class: the votes of the map's places (lib/formats/votes.py, `Votes.of`).
 *
 * @param {Answer} now
 * @param {Float32Array} rows The weights of the last layer, by classes.
 * @param {Votes} votes
 * @param {HTMLVideoElement} video
 * @returns {Seen}
 */
function looked({ map, predictions }, rows, { depth, parts, isNormalised, view }, { videoWidth, videoHeight }) {
  const places = /** @type {Float32Array} */ (map), channels = depth / parts, side = sideOf(places, channels);
  const from = predictions[0].index * depth, votes = new Float64Array(side * side);
  let length = 0;
  partsOf(places, channels, parts).forEach(({ cells, means }, part) => {
    for (const cell of cells) {
      let vote = 0;
      for (let c = 0; c < channels; c += 1) vote += places[cell * channels + c] * rows[from + part * channels + c];
      votes[cell] += (vote * side * side) / cells.length;
    }
    length += means.reduce((sum, mean) => sum + mean * mean, 0);
  });
  const scale = isNormalised ? Math.sqrt(length) || 1 : 1;
  return { cells: coloured(votes.map((vote) => vote / scale), side), box: seen(videoWidth, videoHeight, view) };
}

/** @param {Float32Array} map @param {number} channels */
const sideOf = (map, channels) => Math.round(Math.sqrt(map.length / channels));

/**
 * The whole map, or its quarters, which overlap where a side is odd (lib/formats/graft.py): which cells are in each,
 * and the mean of every channel over them.
 *
 * @param {Float32Array} map
 * @param {number} channels
 * @param {number} parts 1 or 4.
 */
function partsOf(map, channels, parts) {
  const side = sideOf(map, channels), halves = parts === 1 ? [[0, side]] : [[0, Math.ceil(side / 2)], [Math.floor(side / 2), side]];
  return halves.flatMap(([top, bottom]) => halves.map(([left, right]) => {
    const cells = [], means = new Float64Array(channels);
    for (let y = top; y < bottom; y += 1) for (let x = left; x < right; x += 1) cells.push(y * side + x);
    for (const cell of cells) for (let c = 0; c < channels; c += 1) means[c] += map[cell * channels + c] / cells.length;
    return { cells, means };
  }));
}

/** Cells as lib/charts/heat.py colours them: orange for the class, blue against it. @param {Float64Array} votes @param {number} side */
function coloured(votes, side) {
  const end = Math.max(...votes.map(Math.abs)) || 1, cells = new ImageData(side, side);
  votes.forEach((vote, at) => cells.data.set([...(vote < 0 ? [59, 59, 208] : [245, 166, 35]), Math.round((255 * 0.75 * Math.abs(vote)) / end)], 4 * at));
  return cells;
}

/** The part that a model looks at, as shares: left, top, right, bottom (lib/classify/preprocess.py). @param {number} width @param {number} height @param {string} view */
function seen(width, height, view) {
  const of = view === "square" || view === "crop" ? 7 / 8 : 1, least = Math.min(width, height);
  const [wide, high] = view === "square" || view === "middle" ? [(of * least) / width, (of * least) / height] : [of, of];
  return [(1 - wide) / 2, (1 - high) / 2, (1 + wide) / 2, (1 + high) / 2];
}

/**
 * Return a video's picture as it is now, a JPEG.
 *
 * @param {HTMLVideoElement} video
 * @param {number} most Pixels of the longer side.
 * @returns {Promise<Blob>}
 */
export function picture(video, most = Infinity) {
  const { videoWidth: width, videoHeight: height } = video, scale = Math.min(1, most / Math.max(width, height));
  Object.assign(canvas, { width: Math.round(width * scale), height: Math.round(height * scale) });
  canvas.getContext("2d")?.drawImage(video, 0, 0, canvas.width, canvas.height);
  return new Promise((done, fail) => canvas.toBlob((photo) => (photo ? done(photo) : fail(new Error())), "image/jpeg", 0.92));
}

/**
 * Return an answer as lib/face/answer.py draws one, with the sentence of the command line.
 *
 * @param {Answer} found
 * @param {{ thresholds: { ratio: number, floor: number }, top: number }} model
 * @param {{ [kind: string]: string }} names
 */
function drawn({ predictions, verdict, message, strange }, { thresholds }, names) {
  const kind = strange ? "strange" : verdict, first = predictions[0].probability;
  const marks = `data-verdict="${verdict}"${strange ? ' data-unfamiliar="true"' : ""}`;
  const head = kind === "clear" ? `<em>${escaped(names.clear)}</em> ${escaped(predictions[0].label)}` : `<em>${escaped(names[kind])}</em>`;
  const lines = [kind === "close" || kind === "none" ? ["rival", thresholds.ratio * first] : [], kind === "close" || strange ? [] : ["floor", thresholds.floor]];
  const style = lines.filter(([name]) => name).map(([name, at]) => `--${name}:${(Number(at) * 100).toFixed(1)}`).join(";");
  const why = message.startsWith(names[kind]) ? message.slice(names[kind].length).replace(/^[:：]?\s*/, "") : message;
  const runs = (/** @type {Prediction} */ { probability }, /** @type {number} */ place) =>
    !strange && (kind === "clear" || kind === "weak" ? !place : probability >= thresholds.ratio * first);
  const rows = predictions.map((one, place) =>
    `<tr${runs(one, place) ? " class=in" : ""}><th scope="row" title="${escaped(one.label)}">${escaped(one.label)}</th>` +
    `<td class="t"><i style="--p:${(one.probability * 100).toFixed(1)}"></i></td><td>${escaped(one.percent)}</td></tr>`);
  return `<div class="verdict ${kind}" ${marks}><span class="sign" aria-hidden="true"></span><h3 class="say">${head}</h3><p class="why">${escaped(why)}</p></div>` +
    `<table class="bars ${kind}" data-bars style="${style}"><tbody>${rows.join("")}</tbody></table>`;
}
