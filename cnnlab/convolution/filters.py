"""Filters that people designed, before networks learned their own.

The sign is the lecture's: a vertical filter answers with a positive number where the image goes
from bright on the left to dark on the right, a horizontal one from bright above to dark below.
"""

import numpy as np

from cnnlab.checks import one_of, whole


def gaussian(size: int, sigma: float) -> np.ndarray:
    """A blur: nearby cells weigh more, and all weights add up to 1.

    Parameters
    ----------
    size
        Height and width, in cells.
    sigma
        Standard deviation of the bell, in cells.

    Returns
    -------
    numpy.ndarray
        ``(size, size)``, float64.

    Raises
    ------
    ValueError
        If `size` is not a whole number from 1 up, or `sigma` is not positive.
    """
    whole("size", size, 1)
    if not sigma > 0:
        raise ValueError(f"sigma is {sigma!r}; expected a positive number")
    distance = np.arange(size) - (size - 1) / 2
    bell = np.exp(-(distance**2) / (2 * sigma**2))
    bell /= bell.sum()
    return np.outer(bell, bell)


def _edge(middle: float, side: float) -> np.ndarray:
    """Left neighbour minus right neighbour, summed over three rows with these weights."""
    return np.outer([side, middle, side], [1.0, 0.0, -1.0])


_VERTICAL = {
    "vertical": _edge(1, 1),
    "sobel_vertical": _edge(2, 1),
    "scharr_vertical": _edge(10, 3),
    "prewitt_vertical": _edge(1, 1),  # another name for the lecture's first filter
}

#: The filters by name: 2-D float64 arrays, read-only. :func:`kernel` gives a copy.
FILTERS: dict[str, np.ndarray] = {
    **_VERTICAL,
    **{name.replace("vertical", "horizontal"): edge.T for name, edge in _VERTICAL.items()},
    "laplacian": np.array([[0.0, 1.0, 0.0], [1.0, -4.0, 1.0], [0.0, 1.0, 0.0]]),
    "gaussian": gaussian(5, sigma=1.0),
}
for _filter in FILTERS.values():
    _filter.setflags(write=False)


def kernel(name: str) -> np.ndarray:
    """A filter by its name, as an array of your own to change.

    Parameters
    ----------
    name
        A key of `FILTERS`, such as ``"vertical"`` or ``"sobel_horizontal"``.

    Returns
    -------
    numpy.ndarray
        ``(f, f)``, float64: 5×5 for ``"gaussian"``, 3×3 for the others.

    Raises
    ------
    ValueError
        If there is no such filter.
    """
    return FILTERS[one_of("name", name, FILTERS)].copy()
