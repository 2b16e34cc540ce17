// @ts-check

// What the reader does to a picture: crop, turn, blur, gray, noise, another picture beside or behind it, and the hidden part.

import { button, choice, format, h, toggle, uid } from "../../cnnlab/widgets/frame.js";
import { CHANGES } from "./picture.js";
/** @import { Fig } from "../../cnnlab/widgets/frame.js" */

const SLIDERS = {
  zoom: { min: 1, max: 6, step: 0.1 },
  x: { min: -1, max: 1, step: 0.05 },
  y: { min: -1, max: 1, step: 0.05 },
  turn: { min: -180, max: 180, step: 5 },
  blur: { min: 0, max: 6, step: 0.5 },
  noise: { min: 0, max: 120, step: 5 },
};

/** @param {Fig} fig */
export function slider(fig, { label, min, max, step, onChange }) {
  const input = h("input", { type: "range", id: uid(), min, max, step });
  const value = h("output", { for: input.id });
  fig.listen(input, "input", () => onChange(Number(input.value)));
  const el = h("div", { class: "cl-field ln-slider" }, h("label", { for: input.id }, label, " ", value), input);
  return {
    el,
    set(next) {
      if (Number(input.value) !== next) input.value = String(next);
      value.textContent = format(next);
    },
  };
}

/** @param {Fig} fig */
export function makeChanges(fig, life, photos) {
  const { t } = fig;
  const change = (part) => fig.set({ changes: { ...fig.get("changes"), ...part } });
  const sliders = Object.entries(SLIDERS).map(([name, bounds]) => ({
    name,
    ...slider(fig, { label: t(name), ...bounds, onChange: (value) => change({ [name]: value }) }),
  }));
  const gray = toggle(fig, { label: t("gray"), onChange: (on) => change({ gray: on }) });
  const join = choice(fig, {
    label: t("join"),
    options: ["none", "beside", "behind"].map((how) => [how, t(`join_${how}`)]),
    onChange: (how) => change({ join: how }),
  });
  const other = choice(fig, {
    label: t("other"),
    options: photos.map((name) => [name, t(`photo_${name}`)]),
    onChange: (name) => fig.set({ other: name }),
  });
  const hide = toggle(fig, { label: t("hide"), onChange: (on) => fig.set({ tool: on ? "hide" : "look" }) });
  const bare = button(fig, {
    label: t("bare"),
    onClick: () => {
      life.mask.fill(0);
      fig.set({ hidden: 0 });
    },
  });
  const reset = button(fig, { label: t("undo"), onClick: () => fig.set({ changes: CHANGES }) });
  const row = (...parts) => h("div", { class: "ln-row" }, ...parts.map((part) => part.el));
  return {
    el: h("div", {}, row(...sliders), row(gray, join, other), row(hide, bare, reset)),
    draw() {
      const now = fig.get("changes");
      for (const { name, set } of sliders) set(now[name]);
      gray.set(now.gray);
      join.set(now.join);
      other.set(fig.get("other"));
      other.el.hidden = now.join === "none";
      hide.set(fig.get("tool") === "hide");
    },
  };
}
