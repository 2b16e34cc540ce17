// @ts-check

// YOLO target explorer: objects to place on the grid, the places of y that they fill, and the ones that clash.

import { button, choice, figure, fill, format, h, keys, range, svg, uid } from "./frame.js";
import { beside, movable, picture, rules, within } from "./boxes.js";
import PHRASES from "./yolo_target.json" with { type: "json" };
/** @import { Fig } from "./frame.js" */

const N = 96; // the picture's side
const GRID = 3;
const SIDE = N / GRID;
const MOST = 6;
const SMALLEST = 4; // side of an object
const LETTERS = "ABCDEF";
const KEYS = ["p_c", "b_x", "b_y", "b_h", "b_w", "c_1", "c_2", "c_3"];
const NEW = [
  [16, 40],
  [46, 24],
  [30, 22],
]; // width and height of a new object of each class
const EXAMPLES = {
  both: [
    [0, 38, 24, 54, 66],
    [1, 30, 42, 80, 66],
    [2, 4, 62, 34, 84],
  ],
  same: [
    [1, 18, 34, 66, 58],
    [2, 40, 40, 76, 62],
  ],
  three: [
    [0, 36, 18, 54, 62],
    [1, 26, 38, 76, 62],
    [2, 32, 48, 66, 70],
  ],
  border: [
    [0, 24, 8, 40, 48],
    [1, 40, 52, 88, 76],
  ],
  none: [],
};
// Outlines: view box, path.
const SHAPES = [
  ["0 0 10 24", "M5 0a2.4 2.4 0 1 0 .01 0zM2 5.5h6l2 9-1.8.3L7 24H5.3L5 16l-.3 8H3L1.8 14.8 0 14.5z"],
  ["0 0 48 24", "M0 19v-8l8-2L16 0h18l8 9 6 2v8h-5a4.5 5 0 0 1-9 0H15a4.5 5 0 0 1-9 0z"],
  ["0 0 30 20", "M6 9a5.5 5.5 0 1 0 .01 0zM24 9a5.5 5.5 0 1 0 .01 0zM7 13l3-6h8l2-4h-3V0h5l4 13h-3l-2-5-3 6h-7z"],
];

// ---- arithmetic ----

// x and y of the middle of [label, x_min, y_min, x_max, y_max].
const middle = ([, left, top, right, bottom]) => [(left + right) / 2, (top + bottom) / 2];

// The cell in which a middle lies, and where in it. On a border the later cell has it, also where rounding put it 1e-9 before.
function cellOf(at, side, cells) {
  const index = within(Math.floor(at / side + 1e-9), 0, cells - 1);
  return [index, Math.max(0, at / side - index)];
}

// IoU of two shapes, [height, width], centre on centre.
function shapeIoU(a, b) {
  const both = Math.min(a[0], b[0]) * Math.min(a[1], b[1]);
  return both / (a[0] * a[1] + b[0] * b[1] - both);
}

// objects: [[label, x_min, y_min, x_max, y_max], …]; grid and size: rows before columns. Gives `y`; for each object what it
// `wants`: { row, column, anchor, ious, best, numbers }; `holders`, who has each place, or null; `leftOut`.
export function encode(objects, anchors, grid, size, classes) {
  const wants = objects.map((object) => {
    const [label, left, top, right, bottom] = object;
    const sides = [bottom - top, right - left];
    const [x, y] = middle(object);
    const [row, b_y] = cellOf(y, size[0] / grid[0], grid[0]);
    const [column, b_x] = cellOf(x, size[1] / grid[1], grid[1]);
    const ious = anchors.map((shape) => shapeIoU(sides, shape));
    const best = Math.max(...ious);
    const anchor = ious.indexOf(best);
    const multiples = sides.map((n, axis) => n / anchors[anchor][axis]);
    return {
      row,
      column,
      anchor,
      ious,
      best,
      numbers: [1, b_x, b_y, ...multiples, ...range(classes).map((c) => Number(c === label))],
    };
  });
  const each = (make) => range(grid[0]).map(() => range(grid[1]).map(() => anchors.map(make)));
  const y = each(() => Array(5 + classes).fill(0));
  const holders = each(() => null);
  const leftOut = [];
  for (const i of range(objects.length).sort((i, j) => wants[j].best - wants[i].best || i - j)) {
    const { row, column, anchor, numbers } = wants[i];
    if (holders[row][column][anchor] !== null) leftOut.push(i);
    else [holders[row][column][anchor], y[row][column][anchor]] = [i, numbers];
  }
  return { y, wants, holders, leftOut: leftOut.sort((i, j) => i - j) };
}

