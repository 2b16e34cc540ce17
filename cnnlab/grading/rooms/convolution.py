"""The questions of the convolution room.

Oracles are loops over the definition, one number at a time. Wrong ways are small changes of them.
"""

from collections.abc import Callable, Iterator, Sequence

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from cnnlab.grading.question import EXACT, FLOAT32, Case, Question, Wrong, no_arguments
from cnnlab.grading.texts import tr

VERSION = 1
ROOM = "convolution"
Array = np.ndarray
Gradients = tuple[Array, Array, Array]


def _unequal(rng: np.random.Generator, low: int, high: int) -> tuple[int, int]:
    """A height and a width that differ, each from low to high."""
    height, width = rng.choice(np.arange(low, high + 1), 2, replace=False)
    return int(height), int(width)


def _digits(rng: np.random.Generator, *shape: int) -> Array:
    """Small whole numbers that are easy to read and to add, none of them 0."""
    return rng.choice([-3.0, -2.0, -1.0, 1.0, 2.0, 3.0], shape)


def _normal(rng: np.random.Generator, *shape: int) -> Array:
    return rng.normal(size=shape).round(2)


def _distinct(rng: np.random.Generator, *shape: int, top: int | None = None) -> Array:
    """Whole numbers of which no two are equal, the largest of them `top` (half of them below 0)."""
    size = int(np.prod(shape))
    top = size // 2 if top is None else top
    return (rng.permutation(size) - (size - 1) + top).reshape(shape).astype(float)


# Output sizes and parameters, by hand


def _places(n: int, f: int, p: int, s: int) -> int:
    """How many starts of a window fit: they are counted, one by one."""
    return len(range(0, n + 2 * p - f + 1, s))


def _by_hand(
    places: Callable[[int, int, int, int], int] = _places, same: int = 4, weights: int = 12 * 46
) -> list[int]:
    rows = [places(11, 4, 0, 1), places(11, 5, 2, 1), places(18, 5, 1, 2), places(26, 7, 3, 4)]
    return [*rows, same, weights, 0]


