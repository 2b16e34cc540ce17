// @ts-check

// The picture with what lies on it, the guesses, and the tables to read instead.

import { button, choice, dock, format, h, keys, language } from "../../cnnlab/widgets/frame.js";
import { canvas, paintBox, paintHeat, percent, strongest } from "./draw.js";
import { SIZE, receptiveSpan } from "./lite0.js";
/** @import { Fig } from "../../cnnlab/widgets/frame.js" */

const BRUSH = 12; // pixels: radius of what the finger hides
const CURSOR = 8; // pixels: a step of the keyboard's brush
const PLACES = 14;

const SHOWN = ["picture", "class", "occlusion", "receptive"];

/** @param {Fig} fig */
export function makePicture(fig, life) {
  const { t } = fig;
  const sheet = canvas(SIZE, { "aria-hidden": "true", role: null });
  const over = canvas(SIZE, { class: "ln-over", tabindex: 0 });
  const shown = choice(fig, {
    label: t("shown"),
    options: SHOWN.map((key) => [key, t(`shown_${key}`)]),
    onChange: (key) => fig.set({ shown: key }),
  });
  const occlude = makeOcclude(fig, life);
  const note = h("p", { class: "cl-name ln-note" });
  const brush = makeBrush(fig, life, over);
  return {
    el: h("div", { class: "ln-picture" }, h("div", { class: "ln-sheet" }, sheet, over), shown.el, occlude.el, note),
    layers: [sheet, over],
    draw() {
      const pixels = new ImageData(life.answer.pixels, SIZE, SIZE);
      sheet.getContext("2d").putImageData(pixels, 0, 0);
      shown.set(fig.get("shown"));
      over.getContext("2d").clearRect(0, 0, SIZE, SIZE);
      note.textContent = [paintOver(fig, life, over), life.note].filter(Boolean).join(" ");
      over.setAttribute("aria-label", `${t(`shown_${fig.get("shown")}`)}. ${note.textContent}`);
      over.classList.toggle("ln-hiding", fig.get("tool") === "hide");
      occlude.draw();
      brush.draw();
    },
  };
}

// What is said, and the picture once more while it is out of sight: both stay in view where the reader changes something far
// below them.
/** @param {Fig} fig */
export function makeDock(fig, { layers }) {
  const again = canvas(SIZE, { class: "ln-again", "aria-hidden": "true", role: null, hidden: "" });
  const pen = again.getContext("2d");
  const draw = () => again.hidden || layers.forEach((layer) => pen.drawImage(layer, 0, 0));
  const watch = new IntersectionObserver(([{ isIntersecting }]) => {
    again.hidden = isIntersecting;
    draw();
  });
  watch.observe(layers[0]);
  fig.onRemove(() => watch.disconnect());
  const el = dock(fig, again);
  el.prepend(fig.error);
  return { el, draw };
}

// Draws what was chosen over the picture, and says what it is.
/** @param {Fig} fig */
function paintOver(fig, life, over) {
  const { t } = fig;
  const { map, target, seen } = life.answer;
  const name = life.names[target];
  if (fig.get("shown") === "class") {
    paintHeat(over, map, 7);
    const [{ row, column, value }] = strongest(map, 7, 1);
    return t("classNote", { name, row, column, value: format(value) });
  }
  if (fig.get("shown") === "occlusion") {
    if (!life.occlusion) return t("occlusionNote", { name });
    const all = new Float32Array(PLACES * PLACES);
    all.set(life.occlusion.fallen);
    paintHeat(over, all, PLACES);
    return t("occluded", { name: life.names[life.occlusion.target] });
  }
  if (fig.get("shown") !== "receptive") return "";
  if (!seen) return t("receptiveFirst");
  const [[top, bottom], [left, right]] = fig.get("place").map((n) => receptiveSpan(fig.get("stage"), n));
  paintBox(over, [top, left, bottom, right]);
  return t("receptiveNote", { height: bottom - top, width: right - left, stage: fig.get("stage") });
}

// ---- the square that hides ----

/** @param {Fig} fig */
function makeOcclude(fig, life) {
  const { t } = fig;
  let running = false;
  const bar = h("progress", { max: PLACES * PLACES, value: 0, "aria-label": t("occluding"), hidden: "" });
  const run = async () => {
    running = true;
    await life.still(); // of a film, it hides parts of the last picture
    const { target, picture } = life.answer;
    life.occlusion = { target, picture, fallen: new Float32Array(0) };
    life.draw();
    try {
      await life.worker.ask("occlude", { target }, ({ done, fallen }) => {
        bar.value = done;
        if (life.occlusion?.picture === picture) Object.assign(life.occlusion, { fallen });
        if (done % PLACES === 0) life.draw();
      });
    } catch (error) {
      fig.explain(t(error.key ?? "broken"));
    }
    running = false;
    life.draw();
  };
  const go = button(fig, {
    label: t("occlude"),
    onClick: () => (running ? life.worker.ask("stop") : run()),
  });
  return {
    el: h("div", { class: "ln-occlude" }, go.el, bar),
    draw() {
      go.el.hidden = fig.get("shown") !== "occlusion";
      bar.hidden = !running || go.el.hidden;
      go.text(t(running ? "stop" : "occlude"));
    },
  };
}

