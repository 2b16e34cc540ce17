// YOLO target explorer: objects to place on the grid, the places of y that they fill, and the ones that clash.

import { button, choice, figure, fill, format, h, keys, range, svg, uid } from "./frame.js";
import { beside, movable, picture, rules, within } from "./boxes.js";
import PHRASES from "./yolo_target.json" with { type: "json" };

const N = 96; // the picture's side
const GRID = 3;
const SIDE = N / GRID;
const MOST = 6;
const SMALLEST = 4; // side of an object
const LETTERS = "ABCDEF";
const KEYS = ["p_c", "b_x", "b_y", "b_h", "b_w", "c_1", "c_2", "c_3"];
const NEW = [
  [16, 40],
  [46, 24],
  [30, 22],
]; // width and height of a new object of each class
const EXAMPLES = {
  both: [
    [0, 38, 24, 54, 66],
    [1, 30, 42, 80, 66],
    [2, 4, 62, 34, 84],
  ],
  same: [
    [1, 18, 34, 66, 58],
    [2, 40, 40, 76, 62],
  ],
  three: [
    [0, 36, 18, 54, 62],
    [1, 26, 38, 76, 62],
    [2, 32, 48, 66, 70],
  ],
  border: [
    [0, 24, 8, 40, 48],
    [1, 40, 52, 88, 76],
  ],
  none: [],
};
// Outlines: view box, path.
const SHAPES = [
  ["0 0 10 24", "M5 0a2.4 2.4 0 1 0 .01 0zM2 5.5h6l2 9-1.8.3L7 24H5.3L5 16l-.3 8H3L1.8 14.8 0 14.5z"],
  ["0 0 48 24", "M0 19v-8l8-2L16 0h18l8 9 6 2v8h-5a4.5 5 0 0 1-9 0H15a4.5 5 0 0 1-9 0z"],
  ["0 0 30 20", "M6 9a5.5 5.5 0 1 0 .01 0zM24 9a5.5 5.5 0 1 0 .01 0zM7 13l3-6h8l2-4h-3V0h5l4 13h-3l-2-5-3 6h-7z"],
];

// ---- arithmetic ----

// x and y of the middle of [label, x_min, y_min, x_max, y_max].
const middle = ([, left, top, right, bottom]) => [(left + right) / 2, (top + bottom) / 2];

// The cell in which a middle lies, and where in it. On a border the later cell has it, also where rounding put it 1e-9 before.
function cellOf(at, side, cells) {
  const index = within(Math.floor(at / side + 1e-9), 0, cells - 1);
  return [index, Math.max(0, at / side - index)];
}

// IoU of two shapes, [height, width], centre on centre.
function shapeIoU(a, b) {
  const both = Math.min(a[0], b[0]) * Math.min(a[1], b[1]);
  return both / (a[0] * a[1] + b[0] * b[1] - both);
}

// objects: [[label, x_min, y_min, x_max, y_max], …]; grid and size: rows before columns. Gives `y`; for each object what it
// `wants`: { row, column, anchor, ious, best, numbers }; `holders`, who has each place, or null; `leftOut`.
export function encode(objects, anchors, grid, size, classes) {
  const wants = objects.map((object) => {
    const [label, left, top, right, bottom] = object;
    const sides = [bottom - top, right - left];
    const [x, y] = middle(object);
    const [row, b_y] = cellOf(y, size[0] / grid[0], grid[0]);
    const [column, b_x] = cellOf(x, size[1] / grid[1], grid[1]);
    const ious = anchors.map((shape) => shapeIoU(sides, shape));
    const best = Math.max(...ious);
    const anchor = ious.indexOf(best);
    const multiples = sides.map((n, axis) => n / anchors[anchor][axis]);
    return {
      row,
      column,
      anchor,
      ious,
      best,
      numbers: [1, b_x, b_y, ...multiples, ...range(classes).map((c) => Number(c === label))],
    };
  });
  const each = (make) => range(grid[0]).map(() => range(grid[1]).map(() => anchors.map(make)));
  const y = each(() => Array(5 + classes).fill(0));
  const holders = each(() => null);
  const leftOut = [];
  for (const i of range(objects.length).sort((i, j) => wants[j].best - wants[i].best || i - j)) {
    const { row, column, anchor, numbers } = wants[i];
    if (holders[row][column][anchor] !== null) leftOut.push(i);
    else [holders[row][column][anchor], y[row][column][anchor]] = [i, numbers];
  }
  return { y, wants, holders, leftOut: leftOut.sort((i, j) => i - j) };
}

