"""YOLO: from boxes to y."""

from collections.abc import Callable, Sequence
from functools import partial
from math import floor

import numpy as np

from cnnlab.grading.question import (
    FLOAT32,
    Case,
    Question,
    Wrong,
)
from cnnlab.grading.questions.detection.iou import iou_of


def in_cell(cx, cy, h, w, cell_h, cell_w, anchor):
    """b_x, b_y, b_h, b_w of a box with this centre and size."""
    return [cx / cell_w % 1, cy / cell_h % 1, h / anchor[0], w / anchor[1]]


Size = tuple[float, float]  # height and width
Measure = Callable[[Size, np.ndarray], float]  # of a size and an anchor: small if they are alike


def likeness(size: Size, anchor: np.ndarray) -> float:
    return iou_of(np.array([0, 0, *size]), np.array([0, 0, *anchor]))


def unlike(size: Size, anchor: np.ndarray) -> float:
    return -likeness(size, anchor)


def area_of(box: np.ndarray) -> float:
    return (box[2] - box[0]) * (box[3] - box[1])


def largest_first(boxes: np.ndarray) -> list[int]:
    return sorted(range(len(boxes)), key=lambda i: -area_of(boxes[i]))


def encode(
    boxes: np.ndarray,
    labels: np.ndarray,
    grid: tuple[int, int],
    anchors: np.ndarray,
    classes: int,
    size: tuple[int, int],
    numbers: Callable[..., list[float]] = in_cell,
    measure: Measure = unlike,
    order: Callable[[np.ndarray], Sequence[int]] = largest_first,
    clash: str = "next",
    cell: Callable[[int, int], float] = lambda length, count: length / count,
    centre: tuple[float, float] = (0.5, 0.5),
    first_class: int = 5,
    p_c: int = 1,
    swapped: bool = False,
) -> np.ndarray:
    """y. Where the best anchor is taken, an object goes to the `clash`: next, away or over it."""
    y = np.zeros((*grid, len(anchors), 5 + classes))
    cell_h, cell_w = cell(size[0], grid[0]), cell(size[1], grid[1])
    taken = set()
    for i in order(boxes):
        (x0, y0, x1, y1), label = boxes[i], labels[i]
        h, w = y1 - y0, x1 - x0
        cx, cy = x0 + centre[0] * w, y0 + centre[1] * h
        row, column = floor(cy / cell_h), floor(cx / cell_w)
        if swapped:
            row, column = column, row
        ranked = sorted(range(len(anchors)), key=lambda k: measure((h, w), anchors[k]))
        wanted = ranked if clash == "next" else ranked[:1]
        free = [k for k in wanted if (row, column, k) not in taken or clash == "over"]
        if not free:
            continue
        k = free[0]
        taken.add((row, column, k))
        place = y[row, column, k]
        place[:] = 0
        place[:5] = [p_c, *numbers(cx, cy, h, w, cell_h, cell_w, anchors[k])]
        place[first_class + label] = 1
    return y


def another_class(boxes, labels, grid, anchors, classes, size, turn):
    """The class so many places after the right one, and after the last one the first."""
    return encode(boxes, (labels + turn) % classes, grid, anchors, classes, size)


def encode_in_image(boxes, labels, grid, anchors, classes, size, centre=False):
    """b_h and b_w as shares of the image, or, if `centre`, b_x and b_y."""

    def numbers(cx, cy, h, w, *rest):
        in_place = in_cell(cx, cy, h, w, *rest)
        if centre:
            return [cx / size[1], cy / size[0], *in_place[2:]]
        return [*in_place[:2], h / size[0], w / size[1]]

    return encode(boxes, labels, grid, anchors, classes, size, numbers)


