// @ts-check

// Precision-recall explorer: a score threshold to move over the detections of a class, and the curve that all thresholds make.

import { button, choice, figure, fill, format, h, keys, range, svg, uid } from "./frame.js";
import { beside, slider, within } from "./boxes.js";
import PHRASES from "./precision_recall.json" with { type: "json" };
/** @import { Fig } from "./frame.js" */

const [WRONG, HIT, DUPLICATE] = [0, 1, 2];
const SHOWN = 16; // detections in the list
const LISTED = 100; // detections in the table

// ---- arithmetic: scores and outcomes of a class, the surest detection first ----

// How many detections count: those with a score above the threshold.
export const counting = (scores, threshold) => scores.filter((score) => score > threshold).length;

// What the first k detections come to. Precision is null where none counts.
export function tally(outcomes, k, positives) {
  const many = (outcome) => outcomes.slice(0, k).filter((one) => one === outcome).length;
  const [wrong, tp, duplicates] = [WRONG, HIT, DUPLICATE].map(many);
  return {
    k,
    tp,
    fp: wrong + duplicates,
    fn: positives - tp,
    wrong,
    duplicates,
    precision: k ? tp / k : null,
    recall: tp / positives,
  };
}

// Precision and recall after each detection, the best precision with this recall or more, and the area under the latter.
export function curve(outcomes, positives) {
  let tp = 0;
  const hits = outcomes.map((one) => (tp += Number(one === HIT)));
  const precision = hits.map((n, i) => n / (i + 1));
  const recall = hits.map((n) => n / positives);
  let most = 0;
  const best = precision.map((_, i) => (most = Math.max(most, precision[precision.length - 1 - i]))).reverse();
  const ap = best.reduce((sum, value, i) => sum + value * (recall[i] - (recall[i - 1] ?? 0)), 0);
  return { precision, recall, best, ap };
}

// The numbers of detections that some threshold lets count, each with a short one that does: [[k, threshold], …]. Detections of
// the same score come in together.
export function stops(scores) {
  const all = [...scores.map((_, k) => k), scores.length];
  return all
    .filter((k) => (scores[k - 1] ?? 2) > (scores[k] ?? 0))
    .map((k) => [k, between(scores[k] ?? 0, scores[k - 1] ?? 2)]);
}

// The number with the fewest decimals that is at least `low` and less than `high`.
function between(low, high) {
  for (const digits of range(6)) {
    const value = Number((Math.ceil(low * 10 ** digits - 1e-7) / 10 ** digits).toFixed(digits));
    if (value >= low && value < high) return value;
  }
  return low;
}

// ---- the figure ----

/** @param {{ model: import("./frame.js").Model, el: Element }} context */
function render({ model, el }) {
  const fig = figure({ model, el, words: PHRASES, title: "title" });
  const { t } = fig;
  fig.el.classList.add("pr");
  const data = makeData(fig);
  const way = makeWay(fig, data);
  const setControls = makeControls(fig, data, way);
  const plot = makePlot(fig, data, way);
  const strip = makeStrip(fig);
  const list = makeList(fig);
  const sums = h("dl", { class: "pr-sums" });
  fig.stage.append(
    h("div", { class: "pr-left" }, ...plot.els, strip.el),
    h("div", { class: "pr-right" }, fig.status, sums, ...list.els, h("p", { class: "cl-name" }, t("legend"))),
  );
  fig.hint.textContent = t("hint");

  fig.draws(() => {
    const now = derive(fig, data, way);
    setControls(now);
    plot.draw(now);
    strip.draw(now);
    sums.replaceChildren(...terms(fig, now).flatMap(([key, value]) => [h("dt", {}, t(key)), h("dd", {}, value)]));
    list.draw(now);
    fig.say(t(!now.n ? "noDetections" : now.k ? "now" : "nothing", now.words));
    tables(fig, data, now);
  });
  return fig.remove;
}

// Of each class: its name, number of objects, scores, outcomes, curve, and the stops of the threshold.
/** @param {Fig} fig */
function makeData(fig) {
  const [names, positives, scores, outcomes] = ["names", "positives", "scores", "outcomes"].map(fig.get);
  return names.map((name, c) => {
    const phrase = fig.t(`class ${name}`);
    return {
      name: phrase === `class ${name}` ? name : phrase,
      positives: positives[c],
      scores: scores[c],
      outcomes: outcomes[c],
      stops: stops(scores[c]),
      ...curve(outcomes[c], positives[c]),
    };
  });
}

// Where the threshold stands: now() detections count. go() to the i-th number of detections that a threshold can give, move()
// by so many of them.
/** @param {Fig} fig */
function makeWay(fig, data) {
  const one = () => data[fig.get("chosen")];
  const now = () => counting(one().scores, fig.get("threshold"));
  const go = (i) => fig.set({ threshold: one().stops[within(i, 0, one().stops.length - 1)][1] });
  const move = (by) => go(one().stops.findIndex(([k]) => k === now()) + by);
  return { one, now, go, move };
}

