"""An answer found by hand is told which parts are wrong, and never the right ones."""

from dataclasses import replace

import numpy as np
import pytest

from cnnlab.grading.answers.compare import equal
from cnnlab.grading.answers.verdict import AnswerKey
from cnnlab.grading.question import EXACT, Question, Wrong, no_arguments

RIGHT = {"size": 7411, "kept": [1, 2, 5]}


@pytest.mark.parametrize(
    ("right", "answer", "parts"),
    [
        ([7411, 9532, 6], [1, 9532, 2], "Of 3 parts, these are not right: 1, 3."),
        (7411, 5, "The form is right, the value is not."),
        (RIGHT, RIGHT | {"size": 1}, "Of 2 parts, these are not right: 'size'."),
        (RIGHT, RIGHT | {"kept": [1, 2]}, "Of 2 parts, these are not right: 'kept'."),
    ],
)
def test_a_wrong_value_is_not_told_the_right_one(right, answer, parts):
    asked = Question("q", "r", "t", 1, 1, "value", no_arguments, lambda: right, EXACT)
    result = AnswerKey(asked, 0).verdict([answer])
    assert (result.tier, result.message) == ("value", parts)


def lettered(*wrong):
    asked = Question("q", "r", "t", 1, 1, "value", no_arguments, lambda: [7411, 9532, 6], EXACT)
    return AnswerKey(replace(asked, wrong=wrong, parts="abc"), 0)


def test_parts_have_the_letters_of_the_text():
    (message,) = {lettered().verdict([[1, 9532, 2]]).message}
    assert message == "Of 3 parts, these are not right: (a), (c)."


def test_each_of_several_mistakes_gets_a_word():
    first = Wrong("first", lambda: [1, 9532, 6], "About the first.")
    both = Wrong("both", lambda: [1, 2, 6], "About both.")
    last = Wrong("last", lambda: [7411, 9532, 3], "About the last.")
    key = lettered(first, both, last)
    found = [
        ([1, 9532, 3], "first; last", "About the first.\nAbout the last."),
        ([1, 2, 3], "both; last", "About both.\nAbout the last."),
        (
            [1, 5, 3],
            "first; last",
            "About the first.\nAbout the last.\nThese parts are not right either: (b).",
        ),
    ]
    for answer, name, message in found:
        result = key.verdict([answer])
        assert (result.tier, result.mistake, result.message) == ("mistake", name, message)
    assert key.verdict([[7411, 5, 6]]).message == "Of 3 parts, these are not right: (b)."


@pytest.mark.parametrize(
    ("answer", "right", "same"),
    [
        ([], np.zeros((0, 4)), True),
        ([[], []], np.zeros((2, 0)), True),
        ([], np.zeros((2, 0)), False),
        (np.zeros(0), np.zeros((0, 4)), False),
        ([], np.zeros(1), False),
        (np.array([0.5]), 0.5, True),
        (np.array([0.5, 0.5]), 0.5, False),
        (0.5, np.array([0.5]), False),
    ],
)
def test_no_rows_have_no_width_and_one_number_may_stand_in_brackets(answer, right, same):
    assert equal(answer, right, EXACT) == same
