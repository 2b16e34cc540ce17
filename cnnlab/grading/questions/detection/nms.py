"""Non-max suppression within each class."""

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np

from cnnlab.grading.question import (
    EXACT,
    Case,
    Question,
    Wrong,
)
from cnnlab.grading.questions.detection.iou import (
    and_a_pixel,
    iou_at_once,
    iou_of,
    ratio,
    smaller,
)


def nms(
    boxes: np.ndarray,
    scores: np.ndarray,
    labels: np.ndarray,
    low: Callable[[float], bool] = lambda score: score <= 0.6,
    much: Callable[[float], bool] = lambda iou: iou >= 0.5,
    per_class: bool = True,
    by_dropped: bool = False,
    sign: int = -1,
    of_two: Callable[..., float] = iou_of,
) -> np.ndarray:
    kept, before = [], []
    for i in sorted(range(len(boxes)), key=lambda i: sign * scores[i]):
        if low(scores[i]):
            continue
        better = before if by_dropped else kept
        rivals = [j for j in better if labels[i] == labels[j] or not per_class]
        if not any(much(of_two(boxes[i], boxes[j])) for j in rivals):
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


def one_dropped_a_round(boxes, scores, labels, skip=False):
    """The best box drops the first of its rivals only, or, if `skip`, not the one after each.

    That one is skipped by a loop that removes from the list over which it walks.
    """
    left = [i for i in np.argsort(-scores) if scores[i] > 0.6]
    kept = []
    while left:
        best = left.pop(0)
        kept.append(best)
        for i in left:
            if labels[i] == labels[best] and iou_of(boxes[i], boxes[best]) >= 0.5:
                left.remove(i)
                if not skip:
                    break
    return np.array(kept, int)


def moved_apart(boxes, scores, labels, pixels=10):
    """Without classes, but with the boxes of each class moved by as many pixels more."""
    return nms(boxes + (labels * pixels)[:, None], scores, labels, per_class=False)


def nms_by_class(boxes, scores, labels):
    """A class after the other, and then all together by their scores, as lists of a list."""
    kept = []
    for label in set(labels.tolist()):
        left = sorted(np.flatnonzero((labels == label) & (scores > 0.6)), key=lambda i: scores[i])
        while left:
            best = left.pop()
            kept.append(int(best))
            left = [i for i in left if iou_of(boxes[i], boxes[best]) < 0.5]
    return sorted(kept, key=lambda i: -scores[i])


def nms_moved_far_apart(boxes, scores, labels):
    """No two classes meet if each has a place of its own."""
    far = boxes.max(initial=0) + 1
    return nms(boxes + (labels * far)[:, None], scores, labels, per_class=False)


def nms_at_once(boxes, scores, labels):
    """All IoU first, and the score filter last: a low box never drops a high one."""
    table = iou_at_once(boxes, boxes) * (labels[:, None] == labels[None])
    left, kept = np.argsort(-scores), []
    while len(left):
        kept.append(left[0])
        left = left[table[left[0], left] < 0.5]
        left = left[left != kept[-1]]
    return [i for i in kept if scores[i] > 0.6]


Group = Sequence[tuple[float, float, float, float, int, float]]  # x, y, w, h, label, score


def crowded(rng: np.random.Generator, groups: Sequence[Group], apart: int = 40) -> Case:
    """Groups of boxes, each group below the one before it, in another order."""
    rows = []
    for number, group in enumerate(groups):
        left, top = rng.integers(0, 60), apart * number + rng.integers(0, 9)
        for x, y, w, h, label, score in group:
            rows.append([left + x, top + y, left + x + w, top + y + h, label, score])
    # The surest box is the last one: the order of the indices is not that of the scores.
    table = np.array(sorted(rows, key=lambda row: row[5]))
    table[:-1] = rng.permutation(table[:-1])
    boxes, labels, scores = table[:, :4], table[:, 4].astype(int), table[:, 5]
    return boxes, scores, labels


def row(rng: np.random.Generator, *places: tuple[int, int, int, float]) -> Group:
    """Boxes of one height side by side: (shift, width, label, score), in some unit."""
    unit, h = int(rng.integers(1, 4)), int(rng.integers(10, 30))
    return [(unit * x, 0, unit * w, h, label, score) for x, w, label, score in places]


