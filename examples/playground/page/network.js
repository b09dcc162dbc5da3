// The diagram of the network: its units as small maps, its weights as lines.
import { colors, sharp, paint } from "./colors.js";

const head = 40; // room for the buttons above the columns
const strengths = 10; // that lines are told apart by

const button = (text, label, act) => {
  const b = document.createElement("button");
  b.type = "button";
  b.textContent = text;
  b.setAttribute("aria-label", label);
  b.addEventListener("click", act);
  return b;
};

export class Diagram {
  // onUnit is called with the number of the unit that is pointed at, or null; onLayers with the new units of all layers.
  constructor(root, onUnit, onLayers) {
    this.root = root;
    this.onUnit = onUnit;
    this.onLayers = onLayers;
    this.board = document.createElement("div");
    this.board.className = "board";
    this.lines = document.createElement("canvas");
    this.lines.setAttribute("aria-hidden", "true");
    root.append(this.board);
    this.board.addEventListener("keydown", (event) => this.key(event));
    new ResizeObserver(() => { this.place(); this.show(); }).observe(root);
    this.frame = null;
    this.layers = [];
  }

  // configure builds the nodes for the hidden layers' units and the outputs.
  configure({ units, outputs, classes }, { unitSide, maxUnits }) {
    this.unitSide = unitSide;
    this.classes = classes;
    const sizes = [2, ...units, outputs];
    const same = this.sizes?.join() === sizes.join() && this.outputClasses === classes;
    this.sizes = sizes;
    this.outputClasses = classes;
    this.hidden = units;
    if (same) return;
    const focused = this.board.contains(document.activeElement) ? document.activeElement.getAttribute("aria-label") : null;
    this.layers = [];
    this.heads = [];
    this.selected = null;
    this.board.replaceChildren(this.lines);
    let number = 0;
    sizes.forEach((size, column) => {
      const kind = column === 0 ? "input" : column === sizes.length - 1 ? "output" : "unit";
      this.heads.push(this.head(kind, column, maxUnits));
      this.layers.push(Array.from({ length: size }, (_, i) => this.node(kind, column, i, kind === "unit" ? number++ : null)));
    });
    const first = this.board.querySelector("button.node");
    if (first) first.tabIndex = 0;
    if (focused) this.board.querySelector(`[aria-label="${CSS.escape(focused)}"]`)?.focus();
    this.place();
  }

  head(kind, column, maxUnits) {
    const head = document.createElement("div");
    head.className = "head";
    if (kind === "unit") {
      const change = (by) => this.onLayers(this.hidden.map((u, i) => (i === column - 1 ? u + by : u)));
      const size = this.sizes[column];
      const less = button("−", `Remove a unit of layer ${column}`, () => change(-1));
      const more = button("+", `Add a unit to layer ${column}`, () => change(1));
      less.disabled = size <= 1;
      more.disabled = size >= maxUnits;
      const count = document.createElement("span");
      count.textContent = size;
      head.append(less, count, more);
    } else head.textContent = kind === "input" ? "inputs" : "output";
    this.board.append(head);
    return head;
  }

  node(kind, column, i, number) {
    const node = document.createElement(kind === "unit" ? "button" : "div");
    node.className = `node ${kind}`;
    node.column = column;
    node.index = i;
    if (kind === "output") {
      node.textContent = this.classes > 2 ? "●■▲◆"[i] : this.classes ? "p" : "y";
      if (this.classes > 2) node.classList.add(`class-${i}`);
    } else {
      node.map = document.createElement("canvas");
      node.append(node.map);
    }
    if (kind === "unit") {
      node.type = "button";
      node.tabIndex = -1;
      node.setAttribute("aria-label", `Layer ${column}, unit ${i + 1}`);
      const on = () => this.select(node, number);
      const off = () => this.select(null, null);
      node.addEventListener("pointerenter", on);
      node.addEventListener("pointerleave", off);
      node.addEventListener("focus", on);
      node.addEventListener("blur", off);
    } else if (kind === "input") node.title = i ? "the height" : "the width";
    this.board.append(node);
    return node;
  }

  select(node, number) {
    this.selected = node;
    this.onUnit(number, node?.getAttribute("aria-label"));
    this.show();
  }

