"""Detection: y and its loss, IoU, non-max suppression, YOLO, average precision.

The right answers are written one box, one cell at a time, apart from `cnnlab.detection`. Boxes are
(x_min, y_min, x_max, y_max). What a threshold decides is exact: boxes have whole corners there, and
their IoU is the threshold itself or far from it.
"""

from collections.abc import Callable, Sequence
from functools import partial
from math import floor
from typing import Any

import numpy as np

from cnnlab.grading.question import (
    EXACT,
    FLOAT32,
    Case,
    Question,
    Tolerance,
    Wrong,
    no_arguments,
)
from cnnlab.grading.texts import tr

VERSION = 1


class Truthful(tuple):
    """The arguments of a call, and beside them the truth, which the answer is not asked with."""

    truth: Any = None


# ---- by hand ----


def _by_hand(**mistake: Any) -> dict[str, Any]:
    return {"iou": 8 / 52, "volume": (5, 7, 27), "kept": [1, 2, 0, 5]} | mistake


BY_HAND = Question(
    id="by_hand",
    room="detection",
    title="Three results by hand",
    points=2,
    level=1,
    kind="value",
    cases=no_arguments,
    oracle=_by_hand,
    tolerance=Tolerance(0, 0.002, "by hand, an IoU with three decimals is enough"),
    wrong=(
        Wrong(
            "overlap counted twice in the union",
            partial(_by_hand, iou=8 / 60),
            "The two areas together count one part twice: the one that both boxes cover. The union"
            " has it once.",
        ),
        Wrong(
            "a pixel added to each side",
            partial(_by_hand, iou=15 / 69),
            "Your widths and heights are one too large. In this course a box covers"
            " [x_min, x_max), so its width is a difference and nothing else.",
        ),
        Wrong(
            "divided by the smaller box",
            partial(_by_hand, iou=8 / 24),
            "You divided by the area of the smaller box. The union is all that at least one of the"
            " two boxes covers.",
        ),
        Wrong(
            "divided by the box around both",
            partial(_by_hand, iou=8 / 64),
            "You divided by the rectangle around both boxes. It has corners that neither box"
            " covers, and they are no part of the union.",
        ),
        Wrong(
            "one anchor only",
            partial(_by_hand, volume=(5, 7, 9)),
            "The volume has room for one object in a cell. How many places does a cell have if"
            " there are three anchors?",
        ),
        Wrong(
            "classes only",
            partial(_by_hand, volume=(5, 7, 12)),
            "You counted the classes of each anchor. What else stands in y before the classes?",
        ),
        Wrong(
            "p_c left out",
            partial(_by_hand, volume=(5, 7, 24)),
            "Four numbers for the box and the classes, but which number says whether an object is"
            " there at all?",
        ),
        Wrong(
            "background counted as a class",
            partial(_by_hand, volume=(5, 7, 30)),
            "You gave the background a class of its own. That nothing is there is said by p_c"
            " already.",
        ),
        Wrong(
            "columns before rows",
            partial(_by_hand, volume=(7, 5, 27)),
            "Which comes first, rows or columns? The axes of an image, and of a grid, are (height,"
            " width, channels).",
        ),
        Wrong(
            "class-agnostic suppression",
            partial(_by_hand, kept=[1, 0, 5]),
            "You let a box of one class drop a box of another. A pedestrian in front of a car is"
            " not a second detection of the car.",
        ),
        Wrong(
            "IoU of 0.5 kept",
            partial(_by_hand, kept=[1, 2, 4, 5]),
            "Look at the pair with an IoU of exactly 0.5. Does the lecture's rule say “more than”"
            " or “at least”?",
        ),
        Wrong(
            "score of 0.6 kept",
            partial(_by_hand, kept=[1, 2, 0, 5, 3]),
            "Look at the box with a score of exactly 0.6. Which boxes does the first of the three"
            " steps drop?",
        ),
        Wrong(
            "suppressed boxes suppress",
            partial(_by_hand, kept=[1, 2, 5]),
            "A box that was dropped is gone: it drops no other box any more.",
        ),
        Wrong(
            "not the best first",
            partial(_by_hand, kept=[0, 1, 2, 5]),
            "These are the right boxes, in the order of their numbers. The question asks for"
            " another order.",
        ),
    ),
    alternatives=(lambda: {"iou": 0.154, "volume": [5, 7, 27], "kept": np.array([1, 2, 0, 5])},),
)


# ---- y and its loss ----


def _y(
    box: Any,
    label: int | None,
    prediction: np.ndarray,
    height: int,
    width: int,
    place: Callable[..., list[float]] | None = None,
    first_class: int = 5,
) -> np.ndarray:
    """y, with `place` as its b_x, b_y, b_h, b_w, and the class from index `first_class` on."""
    y = np.zeros(len(prediction))
    if box is not None:
        y[0] = 1
        y[1:5] = (place or _shares)(*box, height, width)
        y[first_class + label] = 1
    return y


def _shares(x0: float, y0: float, x1: float, y1: float, H: int, W: int) -> list[float]:
    return [(x0 + x1) / 2 / W, (y0 + y1) / 2 / H, (y1 - y0) / H, (x1 - x0) / W]


def _masked(y: np.ndarray, prediction: np.ndarray) -> float:
    if y[0] == 0:
        return float(prediction[0] ** 2)
    return float(sum((p - t) ** 2 for p, t in zip(prediction, y, strict=True)))


def _target_and_loss(
    box: Any,
    label: int | None,
    prediction: np.ndarray,
    height: int,
    width: int,
    loss: Callable[..., float] = _masked,
    **mistake: Any,
) -> tuple[np.ndarray, float]:
    y = _y(box, label, prediction, height, width, **mistake)
    return y, loss(y, prediction)


def _class_0_is_background(box, label, prediction, height, width):
    box = box if label else None  # 0 is false too
    return _target_and_loss(box, label, prediction, height, width)


def _no_p_c(box, label, prediction, height, width):
    y = _y(box, label, prediction, height, width)
    y[0] = 0
    return y, _masked(y, prediction)


