"""Anchors: a few box shapes, found in the data, that share the work of a cell.

J. Redmon, A. Farhadi, YOLO9000: better, faster, stronger, CVPR 2017, section 2, "Dimension
clusters". A shape is a height and a width; where a box lies plays no part here, so two shapes are
compared as if they had the same centre.
"""

import numpy as np
from numpy.typing import ArrayLike

from cnnlab.checks import whole

STARTS = 10  # k-means ends in the best place near its start, so it starts several times


def kmeans_anchors(sizes: ArrayLike, k: int, seed: int = 0) -> np.ndarray:
    """The `k` shapes that stand best for these sizes: k-means with distance 1 − IoU.

    Euclidean distance would care for large boxes only: 10 pixels off is little for a car in front
    and all for a pedestrian far away. IoU treats both alike.

    Parameters
    ----------
    sizes
        Heights and widths of boxes, ``(N, 2)``, in pixels or any other unit.
    k
        How many anchors.
    seed
        Of the random starts.

    Returns
    -------
    numpy.ndarray
        ``(k, 2)``, heights and widths in the unit of `sizes`, the smallest area first.

    Raises
    ------
    ValueError
        If `sizes` has another shape or a side that is not positive, or fewer than `k` different
        ones.
    """
    sizes, k = shapes("sizes", sizes), whole("k", k, 1)
    different = len(np.unique(sizes, axis=0))
    if k > different:
        raise ValueError(f"k is {k}; expected at most {different}, the number of different sizes")
    rng = np.random.default_rng(seed)
    found = [_improved(sizes, _start(sizes, k, rng)) for _ in range(STARTS)]
    best = max(found, key=lambda anchors: mean_iou(sizes, anchors))
    return best[np.argsort(best.prod(axis=1), kind="stable")]


def assign(sizes: ArrayLike, anchors: ArrayLike) -> np.ndarray:
    """The anchor that each size resembles most, ``(N,)``; of equally good ones the first.

    Parameters
    ----------
    sizes
        Heights and widths, ``(N, 2)``; N may be 0.
    anchors
        ``(k, 2)``, in the same unit.

    Raises
    ------
    ValueError
        If one of them has another shape, or a side that is not positive.
    """
    return shape_iou(sizes, anchors).argmax(axis=1)


def mean_iou(sizes: ArrayLike, anchors: ArrayLike) -> float:
    """How well the anchors stand for the sizes: the mean IoU of each size with its anchor."""
    return float(shape_iou(sizes, anchors).max(axis=1).mean())


def shape_iou(sizes: ArrayLike, anchors: ArrayLike) -> np.ndarray:
    """IoU of each size with each anchor, centre on centre: ``(N, 2)``, ``(k, 2)`` → ``(N, k)``."""
    a, b = shapes("sizes", sizes), shapes("anchors", anchors)
    if len(b) == 0:
        raise ValueError("anchors is empty; expected at least one")
    both = np.minimum(a[:, None], b[None]).prod(axis=2)
    return both / (a.prod(axis=1)[:, None] + b.prod(axis=1)[None] - both)


def shapes(name: str, value: ArrayLike) -> np.ndarray:
    """`value` as heights and widths ``(N, 2)``, if it is such and all are positive; N may be 0."""
    try:
        array = np.asarray(value, dtype=float)
    except (TypeError, ValueError):
        raise ValueError(f"{name} is not an array of numbers; expected (N, 2)") from None
    array = array.reshape(0, 2) if array.size == 0 else array
    if array.ndim != 2 or array.shape[1] != 2:
        raise ValueError(f"{name} has shape {array.shape}; expected (N, 2), heights and widths")
    wrong = ~(np.isfinite(array) & (array > 0)).all(axis=1)
    if wrong.any():
        i = int(wrong.argmax())
        raise ValueError(
            f"{name}[{i}] is {array[i].tolist()}; expected a positive height and width"
        )
    return array


def _start(sizes: np.ndarray, k: int, rng: np.random.Generator) -> np.ndarray:
    """`k` different sizes, far from each other: what is badly covered is likely to come next."""
    chosen = sizes[[rng.integers(len(sizes))]]
    while len(chosen) < k:
        far = (1 - shape_iou(sizes, chosen).max(axis=1)) ** 2 + 1e-12
        far[(sizes[:, None] == chosen[None]).all(axis=2).any(axis=1)] = 0
        chosen = np.vstack([chosen, sizes[rng.choice(len(sizes), p=far / far.sum())]])
    return chosen


def _improved(sizes: np.ndarray, anchors: np.ndarray) -> np.ndarray:
    """Move anchors to the means of their clusters for as long as that raises the mean IoU.

    A mean minimises squared distances, not 1 − IoU, so a step may make a cluster worse: then its
    anchor stays. So the mean IoU never falls, and the loop ends.
    """
    while True:
        nearest = assign(sizes, anchors)
        moved = anchors.copy()
        for j in range(len(anchors)):
            members = sizes[nearest == j]
            if len(members):
                centre = members.mean(axis=0, keepdims=True)
                if mean_iou(members, centre) > mean_iou(members, anchors[[j]]) + 1e-12:
                    moved[j] = centre[0]
        if (moved == anchors).all():
            return anchors
        anchors = moved
