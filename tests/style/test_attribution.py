"""Attribution against centred differences, plain NumPy, and networks whose reasons are known."""

import keras
import numpy as np
import pytest
from keras import layers as L
from keras import ops

from cnnlab.backend import ON_JAX
from cnnlab.style import (
    class_score,
    deletion_curve,
    grad_cam,
    occlusion_map,
    saliency,
    stretched,
    weighted_map,
)

pytestmark = pytest.mark.networks
RNG = np.random.default_rng(4)
X = RNG.uniform(-1, 1, (6, 5, 2)).astype("float32")


def body(dtype=None):
    return [
        L.Conv2D(4, 3, activation="relu", padding="same", name="first", dtype=dtype),
        L.MaxPooling2D(2, name="half", dtype=dtype),
        L.Conv2D(3, 2, padding="same", name="second", dtype=dtype),
        L.ReLU(name="open", dtype=dtype),
        L.GlobalAveragePooling2D(name="mean", dtype=dtype),
    ]


@pytest.fixture
def logits():
    keras.utils.set_random_seed(2)
    return keras.Sequential([keras.Input((6, 5, 2)), *body(), L.Dense(3, name="top")])


def with_softmax(logits):
    """The same network, but for what it answers."""
    top = L.Dense(3, activation="softmax", name="top")
    made = keras.Sequential([keras.Input((6, 5, 2)), *body(), top])
    made.set_weights(logits.get_weights())
    return made


def with_a_layer_of_softmax(logits):
    made = keras.Sequential([keras.Input((6, 5, 2)), *body(), L.Dense(3), L.Softmax()])
    made.set_weights(logits.get_weights())
    return made


def nested(logits):
    """The body as a network of its own, inside of another; a head of the reader's own."""
    image = keras.Input((6, 5, 2))
    inner = keras.Sequential([keras.Input((6, 5, 2)), *body()], name="inner")
    made = keras.Model(image, L.Dense(3, activation="softmax", name="own")(inner(image)))
    made.set_weights(logits.get_weights())
    return made


FORMS = [with_softmax, with_a_layer_of_softmax, nested]


def centred(function, x, h):
    slopes = np.zeros(x.shape)
    for place in np.ndindex(x.shape):
        step = np.zeros(x.shape)
        step[place] = h
        slopes[place] = (function(x + step) - function(x - step)) / (2 * h)
    return slopes


@pytest.mark.skipif(ON_JAX, reason="JAX computes in float32")
def test_saliency_by_centred_differences_in_float64():
    keras.utils.set_random_seed(2)
    image = keras.Input((6, 5, 2), dtype="float64")
    x = image
    for layer in [*body("float64"), L.Dense(3, dtype="float64")]:
        x = layer(x)
    net = keras.Model(image, x)
    found = saliency(net, X, target=1)
    slopes = centred(lambda x: float(net(x[None])[0, 1]), X.astype(float), 1e-6)
    np.testing.assert_allclose(found, slopes, rtol=1e-5, atol=1e-8)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("method", ["plain", "deconvnet", "guided"])
def test_softmax_and_nesting_change_nothing(logits, form, method):
    expected = saliency(logits, X, 2, method)
    assert np.abs(expected).max() > 1e-4
    model = form(logits)
    np.testing.assert_allclose(saliency(model, X, 2, method), expected, rtol=1e-4, atol=1e-7)
    # and the model is what it was
    total = ops.convert_to_numpy(model(X[None])).sum()
    assert total == pytest.approx(1, abs=1e-5)


def plain_backward(logits, x, target, method):
    """Backwards through the network by hand, in float64."""
    kernel, bias, second, bias2, top, _ = [w.astype(float) for w in logits.get_weights()]

    def convolve(a, w, b, before, after):
        padded = np.pad(a, [(before, after), (before, after), (0, 0)])
        f = w.shape[0]
        H, W = a.shape[:2]
        out = np.zeros((H, W, w.shape[3]))
        for i in range(H):
            for j in range(W):
                window = padded[i : i + f, j : j + f]
                out[i, j] = np.tensordot(window, w, 3) + b
        return out

    def back(g, w, before, shape):
        f = w.shape[0]
        padded = np.zeros((shape[0] + f - 1, shape[1] + f - 1, w.shape[2]))
        for i in range(shape[0]):
            for j in range(shape[1]):
                padded[i : i + f, j : j + f] += w @ g[i, j]
        return padded[before : before + shape[0], before : before + shape[1]]

    def through_relu(g, z):
        if method in ("deconvnet", "guided"):
            g = np.maximum(g, 0)
        return g if method == "deconvnet" else g * (z > 0)

    z1 = convolve(x.astype(float), kernel, bias, 1, 1)
    a1 = np.maximum(z1, 0)
    pooled, where = np.zeros((3, 2, 4)), {}
    for i, j, k in np.ndindex(3, 2, 4):
        window = a1[2 * i : 2 * i + 2, 2 * j : 2 * j + 2, k]
        pooled[i, j, k] = window.max()
        where[i, j, k] = np.unravel_index(window.argmax(), (2, 2))
    z2 = convolve(pooled, second, bias2, 0, 1)
    g = np.broadcast_to(top[:, target] / 6, z2.shape)
    g = back(through_relu(g, z2), second, 0, (3, 2))
    spread = np.zeros(a1.shape)
    for (i, j, k), (di, dj) in where.items():
        spread[2 * i + di, 2 * j + dj, k] = g[i, j, k]
    return back(through_relu(spread, z1), kernel, 1, (6, 5))


