"""Detection: y and its loss, IoU, non-max suppression, YOLO, average precision.

The right answers are written one box, one cell at a time, apart from `cnnlab.detection`. Boxes are
(x_min, y_min, x_max, y_max). What a threshold decides is exact: boxes have whole corners there, and
their IoU is the threshold itself or far from it.
"""

from cnnlab.grading.questions.detection import (
    average_precision,
    by_hand,
    clean_up,
    decode,
    encode,
    iou,
    nms,
    target_and_loss,
)

VERSION = 2
QUESTIONS = tuple(
    file.QUESTION
    for file in (
        by_hand,
        target_and_loss,
        iou,
        nms,
        encode,
        decode,
        average_precision,
        clean_up,
    )
)
