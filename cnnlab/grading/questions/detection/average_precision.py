"""Average precision."""

from collections.abc import Sequence

import numpy as np

from cnnlab.grading.question import (
    FLOAT32,
    Case,
    Question,
    Wrong,
)


def hits_of(found: np.ndarray, scores: np.ndarray) -> list[bool]:
    """Whether each detection is right, the surest first: the first one of each object is."""
    taken, hits = set(), []
    for i in sorted(range(len(found)), key=lambda i: -scores[i]):
        hits.append(found[i] >= 0 and found[i] not in taken)
        taken.add(found[i])
    return hits


def area(hits: Sequence[bool], objects: int, envelope: bool = True) -> float:
    """The area under the curve of these hits, in their order."""
    precision = [sum(hits[: k + 1]) / (k + 1) for k in range(len(hits))]
    total = 0.0
    for k, hit in enumerate(hits):
        if hit:  # recall grows by one object
            total += (max(precision[k:]) if envelope else precision[k]) / objects
    return total


def average_precision(found: np.ndarray, scores: np.ndarray, objects: int) -> float:
    return area(hits_of(found, scores), objects)


def doubles_right(found, scores, objects):
    return area([found[i] >= 0 for i in np.argsort(-scores)], objects)


def doubles_left_out(found, scores, objects):
    order = np.argsort(-scores)
    hits = hits_of(found, scores)
    return area([h for h, i in zip(hits, order, strict=True) if h or found[i] < 0], objects)


def first_in_the_list(found, scores, objects):
    """The double that comes first in the list is the right one, not the surest."""
    hits = hits_of(found, -np.arange(len(found)))
    return area([hits[i] for i in np.argsort(-scores)], objects)


def eleven_points(found, scores, objects):
    hits = np.array(hits_of(found, scores), bool)
    recall, precision = hits.cumsum() / objects, hits.cumsum() / np.arange(1, len(hits) + 1)
    levels = np.arange(11) / 10
    return float(np.mean([max(precision[recall >= level], default=0) for level in levels]))


def slanting(found, scores, objects):
    """Trapezoids from point to point of the curve."""
    hits = np.array(hits_of(found, scores), bool)
    recall = np.append(0, hits.cumsum() / objects)
    precision = np.append(1, hits.cumsum() / np.arange(1, len(hits) + 1))
    return float(np.sum(np.diff(recall) * (precision[1:] + precision[:-1]) / 2))


def average_precision_at_once(found, scores, objects):
    order = np.argsort(-np.asarray(scores))
    found = np.asarray(found)[order]
    hits = np.zeros(len(found), bool)
    hits[np.unique(found, return_index=True)[1]] = True
    hits &= found >= 0
    precision = np.cumsum(hits) / np.arange(1, len(hits) + 1)
    best = np.maximum.accumulate(precision[::-1])[::-1]
    return np.float32(best[hits].sum() / objects)


def precision_cases(rng: np.random.Generator) -> list[Case]:
    few = [0, -1, 1, 2, 1]  # of falling scores: object, or none
    more = [-1, 0, 1, 0, -1, 2, 3, 2, -1, 4]
    many = np.where(rng.random(24) < 0.4, -1, rng.integers(0, 9, 24))
    cases = [shuffled(rng, few, objects=4), shuffled(rng, more, objects=7)]
    nothing = np.zeros(0, int), np.zeros(0), 3
    return [*cases, shuffled(rng, many, objects=12), nothing]


def shuffled(rng: np.random.Generator, found: Sequence[int], objects: int) -> Case:
    """These detections in another order: the second half of them first."""
    scores = np.sort(rng.choice(np.arange(5, 100), len(found), replace=False))[::-1] / 100
    half = len(found) // 2
    order = np.append(rng.permutation(np.arange(half, len(found))), rng.permutation(half))
    return np.array(found)[order], scores[order], objects


QUESTION = Question(
    id="average_precision",
    room="detection",
    title="Average precision",
    points=4,
    level=3,
    kind="function",
    cases=precision_cases,
    oracle=average_precision,
    tolerance=FLOAT32,
    wrong=(
        Wrong(
            "precision without the envelope",
            lambda found, scores, objects: area(hits_of(found, scores), objects, envelope=False),
            "You took the precision at each point as it is. It may rise again later: at a level of"
            " recall counts the best precision that can be had with this recall or more.",
        ),
        Wrong(
            "recall divided by the detections",
            lambda found, scores, objects: area(hits_of(found, scores), max(len(found), 1)),
            "Your recall is a share of the detections. It is a share of the objects: how many of"
            " them were found?",
        ),
        Wrong(
            "recall divided by the found objects",
            lambda found, scores, objects: area(
                hits_of(found, scores), max(sum(hits_of(found, scores)), 1)
            ),
            "Your recall always reaches 1. Objects that no detection has found count too.",
        ),
        Wrong(
            "not sorted by score",
            lambda found, scores, objects: area(hits_of(found, -np.arange(len(found))), objects),
            "The detections counted in the order in which they came. On the curve, the surest one"
            " comes first.",
        ),
        Wrong(
            "the worst detection first",
            lambda found, scores, objects: area(hits_of(found, -scores), objects),
            "You began with the least sure detection: `argsort` gives ascending order.",
        ),
        Wrong(
            "duplicates counted as right",
            doubles_right,
            "An object was found more than once, and each time counted as right. Only one detection"
            " of an object is right, and the others are wrong.",
        ),
        Wrong(
            "duplicates left out",
            doubles_left_out,
            "You left out second detections of an object. They are wrong detections, and lower the"
            " precision as others do.",
        ),
        Wrong(
            "the first duplicate in the list is right",
            first_in_the_list,
            "Of several detections of an object, the one that came first in the list counted as"
            " right. The surest one should.",
        ),
        Wrong(
            "eleven points",
            eleven_points,
            "You took the mean over eleven levels of recall, as VOC did until 2009. The question"
            " asks for the area under the curve.",
        ),
        Wrong(
            "slanting lines between the points",
            slanting,
            "You joined the points of the curve by slanting lines. The curve is a staircase: a step"
            " has one precision.",
        ),
    ),
    alternatives=(average_precision_at_once,),
)
