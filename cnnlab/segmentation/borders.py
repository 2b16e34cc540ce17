"""Where one thing ends and the next begins: a weight for narrow gaps, and a score for outlines.

Both measure distances with SciPy, which comes with scikit-image, and which Colab has.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from cnnlab.checks import flag
from cnnlab.segmentation.checks import check_masks, class_weights, measure


def border_weights(
    masks: ArrayLike,
    classes: int = 2,
    weights: Sequence[float] | None = None,
    w0: float = 10.0,
    sigma: float = 5.0,
) -> np.ndarray:
    """U-Net's weight map: pixels of the background count more, the narrower the gap they lie in.

    ``w_c + w0 · exp(−(d₁ + d₂)² / (2σ²))``, where d₁ and d₂ are the distances to the nearest object
    and to the second nearest. It makes a network keep things apart that almost touch. The second
    term is added to the background only: the gaps belong to it.

    Parameters
    ----------
    masks
        ``(N, H, W)``. An object is a connected piece of one class above 0; pieces that touch at a
        corner only are two.
    classes
        How many, the background (0) included.
    weights
        w_c, ``(classes,)``, to balance the classes; None: all 1.
    w0
        What a pixel counts more where two objects all but touch.
    sigma
        How narrow a gap has to be, in pixels.

    Returns
    -------
    numpy.ndarray
        ``(N, H, W)``, float32: what ``fit`` takes as ``sample_weight``, for a loss with a number
        for each pixel. An image with fewer than two objects has no gaps.

    Raises
    ------
    ValueError
        If `masks` is not as above, or a number is not positive, or w0 is negative.
    ImportError
        If SciPy is not installed.

    References
    ----------
    O. Ronneberger, P. Fischer, T. Brox, U-Net, MICCAI 2015, section 3, equation 2.
    """
    masks = check_masks(masks, classes)
    each = class_weights(weights, classes)
    w0, sigma = measure("w0", w0), measure("sigma", sigma, above=True)
    found = each[masks]
    for mask, weight in zip(masks, found, strict=True):
        gap = _two_nearest(mask, classes)  # d₁ + d₂
        weight[mask == 0] += w0 * np.exp(-(gap[mask == 0] ** 2) / (2 * sigma**2))
    return found.astype(np.float32)


def _two_nearest(mask: np.ndarray, classes: int) -> np.ndarray:
    """The distances of each pixel to the two nearest objects, added; infinite if there are fewer.

    One object at a time, so that the memory does not grow with how many there are.
    """
    from scipy import ndimage

    first = np.full(mask.shape, np.inf)
    second = first.copy()
    for label in range(1, classes):
        pieces, count = ndimage.label(mask == label)
        for piece in range(1, count + 1):
            distance = ndimage.distance_transform_edt(pieces != piece)
            second = np.minimum(second, np.maximum(first, distance))
            first = np.minimum(first, distance)
    return first + second


def boundary_f1(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    classes: int,
    tolerance: float = 2.0,
    per_image: bool = False,
) -> np.ndarray:
    """How well the outlines agree, class by class: what Dice hardly sees of a large thing.

    The outline of a class is its pixels with a neighbour (above, below, left, right) of another
    class; the edge of the image is none. Precision is the share of the predicted outline that is
    near the true one, recall the share of the true outline that is near the predicted one, and F1
    is ``2·P·R / (P + R)``.

    Parameters
    ----------
    y_true, y_pred
        ``(N, H, W)``, whole numbers from 0 to ``classes − 1``.
    classes
        How many, the background included.
    tolerance
        What counts as near, in pixels; itself included.
    per_image
        A number for each image and class, and not the mean over the images.

    Returns
    -------
    numpy.ndarray
        ``(classes,)``, or ``(N, classes)``, from 0 to 1. NaN for a class that neither mask of an
        image has, which the mean leaves out; 0 for one that only one of them has.

    Raises
    ------
    ValueError
        If a mask has another shape than the other, holds no image or no whole numbers, is one-hot,
        or has a label that is no class, or the tolerance is negative.
    ImportError
        If SciPy is not installed.

    References
    ----------
    G. Csurka, D. Larlus, F. Perronnin, What is a good evaluation measure for semantic segmentation?
    BMVC 2013.
    """
    truth = check_masks(y_true, classes, name="y_true")
    found = check_masks(y_pred, classes, truth.shape, "y_pred")
    tolerance = measure("tolerance", tolerance)
    flag("per_image", per_image)
    scores = np.array([
        [_f1(a == label, b == label, tolerance) for label in range(classes)]
        for a, b in zip(truth, found, strict=True)
    ])  # fmt: skip
    if per_image:
        return scores
    there = ~np.isnan(scores)
    count = there.sum(axis=0)
    total = np.where(there, scores, 0).sum(axis=0)
    return np.divide(total, count, out=np.full(classes, np.nan), where=count > 0)


def _f1(truth: np.ndarray, found: np.ndarray, tolerance: float) -> float:
    if not truth.any() and not found.any():
        return np.nan
    a, b = _outline(truth), _outline(found)
    if not a.any() and not b.any():  # each fills the image, or is not there
        return float(truth.any() and found.any())
    if not a.any() or not b.any():
        return 0.0
    precision, recall = _near(b, a, tolerance), _near(a, b, tolerance)
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def _outline(mask: np.ndarray) -> np.ndarray:
    """The pixels of a mask with a neighbour outside of it."""
    around = np.pad(mask, 1, "edge")
    inside = around[:-2, 1:-1] & around[2:, 1:-1] & around[1:-1, :-2] & around[1:-1, 2:]
    return mask & ~inside


def _near(outline: np.ndarray, other: np.ndarray, tolerance: float) -> float:
    """Which share of an outline is at most so far from the other."""
    from scipy import ndimage

    return float((ndimage.distance_transform_edt(~other)[outline] <= tolerance).mean())
