// @ts-check

// The worker in which the network lives, so that the page stays free while it thinks. It is asked `{ id, ask, … }` and
// answers `{ id, result }`, or `{ id, error }` with the key of a sentence; while it works, `{ id, progress }`.

import { SIZE, bytes, classMap, efficientnet, softmax, unpacked } from "./lite0.js";
import { altered, around0, canvasBytes, resized, squareOf } from "./picture.js";

export const PLACES = 14; // of the square that hides, in a row and in a column
export const SQUARE = 42; // its side, in pixels
const STEP = (SIZE - SQUARE) / (PLACES - 1);
const LARGEST = 1536; // pixels on a side: a larger picture is made smaller first
const PATIENCE = 30_000; // milliseconds without a byte of the weights: nobody is left waiting for ever

/** @param {string} key */
const failed = (key, cause) => Object.assign(new Error(key, { cause }), { key });

const state = { tf: null, network: null, packed: null, source: null, other: null, crops: {}, square: null, maps: null };

// ---- what it can be asked ----

// Everything comes from the page's own folder, once, and stays in the browser's cache. `again`: not from the cache.
async function start({ folder, weights, size, again }, report) {
  try {
    await import(`${folder}tfjs/tf-core.es2017.min.js`);
    await import(`${folder}tfjs/tf-backend-wasm.es2017.min.js`);
  } catch (error) {
    throw failed("connection", error);
  }
  // @ts-ignore: the scripts above bring it
  const tf = self.tf;
  const file = await fetched(weights, size, again ? "reload" : "force-cache", report);
  tf.env().set("WASM_HAS_MULTITHREAD_SUPPORT", false); // it would need headers that no static site sends
  tf.wasm.setWasmPaths(`${folder}tfjs/`);
  if (!(await tf.setBackend("wasm").catch(() => false))) throw failed("connection");
  await tf.ready();
  const packed = unpacked(file);
  Object.assign(state, { tf, packed, network: efficientnet(tf, packed) });
  run(new Float32Array(SIZE * SIZE * 3)); // the first picture takes longer, so let it be one that nobody waits for
  const { kernel, scale } = packed.get("stem_conv");
  return { filters: kernel.slice(), scale: scale.slice() };
}

async function fetched(address, size, cache, report) {
  const file = new Uint8Array(size);
  const stalled = new AbortController();
  const wait = () => setTimeout(() => stalled.abort(), PATIENCE);
  let [at, clock] = [0, wait()];
  try {
    const response = await fetch(address, { cache, signal: stalled.signal });
    if (!response.ok) throw new Error(`status ${response.status}`);
    const reader = response.body.getReader();
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      file.set(part.value, at); // a RangeError if there is more than expected
      report((at += part.value.length) / size);
      clearTimeout(clock);
      clock = wait();
    }
  } catch (error) {
    throw failed("connection", error);
  } finally {
    clearTimeout(clock);
  }
  if (at !== size) throw failed("connection");
  const stream = new Blob([file]).stream().pipeThrough(new DecompressionStream("gzip"));
  const whole = await new Response(stream).arrayBuffer().catch((error) => {
    throw error instanceof RangeError ? error : failed("connection", error); // a byte is not what it was
  });
  if (whole.byteLength !== bytes()) throw failed("connection");
  return whole;
}

// A picture to look at, or one to put beside it. What is transparent shows white, as in the package.
function source({ bitmap, as = "source" }) {
  const scale = Math.min(1, LARGEST / Math.max(bitmap.width, bitmap.height));
  const [width, height] = [bitmap.width, bitmap.height].map((n) => Math.max(1, Math.round(n * scale)));
  const pen = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
  pen.fillStyle = "#fff";
  pen.fillRect(0, 0, width, height);
  pen.imageSmoothingQuality = "high";
  pen.drawImage(bitmap, 0, 0, width, height);
  const whole = { height: bitmap.height, width: bitmap.width };
  bitmap.close();
  state[as] = pen.getImageData(0, 0, width, height);
  return { ...whole, smaller: scale < 1 };
}

