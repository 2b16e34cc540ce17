// A residual block, layer by layer: a[l+2] = g(z[l+2] + a[l]). Shapes on both paths, parameters, and where they do not fit.

import { button, choice, figure, format, h, keys, numberBox, svg, toggle } from "./frame.js";

const PHRASES = {
  en: {
    title: "A residual block, layer by layer", H: "Height", W: "Width", C: "Channels", kind: "Block", basic: "basic: 3 × 3, 3 × 3", bottleneck: "bottleneck: 1 × 1, 3 × 3, 1 × 1",
    filters: "Filters F", stride: "Stride", shortcut: "Short cut", identity: "identity", projection: "projection, 1 × 1", pad: "zero padding", none: "none (plain net)",
    gamma: "Start with γ = 0 in the last batch norm", place: "Step {i} of {n}, {path}.", main: "main path", short: "short cut", both: "both paths", only: "the only path", free: " No parameters.",
    input: "The input a[l] is {shape}. It takes two ways: through the layers, and along the short cut.",
    inputNone: "The input a[l] is {shape}. It has one way only: through the layers.",
    conv: "A convolution {f} × {f} with stride {s} and {k} filters makes {from} into {shape}.{sizes} Weights: {f}·{f}·{c}·{k} = {weights}; no bias, since the β of the batch norm does its work.",
    bn: "Batch normalization keeps {shape} and learns γ and β for each channel: 2·{k} = {bn} numbers.", toZ: " The result is z[{name}].",
    zero: " γ and β start at 0, so at the start z[{name}] = 0 everywhere.",
    relu: "ReLU: a[{name}] = max(0, z[{name}]). The shape stays {shape}.",
    carry: "The identity carries a[l] past the layers as it is, {shape}.",
    pick: "Stride {s} without weights: of every {s} rows and {s} columns the first is kept (1, 3, 5, …). {from} becomes {shape}.",
    nothing: "Nothing has to change here: {shape}.",
    zeros: "{missing} channels of zeros are put behind the {c} that are there: {from} becomes {shape}.",
    zerosWrong: "Zero padding cannot work here: the short cut has {c} channels, the main path only {k}. Zeros can be added; channels cannot be taken away. A projection can give any number of channels.",
    add: "Both are {shape}: they are added element by element, z[{name}] + {carried}. The sum is {shape}. The ReLU waits until after it: before, the layers could only add to the short cut, never subtract.",
    addZero: " With γ = 0, z[{name}] = 0 at the start: the sum is {carried} itself.",
    wrong: "Cannot be added: {from} and {short}. They differ: {why}.", byStride: " The stride shrank the main path only.",
    mends: " The walk stops here. What makes the short cut fit:", noZeros: " Zero padding cannot take channels away.",
    mend_projection: "Projection: {weights} + {bn} parameters", mend_pad: "Zero padding: 0 parameters",
    out: "ReLU, after the addition: a[{name}] = max(0, z[{name}] + {carried}), of shape {shape}.", outZero: " At the start this is ReLU({carried}).", outSame: " Since a[l] comes from a ReLU, that is a[l] itself: the block begins as the identity.",
    outNone: "ReLU: a[{name}] = max(0, z[{name}]), of shape {shape}. Nothing of a[l] comes past the layers.", outNoneZero: " With γ = 0 all of it is 0 at the start.",
    gradient: "Backward: the addition hands its gradient on to both paths. It reaches a[l] by two ways: through the layers, and through the short cut {factor}. The two are added.",
    by_identity: "with factor 1, so it cannot fade there", by_projection: "times the weights of its 1 × 1 convolution, so not with factor 1", by_pad: "with factor 1 at every pixel that was kept",
    gradientZero: " With γ = 0 the part through the layers is 0 at the start.",
    gradientNone: "Backward: the gradient reaches a[l] by one way only, through the layers, and each may make it smaller.",
    weights: "Weights", bnNumbers: "Batch norm (γ, β)", shape: "Shape", soFar: "So far: {weights} weights and {bn} batch norm numbers.",
    caption: "The steps of the block", number: "Step", path: "Path", what: "What happens", noShape: "does not fit", backward: "gradient at a[l]",
    picture: "Drawing of the block. {list}. Now: step {i}.",
    bConv: "Conv {f} × {f}", bStride: "stride {s}", bChannels: "{c} → {k} channels", bRows: "1 of {s} rows,", bColumns: "1 of {s} columns", bZeros: "+ {missing} channels", bOf: "of zeros",
    hint: "Press Step, or a layer in the drawing. On the buttons, arrow keys, Home and End go through the steps too. Batch norm counts what is learned; Keras also counts a mean and a variance for each channel.",
  },
  es: {
    title: "Un bloque residual, capa a capa", H: "Alto", W: "Ancho", C: "Canales", kind: "Bloque", basic: "básico: 3 × 3, 3 × 3", bottleneck: "cuello de botella: 1 × 1, 3 × 3, 1 × 1",
    filters: "Filtros F", stride: "Paso (stride)", shortcut: "Atajo", identity: "identidad", projection: "proyección, 1 × 1", pad: "relleno con ceros", none: "ninguno (red simple)",
    gamma: "Empezar con γ = 0 en la última batch norm", place: "Etapa {i} de {n}, {path}.", main: "camino principal", short: "atajo", both: "ambos caminos", only: "el único camino", free: " Sin parámetros.",
    input: "La entrada a[l] es de {shape}. Toma dos caminos: por las capas y por el atajo.",
    inputNone: "La entrada a[l] es de {shape}. Tiene un solo camino: por las capas.",
    conv: "Una convolución de {f} × {f} con paso {s} y {k} filtros convierte {from} en {shape}.{sizes} Pesos: {f}·{f}·{c}·{k} = {weights}; sin sesgo, pues la β de la batch norm hace su trabajo.",
    bn: "La normalización por lotes (batch norm) deja {shape} y aprende γ y β en cada canal: 2·{k} = {bn} números.", toZ: " El resultado es z[{name}].",
    zero: " γ y β empiezan en 0, así que al principio z[{name}] = 0 en todas partes.",
    relu: "ReLU: a[{name}] = max(0, z[{name}]). La forma sigue siendo {shape}.",
    carry: "La identidad lleva a[l] tal cual, {shape}, sin pasar por las capas.",
    pick: "Paso {s} sin pesos: de cada {s} filas y {s} columnas queda la primera (1, 3, 5, …). {from} pasa a {shape}.",
    nothing: "Aquí no hay nada que cambiar: {shape}.",
    zeros: "Detrás de los {c} canales que hay se ponen {missing} canales de ceros: {from} pasa a {shape}.",
    zerosWrong: "El relleno con ceros no sirve aquí: el atajo tiene {c} canales, el camino principal solo {k}. Se pueden añadir ceros; no se pueden quitar canales. Una proyección da cualquier número de canales.",
    add: "Los dos son de {shape}: se suman elemento a elemento, z[{name}] + {carried}. La suma es de {shape}. La ReLU espera hasta después: antes, las capas solo podrían añadir al atajo, nunca restar.",
    addZero: " Con γ = 0, z[{name}] = 0 al principio: la suma es {carried} sin cambios.",
    wrong: "No se pueden sumar: {from} y {short}. Difieren: {why}.", byStride: " El paso encogió solo el camino principal.",
    mends: " El recorrido se detiene aquí. Lo que hace que el atajo encaje:", noZeros: " El relleno con ceros no puede quitar canales.",
    mend_projection: "Proyección: {weights} + {bn} parámetros", mend_pad: "Relleno con ceros: 0 parámetros",
    out: "ReLU, después de la suma: a[{name}] = max(0, z[{name}] + {carried}), de forma {shape}.", outZero: " Al principio es ReLU({carried}).", outSame: " Como a[l] viene de una ReLU, es la propia a[l]: el bloque empieza como la identidad.",
    outNone: "ReLU: a[{name}] = max(0, z[{name}]), de forma {shape}. Nada de a[l] llega sin pasar por las capas.", outNoneZero: " Con γ = 0 todo es 0 al principio.",
    gradient: "Hacia atrás: la suma pasa su gradiente a los dos caminos. Llega a a[l] por dos vías: por las capas y por el atajo, {factor}. Las dos partes se suman.",
    by_identity: "con factor 1, así que allí no puede apagarse", by_projection: "por los pesos de su convolución de 1 × 1, es decir, no con factor 1", by_pad: "con factor 1 en cada píxel que quedó",
    gradientZero: " Con γ = 0 la parte que pasa por las capas es 0 al principio.",
    gradientNone: "Hacia atrás: el gradiente llega a a[l] por una sola vía, las capas, y cada una puede hacerlo más pequeño.",
    weights: "Pesos", bnNumbers: "Batch norm (γ, β)", shape: "Forma", soFar: "Hasta aquí: {weights} pesos y {bn} números de batch norm.",
    caption: "Las etapas del bloque", number: "Etapa", path: "Camino", what: "Qué ocurre", noShape: "no encaja", backward: "gradiente en a[l]",
    picture: "Dibujo del bloque. {list}. Ahora: etapa {i}.",
    bConv: "Conv {f} × {f}", bStride: "paso {s}", bChannels: "{c} → {k} canales", bRows: "1 de {s} filas,", bColumns: "1 de {s} columnas", bZeros: "+ {missing} canales", bOf: "de ceros",
    hint: "Pulse Avanzar, o una capa del dibujo. En los botones, las flechas, Inicio y Fin también recorren las etapas. Batch norm cuenta lo que se aprende; Keras cuenta además una media y una varianza por canal.",
  },
};
const SETTINGS = ["input_shape", "filters", "kind", "stride", "shortcut"];
const SHORT = ["identity", "projection", "pad", "none"];

