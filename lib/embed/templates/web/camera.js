// The camera of whoever looks at the page.

import {fill} from './verdict.js';

// Shows it in a <video>, if it does not yet; needs https or localhost. Returns what switches it off.
export async function startCamera(video, words) {
  if (!navigator.mediaDevices) throw new Error(words.cameraNeedsHttps);
  const stop = () => {
    video.srcObject?.getTracks().forEach((track) => track.stop());
    video.srcObject = null;
  };
  try {
    video.srcObject ??= await navigator.mediaDevices.getUserMedia({video: {facingMode: 'environment'}});
    await video.play();
  } catch (error) {
    stop();
    throw new Error(fill(words.cameraFailed, {reason: error.message}));
  }
  return stop;
}
