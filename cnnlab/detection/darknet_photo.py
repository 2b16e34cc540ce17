"""From a photograph to boxes, by YOLOv3-tiny: into the network's input, and back to the picture.

What the network's two heads mean is in ``yolo_layer.c`` of Darknet (github.com/pjreddie/darknet).
"""

from collections.abc import Sequence
from typing import NamedTuple

import keras
import numpy as np
from keras import ops
from numpy.typing import ArrayLike

from cnnlab.checks import number
from cnnlab.data.pictures import Picture, read_picture
from cnnlab.detection.boxes import areas, clip
from cnnlab.detection.darknet import ANCHORS, MASKS
from cnnlab.detection.nms import nms
from cnnlab.detection.yolo import Detections


class Letterbox(NamedTuple):
    """A picture in the middle of a gray one, and how it came there."""

    image: np.ndarray  #: (H, W, C)
    left: int  #: the gray columns on its left
    top: int  #: the gray rows above
    scale: tuple[float, float]  #: by how much its width and its height were multiplied

    def undo(self, boxes: np.ndarray) -> np.ndarray:
        """Boxes ``(N, 4)`` in the gray picture, as boxes in the one that was put there."""
        return (boxes - np.tile([self.left, self.top], 2)) / np.tile(self.scale, 2)


def letterbox(image: np.ndarray, size: tuple[int, int]) -> Letterbox:
    """Resize a picture ``(H, W, C)`` to fit into `size`, and fill what is left with gray, 0.5.

    A plain resize would make a wide picture narrow, and things in it would have shapes that the
    network has not seen. This is what Darknet does; like there, it is bilinear without smoothing.
    """
    height, width = size
    H, W = image.shape[:2]
    if width * H < height * W:  # the width is what limits
        h, w = max(1, H * width // W), width
    else:
        h, w = height, max(1, W * height // H)
    top, left = (height - h) // 2, (width - w) // 2
    result = np.full((height, width, image.shape[2]), 0.5, np.float32)
    resized = ops.image.resize(image, (h, w), interpolation="bilinear")
    result[top : top + h, left : left + w] = ops.convert_to_numpy(resized)
    return Letterbox(result, left, top, (w / W, h / H))


def decode_heads(
    heads: Sequence[ArrayLike],
    size: tuple[int, int],
    score_threshold: float = 0.6,
    masks: Sequence[Sequence[int]] = MASKS,
) -> Detections:
    """The boxes that the network's two answers stand for, before non-max suppression.

    In the cell of row r and column c, an anchor of width a_w and height a_h gives a box with its
    centre at (c + σ(t_x), r + σ(t_y)) cells, a_w · exp(t_w) pixels wide and a_h · exp(t_h) high. A
    class's score is σ(t_p) · σ(t_class).

    Parameters
    ----------
    heads
        The answers for one image, ``(rows, columns, anchors, 5 + classes)`` each.
    size
        Height and width of the network's input in pixels.
    score_threshold
        Only what scores more is given.
    masks
        For each head, which of `ANCHORS` it has. A file that was trained with Darknet's cfg as it
        is now has ``((3, 4, 5), (0, 1, 2))``; the published one has the default.

    Returns
    -------
    Detections
        The surest first. A box is given once for each class that scores enough, and may reach over
        the image's border.

    Raises
    ------
    ValueError
        If a head has another shape.
    """
    if len(heads) != len(masks):
        raise ValueError(f"heads has {len(heads)} arrays; expected {len(masks)}, one for each mask")
    score_threshold = number("score_threshold", score_threshold)
    found = [
        _decode_head(
            f"heads[{i}]",
            np.asarray(t, float),
            np.array(ANCHORS)[list(mask)],
            size,
            score_threshold,
        )
        for i, (t, mask) in enumerate(zip(heads, masks, strict=True))
    ]
    boxes, labels, scores = (np.concatenate(parts) for parts in zip(*found, strict=True))
    order = np.argsort(-scores, kind="stable")
    return Detections(boxes[order], labels[order], scores[order])


def _decode_head(
    name: str, t: np.ndarray, anchors: np.ndarray, size: tuple[int, int], score_threshold: float
) -> Detections:
    if t.ndim != 4 or t.shape[2] != len(anchors) or t.shape[3] < 6:
        raise ValueError(
            f"{name} has shape {t.shape}; expected (rows, columns, {len(anchors)}, 5 + classes)"
        )
    scores = _sigmoid(t[..., 4:5]) * _sigmoid(t[..., 5:])
    row, column, anchor, label = place = np.nonzero(scores > score_threshold)
    t = t[row, column, anchor]
    cell = np.array([size[1] / scores.shape[1], size[0] / scores.shape[0]])  # width, height
    centre = (np.column_stack([column, row]) + _sigmoid(t[:, :2])) * cell
    # Untrained networks would give infinity: no box becomes more than 3,000 times its anchor.
    half = anchors[anchor] * np.exp(t[:, 2:4].clip(-8, 8)) / 2
    return Detections(np.hstack([centre - half, centre + half]), label, scores[place])


def detect_photo(
    model: keras.Model,
    image: Picture,
    score_threshold: float = 0.6,
    iou_threshold: float = 0.5,
    masks: Sequence[Sequence[int]] = MASKS,
) -> Detections:
    """What YOLOv3-tiny finds in a photograph of any size.

    The photograph is put into the network's input by :func:`letterbox`, the boxes are decoded and
    put back, and non-max suppression is done class by class.

    Parameters
    ----------
    model
        From :func:`yolov3_tiny`.
    image
        The path of a file, a Pillow image, or an array, as :func:`cnnlab.data.read_picture` takes
        it.
    score_threshold, iou_threshold
        As in :func:`cnnlab.detection.nms`, the lecture's. Darknet's own are 0.5 and 0.45.
    masks
        As in :func:`decode_heads`.

    Returns
    -------
    Detections
        The surest first. Boxes are in pixels of `image` and clipped to it; labels are places in
        `COCO_CLASSES`, for a network of these.

    Raises
    ------
    ValueError
        If an argument is not one of these.
    """
    height, width, channels = model.input_shape[1:]
    image = _photograph(image, channels)
    boxed = letterbox(image, (height, width))
    heads = [t[0] for t in model.predict(boxed.image[None], verbose=0)]
    boxes, labels, scores = decode_heads(heads, (height, width), score_threshold, masks)
    boxes = clip(boxed.undo(boxes), *image.shape[:2])
    seen = areas(boxes) > 0  # the others lie in the gray
    boxes, labels, scores = boxes[seen], labels[seen], scores[seen]
    kept = nms(boxes, scores, labels, iou_threshold, score_threshold)
    return Detections(boxes[kept], labels[kept], scores[kept])


def _photograph(image: Picture, channels: int) -> np.ndarray:
    """A picture ``(H, W, channels)`` in float32 from 0 to 1."""
    if channels not in (1, 3):
        raise ValueError(f"model takes {channels} channels; expected 1 or 3, as a photograph has")
    picture = read_picture(image, gray=channels == 1)
    return picture.reshape(*picture.shape[:2], channels)


def _sigmoid(x: np.ndarray) -> np.ndarray:
    """1 / (1 + exp(−x)), written so that nothing overflows."""
    return (1 + np.tanh(x / 2)) / 2
