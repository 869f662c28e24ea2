// The networks, run by onnxruntime-web in this thread. Scores are as the network gives them.

import * as ort from "./ort/ort.wasm.min.mjs";

ort.env.wasm.numThreads = 1; // More would need headers that a plain file server does not send.

const NAMES = ["encoder", "decoder", "approach1", "approach2"];

/** Fetch everything; resolves to { facts, look, decode, run }. */
export async function loaded(folder = "networks/") {
  const [facts, ...sessions] = await Promise.all([
    fetch(`${folder}facts.json`).then((answer) => answer.json()),
    ...NAMES.map((name) => ort.InferenceSession.create(`${folder}${name}.onnx`)),
  ]);
  const session = Object.fromEntries(NAMES.map((name, i) => [name, sessions[i]]));

  async function run(name, values, shape) {
    const input = new ort.Tensor("float32", Float32Array.from(values), shape);
    const { output } = await session[name].run({ input });
    return output.data;
  }

  /** What the decoder paints of a code, and what approach 1 makes of it. */
  async function decode(code) {
    return {
      reconstruction: await run("decoder", code, [1, 3, 4, 4]),
      scores: await run("approach1", code, [1, 3, 4, 4]),
    };
  }

  /** Everything about an image of 28 x 28 values: code, reconstruction, its error, both scores. */
  async function look(image) {
    const code = await run("encoder", image, [1, 1, 28, 28]);
    const { reconstruction, scores } = await decode(code);
    const error = reconstruction.reduce((sum, v, i) => sum + (v - image[i]) ** 2, 0) / image.length;
    return { code, reconstruction, error, scores: [scores, await run("approach2", image, [1, 1, 28, 28])] };
  }

  return { facts, run, decode, look };
}
