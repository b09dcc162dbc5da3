// The picture of the plane: the network's output, or a unit's, and the points.
import { colors, sharp, paint } from "./colors.js";

const cells = 256; // along an edge, of the places that a drawn point can have
const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

// encode writes a drawn point as a fragment has it: column, row and class in three digits.
function encode(column, row, k) {
  const bits = (column << 10) | (row << 2) | k;
  return digits[bits >> 12] + digits[(bits >> 6) & 63] + digits[bits & 63];
}

// mark traces the outline of a class's mark: a circle, a square, a triangle, a diamond.
function mark(context, k, x, y, r) {
  context.beginPath();
  if (k === 0) context.arc(x, y, r, 0, 2 * Math.PI);
  else if (k === 1) context.rect(x - 0.9 * r, y - 0.9 * r, 1.8 * r, 1.8 * r);
  else {
    const corners = k === 2 ? [[0, -1.2], [1.15, 0.85], [-1.15, 0.85]] : [[0, -1.3], [1.2, 0], [0, 1.3], [-1.2, 0]];
    for (const [dx, dy] of corners) context.lineTo(x + dx * r, y + dy * r);
    context.closePath();
  }
}

export class Plot {
  // onPoints is called with the text of points that were drawn.
  constructor(canvas, onPoints) {
    this.canvas = canvas;
    this.onPoints = onPoints;
    this.map = document.createElement("canvas");
    this.marks = document.createElement("canvas"); // the points, drawn once for each size and theme
    this.drawing = false; // whether points can be drawn
    this.room = 0; // for so many
    this.class = 0;
    this.cursor = null; // place of the keyboard's cross, in cells
    this.fresh = ""; // points of the stroke that is being drawn
    this.last = null;
    this.points = [];
    canvas.addEventListener("pointerdown", (event) => this.down(event));
    canvas.addEventListener("pointermove", (event) => this.move(event));
    canvas.addEventListener("pointerup", () => this.up());
    canvas.addEventListener("pointercancel", () => this.up());
    canvas.addEventListener("keydown", (event) => this.key(event));
    canvas.addEventListener("blur", () => { this.cursor = null; this.show(); });
    new ResizeObserver(() => this.show()).observe(canvas);
  }

  // configure takes the points of a lab that was opened.
  configure({ trainX, trainY, testX, testY, classes }, { view, outputSide, unitSide }, drawing, room) {
    Object.assign(this, { view, outputSide, unitSide, classes, drawing, room });
    this.points = [];
    for (const [xs, ys, test] of [[testX, testY, true], [trainX, trainY, false]]) {
      for (let i = 0; i < ys.length; i++) this.points.push({ x: xs[2 * i], y: xs[2 * i + 1], value: ys[i], test });
    }
    this.marked = null;
    this.canvas.classList.toggle("drawable", drawing);
    this.canvas.tabIndex = drawing ? 0 : -1;
    this.canvas.setAttribute("role", drawing ? "application" : "img"); // an application gets the arrow keys
  }

  // draw shows the output or, if unit is not null, the map of that unit.
  draw(frame, unit) {
    const c = colors();
    if (unit !== null) {
      const size = this.unitSide ** 2;
      const bytes = frame.units.subarray(unit * size, (unit + 1) * size);
      paint(this.map, bytes, this.unitSide, (i, b) => c.signed[b[i]]);
    } else if (this.classes > 2) {
      const size = this.outputSide ** 2;
      paint(this.map, frame.output, this.outputSide, (i, b) => c.winner[b[i]][b[size + i]]);
    } else {
      paint(this.map, frame.output, this.outputSide, (i, b) => c.signed[b[i]]);
    }
    this.show();
  }

