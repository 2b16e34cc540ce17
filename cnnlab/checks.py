"""What every room refuses, said in the same words.

Each function gives its value back, in the form that the rest of the code wants, or raises a
`ValueError` that names the argument, what came, and what was expected. What only boxes need is in
:mod:`cnnlab.detection.checks`.
"""

from collections.abc import Collection, Sequence
from numbers import Integral, Real
from typing import TypeVar

import numpy as np
from numpy.typing import ArrayLike

Choice = TypeVar("Choice", str, int)


# ---- numbers and words ----


def whole(name: str, value: int, at_least: int, at_most: int | None = None) -> int:
    """`value`, if it is a whole number and within its bounds, both allowed."""
    fits = isinstance(value, Integral) and not isinstance(value, bool) and value >= at_least
    if not fits or (at_most is not None and value > at_most):
        bounds = f", at least {at_least}" if at_most is None else f" from {at_least} to {at_most}"
        raise ValueError(f"{name} is {value!r}; expected a whole number{bounds}")
    return int(value)


def number(name: str, value: float) -> float:
    """`value`, if it is a number; it may be infinite."""
    if not isinstance(value, Real) or isinstance(value, bool) or np.isnan(value):
        raise ValueError(f"{name} is {value!r}; expected a number")
    return float(value)


def share(name: str, value: float) -> float:
    """`value`, if it is a number from 0 to 1."""
    if not isinstance(value, Real) or isinstance(value, bool) or not 0 <= value <= 1:
        raise ValueError(f"{name} is {value!r}; expected a number from 0 to 1")
    return float(value)


def flag(name: str, value: bool) -> bool:
    """`value`, if it is True or False; ``"no"`` would count as true elsewhere."""
    if not isinstance(value, bool | np.bool_):
        raise ValueError(f"{name} is {value!r}; expected True or False")
    return bool(value)


def one_of(name: str, value: Choice, options: Collection[Choice]) -> Choice:
    """`value`, if it is one of the options: a word, or a number such as 50 in ResNet-50."""
    if not isinstance(value, str | Real) or isinstance(value, bool) or value not in options:
        raise ValueError(f"{name} is {value!r}; expected one of {', '.join(map(repr, options))}")
    return value


# ---- arrays ----


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


def picture_size(size: Sequence[int], at_least: int) -> tuple[int, int]:
    """`size` as (height, width) of a picture that is to be drawn, each at least so many pixels."""
    try:
        height, width = size
        return whole("size", height, at_least), whole("size", width, at_least)
    except (TypeError, ValueError):
        raise ValueError(
            f"size is {size!r}; expected (height, width), whole numbers, at least {at_least}"
        ) from None


# ---- what a network is built for ----


def image_shape(
    input_shape: Sequence[int], at_least: int, channels: int | None = None
) -> tuple[int, int, int]:
    """`input_shape` as (H, W, C), if an image of this size comes out of the network's last pooling.

    Raises
    ------
    ValueError
        If it is not three whole numbers, or an image is smaller than `at_least` on a side, or
        `channels` is given and its channels are others.
    """
    try:
        H, W, C = input_shape
    except (TypeError, ValueError):
        raise ValueError(f"input_shape is {input_shape!r}; expected (H, W, C)") from None
    for n in (H, W, C):
        whole("input_shape", n, 1)
    if min(H, W) < at_least:
        raise ValueError(
            f"input_shape is {(H, W, C)}, too small for this network;"
            f" expected at least {at_least} × {at_least}"
        )
    if channels is not None and channels != C:
        raise ValueError(f"input_shape is {(H, W, C)}; expected {channels} channels")
    return H, W, C


def keras_model(name: str, value: object) -> None:
    """Refuse what is no Keras model: a name, a list of layers."""
    import keras  # seconds, and who has a model has it already

    if not isinstance(value, keras.Model):
        raise ValueError(f"{name} is {value!r:.60}; expected a Keras model")


def class_count(classes: int | None) -> int | None:
    """`classes`, if it is a number of classes, or None for a network without its last layer."""
    return None if classes is None else whole("classes", classes, 1)
