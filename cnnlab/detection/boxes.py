"""Boxes: what they cover, alone and together.

A box is (x_min, y_min, x_max, y_max), x to the right and y down. It covers [x_min, x_max) ×
[y_min, y_max), so its width is x_max − x_min, and a box around the pixels of columns 2, 3, 4 has
x_min = 2 and x_max = 5. Boxes without width or height are allowed: their area is 0.
"""

import numpy as np
from numpy.typing import ArrayLike

from cnnlab.checks import one_of, whole
from cnnlab.detection import checks

FORMS = ("xyxy", "xywh", "cxcywh")


def convert(boxes: ArrayLike, source: str, target: str) -> np.ndarray:
    """The same boxes, written in another way.

    Parameters
    ----------
    boxes
        ``(N, 4)``; N may be 0.
    source, target
        ``"xyxy"``: x_min, y_min, x_max, y_max; ``"xywh"``: x_min, y_min, width, height (COCO);
        ``"cxcywh"``: x and y of the centre, width, height (YOLO).

    Returns
    -------
    numpy.ndarray
        ``(N, 4)``, in the unit of `boxes`.

    Raises
    ------
    ValueError
        If a form is unknown, `boxes` has another shape or numbers that are not finite, x_min is
        beyond x_max, or a width or height is negative.
    """
    source, target = one_of("source", source, FORMS), one_of("target", target, FORMS)
    if source == "xyxy":
        boxes = checks.boxes("boxes", boxes)
    else:
        boxes = checks.rows("boxes", boxes)
        negative = (boxes[:, 2:] < 0).any(axis=1)
        if negative.any():
            i = int(negative.argmax())
            raise ValueError(
                f"boxes[{i}] is {boxes[i].tolist()}; expected a width and a height of at least 0"
            )
    if source == target:
        return boxes.copy()
    first, second = boxes[:, :2], boxes[:, 2:]
    if source == "xyxy":
        low, size = first, second - first
    else:
        low, size = (first if source == "xywh" else first - second / 2), second
    if target == "xyxy":
        return np.hstack([low, low + size])
    return np.hstack([low if target == "xywh" else low + size / 2, size])


def to_relative(boxes: ArrayLike, height: int, width: int) -> np.ndarray:
    """Boxes in pixels as shares of the image: (0, 0, 1, 1) is all of it.

    Parameters
    ----------
    boxes
        ``(N, 4)``, (x_min, y_min, x_max, y_max); N may be 0.
    height, width
        Of the image, in pixels.

    Raises
    ------
    ValueError
        If `boxes` are no boxes, or a side of the image is not a whole number above 0.
    """
    return checks.boxes("boxes", boxes) / _sides(height, width)


def to_absolute(boxes: ArrayLike, height: int, width: int) -> np.ndarray:
    """Boxes as shares of the image in pixels: what :func:`to_relative` did, undone."""
    return checks.boxes("boxes", boxes) * _sides(height, width)


def clip(boxes: ArrayLike, height: int, width: int) -> np.ndarray:
    """What is inside the image of each box.

    Of a box that lies outside, an empty one is left, at the border.

    Parameters
    ----------
    boxes
        ``(N, 4)``, (x_min, y_min, x_max, y_max) in pixels; N may be 0.
    height, width
        Of the image, in pixels.

    Raises
    ------
    ValueError
        If `boxes` are no boxes, or a side of the image is not a whole number above 0.
    """
    return checks.boxes("boxes", boxes).clip(0, _sides(height, width))


def area(boxes: ArrayLike) -> np.ndarray:
    """The area of each box: ``(N, 4)`` → ``(N,)``. Raises a ValueError if they are no boxes."""
    return areas(checks.boxes("boxes", boxes))


def iou(a: ArrayLike, b: ArrayLike) -> np.ndarray:
    """Intersection over union of each box of `a` with each of `b`.

    Parameters
    ----------
    a, b
        ``(N, 4)`` and ``(M, 4)``, (x_min, y_min, x_max, y_max); N and M may be 0.

    Returns
    -------
    numpy.ndarray
        ``(N, M)``, from 0 (they share nothing) to 1 (they are the same). It is 0 for a box without
        area, even with itself: it covers nothing.

    Raises
    ------
    ValueError
        If one of them has another shape or numbers that are not finite, or x_min is beyond x_max.
    """
    a, b = checks.boxes("a", a)[:, None], checks.boxes("b", b)[None]
    both = intersection(a, b)
    return ratio(both, areas(a) + areas(b) - both)


def giou(a: ArrayLike, b: ArrayLike) -> np.ndarray:
    """Generalised IoU: it also tells how far apart two boxes are that share nothing.

    From the IoU it takes away which share of the smallest box around both is covered by neither. So
    a network can learn from it where IoU is 0 and has no slope.

    H. Rezatofighi and others, Generalized intersection over union, CVPR 2019, algorithm 1.

    Parameters
    ----------
    a, b
        As in :func:`iou`.

    Returns
    -------
    numpy.ndarray
        ``(N, M)``, from −1 (far apart) to 1 (the same), never above the IoU.

    Raises
    ------
    ValueError
        As :func:`iou` does.
    """
    a, b = checks.boxes("a", a)[:, None], checks.boxes("b", b)[None]
    both = intersection(a, b)
    union = areas(a) + areas(b) - both
    corners = [np.minimum(a[..., :2], b[..., :2]), np.maximum(a[..., 2:], b[..., 2:])]
    around = areas(np.concatenate(corners, axis=-1))
    uncovered = np.maximum(around - union, 0)  # rounding can bring it below
    return ratio(both, union) - ratio(uncovered, around)


# ---- the arithmetic, for boxes that were checked: any axes before the four numbers ----


def areas(boxes: np.ndarray) -> np.ndarray:
    """``(..., 4)`` → ``(...)``."""
    return (boxes[..., 2] - boxes[..., 0]) * (boxes[..., 3] - boxes[..., 1])


def intersection(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """The area that boxes share, ``(..., 4)`` with ``(..., 4)``.

    Boxes that miss each other have a negative width or height in common, or both: each is raised to
    0 before the product, for a product of two negative ones would look like an area.
    """
    width = np.minimum(a[..., 2], b[..., 2]) - np.maximum(a[..., 0], b[..., 0])
    height = np.minimum(a[..., 3], b[..., 3]) - np.maximum(a[..., 1], b[..., 1])
    return np.maximum(width, 0) * np.maximum(height, 0)


def ratio(part: np.ndarray, total: np.ndarray) -> np.ndarray:
    """``part / total``, and 0 where the total is 0."""
    return np.divide(part, total, out=np.zeros_like(part), where=total > 0)


def _sides(height: int, width: int) -> np.ndarray:
    height, width = whole("height", height, 1), whole("width", width, 1)
    return np.array([width, height, width, height], float)
