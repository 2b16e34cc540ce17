"""The Gram explorer: two feature maps, their product, and the number that it adds up to."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import traitlets
from numpy.typing import ArrayLike

from cnnlab.checks import whole
from cnnlab.widgets.frame import Figure, Flag, Whole
from cnnlab.widgets.volume_stepper import Numbers

MOST = (8, 8, 6)  # rows, columns and channels: every number is shown
MOST_LETTERS = 30

NAMES = ("stripes", "orange", "blue")
# Stripes are orange in this picture, and what is blue has none: (3, 4, 5), channels first.
EXAMPLE = (
    ((3, 2, 3, 0, 0), (2, 3, 2, 0, 1), (3, 2, 2, 0, 0), (0, 1, 0, 0, 0)),
    ((2, 3, 2, 0, 0), (3, 3, 2, 1, 0), (2, 3, 3, 0, 0), (1, 0, 0, 0, 1)),
    ((0, 0, 0, 3, 2), (0, 0, 0, 2, 3), (0, 1, 0, 3, 3), (1, 2, 3, 2, 2)),
)


class GramExplorer(Figure):
    """Choose a number of the Gram matrix, and see the two feature maps whose product it sums up.

    What the reader chose can be read back: ``first`` and ``second``, the row and the column of the
    matrix; ``position``, a place of the product in reading order; ``places`` and ``channels``, how
    these are shuffled; and `gram`, the matrix of the volume as it is now.

    Parameters
    ----------
    volume
        What a layer answers, (H, W, C): from 2 to 6 channels of at most 8 × 8 places. Without it,
        4 × 5 × 3 small whole numbers: where stripes are, what is orange, what is blue.
    names
        Of the C channels. None: they are numbered from 1.

    Raises
    ------
    ValueError
        If `volume` has another shape, or NaN, or `names` does not fit.
    """

    script = "gram_explorer"
    volume = Numbers("(H, W, C)", MOST)
    names = traitlets.List(traitlets.Unicode()).tag(sync=True)
    example = Flag()  # the names are words of the figure's own
    first = Whole(0)
    second = Whole(0)
    position = Whole(0)
    places = traitlets.List(traitlets.Int()).tag(sync=True)  # the place that is shown at each
    channels = traitlets.List(traitlets.Int()).tag(sync=True)  # the channel that is shown as each

    def __init__(self, volume: ArrayLike | None = None, names: Sequence[str] | None = None):
        example = volume is None
        if example:
            if names is not None:
                raise ValueError(f"names is {names!r}, without volume; expected both, or volume")
            volume, names = np.moveaxis(np.array(EXAMPLE), 0, -1), NAMES
        super().__init__(volume=volume, example=example)
        H, W, C = np.shape(self.volume)
        if C < 2 or H * W < 2:
            raise ValueError(
                f"volume has shape {(H, W, C)}; expected (H, W, C) with at least 2 channels and at "
                "least 2 places"
            )
        self.names = read_names(names, C)
        self.places, self.channels = list(range(H * W)), list(range(C))
        self.second = 1

    @property
    def gram(self) -> np.ndarray:
        """The Gram matrix (C, C) of the volume as it is shuffled now."""
        volume = np.array(self.volume, float)
        a = volume.reshape(-1, volume.shape[-1])[self.places][:, self.channels]  # (H·W, C)
        return a.T @ a

    @traitlets.validate("first", "second", "position")
    def _is_there(self, proposal: Any) -> int:
        name = proposal["trait"].name
        H, W, C = np.shape(self.volume)
        return whole(name, proposal["value"], 0, H * W - 1 if name == "position" else C - 1)

    @traitlets.validate("places", "channels")
    def _is_a_shuffle(self, proposal: Any) -> list[int]:
        name, value = proposal["trait"].name, proposal["value"]
        H, W, C = np.shape(self.volume)
        count = H * W if name == "places" else C
        if sorted(value) != list(range(count)):
            raise ValueError(f"{name} is {value}; expected the numbers 0 to {count - 1}, each once")
        return list(value)


def read_names(names: Any, count: int) -> list[str]:
    """A name for each channel, or a `ValueError`."""
    if names is None:
        return [str(k + 1) for k in range(count)]
    found = [] if isinstance(names, str) else list(names)
    if len(found) != count or not all(
        isinstance(name, str) and 0 < len(name) <= MOST_LETTERS for name in found
    ):
        raise ValueError(
            f"names is {names!r}; expected {count}, one for each channel, each a word or a few of "
            f"at most {MOST_LETTERS} letters"
        )
    return found