def nms_cases(rng: np.random.Generator) -> list[Case]:
    high = np.sort(rng.choice(np.arange(62, 100), 31, replace=False))[::-1] / 100
    low = np.sort(rng.choice(np.arange(5, 59), 4, replace=False))[::-1] / 100
    a, b, c = rng.permutation(3)
    first, second = sorted((a, b))
    # Widths 12 and shifts: 3 → IoU 0.6, 6 → 1/3. A box of half the width inside another: 0.5.
    double = row(rng, (0, 12, second, high[0]), (3, 12, second, high[4]), (0, 12, first, high[2]))
    chain = row(rng, (0, 12, a, high[1]), (3, 12, a, high[5]), (6, 12, a, high[8]))
    half = row(rng, (0, 12, b, high[3]), (6, 6, b, high[7]))
    weak = row(rng, (0, 12, c, 0.6))
    weaker = row(rng, (0, 12, c, low[0]), (1, 12, c, low[1]))
    later = row(rng, (0, 12, c, high[9]), (1, 12, c, high[12]), (20, 12, c, high[10]))
    mixed = row(rng, (0, 12, c, high[11]), (2, 12, a, high[13]), (3, 12, c, low[2]))
    # One winner and four rivals, of which each would drop the others too.
    places = zip((0, 1, 2, 1, 0), (12, 12, 11, 10, 11), (*high[14:18], high[30]), strict=True)
    crowd = row(rng, *((x, w, a, score) for x, w, score in places))
    # Near the thresholds on both sides, and hardly above and below 0.6.
    near = [
        [(0, 0, 200, 20, b, high[18]), (0, 0, 99, 20, b, high[20])],  # 0.495
        [(0, 0, 200, 20, a, high[19]), (0, 0, 103, 20, a, high[21])],  # 0.515
        [(0, 0, 8, 9, c, high[22]), (0, 0, 5, 7, c, high[23])],  # 0.486; with a pixel more 0.533
        [(0, 0, 10, 20, c, 0.59), (40, 0, 9, 20, c, 0.61)],
        # Inside of a box that is more than twice as large: nearly all of the smaller one is shared.
        [(0, 0, 24, 30, b, high[24]), (2, 3, 12, 20, b, high[25])],
    ]
    # Boxes of neighbouring classes that meet if a class is moved by 10 or by 100 pixels.
    steps = [
        [(0, 0, 30, 20, 1, high[26]), (10, 10, 30, 20, 0, high[27])],
        [(0, 0, 30, 20, 2, high[28]), (100, 100, 30, 20, 1, high[29])],
    ]
    # A pixel in one corner, another in the opposite one: a class moved a pixel too little meets it.
    end, label = int(rng.integers(20, 60)), int(rng.integers(0, 3))
    corners = np.array([[0.0, 0, 1, 1], [end - 1, end - 1, end, end]])
    opposite = corners, rng.permutation([0.7, 0.8]), np.array([label + 1, label])
    nothing = np.zeros((0, 4)), np.zeros(0), np.zeros(0, int)
    return [
        crowded(rng, [double, row(rng, (0, 12, first, low[3]))]),
        crowded(rng, [double, chain]),
        crowded(rng, [half, weak, later]),
        crowded(rng, [chain, later, half, mixed, weak, weaker, double]),
        crowded(rng, [weak, weaker]),
        crowded(rng, [crowd, later]),
        crowded(rng, near),
        crowded(rng, steps, apart=300),
        opposite,
        nothing,
    ]


QUESTION = Question(
    id="nms",
    room="detection",
    title="Non-max suppression within each class",
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
            "IoU threshold too low",
            partial(nms, much=lambda iou: iou >= 0.45),
            "A box was dropped although its IoU with the better one is too small for that. From"
            " which IoU on does the lecture's third step drop?",
        ),
        Wrong(
            "IoU threshold too high",
            partial(nms, much=lambda iou: iou >= 0.55),
            "Two boxes of a class were both kept although their IoU is large enough to drop one."
            " From which IoU on does the lecture's third step drop?",
        ),
        Wrong(
            "a pixel added to each side",
            partial(nms, of_two=and_a_pixel),
            "Your IoU makes boxes a pixel wider and higher than they are, so small boxes overlap"
            " too much. Here a width is a difference, and nothing else.",
        ),
        Wrong(
            "divided by the smaller box",
            partial(nms, of_two=partial(ratio, smaller)),
            "A small box inside a large one was dropped: your overlap is a share of the smaller"
            " box. In the IoU it is a share of what both cover together.",
        ),
        Wrong(
            "classes moved apart too little",
            moved_apart,
            "You move each class to a place of its own, and then forget the classes. Some boxes of"
            " two classes meet there: how far would be far enough for every image?",
        ),
        Wrong(
            "one box dropped a round",
            one_dropped_a_round,
            "The best box has more than one rival, and it dropped the first of them only. Step 3"
            " is for each other box.",
        ),
        Wrong(
            "removed from the list it walks over",
            partial(one_dropped_a_round, skip=True),
            "Of several rivals in a row, some stayed. Do you remove from a list while you walk over"
            " it? Then the one behind the removed one is passed over.",
        ),
        Wrong(
            "score threshold too low",
            partial(nms, low=lambda score: score <= 0.5),
            "A box with too low a score was kept. Which score does the lecture's first step ask"
            " for?",
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
    alternatives=(nms_at_once, nms_by_class, nms_moved_far_apart),
)
