// A model and what it says of photos.

import {openModel} from './engine.js';
import {openPhoto} from './photo.js';
import {explain, judge, judgeGroups, judgeNovelty, percent, rank} from './verdict.js';

// `model`: the address of a model.json, or what is in one. The weights come with the first photo.
export async function load(model) {
  if (typeof model !== 'string') return new Classifier(model);
  const address = new URL(model, document.baseURI).href;
  const response = await fetch(address);
  if (!response.ok) throw new Error(`${address}: HTTP ${response.status}`);
  return new Classifier(await response.json(), address);
}

export class Classifier {
  #opening;
  #last = Promise.resolve();
  #onProgress = () => {};

  // Addresses in `model` are seen from `base`.
  constructor(model, base = document.baseURI) {
    const {weights, scripts} = model;
    const seen = (address) => (typeof address === 'string' ? new URL(address, base).href : address);
    this.model = {...model, weights: seen(weights), scripts: seen(scripts)};
    this.words = model.words;
  }

  // Loads scripts and weights, once; what failed can be tried again. `onProgress` is told the share that has come.
  open(onProgress = this.#onProgress) {
    this.#onProgress = onProgress;
    this.#opening ??= openModel(this.model, (share) => this.#onProgress(share)).catch((error) => {
      this.#opening = undefined;
      throw error;
    });
    return this.#opening;
  }

  // What the model sees in a file, an <img>, a <video> or a bitmap, and how sure it is. Photos are answered in the
  // order they came in.
  classify(photo) {
    const answer = this.#last.then(() => this.#classify(photo));
    this.#last = answer.catch(() => {});
    return answer;
  }

  // Frees the model, when the photos before are answered; the next one loads it anew.
  close() {
    const [opening, last] = [this.#opening, this.#last];
    this.#opening = undefined;
    return last.then(() => opening).then((infer) => infer?.close?.(), () => {});
  }

  async #classify(photo) {
    const bitmap = await openPhoto(photo, this.words);
    try {
      const infer = await this.open();
      await new Promise((resolve) => setTimeout(resolve)); // lets the browser draw what the page says meanwhile
      const start = performance.now();
      const {probabilities, labels, familiarity, map} = await infer(bitmap);
      const milliseconds = performance.now() - start; // for scaling the photo and running the model
      const answer = {...this.conclude(probabilities, labels, familiarity, milliseconds), map};
      document.dispatchEvent(new CustomEvent('discern', {detail: answer}));
      return answer;
    } finally {
      if (bitmap !== photo) bitmap.close();
    }
  }

  // How sure the model is, if these are its probabilities and this is how familiar the photo is.
  conclude(probabilities, labels, familiarity, milliseconds) {
    const {groups, novelty, thresholds, top, words} = this.model;
    const verdict = judge(probabilities, labels, thresholds);
    const group = groups ? judgeGroups(probabilities, labels, groups, thresholds) : null;
    const predictions = rank(probabilities, labels, top).map((one) => ({...one, percent: percent(one.probability)}));
    const told = judgeNovelty(familiarity, novelty, verdict.kind);
    const message = explain(verdict, words, group, told);
    const rivals = verdict.rivals.map(({label}) => label);
    return {
      predictions, verdict: verdict.kind, rivals, message, group, unfamiliar: told.unfamiliar, strange: told.strange,
      familiarity, probabilities, labels, milliseconds,
    };
  }
}
