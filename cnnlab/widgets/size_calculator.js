// @ts-check

// Sizes of a chain of layers: shapes, parameters, multiply-adds, receptive fields.

import { button, choice, figure, format, h, numberBox, outputSize, range, svg } from "./frame.js";
import PHRASES from "./size_calculator.json" with { type: "json" };
/** @import { Fig } from "./frame.js" */

const MOST = 20;
const BOUNDS = { filters: [1, 9999], f: [1, 99], s: [1, 99], p: [0, 99] };
const FRESH = { conv: { kind: "conv", f: 3, s: 1, p: 0, filters: 8 }, pool: { kind: "pool", f: 2, s: 2, p: 0 } };

// ---- arithmetic ----

// { rows, problem }. Rows up to the first layer that does not fit: shape, size, parameters, multiply_adds, receptive_field,
// jump, and start, the input's row (or column) where the first cell's field begins: negative in the padding.
// problem: null, or { layer, axis, size, room, value } of that layer, layers counted from 0.
export function traceStack(inputShape, layers) {
  let [shape, receptive_field, jump, start] = [inputShape, 1, 1, 0];
  const rows = [];
  for (const [layer, { kind, f, s, p, filters }] of layers.entries()) {
    const [h, w, channels] = shape;
    const out = [h, w].map((n) => outputSize(n, f, p, s));
    const axis = out.indexOf(0);
    if (axis >= 0) {
      const [size, room] = [shape[axis], shape[axis] + 2 * p];
      return { rows, problem: { layer, axis, size, room, value: Math.floor((room - f) / s) + 1 } };
    }
    const convolution = kind === "conv";
    shape = [...out, convolution ? filters : channels];
    const size = shape[0] * shape[1] * shape[2];
    start -= p * jump;
    receptive_field += (f - 1) * jump;
    jump *= s;
    rows.push({
      shape,
      size,
      receptive_field,
      jump,
      start,
      parameters: convolution ? (f * f * channels + 1) * filters : 0,
      multiply_adds: convolution ? size * f * f * channels : 0,
    });
  }
  return { rows, problem: null };
}

// First and last row (or column) of the input that the cell `index` of this layer depends on, before clipping.
export function field({ start, jump, receptive_field }, index) {
  const first = start + index * jump;
  return [first, first + receptive_field - 1];
}

// ---- the figure ----

/** @param {{ model: import("./frame.js").Model, el: Element }} context */
function render({ model, el }) {
  const fig = figure({ model, el, words: PHRASES, title: "title" });
  const { t } = fig;
  const setInput = makeInput(fig);
  const stack = makeStack(fig);
  const drawing = makeDrawing(fig);
  fig.stage.append(stack.el, drawing.el);
  fig.hint.textContent = t("hint");
  fig.draws(() => {
    const [shape, layers] = [fig.get("input_shape"), layersOf(fig)];
    const traced = traceStack(shape, layers);
    setInput(shape);
    stack.draw(shape, layers, traced);
    table(fig, shape, layers, traced.rows);
    drawing.draw();
  });
  return fig.remove;
}

const layersOf = (fig) => fig.get("layers").map((layer) => ({ ...layer }));
const put = (fig, layers, changes = {}) => fig.set({ layers, ...changes });
const MIDDLE = { cell: [-1, -1] };
const times = (shape) => shape.map((n) => format(n)).join(" × ");

// The layer that is drawn, as { index, row }, and its cell; what the state asks for may be gone.
/** @param {Fig} fig */
function drawn(fig) {
  const { rows } = traceStack(fig.get("input_shape"), fig.get("layers"));
  const index = Math.min(fig.get("chosen"), rows.length - 1);
  return { index, row: rows[index] };
}

/** @param {Fig} fig */
function where(fig) {
  const { row } = drawn(fig);
  const last = (axis) => row.shape[axis] - 1;
  return fig.get("cell").map((n, axis) => (n < 0 ? Math.floor(last(axis) / 2) : Math.min(n, last(axis))));
}

