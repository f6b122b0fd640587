// <discern-classifier model="model.json" input="file"> shows it all; `input` may be "camera" or "img".

import {load} from './classifier.js';
import {cameraControls, fileControls, imageControls, show} from './ui.js';

const CONTROLS = {camera: cameraControls, img: imageControls, file: fileControls};

// A server that renders the page has no elements.
class DiscernClassifier extends (globalThis.HTMLElement ?? Object) {
  #end = () => {};

  async connectedCallback() {
    try {
      const classifier = await load(this.getAttribute('model'));
      if (this.isConnected) this.#end = show(this, classifier, CONTROLS[this.getAttribute('input') ?? 'file']);
    } catch (error) {
      this.textContent = error.message;
    }
  }

  disconnectedCallback() {
    this.#end();
  }
}

if (!globalThis.customElements?.get('discern-classifier')) {
  globalThis.customElements?.define('discern-classifier', DiscernClassifier);
}
