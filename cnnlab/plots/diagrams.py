"""Diagrams: curves, and the ways through a block of a network."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch

from cnnlab.plots.style import INK, LINES, WIDTH, checked, styled


@styled
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
        values = checked(values, f"lines[{name!r}]", ndim=1)
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


@styled
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
        face = to_rgba(colour, 0.22)
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
