// @ts-check
/**
 * The page of one phone in a room. lib/ui/room/phone.py makes it, phone-room.js knows how the room is, and here it is
 * drawn: all names as text; only answers, which the server makes, are HTML.
 */
import * as photos from "./phone-photos.js";
import * as room from "./phone-room.js";
import { fill, put } from "./text.js";

/** @type {{ code: string, language: string, say: { [name: string]: string }, names: { [kind: string]: string } }} */
const { code, language, say, names } = JSON.parse(document.getElementById("data")?.textContent ?? "");
const SAID_MS = 5000, SWIPE = 40, LONG = 14; // ms; pixels; Latin letters

/** @type {"play" | "mine" | "leave"} */
let tab = "play";
let hasLeft = false, isJoining = false, isLive = false, isNew = false, phase = "", due = 0, wasAway = false;
/** The names that are offered: they stay under the finger while others come in. @type {string[]} */
let offered = [];
let said = "", saying = 0;
/** The class whose photos are picked. */
let klass = 0;
/** Photos in the order in which they came here, and which one is shown. @type {{ [view: string]: { order: number[], at: number } }} */
const shelves = { guess: { order: [], at: -1 }, shown: { order: [], at: -1 } };
/** What uses the camera, once it was asked for. @type {typeof import("./phone-camera.js") | null} */
let camera = null;

/** @param {string} place @param {ParentNode} [within] @returns {any} */
const $ = (place, within = document) => within.querySelector(place);

/** Write a text where it is another. @param {string} place @param {string} words @param {ParentNode} [within] */
function write(place, words, within) {
  const found = $(place, within);
  if (found.textContent !== words) found.textContent = words;
}

/**
 * Make a list of parts be that of `items`; what stays, stays where it is, focus included.
 *
 * @template T
 * @param {Element} list
 * @param {string} template
 * @param {T[]} items
 * @param {(item: T) => string | number} key
 * @param {(part: HTMLElement, item: T) => void} draw
 */
function rows(list, template, items, key, draw) {
  const there = new Map([...list.children].map((part) => [/** @type {HTMLElement} */ (part).dataset.key, part]));
  const parts = items.map((item) => {
    const part = /** @type {HTMLElement} */ (there.get(String(key(item))) ?? $(`#row-${template}`).content.firstElementChild.cloneNode(true));
    there.delete(String(key(item)));
    part.dataset.key = String(key(item));
    draw(part, item);
    return part;
  });
  there.forEach((part) => part.remove());
  parts.forEach((part, place) => { if (list.children[place] !== part) list.insertBefore(part, list.children[place] ?? null); });
}

/** Draw in the next frame. */
function paintSoon() {
  due ||= window.setTimeout(() => { due = 0; paint(); });
}

/** What of the page is to be seen. */
function view() {
  const { state } = room;
  if (room.gone || hasLeft || state?.out || state?.phase === "ended") return "over";
  if (!state) return "wait";
  if (!state.me) return state.locked ? "over" : "join";
  if (tab !== "play") return tab === "mine" && isLive ? "live" : tab;
  return state.phase === "photos" ? "guess" : state.phase;
}

function paint() {
  const now = view(), { state } = room, left = document.activeElement?.closest("main > section");
  for (const part of document.querySelectorAll("main > section")) part.toggleAttribute("hidden", part.id !== now);
  if (camera?.view && camera.view !== now) camera.shut();
  if (state?.me) follow(state);
  $(".tabs").hidden = ["over", "wait", "join"].includes(now);
  for (const part of document.querySelectorAll(".tabs button")) {
    const { to } = /** @type {HTMLElement} */ (part).dataset;
    if (to === tab) part.setAttribute("aria-current", "page");
    else part.removeAttribute("aria-current");
    part.classList.toggle("new", to === "play" && isNew && tab !== "play");
  }
  write(".tabs [data-to=play] span", { shown: say.tabShown, collect: say.tabCollect }[String(state?.phase)] ?? say.tabGuess);
  write("#me", state?.me?.name ?? "");
  paintToast();
  if (now === "over") paintOver();
  if (now === "wait") write("#wait p", room.isAway ? say.away : say.waiting);
  if (state && now !== "over" && now !== "wait" && now !== "leave") PAINT[now](state);
  if (left && left.id !== now) head(now);
}

