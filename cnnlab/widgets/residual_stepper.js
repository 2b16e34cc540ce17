// @ts-check

// A residual block, layer by layer: a[l+2] = g(z[l+2] + a[l]). Shapes on both paths, parameters, and where they do not fit.

import { button, choice, dock, figure, format, h, keys, numberBox, svg, toggle } from "./frame.js";
import PHRASES from "./residual_stepper.json" with { type: "json" };
/** @import { Fig } from "./frame.js" */

const SETTINGS = ["input_shape", "filters", "kind", "stride", "shortcut"];
const SHORT = ["identity", "projection", "pad", "none"];

// ---- arithmetic ----

// [filters, size, stride] of each convolution of the main path.
const convolutions = ({ kind, filters: F, stride: s }) =>
  kind === "basic"
    ? [
        [F, 3, s],
        [F, 3, 1],
      ]
    : [
        [F, 1, 1],
        [F, 3, s],
        [4 * F, 1, 1],
      ];

// The steps in the order of computation: op, path ("main", "short" or "both"), n (the layer on the main path, from 1), from,
// shape, s, f, and what is learned: weights, bn. Where the block breaks the list ends: that step has shape null and a
// `problem`, "pad" or "add". An addition has `short`, the shape that the short cut brings.
export function steps(state) {
  const { input_shape: input, stride, shortcut } = state;
  const list = [];
  const put = (step) => list.push({ n: 0, s: 1, f: 0, weights: 0, bn: 0, problem: null, ...step });
  const along = (path, layers) =>
    layers.reduce((from, { k = from[2], s = 1, ...layer }) => {
      const shape = [Math.ceil(from[0] / s), Math.ceil(from[1] / s), k];
      put({
        ...layer,
        path,
        from,
        shape,
        s,
        weights: layer.op === "conv" ? layer.f ** 2 * from[2] * k : 0,
        bn: layer.op === "bn" ? 2 * k : 0,
      });
      return shape;
    }, input);

  put({ op: "input", path: "both", from: input, shape: input });
  const main = convolutions(state);
  const z = along(
    "main",
    main.flatMap(([k, f, s], i) => {
      const layers = [
        { op: "conv", n: i + 1, k, f, s },
        { op: "bn", n: i + 1 },
      ];
      return i + 1 < main.length ? [...layers, { op: "relu", n: i + 1 }] : layers;
    }),
  );
  const ways = {
    identity: [{ op: "identity" }],
    projection: [{ op: "conv", k: z[2], f: 1, s: stride }, { op: "bn" }],
    pad: [
      { op: "pick", s: stride },
      { op: "zeros", k: z[2] },
    ],
    none: [],
  };
  const short = along("short", ways[shortcut]);
  if (shortcut === "pad" && input[2] > z[2]) {
    Object.assign(list.at(-1), { shape: null, problem: "pad" });
    return list;
  }
  if (shortcut !== "none") {
    const fits = z.every((size, axis) => size === short[axis]);
    put({ op: "add", path: "both", from: z, short, shape: fits ? z : null, problem: fits ? null : "add" });
    if (!fits) return list;
  }
  put({ op: "out", path: "both", from: z, shape: z });
  put({ op: "gradient", path: "both", from: z, shape: input });
  return list;
}

// What the steps learn together.
const learned = (list) => ["weights", "bn"].map((key) => list.reduce((sum, step) => sum + step[key], 0));
const onShort = (list) => list.filter(({ path }) => path === "short");

// ---- the drawing, in units of about a pixel on a phone ----

// The middles of the two paths, the width, and the radius of the short cut's bends.
const [MAIN, SIDE, WIDE, TURN] = [90, 280, 348, 24];
const HALF = { main: 86, short: 64 };
const LINE = 16;
const GAP = 42;

// Boxes and lines for all of the block; shapes only as far as it is computed. text(step) gives the lines of a box.
function sketch(list, position, { convs, shortcut, text }) {
  const pen = makePen(list, position);
  const broken = list[position].problem === "add";
  const { branch, joint } = mainPath(pen, list, { convs, shortcut, text, broken });
  const height = pen.y + 4;
  if (shortcut !== "none") shortPath(pen, onShort(list), { branch, joint, shortcut, text, broken });
  return { height, nodes: [...pen.behind, ...pen.nodes] };
}

