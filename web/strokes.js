// A drawing is a list of strokes; a stroke is { width, points }, its points [x, y] whole numbers
// from 0 to SIDE. So it looks the same on every screen, and fits into a link.

export const SIDE = 400;
const DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const STROKE = /^[A-Za-z0-9_-]{6,}$/;

/** Draw strokes in the current colour, with smooth curves through the middles between points. */
export function trace(context, strokes) {
  context.lineCap = context.lineJoin = "round";
  for (const { width, points } of strokes) {
    const [first, ...rest] = points;
    context.lineWidth = width;
    context.beginPath();
    context.moveTo(...first);
    rest.forEach(([x, y], i) => {
      const next = rest[i + 1];
      if (next) context.quadraticCurveTo(x, y, (x + next[0]) / 2, (y + next[1]) / 2);
      else context.lineTo(x, y);
    });
    if (!rest.length) context.lineTo(first[0] + 0.01, first[1]); // A dot; a line of no length is none.
    context.stroke();
  }
}

let raster;

/** The strokes as an image for `prepared`, of SIDE x SIDE values from 0 to 255. */
export function rastered(strokes) {
  raster ??= Object.assign(document.createElement("canvas"), { width: SIDE, height: SIDE })
    .getContext("2d", { willReadFrequently: true });
  raster.fillStyle = "black";
  raster.fillRect(0, 0, SIDE, SIDE);
  raster.strokeStyle = "white";
  trace(raster, strokes);
  return grey(raster);
}

/** The red channel of a canvas. */
export function grey(context) {
  const { width, height, data } = context.getImageData(0, 0, context.canvas.width, context.canvas.height);
  const values = new Uint8Array(width * height);
  for (let i = 0; i < values.length; i++) values[i] = data[4 * i];
  return { height, width, values };
}

/** A drawing as a text for a link: two letters for each number, a dot between strokes. */
export function encoded(strokes) {
  const two = (number) => DIGITS[number >> 6] + DIGITS[number & 63];
  return strokes.map(({ width, points }) => two(width) + points.flat().map(two).join("")).join(".");
}

/** The drawing of such a text, or null where it is none. */
export function decoded(text) {
  const strokes = [];
  for (const part of text.split(".")) {
    if (!STROKE.test(part) || part.length % 4 !== 2) return null;
    const numbers = part.match(/../g).map((pair) => DIGITS.indexOf(pair[0]) * 64 + DIGITS.indexOf(pair[1]));
    const [width, ...flat] = numbers;
    if (width < 1 || width > SIDE || flat.some((number) => number > SIDE)) return null;
    strokes.push({ width, points: flat.flatMap((x, i) => (i % 2 ? [] : [[x, flat[i + 1]]])) });
  }
  return strokes;
}
