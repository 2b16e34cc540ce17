// @ts-check

// The U-Net size explorer: an image's height and width on the way down and up, and which sizes fit.

import { button, choice, figure, h, numberBox, range } from "./frame.js";
import PHRASES from "./unet_size_explorer.json" with { type: "json" };
/** @import { Fig } from "./frame.js" */

const MOST = 1024; // pixels of a side
const BLANK = "–";

// ---- arithmetic, along one axis ----

// The sizes on the way, and what is wrong with them. down: of each level [as it comes, after one convolution, after two]; bottom
// and up the same, up from the lowest level to the first. problem: null; { kind: "odd", level, size } where pooling loses a row of
// `size`; or { kind: "small", level } where nothing is left. Levels count from 1, and the bottom is the last.
export function unetSizes(n, depth, padding) {
  const lost = padding === "valid" ? 2 : 0;
  const block = (size) => [size, size - lost, size - 2 * lost];
  const down = [block(n)];
  while (down.length <= depth) down.push(block(Math.floor(down.at(-1)[2] / 2)));
  const bottom = down.pop();
  const up = [];
  for (let size = bottom[2]; up.length < depth; size = up.at(-1)[2]) up.push(block(2 * size));
  return { down, bottom, up, problem: wrongWith(down, bottom, up) };
}

function wrongWith(down, bottom, up) {
  for (const [i, [, , size]] of down.entries()) {
    if (size < 2) return { kind: "small", level: i + 1 };
    if (size % 2) return { kind: "odd", level: i + 1, size };
  }
  if (bottom[2] < 1) return { kind: "small", level: down.length + 1 };
  const empty = up.findIndex((block) => block[2] < 1);
  return empty < 0 ? null : { kind: "small", level: down.length - empty };
}

export const fits = (n, depth, padding) => !unetSizes(n, depth, padding).problem;

// The next smaller and the next larger size that fit; null where there is none.
export function neighbours(n, depth, padding) {
  const next = (sizes) => sizes.find((size) => fits(size, depth, padding)) ?? null;
  const period = 2 ** depth;
  const most = 14 * period; // the smallest that fits lies below
  return [next(range(n - 1).map((i) => n - 1 - i)), next(range(most + period).map((i) => n + 1 + i))];
}

// ---- the figure ----

/** @param {{ model: import("./frame.js").Model, el: Element }} context */
function render({ model, el }) {
  const fig = figure({ model, el, words: PHRASES, title: "title" });
  const { t } = fig;
  fig.el.classList.add("us");
  const setControls = makeControls(fig);
  const verdict = makeVerdict(fig);
  const drawing = h("div", { class: "us-net" });
  fig.stage.append(verdict.el, drawing);
  fig.stage.before(fig.status);
  fig.hint.textContent = t("hint");
  fig.draws(() => {
    const now = derive(fig);
    setControls(now);
    verdict.draw(now);
    drawing.replaceChildren(...picture(fig, now));
    fig.say(sentence(fig, now));
    table(fig, now);
  });
  return fig.remove;
}

// All that is drawn. axes: height and width, each as unetSizes gives it.
/** @param {Fig} fig */
function derive({ get }) {
  const [depth, padding] = [get("depth"), get("padding")];
  const sizes = [get("height"), get("width")];
  const axes = sizes.map((n) => unetSizes(n, depth, padding));
  return { depth, padding, sizes, axes, good: axes.every(({ problem }) => !problem) };
}

// ---- controls ----

const SIDES = ["height", "width"];

/** @param {Fig} fig */
function makeControls(fig) {
  const { t } = fig;
  const bounds = { height: [1, MOST], width: [1, MOST], depth: [1, 5] };
  const numbers = Object.entries(bounds).map(([name, [min, max]]) => {
    const onChange = (value) => fig.set({ [name]: value });
    return { name, ...numberBox(fig, { label: t(name), min, max, value: fig.get(name), onChange }) };
  });
  const padding = choice(fig, {
    label: t("padding"),
    options: ["valid", "same"].map((name) => [name, t(name)]),
    onChange: (value) => fig.set({ padding: value }),
  });
  fig.controls.append(...[...numbers, padding].map((one) => one.el));
  return (now) => {
    numbers.forEach((one) => one.set(fig.get(one.name)));
    padding.set(now.padding);
  };
}

// For each side: whether it fits and why, and buttons that bring the nearest sizes that do.
/** @param {Fig} fig */
function makeVerdict(fig) {
  const { t } = fig;
  const rule = h("p", { class: "cl-hint" });
  const lines = SIDES.map((side) => {
    const text = h("p");
    const targets = [0, 1].map(() => ({ size: null }));
    const buttons = targets.map((target) =>
      button(fig, { label: "", onClick: () => target.size && fig.set({ [side]: target.size }) }),
    );
    const row = h("div", { class: "us-buttons" }, h("span", {}, t("nearest")), ...buttons.map((one) => one.el));
    return { side, text, targets, buttons, el: h("div", { class: "us-line" }, text, row) };
  });
  const draw = ({ depth, padding, sizes, axes }) => {
    lines.forEach(({ side, text, targets, buttons, el: line }, axis) => {
      text.textContent = why(fig, side, sizes[axis], axes[axis].problem, { depth, padding });
      line.classList.toggle("us-wrong", Boolean(axes[axis].problem));
      neighbours(sizes[axis], depth, padding).forEach((size, i) => {
        const there = size !== null && size <= MOST;
        targets[i].size = there ? size : null;
        buttons[i].text(there ? String(size) : BLANK);
        buttons[i].el.setAttribute("aria-label", there ? t("take", { side: t(side), size }) : t("noMore"));
        buttons[i].enable(there);
      });
    });
    rule.textContent = t(`rule ${padding}`, { depth, period: 2 ** depth, taken: 12 * 2 ** depth - 8 });
  };
  return { el: h("div", { class: "us-verdict" }, ...lines.map((one) => one.el), rule), draw };
}

