// The frame of every interactive figure. `frame.py` puts this file in front of `<name>.js`: one ES module, no bundler.
//
//   const fig = figure({ model, el, words, title: "key" });   // section with title, controls, stage, table, hint
//   fig.t("key", { n: 3 })      a phrase in the page's language ("en" unless <html lang="es">); {n} is filled in
//   fig.get("name")             state;  fig.set({ name: value }) writes it and tells Python (always pass new arrays)
//   fig.draws(draw)             calls draw() now and, once for each batch, whenever the state changes
//   fig.say(text)               status line, read out; fig.explain(text) an error in words ("" clears it)
//   fig.controls.append(…)      numberBox, choice, toggle, button: each { el, set(value) }; onChange gets the value
//   fig.player({ step, back, all, reset, ended })  its buttons; step() returns false at the end. Nothing starts by itself
//   fig.table(caption, head, rows)   rewrites the tables under "Show as table" (fig.table.clear() first);
//   fig.table.numbers(caption, matrix)   does so for a matrix, null being a cell that is not computed yet
//   walk(fig, size)             the player of a figure that computes its output cell by cell
//   numberGrid(fig, …), slidingWindow(fig, …)      numbers in cells; a window that is dragged or moved by keys
//   return fig.remove;          from render: stops timers and listeners
//
// Words of the frame itself are in WORDS; a figure takes other keys for its own. Ids come from uid(), unique in the page.

const WORDS = {
  en: {
    play: "Play", pause: "Pause", step: "Step", back: "Back", all: "All", reset: "Start over", table: "Show as table",
    less: "{label}: less", more: "{label}: more", row: "row {r}, column {c}", rowHead: "Row", columnName: "column {c}", empty: "not computed yet", use: "Use these numbers",
    badNumber: "“{text}” in row {r} is not a number. Type numbers with a decimal point, separated by spaces.",
    ragged: "Row {r} has {got} numbers, and the first row has {expected}. All rows need the same.",
    noNumbers: "There are no numbers. Type one row on each line.",
    tooBig: "{h} × {w} is too big for this figure: at most {most} × {most}.",
    badWhole: "{label}: “{text}” is not a whole number from {min} to {max}. It stays {value}.",
  },
  es: {
    play: "Reproducir", pause: "Pausa", step: "Avanzar", back: "Atrás", all: "Todo", reset: "Empezar de nuevo", table: "Ver como tabla",
    less: "{label}: menos", more: "{label}: más", row: "fila {r}, columna {c}", rowHead: "Fila", columnName: "columna {c}", empty: "aún sin calcular", use: "Usar estos números",
    badNumber: "«{text}», en la fila {r}, no es un número. Escriba números con punto decimal, separados por espacios.",
    ragged: "La fila {r} tiene {got} números y la primera tiene {expected}. Todas necesitan los mismos.",
    noNumbers: "No hay números. Escriba una fila en cada línea.",
    tooBig: "{h} × {w} es demasiado grande para esta figura: como mucho, {most} × {most}.",
    badWhole: "{label}: «{text}» no es un número entero de {min} a {max}. Sigue en {value}.",
  },
};

const language = () => (document.documentElement.lang.toLowerCase().startsWith("es") ? "es" : "en");

// ---- numbers ----

// A number as it is shown everywhere: two decimals at most, three below a tenth; halves away from zero, a real minus, no −0.
export function format(value, digits = Math.abs(value) < 0.1 ? 3 : 2) {
  const options = { maximumFractionDigits: digits, signDisplay: "negative" };
  return new Intl.NumberFormat(language() === "es" ? "es" : "en", options).format(value).replace("-", "−");
}

// A factor of a written-out product: negative numbers in brackets.
export const factor = (value) => (value < 0 ? `(${format(value)})` : format(value));

// 0 … n − 1.
export const range = (n) => Array.from({ length: n }, (_, i) => i);

// Cells that a filter of size f spans, holes included.
export const span = (f, dilation = 1) => dilation * (f - 1) + 1;

// ⌊(n + p_before + p_after − span) / s⌋ + 1, or 0 where the filter does not fit. Padding: a number or [before, after].
export function outputSize(n, f, padding = 0, stride = 1, dilation = 1) {
  const [before, after] = Array.isArray(padding) ? padding : [padding, padding];
  const room = n + before + after - span(f, dilation);
  return room < 0 ? 0 : Math.floor(room / stride) + 1;
}