// ---- controls ----

/** @param {Fig} fig */
function makeInput(fig) {
  const inputs = ["H", "W", "C"].map((key, i) =>
    numberBox(fig, {
      label: fig.t(key),
      min: 1,
      max: 4096,
      value: fig.get("input_shape")[i],
      onChange: (value) => fig.set({ input_shape: fig.get("input_shape").map((n, j) => (i === j ? value : n)) }),
    }),
  );
  fig.controls.append(...inputs.map((one) => one.el));
  return (shape) => inputs.forEach((one, i) => one.set(shape[i]));
}

// The list of layers. It is built again only when its kinds change, so that focus stays; `focus` is where it goes then.
/** @param {Fig} fig */
function makeStack(fig) {
  const { t } = fig;
  const list = h("ol", { class: "cl-layers" });
  const total = h("p", { class: "cl-total" });
  const add = ["conv", "pool"].map((kind) =>
    button(fig, {
      label: t(kind === "conv" ? "addConv" : "addPool"),
      onClick() {
        const now = layersOf(fig);
        if (now.length >= MOST) return fig.explain(t("full", { most: MOST }));
        put(fig, [...now, { ...FRESH[kind] }], { chosen: now.length, ...MIDDLE });
      },
    }),
  );
  let focus = null;
  let items = [];
  let built = null;
  const build = (kinds) => {
    if (built === kinds.join()) return;
    built = kinds.join();
    items = kinds.map((kind, i) => makeLayer(fig, kind, i, kinds.length, (target) => (focus = target)));
    list.replaceChildren(...items.map((one) => one.el));
  };
  return {
    el: h("div", { class: "cl-stack" }, list, h("div", { class: "cl-player" }, ...add.map((one) => one.el)), total),
    draw(shape, layers, traced) {
      build(layers.map(({ kind }) => kind));
      const { index } = drawn(fig);
      items.forEach((item, i) => item.draw(layers[i], i === index, i ? traced.rows[i - 1]?.shape : shape, traced));
      if (focus) (items[focus[0]]?.targets[focus[1]] ?? add[0]).el.focus();
      focus = null;
      const all = (key) => format(traced.rows.reduce((sum, row) => sum + row[key], 0));
      const sums = { parameters: all("parameters"), adds: all("multiply_adds") };
      total.textContent = traced.problem ? "" : t("total", sums);
    },
  };
}

// One layer's controls and results. wants([i, target]): where the focus goes when the list is built again.
/** @param {Fig} fig */
function makeLayer(fig, kind, i, count, wants) {
  const { t } = fig;
  const named = (key) => t("of", { name: t(key), n: i + 1 });
  const replace = (make) =>
    put(
      fig,
      layersOf(fig).map((layer, j) => (i === j ? make(layer) : layer)),
    );
  const pick = choice(fig, {
    label: t("layer", { n: i + 1 }),
    options: ["conv", "pool"].map((key) => [key, t(key)]),
    onChange(next) {
      wants([i, "kind"]);
      replace(({ f, s, p }) => ({ ...FRESH[next], f, s, p }));
    },
  });
  const select = pick.el.querySelector("select");
  select.setAttribute("aria-label", named("kind"));
  const number = (key) => {
    const [min, max] = BOUNDS[key];
    const onChange = (value) => replace((layer) => ({ ...layer, [key]: value }));
    return { key, ...numberBox(fig, { label: t(key), name: named(`${key}Name`), min, max, onChange }) };
  };
  const bounded = Object.keys(BOUNDS).filter((key) => key !== "filters" || kind === "conv");
  const numbers = bounded.map(number);
  const targets = { kind: { el: select }, ...makeMoves(fig, named, i, count, wants) };
  const onClick = () => fig.set({ chosen: i, ...MIDDLE });
  const show = button(fig, { label: t("field"), name: `${t("field")}: ${t("layer", { n: i + 1 })}`, onClick });
  const result = h("div", { class: "cl-result" });
  const buttons = h("span", { class: "cl-buttons" }, targets.up.el, targets.down.el, targets.drop.el, show.el);
  const row = h("div", { class: "cl-controls" }, pick.el, ...numbers.map((one) => one.el));
  return {
    el: h("li", {}, row, result, buttons),
    targets,
    draw(layer, chosen, input, { rows, problem }) {
      pick.set(layer.kind);
      for (const one of numbers) one.set(layer[one.key]);
      targets.up.enable(i > 0);
      targets.down.enable(i < count - 1);
      show.enable(i < rows.length);
      show.el.setAttribute("aria-pressed", String(chosen));
      result.replaceChildren(...(rows[i] ? facts(fig, input, layer, rows[i]) : [why(fig, i, layer, problem)]));
    },
  };
}

