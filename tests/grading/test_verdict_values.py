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
    result = AnswerKey(replace(asked, counted=("kept",)), 0).verdict([answer])
    assert (result.tier, result.message) == ("value", parts)


def test_a_list_of_the_wrong_length_is_named_with_the_right_one():
    right = {"area": 7, "sizes": [7411, 9532, 6], "others": [1, 2]}
    asked = Question("q", "r", "t", 1, 1, "value", no_arguments, lambda: right, EXACT, parts="abc")
    result = AnswerKey(asked, 0).verdict([right | {"sizes": [7411], "others": [[1, 2]]}])
    assert result.tier == "shape"
    assert result.message.splitlines() == [
        "'sizes': The answer has shape (1,); expected (3,).",
        "'others': The answer has shape (1, 2); expected (2,).",
        "Of 3 parts, these are not right: (b), (c).",
    ]
    assert result.share == pytest.approx(1 / 3)


def test_numbers_of_one_list_may_belong_to_several_parts():
    right = {"area": 7, "sizes": [7411, 9532, 6]}
    wrong = Wrong("one more", lambda: right | {"sizes": [7412, 9532, 6]}, "About (b).")
    other = Wrong("one less", lambda: right | {"sizes": [7411, 9532, 5]}, "About (c).")
    kind = (1, 1, "value", no_arguments)
    asked = Question("q", "r", "t", *kind, lambda: right, EXACT, (wrong, other), parts=("a", "bbc"))
    key = AnswerKey(asked, 0)
    found = [
        ([7411, 9532, 8], "Of 3 parts, these are not right: (c)."),
        ([1, 2, 6], "Of 3 parts, these are not right: (b)."),
        ([7412, 9532, 5], "About (b).\nAbout (c)."),
        ([7412, 9532, 8], "About (b).\nThese parts are not right either: (c)."),
        (
            [7411, 9532],
            "'sizes': The answer has shape (2,); expected (3,).\n"
            "Of 3 parts, these are not right: (c).",
        ),
    ]
    for sizes, message in found:
        assert key.verdict([right | {"sizes": sizes}]).message == message
    assert key.verdict([right | {"sizes": [7412, 9532, 6]}]).share == pytest.approx(2 / 3)


def test_two_numbers_of_one_letter_are_one_part():
    right = {"below": 576, "style": 64, "e": 4}
    asked = Question("q", "r", "t", 1, 1, "value", no_arguments, lambda: right, EXACT, parts="bbe")
    result = AnswerKey(asked, 0).verdict([{"below": 1, "style": 2, "e": 4}])
    assert (result.message, result.share) == ("Of 2 parts, these are not right: (b).", 1 / 2)


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
        (np.zeros((3, 1)), np.zeros(3), True),  # each number in brackets
        ([[0.5]], np.array([0.5]), True),
        (np.zeros((1, 3)), np.zeros(3), False),
        (np.zeros((2, 3, 1)), np.zeros((2, 3)), False),
        (np.array([0.5]), 0.5, True),
        (np.array([0.5, 0.5]), 0.5, False),
        (0.5, np.array([0.5]), False),
    ],
)
def test_no_rows_have_no_width_and_one_number_may_stand_in_brackets(answer, right, same):
    assert equal(answer, right, EXACT) == same