// All that is drawn, and `words`, what phrases fill in.
/** @param {Fig} fig */
function derive(fig, data, way) {
  const { t } = fig;
  const one = way.one();
  const [n, k, limit] = [one.scores.length, way.now(), fig.get("threshold")];
  const here = tally(one.outcomes, k, one.positives);
  const lanes = Object.fromEntries(LANES.map((outcome) => [`lane${outcome}`, t(`lane${outcome}`)]));
  const [precision, recall] = [here.precision, here.recall].map((value) => number(fig, value));
  const words = { ...here, ...lanes, n, t: format(limit, 6), precision, recall, name: one.name };
  return { ...one, n, k, limit, here, lanes, words };
}

const number = ({ t }, value) => (value === null ? t("noValue") : format(value, 3));

// ---- controls ----

/** @param {Fig} fig */
function makeControls(fig, data, { move }) {
  const { t } = fig;
  const pick = choice(fig, {
    label: t("class"),
    options: data.map(({ name }, c) => [c, name]),
    onChange: (c) => fig.set({ chosen: Number(c) }),
  });
  const threshold = slider(fig, { label: t("threshold"), onChange: (value) => fig.set({ threshold: value }) });
  const fewer = button(fig, { label: t("oneLess"), onClick: () => move(-1) });
  const more = button(fig, { label: t("oneMore"), onClick: () => move(1) });
  const buttons = h("div", { class: "pr-buttons" }, fewer.el, more.el);
  fig.controls.append(...(data.length > 1 ? [pick.el] : []), threshold.el, buttons);
  return ({ limit, k, stops: all }) => {
    pick.set(fig.get("chosen"));
    threshold.set(limit);
    fewer.enable(k > 0);
    more.enable(all.at(-1)[0] > k);
  };
}

// ---- the curve ----

const BOX = { left: 40, top: 12, width: 268, height: 238 };
const X = (recall) => BOX.left + BOX.width * recall;
const Y = (precision) => BOX.top + BOX.height * (1 - precision);
const text = (x, y, anchor, content) => svg("text", { x, y, "text-anchor": anchor }, content);
const line = (name, d = "") => svg("path", { class: `pr-${name}`, d });

/** @param {Fig} fig */
function makePlot(fig, data, way) {
  const { t } = fig;
  const [shade, path, guides] = [line("shade"), line("curve"), line("guides")];
  const point = svg("circle", { class: "pr-point", r: 6 });
  const name = h("p", { class: "cl-name", id: uid() });
  const plot = h(
    "div",
    { class: "pr-plot", role: "slider", tabindex: 0, "aria-valuemin": 0, "aria-labelledby": name.id },
    svg("svg", { viewBox: "0 0 320 292", "aria-hidden": "true" }, ...axes(fig), shade, path, guides, point),
  );
  listen(fig, plot, way);
  const draw = ({ n, k, here, words, outcomes, precision, recall, best }) => {
    const hits = range(n).filter((i) => outcomes[i] === HIT);
    shade.setAttribute("d", `M${X(0)} ${Y(0)}${hits.map((i) => `V${Y(best[i])}H${X(recall[i])}`).join("")}V${Y(0)}Z`);
    const corners = range(n).map((i) => `${i ? "L" : "M"}${X(recall[i])} ${Y(precision[i])}`);
    path.setAttribute("d", corners.join(""));
    for (const one of [point, guides]) one.style.display = k ? "" : "none";
    if (k) {
      const [x, y] = [X(here.recall), Y(here.precision)];
      fill(point, { cx: x, cy: y }, []);
      guides.setAttribute("d", `M${X(0)} ${y}H${x}V${Y(0)}`);
    }
    name.textContent = t("plot", words);
    fill(plot, { "aria-valuemax": n, "aria-valuenow": k, "aria-valuetext": t("point", words) }, []);
  };
  return { els: [name, plot], draw };
}

function axes({ t }) {
  const ticks = [0, 0.25, 0.5, 0.75, 1];
  return [
    line("grid", ticks.map((n) => `M${X(0)} ${Y(n)}H${X(1)}M${X(n)} ${Y(0)}V${Y(1)}`).join("")),
    ...ticks.flatMap((n) => [text(X(n), Y(0) + 15, "middle", format(n)), text(X(0) - 5, Y(n) + 4, "end", format(n))]),
    text(X(0.5), 286, "middle", t("recall")),
    svg("g", { transform: `rotate(-90 9 ${Y(0.5)})` }, text(9, Y(0.5), "middle", t("precision"))),
  ];
}