// [before, after] of "same", as in Keras: ⌈n / s⌉ windows; an odd zero goes after. With stride 1, n does not matter.
export function samePadding(f, dilation = 1, stride = 1, n = 1) {
  const total = Math.max(span(f, dilation) - 1 - ((n - 1) % stride), 0);
  return [Math.floor(total / 2), Math.ceil(total / 2)];
}

// A matrix with zeros around it. Padding: [[top, bottom], [left, right]].
export function padImage(image, [[top, bottom], [left, right]]) {
  const width = image[0].length + left + right;
  const zeros = (count, length) => range(count).map(() => Array(length).fill(0));
  const middle = image.map((row) => [...Array(left).fill(0), ...row, ...Array(right).fill(0)]);
  return [...zeros(top, width), ...middle, ...zeros(bottom, width)];
}

// Text with one row on each line → { matrix }, or { problem, values } for fig.t. Knows −, and fractions such as 1/9.
export function parseMatrix(text, most = 16) {
  const lines = text.split(/\r?\n/).map((line) => line.split(/[\s,;]+/).filter(Boolean)).filter((line) => line.length);
  if (!lines.length) return { problem: "noNumbers", values: {} };
  const matrix = [];
  for (const [i, line] of lines.entries()) {
    const row = [];
    for (const word of line) {
      const parts = word.replace("−", "-").split("/");
      const good = parts.length <= 2 && parts.every((part) => /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i.test(part));
      const value = parts.map(Number).reduce((a, b) => a / b);
      if (!good || !Number.isFinite(value)) return { problem: "badNumber", values: { text: word, r: i + 1 } };
      row.push(value);
    }
    matrix.push(row);
    const values = { r: i + 1, got: row.length, expected: matrix[0].length };
    if (row.length !== matrix[0].length) return { problem: "ragged", values };
  }
  const [h, w] = [matrix.length, matrix[0].length];
  return Math.max(h, w) > most ? { problem: "tooBig", values: { h, w, most } } : { matrix };
}

// ---- elements ----

const COUNTER = Symbol.for("cnnlab.uid"); // shared by all figures of the page, whatever module they come from
export const uid = (prefix = "cl") => `${prefix}-${(globalThis[COUNTER] = (globalThis[COUNTER] ?? 0) + 1)}`;

function fill(node, attributes, children) {
  for (const [key, value] of Object.entries(attributes)) if (value !== false && value != null) node.setAttribute(key, value);
  node.append(...children.filter((child) => child != null));
  return node;
}
export const h = (tag, attributes = {}, ...children) => fill(document.createElement(tag), attributes, children);
export const svg = (tag, attributes = {}, ...children) =>
  fill(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);

// ---- the figure ----

export function figure({ model, el, words, title }) {
  const lang = language();
  const stop = new AbortController();
  const jobs = [() => stop.abort()];
  const id = uid("cl-title");
  const part = (tag, name, attributes = {}) => h(tag, { class: `cl-${name}`, ...attributes });
  const fig = {
    t(key, values = {}) {
      const phrase = words[lang]?.[key] ?? WORDS[lang][key] ?? key;
      return phrase.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
    },
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
    controls: part("div", "controls"),
    error: part("p", "error", { role: "alert", hidden: "" }),
    stage: part("div", "stage"),
    status: part("p", "status", { role: "status" }),
    hint: part("p", "hint"),
  };
  fig.player = (actions) => player(fig, actions);
  const tables = h("div");
  fig.table = (caption, head, rows) => {
    const table = h("table", {}, h("caption", {}, caption),
      h("thead", {}, h("tr", {}, ...head.map((text) => h("th", { scope: "col" }, text)))),
      h("tbody", {}, ...rows.map((row) => h("tr", {}, ...row.map((text, i) => (i ? h("td", {}, text) : h("th", { scope: "row" }, text)))))));
    tables.append(h("div", { class: "cl-scroll", tabindex: 0, role: "group", "aria-label": caption }, table));
  };
  fig.table.numbers = (caption, matrix) => {
    const head = [fig.t("rowHead"), ...matrix[0].map((_, c) => fig.t("columnName", { c: c + 1 }))];
    const text = (value) => (value === null ? fig.t("empty") : format(value));
    fig.table(caption, head, matrix.map((row, r) => [r + 1, ...row.map(text)]));
  };
  fig.table.clear = () => tables.replaceChildren();
  fig.title = h("p", { class: "cl-title", id }, fig.t(title));
  fig.tables = h("details", { class: "cl-tables" }, h("summary", {}, fig.t("table")), tables);
  fig.el = h("div", { class: "cnnlab", role: "group", "aria-labelledby": id, lang },
    fig.title, fig.controls, fig.error, fig.stage, fig.status, fig.tables, fig.hint);
  el.append(fig.el);
  return fig;
}

