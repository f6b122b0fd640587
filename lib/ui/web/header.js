// @ts-check
/**
 * What one script does for every page: its header, which the server has put into the page already, its language, and
 * the visit of this tab.
 *
 * @typedef {{ language: string, query: string, room: string, host: boolean, visit: string, settled: boolean }} Data
 * @typedef {{ [said: string]: string }} Said What is said, by a short name; a room by its path.
 * @typedef {{ said: { [language: string]: Said }, streamlits: string[][], languages: string[] }} Words
 */

/** @type {MutationObserver | undefined} */
let watching;

/**
 * Called at every run of the page.
 *
 * @param {{ data: Data, setStateValue(name: string, value: string): void, setTriggerValue(name: string, value: string): void }} component
 */
export function draw({ data, setStateValue, setTriggerValue }) {
  const head = document.getElementById("head");
  if (!head) return location.replace("/"); // an address that is no room of ours: Streamlit's bare page
  /** @type {Words} */
  const words = JSON.parse(document.getElementById("words")?.textContent ?? "");
  write(head, data, words.said[data.language]);
  document.onclick = (event) => { // links to our rooms are in the pages, too
    const link = event.target instanceof Element ? event.target.closest("a") : null;
    if (!link || !link.matches("#head a, a[data-go]") || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    const { go, speak } = link.dataset;
    if (speak !== undefined) setTriggerValue("language", speak);
    else if (go !== undefined) setTriggerValue("room", "/" + go);
    else document.getElementById("stMain")?.focus();
  };
  document.documentElement.lang = data.language;
  document.getElementById("stMain")?.setAttribute("role", "main");

  watching?.disconnect();
  const rows = rowsOf(words, data.language);
  watching = new MutationObserver((changes) => changes.forEach((change) => mend(change.target, rows)));
  watching.observe(document.body, { subtree: true, childList: true, characterData: true, attributeFilter: ATTRIBUTES });
  mend(document.body, rows);

  if (!document.body.classList.contains("ready")) whenDrawn(() => document.body.classList.add("ready"));

  const kept = sessionStorage.getItem("discern-visit");
  if (data.settled || !kept || kept === data.visit) sessionStorage.setItem("discern-visit", data.visit);
  else setStateValue("kept", kept);
}

const PATIENCE_MS = 2000;

/**
 * Wait until the page's parts are there: Streamlit loads the code of each kind of part when it first needs it, and what
 * then comes would push what is below. A page that takes long is shown as far as it is.
 *
 * @param {() => void} then
 */
function whenDrawn(then, began = performance.now(), still = 0) {
  const isDone = document.querySelector('[data-test-script-state="notRunning"]');
  const main = document.getElementById("stMain");
  const isWhole = main?.querySelector("h1")?.textContent && !main.querySelector('[data-testid="stSkeleton"]');
  const frames = isDone && isWhole ? still + 1 : 0;
  if (frames > 3 || performance.now() - began > PATIENCE_MS) then();
  else requestAnimationFrame(() => whenDrawn(then, began, frames));
}

/**
 * Bring the header up to date.
 *
 * @param {HTMLElement} head
 * @param {Data} data
 * @param {Said} said
 */
function write(head, { language, query, room, host }, said) {
  for (const part of head.querySelectorAll("[data-say]")) {
    const text = said[part.getAttribute("data-say") ?? ""];
    if (part.textContent !== text) part.textContent = text;
  }
  for (const part of head.querySelectorAll("[data-name]"))
    part.setAttribute("aria-label", said[part.getAttribute("data-name") ?? ""]);
  for (const link of head.querySelectorAll("[data-go]")) {
    const path = link.getAttribute("data-go");
    link.setAttribute("href", `/${path}${query}`);
    if (link.closest(".rooms, .hosts, .quiet")) mark(link, path === room && "page");
    if (link.matches(".quiet")) link.setAttribute("title", link.textContent ?? "");
    if (link.matches(".hosts")) link.toggleAttribute("hidden", !host);
  }
  for (const link of head.querySelectorAll("[data-speak]"))
    mark(link, link.getAttribute("data-speak") === language && "true");
  const here = head.querySelector(".rooms [aria-current]");
  const row = here?.parentElement;
  if (here instanceof HTMLElement && row) row.scrollLeft = into(here.offsetLeft - row.offsetLeft, here.offsetWidth, row);
}

/**
 * @param {Element} link
 * @param {string | false} current
 */
function mark(link, current) {
  if (current) link.setAttribute("aria-current", current);
  else link.removeAttribute("aria-current");
}

/**
 * Return how far a row has to be scrolled so that what lies from `left` on, `width` wide, is in sight.
 *
 * @param {number} left
 * @param {number} width
 * @param {{ scrollLeft: number, clientWidth: number }} row
 */
export function into(left, width, { scrollLeft, clientWidth }) {
  return Math.min(left, Math.max(scrollLeft, left + width - clientWidth));
}

/**
 * Return what each of Streamlit's texts is to be in a language, whatever language it stands in now.
 *
 * @param {Words} words
 * @param {string} language
 */
export function rowsOf({ streamlits, languages }, language) {
  const column = languages.indexOf(language) + 1; // the first holds Streamlit's own
  return new Map(streamlits.flatMap((row) => row.map((text) => [text, row[column]])));
}

const ATTRIBUTES = ["aria-label", "placeholder", "title", "alt"];

/** Where Streamlit writes words of its own; elsewhere the same words may be a visitor's. */
const ITS_OWN = '[data-testid="stFileUploader"], [data-testid="stCameraInput"], [data-testid="stDialog"], [role="listbox"]';

/**
 * Put Streamlit's own words into the visitor's language, and let code that is wider than its place be scrolled by key.
 *
 * @param {Node} root
 * @param {Map<string, string>} rows
 */
function mend(root, rows) {
  if (root instanceof Text) return replace(root, rows);
  if (!(root instanceof Element)) return;
  for (const code of root.querySelectorAll('[data-testid="stCode"] pre:not([tabindex])')) code.setAttribute("tabindex", "0");
  for (const part of [root, ...root.querySelectorAll("[aria-label], [placeholder], [title], [alt]")])
    for (const attribute of ATTRIBUTES) {
      const text = rows.get(part.getAttribute(attribute) ?? "");
      if (text !== undefined && text !== part.getAttribute(attribute)) part.setAttribute(attribute, text);
    }
  const texts = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  for (let text = texts.nextNode(); text; text = texts.nextNode()) if (text instanceof Text) replace(text, rows);
}

/**
 * Return what is to be said in place of a text; a number in it stands as {n} in the rows.
 *
 * @param {string} text
 * @param {Map<string, string>} rows
 */
export function inWords(text, rows) {
  const [number = ""] = text.match(/\d+/) ?? [];
  return rows.get(text) ?? (number && rows.get(text.replace(number, "{n}"))?.replace("{n}", number));
}

/**
 * @param {Text} text
 * @param {Map<string, string>} rows
 */
function replace(text, rows) {
  const ours = inWords(text.data.trim(), rows);
  if (ours && ours !== text.data && text.parentElement?.closest(ITS_OWN)) text.data = ours;
}
