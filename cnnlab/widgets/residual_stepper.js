// A residual block, layer by layer: a[l+2] = g(z[l+2] + a[l]). Shapes on both paths, parameters, and where they do not fit.

import { button, choice, figure, format, h, keys, numberBox, svg, toggle } from "./frame.js";
import PHRASES from "./residual_stepper.json" with { type: "json" };

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
  const behind = [];
  const nodes = [];
  const backward = list[position].op === "gradient";
  let y = 4;
  const find = (op, n = 0) => list.find((step) => step.op === op && step.n === n);
  const when = (step) => {
    const i = list.indexOf(step);
    return i < 0 || i > position ? "later" : i === position ? "now" : "done";
  };
  const label = (shape, x, at, wrong, anchor = "middle") => {
    const content = times(shape);
    const name = `res-shape${wrong ? " res-wrong" : ""}${content.length > 15 ? " res-long" : ""}`;
    nodes.push(svg("text", { class: name, x, y: at, "text-anchor": anchor }, content));
  };
  const head = (x, at, step) =>
    nodes.push(svg("path", { class: `res-head res-${when(step)}`, d: `M${x - 5},${at}h10l-5,${backward ? -8 : 8}z` }));
  const box = (step, ...parts) => {
    const index = list.indexOf(step);
    const name = `res-box res-${when(step)}${step?.problem ? " res-wrong" : ""}`;
    nodes.push(svg("g", { class: name, "data-step": index < 0 ? null : index }, ...parts));
  };
  const line = (x, at, content) => svg("text", { x, y: at, "text-anchor": "middle" }, content);
  const frame = (path, step, lines) => {
    const [x, half, height] = [path === "short" ? SIDE : MAIN, HALF[path], 8 + LINE * lines.length];
    box(
      step,
      svg("rect", { x: x - half, y, width: 2 * half, height, rx: 4 }),
      ...lines.map((content, i) => line(x, y + LINE * (i + 1), content)),
    );
    y += height;
  };
  const arrow = (step, length, wrong) => {
    behind.push(svg("path", { class: `res-line res-${when(step)}`, d: `M${MAIN},${y}v${length}` }));
    head(MAIN, backward ? y + 8 : y + length - 8, step);
    if (step?.shape && when(step) !== "later") label(step.shape, MAIN + 8, y + length / 2 + 5, wrong, "start");
    y += length;
  };

  const start = list[0];
  const broken = list[position].problem === "add";
  frame("main", start, ["a[l]"]);
  const branch = y + 10;
  arrow(start, 42);
  convs.forEach((_, i) => {
    const group = ["conv", "bn", "relu"].map((op) => find(op, i + 1)).filter(Boolean);
    for (const step of group) frame("main", step, text(step));
    arrow(group.at(-1), 32, broken && i === convs.length - 1);
  });
  const [add, out] = [find("add"), find("out")];
  const joint = y + 14;
  if (shortcut !== "none") {
    box(add, svg("circle", { cx: MAIN, cy: joint, r: 14 }), line(MAIN, joint + 5, broken ? "≠" : "+"));
    y += 28;
    arrow(broken ? undefined : add, 32);
  }
  frame("main", out, ["ReLU"]);
  arrow(out, 32);
  frame("main", out, [`a[l+${convs.length}]`]);
  const height = y + 4;
  if (shortcut === "none") return { height, nodes: [...behind, ...nodes] };

  const way = onShort(list);
  const [top, bottom] = [branch + TURN, joint - TURN];
  behind.push(
    svg("path", {
      class: `res-line res-${when(way[0])}`,
      fill: "none",
      d: `M${MAIN},${branch}H${SIDE - TURN}Q${SIDE},${branch} ${SIDE},${top}V${bottom}Q${SIDE},${joint} ${SIDE - TURN},${joint}H${MAIN + 14}`,
    }),
  );
  const tip = backward ? [MAIN + 14, 8] : [MAIN + 22, -8];
  nodes.push(svg("path", { class: `res-head res-${when(way[0])}`, d: `M${tip[0]},${joint - 5}v10l${tip[1]},-5z` }));
  const boxes = { projection: [way], pad: way.map((step) => [step]) }[shortcut] ?? [];
  // Boxes of 56 and 24 without a gap, or of 40 and 40 with one.
  y = (top + bottom - (shortcut === "pad" ? 80 + GAP : 80)) / 2 - 2;
  boxes.forEach((group) => {
    if (when(group[0]) !== "later") label(group[0].from, SIDE, y - 16);
    head(SIDE, backward ? y - 4 : y - 9, way[0]);
    for (const step of group) frame("short", step, text(step));
    y += GAP;
  });
  const end = way.at(-1);
  if (!boxes.length) box(end, line(SIDE, (top + bottom) / 2, text(end)[0]));
  if (when(end) !== "later" && end.shape) label(end.shape, SIDE, bottom - 2, broken);
  return { height, nodes: [...behind, ...nodes] };
}

