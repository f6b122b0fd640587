[% if complete %]
[[ code|trusted ]]
[% else %]
import {load[% if input == "camera" %], startCamera[% endif %]} from './discern.js';

[% endif %]
[% set made = "Promise.resolve(new Classifier(description))" if complete else "load('model.json')" %]
const [status, list] = ['p', 'ol'].map((tag) => document.querySelector(tag));
const loading = [[ made|trusted ]];

async function display(answer) {
  status.textContent = [[ words.looking|js ]];
  const {message, verdict = '', predictions = []} = await answer.catch((error) => error);
  status.textContent = message;
  status.dataset.verdict = verdict;
  list.replaceChildren(...predictions.map(({label, percent}) =>
    Object.assign(document.createElement('li'), {textContent: `${label} ${percent}`})));
}

[% if input == "file" %]
const picker = document.querySelector('input');
picker.onchange = () => display(loading.then((model) => model.classify(picker.files[0])));
[% elif input == "camera" %]
const [video, button] = ['video', 'button'].map((tag) => document.querySelector(tag));
const look = (model) => startCamera(video, model.words).then(() => model.classify(video));
button.onclick = () => display(loading.then(look));
[% else %]
const [image, button] = ['img', 'button'].map((tag) => document.querySelector(tag));
button.onclick = () => display(loading.then((model) => model.classify(image)));
[% endif %]
