"""IoU of every pair."""

from collections.abc import Callable
from functools import partial

import numpy as np

from cnnlab.grading.question import (
    FLOAT32,
    Case,
    Question,
    Wrong,
)


def sides(box: np.ndarray) -> tuple[float, float]:
    return box[2] - box[0], box[3] - box[1]


def overlap(a: np.ndarray, b: np.ndarray) -> tuple[float, float]:
    """Width and height of what two boxes have in common; negative if there is a gap."""
    return min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])


def iou_of(a: np.ndarray, b: np.ndarray) -> float:
    w, h = overlap(a, b)
    both = w * h if w > 0 and h > 0 else 0.0
    return both / (np.prod(sides(a)) + np.prod(sides(b)) - both)


def of_all_pairs(a: np.ndarray, b: np.ndarray, of_two: Callable[..., float] = iou_of) -> np.ndarray:
    table = np.zeros((len(a), len(b)))
    for i, one in enumerate(a):
        for j, other in enumerate(b):
            table[i, j] = of_two(one, other)
    return table


def product_clipped(a: np.ndarray, b: np.ndarray) -> float:
    both = max(np.prod(overlap(a, b)), 0)
    return both / (np.prod(sides(a)) + np.prod(sides(b)) - both)


def not_clipped(a: np.ndarray, b: np.ndarray) -> float:
    both = np.prod(overlap(a, b))
    return both / (np.prod(sides(a)) + np.prod(sides(b)) - both)


def ratio(total: Callable[..., float], a: np.ndarray, b: np.ndarray) -> float:
    """The part that both have, divided by another total than the union."""
    w, h = overlap(a, b)
    return max(w, 0) * max(h, 0) / total(a, b)


def smaller(a: np.ndarray, b: np.ndarray) -> float:
    return min(np.prod(sides(a)), np.prod(sides(b)))


def around(a: np.ndarray, b: np.ndarray) -> float:
    return np.prod(np.maximum(a, b)[2:] - np.minimum(a, b)[:2])


def and_a_pixel(a: np.ndarray, b: np.ndarray) -> float:
    pixel = np.array([0, 0, 1, 1])
    return iou_of(a + pixel, b + pixel)


def as_sizes(a: np.ndarray, b: np.ndarray) -> float:
    """Third and fourth number read as width and height."""
    return iou_of(np.append(a[:2], a[:2] + a[2:]), np.append(b[:2], b[:2] + b[2:]))


def iou_at_once(a, b):
    a, b = np.asarray(a)[:, None], np.asarray(b)[None]
    shared = np.minimum(a[..., 2:], b[..., 2:]) - np.maximum(a[..., :2], b[..., :2])
    both = np.maximum(shared, 0).prod(axis=-1)
    sizes = [np.prod(box[..., 2:] - box[..., :2], axis=-1) for box in (a, b)]
    return both / (sizes[0] + sizes[1] - both)


def iou_cases(rng: np.random.Generator) -> list[Case]:
    x, y, d = rng.integers(5, 20), rng.integers(5, 20), rng.integers(1, 4)
    one = np.array([x, y, x + 8, y + 6], float)
    some = one + np.array([[4, 2, 4 + d, 2], [9 + d, 8, 9 + d, 8 + d], [10, 1, 9 + d, 2]])
    touching = one + np.array([[8, 0, 8 + d, 1], [0, 6, 1, 6 + d], [2, 1, -2, -1], [0, 0, 0, 0]])
    almost = one + np.array([[8.5, 1, 8 + d, 1], [1, 6.5, 1, 6 + d]])
    return [
        (np.array([one]), some),
        (np.array([one, one + 1]), np.vstack([touching, almost])),
        (anywhere(rng, 4), anywhere(rng, 3)),
        (anywhere(rng, 6), anywhere(rng, 9)),
        (np.zeros((0, 4)), anywhere(rng, 2)),
    ]


def anywhere(rng: np.random.Generator, count: int) -> np.ndarray:
    corner = rng.uniform(0, 40, (count, 2))
    return np.hstack([corner, corner + rng.uniform(8, 40, (count, 2))]).round(1)


QUESTION = Question(
    id="iou",
    room="detection",
    title="IoU of every pair",
    points=2,
    level=1,
    kind="function",
    cases=iou_cases,
    oracle=of_all_pairs,
    tolerance=FLOAT32,
    wrong=(
        Wrong(
            "negative × negative overlap",
            partial(of_all_pairs, of_two=product_clipped),
            "Two boxes that miss each other in both directions have a positive overlap in your"
            " table. What is the product of a negative width and a negative height?",
        ),
        Wrong(
            "negative overlap",
            partial(of_all_pairs, of_two=not_clipped),
            "Boxes that miss each other get an overlap that is not 0. Look at the sign of the"
            " common width and of the common height.",
        ),
        Wrong(
            "overlap counted twice in the union",
            partial(
                of_all_pairs,
                of_two=partial(ratio, lambda a, b: np.prod(sides(a)) + np.prod(sides(b))),
            ),
            "You divide by the sum of the two areas. In that sum the common part counts twice: a"
            " box with itself does not reach 1.",
        ),
        Wrong(
            "a pixel added to each side",
            partial(of_all_pairs, of_two=and_a_pixel),
            "Your widths and heights are one too large, so boxes that only touch overlap. Here a"
            " box covers [x_min, x_max).",
        ),
        Wrong(
            "divided by the smaller box",
            partial(
                of_all_pairs,
                of_two=partial(ratio, smaller),
            ),
            "You divide by the smaller of the two areas: then a small box inside a large one would"
            " be a perfect match.",
        ),
        Wrong(
            "divided by the first box",
            partial(of_all_pairs, of_two=partial(ratio, lambda a, b: np.prod(sides(a)))),
            "You divide by the area of the box of `a` alone. IoU treats both boxes alike.",
        ),
        Wrong(
            "divided by the box around both",
            partial(of_all_pairs, of_two=partial(ratio, around)),
            "You divide by the rectangle around both boxes. It has corners that neither of them"
            " covers.",
        ),
        Wrong(
            "corner read as width and height",
            partial(of_all_pairs, of_two=as_sizes),
            "You read the third and fourth number as a width and a height. A box is (x_min, y_min,"
            " x_max, y_max).",
        ),
        Wrong(
            "truncated to whole numbers",
            lambda a, b: np.trunc(of_all_pairs(a, b)),
            "Your table holds whole numbers only. An array that was made for whole numbers cuts off"
            " what stands behind the point.",
        ),
        Wrong(
            "the first box for all",
            lambda a, b: of_all_pairs(np.repeat(a[:1], len(a), axis=0), b),
            "All rows of your table are like its first one. Which box of `a` belongs to row i?",
        ),
        Wrong(
            "rows and columns of the table swapped",
            lambda a, b: of_all_pairs(b, a),
            "The rows of the table belong to the boxes of `a`, its columns to those of `b`. Yours"
            " are the other way round.",
        ),
    ),
    alternatives=(iou_at_once,),
)