// Spaces that do not break: a shape stays on one line.
const times = (shape) => shape.join("\u00a0×\u00a0");

// ---- the figure ----

function render({ model, el }) {
  const fig = figure({ model, el, words: PHRASES, title: "title" });
  const { t } = fig;
  fig.el.classList.add("residual");
  const state = (changes) => ({ ...Object.fromEntries(SETTINGS.map((name) => [name, fig.get(name)])), ...changes });
  const walked = (changes) => steps(state(changes));
  const now = (list = walked()) => Math.min(fig.get("position"), list.length - 1);
  const go = (to) => fig.set({ position: Math.max(0, Math.min(walked().length - 1, to)) });

  // Another short cut is shown from its first step, if the walk has come so far.
  const take = (shortcut) => {
    const list = walked();
    const first = list.findLastIndex(({ path }) => path === "main") + 1;
    fig.set({ shortcut, position: Math.min(now(list), first) });
  };

  const sizes = ["H", "W", "C"].map((key, i) =>
    numberBox(fig, {
      label: t(key),
      min: 1,
      max: 4096,
      value: fig.get("input_shape")[i],
      onChange: (value) => fig.set({ input_shape: fig.get("input_shape").map((n, j) => (i === j ? value : n)) }),
    }),
  );
  const put = (name) => (value) => fig.set({ [name]: value });
  const pick = (name, words, onChange) =>
    choice(fig, { label: t(name), options: words.map((word) => [word, t(word)]), onChange });
  const filters = numberBox(fig, {
    label: t("filters"),
    min: 1,
    max: 2048,
    value: fig.get("filters"),
    onChange: put("filters"),
  });
  const kind = pick("kind", ["basic", "bottleneck"], (value) => fig.set({ kind: value, position: 0 }));
  const stride = pick("stride", ["1", "2"], (value) => fig.set({ stride: Number(value) }));
  const shortcut = pick("shortcut", SHORT, take);
  const gamma = toggle(fig, { label: t("gamma"), onChange: put("zero_gamma") });
  fig.controls.append(...[...sizes, kind, filters, stride, shortcut, gamma].map((one) => one.el));

  const make = (key, onClick) => button(fig, { label: t(key), onClick });
  const back = make("back", () => go(now() - 1));
  const step = make("step", () => go(now() + 1));
  const end = make("all", () => go(Infinity));
  const player = h(
    "div",
    { class: "cl-player" },
    ...[back, step, end, make("reset", () => go(0))].map((one) => one.el),
  );
  keys(fig, player, { move: (dr, dc) => go(now() + dr + dc), home: () => go(0), end: () => go(Infinity) });

  const mend = ["projection", "pad"].map((key) => ({
    key,
    ...button(fig, {
      label: "",
      onClick() {
        take(key);
        // The button itself goes away.
        step.el.focus();
      },
    }),
  }));
  const mends = h("div", { class: "res-mends" }, ...mend.map((one) => one.el));
  const facts = h("p", { class: "res-facts" });
  const sum = h("p", { class: "cl-name" });
  const picture = svg("svg", { class: "res-picture", role: "img" });
  fig.stage.append(
    h("div", { class: "res-text" }, player, fig.status, mends, facts, sum),
    h("div", { class: "res-drawing" }, picture),
  );
  fig.listen(picture, "click", ({ target }) => {
    const box = target.closest("[data-step]");
    if (box) go(Number(box.dataset.step));
  });
  fig.hint.textContent = t("hint");

  const layers = () => convolutions(state()).length;
  const carried = { identity: "a[l]", projection: "W a[l]", pad: "pad(a[l])" };

  // What a phrase about a step may fill in.
  const values = (one) => {
    const target = one.shape ?? one.from;
    const c = one.from[2];
    const k = one.problem === "pad" ? convolutions(state()).at(-1)[0] : target[2];
    return {
      c,
      k,
      f: one.f,
      s: one.s,
      missing: k - c,
      name: `l+${one.n || layers()}`,
      from: times(one.from),
      shape: times(target),
      weights: format(one.weights),
      bn: format(one.bn),
      carried: carried[fig.get("shortcut")],
    };
  };

  // Why the two shapes of an addition differ, and which mends there are.
  const wrong = ({ from, short }) => {
    const differ = [0, 1, 2].filter((axis) => from[axis] !== short[axis]);
    const why = differ
      .map((axis) => `${t(["H", "W", "C"][axis]).toLowerCase()} ${from[axis]}\u00a0≠\u00a0${short[axis]}`)
      .join(", ");
    const more = [differ[0] < 2 && "byStride", short[2] > from[2] && "noZeros", "mends"].filter(Boolean);
    return t("wrong", { from: times(from), short: times(short), why }) + more.map((key) => t(key)).join("");
  };

  // What is said at a step: the phrases that hold, in order.
  function sentence(one) {
    if (one.problem === "add") return wrong(one);
    const v = values(one);
    const way = fig.get("shortcut");
    const zero = fig.get("zero_gamma");
    const plain = way === "none" ? "None" : "";
    v.sizes =
      one.s > 1 ? [0, 1].map((axis) => ` ⌈${one.from[axis]}/${one.s}⌉ = ${one.shape[axis]}`).join(",") + "." : "";
    v.factor = t(`by_${way}`);
    const phrases = {
      input: [`input${plain}`],
      bn: ["bn", one.path === "main" && (zero && one.n === layers() ? "zero" : "toZ")],
      identity: ["carry"],
      pick: [one.s > 1 ? "pick" : "nothing"],
      zeros: [one.problem ? "zerosWrong" : v.missing ? "zeros" : "nothing"],
      add: ["add", zero && "addZero"],
      out: [`out${plain}`, zero && `out${plain}Zero`, zero && way === "identity" && "outSame"],
      gradient: [`gradient${plain}`, zero && "gradientZero"],
    }[one.op] ?? [one.op];
    const free = !one.problem && !one.bn && !["input", "conv", "gradient"].includes(one.op);
    return [...phrases, free && "free"]
      .filter(Boolean)
      .map((key) => t(key, v))
      .join("");
  }

  // A step in a few words: the lines of its box, and its line in the table.
  function text(one) {
    const v = values(one);
    const isShort = one.path === "short";
    const zero = fig.get("zero_gamma") && one.n === layers();
    return (
      {
        input: () => ["a[l]"],
        conv: () =>
          isShort
            ? [t("bConv", v), t("bStride", v), `${v.c} → ${v.k}`]
            : [`${t("bConv", v)}, ${t("bStride", v)}`, t("bChannels", v)],
        bn: () => [isShort ? "Batch norm" : zero ? "Batch norm, γ = 0" : `Batch norm → z[${v.name}]`],
        identity: () => [t("identity")],
        pick: () => [t("bRows", v), t("bColumns", v)],
        zeros: () => (one.problem ? [`${v.c} > ${v.k}`, t("C").toLowerCase()] : [t("bZeros", v), t("bOf", v)]),
        add: () => [`z[${v.name}] + ${v.carried}`],
        gradient: () => [t("backward")],
      }[one.op]?.() ?? [`ReLU → a[${v.name}]`]
    );
  }

  fig.draws(() => {
    const list = walked();
    const at = now(list);
    const one = list[at];
    const settings = state();
    const most = list.length - 1;
    sizes.forEach((box, i) => box.set(settings.input_shape[i]));
    filters.set(settings.filters);
    kind.set(settings.kind);
    stride.set(String(settings.stride));
    shortcut.set(settings.shortcut);
    gamma.set(fig.get("zero_gamma"));
    back.enable(at > 0);
    step.enable(at < most);
    end.enable(at < most);

    const plain = settings.shortcut === "none";
    const path = ({ path: name }) => t(plain ? "only" : name);
    fig.say(`${t("place", { i: at + 1, n: list.length, path: path(one) })} ${sentence(one)}`);
    fig.status.classList.toggle("cl-error", Boolean(one.problem));
    mends.hidden = !one.problem;
    for (const { key, el: node, text: write } of mend) {
      const [weights, bn] = learned(onShort(walked({ shortcut: key })));
      node.hidden = key === "pad" && one.problem && settings.input_shape[2] > convolutions(settings).at(-1)[0];
      write(t(`mend_${key}`, { weights: format(weights), bn: format(bn) }));
    }
    const shapeOf = (step) => (step.shape ? times(step.shape) : t("noShape"));
    const fact = (key, value) => h("span", {}, `${t(key)} `, h("strong", {}, value));
    facts.replaceChildren(
      fact("shape", shapeOf(one)),
      fact("weights", format(one.weights)),
      fact("bnNumbers", format(one.bn)),
    );
    const [weights, bn] = learned(list.slice(0, at + 1));
    sum.textContent = t("soFar", { weights: format(weights), bn: format(bn) });

    const rows = list.map((step, i) => [
      i + 1,
      path(step),
      text(step).join(" "),
      shapeOf(step),
      format(step.weights),
      format(step.bn),
    ]);
    const drawn = sketch(list, at, { convs: convolutions(settings), shortcut: settings.shortcut, text });
    picture.setAttribute("viewBox", `0 0 ${WIDE} ${drawn.height}`);
    picture.classList.toggle("res-backward", one.op === "gradient");
    picture.replaceChildren(...drawn.nodes);
    const told = rows
      .slice(0, at + 1)
      .map(([, way, what, shape]) => `${way}, ${what}: ${shape}`)
      .join("; ");
    picture.setAttribute("aria-label", t("picture", { list: told, i: at + 1 }));
    fig.table.clear();
    fig.table(
      t("caption"),
      ["number", "path", "what", "shape", "weights", "bnNumbers"].map((key) => t(key)),
      rows,
    );
  });
  return fig.remove;
}

export default { render };
