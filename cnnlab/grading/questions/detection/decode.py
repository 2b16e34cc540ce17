"""YOLO: from y to boxes."""

from collections.abc import Callable
from functools import partial

import numpy as np

from cnnlab.grading.question import (
    FLOAT32,
    Case,
    Question,
    Wrong,
)


def from_cell(row, column, numbers, cell_h, cell_w, anchor):
    """Centre x and y, height and width, in pixels."""
    b_x, b_y, b_h, b_w = numbers
    return (column + b_x) * cell_w, (row + b_y) * cell_h, b_h * anchor[0], b_w * anchor[1]


def decode(
    y: np.ndarray,
    anchors: np.ndarray,
    size: tuple[int, int],
    threshold: float,
    box: Callable[..., tuple] = from_cell,
    score: Callable[[np.ndarray], float] = lambda y: y[0] * max(y[5:]),
    by: Callable[[float], float] = lambda score: -score,
    corners: tuple[float, float] = (-0.5, 0.5),
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rows, columns, count = y.shape[:3]
    found = []
    for row, column, k in np.ndindex(rows, columns, count):
        here = y[row, column, k]
        if score(here) > threshold:
            cell = size[0] / rows, size[1] / columns
            cx, cy, h, w = box(row, column, here[1:5], *cell, anchors[k])
            (a, b), label = corners, int(np.argmax(here[5:]))
            found.append(([cx + a * w, cy + a * h, cx + b * w, cy + b * h], label, score(here)))
    found.sort(key=lambda one: by(one[2]))
    boxes, labels, scores = zip(*found, strict=True) if found else ([], [], [])
    return np.array(boxes, float).reshape(-1, 4), np.array(labels, int), np.array(scores, float)


def decode_of_image(y, anchors, size, threshold):
    """b_x and b_y read as shares of the image."""

    def box(row, column, numbers, cell_h, cell_w, anchor):
        _, _, h, w = from_cell(row, column, numbers, cell_h, cell_w, anchor)
        return numbers[0] * size[1], numbers[1] * size[0], h, w

    return decode(y, anchors, size, threshold, box)


def decode_all_at_once(y, anchors, size, threshold):
    rows, columns = y.shape[:2]
    scores = y[..., 0] * y[..., 5:].max(axis=-1)
    corner = np.stack(np.meshgrid(np.arange(columns), np.arange(rows)), axis=-1)[:, :, None]
    centre = (corner + y[..., 1:3]) * [size[1] / columns, size[0] / rows]
    half = (y[..., 3:5] * anchors)[..., ::-1] / 2
    boxes = np.concatenate([centre - half, centre + half], axis=-1).reshape(-1, 4)
    order = np.argsort(-scores.ravel())[: (scores > threshold).sum()]
    labels = y[..., 5:].argmax(axis=-1)
    return [boxes[order], labels.ravel()[order], scores.ravel()[order].astype("float32")]


def decode_cases(rng: np.random.Generator) -> list[Case]:
    shapes = ((2, 1, 1, 2), (3, 4, 2, 3), (5, 2, 3, 2), (2, 3, 1, 3))
    *some, (y, anchors, size, _) = [predicted(rng, *shape) for shape in shapes]
    return [*some, (y, anchors, size, 0.99), at_the_threshold(rng)]  # of the last but one: nothing


def at_the_threshold(rng: np.random.Generator) -> Case:
    """A place has exactly the score that is not enough: 0.5 · 0.75 has no rounding."""
    y, anchors, size, _ = predicted(rng, 3, 2, 2, 3)
    y[1, 1, 0, 0] = 0.5
    y[1, 1, 0, 5:] = rng.permutation([0.75, 0.25, 0.125])
    return y, anchors, size, 0.375


def predicted(rng: np.random.Generator, rows: int, columns: int, A: int, classes: int) -> Case:
    """A y as a network gives it, with scores that are all different, half of them high enough."""
    places = rows, columns, A
    y = rng.uniform(0.05, 0.6, (*places, 5 + classes)).round(2)
    y[..., 1:3] += 0.3 * rng.integers(0, 2, (*places, 2))
    y[..., 3:5] = rng.uniform(0.7, 1.5, (*places, 2)).round(2)
    surest = rng.uniform(0.65, 0.95, places).round(2)
    np.put_along_axis(y[..., 5:], rng.integers(classes, size=(*places, 1)), surest[..., None], -1)
    scores = rng.permutation(np.linspace(0.1, 0.5, y[..., 0].size)).reshape(places)
    y[..., 0] = (scores / surest).round(3)
    between = np.sort(y[..., 0] * surest, axis=None)[y[..., 0].size // 2 - 1 :][:2]
    anchors = rng.permutation(np.array([[30.0, 12], [14, 34], [20, 26]]))[:A]
    # One more than whole cells: where there are several, their size has a fraction.
    size = int(rows * rng.integers(20, 30)) + 1, int(columns * rng.integers(31, 40)) + 1
    return y, anchors, size, round(float(between.mean()), 3)


QUESTION = Question(
    id="decode",
    room="detection",
    title="YOLO: from y to boxes",
    points=3,
    level=2,
    kind="function",
    cases=decode_cases,
    oracle=decode,
    tolerance=FLOAT32,
    wrong=(
        Wrong(
            "row and column swapped",
            partial(decode, box=lambda row, column, *rest: from_cell(column, row, *rest)),
            "A cell further down has moved your box to the right. Does the row belong to x or to"
            " y?",
        ),
        Wrong(
            "height and width of a cell swapped",
            partial(
                decode,
                box=lambda row, column, numbers, h, w, a: from_cell(row, column, numbers, w, h, a),
            ),
            "x counts in widths of a cell, and y in heights. Yours are the other way round.",
        ),
        Wrong(
            "centre in the image, not in the cell",
            decode_of_image,
            "You read b_x and b_y as shares of the image, so all cells give boxes near the same"
            " place. Where does the cell itself lie?",
        ),
        Wrong(
            "centre taken for the corner",
            partial(decode, corners=(0, 1)),
            "Your boxes begin at (b_x, b_y). This point is their centre.",
        ),
        Wrong(
            "twice as large",
            partial(decode, corners=(-1, 1)),
            "Your boxes reach a whole width to the left and a whole width to the right of their"
            " centre.",
        ),
        Wrong(
            "b_h and b_w swapped",
            partial(
                decode,
                box=lambda row, column, n, *rest: from_cell(row, column, n[[0, 1, 3, 2]], *rest),
            ),
            "You read width and height from each other's place. Look at the order in y.",
        ),
        Wrong(
            "anchors read as (width, height)",
            partial(
                decode,
                box=lambda row, column, n, h, w, a: from_cell(row, column, n, h, w, a[::-1]),
            ),
            "A tall anchor gave a wide box. An anchor is (height, width), as b_h, b_w are.",
        ),
        Wrong(
            "size in cells",
            partial(
                decode,
                box=lambda row, column, n, h, w, a: from_cell(row, column, n, h, w, (h, w)),
            ),
            "You took b_h and b_w for multiples of the cell. What does a size of 1 mean in this y?",
        ),
        Wrong(
            "p_c alone as the score",
            partial(decode, score=lambda y: y[0]),
            "Your score is p_c: how sure it is that something is there. How sure is it that it is"
            " of this class?",
        ),
        Wrong(
            "not sorted",
            partial(decode, by=lambda score: 0),
            "The right boxes in the order of the cells. The question asks for the surest first.",
        ),
        Wrong(
            "the worst box first",
            partial(decode, by=lambda score: score),
            "The right boxes, but the surest one is the last: `argsort` gives ascending order.",
        ),
    ),
    alternatives=(decode_all_at_once,),
)
