"""YOLO: one look at the image, one answer for each cell of a grid.

J. Redmon and others, You only look once: unified, real-time object detection, CVPR 2016; with the
anchors of J. Redmon, A. Farhadi, YOLO9000, CVPR 2017, section 2.

The image is a grid of cells. The cell in which the CENTRE of an object lies is the one that finds
it, by the anchor whose shape the object resembles most. So y has the axes (rows, columns, anchors,
5 + classes), and for each anchor the lecture's vector, p_c, b_x, b_y, b_h, b_w, c_1, c_2, …:

- p_c: 1 if an object is there, else 0, and then the rest is 0 and means nothing ("don't care");
- b_x, b_y: where in the cell its centre lies, from 0 (left, top) to below 1 (right, bottom);
- b_h, b_w: its height and width, as multiples of the anchor's: 1 is a box just like the anchor;
- c_1, c_2, …: 1 for its class, 0 for the others.

A network gives what :func:`predicted` turns into such a y, so truth and prediction are read by the
same :func:`decode`.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import keras
import numpy as np
from keras import KerasTensor, ops
from keras import layers as L
from numpy.typing import ArrayLike

from cnnlab.architectures.blocks import conv_bn
from cnnlab.checks import image_shape, whole
from cnnlab.data.pictures import Picture, read_picture
from cnnlab.detection import checks
from cnnlab.detection.anchors import shape_iou, shapes
from cnnlab.detection.boxes import clip
from cnnlab.detection.nms import nms

NO_OBJECT = 0.5  # what an empty place weighs: there are a hundred of them for each object
COORDINATES = 5.0  # what a box weighs beside the rest (both from the first paper, section 2.2)
LIGHT = (0.75, 1.25)  # factors of brightness, and of each colour, in training
PRIOR = 0.01  # an untrained network's p_c: about the share of places that hold an object


class Encoded(NamedTuple):
    """A target, and the objects that found no place in it."""

    y: np.ndarray
    left_out: np.ndarray


class Detections(NamedTuple):
    """The boxes found in one image, the surest first."""

    boxes: np.ndarray  #: (K, 4), (x_min, y_min, x_max, y_max) in pixels
    labels: np.ndarray  #: (K,)
    scores: np.ndarray  #: (K,), from 0 to 1


class Found(NamedTuple):
    """One object in a picture, in words."""

    name: str
    score: float
    box: tuple[float, float, float, float]  #: (x_min, y_min, x_max, y_max) in pixels


# ---- between boxes and y ----


def encode(
    boxes: ArrayLike,
    labels: ArrayLike,
    grid: tuple[int, int],
    anchors: ArrayLike,
    classes: int,
    size: tuple[int, int],
) -> Encoded:
    """The target y of one image.

    A cell has one place for each anchor. If two objects want the same place, the one that resembles
    the anchor more has it (of equal ones the first), and the other is left out, and said to be.

    Parameters
    ----------
    boxes
        ``(N, 4)``, (x_min, y_min, x_max, y_max) in pixels; N may be 0. A box may reach over the
        image's border, its centre may not.
    labels
        ``(N,)``, whole numbers from 0 to ``classes − 1``.
    grid
        Rows and columns of cells.
    anchors
        ``(A, 2)``, heights and widths in pixels.
    classes
        How many.
    size
        Height and width of the image in pixels.

    Returns
    -------
    Encoded
        ``y``, ``(rows, columns, A, 5 + classes)``, and ``left_out``, the indices of the objects
        that are not in it, usually none.

    Raises
    ------
    ValueError
        If a box is not one, lies outside the image, or has a label outside the classes, or another
        argument is not as above.
    """
    anchors, classes = _anchors(anchors), whole("classes", classes, 1)
    (rows, columns), (H, W) = _pair("grid", grid), _pair("size", size)
    boxes, labels = _truth(boxes, labels, classes, (H, W))
    sizes = boxes[:, [3, 2]] - boxes[:, [1, 0]]  # heights and widths
    row, b_y = _cell((boxes[:, 1] + boxes[:, 3]) / 2, H / rows, rows)
    column, b_x = _cell((boxes[:, 0] + boxes[:, 2]) / 2, W / columns, columns)
    iou = shape_iou(sizes, anchors)  # (N, A)
    anchor = iou.argmax(axis=1)

    wanted = np.ravel_multi_index((row, column, anchor), (rows, columns, len(anchors)))
    order = np.argsort(-iou.max(axis=1), kind="stable")
    kept = np.sort(order[np.unique(wanted[order], return_index=True)[1]])
    place = row[kept], column[kept], anchor[kept]
    y = np.zeros((rows, columns, len(anchors), 5 + classes))
    y[place] = np.column_stack(
        [
            np.ones(len(kept)),
            b_x[kept],
            b_y[kept],
            sizes[kept] / anchors[anchor[kept]],
            np.eye(classes)[labels[kept]],
        ]
    )
    return Encoded(y, np.setdiff1d(np.arange(len(boxes)), kept))


def targets(
    boxes: Sequence[ArrayLike],
    labels: Sequence[ArrayLike],
    grid: tuple[int, int],
    anchors: ArrayLike,
    classes: int,
    size: tuple[int, int],
) -> Encoded:
    """The targets of many images of the same size: :func:`encode` for each.

    Returns
    -------
    Encoded
        ``y``, ``(N, rows, columns, A, 5 + classes)``, float32, and ``left_out``, ``(M, 2)``: the
        image and the object of each that is not in it.
    """
    if len(boxes) != len(labels):
        raise ValueError(
            f"boxes of {len(boxes)} images, and labels of {len(labels)}; expected both"
        )
    encoded = [
        encode(*each, grid, anchors, classes, size) for each in zip(boxes, labels, strict=True)
    ]
    shape = (*_pair("grid", grid), len(_anchors(anchors)), 5 + whole("classes", classes, 1))
    y = np.array([each.y for each in encoded], "float32").reshape(-1, *shape)
    left_out = [(i, int(j)) for i, each in enumerate(encoded) for j in each.left_out]
    return Encoded(y, np.array(left_out, int).reshape(-1, 2))


def decode(
    y: ArrayLike, anchors: ArrayLike, size: tuple[int, int], score_threshold: float = 0.0
) -> Detections:
    """The boxes that a y stands for: the inverse of :func:`encode`, for predictions too.

    Parameters
    ----------
    y
        ``(rows, columns, A, 5 + classes)``, a target or a prediction.
    anchors
        ``(A, 2)``, heights and widths in pixels.
    size
        Height and width of the image in pixels.
    score_threshold
        Only what scores more is given.

    Returns
    -------
    Detections
        The surest first, equally sure ones row by row. The score is p_c times the largest c, whose
        index is the label. Boxes may reach over the image's border.

    Raises
    ------
    ValueError
        If the shapes do not fit.
    """
    y, anchors, (H, W) = np.asarray(y), _anchors(anchors), _pair("size", size)
    if y.ndim != 4 or y.shape[2] != len(anchors) or y.shape[3] < 6:
        raise ValueError(
            f"y has shape {y.shape}; expected (rows, columns, {len(anchors)}, 5 + classes)"
            f" for {len(anchors)} anchors"
        )
    scores = y[..., 0] * y[..., 5:].max(axis=-1)
    row, column, anchor = place = np.nonzero(scores > score_threshold)
    _, b_x, b_y, b_h, b_w = y[place][:, :5].T.astype(float)
    x, y_ = (column + b_x) * (W / y.shape[1]), (row + b_y) * (H / y.shape[0])
    h, w = b_h * anchors[anchor, 0], b_w * anchors[anchor, 1]
    boxes = np.column_stack([x - w / 2, y_ - h / 2, x + w / 2, y_ + h / 2])
    order = np.argsort(-scores[place], kind="stable")
    return Detections(
        boxes[order], y[place][order, 5:].argmax(axis=1), scores[place][order].astype(float)
    )


class Batches(keras.utils.PyDataset):
    """Images and targets for ``fit``: in each epoch another order, other mirrors, other light.

    Half of the images are mirrored, since a street in a mirror is a street too. All are made darker
    or brighter, and each colour of its own, by up to a quarter: the network shall know a car by its
    shape. So no image is seen twice.

    Parameters
    ----------
    images
        ``(N, H, W, C)``.
    y
        Their targets, ``(N, rows, columns, A, 5 + classes)``.
    batch_size
        At most N; the images that do not fill a last batch have their turn in another epoch.
    seed
        Of the order, the mirrors and the light.

    Raises
    ------
    ValueError
        If there are not as many targets as images, or fewer than a batch.
    """

    def __init__(
        self, images: np.ndarray, y: np.ndarray, batch_size: int = 16, seed: int = 0
    ) -> None:
        super().__init__()
        if len(images) != len(y):
            raise ValueError(
                f"y has {len(y)} targets; expected one for each of {len(images)} images"
            )
        if len(images) < whole("batch_size", batch_size, 1):
            raise ValueError(f"batch_size is {batch_size}; expected at most {len(images)} images")
        self.images, self.y, self.batch_size = images, y, batch_size
        self.rng = np.random.default_rng(seed)
        self.on_epoch_end()

    def __len__(self) -> int:
        return len(self.images) // self.batch_size

    def __getitem__(self, i: int) -> tuple[np.ndarray, np.ndarray]:
        chosen = self.order[i * self.batch_size : (i + 1) * self.batch_size]
        images, y = self.images[chosen] * self.light[chosen], self.y[chosen]
        turned = self.turned[chosen]
        images[turned] = images[turned, :, ::-1]
        y[turned] = mirrored(y[turned])
        return images, y

    def on_epoch_end(self) -> None:
        """Draw the next epoch's order, mirrors and light."""
        N, C = len(self.images), self.images.shape[-1]
        self.order = self.rng.permutation(N)
        self.turned = self.rng.random(N) < 0.5
        light = self.rng.uniform(*LIGHT, (N, 1, 1, 1)) * self.rng.uniform(*LIGHT, (N, 1, 1, C))
        self.light = light.astype("float32")


