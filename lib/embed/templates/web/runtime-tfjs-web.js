// TensorFlow.js and its MobileNets, as their makers publish them, from a folder of npm packages; the browser refuses a
// file that is not what `integrity` says.

const FILES = [[ files|js ]];

export async function packages(scripts) {
  await Promise.all(FILES.map(({place, integrity}) => runScript(new URL(place, scripts).href, integrity)));
  return {tf: globalThis.tf, mobilenet: globalThis.mobilenet};
}

function runScript(src, integrity) {
  return new Promise((resolve, reject) => {
    const script = Object.assign(document.createElement('script'), {
      src, integrity, crossOrigin: 'anonymous', async: false, onload: resolve, onerror: () => reject(new Error(src)),
    });
    document.head.append(script); // in order, as `async` is false
  });
}
