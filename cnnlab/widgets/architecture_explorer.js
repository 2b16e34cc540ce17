// @ts-check

// Whole networks, drawn to scale. A row of a network is [name, kind, shape, parameters, multiply_adds, field, jump].

import { button, choice, figure, fill, format, h, keys, language, range, svg, toggle } from "./frame.js";
import PHRASES from "./architecture_explorer.json" with { type: "json" };
/** @import { Fig } from "./frame.js" */

const KINDS = ["input", "conv", "pool", "dense", "join", "other"]; // in the order of architecture_explorer.py
const SLANT = 0.35; // of a box's width, as in the book's other drawings
const TALL = 160; // pixels of the screen, of the tallest box
const THICK = 36; // of the thickest
const BAR = 10; // thickness of a vector
const LEAST = 2;
const STRIP = 44;
const TOP = 22; // above the boxes: room for a name

// ---- sizes and positions ----

// Pixels of the screen for a cell of height or width, for the root of the channels, and for the root of a vector's numbers,
// such that the largest of all these networks finds room.
export function scales(networks) {
  const shapes = networks.flatMap(([, , rows]) => rows.map((row) => row[2]));
  const most = (length, measure) => Math.max(1, ...shapes.filter((shape) => shape.length === length).map(measure));
  return {
    cell: TALL / most(3, ([H, W]) => H + SLANT * W),
    channel: Math.min(6, THICK / most(3, ([, , C]) => Math.sqrt(C))),
    unit: Math.min(3, TALL / most(1, ([n]) => Math.sqrt(n))),
  };
}

// { width, boxes }: each box with the left and the width of its slot, the left of its front x, its thickness w, its height h, and how
// far its back is away (to the right and up). Slots grow, within reason, where there is room for more.
export function layout(rows, { cell, channel, unit }, room) {
  const sizes = rows.map(([, , shape]) => {
    if (shape.length === 1) return { w: BAR, h: Math.max(LEAST, unit * Math.sqrt(shape[0])), away: BAR * SLANT };
    const [H, W, C] = shape;
    return {
      w: Math.max(LEAST, channel * Math.sqrt(C)),
      h: Math.max(LEAST, cell * H),
      away: Math.max(LEAST, cell * W) * SLANT,
    };
  });
  const tight = sizes.map(({ w }) => Math.max(11, w + 4));
  const total = tight.reduce((sum, n) => sum + n, 0);
  const extra = Math.max(0, Math.min(72, (room - total) / rows.length));
  let left = 0;
  const boxes = sizes.map((size, i) => {
    const slot = tight[i] + extra;
    const box = { ...size, left, slot, x: left + Math.max(2, (slot - size.w - size.away) / 2) };
    left += slot;
    return box;
  });
  return { width: Math.max(left, ...boxes.map(({ x, w, away }) => x + w + away + LEAST)), boxes };
}

// The index of the slot at x; the first or the last beyond the ends.
export function at(boxes, x) {
  const index = boxes.findIndex(({ left, slot }) => x < left + slot);
  return index < 0 ? boxes.length - 1 : index;
}

// Which labels, widths given, can stand centred under their slots without touching: greedily from the left.
export function labelled(boxes, widths, width) {
  let free = 0;
  return range(boxes.length).filter((i) => {
    const middle = boxes[i].left + boxes[i].slot / 2;
    const [from, to] = [middle - widths[i] / 2, middle + widths[i] / 2];
    const fits = from >= free && to <= width;
    if (fits) free = to + 8;
    return fits;
  });
}

// Totals, and for each kind how many layers it has, how many parameters and how many multiply-adds. The input is no layer, though
// what it learned (a normalization) counts.
export function sums(rows) {
  const zero = () => ({ layers: 0, parameters: 0, adds: 0 });
  const kinds = KINDS.map(zero);
  const total = zero();
  for (const [, kind, , parameters, adds] of rows) {
    for (const sum of [kinds[kind], total]) {
      sum.layers += kind ? 1 : 0;
      sum.parameters += parameters;
      sum.adds += adds;
    }
  }
  return { total, kinds };
}

