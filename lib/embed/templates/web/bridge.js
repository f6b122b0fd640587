// Not part of the code: lets the app, in whose frame this page is shown, pass a photo in and hear what came of it.
(() => {
  const tell = (message) => parent.postMessage(message, '*');
  const find = (wanted) =>
    document.querySelector('discern-classifier, #classifier')?.shadowRoot?.querySelector(wanted)
    ?? document.querySelector(wanted);

  // Once the code is ready for it.
  function pick(file) {
    const [picker, button, image] = ['input[type=file]', 'button', 'img'].map(find);
    if (picker?.onchange) {
      const chosen = new DataTransfer();
      chosen.items.add(file);
      picker.files = chosen.files;
      picker.dispatchEvent(new Event('change', {bubbles: true}));
    } else if (image?.crossOrigin && button?.onclick) {
      image.src = URL.createObjectURL(file);
      button.click();
    } else {
      setTimeout(pick, 50, file);
    }
  }

  addEventListener('message', ({source, data}) => {
    if (source === parent && data?.discern === 'photo') pick(new File([data.bytes], data.name, {type: data.type}));
  });
  document.addEventListener('discern', ({detail: {probabilities, labels, verdict, message, milliseconds}}) => {
    tell({discern: 'answer', probabilities, labels, kind: verdict, sentence: message, milliseconds});
  });
  new ResizeObserver(() => tell({discern: 'height', height: document.documentElement.scrollHeight}))
    .observe(document.documentElement);
  tell({discern: 'ready'});
})();