@pytest.mark.parametrize("method", ["plain", "deconvnet", "guided"])
def test_the_way_back_by_hand(logits, method):
    expected = plain_backward(logits, X, 0, method)
    assert np.abs(expected).max() > 1e-3
    np.testing.assert_allclose(saliency(logits, X, 0, method), expected, rtol=1e-3, atol=1e-6)


def test_relu6_is_closed_above_six():
    image = keras.Input((1, 3, 1))
    z = L.Activation("relu6")(L.Conv2D(1, 1, use_bias=False)(image))
    model = keras.Model(image, L.Dense(1, use_bias=False)(L.Flatten()(z)))
    model.set_weights([np.ones((1, 1, 1, 1)), np.array([[1.0], [2.0], [-3.0]])])
    x = np.array([[[7.0], [2.0], [1.0]]])
    assert saliency(model, x, 0, "plain").ravel().tolist() == [0, 2, -3]
    assert saliency(model, x, 0, "deconvnet").ravel().tolist() == [1, 2, 0]
    assert saliency(model, x, 0, "guided").ravel().tolist() == [0, 2, 0]


def test_grad_cam_by_its_formula(logits):
    part = keras.Model(logits.inputs[0], logits.get_layer("second").output)
    a = ops.convert_to_numpy(part(X[None]))[0].astype(float)  # (3, 2, 3)
    top = logits.get_layer("top").kernel
    top = ops.convert_to_numpy(top).astype(float)
    gradients = (a > 0) * top[:, 1] / 6  # through ReLU and the mean
    expected = np.maximum((a * gradients.mean(axis=(0, 1))).sum(axis=-1), 0)
    np.testing.assert_allclose(grad_cam(logits, X, 1, "second"), expected, rtol=1e-4, atol=1e-7)
    for form in FORMS:
        found = grad_cam(form(logits), X, 1, "second")
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-7)


def test_grad_cam_takes_the_last_layer_with_places(logits):
    expected = grad_cam(logits, X, 1, "open")
    assert expected.shape == (3, 2)
    np.testing.assert_array_equal(grad_cam(logits, X, 1), expected)
    np.testing.assert_array_equal(grad_cam(nested(logits), X, 1), expected)


def test_weights_are_means_and_the_relu_comes_last():
    a = np.array([[[1.0, 2.0], [0.0, 5.0], [4.0, 0.0]]])  # (1, 3, 2)
    gradients = np.array([[[3.0, -1.0], [0.0, -1.0], [0.0, -1.0]]])
    assert weighted_map(a, gradients).tolist() == [[0, 0, 4]]


def bright(place, size, shape=(9, 7, 1)):
    """A network that looks at one square, and answers its sum as class 0."""
    image = keras.Input(shape)
    top, left = place
    cut = L.Cropping2D(((top, shape[0] - top - size), (left, shape[1] - left - size)))(image)
    answer = L.Dense(2, use_bias=False)(L.Flatten()(cut))
    model = keras.Model(image, L.Softmax()(answer))
    model.set_weights([np.column_stack([np.ones(size * size), np.zeros(size * size)])])
    return model


def test_occlusion_finds_what_is_looked_at():
    model, x = bright((4, 2), 2), np.ones((9, 7, 1))
    found = occlusion_map(model, x, 0, size=2, step=1)
    assert found.shape == (8, 6)
    expected = np.zeros((8, 6))
    for i, j in np.ndindex(8, 6):
        expected[i, j] = max(0, 2 - abs(i - 4)) * max(0, 2 - abs(j - 2))  # shared pixels
    np.testing.assert_allclose(found, expected, atol=1e-5)
    few = occlusion_map(model, x, 0, size=2, step=3, batch=4)
    assert few.shape == (4, 3)  # rows 0, 3, 6, 7 and columns 0, 3, 5
    np.testing.assert_allclose(few, expected[np.ix_([0, 3, 6, 7], [0, 3, 5])], atol=1e-5)


