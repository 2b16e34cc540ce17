"""The transposed-convolution stepper: each input cell stamps the filter, and overlaps add up."""

from typing import Any

import numpy as np
import traitlets

from cnnlab.segmentation import transposed_conv2d
from cnnlab.widgets.frame import Figure, Matrix, Whole

IMAGES = {
    "lecture": [[2, 1], [3, 2]],
    "ones": [[1] * 4] * 3,
    "dot": [[0, 0, 0], [0, 1, 0], [0, 0, 0]],
}
KERNELS = {
    "lecture": [[1, 2, 1], [2, 0, 1], [0, 2, 1]],
    "ones-3": [[1] * 3] * 3,
    "ones-2": [[1] * 2] * 2,
    "bilinear": [[0.25, 0.5, 0.25], [0.5, 1, 0.5], [0.25, 0.5, 0.25]],  # for stride 2
}
MOST = 5  # of a side: 25 stamps
MOST_STRIDE, MOST_PADDING = 4, 4


class TransposedConvolutionStepper(Figure):
    """Stamp the filter once for each input cell, and watch the stamps add up.

    The reader's moves can be read back: ``position`` is the input cell whose stamp is shown,
    ``seen`` the cells stamped so far, both counted from 0 in reading order.

    Parameters
    ----------
    image
        ``"lecture"`` (2 × 2), ``"ones"``, ``"dot"``, or 2-D numbers, at most 5 × 5.
    kernel
        ``"lecture"`` (3 × 3), ``"ones-3"``, ``"ones-2"``, ``"bilinear"``, or 2-D numbers, at most
        5 × 5. It is stamped as it is, not turned.
    stride
        Cells from one stamp to the next.
    padding
        Rows and columns that are cut off on every side, 0 to 4.
    output_padding
        Rows and columns that are kept more at the bottom and on the right, less than `stride`.

    Raises
    ------
    ValueError
        If an argument is not one of these, or nothing is left of the output.
    """

    script = "transposed_convolution_stepper"
    image = Matrix(named=IMAGES, most=MOST)
    kernel = Matrix(named=KERNELS, most=MOST)
    stride = Whole(2, at_least=1, at_most=MOST_STRIDE)
    padding = Whole(1, at_least=0, at_most=MOST_PADDING)
    output_padding = Whole(1, at_least=0, at_most=MOST_STRIDE - 1)
    position = Whole(0)
    seen = traitlets.List(traitlets.Int(), [0]).tag(sync=True)
    presets = traitlets.Dict({"images": IMAGES, "kernels": KERNELS}).tag(sync=True)

    def __init__(
        self,
        image: Any = "lecture",
        kernel: Any = "lecture",
        stride: int = 2,
        padding: int = 1,
        output_padding: int = 1,
    ):
        super().__init__(
            image=image,
            kernel=kernel,
            stride=stride,
            padding=padding,
            output_padding=output_padding,
        )

    @traitlets.validate("image", "kernel", "stride", "padding", "output_padding")
    def _leaves_an_output(self, proposal: Any) -> Any:
        names = ("image", "kernel", "stride", "padding", "output_padding")
        state = {name: getattr(self, name) for name in names}
        state[proposal["trait"].name] = proposal["value"]
        s, p, extra = (state[name] for name in ("stride", "padding", "output_padding"))
        if extra >= s:
            raise ValueError(
                f"output_padding is {extra}; expected less than stride, which is {s}: "
                "more rows would belong to a larger input"
            )
        sizes = (np.shape(state[name]) for name in ("image", "kernel"))
        for axis, n, f in zip(("rows", "columns"), *sizes, strict=True):
            full = (n - 1) * s + f
            if full - 2 * p + extra < 1:
                raise ValueError(
                    f"padding is {p}, and the stamps cover only {full} {axis}; expected a padding "
                    "that leaves an output"
                )
        return proposal["value"]

    @property
    def output(self) -> np.ndarray:
        """The whole output, shape (H_out, W_out), computed from the state by NumPy."""
        x = np.array(self.image, float)[None, :, :, None]  # (1, H, W, 1)
        w = np.array(self.kernel, float)[:, :, None, None]  # (f, g, 1, 1)
        settings = {"stride": self.stride, "padding": self.padding}
        y = transposed_conv2d(x, w, **settings, output_padding=self.output_padding)
        return y[0, :, :, 0]
