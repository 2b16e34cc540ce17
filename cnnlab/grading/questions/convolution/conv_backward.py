"""A convolutional layer, backwards."""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from cnnlab.grading.question import FLOAT32, Case, Question, Wrong
from cnnlab.grading.questions.convolution.conv_layer import conv_layer
from cnnlab.grading.questions.convolution.inputs import Array, digits, normal, unequal
from cnnlab.grading.questions.convolution.zero_pad import zero_pad

Gradients = tuple[Array, Array, Array]


def conv_backward_cases(rng: np.random.Generator) -> Sequence[Case]:
    H, W = unequal(rng, 5, 7)
    return [
        with_gradient(rng, digits(rng, 1, 3, 4, 1), digits(rng, 2, 3, 1, 1), 1, 0),
        with_gradient(rng, normal(rng, 2, H, W, 3), normal(rng, 3, 2, 3, 4), 2, 1),
        with_gradient(rng, normal(rng, 3, 7, 6, 2), normal(rng, 2, 3, 2, 3), 1, 2),
        with_gradient(rng, normal(rng, 3, 5, 8, 2), normal(rng, 2, 3, 2, 3), 3, 0),
    ]


def with_gradient(rng: np.random.Generator, X: Array, W: Array, stride: int, pad: int) -> Case:
    shape = conv_layer(X, W, np.zeros(W.shape[3]), stride, pad).shape
    return (digits if W.size < 9 else normal)(rng, *shape), X, W, stride, pad


def conv_backward(dZ: Array, X: Array, W: Array, stride: int, pad: int) -> Gradients:
    padded = zero_pad(X, pad)
    dX, dW, db = np.zeros(padded.shape), np.zeros(W.shape), np.zeros(W.shape[3])
    for n, i, j, k in np.ndindex(dZ.shape):
        db[k] += dZ[n, i, j, k]
        top, left = i * stride, j * stride
        window = np.s_[n, top : top + W.shape[0], left : left + W.shape[1]]
        dW[..., k] += padded[window] * dZ[n, i, j, k]
        dX[window] += W[..., k] * dZ[n, i, j, k]
    return without_frame(dX, pad), dW, db


def without_frame(dX: Array, pad: int) -> Array:
    return dX[:, pad : dX.shape[1] - pad, pad : dX.shape[2] - pad]


def scaled_gradients(
    dZ: Array,
    X: Array,
    W: Array,
    stride: int,
    pad: int,
    dx: float = 1,
    dw: float = 1,
    db: float = 1,
) -> Gradients:
    gradients = conv_backward(dZ, X, W, stride, pad)
    return tuple(one * factor for one, factor in zip(gradients, (dx, dw, db), strict=True))


def windows(dZ: Array, W: Array, stride: int) -> Iterator[tuple[Array, tuple[slice, ...]]]:
    """The gradients of each position, (N, C_out), and the window of it in X."""
    for i, j in np.ndindex(dZ.shape[1:3]):
        rows = slice(i * stride, i * stride + W.shape[0])
        yield dZ[:, i, j], np.s_[:, rows, j * stride : j * stride + W.shape[1]]


def dx_assigned(dZ: Array, X: Array, W: Array, stride: int, pad: int) -> Gradients:
    dX = np.zeros_like(zero_pad(X, pad))
    for dz, window in windows(dZ, W, stride):
        dX[window] = np.einsum("uvck,nk->nuvc", W, dz)
    return without_frame(dX, pad), *conv_backward(dZ, X, W, stride, pad)[1:]


def dw_assigned(dZ: Array, X: Array, W: Array, stride: int, pad: int) -> Gradients:
    dX, _, db = conv_backward(dZ, X, W, stride, pad)
    last = dZ[-1:, -1:, -1:]  # of the loops over images, rows and columns
    _, corner = list(windows(dZ, W, stride))[-1]
    return dX, conv_backward(last, zero_pad(X, pad)[-1:][corner], W, 1, 0)[1], db


