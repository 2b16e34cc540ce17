"""GoogLeNet: nine Inception modules, each with four ways through it.

C. Szegedy and others, Going deeper with convolutions, CVPR 2015, table 1.
"""

from collections.abc import Sequence
from os import PathLike
from typing import NamedTuple

import keras
from keras import KerasTensor
from keras import layers as L

from cnnlab.architectures.alexnet import LocalResponseNormalization
from cnnlab.architectures.weights import restored
from cnnlab.checks import class_count, image_shape


class Module(NamedTuple):
    """Filters of an Inception module; the input's channels are reduced before 3×3 and 5×5."""

    one: int  #: 1×1
    reduce_three: int  #: 1×1 before the 3×3
    three: int
    reduce_five: int  #: 1×1 before the 5×5
    five: int
    pool: int  #: 1×1 after the pooling


MODULES = {
    "3a": Module(64, 96, 128, 16, 32, 32),
    "3b": Module(128, 128, 192, 32, 96, 64),
    "4a": Module(192, 96, 208, 16, 48, 64),
    "4b": Module(160, 112, 224, 24, 64, 64),
    "4c": Module(128, 128, 256, 24, 64, 64),
    "4d": Module(112, 144, 288, 32, 64, 64),
    "4e": Module(256, 160, 320, 32, 128, 128),
    "5a": Module(256, 160, 320, 32, 128, 128),
    "5b": Module(384, 192, 384, 48, 128, 128),
}
POOL_AFTER = ("3b", "4e")
HEAD_AFTER = ("4a", "4d")


def googlenet(
    input_shape: Sequence[int] = (224, 224, 3),
    classes: int | None = 1000,
    weights: str | PathLike | None = None,
    auxiliary: bool = False,
) -> keras.Model:
    """GoogLeNet, also called Inception v1.

    Parameters
    ----------
    input_shape
        ``(H, W, C)``, at least 32×32, and 193×193 with the auxiliary heads.
    classes
        How many; None leaves the last layer out, and the output is what it would see.
    weights
        None for random ones, or the path of a file from ``model.save_weights``.
    auxiliary
        With the two heads in the middle, which help gradients along in training. The outputs are
        then the probabilities of the end and of both heads; the paper weights the heads' losses
        by 0.3.

    Returns
    -------
    keras.Model
        From images ``(N, H, W, C)`` to probabilities ``(N, classes)``; 6,998,552 parameters, with
        the heads 13,378,280.

    Raises
    ------
    ValueError
        If an argument is not one of these, or the file's weights do not fit.
    """
    shape = image_shape(input_shape, at_least=193 if auxiliary else 32)
    classes = class_count(classes)
    if auxiliary and classes is None:
        raise ValueError("classes is None; expected a number, since the heads classify too")

    image = keras.Input(shape)
    x = conv(image, 64, 7, s=2, name="stem_conv1")  # (N, 112, 112, 64)
    x = L.MaxPooling2D(3, 2, padding="same", name="stem_pool1")(x)  # (N, 56, 56, 64)
    x = LocalResponseNormalization(name="stem_norm1")(x)
    x = conv(x, 64, 1, name="stem_reduce2")
    x = conv(x, 192, 3, name="stem_conv2")  # (N, 56, 56, 192)
    x = LocalResponseNormalization(name="stem_norm2")(x)
    x = L.MaxPooling2D(3, 2, padding="same", name="stem_pool2")(x)  # (N, 28, 28, 192)
    heads = []
    for name, module in MODULES.items():
        x = inception(x, module, name=f"inception{name}")
        if name in POOL_AFTER:  # (N, 14, 14, 480), (N, 7, 7, 832)
            x = L.MaxPooling2D(3, 2, padding="same", name=f"pool{name[0]}")(x)
        if auxiliary and name in HEAD_AFTER:
            heads.append(auxiliary_head(x, classes, name=f"head{name}"))
    x = L.GlobalAveragePooling2D(name="pool5")(x)  # (N, 1024)
    x = L.Dropout(0.4, name="dropout")(x)
    if classes is not None:
        x = L.Dense(classes, activation="softmax", name="classifier")(x)
    return restored(keras.Model(image, [x, *heads] if heads else x, name="googlenet"), weights)


def inception(x: KerasTensor, module: Module, *, name: str) -> KerasTensor:
    """1×1, 3×3, 5×5 and pooling side by side, with 1×1 bottlenecks; the results are stacked.

    ``(N, H, W, C)`` → ``(N, H, W, one + three + five + pool)``. Figure 2b of the paper;
    drawn on the page *Inception*.

    Parameters
    ----------
    x
        Activations.
    module
        How many filters each of the six convolutions has.
    name
        Of the module: its layers' names begin with it.
    """
    one = conv(x, module.one, 1, name=f"{name}_1x1")
    three = conv(x, module.reduce_three, 1, name=f"{name}_3x3_reduce")
    three = conv(three, module.three, 3, name=f"{name}_3x3")
    five = conv(x, module.reduce_five, 1, name=f"{name}_5x5_reduce")
    five = conv(five, module.five, 5, name=f"{name}_5x5")
    pool = L.MaxPooling2D(3, 1, padding="same", name=f"{name}_pool")(x)
    pool = conv(pool, module.pool, 1, name=f"{name}_pool_project")
    return L.Concatenate(name=f"{name}_concat")([one, three, five, pool])


def naive_inception(x: KerasTensor, one: int, three: int, five: int, *, name: str) -> KerasTensor:
    """The module without bottlenecks: the pooled input goes on whole, and depth can only grow.

    ``(N, H, W, C)`` → ``(N, H, W, one + three + five + C)``. Figure 2a of the paper; drawn on the
    page *Inception*.

    Parameters
    ----------
    x
        Activations.
    one, three, five
        Filters of 1×1, 3×3 and 5×5.
    name
        Of the module: its layers' names begin with it.
    """
    ways = [
        conv(x, filters, f, name=f"{name}_{f}x{f}")
        for filters, f in ((one, 1), (three, 3), (five, 5))
    ]
    pool = L.MaxPooling2D(3, 1, padding="same", name=f"{name}_pool")(x)
    return L.Concatenate(name=f"{name}_concat")([*ways, pool])


def auxiliary_head(x: KerasTensor, classes: int, *, name: str) -> KerasTensor:
    """A small classifier in the middle: ``(N, 14, 14, C)`` → ``(N, classes)`` (section 5)."""
    x = L.AveragePooling2D(5, 3, name=f"{name}_pool")(x)  # (N, 4, 4, C)
    x = conv(x, 128, 1, name=f"{name}_conv")  # (N, 4, 4, 128)
    x = L.Flatten(name=f"{name}_flatten")(x)  # (N, 2048)
    x = L.Dense(1024, activation="relu", name=f"{name}_fc")(x)
    x = L.Dropout(0.7, name=f"{name}_dropout")(x)
    return L.Dense(classes, activation="softmax", name=f"{name}_classifier")(x)


def conv(x: KerasTensor, filters: int, f: int, s: int = 1, *, name: str) -> KerasTensor:
    """A convolution with bias and ReLU, padded to keep the size."""
    return L.Conv2D(
        filters,
        f,
        strides=s,
        padding="same",
        activation="relu",
        kernel_initializer="he_normal",
        name=name,
    )(x)
