"""Encodings of length 1."""

from collections.abc import Callable
from functools import partial
from math import sqrt

import numpy as np

from cnnlab.grading.question import (
    FLOAT32,
    Case,
    Question,
    Wrong,
)

SMALL = 1e-6, 1e-7, 1e-8  # what people add to a length
SHORT = 1e-4  # a length that some take for none


def root(row: np.ndarray) -> float:
    return sqrt(sum(float(x) ** 2 for x in row))


def row_by_row(
    codes: np.ndarray,
    size: Callable[[np.ndarray], float] = root,
    of_nothing: Callable[[np.ndarray], np.ndarray] = np.zeros_like,
) -> np.ndarray:
    """Each row divided by its size, and something else for a row of zeros."""
    return np.array([row / size(row) if row.any() else of_nothing(row) for row in codes])


def by_columns(codes):
    return row_by_row(codes.T).T


def by_the_whole(codes):
    return codes / (np.linalg.norm(codes) or 1)


def standardised(codes):
    spread = codes.std(axis=1, keepdims=True)
    return (codes - codes.mean(axis=1, keepdims=True)) / np.where(spread > 0, spread, 1)


def length_cases(rng: np.random.Generator) -> list[Case]:
    small = rng.uniform(0.1, 0.9, (3, 2)).round(2) * [[1, -1], [-1, -1], [8, 9]]
    small[1] *= 0.2 / abs(small[1]).sum()
    square = rng.normal(0, 2, (4, 4)) + 0.5
    some = rng.normal(0.2, 1, (5, 7))
    some[1] = 0
    some[2] *= 2e-6 / np.linalg.norm(some[2])
    some[3] *= 3e-4 / np.linalg.norm(some[3])
    some[4] *= 50
    long = rng.normal(0, 1, (3, 128))
    one = np.zeros((2, 3))
    one[1, 2] = -rng.uniform(1, 2)
    return [(small.round(3),), (square,), (some,), (long,), (one,)]


QUESTION = Question(
    id="unit_length",
    room="faces",
    title="Encodings of length 1",
    points=2,
    level=1,
    kind="function",
    cases=length_cases,
    oracle=row_by_row,
    tolerance=FLOAT32,
    wrong=(
        Wrong(
            "axis of the norm",
            by_columns,
            "Your columns have length 1. One encoding is a row.",
        ),
        Wrong(
            "one length for all",
            by_the_whole,
            "You divide by the length of the whole array. Each row has a length of its own.",
        ),
        Wrong(
            "root forgotten",
            partial(row_by_row, size=lambda row: root(row) ** 2),
            "You divide by the squared length: rows longer than 1 become too short, shorter ones"
            " too long.",
        ),
        Wrong(
            "absolute values added up",
            partial(row_by_row, size=lambda row: np.abs(row).sum()),
            "The absolute values of your rows add up to 1. The length is another thing: think of"
            " Pythagoras.",
        ),
        Wrong(
            "numbers added up",
            partial(row_by_row, size=lambda row: row.sum()),
            "The numbers of your rows add up to 1. The length is another thing: think of"
            " Pythagoras.",
        ),
        Wrong(
            "largest number",
            partial(row_by_row, size=lambda row: np.abs(row).max()),
            "The largest number of each row has become 1. A row is then longer than 1, unless all"
            " its other numbers are 0.",
        ),
        Wrong(
            "mean instead of sum",
            partial(row_by_row, size=lambda row: sqrt(np.mean(row**2))),
            "You took the mean of the squares. The squared length is their sum.",
        ),
        Wrong(
            "standardised",
            standardised,
            "Your rows have mean 0 and spread 1. Only their length was asked for: their direction"
            " stays.",
        ),
        Wrong(
            "divided by zero",
            partial(row_by_row, of_nothing=lambda row: row / 0),
            "An encoding that is all zeros becomes NaN: 0 divided by 0. One such row would turn"
            " the loss of its whole batch into NaN.",
        ),
        Wrong(
            "zeros become something",
            partial(row_by_row, of_nothing=lambda row: np.full(len(row), len(row) ** -0.5)),
            "An encoding that is all zeros got a direction. It has none, and stays as it is.",
        ),
        Wrong(
            "short encodings left short",
            partial(row_by_row, size=lambda row: max(root(row), 1)),
            "Encodings that are shorter than 1 stay so. You keep the divisor away from 0, but not"
            " by a small step.",
        ),
        *(
            Wrong(
                f"{small:g} added to the length",
                partial(row_by_row, size=lambda row, small=small: root(row) + small),
                "A short encoding stays a little too short: what you add to its length, something"
                f" like {small:g}, is not small beside it. Only a length of exactly 0 needs help.",
            )
            for small in SMALL
        ),
        Wrong(
            "a short encoding taken for none",
            partial(row_by_row, size=lambda row: root(row) if root(row) > SHORT else 1),
            "A very short encoding is left as it is. It has a direction too: only a length of"
            " exactly 0 needs help.",
        ),
    ),
    alternatives=(
        lambda codes: codes / np.maximum(np.linalg.norm(codes, axis=1, keepdims=True), 1e-12),
        lambda codes: (codes.T / np.where((n := np.sqrt((codes**2).sum(1))) > 0, n, 1)).T,
    ),
)
