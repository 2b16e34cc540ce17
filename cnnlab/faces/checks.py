"""What labels, encodings and distances have to be, said in the same words everywhere."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from cnnlab.checks import number

LONGER = 1e-3  # than 1, or shorter: rounding, and no more


def labels(name: str, value: ArrayLike, count: int | None = None) -> np.ndarray:
    """`value` as ``(N,)`` whole numbers, one for each picture. Floats such as 3.0 will do."""
    try:
        array = np.asarray(value)
    except (TypeError, ValueError):  # rows of unequal length
        array = np.empty(0, object)
    fits = array.dtype.kind in "iuf" and np.isfinite(array).all()
    with np.errstate(invalid="ignore"):  # what is too large for int64 is another number there
        fits = fits and (array.astype(np.int64) == array).all()
    if not fits:
        raise ValueError(
            f"{name} is {_shown(value)}; expected whole numbers, the same for all pictures of a"
            " person"
        )
    if array.ndim != 1 or (count is not None and len(array) != count):
        shape = "(N,)" if count is None else f"({count},)"
        raise ValueError(f"{name} has shape {array.shape}; expected {shape}, one for each picture")
    return array.astype(np.int64)


def encodings(name: str, value: ArrayLike) -> np.ndarray:
    """`value` as ``(N, D)`` finite numbers in float64; N may be 0."""
    try:
        array = np.asarray(value)
    except (TypeError, ValueError):
        array = np.empty(0, object)
    if array.dtype.kind not in "iuf" or array.ndim != 2 or array.shape[1] == 0:
        raise ValueError(
            f"{name} has shape {array.shape} and dtype {array.dtype}; expected encodings (N, D)"
        )
    if not np.isfinite(array).all():
        i = int(np.isfinite(array).all(axis=1).argmin())
        raise ValueError(f"{name}[{i}] is not finite; expected {array.shape[1]} numbers")
    return array.astype(float)


def unit(name: str, value: ArrayLike) -> np.ndarray:
    """`value` as :func:`encodings` of length 1."""
    array = encodings(name, value)
    lengths = np.linalg.norm(array, axis=1)
    wrong = np.abs(lengths - 1) > LONGER
    if wrong.any():
        i = int(wrong.argmax())
        raise ValueError(
            f"{name}[{i}] has length {lengths[i]:.4g}; expected 1, as cnnlab.faces.unit_length or"
            " the layer UnitLength makes it"
        )
    return array


def judged(distances: ArrayLike, same: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    """Distances ``(N,)`` in float64 and truth values ``(N,)``, both kinds of pairs among them."""
    try:
        values, truth = np.asarray(distances), np.asarray(same)
    except (TypeError, ValueError):
        values, truth = np.empty(0, object), np.empty(0, object)
    if values.dtype.kind not in "iuf" or values.ndim != 1:
        raise ValueError(
            f"distances has shape {values.shape} and dtype {values.dtype}; expected (N,) numbers"
        )
    if np.isnan(values).any():
        i = int(np.isnan(values).argmax())
        raise ValueError(f"distances[{i}] is NaN; expected numbers")
    if truth.shape != values.shape:
        raise ValueError(
            f"same has shape {truth.shape}; expected {values.shape}, one for each distance"
        )
    if truth.dtype.kind not in "biuf" or not np.isin(truth, (0, 1)).all():
        raise ValueError(f"same is {_shown(same)}; expected True or False for each pair")
    truth = truth.astype(bool)
    if truth.all() or not truth.any():
        kind = "different people" if truth.any() else "one person"
        raise ValueError(f"same has no pair of {kind}; expected pairs of both kinds")
    return values.astype(float), truth


def margin(value: float) -> float:
    """α of a triplet loss: a finite number, at least 0."""
    if number("margin", value) < 0 or np.isinf(value):
        raise ValueError(f"margin is {value!r}; expected a number, at least 0")
    return float(value)


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) < 60 else f"{text[:57]}…"
