"""What a question is: fresh inputs, the right answer, and the wrong ways that people take."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

Kind = Literal["value", "function", "network", "trained"]
Case = tuple[Any, ...]  # the arguments of one call


@dataclass(frozen=True)
class Tolerance:
    """How far an answer may be from the oracle's, |a − b| ≤ atol + rtol · |b|, and why."""

    rtol: float
    atol: float
    reason: str


EXACT = Tolerance(0, 0, "whole numbers, and comparisons, have no rounding")
FLOAT32 = Tolerance(1e-4, 1e-5, "sums in float32, in any order, differ in the fifth digit")
PROBED = Tolerance(0, 2e-5, "counts are whole, and a network's output is near 1, in float32")
FLOAT64 = Tolerance(1e-7, 1e-9, "sums in float64, in any order, differ far behind the digits shown")


@dataclass(frozen=True)
class Wrong:
    """A way in which people get it wrong, and the hint for it.

    Attributes
    ----------
    name
        Of the mistake, in a few words, such as ``"kernel flipped"``: a teacher reads it in the
        summary of a class.
    way
        A function with the arguments of the oracle that makes the mistake.
    hint
        One or two sentences to the student. They say what went wrong, and never the answer.
    """

    name: str
    way: Callable[..., Any]
    hint: str


@dataclass(frozen=True)
class Question:
    """One question of a graded exercise.

    Attributes
    ----------
    id
        The name of the student's function or variable, and of the question: ``"iou"``.
    room
        Such as ``"detection"``.
    title
        In a few words.
    points
        For a right answer.
    level
        One to three stars.
    kind
        ``"value"``: numbers, found by hand. ``"function"``: it is called with each case.
        ``"network"``: a function that builds a Keras model; the model's facts count (see
        `cnnlab.grading.networks.facts`). ``"trained"``: a Keras model; it predicts each case.
    cases
        From a seeded generator to the arguments of some calls: random, of unequal sizes, the first
        one small, for it is shown. For a value, ``[()]``.
    oracle
        The right answer to a case, written apart from the package where that can be.
    tolerance
        For floating-point answers.
    wrong
        The ways in which people get it wrong.
    alternatives
        Other right answers, with the arguments of the oracle (for a network or a trained model: a
        function without arguments that returns such an answer). They must pass.
    score
        For an open task only: from the outputs and the cases to a share of the points, between 0
        and 1, and a sentence that says what was measured. There is no oracle then, and none of the
        other checks.
    mend
        Whether the exercise hands out a function that almost works, for the student to find and
        repair the fault. What it gives as it was handed out is the first of the wrong ways.
    parts
        Of a value: what the text calls each of its parts, such as ``"abc"``. By default they are
        numbered from 1. An entry of several letters, such as ``"ccd"``, stands for a list, with a
        letter for each of its numbers.
    counted
        Of a value that is a dictionary: the entries whose length belongs to the answer, so that
        nobody is told it.
    """

    id: str
    room: str
    title: str
    points: int
    level: Literal[1, 2, 3]
    kind: Kind
    cases: Callable[[np.random.Generator], Sequence[Case]]
    oracle: Callable[..., Any] | None = None
    tolerance: Tolerance = FLOAT64
    wrong: tuple[Wrong, ...] = ()
    alternatives: tuple[Callable[..., Any], ...] = ()
    score: Callable[[Sequence[Any], Sequence[Case]], tuple[float, str]] | None = None
    mend: bool = False
    parts: Sequence[str] = ()
    counted: Sequence[str] = ()

    @property
    def stars(self) -> str:
        return "★" * self.level


def no_arguments(rng: np.random.Generator) -> Sequence[Case]:
    """The cases of a question whose answer is a value."""
    return [()]
