// The web worker: it runs the lab, and tells the page what comes of it.
import "./wasm_exec.js";

const slice = 20; // milliseconds that the lab may take before messages are read again

let step = 0; // done
let until = 0; // step to replay to, in the background
let playing = false;
let perFrame = 8; // steps between two frames; 0 is as many as go
let owed = 0; // of them
let drawn = true; // the page has drawn the last frame
let turning = false;
let ended = null;
const time = { spent: 0, steps: 0 }; // of the last some steps

const post = (type, message, transfer = []) => postMessage({ ...message, type }, transfer);

function frame() {
  const f = lab.frame();
  if (f.error) {
    post("failed", f);
    return;
  }
  drawn = false;
  const milliseconds = time.steps ? time.spent / time.steps : null;
  post("frame", { ...f, milliseconds, playing, replaying: until > step, until, ended },
    [f.output, f.units, f.weights, f.curves, f.gradients].map((a) => a.buffer));
}

function advance(steps) {
  const r = lab.advance(steps, slice);
  step = r.step;
  ended = r.ended;
  time.spent += r.milliseconds;
  time.steps += r.done;
  if (time.spent > 500) {
    time.spent /= 2;
    time.steps /= 2;
  }
  if (r.done < steps && ended) {
    playing = false;
    until = 0;
  }
  return r.done;
}

// turn does a slice of work, and comes back for the next one after messages were read.
function turn() {
  turning = false;
  if (until > step) {
    advance(until - step);
    if (until <= step || drawn) frame();
  } else if (playing && perFrame === 0) {
    advance(1e6);
    if (!playing || drawn) frame();
  } else if (playing && (owed > 0 || drawn)) {
    if (owed <= 0) owed = perFrame;
    owed -= advance(owed);
    if (!playing || (owed <= 0 && drawn)) frame();
    if (!drawn && owed <= 0) return; // the page's answer starts the next turn
  }
  go();
}

function go() {
  if ((playing || until > step) && !turning) {
    turning = true;
    setTimeout(turn, 0);
  }
}

const answers = {
  open({ fragment, play }) {
    const opened = lab.open(fragment);
    if (opened.error) {
      post("failed", opened);
      return;
    }
    step = 0;
    owed = 0;
    ended = null;
    time.spent = time.steps = 0;
    until = opened.step;
    playing = play;
    post("opened", opened);
    frame();
  },
  play(message) {
    playing = true;
    perFrame = message.perFrame;
  },
  speed(message) {
    perFrame = message.perFrame;
    owed = 0;
  },
  pause() {
    playing = false;
    until = 0;
    owed = 0;
    frame();
  },
  step() {
    playing = false;
    until = 0;
    advance(1);
    frame();
  },
  drawn() {
    drawn = true;
  },
};

onmessage = ({ data }) => {
  answers[data.type](data);
  go();
};

async function load() {
  const runtime = new Go();
  const response = await fetch("lab.wasm");
  if (!response.ok) throw new Error(`lab.wasm: ${response.status} ${response.statusText}`);
  const { instance } = await WebAssembly.instantiate(await response.arrayBuffer(), runtime.importObject);
  runtime.run(instance);
  post("ready", lab.describe());
}

load().catch((error) => post("failed", { error: `The lab does not start: ${error.message}` }));
