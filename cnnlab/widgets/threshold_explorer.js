// @ts-check

// Threshold explorer: distances of pairs of one person and of pairs of two people, a threshold to move between them, and the
// errors that come of it. A pair is accepted, as one person, if its distance is not larger than the threshold.

import { button, choice, figure, fill, format, h, keys, language, range, svg, toggle, uid } from "./frame.js";
import { slider, within } from "./boxes.js";
import PHRASES from "./threshold_explorer.json" with { type: "json" };
/** @import { Fig } from "./frame.js" */

const BINS = 40;
const SCALES = [0.02, 0.05, 0.1, 0.2, 0.5, 1]; // how far an axis of rates may go

// ---- arithmetic: distances are sorted, the smallest first ----

// How many distances are not larger than the threshold.
export function below(distances, threshold) {
  let [low, high] = [0, distances.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (distances[middle] <= threshold) low = middle + 1;
    else high = middle;
  }
  return low;
}

// False accepts and false rejects, counted and as shares of the pairs that they can happen to.
export function errors(genuine, impostor, threshold) {
  const accepts = below(impostor, threshold);
  const rejects = genuine.length - below(genuine, threshold);
  return { accepts, rejects, far: accepts / impostor.length, frr: rejects / genuine.length };
}

// The errors at every threshold where a count changes, from 0 on: [{ threshold, far, frr, … }, …].
export function curve(genuine, impostor) {
  const thresholds = [...new Set([0, ...genuine, ...impostor])].sort((a, b) => a - b);
  return thresholds.map((threshold) => ({ threshold, ...errors(genuine, impostor, threshold) }));
}

// Where both rates are equal, as `cnnlab.faces.equal_error_rate` has it: they are steps, so the curve is taken as straight
// between the two thresholds where they cross.
export function equalError(points) {
  const gap = ({ far, frr }) => far - frr;
  const all = [{ threshold: -Infinity, far: 0, frr: 1 }, ...points.filter(({ far, frr }) => far > 0 || frr < 1)];
  const i = all.findIndex((one) => gap(one) >= 0); // at least 1: the first gap is −1
  const [before, after] = [all[i - 1], all[i]];
  const part = -gap(before) / (gap(after) - gap(before));
  const rate = before.far + part * (after.far - before.far);
  const between = before.threshold + part * (after.threshold - before.threshold);
  const threshold = Math.round(1e4 * (i === 1 ? after.threshold : between)) / 1e4;
  return { threshold, rate, far: rate, frr: rate };
}

// The share of the distances in each of `count` bins from 0 to `most`; each bin but the first is open at its left end, so that
// a threshold on an edge parts the bins as it parts the pairs.
export function histogram(distances, most, count = BINS) {
  const edges = range(count + 1).map((i) => (i === count ? Infinity : (i * most) / count));
  const ends = edges.map((edge) => below(distances, edge));
  return range(count).map((i) => (ends[i + 1] - (i ? ends[i] : 0)) / distances.length);
}

// The distance between the numbers on the axis, and where it ends.
export function axis(largest) {
  const rough = (largest || 1) / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const tick = [1, 2, 5, 10].map((n) => n * power).find((n) => n >= rough * (1 - 1e-9));
  const most = Math.ceil((largest || 1) / tick - 1e-9) * tick;
  return { tick: Number(tick.toPrecision(6)), most: Number(most.toPrecision(6)) };
}

// ---- the figure ----

/** @param {{ model: import("./frame.js").Model, el: Element }} context */
function render({ model, el }) {
  const fig = figure({ model, el, words: PHRASES, title: "title" });
  const { t } = fig;
  fig.el.classList.add("te");
  const data = makeData(fig);
  const setControls = makeControls(fig, data);
  const bars = makeBars(fig, data);
  const plot = makePlot(fig, data);
  const sums = h("dl", { class: "te-sums" });
  const groups = makeGroups(fig, data);
  fig.stage.append(...[bars, plot].map((one) => h("div", { class: "te-part" }, ...one.els)));
  fig.stage.append(h("div", { class: "te-text" }, fig.status, sums, groups.el));
  fig.hint.textContent = t("hint");

  fig.draws(() => {
    const now = derive(fig, data);
    setControls(now);
    bars.draw(now);
    plot.draw(now);
    sums.replaceChildren(...terms(fig, now).flatMap(([key, text]) => [h("dt", {}, t(key)), h("dd", {}, text)]));
    groups.draw(now);
    fig.say(sentence(fig, now));
    tables(fig, data, now);
  });
  return fig.remove;
}

