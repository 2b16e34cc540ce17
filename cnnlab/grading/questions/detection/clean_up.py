"""Open task: clean up a crowd of detections."""

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np

from cnnlab.grading.question import (
    Case,
    Question,
)
from cnnlab.grading.questions.detection.iou import iou_at_once, iou_of
from cnnlab.grading.texts import tr


class Truthful(tuple):
    """The arguments of a call, and beside them the truth, which the answer is not asked with."""

    truth: Any = None


STREETS = 100


IMAGE = (96, 128)  # height and width


SIZES = np.array([[30.0, 12], [20, 36], [24, 22]])  # pedestrian, car, motorcycle


IOUS = (0.5, 0.9)  # found at all, and found exactly


GOOD = 0.575  # mean of the mAP at both that is worth all points: medians reach it, means do not


def crowds(rng: np.random.Generator) -> list[Case]:
    """What a raw detector says of streets, with the truth of each beside it."""
    return [crowd(rng) for _ in range(STREETS)]


def crowd(rng: np.random.Generator) -> Truthful:
    truth = objects(rng)
    rows = [row for box, label in zip(*truth, strict=True) for row in seen(rng, box, label)]
    for label in rng.integers(0, 3, rng.integers(3, 8)):  # nothing is there
        rows.append([*somewhere(rng, label), label, rng.uniform(0.1, 0.85)])
    table = rng.permutation(np.array(rows))
    boxes, labels, scores = table[:, :4].round(2), table[:, 4].astype(int), table[:, 5].round(3)
    case = Truthful((boxes, labels, scores))
    case.truth = truth
    return case


def objects(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Two to five objects; those of one class are hardly in each other's way."""
    boxes, labels = [], []
    count = rng.integers(2, 6)
    while len(boxes) < count:
        label = int(rng.integers(3))
        box = somewhere(rng, label)
        if all(iou_of(box, b) < 0.2 for b, c in zip(boxes, labels, strict=True) if c == label):
            boxes.append(box)
            labels.append(label)
    return np.array(boxes), np.array(labels)


def somewhere(rng: np.random.Generator, label: int) -> np.ndarray:
    (H, W), (h, w) = IMAGE, SIZES[label] * rng.uniform(0.8, 1.5)
    x, y = rng.uniform(0, W - w), rng.uniform(0, H - h)
    return np.array([x, y, x + w, y + h])


def seen(rng: np.random.Generator, box: np.ndarray, label: int) -> list[list[float]]:
    """Detections of an object: the farther off, the less sure; sometimes one of another class.

    Three in ten see a part of it only: one of its sides is too far inside.
    """
    size = np.tile(box[2:] - box[:2], 2)
    rows = []
    for _ in range(rng.integers(4, 10)):
        off = rng.uniform(0.02, 0.16)
        score = 0.98 - 0.8 * off - abs(rng.normal(0, 0.2))
        shift = off * rng.normal(size=4).clip(-1.8, 1.8)
        if rng.random() < 0.3:
            side = rng.integers(4)
            shift[side] += rng.uniform(0.2, 0.35) * (1 if side < 2 else -1)
        rows.append([*(box + shift * size), label, max(score, 0.05)])
    if rng.random() < 0.4:
        other = (label + rng.integers(1, 3)) % 3
        shift = 0.1 * rng.normal(size=4).clip(-1.8, 1.8)
        rows.append([*(box + shift * size), other, rng.uniform(0.3, 0.8)])
    return rows


def precisions(outputs: Sequence[Any], cases: Sequence[Truthful]) -> tuple[float, ...]:
    """The mAP at each of the two thresholds."""
    from cnnlab.detection.metrics import evaluate

    truths = [case.truth for case in cases]
    with np.errstate(over="ignore", invalid="ignore"):  # of absurdly large boxes
        return tuple(evaluate(outputs, truths, len(SIZES), (iou,)).mean for iou in IOUS)


MOST = 1000  # boxes in an answer: the score of a million would keep the judge busy


def three_arrays(output: Any) -> bool:
    """Whether a street's answer has the three parts, none of them a single number."""
    if not isinstance(output, (tuple, list)) or len(output) != 3:
        return False
    return all(isinstance(part, (tuple, list)) or getattr(part, "ndim", 0) > 0 for part in output)


def clean_up_score(outputs: Sequence[Any], cases: Sequence[Truthful]) -> tuple[float, str]:
    if any(output is None for output in outputs):
        raise ValueError(tr("The answer is None. Does your function end in `return`?"))
    if not all(map(three_arrays, outputs)):
        raise ValueError(tr("Expected three arrays for each street: boxes, labels and scores."))
    if any(len(labels) > MOST for _, labels, _ in outputs):
        raise ValueError(tr("The answer has more than {} boxes for one street.").format(MOST))
    before = float(np.mean(precisions(cases, cases)))
    found, exact = precisions(outputs, cases)
    reached = (found + exact) / 2
    sentence = tr(
        "On {} streets, mAP is {:.3f} at an IoU of {}, and {:.3f} at {}: {:.3f} on average. As they"
        " came: {:.3f}; full points: {}."
    )
    share = (reached - before) / (GOOD - before)
    return share, sentence.format(len(cases), found, IOUS[0], exact, IOUS[1], reached, before, GOOD)


def fused(boxes, labels, scores, place=lambda boxes, scores: np.median(boxes, axis=0)):
    """Suppression, where those that agree with the best box vote on the place, and on the score."""
    overlap = iou_at_once(boxes, boxes)
    left, found = np.ones(len(boxes), bool), []
    while left.any():
        best = np.where(left, scores, -1).argmax()
        group = left & (labels == labels[best]) & (overlap[best] >= 0.5)
        found.append((place(boxes[group], scores[group]), labels[best], scores[group].sum()))
        left &= ~group
    return tuple(np.array(column) for column in zip(*found, strict=True))


def agreeing(boxes, scores):
    """A mean in which a side counts the less, the farther it is from the median."""
    middle = np.median(boxes, axis=0)
    size = np.tile(middle[2:] - middle[:2], 2)
    weights = np.exp(-((10 * (boxes - middle) / size) ** 2)) * scores[:, None]
    return (weights * boxes).sum(axis=0) / weights.sum(axis=0)


QUESTION = Question(
    id="clean_up",
    room="detection",
    title="Open task: clean up a crowd of detections",
    points=5,
    level=3,
    kind="function",
    cases=crowds,
    score=clean_up_score,
    alternatives=(fused, partial(fused, place=agreeing)),
)
