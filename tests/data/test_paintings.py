"""Painted pictures: each manner its own, the same for the same seed, in the range of colours."""

import numpy as np
import pytest

from cnnlab.data import painting
from cnnlab.data.paintings import MANNERS, _nearest, _tone

SIZE = (48, 64)


@pytest.mark.parametrize("manner", MANNERS)
def test_a_picture_of_the_size_that_is_asked_for(manner):
    made = painting(manner, SIZE)
    assert made.shape == (*SIZE, 3) and made.dtype == np.float32
    assert 0 <= made.min() < made.max() <= 1 and np.isfinite(made).all()
    assert made.std() > 0.1  # not one colour
    assert np.ptp(made, axis=2).max() > 0.2  # not gray


@pytest.mark.parametrize("manner", MANNERS)
def test_the_seed_decides(manner):
    made = painting(manner, SIZE, seed=3)
    assert (made == painting(manner, SIZE, seed=3)).all()
    assert np.abs(made - painting(manner, SIZE, seed=4)).mean() > 0.02


def test_no_two_manners_have_the_same_colours_and_strokes():
    def described(x):
        """Mean colour, and how neighbours differ along and across."""
        along, across = np.diff(x, axis=0), np.diff(x, axis=1)
        return np.array([*x.mean(axis=(0, 1)), np.abs(along).mean(), np.abs(across).mean()])

    found = [described(painting(manner, (96, 96))) for manner in MANNERS]
    for i, one in enumerate(found):
        for other in found[:i]:
            assert np.abs(one - other).max() > 0.03


def test_the_nearest_seed_against_all_distances():
    rng = np.random.default_rng(0)
    rows, columns = np.mgrid[2:40:7, 3:60:7]
    seeds = np.stack([rows.ravel(), columns.ravel()], axis=1) + rng.normal(0, 1, (rows.size, 2))
    which, gap = _nearest(40, 60, seeds)
    y, x = np.mgrid[:40, :60]
    distances = np.hypot(y[..., None] - seeds[:, 0], x[..., None] - seeds[:, 1])
    ordered = np.sort(distances, axis=-1)
    assert (which == distances.argmin(axis=-1)).mean() > 0.999  # ties by rounding
    np.testing.assert_allclose(gap, ordered[..., 1] - ordered[..., 0], atol=1e-4)


def test_tones_go_from_the_first_colour_to_the_last():
    palette = np.array([[0, 0, 0], [1, 0, 0], [1, 1, 1.0]])
    made = _tone(np.array([-1, -0.5, 0, 1, 7]), palette)
    assert made.tolist() == [[0, 0, 0], [0.5, 0, 0], [1, 0, 0], [1, 1, 1], [1, 1, 1]]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: painting("oil"), "manner is 'oil'; expected one of 'brush', 'de stijl'"),
        (lambda: painting("waves", (31, 64)), "size is 31"),
        (lambda: painting("waves", 64), "size is 64; expected"),
        (lambda: painting("waves", SIZE, seed=-1), "seed is -1"),
    ],
)
def test_what_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
