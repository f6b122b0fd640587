// Shows the generated page in a frame that cannot reach this one, passes it the photo, and reports what it answered.
export default function ({ data, parentElement, setStateValue }) {
  let frame = parentElement.querySelector("iframe");
  if (!frame || frame.srcdoc !== data.page) {
    frame?.remove();
    frame = document.createElement("iframe");
    frame.title = data.title;
    frame.setAttribute("sandbox", "allow-scripts");
    frame.style.cssText = "width: 100%; height: 26rem; border: 1px solid rgb(127 127 127 / 0.4); border-radius: 0.5rem";
    frame.srcdoc = data.page;
    parentElement.append(frame);
  }
  const send = () => {
    const { buffer } = Uint8Array.from(atob(data.bytes), (character) => character.charCodeAt(0));
    frame.contentWindow.postMessage({ discern: "photo", bytes: buffer, name: data.name, type: data.type }, "*");
  };
  const listen = ({ source, data: message }) => {
    if (source !== frame.contentWindow || !message?.discern) return;
    if (message.discern === "ready") send();
    if (message.discern === "height") frame.style.height = `${Math.max(160, Math.min(900, message.height + 8))}px`;
    if (message.discern === "answer") {
      const { probabilities, kind, sentence, milliseconds } = message;
      const answer = { photo: data.photo, probabilities: Array.from(probabilities), kind, sentence, milliseconds };
      setStateValue("answer", answer);
    }
  };
  const photo = String(data.photo);
  if (frame.dataset.photo && frame.dataset.photo !== photo) send();
  frame.dataset.photo = photo;
  addEventListener("message", listen);
  return () => removeEventListener("message", listen);
}