// ---- controls ----

export function button(fig, { label, name, onClick }) {
  const el = h("button", { type: "button", class: "cl-button", "aria-label": name }, label);
  fig.listen(el, "click", () => el.getAttribute("aria-disabled") !== "true" && onClick());
  // A button that is really disabled loses the keyboard's focus, so this one says so and does nothing.
  return { el, enable: (on) => el.setAttribute("aria-disabled", String(!on)), text: (label) => (el.textContent = label) };
}

// A whole number with − and +. onChange may return false: the number goes back to what it was.
// `name` is what a screen reader says where the label alone does not tell which one it is.
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
    input.value = value;
  };
  const nudge = (by, sign, key) => button(fig, { label: sign, name: fig.t(key, { label: name }), onClick: () => change(value + by) }).el;
  fig.listen(input, "change", () => change(input.value));
  fig.listen(input, "keydown", (event) => {
    const by = { ArrowUp: 1, ArrowDown: -1 }[event.key];
    if (!by) return;
    event.preventDefault();
    change(value + by);
  });
  input.value = value;
  const el = h("div", { class: "cl-field" }, h("label", { for: input.id }, label),
    h("span", { class: "cl-number" }, nudge(-1, "−", "less"), input, nudge(1, "+", "more")));
  return { el, set: (next, most = max) => ((max = most), (input.value = value = next)) };
}

// options: [[value, text], …]; values are strings.
export function choice(fig, { label, options, onChange }) {
  const select = h("select", { id: uid() });
  fig.listen(select, "change", () => onChange(select.value));
  const fillIn = (list) => select.replaceChildren(...list.map(([value, text]) => h("option", { value }, text)));
  fillIn(options);
  const el = h("div", { class: "cl-field" }, h("label", { for: select.id }, label), select);
  return { el, options: fillIn, get: () => select.value, set: (value) => (select.value = value) };
}

export function toggle(fig, { label, onChange }) {
  const box = h("input", { type: "checkbox", id: uid() });
  fig.listen(box, "change", () => onChange(box.checked));
  const el = h("div", { class: "cl-field cl-toggle" }, box, h("label", { for: box.id }, label));
  return { el, set: (on) => (box.checked = on) };
}

// A folded box to type a matrix in. onChange gets the matrix; open() unfolds it.
export function matrixBox(fig, { label, help, most = 16, onChange }) {
  const area = h("textarea", { rows: 6, spellcheck: "false", autocomplete: "off", "aria-label": label, "aria-describedby": uid() });
  const use = () => {
    const { matrix, problem, values } = parseMatrix(area.value, most);
    fig.explain(problem ? fig.t(problem, values) : "");
    if (matrix) onChange(matrix);
  };
  const el = h("details", { class: "cl-matrix" }, h("summary", {}, label),
    h("p", { id: area.getAttribute("aria-describedby") }, help), area, button(fig, { label: fig.t("use"), onClick: use }).el);
  const write = (matrix) => matrix.map((row) => row.map((v) => Math.round(v * 1e4) / 1e4).join(" ")).join("\n");
  let shown = "";
  return {
    el,
    open() {
      el.open = true;
      area.focus();
    },
    set(matrix) {
      const text = write(matrix); // what is half typed stays, unless the state itself changes
      if (text !== shown) area.value = shown = text;
    },
  };
}

// Back, step, play, all, start over. `step` returns false when there is nothing left; `ended()` says so beforehand.
const BEAT = 900; // milliseconds
function player(fig, { step, back, all, reset, ended }) {
  let timer = null;
  const pause = () => {
    clearInterval(timer);
    timer = null;
    fig.status.setAttribute("aria-live", "polite");
    play.text(fig.t("play"));
  };
  const start = () => {
    if (ended()) reset();
    fig.status.setAttribute("aria-live", "off"); // a line read out at each beat would never end
    play.text(fig.t("pause"));
    timer = setInterval(() => step() === false && pause(), BEAT);
  };
  const flip = () => (timer ? pause() : start());
  const still = (action) => () => {
    pause();
    action();
  };
  const make = (key, onClick) => button(fig, { label: fig.t(key), onClick });
  const play = make("play", flip);
  const row = [make("back", still(back)), play, make("step", still(step)), make("all", still(all)), make("reset", still(reset))];
  fig.onRemove(() => clearInterval(timer));
  const el = h("div", { class: "cl-player" }, ...row.map((one) => one.el));
  return { el, flip, pause, playing: () => timer !== null };
}

