"""Losses against loops in float64, their gradients against centred differences, and Keras."""

from functools import partial

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from keras import ops

from cnnlab.gradients import value_and_gradient
from cnnlab.segmentation import (
    border_weights,
    ce_dice_loss,
    dice_loss,
    focal_loss,
    unet,
    weighted_cross_entropy,
)

pytestmark = [pytest.mark.networks, pytest.mark.usefixtures("float64")]
WEIGHTS = [0.5, 3.0, 1.5]
# On JAX, keras.ops.mean computes in float32, whatever it gets.
ROUNDED = 1e-10 if keras.backend.backend() == "tensorflow" else 1e-6


def numpy(x) -> np.ndarray:
    return ops.convert_to_numpy(x)


def case(seed: int = 0, classes: int = 3, size: tuple = (2, 4, 5), lacks: int | None = None):
    """Masks, one of them without a class, and probabilities."""
    rng = np.random.default_rng(seed)
    p = rng.random((*size, classes)) + 0.05
    y = rng.integers(0, classes, size)
    if lacks is not None:
        y[0][y[0] == lacks] = (lacks + 1) % classes
    return y, p / p.sum(axis=-1, keepdims=True)


# ---- oracles, pixel by pixel ----


def ce_oracle(y, p, weights=None):
    loss = np.zeros(y.shape)
    for place in np.ndindex(y.shape):
        w = 1 if weights is None else weights[y[place]]
        loss[place] = -w * np.log(p[place][y[place]])
    return loss


def focal_oracle(y, p, gamma=2.0, weights=None):
    loss = ce_oracle(y, p, weights)
    for place in np.ndindex(y.shape):
        loss[place] *= (1 - p[place][y[place]]) ** gamma
    return loss


def dice_oracle(y, p):
    loss = np.zeros(len(y))
    for n in range(len(y)):
        dice = []
        for k in range(p.shape[-1]):
            common = sum(p[n, i, j, k] for i, j in np.ndindex(y[n].shape) if y[n, i, j] == k)
            area = (y[n] == k).sum() + p[n, ..., k].sum()
            dice.append((2 * common + 1) / (area + 1))
        loss[n] = 1 - np.mean(dice)
    return loss


LOSSES = {
    "cross-entropy": (weighted_cross_entropy, ce_oracle),
    "weighted": (
        partial(weighted_cross_entropy, weights=WEIGHTS),
        partial(ce_oracle, weights=WEIGHTS),
    ),
    "dice": (dice_loss, dice_oracle),
    "focal": (focal_loss, focal_oracle),
    "focal, weak": (
        partial(focal_loss, gamma=0.5, weights=WEIGHTS),
        partial(focal_oracle, gamma=0.5, weights=WEIGHTS),
    ),
    "both": (
        partial(ce_dice_loss, weights=WEIGHTS),
        lambda y, p: ce_oracle(y, p, WEIGHTS).mean(axis=(1, 2)) + dice_oracle(y, p),
    ),
}
each = pytest.mark.parametrize("name", LOSSES)


@each
@pytest.mark.parametrize("lacks", [None, 0, 2])
def test_each_is_its_oracle(name, lacks):
    loss, oracle = LOSSES[name]
    for seed in range(3):
        y, p = case(seed, lacks=lacks)
        np.testing.assert_allclose(numpy(loss(y, p)), oracle(y, p), rtol=ROUNDED)


@each
@pytest.mark.parametrize("lacks", [None, 1])
def test_each_gradient_is_the_centred_difference(name, lacks):
    loss, oracle = LOSSES[name]
    y, p = case(7, size=(2, 2, 3), lacks=lacks)
    value, gradient = value_and_gradient(lambda t: ops.sum(loss(y, t)), p)
    assert gradient.dtype == np.float64 and value == pytest.approx(oracle(y, p).sum())
    for place in np.ndindex(p.shape):
        step = np.zeros(p.shape)
        step[place] = 1e-6
        slope = (oracle(y, p + step).sum() - oracle(y, p - step).sum()) / 2e-6
        assert gradient[place] == pytest.approx(slope, rel=1e-6, abs=ROUNDED + 1e-8)


