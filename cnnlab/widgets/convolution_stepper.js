// @ts-check

// Convolution, step by step: an image of numbers, a kernel, a window that moves, an output that fills.

import { choice, factor, figure, format, h, numberBox, outputSize, range, span, toggle } from "./frame.js";
import { matrixBox, numberGrid, padImage, samePadding, slidingWindow, walk } from "./walk.js";
import PHRASES from "./convolution_stepper.json" with { type: "json" };
/** @import { Fig } from "./frame.js" */

// ---- arithmetic ----

// [[top, bottom], [left, right]] of a padding that is a number, "valid" or "same".
export function paddings(image, kernel, padding, stride = 1, dilation = 1) {
  const axes = [
    [image.length, kernel.length],
    [image[0].length, kernel[0].length],
  ];
  return axes.map(([n, f]) =>
    padding === "same" ? samePadding(f, dilation, stride, n) : Array(2).fill(padding === "valid" ? 0 : padding),
  );
}

// Upside down and left to right.
export const turn = (kernel) => kernel.map((row) => [...row].reverse()).reverse();

// The pairs [pixel, weight] under the window whose output is (r, c), one list for each row of the kernel.
function pairs(padded, kernel, r, c, stride, dilation) {
  const pixel = (i, j) => padded[r * stride + i * dilation][c * stride + j * dilation];
  return kernel.map((row, i) => row.map((weight, j) => [pixel(i, j), weight]));
}

const sum = (rows) => rows.flat().reduce((total, [x, w]) => total + x * w, 0);

// The output, or [] where the kernel does not fit. flip = true: true convolution.
export function crossCorrelate(image, kernel, padding = 0, stride = 1, dilation = 1, flip = false) {
  const pad = paddings(image, kernel, padding, stride, dilation);
  const [rows, columns] = sizes(image, kernel, padding, stride, dilation);
  const [padded, weights] = [padImage(image, pad), flip ? turn(kernel) : kernel];
  if (!rows || !columns) return [];
  return range(rows).map((r) => range(columns).map((c) => sum(pairs(padded, weights, r, c, stride, dilation))));
}

// [H_out, W_out], with 0 where the kernel does not fit.
export function sizes(image, kernel, padding = 0, stride = 1, dilation = 1) {
  const [vertical, horizontal] = paddings(image, kernel, padding, stride, dilation);
  return [
    outputSize(image.length, kernel.length, vertical, stride, dilation),
    outputSize(image[0].length, kernel[0].length, horizontal, stride, dilation),
  ];
}

// ---- the figure ----

const INPUTS = ["image", "kernel", "padding", "stride", "dilation", "flip"];

/** @param {{ model: import("./frame.js").Model, el: Element }} context */
function render({ model, el }) {
  const fig = figure({ model, el, words: PHRASES, title: "title" });
  const { t } = fig;
  const steps = walk(fig, () => sizes(...inputs(fig)));
  const setControls = makeControls(fig, (changes) => {
    const taken = attempt(fig, steps, changes);
    if (!taken) draw();
    return taken;
  });
  const drawGrids = makeGrids(fig, steps);
  const formula = h("p", { class: "cl-formula" });
  const size = h("p", { class: "cl-hint" });
  fig.stage.after(formula, steps.player.el, size);
  fig.hint.textContent = t("hint");
  const drawTable = makeTable(fig);

  function draw() {
    const now = derive(fig, steps);
    const { r, c, weights, pad } = now;
    setControls(now);
    drawGrids(now);
    const value = format(now.output[r][c]);
    const lines = products(now, r, c);
    formula.replaceChildren(
      ...lines.flatMap((line, i) => [h("span", {}, i ? `+ ${line}` : line), " "]),
      h("strong", {}, `= ${value}`),
    );
    const [rows, columns] = [
      floor(now.image.length, pad[0], weights.length, now),
      floor(now.image[0].length, pad[1], weights[0].length, now),
    ];
    size.textContent = t("size", { rows, columns });
    fig.say(t("now", now.place));
    drawTable(now);
  }
  fig.draws(draw);
  return fig.remove;
}

const inputs = (fig) => INPUTS.map((name) => fig.get(name));
/** @returns {Record<string, any>} */
const stateOf = (fig) => Object.fromEntries(INPUTS.map((name) => [name, fig.get(name)]));

