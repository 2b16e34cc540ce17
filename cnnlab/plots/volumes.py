"""Pictures of volumes: channels as sheets, and the volumes of a whole network."""

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap, to_rgba
from matplotlib.figure import Figure
from matplotlib.patches import Polygon, Rectangle
from numpy.typing import ArrayLike

from cnnlab.plots.style import (
    INK,
    LINES,
    ON_LIGHT,
    SIGNED_CELLS,
    WIDTH,
    checked,
    scale,
    styled,
    tinted,
    written,
)

SHEETS = ("#c0392b", "#1e8449", "#1f618d")  # red, green and blue, dark enough for a frame
FILTER_INKS = ("#e69f00", "#7d3c98", "#117a65", "#555555")
SHIFT, THICK = 1.22, 0.16  # cells: from one sheet of a block to the next, and its thickness
SLANT = 0.35  # of a box's width, in a drawing of it from the side


@styled
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
    image = checked(image, "image", ndim=3)
    filters = checked(filters, "filters", ndim=4)
    result = checked(result, "result", ndim=3)
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
    cell = min(0.42, WIDTH / width)  # inches
    fig, ax = plt.subplots(figsize=(min(WIDTH, width * cell), (height + 2.2) * cell))
    fig.subplots_adjust(0, 0, 1, 1)
    inks = SHEETS if channels == 3 else ("#555555",) * channels
    outputs = [FILTER_INKS[k % len(FILTER_INKS)] for k in range(K)]
    size = max(9, 30 * cell)
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


@styled
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
            colour = to_rgba(LINES[0] if len(shape) == 3 else LINES[1], strength)
            ax.add_patch(Polygon(corners, facecolor=colour, edgecolor=INK, linewidth=0.7))
        sizes = [str(n) for n in shape]
        label = "\n× ".join([f"{name}\n" + " × ".join(sizes[:2]), *sizes[2:]])
        ax.text(left + room / 2, -top / 2 - 1.5, label, ha="center", va="top", fontsize=9)
    ax.set(xlim=(-0.6, lefts[-1] - 0.6), ylim=(-top / 2 - 10.5, top / 2 + 0.5), aspect="equal")
    ax.set_axis_off()
    return fig


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
    norm = scale(array, signed)
    bottom = centre - _extent(H, C) / 2
    for c in reversed(range(C)):
        x, y = left + c * SHIFT, bottom + c * SHIFT
        ink, order = frame or inks[c], 10 * (C - c)
        side = _swept((x + W, y), (x + W, y + H), THICK)
        roof = _swept((x, y + H), (x + W, y + H), THICK)
        for corners, strength in ((side, 0.75), (roof, 0.5)):
            edge = Polygon(corners, facecolor=tinted(ink, strength), edgecolor=ink, zorder=order)
            ax.add_patch(edge)
        shades = LinearSegmentedColormap.from_list("sheet", ["#ffffff", tinted(inks[c], 0.55)])
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
                    color=ON_LIGHT,
                    zorder=order + 2,
                )
        outline = Rectangle((x, y), W, H, fill=False, edgecolor=ink, lw=2, zorder=order + 3)
        ax.add_patch(outline)
        if window is not None:
            top, start, height, width = window
            corner = (x + start, y + H - top - height)
            ax.add_patch(
                Rectangle(
                    corner, width, height, fill=False, edgecolor=ON_LIGHT, lw=3, zorder=order + 4
                )
            )


def _swept(start: tuple[float, float], end: tuple[float, float], away: float) -> list:
    """Corners of the face that an edge leaves behind when it moves to the back of the drawing."""
    return [start, end, (end[0] + away, end[1] + away), (start[0] + away, start[1] + away)]