// The square of the image, in pixels [left, top, width, height], that the output in the middle sees; cut off at the image's edges.
export function seen([H, W], field) {
  const [width, height] = [W, H].map((n) => Math.min(n, field ?? n));
  return [(W - width) / 2, (H - height) / 2, width, height];
}

// ---- words ----

const times = (shape) => shape.map((n) => format(n)).join(" × ");
const size = (shape) => shape.reduce((a, b) => a * b);

export function share(part, whole) {
  const percent = (n) => new Intl.NumberFormat(language(), { style: "percent", maximumFractionDigits: 1 }).format(n);
  const ratio = whole ? part / whole : 0;
  return ratio > 0 && ratio < 0.0005 ? `< ${percent(0.001)}` : percent(ratio);
}

// ---- the figure ----

/** @param {{ model: import("./frame.js").Model, el: Element }} context */
function render({ model, el }) {
  const fig = figure({ model, el, words: PHRASES, title: "title" });
  const state = makeState(fig);
  const setControls = makeControls(fig, state);
  const drawing = makeDrawing(fig, state);
  const panel = makePanel(fig, state);
  fig.hint.textContent = fig.t("hint");

  let drawn = []; // what the drawing was made for
  let room = 0;
  // The layer under the mouse, or else the chosen one, in words and pictures.
  const tell = () => {
    drawing.point();
    panel.draw();
  };
  function draw() {
    const all = state.networks();
    const wanted = [all, state.chosen(), fig.get("same_scale"), room];
    if (wanted.some((value, i) => value !== drawn[i])) {
      state.hovered = null;
      drawing.build(room);
      panel.build();
      table(fig, state);
    }
    setControls(all !== drawn[0]);
    drawn = wanted;
    drawing.tellPlace();
    tell();
    drawing.reveal();
  }
  drawing.follow(tell);
  const observer = new ResizeObserver(() => {
    const now = drawing.room();
    if (Math.abs(now - room) < 1) return;
    room = now;
    draw();
  });
  observer.observe(drawing.scroller);
  fig.onRemove(() => observer.disconnect());
  fig.draws(draw);
  return fig.remove;
}

// What is chosen, and the layer `hovered`, under the mouse: read, not chosen.
/** @param {Fig} fig */
function makeState(fig) {
  const networks = () => fig.get("networks");
  const chosen = () => Math.min(fig.get("chosen"), networks().length - 1);
  const rows = () => networks()[chosen()][2];
  const layer = () => Math.min(fig.get("layer"), rows().length - 1);
  const state = { networks, chosen, rows, layer, hovered: null, read: () => state.hovered ?? layer(), go };
  function go(index) {
    state.hovered = null;
    fig.set({ layer: Math.max(0, Math.min(rows().length - 1, index)) });
  }
  return state;
}

const named = (name, tag, attributes = {}, ...children) =>
  h(tag, { class: `cl-net-${name}`, ...attributes }, ...children);
const sees = ({ t }, field, [H, W]) =>
  field ? t(field > Math.max(H, W) ? "beyond" : "pixels", { n: format(field) }) : t("whole");

// ---- controls ----

/** @param {Fig} fig */
function makeControls(fig, { networks, chosen }) {
  const { t } = fig;
  const onChange = (value) => fig.set({ chosen: Number(value), layer: 1 });
  const pick = choice(fig, { label: t("network"), options: [], onChange });
  const same = toggle(fig, { label: t("same"), onChange: (on) => fig.set({ same_scale: on }) });
  fig.controls.append(pick.el, same.el);
  return (others) => {
    const all = networks();
    if (others) pick.options(all.map(([name], i) => [String(i), name]));
    same.el.hidden = all.length < 2;
    same.set(fig.get("same_scale"));
    pick.set(String(chosen()));
  };
}

