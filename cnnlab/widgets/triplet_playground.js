// @ts-check

// Triplet playground: anchor, positive and negative to move in the plane, the loss term by term, and where each is pushed.

import { ARROWS, button, choice, figure, fill, format, h, range, svg, uid } from "./frame.js";
import { slider, within } from "./boxes.js";
import PHRASES from "./triplet_playground.json" with { type: "json" };
/** @import { Fig } from "./frame.js" */

const EDGE = 1.5; // the plane goes from −1.5 to 1.5, both ways
const GRID = 0.05; // a point is moved by this much
const RATE = 0.2; // of the step that the arrows show
const POINTS = ["anchor", "positive", "negative"];
const LETTERS = ["A", "P", "N"];
const KINDS = ["hard", "semihard", "easy"];
const START = [
  [-0.2, 0],
  [0.4, 0.4],
];
const EXAMPLES = {
  hard: [...START, [0.2, -0.3]],
  semihard: [...START, [0.5, -0.5]],
  easy: [...START, [1, -0.7]],
  onN: [...START, START[0]],
  onP: [START[0], START[0], [0.2, -0.3]],
  collapse: [START[0], START[0], START[0]],
};
const MARGIN = 0.4; // of the examples

// ---- arithmetic ----

const minus = (p, q) => p.map((value, i) => value - q[i]);
const square = (p, q) => minus(p, q).reduce((sum, value) => sum + value * value, 0);
const tidy = (value) => Math.round(value * 1e9) / 1e9; // so that a sum of exact terms is 0 where it should be

// All that the figure writes about a triplet: `ap` and `an`, squared distances; `bare`, the loss without max(·, 0); what N is;
// and the gradients of the loss by A, P and N. Where the loss is 0, so are they.
/**
 * @param {number[]} a
 * @param {number[]} p
 * @param {number[]} n
 * @param {number} margin
 */
export function triplet(a, p, n, margin) {
  const [ap, an] = [square(a, p), square(a, n)];
  const bare = tidy(ap - an + margin);
  const kind = tidy(an - ap) <= 0 ? "hard" : bare > 0 ? "semihard" : "easy";
  const twice = (v) => v.map((value) => (bare > 0 ? 2 * value : 0));
  const gradients = [twice(minus(n, p)), twice(minus(p, a)), twice(minus(a, n))];
  return { ap, an, bare, loss: Math.max(bare, 0), kind: bare > 0 ? kind : "easy", gradients };
}

// The points after a step against the gradients. They stay in the plane, and keep two decimals.
export function stepped(points, gradients, rate = RATE) {
  const put = (value) => Math.round(100 * within(value, -EDGE, EDGE)) / 100;
  return points.map((point, i) => point.map((value, axis) => put(value - rate * gradients[i][axis])));
}

// What is special about where the points lie, in one word; null: nothing is.
export function meeting([a, p, n]) {
  const [onP, onN] = [!square(a, p), !square(a, n)];
  return onP && onN ? "collapse" : onP ? "onP" : onN ? "onN" : null;
}

// A place for the name of each region, far from the points and from other names; null where there is no room for it.
export function spots([a, p, n], margin) {
  const [inner, outer] = [Math.sqrt(square(a, p)), Math.sqrt(square(a, p) + margin)];
  const holds = {
    hard: (r) => r < inner - 0.12,
    semihard: (r) => r > inner && r < outer && Math.abs(r - (inner + outer) / 2) < 0.04,
    easy: (r) => r > outer + 0.12,
  };
  const ways = range(27).map((i) => (i - 13) / 10);
  const places = ways.flatMap((x) => ways.map((y) => [x, y])).filter(([x, y]) => Math.abs(x) < 1.05 && y > -1.25);
  /** @type {number[][]} */
  const taken = [a, p, n];
  return KINDS.map((kind) => {
    // A name is wider than high, so to have it above a point is better than beside it.
    const room = (at) => Math.min(...taken.map((one) => Math.hypot(0.4 * (at[0] - one[0]), at[1] - one[1])));
    const open = places.filter((at) => holds[kind](Math.hypot(...minus(at, a))) && room(at) > 0.16);
    if (!open.length) return null;
    const best = open.reduce((one, other) => (room(other) > room(one) ? other : one));
    taken.push(best);
    return best;
  });
}

// ---- the figure ----

/** @param {{ model: import("./frame.js").Model, el: Element }} context */
function render({ model, el }) {
  const fig = figure({ model, el, words: PHRASES, title: "title" });
  const { t } = fig;
  fig.el.classList.add("tp");
  const setControls = makeControls(fig);
  const drawPlane = makePlane(fig);
  const sums = h("dl", { class: "tp-sums" });
  fig.stage.append(h("div", { class: "tp-text" }, fig.status, sums, makeLegend(fig)));
  fig.hint.textContent = t("hint");

  fig.draws(() => {
    const now = derive(fig);
    setControls(now);
    drawPlane(now);
    sums.replaceChildren(
      ...terms(fig, now).flatMap(([name, text]) => [h("dt", {}, name), h("dd", {}, ...parts(text))]),
    );
    fig.say(sentence(fig, now));
    tables(fig, now);
  });
  return fig.remove;
}

