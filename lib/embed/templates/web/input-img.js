// A photo that the page shows already.

import {fromImage} from './photo.js';
import {look, root} from './ui.js';

const image = root.querySelector('img');

root.querySelector('.classify').addEventListener('click', () => look(() => fromImage(image)));