const written = (x, y, content) => svg("text", { x, y, "text-anchor": "middle" }, content);

// Draws downwards from `y` on: nodes, and lines behind them.
function makePen(list, position) {
  const backward = list[position].op === "gradient";
  const when = (step) => {
    const i = list.indexOf(step);
    return i < 0 || i > position ? "later" : i === position ? "now" : "done";
  };
  const pen = {
    behind: [],
    nodes: [],
    y: 4,
    backward,
    when,
    label(shape, x, at, wrong, anchor = "middle") {
      const content = times(shape);
      const name = `res-shape${wrong ? " res-wrong" : ""}${content.length > 15 ? " res-long" : ""}`;
      pen.nodes.push(svg("text", { class: name, x, y: at, "text-anchor": anchor }, content));
    },
    head(step, d) {
      pen.nodes.push(svg("path", { class: `res-head res-${when(step)}`, d }));
    },
    headDown: (x, at, step) => pen.head(step, `M${x - 5},${at}h10l-5,${backward ? -8 : 8}z`),
    line(step, d) {
      pen.behind.push(svg("path", { class: `res-line res-${when(step)}`, fill: "none", d }));
    },
    box(step, ...parts) {
      const index = list.indexOf(step);
      const name = `res-box res-${when(step)}${step?.problem ? " res-wrong" : ""}`;
      pen.nodes.push(svg("g", { class: name, "data-step": index < 0 ? null : index }, ...parts));
    },
    frame(path, step, lines) {
      const [x, half, height] = [path === "short" ? SIDE : MAIN, HALF[path], 8 + LINE * lines.length];
      const texts = lines.map((content, i) => written(x, pen.y + LINE * (i + 1), content));
      pen.box(step, svg("rect", { x: x - half, y: pen.y, width: 2 * half, height, rx: 4 }), ...texts);
      pen.y += height;
    },
    arrow(step, length, wrong) {
      const { y } = pen;
      pen.line(step, `M${MAIN},${y}v${length}`);
      pen.headDown(MAIN, backward ? y + 8 : y + length - 8, step);
      if (step?.shape && when(step) !== "later") pen.label(step.shape, MAIN + 8, y + length / 2 + 5, wrong, "start");
      pen.y += length;
    },
  };
  return pen;
}

// Returns the heights at which the short cut leaves the main path and comes back.
function mainPath(pen, list, { convs, shortcut, text, broken }) {
  const find = (op, n = 0) => list.find((step) => step.op === op && step.n === n);
  pen.frame("main", list[0], ["a[l]"]);
  const branch = pen.y + 10;
  pen.arrow(list[0], 42);
  convs.forEach((_, i) => {
    const group = ["conv", "bn", "relu"].map((op) => find(op, i + 1)).filter(Boolean);
    for (const step of group) pen.frame("main", step, text(step));
    pen.arrow(group.at(-1), 32, broken && i === convs.length - 1);
  });
  const [add, out] = [find("add"), find("out")];
  const joint = pen.y + 14;
  if (shortcut !== "none") {
    const circle = svg("circle", { cx: MAIN, cy: joint, r: 14 });
    pen.box(add, circle, written(MAIN, joint + 5, broken ? "≠" : "+"));
    pen.y += 28;
    pen.arrow(broken ? undefined : add, 32);
  }
  pen.frame("main", out, ["ReLU"]);
  pen.arrow(out, 32);
  pen.frame("main", out, [`a[l+${convs.length}]`]);
  return { branch, joint };
}

