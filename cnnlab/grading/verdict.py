"""From outputs to a verdict: pass, the named mistake, the shape, or the value."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import Any, Literal

import numpy as np

from cnnlab.grading.question import EXACT, Case, Question, Tolerance, Wrong
from cnnlab.grading.texts import tr

Tier = Literal["pass", "partial", "mistake", "shape", "value", "error", "missing"]
LONGEST = 400  # characters of an array in a message


@dataclass(frozen=True)
class Verdict:
    """What a question's answer is worth, and why.

    Attributes
    ----------
    id, earned, points
        Of the question.
    tier
        ``"pass"``; ``"partial"``: part of an open task's points; ``"mistake"``: a known wrong way;
        ``"shape"``: type, shape or length; ``"value"``; ``"error"``: it raised one, or took too
        long; ``"missing"``: there is no answer.
    message
        To the student, in lines of plain text.
    mistake
        The name of the wrong way, if there is one.
    """

    id: str
    earned: float
    points: float
    tier: Tier
    message: str = ""
    mistake: str = ""


class AnswerKey:
    """A question with its inputs, and the right and wrong answers to them, found once.

    Parameters
    ----------
    question
        The question.
    seed
        Of the inputs.
    """

    def __init__(self, question: Question, seed: int | Sequence[int]) -> None:
        self.question = question
        self.cases: Sequence[Case] = question.cases(np.random.default_rng(seed))

    @cached_property
    def right(self) -> list[Any]:
        """The oracle's answers."""
        return [self.question.oracle(*copied(case)) for case in self.cases]

    @cached_property
    def mistakes(self) -> list[tuple[Wrong, list[Any]]]:
        """The answers of each wrong way; a way that breaks down on an input is left out."""
        pairs = ((wrong, _answers(wrong.way, self.cases)) for wrong in self.question.wrong)
        return [(wrong, answers) for wrong, answers in pairs if answers is not None]

    def verdict(self, outputs: Sequence[Any]) -> Verdict:
        """What the outputs to all cases are worth.

        Parameters
        ----------
        outputs
            The student's answer to each case: numbers, arrays, strings, or tuples, lists and
            dictionaries of them.
        """
        question = self.question
        if question.score is not None:
            return _scored(question, outputs, self.cases)
        if _all_equal(outputs, self.right, question.tolerance):
            return Verdict(question.id, question.points, question.points, "pass")
        for wrong, answers in self.mistakes:
            if _all_equal(outputs, answers, question.tolerance):
                return failed(question, "mistake", tr(wrong.hint), wrong.name)
        for output, expected, case in zip(outputs, self.right, self.cases, strict=True):
            if question.kind == "network" and isinstance(output, dict):
                if not equal(output, expected, question.tolerance):
                    return failed(question, "value", _networks(output, expected, case))
                continue
            if fault := difference_of_form(output, expected):
                return failed(question, "shape", fault)
            if not equal(output, expected, question.tolerance):
                if question.kind == "value":  # shown side by side, the right one is the answer
                    return failed(question, "value", _which(output, expected, question.tolerance))
                return failed(question, "value", _side_by_side(output, expected, case))
        raise AssertionError("answers that differ have a difference")


def failed(question: Question, tier: Tier, message: str, mistake: str = "") -> Verdict:
    """A verdict without points."""
    return Verdict(question.id, 0, question.points, tier, message, mistake)


def _scored(question: Question, outputs: Sequence[Any], cases: Sequence[Case]) -> Verdict:
    try:
        share, sentence = question.score(outputs, cases)
    except (ValueError, TypeError, IndexError, KeyError, AttributeError) as error:
        return failed(question, "shape", str(error))
    share = min(max(float(np.nan_to_num(share)), 0.0), 1.0)
    earned = round(question.points * share, 2)
    tier: Tier = "pass" if share == 1 else "partial" if earned > 0 else "value"
    return Verdict(question.id, earned, question.points, tier, sentence)


def _answers(way: Any, cases: Sequence[Case]) -> list[Any] | None:
    try:
        with np.errstate(all="ignore"):
            return [way(*copied(case)) for case in cases]
    except Exception:  # a wrong way may break down on an input
        return None


def _all_equal(outputs: Sequence[Any], right: Sequence[Any], tolerance: Tolerance) -> bool:
    pairs = zip(outputs, right, strict=True)
    return all(equal(output, expected, tolerance) for output, expected in pairs)


def copied(value: Any) -> Any:
    """The value with arrays of its own: a function may write into its arguments."""
    if isinstance(value, np.ndarray):
        return value.copy()
    if isinstance(value, (tuple, list)):
        return type(value)(copied(item) for item in value)
    return value


def as_array(value: Any) -> np.ndarray | None:
    """Numbers or truth values as an array, a tensor too; None if it is something else."""
    if value is None or isinstance(value, (str, dict)):
        return None
    try:
        array = np.asarray(value)
    except (ValueError, TypeError):  # rows of unequal length
        return None
    return array if array.dtype.kind in "biuf" else None


