"""Distances against SciPy, unit lengths at their edges, and all pairs of a set."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.spatial.distance import cdist

from cnnlab.faces import all_pairs, squared_distances, unit_length

NUMBERS = st.floats(-1e3, 1e3)


@given(arrays(float, (4, 3), elements=NUMBERS), arrays(float, (6, 3), elements=NUMBERS))
def test_squared_distances_are_scipy_s(f, g):
    found = squared_distances(f, g)
    assert found.shape == (4, 6) and (found >= 0).all()
    scale = 1 + (f**2).sum(axis=1)[:, None] + (g**2).sum(axis=1)
    np.testing.assert_allclose(found / scale, cdist(f, g, "sqeuclidean") / scale, atol=1e-12)


def test_the_same_encoding_is_never_below_0():
    f = np.random.default_rng(0).normal(size=(50, 128)).astype("float32")
    found = squared_distances(f)
    assert found.dtype == float and (found >= 0).all()
    np.testing.assert_allclose(np.diag(found), 0, atol=1e-10)
    np.testing.assert_array_equal(found, squared_distances(f, f))


@pytest.mark.parametrize(
    "f", [np.ones(3), np.ones((2, 3, 1)), [["a"]], [[1, np.nan]], [[1], [1, 2]]]
)
def test_what_is_no_encoding(f):
    for function in (squared_distances, unit_length):
        with pytest.raises(ValueError, match=r"^f(\[0\])? (has|is) .*; expected"):
            function(f)


def test_encodings_of_two_lengths():
    with pytest.raises(ValueError, match=r"^g has shape \(2, 4\); expected \(M, 3\), as f has"):
        squared_distances(np.ones((2, 3)), np.ones((2, 4)))


@given(arrays(float, (3, 5), elements=st.floats(-1e300, 1e300)))
def test_lengths_become_1_and_directions_stay(f):
    found = unit_length(f)
    there = f.any(axis=1)
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), there, atol=1e-12)
    assert (np.sign(found) * np.sign(f) >= 0).all()
    largest = np.abs(f).max(axis=1, keepdims=True) + ~there[:, None]
    parallel = found * np.linalg.norm(f / largest, axis=1, keepdims=True)
    np.testing.assert_allclose(parallel, f / largest, atol=1e-12)


def test_distances_of_unit_lengths_and_the_angle():
    """‖f − g‖² = 2 − 2 cos."""
    f = unit_length(np.random.default_rng(0).normal(size=(7, 4)))
    np.testing.assert_allclose(squared_distances(f), 2 - 2 * f @ f.T, atol=1e-12)


def test_all_pairs_are_each_there_once():
    f, labels = np.random.default_rng(0).normal(size=(6, 4)), [3, 1, 3, 7, 1, 3]
    distances, same = all_pairs(f, labels)
    both = list(combinations(range(6), 2))
    expected = [((f[i] - f[j]) ** 2).sum() for i, j in both]
    np.testing.assert_allclose(distances, expected)
    assert same.tolist() == [labels[i] == labels[j] for i, j in both]


@pytest.mark.parametrize(
    ("labels", "said"),
    [
        ([1.5, 2], "labels is .*; expected whole numbers"),
        (["Ada", "Bob"], "labels is .*; expected whole numbers"),
        ([True, False], "labels is .*; expected whole numbers"),
        ([np.inf, 1], "labels is .*; expected whole numbers"),
        ([1], r"labels has shape \(1,\); expected \(2,\), one for each picture"),
        ([[1], [2]], r"labels has shape \(2, 1\); expected \(2,\)"),
    ],
)
def test_labels_that_are_none(labels, said):
    with pytest.raises(ValueError, match=f"^{said}"):
        all_pairs(np.eye(2), labels)


def test_numbers_whose_squares_have_no_end():
    with pytest.raises(ValueError, match=r"^f or g has numbers too large to be squared"):
        squared_distances([[1e200, 0], [0, 1e200]])


def test_labels_too_large_are_refused_without_a_warning(recwarn):
    with pytest.raises(ValueError, match=r"^labels is .*; expected whole numbers"):
        all_pairs(np.eye(2), [1e300, 1])
    assert not recwarn.list
    assert all_pairs(np.eye(2), [2**62, 2**62])[1].all()