function shortPath(pen, way, { branch, joint, shortcut, text, broken }) {
  const { backward, when } = pen;
  const [top, bottom] = [branch + TURN, joint - TURN];
  const down = `M${MAIN},${branch}H${SIDE - TURN}Q${SIDE},${branch} ${SIDE},${top}V${bottom}`;
  pen.line(way[0], `${down}Q${SIDE},${joint} ${SIDE - TURN},${joint}H${MAIN + 14}`);
  const tip = backward ? [MAIN + 14, 8] : [MAIN + 22, -8];
  pen.head(way[0], `M${tip[0]},${joint - 5}v10l${tip[1]},-5z`);
  const boxes = { projection: [way], pad: way.map((step) => [step]) }[shortcut] ?? [];
  // Boxes of 56 and 24 without a gap, or of 40 and 40 with one.
  pen.y = (top + bottom - (shortcut === "pad" ? 80 + GAP : 80)) / 2 - 2;
  boxes.forEach((group) => {
    if (when(group[0]) !== "later") pen.label(group[0].from, SIDE, pen.y - 16);
    pen.headDown(SIDE, backward ? pen.y - 4 : pen.y - 9, way[0]);
    for (const step of group) pen.frame("short", step, text(step));
    pen.y += GAP;
  });
  const end = way.at(-1);
  if (!boxes.length) pen.box(end, written(SIDE, (top + bottom) / 2, text(end)[0]));
  if (when(end) !== "later" && end.shape) pen.label(end.shape, SIDE, bottom - 2, broken);
}

// Spaces that do not break: a shape stays on one line.
const times = (shape) => shape.join("\u00a0×\u00a0");

// ---- the figure ----

/** @param {{ model: import("./frame.js").Model, el: Element }} context */
function render({ model, el }) {
  const fig = figure({ model, el, words: PHRASES, title: "title" });
  const { t } = fig;
  fig.el.classList.add("residual");
  const way = makeWay(fig);
  const setControls = makeControls(fig, way);
  const player = makePlayer(fig, way);
  const mends = makeMends(fig, way, () => player.step.el.focus());
  const facts = h("p", { class: "res-facts" });
  const sum = h("p", { class: "cl-name" });
  const text = h("div", { class: "res-text" }, facts, sum);
  const drawing = makePicture(fig, way);
  fig.stage.append(text, drawing.el);
  const bar = dock(fig, player.el);
  bar.append(mends.el); // what breaks is mended where it is said
  fig.stage.after(bar);
  fig.hint.textContent = t("hint");

  fig.draws(() => {
    const list = way.walked();
    const at = way.now(list);
    const one = list[at];
    setControls();
    player.draw(at, list.length - 1);
    const place = t("place", { i: at + 1, n: list.length, path: pathOf(fig, one) });
    fig.say(`${place} ${sentence(fig, one)}`);
    fig.status.classList.toggle("cl-error", Boolean(one.problem));
    mends.draw(one);
    facts.replaceChildren(...factsOf(fig, one));
    const [weights, bn] = learned(list.slice(0, at + 1));
    sum.textContent = t("soFar", { weights: format(weights), bn: format(bn) });
    const rows = list.map((step, i) => row(fig, step, i));
    drawing.draw(list, at, rows);
    fig.table.clear();
    const head = ["number", "path", "what", "shape", "weights", "bnNumbers"].map((key) => t(key));
    fig.table(t("caption"), head, rows);
  });
  return fig.remove;
}

const stateOf = (fig, changes) => ({
  ...Object.fromEntries(SETTINGS.map((name) => [name, fig.get(name)])),
  ...changes,
});
const layersOf = (fig) => convolutions(stateOf(fig)).length;

// The walk through the steps, and where the reader stands.
/** @param {Fig} fig */
function makeWay(fig) {
  const walked = (changes) => steps(stateOf(fig, changes));
  const now = (list = walked()) => Math.min(fig.get("position"), list.length - 1);
  const go = (to) => fig.set({ position: Math.max(0, Math.min(walked().length - 1, to)) });
  // Another short cut is shown from its first step, if the walk has come so far.
  const take = (shortcut) => {
    const list = walked();
    const first = list.findLastIndex(({ path }) => path === "main") + 1;
    fig.set({ shortcut, position: Math.min(now(list), first) });
  };
  return { walked, now, go, take };
}

// ---- controls ----

