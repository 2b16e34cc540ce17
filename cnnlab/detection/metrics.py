"""How good is a detector? Average precision, as Pascal VOC and COCO define it.

A detection is right if it overlaps an object of its class enough, and no surer detection has found
that object before. Precision is the share of detections that are right, recall the share of objects
that are found. Both change with the score from which on a detection counts: average precision looks
at all such thresholds together.

Detections of an image are (boxes (K, 4), labels (K,), scores (K,)). Its truth is (boxes (N, 4),
labels (N,)), or (boxes, labels, ignored (N,)). An ignored object (COCO's crowd, VOC's "difficult")
need not be found, and a detection of it is neither right nor wrong; any number of detections may
fall on it. It stands for a region with who knows how many objects, so what counts is which share of
the DETECTION lies in it, instead of the IoU.

M. Everingham and others, The Pascal visual object classes (VOC) challenge, IJCV 2010, section 4.2.
T.-Y. Lin and others, Microsoft COCO: common objects in context, ECCV 2014, and its pycocotools.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from cnnlab.checks import share, whole
from cnnlab.detection import checks
from cnnlab.detection.boxes import areas, intersection, iou, ratio

COCO_IOUS = tuple(np.linspace(0.5, 0.95, 10).tolist())  #: COCO's thresholds: 0.50, 0.55, …, 0.95
MOST = 100  # detections of a class that count in one image, the surest ones, as in COCO
LEVELS = {  # of recall
    11: np.arange(11) / 10,
    101: np.linspace(0, 1, 101),  # as pycocotools has them: 0.29 is 0.29000000000000004
}


class Curve(NamedTuple):
    """Precision and recall if the first, the first two, the first three … detections count."""

    precision: np.ndarray  #: (K,)
    recall: np.ndarray  #: (K,), rising
    scores: np.ndarray  #: (K,), of the detections, the surest first


class Evaluation(NamedTuple):
    """Average precision of each class at each IoU threshold."""

    ap: np.ndarray  #: (thresholds, classes); NaN for a class without objects
    iou_thresholds: tuple[float, ...]

    @property
    def mean(self) -> float:
        """mAP over the classes and the thresholds: with `COCO_IOUS`, mAP at 0.5:0.95."""
        return _mean(self.ap)

    def mean_at(self, iou_threshold: float) -> float:
        """mAP over the classes at one of the thresholds, such as 0.5."""
        near = np.isclose(self.iou_thresholds, iou_threshold, rtol=0, atol=1e-9)
        if not near.any():
            raise ValueError(
                f"iou_threshold is {iou_threshold!r}; expected one of {self.iou_thresholds}"
            )
        return _mean(self.ap[near.argmax()])


def match(
    detections: Sequence[Any], truth: Sequence[Any], iou_threshold: float = 0.5
) -> np.ndarray:
    """Which object each detection of an image has found.

    The surest detection chooses first (of equal scores the first one). It takes the object of its
    class with the largest IoU among those that reach the threshold and are not taken yet (of equal
    ones the last, as in pycocotools), and only if there is none, an ignored one. An object that it
    does not touch is never found, whatever the threshold.

    Parameters
    ----------
    detections
        (boxes ``(K, 4)``, labels ``(K,)``, scores ``(K,)``); K may be 0.
    truth
        (boxes ``(N, 4)``, labels ``(N,)``), or with ignored ``(N,)``; N may be 0.
    iou_threshold
        From 0 to 1. The threshold itself is enough.

    Returns
    -------
    numpy.ndarray
        ``(K,)``, for each detection, in the order in which they came, the index of its object in
        `truth`, or −1.

    Raises
    ------
    ValueError
        If an argument is not one of these.
    """
    found, there = _detections("detections", detections), _truth("truth", truth)
    threshold = share("iou_threshold", iou_threshold)
    matches = np.full(len(found.scores), -1)
    for label in np.unique(found.labels):
        which, objects = _surest(found, label), np.flatnonzero(there.labels == label)
        (taken,) = _matched(found.boxes[which], *there.of(objects), np.array([threshold]))
        matches[which[taken >= 0]] = objects[taken[taken >= 0]]
    return matches


def precision_recall(
    detections: Sequence[Sequence[Any]],
    truths: Sequence[Sequence[Any]],
    label: int,
    iou_threshold: float = 0.5,
) -> Curve:
    """The precision-recall curve of one class over many images.

    Parameters
    ----------
    detections, truths
        For each image what :func:`match` takes. Of a class, the 100 surest detections of an image
        count.
    label
        The class.
    iou_threshold
        From 0 to 1.

    Returns
    -------
    Curve
        K is the number of detections of the class, less those that fell on ignored objects. It may
        be 0.

    Raises
    ------
    ValueError
        If an argument is not one of these, or there is no object of the class: then recall, a share
        of the objects, means nothing.
    """
    images = _images(detections, truths, None)
    label = whole("label", label, 0)
    threshold = np.array([share("iou_threshold", iou_threshold)])
    if not _objects(images, label):
        raise ValueError(f"label is {label}; expected a class of which truths has an object")
    (curve,) = _curves(images, label, threshold)
    return curve


def average_precision(precision: ArrayLike, recall: ArrayLike, points: int | str = "all") -> float:
    """The mean precision over all levels of recall, from 0 to 1.

    The precision at a level is the best one that can be had with this recall or more (so the curve
    only falls), and 0 if it is never reached.

    Parameters
    ----------
    precision, recall
        ``(K,)``, as in :class:`Curve`; K may be 0.
    points
        ``"all"``: the area under that curve (VOC from 2010 on); 11: the mean at recall 0, 0.1, …, 1
        (VOC until 2009); 101: at 0, 0.01, …, 1 (COCO).

    Raises
    ------
    ValueError
        If the two differ in length, are not shares from 0 to 1, recall falls anywhere, or `points`
        is another.
    """
    if isinstance(points, bool) or points not in ("all", *LEVELS):
        raise ValueError(f"points is {points!r}; expected 'all', 11 or 101")
    precision, recall = _shares("precision", precision), _shares("recall", recall)
    if len(precision) != len(recall):
        raise ValueError(
            f"precision has length {len(precision)} and recall {len(recall)}; expected the same"
        )
    if (np.diff(recall) < 0).any():
        raise ValueError("recall falls; expected one that rises from detection to detection")
    best = np.maximum.accumulate(precision[::-1])[::-1]
    if points == "all":
        return float(np.diff(recall, prepend=0) @ best)
    reached = recall.searchsorted(LEVELS[points])
    return float(np.append(best, 0)[reached].mean())


def evaluate(
    detections: Sequence[Sequence[Any]],
    truths: Sequence[Sequence[Any]],
    classes: int,
    iou_thresholds: Sequence[float] = (0.5,),
    points: int | str = 101,
) -> Evaluation:
    """Average precision of a detector, class by class.

    Parameters
    ----------
    detections, truths
        For each image what :func:`match` takes. Detections with low scores belong here too: they
        can add recall, and hardly harm. Of a class, the 100 surest ones of an image count.
    classes
        How many; labels are from 0 to ``classes − 1``.
    iou_thresholds
        How much overlap makes a detection right. ``COCO_IOUS`` are the ten of mAP at 0.5:0.95.
    points
        As in :func:`average_precision`.

    Returns
    -------
    Evaluation
        Its ``ap`` is ``(thresholds, classes)``; ``mean`` and ``mean_at(0.5)`` are mAP.

    Raises
    ------
    ValueError
        If an argument is not one of these: a label outside the classes, lists of unequal length,
        NaN.
    """
    classes = whole("classes", classes, 1)
    images = _images(detections, truths, classes)
    thresholds = tuple(share("iou_thresholds", t) for t in iou_thresholds)
    if not thresholds:
        raise ValueError("iou_thresholds is empty; expected at least one")
    average_precision([], [], points)  # says if points is another
    ap = np.full((len(thresholds), classes), np.nan)
    for label in range(classes):
        if _objects(images, label):
            curves = _curves(images, label, np.array(thresholds))
            ap[:, label] = [average_precision(c.precision, c.recall, points) for c in curves]
    return Evaluation(ap, thresholds)


# ---- reading ----


class _Found(NamedTuple):
    boxes: np.ndarray
    labels: np.ndarray
    scores: np.ndarray


class _Truth(NamedTuple):
    boxes: np.ndarray
    labels: np.ndarray
    ignored: np.ndarray

    def of(self, which: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return self.boxes[which], self.ignored[which]


_Images = list[tuple[_Found, _Truth]]


def _detections(name: str, value: Sequence[Any], classes: int | None = None) -> _Found:
    if not isinstance(value, Sequence) or len(value) != 3:
        raise ValueError(f"{name} is no triple; expected (boxes, labels, scores)")
    boxes = checks.boxes(f"boxes of {name}", value[0])
    labels = checks.labels(f"labels of {name}", value[1], len(boxes), classes)
    return _Found(boxes, labels, checks.scores(f"scores of {name}", value[2], len(boxes)))


def _truth(name: str, value: Sequence[Any], classes: int | None = None) -> _Truth:
    if not isinstance(value, Sequence) or len(value) not in (2, 3):
        raise ValueError(f"{name} is no pair; expected (boxes, labels) or (boxes, labels, ignored)")
    boxes = checks.boxes(f"boxes of {name}", value[0])
    labels = checks.labels(f"labels of {name}", value[1], len(boxes), classes)
    ignored = value[2] if len(value) == 3 else np.zeros(len(boxes), bool)
    return _Truth(boxes, labels, checks.flags(f"ignored of {name}", ignored, len(boxes)))


def _images(
    detections: Sequence[Sequence[Any]], truths: Sequence[Sequence[Any]], classes: int | None
) -> _Images:
    if len(detections) != len(truths):
        raise ValueError(
            f"detections has {len(detections)} images and truths {len(truths)}; expected as many"
        )
    return [
        (_detections(f"detections[{i}]", found, classes), _truth(f"truths[{i}]", there, classes))
        for i, (found, there) in enumerate(zip(detections, truths, strict=True))
    ]


def _shares(name: str, value: ArrayLike) -> np.ndarray:
    array = np.asarray(value, float)
    if array.ndim != 1:
        raise ValueError(f"{name} has shape {array.shape}; expected (K,)")
    if not ((array >= 0) & (array <= 1)).all():  # NaN is neither
        raise ValueError(f"{name} is {array.tolist()}; expected numbers from 0 to 1")
    return array


# ---- counting ----


def _objects(images: _Images, label: int) -> int:
    """How many objects of a class there are to find."""
    return sum(int(((there.labels == label) & ~there.ignored).sum()) for _, there in images)


def _surest(found: _Found, label: int) -> np.ndarray:
    """Indices of the detections of a class, the surest first."""
    which = np.flatnonzero(found.labels == label)
    return which[np.argsort(-found.scores[which], kind="stable")]


def _curves(images: _Images, label: int, thresholds: np.ndarray) -> list[Curve]:
    """The curve of a class for each threshold."""
    scores, right, counts = [np.empty(0)], [], []
    empty = np.empty((len(thresholds), 0), bool)
    for found, there in images:
        which = _surest(found, label)[:MOST]
        boxes, ignored = there.of(np.flatnonzero(there.labels == label))
        matches = _matched(found.boxes[which], boxes, ignored, thresholds)
        # Where nothing is matched, −1 reads the False that is put at the end.
        void = (matches >= 0) & np.append(ignored, False)[matches]
        scores.append(found.scores[which])
        right.append((matches >= 0) & ~void)
        counts.append(~void)
    scores = np.concatenate(scores)
    order = np.argsort(-scores, kind="stable")
    right = np.concatenate([empty, *right], axis=1)[:, order]
    counts = np.concatenate([empty, *counts], axis=1)[:, order]
    objects = _objects(images, label)
    return [_curve(r[c], scores[order][c], objects) for r, c in zip(right, counts, strict=True)]


def _curve(right: np.ndarray, scores: np.ndarray, objects: int) -> Curve:
    hits = right.cumsum()
    return Curve(hits / np.arange(1, len(hits) + 1), hits / objects, scores)


def _matched(
    found: np.ndarray, boxes: np.ndarray, ignored: np.ndarray, thresholds: np.ndarray
) -> np.ndarray:
    """For each threshold and each detection, the surest first, its object or −1: ``(T, K)``."""
    overlaps = iou(found, boxes)
    inside = intersection(found[:, None], boxes[ignored])
    overlaps[:, ignored] = ratio(inside, np.broadcast_to(areas(found)[:, None], inside.shape))
    matches = np.full((len(thresholds), len(found)), -1)
    taken = np.zeros((len(thresholds), len(boxes)), bool)
    for k, row in enumerate(overlaps):
        free = (row >= thresholds[:, None]) & (row > 0) & ~taken
        ordinary = free & ~ignored
        eligible = np.where(ordinary.any(axis=1, keepdims=True), ordinary, free)
        hit = np.flatnonzero(eligible.any(axis=1))
        if len(hit) == 0:
            continue
        backwards = np.where(eligible, row, -1)[:, ::-1]  # so that the last of equal ones is found
        best = len(boxes) - 1 - backwards.argmax(axis=1)
        matches[hit, k] = best[hit]
        taken[hit, best[hit]] = ~ignored[best[hit]]
    return matches


def _mean(ap: np.ndarray) -> float:
    """Over the classes that have objects; NaN if none has."""
    known = ap[~np.isnan(ap)]
    return float(known.mean()) if known.size else float("nan")
