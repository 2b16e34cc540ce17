// @ts-check

// The segmentation explorer: of a map of probabilities, what lies above a threshold, laid over the picture and counted.

import { choice, figure, fill, format, h, range, svg, uid } from "./frame.js";
import { slider } from "./boxes.js";
import PHRASES from "./segmentation_explorer.json" with { type: "json" };
/** @import { Fig } from "./frame.js" */

const [TN, TP, FP, FN] = [0, 1, 2, 3]; // of a pixel: what became of it

// ---- arithmetic: a plane holds probabilities from 0 to 255, and a pixel is found from the threshold on ----

export function outcomes(truth, plane, label, threshold) {
  const kind = (found, there) => (found ? (there ? TP : FP) : there ? FN : TN);
  return Array.from(plane, (value, i) => kind(value >= 255 * threshold, truth[i] === label));
}

// How many pixels have each probability: all of them, and those where the class is. It answers for every threshold at once.
export function histogram(truth, plane, label) {
  const [all, there] = [range(256).map(() => 0), range(256).map(() => 0)];
  plane.forEach((value, i) => {
    all[value] += 1;
    there[value] += Number(truth[i] === label);
  });
  return { all, there };
}

// Pixels right, too many, missed, and rightly left out.
export function counts({ all, there }, threshold) {
  const sum = (list, low) => list.reduce((total, many, value) => total + (value >= low ? many : 0), 0);
  const [found, tp, objects, pixels] = [
    sum(all, 255 * threshold),
    sum(there, 255 * threshold),
    sum(there, 0),
    sum(all, 0),
  ];
  return { tp, fp: found - tp, fn: objects - tp, tn: pixels - found - objects + tp };
}

// null where the class is neither there nor found: 0 / 0.
export function overlapScores({ tp, fp, fn }) {
  const wrong = fp + fn;
  return tp + wrong ? { dice: (2 * tp) / (2 * tp + wrong), iou: tp / (tp + wrong) } : { dice: null, iou: null };
}

// Dice at the thresholds 0, 0.01, … 1.
export const diceCurve = (one) => range(101).map((percent) => overlapScores(counts(one, percent / 100)).dice);

// ---- the figure ----

/** @param {{ model: import("./frame.js").Model, el: Element }} context */
function render({ model, el }) {
  const fig = figure({ model, el, words: PHRASES, title: "title" });
  fig.el.classList.add("seg");
  const setControls = makeControls(fig);
  const overlay = makeOverlay(fig);
  const numbers = makeNumbers(fig);
  const curve = makeCurve(fig);
  fig.stage.append(
    h("div", { class: "seg-view" }, ...overlay.els),
    h("div", { class: "seg-read" }, fig.status, numbers.el, ...curve.els),
  );
  fig.hint.textContent = fig.t("hint");
  let there = true;
  fig.onRemove(() => (there = false));
  const start = (bytes) => {
    if (!there) return;
    const data = makeData(fig, bytes);
    fig.draws(() => {
      const now = derive(fig, data);
      setControls();
      overlay.draw(now);
      numbers.draw(now);
      curve.draw(now);
      fig.say(fig.t(now.here.dice === null ? "absent" : "now", now.words));
      tables(fig, data, now);
    });
  };
  Promise.all(["masks", "probabilities"].map((name) => unpack(fig.get(name)))).then(start, () =>
    fig.explain(fig.t("old")),
  );
  return fig.remove;
}

