"""What the lecture does by hand, in NumPy and nothing else.

Read the files in this order: ``filters``, ``geometry``, ``correlate`` for one gray image; then
``volumes`` and ``pooling`` for what a network does, ``layers`` and ``train`` for how it learns, and
``stack`` for what it costs.
"""

from cnnlab.convolution.correlate import convolve, cross_correlate
from cnnlab.convolution.filters import FILTERS, gaussian, kernel
from cnnlab.convolution.geometry import output_size, pad, same_padding
from cnnlab.convolution.layers import Conv2D, Dense, Flatten, Layer, Pool2D, ReLU
from cnnlab.convolution.pooling import pool2d, pool2d_backward
from cnnlab.convolution.stack import Row, conv, dense, flatten, pool, trace
from cnnlab.convolution.train import (
    SGD,
    Sequential,
    SoftmaxCrossEntropy,
    evaluate,
    fit,
    softmax,
)
from cnnlab.convolution.volumes import conv2d, conv2d_backward

__all__ = [
    "FILTERS",
    "SGD",
    "Conv2D",
    "Dense",
    "Flatten",
    "Layer",
    "Pool2D",
    "ReLU",
    "Row",
    "Sequential",
    "SoftmaxCrossEntropy",
    "conv",
    "conv2d",
    "conv2d_backward",
    "convolve",
    "cross_correlate",
    "dense",
    "evaluate",
    "fit",
    "flatten",
    "gaussian",
    "kernel",
    "output_size",
    "pad",
    "pool",
    "pool2d",
    "pool2d_backward",
    "same_padding",
    "softmax",
    "trace",
]
