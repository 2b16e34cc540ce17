// @ts-check

// What the steppers share: an output computed cell by cell, by a window over numbers.
//
//   walk(fig, size)             where the window is, which cells are computed, and the buttons that move it
//   numberGrid(fig, …)          numbers in cells;  slidingWindow(fig, grid, …): a window that is dragged or moved by keys
//   matrixBox(fig, …)           a folded box to type a matrix in

import { button, fill, format, h, keys, range, span, uid } from "./frame.js";
import { player } from "./player.js";
/** @import { Fig, Keyboard } from "./frame.js" */

// ---- images ----

// [before, after] of "same", as in Keras: ⌈n / s⌉ windows; an odd zero goes after. With stride 1, n does not matter.
export function samePadding(f, dilation = 1, stride = 1, n = 1) {
  const total = Math.max(span(f, dilation) - 1 - ((n - 1) % stride), 0);
  return [Math.floor(total / 2), Math.ceil(total / 2)];
}

// A matrix with zeros around it. Padding: [[top, bottom], [left, right]].
/**
 * @param {number[][]} image
 * @param {number[][]} padding
 */
export function padImage(image, [[top, bottom], [left, right]]) {
  const width = image[0].length + left + right;
  const zeros = (count, length) => range(count).map(() => Array(length).fill(0));
  const middle = image.map((row) => [...Array(left).fill(0), ...row, ...Array(right).fill(0)]);
  return [...zeros(top, width), ...middle, ...zeros(bottom, width)];
}

const DECIMAL_COMMA = /^[-+−]?\d*,\d+$/;
const eitherWay = (word) => ({ one: word.replace(",", "."), two: word.replace(",", " ") });

// Text with one row on each line → { matrix }, or { problem, values } for fig.t. Knows −, and fractions such as 1/9. Whether
// 0,5 is a half or two numbers, it does not guess.
export function parseMatrix(text, most = 16) {
  const lines = text
    .split(/\r?\n/)
    .map((line) => line.split(/,?[\s;]+/).filter(Boolean))
    .map((line) => line.flatMap((word) => (DECIMAL_COMMA.test(word) ? word : word.split(",").filter(Boolean))))
    .filter((line) => line.length);
  if (!lines.length) return { problem: "noNumbers", values: {} };
  const matrix = [];
  for (const [i, line] of lines.entries()) {
    const row = [];
    for (const word of line) {
      if (DECIMAL_COMMA.test(word)) return { problem: "comma", values: { text: word, ...eitherWay(word), r: i + 1 } };
      const parts = word.replace("−", "-").split("/");
      const good = parts.length <= 2 && parts.every((part) => /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i.test(part));
      const value = parts.map(Number).reduce((a, b) => a / b);
      if (!good || !Number.isFinite(value)) return { problem: "badNumber", values: { text: word, r: i + 1 } };
      row.push(value);
    }
    matrix.push(row);
    const values = { r: i + 1, got: row.length, expected: matrix[0].length };
    if (row.length !== matrix[0].length) return { problem: "ragged", values };
  }
  const [h, w] = [matrix.length, matrix[0].length];
  return Math.max(h, w) > most ? { problem: "tooBig", values: { h, w, most } } : { matrix };
}

// A folded box to type a matrix in. onChange gets the matrix; open() unfolds it.
/**
 * @param {Fig} fig
 * @param {{ label: string, help: string, most?: number, onChange: (matrix: number[][]) => void }} options
 */
export function matrixBox(fig, { label, help, most = 16, onChange }) {
  const area = h("textarea", {
    rows: 6,
    spellcheck: "false",
    autocomplete: "off",
    "aria-label": label,
    "aria-describedby": uid(),
  });
  const use = () => {
    const { matrix, problem, values } = parseMatrix(area.value, most);
    fig.explain(problem ? fig.t(problem, values) : "");
    if (matrix) onChange(matrix);
  };
  const el = h(
    "details",
    { class: "cl-matrix" },
    h("summary", {}, label),
    h("p", { id: area.getAttribute("aria-describedby") }, help),
    area,
    button(fig, { label: fig.t("use"), onClick: use }).el,
  );
  const write = (matrix) => matrix.map((row) => row.map((v) => Math.round(v * 1e4) / 1e4).join(" ")).join("\n");
  let shown = "";
  return {
    el,
    open() {
      el.open = true;
      area.focus();
    },
    set(matrix) {
      const text = write(matrix); // what is half typed stays, unless the state itself changes
      if (text !== shown) area.value = shown = text;
    },
  };
}

// ---- the walk ----

// A walk over the cells of the output, plane by plane and in reading order, with its player. size() gives [rows, columns],
// or [planes, rows, columns]. State: `position`, the cell now, and `seen`, the cells computed; both count cells from 0.
/**
 * @param {Fig} fig
 * @param {() => number[]} size
 */
