"""Anchors by k-means: against clusters that are known, and against every possible clustering."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from cnnlab.detection import assign, kmeans_anchors, mean_iou, shape_iou
from cnnlab.detection.anchors import _improved

sizes_of = lambda n: arrays(float, st.tuples(n, st.just(2)), elements=st.floats(1, 60))  # noqa: E731


def one_iou(a, b):
    """Two boxes with the same centre, by the definition."""
    both = min(a[0], b[0]) * min(a[1], b[1])
    return both / (a[0] * a[1] + b[0] * b[1] - both)


def test_shape_iou_is_the_definition():
    rng = np.random.default_rng(0)
    a, b = rng.uniform(1, 50, (7, 2)), rng.uniform(1, 50, (3, 2))
    expected = [[one_iou(x, y) for y in b] for x in a]
    np.testing.assert_allclose(shape_iou(a, b), expected, rtol=1e-12)


def test_finds_the_clusters():
    """Tall, wide and small boxes, spread by a few per cent, come back as three anchors."""
    rng = np.random.default_rng(1)
    centres = np.array([[8.0, 6.0], [40.0, 15.0], [20.0, 45.0]])  # areas 48, 600, 900
    which = rng.permutation(np.repeat([0, 1, 2], [100, 20, 60]))
    sizes = centres[which] * rng.uniform(0.93, 1.07, (180, 2))
    anchors = kmeans_anchors(sizes, 3)
    np.testing.assert_allclose(anchors, centres, rtol=0.03)
    assert (assign(sizes, anchors) == which).all()


def test_small_boxes_count_as_much_as_large_ones():
    """Euclidean k-means would spend both anchors on the large boxes."""
    sizes = np.array([[4, 4], [5, 5], [4, 5], [10, 10], [11, 10], [200, 200], [260, 260]], float)
    anchors = kmeans_anchors(np.repeat(sizes, [20, 20, 20, 20, 20, 1, 1], axis=0), 2)
    assert anchors.max() < 30


@settings(max_examples=60, deadline=None)
@given(sizes_of(st.integers(4, 12)), st.integers(1, 4), st.integers(0, 99))
def test_moving_never_makes_it_worse(sizes, k, seed):
    start = sizes[np.random.default_rng(seed).permutation(len(sizes))[:k]]
    assert mean_iou(sizes, _improved(sizes, start)) >= mean_iou(sizes, start) - 1e-12


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("k", (2, 3))
def test_as_good_as_the_best_clustering_of_all(seed, k):
    """Every way to sort 7 sizes into k clusters, each with its mean as anchor."""
    sizes = np.random.default_rng(seed).uniform(5, 60, (7, 2))
    best = max(
        mean_iou(sizes, [sizes[np.array(way) == j].mean(axis=0) for j in range(k)])
        for way in product(range(k), repeat=len(sizes))
        if len(set(way)) == k
    )
    assert mean_iou(sizes, kmeans_anchors(sizes, k)) >= best - 0.02


def test_same_seed_same_anchors_smallest_first():
    sizes = np.random.default_rng(3).uniform(5, 60, (50, 2))
    anchors = kmeans_anchors(sizes, 4, seed=7)
    np.testing.assert_array_equal(anchors, kmeans_anchors(sizes, 4, seed=7))
    assert (np.diff(anchors.prod(axis=1)) >= 0).all()


def test_as_many_anchors_as_different_sizes_fit_perfectly():
    sizes = np.array([[3, 5], [3, 5], [8, 2], [3 + 1e-15 * 8, 5]])
    assert mean_iou(sizes, kmeans_anchors(sizes, 2)) == pytest.approx(1)


def test_assign_takes_the_first_of_equals_and_works_on_nothing():
    assert assign([[4, 4]], [[2, 4], [4, 2]]).tolist() == [0]
    assert assign(np.empty((0, 2)), [[2, 4]]).shape == (0,)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: kmeans_anchors([[3, 4], [3, 4]], 2), "k is 2; expected at most 1"),
        (lambda: kmeans_anchors([], 1), "k is 1; expected at most 0"),
        (lambda: kmeans_anchors([[3, 4]], 0), "k is 0"),
        (lambda: kmeans_anchors([[3, 4], [0, 2]], 1), r"sizes\[1\] is \[0.0, 2.0\]"),
        (lambda: kmeans_anchors([[3, np.nan]], 1), r"sizes\[0\] is \[3.0, nan\]"),
        (lambda: kmeans_anchors([3, 4], 1), r"sizes has shape \(2,\)"),
        (lambda: kmeans_anchors("abc", 1), "sizes is not an array"),
        (lambda: assign([[3, 4]], []), "anchors is empty"),
    ],
)
def test_bad_input_is_told_in_words(call, words):
    with pytest.raises(ValueError, match=words):
        call()
