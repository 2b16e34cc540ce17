"""Each loss against a plain loop over triplets, and its gradient by differences in float64."""

from itertools import product

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cnnlab.backend import ON_JAX
from cnnlab.faces import (
    TripletLoss,
    batch_triplet_loss,
    contrastive_loss,
    count_kinds,
    triplet_loss,
    unit_length,
)
from cnnlab.faces.losses import MINING
from cnnlab.gradients import value_and_gradient

pytestmark = pytest.mark.networks

NEAR = 1e-5 if ON_JAX else 1e-12  # JAX computes in float32 here


# ---- oracles: one triplet after the other ----


def apart(f, g) -> float:
    return float(sum((a - b) ** 2 for a, b in zip(f, g, strict=True)))


def chosen_triplets(labels, f, mining):
    """(a, p, n) as the words in the docstring say it."""
    everyone = range(len(labels))
    found = []
    for a in everyone:
        positives = [p for p in everyone if p != a and labels[p] == labels[a]]
        negatives = [n for n in everyone if labels[n] != labels[a]]
        if not positives or not negatives:
            continue
        if mining == "all":
            found += [(a, p, n) for p in positives for n in negatives]
        if mining == "hard":
            p = max(positives, key=lambda p: apart(f[a], f[p]))
            found.append((a, p, min(negatives, key=lambda n: apart(f[a], f[n]))))
        if mining == "random":
            following = [*range(a + 1, len(labels)), *range(a)]
            n = next(n for n in following if n in negatives)
            found += [(a, p, n) for p in positives]
        for p in positives if mining == "semi-hard" else []:
            beyond = [n for n in negatives if apart(f[a], f[n]) > apart(f[a], f[p])]
            if beyond:
                n = min(beyond, key=lambda n: apart(f[a], f[n]))
            else:
                n = max(negatives, key=lambda n: apart(f[a], f[n]))
            found.append((a, p, n))
    return found


def looped(labels, f, mining, margin):
    terms = [
        max(apart(f[a], f[p]) - apart(f[a], f[n]) + margin, 0)
        for a, p, n in chosen_triplets(labels, f, mining)
    ]
    return np.mean(terms) if terms else 0


def batch(seed, sizes=(3, 2, 4, 1), D=3):
    """People with unequal numbers of pictures, one of them with a single one, mixed."""
    rng = np.random.default_rng(seed)
    labels = np.repeat(np.arange(len(sizes)) * 7, sizes)
    order = rng.permutation(len(labels))
    f = rng.normal(size=(len(labels), D)) + 0.4 * labels[:, None]
    return labels[order], unit_length(f)[order]


# ---- triplets that are given ----


def test_the_lectures_formula_by_hand():
    """‖A − P‖² = 0.04 + 0.09 = 0.13, ‖A − N‖² = 0.16 + 0.01 = 0.17; 0.13 − 0.17 + 0.2 = 0.16."""
    A, P, N = [1.0, 2.0], [1.2, 2.3], [0.6, 2.1]
    assert float(triplet_loss(A, P, N)) == pytest.approx(0.16)
    assert float(triplet_loss(A, P, N, margin=0.04)) == pytest.approx(0, abs=1e-6)
    assert float(triplet_loss([A] * 3, [P] * 3, [N] * 3)) == pytest.approx(0.48)  # summed


@settings(max_examples=30)
@given(st.integers(0, 10**6), st.floats(0, 3))
def test_given_triplets_one_by_one(seed, margin):
    A, P, N = np.random.default_rng(seed).normal(size=(3, 6, 4))
    terms = [max(apart(a, p) - apart(a, n) + margin, 0) for a, p, n in zip(A, P, N, strict=True)]
    assert float(triplet_loss(A, P, N, margin)) == pytest.approx(sum(terms), rel=1e-5)


def test_the_sum_of_maxima_and_not_the_maximum_of_the_sum():
    A, P, N = np.array([[0.0], [0]]), np.array([[0.0], [1]]), np.array([[3.0], [0]])
    assert float(triplet_loss(A, P, N, 0.5)) == pytest.approx(1.5)  # the first one is easy


# ---- triplets of a batch ----


@pytest.mark.parametrize("mining", MINING)
@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("margin", [0.0, 0.2, 1.0])
def test_a_batch_one_triplet_at_a_time(mining, seed, margin):
    labels, f = batch(seed)
    found = float(batch_triplet_loss(labels, f, mining, margin))
    assert found == pytest.approx(looped(labels, f, mining, margin), abs=NEAR)