def last_image_only(dZ: Array, X: Array, W: Array, stride: int, pad: int) -> Gradients:
    """dW is set to zero anew for each image."""
    dX, _, db = conv_backward(dZ, X, W, stride, pad)
    return dX, conv_backward(dZ[-1:], X[-1:], W, stride, pad)[1], db


def first_image_only(dZ: Array, X: Array, W: Array, stride: int, pad: int) -> Gradients:
    """dW from the first image for all of them."""
    dX, _, db = conv_backward(dZ, X, W, stride, pad)
    return dX, conv_backward(dZ, np.repeat(X[:1], len(X), 0), W, stride, pad)[1], db


def dx_with(dZ: Array, X: Array, W: Array, V: Array, stride: int, pad: int) -> Gradients:
    """dX made with other filters V in the place of W."""
    return conv_backward(dZ, X, V, stride, pad)[0], *conv_backward(dZ, X, W, stride, pad)[1:]


def stride_forgotten_backwards(dZ: Array, X: Array, W: Array, stride: int, pad: int) -> Gradients:
    dX, dW, db = conv_backward(dZ, zero_pad(X, pad), W, 1, 0)
    return without_frame(dX, pad), dW, db


def frame_left(dZ: Array, X: Array, W: Array, stride: int, pad: int) -> Gradients:
    return conv_backward(dZ, zero_pad(X, pad), W, stride, 0)


def frame_cut_after(dZ: Array, X: Array, W: Array, stride: int, pad: int) -> Gradients:
    dX, dW, db = frame_left(dZ, X, W, stride, pad)
    return dX[:, : X.shape[1], : X.shape[2]], dW, db


def conv_backward_by_windows(dZ: Array, X: Array, W: Array, stride: int, pad: int) -> Gradients:
    padded = zero_pad(X, pad).astype("float32")
    dX, dW = np.zeros_like(padded), np.zeros_like(W, dtype="float32")
    for dz, window in windows(dZ.astype("float32"), W, stride):
        dW += np.einsum("nuvc,nk->uvck", padded[window], dz)
        dX[window] += np.einsum("uvck,nk->nuvc", W, dz)
    return without_frame(dX, pad), dW, dZ.sum(axis=(0, 1, 2))


def conv_backward_by_convolution(
    dZ: Array, X: Array, W: Array, stride: int, pad: int
) -> list[Array]:
    """As two convolutions of dZ, whose numbers are spread out by the stride."""
    padded, (f_h, f_w) = zero_pad(X, pad), W.shape[:2]
    N, H, width, _ = padded.shape
    spread = np.zeros((N, H - f_h + 1, width - f_w + 1, W.shape[3]))
    spread[:, ::stride, ::stride] = dZ
    seen = sliding_window_view(padded, spread.shape[1:3], axis=(1, 2))
    frame = [(0, 0), (f_h - 1, f_h - 1), (f_w - 1, f_w - 1), (0, 0)]
    around = sliding_window_view(np.pad(spread, frame), (f_h, f_w), axis=(1, 2))
    dX = np.einsum("nijkuv,uvck->nijc", around, W[::-1, ::-1])
    return [
        without_frame(dX, pad),
        np.einsum("nuvcij,nijk->uvck", seen, spread),
        dZ.sum((0, 1, 2)),
    ]