// Keys move the point along the curve; a press brings it to the nearest place.
/** @param {Fig} fig */
function listen(fig, plot, { one, go, move }) {
  keys(fig, plot, { move: (dr, dc) => move(dc - dr), home: () => go(0), end: () => go(Infinity) });
  const nearest = (event) => {
    const { left, top, width } = plot.getBoundingClientRect();
    const [x, y] = [event.clientX - left, event.clientY - top].map((n) => (320 * n) / width);
    const { precision, recall, stops: all } = one();
    const far = ([k]) => (k ? Math.hypot(X(recall[k - 1]) - x, Y(precision[k - 1]) - y) : Infinity);
    const distances = all.map(far);
    go(distances.indexOf(Math.min(...distances)));
  };
  fig.listen(plot, "pointerdown", (event) => {
    if (event.button) return;
    plot.setPointerCapture(event.pointerId);
    nearest(event);
  });
  fig.listen(plot, "pointermove", (event) => plot.hasPointerCapture(event.pointerId) && nearest(event));
}

// ---- all detections by their scores ----

const S = (score) => 82 + 226 * score;
const LANES = [HIT, DUPLICATE, WRONG];

function makeStrip({ t }) {
  const marks = LANES.map((outcome) => line(`mark pr-outcome${outcome}`));
  const [above, bar] = [svg("rect", { class: "pr-above", y: 0, height: 60 }), line("bar")];
  const el = svg(
    "svg",
    { viewBox: "0 0 320 76", role: "img" },
    above,
    ...LANES.map((outcome, i) => text(76, 14 + 20 * i, "end", t(`lane${outcome}`))),
    ...[0, 0.5, 1].map((n) => text(S(n), 73, "middle", format(n))),
    ...marks,
    bar,
  );
  const draw = ({ n, limit, lanes, scores, outcomes, positives }) => {
    marks.forEach((mark, i) => {
      const mine = range(n).filter((j) => outcomes[j] === LANES[i]);
      mark.setAttribute("d", mine.map((j) => `M${S(scores[j])} ${3 + 20 * i}v14`).join(""));
    });
    fill(above, { x: S(limit), width: S(1) + 4 - S(limit) }, []);
    bar.setAttribute("d", `M${S(limit)} 0V60`);
    const { tp, duplicates, wrong } = tally(outcomes, n, positives);
    el.setAttribute("aria-label", t("strip", { ...lanes, hits: tp, duplicates, wrong }));
  };
  return { el, draw };
}

// ---- sums and detections in words ----

/** @param {Fig} fig */
function terms(fig, { here, k, ap, words, positives }) {
  const precision = k ? ` = ${words.precision}` : `: ${words.precision}`;
  return [
    ["tp", here.tp],
    ["fp", here.fp],
    ["fn", here.fn],
    ["precision", `${here.tp} / ${k}${precision}`],
    ["recall", `${here.tp} / ${positives} = ${words.recall}`],
    ["ap", number(fig, ap)],
  ];
}

// The detections around the threshold.
function makeList({ t }) {
  const name = h("p", { class: "cl-name", id: uid() });
  const chips = h("ol", { class: "pr-chips", "aria-labelledby": name.id });
  const draw = ({ n, k, limit, scores, outcomes }) => {
    const from = n > SHOWN ? within(k - SHOWN / 2, 0, n - SHOWN) : 0;
    name.textContent = t(n > SHOWN ? "near" : "chips", { from: from + 1, to: from + SHOWN, n });
    const chip = (i) =>
      h(
        "li",
        { value: i + 1, class: `pr-outcome${outcomes[i]}${i < k ? " pr-counts" : ""}` },
        h("span", {}, beside(scores[i], limit)),
        ` ${t(`outcome${outcomes[i]}`)}`,
        i < k ? h("span", { class: "pr-hidden" }, `, ${t("counts")}`) : null,
      );
    chips.replaceChildren(...range(Math.min(n, SHOWN)).map((i) => chip(from + i)));
  };
  return { els: [name, chips], draw };
}

/** @param {Fig} fig */
function tables(fig, data, { n, k, limit, words, scores, outcomes, positives }) {
  const { t } = fig;
  const row = (at) => {
    const { tp, fp, fn, precision, recall } = tally(outcomes, at, positives);
    return [tp, fp, fn, number(fig, precision), number(fig, recall)];
  };
  const head = ["TP", "FP", "FN", t("precision"), t("recall")];
  fig.table.clear();
  const thresholds = range(11).map((i) => i / 10);
  const byThreshold = thresholds.map((value) => [format(value), ...row(counting(scores, value))]);
  fig.table(t("byThreshold", words), [t("threshold"), ...head], byThreshold);
  const listed = Math.min(n, LISTED);
  fig.table(
    t("byDetection", { ...words, n: listed, all: n }),
    [t("rank"), t("score"), t("outcome"), t("counted"), ...head],
    range(listed).map((i) => [
      i + 1,
      beside(scores[i], limit),
      t(`outcome${outcomes[i]}`),
      t(i < k ? "yes" : "no"),
      ...row(i + 1),
    ]),
  );
  const mean = data.reduce((sum, one) => sum + one.ap, 0) / data.length;
  const byClass = data.map((one) => [one.name, one.scores.length, one.positives, number(fig, one.ap)]);
  fig.table(
    t("byClass"),
    [t("class"), t("detections"), t("objects"), "AP"],
    [...byClass, [t("mean"), "", "", number(fig, mean)]],
  );
}

export default { render };
