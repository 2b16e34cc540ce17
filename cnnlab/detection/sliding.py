"""Sliding windows, computed all at once: a dense layer is a convolution as large as its input.

P. Sermanet and others, OverFeat: integrated recognition, localization and detection using
convolutional networks, ICLR 2014, section 3.5. B. Zhou and others, Learning deep features for
discriminative localization, CVPR 2016, section 2, for networks that end in global average pooling.
"""

from collections.abc import Sequence
from typing import NamedTuple

import keras
import numpy as np
from keras import KerasTensor
from keras import layers as L
from numpy.typing import ArrayLike

from cnnlab.architectures.table import layer_table
from cnnlab.checks import array, image_shape, whole

WINDOWED = (  # layers that look at a window of cells
    *(L.Conv2D, L.DepthwiseConv2D, L.SeparableConv2D),
    *(L.MaxPooling2D, L.AveragePooling2D),
)
CELL_BY_CELL = (  # layers that treat every cell alike, wherever it lies
    *(L.InputLayer, L.Dense, L.BatchNormalization, L.Dropout, L.Rescaling),
    *(L.Activation, L.ReLU, L.LeakyReLU, L.ELU, L.Softmax),
    *(L.Add, L.Average, L.Concatenate, L.Maximum, L.Minimum, L.Multiply, L.Subtract),
)
HEAD = (L.Dense, L.Dropout, L.Activation, L.ReLU, L.LeakyReLU, L.ELU, L.Softmax)


class Work(NamedTuple):
    """Multiply-adds of a classifier for all windows of an image."""

    windows: tuple[int, int]  #: rows and columns of windows
    separate: int  #: if it runs on the crop of each window
    shared: int  #: if it runs once, as a convolution


def window_classifier(input_shape: Sequence[int] = (14, 14, 3), classes: int = 4) -> keras.Model:
    """The lecture's classifier of one window: a convolution, pooling, three dense layers.

    Parameters
    ----------
    input_shape
        ``(H, W, C)`` of a window, at least 6×6.
    classes
        How many.

    Returns
    -------
    keras.Model
        From windows ``(N, H, W, C)`` to probabilities ``(N, classes)``.

    Raises
    ------
    ValueError
        If an argument is not one of these.
    """
    shape, classes = image_shape(input_shape, at_least=6), whole("classes", classes, 1)
    image = x = keras.Input(shape)
    x = L.Conv2D(16, 5, activation="relu", name="conv1")(x)  # (N, 10, 10, 16)
    x = L.MaxPooling2D(2, name="pool1")(x)  # (N, 5, 5, 16)
    x = L.Flatten(name="flatten")(x)  # (N, 400)
    x = L.Dense(400, activation="relu", name="fc2")(x)
    x = L.Dense(400, activation="relu", name="fc3")(x)
    x = L.Dense(classes, activation="softmax", name="classifier")(x)
    return keras.Model(image, x, name="window_classifier")


def convolutional(model: keras.Model, input_shape: Sequence[int] | None = None) -> keras.Model:
    """The same classifier for every window of a larger image at once, with the same weights.

    The first dense layer becomes a convolution as large as the maps that it sees, the later ones
    become 1×1 convolutions. Cell (i, j) of the result is what the classifier says of the window
    whose upper left corner lies at (i · s, j · s), where s is the product of all strides
    (:func:`window_step`).

    Parameters
    ----------
    model
        A classifier of windows of one size: layers with padding "valid", Flatten, dense layers.
    input_shape
        ``(H, W, C)`` of the larger image; None: it may have any size.

    Returns
    -------
    keras.Model
        From images ``(N, H, W, C)`` to ``(N, rows, columns, classes)``. Its weights are copies.

    Raises
    ------
    ValueError
        If a cell could differ from the classifier on its window (the error says by which layer and
        why), or the image is smaller than a window.
    """
    maps, head = _split(model, L.Flatten)
    body = keras.Model(model.inputs[0], maps)
    for layer in body.layers:
        _check_same_everywhere(layer)
    if not any(isinstance(layer, L.Dense) for layer in head):
        raise ValueError(f"model {model.name!r} has no Dense layer after Flatten; expected one")
    image = keras.Input(_larger(model, input_shape))
    x = _moved(body, image)
    size = tuple(maps.shape[1:3])  # of the maps of one window: (5, 5) in the lecture's network
    for layer in head:
        if isinstance(layer, L.Dense):
            x = _as_convolution(layer, size, x)
            size = (1, 1)
        else:
            x = _copied(layer)(x)
    return keras.Model(image, x, name=f"{model.name}_convolutional")


