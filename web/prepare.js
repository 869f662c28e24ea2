// A drawing made into an image as MNIST's were (LeCun et al., 1998, section III.A): the ink is cut
// out, scaled without distortion into 20 x 20 pixels by averaging over areas, and shifted by whole
// pixels so that its centre of mass comes to the middle. The brightest pixel becomes 1, so thin or
// pale lines are as bright as thick ones. `tests/web/prepared.json` has what must come of which image.
// An image is { height, width, values }, its values row by row in a typed array.

const SIDE = 28;
const BOX = 20;
/** What is below this share of the brightest pixel is no ink. */
export const INK = 0.1;

/** An image of one digit, 0 where there is no ink, as a Float64Array of 28 x 28 values in [0, 1]. */
export function prepared(image) {
  const box = inkBox(image);
  if (!box) return new Float64Array(SIDE * SIDE);
  const step = Math.max(box.height, box.width) / BOX;
  const rows = new Float64Array(box.height);
  const columns = new Float64Array(box.width);
  for (let y = 0, i = 0; y < box.height; y++) {
    for (let x = 0; x < box.width; x++, i++) {
      rows[y] += box.values[i];
      columns[x] += box.values[i];
    }
  }
  const result = reduced(box, step, [margin(rows, step), margin(columns, step)], [SIDE, SIDE]);
  const brightest = result.reduce((a, b) => Math.max(a, b));
  return result.map((value) => value / brightest);
}

/**
 * An image in new pixels that are `step` old ones wide, each the mean over its area: `shape` of them,
 * [height, width], of which `above` and `left` lie before the image. Where `step` is below 1 the mean
 * is over an area of one old pixel around the new one's middle.
 */
export function reduced({ height, width, values }, step, [above, left], shape) {
  const down = shares(height, -above * step, step, shape[0]);
  const right = shares(width, -left * step, step, shape[1]);
  const result = new Float64Array(shape[0] * shape[1]);
  const line = new Float64Array(width);
  down.forEach((rows, i) => {
    line.fill(0);
    for (const [y, share] of rows) {
      for (let x = 0, k = y * width; x < width; x++, k++) line[x] += share * values[k];
    }
    right.forEach((columns, j) => {
      for (const [x, share] of columns) result[i * shape[1] + j] += share * line[x];
    });
  });
  return result;
}

/** For each new pixel the old ones that are in it, as [place, share] pairs. */
function shares(length, start, step, count) {
  return Array.from({ length: count }, (_, i) => {
    const begin = start + step * i;
    const covered = overlap(begin, begin + step, 0, length) / step;
    const middle = begin + step / 2;
    const [from, to] = [middle - Math.max(step, 1) / 2, middle + Math.max(step, 1) / 2];
    const pairs = [];
    let total = 0;
    for (let old = Math.max(0, Math.floor(from)); old < Math.min(length, to); old++) {
      const share = overlap(from, to, old, old + 1);
      pairs.push([old, share]);
      total += share;
    }
    return total ? pairs.map(([old, share]) => [old, (covered * share) / total]) : [];
  });
}

function overlap(begin, end, otherBegin, otherEnd) {
  return Math.max(0, Math.min(end, otherEnd) - Math.max(begin, otherBegin));
}

/** The part of an image that has ink, or null where there is none. */
function inkBox({ height, width, values }) {
  let brightest = 0;
  for (const value of values) if (value > brightest) brightest = value;
  if (!brightest) return null;
  let [top, bottom, left, right] = [height, -1, width, -1];
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i++) {
      if (values[i] < INK * brightest) continue;
      if (y < top) top = y;
      bottom = y;
      if (x < left) left = x;
      if (x > right) right = x;
    }
  }
  const box = { height: bottom - top + 1, width: right - left + 1 };
  box.values = new values.constructor(box.height * box.width);
  for (let y = 0; y < box.height; y++) {
    const start = (top + y) * width + left;
    box.values.set(values.subarray(start, start + box.width), y * box.width);
  }
  return box;
}

/** How many new pixels stay free before the ink. */
function margin(ink, step) {
  let mass = 0;
  let moment = 0;
  ink.forEach((value, i) => {
    mass += value;
    moment += (i + 0.5) * value;
  });
  const free = SIDE - Math.ceil(ink.length / step - 1e-9);
  return Math.min(Math.max(Math.ceil(SIDE / 2 - moment / mass / step - 1e-9), 0), free);
}
