// @ts-check
/**
 * Press and hold: photos of the camera's picture, one after the other, until the button is let go.
 *
 * @typedef {{ isOn(): boolean, start(): Promise<void>, frame(): Promise<Blob | null> }} Camera
 */
const EVERY_MS = 1000 / 6, SECOND_MS = 350, MOST_WAITING = 12;

let shots = 0;

/**
 * Make the buttons of a place shoot.
 *
 * @param {HTMLElement} here
 * @param {string} buttons Which, as a selector.
 * @param {{ camera: Camera, take(button: HTMLElement, photo: Blob, name: string, burst: string): void,
 *   waiting(): number, without(button: HTMLElement): void }} on What takes photos, what to do with one, how many have
 *   not been sent yet, and what to do where there is no camera.
 * @param {AbortSignal} signal
 */
export function listen(here, buttons, { camera, take, waiting, without }, signal) {
  /** @type {HTMLElement | null} */
  let held = null;
  let timer = 0;
  const found = (/** @type {Event} */ event) => /** @type {HTMLElement | null} */ (/** @type {Element} */ (event.target).closest(buttons));

  /** @param {HTMLElement} button */
  const hold = async (button) => {
    if (held) return;
    held = button;
    button.classList.add("held");
    if (!camera.isOn()) await camera.start();
    if (!camera.isOn()) return release();
    here.classList.toggle("finding", !isSeen(here.querySelector(".pic")));
    shoot(button, `${Date.now().toString(36)}-${++shots}`, SECOND_MS);
  };
  /** @param {HTMLElement} button @param {string} burst @param {number} wait */
  const shoot = async (button, burst, wait) => {
    if (held !== button) return;
    clearTimeout(timer);
    timer = window.setTimeout(() => shoot(button, burst, EVERY_MS), wait);
    const photo = waiting() < MOST_WAITING ? await camera.frame() : null;
    if (photo) take(button, photo, `camera-${++shots}.jpg`, burst);
  };
  const release = () => {
    clearTimeout(timer);
    held?.classList.remove("held");
    here.classList.remove("finding");
    held = null;
  };

  here.addEventListener("pointerdown", (event) => {
    const button = found(event);
    if (!button || event.button) return;
    button.setPointerCapture(event.pointerId);
    hold(button);
  }, { signal });
  for (const end of ["pointerup", "pointercancel", "lostpointercapture"]) here.addEventListener(end, release, { signal });
  window.addEventListener("blur", release, { signal });
  here.addEventListener("contextmenu", (event) => { if (found(event)) event.preventDefault(); }, { signal });
  here.addEventListener("keydown", (event) => {
    const button = found(event);
    if (!button || ![" ", "Enter"].includes(event.key)) return;
    event.preventDefault();
    if (!event.repeat) hold(button);
  }, { signal });
  document.addEventListener("keyup", (event) => {
    if (found(event)) event.preventDefault();
    release();
  }, { signal });
  here.addEventListener("click", async (event) => { // of a program that reads the screen: it neither presses nor lets go
    const button = found(event);
    if (button && !navigator.mediaDevices) without(button);
    if (!button || event.detail) return;
    await hold(button);
    setTimeout(release, EVERY_MS / 2);
  }, { signal });
  signal.addEventListener("abort", release);
}

/** Whether half of something is on the screen. @param {Element | null} part */
function isSeen(part) {
  const { top, bottom } = part?.getBoundingClientRect() ?? { top: 0, bottom: 0 };
  return Math.min(bottom, innerHeight) - Math.max(top, 0) > (bottom - top) / 2;
}
