// @ts-check
/**
 * Classes and what is shown of them, as plain values: nothing here knows of the document.
 *
 * @typedef {object} Klass
 * @property {number} id Below 0 as long as no project has it.
 * @property {string} name
 * @property {number} count
 * @property {number} aside
 * @property {number[]} photos The newest first, at most eight.
 * @property {string} tip HTML.
 */
import { fill } from "./album.js";

export const SHOWN = 8;

/** @param {number} id @param {string} name @returns {Klass} */
export const empty = (id, name) => ({ id, name, count: 0, aside: 0, photos: [], tip: "" });

/**
 * Return the first name of a pattern that no class has.
 *
 * @param {{ name: string }[]} classes
 * @param {string} pattern With a gap `{n}`.
 */
export function freshName(classes, pattern) {
  const taken = new Set(classes.map(({ name }) => name));
  for (let n = 1; ; n += 1) if (!taken.has(fill(pattern, { n }))) return fill(pattern, { n });
}

/**
 * Whether a class has the name it began with.
 *
 * @param {string} name
 * @param {string} pattern
 */
export const isUnnamed = (name, pattern) => {
  const [before, after] = pattern.split("{n}");
  return name.startsWith(before) && name.endsWith(after) && /^\d+$/.test(name.slice(before.length, name.length - after.length));
};

/**
 * Return which class the photos of a folder go to: one of that name, else one that nobody has used yet, which gets the
 * name, else null: a new one.
 *
 * @param {Klass[]} classes
 * @param {string} folder
 * @param {string} pattern Of the names that classes begin with.
 */
export function classOf(classes, folder, pattern) {
  const same = classes.find(({ name }) => name.toLowerCase() === folder.toLowerCase());
  return same ?? classes.find(({ name, count }) => !count && isUnnamed(name, pattern)) ?? null;
}

/**
 * Return the folder that a file lies in, "" for none.
 *
 * @param {string} path Such as "pets/cat/1.jpg".
 */
export const folderOf = (path) => path.split("/").at(-2) ?? "";

/**
 * Return how the words of an answer go on: they change only when another answer has held.
 *
 * @param {{ words: string, since: number, next: string }} held What is said, and since when something else came.
 * @param {string} words What came now.
 * @param {number} now Milliseconds.
 */
export function steady(held, words, now) {
  if (words === held.words || !held.words) return { words, since: now, next: words };
  if (words !== held.next) return { ...held, since: now, next: words };
  return now - held.since >= HOLD_MS ? { words, since: now, next: words } : held;
}

const HOLD_MS = 500;

/**
 * Return the places that rows of bars get: those of the classes, in their order, if each row is one of them.
 *
 * @param {string[]} rows Names, as they came.
 * @param {string[]} classes
 * @param {number} most Rows.
 */
export function places(rows, classes, most) {
  const isWhole = classes.length <= most && new Set(rows).size === rows.length && rows.every((name) => classes.includes(name));
  return isWhole ? classes.filter((name) => rows.includes(name)) : rows;
}
