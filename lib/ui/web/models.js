/**
 * The page Models: HTML that the server made is put into the page, and what is pressed in it is told to the server.
 *
 * @typedef {{data: {html: string}, parentElement: HTMLElement, setTriggerValue: (name: string, value: object) => void}} Component
 */

import { morph } from "./morph.js";

const TYPING_MS = 250;

/** @param {Component} component */
export function draw({ data, parentElement, setTriggerValue }) {
  const root = /** @type {HTMLElement} */ (parentElement.querySelector(".models"));
  const told = /** @param {object} what */ (what) => setTriggerValue("did", what);
  const fresh = document.createElement("template");
  fresh.innerHTML = data.html;
  morph(root, fresh.content);
  // Assigned, not added: the function runs at every rerun, and the last one's listeners are those that count.
  root.onclick = (event) => press(event, told);
  root.oninput = (event) => type(event, told);
  const dialog = root.querySelector("dialog");
  if (dialog && !dialog.open && !closed.has(dialog)) {
    dialog.showModal();
    dialog.onclose = () => {
      closed.add(dialog); // it stays in the page until the server has heard of it
      told({ do: "go", to: dialog.querySelector("a[data-close]")?.getAttribute("href") });
    };
  }
}

/** @type {WeakSet<Element>} */
const closed = new WeakSet();

/**
 * @param {MouseEvent} event
 * @param {(what: object) => void} told
 */
function press(event, told) {
  if (event.ctrlKey || event.metaKey || event.shiftKey || event.button) return; // a tab of its own
  const target = /** @type {HTMLElement} */ (event.target);
  if (target.localName === "dialog" || target.closest("a[data-close]")) { // beside the sheet, or its cross
    event.preventDefault();
    return target.closest("dialog")?.close();
  }
  const row = target.closest("tbody tr");
  const link = /** @type {HTMLElement | null} */ (target.closest("a[data-go]") ?? row?.querySelector("a[data-go]") ?? null);
  const button = /** @type {HTMLElement | null} */ (target.closest("button[data-do]"));
  if (button) told({ do: button.dataset.do, model: button.dataset.model });
  else if (link) {
    event.preventDefault();
    told({ do: "go", to: link.getAttribute("href") });
  }
}

let typed = 0;

/**
 * @param {Event} event
 * @param {(what: object) => void} told
 */
function type(event, told) {
  const field = /** @type {HTMLInputElement} */ (event.target);
  clearTimeout(typed);
  typed = window.setTimeout(() => told({ do: "search", words: field.value }), TYPING_MS);
}