// ---- the drawing: boxes to scale, and strips of bars under them ----

/** @param {Fig} fig */
function makeDrawing(fig, state) {
  const { t } = fig;
  const boxes = svg("svg", { class: "cl-net-boxes" });
  const label = svg("text", { class: "cl-net-label", y: 14 });
  const strips = ["parameters", "adds"].map((what, i) => makeStrip(fig, what, 3 + i));
  const bands = { now: named("now", "div"), over: named("over", "div") };
  const layers = [bands.now, bands.over, boxes, ...strips.flatMap(({ title, bars }) => [title, bars])];
  const inner = named("inner", "div", { "aria-hidden": "true" }, ...layers);
  const slider = { role: "slider", tabindex: 0, "aria-orientation": "horizontal", "aria-valuemin": 0 };
  const scroller = named("scroll", "div", { "aria-label": t("layers"), ...slider }, inner);
  fig.stage.append(named("wide", "div", {}, scroller, h("p", { class: "cl-hint" }, t("scale"))));
  listenToKeys(fig, scroller, state);
  let placed = null; // what layout() gave

  return {
    scroller,
    room: () => scroller.clientWidth,
    follow: (tell) => listenToMouse(fig, inner, state, (x) => at(placed.boxes, x), tell),
    build(room) {
      const [all, list] = [state.networks(), state.rows()];
      placed = layout(list, scales(fig.get("same_scale") ? all : [all[state.chosen()]]), room);
      fill(boxes, { width: placed.width, height: TOP + TALL + 44 }, []);
      inner.style.width = `${placed.width}px`;
      boxes.replaceChildren(...list.map((row, i) => solid(placed.boxes[i], row[1])), ...names(list, placed), label);
      for (const strip of strips) strip.draw(list, placed);
    },
    // Where the layer that is read stands, and its name above.
    point() {
      mark(bands.now, placed, state.layer());
      mark(bands.over, placed, state.hovered);
      const { left, slot } = placed.boxes[state.read()];
      const [name] = state.rows()[state.read()];
      const half = 3.9 * name.length;
      label.textContent = name;
      fill(label, { x: Math.max(half, Math.min(placed.width - half, left + slot / 2)) }, []);
    },
    tellPlace() {
      const [name, , shape] = state.rows()[state.layer()];
      const text = `${name}, ${times(shape)}`;
      fill(
        scroller,
        { "aria-valuemax": state.rows().length - 1, "aria-valuenow": state.layer(), "aria-valuetext": text },
        [],
      );
    },
    reveal() {
      const { left, slot } = placed.boxes[state.layer()];
      const [from, to] = [scroller.scrollLeft, scroller.scrollLeft + scroller.clientWidth];
      if (left - 24 < from || left + slot + 24 > to) scroller.scrollLeft = left + slot / 2 - scroller.clientWidth / 2;
    },
  };
}

/** @param {Fig} fig */
function listenToKeys(fig, scroller, { go, layer, rows }) {
  keys(fig, scroller, { move: (dr, dc) => go(layer() + dc - dr), home: () => go(0), end: () => go(rows().length - 1) });
  fig.listen(scroller, "keydown", (event) => {
    const by = { PageUp: 10, PageDown: -10 }[event.key]; // up is more, as on every slider
    if (!by) return;
    event.preventDefault();
    go(layer() + by);
  });
}

/** @param {Fig} fig */
function listenToMouse(fig, inner, state, slotAt, tell) {
  const under = (event) => slotAt(event.clientX - inner.getBoundingClientRect().left);
  const hover = (index) => {
    if (index === state.hovered) return;
    state.hovered = index;
    tell();
  };
  fig.listen(inner, "click", (event) => state.go(under(event)));
  fig.listen(inner, "pointermove", (event) => event.pointerType === "mouse" && hover(under(event)));
  fig.listen(inner, "pointerleave", () => hover(null));
}

