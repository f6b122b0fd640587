// @ts-check
/**
 * The page Classify: photos come in, answers go into their places. lib/ui/classify/stage.py says what `data` holds; no
 * photo makes Streamlit run the page, only what changes every answer does.
 *
 * @typedef {import("./album.js").Card} Card
 * @typedef {{ [name: string]: number }} Strictness "top", "ratio", "floor" and, for models that can say, "familiar".
 * @typedef {object} Data
 * @property {string} visit
 * @property {string} query
 * @property {boolean} isReady
 * @property {[number, number, string][]} photos
 * @property {string} model
 * @property {{ id: string, name: string }[]} models
 * @property {boolean} canBeWhole
 * @property {boolean} isWhole
 * @property {{ values: Strictness, defaults: Strictness, labels: { [name: string]: string },
 *   limits: { [name: string]: number[] }, sentence: string,
 *   price: { digits: number, sentence: string, shares: { [name: string]: number[] } } | null }} strict
 * @property {{ name: string, title: string, src: string }[]} samples
 * @property {{ name: string, html: string } | null} example
 * @property {{ looking: string, stopped: string, held: string, failed: string }} boxes
 * @property {string} facts
 * @property {string} where The address of the page that says where photos go.
 * @property {number} most
 * @property {{ [name: string]: string }} say
 * @property {{ [kind: string]: string }} names
 * @typedef {{ data: Data, parentElement: HTMLElement, setTriggerValue(name: string, value: unknown): void }} Component
 */
import { LOOKS, arrive, counts, escaped, fill, merge, next, percent, priced, put, step, unknown, waiting } from "./album.js";
import * as camera from "./camera.js";
import * as crop from "./crop.js";
import { handed } from "./handed.js";
import * as projector from "./projector.js";
import * as where from "./where.js";

const AT_ONCE = 3, UNDO_MS = 6000, RETRY_MS = 3000, SMALL = 320, LIGHT = 500_000; // pixels; bytes that a tile may decode here

// What outlives a mount: Streamlit mounts the component anew when theme or page changes, with the data of its last run.
/** @type {Data} */
let data;
/** @type {Component["setTriggerValue"]} */
let tell;
/** @type {HTMLElement | null} */
let root = null;
let visit = "", query = "";
/** @type {Card[]} */
let cards = [];
/** @type {Card["id"] | null} */
let at = null;
/** @type {string | null} */
let filter = null;
/** @type {Card["id"][]} */
let queue = [];
/** @type {Set<Card["id"]>} */
const removed = new Set();
/** @type {{ cards: Card[], timer: number } | null} */
let undoable = null;
let running = 0, isStopped = false, isLost = false, isAway = false, due = 0, pasted = 0;
/** @type {ReturnType<typeof crop.choose> | null} */
let cropping = null;

// Another edition of this script, from a server that was started anew since, takes over what the open page shows.
/** @type {{ discernStage?: () => { visit: string, cards: Card[], at: Card["id"] | null } }} */
const page = /** @type {object} */ (window);
({ visit, cards, at } = page.discernStage?.() ?? { visit, cards, at });
page.discernStage = () => {
  const all = { visit, cards, at };
  cards = queue = [];
  isLost = false;
  return all;
};

/** Called at every run of the page. @param {Component} component */
export function draw(component) {
  const here = /** @type {HTMLElement & { end?: () => void }} */ (component.parentElement.querySelector("#stage"));
  ({ data, setTriggerValue: tell } = component);
  root = here;
  here.end ??= listen(here);
  write(here);
  settle();
  return () => { if (!here.isConnected) here.end?.(); };
}

/** Open the camera where the address asks for it, once. */
function begin() {
  const address = new URL(location.href);
  if (!address.searchParams.has("live")) return;
  address.searchParams.delete("live");
  history.replaceState(history.state, "", address);
  const wanted = address.searchParams.get("model") ?? data.model; // another one answers where that is not here
  if (data.isReady && wanted === data.model && !dialog().open) DO.camera(dialog());
}

