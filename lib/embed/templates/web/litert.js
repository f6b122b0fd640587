// The engine: LiteRT.js runs the app's own .tflite file in the browser.

import {model} from './model.js';
import {toPixels} from './pixels.js';
import {runtime} from './runtime.js';
import {toProbabilities, toTensor} from './tensor.js';
import {fill} from './verdict.js';
import {words} from './words.js';

// Loads runtime and model, and returns what turns a bitmap into probabilities and their labels.
export async function openModel(onProgress) {
  const [litert, weights] = await Promise.all([startRuntime(), download(model.address, onProgress)]);
  const compiled = await litert.loadAndCompile(weights, {accelerator: 'wasm'});
  return async (bitmap) => {
    const {width, height} = model.input;
    const tensor = new litert.Tensor(toTensor(toPixels(bitmap, model.input), model.input), [1, height, width, 3]);
    let outputs = [];
    try {
      outputs = await compiled.run([tensor]);
      return {probabilities: toProbabilities(await outputs[0].data(), model.output), labels: model.labels};
    } finally {
      for (const used of [tensor, ...outputs]) used.delete(); // nothing here is freed by itself
    }
  };
}

let starting;

// Once, even if a failed model is asked for again while this still runs.
function startRuntime() {
  starting ??= loadRuntime().catch((error) => {
    starting = undefined;
    throw error;
  });
  return starting;
}

async function loadRuntime() {
  const litert = await import('@litertjs/core').catch(scriptFailed);
  if (!litert.getGlobalLiteRtPromise()) {
    const {loader, binary} = (await litert.supportsFeature('relaxedSimd')) ? runtime.fast : runtime.compatible;
    const [script, wasm] = await Promise.all([loader, binary].map(fetchChecked));
    globalThis.Module = {wasmBinary: await wasm.arrayBuffer()};
    const address = URL.createObjectURL(new Blob([await script.text()], {type: 'text/javascript'}));
    await litert.loadLiteRt(`${address}#.js`).finally(() => URL.revokeObjectURL(address));
  }
  await litert.getGlobalLiteRtPromise();
  return litert;
}

// Refused by the browser if the content is not what `integrity` says.
async function fetchChecked({address, integrity}) {
  const response = await fetch(address, integrity ? {integrity} : {}).catch(scriptFailed);
  return response.ok ? response : scriptFailed(new Error(`HTTP ${response.status}`));
}

function scriptFailed(error) {
  throw new Error(fill(words.scriptFailed, {reason: error.message}));
}

async function download(address, onProgress) {
  const response = await fetch(address).catch((error) => downloadFailed(address, error.message));
  if (!response.ok) downloadFailed(address, `HTTP ${response.status}`);
  const total = Number(response.headers.get('Content-Length'));
  const parts = [];
  let done = 0;
  for (const reader = response.body.getReader(); ;) {
    const {value} = await reader.read().catch((error) => downloadFailed(address, error.message));
    if (!value) break;
    parts.push(value);
    done += value.length;
    if (total) onProgress(Math.min(1, done / total));
  }
  const content = new Uint8Array(await new Blob(parts).arrayBuffer());
  if (String.fromCharCode(...content.subarray(4, 8)) !== 'TFL3') downloadFailed(address, words.notModel);
  return content;
}

function downloadFailed(address, reason) {
  throw new Error(fill(words.downloadFailed, {address, reason}));
}
