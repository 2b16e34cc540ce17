// @ts-check

// Live LeNet: the reader draws a digit, and the network that the page trained answers in the browser, every map shown.

import { button, figure, format, h, keys, range, uid } from "./frame.js";
import PHRASES from "./live_lenet.json" with { type: "json" };
/** @import { Fig } from "./frame.js" */

const DIGITS = 10;
const SIDE = 28; // of a drawing, as MNIST keeps it
const BOX = 20; // its digit's longer side
const CELL = 10; // pixels of the pad for one of the drawing
const PEN = 20; // width of a stroke on the pad: about MNIST's, for a digit that fills most of it

// ---- the network ----
// A volume is { shape: [H, W, C], data }, a vector { shape: [n], data }; data is flat, the last axis running fastest.

const product = (numbers) => numbers.reduce((a, b) => a * b, 1);

export function softmax(values) {
  const most = values.reduce((a, b) => Math.max(a, b));
  const powers = values.map((value) => Math.exp(value - most));
  const sum = powers.reduce((a, b) => a + b);
  return powers.map((power) => power / sum);
}
const ACTIVATIONS = {
  linear: (values) => values,
  relu: (values) => values.map((value) => Math.max(value, 0)),
  tanh: (values) => values.map(Math.tanh),
  softmax,
};

// Cross-correlation without padding, stride 1. shape: [f_h, f_w, C, K], as in Keras; kernel and bias flat.
export function conv({ data, shape: [H, W, C] }, { shape: [fh, fw, , K], kernel, bias, activation }) {
  const shape = [H - fh + 1, W - fw + 1, K];
  const out = new Float64Array(product(shape));
  for (let y = 0, at = 0; y < shape[0]; y++)
    for (let x = 0; x < shape[1]; x++, at += K) {
      for (let k = 0; k < K; k++) out[at + k] = bias[k];
      for (let i = 0, w = 0; i < fh; i++)
        for (let j = 0; j < fw; j++)
          for (let c = 0; c < C; c++, w += K) {
            const value = data[((y + i) * W + x + j) * C + c];
            if (value) for (let k = 0; k < K; k++) out[at + k] += value * kernel[w + k];
          }
    }
  return { shape, data: ACTIVATIONS[activation](out) };
}

// Windows side by side; cells left over at the end are dropped. take: "max" or "average".
export function pool({ data, shape: [H, W, C] }, { size: [ph, pw], take }) {
  const shape = [Math.floor(H / ph), Math.floor(W / pw), C];
  const out = new Float64Array(product(shape)).fill(take === "max" ? -Infinity : 0);
  for (let y = 0; y < shape[0] * ph; y++)
    for (let x = 0; x < shape[1] * pw; x++)
      for (let c = 0; c < C; c++) {
        const [value, at] = [data[(y * W + x) * C + c], (Math.floor(y / ph) * shape[1] + Math.floor(x / pw)) * C + c];
        out[at] = take === "max" ? Math.max(out[at], value) : out[at] + value / (ph * pw);
      }
  return { shape, data: out };
}

export function dense({ data }, { shape: [n, K], kernel, bias, activation }) {
  const out = Float64Array.from(bias);
  for (let i = 0; i < n; i++) for (let k = 0; k < K; k++) out[k] += data[i] * kernel[i * K + k];
  return { shape: [K], data: ACTIVATIONS[activation](out) };
}

const KINDS = { conv, pool, dense, flatten: ({ data }) => ({ shape: [data.length], data }) };

// What every layer gives, in order. image: a volume.
export function forward(network, image) {
  const outputs = [];
  for (const layer of network) outputs.push(KINDS[layer.kind](outputs.at(-1) ?? image, layer));
  return outputs;
}

const bytes = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));

