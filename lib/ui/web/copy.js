// @ts-check
/**
 * A button that copies a text: what it says is in sight, so nobody has to hover to find it.
 *
 * @param {{ data: { text: string, label: string, done: string }, parentElement: ShadowRoot | HTMLElement }} component
 */
export function draw({ data, parentElement }) {
  const button = parentElement.querySelector("button");
  if (!button) return;
  const name = button.lastElementChild;
  if (!name) return;
  if (!button.dataset.busy) name.textContent = data.label;
  button.onclick = async () => {
    await copy(data.text);
    name.textContent = data.done;
    button.dataset.busy = "copied";
    setTimeout(() => {
      delete button.dataset.busy;
      name.textContent = data.label;
    }, 2000);
  };
}

/**
 * Browsers give the clipboard only to pages over https or from this machine; to others an old way is left.
 *
 * @param {string} text
 */
export async function copy(text) {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  const area = document.createElement("textarea");
  area.value = text;
  document.body.append(area);
  area.select();
  document.execCommand("copy");
  area.remove();
}
