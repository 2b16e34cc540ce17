"""The questions of the convolution room.

Oracles are loops over the definition, one number at a time. Wrong ways are small changes of them.
"""

from cnnlab.grading.questions.convolution import (
    conv2d,
    conv_backward,
    conv_layer,
    line_kernel,
    pool,
    pool_backward,
    sizes,
    zero_pad,
)

VERSION = 2
QUESTIONS = tuple(
    file.QUESTION
    for file in (
        sizes,
        zero_pad,
        conv2d,
        conv_layer,
        pool,
        conv_backward,
        pool_backward,
        line_kernel,
    )
)
