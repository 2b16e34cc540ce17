// @ts-check

// Boxes over a picture. A box is [x_min, y_min, x_max, y_max] in units of the picture, y going down.
//
//   area, common, iou, moved    arithmetic of boxes;  beside(value, bound): a number, on the right side of a bound
//   picture(fig, …)             a ground, of SVG, to put boxes on;  rules(…): lines of a grid, numbered
//   put(el, box)                lays an element over a box;  movable(fig, ground, …): a box that the reader moves
//   slider(fig, …)              a number from 0 to 1, or to another end

import { ARROWS, fill, format, h, range, svg, uid } from "./frame.js";
/** @import { Fig } from "./frame.js" */

// ---- arithmetic ----

export const within = (value, low, high) => Math.max(low, Math.min(high, value));

/** @param {number[]} box */
export const area = ([left, top, right, bottom]) => (right - left) * (bottom - top);

// Corners of what two boxes have in common. Where they miss each other a side of it is negative.
/** @type {(a: number[], b: number[]) => number[]} */
export const common = (a, b) => [
  Math.max(a[0], b[0]),
  Math.max(a[1], b[1]),
  Math.min(a[2], b[2]),
  Math.min(a[3], b[3]),
];

// Intersection over union; 0 where both boxes are empty.
/**
 * @param {number[]} a
 * @param {number[]} b
 */
export function iou(a, b) {
  const [left, top, right, bottom] = common(a, b);
  const both = Math.max(0, right - left) * Math.max(0, bottom - top);
  const union = area(a) + area(b) - both;
  return union > 0 ? both / union : 0;
}

// A box moved by [dx, dy], or only its corner: [0 or 2, 1 or 3], which coordinates move. It stays in the picture, and no
// corner passes the opposite one.
/**
 * @param {number[]} box
 * @param {number[]} by
 * @param {number[] | undefined} corner
 * @param {number[]} size
 */
export function moved(box, [dx, dy], corner, [width, height]) {
  if (!corner) {
    const [x, y] = [within(dx, -box[0], width - box[2]), within(dy, -box[1], height - box[3])];
    return [box[0] + x, box[1] + y, box[2] + x, box[3] + y];
  }
  const next = [...box];
  corner.forEach((i, axis) => {
    const [low, high] = i < 2 ? [0, box[i + 2]] : [box[i - 2], [width, height][axis]];
    next[i] = within(box[i] + [dx, dy][axis], low, high);
  });
  return next;
}

// A number with as many decimals as it takes to see whether it is below a bound, at it or above.
export function beside(value, bound, digits = 2) {
  const shows = (n) => Math.sign(Number(value.toFixed(n)) - bound) === Math.sign(value - bound);
  while (digits < 9 && !shows(digits)) digits += 1;
  return format(value, digits);
}

// ---- the picture ----

// ground: SVG elements in units of the picture; boxes are put into `el`.
/** @param {Fig} fig */
export function picture(fig, { width, height, ground, ...attributes }) {
  const back = svg("svg", { viewBox: `0 0 ${width} ${height}`, "aria-hidden": "true" }, ...ground);
  const el = h("div", { class: "cl-picture", ...attributes }, back);
  /** @type {(over: HTMLElement, box: number[]) => void} */
  const put = (over, [left, top, right, bottom]) => {
    const percent = (value, of) => `${(100 * value) / of}%`;
    over.style.left = percent(left, width);
    over.style.top = percent(top, height);
    over.style.width = percent(right - left, width);
    over.style.height = percent(bottom - top, height);
  };
  return { el, put, size: [width, height] };
}

// Lines every `gap` units, numbered at the top and at the left.
export function rules(width, height, gap) {
  const line = (x1, y1, x2, y2) => svg("line", { class: "cl-rule", x1, y1, x2, y2 });
  const text = (x, y, number) => svg("text", { x, y, "font-size": width / 28 }, number);
  const between = (size) => range(Math.ceil(size / gap) - 1).map((i) => (i + 1) * gap);
  return [
    ...between(width).flatMap((x) => [line(x, 0, x, height), text(x + width / 160, width / 28, x)]),
    ...between(height).flatMap((y) => [line(0, y, width, y), text(width / 160, y - width / 160, y)]),
  ];
}

// A box that is dragged, or resized by its corners; arrow keys move it by one unit, with Shift its last corner.
// onChange(box); place(box, text) puts it, and tells where it is. Of two boxes the smaller lies above.
const CORNERS = ["0,1", "2,1", "0,3", "2,3"];
/**
 * @param {Fig} fig
 * @param {ReturnType<typeof picture>} ground
 * @param {{ name: string, label: string, onChange: (box: number[]) => void }} options
 */
export function movable(fig, ground, { name, label, onChange }) {
  const [width] = ground.size;
  const handles = CORNERS.map((corner) => h("span", { class: "cl-handle", "data-corner": corner }));
  const el = h(
    "div",
    { class: "cl-box", role: "slider", tabindex: 0, "aria-label": label, "aria-valuemin": 0, "aria-valuemax": width },
    h("span", { class: "cl-tag" }, name),
    ...handles,
  );
  let box = [0, 0, 0, 0];
  let held = null;
  const change = (from, by, corner) => {
    const next = moved(from, by, corner, ground.size);
    if (next.some((value, i) => value !== box[i])) onChange(next);
  };
  fig.listen(el, "pointerdown", (event) => {
    if (event.button) return;
    const corner = event.target.closest("[data-corner]")?.dataset.corner.split(",").map(Number);
    held = { from: box, corner, x: event.clientX, y: event.clientY };
    el.setPointerCapture(event.pointerId);
  });
  fig.listen(el, "pointermove", (event) => {
    if (!held) return;
    const unit = ground.el.clientWidth / width;
    change(
      held.from,
      [event.clientX - held.x, event.clientY - held.y].map((n) => Math.round(n / unit)),
      held.corner,
    );
  });
  for (const type of ["pointerup", "pointercancel"]) fig.listen(el, type, () => (held = null));
  fig.listen(el, "keydown", (event) => {
    const arrow = ARROWS[event.key];
    if (!arrow || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    change(box, [arrow[1], arrow[0]], event.shiftKey ? [2, 3] : undefined);
  });
  ground.el.append(el);
  return {
    el,
    place(next, text) {
      box = next;
      ground.put(el, box);
      el.style.zIndex = String(Math.round(1000 * (1 - area(box) / (ground.size[0] * ground.size[1]))));
      fill(el, { "aria-valuenow": box[0], "aria-valuetext": text }, []);
    },
  };
}

// ---- controls ----

/**
 * @param {Fig} fig
 * @param {{ label: string, max?: number, step?: number, text?: (value: number) => string, onChange: (value: number) => void }} options
 */
export function slider(fig, { label, max = 1, step = 0.01, text = (value) => format(value, 4), onChange }) {
  const input = h("input", { type: "range", id: uid(), min: 0, max, step });
  const shown = h("output", { for: input.id });
  fig.listen(input, "input", () => onChange(Number(input.value)));
  const el = h("div", { class: "cl-field" }, h("label", { for: input.id }, label, " ", shown), input);
  return {
    el,
    set(value) {
      input.value = value;
      shown.textContent = text(value);
      fill(input, { "aria-valuetext": shown.textContent }, []);
    },
  };
}
