"""From outputs to a verdict: pass, the named mistake, the shape, or the value."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from inspect import signature
from typing import Any, Literal

import numpy as np

from cnnlab.grading.answers.asking import said
from cnnlab.grading.answers.compare import (
    as_array,
    copied,
    difference_of_form,
    equal,
    right_parts,
    size,
)
from cnnlab.grading.answers.wording import (
    called,
    networks_differ,
    parts_of,
    side_by_side,
    which_parts,
    wrong_parts,
    wrong_shapes,
)
from cnnlab.grading.question import Case, Question, Tolerance, Wrong
from cnnlab.grading.texts import tr

Tier = Literal[
    "pass",
    "partial",
    "below",
    "mistake",
    "shape",
    "value",
    "error",
    "forbidden",
    "missing",
    "by hand",
]
MARKS = {"pass": "✓", "partial": "◐", "below": "◔"}  # the rest: ✗
TITLES = {
    "pass": "right",
    "partial": "partly right",
    "below": "not enough yet",
    "mistake": "a known mistake",
    "shape": "the form is not right",
    "value": "the value is not right",
    "error": "it stopped with an error",
    "forbidden": "it uses what it may not use",
    "missing": "no answer",
    "by hand": "your teacher reads it",
}


@dataclass(frozen=True)
class Verdict:
    """What a question's answer is worth, and why.

    Attributes
    ----------
    id, earned, points
        Of the question.
    tier
        ``"pass"``; ``"partial"`` or ``"below"``: part of an open task's points, or none;
        ``"mistake"``: a known wrong way;
        ``"shape"``: type, shape or length; ``"value"``; ``"error"``: it raised one, or took too
        long; ``"forbidden"``: it uses a room of the package; ``"missing"``: there is no answer.
    message
        To the student, in lines of plain text.
    mistake
        The name of the wrong way, if there is one.
    share
        Of the parts of an answer that has several, those that are right, between 0 and 1: a teacher
        may give points for it.
    """

    id: str
    earned: float
    points: float
    tier: Tier
    message: str = ""
    mistake: str = ""
    share: float = 0.0


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
    def image(self) -> tuple[int, ...] | None:
        """The shape of an image, for a network that is not told it."""
        if self.question.kind != "network":
            return None
        return tuple(map(int, self.right[0]["input shape"]))

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
        if all(output is None for output in outputs):
            fault = tr("The answer is None. Does your function end in `return`?")
            return failed(question, "missing", fault)
        if question.score is not None:
            return _scored(question, outputs, self.cases)
        if _all_equal(outputs, self.right, question.tolerance):
            return Verdict(question.id, question.points, question.points, "pass")
        for wrong, answers in self.mistakes:
            if _all_equal(outputs, answers, question.tolerance):
                made = failed(question, "mistake", tr(wrong.hint), wrong.name)
                return replace(made, share=self._share(outputs))
        if question.kind == "value" and (several := self._a_word_for_each(outputs[0])):
            return replace(several, share=self._share(outputs))
        examples = zip(self.cases, outputs, self.right, strict=True)
        wrong = [one for one in examples if not equal(*one[1:], question.tolerance)]
        made = failed(question, *self._difference(*min(wrong, key=lambda one: size(one[0]))))
        return replace(made, share=self._share(outputs))

    def _a_word_for_each(self, output: Any) -> Verdict | None:
        """Several mistakes in one answer, each in parts of its own."""
        question, expected = self.question, self.right[0]
        tolerance, letters = question.tolerance, question.parts
        if not _parts_fit(output, expected):
            return None
        mine, right = (parts_of(one, expected, letters) for one in (output, expected))
        if len(right) == 1:
            return None
        left = wrong_parts(output, expected, tolerance, letters)
        found: dict[Wrong, list[str]] = {}
        while left:
            explained = {}
            for wrong, (answer,) in self.mistakes:
                if not _parts_fit(answer, expected):
                    continue
                other = parts_of(answer, expected, letters)
                moved = [name for name in right if not equal(other[name], right[name], tolerance)]
                if all(equal(mine[name], other[name], tolerance) for name in moved):
                    explained[wrong] = [name for name in moved if name in left]
            if not any(explained.values()):
                break
            wrong = max(explained, key=lambda one: len(explained[one]))
            found[wrong] = explained[wrong]
            left = [name for name in left if name not in found[wrong]]
        if not found:
            return None
        names = called(expected, letters)
        lines = [tr(wrong.hint) for wrong in found]
        if left:
            text = tr("These parts are not right either: {}.")
            lines.append(text.format(", ".join(dict.fromkeys(names[name] for name in left))))
            lines += wrong_shapes(output, expected, question.counted)
        return failed(question, "mistake", "\n".join(lines), "; ".join(one.name for one in found))

    def _of_what_is_there(self, output: Any) -> str:
        """Of a dictionary that is not finished yet: whether the entries that it has are right."""
        question, expected = self.question, self.right[0]
        if not isinstance(expected, dict) or not isinstance(output, dict):
            return ""
        there = _there(output, expected)
        if not there:
            return ""
        whole = expected | there
        letters = question.parts
        wrong = wrong_parts(whole, expected, question.tolerance, letters)
        if not wrong:
            return tr("What is there is right.")
        if several := self._a_word_for_each(whole):
            return several.message
        names = dict.fromkeys(called(expected, letters)[name] for name in wrong)
        return tr("Of what is there, these parts are not right: {}.").format(", ".join(names))

    def _share(self, outputs: Sequence[Any]) -> float:
        """The share of the parts that are right in the answers to all cases."""
        question, output, expected = self.question, outputs[0], self.right[0]
        several = isinstance(expected, dict) and isinstance(output, dict)
        if question.parts and (several or _parts_fit(output, expected)):
            there = _there(output, expected) if several else {}
            whole = expected | there if several else output
            names = called(expected, question.parts)
            wrong = wrong_parts(whole, expected, question.tolerance, question.parts)
            lost = {names[one] for one in wrong}
            if several:  # an entry that is missing has lost all of its letters
                pairs = zip(expected, question.parts, strict=True)
                lost |= {f"({one})" for name, said in pairs if name not in there for one in said}
            return 1 - len(lost) / len(set(names.values()))
        pairs = zip(outputs, self.right, strict=True)
        by_case = [right_parts(*pair, self.question.tolerance) for pair in pairs]
        if len({len(parts) for parts in by_case}) != 1 or not by_case[0]:
            return 0.0
        return float(np.all(by_case, axis=0).mean())

    def _difference(self, case: Case, output: Any, expected: Any) -> tuple[Tier, str]:
        """In what way an answer is not the right one."""
        question = self.question
        given = dict(zip(signature(question.oracle).parameters, case, strict=False))
        if question.kind == "network" and isinstance(output, dict):
            return "value", networks_differ(given, output, expected)
        fault = difference_of_form(output, expected)
        if question.kind == "value":  # shown side by side, the right one is the answer
            if fault and not _parts_fit(output, expected):
                return "shape", "\n".join(filter(None, [fault, self._of_what_is_there(output)]))
            shapes = wrong_shapes(output, expected, question.counted)
            parts = which_parts(output, expected, question.tolerance, question.parts)
            return "shape" if shapes else "value", "\n".join([*shapes, parts])
        why = fault or tr("The form is right, a value is not. An example:")
        return "shape" if fault else "value", side_by_side(
            why, given, output, expected, question.tolerance
        )


def judged(key: AnswerKey, outputs: Sequence[Any]) -> Verdict:
    """The verdict; whatever an answer holds, it is judged or it is told that it cannot be."""
    try:
        return key.verdict(outputs)
    except Exception as error:  # of ours, of a class of the student's own, or MemoryError
        text = tr("The answer could not be judged: {}: {}")
        return failed(key.question, "error", text.format(type(error).__name__, said(error)))


def failed(question: Question, tier: Tier, message: str, mistake: str = "") -> Verdict:
    """A verdict without points."""
    return Verdict(question.id, 0, question.points, tier, message, mistake)


def _parts_fit(output: Any, expected: Any) -> bool:
    """Whether an answer has the parts that it should, each a number, or numbers however many."""
    if not isinstance(expected, dict):
        return not difference_of_form(output, expected)
    return isinstance(output, dict) and all(
        name in output and as_array(output[name]) is not None for name in expected
    )


def _there(output: dict, expected: dict) -> dict[str, Any]:
    """The entries of an answer that are numbers, of those that it should have."""
    return {name: output[name] for name in expected if as_array(output.get(name)) is not None}


def _scored(question: Question, outputs: Sequence[Any], cases: Sequence[Case]) -> Verdict:
    try:
        share, sentence = question.score(outputs, cases)
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        return failed(question, "shape", str(error))
    share = min(max(float(np.nan_to_num(share)), 0.0), 1.0)
    earned = round(question.points * share, 2)
    tier: Tier = "pass" if share == 1 else "partial" if earned > 0 else "below"
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
