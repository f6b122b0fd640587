[% if complete %]
[[ code|trusted ]]
[% else %]
import {load[% if input == "camera" %], startCamera[% endif %]} from './discern.js';

[% endif %]
[% set made = "new Classifier(description)" if complete else "await load('model.json')" %]
const [status, list] = ['p', 'ol'].map((tag) => document.querySelector(tag));
const model = [[ made|trusted ]];

async function look(photo) {
  status.textContent = model.words.looking;
  const {message, verdict = '', predictions = []} = await model.classify(photo).catch((error) => error);
  status.textContent = message;
  status.dataset.verdict = verdict;
  list.replaceChildren(...predictions.map(({label, percent}) =>
    Object.assign(document.createElement('li'), {textContent: `${label} ${percent}`})));
}

[% if input == "file" %]
const picker = document.querySelector('input');
picker.addEventListener('change', () => look(picker.files[0]));
[% elif input == "camera" %]
const [video, button] = ['video', 'button'].map((tag) => document.querySelector(tag));
button.addEventListener('click', () => {
  startCamera(video, model.words).then(() => look(video), ({message}) => { status.textContent = message; });
});
[% else %]
const [image, button] = ['img', 'button'].map((tag) => document.querySelector(tag));
button.addEventListener('click', () => look(image));
[% endif %]