/** @param {Fig} fig */
function makeControls(fig, { take }) {
  const { t } = fig;
  const shape = () => fig.get("input_shape");
  const number = (key, max, value, onChange) => numberBox(fig, { label: t(key), min: 1, max, value, onChange });
  const sizes = ["H", "W", "C"].map((key, i) =>
    number(key, 4096, shape()[i], (value) => fig.set({ input_shape: shape().map((n, j) => (i === j ? value : n)) })),
  );
  const put = (name) => (value) => fig.set({ [name]: value });
  const pick = (name, words, onChange, text = t) =>
    choice(fig, { label: t(name), options: words.map((word) => [word, text(word)]), onChange });
  const filters = number("filters", 2048, fig.get("filters"), put("filters"));
  const kind = pick("kind", ["basic", "bottleneck"], (value) => fig.set({ kind: value, position: 0 }));
  const stride = pick("stride", ["1", "2"], (value) => fig.set({ stride: Number(value) }), String);
  const shortcut = pick("shortcut", SHORT, take);
  const gamma = toggle(fig, { label: t("gamma"), onChange: put("zero_gamma") });
  fig.controls.append(...[...sizes, kind, filters, stride, shortcut, gamma].map((one) => one.el));
  return () => {
    sizes.forEach((box, i) => box.set(shape()[i]));
    filters.set(fig.get("filters"));
    kind.set(fig.get("kind"));
    stride.set(String(fig.get("stride")));
    shortcut.set(fig.get("shortcut"));
    gamma.set(fig.get("zero_gamma"));
  };
}

/** @param {Fig} fig */
function makePlayer(fig, { now, go }) {
  const make = (key, onClick) => button(fig, { label: fig.t(key), onClick });
  const back = make("back", () => go(now() - 1));
  const step = make("step", () => go(now() + 1));
  const end = make("all", () => go(Infinity));
  const buttons = [back, step, end, make("reset", () => go(0))];
  const el = h("div", { class: "cl-player" }, ...buttons.map((one) => one.el));
  keys(fig, el, { move: (dr, dc) => go(now() + dr + dc), home: () => go(0), end: () => go(Infinity) });
  const draw = (at, most) => {
    back.enable(at > 0);
    step.enable(at < most);
    end.enable(at < most);
  };
  return { el, step, draw };
}

// Buttons with the short cuts that would fit, and what they learn. after(): one was taken, and has gone away.
/** @param {Fig} fig */
function makeMends(fig, { walked, take }, after) {
  const mend = ["projection", "pad"].map((key) => {
    const onClick = () => {
      take(key);
      after();
    };
    return { key, ...button(fig, { label: "", onClick }) };
  });
  const el = h("div", { class: "res-mends" }, ...mend.map((one) => one.el));
  const draw = (one) => {
    el.hidden = !one.problem;
    const settings = stateOf(fig);
    const narrower = settings.input_shape[2] > convolutions(settings).at(-1)[0];
    for (const { key, el: node, text: write } of mend) {
      const [weights, bn] = learned(onShort(walked({ shortcut: key })));
      node.hidden = key === "pad" && Boolean(one.problem) && narrower;
      write(fig.t(`mend_${key}`, { weights: format(weights), bn: format(bn) }));
    }
  };
  return { el, draw };
}

/** @param {Fig} fig */
function makePicture(fig, { go }) {
  const picture = svg("svg", { class: "res-picture", role: "img" });
  fig.listen(picture, "click", ({ target }) => {
    const box = target.closest("[data-step]");
    if (box) go(Number(box.dataset.step));
  });
  const draw = (list, at, rows) => {
    const [convs, shortcut] = [convolutions(stateOf(fig)), fig.get("shortcut")];
    const drawn = sketch(list, at, { convs, shortcut, text: (step) => linesOf(fig, step) });
    picture.setAttribute("viewBox", `0 0 ${WIDE} ${drawn.height}`);
    picture.classList.toggle("res-backward", list[at].op === "gradient");
    picture.replaceChildren(...drawn.nodes);
    const told = rows.slice(0, at + 1).map(([, path, what, shape]) => `${path}, ${what}: ${shape}`);
    picture.setAttribute("aria-label", fig.t("picture", { list: told.join("; "), i: at + 1 }));
  };
  return { el: h("div", { class: "res-drawing" }, picture), draw };
}

// ---- words ----

const CARRIED = { identity: "a[l]", projection: "W a[l]", pad: "pad(a[l])" };
const pathOf = (fig, { path }) => fig.t(fig.get("shortcut") === "none" ? "only" : path);
const shapeOf = (fig, { shape }) => (shape ? times(shape) : fig.t("noShape"));
const isZero = (fig, one) => fig.get("zero_gamma") && one.n === layersOf(fig);

/** @param {Fig} fig */
function factsOf(fig, one) {
  const fact = (key, value) => h("span", {}, `${fig.t(key)} `, h("strong", {}, value));
  return [fact("shape", shapeOf(fig, one)), fact("weights", format(one.weights)), fact("bnNumbers", format(one.bn))];
}

