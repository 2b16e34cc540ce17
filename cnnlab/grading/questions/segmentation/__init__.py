"""Segmentation: the transposed convolution and its adjoint, U-Net, its loss, and how good it is.

The right answers are written one cell, one pixel at a time, apart from `cnnlab.segmentation`.
Filters are (f_h, f_w, what goes out, what comes in) on the way back, as Keras has them.
"""

from cnnlab.grading.questions.segmentation import (
    adjoint,
    crop_and_concatenate,
    dice_and_iou,
    segmenter,
    small_unet,
    transposed_conv,
    up_by_hand,
    weighted_loss,
)

VERSION = 1
QUESTIONS = tuple(
    file.QUESTION
    for file in (
        up_by_hand,
        transposed_conv,
        adjoint,
        crop_and_concatenate,
        dice_and_iou,
        weighted_loss,
        small_unet,
        segmenter,
    )
)
