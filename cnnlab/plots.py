"""The book's pictures: one function for each kind, all in the same style.

A page draws with these functions and ends with :func:`show`, which puts the picture on the page
together with the text that describes it.

Gray means a picture: black is the lowest value, white the highest. Colour means a number with a
sign: blue below zero, white at zero, red above. Both are told apart by readers who see few colours.
"""

import base64
import io
from collections.abc import Mapping, Sequence
from math import ceil

import matplotlib.pyplot as plt
import numpy as np
from IPython.display import display
from matplotlib.axes import Axes
from matplotlib.colors import Colormap, LinearSegmentedColormap, Normalize
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from numpy.typing import ArrayLike

DPI = 144  # two pixels for each CSS pixel: sharp on a phone
WIDTH = 7.2  # inches: a wider figure would be shrunk until nobody can read it
INK = "#1a1a1a"
MARK = "#009e73"  # the window that is being looked at: in neither colour map
# Okabe and Ito's palette, which readers with any colour vision tell apart, without its yellow.
LINES = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00")
# Light enough at both ends for dark numbers.
GRAYS = LinearSegmentedColormap.from_list("grays", ["#8f8f8f", "#ffffff"])
SIGNED_CELLS = LinearSegmentedColormap.from_list("signed", ["#74b3e0", "#ffffff", "#f0a07c"])
SIGNED = plt.get_cmap("RdBu_r")

# Pages also draw with matplotlib itself: the style holds for whoever imports this module.
plt.rcParams.update(
    {
        "font.size": 11,
        "axes.titlesize": 11,
        "axes.labelsize": 11,
        "xtick.labelsize": 10,
        "ytick.labelsize": 10,
        "legend.fontsize": 10,
        "legend.frameon": False,
        "axes.prop_cycle": plt.cycler(color=LINES),
        "axes.spines.top": False,
        "axes.spines.right": False,
        "lines.linewidth": 2,
        "text.color": INK,
        "axes.labelcolor": INK,
        "figure.facecolor": "white",
        "image.interpolation": "antialiased",
    }
)


def show(fig: Figure, alt: str) -> None:
    """Put a figure on the page with its alt text, and close it.

    Parameters
    ----------
    fig
        The figure. Its size in inches times 72 is its width on the page in CSS pixels.
    alt
        What the picture shows, for a reader who cannot see it: a sentence, not a file name.

    Raises
    ------
    ValueError
        If `alt` is empty: the book refuses figures without a description.
    """
    if not alt.strip():
        raise ValueError("alt is empty; expected a sentence that says what the figure shows")
    png = io.BytesIO()
    fig.savefig(png, format="png", dpi=DPI, bbox_inches="tight")
    plt.close(fig)
    data = {"image/png": base64.b64encode(png.getvalue()).decode(), "text/plain": alt}
    display(data, metadata={"image/png": {"alt": alt}}, raw=True)


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
    array = _checked(array, "array", ndim=2)
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
    ax.imshow(
        array,
        cmap=SIGNED_CELLS if signed else GRAYS,
        norm=_norm(array, signed),
        extent=(0, columns, rows, 0),
        interpolation="nearest",
    )
    for r, row in enumerate(array):
        for c, number in enumerate(row):
            ax.text(c + 0.5, r + 0.5, written(number), ha="center", va="center", fontsize=13)
    ax.hlines(range(rows + 1), 0, columns, color="#777777", linewidth=0.6)
    ax.vlines(range(columns + 1), 0, rows, color="#777777", linewidth=0.6)
    if window is not None:
        frame = Rectangle((left, top), width, height, fill=False, edgecolor=MARK, linewidth=3)
        ax.add_patch(frame)
        frame.set_clip_on(False)
    ax.set_title(title)
    ax.set_axis_off()


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
    image = _checked(image, "image", ndim=2)
    kernel = _checked(kernel, "kernel", ndim=2)
    result = _checked(result, "result", ndim=2)
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


