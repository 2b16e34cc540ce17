// @ts-check

// Inside the network: the feature maps of a stage, unit by unit, and the part of the picture that a place of one sees.

import { choice, format, h, keys, numberBox, range } from "../../cnnlab/widgets/frame.js";
import { canvas, inSlices, paintFilter, paintUnit } from "./draw.js";
import { answers } from "./lite0.js";
/** @import { Fig } from "../../cnnlab/widgets/frame.js" */

const MANY = 24; // units shown at a time
const STAGES_SEEN = answers();

/** @param {Fig} fig */
export function makeInside(fig, life) {
  const { t } = fig;
  const stage = choice(fig, {
    label: t("stage"),
    options: STAGES_SEEN.map(({ name, size, C }) => [name, t("stageName", { name, size, C })]),
    onChange: (name) => fig.set(beginOf(name)),
  });
  const unit = numberBox(fig, { label: t("unit"), min: 1, max: 32, onChange: (n) => fig.set({ unit: n - 1 }) });
  const units = range(MANY).map((i) => {
    const sheet = canvas(1, { role: null, "aria-hidden": "true" });
    const el = h("button", { type: "button", class: "ln-unit" }, sheet);
    fig.listen(el, "click", () => fig.set({ unit: firstOf(fig) + i }));
    return { el, sheet };
  });
  const grid = h("div", { class: "ln-units", role: "group", "aria-label": t("units") }, ...units.map(({ el }) => el));
  const large = makeLarge(fig, life);
  let painted = {};
  const paint = (seen) => {
    const first = firstOf(fig);
    if (painted.seen === seen && painted.first === first) return;
    const now = (painted = { seen, first });
    const jobs = units.flatMap(({ sheet }, i) => (first + i < seen.C ? [() => paintUnit(sheet, seen, first + i)] : []));
    inSlices(jobs, () => painted !== now);
  };
  return {
    el: h("div", {}, h("div", { class: "ln-row" }, stage.el, unit.el), grid, large.el),
    draw() {
      const { seen } = life.answer;
      if (!seen || !fig.get("stage")) return;
      stage.set(fig.get("stage"));
      unit.set(fig.get("unit") + 1, seen.C);
      units.forEach(({ el }, i) => {
        const channel = firstOf(fig) + i;
        el.hidden = channel >= seen.C;
        el.setAttribute("aria-pressed", String(channel === fig.get("unit")));
        el.setAttribute("aria-label", t("unitName", { n: channel + 1 }));
      });
      large.draw(seen);
      paint(seen);
    },
  };
}

const firstOf = (fig) => MANY * Math.floor(fig.get("unit") / MANY);

// A stage's first unit, and the place in the middle.
export function beginOf(name) {
  const { size } = STAGES_SEEN.find((one) => one.name === name);
  return { stage: name, unit: 0, place: [size >> 1, size >> 1] };
}

// The chosen unit, and a place in it that one points at.
/** @param {Fig} fig */
function makeLarge(fig, life) {
  const { t } = fig;
  const sheet = canvas(1, { class: "ln-large", tabindex: 0 });
  const filter = canvas(3, { class: "ln-filter", "aria-hidden": "true", role: null });
  const filterBox = h("div", { class: "ln-filter-box" }, h("p", { class: "cl-name" }, t("filter")), filter);
  const name = h("p", { class: "cl-name" });
  const cell = h("span", { class: "ln-cell" });
  const box = h("div", { class: "ln-large-box" }, sheet, cell);
  const move = (r, c) => {
    const most = (life.answer.seen?.height ?? 0) - 1;
    if (most < 0) return; // another stage is on its way
    fig.set({ place: [r, c].map((n) => Math.max(0, Math.min(most, n))), shown: "receptive" });
  };
  fig.listen(sheet, "click", ({ offsetX, offsetY }) => {
    const size = life.answer.seen?.height;
    move(Math.floor((offsetY / sheet.clientHeight) * size), Math.floor((offsetX / sheet.clientWidth) * size));
  });
  keys(fig, sheet, {
    move: (dr, dc) => move(fig.get("place")[0] + dr, fig.get("place")[1] + dc),
  });
  return {
    el: h("div", { class: "ln-row" }, h("div", {}, name, box), filterBox),
    draw(seen) {
      const [unit, [row, column]] = [fig.get("unit"), fig.get("place")];
      paintUnit(sheet, seen, unit);
      const value = format(seen.data[(row * seen.width + column) * seen.C + unit]);
      const words = t("unitNow", { n: unit + 1, of: seen.C, row: row + 1, column: column + 1, value });
      name.textContent = words;
      sheet.setAttribute("aria-label", words);
      cell.style.cssText = `top: ${(100 * row) / seen.height}%; left: ${(100 * column) / seen.width}%;
        width: ${100 / seen.width}%; height: ${100 / seen.height}%`;
      filterBox.hidden = fig.get("stage") !== "stem_conv";
      if (!filterBox.hidden) paintFilter(filter, life.first, unit);
    },
  };
}