// A box as it was changed, but with sides of at least SMALLEST: of two coordinates that come too near, the changed one gives way.
export function roomy(old, next) {
  const box = [...next];
  for (const axis of [0, 1]) {
    if (box[axis + 2] - box[axis] >= SMALLEST) continue;
    if (box[axis] === old[axis]) box[axis + 2] = box[axis] + SMALLEST;
    else box[axis] = box[axis + 2] - SMALLEST;
  }
  return box;
}

// ---- the figure ----

/** @param {{ model: import("./frame.js").Model, el: Element }} context */
function render({ model, el }) {
  const fig = figure({ model, el, words: PHRASES, title: "title" });
  const { t } = fig;
  fig.el.classList.add("yolo");
  const state = makeState(fig);
  const setExample = makeExamples(fig, state);
  const drawPicture = makePicture(fig, state);
  const drawMap = makeMap(fig, state);
  const numbers = h("div", { class: "yolo-numbers" });
  fig.stage.append(h("div", { class: "yolo-bottom" }, numbers));
  const drawList = makeList(fig, state);
  fig.hint.textContent = t("hint");

  fig.draws(() => {
    const now = derive(fig, state);
    setExample(now);
    drawPicture(now);
    drawMap(now);
    numbers.replaceChildren(makeNumbers(fig, now), h("p", { class: "cl-name" }, typeset(t("care"))));
    drawList(now);
    fig.say(sentence(fig, now));
    table(fig, now);
  });
  return fig.remove;
}

const encoded = (fig, list) => encode(list, fig.get("anchors"), [GRID, GRID], [N, N], 3);
const at = (k) => [Math.floor(k / GRID), k % GRID];

// The objects, how they change, and `current`, the one whose anchors are drawn.
/** @param {Fig} fig */
function makeState(fig) {
  const state = { current: null, adders: [], write, follow, replace, remove, first, choose };
  const objects = () => fig.get("objects");
  function write(list, cell = fig.get("cell")) {
    fig.explain("");
    fig.set({ objects: list, cell });
  }
  // The cell that is read goes with the object that moves.
  function follow(list, i) {
    const { row, column } = encoded(fig, list).wants[i];
    state.current = i;
    write(list, [row, column]);
  }
  function replace(i, object) {
    const list = objects().map((old, j) => (j === i ? object : old));
    follow(list, i);
  }
  function remove(i, focusable) {
    state.current = null;
    write(objects().filter((_, j) => j !== i));
    (focusable[Math.min(i, objects().length - 1)] ?? state.adders[0]).focus();
  }
  /** @param {number[]} cell */
  function first([row, column]) {
    const i = encoded(fig, objects()).wants.findIndex((one) => one.row === row && one.column === column);
    return i < 0 ? null : i;
  }
  function choose(row, column) {
    const cell = [row, column].map((n) => within(n, 0, GRID - 1));
    state.current = first(cell);
    write([...objects()], cell);
  }
  return state;
}

// All that is drawn: the objects, the cell that is read, and what is encoded.
/** @param {Fig} fig */
function derive(fig, state) {
  const [list, cell] = [fig.get("objects"), fig.get("cell")];
  const all = encoded(fig, list);
  if (state.current === null || state.current >= list.length) state.current = state.first(cell);
  return {
    list,
    cell,
    anchors: fig.get("anchors"),
    ...all,
    current: state.current,
    isChosen: (k) => k === GRID * cell[0] + cell[1],
    inCell: (k) => range(list.length).filter((i) => GRID * all.wants[i].row + all.wants[i].column === k),
    isOut: (i) => all.leftOut.includes(i),
  };
}

// ---- words ----

const named = ({ t }, label) => t(`class${label}`);
const upper = (text) => text[0].toUpperCase() + text.slice(1);
const who = (fig, i) => `${LETTERS[i]} (${named(fig, fig.get("objects")[i][0])})`;
const slot = (fig, k, i) => fig.t("slot", { k: k + 1, holder: i === null ? fig.t("free") : who(fig, i) });
const spot = ({ t }, row, column) => t("cell", { row, column }); // counted from 0, as the page and y do
const called = (fig, k) => (k < 5 ? KEYS[k] : `${KEYS[k]} ${named(fig, k - 5)}`);
// "b_x" as one writes it: b, and a small x below.
const set = (part, i) => (i % 2 ? h("i", {}, part[0], h("sub", {}, part[2])) : part);
const typeset = (text) => h("span", {}, ...text.split(/([bcp]_\w)/).map(set));
const heading = ({ t }, key) => h("p", { class: "cl-name", id: uid() }, t(key, { n: GRID }));
const rivals = (more, less) => ({ more: beside(more, less), less: beside(less, more) });

