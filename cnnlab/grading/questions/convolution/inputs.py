"""Random inputs that this room's questions share."""

import numpy as np

Array = np.ndarray


def unequal(rng: np.random.Generator, low: int, high: int) -> tuple[int, int]:
    """A height and a width that differ, each from low to high."""
    height, width = rng.choice(np.arange(low, high + 1), 2, replace=False)
    return int(height), int(width)


def digits(rng: np.random.Generator, *shape: int) -> Array:
    """Small whole numbers that are easy to read and to add, none of them 0."""
    return rng.choice([-3.0, -2.0, -1.0, 1.0, 2.0, 3.0], shape)


def normal(rng: np.random.Generator, *shape: int) -> Array:
    return rng.normal(size=shape).round(2)


def distinct(rng: np.random.Generator, *shape: int, top: int | None = None) -> Array:
    """Whole numbers of which no two are equal, the largest of them `top` (half of them below 0)."""
    size = int(np.prod(shape))
    top = size // 2 if top is None else top
    return (rng.permutation(size) - (size - 1) + top).reshape(shape).astype(float)