def mirrored(y: np.ndarray) -> np.ndarray:
    """The targets of images that are mirrored left to right, ``(N, rows, columns, A, …)``."""
    y = y[:, :, ::-1].copy()
    y[..., 1] = np.where(y[..., 0] > 0, 1 - y[..., 1], 0)
    return y


# ---- the loss: of a target y and of what the network gives, before predicted() ----


def object_loss(y_true: KerasTensor, raw: KerasTensor) -> KerasTensor:
    """Is there an object? Cross-entropy of p_c, at every place: ``(N,)``.

    It is computed from the number before the sigmoid, so it stays exact where a sigmoid is 0 or 1.
    """
    p = y_true[..., 0]
    each = ops.binary_crossentropy(p, raw[..., 0], from_logits=True)
    return _over_places(each * (NO_OBJECT + (1 - NO_OBJECT) * p))


def box_loss(y_true: KerasTensor, raw: KerasTensor) -> KerasTensor:
    """Where, and how large? Squared errors, where an object is: ``(N,)``.

    Height and width are compared by their logarithms: twice too large is as bad as half.
    """
    p = y_true[..., :1]
    centre = ops.sigmoid(raw[..., 1:3]) - y_true[..., 1:3]
    shape = raw[..., 3:5] - ops.log(ops.where(p > 0, y_true[..., 3:5], 1.0))
    squares = ops.sum(ops.square(centre) + ops.square(shape), axis=-1)
    return COORDINATES * _over_places(squares * p[..., 0])