// The buttons that move a layer up or down, or take it away.
/** @param {Fig} fig */
function makeMoves(fig, named, i, count, wants) {
  const make = (key, label, onClick) => button(fig, { label, name: named(key), onClick });
  const swap = (by) => () => {
    const now = layersOf(fig);
    [now[i], now[i + by]] = [now[i + by], now[i]];
    wants([i + by, by < 0 ? "up" : "down"]);
    put(fig, now, { chosen: i + by, ...MIDDLE });
  };
  const drop = () => {
    wants([Math.min(i, count - 2), "drop"]);
    const rest = layersOf(fig).filter((_, j) => j !== i);
    put(fig, rest, { chosen: Math.max(0, i - 1), ...MIDDLE });
  };
  return { up: make("up", "↑", swap(-1)), down: make("down", "↓", swap(1)), drop: make("drop", "✕", drop) };
}

// ---- results in words ----

function facts({ t }, input, layer, row) {
  const fact = (key, text) => h("span", {}, `${t(key)} `, h("strong", {}, text));
  const field = times([row.receptive_field, row.receptive_field]);
  return [
    h("p", { class: "cl-out" }, fact("shape", times(row.shape))),
    h(
      "p",
      {},
      fact("size", format(row.size)),
      fact("parameters", format(row.parameters)),
      fact("adds", format(row.multiply_adds)),
      fact("receptive", field),
      h("span", { class: "cl-hint" }, formula(t, input, layer, row)),
    ),
  ];
}

function formula(t, input, { f, s, p }, row) {
  const line = (name, axis) => {
    const rest = (input[axis] + 2 * p - f) % s;
    const more = rest ? t("rest", { rest, s }) : "";
    return `${t(name)}: ⌊(${input[axis]} + 2·${p} − ${f}) / ${s}⌋ + 1 = ${row.shape[axis]}.${more}`;
  };
  return input[0] === input[1] ? line("both", 0) : `${line("height", 0)} ${line("width", 1)}`;
}

// Why a layer has no output: it does not fit, or one before it does not.
function why({ t }, i, layer, problem) {
  const wrong = i === problem.layer;
  const values = {
    ...layer,
    ...problem,
    n: problem.layer + 1,
    axis: t(problem.axis ? "width" : "height"),
    value: format(problem.value),
  };
  return h("p", { class: wrong ? "cl-error" : "cl-hint" }, t(wrong ? "impossible" : "unreached", values));
}

/** @param {Fig} fig */
function table(fig, shape, layers, rows) {
  const { t } = fig;
  const head = ["layer", "f", "s", "p", "shape", "size", "parameters", "adds", "receptive"];
  const line = (row, i) => [
    `${i + 1}. ${t(layers[i].kind)}`,
    ...["f", "s", "p"].map((key) => layers[i][key]),
    times(row.shape),
    ...["size", "parameters", "multiply_adds"].map((key) => format(row[key])),
    times([row.receptive_field, row.receptive_field]),
  ];
  fig.table.clear();
  fig.table(
    t("layers"),
    head.map((key) => t(key, { n: "" }).trim()),
    [[t("input"), "", "", "", times(shape), format(shape.reduce((a, b) => a * b)), "", "", "1 × 1"], ...rows.map(line)],
  );
}

