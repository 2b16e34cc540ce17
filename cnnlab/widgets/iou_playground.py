"""Intersection over union: two boxes to move, and every number of the formula."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import traitlets

from cnnlab.detection.boxes import iou
from cnnlab.widgets.frame import Figure

SIDE = 100  # of the picture, in pixels


IN_PICTURE = {"low": 0, "high": SIDE, "whole": True}


class Box(traitlets.TraitType):
    """(x_min, y_min, x_max, y_max) in whole pixels of the picture; it may be empty."""

    def validate(self, owner: Any, value: Any) -> list[int]:
        """Return a list of `int`, or raise a `ValueError`."""
        expected = f"expected (x_min, y_min, x_max, y_max), whole numbers from 0 to {SIDE}"
        try:
            array = np.asarray(value, dtype=float)
        except (TypeError, ValueError):
            array = np.empty(0)
        if array.shape != (4,) or not np.array_equal(array, np.round(array)):
            raise ValueError(f"{self.name} is {str(value)[:80]}; {expected}")
        if array.min() < 0 or array.max() > SIDE:
            raise ValueError(f"{self.name} is {value}, not in the picture; {expected}")
        for axis, low, high in zip("xy", array[:2], array[2:], strict=True):
            if low > high:
                raise ValueError(
                    f"{self.name} has {axis}_min = {low:g} and {axis}_max = {high:g}; expected "
                    f"{axis}_min ≤ {axis}_max"
                )
        return [int(v) for v in array]


class IoUPlayground(Figure):
    """Move two boxes, and read areas, intersection, union and IoU, term by term.

    What the reader made can be read back: ``a``, ``b`` and `iou`.

    Parameters
    ----------
    a, b
        The truth and the prediction, (x_min, y_min, x_max, y_max), in whole pixels of a picture of
        100 × 100, y going down. A box may be empty: x_min = x_max.

    Raises
    ------
    ValueError
        If a box is no such box: x_min > x_max, a corner outside the picture, not whole.
    """

    script = "iou_playground"
    a = Box([0, 0, 0, 0]).tag(sync=True, limits=IN_PICTURE)
    b = Box([0, 0, 0, 0]).tag(sync=True, limits=IN_PICTURE)

    def __init__(self, a: Sequence[int] = (10, 10, 60, 60), b: Sequence[int] = (30, 30, 80, 80)):
        super().__init__(a=a, b=b)

    @property
    def iou(self) -> float:
        """Intersection over union of the two boxes, as `cnnlab.detection.iou` has it."""
        return float(iou([self.a], [self.b])[0, 0])
