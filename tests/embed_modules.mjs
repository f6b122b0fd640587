// Runs modules of the web templates in Node: reads {folder, calls: [{module, name, arguments}]}, writes the results.
// Infinities and NaN come as "Infinity", "-Infinity" and "NaN" strings in `numbers`; a bitmap is {width, height, rgba}.

import {readFileSync} from 'node:fs';
import {pathToFileURL} from 'node:url';

// As much of a canvas as pixels.js uses.
globalThis.document = {
  createElement() {
    let drawn;
    return {
      getContext: () => ({
        fillRect() {},
        drawImage(bitmap, x, y, width, height) {
          drawn = bitmap.rgba.subarray(y * bitmap.width * 4, (y + height) * bitmap.width * 4);
        },
        getImageData: (x, y, width, height) => ({width, height, data: drawn}),
      }),
    };
  },
};

const {folder, calls} = JSON.parse(readFileSync(0, 'utf8'));
const results = [];
for (const {module, name, arguments: values} of calls) {
  const {[name]: call} = await import(pathToFileURL(`${folder}/${module}.js`).href);
  try {
    const result = call(...values.map(revive));
    results.push({result: ArrayBuffer.isView(result) ? Array.from(result) : result});
  } catch (error) {
    results.push({error: error.message});
  }
}
process.stdout.write(JSON.stringify(results));

function revive(value) {
  if (value?.numbers) return value.numbers.map(Number);
  if (value?.rgba) return {...value, rgba: Uint8ClampedArray.from(Buffer.from(value.rgba, 'base64'))};
  return value;
}
