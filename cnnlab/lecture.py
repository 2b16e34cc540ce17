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
    if expected.ndim == 0:
        number = expected.item()
        text = f"{number:,}" if isinstance(number, int) else f"{number:g}"
        print(f"As the lecture says: {text}.".replace("-", "−"))
    else:
        size = " × ".join(map(str, expected.shape))
        print(f"As the lecture says: {size}, all {expected.size} numbers.")
