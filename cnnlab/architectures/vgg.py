"""VGG: nothing but 3×3 convolutions and 2×2 pooling.

K. Simonyan, A. Zisserman, Very deep convolutional networks for large-scale image recognition,
ICLR 2015, table 1 (configurations A, B, D, E).
"""

from collections.abc import Sequence
from os import PathLike

import keras
from keras import KerasTensor
from keras import layers as L

from cnnlab.architectures.weights import restored
from cnnlab.checks import class_count, image_shape, one_of

FILTERS = (64, 128, 256, 512, 512)
CONVOLUTIONS = {  # in each of the five blocks; with three dense layers they make up the depth
    11: (1, 1, 2, 2, 2),
    13: (2, 2, 2, 2, 2),
    16: (2, 2, 3, 3, 3),
    19: (2, 2, 4, 4, 4),
}


def vgg(
    depth: int = 16,
    input_shape: Sequence[int] = (224, 224, 3),
    classes: int | None = 1000,
    weights: str | PathLike | None = None,
) -> keras.Model:
    """VGG with 11, 13, 16 or 19 layers that have weights.

    Parameters
    ----------
    depth
        A key of `CONVOLUTIONS`.
    input_shape
        ``(H, W, C)``, at least 32×32.
    classes
        How many; None leaves the last layer out, and the output is what it would see.
    weights
        None for random ones, ``"imagenet"`` (16 and 19, downloaded after saying so), or the path of
        a file from ``model.save_weights``.

    Returns
    -------
    keras.Model
        From images ``(N, H, W, C)`` to probabilities ``(N, classes)``. VGG-16 has 138,357,544
        parameters.

    Raises
    ------
    ValueError
        If an argument is not one of these, or the weights do not fit.
    ConnectionError
        If weights must be downloaded and cannot be.
    """
    convolutions = CONVOLUTIONS[one_of("depth", depth, CONVOLUTIONS)]
    shape, classes = image_shape(input_shape, at_least=32), class_count(classes)
    image = x = keras.Input(shape)
    for number, (filters, count) in enumerate(zip(FILTERS, convolutions, strict=True), start=1):
        x = block(x, filters, count, name=f"block{number}")
    x = L.Flatten(name="flatten")(x)  # (N, 7 · 7 · 512) for 224×224
    x = L.Dense(4096, activation="relu", name="fc1")(x)
    x = L.Dropout(0.5, name="fc1_dropout")(x)
    x = L.Dense(4096, activation="relu", name="fc2")(x)
    x = L.Dropout(0.5, name="fc2_dropout")(x)
    if classes is not None:
        x = L.Dense(classes, activation="softmax", name="classifier")(x)
    return restored(keras.Model(image, x, name=f"vgg{depth}"), weights)


def block(x: KerasTensor, filters: int, count: int, name: str) -> KerasTensor:
    """`count` convolutions, then pooling: ``(N, H, W, C)`` → ``(N, H // 2, W // 2, filters)``."""
    for number in range(1, count + 1):
        x = L.Conv2D(
            filters,
            3,
            padding="same",
            activation="relu",
            kernel_initializer="he_normal",
            name=f"{name}_conv{number}",
        )(x)
    return L.MaxPooling2D(2, name=f"{name}_pool")(x)