QUESTION = Question(
    id="conv_backward",
    room="convolution",
    title="A convolutional layer, backwards",
    points=5,
    level=3,
    kind="function",
    cases=conv_backward_cases,
    oracle=conv_backward,
    tolerance=FLOAT32,
    wrong=(
        Wrong(
            "dX assigned instead of added",
            dx_assigned,
            "Where windows overlap, dX keeps the last of them only. A pixel gets something from"
            " each window that sees it: see “Where people slip” in “A ConvNet in NumPy”.",
        ),
        Wrong(
            "dX without the flip",
            lambda dZ, X, W, stride, pad: dx_with(dZ, X, W, W[::-1, ::-1], stride, pad),
            "dX is made with the filters the wrong way round. A window spreads its gradient in the"
            " pattern of the filter as it is; seen from the pixel, that is a true convolution.",
        ),
        Wrong(
            "dW assigned instead of added",
            dw_assigned,
            "dW knows the last window of the last image only. A weight is used at every position:"
            " sharing costs a sum.",
        ),
        Wrong(
            "dW of the last image only",
            last_image_only,
            "dW knows the last image of the batch only. Where is it set to zero: before the loop"
            " over the images, or in it?",
        ),
        Wrong(
            "dW averaged over the batch",
            lambda dZ, X, W, stride, pad: scaled_gradients(dZ, X, W, stride, pad, dw=1 / len(X)),
            "dW is divided by the number of images. The loss does that once, if it is a mean;"
            " then dZ has it already, and dW is a plain sum.",
        ),
        Wrong(
            "dW and db averaged over the batch",
            lambda dZ, X, W, stride, pad: scaled_gradients(
                dZ, X, W, stride, pad, dw=1 / len(X), db=1 / len(X)
            ),
            "dW and db are divided by the number of images. The loss does that once, if it is a"
            " mean; then dZ has it already, and both are plain sums.",
        ),
        Wrong(
            "db averaged over the batch",
            lambda dZ, X, W, stride, pad: scaled_gradients(dZ, X, W, stride, pad, db=1 / len(X)),
            "db is divided by the number of images. The loss does that once, if it is a mean;"
            " then dZ has it already, and db is a plain sum.",
        ),
        Wrong(
            "all averaged over the batch",
            lambda dZ, X, W, stride, pad: conv_backward(dZ / len(X), X, W, stride, pad),
            "All three gradients are divided by the number of images. The loss does that once, if"
            " it is a mean; then dZ has it already.",
        ),
        Wrong(
            "dX averaged over the batch",
            lambda dZ, X, W, stride, pad: scaled_gradients(dZ, X, W, stride, pad, dx=1 / len(X)),
            "dX is divided by the number of images. Each image has a dX of its own, and nothing is"
            " added up over the batch there.",
        ),
        Wrong(
            "db a mean",
            lambda dZ, X, W, stride, pad: scaled_gradients(
                dZ, X, W, stride, pad, db=dZ.shape[3] / dZ.size
            ),
            "db is a mean. The bias is added at every position of every image, and it changes the"
            " loss through all of them.",
        ),
        Wrong(
            "stride forgotten",
            stride_forgotten_backwards,
            "Your windows are neighbours, whatever the stride is. On the way back they lie where"
            " they lay on the way forward.",
        ),
        Wrong(
            "frame left on dX",
            frame_left,
            "dX still has the frame of zeros around it that was put around X. A gradient has the"
            " shape of the thing itself.",
        ),
        Wrong(
            "frame cut on one side only",
            frame_cut_after,
            "dX has the right size, but it is shifted: rows and columns were cut off below and on"
            " the right only. Where does the image lie in its frame?",
        ),
        Wrong(
            "wrong order",
            lambda dZ, X, W, stride, pad: tuple(
                conv_backward(dZ, X, W, stride, pad)[place] for place in (1, 2, 0)
            ),
            "The gradients come in another order than the one that the task asks for.",
        ),
        Wrong(
            "first filter for all",
            lambda dZ, X, W, stride, pad: dx_with(
                dZ, X, W, np.repeat(W[..., :1], W.shape[3], 3), stride, pad
            ),
            "dX is made with the first filter alone. Which index of W counts the filters?",
        ),
        Wrong(
            "first image for all",
            first_image_only,
            "dW sees the first image of the batch again and again. Which index of X counts the"
            " images?",
        ),
        Wrong(
            "truncated to whole numbers",
            lambda *case: tuple(map(np.trunc, conv_backward(*case))),
            "Your gradients hold whole numbers only. An array that was made for whole numbers cuts"
            " off what stands behind the point.",
        ),
    ),
    alternatives=(conv_backward_by_windows, conv_backward_by_convolution),
)
