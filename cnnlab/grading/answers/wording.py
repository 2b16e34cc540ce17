"""What is wrong with an answer, in words and small examples, for the student."""

from collections.abc import Mapping, Sequence
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
        return _pair("", output, expected, tolerance)
    return [
        line
        for number, pair in enumerate(zip(output, expected, strict=True))
        if not equal(*pair, tolerance)
        for line in _pair(f"[{number}]", *pair, tolerance)
    ]


def _pair(part: str, output: Any, expected: Any, tolerance: Tolerance) -> list[str]:
    lines = [shown(tr("yours") + part, output), shown(tr("right") + part, expected)]
    return [*lines, *first_difference(part, output, expected, tolerance)]


def first_difference(part: str, output: Any, expected: Any, tolerance: Tolerance) -> list[str]:
    """The first cell that differs, with its place, in as many digits as it takes to differ."""
    mine, right = as_array(output), as_array(expected)
    if mine is None or right is None or mine.shape != right.shape or right.ndim == 0:
        return []
    near = np.isclose(mine, right, tolerance.rtol, tolerance.atol, equal_nan=True)
    place = tuple(map(int, np.argwhere(~near)[0]))
    one, other = mine[place].item(), right[place].item()
    text = tr("The first that differs is {}[{}]: yours {}, right {}. In all, {} of {} differ.")
    digits = differing(one, other)
    place = ", ".join(map(str, place))
    return [text.format(part, place, *digits, np.count_nonzero(~near), right.size)]


def differing(one: float, other: float) -> tuple[str, str]:
    """Two numbers in the fewest digits, from four on, in which they differ."""
    for digits in range(4, 18):
        texts = f"{one:.{digits}g}", f"{other:.{digits}g}"
        if texts[0] != texts[1]:
            return texts
    return str(one), str(other)


def part_of(value: Any) -> dict[str, Any]:
    """The parts of an answer that was found by hand, by their names or numbers."""
    if isinstance(value, dict):
        return value
    array = as_array(value)
    entries = value if array is None else array.ravel()
    return {str(place): entry for place, entry in enumerate(entries, start=1)}


def letters(expected: Any, parts: Sequence[str]) -> dict[str, str]:
    """What the text calls each part."""
    names = part_of(expected)
    if not parts:
        return {name: repr(name) if isinstance(expected, dict) else name for name in names}
    return {name: f"({part})" for name, part in zip(names, parts, strict=True)}


def wrong_parts(output: Any, expected: Any, tolerance: Tolerance) -> list[str]:
    """Which parts of an answer are not right."""
    mine, right = part_of(output), part_of(expected)
    return [name for name in right if not equal(mine[name], right[name], tolerance)]


def which_parts(output: Any, expected: Any, tolerance: Tolerance, parts: Sequence[str]) -> str:
    """Which parts of an answer are not right, without saying what is."""
    names = letters(expected, parts)
    if len(names) == 1:
        return tr("The form is right, the value is not.")
    wrong = [names[name] for name in wrong_parts(output, expected, tolerance)]
    wrong = list(dict.fromkeys(wrong))  # two parts may have one letter
    return tr("Of {} parts, these are not right: {}.").format(len(names), ", ".join(wrong))


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
