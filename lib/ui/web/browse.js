// @ts-check
/** All photos of a class in a dialog: choose some, take them out, move them, let those set aside come back. */
import { escaped, fill } from "./album.js";
import * as project from "./project.js";

/** @type {HTMLDialogElement} */
let dialog;
/** @type {{ [name: string]: string }} */
let say = {};
let klass = 0, drawn = -1;
/** @type {(words: string, undo: () => unknown) => void} */
let offer = () => {};

/** @param {string} place @returns {any} */
const $ = (place) => dialog.querySelector(place);
/** @param {number} id @param {RequestInit} [how] */
const change = (id, how) => project.ask(`/photos/${id}`, how);
/** @param {object} told @returns {RequestInit} */
const post = (told) => ({ method: "POST", body: JSON.stringify(told) });

/**
 * @param {HTMLDialogElement} here
 * @param {number} wanted The class.
 * @param {typeof say} words
 * @param {typeof offer} onGone Called when photos went: what to say, and what brings them back.
 */
export async function open(here, wanted, words, onGone) {
  [dialog, klass, say, offer, drawn] = [here, wanted, words, onGone, -1];
  $(".grid").replaceChildren();
  dialog.onchange = count;
  dialog.onclick = press;
  dialog.showModal();
  $("h2").focus();
  await refresh();
}

/** Draw what has changed at the server, while the dialog is open. */
export async function refresh() {
  const { state } = project, own = state?.classes.find(({ id }) => id === klass);
  if (!dialog?.open || !state || state.version === drawn) return;
  if (!own) return dialog.close();
  drawn = state.version;
  $("h2").textContent = own.name;
  const others = state.classes.filter(({ id }) => id !== klass);
  $(".move").hidden = !others.length;
  $(".move span:last-child").innerHTML = others.map(({ id, name }) => `<button type="button" class="btn bare" data-to="${id}">${escaped(name)}</button>`).join("");
  const aside = state.aside.filter((photo) => photo.klass === klass);
  $(".out").hidden = !aside.length;
  $(".out ul").innerHTML = aside.map(({ id, name, reason, isBroken }) => `<li><img src="${project.picture(id, 96)}" alt="" loading="lazy"><span>${why(name, reason)}</span>${isBroken ? "" : `<button type="button" class="btn bare" data-back="${id}">${escaped(say.putBack)}</button>`}</li>`).join("");
  const found = await project.ask(`/classes/${klass}/photos`);
  if (!found?.photos) return;
  const fresh = document.createElement("template");
  $(".split").textContent = found.told;
  fresh.innerHTML = found.photos.map((/** @type {{ id: number, name: string }} */ { id, name }) =>
    `<li><label title="${escaped(name)}"><input type="checkbox" value="${id}" aria-label="${escaped(project.keepsNumbers() ? fill(say.numbersOf, { name }) : name)}"><img src="${project.picture(id, 240)}" alt="" loading="lazy"></label></li>`).join("");
  const there = new Map([...dialog.querySelectorAll(".grid input")].map((box) => [/** @type {HTMLInputElement} */ (box).value, box.closest("li")]));
  const tiles = [...fresh.content.children].map((tile) => there.get(tile.querySelector("input")?.value ?? "") ?? tile);
  found.photos.forEach((/** @type {{ isHeld: boolean }} */ { isHeld }, /** @type {number} */ place) => tiles[place]?.classList.toggle("held", isHeld));
  const grid = $(".grid");
  if (tiles.length !== grid.children.length || tiles.some((tile, place) => tile !== grid.children[place])) grid.replaceChildren(...tiles);
  count();
}

/** HTML of why a file is set aside; most reasons name it. @param {string} name @param {string} reason */
export const why = (name, reason) => (reason.includes(name) ? escaped(reason) : `<b>${escaped(name)}</b> ${escaped(reason)}`);

/** The chosen photos. @returns {number[]} */
const ids = () => [...dialog.querySelectorAll("input:checked")].map((box) => Number(/** @type {HTMLInputElement} */ (box).value));

function count() {
  const n = ids().length;
  $("p.count").textContent = n ? fill(say.chosen, { n }) : fill(say.count, { n: dialog.querySelectorAll(".grid li").length });
  for (const button of dialog.querySelectorAll(".tools button")) button.toggleAttribute("disabled", !n);
}

/** @param {Event} event */
async function press(event) {
  const target = /** @type {HTMLElement} */ (event.target), button = target.closest("button");
  if (target === dialog) return dialog.close(); // beside it
  if (!button) return;
  const { to, back, does } = button.dataset, chosen = ids(), from = klass;
  if (back) return void await change(Number(back), post({}));
  if (does === "close") return dialog.close();
  if (!to && does !== "remove") return; // to take back what was done
  for (const box of dialog.querySelectorAll("input:checked")) /** @type {HTMLInputElement} */ (box).checked = false;
  for (const id of chosen) await change(id, to ? post({ klass: Number(to) }) : { method: "DELETE" });
  offer(fill(to ? say.moved : say.takenOut, { n: chosen.length }), async () => {
    for (const id of chosen) await change(id, post(to ? { klass: from } : {}));
  });
  $("h2").focus();
}
