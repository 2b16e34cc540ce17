// @ts-check

// Non-max suppression, one step at a time: drop low scores, take the best box left, drop what overlaps it.

import { figure, format, h, keys, range, svg, toggle, uid } from "./frame.js";
import { player } from "./player.js";
import { area, beside, common, iou, picture, slider, within } from "./boxes.js";
import PHRASES from "./nms_stepper.json" with { type: "json" };
/** @import { Fig } from "./frame.js" */

const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const BEAT = 2500; // a sentence is read in that

// ---- the algorithm ----

// Indices, the best score first; of equal scores the first box.
const byScore = (scores) => range(scores.length).sort((i, j) => scores[j] - scores[i] || i - j);

// Every event in order, { op, … }: "start"; "low" with `boxes`; for each box chosen a "take" with `best`, then a "drop" for each
// `box` that falls to it, or a "spare" for one of another class that would, or one "none" with the nearest `box` if there is one;
// "end" with `kept`. Boxes are indices; of equal scores the first box is the better one.
/**
 * @typedef {object} Event what happens: see above
 * @property {string} op
 * @property {number[]} [boxes]
 * @property {number} [best]
 * @property {boolean} [last]
 * @property {number} [box]
 * @property {number} [iou]
 * @property {number[]} [kept]
 * @returns {Event[]}
 */
export function suppress(boxes, scores, labels, { score, overlap, perClass }) {
  const events = [{ op: "start" }];
  const order = byScore(scores);
  events.push({ op: "low", boxes: order.filter((i) => scores[i] <= score) });
  let left = order.filter((i) => scores[i] > score);
  const kept = [];
  while (left.length) {
    const [best, ...others] = left;
    kept.push(best);
    events.push({ op: "take", best, last: !others.length });
    const same = (i) => !perClass || labels[i] === labels[best];
    const pairs = others.map((i) => ({ best, box: i, iou: iou(boxes[best], boxes[i]) }));
    const near = pairs.filter((pair) => pair.iou >= overlap && pair.iou > 0);
    events.push(...near.map((pair) => ({ op: same(pair.box) ? "drop" : "spare", ...pair })));
    const rest = pairs.filter((pair) => same(pair.box));
    if (!near.length) events.push({ op: "none", best, ...rest.reduce((a, b) => (b.iou > a.iou ? b : a), rest[0]) });
    left = others.filter((i) => !near.some((pair) => pair.box === i && same(i)));
  }
  events.push({ op: "end", kept });
  return events;
}

// What has become of each box after the events up to `position`: { is: "left" | "low" | "chosen" | "dropped", best, iou }.
export function states(count, events, position) {
  /** @type {{ is: string, best?: number, iou?: number }[]} */
  const all = range(count).map(() => ({ is: "left" }));
  for (const { op, boxes, best, box, iou: value } of events.slice(0, position + 1)) {
    if (op === "low") for (const i of boxes) all[i] = { is: "low" };
    if (op === "take") all[best] = { is: "chosen" };
    if (op === "drop") all[box] = { is: "dropped", best, iou: value };
  }
  return all;
}

// A place for each letter, on the edge of its box, where it covers no other letter: [[x, y], …]. Letters are `room` wide.
export function spots(boxes, room, [width, height]) {
  /** @type {number[][]} */
  const found = [];
  /** @type {(place: number[]) => number} */
  const apart = ([x, y]) => Math.min(Infinity, ...found.map(([u, v]) => Math.max(Math.abs(x - u), Math.abs(y - v))));
  const ways = [
    [0, 0],
    [1, 0],
    [0, 1],
    [1, 1],
    [0.5, 0],
    [0.5, 1],
    [0, 0.5],
    [1, 0.5],
    [0.25, 0],
    [0.75, 0],
    [0.25, 1],
    [0.75, 1],
  ];
  for (const [left, top, right, bottom] of boxes) {
    const places = ways.map(([u, v]) => [
      within(left + u * (right - left), room / 2, width - room / 2),
      within(top + v * (bottom - top), room / 2, height - room / 2),
    ]);
    found.push(places.find((place) => apart(place) >= room) ?? places.reduce((a, b) => (apart(b) > apart(a) ? b : a)));
  }
  return found;
}