SIZES = Question(
    id="sizes",
    room=ROOM,
    title="Sizes and parameters, by hand",
    points=2,
    level=1,
    kind="value",
    cases=no_arguments,
    oracle=_by_hand,
    tolerance=EXACT,
    wrong=(
        Wrong(
            "rounded up",
            lambda: _by_hand(lambda n, f, p, s: -((f - n - 2 * p) // s) + 1),
            "Where the stride does not divide, you round up. Then the last window hangs over the"
            " end of the row. The brackets of the formula in “Padding and stride” say which way.",
        ),
        Wrong(
            "rounded to the nearest",
            lambda: _by_hand(lambda n, f, p, s: int((n + 2 * p - f) / s + 0.5) + 1),
            "Where the stride does not divide, you round to the nearest whole number. Half a step"
            " is not a place for a window: see “Where people slip” in “Padding and stride”.",
        ),
        Wrong(
            "padding counted once",
            lambda: _by_hand(lambda n, f, p, s: (n + p - f) // s + 1),
            "You count the padding once. A row has two ends: how many cells does it have when the"
            " frame is around it?",
        ),
        Wrong(
            "first place not counted",
            lambda: _by_hand(lambda n, f, p, s: (n + 2 * p - f) // s),
            "Your rows are one place short. You count the steps of the window; it also stands"
            " somewhere before its first step.",
        ),
        Wrong(
            "stride forgotten",
            lambda: _by_hand(lambda n, f, p, s: n + 2 * p - f + 1),
            "Your sizes are those of a stride of 1. With a larger stride, the window skips places.",
        ),
        Wrong(
            "padding of both sides together",
            lambda: _by_hand(same=8),
            "In line 5 you give the cells of both sides together. The letter p means the cells on"
            " each side.",
        ),
        Wrong(
            "bias forgotten",
            lambda: _by_hand(weights=12 * 45),
            "In line 6 you count the weights only. A layer learns something else too, a number for"
            " each filter: see “How many parameters?” in “Layers”.",
        ),
        Wrong(
            "one bias for the whole layer",
            lambda: _by_hand(weights=12 * 45 + 1),
            "In line 6 you count one bias for the whole layer. Each filter has a threshold of its"
            " own.",
        ),
        Wrong(
            "a bias for each input channel",
            lambda: _by_hand(weights=12 * 5 * 10),
            "In line 6 you count a bias for each channel of each filter. The bias is added after"
            " the sum over the channels, so a filter has use for one only.",
        ),
        Wrong(
            "depth of the filters forgotten",
            lambda: _by_hand(weights=12 * 10),
            "In line 6 your filters are flat. A filter is as deep as the volume that it looks at:"
            " see “Volumes”.",
        ),
        Wrong(
            "depth for filters, filters for depth",
            lambda: _by_hand(weights=5 * (9 * 12 + 1)),
            "In line 6 the two depths changed places. One is the number of channels that come in,"
            " the other the number of filters: only one of them brings the biases.",
        ),
    ),
    alternatives=(
        lambda: np.array(_by_hand(lambda n, f, p, s: (n + 2 * p - f) // s + 1)),
        lambda: tuple(float(number) for number in _by_hand()),
    ),
)


# Padding


def _zero_pad_cases(rng: np.random.Generator) -> Sequence[Case]:
    batch, (height, width) = int(rng.integers(2, 4)), _unequal(rng, 3, 6)
    return [
        (_digits(rng, 1, 2, 3, 1), 1),
        (_normal(rng, batch, height, width, 4), 2),
        (_normal(rng, 3, 4, 2, 2), 0),
    ]


def _zero_pad(X: Array, pad: int) -> Array:
    N, H, W, C = X.shape
    padded = np.zeros((N, H + 2 * pad, W + 2 * pad, C))
    padded[:, pad : pad + H, pad : pad + W] = X
    return padded


def _framed(X: Array, *sides: tuple[int, int], **options) -> Array:
    """X in a frame that is given for the four axes."""
    return np.pad(X, sides, **options)


def _border_overwritten(X: Array, pad: int) -> Array:
    kept = np.zeros_like(X)
    inner = np.s_[:, pad : X.shape[1] - pad, pad : X.shape[2] - pad]
    kept[inner] = X[inner]
    return kept


def _stacked(X: Array, pad: int) -> Array:
    """Zero rows and columns, put around with concatenate."""
    rows = np.zeros_like(X[:, :1]).repeat(pad, axis=1)
    X = np.concatenate([rows, X, rows], axis=1)
    columns = np.zeros_like(X[:, :, :1]).repeat(pad, axis=2)
    return np.concatenate([columns, X, columns], axis=2)


ZERO_PAD = Question(
    id="zero_pad",
    room=ROOM,
    title="A frame of zeros around a batch",
    points=1,
    level=1,
    kind="function",
    cases=_zero_pad_cases,
    oracle=_zero_pad,
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
            lambda X, pad: _framed(X, (pad, pad), (pad, pad), (0, 0), (0, 0)),
            "The first axis got a frame, and the width got none: the batch has black images at"
            " both ends. Which axes of (N, H, W, C) are the height and the width?",
        ),
        Wrong(
            "padding on batch, height and width",
            lambda X, pad: _framed(X, (pad, pad), (pad, pad), (pad, pad), (0, 0)),
            "The batch axis got a frame as well: there are black images at both ends of the batch."
            " The number of images must stay.",
        ),
        Wrong(
            "padding on the channel axis",
            lambda X, pad: _framed(X, (0, 0), (pad, pad), (pad, pad), (pad, pad)),
            "The channel axis got a frame as well: each pixel has new channels, all zero. The"
            " depth must stay.",
        ),
        Wrong(
            "channels taken for the width",
            lambda X, pad: _framed(X, (0, 0), (0, 0), (pad, pad), (pad, pad)),
            "The last two axes got the frame, as if the channels came second. The order of the"
            " axes here is (N, H, W, C).",
        ),
        Wrong(
            "padding before only",
            lambda X, pad: _framed(X, (0, 0), (pad, 0), (pad, 0), (0, 0)),
            "The frame is above and on the left only. A frame has four sides.",
        ),
        Wrong(
            "padding after only",
            lambda X, pad: _framed(X, (0, 0), (0, pad), (0, pad), (0, 0)),
            "The frame is below and on the right only. A frame has four sides.",
        ),
        Wrong(
            "padding of the height only",
            lambda X, pad: _framed(X, (0, 0), (pad, pad), (0, 0), (0, 0)),
            "The frame is above and below only. The width needs one too.",
        ),
        Wrong(
            "padding of the width only",
            lambda X, pad: _framed(X, (0, 0), (0, 0), (pad, pad), (0, 0)),
            "The frame is on the left and on the right only. The height needs one too.",
        ),
        Wrong(
            "border repeated",
            lambda X, pad: _framed(X, (0, 0), (pad, pad), (pad, pad), (0, 0), mode="edge"),
            "The frame repeats the outermost pixels. That is one of the choices in “Padding and"
            " stride”, but another one is asked for here.",
        ),
        Wrong(
            "border overwritten",
            _border_overwritten,
            "The zeros lie on the outermost cells of the image, so these are lost. The frame goes"
            " around the image, and the array grows.",
        ),
    ),
    alternatives=(
        _stacked,
        lambda X, pad: _framed(X.astype("float32"), (0, 0), (pad, pad), (pad, pad), (0, 0)),
    ),
)


# Cross-correlation of one channel


def _conv2d_cases(rng: np.random.Generator) -> Sequence[Case]:
    return [
        (_digits(rng, 3, 5), _digits(rng, 2, 3)),
        (_normal(rng, *_unequal(rng, 6, 9)), _normal(rng, *_unequal(rng, 2, 5))),
        (_normal(rng, 7, 6), _normal(rng, 4, 1)),
        (_normal(rng, 3, 4), _normal(rng, 3, 4)),
    ]


def _conv2d(image: Array, kernel: Array) -> Array:
    f_h, f_w = kernel.shape
    result = np.zeros((image.shape[0] - f_h + 1, image.shape[1] - f_w + 1))
    for i, j in np.ndindex(result.shape):
        for u, v in np.ndindex(kernel.shape):
            result[i, j] += image[i + u, j + v] * kernel[u, v]
    return result


def _same_size(image: Array, kernel: Array) -> Array:
    sides = [((f - 1) // 2, f // 2) for f in kernel.shape]
    return _conv2d(np.pad(image, sides), kernel)


def _last_missing(image: Array, kernel: Array) -> Array:
    """Loops to n - f, without the + 1."""
    return _conv2d(image, kernel)[:-1, :-1]


def _by_fourier(image: Array, kernel: Array) -> Array:
    waves = np.fft.rfft2(image) * np.fft.rfft2(kernel, image.shape).conj()
    H_out, W_out = np.array(image.shape) - kernel.shape + 1
    return np.fft.irfft2(waves, image.shape)[:H_out, :W_out]


def _by_shifts(image: Array, kernel: Array) -> list[list[float]]:
    """One shifted copy of the image for each number of the kernel, in float32, as lists."""
    H_out, W_out = np.array(image.shape) - kernel.shape + 1
    image = image.astype("float32")
    parts = [k * image[u : u + H_out, v : v + W_out] for (u, v), k in np.ndenumerate(kernel)]
    return sum(parts).tolist()


CONV2D = Question(
    id="conv2d",
    room=ROOM,
    title="Slide a kernel over an image",
    points=2,
    level=1,
    kind="function",
    cases=_conv2d_cases,
    oracle=_conv2d,
    tolerance=FLOAT32,
    wrong=(
        Wrong(
            "kernel flipped",
            lambda image, kernel: _conv2d(image, kernel[::-1, ::-1]),
            "Your kernel is flipped: this is the convolution of mathematics. Deep learning lays"
            " the kernel on the window as it is; see the end of “Padding and stride”.",
        ),
        Wrong(
            "kernel flipped in one direction",
            lambda image, kernel: _conv2d(image, kernel[::-1]),
            "Your kernel stands on its head. Compare the index of its row with that of the window.",
        ),
        Wrong(
            "kernel mirrored",
            lambda image, kernel: _conv2d(image, kernel[:, ::-1]),
            "Left and right of your kernel changed places. Compare the index of its column with"
            " that of the window.",
        ),
        Wrong(
            "mean instead of sum",
            lambda image, kernel: _conv2d(image, kernel) / kernel.size,
            "You take the mean of the products. The convolution adds them up; a kernel that shall"
            " average has the division in its own numbers.",
        ),
        Wrong(
            "last row and column missing",
            _last_missing,
            "The last row and the last column of the result are missing. Count the places of a"
            " window of 3 in a row of 5 with a finger.",
        ),
        Wrong(
            "padded to the same size",
            _same_size,
            "Your result is as large as the image: there is a frame of zeros around it. Here,"
            " “valid” is asked for: the window stays inside the image.",
        ),
        Wrong(
            "height and width swapped",
            lambda image, kernel: _conv2d(image, kernel).T,
            "Rows and columns of your result changed places. In shape[0] and in the first index is"
            " the height.",
        ),
        Wrong(
            "negative numbers cut off",
            lambda image, kernel: np.maximum(_conv2d(image, kernel), 0),
            "Negative numbers became 0. That is ReLU's work, later; here the sign is part of the"
            " answer, since it tells the direction of the edge.",
        ),
        Wrong(
            "sign lost",
            lambda image, kernel: np.abs(_conv2d(image, kernel)),
            "Your answers have lost their sign. It tells the direction of the edge, so keep it.",
        ),
    ),
    alternatives=(_by_fourier, _by_shifts),
)


# Cross-correlation of volumes


def _conv_layer_cases(rng: np.random.Generator) -> Sequence[Case]:
    H, W = _unequal(rng, 6, 8)
    return [
        (_digits(rng, 1, 3, 4, 1), _digits(rng, 2, 3, 1, 1), _digits(rng, 1), 2, 1),
        (_normal(rng, 2, H, W, 3), _normal(rng, 3, 2, 3, 4), _normal(rng, 4), 1, 0),
        (_normal(rng, 3, 7, 8, 2), _normal(rng, 2, 3, 2, 3), _normal(rng, 3), 3, 1),
        (_normal(rng, 2, 9, 6, 3), _normal(rng, 4, 3, 3, 2), _normal(rng, 2), 2, 2),
    ]


def _conv_layer(X: Array, W: Array, b: Array, stride: int, pad: int) -> Array:
    X = _zero_pad(X, pad)
    f_h, f_w, _, K = W.shape
    H_out, W_out = _places(X.shape[1], f_h, 0, stride), _places(X.shape[2], f_w, 0, stride)
    Z = np.zeros((len(X), H_out, W_out, K))
    for n, i, j, k in np.ndindex(Z.shape):
        top, left = i * stride, j * stride
        Z[n, i, j, k] = b[k] + (X[n, top : top + f_h, left : left + f_w] * W[..., k]).sum()
    return Z


def _stride_in_size_only(X: Array, W: Array, b: Array, stride: int, pad: int) -> Array:
    _, H_out, W_out, _ = _conv_layer(X, W, b, stride, pad).shape
    return _conv_layer(X, W, b, 1, pad)[:, :H_out, :W_out]


def _over_the_edge(X: Array, W: Array, b: Array, stride: int, pad: int) -> Array:
    more = (pad, pad + stride - 1)  # as many starts as if the size were rounded up
    return _conv_layer(_framed(X, (0, 0), more, more, (0, 0)), W, b, stride, 0)


def _padded_before(X: Array, W: Array, b: Array, stride: int, pad: int) -> Array:
    return _conv_layer(_framed(X, (0, 0), (pad, 0), (pad, 0), (0, 0)), W, b, stride, 0)


def _layer_by_einsum(X: Array, W: Array, b: Array, stride: int, pad: int) -> Array:
    X = np.pad(X.astype("float32"), [(0, 0), (pad, pad), (pad, pad), (0, 0)])
    windows = sliding_window_view(X, W.shape[:2], axis=(1, 2))[:, ::stride, ::stride]
    return np.einsum("nijcuv,uvck->nijk", windows, W) + b


def _layer_by_places(X: Array, W: Array, b: Array, stride: int, pad: int) -> Array:
    """One matrix product for each place in the filter."""
    X = _zero_pad(X, pad)
    H_last, W_last = X.shape[1] - W.shape[0], X.shape[2] - W.shape[1]
    return b + sum(
        X[:, u : u + H_last + 1 : stride, v : v + W_last + 1 : stride] @ W[u, v]
        for u, v in np.ndindex(W.shape[:2])
    )


CONV_LAYER = Question(
    id="conv_layer",
    room=ROOM,
    title="A convolutional layer, forwards",
    points=4,
    level=2,
    kind="function",
    cases=_conv_layer_cases,
    oracle=_conv_layer,
    tolerance=FLOAT32,
    wrong=(
        Wrong(
            "kernel flipped",
            lambda X, W, b, stride, pad: _conv_layer(X, W[::-1, ::-1], b, stride, pad),
            "Your filters are flipped, upside down and left to right. On the way forward, deep"
            " learning does not flip.",
        ),
        Wrong(
            "bias forgotten",
            lambda X, W, b, stride, pad: _conv_layer(X, W, 0 * b, stride, pad),
            "The bias is missing: each channel of the result is off by one and the same number.",
        ),
        Wrong(
            "bias added for each input channel",
            lambda X, W, b, stride, pad: _conv_layer(X, W, b * W.shape[2], stride, pad),
            "The bias is added once for each channel that comes in. It belongs to the filter:"
            " first the sum over all channels, then the bias.",
        ),
        Wrong(
            "bias added for each product",
            lambda X, W, b, stride, pad: _conv_layer(X, W, b * W[..., 0].size, stride, pad),
            "The bias is added to each product, so it counts as often as the filter has numbers."
            " First the whole sum, then the bias.",
        ),
        Wrong(
            "mean instead of sum",
            lambda X, W, b, stride, pad: _conv_layer(X, W / W[..., 0].size, b, stride, pad),
            "You take the mean of the products of a window. A layer adds them up.",
        ),
        Wrong(
            "mean over the channels",
            lambda X, W, b, stride, pad: _conv_layer(X, W / W.shape[2], b, stride, pad),
            "You take the mean over the channels. The sum over the depth is part of the"
            " convolution: see “Volumes”.",
        ),
        Wrong(
            "first channel only",
            lambda X, W, b, stride, pad: _conv_layer(X[..., :1], W[:, :, :1], b, stride, pad),
            "You look at the first channel only. A filter is as deep as the volume: its window has"
            " three axes.",
        ),
        Wrong(
            "padding forgotten",
            lambda X, W, b, stride, pad: _conv_layer(X, W, b, stride, 0),
            "There is no frame around your images: pad is not used.",
        ),
        Wrong(
            "padding on one side only",
            _padded_before,
            "Your frame is above and on the left only. It has pad cells on each of the four sides.",
        ),
        Wrong(
            "stride for the height only",
            lambda X, W, b, stride, pad: _conv_layer(X, W, b, 1, pad)[:, ::stride],
            "Your windows step by the stride from top to bottom, and by 1 from left to right. Both"
            " axes have the same stride.",
        ),
        Wrong(
            "stride for the width only",
            lambda X, W, b, stride, pad: _conv_layer(X, W, b, 1, pad)[:, :, ::stride],
            "Your windows step by the stride from left to right, and by 1 from top to bottom. Both"
            " axes have the same stride.",
        ),
        Wrong(
            "stride forgotten",
            lambda X, W, b, stride, pad: _conv_layer(X, W, b, 1, pad),
            "Your windows step by 1 in both directions: stride is not used.",
        ),
        Wrong(
            "stride in the size only",
            _stride_in_size_only,
            "Your result has the right size, but its windows are neighbours: i and j count"
            " results, not pixels. At which pixel does the window of result i begin?",
        ),
        Wrong(
            "rounded up",
            _over_the_edge,
            "Where the stride does not divide, your last windows hang over the edge. Such a window"
            " is left out: see the brackets of the formula in “Padding and stride”.",
        ),
        Wrong(
            "ReLU applied",
            lambda X, W, b, stride, pad: np.maximum(_conv_layer(X, W, b, stride, pad), 0),
            "Negative numbers became 0: you applied ReLU. It comes after this function: here z is"
            " asked for, not a.",
        ),
    ),
    alternatives=(_layer_by_einsum, _layer_by_places),
)


# Pooling


def _pool_cases(rng: np.random.Generator) -> Sequence[Case]:
    H, W = _unequal(rng, 6, 9)
    return [
        (_distinct(rng, 1, 4, 5, 1), 2, 2, "max"),
        (_distinct(rng, 1, 3, 5, 1), 2, 1, "average"),
        (_distinct(rng, 2, H, W, 3), 3, 2, "max"),
        (_distinct(rng, 3, 5, 8, 2), 2, 3, "average"),
        (_distinct(rng, 2, 4, 6, 3, top=-1), 3, 1, "max"),
        (_distinct(rng, 2, 8, 5, 2) / 7, 4, 3, "average"),
    ]


def _pool(X: Array, f: int, stride: int, mode: str) -> Array:
    N, H, W, C = X.shape
    pooled = np.zeros((N, _places(H, f, 0, stride), _places(W, f, 0, stride), C))
    for n, i, j, c in np.ndindex(pooled.shape):
        top, left = i * stride, j * stride
        cells = [X[n, top + u, left + v, c] for u, v in np.ndindex(f, f)]
        pooled[n, i, j, c] = max(cells) if mode == "max" else sum(cells) / len(cells)
    return pooled


def _scaled_average(X: Array, f: int, stride: int, mode: str, factor: float) -> Array:
    return _pool(X, f, stride, mode) * (1 if mode == "max" else factor)


def _partial_windows(X: Array, f: int, stride: int, mode: str) -> Array:
    """What fits is pooled; windows that hang over the edge are filled from the inside."""
    more = [(0, 0), (0, stride - 1), (0, stride - 1), (0, 0)]
    beyond = np.pad(X, more, constant_values=np.nan)
    windows = sliding_window_view(beyond, (f, f), axis=(1, 2))[:, ::stride, ::stride]
    return (np.nanmax if mode == "max" else np.nanmean)(windows, axis=(4, 5))


def _channels_mixed(X: Array, f: int, stride: int, mode: str) -> Array:
    over_channels = X.max(axis=3) if mode == "max" else X.mean(axis=3)
    return _pool(np.repeat(over_channels[..., None], X.shape[3], axis=3), f, stride, mode)


def _pool_by_windows(X: Array, f: int, stride: int, mode: str) -> Array:
    windows = sliding_window_view(X.astype("float32"), (f, f), axis=(1, 2))[:, ::stride, ::stride]
    return (np.max if mode == "max" else np.mean)(windows, axis=(4, 5))


def _pool_by_places(X: Array, f: int, stride: int, mode: str) -> Array:
    """All cells that lie at one place of their windows, at once."""
    H_last, W_last = X.shape[1] - f + 1, X.shape[2] - f + 1
    places = [X[:, u : u + H_last, v : v + W_last] for u, v in np.ndindex(f, f)]
    pooled = np.maximum.reduce(places) if mode == "max" else sum(places) / f**2
    return pooled[:, ::stride, ::stride]


POOL = Question(
    id="pool",
    room=ROOM,
    title="Max and average pooling",
    points=3,
    level=2,
    kind="function",
    cases=_pool_cases,
    oracle=_pool,
    tolerance=FLOAT32,
    wrong=(
        Wrong(
            "average divided by f",
            lambda X, f, stride, mode: _scaled_average(X, f, stride, mode, f),
            "Your average divides by the wrong number. How many cells are in a window of height f"
            " and width f?",
        ),
        Wrong(
            "sum instead of average",
            lambda X, f, stride, mode: _scaled_average(X, f, stride, mode, f**2),
            "In the mode “average” you add up the cells of a window, and do not divide.",
        ),
        Wrong(
            "mode ignored",
            lambda X, f, stride, mode: _pool(X, f, stride, "max"),
            "Your function takes the maximum whatever the mode is.",
        ),
        Wrong(
            "modes swapped",
            lambda X, f, stride, mode: _pool(X, f, stride, "average" if mode == "max" else "max"),
            "The two modes changed places: you average for “max”.",
        ),
        Wrong(
            "maximum that starts from 0",
            lambda X, f, stride, mode: _pool(
                np.maximum(X, 0) if mode == "max" else X, f, stride, mode
            ),
            "Where all cells of a window are negative, your maximum is 0, and no cell of the window"
            " is 0. From which number does your search begin?",
        ),
        Wrong(
            "maximum of the absolute values",
            lambda X, f, stride, mode: _pool(np.abs(X) if mode == "max" else X, f, stride, mode),
            "Your maximum forgets the sign: a large negative number must not win.",
        ),
        Wrong(
            "channels mixed",
            _channels_mixed,
            "Your windows go through all channels at once. Pooling works on each channel on its"
            " own, and the depth stays.",
        ),
        Wrong(
            "stride ignored, windows side by side",
            lambda X, f, stride, mode: _pool(X, f, f, mode),
            "Your windows lie side by side, whatever the stride is. With another stride they"
            " overlap, or leave gaps.",
        ),
        Wrong(
            "stride of 1",
            lambda X, f, stride, mode: _pool(X, f, 1, mode),
            "Your windows step by 1, whatever the stride is.",
        ),
        Wrong(
            "window as large as the stride",
            lambda X, f, stride, mode: _pool(X, stride, stride, mode),
            "Your windows are as large as the stride. f says how large they are, and stride how far"
            " it is from one to the next.",
        ),
        Wrong(
            "stride for the height only",
            lambda X, f, stride, mode: _pool(X, f, 1, mode)[:, ::stride],
            "Your windows step by the stride from top to bottom, and by 1 from left to right.",
        ),
        Wrong(
            "stride for the width only",
            lambda X, f, stride, mode: _pool(X, f, 1, mode)[:, :, ::stride],
            "Your windows step by the stride from left to right, and by 1 from top to bottom.",
        ),
        Wrong(
            "partial windows pooled",
            _partial_windows,
            "You pool windows that hang over the edge as well. Only windows that lie inside count:"
            " the size of the result is rounded down.",
        ),
    ),
    alternatives=(_pool_by_windows, _pool_by_places),
)


# The convolution, backwards


def _conv_backward_cases(rng: np.random.Generator) -> Sequence[Case]:
    H, W = _unequal(rng, 5, 7)
    return [
        _with_gradient(rng, _digits(rng, 1, 3, 4, 1), _digits(rng, 2, 3, 1, 1), 1, 0),
        _with_gradient(rng, _normal(rng, 2, H, W, 3), _normal(rng, 3, 2, 3, 4), 2, 1),
        _with_gradient(rng, _normal(rng, 3, 7, 6, 2), _normal(rng, 2, 3, 2, 3), 1, 2),
        _with_gradient(rng, _normal(rng, 3, 5, 8, 2), _normal(rng, 2, 3, 2, 3), 3, 0),
    ]


def _with_gradient(rng: np.random.Generator, X: Array, W: Array, stride: int, pad: int) -> Case:
    shape = _conv_layer(X, W, np.zeros(W.shape[3]), stride, pad).shape
    return (_digits if W.size < 9 else _normal)(rng, *shape), X, W, stride, pad


def _conv_backward(dZ: Array, X: Array, W: Array, stride: int, pad: int) -> Gradients:
    padded = _zero_pad(X, pad)
    dX, dW, db = np.zeros(padded.shape), np.zeros(W.shape), np.zeros(W.shape[3])
    for n, i, j, k in np.ndindex(dZ.shape):
        db[k] += dZ[n, i, j, k]
        top, left = i * stride, j * stride
        window = np.s_[n, top : top + W.shape[0], left : left + W.shape[1]]
        dW[..., k] += padded[window] * dZ[n, i, j, k]
        dX[window] += W[..., k] * dZ[n, i, j, k]
    return _without_frame(dX, pad), dW, db


def _without_frame(dX: Array, pad: int) -> Array:
    return dX[:, pad : dX.shape[1] - pad, pad : dX.shape[2] - pad]


def _scaled_gradients(
    dZ: Array,
    X: Array,
    W: Array,
    stride: int,
    pad: int,
    dx: float = 1,
    dw: float = 1,
    db: float = 1,
) -> Gradients:
    gradients = _conv_backward(dZ, X, W, stride, pad)
    return tuple(one * factor for one, factor in zip(gradients, (dx, dw, db), strict=True))


def _windows(dZ: Array, W: Array, stride: int) -> Iterator[tuple[Array, tuple[slice, ...]]]:
    """The gradients of each position, (N, C_out), and the window of it in X."""
    for i, j in np.ndindex(dZ.shape[1:3]):
        rows = slice(i * stride, i * stride + W.shape[0])
        yield dZ[:, i, j], np.s_[:, rows, j * stride : j * stride + W.shape[1]]


def _dx_assigned(dZ: Array, X: Array, W: Array, stride: int, pad: int) -> Gradients:
    dX = np.zeros_like(_zero_pad(X, pad))
    for dz, window in _windows(dZ, W, stride):
        dX[window] = np.einsum("uvck,nk->nuvc", W, dz)
    return _without_frame(dX, pad), *_conv_backward(dZ, X, W, stride, pad)[1:]


def _dw_assigned(dZ: Array, X: Array, W: Array, stride: int, pad: int) -> Gradients:
    dX, _, db = _conv_backward(dZ, X, W, stride, pad)
    last = dZ[-1:, -1:, -1:]  # of the loops over images, rows and columns
    _, corner = list(_windows(dZ, W, stride))[-1]
    return dX, _conv_backward(last, _zero_pad(X, pad)[-1:][corner], W, 1, 0)[1], db


def _last_image_only(dZ: Array, X: Array, W: Array, stride: int, pad: int) -> Gradients:
    """dW is set to zero anew for each image."""
    dX, _, db = _conv_backward(dZ, X, W, stride, pad)
    return dX, _conv_backward(dZ[-1:], X[-1:], W, stride, pad)[1], db


def _dx_with(dZ: Array, X: Array, W: Array, V: Array, stride: int, pad: int) -> Gradients:
    """dX made with other filters V in the place of W."""
    return _conv_backward(dZ, X, V, stride, pad)[0], *_conv_backward(dZ, X, W, stride, pad)[1:]


def _stride_forgotten_backwards(dZ: Array, X: Array, W: Array, stride: int, pad: int) -> Gradients:
    dX, dW, db = _conv_backward(dZ, _zero_pad(X, pad), W, 1, 0)
    return _without_frame(dX, pad), dW, db


def _frame_left(dZ: Array, X: Array, W: Array, stride: int, pad: int) -> Gradients:
    return _conv_backward(dZ, _zero_pad(X, pad), W, stride, 0)


def _frame_cut_after(dZ: Array, X: Array, W: Array, stride: int, pad: int) -> Gradients:
    dX, dW, db = _frame_left(dZ, X, W, stride, pad)
    return dX[:, : X.shape[1], : X.shape[2]], dW, db


def _conv_backward_by_windows(dZ: Array, X: Array, W: Array, stride: int, pad: int) -> Gradients:
    padded = _zero_pad(X, pad).astype("float32")
    dX, dW = np.zeros_like(padded), np.zeros_like(W, dtype="float32")
    for dz, window in _windows(dZ.astype("float32"), W, stride):
        dW += np.einsum("nuvc,nk->uvck", padded[window], dz)
        dX[window] += np.einsum("uvck,nk->nuvc", W, dz)
    return _without_frame(dX, pad), dW, dZ.sum(axis=(0, 1, 2))


def _conv_backward_by_convolution(
    dZ: Array, X: Array, W: Array, stride: int, pad: int
) -> list[Array]:
    """As two convolutions of dZ, whose numbers are spread out by the stride."""
    padded, (f_h, f_w) = _zero_pad(X, pad), W.shape[:2]
    N, H, width, _ = padded.shape
    spread = np.zeros((N, H - f_h + 1, width - f_w + 1, W.shape[3]))
    spread[:, ::stride, ::stride] = dZ
    seen = sliding_window_view(padded, spread.shape[1:3], axis=(1, 2))
    frame = [(0, 0), (f_h - 1, f_h - 1), (f_w - 1, f_w - 1), (0, 0)]
    around = sliding_window_view(np.pad(spread, frame), (f_h, f_w), axis=(1, 2))
    dX = np.einsum("nijkuv,uvck->nijc", around, W[::-1, ::-1])
    return [
        _without_frame(dX, pad),
        np.einsum("nuvcij,nijk->uvck", seen, spread),
        dZ.sum((0, 1, 2)),
    ]


CONV_BACKWARD = Question(
    id="conv_backward",
    room=ROOM,
    title="A convolutional layer, backwards",
    points=5,
    level=3,
    kind="function",
    cases=_conv_backward_cases,
    oracle=_conv_backward,
    tolerance=FLOAT32,
    wrong=(
        Wrong(
            "dX assigned instead of added",
            _dx_assigned,
            "Where windows overlap, dX keeps the last of them only. A pixel gets something from"
            " each window that sees it: see “Where people slip” in “A ConvNet in NumPy”.",
        ),
        Wrong(
            "dX without the flip",
            lambda dZ, X, W, stride, pad: _dx_with(dZ, X, W, W[::-1, ::-1], stride, pad),
            "dX is made with the filters the wrong way round. A window spreads its gradient in the"
            " pattern of the filter as it is; seen from the pixel, that is a true convolution.",
        ),
        Wrong(
            "dW assigned instead of added",
            _dw_assigned,
            "dW knows the last window of the last image only. A weight is used at every position:"
            " sharing costs a sum.",
        ),
        Wrong(
            "dW of the last image only",
            _last_image_only,
            "dW knows the last image of the batch only. Where is it set to zero: before the loop"
            " over the images, or in it?",
        ),
        Wrong(
            "dW averaged over the batch",
            lambda dZ, X, W, stride, pad: _scaled_gradients(dZ, X, W, stride, pad, dw=1 / len(X)),
            "dW is divided by the number of images. The loss does that once, if it is a mean;"
            " then dZ has it already, and dW is a plain sum.",
        ),
        Wrong(
            "dW and db averaged over the batch",
            lambda dZ, X, W, stride, pad: _scaled_gradients(
                dZ, X, W, stride, pad, dw=1 / len(X), db=1 / len(X)
            ),
            "dW and db are divided by the number of images. The loss does that once, if it is a"
            " mean; then dZ has it already, and both are plain sums.",
        ),
        Wrong(
            "db averaged over the batch",
            lambda dZ, X, W, stride, pad: _scaled_gradients(dZ, X, W, stride, pad, db=1 / len(X)),
            "db is divided by the number of images. The loss does that once, if it is a mean;"
            " then dZ has it already, and db is a plain sum.",
        ),
        Wrong(
            "db a mean",
            lambda dZ, X, W, stride, pad: _scaled_gradients(
                dZ, X, W, stride, pad, db=dZ.shape[3] / dZ.size
            ),
            "db is a mean. The bias is added at every position of every image, and it changes the"
            " loss through all of them.",
        ),
        Wrong(
            "stride forgotten",
            _stride_forgotten_backwards,
            "Your windows are neighbours, whatever the stride is. On the way back they lie where"
            " they lay on the way forward.",
        ),
        Wrong(
            "frame left on dX",
            _frame_left,
            "dX still has the frame of zeros around it that was put around X. A gradient has the"
            " shape of the thing itself.",
        ),
        Wrong(
            "frame cut on one side only",
            _frame_cut_after,
            "dX has the right size, but it is shifted: rows and columns were cut off below and on"
            " the right only. Where does the image lie in its frame?",
        ),
        Wrong(
            "wrong order",
            lambda dZ, X, W, stride, pad: tuple(
                _conv_backward(dZ, X, W, stride, pad)[place] for place in (1, 2, 0)
            ),
            "The gradients come in another order than the one that the task asks for.",
        ),
    ),
    alternatives=(_conv_backward_by_windows, _conv_backward_by_convolution),
)


# Pooling, backwards


def _pool_backward_cases(rng: np.random.Generator) -> Sequence[Case]:
    H, W = _unequal(rng, 5, 7)
    shown = [
        (_digits(rng, 1, 2, 2, 1), _distinct(rng, 1, 4, 5, 1), 2, 2, "max"),
        (_digits(rng, 1, 2, 3, 1), _distinct(rng, 1, 3, 4, 1), 2, 1, "average"),
    ]
    larger = [
        (_distinct(rng, 2, H, W, 3), 3, 1, "max"),
        (_distinct(rng, 3, 5, 8, 2), 2, 3, "average"),
        (_distinct(rng, 2, 9, 6, 3), 4, 2, "average"),
        (_equal_pairs(rng, 3, 6, 4, 2), 2, 2, "max"),
    ]
    return shown + [(_normal(rng, *_pool(*case).shape), *case) for case in larger]


def _equal_pairs(rng: np.random.Generator, *shape: int) -> Array:
    """Each number stands twice, in two neighbours of one row: the largest of a window ties."""
    N, H, W, C = shape
    return np.repeat(_distinct(rng, N, H, W // 2, C), 2, axis=2)


def _pool_backward(dA: Array, X: Array, f: int, stride: int, mode: str) -> Array:
    return _shared(dA, X, f, stride, mode, _first_winner)


def _shared(
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


def _first_winner(window: Array) -> Array:
    """1 for the largest cell, the first in reading order, and 0 for the others."""
    best = max(np.ndindex(window.shape), key=lambda cell: window[cell])
    return np.array([[cell == best for cell in row] for row in _cells(window)], dtype=float)


def _cells(window: Array) -> list[list[tuple[int, int]]]:
    return [[(u, v) for v in range(window.shape[1])] for u in range(window.shape[0])]


def _first_cell(window: Array) -> Array:
    part = np.zeros(window.shape)
    part[0, 0] = 1
    return part


def _last_winner(window: Array) -> Array:
    return _first_winner(window[::-1, ::-1])[::-1, ::-1]


def _all_winners(window: Array) -> Array:
    return (window == window.max()).astype(float)


def _winners_share(window: Array) -> Array:
    return _all_winners(window) / _all_winners(window).sum()


def _winners_of_the_image(dA: Array, X: Array, f: int, stride: int, mode: str) -> Array:
    """The mask compares with the largest number of the image, not of the window."""
    largest = X.max(axis=(1, 2))
    dX = np.zeros(X.shape)
    for n, i, j, c in np.ndindex(dA.shape):
        window = np.s_[n, i * stride : i * stride + f, j * stride : j * stride + f, c]
        part = X[window] == largest[n, c] if mode == "max" else 1 / f**2
        dX[window] += dA[n, i, j, c] * part
    return dX


def _pool_backward_by_places(dA: Array, X: Array, f: int, stride: int, mode: str) -> Array:
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


def _pool_backward_by_argmax(dA: Array, X: Array, f: int, stride: int, mode: str) -> Array:
    dX = np.zeros_like(X)
    for n, i, j, c in np.ndindex(dA.shape):
        top, left = i * stride, j * stride
        if mode == "average":
            dX[n, top : top + f, left : left + f, c] += dA[n, i, j, c] / f / f
        else:
            u, v = divmod(X[n, top : top + f, left : left + f, c].argmax(), f)
            dX[n, top + u, left + v, c] += dA[n, i, j, c]
    return dX


POOL_BACKWARD = Question(
    id="pool_backward",
    room=ROOM,
    title="Pooling, backwards",
    points=4,
    level=3,
    kind="function",
    cases=_pool_backward_cases,
    oracle=_pool_backward,
    tolerance=FLOAT32,
    wrong=(
        Wrong(
            "gradient to the first cell of the window",
            lambda *case: _shared(*case, _first_cell),
            "For “max”, the gradient goes to the first cell of each window. It belongs to the cell"
            " that won on the way forward.",
        ),
        Wrong(
            "gradient to all ties",
            lambda *case: _shared(*case, _all_winners),
            "Where the largest number stands twice in a window, both cells get the whole gradient:"
            " more comes out than came in. The task says who wins.",
        ),
        Wrong(
            "ties share the gradient",
            lambda *case: _shared(*case, _winners_share),
            "Where the largest number stands twice in a window, both cells share the gradient. That"
            " is a possible rule, but the task has another one.",
        ),
        Wrong(
            "last of the ties wins",
            lambda *case: _shared(*case, _last_winner),
            "Where the largest number stands twice in a window, your gradient goes to the last of"
            " the two. Read in the task which one wins.",
        ),
        Wrong(
            "gradient to all cells of the window",
            lambda *case: _shared(*case, lambda window: np.ones(window.shape)),
            "For “max”, all cells of a window get the gradient. The cells that did not win have no"
            " influence on the result: what is their derivative?",
        ),
        Wrong(
            "compared with the maximum of the image",
            _winners_of_the_image,
            "For “max”, you look for the largest number of the whole image. In most windows no cell"
            " is as large, and their gradient is lost.",
        ),
        Wrong(
            "assigned instead of added",
            lambda *case: _shared(*case, _first_winner, assigned=True),
            "Where windows overlap, a cell keeps what the last of them gave. It gets something from"
            " each.",
        ),
        Wrong(
            "average not divided",
            lambda *case: _shared(*case, _first_winner, mean=lambda f: 1),
            "For “average”, each cell of a window gets the whole gradient. How much does the mean"
            " change if one cell grows by 1?",
        ),
        Wrong(
            "average divided by f",
            lambda *case: _shared(*case, _first_winner, mean=lambda f: 1 / f),
            "For “average”, you divide by the wrong number. How many cells share the gradient of a"
            " window of height f and width f?",
        ),
        Wrong(
            "mode ignored",
            lambda dA, X, f, stride, mode: _pool_backward(dA, X, f, stride, "max"),
            "Your function goes back through a maximum whatever the mode is.",
        ),
        Wrong(
            "stride forgotten",
            lambda dA, X, f, stride, mode: _pool_backward(dA, X, f, 1, mode),
            "Your windows are neighbours, whatever the stride is. On the way back they lie where"
            " they lay on the way forward.",
        ),
    ),
    alternatives=(_pool_backward_by_places, _pool_backward_by_argmax),
)


# Open task: a kernel for one kind of line

SIDE, PAIRS = 24, 300  # pixels of a picture, pictures with a rising line
LARGEST = 7  # rows and columns of the kernel
OTHERS = (0, 90, 135)  # degrees of the lines that the kernel must not find
CHANCE, GOAL = 0.7, 0.92  # of the pairs: worth nothing, worth all points


def _picture(rng: np.random.Generator, degrees: float) -> Array:
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


def _line_cases(rng: np.random.Generator) -> Sequence[Case]:
    rising = np.stack([_picture(rng, 45) for _ in range(PAIRS)])
    others = np.stack([_picture(rng, rng.choice(OTHERS)) for _ in range(PAIRS)])
    return [(rising, others)]


def _strongest(pictures: Array, kernel: Array) -> Array:
    """The largest answer of the kernel to each picture: (N, H, W) -> (N,)."""
    windows = sliding_window_view(pictures, kernel.shape, axis=(1, 2))
    return np.einsum("nijuv,uv->nij", windows, kernel).max(axis=(1, 2))


def _line_score(outputs: Sequence[Array], cases: Sequence[Case]) -> tuple[float, str]:
    kernel = _line_kernel(outputs[0])
    rising, others = cases[0]
    won = float((_strongest(rising, kernel) > _strongest(others, kernel)).mean())
    share = (won - CHANCE) / (GOAL - CHANCE)
    sentence = tr(
        "Your kernel won {:.1%} of {} pairs. {:.0%} are worth nothing, {:.0%} all points."
    )
    return share, sentence.format(won, PAIRS, CHANCE, GOAL)


def _line_kernel(answer: object) -> Array:
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


def _three_diagonals() -> list[list[float]]:
    """Bright on the diagonal that rises and beside it, dark elsewhere, 0 in all."""
    bright = sum(np.eye(LARGEST, k=k) for k in (-1, 0, 1))[::-1]
    return (bright - bright.mean()).tolist()


LINE_KERNEL = Question(
    id="line_kernel",
    room=ROOM,
    title="Open task: a kernel for one kind of line",
    points=4,
    level=3,
    kind="value",
    cases=_line_cases,
    alternatives=(_three_diagonals,),
    score=_line_score,
)

QUESTIONS = (SIZES, ZERO_PAD, CONV2D, CONV_LAYER, POOL, CONV_BACKWARD, POOL_BACKWARD, LINE_KERNEL)
