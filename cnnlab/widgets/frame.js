// @ts-check

// The frame of every interactive figure. A script imports what it uses from here; `modules.py` joins both into one ES
// module, with no bundler.
//
//   const fig = figure({ model, el, words, title: "key" });   // section with title, controls, stage, table, hint
//   fig.t("key", { n: 3 })      a phrase in the page's language ("en" unless <html lang="es">); {n} is filled in
//   fig.get("name")             state;  fig.set({ name: value }) writes it and tells Python (always pass new arrays)
//   fig.draws(draw)             calls draw() now and, once for each batch, whenever the state changes
//   fig.say(text)               status line, read out; fig.explain(text) an error in words ("" clears it)
//   fig.controls.append(…)      numberBox, choice, toggle, button: each { el, set(value) }; onChange gets the value
//   fig.table(caption, head, rows)   rewrites the tables under "Show as table" (fig.table.clear() first);
//   fig.table.numbers(caption, matrix)   does so for a matrix, null being a cell that is not computed yet
//   return fig.remove;          from render: stops timers and listeners
//
// The words of the frame itself are in `frame.json`; those of a figure, in `<name>.json`, have other keys. Ids come from
// uid(), unique in the page.

import WORDS from "./frame.json" with { type: "json" };

export const language = () => (document.documentElement.lang.toLowerCase().startsWith("es") ? "es" : "en");

/** @typedef {Record<"en" | "es", Record<string, string>>} Words */
/**
 * What a widget's code gets of its state.
 * @typedef {object} Model
 * @property {(name: string) => any} get
 * @property {(name: string, value: any) => void} set
 * @property {() => void} save_changes
 * @property {(event: string, callback: () => void) => void} on
 * @property {(event: string, callback: () => void) => void} off
 */
/** @typedef {ReturnType<typeof figure>} Fig */

// ---- numbers ----

// A number as it is shown everywhere: two decimals at most, three below a tenth; halves away from zero, a real minus, no −0.
/**
 * @param {number} value
 * @param {number} [digits]
 */
export function format(value, digits = Math.abs(value) < 0.1 ? 3 : 2) {
  const options = { maximumFractionDigits: digits, signDisplay: /** @type {const} */ ("negative") };
  return new Intl.NumberFormat(language() === "es" ? "es" : "en", options).format(value).replace("-", "−");
}

// A factor of a written-out product: negative numbers in brackets.
export const factor = (value) => (value < 0 ? `(${format(value)})` : format(value));

// 0 … n − 1.
/** @param {number} n */
export const range = (n) => Array.from({ length: n }, (_, i) => i);

// Cells that a filter of size f spans, holes included.
export const span = (f, dilation = 1) => dilation * (f - 1) + 1;

// ⌊(n + p_before + p_after − span) / s⌋ + 1, or 0 where the filter does not fit. Padding: a number or [before, after].
/**
 * @param {number} n
 * @param {number} f
 * @param {number | number[]} padding
 */
export function outputSize(n, f, padding = 0, stride = 1, dilation = 1) {
  const [before, after] = Array.isArray(padding) ? padding : [padding, padding];
  const room = n + before + after - span(f, dilation);
  return room < 0 ? 0 : Math.floor(room / stride) + 1;
}

// ---- elements ----

const COUNTER = Symbol.for("cnnlab.uid"); // shared by all figures of the page, whatever module they come from
export const uid = (prefix = "cl") => `${prefix}-${(globalThis[COUNTER] = (globalThis[COUNTER] ?? 0) + 1)}`;

/**
 * @template {Element} T
 * @param {T} node
 * @param {Record<string, any>} attributes
 * @param {any[]} children
 */
export function fill(node, attributes, children) {
  for (const [key, value] of Object.entries(attributes))
    if (value !== false && value != null) node.setAttribute(key, value);
  node.append(...children.filter((child) => child != null));
  return node;
}
/**
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {Record<string, any>} [attributes] what is false or null is left out
 * @param {...any} children
 * @returns {HTMLElementTagNameMap[K]}
 */
