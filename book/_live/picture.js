// @ts-check

// What happens to a picture before the network sees it: cnnlab.architectures.prepared, number by number, and the reader's
// changes. A square is a Float32Array (size · size · 3), red, green and blue from 0 to 255.

/** @typedef {{ data: ArrayLike<number>, height: number, width: number }} Picture four bytes a pixel, as a canvas has them */
/** @typedef {{ top: number, left: number, height: number, width: number }} Box */

// The largest square in the middle. zoom ≥ 1 makes it smaller; x and y from −1 to 1 move it to the picture's edges.
/**
 * @param {{ height: number, width: number }} picture
 * @returns {Box}
 */
export function squareOf({ height, width }, { zoom = 1, x = 0, y = 0 } = {}) {
  const side = Math.max(1, Math.trunc(Math.min(height, width) / zoom));
  const start = (n, move) => Math.trunc(((n - side) / 2) * (1 + move));
  return { top: start(height, y), left: start(width, x), height: side, width: side };
}

// For each of `to` pixels: where its window among `from` pixels begins, and its weights. The window is a triangle, as wide as
// one pixel of the result, so that nothing finer than that is left to alias.
export function triangles(from, to) {
  const scale = from / to;
  const reach = Math.max(1, scale);
  return Array.from({ length: to }, (_, i) => {
    const centre = (i + 0.5) * scale;
    const first = Math.max(0, Math.ceil(centre - reach - 0.5));
    const last = Math.min(from - 1, Math.floor(centre + reach - 0.5));
    const weights = [];
    for (let j = first; j <= last; j++) weights.push(Math.max(0, 1 - Math.abs(j + 0.5 - centre) / reach));
    const sum = weights.reduce((a, b) => a + b);
    return { first, weights: weights.map((weight) => weight / sum) };
  });
}

// A part of a picture, resized without aliasing: for each row of the result, the rows that it is made of become one line,
// and then the columns of this line.
/**
 * @param {Picture} picture
 * @param {Box} box
 */
export function resized({ data, width: W }, { top, left, height, width }, size) {
  const [down, across] = [triangles(height, size), triangles(width, size)];
  const square = new Float32Array(size * size * 3);
  const line = new Float32Array(width * 3);
  let at = 0;
  for (const rows of down) {
    line.fill(0);
    rows.weights.forEach((weight, i) => {
      let pixel = 4 * ((top + rows.first + i) * W + left);
      for (let k = 0; k < line.length; pixel += 2) {
        line[k++] += weight * data[pixel++]; // red
        line[k++] += weight * data[pixel++]; // green, and below blue; the fourth byte is left out
        line[k++] += weight * data[pixel];
      }
    });
    for (const { first, weights } of across)
      for (let c = 0; c < 3; c++) {
        let sum = 0;
        for (let i = 0, k = 3 * first + c; i < weights.length; i++, k += 3) sum += weights[i] * line[k];
        square[at++] = sum;
      }
  }
  return square;
}

// (255 · image − 127) / 128, as the network was trained.
export function around0(square) {
  const made = new Float32Array(square.length);
  for (let i = 0; i < made.length; i++) made[i] = (square[i] - 127) / 128;
  return made;
}

// For a canvas: four bytes a pixel.
/** @param {ArrayLike<number>} square */
export function canvasBytes(square) {
  const made = new Uint8ClampedArray((square.length / 3) * 4).fill(255);
  for (let i = 0, at = 0; i < square.length; i += 3, at += 4) for (let c = 0; c < 3; c++) made[at + c] = square[i + c];
  return made;
}

// ---- the reader's changes: each takes a square and gives a new one ----

const side = (square) => Math.sqrt(square.length / 3);
const clamp = (value, most) => Math.max(0, Math.min(most, value));

