// @ts-check

// The buttons of a figure that goes step by step.

import { button, dock, h } from "./frame.js";
/** @import { Fig } from "./frame.js" */

// Back, play, step, all, start over. `step` returns false when there is nothing left; `ended()` says so beforehand.
// beat: milliseconds between the steps that it plays.
/**
 * @param {Fig} fig
 * @param {Record<"back" | "all" | "reset", () => void> & { step(): boolean, ended(): boolean, beat?: number }} options
 */
export function player(fig, { step, back, all, reset, ended, beat = 900 }) {
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
    timer = setInterval(() => step() === false && pause(), beat);
  };
  const flip = () => (timer ? pause() : start());
  const still = (action) => () => {
    pause();
    action();
  };
  const make = (key, onClick) => button(fig, { label: fig.t(key), onClick });
  const play = make("play", flip);
  const row = [
    make("back", still(back)),
    play,
    make("step", still(step)),
    make("all", still(all)),
    make("reset", still(reset)),
  ];
  fig.onRemove(() => clearInterval(timer));
  const el = dock(fig, h("div", { class: "cl-player" }, ...row.map((one) => one.el)));
  return { el, flip, pause, playing: () => timer !== null };
}