// What has happened in the cell.
/** @param {Fig} fig */
function sentence(fig, now) {
  const { t } = fig;
  const { cell, wants, leftOut } = now;
  const here = now.inCell(GRID * cell[0] + cell[1]);
  const others = leftOut.filter((i) => !here.includes(i)).map((i) => who(fig, i));
  const [A, B] = here.map((i) => wants[i]);
  const many = here.length > 2 ? "many" : A?.anchor === B?.anchor ? "twoSame" : "two";
  const one = () => ({ who: who(fig, here[0]), k: A.anchor + 1, ...rivals(A.best, A.ious[1 - A.anchor]) });
  const values = here.length === 1 ? one() : { n: here.length };
  const parts = [t(["nobody", "one"][here.length] ?? many, values)];
  if (here.length > 1) parts.push(...outcomes(fig, now, here));
  if (others.length) parts.push(t("elsewhere", { list: others.join(", ") }));
  return `${upper(spot(fig, cell[0], cell[1]))}: ${parts.join(" ")}`;
}

// Who holds each place of the cell, and against whom.
/** @param {Fig} fig */
function outcomes(fig, { cell, wants, holders }, here) {
  return holders[cell[0]][cell[1]].flatMap((winner, k) => {
    if (winner === null) return [];
    const losers = here.filter((i) => i !== winner && wants[i].anchor === k);
    if (!losers.length) return [`${upper(slot(fig, k, winner))}.`];
    return losers.map((loser) => {
      const names = { winner: who(fig, winner), loser: who(fig, loser), k: k + 1 };
      return fig.t("wins", { ...names, ...rivals(wants[winner].best, wants[loser].best) });
    });
  });
}

// ---- controls ----

/** @param {Fig} fig */
function makeExamples(fig, state) {
  const { t } = fig;
  const example = choice(fig, {
    label: t("example"),
    options: ["own", ...Object.keys(EXAMPLES)].map((key) => [key, t(key)]),
    onChange(key) {
      const list = (EXAMPLES[key] ?? fig.get("objects")).map((row) => [...row]);
      if (list.length) state.follow(list, 0);
      else state.write(list);
    },
  });
  state.adders = range(3).map((label) => {
    const onClick = () => add(fig, state, label);
    return button(fig, { label: `+ ${named(fig, label)}`, onClick }).el;
  });
  const adding = heading(fig, "add");
  const group = { class: "yolo-add", role: "group", "aria-labelledby": adding.id };
  fig.controls.append(example.el, h("div", group, adding, ...state.adders));
  return ({ list }) => {
    const same = (other) => JSON.stringify(other) === JSON.stringify(list);
    example.set(Object.keys(EXAMPLES).find((key) => same(EXAMPLES[key])) ?? "own");
  };
}

// A new object in the cell that is read.
/** @param {Fig} fig */
function add(fig, { follow }, label) {
  const list = fig.get("objects");
  if (list.length === MOST) return fig.explain(fig.t("full", { n: MOST }));
  const [row, column] = fig.get("cell");
  const aside = 4 * ((list.length % 3) - 1); // not on top of another
  const [x, y] = [(column + 0.5) * SIDE + aside, (row + 0.5) * SIDE + aside];
  const [width, height] = NEW[label];
  const [left, top] = [within(x - width / 2, 0, N - width), within(y - height / 2, 0, N - height)];
  follow([...list, [label, left, top, left + width, top + height]], list.length);
}

// ---- the picture ----