/** Go on with the visit that this tab keeps: a page that was loaded anew has another one at first. */
function settle() {
  const kept = sessionStorage.getItem("discern-visit");
  if (kept && kept !== data.visit) return void setTimeout(settle, 100);
  if (visit !== data.visit || isLost) moveTo(data.visit);
  const fresh = unknown(cards, data.photos, removed);
  cards = merge(cards, fresh);
  if (query !== data.query) {
    where.uncover(); // what was said of a covered part was said of other settings
    refresh((query = data.query), true);
  } else queue.push(...fresh.map(({ id }) => id));
  work();
  paint();
  root?.classList.add("ready");
  begin();
}

/** Bring all photos to a server that knows none of them any more. @param {string} to */
function moveTo(to) {
  cards = cards.map((card) => {
    const { order, name, file, sample, url } = card, id = `n${order}`;
    if (at === card.id) at = id;
    if (file || sample) return { ...waiting(id, order, name), file, sample, url };
    return failed({ ...card, id }, fill(data.say.forgotten, { file: name }));
  });
  queue = cards.filter(({ kind }) => kind === "waiting").map(({ id }) => id);
  visit = to;
  isLost = false;
  removed.clear();
}

/** @param {Card} card @param {string} reason @returns {Card} */
const failed = (card, reason) => ({
  ...card, kind: "failed", marks: "", frame: null, caption: `<b>${escaped(data.say.noAnswer)}</b>`,
  answer: fill(data.boxes.failed, { reason: escaped(reason) }),
});

/**
 * Ask for the answers that are known; photos that this model has not looked at wait for it.
 *
 * @param {string} asked
 * @param {boolean} isComplete Whether the others are to be looked at.
 */
async function refresh(asked, isComplete) {
  if (!cards.some(({ id }) => typeof id === "number")) return;
  const found = data.isReady ? await ask(`answers?${asked}`) : { cards: [] };
  if (!found?.cards || (isComplete && asked !== query)) return;
  cards = merge(cards, found.cards.filter((/** @type {Card} */ { id }) => cards.some((card) => card.id === id)));
  if (isComplete) {
    const known = new Set(found.cards.map((/** @type {Card} */ { id }) => id));
    cards = cards.map((card) => (typeof card.id === "string" || known.has(card.id) ? card : { ...card, ...waiting(card.id, card.order, card.name), src: card.src }));
    queue = cards.filter(({ kind }) => kind === "waiting").map(({ id }) => id);
    work();
  }
  paintSoon();
}

/** Look at what waits, a few at a time. */
function work() {
  while (running < AT_ONCE && queue.length && !isStopped && !isLost && !isAway && data.isReady) {
    running += 1;
    look(/** @type {Card["id"]} */ (queue.shift())).finally(() => { running -= 1; work(); paintSoon(); });
  }
}

/** @param {Card["id"]} id */
async function look(id) {
  const card = cards.find((one) => one.id === id), asked = query;
  if (!card) return;
  const { name, order, sample, file } = card, told = new URLSearchParams({ order: String(order), ...(sample ? { sample } : { name }) });
  const got = await (typeof id === "number"
    ? ask(`photos/${id}/answer?${asked}`)
    : ask(`photos?${told}&${asked}`, { method: "POST", body: file }));
  if (!got) return void queue.unshift(id);
  if (!cards.some((one) => one.id === id)) return void (got.id && !undoable && forget([got]));
  cards = got.detail ? cards.map((one) => (one.id === id ? failed(one, got.detail) : one)) : arrive(cards, id, got);
  if (at === id && !got.detail) at = got.id;
  if (asked !== query && got.id) queue.push(got.id);
}

/**
 * Return what the server answers, a problem included; null where it is away or knows this visit no longer: then the
 * page asks again.
 *
 * @param {string} what
 * @param {RequestInit} [how]
 */
async function ask(what, how) {
  try {
    const answer = await fetch(`/visits/${visit}/${what}`, how), found = await answer.json();
    if (found.code !== "visit-unknown") return found;
    if (!isLost) plead();
  } catch {
    isAway ||= Boolean(setTimeout(() => { isAway = false; work(); paintSoon(); }, RETRY_MS));
  }
  return null;
}

/** Have the page run until it does: that keeps the visit again, or begins another. */
function plead() {
  isLost = true;
  tell("lost", Date.now());
  setTimeout(() => isLost && plead(), RETRY_MS);
}

