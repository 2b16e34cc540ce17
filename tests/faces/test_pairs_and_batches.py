"""What is drawn: no picture twice in a pair, P people × K pictures, the same with the same seed."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cnnlab.faces import PKBatches, pairs

LABELS = st.lists(st.integers(-3, 3), min_size=3, max_size=20).filter(
    lambda some: 1 < len(set(some)) < len(some)
)


@settings(max_examples=60)
@given(LABELS, st.integers(2, 21), st.integers(0, 99))
def test_pairs_are_what_they_say(labels, count, seed):
    found, labels = pairs(labels, count, seed), np.array(labels)
    assert len(found.first) == len(found.second) == len(found.same) == count
    assert (found.first != found.second).all()
    assert ((labels[found.first] == labels[found.second]) == found.same).all()
    assert found.same.sum() == count // 2
    for part, again in zip(found, pairs(labels, count, seed), strict=True):
        np.testing.assert_array_equal(part, again)


def test_people_count_alike_however_many_pictures_they_have():
    labels = np.repeat([0, 1, 2], [2, 50, 4])
    found = pairs(labels, 3000)
    shares = np.bincount(labels[found.first[found.same]]) / 1500
    np.testing.assert_allclose(shares, 1 / 3, atol=0.05)  # four deviations
    runs = (found.same[1:] != found.same[:-1]).mean()
    assert runs == pytest.approx(0.5, abs=0.05)  # in no order


@pytest.mark.parametrize(
    ("labels", "count", "said"),
    [
        ([1, 1, 1], 4, "labels has 1 people, 1 of them with two pictures or more; expected at"),
        ([1, 2, 3], 4, "labels has 3 people, 0 of them with two pictures or more; expected at"),
        ([1, 1, 2.5], 4, "labels is .*; expected whole numbers"),
        ([1, 1, 2], 1, "count is 1; expected a whole number, at least 2"),
    ],
)
def test_pairs_that_cannot_be_drawn(labels, count, said):
    with pytest.raises(ValueError, match=f"^{said}"):
        pairs(labels, count)


# ---- batches ----

PEOPLE = np.repeat([10, 20, 30, 40, 50], [4, 3, 5, 3, 6])
PICTURES = np.arange(len(PEOPLE) * 6, dtype="float32").reshape(-1, 1, 3, 2)  # each is another


def batches(**options):
    return PKBatches(PICTURES, PEOPLE, **({"P": 2, "K": 3, "seed": 0} | options))


def test_a_batch_has_P_people_with_K_different_pictures():  # noqa: N802
    several = batches(rounds=3)
    assert len(several) == 3 * (5 // 2)
    for i in range(len(several)):
        images, labels = several[i]
        assert images.shape == (6, 1, 3, 2) and labels.shape == (6,)
        assert np.unique(labels, return_counts=True)[1].tolist() == [3, 3]
        which = (images[:, 0, 0, 0] / 6).astype(int)
        assert len(set(which)) == 6
        np.testing.assert_array_equal(np.unique(PEOPLE, return_inverse=True)[1][which], labels)


def test_each_person_has_a_turn_before_anybody_has_two():
    several = batches(P=5, rounds=4)
    for i in range(4):
        assert set(several[i][1]) == {0, 1, 2, 3, 4}


def test_batches_follow_their_seed_and_change_with_the_epoch():
    first, again, other = batches(), batches(), batches(seed=1)
    seen = []
    for _ in range(3):
        np.testing.assert_array_equal(first.chosen, again.chosen)
        np.testing.assert_array_equal(first[1][0], again[1][0])
        seen.append(first.chosen.tobytes())
        first.on_epoch_end()
        again.on_epoch_end()
    assert len({*seen, other.chosen.tobytes()}) == 4


@pytest.mark.parametrize(
    ("labels", "options", "said"),
    [
        (PEOPLE, {"P": 6}, "labels has 5 people; expected at least P = 6: take more people, or P"),
        (PEOPLE * 0, {}, "labels has 1 people; expected at least P = 2"),
        (PEOPLE, {"K": 4}, "labels has 3 pictures of 20; expected at least K = 4 of each: leave"),
        (PEOPLE, {"K": 1}, "K is 1; expected a whole number, at least 2"),
        (PEOPLE, {"P": 1}, "P is 1; expected a whole number, at least 2"),
        (PEOPLE[1:], {}, r"labels has shape \(20,\); expected \(21,\)"),
        (PEOPLE + 0.5, {}, "labels is .*; expected whole numbers"),
    ],
)
def test_batches_that_cannot_be_made(labels, options, said):
    with pytest.raises(ValueError, match=f"^{said}"):
        PKBatches(PICTURES, labels, **({"P": 2, "K": 3} | options))
