// Precision-recall explorer: a score threshold to move over the detections of a class, and the curve that all thresholds make.

import { button, choice, figure, fill, format, h, keys, range, svg, uid } from "./frame.js";
import { beside, slider, within } from "./boxes.js";
import PHRASES from "./precision_recall.json" with { type: "json" };

const [WRONG, HIT, DUPLICATE] = [0, 1, 2];
const SHOWN = 16; // detections in the list
const LISTED = 100; // detections in the table

// ---- arithmetic: scores and outcomes of a class, the surest detection first ----

// How many detections count: those with a score above the threshold.
export const counting = (scores, threshold) => scores.filter((score) => score > threshold).length;

// What the first k detections come to. Precision is null where none counts.
export function tally(outcomes, k, positives) {
  const many = (outcome) => outcomes.slice(0, k).filter((one) => one === outcome).length;
  const [wrong, tp, duplicates] = [WRONG, HIT, DUPLICATE].map(many);
  return {
    k,
    tp,
    fp: wrong + duplicates,
    fn: positives - tp,
    wrong,
    duplicates,
    precision: k ? tp / k : null,
    recall: tp / positives,
  };
}

// Precision and recall after each detection, the best precision with this recall or more, and the area under the latter.
export function curve(outcomes, positives) {
  let tp = 0;
  const hits = outcomes.map((one) => (tp += Number(one === HIT)));
  const precision = hits.map((n, i) => n / (i + 1));
  const recall = hits.map((n) => n / positives);
  let most = 0;
  const best = precision.map((_, i) => (most = Math.max(most, precision[precision.length - 1 - i]))).reverse();
  const ap = best.reduce((sum, value, i) => sum + value * (recall[i] - (recall[i - 1] ?? 0)), 0);
  return { precision, recall, best, ap };
}

// The numbers of detections that some threshold lets count, each with a short one that does: [[k, threshold], …]. Detections of
// the same score come in together.
export function stops(scores) {
  const all = [...scores.map((_, k) => k), scores.length];
  return all
    .filter((k) => (scores[k - 1] ?? 2) > (scores[k] ?? 0))
    .map((k) => [k, between(scores[k] ?? 0, scores[k - 1] ?? 2)]);
}

// The number with the fewest decimals that is at least `low` and less than `high`.
function between(low, high) {
  for (const digits of range(6)) {
    const value = Number((Math.ceil(low * 10 ** digits - 1e-7) / 10 ** digits).toFixed(digits));
    if (value >= low && value < high) return value;
  }
  return low;
}

// ---- the figure ----

const BOX = { left: 40, top: 12, width: 268, height: 238 };
const X = (recall) => BOX.left + BOX.width * recall;
const Y = (precision) => BOX.top + BOX.height * (1 - precision);