export function walk(fig, size) {
  const clamp = (value, count) => Math.max(0, Math.min(count - 1, value));
  const count = () => size().reduce((a, b) => a * b);
  const position = () => clamp(fig.get("position"), count());
  const seen = () => new Set([...fig.get("seen").filter((i) => i < count()), position()]);
  const cell = () => {
    const [columns, rows] = size().reverse();
    const [c, line] = [position() % columns, Math.floor(position() / columns)];
    return [Math.floor(line / rows), line % rows, c];
  };
  const go = (to) => fig.set({ position: to, seen: [...seen().add(to)].sort((a, b) => a - b) });
  const at = (r, c, plane = cell()[0]) => {
    const [columns, rows] = size().reverse();
    buttons.pause();
    go((plane * rows + clamp(r, rows)) * columns + clamp(c, columns));
  };
  const by = (change) => {
    const to = position() + change;
    if (to < 0 || to >= count()) return false;
    go(to);
    return true;
  };
  const buttons = player(fig, {
    step: () => by(1),
    back: () => by(-1),
    all: () => fig.set({ seen: range(count()) }),
    reset: () => fig.set({ position: 0, seen: [0] }),
    ended: () => position() === count() - 1,
  });
  const nudge = (dr, dc) => at(cell()[1] + dr, cell()[2] + dc);
  const keyboard = { home: () => at(0, 0), end: () => at(Infinity, Infinity), space: buttons.flip };
  return { position, count, seen, cell, at, nudge, keyboard, player: buttons };
}

// ---- numbers in cells ----

// Grey as in a picture, from black (low) to white (high), with the text that can be read on it.
function grey(value, low, high) {
  const level = Math.round(high > low ? (255 * (value - low)) / (high - low) : 128);
  return { background: `rgb(${level} ${level} ${level})`, color: level > 117 ? "#000" : "#fff" };
}

// Blue for positive, orange for negative, stronger with size; the number is always written too.
function signed(value, most) {
  const strength = most ? Math.round((100 * Math.abs(value)) / most) : 0;
  return {
    background: `color-mix(in srgb, var(--cl-${value < 0 ? "minus" : "plus"}) ${strength}%, var(--cl-cell-ground))`,
    color: "",
  };
}

// How a value is painted: tint "grey", "sign" or null, on the scale of `values`.
function painter(tint, values) {
  const all = values.flat().filter((value) => value !== null);
  const [low, high] = [Math.min(0, ...all), Math.max(...all)];
  const most = Math.max(...all.map(Math.abs), 0);
  return (value) => {
    if (value === null || !tint) return { background: "", color: "" };
    return tint === "grey" ? grey(value, low, high) : signed(value, most);
  };
}

// A table of numbers. caption: its visible name. pick(r, c): cells can be chosen, by click and by keys.
//   grid.draw(values, { tint: "grey" | "sign" | null, of: values that set the scale, cell(r, c, value) → options })
//     values: 2-D, null = still empty. Options: class, corner (small text), text, plain (no tint).
//   grid.caption(text); grid.current(r, c): the cell that Tab reaches; focus follows if it is in the grid.
/**
 * @typedef {{ class?: string, corner?: any, text?: string, plain?: boolean }} Cell
 * @typedef {{ tint?: "grey" | "sign" | null, of?: any[][], cell?: (r: number, c: number, value: any) => Cell }} Drawing
 */
/**
 * @param {Fig} fig
 * @param {{ caption?: string, pick?: (r: number, c: number) => void, keyboard?: Keyboard }} [options]
 */
