"""Non-max suppression, class by class."""

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np

from cnnlab.grading.question import (
    EXACT,
    Case,
    Question,
    Wrong,
)
from cnnlab.grading.questions.detection.iou import iou_at_once, iou_of


def nms(
    boxes: np.ndarray,
    scores: np.ndarray,
    labels: np.ndarray,
    low: Callable[[float], bool] = lambda score: score <= 0.6,
    much: Callable[[float], bool] = lambda iou: iou >= 0.5,
    per_class: bool = True,
    by_dropped: bool = False,
    sign: int = -1,
) -> np.ndarray:
    kept, before = [], []
    for i in sorted(range(len(boxes)), key=lambda i: sign * scores[i]):
        if low(scores[i]):
            continue
        better = before if by_dropped else kept
        rivals = [j for j in better if labels[i] == labels[j] or not per_class]
        if not any(much(iou_of(boxes[i], boxes[j])) for j in rivals):
            kept.append(i)
        before.append(i)
    return np.array(kept, int)


def class_after_class(boxes, scores, labels):
    kept = nms(boxes, scores, labels)
    return kept[np.argsort(labels[kept], kind="stable")]


def places_in_order(boxes, scores, labels):
    """Indices of the sorted list, not of the boxes that came."""
    place = np.argsort(np.argsort(-scores))
    return place[nms(boxes, scores, labels)]


def only_one_round(boxes, scores, labels):
    """The best of each class drops others, and then everything that is left is kept."""
    order = [i for i in np.argsort(-scores) if scores[i] > 0.6]
    best = {label: next(i for i in order if labels[i] == label) for label in labels[order]}
    kept = [i for i in order if (b := best[labels[i]]) == i or iou_of(boxes[i], boxes[b]) < 0.5]
    return np.array(kept, int)


def nms_at_once(boxes, scores, labels):
    """All IoU first, and the score filter last: a low box never drops a high one."""
    table = iou_at_once(boxes, boxes) * (labels[:, None] == labels[None])
    left, kept = np.argsort(-scores), []
    while len(left):
        kept.append(left[0])
        left = left[table[left[0], left] < 0.5]
        left = left[left != kept[-1]]
    return [i for i in kept if scores[i] > 0.6]


def crowded(
    rng: np.random.Generator, groups: Sequence[Sequence[tuple]], unit: int | None = None
) -> Case:
    """Groups of (x shift, width, label, score), each group somewhere else, in another order."""
    rows, given = [], unit
    for number, group in enumerate(groups):
        y, h, x = 40 * number + rng.integers(0, 9), rng.integers(10, 30), rng.integers(0, 60)
        unit = given or rng.integers(1, 4)
        for shift, width, label, score in group:
            left = x + shift * unit
            rows.append([left, y, left + width * unit, y + h, label, score])
    # The surest box is the last one: the order of the indices is not that of the scores.
    table = np.array(sorted(rows, key=lambda row: row[5]))
    table[:-1] = rng.permutation(table[:-1])
    boxes, labels, scores = table[:, :4], table[:, 4].astype(int), table[:, 5]
    return boxes, scores, labels


def nms_cases(rng: np.random.Generator) -> list[Case]:
    high = np.sort(rng.choice(np.arange(62, 100), 20, replace=False))[::-1] / 100
    low = np.sort(rng.choice(np.arange(5, 58), 4, replace=False))[::-1] / 100
    a, b, c = rng.permutation(3)
    first, second = sorted((a, b))
    # Widths 12 and shifts: 3 → IoU 0.6, 6 → 1/3. A box of half the width inside another: 0.5.
    double = [(0, 12, second, high[0]), (3, 12, second, high[4]), (0, 12, first, high[2])]
    chain = [(0, 12, a, high[1]), (3, 12, a, high[5]), (6, 12, a, high[8])]
    half = [(0, 12, b, high[3]), (6, 6, b, high[7])]
    weak = [(0, 12, c, 0.6)], [(0, 12, c, low[0]), (1, 12, c, low[1])]
    later = [(0, 12, c, high[9]), (1, 12, c, high[12]), (20, 12, c, high[10])]
    mixed = [(0, 12, c, high[11]), (2, 12, a, high[13]), (3, 12, c, low[2])]
    # One box drops three. Widths 50 and a shift of 17: IoU 0.49, and 0.5 with a pixel added.
    pile = [(shift, 12, c, high[14 + shift]) for shift in range(4)]
    nearly = [(0, 50, a, high[6]), (17, 50, a, high[18])]
    edges = [(0, 12, b, 0.61), (20, 12, b, 0.59)]
    nothing = np.zeros((0, 4)), np.zeros(0), np.zeros(0, int)
    return [
        crowded(rng, [double, [(0, 12, first, low[3])]]),
        crowded(rng, [double, chain]),
        crowded(rng, [half, weak[0], later]),
        crowded(rng, [chain, later, half, mixed, *weak, double]),
        crowded(rng, [weak[0], weak[1]]),
        crowded(rng, [pile, nearly, edges], unit=1),
        large(rng),
        nothing,
    ]


def large(rng: np.random.Generator) -> Case:
    """Two boxes of two classes that lie on each other, too large to be moved apart a little."""
    boxes = np.array([[0.0, 0, 700, 500], [10, 20, 720, 500]])
    return boxes, rng.permutation([0.9, 0.8]), rng.permutation(3)[:2]


QUESTION = Question(
    id="nms",
    room="detection",
    title="Non-max suppression, class by class",
    points=4,
    level=2,
    kind="function",
    cases=nms_cases,
    oracle=nms,
    tolerance=EXACT,
    wrong=(
        Wrong(
            "class-agnostic suppression",
            partial(nms, per_class=False),
            "A box was dropped by a box of another class. Each class is suppressed on its own: a"
            " person on a motorcycle is no second motorcycle.",
        ),
        Wrong(
            "IoU of 0.5 kept",
            partial(nms, much=lambda iou: iou > 0.5),
            "Two boxes of a class with an IoU of exactly 0.5 were both kept. Read the lecture's"
            " third step again: what happens at the threshold itself?",
        ),
        Wrong(
            "score of 0.6 kept",
            partial(nms, low=lambda score: score < 0.6),
            "A box with a score of exactly 0.6 was kept. Read the lecture's first step again: what"
            " happens at the threshold itself?",
        ),
        Wrong(
            "score filter forgotten",
            partial(nms, low=lambda score: False),
            "Boxes with a low score are still there. The lecture's first step is missing.",
        ),
        Wrong(
            "suppressed boxes suppress",
            partial(nms, by_dropped=True),
            "A box was dropped by one that had been dropped itself. Only boxes that are kept may"
            " drop others.",
        ),
        Wrong(
            "only one round",
            only_one_round,
            "The best box of a class has dropped others, and then it ended. The steps repeat with"
            " the best of what is left.",
        ),
        Wrong(
            "the worst box first",
            partial(nms, sign=1),
            "You begin with the lowest score, so worse boxes drop better ones. `argsort` gives"
            " ascending order.",
        ),
        Wrong(
            "class after class",
            class_after_class,
            "The right boxes, but class after class. The best box of all comes first, whatever its"
            " class.",
        ),
        Wrong(
            "in the order of the indices",
            lambda *case: np.sort(nms(*case)),
            "The right boxes, but in the order in which they came. The question asks for the best"
            " first.",
        ),
        Wrong(
            "places in the sorted list",
            places_in_order,
            "Your numbers count in the sorted list. The question asks for indices into the boxes as"
            " they came.",
        ),
    ),
    alternatives=(nms_at_once,),
)
