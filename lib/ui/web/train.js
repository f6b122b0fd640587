// @ts-check
/**
 * The page Train; lib/ui/train/stage.py says what `data` holds.
 *
 * @typedef {{ language: string, say: { [name: string]: string } }} Data
 */

/** Called at every run of the page. @param {{ data: Data, parentElement: HTMLElement }} component */
export function draw({ data, parentElement }) {
  const root = /** @type {HTMLElement} */ (parentElement.querySelector("#train"));
  for (const part of root.querySelectorAll("[data-say]")) part.textContent = data.say[/** @type {HTMLElement} */ (part).dataset.say ?? ""];
}