def class_loss(y_true: KerasTensor, raw: KerasTensor) -> KerasTensor:
    """What is it? Cross-entropy of the classes, where an object is: ``(N,)``."""
    each = ops.categorical_crossentropy(y_true[..., 5:], raw[..., 5:], from_logits=True)
    return _over_places(each * y_true[..., 0])


def yolo_loss(y_true: KerasTensor, raw: KerasTensor) -> KerasTensor:
    """The sum of the three: ``(N,)``.

    Give it to ``compile`` as the loss, and its parts as metrics: then ``fit`` reports them all.

    Parameters
    ----------
    y_true
        Targets, ``(N, rows, columns, A, 5 + classes)``.
    raw
        What the network gives, of the same shape.
    """
    return object_loss(y_true, raw) + box_loss(y_true, raw) + class_loss(y_true, raw)


def _over_places(each: KerasTensor) -> KerasTensor:
    return ops.sum(each, axis=(1, 2, 3))


# ---- the network, and what it finds ----


def small_yolo(input_shape: Sequence[int], anchors: ArrayLike, classes: int) -> keras.Model:
    """A YOLO for the drawn scenes, which learns them in a minute on two cores.

    It looks at the image twice: at stride 8, where small things are, and at stride 16, where a
    cell sees a whole car. The second look is enlarged and added to the first. With two anchors and
    three classes it has 289,168 parameters.

    Parameters
    ----------
    input_shape
        ``(H, W, C)``; height and width are multiples of 16.
    anchors
        ``(A, 2)``; only their number matters here.
    classes
        How many.

    Returns
    -------
    keras.Model
        From images ``(N, H, W, C)`` to ``(N, H / 8, W / 8, A, 5 + classes)``: numbers without
        bounds, for :func:`predicted`.

    Raises
    ------
    ValueError
        If an argument is not one of these.
    """
    shape, classes = image_shape(input_shape, at_least=16), whole("classes", classes, 1)
    A = len(_anchors(anchors))
    if shape[0] % 16 or shape[1] % 16:
        raise ValueError(f"input_shape is {shape}; expected a height and width that 16 divides")
    image = keras.Input(shape)
    x = conv_bn(image, 32, 6, s=4, activation="relu", name="conv1")  # (N, 24, 24, 32)
    near = conv_bn(x, 64, 3, s=2, activation="relu", name="conv2")  # (N, 12, 12, 64)
    x = conv_bn(near, 96, 3, s=2, activation="relu", name="conv3")  # (N, 6, 6, 96)
    for name in ("conv4", "conv5"):
        x = L.Add(name=f"{name}_add")([x, conv_bn(x, 96, 3, activation="relu", name=name)])
    x = conv_bn(x, 64, 1, activation="relu", name="conv6")  # (N, 6, 6, 64)
    far = L.UpSampling2D(2, name="enlarged")(x)  # (N, 12, 12, 64)
    x = L.Add(name="both")([near, far])
    x = conv_bn(x, 64, 3, activation="relu", name="conv7")  # (N, 12, 12, 64)
    x = L.Conv2D(A * (5 + classes), 1, bias_initializer=_shy(A, classes), name="conv8")(x)
    y = L.Reshape((*x.shape[1:3], A, 5 + classes), name="y")(x)  # (N, 12, 12, A, 5 + classes)
    return keras.Model(image, y, name="small_yolo")


