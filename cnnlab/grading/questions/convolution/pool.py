"""Mend a function: max and average pooling."""

from collections.abc import Sequence

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from cnnlab.grading.question import FLOAT32, Case, Question, Wrong
from cnnlab.grading.questions.convolution.inputs import Array, distinct, unequal
from cnnlab.grading.questions.convolution.sizes import count_places


def pool_cases(rng: np.random.Generator) -> Sequence[Case]:
    H, W = unequal(rng, 6, 9)
    return [
        (distinct(rng, 1, 4, 5, 1), 2, 2, "max"),
        (distinct(rng, 1, 3, 5, 1), 2, 1, "average"),
        (distinct(rng, 2, H, W, 3), 3, 2, "max"),
        (distinct(rng, 3, 5, 8, 2), 2, 3, "average"),
        (distinct(rng, 2, 4, 6, 3, top=-1), 3, 1, "max"),
        (distinct(rng, 2, 8, 5, 2) / 7, 4, 3, "average"),
    ]


def pool(X: Array, f: int, stride: int, mode: str) -> Array:
    N, H, W, C = X.shape
    pooled = np.zeros((N, count_places(H, f, 0, stride), count_places(W, f, 0, stride), C))
    for n, i, j, c in np.ndindex(pooled.shape):
        top, left = i * stride, j * stride
        cells = [X[n, top + u, left + v, c] for u, v in np.ndindex(f, f)]
        pooled[n, i, j, c] = max(cells) if mode == "max" else sum(cells) / len(cells)
    return pooled


def scaled_average(X: Array, f: int, stride: int, mode: str, factor: float) -> Array:
    return pool(X, f, stride, mode) * (1 if mode == "max" else factor)


def from_zero(X: Array, f: int, stride: int, mode: str) -> Array:
    """A maximum that begins its search with 0."""
    return pool(np.maximum(X, 0) if mode == "max" else X, f, stride, mode)


def whole_window(X: Array, f: int, stride: int, mode: str, images: bool = False) -> Array:
    """One number for all channels of a window, or, if `images`, of all images too."""
    axis = (0, 3) if images else 3
    over = X.max(axis, keepdims=True) if mode == "max" else X.mean(axis, keepdims=True)
    return pool(np.broadcast_to(over, X.shape), f, stride, mode)


def never_reset(X: Array, f: int, stride: int, mode: str) -> Array:
    """Maximum or sum go on from window to window."""
    right = pool(X, f, stride, mode)
    go_on = np.maximum.accumulate if mode == "max" else np.cumsum
    return go_on(right.ravel()).reshape(right.shape)


def partial_windows(X: Array, f: int, stride: int, mode: str) -> Array:
    """What fits is pooled; windows that hang over the edge are filled from the inside."""
    more = [(0, 0), (0, stride - 1), (0, stride - 1), (0, 0)]
    beyond = np.pad(X, more, constant_values=np.nan)
    windows = sliding_window_view(beyond, (f, f), axis=(1, 2))[:, ::stride, ::stride]
    return (np.nanmax if mode == "max" else np.nanmean)(windows, axis=(4, 5))


def pool_by_windows(X: Array, f: int, stride: int, mode: str) -> Array:
    windows = sliding_window_view(X.astype("float32"), (f, f), axis=(1, 2))[:, ::stride, ::stride]
    return (np.max if mode == "max" else np.mean)(windows, axis=(4, 5))


def pool_by_places(X: Array, f: int, stride: int, mode: str) -> Array:
    """All cells that lie at one place of their windows, at once."""
    H_last, W_last = X.shape[1] - f + 1, X.shape[2] - f + 1
    places = [X[:, u : u + H_last, v : v + W_last] for u, v in np.ndindex(f, f)]
    pooled = np.maximum.reduce(places) if mode == "max" else sum(places) / f**2
    return pooled[:, ::stride, ::stride]