/** @param {{ name: string, file?: Blob, sample?: string, url?: string }[]} photos */
function bring(photos) {
  const now = Date.now() * 1000; // the first of a batch stands first, a later batch before an earlier one
  const fresh = photos.map(({ name, file, sample, url }, place) => {
    const card = { ...waiting(`n${now - place}`, now - place, name), file, sample, url: url ?? (file && URL.createObjectURL(file)) };
    const isTooLarge = file && file.size > data.most;
    return isTooLarge ? failed(card, fill(data.say.tooLarge, { file: name, most: data.most >> 20 })) : card;
  });
  if (!fresh.length) return;
  cards = merge(cards, fresh);
  at = fresh[0].id;
  filter = null;
  isStopped = false;
  queue.push(...fresh.filter(({ kind }) => kind === "waiting").map(({ id }) => id));
  if (root && root.getBoundingClientRect().top < 0) root.scrollIntoView();
  work();
  if (!$(".hero").contains(document.activeElement)) return paintSoon();
  paint(); // takes away what has the focus
  $(".intake [data-do=choose]").focus();
}

/** @param {Iterable<File>} files */
const bringFiles = (files) =>
  bring([...files].map((file) => ({ file, name: file.name === "image.png" ? `pasted-${++pasted}.png` : file.name })));

/** Take photos away, with some seconds to think better of it. @param {Card[]} gone */
function remove(gone) {
  forget(undoable?.cards ?? []);
  for (const { id } of gone) {
    if (at === id) at = next(shown(), id);
    removed.add(id);
  }
  cards = cards.filter(({ id }) => !removed.has(id));
  undoable = { cards: gone, timer: window.setTimeout(() => forget(gone), UNDO_MS) };
  paint();
  const place = cards.length ? "[data-do=remove]" : ".hero [data-do=choose]";
  /** @type {HTMLElement | null | undefined} */ (root?.querySelector(place))?.focus();
}

function undo() {
  if (!undoable) return;
  clearTimeout(undoable.timer);
  for (const { id } of undoable.cards) removed.delete(id);
  cards = merge(cards, undoable.cards);
  at = undoable.cards[0].id;
  queue.push(...undoable.cards.filter(({ kind }) => kind === "waiting").map(({ id }) => id));
  undoable = null;
  work();
  paint();
  $("[data-do=remove]").focus();
}

/** @param {Card[]} gone */
function forget(gone) {
  if (undoable && gone === undoable.cards) {
    clearTimeout(undoable.timer);
    undoable = null;
  }
  const method = "DELETE", known = gone.filter(({ id }) => typeof id === "number");
  if (known.length > 1 && !cards.length) fetch(`/visits/${visit}/photos`, { method, keepalive: true });
  else for (const { id } of known) fetch(`/visits/${visit}/photos/${id}`, { method, keepalive: true });
  for (const { url } of gone) if (url?.startsWith("blob:")) URL.revokeObjectURL(url);
  paintSoon();
}