/** @param {Fig} fig */
function makePicture(fig, state) {
  const square = { width: SIDE, height: SIDE };
  const cells = range(GRID * GRID).map((k) => svg("rect", { x: at(k)[1] * SIDE, y: at(k)[0] * SIDE, ...square }));
  const ground = picture(fig, {
    width: N,
    height: N,
    ground: [...cells, ...rules(N, N, SIDE)],
    role: "group",
    "aria-label": fig.t("picture", { n: GRID }),
  });
  fig.listen(ground.el, "pointerdown", (event) => {
    if (event.button || event.target.closest(".cl-box")) return;
    const { left, top, width, height } = ground.el.getBoundingClientRect();
    const [row, column] = [(event.clientY - top) / height, (event.clientX - left) / width];
    state.choose(Math.floor(GRID * row), Math.floor(GRID * column));
  });
  const movables = range(MOST).map((i) => makeObject(fig, state, ground, i));
  for (const one of movables) one.onDelete(movables.map((other) => other.el));
  const outlines = fig.get("anchors").map((_, k) => h("div", { class: "yolo-anchor" }, h("span", {}, k + 1)));
  ground.el.append(h("div", { class: "yolo-layer" }, ...outlines));
  fig.stage.append(h("div", { class: "yolo-left" }, ground.el));
  return (now) => {
    cells.forEach((one, k) => {
      const used = now.inCell(k).length ? " yolo-used" : "";
      one.setAttribute("class", `yolo-cell${used}${now.isChosen(k) ? " yolo-chosen" : ""}`);
    });
    for (const one of movables) one.draw(now);
    outlines.forEach((outline, k) => drawAnchor(ground, outline, k, now));
  };
}

// An object that is moved; Delete takes it away, and one of `others` gets the focus.
/** @param {Fig} fig */
function makeObject(fig, state, ground, i) {
  const one = movable(fig, ground, {
    name: LETTERS[i],
    label: LETTERS[i],
    onChange(box) {
      const [label, ...old] = fig.get("objects")[i];
      state.replace(i, [label, ...roomy(old, box)]);
    },
  });
  const drawing = h("span", { class: "yolo-drawing" });
  one.el.prepend(drawing, h("span", { class: "yolo-middle" }));
  fig.listen(one.el, "focus", () => {
    if (state.current !== i) state.replace(i, [...fig.get("objects")[i]]);
  });
  return {
    el: one.el,
    onDelete: (others) => fig.listen(one.el, "keydown", ({ key }) => key === "Delete" && state.remove(i, others)),
    draw({ list, wants, isOut }) {
      one.el.hidden = i >= list.length;
      if (one.el.hidden) return;
      const [label, ...box] = list[i];
      one.place(box, `${fig.t("where", box)}; ${spot(fig, wants[i].row, wants[i].column)}`);
      one.el.setAttribute("aria-label", who(fig, i));
      one.el.className = `cl-box yolo-class${label}${isOut(i) ? " yolo-out" : ""}`;
      const [viewBox, d] = SHAPES[label];
      const shape = { viewBox, preserveAspectRatio: "none", "aria-hidden": "true" };
      drawing.replaceChildren(svg("svg", shape, svg("path", { d })));
    },
  };
}

// The outline of an anchor around the middle of the current object.
function drawAnchor(ground, outline, k, { list, wants, anchors, current }) {
  outline.hidden = current === null;
  if (current === null) return;
  const [x, y] = middle(list[current]);
  const [height, width] = anchors[k];
  ground.put(outline, [x - width / 2, y - height / 2, x + width / 2, y + height / 2]);
  outline.className = `yolo-anchor${wants[current].anchor === k ? " yolo-best" : ""}`;
}

// ---- y: the cells and their numbers ----

/** @param {Fig} fig */
function makeMap(fig, { choose }) {
  const name = heading(fig, "map");
  const tiles = range(GRID * GRID).map((k) => {
    const [row, column] = at(k);
    return button(fig, { label: "", onClick: () => choose(row, column) }).el;
  });
  const map = h("div", { class: "yolo-map", role: "group", "aria-labelledby": name.id }, ...tiles);
  keys(fig, map, {
    move(dr, dc) {
      const [row, column] = fig.get("cell");
      choose(row + dr, column + dc);
      const [r, c] = fig.get("cell");
      tiles[GRID * r + c].focus();
    },
  });
  fig.stage.append(h("div", { class: "yolo-right" }, name, map, fig.status));
  return (now) => tiles.forEach((tile, k) => drawTile(fig, tile, k, now));
}

/** @param {Fig} fig */
function drawTile(fig, tile, k, { list, holders, inCell, isOut, isChosen }) {
  const [row, column] = at(k);
  const lost = inCell(k)
    .filter(isOut)
    .map((i) => LETTERS[i]);
  const slots = holders[row][column];
  const words = slots.map((i, n) => slot(fig, n, i));
  if (lost.length) words.push(fig.t("lost", { list: lost.join(", ") }));
  const label = `${spot(fig, row, column)}; ${words.join("; ")}`;
  const chosen = isChosen(k);
  fill(tile, { "aria-pressed": String(chosen), tabindex: chosen ? 0 : -1, "aria-label": label }, []);
  const place = (i, n) => {
    const full = i === null ? "" : ` yolo-full yolo-class${list[i][0]}`;
    return h("span", { class: `yolo-slot${full}` }, `${n + 1} ${LETTERS[i] ?? "–"}`);
  };
  tile.replaceChildren(...slots.map(place), ...(lost.length ? [h("s", {}, lost.join(" "))] : []));
}

