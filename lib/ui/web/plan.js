// @ts-check
/**
 * The plan for ninety minutes with a class: on the screen with a clock, which this browser alone keeps, and on paper.
 * lib/lessons/plan.py makes the markup; each part says its minutes there.
 *
 * @typedef {{ data: { html: string, room: string, say: { [name: string]: string } }, parentElement: HTMLElement }} Component
 */
import { fill, put } from "./text.js";

const KEY = "discern-plan", TICK_MS = 5000, MINUTE_MS = 60_000, FORGET_MIN = 240;

/** @param {Component} component */
export function draw({ data, parentElement }) {
  const root = /** @type {HTMLElement} */ (parentElement.querySelector("#plan")), { say } = data;
  /** @param {string} place @returns {any} */
  const $ = (place) => root.querySelector(place);
  const paper = document.body.appendChild(Object.assign(document.createElement("div"), { className: "paper ninety" }));
  put($(".ninety"), data.html);
  put(paper, `<h1></h1>${data.html}`);
  for (const title of [$("h1"), paper.querySelector("h1")]) title.textContent = say.title;
  $("[data-do=print]").textContent = say.print;
  Object.assign($("a"), { textContent: say.toRoom, href: data.room });

  const tick = () => {
    const minute = passed(), isOn = minute !== null, parts = /** @type {NodeListOf<HTMLElement>} */ (root.querySelectorAll("[data-begin]"));
    $("[data-do=clock]").textContent = isOn ? say.stop : say.start;
    let end = 0;
    for (const part of parts) {
      end = Math.max(end, Number(part.dataset.end));
      const isNow = isOn && minute >= Number(part.dataset.begin) && minute < Number(part.dataset.end);
      if (isNow) part.setAttribute("aria-current", "step");
      else part.removeAttribute("aria-current");
      if (part.matches("li")) part.style.setProperty("--done", String(isOn ? share(minute, Number(part.dataset.begin), Number(part.dataset.end)) : 0));
    }
    const now = $(".now"), words = isOn ? fill(minute < end ? say.now : say.over, { n: Math.floor(minute) + (minute < end ? 1 : 0), total: end }) : "";
    if (now.textContent !== words) now.textContent = words;
    now.hidden = !isOn;
  };
  /** @type {{ [name: string]: () => void }} */
  const DO = {
    print: () => window.print(),
    clock: () => {
      if (passed() === null) localStorage.setItem(KEY, String(Date.now()));
      else localStorage.removeItem(KEY);
      tick();
    },
  };
  root.onclick = ({ target }) => DO[/** @type {Element} */ (target).closest("[data-do]")?.getAttribute("data-do") ?? ""]?.();
  const clock = setInterval(tick, TICK_MS);
  tick();
  return () => { clearInterval(clock); paper.remove(); };
}

/** Minutes since the clock was started; null where it does not run, or was forgotten. */
function passed() {
  const minutes = (Date.now() - Number(localStorage.getItem(KEY) ?? Infinity)) / MINUTE_MS;
  return minutes >= 0 && minutes < FORGET_MIN ? minutes : null;
}

/** How much of a part is over, in [0, 1]. @param {number} at @param {number} begin @param {number} end */
const share = (at, begin, end) => Math.min(Math.max((at - begin) / (end - begin), 0), 1);