// Everybody, and then each group: name, distances, curve and equal error; and the axis for all of them.
/** @param {Fig} fig */
function makeData(fig) {
  const [names, genuine, impostor] = ["names", "genuine", "impostor"].map(fig.get);
  const all = (lists) => lists.flat().sort((a, b) => a - b);
  const one = (name, same, other) => {
    const points = curve(same, other);
    return { name, genuine: same, impostor: other, points, equal: equalError(points) };
  };
  const groups = names.map((name, i) => one(name, genuine[i], impostor[i]));
  const whole = one(fig.t("everybody"), all(genuine), all(impostor));
  const ends = axis(Math.max(whole.genuine.at(-1), whole.impostor.at(-1)));
  return { all: [whole, ...groups], groups, ...ends, step: ends.tick / 100 };
}

// All that is drawn.
/** @param {Fig} fig */
function derive(fig, data) {
  const [one, threshold] = [data.all[fig.get("chosen")], fig.get("threshold")];
  const here = errors(one.genuine, one.impostor, threshold);
  const zoom = SCALES.find((scale) => scale >= 3 * one.equal.rate) ?? 1;
  return { ...one, threshold, here, zoom, far: fig.get("zoomed") ? zoom : 1 };
}

const percent = (value, digits = value < 0.01 ? 2 : 1) =>
  new Intl.NumberFormat(language(), { style: "percent", maximumFractionDigits: digits }).format(value);

const move = (fig, data, threshold) => fig.set({ threshold: Math.round(1e4 * within(threshold, 0, data.most)) / 1e4 });

// ---- controls ----

/** @param {Fig} fig */
function makeControls(fig, data) {
  const { t } = fig;
  const pick = choice(fig, {
    label: t("who"),
    options: data.all.map(({ name }, i) => [i, name]),
    onChange: (i) => fig.set({ chosen: Number(i) }),
  });
  const { most: max, step } = data;
  const threshold = slider(fig, { label: t("threshold"), max, step, onChange: (value) => move(fig, data, value) });
  const equal = button(fig, { label: t("toEqual"), onClick: () => move(fig, data, derive(fig, data).equal.threshold) });
  fig.controls.append(...(data.groups.length ? [pick.el] : []), threshold.el, equal.el);
  return (now) => {
    pick.set(fig.get("chosen"));
    threshold.set(now.threshold);
    equal.enable(now.threshold !== now.equal.threshold);
  };
}

// Keys and the pointer move what a plot shows. at(x, y): where it is pressed, in units of its drawing.
/** @param {Fig} fig */
function dragged(fig, el, width, at, keyboard) {
  keys(fig, el, keyboard);
  const go = (event) => {
    const box = el.getBoundingClientRect();
    const unit = width / box.width;
    at((event.clientX - box.left) * unit, (event.clientY - box.top) * unit);
  };
  fig.listen(el, "pointerdown", (event) => {
    if (event.button) return;
    el.setPointerCapture(event.pointerId);
    go(event);
  });
  fig.listen(el, "pointermove", (event) => el.hasPointerCapture(event.pointerId) && go(event));
}

// ---- the two histograms, 320 × 250: one person above the axis, two people below it ----

const [LEFT, WIDE, HIGH] = [8, 304, 96];
const [ABOVE, BELOW] = [116, 136]; // where bars stand, and where they hang

