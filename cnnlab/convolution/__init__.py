"""What the lecture does by hand, in NumPy and nothing else.

Read the files in this order: ``filters``, ``geometry``, ``correlate``.
"""

from cnnlab.convolution.correlate import convolve, cross_correlate
from cnnlab.convolution.filters import FILTERS, gaussian, kernel
from cnnlab.convolution.geometry import output_size, pad, same_padding

__all__ = [
    "FILTERS",
    "convolve",
    "cross_correlate",
    "gaussian",
    "kernel",
    "output_size",
    "pad",
    "same_padding",
]
