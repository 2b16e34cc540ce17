"""The triplet loss: three points to move, every number of the formula, and where each is pushed."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import traitlets

from cnnlab.widgets.frame import Figure, Threshold

EDGE = 1.5  # the plane goes from −1.5 to 1.5, both ways


class Point(traitlets.TraitType):
    """(x, y) in the plane of the figure; two decimals are kept."""

    def validate(self, owner: Any, value: Any) -> list[float]:
        """Return a list of `float`, or raise a `ValueError`."""
        try:
            array = np.asarray(value, dtype=float)
        except (TypeError, ValueError):
            array = np.empty(0)
        if array.shape != (2,) or not (np.abs(array) <= EDGE).all():  # false for NaN too
            raise ValueError(
                f"{self.name} is {str(value)[:80]}; expected (x, y), numbers from {-EDGE} to {EDGE}"
            )
        return (array.round(2) + 0.0).tolist()


class TripletPlayground(Figure):
    """Move anchor, positive and negative, and read the triplet loss and its gradients.

    The loss is max(‖A − P‖² − ‖A − N‖² + α, 0). Shaded is where a negative is hard, semi-hard or
    easy; arrows show a step of gradient descent.

    What the reader made can be read back: ``anchor``, ``positive``, ``negative``, ``margin``, and
    `loss`.

    Parameters
    ----------
    anchor, positive, negative
        (x, y), numbers from −1.5 to 1.5. Two decimals are kept.
    margin
        α, from 0 to 1.

    Raises
    ------
    ValueError
        If a point is no such point, or the margin is not in [0, 1].

    References
    ----------
    F. Schroff, D. Kalenichenko, J. Philbin, FaceNet: a unified embedding for face recognition and
    clustering, CVPR 2015. Section 3.2: the choice of triplets.
    """

    script = "triplet_playground"
    anchor = Point([0.0, 0.0]).tag(sync=True, limits={"low": -EDGE, "high": EDGE})
    positive = Point([0.0, 0.0]).tag(sync=True, limits={"low": -EDGE, "high": EDGE})
    negative = Point([0.0, 0.0]).tag(sync=True, limits={"low": -EDGE, "high": EDGE})
    margin = Threshold(0.4)

    def __init__(
        self,
        anchor: Sequence[float] = (-0.2, 0.0),
        positive: Sequence[float] = (0.4, 0.4),
        negative: Sequence[float] = (0.2, -0.3),
        margin: float = 0.4,
    ):
        super().__init__(anchor=anchor, positive=positive, negative=negative, margin=margin)

    @property
    def loss(self) -> float:
        """The triplet loss of the three points."""
        a, p, n = np.array([self.anchor, self.positive, self.negative])
        bare = ((a - p) ** 2).sum() - ((a - n) ** 2).sum() + self.margin
        return max(float(bare.round(9)), 0.0)