def encode_all_at_once(boxes, labels, grid, anchors, classes, size):
    """Numbers of all objects at once; then each takes the largest IoU that is left in its cell."""
    y = np.zeros((*grid, len(anchors), 5 + classes), "float32")
    centres = (boxes[:, :2] + boxes[:, 2:])[:, ::-1] / 2 * np.divide(grid, size)  # (N, 2), y first
    sizes = (boxes[:, 2:] - boxes[:, :2])[:, ::-1]
    both = np.minimum(sizes[:, None], anchors).prod(axis=2)
    alike = both / (sizes.prod(axis=1)[:, None] + anchors.prod(axis=1) - both)
    here = centres - centres.astype(int)
    for i in np.argsort(sizes.prod(axis=1))[::-1]:
        anchors_here = y[tuple(centres[i].astype(int))]  # (A, 5 + classes)
        left = np.where(anchors_here[:, 0] == 0, alike[i], -1)
        if (k := left.argmax()) >= 0 and left[k] >= 0:
            one_hot = np.eye(classes)[labels[i]]
            anchors_here[k] = [1, here[i, 1], here[i, 0], *(sizes[i] / anchors[k]), *one_hot]
    return y


def encode_cases(rng: np.random.Generator) -> list[Case]:
    return [
        street(rng, grid=(1, 2), classes=2, labels=[1]),
        street(rng, grid=(3, 4), classes=3, labels=[2, 0, 1]),
        street(rng, grid=(5, 3), classes=4, labels=[1, 3, 2, 1, 0, 3], A=3),
        rivals(rng, grid=(3, 5), classes=3),
        telling(rng, grid=(5, 4), classes=5),
        long_ones(rng, grid=(4, 3), classes=4),
        street(rng, grid=(4, 6), classes=3, labels=[]),
        of_any_shape(rng, grid=(4, 5), classes=3),
        of_any_shape(rng, grid=(6, 5), classes=2),
        small_ones(rng, grid=(4, 3), classes=2),
    ]


def of_any_shape(rng: np.random.Generator, grid: tuple[int, int], classes: int) -> Case:
    """An object in each cell, like no anchor: which one it resembles most, the IoU alone tells.

    A cell's height and width have fractions, and differ much.
    """
    size = int(grid[0] * rng.integers(64, 70)) + 1, int(grid[1] * rng.integers(44, 48)) + 1
    cell_h, cell_w = size[0] / grid[0], size[1] / grid[1]
    anchors = rng.permutation(np.array([[12, 9], [10, 30], [34, 12], [30, 34]]))
    boxes, short = [], min(grid)
    for row, column in np.ndindex(short, short):
        h, w = shape_of_one(rng, anchors)
        cx = max((column + rng.uniform(0.1, 0.9)) * cell_w, w / 2)
        cy = max((row + rng.uniform(0.1, 0.9)) * cell_h, h / 2)
        boxes.append([cx - w / 2, cy - h / 2, cx + w / 2, cy + h / 2])
    order = rng.permutation(len(boxes))
    labels = rng.integers(0, classes, len(boxes))
    return np.array(boxes)[order].round(1), labels, grid, anchors.astype(float), classes, size


def shape_of_one(rng: np.random.Generator, anchors: np.ndarray) -> tuple[float, float]:
    """Height and width at random, with an anchor that is clearly the most alike."""
    while True:
        h, w = rng.uniform(7, 40, 2)
        second, best = sorted(likeness((h, w), anchor) for anchor in anchors)[-2:]
        if best - second > 0.02:
            return h, w


def small_ones(rng: np.random.Generator, grid: tuple[int, int], classes: int) -> Case:
    """Objects and anchors of a few pixels: one edge that lies a pixel off finds another anchor."""
    size = int(grid[0] * rng.integers(21, 25)), int(grid[1] * rng.integers(21, 25))
    anchors = rng.permutation(np.array([[3.0, 9], [9, 4], [5, 5], [8, 8]]))
    steps = [step * np.eye(4)[edge] for step in (1, -1) for edge in range(4)]
    boxes, short = [], min(grid)
    cells = rng.permutation(short**2)[: len(steps)]
    for step, cell in zip(steps, cells, strict=True):
        h, w = misjudged(rng, anchors, step)
        row, column = divmod(int(cell), short)
        top, left = ((i + rng.uniform(0.2, 0.4)) * 21 for i in (row, column))
        boxes.append([left, top, left + w, top + h])
    labels = rng.integers(0, classes, len(boxes))
    return np.array(boxes), labels, grid, anchors, classes, size


