"""What masks have to be, said in the same words everywhere."""

from collections.abc import Sequence
from numbers import Real

import numpy as np
from numpy.typing import ArrayLike

from cnnlab.checks import whole

MOST = 5  # unknown labels that are named


def check_masks(
    value: ArrayLike, classes: int, shape: tuple[int, ...] | None = None, name: str = "masks"
) -> np.ndarray:
    """`value`, if it holds a class for each pixel of each image.

    Worth a call before a training: inside of ``fit``, nothing can say which label was wrong.

    Parameters
    ----------
    value
        ``(N, H, W)``, whole numbers from 0 to ``classes − 1``, or truth values for two classes.
    classes
        How many, the background included.
    shape
        What its shape has to be, such as that of another mask; None: any ``(N, H, W)``.
    name
        Of the argument, for the message.

    Returns
    -------
    numpy.ndarray
        ``(N, H, W)``, integers.

    Raises
    ------
    ValueError
        If it has other axes or another shape, is one-hot, holds no image, is of floats, or has a
        label that is no class: the message says which.
    """
    classes = whole("classes", classes, 2)
    try:
        value = np.asarray(value)
    except (TypeError, ValueError):  # rows of unequal length
        raise ValueError(f"{name} is not an array; expected shape (N, H, W)") from None
    mask_shape(name, value.shape, classes, shape)
    if value.dtype.kind not in "biu":
        hint = ", such as probabilities.argmax(axis=-1)" if value.dtype.kind == "f" else ""
        raise ValueError(f"{name} has dtype {value.dtype}; expected whole numbers{hint}")
    value = value.astype(np.int64) if value.dtype.kind == "b" else value
    _known(name, value, classes)
    return value


def mask_shape(
    name: str, found: tuple, classes: int, expected: tuple[int, ...] | None = None
) -> None:
    """Refuse another shape than ``(N, H, W)``, or than the one expected; None in either fits."""
    if len(found) == 4 and found[-1] == classes:
        raise ValueError(
            f"{name} has shape {found}, like one-hot; expected whole numbers (N, H, W):"
            f" {name}.argmax(axis=-1)"
        )
    if len(found) == 4 and found[-1] == 1:
        raise ValueError(
            f"{name} has shape {found}; expected (N, H, W), without an axis for channels:"
            f" {name}[..., 0]"
        )
    if len(found) != 3:
        raise ValueError(f"{name} has shape {found}; expected (N, H, W)")
    if 0 in found:
        raise ValueError(f"{name} has shape {found}; expected at least one image, with pixels")
    if expected is not None and any(
        n != m for n, m in zip(found, expected, strict=True) if n is not None and m is not None
    ):
        raise ValueError(f"{name} has shape {found}; expected {tuple(expected)}")


def class_weights(value: Sequence[float] | None, classes: int) -> np.ndarray:
    """`value` as ``(classes,)`` float64, if it is a finite weight above 0 for each; None: ones."""
    if value is None:
        return np.ones(classes)
    try:
        found = np.asarray(value, float)
    except (TypeError, ValueError):  # words, or rows of unequal length
        found = np.empty(0)
    if found.shape != (classes,) or not (np.isfinite(found) & (found > 0)).all():
        raise ValueError(
            f"weights is {value!r}; expected {classes} numbers above 0, one for each class"
        )
    return found


def measure(name: str, value: float, above: bool = False) -> float:
    """`value`, if it is a finite number and at least 0, or `above` 0."""
    fits = isinstance(value, Real) and not isinstance(value, bool) and 0 <= value < np.inf
    if not fits or (above and value == 0):
        bound = "above 0" if above else "at least 0"
        raise ValueError(f"{name} is {value!r}; expected a number, {bound}")
    return float(value)


def _known(name: str, value: np.ndarray, classes: int) -> None:
    if value.min() >= 0 and value.max() < classes:
        return
    labels = np.unique(value)
    unknown = labels[(labels < 0) | (labels >= classes)].tolist()
    words = ", ".join(map(str, unknown[:MOST])) + (", …" if len(unknown) > MOST else "")
    hint = ""
    if 255 in unknown:
        hint = ". Are these 0 and 255? Pictures store truth values so: compare with > 0"
    raise ValueError(
        f"{name} has the label{'s' * (len(unknown) > 1)} {words}; expected 0 to"
        f" {classes - 1}, for {classes} classes{hint}"
    )
