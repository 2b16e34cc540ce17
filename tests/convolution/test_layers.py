"""Layers, loss, gradient descent and the training loop, against Keras and centred differences."""

import os
import re

import numpy as np
import pytest

from cnnlab.convolution import (
    SGD,
    Conv2D,
    Dense,
    Flatten,
    Layer,
    Pool2D,
    ReLU,
    Sequential,
    SoftmaxCrossEntropy,
    evaluate,
    fit,
    softmax,
)

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

INPUT = (9, 8, 2)


def layers() -> list[Layer]:
    """Every kind of layer, on unequal sides."""
    return [
        Conv2D(3, 3, padding="same"),
        ReLU(),
        Pool2D(2),
        Conv2D(5, 2, stride=2, padding=1),
        Pool2D(2, stride=1, kind="average"),
        Flatten(),
        Dense(6),
        ReLU(),
        Dense(4),
    ]


@pytest.fixture
def model() -> Sequential:
    return Sequential(layers(), INPUT, seed=3)


@pytest.fixture
def batch() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(1)
    return rng.normal(size=(7, *INPUT)).astype(np.float32), rng.integers(0, 4, 7)


def keras_twin(model: Sequential):
    """The same network in Keras, with the same weights."""
    from keras import Input, Model
    from keras import layers as k

    # Keras has no number for padding, so one layer adds the zeros.
    ours = iter(
        [
            k.Conv2D(3, 3, padding="same"),
            k.ReLU(),
            k.MaxPooling2D(2),
            k.ZeroPadding2D(1),
            k.Conv2D(5, 2, strides=2),
            k.AveragePooling2D(2, strides=1),
            k.Flatten(),
            k.Dense(6, activation="relu"),
            k.Dense(4),
        ]
    )
    x = inputs = Input(INPUT)
    for layer in ours:
        x = layer(x)
    twin = Model(inputs, x)
    twin.set_weights(model.parameters())
    return twin


def test_the_same_scores_parameters_and_gradients_as_keras(model, batch):
    import keras
    import tensorflow as tf

    x, y = batch
    twin = keras_twin(model)
    assert sum(p.size for p in model.parameters()) == twin.count_params()
    x_tf = tf.Variable(x)
    with tf.GradientTape() as tape:
        scores = twin(x_tf)
        losses = keras.losses.sparse_categorical_crossentropy(y, scores, from_logits=True)
        loss = tf.reduce_mean(losses)
    expected = tape.gradient(loss, [x_tf, *twin.trainable_variables])

    criterion = SoftmaxCrossEntropy()
    ours = model.forward(x)
    np.testing.assert_allclose(ours, scores, atol=1e-5)
    assert criterion.forward(ours, y) == pytest.approx(float(loss), abs=1e-5)
    dx = model.backward(criterion.backward())
    for a, b in zip([dx, *model.gradients()], expected, strict=True):
        assert a.dtype == np.float32
        np.testing.assert_allclose(a, b, atol=1e-6)


def test_gradients_are_centred_differences(model, batch):
    x, y = batch
    x = x[:2].astype(float)
    for layer in model.layers:
        layer.parameters = {name: p.astype(float) for name, p in layer.parameters.items()}
    criterion = SoftmaxCrossEntropy()

    def loss() -> float:
        return criterion.forward(model.forward(x), y[:2])

    loss()
    dx = model.backward(criterion.backward())
    rng, step = np.random.default_rng(2), 1e-6
    for array, gradient in zip([x, *model.parameters()], [dx, *model.gradients()], strict=True):
        assert gradient.shape == array.shape
        for _ in range(12):
            index = tuple(rng.integers(array.shape))
            kept = array[index]
            array[index] = kept + step
            above = loss()
            array[index] = kept - step
            below = loss()
            array[index] = kept
            assert gradient[index] == pytest.approx((above - below) / (2 * step), abs=1e-7)


@pytest.mark.parametrize("momentum", [0.0, 0.9])
def test_sgd_is_keras_s(momentum):
    import keras

    rng = np.random.default_rng(4)
    ours = [rng.normal(size=(3, 2)).astype(np.float32), rng.normal(size=4).astype(np.float32)]
    theirs = [keras.Variable(p.copy()) for p in ours]
    mine, other = SGD(0.05, momentum), keras.optimizers.SGD(0.05, momentum)
    for _ in range(5):
        gradients = [rng.normal(size=p.shape).astype(np.float32) for p in ours]
        mine.step(ours, gradients)
        other.apply([keras.ops.convert_to_tensor(g) for g in gradients], theirs)
    for a, b in zip(ours, theirs, strict=True):
        assert a.dtype == np.float32
        np.testing.assert_allclose(a, keras.ops.convert_to_numpy(b), atol=1e-6)


