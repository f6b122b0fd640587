// What the page shows.

import {createClassifier, idle} from './classifier.js';
import {percent} from './verdict.js';

export const root = document.querySelector('.discern');
const [status, bar, retry, list] = ['[role=status]', 'progress', '.retry', 'ol'].map((part) => root.querySelector(part));

export function show(state) {
  if (status.textContent !== state.status) status.textContent = state.status;
  status.dataset.verdict = state.kind;
  bar.hidden = !state.busy;
  if (state.progress === null) bar.removeAttribute('value');
  else bar.value = state.progress;
  retry.hidden = !state.failed;
  list.replaceChildren(...state.predictions.map(toItem));
}

function toItem({label, probability}) {
  const item = document.createElement('li');
  const share = Object.assign(document.createElement('span'), {className: 'bar', ariaHidden: 'true'});
  share.style.setProperty('--share', probability);
  item.append(share, `${label} ${percent(probability)}`);
  return item;
}

const classify = createClassifier(show);
let last;

export function look(open) {
  last = open;
  return classify(open);
}

retry.addEventListener('click', () => look(last));
show(idle);
