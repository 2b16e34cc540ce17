// @ts-check

// Gram explorer: two feature maps, their product cell by cell, and the number of the Gram matrix that it adds up to.

import { button, factor, figure, format, h, range } from "./frame.js";
import { numberGrid } from "./walk.js";
import PHRASES from "./gram_explorer.json" with { type: "json" };
/** @import { Fig } from "./frame.js" */

// ---- arithmetic ----

// A volume (H, W, C) with its places in another order, the same for all channels, and its channels in another order.
export function rearranged(volume, places, channels) {
  const [flat, width] = [volume.flat(), volume[0].length];
  const at = (i) => channels.map((k) => flat[places[i]][k]);
  return volume.map((row, r) => row.map((_, c) => at(r * width + c)));
}

// One channel of a volume, (H, W).
export const channel = (volume, k) => volume.map((row) => row.map((place) => place[k]));

// Two maps multiplied cell by cell.
export const product = (a, b) => a.map((row, r) => row.map((value, c) => value * b[r][c]));

const sum = (numbers) => numbers.reduce((a, b) => a + b, 0);

// The Gram matrix of a volume, (C, C).
export function gram(volume) {
  const maps = range(volume[0][0].length).map((k) => channel(volume, k));
  return maps.map((a) => maps.map((b) => sum(product(a, b).flat())));
}

// Another order of the same numbers (Fisher and Yates), by draws from 0 to 1, of which it takes one less than numbers.
export function shuffled(order, draws) {
  const next = [...order];
  for (let i = next.length - 1; i > 0; i--) {
    const j = Math.floor(draws[i - 1] * (i + 1));
    [next[i], next[j]] = [next[j], next[i]];
  }
  return next;
}

// Where two matrices differ by more than sums in another order do.
export function differing(a, b) {
  const most = Math.max(...a.flat().map(Math.abs), ...b.flat().map(Math.abs));
  return a.map((row, r) => row.map((value, c) => Math.abs(value - b[r][c]) > 1e-9 * most));
}

// ---- the figure ----

/** @param {{ model: import("./frame.js").Model, el: Element }} context */
function render({ model, el }) {
  const fig = figure({ model, el, words: PHRASES, title: "title" });
  fig.el.classList.add("gram");
  const setButtons = makeButtons(fig);
  const drawGrids = makeGrids(fig);
  const formula = h("p", { class: "cl-formula" });
  const effect = h("p", { class: "gram-effect", "aria-live": "polite" });
  fig.stage.after(formula);
  fig.status.after(effect);
  fig.hint.textContent = fig.t("hint");
  fig.draws(() => {
    const now = derive(fig);
    setButtons(now);
    drawGrids(now);
    formula.replaceChildren(...written(fig, now));
    fig.say(sentence(fig, now));
    effect.textContent = shuffles(fig, now);
    tables(fig, now);
  });
  return fig.remove;
}

// Everything that is drawn: the volume as it is now, its matrix, that of the volume as given, and the chosen entry.
/**
 * @param {Fig} fig
 * @returns {Record<string, any>}
 */
function derive(fig) {
  const [volume, places, channels] = ["volume", "places", "channels"].map(fig.get);
  const [k, l, position] = ["first", "second", "position"].map(fig.get);
  const names = fig.get("names").map((name) => (fig.get("example") ? fig.t(name) : name));
  const now = rearranged(volume, places, channels);
  const [a, b] = [k, l].map((one) => channel(now, one));
  const [given, matrix] = [gram(volume), gram(now)];
  return {
    a,
    b,
    k,
    l,
    matrix,
    given,
    places,
    channels,
    terms: product(a, b),
    moved: differing(given, matrix),
    brief: given.flat().every((value) => short(value).length < 5), // else a cell has no room for the old one too
    name: (one) => names[channels[one]],
    number: (one) => channels[one] + 1,
    r: Math.floor(position / now[0].length),
    c: position % now[0].length,
  };
}

// ---- controls ----

/** @param {Fig} fig */
function makeButtons(fig) {
  const shuffle = (trait) => {
    const old = fig.get(trait);
    const once = () => shuffled(old, old.map(Math.random));
    let next = once();
    while (String(next) === String(old)) next = once();
    fig.set({ [trait]: next });
  };
  const restore = () =>
    fig.set(Object.fromEntries(["places", "channels"].map((trait) => [trait, range(fig.get(trait).length)])));
  const make = (key, onClick) => button(fig, { label: fig.t(key), onClick });
  const given = make("asGiven", restore);
  const both = [make("shufflePlaces", () => shuffle("places")), make("shuffleChannels", () => shuffle("channels"))];
  fig.controls.append(...[...both, given].map((one) => one.el));
  return ({ places, channels }) => given.enable(![places, channels].every(sorted));
}

const sorted = (order) => order.every((one, i) => one === i);

// ---- drawing ----