// A square of a picture, kept until another part or another picture is asked for.
function cropped(as, changes = {}) {
  const box = squareOf(state[as], changes);
  const kept = state.crops[as];
  if (kept && kept.picture === state[as] && JSON.stringify(kept.box) === JSON.stringify(box)) return kept.square;
  const square = resized(state[as], box, SIZE);
  state.crops[as] = { picture: state[as], box, square };
  return square;
}

// The scores of one square around 0, and what a stage answers if its name is given.
function run(input, stage) {
  const { tf, network } = state;
  let found;
  // `tidy` looks for tensors in what it is given back, number by number: so it is given nothing.
  tf.tidy(() => {
    const seen = {};
    const keep = (name, x) => (name === stage || name === "head_conv" ? (seen[name] = x) : x);
    const scores = network(tf.tensor(input, [1, SIZE, SIZE, 3]), keep).dataSync();
    const [, height, width, C] = stage ? seen[stage].shape : [];
    found = {
      scores,
      maps: seen.head_conv.dataSync(),
      ...(stage && { seen: { data: seen[stage].dataSync(), height, width, C } }),
    };
  });
  return found;
}

// The picture with the reader's changes: how it looks, what the network says, why, and what a stage answers.
function look({ changes, hidden, target, stage }) {
  state.square = altered(cropped("source", changes), changes, state.other && cropped("other"), hidden);
  const { scores, maps, seen } = run(around0(state.square), stage);
  state.maps = maps;
  const probabilities = Float32Array.from(softmax(scores));
  return { pixels: canvasBytes(state.square), probabilities, seen, ...map({ target: target ?? best(scores) }) };
}
const best = (scores) => scores.indexOf(Math.max(...scores));

const map = ({ target }) => ({ target, map: classMap(state.maps, state.packed.get("classifier"), target) });

// By how much the score of a class falls when a gray square hides a part: (14 · 14), what matters most is largest. This is
// cnnlab.style.occlusion_map with size 42 and step 14.
async function occlude({ target }, report) {
  const input = around0(state.square);
  const whole = run(input).scores[target];
  const fallen = new Float32Array(PLACES * PLACES);
  state.stopped = false;
  for (let i = 0; i < fallen.length; i++) {
    const [top, left] = [STEP * Math.floor(i / PLACES), STEP * (i % PLACES)];
    const hidden = input.slice();
    for (let r = top; r < top + SQUARE; r++) hidden.fill(0, 3 * (r * SIZE + left), 3 * (r * SIZE + left + SQUARE));
    fallen[i] = whole - run(hidden).scores[target];
    report({ done: i + 1, of: fallen.length, fallen: fallen.slice(0, i + 1) });
    if (i % 2) await new Promise((next) => setTimeout(next)); // so that it hears "stop"
    if (state.stopped) return { fallen: fallen.slice(0, i + 1), stopped: true };
  }
  return { fallen, stopped: false };
}

const stop = () => (state.stopped = true);
const memory = () => ({ tensors: state.tf.memory().numTensors, bytes: state.tf.memory().numBytes });

// ---- asking ----

const ASKS = { start, source, look, map, occlude, stop, memory };

function reason(error) {
  if (error.key) return error.key;
  return error instanceof RangeError || /memory|alloc|abort/i.test(String(error)) ? "memory" : "broken";
}

if (typeof WorkerGlobalScope !== "undefined") {
  self.addEventListener("message", async ({ data: { id, ask, ...rest } }) => {
    try {
      const result = await ASKS[ask](rest, (progress) => postMessage({ id, progress }));
      postMessage({ id, result });
    } catch (error) {
      postMessage({ id, error: reason(error), detail: String(error.cause ?? error) });
    }
  });
}
