"""Dice and IoU, class by class."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

from cnnlab.grading.question import FLOAT32, Case, Question, Wrong

Masks = np.ndarray
Scores = tuple[list[float], list[float], float]
NOTHING = float("nan")


def counted(truth: Masks, prediction: Masks, label: int) -> tuple[int, int, int]:
    """Pixels of a class: in truth, predicted, and both."""
    in_truth = predicted = both = 0
    for one, other in zip(truth.ravel().tolist(), prediction.ravel().tolist(), strict=True):
        in_truth += one == label
        predicted += other == label
        both += one == other == label
    return in_truth, predicted, both


def dice_of(t: int, p: int, both: int, absent: float = NOTHING) -> float:
    return 2 * both / (t + p) if t + p else absent


def iou_of(t: int, p: int, both: int, absent: float = NOTHING) -> float:
    return both / (t + p - both) if t + p else absent


def mean_of(scores: Sequence[float]) -> float:
    there = [score for score in scores if score == score]
    return sum(there) / len(there) if there else NOTHING


def compared(
    truth: Masks,
    prediction: Masks,
    classes: int,
    dice: Callable[..., float] = dice_of,
    iou: Callable[..., float] = iou_of,
    mean: Callable[[Sequence[float]], float] = mean_of,
) -> Scores:
    counts = [counted(truth, prediction, label) for label in range(classes)]
    dices = [dice(*count) for count in counts]
    return dices, [iou(*count) for count in counts], mean(dices)


def ratio(share: Callable[[int, int, int], tuple[float, float]]) -> Callable[..., float]:
    def score(t: int, p: int, both: int) -> float:
        part, whole = share(t, p, both)
        return part / whole if whole else NOTHING

    return score


def each_image(truth: Masks, prediction: Masks, classes: int) -> Scores:
    """The mean over images of what each of them gives."""
    pairs = zip(truth[:, None], prediction[:, None], strict=True)
    found = np.ma.masked_invalid([compared(*pair, classes)[:2] for pair in pairs])
    dices, ious = found.mean(axis=0).filled(NOTHING)
    return dices, ious, mean_of(dices)


def missed_forgiven(way: Callable[..., float]) -> Callable[..., float]:
    """A class that is not in truth does not count, whatever is predicted."""
    return lambda t, p, both: way(t, p, both) if t else NOTHING


def alarms_forgiven(way: Callable[..., float]) -> Callable[..., float]:
    """A class that is not predicted does not count."""
    return lambda t, p, both: way(t, p, both) if p else NOTHING


def without_background(values: Sequence[float]) -> float:
    return mean_of(values[1:])


def by_pixels(truth: Masks, prediction: Masks, classes: int) -> Scores:
    """The mean weighted by the pixels of a class in truth."""
    dices, ious, _ = compared(truth, prediction, classes)
    weights = np.bincount(truth.ravel(), minlength=classes)
    return dices, ious, float(np.nansum(dices * weights) / weights.sum())


def mean_iou(truth: Masks, prediction: Masks, classes: int) -> Scores:
    dices, ious, _ = compared(truth, prediction, classes)
    return dices, ious, mean_of(ious)


def all_at_once(truth: Masks, prediction: Masks, classes: int) -> Scores:
    """Dice of all classes together, as the third number."""
    dices, ious, _ = compared(truth, prediction, classes)
    return dices, ious, float(np.mean(truth == prediction))


def by_confusion(truth: Masks, prediction: Masks, classes: int) -> Any:
    table = np.bincount((truth * classes + prediction).ravel(), minlength=classes**2)
    table = table.reshape(classes, classes)
    both, sums = np.diag(table), table.sum(axis=0) + table.sum(axis=1)
    with np.errstate(invalid="ignore"):
        dice, iou = 2 * both / sums, both / (sums - both)
    return [dice.astype("float32"), iou, np.nanmean(dice)]


def by_sets(truth: Masks, prediction: Masks, classes: int) -> Any:
    dices, ious = [], []
    for label in range(classes):
        a, b = ({*np.flatnonzero(mask == label).tolist()} for mask in (truth, prediction))
        ious.append(len(a & b) / len(a | b) if a | b else None)
        dices.append(None if ious[-1] is None else 2 * ious[-1] / (1 + ious[-1]))
    mean = np.mean([dice for dice in dices if dice is not None])
    return np.array(dices, float), np.array(ious, float), mean


def mask_cases(rng: np.random.Generator) -> Sequence[Case]:
    """Masks with classes that are nowhere, only in truth, or only predicted."""

    def case(shape: tuple[int, ...], classes: int, unlike: str = "") -> Case:
        """`unlike`: for each class n (nowhere), t (only in truth), p (only predicted) or b."""
        where = unlike.ljust(classes, "b")
        names = {side: [k for k in range(classes) if where[k] in "b" + side] for side in "tp"}
        truth, prediction = (drawn(rng, names[side], shape) for side in "tp")
        agree = (rng.random(shape) < 0.6) & np.isin(truth, names["p"])
        return truth, np.where(agree, truth, prediction), classes

    nothing = np.zeros((1, 2, 3), int)
    return [
        case((1, 3, 4), 3),
        case((2, 5, 7), 4, "bbnb"),
        case((3, 6, 4), 5, "btbpb"),
        case((2, 4, 6), 4, "pbtb"),
        case((2, 7, 5), 6, "btbbpn"),
        (nothing, nothing, 2),
        (nothing, nothing + (np.arange(6).reshape(1, 2, 3) == rng.integers(6)), 3),  # one pixel
    ]


def drawn(rng: np.random.Generator, labels: Sequence[int], shape: tuple[int, ...]) -> Masks:
    """A mask that has each of these labels, not equally often."""
    count = int(np.prod(shape))
    shares = np.arange(len(labels)) + 1.0
    rest = rng.choice(labels, count - len(labels), p=rng.permutation(shares / shares.sum()))
    return rng.permutation(np.append(labels, rest)).reshape(shape)


QUESTION = Question(
    id="dice_and_iou",
    room="segmentation",
    title="Dice and IoU, class by class",
    points=3,
    level=2,
    kind="function",
    cases=mask_cases,
    oracle=compared,
    tolerance=FLOAT32,
    wrong=(
        Wrong(
            "Dice without the 2",
            partial(compared, dice=ratio(lambda t, p, both: (both, t + p))),
            "Your Dice never comes above one half, even when all is right. Truth and prediction are"
            " both counted below the line; how often must their common part be counted above it?",
        ),
        Wrong(
            "union counted twice",
            partial(compared, iou=ratio(lambda t, p, both: (both, t + p))),
            "Your IoU never comes above one half, even when all is right. Adding both areas counts"
            " the pixels that they share twice.",
        ),
        Wrong(
            "the same number twice",
            partial(compared, iou=dice_of),
            "Your IoU is Dice. They rank alike, but they are two numbers.",
        ),
        Wrong(
            "Dice and IoU swapped",
            lambda *case: tuple(compared(*case)[place] for place in (1, 0, 2)),
            "Dice and IoU changed places. Of the two, IoU is never the larger.",
        ),
        Wrong(
            "only the pixels of the truth",
            partial(compared, dice=ratio(lambda t, p, both: (both, t))),
            "You ask which share of the true pixels was found. Whoever paints the whole image gets"
            " full marks for that: false alarms must cost something.",
        ),
        Wrong(
            "only the predicted pixels",
            partial(compared, dice=ratio(lambda t, p, both: (both, p))),
            "You ask which share of the predicted pixels is right. Whoever paints one pixel that is"
            " sure gets full marks for that: what was missed must cost something.",
        ),
        Wrong(
            "absent classes count as 0",
            partial(compared, dice=partial(dice_of, absent=0), iou=partial(iou_of, absent=0)),
            "A class that is nowhere, neither in truth nor in the prediction, counts as missed."
            " Nothing was there to be found. A small number added below the line hides that.",
        ),
        Wrong(
            "absent classes count as 1",
            partial(compared, dice=partial(dice_of, absent=1), iou=partial(iou_of, absent=1)),
            "A class that is nowhere, neither in truth nor in the prediction, gets full marks. Then"
            " the mean rises with each class that one invents. A small number added above and below"
            " the line does that.",
        ),
        Wrong(
            "mean over absent classes",
            partial(compared, mean=lambda dices: float(np.nansum(dices)) / len(dices)),
            "Your mean is divided by all classes, those that are nowhere too. That is the same as"
            " counting them as missed.",
        ),
        Wrong(
            "absent classes spoil the mean",
            partial(compared, mean=lambda dices: float(np.mean(dices))),
            "One class that is nowhere makes your mean NaN. It should be left out of the mean.",
        ),
        Wrong(
            "false alarms left out",
            partial(compared, dice=missed_forgiven(dice_of), iou=missed_forgiven(iou_of)),
            "A class that is not in truth does not count with you, even if it was predicted. Then a"
            " tumour seen in a healthy brain costs nothing.",
        ),
        Wrong(
            "missed classes left out",
            partial(compared, dice=alarms_forgiven(dice_of), iou=alarms_forgiven(iou_of)),
            "A class that was never predicted does not count with you, even if it is there. Then"
            " overlooking a tumour costs nothing.",
        ),
        Wrong(
            "first image only",
            lambda truth, prediction, classes: compared(truth[:1], prediction[:1], classes),
            "You counted the pixels of the first image alone. The masks hold several images, whose"
            " pixels are counted together.",
        ),
        Wrong(
            "mean of images",
            each_image,
            "You took a mean over the images. The question counts the pixels of all images"
            " together, so that an image with few pixels of a class weighs little.",
        ),
        Wrong(
            "background left out of the mean",
            partial(compared, mean=without_background),
            "Your mean leaves out class 0. It often does stand for the background, and is left out"
            " then; here it is a class like the others.",
        ),
        Wrong(
            "mean of IoU",
            mean_iou,
            "Your third number is the mean of the classes' IoU. The question asks for the mean of"
            " their Dice.",
        ),
        Wrong(
            "accuracy in place of the mean",
            all_at_once,
            "Your third number is the share of pixels that are right. There, large classes outvote"
            " small ones: the question asks for the mean of the classes' Dice.",
        ),
        Wrong(
            "mean weighted by pixels",
            by_pixels,
            "In your mean, large classes weigh more than small ones. Each class counts alike.",
        ),
    ),
    alternatives=(by_confusion, by_sets),
)