/** @param {Fig} fig */
function makeBars(fig, data) {
  const { t } = fig;
  const X = (value) => LEFT + (WIDE * value) / data.most;
  const clips = ["accepted", "refused"].map(() => ({ id: uid(), rect: svg("rect", { y: 0, height: 250 }) }));
  const clipped = (i, kind) => svg("path", { class: `te-${kind}`, "clip-path": `url(#${clips[i].id})` });
  const paths = {
    genuine: [clipped(0, "genuine"), clipped(1, "error")],
    impostor: [clipped(0, "error"), clipped(1, "impostor")],
  };
  const bar = svg("path", { class: "te-bar" });
  const sides = [svg("text", { y: 11, "text-anchor": "end" }), svg("text", { y: 11 })];
  sides.forEach((one, i) => (one.textContent = t(["accepted", "refused"][i])));
  const name = h("p", { class: "cl-name", id: uid() }, t("bars"));
  const drawing = svg(
    "svg",
    { viewBox: "0 0 320 250", "aria-hidden": "true" },
    svg("defs", {}, ...clips.map(({ id, rect }) => svg("clipPath", { id }, rect))),
    ...scale(data, X),
    ...paths.genuine,
    ...paths.impostor,
    bar,
    svg("text", { class: "te-kind", x: 312, y: 34, "text-anchor": "end" }, t("onePerson")),
    svg("text", { class: "te-kind", x: 8, y: 240 }, t("twoPeople")),
    ...sides,
  );
  const ends = { "aria-valuemin": 0, "aria-valuemax": data.most, "aria-labelledby": name.id };
  const el = h("div", { class: "te-plot te-bars", role: "slider", tabindex: 0, ...ends }, drawing);
  const by = (steps) => move(fig, data, fig.get("threshold") + steps * data.step);
  dragged(fig, el, 320, (x) => move(fig, data, Math.round((((x - LEFT) / WIDE) * data.most) / data.step) * data.step), {
    move: (dr, dc) => by(dc - dr),
    home: () => move(fig, data, 0),
    end: () => move(fig, data, data.most),
  });
  const draw = ({ genuine, impostor, threshold }) => {
    const shares = [genuine, impostor].map((one) => histogram(one, data.most));
    const most = Math.max(...shares.flat());
    const outline = (values, base, sign) =>
      `M${LEFT} ${base}${values.map((v, i) => `V${base - (sign * HIGH * v) / most}H${LEFT + ((i + 1) * WIDE) / BINS}`).join("")}V${base}Z`;
    paths.genuine.forEach((one) => one.setAttribute("d", outline(shares[0], ABOVE, 0.8)));
    paths.impostor.forEach((one) => one.setAttribute("d", outline(shares[1], BELOW, -1)));
    const x = X(threshold);
    fill(clips[0].rect, { x: 0, width: Math.max(0, x) }, []);
    fill(clips[1].rect, { x, width: Math.max(0, 320 - x) }, []);
    bar.setAttribute("d", `M${x} 0V250`);
    sides.forEach((one, i) => one.setAttribute("x", String(x + (i ? 5 : -5))));
    sides[0].style.display = x < 70 ? "none" : "";
    sides[1].style.display = x > 250 ? "none" : "";
    fill(el, { "aria-valuenow": threshold, "aria-valuetext": format(threshold, 4) }, []);
  };
  return { els: [name, el, legend(t)], draw };
}

const legend = (t) => h("p", { class: "cl-name te-legend" }, h("span", { class: "te-swatch" }), t("legend"));

function scale({ tick, most }, X) {
  const at = range(Math.round(most / tick) + 1).map((i) => i * tick);
  const anchor = (i) => (i ? (i === at.length - 1 ? "end" : "middle") : "start");
  return [
    svg("path", { class: "te-axis", d: `M${LEFT} ${ABOVE}h${WIDE}M${LEFT} ${BELOW}h${WIDE}` }),
    ...at.map((n, i) => svg("text", { x: X(n), y: ABOVE + 14, "text-anchor": anchor(i) }, format(n, 6))),
  ];
}

// ---- the curve of all thresholds, 320 × 292 ----

const BOX = { left: 62, top: 12, width: 246, height: 236 };

