// @ts-check
/**
 * The photos that the page shows, newest first, as plain lists: nothing here knows of the document.
 *
 * @typedef {"clear" | "close" | "weak" | "none" | "unfamiliar" | "failed" | "waiting"} Kind
 * @typedef {object} Card What is shown of a photo; lib/face/card.py makes it, and the page adds what it has itself.
 * @property {number | string} id The server's number; a text for a photo that has not arrived there.
 * @property {number} order
 * @property {string} name
 * @property {Kind} kind
 * @property {string} src Address of the server's picture, or "".
 * @property {string} answer
 * @property {string} caption
 * @property {string} marks
 * @property {string} facts
 * @property {number[] | null} frame
 * @property {Blob} [file] The visitor's own file.
 * @property {string} [sample] Name of a sample.
 * @property {string} [url] Address of the picture in this page's own memory.
 */

export { escaped, fill, put } from "./text.js";

/** @type {Kind[]} */
export const KINDS = ["clear", "close", "weak", "none", "unfamiliar", "failed", "waiting"];

/** What the sign of a kind is called in the style sheet. @type {{ [kind: string]: string }} */
export const LOOKS = { unfamiliar: "strange", failed: "fail", waiting: "busy" };

/**
 * Return the cards with `fresh` in them: those of the same photo are replaced, but keep what only the page has.
 *
 * @param {Card[]} cards
 * @param {Card[]} fresh
 * @returns {Card[]}
 */
export function merge(cards, fresh) {
  const all = new Map(cards.map((card) => [card.id, card]));
  for (const card of fresh) all.set(card.id, { ...all.get(card.id), ...card });
  return [...all.values()].sort((a, b) => b.order - a.order);
}

/**
 * Return the cards with one that has arrived at the server in the place of what stood for it.
 *
 * @param {Card[]} cards
 * @param {Card["id"]} was
 * @param {Card} now
 */
export const arrive = (cards, was, now) => cards.map((card) => (card.id === was ? { ...card, ...now } : card));

/**
 * Return how many cards there are of each kind that occurs.
 *
 * @param {Card[]} cards
 */
export function counts(cards) {
  const found = KINDS.map((kind) => ({ kind, count: cards.filter((card) => card.kind === kind).length }));
  return found.filter(({ count }) => count);
}

/**
 * Return the id of the card `by` places further; the same at either end.
 *
 * @param {Card[]} cards
 * @param {Card["id"] | null} id
 * @param {number} by
 */
export function step(cards, id, by) {
  const place = cards.findIndex((card) => card.id === id);
  return cards[Math.min(Math.max(place + by, 0), cards.length - 1)]?.id ?? null;
}

/**
 * Return the id of the card to show when this one goes: the next, at the end the one before, null if it was alone.
 *
 * @param {Card[]} cards
 * @param {Card["id"]} id
 */
export function next(cards, id) {
  const place = cards.findIndex((card) => card.id === id);
  return (cards[place + 1] ?? cards[place - 1])?.id ?? null;
}

/**
 * Return the cards of photos that a snapshot of the server's has and the page does not know: no answer came yet.
 *
 * @param {Card[]} cards
 * @param {[number, number, string][]} photos
 * @param {Set<Card["id"]>} removed
 * @returns {Card[]}
 */
export function unknown(cards, photos, removed) {
  const known = new Set(cards.map((card) => card.id));
  return photos
    .filter(([id]) => !known.has(id) && !removed.has(id))
    .map(([id, order, name]) => ({ ...waiting(id, order, name), src: "" }));
}

/**
 * Return a card without an answer.
 *
 * @param {Card["id"]} id
 * @param {number} order
 * @param {string} name
 * @returns {Card}
 */
export function waiting(id, order, name) {
  return { id, order, name, kind: "waiting", src: "", answer: "", caption: "", marks: "", facts: "", frame: null };
}

/** @param {number} share */
export const percent = (share) => `${Math.round(share * 100)}%`;

/**
 * Return what a threshold for the unfamiliar costs and brings, in whole numbers of 100; between those that were
 * measured it is on a straight line.
 *
 * @param {{ [name: string]: number[] }} shares As `Prices` in lib/model/spec.py; one share without a threshold holds for all.
 * @param {number} at
 */
export function priced(shares, at) {
  const { threshold = [at], known_kept, unknown_clear = [], elsewhere_kept = [] } = shares;
  const above = threshold.findIndex((one) => one >= at), right = above < 0 ? threshold.length - 1 : above, left = Math.max(right - 1, 0);
  const way = left === right ? 0 : Math.min((at - threshold[left]) / (threshold[right] - threshold[left]), 1);
  const share = (/** @type {number[]} */ row) => Math.round(100 * (row[left] + Math.max(way, 0) * (row[right] - row[left])));
  return { known: share(known_kept), unknown: share(unknown_clear), elsewhere: 100 - share(elsewhere_kept) };
}
