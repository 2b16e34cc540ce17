"""The book's pictures: one function for each kind, all in the same style.

A page draws with these functions and ends with :func:`show`, which puts the picture on the page
together with the text that describes it.

Gray means a picture: black is the lowest value, white the highest. Colour means a number with a
sign: orange below zero, white at zero, blue above, as in the interactive
figures. Both are told apart by readers who see few colours.
"""

import base64
import io
from collections.abc import Mapping, Sequence
from math import ceil

import matplotlib.pyplot as plt
import numpy as np
from IPython.display import display
from matplotlib.axes import Axes
from matplotlib.colors import Colormap, LinearSegmentedColormap, Normalize, to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch, Polygon, Rectangle
from numpy.typing import ArrayLike

DPI = 144  # two pixels for each CSS pixel: sharp on a phone
WIDTH = 7.2  # inches: a phone would shrink a wider figure until nobody can read it
INK = "#1a1a1a"
MARK = "#8a2fc4"  # the window that is being looked at: in neither colour map
# Okabe and Ito's palette, which readers with any colour vision tell apart, without its yellow.
LINES = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00")
# Light enough at both ends for dark numbers.
GRAYS = LinearSegmentedColormap.from_list("grays", ["#8f8f8f", "#ffffff"])
SIGNED_CELLS = LinearSegmentedColormap.from_list("signed", ["#ffb066", "#ffffff", "#8cc2ff"])
SIGNED = LinearSegmentedColormap.from_list(
    "signed", ["#5c2a00", "#c95f00", "#ffffff", "#2a7fd4", "#062a5c"]
)
MISTAKES = LinearSegmentedColormap.from_list("mistakes", ["#ffffff", "#f0a07c"])
SHEETS = ("#c0392b", "#1e8449", "#1f618d")  # red, green and blue, dark enough for a frame
FILTER_INKS = ("#e69f00", "#7d3c98", "#117a65", "#555555")
SHIFT, THICK = 1.22, 0.16  # cells: from one sheet of a block to the next, and its thickness
SLANT = 0.35  # of a box's width, in a drawing of it from the side

