"""What the lecture does by hand, in NumPy and nothing else.

Read the files in this order: ``filters``, ``geometry``, ``correlate``, ``conv``, ``pool``.
"""

from cnnlab.convolution.conv import conv2d, conv2d_backward
from cnnlab.convolution.correlate import convolve, cross_correlate
from cnnlab.convolution.filters import FILTERS, gaussian, kernel
from cnnlab.convolution.geometry import output_size, pad, same_padding
from cnnlab.convolution.pool import pool2d, pool2d_backward

__all__ = [
    "FILTERS",
    "conv2d",
    "conv2d_backward",
    "convolve",
    "cross_correlate",
    "gaussian",
    "kernel",
    "output_size",
    "pad",
    "pool2d",
    "pool2d_backward",
    "same_padding",
]
