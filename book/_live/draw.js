// @ts-check

// Canvases of the living network: the picture with what lies on it, and the maps of single units.

import { format, h } from "../../cnnlab/widgets/frame.js";

const BLUE = [90, 175, 255];
const ORANGE = [255, 150, 50];
const WHITE = [255, 255, 255];

// Whole, but one decimal below a tenth.
export const percent = (share) => `${format(100 * share, share < 0.1 ? 1 : 0)} %`;

// ---- in slices ----

const SLICE = 8; // milliseconds of work, and then the page may scroll and hear its reader

export const pause = () => new Promise((done) => setTimeout(done));

// Does one job after another, a slice of them at a time, until `isOld()` says that nobody needs the rest.
/**
 * @param {(() => void)[]} jobs
 * @param {() => boolean} isOld
 */
export async function inSlices(jobs, isOld) {
  let began = -Infinity; // what calls it has had its slice
  for (const job of jobs) {
    if (performance.now() - began > SLICE) {
      await pause();
      if (isOld()) return;
      began = performance.now();
    }
    job();
  }
}

// ---- canvases ----

export const canvas = (size, attributes = {}) => h("canvas", { width: size, height: size, role: "img", ...attributes });

// Largest absolute value and the least, of one channel of a volume (H · W · C) or of a map with C = 1.
export function extremes(data, C = 1, channel = 0) {
  let [least, most] = [Infinity, -Infinity];
  for (let i = channel; i < data.length; i += C) {
    if (data[i] < least) least = data[i];
    if (data[i] > most) most = data[i];
  }
  return { least, most };
}

// One channel as gray from black, 0, to white; where there are negative numbers, blue is more than 0 and orange less. The
// first layer alone has 300,000 numbers on the page, for each picture of the camera: nothing is made for a single one.
/** @param {HTMLCanvasElement} el */
export function paintUnit(el, { data, height, width, C }, channel) {
  const { least, most } = extremes(data, C, channel);
  const strongest = Math.max(most, -least) || 1;
  const picture = new ImageData(width, height);
  const above = least < 0 ? BLUE : WHITE;
  for (let i = 0, at = 0; i < height * width; i++) {
    const value = data[i * C + channel];
    const full = value < 0 ? ORANGE : above;
    const share = Math.abs(value) / strongest;
    for (let c = 0; c < 3; c++) picture.data[at++] = full[c] * share;
    picture.data[at++] = 255;
  }
  [el.width, el.height] = [width, height];
  el.getContext("2d").putImageData(picture, 0, 0);
}

// A filter of the first layer, 3 × 3 × 3, as a picture: gray is 0.
export function paintFilter(el, { filters, scale }, unit) {
  const C = scale.length;
  const most = Array.from({ length: 27 }, (_, i) => Math.abs(filters[i * C + unit])).reduce((a, b) => Math.max(a, b));
  const picture = new ImageData(3, 3);
  for (let i = 0; i < 9; i++)
    for (let c = 0; c < 4; c++) {
      picture.data[4 * i + c] = c === 3 ? 255 : 127 + (127 * filters[(3 * i + c) * C + unit]) / (most || 1);
    }
  [el.width, el.height] = [3, 3];
  el.getContext("2d").putImageData(picture, 0, 0);
}

// A map over the picture: orange where it speaks for the class, blue where against, nothing where it says nothing.
/** @param {HTMLCanvasElement} el */
export function paintHeat(el, values, size) {
  const { least, most } = extremes(values);
  const strongest = Math.max(most, -least) || 1;
  const small = new ImageData(size, size);
  values.forEach((value, i) => {
    small.data.set([...(value < 0 ? BLUE : ORANGE), (200 * Math.abs(value)) / strongest], 4 * i);
  });
  const pen = el.getContext("2d");
  const sheet = h("canvas", { width: size, height: size });
  sheet.getContext("2d").putImageData(small, 0, 0);
  pen.imageSmoothingEnabled = true;
  pen.imageSmoothingQuality = "high";
  pen.drawImage(sheet, 0, 0, el.width, el.height);
}

// A box [top, left, bottom, right] in pixels; all else is darker.
/** @param {HTMLCanvasElement} el */
export function paintBox(el, [top, left, bottom, right]) {
  const pen = el.getContext("2d");
  pen.fillStyle = "rgb(0 0 0 / 45%)";
  pen.fillRect(0, 0, el.width, el.height);
  pen.clearRect(left, top, right - left, bottom - top);
  for (const [colour, width] of [
    ["#fff", 5],
    ["#8a2fc4", 3],
  ]) {
    Object.assign(pen, { strokeStyle: colour, lineWidth: width });
    pen.strokeRect(left + 1.5, top + 1.5, Math.max(1, right - left - 3), Math.max(1, bottom - top - 3));
  }
}

// The strongest places of a map (size × size): [{ row, column, value }], largest first; of equal ones, the first.
export function strongest(values, size, count = 5, C = 1, channel = 0) {
  const best = [];
  for (let i = 0; i < size * size; i++) {
    const value = values[i * C + channel];
    if (best.length === count && !(value > best.at(-1).value)) continue;
    const after = best.findIndex((one) => value > one.value);
    best.splice(after < 0 ? best.length : after, 0, { row: Math.floor(i / size) + 1, column: (i % size) + 1, value });
    best.length = Math.min(best.length, count);
  }
  return best;
}
