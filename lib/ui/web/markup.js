// @ts-check
/**
 * HTML out of texts that may be anything: what is put into a template is escaped, unless it is HTML made here.
 *
 * @typedef {Html | string | number | false | null | undefined} Part
 */
import { escaped } from "./album.js";

/** HTML that is ready. */
export class Html {
  /** @param {string} text */
  constructor(text) { this.text = text; }
  toString() { return this.text; }
}

/** @param {Part | Part[]} part @returns {string} */
function inside(part) {
  if (Array.isArray(part)) return part.map(inside).join("");
  if (part instanceof Html) return part.text;
  return part === false || part === null || part === undefined ? "" : escaped(String(part));
}

/**
 * Return a template with its gaps filled; nothing for what is false or missing, one after the other for a list.
 *
 * @param {TemplateStringsArray} texts
 * @param {(Part | Part[])[]} parts
 */
export const html = (texts, ...parts) => new Html(texts.map((text, place) => text + inside(parts[place])).join(""));

/** Take over HTML that the server made. @param {string} text */
export const ready = (text) => new Html(text);

/** Return an attribute that is there or not, such as `disabled`. @param {string} name @param {boolean} is */
export const when = (name, is) => new Html(is ? ` ${name}` : "");

/**
 * Return a sentence with its gaps, such as `{n}`, filled by texts or by HTML.
 *
 * @param {string} text
 * @param {{ [gap: string]: Part }} values
 */
export const sentence = (text, values) =>
  new Html(text.split(/\{(\w+)\}/).map((part, place) => inside(place % 2 ? values[part] : part)).join(""));

/** Return a drawing for a button. @param {string} path */
export const icon = (path) => html`<svg class="ico" viewBox="0 0 24 24" aria-hidden="true"><path d="${path}"/></svg>`;
