"""Cross-correlation and true convolution of one gray image."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import signal

from cnnlab.convolution import convolve, cross_correlate, kernel, pad, same_padding

few = settings(max_examples=50, deadline=None)
numbers = st.integers(-50, 50).map(float)
sizes = st.tuples(st.integers(4, 8), st.integers(4, 9))
kernels = arrays(float, st.tuples(st.integers(1, 4), st.integers(1, 3)), elements=numbers)
images = arrays(float, sizes, elements=numbers)


def test_the_lecture_s_first_example(six):
    assert cross_correlate(six, kernel("vertical")).tolist() == [
        [-5, -4, 0, 8],
        [-10, -2, 2, 3],
        [0, -2, -4, -7],
        [-3, -2, -3, -16],
    ]


def test_bright_to_dark_and_dark_to_bright():
    image = np.array([[10, 10, 10, 0, 0, 0]] * 6)
    assert cross_correlate(image, kernel("vertical")).tolist() == [[0, 30, 30, 0]] * 4
    mirrored = cross_correlate(image[:, ::-1], kernel("vertical"))
    assert mirrored.tolist() == [[0, -30, -30, 0]] * 4


def test_the_checkerboard():
    image = np.kron([[10, 0], [0, 10]], np.ones((3, 3)))
    assert cross_correlate(image, kernel("horizontal")).tolist() == [
        [0, 0, 0, 0],
        [30, 10, -10, -30],
        [30, 10, -10, -30],
        [0, 0, 0, 0],
    ]


def test_stride_two_with_the_right_88():
    image = [
        [2, 3, 7, 4, 6, 2, 9],
        [6, 6, 9, 8, 7, 4, 3],
        [3, 4, 8, 3, 8, 9, 7],
        [7, 8, 3, 6, 6, 3, 4],
        [4, 2, 1, 8, 3, 4, 6],
        [3, 2, 4, 1, 9, 8, 3],
        [0, 1, 3, 9, 2, 1, 4],
    ]
    filter_ = [[3, 4, 4], [1, 0, 2], [-1, 0, 3]]
    found = cross_correlate(image, filter_, stride=2)
    assert found.tolist() == [[91, 100, 88], [69, 91, 117], [44, 72, 74]]


@few
@given(images, kernels, st.integers(0, 3), st.integers(1, 3))
def test_scipy_agrees(image, filter_, p, s):
    padded = np.pad(image, p)
    for ours, theirs in ((cross_correlate, signal.correlate2d), (convolve, signal.convolve2d)):
        expected = theirs(padded, filter_, mode="valid")[::s, ::s]
        np.testing.assert_allclose(ours(image, filter_, p, s), expected, atol=1e-9)


@few
@given(images, arrays(float, (3, 5), elements=numbers))
def test_same_of_odd_kernels_is_scipy_s(image, filter_):
    found = convolve(image, filter_, padding="same")
    np.testing.assert_allclose(found, signal.convolve2d(image, filter_, mode="same"), atol=1e-9)


def test_same_of_an_even_kernel_pads_more_after(six):
    filter_ = np.arange(8.0).reshape(4, 2)
    found = cross_correlate(six, filter_, padding="same")
    by_hand = pad(six, (same_padding(4), same_padding(2)))
    assert found.shape == six.shape
    np.testing.assert_array_equal(found, signal.correlate2d(by_hand, filter_, mode="valid"))
    assert found[0, 0] == np.sum(six[:3, :2] * filter_[1:])  # one row of zeros above, none left


@few
@given(images, kernels, st.integers(1, 2))
def test_dilation_is_a_kernel_with_gaps(image, filter_, d):
    f_h, f_w = filter_.shape
    spread = np.zeros((d * (f_h - 1) + 1, d * (f_w - 1) + 1))
    spread[::d, ::d] = filter_
    found = cross_correlate(image, filter_, padding=3, dilation=d)
    np.testing.assert_allclose(found, cross_correlate(image, spread, padding=3), atol=1e-9)


def full(image: np.ndarray, filter_: np.ndarray) -> np.ndarray:
    """True convolution at every position where the two overlap."""
    height, width = (f - 1 for f in filter_.shape)
    return convolve(pad(image, ((height, height), (width, width))), filter_)


@few
@given(images, kernels)
def test_true_convolution_commutes(a, b):
    np.testing.assert_allclose(full(a, b), full(b, a), atol=1e-9)
    np.testing.assert_allclose(full(a, b), signal.convolve2d(a, b), atol=1e-9)


def test_cross_correlation_does_not_commute():
    a, b = np.array([[1.0, 2.0, 4.0]]), np.array([[3.0, 5.0, 6.0]])
    ab = cross_correlate(pad(a, ((0, 0), (2, 2))), b)
    ba = cross_correlate(pad(b, ((0, 0), (2, 2))), a)
    assert ab.tolist() == ba[:, ::-1].tolist() != ba.tolist()


@few
@given(images, kernels, st.integers(-9, 9))
def test_linear_in_image_and_kernel(image, filter_, factor):
    y = cross_correlate(image, filter_)
    np.testing.assert_allclose(cross_correlate(factor * image, filter_), factor * y, atol=1e-9)
    more = cross_correlate(image, filter_ + 1) - cross_correlate(image, np.ones_like(filter_))
    np.testing.assert_allclose(more, y, atol=1e-9)


def test_small_integers_do_not_overflow():
    found = cross_correlate(np.full((3, 4), 200, np.uint8), np.full((2, 2), 100, np.uint8))
    assert found.tolist() == [[80_000] * 3] * 2


def test_float32_stays():
    image, filter_ = np.ones((5, 6), np.float32), np.ones((2, 3), np.float32)
    assert cross_correlate(image, filter_).dtype == np.float32


@pytest.mark.parametrize("function", [cross_correlate, convolve])
@pytest.mark.parametrize(
    "arguments, words",
    [
        ((np.ones((4, 4, 3)), np.ones((3, 3))), r"image has shape \(4, 4, 3\); expected axes \(H"),
        ((np.ones((4, 4)), np.ones(3)), r"kernel has shape \(3,\); expected axes \(f_h, f_w\)"),
        ((np.ones((4, 0)), np.ones((1, 1))), r"image has shape \(4, 0\); .*none empty"),
        (([["a", "b"]], np.ones((1, 1))), "image is not an array of real numbers"),
        (([[1, 2], [3]], np.ones((1, 1))), "image is not an array of real numbers"),
        ((np.ones((4, 4)), np.ones((3, 5))), "spans 5 cells; expected at most 4, the size of the"),
        ((np.ones((4, 4)), np.ones((5, 3))), "spans 5 cells; expected at most 4, the size of the"),
        ((np.ones((4, 4)), np.ones((3, 3)), "full"), "padding is 'full'; expected one of 'valid'"),
        ((np.ones((4, 4)), np.ones((3, 3)), 0, 0), "stride is 0; expected a whole number"),
        ((np.ones((4, 4)), np.ones((3, 3)), 0, 1, 0), "dilation is 0; expected a whole number"),
    ],
)
def test_bad_input_is_named(function, arguments, words):
    with pytest.raises(ValueError, match=words):
        function(*arguments)
