// A photo from a file.

import {fromFile} from './photo.js';
import {look, root} from './ui.js';

const picker = root.querySelector('input[type=file]');
const preview = root.querySelector('img');

picker.addEventListener('click', () => { picker.value = ''; }); // so that the same file can be picked again
picker.addEventListener('change', () => {
  const [file] = picker.files;
  if (!file) return;
  URL.revokeObjectURL(preview.src);
  preview.hidden = false;
  preview.alt = file.name;
  preview.src = URL.createObjectURL(file);
  look(() => fromFile(file));
});
preview.addEventListener('error', () => { preview.hidden = true; });