// The numbers of a cell, and how each came about: (46 − 32) / 32 = 0.438.
/** @param {Fig} fig */
function makeNumbers(fig, now) {
  const { cell, holders, anchors } = now;
  const both = holders[cell[0]][cell[1]];
  const columns = both.map((i, n) => numbersOf(now, i, n));
  const head = anchors.map((shape, k) => {
    const size = shape.map((n) => format(n)).join(" × ");
    return h("th", { scope: "col" }, `${upper(slot(fig, k, both[k]))} `, h("small", {}, size));
  });
  const row = (k) =>
    h("tr", {}, h("th", { scope: "row" }, typeset(called(fig, k))), ...columns.map((column) => column[k]));
  return h(
    "table",
    {},
    h("caption", {}, fig.t("numbers") + spot(fig, cell[0], cell[1])),
    h("thead", {}, h("tr", {}, h("td"), ...head)),
    h("tbody", {}, ...KEYS.map((_, k) => row(k))),
  );
}

// Those of object i at anchor n; null: nobody is there.
function numbersOf({ list, cell, wants, anchors }, i, n) {
  if (i === null) return KEYS.map(() => h("td", { class: "yolo-void" }, "0"));
  const [, left, top, right, bottom] = list[i];
  const [x, y] = middle(list[i]);
  const [height, width] = anchors[n];
  const from = (value, index) => `(${format(value)} − ${index * SIDE}) / ${SIDE}`;
  const sides = [`${bottom - top} / ${format(height)}`, `${right - left} / ${format(width)}`];
  const sums = [null, from(x, cell[1]), from(y, cell[0]), ...sides];
  return wants[i].numbers.map((value, k) =>
    h("td", {}, sums[k] && `${sums[k]} `, h("b", {}, (sums[k] ? "= " : "") + format(value, 3))),
  );
}

// ---- the list of objects ----

/** @param {Fig} fig */
function makeList(fig, state) {
  const name = heading(fig, "list");
  const lines = range(MOST).map((i) => makeLine(fig, state, i, () => lines.map((line) => line.gone)));
  const list = h("ul", { "aria-labelledby": name.id }, ...lines.map((one) => one.el));
  fig.stage.append(h("div", { class: "yolo-bottom" }, name, list));
  return (now) => lines.forEach((line) => line.draw(now));
}

/** @param {Fig} fig */
function makeLine(fig, { replace, remove }, i, others) {
  const { t } = fig;
  const letter = LETTERS[i];
  const [text, state] = [h("span"), h("strong")];
  const options = range(3).map((label) => h("option", { value: label }, named(fig, label)));
  const select = h("select", { "aria-label": t("classOf", { letter }) }, ...options);
  fig.listen(select, "change", () => replace(i, [Number(select.value), ...fig.get("objects")[i].slice(1)]));
  const onClick = () => remove(i, others());
  const gone = button(fig, { label: t("remove"), name: t("removeOne", { letter }), onClick }).el;
  const el = h("li", {}, h("span", { class: "yolo-letter" }, letter), select, h("p", {}, text, " ", state), gone);
  const draw = ({ list, wants, isOut }) => {
    el.hidden = i >= list.length;
    if (el.hidden) return;
    el.className = `yolo-class${list[i][0]}${isOut(i) ? " yolo-out" : ""}`;
    select.value = list[i][0];
    const { ious, anchor, row, column } = wants[i];
    const [x, y] = middle(list[i]).map((n) => format(n));
    const shares = ious.map((value, k) => beside(value, ious[1 - k]));
    text.textContent = t("middle", { x, y, ...shares, cell: spot(fig, row, column) });
    state.textContent = t(isOut(i) ? "out" : "gets", { k: anchor + 1 });
  };
  return { el, gone, draw };
}

/** @param {Fig} fig */
function table(fig, { y, holders }) {
  const rows = range(GRID * GRID).flatMap((k) => {
    const [row, column] = at(k);
    return y[row][column].map((values, n) => [
      `${spot(fig, row, column)}, ${slot(fig, n, holders[row][column][n])}`,
      ...values.map((value) => format(value, 3)),
    ]);
  });
  fig.table.clear();
  fig.table(fig.t("tableY"), [fig.t("theCell"), ...KEYS.map((_, k) => typeset(called(fig, k)))], rows);
}

export default { render };
