// What the scores of two approaches and the reconstruction error come to, in words.

/** Below this probability an approach is not sure. */
const SURE = 0.6;

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

/** { sure, text } of two lists of probabilities, and an error with its threshold. */
export function verdict(probabilities, error, threshold) {
  if (error > threshold) {
    return { sure: false, text: "Not sure: this is unlike any digit the networks know." };
  }
  const tops = probabilities.map((list) => ranking(list)[0]);
  if (tops[0] !== tops[1]) {
    return { sure: false, text: `Not sure: ${article(tops[0])} or ${article(tops[1])}.` };
  }
  const unsure = probabilities.find((list) => list[tops[0]] < SURE);
  if (unsure) {
    return { sure: false, text: `Not sure: ${article(tops[0])}, or ${article(ranking(unsure)[1])}.` };
  }
  const text = article(tops[0]);
  return { sure: true, text: `${text[0].toUpperCase()}${text.slice(1)}.` };
}

const article = (digit) => `${digit === 8 ? "an" : "a"} ${digit}`;