// A box as it was changed, but with sides of at least SMALLEST: of two coordinates that come too near, the changed one gives way.
export function roomy(old, next) {
  const box = [...next];
  for (const axis of [0, 1]) {
    if (box[axis + 2] - box[axis] >= SMALLEST) continue;
    if (box[axis] === old[axis]) box[axis + 2] = box[axis] + SMALLEST;
    else box[axis] = box[axis + 2] - SMALLEST;
  }
  return box;
}

// ---- the figure ----

function render({ model, el }) {
  const fig = figure({ model, el, words: PHRASES, title: "title" });
  const { t } = fig;
  fig.el.classList.add("yolo");
  const anchors = fig.get("anchors");
  const objects = () => fig.get("objects");
  const encoded = (list = objects()) => encode(list, anchors, [GRID, GRID], [N, N], 3);
  const named = (label) => t(`class${label}`);
  const who = (i) => `${LETTERS[i]} (${named(objects()[i][0])})`;
  const at = (k) => [Math.floor(k / GRID), k % GRID];
  const upper = (text) => text[0].toUpperCase() + text.slice(1);
  const slot = (k, i) => t("slot", { k: k + 1, holder: i === null ? t("free") : who(i) });
  const spot = ({ row, column }) => t("cell", { row: row + 1, column: column + 1 });
  let current = null; // whose anchors are drawn

  const write = (list, cell = fig.get("cell")) => {
    fig.explain("");
    fig.set({ objects: list, cell });
  };
  // The cell that is read goes with the object that moves.
  const follow = (list, i) => {
    const { row, column } = encoded(list).wants[i];
    current = i;
    write(list, [row, column]);
  };
  const replace = (i, object) =>
    follow(
      objects().map((old, j) => (j === i ? object : old)),
      i,
    );
  const remove = (i, focusable) => {
    current = null;
    write(objects().filter((_, j) => j !== i));
    (focusable[Math.min(i, objects().length - 1)] ?? adders[0]).focus();
  };
  const first = ([row, column]) => {
    const i = encoded().wants.findIndex((one) => one.row === row && one.column === column);
    return i < 0 ? null : i;
  };
  const choose = (row, column) => {
    const cell = [row, column].map((n) => within(n, 0, GRID - 1));
    current = first(cell);
    write([...objects()], cell);
  };

  const example = choice(fig, {
    label: t("example"),
    options: ["own", ...Object.keys(EXAMPLES)].map((key) => [key, t(key)]),
    onChange(key) {
      const list = (EXAMPLES[key] ?? objects()).map((row) => [...row]);
      if (list.length) follow(list, 0);
      else write(list);
    },
  });
  const adders = range(3).map(
    (label) =>
      button(fig, {
        label: `+ ${named(label)}`,
        onClick() {
          const list = objects();
          if (list.length === MOST) return fig.explain(t("full", { n: MOST }));
          const [row, column] = fig.get("cell");
          const aside = 4 * ((list.length % 3) - 1); // not on top of another
          const [x, y] = [(column + 0.5) * SIDE + aside, (row + 0.5) * SIDE + aside];
          const [width, height] = NEW[label];
          const [left, top] = [within(x - width / 2, 0, N - width), within(y - height / 2, 0, N - height)];
          follow([...list, [label, left, top, left + width, top + height]], list.length);
        },
      }).el,
  );
  const heading = (key) => h("p", { class: "cl-name", id: uid() }, t(key, { n: GRID }));
  const [adding, mapName, listName] = ["add", "map", "list"].map(heading);
  fig.controls.append(
    example.el,
    h("div", { class: "yolo-add", role: "group", "aria-labelledby": adding.id }, adding, ...adders),
  );

  // the picture
  const cells = range(GRID * GRID).map((k) =>
    svg("rect", { x: (k % GRID) * SIDE, y: at(k)[0] * SIDE, width: SIDE, height: SIDE }),
  );
  const ground = picture(fig, {
    width: N,
    height: N,
    ground: [...cells, ...rules(N, N, SIDE)],
    role: "group",
    "aria-label": t("picture", { n: GRID }),
  });
  fig.listen(ground.el, "pointerdown", (event) => {
    if (event.button || event.target.closest(".cl-box")) return;
    const { left, top, width, height } = ground.el.getBoundingClientRect();
    choose(Math.floor((GRID * (event.clientY - top)) / height), Math.floor((GRID * (event.clientX - left)) / width));
  });
  const movables = range(MOST).map((i) => {
    const one = movable(fig, ground, {
      name: LETTERS[i],
      label: LETTERS[i],
      onChange: (box) => {
        const [label, ...old] = objects()[i];
        replace(i, [label, ...roomy(old, box)]);
      },
    });
    const drawing = h("span", { class: "yolo-drawing" });
    one.el.prepend(drawing, h("span", { class: "yolo-middle" }));
    fig.listen(one.el, "focus", () => {
      if (current !== i) replace(i, [...objects()[i]]);
    });
    fig.listen(one.el, "keydown", (event) => {
      if (event.key === "Delete")
        remove(
          i,
          movables.map((other) => other.el),
        );
    });
    return { ...one, drawing };
  });
  const outlines = anchors.map((_, k) => h("div", { class: "yolo-anchor" }, h("span", {}, k + 1)));
  ground.el.append(h("div", { class: "yolo-layer" }, ...outlines));

  // y: the cells
  const tiles = range(GRID * GRID).map((k) => button(fig, { label: "", onClick: () => choose(...at(k)) }).el);
  const map = h("div", { class: "yolo-map", role: "group", "aria-labelledby": mapName.id }, ...tiles);
  keys(fig, map, {
    move(dr, dc) {
      const [row, column] = fig.get("cell");
      choose(row + dr, column + dc);
      const [r, c] = fig.get("cell");
      tiles[GRID * r + c].focus();
    },
  });
  const numbers = h("div", { class: "yolo-numbers" });

  // the objects
  const lines = range(MOST).map((i) => {
    const [text, state] = [h("span"), h("strong")];
    const select = h(
      "select",
      { "aria-label": t("classOf", { letter: LETTERS[i] }) },
      ...range(3).map((label) => h("option", { value: label }, named(label))),
    );
    fig.listen(select, "change", () => replace(i, [Number(select.value), ...objects()[i].slice(1)]));
    const gone = button(fig, {
      label: t("remove"),
      name: t("removeOne", { letter: LETTERS[i] }),
      onClick: () =>
        remove(
          i,
          lines.map((line) => line.gone),
        ),
    }).el;
    return {
      el: h("li", {}, h("span", { class: "yolo-letter" }, LETTERS[i]), select, h("p", {}, text, " ", state), gone),
      select,
      text,
      state,
      gone,
    };
  });
  fig.stage.append(
    h("div", { class: "yolo-left" }, ground.el),
    h("div", { class: "yolo-right" }, mapName, map, fig.status),
    h("div", { class: "yolo-bottom" }, numbers),
    h(
      "div",
      { class: "yolo-bottom" },
      listName,
      h("ul", { "aria-labelledby": listName.id }, ...lines.map((one) => one.el)),
    ),
  );
  fig.hint.textContent = t("hint");

  const rivals = (more, less) => ({ more: beside(more, less), less: beside(less, more) });
  // What has happened in a cell, in words.
  function sentence(cell, { wants, holders, leftOut }) {
    const here = range(wants.length).filter((i) => wants[i].row === cell[0] && wants[i].column === cell[1]);
    const others = leftOut.filter((i) => !here.includes(i)).map(who);
    const [A, B] = here.map((i) => wants[i]);
    const many = here.length > 2 ? "many" : A?.anchor === B?.anchor ? "twoSame" : "two";
    const parts = [
      t(
        ["nobody", "one"][here.length] ?? many,
        here.length === 1
          ? { who: who(here[0]), k: A.anchor + 1, ...rivals(A.best, A.ious[1 - A.anchor]) }
          : { n: here.length },
      ),
    ];
    if (here.length > 1)
      holders[cell[0]][cell[1]].forEach((winner, k) => {
        const losers = here.filter((i) => i !== winner && wants[i].anchor === k);
        if (winner !== null && !losers.length) parts.push(`${upper(slot(k, winner))}.`);
        for (const loser of losers)
          parts.push(
            t("wins", {
              winner: who(winner),
              loser: who(loser),
              k: k + 1,
              ...rivals(wants[winner].best, wants[loser].best),
            }),
          );
      });
    if (others.length) parts.push(t("elsewhere", { list: others.join(", ") }));
    return `${upper(spot({ row: cell[0], column: cell[1] }))}: ${parts.join(" ")}`;
  }

  // The numbers of a cell, and how each came about: (46 − 32) / 32 = 0.438.
  const called = (k) => (k < 5 ? KEYS[k] : `${KEYS[k]} ${named(k - 5)}`);
  function table(cell, { wants, holders }) {
    const both = holders[cell[0]][cell[1]];
    const from = (n, index) => `(${format(n)} − ${index * SIDE}) / ${SIDE}`;
    const columns = both.map((i, n) => {
      if (i === null) return KEYS.map(() => h("td", { class: "yolo-void" }, "0"));
      const [, left, top, right, bottom] = objects()[i];
      const [x, y] = middle(objects()[i]);
      const sums = [
        "",
        from(x, cell[1]),
        from(y, cell[0]),
        `${bottom - top} / ${format(anchors[n][0])}`,
        `${right - left} / ${format(anchors[n][1])}`,
      ];
      return wants[i].numbers.map((value, k) =>
        h("td", {}, sums[k] && `${sums[k]} `, h("b", {}, (sums[k] ? "= " : "") + format(value, 3))),
      );
    });
    const head = anchors.map((shape, k) =>
      h("th", { scope: "col" }, `${upper(slot(k, both[k]))} `, h("small", {}, shape.map((n) => format(n)).join(" × "))),
    );
    return h(
      "table",
      {},
      h("caption", {}, t("numbers") + spot({ row: cell[0], column: cell[1] })),
      h("thead", {}, h("tr", {}, h("td"), ...head)),
      h(
        "tbody",
        {},
        ...KEYS.map((_, k) => h("tr", {}, h("th", { scope: "row" }, called(k)), ...columns.map((column) => column[k]))),
      ),
    );
  }

  function draw() {
    const list = objects();
    const cell = fig.get("cell");
    const all = encoded();
    const { y: target, wants, holders, leftOut } = all;
    if (current === null || current >= list.length) current = first(cell);
    const same = (other) => JSON.stringify(other) === JSON.stringify(list);
    example.set(Object.keys(EXAMPLES).find((key) => same(EXAMPLES[key])) ?? "own");

    const chosen = (k) => k === GRID * cell[0] + cell[1];
    const inCell = (k) => range(list.length).filter((i) => GRID * wants[i].row + wants[i].column === k);
    cells.forEach((one, k) =>
      one.setAttribute("class", `yolo-cell${inCell(k).length ? " yolo-used" : ""}${chosen(k) ? " yolo-chosen" : ""}`),
    );
    movables.forEach((one, i) => {
      one.el.hidden = i >= list.length;
      if (one.el.hidden) return;
      const [label, ...box] = list[i];
      one.place(box, `${t("where", box)}; ${spot(wants[i])}`);
      one.el.setAttribute("aria-label", who(i));
      one.el.className = `cl-box yolo-class${label}${leftOut.includes(i) ? " yolo-out" : ""}`;
      const [viewBox, d] = SHAPES[label];
      one.drawing.replaceChildren(
        svg("svg", { viewBox, preserveAspectRatio: "none", "aria-hidden": "true" }, svg("path", { d })),
      );
    });
    outlines.forEach((outline, k) => {
      outline.hidden = current === null;
      if (current === null) return;
      const [x, y] = middle(list[current]);
      const [height, width] = anchors[k];
      ground.put(outline, [x - width / 2, y - height / 2, x + width / 2, y + height / 2]);
      outline.className = `yolo-anchor${wants[current].anchor === k ? " yolo-best" : ""}`;
    });

    tiles.forEach((tile, k) => {
      const [row, column] = at(k);
      const lost = inCell(k)
        .filter((i) => leftOut.includes(i))
        .map((i) => LETTERS[i]);
      const slots = holders[row][column];
      const words = slots.map((i, n) => slot(n, i)).concat(lost.length ? t("lost", { list: lost.join(", ") }) : []);
      fill(
        tile,
        {
          "aria-pressed": String(chosen(k)),
          tabindex: chosen(k) ? 0 : -1,
          "aria-label": `${spot({ row, column })}; ${words.join("; ")}`,
        },
        [],
      );
      tile.replaceChildren(
        ...slots.map((i, n) =>
          h(
            "span",
            { class: `yolo-slot${i === null ? "" : ` yolo-full yolo-class${list[i][0]}`}` },
            `${n + 1} ${LETTERS[i] ?? "–"}`,
          ),
        ),
        ...(lost.length ? [h("s", {}, lost.join(" "))] : []),
      );
    });
    numbers.replaceChildren(table(cell, all), h("p", { class: "cl-name" }, t("care")));

    lines.forEach((line, i) => {
      line.el.hidden = i >= list.length;
      if (line.el.hidden) return;
      const out = leftOut.includes(i);
      line.el.className = `yolo-class${list[i][0]}${out ? " yolo-out" : ""}`;
      line.select.value = list[i][0];
      const { ious, anchor } = wants[i];
      const [x, y] = middle(list[i]).map((n) => format(n));
      line.text.textContent = t("middle", {
        x,
        y,
        ...ious.map((value, k) => beside(value, ious[1 - k])),
        cell: spot(wants[i]),
      });
      line.state.textContent = t(out ? "out" : "gets", { k: anchor + 1 });
    });
    fig.say(sentence(cell, all));

    fig.table.clear();
    fig.table(
      t("tableY"),
      [t("theCell"), ...KEYS.map((_, k) => called(k))],
      tiles.flatMap((_, k) => {
        const [row, column] = at(k);
        return target[row][column].map((values, n) => [
          `${spot({ row, column })}, ${slot(n, holders[row][column][n])}`,
          ...values.map((value) => format(value, 3)),
        ]);
      }),
    );
  }
  fig.draws(draw);
  return fig.remove;
}

export default { render };
