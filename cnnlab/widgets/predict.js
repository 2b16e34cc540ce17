// @ts-check

import { button, figure, format, h, keys, uid } from "./frame.js";
import PHRASES from "./predict.json" with { type: "json" };

// ---- guesses, and what they are worth ----

// A number as people type it: a real minus, thousands in groups, a unit behind it. Null if it is none.
export function readNumber(text, unit = "") {
  let plain = text.trim().replace(/^−/, "-");
  if (unit && plain.endsWith(unit)) plain = plain.slice(0, -unit.length).trim();
  if (/^[-+]?[1-9]\d{0,2}([,\s]\d{3})+(\.\d+)?$/.test(plain)) plain = plain.replace(/[,\s]/g, "");
  return /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i.test(plain) ? Number(plain) : null;
}

// Right or not; for numbers of one sign also the factor between them, at least 1.
export function judge(guess, truth) {
  if (typeof truth === "string") return { right: guess === truth, factor: null };
  const factor = guess * truth > 0 ? Math.max(guess / truth, truth / guess) : null;
  return { right: Math.abs(guess - truth) <= 0.1 * Math.abs(truth) + 1e-12, factor };
}

// Over all guesses of a page; answers that were looked up count for nothing. The mean of factors is geometric.
export function tally(guesses) {
  const made = guesses.filter(({ guess }) => guess !== null);
  const judged = made.map(({ guess, truth }) => judge(guess, truth));
  const factors = judged.map(({ factor }) => factor).filter((factor) => factor !== null);
  const mean = factors.reduce((sum, factor) => sum + Math.log(factor), 0) / factors.length;
  return {
    asked: made.length,
    right: judged.filter(({ right }) => right).length,
    numbers: made.filter(({ truth }) => typeof truth === "number").length,
    factor: factors.length ? Math.exp(mean) : null,
  };
}

// ---- memory: the browser's, one entry for a page; where it refuses, as long as the page is open ----

const SHARED = Symbol.for("cnnlab.guesses"); // one for all figures of a page, whatever module they come from
const shared = (globalThis[SHARED] ??= { open: {}, changes: new EventTarget() });
const place = () => `cnnlab.guesses ${location.pathname}`;

function remembered() {
  try {
    return JSON.parse(localStorage.getItem(place())) ?? shared.open;
  } catch {
    return shared.open;
  }
}

function remember(guesses) {
  shared.open = guesses;
  try {
    if (Object.keys(guesses).length) localStorage.setItem(place(), JSON.stringify(guesses));
    else localStorage.removeItem(place());
  } catch {
    // A sandboxed frame, or a browser that keeps nothing: the page remembers while it is open.
  }
  shared.changes.dispatchEvent(new Event("change"));
}

// ---- the figure ----

// What of the book tells the result: the cells that follow, then the text that speaks of it, as far as the next cell
// or heading. A cell without its code is text that the run has written.
function resultsAfter(el) {
  const found = [];
  let next = el.closest(".bd-article div.cell")?.nextElementSibling;
  const take = (selector) => {
    for (; next?.matches(selector); next = next.nextElementSibling) found.push(next);
  };
  take("div.cell");
  take(":not(div.cell:not(.tag_remove-input), section)");
  return found;
}

function choices(fig, el) {
  const name = uid("cl-choice");
  const radios = fig.get("choices").map((text) => {
    const radio = h("input", { type: "radio", name, id: uid(), value: text });
    el.append(h("div", { class: "cl-field cl-toggle" }, radio, h("label", { for: radio.id }, text)));
    return radio;
  });
  return () => {
    const chosen = radios.find((radio) => radio.checked);
    if (!chosen) fig.explain(fig.t("choose"));
    return chosen ? chosen.value : null;
  };
}

function numberField(fig, el, commit) {
  const input = h("input", { type: "text", id: uid(), autocomplete: "off", size: 12 });
  const unit = fig.get("unit");
  const label = unit ? `${fig.t("number")} (${unit})` : fig.t("number");
  el.append(h("div", { class: "cl-field" }, h("label", { for: input.id }, label), input));
  keys(fig, input, { enter: commit });
  return () => {
    const number = readNumber(input.value, unit);
    if (number === null) fig.explain(fig.t("notNumber", { text: input.value }));
    return number;
  };
}

