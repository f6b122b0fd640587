// Bytes of a photo → what the model's input takes; what its output says → probabilities.

import {fill, roundHalfEven} from './verdict.js';

const LIMITS = {uint8: [0, 255], int8: [-128, 127]};
const ARRAYS = {float32: Float32Array, uint8: Uint8Array, int8: Int8Array};

// RGB bytes → the input tensor's numbers.
export function toTensor(pixels, input) {
  const tables = [0, 1, 2].map((channel) => tableOf(channel, input));
  const isPlain = input.type !== 'float32' && tables.every((table) => takesBytes(table, input));
  const tensor = new ARRAYS[input.type](pixels.length);
  const lowest = isPlain ? LIMITS[input.type][0] : 0;
  for (let i = 0; i < pixels.length; i += 1) tensor[i] = isPlain ? pixels[i] + lowest : tables[i % 3][pixels[i]];
  return tensor;
}

// What each of the 256 bytes becomes in one channel; rounded to 32 bits at each step, as the model was trained.
function tableOf(channel, {type, range: [low, high], mean, std, scale, zeroPoint}) {
  const round = Math.fround;
  return Array.from({length: 256}, (_, byte) => {
    let value = round(round(byte * round((high - low) / 255)) + round(low));
    if (mean) value = round(value - round(mean[channel]));
    if (std) value = round(value / round(std[channel]));
    if (type === 'float32') return value;
    const [least, most] = LIMITS[type];
    return scale ? Math.min(most, Math.max(least, roundHalfEven(value / scale) + zeroPoint)) : byte + least;
  });
}

// An input whose steps are the bytes themselves, to within one step, takes them as they are.
function takesBytes(table, {type}) {
  return table.every((value, byte) => Math.abs(value - (byte + LIMITS[type][0])) <= 1);
}

// The output tensor → one probability a class, in double precision, sum 1.
export function toProbabilities(raw, {scale, zeroPoint, activation, background, classes, slack}, words) {
  let values = Array.from(raw, (value) => (scale ? (value - zeroPoint) * scale : value));
  if (!values.every(Number.isFinite)) throw new Error(words.notFinite);
  if (values.length === 1 && classes === 2) {
    const one = activation === 'logits' ? sigmoid(values[0]) : values[0];
    values = [1 - one, one];
  } else if (activation === 'logits') {
    values = softmax(values);
  }
  checkSum(values, slack, words);
  if (background === 'first') values.shift();
  if (background === 'last') values.pop();
  if (values.length !== classes) {
    throw new Error(fill(words.wrongNumber, {found: values.length, expected: classes}));
  }
  return normalise(values, words);
}

export function softmax(logits) {
  const most = logits.reduce((a, b) => Math.max(a, b));
  const powers = logits.map((logit) => Math.exp(logit - most));
  const total = powers.reduce((a, b) => a + b);
  return powers.map((power) => power / total);
}

function sigmoid(logit) {
  return logit >= 0 ? 1 / (1 + Math.exp(-logit)) : Math.exp(logit) / (1 + Math.exp(logit));
}

// A softmax sums to 1, the background included; `slack` is null where that need not be so. Zeros and negative numbers
// have words of their own.
function checkSum(values, slack, words) {
  const total = values.reduce((a, b) => a + b, 0);
  const isOff = slack !== null && total > 0 && Math.abs(total - 1) > slack;
  if (isOff && values.every((value) => value >= -1e-5)) throw new Error(words.notShares);
}

// 8-bit outputs do not sum to 1, and a softmax in 32 bits may come out a rounding error below zero.
export function normalise(values, words) {
  if (values.some((value) => value < -1e-5)) throw new Error(words.negative);
  const positive = values.map((value) => Math.max(0, value));
  const total = positive.reduce((a, b) => a + b, 0);
  if (!(total > 0)) throw new Error(words.onlyZeros);
  return positive.map((value) => value / total);
}
