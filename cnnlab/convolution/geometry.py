"""Where a filter fits: sizes, padding and windows."""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import ArrayLike

from cnnlab.checks import one_of, whole

#: What lies beyond the border, in NumPy's words.
PAD_MODES = {"zeros": "constant", "reflect": "reflect", "replicate": "edge"}

Padding = int | str
Sides = tuple[int, int]


def reach(f: int, dilation: int = 1) -> int:
    """How many cells a filter spans from its first to its last: its size, gaps included."""
    return dilation * (f - 1) + 1


def output_size(n: int, f: int, padding: Padding = 0, stride: int = 1, dilation: int = 1) -> int:
    """How many positions a filter takes along one axis.

    The lecture's formula: ``⌊(n + 2p − f) / s⌋ + 1``. The floor is there because a window that
    hangs over the edge does not count. With dilation d, the filter spans ``d·(f − 1) + 1`` cells,
    and that number takes the place of f.

    Parameters
    ----------
    n, f
        Sizes of the image and of the filter along this axis, in cells.
    padding
        Cells added on each side, or ``"valid"`` (none), or ``"same"`` (see :func:`same_padding`).
    stride
        Cells from one window to the next.
    dilation
        Cells from one of the filter's numbers to the next; 1 is an ordinary filter.

    Raises
    ------
    ValueError
        If a number is out of range, or the filter is larger than the padded image.
    """
    whole("n", n, 1)
    padded = n + sum(sides(padding, n, f, stride, dilation))
    spans = reach(f, dilation)
    if spans > padded:
        raise ValueError(
            f"f is {f} with dilation {dilation}, so the filter spans {spans} cells;"
            f" expected at most {padded}, the size of the padded image"
        )
    return (padded - spans) // stride + 1


def same_padding(f: int, dilation: int = 1, stride: int = 1, n: int | None = None) -> Sides:
    """Cells to add before and after, so that the output is as large as the image.

    With stride 1, a filter takes ``f − 1`` positions fewer than there are cells, so ``f − 1`` cells
    have to be added. For an odd filter that is ``p = (f − 1) / 2`` on each side. For an even one
    the two sides cannot be equal: the larger half goes after (below, right), as in TensorFlow.

    With stride s, "same" means ``⌈n / s⌉`` positions, and only the cells that these need are added,
    as TensorFlow and Keras do. That depends on `n`, and can be less than for stride 1: a 3×3 filter
    with stride 2 on 6 cells needs one cell after, and none before.

    Parameters
    ----------
    f, dilation, stride
        As in :func:`output_size`.
    n
        Size of the image; needed only where `stride` is not 1.

    Returns
    -------
    before, after
        Cells to add on the two sides of one axis.

    Raises
    ------
    ValueError
        If a number is out of range, or `n` is missing.
    """
    whole("f", f, 1)
    whole("dilation", dilation, 1)
    whole("stride", stride, 1)
    if stride > 1:
        if n is None:
            raise ValueError("n is None; expected the image's size: with a stride, it matters")
        last = (whole("n", n, 1) - 1) % stride  # cells that follow the last window's first cell
    else:
        last = 0
    total = max(reach(f, dilation) - 1 - last, 0)
    return total // 2, total - total // 2


def sides(padding: Padding, n: int, f: int, stride: int = 1, dilation: int = 1) -> Sides:
    """`padding` in cells: how many it adds before and after along one axis."""
    for name, value in {"f": f, "stride": stride, "dilation": dilation}.items():
        whole(name, value, 1)
    if isinstance(padding, str):
        one_of("padding", padding, ("valid", "same"))
        return same_padding(f, dilation, stride, n) if padding == "same" else (0, 0)
    return (whole("padding", padding, 0),) * 2


def pad(x: ArrayLike, padding: int | tuple[Sides, Sides], mode: str = "zeros") -> np.ndarray:
    """Put a border around an image.

    Parameters
    ----------
    x
        One image ``(H, W)``, or a batch ``(N, H, W, C)``.
    padding
        Cells on every side, or ``((top, bottom), (left, right))``.
    mode
        ``"zeros"``: 0, as networks do. ``"reflect"``: a mirror on the outermost cell, which is not
        repeated (3 2 | 1 2 3). ``"replicate"``: the outermost cell again and again (1 1 | 1 2 3).

    Returns
    -------
    numpy.ndarray
        ``(H + top + bottom, W + left + right)``, with N and C around it where `x` has them.

    Raises
    ------
    ValueError
        If `x` has other axes, `padding` is negative, or there is no such mode.
    """
    one_of("mode", mode, PAD_MODES)
    x = np.asarray(x)
    if x.ndim not in (2, 4):
        raise ValueError(f"x has shape {x.shape}; expected axes (H, W) or (N, H, W, C)")
    width = np.broadcast_to(padding, (2, 2)) if np.shape(padding) in ((), (2, 2)) else None
    if width is None or width.dtype.kind not in "iu" or width.min() < 0:
        raise ValueError(
            f"padding is {padding!r}; expected a whole number, at least 0,"
            " or ((top, bottom), (left, right))"
        )
    if x.ndim == 4:
        width = [(0, 0), *width, (0, 0)]
    return np.pad(x, width, PAD_MODES[mode])


def crop(x: np.ndarray, border: tuple[Sides, Sides]) -> np.ndarray:
    """Take a border off again: the part of a padded ``(N, H, W, C)`` that is image."""
    (top, bottom), (left, right) = border
    return x[:, top : x.shape[1] - bottom, left : x.shape[2] - right]


def windows(x: np.ndarray, size: tuple[int, int], stride: int = 1, dilation: int = 1) -> np.ndarray:
    """Every window that a filter looks through, as a view.

    Nothing is copied: a cell that many windows see is the same number in memory for all of them,
    and to change it in one window is to change it in the image.

    Parameters
    ----------
    x
        ``(H, W)`` or ``(N, H, W, C)``, padded already.
    size
        ``(f_h, f_w)``.

    Returns
    -------
    numpy.ndarray
        ``(H_out, W_out, f_h, f_w)`` or ``(N, H_out, W_out, f_h, f_w, C)``.
    """
    spans = tuple(reach(f, dilation) for f in size)
    steps = (slice(None, None, stride),) * 2 + (slice(None, None, dilation),) * 2
    if x.ndim == 2:
        return sliding_window_view(x, spans, writeable=True)[steps]
    view = sliding_window_view(x, spans, axis=(1, 2), writeable=True)  # the window comes last
    return np.moveaxis(view, 3, -1)[:, *steps]
