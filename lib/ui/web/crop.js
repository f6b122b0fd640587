// @ts-check
/** A rectangle over a picture, drawn with the pointer or moved with the keys. Shares of the picture's width and height. */

/** @typedef {{ left: number, top: number, right: number, bottom: number }} Box */

const STEP = 0.02, LEAST = 0.04;

/** @param {number} value @param {number} low @param {number} high */
const within = (value, low, high) => Math.min(Math.max(value, low), high);

/**
 * Return the rectangle between two points, no smaller than can be seen, inside the picture.
 *
 * @param {number[]} from
 * @param {number[]} to
 * @returns {Box}
 */
export function between([x, y], [x2, y2]) {
  const left = within(Math.min(x, x2), 0, 1 - LEAST), top = within(Math.min(y, y2), 0, 1 - LEAST);
  return { left, top, right: within(Math.max(x, x2), left + LEAST, 1), bottom: within(Math.max(y, y2), top + LEAST, 1) };
}

/**
 * Return the rectangle after an arrow key: moved, or with Shift made larger or smaller at its right and lower side.
 *
 * @param {Box} box
 * @param {string} key
 * @param {boolean} resizes
 * @returns {Box}
 */
export function pressed({ left, top, right, bottom }, key, resizes) {
  const across = { ArrowLeft: -STEP, ArrowRight: STEP }[key] ?? 0, down = { ArrowUp: -STEP, ArrowDown: STEP }[key] ?? 0;
  if (resizes) return between([left, top], [Math.max(right + across, left), Math.max(bottom + down, top)]);
  const x = within(across, -left, 1 - right), y = within(down, -top, 1 - bottom);
  return { left: left + x, top: top + y, right: right + x, bottom: bottom + y };
}

/**
 * Let the visitor choose a part of a picture.
 *
 * @param {HTMLElement} over What lies exactly over the picture.
 * @param {string} help
 * @param {(box: Box) => void} [changed] Called whenever it is another part.
 * @returns {{ box(): Box, end(): void }}
 */
export function choose(over, help, changed = () => {}) {
  /** @type {Box} */
  let box = { left: 0.2, top: 0.2, right: 0.8, bottom: 0.8 };
  const frame = document.createElement("div"), off = new AbortController(), { signal } = off;
  Object.assign(frame, { className: "box", tabIndex: 0, ariaLabel: help, role: "application" });
  const show = () => {
    const sides = { left: box.left, top: box.top, right: 1 - box.right, bottom: 1 - box.bottom };
    for (const [side, share] of Object.entries(sides)) frame.style.setProperty(side, `${share * 100}%`);
    changed(box);
  };
  /** @param {PointerEvent} event */
  const at = ({ clientX, clientY }) => {
    const { x, y, width, height } = over.getBoundingClientRect();
    return [(clientX - x) / width, (clientY - y) / height];
  };
  over.addEventListener("pointerdown", (event) => {
    const from = at(event);
    event.preventDefault();
    over.setPointerCapture(event.pointerId);
    over.onpointermove = (move) => { box = between(from, at(move)); show(); };
    over.onpointerup = () => { over.onpointermove = null; frame.focus(); };
  }, { signal });
  frame.addEventListener("keydown", (event) => {
    if (!event.key.startsWith("Arrow")) return;
    event.preventDefault();
    event.stopPropagation();
    box = pressed(box, event.key, event.shiftKey);
    show();
  }, { signal });
  over.append(frame);
  show();
  frame.focus();
  return { box: () => box, end: () => { off.abort(); frame.remove(); over.onpointermove = over.onpointerup = null; } };
}

/**
 * Return a part of a picture as a file.
 *
 * @param {CanvasImageSource & { naturalWidth: number, naturalHeight: number }} picture
 * @param {Box} box
 * @returns {Promise<Blob | null>}
 */
export function cut(picture, { left, top, right, bottom }) {
  const { naturalWidth: wide, naturalHeight: high } = picture, canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round((right - left) * wide));
  canvas.height = Math.max(1, Math.round((bottom - top) * high));
  canvas.getContext("2d")?.drawImage(picture, -left * wide, -top * high);
  return new Promise((done) => canvas.toBlob(done, "image/jpeg", 0.95));
}
