"""The convolution stepper: a window slides over an image of numbers, and the output fills."""

from typing import Any

import numpy as np
import traitlets

from cnnlab.convolution import FILTERS, convolve, cross_correlate
from cnnlab.widgets.frame import Figure, Flag, Matrix, Whole

TEN = [[10, 10, 10, 0, 0, 0]]
IMAGES = {
    "lecture": [
        [3, 0, 1, 2, 7, 4],
        [1, 5, 8, 9, 3, 1],
        [2, 7, 2, 5, 1, 3],
        [0, 1, 3, 1, 7, 8],
        [4, 2, 1, 6, 2, 8],
        [2, 4, 5, 2, 3, 9],
    ],
    "two-tone": TEN * 6,
    "checkerboard": TEN * 3 + [[0, 0, 0, 10, 10, 10]] * 3,
    # Head and shoulder of scikit-image's `camera` (CC0): rows 60 to 219 and columns 120 to 319,
    # the means of blocks of 20 × 20 pixels, on a scale from 0 (black) to 99 (white).
    "photo": [
        [81, 81, 81, 55, 37, 53, 78, 79, 79, 79],
        [82, 81, 48, 16, 19, 12, 35, 79, 80, 80],
        [80, 43, 10, 8, 16, 17, 10, 53, 81, 81],
        [23, 13, 7, 24, 15, 37, 23, 63, 82, 82],
        [12, 13, 19, 43, 41, 51, 54, 52, 77, 70],
        [12, 13, 45, 26, 39, 55, 71, 51, 65, 59],
        [10, 11, 31, 39, 16, 29, 65, 49, 16, 22],
        [8, 10, 21, 27, 19, 21, 45, 25, 15, 20],
    ],
}
MOST_IMAGE, MOST_KERNEL, MOST_PADDING = 16, 7, 6  # more would not be read on a phone


class Padding(traitlets.TraitType):
    """A number of zeros on every side, or "valid" (none), or "same" (as many as keep the size)."""

    def validate(self, owner: Any, value: Any) -> int | str:
        """Return 0, 1, … or "same", or raise a `ValueError`."""
        number = isinstance(value, int | np.integer) and not isinstance(value, bool)
        if number and 0 <= value <= MOST_PADDING:
            return int(value)
        if not isinstance(value, str) or value not in ("valid", "same"):
            raise ValueError(
                f"{self.name} is {value!r}; expected 0 to {MOST_PADDING}, 'valid' or 'same'"
            )
        return 0 if value == "valid" else "same"


class ConvolutionStepper(Figure):
    """Slide a kernel over an image of numbers and watch the output fill.

    Parameters
    ----------
    image
        ``"lecture"`` (6 × 6), ``"two-tone"``, ``"checkerboard"``, ``"photo"``, or 2-D numbers, at
        most 16 × 16.
    kernel
        A name of `cnnlab.convolution.FILTERS`, or 2-D numbers, at most 7 × 7.
    padding
        Zeros on every side (0 to 6), ``"valid"`` or ``"same"``.
    stride, dilation
        Cells between two windows, and between two neighbours in one window.
    flip
        True turns the kernel upside down and left to right: true convolution.

    Raises
    ------
    ValueError
        If an argument is not one of these, or the kernel does not fit into the padded image.
    """

    script = "convolution_stepper"
    image = Matrix(named=IMAGES, most=MOST_IMAGE)
    kernel = Matrix(named=FILTERS, most=MOST_KERNEL)
    padding = Padding(0).tag(sync=True, limits={"words": [*range(MOST_PADDING + 1), "same"]})
    stride = Whole(1, at_least=1, at_most=8)
    dilation = Whole(1, at_least=1, at_most=8)
    flip = Flag()
    position = Whole(0)  # the output's cells are counted in reading order
    seen = traitlets.List(traitlets.Int(), [0]).tag(sync=True)
    presets = traitlets.Dict().tag(sync=True)

    def __init__(
        self,
        image: Any = "lecture",
        kernel: Any = "vertical",
        padding: int | str = 0,
        stride: int = 1,
        dilation: int = 1,
        flip: bool = False,
    ):
        kernels = {name: np.asarray(values).tolist() for name, values in FILTERS.items()}
        super().__init__(
            image=image,
            kernel=kernel,
            padding=padding,
            stride=stride,
            dilation=dilation,
            flip=flip,
            presets={"images": IMAGES, "kernels": kernels},
        )

    @traitlets.validate("image", "kernel", "padding", "stride", "dilation")
    def _fits(self, proposal: Any) -> Any:
        state = {name: getattr(self, name) for name in ("image", "kernel", "padding", "dilation")}
        state[proposal["trait"].name] = proposal["value"]
        image, kernel = np.shape(state["image"]), np.shape(state["kernel"])
        if state["padding"] == "same":
            return proposal["value"]  # as many zeros as it takes
        for axis, n, f in zip(("rows", "columns"), image, kernel, strict=True):
            n += 2 * state["padding"]
            span = state["dilation"] * (f - 1) + 1
            if span > n:
                raise ValueError(
                    f"kernel spans {span} {axis} with dilation {state['dilation']}, and the padded "
                    f"image has only {n}; expected a kernel that fits into the padded image"
                )
        return proposal["value"]

    @property
    def output(self) -> np.ndarray:
        """The whole output, shape (H_out, W_out), computed from the state by NumPy."""
        slide = convolve if self.flip else cross_correlate
        image, kernel = np.array(self.image, float), np.array(self.kernel, float)
        return slide(image, kernel, self.padding, self.stride, self.dilation)