@settings(max_examples=40)
@given(st.data())
@pytest.mark.parametrize("mining", MINING)
def test_any_batch(mining, data):
    """Encodings on a coarse grid, so that distances tie and coincide; some people come once."""
    N = data.draw(st.integers(4, 9))
    labels = [0, 0, 1, *data.draw(st.lists(st.integers(0, 3), min_size=N - 3, max_size=N - 3))]
    f = data.draw(st.lists(st.tuples(*[st.integers(-2, 2)] * 2), min_size=N, max_size=N))
    f = np.array(f, float) / 2
    assert float(batch_triplet_loss(labels, f, mining, 0.25)) == pytest.approx(
        looped(labels, f, mining, 0.25), abs=NEAR
    )


def test_how_many_triplets_a_batch_makes():
    P, K = 3, 4
    labels, f = np.repeat(np.arange(P), K), np.random.default_rng(0).normal(size=(P * K, 2))
    count = P * K * (K - 1) * (P * K - K)
    assert len(chosen_triplets(labels, f, "all")) == count == 288
    assert sum(count_kinds(labels, f)) == count


@pytest.mark.parametrize("margin", [0.0, 0.2, 1.0])
def test_kinds_are_counted_one_triplet_at_a_time(margin):
    labels, f = batch(1, sizes=(3, 2, 4))
    f[labels == 0] = f[0]  # some coincide
    counts = {"easy": 0, "semi_hard": 0, "hard": 0}
    for a, p, n in chosen_triplets(labels, f, "all"):
        gap = apart(f[a], f[n]) - apart(f[a], f[p])
        counts["hard" if gap <= 0 else "easy" if gap >= margin else "semi_hard"] += 1
    assert count_kinds(labels, f, margin)._asdict() == counts


@pytest.mark.skipif(ON_JAX, reason="differences need float64")
@pytest.mark.parametrize("mining", MINING)
def test_gradients_by_differences(mining):
    labels, f = batch(2)

    def loss(f):
        return batch_triplet_loss(labels, f, mining, 0.7)

    value, slope = value_and_gradient(loss, f)
    assert value > 0.01 and slope.dtype == np.float64
    h = 1e-6
    for place in np.ndindex(f.shape):
        step = np.zeros_like(f)
        step[place] = h
        rise = (float(loss(f + step)) - float(loss(f - step))) / (2 * h)
        assert slope[place] == pytest.approx(rise, abs=1e-8)


@pytest.mark.parametrize("mining", MINING)
def test_where_all_encodings_are_the_same(mining):
    """The collapse: the loss is the margin, and the gradient is finite (it is 0)."""
    labels = np.repeat(np.arange(3), 3)
    f = np.tile(unit_length([[1, 2, 3]]), (9, 1)).astype("float32")
    value, slope = value_and_gradient(lambda f: batch_triplet_loss(labels, f, mining, 0.2), f)
    assert value == pytest.approx(0.2, abs=1e-6)
    np.testing.assert_allclose(slope, 0, atol=1e-5)


def test_two_encodings_that_coincide_leave_every_gradient_finite():
    labels, f = batch(3)
    f = f.astype("float32")
    f[1], f[4] = f[0], f[5]
    for mining in MINING:
        _, slope = value_and_gradient(lambda f, m=mining: batch_triplet_loss(labels, f, m), f)
        assert np.isfinite(slope).all(), mining
    _, slope = value_and_gradient(lambda f: triplet_loss(f, f, f), f)
    np.testing.assert_array_equal(slope, 0)


@pytest.mark.parametrize("mining", MINING)
def test_the_class_gives_the_same_in_training(mining):
    """Labels that are traced, and as a column, as `fit` may hand them on."""
    labels, f = batch(5)
    image = keras.Input((3,))
    model = keras.Model(image, keras.layers.Identity()(image))
    model.compile("sgd", TripletLoss(mining, 0.3), jit_compile=False)
    found = model.evaluate(f.astype("float32"), labels, batch_size=len(f), verbose=0)
    assert found == pytest.approx(looped(labels, f, mining, 0.3), abs=1e-5)
    assert float(batch_triplet_loss(labels[:, None], f, mining, 0.3)) == pytest.approx(found, 1e-4)
    again = TripletLoss.from_config(TripletLoss(mining, 0.3).get_config())
    assert (again.mining, again.margin) == (mining, 0.3)


# ---- pairs ----


def test_contrastive_loss_by_hand():
    same, squared = np.array([1, 1, 0, 0, 0]), np.array([0.25, 0, 0.25, 4, 0])
    expected = [0.25, 0, 0.25, 0, 1]
    np.testing.assert_allclose(
        keras.ops.convert_to_numpy(contrastive_loss(same, squared)), expected, atol=2e-6
    )