// The layers as Python sends them: the weights are kernel and bias in one string, the upper 3 bytes of float32s in base64.
export function decode(layers) {
  return layers.map(({ weights, ...layer }) => {
    if (!weights) return layer;
    const packed = bytes(weights);
    const view = new DataView(new ArrayBuffer(4));
    const numbers = Float32Array.from({ length: packed.length / 3 }, (_, i) => {
      for (const place of [1, 2, 3]) view.setUint8(place, packed[3 * i + place - 1]);
      return view.getFloat32(0, true);
    });
    const split = product(layer.shape);
    return { ...layer, kernel: numbers.subarray(0, split), bias: numbers.subarray(split) };
  });
}

// ---- the drawing ----

// Ink on the pad, { shape: [rows, columns], data } from 0 to 1, → 28 × 28 as MNIST was made: what is not empty is cut out, its
// longer side scaled to 20 by the mean over areas, and its centre of mass put on pixel (14, 14). null: there is no ink.
/** @param {{ data: ArrayLike<number>, shape: number[] }} ink */
export function fit({ data, shape: [rows, columns] }) {
  let [top, left, bottom, right] = [rows, columns, -1, -1];
  for (let y = 0; y < rows; y++)
    for (let x = 0; x < columns; x++)
      if (data[y * columns + x] > 0) {
        [top, left, bottom, right] = [Math.min(top, y), Math.min(left, x), y, Math.max(right, x)];
      }
  if (bottom < 0) return null;
  const [h, w] = [bottom - top + 1, right - left + 1];
  const [height, width] = [h, w].map((n) => Math.max(1, Math.round((BOX * n) / Math.max(h, w))));
  const [tall, wide] = [h / height, w / width]; // old cells in a new one, not always whole
  const share = (i, size, j) => Math.max(0, Math.min((i + 1) * size, j + 1) - Math.max(i * size, j)) / size;
  const small = new Float64Array(height * width);
  let [mass, down, across] = [0, 0, 0];
  for (let r = 0; r < height; r++)
    for (let c = 0; c < width; c++) {
      let sum = 0;
      for (let y = Math.floor(r * tall); y < Math.min(h, (r + 1) * tall); y++) {
        const part = share(r, tall, y);
        for (let x = Math.floor(c * wide); x < Math.min(w, (c + 1) * wide); x++) {
          sum += part * share(c, wide, x) * data[(top + y) * columns + left + x];
        }
      }
      small[r * width + c] = sum;
      mass += sum;
      down += sum * r;
      across += sum * c;
    }
  const start = (moment, n) => Math.max(0, Math.min(SIDE - n, Math.round(SIDE / 2 - moment / mass)));
  const [y, x] = [start(down, height), start(across, width)];
  const image = new Float64Array(SIDE * SIDE);
  for (let r = 0; r < height; r++) image.set(small.subarray(r * width, (r + 1) * width), (y + r) * SIDE + x);
  return { data: image, shape: [SIDE, SIDE] };
}

// A drawing in the middle of the network's input, zeros around it.
export function place(drawing, [H, W]) {
  const [top, left] = [H, W].map((n) => Math.floor((n - SIDE) / 2));
  const data = new Float64Array(H * W);
  for (let y = 0; y < SIDE; y++) data.set(drawing.subarray(y * SIDE, (y + 1) * SIDE), (top + y) * W + left);
  return { data, shape: [H, W, 1] };
}

// ---- pictures ----

const canvas = (width, height, attributes) => h("canvas", { width, height, role: "img", ...attributes });

// Black is 0. White, or blue where there are negative numbers, is `most`; orange is −most.
function colour(value, most, signed) {
  const strength = most ? Math.min(1, Math.abs(value) / most) : 0;
  const full = !signed ? [255, 255, 255] : value < 0 ? [255, 150, 50] : [90, 175, 255];
  return full.map((n) => Math.round(n * strength));
}

// One channel of a volume, a pixel for each cell.
/**
 * @param {HTMLCanvasElement} el
 * @param {{ data: ArrayLike<number>, shape: number[] }} volume
 */
function paintMap(el, { data, shape: [H, W, C] }, channel, most, signed) {
  const picture = new ImageData(W, H);
  for (let i = 0; i < H * W; i++) picture.data.set([...colour(data[i * C + channel], most, signed), 255], 4 * i);
  el.getContext("2d").putImageData(picture, 0, 0);
}