def _target_in_one_line(box, label, prediction, height, width):
    if box is None:
        return np.zeros_like(prediction), prediction[0] ** 2
    x0, y0, x1, y1 = np.asarray(box) / [width, height, width, height]
    one_hot = np.eye(len(prediction) - 5)[label]
    y = np.array([1, (x0 + x1) / 2, (y0 + y1) / 2, y1 - y0, x1 - x0, *one_hot], "float32")
    return y, np.square(prediction - y).sum()


def _target_cases(rng: np.random.Generator) -> list[Case]:
    cases = []
    for classes, label, sure in ((3, 1, 0), (3, None, 1), (4, 0, 1), (2, None, 0), (5, 4, 1)):
        height, width = (10 * rng.permutation(np.arange(8, 20))[:2]).tolist()
        prediction = rng.uniform(0.05, 0.95, 5 + classes)
        prediction[0] = 0.5 * prediction[0] + 0.5 * sure  # right and wrong about both
        prediction = prediction.round(2)
        box = None if label is None else _inside(rng, height, width)
        cases.append((box, label, prediction, height, width))
    return cases


def _inside(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    """A box in the image, not in its middle, and taller than wide, as shares of the image too."""
    h, w = rng.uniform(0.5, 0.6) * height, rng.uniform(0.2, 0.4) * width
    x, y = rng.uniform(0, 0.1) * width, rng.uniform(0.2, 0.4) * height
    return np.array([x, y, x + w, y + h]).round()


TARGET = Question(
    id="target_and_loss",
    room="detection",
    title="The target vector and its loss",
    points=3,
    level=2,
    kind="function",
    cases=_target_cases,
    oracle=_target_and_loss,
    tolerance=FLOAT32,
    wrong=(
        Wrong(
            "corner instead of centre",
            partial(
                _target_and_loss,
                place=lambda x0, y0, x1, y1, H, W: [x0 / W, y0 / H, (y1 - y0) / H, (x1 - x0) / W],
            ),
            "b_x and b_y are the upper left corner of the box. In y they are another point of it.",
        ),
        Wrong(
            "b_h and b_w swapped",
            partial(_target_and_loss, place=lambda *box: [_shares(*box)[i] for i in (0, 1, 3, 2)]),
            "Width and height stand in each other's place. Look at the order in the lecture's y.",
        ),
        Wrong(
            "height and width of the image swapped",
            partial(_target_and_loss, place=lambda *box: _shares(*box[:4], *box[:3:-1])),
            "What lies along x was divided by the image's height, or what lies along y by its"
            " width.",
        ),
        Wrong(
            "pixels instead of shares",
            partial(_target_and_loss, place=lambda *box: _shares(*box[:4], 1, 1)),
            "The box stands in y in pixels. The network's numbers lie between 0 and 1, so y needs"
            " shares of the image.",
        ),
        Wrong(
            "classes counted from 1",
            partial(_target_and_loss, first_class=4),
            "The 1 of the class stands one place too early. Labels count from 0: which index of y"
            " belongs to label 0?",
        ),
        Wrong(
            "label 0 taken for background",
            _class_0_is_background,
            "An object with label 0 came out as background. In Python 0 is false, so `if label`"
            " does not ask whether there is a label.",
        ),
        Wrong(
            "p_c left 0",
            _no_p_c,
            "p_c says whether there is an object. In your y it is 0 although there is one.",
        ),
        Wrong(
            "loss not masked",
            partial(_target_and_loss, loss=lambda y, p: np.square(p - y).sum()),
            "Without an object, most of y is “don't care”. Your loss asks for zeros there, so the"
            " network is punished for numbers that mean nothing.",
        ),
        Wrong(
            "no loss for background",
            partial(_target_and_loss, loss=lambda y, p: y[0] * _masked(y, p)),
            "Without an object your loss is 0 whatever is predicted. Who then teaches the network"
            " to say that nothing is there?",
        ),
        Wrong(
            "p_c left out of the loss",
            partial(
                _target_and_loss,
                loss=lambda y, p: np.square(p - y)[1:].sum() if y[0] else p[0] ** 2,
            ),
            "With an object, the loss has a term for each number of y. The first one is missing.",
        ),
        Wrong(
            "mean instead of sum",
            partial(
                _target_and_loss,
                loss=lambda y, p: np.square(p - y).mean() if y[0] else p[0] ** 2,
            ),
            "The lecture's loss adds the squared errors up. You took their mean.",
        ),
        Wrong(
            "absolute errors",
            partial(_target_and_loss, loss=lambda y, p: np.abs(p - y).sum() if y[0] else abs(p[0])),
            "You added absolute errors. The lecture's loss has squares, which make one large error"
            " worse than many small ones.",
        ),
        Wrong(
            "masked by the prediction",
            partial(
                _target_and_loss,
                loss=lambda y, p: np.square(p - y)[: None if p[0] > 0.5 else 1].sum(),
            ),
            "Which of the two losses holds is decided by the truth, not by what the network"
            " predicts.",
        ),
    ),
    alternatives=(_target_in_one_line,),
)


# ---- IoU ----


def _sides(box: np.ndarray) -> tuple[float, float]:
    return box[2] - box[0], box[3] - box[1]


def _shared(a: np.ndarray, b: np.ndarray) -> tuple[float, float]:
    """Width and height of what two boxes have in common; negative if there is a gap."""
    return min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])


def _iou(a: np.ndarray, b: np.ndarray) -> float:
    w, h = _shared(a, b)
    both = w * h if w > 0 and h > 0 else 0.0
    return both / (np.prod(_sides(a)) + np.prod(_sides(b)) - both)


def _pairs(a: np.ndarray, b: np.ndarray, of_two: Callable[..., float] = _iou) -> np.ndarray:
    table = np.zeros((len(a), len(b)))
    for i, one in enumerate(a):
        for j, other in enumerate(b):
            table[i, j] = of_two(one, other)
    return table


def _product_clipped(a: np.ndarray, b: np.ndarray) -> float:
    both = max(np.prod(_shared(a, b)), 0)
    return both / (np.prod(_sides(a)) + np.prod(_sides(b)) - both)


def _not_clipped(a: np.ndarray, b: np.ndarray) -> float:
    both = np.prod(_shared(a, b))
    return both / (np.prod(_sides(a)) + np.prod(_sides(b)) - both)