// A walk over the cells of the output, plane by plane and in reading order, with its player. size() gives [rows, columns],
// or [planes, rows, columns]. State: `position`, the cell now, and `seen`, the cells computed; both count cells from 0.
export function walk(fig, size) {
  const clamp = (value, count) => Math.max(0, Math.min(count - 1, value));
  const count = () => size().reduce((a, b) => a * b);
  const position = () => clamp(fig.get("position"), count());
  const seen = () => new Set([...fig.get("seen").filter((i) => i < count()), position()]);
  const cell = () => {
    const [columns, rows] = size().reverse();
    const [c, line] = [position() % columns, Math.floor(position() / columns)];
    return [Math.floor(line / rows), line % rows, c];
  };
  const go = (to) => fig.set({ position: to, seen: [...seen().add(to)].sort((a, b) => a - b) });
  const at = (r, c, plane = cell()[0]) => {
    const [columns, rows] = size().reverse();
    player.pause();
    go((plane * rows + clamp(r, rows)) * columns + clamp(c, columns));
  };
  const by = (change) => {
    const to = position() + change;
    if (to < 0 || to >= count()) return false;
    go(to);
    return true;
  };
  const player = fig.player({
    step: () => by(1),
    back: () => by(-1),
    all: () => fig.set({ seen: range(count()) }),
    reset: () => fig.set({ position: 0, seen: [0] }),
    ended: () => position() === count() - 1,
  });
  const nudge = (dr, dc) => at(cell()[1] + dr, cell()[2] + dc);
  const keyboard = { home: () => at(0, 0), end: () => at(Infinity, Infinity), space: player.flip };
  return { position, count, seen, cell, at, nudge, keyboard, player };
}

// Arrow keys, Home, End and Space: move(dr, dc), home(), end(), space(). What is not given is left to the page.
const ARROWS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
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

// ---- numbers in cells ----

// Grey as in a picture, from black (low) to white (high), with the text that can be read on it.
function grey(value, low, high) {
  const level = Math.round(high > low ? (255 * (value - low)) / (high - low) : 128);
  return { background: `rgb(${level} ${level} ${level})`, color: level > 117 ? "#000" : "#fff" };
}

// Blue for positive, orange for negative, stronger with size; the number is always written too.
function signed(value, most) {
  const strength = most ? Math.round((100 * Math.abs(value)) / most) : 0;
  return { background: `color-mix(in srgb, var(--cl-${value < 0 ? "minus" : "plus"}) ${strength}%, var(--cl-cell-ground))`, color: "" };
}

