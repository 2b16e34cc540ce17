"""Convolution over a volume: every channel at once, and one output channel for each filter."""

from typing import Any

import numpy as np
import traitlets

from cnnlab.convolution import conv2d, kernel
from cnnlab.widgets.frame import Figure, Whole

# A bright shape on a dark ground, seen a little differently by each channel.
IMAGE = [
    [[3, 1, 0], [3, 1, 1], [2, 0, 0], [0, 0, 2], [1, 0, 2], [0, 1, 3]],
    [[2, 1, 1], [3, 2, 0], [3, 1, 0], [0, 0, 2], [0, 1, 3], [0, 0, 2]],
    [[3, 2, 0], [2, 2, 0], [3, 2, 1], [1, 1, 2], [0, 0, 2], [0, 0, 3]],
    [[3, 0, 1], [3, 0, 0], [2, 1, 1], [0, 0, 3], [0, 0, 2], [1, 0, 2]],
    [[1, 0, 2], [0, 0, 3], [0, 1, 2], [0, 3, 0], [0, 3, 0], [1, 2, 0]],
    [[0, 0, 3], [1, 0, 2], [0, 0, 2], [1, 3, 0], [0, 2, 1], [0, 3, 0]],
]
EDGES = np.stack([kernel("vertical"), kernel("horizontal")], axis=-1)  # (3, 3, 2)
FILTERS = EDGES[:, :, None, :].repeat(3, axis=2)  # (3, 3, 3, 2): the same in each channel


class Numbers(traitlets.TraitType):
    """Nested lists of finite numbers, one level for each axis. Arrays become lists."""

    def __init__(self, axes: str, most: tuple[int, ...]):
        self.axes, self.most = axes, most
        super().__init__([])
        self.tag(sync=True)

    def validate(self, owner: Any, value: Any) -> list:
        """Return nested lists, or raise a `ValueError`."""
        try:
            array = np.asarray(value, dtype=float)
        except (TypeError, ValueError):
            array = np.empty(0)
        if array.ndim != len(self.most) or not array.size:
            raise ValueError(
                f"{self.name} is {str(value)[:80]}; expected numbers of shape {self.axes}"
            )
        if any(size > most for size, most in zip(array.shape, self.most, strict=True)):
            raise ValueError(
                f"{self.name} has shape {array.shape}; expected at most {self.most} for "
                f"{self.axes}, because the figure shows every number"
            )
        if not np.isfinite(array).all():
            raise ValueError(f"{self.name} holds NaN or infinity; expected finite numbers")
        whole = array.astype(int)
        return (whole if (whole == array).all() else array).tolist()


class VolumeStepper(Figure):
    """A window moves over all the channels of an image; its products add up to one number.

    The reader's moves can be read back: ``position`` is the output cell shown and ``seen`` those
    computed so far, counted from 0: the first output channel in reading order, then the next.

    Parameters
    ----------
    image
        Numbers of shape (H, W, C), at most 10 × 10 × 4; a 6 × 6 × 3 image if none is given.
    filters
        Numbers of shape (f_h, f_w, C, K), at most 5 × 5 × 4 × 4, where K is the number of filters;
        if none are given, a vertical and a horizontal edge detector, 3 × 3 in each channel.
    bias
        K numbers; zeros if none are given.

    Raises
    ------
    ValueError
        If the depths differ, a filter is larger than the image, or an argument has another shape.
    """

    script = "volume_stepper"
    image = Numbers("(H, W, C)", most=(10, 10, 4))
    filters = Numbers("(f_h, f_w, C, K)", most=(5, 5, 4, 4))
    bias = Numbers("(K,)", most=(4,))
    position = Whole(0)
    seen = traitlets.List(traitlets.Int(), [0]).tag(sync=True)

    def __init__(self, image: Any = None, filters: Any = None, bias: Any = None):
        image = IMAGE if image is None else image
        filters = FILTERS if filters is None else filters
        bias = np.zeros(np.shape(filters)[-1:]) if bias is None else bias
        super().__init__(image=image, filters=filters, bias=bias)

    @traitlets.validate("image", "filters", "bias")
    def _fits(self, proposal: Any) -> Any:
        state = {name: getattr(self, name) for name in ("image", "filters", "bias")}
        state[proposal["trait"].name] = proposal["value"]
        height, width, channels = np.shape(state["image"])
        f_h, f_w, depth, count = np.shape(state["filters"])
        if depth != channels:
            raise ValueError(
                f"filters has depth {depth}, and image has {channels} channels; expected equal "
                "depths, because each channel of a filter looks at one channel of the image"
            )
        if f_h > height or f_w > width:
            raise ValueError(
                f"filters is {f_h} × {f_w}; expected at most {height} × {width}, the image's size"
            )
        if len(state["bias"]) != count:
            raise ValueError(
                f"bias has {len(state['bias'])} numbers; expected {count}, one for each filter"
            )
        return proposal["value"]

    @property
    def output(self) -> np.ndarray:
        """The whole output, shape (H_out, W_out, K), computed from the state by NumPy."""
        image, filters, bias = (np.array(v, float) for v in (self.image, self.filters, self.bias))
        return conv2d(image[None], filters, bias)[0]
