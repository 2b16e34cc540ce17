"""The lecture's vector y, its masked loss in both branches, and a network that places one box."""

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cnnlab.backend import ON_JAX
from cnnlab.detection import (
    Votes,
    iou,
    localization_loss,
    localized,
    localizer,
    target,
    voting_localizer,
)

pytestmark = pytest.mark.networks

BOX = (24.0, 8.0, 72.0, 24.0)  # in an image of height 32 and width 96


def numpy(x) -> np.ndarray:
    return keras.ops.convert_to_numpy(x)


def loss(y_true, y_pred) -> np.ndarray:
    return numpy(localization_loss(np.asarray(y_true, "float32"), np.asarray(y_pred, "float32")))


def test_the_lectures_vectors():
    """[1, b_x, b_y, b_h, b_w, 0, 1, 0] for a car, [0, …] for background."""
    np.testing.assert_allclose(
        target(BOX, 1, 3, height=32, width=96), [1, 0.5, 0.5, 0.5, 0.5, 0, 1, 0]
    )
    np.testing.assert_allclose(
        target((0, 8, 24, 32), 2, 4, height=64, width=96),
        [1, 12 / 96, 20 / 64, 24 / 64, 24 / 96, 0, 0, 1, 0],
        rtol=1e-6,
    )
    np.testing.assert_array_equal(target(None, None, 3, height=32, width=96), np.zeros(8))


@settings(deadline=None)
@given(
    st.tuples(st.floats(0, 0.9), st.floats(0.01, 1)),
    st.tuples(st.floats(0, 0.9), st.floats(0.01, 1)),
    st.integers(0, 2),
)
def test_localized_is_the_inverse(x, y, label):
    H, W = 48, 80
    box = [x[0] * W, y[0] * H, (x[0] + (1 - x[0]) * x[1]) * W, (y[0] + (1 - y[0]) * y[1]) * H]
    found = localized(target(box, label, 3, H, W)[None], H, W)
    np.testing.assert_allclose(found.boxes, [box], atol=1e-4)
    assert (found.labels.tolist(), found.scores.tolist()) == ([label], [1])


def test_both_branches_by_hand():
    y_true = [target(BOX, 1, 3, 32, 96), target(None, None, 3, 32, 96)]
    y_pred = [[0.9, 0.4, 0.5, 0.7, 0.5, 0.1, 0.6, 0.2], [0.3, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3]]
    first = 0.1**2 + 0.1**2 + 0 + 0.2**2 + 0 + 0.1**2 + 0.4**2 + 0.2**2
    np.testing.assert_allclose(loss(y_true, y_pred), [first, 0.3**2], rtol=1e-5)


@settings(deadline=None)
@given(st.lists(st.floats(-100, 100), min_size=7, max_size=7))
def test_what_nobody_cares_about_changes_nothing(rest):
    background = target(None, None, 3, 32, 96)[None]
    assert loss(background, [[0.25, *rest]]) == pytest.approx(0.0625)


def slope(y_true: np.ndarray, y_pred: np.ndarray) -> np.ndarray:
    """How the sum of the losses changes with each number of the prediction."""
    if ON_JAX:
        import jax

        return np.asarray(jax.grad(lambda y: localization_loss(y_true, y).sum())(y_pred))
    import tensorflow as tf

    y = tf.Variable(y_pred)
    with tf.GradientTape() as tape:
        total = tf.reduce_sum(localization_loss(y_true, y))
    return tape.gradient(total, y).numpy()


@pytest.mark.parametrize("unwritten", [0.0, np.nan, 7.0])
def test_no_slope_where_nobody_cares(unwritten):
    """Whatever stands in the places of "?", NaN included."""
    y_true = np.array([[0] + 7 * [unwritten], target(BOX, 0, 3, 32, 96)], "float32")
    y_pred = np.random.default_rng(0).random((2, 8), "float32")
    gradient = slope(y_true, y_pred)
    np.testing.assert_array_equal(gradient[0, 1:], 0)
    assert gradient[0, 0] == pytest.approx(2 * y_pred[0, 0])
    np.testing.assert_allclose(gradient[1], 2 * (y_pred[1] - y_true[1]), rtol=1e-5)