/** What the buttons do, by `data-do`. @type {{ [name: string]: (button: HTMLElement) => unknown }} */
const DO = {
  choose: () => input().click(),
  camera: () => {
    const of = (/** @type {string} */ id) => ({ id, query: id === data.model ? query : other(id) });
    const { say, names, models } = data, take = (/** @type {Blob} */ file, /** @type {string} */ name) => bring([{ file, name }]);
    if (navigator.mediaDevices) return camera.open(dialog(), { visit, first: of(data.model), other: of, say, names, models, take });
    input().capture = "environment"; // over plain http only the phone's own camera may be used
    input().click();
    input().removeAttribute("capture");
  },
  shut: () => dialog().close(),
  projector: () => {
    const left = [[".sheet", ".sheet [aria-current]"], [".saving", ".saving summary"]].find(([place]) => document.activeElement?.closest(place));
    if (left) wide().addEventListener("close", () => $(left[1]).focus(), { once: true });
    if (!shown().some(({ id }) => id === at)) at = shown()[0]?.id ?? at;
    return projector.open(wide(), { move, paint });
  },
  again: () => {
    const card = current();
    if (!card) return;
    if (typeof card.id === "number" && card.file) forget([{ ...card, url: undefined }]);
    const fresh = { ...card, ...waiting(card.file ? `n${card.order}` : card.id, card.order, card.name), src: card.src };
    cards = cards.map((one) => (one === card ? fresh : one));
    queue.unshift((at = fresh.id));
    work();
  },
  ask: () => { $("details.asking").toggleAttribute("open", true); $("details.asking button").focus(); },
  known: () => {
    const knows = document.querySelector(".st-key-knows details");
    if (!knows?.hasAttribute("open")) knows?.querySelector("summary")?.click();
    knows?.scrollIntoView({ block: "center" });
  },
  crop: async () => {
    where.uncover();
    const card = current(), picture = /** @type {HTMLImageElement} */ ($(".pic img"));
    if (!card) return;
    if (!cropping) return void (cropping = crop.choose($(".over"), data.say.cutHelp));
    const file = await crop.cut(picture, cropping.box());
    endCrop();
    const name = card.name.replace(/(\.\w+)?$/, (end) => fill(data.say.cutName, { file: "" }) + end);
    if (file) bring([{ file, name: name.replace(/\.\w+$/, ".jpg") }]);
    $("[data-do=crop].btn").focus();
  },

  cancel: () => { endCrop(); $("[data-do=crop].btn").focus(); },
  whole: () => tell("whole", Date.now()),
  png: async () => {
    const card = current(), picture = new Image();
    const url = URL.createObjectURL(await (await fetch(`/visits/${visit}/photos/${card?.id}/bars.svg?${query}`)).blob());
    picture.src = url;
    await picture.decode();
    const canvas = Object.assign(document.createElement("canvas"), { width: 2 * picture.width, height: 2 * picture.height });
    canvas.getContext("2d")?.drawImage(picture, 0, 0, canvas.width, canvas.height);
    Object.assign(document.createElement("a"), { href: canvas.toDataURL("image/png"), download: `${card?.name}.png` }).click();
    URL.revokeObjectURL(url);
  },
  remove: () => { const card = current(); if (card) remove([card]); },
  clear: () => remove(cards),
  undo,
  where: () => { endCrop(); where.turn(); },
  cover: () => {
    endCrop();
    where.cover($(".over"), data.say.coverHelp, `/visits/${visit}/photos/${current()?.id}/covered`, query, (answer) => put($(".answer"), answer));
  },
  stop: () => { isStopped = !isStopped; work(); },
  defaults: () => { writeRanges(data.strict.defaults); tell("strict", data.strict.defaults); },
};

/** What is asked of another model: the verdict's thresholds and what is familiar are its own. @param {string} model */
function other(model) {
  const asked = new URLSearchParams(query);
  asked.set("model", model);
  for (const own of ["whole", "floor", "familiar"]) asked.delete(own);
  return asked.toString();
}

function endCrop() {
  cropping?.end();
  cropping = null;
  paintSoon();
}

