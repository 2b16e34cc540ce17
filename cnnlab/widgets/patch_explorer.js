// @ts-check

// Patch explorer: the patches that excite a unit most, what a deconvnet makes of them, and where they lie.

import { choice, figure, fill, h, keys, language, range, uid } from "./frame.js";
import PHRASES from "./patch_explorer.json" with { type: "json" };
/** @import { Fig } from "./frame.js" */

const ACROSS = 3; // patches in a row

// ---- arithmetic ----

// Where a tile of a sheet is found, in percent, as CSS counts it for a background.
export const tileAt = (column, row, columns, rows) => [
  columns > 1 ? (100 * column) / (columns - 1) : 0,
  rows > 1 ? (100 * row) / (rows - 1) : 0,
];

// A box [left, top, right, bottom] in percent of a picture: [left, top, width, height].
export const share = ([left, top, right, bottom], [height, width]) => [
  (100 * left) / width,
  (100 * top) / height,
  (100 * (right - left)) / width,
  (100 * (bottom - top)) / height,
];

// The patch to which an arrow leads, of `count` in rows of three; the same if there is none.
export function neighbour(i, [dr, dc], count) {
  const c = (i % ACROSS) + dc;
  const to = i + ACROSS * dr + dc;
  return c < 0 || c >= ACROSS || to < 0 || to >= count ? i : to;
}

// Three digits, whatever the size of the number.
const short = (value) =>
  new Intl.NumberFormat(language(), { maximumSignificantDigits: 3 }).format(value).replace("-", "−");

// ---- the figure ----

/** @param {{ model: import("./frame.js").Model, el: Element }} context */
function render({ model, el }) {
  const fig = figure({ model, el, words: PHRASES, title: "title" });
  fig.el.classList.add("pe");
  const setControls = makeControls(fig);
  const drawPatches = makePatches(fig);
  const drawPhoto = makePhoto(fig);
  fig.hint.textContent = fig.t("hint");
  let listed = "";
  fig.draws(() => {
    const now = derive(fig);
    setControls(now);
    drawPatches(now);
    drawPhoto(now);
    fig.say(sentence(fig, now));
    if (listed !== `${now.l} ${now.u}`) table(fig, now); // and not for each patch that one looks at
    listed = `${now.l} ${now.u}`;
  });
  return fig.remove;
}

// Everything that is drawn: the layer `l`, its unit `u`, and of its patches number `p`.
/** @param {Fig} fig */
function derive(fig) {
  const layers = fig.get("layers");
  const l = Math.min(fig.get("layer"), layers.length - 1);
  const layer = layers[l];
  const u = Math.min(fig.get("unit"), layer.units.length - 1);
  const { unit, patches } = layer.units[u];
  const p = Math.min(fig.get("patch"), patches.length - 1);
  const patch = patches[p];
  const columns = Math.max(...layer.units.map((one) => one.patches.length));
  return { l, u, p, layer, unit, patches, patch, columns, rows: layer.units.length };
}

// Shows a tile of a sheet, which the element around it holds as --sheet or --back.
function showTile(el, sheet, column, row, { columns, rows, layer }) {
  const [x, y] = tileAt(column, row, columns, rows);
  el.style.backgroundImage = `var(--${sheet})`;
  el.style.backgroundSize = `${100 * columns}% ${100 * rows}%`;
  el.style.backgroundPosition = `${x}% ${y}%`;
  el.classList.toggle("pe-coarse", layer.tile < 24);
}

// ---- controls ----

/** @param {Fig} fig */
function makeControls(fig) {
  const { t } = fig;
  const layers = fig.get("layers");
  const pick = choice(fig, {
    label: t("layer"),
    options: layers.map(({ name }, i) => [String(i), name]),
    onChange: (value) => fig.set({ layer: Number(value), unit: 0, patch: 0 }),
  });
  const most = Math.max(...layers.map(({ units }) => units.length));
  const units = range(most).map((u) => {
    const [tile, name] = [h("span", { class: "pe-tile" }), h("span")];
    const el = h("button", { type: "button", class: "pe-unit" }, tile, name);
    fig.listen(el, "click", () => fig.set({ unit: u, patch: 0 }));
    return { el, tile, name };
  });
  const label = h("p", { class: "cl-name", id: uid() }, t("units"));
  const row = h(
    "div",
    { class: "pe-units", role: "group", "aria-labelledby": label.id },
    ...units.map((one) => one.el),
  );
  fig.controls.append(pick.el, h("div", { class: "pe-choose" }, label, row));
  return (now) => {
    const { layer, l, u } = now;
    fig.el.style.setProperty("--sheet", `url("${layer.sprite}")`);
    fig.el.style.setProperty("--back", layer.deconvolutions ? `url("${layer.deconvolutions}")` : "none");
    pick.set(String(l));
    units.forEach(({ el, tile, name }, i) => {
      el.hidden = i >= layer.units.length;
      if (el.hidden) return;
      el.setAttribute("aria-pressed", String(i === u));
      el.setAttribute("aria-label", t("unit", { unit: layer.units[i].unit }));
      name.textContent = layer.units[i].unit;
      showTile(tile, "sheet", 0, i, now);
    });
  };
}

