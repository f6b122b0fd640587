// The engine: TensorFlow.js with the package @tensorflow-models/mobilenet, which brings the 1000 labels.

import {toPixels} from './pixels.js';
import {packages} from './runtime.js';
import {normalise, softmax} from './tensor.js';
import {fill} from './verdict.js';

// Loads packages and model, and returns what turns a bitmap into probabilities, their labels, and how
// familiar the photo is: its strongest vote, before softmax.
export async function openModel(model, onProgress) {
  const {version, alpha, inputRange, input, classes, weights, words} = model;
  const {tf, mobilenet} = await packages(model.scripts).catch((error) => {
    throw new Error(fill(words.scriptFailed, {reason: error.message}));
  });
  const modelUrl = tf.io.http(weights, {onProgress});
  const net = await mobilenet.load({version, alpha, inputRange, modelUrl}).catch((error) => {
    throw new Error(fill(words.downloadFailed, {address: weights, reason: error.message}));
  });
  const labels = await readLabels(tf, net, classes);
  return async (bitmap) => {
    const image = toImageData(toPixels(bitmap, input), input);
    const logits = tf.tidy(() => net.infer(image));
    const votes = Array.from(await logits.data());
    logits.dispose();
    return {probabilities: normalise(softmax(votes), words), labels, familiarity: Math.max(...votes)};
  };
}

// The package tells labels only in the order of an answer; this answer falls from the first class to the last.
async function readLabels(tf, net, classes) {
  const falling = Object.assign(Object.create(net), {infer: () => tf.linspace(1, 0, classes).expandDims()});
  return (await falling.classify(null, classes)).map(({className}) => className);
}

function toImageData(pixels, {width, height}) {
  const image = new ImageData(width, height);
  for (let i = 0; i < width * height; i += 1) {
    image.data.set(pixels.subarray(i * 3, i * 3 + 3), i * 4);
    image.data[i * 4 + 3] = 255;
  }
  return image;
}
