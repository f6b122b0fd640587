// A figure that the server made. What it counts can be pressed; the server then sends it with the photos behind it.

/**
 * @typedef {{ html: string, pick: string }} Figure
 * @typedef {{ data: Figure, parentElement: HTMLElement, setStateValue: (name: string, value: string) => void }} Component
 */

/** What each place shows. @type {WeakMap<Element, Figure>} */
const shown = new WeakMap();

/** @param {Component} component */
export function draw({ data, parentElement, setStateValue }) {
  const place = /** @type {HTMLElement} */ (parentElement.querySelector(".figures"));
  place.onclick = ({ target }) => {
    const pick = /** @type {Element} */ (target).closest("[data-pick]")?.getAttribute("data-pick");
    if (typeof pick === "string") setStateValue("pick", pick === withoutMore(data.pick) ? "" : pick);
  };
  const before = shown.get(place);
  if (before?.html === data.html) return;
  const held = place.contains(document.activeElement) ? document.activeElement?.getAttribute("data-pick") : null;
  const scrolled = place.querySelector(".scroll")?.scrollLeft ?? 0;
  place.innerHTML = data.html;
  shown.set(place, data);
  if (scrolled) /** @type {Element} */ (place.querySelector(".scroll")).scrollLeft = scrolled;
  // Focus stays where it was; where that is gone, it goes back to what had opened the photos.
  if (typeof held === "string") press(place, held) ?? press(place, withoutMore(held || before?.pick || ""));
}

/** @param {Element} place @param {string} pick */
function press(place, pick) {
  const found = place.querySelector(`[data-pick="${CSS.escape(pick)}"]`);
  /** @type {HTMLElement | null} */ (found)?.focus({ preventScroll: true });
  return found;
}

/** @param {string} pick */
function withoutMore(pick) {
  return pick.split("+")[0];
}
