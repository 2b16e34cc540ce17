import { choice, factor, figure, format, numberBox, outputSize, range } from "./frame.js";
import { matrixBox, numberGrid, slidingWindow, walk } from "./walk.js";
import PHRASES from "./pooling_stepper.json" with { type: "json" };

// The cells under the window of output cell (r, c), in reading order.
const windowCells = (r, c, f, s) => range(f * f).map((i) => [r * s + Math.floor(i / f), c * s + (i % f)]);

const shapeOf = (image, f, s) => [outputSize(image.length, f, 0, s), outputSize(image[0].length, f, 0, s)];

// What one window keeps, and the cell that wins; where several tie, the first in reading order.
export function poolCell(image, r, c, f, s, kind) {
  const cells = windowCells(r, c, f, s);
  const numbers = cells.map(([i, j]) => image[i][j]);
  const sum = numbers.reduce((a, b) => a + b);
  if (kind === "average") return { numbers, sum, value: sum / numbers.length };
  const value = Math.max(...numbers);
  const ties = numbers.filter((number) => number === value).length;
  return { numbers, sum, value, ties, winner: cells[numbers.indexOf(value)] };
}

export function pool(image, f, s, kind) {
  const [rows, columns] = shapeOf(image, f, s);
  return range(rows).map((r) => range(columns).map((c) => poolCell(image, r, c, f, s, kind).value));
}

// The gradient at the input, given the gradient at the output (same shape as the output).
export function poolBackward(image, upstream, f, s, kind) {
  const gradient = image.map((row) => row.map(() => 0));
  upstream.forEach((row, r) =>
    row.forEach((dy, c) => {
      const { winner } = poolCell(image, r, c, f, s, kind);
      const cells = winner ? [winner] : windowCells(r, c, f, s);
      for (const [i, j] of cells) gradient[i][j] += dy / cells.length;
    }),
  );
  return gradient;
}

function render({ model, el }) {
  const fig = figure({ model, el, words: PHRASES, title: "title" });
  const { t } = fig;
  fig.el.classList.add("pool");
  const image = () => fig.get("image");
  const settings = () => [fig.get("f"), fig.get("s"), fig.get("kind")];
  const shape = () => shapeOf(image(), fig.get("f"), fig.get("s"));
  const steps = walk(fig, shape);

  // Takes the change, or says why it cannot be.
  const resize = (changes) => {
    const { image: picture, f } = { image: image(), f: fig.get("f"), ...changes };
    const [height, width] = [picture.length, picture[0].length];
    steps.player.pause();
    if (f <= Math.min(height, width)) return fig.set({ ...changes, position: 0, seen: [0] });
    fig.explain(t("tooLarge", { f, h: height, w: width }));
    return false;
  };
  const options = (...names) => names.map((name) => [name, t(name)]);
  const kind = choice(fig, {
    label: t("kind"),
    options: options("max", "average"),
    onChange: (value) => fig.set({ kind: value }),
  });
  const f = numberBox(fig, {
    label: t("f"),
    min: 1,
    max: 10,
    value: fig.get("f"),
    onChange: (value) => resize({ f: value }),
  });
  const s = numberBox(fig, {
    label: t("s"),
    min: 1,
    max: 10,
    value: fig.get("s"),
    onChange: (value) => resize({ s: value }),
  });
  const gradient = choice(fig, {
    label: t("gradient"),
    options: options("off", "one", "filled"),
    onChange: (value) => fig.set({ gradient: value }),
  });
  const typed = matrixBox(fig, {
    label: t("type"),
    help: t("typeHelp"),
    most: 10,
    onChange: (matrix) => resize({ image: matrix }),
  });
  fig.controls.append(kind.el, f.el, s.el, gradient.el, typed.el);

  const input = numberGrid(fig, { caption: t("input") });
  const { keyboard, nudge } = steps;
  const move = (r, c) => steps.at(Math.round(r / fig.get("s")), Math.round(c / fig.get("s")));
  const frame = slidingWindow(fig, input, { label: t("window"), move, nudge, keyboard });
  const output = numberGrid(fig, { caption: t("output"), pick: (r, c) => steps.at(r, c), keyboard });
  fig.stage.append(input.el, output.el);
  fig.el.insertBefore(steps.player.el, fig.status);
  fig.hint.textContent = t("hint");

  // A grid of the output's shape, from what `make` gives for the cell's number.
  const overOutput = (make) =>
    range(shape()[0]).map((r) => range(shape()[1]).map((c) => make(r * shape()[1] + c, r, c)));

  function line({ numbers, sum, value, ties, winner }) {
    const [, r, c] = steps.cell();
    const n = numbers.length;
    const mode = fig.get("gradient");
    return [
      `${t("place", { r: r + 1, c: c + 1 })}.`,
      winner
        ? t("maxLine", {
            numbers: numbers.map((x) => format(x)).join(", "),
            value: format(value),
            r: winner[0] + 1,
            c: winner[1] + 1,
          })
        : t("averageLine", { numbers: numbers.map(factor).join(" + "), n, sum: format(sum), value: format(value) }),
      ties > 1 && t("tieLine", { n: ties }),
      mode !== "off" && t(winner ? "maxBack" : "averageBack", { n, share: format(1 / n) }),
      mode === "filled" && t("adds"),
    ]
      .filter(Boolean)
      .join(" ");
  }

  fig.draws(() => {
    kind.set(fig.get("kind"));
    f.set(fig.get("f"));
    s.set(fig.get("s"));
    gradient.set(fig.get("gradient"));
    typed.set(image());
    const [, r, c] = steps.cell();
    const mode = fig.get("gradient");
    const seen = steps.seen();
    const cell = poolCell(image(), r, c, ...settings());
    const all = pool(image(), ...settings());
    const values = overOutput((i, y, x) => (seen.has(i) ? all[y][x] : null));
    const starts = { off: () => false, one: (i) => i === steps.position(), filled: (i) => seen.has(i) };
    const sent = overOutput((i) => Number(starts[mode](i)));
    const got = poolBackward(image(), sent, ...settings());
    const backward = mode !== "off";
    const isAt = (i, j, [y, x] = []) => i === y && j === x;
    const corner = (numbers) => (i, j) => (backward && numbers[i][j] ? format(numbers[i][j]) : null);

    input.caption(t(backward ? "inputGradient" : "input"));
    input.draw(image(), {
      tint: backward ? null : "grey",
      cell: (i, j) => ({
        class: [backward && got[i][j] && "pool-gets", isAt(i, j, cell.winner) && "pool-wins"].filter(Boolean).join(" "),
        corner: corner(got)(i, j),
      }),
    });
    output.caption(t(backward ? "outputGradient" : "output"));
    output.draw(values, {
      tint: backward ? null : "grey",
      of: image(),
      cell: (i, j) => ({ class: isAt(i, j, [r, c]) ? "cl-now" : "", corner: corner(sent)(i, j) }),
    });
    output.current(r, c);
    frame.place({
      r: r * fig.get("s"),
      c: c * fig.get("s"),
      height: fig.get("f"),
      width: fig.get("f"),
      now: steps.position() + 1,
      of: steps.count(),
      text: t("place", { r: r + 1, c: c + 1 }),
    });
    fig.say(line(cell));
    fig.table.clear();
    fig.table.numbers(t("input"), image());
    fig.table.numbers(t("output"), values);
    if (backward) fig.table.numbers(t("tableGradient"), got);
  });
  return fig.remove;
}

export default { render };
