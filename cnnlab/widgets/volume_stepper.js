// @ts-check

import { choice, factor, figure, fill, format, h, outputSize, range, uid } from "./frame.js";
import { numberGrid, slidingWindow, walk } from "./walk.js";
import PHRASES from "./volume_stepper.json" with { type: "json" };
/** @import { Fig } from "./frame.js" */

// image[h][w][c], filters[i][j][c][k], bias[k], as in Python. [H_out, W_out, K]:
export const volumeShape = (image, filters) => [
  outputSize(image.length, filters.length),
  outputSize(image[0].length, filters[0].length),
  filters[0][0][0].length,
];

// One channel of an image, or of a filter: a matrix.
const plane = (values, ...path) => values.map((row) => row.map((cell) => path.reduce((inner, i) => inner[i], cell)));

const total = (numbers) => numbers.reduce((a, b) => a + b, 0);

// What stands behind output cell (r, c) of filter k: for each channel the pairs [pixel, weight], row by row, and their sum.
export function volumeCell(image, filters, bias, r, c, k) {
  const channels = image[0][0].map((_, ch) => {
    const pairs = plane(filters, ch, k).map((row, i) => row.map((weight, j) => [image[r + i][c + j][ch], weight]));
    return { pairs, sum: total(pairs.flat().map(([pixel, weight]) => pixel * weight)) };
  });
  return { channels, value: total(channels.map(({ sum }) => sum)) + bias[k] };
}

// The output volume, out[r][c][k].
export function convolveVolume(image, filters, bias) {
  const [rows, columns, count] = volumeShape(image, filters);
  const cell = (r, c) => range(count).map((k) => volumeCell(image, filters, bias, r, c, k).value);
  return range(rows).map((r) => range(columns).map((c) => cell(r, c)));
}

// ---- the figure ----

/** @param {{ model: import("./frame.js").Model, el: Element }} context */
function render({ model, el }) {
  const fig = figure({ model, el, words: PHRASES, title: "title" });
  const { t } = fig;
  fig.el.classList.add("volume");
  const steps = walk(fig, () => {
    const [rows, columns, count] = volumeShape(fig.get("image"), fig.get("filters"));
    return [count, rows, columns];
  });
  const choose = (k) => steps.at(steps.cell()[1], steps.cell()[2], Number(k));
  const filter = choice(fig, { label: t("filter"), options: [], onChange: choose });
  const sum = h("p", { class: "volume-sum" });
  const sheetsName = h("p", { class: "cl-name" });
  const parts = makeParts(fig, steps, filter);
  fig.controls.append(filter.el);
  fig.stage.append(parts.channels, sum, h("div", {}, sheetsName, parts.sheets));
  fig.stage.after(steps.player.el);
  fig.hint.textContent = t("hint");

  fig.draws(() => {
    const now = derive(fig, steps);
    const { k, cell, bias } = now;
    parts.draw(now);
    filter.set(String(k));
    const terms = [...cell.channels.map((one) => factor(one.sum)), `${factor(bias[k])} (${t("bias")})`];
    sum.textContent = `${terms.join(" + ")} = ${format(cell.value)}`;
    sheetsName.textContent = t("volume", { h: now.rows, w: now.columns, n: now.count });
    fig.say(
      t("line", {
        ...now.where,
        place: t("place", now.where),
        n: now.height * now.width * cell.channels.length,
        value: format(cell.value),
        done: steps.seen().size,
        all: steps.count(),
      }),
    );
    tables(fig, now);
  });
  return fig.remove;
}

// All that is drawn: the window's cell, and the output, `values` as far as it is computed.
/** @param {Fig} fig */
function derive(fig, steps) {
  const [image, filters, bias] = ["image", "filters", "bias"].map(fig.get);
  const [k, r, c] = steps.cell();
  const [rows, columns, count] = volumeShape(image, filters);
  const seen = steps.seen();
  const out = convolveVolume(image, filters, bias);
  const known = (n) => (row, i) => row.map((v, j) => (seen.has((n * rows + i) * columns + j) ? v : null));
  return {
    image,
    filters,
    bias,
    k,
    r,
    c,
    rows,
    columns,
    count,
    out,
    height: filters.length,
    width: filters[0].length,
    cell: volumeCell(image, filters, bias, r, c, k),
    values: range(count).map((n) => plane(out, n).map(known(n))),
    where: { k: k + 1, r: r + 1, c: c + 1 },
  };
}

// ---- drawing ----

