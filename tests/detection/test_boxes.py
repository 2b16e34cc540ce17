"""Boxes against counted pixels, pycocotools, and what must hold for any boxes."""

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from pycocotools import mask

from cnnlab.detection import area, clip, convert, giou, iou, to_absolute, to_relative
from cnnlab.detection.boxes import FORMS

HEIGHT, WIDTH = 13, 19
FUNCTIONS = {"iou": iou, "giou": giou}


def sorted_sides(raw):
    """Any rows of four numbers as boxes: x_min ≤ x_max and y_min ≤ y_max."""
    pairs = np.sort(raw.reshape(-1, 2, 2), axis=1)  # (n, [low, high], [x, y])
    return pairs.reshape(-1, 4)


def boxes_of(elements, most=6):
    shape = st.tuples(st.integers(0, most), st.just(4))
    return arrays(float, shape, elements=elements).map(sorted_sides)


some = boxes_of(st.floats(-1e3, 1e3, allow_subnormal=False))
pixels = boxes_of(st.integers(0, HEIGHT).map(float))
quarters = boxes_of(st.integers(-400, 400).map(lambda n: n / 4))  # sums of them are exact


def painted(box):
    """The pixels that a box covers, one by one."""
    x_min, y_min, x_max, y_max = box
    return np.array(
        [[x_min <= x < x_max and y_min <= y < y_max for x in range(WIDTH)] for y in range(HEIGHT)]
    )


# ---- areas and overlaps ----


@settings(max_examples=60, deadline=None)
@given(pixels, pixels)
def test_areas_and_overlaps_are_those_of_counted_pixels(a, b):
    masks_a, masks_b = [painted(box) for box in a], [painted(box) for box in b]
    assert area(a).tolist() == [m.sum() for m in masks_a]
    assert iou(a, b).shape == giou(a, b).shape == (len(a), len(b))
    for i, x in enumerate(masks_a):
        for j, y in enumerate(masks_b):
            both, either = (x & y).sum(), (x | y).sum()
            expected = both / either if either else 0
            assert iou(a, b)[i, j] == expected
            left, top = np.minimum(a[i, :2], b[j, :2])
            right, bottom = np.maximum(a[i, 2:], b[j, 2:])
            around = painted((left, top, right, bottom)).sum()
            penalty = (around - either) / around if around else 0
            assert giou(a, b)[i, j] == pytest.approx(expected - penalty, abs=1e-15)


def test_iou_is_that_of_pycocotools():
    rng = np.random.default_rng(0)
    corners = rng.uniform(0, 100, (2, 60, 2))
    sizes = rng.uniform(0.1, 60, (2, 60, 2))
    a, b = np.concatenate([corners, corners + sizes], axis=2)
    a, b = a[:40], b[:23]
    expected = mask.iou(convert(a, "xyxy", "xywh"), convert(b, "xyxy", "xywh"), [0] * len(b))
    assert (expected == 0).any() and (expected > 0.3).any()
    np.testing.assert_allclose(iou(a, b), expected, rtol=1e-9, atol=1e-12)


def test_by_hand():
    a = [[0, 0, 4, 3], [1, 1, 5, 4]]
    np.testing.assert_array_equal(iou(a, a), [[1, 6 / 18], [6 / 18, 1]])
    assert giou(a[:1], a[1:])[0, 0] == pytest.approx(6 / 18 - 2 / 20)
    assert giou([[0, 0, 1, 2]], [[3, 0, 4, 2]])[0, 0] == -0.5  # half of what is around is empty


@pytest.mark.parametrize(
    "other",
    [
        [6, 7, 9, 9],  # below and to the right: both sides of what they share are negative
        [6, 0, 9, 3],
        [0, 7, 2, 9],
        [3, 1, 5, 4],  # they touch
        [2, 2, 2, 4],  # no width
        [2, 2, 2, 2],  # a point
    ],
)
def test_boxes_that_share_nothing_have_iou_0(other):
    assert iou([[0, 1, 3, 5]], [other])[0, 0] == 0
    assert iou([other], [other])[0, 0] in (0, 1)
    assert giou([[0, 1, 3, 5]], [other])[0, 0] <= 0