def test_contrastive_gradients():
    squared = np.array([0, 0, 0.25, 0.25, 4], "float32")
    same = np.array([1, 0, 1, 0, 0])

    def loss(x):
        return keras.ops.sum(contrastive_loss(same, x, 1.5))

    _, slope = value_and_gradient(loss, squared)
    # d/ds (α − √s)² = −(α − √s) / √s = −(1.5 − 0.5) / 0.5
    np.testing.assert_allclose(slope, [1, 0, 1, -2, 0], atol=1e-5)


# ---- what is refused ----

F = np.eye(4)


@pytest.mark.parametrize(
    ("labels", "f", "options", "said"),
    [
        (
            [3, 3, 3, 3],
            F,
            {},
            "labels has 1 person, so there is no negative; expected P ≥ 2 people",
        ),
        ([0, 1, 2, 3], F, {}, "labels has nobody twice, so there is no positive pair; expected P"),
        ([0, 0, 1, 1.5], F, {}, "labels is .*; expected whole numbers"),
        (["a", "a", "b", "b"], F, {}, "labels is .*; expected whole numbers"),
        ([0, 0, 1], F, {}, r"labels has shape \(3,\); expected \(4,\)"),
        ([0, 0, 1, 1], F[0], {}, r"encodings has shape \(4,\); expected \(N, D\)"),
        ([0, 0, 1, 1], F, {"mining": "easy"}, "mining is 'easy'; expected one of 'all', 'random'"),
        ([0, 0, 1, 1], F, {"margin": -0.2}, "margin is -0.2; expected a number, at least 0"),
        ([0, 0, 1, 1], F, {"margin": np.inf}, "margin is inf; expected a number"),
        ([0, 0, 1, 1], F, {"margin": "big"}, "margin is 'big'; expected a number"),
    ],
)
def test_batches_without_sense(labels, f, options, said):
    with pytest.raises(ValueError, match=f"^{said}"):
        batch_triplet_loss(labels, f, **options)


def test_shapes_that_do_not_fit():
    with pytest.raises(ValueError, match=r"^negative has shape \(3, 2\); expected \(2, 2\)"):
        triplet_loss(np.ones((2, 2)), np.ones((2, 2)), np.ones((3, 2)))
    with pytest.raises(ValueError, match=r"^same has shape \(2,\); expected \(2, 1\)"):
        contrastive_loss([0, 1], np.ones((2, 1)))
    with pytest.raises(ValueError, match=r"^same has other numbers than 0 and 1; expected 1 for"):
        contrastive_loss([2, 7], np.ones(2))  # labels, as people put them in
    with pytest.raises(ValueError, match=r"^anchor is one number; expected encodings"):
        triplet_loss(1.0, 2.0, 3.0)
    for wrong in ({"mining": "hardest"}, {"margin": -1}):
        with pytest.raises(ValueError, match=r"is .*; expected"):
            TripletLoss(**wrong)


@pytest.mark.parametrize("mining", MINING)
def test_without_a_single_triplet_a_traced_batch_costs_nothing(mining):
    """Labels are not known before the network runs, so it cannot refuse; but no NaN comes out.

    On JAX, Keras builds a model with the first batch itself, so there they are known, and refused.
    """
    image = keras.Input((3,))
    model = keras.Model(image, keras.layers.Identity()(image))
    model.compile("sgd", TripletLoss(mining), jit_compile=False)
    batch = np.eye(3, dtype="float32"), np.arange(3)
    if ON_JAX:
        with pytest.raises(ValueError, match="nobody twice"):
            model.evaluate(*batch, verbose=0)
    else:
        assert model.evaluate(*batch, verbose=0) == 0


def test_every_choice_is_offered():
    assert list(product(MINING)) == [("all",), ("random",), ("semi-hard",), ("hard",)]


def test_whole_numbers_as_one_writes_them_by_hand():
    assert float(triplet_loss([1, 2], [1, 3], [0, 1], 2)) == 1  # 1 − 2 + 2
    assert float(triplet_loss([1.0, 2], [1, 3], [0, 1], 2)) == 1
    mixed = np.eye(2), np.eye(2, dtype="float32"), np.eye(2, dtype=int)
    assert float(triplet_loss(*mixed, 0.5)) == 1
    np.testing.assert_allclose(contrastive_loss([1, 0, 0], [4, 4, 0], 3), [4, 1, 9], atol=1e-4)
    hot = np.repeat(np.eye(2, dtype=int), 2, axis=0)
    assert float(batch_triplet_loss([0, 0, 1, 1], hot, "hard", 3)) == 1  # 0 − 2 + 3


@pytest.mark.parametrize("margin", [-1, "0.2", float("nan"), float("inf")])
def test_kinds_at_no_margin(margin):
    with pytest.raises(ValueError, match=r"^margin is .*; expected a number"):
        count_kinds([0, 0, 1], np.eye(3), margin)