export const h = (tag, attributes = {}, ...children) => fill(document.createElement(tag), attributes, children);
/**
 * @template {keyof SVGElementTagNameMap} K
 * @param {K} tag
 * @param {Record<string, any>} [attributes]
 * @param {...any} children
 * @returns {SVGElementTagNameMap[K]}
 */
export const svg = (tag, attributes = {}, ...children) =>
  fill(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);

// ---- the figure ----

/** @param {{ model: Model, el: Element, words: Words, title: string }} options */
export function figure({ model, el, words, title }) {
  const lang = language();
  const stop = new AbortController();
  const jobs = [() => stop.abort()];
  const t = (key, values = {}) => {
    const phrase = words[lang]?.[key] ?? WORDS[lang][key] ?? key;
    return phrase.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
  };
  const parts = sectionParts(t, t(title), lang);
  const fig = {
    t,
    ...parts,
    get: (name) => model.get(name),
    set(changes) {
      for (const [name, value] of Object.entries(changes)) model.set(name, value);
      model.save_changes();
    },
    listen: (target, type, callback) => target.addEventListener(type, callback, { signal: stop.signal }),
    onRemove: (job) => jobs.push(job),
    remove() {
      for (const job of jobs.splice(0)) job();
      fig.el.remove();
    },
    say(text) {
      if (fig.status.textContent !== text) fig.status.textContent = text;
    },
    explain(text) {
      fig.error.textContent = text;
      fig.error.hidden = !text;
    },
    draws(draw) {
      let waiting = false;
      const changed = () => {
        if (waiting) return;
        waiting = true;
        queueMicrotask(() => {
          waiting = false;
          if (!stop.signal.aborted) draw();
        });
      };
      model.on("change", changed);
      jobs.push(() => model.off("change", changed));
      draw();
    },
  };
  el.append(fig.el);
  return fig;
}

// The section of a figure: `el`, what stands in it, and table(…), which fills the folded part of it.
function sectionParts(t, name, lang) {
  const part = (tag, kind, attributes = {}, ...children) => h(tag, { class: `cl-${kind}`, ...attributes }, ...children);
  const id = uid("cl-title");
  const tables = h("div");
  const parts = {
    title: part("p", "title", { id }, name),
    controls: part("div", "controls"),
    error: part("p", "error", { role: "alert", hidden: "" }),
    stage: part("div", "stage"),
    status: part("p", "status", { role: "status" }),
    tables: part("details", "tables", {}, h("summary", {}, t("table")), tables),
    hint: part("p", "hint"),
  };
  const section = { class: "cnnlab", role: "group", "aria-labelledby": id, lang };
  return { ...parts, el: h("div", section, ...Object.values(parts)), table: tableWriter(t, tables) };
}

function tableWriter(t, tables) {
  const table = (caption, head, rows) => {
    const row = ([first, ...others]) =>
      h("tr", {}, h("th", { scope: "row" }, first), ...others.map((text) => h("td", {}, text)));
    const whole = h(
      "table",
      {},
      h("caption", {}, caption),
      h("thead", {}, h("tr", {}, ...head.map((text) => h("th", { scope: "col" }, text)))),
      h("tbody", {}, ...rows.map(row)),
    );
    tables.append(h("div", { class: "cl-scroll", tabindex: 0, role: "group", "aria-label": caption }, whole));
  };
  table.numbers = (caption, matrix) => {
    const head = [t("rowHead"), ...matrix[0].map((_, c) => t("columnName", { c: c + 1 }))];
    const text = (value) => (value === null ? t("empty") : format(value));
    const rows = matrix.map((row, r) => [r + 1, ...row.map(text)]);
    table(caption, head, rows);
  };
  table.clear = () => tables.replaceChildren();
  return table;
}

// Buttons and what they have just brought: they stay in view as long as the figure is, however tall it is.
/** @type {(fig: Fig, buttons: Element) => Element} */
export const dock = (fig, buttons) => h("div", { class: "cl-dock" }, buttons, fig.status);

// ---- controls ----

/**
 * @param {Fig} fig
 * @param {{ label: string | Node, name?: string, onClick: () => void }} options
 */