def _ratio(total: Callable[..., float], a: np.ndarray, b: np.ndarray) -> float:
    """The part that both have, divided by another total than the union."""
    w, h = _shared(a, b)
    return max(w, 0) * max(h, 0) / total(a, b)


def _around(a: np.ndarray, b: np.ndarray) -> float:
    return np.prod(np.maximum(a, b)[2:] - np.minimum(a, b)[:2])


def _and_a_pixel(a: np.ndarray, b: np.ndarray) -> float:
    pixel = np.array([0, 0, 1, 1])
    return _iou(a + pixel, b + pixel)


def _as_sizes(a: np.ndarray, b: np.ndarray) -> float:
    """Third and fourth number read as width and height."""
    return _iou(np.append(a[:2], a[:2] + a[2:]), np.append(b[:2], b[:2] + b[2:]))


def _iou_at_once(a, b):
    a, b = np.asarray(a)[:, None], np.asarray(b)[None]
    shared = np.minimum(a[..., 2:], b[..., 2:]) - np.maximum(a[..., :2], b[..., :2])
    both = np.maximum(shared, 0).prod(axis=-1)
    sizes = [np.prod(box[..., 2:] - box[..., :2], axis=-1) for box in (a, b)]
    return both / (sizes[0] + sizes[1] - both)


def _iou_cases(rng: np.random.Generator) -> list[Case]:
    x, y, d = rng.integers(5, 20), rng.integers(5, 20), rng.integers(1, 4)
    one = np.array([x, y, x + 8, y + 6], float)
    some = one + np.array([[4, 2, 4 + d, 2], [9 + d, 8, 9 + d, 8 + d], [10, 1, 9 + d, 2]])
    touching = one + np.array([[8, 0, 8 + d, 1], [0, 6, 1, 6 + d], [2, 1, -2, -1], [0, 0, 0, 0]])
    return [
        (np.array([one]), some),
        (np.array([one, one + 1]), touching),
        (_anywhere(rng, 4), _anywhere(rng, 3)),
        (_anywhere(rng, 6), _anywhere(rng, 9)),
        (np.zeros((0, 4)), _anywhere(rng, 2)),
    ]


def _anywhere(rng: np.random.Generator, count: int) -> np.ndarray:
    corner = rng.uniform(0, 40, (count, 2))
    return np.hstack([corner, corner + rng.uniform(8, 40, (count, 2))]).round(1)


IOU = Question(
    id="iou",
    room="detection",
    title="IoU of every pair",
    points=2,
    level=1,
    kind="function",
    cases=_iou_cases,
    oracle=_pairs,
    tolerance=FLOAT32,
    wrong=(
        Wrong(
            "negative × negative overlap",
            partial(_pairs, of_two=_product_clipped),
            "Two boxes that miss each other in both directions have a positive overlap in your"
            " table. What is the product of a negative width and a negative height?",
        ),
        Wrong(
            "negative overlap",
            partial(_pairs, of_two=_not_clipped),
            "Boxes that miss each other get an overlap that is not 0. Look at the sign of the"
            " common width and of the common height.",
        ),
        Wrong(
            "overlap counted twice in the union",
            partial(
                _pairs,
                of_two=partial(_ratio, lambda a, b: np.prod(_sides(a)) + np.prod(_sides(b))),
            ),
            "You divide by the sum of the two areas. In that sum the common part counts twice: a"
            " box with itself does not reach 1.",
        ),
        Wrong(
            "a pixel added to each side",
            partial(_pairs, of_two=_and_a_pixel),
            "Your widths and heights are one too large, so boxes that only touch overlap. Here a"
            " box covers [x_min, x_max).",
        ),
        Wrong(
            "divided by the smaller box",
            partial(
                _pairs,
                of_two=partial(_ratio, lambda a, b: min(np.prod(_sides(a)), np.prod(_sides(b)))),
            ),
            "You divide by the smaller of the two areas: then a small box inside a large one would"
            " be a perfect match.",
        ),
        Wrong(
            "divided by the first box",
            partial(_pairs, of_two=partial(_ratio, lambda a, b: np.prod(_sides(a)))),
            "You divide by the area of the box of `a` alone. IoU treats both boxes alike.",
        ),
        Wrong(
            "divided by the box around both",
            partial(_pairs, of_two=partial(_ratio, _around)),
            "You divide by the rectangle around both boxes. It has corners that neither of them"
            " covers.",
        ),
        Wrong(
            "corner read as width and height",
            partial(_pairs, of_two=_as_sizes),
            "You read the third and fourth number as a width and a height. A box is (x_min, y_min,"
            " x_max, y_max).",
        ),
        Wrong(
            "rows and columns of the table swapped",
            lambda a, b: _pairs(b, a),
            "The rows of the table belong to the boxes of `a`, its columns to those of `b`. Yours"
            " are the other way round.",
        ),
    ),
    alternatives=(_iou_at_once,),
)


# ---- non-max suppression ----


