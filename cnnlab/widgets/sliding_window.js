// @ts-check

// A window over a picture: the scores fill, and the cells of the first map that windows share light up.

import { figure, format, h, numberBox, outputSize, range } from "./frame.js";
import { numberGrid, slidingWindow, walk } from "./walk.js";
import PHRASES from "./sliding_window.json" with { type: "json" };
/** @import { Fig } from "./frame.js" */

// ---- arithmetic: setup is { size: [H, W], window: [h, w], step, kernel, perCell, perWindow } ----

// [rows, columns] of windows.
export const places = ({ size, window, step }) => [0, 1].map((axis) => outputSize(size[axis], window[axis], 0, step));

// [height, width] of the first map that one window needs, or the whole image has.
export const mapSize = ([height, width], { kernel }) => [height - kernel + 1, width - kernel + 1];

// For each cell of the first map, how many of these windows need it. Windows are counted in reading order.
export function coverage(windows, setup) {
  const [rows, columns] = mapSize(setup.size, setup);
  const [high, wide] = mapSize(setup.window, setup);
  const counts = range(rows).map(() => Array(columns).fill(0));
  const across = places(setup)[1];
  for (const i of windows) {
    const [top, left] = [Math.floor(i / across) * setup.step, (i % across) * setup.step];
    for (const r of range(high)) for (const c of range(wide)) counts[top + r][left + c] += 1;
  }
  return counts;
}

// Multiply-adds of these windows, [first map, later layers]: each by itself, and with every cell computed once.
export function work(windows, setup) {
  const counts = coverage(windows, setup).flat();
  const rest = windows.length * setup.perWindow;
  return {
    apart: [counts.reduce((a, b) => a + b, 0) * setup.perCell, rest],
    shared: [counts.filter(Boolean).length * setup.perCell, rest],
  };
}

// For each window in reading order, how many cells of the first map it needs that no window before it needs.
export function fresh(setup) {
  const [rows, columns] = places(setup);
  const [high, wide] = mapSize(setup.window, setup);
  const known = new Set();
  return range(rows * columns).map((i) => {
    const before = known.size;
    const [top, left] = [Math.floor(i / columns) * setup.step, (i % columns) * setup.step];
    for (const r of range(high)) for (const c of range(wide)) known.add((top + r) * setup.size[1] + left + c);
    return known.size - before;
  });
}

// Of the scores at every pixel, those of the windows.
export function picked(scores, setup) {
  const [rows, columns] = places(setup);
  return range(rows).map((r) => range(columns).map((c) => scores[r * setup.step][c * setup.step]));
}

// ---- the figure ----

/** @param {{ model: import("./frame.js").Model, el: Element }} context */
function render({ model, el }) {
  const fig = figure({ model, el, words: PHRASES, title: "title" });
  const { t } = fig;
  fig.el.classList.add("sliding");
  const steps = walk(fig, () => places(setupOf(fig)));
  const setControls = makeControls(fig, steps);
  const drawGrids = makeGrids(fig, steps);
  const drawWork = makeWork(fig);
  const size = h("p", { class: "cl-hint" });
  fig.stage.after(steps.player.el);
  steps.player.el.after(size);
  fig.hint.textContent = t("hint");
  const drawTables = makeTables(fig);

  fig.draws(() => {
    const now = derive(fig, steps);
    setControls();
    drawGrids(now);
    fig.say(t("now", now.told));
    size.textContent = t("size", { rows: floor(0, now.setup), columns: floor(1, now.setup) });
    drawWork(now, work(range(steps.count()), now.setup).apart);
    drawTables(now);
  });
  return fig.remove;
}

// What the arithmetic needs to know, with these changes.
const setupOf = (fig, changes = {}) => ({
  size: [changes.height ?? fig.get("height"), changes.width ?? fig.get("width")],
  step: changes.stride ?? fig.get("stride"),
  window: fig.get("window"),
  kernel: fig.get("kernel"),
  perCell: fig.get("per_cell"),
  perWindow: fig.get("per_window"),
});

