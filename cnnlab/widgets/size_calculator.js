// Sizes of a chain of layers: shapes, parameters, multiply-adds, receptive fields.

import { button, choice, figure, format, h, numberBox, outputSize, range, svg } from "./frame.js";
import PHRASES from "./size_calculator.json" with { type: "json" };

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

function render({ model, el }) {
  const fig = figure({ model, el, words: PHRASES, title: "title" });
  const { t } = fig;
  const layers = () => fig.get("layers").map((layer) => ({ ...layer }));
  const put = (list, changes = {}) => fig.set({ layers: list, ...changes });

  const inputs = ["H", "W", "C"].map((key, i) =>
    numberBox(fig, {
      label: t(key),
      min: 1,
      max: 4096,
      value: fig.get("input_shape")[i],
      onChange: (value) => fig.set({ input_shape: fig.get("input_shape").map((n, j) => (i === j ? value : n)) }),
    }),
  );
  fig.controls.append(...inputs.map((one) => one.el));

  const list = h("ol", { class: "cl-layers" });
  const total = h("p", { class: "cl-total" });
  const add = ["conv", "pool"].map((kind) =>
    button(fig, {
      label: t(kind === "conv" ? "addConv" : "addPool"),
      onClick() {
        const now = layers();
        if (now.length >= MOST) return fig.explain(t("full", { most: MOST }));
        put([...now, { ...FRESH[kind] }], { chosen: now.length, cell: [-1, -1] });
      },
    }),
  );
  const picture = svg("svg", { class: "cl-input", role: "img" });
  const caption = h("p", { class: "cl-name" }, t("picture"));
  const cellBox = ["rowBox", "columnBox"].map((key, axis) =>
    numberBox(fig, {
      label: t(key),
      min: 1,
      onChange: (value) => fig.set({ cell: where().map((n, i) => (i === axis ? value - 1 : n)) }),
    }),
  );
  const drawing = h(
    "div",
    { class: "cl-drawing" },
    caption,
    picture,
    h("div", { class: "cl-controls" }, ...cellBox.map((one) => one.el)),
  );
  fig.stage.append(
    h("div", { class: "cl-stack" }, list, h("div", { class: "cl-player" }, ...add.map((one) => one.el)), total),
    drawing,
  );
  fig.hint.textContent = t("hint");

  // The layer that is drawn, as { index, row }, and its cell; what the state asks for may be gone.
  function drawn() {
    const { rows } = traceStack(fig.get("input_shape"), fig.get("layers"));
    const index = Math.min(fig.get("chosen"), rows.length - 1);
    return { index, row: rows[index] };
  }
  function where() {
    const { row } = drawn();
    return fig
      .get("cell")
      .map((n, axis) => (n < 0 ? Math.floor((row.shape[axis] - 1) / 2) : Math.min(n, row.shape[axis] - 1)));
  }

  // One layer's controls and results. The list is built again only when its kinds change, so that focus stays.
  let items = [];
  let built = null;
  function build(kinds) {
    items = kinds.map((kind, i) => {
      const change = (changes) => put(layers().map((layer, j) => (i === j ? { ...layer, ...changes } : layer)));
      const named = (key) => t("of", { name: t(key), n: i + 1 });
      const pick = choice(fig, {
        label: t("kind"),
        options: ["conv", "pool"].map((key) => [key, t(key)]),
        onChange(next) {
          focus = [i, "kind"];
          put(layers().map((layer, j) => (i === j ? { ...FRESH[next], f: layer.f, s: layer.s, p: layer.p } : layer)));
        },
      });
      pick.el.lastChild.setAttribute("aria-label", named("kind"));
      const bounded = Object.keys(BOUNDS).filter((key) => key !== "filters" || kind === "conv");
      const numbers = Object.fromEntries(
        bounded.map((key) => [
          key,
          numberBox(fig, {
            label: t(key),
            name: named(`${key}Name`),
            min: BOUNDS[key][0],
            max: BOUNDS[key][1],
            onChange: (value) => change({ [key]: value }),
          }),
        ]),
      );
      const swap = (by) => () => {
        const now = layers();
        [now[i], now[i + by]] = [now[i + by], now[i]];
        focus = [i + by, by < 0 ? "up" : "down"];
        put(now, { chosen: i + by, cell: [-1, -1] });
      };
      const drop = () => {
        focus = [Math.min(i, kinds.length - 2), "drop"];
        put(
          layers().filter((_, j) => j !== i),
          { chosen: Math.max(0, i - 1), cell: [-1, -1] },
        );
      };
      const make = (key, label, onClick) => button(fig, { label, name: named(key), onClick });
      const targets = {
        kind: { el: pick.el.lastChild },
        up: make("up", "↑", swap(-1)),
        down: make("down", "↓", swap(1)),
        drop: make("drop", "✕", drop),
      };
      const show = button(fig, {
        label: t("field"),
        name: `${t("field")}: ${t("layer", { n: i + 1 })}`,
        onClick: () => fig.set({ chosen: i, cell: [-1, -1] }),
      });
      const result = h("div", { class: "cl-result" });
      const row = h(
        "div",
        { class: "cl-controls" },
        pick.el,
        ...Object.values(numbers).map((one) => one.el),
        h("span", { class: "cl-buttons" }, targets.up.el, targets.down.el, targets.drop.el, show.el),
      );
      const li = h("li", {}, h("p", { class: "cl-name" }, t("layer", { n: i + 1 })), row, result);
      return { li, pick, numbers, targets, show, result };
    });
    list.replaceChildren(...items.map(({ li }) => li));
  }
  let focus = null;

  const times = (shape) => shape.map((n) => format(n)).join(" × ");
  const fact = (key, text) => h("span", {}, `${t(key)} `, h("strong", {}, text));

  function formula(input, { f, s, p }, row) {
    const axes =
      input[0] === input[1]
        ? [["both", 0]]
        : [
            ["height", 0],
            ["width", 1],
          ];
    return axes
      .map(([name, axis]) => {
        const rest = (input[axis] + 2 * p - f) % s;
        return `${t(name)}: ⌊(${input[axis]} + 2·${p} − ${f}) / ${s}⌋ + 1 = ${row.shape[axis]}.${rest ? t("rest", { rest, s }) : ""}`;
      })
      .join(" ");
  }

  function results(i, input, layer, row, problem) {
    if (row) {
      return [
        h(
          "p",
          {},
          fact("shape", times(row.shape)),
          fact("size", format(row.size)),
          fact("parameters", format(row.parameters)),
          fact("adds", format(row.multiply_adds)),
          fact("receptive", times([row.receptive_field, row.receptive_field])),
        ),
        h("p", { class: "cl-hint" }, formula(input, layer, row)),
      ];
    }
    const wrong = i === problem.layer;
    const values = {
      ...layer,
      ...problem,
      n: problem.layer + 1,
      axis: t(problem.axis ? "width" : "height"),
      value: format(problem.value),
    };
    return [h("p", { class: wrong ? "cl-error" : "cl-hint" }, t(wrong ? "impossible" : "unreached", values))];
  }

  // The picture: the input, the field of the cell, and dashed the field of the next cell.
  function paint() {
    const [H, W] = fig.get("input_shape");
    const { index, row } = drawn();
    drawing.hidden = !row;
    if (!row) return fig.say(t("none"));
    const cell = where();
    const [[top, bottom], [left, right]] = cell.map((n) => field(row, n));
    const edge = Math.max(0, -top, -left, bottom - H + 1, right - W + 1);
    const margin = Math.min(edge, Math.max(H, W)) + Math.max(H, W) / 40;
    picture.setAttribute("viewBox", `${-margin} ${-margin} ${W + 2 * margin} ${H + 2 * margin}`);
    const box = (name, y, x, height, width) => svg("rect", { class: name, x, y, width, height });
    const lines =
      Math.max(H, W) > 64
        ? []
        : [
            ...range(W - 1).map((x) => svg("line", { class: "cl-rule", x1: x + 1, x2: x + 1, y1: 0, y2: H })),
            ...range(H - 1).map((y) => svg("line", { class: "cl-rule", x1: 0, x2: W, y1: y + 1, y2: y + 1 })),
          ];
    const next = cell[1] + 1 < row.shape[1] ? [0, row.jump] : cell[0] + 1 < row.shape[0] ? [row.jump, 0] : null;
    const side = row.receptive_field;
    picture.replaceChildren(
      box("cl-pixels", 0, 0, H, W),
      ...lines,
      box("cl-field-now", top, left, side, side),
      ...(next ? [box("cl-field-next", top + next[0], left + next[1], side, side)] : []),
    );
    cellBox.forEach((one, axis) => one.set(cell[axis] + 1, row.shape[axis]));
    const clip = (n, most) => Math.max(1, Math.min(most, n + 1));
    const text =
      t("now", {
        n: index + 1,
        r: cell[0] + 1,
        c: cell[1] + 1,
        h: side,
        w: side,
        jump: row.jump,
        top: clip(top, H),
        bottom: clip(bottom, H),
        left: clip(left, W),
        right: clip(right, W),
      }) + (edge ? t("beyond") : "");
    picture.setAttribute("aria-label", text);
    fig.say(text);
  }
  fig.listen(picture, "click", (event) => {
    const { row } = drawn();
    const point = new DOMPoint(event.clientX, event.clientY).matrixTransform(picture.getScreenCTM().inverse());
    const nearest = (x, axis) => {
      const index = Math.round((x - row.start - row.receptive_field / 2) / row.jump);
      return Math.max(0, Math.min(row.shape[axis] - 1, index));
    };
    fig.set({ cell: [nearest(point.y, 0), nearest(point.x, 1)] });
  });

  function draw() {
    const shape = fig.get("input_shape");
    const now = layers();
    const { rows, problem } = traceStack(shape, now);
    inputs.forEach((one, i) => one.set(shape[i]));
    const kinds = now.map(({ kind }) => kind);
    if (built !== kinds.join()) {
      build(kinds);
      built = kinds.join();
    }
    const { index } = drawn();
    items.forEach(({ pick, numbers, targets, show, result }, i) => {
      pick.set(now[i].kind);
      for (const [key, one] of Object.entries(numbers)) one.set(now[i][key]);
      targets.up.enable(i > 0);
      targets.down.enable(i < items.length - 1);
      show.enable(i < rows.length);
      show.el.setAttribute("aria-pressed", String(i === index));
      result.replaceChildren(...results(i, i ? rows[i - 1]?.shape : shape, now[i], rows[i], problem));
    });
    if (focus) (items[focus[0]]?.targets[focus[1]] ?? add[0]).el.focus();
    focus = null;
    const all = (key) => format(rows.reduce((sum, row) => sum + row[key], 0));
    total.textContent = problem ? "" : t("total", { parameters: all("parameters"), adds: all("multiply_adds") });
    fig.table.clear();
    const head = ["layer", "f", "s", "p", "shape", "size", "parameters", "adds", "receptive"].map((key) =>
      t(key, { n: "" }).trim(),
    );
    fig.table(t("layers"), head, [
      [t("input"), "", "", "", times(shape), format(shape.reduce((a, b) => a * b)), "", "", "1 × 1"],
      ...rows.map((row, i) => [
        `${i + 1}. ${t(now[i].kind)}`,
        now[i].f,
        now[i].s,
        now[i].p,
        times(row.shape),
        format(row.size),
        format(row.parameters),
        format(row.multiply_adds),
        times([row.receptive_field, row.receptive_field]),
      ]),
    ]);
    paint();
  }
  fig.draws(draw);
  return fig.remove;
}

export default { render };
