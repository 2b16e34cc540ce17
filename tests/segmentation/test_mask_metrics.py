"""Overlap and outlines against pixel by pixel counting, scikit-image and SciPy; the border map."""

import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import ndimage

from cnnlab.segmentation import (
    border_weights,
    boundary_f1,
    check_masks,
    class_dice,
    class_iou,
    confusion,
)


@st.composite
def pairs(draw, classes=4):
    """Two masks; by chance, without one class or another."""
    N, H, W = (draw(st.integers(1, 6)) for _ in range(3))
    rng = np.random.default_rng(draw(st.integers(0, 2**31)))
    some = rng.permutation(classes)[: draw(st.integers(1, classes))]
    a = rng.choice(some, (N, H, W))
    return a, np.where(rng.random((N, H, W)) < draw(st.floats(0, 1)), a, rng.choice(some, a.shape))


def counted(a, b, classes):
    """Sets of pixels, in Python."""
    iou, dice = [], []
    for k in range(classes):
        A = {place for place in np.ndindex(a.shape) if a[place] == k}
        B = {place for place in np.ndindex(b.shape) if b[place] == k}
        iou.append(len(A & B) / len(A | B) if A | B else np.nan)
        dice.append(2 * len(A & B) / (len(A) + len(B)) if A | B else np.nan)
    return iou, dice


@given(pairs())
def test_overlap_is_what_sets_say(pair):
    a, b = pair
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        iou, dice = counted(a, b, 4)
        np.testing.assert_allclose(class_iou(a, b, 4), iou)
        np.testing.assert_allclose(class_dice(a, b, 4), dice)
        rows = [counted(x[None], y[None], 4) for x, y in zip(a, b, strict=True)]
        np.testing.assert_allclose(class_iou(a, b, 4, per_image=True), [row[0] for row in rows])
        np.testing.assert_allclose(class_dice(a, b, 4, per_image=True), [row[1] for row in rows])


@given(pairs())
def test_what_holds_for_any_two_masks(pair):
    a, b = pair
    iou, dice = class_iou(a, b, 4), class_dice(a, b, 4)
    np.testing.assert_allclose(dice, 2 * iou / (1 + iou))
    np.testing.assert_array_equal(dice, class_dice(b, a, 4))
    table = confusion(a, b, 4)
    assert table.sum() == a.size
    np.testing.assert_array_equal(table.T, confusion(b, a, 4))
    np.testing.assert_array_equal(confusion(a, b, 4, per_image=True).sum(axis=0), table)
    same = class_dice(a, a, 4)
    assert (same[~np.isnan(same)] == 1).all()


def test_a_table_by_hand():
    a = np.array([[[0, 0, 1], [2, 2, 1]]])
    b = np.array([[[0, 1, 1], [2, 0, 0]]])
    assert confusion(a, b, 3).tolist() == [[1, 1, 0], [1, 1, 0], [1, 0, 1]]
    np.testing.assert_allclose(class_iou(a, b, 3), [1 / 4, 1 / 3, 1 / 2])
    np.testing.assert_allclose(class_dice(a, b, 3), [2 / 5, 1 / 2, 2 / 3])


def test_absent_classes():
    """From one image; from both masks: NaN; from one of the masks only: 0."""
    a, b = np.zeros((2, 3, 4), int), np.zeros((2, 3, 4), int)
    a[0, 0] = b[0, 0] = 1
    b[1, 2] = 2
    np.testing.assert_allclose(class_dice(a, b, 4)[1:], [1, 0, np.nan])
    np.testing.assert_allclose(
        class_dice(a, b, 4, per_image=True)[:, 1:], [[1, np.nan, np.nan], [np.nan, 0, np.nan]]
    )
    np.testing.assert_allclose(boundary_f1(a, b, 4)[1:], [1, 0, np.nan])
    np.testing.assert_allclose(
        boundary_f1(a, b, 4, per_image=True)[:, 1:], [[1, np.nan, np.nan], [np.nan, 0, np.nan]]
    )


def test_small_integers_do_not_overflow():
    a = np.full((1, 40, 30), 199, np.uint8)
    assert class_dice(a, a, 200)[199] == 1
    assert confusion(a > 0, a > 5, 2).tolist() == [[0, 0], [0, 1200]]


# ---- outlines ----


def outline(mask):
    """By SciPy's erosion with the cross, the edge of the image counted as inside."""
    return mask & ~ndimage.binary_erosion(mask, border_value=1)


def f1_by_distances(a, b, tolerance):
    A, B = np.argwhere(outline(a)), np.argwhere(outline(b))
    far = np.sqrt(((A[:, None] - B[None]) ** 2).sum(axis=-1))
    recall, precision = (far.min(axis=i) <= tolerance for i in (1, 0))
    return 2 * precision.mean() * recall.mean() / max(precision.mean() + recall.mean(), 1e-12)


@given(st.integers(0, 2**31), st.sampled_from([0, 1, 1.5, 3]))
def test_boundary_f1_is_all_distances_compared(seed, tolerance):
    rng = np.random.default_rng(seed)
    a, b = (ndimage.gaussian_filter(rng.random((12, 17)), 2) for _ in range(2))
    a, b = a > np.median(a), b > np.median(b)
    found = boundary_f1(a[None], b[None], 2, tolerance)
    expected = [f1_by_distances(~a, ~b, tolerance), f1_by_distances(a, b, tolerance)]
    np.testing.assert_allclose(found, expected, atol=1e-9)