// All that is drawn. `kinds` says of each cell of the first map who needs it; `told` is what phrases fill in.
/** @param {Fig} fig */
function derive(fig, steps) {
  const setup = setupOf(fig);
  const [, r, c] = steps.cell();
  const windows = [...steps.seen()];
  const values = picked(fig.get("scores"), setup);
  const others = windows.filter((i) => i !== steps.position());
  const [mine, theirs] = [[steps.position()], others].map((list) => coverage(list, setup));
  const kind = (i, j) => (mine[i][j] ? (theirs[i][j] ? "old" : "new") : theirs[i][j] ? "idle" : "never");
  const kinds = mine.map((row, i) => row.map((_, j) => kind(i, j)));
  const tally = (name) => kinds.flat().filter((one) => one === name).length;
  const told = {
    r: r + 1,
    c: c + 1,
    score: percent(values[r][c]),
    need: tally("new") + tally("old"),
    old: tally("old"),
    fresh: tally("new"),
    idle: tally("idle"),
    done: windows.length,
    all: steps.count(),
  };
  return { setup, r, c, values, mine, kinds, told, done: work(windows, setup) };
}

// ---- words ----

const many = (value) => format(value, 0);
const percent = (value) => format(100 * value, 0);
const total = (pair) => pair[0] + pair[1];
const floor = (axis, { size, window, step }) =>
  `⌊(${size[axis]} − ${window[axis]}) / ${step}⌋ + 1 = ${outputSize(size[axis], window[axis], 0, step)}`;
const legend = ({ t }, name) => h("span", { class: `sliding-key sliding-${name}` }, t(name));

// ---- controls ----

/** @param {Fig} fig */
function makeControls(fig, { player: buttons, seen, count }) {
  const change = (changes) => {
    buttons.pause();
    const full = seen().size === count(); // what is full stays full
    const [rows, columns] = places(setupOf(fig, changes));
    fig.set({ ...changes, position: 0, seen: full ? range(rows * columns) : [0] });
  };
  const [full, window] = [fig.get("full"), fig.get("window")];
  const bounds = {
    height: [window[0], full[0]],
    width: [window[1], full[1]],
    stride: [1, Math.min(...window)],
  };
  const numbers = Object.entries(bounds).map(([name, [min, max]]) => {
    const onChange = (value) => change({ [name]: value });
    return { name, ...numberBox(fig, { label: fig.t(name), min, max, value: fig.get(name), onChange }) };
  });
  fig.controls.append(...numbers.map((one) => one.el));
  return () => numbers.forEach((one) => one.set(fig.get(one.name)));
}

// ---- drawing ----

