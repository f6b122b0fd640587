// LiteRT.js, as its makers publish it, from a folder of npm packages; the browser refuses a file that is not what
// `integrity` says. The compatible pair is for browsers without relaxed SIMD.

const FILES = [[ files|js ]];

export const runtime = {
  async library(scripts) {
    const [core, utils] = await Promise.all(['core', 'utils'].map((name) => this.fetch(scripts, name)));
    const imported = toAddress(await utils.text());
    const address = toAddress((await core.text()).replace('"@litertjs/wasm-utils"', `"${imported}"`));
    return import(address).finally(() => [imported, address].forEach(URL.revokeObjectURL));
  },

  // `scripts` is the address of the folder, or has the address of each file.
  async fetch(scripts, name) {
    const {place, integrity} = FILES[name];
    const response = await fetch(scripts[place] ?? new URL(place, scripts), {integrity});
    if (!response.ok) throw new Error(`HTTP ${response.status}`);
    return response;
  },
};

function toAddress(code) {
  return URL.createObjectURL(new Blob([code], {type: 'text/javascript'}));
}
