// @ts-check

// IoU playground: two boxes to move, and areas, intersection, union and IoU, term by term.

import { choice, factor, figure, format, h, numberBox } from "./frame.js";
import { area, beside, common, iou, movable, picture, rules } from "./boxes.js";
import PHRASES from "./iou_playground.json" with { type: "json" };
/** @import { Fig } from "./frame.js" */

const N = 100; // the picture's side
const NAMES = ["A", "B"];
const KEYS = ["x_min", "y_min", "x_max", "y_max"];
const EXAMPLES = {
  start: [
    [10, 10, 60, 60],
    [30, 30, 80, 80],
  ],
  identical: [
    [20, 25, 80, 75],
    [20, 25, 80, 75],
  ],
  nested: [
    [10, 15, 90, 85],
    [30, 40, 70, 75],
  ],
  half: [
    [15, 25, 65, 75],
    [40, 25, 90, 75],
  ],
  exact: [
    [10, 30, 70, 70],
    [30, 30, 90, 70],
  ],
  touching: [
    [10, 20, 50, 70],
    [50, 35, 90, 80],
  ],
  apart: [
    [8, 10, 40, 45],
    [60, 65, 92, 95],
  ],
  flat: [
    [20, 20, 80, 70],
    [50, 35, 50, 85],
  ],
};

// ---- arithmetic ----

// All that the figure writes about two boxes. `bare` is what comes out without max(0, ·).
/**
 * @param {number[]} a
 * @param {number[]} b
 */
export function overlap(a, b) {
  const [left, top, right, bottom] = common(a, b);
  const sides = [right - left, bottom - top];
  const areas = [area(a), area(b)];
  const both = Math.max(0, sides[0]) * Math.max(0, sides[1]);
  const product = sides[0] * sides[1];
  const bare = { product, union: areas[0] + areas[1] - product };
  return { sides, areas, both, union: areas[0] + areas[1] - both, iou: iou(a, b), bare };
}

// What is special about two boxes, in one word; null: they overlap, as most do.
/**
 * @param {number[]} a
 * @param {number[]} b
 */
export function relation(a, b) {
  const { sides, areas, both, union } = overlap(a, b);
  if (!union) return "zero";
  if (!areas[0] || !areas[1]) return "empty";
  if (Math.min(...sides) < 0) return "apart";
  if (!both) return "touching";
  if (both === union) return "identical";
  if (both === areas[0] || both === areas[1]) return "nested";
  return 2 * both === areas[0] && areas[0] === areas[1] ? "half" : null;
}

// ---- the figure ----

/** @param {{ model: import("./frame.js").Model, el: Element }} context */
function render({ model, el }) {
  const fig = figure({ model, el, words: PHRASES, title: "title" });
  const { t } = fig;
  fig.el.classList.add("iou");
  const setExample = makeExamples(fig);
  const drawPicture = makePicture(fig);
  const setCorners = makeCorners(fig);
  const sums = h("dl", { class: "iou-sums" });
  const slip = h("p", { class: "iou-slip" });
  fig.stage.append(h("div", { class: "iou-text" }, fig.status, sums, slip));
  fig.hint.textContent = t("hint");

  fig.draws(() => {
    const boxes = boxesOf(fig);
    const found = overlap(boxes[0], boxes[1]);
    setExample(boxes);
    drawPicture(boxes, found);
    setCorners(boxes);
    const lines = terms(boxes, found);
    sums.replaceChildren(
      ...lines.flatMap(([key, text]) => [h("dt", { class: `iou-${key}` }, t(key)), h("dd", {}, ...parts(text))]),
    );
    fig.say(sentence(fig, boxes, found));
    slip.textContent = withoutMax(fig, found);
    slip.hidden = !slip.textContent;
    tables(fig, boxes, found);
  });
  return fig.remove;
}

/** @type {(fig: Fig) => [number[], number[]]} */
const boxesOf = (fig) => [fig.get("a"), fig.get("b")];

/** @param {Fig} fig */
function change(fig, i, box) {
  fig.explain("");
  fig.set({ ["ab"[i]]: box });
}

// ---- controls ----

/** @param {Fig} fig */
function makeExamples(fig) {
  const { t } = fig;
  const example = choice(fig, {
    label: t("example"),
    options: ["own", ...Object.keys(EXAMPLES)].map((key) => [key, t(key)]),
    onChange(key) {
      fig.explain("");
      const [a, b] = EXAMPLES[key] ?? boxesOf(fig);
      fig.set({ a: [...a], b: [...b] });
    },
  });
  fig.controls.append(example.el);
  return (boxes) => {
    const same = (one) => one.every((box, i) => box.every((n, k) => n === boxes[i][k]));
    example.set(Object.keys(EXAMPLES).find((key) => same(EXAMPLES[key])) ?? "own");
  };
}

