"""YOLOv3-tiny, the real thing: eighty classes, photographs, and weights that Darknet trained.

J. Redmon, A. Farhadi, YOLOv3: an incremental improvement, arXiv:1804.02767, 2018. The network is
``cfg/yolov3-tiny.cfg`` of Darknet (github.com/pjreddie/darknet), the program in C that the authors
trained it with. The order of a weight file is that of ``load_convolutional_weights`` in its
``parser.c``; what the two heads mean is in its ``yolo_layer.c``.

It differs from :mod:`cnnlab.detection.yolo` in three things. It has two grids, a coarse one for
what is large and a fine one for what is small. Its numbers stand in another order: b_x, b_y, b_w,
b_h, p_c, c_1, c_2, …. And each class has a sigmoid of its own, so that one box may be two things.
"""

import re
from collections.abc import Iterator, Sequence
from os import PathLike
from pathlib import Path
from typing import NamedTuple

import keras
import numpy as np
from keras import KerasTensor, ops
from keras import layers as L
from numpy.typing import ArrayLike

from cnnlab.architectures.checks import image_shape
from cnnlab.convolution.checks import whole
from cnnlab.data.fetch import fetch
from cnnlab.detection import checks
from cnnlab.detection.boxes import areas, clip
from cnnlab.detection.nms import nms
from cnnlab.detection.yolo import Detections

FILTERS = (16, 32, 64, 128, 256, 512)  # of the convolutions that a pooling follows
ANCHORS = ((10, 14), (23, 27), (37, 58), (81, 82), (135, 169), (344, 319))  # widths and heights

# Which anchors the coarse head has, and which the fine one. The fine one was meant to have 0, 1, 2,
# but the published weights were trained with 1, 2, 3 by mistake, and give right boxes only so
# (github.com/pjreddie/darknet/issues/851, github.com/ultralytics/yolov3/pull/421).
MASKS = ((3, 4, 5), (1, 2, 3))

# As in training: normalize_kernel in blas_kernels.cu adds 1e-5 to the variance, and so does cuDNN.
# On a CPU, normalize_cpu in blas.c adds 1e-6 to the root instead.
EPSILON = 1e-5

COCO_CLASSES = (  # COCO's words; Darknet has Pascal VOC's for six of them, such as "motorbike"
    *("person", "bicycle", "car", "motorcycle", "airplane", "bus", "train", "truck", "boat"),
    *("traffic light", "fire hydrant", "stop sign", "parking meter", "bench"),
    *("bird", "cat", "dog", "horse", "sheep", "cow", "elephant", "bear", "zebra", "giraffe"),
    *("backpack", "umbrella", "handbag", "tie", "suitcase"),
    *("frisbee", "skis", "snowboard", "sports ball", "kite", "baseball bat", "baseball glove"),
    *("skateboard", "surfboard", "tennis racket"),
    *("bottle", "wine glass", "cup", "fork", "knife", "spoon", "bowl"),
    *("banana", "apple", "sandwich", "orange", "broccoli", "carrot", "hot dog", "pizza"),
    *("donut", "cake"),
    *("chair", "couch", "potted plant", "bed", "dining table", "toilet"),
    *("tv", "laptop", "mouse", "remote", "keyboard", "cell phone"),
    *("microwave", "oven", "toaster", "sink", "refrigerator"),
    *("book", "clock", "vase", "scissors", "teddy bear", "hair drier", "toothbrush"),
)


# ---- the network ----