def window_step(model: keras.Model) -> int:
    """How many pixels lie between two windows that :func:`convolutional` looks at."""
    maps, _ = _split(model, L.Flatten)
    return layer_table(keras.Model(model.inputs[0], maps))[-1].jump


def crops(images: ArrayLike, window: tuple[int, int], step: int) -> np.ndarray:
    """Every window of the images, cut out: what naive sliding gives to the classifier.

    Parameters
    ----------
    images
        ``(N, H, W, C)``.
    window
        Height and width, at most the image's.
    step
        Pixels from a window to the next one.

    Returns
    -------
    numpy.ndarray
        ``(N, rows, columns, height, width, C)``, a view: nothing is copied.

    Raises
    ------
    ValueError
        If an argument is not one of these.
    """
    images, step = array("images", images, "N, H, W, C"), whole("step", step, 1)
    h, w = (whole("window", n, 1) for n in window)
    if h > images.shape[1] or w > images.shape[2]:
        raise ValueError(f"window is {(h, w)}; expected at most the image's {images.shape[1:3]}")
    views = np.lib.stride_tricks.sliding_window_view(images, (h, w), axis=(1, 2))
    return np.moveaxis(views[:, ::step, ::step], 3, -1)  # the channels last


def shared_work(model: keras.Model, input_shape: Sequence[int]) -> Work:
    """What neighbouring windows save when they share what they have in common.

    Parameters
    ----------
    model
        A classifier that :func:`convolutional` can turn.
    input_shape
        ``(H, W, C)`` of the larger image.

    Raises
    ------
    ValueError
        As :func:`convolutional` does.
    """
    sliding = convolutional(model, input_shape)
    rows, columns = sliding.output_shape[1:3]
    separate = rows * columns * layer_table(model).multiply_adds
    return Work((rows, columns), separate, layer_table(sliding).multiply_adds)


def dense_map(
    model: keras.Model, input_shape: Sequence[int] | None = None, logits: bool = False
) -> keras.Model:
    """A classifier that ends in global average pooling, made to answer for each cell apart.

    The pooling is left out, and the dense layers look at one cell of the last maps at a time: where
    does the network see the class? This is the class activation map. The mean over the cells of
    what comes before the softmax is what the classifier itself has there, as long as it has one
    dense layer. A cell sees more than the pixels under it (its receptive field), and padding may be
    anything, so this is no proof that an object ends there.

    Parameters
    ----------
    model
        Convolutions of any kind, GlobalAveragePooling2D, dense layers.
    input_shape
        ``(H, W, C)`` of the image; None: it may have any size.
    logits
        Leave the last layer's activation out.

    Returns
    -------
    keras.Model
        From images ``(N, H, W, C)`` to ``(N, rows, columns, classes)``. Its weights are copies.

    Raises
    ------
    ValueError
        If the model does not end so.
    """
    maps, head = _split(model, L.GlobalAveragePooling2D)
    image = keras.Input(_channels_of(model, input_shape))
    x = _moved(keras.Model(model.inputs[0], maps), image)
    for layer in head:
        x = _copied(layer, linear=logits and layer is head[-1])(x)
    return keras.Model(image, x, name=f"{model.name}_map")


# ---- taking a model apart, and putting it together for another size ----


