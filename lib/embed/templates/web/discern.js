// Discern: what does a model see in a photo, and does one class stand out? Apache-2.0.
//
//   import {load} from './discern.js';
//   const model = await load('model.json');
//   const {message, verdict, predictions} = await model.classify(photo); // a file, an <img>, a <video> or a bitmap
//
// Or, without a line of code: <discern-classifier model="model.json"></discern-classifier>

[[ code|trusted -]]
