// @ts-check
/**
 * The page Train: classes get photos, the live picture its answers, and both say how good the model is. No photo makes
 * Streamlit run the page; lib/ui/train/stage.py says what `data` holds.
 *
 * @typedef {import("./classes.js").Klass} Klass
 * @typedef {object} Data
 * @property {string} language
 * @property {string} asked Id of a project that the address names, or "".
 * @property {string} known The ids of this browser's projects, the present one first, as the page knows them.
 * @property {string[]} deleted Ids of projects that were deleted.
 * @property {number} version Of the project as the page below has drawn it.
 * @property {{ waiting: string, ready: string }} boxes
 * @property {string} photos The address of the page that says where photos go.
 * @property {{ [name: string]: string }} say
 * @typedef {{ data: Data, parentElement: HTMLElement, setStateValue(name: string, value: unknown): void,
 *   setTriggerValue(name: string, value: unknown): void }} Component
 */
import { escaped, fill, put } from "./album.js";
import * as browse from "./browse.js";
import { SHOWN, classOf, empty, folderOf, freshName, isUnnamed } from "./classes.js";
import { copy } from "./copy.js";
import { handed, within } from "./handed.js";
import * as project from "./project.js";
import * as sending from "./sending.js";
import * as shoot from "./shoot.js";
import * as watch from "./watch.js";

const UNDO_MS = 8000, CALM_MS = 1500, LEAVING_MS = 10_000, ZIP = /\.zip$/i;

// What outlives a mount: Streamlit mounts the component anew when theme or page changes.
/** @type {Data} */
let data;
/** @type {Component} */
let component;
/** @type {HTMLElement | null} */
let root = null;
/** Classes as long as there is no project. @type {Klass[]} */
let drafts = [];
let isMaking = false; // somebody asked for the model, and stays where they were meanwhile
let recent = 0, due = 0, calm = 0, leaving = -Infinity, told = "", taken = "";
/** @type {{ undo(): unknown, timer: number } | null} */
let undoable = null;
/** The class that what is picked goes to; null for none. @type {number | null} */
let picking = null;

/** @param {string} place @returns {any} */
const $ = (place) => root?.querySelector(place);
const classes = () => project.state?.classes ?? drafts;

/** Called at every run of the page. @param {Component} made */
export function draw(made) {
  component = made;
  ({ data } = made);
  const here = /** @type {HTMLElement & { end?: () => void }} */ (made.parentElement.querySelector("#train"));
  root = here;
  if (!drafts.length) begin();
  here.end ??= listen(here);
  write(here);
  sending.begin(paintSoon);
  project.forget(data.deleted);
  const asked = data.asked === taken ? "" : data.asked;
  if (asked) take(asked);
  project.begin(data.language, asked, { change: paintSoon, gone, failed: data.say.failed });
  watch.show(here, data.say, data.boxes);
  tell();
  paint();
  return () => { if (!here.isConnected) here.end?.(); };
}

/** Begin with two classes. */
function begin() {
  drafts = [1, 2].map((n) => empty(-n, fill(data.say.className, { n })));
}

/** The project is no more: it is said, and a new one begins. */
function gone() {
  sending.clear();
  begin();
  notice(data.say.gone);
}

/** Go to the project of an address, which then says so no longer: people share addresses. @param {string} id */
function take(id) {
  taken = id;
  const address = new URL(location.href);
  address.searchParams.delete("project");
  history.replaceState(history.state, "", address);
  if (!project.all().some((one) => one.id === id)) notice(data.say.byLink);
}

/** Tell the page below which projects these are; and it, and who listens, how they are when they have been so for a moment. */
function tell() {
  const known = [project.id(), ...project.all().map(({ id }) => id).filter((id) => id !== project.id())].join(" ");
  if (known !== data.known && known !== told) component.setStateValue("projects", (told = known));
  clearTimeout(calm);
  if (performance.now() < leaving + LEAVING_MS) return;
  const version = project.state?.version ?? 0;
  if (version === data.version || sending.left()) return;
  calm = window.setTimeout(() => {
    component.setStateValue("version", version);
    status(classes().map(({ name, count }) => `${name}: ${fill(data.say.count, { n: count })}`).join(", "));
  }, CALM_MS);
}

