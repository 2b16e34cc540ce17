// @ts-check

// EfficientNet-Lite0, to be read beside cnnlab/architectures/efficientnet.py: the same names, the same table of stages.
// TensorFlow.js computes it. Batch normalisation is folded into the kernels and biases (tools/lite0_weights.py).

export const SIZE = 224; // height and width of its images
export const CLASSES = 1000;
const STEM = 32;
const HEAD = 1280;

// As `Stage` in mobilenet.py: how many blocks, the depthwise filter's size, the first block's stride, how many times wider
// a block is inside, and the channels of its result.
export const STAGES = [
  { count: 1, f: 3, s: 1, expansion: 1, filters: 16 },
  { count: 2, f: 3, s: 2, expansion: 6, filters: 24 },
  { count: 2, f: 5, s: 2, expansion: 6, filters: 40 },
  { count: 3, f: 3, s: 2, expansion: 6, filters: 80 },
  { count: 3, f: 5, s: 1, expansion: 6, filters: 112 },
  { count: 4, f: 5, s: 2, expansion: 6, filters: 192 },
  { count: 1, f: 3, s: 1, expansion: 6, filters: 320 },
];

/** @typedef {{ name: string, kind: "conv" | "depthwise" | "dense", f: number, s: number, C: number, filters: number }} Layer */
/** @typedef {{ scale: Float32Array, bias: Float32Array, kernel: Int16Array }} Packed */

// All layers with weights, from input to output: what the file of weights holds, and what a receptive field goes through.
/** @returns {Layer[]} */
export function layers() {
  const found = [];
  let C = 3;
  const add = (name, kind, filters, f = 1, s = 1) => {
    found.push({ name, kind, f, s, C, filters });
    C = filters;
  };
  add("stem_conv", "conv", STEM, 3, 2);
  STAGES.forEach(({ count, f, s, expansion, filters }, i) => {
    for (let block = 1; block <= count; block++) {
      const name = `stage${i + 1}_block${block}`;
      if (expansion > 1) add(`${name}_expand`, "conv", expansion * C);
      add(`${name}_depthwise`, "depthwise", C, f, block === 1 ? s : 1);
      add(`${name}_project`, "conv", filters);
    }
  });
  add("head_conv", "conv", HEAD);
  add("classifier", "dense", CLASSES);
  return found;
}

// ---- weights ----

const numbers = ({ kind, f, C, filters }) => f * f * C * (kind === "depthwise" ? 1 : filters);
const sum = (values) => values.reduce((a, b) => a + b, 0);

// How many bytes the file of weights has once it is unzipped.
export const bytes = () => sum(layers().map((layer) => 8 * layer.filters + 2 * numbers(layer)));

// The unzipped file, cut into its layers: the scales and biases of all; then the kernels of all, whole numbers of 16 bits,
// whose upper bytes come first and whose lower bytes last.
/**
 * @param {ArrayBuffer} file
 * @returns {Map<string, Packed>}
 */
export function unpacked(file) {
  const all = layers();
  const floats = new Float32Array(file, 0, sum(all.map((layer) => 2 * layer.filters)));
  const count = sum(all.map(numbers));
  const upper = new Int8Array(file, floats.byteLength, count);
  const lower = new Uint8Array(file, floats.byteLength + count, count);
  let [at, from] = [0, 0];
  const found = new Map();
  for (const layer of all) {
    const C = layer.filters;
    const kernel = new Int16Array(numbers(layer));
    for (let i = 0; i < kernel.length; i++, from++) kernel[i] = 256 * upper[from] + lower[from];
    found.set(layer.name, { scale: floats.subarray(at, at + C), bias: floats.subarray(at + C, at + 2 * C), kernel });
    at += 2 * C;
  }
  return found;
}

// Whole numbers times the scale of their output channel, which runs fastest.
/** @param {Packed} packed */
export function kernelOf({ kernel, scale }) {
  const C = scale.length;
  const weights = new Float32Array(kernel.length);
  for (let i = 0; i < weights.length; i += C) for (let k = 0; k < C; k++) weights[i + k] = kernel[i + k] * scale[k];
  return weights;
}

// ---- the network ----