def yolov3_tiny(
    input_shape: Sequence[int] = (416, 416, 3),
    classes: int = 80,
    weights: str | PathLike | None = None,
) -> keras.Model:
    """YOLOv3-tiny: thirteen convolutions, and an answer on two grids.

    Parameters
    ----------
    input_shape
        ``(H, W, C)``; height and width are multiples of 32. Any such size fits the weights.
    classes
        How many.
    weights
        None for random ones; ``"coco"`` for those that the authors trained on COCO's 80 classes
        (35 MB, fetched from them with a checksum, and kept); anything else is the path of a
        Darknet weight file. Theirs is at https://pjreddie.com/media/files/yolov3-tiny.weights; if
        the server refuses a program, fetch it with a browser and give its path.

    Returns
    -------
    keras.Model
        From images ``(N, H, W, C)`` with values from 0 to 1 to two arrays, ``(N, H / 32, W / 32,
        3, 5 + classes)`` and ``(N, H / 16, W / 16, 3, 5 + classes)``: numbers without bounds, for
        :func:`decode_heads`. With 80 classes it has 8,858,734 parameters, the means and variances
        of batch normalisation included.

    Raises
    ------
    ValueError
        If an argument is not one of these, or the file does not fit.
    ConnectionError, OSError
        If weights must be fetched and cannot be, or what came is something else.
    """
    shape, classes = image_shape(input_shape, at_least=32), whole("classes", classes, 1)
    if shape[0] % 32 or shape[1] % 32:
        raise ValueError(f"input_shape is {shape}; expected a height and width that 32 divides")
    if weights == "coco" and (shape[2], classes) != (3, len(COCO_CLASSES)):
        raise ValueError(
            f"weights is 'coco', with {shape[2]} channels and {classes} classes;"
            f" expected 3 channels and {len(COCO_CLASSES)} classes"
        )
    image = x = keras.Input(shape)
    for number, filters in enumerate(FILTERS, start=1):
        x = conv_bn_leaky(x, filters, 3, name=f"conv{number}")
        if number == 5:
            fine = x  # (N, 26, 26, 256)
        # The last pooling leaves the size as it is: "same" adds a row below and a column on the
        # right, as Darknet does.
        x = L.MaxPooling2D(2, 1 if number == 6 else 2, padding="same", name=f"pool{number}")(x)
    # Here x is (N, 13, 13, 512).
    x = conv_bn_leaky(x, 1024, 3, name="conv7")  # (N, 13, 13, 1024)
    coarse = conv_bn_leaky(x, 256, 1, name="conv8")  # (N, 13, 13, 256)
    x = conv_bn_leaky(coarse, 512, 3, name="conv9")  # (N, 13, 13, 512)
    large = head(x, len(MASKS[0]), classes, name="conv10")  # (N, 13, 13, 3, 85)

    x = conv_bn_leaky(coarse, 128, 1, name="conv11")  # (N, 13, 13, 128)
    x = L.UpSampling2D(2, name="enlarged")(x)  # (N, 26, 26, 128)
    x = L.Concatenate(name="both")([x, fine])  # (N, 26, 26, 384)
    x = conv_bn_leaky(x, 256, 3, name="conv12")  # (N, 26, 26, 256)
    small = head(x, len(MASKS[1]), classes, name="conv13")  # (N, 26, 26, 3, 85)

    model = keras.Model(image, [large, small], name="yolov3_tiny")
    if weights is not None:
        load_darknet(model, fetch("yolov3-tiny") if weights == "coco" else weights)
    return model


def conv_bn_leaky(x: KerasTensor, filters: int, f: int, name: str) -> KerasTensor:
    """A convolution without bias, batch normalisation, and a leaky ReLU: 0.1 x below zero."""
    x = L.Conv2D(
        filters, f, padding="same", use_bias=False, kernel_initializer="he_normal", name=name
    )(x)
    x = L.BatchNormalization(epsilon=EPSILON, name=f"{name}_bn")(x)
    return L.LeakyReLU(negative_slope=0.1, name=f"{name}_leaky")(x)


def head(x: KerasTensor, anchors: int, classes: int, name: str) -> KerasTensor:
    """The answer of each cell: ``(N, rows, columns, C)`` → ``(…, anchors, 5 + classes)``."""
    x = L.Conv2D(anchors * (5 + classes), 1, name=name)(x)
    return L.Reshape((*x.shape[1:3], anchors, 5 + classes), name=f"{name}_y")(x)


# ---- Darknet's weight files ----


def load_darknet(model: keras.Model, path: str | PathLike) -> None:
    """Fill a model with the weights of a Darknet file.

    Such a file is a header and then numbers, with no names and no shapes: three int32 (the version:
    major, minor, revision), how many images were seen in training (int64, before version 0.2
    int32), and float32 to the end. Each convolution has its biases first, then, if batch
    normalisation follows, gammas, means and variances (the biases are its betas), and then the
    kernel, with the axes (out, in, height, width). All that can be checked is that it is used up
    to the last number.

    Parameters
    ----------
    model
        From :func:`yolov3_tiny`, or another one whose convolutions are named conv1, conv2, … in
        the order of the file, and their batch normalisations conv1_bn, conv2_bn, ….
    path
        The file. If it does not fit, nothing in the model is changed.

    Raises
    ------
    ValueError
        If there is no such file, it is not Darknet's, it was cut short, or it is of another
        network.
    """
    path = Path(path)
    values = _floats(path)
    parts = list(_in_file_order(model))
    expected = sum(int(np.prod(variable.shape)) for variable in parts)
    if len(values) != expected:
        what = "was cut short, or is" if len(values) < expected else "is"
        raise ValueError(
            f"{path} holds {len(values):,} numbers; expected {expected:,} for {model.name} with"
            f" input {model.input_shape[1:]}: the file {what} of another network or of other"
            " classes"
        )
    if not np.isfinite(values).all():
        raise ValueError(f"{path} holds numbers that are not finite; expected trained weights")
    ends = np.cumsum([int(np.prod(variable.shape)) for variable in parts])
    for variable, value in zip(parts, np.split(values, ends[:-1]), strict=True):
        variable.assign(_from_file(value, variable.shape))