export function numberGrid(fig, { caption = "", pick, keyboard = {} } = {}) {
  const name = h("p", { class: "cl-name", id: uid() }, caption);
  const body = h("tbody");
  const table = h("table", { class: "cl-grid", role: pick ? "grid" : false, "aria-labelledby": name.id }, body);
  const holder = h("div", { class: "cl-cells" }, table);
  const el = h("div", { class: "cl-holder" }, name, h("div", { class: "cl-overflow" }, holder));
  let shape = "";
  let now = [0, 0];
  const at = (r, c) => body.rows[r]?.cells[c];
  const resize = (rows, columns) => {
    if (shape === `${rows} ${columns}`) return;
    shape = `${rows} ${columns}`;
    holder.style.setProperty("--cols", String(columns));
    const make = () => h("td", pick ? { role: "gridcell", tabindex: -1 } : {});
    body.replaceChildren(...range(rows).map(() => h("tr", {}, ...range(columns).map(make))));
  };
  const grid = {
    el,
    holder,
    table,
    caption: (text) => (name.textContent = text),
    /**
     * @param {any[][]} values
     * @param {Drawing} [options]
     */
    draw(values, { tint = null, of = values, cell = () => ({}) } = {}) {
      resize(values.length, values[0].length);
      const paint = painter(tint, of);
      const write = (value, r, c) => {
        const text = writeCell(at(r, c), value, paint, cell(r, c, value) ?? {});
        const label = `${fig.t("row", { r: r + 1, c: c + 1 })}: ${text || fig.t("empty")}`;
        if (pick) at(r, c).setAttribute("aria-label", label);
      };
      values.forEach((row, r) => row.forEach((value, c) => write(value, r, c)));
      if (pick) grid.current(...now);
    },
    current(r, c) {
      const old = at(...now);
      now = [r, c];
      if (!at(r, c)) return;
      for (const td of body.querySelectorAll("td")) if (!td.tabIndex) td.tabIndex = -1;
      at(r, c).tabIndex = 0;
      if (old !== at(r, c) && old === document.activeElement) at(r, c).focus();
    },
  };
  const move = (dr, dc) => {
    const [r, c] = [now[0] + dr, now[1] + dc];
    if (at(r, c)) pick(r, c);
  };
  if (pick) picks(fig, body, pick, { move, ...keyboard });
  return grid;
}

// Puts a value into a cell, as its options say, and returns its text.
/**
 * @param {HTMLElement} td
 * @param {any} value
 * @param {(value: any) => { background: string, color: string }} paint
 * @param {Cell} options
 */
function writeCell(td, value, paint, { text = value === null ? "" : format(value), plain, corner, ...rest }) {
  Object.assign(td.style, paint(plain ? null : value));
  td.textContent = text;
  const long = text.length > 3 && (text.length > 4 ? "cl-longer" : "cl-long");
  td.className = [rest.class, value === null && "cl-empty", long].filter(Boolean).join(" ");
  if (corner != null) td.dataset.corner = corner;
  else delete td.dataset.corner;
  return text;
}

// Cells are chosen by a click, and by keys.
function picks(fig, body, pick, keyboard) {
  fig.listen(body, "click", ({ target }) => {
    const td = target.closest("td");
    if (!td) return;
    pick(td.parentNode.rowIndex, td.cellIndex);
    td.focus();
  });
  keys(fig, body, keyboard);
}

// A frame over cells of a grid, dragged by pointer or moved by keys. move(r, c): the cell where its top left corner is
// wanted; nudge(dr, dc): one step by arrow key. place({ r, c, height, width, now, of, text }) puts it and tells where it is.
/**
 * @typedef {(r: number, c: number) => void} Move
 * @param {Fig} fig
 * @param {ReturnType<typeof numberGrid>} grid
 * @param {{ label: string, move: Move, nudge: Move, keyboard?: Keyboard }} options
 */
export function slidingWindow(fig, grid, { label, move, nudge, keyboard = {} }) {
  const el = h("div", { class: "cl-window", role: "slider", tabindex: 0, "aria-label": label, "aria-valuemin": 1 });
  let size = { height: 1, width: 1 };
  let held = null;
  const cellOf = (event) => {
    const box = grid.table.tBodies[0].getBoundingClientRect();
    const { rows } = grid.table.tBodies[0];
    return [
      ((event.clientY - box.top) * rows.length) / box.height,
      ((event.clientX - box.left) * rows[0].cells.length) / box.width,
    ];
  };
  fig.listen(el, "pointerdown", (event) => {
    const [r, c] = cellOf(event);
    held = [r - size.r, c - size.c];
    el.setPointerCapture(event.pointerId);
  });
  fig.listen(el, "pointermove", (event) => {
    if (!held) return;
    const [r, c] = cellOf(event);
    move(Math.round(r - held[0]), Math.round(c - held[1]));
  });
  for (const type of ["pointerup", "pointercancel"]) fig.listen(el, type, () => (held = null));
  // A press beside the window brings its middle there.
  fig.listen(grid.table.tBodies[0], "click", (event) => {
    const [r, c] = cellOf(event);
    move(Math.round(r - size.height / 2), Math.round(c - size.width / 2));
  });
  keys(fig, el, { move: nudge, ...keyboard });
  grid.holder.append(el);
  return {
    el,
    place({ r, c, height, width, now, of, text }) {
      size = { r, c, height, width };
      for (const [key, value] of Object.entries(size)) el.style.setProperty(`--${key}`, String(value));
      fill(el, { "aria-valuenow": now, "aria-valuemax": of, "aria-valuetext": text }, []);
      const view = grid.holder.parentElement; // on a phone a wide image scrolls: keep the window in sight
      const cell = grid.table.clientWidth / grid.table.rows[0].cells.length;
      view.scrollLeft = Math.min(c * cell, Math.max(view.scrollLeft, (c + width) * cell + 8 - view.clientWidth));
    },
  };
}
