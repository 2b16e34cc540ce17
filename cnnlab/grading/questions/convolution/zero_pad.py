"""A frame of zeros around a batch."""

from collections.abc import Sequence

import numpy as np

from cnnlab.grading.question import FLOAT32, Case, Question, Wrong
from cnnlab.grading.questions.convolution.inputs import Array, digits, normal, unequal


def zero_pad_cases(rng: np.random.Generator) -> Sequence[Case]:
    batch, (height, width) = int(rng.integers(2, 4)), unequal(rng, 3, 6)
    return [
        (digits(rng, 1, 2, 3, 1), 1),
        (normal(rng, batch, height, width, 4), 2),
        (normal(rng, 3, 4, 2, 2), 0),
    ]


def zero_pad(X: Array, pad: int) -> Array:
    N, H, W, C = X.shape
    padded = np.zeros((N, H + 2 * pad, W + 2 * pad, C))
    padded[:, pad : pad + H, pad : pad + W] = X
    return padded


def framed(X: Array, *sides: tuple[int, int], **options) -> Array:
    """X in a frame that is given for the four axes."""
    return np.pad(X, sides, **options)


def border_overwritten(X: Array, pad: int) -> Array:
    kept = np.zeros_like(X)
    inner = np.s_[:, pad : X.shape[1] - pad, pad : X.shape[2] - pad]
    kept[inner] = X[inner]
    return kept


def stacked(X: Array, pad: int) -> Array:
    """Zero rows and columns, put around with concatenate."""
    rows = np.zeros_like(X[:, :1]).repeat(pad, axis=1)
    X = np.concatenate([rows, X, rows], axis=1)
    columns = np.zeros_like(X[:, :, :1]).repeat(pad, axis=2)
    return np.concatenate([columns, X, columns], axis=2)


QUESTION = Question(
    id="zero_pad",
    room="convolution",
    title="A frame of zeros around a batch",
    points=1,
    level=1,
    kind="function",
    cases=zero_pad_cases,
    oracle=zero_pad,
    tolerance=FLOAT32,
    wrong=(
        Wrong(
            "padding on all axes",
            lambda X, pad: np.pad(X, pad),
            "The frame goes around all four axes, so there are new images and new channels, all"
            " black. Only two axes of (N, H, W, C) are sides of a picture.",
        ),
        Wrong(
            "padding on the batch axis",
            lambda X, pad: framed(X, (pad, pad), (pad, pad), (0, 0), (0, 0)),
            "The first axis got a frame, and the width got none: the batch has black images at"
            " both ends. Which axes of (N, H, W, C) are the height and the width?",
        ),
        Wrong(
            "padding on batch, height and width",
            lambda X, pad: framed(X, (pad, pad), (pad, pad), (pad, pad), (0, 0)),
            "The batch axis got a frame as well: there are black images at both ends of the batch."
            " The number of images must stay.",
        ),
        Wrong(
            "padding on the channel axis",
            lambda X, pad: framed(X, (0, 0), (pad, pad), (pad, pad), (pad, pad)),
            "The channel axis got a frame as well: each pixel has new channels, all zero. The"
            " depth must stay.",
        ),
        Wrong(
            "channels taken for the width",
            lambda X, pad: framed(X, (0, 0), (0, 0), (pad, pad), (pad, pad)),
            "The last two axes got the frame, as if the channels came second. The order of the"
            " axes here is (N, H, W, C).",
        ),
        Wrong(
            "padding before only",
            lambda X, pad: framed(X, (0, 0), (pad, 0), (pad, 0), (0, 0)),
            "The frame is above and on the left only. A frame has four sides.",
        ),
        Wrong(
            "padding after only",
            lambda X, pad: framed(X, (0, 0), (0, pad), (0, pad), (0, 0)),
            "The frame is below and on the right only. A frame has four sides.",
        ),
        Wrong(
            "padding of the height only",
            lambda X, pad: framed(X, (0, 0), (pad, pad), (0, 0), (0, 0)),
            "The frame is above and below only. The width needs one too.",
        ),
        Wrong(
            "padding of the width only",
            lambda X, pad: framed(X, (0, 0), (0, 0), (pad, pad), (0, 0)),
            "The frame is on the left and on the right only. The height needs one too.",
        ),
        Wrong(
            "border repeated",
            lambda X, pad: framed(X, (0, 0), (pad, pad), (pad, pad), (0, 0), mode="edge"),
            "The frame repeats the outermost pixels. That is one of the choices in “Padding and"
            " stride”, but another one is asked for here.",
        ),
        Wrong(
            "border overwritten",
            border_overwritten,
            "The zeros lie on the outermost cells of the image, so these are lost. The frame goes"
            " around the image, and the array grows.",
        ),
        Wrong(
            "first image for all",
            lambda X, pad: zero_pad(np.repeat(X[:1], len(X), 0), pad),
            "All images of the batch are like the first one now. Which index of X counts the"
            " images?",
        ),
        Wrong(
            "truncated to whole numbers",
            lambda X, pad: np.trunc(zero_pad(X, pad)),
            "Your result holds whole numbers only. An array that was made for whole numbers cuts"
            " off what stands behind the point.",
        ),
    ),
    alternatives=(
        stacked,
        lambda X, pad: framed(X.astype("float32"), (0, 0), (pad, pad), (pad, pad), (0, 0)),
    ),
)
