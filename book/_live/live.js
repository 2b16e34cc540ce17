// @ts-check

// The living network: EfficientNet-Lite0 looks at the reader's pictures, in the page. It starts when the reader says so.

import { button, choice, figure, h, language, range } from "../../cnnlab/widgets/frame.js";
import { bitmapOf, openCamera, takeFiles } from "../../cnnlab/widgets/pictures.js";
import PHRASES from "./live.json" with { type: "json" };
import { failure, lacking, makeWorker } from "./ask.js";
import { makeChanges } from "./changes.js";
import { pause, percent } from "./draw.js";
import { beginOf, makeInside } from "./inside.js";
import { CLASSES, SIZE } from "./lite0.js";
import { CHANGES } from "./picture.js";
import { fetchedBitmap } from "./sources.js";
import { makeTasks } from "./tasks.js";
import { makeDock, makePicture, makeGuesses, tables } from "./views.js";
/** @import { Fig } from "../../cnnlab/widgets/frame.js" */

export const PHOTOS = ["cat", "coffee", "astronaut", "rocket", "camera", "clock", "coins", "hubble"];
PHOTOS.push("brick", "grass", "gravel", "retina");

// The names of the classes, in the page's language.
const NAMES = { en: "classes.txt", es: "classes.es.txt" };

// What the reader has chosen. `hidden` is the number of the last stroke, or 0; the pixels are in `mask`.
const START = {
  photo: "cat",
  other: "coffee",
  changes: CHANGES,
  hidden: 0,
  target: -1, // the class whose map is shown; −1: the best guess
  shown: "class",
  stage: "",
  unit: 0,
  place: [3, 3],
  tool: "look",
};

// A figure's state, where there is no kernel to tell.
/** @param {Record<string, any>} state */
export function makeModel(state) {
  const values = { ...state };
  const listeners = new Set();
  return {
    get: (name) => values[name],
    set(name, value) {
      if (values[name] === value) return;
      values[name] = value;
      for (const listener of listeners) listener();
    },
    save_changes() {},
    on: (_, listener) => listeners.add(listener),
    off: (_, listener) => listeners.delete(listener),
  };
}

// ---- before it starts ----

/** @param {HTMLElement} el */
export function mount(el) {
  el.replaceChildren();
  const { folder, version, size } = el.dataset;
  const fig = figure({ model: makeModel(START), el, words: PHRASES, title: "title" });
  const small = el.classList.contains("ln-small"); // for a page that is about something else
  fig.el.classList.add("ln", ...(small ? ["ln-small"] : []));
  fig.tables.hidden = true;
  const place = { folder: new URL(folder, document.baseURI).href, version, size: Number(size) };
  const bar = h("progress", { max: 1, value: 0, hidden: "", "aria-label": fig.t("loading") });
  let tries = 0;
  const go = button(fig, {
    label: fig.t("start"),
    onClick: async () => {
      go.enable(false);
      fig.explain("");
      try {
        const life = await begin(fig, place, bar, tries++ > 0);
        await live(fig, place, life, small, panel);
      } catch (error) {
        fig.say("");
        complain(fig, error);
        go.text(fig.t("again"));
        go.enable(true);
        bar.hidden = true;
      }
    },
  });
  const panel = h("div", { class: "ln-start" }, h("p", {}, fig.t("offer")), go.el, bar);
  fig.stage.append(panel);
  return fig;
}

/** @param {Fig} fig */
function complain(fig, error) {
  if (!error.key) console.error(error);
  fig.explain(fig.t(error.key ?? "broken", error.values));
}

// Loads everything, and gives the worker, what it told of itself, and the names of the classes.
/** @param {Fig} fig */
async function begin(fig, { folder, version, size }, bar, again) {
  const key = lacking();
  if (key) throw failure(key);
  bar.hidden = false;
  const worker = makeWorker(`${folder}worker.js?${version}`);
  const report = (share) => {
    bar.value = share;
    fig.say(fig.t("progress", { share: percent(Math.floor(10 * share) / 10) })); // every tenth is told once
  };
  const names = fetch(`${folder}${NAMES[language()]}?${version}`).then((answer) => {
    if (!answer.ok) throw failure("connection");
    return answer.text();
  });
  try {
    const asked = { folder, weights: `${folder}lite0.bin?${version}`, size, again };
    const [first, list] = await Promise.all([
      worker.ask("start", asked, report),
      names.catch(() => {
        throw failure("connection");
      }),
    ]);
    const all = list.trim().split("\n");
    if (all.length !== CLASSES) throw failure("connection"); // another page came, as from a hotel's network
    return { worker, first, names: all };
  } catch (error) {
    worker.end();
    throw error;
  }
}

