"""A filter on one gray image: slide, multiply, add up."""

import numpy as np
from numpy.typing import ArrayLike

from cnnlab.checks import array
from cnnlab.convolution.geometry import Padding, output_size, pad, sides, windows


def cross_correlate(
    image: ArrayLike,
    kernel: ArrayLike,
    padding: Padding = 0,
    stride: int = 1,
    dilation: int = 1,
) -> np.ndarray:
    """Lay the kernel on every window of the image, multiply cell by cell, and add up.

    This is what deep learning calls a convolution.

    Parameters
    ----------
    image
        ``(H, W)``.
    kernel
        ``(f_h, f_w)``.
    padding
        Zeros added on each side, or ``"valid"`` (none), or ``"same"`` (with stride 1, as many as
        keep the size; see :func:`~cnnlab.convolution.same_padding`).
    stride
        Cells from one window to the next.
    dilation
        Cells of the image from one of the kernel's numbers to the next.

    Returns
    -------
    numpy.ndarray
        ``(H_out, W_out)``, as :func:`~cnnlab.convolution.output_size` says; floats.

    Raises
    ------
    ValueError
        If `image` or `kernel` is not 2-D, a number is out of range, or the kernel is larger than
        the padded image.
    """
    image, kernel = array("image", image, "H, W"), array("kernel", kernel, "f_h, f_w")
    border = []
    for n, f in zip(image.shape, kernel.shape, strict=True):
        output_size(n, f, padding, stride, dilation)  # refuses what does not fit
        border.append(sides(padding, n, f, stride, dilation))
    seen = windows(pad(image, tuple(border)), kernel.shape, stride, dilation)
    return np.einsum("ijab,ab->ij", seen, kernel)  # (H_out, W_out)


def convolve(
    image: ArrayLike,
    kernel: ArrayLike,
    padding: Padding = 0,
    stride: int = 1,
    dilation: int = 1,
) -> np.ndarray:
    """True convolution, as mathematics defines it: cross-correlation with the kernel turned around.

    The kernel is flipped upside down and left to right first. That makes the operation commutative
    and associative, which signal processing needs. A network learns its filters, and would learn
    them flipped, so deep learning leaves the flip out.

    Parameters, result and errors are those of :func:`cross_correlate`.
    """
    kernel = array("kernel", kernel, "f_h, f_w")
    return cross_correlate(image, kernel[::-1, ::-1], padding, stride, dilation)
