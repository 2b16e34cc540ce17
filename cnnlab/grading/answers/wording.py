"""What is wrong with an answer, in words and small examples, for the student."""

from collections.abc import Mapping
from itertools import islice
from typing import Any

import numpy as np

from cnnlab.grading.answers.compare import as_array, equal
from cnnlab.grading.question import EXACT, Tolerance
from cnnlab.grading.texts import tr

LONGEST = 400  # characters of an array in a message
LINES = 12  # of a value, after the first


def side_by_side(
    why: str, given: Mapping[str, Any], output: Any, expected: Any, tolerance: Tolerance
) -> str:
    """What was asked, and both answers to it.

    Parameters
    ----------
    why
        The first line.
    given
        The arguments by their names.
    output, expected
        The student's answer, and the right one. Of several parts, those that differ are shown.
    tolerance
        Of the question.
    """
    lines = [shown(name, value) for name, value in given.items()]
    lines += _answers(output, expected, tolerance)
    mine = as_array(output)
    if mine is not None and mine.dtype.kind == "f" and np.isnan(mine).any():
        lines.append(tr("There is NaN in your answer: a division by zero, or a log of zero?"))
    return "\n".join([why, *lines])


def _answers(output: Any, expected: Any, tolerance: Tolerance) -> list[str]:
    several = isinstance(expected, (tuple, list)) and as_array(expected) is None
    if not several or not isinstance(output, (tuple, list)) or len(output) != len(expected):
        return [shown(tr("yours"), output), shown(tr("right"), expected)]
    return [
        shown(f"{tr(whose)}[{number}]", value)
        for number, pair in enumerate(zip(output, expected, strict=True))
        if not equal(*pair, tolerance)
        for whose, value in zip(("yours", "right"), pair, strict=True)
    ]


def which_parts(output: Any, expected: Any, tolerance: Tolerance) -> str:
    """Which parts of an answer are not right, without saying what is."""
    if isinstance(expected, dict):
        parts = {repr(key): (output[key], expected[key]) for key in expected}
    else:
        pairs = zip(np.ravel(output), np.ravel(expected), strict=True)
        parts = {str(place): pair for place, pair in enumerate(pairs, start=1)}
    if len(parts) == 1:
        return tr("The form is right, the value is not.")
    wrong = [name for name, pair in parts.items() if not equal(*pair, tolerance)]
    return tr("Of {} parts, these are not right: {}.").format(len(parts), ", ".join(wrong))


def networks_differ(given: Mapping[str, Any], output: Mapping, expected: Mapping) -> str:
    """The first fact in which two networks differ, side by side where that tells something."""
    asked = [shown(name, value) for name, value in given.items()]
    for name in (name for name in expected if name != "probe"):
        if not equal(output.get(name), expected[name], EXACT):
            pair = shown(tr("yours"), output.get(name)), shown(tr("right"), expected[name])
            return "\n".join([tr("The networks differ: {}.").format(tr(name)), *asked, *pair])
    text = tr(
        "Shapes and the number of parameters are right, and the network computes something else."
        " Look at activations, padding, pooling, and what comes before what."
    )
    return "\n".join([text, *asked])


def shown(name: str, value: Any) -> str:
    """A value with its name before it, in as few lines as it needs."""
    array = as_array(value)
    if array is not None and array.ndim > 2:  # axes of length 1 would take a line for each number
        name, value = tr("{}, shape {}").format(name, array.shape), array.squeeze()
    with np.printoptions(
        precision=4, suppress=True, threshold=60, edgeitems=2, linewidth=72, legacy="1.25"
    ):  # the old manner shows NumPy's numbers as numbers, inside tuples too
        text = repr(value) if array is None else str(np.asarray(value))
    if len(text) > LONGEST:
        text = text[:LONGEST] + " …"
    first, *rest = text.splitlines() or [""]
    pad = " " * (len(name) + 2)
    return "\n".join([f"{name}: {first}", *(pad + line for line in islice(rest, LINES))])
