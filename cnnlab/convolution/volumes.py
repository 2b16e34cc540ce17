"""The convolution of a network: a batch of volumes, many filters, and four ways to compute it."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import ArrayLike

from cnnlab.checks import array, one_of, whole
from cnnlab.convolution.geometry import (
    Padding,
    Sides,
    crop,
    output_size,
    pad,
    reach,
    sides,
    windows,
)

#: The most memory that ``im2col`` takes for its columns, in bytes (one row of one image at least).
COLUMN_BYTES = 16 * 2**20


def conv2d(
    x: ArrayLike,
    w: ArrayLike,
    b: ArrayLike | None = None,
    stride: int = 1,
    padding: Padding = "valid",
    dilation: int = 1,
    groups: int = 1,
    method: str = "im2col",
) -> np.ndarray:
    """Cross-correlate every image of a batch with every filter, through all channels at once.

    Parameters
    ----------
    x
        Images, ``(N, H, W, C_in)``.
    w
        Filters, ``(f_h, f_w, C_in / groups, C_out)``.
    b
        One number for each filter, ``(C_out,)``, added to all it gives. None: nothing is added.
    stride, dilation
        Cells between two windows, and between two numbers of a filter.
    padding
        Zeros on each side, or ``"valid"`` (none), or ``"same"`` (see :func:`same_padding`).
    groups
        Cut the channels into so many equal parts, each seen only by its part of the filters.
    method
        ``"loops"``, the definition; ``"windows"``, ``"im2col"``, ``"fft"``: the same numbers,
        sooner. All agree up to rounding.

    Returns
    -------
    numpy.ndarray
        ``(N, H_out, W_out, C_out)``; float32 where `x` and `w` are.

    Raises
    ------
    ValueError
        If an array has other axes, channels do not match, a number is out of range, a filter is
        larger than the padded image, or there is no such method.
    """
    one_of("method", method, METHODS)
    x, w, border, _ = _checked(x, w, stride, padding, dilation, groups)
    bias = np.zeros(w.shape[3]) if b is None else array("b", b, "C_out")
    if bias.shape != w.shape[3:]:
        raise ValueError(f"b has shape {bias.shape}; expected {w.shape[3:]}, one for each filter")
    parts = zip(np.split(pad(x, border), groups, axis=3), np.split(w, groups, axis=3), strict=True)
    y = np.concatenate([METHODS[method](*part, stride, dilation) for part in parts], axis=3)
    y += bias.astype(y.dtype)
    return y  # (N, H_out, W_out, C_out)


def loops(x: np.ndarray, w: np.ndarray, stride: int, dilation: int) -> np.ndarray:
    """The definition: for each image, each position and each filter, one sum of products."""
    N, H, W, _ = x.shape
    f_h, f_w, _, C_out = w.shape
    H_out = output_size(H, f_h, 0, stride, dilation)
    W_out = output_size(W, f_w, 0, stride, dilation)
    y = np.empty((N, H_out, W_out, C_out), x.dtype)
    for n, i, j, k in np.ndindex(y.shape):
        top, left = i * stride, j * stride
        rows = slice(top, top + reach(f_h, dilation), dilation)
        columns = slice(left, left + reach(f_w, dilation), dilation)
        y[n, i, j, k] = np.sum(x[n, rows, columns] * w[..., k])  # f_h · f_w · C_in products
    return y


def by_windows(x: np.ndarray, w: np.ndarray, stride: int, dilation: int) -> np.ndarray:
    """The loops written as one sum over indices, on a view of all windows."""
    seen = windows(x, w.shape[:2], stride, dilation)  # (N, H_out, W_out, f_h, f_w, C_in)
    return np.einsum("nijabc,abck->nijk", seen, w)


def im2col(x: np.ndarray, w: np.ndarray, stride: int, dilation: int) -> np.ndarray:
    """Write every window as the row of a matrix: then the convolution is one matrix product.

    A cell is copied into each window that sees it, so the matrix is up to ``f_h · f_w`` times as
    large as the image. It is made and used in blocks of at most `COLUMN_BYTES`.
    """
    seen = windows(x, w.shape[:2], stride, dilation)  # (N, H_out, W_out, f_h, f_w, C_in)
    y = np.empty((*seen.shape[:3], w.shape[3]), x.dtype)
    w = w.reshape(-1, w.shape[3])  # (f_h · f_w · C_in, C_out)
    for block, columns in _columns(seen):
        y[block] = (columns @ w).reshape(y[block].shape)
    return y


def fft(x: np.ndarray, w: np.ndarray, stride: int, dilation: int) -> np.ndarray:
    """Sliding becomes multiplying once image and filter are written as sums of waves.

    The transform goes round: a window that leaves at one edge comes in at the opposite one. Those
    positions come last and are cut off. All strides are computed, and the unwanted ones dropped.
    """
    f_h, f_w, C_in, C_out = w.shape
    H, W = x.shape[1:3]
    spread = np.zeros((reach(f_h, dilation), reach(f_w, dilation), C_in, C_out), w.dtype)
    spread[::dilation, ::dilation] = w
    X = np.fft.rfft2(x, axes=(1, 2))  # (N, H, W // 2 + 1, C_in)
    F = np.fft.rfft2(spread, (H, W), axes=(0, 1))  # (H, W // 2 + 1, C_in, C_out)
    Y = np.einsum("nhwc,hwck->nhwk", X, F.conj())  # conj: correlation, no flip
    y = np.fft.irfft2(Y, (H, W), axes=(1, 2))
    H_in, W_in = H - len(spread) + 1, W - spread.shape[1] + 1  # positions without going round
    return y[:, :H_in:stride, :W_in:stride].astype(x.dtype)


METHODS = {"loops": loops, "windows": by_windows, "im2col": im2col, "fft": fft}


def conv2d_backward(
    dy: ArrayLike,
    x: ArrayLike,
    w: ArrayLike,
    stride: int = 1,
    padding: Padding = "valid",
    dilation: int = 1,
    groups: int = 1,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """How the loss changes with the images, the filters and the biases.

    Parameters
    ----------
    dy
        Gradient of the loss by the output of :func:`conv2d`, ``(N, H_out, W_out, C_out)``.
    x, w, stride, padding, dilation, groups
        What :func:`conv2d` was given.

    Returns
    -------
    dx, dw, db
        Gradients of the loss by x, w and b, in their shapes.

    Raises
    ------
    ValueError
        As :func:`conv2d`, and if `dy` has another shape than the output.
    """
    x, w, border, out = _checked(x, w, stride, padding, dilation, groups)
    dy = array("dy", dy, "N, H_out, W_out, C_out").astype(x.dtype, copy=False)
    if dy.shape != out:
        raise ValueError(f"dy has shape {dy.shape}; expected {out}, as conv2d gives")
    x = pad(x, border)
    dx = np.zeros_like(x)
    parts = zip(*(np.split(a, groups, axis=3) for a in (dy, x, w, dx)), strict=True)
    dw = np.concatenate([_backward(*part, stride, dilation) for part in parts], axis=3)
    return crop(dx, border), dw, dy.sum((0, 1, 2))


def _backward(
    dy: np.ndarray, x: np.ndarray, w: np.ndarray, dx: np.ndarray, stride: int, dilation: int
) -> np.ndarray:
    """`im2col`, backwards: where it copied a cell into many windows, their gradients add up.

    Adds to `dx`, which is zeros at first, and returns dw.
    """
    seen = windows(x, w.shape[:2], stride, dilation)  # (N, H_out, W_out, f_h, f_w, C_in)
    back = windows(dx, w.shape[:2], stride, dilation)  # the same windows, on the gradient
    dw = np.zeros((seen[0, 0, 0].size, w.shape[3]), w.dtype)  # (f_h · f_w · C_in, C_out)
    for block, columns in _columns(seen):
        dy_block = dy[block].reshape(-1, w.shape[3])
        dw += columns.T @ dy_block
        np.matmul(dy_block, w.reshape(dw.shape).T, out=columns)  # from here on, their gradient
        d_windows = columns.reshape(back[block].shape)
        for i, j in np.ndindex(w.shape[:2]):  # one place at a time: no cell is met twice
            back[block][:, :, :, i, j] += d_windows[:, :, :, i, j]
    return dw.reshape(w.shape)


def _checked(
    x: ArrayLike, w: ArrayLike, stride: int, padding: Padding, dilation: int, groups: int
) -> tuple[np.ndarray, np.ndarray, tuple[Sides, Sides], tuple[int, int, int, int]]:
    """x and w in one precision, the border to add to x, and the shape of the output."""
    x, w = array("x", x, "N, H, W, C_in"), array("w", w, "f_h, f_w, C_in / groups, C_out")
    whole("groups", groups, 1)
    if x.shape[3] != w.shape[2] * groups:
        raise ValueError(
            f"w has shape {w.shape} and groups is {groups}, so x would have {w.shape[2] * groups}"
            f" channels; expected {x.shape[3]}, as x has"
        )
    if w.shape[3] % groups:
        raise ValueError(f"groups is {groups}; expected a divisor of the {w.shape[3]} filters")
    fits = [(n, f, padding, stride, dilation) for n, f in zip(x.shape[1:3], w.shape, strict=False)]
    H_out, W_out = (output_size(*fit) for fit in fits)
    border = tuple(sides(padding, n, f, stride, dilation) for n, f, *_ in fits)
    dtype = np.result_type(x, w)
    x, w = x.astype(dtype, copy=False), w.astype(dtype, copy=False)
    return x, w, border, (len(x), H_out, W_out, w.shape[3])


def _columns(seen: np.ndarray) -> Iterator[tuple[tuple[slice, slice], np.ndarray]]:
    """Copy windows (N, H_out, …) into the rows of a matrix, as many as fit in `COLUMN_BYTES`.

    Yields which images and rows of the output they belong to, and the matrix. The same memory is
    filled again each time: asking the system for more takes longer than the copy.
    """
    N, H = seen.shape[:2]
    rows = max(COLUMN_BYTES // (seen[0, 0].size * seen.itemsize), 1)
    images, rows = min(max(rows // H, 1), N), min(rows, H)  # whole images, or some rows of one
    memory = np.empty((images, rows, *seen.shape[2:]), seen.dtype)
    for n in range(0, N, images):
        for i in range(0, H, rows):
            block = slice(n, n + images), slice(i, i + rows)
            filled = memory[: N - n, : H - i]  # the last block may be smaller
            filled[...] = seen[block]
            yield block, filled.reshape(-1, seen[0, 0, 0].size)