/** Go to another room with the model; a run of this page that came meanwhile would lead back. @param {string} room */
function leave(room) {
  leaving = performance.now();
  clearTimeout(calm);
  component.setTriggerValue(room, project.state?.model?.id);
}

/** Have a project, with the classes that are here. */
async function ensure() {
  const isNew = !project.id(), were = drafts;
  const state = await project.ensure(were.map(({ name }) => name));
  const numbers = new Map(drafts.map(({ id }, place) => [id, state?.classes[place]?.id ?? id]));
  recent = numbers.get(recent) ?? recent;
  if (state) sending.renumber(numbers);
  for (const [place, { name }] of drafts.entries()) // named while the project began
    if (state && isNew && name !== were[place].name) await project.ask(`/classes/${state.classes[place].id}`, { method: "PATCH", body: JSON.stringify({ name }) });
  return Boolean(state);
}

/** How many photos there are, those that are not learned from included. */
const photoCount = () => classes().reduce((n, { id, count, aside }) => n + count + aside + sending.pending(id).length, 0);

/** @param {string} path @param {string} method @param {object} [told] */
async function change(path, method, told) {
  const found = (await ensure()) && (await project.ask(path, { method, body: told && JSON.stringify(told) }));
  if (found) notice(found.detail ?? ""); // what was said of an earlier one is over
  return found;
}

/** Bring photos and zips to a class. @param {number} klass @param {File[]} files */
function bring(klass, files) {
  recent = klass;
  if (!files.length) return;
  sending.bring(files.map((file) => ({ klass, file, name: file.name })));
  ensure();
}

/**
 * Bring what lies in folders: each is a class; what lies in none goes to the class used last.
 *
 * @param {{ path: string, file: File }[]} found
 */
async function sort(found) {
  const loose = found.filter(({ path, file }) => !folderOf(path) && !ZIP.test(file.name));
  if (loose.length) bring(target(), loose.map(({ file }) => file));
  for (const { file } of found.filter(({ file }) => ZIP.test(file.name))) sending.bring([{ klass: null, file, name: file.name, then: sweep }]);
  if (!found.length || !(await ensure())) return;
  for (const folder of new Set(found.map(({ path }) => folderOf(path)).filter(Boolean))) {
    const klass = classOf(classes(), folder, data.say.className);
    const told = klass?.name === folder || (klass && !isUnnamed(klass.name, data.say.className)) ? null : { name: folder };
    if (told) await change(klass ? `/classes/${klass.id}` : "/classes", klass ? "PATCH" : "POST", told);
    const own = classes().find(({ name }) => name.toLowerCase() === folder.toLowerCase());
    if (own) bring(own.id, found.filter(({ path }) => folderOf(path) === folder).map(({ file }) => file));
  }
}

/** Take away the classes that nobody has used, as others came. */
async function sweep() {
  const unused = classes().filter(({ name, count, aside }) => !count && !aside && isUnnamed(name, data.say.className));
  if (unused.length < classes().length) for (const { id } of unused) if (!sending.pending(id).length) await change(`/classes/${id}`, "DELETE");
}

/** The class that photos go to for which none was said. */
const target = () => (classes().some(({ id }) => id === recent) ? recent : classes()[0]?.id ?? 0);

/** Say something to who does not see the page. @param {string} words */
const status = (words) => { if (root) $("p.unseen").textContent = words; };

/** @param {string} words */
function notice(words) {
  if (!root) return;
  $(".notice").hidden = !words;
  $(".notice span").textContent = words;
}

/** Offer for some seconds to take something back. @param {string} words @param {() => unknown} undo */
function offer(words, undo) {
  clearTimeout(undoable?.timer);
  const dialog = /** @type {HTMLDialogElement} */ ($(".all"));
  (dialog.open ? dialog : root)?.append($(".toast"));
  $(".toast span").textContent = words;
  undoable = { undo, timer: window.setTimeout(() => { undoable = null; paint(); }, UNDO_MS) };
  paint();
}

/** @param {Element} part @returns {Klass | undefined} */
const klassOf = (part) => classes()[[...(root?.querySelectorAll(".kl") ?? [])].indexOf(/** @type {Element} */ (part.closest(".kl")))];

