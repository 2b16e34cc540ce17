// @ts-check

// Embedding explorer: encodings in a plane, as they move through training, with the picture behind each, and its nearest.

import { choice, figure, fill, format, h, keys, language, numberBox, range, svg, toggle } from "./frame.js";
import { player } from "./player.js";
import { slider, within } from "./boxes.js";
import PHRASES from "./embedding_explorer.json" with { type: "json" };
/** @import { Fig } from "./frame.js" */

const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const HUES = 8;
const BEAT = 900;
const ROOM = 6; // percent of the plane that is left free at each edge

// ---- arithmetic ----

// How points of all snapshots lie in a square of 100 × 100, y going down, with one scale for both directions: their least x,
// their largest y, the scale, and what is left free in front.
export function fit(snapshots) {
  const all = snapshots.flat();
  const [xs, ys] = [0, 1].map((axis) => all.map((point) => point[axis]));
  const least = (values) => values.reduce((a, b) => Math.min(a, b));
  const most = (values) => values.reduce((a, b) => Math.max(a, b));
  const [left, top] = [least(xs), most(ys)];
  const [width, height] = [most(xs) - left, top - least(ys)];
  const scale = (100 - 2 * ROOM) / (Math.max(width, height) || 1);
  return { left, top, scale, free: [(100 - scale * width) / 2, (100 - scale * height) / 2] };
}

// Where a point lies in that square.
export const placed = ([x, y], { left, top, scale, free }) => [
  free[0] + scale * (x - left),
  free[1] + scale * (top - y),
];

// The point that an arrow key leads to: the nearest of those that lie more in that direction than across it. Of points in one
// place, those of higher numbers lie right and below. null: there is none.
export function toward(points, from, [dr, dc]) {
  const found = range(points.length).map((i) => {
    const [dx, dy] = [points[i][0] - points[from][0], points[i][1] - points[from][1]];
    const along = dc * dx + dr * dy;
    const across = Math.abs(dr * dx) + Math.abs(dc * dy);
    const same = !dx && !dy;
    return {
      i,
      same,
      far: Math.hypot(dx, dy),
      good: same ? (i - from) * (dr + dc) > 0 : along > 0 && along > across - 1e-9,
    };
  });
  const best = found.reduce(
    (one, other) =>
      other.good && (!one || other.far < one.far || (other.same && one.same && dr + dc < 0)) ? other : one,
    /** @type {{ i: number, same: boolean, far: number, good: boolean } | null} */ (null),
  );
  return best && best.i;
}

// How many points have a nearest point of the same label.
export const agreeing = (nearest, labels) => nearest.filter((j, i) => labels[j] === labels[i]).length;

// ---- the figure ----

/** @param {{ model: import("./frame.js").Model, el: Element }} context */
function render({ model, el }) {
  const fig = figure({ model, el, words: PHRASES, title: "title" });
  const { t } = fig;
  fig.el.classList.add("ee");
  const data = makeData(fig);
  const setControls = makeControls(fig, data);
  const drawPlane = makePlane(fig, data);
  const card = makeCard(fig, data);
  fig.stage.append(h("div", { class: "ee-text" }, fig.status, card.el, makeLegend(fig, data)));
  fig.hint.textContent = t("hint");
  if (data.size > 2) fig.hint.before(makeNote(fig, data));

  let listed = -1;
  fig.draws(() => {
    const now = derive(fig, data);
    setControls(now);
    drawPlane(now);
    card.draw(now);
    fig.say(sentence(fig, data, now));
    if (listed !== now.at) tables(fig, data, now); // and not for each picture that one looks at
    listed = now.at;
  });
  return fig.remove;
}

// What Python gave, where the points lie in the plane, and a mark for each label: itself, or a letter.
/** @param {Fig} fig */
function makeData(fig) {
  const [snapshots, steps, labels, names] = ["snapshots", "steps", "labels", "names"].map(fig.get);
  const [pictures, nearest, distances, size] = ["pictures", "nearest", "distances", "size"].map(fig.get);
  const view = fit(snapshots);
  const places = snapshots.map((points) => points.map((point) => placed(point, view)));
  const short = names.every((name) => [...name].length === 1);
  const marks = names.map((name, i) => (short ? name : LETTERS[i]));
  const look = (label) => `ee-hue${label % HUES}${label < HUES ? "" : " ee-square"}`;
  const n = labels.length;
  return { snapshots, steps, labels, names, pictures, nearest, distances, size, places, marks, look, n };
}

