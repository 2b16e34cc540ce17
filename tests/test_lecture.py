"""The helper that proves the lecture's numbers: what it lets pass, and what it says."""

import numpy as np
import pytest

from cnnlab import lecture


@pytest.mark.parametrize(
    ("expected", "result", "said"),
    [
        (-5, np.float64(-5.0), "As the lecture says: −5.\n"),
        (31_030_658, 31_030_658, "As the lecture says: 31,030,658.\n"),
        (0.25, 1 / 4, "As the lecture says: 0.25.\n"),
        (120_422_400, 120_422_400.0, "As the lecture says: 120,422,400.\n"),
        (
            [[1, 2, 3]],
            np.ones((1, 3)).cumsum(axis=1),
            "As the lecture says: 1 × 3, all 3 numbers.\n",
        ),
        ((3, 3, 2, 8), (3, 3, 2, 8), "As the lecture says: 3, 3, 2 and 8.\n"),
        ([14_455_392, -456], [14_455_392, -456], "As the lecture says: 14,455,392 and −456.\n"),
        ([7], [7], "As the lecture says: 7.\n"),
        (range(8), np.arange(8), "As the lecture says: all 8 numbers.\n"),
    ],
)
def test_what_is_equal_is_said(expected, result, said, capsys):
    lecture.says(expected, result)
    assert capsys.readouterr().out == said


@pytest.mark.parametrize(
    ("expected", "result"),
    [(5, -5), (30, np.full(4, 30)), ([1, 2], [[1, 2]]), ([1, 2], [1, 2.0000001]), (np.nan, np.nan)],
)
def test_what_differs_is_shown_beside_it(expected, result, capsys):
    with pytest.raises(AssertionError, match="The lecture says") as caught:
        lecture.says(expected, result)
    assert str(np.asarray(result)) in str(caught.value)
    assert str(np.asarray(expected)) in str(caught.value)
    assert not capsys.readouterr().out
