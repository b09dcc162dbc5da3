// The page: it keeps the configuration, hands it to the worker, and draws what comes back.
import { Controls } from "./controls.js";
import { Diagram } from "./network.js";
import { Plot } from "./plot.js";
import { drawCurves, short } from "./curves.js";

const $ = (id) => document.getElementById(id);
const calm = matchMedia("(prefers-reduced-motion: reduce)");
const worker = new Worker("worker.js", { type: "module" });

let lab = null; // what the worker describes
let params = new URLSearchParams(); // the configuration
let opened = null; // the lab that is shown
let frame = null; // the last one
let unit = null; // the unit whose map is shown, or null for the output
let playing = false;
let drawing = false; // the last frame, or about to

const send = (type, message = {}) => worker.postMessage({ type, ...message });
const plot = new Plot($("plot"), addPoints);
const diagram = new Diagram($("diagram"), showUnit, (units) => change("layers", units.join()));
const controls = new Controls($("controls"), change);

// perFrame returns the steps between frames; calm pages have fewer frames.
const perFrame = () => +$("speed").value * (calm.matches ? 30 : 1);

function open(fragment, play = false) {
  playing = play;
  send("open", { fragment, play });
}

// change sets a field and starts anew.
function change(name, value) {
  params.set(name, value);
  params.set("step", "0");
  open(params.toString(), playing);
}

function addPoints(points) {
  change("points", (params.get("points") ?? "") + points);
}

function showUnit(number, label) {
  unit = number;
  $("shown").textContent = label ?? "";
  if (frame) plot.draw(frame, unit);
}

function problems(list) {
  $("problems").hidden = list.length === 0;
  $("problems").querySelector("ul").replaceChildren(...list.map((text) => {
    const item = document.createElement("li");
    item.textContent = text;
    return item;
  }));
}

function state(name) {
  document.documentElement.dataset.state = name;
  const on = name === "playing" || name === "replaying";
  $("play").querySelector(".text").textContent = on ? "Pause" : "Play";
  $("play").classList.toggle("on", on);
}

// say tells a screen reader.
function say(text) {
  $("status").textContent = text;
}

// Answers of the worker.

const answers = {
  ready(description) {
    lab = description;
    controls.describe(lab.fields);
    listPresets();
    $("drawing").querySelector("fieldset").append(...Array.from({ length: lab.classes }, (_, k) => classChoice(k)));
    for (const id of ["play", "step", "reset", "copy"]) $(id).disabled = false;
    open(location.hash.slice(1));
  },

  opened(message) {
    opened = message;
    params = new URLSearchParams(message.fragment);
    unit = null;
    frame = null;
    problems(message.problems);
    controls.show(params);
    diagram.configure(message, lab);
    const points = (params.get("points") ?? "").length / 3;
    const drawn = params.get("data") === "drawn";
    plot.configure(message, lab, drawn, lab.maxPoints - points);
    $("drawing").hidden = !drawn;
    $("count").textContent = `${points} of at most ${lab.maxPoints} points.`;
    $("score-name").textContent = message.classes ? "Accuracy" : "R²";
    $("add-layer").disabled = message.units.length >= lab.maxLayers;
    $("remove-layer").disabled = message.units.length === 0;
    showKey();
    showStory();
  },

  frame(message) {
    frame = message;
    playing = message.playing;
    schedule();
  },

  failed({ error }) {
    problems([error]);
    state("failed");
  },
};

worker.onmessage = ({ data }) => answers[data.type](data);
worker.onerror = ({ message }) => answers.failed({ error: message ?? "The lab does not start: this browser may lack module workers." });

// Drawing is done part by part, so that the page answers in between.
const parts = [
  (f) => plot.draw(f, unit),
  (f) => diagram.draw(f),
  (f) => {
    drawCurves($("loss-curves"), f.curves, 1);
    drawCurves($("score-curves"), f.curves, 3, { high: 1, label: opened.classes ? (v) => `${100 * v} %` : short });
  },
  tell,
];

const pause = (milliseconds) => new Promise((resolve) => { setTimeout(resolve, milliseconds); });

function schedule() {
  if (!drawing) requestAnimationFrame(draw);
  drawing = true;
}

// draw draws the last frame, and asks for the next one.
async function draw() {
  const f = frame;
  for (const part of f ? parts : []) {
    if (f !== frame) break;
    part(f);
    await pause(0);
  }
  drawing = false;
  if (f !== frame) {
    schedule();
    return;
  }
  await pause(calm.matches ? 500 : 0);
  send("drawn");
}

// tell writes the frame's numbers and texts.
function tell(f) {
  showNumbers(f);
  showGradients(f.gradients);
  showFindings(f);
  const before = document.documentElement.dataset.state;
  state(f.replaying ? "replaying" : f.playing ? "playing" : "paused");
  if (!f.playing && !f.replaying) {
    history.replaceState(null, "", `#${f.fragment}`);
    if (before !== "paused") say(f.ended ?? summary(f));
  }
}

const percent = (v) => (Number.isFinite(v) ? `${(100 * v).toFixed(1)} %` : "–");
const score = (v) => (opened.classes ? percent(v) : short(v));

function summary(f) {
  const [, trainLoss, testLoss, trainScore, testScore] = f.curves.slice(-5);
  return `Step ${f.step}. Training loss ${short(trainLoss)}, test loss ${short(testLoss)}. ` +
    `${$("score-name").textContent}: training ${score(trainScore)}, test ${score(testScore)}.`;
}