/** @type {(fig: Fig) => number[][]} */
const pointsOf = (fig) => POINTS.map((name) => fig.get(name));
const write = (fig, points) => fig.set(Object.fromEntries(POINTS.map((name, i) => [name, [...points[i]]])));

// All that is drawn.
/** @param {Fig} fig */
function derive(fig) {
  const [points, margin] = [pointsOf(fig), fig.get("margin")];
  const found = triplet(points[0], points[1], points[2], margin);
  return { points, margin, ...found, next: stepped(points, found.gradients), meets: meeting(points) };
}

// ---- controls ----

/** @param {Fig} fig */
function makeControls(fig) {
  const { t } = fig;
  const example = choice(fig, {
    label: t("example"),
    options: [...Object.keys(EXAMPLES), "own"].map((key) => [key, t(`like ${key}`)]),
    onChange(key) {
      if (!EXAMPLES[key]) return;
      fig.set({ margin: MARGIN });
      write(fig, EXAMPLES[key]);
    },
  });
  const margin = slider(fig, { label: t("margin"), onChange: (value) => fig.set({ margin: value }) });
  const move = button(fig, { label: t("move"), onClick: () => write(fig, derive(fig).next) });
  fig.controls.append(example.el, margin.el, move.el);
  return (now) => {
    const same = (key) => now.margin === MARGIN && EXAMPLES[key].every((one, i) => !square(one, now.points[i]));
    example.set(Object.keys(EXAMPLES).find(same) ?? "own");
    margin.set(now.margin);
    move.enable(now.next.some((one, i) => square(one, now.points[i])));
  };
}

// ---- the plane: 300 × 300, y going up ----

const X = (x) => 150 + (150 * x) / EDGE;
const Y = (y) => 150 - (150 * y) / EDGE;
const at = ([x, y]) => `${X(x)} ${Y(y)}`;

/** @param {Fig} fig */
function makePlane(fig) {
  const { t } = fig;
  const [hatch, dots] = [uid(), uid()];
  const pattern = (id, d) =>
    svg("pattern", { id, width: 8, height: 8, patternUnits: "userSpaceOnUse" }, svg("path", { d }));
  const disc = (kind, id) => [svg("circle", { class: `tp-${kind}` }), svg("circle", { fill: `url(#${id})` })];
  const [outer, inner] = [disc("semihard", dots), disc("hard", hatch)];
  const names = KINDS.map((kind) => svg("text", { "text-anchor": "middle" }, t(kind)));
  const lines = ["positive", "negative"].map((name) => svg("path", { class: `tp-line tp-${name}` }));
  const arrows = POINTS.map((name) => svg("path", { class: `tp-arrow tp-${name}` }));
  const ground = svg(
    "svg",
    { viewBox: "0 0 300 300", "aria-hidden": "true" },
    svg("defs", {}, pattern(hatch, "M-2 10L10 -2M-2 2L2 -2M6 10L10 6"), pattern(dots, "M2 3h2M6 7h2")),
    ...outer,
    ...inner,
    ...axes(),
    ...lines,
    ...names,
    ...arrows,
  );
  const plane = h("div", { class: "tp-plane", role: "group", "aria-label": t("plane") }, ground);
  const handles = POINTS.map((_, i) => handle(fig, plane, i));
  fig.stage.append(h("div", { class: "tp-left" }, plane));
  return ({ points, ap, margin, next }) => {
    const [cx, cy] = [X(points[0][0]), Y(points[0][1])];
    const round = (circles, r) => circles.forEach((one) => fill(one, { cx, cy, r: (150 * r) / EDGE }, []));
    round(outer, Math.sqrt(ap + margin));
    round(inner, Math.sqrt(ap));
    spots(points, margin).forEach((place, i) => {
      names[i].style.display = place ? "" : "none";
      if (place) fill(names[i], { x: X(place[0]), y: Y(place[1]) + 4 }, []);
    });
    lines.forEach((one, i) => one.setAttribute("d", `M${at(points[0])}L${at(points[i + 1])}`));
    arrows.forEach((one, i) => one.setAttribute("d", arrow(points[i], next[i])));
    handles.forEach((place) => place(points));
  };
}

const axes = () => [
  svg("path", { class: "tp-rule", d: [-1, 0, 1].map((n) => `M0 ${Y(n)}H300M${X(n)} 0V300`).join("") }),
  ...[-1, 0, 1].map((n) => svg("text", { class: "tp-number", x: X(n) + 3, y: 297 }, format(n))),
  ...[-1, 0, 1].map((n) => svg("text", { class: "tp-number", x: 3, y: Y(n) - 3 }, format(n))),
];

// From one point to another, with a head; nothing where they are the same.
function arrow(from, to) {
  const [dx, dy] = [X(to[0]) - X(from[0]), Y(to[1]) - Y(from[1])];
  const length = Math.hypot(dx, dy);
  if (!length) return "";
  const [u, v] = [dx / length, dy / length];
  const wing = (side) => `L${X(to[0]) - 8 * u + 5 * side * v} ${Y(to[1]) - 8 * v - 5 * side * u}`;
  return `M${at(from)}L${at(to)}M${at(to)}${wing(1)}M${at(to)}${wing(-1)}`;
}

