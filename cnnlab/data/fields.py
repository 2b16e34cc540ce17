"""Shapes as fields: how far inside a shape each point is, positive inside, negative outside.

From one field come a mask (where it is positive) and a picture (the share of each pixel that the
shape covers), so that the two cannot disagree.
"""

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np


class Plane(NamedTuple):
    """Where each pixel's centre is. A length of 1 is half the shorter side of the picture.

    Fields are float32, which is twice as fast; so what multiplies them has to be a Python number,
    since a float64 of NumPy's makes the product float64.
    """

    x: np.ndarray  # (H, W), to the right
    y: np.ndarray  # (H, W), down
    pixel: float  # the side of a pixel

    @classmethod
    def of(
        cls, height: int, width: int, turn: float, zoom: float, right: float, down: float
    ) -> "Plane":
        """Of a picture that shows things turned (radians, clockwise), `zoom` times, and shifted."""
        pixel = 2 / min(height, width)
        x = (np.arange(width, dtype=np.float32) + (0.5 - width / 2)) * pixel - right
        y = (np.arange(height, dtype=np.float32) + (0.5 - height / 2)) * pixel - down
        c, s, y = math.cos(turn) / zoom, math.sin(turn) / zoom, y[:, np.newaxis]
        return cls(c * x + s * y, c * y - s * x, pixel / zoom)

    def mirrored(self) -> "Plane":
        """The same to the left and to the right of the middle."""
        return self._replace(x=np.abs(self.x))

    def share(self, inside: np.ndarray) -> np.ndarray:
        """The share of each pixel that a shape covers, from how far inside it the centres are."""
        return (inside * (1 / self.pixel) + 0.5).clip(0, 1)


def ellipse(plane: Plane, x: float, y: float, a: float, b: float, turn: float = 0) -> np.ndarray:
    """An ellipse with half axes a and b, `turn` radians clockwise."""
    c, s = math.cos(turn), math.sin(turn)
    dx, dy = plane.x - x, plane.y - y
    across, along = dx * (c / a) + dy * (s / a), dy * (c / b) - dx * (s / b)
    return (1 - np.sqrt(across * across + along * along)) * min(a, b)


def rod(plane: Plane, start: Sequence[float], end: Sequence[float], radius: float) -> np.ndarray:
    """A rod with round ends from `start` to `end`, both (x, y)."""
    x, y = (float(b - a) for a, b in zip(start, end, strict=True))
    dx, dy = plane.x - float(start[0]), plane.y - float(start[1])
    length = max(x * x + y * y, 1e-9)
    t = (dx * (x / length) + dy * (y / length)).clip(0, 1)
    dx -= t * x
    dy -= t * y
    return radius - np.sqrt(dx * dx + dy * dy)


def path(plane: Plane, points: Sequence[Sequence[float]], radius: float) -> np.ndarray:
    """A thick line through `points`."""
    return union(*(rod(plane, a, b, radius) for a, b in pairwise(points)))


def union(*shapes: np.ndarray) -> np.ndarray:
    """What is in any of the shapes."""
    return np.maximum.reduce(shapes)


def overlap(*shapes: np.ndarray) -> np.ndarray:
    """What is in all of the shapes."""
    return np.minimum.reduce(np.broadcast_arrays(*shapes))


def waves(
    rng: np.random.Generator, x: np.ndarray, y: np.ndarray, length: float, count: int
) -> np.ndarray:
    """(H, W): waves of about one length in random directions, added up; their deviation is 1."""
    total = np.zeros(x.shape, np.float32)
    for _ in range(count):
        angle = rng.uniform(0, math.pi)
        k = 2 * math.pi / (length * rng.uniform(0.8, 1.25))
        total += np.cos(x * (k * math.cos(angle)) + y * (k * math.sin(angle)) + rng.uniform(0, 7))
    return total * math.sqrt(2 / count)


def soft(inside: np.ndarray, width: float) -> np.ndarray:
    """A smooth step, from 0 at `width` outside to 1 at `width` inside."""
    t = (inside * (0.5 / width) + 0.5).clip(0, 1)
    return t * t * (3 - 2 * t)


def over(below: np.ndarray, share: np.ndarray, light: np.ndarray | float) -> np.ndarray:
    """A picture, with something laid over it that covers a share of each pixel."""
    return below + share * (light - below)


def grain(rng: np.random.Generator, shape: tuple[int, ...], deviation: float) -> np.ndarray:
    """Noise of the detector."""
    return rng.standard_normal(shape, np.float32) * deviation


def which(rng: np.random.Generator, shares: np.ndarray) -> int:
    """One of n + 1, given the sums of the shares of n."""
    return int(np.searchsorted(shares, rng.random(), side="right"))
