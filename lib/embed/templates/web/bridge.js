// Not part of the code: lets the app, in whose frame this page is shown, pass a photo in and hear what came of it.
(() => {
  const root = document.querySelector('.discern');
  const tell = (message) => parent.postMessage(message, '*');

  function pick(file) {
    const picker = root.querySelector('input[type=file]');
    const image = root.querySelector('img[crossorigin]');
    if (picker) {
      const chosen = new DataTransfer();
      chosen.items.add(file);
      picker.files = chosen.files;
      picker.dispatchEvent(new Event('change', {bubbles: true}));
    } else if (image) {
      image.src = URL.createObjectURL(file);
      root.querySelector('.classify').click();
    }
  }

  addEventListener('message', ({source, data}) => {
    if (source === parent && data?.discern === 'photo') pick(new File([data.bytes], data.name, {type: data.type}));
  });
  document.addEventListener('discern', ({detail: {probabilities, labels, verdict, milliseconds}}) => {
    const sentence = root.querySelector('[role=status]').textContent;
    tell({discern: 'answer', probabilities, labels, kind: verdict.kind, sentence, milliseconds});
  });
  new ResizeObserver(() => tell({discern: 'height', height: document.documentElement.scrollHeight}))
    .observe(document.documentElement);
  tell({discern: 'ready'});
})();