export function button(fig, { label, name, onClick }) {
  const el = h("button", { type: "button", class: "cl-button", "aria-label": name }, label);
  fig.listen(el, "click", () => el.getAttribute("aria-disabled") !== "true" && onClick());
  // A button that is really disabled loses the keyboard's focus, so this one says so and does nothing.
  return {
    el,
    enable: (on) => el.setAttribute("aria-disabled", String(!on)),
    text: (label) => (el.textContent = label),
  };
}

// A whole number with − and +. onChange may return false: the number goes back to what it was.
// `name` is what a screen reader says where the label alone does not tell which one it is.
/**
 * @param {Fig} fig
 * @param {{ label: string, name?: string, min?: number, max?: number, value?: number, onChange: (value: number) => any }} options
 */
export function numberBox(fig, { label, name = label, min = 0, max = 99, value = min, onChange }) {
  const input = h("input", { type: "text", inputmode: "numeric", id: uid(), autocomplete: "off", "aria-label": name });
  const change = (next) => {
    const good = /^\s*\d+\s*$/.test(String(next)) && Number(next) >= min && Number(next) <= max;
    fig.explain(good ? "" : fig.t("badWhole", { label: name, text: next, min, max, value }));
    if (good && Number(next) !== value) {
      const old = value;
      value = Number(next);
      if (onChange(value) === false) value = old;
    }
    input.value = String(value);
  };
  const nudge = (by, sign, key) =>
    button(fig, { label: sign, name: fig.t(key, { label: name }), onClick: () => change(value + by) }).el;
  fig.listen(input, "change", () => change(input.value));
  fig.listen(input, "keydown", (event) => {
    const by = { ArrowUp: 1, ArrowDown: -1 }[event.key];
    if (!by) return;
    event.preventDefault();
    change(value + by);
  });
  input.value = String(value);
  const el = h(
    "div",
    { class: "cl-field" },
    h("label", { for: input.id }, label),
    h("span", { class: "cl-number" }, nudge(-1, "−", "less"), input, nudge(1, "+", "more")),
  );
  return { el, set: (next, most = max) => ((max = most), (input.value = value = next)) };
}

// options: [[value, text], …]; values are strings.
/**
 * @param {Fig} fig
 * @param {{ label: string, options: any[][], onChange: (value: string) => void }} options
 */
export function choice(fig, { label, options, onChange }) {
  const select = h("select", { id: uid() });
  fig.listen(select, "change", () => onChange(select.value));
  const fillIn = (list) => select.replaceChildren(...list.map(([value, text]) => h("option", { value }, text)));
  fillIn(options);
  const el = h("div", { class: "cl-field" }, h("label", { for: select.id }, label), select);
  return { el, options: fillIn, get: () => select.value, set: (value) => (select.value = value) };
}

/**
 * @param {Fig} fig
 * @param {{ label: string, onChange: (on: boolean) => void }} options
 */
export function toggle(fig, { label, onChange }) {
  const box = h("input", { type: "checkbox", id: uid() });
  fig.listen(box, "change", () => onChange(box.checked));
  const el = h("div", { class: "cl-field cl-toggle" }, box, h("label", { for: box.id }, label));
  return { el, set: (on) => (box.checked = on) };
}

// Arrow keys, Home, End and Space: move(dr, dc), home(), end(), space(). What is not given is left to the page.
/** @type {Record<string, [number, number]>} */
export const ARROWS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
/**
 * @typedef {object} Keyboard
 * @property {(dr: number, dc: number) => void} [move]
 * @property {() => void} [home]
 * @property {() => void} [end]
 * @property {() => void} [space]
 * @property {() => void} [enter]
 */
/**
 * @param {Fig} fig
 * @param {Element} el
 * @param {Keyboard} actions
 */
export function keys(fig, el, { move, home, end, space, enter }) {
  const others = { Home: home, End: end, " ": space, Enter: enter };
  fig.listen(el, "keydown", (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const arrow = move && ARROWS[event.key];
    const action = arrow ? () => move(...arrow) : others[event.key];
    if (!action) return;
    event.preventDefault();
    action();
  });
}
