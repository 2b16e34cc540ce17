// Non-max suppression, one step at a time: drop low scores, take the best box left, drop what overlaps it.

import { figure, format, h, keys, range, svg, toggle, uid } from "./frame.js";
import { player } from "./player.js";
import { beside, common, iou, picture, slider, within } from "./boxes.js";
import PHRASES from "./nms_stepper.json" with { type: "json" };

const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const BEAT = 2500; // a sentence is read in that

// ---- the algorithm ----

// Every event in order, { op, … }: "start"; "low" with `boxes`; for each box chosen a "take" with `best`, then a "drop" for each
// `box` that falls to it, or a "spare" for one of another class that would, or one "none" with the nearest `box` if there is one;
// "end" with `kept`. Boxes are indices; of equal scores the first box is the better one.
export function suppress(boxes, scores, labels, { score, overlap, perClass }) {
  const events = [{ op: "start" }];
  const order = range(boxes.length).sort((i, j) => scores[j] - scores[i] || i - j);
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
  const found = [];
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

function render({ model, el }) {
  const fig = figure({ model, el, words: PHRASES, title: "title" });
  const { t } = fig;
  fig.el.classList.add("nms");
  const [boxes, scores, labels, names] = ["boxes", "scores", "labels", "names"].map(fig.get);
  const count = boxes.length;
  const order = range(count).sort((i, j) => scores[j] - scores[i] || i - j);
  const [height, width] = fig.get("size");

  const settings = () => ({
    score: fig.get("score_threshold"),
    overlap: fig.get("iou_threshold"),
    perClass: fig.get("per_class"),
  });
  const events = () => suppress(boxes, scores, labels, settings());
  const now = (all = events()) => Math.min(fig.get("position"), all.length - 1);
  const go = (to) => fig.set({ position: within(to, 0, events().length - 1) });
  const step = () => {
    if (now() === events().length - 1) return false;
    go(now() + 1);
    return true;
  };
  // Who looks at the end sees how the end changes with a threshold.
  const change = (name) => (value) => {
    const ended = now() === events().length - 1;
    fig.set({ [name]: value });
    go(ended ? Infinity : now());
  };

  const score = slider(fig, { label: t("score"), onChange: change("score_threshold") });
  const overlap = slider(fig, { label: t("overlap"), onChange: change("iou_threshold") });
  const perClass = toggle(fig, { label: t("perClass"), onChange: change("per_class") });
  fig.controls.append(...[score, overlap, perClass].map((one) => one.el));

  const image = fig.get("image");
  const ground = picture(fig, {
    width,
    height,
    role: "img",
    ground: image
      ? [svg("image", { href: image, width, height, preserveAspectRatio: "none" })]
      : fig.get("street")
        ? street()
        : [],
  });
  const places = spots(boxes, width * 0.055, [width, height]);
  const shown = boxes.map((box, i) => {
    const [frame, letter] = [h("div"), h("span", {}, LETTERS[i])];
    ground.put(frame, box);
    ground.put(letter, [...places[i], ...places[i]]);
    return { frame, letter };
  });
  const tags = ["best", "box"].map((role) => h("span", { class: `cl-tag nms-${role}` }));
  const shared = h("div", { class: "cl-shared" });
  ground.el.append(
    h(
      "div",
      { class: "nms-layer" },
      shared,
      ...shown.map((one) => one.frame),
      ...shown.map((one) => one.letter),
      ...tags,
    ),
  );

  const rules = ["rule1", "rule2", "rule3"].map((key) => h("li", { "data-rule": key }));
  const buttons = player(fig, {
    step,
    back: () => go(now() - 1),
    all: () => go(Infinity),
    reset: () => go(0),
    ended: () => now() === events().length - 1,
    beat: BEAT,
  });
  const jump = (to) => {
    buttons.pause();
    go(to);
  };
  keys(fig, buttons.el, { move: (dr, dc) => jump(now() + dr + dc), home: () => jump(0), end: () => jump(Infinity) });

  const className = (i) => {
    const [key, name] = [`class ${names[labels[i]]}`, names[labels[i]]];
    return t(key) === key ? name : t(key);
  };
  const points = (i) => beside(scores[i], fig.get("score_threshold"));
  const called = (i) => t("box", { name: className(i), letter: LETTERS[i], score: points(i) });
  const items = order.map((i) => {
    const [number, state] = [h("span"), h("span", { class: "nms-state" })];
    const bar = h("span", { class: "nms-bar" }, h("span", { style: `width: ${100 * scores[i]}%` }));
    return {
      i,
      number,
      state,
      el: h("li", {}, h("span", { class: "nms-letter" }, LETTERS[i]), h("span", {}, className(i)), bar, number, state),
    };
  });
  const title = h("p", { class: "cl-name", id: uid() }, t("boxes"));
  const list = h(
    "div",
    { class: "nms-list" },
    title,
    h("ol", { "aria-labelledby": title.id }, ...items.map((one) => one.el)),
  );
  fig.stage.append(
    h("div", { class: "nms-main" }, h("ol", { class: "nms-rules" }, ...rules), ground.el, buttons.el, fig.status),
    list,
  );
  fig.hint.textContent = t("hint");

  function sentence(event) {
    const { score: low, overlap: high, perClass: each } = settings();
    const values = {
      n: count,
      score: format(low, 4),
      overlap: format(high, 4),
      ofClass: each ? t("ofClass") : "",
      best: event.best == null ? "" : called(event.best),
      box: event.box == null ? "" : called(event.box),
      iou: event.iou == null ? "" : beside(event.iou, high),
      list: (event.boxes ?? event.kept ?? []).map(called).join(", "),
      kept: event.kept?.length,
    };
    const say = (key) => t(key, values);
    const upper = (text) => text[0].toUpperCase() + text.slice(1);
    const other = event.op === "drop" && labels[event.box] !== labels[event.best];
    const key =
      {
        start: count ? "start" : "nothing",
        low: event.boxes?.length ? "low" : "lowNone",
        take: event.last ? "takeLast" : "take",
        none: event.box == null ? "alone" : "none",
        end: event.kept?.length ? "end" : "endNone",
      }[event.op] ?? event.op;
    return upper(say(key)) + (other ? say("lost") : "");
  }

  function draw() {
    const all = events();
    const at = now(all);
    const event = all[at];
    const state = states(count, all, at);
    const { score: low, overlap: high, perClass: each } = settings();
    score.set(low);
    overlap.set(high);
    perClass.set(each);

    const rule = { low: 0, take: 1, drop: 2, spare: 2, none: 2 }[event.op];
    const texts = ["rule1", "rule2", each ? "rule3class" : "rule3"];
    rules.forEach((one, i) => {
      one.textContent = t(texts[i], { score: format(low, 4), overlap: format(high, 4) });
      if (i === rule) one.setAttribute("aria-current", "step");
      else one.removeAttribute("aria-current");
    });

    const current = (i) => i === event.best || i === event.box || Boolean(event.boxes?.includes(i));
    shown.forEach(({ frame, letter }, i) => {
      const name = `nms-${state[i].is} nms-class${labels[i] % 3}${current(i) ? " nms-now" : ""}`;
      frame.className = `nms-frame ${name}`;
      letter.className = `nms-letter ${name}`;
      letter.hidden = i === event.best || i === event.box; // its tag has it
    });
    const pair = event.best != null && event.box != null ? common(boxes[event.best], boxes[event.box]) : null;
    shared.hidden = !pair || pair[0] >= pair[2] || pair[1] >= pair[3];
    if (!shared.hidden) ground.put(shared, pair);
    tags.forEach((tag, role) => {
      const i = role ? event.box : event.best;
      tag.hidden = i == null;
      if (i == null) return;
      tag.textContent = `${className(i)} ${LETTERS[i]} ${points(i)}`;
      const [left, top, right, bottom] = boxes[i];
      const onLeft = left + right < width;
      tag.style.cssText =
        `${onLeft ? "left" : "right"}: ${Math.max(0, (100 * (onLeft ? left : width - right)) / width)}%;` +
        (role
          ? `top: ${Math.min(92, (100 * bottom) / height)}%`
          : `bottom: ${Math.min(92, 100 - (100 * top) / height)}%`);
      tag.className = `cl-tag nms-class${labels[i] % 3} nms-${state[i].is}`;
    });

    const word = ({ is, best, iou: value }) =>
      t({ low: "isLow", dropped: "by" }[is] ?? is, {
        score: format(low, 4),
        letter: LETTERS[best],
        iou: value == null ? "" : beside(value, high),
      });
    const gone = ({ is }) => is === "low" || is === "dropped";
    items.forEach(({ i, el: item, number, state: text }) => {
      number.textContent = points(i);
      text.textContent = word(state[i]);
      item.className = `nms-${state[i].is} nms-class${labels[i] % 3}${current(i) ? " nms-now" : ""}`;
    });
    const many = (is) => state.filter((one) => one.is === is).length;
    ground.el.setAttribute(
      "aria-label",
      t("picture", { n: count, chosen: many("chosen"), gone: state.filter(gone).length, left: many("left") }),
    );
    fig.say(sentence(event));

    fig.table.clear();
    fig.table(
      t("caption"),
      [t("letter"), t("name"), t("points"), "x_min", "y_min", "x_max", "y_max", t("state")],
      order.map((i) => [
        LETTERS[i],
        className(i),
        points(i),
        ...boxes[i].map((n) => format(n)),
        `${gone(state[i]) ? `${t("dropped")}: ` : ""}${word(state[i])}`,
      ]),
    );
  }
  fig.draws(draw);
  return fig.remove;
}

export default { render };
