"""The transposed convolution: the way back from few cells to many, computed in three ways.

A convolution is linear, so it is a matrix A, and A takes many cells to few. The transpose of A
takes few to many. It does not undo the convolution: it gives the size back, and not the numbers.
In a network, it is also what the backward pass of a convolution does to the gradient.
"""

import numpy as np
from numpy.typing import ArrayLike

from cnnlab.checks import array, one_of, whole
from cnnlab.convolution.geometry import Padding, pad, same_padding
from cnnlab.convolution.volumes import conv2d


def sizes_before(n: int, f: int, padding: Padding = 0, stride: int = 1) -> range:
    """Which sizes a convolution turns into n: as many as the stride.

    The floor in ``⌊(N + 2p − f) / s⌋ + 1`` forgets up to s − 1 cells. So the way back has to be
    told which of these sizes is meant: that is what an output padding is for.

    Parameters
    ----------
    n
        Cells after the convolution.
    f, padding, stride
        Of the convolution, as in :func:`cnnlab.convolution.output_size`.

    Returns
    -------
    range
        The sizes before, the smallest first. Only those that are at least 1.

    Raises
    ------
    ValueError
        If a number is out of range, or no image gives n.
    """
    n, f, stride = whole("n", n, 1), whole("f", f, 1), whole("stride", stride, 1)
    p = _cells(padding)
    smallest = (n - 1) * stride + (1 if p is None else f - 2 * p)
    found = range(max(smallest, 1), smallest + stride)
    if not found:
        raise ValueError(
            f"n is {n}, and with f = {f}, padding {padding} and stride {stride} no image gives so"
            " few cells; expected less padding"
        )
    return found


def transposed_output_size(
    n: int, f: int, padding: Padding = 0, stride: int = 1, output_padding: int = 0
) -> int:
    """How many cells a transposed convolution gives along one axis.

    ``(n − 1)·s + f − 2p``, and the output padding on top. With ``"same"``: ``n·s``, the largest of
    the :func:`sizes_before`, as in Keras.

    Parameters
    ----------
    n, f
        Sizes of the input and of the filter, in cells.
    padding
        Cells cut off on each side, or ``"valid"`` (none), or ``"same"``.
    stride
        Cells from one stamp to the next.
    output_padding
        Cells more at the end (below, right), fewer than the stride; with ``"same"``, 0.

    Raises
    ------
    ValueError
        If a number is out of range, or nothing is left.
    """
    n, f, stride = whole("n", n, 1), whole("f", f, 1), whole("stride", stride, 1)
    extra = whole("output_padding", output_padding, 0, stride - 1)
    p = _cells(padding)
    if p is None:
        if extra:
            raise ValueError(
                f"output_padding is {extra} and padding is 'same'; expected 0, as the size is"
                " n · stride"
            )
        return n * stride
    full = (n - 1) * stride + f
    if full - 2 * p + extra < 1:
        raise ValueError(f"padding is {p}, which leaves nothing of {full} cells; expected less")
    return full - 2 * p + extra


