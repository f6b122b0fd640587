// @ts-check
/**
 * The projector's view: one photo over everything, its answer as large as there is room for, and hidden until asked for
 * where a class guesses first.
 *
 * @typedef {import("./album.js").Card} Card
 * @typedef {object} State
 * @property {Card["order"] | null} photo The photo that is shown.
 * @property {boolean} isGuessing Whether the next photo begins with its answer hidden.
 * @property {boolean} isHidden Whether this one's is.
 */
import { fill } from "./album.js";

/** @type {State} */
export const FRESH = { photo: null, isGuessing: false, isHidden: false };

/** Another photo comes up, or the same again. @param {State} state @param {Card["order"]} photo @returns {State} */
export const shown = (state, photo) => (photo === state.photo ? state : { ...state, photo, isHidden: state.isGuessing });

/** The answer is hidden or revealed: from the first time on the class guesses. @param {State} state @returns {State} */
export const turned = (state) => ({ ...state, isGuessing: true, isHidden: !state.isHidden });

/** All photos to come are guessed. @param {State} state @returns {State} */
export const guessing = (state) => ({ ...state, isGuessing: true });

/**
 * Return what a key is called, in small letters: that of its letter also where another script is written.
 *
 * @param {{ key: string, code: string }} event
 */
export const named = ({ key, code }) => (/^[a-z]$/i.test(key) ? key : code.replace(/^Key/, "")).toLowerCase();

let state = FRESH, written = "";

/**
 * Open it, over the whole screen where the browser lets it.
 *
 * @param {HTMLDialogElement} dialog
 * @param {{ move(by: number): void, paint(): void }} page How it goes to another photo, and is painted.
 */
export async function open(dialog, { move, paint }) {
  await document.documentElement.requestFullscreen?.().catch(() => {}); // first: what comes later lies on top
  if (dialog.open || !dialog.isConnected) return;
  const off = new AbortController(), { signal } = off;
  const back = () => move(-1), forth = () => move(1);
  const turn = () => { state = turned(state); paint(); };
  const guess = () => { state = guessing(state); move(1); };
  /** What keys do, and the buttons that name them; who presents from afar has those for pages. @type {{ [key: string]: () => void }} */
  const act = { arrowleft: back, arrowright: forth, pageup: back, pagedown: forth, h: turn, space: turn, n: guess, escape: () => dialog.close() };
  dialog.addEventListener("click", ({ target }) => {
    act[/** @type {Element} */ (target).closest("button")?.dataset.key ?? ""]?.();
  }, { signal });
  dialog.addEventListener("keydown", (event) => {
    const key = named(event), isButton = /** @type {Element} */ (event.target).matches("button");
    if (!act[key] || event.ctrlKey || event.metaKey || event.altKey || (key === "space" && isButton)) return;
    event.preventDefault();
    event.stopPropagation();
    if (!event.repeat) act[key]();
  }, { signal });
  document.addEventListener("fullscreenchange", () => document.fullscreenElement || dialog.close(), { signal });
  const said = part(dialog, ".said"), room = new ResizeObserver(() => fit(said));
  dialog.addEventListener("close", () => {
    off.abort();
    room.disconnect();
    said.replaceChildren();
    if (document.fullscreenElement) document.exitFullscreen();
  }, { signal });
  state = FRESH;
  written = "";
  dialog.showModal();
  dialog.focus();
  room.observe(said);
  paint();
}

/**
 * Show a photo with its answer.
 *
 * @param {HTMLDialogElement} dialog
 * @param {{ card: Card, answer: string, place: number, total: number, say: { [name: string]: string } }} what
 */
export function paint(dialog, { card, answer, place, total, say }) {
  if (!dialog.open) return;
  state = shown(state, card.order);
  const isHidden = state.isHidden && card.kind !== "failed"; // there is nothing to guess
  const picture = /** @type {HTMLImageElement} */ (part(dialog, "img")), src = card.url ?? card.src;
  const count = place > 0 ? fill(say.place, { n: place, total }) : "";
  if (!src) picture.removeAttribute("src");
  else if (picture.getAttribute("src") !== src) picture.src = src;
  picture.alt = isHidden ? count : fill(say.photo, { file: card.name }); // the name of a file gives the answer away
  dialog.classList.toggle("fail", card.kind === "failed");
  part(dialog, ".count").textContent = count;
  part(dialog, ".turn").textContent = isHidden ? say.reveal : say.hide;
  part(dialog, ".guess").hidden = !isHidden;
  const said = part(dialog, ".said"), html = isHidden ? "" : answer;
  if (html !== written) {
    said.replaceChildren(copy((written = html)));
    fit(said);
  }
  const words = [".say", ".why"].map((name) => said.querySelector(name)?.textContent).join(". ");
  const status = part(dialog, "[role=status]"), heard = isHidden ? `${count}. ${say.guess}` : card.answer && `${card.name}: ${words}`;
  if (status.textContent !== heard) status.textContent = heard;
}

/**
 * Return an answer as it is to be read from afar: without what can be done about it, and without the marks by which
 * other programs find each photo's answer once.
 *
 * @param {string} html
 */
function copy(html) {
  const template = Object.assign(document.createElement("template"), { innerHTML: html });
  for (const marked of template.content.querySelectorAll("[data-verdict], [data-bars]"))
    for (const name of marked.getAttributeNames()) if (name.startsWith("data-")) marked.removeAttribute(name);
  for (const tips of template.content.querySelectorAll(".tips")) tips.remove();
  for (const link of template.content.querySelectorAll("button")) link.replaceWith(link.textContent ?? "");
  return template.content;
}

/** Make words smaller where they would not fit: those of the verdict, and each name. @param {HTMLElement} said */
function fit(said) {
  for (const words of /** @type {NodeListOf<HTMLElement>} */ (said.querySelectorAll(".verdict, .bars tbody th")))
    for (let size = 1; size > 0.4; size -= 0.05) {
      words.style.setProperty("--fit", String(size));
      if (words.scrollHeight <= words.clientHeight + 1 && words.scrollWidth <= words.clientWidth + 1) break;
    }
}

/** @param {Element} whole @param {string} selector */
const part = (whole, selector) => /** @type {HTMLElement} */ (whole.querySelector(selector));
