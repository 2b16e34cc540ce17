"""The lecture's numbers, proved: a page says what the lecture says, and fails where it is wrong."""

import numpy as np
from numpy.typing import ArrayLike


def says(expected: ArrayLike, result: ArrayLike) -> None:
    """Prove that a result is exactly what the lecture says, and print that it is.

    Parameters
    ----------
    expected
        A number or an array, as the lecture has it.
    result
        What was computed, of the same shape.

    Raises
    ------
    AssertionError
        If a shape or a number differs: with both, so that one can see where.
    """
    expected, result = np.asarray(expected), np.asarray(result)
    if not np.array_equal(expected, result):
        raise AssertionError(f"The lecture says\n{expected}\nand the result is\n{result}")
    if expected.ndim < 2 and 0 < expected.size <= 4:
        *others, last = map(_written, expected.ravel().tolist())
        said = f"{', '.join(others)} and {last}" if others else last
    else:
        size = " × ".join(map(str, expected.shape)) + ", " if expected.ndim > 1 else ""
        said = f"{size}all {expected.size} numbers"
    print(f"As the lecture says: {said}.")


def _written(number: float) -> str:
    return (f"{number:,}" if isinstance(number, int) else f"{number:g}").replace("-", "−")