  show() {
    if (!this.view) return; // nothing to show yet
    const { context, width, height } = sharp(this.canvas);
    if (!width) return;
    const c = colors();
    context.imageSmoothingEnabled = true;
    context.imageSmoothingQuality = "high";
    context.drawImage(this.map, 0, 0, width, height);
    const radius = Math.max(2.2, Math.min(4.2, width / 95)) * (this.points.length > 400 ? 0.8 : 1);
    const now = `${this.canvas.width} ${c.ink}`;
    if (this.marked !== now) {
      this.marked = now;
      this.markPoints(c, width, radius);
    }
    context.drawImage(this.marks, 0, 0, width, height);
    for (let i = 0; i < this.fresh.length; i += 3) {
      const bits = [0, 1, 2].reduce((sum, j) => sum * 64 + digits.indexOf(this.fresh[i + j]), 0);
      mark(context, bits & 3, (((bits >> 10) + 0.5) * width) / cells, ((((bits >> 2) & 255) + 0.5) * height) / cells, radius);
      context.fillStyle = c.classes[bits & 3];
      context.fill();
      context.strokeStyle = c.panel;
      context.stroke();
    }
    if (this.cursor) {
      const [x, y] = this.cursor.map((v) => ((v + 0.5) * width) / cells);
      context.strokeStyle = c.ink;
      context.lineWidth = 1.5;
      context.beginPath();
      context.moveTo(x - 9, y);
      context.lineTo(x + 9, y);
      context.moveTo(x, y - 9);
      context.lineTo(x, y + 9);
      context.stroke();
    }
  }

  markPoints(c, width, radius) {
    this.marks.width = this.canvas.width;
    this.marks.height = this.canvas.height;
    const context = this.marks.getContext("2d");
    context.scale(this.marks.width / width, this.marks.width / width);
    const scale = width / (2 * this.view);
    for (const p of this.points) {
      const color = this.classes ? c.classes[p.value] : c.value(p.value);
      mark(context, this.classes ? p.value : 0, (p.x + this.view) * scale, (this.view - p.y) * scale, radius);
      context.fillStyle = p.test ? c.panel : color;
      context.fill();
      context.lineWidth = p.test ? 1.8 : 1;
      context.strokeStyle = p.test ? color : this.classes ? c.panel : c.muted;
      context.stroke();
    }
  }

  // put adds a point to the stroke, as long as there is room for one.
  put(column, row) {
    if (this.room === 0) return;
    this.room--;
    this.fresh += encode(column, row, this.class);
    this.last = [column, row];
    this.show();
  }

  place(event) {
    const box = this.canvas.getBoundingClientRect();
    const cell = (v, size) => Math.max(0, Math.min(cells - 1, Math.floor((v / size) * cells)));
    return [cell(event.clientX - box.left, box.width), cell(event.clientY - box.top, box.height)];
  }

  down(event) {
    if (!this.drawing || event.button !== 0) return;
    this.canvas.setPointerCapture(event.pointerId);
    this.stroke = true;
    this.put(...this.place(event));
  }

  move(event) {
    if (!this.stroke || !this.last) return;
    const [column, row] = this.place(event);
    if (Math.hypot(column - this.last[0], row - this.last[1]) >= 8) this.put(column, row);
  }

  up() {
    if (!this.stroke) return;
    this.stroke = false;
    this.finish();
  }

  finish() {
    const points = this.fresh;
    this.fresh = "";
    if (points) this.onPoints(points);
  }

  key(event) {
    if (!this.drawing) return;
    const moves = { ArrowLeft: [-4, 0], ArrowRight: [4, 0], ArrowUp: [0, -4], ArrowDown: [0, 4] };
    if (event.key in moves) {
      const by = moves[event.key];
      this.cursor = (this.cursor ?? [cells / 2, cells / 2]).map((v, i) => Math.max(0, Math.min(cells - 1, v + by[i])));
      this.show();
    } else if (event.key === "Enter" || event.key === " ") {
      this.cursor ??= [cells / 2, cells / 2];
      this.put(...this.cursor);
      this.finish();
    } else return;
    event.preventDefault();
  }
}
