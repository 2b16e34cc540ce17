// A window over a picture: the scores fill, and the cells of the first map that windows share light up.

import { figure, format, h, numberBox, outputSize, range } from "./frame.js";
import { numberGrid, slidingWindow, walk } from "./walk.js";
import PHRASES from "./sliding_window.json" with { type: "json" };

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

function render({ model, el }) {
  const fig = figure({ model, el, words: PHRASES, title: "title" });
  const { t } = fig;
  fig.el.classList.add("sliding");
  const [full, window, kernel, label] = ["full", "window", "kernel", "label"].map(fig.get);
  const setup = (changes = {}) => ({
    size: [changes.height ?? fig.get("height"), changes.width ?? fig.get("width")],
    step: changes.stride ?? fig.get("stride"),
    window,
    kernel,
    perCell: fig.get("per_cell"),
    perWindow: fig.get("per_window"),
  });
  const { position, seen, cell, count, at, nudge, keyboard, player: buttons } = walk(fig, () => places(setup()));

  const change = (changes) => {
    buttons.pause();
    const full = seen().size === count(); // what is full stays full
    const [rows, columns] = places(setup(changes));
    fig.set({ ...changes, position: 0, seen: full ? range(rows * columns) : [0] });
  };
  const number = (name, min, max) =>
    numberBox(fig, { label: t(name), min, max, value: fig.get(name), onChange: (value) => change({ [name]: value }) });
  const numbers = {
    height: number("height", window[0], full[0]),
    width: number("width", window[1], full[1]),
    stride: number("stride", 1, Math.min(...window)),
  };
  fig.controls.append(...Object.values(numbers).map((one) => one.el));

  const image = numberGrid(fig);
  const map = numberGrid(fig);
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
  const legend = (name) => h("span", { class: `sliding-key sliding-${name}` }, t(name));
  map.el.append(h("p", { class: "sliding-keys" }, ...["new", "old", "idle", "never"].map(legend)));

  const size = h("p", { class: "cl-hint" });
  const bars = ["apart", "shared"].map((name) => {
    const parts = ["first", "rest"].map((part) => h("span", { class: `sliding-${part}` }));
    const sum = h("span");
    return {
      name,
      parts,
      sum,
      el: h(
        "div",
        {},
        h("p", {}, `${t(name)}: `, sum),
        h("div", { class: "sliding-bar", "aria-hidden": "true" }, ...parts),
      ),
    };
  });
  const title = h("p", { class: "cl-name" });
  const saved = h("p");
  const sums = h(
    "div",
    { class: "sliding-work" },
    title,
    ...bars.map((bar) => bar.el),
    h("p", { class: "sliding-keys" }, legend("first"), legend("rest")),
    saved,
  );
  fig.stage.append(image.el, map.el, scores.el, sums);
  fig.stage.before(buttons.el); // on a phone, next to the picture
  fig.status.after(size);
  fig.hint.textContent = t("hint");

  const many = (value) => format(value, 0);
  const percent = (value) => format(100 * value, 0);
  const written = ([first, rest]) => t("sum", { first: many(first), rest: many(rest), total: many(first + rest) });
  const floor = (axis, { size: all, step }) =>
    `⌊(${all[axis]} − ${window[axis]}) / ${step}⌋ + 1 = ${outputSize(all[axis], window[axis], 0, step)}`;

  function draw() {
    const now = setup();
    const [, r, c] = cell();
    const windows = [...seen()];
    const [rows, columns] = places(now);
    const values = picked(fig.get("scores"), now);
    for (const name of Object.keys(numbers)) numbers[name].set(fig.get(name));

    const [high, wide] = now.size;
    image.caption(t("imageName", { h: high, w: wide, wh: window[0], ww: window[1] }));
    image.table.style.backgroundSize = `${(100 * full[1]) / wide}% ${(100 * full[0]) / high}%`;
    image.draw(
      range(high).map(() => Array(wide).fill(0)),
      { cell: () => ({ text: "" }) },
    );

    const [mine, others] = [
      coverage([position()], now),
      coverage(
        windows.filter((i) => i !== position()),
        now,
      ),
    ];
    const kind = (i, j) => (mine[i][j] ? (others[i][j] ? "old" : "new") : others[i][j] ? "idle" : "never");
    const kinds = mine.map((row, i) => row.map((_, j) => kind(i, j)));
    const tally = (name) => kinds.flat().filter((one) => one === name).length;
    map.caption(t("mapName", { h: mine.length, w: mine[0].length, f: kernel }));
    map.draw(mine, { cell: (i, j) => ({ text: "", class: `sliding-${kinds[i][j]}` }) });

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

    const told = {
      r: r + 1,
      c: c + 1,
      score: percent(values[r][c]),
      need: tally("new") + tally("old"),
      old: tally("old"),
      fresh: tally("new"),
      idle: tally("idle"),
      done: windows.length,
      all: count(),
    };
    map.table.setAttribute("aria-label", t("mapSays", told));
    view.place({
      r: r * now.step,
      c: c * now.step,
      height: window[0],
      width: window[1],
      now: position() + 1,
      of: count(),
      text: t("place", told),
    });
    fig.say(t("now", told));
    size.textContent = t("size", { rows: floor(0, now), columns: floor(1, now) });

    const done = work(windows, now);
    const most = work(range(count()), now).apart.reduce((a, b) => a + b);
    const total = (pair) => pair[0] + pair[1];
    title.textContent = t("work", told);
    for (const { name, parts, sum } of bars) {
      sum.textContent = written(done[name]);
      parts.forEach((part, i) => (part.style.width = `${(100 * done[name][i]) / most}%`));
    }
    const share = (part, whole) => percent(1 - part / whole);
    saved.textContent = t("saved", {
      share: share(total(done.shared), total(done.apart)),
      one: share(done.shared[0], done.apart[0]),
    });
    table(now, values, done, told);
  }

  let tabled = "";
  function table(now, values, done, told) {
    const key = JSON.stringify([now, done]);
    if (key === tabled) return;
    tabled = key;
    fig.table.clear();
    fig.table(
      t("work", told),
      ["way", "first", "rest", "both"].map((name) => t(name)),
      ["apart", "shared"].map((name) => [t(name), ...done[name].map(many), many(done[name][0] + done[name][1])]),
    );
    const across = places(now)[1];
    const need = mapSize(window, now).reduce((a, b) => a * b);
    const lines = fresh(now).map((cells, i) => {
      const [r, c] = [Math.floor(i / across), i % across];
      return [
        r + 1,
        c + 1,
        t("pixel", { r: r * now.step + 1, c: c * now.step + 1 }),
        percent(values[r][c]),
        need,
        cells,
      ];
    });
    fig.table(
      t("every"),
      ["rowHead", "columnHead", "corner", "score", "need", "fresh"].map((name) => t(name)),
      lines,
    );
  }
  fig.draws(draw);
  return fig.remove;
}

export default { render };
