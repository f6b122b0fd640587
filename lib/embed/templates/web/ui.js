// What a visitor sees: where the photo comes from, the photo, the verdict, the bars.

import {startCamera} from './camera.js';
import {style} from './style.js';

// Draws it into `host`; `controls` is one of those below. Returns what ends it.
export function show(host, classifier, controls) {
  const {name, words, weights} = classifier.model;
  const image = make('img', {hidden: true, alt: ''});
  const status = make('p', {role: 'status'});
  const bar = make('progress', {max: 1, hidden: true, ariaLabel: words.loading});
  const retry = make('button', {type: 'button', className: 'retry', hidden: true, textContent: words.retry});
  const rows = make('tbody');
  const table = make('table', {hidden: true}, make('caption', {textContent: words.classes}), rows);
  table.dataset.bars = '';
  let turn = 0;

  function tell(text, {isBusy = false, canRetry = false, answer} = {}) {
    if (status.textContent !== text) status.textContent = text;
    status.dataset.verdict = answer?.verdict ?? '';
    status.toggleAttribute('data-unfamiliar', Boolean(answer?.strange));
    bar.hidden = !isBusy;
    bar.removeAttribute('value');
    retry.hidden = !canRetry;
    table.hidden = !answer;
    rows.replaceChildren(...(answer ? toRows(answer) : []));
  }

  // A newer photo wins: an older one falls silent, however late it is answered.
  async function look(photo, before = () => {}) {
    turn += 1;
    const mine = turn;
    const isMine = () => mine === turn;
    retry.onclick = () => look(photo, before);
    let isOpen = false;
    try {
      tell(words.loading, {isBusy: true});
      await classifier.open((share) => { bar.value = share; });
      isOpen = true;
      if (isMine()) tell(words.looking, {isBusy: true});
      const answer = await classifier.classify(photo);
      if (isMine()) tell(answer.message, {answer});
    } catch (error) {
      // The same photo again will not do better; a model or a script that did not come may.
      if (isMine()) tell(error.message || String(error), {canRetry: !isOpen});
    }
  }

  const root = host.shadowRoot ?? host.attachShadow({mode: 'open'});
  root.adoptedStyleSheets = [style()];
  const {parts, idle, end = () => {}} = controls({host, image, look, tell, words});
  const section = make('section', {className: 'discern', ariaLabel: name}, ...parts, status, bar, retry, table);
  root.replaceChildren(section);
  const canLoad = location.protocol !== 'file:' || weights.startsWith('blob:');
  tell(canLoad ? idle : words.openedAsFile);
  return end;
}

function toRows({predictions, verdict, rivals, strange}) {
  const leading = strange ? [] : verdict === 'clear' || verdict === 'weak' ? [predictions[0].label] : rivals;
  return predictions.filter(({probability}) => probability > 0).map(({label, probability, percent}) => {
    const share = make('i');
    share.style.setProperty('--share', probability);
    const row = make(
      'tr', {className: leading.includes(label) ? 'leading' : ''},
      make('th', {scope: 'row', title: label, textContent: label}),
      make('td', {className: 'track', ariaHidden: 'true'}, share),
      make('td', {textContent: percent}),
    );
    return row;
  });
}

// A photo from a file.
export function fileControls({image, look, words}) {
  const picker = make('input', {type: 'file', accept: 'image/*'});
  const forget = () => {
    URL.revokeObjectURL(image.src);
    image.hidden = true;
  };
  picker.onclick = () => { picker.value = ''; }; // so that the same file can be picked again
  picker.onchange = async () => {
    const [file] = picker.files;
    if (!file) return;
    forget();
    const address = URL.createObjectURL(file);
    Object.assign(image, {src: address, alt: file.name});
    look(file);
    const bitmap = await createImageBitmap(file).catch(() => null); // a file that is cut off is no photo to show
    bitmap?.close();
    if (image.src === address) image.hidden = !bitmap;
  };
  return {parts: [make('label', {}, words.choose, picker), image], idle: words.chooseFirst, end: forget};
}

// A photo from the camera.
export function cameraControls({look, tell, words}) {
  const video = make('video', {muted: true, playsInline: true, hidden: true, ariaLabel: words.camera});
  const start = make('button', {type: 'button', textContent: words.start});
  const take = make('button', {type: 'button', textContent: words.take, hidden: true});
  const stop = make('button', {type: 'button', textContent: words.stop, hidden: true});
  let switchOff = () => {};
  const showIsOn = (isOn) => {
    start.hidden = isOn;
    for (const part of [video, take, stop]) part.hidden = !isOn;
  };
  start.onclick = async () => {
    start.disabled = true;
    try {
      switchOff = await startCamera(video, words);
      showIsOn(true);
      tell(words.cameraOn);
    } catch (error) {
      tell(error.message);
    } finally {
      start.disabled = false;
    }
  };
  take.onclick = () => look(video);
  stop.onclick = () => {
    switchOff();
    showIsOn(false);
    tell(words.startFirst);
  };
  return {parts: [video, make('div', {}, start, take, stop)], idle: words.startFirst, end: () => switchOff()};
}

// A photo that the page shows already: an <img slot="photo"> in the host.
export function imageControls({host, look, words}) {
  const button = make('button', {type: 'button', textContent: words.classify});
  button.onclick = () => look(host.querySelector('img'));
  return {parts: [make('slot', {name: 'photo'}), button], idle: words.pressFirst};
}

function make(tag, properties = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}
