// @ts-check

import { choice, factor, figure, format, numberBox, outputSize, range } from "./frame.js";
import { matrixBox, numberGrid, slidingWindow, walk } from "./walk.js";
import PHRASES from "./pooling_stepper.json" with { type: "json" };
/** @import { Fig } from "./frame.js" */

// The cells under the window of output cell (r, c), in reading order.
const windowCells = (r, c, f, s) => range(f * f).map((i) => [r * s + Math.floor(i / f), c * s + (i % f)]);

const shapeOf = (image, f, s) => [outputSize(image.length, f, 0, s), outputSize(image[0].length, f, 0, s)];

// What one window keeps, and the cell that wins; where several tie, the first in reading order.
/** @returns {{ numbers: number[], sum: number, value: number, ties?: number, winner?: number[] }} */
export function poolCell(image, r, c, f, s, kind) {
  const cells = windowCells(r, c, f, s);
  const numbers = cells.map(([i, j]) => image[i][j]);
  const sum = numbers.reduce((a, b) => a + b);
  if (kind === "average") return { numbers, sum, value: sum / numbers.length };
  const value = Math.max(...numbers);
  const ties = numbers.filter((number) => number === value).length;
  return { numbers, sum, value, ties, winner: cells[numbers.indexOf(value)] };
}

export function pool(image, f, s, kind) {
  const [rows, columns] = shapeOf(image, f, s);
  return range(rows).map((r) => range(columns).map((c) => poolCell(image, r, c, f, s, kind).value));
}

// The gradient at the input, given the gradient at the output (same shape as the output).
export function poolBackward(image, upstream, f, s, kind) {
  const gradient = image.map((row) => row.map(() => 0));
  upstream.forEach((row, r) =>
    row.forEach((dy, c) => {
      const { winner } = poolCell(image, r, c, f, s, kind);
      const cells = winner ? [winner] : windowCells(r, c, f, s);
      for (const [i, j] of cells) gradient[i][j] += dy / cells.length;
    }),
  );
  return gradient;
}

// ---- the figure ----

/** @param {{ model: import("./frame.js").Model, el: Element }} context */
function render({ model, el }) {
  const fig = figure({ model, el, words: PHRASES, title: "title" });
  fig.el.classList.add("pool");
  const steps = walk(fig, () => shapeOf(fig.get("image"), fig.get("f"), fig.get("s")));
  const setControls = makeControls(fig, steps);
  const drawGrids = makeGrids(fig, steps);
  fig.hint.textContent = fig.t("hint");
  fig.draws(() => {
    const now = derive(fig, steps);
    setControls();
    drawGrids(now);
    fig.say(sentence(fig, now));
    fig.table.clear();
    fig.table.numbers(fig.t("input"), now.image);
    fig.table.numbers(fig.t("output"), now.values);
    if (now.backward) fig.table.numbers(fig.t("tableGradient"), now.got);
  });
  return fig.remove;
}

// All that is drawn: the window's cell, the output as far as it is computed, the gradient sent back and what arrives.
/**
 * @param {Fig} fig
 * @returns {any}
 */
function derive(fig, steps) {
  const [image, mode, f, s] = ["image", "gradient", "f", "s"].map(fig.get);
  const settings = [f, s, fig.get("kind")];
  const [, r, c] = steps.cell();
  const seen = steps.seen();
  const all = pool(image, ...settings);
  const overOutput = (make) => all.map((row, i) => row.map((value, j) => make(i * row.length + j, value)));
  const starts = { off: () => false, one: (i) => i === steps.position(), filled: (i) => seen.has(i) };
  const sent = overOutput((i) => Number(starts[mode](i)));
  return {
    image,
    mode,
    backward: mode !== "off",
    r,
    c,
    f,
    s,
    cell: poolCell(image, r, c, ...settings),
    values: overOutput((i, value) => (seen.has(i) ? value : null)),
    sent,
    got: poolBackward(image, sent, ...settings),
  };
}

// ---- controls ----