def test_a_box_without_area_has_iou_0_even_with_itself():
    flat = [[2, 3, 2, 9], [2, 3, 7, 3], [4, 4, 4, 4]]
    assert not iou(flat, flat).any()
    assert np.isfinite(giou(flat, flat)).all()
    assert not area(flat).any()


def test_giou_tells_how_far_apart():
    far = giou(
        [[0, 0, 2, 2]], [[2, 0, 4, 2], [3, 0, 5, 2], [40, 0, 42, 2], [1e6, 1e6, 1e6 + 2, 1e6 + 2]]
    )
    assert (np.diff(far[0]) < 0).all() and far[0, 0] == 0 and far[0, -1] > -1.0000001


@settings(max_examples=150, deadline=None)
@given(some, some)
@example(np.array([[0.0, 0, 1, 1]]), np.array([[0.0, 0, 1, 1 - 2**-53]]))
def test_what_holds_for_any_boxes(a, b):
    overlap, general = iou(a, b), giou(a, b)
    np.testing.assert_array_equal(overlap, iou(b, a).T)
    np.testing.assert_array_equal(general, giou(b, a).T)
    assert ((overlap >= 0) & (overlap <= 1)).all()
    assert ((general >= -1) & (general <= overlap)).all()
    itself = np.diag(iou(a, a))
    assert (itself == (area(a) > 0)).all()
    assert (np.diag(giou(a, a))[area(a) > 0] == 1).all()


@settings(max_examples=60, deadline=None)
@given(quarters, quarters, st.integers(-99, 99), st.integers(-99, 99))
def test_moving_everything_changes_nothing(a, b, dx, dy):
    move = np.array([dx, dy, dx, dy])
    for function in FUNCTIONS.values():
        np.testing.assert_array_equal(function(a + move, b + move), function(a, b))


@settings(max_examples=60, deadline=None)
@given(quarters, quarters)
def test_the_unit_does_not_matter_and_x_and_y_are_alike(a, b):
    for function in FUNCTIONS.values():
        np.testing.assert_array_equal(function(a * 8, b * 8), function(a, b))
        turned = function(a[:, [1, 0, 3, 2]], b[:, [1, 0, 3, 2]])
        np.testing.assert_array_equal(turned, function(a, b))


# ---- ways to write a box ----


def test_every_form_by_hand():
    same = {"xyxy": [2, 3, 6, 10], "xywh": [2, 3, 4, 7], "cxcywh": [4, 6.5, 4, 7]}
    for source in FORMS:
        for target in FORMS:
            np.testing.assert_array_equal(convert([same[source]], source, target), [same[target]])


@settings(max_examples=100, deadline=None)
@given(some, st.sampled_from(FORMS), st.sampled_from(FORMS))
def test_there_and_back(boxes, first, second):
    there = convert(convert(boxes, "xyxy", first), first, second)
    back = convert(there, second, "xyxy")
    np.testing.assert_allclose(back, boxes, rtol=0, atol=1e-12 * 1e3)


@settings(max_examples=60, deadline=None)
@given(some, st.integers(1, 900), st.integers(1, 900))
def test_relative_and_back(boxes, height, width):
    relative = to_relative(boxes, height, width)
    close = {"rtol": 1e-14, "atol": 1e-300}  # the smallest floats have fewer digits
    np.testing.assert_allclose(relative[:, [0, 2]] * width, boxes[:, [0, 2]], **close)
    np.testing.assert_allclose(relative[:, [1, 3]] * height, boxes[:, [1, 3]], **close)
    np.testing.assert_allclose(to_absolute(relative, height, width), boxes, **close)


