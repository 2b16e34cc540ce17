"""The filters, against SciPy's and by their properties."""

import numpy as np
import pytest
from scipy import ndimage

from cnnlab.convolution import FILTERS, convolve, cross_correlate, gaussian, kernel

IMAGE = np.random.default_rng(0).normal(size=(9, 7))
EDGES = ("vertical", "sobel_vertical", "scharr_vertical", "prewitt_vertical")


def test_the_lecture_s_filters():
    assert kernel("vertical").tolist() == [[1, 0, -1]] * 3
    assert kernel("horizontal").tolist() == [[1, 1, 1], [0, 0, 0], [-1, -1, -1]]
    assert kernel("sobel_vertical").tolist() == [[1, 0, -1], [2, 0, -2], [1, 0, -1]]
    assert kernel("scharr_horizontal").tolist() == [[3, 10, 3], [0, 0, 0], [-3, -10, -3]]


@pytest.mark.parametrize("name", EDGES)
def test_horizontal_is_vertical_transposed(name):
    other = kernel(name.replace("vertical", "horizontal"))
    np.testing.assert_array_equal(other, kernel(name).T)
    assert not np.array_equal(other, kernel(name))


@pytest.mark.parametrize("filter_, axis", [("vertical", 1), ("horizontal", 0)])
@pytest.mark.parametrize("family", ["sobel", "prewitt"])
def test_edges_are_scipy_s_with_the_lecture_s_sign(family, filter_, axis):
    ours = cross_correlate(IMAGE, kernel(f"{family}_{filter_}"))
    theirs = getattr(ndimage, family)(IMAGE, axis=axis)[1:-1, 1:-1]
    np.testing.assert_allclose(ours, -theirs, atol=1e-12)


def test_laplacian_is_scipy_s():
    ours = convolve(IMAGE, kernel("laplacian"))
    np.testing.assert_allclose(ours, ndimage.laplace(IMAGE)[1:-1, 1:-1], atol=1e-12)


@pytest.mark.parametrize("size, sigma", [(3, 0.7), (5, 1.0), (9, 2.5)])
def test_gaussian_is_scipy_s(size, sigma):
    point = np.zeros((size, size))
    point[size // 2, size // 2] = 1
    blurred = ndimage.gaussian_filter(point, sigma, radius=size // 2, mode="constant")
    np.testing.assert_allclose(gaussian(size, sigma), blurred, atol=1e-12)


def test_a_gaussian_of_even_size_is_symmetric():
    even = gaussian(4, 1.5)
    np.testing.assert_allclose(even, even[::-1, ::-1])
    assert even.sum() == pytest.approx(1)


def test_edges_see_nothing_in_a_flat_image_and_a_blur_changes_nothing():
    flat = np.full((8, 7), 5.0)
    for name, filter_ in FILTERS.items():
        expected = 5.0 if name == "gaussian" else 0.0
        np.testing.assert_allclose(cross_correlate(flat, filter_), expected, atol=1e-12)


def test_a_copy_may_change_and_the_table_may_not():
    mine = kernel("vertical")
    mine[0, 0] = 99
    assert FILTERS["vertical"][0, 0] == 1
    with pytest.raises(ValueError, match="read-only"):
        FILTERS["sobel_horizontal"][0, 0] = 99


@pytest.mark.parametrize(
    "call, words",
    [
        (lambda: kernel("sobel"), "name is 'sobel'; expected one of 'vertical', 'sobel_vertical'"),
        (lambda: kernel(3), "name is 3; expected one of"),
        (lambda: gaussian(0, 1), "size is 0; expected a whole number, at least 1"),
        (lambda: gaussian(3, 0), "sigma is 0; expected a positive number"),
    ],
)
def test_bad_input_is_named(call, words):
    with pytest.raises(ValueError, match=words):
        call()
