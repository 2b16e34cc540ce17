"""What is wrong with an answer, in words and small examples, for the student."""

from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Any

import numpy as np

from cnnlab.grading.answers.compare import AS_NUMBERS, as_array, difference_of_form, equal
from cnnlab.grading.question import EXACT, Tolerance
from cnnlab.grading.texts import tr

LONGEST = 400  # characters of a value in a message, its indentation not counted
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
    if _has_nan(output) and not _has_nan(expected):
        lines.append(tr("There is NaN in your answer: a division by zero, or a log of zero?"))
    return "\n".join([why, *lines])


def _has_nan(value: Any) -> bool:
    array = as_array(value)
    if array is None and isinstance(value, (tuple, list)):
        return any(map(_has_nan, value))
    return array is not None and array.dtype.kind == "f" and bool(np.isnan(array).any())


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
    names = tr("yours") + part, tr("right") + part
    numbers = as_array(output), as_array(expected)
    if all(one is not None and one.size == 1 for one in numbers):
        pair = differing(*(one.item() for one in numbers))
        return [f"{name}: {text}" for name, text in zip(names, pair, strict=True)]
    lines = [shown(*pair) for pair in zip(names, (output, expected), strict=True)]
    return [*lines, *first_difference(part, output, expected, tolerance)]


def first_difference(part: str, output: Any, expected: Any, tolerance: Tolerance) -> list[str]:
    """The first cell that differs, with its place, in as many digits as it takes to differ."""
    mine, right = as_array(output), as_array(expected)
    if mine is None or right is None or right.ndim == 0 or difference_of_form(output, expected):
        return []
    mine = mine.reshape(right.shape)
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
        texts = rounded(one, digits), rounded(other, digits)
        if texts[0] != texts[1]:
            return texts
    return str(one), str(other)


def rounded(number: float, digits: int = 6) -> str:
    """A number in so many digits; a whole number in all of its own."""
    return f"{number:.{digits}g}" if isinstance(number, float) else str(number)


def parts_of(value: Any, expected: Any, letters: Sequence[str]) -> dict[str, Any]:
    """The parts of an answer that was found by hand, by their names or numbers.

    An entry with several letters is a list, with a letter for each of its numbers.
    """
    if isinstance(expected, dict):
        found: dict[str, Any] = {}
        for name, said in zip(expected, letters or [""] * len(expected), strict=True):
            if len(said) < 2:
                found[name] = value[name]
                continue
            numbers = as_array(value[name]).ravel()[: len(said)].tolist()
            for letter in dict.fromkeys(said):
                pairs = zip(numbers, said, strict=False)
                found[f"{name} {letter}"] = [number for number, one in pairs if one == letter]
        return found
    array = as_array(value)
    entries = value if array is None else array.ravel()
    return {str(place): entry for place, entry in enumerate(entries, start=1)}


def called(expected: Any, letters: Sequence[str]) -> dict[str, str]:
    """What the text calls each part."""
    names = parts_of(expected, expected, letters)
    if not letters:
        return {name: repr(name) if isinstance(expected, dict) else name for name in names}
    of_each = [letter for said in letters for letter in dict.fromkeys(said)]
    return {name: f"({letter})" for name, letter in zip(names, of_each, strict=True)}


def wrong_parts(
    output: Any, expected: Any, tolerance: Tolerance, letters: Sequence[str]
) -> list[str]:
    """Which parts of an answer are not right."""
    mine, right = (parts_of(one, expected, letters) for one in (output, expected))
    return [name for name in right if not equal(mine[name], right[name], tolerance)]


def which_parts(output: Any, expected: Any, tolerance: Tolerance, letters: Sequence[str]) -> str:
    """Which parts of an answer are not right, without saying what is."""
    names = called(expected, letters)
    if len(names) == 1:
        return tr("The form is right, the value is not.")
    wrong = [names[name] for name in wrong_parts(output, expected, tolerance, letters)]
    wrong = list(dict.fromkeys(wrong))  # two parts may have one letter
    text = tr("Of {} parts, these are not right: {}.")
    return text.format(len(set(names.values())), ", ".join(wrong))


def wrong_shapes(output: Any, expected: Any, counted: Sequence[str]) -> list[str]:
    """Of a dictionary, the entries of another shape; nothing of those whose length is counted."""
    if not isinstance(expected, dict):
        return []
    faults = {
        name: difference_of_form(output[name], expected[name])
        for name in expected
        if name not in counted
    }
    return [f"{name!r}: {fault}" for name, fault in faults.items() if fault]


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
    """A value with its name before it, in as few lines as it needs; of a large array, the shape."""
    array = as_array(value)
    if array is None and isinstance(value, (tuple, list)) and any(map(_is_large, value)):
        entries = islice(enumerate(value), LINES)
        return "\n".join(shown(f"{name}[{place}]", entry) for place, entry in entries)
    if array is not None and array.ndim > 2:  # axes of length 1 would take a line for each number
        name, value = tr("{}, shape {}").format(name, array.shape), array.squeeze()
    with np.printoptions(
        precision=4, suppress=True, threshold=60, edgeitems=2, linewidth=72, legacy=AS_NUMBERS
    ):
        text = repr(value) if array is None else str(np.asarray(value))
    if array is not None and array.ndim == 0:
        text = rounded(array.item())
    lines = [line for line in text.splitlines() if line.strip()] or [""]
    long = sum(map(len, map(str.strip, lines))) > LONGEST or len(lines) > LINES
    if array is not None and (long or array.size > 60):
        return tr("{}: too large to be shown").format(
            name if array.ndim > 2 else tr("{}, shape {}").format(name, array.shape)
        )
    if long:
        lines = (text[:LONGEST] + " …").splitlines()[:LINES]
    pad = " " * (len(name) + 2)
    return f"{name}: " + f"\n{pad}".join(lines)


def _is_large(value: Any) -> bool:
    """Whether it is an array of several numbers, which takes a line of its own."""
    array = as_array(value)
    return array is not None and array.ndim > 0
