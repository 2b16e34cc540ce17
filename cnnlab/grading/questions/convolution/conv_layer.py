"""A convolutional layer, forwards."""

from collections.abc import Sequence

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from cnnlab.grading.question import FLOAT32, Case, Question, Wrong
from cnnlab.grading.questions.convolution.inputs import Array, digits, normal, unequal
from cnnlab.grading.questions.convolution.sizes import count_places
from cnnlab.grading.questions.convolution.zero_pad import framed, zero_pad


def conv_layer_cases(rng: np.random.Generator) -> Sequence[Case]:
    H, W = unequal(rng, 6, 8)
    return [
        (digits(rng, 1, 3, 4, 1), digits(rng, 2, 3, 1, 1), digits(rng, 1), 2, 1),
        (normal(rng, 2, H, W, 3), normal(rng, 3, 2, 3, 4), normal(rng, 4), 1, 0),
        (normal(rng, 3, 7, 8, 2), normal(rng, 2, 3, 2, 3), normal(rng, 3), 3, 1),
        (normal(rng, 2, 9, 6, 3), normal(rng, 4, 3, 3, 2), normal(rng, 2), 2, 2),
    ]


def conv_layer(X: Array, W: Array, b: Array, stride: int, pad: int) -> Array:
    X = zero_pad(X, pad)
    f_h, f_w, _, K = W.shape
    H_out, W_out = (
        count_places(X.shape[1], f_h, 0, stride),
        count_places(X.shape[2], f_w, 0, stride),
    )
    Z = np.zeros((len(X), H_out, W_out, K))
    for n, i, j, k in np.ndindex(Z.shape):
        top, left = i * stride, j * stride
        Z[n, i, j, k] = b[k] + (X[n, top : top + f_h, left : left + f_w] * W[..., k]).sum()
    return Z


def stride_in_size_only(X: Array, W: Array, b: Array, stride: int, pad: int) -> Array:
    _, H_out, W_out, _ = conv_layer(X, W, b, stride, pad).shape
    return conv_layer(X, W, b, 1, pad)[:, :H_out, :W_out]


def over_the_edge(X: Array, W: Array, b: Array, stride: int, pad: int) -> Array:
    more = (pad, pad + stride - 1)  # as many starts as if the size were rounded up
    return conv_layer(framed(X, (0, 0), more, more, (0, 0)), W, b, stride, 0)


def padded_before(X: Array, W: Array, b: Array, stride: int, pad: int) -> Array:
    return conv_layer(framed(X, (0, 0), (pad, 0), (pad, 0), (0, 0)), W, b, stride, 0)


def never_reset(X: Array, W: Array, b: Array, stride: int, pad: int, often: bool = False) -> Array:
    """One sum that goes on from window to window; if `often`, with the biases in it."""
    right = conv_layer(X, W, b if often else 0 * b, stride, pad)
    return right.cumsum().reshape(right.shape) + (0 if often else b)


def layer_by_einsum(X: Array, W: Array, b: Array, stride: int, pad: int) -> Array:
    X = np.pad(X.astype("float32"), [(0, 0), (pad, pad), (pad, pad), (0, 0)])
    windows = sliding_window_view(X, W.shape[:2], axis=(1, 2))[:, ::stride, ::stride]
    return np.einsum("nijcuv,uvck->nijk", windows, W) + b


def layer_by_places(X: Array, W: Array, b: Array, stride: int, pad: int) -> Array:
    """One matrix product for each place in the filter."""
    X = zero_pad(X, pad)
    H_last, W_last = X.shape[1] - W.shape[0], X.shape[2] - W.shape[1]
    return b + sum(
        X[:, u : u + H_last + 1 : stride, v : v + W_last + 1 : stride] @ W[u, v]
        for u, v in np.ndindex(W.shape[:2])
    )