def test_a_shift_within_the_tolerance_is_forgiven_and_one_beyond_is_not():
    a = np.zeros((1, 40, 50), int)
    a[0, 10:30, 10:40] = 1
    for shift, good in [(0, True), (2, True), (3, False)]:
        score = boundary_f1(a, np.roll(a, shift, axis=2), 2, tolerance=2)[1]
        assert (score == 1) == good
    assert class_dice(a, np.roll(a, 3, axis=2), 2)[1] == pytest.approx(0.9)


def test_what_fills_the_image_has_no_outline():
    full, none = np.ones((1, 4, 5), int), np.zeros((1, 4, 5), int)
    assert boundary_f1(full, full, 2)[1] == 1
    assert boundary_f1(full, none, 2).tolist() == [0, 0]
    half = full.copy()
    half[0, 2:] = 0
    assert boundary_f1(full, half, 2)[1] == 0


# ---- the weight map ----


def test_border_weights_are_the_paper_s_formula():
    rng = np.random.default_rng(0)
    mask = np.zeros((2, 20, 25), int)
    mask[0, 3:9, 4:10], mask[0, 3:9, 13:20], mask[0, 14:18, 5:20] = 1, 1, 2
    mask[1, 3:9, 4:10] = rng.integers(1, 2, (6, 6))  # one object: no gap
    found = border_weights(mask, 3, [0.5, 2, 3], w0=8, sigma=3)
    assert found.dtype == np.float32
    objects = [mask[0] == 2, (mask[0] == 1) & (np.arange(25) < 11), (mask[0] == 1)]
    objects[2] = objects[2] & ~objects[1]
    for i, j in np.ndindex(20, 25):
        d = sorted(np.sqrt(((np.argwhere(one) - (i, j)) ** 2).sum(axis=1).min()) for one in objects)
        expected = [0.5, 2, 3][mask[0, i, j]]
        if mask[0, i, j] == 0:
            expected += 8 * np.exp(-((d[0] + d[1]) ** 2) / (2 * 3**2))
        assert found[0, i, j] == pytest.approx(expected, rel=1e-5)
    assert np.array_equal(found[1], np.where(mask[1] > 0, 2, 0.5))
    assert found[0, 5, 11] > found[0, 5, 0] + 1  # the gap, and the open field


# ---- bad input ----

Y = np.random.default_rng(0).integers(0, 3, (2, 4, 5))


@pytest.mark.parametrize("metric", [confusion, class_iou, class_dice, boundary_f1])
@pytest.mark.parametrize(
    ("a", "b", "words"),
    [
        (255 * (Y > 0), Y, r"y_true has the label 255; expected 0 to 2.*Are these 0 and 255\?"),
        (Y, Y + 1, "y_pred has the label 3; expected 0 to 2, for 3 classes$"),
        (np.arange(100).reshape(1, 10, 10), Y, "labels 3, 4, 5, 6, 7, …; expected 0 to 2"),
        (Y, Y[:, :, :4], r"y_pred has shape \(2, 4, 4\); expected \(2, 4, 5\)"),
        (Y, np.eye(3, dtype=int)[Y], "y_pred has shape .*like one-hot.*y_pred.argmax"),
        (Y, Y.astype(float), "y_pred has dtype float64; expected whole numbers, such as prob"),
        (Y[:0], Y[:0], r"shape \(0, 4, 5\); expected at least one image"),
        (Y[0], Y[0], r"y_true has shape \(4, 5\); expected \(N, H, W\)"),
        ([[[1, 2], [1]]], Y, "y_true is not an array"),
        (Y.astype(str), Y, "y_true has dtype <U"),
        (Y[..., None], Y, r"y_true has shape \(2, 4, 5, 1\).*: y_true\[\.\.\., 0\]$"),
    ],
)
def test_bad_masks_are_told_in_words(metric, a, b, words):
    with pytest.raises(ValueError, match=words):
        metric(a, b, 3)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: class_iou(Y, Y, 1), "classes is 1; expected a whole number, at least 2"),
        (lambda: boundary_f1(Y, Y, 3, tolerance=-1), "tolerance is -1"),
        (lambda: border_weights(Y, 3, sigma=0), "sigma is 0"),
        (lambda: border_weights(Y, 3, w0=-1), "w0 is -1"),
        (lambda: border_weights(Y, 3, [1, 2]), "expected 3 numbers above 0"),
        (lambda: border_weights(Y, 3, [1, 2, np.inf]), "expected 3 numbers above 0"),
        (lambda: border_weights(Y, 3, ["a", 2, 3]), "expected 3 numbers above 0"),
        (lambda: border_weights(Y, 3, w0=np.inf), "w0 is inf; expected a number, at least 0"),
        (lambda: border_weights(Y, 3, w0=None), "w0 is None"),
        (lambda: border_weights(Y, 3, sigma="5"), "sigma is '5'; expected a number, above 0"),
        (lambda: boundary_f1(Y, Y, 3, tolerance="2"), "tolerance is '2'; expected a number"),
        (lambda: boundary_f1(Y, Y, 3, tolerance=np.nan), "tolerance is nan"),
        (lambda: class_dice(Y, Y, 3, per_image="no"), "per_image is 'no'; expected True or False"),
        (lambda: boundary_f1(Y, Y, 3, per_image=1), "per_image is 1; expected True or False"),
        (lambda: border_weights(Y), "masks has the label 2; expected 0 to 1"),
        (lambda: check_masks(Y, 3, (2, 4, 4)), r"masks has shape \(2, 4, 5\); expected"),
    ],
)
def test_bad_options_are_told_in_words(call, words):
    with pytest.raises(ValueError, match=words):
        call()


def test_masks_pass_as_they_are():
    assert check_masks(Y.astype(np.uint8), 3).dtype == np.uint8
    assert check_masks(Y > 0, 2).tolist() == (Y > 0).astype(int).tolist()