// Everything that follows from the state.
/**
 * @param {Fig} fig
 * @returns {any}
 */
function derive(fig, steps) {
  const state = stateOf(fig);
  const pad = paddings(...inputs(fig));
  const [, r, c] = steps.cell();
  const output = crossCorrelate(...inputs(fig));
  const done = steps.seen().size;
  return {
    ...state,
    output,
    pad,
    weights: state.flip ? turn(state.kernel) : state.kernel,
    padded: padImage(state.image, pad),
    rows: output.length,
    columns: output[0].length,
    r,
    c,
    place: { r: r + 1, c: c + 1, value: format(output[r][c]), done, all: steps.count() },
  };
}

// Why these inputs are impossible, in words; "" if they are not.
function problem({ t }, { image, kernel, padding, stride, dilation }) {
  const pad = paddings(image, kernel, padding, stride, dilation);
  for (const axis of [0, 1]) {
    const [n, f] = [image, kernel].map((matrix) => (axis ? matrix[0] : matrix).length);
    const room = n + pad[axis][0] + pad[axis][1];
    const why = dilation > 1 ? t("because", { dilation, f }) : "";
    if (span(f, dilation) > room)
      return t("impossible", { span: span(f, dilation), axis: t(axis ? "columns" : "rows"), why, n: room });
  }
  return "";
}

// Takes the changes, or says why they cannot be. A full output stays full.
/** @param {Fig} fig */
function attempt(fig, { player, seen, count, position }, changes) {
  player.pause();
  const next = { ...stateOf(fig), ...changes };
  const why = problem(fig, next);
  fig.explain(why);
  if (why) return false;
  const size = sizes(...INPUTS.map((name) => next[name]));
  const all = size[0] * size[1];
  const kept = String(size) === String(sizes(...inputs(fig))) ? [...seen()] : [0];
  fig.set({ ...changes, seen: seen().size === count() ? range(all) : kept, position: Math.min(position(), all - 1) });
  return true;
}

// ---- controls ----

/** @param {Fig} fig */
function makeControls(fig, change) {
  const { t } = fig;
  const [image, kernel] = [
    makeMatrix(fig, "image", "typeImage", 16, change),
    makeMatrix(fig, "kernel", "typeKernel", 7, change),
  ];
  const number = (trait) =>
    numberBox(fig, {
      label: t(trait),
      min: 1,
      max: 8,
      value: fig.get(trait),
      onChange: (value) => change({ [trait]: value }),
    });
  const padding = choice(fig, {
    label: t("padding"),
    options: [["0", t("valid")], ...range(6).map((i) => [String(i + 1), String(i + 1)]), ["same", t("same")]],
    onChange: (value) => change({ padding: value === "same" ? value : Number(value) }),
  });
  const [stride, dilation] = [number("stride"), number("dilation")];
  const flip = toggle(fig, { label: t("flip"), onChange: (on) => change({ flip: on }) });
  const all = [image.picker, kernel.picker, padding, stride, dilation, flip, image.box, kernel.box];
  fig.controls.append(...all.map((one) => one.el));
  return (now) => {
    image.set(now.image);
    kernel.set(now.kernel);
    padding.set(String(now.padding));
    stride.set(now.stride);
    dilation.set(now.dilation);
    flip.set(now.flip);
  };
}

// A matrix to pick by name or to type.
/** @param {Fig} fig */
function makeMatrix(fig, trait, label, most, change) {
  const { t } = fig;
  const list = fig.get("presets")[`${trait}s`];
  const named = (name) => {
    const [first, ...rest] = t(name).split("_");
    return [name, [first[0].toUpperCase() + first.slice(1), ...rest].join(", ")];
  };
  const picker = choice(fig, {
    label: t(trait),
    options: [...Object.keys(list).map(named), ["", t("own")]],
    onChange: (name) => (name ? change({ [trait]: list[name] }) : box.open()),
  });
  const onChange = (matrix) => change({ [trait]: matrix });
  const box = matrixBox(fig, { label: t(label), help: t("typeHelp"), most, onChange });
  return {
    picker,
    box,
    set(matrix) {
      // Two names may stand for the same numbers (vertical, Prewitt): the one that was chosen stays.
      const names = Object.keys(list).filter((name) => JSON.stringify(list[name]) === JSON.stringify(matrix));
      if (!names.includes(picker.get())) picker.set(names[0] ?? "");
      box.set(matrix);
    },
  };
}

