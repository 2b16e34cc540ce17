// @ts-check

// Style player: a picture on its way through the descent, both costs beside it, and a grid of mixes of their weights.

import { figure, fill, h, keys, language, range, svg, uid } from "./frame.js";
import { player } from "./player.js";
import { slider, within } from "./boxes.js";
import PHRASES from "./style_player.json" with { type: "json" };
/** @import { Fig } from "./frame.js" */

const BEAT = 500;
const KINDS = ["content", "style"];
const WIDE = 20; // costs that differ by more than this factor are drawn on a scale of powers

// ---- arithmetic ----

// The scale of a curve: from 0, or in powers where its numbers differ much and none is 0.
export function scaleOf(values) {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  return low > 0 && high > WIDE * low ? { low, high, powers: true } : { low: 0, high: high || 1, powers: false };
}

// How high a value stands, from 0 to 1.
export function heightOf(value, { low, high, powers }) {
  const [v, a, b] = powers ? [value, low, high].map(Math.log) : [value, low, high];
  return (v - a) / (b - a);
}

// The points of a curve in a square of 100 × 100, y going down.
export const curveOf = (steps, values, scale) =>
  steps.map((step, i) => [(100 * step) / steps.at(-1), 100 * (1 - heightOf(values[i], scale))]);

// The frame that was taken nearest to a step; of two, the first.
export const nearestFrame = (steps, step) =>
  steps.reduce((best, one, i) => (Math.abs(one - step) < Math.abs(steps[best] - step) ? i : best), 0);

// Three digits, whatever the size of the number.
function short(value) {
  const plain = !value || (Math.abs(value) >= 1e-3 && Math.abs(value) < 1e6);
  const options = { maximumSignificantDigits: 3, notation: plain ? "standard" : "scientific" };
  return new Intl.NumberFormat(language(), /** @type {any} */ (options)).format(value).replace("-", "−");
}

// ---- the figure ----

/** @param {{ model: import("./frame.js").Model, el: Element }} context */
function render({ model, el }) {
  const fig = figure({ model, el, words: PHRASES, title: "title" });
  fig.el.classList.add("sp");
  const data = makeData(fig);
  const run = makeRun(fig, data);
  const setControls = makeControls(fig, data, run);
  const drawRun = makePicture(fig, data, run);
  const drawMixes = data.mixes.length ? makeMixes(fig, data) : () => {};
  fig.hint.textContent = `${fig.t("hint")}${data.mixes.length ? ` ${fig.t("hintMixes")}` : ""}`;
  tables(fig, data);
  fig.draws(() => {
    const at = run.at();
    setControls(at);
    drawRun(at);
    drawMixes();
    fig.say(fig.t("now", { step: data.steps[at], last: data.steps.at(-1), ...costs(data, at) }));
  });
  return fig.remove;
}

// What Python gave, and which point of the curves belongs to each frame.
/** @param {Fig} fig */
function makeData(fig) {
  const [frames, steps, size, curve] = ["frames", "steps", "size", "curve_steps"].map(fig.get);
  const [mixes, mixSize, alphas, betas] = ["mixes", "mix_size", "content_weights", "style_weights"].map(fig.get);
  const values = KINDS.map((kind) => fig.get(`${kind}_costs`));
  const points = steps.map((step) => curve.indexOf(step));
  return { frames, steps, size, curve, values, points, mixes, mixSize, alphas, betas, last: frames.length - 1 };
}

const costs = ({ values, points }, at) =>
  Object.fromEntries(KINDS.map((kind, i) => [kind, short(values[i][points[at]])]));

// Where the run is, and what moves it.
/** @param {Fig} fig */
function makeRun(fig, { last }) {
  const at = () => Math.min(fig.get("position"), last);
  const go = (to) => fig.set({ position: within(to, 0, last) });
  const step = () => {
    if (at() === last) return false;
    go(at() + 1);
    return true;
  };
  const ways = { step, back: () => go(at() - 1), all: () => go(last), reset: () => go(0) };
  const buttons = player(fig, { ...ways, ended: () => at() === last, beat: BEAT });
  const jump = (to) => {
    buttons.pause();
    go(to);
  };
  return { at, jump, buttons };
}

/** @param {Fig} fig */
function makeControls(fig, { steps, last }, { jump, buttons }) {
  const moment = slider(fig, {
    label: fig.t("moment"),
    max: last,
    step: 1,
    text: (i) => String(steps[i]),
    onChange: jump,
  });
  fig.controls.append(moment.el);
  fig.stage.after(buttons.el);
  return moment.set;
}

// ---- the run ----

/** @param {Fig} fig */
function makePicture(fig, data, run) {
  const [height, width] = data.size;
  const image = h("img", { alt: "", width, height });
  const charts = KINDS.map((kind, i) => makeChart(fig, data, run, kind, data.values[i]));
  fig.stage.append(
    h("div", { class: "sp-picture" }, image),
    h("div", { class: "sp-charts" }, ...charts.map((one) => one.el)),
  );
  return (at) => {
    image.src = data.frames[at];
    image.alt = fig.t("picture", { step: data.steps[at] });
    for (const chart of charts) chart.draw(at);
  };
}

