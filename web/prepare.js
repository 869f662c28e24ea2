// A drawing made into an image as MNIST's were: what `aelib/data/prepare.py` does, where it is said
// why. An image is { height, width, values }, its values row by row in a typed array.

const SIDE = 28;
const BOX = 20;
export const INK = 0.1;

/** An image of one digit, 0 where there is no ink, as a Float64Array of 28 x 28 values in [0, 1]. */
export function prepared(image) {
  const box = inkBox(image);
  if (!box) return new Float64Array(SIDE * SIDE);
  const step = Math.max(box.height, box.width) / BOX;
  const rows = new Float64Array(box.height);
  const columns = new Float64Array(box.width);
  box.rows.forEach((row, y) => {
    for (let x = 0; x < row.length; x++) {
      rows[y] += row[x];
      columns[x] += row[x];
    }
  });
  const down = coverage(box.height, -margin(rows, step) * step, step, SIDE);
  const right = coverage(box.width, -margin(columns, step) * step, step, SIDE);
  const result = averaged(box, down, right);
  const brightest = result.reduce((a, b) => Math.max(a, b));
  return result.map((value) => value / brightest);
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
  box.rows = Array.from({ length: box.height }, (_, y) => {
    const start = (top + y) * width + left;
    return values.subarray(start, start + box.width);
  });
  return box;
}

/** For each new pixel the old ones it covers, as [place, share] pairs. */
function coverage(length, start, step, count) {
  return Array.from({ length: count }, (_, i) => {
    const from = start + step * i;
    const shares = [];
    for (let old = Math.max(0, Math.floor(from)); old < Math.min(length, from + step); old++) {
      const overlap = Math.min(old + 1, from + step) - Math.max(old, from);
      if (overlap > 0) shares.push([old, overlap / step]);
    }
    return shares;
  });
}

function averaged(box, down, right) {
  const result = new Float64Array(down.length * right.length);
  const line = new Float64Array(box.width);
  down.forEach((rows, i) => {
    line.fill(0);
    for (const [y, share] of rows) {
      const row = box.rows[y];
      for (let x = 0; x < row.length; x++) line[x] += share * row[x];
    }
    right.forEach((columns, j) => {
      for (const [x, share] of columns) result[i * right.length + j] += share * line[x];
    });
  });
  return result;
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