// A number that a cell has room for; the sum and the table have it whole.
const short = (value) => format(value, Math.abs(value) < 9.95 ? 1 : 0);

/** @param {Fig} fig */
function makeGrids(fig) {
  const { t } = fig;
  const [rows, columns] = [fig.get("volume").length, fig.get("volume")[0].length];
  const C = fig.get("channels").length;
  const inside = (value, count) => Math.max(0, Math.min(count - 1, value));
  const place = (r, c) => fig.set({ position: inside(r, rows) * columns + inside(c, columns) });
  const entry = (k, l) => fig.set({ first: k, second: l });
  const ends = (go, r, c) => ({ home: () => go(0, 0), end: () => go(r - 1, c - 1) });
  const maps = { pick: place, keyboard: ends(place, rows, columns) };
  const [first, second, terms] = [numberGrid(fig, maps), numberGrid(fig, maps), numberGrid(fig, maps)];
  terms.caption(t("terms"));
  const matrix = numberGrid(fig, { caption: t("matrix"), pick: entry, keyboard: ends(entry, C, C) });
  const sides = ["row", "column"].map((kind) =>
    range(C).map((i) => h("span", { class: `gram-${kind}`, style: `--i: ${i}`, "aria-hidden": "true" })),
  );
  matrix.holder.classList.add("gram-holder");
  matrix.holder.append(...sides.flat());
  const term = (sign, grid) =>
    h("div", { class: "cl-term" }, h("span", { class: "cl-sign", "aria-hidden": "true" }, sign), grid.el);
  fig.stage.append(first.el, term("·", second), term("=", terms), term("Σ", matrix));

  return (now) => {
    const { a, b, k, l, r, c, moved, given } = now;
    const mark = (i, j, value) => ({ text: short(value), class: i === r && j === c ? "cl-now" : "" });
    const all = [...a, ...b];
    const was = (i, j) => (now.brief ? `(${short(given[i][j])})` : "≠");
    first.caption(t("map", { k: now.number(k), name: now.name(k) }));
    second.caption(t("map", { k: now.number(l), name: now.name(l) }));
    first.draw(a, { tint: "sign", of: all, cell: mark });
    second.draw(b, { tint: "sign", of: all, cell: mark });
    terms.draw(now.terms, { tint: "sign", cell: mark });
    for (const grid of [first, second, terms]) grid.current(r, c);
    matrix.draw(now.matrix, {
      tint: "sign",
      cell: (i, j, value) => ({
        text: short(value),
        class: [i === k && j === l && "cl-now", moved[i][j] && "gram-moved"].filter(Boolean).join(" "),
        corner: moved[i][j] ? was(i, j) : null,
      }),
    });
    matrix.current(k, l);
    for (const side of sides) side.forEach((one, i) => (one.textContent = String(now.number(i))));
  };
}

// The sum, a line for each row of the product.
function written({ t }, { terms, matrix, k, l, number }) {
  const line = (row, i) => [h("span", {}, `${i ? "+ " : ""}(${row.map(factor).join(" + ")})`), " "];
  const name = h("span", {}, t("entry", { k: number(k), l: number(l) }));
  return [name, " ", ...terms.flatMap(line), h("strong", {}, `= ${format(matrix[k][l])}`)];
}

// ---- words ----

function sentence({ t }, { a, b, k, l, r, c, matrix, terms, name, number }) {
  const one = { k: number(k), first: name(k), l: number(l), second: name(l), value: format(matrix[k][l]) };
  const entry = t(k === l ? "nowSame" : "nowTwo", one);
  const [x, y, value] = [a, b, terms].map((map) => format(map[r][c]));
  return `${entry} ${t("atPlace", { r: r + 1, c: c + 1, x, y, value })}`;
}

// What the shuffles did to the matrix.
function shuffles({ t }, { places, channels, moved, brief }) {
  const [n, all] = [moved.flat().filter(Boolean).length, moved.flat().length];
  const kind = sorted(places) ? "channels" : sorted(channels) ? "places" : "both";
  if (kind === "channels" && sorted(channels)) return t("unshuffled");
  const did = t(`did ${kind}`);
  return `${did} ${n ? t(brief ? "differ" : "differLong", { n, all }) : t("same", { all })}`;
}

/** @param {Fig} fig */
function tables(fig, { a, b, k, l, terms, matrix, name, number, channels }) {
  const { t } = fig;
  fig.table.clear();
  const head = (i) => t("map", { k: number(i), name: name(i) });
  fig.table(
    t("matrix"),
    [t("channelHead"), ...channels.map((_, i) => head(i))],
    matrix.map((row, i) => [head(i), ...row.map((value) => format(value))]),
  );
  fig.table.numbers(head(k), a);
  if (l !== k) fig.table.numbers(head(l), b);
  fig.table.numbers(t("terms"), terms);
}

export default { render };