// A step in the table.
/** @param {Fig} fig */
function row(fig, step, i) {
  const numbers = [format(step.weights), format(step.bn)];
  return [i + 1, pathOf(fig, step), linesOf(fig, step).join(" "), shapeOf(fig, step), ...numbers];
}

// What a phrase about a step may fill in.
/** @param {Fig} fig */
function values(fig, one) {
  const target = one.shape ?? one.from;
  const c = one.from[2];
  const k = one.problem === "pad" ? convolutions(stateOf(fig)).at(-1)[0] : target[2];
  const way = fig.get("shortcut");
  const size = (axis) => ` ⌈${one.from[axis]}/${one.s}⌉ = ${one.shape[axis]}`;
  return {
    c,
    k,
    f: one.f,
    s: one.s,
    missing: k - c,
    name: `l+${one.n || layersOf(fig)}`,
    from: times(one.from),
    shape: times(target),
    weights: format(one.weights),
    bn: format(one.bn),
    carried: CARRIED[way],
    sizes: one.s > 1 ? `${size(0)},${size(1)}.` : "",
    factor: way === "none" ? "" : fig.t(`by_${way}`),
  };
}

// Why the two shapes of an addition differ, and which mends there are.
function wrong({ t }, { from, short }) {
  const differ = [0, 1, 2].filter((axis) => from[axis] !== short[axis]);
  const axisName = (axis) => t(["H", "W", "C"][axis]).toLowerCase();
  const why = differ.map((axis) => `${axisName(axis)} ${from[axis]}\u00a0≠\u00a0${short[axis]}`).join(", ");
  const more = [differ[0] < 2 && "byStride", short[2] > from[2] && "noZeros", "mends"].filter(Boolean);
  return t("wrong", { from: times(from), short: times(short), why }) + more.map((key) => t(key)).join("");
}

// What is said at a step: the phrases that hold, in order.
/** @param {Fig} fig */
function sentence(fig, one) {
  if (one.problem === "add") return wrong(fig, one);
  const v = values(fig, one);
  const way = fig.get("shortcut");
  const zero = fig.get("zero_gamma");
  const plain = way === "none" ? "None" : "";
  const phrases = {
    input: [`input${plain}`],
    bn: ["bn", one.path === "main" && (isZero(fig, one) ? "zero" : "toZ")],
    identity: ["carry"],
    pick: [one.s > 1 ? "pick" : "nothing"],
    zeros: [one.problem ? "zerosWrong" : v.missing ? "zeros" : "nothing"],
    add: ["add", zero && "addZero"],
    out: [`out${plain}`, zero && `out${plain}Zero`, zero && way === "identity" && "outSame"],
    gradient: [`gradient${plain}`, zero && "gradientZero"],
  }[one.op] ?? [one.op];
  const free = !one.problem && !one.bn && !["input", "conv", "gradient"].includes(one.op);
  const holding = [...phrases, free && "free"].filter(Boolean);
  return holding.map((key) => fig.t(key, v)).join("");
}

// A step in a few words: the lines of its box.
/** @param {Fig} fig */
function linesOf(fig, one) {
  const { t } = fig;
  const v = values(fig, one);
  const isShort = one.path === "short";
  const zero = isZero(fig, one);
  const make = {
    input: () => ["a[l]"],
    conv() {
      const [conv, stride] = [t("bConv", v), t("bStride", v)];
      return isShort ? [conv, stride, `${v.c} → ${v.k}`] : [`${conv}, ${stride}`, t("bChannels", v)];
    },
    bn: () => [isShort ? "Batch norm" : zero ? "Batch norm, γ = 0" : `Batch norm → z[${v.name}]`],
    identity: () => [t("identity")],
    pick: () => [t("bRows", v), t("bColumns", v)],
    zeros: () => (one.problem ? [`${v.c} > ${v.k}`, t("C").toLowerCase()] : [t("bZeros", v), t("bOf", v)]),
    add: () => [`z[${v.name}] + ${v.carried}`],
    gradient: () => [t("backward")],
  }[one.op];
  return make?.() ?? [`ReLU → a[${v.name}]`];
}

export default { render };