// ---- patches ----

/** @param {Fig} fig */
function makePatches(fig) {
  const { t } = fig;
  const has = fig.get("layers").some(({ deconvolutions }) => deconvolutions);
  const grids = [nine(fig, "sheet", t("patches")), ...(has ? [nine(fig, "back", t("deconvolutions"))] : [])];
  fig.stage.append(...grids.map((one) => one.el));
  return (now) => grids.forEach((grid) => grid.draw(now));
}

// Up to nine tiles in rows of three. One is chosen by a press, and by arrow keys.
/** @param {Fig} fig */
function nine(fig, sheet, caption) {
  const { t } = fig;
  const tiles = range(ACROSS * ACROSS).map(() => h("span", { class: "pe-tile", role: "img" }));
  const cells = tiles.map((tile) => h("td", { role: "gridcell" }, tile));
  const rows = range(ACROSS).map((r) => h("tr", {}, ...cells.slice(ACROSS * r, ACROSS * (r + 1))));
  const name = h("p", { class: "cl-name", id: uid() }, caption);
  const table = h("table", { class: "pe-nine", role: "grid", "aria-labelledby": name.id }, h("tbody", {}, ...rows));
  const count = () => derive(fig).patches.length;
  const choose = (patch) => fig.set({ patch });
  fig.listen(table, "click", ({ target }) => {
    const i = cells.indexOf(target.closest("td"));
    if (i < 0 || i >= count()) return;
    choose(i);
    cells[i].focus();
  });
  keys(fig, table, {
    move: (...arrow) => choose(neighbour(derive(fig).p, arrow, count())),
    home: () => choose(0),
    end: () => choose(count() - 1),
  });
  const draw = (now) => {
    const inside = table.contains(document.activeElement);
    cells.forEach((td, i) => {
      const there = i < now.patches.length;
      tiles[i].hidden = !there;
      td.removeAttribute("tabindex");
      fill(td, { "aria-selected": String(i === now.p), tabindex: there ? (i === now.p ? 0 : -1) : null }, []);
      if (!there) return;
      const { value, picture } = now.patches[i];
      tiles[i].setAttribute(
        "aria-label",
        t("tile", { i: i + 1, value: short(value), picture: fig.get("numbers")[picture] }),
      );
      showTile(tiles[i], sheet, i, now.u, now);
    });
    if (inside) cells[now.p].focus();
  };
  return { el: h("div", { class: "pe-holder" }, name, table), draw };
}

// ---- the photograph ----

/** @param {Fig} fig */
function makePhoto(fig) {
  const [photos, sizes, numbers] = ["photos", "sizes", "numbers"].map(fig.get);
  const image = h("img", { alt: "", draggable: "false" });
  const box = h("span", { class: "pe-box" });
  const name = h("p", { class: "cl-name" });
  const photo = h("div", { class: "pe-photo" }, image, box);
  fig.stage.append(h("div", { class: "pe-holder" }, name, photo));
  return ({ patch }) => {
    const [height, width] = sizes[patch.picture];
    const text = fig.t("photo", { picture: numbers[patch.picture] });
    name.textContent = text;
    fill(image, { src: photos[patch.picture], alt: text }, []);
    photo.style.aspectRatio = `${width} / ${height}`;
    const names = ["left", "top", "width", "height"];
    share(patch.box, [height, width]).forEach((value, i) => box.style.setProperty(names[i], `${value}%`));
  };
}

// ---- words ----

const place = ({ box: [left, top, right, bottom] }) => [`${top}–${bottom - 1}`, `${left}–${right - 1}`];

/** @param {Fig} fig */
function sentence(fig, { layer, unit, p, patches, patch }) {
  const [rows, columns] = place(patch);
  const [left, top, right, bottom] = patch.box;
  const size = { h: bottom - top, w: right - left };
  const number = fig.get("numbers")[patch.picture];
  const words = { layer: layer.name, unit, i: p + 1, n: patches.length, value: short(patch.value), picture: number };
  return fig.t("now", { ...words, ...size, rows, columns });
}

/** @param {Fig} fig */
function table(fig, { layer, unit, patches }) {
  const { t } = fig;
  fig.table.clear();
  fig.table(
    t("caption", { layer: layer.name, unit }),
    ["patch", "answer", "pictureHead", "rows", "columns"].map((key) => t(key)),
    patches.map((one, i) => [i + 1, short(one.value), fig.get("numbers")[one.picture], ...place(one)]),
  );
}

export default { render };
