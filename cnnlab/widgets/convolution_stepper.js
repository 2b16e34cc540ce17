// Convolution, step by step: an image of numbers, a kernel, a window that moves, an output that fills.

import { choice, factor, figure, format, h, numberBox, outputSize, range, span, toggle } from "./frame.js";
import { matrixBox, numberGrid, padImage, samePadding, slidingWindow, walk } from "./walk.js";
import PHRASES from "./convolution_stepper.json" with { type: "json" };

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

function render({ model, el }) {
  const fig = figure({ model, el, words: PHRASES, title: "title" });
  const { t } = fig;
  const presets = fig.get("presets");
  const state = () => Object.fromEntries(INPUTS.map((name) => [name, fig.get(name)]));

  const inputs = () => INPUTS.map((name) => fig.get(name));
  const { position, seen, cell, count, at, nudge, keyboard, player } = walk(fig, () => sizes(...inputs()));

  // Everything that follows from the inputs.
  function derive() {
    const [now, output, pad] = [state(), crossCorrelate(...inputs()), paddings(...inputs())];
    const weights = now.flip ? turn(now.kernel) : now.kernel;
    return {
      ...now,
      output,
      pad,
      weights,
      padded: padImage(now.image, pad),
      rows: output.length,
      columns: output[0].length,
    };
  }

  // Why these inputs are impossible, in words; "" if they are not.
  function problem({ image, kernel, padding, stride, dilation }) {
    const pad = paddings(image, kernel, padding, stride, dilation);
    for (const [axis, n, f] of [
      [0, image.length, kernel.length],
      [1, image[0].length, kernel[0].length],
    ]) {
      const room = n + pad[axis][0] + pad[axis][1];
      const why = dilation > 1 ? t("because", { dilation, f }) : "";
      if (span(f, dilation) > room)
        return t("impossible", { span: span(f, dilation), axis: t(axis ? "columns" : "rows"), why, n: room });
    }
    return "";
  }

  function attempt(changes) {
    player.pause();
    const next = { ...state(), ...changes };
    const why = problem(next);
    fig.explain(why);
    if (why) {
      draw();
      return false;
    }
    const size = sizes(...INPUTS.map((name) => next[name]));
    const all = size[0] * size[1];
    const kept = String(size) === String(sizes(...inputs())) ? [...seen()] : [0];
    // A full output stays full.
    fig.set({ ...changes, seen: seen().size === count() ? range(all) : kept, position: Math.min(position(), all - 1) });
    return true;
  }

  // controls
  const named = (name) => {
    const [first, ...rest] = t(name).split("_");
    return [name, [first[0].toUpperCase() + first.slice(1), ...rest].join(", ")];
  };
  const picker = (trait, list) =>
    choice(fig, {
      label: t(trait),
      options: [...Object.keys(list).map(named), ["", t("own")]],
      onChange: (name) => (name ? attempt({ [trait]: list[name] }) : boxes[trait].open()),
    });
  const box = (trait, label, most) =>
    matrixBox(fig, { label: t(label), help: t("typeHelp"), most, onChange: (matrix) => attempt({ [trait]: matrix }) });
  const number = (trait) =>
    numberBox(fig, {
      label: t(trait),
      min: 1,
      max: 8,
      value: fig.get(trait),
      onChange: (value) => attempt({ [trait]: value }),
    });
  const lists = { image: presets.images, kernel: presets.kernels };
  const pickers = { image: picker("image", lists.image), kernel: picker("kernel", lists.kernel) };
  const boxes = { image: box("image", "typeImage", 16), kernel: box("kernel", "typeKernel", 7) };
  const paddingOptions = [
    ["0", t("valid")],
    ...range(6).map((i) => [String(i + 1), String(i + 1)]),
    ["same", t("same")],
  ];
  const padding = choice(fig, {
    label: t("padding"),
    options: paddingOptions,
    onChange: (value) => attempt({ padding: value === "same" ? value : Number(value) }),
  });
  const numbers = { stride: number("stride"), dilation: number("dilation") };
  const flip = toggle(fig, { label: t("flip"), onChange: (on) => attempt({ flip: on }) });
  fig.controls.append(
    ...[pickers.image, pickers.kernel, padding, numbers.stride, numbers.dilation, flip, boxes.image, boxes.kernel].map(
      (c) => c.el,
    ),
  );

  // grids
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
  const formula = h("p", { class: "cl-formula" });
  const size = h("p", { class: "cl-hint" });
  fig.stage.append(image.el, term("∗", kernel), term("=", output));
  fig.stage.after(formula, player.el);
  fig.status.after(size);
  fig.hint.textContent = t("hint");

  const written = (row) => row.map(([x, w]) => `${factor(x)}·${factor(w)}`).join(" + ");
  const floor = (n, pad, f, { stride, dilation }) => {
    const room = `${n} + ${pad[0] + pad[1]} − ${span(f, dilation)}`;
    return `⌊(${room}) / ${stride}⌋ + 1 = ${outputSize(n, f, pad, stride, dilation)}`;
  };

  let tabled = "";
  function table(now) {
    const key = JSON.stringify(state());
    if (key === tabled) return;
    tabled = key;
    fig.table.clear();
    const rows = range(count()).map((i) => {
      const [r, c] = [Math.floor(i / now.columns), i % now.columns];
      const products = pairs(now.padded, now.weights, r, c, now.stride, now.dilation).map(written).join(" + ");
      return [r + 1, c + 1, products, format(now.output[r][c])];
    });
    fig.table(
      t("every"),
      ["rowHead", "columnHead", "products", "sum"].map((key) => t(key)),
      rows,
    );
  }

  function draw() {
    const now = derive();
    const { stride, dilation, pad, weights, columns } = now;
    const [H, W] = [now.image.length, now.image[0].length];
    const [f, g] = [weights.length, weights[0].length];
    const [, r, c] = cell();
    const filled = seen();
    for (const trait of ["image", "kernel"]) {
      // Two names may stand for the same numbers (vertical, Prewitt): the one that was chosen stays.
      const names = Object.keys(lists[trait]).filter(
        (name) => JSON.stringify(lists[trait][name]) === JSON.stringify(now[trait]),
      );
      if (!names.includes(pickers[trait].get())) pickers[trait].set(names[0] ?? "");
      boxes[trait].set(now[trait]);
    }
    padding.set(String(now.padding));
    for (const trait of ["stride", "dilation"]) numbers[trait].set(now[trait]);
    flip.set(now.flip);

    const tap = (i, j) => {
      const [y, x] = [i - r * stride, j - c * stride];
      const on = y >= 0 && x >= 0 && y % dilation === 0 && x % dilation === 0;
      return on ? weights[y / dilation]?.[x / dilation] : undefined;
    };
    const short = weights.flat().every((weight) => format(weight).length < 4); // else the cell only says that it counts
    const inside = (i, j) => i >= pad[0][0] && i < pad[0][0] + H && j >= pad[1][0] && j < pad[1][0] + W;
    const padded = now.padded.length > H || now.padded[0].length > W;
    image.caption(t(padded ? "padded" : "imageName", { h: H, w: W, H: now.padded.length, W: now.padded[0].length }));
    image.draw(now.padded, {
      tint: "grey",
      of: now.image,
      cell(i, j) {
        const weight = tap(i, j);
        const corner = weight === undefined ? null : short ? `×${format(weight)}` : "•";
        return inside(i, j) ? { corner } : { corner, class: "cl-pad", plain: true };
      },
    });
    kernel.caption(t(now.flip ? "flipped" : "kernelName", { h: f, w: g }));
    kernel.draw(weights, { tint: "sign" });
    output.caption(t("outputName", { h: now.rows, w: columns }));
    output.draw(
      now.output.map((row, i) => row.map((v, j) => (filled.has(i * columns + j) ? v : null))),
      {
        tint: "sign",
        of: now.output,
        cell: (i, j) => ({ class: i === r && j === c ? "cl-now" : "" }),
      },
    );
    output.current(r, c);

    const value = format(now.output[r][c]);
    const place = { r: r + 1, c: c + 1, value, done: filled.size, all: count() };
    frame.place({
      r: r * stride,
      c: c * stride,
      height: span(f, dilation),
      width: span(g, dilation),
      now: position() + 1,
      of: count(),
      text: t("place", place),
    });
    const lines = pairs(now.padded, weights, r, c, stride, dilation).map(written);
    formula.replaceChildren(
      ...lines.flatMap((line, i) => [h("span", {}, i ? `+ ${line}` : line), " "]),
      h("strong", {}, `= ${value}`),
    );
    size.textContent = t("size", { rows: floor(H, pad[0], f, now), columns: floor(W, pad[1], g, now) });
    fig.say(t("now", place));
    table(now);
  }
  fig.draws(draw);
  return fig.remove;
}

export default { render };