// A vector as cells in rows, with lines between them.
const STEP = 8;
function paintStrip(el, { data }, columns, most, signed) {
  const pen = el.getContext("2d");
  pen.clearRect(0, 0, el.width, el.height);
  data.forEach((value, i) => {
    pen.fillStyle = `rgb(${colour(value, most, signed)})`;
    pen.fillRect((i % columns) * STEP, Math.floor(i / columns) * STEP, STEP - 1, STEP - 1);
  });
}

// One layer: its name, and a canvas for each map, or one for a whole vector. draw(null) empties it.
/** @param {Fig} fig */
function group(fig, layer, { shape }) {
  const { t } = fig;
  const key = layer.take ?? layer.kind;
  const f = (layer.size ?? layer.shape).slice(0, 2).join(" × ");
  const text = t(key, { f, activation: layer.activation, shape: shape.map((n) => format(n)).join(" × ") });
  const name = h("p", { class: "cl-name", id: uid() }, text);
  const [H, W, C] = shape;
  const cell = Math.max(2, Math.round(50 / Math.max(H, W ?? 0)));
  const columns = Math.ceil(H / Math.ceil(H / 42));
  const maps =
    layer.kind === "dense"
      ? [canvas(columns * STEP - 1, Math.ceil(H / columns) * STEP - 1, { "aria-label": text, class: "lenet-strip" })]
      : range(C).map((n) =>
          canvas(W, H, { "aria-label": t("map", { n: n + 1, of: C }), style: `width: ${W * cell}px` }),
        );
  const el = h(
    "div",
    { class: "lenet-layer", role: "group", "aria-labelledby": name.id },
    name,
    h("div", { class: "lenet-maps" }, ...maps),
  );
  return {
    el,
    draw(output) {
      if (!output) {
        name.textContent = text;
        return maps.forEach((map) => map.getContext("2d").clearRect(0, 0, map.width, map.height));
      }
      const [least, highest] = [
        output.data.reduce((a, b) => Math.min(a, b)),
        output.data.reduce((a, b) => Math.max(a, b)),
      ];
      const [signed, most] = [least < 0, Math.max(highest, -least)];
      name.textContent =
        text + t(signed ? "bothScales" : "scale", { most: format(Math.max(highest, 0)), least: format(least) });
      maps.forEach((map, k) =>
        layer.kind === "dense"
          ? paintStrip(map, output, columns, most, signed)
          : paintMap(map, output, k, most, signed),
      );
    },
  };
}

// Ten bars, or eleven with that of "no digit". draw([]) empties them.
/** @param {Fig} fig */
function bars(fig, answers) {
  const rows = range(answers).map((digit) => {
    const [fill, text] = [h("span", { class: "lenet-fill" }), h("span", { class: "lenet-percent" })];
    return {
      fill,
      text,
      el: h("li", {}, h("span", {}, called(fig, digit)), h("span", { class: "lenet-track" }, fill), text),
    };
  });
  const name = h("p", { class: "cl-name", id: uid() }, fig.t("answers"));
  return {
    el: h(
      "div",
      { class: "lenet-answers" },
      name,
      h(
        "ol",
        { class: `lenet-bars${answers > DIGITS ? " lenet-others" : ""}`, "aria-labelledby": name.id },
        ...rows.map(({ el }) => el),
      ),
    ),
    draw(probabilities, winner) {
      rows.forEach(({ el, fill, text }, digit) => {
        fill.style.width = `${100 * (probabilities[digit] ?? 0)}%`;
        text.textContent = probabilities.length ? `${percent(probabilities[digit])} %` : "";
        el.className = digit === winner ? "lenet-winner" : "";
      });
    },
  };
}

// The word for an answer.
const called = ({ t }, answer) => (answer < DIGITS ? String(answer) : t("none"));

// In percent: whole, but one decimal near 0 and 100; rounded down near 100, because no network is quite certain.
function percent(probability) {
  const value = 100 * probability;
  return value > 99 ? format(Math.floor(10 * value) / 10, 1) : format(value, value > 1 ? 0 : 1);
}

