"""The target of YOLO: objects placed on a 3×3 grid, and the 16 numbers of each cell."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import traitlets
from numpy.typing import ArrayLike

from cnnlab.checks import whole
from cnnlab.detection import checks
from cnnlab.detection.anchors import shapes
from cnnlab.widgets.frame import Figure

SIDE = 96  # of the picture, in pixels
GRID = 3  # rows, and columns, of cells
CLASSES = 3  # pedestrian, car, motorcycle
SMALLEST = 4  # side of an object: a smaller one cannot be taken by its corners
MOST = 6  # objects: each has a letter and a line
ANCHORS = ((40, 16), (24, 48))  # a person who stands, a car from the side

# A pedestrian and a car, whose middles lie in one cell, and a motorcycle in another.
BOXES = ((38, 24, 54, 66), (30, 42, 80, 66), (4, 62, 34, 84))
LABELS = (0, 1, 2)


class Objects(traitlets.TraitType):
    """A list of [label, x_min, y_min, x_max, y_max], the objects of the picture."""

    def validate(self, owner: Any, value: Any) -> list[list[int]]:
        """Return lists of `int`, or raise a `ValueError`."""
        try:
            rows = [list(row) for row in value]
        except TypeError:
            raise ValueError(
                f"{self.name} is {value!r}; expected rows of (label, x_min, y_min, x_max, y_max)"
            ) from None
        boxes = checks.boxes("boxes", [row[1:] for row in rows])
        labels = checks.labels("labels", [row[0] for row in rows], len(boxes), CLASSES)
        if len(boxes) > MOST:
            raise ValueError(f"boxes has shape {boxes.shape}; expected (N, 4), N at most {MOST}")
        for i, box in enumerate(boxes):
            outside = box.min() < 0 or box.max() > SIDE
            if outside or (box != np.round(box)).any() or (box[2:] - box[:2]).min() < SMALLEST:
                raise ValueError(
                    f"boxes[{i}] is {box.tolist()}; expected whole numbers from 0 to {SIDE}, and "
                    f"sides of at least {SMALLEST}"
                )
        return [[int(n) for n in (label, *box)] for label, box in zip(labels, boxes, strict=True)]


class Anchors(traitlets.TraitType):
    """Two shapes, (height, width) in pixels."""

    def validate(self, owner: Any, value: Any) -> list[list[float]]:
        """Return nested lists, or raise a `ValueError`."""
        anchors = shapes(self.name, value)
        if len(anchors) != 2 or anchors.max() > SIDE:
            raise ValueError(
                f"{self.name} is {anchors.tolist()}; expected two heights and widths, at most "
                f"{SIDE}"
            )
        return anchors.tolist()


class Cell(traitlets.TraitType):
    """(row, column) of a cell, counted from 0."""

    def validate(self, owner: Any, value: Any) -> list[int]:
        """Return a list of `int`, or raise a `ValueError`."""
        if not isinstance(value, Sequence) or len(value) != 2:
            raise ValueError(f"{self.name} is {value!r}; expected (row, column)")
        return [whole(self.name, one, 0, GRID - 1) for one in value]


class YoloTarget(Figure):
    """Place objects on a 3×3 grid, and see how y, 3×3×2×8, is filled, and where objects clash.

    What the reader made can be read back: ``boxes``, ``labels``, ``cell``, and `y` and `left_out`
    as :func:`cnnlab.detection.encode` has them.

    Parameters
    ----------
    boxes
        Up to 6 objects (N, 4), (x_min, y_min, x_max, y_max), in whole pixels of a picture of 96 ×
        96, with sides of at least 4. Without them, a pedestrian, a car and a motorcycle.
    labels
        (N,): 0 pedestrian, 1 car, 2 motorcycle.
    anchors
        (2, 2), heights and widths in pixels.
    cell
        (row, column), counted from 0, of the cell whose numbers are written out.

    Raises
    ------
    ValueError
        If a box is not one, or not in the picture, a label is of no class, there are not as many
        labels as boxes, or another argument is not as above.
    """

    script = "yolo_target"
    objects = Objects([]).tag(sync=True)
    anchors = Anchors([]).tag(sync=True)
    cell = Cell([0, 0]).tag(sync=True, limits={"low": 0, "high": GRID - 1, "whole": True})

    def __init__(
        self,
        boxes: ArrayLike | None = None,
        labels: ArrayLike | None = None,
        anchors: ArrayLike = ANCHORS,
        cell: Sequence[int] = (1, 1),
    ):
        if boxes is None:
            if labels is not None:
                raise ValueError("boxes is None; expected a box for each of labels")
            boxes, labels = BOXES, LABELS
        boxes = checks.boxes("boxes", boxes)
        if labels is None:
            raise ValueError(f"labels is None; expected a class for each of {len(boxes)} boxes")
        labels = checks.labels("labels", labels, len(boxes), CLASSES)
        objects = [
            [label, *box] for label, box in zip(labels.tolist(), boxes.tolist(), strict=True)
        ]
        super().__init__(objects=objects, anchors=anchors, cell=list(cell))

    @property
    def boxes(self) -> np.ndarray:
        """(N, 4), (x_min, y_min, x_max, y_max), in pixels."""
        return np.array([row[1:] for row in self.objects], float).reshape(-1, 4)

    @property
    def labels(self) -> np.ndarray:
        """(N,)"""
        return np.array([row[0] for row in self.objects], int)

    @property
    def y(self) -> np.ndarray:
        """The target, (3, 3, 2, 8)."""
        return self._encoded().y

    @property
    def left_out(self) -> np.ndarray:
        """Indices of the objects that found no place in `y`."""
        return self._encoded().left_out

    def _encoded(self) -> Any:
        from cnnlab.detection.yolo import encode  # it needs Keras, and the figure does not

        grid, size = (GRID, GRID), (SIDE, SIDE)
        return encode(self.boxes, self.labels, grid, self.anchors, CLASSES, size)
