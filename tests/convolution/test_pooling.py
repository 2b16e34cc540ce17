"""Max and average pooling, forwards and backwards."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cnnlab.convolution import pool2d, pool2d_backward

LECTURE = [[1, 3, 2, 1, 3], [2, 9, 1, 1, 5], [1, 3, 2, 3, 2], [8, 3, 5, 1, 0], [5, 6, 1, 2, 9]]
KINDS = ("max", "average")


def volume(rows) -> np.ndarray:
    """One gray image as a batch."""
    return np.array(rows, float)[np.newaxis, ..., np.newaxis]


@st.composite
def cases(draw):
    """An image with unequal sides and no two equal numbers, and windows that fit."""
    size, stride = draw(st.integers(1, 4)), draw(st.integers(1, 4))
    padding = draw(st.sampled_from(["valid", "same", *range(size)]))
    shape = [draw(st.integers(*bounds)) for bounds in ((1, 2), (size, 8), (size, 9), (1, 3))]
    rng = np.random.default_rng(draw(st.integers(0, 2**16)))
    x = rng.permutation(np.prod(shape)).reshape(shape) / 7
    return x - x.mean(), {"size": size, "stride": stride, "padding": padding}


def test_the_lecture_s_example():
    y = pool2d(volume(LECTURE), size=3, stride=1)
    assert y[0, ..., 0].tolist() == [[9, 9, 5], [9, 9, 5], [8, 6, 9]]


def test_windows_lie_side_by_side_unless_told():
    x = volume([[1, 3, 2, 1], [2, 9, 1, 1], [1, 3, 2, 3], [5, 6, 1, 2]])
    assert pool2d(x)[0, ..., 0].tolist() == [[9, 2], [6, 3]]
    assert pool2d(x, kind="average")[0, ..., 0].tolist() == [[3.75, 1.25], [3.75, 2]]


@settings(max_examples=30, deadline=None)
@given(cases(), st.sampled_from(KINDS))
def test_tensorflow_agrees(case, kind):
    import tensorflow as tf

    x, options = case
    padding = options["padding"]
    if isinstance(padding, int):
        return brute_force(x, options, kind)
    pool = {"max": tf.nn.max_pool2d, "average": tf.nn.avg_pool2d}[kind]
    x_tf = tf.Variable(x)
    with tf.GradientTape() as tape:
        y = pool(x_tf, options["size"], options["stride"], padding.upper())
        direction = np.random.default_rng(1).normal(size=y.shape)
        loss = tf.reduce_sum(direction * y)
    np.testing.assert_allclose(pool2d(x, **options, kind=kind), y, atol=1e-12)
    dx = pool2d_backward(direction, x, **options, kind=kind)
    np.testing.assert_allclose(dx, tape.gradient(loss, x_tf), atol=1e-12)


def brute_force(x, options, kind):
    """Padding by a number, which TensorFlow has not: NaN beyond the border, then ignored."""
    size, stride, p = options.values()
    padded = np.pad(x, [(0, 0), (p, p), (p, p), (0, 0)], constant_values=np.nan)
    y = pool2d(x, **options, kind=kind)
    reduce = {"max": np.nanmax, "average": np.nanmean}[kind]
    assert y.shape[1:3] == tuple((n + 2 * p - size) // stride + 1 for n in x.shape[1:3])
    for i, j in np.ndindex(y.shape[1:3]):
        top, left = i * stride, j * stride
        window = padded[:, top : top + size, left : left + size]
        np.testing.assert_allclose(y[:, i, j], reduce(window, axis=(1, 2)), atol=1e-12)


@settings(max_examples=15, deadline=None)
@given(cases(), st.sampled_from(KINDS))
def test_gradient_is_centred_differences(case, kind):
    x, options = case
    direction = np.random.default_rng(2).normal(size=pool2d(x, **options, kind=kind).shape)
    dx, step = pool2d_backward(direction, x, **options, kind=kind), 1e-4  # far below 1/7: no ties
    for index in np.ndindex(x.shape):
        shift = np.zeros_like(x)
        shift[index] = step
        change = pool2d(x + shift, **options, kind=kind) - pool2d(x - shift, **options, kind=kind)
        assert dx[index] == pytest.approx(np.sum(direction * change) / (2 * step), abs=1e-7)


def test_equal_cells_the_first_in_reading_order_gets_the_gradient():
    x = volume([[0, 5, 5], [5, 1, 5]])
    dx = pool2d_backward(volume([[1, 10]]), x, size=2, stride=1)
    assert dx[0, ..., 0].tolist() == [[0, 11, 0], [0, 0, 0]]
    flat = pool2d_backward(volume([[7]]), volume([[2, 2], [2, 2]]))
    assert flat[0, ..., 0].tolist() == [[7, 0], [0, 0]]


def test_a_mean_counts_only_real_cells():
    y = pool2d(volume([[6, 6, 6]] * 3), size=3, stride=1, padding=1, kind="average")
    assert (y == 6).all()


def test_padding_never_wins():
    y = pool2d(volume([[-5, -7], [-6, -8]]), size=2, stride=2, padding=1)
    assert y[0, ..., 0].tolist() == [[-5, -7], [-6, -8]]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("size", [1, 2])
def test_float32_stays_and_nothing_is_shared(kind, size):
    x = np.random.default_rng(3).random((2, 5, 4, 3), np.float32)
    kept = x.copy()
    y = pool2d(x, size, kind=kind)
    dx = pool2d_backward(y, x, size, kind=kind)
    assert y.dtype == dx.dtype == np.float32
    y[:] = dx[:] = 9
    np.testing.assert_array_equal(x, kept)


X = np.ones((2, 6, 5, 3))


@pytest.mark.parametrize(
    "options, words",
    [
        ({"x": X[0]}, r"x has shape \(6, 5, 3\); expected axes \(N, H, W, C\)"),
        ({"size": 0}, "size is 0; expected a whole number, at least 1"),
        ({"size": 6}, "the filter spans 6 cells; expected at most 5, the size of the padded image"),
        ({"stride": 0}, "stride is 0; expected a whole number, at least 1"),
        ({"padding": 2}, "padding is 2; expected less than size, which is 2"),
        ({"padding": -1}, "padding is -1; expected a whole number, at least 0"),
        ({"padding": "full"}, "padding is 'full'; expected one of 'valid', 'same'"),
        ({"kind": "mean"}, "kind is 'mean'; expected one of 'max', 'average'"),
    ],
)
def test_bad_input_is_named(options, words):
    with pytest.raises(ValueError, match=words):
        pool2d(**{"x": X, **options})
    with pytest.raises(ValueError, match=words):
        pool2d_backward(**{"dy": np.ones((2, 3, 2, 3)), "x": X, **options})


def test_a_gradient_of_another_shape_is_named():
    words = r"dy has shape \(2, 2, 3, 3\); expected \(2, 3, 2, 3\), as pool2d gives"
    with pytest.raises(ValueError, match=words):
        pool2d_backward(np.ones((2, 2, 3, 3)), X)
