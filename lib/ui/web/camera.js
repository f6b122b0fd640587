// @ts-check
/** The camera: photos one after the other, until the dialog is closed. */

/**
 * Show the camera's picture in a dialog.
 *
 * @param {HTMLDialogElement} dialog
 * @param {{ take(photo: Blob, name: string): void, trouble(reason: string): string }} on What to do with a photo, and
 *   what to say when there is no camera.
 */
export async function open(dialog, { take, trouble }) {
  const video = /** @type {HTMLVideoElement} */ (dialog.querySelector("video"));
  const shoot = /** @type {HTMLButtonElement} */ (dialog.querySelector("[data-do=shoot]"));
  const words = /** @type {HTMLElement} */ (dialog.querySelector(".trouble"));
  words.textContent = "";
  shoot.disabled = true;
  dialog.showModal();
  /** @type {MediaStream | undefined} */
  let stream;
  const end = () => stream?.getTracks().forEach((track) => track.stop());
  dialog.onclose = end;
  try {
    const wanted = { facingMode: "environment", width: { ideal: 1280 }, height: { ideal: 960 } };
    stream = await navigator.mediaDevices.getUserMedia({ video: wanted });
  } catch (error) {
    words.textContent = trouble(error instanceof Error ? error.message : String(error));
    return;
  }
  if (!dialog.open) return end();
  video.srcObject = stream;
  await video.play();
  shoot.disabled = false;
  shoot.focus();
  shoot.onclick = () => {
    const canvas = Object.assign(document.createElement("canvas"), { width: video.videoWidth, height: video.videoHeight });
    canvas.getContext("2d")?.drawImage(video, 0, 0);
    canvas.toBlob((photo) => photo && take(photo, `camera-${++shots}.jpg`), "image/jpeg", 0.92);
  };
}

let shots = 0;
