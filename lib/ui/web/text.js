// @ts-check
/** Words and HTML on their way into the page. */

/**
 * Return a text with its gaps filled: `{file}` by `values.file`.
 *
 * @param {string} text
 * @param {{ [gap: string]: string | number }} values
 */
export const fill = (text, values) => text.replace(/\{(\w+)\}/g, (gap, name) => String(values[name] ?? gap));

/** @param {string} text */
export const escaped = (text) =>
  text.replace(/[&<>"']/g, (mark) => `&#${mark.charCodeAt(0)};`);

/**
 * Write HTML where other HTML is, and return whether that was so.
 *
 * @param {Element} place
 * @param {string} html
 */
export function put(place, html) {
  const kept = /** @type {HTMLElement & { is?: string }} */ (place);
  if (kept.is === html) return false;
  kept.innerHTML = kept.is = html;
  return true;
}
