// @ts-check

// A filter of 3 × 3 over a photograph, the page's or the reader's own, and the map of its answers.

import { button, choice, figure, format, h, range } from "./frame.js";
import { bitmapOf, openCamera, takeFiles } from "./pictures.js";
import PHRASES from "./photo_edges.json" with { type: "json" };
/** @import { Fig } from "./frame.js" */

const SIDE = 320; // pixels of a picture's longer side: a camera's film is filtered as it comes
const BLUE = [0, 114, 178];
const ORANGE = [213, 94, 0];

// ---- arithmetic: an image is { height, width, data }, row by row ----

// Bytes of red, green, blue and alpha → 0 (black) to 1 (white), weighted as `cnnlab.data.read_picture` does.
export function gray({ height, width, data }) {
  const values = new Float32Array(height * width);
  for (let i = 0; i < values.length; i++) {
    values[i] = (0.2125 * data[4 * i] + 0.7154 * data[4 * i + 1] + 0.0721 * data[4 * i + 2]) / 255;
  }
  return { height, width, data: values };
}

// Cross-correlation without padding, stride 1.
export function correlate({ height: H, width: W, data }, kernel) {
  const [f, g] = [kernel.length, kernel[0].length];
  const [height, width] = [H - f + 1, W - g + 1];
  const out = new Float32Array(height * width);
  for (let r = 0, at = 0; r < height; r++)
    for (let c = 0; c < width; c++, at++)
      for (let i = 0; i < f; i++) for (let j = 0; j < g; j++) out[at] += kernel[i][j] * data[(r + i) * W + c + j];
  return { height, width, data: out };
}

// A filter's map by its name; "strength" is the length of the arrow with Sobel's two answers as its sides.
export function mapOf(image, name, kernels) {
  if (name !== "strength") return correlate(image, kernels[name]);
  const [one, two] = ["vertical", "horizontal"].map((way) => correlate(image, kernels[`sobel_${way}`]));
  return { ...one, data: one.data.map((value, i) => Math.hypot(value, two.data[i])) };
}

// The `count` strongest places, [{ row, column, value }, …], counted from 0; no two of them are neighbours.
export function strongest({ width, data }, count) {
  const order = [...data.keys()].sort((a, b) => Math.abs(data[b]) - Math.abs(data[a]) || a - b);
  const found = [];
  for (const i of order) {
    const [row, column] = [Math.floor(i / width), i % width];
    const near = found.some((one) => Math.max(Math.abs(one.row - row), Math.abs(one.column - column)) < 8);
    if (!near) found.push({ row, column, value: data[i] });
    if (found.length === count) break;
  }
  return found;
}

// ---- the figure ----

/** @param {{ model: import("./frame.js").Model, el: Element }} context */
function render({ model, el }) {
  const fig = figure({ model, el, words: PHRASES, title: "title" });
  const { t } = fig;
  fig.el.classList.add("ph");
  const state = { image: null, film: false };
  const [seen, map] = [sheet(t("seen")), sheet("")];
  const kernel = h("p", { class: "ph-kernel" });
  const drawn = h("div", { class: "ph-sheets" }, seen.el, map.el);
  const names = [...Object.keys(fig.get("kernels")), "strength"];
  const options = names.map((name) => [name, t(name)]);
  const pick = choice(fig, { label: t("filter"), options, onChange: (name) => fig.set({ kernel: name }) });
  const draw = () => {
    const name = fig.get("kernel");
    pick.set(name);
    kernel.replaceChildren(...written(fig.get("kernels")[name]).map((line) => h("span", {}, line)));
    if (!state.image) return;
    const made = mapOf(state.image, name, fig.get("kernels"));
    paint(seen.canvas, state.image, false);
    paint(map.canvas, made, extremes(made.data)[0] < 0);
    map.name.textContent = t("map", { h: made.height, w: made.width, filter: t(name) });
    map.canvas.setAttribute("aria-label", map.name.textContent);
    if (!state.film) tell(fig, made, name);
  };
  const take = (bitmap) => {
    state.image = gray(pixelsOf(bitmap));
    draw();
  };
  fig.controls.append(pick.el, ...makeSources(fig, state, take, draw));
  fig.stage.append(kernel, drawn);
  fig.hint.textContent = t("hint");
  const first = new Image();
  first.onload = () => !state.image && take(first);
  first.src = fig.get("photo");
  fig.draws(draw);
  return fig.remove;
}

