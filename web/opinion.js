// What the scores of two approaches and the reconstruction error come to, in words.

import { INK } from "./prepare.js";

/** Below this probability an approach is not sure. */
const SURE = 0.7;

export function softmax(scores) {
  const highest = Math.max(...scores);
  const powers = Array.from(scores, (score) => Math.exp(score - highest));
  const sum = powers.reduce((a, b) => a + b);
  return powers.map((power) => power / sum);
}

/** The classes from the most to the least probable. */
export function ranking(probabilities) {
  return probabilities.map((_, i) => i).sort((a, b) => probabilities[b] - probabilities[a]);
}

/**
 * { sure, text } of what the networks say: two lists of probabilities, the image they were given, and
 * the error of its reconstruction, measured by what is usual in MNIST.
 */
export function verdict(probabilities, image, error, { threshold, least_height, most_ink }) {
  const unsure = (text) => ({ sure: false, text: `Not sure: ${text}.` });
  if (height(image) < least_height) return unsure("no digit in MNIST is as flat as this");
  if (mean(image) > most_ink) return unsure("no digit in MNIST is as full of ink");
  if (error > threshold) return unsure("this is unlike any digit the networks know");
  const tops = probabilities.map((list) => ranking(list)[0]);
  if (tops[0] !== tops[1]) {
    return unsure(`${article(tops[0])} or ${article(tops[1])}`);
  }
  const doubtful = probabilities.find((list) => list[tops[0]] < SURE);
  if (doubtful) return unsure(`${article(tops[0])}, or ${article(ranking(doubtful)[1])}`);
  const text = article(tops[0]);
  return { sure: true, text: `${text[0].toUpperCase()}${text.slice(1)}.` };
}

const mean = (values) => values.reduce((a, b) => a + b) / values.length;

/** How many of the 28 rows have ink. */
function height(image) {
  const rows = Array.from({ length: 28 }, (_, y) => image.subarray(28 * y, 28 * (y + 1)));
  return rows.filter((row) => row.some((value) => value > INK)).length;
}

const article = (digit) => `${digit === 8 ? "an" : "a"} ${digit}`;