/** @param {Fig} fig */
function makeGrids(fig, { at, nudge, keyboard, position, seen, count }) {
  const { t } = fig;
  const [full, window, label] = ["full", "window", "label"].map(fig.get);
  const [image, map] = [numberGrid(fig), numberGrid(fig)];
  const scores = numberGrid(fig, { pick: (r, c) => at(r, c), keyboard });
  image.el.classList.add("sliding-image");
  map.el.classList.add("sliding-map");
  image.table.setAttribute("aria-hidden", "true"); // the window tells where it is
  image.table.style.backgroundImage = `url(${fig.get("image")})`;
  map.table.setAttribute("role", "img");
  const view = slidingWindow(fig, image, {
    label: t("window"),
    nudge,
    keyboard,
    move: (r, c) => at(Math.round(r / fig.get("stride")), Math.round(c / fig.get("stride"))),
  });
  map.el.append(h("p", { class: "sliding-keys" }, ...["new", "old", "idle", "never"].map((name) => legend(fig, name))));
  fig.stage.append(image.el, map.el, scores.el);

  return ({ setup: { size, step, kernel }, r, c, values, mine, kinds, told }) => {
    const [high, wide] = size;
    const blank = range(high).map(() => Array(wide).fill(0));
    image.caption(t("imageName", { h: high, w: wide, wh: window[0], ww: window[1] }));
    image.table.style.backgroundSize = `${(100 * full[1]) / wide}% ${(100 * full[0]) / high}%`;
    image.draw(blank, { cell: () => ({ text: "" }) });
    map.caption(t("mapName", { h: mine.length, w: mine[0].length, f: kernel }));
    map.draw(mine, { cell: (i, j) => ({ text: "", class: `sliding-${kinds[i][j]}` }) });
    map.table.setAttribute("aria-label", t("mapSays", told));
    const [rows, columns] = [values.length, values[0].length];
    scores.caption(t("scoreName", { of: label && t("of", { label }), h: rows, w: columns }));
    scores.draw(
      values.map((row, i) => row.map((v, j) => (seen().has(i * columns + j) ? v : null))),
      {
        tint: "sign",
        of: [[1]],
        cell: (i, j, v) => ({ class: i === r && j === c ? "cl-now" : "", text: v === null ? "" : percent(v) }),
      },
    );
    scores.current(r, c);
    view.place({
      r: r * step,
      c: c * step,
      height: window[0],
      width: window[1],
      now: position() + 1,
      of: count(),
      text: t("place", told),
    });
  };
}

// Two bars: the multiply-adds so far, window by window and shared. `most` is what the longest bar will come to.
/** @param {Fig} fig */
function makeWork(fig) {
  const { t } = fig;
  const bars = ["apart", "shared"].map((name) => {
    const parts = ["first", "rest"].map((part) => h("span", { class: `sliding-${part}` }));
    const sum = h("span");
    const bar = h("div", { class: "sliding-bar", "aria-hidden": "true" }, ...parts);
    return { name, parts, sum, el: h("div", {}, h("p", {}, `${t(name)}: `, sum), bar) };
  });
  const title = h("p", { class: "cl-name" });
  const saved = h("p");
  const keys = h("p", { class: "sliding-keys" }, legend(fig, "first"), legend(fig, "rest"));
  fig.stage.append(h("div", { class: "sliding-work" }, title, ...bars.map((bar) => bar.el), keys, saved));
  const share = (part, whole) => percent(1 - part / whole);

  return ({ done, told }, most) => {
    title.textContent = t("work", told);
    for (const { name, parts, sum } of bars) {
      const [first, rest] = done[name].map(many);
      sum.textContent = t("sum", { first, rest, total: many(total(done[name])) });
      parts.forEach((part, i) => (part.style.width = `${(100 * done[name][i]) / total(most)}%`));
    }
    saved.textContent = t("saved", {
      share: share(total(done.shared), total(done.apart)),
      one: share(done.shared[0], done.apart[0]),
    });
  };
}

// The tables, written anew only when what they show changes.
/** @param {Fig} fig */
function makeTables(fig) {
  const { t } = fig;
  let tabled = "";
  return ({ setup, values, done, told }) => {
    const key = JSON.stringify([setup, done]);
    if (key === tabled) return;
    tabled = key;
    fig.table.clear();
    const head = (...names) => names.map((name) => t(name));
    const line = (name) => [t(name), ...done[name].map(many), many(total(done[name]))];
    fig.table(t("work", told), head("way", "first", "rest", "both"), ["apart", "shared"].map(line));
    const across = places(setup)[1];
    const need = mapSize(setup.window, setup).reduce((a, b) => a * b);
    const lines = fresh(setup).map((cells, i) => {
      const [r, c] = [Math.floor(i / across), i % across];
      const corner = t("pixel", { r: r * setup.step + 1, c: c * setup.step + 1 });
      return [r + 1, c + 1, corner, percent(values[r][c]), need, cells];
    });
    fig.table(t("every"), head("rowHead", "columnHead", "corner", "score", "need", "fresh"), lines);
  };
}

export default { render };
