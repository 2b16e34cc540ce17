"""The costs against float64 loops, the lecture's formulas and TensorFlow's total variation."""

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from keras import ops

from cnnlab.gradients import value_and_gradient
from cnnlab.style import content_cost, gram_matrix, style_cost, total_variation

pytestmark = pytest.mark.networks
RNG = np.random.default_rng(0)
A = RNG.normal(size=(3, 4, 2)).astype("float32")
B = RNG.normal(size=(3, 4, 2)).astype("float32")


def number(tensor):
    return float(ops.convert_to_numpy(tensor))


def plain_gram(a):
    H, W, C = a.shape
    G = np.zeros((C, C))
    for k in range(C):
        for other in range(C):
            for i in range(H):
                for j in range(W):
                    G[k, other] += float(a[i, j, k]) * float(a[i, j, other])
    return G


def plain_style(a_s, a_g):
    """The lecture's formula, its square put right, for pictures of one size."""
    H, W, C = a_g.shape
    return ((plain_gram(a_s) - plain_gram(a_g)) ** 2).sum() / (2 * H * W * C) ** 2


def centred(function, x, h=1e-6):
    x, slopes = x.astype(float), np.zeros(x.shape)
    for place in np.ndindex(x.shape):
        step = np.zeros(x.shape)
        step[place] = h
        slopes[place] = (function(x + step) - function(x - step)) / (2 * h)
    return slopes


def test_content_is_half_of_the_squared_distance():
    expected = ((A.astype(float) - B) ** 2).sum() / 2
    assert number(content_cost(A, B)) == pytest.approx(expected, rel=1e-5)
    assert number(content_cost(A, A)) == 0


def test_the_gram_matrix_by_loops():
    np.testing.assert_allclose(ops.convert_to_numpy(gram_matrix(A)), plain_gram(A), rtol=1e-5)
    two = ops.convert_to_numpy(gram_matrix(np.stack([A, B])))
    np.testing.assert_allclose(two, [plain_gram(A), plain_gram(B)], rtol=1e-5, atol=1e-6)


def test_the_gram_matrix_forgets_places_and_not_channels():
    places = RNG.permutation(12)
    shuffled = A.reshape(12, 2)[places].reshape(A.shape)
    same = ops.convert_to_numpy(gram_matrix(shuffled))
    np.testing.assert_allclose(same, plain_gram(A), rtol=1e-5)
    turned = ops.convert_to_numpy(gram_matrix(A[..., ::-1]))
    assert not np.allclose(turned, plain_gram(A), rtol=0.1)


def test_style_is_the_lectures_formula_with_the_square():
    assert number(style_cost(A, B)) == pytest.approx(plain_style(A, B), rel=1e-5)


@given(arrays(np.float32, (2, 3, 4), elements=st.floats(-3, 3, width=16)), st.integers(1, 3))
def test_a_picture_repeated_has_the_same_style(a, times):
    """Twice as many places with the same answers: the same manner."""
    assert number(style_cost(a, np.tile(a, (times, 1, 1)))) == pytest.approx(0, abs=1e-4)
    assert number(style_cost(np.tile(a, (1, times, 1)), a)) == pytest.approx(0, abs=1e-4)


@pytest.mark.parametrize(
    ("cost", "plain"),
    [
        (content_cost, lambda a, b: ((a - b) ** 2).sum() / 2),
        (style_cost, plain_style),
    ],
)
def test_gradients_by_centred_differences(cost, plain):
    _, gradient = value_and_gradient(lambda t: cost(A, t), B)
    np.testing.assert_allclose(gradient, centred(lambda b: plain(A, b), B), rtol=1e-3, atol=1e-5)


def test_total_variation_by_numpy_and_by_tensorflow():
    x = RNG.uniform(size=(2, 5, 4, 3)).astype("float32")
    down = np.abs(np.diff(x.astype(float), axis=1)).sum()
    expected = down + np.abs(np.diff(x.astype(float), axis=2)).sum()
    assert number(total_variation(x)) == pytest.approx(expected, rel=1e-5)
    assert number(total_variation(np.ones((4, 5, 3)))) == 0
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        assert number(total_variation(x[0])) == pytest.approx(
            float(tf.image.total_variation(tf.constant(x[0]))), rel=1e-5
        )


def test_whole_numbers_do_not_overflow():
    a = np.full((2, 3, 1), 200, np.uint8)
    assert ops.convert_to_numpy(gram_matrix(a)).tolist() == [[240_000]]
    assert number(content_cost(a, np.zeros_like(a))) == 120_000


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: content_cost(A, B[:2]), r"a_generated has shape \(2, 4, 2\).*\(3, 4, 2\)"),
        (lambda: gram_matrix(A[0]), r"a has shape \(4, 2\)"),
        (lambda: total_variation(A[0]), r"x has shape \(4, 2\); expected axes"),
        (lambda: style_cost(A, B[..., :1]), "a_generated has 1 channels; expected .* 2"),
    ],
)
def test_what_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
