"""Open task: a kernel for one kind of line."""

from collections.abc import Sequence

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from cnnlab.grading.question import Case, Question
from cnnlab.grading.questions.convolution.inputs import Array
from cnnlab.grading.texts import tr

SIDE, PAIRS = 24, 300  # pixels of a picture, pictures with a rising line


LARGEST = 7  # rows and columns of the kernel


OTHERS = (0, 90, 135)  # degrees of the lines that the kernel must not find


CHANCE, GOAL = 0.7, 0.92  # of the pairs: worth nothing, worth all points


def picture(rng: np.random.Generator, degrees: float) -> Array:
    """A bright line, a step from dark to bright somewhere, and noise: (24, 24).

    The notebook of the exercise draws with the same lines; a test compares the two.
    """
    y, x = np.mgrid[:SIDE, :SIDE]
    (cy, cx), angle = rng.uniform(8, 15, 2), np.deg2rad(degrees + rng.uniform(-8, 8))
    along = (x - cx) * np.cos(angle) - (y - cy) * np.sin(angle)
    across = (x - cx) * np.sin(angle) + (y - cy) * np.cos(angle)
    line = np.exp(-(across**2)) * (np.abs(along) < 8)
    (sy, sx), turn = rng.uniform(0, SIDE - 1, 2), rng.uniform(0, 2 * np.pi)
    step = (x - sx) * np.cos(turn) + (y - sy) * np.sin(turn) > 0
    return line + step + rng.normal(scale=0.45, size=(SIDE, SIDE))


def line_cases(rng: np.random.Generator) -> Sequence[Case]:
    rising = np.stack([picture(rng, 45) for _ in range(PAIRS)])
    others = np.stack([picture(rng, rng.choice(OTHERS)) for _ in range(PAIRS)])
    return [(rising, others)]


def strongest(pictures: Array, kernel: Array) -> Array:
    """The largest answer of the kernel to each picture: (N, H, W) -> (N,)."""
    windows = sliding_window_view(pictures, kernel.shape, axis=(1, 2))
    return np.einsum("nijuv,uv->nij", windows, kernel).max(axis=(1, 2))


def line_score(outputs: Sequence[Array], cases: Sequence[Case]) -> tuple[float, str]:
    kernel = line_kernel(outputs[0])
    rising, others = cases[0]
    won = float((strongest(rising, kernel) > strongest(others, kernel)).mean())
    share = (won - CHANCE) / (GOAL - CHANCE)
    sentence = tr(
        "Your kernel won {:.1%} of {} pairs. {:.0%} are worth nothing, {:.0%} all points."
    )
    return share, sentence.format(won, PAIRS, CHANCE, GOAL)


def line_kernel(answer: object) -> Array:
    """The kernel as an array whose largest number is 1.

    Raises
    ------
    ValueError
        If it is no matrix of numbers, or too large.
    """
    try:
        kernel = np.asarray(answer, dtype=float)
    except (ValueError, TypeError) as error:
        raise ValueError(tr("The kernel is no matrix of numbers.")) from error
    if kernel.ndim != 2 or kernel.size == 0 or max(kernel.shape) > LARGEST:
        raise ValueError(
            tr("The kernel has shape {}; expected two axes of 1 to {} numbers.").format(
                kernel.shape, LARGEST
            )
        )
    if not np.isfinite(kernel).all():
        raise ValueError(tr("The kernel holds NaN or infinity; expected finite numbers."))
    return kernel / max(np.abs(kernel).max(), np.finfo(float).tiny)


def three_diagonals() -> list[list[float]]:
    """Bright on the diagonal that rises and beside it, dark elsewhere, 0 in all."""
    bright = sum(np.eye(LARGEST, k=k) for k in (-1, 0, 1))[::-1]
    return (bright - bright.mean()).tolist()


QUESTION = Question(
    id="line_kernel",
    room="convolution",
    title="Open task: a kernel for one kind of line",
    points=4,
    level=3,
    kind="value",
    cases=line_cases,
    alternatives=(three_diagonals,),
    score=line_score,
)