/** Go to the title of a view: what had the focus is out of sight. @param {string} name */
function head(name) {
  const titles = [...document.querySelectorAll(`#${name} h1`)], title = /** @type {HTMLElement | undefined} */ (titles.find((one) => one.getClientRects().length));
  if (title) title.tabIndex = -1;
  title?.focus({ preventScroll: true });
}

/** Notice that the class went on to something else. @param {room.State} state */
function follow(state) {
  photos.settle();
  const is = `${state.phase} ${state.round}`;
  if (is === phase) return;
  const isFirst = !phase;
  phase = is;
  for (const shelf of Object.values(shelves)) Object.assign(shelf, { order: [], at: -1 });
  if (isFirst) {
    if (state.phase === "photos" && !state.guess.length && !state.mine.length) tab = "mine";
    return void paintSoon();
  }
  isNew = true;
  write("#news", { photos: say.newsPhotos, shown: say.newsShown, collect: say.newsCollect }[String(state.phase)] ?? "");
  paintSoon();
}

function paintToast() {
  const { state } = room, isLost = photos.lost.length && view() === "guess"; // “My photo” says so itself
  const words = room.isAway && room.state ? say.away : said || (state?.me && state.paused ? say.paused : isLost ? state?.note ?? "" : "");
  $(".toast").hidden = !words;
  write(".toast span", words);
  $(".toast [data-do=again]").hidden = room.isAway || said || state?.paused || !isLost;
}

/** Say something for some seconds. @param {string} words */
function tell(words) {
  clearTimeout(saying);
  said = words;
  saying = window.setTimeout(() => { said = ""; paintSoon(); }, SAID_MS);
  paintSoon();
}

function paintOver() {
  const { state } = room;
  const [title, words] = room.gone ? [say.goneTitle, room.gone]
    : hasLeft ? [say.leftTitle, say.leftHelp]
    : state?.phase === "ended" ? [say.endedTitle, say.ended]
    : state?.out ? [say.outTitle, say.out] : [say.lockedTitle, say.locked];
  write("#over h1", title);
  write("#over p", words);
  $("#over [data-do=return]").hidden = !hasLeft;
}

/** The photos of a view, those that are new at the end. @template {{ photo: number }} T @param {"guess" | "shown"} name @param {T[]} items @returns {T[]} */
function shelved(name, items) {
  const shelf = shelves[name], found = new Map(items.map((item) => [item.photo, item]));
  shelf.order = [...new Set([...shelf.order.filter((photo) => found.has(photo)), ...found.keys()])];
  return shelf.order.map((photo) => /** @type {T} */ (found.get(photo)));
}

/**
 * Draw the frame of a view that shows one of several photos, and return that one.
 *
 * @template {{ photo: number, src: string }} T
 * @param {"guess" | "shown"} name
 * @param {T[]} items
 * @param {(item: T) => boolean} isFirst Which to begin with.
 * @param {(place: string, item: T) => string} words What is said below the title.
 * @returns {T | null}
 */
function turned(name, items, isFirst, words) {
  const here = $(`#${name}`), all = shelved(name, items), shelf = shelves[name];
  $(".some", here).hidden = !all.length;
  $(".empty", here).hidden = Boolean(all.length);
  const item = all.find(({ photo }) => photo === shelf.at) ?? all.find(isFirst) ?? all[0];
  if (!item) return null;
  shelf.at = item.photo;
  const place = all.indexOf(item), next = all[place + 1];
  $("[data-do=back]", here).disabled = !place;
  $("[data-do=forth]", here).disabled = !next;
  write(".at", words(fill(say.place, { n: place + 1, count: all.length }), item), here);
  show($(".pic img", here), item.src);
  if (next) new Image().src = next.src;
  return item;
}