def transposed_conv2d(
    x: ArrayLike,
    w: ArrayLike,
    b: ArrayLike | None = None,
    stride: int = 1,
    padding: Padding = "valid",
    output_padding: int = 0,
    method: str = "scatter",
) -> np.ndarray:
    """Every number of the input stamps the whole filter, as strong as it is; what overlaps adds up.

    The adjoint of :func:`cnnlab.convolution.conv2d` with the same filters, stride and padding:
    ``⟨conv2d(y, w), x⟩ = ⟨y, transposed_conv2d(x, w)⟩`` for all x and y.

    Parameters
    ----------
    x
        ``(N, H, W, C_in)``.
    w
        ``(f_h, f_w, C_out, C_in)``: the filters of the convolution whose way back this is, which
        takes C_out channels to C_in. Keras has them in this order too.
    b
        ``(C_out,)``, added to every cell of the result. None: nothing is added.
    stride
        Cells from one stamp to the next.
    padding
        Cells that are cut off on each side, where the convolution added them; or ``"valid"``
        (none), or ``"same"``: ``n · stride`` cells are left, and of what is cut off, the smaller
        half comes first (above, left).
    output_padding
        Cells that are added at the end again (below, right), from 0 to ``stride − 1``. The
        lecture's 4×4 has padding 1 and output padding 1: one row off above, and none below.
    method
        ``"scatter"``, the definition; ``"dilate"``: spread the input with zeros, and convolve with
        the turned filter; ``"matrix"``: multiply by the transpose of the convolution's matrix. The
        same numbers, up to rounding.

    Returns
    -------
    numpy.ndarray
        ``(N, H_out, W_out, C_out)``, as :func:`transposed_output_size` says; float32 where `x` and
        `w` are.

    Raises
    ------
    ValueError
        If an array has other axes, channels do not match, a number is out of range, nothing is
        left, or there is no such method.

    References
    ----------
    V. Dumoulin, F. Visin, A guide to convolution arithmetic for deep learning, 2016, chapter 4.
    """
    one_of("method", method, METHODS)
    x, w = array("x", x, "N, H, W, C_in"), array("w", w, "f_h, f_w, C_out, C_in")
    if x.shape[3] != w.shape[3]:
        raise ValueError(
            f"w has shape {w.shape}, so x would have {w.shape[3]} channels; expected"
            f" {x.shape[3]}, as x has: the axes of w are (f_h, f_w, C_out, C_in)"
        )
    bias = np.zeros(w.shape[2]) if b is None else array("b", b, "C_out")
    if bias.shape != w.shape[2:3]:
        raise ValueError(f"b has shape {bias.shape}; expected {w.shape[2:3]}, one for each channel")
    fits = [(n, f, padding, stride) for n, f in zip(x.shape[1:3], w.shape, strict=False)]
    size = tuple(transposed_output_size(*fit, output_padding) for fit in fits)
    first = tuple(_cut_before(n, *fit[1:]) for n, fit in zip(size, fits, strict=True))
    dtype = np.result_type(x, w)
    x, w = x.astype(dtype, copy=False), w.astype(dtype, copy=False)
    y = METHODS[method](x, w, stride, size, first) + bias.astype(dtype)
    return y  # (N, H_out, W_out, C_out)


def scatter(
    x: np.ndarray, w: np.ndarray, stride: int, size: tuple[int, int], first: tuple[int, int]
) -> np.ndarray:
    """The definition: one stamp for each cell of the input, added to what is there already."""
    N, H, W, _ = x.shape
    f_h, f_w, C_out, _ = w.shape
    y = np.zeros((N, *_canvas(x, w, stride, size, first), C_out), x.dtype)
    for i, j in np.ndindex(H, W):
        stamp = np.tensordot(x[:, i, j], w, axes=(1, 3))  # (N, f_h, f_w, C_out)
        top, left = i * stride, j * stride
        y[:, top : top + f_h, left : left + f_w] += stamp
    return _cut(y, size, first)


def dilate(
    x: np.ndarray, w: np.ndarray, stride: int, size: tuple[int, int], first: tuple[int, int]
) -> np.ndarray:
    """Spread the input with zeros, put a border around it, and convolve with the turned filter.

    Turned, because the filter's row a lands a rows BELOW the stamp's first row. So a cell of the
    result gets, through row a, what stands a rows above it, while a window looks below.
    """
    N, H, W, C_in = x.shape
    f_h, f_w = w.shape[:2]
    spread = np.zeros((N, (H - 1) * stride + 1, (W - 1) * stride + 1, C_in), x.dtype)
    spread[:, ::stride, ::stride] = x
    high, wide = _canvas(x, w, stride, size, first)
    after = high - spread.shape[1], wide - spread.shape[2]
    border = pad(spread, ((f_h - 1, after[0]), (f_w - 1, after[1])))
    turned = w[::-1, ::-1].swapaxes(2, 3)  # (f_h, f_w, C_in, C_out)
    return _cut(conv2d(border, turned), size, first)