# Pages also draw with matplotlib itself: the style holds for whoever imports this module.
plt.rcParams.update(
    {
        "font.size": 13,
        "axes.titlesize": 14,
        "axes.labelsize": 13,
        "xtick.labelsize": 12,
        "ytick.labelsize": 12,
        "legend.fontsize": 12,
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
            ax.text(c + 0.5, r + 0.5, written(number), ha="center", va="center", fontsize=14)
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
            array, cmap=colours, norm=None if array.ndim == 3 else _norm(array, by_sign, largest)
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
    pictures = _checked(pictures, "pictures", ndim=3)
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
    ax.xaxis.get_major_locator().set_params(integer=True)  # there is no step 2.5
    if len(lines) > 1:
        ax.legend()
    return fig


def volumes_by_hand(
    image: ArrayLike,
    filters: ArrayLike,
    result: ArrayLike,
    step: tuple[int, int] = (0, 0),
) -> Figure:
    """Draw ``image ∗ filters = result`` as blocks: each channel a sheet, the first in front.

    Behind the first sheet only the top row and the right column of a channel can be seen. Three
    channels are red, green and blue; a sheet of the result has the colour of its filter's frame.

    Parameters
    ----------
    image
        ``(H, W, C)``.
    filters
        ``(f_h, f_w, C, K)``: K filters, drawn below each other.
    result
        ``(H_out, W_out, K)``. The figure draws what it is given: it computes nothing.
    step
        Row and column of `result`: its cells and its window in `image` get a frame (stride 1).

    Raises
    ------
    ValueError
        If an array has another rank, channels differ, or `step` or its window lies outside.
    """
    image = _checked(image, "image", ndim=3)
    filters = _checked(filters, "filters", ndim=4)
    result = _checked(result, "result", ndim=3)
    f_h, f_w, channels, K = filters.shape
    if image.shape[2] != channels or result.shape[2] != K:
        raise ValueError(
            f"filters has shape {filters.shape}; expected (f_h, f_w, {image.shape[2]},"
            f" {result.shape[2]}) for the channels of image and result"
        )
    row, column = step
    if not (0 <= row < result.shape[0] and 0 <= column < result.shape[1]):
        raise ValueError(f"step is {step}; expected a cell of result {result.shape[:2]}")
    if row + f_h > image.shape[0] or column + f_w > image.shape[1]:
        raise ValueError(f"step is {step}; its window is not inside image {image.shape[:2]}")
    middle = sum(_extent(f_h, channels) for _ in range(K)) + (K - 1)
    height = max(_extent(image.shape[0], channels), middle, _extent(result.shape[0], K))
    sizes = [(image.shape[1], channels), (f_w, channels), (result.shape[1], K)]
    lefts = np.cumsum([0, *(_extent(*size) + 1.3 for size in sizes)])
    width = lefts[-1] - 1.3
    scale = min(0.42, WIDTH / width)  # inches for each cell
    fig, ax = plt.subplots(figsize=(min(WIDTH, width * scale), (height + 1.2) * scale))
    inks = SHEETS if channels == 3 else ("#555555",) * channels
    outputs = [FILTER_INKS[k % len(FILTER_INKS)] for k in range(K)]
    size = 23 * scale
    _block(ax, image, lefts[0], inks, size, window=(row, column, f_h, f_w))
    bottoms = np.linspace(middle / 2, -middle / 2, K, endpoint=False) - middle / K / 2
    for k, centre in enumerate(bottoms):
        frame = outputs[k] if K > 1 else None
        _block(ax, filters[..., k], lefts[1], inks, size, centre=centre, frame=frame)
    _block(ax, result, lefts[2], outputs, size, window=(row, column, 1, 1))
    for left, sign in ((lefts[1], "∗"), (lefts[2], "=")):
        ax.text(left - 0.65, 0, sign, ha="center", va="center", fontsize=18)
    names = [image.shape, filters.shape[:3], result.shape]
    for left, (w, depth), shape in zip(lefts, sizes, names, strict=False):
        name = " × ".join(map(str, shape))
        many = f"{K} filters\n" if shape is names[1] and K > 1 else ""
        ax.text(left + _extent(w, depth) / 2, -height / 2 - 0.3, many + name, ha="center", va="top")
    ax.set(xlim=(-0.2, width + 0.2), ylim=(-height / 2 - 2, height / 2 + 0.2), aspect="equal")
    ax.set_axis_off()
    return fig


def network(shapes: Sequence[Sequence[int]], names: Sequence[str]) -> Figure:
    """Draw the volumes of a network as boxes in a row: height, width, and depth to the right.

    Heights and widths are to scale; channels are drawn thinner, so that 16 of them find room. A
    vector is a bar, its length the root of its size.

    Parameters
    ----------
    shapes
        ``(H, W, C)`` or ``(units,)``, in the order of the network.
    names
        What made each: written below it, with its shape.

    Raises
    ------
    ValueError
        If a shape is not one of these, or the numbers of names and shapes differ.
    """
    if len(names) != len(shapes) or not shapes:
        raise ValueError(f"names has {len(names)} entries; expected {len(shapes)}, one a shape")
    for i, shape in enumerate(shapes):
        if len(shape) not in (1, 3) or min(shape) < 1:
            raise ValueError(f"shapes[{i}] is {tuple(shape)}; expected (H, W, C) or (units,)")
    boxes = [
        (side[0], side[1], 1.0 + 0.35 * side[2]) if len(side) == 3 else (2 * side[0] ** 0.5, 1, 1)
        for side in shapes
    ]
    widths = [max(depth + SLANT * w, 7.0) for _, w, depth in boxes]
    lefts = np.cumsum([0, *(w + 1.0 for w in widths)])
    top = max(h + SLANT * w for h, w, _ in boxes)
    inches = WIDTH / lefts[-1]
    fig, ax = plt.subplots(figsize=(WIDTH, (top + 11) * inches))
    for (h, w, depth), left, room, name, shape in zip(
        boxes, lefts, widths, names, shapes, strict=False
    ):
        x, y = left + (room - depth - SLANT * w) / 2, -(h + SLANT * w) / 2
        away = SLANT * w
        front = [(x, y), (x + depth, y), (x + depth, y + h), (x, y + h)]
        for corners, strength in (
            (front, 0.45),
            (_swept(front[3], front[2], away), 0.2),
            (_swept(front[1], front[2], away), 0.7),
        ):
            colour = _tinted(LINES[0] if len(shape) == 3 else LINES[1], strength)
            ax.add_patch(Polygon(corners, facecolor=colour, edgecolor=INK, linewidth=0.7))
        sizes = [str(n) for n in shape]
        label = "\n× ".join([f"{name}\n" + " × ".join(sizes[:2]), *sizes[2:]])
        ax.text(left + room / 2, -top / 2 - 1.5, label, ha="center", va="top", fontsize=9)
    ax.set(xlim=(-0.6, lefts[-1] - 0.6), ylim=(-top / 2 - 10.5, top / 2 + 0.5), aspect="equal")
    ax.set_axis_off()
    return fig


def block_diagram(
    ways: Sequence[Sequence[str]],
    merge: str = "",
    source: str = "input",
    after: Sequence[str] = (),
) -> Figure:
    """Draw a block of a network: the ways from its input to its output, from top to bottom.

    Parameters
    ----------
    ways
        For each way, what stands on it. A way with nothing on it is a short cut.
    merge
        What happens where they meet: ``"+"``, ``"×"`` or ``"concat"``. Needed for several ways.
    source
        What comes in.
    after
        What follows.

    Raises
    ------
    ValueError
        If there is no way, or there are several and nothing is said about how they meet.
    """
    if not ways or (len(ways) == 1 and not ways[0]):
        raise ValueError(f"ways is {ways!r}; expected at least one way with something on it")
    if len(ways) > 1 and not merge:
        raise ValueError(f"merge is {merge!r}; expected how the {len(ways)} ways meet, such as '+'")
    words = [source, *after, *(label for way in ways for label in way)]
    wide = 0.35 + 0.105 * max(len(line) for word in words for line in word.split("\n"))
    tall = 0.14 + 0.2 * max(word.count("\n") + 1 for word in words)
    step = tall + 0.3  # inches from one box to the next
    columns = [i * (wide + 0.25) for i in range(len(ways))]
    middle = columns[-1] / 2
    end = step * (max(map(len, ways)) + bool(merge))  # where the ways meet
    low = end + step * len(after) + tall / 2 + 0.33
    scale = min(1.0, WIDTH / (columns[-1] + wide))
    size = ((columns[-1] + wide + 0.1) * scale, (low + tall / 2 + 0.05) * scale)
    fig, ax = plt.subplots(figsize=size)
    ax.set(xlim=(-wide / 2 - 0.05, columns[-1] + wide / 2 + 0.05), ylim=(low, -tall / 2 - 0.05))
    ax.set_axis_off()
    fig.subplots_adjust(0, 0, 1, 1)

    def box(x: float, y: float, word: str, colour: str, width: float = wide) -> float:
        corner, height = (x - width / 2, y - tall / 2), tall
        style = "round,pad=0,rounding_size=0.08"
        face = _tinted(colour, 0.22)
        ax.add_patch(FancyBboxPatch(corner, width, height, style, fc=face, ec=colour, zorder=2))
        ax.text(x, y, word, ha="center", va="center", fontsize=12 * scale, zorder=3)
        return y + tall / 2

    def line(*points: tuple[float, float]) -> None:
        *before, last = points
        ax.plot(*zip(*points[:-1], before[-1], strict=True), color=INK, lw=1.2, zorder=1)
        tip = {"arrowstyle": "-|>", "color": INK, "lw": 1.2, "shrinkA": 0, "shrinkB": 0}
        ax.annotate("", xy=last, xytext=before[-1], arrowprops=tip, zorder=1)

    top = box(middle, 0, source, LINES[3])
    half = 0.12 + 0.045 * len(merge)  # width of the sign where the ways meet
    for x, way in zip(columns, ways, strict=True):
        way_from = [(middle, top)] if way else [(middle, top), (x, step - tall / 2)]
        for number, label in enumerate(way, start=1):
            line(*way_from, (x, number * step - tall / 2))
            way_from = [(x, box(x, number * step, label, LINES[0]))]
        if merge:
            down = (x, end - step + tall / 2)
            line(*way_from, down, (middle + 0.8 * half * np.sign(x - middle), end - 0.11))
    last = box(middle, end, merge, INK, width=2 * half) if merge else end + tall / 2
    for number, label in enumerate(after, start=1):
        line((middle, last), (middle, end + number * step - tall / 2))
        last = box(middle, end + number * step, label, LINES[2])
    line((middle, last), (middle, last + 0.28))
    return fig


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
    labels = [_checked(each, n, 1) for each, n in ((truth, "truth"), (predicted, "predicted"))]
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
            ax.text(c, r, f"{count}", ha="center", va="center", fontsize=10)
    ax.set(xticks=range(classes), yticks=range(classes), xlabel="answer", ylabel="truth")
    ax.tick_params(length=0)
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


def _norm(array: np.ndarray, signed: bool, largest: float | None = None) -> Normalize:
    """The scale of a picture: zero in the middle if signed, else zero (or less) at the dark end."""
    if largest is None:
        largest = (np.abs(array) if signed else array).max()
        largest = largest if largest > 0 else 1
    return Normalize(-largest if signed else min(0, array.min()), largest)


def _extent(cells: int, sheets: int) -> float:
    """How many cells wide or high a block is, with its sheets shifted behind each other."""
    return cells + (sheets - 1) * SHIFT + THICK


def _block(
    ax: Axes,
    array: np.ndarray,
    left: float,
    inks: Sequence[str],
    size: float,
    centre: float = 0,
    window: tuple[int, int, int, int] | None = None,
    frame: str | None = None,
) -> None:
    """Draw ``(H, W, C)`` as sheets from back to front, around the height `centre`."""
    H, W, C = array.shape
    signed = bool((array < 0).any())
    norm = _norm(array, signed)
    bottom = centre - _extent(H, C) / 2
    for c in reversed(range(C)):
        x, y = left + c * SHIFT, bottom + c * SHIFT
        ink, order = frame or inks[c], 10 * (C - c)
        side = _swept((x + W, y), (x + W, y + H), THICK)
        roof = _swept((x, y + H), (x + W, y + H), THICK)
        for corners, strength in ((side, 0.75), (roof, 0.5)):
            edge = Polygon(corners, facecolor=_tinted(ink, strength), edgecolor=ink, zorder=order)
            ax.add_patch(edge)
        shades = LinearSegmentedColormap.from_list("sheet", ["#ffffff", _tinted(inks[c], 0.55)])
        for (i, j), value in np.ndenumerate(array[..., c]):
            colour = (SIGNED_CELLS if signed else shades)(norm(value))
            corner = (x + j, y + H - 1 - i)
            ax.add_patch(
                Rectangle(
                    corner, 1, 1, facecolor=colour, edgecolor="#777777", lw=0.5, zorder=order + 1
                )
            )
            if c == 0 or i == 0 or j == W - 1:
                ax.text(
                    corner[0] + 0.5,
                    corner[1] + 0.5,
                    written(value),
                    ha="center",
                    va="center",
                    fontsize=size,
                    zorder=order + 2,
                )
        outline = Rectangle((x, y), W, H, fill=False, edgecolor=ink, lw=2, zorder=order + 3)
        ax.add_patch(outline)
        if window is not None:
            top, start, height, width = window
            corner = (x + start, y + H - top - height)
            ax.add_patch(
                Rectangle(corner, width, height, fill=False, edgecolor=INK, lw=3, zorder=order + 4)
            )


def _swept(start: tuple[float, float], end: tuple[float, float], away: float) -> list:
    """Corners of the face that an edge leaves behind when it moves to the back of the drawing."""
    return [start, end, (end[0] + away, end[1] + away), (start[0] + away, start[1] + away)]


def _tinted(colour: str, strength: float) -> tuple[float, float, float]:
    """A colour mixed with white."""
    return tuple(1 - strength * (1 - part) for part in to_rgb(colour))