// ---- the picture: the input, the field of the cell, and dashed the field of the next cell ----

/** @param {Fig} fig */
function makeDrawing(fig) {
  const { t } = fig;
  const picture = svg("svg", { class: "cl-input", role: "img" });
  const boxes = ["rowBox", "columnBox"].map((key, axis) => {
    const onChange = (value) => fig.set({ cell: where(fig).map((n, i) => (i === axis ? value - 1 : n)) });
    return numberBox(fig, { label: t(key), min: 1, onChange });
  });
  const controls = h("div", { class: "cl-controls" }, ...boxes.map((one) => one.el));
  const name = h("p", { class: "cl-name" }, t("picture"));
  const text = h("div", {}, controls, fig.status);
  const el = h("div", { class: "cl-drawing" }, name, picture, text);
  fig.listen(picture, "click", (event) => {
    const { row } = drawn(fig);
    const point = new DOMPoint(event.clientX, event.clientY).matrixTransform(picture.getScreenCTM().inverse());
    const nearest = (x, axis) => {
      const index = Math.round((x - row.start - row.receptive_field / 2) / row.jump);
      return Math.max(0, Math.min(row.shape[axis] - 1, index));
    };
    fig.set({ cell: [nearest(point.y, 0), nearest(point.x, 1)] });
  });
  return {
    el,
    draw() {
      const { index, row } = drawn(fig);
      for (const part of [name, picture, controls]) part.toggleAttribute("hidden", !row);
      if (!row) return fig.say(t("none"));
      const cell = where(fig);
      boxes.forEach((one, axis) => one.set(cell[axis] + 1, row.shape[axis]));
      const text = paint(fig, picture, index, row, cell);
      picture.setAttribute("aria-label", text);
      fig.say(text);
    },
  };
}

// Draws the field of a cell, and says it.
/** @param {Fig} fig */
function paint(fig, picture, index, row, cell) {
  const [H, W] = fig.get("input_shape");
  const most = Math.max(H, W);
  const [[top, bottom], [left, right]] = cell.map((n) => field(row, n));
  const edge = Math.max(0, -top, -left, bottom - H + 1, right - W + 1);
  const margin = Math.min(edge, most) + most / 40;
  picture.setAttribute("viewBox", `${-margin} ${-margin} ${W + 2 * margin} ${H + 2 * margin}`);
  const { receptive_field: side, jump } = row;
  const box = (name, y, x, height, width) => svg("rect", { class: name, x, y, width, height });
  const next = cell[1] + 1 < row.shape[1] ? [0, jump] : cell[0] + 1 < row.shape[0] ? [jump, 0] : null;
  picture.replaceChildren(
    box("cl-pixels", 0, 0, H, W),
    ...(most > 64 ? [] : lattice(H, W)),
    box("cl-field-now", top, left, side, side),
    ...(next ? [box("cl-field-next", top + next[0], left + next[1], side, side)] : []),
  );
  const clip = (n, size) => Math.max(1, Math.min(size, n + 1));
  const place = { n: index + 1, r: cell[0] + 1, c: cell[1] + 1, h: side, w: side, jump };
  const sides = { top: clip(top, H), bottom: clip(bottom, H), left: clip(left, W), right: clip(right, W) };
  return fig.t("now", { ...place, ...sides }) + (edge ? fig.t("beyond") : "");
}

// Lines between the pixels.
const lattice = (H, W) => [
  ...range(W - 1).map((x) => svg("line", { class: "cl-rule", x1: x + 1, x2: x + 1, y1: 0, y2: H })),
  ...range(H - 1).map((y) => svg("line", { class: "cl-rule", x1: 0, x2: W, y1: y + 1, y2: y + 1 })),
];

export default { render };
