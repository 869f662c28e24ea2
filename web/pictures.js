// Numbers as pictures.

/** Paint 28 x 28 values from 0 (black) to 1 (white). */
export function paintGrey(canvas, values) {
  paint(canvas, 28, 28, (x, y) => Array(3).fill(255 * values[28 * y + x]));
}

/** Paint a code as three tiles, one above the other, with a transparent row between. */
export function paintCode(canvas, code, limit) {
  paint(canvas, 4, 14, (x, y) => {
    const [tile, row] = [Math.floor(y / 5), y % 5];
    return row < 4 ? diverging(code[16 * tile + 4 * row + x] / limit) : null;
  });
}

export function blank(...canvases) {
  for (const canvas of canvases) canvas.getContext("2d").clearRect(0, 0, canvas.width, canvas.height);
}

function paint(canvas, width, height, colour) {
  const picture = new ImageData(width, height);
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i += 4) {
      const rgb = colour(x, y);
      if (rgb) picture.data.set([...rgb, 255], i);
    }
  }
  canvas.getContext("2d").putImageData(picture, 0, 0);
}

const ENDS = [[0, 114, 178], [213, 94, 0]]; // Okabe and Ito's blue and vermilion.
const MIDDLE = [244, 244, 244];

/** The colour of a value from -1 (blue) by 0 (near white) to 1 (vermilion). */
function diverging(value) {
  const end = ENDS[value < 0 ? 0 : 1];
  const share = Math.min(Math.abs(value), 1);
  return MIDDLE.map((channel, i) => channel + share * (end[i] - channel));
}
