"""YOLO: from boxes to y."""

from collections.abc import Callable
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


def likeness(size: tuple[float, float], anchor: np.ndarray) -> float:
    return iou_of(np.array([0, 0, *size]), np.array([0, 0, *anchor]))


def most_alike(size: tuple[float, float], anchors: np.ndarray) -> int:
    return int(np.argmax([likeness(size, anchor) for anchor in anchors]))


def least_alike(size: tuple[float, float], anchors: np.ndarray) -> int:
    return int(np.argmin([likeness(size, anchor) for anchor in anchors]))


def encode(
    boxes: np.ndarray,
    labels: np.ndarray,
    grid: tuple[int, int],
    anchors: np.ndarray,
    classes: int,
    size: tuple[int, int],
    numbers: Callable[..., list[float]] = in_cell,
    choose: Callable[..., int] = most_alike,
    centre: tuple[float, float] = (0.5, 0.5),
    first_class: int = 5,
    p_c: int = 1,
    swapped: bool = False,
) -> np.ndarray:
    y = np.zeros((*grid, len(anchors), 5 + classes))
    cell_h, cell_w = size[0] / grid[0], size[1] / grid[1]
    for (x0, y0, x1, y1), label in zip(boxes, labels, strict=True):
        h, w = y1 - y0, x1 - x0
        cx, cy = x0 + centre[0] * w, y0 + centre[1] * h
        row, column = floor(cy / cell_h), floor(cx / cell_w)
        k = choose((h, w), anchors)
        place = y[column, row, k] if swapped else y[row, column, k]
        place[:] = 0
        place[:5] = [p_c, *numbers(cx, cy, h, w, cell_h, cell_w, anchors[k])]
        place[first_class + label] = 1
    return y


def encode_of_image(boxes, labels, grid, anchors, classes, size):
    """b_x and b_y as shares of the image."""

    def numbers(cx, cy, h, w, cell_h, cell_w, anchor):
        return [cx / size[1], cy / size[0], h / anchor[0], w / anchor[1]]

    return encode(boxes, labels, grid, anchors, classes, size, numbers)


def encode_all_at_once(boxes, labels, grid, anchors, classes, size):
    y = np.zeros((*grid, len(anchors), 5 + classes), "float32")
    centres = (boxes[:, :2] + boxes[:, 2:])[:, ::-1] / 2 * np.divide(grid, size)  # (N, 2), y first
    sizes = (boxes[:, 2:] - boxes[:, :2])[:, ::-1]
    both = np.minimum(sizes[:, None], anchors).prod(axis=2)
    k = np.argmax(both / (sizes.prod(axis=1)[:, None] + anchors.prod(axis=1) - both), axis=1)
    row, column = centres.astype(int).T
    here = centres - centres.astype(int)
    one_hot = np.eye(classes)[labels]
    columns = [np.ones(len(boxes)), here[:, 1], here[:, 0], sizes / anchors[k], one_hot]
    y[row, column, k] = np.column_stack(columns)
    return y


def encode_cases(rng: np.random.Generator) -> list[Case]:
    return [
        street(rng, grid=(1, 2), classes=2, labels=[1]),
        street(rng, grid=(3, 4), classes=3, labels=[2, 0, 1]),
        street(rng, grid=(5, 3), classes=4, labels=[1, 3, 2, 1, 0, 3], A=3),
        street(rng, grid=(4, 6), classes=3, labels=[]),
        of_any_shape(rng, grid=(4, 5), classes=3),
        of_any_shape(rng, grid=(6, 5), classes=2),
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


def street(
    rng: np.random.Generator, grid: tuple[int, int], classes: int, labels: list[int], A: int = 2
) -> Case:
    """Objects like the A anchors, in different places. The first two are in one cell.

    Their cells lie in the square part of the grid, so that a swapped row and column exist too.
    """
    cell_h, cell_w = 4 * rng.permutation(np.arange(10, 16))[:2]
    anchors = np.array([[20, 7], [8, 22], [14, 14]])[:A] * rng.uniform(0.9, 1.2, (A, 1))
    anchors = rng.permutation(anchors.round())
    short = min(grid)
    cells = rng.permutation(short * short)[: len(labels)]
    cells[1:2] = cells[:1]
    boxes = []
    for number, cell in enumerate(cells):
        h, w = anchors[number % A] * rng.uniform(0.85, 1.15, 2)
        # Inside the image on the left and above: a corner there has a cell too.
        cx = max((cell % short + rng.uniform(0.1, 0.9)) * cell_w, w / 2)
        cy = max((cell // short + rng.uniform(0.1, 0.9)) * cell_h, h / 2)
        boxes.append([cx - w / 2, cy - h / 2, cx + w / 2, cy + h / 2])
    size = int(grid[0] * cell_h), int(grid[1] * cell_w)
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
            encode_of_image,
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
            partial(encode, choose=least_alike),
            "Each object went to the anchor that resembles it least. A large IoU of the two shapes"
            " means that they are alike.",
        ),
        Wrong(
            "always the first anchor",
            partial(encode, choose=lambda size, anchors: 0),
            "All objects went to the first anchor, so two in one cell overwrite each other. Which"
            " anchor is the place of an object?",
        ),
        Wrong(
            "anchors read as (width, height)",
            partial(encode, choose=lambda size, anchors: most_alike(size[::-1], anchors)),
            "A tall object went to a wide anchor. An anchor is (height, width): compare height with"
            " height.",
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
