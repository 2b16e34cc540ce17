import { choice, factor, figure, format, h, outputSize, range, uid } from "./frame.js";
import { numberGrid, slidingWindow, walk } from "./walk.js";
import PHRASES from "./volume_stepper.json" with { type: "json" };

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

function render({ model, el }) {
  const fig = figure({ model, el, words: PHRASES, title: "title" });
  const { t } = fig;
  fig.el.classList.add("volume");
  const inputs = () => ["image", "filters", "bias"].map(fig.get);
  const shape = () => volumeShape(...inputs());
  const size = () => [shape()[2], shape()[0], shape()[1]];
  const steps = walk(fig, size);
  const { keyboard, nudge } = steps;

  const choose = (k) => steps.at(steps.cell()[1], steps.cell()[2], Number(k));
  const filter = choice(fig, { label: t("filter"), options: [], onChange: choose });
  const channels = h("div", { class: "volume-channels" });
  const sum = h("p", { class: "volume-sum" });
  const sheetsName = h("p", { class: "cl-name" });
  const sheets = h("div", { class: "volume-sheets" });
  fig.controls.append(filter.el);
  fig.stage.append(channels, sum, h("div", {}, sheetsName, sheets));
  fig.el.insertBefore(steps.player.el, fig.status);
  fig.hint.textContent = t("hint");

  const channelName = (ch, count) => t(count === 3 ? ["red", "green", "blue"][ch] : "channel", { c: ch + 1 });

  function makeChannel(ch, count) {
    const name = h("p", { id: uid() }, channelName(ch, count));
    const pixels = numberGrid(fig, { caption: t("image") });
    const frame = slidingWindow(fig, pixels, { label: t("window"), move: (r, c) => steps.at(r, c), nudge, keyboard });
    // The window is one thing, drawn in every channel: the keyboard and a screen reader meet it once.
    if (ch)
      for (const [name, value] of [
        ["tabindex", -1],
        ["aria-hidden", "true"],
      ])
        frame.el.setAttribute(name, value);
    const weights = numberGrid(fig);
    const products = h("p", { class: "volume-products" });
    channels.append(
      h(
        "div",
        { class: "volume-channel", role: "group", "aria-labelledby": name.id },
        name,
        pixels.el,
        weights.el,
        products,
      ),
    );
    return { pixels, frame, weights, products };
  }

  function makeSheet(k) {
    const sheet = numberGrid(fig, { caption: t("output", { k: k + 1 }), pick: (r, c) => steps.at(r, c, k), keyboard });
    sheet.el.style.setProperty("--k", k);
    sheets.append(sheet.el);
    return sheet;
  }

  let parts = { key: "" };
  function makeParts(depth, count) {
    const key = `${depth} ${count}`;
    if (parts.key === key) return;
    channels.replaceChildren();
    sheets.replaceChildren();
    filter.options(range(count).map((k) => [String(k), t("filterK", { k: k + 1, n: count })]));
    parts = { key, channels: range(depth).map((ch) => makeChannel(ch, depth)), sheets: range(count).map(makeSheet) };
  }

  const written = (row) => row.map(([pixel, weight]) => `${factor(pixel)}·${factor(weight)}`).join(" + ");
  const lines = ({ pairs, sum }) => [...pairs.map((row, i) => `${i ? "+ " : ""}${written(row)}`), `= ${format(sum)}`];

  function tables(cell, values) {
    const products = cell.channels.flatMap(({ pairs }, ch) =>
      pairs.flatMap((row, i) =>
        row.map(([pixel, weight], j) => [
          t("channel", { c: ch + 1 }),
          t("row", { r: i + 1, c: j + 1 }),
          format(pixel),
          format(weight),
          format(pixel * weight),
        ]),
      ),
    );
    fig.table.clear();
    fig.table(
      t("every", { n: products.length }),
      ["channelHead", "cell", "pixel", "weight", "product"].map((key) => t(key)),
      products,
    );
    values.forEach((sheet, k) => fig.table.numbers(t("output", { k: k + 1 }), sheet));
  }

  fig.draws(() => {
    const [image, filters, bias] = inputs();
    const [k, r, c] = steps.cell();
    const [rows, columns, count] = shape();
    const [height, width] = [filters.length, filters[0].length];
    const cell = volumeCell(image, filters, bias, r, c, k);
    const out = convolveVolume(image, filters, bias);
    const seen = steps.seen();
    const values = range(count).map((n) =>
      plane(out, n).map((row, i) => row.map((v, j) => (seen.has((n * rows + i) * columns + j) ? v : null))),
    );
    const where = { k: k + 1, r: r + 1, c: c + 1 };
    makeParts(image[0][0].length, count);
    filter.set(String(k));

    parts.channels.forEach((part, ch) => {
      part.pixels.draw(plane(image, ch), { tint: "grey", of: image.flat() });
      part.frame.place({ r, c, height, width, now: steps.position() + 1, of: steps.count(), text: t("place", where) });
      part.weights.caption(t("weights", { k: k + 1 }));
      part.weights.draw(plane(filters, ch, k), { tint: "sign", of: filters.flat(2) });
      part.products.replaceChildren(...lines(cell.channels[ch]).map((line) => h("span", {}, line)));
    });
    const terms = [...cell.channels.map(({ sum }) => factor(sum)), `${factor(bias[k])} (${t("bias")})`];
    sum.textContent = `${terms.join(" + ")} = ${format(cell.value)}`;
    sheetsName.textContent = t("volume", { h: rows, w: columns, n: count });
    parts.sheets.forEach((sheet, n) => {
      sheet.el.classList.toggle("volume-chosen", n === k);
      sheet.draw(values[n], {
        tint: "sign",
        of: out.flat(),
        cell: (i, j) => ({ class: n === k && i === r && j === c ? "cl-now" : "" }),
      });
      sheet.current(r, c);
    });
    const n = height * width * cell.channels.length;
    fig.say(
      t("line", {
        ...where,
        place: t("place", where),
        n,
        value: format(cell.value),
        done: seen.size,
        all: steps.count(),
      }),
    );
    tables(cell, values);
  });
  return fig.remove;
}

export default { render };