/** Show a picture of the server's; one that did not come is asked for again when the room is back. @param {HTMLImageElement} image @param {string} src */
function show(image, src) {
  if (image.dataset.src === src && !(image.complete && !image.naturalWidth && wasAway)) return;
  image.dataset.src = image.src = src;
}

/** How wide a text is, in Latin letters. @param {string} text */
const width = (text) => [...text].reduce((sum, letter) => sum + (letter > "\u2e80" ? 2 : 1), 0);

/** What was guessed of others' photos. @param {{ guesses: number, rightGuesses: number } | undefined} mine */
const guessed = (mine) => (mine?.guesses ? fill(say.mineGuessed, { n: mine.rightGuesses, of: mine.guesses }) : say.mineNone);

/** @param {import("./phone-state.js").Guess} one @returns {string} */
const chosen = (one) => room.unheard("guess", one.photo)?.guess ?? one.chosen;

/** How each view is drawn. @type {{ [view: string]: (state: room.State) => void }} */
const PAINT = {
  join(state) {
    if (!offered.length) offered = state.names ?? [];
    rows($(".names"), "name", offered, (name) => name, (part, name) => { if (part.textContent !== name) part.textContent = name; });
  },
  guess(state) {
    const left = state.guess.filter((one) => !chosen(one)).length;
    const one = turned("guess", state.guess, (item) => !chosen(item), (place) => `${place} · ${left ? fill(say.left, { n: left }) : say.allGuessed}`);
    if (!one) return;
    const buttons = /** @type {HTMLButtonElement[]} */ ([...document.querySelectorAll("#guess .opts button")]);
    buttons.forEach((button, place) => {
      if (place < buttons.length - 1) {
        const option = one.options[place];
        button.hidden = !option;
        if (option && button.textContent !== option.name) button.textContent = option.name;
        button.classList.toggle("long", width(option?.name ?? "") > LONG);
        button.dataset.id = option?.id ?? "";
      }
      button.disabled = state.paused;
      button.setAttribute("aria-pressed", String(button.dataset.id === chosen(one)));
    });
    $("#guess [data-do=forth]").classList.toggle("main", Boolean(chosen(one)));
    write("#guess .have", fill(say.have, { n: one.guessed, of: one.of }));
  },
  shown(state) {
    const points = state.score && state.me ? ` · ${fill(say.points, { n: state.me.score })}` : "";
    const one = turned("shown", state.shown, ({ chosen }) => Boolean(chosen), (place, { by, isMine }) => `${place} · ${isMine ? say.yours : fill(say.by, { name: by })}${points}`);
    if (!one) return;
    const here = $("#shown"), mine = state.mine.find(({ photo }) => photo === one.photo), mark = $(".mark", here);
    put($(".answer", here), one.answer);
    mark.className = `mark small ${one.right ? "hit" : ""}`;
    write(".mark", one.isMine ? guessed(mine)
      : one.right === null ? say.notGuessed : fill(one.right ? say.hit : say.miss, { guess: one.chosenName }), here);
    const vote = room.unheard("vote", one.photo)?.right ?? one.vote;
    for (const button of here.querySelectorAll("[data-do=vote]")) {
      button.setAttribute("aria-pressed", String(vote === Boolean(button.dataset.right)));
      button.disabled = state.paused;
    }
    write(".votes", vote === null ? "" : fill(say.votes, one.votes), here);
  },
  collect(state) {
    const here = $("#collect"), { classes, pinned } = state.collect ?? { classes: [], pinned: null };
    const isOn = Boolean(camera?.isOn("collect")), sent = photos.pending(false).length;
    here.classList.toggle("shoots", isOn);
    $(".seen", here).hidden = !isOn;
    $("[data-do=shooting]", here).hidden = isOn || !navigator.mediaDevices;
    write(".how", isOn ? say.howHold : say.howTap, here);
    rows($(".classes", here), "class", classes.filter(({ id }) => pinned === null || id === pinned), ({ id }) => id, (part, { id, name, count, mine }) => {
      $("button", part).dataset.id = id;
      $("button", part).disabled = state.paused;
      write("b", name, part);
      write(".all", fill(say.count, { n: count }), part);
      write(".yours", fill(say.countMine, { n: mine }), part);
    });
    write(".sending", sent ? fill(say.sending, { n: sent }) : "", here);
    paintRefused(here);
  },
  mine(state) {
    const here = $("#mine"), isOpen = state.phase === "photos", sending = photos.pending(true);
    const isFull = state.mine.length + sending.length >= state.most;
    $(".again", here).hidden = !state.note || !isOpen;
    write(".again p", state.note, here);
    $(".again button", here).hidden = !photos.lost.length;
    $(".take", here).hidden = !isOpen || isFull || state.paused;
    write(".how", isOpen ? fill(isFull ? say.full : say.most, { n: state.most }) : state.phase === "shown" ? say.later : say.collects, here);
    paintRefused(here);
    const own = [...state.mine, ...sending].reverse();
    rows($(".own", here), "own", own, (one) => ("photo" in one ? one.photo : /** @type {string} */ (one.url)), (part, one) => {
      const bar = $("progress", part), remove = $("[data-do=remove]", part);
      bar.hidden = "photo" in one;
      remove.hidden = !("photo" in one) || state.paused;
      if (!("photo" in one)) {
        show($("img", part), one.url ?? "");
        bar.value = one.share;
        return write("p", one.share === 1 ? say.looking : say.onWay, part);
      }
      show($("img", part), one.src);
      remove.dataset.photo = one.photo;
      write("p", one.hidden ? say.hidden : state.phase === "shown" ? guessed(one) : say.onWall, part);
      put($(".answer", part), state.phase === "shown" ? one.answer : "");
    });
  },
  live: (state) => {
    write("#live .of", state.model.name);
    camera?.paint(state);
  },
};

