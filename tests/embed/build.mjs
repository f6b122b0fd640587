// Builds each of the projects in the JSON list given, one after the other, with the Vite of tests/embed/npm.

import {createRequire} from 'node:module';
import {pathToFileURL} from 'node:url';

const require = createRequire(new URL('./npm/package.json', import.meta.url));
const {build} = await import(pathToFileURL(require.resolve('vite')).href);

for (const root of JSON.parse(process.argv[2])) {
  const start = performance.now();
  process.chdir(root); // as `npm run build` would
  await build({root, logLevel: 'error', build: {chunkSizeWarningLimit: 1e5}});
  console.log(`${root}: ${Math.round(performance.now() - start)} ms`);
}