// ---- the pad: white ink on black, drawn by pointer or keys ----

// onDraw() after every bit of ink, onEnd() when a stroke ends.
/** @param {Fig} fig */
function drawingPad(fig, { onDraw, onEnd, onClear }) {
  const { t } = fig;
  const where = h("p", { class: "cl-name", "aria-live": "polite" });
  fig.hint.id = uid();
  const el = canvas(PAD, PAD, {
    class: "lenet-pad",
    tabindex: 0,
    role: "application",
    "aria-label": t("pad"),
    "aria-describedby": fig.hint.id,
  });
  const ink = makeInk(el);
  const pad = { el, ink, where, onDraw, onEnd, onClear };
  const busy = listenToPointer(fig, pad);
  listenToKeys(fig, pad);
  const clear = button(fig, { label: t("clear"), onClick: () => onClear() }).el;
  const below = h("div", { class: "lenet-below" }, clear, where);
  return { el: h("div", {}, h("p", { class: "cl-name" }, t("padName")), el, below), busy, ...ink };
}

const PAD = SIDE * CELL; // pixels of the pad

// What is drawn, and on the screen the square of the keyboard's pen too: { cursor: its row and column, down, shown }.
function makeInk(el) {
  const ink = h("canvas", { width: PAD, height: PAD });
  const pen = ink.getContext("2d", { willReadFrequently: true });
  const round = { lineCap: "round", lineJoin: "round" };
  Object.assign(pen, { lineWidth: PEN, strokeStyle: "#fff", imageSmoothingEnabled: false, ...round });
  const keyboard = { cursor: [SIDE / 2, SIDE / 2], down: false, shown: false };
  return {
    keyboard,
    show() {
      const screen = el.getContext("2d");
      screen.fillStyle = "#000";
      screen.fillRect(0, 0, PAD, PAD);
      screen.drawImage(ink, 0, 0);
      if (keyboard.shown) drawSquare(screen, keyboard);
    },
    /** @type {(from: number[], to: number[]) => void} */
    line([x, y], [u, v]) {
      pen.beginPath();
      pen.moveTo(x + 0.01, y); // a canvas does not draw a line of no length, and a dot is one
      pen.lineTo(u, v);
      pen.stroke();
    },
    ink() {
      const { data } = pen.getImageData(0, 0, PAD, PAD);
      const opaque = new Float32Array(PAD * PAD);
      for (let i = 0; i < opaque.length; i++) opaque[i] = data[4 * i + 3] / 255;
      return { shape: [PAD, PAD], data: opaque };
    },
    // Ink in squares, from a drawing of 28 × 28 bytes.
    fill(drawing) {
      pen.clearRect(0, 0, PAD, PAD);
      drawing.forEach((value, i) => {
        pen.fillStyle = `rgb(255 255 255 / ${value / 255})`;
        if (value) pen.fillRect((i % SIDE) * CELL, Math.floor(i / SIDE) * CELL, CELL, CELL);
      });
      this.show();
    },
  };
}

// In two colours, seen on ink and on ground.
function drawSquare(screen, { cursor, down }) {
  const [y, x] = cursor.map((n) => n * CELL);
  const square = (strokeStyle, lineWidth) => {
    Object.assign(screen, { strokeStyle, lineWidth });
    screen.strokeRect(x - 1, y - 1, CELL + 2, CELL + 2);
  };
  square("#000", 5);
  square(down ? "#ff9632" : "#5aafff", 3);
}