def rectangles(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """One bright rectangle on noise, tall and red or wide and green; a third have none."""
    rng, H, W = np.random.default_rng(seed), 32, 48
    images = rng.uniform(0, 0.4, (count, H, W, 3)).astype("float32")
    y = np.zeros((count, 7), "float32")
    for i in range(count):
        label = rng.integers(3)
        if label == 2:
            continue
        h, w = (rng.integers(14, 22), rng.integers(7, 12))[:: 1 if label == 0 else -1]
        top, left = rng.integers(0, H - h + 1), rng.integers(0, W - w + 1)
        images[i, top : top + h, left : left + w, label] += 0.6
        y[i] = target((left, top, left + w, top + h), int(label), 2, H, W)
    return images, y


@pytest.mark.slow
@pytest.mark.parametrize(("make", "share"), [(localizer, 0.8), (voting_localizer, 0.6)])
def test_a_network_learns_to_place_a_box(make, share):
    keras.utils.set_random_seed(0)
    model = make((32, 48, 3), classes=2)
    rate = keras.optimizers.schedules.CosineDecay(2e-3, decay_steps=8 * 120)
    model.compile(optimizer=keras.optimizers.Adam(rate), loss=localization_loss)
    history = model.fit(*rectangles(1200, 0), batch_size=10, epochs=8, verbose=0).history["loss"]
    assert history[-1] < 0.25 * history[0]
    images, y = rectangles(200, 1)
    truth, found = localized(y, 32, 48), localized(model.predict(images, verbose=0), 32, 48)
    there = y[:, 0] == 1
    assert ((found.scores > 0.5) == there).mean() > 0.95
    assert (found.labels == truth.labels)[there].mean() > 0.95
    overlap = np.diag(iou(found.boxes[there], truth.boxes[there]))
    assert (overlap >= 0.5).mean() > share


def test_localizer_gives_a_vector_for_each_image():
    model = localizer((64, 96, 3), classes=4)
    y = numpy(model(np.random.default_rng(0).random((2, 64, 96, 3), "float32")))
    assert y.shape == (2, 9)
    assert (y > 0).all()
    assert (y < 1).all()
    np.testing.assert_allclose(y[:, 5:].sum(axis=1), 1, rtol=1e-5)


# ---- places that vote ----


def test_votes_by_hand():
    """Place by place, on a map of 2 rows and 3 columns, with two classes."""
    rng = np.random.default_rng(0)
    said = rng.normal(size=(4, 2, 3, 7)).astype("float32")
    weight = rng.normal(size=(4, 2, 3, 1)).astype("float32")
    expected = np.zeros((4, 7))
    for n, row, column in np.ndindex(4, 2, 3):
        t = said[n, row, column].astype(float)
        share = np.exp(weight[n, row, column, 0]) / np.exp(weight[n].astype(float)).sum()
        p_c, b_h, b_w = 1 / (1 + np.exp(-t[[0, 3, 4]]))
        b_x, b_y = (column + 0.5) / 3 + t[1], (row + 0.5) / 2 + t[2]
        c = np.exp(t[5:]) / np.exp(t[5:]).sum()
        expected[n] += share * np.array([p_c, b_x, b_y, b_h, b_w, *c])
    np.testing.assert_allclose(numpy(Votes()(said, weight)), expected, rtol=1e-5)


def test_places_that_agree_are_heard_as_one_whatever_they_weigh():
    """Each tells the step from itself to (0.7, 0.2), so the mean is (0.7, 0.2)."""
    row, column = np.mgrid[:4, :6] + 0.5
    said = np.zeros((1, 4, 6, 8), "float32")
    said[0, ..., 1], said[0, ..., 2] = 0.7 - column / 6, 0.2 - row / 4
    weight = np.random.default_rng(0).normal(size=(1, 4, 6, 1), scale=5).astype("float32")
    y = numpy(Votes()(said, weight))
    np.testing.assert_allclose(y[0, :5], [0.5, 0.7, 0.2, 0.5, 0.5], atol=1e-5)


def test_the_voting_localizers_shape_size_and_copy():
    model = voting_localizer((64, 96, 3), classes=4)
    assert model.get_layer("said").output.shape == (None, 8, 12, 9)
    assert model.get_layer("weight").output.shape == (None, 8, 12, 1)
    x = np.random.default_rng(0).random((2, 64, 96, 3), "float32")
    y = numpy(model(x))
    assert y.shape == (2, 9)
    for part in (y[:, [0, 3, 4]], y[:, 5:]):
        assert (part > 0).all() and (part < 1).all()
    np.testing.assert_allclose(y[:, 5:].sum(axis=1), 1, rtol=1e-5)
    copy = keras.Model.from_config(model.get_config())
    copy.set_weights(model.get_weights())
    np.testing.assert_allclose(numpy(copy(x)), y, rtol=1e-5)
    assert voting_localizer((48, 72, 3), classes=3).count_params() == 61_545


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: target((9, 2, 3, 4), 0, 3, 32, 96), r"box\[0\] is \[9.0.*x_min ≤ x_max"),
        (lambda: target((1, 2, np.nan, 4), 0, 3, 32, 96), r"box\[0\] is .*nan"),
        (lambda: target((1, 2, 3), 0, 3, 32, 96), r"box has shape \(1, 3\)"),
        (
            lambda: target((1, 2, 100, 4), 0, 3, 32, 96),
            "outside the image of height 32 and width 96",
        ),
        (lambda: target(BOX, 3, 3, 32, 96), "label is 3; expected at most 2"),
        (lambda: target(BOX, -1, 3, 32, 96), "label is -1"),
        (lambda: target(BOX, None, 3, 32, 96), "expected both, or None for both"),
        (lambda: target(None, 1, 3, 32, 96), "expected both, or None for both"),
        (lambda: target(BOX, 0, 0, 32, 96), "classes is 0"),
        (lambda: localizer((8, 96, 3), 3), "too small"),
        (lambda: voting_localizer((8, 96, 3), 3), "too small"),
        (lambda: voting_localizer((64, 96, 3), 0), "classes is 0"),
        (lambda: localized(np.zeros(8), 32, 96), r"y has shape \(8,\)"),
    ],
)
def test_bad_input_is_told_in_words(call, words):
    with pytest.raises(ValueError, match=words):
        call()