/** @param {HTMLElement} here */
function listen(here) {
  const off = new AbortController(), { signal } = off;
  here.addEventListener("click", (event) => {
    const button = /** @type {Element} */ (event.target).closest("button, .example");
    if (!(button instanceof HTMLElement)) return;
    const { do: does, sample, id, kind, model } = button.dataset, chosen = data.samples.find(({ name }) => name === sample);
    if (sample) bring([{ name: sample, sample, url: chosen?.src ?? `/samples/${sample}` }]);
    else if (id) { endCrop(); at = Number(id) || id; here.querySelector(".stage")?.scrollIntoView({ block: "nearest" }); }
    else if (kind !== undefined) {
      filter = kind || null;
      if (!shown().some((card) => card.id === at)) at = shown()[0]?.id ?? at;
    }
    else if (model) tell("model", model);
    else if (does) DO[does]?.(button);
    paintSoon();
  }, { signal });
  document.addEventListener("click", ({ target }) => {
    for (const menu of here.querySelectorAll("details.menu[open]"))
      if (!menu.contains(/** @type {Node} */ (target)) || /** @type {Element} */ (target).closest(".pop :is(button, a)")?.matches(":not(.strict *)")) {
        if (menu.querySelector(".pop")?.contains(document.activeElement)) menu.querySelector("summary")?.focus(); // it goes out of sight
        menu.removeAttribute("open");
      }
  }, { signal });
  here.addEventListener("input", ({ target }) => {
    if (!(/** @type {Element} */ (target).closest("form"))) return;
    const asked = new URLSearchParams(query), values = ranges();
    for (const [name, value] of Object.entries(values)) asked.set(name, String(value));
    writeRanges(values);
    refresh(String(asked), false);
  }, { signal });
  here.querySelector(".where")?.addEventListener("change", ({ target }) => { where.choose(/** @type {HTMLSelectElement} */ (target)); paint(); }, { signal });
  here.querySelector("form")?.addEventListener("change", () => tell("strict", ranges()), { signal });
  const take = () => { bringFiles(input().files ?? []); input().value = ""; };
  input().addEventListener("change", take, { signal });
  if (input().files?.length) setTimeout(take); // chosen before this script was there
  here.addEventListener("error", ({ target }) => {
    const picture = /** @type {HTMLImageElement} */ (target), src = picture.getAttribute("src");
    if (!picture.matches("img")) return;
    picture.classList.add("unseen");
    if (!cards.some(({ url }) => url === src)) return;
    cards = cards.map((card) => (card.url === src ? { ...card, url: undefined } : card)); // the server's can be shown
    paintSoon();
  }, { signal, capture: true });
  here.addEventListener("load", ({ target }) => {
    const picture = /** @type {HTMLImageElement} */ (target);
    picture.classList.remove("unseen");
    if (picture.matches(".pic > img")) $(".over").style.setProperty("--ratio", String(picture.naturalWidth / picture.naturalHeight));
  }, { signal, capture: true });
  document.addEventListener("dragover", (event) => {
    if (!event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    here.classList.add("over-it");
  }, { signal });
  document.addEventListener("dragleave", ({ relatedTarget }) => { if (!relatedTarget) here.classList.remove("over-it"); }, { signal });
  document.addEventListener("drop", async (event) => {
    if (!event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    here.classList.remove("over-it");
    bringFiles(await handed(event.dataTransfer));
  }, { signal });
  document.addEventListener("paste", (event) => {
    const files = event.clipboardData?.files ?? [];
    if (!files.length) return;
    event.preventDefault();
    bringFiles(files);
  }, { signal });
  document.addEventListener("keydown", (event) => {
    const target = /** @type {Element} */ (event.target), open = here.querySelector("details.menu[open]");
    if (event.key === "Escape" && open) { open.removeAttribute("open"); open.querySelector("summary")?.focus(); }
    else if (event.key === "Escape" && cropping) DO.cancel(here);
    else if (event.key === "Enter" && target.matches(".box")) DO.crop(here);
    if (event.ctrlKey || event.metaKey || event.altKey || cropping || target.closest("input, textarea, select, [role=combobox], [role=tablist]")) return;
    if (projector.named(event) === "p" && cards.length && !here.querySelector("dialog[open]")) return void DO.projector(here);
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!by || cards.length < 2) return;
    event.preventDefault();
    move(by);
    const tile = $(".sheet [aria-current]");
    if (target.closest(".sheet")) tile.focus();
    else tile.scrollIntoView({ block: "nearest" });
  }, { signal });
  window.addEventListener("pagehide", () => undoable && forget(undoable.cards), { signal });
  return () => { off.abort(); dialog().close(); wide().close(); endCrop(); if (root === here) root = null; };
}

/** Show another photo. @param {number} by How much further. */
function move(by) {
  at = step(shown(), at, by);
  paint();
}

/** @param {string} selector @returns {HTMLElement} */
const $ = (selector) => /** @type {HTMLElement} */ (root?.querySelector(selector) ?? document.createElement("i"));
const input = () => /** @type {HTMLInputElement} */ ($("input[type=file]"));
const dialog = () => /** @type {HTMLDialogElement} */ ($("dialog.shots"));
const wide = () => /** @type {HTMLDialogElement} */ ($("dialog.projector"));
function shown() {
  const found = cards.filter(({ kind }) => kind === filter);
  return found.length ? found : cards; // the last of a kind was removed, or is of another now
}
const current = () => cards.find(({ id }) => id === at) ?? shown()[0] ?? cards[0];

/** @returns {Strictness} */
const ranges = () => Object.fromEntries([...(root?.querySelectorAll("form label:not([hidden]) input") ?? [])].map((range) => [/** @type {HTMLInputElement} */ (range).name, Number(/** @type {HTMLInputElement} */ (range).value)]));

/** @param {string} name @param {number} value */
const written = (name, value) =>
  name === "top" ? String(value) : name === "familiar" ? value.toFixed(data.strict.price?.digits) : percent(value);

/** @param {Strictness} values */
function writeRanges(values) {
  for (const [name, value] of Object.entries(values)) {
    const range = /** @type {HTMLInputElement} */ ($(`form [name=${name}]`)), [low, high, by] = data.strict.limits[name];
    Object.assign(range, { min: low, max: high, step: by, value });
    $(`form label:has([name=${name}]) span`).textContent = data.strict.labels[name];
    $(`form label:has([name=${name}]) output`).textContent = written(name, value);
  }
  const { floor, ratio, familiar } = values, { price } = data.strict, example = 0.6;
  $("form label:has([name=familiar])").hidden = $("form .price").hidden = !price;
  if (price) $("form .price").textContent = fill(price.sentence, priced(price.shares, familiar));
  $("form .rule").textContent = fill(data.strict.sentence, { floor: percent(floor), ratio: percent(ratio), example: percent(example), rival: percent(example * ratio) });
}

/** Write what stays the same until the next run. @param {HTMLElement} here */
function write(here) {
  const { say, samples, example, models, model, isWhole } = data;
  for (const part of here.querySelectorAll("[data-say]")) part.textContent = say[/** @type {HTMLElement} */ (part).dataset.say ?? ""];
  for (const part of here.querySelectorAll("[data-name]")) part.setAttribute("aria-label", say[/** @type {HTMLElement} */ (part).dataset.name ?? ""]);
  for (const strip of here.querySelectorAll(".strip"))
    put(strip, samples.map(({ name, title, src }) => `<button type="button" data-sample="${escaped(name)}"><img src="${src}" alt="" width="176" height="132"><span>${escaped(title)}</span></button>`).join(""));
  put($(".example"), example ? `<img src="/samples/${example.name}" alt="">${example.html}` : "");
  $(".example").dataset.sample = example?.name ?? "";
  put($(".asking .pop"), models.map(({ id, name }) => `<button type="button" class="btn bare" data-model="${escaped(id)}"${id === model ? " disabled" : ""}>${escaped(name)}</button>`).join(""));
  $("[data-facts]").textContent = data.facts;
  $("[data-go=photos]").setAttribute("href", data.where);
  put($(".keyed"), fill(escaped(say.press), { key: "<kbd>H</kbd>" }));
  put($(".projector .brand"), document.querySelector("#head .brand")?.innerHTML ?? "");
  $("[data-do=whole] span").textContent = isWhole ? say.part : say.whole;
  $("[data-do=whole]").title = isWhole ? say.wholeHelp : say.partHelp;
  if (document.activeElement?.closest("form") !== here.querySelector("form")) writeRanges(data.strict.values);
}

function paintSoon() {
  due ||= requestAnimationFrame(paint); // once a frame, however many answers came
}

function paint() {
  cancelAnimationFrame(due);
  due = 0;
  if (!root) return;
  const { say, boxes } = data, card = current(), left = cards.filter(({ kind }) => kind === "waiting").length;
  root.classList.toggle("has", cards.length > 0);
  root.classList.toggle("many", cards.length > 1);
  $(".toast").hidden = !undoable;
  if (undoable) $(".toast span").textContent = undoable.cards.length > 1 ? say.removedAll : fill(say.removed, { file: undoable.cards[0].name });
  if (!card) return;
  if (!cards.some(({ kind }) => kind === filter || kind === "waiting")) filter = null;
  const tiles = shown();
  at = card.id;
  const held = !data.isReady ? boxes.held : isStopped ? boxes.stopped : boxes.looking;
  paintStage(card, held);
  projector.paint(wide(), { card, answer: card.answer || held, place: tiles.indexOf(card) + 1, total: tiles.length, say });
  while (tiles.length < $(".sheet").childElementCount) $(".sheet").lastChild?.remove();
  while (tiles.length > $(".sheet").childElementCount) $(".sheet").append(document.createElement("li"));
  // Places, not photos, are the nodes: a new photo in front changes what they show, and none of them moves.
  tiles.forEach((one, place) => paintTile($(".sheet").children[place], one));
  const chips = counts(cards).map(({ kind, count }) => chip(kind, count, LOOKS[kind] ?? kind));
  put($(".chips"), chip("", cards.length, "") + chips.join(""));
  $(".progress").hidden = cards.length < 2 || !left || !data.isReady;
  $(".progress span").textContent = isLost || isAway ? say.lost : fill(isStopped ? say.stopped : say.looking, { n: left });
  $("[data-do=stop]").textContent = isStopped ? say.go : say.stop;
  for (const link of root.querySelectorAll("a[data-all]")) link.setAttribute("href", `/visits/${visit}/${/** @type {HTMLElement} */ (link).dataset.all}?${query}`);
}

/** @param {string} kind @param {number} count @param {string} look */
function chip(kind, count, look) {
  const text = fill(escaped(data.say[`kind-${kind || "all"}`]), { n: `<b>${count}</b>` });
  return `<button type="button" class="chip ${look}" data-kind="${kind}" aria-pressed="${filter === (kind || null)}">${look && '<span class="sign" aria-hidden="true"></span>'}<span>${text}</span></button>`;
}

/** @param {Card} card @param {string} held What stands there until an answer comes. */
function paintStage(card, held) {
  const picture = /** @type {HTMLImageElement} */ ($(".pic img")), src = card.url ?? card.src, { say } = data;
  if (picture.getAttribute("src") !== src) {
    endCrop();
    if (src) picture.src = src;
    else picture.removeAttribute("src");
  }
  picture.alt = fill(say.photo, { file: card.name });
  $(".stage").className = `card stage ${LOOKS[card.kind] ?? card.kind}`;
  $(".file summary").textContent = card.name;
  $(".file > span").textContent = card.facts;
  const [left, top, right, bottom] = card.frame ?? [0, 0, 1, 1];
  $(".over").hidden = false;
  $(".seen").hidden = !card.frame && !cropping;
  $(".over").classList.toggle("cropping", Boolean(cropping));
  $(".over").classList.toggle("covering", where.covers());
  $(".seen").style.inset = [top, 1 - right, 1 - bottom, left].map((side) => `${side * 100}%`).join(" ");
  if (!where.covers() && put($(".answer"), card.answer || held) && card.answer)
    $("[role=status]").textContent = `${card.name}: ${$(".answer .say").textContent}. ${$(".answer .why").textContent}`;
  if (root) where.paint(root, { address: `/visits/${visit}/photos/${card.id}/where`, query, isAnswered: typeof card.id === "number" && Boolean(card.answer) && card.kind !== "failed", say, paint: paintSoon });
  $("[data-do=again]").hidden = card.kind !== "failed";
  for (const part of [".asking", ".saving"]) {
    $(part).hidden = card.kind === "failed" && !(card.src && part === ".asking"); // the model may be what failed
    $(part).style.visibility = card.kind === "waiting" ? "hidden" : ""; // its place is kept
  }
  $(".act [data-do=crop]").hidden = card.kind === "failed";
  $("[data-do=whole]").hidden = !data.canBeWhole || card.kind === "failed";
  $(".act [data-do=crop] span").textContent = cropping ? say.cut : say.crop;
  $(".stage").classList.toggle("is-cropping", Boolean(cropping));
  for (const link of root?.querySelectorAll("a[data-file]") ?? [])
    link.setAttribute("href", `/visits/${visit}/photos/${card.id}/${/** @type {HTMLElement} */ (link).dataset.file}?${query}`);
}

/** @param {Element} place @param {Card} card */
function paintTile(place, card) {
  const { id, name, kind, src, url, file, caption, marks } = card, isHere = id === at;
  const picture = kind === "failed" ? '<span class="sign" aria-hidden="true"></span>' : `<img src="${url && (!src || (file && file.size < LIGHT)) ? url : src && `${src}?side=${SMALL}`}" alt="" loading="lazy" decoding="async" draggable="false">`;
  const words = caption || escaped(isStopped || !data.isReady ? data.say.held : data.say.busy);
  const had = place.contains(document.activeElement);
  place.className = LOOKS[kind] ?? kind;
  put(place, `<h3><button type="button" data-id="${id}" title="${escaped(name)}" ${isHere ? 'aria-current="true"' : marks}><span class="thumb">${picture}</span><span class="cap"><span class="sign" aria-hidden="true"></span><span><span class="unseen">${escaped(name)}. </span>${words}</span></span></button></h3>`);
  if (had) place.querySelector("button")?.focus({ preventScroll: true }); // the answer above comes into view
}