// A band over the slot of a layer; null: over none.
function mark(band, placed, index) {
  band.hidden = index === null;
  if (index === null) return;
  const { left, slot } = placed.boxes[index];
  Object.assign(band.style, { left: `${left}px`, width: `${slot}px` });
}

// A box from the side: front, roof and right side.
function solid({ x, w, h: height, away }, kind) {
  const y = TOP + (TALL + height + away) / 2; // of its lower edge
  const [right, top] = [x + w, y - height];
  const face = (name, ...points) => svg("polygon", { class: `cl-net-${name}`, points: points.join(" ") });
  return svg(
    "g",
    { class: `cl-net-${KINDS[kind]}` },
    face("roof", [x, top], [right, top], [right + away, top - away], [x + away, top - away]),
    face("side", [right, y], [right, top], [right + away, top - away], [right + away, y - away]),
    face("front", [x, y], [right, y], [right, top], [x, top]),
  );
}

// Names and shapes under the boxes, where there is room for them.
function names(list, { boxes, width }) {
  const texts = list.map(([name, , shape]) => [name, shape.join("×")]);
  const widths = texts.map(([name, shape]) => Math.max(7 * name.length, 8 * shape.length)); // at most, at 12 pixels
  return labelled(boxes, widths, width).flatMap((i) => {
    const x = boxes[i].left + boxes[i].slot / 2;
    return [
      svg("line", { x1: x, x2: x, y1: TOP + TALL + 5, y2: TOP + TALL + 11 }),
      ...texts[i].map((text, line) => svg("text", { x, y: TOP + TALL + 23 + 15 * line }, text)),
    ];
  });
}

// Bars of what stands in column `part` of the rows.
function makeStrip({ t }, what, part) {
  const title = named("caption", "p");
  const bars = svg("svg", { class: "cl-net-bars", height: STRIP });
  const draw = (list, { boxes, width: all }) => {
    const most = Math.max(...list.map((row) => row[part]));
    const total = sums(list).total[what];
    const name = list.find((row) => row[part] === most)[0];
    const values = { what: t(what), total: format(total), share: share(most, total), name };
    title.textContent = t(most ? "tallest" : "none", values);
    const bar = (row, i) => {
      const { left, slot } = boxes[i];
      const [width, height] = [Math.min(28, slot - 2), Math.max(1, (row[part] / most) * (STRIP - 2))];
      const shape = { x: left + (slot - width) / 2, y: STRIP - height, width, height };
      return svg("rect", { class: `cl-net-${KINDS[row[1]]}`, ...shape });
    };
    bars.replaceChildren(
      ...list.flatMap((row, i) => (row[part] ? [bar(row, i)] : [])),
      svg("line", { x1: 0, x2: "100%", y1: STRIP - 0.5, y2: STRIP - 0.5 }),
    );
    bars.setAttribute("width", all);
  };
  return { title, bars, draw };
}

// ---- the layer that is read: facts, its field in the image, and where the network's numbers are ----

/** @param {Fig} fig */
function makePanel(fig, state) {
  const { t } = fig;
  const steps = ["previous", "next"].map((key, i) =>
    button(fig, { label: i ? "→" : "←", name: t(key), onClick: () => state.go(state.layer() + (i ? 1 : -1)) }),
  );
  const heading = named("heading", "p");
  const facts = named("facts", "dl");
  const image = svg("svg", { class: "cl-net-image", role: "img" });
  const imageName = h("p", { class: "cl-name" });
  const legend = named("kinds", "table");
  fig.stage.append(
    named("layer", "div", {}, named("steps", "div", {}, ...steps.map((one) => one.el), heading), facts),
    named("picture", "div", {}, imageName, image),
    named("where", "div", {}, legend),
  );
  return {
    build: () => drawLegend(fig, legend, state.rows()),
    draw() {
      const [list, index] = [state.rows(), state.read()];
      const [[, , input], [name, kind, , , , field, jump]] = [list[0], list[index]];
      steps[0].enable(state.layer() > 0);
      steps[1].enable(state.layer() < list.length - 1);
      heading.textContent = t(index ? "place" : "image", { name, kind: t(KINDS[kind]), i: index, n: list.length - 1 });
      const lines = factsOf(fig, list, index);
      facts.replaceChildren(...lines.map(([key, text]) => h("div", {}, h("dt", {}, t(key)), h("dd", {}, text))));
      fig.say(sentence(fig, state.networks()[state.chosen()], index));
      imageName.textContent = t("picture", { h: input[0], w: input[1] });
      image.setAttribute("aria-label", `${imageName.textContent}: ${sees(fig, field, input)}`);
      drawField(image, input, field, jump);
    },
  };
}

