"""Rates, ROC and equal error rate against plain counting; one-shot accuracy by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import roc_curve

from cnnlab.faces import (
    equal_error_rate,
    error_rates,
    one_shot_accuracy,
    roc,
    squared_distances,
    threshold_at,
)

# Few different distances, so that many are equal.
PAIRS = st.lists(st.tuples(st.integers(0, 8).map(lambda n: n / 8), st.booleans()), min_size=2)
PAIRS = PAIRS.filter(lambda some: len({same for _, same in some}) == 2)


def counted(some, threshold):
    """False accepts and false rejects, pair by pair."""
    strangers = [d for d, same in some if not same]
    friends = [d for d, same in some if same]
    accepted = sum(d <= threshold for d in strangers) / len(strangers)
    return accepted, sum(not d <= threshold for d in friends) / len(friends)


@given(PAIRS, st.floats(-0.1, 1.1))
def test_rates_are_what_counting_gives(some, threshold):
    assert error_rates(*zip(*some, strict=True), threshold) == counted(some, threshold)


@given(PAIRS)
def test_the_curve_is_what_counting_gives(some):
    curve = roc(*zip(*some, strict=True))
    expected = [-np.inf, *sorted({d for d, _ in some})]
    assert curve.thresholds.tolist() == expected
    for accepts, rights, threshold in zip(*curve, strict=True):
        far, frr = counted(some, threshold)
        assert (accepts, rights) == (far, pytest.approx(1 - frr))
    assert (curve.false_accepts[-1], curve.true_accepts[-1]) == (1, 1)


@given(PAIRS)
def test_the_curve_is_scikit_learn_s(some):
    """It calls what is larger the same person, so the distances change their sign."""
    distances, same = zip(*some, strict=True)
    curve = roc(distances, same)
    expected = roc_curve(same, -np.array(distances), drop_intermediate=False)
    for ours, theirs in zip(curve, (*expected[:2], -expected[2]), strict=True):
        np.testing.assert_allclose(ours, theirs)


@given(PAIRS)
def test_the_equal_error_rate_lies_where_the_rates_cross(some):
    rate, threshold = equal_error_rate(*zip(*some, strict=True))
    levels = [-np.inf, *sorted({d for d, _ in some})]
    steps = [counted(some, level) for level in levels]
    i = next(i for i, (far, frr) in enumerate(steps) if far >= frr)
    (far_0, frr_0), (far_1, frr_1) = steps[i - 1], steps[i]
    # Two straight lines, and where they meet.
    part = (frr_0 - far_0) / ((far_1 - far_0) - (frr_1 - frr_0))
    assert rate == pytest.approx(far_0 + part * (far_1 - far_0))
    assert rate == pytest.approx(frr_0 + part * (frr_1 - frr_0))
    assert levels[i - 1] - 1e-9 <= threshold <= levels[i] + 1e-9


def test_equal_error_rates_that_one_can_see():
    assert equal_error_rate([1, 2, 3, 4], [True, True, False, False])[0] == 0
    assert equal_error_rate([3, 4, 1, 2], [True, True, False, False])[0] == 1
    assert equal_error_rate([1, 3, 2, 4], [True, True, False, False])[0] == 0.5
    assert equal_error_rate([2, 2, 2, 2], [True, True, False, False])[0] == 0.5  # all the same


def test_normal_distances_have_a_known_equal_error_rate():
    """Two normal curves two deviations apart cross at 15.87 % (one deviation from each mean)."""
    rng = np.random.default_rng(0)
    distances = np.append(rng.normal(1, 1, 40_000), rng.normal(3, 1, 60_000))
    rate, threshold = equal_error_rate(distances, np.arange(100_000) < 40_000)
    assert rate == pytest.approx(0.15866, abs=0.004)
    assert threshold == pytest.approx(2, abs=0.03)


@given(PAIRS, st.floats(0, 1))
def test_the_threshold_is_the_most_generous_that_is_allowed(some, allowed):
    found = threshold_at(*zip(*some, strict=True), allowed)
    assert counted(some, found)[0] <= allowed
    larger = [d for d, _ in some if d > found]
    assert not larger or counted(some, min(larger))[0] > allowed


def test_a_threshold_that_accepts_nothing():
    assert threshold_at([1, 1, 2], [False, True, False], 0.4) == -np.inf


@pytest.mark.parametrize(
    ("distances", "same", "said"),
    [
        ([1, 2], [True, True], "same has no pair of different people; expected pairs of both"),
        ([1, 2], [0, 0], "same has no pair of one person"),
        ([], [], "same has no pair of one person"),
        ([1, 2], [True], r"same has shape \(1,\); expected \(2,\)"),
        ([1, 2], [1, 2], "same is .*; expected True or False"),
        ([[1, 2]], [True, False], r"distances has shape \(1, 2\)"),
        ([1, np.nan], [True, False], r"distances\[1\] is NaN; expected numbers"),
    ],
)
def test_pairs_that_say_nothing(distances, same, said):
    for function in (roc, equal_error_rate, lambda *each: threshold_at(*each, 0.01)):
        with pytest.raises(ValueError, match=f"^{said}"):
            function(np.array(distances, float), same)


@pytest.mark.parametrize("rate", [-0.1, 1.1, "1%", True])
def test_a_rate_that_is_none(rate):
    with pytest.raises(ValueError, match=r"^false_accept_rate is .*; expected a number from 0"):
        threshold_at([1, 2], [True, False], rate)


# ---- one shot ----


def test_points_apart_are_always_right():
    f = np.repeat(np.eye(9), 3, axis=0) + np.random.default_rng(0).normal(0, 0.01, (27, 9))
    assert one_shot_accuracy(f, np.repeat(np.arange(9), 3), ways=9, trials=50) == 1


@pytest.mark.parametrize("ways", [2, 5, 20])
def test_one_point_for_all_is_chance_and_no_more(ways):
    labels = np.repeat(np.arange(20), 2)
    assert one_shot_accuracy(np.ones((40, 3)), labels, ways, 30) == pytest.approx(1 / ways)


def test_two_ways_as_all_trials_together_give_it():
    """The mean over every query, known picture and stranger, each person counting the same."""
    rng = np.random.default_rng(0)
    labels = np.array([0, 0, 0, 1, 1, 2, 2])
    f = rng.normal(size=(7, 2)) + labels[:, None] * 0.5
    d = squared_distances(f)
    people = []
    for person in range(3):
        rights = []
        mine = np.flatnonzero(labels == person)
        for query, known in ((q, k) for q in mine for k in mine if q != k):
            for other in set(range(3)) - {person}:
                strangers = np.flatnonzero(labels == other)
                rights.append((d[query, known] < d[query, strangers]).mean())
        people.append(np.mean(rights))
    found = one_shot_accuracy(f, labels, ways=2, trials=4000, seed=1)
    assert found == pytest.approx(np.mean(people), abs=0.03)  # four deviations


def test_trials_follow_their_seed():
    f, labels = np.random.default_rng(0).normal(size=(40, 3)), np.arange(40) // 2
    first, again, other = (one_shot_accuracy(f, labels, 5, 40, seed) for seed in (3, 3, 4))
    assert first == again != other


@pytest.mark.parametrize(
    ("labels", "ways", "said"),
    [
        ([0, 0, 1, 1], 3, "ways is 3, and labels has 2 people"),
        ([0, 1, 2, 3], 3, "labels has nobody twice"),
        ([0, 0, 1, 1], 1, "ways is 1; expected a whole number, at least 2"),
    ],
)
def test_trials_that_cannot_be_made(labels, ways, said):
    with pytest.raises(ValueError, match=f"^{said}"):
        one_shot_accuracy(np.eye(4), labels, ways)