// Bytes that zlib compressed, from base64.
async function unpack(text) {
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

// The names of the classes; those that the figure knows, in the page's language.
const namesOf = ({ get, t }) =>
  get("names").map((name) => {
    const phrase = t(`class ${name}`);
    return phrase === `class ${name}` ? name : phrase;
  });

// Of each image and each class: truth, probabilities, what the truth calls the class, and the histogram.
function makeData({ get }, [masks, probabilities]) {
  const [[H, W], labels] = [get("size"), get("labels")];
  const cut = (bytes, i) => bytes.subarray(i * H * W, (i + 1) * H * W);
  return get("images").map((_, n) =>
    labels.map((label, c) => {
      const [truth, plane] = [cut(masks, n), cut(probabilities, n * labels.length + c)];
      return { truth, plane, label, histogram: histogram(truth, plane, label) };
    }),
  );
}

// Counts and scores of class c in these images, taken together.
function judge(images, c, threshold) {
  const each = images.map((classes) => counts(classes[c].histogram, threshold));
  const sum = (key) => each.reduce((total, one) => total + one[key], 0);
  const all = { tp: sum("tp"), fp: sum("fp"), fn: sum("fn"), tn: sum("tn") };
  return { ...all, ...overlapScores(all) };
}

// All that is drawn, and `words`, what phrases fill in.
/** @param {Fig} fig */
function derive(fig, data) {
  const [n, c, threshold] = [fig.get("shown"), fig.get("chosen"), fig.get("threshold")];
  const one = data[n][c];
  const kinds = outcomes(one.truth, one.plane, one.label, threshold);
  const [here, all] = [[data[n]], data].map((images) => judge(images, c, threshold));
  const words = {
    ...Object.fromEntries(Object.entries(here).map(([key, value]) => [key, written(fig, value)])),
    n: n + 1,
    name: namesOf(fig)[c],
    t: format(threshold),
  };
  return { ...one, n, threshold, kinds, here, all, words };
}

const written = ({ t }, value) => (value === null ? t("noValue") : format(value, 3));

// ---- controls ----

const OVERLAYS = ["agreement", "truth", "prediction", "probability"];

/** @param {Fig} fig */
function makeControls(fig) {
  const { t } = fig;
  const number = (name) => (value) => fig.set({ [name]: Number(value) });
  const options = {
    shown: range(fig.get("images").length).map((i) => [i, i + 1]),
    chosen: namesOf(fig).map((name, i) => [i, name]),
    overlay: OVERLAYS.map((name) => [name, t(name)]),
  };
  const onChange = { shown: number("shown"), chosen: number("chosen"), overlay: (overlay) => fig.set({ overlay }) };
  const controls = [
    ...Object.keys(options).map((name) => ({
      name,
      ...choice(fig, { label: t(name), options: options[name], onChange: onChange[name] }),
    })),
    ...["threshold", "opacity"].map((name) => ({ name, ...slider(fig, { label: t(name), onChange: number(name) }) })),
  ];
  fig.controls.append(...controls.filter(({ name }) => options[name]?.length !== 1).map((one) => one.el));
  return () => controls.forEach((one) => one.set(fig.get(one.name)));
}

// ---- the picture ----

// What is laid over a pixel: red, green, blue, and the stripes that it has; in the gaps it is a third as strong.
const LAYERS = {
  right: [64, 160, 255, null],
  more: [255, 106, 0, (x, y) => (x + y) % 8 < 4],
  missed: [255, 230, 0, (x, y) => (x - y + 4096) % 8 < 4],
  found: [190, 110, 255, null],
};
const OF_KIND = {
  agreement: { [TP]: "right", [FP]: "more", [FN]: "missed" },
  truth: { [TP]: "right", [FN]: "right" },
  prediction: { [TP]: "found", [FP]: "found" },
};
const KEYS = {
  agreement: ["right", "more", "missed"],
  truth: ["right"],
  prediction: ["found"],
  probability: ["found"],
};

/** @param {Fig} fig */
function makeOverlay(fig) {
  const { t } = fig;
  const [H, W] = fig.get("size");
  const scale = Math.max(1, Math.floor(400 / Math.max(H, W))); // stripes are finer than the picture's pixels
  const name = h("p", { class: "cl-name" });
  const image = h("img", { alt: "", width: W, height: H });
  const over = h("canvas", { width: W * scale, height: H * scale, role: "img" });
  const keys = h("p", { class: "seg-keys" });
  const draw = ({ n, kinds, plane, words }) => {
    const [overlay, opacity] = [fig.get("overlay"), fig.get("opacity")];
    const source = fig.get("images")[n];
    if (image.getAttribute("src") !== source) image.src = source;
    const layer = (i) => (overlay === "probability" ? "found" : OF_KIND[overlay][kinds[i]]);
    const strength = (i) => (overlay === "probability" ? plane[i] / 255 : 1);
    const paper = new ImageData(W * scale, H * scale);
    range(H * W).forEach((i) => {
      if (!layer(i)) return;
      const [red, green, blue, stripes] = LAYERS[layer(i)];
      const alpha = 255 * opacity * strength(i);
      const [top, left] = [Math.floor(i / W) * scale, (i % W) * scale];
      for (let y = top; y < top + scale; y++)
        for (let x = left; x < left + scale; x++)
          paper.data.set([red, green, blue, stripes && !stripes(x, y) ? alpha / 3 : alpha], 4 * (y * W * scale + x));
    });
    over.getContext("2d").putImageData(paper, 0, 0);
    name.textContent = t(`${overlay}Name`, words);
    over.setAttribute("aria-label", `${t(`${overlay}Name`, words)}. ${t("pictureSays", words)}`);
    keys.replaceChildren(
      ...KEYS[overlay].map((key) =>
        h("span", { class: "seg-key" }, h("span", { class: `seg-patch seg-${key}` }), t(`${overlay} ${key}`)),
      ),
    );
  };
  return { els: [name, h("div", { class: "seg-picture" }, image, over), keys], draw };
}

// ---- numbers ----

const ROWS = ["tp", "fp", "fn", "tn", "dice", "iou"];

/** @param {Fig} fig */
function makeNumbers(fig) {
  const { t } = fig;
  const body = h("tbody");
  const many = fig.get("images").length;
  const columns = ["", t("thisImage"), ...(many > 1 ? [t("allImages", { n: many })] : [])];
  const head = h("tr", {}, ...columns.map((text) => (text ? h("th", { scope: "col" }, text) : h("td"))));
  const el = h("table", { class: "seg-numbers" }, h("thead", {}, head), body);
  const draw = ({ here, all }) => {
    const cells = (key) => (many > 1 ? [here, all] : [here]).map((one) => h("td", {}, written(fig, one[key])));
    body.replaceChildren(...ROWS.map((key) => h("tr", {}, h("th", { scope: "row" }, t(key)), ...cells(key))));
  };
  return { el, draw };
}

// ---- Dice over the threshold ----

const [LEFT, RIGHT, TOP, BOTTOM] = [30, 312, 8, 108];
const X = (share) => LEFT + (RIGHT - LEFT) * share;
const Y = (share) => BOTTOM - (BOTTOM - TOP) * share;

/** @param {Fig} fig */
function makeCurve(fig) {
  const { t } = fig;
  const name = h("p", { class: "cl-name", id: uid() });
  const text = (x, y, anchor, content) => svg("text", { x, y, "text-anchor": anchor }, content);
  const ticks = [0, 0.5, 1];
  const lines = ticks.map((n) => `M${X(0)} ${Y(n)}H${X(1)}M${X(n)} ${Y(0)}V${Y(1)}`).join("");
  const path = svg("path", { class: "seg-curve" });
  const bar = svg("path", { class: "seg-bar" });
  const el = svg(
    "svg",
    { viewBox: "0 0 320 126", role: "img", "aria-labelledby": name.id },
    svg("path", { class: "seg-grid", d: lines }),
    ...ticks.flatMap((n) => [text(X(n), 122, "middle", format(n)), text(LEFT - 5, Y(n) + 4, "end", format(n))]),
    path,
    bar,
  );
  const draw = ({ histogram: all, threshold, words }) => {
    const dice = diceCurve(all);
    const best = Math.max(...dice.map((value) => value ?? 0));
    const points = range(101).filter((i) => dice[i] !== null);
    path.setAttribute("d", points.map((i, k) => `${k ? "L" : "M"}${X(i / 100)} ${Y(dice[i])}`).join(""));
    fill(bar, { d: `M${X(threshold)} ${Y(0)}V${Y(1)}` }, []);
    const at = format(dice.indexOf(best) / 100);
    name.textContent = t(best ? "curve" : "flat", { ...words, best: format(best, 3), at });
  };
  return { els: [name, el], draw };
}

// ---- tables ----

/** @param {Fig} fig */
function tables(fig, data, { n, threshold, words }) {
  const { t } = fig;
  const head = ["class", ...ROWS].map((key) => t(key));
  const rows = (images) =>
    namesOf(fig).map((name, c) => {
      const one = judge(images, c, threshold);
      return [name, ...ROWS.map((key) => written(fig, one[key]))];
    });
  fig.table.clear();
  fig.table(t("oneTable", words), head, rows([data[n]]));
  if (data.length > 1) fig.table(t("allTable", words), head, rows(data));
}

export default { render };