def equal(output: Any, expected: Any, tolerance: Tolerance) -> bool:
    """Whether an answer is the expected one: same form, and numbers within the tolerance."""
    if difference_of_form(output, expected):
        return False
    if isinstance(expected, dict):
        return all(equal(output[key], expected[key], tolerance) for key in expected)
    array = as_array(expected)
    if array is None and isinstance(expected, (tuple, list)):
        pairs = zip(output, expected, strict=True)
        return all(equal(one, other, tolerance) for one, other in pairs)
    if array is None:
        return output == expected
    return bool(
        np.allclose(as_array(output), array, tolerance.rtol, tolerance.atol, equal_nan=True)
    )


def difference_of_form(output: Any, expected: Any) -> str:
    """In words, how type, length or shape differ from what is expected; empty if they do not."""
    if output is None and expected is not None:
        return tr("The answer is None. Does your function end in `return`?")
    if isinstance(expected, dict):
        if not isinstance(output, dict):
            return tr("The answer is {}; expected a dictionary.").format(_kind(output))
        if missing := [key for key in expected if key not in output]:
            return tr("The answer lacks {}.").format(", ".join(map(repr, missing)))
        return _first_of_form((output[key], expected[key]) for key in expected)
    array = as_array(expected)
    if array is None and isinstance(expected, (tuple, list)):
        if not isinstance(output, (tuple, list)) or len(output) != len(expected):
            return tr("The answer is {}; expected {} things.").format(_kind(output), len(expected))
        return _first_of_form(zip(output, expected, strict=True))
    if array is None:
        same = isinstance(output, type(expected))
        return (
            ""
            if same
            else tr("The answer is {}; expected {}.").format(_kind(output), _kind(expected))
        )
    mine = as_array(output)
    if mine is None:
        return tr("The answer is {}; expected numbers of shape {}.").format(
            _kind(output), array.shape
        )
    if mine.shape != array.shape:
        return tr("The answer has shape {}; expected {}.").format(mine.shape, array.shape)
    return ""


def _first_of_form(pairs: Any) -> str:
    faults = (difference_of_form(output, expected) for output, expected in pairs)
    return next(filter(None, faults), "")


def _kind(value: Any) -> str:
    if isinstance(value, np.ndarray):
        return f"an array of {value.dtype}, shape {value.shape}"
    if isinstance(value, (tuple, list)):
        return f"a {type(value).__name__} of {len(value)}"
    return f"of type {type(value).__name__}"


def _which(output: Any, expected: Any, tolerance: Tolerance) -> str:
    """Which parts of an answer are not right, without saying what is."""
    if isinstance(expected, dict):
        parts = {repr(key): (output[key], expected[key]) for key in expected}
    else:
        pairs = zip(np.ravel(output), np.ravel(expected), strict=True)
        parts = {str(place): pair for place, pair in enumerate(pairs, start=1)}
    wrong = [name for name, pair in parts.items() if not equal(*pair, tolerance)]
    return tr("Of {} parts, these are not right: {}.").format(len(parts), ", ".join(wrong))


def _networks(output: dict[str, Any], expected: dict[str, Any], case: Case) -> str:
    """The first fact in which two networks differ, side by side where that tells something."""
    given = [shown(tr("input"), value) for value in case]
    for name in (name for name in expected if name != "probe"):
        if not equal(output.get(name), expected[name], EXACT):
            pair = shown(tr("yours"), output.get(name)), shown(tr("right"), expected[name])
            return "\n".join([tr("The networks differ: {}.").format(tr(name)), *given, *pair])
    text = tr(
        "Shapes and the number of parameters are right, and the network computes something else."
        " Look at activations, padding, pooling, and what comes before what."
    )
    return "\n".join([text, *given])


def _side_by_side(output: Any, expected: Any, case: Case) -> str:
    lines = [shown(tr("input"), value) for value in case]
    lines += [shown(tr("yours"), output), shown(tr("right"), expected)]
    mine = as_array(output)
    if mine is not None and np.isnan(mine.astype(float)).any():
        lines.append(tr("There is NaN in your answer: a division by zero, or a log of zero?"))
    return "\n".join([tr("The form is right, a value is not. A small example:"), *lines])


def shown(name: str, value: Any) -> str:
    """A value with its name before it, in as few lines as it needs."""
    with np.printoptions(precision=4, suppress=True, threshold=60, edgeitems=2, linewidth=72):
        text = str(np.asarray(value)) if as_array(value) is not None else repr(value)
    if len(text) > LONGEST:
        text = text[:LONGEST] + " …"
    first, *rest = text.splitlines() or [""]
    pad = " " * (len(name) + 2)
    return "\n".join([f"{name}: {first}", *(pad + line for line in islice(rest, 12))])
