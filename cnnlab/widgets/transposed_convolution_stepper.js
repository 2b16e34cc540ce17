// @ts-check

// Transposed convolution, step by step: each input cell stamps the filter, times its value, and where stamps meet they add up.

import { choice, factor, figure, format, h, numberBox, range } from "./frame.js";
import { matrixBox, numberGrid, slidingWindow, walk } from "./walk.js";
import PHRASES from "./transposed_convolution_stepper.json" with { type: "json" };
/** @import { Fig } from "./frame.js" */

// ---- arithmetic ----

// Rows (or columns) that all stamps cover: from n cells, with a filter of f.
const covered = (n, f, s) => (n - 1) * s + f;

// … that are left of them: p are cut off on both sides, and `extra` are kept more at the end. 0 where nothing is left.
export const leftOver = (n, f, s, p, extra) => Math.max(0, covered(n, f, s) - 2 * p + extra);

const ofBoth = (image, kernel, make) => [make(image.length, kernel.length), make(image[0].length, kernel[0].length)];

// The products [input, weight] that land on each cell of the canvas, of these input cells, counted in reading order. The
// canvas holds all stamps, and what output padding adds beyond them.
export function landing(image, kernel, stride, padding, extra, cells) {
  const columns = image[0].length;
  const size = ofBoth(image, kernel, (n, f) =>
    Math.max(covered(n, f, stride), padding + leftOver(n, f, stride, padding, extra)),
  );
  /** @type {number[][][][]} */
  const canvas = range(size[0]).map(() => range(size[1]).map(() => []));
  for (const i of cells) {
    const [r, c] = [Math.floor(i / columns), i % columns];
    kernel.forEach((row, y) =>
      row.forEach((weight, x) => canvas[r * stride + y][c * stride + x].push([image[r][c], weight])),
    );
  }
  return canvas;
}

const total = (products) => products.reduce((sum, [x, w]) => sum + x * w, 0);

// What is kept of the canvas.
/** @type {(canvas: any[][], padding: number, size: number[]) => any[][]} */
const kept = (canvas, padding, [rows, columns]) =>
  canvas.slice(padding, padding + rows).map((row) => row.slice(padding, padding + columns));

// The output, or [] where nothing is left of it.
export function transposedConvolution(image, kernel, stride = 1, padding = 0, extra = 0) {
  const size = ofBoth(image, kernel, (n, f) => leftOver(n, f, stride, padding, extra));
  if (size.includes(0)) return [];
  const canvas = landing(image, kernel, stride, padding, extra, range(image.length * image[0].length));
  return kept(canvas, padding, size).map((row) => row.map(total));
}

// ---- the figure ----

const INPUTS = ["image", "kernel", "stride", "padding", "output_padding"];

/** @param {{ model: import("./frame.js").Model, el: Element }} context */
function render({ model, el }) {
  const fig = figure({ model, el, words: PHRASES, title: "title" });
  const { t } = fig;
  fig.el.classList.add("tc");
  const steps = walk(fig, () => [fig.get("image").length, fig.get("image")[0].length]);
  const setControls = makeControls(fig, (changes) => attempt(fig, steps, changes));
  const drawGrids = makeGrids(fig, steps);
  const drawTables = makeTables(fig);
  const sum = h("p", { class: "cl-formula" });
  const size = h("p", { class: "cl-hint" });
  fig.stage.after(sum, steps.player.el, size);
  fig.hint.textContent = t("hint");

  fig.draws(() => {
    const now = derive(fig, steps);
    setControls(now);
    drawGrids(now);
    sum.textContent = meeting(fig, now);
    size.textContent = t("size", { rows: written(now, 0), columns: written(now, 1) });
    fig.say([t("now", now.told), now.told.cut && t("cut", now.told)].filter(Boolean).join(" "));
    drawTables(now);
  });
  return fig.remove;
}

/** @returns {Record<string, any>} */
const stateOf = (fig) => Object.fromEntries(INPUTS.map((name) => [name, fig.get(name)]));

// Everything that follows from the state. `told` is what phrases fill in.
/**
 * @param {Fig} fig
 * @returns {any}
 */
