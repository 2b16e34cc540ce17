// @ts-check

// Three little tasks: each looks at an answer and says whether it is done.

import { h } from "../../cnnlab/widgets/frame.js";
/** @import { Fig } from "../../cnnlab/widgets/frame.js" */

const CATS = [281, 282, 283, 284, 285]; // ImageNet's five cats of the house
const BOTH = 0.3; // probability that each of two classes needs

/** @typedef {{ photo: string, best: number[], probabilities: number[], plain: boolean, covered: number, join: string, alone: number | null }} Seen */

// best, probabilities: of the two likeliest classes; plain: the picture is as it came, but for what is hidden; covered:
// pixels hidden; alone: the best class of the same picture with its own background, if it was seen.
export const TASKS = {
  /** @param {Seen} seen */
  two: ({ probabilities: [, second] }) => second >= BOTH,
  /** @param {Seen} seen */
  cat: ({ photo, plain, covered, best: [first] }) => photo === "cat" && plain && covered > 0 && !CATS.includes(first),
  /** @param {Seen} seen */
  background: ({ join, alone, best: [first], covered }) =>
    join === "behind" && covered === 0 && alone !== null && first !== alone,
};

/** @param {Fig} fig */
export function makeTasks(fig) {
  const { t } = fig;
  let fewest = Infinity;
  const rows = Object.keys(TASKS).map((name) => {
    const mark = h("span", { class: "ln-mark", "aria-hidden": "true" }, "○");
    const state = h("span", { class: "ln-state" });
    const el = h("li", {}, mark, h("span", {}, t(`task_${name}`, { both: 100 * BOTH }), " ", state));
    return { name, el, mark, state, done: false };
  });
  fig.onRemove(() => (fewest = Infinity));
  const draw = (seen) => {
    for (const row of rows) {
      if (!TASKS[row.name](seen)) continue;
      if (row.name === "cat") fewest = Math.min(fewest, seen.covered);
      if (!row.done) fig.say(t("taskDone"));
      row.done = true;
      row.mark.textContent = "✓";
      row.el.classList.add("ln-done");
      row.state.textContent = row.name === "cat" ? t("fewest", { n: fewest }) : t("done");
    }
  };
  return { el: h("ul", { class: "ln-tasks" }, ...rows.map(({ el }) => el)), draw };
}
