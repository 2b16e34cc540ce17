"""The target vector and its loss."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from cnnlab.grading.question import (
    FLOAT32,
    Case,
    Question,
    Wrong,
)


def label_vector(
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
        y[1:5] = (place or shares)(*box, height, width)
        y[first_class + label] = 1
    return y


def shares(x0: float, y0: float, x1: float, y1: float, H: int, W: int) -> list[float]:
    return [(x0 + x1) / 2 / W, (y0 + y1) / 2 / H, (y1 - y0) / H, (x1 - x0) / W]


def masked(y: np.ndarray, prediction: np.ndarray) -> float:
    if y[0] == 0:
        return float(prediction[0] ** 2)
    return float(sum((p - t) ** 2 for p, t in zip(prediction, y, strict=True)))


def target_and_loss(
    box: Any,
    label: int | None,
    prediction: np.ndarray,
    height: int,
    width: int,
    loss: Callable[..., float] = masked,
    **mistake: Any,
) -> tuple[np.ndarray, float]:
    y = label_vector(box, label, prediction, height, width, **mistake)
    return y, loss(y, prediction)


def class_0_is_background(box, label, prediction, height, width):
    box = box if label else None  # 0 is false too
    return target_and_loss(box, label, prediction, height, width)


def another_class(box, label, prediction, height, width, turn):
    """The class so many places after the right one, and after the last one the first."""
    if label is not None:
        label = (label + turn) % (len(prediction) - 5)
    return target_and_loss(box, label, prediction, height, width)


def no_p_c(box, label, prediction, height, width):
    y = label_vector(box, label, prediction, height, width)
    y[0] = 0
    return y, masked(y, prediction)


def truncated(box, label, prediction, height, width):
    y = np.trunc(label_vector(box, label, prediction, height, width))
    return y, masked(y, prediction)


def target_in_one_line(box, label, prediction, height, width):
    if box is None:
        return np.zeros_like(prediction), prediction[0] ** 2
    x0, y0, x1, y1 = np.asarray(box) / [width, height, width, height]
    one_hot = np.eye(len(prediction) - 5)[label]
    y = np.array([1, (x0 + x1) / 2, (y0 + y1) / 2, y1 - y0, x1 - x0, *one_hot], "float32")
    return y, np.square(prediction - y).sum()


def target_cases(rng: np.random.Generator) -> list[Case]:
    cases = []
    for classes, label, sure in ((3, 1, 0), (3, None, 1), (4, 0, 1), (2, None, 0), (5, 4, 1)):
        height, width = (10 * rng.permutation(np.arange(8, 20))[:2]).tolist()
        prediction = rng.uniform(0.05, 0.95, 5 + classes)
        prediction[0] = 0.5 * prediction[0] + 0.5 * sure  # right and wrong about both
        prediction = prediction.round(2)
        box = None if label is None else inside(rng, height, width)
        cases.append((box, label, prediction, height, width))
    return cases


def inside(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    """A box in the image, not in its middle, and taller than wide, as shares of the image too."""
    h, w = rng.uniform(0.5, 0.6) * height, rng.uniform(0.2, 0.4) * width
    x, y = rng.uniform(0, 0.1) * width, rng.uniform(0.2, 0.4) * height
    return np.array([x, y, x + w, y + h]).round()


QUESTION = Question(
    id="target_and_loss",
    room="detection",
    title="The target vector and its loss",
    points=3,
    level=2,
    kind="function",
    cases=target_cases,
    oracle=target_and_loss,
    tolerance=FLOAT32,
    wrong=(
        Wrong(
            "corner instead of centre",
            partial(
                target_and_loss,
                place=lambda x0, y0, x1, y1, H, W: [x0 / W, y0 / H, (y1 - y0) / H, (x1 - x0) / W],
            ),
            "b_x and b_y are the upper left corner of the box. In y they are another point of it.",
        ),
        Wrong(
            "half the size for the centre",
            partial(
                target_and_loss,
                place=lambda x0, y0, x1, y1, H, W: [
                    (x1 - x0) / 2 / W,
                    (y1 - y0) / 2 / H,
                    *shares(x0, y0, x1, y1, H, W)[2:],
                ],
            ),
            "Your b_x and b_y are half the width and half the height. The centre lies between two"
            " corners: what is the middle of two numbers?",
        ),
        Wrong(
            "b_x and b_y swapped",
            partial(target_and_loss, place=lambda *box: [shares(*box)[i] for i in (1, 0, 2, 3)]),
            "The two numbers of the centre stand in each other's place. Look at the order in the"
            " lecture's y.",
        ),
        Wrong(
            "truncated to whole numbers",
            truncated,
            "Your y holds whole numbers only. An array that was made for whole numbers cuts off"
            " what stands behind the point.",
        ),
        Wrong(
            "label before",
            partial(another_class, turn=-1),
            "The 1 of the class stands at the class before the right one, and that of class 0 at"
            " the end. Labels count from 0, as indices do.",
        ),
        Wrong(
            "label after",
            partial(another_class, turn=1),
            "The 1 of the class stands one place too late. Labels count from 0: which index of y"
            " belongs to label 0?",
        ),
        Wrong(
            "b_h and b_w swapped",
            partial(target_and_loss, place=lambda *box: [shares(*box)[i] for i in (0, 1, 3, 2)]),
            "Width and height stand in each other's place. Look at the order in the lecture's y.",
        ),
        Wrong(
            "height and width of the image swapped",
            partial(target_and_loss, place=lambda *box: shares(*box[:4], *box[:3:-1])),
            "What lies along x was divided by the image's height, or what lies along y by its"
            " width.",
        ),
        Wrong(
            "pixels instead of shares",
            partial(target_and_loss, place=lambda *box: shares(*box[:4], 1, 1)),
            "The box stands in y in pixels. The network's numbers lie between 0 and 1, so y needs"
            " shares of the image.",
        ),
        Wrong(
            "classes counted from 1",
            partial(target_and_loss, first_class=4),
            "The 1 of the class stands one place too early. Labels count from 0: which index of y"
            " belongs to label 0?",
        ),
        Wrong(
            "label 0 taken for background",
            class_0_is_background,
            "An object with label 0 came out as background. In Python 0 is false, so `if label`"
            " does not ask whether there is a label.",
        ),
        Wrong(
            "p_c left 0",
            no_p_c,
            "p_c says whether there is an object. In your y it is 0 although there is one.",
        ),
        Wrong(
            "loss not masked",
            partial(target_and_loss, loss=lambda y, p: np.square(p - y).sum()),
            "Without an object, most of y is “don't care”. Your loss asks for zeros there, so the"
            " network is punished for numbers that mean nothing.",
        ),
        Wrong(
            "no loss for background",
            partial(target_and_loss, loss=lambda y, p: y[0] * masked(y, p)),
            "Without an object your loss is 0 whatever is predicted. Who then teaches the network"
            " to say that nothing is there?",
        ),
        Wrong(
            "p_c left out of the loss",
            partial(
                target_and_loss,
                loss=lambda y, p: np.square(p - y)[1:].sum() if y[0] else p[0] ** 2,
            ),
            "With an object, the loss has a term for each number of y. The first one is missing.",
        ),
        Wrong(
            "mean instead of sum",
            partial(
                target_and_loss,
                loss=lambda y, p: np.square(p - y).mean() if y[0] else p[0] ** 2,
            ),
            "The lecture's loss adds the squared errors up. You took their mean.",
        ),
        Wrong(
            "absolute errors",
            partial(target_and_loss, loss=lambda y, p: np.abs(p - y).sum() if y[0] else abs(p[0])),
            "You added absolute errors. The lecture's loss has squares, which make one large error"
            " worse than many small ones.",
        ),
        Wrong(
            "masked by the prediction",
            partial(
                target_and_loss,
                loss=lambda y, p: np.square(p - y)[: None if p[0] > 0.5 else 1].sum(),
            ),
            "Which of the two losses holds is decided by the truth, not by what the network"
            " predicts.",
        ),
    ),
    alternatives=(target_in_one_line,),
)