// ---- the living network ----

/** @param {Fig} fig */
async function live(fig, { folder, version }, { worker, first, names }, small, panel) {
  fig.onRemove(worker.end);
  const mask = new Uint8Array(SIZE * SIZE);
  const life = {
    worker,
    first,
    names,
    mask,
    answer: null,
    alone: {},
    occlusion: null,
    silent: false,
    pictures: 0,
    strokes: 0,
  };
  const photoOf = (name) => fetchedBitmap(`${folder}${name}.webp?${version}`);
  const sources = makeSources(fig, life, photoOf);
  await pause(); // what is made at once keeps the page from its reader
  const [picture, guesses] = [makePicture(fig, life), makeGuesses(fig, life)];
  await pause();
  const folds = small ? {} : makeFolds(fig, life);
  const focused = panel.contains(document.activeElement);
  panel.remove();
  fig.controls.append(sources.el);
  fig.stage.append(picture.el, guesses.el);
  const boxes = Object.entries(folds).map(([key, part]) =>
    h("details", { class: `ln-fold ln-${key}` }, h("summary", {}, fig.t(key)), part.el),
  );
  const inside = boxes[Object.keys(folds).indexOf("inside")];
  if (inside) fig.listen(inside, "toggle", () => fig.set(inside.open ? beginOf("stem_conv") : { stage: "" }));
  const dock = small ? null : makeDock(fig, picture);
  fig.stage.after(...boxes, dock?.el ?? fig.status);
  fig.listen(fig.tables, "toggle", () => life.answer && tables(fig, life));
  fig.hint.textContent = fig.t(small ? "hintSmall" : "hint");
  fig.tables.hidden = false;
  const waiting = [fig.stage, ...boxes]; // until there is an answer that they are about
  waiting.forEach((el) => (el.inert = true));
  life.draw = () => {
    waiting.forEach((el) => (el.inert = false));
    const seen = seenBy(fig, life);
    for (const part of [picture, guesses, dock, folds.changes, folds.inside]) part?.draw();
    tables(fig, life);
    const [best] = life.answer.best;
    if (!life.silent || life.told !== best) fig.say(sentence(fig, life));
    life.told = best;
    folds.tasks?.draw(seen);
  };
  await pause();
  if (focused) sources.focus(); // the button that had it has gone
  await sources.show("cat");
  fig.draws(() => think(fig, life));
}

// What is folded away at first.
const makeFolds = (fig, life) => ({
  changes: makeChanges(fig, life, PHOTOS),
  inside: makeInside(fig, life),
  tasks: makeTasks(fig),
});

// Asks for an answer to what is chosen now. What is changed meanwhile is asked when it has come.
/** @param {Fig} fig */
export async function think(fig, life) {
  if (!life.ready) return;
  if (life.thinking) return (life.again = true);
  life.thinking = true;
  try {
    do {
      life.again = false;
      await answer(fig, life);
    } while (life.again);
  } catch (error) {
    complain(fig, error);
  } finally {
    life.thinking = false;
  }
}

async function answer(fig, life) {
  const [changes, hidden, target, stage] = ["changes", "hidden", "target", "stage"].map(fig.get);
  const other = changes.join === "none" ? null : fig.get("other");
  const picture = JSON.stringify([life.pictures, changes, hidden, other]);
  const about = JSON.stringify([picture, target, stage]);
  if (life.answer?.about === about) return life.draw(); // nothing new is asked: what is known is shown in another way
  await life.withOther?.(other);
  const asked = {
    changes,
    hidden: hidden ? life.mask : null,
    target: target < 0 ? null : target,
    stage: stage || undefined,
  };
  const found = await life.worker.ask("look", asked);
  if (life.occlusion?.picture !== picture || life.occlusion.target !== found.target) forget(life);
  const order = range(found.probabilities.length).sort((a, b) => found.probabilities[b] - found.probabilities[a]);
  const seen = stage === fig.get("stage") ? found.seen : undefined; // or another one was chosen meanwhile
  life.answer = { ...found, seen, best: order.slice(0, 5), picture, about };
  life.draw();
}

// A map of the square that hides belongs to one picture and one class; a square on its way is called back.
function forget(life) {
  if (life.occlusion) life.worker.ask("stop");
  life.occlusion = null;
}

