"""What every function of this room refuses, said in the same words."""

from collections.abc import Collection
from numbers import Integral

import numpy as np
from numpy.typing import ArrayLike


def whole(name: str, value: int, least: int) -> int:
    """`value`, if it is a whole number and at least `least`."""
    if not isinstance(value, Integral) or isinstance(value, bool) or value < least:
        raise ValueError(f"{name} is {value!r}; expected a whole number, at least {least}")
    return int(value)


def one_of(name: str, value: str, options: Collection[str]) -> str:
    """`value`, if it is one of the options."""
    if not isinstance(value, str) or value not in options:
        raise ValueError(f"{name} is {value!r}; expected one of {', '.join(map(repr, options))}")
    return value


def array(name: str, value: ArrayLike, axes: str) -> np.ndarray:
    """`value` as an array of floats, if it has the axes, such as ``"N, H, W, C"``.

    Floats keep their precision. Small integers become float32 and large ones float64: a photograph
    in uint8 would overflow at the first product.
    """
    try:
        result = np.asarray(value)
        dtype = np.result_type(result, np.float32)
    except (TypeError, ValueError):  # strings, or rows of unequal length
        dtype = None
    if dtype is None or dtype.kind != "f":
        raise ValueError(f"{name} is not an array of real numbers; expected axes ({axes})")
    if result.ndim != axes.count(",") + 1 or result.size == 0:
        raise ValueError(f"{name} has shape {result.shape}; expected axes ({axes}), none empty")
    return result.astype(dtype, copy=False)
