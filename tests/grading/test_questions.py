"""What holds for every question: the right pass, and each wrong way is named by its own hint."""

import re
from importlib.util import find_spec

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from cnnlab.grading.answers.check import verdict
from cnnlab.grading.answers.compare import as_array
from cnnlab.grading.answers.verdict import AnswerKey
from cnnlab.grading.answers.wording import shown
from cnnlab.grading.question import Question
from cnnlab.grading.questions import ROOMS, questions

WRITTEN = [room for room in ROOMS if find_spec(f"cnnlab.grading.questions.{room}")]
QUESTIONS = [question for room in WRITTEN for question in questions(room).values()]
CLOSED = [question for question in QUESTIONS if question.oracle]
SEEDS = {"network": range(3), "trained": range(2)}  # those build networks, which takes a while
MORE_SEEDS = range(12)
LEAST_WRONG = 40  # in the first three rooms


def each(questions: list[Question]):
    return pytest.mark.parametrize("question", questions, ids=lambda one: f"{one.room}-{one.id}")


def seeds(question: Question) -> range:
    kind = "trained" if question.score else question.kind  # an open task takes as long
    return SEEDS.get(kind, MORE_SEEDS)


def arrays(value) -> list[np.ndarray]:
    """The arrays in an argument, those in lists and dictionaries too."""
    if isinstance(value, np.ndarray):
        return [value]
    items = value.values() if isinstance(value, dict) else value
    return [each for item in items for each in arrays(item)] if _holds(value) else []


def _holds(value) -> bool:
    return isinstance(value, (tuple, list, dict))


def numbers(value) -> set[float]:
    """The numbers of an answer that nobody says by chance: those of two digits and more."""
    array = as_array(value)
    if array is not None:
        return {abs(float(one)) for one in array.ravel() if abs(one) > 10 or one % 1}
    items = value.values() if isinstance(value, dict) else value
    return set().union(*map(numbers, items)) if _holds(value) else set()


# All together


def test_every_room_has_its_questions():
    assert tuple(WRITTEN) == ROOMS
    for room in WRITTEN:
        assert 6 <= len(questions(room)) <= 8
        assert {question.room for question in questions(room).values()} == {room}


def test_a_name_belongs_to_one_question():
    names = [question.id for question in QUESTIONS]
    assert len(set(names)) == len(names)
    assert all(name.isidentifier() for name in names)


def test_many_mistakes_have_a_name():
    wrong = [wrong for question in QUESTIONS for wrong in question.wrong]
    assert len({one.name for one in wrong}) >= LEAST_WRONG
    for room in WRITTEN:
        assert sum(len(question.wrong) for question in questions(room).values()) >= 15


@pytest.mark.parametrize("room", WRITTEN)
def test_a_room_goes_from_easy_to_an_open_task(room):
    first, *_, last = questions(room).values()
    assert first.level == 1
    assert [one for one in questions(room).values() if one.score] == [last]
    assert {one.level for one in questions(room).values()} == {1, 2, 3}


# One by one


@each(QUESTIONS)
def test_a_question_is_complete(question):
    assert 1 <= question.points <= 5
    assert question.title
    assert question.tolerance.reason
    assert question.alternatives
    assert (question.oracle is None) == (question.score is not None)
    assert bool(question.wrong) == (question.oracle is not None)


@each(QUESTIONS)
def test_hints_differ_and_give_no_answer(question):
    for texts in ([one.hint for one in question.wrong], [one.name for one in question.wrong]):
        assert len(set(texts)) == len(texts)
    said = [number for wrong in question.wrong for number in re.findall(r"\d+\.?\d*", wrong.hint)]
    if question.kind == "value" and question.oracle:
        assert not numbers(question.oracle()) & {float(number) for number in said}
    for wrong in question.wrong:
        assert 20 < len(wrong.hint) < 300
        assert wrong.hint[-1] in ".?!"
        assert not re.search(r"\breturn\b|\bnp\.|\bdef\b|(?<![=!<>])=(?!=)\s*[\w(\[]", wrong.hint)


@each([question for question in QUESTIONS if question.kind != "value"])
def test_inputs_differ_in_their_sizes(question):
    """An answer that swaps two axes must not pass: not every axis is as long as the next."""
    for seed in seeds(question):
        cases = AnswerKey(question, seed).cases
        unequal = 0
        for case in cases:
            found = [array for array in arrays(case) if array.ndim > 1]
            images = [array for array in found if array.ndim > 2]
            unequal += any(len(set(array.shape)) > 1 for array in found)
            assert not images or any(len(set(array.shape[-3:])) > 1 for array in images)
        if any(array.ndim > 1 for array in arrays(list(cases))):
            assert unequal
        if question.kind == "function":
            assert len(cases) > 1 or question.score


@each([question for question in CLOSED if question.kind == "function"])
def test_the_first_input_is_small_enough_to_be_shown(question):
    for seed in seeds(question):
        key = AnswerKey(question, seed)
        for value in (*key.cases[0], key.right[0]):
            text = shown("input", value)
            assert not any(word in text for word in ("...", "…", "too large")), text


@each([question for question in QUESTIONS if question.kind in ("function", "trained")])
def test_other_seeds_give_other_inputs(question):
    first, second = (AnswerKey(question, seed).cases for seed in (0, 1))
    again = AnswerKey(question, 0).cases
    assert repr(first) == repr(again)
    assert repr(first) != repr(second)


@each(CLOSED)
def test_the_oracle_s_answer_passes(question):
    for seed in seeds(question):
        key = AnswerKey(question, seed)
        assert key.verdict(key.right).tier == "pass"


@pytest.mark.slow
@each(QUESTIONS)
def test_other_right_answers_pass(question):
    for alternative in question.alternatives:
        answer = alternative if question.kind == "function" else alternative()
        for seed in seeds(question):
            result = verdict(question, answer, seed)
            assert result.tier == "pass", (seed, result)
            assert result.earned == question.points


@pytest.mark.slow
@each(CLOSED)
def test_each_wrong_way_fails_and_is_named_by_its_own_hint(question):
    for seed in seeds(question):
        key = AnswerKey(question, seed)
        ways = [wrong for wrong, _ in key.mistakes]
        assert ways == list(question.wrong), "a wrong way breaks down on an input"
        for wrong, answers in key.mistakes:
            result = key.verdict(answers)
            assert (result.tier, result.mistake, result.earned) == ("mistake", wrong.name, 0), seed
            assert result.message == wrong.hint


@each(CLOSED)
def test_what_is_no_answer_earns_nothing(question):
    for nothing in (None, lambda *_: None, lambda: "42", "answer", np.zeros((2, 3)), []):
        result = verdict(question, nothing, seed=1)
        assert result.earned == 0
        assert result.tier in ("missing", "shape", "value", "error")


JUNK = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=5)
    | hnp.arrays(st.sampled_from([np.float32, np.int8, np.bool_]), hnp.array_shapes(min_dims=0)),
    lambda inside: (
        st.lists(inside, max_size=3)
        | st.tuples(inside, inside)
        | st.dictionaries(st.text(max_size=3), inside, max_size=2)
    ),
    max_leaves=5,
)


@each([question for question in QUESTIONS if question.kind in ("value", "function")])
def test_junk_earns_nothing_and_breaks_nothing(question):
    key = AnswerKey(question, 0)

    @settings(deadline=None, max_examples=40)
    @given(JUNK)
    def judge(junk):
        result = key.verdict([junk] * len(key.cases))
        assert result.earned == 0
        assert result.message

    judge()