// Where the tag of a box stands, [x, y] of its left upper corner: at one of its sides and in the picture, where it covers least
// of what stands there already. Where several places are as good, above the box or below it, as `above` says.
/** @type {(box: number[], size: number[], taken: number[][], of: number[], above: boolean) => number[]} */
export function tagSpot([left, top, right, bottom], [w, h], taken, [width, height], above) {
  const outside = above ? [top - h, bottom] : [bottom, top - h];
  const columns = [left, right - w, (left + right - w) / 2, left - w, right].map((x) => within(x, 0, width - w));
  const rows = [...outside, top, bottom - h, (top + bottom - h) / 2].map((y) => within(y, 0, height - h));
  const places = rows.flatMap((y) => columns.map((x) => [x, y]));
  const covered = ([x, y]) => {
    const shared = taken.map((other) => common([x, y, x + w, y + h], other));
    return shared.reduce((sum, one) => sum + (one[0] < one[2] && one[1] < one[3] ? area(one) : 0), 0);
  };
  return places.reduce((best, place) => (covered(place) < covered(best) - 1e-9 ? place : best));
}

// ---- the picture ----

// The street of the example, 160 × 78: a car from the side, one from the front, who stands before it, a motorcycle.
function street() {
  const box = (name, x, y, width, height, rx = 0) => svg("rect", { class: `nms-${name}`, x, y, width, height, rx });
  const disc = (name, cx, cy, r) => svg("circle", { class: `nms-${name}`, cx, cy, r });
  const path = (name, d) => svg("path", { class: `nms-${name}`, d });
  const lines = range(6).map((i) => box("mark", 4 + 28 * i, 91, 14, 1.5));
  return [
    svg(
      "g",
      { transform: "translate(0 -22)" },
      box("road", 0, 62, 160, 38),
      ...lines,
      path("car", "M12,76V64l9,-3 8,-14h24l9,14 6,4v11z"),
      path("glass", "M26,60l5,-10h8v10zM42,60v-10h10l6,10z"),
      disc("wheel", 25, 75, 5.5),
      disc("wheel", 56, 75, 5.5),
      box("wheel", 103, 66, 6, 10, 1),
      box("wheel", 125, 66, 6, 10, 1),
      path("car", "M101,72V56l5,-15h22l5,15v16z"),
      path("glass", "M107,55l3,-10h14l3,10z"),
      disc("person", 116, 39, 4.5),
      path("person", "M110,46h12l2,17h-3l-1,17h-3l-1,-15 -1,15h-3l-1,-17h-3z"),
      path("person", "M80,62l4,-3 5,3 -2,8h-6z"),
      path("car", "M76,70l8,-4h8l2,6 -10,4z"),
      disc("wheel", 77, 78, 5),
      disc("wheel", 91, 78, 5),
    ),
  ];
}

// ---- the figure ----

/** @param {{ model: import("./frame.js").Model, el: Element }} context */
function render({ model, el }) {
  const fig = figure({ model, el, words: PHRASES, title: "title" });
  const { t } = fig;
  fig.el.classList.add("nms");
  const way = makeWay(fig);
  const setControls = makeControls(fig, way);
  const ground = makePicture(fig);
  const rules = makeRules(fig);
  const buttons = makeButtons(fig, way);
  const list = makeList(fig);
  fig.stage.append(h("div", { class: "nms-main" }, rules.el, ground.el), list.el);
  fig.stage.after(buttons);
  fig.hint.textContent = t("hint");

  fig.draws(() => {
    const now = derive(fig, way);
    setControls(now);
    rules.draw(now);
    ground.draw(now);
    list.draw(now);
    fig.say(sentence(fig, now));
    table(fig, now);
  });
  return fig.remove;
}

const settings = (fig) => ({
  score: fig.get("score_threshold"),
  overlap: fig.get("iou_threshold"),
  perClass: fig.get("per_class"),
});

// The way through the events, and where the reader stands.
/** @param {Fig} fig */
function makeWay(fig) {
  const [boxes, scores, labels] = ["boxes", "scores", "labels"].map(fig.get);
  const events = () => suppress(boxes, scores, labels, settings(fig));
  const now = (all = events()) => Math.min(fig.get("position"), all.length - 1);
  const go = (to) => fig.set({ position: within(to, 0, events().length - 1) });
  const ended = () => now() === events().length - 1;
  return { events, now, go, ended };
}

// All that is drawn: the event, what has become of each box, and the words for it.
/** @param {Fig} fig */
function derive(fig, way) {
  const [boxes, scores, labels, names] = ["boxes", "scores", "labels", "names"].map(fig.get);
  const { score: low, overlap: high, perClass: each } = settings(fig);
  const all = way.events();
  const at = way.now(all);
  const event = all[at];
  const name = (i) => classOf(fig, names[labels[i]]);
  const points = (i) => beside(scores[i], low);
  const state = states(boxes.length, all, at);
  const current = (i) => i === event.best || i === event.box || Boolean(event.boxes?.includes(i));
  return {
    boxes,
    scores,
    labels,
    low,
    high,
    each,
    event,
    state,
    name,
    points,
    called: (i) => fig.t("box", { name: name(i), letter: LETTERS[i], score: points(i) }),
    look: (i) => `nms-${state[i].is} nms-class${labels[i] % 3}${current(i) ? " nms-now" : ""}`,
    gone: (i) => state[i].is === "low" || state[i].is === "dropped",
    word: (i) => wordOf(fig, state[i], low, high),
  };
}