// ---- arithmetic ----

// [filters, size, stride] of each convolution of the main path.
const convolutions = ({ kind, filters: F, stride: s }) => (kind === "basic" ? [[F, 3, s], [F, 3, 1]] : [[F, 1, 1], [F, 3, s], [4 * F, 1, 1]]);

// The steps in the order of computation: op, path ("main", "short" or "both"), n (the layer on the main path, from 1), from,
// shape, s, f, and what is learned: weights, bn. Where the block breaks the list ends: that step has shape null and a
// `problem`, "pad" or "add". An addition has `short`, the shape that the short cut brings.
export function steps(state) {
  const { input_shape: input, stride, shortcut } = state;
  const list = [];
  const put = (step) => list.push({ n: 0, s: 1, f: 0, weights: 0, bn: 0, problem: null, ...step });
  const along = (path, layers) => layers.reduce((from, { k = from[2], s = 1, ...layer }) => {
    const shape = [Math.ceil(from[0] / s), Math.ceil(from[1] / s), k];
    put({ ...layer, path, from, shape, s, weights: layer.op === "conv" ? layer.f ** 2 * from[2] * k : 0, bn: layer.op === "bn" ? 2 * k : 0 });
    return shape;
  }, input);

  put({ op: "input", path: "both", from: input, shape: input });
  const main = convolutions(state);
  const z = along("main", main.flatMap(([k, f, s], i) => {
    const layers = [{ op: "conv", n: i + 1, k, f, s }, { op: "bn", n: i + 1 }];
    return i + 1 < main.length ? [...layers, { op: "relu", n: i + 1 }] : layers;
  }));
  const ways = {
    identity: [{ op: "identity" }],
    projection: [{ op: "conv", k: z[2], f: 1, s: stride }, { op: "bn" }],
    pad: [{ op: "pick", s: stride }, { op: "zeros", k: z[2] }],
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
  const head = (x, at, step) => nodes.push(svg("path", { class: `res-head res-${when(step)}`, d: `M${x - 5},${at}h10l-5,${backward ? -8 : 8}z` }));
  const box = (step, ...parts) => {
    const index = list.indexOf(step);
    const name = `res-box res-${when(step)}${step?.problem ? " res-wrong" : ""}`;
    nodes.push(svg("g", { class: name, "data-step": index < 0 ? null : index }, ...parts));
  };
  const line = (x, at, content) => svg("text", { x, y: at, "text-anchor": "middle" }, content);
  const frame = (path, step, lines) => {
    const [x, half, height] = [path === "short" ? SIDE : MAIN, HALF[path], 8 + LINE * lines.length];
    box(step, svg("rect", { x: x - half, y, width: 2 * half, height, rx: 4 }), ...lines.map((content, i) => line(x, y + LINE * (i + 1), content)));
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
  behind.push(svg("path", {
    class: `res-line res-${when(way[0])}`, fill: "none",
    d: `M${MAIN},${branch}H${SIDE - TURN}Q${SIDE},${branch} ${SIDE},${top}V${bottom}Q${SIDE},${joint} ${SIDE - TURN},${joint}H${MAIN + 14}`,
  }));
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

  const sizes = ["H", "W", "C"].map((key, i) => numberBox(fig, {
    label: t(key), min: 1, max: 4096, value: fig.get("input_shape")[i],
    onChange: (value) => fig.set({ input_shape: fig.get("input_shape").map((n, j) => (i === j ? value : n)) }),
  }));
  const put = (name) => (value) => fig.set({ [name]: value });
  const pick = (name, words, onChange) => choice(fig, { label: t(name), options: words.map((word) => [word, t(word)]), onChange });
  const filters = numberBox(fig, { label: t("filters"), min: 1, max: 2048, value: fig.get("filters"), onChange: put("filters") });
  const kind = pick("kind", ["basic", "bottleneck"], (value) => fig.set({ kind: value, position: 0 }));
  const stride = pick("stride", ["1", "2"], (value) => fig.set({ stride: Number(value) }));
  const shortcut = pick("shortcut", SHORT, take);
  const gamma = toggle(fig, { label: t("gamma"), onChange: put("zero_gamma") });
  fig.controls.append(...[...sizes, kind, filters, stride, shortcut, gamma].map((one) => one.el));

  const make = (key, onClick) => button(fig, { label: t(key), onClick });
  const back = make("back", () => go(now() - 1));
  const step = make("step", () => go(now() + 1));
  const end = make("all", () => go(Infinity));
  const player = h("div", { class: "cl-player" }, ...[back, step, end, make("reset", () => go(0))].map((one) => one.el));
  keys(fig, player, { move: (dr, dc) => go(now() + dr + dc), home: () => go(0), end: () => go(Infinity) });

  const mend = ["projection", "pad"].map((key) => ({ key, ...button(fig, {
    label: "",
    onClick() {
      take(key);
      // The button itself goes away.
      step.el.focus();
    },
  }) }));
  const mends = h("div", { class: "res-mends" }, ...mend.map((one) => one.el));
  const facts = h("p", { class: "res-facts" });
  const sum = h("p", { class: "cl-name" });
  const picture = svg("svg", { class: "res-picture", role: "img" });
  fig.stage.append(h("div", { class: "res-text" }, player, fig.status, mends, facts, sum), h("div", { class: "res-drawing" }, picture));
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
      c, k, f: one.f, s: one.s, missing: k - c, name: `l+${one.n || layers()}`,
      from: times(one.from), shape: times(target), weights: format(one.weights), bn: format(one.bn), carried: carried[fig.get("shortcut")],
    };
  };

  // Why the two shapes of an addition differ, and which mends there are.
  const wrong = ({ from, short }) => {
    const differ = [0, 1, 2].filter((axis) => from[axis] !== short[axis]);
    const why = differ.map((axis) => `${t("HWC"[axis]).toLowerCase()} ${from[axis]}\u00a0≠\u00a0${short[axis]}`).join(", ");
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
    v.sizes = one.s > 1 ? [0, 1].map((axis) => ` ⌈${one.from[axis]}/${one.s}⌉ = ${one.shape[axis]}`).join(",") + "." : "";
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
    return [...phrases, free && "free"].filter(Boolean).map((key) => t(key, v)).join("");
  }

  // A step in a few words: the lines of its box, and its line in the table.
  function text(one) {
    const v = values(one);
    const isShort = one.path === "short";
    const zero = fig.get("zero_gamma") && one.n === layers();
    return {
      input: () => ["a[l]"],
      conv: () => (isShort ? [t("bConv", v), t("bStride", v), `${v.c} → ${v.k}`] : [`${t("bConv", v)}, ${t("bStride", v)}`, t("bChannels", v)]),
      bn: () => [isShort ? "Batch norm" : zero ? "Batch norm, γ = 0" : `Batch norm → z[${v.name}]`],
      identity: () => [t("identity")],
      pick: () => [t("bRows", v), t("bColumns", v)],
      zeros: () => (one.problem ? [`${v.c} > ${v.k}`, t("C").toLowerCase()] : [t("bZeros", v), t("bOf", v)]),
      add: () => [`z[${v.name}] + ${v.carried}`],
      gradient: () => [t("backward")],
    }[one.op]?.() ?? [`ReLU → a[${v.name}]`];
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
    facts.replaceChildren(fact("shape", shapeOf(one)), fact("weights", format(one.weights)), fact("bnNumbers", format(one.bn)));
    const [weights, bn] = learned(list.slice(0, at + 1));
    sum.textContent = t("soFar", { weights: format(weights), bn: format(bn) });

    const rows = list.map((step, i) => [i + 1, path(step), text(step).join(" "), shapeOf(step), format(step.weights), format(step.bn)]);
    const drawn = sketch(list, at, { convs: convolutions(settings), shortcut: settings.shortcut, text });
    picture.setAttribute("viewBox", `0 0 ${WIDE} ${drawn.height}`);
    picture.classList.toggle("res-backward", one.op === "gradient");
    picture.replaceChildren(...drawn.nodes);
    const told = rows.slice(0, at + 1).map(([, way, what, shape]) => `${way}, ${what}: ${shape}`).join("; ");
    picture.setAttribute("aria-label", t("picture", { list: told, i: at + 1 }));
    fig.table.clear();
    fig.table(t("caption"), ["number", "path", "what", "shape", "weights", "bnNumbers"].map((key) => t(key)), rows);
  });
  return fig.remove;
}

export default { render };
