// @ts-check
/**
 * Shows the generated page in a frame that cannot reach this one, passes it the photo, and reports what it answered.
 *
 * @typedef {{ page: string, title: string, photo: string, name: string, type: string, bytes: string }} Data
 * @param {{ data: Data, parentElement: HTMLElement, setStateValue(name: string, value: unknown): void }} component
 */
export function draw({ data, parentElement, setStateValue }) {
  let frame = parentElement.querySelector("iframe");
  // A frame without an address of its own looks for early what its page names: by the whole address only.
  const page = data.page.replace('<base href="/', `<base href="${location.origin}/`);
  if (!frame || frame.srcdoc !== page) {
    frame?.remove();
    frame = document.createElement("iframe");
    frame.title = data.title;
    frame.setAttribute("sandbox", "allow-scripts");
    frame.style.cssText = "display: block; width: 100%; height: 30rem; border: 0";
    frame.srcdoc = page;
    parentElement.append(frame);
  }
  const shown = frame;
  const send = () => {
    const { buffer } = Uint8Array.from(atob(data.bytes), (character) => character.charCodeAt(0));
    shown.contentWindow?.postMessage({ discern: "photo", bytes: buffer, name: data.name, type: data.type }, "*");
  };
  const listen = (/** @type {MessageEvent} */ { source, data: message }) => {
    if (source !== shown.contentWindow || !message?.discern) return;
    if (message.discern === "ready") send();
    if (message.discern === "height") shown.style.height = `${Math.max(160, Math.min(900, message.height + 8))}px`;
    if (message.discern === "answer") {
      const { probabilities, kind, sentence, milliseconds } = message;
      const answer = { photo: data.photo, probabilities: Array.from(probabilities), kind, sentence, milliseconds };
      setStateValue("answer", answer);
    }
  };
  if (frame.dataset.photo && frame.dataset.photo !== data.photo) send();
  frame.dataset.photo = data.photo;
  addEventListener("message", listen);
  return () => removeEventListener("message", listen);
}