// A class by the name that Python gave, in the page's language where that is known.
function classOf({ t }, name) {
  const phrase = t(`class ${name}`);
  return phrase === `class ${name}` ? name : phrase;
}

/** @type {(fig: Fig, state: { is: string, best?: number, iou?: number }, low: number, high: number) => string} */
const wordOf = ({ t }, { is, best, iou: value }, low, high) =>
  t({ low: "isLow", dropped: "by" }[is] ?? is, {
    score: format(low, 4),
    letter: LETTERS[best],
    iou: value == null ? "" : beside(value, high),
  });

// ---- controls ----

/** @param {Fig} fig */
function makeControls(fig, { now, go, ended }) {
  const { t } = fig;
  // Who looks at the end sees how the end changes with a threshold.
  const change = (name) => (value) => {
    const wasEnded = ended();
    fig.set({ [name]: value });
    go(wasEnded ? Infinity : now());
  };
  const score = slider(fig, { label: t("score"), onChange: change("score_threshold") });
  const overlap = slider(fig, { label: t("overlap"), onChange: change("iou_threshold") });
  const perClass = toggle(fig, { label: t("perClass"), onChange: change("per_class") });
  fig.controls.append(...[score, overlap, perClass].map((one) => one.el));
  return ({ low, high, each }) => {
    score.set(low);
    overlap.set(high);
    perClass.set(each);
  };
}

/** @param {Fig} fig */
function makeButtons(fig, { now, go, ended }) {
  const step = () => {
    if (ended()) return false;
    go(now() + 1);
    return true;
  };
  const ways = { step, back: () => go(now() - 1), all: () => go(Infinity), reset: () => go(0) };
  const buttons = player(fig, { ...ways, ended, beat: BEAT });
  const jump = (to) => {
    buttons.pause();
    go(to);
  };
  keys(fig, buttons.el, { move: (dr, dc) => jump(now() + dr + dc), home: () => jump(0), end: () => jump(Infinity) });
  return buttons.el;
}

// ---- drawing ----

/** @param {Fig} fig */
function makePicture(fig) {
  const [boxes, image] = [fig.get("boxes"), fig.get("image")];
  const [height, width] = fig.get("size");
  const photo = () => [svg("image", { href: image, width, height, preserveAspectRatio: "none" })];
  const back = image ? photo() : fig.get("street") ? street() : [];
  const ground = picture(fig, { width, height, role: "img", ground: back });
  const places = spots(boxes, width * 0.055, [width, height]);
  const shown = boxes.map((box, i) => {
    const [frame, letter] = [h("div"), h("span", {}, LETTERS[i])];
    ground.put(frame, box);
    ground.put(letter, [...places[i], ...places[i]]);
    return { frame, letter };
  });
  const tags = ["best", "box"].map((role) => h("span", { class: `cl-tag nms-${role}` }));
  const shared = h("div", { class: "cl-shared" });
  const [frames, letters] = [shown.map((one) => one.frame), shown.map((one) => one.letter)];
  ground.el.append(h("div", { class: "nms-layer" }, shared, ...frames, ...letters, ...tags));

  const draw = (now) => {
    const { event, state, look } = now;
    shown.forEach(({ frame, letter }, i) => {
      frame.className = `nms-frame ${look(i)}`;
      letter.className = `nms-letter ${look(i)}`;
      letter.hidden = i === event.best || i === event.box; // its tag has it
    });
    const pair = event.best != null && event.box != null ? common(boxes[event.best], boxes[event.box]) : null;
    shared.hidden = !pair || pair[0] >= pair[2] || pair[1] >= pair[3];
    if (!shared.hidden) ground.put(shared, pair);
    const unit = ground.el.clientWidth / width || 1; // pixels
    const taken = shown
      .map(({ letter }, i) => [letter.offsetWidth / unit / 2, letter.offsetHeight / unit / 2, ...places[i]])
      .map(([w, h, x, y]) => [x - w, y - h, x + w, y + h]);
    drawTag(tags[0], event.best, now, ground.size, unit, taken);
    drawTag(tags[1], event.box, now, ground.size, unit, taken);
    const many = (is) => state.filter((one) => one.is === is).length;
    const counts = { chosen: many("chosen"), gone: many("low") + many("dropped"), left: many("left") };
    ground.el.setAttribute("aria-label", fig.t("picture", { n: boxes.length, ...counts }));
  };
  return { el: ground.el, draw };
}