/** @param {Fig} fig */
function factsOf(fig, list, index) {
  const { t } = fig;
  const [, , shape, parameters, adds, field, jump] = list[index];
  const { total } = sums(list);
  const part = (n, all) => (n ? t("of", { n: format(n), share: share(n, all), total: format(all) }) : "0");
  return [
    ["shape", t(shape.length === 1 ? "vector" : "numbers", { shape: times(shape), n: format(size(shape)) })],
    ["parameters", part(parameters, total.parameters)],
    ["adds", part(adds, total.adds)],
    ["field", sees(fig, field, list[0][2])],
    ["apart", jump ? t("shift", { n: format(jump) }) : t("noGrid")],
  ];
}

// In a network that is a chain, a layer is told by what it makes of the layer before it.
/** @param {Fig} fig */
function sentence(fig, [, chain, list], index) {
  const [name, , shape, parameters, adds, field] = list[index];
  return fig.t(index ? "now" : "start", {
    name,
    change: chain && index ? `${times(list[index - 1][2])} → ${times(shape)}` : times(shape),
    shape: times(shape),
    parameters: format(parameters),
    adds: format(adds),
    field: sees(fig, field, list[0][2]),
  });
}

function drawField(image, [H, W], field, jump) {
  const edge = Math.max(H, W) / 40;
  image.setAttribute("viewBox", `${-edge} ${-edge} ${W + 2 * edge} ${H + 2 * edge}`);
  const [x, y, width, height] = seen([H, W], field);
  const rect = (name, x, y, width, height) => svg("rect", { class: `cl-net-${name}`, x, y, width, height });
  const beside = jump && field && x + width + jump <= W ? [rect("beside", x + jump, y, width, height)] : [];
  image.replaceChildren(rect("pixels", 0, 0, W, H), rect("seen", x, y, width, height), ...beside);
}

function drawLegend({ t }, legend, list) {
  const { total, kinds } = sums(list);
  const line = (kind, sum) =>
    h(
      "tr",
      {},
      h("th", { scope: "row" }, named(`swatch cl-net-${kind}`, "span"), t("some", { kind: t(kind), n: sum.layers })),
      ...["parameters", "adds"].map((key) => h("td", {}, share(sum[key], total[key]))),
    );
  legend.replaceChildren(
    h("caption", {}, t("where", { n: total.layers, parameters: format(total.parameters), adds: format(total.adds) })),
    h("thead", {}, h("tr", {}, ...["kind", "parameters", "adds"].map((key) => h("th", { scope: "col" }, t(key))))),
    h("tbody", {}, ...kinds.flatMap((sum, i) => (sum.layers ? [line(KINDS[i], sum)] : []))),
  );
}

/** @param {Fig} fig */
function table(fig, state) {
  const { t } = fig;
  fig.table.clear();
  fig.table(
    state.networks()[state.chosen()][0],
    ["layer", "kind", "shape", "size", "parameters", "adds", "field"].map((key) => t(key)),
    state
      .rows()
      .map(([name, kind, shape, parameters, adds, field]) => [
        name,
        t(KINDS[kind]),
        times(shape),
        ...[size(shape), parameters, adds].map((n) => format(n)),
        field ? t("pixels", { n: format(field) }) : t("whole"),
      ]),
  );
}

export default { render };
