// The drawing area: from pointer and keyboard to strokes.

import { SIDE, trace } from "./strokes.js";

const STEP = 20;
const NEAR = 3; // Points closer than this to the one before are left out.

/**
 * Make `canvas` a drawing area.
 *
 * `changed(done)` is called after every change; `done` is false while a stroke is being drawn.
 */
export function makePaper(canvas, changed) {
  const paper = { strokes: [], width: 28, whiteOnBlack: false, undo, clear, replace, show };
  const context = canvas.getContext("2d");
  let drawing = null; // The pointer that draws, or "keyboard".
  let cursor = null; // Where the keyboard's pen is.

  function show() {
    const side = Math.round(canvas.getBoundingClientRect().width * devicePixelRatio);
    if (canvas.width !== side) canvas.width = canvas.height = side;
    const [paperColour, ink] = paper.whiteOnBlack ? ["#101010", "#fff"] : ["#fff", "#111"];
    context.setTransform(side / SIDE, 0, 0, side / SIDE, 0, 0);
    context.fillStyle = paperColour;
    context.fillRect(0, 0, SIDE, SIDE);
    context.strokeStyle = ink;
    trace(context, paper.strokes);
    if (cursor) {
      context.strokeStyle = drawing ? "#d55e00" : "#0072b2";
      context.lineWidth = 3;
      context.beginPath();
      context.arc(...cursor, paper.width / 2 + 4, 0, 2 * Math.PI);
      context.stroke();
    }
  }

  function update(done = true) {
    show();
    changed(done);
  }

  function begin(point, by) {
    drawing = by;
    paper.strokes.push({ width: paper.width, points: [point] });
    update(false);
  }

  function extend(point) {
    const { points } = paper.strokes.at(-1);
    const [x, y] = points.at(-1);
    if (Math.hypot(point[0] - x, point[1] - y) >= NEAR) points.push(point);
  }

  function end(keep = true) {
    if (!keep) paper.strokes.pop();
    drawing = null;
    update();
  }

  function replace(strokes) {
    paper.strokes = strokes;
    drawing = null;
    update();
  }

  function undo() {
    replace(paper.strokes.slice(0, -1));
  }

  function clear() {
    replace([]);
  }

  function place(event) {
    const box = canvas.getBoundingClientRect();
    const inside = (value) => Math.round(Math.min(Math.max(value, 0), 1) * SIDE);
    return [inside((event.clientX - box.left) / box.width), inside((event.clientY - box.top) / box.height)];
  }

  canvas.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    if (drawing !== null) {
      end(drawing === "keyboard"); // A second finger: they want to zoom, not to draw.
      return;
    }
    if (!event.isPrimary) return;
    cursor = null;
    canvas.setPointerCapture(event.pointerId);
    begin(place(event), event.pointerId);
  });
  canvas.addEventListener("pointermove", (event) => {
    if (event.pointerId !== drawing) return;
    const moves = event.getCoalescedEvents?.() ?? [];
    for (const move of moves.length ? moves : [event]) extend(place(move));
    update(false);
  });
  canvas.addEventListener("pointerup", (event) => event.pointerId === drawing && end());
  // The browser takes the finger over, to zoom.
  canvas.addEventListener("pointercancel", (event) => event.pointerId === drawing && end(false));

  canvas.addEventListener("keydown", (event) => {
    const arrows = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    const move = arrows[event.key];
    if (typeof drawing === "number") return;
    if (move) {
      const size = event.shiftKey ? STEP / 4 : STEP;
      const from = cursor ?? [SIDE / 2, SIDE / 2];
      cursor = from.map((value, i) => Math.min(Math.max(value + size * move[i], 0), SIDE));
      if (drawing) extend(cursor);
      update(!drawing);
    } else if (event.key === " ") {
      cursor ??= [SIDE / 2, SIDE / 2];
      if (drawing) end();
      else begin(cursor, "keyboard");
    } else if (event.key === "Backspace" || (event.key === "z" && (event.ctrlKey || event.metaKey))) {
      undo();
    } else if (event.key === "Delete") {
      clear();
    } else {
      return;
    }
    event.preventDefault();
  });
  canvas.addEventListener("focus", () => {
    if (canvas.matches(":focus-visible")) cursor ??= [SIDE / 2, SIDE / 2];
    show();
  });
  canvas.addEventListener("blur", () => {
    cursor = null;
    if (drawing === "keyboard") end();
    show();
  });
  new ResizeObserver(show).observe(canvas);
  return paper;
}