def misjudged(
    rng: np.random.Generator, anchors: np.ndarray, step: np.ndarray
) -> tuple[float, float]:
    """A height and width with another best anchor if an edge of the two, top or left, moves."""
    while True:
        h, w = rng.uniform(3, 10, 2).round(1)
        alike = [likeness((h, w), anchor) for anchor in anchors]
        moved = [
            iou_of(np.array([*step[:2], h, w]), np.array([*step[2:], *anchor]))
            for anchor in anchors
        ]
        second, best = np.sort(alike)[-2:]
        if best - second > 0.02 and np.argmax(moved) != np.argmax(alike):
            return h, w


def street(
    rng: np.random.Generator, grid: tuple[int, int], classes: int, labels: list[int], A: int = 2
) -> Case:
    """Objects like the A anchors, in different places. The first two are in one cell."""
    anchors = np.array([[20, 7], [8, 22], [14, 14]])[:A] * rng.uniform(0.9, 1.2, (A, 1))
    anchors = rng.permutation(anchors.round())
    cells = rng.permutation(min(grid) ** 2)[: len(labels)]
    cells[1:2] = cells[:1]
    sizes = [anchors[i % A] * rng.uniform(0.85, 1.15, 2) for i in range(len(labels))]
    return placed(rng, grid, classes, labels, anchors, cells, sizes)


def rivals(rng: np.random.Generator, grid: tuple[int, int], classes: int) -> Case:
    """Two objects that want one anchor, which finds the second a place; and three that are one too
    many. The larger one comes later, and it is no better likeness than the smaller one.
    """
    tall, wide = np.array([22.0, 8]), np.array([8.0, 20])
    two, three = rng.permutation(min(grid) ** 2)[:2]
    sizes = [tall * 0.95, tall * 1.25, wide * 0.8, wide * 1.2, wide * 1.02]
    sizes = [size * rng.uniform(0.98, 1.02) for size in sizes]
    labels = rng.integers(0, classes, len(sizes)).tolist()
    labels[0], labels[1] = rng.permutation(classes)[:2].tolist()
    cells = [two, two, three, three, three]
    return placed(rng, grid, classes, labels, np.array([tall, wide]), cells, sizes)


def telling(rng: np.random.Generator, grid: tuple[int, int], classes: int) -> Case:
    """Each measure but the IoU sends at least one of three objects to another anchor."""
    scale = rng.uniform(0.9, 1.15)
    anchors = np.array([[30.0, 30], [12, 10], [10, 26], [26, 11]]) * scale
    sizes = np.array([[16.0, 18], [21, 26], [8, 29]]) * scale
    order = rng.permutation(3)
    cells = rng.permutation(min(grid) ** 2)[:3]
    labels = rng.permutation(classes)[:3].tolist()
    anchors = rng.permutation(anchors.round(1))
    return placed(rng, grid, classes, labels, anchors, cells, sizes[order])


def long_ones(rng: np.random.Generator, grid: tuple[int, int], classes: int) -> Case:
    """In two cells, a large object and a longer one want the anchor that only one can have.

    The longer one is taller, or wider, and its sides have the larger sum; its area is smaller.
    """
    scale = rng.uniform(0.9, 1.1)
    anchors = rng.permutation(np.array([[20.0, 20], [6, 7]]) * scale).round(1)
    sizes = np.array([[20.0, 18], [28, 12], [19, 20], [12, 29]]) * scale
    one, other = rng.permutation(min(grid) ** 2)[:2]
    cells, order = np.array([one, one, other, other]), rng.permutation(4)
    labels = rng.permutation(classes)[:4].tolist()
    return placed(rng, grid, classes, labels, anchors, cells[order], sizes[order])