/** @param {string} text */
function sheet(text) {
  const name = h("p", { class: "cl-name" }, text);
  const canvas = h("canvas", { role: "img", "aria-label": text });
  return { name, canvas, el: h("div", { class: "ph-sheet" }, name, canvas) };
}

// The rows of a kernel; none for "strength", which has two.
const written = (kernel) => (kernel ?? []).map((row) => row.map((value) => format(value)).join("  "));

const extremes = (data) => data.reduce(([a, b], value) => [Math.min(a, value), Math.max(b, value)], [0, 0]);

function pixelsOf(bitmap) {
  const scale = Math.min(1, SIDE / Math.max(bitmap.width, bitmap.height));
  const [width, height] = [bitmap.width, bitmap.height].map((n) => Math.max(3, Math.round(n * scale)));
  const el = h("canvas", { width, height });
  const pen = el.getContext("2d", { willReadFrequently: true });
  pen.fillStyle = "#fff";
  pen.fillRect(0, 0, width, height);
  pen.drawImage(bitmap, 0, 0, width, height);
  bitmap.close?.();
  return pen.getImageData(0, 0, width, height);
}

// Gray, from the least to the most; or white for 0, blue for more, orange for less.
function paint(el, { height, width, data }, signed) {
  const [least, most] = extremes(data);
  const full = Math.max(most, -least) || 1;
  const picture = new ImageData(width, height);
  for (let i = 0; i < data.length; i++) {
    const share = Math.abs(data[i]) / full;
    const colour = data[i] < 0 ? ORANGE : BLUE;
    const pixel = signed ? colour.map((n) => 255 + (n - 255) * share) : range(3).map(() => 255 * share);
    picture.data.set([...pixel, 255], 4 * i);
  }
  Object.assign(el, { width, height });
  el.getContext("2d").putImageData(picture, 0, 0);
}

/** @param {Fig} fig */
function tell(fig, made, name) {
  const { t } = fig;
  const places = strongest(made, 5).map((one) => [one.row + 1, one.column + 1, format(one.value)]);
  const [r, c, value] = places[0];
  fig.say(t("now", { filter: t(name), h: made.height, w: made.width, r, c, value }));
  fig.table.clear();
  fig.table(t("places", { filter: t(name) }), [t("rowHead"), t("column"), t("value")], places);
}

// ---- the reader's own pictures ----

/** @param {Fig} fig */
function makeSources(fig, state, take, draw) {
  const { t } = fig;
  let [close, opening] = [null, false];
  const complain = ({ key, values }) => fig.explain(t(key ?? "noPicture", values));
  const stop = () => {
    close?.();
    close = null;
    state.film = false;
    camera.text(t("camera"));
    draw();
  };
  const read = (file) => {
    stop();
    fig.explain("");
    if (!file) return fig.explain(t("noPicture"));
    bitmapOf(file).then(take).catch(complain);
  };
  const input = h("input", { type: "file", accept: "image/*", hidden: "", "aria-label": t("own") });
  takeFiles(fig, input, read);
  const own = button(fig, { label: t("own"), onClick: () => input.click() });
  const start = async () => {
    if (opening) return; // the browser is asking
    if (close) return stop();
    fig.explain("");
    const gone = (key) => {
      stop();
      fig.explain(t(key));
    };
    state.film = opening = true; // of a film, nothing is read out
    close = await openCamera(async (bitmap) => take(bitmap), gone).catch((error) => complain(error));
    opening = false;
    state.film = Boolean(close);
    if (!close) return;
    camera.text(t("cameraStop"));
  };
  const camera = button(fig, { label: t("camera"), onClick: start });
  fig.onRemove(() => close?.());
  return [own.el, input, camera.el];
}

export default { render };