def _split(model: keras.Model, kind: type[L.Layer]) -> tuple[KerasTensor, list[L.Layer]]:
    """What the last layer of this kind is given, and the layers after it."""
    if not model.built or len(getattr(model, "outputs", None) or ()) != 1 or len(model.inputs) != 1:
        raise ValueError(f"model {model.name!r}: expected one that is built, one input, one output")
    head, tensor = [], model.outputs[0]
    while True:
        layer, node, _ = tensor._keras_history
        inputs = layer._inbound_nodes[node].input_tensors
        if isinstance(layer, kind):
            return inputs[0], head[::-1]
        if not isinstance(layer, HEAD):
            raise ValueError(
                f"model {model.name!r}: going back from its output, layer {layer.name!r} of class"
                f" {type(layer).__name__} comes before any {kind.__name__}; expected dense layers"
                f" and activations after a {kind.__name__}{_advice(kind, layer)}"
            )
        head.append(layer)
        tensor = inputs[0]


def _advice(kind: type[L.Layer], layer: L.Layer) -> str:
    if kind is L.Flatten and isinstance(layer, L.GlobalAveragePooling2D):
        return " (for a network with global average pooling there is dense_map)"
    if kind is L.GlobalAveragePooling2D and isinstance(layer, L.Flatten):
        return " (for a network with Flatten there is convolutional)"
    return ""


def _check_same_everywhere(layer: L.Layer) -> None:
    """Refuse a layer whose answer depends on where its window lies."""
    name, kind = layer.name, type(layer).__name__
    if getattr(layer, "data_format", None) == "channels_first":
        raise ValueError(f"layer {name!r} has its channels first; expected them last")
    if isinstance(layer, WINDOWED):
        f = getattr(layer, "kernel_size", getattr(layer, "pool_size", None))
        if layer.padding != "valid" and max(f) > 1:
            raise ValueError(
                f"layer {name!r} has padding {layer.padding!r}: at the border of a crop it sees"
                " zeros where the larger image has pixels, so a cell would differ from the"
                " classifier on its window; expected padding 'valid'"
            )
    elif not isinstance(layer, CELL_BY_CELL):
        raise ValueError(
            f"layer {name!r} is of class {kind}, of which it is not known that it treats every"
            " window alike; expected convolutions, pooling, and what works cell by cell"
        )
    elif getattr(layer, "axis", -1) not in (-1, 3):
        raise ValueError(f"layer {name!r} works along axis {layer.axis}; expected the channels, -1")


def _channels_of(
    model: keras.Model, input_shape: Sequence[int] | None
) -> tuple[int | None, int | None, int]:
    channels = model.input_shape[-1]
    if input_shape is None:
        return None, None, channels
    return image_shape(input_shape, at_least=1, channels=channels)


def _larger(
    model: keras.Model, input_shape: Sequence[int] | None
) -> tuple[int | None, int | None, int]:
    H, W, C = _channels_of(model, input_shape)
    h, w = model.input_shape[1:3]
    if None in (h, w):
        raise ValueError(f"model {model.name!r} takes any size; expected windows of one size")
    if H is not None and not (h <= H and w <= W):
        raise ValueError(f"input_shape is {(H, W, C)}; expected at least a window, {(h, w)}")
    return H, W, C


def _moved(body: keras.Model, image: KerasTensor) -> KerasTensor:
    """What copies of the body's layers, with its weights, make of another input."""
    copy = keras.models.clone_model(body, input_tensors=image)
    copy.set_weights(body.get_weights())
    return copy.outputs[0]


def _copied(layer: L.Layer, linear: bool = False) -> L.Layer:
    """The layer once more with the same weights, maybe without its activation."""
    config = layer.get_config() | ({"activation": "linear"} if linear else {})
    copy = type(layer).from_config(config)
    if layer.weights:
        copy.build(layer.input.shape)
        copy.set_weights(layer.get_weights())
    return copy


def _as_convolution(layer: L.Dense, f: tuple[int, int], x: KerasTensor) -> KerasTensor:
    """A dense layer as a convolution of f × f: its weights are the same numbers, in rows of C."""
    conv = L.Conv2D(
        layer.units, f, activation=layer.activation, use_bias=layer.use_bias, name=layer.name
    )
    y = conv(x)
    kernel, *bias = layer.get_weights()
    conv.set_weights([kernel.reshape(*f, x.shape[-1], layer.units), *bias])
    return y