def by_matrix(
    x: np.ndarray, w: np.ndarray, stride: int, size: tuple[int, int], first: tuple[int, int]
) -> np.ndarray:
    """Multiply by the transpose of the convolution's matrix."""
    A = _matrix(x.shape[1:3], w, stride, size, first)  # (H · W · C_in, H_out · W_out · C_out)
    return (x.reshape(len(x), -1) @ A).reshape(len(x), *size, w.shape[2])


METHODS = {"scatter": scatter, "dilate": dilate, "matrix": by_matrix}


def convolution_matrix(
    size: tuple[int, int], w: ArrayLike, stride: int = 1, padding: Padding = "valid"
) -> np.ndarray:
    """The matrix A of a convolution: ``conv2d(x, w).ravel() = A @ x.ravel()`` for one image x.

    Parameters
    ----------
    size
        Height and width of the image.
    w
        Filters, ``(f_h, f_w, C_in, C_out)``, as for :func:`cnnlab.convolution.conv2d`.
    stride, padding
        As there.

    Returns
    -------
    numpy.ndarray
        ``(H_out · W_out · C_out, H · W · C_in)``: a row for each number of the result, a column for
        each number of the image. Most of it is zeros: it is large, and meant for small images.

    Raises
    ------
    ValueError
        If an argument is not one of these, or the filter is larger than the padded image.
    """
    w = array("w", w, "f_h, f_w, C_in, C_out")
    if np.shape(size) != (2,):
        raise ValueError(f"size is {size!r}; expected (H, W)")
    zeros = np.zeros((1, *(whole("size", n, 1) for n in size), w.shape[2]))
    out = conv2d(zeros, w, stride=stride, padding=padding).shape[1:3]  # refuses what does not fit
    first = tuple(
        _cut_before(n, f, padding, stride) for n, f in zip(size, w.shape[:2], strict=True)
    )
    return _matrix(out, w, stride, tuple(size), first)


def _matrix(
    few: tuple[int, int],
    w: np.ndarray,
    stride: int,
    many: tuple[int, int],
    first: tuple[int, int],
) -> np.ndarray:
    """The matrix of the convolution from `many` cells to `few`, with `first` zeros before them."""
    f_h, f_w, C_many, C_few = w.shape
    (H, W), (H_many, W_many), (top, left) = few, many, first
    high = max((H - 1) * stride + f_h, top + H_many)
    wide = max((W - 1) * stride + f_w, left + W_many)
    A = np.zeros((H, W, C_few, high, wide, C_many), w.dtype)
    filters = w.transpose(3, 0, 1, 2)  # (C_few, f_h, f_w, C_many)
    for i, j in np.ndindex(H, W):  # a row of the matrix for each place of the window
        rows, columns = slice(i * stride, i * stride + f_h), slice(j * stride, j * stride + f_w)
        A[i, j, :, rows, columns] = filters
    A = A[:, :, :, top : top + H_many, left : left + W_many]  # no column for the zeros
    return A.reshape(H * W * C_few, H_many * W_many * C_many)


def _cells(padding: Padding) -> int | None:
    """Cells on each side; None for "same", which depends on the rest."""
    if not isinstance(padding, str):
        return whole("padding", padding, 0)
    return {"valid": 0, "same": None}[one_of("padding", padding, ("valid", "same"))]


def _cut_before(n: int, f: int, padding: Padding, stride: int) -> int:
    """Cells that are cut off above, or to the left, of a result of n cells."""
    p = _cells(padding)
    return same_padding(f, 1, stride, n)[0] if p is None else p


def _canvas(
    x: np.ndarray, w: np.ndarray, stride: int, size: tuple[int, int], first: tuple[int, int]
) -> list[int]:
    """Height and width of what holds all stamps, and all that is cut out of it."""
    return [
        max((n - 1) * stride + f, cut + m)
        for n, f, m, cut in zip(x.shape[1:3], w.shape[:2], size, first, strict=True)
    ]


def _cut(y: np.ndarray, size: tuple[int, int], first: tuple[int, int]) -> np.ndarray:
    (H, W), (top, left) = size, first
    return y[:, top : top + H, left : left + W]