/** @param {HTMLElement} here */
function paintRefused(here) {
  rows($(".refused", here), "refused", photos.refused, ({ id }) => id, (part, { id, reason, n, isAside }) => {
    part.classList.toggle("fail", !isAside);
    write("p", n > 1 ? `${reason} (${n} ×)` : reason, part);
    $("button", part).dataset.id = id;
  });
}

/** Load what uses the camera. */
async function aim() {
  camera ??= await import("./phone-camera.js").catch(() => null);
  if (!camera) tell(say.away);
  camera?.begin({ say, names, change: paintSoon });
  return camera;
}

/** @param {string} name */
async function join(name) {
  if (isJoining || !name.trim()) return;
  isJoining = true;
  const found = await room.ask(room.address("/join"), "POST", JSON.stringify({ name }));
  isJoining = false;
  write("#join .trouble", found ? found.detail ?? "" : say.away);
  if (!found) return;
  hasLeft = false;
  room.hear(found);
  room.listen();
}

/** @param {1 | -1} by */
function step(by) {
  const name = view();
  if ((name !== "guess" && name !== "shown") || !shelves[name].order.length) return;
  const shelf = shelves[name], place = shelf.order.indexOf(shelf.at) + by;
  shelf.at = shelf.order[Math.min(Math.max(place, 0), shelf.order.length - 1)];
  paint();
  write("#news", $(`#${name} .at`).textContent);
}