// The name of a box that the event is about: above the chosen one, below the other, or where there is room. What it covers
// is taken from then on.
/**
 * @param {HTMLElement} tag
 * @param {number | undefined} i
 * @param {Record<string, any>} now
 * @param {number[]} size
 * @param {number} unit
 * @param {number[][]} taken
 */
function drawTag(tag, i, { boxes, labels, state, name, points }, [width, height], unit, taken) {
  tag.hidden = i == null;
  if (i == null) return;
  tag.textContent = `${name(i)} ${LETTERS[i]} ${points(i)}`;
  tag.className = `cl-tag nms-class${labels[i] % 3} nms-${state[i].is}`;
  const [w, h] = [tag.offsetWidth / unit, tag.offsetHeight / unit];
  const [x, y] = tagSpot(boxes[i], [w, h], taken, [width, height], state[i].is === "chosen");
  tag.style.cssText = `left: ${(100 * x) / width}%; top: ${(100 * y) / height}%`;
  taken.push([x, y, x + w, y + h]);
}

// The three rules of the algorithm, with the one that holds now.
function makeRules({ t }) {
  const lines = ["rule1", "rule2", "rule3"].map((key) => h("li", { "data-rule": key }));
  return {
    el: h("ol", { class: "nms-rules" }, ...lines),
    draw({ low, high, each, event }) {
      const rule = { low: 0, take: 1, drop: 2, spare: 2, none: 2 }[event.op];
      const texts = ["rule1", "rule2", each ? "rule3class" : "rule3"];
      lines.forEach((one, i) => {
        one.textContent = t(texts[i], { score: format(low, 4), overlap: format(high, 4) });
        if (i === rule) one.setAttribute("aria-current", "step");
        else one.removeAttribute("aria-current");
      });
    },
  };
}

// The boxes by their scores, with what has become of each.
/** @param {Fig} fig */
function makeList(fig) {
  const [scores, labels, names] = ["scores", "labels", "names"].map(fig.get);
  const items = byScore(scores).map((i) => {
    const [number, state] = [h("span"), h("span", { class: "nms-state" })];
    const bar = h("span", { class: "nms-bar" }, h("span", { style: `width: ${100 * scores[i]}%` }));
    const name = h("span", {}, classOf(fig, names[labels[i]]));
    return {
      i,
      number,
      state,
      el: h("li", {}, h("span", { class: "nms-letter" }, LETTERS[i]), name, bar, number, state),
    };
  });
  const title = h("p", { class: "cl-name", id: uid() }, fig.t("boxes"));
  const list = h("ol", { "aria-labelledby": title.id }, ...items.map((one) => one.el));
  return {
    el: h("div", { class: "nms-list" }, title, list),
    draw: ({ points, word, look }) =>
      items.forEach(({ i, el, number, state }) => {
        number.textContent = points(i);
        state.textContent = word(i);
        el.className = look(i);
      }),
  };
}

// ---- words ----

function sentence({ t }, { boxes, labels, low, high, each, event, called }) {
  const values = {
    n: boxes.length,
    score: format(low, 4),
    overlap: format(high, 4),
    ofClass: each ? t("ofClass") : "",
    best: event.best == null ? "" : called(event.best),
    box: event.box == null ? "" : called(event.box),
    iou: event.iou == null ? "" : beside(event.iou, high),
    list: (event.boxes ?? event.kept ?? []).map(called).join(", "),
    kept: event.kept?.length,
  };
  const key =
    {
      start: boxes.length ? "start" : "nothing",
      low: event.boxes?.length ? "low" : "lowNone",
      take: event.last ? "takeLast" : "take",
      none: event.box == null ? "alone" : "none",
      end: event.kept?.length ? "end" : "endNone",
    }[event.op] ?? event.op;
  const text = t(key, values);
  const other = event.op === "drop" && labels[event.box] !== labels[event.best];
  return text[0].toUpperCase() + text.slice(1) + (other ? t("lost") : "");
}

/** @param {Fig} fig */
function table(fig, { boxes, scores, name, points, gone, word }) {
  const { t } = fig;
  fig.table.clear();
  fig.table(
    t("caption"),
    [t("letter"), t("name"), t("points"), "x_min", "y_min", "x_max", "y_max", t("state")],
    byScore(scores).map((i) => [
      LETTERS[i],
      name(i),
      points(i),
      ...boxes[i].map((n) => format(n)),
      gone(i) ? `${t("dropped")}: ${word(i)}` : word(i),
    ]),
  );
}

export default { render };