@settings(max_examples=60, deadline=None)
@given(boxes_of(st.integers(-9, 30).map(float)))
def test_clipping_keeps_the_pixels_inside_and_no_others(boxes):
    inside = clip(boxes, HEIGHT, WIDTH)
    for before, after in zip(boxes, inside, strict=True):
        np.testing.assert_array_equal(painted(before), painted(after))
    assert area(inside).tolist() == [painted(box).sum() for box in boxes]


def test_results_are_new_arrays():
    boxes = np.array([[1.0, 2, 3, 5]])
    for result in (convert(boxes, "xyxy", "xyxy"), clip(boxes, 9, 9), to_relative(boxes, 9, 9)):
        result[:] = -1
    assert boxes.tolist() == [[1, 2, 3, 5]]


def test_small_integers_do_not_overflow():
    box = np.array([[0, 0, 200, 250]], np.uint8)
    assert area(box)[0] == 50000 and iou(box, box)[0, 0] == 1


# ---- nothing, and bad input ----


@pytest.mark.parametrize("nothing", [np.empty((0, 4)), []])
def test_nothing_gives_nothing(nothing):
    three = [[0, 0, 1, 1]] * 3
    for function in FUNCTIONS.values():
        assert function(nothing, three).shape == (0, 3)
        assert function(three, nothing).shape == (3, 0)
        assert function(nothing, nothing).shape == (0, 0)
    assert area(nothing).shape == (0,)
    for source in FORMS:
        assert convert(nothing, source, "xywh").shape == (0, 4)
    assert clip(nothing, 5, 6).shape == to_relative(nothing, 5, 6).shape == (0, 4)
    assert to_absolute(nothing, 5, 6).shape == (0, 4)


ONE = [[0, 0, 1, 1]]


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (
            lambda: iou([*ONE, [5, 0, 1, 1]], ONE),
            r"a\[1\] is \[5.0, 0.0, 1.0, 1.0\]; .*x_min ≤ x_max",
        ),
        (lambda: giou(ONE, [[0, 5, 1, 1]]), r"b\[0\] is .*y_min ≤ y_max"),
        (lambda: iou([[0, 0, np.nan, 1]], ONE), r"a\[0\] is \[0.0, 0.0, nan, 1.0\]; .*finite"),
        (lambda: area([[0, 0, np.inf, 1]]), r"boxes\[0\] is .*finite"),
        (lambda: area([0, 0, 1, 1]), r"boxes has shape \(4,\); expected \(N, 4\)"),
        (lambda: area(np.zeros((0, 5))), r"boxes has shape \(0, 5\)"),
        (lambda: area(np.zeros((2, 4, 1))), r"boxes has shape \(2, 4, 1\)"),
        (
            lambda: area([[0, 0, 1], [0, 0, 1, 1]]),
            r"boxes is not an array; expected shape \(N, 4\)",
        ),
        (lambda: area([["a", "b", "c", "d"]]), r"boxes has dtype <U1; expected \(N, 4\) numbers"),
        (lambda: convert([[0, 0, -1, 1]], "xywh", "xyxy"), r"boxes\[0\] is .*at least 0"),
        (lambda: convert([[0, 0, 1, -1]], "cxcywh", "xyxy"), r"boxes\[0\] is .*at least 0"),
        (lambda: convert([[9, 0, 1, 1]], "xyxy", "xywh"), r"boxes\[0\] is .*x_min ≤ x_max"),
        (lambda: convert(ONE, "yxyx", "xywh"), "source is 'yxyx'; expected one of 'xyxy'"),
        (lambda: convert(ONE, "xyxy", None), "target is None"),
        (lambda: clip(ONE, 0, 5), "height is 0; expected a whole number, at least 1"),
        (lambda: to_relative(ONE, 5, 2.5), "width is 2.5"),
        (lambda: to_absolute([[3, 0, 1, 1]], 5, 5), r"boxes\[0\] is"),
    ],
)
def test_bad_input_is_told_in_words(call, words):
    with pytest.raises(ValueError, match=words):
        call()