@each
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_no_nan_for_what_is_sure_or_absent(name, dtype):
    """Probabilities of exactly 0 and 1, right and wrong; a class in neither; one in one only."""
    loss, _ = LOSSES[name]
    y = np.zeros((2, 2, 3), int)
    y[1, 0] = 1
    p = np.zeros((2, 2, 3, 3), dtype)
    p[..., 0] = 1
    p[1, :, 1] = [0, 0, 1]  # class 2, which no mask has
    value, gradient = value_and_gradient(lambda t: ops.sum(loss(y, t)), p)
    assert np.isfinite(value) and np.isfinite(gradient).all()
    assert numpy(loss(y[:1], p[:1])).max() == 0  # all right and all sure: no loss at all


@given(st.integers(0, 2**31))
def test_a_focal_loss_without_focus_is_the_cross_entropy(seed):
    y, p = case(seed)
    np.testing.assert_allclose(
        numpy(focal_loss(y, p, gamma=0)), numpy(weighted_cross_entropy(y, p)), rtol=1e-12
    )


def test_cross_entropy_is_keras_s():
    y, p = case()
    expected = keras.losses.sparse_categorical_crossentropy(y, p)
    np.testing.assert_allclose(numpy(weighted_cross_entropy(y, p)), numpy(expected), rtol=1e-5)


@given(st.integers(0, 2**31), st.integers(0, 5))
def test_a_false_alarm_costs_what_is_said(seed, area):
    """A class that the image does not have: Dice 1 / (A + 1)."""
    y, p = np.zeros((1, 3, 4), int), np.zeros((1, 3, 4, 2))
    p[..., 0] = 1
    places = np.random.default_rng(seed).permutation(12)[:area]
    p.reshape(-1, 2)[places] = [0, 1]
    background = (2 * (12 - area) + 1) / (12 + 12 - area + 1)
    expected = 1 - (background + 1 / (area + 1)) / 2
    assert numpy(dice_loss(y, p))[0] == pytest.approx(expected)


def test_a_sure_and_wrong_network_keeps_its_slope():
    """Through softmax: p is 2e-9 here, where a floor of 1e-7 would stop the learning."""
    y, logits = np.ones((1, 1, 1), int), np.array([[[[20.0, 0.0]]]])
    _, gradient = value_and_gradient(
        lambda t: ops.sum(weighted_cross_entropy(y, ops.softmax(t))), logits
    )
    np.testing.assert_allclose(gradient.ravel(), [1, -1], rtol=1e-6)


@pytest.mark.parametrize("name", ["weighted", "both"])
def test_a_network_learns_by_it(name):
    """``fit`` takes a loss for each pixel, with a border's weights, and one for each image."""
    loss, _ = LOSSES[name]
    keras.utils.set_random_seed(0)
    y = np.random.default_rng(0).integers(0, 3, (4, 8, 8))
    x = np.eye(3, dtype="float32")[y]
    model = unet((8, 8, 3), 3, 4, 1)
    model.compile(keras.optimizers.Adam(0.03), loss=loss, jit_compile=False)
    weights = border_weights(y, 3) if numpy(loss(y, x)).ndim == 3 else None
    history = model.fit(x, y, epochs=40, sample_weight=weights, verbose=0).history["loss"]
    assert history[-1] < 0.5 * history[0]
    assert (model.predict(x, verbose=0).argmax(axis=-1) == y).mean() > 0.9


@pytest.mark.parametrize(
    "loss", [weighted_cross_entropy, focal_loss, dice_loss, ce_dice_loss], ids=lambda f: f.__name__
)
def test_a_network_that_learns_by_it_is_cloned_and_saved(loss, tmp_path):
    model = unet((8, 8, 3), 3, 1, 1, norm=None)
    model.compile("sgd", loss=loss)
    assert keras.models.clone_model(model).count_params() == model.count_params()
    model.save(tmp_path / "it.keras")
    assert keras.models.load_model(tmp_path / "it.keras").loss is loss


def test_after_a_partial_it_is_compiled_once_more_to_be_saved(tmp_path):
    model = unet((8, 8, 3), 3, 1, 1, norm=None)
    model.compile("sgd", loss=partial(focal_loss, gamma=1))
    model.compile("sgd", loss=focal_loss)
    model.save(tmp_path / "it.keras")
    for a, b in zip(
        keras.models.load_model(tmp_path / "it.keras").weights, model.weights, strict=True
    ):
        np.testing.assert_array_equal(numpy(a), numpy(b))