def _nms(
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
        if not any(much(_iou(boxes[i], boxes[j])) for j in rivals):
            kept.append(i)
        before.append(i)
    return np.array(kept, int)


def _class_after_class(boxes, scores, labels):
    kept = _nms(boxes, scores, labels)
    return kept[np.argsort(labels[kept], kind="stable")]


def _places_in_order(boxes, scores, labels):
    """Indices of the sorted list, not of the boxes that came."""
    place = np.argsort(np.argsort(-scores))
    return place[_nms(boxes, scores, labels)]


def _only_one_round(boxes, scores, labels):
    """The best of each class drops others, and then everything that is left is kept."""
    order = [i for i in np.argsort(-scores) if scores[i] > 0.6]
    best = {label: next(i for i in order if labels[i] == label) for label in labels[order]}
    kept = [i for i in order if (b := best[labels[i]]) == i or _iou(boxes[i], boxes[b]) < 0.5]
    return np.array(kept, int)


def _nms_at_once(boxes, scores, labels):
    """All IoU first, and the score filter last: a low box never drops a high one."""
    table = _iou_at_once(boxes, boxes) * (labels[:, None] == labels[None])
    left, kept = np.argsort(-scores), []
    while len(left):
        kept.append(left[0])
        left = left[table[left[0], left] < 0.5]
        left = left[left != kept[-1]]
    return [i for i in kept if scores[i] > 0.6]


def _crowded(rng: np.random.Generator, groups: Sequence[Sequence[tuple]]) -> Case:
    """Groups of (x shift, width, label, score), each group somewhere else, in another order."""
    rows = []
    for number, group in enumerate(groups):
        y, h, x = 40 * number + rng.integers(0, 9), rng.integers(10, 30), rng.integers(0, 60)
        unit = rng.integers(1, 4)
        for shift, width, label, score in group:
            left = x + shift * unit
            rows.append([left, y, left + width * unit, y + h, label, score])
    # The surest box is the last one: the order of the indices is not that of the scores.
    table = np.array(sorted(rows, key=lambda row: row[5]))
    table[:-1] = rng.permutation(table[:-1])
    boxes, labels, scores = table[:, :4], table[:, 4].astype(int), table[:, 5]
    return boxes, scores, labels


def _nms_cases(rng: np.random.Generator) -> list[Case]:
    high = np.sort(rng.choice(np.arange(61, 100), 20, replace=False))[::-1] / 100
    low = np.sort(rng.choice(np.arange(5, 60), 4, replace=False))[::-1] / 100
    a, b, c = rng.permutation(3)
    first, second = sorted((a, b))
    # Widths 12 and shifts: 3 → IoU 0.6, 6 → 1/3. A box of half the width inside another: 0.5.
    double = [(0, 12, second, high[0]), (3, 12, second, high[4]), (0, 12, first, high[2])]
    chain = [(0, 12, a, high[1]), (3, 12, a, high[5]), (6, 12, a, high[8])]
    half = [(0, 12, b, high[3]), (6, 6, b, high[7])]
    weak = [(0, 12, c, 0.6)], [(0, 12, c, low[0]), (1, 12, c, low[1])]
    later = [(0, 12, c, high[9]), (1, 12, c, high[12]), (20, 12, c, high[10])]
    mixed = [(0, 12, c, high[11]), (2, 12, a, high[13]), (3, 12, c, low[2])]
    nothing = np.zeros((0, 4)), np.zeros(0), np.zeros(0, int)
    return [
        _crowded(rng, [double, [(0, 12, first, low[3])]]),
        _crowded(rng, [double, chain]),
        _crowded(rng, [half, weak[0], later]),
        _crowded(rng, [chain, later, half, mixed, *weak, double]),
        _crowded(rng, [weak[0], weak[1]]),
        nothing,
    ]


NMS = Question(
    id="nms",
    room="detection",
    title="Non-max suppression, class by class",
    points=4,
    level=2,
    kind="function",
    cases=_nms_cases,
    oracle=_nms,
    tolerance=EXACT,
    wrong=(
        Wrong(
            "class-agnostic suppression",
            partial(_nms, per_class=False),
            "A box was dropped by a box of another class. Each class is suppressed on its own: a"
            " person on a motorcycle is no second motorcycle.",
        ),
        Wrong(
            "IoU of 0.5 kept",
            partial(_nms, much=lambda iou: iou > 0.5),
            "Two boxes of a class with an IoU of exactly 0.5 were both kept. Read the lecture's"
            " third step again: what happens at the threshold itself?",
        ),
        Wrong(
            "score of 0.6 kept",
            partial(_nms, low=lambda score: score < 0.6),
            "A box with a score of exactly 0.6 was kept. Read the lecture's first step again: what"
            " happens at the threshold itself?",
        ),
        Wrong(
            "score filter forgotten",
            partial(_nms, low=lambda score: False),
            "Boxes with a low score are still there. The lecture's first step is missing.",
        ),
        Wrong(
            "suppressed boxes suppress",
            partial(_nms, by_dropped=True),
            "A box was dropped by one that had been dropped itself. Only boxes that are kept may"
            " drop others.",
        ),
        Wrong(
            "only one round",
            _only_one_round,
            "The best box of a class has dropped others, and then it ended. The steps repeat with"
            " the best of what is left.",
        ),
        Wrong(
            "the worst box first",
            partial(_nms, sign=1),
            "You begin with the lowest score, so worse boxes drop better ones. `argsort` gives"
            " ascending order.",
        ),
        Wrong(
            "class after class",
            _class_after_class,
            "The right boxes, but class after class. The best box of all comes first, whatever its"
            " class.",
        ),
        Wrong(
            "in the order of the indices",
            lambda *case: np.sort(_nms(*case)),
            "The right boxes, but in the order in which they came. The question asks for the best"
            " first.",
        ),
        Wrong(
            "places in the sorted list",
            _places_in_order,
            "Your numbers count in the sorted list. The question asks for indices into the boxes as"
            " they came.",
        ),
    ),
    alternatives=(_nms_at_once,),
)


# ---- YOLO: from boxes to y ----


def _in_cell(cx, cy, h, w, cell_h, cell_w, anchor):
    """b_x, b_y, b_h, b_w of a box with this centre and size."""
    return [cx / cell_w % 1, cy / cell_h % 1, h / anchor[0], w / anchor[1]]


def _likeness(size: tuple[float, float], anchor: np.ndarray) -> float:
    return _iou(np.array([0, 0, *size]), np.array([0, 0, *anchor]))


def _most_alike(size: tuple[float, float], anchors: np.ndarray) -> int:
    return int(np.argmax([_likeness(size, anchor) for anchor in anchors]))


def _least_alike(size: tuple[float, float], anchors: np.ndarray) -> int:
    return int(np.argmin([_likeness(size, anchor) for anchor in anchors]))


def _encode(
    boxes: np.ndarray,
    labels: np.ndarray,
    grid: tuple[int, int],
    anchors: np.ndarray,
    classes: int,
    size: tuple[int, int],
    numbers: Callable[..., list[float]] = _in_cell,
    choose: Callable[..., int] = _most_alike,
    centre: tuple[float, float] = (0.5, 0.5),
    first_class: int = 5,
    p_c: int = 1,
    swapped: bool = False,
) -> np.ndarray:
    y = np.zeros((*grid, len(anchors), 5 + classes))
    cell_h, cell_w = size[0] / grid[0], size[1] / grid[1]
    for (x0, y0, x1, y1), label in zip(boxes, labels, strict=True):
        h, w = y1 - y0, x1 - x0
        cx, cy = x0 + centre[0] * w, y0 + centre[1] * h
        row, column = floor(cy / cell_h), floor(cx / cell_w)
        k = choose((h, w), anchors)
        place = y[column, row, k] if swapped else y[row, column, k]
        place[:] = 0
        place[:5] = [p_c, *numbers(cx, cy, h, w, cell_h, cell_w, anchors[k])]
        place[first_class + label] = 1
    return y


def _encode_of_image(boxes, labels, grid, anchors, classes, size):
    """b_x and b_y as shares of the image."""

    def numbers(cx, cy, h, w, cell_h, cell_w, anchor):
        return [cx / size[1], cy / size[0], h / anchor[0], w / anchor[1]]

    return _encode(boxes, labels, grid, anchors, classes, size, numbers)


def _encode_all_at_once(boxes, labels, grid, anchors, classes, size):
    y = np.zeros((*grid, len(anchors), 5 + classes), "float32")
    centres = (boxes[:, :2] + boxes[:, 2:])[:, ::-1] / 2 * np.divide(grid, size)  # (N, 2), y first
    sizes = (boxes[:, 2:] - boxes[:, :2])[:, ::-1]
    both = np.minimum(sizes[:, None], anchors).prod(axis=2)
    k = np.argmax(both / (sizes.prod(axis=1)[:, None] + anchors.prod(axis=1) - both), axis=1)
    row, column = centres.astype(int).T
    here = centres - centres.astype(int)
    one_hot = np.eye(classes)[labels]
    columns = [np.ones(len(boxes)), here[:, 1], here[:, 0], sizes / anchors[k], one_hot]
    y[row, column, k] = np.column_stack(columns)
    return y


def _encode_cases(rng: np.random.Generator) -> list[Case]:
    return [
        _street(rng, grid=(1, 2), classes=2, labels=[1]),
        _street(rng, grid=(3, 4), classes=3, labels=[2, 0, 1]),
        _street(rng, grid=(5, 3), classes=4, labels=[1, 3, 2, 1, 0, 3], A=3),
        _street(rng, grid=(4, 6), classes=3, labels=[]),
    ]


def _street(
    rng: np.random.Generator, grid: tuple[int, int], classes: int, labels: list[int], A: int = 2
) -> Case:
    """Objects like the A anchors, in different places. The first two are in one cell.

    Their cells lie in the square part of the grid, so that a swapped row and column exist too.
    """
    cell_h, cell_w = 4 * rng.permutation(np.arange(10, 16))[:2]
    anchors = np.array([[20, 7], [8, 22], [14, 14]])[:A] * rng.uniform(0.9, 1.2, (A, 1))
    anchors = rng.permutation(anchors.round())
    short = min(grid)
    cells = rng.permutation(short * short)[: len(labels)]
    cells[1:2] = cells[:1]
    boxes = []
    for number, cell in enumerate(cells):
        h, w = anchors[number % A] * rng.uniform(0.85, 1.15, 2)
        # Inside the image on the left and above: a corner there has a cell too.
        cx = max((cell % short + rng.uniform(0.1, 0.9)) * cell_w, w / 2)
        cy = max((cell // short + rng.uniform(0.1, 0.9)) * cell_h, h / 2)
        boxes.append([cx - w / 2, cy - h / 2, cx + w / 2, cy + h / 2])
    size = int(grid[0] * cell_h), int(grid[1] * cell_w)
    boxes = np.array(boxes).reshape(-1, 4).round(1)
    return boxes, np.array(labels, int), grid, anchors, classes, size


ENCODE = Question(
    id="encode",
    room="detection",
    title="YOLO: from boxes to y",
    points=4,
    level=3,
    kind="function",
    cases=_encode_cases,
    oracle=_encode,
    tolerance=FLOAT32,
    wrong=(
        Wrong(
            "row and column swapped",
            partial(_encode, swapped=True),
            "An object was put into y[column, row]. Which of the two follows from y, and which"
            " comes first in an array?",
        ),
        Wrong(
            "centre in the image, not in the cell",
            _encode_of_image,
            "b_x and b_y tell where in the image the centre lies. The cell is known already: they"
            " should tell where in the cell.",
        ),
        Wrong(
            "corner instead of centre",
            partial(_encode, centre=(0, 0)),
            "You placed the objects by their upper left corner. Another point of the box decides"
            " which cell finds it.",
        ),
        Wrong(
            "b_x and b_y swapped",
            partial(_encode, numbers=lambda *box: [_in_cell(*box)[i] for i in (1, 0, 2, 3)]),
            "The two numbers of the centre stand in each other's place. Look at the order in y.",
        ),
        Wrong(
            "b_h and b_w swapped",
            partial(_encode, numbers=lambda *box: [_in_cell(*box)[i] for i in (0, 1, 3, 2)]),
            "Width and height stand in each other's place. Look at the order in y.",
        ),
        Wrong(
            "size in pixels",
            partial(_encode, numbers=lambda *box: [*_in_cell(*box)[:2], box[2], box[3]]),
            "b_h and b_w are in pixels. In y a size is compared with something: what does 1 mean"
            " there?",
        ),
        Wrong(
            "size in cells",
            partial(
                _encode,
                numbers=lambda *box: [*_in_cell(*box)[:2], box[2] / box[4], box[3] / box[5]],
            ),
            "b_h and b_w count in cells. In this course they are multiples of something else, which"
            " has the shape of the object.",
        ),
        Wrong(
            "the least similar anchor",
            partial(_encode, choose=_least_alike),
            "Each object went to the anchor that resembles it least. A large IoU of the two shapes"
            " means that they are alike.",
        ),
        Wrong(
            "always the first anchor",
            partial(_encode, choose=lambda size, anchors: 0),
            "All objects went to the first anchor, so two in one cell overwrite each other. Which"
            " anchor is the place of an object?",
        ),
        Wrong(
            "anchors read as (width, height)",
            partial(_encode, choose=lambda size, anchors: _most_alike(size[::-1], anchors)),
            "A tall object went to a wide anchor. An anchor is (height, width): compare height with"
            " height.",
        ),
        Wrong(
            "classes counted from 1",
            partial(_encode, first_class=4),
            "The 1 of the class stands one place too early. Labels count from 0: which index"
            " belongs to label 0?",
        ),
        Wrong(
            "p_c left 0",
            partial(_encode, p_c=0),
            "p_c is 0 although an object is there: a network that learns from this y says that the"
            " street is empty.",
        ),
    ),
    alternatives=(_encode_all_at_once,),
)


# ---- YOLO: from y to boxes ----


def _from_cell(row, column, numbers, cell_h, cell_w, anchor):
    """Centre x and y, height and width, in pixels."""
    b_x, b_y, b_h, b_w = numbers
    return (column + b_x) * cell_w, (row + b_y) * cell_h, b_h * anchor[0], b_w * anchor[1]


def _decode(
    y: np.ndarray,
    anchors: np.ndarray,
    size: tuple[int, int],
    threshold: float,
    box: Callable[..., tuple] = _from_cell,
    score: Callable[[np.ndarray], float] = lambda y: y[0] * max(y[5:]),
    by: Callable[[float], float] = lambda score: -score,
    corners: tuple[float, float] = (-0.5, 0.5),
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rows, columns, count = y.shape[:3]
    found = []
    for row, column, k in np.ndindex(rows, columns, count):
        here = y[row, column, k]
        if score(here) > threshold:
            cell = size[0] / rows, size[1] / columns
            cx, cy, h, w = box(row, column, here[1:5], *cell, anchors[k])
            (a, b), label = corners, int(np.argmax(here[5:]))
            found.append(([cx + a * w, cy + a * h, cx + b * w, cy + b * h], label, score(here)))
    found.sort(key=lambda one: by(one[2]))
    boxes, labels, scores = zip(*found, strict=True) if found else ([], [], [])
    return np.array(boxes, float).reshape(-1, 4), np.array(labels, int), np.array(scores, float)


def _decode_of_image(y, anchors, size, threshold):
    """b_x and b_y read as shares of the image."""

    def box(row, column, numbers, cell_h, cell_w, anchor):
        _, _, h, w = _from_cell(row, column, numbers, cell_h, cell_w, anchor)
        return numbers[0] * size[1], numbers[1] * size[0], h, w

    return _decode(y, anchors, size, threshold, box)


def _decode_all_at_once(y, anchors, size, threshold):
    rows, columns = y.shape[:2]
    scores = y[..., 0] * y[..., 5:].max(axis=-1)
    corner = np.stack(np.meshgrid(np.arange(columns), np.arange(rows)), axis=-1)[:, :, None]
    centre = (corner + y[..., 1:3]) * [size[1] / columns, size[0] / rows]
    half = (y[..., 3:5] * anchors)[..., ::-1] / 2
    boxes = np.concatenate([centre - half, centre + half], axis=-1).reshape(-1, 4)
    order = np.argsort(-scores.ravel())[: (scores > threshold).sum()]
    labels = y[..., 5:].argmax(axis=-1)
    return [boxes[order], labels.ravel()[order], scores.ravel()[order].astype("float32")]


def _decode_cases(rng: np.random.Generator) -> list[Case]:
    shapes = ((2, 1, 1, 2), (3, 4, 2, 3), (5, 2, 3, 2), (2, 3, 1, 3))
    *some, (y, anchors, size, _) = [_predicted(rng, *shape) for shape in shapes]
    return [*some, (y, anchors, size, 0.99)]  # of the last one nothing is left


def _predicted(rng: np.random.Generator, rows: int, columns: int, A: int, classes: int) -> Case:
    """A y as a network gives it, with scores that are all different, half of them high enough."""
    places = rows, columns, A
    y = rng.uniform(0.05, 0.6, (*places, 5 + classes)).round(2)
    y[..., 1:3] += 0.3 * rng.integers(0, 2, (*places, 2))
    y[..., 3:5] = rng.uniform(0.7, 1.5, (*places, 2)).round(2)
    surest = rng.uniform(0.65, 0.95, places).round(2)
    np.put_along_axis(y[..., 5:], rng.integers(classes, size=(*places, 1)), surest[..., None], -1)
    scores = rng.permutation(np.linspace(0.1, 0.5, y[..., 0].size)).reshape(places)
    y[..., 0] = (scores / surest).round(3)
    between = np.sort(y[..., 0] * surest, axis=None)[y[..., 0].size // 2 - 1 :][:2]
    anchors = rng.permutation(np.array([[30.0, 12], [14, 34], [20, 26]]))[:A]
    size = int(rows * rng.integers(20, 30)), int(columns * rng.integers(31, 40))
    return y, anchors, size, round(float(between.mean()), 3)


DECODE = Question(
    id="decode",
    room="detection",
    title="YOLO: from y to boxes",
    points=3,
    level=2,
    kind="function",
    cases=_decode_cases,
    oracle=_decode,
    tolerance=FLOAT32,
    wrong=(
        Wrong(
            "row and column swapped",
            partial(_decode, box=lambda row, column, *rest: _from_cell(column, row, *rest)),
            "A cell further down has moved your box to the right. Does the row belong to x or to"
            " y?",
        ),
        Wrong(
            "height and width of a cell swapped",
            partial(
                _decode,
                box=lambda row, column, numbers, h, w, a: _from_cell(row, column, numbers, w, h, a),
            ),
            "x counts in widths of a cell, and y in heights. Yours are the other way round.",
        ),
        Wrong(
            "centre in the image, not in the cell",
            _decode_of_image,
            "You read b_x and b_y as shares of the image, so all cells give boxes near the same"
            " place. Where does the cell itself lie?",
        ),
        Wrong(
            "centre taken for the corner",
            partial(_decode, corners=(0, 1)),
            "Your boxes begin at (b_x, b_y). This point is their centre.",
        ),
        Wrong(
            "twice as large",
            partial(_decode, corners=(-1, 1)),
            "Your boxes reach a whole width to the left and a whole width to the right of their"
            " centre.",
        ),
        Wrong(
            "b_h and b_w swapped",
            partial(
                _decode,
                box=lambda row, column, n, *rest: _from_cell(row, column, n[[0, 1, 3, 2]], *rest),
            ),
            "You read width and height from each other's place. Look at the order in y.",
        ),
        Wrong(
            "anchors read as (width, height)",
            partial(
                _decode,
                box=lambda row, column, n, h, w, a: _from_cell(row, column, n, h, w, a[::-1]),
            ),
            "A tall anchor gave a wide box. An anchor is (height, width), as b_h, b_w are.",
        ),
        Wrong(
            "size in cells",
            partial(
                _decode,
                box=lambda row, column, n, h, w, a: _from_cell(row, column, n, h, w, (h, w)),
            ),
            "You took b_h and b_w for multiples of the cell. What does a size of 1 mean in this y?",
        ),
        Wrong(
            "p_c alone as the score",
            partial(_decode, score=lambda y: y[0]),
            "Your score is p_c: how sure it is that something is there. How sure is it that it is"
            " of this class?",
        ),
        Wrong(
            "not sorted",
            partial(_decode, by=lambda score: 0),
            "The right boxes in the order of the cells. The question asks for the surest first.",
        ),
        Wrong(
            "the worst box first",
            partial(_decode, by=lambda score: score),
            "The right boxes, but the surest one is the last: `argsort` gives ascending order.",
        ),
    ),
    alternatives=(_decode_all_at_once,),
)


# ---- average precision ----


def _hits(found: np.ndarray, scores: np.ndarray) -> list[bool]:
    """Whether each detection is right, the surest first: the first one of each object is."""
    taken, hits = set(), []
    for i in sorted(range(len(found)), key=lambda i: -scores[i]):
        hits.append(found[i] >= 0 and found[i] not in taken)
        taken.add(found[i])
    return hits


def _area(hits: Sequence[bool], objects: int, envelope: bool = True) -> float:
    """The area under the curve of these hits, in their order."""
    precision = [sum(hits[: k + 1]) / (k + 1) for k in range(len(hits))]
    total = 0.0
    for k, hit in enumerate(hits):
        if hit:  # recall grows by one object
            total += (max(precision[k:]) if envelope else precision[k]) / objects
    return total


def _average_precision(found: np.ndarray, scores: np.ndarray, objects: int) -> float:
    return _area(_hits(found, scores), objects)


def _doubles_right(found, scores, objects):
    return _area([found[i] >= 0 for i in np.argsort(-scores)], objects)


def _doubles_left_out(found, scores, objects):
    order = np.argsort(-scores)
    hits = _hits(found, scores)
    return _area([h for h, i in zip(hits, order, strict=True) if h or found[i] < 0], objects)


def _first_in_the_list(found, scores, objects):
    """The double that comes first in the list is the right one, not the surest."""
    hits = _hits(found, -np.arange(len(found)))
    return _area([hits[i] for i in np.argsort(-scores)], objects)


def _eleven_points(found, scores, objects):
    hits = np.array(_hits(found, scores), bool)
    recall, precision = hits.cumsum() / objects, hits.cumsum() / np.arange(1, len(hits) + 1)
    levels = np.arange(11) / 10
    return float(np.mean([max(precision[recall >= level], default=0) for level in levels]))


def _slanting(found, scores, objects):
    """Trapezoids from point to point of the curve."""
    hits = np.array(_hits(found, scores), bool)
    recall = np.append(0, hits.cumsum() / objects)
    precision = np.append(1, hits.cumsum() / np.arange(1, len(hits) + 1))
    return float(np.sum(np.diff(recall) * (precision[1:] + precision[:-1]) / 2))


def _average_precision_at_once(found, scores, objects):
    order = np.argsort(-np.asarray(scores))
    found = np.asarray(found)[order]
    hits = np.zeros(len(found), bool)
    hits[np.unique(found, return_index=True)[1]] = True
    hits &= found >= 0
    precision = np.cumsum(hits) / np.arange(1, len(hits) + 1)
    best = np.maximum.accumulate(precision[::-1])[::-1]
    return np.float32(best[hits].sum() / objects)


def _precision_cases(rng: np.random.Generator) -> list[Case]:
    few = [0, -1, 1, 2, 1]  # of falling scores: object, or none
    more = [-1, 0, 1, 0, -1, 2, 3, 2, -1, 4]
    many = np.where(rng.random(24) < 0.4, -1, rng.integers(0, 9, 24))
    cases = [_shuffled(rng, few, objects=4), _shuffled(rng, more, objects=7)]
    nothing = np.zeros(0, int), np.zeros(0), 3
    return [*cases, _shuffled(rng, many, objects=12), nothing]


def _shuffled(rng: np.random.Generator, found: Sequence[int], objects: int) -> Case:
    """These detections in another order: the second half of them first."""
    scores = np.sort(rng.choice(np.arange(5, 100), len(found), replace=False))[::-1] / 100
    half = len(found) // 2
    order = np.append(rng.permutation(np.arange(half, len(found))), rng.permutation(half))
    return np.array(found)[order], scores[order], objects


PRECISION = Question(
    id="average_precision",
    room="detection",
    title="Average precision",
    points=4,
    level=3,
    kind="function",
    cases=_precision_cases,
    oracle=_average_precision,
    tolerance=FLOAT32,
    wrong=(
        Wrong(
            "precision without the envelope",
            lambda found, scores, objects: _area(_hits(found, scores), objects, envelope=False),
            "You took the precision at each point as it is. It may rise again later: at a level of"
            " recall counts the best precision that can be had with this recall or more.",
        ),
        Wrong(
            "recall divided by the detections",
            lambda found, scores, objects: _area(_hits(found, scores), max(len(found), 1)),
            "Your recall is a share of the detections. It is a share of the objects: how many of"
            " them were found?",
        ),
        Wrong(
            "recall divided by the found objects",
            lambda found, scores, objects: _area(
                _hits(found, scores), max(sum(_hits(found, scores)), 1)
            ),
            "Your recall always reaches 1. Objects that no detection has found count too.",
        ),
        Wrong(
            "not sorted by score",
            lambda found, scores, objects: _area(_hits(found, -np.arange(len(found))), objects),
            "The detections counted in the order in which they came. On the curve, the surest one"
            " comes first.",
        ),
        Wrong(
            "the worst detection first",
            lambda found, scores, objects: _area(_hits(found, -scores), objects),
            "You began with the least sure detection: `argsort` gives ascending order.",
        ),
        Wrong(
            "duplicates counted as right",
            _doubles_right,
            "An object was found more than once, and each time counted as right. Only one detection"
            " of an object is right, and the others are wrong.",
        ),
        Wrong(
            "duplicates left out",
            _doubles_left_out,
            "You left out second detections of an object. They are wrong detections, and lower the"
            " precision as others do.",
        ),
        Wrong(
            "the first duplicate in the list is right",
            _first_in_the_list,
            "Of several detections of an object, the one that came first in the list counted as"
            " right. The surest one should.",
        ),
        Wrong(
            "eleven points",
            _eleven_points,
            "You took the mean over eleven levels of recall, as VOC did until 2009. The question"
            " asks for the area under the curve.",
        ),
        Wrong(
            "slanting lines between the points",
            _slanting,
            "You joined the points of the curve by slanting lines. The curve is a staircase: a step"
            " has one precision.",
        ),
    ),
    alternatives=(_average_precision_at_once,),
)


# ---- the open task ----

STREETS = 40
IMAGE = (96, 128)  # height and width
SIZES = np.array([[30.0, 12], [20, 36], [24, 22]])  # pedestrian, car, motorcycle
GOOD = 0.7  # mAP 0.5:0.95 that is worth all points: suppression with averaged boxes has 0.77


def _crowds(rng: np.random.Generator) -> list[Case]:
    """What a raw detector says of streets, with the truth of each beside it."""
    return [_crowd(rng) for _ in range(STREETS)]


def _crowd(rng: np.random.Generator) -> Truthful:
    truth = _objects(rng)
    rows = [row for box, label in zip(*truth, strict=True) for row in _seen(rng, box, label)]
    for label in rng.integers(0, 3, rng.integers(3, 8)):  # nothing is there
        rows.append([*_somewhere(rng, label), label, rng.uniform(0.1, 0.85)])
    table = rng.permutation(np.array(rows))
    boxes, labels, scores = table[:, :4].round(2), table[:, 4].astype(int), table[:, 5].round(3)
    case = Truthful((boxes, labels, scores))
    case.truth = truth
    return case


def _objects(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Two to five objects; those of one class are hardly in each other's way."""
    boxes, labels = [], []
    count = rng.integers(2, 6)
    while len(boxes) < count:
        label = int(rng.integers(3))
        box = _somewhere(rng, label)
        if all(_iou(box, b) < 0.2 for b, c in zip(boxes, labels, strict=True) if c == label):
            boxes.append(box)
            labels.append(label)
    return np.array(boxes), np.array(labels)


def _somewhere(rng: np.random.Generator, label: int) -> np.ndarray:
    (H, W), (h, w) = IMAGE, SIZES[label] * rng.uniform(0.8, 1.5)
    x, y = rng.uniform(0, W - w), rng.uniform(0, H - h)
    return np.array([x, y, x + w, y + h])


def _seen(rng: np.random.Generator, box: np.ndarray, label: int) -> list[list[float]]:
    """Detections of an object: the farther off, the less sure; sometimes one of another class."""
    size = np.tile(box[2:] - box[:2], 2)
    rows = []
    for _ in range(rng.integers(4, 10)):
        off = rng.uniform(0.02, 0.16)
        score = 0.98 - 0.8 * off - abs(rng.normal(0, 0.2))
        rows.append([*(box + rng.normal(0, off, 4) * size), label, max(score, 0.05)])
    if rng.random() < 0.4:
        other = (label + rng.integers(1, 3)) % 3
        rows.append([*(box + rng.normal(0, 0.1, 4) * size), other, rng.uniform(0.3, 0.8)])
    return rows


def _mean_precision(outputs: Sequence[Any], cases: Sequence[Truthful]) -> float:
    from cnnlab.detection.metrics import COCO_IOUS, evaluate

    truths = [case.truth for case in cases]
    with np.errstate(over="ignore", invalid="ignore"):  # of absurdly large boxes
        return evaluate(outputs, truths, len(SIZES), COCO_IOUS).mean


MOST = 1000  # boxes in an answer: the score of a million would keep the judge busy


def _clean_up_score(outputs: Sequence[Any], cases: Sequence[Truthful]) -> tuple[float, str]:
    if any(output is None for output in outputs):
        raise ValueError(tr("The answer is None. Does your function end in `return`?"))
    if any(len(labels) > MOST for _, labels, _ in outputs):
        raise ValueError(tr("The answer has more than {} boxes for one street.").format(MOST))
    before = _mean_precision(cases, cases)
    reached = _mean_precision(outputs, cases)
    sentence = tr(
        "mAP at IoU 0.5:0.95 on {} streets: {:.3f}. As they came: {:.3f}; full points: {}."
    )
    share = (reached - before) / (GOOD - before)
    return share, sentence.format(len(cases), reached, before, GOOD)


def _fused(boxes, labels, scores):
    """Suppression, where those that agree with the best box vote on the place, and on the score."""
    overlap = _iou_at_once(boxes, boxes)
    left, found = np.ones(len(boxes), bool), []
    while left.any():
        best = np.where(left, scores, -1).argmax()
        group = left & (labels == labels[best]) & (overlap[best] >= 0.5)
        weights = scores[group]
        found.append((weights @ boxes[group] / weights.sum(), labels[best], weights.sum()))
        left &= ~group
    return tuple(np.array(column) for column in zip(*found, strict=True))


CLEAN_UP = Question(
    id="clean_up",
    room="detection",
    title="Open task: clean up a crowd of detections",
    points=5,
    level=3,
    kind="function",
    cases=_crowds,
    score=_clean_up_score,
    alternatives=(_fused,),
)


QUESTIONS: tuple[Question, ...] = (
    BY_HAND,
    TARGET,
    IOU,
    NMS,
    ENCODE,
    DECODE,
    PRECISION,
    CLEAN_UP,
)