function render({ model, el }) {
  const fig = figure({ model, el, words: PHRASES, title: "title" });
  const { t } = fig;
  fig.el.classList.add("pr");
  const [names, positives, scores, outcomes] = ["names", "positives", "scores", "outcomes"].map(fig.get);
  const named = (c) => (t(`class ${names[c]}`) === `class ${names[c]}` ? names[c] : t(`class ${names[c]}`));
  const chosen = () => fig.get("chosen");
  const curves = outcomes.map((list, c) => curve(list, positives[c]));
  const steps = scores.map(stops);
  const now = () => counting(scores[chosen()], fig.get("threshold"));

  // To the i-th number of detections that a threshold can give, or `by` of them on.
  const go = (i) => {
    const all = steps[chosen()];
    fig.set({ threshold: all[within(i, 0, all.length - 1)][1] });
  };
  const move = (by) => go(steps[chosen()].findIndex(([k]) => k === now()) + by);

  const pick = choice(fig, {
    label: t("class"),
    options: names.map((_, c) => [c, named(c)]),
    onChange: (c) => fig.set({ chosen: Number(c) }),
  });
  const threshold = slider(fig, { label: t("threshold"), onChange: (value) => fig.set({ threshold: value }) });
  const [fewer, more] = [
    ["oneLess", -1],
    ["oneMore", 1],
  ].map(([key, by]) => button(fig, { label: t(key), onClick: () => move(by) }));
  fig.controls.append(
    ...(names.length > 1 ? [pick.el] : []),
    threshold.el,
    h("div", { class: "pr-buttons" }, fewer.el, more.el),
  );

  // the curve
  const text = (x, y, anchor, content) => svg("text", { x, y, "text-anchor": anchor }, content);
  const line = (name, d = "") => svg("path", { class: `pr-${name}`, d });
  const ticks = [0, 0.25, 0.5, 0.75, 1];
  const [shade, path, guides] = [line("shade"), line("curve"), line("guides")];
  const point = svg("circle", { class: "pr-point", r: 6 });
  const plot = h(
    "div",
    { class: "pr-plot", role: "slider", tabindex: 0, "aria-valuemin": 0 },
    svg(
      "svg",
      { viewBox: "0 0 320 292", "aria-hidden": "true" },
      line("grid", ticks.map((n) => `M${X(0)} ${Y(n)}H${X(1)}M${X(n)} ${Y(0)}V${Y(1)}`).join("")),
      ...ticks.flatMap((n) => [text(X(n), Y(0) + 15, "middle", format(n)), text(X(0) - 5, Y(n) + 4, "end", format(n))]),
      text(X(0.5), 286, "middle", t("recall")),
      svg("g", { transform: `rotate(-90 9 ${Y(0.5)})` }, text(9, Y(0.5), "middle", t("precision"))),
      shade,
      path,
      guides,
      point,
    ),
  );
  keys(fig, plot, { move: (dr, dc) => move(dc - dr), home: () => go(0), end: () => go(Infinity) });
  const nearest = (event) => {
    const { left, top, width } = plot.getBoundingClientRect();
    const [x, y] = [event.clientX - left, event.clientY - top].map((n) => (320 * n) / width);
    const { precision, recall } = curves[chosen()];
    const far = ([k]) => (k ? Math.hypot(X(recall[k - 1]) - x, Y(precision[k - 1]) - y) : Infinity);
    const all = steps[chosen()].map(far);
    go(all.indexOf(Math.min(...all)));
  };
  fig.listen(plot, "pointerdown", (event) => {
    if (event.button) return;
    plot.setPointerCapture(event.pointerId);
    nearest(event);
  });
  fig.listen(plot, "pointermove", (event) => plot.hasPointerCapture(event.pointerId) && nearest(event));

  // all detections by their scores
  const S = (score) => 82 + 226 * score;
  const LANES = [HIT, DUPLICATE, WRONG];
  const marks = LANES.map((outcome) => line(`mark pr-outcome${outcome}`));
  const [above, bar] = [svg("rect", { class: "pr-above", y: 0, height: 60 }), line("bar")];
  const strip = svg(
    "svg",
    { viewBox: "0 0 320 76", role: "img" },
    above,
    ...LANES.map((outcome, i) => text(76, 14 + 20 * i, "end", t(`lane${outcome}`))),
    ...[0, 0.5, 1].map((n) => text(S(n), 73, "middle", format(n))),
    ...marks,
    bar,
  );

  const sums = h("dl", { class: "pr-sums" });
  const chipsName = h("p", { class: "cl-name", id: uid() });
  const chips = h("ol", { class: "pr-chips", "aria-labelledby": chipsName.id });
  const plotName = h("p", { class: "cl-name", id: uid() });
  plot.setAttribute("aria-labelledby", plotName.id);
  fig.stage.append(
    h("div", { class: "pr-left" }, plotName, plot, strip),
    h("div", { class: "pr-right" }, fig.status, sums, chipsName, chips, h("p", { class: "cl-name" }, t("legend"))),
  );
  fig.hint.textContent = t("hint");

  function draw() {
    const c = chosen();
    const limit = fig.get("threshold");
    const [n, k] = [scores[c].length, now()];
    const { precision, recall, best, ap } = curves[c];
    const here = tally(outcomes[c], k, positives[c]);
    const lanes = Object.fromEntries(LANES.map((outcome) => [`lane${outcome}`, t(`lane${outcome}`)]));
    const number = (value) => (value === null ? t("noValue") : format(value, 3));
    const words = {
      ...here,
      ...lanes,
      n,
      t: format(limit, 6),
      precision: number(here.precision),
      recall: number(here.recall),
      name: named(c),
    };
    pick.set(c);
    threshold.set(limit);
    fewer.enable(k > 0);
    more.enable(steps[c].at(-1)[0] > k);

    const hits = range(n).filter((i) => outcomes[c][i] === HIT);
    shade.setAttribute("d", `M${X(0)} ${Y(0)}${hits.map((i) => `V${Y(best[i])}H${X(recall[i])}`).join("")}V${Y(0)}Z`);
    path.setAttribute(
      "d",
      range(n)
        .map((i) => `${i ? "L" : "M"}${X(recall[i])} ${Y(precision[i])}`)
        .join(""),
    );
    for (const one of [point, guides]) one.style.display = k ? "" : "none";
    if (k) {
      const [x, y] = [X(here.recall), Y(here.precision)];
      fill(point, { cx: x, cy: y }, []);
      guides.setAttribute("d", `M${X(0)} ${y}H${x}V${Y(0)}`);
    }
    plotName.textContent = t("plot", words);
    fill(plot, { "aria-valuemax": n, "aria-valuenow": k, "aria-valuetext": t("point", words) }, []);

    marks.forEach((mark, i) =>
      mark.setAttribute(
        "d",
        range(n)
          .filter((j) => outcomes[c][j] === LANES[i])
          .map((j) => `M${S(scores[c][j])} ${3 + 20 * i}v14`)
          .join(""),
      ),
    );
    fill(above, { x: S(limit), width: S(1) + 4 - S(limit) }, []);
    bar.setAttribute("d", `M${S(limit)} 0V60`);
    const all = tally(outcomes[c], n, positives[c]);
    strip.setAttribute(
      "aria-label",
      t("strip", { ...lanes, hits: all.tp, duplicates: all.duplicates, wrong: all.wrong }),
    );

    const terms = [
      ["tp", here.tp],
      ["fp", here.fp],
      ["fn", here.fn],
      ["precision", `${here.tp} / ${k}${k ? ` = ${words.precision}` : `: ${t("noValue")}`}`],
      ["recall", `${here.tp} / ${positives[c]} = ${words.recall}`],
      ["ap", number(ap)],
    ];
    sums.replaceChildren(...terms.flatMap(([key, value]) => [h("dt", {}, t(key)), h("dd", {}, value)]));

    const from = n > SHOWN ? within(k - SHOWN / 2, 0, n - SHOWN) : 0;
    const window = range(Math.min(n, SHOWN)).map((i) => from + i);
    chipsName.textContent = t(n > SHOWN ? "near" : "chips", { from: from + 1, to: from + SHOWN, n });
    const outcome = (i) => t(`outcome${outcomes[c][i]}`);
    chips.replaceChildren(
      ...window.map((i) =>
        h(
          "li",
          { value: i + 1, class: `pr-outcome${outcomes[c][i]}${i < k ? " pr-counts" : ""}` },
          h("span", {}, beside(scores[c][i], limit)),
          ` ${outcome(i)}`,
          i < k ? h("span", { class: "pr-hidden" }, `, ${t("counts")}`) : null,
        ),
      ),
    );
    fig.say(t(!n ? "noDetections" : k ? "now" : "nothing", words));

    fig.table.clear();
    const row = (list, at) => {
      const one = tally(list, at, positives[c]);
      return [one.tp, one.fp, one.fn, number(one.precision), number(one.recall)];
    };
    const head = ["TP", "FP", "FN", t("precision"), t("recall")];
    fig.table(
      t("byThreshold", words),
      [t("threshold"), ...head],
      range(11).map((i) => [format(i / 10), ...row(outcomes[c], counting(scores[c], i / 10))]),
    );
    const listed = Math.min(n, LISTED);
    fig.table(
      t("byDetection", { ...words, n: listed, all: n }),
      [t("rank"), t("score"), t("outcome"), t("counted"), ...head],
      range(listed).map((i) => [
        i + 1,
        beside(scores[c][i], limit),
        outcome(i),
        t(i < k ? "yes" : "no"),
        ...row(outcomes[c], i + 1),
      ]),
    );
    const mean = curves.reduce((sum, one) => sum + one.ap, 0) / curves.length;
    fig.table(
      t("byClass"),
      [t("class"), t("detections"), t("objects"), "AP"],
      [
        ...names.map((_, i) => [named(i), scores[i].length, positives[i], number(curves[i].ap)]),
        [t("mean"), "", "", number(mean)],
      ],
    );
  }
  fig.draws(draw);
  return fig.remove;
}

export default { render };
