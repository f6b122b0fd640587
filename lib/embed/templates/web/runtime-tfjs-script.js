// The packages, which the <script> tags above load.

export async function packages() {
  if (document.readyState !== 'complete') await new Promise((done) => addEventListener('load', done, {once: true}));
  const missing = ['tf', 'mobilenet'].filter((name) => !(name in globalThis));
  if (missing.length) throw new Error(missing.join(', '));
  return {tf: globalThis.tf, mobilenet: globalThis.mobilenet};
}
