"""Non-max suppression: of many boxes around one object, keep the best.

The lecture's three steps: drop every box with a score of at most 0.6; take the best one that is
left; drop every other box that has an IoU of at least 0.5 with it; and again, while boxes are left.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from cnnlab.checks import number, one_of, share
from cnnlab.detection import checks
from cnnlab.detection.boxes import areas, intersection, ratio

METHODS = ("gaussian", "linear")


class Kept(NamedTuple):
    """The boxes that soft non-max suppression keeps, best first."""

    indices: np.ndarray  #: (K,)
    scores: np.ndarray  #: (K,), what is left of each score


def nms(
    boxes: ArrayLike,
    scores: ArrayLike,
    labels: ArrayLike | None = None,
    iou_threshold: float = 0.5,
    score_threshold: float = 0.6,
) -> np.ndarray:
    """Keep the best of boxes that overlap.

    Parameters
    ----------
    boxes
        ``(N, 4)``, (x_min, y_min, x_max, y_max); N may be 0.
    scores
        ``(N,)``, how sure the detector is of each.
    labels
        ``(N,)``, the class of each, a whole number. Only boxes of one class drop each other: a
        person on a motorcycle is not the motorcycle's double. None: all are of one class.
    iou_threshold
        Boxes with this IoU or more with a better one are dropped; from 0 to 1. Boxes that share
        nothing are never rivals, so at 0 any overlap is enough, and some is needed.
    score_threshold
        Boxes with this score or less are dropped.

    Returns
    -------
    numpy.ndarray
        Indices of the boxes kept, ``(K,)``, best first. Of equal scores the lower index comes
        first, and is the one that drops the other, as in ``tf.image.non_max_suppression``.

    Raises
    ------
    ValueError
        If an argument is not one of these.

    Notes
    -----
    TensorFlow drops an IoU *above* its threshold; here, as in the lecture, the threshold itself is
    dropped too.
    """
    one_class = labels is None
    boxes, scores, labels = _read(boxes, scores, labels)
    iou_threshold = share("iou_threshold", iou_threshold)
    score_threshold = number("score_threshold", score_threshold)
    order = np.argsort(-scores, kind="stable")
    order = order[scores[order] > score_threshold]
    if one_class:
        return order[_greedy(boxes.take(order, axis=0), iou_threshold)]
    kept = np.zeros(len(order), bool)
    for label in np.unique(labels):
        of_class = np.flatnonzero(labels[order] == label)
        kept[of_class] = _greedy(boxes.take(order[of_class], axis=0), iou_threshold)
    return order[kept]


def soft_nms(
    boxes: ArrayLike,
    scores: ArrayLike,
    labels: ArrayLike | None = None,
    method: str = "gaussian",
    sigma: float = 0.5,
    iou_threshold: float = 0.5,
    score_threshold: float = 0.6,
) -> Kept:
    """Lower the scores of boxes that overlap a better one, instead of dropping them at once.

    Where one person stands behind another, two boxes overlap much and both are right. The one
    behind survives if its score can bear the loss.

    N. Bodla and others, Soft-NMS: improving object detection with one line of code, ICCV 2017,
    section 3.

    Parameters
    ----------
    boxes, scores, labels
        As in :func:`nms`, but no score may be negative.
    method
        ``"gaussian"``: a score is multiplied by exp(−IoU² / sigma); ``"linear"``: by 1 − IoU, if
        the IoU is at least `iou_threshold`.
    sigma
        Above 0. The larger, the gentler; "gaussian" only.
    iou_threshold
        From 0 to 1; "linear" only.
    score_threshold
        A box is dropped as soon as this, or less, is left of its score. To measure average
        precision use a low one; the paper's code has 0.001.

    Returns
    -------
    Kept
        Indices and lowered scores, best first; of equal scores the lower index comes first.

    Raises
    ------
    ValueError
        If an argument is not one of these.
    """
    boxes, scores, labels = _read(boxes, scores, labels)
    if scores.size and scores.min() < 0:
        raise ValueError(f"scores[{scores.argmin()}] is {scores.min()}; expected at least 0")
    one_of("method", method, METHODS)
    if not number("sigma", sigma) > 0:
        raise ValueError(f"sigma is {sigma!r}; expected a number above 0")
    iou_threshold = share("iou_threshold", iou_threshold)
    score_threshold = number("score_threshold", score_threshold)
    scores, area, kept = scores.copy(), areas(boxes), []
    left = np.flatnonzero(scores > score_threshold)  # indices, the lowest first
    while len(left):
        best = left[scores[left].argmax()]  # of equal ones the first
        kept.append(best)
        left = left[left != best]
        both = intersection(boxes[left], boxes[best])
        overlap = ratio(both, area[left] + area[best] - both)
        if method == "gaussian":
            weight = np.exp(-(overlap**2) / sigma)
        else:
            weight = np.where(overlap >= iou_threshold, 1 - overlap, 1)
        scores[left] *= np.where(labels[left] == labels[best], weight, 1)
        left = left[scores[left] > score_threshold]
    kept = np.array(kept, int)
    return Kept(kept, scores[kept])


def _read(
    boxes: ArrayLike, scores: ArrayLike, labels: ArrayLike | None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    boxes = checks.boxes("boxes", boxes)
    scores = checks.scores("scores", scores, len(boxes))
    if labels is None:
        return boxes, scores, np.zeros(len(boxes), int)
    return boxes, scores, checks.labels("labels", labels, len(boxes))


def _greedy(boxes: np.ndarray, iou_threshold: float) -> np.ndarray:
    """Which boxes are kept, ``(N,)``, of one class and with the best first.

    Each kept box need not be compared with all others. Boxes are sorted by their left side, and
    those that can reach the threshold t are neighbours there. With a box of width w,

    - one that starts at its right side or further right has nothing in common;
    - one that starts more than w / t to the left of its right side covers, together with it, more
      than w / t of the width, and they share at most w: the IoU is at most the quotient, below t.
    """
    by_left = np.argsort(boxes[:, 0])
    place = np.empty_like(by_left)
    place[by_left] = np.arange(len(boxes))  # of the best box, the second best, …
    # Column by column in memory: all left sides together, and so on.
    boxes = np.asfortranarray(boxes.take(by_left, axis=0))
    area, left, right = areas(boxes), boxes[:, 0], boxes[:, 2]
    # A tiny threshold can be reached from anywhere, and 0 by every box that shares something.
    with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
        reach = right - 1.01 * (right - left) / iou_threshold  # 1.01, so that rounding loses none
    kept, dropped = np.zeros((2, len(boxes)), bool)
    for i in place.tolist():
        if dropped[i]:
            continue
        kept[i] = True
        if area[i] == 0:  # its IoU with every box is 0
            continue
        near = slice(left.searchsorted(reach[i]), left.searchsorted(right[i]))
        both = intersection(boxes[near], boxes[i])
        dropped[near] |= (both / (area[near] + area[i] - both) >= iou_threshold) & (both > 0)
    return kept[place]
