// TensorFlow.js and its MobileNets, from the project's own packages, loaded when they are needed.

export async function packages() {
  const [tf, mobilenet] = await Promise.all([import('@tensorflow/tfjs'), import('@tensorflow-models/mobilenet')]);
  return {tf, mobilenet};
}