// One cost over the steps. A press on it goes to the nearest frame.
/** @param {Fig} fig */
function makeChart(fig, { steps, curve, points }, { jump }, kind, values) {
  const { t } = fig;
  const scale = scaleOf(values);
  const line = curveOf(curve, values, scale);
  const path = svg("path", { d: `M${line.map((point) => point.join(" ")).join("L")}` });
  const drawing = svg("svg", { viewBox: "0 0 100 100", preserveAspectRatio: "none" }, path);
  const [rule, dot] = [h("span", { class: "sp-rule" }), h("span", { class: "sp-dot" })];
  const plot = h("div", { class: `sp-plot sp-${kind}` }, drawing, rule, dot);
  const name = h("p", { class: "cl-name" }, t(kind), " ", h("strong"));
  const ends = (...texts) => texts.map((text) => h("span", {}, text));
  const side = h("div", { class: "sp-side" }, ...ends(short(scale.high), short(scale.low)));
  const below = h("div", { class: "sp-below" }, ...ends("0", t("steps"), String(steps.at(-1))));
  const note = scale.powers ? h("span", { class: "sp-note" }, t("powers")) : null;
  if (note) name.append(" ", note);
  const press = (event) => {
    const box = plot.getBoundingClientRect();
    jump(nearestFrame(steps, (steps.at(-1) * (event.clientX - box.left)) / box.width));
  };
  fig.listen(plot, "pointerdown", (event) => {
    plot.setPointerCapture(event.pointerId);
    press(event);
  });
  fig.listen(plot, "pointermove", (event) => plot.hasPointerCapture(event.pointerId) && press(event));
  const draw = (at) => {
    const [x, y] = line[points[at]];
    rule.style.left = `${x}%`;
    dot.style.cssText = `left: ${x}%; top: ${y}%`;
    /** @type {HTMLElement} */ (name.querySelector("strong")).textContent = short(values[points[at]]);
  };
  const frame = h("div", { class: "sp-frame", "aria-hidden": "true" }, side, plot, below);
  return { el: h("div", {}, name, frame), draw };
}

// ---- the mixes ----

/** @param {Fig} fig */
function makeMixes(fig, data) {
  const { t } = fig;
  const [height, width] = data.mixSize;
  const [alpha, beta] = KINDS.map((kind, axis) => {
    const weights = axis ? data.betas : data.alphas;
    const onChange = (value) => fig.set({ [kind]: value });
    return slider(fig, {
      label: t(`${kind}Weight`),
      max: weights.length - 1,
      step: 1,
      text: (i) => short(weights[i]),
      onChange,
    });
  });
  const image = h("img", { alt: "", width, height });
  const caption = h("p", { class: "sp-caption", "aria-live": "polite" });
  const grid = mixGrid(fig, data);
  const title = h("p", { class: "cl-title" }, t("mixes"));
  const sliders = h("div", { class: "cl-controls" }, alpha.el, beta.el);
  const [big, small] = [h("div", { class: "sp-picture" }, image, caption), h("div", { class: "sp-small" }, grid.el)];
  fig.tables.before(h("div", { class: "sp-mixes" }, title, sliders, h("div", { class: "cl-stage" }, big, small)));
  return () => {
    const [i, j] = KINDS.map(fig.get);
    alpha.set(i);
    beta.set(j);
    image.src = data.mixes[i][j];
    const text = t("mix", { alpha: short(data.alphas[i]), beta: short(data.betas[j]) });
    image.alt = text;
    if (caption.textContent !== text) caption.textContent = text;
    grid.draw(i, j);
  };
}

// All the mixes, small: content weights down, style weights across. One is chosen by a press, and by arrow keys.
/** @param {Fig} fig */
function mixGrid(fig, { mixes, alphas, betas }) {
  const { t } = fig;
  const choose = (i, j) => fig.set({ content: within(i, 0, alphas.length - 1), style: within(j, 0, betas.length - 1) });
  const cell = (url, i, j) => {
    const alt = t("mix", { alpha: short(alphas[i]), beta: short(betas[j]) });
    return h("td", { role: "gridcell", tabindex: -1 }, h("img", { src: url, alt, draggable: "false" }));
  };
  const cells = mixes.map((row, i) => row.map((url, j) => cell(url, i, j)));
  const head = h(
    "tr",
    {},
    h("td", { role: "gridcell" }),
    ...betas.map((b) => h("th", { scope: "col" }, `β ${short(b)}`)),
  );
  const rows = cells.map((row, i) => h("tr", {}, h("th", { scope: "row" }, `α ${short(alphas[i])}`), ...row));
  const name = h("p", { class: "cl-name", id: uid() }, t("allMixes"));
  const table = h(
    "table",
    { class: "sp-grid", role: "grid", "aria-labelledby": name.id },
    h("tbody", {}, head, ...rows),
  );
  fig.listen(table, "click", ({ target }) => {
    const td = target.closest("td[tabindex]");
    if (!td) return;
    choose(td.parentNode.rowIndex - 1, td.cellIndex - 1);
    td.focus();
  });
  keys(fig, table, {
    move: (dr, dc) => choose(fig.get("content") + dr, fig.get("style") + dc),
    home: () => choose(0, 0),
    end: () => choose(Infinity, Infinity),
  });
  const draw = (i, j) => {
    const inside = table.contains(document.activeElement);
    cells.flat().forEach((td) => fill(td, { tabindex: -1, "aria-selected": "false" }, []));
    fill(cells[i][j], { tabindex: 0, "aria-selected": "true" }, []);
    if (inside) cells[i][j].focus();
  };
  return { el: h("div", {}, name, h("div", { class: "cl-overflow" }, table)), draw };
}

// ---- the table ----

/** @param {Fig} fig */
function tables(fig, data) {
  const { t } = fig;
  const row = (at) => [data.steps[at], ...Object.values(costs(data, at))];
  fig.table(t("byFrame"), [t("moment"), t("content"), t("style")], range(data.frames.length).map(row));
}

export default { render };
