// The engine: LiteRT.js runs the app's own .tflite file in the browser.

import {toPixels} from './pixels.js';
import {runtime} from './runtime.js';
import {toProbabilities, toTensor} from './tensor.js';
import {fill} from './verdict.js';

// Loads runtime and model, and returns what turns a bitmap into probabilities, their labels, and, where the file works
// it out, how familiar the photo is.
export async function openModel(model, onProgress) {
  const [litert, weights] = await Promise.all([startRuntime(model), download(model, onProgress)]);
  const compiled = await litert.loadAndCompile(weights, {accelerator: 'wasm'});
  const {input, output, labels, words} = model;
  const infer = async (bitmap) => {
    const tensor = new litert.Tensor(toTensor(toPixels(bitmap, input), input), [1, input.height, input.width, 3]);
    let outputs = [];
    try {
      outputs = await compiled.run([tensor]);
      const [answer, ...more] = await Promise.all(outputs.map((each) => each.data()));
      const map = model.map ? more.pop() : null; // of the last layer that knows of places
      return {probabilities: toProbabilities(answer, output, words), labels, familiarity: more.length ? more[0][0] : null, map};
    } finally {
      for (const used of [tensor, ...outputs]) used.delete(); // nothing here is freed by itself
    }
  };
  return Object.assign(infer, {close: () => compiled.delete()});
}

let starting;

// Once for a page, whatever models are in it, and even if a failed model is asked for again while this still runs.
function startRuntime(model) {
  starting ??= loadRuntime(model).catch((error) => {
    starting = undefined;
    throw new Error(fill(model.words.scriptFailed, {reason: error.message}));
  });
  return starting;
}

async function loadRuntime({scripts}) {
  const litert = await runtime.library(scripts);
  if (!litert.getGlobalLiteRtPromise()) {
    const pair = (await litert.supportsFeature('relaxedSimd')) ? 'fast' : 'compatible';
    const [loader, binary] = await Promise.all(['Loader', 'Binary'].map((part) => runtime.fetch(scripts, pair + part)));
    globalThis.Module = {wasmBinary: await binary.arrayBuffer()};
    const address = URL.createObjectURL(new Blob([await loader.text()], {type: 'text/javascript'}));
    await litert.loadLiteRt(`${address}#.js`).finally(() => URL.revokeObjectURL(address));
  }
  await litert.getGlobalLiteRtPromise();
  return litert;
}

async function download({weights, words}, onProgress) {
  const fail = (reason) => {
    throw new Error(fill(words.downloadFailed, {address: weights, reason}));
  };
  const response = await fetch(weights).catch((error) => fail(error.message));
  if (!response.ok) fail(`HTTP ${response.status}`);
  const total = Number(response.headers.get('Content-Length'));
  const parts = [];
  let done = 0;
  for (const reader = response.body.getReader(); ;) {
    const {value} = await reader.read().catch((error) => fail(error.message));
    if (!value) break;
    parts.push(value);
    done += value.length;
    if (total) onProgress(Math.min(1, done / total));
  }
  const content = new Uint8Array(await new Blob(parts).arrayBuffer());
  if (String.fromCharCode(...content.subarray(4, 8)) !== 'TFL3') fail(words.notModel);
  return content;
}