def placed(
    rng: np.random.Generator,
    grid: tuple[int, int],
    classes: int,
    labels: Sequence[int],
    anchors: np.ndarray,
    cells: Sequence[int],
    sizes: Sequence[np.ndarray],
) -> Case:
    """Objects of these sizes in these cells of the square part of the grid.

    There a swapped row and column exist too. Cells do not end at whole pixels.
    """
    short = min(grid)
    cell_h, cell_w = 4 * rng.permutation(np.arange(10, 16))[:2]
    size = tuple(int(n * cell + (n > 1)) for n, cell in zip(grid, (cell_h, cell_w), strict=True))
    boxes = []
    for cell, (h, w) in zip(cells, sizes, strict=True):
        # Inside the image on the left and above: a corner there has a cell too.
        cx = max((cell % short + rng.uniform(0.1, 0.9)) * cell_w, w / 2)
        cy = max((cell // short + rng.uniform(0.1, 0.9)) * cell_h, h / 2)
        boxes.append([cx - w / 2, cy - h / 2, cx + w / 2, cy + h / 2])
    boxes = np.array(boxes).reshape(-1, 4).round(1)
    return boxes, np.array(labels, int), grid, anchors, classes, size


QUESTION = Question(
    id="encode",
    room="detection",
    title="YOLO: from boxes to y",
    points=4,
    level=3,
    kind="function",
    cases=encode_cases,
    oracle=encode,
    tolerance=FLOAT32,
    wrong=(
        Wrong(
            "row and column swapped",
            partial(encode, swapped=True),
            "An object was put into y[column, row]. Which of the two follows from y, and which"
            " comes first in an array?",
        ),
        Wrong(
            "centre in the image, not in the cell",
            partial(encode_in_image, centre=True),
            "b_x and b_y tell where in the image the centre lies. The cell is known already: they"
            " should tell where in the cell.",
        ),
        Wrong(
            "corner instead of centre",
            partial(encode, centre=(0, 0)),
            "You placed the objects by their upper left corner. Another point of the box decides"
            " which cell finds it.",
        ),
        Wrong(
            "b_x and b_y swapped",
            partial(encode, numbers=lambda *box: [in_cell(*box)[i] for i in (1, 0, 2, 3)]),
            "The two numbers of the centre stand in each other's place. Look at the order in y.",
        ),
        Wrong(
            "b_h and b_w swapped",
            partial(encode, numbers=lambda *box: [in_cell(*box)[i] for i in (0, 1, 3, 2)]),
            "Width and height stand in each other's place. Look at the order in y.",
        ),
        Wrong(
            "size in pixels",
            partial(encode, numbers=lambda *box: [*in_cell(*box)[:2], box[2], box[3]]),
            "b_h and b_w are in pixels. In y a size is compared with something: what does 1 mean"
            " there?",
        ),
        Wrong(
            "size in cells",
            partial(
                encode,
                numbers=lambda *box: [*in_cell(*box)[:2], box[2] / box[4], box[3] / box[5]],
            ),
            "b_h and b_w count in cells. In this course they are multiples of something else, which"
            " has the shape of the object.",
        ),
        Wrong(
            "the least similar anchor",
            partial(encode, measure=likeness),
            "Each object went to the anchor that resembles it least. A large IoU of the two shapes"
            " means that they are alike.",
        ),
        Wrong(
            "always the first anchor",
            partial(encode, measure=lambda size, anchor: 0, clash="over"),
            "All objects went to the first anchor, so two in one cell overwrite each other. Which"
            " anchor is the place of an object?",
        ),
        Wrong(
            "anchors read as (width, height)",
            partial(encode, measure=lambda size, anchor: unlike(size[::-1], anchor)),
            "A tall object went to a wide anchor. An anchor is (height, width): compare height with"
            " height.",
        ),
        Wrong(
            "size as a share of the image",
            encode_in_image,
            "b_h and b_w are shares of the image, as in the localization of one object. In this y a"
            " size is compared with something smaller.",
        ),
        Wrong(
            "logarithm of the size",
            partial(
                encode,
                numbers=lambda *box: [*in_cell(*box)[:2], *np.log(in_cell(*box)[2:])],
            ),
            "b_h and b_w are logarithms. A network may work with them inside; this y has the"
            " multiples themselves.",
        ),
        Wrong(
            "whole pixels for a cell",
            partial(encode, cell=lambda length, count: length // count),
            "Your cells end at whole pixels, so they are too small where the size of the image is"
            " no multiple of the grid's.",
        ),
        Wrong(
            "truncated to whole numbers",
            lambda *case: np.trunc(encode(*case)),
            "Your y holds whole numbers only. An array that was made for whole numbers cuts off"
            " what stands behind the point.",
        ),
        Wrong(
            "anchor by the distance of the sizes",
            partial(encode, measure=lambda size, anchor: np.hypot(*(size - anchor))),
            "You compare an object with an anchor by the distance between (h, w) and (h, w). The"
            " task names another measure, and it does not always agree.",
        ),
        Wrong(
            "anchor by the sum of differences",
            partial(encode, measure=lambda size, anchor: np.abs(size - anchor).sum()),
            "You add up how much the heights and the widths differ. The task compares the two"
            " shapes in another way, and it does not always agree.",
        ),
        Wrong(
            "anchor by the ratio of the sides",
            partial(
                encode,
                measure=lambda size, anchor: abs(size[0] / size[1] - anchor[0] / anchor[1]),
            ),
            "You compare how tall for its width an object and an anchor are. Then a small object"
            " and a large anchor may pass for alike.",
        ),
        Wrong(
            "anchor by the common area",
            partial(encode, measure=lambda size, anchor: -np.minimum(size, anchor).prod()),
            "You look for the anchor that covers most of the object. A huge anchor covers all, and"
            " resembles nothing: what is the common area compared with?",
        ),
        Wrong(
            "anchor by the area",
            partial(encode, measure=lambda size, anchor: abs(np.prod(size) - np.prod(anchor))),
            "You compare areas. A tall and a wide box may have the same area.",
        ),
        Wrong(
            "anchor by the height",
            partial(encode, measure=lambda size, anchor: abs(size[0] - anchor[0])),
            "You compare the heights alone. An anchor has a width too.",
        ),
        Wrong(
            "anchor by the width",
            partial(encode, measure=lambda size, anchor: abs(size[1] - anchor[1])),
            "You compare the widths alone. An anchor has a height too.",
        ),
        Wrong(
            "in the order of the list",
            partial(encode, order=lambda boxes: range(len(boxes))),
            "The objects chose their anchors in the order in which they came. The task says which"
            " of them chooses first.",
        ),
        Wrong(
            "the smallest first",
            partial(encode, order=lambda boxes: largest_first(boxes)[::-1]),
            "The smallest object chose first. Sorting gives ascending order.",
        ),
        Wrong(
            "the tallest first",
            partial(encode, order=lambda boxes: np.argsort(boxes[:, 1] - boxes[:, 3])),
            "The tallest object chose first. A lower one may be larger: what does the task call the"
            " size of an object?",
        ),
        Wrong(
            "the widest first",
            partial(encode, order=lambda boxes: np.argsort(boxes[:, 0] - boxes[:, 2])),
            "The widest object chose first. A narrower one may be larger: what does the task call"
            " the size of an object?",
        ),
        Wrong(
            "overwritten",
            partial(encode, clash="over"),
            "An object was put into a place that was taken, and what stood there is lost. Before an"
            " object chooses, see which anchors of its cell are still free.",
        ),
        Wrong(
            "overwritten in the order of the list",
            partial(encode, clash="over", order=lambda boxes: range(len(boxes))),
            "Of two objects that want the same place, the last one in the list has it now, and the"
            " other one is lost. The task says what happens to the two.",
        ),
        Wrong(
            "left out though an anchor is free",
            partial(encode, clash="away"),
            "An object was left out although another anchor of its cell was still free.",
        ),
        Wrong(
            "label before",
            partial(another_class, turn=-1),
            "The 1 of the class stands at the class before the right one, and that of class 0 at"
            " the end. Labels count from 0, as indices do.",
        ),
        Wrong(
            "label after",
            partial(another_class, turn=1),
            "The 1 of the class stands one place too late. Labels count from 0: which index belongs"
            " to label 0?",
        ),
        Wrong(
            "classes counted from 1",
            partial(encode, first_class=4),
            "The 1 of the class stands one place too early. Labels count from 0: which index"
            " belongs to label 0?",
        ),
        Wrong(
            "p_c left 0",
            partial(encode, p_c=0),
            "p_c is 0 although an object is there: a network that learns from this y says that the"
            " street is empty.",
        ),
    ),
    alternatives=(encode_all_at_once,),
)
