// The engine: TensorFlow.js with the package @tensorflow-models/mobilenet, which brings the 1000 labels.

import {model} from './model.js';
import {toPixels} from './pixels.js';
import {packages} from './runtime.js';
import {normalise} from './tensor.js';
import {fill} from './verdict.js';
import {words} from './words.js';

// Loads packages and model, and returns what turns a bitmap into probabilities and their labels.
export async function openModel(onProgress) {
  const {tf, mobilenet} = await packages().catch((error) => {
    throw new Error(fill(words.scriptFailed, {reason: error.message}));
  });
  const {version, alpha, inputRange, address} = model;
  const modelUrl = tf.io.http(new URL(address, document.baseURI).href, {onProgress});
  const net = await mobilenet.load({version, alpha, inputRange, modelUrl}).catch((error) => {
    throw new Error(fill(words.downloadFailed, {address, reason: error.message}));
  });
  return async (bitmap) => {
    const found = await net.classify(toImageData(toPixels(bitmap, model.input), model.input), model.classes);
    return {
      probabilities: normalise(found.map(({probability}) => probability)),
      labels: found.map(({className}) => className),
    };
  };
}

function toImageData(pixels, {width, height}) {
  const image = new ImageData(width, height);
  for (let i = 0; i < width * height; i += 1) {
    image.data.set(pixels.subarray(i * 3, i * 3 + 3), i * 4);
    image.data[i * 4 + 3] = 255;
  }
  return image;
}
