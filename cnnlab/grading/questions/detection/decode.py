"""Mend a function: YOLO, from y to boxes."""

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
    passes: Callable[[np.ndarray, float], bool] | None = None,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rows, columns, count = y.shape[:3]
    found = []
    for row, column, k in np.ndindex(rows, columns, count):
        here = y[row, column, k]
        if passes(here, threshold) if passes else score(here) > threshold:
            cell = size[0] / rows, size[1] / columns
            cx, cy, h, w = box(row, column, here[1:5], *cell, anchors[k])
            (a, b), label = corners, int(np.argmax(here[5:]))
            found.append(([cx + a * w, cy + a * h, cx + b * w, cy + b * h], label, score(here)))
    found.sort(key=lambda one: by(one[2]))
    boxes, labels, scores = zip(*found, strict=True) if found else ([], [], [])
    return np.array(boxes, float).reshape(-1, 4), np.array(labels, int), np.array(scores, float)


def decode_of_image(y, anchors, size, threshold, centre=True):
    """b_x and b_y read as shares of the image, or b_h and b_w."""

    def box(row, column, numbers, *rest):
        cx, cy, h, w = from_cell(row, column, numbers, *rest)
        if centre:
            return numbers[0] * size[1], numbers[1] * size[0], h, w
        return cx, cy, numbers[2] * size[0], numbers[3] * size[1]

    return decode(y, anchors, size, threshold, box)


def sigmoid(t):
    return 1 / (1 + np.exp(-t))


def raw(centre=None, size=None):
    """Numbers that go through a function first, as if they came before the last activations."""

    def box(row, column, numbers, *rest):
        ready = np.array(numbers)
        ready[:2] = centre(ready[:2]) if centre else ready[:2]
        ready[2:] = size(ready[2:]) if size else ready[2:]
        return from_cell(row, column, ready, *rest)

    return box


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
    return [*some, on_the_threshold(*some[1][:3]), (y, anchors, size, 0.99)]  # nothing is left


def on_the_threshold(y: np.ndarray, anchors: np.ndarray, size: tuple[int, int]) -> Case:
    """One score is the threshold itself, in whatever type it is computed."""
    y = y.copy()
    scores = y[..., 0] * y[..., 5:].max(axis=-1)
    place = np.unravel_index(np.abs(scores - 0.375).argmin(), scores.shape)
    y[place][0] = 0.5
    y[place][5 + y[place][5:].argmax()] = 0.75
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
    title="Mend a function: from y to boxes",
    points=3,
    level=2,
    kind="function",
    cases=decode_cases,
    oracle=decode,
    tolerance=FLOAT32,
    mend=True,
    wrong=(
        Wrong(
            "as handed out",
            partial(
                decode,
                box=lambda row, column, numbers, h, w, a: from_cell(row, column, numbers, w, h, a),
            ),
            "The fault of the function as it was handed out is still there. It does no harm where"
            " cells are square: try it where they are not, and follow x and y on their own.",
        ),
        Wrong(
            "row and column swapped",
            partial(decode, box=lambda row, column, *rest: from_cell(column, row, *rest)),
            "A cell further down has moved your box to the right. Does the row belong to x or to"
            " y?",
        ),
        Wrong(
            "size as a share of the image",
            partial(decode_of_image, centre=False),
            "You read b_h and b_w as shares of the image, as in the localization of one object."
            " What does a size of 1 mean in this y?",
        ),
        Wrong(
            "score of the threshold kept",
            partial(decode, passes=lambda y, threshold: y[0] * max(y[5:]) >= threshold),
            "A place whose score is exactly the threshold was kept. Read in the task which places"
            " count.",
        ),
        Wrong(
            "threshold on p_c alone",
            partial(decode, passes=lambda y, threshold: y[0] > threshold),
            "Your scores are right, but p_c alone decided which places count. A place that is sure"
            " of something, and not of what, has a low score.",
        ),
        Wrong(
            "threshold on the class alone",
            partial(decode, passes=lambda y, threshold: max(y[5:]) > threshold),
            "Your scores are right, but the largest class alone decided which places count. Is"
            " there anything in the place at all?",
        ),
        Wrong(
            "largest class alone as the score",
            partial(decode, score=lambda y: max(y[5:])),
            "Your score is the largest of the classes: what it is, if something is there. How sure"
            " is it that something is?",
        ),
        Wrong(
            "sigmoid of the centre again",
            partial(decode, box=raw(sigmoid)),
            "You sent b_x and b_y through a sigmoid. The numbers of this y have been through it"
            " already: they mean what they mean in a target.",
        ),
        Wrong(
            "exponential of the size again",
            partial(decode, box=raw(None, np.exp)),
            "You took b_h and b_w for logarithms. The numbers of this y are multiples already, as"
            " in a target.",
        ),
        Wrong(
            "sigmoid and exponential again",
            partial(decode, box=raw(sigmoid, np.exp)),
            "You read y as if it came from the last layer without its activations. Its numbers mean"
            " what they mean in a target.",
        ),
        Wrong(
            "sigmoid of all again",
            partial(decode, box=raw(sigmoid), score=lambda y: sigmoid(y[0]) * sigmoid(max(y[5:]))),
            "You sent p_c, the centre and the classes through a sigmoid. They are shares and"
            " probabilities already.",
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