QUESTION = Question(
    id="pool",
    room="convolution",
    title="Mend a function: max and average pooling",
    points=3,
    level=2,
    kind="function",
    cases=pool_cases,
    oracle=pool,
    tolerance=FLOAT32,
    mend=True,
    wrong=(
        Wrong(
            "as handed out",
            from_zero,
            "The fault of the function as it was handed out is still there. A photograph does not"
            " show it. Which numbers does it never have, and what happens to a window of them?",
        ),
        Wrong(
            "average divided by f",
            lambda X, f, stride, mode: scaled_average(X, f, stride, mode, f),
            "Your average divides by the wrong number. How many cells are in a window of height f"
            " and width f?",
        ),
        Wrong(
            "sum instead of average",
            lambda X, f, stride, mode: scaled_average(X, f, stride, mode, f**2),
            "In the mode “average” you add up the cells of a window, and do not divide.",
        ),
        Wrong(
            "mode ignored",
            lambda X, f, stride, mode: pool(X, f, stride, "max"),
            "Your function takes the maximum whatever the mode is.",
        ),
        Wrong(
            "modes swapped",
            lambda X, f, stride, mode: pool(X, f, stride, "average" if mode == "max" else "max"),
            "The two modes changed places: you average for “max”.",
        ),
        Wrong(
            "maximum of the absolute values",
            lambda X, f, stride, mode: pool(np.abs(X) if mode == "max" else X, f, stride, mode),
            "Your maximum forgets the sign: a large negative number must not win.",
        ),
        Wrong(
            "channels mixed",
            whole_window,
            "Your windows go through all channels at once. Pooling works on each channel on its"
            " own, and the depth stays.",
        ),
        Wrong(
            "stride ignored, windows side by side",
            lambda X, f, stride, mode: pool(X, f, f, mode),
            "Your windows lie side by side, whatever the stride is. With another stride they"
            " overlap, or leave gaps.",
        ),
        Wrong(
            "stride of 1",
            lambda X, f, stride, mode: pool(X, f, 1, mode),
            "Your windows step by 1, whatever the stride is.",
        ),
        Wrong(
            "window as large as the stride",
            lambda X, f, stride, mode: pool(X, stride, stride, mode),
            "Your windows are as large as the stride. f says how large they are, and stride how far"
            " it is from one to the next.",
        ),
        Wrong(
            "stride for the height only",
            lambda X, f, stride, mode: pool(X, f, 1, mode)[:, ::stride],
            "Your windows step by the stride from top to bottom, and by 1 from left to right.",
        ),
        Wrong(
            "stride for the width only",
            lambda X, f, stride, mode: pool(X, f, 1, mode)[:, :, ::stride],
            "Your windows step by the stride from left to right, and by 1 from top to bottom.",
        ),
        Wrong(
            "partial windows pooled",
            partial_windows,
            "You pool windows that hang over the edge as well. Only windows that lie inside count:"
            " the size of the result is rounded down.",
        ),
        Wrong(
            "images and channels mixed",
            lambda *case: whole_window(*case, images=True),
            "You make one number of all that stands at the same places, in whatever image and"
            " channel. Over which axes of the window does the maximum go?",
        ),
        Wrong(
            "first image for all",
            lambda X, *rest: pool(np.repeat(X[:1], len(X), 0), *rest),
            "All images of the batch have the result of the first one. Which index of X counts the"
            " images?",
        ),
        Wrong(
            "not reset",
            never_reset,
            "Your maximum, or your sum, goes on from window to window, and never begins anew. Where"
            " does it begin: before the loop over the places, or in it?",
        ),
        Wrong(
            "truncated to whole numbers",
            lambda *case: np.trunc(pool(*case)),
            "Your result holds whole numbers only. An array that was made for whole numbers cuts"
            " off what stands behind the point.",
        ),
    ),
    alternatives=(pool_by_windows, pool_by_places),
)