def save_darknet(model: keras.Model, path: str | PathLike) -> None:
    """Write a model's weights as a Darknet file of version 0.2, which :func:`load_darknet` reads.

    Raises
    ------
    ValueError
        If the model's convolutions are not named as there.
    """
    parts = [_to_file(ops.convert_to_numpy(variable)) for variable in _in_file_order(model)]
    header = np.array([0, 2, 0], "<i4").tobytes() + np.array([0], "<i8").tobytes()
    Path(path).write_bytes(header + np.concatenate(parts).astype("<f4").tobytes())


def _in_file_order(model: keras.Model) -> Iterator[keras.Variable]:
    """The variables of a model as they follow each other in a file."""
    layers = {layer.name: layer for layer in model.layers}
    names = sorted(
        (name for name in layers if re.fullmatch(r"conv\d+", name)), key=lambda name: int(name[4:])
    )
    if not names:
        raise ValueError(f"{model.name} has no layers conv1, conv2, …; see yolov3_tiny")
    for name in names:
        conv, norm = layers[name], layers.get(f"{name}_bn")
        if norm is None:
            yield conv.bias
        else:
            yield from (norm.beta, norm.gamma, norm.moving_mean, norm.moving_variance)
        yield conv.kernel


def _from_file(values: np.ndarray, shape: Sequence[int]) -> np.ndarray:
    """Numbers of a file as a variable of this shape; a kernel's axes are turned."""
    if len(shape) != 4:
        return values
    f_h, f_w, n_in, n_out = shape
    return values.reshape(n_out, n_in, f_h, f_w).transpose(2, 3, 1, 0)


def _to_file(value: np.ndarray) -> np.ndarray:
    """The inverse of :func:`_from_file`."""
    return (value.transpose(3, 2, 0, 1) if value.ndim == 4 else value).ravel()


def _floats(path: Path) -> np.ndarray:
    """The numbers after the header of a weight file."""
    if not path.is_file():
        raise ValueError(f"path is {str(path)!r}, and there is no such file")
    data = path.read_bytes()
    if len(data) < 16:
        raise ValueError(f"{path} is not a Darknet weight file: it has only {len(data)} bytes")
    major, minor = np.frombuffer(data, "<i4", 2).tolist()
    if major != 0 or minor not in range(10):
        raise ValueError(
            f"{path} is not a Darknet weight file: its version would be {major}.{minor}, expected"
            " 0.1 or 0.2"
        )
    start = 20 if minor >= 2 else 16
    if len(data) < start or (len(data) - start) % 4:
        raise ValueError(f"{path} was cut short: its {len(data):,} bytes end within a number")
    return np.frombuffer(data, "<f4", offset=start)


# ---- from a photograph to boxes ----


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
    score_threshold = checks.number("score_threshold", score_threshold)
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
    image: ArrayLike,
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
        ``(H, W, C)``, floats from 0 to 1, or ``uint8``; red, green, blue.
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


def _photograph(image: ArrayLike, channels: int) -> np.ndarray:
    """`image` as float32 from 0 to 1, with these channels."""
    array = np.asarray(image)
    if array.ndim != 3 or array.shape[-1] != channels or array.size == 0:
        raise ValueError(f"image has shape {array.shape}; expected (H, W, {channels})")
    if array.dtype == np.uint8:
        return array.astype(np.float32) / 255
    low, high = (array.min(), array.max()) if array.dtype.kind in "fiu" else (np.nan, np.nan)
    if not (low >= 0 and high <= 1):
        raise ValueError(
            f"image is {array.dtype} with values from {low:g} to {high:g};"
            " expected floats from 0 to 1, or uint8"
        )
    return array.astype(np.float32)


def _sigmoid(x: np.ndarray) -> np.ndarray:
    """1 / (1 + exp(−x)), written so that nothing overflows."""
    return (1 + np.tanh(x / 2)) / 2