/** @param {string} kind @param {number | null} klass */
function pick(kind, klass) {
  picking = klass;
  const input = $(`input[data-pick=${kind}]`);
  input.value = "";
  input.click();
}

/** What the buttons do, by `data-do`. @type {{ [name: string]: (button: HTMLElement, klass: Klass) => unknown }} */
const DO = {
  camera: () => watch.start(),
  stop: () => watch.stop(),
  turn: () => watch.turn(),
  try: () => pick("try", null),
  photos: (_, klass) => pick("photos", klass.id),
  folder: (_, klass) => pick("folder", klass?.id ?? null),
  zip: (_, klass) => pick("zip", klass?.id ?? null),
  open: () => pick("project", null),
  another: async () => {
    await change("/classes", "POST", { name: freshName(classes(), data.say.className) });
    paint();
    $(".classes > :last-child input").focus();
  },
  drop: async (_, klass) => {
    if (!(await ensure())) return;
    const gone = classes().find(({ id, name }) => id === klass.id || name === klass.name);
    if (!gone) return;
    await change(`/classes/${gone.id}`, "DELETE");
    offer(fill(data.say.classRemoved, { label: gone.name }), () => change(`/classes/${gone.id}`, "POST"));
    $("[data-do=another]").focus();
  },
  all: (_, klass) => browse.open($(".all"), klass.id, data.say, offer),
  back: (button) => change(`/photos/${button.dataset.id}`, "POST", {}),
  exercise: async (button) => {
    $(".sets").removeAttribute("open");
    await change("/exercise", "POST", { id: button.dataset.id });
    sweep();
  },
  undo: () => { clearTimeout(undoable?.timer); undoable?.undo(); undoable = null; paint(); },
  dismiss: () => { sending.dismiss(); notice(""); },
  use: () => leave("use"),
  away: () => {
    const section = document.querySelector(".st-key-take-away");
    if (section) section.scrollIntoView({ block: "start" });
    else leave("code");
  },
  link: async () => {
    const address = new URL(location.href);
    if (!(await ensure())) return;
    address.searchParams.set("project", project.id());
    $(".link").hidden = false;
    $(".link input").value = address;
    $(".link input").select();
    const isCopied = await copy(String(address)).then(() => true, () => false);
    $(".link p").textContent = `${isCopied ? data.say.copied : ""} ${data.say.linkHelp}`;
    if (isCopied) status(data.say.copied);
  },
  new: () => { sending.clear(); begin(); recent = 0; project.open(""); $(".mine").removeAttribute("open"); },
  earlier: (button) => { sending.clear(); project.open(button.dataset.id ?? ""); $(".mine").removeAttribute("open"); },
  keep: () => {
    if (project.keepsNumbers()) change("", "PATCH", { settings: { keep: "photos" } });
    else if (photoCount()) { $(".sure").showModal(); $(".sure h2").focus(); }
    else change("", "PATCH", { settings: { keep: "features" } });
  },
  numbers: () => { $(".sure").close(); change("", "PATCH", { settings: { keep: "features" } }); },
  notSure: () => $(".sure").close(),
  delete: () => { $(".mine").removeAttribute("open"); document.querySelector(".st-key-delete")?.scrollIntoView({ block: "center" }); /** @type {HTMLElement | null} */ (document.querySelector(".st-key-delete button"))?.focus(); },
};