def test_softmax_and_loss_of_huge_scores_do_not_overflow():
    scores = np.array([[1e4, 0.0, -1e4], [3.0, 3.0, 3.0]])
    np.testing.assert_allclose(softmax(scores), [[1, 0, 0], [1 / 3] * 3])
    criterion = SoftmaxCrossEntropy()
    assert criterion.forward(scores, np.array([1, 0])) == pytest.approx((1e4 + np.log(3)) / 2)
    np.testing.assert_allclose(criterion.backward(), [[0.5, -0.5, 0], [-1 / 3, 1 / 6, 1 / 6]])


def test_shapes_are_told_before_anything_runs(model, batch):
    assert model.shapes[:4] == [(9, 8, 3), (9, 8, 3), (4, 4, 3), (3, 3, 5)]
    assert model.shapes[4:] == [(2, 2, 5), (20,), (6,), (6,), (4,)]
    x = batch[0]
    for layer, shape in zip(model.layers, model.shapes, strict=True):
        x = layer.forward(x)
        assert x.shape == (7, *shape)


def test_first_weights_are_he_s_and_follow_the_seed():
    def weights(seed: int) -> np.ndarray:
        return Sequential([Conv2D(64, 5)], (9, 8, 32), seed).parameters()[0]

    w = weights(5)
    assert w.shape == (5, 5, 32, 64) and w.dtype == np.float32
    assert w.std() == pytest.approx(np.sqrt(2 / (5 * 5 * 32)), rel=0.02)
    assert abs(w.mean()) < 1e-3
    np.testing.assert_array_equal(w, weights(5))
    assert not np.array_equal(w, weights(6))
    through = Dense(300)
    through.build((400,), np.random.default_rng(0))
    x = np.random.default_rng(1).normal(size=(200, 400)).astype(np.float32)
    signal = np.maximum(through.forward(x), 0)
    assert np.mean(signal**2) == pytest.approx(1, rel=0.05)  # neither fades nor grows


def test_predict_is_forward_in_batches(model, monkeypatch):
    x = np.random.default_rng(5).normal(size=(11, *INPUT)).astype(np.float32)
    whole = model.forward(x)
    monkeypatch.setattr("cnnlab.convolution.train.PREDICT_BATCH", 4)
    np.testing.assert_allclose(model.predict(x), whole, atol=1e-5)


