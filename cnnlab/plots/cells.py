"""Pictures of matrices: cells with their numbers, and images side by side."""

from collections.abc import Sequence
from math import ceil

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import Colormap
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from numpy.typing import ArrayLike

from cnnlab.plots.style import (
    GRAYS,
    MARK,
    MISTAKES,
    ON_LIGHT,
    SIGNED,
    SIGNED_CELLS,
    WIDTH,
    checked,
    scale,
    styled,
    written,
)

CELL = {"fontsize": 14, "color": ON_LIGHT}  # how a number stands in a cell


@styled
def number_grid(
    ax: Axes,
    array: ArrayLike,
    title: str = "",
    window: tuple[int, int, int, int] | None = None,
    signed: bool | None = None,
) -> None:
    """Draw a small matrix as cells with their numbers written in them.

    Parameters
    ----------
    ax
        Where to draw. Its limits become the matrix: one unit for each cell, row 0 on top.
    array
        ``(rows, columns)``, any numbers. Whole numbers are written without decimals.
    title
        What stands above.
    window
        ``(top, left, height, width)`` in cells: a frame around them.
    signed
        Colour by sign, or shade as a gray picture. None: by sign if any number is negative.

    Raises
    ------
    ValueError
        If `array` is not a matrix of finite numbers, or `window` is not inside it.
    """
    array = checked(array, "array", ndim=2)
    rows, columns = array.shape
    if window is not None:
        top, left, height, width = window
        inside = 0 <= top < top + height <= rows and 0 <= left < left + width <= columns
        if not inside:
            raise ValueError(
                f"window is {window}; expected (top, left, height, width)"
                f" inside {rows} rows and {columns} columns"
            )
    signed = bool((array < 0).any()) if signed is None else signed
    ax.pcolormesh(
        np.arange(columns + 1),
        np.arange(rows + 1),
        array,
        cmap=SIGNED_CELLS if signed else GRAYS,
        norm=scale(array, signed),
        edgecolors="#777777",
        linewidth=0.6,
        clip_on=False,
    )
    for (r, c), number in np.ndenumerate(array):
        ax.text(c + 0.5, r + 0.5, written(number), ha="center", va="center", **CELL)
    ax.set(xlim=(0, columns), ylim=(rows, 0), aspect="equal")
    if window is not None:
        frame = Rectangle((left, top), width, height, fill=False, edgecolor=MARK, linewidth=3)
        ax.add_patch(frame)
        frame.set_clip_on(False)
    ax.set_title(title)
    ax.set_axis_off()


@styled
def by_hand(
    image: ArrayLike,
    kernel: ArrayLike,
    result: ArrayLike,
    step: tuple[int, int] | None = (0, 0),
    stride: int = 1,
) -> Figure:
    """Draw ``image ∗ kernel = result`` as the lecture does, with one step marked.

    Parameters
    ----------
    image, kernel, result
        Matrices. The figure draws what it is given: it computes nothing.
    step
        Row and column of `result`; its cell and its window in `image` get a frame. None: neither.
    stride
        How far the window moved from one step to the next.

    Raises
    ------
    ValueError
        If a matrix is not one, if `step` is not inside `result`, or its window not in `image`.
    """
    image = checked(image, "image", ndim=2)
    kernel = checked(kernel, "kernel", ndim=2)
    result = checked(result, "result", ndim=2)
    windows: list = [None, None, None]
    if step is not None:
        row, column = step
        windows = [(row * stride, column * stride, *kernel.shape), None, (row, column, 1, 1)]
    parts = (image, kernel, result)
    cell, gap = 0.44, 0.9  # inches; cells
    widths = [parts[0].shape[1], gap, parts[1].shape[1], gap, parts[2].shape[1]]
    height = max(part.shape[0] for part in parts)
    fig = plt.figure(figsize=(min(WIDTH, cell * sum(widths)), cell * height + 0.4))
    grid = fig.add_gridspec(1, 5, width_ratios=widths, wspace=0, left=0, right=1, bottom=0)
    titles = [f"{part.shape[0]} × {part.shape[1]}" for part in parts]
    for place, part, title, window in zip((0, 2, 4), parts, titles, windows, strict=True):
        number_grid(fig.add_subplot(grid[place]), part, title, window, signed=place > 0)
    for place, sign in ((1, "∗"), (3, "=")):
        ax = fig.add_subplot(grid[place])
        ax.text(0.5, 0.5, sign, ha="center", va="center", fontsize=18)
        ax.set_axis_off()
    return fig


