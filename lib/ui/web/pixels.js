// @ts-check
/** Pictures whose pixels tell their numbers: to the pointer, and to the arrow keys. */
import { fill } from "./album.js";

/** @typedef {{ width: number, height: number, bytes: Uint8ClampedArray }} Read */
/** What was read of each picture, and where its reader is. @type {WeakMap<Element, { src: string, read: Read, x: number, y: number }>} */
const known = new WeakMap();

/** Read the pictures that are there now; what a reader points at stays where it is. @param {Element} root */
export function watch(root) {
  for (const grid of root.querySelectorAll(".grid")) prepare(grid);
}

/** @param {Element} grid */
async function prepare(grid) {
  const picture = grid.querySelector("img"), before = known.get(grid);
  if (!picture || before?.src === picture.src) return void (before && point(grid, before.x, before.y));
  const src = picture.src;
  await picture.decode().catch(() => null);
  if (!picture.naturalWidth || picture.src !== src) return;
  const { naturalWidth: width, naturalHeight: height } = picture;
  const canvas = Object.assign(document.createElement("canvas"), { width, height });
  const pen = canvas.getContext("2d", { willReadFrequently: true });
  pen?.drawImage(picture, 0, 0);
  const bytes = pen?.getImageData(0, 0, width, height).data;
  if (!bytes) return;
  const along = before ? [before.x / before.read.width, before.y / before.read.height] : [0.5, 0.5];
  const x = Math.floor(along[0] * width), y = Math.floor(along[1] * height);
  known.set(grid, { src, read: { width, height, bytes }, x, y });
  point(grid, x, y);
}

/** @param {Element} grid @param {number} x @param {number} y */
function point(grid, x, y) {
  const here = known.get(grid);
  if (!here) return;
  const { width, height, bytes } = here.read;
  here.x = Math.min(Math.max(x, 0), width - 1);
  here.y = Math.min(Math.max(y, 0), height - 1);
  const at = 4 * (here.y * width + here.x), colour = [...bytes.slice(at, at + 3)];
  const cell = /** @type {HTMLElement} */ (grid.querySelector(".cell"));
  cell.hidden = false;
  cell.style.cssText = `left:${(100 * here.x) / width}%;top:${(100 * here.y) / height}%;width:${100 / width}%;height:${100 / height}%`;
  const { says = "", table } = /** @type {HTMLElement} */ (grid).dataset, read = table?.split(" ");
  const [red, green, blue] = colour.map((byte) => (read ? read[byte] : String(byte)));
  const line = grid.nextElementSibling, text = fill(says, { x: here.x + 1, y: here.y + 1, red, green, blue });
  const words = line?.querySelector("span");
  if (words && words.textContent !== text) words.textContent = text;
  /** @type {HTMLElement | null | undefined} */ (line?.querySelector(".swatch"))?.style.setProperty("background", `rgb(${colour.join(" ")})`);
}

/** @param {HTMLElement} root @param {AbortSignal} signal */
export function listen(root, signal) {
  root.addEventListener("pointermove", ({ target, clientX, clientY }) => {
    const grid = /** @type {Element} */ (target).closest(".grid"), here = grid && known.get(grid);
    if (!grid || !here) return;
    const { left, top, width, height } = grid.getBoundingClientRect();
    point(grid, Math.floor((here.read.width * (clientX - left)) / width), Math.floor((here.read.height * (clientY - top)) / height));
  }, { signal });
  root.addEventListener("keydown", (event) => {
    const grid = /** @type {Element} */ (event.target).closest(".grid"), here = grid && known.get(grid);
    const by = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    if (!grid || !here || !by) return;
    event.preventDefault();
    const far = event.shiftKey ? Math.ceil(here.read.width / 10) : 1;
    point(grid, here.x + far * by[0], here.y + far * by[1]);
  }, { signal });
}