/** @param {Fig} fig */
function makePlot(fig, data) {
  const { t } = fig;
  const clip = uid();
  const line = (kind, attributes = {}) =>
    svg("path", { class: `te-${kind}`, "clip-path": `url(#${clip})`, ...attributes });
  const [path, diagonal] = [line("curve"), line("diagonal")];
  const [equal, point] = [svg("path", { class: "te-equal" }), svg("circle", { class: "te-point", r: 6 })];
  const grid = svg("g");
  const name = h("p", { class: "cl-name", id: uid() }, t("plot"));
  const frame = svg("rect", { x: BOX.left - 1, y: BOX.top - 1, width: BOX.width + 2, height: BOX.height + 2 });
  const drawing = svg(
    "svg",
    { viewBox: "0 0 320 292", "aria-hidden": "true" },
    svg("defs", {}, svg("clipPath", { id: clip }, frame)),
    grid,
    diagonal,
    path,
    equal,
    point,
  );
  const el = h(
    "div",
    { class: "te-plot", role: "slider", tabindex: 0, "aria-labelledby": name.id, "aria-valuemin": 0 },
    drawing,
  );
  const zoomed = toggle(fig, { label: t("zoom"), onChange: (on) => fig.set({ zoomed: on }) });
  const X = (rate, far) => BOX.left + (BOX.width * rate) / far;
  const Y = (rate, far) => BOX.top + (BOX.height * rate) / far;
  listen(fig, data, el, X, Y);
  const draw = (now) => {
    const { points, far, here, equal: best } = now;
    grid.replaceChildren(...axes(fig, far, X, Y));
    diagonal.setAttribute("d", `M${X(0, far)} ${Y(0, far)}L${X(1, far)} ${Y(1, far)}`);
    const corners = corner(points).map((one) => `L${X(one.far, far)} ${Y(one.frr, far)}`);
    path.setAttribute("d", `M${X(0, far)} ${Y(1, far)}${corners.join("")}`);
    const [x, y] = [X(best.far, far), Y(best.frr, far)];
    equal.setAttribute("d", `M${x} ${y - 7}L${x + 7} ${y}L${x} ${y + 7}L${x - 7} ${y}Z`);
    fill(point, { cx: X(here.far, far), cy: Y(here.frr, far) }, []);
    point.style.display = Math.max(here.far, here.frr) > far ? "none" : "";
    equal.style.display = Math.max(best.far, best.frr) > far ? "none" : "";
    zoomed.set(fig.get("zoomed"));
    zoomed.el.hidden = now.zoom === 1;
    const words = { far: percent(here.far), frr: percent(here.frr) };
    const where = {
      "aria-valuemax": points.length - 1,
      "aria-valuenow": place(now),
      "aria-valuetext": t("point", words),
    };
    fill(el, where, []);
  };
  return { els: [name, el, zoomed.el, h("p", { class: "cl-name" }, t("curveLegend"))], draw };
}

// The point of the curve that a threshold is at.
const place = ({ points, threshold }) =>
  below(
    points.map((one) => one.threshold),
    threshold,
  ) - 1;

// The curve without the points that lie on a straight line between others.
const corner = (points) =>
  points.filter(({ far, frr }, i) => {
    const [before, after] = [points[i - 1], points[i + 1]];
    return (
      !before || !after || !((before.far === far && after.far === far) || (before.frr === frr && after.frr === frr))
    );
  });

// Keys move the threshold along the curve; a press brings it to the nearest point.
/** @param {Fig} fig */
function listen(fig, data, el, X, Y) {
  const go = (i) => {
    const { points } = derive(fig, data);
    move(fig, data, points[within(i, 0, points.length - 1)].threshold);
  };
  const nearest = (x, y) => {
    const { points, far } = derive(fig, data);
    const away = points.map((one) => Math.hypot(X(one.far, far) - x, Y(one.frr, far) - y));
    go(away.reduce((best, value, i) => (value < away[best] ? i : best), 0));
  };
  dragged(fig, el, 320, nearest, {
    move: (dr, dc) => go(place(derive(fig, data)) + dc - dr),
    home: () => go(0),
    end: () => go(Infinity),
  });
}