QUESTION = Question(
    id="conv_layer",
    room="convolution",
    title="A convolutional layer, forwards",
    points=4,
    level=2,
    kind="function",
    cases=conv_layer_cases,
    oracle=conv_layer,
    tolerance=FLOAT32,
    wrong=(
        Wrong(
            "kernel flipped",
            lambda X, W, b, stride, pad: conv_layer(X, W[::-1, ::-1], b, stride, pad),
            "Your filters are flipped, upside down and left to right. On the way forward, deep"
            " learning does not flip.",
        ),
        Wrong(
            "bias forgotten",
            lambda X, W, b, stride, pad: conv_layer(X, W, 0 * b, stride, pad),
            "The bias is missing: each channel of the result is off by one and the same number.",
        ),
        Wrong(
            "bias added for each input channel",
            lambda X, W, b, stride, pad: conv_layer(X, W, b * W.shape[2], stride, pad),
            "The bias is added once for each channel that comes in. It belongs to the filter:"
            " first the sum over all channels, then the bias.",
        ),
        Wrong(
            "bias added for each product",
            lambda X, W, b, stride, pad: conv_layer(X, W, b * W[..., 0].size, stride, pad),
            "The bias is added to each product, so it counts as often as the filter has numbers."
            " First the whole sum, then the bias.",
        ),
        Wrong(
            "mean instead of sum",
            lambda X, W, b, stride, pad: conv_layer(X, W / W[..., 0].size, b, stride, pad),
            "You take the mean of the products of a window. A layer adds them up.",
        ),
        Wrong(
            "mean over the channels",
            lambda X, W, b, stride, pad: conv_layer(X, W / W.shape[2], b, stride, pad),
            "You take the mean over the channels. The sum over the depth is part of the"
            " convolution: see “Volumes”.",
        ),
        Wrong(
            "first channel only",
            lambda X, W, b, stride, pad: conv_layer(X[..., :1], W[:, :, :1], b, stride, pad),
            "You look at the first channel only. A filter is as deep as the volume: its window has"
            " three axes.",
        ),
        Wrong(
            "padding forgotten",
            lambda X, W, b, stride, pad: conv_layer(X, W, b, stride, 0),
            "There is no frame around your images: pad is not used.",
        ),
        Wrong(
            "padding on one side only",
            padded_before,
            "Your frame is above and on the left only. It has pad cells on each of the four sides.",
        ),
        Wrong(
            "stride for the height only",
            lambda X, W, b, stride, pad: conv_layer(X, W, b, 1, pad)[:, ::stride],
            "Your windows step by the stride from top to bottom, and by 1 from left to right. Both"
            " axes have the same stride.",
        ),
        Wrong(
            "stride for the width only",
            lambda X, W, b, stride, pad: conv_layer(X, W, b, 1, pad)[:, :, ::stride],
            "Your windows step by the stride from left to right, and by 1 from top to bottom. Both"
            " axes have the same stride.",
        ),
        Wrong(
            "stride forgotten",
            lambda X, W, b, stride, pad: conv_layer(X, W, b, 1, pad),
            "Your windows step by 1 in both directions: stride is not used.",
        ),
        Wrong(
            "stride in the size only",
            stride_in_size_only,
            "Your result has the right size, but its windows are neighbours: i and j count"
            " results, not pixels. At which pixel does the window of result i begin?",
        ),
        Wrong(
            "rounded up",
            over_the_edge,
            "Where the stride does not divide, your last windows hang over the edge. Such a window"
            " is left out: see the brackets of the formula in “Padding and stride”.",
        ),
        Wrong(
            "ReLU applied",
            lambda X, W, b, stride, pad: np.maximum(conv_layer(X, W, b, stride, pad), 0),
            "Negative numbers became 0: you applied ReLU. It comes after this function: here z is"
            " asked for, not a.",
        ),
        Wrong(
            "first image for all",
            lambda X, W, b, stride, pad: conv_layer(np.repeat(X[:1], len(X), 0), W, b, stride, pad),
            "All images of the batch have the result of the first one. Which index of X counts the"
            " images?",
        ),
        Wrong(
            "first filter for all",
            lambda X, W, b, stride, pad: conv_layer(
                X, np.repeat(W[..., :1], len(b), 3), b, stride, pad
            ),
            "All channels of the result come from the first filter. Which index of W counts the"
            " filters?",
        ),
        Wrong(
            "first bias for all",
            lambda X, W, b, stride, pad: conv_layer(X, W, np.repeat(b[:1], len(b)), stride, pad),
            "All filters have the bias of the first one. Each has its own.",
        ),
        Wrong(
            "sum not reset",
            never_reset,
            "Your sum goes on from window to window, and never begins anew. Where is it set to"
            " zero: before the loop over the places, or in it?",
        ),
        Wrong(
            "sum and biases not reset",
            lambda *case: never_reset(*case, often=True),
            "Your sum goes on from window to window, with all the biases in it. Where is it set to"
            " zero: before the loop over the places, or in it?",
        ),
        Wrong(
            "truncated to whole numbers",
            lambda *case: np.trunc(conv_layer(*case)),
            "Your result holds whole numbers only. An array that was made for whole numbers cuts"
            " off what stands behind the point.",
        ),
    ),
    alternatives=(layer_by_einsum, layer_by_places),
)
