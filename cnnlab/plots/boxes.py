"""Pictures with boxes over them, as the pages on detection show them."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.patches import Rectangle
from numpy.typing import ArrayLike

from cnnlab.detection import checks

LUMINANCE = (0.2126, 0.7152, 0.0722)  # of red, green and blue light, as WCAG has it
HALFWAY = 0.18  # as far from black as from white, in contrast


def draw_picture(ax: Axes, picture: ArrayLike) -> None:
    """Show a picture ``(H, W)`` or ``(H, W, 3)`` alone, so that boxes can be laid over it.

    Its left border is at 0 and its right one at W, as boxes count. By itself, matplotlib puts the
    *middle* of the first pixel at 0, and boxes would lie half a pixel off.
    """
    height, width = np.shape(picture)[:2]
    ax.imshow(picture, extent=(0, width, height, 0))
    ax.set_axis_off()


def draw_boxes(
    ax: Axes,
    boxes: ArrayLike,
    colours: str | Sequence[str] = "white",
    names: Sequence[str] | None = None,
    style: str = "-",
    width: float = 2.0,
    size: float = 9,
) -> None:
    """Draw boxes, maybe with their names over them.

    A name begins at the left side of its box. In the right half of the picture it ends at the right
    side, and so stays in the picture.

    Parameters
    ----------
    ax
        Where a picture is already. Its limits stay as they are.
    boxes
        ``(N, 4)``, (x_min, y_min, x_max, y_max), in pixels.
    colours
        Of the lines, and of the ground of the names: one for all, or one for each.
    names
        One for each box; ``""`` for none.
    style
        Of the lines, as in matplotlib: ``"-"`` or ``"--"``.
    width
        Of the lines, in points.
    size
        Of the letters, in points.

    Raises
    ------
    ValueError
        If `boxes` are no boxes, or there are more or fewer colours or names than boxes.
    """
    boxes = checks.boxes("boxes", boxes)
    colours = [colours] * len(boxes) if isinstance(colours, str) else list(colours)
    names = [""] * len(boxes) if names is None else list(names)
    for name, given in (("colours", colours), ("names", names)):
        if len(given) != len(boxes):
            raise ValueError(f"{name} has {len(given)} entries; expected {len(boxes)}, one a box")
    middle = sum(ax.get_xlim()) / 2
    for (left, top, right, bottom), colour, name in zip(boxes, colours, names, strict=True):
        frame = Rectangle((left, top), right - left, bottom - top, fill=False, ec=colour)
        frame.set(linestyle=style, linewidth=width, zorder=2)  # over lines drawn before
        ax.add_artist(frame)  # not add_patch, which counts boxes over the border as data
        if name:
            x, side = (left, "left") if (left + right) / 2 < middle else (right, "right")
            ground = {"facecolor": colour, "edgecolor": colour, "pad": 1}
            label = ax.text(x, top, name, ha=side, va="bottom", bbox=ground)
            label.set(fontsize=size, color=_ink(colour))


def _ink(ground: str) -> str:
    """Black or white, whichever is easier to read on this colour."""
    light = np.power(to_rgb(ground), 2.2) @ LUMINANCE
    return "black" if light > HALFWAY else "white"
