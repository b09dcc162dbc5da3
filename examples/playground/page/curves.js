// The curves of loss and score.
import { colors, sharp } from "./colors.js";

const numbers = 5; // of a record: step, training and test loss, training and test score

// tidy returns a round number at or above v.
function tidy(v) {
  const unit = 10 ** Math.floor(Math.log10(v));
  return [1, 2, 5, 10].map((m) => m * unit).find((m) => m >= v * 0.999);
}

// short writes a number for a label.
export const short = (v) => (Number.isFinite(v) ? (Math.abs(v) >= 1000 || (v !== 0 && Math.abs(v) < 0.001) ? v.toExponential(1) : `${+v.toPrecision(3)}`) : "–");

// drawCurves draws the columns of records at place (training) and place + 1 (test), from 0 up to high, or as
// high as needed.
export function drawCurves(canvas, records, place, { high = null, label = short } = {}) {
  const { context, width, height } = sharp(canvas);
  const c = colors();
  const count = records.length / numbers;
  const at = (i, k) => records[i * numbers + k];
  let top = high;
  if (top === null) {
    let peak = 0;
    for (let i = 0; i < count; i++) {
      for (const k of [place, place + 1]) if (Number.isFinite(at(i, k))) peak = Math.max(peak, at(i, k));
    }
    top = peak > 0 ? tidy(peak) : 1;
  }
  const box = { left: 38, right: width - 6, top: 8, bottom: height - 18 };
  const end = Math.max(1, at(count - 1, 0));
  const x = (step) => box.left + ((box.right - box.left) * step) / end;
  const y = (v) => box.bottom - (box.bottom - box.top) * Math.max(0, Math.min(1, v / top));

  context.font = "11px system-ui, sans-serif";
  context.fillStyle = c.muted;
  context.strokeStyle = c.line;
  context.lineWidth = 1;
  context.textBaseline = "middle";
  context.textAlign = "right";
  for (const share of [0, 0.5, 1]) {
    const v = share * top;
    const line = Math.round(y(v)) + 0.5;
    context.beginPath();
    context.moveTo(box.left, line);
    context.lineTo(box.right, line);
    context.stroke();
    context.fillText(label(v), box.left - 5, line);
  }
  context.textBaseline = "alphabetic";
  context.fillText(`step ${end}`, box.right, height - 3);
  context.textAlign = "left";
  context.fillText("0", box.left, height - 3);

  for (const [k, color, dash] of [[place, c.ink, []], [place + 1, c.test, [5, 3]]]) {
    context.beginPath();
    for (let i = 0; i < count; i++) if (Number.isFinite(at(i, k))) context.lineTo(x(at(i, 0)), y(at(i, k)));
    context.setLineDash(dash);
    context.lineWidth = 1.8;
    context.strokeStyle = color;
    context.stroke();
  }
  context.setLineDash([]);
}
