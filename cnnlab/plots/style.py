"""What all pictures share: colours, sizes, how a number is written, and what is refused.

Nothing is set for matplotlib at large: the functions of this package draw in their own style, and
axes of one's own come from :func:`subplots`. A page that draws with matplotlib alone says
``plt.style.use(STYLE)`` first.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec, TypeVar

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import LinearSegmentedColormap, Normalize, to_rgb
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

DPI = 144  # two pixels for each CSS pixel: sharp on a phone
WIDTH = 7.2  # inches: a phone would shrink a wider figure until nobody can read it
INK = "#1a1a1a"  # of words and lines on the page itself: light where the page is dark
ON_LIGHT = "#1b1b1b"  # of numbers on light cells: dark on every page
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
# As matplotlib takes it.
STYLE = {
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
    "axes.edgecolor": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "figure.facecolor": "white",
    "image.interpolation": "antialiased",
}
# No paper: what is drawn so lies on the page itself, and takes its ink.
ON_THE_PAGE = STYLE | {"figure.facecolor": "none", "axes.facecolor": "none"}

P, R = ParamSpec("P"), TypeVar("R")


def styled(draw: Callable[P, R]) -> Callable[P, R]:
    """Let a function draw in the book's style, and leave matplotlib as it was."""

    @wraps(draw)
    def in_style(*args: P.args, **kwargs: P.kwargs) -> R:
        with plt.rc_context(ON_THE_PAGE):
            return draw(*args, **kwargs)

    return in_style


@styled
def subplots(*args: Any, **kwargs: Any) -> tuple[Figure, Any]:
    """``plt.subplots`` for a drawing in the page's ink, with room between axes as they need it."""
    return plt.subplots(*args, **{"layout": "constrained"} | kwargs)


def written(number: float) -> str:
    """A number as it stands in a cell: whole numbers bare, others with two decimals, a true minus.

    >>> written(-3.0), written(0.5)
    ('−3', '0.50')
    """
    text = f"{number:.0f}" if float(number).is_integer() else f"{number:.2f}"
    return text.replace("-", "−") if float(text) else text.lstrip("-")


def checked(array: ArrayLike, name: str, ndim: int | tuple[int, ...]) -> np.ndarray:
    """`array` as finite floats with one of the ranks in `ndim`."""
    array = np.asarray(array, dtype=float)
    ranks = (ndim,) if isinstance(ndim, int) else ndim
    if array.ndim not in ranks or array.size == 0:
        expected = " or ".join(map(str, ranks))
        raise ValueError(f"{name} has shape {array.shape}; expected {expected} dimensions")
    if not np.isfinite(array).all():
        raise ValueError(f"{name} holds values that are not finite; expected numbers")
    return array


def scale(array: np.ndarray, signed: bool, largest: float | None = None) -> Normalize:
    """The scale of a picture: zero in the middle if signed, else zero (or less) at the dark end."""
    if largest is None:
        largest = (np.abs(array) if signed else array).max()
        largest = largest if largest > 0 else 1
    return Normalize(-largest if signed else min(0, array.min()), largest)


def tinted(colour: str, strength: float) -> tuple[float, float, float]:
    """A colour mixed with white."""
    return tuple(1 - strength * (1 - part) for part in to_rgb(colour))