// The channels of the image and the sheets of the output: made anew only when their number changes.
/** @param {Fig} fig */
function makeParts(fig, steps, filter) {
  const [channels, sheets] = ["channels", "sheets"].map((name) => h("div", { class: `volume-${name}` }));
  let made = { key: "", channels: [], sheets: [] };
  const make = (depth, count) => {
    const key = `${depth} ${count}`;
    if (made.key === key) return;
    filter.options(range(count).map((k) => [String(k), fig.t("filterK", { k: k + 1, n: count })]));
    made = {
      key,
      channels: range(depth).map((ch) => makeChannel(fig, steps, ch, depth)),
      sheets: range(count).map((k) => makeSheet(fig, steps, k)),
    };
    channels.replaceChildren(...made.channels.map((one) => one.el));
    sheets.replaceChildren(...made.sheets.map((one) => one.el));
  };
  return {
    channels,
    sheets,
    draw(now) {
      make(now.image[0][0].length, now.count);
      made.channels.forEach((one, ch) => one.draw(now, ch));
      made.sheets.forEach((one, n) => one.draw(now, n));
    },
  };
}

// A channel: its pixels under the window, its part of the filter, and their products.
/** @param {Fig} fig */
function makeChannel(fig, steps, ch, depth) {
  const { t } = fig;
  const { keyboard, nudge } = steps;
  const name = h("p", { id: uid() }, t(depth === 3 ? ["red", "green", "blue"][ch] : "channel", { c: ch + 1 }));
  const pixels = numberGrid(fig, { caption: t("image") });
  const frame = slidingWindow(fig, pixels, { label: t("window"), move: (r, c) => steps.at(r, c), nudge, keyboard });
  // The window is one thing, drawn in every channel: the keyboard and a screen reader meet it once.
  if (ch) fill(frame.el, { tabindex: -1, "aria-hidden": "true" }, []);
  const weights = numberGrid(fig);
  const products = h("p", { class: "volume-products" });
  const group = { class: "volume-channel", role: "group", "aria-labelledby": name.id };
  return {
    el: h("div", group, name, pixels.el, weights.el, products),
    draw({ image, filters, k, r, c, height, width, cell, where }) {
      pixels.draw(plane(image, ch), { tint: "grey", of: image.flat() });
      frame.place({ r, c, height, width, now: steps.position() + 1, of: steps.count(), text: t("place", where) });
      weights.caption(t("weights", { k: k + 1 }));
      weights.draw(plane(filters, ch, k), { tint: "sign", of: filters.flat(2) });
      products.replaceChildren(...written(cell.channels[ch]).map((line) => h("span", {}, line)));
    },
  };
}

// A channel of the output.
/** @param {Fig} fig */
function makeSheet(fig, { at, keyboard }, k) {
  const sheet = numberGrid(fig, { caption: fig.t("output", { k: k + 1 }), pick: (r, c) => at(r, c, k), keyboard });
  sheet.el.style.setProperty("--k", k);
  return {
    el: sheet.el,
    draw(now) {
      const { r, c } = now;
      sheet.el.classList.toggle("volume-chosen", k === now.k);
      sheet.draw(now.values[k], {
        tint: "sign",
        of: now.out.flat(),
        cell: (i, j) => ({ class: k === now.k && i === r && j === c ? "cl-now" : "" }),
      });
      sheet.current(r, c);
    },
  };
}

// The products of a channel, a line for each row of the window, and their sum.
function written({ pairs, sum }) {
  const line = (row) => row.map(([pixel, weight]) => `${factor(pixel)}·${factor(weight)}`).join(" + ");
  return [...pairs.map((row, i) => `${i ? "+ " : ""}${line(row)}`), `= ${format(sum)}`];
}

/** @param {Fig} fig */
function tables(fig, { cell, values }) {
  const { t } = fig;
  const product = ([pixel, weight], i, j, ch) => [
    t("channel", { c: ch + 1 }),
    t("row", { r: i + 1, c: j + 1 }),
    ...[pixel, weight, pixel * weight].map((value) => format(value)),
  ];
  const products = cell.channels.flatMap(({ pairs }, ch) =>
    pairs.flatMap((row, i) => row.map((pair, j) => product(pair, i, j, ch))),
  );
  fig.table.clear();
  const head = ["channelHead", "cell", "pixel", "weight", "product"].map((key) => t(key));
  fig.table(t("every", { n: products.length }), head, products);
  values.forEach((sheet, k) => fig.table.numbers(t("output", { k: k + 1 }), sheet));
}

export default { render };
