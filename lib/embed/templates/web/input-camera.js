// A photo from the camera.

import {idle} from './classifier.js';
import {fromVideo, startCamera} from './photo.js';
import {look, root, show} from './ui.js';

const video = root.querySelector('video');
const [start, take, stop] = ['.start', '.take', '.stop'].map((button) => root.querySelector(button));
let switchOff;

function showButtons(isOn) {
  start.hidden = isOn;
  for (const part of [video, take, stop]) part.hidden = !isOn;
}

start.addEventListener('click', async () => {
  try {
    start.disabled = true;
    switchOff = await startCamera(video);
    showButtons(true);
  } catch (error) {
    show({...idle, status: error.message});
  } finally {
    start.disabled = false;
  }
});
take.addEventListener('click', () => look(() => fromVideo(video)));
stop.addEventListener('click', () => {
  switchOff();
  showButtons(false);
});