// Returns busy(): whether a stroke is being drawn.
/** @param {Fig} fig */
function listenToPointer(fig, { el, ink, where, onDraw, onEnd }) {
  let last = null; // where the stroke is
  const at = ({ clientX, clientY }) => {
    const box = el.getBoundingClientRect();
    return [((clientX - box.left) * PAD) / box.width, ((clientY - box.top) * PAD) / box.height];
  };
  fig.listen(el, "pointerdown", (event) => {
    if (!event.isPrimary || event.button) return;
    el.setPointerCapture(event.pointerId);
    Object.assign(ink.keyboard, { shown: false, down: false });
    where.textContent = "";
    last = at(event);
    ink.line(last, last);
    ink.show();
    onDraw();
  });
  fig.listen(el, "pointermove", (event) => {
    if (!last || !event.isPrimary) return;
    for (const one of [...(event.getCoalescedEvents?.() ?? []), event]) {
      const next = at(one);
      ink.line(last, next);
      last = next;
    }
    ink.show();
    onDraw();
  });
  for (const type of ["pointerup", "pointercancel"])
    fig.listen(el, type, () => {
      if (!last) return;
      last = null;
      onEnd();
    });
  return () => last !== null;
}

/** @param {Fig} fig */
function listenToKeys(fig, { el, ink, where, onDraw, onEnd, onClear }) {
  const { t } = fig;
  const { keyboard, line, show } = ink;
  const centre = () => [(keyboard.cursor[1] + 0.5) * CELL, (keyboard.cursor[0] + 0.5) * CELL];
  const stand = (drawn) => {
    keyboard.shown = true;
    const [r, c] = keyboard.cursor.map((n) => n + 1);
    where.textContent = t(keyboard.down ? "down" : "lifted", { where: t("at", { r, c }) });
    show();
    if (!drawn) return;
    onDraw();
    onEnd();
  };
  keys(fig, el, {
    move(dr, dc) {
      const from = centre();
      const [r, c] = keyboard.cursor;
      keyboard.cursor = [r + dr, c + dc].map((n) => Math.max(0, Math.min(SIDE - 1, n)));
      if (keyboard.down) line(from, centre());
      stand(keyboard.down);
    },
    space() {
      keyboard.down = !keyboard.down;
      if (keyboard.down) line(centre(), centre());
      stand(keyboard.down);
    },
  });
  fig.listen(el, "keydown", (event) => {
    if (event.key !== "Delete" && event.key !== "Backspace") return;
    event.preventDefault();
    keyboard.down = false;
    onClear();
    stand(false);
  });
  fig.listen(el, "focus", () => el.matches(":focus-visible") && stand(false));
  fig.listen(el, "blur", () => {
    Object.assign(keyboard, { shown: false, down: false });
    where.textContent = "";
    show();
  });
}

// ---- the figure ----

/** @param {{ model: import("./frame.js").Model, el: Element }} context */
function render({ model, el }) {
  const fig = figure({ model, el, words: PHRASES, title: "title" });
  const { t } = fig;
  fig.el.classList.add("lenet");
  const network = decode(fig.get("layers"));
  const reader = makeReader(fig, () => finish());
  const markExample = makeExamples(fig);
  const count = network.at(-1)?.shape.at(-1) ?? DIGITS;
  const answers = bars(fig, count);
  fig.stage.append(reader.pad.el, network.length ? answers.el : h("p", { class: "lenet-answers" }, t("without")));
  const drawMaps = makeMaps(fig, network);

  // The status line waits for the end of a stroke: read out at every move, it would never end.
  let winner = -1;
  const sure = () => percent(fig.get("probabilities")[winner]);
  function speak() {
    if (!fig.get("drawing")) fig.say(t("nothing"));
    else if (!network.length) fig.say(t("noNetwork"));
    else fig.say(t(winner < DIGITS ? "reads" : "isNone", { digit: winner, percent: sure() }));
  }
  function finish() {
    if (reader.hurry()) draw();
    speak();
  }

  let painted = null;
  function draw() {
    const now = fig.get("drawing");
    if (now === painted) return;
    painted = now;
    const drawing = now ? bytes(now) : BLANK;
    reader.follow(now, drawing);
    const outputs = drawMaps(drawing, Boolean(now));
    const probabilities = outputs ? [...outputs.at(-1).data] : [];
    winner = probabilities.indexOf(Math.max(...probabilities));
    answers.draw(probabilities, winner);
    markExample(now);
    const unknown = t(network.length ? "nothing" : "noNetwork");
    // Never 100, as in percent().
    const share = (digit) => (outputs ? `${format(Math.min(100 * probabilities[digit], 99.99), 2)} %` : unknown);
    fig.table.clear();
    fig.table(
      t("answers"),
      [t("digit"), t("probability")],
      range(count).map((digit) => [called(fig, digit), share(digit)]),
    );
    fig.set({ probabilities });
    if (!reader.pad.busy()) speak();
  }
  fig.draws(draw);
  return fig.remove;
}

