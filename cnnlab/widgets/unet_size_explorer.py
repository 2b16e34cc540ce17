"""The U-Net size explorer: how large the feature maps are on the way down and up, and what fits."""

from collections.abc import Sequence

import numpy as np

from cnnlab.segmentation import unet_sizes
from cnnlab.widgets.frame import Figure, OneOf, Whole

MOST, DEEPEST = 1024, 5


class UnetSizeExplorer(Figure):
    """Choose an image's size and a U-Net's depth: see every size on the way, and what fits.

    A level has two convolutions of 3 × 3. On the way down a pooling halves, on the way up a
    transposed convolution doubles. A size that does not fit is no error here: the figure says why.

    Parameters
    ----------
    input_size
        (height, width) of the image in pixels, each at most 1024. The default is the paper's.
    depth
        How often it is halved, 1 to 5.
    padding
        Of the convolutions: ``"valid"``, as in the paper, or ``"same"``.

    Raises
    ------
    ValueError
        If an argument is not one of these.

    References
    ----------
    O. Ronneberger, P. Fischer, T. Brox, U-Net: convolutional networks for biomedical image
    segmentation, MICCAI, 2015, figure 1.
    """

    script = "unet_size_explorer"
    height = Whole(572, at_least=1, at_most=MOST)
    width = Whole(572, at_least=1, at_most=MOST)
    depth = Whole(4, at_least=1, at_most=DEEPEST)
    padding = OneOf("valid", "same")

    def __init__(
        self, input_size: Sequence[int] = (572, 572), depth: int = 4, padding: str = "valid"
    ):
        if np.shape(input_size) != (2,):
            raise ValueError(f"input_size is {input_size!r}; expected (height, width)")
        height, width = input_size
        super().__init__(height=height, width=width, depth=depth, padding=padding)

    @property
    def output_size(self) -> tuple[int, int]:
        """Height and width of the prediction, as `cnnlab.segmentation.unet_sizes` says.

        Raises
        ------
        ValueError
            If the image does not fit; the message names the next sizes that do.
        """
        sides = (unet_sizes(n, self.depth, self.padding) for n in (self.height, self.width))
        height, width = (side.output for side in sides)
        return height, width
