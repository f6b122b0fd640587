// From a picked photo to what the page shows. The model is loaded once, when the first photo comes.

import {openModel} from './engine.js';
import {model} from './model.js';
import {explain, judge, judgeGroups, rank} from './verdict.js';
import {words} from './words.js';

export const idle = {status: words.idle, busy: false, failed: false, progress: null, kind: '', predictions: []};

let loading;
let onProgress;

function load() {
  if (loading) return loading;
  // What is left of a failed load falls silent, and the load can be tried again.
  const mine = openModel((share) => mine === loading && onProgress(share)).catch((error) => {
    loading = undefined;
    throw error;
  });
  loading = mine;
  return mine;
}

// Returns a function that classifies the photo that `open` gives, and tells `show` each state until the last. A newer
// call wins: an older one falls silent, however late it ends.
export function createClassifier(show) {
  let turn = 0;
  return async (open) => {
    turn += 1;
    const mine = turn;
    const tell = (state) => mine === turn && show({...idle, ...state});
    const loadingState = (progress) => ({status: words.loading, busy: true, progress});
    let bitmap;
    try {
      tell(loadingState(null));
      bitmap = await open();
      if (mine !== turn) return;
      onProgress = (share) => tell(loadingState(share));
      const infer = await load();
      if (mine !== turn) return;
      tell({status: words.looking, busy: true});
      await new Promise((resolve) => setTimeout(resolve)); // lets the browser draw that
      const start = performance.now();
      const answer = await infer(bitmap);
      const milliseconds = performance.now() - start; // for scaling the photo and running the model
      const verdict = judge(answer.probabilities, answer.labels, model.thresholds);
      const group = model.groups ? judgeGroups(answer.probabilities, answer.labels, model.groups, model.thresholds) : null;
      const predictions = rank(answer.probabilities, answer.labels, model.top);
      tell({status: explain(verdict, words, group), kind: verdict.kind, predictions});
      const detail = {...answer, verdict, group, milliseconds};
      if (mine === turn) document.dispatchEvent(new CustomEvent('discern', {detail}));
    } catch (error) {
      tell({status: error.message || String(error), failed: true});
    } finally {
      bitmap?.close();
    }
  };
}
