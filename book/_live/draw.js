// @ts-check

// Canvases of the living network: the picture with what lies on it, and the maps of single units.

import { format, h } from "../../cnnlab/widgets/frame.js";

const BLUE = [90, 175, 255];
const ORANGE = [255, 150, 50];

// Whole, but one decimal below a tenth.
export const percent = (share) => `${format(100 * share, share < 0.1 ? 1 : 0)} %`;

export const canvas = (size, attributes = {}) => h("canvas", { width: size, height: size, role: "img", ...attributes });

// Largest absolute value and the least, of one channel of a volume (H · W · C) or of a map with C = 1.
export function extremes(data, C = 1, channel = 0) {
  let [least, most] = [Infinity, -Infinity];
  for (let i = channel; i < data.length; i += C) [least, most] = [Math.min(least, data[i]), Math.max(most, data[i])];
  return { least, most };
}

// One channel as gray from black, 0, to white; where there are negative numbers, blue is more than 0 and orange less.
/** @param {HTMLCanvasElement} el */
export function paintUnit(el, { data, height, width, C }, channel) {
  const { least, most } = extremes(data, C, channel);
  const strongest = Math.max(most, -least) || 1;
  const picture = new ImageData(width, height);
  for (let i = 0; i < height * width; i++) {
    const value = data[i * C + channel];
    const full = least < 0 ? (value < 0 ? ORANGE : BLUE) : [255, 255, 255];
    const share = Math.abs(value) / strongest;
    picture.data.set([...full.map((n) => n * share), 255], 4 * i);
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

// The strongest places of a map (size × size): [{ row, column, value }], largest first.
export function strongest(values, size, count = 5, C = 1, channel = 0) {
  return Array.from({ length: size * size }, (_, i) => i)
    .sort((a, b) => values[b * C + channel] - values[a * C + channel])
    .slice(0, count)
    .map((i) => ({ row: Math.floor(i / size) + 1, column: (i % size) + 1, value: values[i * C + channel] }));
}