// A number with its unit; a choice as it is; null where the answer was looked up.
function inWords(t, value, unit) {
  if (value === null) return t("none");
  if (typeof value === "string") return value;
  return unit ? `${format(value)}\u00a0${unit}` : format(value);
}

// What is told after the guess.
function verdict(t, guess, truth, unit) {
  const words = { guess: inWords(t, guess, unit), truth: inWords(t, truth, unit) };
  if (guess === null) return t("answer", words);
  const { right, factor } = judge(guess, truth);
  if (typeof truth === "string") return t(right ? "correct" : "wrong", words);
  if (guess === truth) return t("exact", words);
  if (right) return t("near", words);
  if (factor === null) return t(guess * truth < 0 ? "sign" : "away", words);
  const much = format(factor, factor < 10 ? 1 : 0);
  return t(Math.abs(guess) < Math.abs(truth) ? "low" : "high", { ...words, factor: much });
}

function score(t, guesses) {
  const { asked, right, numbers, factor } = tally(guesses);
  if (!asked) return "";
  const first = t(numbers ? "scoreNumbers" : "score", { right, asked });
  return factor === null ? first : `${first} ${t("calibration", { factor: format(factor, 1) })}`;
}

// The question with its controls; `settle` is called with the guess, or with null.
function asking(fig, settle) {
  const several = fig.get("choices").length > 0;
  const el = h(
    several ? "fieldset" : "div",
    { class: "predict-ask" },
    h(several ? "legend" : "p", { class: "predict-question" }, fig.get("question")),
  );
  const commit = () => {
    const guess = read();
    if (guess !== null) settle(guess);
  };
  const read = several ? choices(fig, el) : numberField(fig, el, commit);
  const buttons = [
    button(fig, { label: fig.t("commit"), onClick: commit }),
    button(fig, { label: fig.t("skip"), onClick: () => settle(null) }),
  ];
  el.append(h("div", { class: "predict-buttons" }, ...buttons.map((each) => each.el)));
  return el;
}

function render({ model, el }) {
  const fig = figure({ model, el, words: PHRASES, title: "title" });
  const { t } = fig;
  fig.el.classList.add("predict");
  const [question, truth, unit] = ["question", "truth", "unit"].map(fig.get);
  const results = resultsAfter(el);
  const wait = (on) => results.forEach((cell) => cell.classList.toggle("cl-waits", on));
  const ask = asking(fig, (guess) => {
    fig.explain("");
    remember({ ...remembered(), [question]: { guess, truth, unit } });
    answer.focus(); // what had the focus is gone
  });
  const answer = h("p", { class: "predict-answer", tabindex: -1 });
  const tell = h("div", {}, h("p", { class: "predict-question" }, question), answer, h("p", {}, fig.get("why")));
  const forget = button(fig, {
    label: t("forget"),
    onClick: () => {
      remember({});
      ask.querySelector("input").focus();
    },
  });
  fig.stage.append(ask, tell);
  fig.el.insertBefore(forget.el, fig.tables);
  fig.hint.textContent = [results.length && t("waits"), t("local")].filter(Boolean).join(" ");
  fig.onRemove(() => wait(false));

  const row = ([text, each]) => [text, inWords(t, each.guess, each.unit), inWords(t, each.truth, each.unit)];
  const draw = () => {
    const guesses = remembered();
    const mine = guesses[question];
    for (const part of [ask, fig.hint]) part.hidden = Boolean(mine);
    for (const part of [tell, forget.el]) part.hidden = !mine;
    wait(!mine);
    answer.textContent = mine ? verdict(t, mine.guess, truth, unit) : "";
    fig.say(mine ? score(t, Object.values(guesses)) : "");
    fig.table.clear();
    const rows = Object.entries(guesses).map(row);
    if (!mine) rows.push([question, t("none"), t("later")]);
    fig.table(t("caption"), [t("question"), t("guess"), t("truth")], rows);
  };
  fig.listen(shared.changes, "change", draw);
  fig.listen(window, "storage", draw); // another tab, or on Colab another figure: each has a frame of its own
  fig.draws(draw);
  return fig.remove;
}

export default { render };