def _shy(anchors: int, classes: int) -> Callable[..., KerasTensor]:
    """A bias with which an untrained network says that there is hardly an object anywhere.

    Else the first steps are spent on learning that most places are empty (T.-Y. Lin and others,
    Focal loss for dense object detection, ICCV 2017, section 3.3).
    """
    bias = np.zeros((anchors, 5 + classes))
    bias[:, 0] = np.log(PRIOR / (1 - PRIOR))
    return lambda shape, dtype=None: ops.reshape(ops.convert_to_tensor(bias, dtype), shape)


def predicted(raw: ArrayLike) -> np.ndarray:
    """What the network gives, as a y: p_c, b_x, b_y, c from 0 to 1, b_h and b_w positive.

    Sigmoid for p_c and the centre, exp for height and width, softmax for the classes; the shape
    ``(…, 5 + classes)`` stays. No box becomes more than 3,000 times its anchor, so an untrained
    network gives no infinity.
    """
    raw = ops.convert_to_tensor(raw)
    parts = [
        ops.sigmoid(raw[..., :3]),
        ops.exp(ops.clip(raw[..., 3:5], -8, 8)),
        ops.softmax(raw[..., 5:], axis=-1),
    ]
    return ops.convert_to_numpy(ops.concatenate(parts, axis=-1))


def detections(
    model: keras.Model,
    images: ArrayLike,
    anchors: ArrayLike,
    score_threshold: float = 0.6,
    iou_threshold: float | None = 0.5,
) -> list[Detections]:
    """What a trained network finds in each image, after non-max suppression class by class.

    Parameters
    ----------
    model
        From :func:`small_yolo`, or one with the same kind of result.
    images
        ``(N, H, W, C)``, as in training; N may be 0.
    anchors
        ``(A, 2)``, heights and widths in pixels, those of the training.
    score_threshold
        What scores no more is dropped. To measure average precision, use a low one, such as 0.01.
    iou_threshold
        What overlaps a surer box of its class by so much is dropped; None: nothing is.

    Returns
    -------
    list of Detections
        One for each image; boxes are clipped to it.

    Raises
    ------
    ValueError
        If `images` has another shape than the model's input.
    """
    images = np.asarray(images)
    if images.ndim != 4 or images.shape[1:] != model.input_shape[1:]:
        raise ValueError(
            f"images has shape {images.shape}; expected (N, *{model.input_shape[1:]}), the model's"
        )
    if len(images) == 0:
        return []
    size = images.shape[1:3]
    found = []
    for y in predicted(model.predict(images, verbose=0)):
        boxes, labels, scores = decode(y, anchors, size, score_threshold)
        boxes = clip(boxes, *size)
        kept = np.arange(len(boxes))
        if iou_threshold is not None:
            kept = nms(boxes, scores, labels, iou_threshold, score_threshold)
        found.append(Detections(boxes[kept], labels[kept], scores[kept]))
    return found


