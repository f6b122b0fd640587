// @ts-check
/**
 * Make `old` hold what `fresh` holds, and leave alone what is the same: focus, places of scrolling, open folds.
 *
 * @param {Element} old
 * @param {Element | DocumentFragment} fresh
 */
export function morph(old, fresh) {
  const now = [...fresh.childNodes];
  while (old.childNodes.length > now.length) old.lastChild?.remove();
  now.forEach((node, index) => {
    const there = old.childNodes[index];
    if (!there) old.append(node);
    else if (there.nodeName !== node.nodeName) there.replaceWith(node);
    else if (there instanceof Element && node instanceof Element) {
      for (const { name } of [...there.attributes]) if (name !== "open" && !node.hasAttribute(name)) there.removeAttribute(name);
      for (const { name, value } of node.attributes) if (there.getAttribute(name) !== value) there.setAttribute(name, value);
      morph(there, node);
    } else if (there.nodeValue !== node.nodeValue) there.nodeValue = node.nodeValue;
  });
}
