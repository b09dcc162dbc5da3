// Colours, as the style sheet has them: they differ between light and dark.

let cache = null;

matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => { cache = null; });

function rgb(name) {
  const text = getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  return [1, 3, 5].map((i) => parseInt(text.slice(i, i + 2), 16));
}

const css = ([r, g, b], alpha = 1) => `rgb(${r} ${g} ${b} / ${alpha})`;

const mix = (a, b, share) => a.map((v, i) => Math.round(v + (b[i] - v) * share));

// pixel packs a colour as ImageData has it in memory.
const pixel = ([r, g, b]) => ((255 << 24) | (b << 16) | (g << 8) | r) >>> 0;

// colors returns the colours of the present theme.
export function colors() {
  if (cache) return cache;
  const classes = [0, 1, 2, 3].map((k) => rgb(`--class-${k}`));
  const middle = rgb("--middle");
  const [low, high] = classes;
  // Of a signed map: class 0's colour, the middle, class 1's.
  const signed = new Uint32Array(256);
  for (let i = 0; i < 256; i++) {
    const share = (i - 127.5) / 127.5;
    signed[i] = pixel(mix(middle, share < 0 ? low : high, 0.6 * Math.abs(share) ** 0.8));
  }
  // Of several classes: the winner's colour, paler the less sure it is.
  const winner = classes.map((c) => {
    const table = new Uint32Array(256);
    for (let i = 0; i < 256; i++) table[i] = pixel(mix(middle, c, 0.6 * Math.max(0, (i / 255 - 0.25) / 0.75)));
    return table;
  });
  cache = {
    classes: classes.map((c) => css(c)),
    positive: (alpha) => css(high, alpha),
    negative: (alpha) => css(low, alpha),
    value: (v) => css(mix(middle, v < 0 ? low : high, Math.min(1, 0.3 + 0.7 * Math.abs(v)))),
    signed, winner,
    ink: css(rgb("--ink")), muted: css(rgb("--muted")), line: css(rgb("--line")), panel: css(rgb("--panel")),
    test: css(rgb("--test")),
  };
  return cache;
}

// sharp gives a canvas as many pixels as the screen has, and returns its context in CSS pixels.
export function sharp(canvas) {
  const ratio = devicePixelRatio || 1;
  const width = canvas.clientWidth;
  const height = canvas.clientHeight;
  const [w, h] = [Math.round(width * ratio), Math.round(height * ratio)];
  if (canvas.width !== w || canvas.height !== h) {
    canvas.width = w;
    canvas.height = h;
  }
  const context = canvas.getContext("2d");
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  return { context, width, height };
}

// paint writes a map of bytes to a canvas of as many pixels.
export function paint(canvas, bytes, side, table) {
  if (canvas.width !== side) canvas.width = canvas.height = side;
  const image = new ImageData(side, side);
  const pixels = new Uint32Array(image.data.buffer);
  for (let i = 0; i < pixels.length; i++) pixels[i] = table(i, bytes);
  canvas.getContext("2d").putImageData(image, 0, 0);
}
