// The networks, run by onnxruntime-web in this thread. Scores are as the network gives them.

import * as ort from "./ort/ort.wasm.min.mjs";

ort.env.wasm.numThreads = 1; // More would need headers that a plain file server does not send.

const RUNTIME = "ort/ort-wasm-simd-threaded.wasm.deflate";
const NAMES = ["encoder", "decoder", "approach1", "approach2"];

async function fetched(address) {
  const answer = await fetch(address);
  if (!answer.ok) throw new Error(`${address} is not there (${answer.status})`);
  return answer;
}

/** Fetch everything; resolves to { facts, look, decode, run }. */
export async function loaded() {
  const [facts, runtime, ...files] = await Promise.all([
    fetched("networks/facts.json").then((answer) => answer.json()),
    fetched(RUNTIME),
    ...NAMES.map((name) => fetched(`networks/${name}.onnx`).then((answer) => answer.arrayBuffer())),
  ]);
  const inflated = runtime.body.pipeThrough(new DecompressionStream("deflate"));
  ort.env.wasm.wasmBinary = await new Response(inflated).arrayBuffer();
  const session = {};
  for (const [i, name] of NAMES.entries()) session[name] = await ort.InferenceSession.create(files[i]);

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

  await look(new Float32Array(28 * 28)); // The first look is slow, and nobody waits for this one.
  return { facts, run, decode, look };
}
