"""Mend a function: a 1×1 convolution."""

from collections.abc import Sequence

import numpy as np

from cnnlab.grading.question import (
    FLOAT32,
    Case,
    Question,
    Wrong,
)
from cnnlab.grading.questions.architectures.arrays import relu, whole


def conv1x1(X: np.ndarray, W: np.ndarray, b: np.ndarray) -> np.ndarray:
    N, H, width, C = X.shape
    Z = np.zeros((N, H, width, len(b)))
    for k in range(len(b)):
        for c in range(C):
            Z[..., k] += W[c, k] * X[..., c]
        Z[..., k] += b[k]
    return Z


def conv1x1_by_pixels(X: np.ndarray, W: np.ndarray, b: np.ndarray) -> np.ndarray:
    """One matrix product with a row for each pixel, in float32."""
    rows = X.reshape(-1, X.shape[-1]).astype("float32")
    return (rows @ W.astype("float32") + b).reshape(*X.shape[:-1], -1)


def conv1x1_reshaped(X: np.ndarray, W: np.ndarray, b: np.ndarray) -> np.ndarray:
    rows = X.reshape(X.shape[-1], -1).T
    return (rows @ W + b).reshape(*X.shape[:-1], -1)


def conv1x1_transposed(X: np.ndarray, W: np.ndarray, b: np.ndarray) -> np.ndarray:
    """All axes turned round, and read back as if they had not been."""
    return (X.T.reshape(X.shape[-1], -1).T @ W + b).reshape(*X.shape[:-1], -1)


def conv1x1_images_inside(X: np.ndarray, W: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Channels and images have changed places, and are read back as if they had not."""
    rows = X.swapaxes(0, 3).reshape(X.shape[-1], -1).T
    return (rows @ W + b).reshape(*X.shape[:-1], -1)


def conv1x1_weights_reshaped(X: np.ndarray, W: np.ndarray, b: np.ndarray) -> np.ndarray:
    return X @ W.reshape(W.shape[::-1]).T + b


def conv1x1_on_the_sum(X: np.ndarray, W: np.ndarray, b: np.ndarray) -> np.ndarray:
    return X.sum(axis=-1, keepdims=True) * W.sum(axis=0) + b


def conv1x1_cases(rng: np.random.Generator) -> Sequence[Case]:
    def case(N: int, H: int, W: int, C: int, K: int) -> Case:
        return rng.normal(size=(N, H, W, C)), rng.normal(size=(C, K)), rng.normal(size=K)

    small = whole(rng, 1, 1, 2, 3), whole(rng, 3, 2), np.array([1.0, -2.0])
    C = int(rng.integers(3, 7))
    return [small, case(2, 4, 3, C, C + 2), case(3, 2, 5, C + 1, 2), case(1, 3, 6, 4, 4)]


QUESTION = Question(
    id="conv1x1",
    room="architectures",
    title="Mend a function: a 1×1 convolution",
    points=2,
    level=1,
    kind="function",
    cases=conv1x1_cases,
    oracle=conv1x1,
    tolerance=FLOAT32,
    mend=True,
    wrong=(
        Wrong(
            "as handed out",
            conv1x1_reshaped,
            "The fault of the function as it was handed out is still there. Look at one row of the"
            " matrix that it makes: do its numbers belong to the same pixel? reshape counts on in"
            " memory, and never moves an axis.",
        ),
        Wrong(
            "bias forgotten",
            lambda X, W, b: X @ W,
            "The products are right, and the bias is missing.",
        ),
        Wrong(
            "mean instead of sum",
            lambda X, W, b: X @ W / X.shape[-1] + b,
            "You take the mean over the channels. A filter adds up what it sees.",
        ),
        Wrong(
            "weights reshaped instead of transposed",
            conv1x1_weights_reshaped,
            "The weights are in the wrong order. W has shape (C, K) already: its column k is"
            " filter k.",
        ),
        Wrong(
            "channels added before they are weighted",
            conv1x1_on_the_sum,
            "You add up the channels first, and multiply then. Each channel has its own weight,"
            " which comes before the sum.",
        ),
        Wrong(
            "ReLU added",
            lambda X, W, b: relu(X @ W + b),
            "There is a ReLU at the end. The question asks for Z, before any activation.",
        ),
        Wrong(
            "first image for all",
            lambda X, W, b: conv1x1(np.repeat(X[:1], len(X), 0), W, b),
            "All images of the batch have the result of the first one.",
        ),
        Wrong(
            "first filter for all",
            lambda X, W, b: conv1x1(X, np.repeat(W[:, :1], len(b), 1), b),
            "All channels of the result have the weights of the first filter.",
        ),
        Wrong(
            "rows and columns swapped",
            conv1x1_transposed,
            "The numbers of a pixel are right, but the pixels stand in another order. Whoever turns"
            " axes round on the way in has to turn them back in the same order.",
        ),
        Wrong(
            "images and channels swapped",
            conv1x1_images_inside,
            "The numbers of a pixel are right, but the pixels of different images are mixed up."
            " Swapping two axes moves the images to the end: they have to stay the first axis of"
            " the pixels.",
        ),
        Wrong(
            "bias for each channel",
            lambda X, W, b: X @ W + X.shape[-1] * b,
            "You add the bias once for each channel. It is added once, after the sum over the"
            " channels.",
        ),
        Wrong(
            "truncated to whole numbers",
            lambda *case: np.trunc(conv1x1(*case)),
            "Your result holds whole numbers only. An array that was made for whole numbers cuts"
            " off what stands behind the point.",
        ),
    ),
    alternatives=(
        lambda X, W, b: np.einsum("nijc,ck->nijk", X, W) + b,
        conv1x1_by_pixels,
    ),
)