// Eight numbers: a way to place the boxes without dragging.
/** @param {Fig} fig */
function makeCorners(fig) {
  const { t } = fig;
  const number = (name, i, key, k) => {
    const axis = k % 2;
    const onChange = (value) => {
      const box = boxesOf(fig)[i].map((old, j) => (j === k ? value : old));
      if (box[axis] <= box[axis + 2]) return change(fig, i, box);
      fig.explain(t("crossed", { name, low: KEYS[axis], high: KEYS[axis + 2], a: box[axis], b: box[axis + 2] }));
      return false;
    };
    return numberBox(fig, { label: key, name: t("of", { key, name }), min: 0, max: N, onChange });
  };
  const inputs = NAMES.map((name, i) => KEYS.map((key, k) => number(name, i, key, k)));
  const group = (name, i) =>
    h(
      "div",
      { role: "group", "aria-label": t("box", { name }) },
      h("p", { class: "cl-name" }, t("box", { name: t(name) })),
      h("div", { class: "cl-controls" }, ...inputs[i].map((one) => one.el)),
    );
  fig.stage.after(h("details", { class: "iou-corners" }, h("summary", {}, t("corners")), ...NAMES.map(group)));
  return (boxes) => inputs.forEach((four, i) => four.forEach((one, k) => one.set(boxes[i][k])));
}

// ---- drawing ----

/** @param {Fig} fig */
function makePicture(fig) {
  const { t } = fig;
  const label = t("area", { n: N });
  const ground = picture(fig, { width: N, height: N, ground: rules(N, N, 10), role: "group", "aria-label": label });
  const shared = h("div", { class: "cl-shared" });
  const movables = NAMES.map((name, i) =>
    movable(fig, ground, { name, label: t("box", { name: t(name) }), onChange: (box) => change(fig, i, box) }),
  );
  movables.forEach((one, i) => one.el.classList.add(`iou-${"ab"[i]}`));
  ground.el.append(shared);
  fig.stage.append(h("div", { class: "iou-picture" }, ground.el));
  return (boxes, { both }) => {
    movables.forEach((one, i) => one.place(boxes[i], t("where", boxes[i])));
    shared.hidden = !both;
    if (both) ground.put(shared, common(boxes[0], boxes[1]));
  };
}

const shown = (found) => beside(found.iou, 0.5, 3);

// The sums, term by term: max(0, min(60, 80) − max(10, 30)) = max(0, 30) = 30.
function terms([a, b], found) {
  const { sides, areas, both, union } = found;
  const side = (axis) => {
    const value = sides[axis];
    const between = `min(${a[axis + 2]}, ${b[axis + 2]}) − max(${a[axis]}, ${b[axis]})`;
    return `max(0, ${between}) = max(0, ${format(value)}) = ${format(Math.max(0, value))}`;
  };
  const square = (box, value) =>
    `(${box[2]} − ${box[0]}) · (${box[3]} − ${box[1]}) = ${box[2] - box[0]} · ${box[3] - box[1]} = ${format(value)}`;
  return [
    ["width", side(0)],
    ["height", side(1)],
    ["both", `${sides.map((n) => format(Math.max(0, n))).join(" · ")} = ${format(both)}`],
    ["areaA", square(a, areas[0])],
    ["areaB", square(b, areas[1])],
    ["union", `${format(areas[0])} + ${format(areas[1])} − ${format(both)} = ${format(union)}`],
    ["IoU", `${format(both)} / ${format(union)}${union ? ` = ${shown(found)}` : ""}`],
  ];
}

// A line breaks before an equals sign, and nowhere else.
const parts = (text) => text.split(" = ").flatMap((part, i) => [h("span", {}, `${i ? "= " : ""}${part}`), " "]);

function sentence({ t }, [a, b], found) {
  const { areas } = found;
  const kind = relation(a, b);
  const [inner, outer] = areas[0] < areas[1] ? [0, 1] : [1, 0];
  const values = { in: NAMES[inner], out: NAMES[outer], small: format(areas[inner]), large: format(areas[outer]) };
  const verdict = t(found.iou >= 0.5 ? "correct" : "wrong", { value: shown(found) });
  return kind ? [verdict, t(`${kind}Now`, values)].join(" ") : verdict;
}

// What comes out for boxes that miss each other, where somebody forgets max(0, ·).
function withoutMax({ t }, { sides, bare }) {
  if (Math.min(...sides) >= 0) return "";
  const values = {
    w: factor(sides[0]),
    h: factor(sides[1]),
    product: format(bare.product),
    union: factor(bare.union),
    value: format(bare.product / bare.union),
  };
  return t("slip", values) + (Math.max(...sides) < 0 ? t("slipTwo") : "");
}

/** @param {Fig} fig */
function tables(fig, boxes, found) {
  const { t } = fig;
  const { both, union } = found;
  const line = (name, box) => [name, ...box, box[2] - box[0], box[3] - box[1], format(area(box))];
  const rows = boxes.map((box, i) => line(t(NAMES[i]), box));
  const shared = both ? line(t("both"), common(boxes[0], boxes[1])) : [t("both"), ...Array(6).fill(t("none")), 0];
  fig.table.clear();
  fig.table(t("boxes"), [t("one"), ...KEYS, t("wide"), t("high"), t("square")], [...rows, shared]);
  fig.table(
    t("sums"),
    [t("quantity"), t("size")],
    [
      [t("both"), format(both)],
      [t("union"), format(union)],
      ["IoU", shown(found)],
    ],
  );
}

export default { render };
