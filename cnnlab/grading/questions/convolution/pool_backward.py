"""Pooling, backwards."""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from cnnlab.grading.question import FLOAT32, Case, Question, Wrong
from cnnlab.grading.questions.convolution.inputs import Array, digits, distinct, normal, unequal
from cnnlab.grading.questions.convolution.pool import pool


def pool_backward_cases(rng: np.random.Generator) -> Sequence[Case]:
    H, W = unequal(rng, 5, 7)
    shown = [
        (digits(rng, 1, 2, 2, 1), distinct(rng, 1, 4, 5, 1), 2, 2, "max"),
        (digits(rng, 1, 2, 3, 1), distinct(rng, 1, 3, 4, 1), 2, 1, "average"),
    ]
    larger = [
        (distinct(rng, 2, H, W, 3), 3, 1, "max"),
        (distinct(rng, 3, 5, 8, 2), 2, 3, "average"),
        (distinct(rng, 2, 9, 6, 3), 4, 2, "average"),
        (equal_pairs(rng, 3, 6, 4, 2), 2, 2, "max"),
    ]
    return shown + [(normal(rng, *pool(*case).shape), *case) for case in larger]


def equal_pairs(rng: np.random.Generator, *shape: int) -> Array:
    """Each number stands twice, in two neighbours of one row: the largest of a window ties."""
    N, H, W, C = shape
    return np.repeat(distinct(rng, N, H, W // 2, C), 2, axis=2)


def pool_backward(dA: Array, X: Array, f: int, stride: int, mode: str) -> Array:
    return overlap(dA, X, f, stride, mode, first_winner)


def overlap(
    dA: Array,
    X: Array,
    f: int,
    stride: int,
    mode: str,
    share: Callable[[Array], Array],
    mean: Callable[[int], float] = lambda f: 1 / f**2,
    assigned: bool = False,
) -> Array:
    """dX, where `share` says what part of the gradient each cell of a window (f, f) gets."""
    dX = np.zeros(X.shape)
    for n, i, j, c in np.ndindex(dA.shape):
        window = np.s_[n, i * stride : i * stride + f, j * stride : j * stride + f, c]
        part = share(X[window]) if mode == "max" else np.full((f, f), mean(f))
        dX[window] = dA[n, i, j, c] * part + (0 if assigned else dX[window])
    return dX


def first_winner(window: Array) -> Array:
    """1 for the largest cell, the first in reading order, and 0 for the others."""
    best = max(np.ndindex(window.shape), key=lambda cell: window[cell])
    return np.array([[cell == best for cell in row] for row in cells_of(window)], dtype=float)


def cells_of(window: Array) -> list[list[tuple[int, int]]]:
    return [[(u, v) for v in range(window.shape[1])] for u in range(window.shape[0])]


def first_cell(window: Array) -> Array:
    part = np.zeros(window.shape)
    part[0, 0] = 1
    return part


def last_winner(window: Array) -> Array:
    return first_winner(window[::-1, ::-1])[::-1, ::-1]


def all_winners(window: Array) -> Array:
    return (window == window.max()).astype(float)


def winners_share(window: Array) -> Array:
    return all_winners(window) / all_winners(window).sum()


def winners_of_the_image(dA: Array, X: Array, f: int, stride: int, mode: str) -> Array:
    """The mask compares with the largest number of the image, not of the window."""
    largest = X.max(axis=(1, 2))
    dX = np.zeros(X.shape)
    for n, i, j, c in np.ndindex(dA.shape):
        window = np.s_[n, i * stride : i * stride + f, j * stride : j * stride + f, c]
        part = X[window] == largest[n, c] if mode == "max" else 1 / f**2
        dX[window] += dA[n, i, j, c] * part
    return dX


def winners_of_the_batch(dA: Array, X: Array, f: int, stride: int, mode: str) -> Array:
    """The mask compares with the largest number of the window, over images and channels too."""
    dX = np.zeros(X.shape)
    for i, j in np.ndindex(dA.shape[1:3]):
        window = np.s_[:, i * stride : i * stride + f, j * stride : j * stride + f]
        part = X[window] == X[window].max() if mode == "max" else 1 / f**2
        dX[window] += dA[:, i : i + 1, j : j + 1] * part
    return dX


def pool_backward_by_places(dA: Array, X: Array, f: int, stride: int, mode: str) -> Array:
    """One place in the window at a time, for all windows of the batch."""
    dA = dA.astype("float32")
    windows = sliding_window_view(X, (f, f), axis=(1, 2))[:, ::stride, ::stride]
    best = windows.reshape(*dA.shape, f * f).argmax(axis=4)
    dX = np.zeros(X.shape, "float32")
    H_out, W_out = dA.shape[1:3]
    for u, v in np.ndindex(f, f):
        cells = np.s_[:, u : u + H_out * stride : stride, v : v + W_out * stride : stride]
        dX[cells] += dA * (best == u * f + v) if mode == "max" else dA / f**2
    return dX


def pool_backward_by_argmax(dA: Array, X: Array, f: int, stride: int, mode: str) -> Array:
    dX = np.zeros_like(X)
    for n, i, j, c in np.ndindex(dA.shape):
        top, left = i * stride, j * stride
        if mode == "average":
            dX[n, top : top + f, left : left + f, c] += dA[n, i, j, c] / f / f
        else:
            u, v = divmod(X[n, top : top + f, left : left + f, c].argmax(), f)
            dX[n, top + u, left + v, c] += dA[n, i, j, c]
    return dX


QUESTION = Question(
    id="pool_backward",
    room="convolution",
    title="Pooling, backwards",
    points=4,
    level=3,
    kind="function",
    cases=pool_backward_cases,
    oracle=pool_backward,
    tolerance=FLOAT32,
    wrong=(
        Wrong(
            "gradient to the first cell of the window",
            lambda *case: overlap(*case, first_cell),
            "For “max”, the gradient goes to the first cell of each window. It belongs to the cell"
            " that won on the way forward.",
        ),
        Wrong(
            "gradient to all ties",
            lambda *case: overlap(*case, all_winners),
            "Where the largest number stands twice in a window, both cells get the whole gradient:"
            " more comes out than came in. The task says who wins.",
        ),
        Wrong(
            "ties share the gradient",
            lambda *case: overlap(*case, winners_share),
            "Where the largest number stands twice in a window, both cells share the gradient. That"
            " is a possible rule, but the task has another one.",
        ),
        Wrong(
            "last of the ties wins",
            lambda *case: overlap(*case, last_winner),
            "Where the largest number stands twice in a window, your gradient goes to the last of"
            " the two. Read in the task which one wins.",
        ),
        Wrong(
            "gradient to all cells of the window",
            lambda *case: overlap(*case, lambda window: np.ones(window.shape)),
            "For “max”, all cells of a window get the gradient. The cells that did not win have no"
            " influence on the result: what is their derivative?",
        ),
        Wrong(
            "compared with the maximum of the image",
            winners_of_the_image,
            "For “max”, you look for the largest number of the whole image. In most windows no cell"
            " is as large, and their gradient is lost.",
        ),
        Wrong(
            "assigned instead of added",
            lambda *case: overlap(*case, first_winner, assigned=True),
            "Where windows overlap, a cell keeps what the last of them gave. It gets something from"
            " each.",
        ),
        Wrong(
            "average not divided",
            lambda *case: overlap(*case, first_winner, mean=lambda f: 1),
            "For “average”, each cell of a window gets the whole gradient. How much does the mean"
            " change if one cell grows by 1?",
        ),
        Wrong(
            "average divided by f",
            lambda *case: overlap(*case, first_winner, mean=lambda f: 1 / f),
            "For “average”, you divide by the wrong number. How many cells share the gradient of a"
            " window of height f and width f?",
        ),
        Wrong(
            "mode ignored",
            lambda dA, X, f, stride, mode: pool_backward(dA, X, f, stride, "max"),
            "Your function goes back through a maximum whatever the mode is.",
        ),
        Wrong(
            "stride forgotten",
            lambda dA, X, f, stride, mode: pool_backward(dA, X, f, 1, mode),
            "Your windows are neighbours, whatever the stride is. On the way back they lie where"
            " they lay on the way forward.",
        ),
        Wrong(
            "compared with the maximum of all images and channels",
            winners_of_the_batch,
            "For “max”, you compare with the largest number of the window in any image and any"
            " channel. Each channel of each image has a winner of its own.",
        ),
        Wrong(
            "averaged over the batch",
            lambda dA, X, *rest: pool_backward(dA / len(X), X, *rest),
            "dX is divided by the number of images. Each image has a dX of its own, and nothing is"
            " added up over the batch there.",
        ),
        Wrong(
            "first image for all",
            lambda dA, X, *rest: pool_backward(dA, np.repeat(X[:1], len(X), 0), *rest),
            "The winners of the first image get the gradients of all images. Which index of X"
            " counts the images?",
        ),
        Wrong(
            "truncated to whole numbers",
            lambda *case: np.trunc(pool_backward(*case)),
            "Your dX holds whole numbers only. An array that was made for whole numbers cuts"
            " off what stands behind the point.",
        ),
    ),
    alternatives=(pool_backward_by_places, pool_backward_by_argmax),
)
