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


RIGHT = {"a": np.array([[1, 2], [3, 4]]), "b": 6, "c": [7, 8]}
TURNED = Wrong("turned", lambda: RIGHT | {"a": RIGHT["a"].T}, "In (a) you turned it.")


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ({"a": [[1, 2], [3, 4]]}, "The answer lacks 'b', 'c'.\nWhat is there is right."),
        (
            {"a": [[1, 2], [3, 4]], "b": 5, "c": None},
            "The answer lacks 'c'.\nOf what is there, these parts are not right: (b).",
        ),
        (
            {"a": [[1, 3], [2, 4]], "b": 5, "c": [...]},
            "'c': Entry 1 is of type ellipsis; expected a number.\nIn (a) you turned it.\n"
            "These parts are not right either: (b).",
        ),
        ({"b": None, "c": "7, 8"}, "The answer lacks 'a', 'b'."),
    ],
)
def test_an_answer_that_is_not_finished_is_told_how_far_it_is_right(answer, said):
    parts = ("a", "b", "cc")
    one = Question(
        "q", "r", "t", 1, 1, "value", no_arguments, lambda: RIGHT, EXACT, (TURNED,), parts=parts
    )
    result = AnswerKey(one, 0).verdict([answer])
    assert (result.tier, result.message) == ("shape", said)


@pytest.mark.parametrize("last", [{}, {"c": None}, {"c": [...]}, {"c": [0, 0]}, {"c": []}])
def test_a_part_that_is_left_out_earns_no_more_than_a_wrong_one(last):
    parts = ("a", "b", "cd")
    one = Question("q", "r", "t", 1, 1, "value", no_arguments, lambda: RIGHT, EXACT, parts=parts)
    answer = {"a": RIGHT["a"], "b": 6, **last}
    assert AnswerKey(one, 0).verdict([answer]).share == pytest.approx(2 / 4)


def test_a_part_is_right_if_it_is_in_every_case():
    cases = lambda rng: [(1.0,), (2.0,)]  # noqa: E731
    question = Question("f", "r", "t", 1, 1, "function", cases, lambda x: (np.ones(2) * x, x + 1))
    answers = [(np.ones(2), 2.0), (np.ones(2), 3.0)]
    assert AnswerKey(question, 0).verdict(answers).share == 1 / 2
