"""Squared distances of every pair."""

from collections.abc import Callable
from functools import partial

import numpy as np

from cnnlab.grading.question import (
    FLOAT32,
    Case,
    Question,
    Wrong,
)


def squared(a: np.ndarray, b: np.ndarray) -> float:
    return float(sum((x - y) ** 2 for x, y in zip(a, b, strict=True)))


def of_all_pairs(a: np.ndarray, b: np.ndarray, of_two: Callable[..., float] = squared):
    table = np.zeros((len(a), len(b)))
    for i, one in enumerate(a):
        for j, other in enumerate(b):
            table[i, j] = of_two(one, other)
    return table


def by_products(a, b):
    """‖a‖² + ‖b‖² − 2ab, as libraries do it."""
    table = (a**2).sum(axis=1)[:, None] + (b**2).sum(axis=1) - 2 * a @ b.T
    return np.maximum(table, 0)


def distance_cases(rng: np.random.Generator) -> list[Case]:
    a, b = codes(rng, 2, 3), codes(rng, 4, 3)
    b[2] = a[1]
    one = codes(rng, 1, 5)
    return [
        (a, b),
        (codes(rng, 5, 2), codes(rng, 3, 2)),
        (one, np.concatenate([one, codes(rng, 6, 5)])),
        (codes(rng, 7, 128), codes(rng, 4, 128)),
        (np.zeros((0, 4)), codes(rng, 3, 4)),
    ]


def codes(rng: np.random.Generator, count: int, length: int) -> np.ndarray:
    """Rows that are neither of length 1 nor around 0."""
    return rng.uniform(-2, 3, (count, length)).round(1)


QUESTION = Question(
    id="squared_distances",
    room="faces",
    title="Squared distances of every pair",
    points=2,
    level=1,
    kind="function",
    cases=distance_cases,
    oracle=of_all_pairs,
    tolerance=FLOAT32,
    wrong=(
        Wrong(
            "distances not squared",
            partial(of_all_pairs, of_two=lambda a, b: squared(a, b) ** 0.5),
            "You took the root. The lecture's d is the squared distance, before the root.",
        ),
        Wrong(
            "absolute differences",
            partial(of_all_pairs, of_two=lambda a, b: np.abs(a - b).sum()),
            "You added absolute differences. ‖·‖² is the sum of the squared ones.",
        ),
        Wrong(
            "square of the sum",
            partial(of_all_pairs, of_two=lambda a, b: (a - b).sum() ** 2),
            "You added the differences up and squared the result, so that a positive and a negative"
            " one cancel. Each difference is squared on its own.",
        ),
        Wrong(
            "mean instead of sum",
            partial(of_all_pairs, of_two=lambda a, b: squared(a, b) / len(a)),
            "You took a mean over the numbers of an encoding. ‖·‖² is their sum.",
        ),
        Wrong(
            "largest difference only",
            partial(of_all_pairs, of_two=lambda a, b: ((a - b) ** 2).max()),
            "Only the largest difference of a pair counts in your table. All of them should.",
        ),
        Wrong(
            "product once instead of twice",
            partial(of_all_pairs, of_two=lambda a, b: a @ a + b @ b - a @ b),
            "Two equal rows have a distance that is not 0. Multiply (a − b)² out again: how often"
            " does the product of a and b stand there?",
        ),
        Wrong(
            "product with a plus",
            partial(of_all_pairs, of_two=lambda a, b: squared(a, -b)),
            "You have the squared length of the sum of two rows. Look at the sign between them.",
        ),
        Wrong(
            "lengths taken to be 1",
            partial(of_all_pairs, of_two=lambda a, b: 2 - 2 * a @ b),
            "Your formula holds for rows of length 1 only. Here they have any length.",
        ),
        Wrong(
            "difference of the lengths",
            partial(of_all_pairs, of_two=lambda a, b: a @ a - b @ b),
            "You compare how long the rows are. Two rows can be equally long and point into"
            " different directions.",
        ),
        Wrong(
            "products instead of distances",
            partial(of_all_pairs, of_two=lambda a, b: a @ b),
            "Your table holds the products of the rows: they say how similar two directions are,"
            " and grow where a distance shrinks.",
        ),
        Wrong(
            "rows and columns of the table swapped",
            lambda a, b: of_all_pairs(b, a),
            "The rows of the table belong to `a`, its columns to `b`. Yours are the other way"
            " round.",
        ),
    ),
    alternatives=(by_products, lambda a, b: np.square(a[:, None] - b[None]).sum(axis=-1)),
)
