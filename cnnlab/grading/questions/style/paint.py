"""Open task: paint with the style that one Gram matrix is."""

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np

from cnnlab.grading.question import Case, Question
from cnnlab.grading.questions.style.arrays import Array
from cnnlab.grading.texts import tr

SIZES = ((48, 60, 3, 12), (56, 48, 4, 16), (48, 52, 5, 20))  # picture, filters, how many
STRENGTH = 10  # β times the style cost of the content picture, in units of ½ ‖a(C)‖²
LOW, HIGH = 0.6, 0.98  # of the way; one rate for all pictures has about 0.7, Adam 0.996
STEPS = 250  # of the descent that finds how low a cost can go


class Canvas(tuple):
    """The arguments of a call. How low their cost can be is found when it is asked for."""

    @cached_property
    def lowest(self) -> float:
        return self.cost(descended(*self, steps=STEPS))

    def cost(self, picture: Array) -> float:
        return cost_and_slope(np.clip(picture, 0, 1), *self)[0]

    def way(self, picture: Array) -> float:
        """Which share of the way down from the content's cost to the lowest one."""
        start = self.cost(self[0])
        return (start - self.cost(picture)) / (start - self.lowest)


def unrolled(x: Array, f: int) -> Array:
    """The window of each place as a row, ``(places, f · f · C)``."""
    views = np.lib.stride_tricks.sliding_window_view(x, (f, f), (0, 1))  # (h, w, C, f, f)
    return views.transpose(0, 1, 3, 4, 2).reshape(-1, f * f * x.shape[2])


def answers_of(x: Array, w: Array) -> Array:
    """What the layer answers, a row for each place, ``(places, K)``."""
    return np.maximum(unrolled(x, len(w)) @ w.reshape(-1, w.shape[3]), 0)


def cost_and_slope(
    x: Array, content: Array, gram: Array, w: Array, beta: float
) -> tuple[float, Array]:
    """J(G), and how it changes with each number of the picture."""
    f, wanted, a = len(w), answers_of(content, w), answers_of(x, w)
    off, below = a.T @ a - gram, (2 * a.size) ** 2
    J = np.square(a - wanted).sum() / 2 + beta * np.square(off).sum() / below
    dz = (a > 0) * (a - wanted + 4 * beta / below * (a @ off))
    rows = (dz @ w.reshape(-1, w.shape[3]).T).reshape(
        x.shape[0] - f + 1, x.shape[1] - f + 1, f, f, x.shape[2]
    )
    slope = np.zeros_like(x)
    for u, v in np.ndindex(f, f):
        slope[u : u + len(rows), v : v + rows.shape[1]] += rows[:, :, u, v]
    return float(J), slope


def waves(rng: np.random.Generator, H: int, W: int) -> Array:
    """A pattern to take the style from: a few waves in colours, with hard edges."""
    rows, columns = np.indices((H, W))
    picture = np.tile(rng.uniform(0, 1, 3), (H, W, 1))
    for _ in range(4):
        angle, width, start = rng.uniform(0, np.pi), rng.uniform(3, 9), rng.uniform(0, 7)
        along = rows * np.sin(angle) + columns * np.cos(angle)
        bent = along + 2 * np.sin((rows * np.cos(angle) - columns * np.sin(angle)) / width)
        crest = np.sin(2 * np.pi * bent / width + start) > rng.uniform(-0.3, 0.6)
        picture[crest] = rng.uniform(0, 1, 3)
    return picture


def canvases(rng: np.random.Generator) -> Sequence[Case]:
    """Streets, and random filters: of textures, they see nearly as much as trained ones."""
    from cnnlab.data import scenes

    cases = []
    for H, W, f, K in SIZES:
        content = scenes(1, int(rng.integers(1, 2**31)), (H, W)).images[0].astype(float)
        w = rng.normal(size=(f, f, 3, K))
        w -= w.mean(axis=(0, 1, 2))  # an even gray says nothing
        w /= np.sqrt(np.square(w).sum(axis=(0, 1, 2)))
        a, b = answers_of(content, w), answers_of(waves(rng, H, W), w)
        off = np.square(a.T @ a - b.T @ b).sum() / (2 * a.size) ** 2
        beta = STRENGTH * np.square(a).sum() / 2 / off
        cases.append(Canvas((content, b.T @ b, w, float(beta))))
    return cases


def painting_score(outputs: Sequence[Any], cases: Sequence[Canvas]) -> tuple[float, str]:
    ways = []
    for output, case in zip(outputs, cases, strict=True):
        picture, wanted = np.asarray(output, float), case[0].shape
        if picture.shape != wanted:
            text = tr("Your picture has shape {}; expected that of the content, {}.")
            raise ValueError(text.format(picture.shape, wanted))
        if not np.isfinite(picture).all():
            raise ValueError(tr("There is NaN or infinity in your picture. Is a step too long?"))
        ways.append(case.way(picture))
    mean = float(np.mean(np.clip(ways, 0, 1)))
    sentence = tr(
        "Share of the way down: {}; mean {:.1%}. Points grow from {:.0%} on; all are given at"
        " {:.0%}."
    )
    each = ", ".join(f"{way:.1%}" for way in ways)
    return (mean - LOW) / (HIGH - LOW), sentence.format(each, mean, LOW, HIGH)


def descended(content: Array, gram: Array, w: Array, beta: float, steps: int = 120) -> Array:
    """By steps of alike length: Adam."""
    x, speed, size = content.copy(), 0.0, 0.0
    for step in range(1, steps + 1):
        slope = cost_and_slope(x, content, gram, w, beta)[1]
        speed = 0.9 * speed + 0.1 * slope
        size = 0.99 * size + 0.01 * slope**2
        stride = speed / (1 - 0.9**step) / (np.sqrt(size / (1 - 0.99**step)) + 1e-9)
        x = (x - 0.02 * stride).clip(0, 1)
    return x


QUESTION = Question(
    id="paint",
    room="style",
    title="Open task: paint with a Gram matrix",
    points=5,
    level=3,
    kind="function",
    cases=canvases,
    alternatives=(descended,),
    score=painting_score,
)