const BLANK = new Uint8Array(SIDE * SIDE);

// The pad, whose ink is read once for each frame of the screen, however fast the pointer is.
/** @param {Fig} fig */
function makeReader(fig, onEnd) {
  let own = null; // the drawing that this pad's ink gave
  let frame = null;
  const read = () => {
    frame = null;
    const fitted = fit(pad.ink());
    own = fitted ? btoa(String.fromCharCode(...fitted.data.map((value) => Math.round(255 * value)))) : "";
    fig.set({ drawing: own });
  };
  fig.onRemove(() => cancelAnimationFrame(frame));
  const pad = drawingPad(fig, {
    onDraw: () => (frame ??= requestAnimationFrame(read)),
    onEnd,
    onClear: () => fig.set({ drawing: "" }),
  });
  return {
    pad,
    // Reads at once what waits to be read; false: nothing does.
    hurry() {
      if (frame === null) return false;
      cancelAnimationFrame(frame);
      read();
      return true;
    },
    // A drawing that came from elsewhere is put on the pad.
    follow(now, drawing) {
      if (now !== own) pad.fill(drawing);
      own = now;
    },
  };
}

// Buttons with digits to take. Returns what marks the one that is drawn.
/** @param {Fig} fig */
function makeExamples(fig) {
  const { t } = fig;
  const examples = fig.get("examples");
  const picks = examples.map((example, i) => {
    const small = h("canvas", { width: SIDE, height: SIDE, "aria-hidden": "true" });
    paintMap(small, { data: bytes(example), shape: [SIDE, SIDE, 1] }, 0, 255, false);
    const name = t("example", { n: i + 1, of: examples.length });
    return button(fig, { label: small, name, onClick: () => fig.set({ drawing: example }) }).el;
  });
  const label = h("p", { class: "cl-name", id: uid() }, t("takes"));
  const list = h("div", { class: "lenet-examples" }, ...picks);
  fig.controls.append(h("div", { role: "group", "aria-labelledby": label.id }, label, list));
  fig.controls.hidden = !picks.length;
  return (now) => picks.forEach((pick, i) => pick.setAttribute("aria-pressed", String(examples[i] === now)));
}

// What the network sees, and the maps of each layer. Returns what draws them and gives the layers' outputs, if any.
/** @param {Fig} fig */
function makeMaps(fig, network) {
  const { t } = fig;
  const inputShape = fig.get("input_shape");
  const [H, W] = inputShape;
  const seen = t("sees", { h: H, w: W });
  const input = canvas(W, H, { "aria-label": seen, style: `width: ${4 * W}px` });
  const nothing = forward(network, place(BLANK, inputShape));
  const hidden = network.slice(0, -1);
  const groups = hidden.map((layer, i) => (layer.kind === "flatten" ? null : group(fig, layer, nothing[i])));
  const first = h("div", { class: "lenet-layer" }, h("p", { class: "cl-name" }, seen), input);
  fig.tables.before(h("div", { class: "lenet-layers" }, first, ...groups.map((one) => one?.el)));
  const signed = hidden.some(({ activation }) => activation && activation !== "relu");
  fig.hint.textContent = t("hint", { colours: t(signed ? "both" : "white") });
  return (drawing, drawn) => {
    const shares = Float64Array.from(drawing, (value) => value / 255);
    const image = place(shares, inputShape);
    paintMap(input, image, 0, 1, false);
    const outputs = drawn && network.length ? forward(network, image) : null;
    groups.forEach((one, i) => one?.draw(outputs?.[i]));
    return outputs;
  };
}

export default { render };
