"""Gradients by the backend against centred differences, on unequal shapes."""

import keras
import numpy as np
import pytest
from keras import layers as L
from keras import ops

from cnnlab import gradients
from cnnlab.gradients import terms_and_gradient, value_and_gradient, weight_gradients

pytestmark = pytest.mark.networks


@pytest.fixture
def model():
    keras.utils.set_random_seed(3)
    image = keras.Input((5, 4, 2))
    a = L.Conv2D(3, (3, 2), activation="tanh")(image)  # (N, 3, 3, 3)
    a = L.BatchNormalization()(a)
    made = keras.Model(image, L.Dense(2)(L.Flatten()(a)))
    rng = np.random.default_rng(0)
    made.set_weights([rng.uniform(0.2, 1, w.shape).astype("float32") for w in made.get_weights()])
    return made


def centred(function, x, h):
    """The derivative by each number of x, in float64."""
    found = np.zeros(x.shape)
    for place in np.ndindex(x.shape):
        step = np.zeros(x.shape)
        step[place] = h
        found[place] = (function(x + step) - function(x - step)) / (2 * h)
    return found


def test_a_plain_function_of_an_array():
    x = np.random.default_rng(1).normal(size=(2, 3))
    value, gradient = value_and_gradient(lambda t: ops.sum(ops.sin(t) * t), x.astype("float32"))
    assert isinstance(value, float) and value == pytest.approx(
        float((np.sin(x) * x).sum()), rel=1e-5
    )
    assert gradient.shape == x.shape and gradient.dtype == np.float32
    np.testing.assert_allclose(gradient, np.cos(x) * x + np.sin(x), rtol=1e-5)


def test_whole_numbers_are_taken_as_floats():
    value, gradient = value_and_gradient(lambda t: ops.sum(t * t), np.arange(6).reshape(2, 3))
    assert value == 55 and gradient.tolist() == [[0, 2, 4], [6, 8, 10]]


def test_what_the_function_does_not_use_has_gradient_zero():
    _, gradient = value_and_gradient(lambda t: ops.sum(t[:, :1]), np.ones((2, 3), "float32"))
    assert gradient.tolist() == [[1, 0, 0], [1, 0, 0]]


def test_an_image_through_a_network(model):
    x = np.random.default_rng(2).normal(size=(2, 5, 4, 2)).astype("float32")

    def loss(t):
        return ops.sum(model(t)[:, 1] ** 2)

    _, gradient = value_and_gradient(loss, x)
    numbers = centred(lambda v: float(loss(v.astype("float32"))), x.astype(float), 1e-2)
    np.testing.assert_allclose(gradient, numbers, rtol=0.02, atol=0.02 * np.abs(numbers).max())


def test_weights_of_a_network(model):
    rng = np.random.default_rng(4)
    x, y = rng.normal(size=(3, 5, 4, 2)).astype("float32"), rng.normal(size=(3, 2))
    kernels = [layer.kernel for layer in model.layers if hasattr(layer, "kernel")]

    def loss():
        return ops.mean((model(x) - y) ** 2)

    found = weight_gradients(loss, kernels)
    assert [g.shape for g in found] == [tuple(k.shape) for k in kernels] == [(3, 2, 2, 3), (27, 2)]
    for kernel, gradient in zip(kernels, found, strict=True):
        before = ops.convert_to_numpy(kernel)

        def moved(values, kernel=kernel):
            kernel.assign(values)
            return float(ops.convert_to_numpy(loss()))

        numbers = centred(moved, before.astype(float), 1e-2)
        kernel.assign(before)
        np.testing.assert_allclose(gradient, numbers, rtol=0.02, atol=0.02 * np.abs(numbers).max())


def test_a_loss_while_training_gives_gradients_too(model):
    x = np.random.default_rng(5).normal(size=(4, 5, 4, 2)).astype("float32")
    found = weight_gradients(
        lambda: ops.sum(model(x, training=True) ** 2), model.trainable_variables
    )
    assert len(found) == len(model.trainable_variables)
    assert all(np.isfinite(g).all() for g in found) and any(np.abs(g).max() > 1 for g in found)


@pytest.mark.parametrize("call", [
    lambda: value_and_gradient(lambda t: t * 2, np.ones(3)),
    lambda: weight_gradients(lambda: ops.ones((1, 3)), []),
])  # fmt: skip
def test_more_than_one_number_is_refused(call):
    with pytest.raises(ValueError, match=r"shape \((1, )?3,?\); expected one number"):
        call()


def test_another_backend_is_refused_in_words(monkeypatch):
    monkeypatch.setattr(gradients.keras.backend, "backend", lambda: "torch")
    with pytest.raises(RuntimeError, match="Keras runs on torch; expected one of tensorflow, jax"):
        value_and_gradient(ops.sum, np.ones(2))


def test_terms_and_the_gradient_of_their_sum():
    x = np.random.default_rng(1).normal(size=(2, 3)).astype("float32")
    run = terms_and_gradient(lambda t: ops.stack([ops.sum(ops.sin(t)), 2 * ops.sum(t[:, 1] ** 2)]))
    for shifted in (x, x + 1):  # traced with the first, right for the second
        terms, gradient = run(shifted)
        expected = [np.sin(shifted).sum(), 2 * (shifted[:, 1] ** 2).sum()]
        np.testing.assert_allclose(terms, expected, rtol=1e-5)
        slopes = np.cos(shifted)
        slopes[:, 1] += 4 * shifted[:, 1]
        np.testing.assert_allclose(gradient, slopes, rtol=1e-5)
        assert gradient.dtype == np.float32
