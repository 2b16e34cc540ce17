"""An answer found by hand is told which parts are wrong, and never the right ones."""

import pytest

from cnnlab.grading.answers.verdict import AnswerKey
from cnnlab.grading.question import EXACT, Question, no_arguments

RIGHT = {"size": 7411, "kept": [1, 2, 5]}


@pytest.mark.parametrize(
    ("right", "answer", "parts"),
    [
        ([7411, 9532, 6], [1, 9532, 2], "Of 3 parts, these are not right: 1, 3."),
        (7411, 5, "The form is right, the value is not."),
        (RIGHT, RIGHT | {"size": 1}, "Of 2 parts, these are not right: 'size'."),
    ],
)
def test_a_wrong_value_is_not_told_the_right_one(right, answer, parts):
    asked = Question("q", "r", "t", 1, 1, "value", no_arguments, lambda: right, EXACT)
    result = AnswerKey(asked, 0).verdict([answer])
    assert (result.tier, result.message) == ("value", parts)
