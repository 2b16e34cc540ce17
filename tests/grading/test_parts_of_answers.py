"""The share of an answer's parts that are right, which a teacher may give points for."""

import numpy as np
import pytest

from cnnlab.grading.answers.verdict import AnswerKey
from cnnlab.grading.question import EXACT, Question, Wrong, no_arguments


def asked(right):
    wrong = (Wrong("one more", lambda: [7, 3, 3], "Count again."),)
    return Question("q", "r", "t", 1, 1, "value", no_arguments, lambda: right, EXACT, wrong)


@pytest.mark.parametrize(
    ("right", "answer", "share"),
    [
        ([6, 3, 3], [6, 3, 2], 2 / 3),
        ([6, 3, 3], np.array([6, 0, 2]), 1 / 3),
        ([6, 3, 3], [7, 3, 3], 2 / 3),  # which is a known mistake
        ([6, 3, 3], [6, 3], 0),
        ([6, 3, 3], "6, 3, 3", 0),
        ({"a": 1, "b": 2}, {"a": 1, "b": 5}, 1 / 2),
        ({"a": 1, "b": 2}, {"a": 1}, 1 / 2),
        (6, 5, 0),
        (np.ones((2, 2)), np.eye(2), 0),
    ],
)
def test_the_share_of_right_parts(right, answer, share):
    result = AnswerKey(asked(right), 0).verdict([answer])
    assert result.earned == 0 and result.share == pytest.approx(share)


def test_a_part_is_right_if_it_is_in_every_case():
    cases = lambda rng: [(1.0,), (2.0,)]  # noqa: E731
    question = Question("f", "r", "t", 1, 1, "function", cases, lambda x: (np.ones(2) * x, x + 1))
    answers = [(np.ones(2), 2.0), (np.ones(2), 3.0)]
    assert AnswerKey(question, 0).verdict(answers).share == 1 / 2
