"""Pooling: one number for each window of each channel, and nothing to learn."""

from functools import reduce

import numpy as np
from numpy.typing import ArrayLike

from cnnlab.checks import array, one_of, whole
from cnnlab.convolution.geometry import (
    Padding,
    Sides,
    crop,
    output_size,
    pad,
    sides,
    windows,
)

#: How each kind takes one more cell of the window into account.
KINDS = {"max": np.maximum, "average": np.add}


def pool2d(
    x: ArrayLike,
    size: int = 2,
    stride: int | None = None,
    padding: Padding = 0,
    kind: str = "max",
) -> np.ndarray:
    """The largest or the mean number of each window, channel by channel.

    Parameters
    ----------
    x
        Images, ``(N, H, W, C)``.
    size
        Height and width of the window, in cells.
    stride
        Cells from one window to the next. None: `size`, so that windows lie side by side.
    padding
        Cells added on each side, less than `size`, or ``"valid"`` (none), or ``"same"``. They never
        win and do not count in the mean: only real cells do, as in TensorFlow.
    kind
        ``"max"`` or ``"average"``.

    Returns
    -------
    numpy.ndarray
        ``(N, H_out, W_out, C)``.

    Raises
    ------
    ValueError
        If `x` has other axes, a number is out of range, the window is larger than the padded image,
        or there is no such kind.
    """
    x, stride, border, _ = _checked(x, size, stride, padding, kind)
    y = reduce(KINDS[kind], _places(_pad(x, border, kind), size, stride))
    if kind == "average":
        y = y / _counts(x, size, stride, border)
    return y  # (N, H_out, W_out, C)


def pool2d_backward(
    dy: ArrayLike,
    x: ArrayLike,
    size: int = 2,
    stride: int | None = None,
    padding: Padding = 0,
    kind: str = "max",
) -> np.ndarray:
    """How the loss changes with the images.

    The maximum passes all of `dy` to the cell that won; where several are equal, to the first in
    reading order. The mean passes every cell of the window the same share.

    Parameters
    ----------
    dy
        Gradient of the loss by the output of :func:`pool2d`, ``(N, H_out, W_out, C)``.
    x, size, stride, padding, kind
        What :func:`pool2d` was given.

    Returns
    -------
    numpy.ndarray
        Gradient of the loss by x, in its shape.

    Raises
    ------
    ValueError
        As :func:`pool2d`, and if `dy` has another shape than the output.
    """
    x, stride, border, out = _checked(x, size, stride, padding, kind)
    dy = array("dy", dy, "N, H_out, W_out, C").astype(x.dtype, copy=False)
    if dy.shape != out:
        raise ValueError(f"dy has shape {dy.shape}; expected {out}, as pool2d gives")
    padded = _pad(x, border, kind)
    dx = np.zeros_like(padded)
    if kind == "max":
        y = pool2d(x, size, stride, padding, kind)
        waiting = dy.copy()  # what no cell has won yet
        for place, back in zip(*(_places(a, size, stride) for a in (padded, dx)), strict=True):
            gets = waiting * (place == y)
            back += gets
            waiting -= gets
    else:
        share = dy / _counts(x, size, stride, border)
        for back in _places(dx, size, stride):
            back += share
    return crop(dx, border)


def _places(x: np.ndarray, size: int, stride: int) -> list[np.ndarray]:
    """For each place in the window, what all windows have there: views (N, H_out, W_out, C)."""
    seen = windows(x, (size, size), stride)
    return [seen[:, :, :, i, j] for i, j in np.ndindex(size, size)]


def _checked(
    x: ArrayLike, size: int, stride: int | None, padding: Padding, kind: str
) -> tuple[np.ndarray, int, tuple[Sides, Sides], tuple[int, int, int, int]]:
    """x as floats, the stride, the border to add to x, and the output's shape."""
    one_of("kind", kind, KINDS)
    x = array("x", x, "N, H, W, C")
    whole("size", size, 1)
    if not isinstance(padding, str) and whole("padding", padding, 0) >= size:
        raise ValueError(f"padding is {padding}; expected less than size, which is {size}")
    stride = size if stride is None else stride
    N, H, W, C = x.shape
    border = tuple(sides(padding, n, size, stride) for n in (H, W))
    H_out, W_out = (output_size(n, size, padding, stride) for n in (H, W))
    return x, stride, border, (N, H_out, W_out, C)


def _pad(x: np.ndarray, border: tuple[Sides, Sides], kind: str) -> np.ndarray:
    """Put a border around x that cannot win, or adds nothing."""
    beyond = -np.inf if kind == "max" else 0
    return np.pad(x, [(0, 0), *border, (0, 0)], constant_values=beyond)


def _counts(x: np.ndarray, size: int, stride: int, border: tuple[Sides, Sides]) -> np.ndarray:
    """How many cells of each window are image, not border: (1, H_out, W_out, 1)."""
    image = np.ones((1, *x.shape[1:3], 1), x.dtype)
    return sum(_places(pad(image, border), size, stride))
