"""What every room refuses: the words name the argument, what came, and what was expected."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnnlab import checks

DEPTHS = {50: "fifty", 101: "more"}


@given(st.integers(), st.integers(), st.one_of(st.none(), st.integers()))
def test_a_whole_number_passes_within_its_bounds_and_nowhere_else(value, least, most):
    fits = least <= value and (most is None or value <= most)
    if fits:
        assert checks.whole("stride", value, least, most) == value
        return
    with pytest.raises(ValueError, match=rf"^stride is {value}; expected a whole number"):
        checks.whole("stride", value, least, most)


@pytest.mark.parametrize("value", ["no", 1, 0, None, np.array([True, False])])
def test_a_flag_is_true_or_false_and_nothing_that_counts_as_such(value):
    assert checks.flag("vary", np.False_) is False and checks.flag("vary", True) is True
    with pytest.raises(ValueError, match=r"^vary is .*; expected True or False"):
        checks.flag("vary", value)


@pytest.mark.parametrize("kind", [np.int8, np.uint64, int])
def test_whole_numbers_of_every_kind_become_python_s(kind):
    assert type(checks.whole("n", kind(3), 1)) is int
    assert type(checks.whole("n", kind(3), 1, 3)) is int


@pytest.mark.parametrize("value", [1.0, True, np.True_, "1", None, np.array([1, 2]), [1]])
@pytest.mark.parametrize("most", [None, 5])
def test_what_only_looks_like_a_whole_number(value, most):
    with pytest.raises(ValueError, match=r"n is .*; expected a whole number"):
        checks.whole("n", value, 0, most)


def test_bounds_are_told():
    with pytest.raises(ValueError, match=r"expected a whole number, at least 1$"):
        checks.whole("n", 0, 1)
    with pytest.raises(ValueError, match=r"expected a whole number from 1 to 4$"):
        checks.whole("n", 5, 1, 4)


@pytest.mark.parametrize("value", [50, np.int64(50)])
def test_one_of_several_numbers(value):
    assert checks.one_of("depth", value, DEPTHS) == 50


@pytest.mark.parametrize("value", [34, "50", None, [50], np.array([50, 101]), {}, True])
def test_none_of_several(value):
    with pytest.raises(ValueError, match=r"depth is .*; expected one of 50, 101"):
        checks.one_of("depth", value, DEPTHS)


def test_a_truth_value_is_no_number():
    with pytest.raises(ValueError, match="groups is True; expected one of 1, 2"):
        checks.one_of("groups", True, (1, 2))


def test_words_are_quoted():
    assert checks.one_of("padding", "same", ("same", "valid")) == "same"
    with pytest.raises(ValueError, match="padding is 'Same'; expected one of 'same', 'valid'"):
        checks.one_of("padding", "Same", ("same", "valid"))


@given(st.floats())
def test_a_share_is_from_0_to_1(value):
    if 0 <= value <= 1:
        assert checks.share("t", np.float64(value)) == value
        return
    with pytest.raises(ValueError, match=r"t is .*; expected a number from 0 to 1"):
        checks.share("t", value)


def test_a_number_may_be_infinite_and_not_nan():
    assert checks.number("t", -np.inf) == -np.inf
    for value in (np.nan, "1", True, None):
        with pytest.raises(ValueError, match=r"t is .*; expected a number"):
            checks.number("t", value)


@pytest.mark.parametrize(
    ("given", "wanted"),
    [("uint8", "float32"), ("float16", "float32"), ("float32", "float32"), ("int64", "float64")],
)
def test_arrays_become_floats_that_hold_them(given, wanted):
    result = checks.array("x", np.ones((2, 3), given), "H, W")
    assert result.dtype == wanted
    assert result.shape == (2, 3)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (np.ones(3), r"x has shape \(3,\); expected axes \(H, W\), none empty"),
        (np.ones((0, 3)), r"x has shape \(0, 3\)"),
        ([[1, 2], [3]], r"x is not an array of real numbers; expected axes \(H, W\)"),
        ([["a"]], "not an array of real numbers"),
        ([[1j]], "not an array of real numbers"),
    ],
)
def test_arrays_that_are_refused(value, message):
    with pytest.raises(ValueError, match=message):
        checks.array("x", value, "H, W")


def test_the_shape_of_an_image():
    assert checks.image_shape([32, 48, 1], at_least=32) == (32, 48, 1)
    for shape, words in {
        (31, 48, 3): r"too small for this network; expected at least 32 × 32",
        (48, 31, 3): "too small",
        (48, 48): r"expected \(H, W, C\)",
        (48, 48, 0): "input_shape is 0; expected a whole number, at least 1",
        (48, 48, 1): "expected 3 channels",
    }.items():
        with pytest.raises(ValueError, match=words):
            checks.image_shape(shape, at_least=32, channels=3)


def test_a_number_of_classes_or_none():
    assert checks.class_count(None) is None
    assert checks.class_count(3) == 3
    with pytest.raises(ValueError, match="classes is 0"):
        checks.class_count(0)