// A point that is dragged, or moved by arrow keys. Gives what puts it; of points in one place the later stand aside.
/** @param {Fig} fig */
function handle(fig, plane, i) {
  const spread = { "aria-valuemin": -EDGE, "aria-valuemax": EDGE, "aria-label": fig.t(POINTS[i]) };
  const el = h("div", { class: `tp-point tp-${POINTS[i]}`, role: "slider", tabindex: 0, ...spread }, LETTERS[i]);
  const snap = (value) => Math.round(within(Math.round(value / GRID) * GRID, -EDGE, EDGE) * 100) / 100;
  const move = (x, y) => fig.set({ [POINTS[i]]: [snap(x), snap(y)] });
  let held = null;
  fig.listen(el, "pointerdown", (event) => {
    if (event.button) return;
    held = { from: fig.get(POINTS[i]), x: event.clientX, y: event.clientY };
    el.setPointerCapture(event.pointerId);
  });
  fig.listen(el, "pointermove", (event) => {
    if (!held) return;
    const unit = plane.clientWidth / (2 * EDGE);
    move(held.from[0] + (event.clientX - held.x) / unit, held.from[1] - (event.clientY - held.y) / unit);
  });
  for (const type of ["pointerup", "pointercancel"]) fig.listen(el, type, () => (held = null));
  fig.listen(el, "keydown", (event) => {
    const key = ARROWS[event.key];
    if (!key || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    const [x, y] = fig.get(POINTS[i]);
    const by = GRID * (event.shiftKey ? 5 : 1);
    move(x + by * key[1], y - by * key[0]);
  });
  plane.append(el);
  return (points) => {
    const [x, y] = points[i];
    const aside = points.slice(0, i).filter((one) => square(one, points[i]) < 0.003).length;
    el.style.cssText = `left: ${X(x) / 3}%; top: ${Y(y) / 3}%; --aside: ${aside}`;
    fill(el, { "aria-valuenow": x, "aria-valuetext": fig.t("where", { x: format(x), y: format(y) }) }, []);
  };
}

/** @param {Fig} fig */
const makeLegend = ({ t }) =>
  h(
    "ul",
    { class: "tp-legend" },
    ...KINDS.map((kind) => h("li", { class: `tp-${kind}` }, h("b", {}, t(kind)), `: ${t(`is ${kind}`)}`)),
    h("li", { class: "tp-arrows" }, t("arrows", { rate: format(RATE) })),
  );

// ---- words and sums ----

const exact = (value) => format(value, 4);
const signed = (value) => (value < 0 ? `(${exact(value)})` : exact(value));
const pair = (v) => `(${v.map(exact).join("; ")})`;

/** @param {Fig} fig */
function terms({ t }, { points: [a, p, n], margin, ap, an, bare, loss, gradients }) {
  const squares = (q) =>
    `${minus(a, q)
      .map((d) => `${signed(tidy(d))}²`)
      .join(" + ")}`;
  const pushes = [`2 · (P − N)`, `2 · (A − P)`, `2 · (N − A)`];
  const push = (i) => [
    t("push", { name: LETTERS[i] }),
    loss ? `${pushes[i]} = ${pair(gradients[i].map((d) => tidy(-d)))}` : t("noPush"),
  ];
  return [
    ["‖A − P‖²", `${squares(p)} = ${exact(ap)}`],
    ["‖A − N‖²", `${squares(n)} = ${exact(an)}`],
    [t("loss"), `max(${exact(ap)} − ${exact(an)} + ${exact(margin)}, 0) = max(${exact(bare)}, 0) = ${exact(loss)}`],
    ...range(3).map(push),
  ];
}

// A line breaks before an equals sign, and nowhere else.
const parts = (text) => text.split(" = ").flatMap((part, i) => [h("span", {}, `${i ? "= " : ""}${part}`), " "]);

/** @param {Fig} fig */
function sentence({ t }, { loss, kind, meets }) {
  const verdict = t(`${kind}Now`, { loss: exact(loss) });
  return meets && (loss || meets === "collapse") ? t(`${meets}Now`, { loss: exact(loss) }) : verdict;
}

/** @param {Fig} fig */
function tables(fig, { points, margin, ap, an, loss, kind, gradients }) {
  const { t } = fig;
  const row = (point, i) => [t(POINTS[i]), ...point.map(exact), ...gradients[i].map((d) => exact(tidy(-d)))];
  fig.table.clear();
  fig.table(t("points"), [t("point"), "x", "y", t("pushX"), t("pushY")], points.map(row));
  const values = [
    ["‖A − P‖²", exact(ap)],
    ["‖A − N‖²", exact(an)],
    [t("margin"), exact(margin)],
    [t("loss"), exact(loss)],
    [t("negative"), t(kind)],
  ];
  fig.table(t("caption"), [t("quantity"), t("value")], values);
}

export default { render };
