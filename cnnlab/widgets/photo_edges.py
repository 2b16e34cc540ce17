"""Edges in the reader's own photograph: a filter over a file, or over what the camera sees."""

from typing import Any

import numpy as np
import traitlets

from cnnlab.convolution import FILTERS
from cnnlab.data.photos import photo
from cnnlab.data.pictures import Picture
from cnnlab.widgets.frame import Figure, OneOf
from cnnlab.widgets.photos import fitted, read_photo, webp

MOST = 240  # pixels of the photograph's longer side
QUALITY = 75  # of WebP
STRENGTH = "strength"  # of the edge, whatever its direction: the length of two answers' arrow
NAMES = (
    *("prewitt_vertical", "prewitt_horizontal", "sobel_vertical", "sobel_horizontal"),
    *("scharr_vertical", "scharr_horizontal", STRENGTH, "laplacian", "gaussian"),
)


class PhotoEdges(Figure):
    """A filter of 3×3 over a photograph: the page's, or the reader's own.

    The reader chooses, drops or pastes a file, or opens the camera. What comes that way stays in
    the browser: neither the kernel nor anybody else is told.

    Parameters
    ----------
    picture
        What the figure begins with, anything that `cnnlab.data.read_picture` takes; without it, the
        photographer of scikit-image. It is brought to at most 240 pixels a side.
    kernel
        A key of `cnnlab.convolution.FILTERS`, or ``"strength"``: of the edge, by Sobel's two.

    Raises
    ------
    ValueError
        If `picture` is none, or `kernel` has another name.
    """

    script = "photo_edges"
    kernel = OneOf(*NAMES)
    kernels = traitlets.Dict().tag(sync=True)
    photo = traitlets.Unicode().tag(sync=True)  # a data URL

    def __init__(self, picture: Picture | None = None, kernel: str = NAMES[0]):
        image = read_photo("picture", photo("camera") if picture is None else picture)
        super().__init__(kernel=kernel, kernels=kernels(), photo=webp(fitted(image, MOST), QUALITY))


def kernels() -> dict[str, Any]:
    """The filters as lists, by name."""
    return {name: np.asarray(FILTERS[name]).tolist() for name in NAMES if name != STRENGTH}