/** @param {Fig} fig */
function makeControls(fig, steps) {
  const { t } = fig;
  // Takes the change, or says why it cannot be.
  const resize = (changes) => {
    const { image, f } = { image: fig.get("image"), f: fig.get("f"), ...changes };
    const [height, width] = [image.length, image[0].length];
    steps.player.pause();
    if (f <= Math.min(height, width)) return fig.set({ ...changes, position: 0, seen: [0] });
    fig.explain(t("tooLarge", { f, h: height, w: width }));
    return false;
  };
  const pick = (name, ...values) =>
    choice(fig, {
      label: t(name),
      options: values.map((value) => [value, t(value)]),
      onChange: (value) => fig.set({ [name]: value }),
    });
  const number = (name) =>
    numberBox(fig, {
      label: t(name),
      min: 1,
      max: 10,
      value: fig.get(name),
      onChange: (value) => resize({ [name]: value }),
    });
  const controls = {
    kind: pick("kind", "max", "average"),
    f: number("f"),
    s: number("s"),
    gradient: pick("gradient", "off", "one", "filled"),
    image: matrixBox(fig, {
      label: t("type"),
      help: t("typeHelp"),
      most: 10,
      onChange: (matrix) => resize({ image: matrix }),
    }),
  };
  fig.controls.append(...Object.values(controls).map((one) => one.el));
  return () => Object.entries(controls).forEach(([name, one]) => one.set(fig.get(name)));
}

// ---- drawing ----

/** @param {Fig} fig */
function makeGrids(fig, steps) {
  const { t } = fig;
  const { keyboard, nudge } = steps;
  const input = numberGrid(fig, { caption: t("input") });
  const move = (r, c) => steps.at(Math.round(r / fig.get("s")), Math.round(c / fig.get("s")));
  const frame = slidingWindow(fig, input, { label: t("window"), move, nudge, keyboard });
  const output = numberGrid(fig, { caption: t("output"), pick: (r, c) => steps.at(r, c), keyboard });
  fig.stage.append(input.el, output.el);
  fig.stage.after(steps.player.el);

  return ({ image, backward, r, c, f, s, cell: { winner }, values, sent, got }) => {
    const corner = (number) => (backward && number ? format(number) : null);
    const tint = backward ? null : "grey";
    const wins = (i, j) => winner && i === winner[0] && j === winner[1];
    input.caption(t(backward ? "inputGradient" : "input"));
    input.draw(image, {
      tint,
      cell: (i, j) => ({
        class: [backward && got[i][j] && "pool-gets", wins(i, j) && "pool-wins"].filter(Boolean).join(" "),
        corner: corner(got[i][j]),
      }),
    });
    output.caption(t(backward ? "outputGradient" : "output"));
    output.draw(values, {
      tint,
      of: image,
      cell: (i, j) => ({ class: i === r && j === c ? "cl-now" : "", corner: corner(sent[i][j]) }),
    });
    output.current(r, c);
    frame.place({
      r: r * s,
      c: c * s,
      height: f,
      width: f,
      now: steps.position() + 1,
      of: steps.count(),
      text: t("place", { r: r + 1, c: c + 1 }),
    });
  };
}

// What the window keeps and why, and where the gradient goes.
function sentence({ t }, { r, c, mode, cell: { numbers, sum, value, ties, winner } }) {
  const n = numbers.length;
  const list = (separator) => numbers.map(winner ? (x) => format(x) : factor).join(separator);
  const texts = [
    `${t("place", { r: r + 1, c: c + 1 })}.`,
    winner
      ? t("maxLine", { numbers: list(", "), value: format(value), r: winner[0] + 1, c: winner[1] + 1 })
      : t("averageLine", { numbers: list(" + "), n, sum: format(sum), value: format(value) }),
    ties > 1 && t("tieLine", { n: ties }),
    mode !== "off" && t(winner ? "maxBack" : "averageBack", { n, share: format(1 / n) }),
    mode === "filled" && t("adds"),
  ];
  return texts.filter(Boolean).join(" ");
}

export default { render };
