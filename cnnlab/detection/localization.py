"""Localization: one object, its class and its place, in one vector.

The lecture's y = [p_c, b_x, b_y, b_h, b_w, c_1, c_2, c_3]: is there an object, where is its centre,
how large is it, and what is it.
"""

from collections.abc import Sequence
from typing import NamedTuple

import keras
import numpy as np
from keras import KerasTensor, ops
from keras import layers as L
from numpy.typing import ArrayLike

from cnnlab.architectures.blocks import conv_bn
from cnnlab.checks import image_shape, whole
from cnnlab.detection import checks
from cnnlab.detection.boxes import convert, to_absolute, to_relative

# Filters and strides of the convolutions of each localizer.
DENSE = ((16, 2), (32, 2), (64, 2), (64, 2))  # 64×96 → 32×48 → 16×24 → 8×12 → 4×6
VOTING = ((16, 2), (32, 2), (48, 2), (48, 1), (48, 1))  # 64×96 → 32×48 → 16×24 → 8×12


class Localized(NamedTuple):
    """The one object that a network sees in each of N images."""

    boxes: np.ndarray  #: (N, 4), (x_min, y_min, x_max, y_max) in pixels
    labels: np.ndarray  #: (N,)
    scores: np.ndarray  #: (N,), p_c: how sure it is that there is an object at all


def target(
    box: ArrayLike | None, label: int | None, classes: int, height: int, width: int
) -> np.ndarray:
    """The vector y of an image with one object, or with none.

    Centre and size are shares of the image: the centre (0, 0) is the left upper corner and (1, 1)
    the right lower one, and the size (1, 1) is all of it.

    Parameters
    ----------
    box
        (x_min, y_min, x_max, y_max) in pixels, not outside the image; None: there is only
        background.
    label
        The object's class, from 0 to ``classes − 1``; None for background.
    classes
        How many classes of objects; the background is not one of them.
    height, width
        Of the image, in pixels.

    Returns
    -------
    numpy.ndarray
        ``(5 + classes,)``, float32. For background it is all 0: where the lecture writes "?",
        something has to stand, and :func:`localization_loss` reads none of it.

    Raises
    ------
    ValueError
        If the box is not one or reaches outside the image, or the label is outside the classes, or
        only one of the two is None.
    """
    classes = whole("classes", classes, 1)
    height, width = whole("height", height, 1), whole("width", width, 1)
    y = np.zeros(5 + classes, "float32")
    if (box is None) != (label is None):
        raise ValueError(f"box is {box} and label is {label}; expected both, or None for both")
    if box is None:
        return y
    corners = checks.boxes("box", [box])
    x_min, y_min, x_max, y_max = corners[0]
    if x_min == x_max or y_min == y_max:
        raise ValueError(f"box is {corners[0].tolist()}; expected one with an area")
    if x_min < 0 or y_min < 0 or x_max > width or y_max > height:
        raise ValueError(
            f"box is {corners[0].tolist()}, which reaches outside the image of height {height} and"
            f" width {width}; expected a box in it (see cnnlab.detection.clip)"
        )
    if whole("label", label, 0) >= classes:
        raise ValueError(f"label is {label}; expected at most {classes - 1} for {classes} classes")
    y[0] = y[5 + label] = 1
    y[[1, 2, 4, 3]] = convert(to_relative(corners, height, width), "xyxy", "cxcywh")[0]
    return y


def localization_loss(y_true: KerasTensor, y_pred: KerasTensor) -> KerasTensor:
    """The lecture's loss: squared errors of all of y where an object is, else of p_c alone.

    Where there is no object, the rest of a prediction changes neither the loss nor its gradient,
    whatever stands there in `y_true`, NaN included.

    Parameters
    ----------
    y_true, y_pred
        ``(N, 5 + classes)``.

    Returns
    -------
    KerasTensor
        ``(N,)``, one loss for each image: give the function to ``compile``.
    """
    y_true, y_pred = ops.convert_to_tensor(y_true), ops.convert_to_tensor(y_pred)
    matters = ops.concatenate(
        [ops.ones_like(y_true[..., :1]), ops.ones_like(y_true[..., 1:]) * y_true[..., :1]], axis=-1
    )
    # Zero before the square, not after it: the slope of NaN times 0 would be NaN.
    error = ops.where(matters > 0, y_pred - y_true, 0.0)
    return ops.sum(ops.square(error), axis=-1)