/** What the buttons do, by `data-do`. @type {{ [name: string]: (button: HTMLElement) => unknown }} */
const DO = {
  tab: ({ dataset: { to } }) => {
    tab = /** @type {typeof tab} */ (to);
    if (tab === "play") isNew = false;
    isLive = false;
    paint();
    scrollTo(0, 0);
  },
  named: (button) => join(button.textContent ?? ""),
  others: async () => {
    const found = await room.ask(room.address("/state"));
    offered = found?.names ?? offered;
    paint();
  },
  return: () => { hasLeft = false; offered = []; room.listen(); paint(); },
  back: () => step(-1),
  forth: () => step(1),
  guess: ({ dataset: { id } }) => room.press("guess", { photo: shelves.guess.at, guess: id }),
  vote: ({ dataset: { right } }) => room.press("vote", { photo: shelves.shown.at, right: Boolean(right) }),
  class: (button) => {
    if (camera?.isOn("collect")) return;
    klass = Number(button.dataset.id);
    $("[data-pick=class]").click();
  },
  shooting: async () => (await aim())?.open("collect"),
  turn: () => camera?.turn(),
  live: async () => {
    isLive = true;
    paint();
    (await aim())?.open("live");
  },
  unlive: () => { isLive = false; paint(); },
  again: () => { photos.again(); paint(); },
  remove: async ({ dataset: { photo } }) => {
    const found = await room.ask(room.address(`/photos/${photo}`), "DELETE");
    if (!found || found.detail) tell(found?.detail ?? say.away);
    if (found) room.hear(found);
    head("mine");
  },
  dismiss: ({ dataset: { id } }) => photos.dismiss(Number(id)),
  leave: async () => {
    const found = await room.ask(room.address("/leave"), "POST");
    if (!found) return tell(say.away);
    photos.clear();
    [hasLeft, isLive, tab, phase] = [true, false, "play", ""];
    room.listen();
    paint();
  },
};

/** What becomes of photos that were picked, by `data-pick`. @type {{ [name: string]: (files: File[]) => unknown }} */
const PICKED = {
  wall: (files) => {
    const free = (room.state?.most ?? 0) - (room.state?.mine.length ?? 0) - photos.pending(true).length;
    if (files.length > free) tell(fill(say.tooMany, { n: room.state?.most ?? 0 }));
    photos.bring(files.slice(0, free), null);
  },
  class: (files) => photos.bring(files, klass),
  ask: async ([file]) => (await aim())?.ask(file),
};

document.addEventListener("click", ({ target }) => {
  const button = /** @type {HTMLElement | null} */ (/** @type {Element} */ (target).closest("[data-do]"));
  if (button) DO[button.dataset.do ?? ""](button);
});
document.addEventListener("change", ({ target }) => {
  const input = /** @type {HTMLInputElement} */ (target), files = [...(input.files ?? [])];
  if (!input.dataset.pick) return;
  input.value = ""; // the same photo can be picked again
  if (files.length) PICKED[input.dataset.pick](files);
});
$("#join form").addEventListener("submit", (/** @type {Event} */ event) => {
  event.preventDefault();
  join($("#name").value);
});
document.addEventListener("keydown", ({ key, target }) => {
  if (target instanceof HTMLInputElement) return;
  if (key === "ArrowLeft") step(-1);
  if (key === "ArrowRight") step(1);
});
for (const picture of document.querySelectorAll("#guess .pic, #shown .pic")) {
  let from = { x: 0, y: 0 };
  picture.addEventListener("touchstart", (event) => { const { clientX: x, clientY: y } = /** @type {TouchEvent} */ (event).touches[0]; from = { x, y }; }, { passive: true });
  picture.addEventListener("touchend", (event) => {
    const { clientX: x, clientY: y } = /** @type {TouchEvent} */ (event).changedTouches[0];
    if (Math.abs(x - from.x) > SWIPE && Math.abs(x - from.x) > 2 * Math.abs(y - from.y)) step(x < from.x ? 1 : -1);
  });
}
photos.begin(paintSoon);
room.begin({ code, language }, {
  complain: tell,
  change() {
    if (wasAway && !room.isAway && room.state?.me) tell(say.isBack);
    paint();
    wasAway = room.isAway;
  },
});