// ---- words ----

/** @param {Fig} fig */
function why({ t }, side, n, problem, { depth, padding }) {
  const values = { side: t(side), n, level: problem?.level, size: problem?.size };
  if (!problem) return t("good", values);
  if (problem.kind === "odd") return t(`odd ${padding}`, { ...values, half: Math.floor(problem.size / 2) });
  return t(problem.level > depth ? "smallBottom" : "small", values);
}

/** @param {Fig} fig */
function sentence({ t }, { sizes, axes, good }) {
  const [H, W] = sizes;
  const [h0, w0] = axes.map(({ up }) => up.at(-1)[2]);
  return t(good ? "fits" : "fitsNot", { H, W, h: h0, w: w0 });
}

// How what goes down and what comes up on a level are joined, or why they cannot be.
/** @param {Fig} fig */
function joint({ t }, axes, level, padding) {
  const pairs = axes.map(({ down, up }) => [down[level][2], up[down.length - 1 - level][0]]);
  if (pairs.some(([, size]) => size < 1)) return BLANK;
  const cuts = pairs.map(([wide, small]) => wide - small);
  const odd = cuts.some((cut) => cut < 0 || cut % 2);
  if (cuts.every((cut) => !cut)) return t("copy");
  const square = String(pairs[0]) === String(pairs[1]); // on a phone there is little room: one side says both
  const [from, to] = [0, 1].map((i) => (square ? pairs[0][i] : both(pairs.map((pair) => pair[i]))));
  return t(odd ? (padding === "same" ? "apart" : "uneven") : "crop", { from, to });
}

const both = ([H, W]) => `${H} × ${W}`;

// ---- the picture: a row for each level, down on the left and up on the right ----

// A feature map: a bar as high as it is large, and its size below.
function bar(values, largest, wrong) {
  const height = Math.max(2, Math.round((72 * Math.max(0, Math.max(...values))) / largest));
  const text = values.map((n) => (n < 1 ? BLANK : String(n)));
  const shown = text[0] === text[1] ? [text[0]] : [text[0], `×${text[1]}`];
  return h(
    "div",
    { class: `us-map${wrong ? " us-bad" : ""}` },
    h("div", { class: "us-bar", style: `height: ${height}px`, "aria-hidden": "true" }),
    ...shown.map((line) => h("span", {}, line)),
  );
}

/** @param {Fig} fig */
function picture(fig, { depth, padding, sizes, axes }) {
  const { t } = fig;
  const largest = Math.max(...sizes);
  const step = (parts, i) => axes.map((one) => parts(one)[i]);
  const block = (name, parts, wrong) =>
    h("div", { class: `us-block us-${name}` }, ...[0, 1, 2].map((i) => bar(step(parts, i), largest, wrong && i === 2)));
  const loses = (level) => axes.some(({ problem }) => problem?.kind === "odd" && problem.level === level + 1);
  const rows = range(depth).flatMap((level) => {
    const wrong = loses(level);
    const skip = h("div", { class: "us-skip" }, h("span", {}, joint(fig, axes, level, padding)));
    const arrows = h(
      "div",
      { class: "us-arrows" },
      h("span", { class: wrong ? "us-lost" : "" }, t(wrong ? "poolLoses" : "pool")),
      h("span", {}, t("enlarge")),
    );
    const row = [block("down", (one) => one.down[level], wrong), skip, block("up", (one) => one.up[depth - 1 - level])];
    return [h("div", { class: "us-row", style: `--level: ${level}` }, ...row), indent(arrows, level)];
  });
  return [
    ...rows,
    indent(
      h(
        "div",
        { class: "us-row us-bottom" },
        block("down", (one) => one.bottom),
      ),
      depth,
    ),
  ];
}

function indent(el, level) {
  el.style.setProperty("--level", String(level));
  return el;
}

// ---- the table ----

/** @param {Fig} fig */
function table(fig, { depth, axes }) {
  const { t } = fig;
  const line = (name, parts) => [
    name,
    ...axes.map((one) =>
      parts(one)
        .map((n) => (n < 1 ? BLANK : n))
        .join(" → "),
    ),
  ];
  const rows = [
    ...range(depth).map((i) => line(t("down", { n: i + 1 }), ({ down }) => down[i])),
    line(t("bottom", { n: depth + 1 }), ({ bottom }) => bottom),
    ...range(depth).map((i) => line(t("up", { n: depth - i }), ({ up }) => up[i])),
  ];
  fig.table.clear();
  const head = ["stretch", "height", "width"].map((key) => t(key));
  fig.table(t("sizes"), head, rows);
}

export default { render };
