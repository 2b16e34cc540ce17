"""The sliding-window explorer: the scores fill, and the work that windows share lights up."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import traitlets
from numpy.typing import ArrayLike

from cnnlab.checks import whole
from cnnlab.data.pictures import Picture
from cnnlab.widgets.frame import Figure, Matrix, Whole
from cnnlab.widgets.nms_stepper import png, read_image

MOST_PIXELS = 32  # of a side: the first map is drawn cell by cell
WINDOW = (14, 14)  # the lecture's, and its classifier's multiply-adds:
PER_CELL = 5 * 5 * 3 * 16  # 16 filters of 5 × 5 × 3
PER_WINDOW = 5 * 5 * 16 * 400 + 400 * 400 + 400 * 4  # three dense layers


class SlidingWindow(Figure):
    """Move a window over a picture, and see which arithmetic two windows have in common.

    The first map is that of a convolution with stride 1 and no padding. Its cells can be kept for
    the next window; everything after it is counted for each window anew, as it is for dense layers.

    What the reader chose can be read back: `height` and `width` of the part of the picture that is
    used, `stride`, and `grid`, the scores of the windows with these.

    Parameters
    ----------
    image
        The picture, as `cnnlab.data.read_picture` takes it, at most 32 × 32. Without it,
        a handwritten digit on a canvas of 28 × 28, and how much each window is like it.
    scores
        (H − h + 1, W − w + 1), in [0, 1]: what the classifier says of the window at each pixel.
    window
        Height and width (h, w) of the window, at most the picture's.
    stride
        Pixels from one window to the next.
    kernel
        Height and width of the first convolution's filters, at most the window's.
    per_cell
        Multiply-adds of all its filters at one place.
    per_window
        Multiply-adds of the layers after it, for one window.
    label
        What the scores are of, such as the name of a class.

    Raises
    ------
    ValueError
        If an argument has another shape or range, or `scores` is missing.
    """

    script = "sliding_window"
    image = traitlets.Unicode().tag(sync=True)  # a data URL
    full = traitlets.List(traitlets.Int()).tag(sync=True)  # height and width of the picture
    window = traitlets.List(traitlets.Int()).tag(sync=True)
    scores = Matrix(most=MOST_PIXELS)  # with stride 1: those of other strides are among them
    kernel = Whole(1, at_least=1, at_most=MOST_PIXELS)
    per_cell = Whole(1, at_least=1, at_most=10**9)
    per_window = Whole(0, at_most=10**9)
    label = traitlets.Unicode().tag(sync=True)
    height = Whole(1, at_least=1, at_most=MOST_PIXELS)
    width = Whole(1, at_least=1, at_most=MOST_PIXELS)
    stride = Whole(1, at_least=1, at_most=MOST_PIXELS)
    position = Whole(0)  # windows are counted in reading order
    seen = traitlets.List(traitlets.Int(), [0]).tag(sync=True)

    def __init__(
        self,
        image: Picture | None = None,
        scores: ArrayLike | None = None,
        window: Sequence[int] = WINDOW,
        stride: int = 2,
        kernel: int = 5,
        per_cell: int = PER_CELL,
        per_window: int = PER_WINDOW,
        label: str = "",
    ):
        if image is None:
            if scores is not None or not np.array_equal(window, WINDOW):
                raise ValueError("image is None; expected (H, W, 3) with scores or a window")
            image, scores, label = example()
        if not isinstance(label, str):
            raise ValueError(f"label is {label!r}; expected text")
        picture = read_image(image)
        size = picture.shape[:2]
        if max(size) > MOST_PIXELS:
            raise ValueError(
                f"image has shape {picture.shape}; expected at most {MOST_PIXELS} × {MOST_PIXELS}"
            )
        h, w = read_window(window, size)
        super().__init__(
            image=png(picture),
            full=list(size),
            window=[h, w],
            scores=read_scores(scores, (size[0] - h + 1, size[1] - w + 1)),
            kernel=whole("kernel", kernel, 1, min(h, w)),
            per_cell=per_cell,
            per_window=per_window,
            label=label,
            height=size[0],
            width=size[1],
            stride=stride,
        )

    @traitlets.validate("height", "width")
    def _holds_a_window(self, proposal: Any) -> int:
        name = proposal["trait"].name
        axis = ("height", "width").index(name)
        return whole(name, proposal["value"], self.window[axis], self.full[axis])

    @property
    def grid(self) -> np.ndarray:
        """The scores of the windows that fit, with this stride, into this part of the picture."""
        (h, w), s = self.window, self.stride
        return np.array(self.scores)[: self.height - h + 1 : s, : self.width - w + 1 : s]


def read_window(window: Any, size: tuple[int, int]) -> tuple[int, int]:
    """Height and width of a window that fits into the picture, or a `ValueError`."""
    if np.shape(window) != (2,):
        raise ValueError(f"window is {window!r}; expected (height, width)")
    return tuple(whole("window", n, 1, most) for n, most in zip(window, size, strict=True))


def read_scores(scores: Any, shape: tuple[int, int]) -> np.ndarray:
    """Scores of the windows at all pixels, or a `ValueError`."""
    if scores is None:
        raise ValueError(f"scores is None; expected {shape}, a number for the window at each pixel")
    array = np.asarray(scores)
    if array.shape != shape:
        raise ValueError(
            f"scores has shape {array.shape}; expected {shape}, a number for the window at each"
            " pixel"
        )
    if array.dtype.kind not in "fiu" or not (array.min() >= 0 and array.max() <= 1):  # nor NaN
        raise ValueError(f"scores has {array.dtype}, not all in [0, 1]; expected numbers in [0, 1]")
    return array


def example() -> tuple[np.ndarray, np.ndarray, str]:
    """A digit on a canvas, and how much each window is like the digit: the cosine of both."""
    from cnnlab.data import digits

    (x, y), _ = digits()
    large = x[np.flatnonzero(y == 7)[0], ..., 0]  # (28, 28)
    digit = large.reshape(14, 2, 14, 2).mean((1, 3))
    canvas = np.zeros((28, 28))
    canvas[6:20, 10:24] = digit
    windows = np.lib.stride_tricks.sliding_window_view(canvas, WINDOW)  # (15, 15, 14, 14)
    lengths = np.sqrt((windows**2).sum((2, 3)) * (digit**2).sum())
    likeness = (windows * digit).sum((2, 3)) / np.maximum(lengths, 1e-9)
    return canvas[..., np.newaxis], likeness.round(4).clip(0, 1), "7"
