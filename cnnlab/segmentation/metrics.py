"""How good is a mask: which pixels are confused, and how far two masks overlap, class by class.

The truth and the prediction are masks ``(N, H, W)`` of whole numbers; of probabilities, take
``argmax(axis=-1)`` first.

A class that neither of them has, there is nothing to say about: its result is NaN, which
``numpy.nanmean`` leaves out. A class that only one of them has gives 0. So a mean over all classes
is neither better for classes that no image shows, nor silent about a false alarm.
"""

import numpy as np
from numpy.typing import ArrayLike

from cnnlab.checks import flag
from cnnlab.segmentation.checks import check_masks


def confusion(
    y_true: ArrayLike, y_pred: ArrayLike, classes: int, per_image: bool = False
) -> np.ndarray:
    """How many pixels of each class are taken for which.

    Parameters
    ----------
    y_true, y_pred
        ``(N, H, W)``, whole numbers from 0 to ``classes − 1``.
    classes
        How many, the background included.
    per_image
        One table for each image, and not one for all together.

    Returns
    -------
    numpy.ndarray
        ``(classes, classes)``, or ``(N, classes, classes)``: in row t and column p, the pixels of
        class t for which p was predicted.

    Raises
    ------
    ValueError
        If a mask has another shape than the other, holds no image or no whole numbers, is one-hot,
        or has a label that is no class.
    """
    truth = check_masks(y_true, classes, name="y_true")
    found = check_masks(y_pred, classes, truth.shape, "y_pred")
    flag("per_image", per_image)
    N = len(truth)
    # One number for each pair of classes, and each image: then to count is to count numbers.
    pairs = truth.astype(np.int64).reshape(N, -1) * classes + found.reshape(N, -1)
    pairs += np.arange(N)[:, None] * classes**2
    counts = np.bincount(pairs.ravel(), minlength=N * classes**2).reshape(N, classes, classes)
    return counts if per_image else counts.sum(axis=0)


def class_iou(
    y_true: ArrayLike, y_pred: ArrayLike, classes: int, per_image: bool = False
) -> np.ndarray:
    """Intersection over union: the pixels that both have, as a share of those that either has.

    Parameters
    ----------
    y_true, y_pred, classes, per_image
        As in :func:`confusion`.

    Returns
    -------
    numpy.ndarray
        ``(classes,)``, or ``(N, classes)``, from 0 to 1; NaN for a class that neither has.

    Raises
    ------
    ValueError
        As :func:`confusion`.
    """
    common, areas = _overlap(y_true, y_pred, classes, per_image)
    return _share(common, areas - common)


def class_dice(
    y_true: ArrayLike, y_pred: ArrayLike, classes: int, per_image: bool = False
) -> np.ndarray:
    """Dice: the pixels that both have, as a share of the mean of the two areas.

    Of an image and a class it is ``2·IoU / (1 + IoU)``: never smaller than IoU, and both put
    predictions into the same order. It is the F1 score of the class's pixels.

    Parameters
    ----------
    y_true, y_pred, classes, per_image
        As in :func:`confusion`.

    Returns
    -------
    numpy.ndarray
        ``(classes,)``, or ``(N, classes)``, from 0 to 1; NaN for a class that neither has.

    Raises
    ------
    ValueError
        As :func:`confusion`.
    """
    common, areas = _overlap(y_true, y_pred, classes, per_image)
    return _share(2 * common, areas)


def _overlap(
    y_true: ArrayLike, y_pred: ArrayLike, classes: int, per_image: bool
) -> tuple[np.ndarray, np.ndarray]:
    """Of each class, the pixels that both have, and the sum of the two areas."""
    table = confusion(y_true, y_pred, classes, per_image)
    common = np.diagonal(table, axis1=-2, axis2=-1)
    return common, table.sum(axis=-1) + table.sum(axis=-2)


def _share(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    return np.divide(part, whole, out=np.full(whole.shape, np.nan), where=whole > 0)
