"""What is drawn: no picture twice in a pair, P people × K pictures, the same with the same seed."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cnnlab.faces import PKBatches, pairs
from cnnlab.faces.batches import varied

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
        (PEOPLE, {"P": 6}, "labels has 5 people; expected at least P = 6: take more people, or t"),
        (PEOPLE * 0, {}, "labels has 1 person; expected at least P = 2: take more people$"),
        (PEOPLE + np.arange(21) * 100, {}, "labels has 1 picture of 10; .* who has fewer$"),
        (PEOPLE, {"K": 4}, "labels has 3 pictures of 20; expected at least K = 4 of each: leave"),
        (PEOPLE, {"K": 1}, "K is 1; expected a whole number, at least 2"),
        (PEOPLE, {"vary": "no"}, "vary is 'no'; expected True or False"),
        (PEOPLE, {"P": 1}, "P is 1; expected a whole number, at least 2"),
        (PEOPLE[1:], {}, r"labels has shape \(20,\); expected \(21,\)"),
        (PEOPLE + 0.5, {}, "labels is .*; expected whole numbers"),
    ],
)
def test_batches_that_cannot_be_made(labels, options, said):
    with pytest.raises(ValueError, match=f"^{said}"):
        PKBatches(PICTURES, labels, **({"P": 2, "K": 3} | options))


def test_pictures_that_cannot_be_varied():
    whole = np.full((21, 24, 36, 3), 200, np.uint8)  # 1.2 as a uint8 is 1, and 0.8 is 0
    with pytest.raises(ValueError, match=r"^images has dtype uint8; expected floats from 0 to 1"):
        PKBatches(whole, PEOPLE, P=2, K=3, vary=True)
    assert PKBatches(whole, PEOPLE, P=2, K=3)[0][0].dtype == np.uint8
    with pytest.raises(ValueError, match=r"^images has numbers from 200 to 200; expected floats"):
        PKBatches(whole.astype(float), PEOPLE, P=2, K=3, vary=True)
    with pytest.raises(
        ValueError, match=r"^images has shape \(21, 2592\); expected \(N, H, W, C\)"
    ):
        PKBatches(whole.reshape(21, -1), PEOPLE, P=2, K=3)


# ---- varied pictures ----


def halves(N: int) -> np.ndarray:
    """Dark on the left, bright on the right; 0.4 and 0.8 in all colours but the last."""
    images = np.full((N, 24, 36, 3), 0.4, "float32")
    images[:, :, 18:] = 0.8
    images[..., 2] /= 2
    return images


def test_varied_pictures_are_mirrored_person_by_person():
    images = varied(halves(80), K=4, seed=0)
    turned = images[:, :, :12].mean(axis=(1, 2, 3)) > images[:, :, 24:].mean(axis=(1, 2, 3))
    turned = turned.reshape(20, 4)
    assert (turned == turned[:, :1]).all() and 3 < turned[:, 0].sum() < 17


def test_varied_pictures_move_and_change_their_light_within_bounds():
    images = varied(halves(80), K=4, seed=1)
    assert images.shape == (80, 24, 36, 3) and images.dtype == np.float32
    row = np.median(images[..., 0], axis=1)  # (80, 36); few rows are covered
    step = np.abs(np.diff(row, axis=1))  # (80, 35); where dark meets bright
    edges = step.argmax(axis=1)
    assert edges.min() >= 17 - 3 and edges.max() <= 17 + 3 and len(set(edges)) > 4
    gray = np.median(images[..., 0], axis=(1, 2))
    assert gray.min() >= 0.4 * 0.8 * 0.93 and gray.max() <= 0.8 * 1.25 * 1.07
    assert len(np.unique(images.max(axis=(1, 2)))) > 200  # each picture, and each colour


def test_half_of_the_varied_pictures_are_covered_in_part():
    images = varied(np.full((200, 24, 36, 3), 0.5, "float32"), K=2, seed=2)
    plain = np.median(images, axis=(1, 2), keepdims=True)
    share = (np.abs(images - plain) > 1e-6).any(axis=-1).mean(axis=(1, 2))  # (200,)
    assert share.max() <= 1 / 16 + 1e-9 and 70 < (share > 0).sum() < 130


def test_varied_batches_follow_their_seed_and_leave_the_pictures_as_they_are():
    pictures, people = halves(12), np.repeat(np.arange(4), 3)
    several, again = (PKBatches(pictures, people, P=2, K=3, seed=5, vary=True) for _ in range(2))
    x, y = several[1]
    np.testing.assert_array_equal(x, several[1][0])
    np.testing.assert_array_equal(x, again[1][0])
    np.testing.assert_array_equal(y, np.repeat(people[several.chosen[1][::3]], 3))
    several.on_epoch_end()
    assert (several[1][0] != x).any()
    np.testing.assert_array_equal(pictures, halves(12))
