"""What boxes, their labels and their scores have to be, said in the same words everywhere."""

import numpy as np
from numpy.typing import ArrayLike


def boxes(name: str, value: ArrayLike) -> np.ndarray:
    """`value` as boxes ``(N, 4)``, (x_min, y_min, x_max, y_max), in float64; N may be 0.

    Float64 holds every sum and product of whole pixels exactly, so a threshold is met or missed by
    what the boxes are, and not by rounding.
    """
    array = rows(name, value)
    turned = array[:, :2] > array[:, 2:]
    if turned.any():
        i = int(turned.any(axis=1).argmax())
        raise ValueError(
            f"{name}[{i}] is {array[i].tolist()}; expected (x_min, y_min, x_max, y_max) with"
            " x_min ≤ x_max and y_min ≤ y_max"
        )
    return array


def rows(name: str, value: ArrayLike) -> np.ndarray:
    """`value` as ``(N, 4)`` finite numbers in float64; N may be 0."""
    array = _numbers(name, value, "(N, 4)")
    array = array.reshape(0, 4) if array.shape == (0,) else array
    if array.ndim != 2 or array.shape[1] != 4:
        raise ValueError(f"{name} has shape {array.shape}; expected (N, 4)")
    finite = np.isfinite(array)
    if not finite.all():
        i = int(finite.all(axis=1).argmin())
        raise ValueError(f"{name}[{i}] is {array[i].tolist()}; expected four finite numbers")
    return array


def scores(name: str, value: ArrayLike, count: int) -> np.ndarray:
    """`value` as ``(count,)`` numbers in float64."""
    array = _numbers(name, value, f"({count},)")
    if array.shape != (count,):
        raise ValueError(f"{name} has shape {array.shape}; expected ({count},), one for each box")
    if np.isnan(array).any():
        i = int(np.isnan(array).argmax())
        raise ValueError(f"{name}[{i}] is nan; expected a number")
    return array


def labels(name: str, value: ArrayLike, count: int, classes: int | None = None) -> np.ndarray:
    """`value` as ``(count,)`` whole numbers, from 0 to ``classes − 1`` if classes are given."""
    array = _array(name, value, f"({count},)")
    array = array.astype(int) if array.shape == (0,) else array
    if array.shape != (count,):
        raise ValueError(f"{name} has shape {array.shape}; expected ({count},), one for each box")
    if array.dtype.kind not in "iu":
        raise ValueError(f"{name} has dtype {array.dtype}; expected whole numbers")
    outside = (array < 0) | (array >= classes) if classes is not None else np.zeros(count, bool)
    if outside.any():
        i = int(outside.argmax())
        raise ValueError(f"{name}[{i}] is {array[i]}; expected a class from 0 to {classes - 1}")
    return array


def flags(name: str, value: ArrayLike, count: int) -> np.ndarray:
    """`value` as ``(count,)`` truth values; 0 and 1 will do."""
    array = _array(name, value, f"({count},)")
    if array.shape != (count,):
        raise ValueError(f"{name} has shape {array.shape}; expected ({count},), one for each box")
    if array.dtype.kind not in "biuf" or not np.isin(array, (0, 1)).all():
        raise ValueError(f"{name} is {array.tolist()}; expected True or False for each box")
    return array.astype(bool)


def _numbers(name: str, value: ArrayLike, shape: str) -> np.ndarray:
    array = _array(name, value, shape)
    if array.dtype.kind not in "biuf":
        raise ValueError(f"{name} has dtype {array.dtype}; expected {shape} numbers")
    return array.astype(float, copy=False)


def _array(name: str, value: ArrayLike, shape: str) -> np.ndarray:
    try:
        return np.asarray(value)
    except (TypeError, ValueError):  # rows of unequal length
        raise ValueError(f"{name} is not an array; expected shape {shape}") from None