def detect(
    model: keras.Model,
    image: Picture,
    anchors: ArrayLike,
    names: Sequence[str],
    score_threshold: float = 0.6,
    iou_threshold: float | None = 0.5,
) -> list[Found]:
    """Say what a picture shows, and where.

    Parameters
    ----------
    model, anchors, score_threshold, iou_threshold
        As in :func:`detections`.
    image
        One of the model's size with numbers from 0 to 1: the path of a file, a Pillow image, or an
        array, as :func:`cnnlab.data.read_picture` takes it. For a model with channels of another
        kind than red, green and blue: ``(H, W, C)``, as in training.
    names
        Of the classes, in the order of the labels.

    Returns
    -------
    list of Found
        The surest first.

    Raises
    ------
    ValueError
        If `image` has another shape than the model's input, or there are not as many names as
        classes.
    """
    image = read_picture(image) if model.input_shape[-1] == 3 else np.asarray(image)
    classes = model.output_shape[-1] - 5
    if image.shape != model.input_shape[1:]:
        raise ValueError(
            f"image has shape {image.shape}; expected {model.input_shape[1:]}, the model's"
        )
    if len(names) != classes:
        raise ValueError(f"names has {len(names)} names; expected {classes}, one for each class")
    (found,) = detections(model, image[None], anchors, score_threshold, iou_threshold)
    return [
        Found(names[label], float(score), tuple(box))
        for box, label, score in zip(found.boxes.tolist(), found.labels, found.scores, strict=True)
    ]


# ---- what is refused ----


def _anchors(anchors: ArrayLike) -> np.ndarray:
    anchors = shapes("anchors", anchors)
    if len(anchors) == 0:
        raise ValueError("anchors is empty; expected at least one")
    return anchors


def _pair(name: str, value: Sequence[int]) -> tuple[int, int]:
    try:
        first, second = value
    except (TypeError, ValueError):
        raise ValueError(f"{name} is {value!r}; expected two whole numbers") from None
    return whole(name, first, 1), whole(name, second, 1)


def _cell(centre: np.ndarray, side: float, cells: int) -> tuple[np.ndarray, np.ndarray]:
    """The index of the cell in which a centre lies, and where in it, from 0 to below 1.

    A centre on the border of two cells is in the later one, also if rounding has put it 1e-9 cells
    before: so what :func:`decode` gives is encoded to where it came from.
    """
    position = centre / side
    index = np.clip(np.floor(position + 1e-9), 0, cells - 1).astype(int)
    return index, np.maximum(position - index, 0)


def _truth(
    boxes: ArrayLike, labels: ArrayLike, classes: int, size: tuple[int, int]
) -> tuple[np.ndarray, np.ndarray]:
    """Boxes and labels, if each box has an area, its centre in the image, and a label."""
    boxes = checks.boxes("boxes", boxes)
    labels = checks.labels("labels", labels, len(boxes), classes)
    H, W = size
    for i, (x_min, y_min, x_max, y_max) in enumerate(boxes):
        if x_min == x_max or y_min == y_max:
            raise ValueError(f"boxes[{i}] is {boxes[i].tolist()}; expected one with an area")
        x, y = (x_min + x_max) / 2, (y_min + y_max) / 2
        if not (0 <= x < W and 0 <= y < H):
            raise ValueError(
                f"boxes[{i}] is {boxes[i].tolist()}, with its centre outside the image of height"
                f" {H} and width {W}; expected it in the image (see cnnlab.detection.clip)"
            )
    return boxes, labels