/** @param {Fig} fig */
function axes({ t }, far, X, Y) {
  const ticks = range(5).map((i) => (far * i) / 4);
  const text = (x, y, anchor, content) => svg("text", { x, y, "text-anchor": anchor }, content);
  const [left, top] = [X(0, 1), Y(0, 1)];
  const middle = [left + BOX.width / 2, top + BOX.height / 2];
  const cross = (n) => `M${left} ${Y(n, far)}h${BOX.width}M${X(n, far)} ${top}v${BOX.height}`;
  return [
    svg("path", { class: "te-grid", d: ticks.map(cross).join("") }),
    ...ticks.flatMap((n) => [
      text(X(n, far), Y(1, 1) + 15, n === far ? "end" : "middle", percent(n, 2)),
      text(left - 4, Y(n, far) + 4, "end", percent(1 - n, 2)),
    ]),
    text(middle[0], 286, "middle", t("acceptRate")),
    svg("g", { transform: `rotate(-90 9 ${middle[1]})` }, text(9, middle[1], "middle", t("hitRate"))),
  ];
}

// ---- sums, groups and words ----

/** @param {Fig} fig */
function terms({ t }, { genuine, impostor, here, equal }) {
  const at = t("at", { rate: percent(equal.rate), threshold: format(equal.threshold, 4) });
  return [
    ["accepts", `${here.accepts} / ${impostor.length} = ${percent(here.far)}`],
    ["rejects", `${here.rejects} / ${genuine.length} = ${percent(here.frr)}`],
    ["equal", at],
  ];
}

// Both error rates of each group, at the one threshold that all have.
/** @param {Fig} fig */
function makeGroups({ t }, { groups }) {
  const title = h("p", { class: "cl-name", id: uid() }, t("groups"));
  const list = h("ul", { "aria-labelledby": title.id });
  const el = h("div", { class: "te-groups" }, title, list);
  el.hidden = !groups.length;
  const rate = (key, value, most) => [
    h("span", { class: "te-what" }, t(key)),
    h("span", { class: `te-length te-${key}` }, h("span", { style: `width: ${(100 * value) / most}%` })),
    h("span", { class: "te-value" }, percent(value)),
  ];
  const draw = ({ threshold, name }) => {
    const found = groups.map((one) => ({ one, ...errors(one.genuine, one.impostor, threshold) }));
    const worst = Math.max(0, ...found.flatMap(({ far, frr }) => [far, frr]));
    const most = SCALES.find((one) => one >= worst);
    const item = ({ one, far, frr }) =>
      h(
        "li",
        { class: one.name === name ? "te-now" : null },
        h("b", {}, one.name),
        ...rate("accepts", far, most),
        ...rate("rejects", frr, most),
      );
    list.replaceChildren(...found.map(item));
  };
  return { el, draw };
}

/** @param {Fig} fig */
function sentence({ t }, { name, genuine, impostor, threshold, here }) {
  const counts = { ...here, impostors: impostor.length, genuines: genuine.length };
  const words = { far: percent(here.far), frr: percent(here.frr), threshold: format(threshold, 4), name };
  return t("now", { ...counts, ...words });
}

/** @param {Fig} fig */
function tables(fig, { all, tick, most }, { genuine, impostor, threshold, name }) {
  const { t } = fig;
  const row = (one, at) => {
    const { accepts, rejects, far, frr } = errors(one.genuine, one.impostor, at);
    return [accepts, percent(far), rejects, percent(frr)];
  };
  const head = [t("accepts"), t("far"), t("rejects"), t("frr")];
  const thresholds = range(Math.round((5 * most) / tick) + 1).map((i) => (i * tick) / 5);
  fig.table.clear();
  fig.table(
    t("byThreshold", { name }),
    [t("threshold"), ...head],
    thresholds.map((at) => [format(at, 4), ...row({ genuine, impostor }, Number(at.toFixed(6)))]),
  );
  fig.table(
    t("byGroup", { threshold: format(threshold, 4) }),
    [t("who"), t("genuines"), t("impostors"), ...head, t("equal")],
    all.map((one) => [
      one.name,
      one.genuine.length,
      one.impostor.length,
      ...row(one, threshold),
      percent(one.equal.rate),
    ]),
  );
}

export default { render };