def _convolutions(
    input_shape: Sequence[int], stages: Sequence[tuple[int, int]]
) -> tuple[KerasTensor, KerasTensor]:
    """An image of this shape, and the last map of convolutions with these filters and strides."""
    image = x = keras.Input(image_shape(input_shape, at_least=16))
    for number, (filters, s) in enumerate(stages, start=1):
        x = conv_bn(x, filters, 3, s=s, activation="relu", name=f"conv{number}")
    return image, x


def localizer(input_shape: Sequence[int] = (64, 96, 3), classes: int = 3) -> keras.Model:
    """A small network with a localization head.

    Four convolutions, then a dense layer that still knows what was where: global average pooling
    would tell what is in the image, and forget the place.

    Parameters
    ----------
    input_shape
        ``(H, W, C)``, at least 16×16.
    classes
        How many classes of objects.

    Returns
    -------
    keras.Model
        From images ``(N, H, W, C)`` to y ``(N, 5 + classes)``: p_c, the centre and the size by
        sigmoid, the classes by softmax.

    Raises
    ------
    ValueError
        If an argument is not one of these.
    """
    classes = whole("classes", classes, 1)
    image, x = _convolutions(input_shape, DENSE)
    x = L.Flatten(name="flatten")(x)  # (N, 1536)
    x = L.Dense(128, activation="relu", name="fc5")(x)
    where = L.Dense(5, activation="sigmoid", name="where")(x)
    what = L.Dense(classes, activation="softmax", name="what")(x)
    y = L.Concatenate(name="y")([where, what])
    return keras.Model(image, y, name="localizer")


@keras.saving.register_keras_serializable("cnnlab")
class Votes(L.Layer):
    """One vector y for an image, from what each place of a map says: their weighted mean.

    A place tells the centre of the object as a step from **itself**, so that the same filter can
    say the same thing wherever the object is. Here the place's own position is added. What a place
    weighs is a softmax over all places: those that see nothing of the object learn to be silent.

    Call it with what the places say, ``(N, rows, columns, 5 + classes)``, and their weights before
    the softmax, ``(N, rows, columns, 1)``; both are numbers without bounds. It gives y,
    ``(N, 5 + classes)``. Nothing keeps the centre inside the image.
    """

    def call(self, said: KerasTensor, weight: KerasTensor) -> KerasTensor:
        rows, columns = said.shape[1:3]
        row, column = np.mgrid[:rows, :columns].astype("float32") + 0.5
        place = np.stack([column / columns, row / rows], axis=-1)  # (rows, columns, 2)
        y = [
            ops.sigmoid(said[..., :1]),
            place + said[..., 1:3],
            ops.sigmoid(said[..., 3:5]),
            ops.softmax(said[..., 5:], axis=-1),
        ]  # together (N, rows, columns, 5 + classes)
        share = ops.softmax(ops.reshape(weight, (-1, rows * columns)), axis=-1)
        share = ops.reshape(share, (-1, rows, columns, 1))
        return ops.sum(share * ops.concatenate(y, axis=-1), axis=(1, 2))


def voting_localizer(input_shape: Sequence[int] = (64, 96, 3), classes: int = 3) -> keras.Model:
    """A localizer without a dense layer: every place of its last map gives a y, and they vote.

    The last map has an eighth of the image's height and width. See :class:`Votes`.

    Parameters
    ----------
    input_shape
        ``(H, W, C)``, at least 16×16.
    classes
        How many classes of objects.

    Returns
    -------
    keras.Model
        From images ``(N, H, W, C)`` to y ``(N, 5 + classes)``, as :func:`localizer`.

    Raises
    ------
    ValueError
        If an argument is not one of these.
    """
    classes = whole("classes", classes, 1)
    image, x = _convolutions(input_shape, VOTING)
    said = L.Conv2D(5 + classes, 1, name="said")(x)  # (N, 8, 12, 5 + classes)
    weight = L.Conv2D(1, 1, name="weight")(x)  # (N, 8, 12, 1)
    return keras.Model(image, Votes(name="y")(said, weight), name="voting_localizer")


def localized(y: ArrayLike, height: int, width: int) -> Localized:
    """The boxes and classes that vectors y stand for, whatever their p_c.

    Parameters
    ----------
    y
        ``(N, 5 + classes)``, predictions or targets.
    height, width
        Of the images, in pixels.

    Raises
    ------
    ValueError
        If `y` has another shape.
    """
    y = np.asarray(y)
    if y.ndim != 2 or y.shape[1] < 6:
        raise ValueError(f"y has shape {y.shape}; expected (N, 5 + classes)")
    boxes = to_absolute(convert(y[:, [1, 2, 4, 3]], "cxcywh", "xyxy"), height, width)
    return Localized(boxes, y[:, 5:].argmax(axis=1), y[:, 0])
