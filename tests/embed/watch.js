// Runs before a page's own code: keeps what the page answered, counts LiteRT's tensors, and can hold a photo back.

window.answers = [];
document.addEventListener('discern', ({detail}) => {
  const {probabilities, labels, verdict, unfamiliar, familiarity} = detail;
  window.answers.push({probabilities: [...probabilities], labels: [...labels], kind: verdict, unfamiliar, familiarity});
});

window.alert = () => { window.alerted = true; };

// A photo whose name begins with "slow" is decoded when `window.release()` is called.
let gate;
const decode = window.createImageBitmap.bind(window);
window.createImageBitmap = async (source, ...rest) => {
  if (source instanceof File && source.name.startsWith('slow')) {
    await (gate ??= new Promise((release) => { window.release = release; }));
  }
  return decode(source, ...rest);
};

// LiteRT's loader leaves a factory in a global of this name. Each tensor that is made asks its buffer for its type.
const tensors = new Set();
let factory;
Object.defineProperty(window, 'ModuleFactory', {
  configurable: true,
  get: () => factory,
  set(made) {
    factory = made && (async (...options) => {
      const module = await made(...options);
      const {prototype} = module.LiteRtTensorBuffer;
      const {tensorType, delete: free} = prototype;
      prototype.tensorType = function (...given) { tensors.add(this); return tensorType.apply(this, given); };
      prototype.delete = function (...given) { tensors.delete(this); return free.apply(this, given); };
      window.litertWatched = true;
      return module;
    });
  },
});

// How many tensors are alive, whichever engine it is; null before one is loaded.
window.countTensors = () => {
  if (globalThis._tfengine) return globalThis._tfengine.memory().numTensors;
  return window.litertWatched ? tensors.size : null;
};