// `tf` is TensorFlow.js. Gives a function from images (N, 224, 224, 3) to what goes into the classifier's softmax,
// (N, 1000); `see(name, x)` is shown what each stage answers.
export function efficientnet(tf, packed) {
  const weights = new Map();
  for (const { name, kind, f, C, filters } of layers()) {
    const shape = { conv: [f, f, C, filters], depthwise: [f, f, C, 1], dense: [C, filters] }[kind];
    const { bias } = packed.get(name);
    weights.set(name, { filter: tf.tensor(kernelOf(packed.get(name)), shape), bias: tf.tensor1d(bias) });
  }
  const conv_bn = (x, s, activation, name) =>
    tf.fused.conv2d({ x, ...weights.get(name), strides: s, pad: "same", activation });
  const depthwise_bn = (x, s, activation, name) =>
    tf.fused.depthwiseConv2d({ x, ...weights.get(name), strides: s, pad: "same", activation });

  // An inverted residual block. (N, H, W, C) → (N, ⌈H/s⌉, ⌈W/s⌉, filters)
  function mbconv(x, filters, s, expansion, name) {
    let y = x;
    if (expansion > 1) y = conv_bn(y, 1, "relu6", `${name}_expand`);
    y = depthwise_bn(y, s, "relu6", `${name}_depthwise`);
    y = conv_bn(y, 1, "linear", `${name}_project`);
    return s > 1 || filters !== x.shape[3] ? y : tf.add(y, x);
  }

  return function answer(image, see = (name, x) => x) {
    let x = see("stem_conv", conv_bn(image, 2, "relu6", "stem_conv")); // (N, 112, 112, 32)
    STAGES.forEach(({ count, s, expansion, filters }, i) => {
      for (let block = 1; block <= count; block++) {
        x = mbconv(x, filters, block === 1 ? s : 1, expansion, `stage${i + 1}_block${block}`);
      }
      see(`stage${i + 1}`, x);
    });
    x = see("head_conv", conv_bn(x, 1, "relu6", "head_conv")); // (N, 7, 7, 1280)
    x = tf.mean(x, [1, 2]); // (N, 1280)
    const { filter, bias } = weights.get("classifier");
    return tf.add(tf.matMul(x, filter), bias); // (N, 1000)
  };
}

// What `see` is shown, in order: name, height and width, channels.
export function answers() {
  let size = SIZE / 2;
  const stages = STAGES.map(({ s, filters }, i) => ({ name: `stage${i + 1}`, size: (size /= s), C: filters }));
  return [{ name: "stem_conv", size: SIZE / 2, C: STEM }, ...stages, { name: "head_conv", size, C: HEAD }];
}

// ---- what can be said of an answer ----

/** @param {ArrayLike<number>} scores */
export function softmax(scores) {
  const most = Array.from(scores).reduce((a, b) => Math.max(a, b));
  const powers = Float64Array.from(scores, (score) => Math.exp(score - most));
  const whole = sum(powers);
  return powers.map((power) => power / whole);
}

// The class activation map: what each place of the last feature maps, (7 · 7 · 1280) flat, adds to a class's score. The
// score is the mean of the map, plus the bias of the class.
/**
 * @param {ArrayLike<number>} maps
 * @param {Packed} classifier
 */
export function classMap(maps, { kernel, scale }, target) {
  return Float32Array.from({ length: maps.length / HEAD }, (_, place) => {
    let added = 0;
    for (let k = 0; k < HEAD; k++) added += maps[place * HEAD + k] * kernel[k * CLASSES + target];
    return added * scale[target];
  });
}

// The pixels that decide what a stage answers at a row or a column: [first, one after the last]. Backwards, layer by layer:
// a window of size f and stride s at place i has seen the places from i · s − p to i · s − p + f − 1.
/**
 * @param {string} name of the stage, as `see` gets it
 * @param {number} place
 */
export function receptiveSpan(name, place) {
  const all = layers().slice(0, -1);
  const last = all.findLastIndex((layer) => layer.name.startsWith(name));
  const sizes = [SIZE]; // of what goes into each layer
  for (const { s } of all) sizes.push(Math.ceil(sizes.at(-1) / s));
  let [first, after] = [place, place + 1];
  for (let i = last; i >= 0; i--) {
    const { f, s } = all[i];
    const padding = Math.max(0, (sizes[i + 1] - 1) * s + f - sizes[i]) >> 1;
    [first, after] = [Math.max(0, first * s - padding), Math.min(sizes[i], (after - 1) * s - padding + f)];
  }
  return [first, after];
}