  // key moves the focus among the units: only one of them is reached by Tab.
  key(event) {
    const node = event.target;
    if (!node.matches("button.node")) return;
    const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    if (!step) return;
    event.preventDefault();
    const layer = this.layers[node.column + step[0]];
    const next = layer?.[Math.min(node.index + step[1], layer.length - 1)];
    if (!next?.matches("button.node")) return;
    node.tabIndex = -1;
    next.tabIndex = 0;
    next.focus();
  }

  // place lays the nodes out.
  place() {
    const columns = this.layers.length;
    if (!columns) return;
    const narrowest = parseFloat(getComputedStyle(this.root).getPropertyValue("--column"));
    const width = Math.max(this.root.clientWidth, columns * narrowest);
    const most = Math.max(...this.layers.map((l) => l.length));
    const pitch = Math.max(22, Math.min(52, 400 / most));
    const size = Math.round(pitch - 5);
    const height = head + Math.max(240, most * pitch) + 8;
    Object.assign(this.board.style, { width: `${width}px`, height: `${height}px` });
    this.size = size;
    this.layers.forEach((layer, column) => {
      const x = (width * (column + 0.5)) / columns;
      this.heads[column].style.left = `${x}px`;
      layer.forEach((node, i) => {
        node.x = x;
        node.y = head + (height - head) / 2 + (i - (layer.length - 1) / 2) * pitch;
        node.style.fontSize = `${Math.min(14, size * 0.6)}px`;
        Object.assign(node.style, { left: `${x}px`, top: `${node.y}px`, width: `${size}px`, height: `${size}px` });
      });
    });
  }

  draw(frame) {
    this.frame = frame;
    this.show(true);
  }

  show(maps = false) {
    if (!this.frame || !this.layers.length) return;
    const c = colors();
    if (maps) {
      const cells = this.unitSide ** 2;
      let at = 0;
      for (const layer of this.layers.slice(1, -1)) {
        for (const node of layer) {
          paint(node.map, this.frame.units.subarray(at, at + cells), this.unitSide, (i, b) => c.signed[b[i]]);
          at += cells;
        }
      }
      const side = this.unitSide;
      const ramp = (v) => c.signed[Math.floor((255 * v) / (side - 1))];
      paint(this.layers[0][0].map, null, side, (i) => ramp(i % side));
      paint(this.layers[0][1].map, null, side, (i) => ramp(side - 1 - Math.floor(i / side)));
    }
    const { context } = sharp(this.lines);
    for (const path of this.paths()) {
      const strength = path.strength / strengths;
      let alpha = 0.15 + 0.75 * strength;
      if (this.selected) alpha = path.selected ? Math.max(alpha, 0.6) : alpha * 0.2;
      context.strokeStyle = path.negative ? c.negative(alpha) : c.positive(alpha);
      context.lineWidth = 0.4 + 4 * strength;
      context.stroke(path.lines);
    }
  }

  // paths returns the weights as lines, those that look alike in one path, the weakest first: to stroke each on its own takes
  // ten times as long.
  paths() {
    const paths = new Map();
    const half = this.size / 2;
    let w = 0;
    for (let column = 1; column < this.layers.length; column++) {
      for (const from of this.layers[column - 1]) {
        for (const to of this.layers[column]) {
          const weight = this.frame.weights[w++];
          if (!Number.isFinite(weight)) continue;
          const strength = Math.round(strengths * Math.min(1, Math.abs(weight) / 2));
          const negative = weight < 0;
          const selected = this.selected === from || this.selected === to;
          const key = `${strength} ${negative} ${selected}`;
          if (!paths.has(key)) paths.set(key, { strength, negative, selected, lines: new Path2D() });
          const { lines } = paths.get(key);
          const [x0, x1] = [from.x + half, to.x - half];
          const bend = (x1 - x0) * 0.45;
          lines.moveTo(x0, from.y);
          lines.bezierCurveTo(x0 + bend, from.y, x1 - bend, to.y, x1, to.y);
        }
      }
    }
    return [...paths.values()].sort((a, b) => a.selected - b.selected || a.strength - b.strength);
  }
}