def stripes(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Images with a horizontal or a vertical stripe, under noise."""
    rng = np.random.default_rng(seed)
    x, y = rng.normal(0, 0.3, size=(count, 9, 8, 1)).astype(np.float32), rng.integers(0, 2, count)
    for image, label in zip(x, y, strict=True):
        where = rng.integers(1, 7)
        image[(slice(None), where) if label else (where, slice(None))] += 1
    return x, y


def small_net(seed: int = 0) -> Sequential:
    return Sequential([Conv2D(4, 3), ReLU(), Pool2D(3), Flatten(), Dense(2)], (9, 8, 1), seed)


def test_a_net_learns_stripes():
    train, validation = stripes(300, seed=1), stripes(200, seed=2)
    model = small_net()
    before = evaluate(model, *validation)[1]
    history = fit(
        model,
        *train,
        epochs=6,
        batch_size=32,
        optimizer=SGD(0.05, 0.9),
        seed=3,
        validation=validation,
        verbose=False,
    )
    assert set(history) == {"loss", "accuracy", "val_loss", "val_accuracy", "seconds"}
    assert {len(values) for values in history.values()} == {6}
    assert before < 0.7 and history["val_accuracy"][-1] > 0.95
    assert history["loss"][-1] < history["loss"][0] / 3
    assert (history["val_loss"][-1], history["val_accuracy"][-1]) == evaluate(model, *validation)


def test_the_same_seeds_give_the_same_network(capsys):
    found = []
    for seed in (3, 3, 4):
        model = small_net()
        optimizer = SGD(0.1)
        fit(model, *stripes(50, 1), epochs=2, batch_size=16, optimizer=optimizer, seed=seed)
        found.append(model.parameters()[0])
    np.testing.assert_array_equal(found[0], found[1])
    assert not np.array_equal(found[0], found[2])
    assert "epoch 1/2  loss 0." in capsys.readouterr().out


def test_an_epoch_fits_in_a_line_of_a_page(capsys):
    data = stripes(50, 1)
    options = {"epochs": 12, "batch_size": 16, "optimizer": SGD(0.1), "seed": 0}
    fit(small_net(), *data, validation=data, **options)
    last = capsys.readouterr().out.splitlines()[-1]
    number = r"\d\.\d{3}"
    expected = rf"epoch 12/12  loss {number} → {number}  accuracy {number} → {number}  \d+ s"
    assert re.fullmatch(expected, last)
    assert len(last.rpartition("  ")[0]) <= 55  # and the seconds


def test_an_interrupted_fit_keeps_what_it_has():
    class Impatient(SGD):
        steps = 0

        def step(self, parameters, gradients):
            self.steps += 1
            if self.steps == 6:  # in the second epoch of four steps
                raise KeyboardInterrupt
            super().step(parameters, gradients)

    model = small_net()
    first = model.parameters()[0].copy()
    optimizer = Impatient(0.1)
    history = fit(model, *stripes(50, 1), epochs=5, batch_size=16, optimizer=optimizer, seed=0)
    assert {name: len(values) for name, values in history.items()} == {
        "loss": 1,
        "accuracy": 1,
        "seconds": 1,
    }
    assert not np.array_equal(model.parameters()[0], first)


def build(*given: Layer, shape=(9, 8, 2)) -> Sequential:
    return Sequential(given, shape, seed=0)


def train_with(**changes):
    x, y = stripes(8, 1)
    arguments = {"x": x, "y": y, "epochs": 1, "batch_size": 4, "optimizer": SGD(0.1), "seed": 0}
    return fit(small_net(), **{**arguments, **changes})


@pytest.mark.parametrize(
    "call, words",
    [
        (lambda: Conv2D(0, 3), "filters is 0; expected a whole number, at least 1"),
        (lambda: Conv2D(2, 3, stride=0), "stride is 0; expected a whole number, at least 1"),
        (lambda: Pool2D(0), "size is 0; expected a whole number, at least 1"),
        (lambda: Pool2D(kind="min"), "kind is 'min'; expected one of 'max', 'average'"),
        (lambda: Dense(1.5), r"units is 1\.5; expected a whole number, at least 1"),
        (
            lambda: build(Conv2D(2, 5), Conv2D(2, 6)),
            r"layers\[1\], Conv2D: f is 6 .* spans 6 cells; expected at most 5",
        ),
        (lambda: build(Conv2D(2, 3, padding="full")), r"layers\[0\], Conv2D: padding is 'full'"),
        (
            lambda: build(Flatten(), Pool2D()),
            r"layers\[1\], Pool2D: Pool2D gets inputs of shape \(144,\); expected a volume",
        ),
        (lambda: build(Dense(3)), r"Dense gets inputs of shape \(9, 8, 2\); expected a row: Fl"),
        (lambda: build(ReLU()).forward(np.ones((9, 8, 2))), r"x has shape \(9, 8, 2\); expected a"),
        (
            lambda: build(ReLU()).forward(np.ones((1, 8, 9, 2))),
            r"x has shape \(1, 8, 9, 2\); expected \(N, 9, 8, 2\)",
        ),
        (lambda: SGD(0), "learning_rate is 0; expected a positive number"),
        (lambda: SGD(0.1, 1), "momentum is 1; expected a number from 0 to below 1"),
        (
            lambda: SoftmaxCrossEntropy().forward(np.ones((2, 3)), np.array([0, 3])),
            "labels has numbers from 0 to 3; expected 0 to 2",
        ),
        (
            lambda: SoftmaxCrossEntropy().forward(np.ones((2, 3)), np.eye(3)[:2]),
            r"labels has shape \(2, 3\), float64; expected \(2,\), integers",
        ),
        (lambda: train_with(epochs=0), "epochs is 0; expected a whole number, at least 1"),
        (lambda: train_with(batch_size=0), "batch_size is 0; expected a whole number, at least 1"),
        (lambda: train_with(y=np.zeros(7, int)), "y has 7 labels; expected 8, one for each input"),
    ],
)
def test_bad_input_is_named(call, words):
    with pytest.raises(ValueError, match=words):
        call()