// What a task needs to know.
/** @param {Fig} fig */
function seenBy(fig, life) {
  const { best, probabilities } = life.answer;
  const [photo, changes] = [fig.get("photo"), fig.get("changes")];
  const covered = fig.get("hidden") ? life.mask.reduce((a, b) => a + b, 0) : 0;
  const without = JSON.stringify([photo, { ...changes, join: "none" }, covered]);
  if (changes.join === "none") life.alone[without] = best[0];
  return {
    photo,
    best: best.slice(0, 2),
    probabilities: best.slice(0, 2).map((k) => probabilities[k]),
    plain: Object.entries(CHANGES).every(([key, value]) => changes[key] === value),
    covered,
    join: changes.join,
    alone: life.alone[without] ?? null,
  };
}

/** @param {Fig} fig */
function sentence(fig, { answer: { best, probabilities }, names }) {
  const [one, two] = best.map((k) => ({ name: names[k], p: percent(probabilities[k]) }));
  return fig.t("sees", { one: one.name, p: one.p, two: two.name, q: two.p });
}

// ---- where pictures come from ----

/** @param {Fig} fig */
function makeSources(fig, life, photoOf) {
  const { t } = fig;
  const names = PHOTOS.map((name) => [name, t(`photo_${name}`)]);
  const pick = choice(fig, { label: t("photo"), options: names, onChange: (name) => show(name) });
  const input = h("input", { type: "file", accept: "image/*", hidden: "" });
  const file = button(fig, { label: t("own"), onClick: () => input.click() });
  const camera = makeCamera(fig, life, (bitmap, isFirst) => put("camera_live", bitmap, isFirst));
  let wanted = 0; // of several that are on their way, the last one counts
  const put = async (name, bitmap, fresh) => {
    const { height, width, smaller } = await life.worker.ask("source", { bitmap }, undefined, [bitmap]);
    if (fresh) clear(fig, life);
    Object.assign(life, { pictures: life.pictures + 1, alone: {} });
    const own = { own: t("yours"), camera_live: t("camera") }[name];
    pick.options(own ? [...names, [name, own]] : names);
    pick.set(name);
    life.ready = true;
    life.note = smaller ? t("smaller", { height, width }) : "";
    if (fig.get("photo") === name) await think(fig, life);
    else fig.set({ photo: name });
  };
  const show = (name, blob) => {
    camera.stop();
    fig.explain("");
    const mine = ++wanted;
    const bitmap = blob ? bitmapOf(blob) : photoOf(name);
    return bitmap
      .then((found) => (mine === wanted ? put(name, found, true) : found.close()))
      .catch((error) => {
        if (mine !== wanted) return;
        pick.set(life.ready ? fig.get("photo") : ""); // so that it can be chosen again
        complain(fig, error);
      });
  };
  life.withOther = async (name) => {
    if (!name || life.other === name) return;
    const bitmap = await photoOf(name);
    await life.worker.ask("source", { bitmap, as: "other" }, undefined, [bitmap]);
    life.other = name;
  };
  takeFiles(fig, input, (blob) => (blob ? show("own", blob) : fig.explain(t("noPicture"))));
  const el = h("div", { class: "ln-sources" }, pick.el, file.el, input, camera.el);
  life.still = camera.still;
  return { el, show, focus: () => pick.el.querySelector("select").focus() };
}

// A new picture begins without changes: what was hidden or turned belongs to the old one.
/** @param {Fig} fig */
function clear(fig, life) {
  life.mask.fill(0);
  forget(life);
  fig.set({ hidden: 0, changes: CHANGES, target: -1 });
}

/** @param {Fig} fig */
function makeCamera(fig, life, take) {
  const { t } = fig;
  let [close, opening, busy] = [null, false, Promise.resolve()];
  const mark = (on) => {
    life.silent = on; // of a film, only what changes is told
    el.textContent = t(on ? "cameraStop" : "cameraStart");
    el.setAttribute("aria-pressed", String(on));
  };
  const stop = () => {
    close?.();
    close = null;
    mark(false);
  };
  const { el } = button(fig, {
    label: t("cameraStart"),
    onClick: async () => {
      if (close) return stop();
      if (opening) return; // the browser is asking
      opening = true;
      fig.explain("");
      let isFirst = true;
      const each = (bitmap) => {
        busy = take(bitmap, isFirst);
        isFirst = false;
        return busy;
      };
      try {
        close = await openCamera(each, (key) => {
          stop();
          fig.explain(t(key));
        });
        mark(true);
      } catch (error) {
        complain(fig, error);
      }
      opening = false;
    },
  });
  fig.onRemove(() => close?.());
  const still = () => {
    stop();
    return busy; // the picture that is on its way
  };
  return { el, stop, still };
}

for (const el of globalThis.document?.querySelectorAll(".living-network") ?? []) {
  if (el instanceof HTMLElement) mount(el);
}