// All that is drawn: the snapshot `at`, the chosen point `i`, and its nearest, `j`.
/** @param {Fig} fig */
function derive(fig, { steps, nearest, labels, places, n }) {
  const at = Math.min(fig.get("position"), steps.length - 1);
  const i = Math.min(fig.get("chosen"), n - 1);
  const agree = agreeing(nearest[at], labels);
  return { at, i, j: nearest[at][i], agree, here: places[at], only: fig.get("only"), photos: fig.get("as_pictures") };
}

const percent = (value) =>
  new Intl.NumberFormat(language(), { style: "percent", maximumFractionDigits: 0 }).format(value);

// ---- controls ----

/** @param {Fig} fig */
function makeControls(fig, data) {
  const { t } = fig;
  const last = data.steps.length - 1;
  const at = () => Math.min(fig.get("position"), last);
  const go = (to) => fig.set({ position: within(to, 0, last) });
  const step = () => {
    if (at() === last) return false;
    go(at() + 1);
    return true;
  };
  const ways = { step, back: () => go(at() - 1), all: () => go(last), reset: () => go(0) };
  const buttons = player(fig, { ...ways, ended: () => at() === last, beat: BEAT });
  const moment = slider(fig, {
    label: t("moment"),
    max: last,
    step: 1,
    text: (i) => format(data.steps[i]),
    onChange(to) {
      buttons.pause();
      go(to);
    },
  });
  const labels = data.names.map((name, i) => [i + 1, data.marks[i] === name ? name : `${data.marks[i]}: ${name}`]);
  const only = choice(fig, {
    label: t("only"),
    options: [[0, t("everything")], ...labels],
    onChange: (value) => fig.set({ only: Number(value) }),
  });
  const pick = numberBox(fig, { label: t("number"), min: 1, max: data.n, onChange: (i) => fig.set({ chosen: i - 1 }) });
  const photos = toggle(fig, { label: t("photos"), onChange: (on) => fig.set({ as_pictures: on }) });
  fig.controls.append(moment.el, only.el, pick.el, ...(data.pictures.length ? [photos.el] : []));
  fig.stage.after(buttons.el);
  return (now) => {
    moment.set(now.at);
    only.set(now.only);
    pick.set(now.i + 1);
    photos.set(now.photos);
  };
}

// ---- the plane ----

/** @param {Fig} fig */
function makePlane(fig, data) {
  const { t } = fig;
  const marks = data.labels.map((label, i) => {
    const picture = data.pictures[i];
    const photo = picture && h("img", { src: picture, alt: "", draggable: "false" });
    return h("span", { "data-point": i }, h("span", {}, data.marks[label]), photo);
  });
  const [way, link] = ["way", "link"].map((kind) => svg("path", { class: `ee-${kind}` }));
  const lines = svg("svg", { viewBox: "0 0 100 100", preserveAspectRatio: "none" }, way, link);
  const ends = { "aria-valuemin": 1, "aria-valuemax": data.n, "aria-label": t("plane", { n: data.n }) };
  const layer = h("div", { class: "ee-layer", "aria-hidden": "true" }, lines, ...marks);
  const el = h("div", { class: "ee-plane", role: "slider", tabindex: 0, ...ends }, layer);
  listen(fig, data, el);
  fig.stage.append(h("div", { class: "ee-left" }, el));
  return (now) => {
    const { here, i, j, only, photos } = now;
    el.classList.toggle("ee-photos", photos && data.pictures.length > 0);
    marks.forEach((mark, k) => {
      const label = data.labels[k];
      const state = [k === i && "ee-now", k === j && "ee-nearest", only && only !== label + 1 && "ee-dim"];
      mark.className = ["ee-mark", data.look(label), ...state].filter(Boolean).join(" ");
      mark.style.cssText = `left: ${here[k][0]}%; top: ${here[k][1]}%`;
    });
    way.setAttribute("d", `M${data.places.map((points) => points[i].join(" ")).join("L")}`);
    link.setAttribute("d", `M${here[i].join(" ")}L${here[j].join(" ")}`);
    fill(el, { "aria-valuenow": i + 1, "aria-valuetext": about(fig, data, now) }, []);
  };
}