/** @param {HTMLElement} here */
function listen(here) {
  const off = new AbortController(), { signal } = off;
  here.addEventListener("click", (event) => {
    const target = /** @type {HTMLElement} */ (event.target), button = /** @type {HTMLElement | null} */ (target.closest("[data-do]"));
    const input = target.closest(".kl input");
    if (input instanceof HTMLInputElement && input.dataset.fresh) { input.select(); delete input.dataset.fresh; }
    if (button) DO[button.dataset.do ?? ""]?.(button, /** @type {Klass} */ (klassOf(button)));
  }, { signal });
  document.addEventListener("click", ({ target }) => {
    for (const menu of here.querySelectorAll("details.menu[open]"))
      if (!menu.contains(/** @type {Node} */ (target)) || /** @type {Element} */ (target).closest(".pop [data-do]:not([data-do=link])")) {
        if (menu.querySelector(".pop")?.contains(document.activeElement)) menu.querySelector("summary")?.focus(); // it goes out of sight
        menu.removeAttribute("open");
      }
  }, { signal });
  here.querySelector(".sets")?.addEventListener("toggle", ({ target }) => { if (/** @type {HTMLDetailsElement} */ (target).open) ensure(); }, { signal });
  here.addEventListener("focusin", ({ target }) => {
    const input = /** @type {HTMLInputElement} */ (target), klass = klassOf(input);
    if (klass) recent = klass.id;
    if (!input.matches(".kl input") || !isUnnamed(input.value, data.say.className)) return;
    input.dataset.fresh = "yes";
    input.select();
  }, { signal });
  here.addEventListener("keydown", (event) => {
    const input = /** @type {HTMLInputElement} */ (event.target), open = here.querySelector("details.menu[open]");
    if (event.key === "Escape" && open) { open.removeAttribute("open"); open.querySelector("summary")?.focus(); }
    if (!input.matches(".kl input") || !["Enter", "Escape"].includes(event.key) || event.isComposing) return;
    if (event.key === "Escape") input.value = klassOf(input)?.name ?? "";
    input.blur();
  }, { signal });
  here.addEventListener("change", ({ target }) => {
    const input = /** @type {HTMLInputElement} */ (target);
    if (input.matches(".kl input")) rename(/** @type {Klass} */ (klassOf(input)), input.value.trim());
    else if (input.dataset.pick) picked(input.dataset.pick, [...(input.files ?? [])]);
    else if (input.dataset.setting) change("", "PATCH", { settings: { [input.dataset.setting]: input.value } });
  }, { signal });
  here.querySelector("form")?.addEventListener("submit", (event) => {
    event.preventDefault();
    isMaking = true;
    change("/finish", "POST", { name: $("form input").value.trim() });
  }, { signal });
  document.addEventListener("dragover", (event) => {
    if (!event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    over(/** @type {Element} */ (event.target));
  }, { signal });
  document.addEventListener("dragleave", ({ relatedTarget }) => { if (!relatedTarget) over(null); }, { signal });
  document.addEventListener("drop", async (event) => {
    if (!event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    over(null);
    const at = /** @type {Element} */ (event.target), klass = klassOf(at);
    if (klass) return bring(klass.id, await handed(event.dataTransfer));
    if (at.closest(".live")) return picked("try", await handed(event.dataTransfer));
    sort(await within(event.dataTransfer));
  }, { signal });
  document.addEventListener("paste", (event) => {
    const files = [...(event.clipboardData?.files ?? [])];
    if (!files.length) return;
    event.preventDefault();
    if (here.querySelector(".watch")?.contains(document.activeElement)) picked("try", files);
    else bring(target(), files);
  }, { signal });
  here.addEventListener("error", ({ target }) => { /** @type {Element} */ (target).classList.add("broken"); }, { signal, capture: true });
  here.addEventListener("load", ({ target }) => { /** @type {Element} */ (target).classList.remove("broken"); }, { signal, capture: true });
  shoot.listen(here, ".shoot", {
    camera: watch,
    take: (button, file, name, burst) => {
      const klass = klassOf(button);
      if (!klass) return;
      recent = klass.id;
      sending.bring([{ klass: klass.id, file, name, burst }]);
      ensure();
    },
    waiting: sending.left,
    without: (button) => pick("phone", klassOf(button)?.id ?? null),
  }, signal);
  window.addEventListener("pagehide", watch.stop, { signal });
  return () => { off.abort(); clearTimeout(calm); watch.stop(); $(".all")?.close(); if (root === here) root = null; };
}

/** @param {string} kind @param {File[]} files */
function picked(kind, files) {
  if (!files.length) return;
  if (kind === "try") return watch.tryPhoto(files[0]);
  if (kind === "project") return unpack(files[0]);
  if (picking !== null) return bring(picking, files);
  sort(files.map((file) => ({ path: file.webkitRelativePath || file.name, file })));
}

/** @param {File} file */
async function unpack(file) {
  notice(data.say.opening);
  const found = await project.send("/projects/file", { method: "POST", body: file });
  notice(found?.detail ?? "");
  if (found?.id) project.open(found.id);
}

/** @param {Klass} klass @param {string} name */
function rename(klass, name) {
  if (!klass || !name || name === klass.name) return paint();
  if (project.state) return void change(`/classes/${klass.id}`, "PATCH", { name });
  drafts = drafts.map((one) => (one === klass ? { ...klass, name } : one));
  paint();
}

/** Show where photos would go that are let go now. @param {Element | null} at */
function over(at) {
  const place = at && (at.closest(".kl, .live") ?? [...(root?.querySelectorAll(".kl") ?? [])][classes().findIndex(({ id }) => id === target())]);
  for (const part of root?.querySelectorAll(".over-it") ?? []) if (part !== place) part.classList.remove("over-it");
  place?.classList.add("over-it");
}

/** Write what stays the same until the next run. @param {HTMLElement} here */
function write(here) {
  for (const link of here.querySelectorAll("[data-go]")) link.setAttribute("href", data.photos);
  for (const place of [here, /** @type {HTMLTemplateElement} */ ($("template")).content]) {
    for (const part of place.querySelectorAll("[data-say]")) part.textContent = data.say[/** @type {HTMLElement} */ (part).dataset.say ?? ""];
    for (const part of place.querySelectorAll("[data-name]")) part.setAttribute("aria-label", data.say[/** @type {HTMLElement} */ (part).dataset.name ?? ""]);
  }
}

function paintSoon() {
  due ||= requestAnimationFrame(paint); // once a frame, however many answers came
}

function paint() {
  cancelAnimationFrame(due);
  due = 0;
  if (!root) return;
  const { say } = data, { state, isAway } = project, list = $(".classes"), left = sending.left();
  while (list.childElementCount > classes().length) list.lastChild.remove();
  while (list.childElementCount < classes().length) list.append($("template").content.cloneNode(true));
  root.setAttribute("aria-busy", String(left > 0));
  root.classList.toggle("loading", !state && Boolean(project.id()) && !isAway);
  classes().forEach((klass, place) => paintClass(list.children[place].firstElementChild, klass));
  $(".toast").hidden = !undoable;
  $(".progress").textContent = isAway ? say.lost : left > 1 ? fill(say.sending, { n: left }) : "";
  const aside = state?.aside ?? [], refused = sending.refused;
  $(".aside").hidden = !aside.length && !refused.length;
  put($(".aside summary"), escaped(fill(say.aside, { n: (state?.asideCount ?? 0) + refused.length })));
  put($(".aside ul"), [
    ...refused.map(({ name, reason }) => `<li><span>${browse.why(name, reason)}</span></li>`),
    ...aside.map(({ id, name, reason, isBroken }) => `<li><span>${browse.why(name, reason)}</span>${isBroken ? "" : `<button type="button" class="btn bare" data-do="back" data-id="${id}">${escaped(say.putBack)}</button>`}</li>`),
  ].join(""));
  put($(".sets .pop"), (state?.exercises ?? []).map(({ id, name, photos }) => `<button type="button" class="btn bare" data-do="exercise" data-id="${escaped(id)}">${escaped(name)}${photos === null ? "" : ` <span class="soft">${escaped(fill(say.count, { n: photos }))}</span>`}</button>`).join(""));
  paintResult(say, state);
  paintKeeps(say, state);
  paintMine(say);
  browse.refresh();
  watch.next();
  tell();
}

/** @param {Element} card @param {Klass} klass */
function paintClass(card, klass) {
  const { say } = data, pending = sending.pending(klass.id), n = klass.count + pending.length;
  /** @param {string} place @returns {any} */
  const part = (place) => card.querySelector(place);
  const input = part("input");
  if (document.activeElement !== input) input.value = klass.name;
  card.setAttribute("aria-label", klass.name);
  for (const [place, words] of [[".shoot", say.shootFor], ["summary", say.addFor], [".th8", project.keepsNumbers() ? say.allNumbers : say.allOf], [".drop", say.removeClass]])
    part(place).setAttribute("aria-label", fill(words, { label: klass.name }));
  part(".count").textContent = n ? fill(n === 1 ? say.one : say.count, { n }) : say["count-none"];
  const shown = [...pending.map(({ url }) => url ?? ""), ...klass.photos.map((id) => project.picture(id, 96))].slice(0, SHOWN);
  [...card.querySelectorAll(".th8 img")].forEach((picture, place) => {
    const src = shown[place] ?? "";
    if (picture.getAttribute("src") !== src) src ? picture.setAttribute("src", src) : picture.removeAttribute("src");
  });
  part(".th8").toggleAttribute("disabled", !klass.count);
  if (root?.querySelector(".held")) return; // what is pressed stays where it is
  put(part(".tip"), klass.tip);
  part(".tip").hidden = !klass.tip;
}

/** @param {Data["say"]} say @param {project.State | null} state */
function paintResult(say, state) {
  const isReady = classes().filter(({ count }) => count).length > 1, model = state?.model, job = state?.job;
  const isBusy = job?.state === "waiting" || job?.state === "running", form = $(".finish");
  put($(".result"), state?.result || `<p class="soft">${escaped(say.begin)}</p>`);
  paintLooks(state);
  form.hidden = !isReady || isBusy || Boolean(model?.isCurrent);
  form.querySelector("button span").textContent = model ? say.renew : say.make;
  const input = form.querySelector("input");
  if (!input.value || input.value === input.dataset.was) input.value = input.dataset.was = model?.name ?? classes().map(({ name }) => name).join(", ").slice(0, 60);
  $(".job").textContent = isBusy || job?.state === "failed" ? job?.words : "";
  for (const does of ["use", "away"]) $(`[data-do=${does}]`).hidden = !model;
  $("[data-do=use]").classList.toggle("main", Boolean(model?.isCurrent));
  if (!isMaking || isBusy || !model?.isCurrent) return;
  isMaking = false;
  if (document.activeElement === document.body || form.contains(document.activeElement)) $("[data-do=use]").focus();
}

/** What is kept of photos, and the way to the other way. @param {Data["say"]} say @param {project.State | null} state */
function paintKeeps(say, state) {
  const isNumbers = project.keepsNumbers(), button = $("[data-do=keep]"), left = state?.toDrop ?? 0;
  $(".keeps .soft").textContent = !isNumbers ? say.keepsPhotos : `${say.keepsNumbers} ${left ? fill(say.toDrop, { n: left }) : ""}`;
  button.textContent = isNumbers ? say.keepPhotos : say.keepNumbers;
  button.hidden = Boolean(state?.bound);
  $(".gone").textContent = fill(say.sureGone, { n: photoCount() });
}

/** How it looks at photos: what was chosen, and what its owner can settle. @param {project.State | null} state */
function paintLooks(state) {
  const place = $(".looks");
  place.hidden = !state?.classes.some(({ count }) => count);
  $(".chosen").hidden = !state?.chosen;
  if (!state) return;
  $(".chosen").textContent = state.chosen;
  put(place.querySelector("ul"), state.notes.map((note) => `<li>${escaped(note)}</li>`).join(""));
  const used = String(state.settings.backbone), known = state.backbones.some(({ id }) => id === used) ? [] : [{ id: used, name: used }];
  const offers = [...known, ...state.backbones].map(({ id, name }) => `<option value="${escaped(id)}">${escaped(name)}</option>`);
  put(place.querySelector("[data-setting=backbone]"), offers.join(""));
  for (const select of place.querySelectorAll("select")) {
    const value = String(state.settings[select.dataset.setting]);
    if (select.value !== value) select.value = value;
  }
  place.querySelector("[data-setting=backbone]").disabled = Boolean(state.bound);
  place.querySelector("#train-bound").textContent = state.bound;
}

/** @param {Data["say"]} say */
function paintMine(say) {
  const id = project.id(), others = project.all().filter((one) => one.id !== id);
  $(".mine a").href = project.file();
  $(".mine .link").hidden ||= !id || !$(".link input").value.includes(id);
  for (const part of root?.querySelectorAll(".mine .begun") ?? []) part.toggleAttribute("hidden", !id);
  put($(".mine .earlier"), others.map((one) => `<button type="button" class="btn bare" data-do="earlier" data-id="${escaped(one.id)}">${escaped(one.label || say.untitled)}</button>`).join(""));
}