// ---- the finger that hides ----

/** @param {Fig} fig */
function makeBrush(fig, life, over) {
  let down = false;
  let cursor = [SIZE / 2, SIZE / 2];
  const hiding = () => fig.get("tool") === "hide";
  const press = ([row, column]) => {
    for (let r = 0; r < SIZE; r++)
      for (let c = 0; c < SIZE; c++) if (Math.hypot(r - row, c - column) < BRUSH) life.mask[r * SIZE + c] = 1;
    fig.set({ hidden: ++life.strokes });
  };
  const at = ({ offsetX, offsetY }) => [(offsetY / over.clientHeight) * SIZE, (offsetX / over.clientWidth) * SIZE];
  fig.listen(over, "pointerdown", (event) => {
    if (!hiding()) return;
    down = true;
    over.setPointerCapture(event.pointerId);
    press(at(event));
  });
  fig.listen(over, "pointermove", (event) => down && press(at(event)));
  for (const type of ["pointerup", "pointercancel"]) fig.listen(over, type, () => (down = false));
  keys(fig, over, {
    move: (dr, dc) => {
      cursor = [cursor[0] + CURSOR * dr, cursor[1] + CURSOR * dc].map((n) => Math.max(0, Math.min(SIZE, n)));
      life.draw();
    },
    space: () => hiding() && press(cursor),
  });
  return {
    draw() {
      if (!hiding() || document.activeElement !== over) return;
      const pen = over.getContext("2d");
      Object.assign(pen, { strokeStyle: "#8a2fc4", lineWidth: 2 });
      pen.beginPath();
      pen.arc(cursor[1], cursor[0], BRUSH, 0, 2 * Math.PI);
      pen.stroke();
    },
  };
}

// ---- the guesses ----

/** @param {Fig} fig */
export function makeGuesses(fig, life) {
  const { t } = fig;
  const rows = Array.from({ length: 5 }, (_, i) => {
    const [name, share, fill] = [h("span"), h("span", { class: "ln-percent" }), h("span", { class: "ln-fill" })];
    const track = h("span", { class: "ln-track", "aria-hidden": "true" }, fill);
    const el = h("button", { type: "button", class: "ln-guess" }, name, share, track);
    fig.listen(el, "click", () => fig.set({ target: life.answer.best[i], shown: "class" }));
    return { el, name, share, fill };
  });
  const { compare } = new Intl.Collator(language());
  const options = life.names.map((name, k) => [String(k), name]).sort(([, a], [, b]) => compare(a, b));
  const any = choice(fig, {
    label: t("target"),
    options: [["-1", t("bestGuess")], ...options],
    onChange: (k) => fig.set({ target: Number(k) }),
  });
  const list = h("ol", { class: "ln-guesses" }, ...rows.map(({ el }) => h("li", {}, el)));
  return {
    el: h("div", { class: "ln-answers" }, h("p", { class: "cl-name" }, t("guesses")), list, any.el),
    draw() {
      const { best, probabilities, target } = life.answer;
      rows.forEach(({ el, name, share, fill }, i) => {
        name.textContent = life.names[best[i]];
        share.textContent = percent(probabilities[best[i]]);
        fill.style.width = `${100 * probabilities[best[i]]}%`;
        el.setAttribute("aria-pressed", String(best[i] === target));
      });
      any.set(String(fig.get("target")));
    },
  };
}

// ---- tables ----

/** @param {Fig} fig */
export function tables(fig, life) {
  if (!fig.tables.open) return;
  const { t } = fig;
  const { best, probabilities, map, target, seen } = life.answer;
  fig.table.clear();
  fig.table(
    t("guesses"),
    [t("classHead"), t("probability")],
    best.map((k) => [life.names[k], percent(probabilities[k])]),
  );
  const places = (caption, list) =>
    fig.table(
      caption,
      ["rowHead", "columnHead", "valueHead"].map((key) => t(key)),
      list.map(({ row, column, value }) => [row, column, format(value)]),
    );
  places(t("strongestClass", { name: life.names[target] }), strongest(map, 7));
  if (life.occlusion?.fallen.length === PLACES * PLACES) {
    places(
      t("strongestOcclusion", { name: life.names[life.occlusion.target] }),
      strongest(life.occlusion.fallen, PLACES),
    );
  }
  if (!seen) return;
  const unit = fig.get("unit");
  places(
    t("strongestUnit", { n: unit + 1, stage: fig.get("stage") }),
    strongest(seen.data, seen.width, 5, seen.C, unit),
  );
}