// ---- drawing ----

/** @param {Fig} fig */
function makeGrids(fig, steps) {
  const { t } = fig;
  const { at, nudge, keyboard, seen, position, count } = steps;
  const image = numberGrid(fig);
  const frame = slidingWindow(fig, image, {
    label: t("window"),
    nudge,
    keyboard,
    move: (r, c) => at(Math.round(r / fig.get("stride")), Math.round(c / fig.get("stride"))),
  });
  const kernel = numberGrid(fig);
  const output = numberGrid(fig, { pick: (r, c) => at(r, c), keyboard });
  const term = (sign, grid) =>
    h("div", { class: "cl-term" }, h("span", { class: "cl-sign", "aria-hidden": "true" }, sign), grid.el);
  fig.stage.append(image.el, term("∗", kernel), term("=", output));

  return (now) => {
    const { stride, dilation, weights, columns, r, c } = now;
    const [f, g] = [weights.length, weights[0].length];
    drawImage(fig, image, now);
    kernel.caption(t(now.flip ? "flipped" : "kernelName", { h: f, w: g }));
    kernel.draw(weights, { tint: "sign" });
    output.caption(t("outputName", { h: now.rows, w: columns }));
    const filled = seen();
    output.draw(
      now.output.map((row, i) => row.map((v, j) => (filled.has(i * columns + j) ? v : null))),
      { tint: "sign", of: now.output, cell: (i, j) => ({ class: i === r && j === c ? "cl-now" : "" }) },
    );
    output.current(r, c);
    frame.place({
      r: r * stride,
      c: c * stride,
      height: span(f, dilation),
      width: span(g, dilation),
      now: position() + 1,
      of: count(),
      text: t("place", now.place),
    });
  };
}

// The padded image; in the corners of its cells the weights of the window over them.
function drawImage({ t }, grid, { image, padded, pad, weights, stride, dilation, r, c }) {
  const [H, W] = [image.length, image[0].length];
  const tap = (i, j) => {
    const [y, x] = [i - r * stride, j - c * stride];
    const on = y >= 0 && x >= 0 && y % dilation === 0 && x % dilation === 0;
    return on ? weights[y / dilation]?.[x / dilation] : undefined;
  };
  const short = weights.flat().every((weight) => format(weight).length < 4); // else the cell only says that it counts
  const inside = (i, j) => i >= pad[0][0] && i < pad[0][0] + H && j >= pad[1][0] && j < pad[1][0] + W;
  const more = padded.length > H || padded[0].length > W;
  grid.caption(t(more ? "padded" : "imageName", { h: H, w: W, H: padded.length, W: padded[0].length }));
  grid.draw(padded, {
    tint: "grey",
    of: image,
    cell(i, j) {
      const weight = tap(i, j);
      const corner = weight === undefined ? null : short ? `×${format(weight)}` : "•";
      return inside(i, j) ? { corner } : { corner, class: "cl-pad", plain: true };
    },
  });
}

// The products under the window of one output cell, a text for each row of the kernel.
function products({ padded, weights, stride, dilation }, r, c) {
  const written = (row) => row.map(([x, w]) => `${factor(x)}·${factor(w)}`).join(" + ");
  return pairs(padded, weights, r, c, stride, dilation).map(written);
}

function floor(n, pad, f, { stride, dilation }) {
  const room = `${n} + ${pad[0] + pad[1]} − ${span(f, dilation)}`;
  return `⌊(${room}) / ${stride}⌋ + 1 = ${outputSize(n, f, pad, stride, dilation)}`;
}

// The table of all products, written anew only when an input changes.
/** @param {Fig} fig */
function makeTable(fig) {
  const { t } = fig;
  let tabled = "";
  return (now) => {
    const key = JSON.stringify(stateOf(fig));
    if (key === tabled) return;
    tabled = key;
    const rows = range(now.rows * now.columns).map((i) => {
      const [r, c] = [Math.floor(i / now.columns), i % now.columns];
      return [r + 1, c + 1, products(now, r, c).join(" + "), format(now.output[r][c])];
    });
    fig.table.clear();
    const head = ["rowHead", "columnHead", "products", "sum"].map((name) => t(name));
    fig.table(t("every"), head, rows);
  };
}

export default { render };
