"""A depthwise-separable convolution."""

from collections.abc import Sequence

import numpy as np

from cnnlab.grading.question import (
    FLOAT32,
    Case,
    Question,
    Wrong,
)
from cnnlab.grading.questions.architectures.arrays import relu, whole


def depthwise(x: np.ndarray, d: np.ndarray) -> np.ndarray:
    N, H, W, C = x.shape
    f = len(d)
    y = np.zeros((N, H - f + 1, W - f + 1, C))
    for c in range(C):
        for i in range(y.shape[1]):
            for j in range(y.shape[2]):
                window = x[:, i : i + f, j : j + f, c]
                y[:, i, j, c] = (window * d[:, :, c]).sum(axis=(1, 2))
    return y


def separable_conv(x: np.ndarray, d: np.ndarray, p: np.ndarray) -> np.ndarray:
    return depthwise(x, d) @ p


def separable_by_cells(x: np.ndarray, d: np.ndarray, p: np.ndarray) -> np.ndarray:
    """For each cell of the filter, the whole image moved."""
    f, H, W = len(d), x.shape[1] - len(d) + 1, x.shape[2] - len(d) + 1
    y = sum(x[:, u : u + H, v : v + W] * d[u, v] for u in range(f) for v in range(f))
    return np.einsum("nijc,ck->nijk", y, p)


def separable_keras(x: np.ndarray, d: np.ndarray, p: np.ndarray) -> np.ndarray:
    from keras import ops

    y = ops.separable_conv(
        x.astype("float32"), d[..., None].astype("float32"), p[None, None].astype("float32")
    )
    return ops.convert_to_numpy(y)


def separable_summed(x: np.ndarray, d: np.ndarray, p: np.ndarray) -> np.ndarray:
    y = depthwise(x, d)
    return np.broadcast_to(y.sum(axis=-1, keepdims=True), y.shape) @ p


def separable_of_all(x: np.ndarray, d: np.ndarray, p: np.ndarray) -> np.ndarray:
    """The sum over everything, images too."""
    y = depthwise(x, d)
    return np.broadcast_to(y.sum(axis=(0, 3), keepdims=True), y.shape) @ p


def separable_to_the_last(x: np.ndarray, d: np.ndarray, p: np.ndarray) -> np.ndarray:
    """Loops to H - f and W - f, on an array of the right size."""
    y = depthwise(x, d)
    y[:, -1] = y[:, :, -1] = 0
    return y @ p


def separable_shared(x: np.ndarray, d: np.ndarray, p: np.ndarray) -> np.ndarray:
    return separable_conv(x, np.broadcast_to(d[..., :1], d.shape), p)


def separable_cases(rng: np.random.Generator) -> Sequence[Case]:
    def case(N: int, H: int, W: int, C: int, K: int, f: int) -> Case:
        x, d = rng.normal(size=(N, H, W, C)), rng.normal(size=(f, f, C)) / f
        return x, d, rng.normal(size=(C, K)) / C**0.5

    C = int(rng.integers(3, 6))
    return [
        (whole(rng, 1, 2, 3, 2), whole(rng, 2, 2, 2), whole(rng, 2, 1)),
        case(2, 6, 5, C, C + 2, 3),
        case(3, 4, 7, C + 1, 2, 2),
        case(1, 5, 8, 4, 3, 5),
    ]


QUESTION = Question(
    id="separable_conv",
    room="architectures",
    title="A depthwise-separable convolution",
    points=3,
    level=2,
    kind="function",
    cases=separable_cases,
    oracle=separable_conv,
    tolerance=FLOAT32,
    wrong=(
        Wrong(
            "depthwise step summed over channels",
            separable_summed,
            "Your first step adds up everything in the window, as an ordinary convolution does. In"
            " the depthwise step, each channel keeps its own sum.",
        ),
        Wrong(
            "depthwise step summed over everything",
            separable_of_all,
            "Your first step adds up all that it gets, over the images and the channels too. A"
            " window has rows and columns: add over these two axes, and over no other.",
        ),
        Wrong(
            "last windows missing",
            separable_to_the_last,
            "The last row and the last column of your result hold zeros. How far do your loops go?",
        ),
        Wrong(
            "one depthwise filter for all channels",
            separable_shared,
            "All channels are filtered with the filter of the first one. Each has its own.",
        ),
        Wrong(
            "mean instead of sum",
            lambda x, d, p: separable_conv(x, d, p) / len(d) ** 2,
            "The depthwise step takes the mean of a window. A convolution adds up.",
        ),
        Wrong(
            "kernel flipped",
            lambda x, d, p: separable_conv(x, d[::-1, ::-1], p),
            "The depthwise filters are turned upside down and left to right. The convolution of"
            " networks does not flip them.",
        ),
        Wrong(
            "rows and columns of the kernel swapped",
            lambda x, d, p: separable_conv(x, d.swapaxes(0, 1), p),
            "Rows and columns of the depthwise filters are swapped: the first axis goes down.",
        ),
        Wrong(
            "pointwise weights reshaped",
            lambda x, d, p: depthwise(x, d) @ p.reshape(p.shape[::-1]).T,
            "The depthwise step is right. The pointwise weights are in the wrong order: p has"
            " shape (C, K) already.",
        ),
        Wrong(
            "ReLU between the steps",
            lambda x, d, p: relu(depthwise(x, d)) @ p,
            "There is a ReLU between your two steps. MobileNet has one there; this question asks"
            " for the two steps alone.",
        ),
        Wrong(
            "first image for all",
            lambda x, d, p: separable_conv(np.repeat(x[:1], len(x), 0), d, p),
            "All images of the batch have the result of the first one.",
        ),
        Wrong(
            "only the depthwise step summed",
            lambda x, d, p: depthwise(x, d).sum(axis=-1, keepdims=True) @ p[:1],
            "Your second step sees the sum of all channels, and one row of its weights. Each"
            " channel has a weight of its own for each filter.",
        ),
        Wrong(
            "one pointwise filter for all",
            lambda x, d, p: depthwise(x, d) @ np.repeat(p[:, :1], p.shape[1], 1),
            "All channels of your result come from the first pointwise filter.",
        ),
        Wrong(
            "truncated to whole numbers",
            lambda *case: np.trunc(separable_conv(*case)),
            "Your result holds whole numbers only. An array that was made for whole numbers cuts"
            " off what stands behind the point.",
        ),
    ),
    alternatives=(separable_by_cells, separable_keras),
)