function showNumbers(f) {
  const [, trainLoss, testLoss, trainScore, testScore] = f.curves.slice(-5);
  $("epoch").textContent = Math.floor(f.step / opened.stepsPerEpoch);
  $("steps").textContent = f.replaying ? `${f.step} of ${f.until}` : f.step;
  $("time").textContent = f.milliseconds === null ? "–" : `${f.milliseconds.toFixed(f.milliseconds < 1 ? 3 : 1)} ms`;
  $("rate-now").textContent = short(f.rate);
  $("hash").textContent = f.hash;
  $("train-loss").value = short(trainLoss);
  $("test-loss").value = short(testLoss);
  $("train-score").value = score(trainScore);
  $("test-score").value = score(testScore);
  $("command").textContent = `go run ./examples/playground -hash '${f.fragment}'`;
}

// showGradients draws a bar for each layer, from 1e-6 to 100.
function showGradients(norms) {
  const list = $("gradients");
  while (list.children.length > norms.length) list.lastChild.remove();
  while (list.children.length < norms.length) {
    const item = document.createElement("li");
    item.append(document.createElement("span"), document.createElement("i"), document.createElement("output"));
    list.append(item);
  }
  norms.forEach((norm, k) => {
    const [name, bar, value] = list.children[k].children;
    name.textContent = k === norms.length - 1 ? "output" : `layer ${k + 1}`;
    const share = (Math.log10(norm) + 6) / 8;
    bar.style.setProperty("--share", `${100 * Math.max(0, Math.min(1, Number.isFinite(share) ? share : +(norm > 0)))}%`);
    value.value = short(norm);
  });
}

function showFindings(f) {
  const list = f.ended ? [f.ended, ...f.findings] : f.findings;
  const texts = list.length ? list : [f.step ? "Nothing wrong so far." : "Press Play."];
  if ($("findings").dataset.texts === texts.join("\n")) return;
  $("findings").dataset.texts = texts.join("\n");
  $("findings").replaceChildren(...texts.map((text) => {
    const item = document.createElement("li");
    item.textContent = text;
    return item;
  }));
}

// showKey explains the picture's colours and marks.
function showKey() {
  const marks = ["●", "■", "▲", "◆"];
  const parts = [];
  for (let k = 0; k < (opened.classes || 2); k++) {
    const name = opened.classes ? `class ${k}` : k ? "towards 1" : "towards −1";
    const mark = document.createElement("span");
    mark.className = `class-${k}`;
    mark.textContent = opened.classes ? marks[k] : "●";
    parts.push(mark, ` ${name}   `);
  }
  if (opened.testY.length) parts.push("hollow: for testing");
  $("key").replaceChildren(...parts);
}

// Presets.

const withoutStep = (fragment) => fragment.replace(/&step=\d+$/, "");

function listPresets() {
  const groups = new Map();
  lab.presets.forEach((preset, i) => {
    if (!groups.has(preset.story)) {
      const group = document.createElement("div");
      group.setAttribute("role", "group");
      group.setAttribute("aria-label", preset.story);
      const name = document.createElement("span");
      name.textContent = preset.story;
      group.append(name);
      groups.set(preset.story, group);
    }
    const chip = document.createElement("button");
    chip.type = "button";
    chip.textContent = preset.name;
    chip.dataset.preset = i;
    chip.addEventListener("click", () => open(preset.fragment, playing));
    groups.get(preset.story).append(chip);
  });
  $("presets").append(...groups.values());
}

function showStory() {
  const now = withoutStep(opened.fragment);
  const i = lab.presets.findIndex((p) => withoutStep(p.fragment) === now);
  for (const chip of $("presets").querySelectorAll("button")) chip.setAttribute("aria-pressed", String(+chip.dataset.preset === i));
  $("look").textContent = i >= 0 ? lab.presets[i].text
    : "A setting of your own. What the training loss gains is worth something as long as the test loss follows.";
}

function classChoice(k) {
  const label = document.createElement("label");
  const input = Object.assign(document.createElement("input"), { type: "radio", name: "class", value: k, checked: k === 0 });
  input.addEventListener("change", () => { plot.class = k; });
  const mark = document.createElement("span");
  mark.className = `class-${k}`;
  mark.textContent = ["●", "■", "▲", "◆"][k];
  label.append(input, mark, String(k));
  return label;
}

// Buttons.

$("play").addEventListener("click", () => {
  if (document.documentElement.dataset.state === "paused") {
    playing = true;
    state("playing");
    say("Training.");
    send("play", { perFrame: perFrame() });
  } else send("pause");
});
$("step").addEventListener("click", () => send("step"));
$("reset").addEventListener("click", () => {
  params.set("step", "0");
  open(params.toString());
});
$("speed").addEventListener("change", () => send("speed", { perFrame: perFrame() }));
$("add-layer").addEventListener("click", () => change("layers", [...opened.units, opened.units.at(-1) ?? 4].join()));
$("remove-layer").addEventListener("click", () => change("layers", opened.units.slice(0, -1).join()));
$("undo").addEventListener("click", () => change("points", (params.get("points") ?? "").slice(0, -3)));
$("clear").addEventListener("click", () => change("points", ""));
$("dismiss").addEventListener("click", () => problems([]));
$("copy").addEventListener("click", async () => {
  const url = new URL(location.href);
  url.hash = frame?.fragment ?? "";
  history.replaceState(null, "", url);
  try {
    await navigator.clipboard.writeText(url.href);
    say("The link is copied.");
    $("copy").textContent = "Copied";
  } catch {
    $("copy").textContent = "See the address bar";
  }
  setTimeout(() => { $("copy").textContent = "Copy link"; }, 2000);
});

addEventListener("hashchange", () => open(location.hash.slice(1)));
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", schedule);
new ResizeObserver(schedule).observe($("loss-curves"));

// While it trains, a screen reader hears of it every ten seconds.
setInterval(() => {
  if (frame?.playing) say(summary(frame));
}, 10_000);
