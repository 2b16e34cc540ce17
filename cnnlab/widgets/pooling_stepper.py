"""Pooling, one window at a time: what it keeps, and where the gradient goes."""

from typing import Any

import numpy as np
import traitlets

from cnnlab.convolution import pool2d
from cnnlab.widgets.frame import Figure, Matrix, OneOf, Whole

IMAGES = {
    "lecture": [
        [1, 3, 2, 1, 3],
        [2, 9, 1, 1, 5],
        [1, 3, 2, 3, 2],
        [8, 3, 5, 1, 0],
        [5, 6, 1, 2, 9],
    ]
}
MOST = 10


class PoolingStepper(Figure):
    """A window moves over an image of numbers and keeps the largest, or the mean.

    The reader's moves can be read back: ``position`` is the output cell whose window is shown,
    ``seen`` the cells computed so far, both counted from 0 in reading order. ``gradient`` says what
    is shown of the backward pass: ``"off"``, ``"one"`` (a gradient of 1 at that cell) or
    ``"filled"`` (at every computed cell).

    Parameters
    ----------
    image
        ``"lecture"``, or a 2-D list or array of at most 10 × 10 numbers, ``(H, W)``.
    f, s
        Side of the window and stride, in cells.
    kind
        ``"max"`` or ``"average"``.

    Raises
    ------
    ValueError
        If an argument is not of its kind, or the window is larger than the image.
    """

    script = "pooling_stepper"
    image = Matrix(named=IMAGES, most=MOST)
    f = Whole(3, at_least=1, at_most=MOST)
    s = Whole(1, at_least=1, at_most=MOST)
    kind = OneOf("max", "average")
    gradient = OneOf("off", "one", "filled")
    position = Whole(0)
    seen = traitlets.List(traitlets.Int(), [0]).tag(sync=True)

    def __init__(
        self, image: Any = "lecture", f: int = 3, s: int = 1, kind: str = "max", **kwargs: Any
    ):
        super().__init__(image=image, f=f, s=s, kind=kind, **kwargs)

    @traitlets.validate("f", "image")
    def _fits(self, proposal: Any) -> Any:
        state = {"f": self.f, "image": self.image, proposal["trait"].name: proposal["value"]}
        shape = len(state["image"]), len(state["image"][0])
        if state["f"] > min(shape):
            raise ValueError(
                f"f is {state['f']}; expected at most {min(shape)}, because image has shape {shape}"
            )
        return proposal["value"]

    @property
    def output(self) -> np.ndarray:
        """The whole output, shape (H_out, W_out), computed from the state by NumPy."""
        x = np.array(self.image, float)[None, :, :, None]  # (1, H, W, 1)
        return pool2d(x, self.f, self.s, kind=self.kind)[0, :, :, 0]