function derive(fig, steps) {
  const state = stateOf(fig);
  const { image, kernel, stride: s, padding: p, output_padding: extra } = state;
  const [, r, c] = steps.cell();
  const seen = steps.seen();
  const canvas = landing(image, kernel, s, p, extra, seen);
  const size = ofBoth(image, kernel, (n, f) => leftOver(n, f, s, p, extra));
  const inside = (i, j) => i >= p && i < p + size[0] && j >= p && j < p + size[1];
  const under = kernel.flatMap((row, y) => row.map((_, x) => [r * s + y, c * s + x]));
  const told = {
    r: r + 1,
    c: c + 1,
    value: format(image[r][c]),
    numbers: under.length,
    shared: under.filter(([i, j]) => canvas[i][j].length > 1).length,
    cut: under.filter(([i, j]) => !inside(i, j)).length,
    done: seen.size,
    all: steps.count(),
  };
  const stamp = kernel.map((row) => row.map((weight) => weight * image[r][c]));
  return { ...state, r, c, s, p, extra, seen, canvas, size, inside, under, stamp, told };
}

// Takes the changes, or says why they cannot be. What is stamped stays so while the input keeps its size.
/** @param {Fig} fig */
function attempt(fig, { player, seen, count, position }, changes) {
  player.pause();
  const next = { ...stateOf(fig), ...changes };
  const extra = Math.min(next.output_padding, next.stride - 1);
  if (changes.output_padding > extra) return explain(fig, "tooMuch", { extra: changes.output_padding, s: next.stride });
  const { image, kernel, stride: s, padding: p } = next;
  const left = ofBoth(image, kernel, (n, f) => leftOver(n, f, s, p, extra));
  if (left.includes(0)) {
    const full = ofBoth(image, kernel, (n, f) => covered(n, f, s))[left.indexOf(0)];
    return explain(fig, "impossible", { p, full, axis: fig.t(left[0] ? "columns" : "rows") });
  }
  fig.explain("");
  const all = image.length * image[0].length;
  const done = all === count() ? [...seen()] : seen().size === count() ? range(all) : [0];
  fig.set({ ...changes, output_padding: extra, seen: done, position: Math.min(position(), all - 1) });
}

/** @param {Fig} fig */
function explain(fig, key, values) {
  fig.explain(fig.t(key, values));
  return false;
}

// ---- controls ----

/** @param {Fig} fig */
function makeControls(fig, change) {
  const { t } = fig;
  const matrices = ["image", "kernel"].map((trait) => makeMatrix(fig, trait, change));
  const numbers = Object.entries({ stride: [1, 4], padding: [0, 4], output_padding: [0, 3] }).map(
    ([name, [min, max]]) => {
      const onChange = (value) => change({ [name]: value });
      return { name, ...numberBox(fig, { label: t(name), min, max, value: fig.get(name), onChange }) };
    },
  );
  fig.controls.append(...[...matrices.map((one) => one.picker), ...numbers].map((one) => one.el));
  fig.controls.append(...matrices.map((one) => one.box.el));
  return (now) => {
    for (const one of matrices) one.set(now[one.trait]);
    for (const one of numbers) one.set(now[one.name]);
  };
}

// A matrix to pick by name or to type.
/** @param {Fig} fig */
function makeMatrix(fig, trait, change) {
  const { t } = fig;
  const list = fig.get("presets")[`${trait}s`];
  const onChange = (matrix) => change({ [trait]: matrix });
  const picker = choice(fig, {
    label: t(trait),
    options: [...Object.keys(list).map((name) => [name, t(name)]), ["", t("own")]],
    onChange(name) {
      if (!name) box.open();
      else if (onChange(list[name]) === false) set(fig.get(trait));
    },
  });
  const label = t(trait === "image" ? "typeImage" : "typeKernel");
  const box = matrixBox(fig, { label, help: t("typeHelp"), most: 5, onChange });
  const set = (matrix) => {
    const named = Object.keys(list).find((name) => JSON.stringify(list[name]) === JSON.stringify(matrix));
    picker.set(named ?? "");
    box.set(matrix);
  };
  return { trait, picker, box, set };
}

// ---- drawing ----

// Stamps on one cell: a colour for one, two, three, and four or more, and as many dots.
const heap = (count) => Math.min(count, 4);
const dots = (count) => (count > 4 ? `${count}×•` : "•".repeat(count));

