"""conv2d: four methods, Keras and TensorFlow, gradients, memory."""

import os
import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cnnlab.convolution import conv2d, conv2d_backward, cross_correlate, kernel, volumes

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

METHODS = ("loops", "windows", "im2col", "fft")
few = settings(max_examples=40, deadline=None)


@st.composite
def cases(draw):
    """Arguments of conv2d that fit: unequal sizes, every option."""
    number = lambda least, most: draw(st.integers(least, most))  # noqa: E731
    groups = number(1, 3)
    f_h, f_w, stride, dilation = number(1, 4), number(1, 3), number(1, 3), number(1, 3)
    padding = draw(st.sampled_from(["valid", "same", 0, 1, 2]))
    H, W = dilation * (f_h - 1) + number(1, 5), dilation * (f_w - 1) + number(1, 6)
    rng = np.random.default_rng(number(0, 2**16))
    x = rng.normal(size=(number(1, 2), H, W, number(1, 3) * groups))
    w = rng.normal(size=(f_h, f_w, x.shape[3] // groups, number(1, 3) * groups))
    options = {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}
    return x, w, rng.normal(size=w.shape[3]), options


def tensorflow(x, w, stride=1, padding="valid", dilation=1, groups=1):
    """The same with tf.nn.conv2d, which has neither numbers for padding nor all gradients on a CPU.

    A group is a convolution of its own, and a dilated filter one with zeros in between.
    """
    import tensorflow as tf

    if isinstance(padding, int):
        x = tf.pad(x, [(0, 0), (padding, padding), (padding, padding), (0, 0)])
    spread = [np.eye(f * dilation)[::dilation, : (f - 1) * dilation + 1] for f in w.shape[:2]]
    w = tf.einsum("ia,jb,ijck->abck", *(tf.constant(s, w.dtype) for s in spread), w)
    how = "SAME" if padding == "same" else "VALID"
    parts = zip(tf.split(x, groups, 3), tf.split(w, groups, 3), strict=True)
    return tf.concat([tf.nn.conv2d(*part, stride, how) for part in parts], 3)


def test_the_lecture_s_volume(six):
    """6×6×3 with two filters 3×3×3 gives 4×4×2; each number is 27 products, summed."""
    rng = np.random.default_rng(0)
    image = np.stack([six, *rng.normal(size=(2, 6, 6))], axis=-1)
    filters = np.stack([kernel("vertical"), kernel("horizontal")], axis=-1)  # (3, 3, 2)
    w = np.stack([filters] * 3, axis=2)  # (3, 3, 3, 2)
    y = conv2d(image[np.newaxis], w)
    assert y.shape == (1, 4, 4, 2)
    channels = [cross_correlate(image[..., c], kernel("horizontal")) for c in range(3)]
    np.testing.assert_allclose(y[0, ..., 1], sum(channels))
    only_first = conv2d(image[np.newaxis, ..., :1], w[:, :, :1])
    assert only_first[0, 0, :, 0].tolist() == [-5, -4, 0, 8]


@few
@given(cases())
def test_methods_agree(case):
    x, w, b, options = case
    loops = conv2d(x, w, b, **options, method="loops")
    for method in METHODS[1:]:
        np.testing.assert_allclose(conv2d(x, w, b, **options, method=method), loops, atol=1e-10)


@settings(max_examples=25, deadline=None)
@given(cases())
def test_tensorflow_agrees(case):
    x, w, b, options = case
    expected = tensorflow(x, w, **options).numpy()
    np.testing.assert_allclose(conv2d(x, w, b, **options) - b, expected, atol=1e-10)


@pytest.mark.parametrize("padding", ["valid", "same"])
@pytest.mark.parametrize(
    "size, stride, dilation, groups",
    [
        ((3, 2), 1, 1, 1),
        ((4, 3), 1, 1, 1),  # even: same pads more after
        ((3, 3), 2, 1, 1),  # same with a stride, on an even and an odd side
        ((2, 5), 3, 1, 1),
        ((3, 2), 1, 2, 1),
        ((3, 3), 2, 1, 2),
        ((3, 2), 1, 1, 4),  # depthwise
    ],
)
def test_keras_agrees(size, stride, dilation, groups, padding):
    from keras import ops

    rng = np.random.default_rng(4)
    x = rng.normal(size=(2, 8, 9, 4)).astype(np.float32)
    w = rng.normal(size=(*size, 4 // groups, 8)).astype(np.float32)
    expected = ops.conv(x, w, stride, padding, dilation_rate=dilation)
    found = conv2d(x, w, None, stride, padding, dilation, groups)
    np.testing.assert_allclose(found, ops.convert_to_numpy(expected), atol=1e-5)


@few
@given(cases(), st.floats(-3, 3))
def test_linear_in_the_images(case, factor):
    x, w, _, options = case
    other = np.random.default_rng(5).normal(size=x.shape)
    both = conv2d(x + factor * other, w, **options)
    apart = conv2d(x, w, **options) + factor * conv2d(other, w, **options)
    np.testing.assert_allclose(both, apart, atol=1e-10)


@pytest.mark.parametrize("method", METHODS)
def test_float32_stays(method):
    rng = np.random.default_rng(6)
    x, w = rng.random((1, 6, 5, 2), np.float32), rng.random((3, 2, 2, 3), np.float32)
    y = conv2d(x, w, np.ones(3), padding="same", method=method)
    assert y.dtype == np.float32
    assert {g.dtype for g in conv2d_backward(y, x, w, padding="same")} == {np.dtype(np.float32)}


def test_inputs_are_left_as_they_are():
    x, w, b = np.ones((1, 4, 5, 2)), np.ones((2, 2, 2, 3)), np.ones(3)
    dx, _, _ = conv2d_backward(conv2d(x, w, b), x, w)
    dx[:] = 9
    for array in (x, w, b):
        assert (array == 1).all()


def centred(function, array, step=1e-5):
    """The gradient of a number by every element of an array, by centred differences."""
    gradient = np.empty_like(array)
    for index in np.ndindex(array.shape):
        kept = array[index]
        array[index] = kept + step
        above = function()
        array[index] = kept - step
        gradient[index] = (above - function()) / (2 * step)
        array[index] = kept
    return gradient


@settings(max_examples=8, deadline=None)
@given(cases())
def test_gradients_are_centred_differences(case):
    x, w, b, options = case
    direction = np.random.default_rng(7).normal(size=conv2d(x, w, b, **options).shape)
    loss = lambda: np.sum(direction * conv2d(x, w, b, **options))  # noqa: E731
    for array, gradient in zip((x, w, b), conv2d_backward(direction, x, w, **options), strict=True):
        np.testing.assert_allclose(gradient, centred(loss, array), atol=1e-7)


@settings(max_examples=25, deadline=None)
@given(cases())
def test_gradients_are_tensorflow_s(case):
    import tensorflow as tf

    x, w, b, options = case
    x_tf, w_tf, b_tf = map(tf.Variable, (x, w, b))
    with tf.GradientTape() as tape:
        y = tensorflow(x_tf, w_tf, **options) + b_tf
        direction = np.random.default_rng(8).normal(size=y.shape)
        loss = tf.reduce_sum(direction * y)
    expected = tape.gradient(loss, [x_tf, w_tf, b_tf])
    for ours, theirs in zip(conv2d_backward(direction, x, w, **options), expected, strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-10)


@pytest.mark.parametrize("memory", [1, 2_000, 9_000])  # one row, some rows, some images at a time
def test_blocks_do_not_change_the_result(monkeypatch, memory):
    rng = np.random.default_rng(9)
    x, w = rng.normal(size=(7, 9, 8, 2)), rng.normal(size=(3, 2, 2, 3))
    options = {"stride": 2, "padding": 1}
    y = conv2d(x, w, **options)
    gradients = conv2d_backward(y, x, w, **options)
    monkeypatch.setattr(volumes, "COLUMN_BYTES", memory)
    np.testing.assert_allclose(conv2d(x, w, **options), y)
    for ours, whole in zip(conv2d_backward(y, x, w, **options), gradients, strict=True):
        np.testing.assert_allclose(ours, whole)


@pytest.mark.parametrize("shape", [(24, 64, 64, 8), (1, 320, 310, 8)])  # a batch; one large image
def test_memory_is_bounded(shape):
    rng = np.random.default_rng(10)
    x, w = rng.random(shape, np.float32), rng.random((5, 5, 8, 4), np.float32)
    columns = x.nbytes * 25  # what a matrix of all windows would take
    assert columns > 4 * volumes.COLUMN_BYTES
    y, forward = peak(lambda: conv2d(x, w))
    _, backward = peak(lambda: conv2d_backward(y, x, w))
    assert forward < volumes.COLUMN_BYTES + 2 * x.nbytes + 4 * y.nbytes
    assert backward < volumes.COLUMN_BYTES + 4 * x.nbytes + 4 * y.nbytes
    assert max(forward, backward) < columns / 2


def peak(function):
    """What a function returns, and the most memory it took on the way, in bytes."""
    tracemalloc.start()
    try:
        return function(), tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


X, W = np.ones((2, 6, 5, 4)), np.ones((3, 2, 4, 6))


@pytest.mark.parametrize(
    "arguments, options, words",
    [
        ((X[0], W), {}, r"x has shape \(6, 5, 4\); expected axes \(N, H, W, C_in\)"),
        ((X, W[..., 0]), {}, r"w has shape \(3, 2, 4\); expected axes \(f_h, f_w, C_in / groups"),
        ((X[:0], W), {}, r"x has shape \(0, 6, 5, 4\); .*none empty"),
        ((X, W[:, :, :3]), {}, r"w has shape \(3, 2, 3, 6\) .* 3 channels; expected 4, as x has"),
        ((X, W), {"groups": 2}, "groups is 2, so x would have 8 channels; expected 4"),
        ((X, W[:, :, :1]), {"groups": 4}, "groups is 4; expected a divisor of the 6 filters"),
        ((X, W), {"groups": 0}, "groups is 0; expected a whole number, at least 1"),
        ((X, W, np.ones(5)), {}, r"b has shape \(5,\); expected \(6,\), one for each filter"),
        ((X, W, np.ones((1, 6))), {}, r"b has shape \(1, 6\); expected axes \(C_out\)"),
        ((X, W), {"stride": 0}, "stride is 0; expected a whole number, at least 1"),
        ((X, W), {"stride": (1, 2)}, r"stride is \(1, 2\); expected a whole number"),
        ((X, W), {"dilation": -1}, "dilation is -1; expected a whole number, at least 1"),
        ((X, W), {"padding": "full"}, "padding is 'full'; expected one of 'valid', 'same'"),
        ((X, W), {"padding": -1}, "padding is -1; expected a whole number, at least 0"),
        ((X, W), {"dilation": 5}, "the filter spans 11 cells; expected at most 6, the size of"),
        ((X, np.ones((2, 8, 4, 1))), {"padding": 1}, "spans 8 cells; expected at most 7, the"),
        ((X.astype(str), W), {}, "x is not an array of real numbers"),
        ((X * 1j, W), {}, "x is not an array of real numbers"),
    ],
)
def test_bad_input_is_named(arguments, options, words):
    with pytest.raises(ValueError, match=words):
        conv2d(*arguments, **options)
    if len(arguments) == 2:  # the backward pass has no biases
        with pytest.raises(ValueError, match=words):
            conv2d_backward(X, *arguments, **options)


def test_other_bad_input_is_named():
    with pytest.raises(ValueError, match="method is 'magic'; expected one of 'loops', 'windows'"):
        conv2d(X, W, method="magic")
    words = r"dy has shape \(2, 4, 3, 6\); expected \(2, 4, 4, 6\), as conv2d gives"
    with pytest.raises(ValueError, match=words):
        conv2d_backward(np.ones((2, 4, 3, 6)), X, W)