def test_what_the_square_shows(logits):
    fills = np.array([0.3, -0.2])
    found = occlusion_map(logits, X, 1, size=3, step=3, fill=fills)
    hidden = X.copy()
    hidden[3:6, 0:3] = fills
    score = class_score(logits, 1)
    expected = float(score(X[None])) - float(score(hidden[None]))
    assert found[1, 0] == pytest.approx(expected, rel=1e-3, abs=1e-6)


def test_deletion_falls_at_once_if_the_map_is_right():
    model, x = bright((4, 2), 3), np.ones((9, 7, 1))
    truth = np.zeros((9, 7))
    truth[4:7, 2:5] = 1
    right = deletion_curve(model, x, 0, truth, steps=7)
    wrong = deletion_curve(model, x, 0, -truth, steps=7)
    assert right.shape == (8,) and right[0] == wrong[0] > 0.99
    assert right[1:] == pytest.approx(0.5, abs=1e-4)  # the nine pixels are the first seventh
    assert wrong[:-1] == pytest.approx(right[0], abs=1e-4) and wrong[-1] == pytest.approx(0.5)
    assert right.mean() < wrong.mean()


def test_a_coarse_map_is_stretched():
    assert stretched([[0, 1]], (2, 4)).shape == (2, 4)
    assert stretched([[[1, -3], [0, 0]]], (1, 2)).tolist() == [[3, 0]]


def twins():
    """Two pictures, one encoder: is it the same person?"""
    keras.utils.set_random_seed(5)
    one, two = keras.Input((6, 5, 2), name="one"), keras.Input((6, 5, 2), name="two")
    linear = [L.Conv2D(3, 3), L.GlobalAveragePooling2D()]
    encoder = keras.Sequential([keras.Input((6, 5, 2)), *linear], name="encoder")
    far = L.Subtract()([encoder(one), L.Rescaling(2.0)(encoder(two))])
    return keras.Model([one, two], L.Dense(1, name="same")(far))


def test_two_inputs_need_to_be_told_apart():
    model, other = twins(), X[::-1].copy()
    with pytest.raises(ValueError, match=r"which is None.*2 inputs; expected one of 0 .*, 1 "):
        saliency(model, [X, other], 0)
    for which in (0, 1):
        found = saliency(model, [X, other], 0, which=which)

        def score(x, which=which):
            given = [x, other] if which == 0 else [X, x]
            return float(class_score(model, 0)([each[None].astype("float32") for each in given]))

        slopes = centred(score, X if which == 0 else other, 1e-2)
        np.testing.assert_allclose(found, slopes, rtol=0.05, atol=2e-3)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda m: saliency(m, X, 3), "target is 3; expected a whole number from 0 to 2"),
        (lambda m: saliency(m, X, 0, "deconv"), "method is 'deconv'"),
        (lambda m: saliency(m, X[:5], 0), r"image has shape \(5, 5, 2\); expected \(6, 5, 2\)"),
        (lambda m: saliency(m, X[None], 0), "image has shape"),
        (lambda m: saliency(m, np.nan * X, 0), "image holds NaN or infinite numbers"),
        (lambda m: saliency("lite0", X, 0), "model is 'lite0'; expected a Keras model"),
        (lambda m: grad_cam(m, X, 0, "sceond"), "layer is 'sceond'; expected one of first, half"),
        (lambda m: grad_cam(m, X, 0, "mean"), "layer is 'mean', which answers .* without places"),
        (lambda m: occlusion_map(m, X, 0, size=6), "size is 6"),
        (lambda m: occlusion_map(m, X, 0, size=2, step=0), "step is 0"),
        (lambda m: deletion_curve(m, X, 0, X[..., 0], steps=0), "steps is 0"),
        (lambda m: weighted_map(X, X[:2]), r"gradients have shape \(2, 5, 2\)"),
        (lambda m: grad_cam(twins(), X, 0), "image is 1 pictures; expected 2"),
    ],
)
def test_what_is_refused(logits, call, message):
    with pytest.raises(ValueError, match=message):
        call(logits)


def test_a_shared_layer_is_refused_by_name():
    image = keras.Input((6, 5, 2))
    conv = L.Conv2D(2, 3, padding="same", name="shared")
    mean = L.GlobalAveragePooling2D()(conv(conv(image)))
    model = keras.Model(image, L.Dense(2)(mean))
    with pytest.raises(ValueError, match="layer 'shared' is used 2 times"):
        grad_cam(model, X, 0, "shared")


def test_a_network_without_places():
    image = keras.Input((6, 5, 2))
    model = keras.Model(image, L.Dense(2)(L.Flatten()(image)))
    with pytest.raises(ValueError, match="model has no layer with places"):
        grad_cam(model, X, 0)


def test_a_model_without_classes():
    image = keras.Input((6, 5, 2))
    with pytest.raises(ValueError, match=r"expected \(N, classes\)"):
        saliency(keras.Model(image, L.Conv2D(2, 3)(image)), X, 0)