// A table of numbers. caption: its visible name. pick(r, c): cells can be chosen, by click and by keys.
//   grid.draw(values, { tint: "grey" | "sign" | null, of: values that set the scale, cell(r, c, value) → options })
//     values: 2-D, null = still empty. Options: class, corner (small text), text, label, plain (no tint).
//   grid.caption(text); grid.current(r, c): the cell that Tab reaches; focus follows if it is in the grid.
export function numberGrid(fig, { caption = "", pick, keyboard = {} } = {}) {
  const name = h("p", { class: "cl-name", id: uid() }, caption);
  const body = h("tbody");
  const table = h("table", { class: "cl-grid", role: pick ? "grid" : false, "aria-labelledby": name.id }, body);
  const holder = h("div", { class: "cl-cells" }, table);
  const el = h("div", { class: "cl-holder" }, name, h("div", { class: "cl-overflow" }, holder));
  let shape = "";
  let now = [0, 0];
  const at = (r, c) => body.rows[r]?.cells[c];
  const grid = {
    el, holder, table,
    caption: (text) => (name.textContent = text),
    draw(values, { tint = null, of = values, cell = () => ({}) } = {}) {
      const [rows, columns] = [values.length, values[0].length];
      if (shape !== `${rows} ${columns}`) {
        shape = `${rows} ${columns}`;
        holder.style.setProperty("--cols", columns);
        const make = () => h("td", pick ? { role: "gridcell", tabindex: -1 } : {});
        body.replaceChildren(...range(rows).map(() => h("tr", {}, ...range(columns).map(make))));
      }
      const all = of.flat().filter((value) => value !== null);
      const [low, high] = [Math.min(0, ...all), Math.max(...all)];
      const most = Math.max(...all.map(Math.abs), 0);
      values.forEach((row, r) => row.forEach((value, c) => {
        const { text = value === null ? "" : format(value), plain, corner, label, ...rest } = cell(r, c, value) ?? {};
        const td = at(r, c);
        const paint = value === null || plain || !tint ? { background: "", color: "" } : tint === "grey" ? grey(value, low, high) : signed(value, most);
        Object.assign(td.style, paint);
        td.textContent = text;
        td.className = [rest.class, value === null && "cl-empty", text.length > 3 && (text.length > 4 ? "cl-longer" : "cl-long")].filter(Boolean).join(" ");
        if (corner != null) td.dataset.corner = corner;
        else delete td.dataset.corner;
        if (pick) td.setAttribute("aria-label", label ?? `${fig.t("row", { r: r + 1, c: c + 1 })}: ${text || fig.t("empty")}`);
      }));
      if (pick) grid.current(...now);
    },
    current(r, c) {
      const old = at(...now);
      now = [r, c];
      if (!at(r, c)) return;
      for (const td of body.querySelectorAll('[tabindex="0"]')) td.tabIndex = -1;
      at(r, c).tabIndex = 0;
      if (old !== at(r, c) && old === document.activeElement) at(r, c).focus();
    },
  };
  if (pick) {
    fig.listen(body, "click", ({ target }) => {
      const td = target.closest("td");
      if (!td) return;
      pick(td.parentNode.rowIndex, td.cellIndex);
      td.focus();
    });
    keys(fig, body, {
      move(dr, dc) {
        const [r, c] = [now[0] + dr, now[1] + dc];
        if (at(r, c)) pick(r, c);
      },
      ...keyboard,
    });
  }
  return grid;
}

// A frame over cells of a grid, dragged by pointer or moved by keys. move(r, c): the cell where its top left corner is
// wanted; nudge(dr, dc): one step by arrow key. place({ r, c, height, width, now, of, text }) puts it and tells where it is.
export function slidingWindow(fig, grid, { label, move, nudge, keyboard = {} }) {
  const el = h("div", { class: "cl-window", role: "slider", tabindex: 0, "aria-label": label, "aria-valuemin": 1 });
  let size = { height: 1, width: 1 };
  let held = null;
  const cellOf = (event) => {
    const box = grid.table.tBodies[0].getBoundingClientRect();
    const { rows } = grid.table.tBodies[0];
    return [((event.clientY - box.top) * rows.length) / box.height, ((event.clientX - box.left) * rows[0].cells.length) / box.width];
  };
  fig.listen(el, "pointerdown", (event) => {
    const [r, c] = cellOf(event);
    held = [r - size.r, c - size.c];
    el.setPointerCapture(event.pointerId);
  });
  fig.listen(el, "pointermove", (event) => {
    if (!held) return;
    const [r, c] = cellOf(event);
    move(Math.round(r - held[0]), Math.round(c - held[1]));
  });
  for (const type of ["pointerup", "pointercancel"]) fig.listen(el, type, () => (held = null));
  // A press beside the window brings its middle there.
  fig.listen(grid.table.tBodies[0], "click", (event) => {
    const [r, c] = cellOf(event);
    move(Math.round(r - size.height / 2), Math.round(c - size.width / 2));
  });
  keys(fig, el, { move: nudge, ...keyboard });
  grid.holder.append(el);
  return {
    el,
    place({ r, c, height, width, now, of, text }) {
      size = { r, c, height, width };
      for (const [key, value] of Object.entries(size)) el.style.setProperty(`--${key}`, value);
      fill(el, { "aria-valuenow": now, "aria-valuemax": of, "aria-valuetext": text }, []);
      const view = grid.holder.parentNode; // on a phone a wide image scrolls: keep the window in sight
      const cell = grid.table.clientWidth / grid.table.rows[0].cells.length;
      view.scrollLeft = Math.min(c * cell, Math.max(view.scrollLeft, (c + width) * cell + 8 - view.clientWidth));
    },
  };
}
