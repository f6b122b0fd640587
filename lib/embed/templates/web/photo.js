// Where photos come from: each function gives an ImageBitmap, upright and in its own size.

import {fill} from './verdict.js';
import {words} from './words.js';

const AS_STORED = {colorSpaceConversion: 'none'}; // colours as the app reads them

export function fromFile(file) {
  return createImageBitmap(file, AS_STORED).catch(() => {
    throw new Error(fill(words.notPhoto, {file: file.name}));
  });
}

// An <img> from another site must be served with CORS headers and have the attribute crossorigin.
export async function fromImage(image) {
  await image.decode().catch(() => {
    throw new Error(fill(words.notPhoto, {file: image.currentSrc || image.src}));
  });
  return createImageBitmap(image, AS_STORED);
}

export function fromVideo(video) {
  return createImageBitmap(video);
}

// Shows the camera in a <video>; needs https or localhost. Returns what switches it off.
export async function startCamera(video) {
  if (!navigator.mediaDevices) throw new Error(words.cameraNeedsHttps);
  const stream = await navigator.mediaDevices.getUserMedia({video: {facingMode: 'environment'}}).catch((error) => {
    throw new Error(fill(words.cameraFailed, {reason: error.message}));
  });
  const stop = () => stream.getTracks().forEach((track) => track.stop());
  video.srcObject = stream;
  await video.play().catch((error) => {
    stop();
    throw new Error(fill(words.cameraFailed, {reason: error.message}));
  });
  return stop;
}