// Turned clockwise about its middle, bilinear; what comes in at the corners mirrors the picture.
export function turned(square, degrees) {
  if (degrees % 360 === 0) return square;
  const n = side(square);
  const [sin, cos] = [Math.sin((degrees * Math.PI) / 180), Math.cos((degrees * Math.PI) / 180)];
  const middle = (n - 1) / 2;
  const mirrored = (i) => (i < 0 ? -i - 1 : i >= n ? 2 * n - 1 - i : i);
  const made = new Float32Array(square.length);
  for (let r = 0, at = 0; r < n; r++)
    for (let c = 0; c < n; c++, at += 3) {
      const y = middle + cos * (r - middle) - sin * (c - middle);
      const x = middle + sin * (r - middle) + cos * (c - middle);
      const [top, left] = [Math.floor(y), Math.floor(x)];
      for (let i = 0; i < 2; i++)
        for (let j = 0; j < 2; j++) {
          const weight = Math.abs(1 - i - (y - top)) * Math.abs(1 - j - (x - left));
          const from = 3 * (mirrored(top + i) * n + mirrored(left + j));
          for (let k = 0; k < 3; k++) made[at + k] += weight * square[from + k];
        }
    }
  return made;
}

// A Gaussian of standard deviation sigma, in pixels, out to 4 of them; at the border the last pixel is repeated.
export function blurred(square, sigma) {
  if (!sigma) return square;
  const reach = Math.round(4 * sigma);
  const bell = Array.from({ length: 2 * reach + 1 }, (_, i) => Math.exp(-0.5 * ((i - reach) / sigma) ** 2));
  const sum = bell.reduce((a, b) => a + b);
  const window = bell.map((weight) => weight / sum);
  return transposed(down(transposed(down(square, window)), window));
}

// Each row becomes the weighted sum of the rows around it.
function down(square, window) {
  const n = side(square);
  const [rows, made] = [Float32Array.from(square), new Float32Array(square.length)];
  for (let r = 0; r < n; r++) {
    const out = made.subarray(3 * n * r, 3 * n * (r + 1));
    window.forEach((weight, k) => {
      const from = 3 * n * clamp(r + k - (window.length >> 1), n - 1);
      for (let i = 0; i < out.length; i++) out[i] += weight * rows[from + i];
    });
  }
  return made;
}

function transposed(square) {
  const n = side(square);
  const made = new Float32Array(square.length);
  for (let r = 0, at = 0; r < n; r++)
    for (let c = 0; c < n; c++, at += 3) for (let k = 0; k < 3; k++) made[3 * (c * n + r) + k] = square[at + k];
  return made;
}

// Gray by luminance, as cnnlab.data.photo does it.
export function grayed(square) {
  const made = new Float32Array(square.length);
  for (let i = 0; i < square.length; i += 3) {
    made.fill(0.2125 * square[i] + 0.7154 * square[i + 1] + 0.0721 * square[i + 2], i, i + 3);
  }
  return made;
}

// Gaussian noise of standard deviation sigma, always the same for the same seed.
export function noisy(square, sigma, seed = 1) {
  if (!sigma) return square;
  let state = seed;
  const random = () => {
    state = (state + 0x6d2b79f5) | 0; // Mulberry32
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  return square.map((value) => clamp(value + sigma * normal(), 255));
}

// Another picture beside it, in the right half, or behind it, outside a disc in the middle.
export function joined(square, other, how) {
  if (!other || how === "none") return square;
  const n = side(square);
  const made = square.slice();
  for (let r = 0; r < n; r++)
    for (let c = 0; c < n; c++) {
      const away = Math.hypot(r - (n - 1) / 2, c - (n - 1) / 2);
      if (how === "beside" ? c < n / 2 : away < DISC * n) continue;
      const at = 3 * (r * n + c);
      for (let k = 0; k < 3; k++) made[at + k] = other[at + k];
    }
  return made;
}
export const DISC = 0.36; // radius, as a share of the side

// What is hidden is 127, the middle of what the network was trained on. hidden: a byte for each pixel, or null.
export function covered(square, hidden) {
  if (!hidden) return square;
  return square.map((value, i) => (hidden[Math.floor(i / 3)] ? 127 : value));
}

export const CHANGES = { zoom: 1, x: 0, y: 0, turn: 0, blur: 0, gray: false, noise: 0, join: "none" };

// All changes, in this order.
/** @param {Picture} picture */
export function changed(picture, changes, size, other = null, hidden = null) {
  return altered(resized(picture, squareOf(picture, changes), size), changes, other, hidden);
}

// Those of them that come after the crop.
/** @param {Float32Array} cropped */
export function altered(cropped, changes, other = null, hidden = null) {
  const { turn, blur, gray, noise, join } = { ...CHANGES, ...changes };
  let square = blurred(joined(turned(cropped, turn), other, join), blur);
  if (gray) square = grayed(square);
  return covered(noisy(square, noise), hidden);
}