/** @param {Fig} fig */
function makeGrids(fig, { at, nudge, keyboard, position, count }) {
  const { t } = fig;
  const input = numberGrid(fig, { pick: (r, c) => at(r, c), keyboard });
  const [kernel, stamp, output] = [numberGrid(fig), numberGrid(fig), numberGrid(fig)];
  const frame = slidingWindow(fig, output, {
    label: t("window"),
    nudge,
    keyboard,
    move: (r, c) => at(Math.round(r / fig.get("stride")), Math.round(c / fig.get("stride"))),
  });
  const edge = h("div", { class: "tc-kept", "aria-hidden": "true" });
  output.holder.append(edge);
  const term = (sign, grid) =>
    h("div", { class: "cl-term" }, h("span", { class: "cl-sign", "aria-hidden": "true" }, sign), grid.el);
  const key = (n) => h("span", { class: `tc-key tc-${n}` }, t(`key${n}`));
  output.el.append(h("p", { class: "tc-keys" }, ...[1, 2, 3, 4].map(key)));
  fig.stage.append(input.el, term("·", kernel), term("=", stamp), output.el);

  return ({ image, kernel: weights, stamp: numbers, canvas, size, inside, under, told, r, c, s, p, seen }) => {
    const [H, W] = [image.length, image[0].length];
    const [f, g] = [weights.length, weights[0].length];
    input.caption(t("imageName", { h: H, w: W }));
    const mark = (i, j) => [i === r && j === c && "cl-now", seen.has(i * W + j) && "tc-1"];
    input.draw(image, { cell: (i, j) => ({ class: mark(i, j).filter(Boolean).join(" ") }) });
    input.current(r, c);
    kernel.caption(t("kernelName", { h: f, w: g }));
    kernel.draw(weights);
    stamp.caption(t("stampName", { value: factor(image[r][c]) }));
    stamp.draw(numbers, { cell: () => ({ class: "tc-1" }) });
    output.caption(t("outputName", { h: size[0], w: size[1] }));
    const lies = new Set(under.map(String));
    output.draw(
      canvas.map((row, i) =>
        row.map((one, j) => (one.length || (seen.size === told.all && inside(i, j)) ? total(one) : null)),
      ),
      {
        cell(i, j) {
          const many = canvas[i][j].length;
          const now = lies.has(`${i},${j}`) && numbers[i - r * s][j - c * s];
          const corner = now !== false ? `${now < 0 ? "" : "+"}${format(now)}` : many > 1 ? dots(many) : null;
          const classes = [many && `tc-${heap(many)}`, !inside(i, j) && "tc-cut"];
          return { plain: true, corner, class: classes.filter(Boolean).join(" ") };
        },
      },
    );
    for (const [name, value] of Object.entries({ r: p, c: p, height: size[0], width: size[1] }))
      edge.style.setProperty(`--${name}`, String(value));
    const text = t("place", told);
    frame.place({ r: r * s, c: c * s, height: f, width: g, now: position() + 1, of: count(), text });
  };
}

// ---- words ----

const times = (products) => products.map(([x, w]) => `${factor(x)}·${factor(w)}`).join(" + ");

// The sum of the output cell under this stamp where most stamps meet.
/** @param {Fig} fig */
function meeting({ t }, { canvas, inside, under, p }) {
  const cells = under.filter(([i, j]) => inside(i, j));
  const most = Math.max(0, ...cells.map(([i, j]) => canvas[i][j].length));
  if (most < 2) return t("alone");
  const [i, j] = cells.find(([y, x]) => canvas[y][x].length === most);
  const sum = `${times(canvas[i][j])} = ${format(total(canvas[i][j]))}`;
  return t("meet", { n: most, r: i - p + 1, c: j - p + 1, sum });
}

// (n − 1)·s + f − 2·p + extra = size
function written({ image, kernel, s, p, extra, size }, axis) {
  const [n, f] = axis ? [image[0].length, kernel[0].length] : [image.length, kernel.length];
  return `(${n} − 1)·${s} + ${f} − 2·${p} + ${extra} = ${size[axis]}`;
}

// The tables, written anew only when an input changes.
/** @param {Fig} fig */
function makeTables(fig) {
  const { t } = fig;
  let tabled = "";
  return ({ image, kernel, s, p, extra, size }) => {
    const key = JSON.stringify([image, kernel, s, p, extra]);
    if (key === tabled) return;
    tabled = key;
    const whole = landing(image, kernel, s, p, extra, range(image.length * image[0].length));
    const cells = kept(whole, p, size);
    fig.table.clear();
    fig.table.numbers(
      t("outputTable"),
      cells.map((row) => row.map(total)),
    );
    const head = ["rowHead", "columnHead", "count", "products", "sum"].map((name) => t(name));
    const line = (one, r, c) => [r + 1, c + 1, one.length, times(one) || "0", format(total(one))];
    fig.table(
      t("every"),
      head,
      cells.flatMap((row, r) => row.map((one, c) => line(one, r, c))),
    );
  };
}

export default { render };