@each
def test_in_a_graph_an_unknown_label_is_not_overlooked(name):
    """Masks of 0 and 255 are numbers like others there; the loss says that something is wrong."""
    loss, _ = LOSSES[name]
    y, p = case(classes=2)
    two = loss
    if isinstance(loss, partial) and "weights" in loss.keywords:
        two = partial(loss, weights=[1.0, 2.0])
    assert np.isfinite(numpy(two(ops.convert_to_tensor(y), p))).all()
    assert np.isnan(numpy(two(ops.convert_to_tensor(255 * y), p))).any()


@each
@pytest.mark.parametrize("label", [0.5, np.nan, -1.0, 1.9])
def test_in_a_graph_a_label_between_two_classes_is_not_overlooked(name, label):
    """A mask that was resized like a photograph has such, and ``fit`` gets it as floats."""
    y, p = case()
    mask = y.astype(float)
    assert np.isfinite(numpy(LOSSES[name][0](ops.convert_to_tensor(mask), p))).all()
    mask[0, 1, 2] = label
    assert np.isnan(numpy(LOSSES[name][0](ops.convert_to_tensor(mask), p))).any()


@each
def test_a_prediction_of_zeros_and_ones_may_be_whole_numbers(name):
    y, p = case()
    sure = np.eye(3, dtype=int)[p.argmax(axis=-1)]
    expected = LOSSES[name][0](y, sure.astype(keras.config.floatx()))
    np.testing.assert_array_equal(numpy(LOSSES[name][0](y, sure)), numpy(expected))


Y, P = case()


@each
@pytest.mark.parametrize(
    ("y", "p", "words"),
    [
        (255 * (Y > 0), P, r"y_true has the label 255; expected 0 to 2.*Are these 0 and 255\?"),
        (Y + 2, P, "y_true has the labels 3, 4; expected 0 to 2"),
        (Y - 1, P, "y_true has the label -1"),
        (np.eye(3)[Y], P, r"shape \(2, 4, 5, 3\), like one-hot; expected whole numbers"),
        (Y[..., None], P, r"shape \(2, 4, 5, 1\); expected \(N, H, W\)"),
        (Y.astype(float), P, "dtype float64; expected whole numbers"),
        (Y[:, :3], P, r"shape \(2, 3, 5\); expected \(2, 4, 5\)"),
        (Y[:0], P[:0], "expected at least one image"),
        (Y, P[0], r"y_pred has shape \(4, 5, 3\)"),
        (Y, P[..., :1], r"y_pred has shape \(2, 4, 5, 1\)"),
    ],
)
def test_bad_masks_are_told_in_words(name, y, p, words):
    with pytest.raises(ValueError, match=words):
        LOSSES[name][0](y, p)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: focal_loss(Y, P, gamma=-1), "gamma is -1"),
        (lambda: focal_loss(Y, P, gamma=np.nan), "gamma is nan"),
        (lambda: weighted_cross_entropy(Y, P, [1, 2]), "expected 3 numbers above 0"),
        (lambda: weighted_cross_entropy(Y, P, [1, 2, 0]), "expected 3 numbers above 0"),
        (lambda: ce_dice_loss(Y, P, [[1, 2, 3]]), "expected 3 numbers above 0"),
        (lambda: focal_loss(Y, P, weights=[1, 2, np.inf]), "expected 3 numbers above 0"),
        (lambda: focal_loss(Y, P, weights=["a", 1, 1]), "expected 3 numbers above 0"),
        (lambda: focal_loss(Y, P, gamma="2"), "gamma is '2'; expected a number, at least 0"),
    ],
)
def test_bad_options_are_told_in_words(call, words):
    with pytest.raises(ValueError, match=words):
        call()


@pytest.mark.parametrize("loss", [weighted_cross_entropy, dice_loss])
def test_shapes_are_told_inside_of_a_graph_too(loss):
    y = keras.KerasTensor((None, 4, 5, 3))
    with pytest.raises(ValueError, match="like one-hot"):
        loss(y, keras.KerasTensor((None, 4, 5, 3)))