@styled
def images(
    pictures: Sequence[ArrayLike],
    titles: Sequence[str] | None = None,
    columns: int | None = None,
    width: float = 6.4,
    signed: bool | None = None,
    largest: float | None = None,
) -> Figure:
    """Draw pictures, kernels or feature maps side by side.

    Parameters
    ----------
    pictures
        ``(H, W)`` each, or ``(H, W, 3)`` with colours in [0, 1]. Sizes may differ.
    titles
        One for each picture.
    columns
        How many in a row. None: all in one.
    width
        Of the figure, in inches, at most 7.2.
    signed
        Colour ``(H, W)`` pictures by the sign of their values. None: those with negative ones.
        The scale goes from 0, or from as far below zero as above, to the largest value.
    largest
        One end of the scale for all ``(H, W)`` pictures, to compare them. None: each its own.

    Raises
    ------
    ValueError
        If a picture is not one, the numbers of titles and pictures differ, or a size is not
        positive.
    """
    if len(pictures) == 0:
        raise ValueError("pictures is empty; expected at least one picture")
    arrays = [checked(picture, f"pictures[{i}]", ndim=(2, 3)) for i, picture in enumerate(pictures)]
    for i, array in enumerate(arrays):
        if array.ndim == 3 and (array.shape[2] != 3 or array.min() < 0 or array.max() > 1):
            raise ValueError(
                f"pictures[{i}] has shape {array.shape} and values from {array.min():g} to"
                f" {array.max():g}; expected (H, W), or (H, W, 3) with values in [0, 1]"
            )
    titles = [""] * len(arrays) if titles is None else titles
    if len(titles) != len(arrays):
        raise ValueError(f"titles has {len(titles)} entries; expected {len(arrays)}, one a picture")
    columns = min(columns or len(arrays), len(arrays))
    if not 0 < width <= WIDTH:
        raise ValueError(f"width is {width}; expected more than 0 and at most {WIDTH} inches")
    if largest is not None and not largest > 0:
        raise ValueError(f"largest is {largest}; expected a positive number")
    rows = ceil(len(arrays) / columns)
    side = width / columns
    tallest = max(array.shape[0] / array.shape[1] for array in arrays) * side
    lines = max(title.count("\n") + 1 if title else 0 for title in titles)
    fig, axes = plt.subplots(
        rows,
        columns,
        figsize=(width, rows * (tallest + 0.25 * lines)),
        squeeze=False,
        layout="constrained",
    )
    for ax in axes.flat:
        ax.set_axis_off()
    for ax, array, title in zip(axes.flat, arrays, titles, strict=False):
        by_sign = bool((array < 0).any()) if signed is None else signed
        colours: Colormap | str = SIGNED if by_sign else "gray"
        ax.imshow(
            array, cmap=colours, norm=None if array.ndim == 3 else scale(array, by_sign, largest)
        )
        ax.set_title(title)
    return fig


def tiled(pictures: ArrayLike, columns: int) -> np.ndarray:
    """Lay many small pictures of one size out as one large one, to be drawn by :func:`images`.

    All have the same scale then, and drawing hundreds takes no longer than drawing one.

    Parameters
    ----------
    pictures
        ``(K, H, W)``.
    columns
        How many in a row.

    Returns
    -------
    numpy.ndarray
        ``(rows · (H + 1) + 1, columns · (W + 1) + 1)``. The lines between pictures are 0 if any
        number is negative, else the largest number.

    Raises
    ------
    ValueError
        If `pictures` has another rank, or `columns` is less than 1.
    """
    pictures = checked(pictures, "pictures", ndim=3)
    if columns < 1:
        raise ValueError(f"columns is {columns}; expected at least 1")
    K, H, W = pictures.shape
    rows = ceil(K / columns)
    line = 0 if (pictures < 0).any() else pictures.max()
    cells = np.full((rows * columns, H + 1, W + 1), line, float)
    cells[:K, 1:, 1:] = pictures
    cells = cells.reshape(rows, columns, H + 1, W + 1).transpose(0, 2, 1, 3)
    grid = cells.reshape(rows * (H + 1), columns * (W + 1))
    return np.pad(grid, [(0, 1), (0, 1)], constant_values=line)


@styled
def confusion(truth: ArrayLike, predicted: ArrayLike, classes: int) -> Figure:
    """Draw how often each class was taken for each: rows are the truth, columns the answers.

    The shades show mistakes only, since right answers would outshine them.

    Parameters
    ----------
    truth, predicted
        ``(N,)`` labels from 0 to `classes` − 1.
    classes
        How many there are.

    Raises
    ------
    ValueError
        If the labels are not two equally long lists of whole numbers in this range.
    """
    labels = [checked(each, n, 1) for each, n in ((truth, "truth"), (predicted, "predicted"))]
    for name, each in zip(("truth", "predicted"), labels, strict=True):
        if each.min() < 0 or each.max() >= classes or (each % 1).any():
            raise ValueError(f"{name} holds other labels than 0 to {classes - 1}")
    if len(labels[0]) != len(labels[1]):
        raise ValueError(f"predicted has {len(labels[1])} labels; expected {len(labels[0])}")
    counts = np.zeros((classes, classes), int)
    np.add.at(counts, tuple(each.astype(int) for each in labels), 1)
    mistakes = counts * (1 - np.eye(classes, dtype=int))
    fig, ax = plt.subplots(figsize=(0.45 * classes + 0.6,) * 2, layout="constrained")
    ax.imshow(mistakes, cmap=MISTAKES, vmin=0, vmax=max(mistakes.max(), 1))
    for (r, c), count in np.ndenumerate(counts):
        if count:
            ax.text(c, r, f"{count}", ha="center", va="center", fontsize=10, color=ON_LIGHT)
    ax.set(xticks=range(classes), yticks=range(classes), xlabel="answer", ylabel="truth")
    ax.tick_params(length=0)
    return fig