// A point is chosen by pointing at it, and by keys: arrows go to the next point in their direction.
/** @param {Fig} fig */
function listen(fig, data, el) {
  const choose = (i) => i !== fig.get("chosen") && fig.set({ chosen: i });
  const under = (event) => event.target.closest("[data-point]")?.dataset.point;
  for (const type of ["pointerover", "pointerdown"])
    fig.listen(el, type, (event) => under(event) && choose(Number(under(event))));
  keys(fig, el, {
    move(...arrow) {
      const { here, i } = derive(fig, data);
      choose(toward(here, i, arrow) ?? i);
    },
    home: () => choose(0),
    end: () => choose(data.n - 1),
  });
}

// ---- what is told about the chosen point ----

/** @param {Fig} fig */
function makeCard(fig, data) {
  const { t } = fig;
  const part = (key) => {
    const image = h("img", { alt: "" });
    const mark = h("span");
    const name = h("span");
    const number = h("span");
    const words = h("span", { class: "ee-words" }, h("span", { class: "cl-name" }, t(key)), number, name);
    image.hidden = !data.pictures.length;
    const draw = (i) => {
      const label = data.labels[i];
      if (data.pictures[i]) image.src = data.pictures[i];
      image.alt = t("picture", { i: i + 1, name: data.names[label] });
      mark.className = `ee-mark ${data.look(label)}`;
      mark.textContent = data.marks[label];
      number.textContent = t("numbered", { i: i + 1 });
      name.replaceChildren(mark, data.marks[label] === data.names[label] ? "" : ` ${data.names[label]}`);
    };
    return { el: h("div", { class: "ee-one" }, image, words), draw };
  };
  const [own, near] = ["own", "near"].map(part);
  const far = h("span", { class: "ee-far" });
  near.el.querySelector(".ee-words")?.append(far);
  const draw = ({ at, i, j }) => {
    own.draw(i);
    near.draw(j);
    far.textContent = t("far", { distance: format(data.distances[at][i], 3) });
  };
  return { el: h("div", { class: "ee-card" }, own.el, near.el), draw };
}

/** @param {Fig} fig */
function makeLegend({ t }, { names, marks, look }) {
  const item = (name, i) => {
    const mark = h("span", { class: `ee-mark ${look(i)}` }, marks[i]);
    return h("li", {}, mark, marks[i] === name ? "" : ` ${name}`);
  };
  return h("ul", { class: "ee-legend", "aria-label": t("labels") }, ...names.map(item));
}

/** @param {Fig} fig */
const makeNote = (fig, { size }) => {
  const kept = percent(fig.get("kept").at(-1));
  return h("p", { class: "cl-hint" }, fig.t("note", { size, kept }));
};

/** @param {Fig} fig */
function about({ t }, { labels, names, distances }, { at, i, j }) {
  const distance = format(distances[at][i], 3);
  return t("about", { i: i + 1, name: names[labels[i]], j: j + 1, other: names[labels[j]], distance });
}

/** @param {Fig} fig */
function sentence(fig, data, now) {
  const words = { step: format(data.steps[now.at]), agree: now.agree, n: data.n, share: percent(now.agree / data.n) };
  return `${fig.t("now", words)} ${about(fig, data, now)}`;
}

/** @param {Fig} fig */
function tables(fig, { snapshots, steps, labels, names, nearest, distances, n }, { at }) {
  const { t } = fig;
  const share = (one) => {
    const agree = agreeing(one, labels);
    return [agree, percent(agree / n)];
  };
  fig.table.clear();
  fig.table(
    t("byStep"),
    [t("moment"), t("agree"), t("share")],
    nearest.map((one, s) => [format(steps[s]), ...share(one)]),
  );
  const row = (label, i) => {
    const j = nearest[at][i];
    const [x, y] = snapshots[at][i].map((value) => format(value, 3));
    return [i + 1, names[label], x, y, j + 1, names[labels[j]], format(distances[at][i], 3)];
  };
  const head = [t("number"), t("label"), "x", "y", t("near"), t("itsLabel"), t("distance")];
  fig.table(t("byPoint", { step: format(steps[at]) }), head, labels.map(row));
}

export default { render };