def images(
    pictures: Sequence[ArrayLike],
    titles: Sequence[str] | None = None,
    columns: int | None = None,
    width: float = WIDTH,
    signed: bool | None = None,
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
        Each picture has its own scale, from 0 (or as far below as above) to its largest value.

    Raises
    ------
    ValueError
        If a picture is not one, or the numbers of titles and pictures differ.
    """
    if len(pictures) == 0:
        raise ValueError("pictures is empty; expected at least one picture")
    arrays = [
        _checked(picture, f"pictures[{i}]", ndim=(2, 3)) for i, picture in enumerate(pictures)
    ]
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
    rows = ceil(len(arrays) / columns)
    side = width / columns
    tallest = max(array.shape[0] / array.shape[1] for array in arrays) * side
    lines = max(title.count("\n") + 1 if title else 0 for title in titles)
    fig, axes = plt.subplots(
        rows,
        columns,
        figsize=(width, rows * (tallest + 0.2 * lines)),
        squeeze=False,
        layout="constrained",
    )
    for ax in axes.flat:
        ax.set_axis_off()
    for ax, array, title in zip(axes.flat, arrays, titles, strict=False):
        by_sign = bool((array < 0).any()) if signed is None else signed
        colours: Colormap | str = SIGNED if by_sign else "gray"
        ax.imshow(array, cmap=colours, norm=None if array.ndim == 3 else _norm(array, by_sign))
        ax.set_title(title)
    return fig


def curves(
    lines: Mapping[str, Sequence[float]],
    x_label: str,
    y_label: str,
    log: bool = False,
    width: float = 5.4,
) -> Figure:
    """Draw what changed over time, one named line for each sequence.

    Parameters
    ----------
    lines
        Name and values, from step 0 on. One line is drawn without a legend.
    x_label, y_label
        What the axes measure, with the unit.
    log
        Make the vertical axis logarithmic.
    width
        Of the figure, in inches.

    Raises
    ------
    ValueError
        If there is no line, a value is not finite, or `log` is asked for values that are not
        positive.
    """
    if not lines:
        raise ValueError("lines is empty; expected at least one named sequence")
    fig, ax = plt.subplots(figsize=(width, 0.55 * width), layout="constrained")
    for name, values in lines.items():
        values = _checked(values, f"lines[{name!r}]", ndim=1)
        if log and (values <= 0).any():
            plt.close(fig)
            raise ValueError(
                f"lines[{name!r}] has the value {values.min():g};"
                " expected positive values for a logarithmic axis"
            )
        ax.plot(values, label=name)
    ax.set(xlabel=x_label, ylabel=y_label, yscale="log" if log else "linear")
    if len(lines) > 1:
        ax.legend()
    return fig


def written(number: float) -> str:
    """A number as it stands in a cell: whole numbers bare, others with two decimals, a true minus.

    >>> written(-3.0), written(0.5)
    ('−3', '0.50')
    """
    text = f"{number:.0f}" if float(number).is_integer() else f"{number:.2f}"
    return text.replace("-", "−") if float(text) else text.lstrip("-")


def _checked(array: ArrayLike, name: str, ndim: int | tuple[int, ...]) -> np.ndarray:
    """`array` as finite floats with one of the ranks in `ndim`."""
    array = np.asarray(array, dtype=float)
    ranks = (ndim,) if isinstance(ndim, int) else ndim
    if array.ndim not in ranks or array.size == 0:
        expected = " or ".join(map(str, ranks))
        raise ValueError(f"{name} has shape {array.shape}; expected {expected} dimensions")
    if not np.isfinite(array).all():
        raise ValueError(f"{name} holds values that are not finite; expected numbers")
    return array


def _norm(array: np.ndarray, signed: bool) -> Normalize:
    """The scale of a picture: zero in the middle if signed, else zero (or less) at the dark end."""
    if signed:
        largest = np.abs(array).max() or 1
        return Normalize(-largest, largest)
    return Normalize(min(0, array.min()), array.max() if array.max() > 0 else 1)
