"""MobileNet, versions 1 and 2: convolutions in two steps, for small computers.

A. G. Howard and others, MobileNets: efficient convolutional neural networks for mobile vision
applications, 2017, table 1. M. Sandler and others, MobileNetV2: inverted residuals and linear
bottlenecks, CVPR 2018, table 2.
"""

from collections.abc import Sequence
from os import PathLike
from typing import NamedTuple

import keras
from keras import KerasTensor
from keras import layers as L

from cnnlab.architectures.blocks import conv_bn, depthwise_bn, divisible
from cnnlab.architectures.weights import restored
from cnnlab.checks import class_count, image_shape

BLOCKS_V1 = (  # filters and stride of each depthwise-separable block
    *((64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2)),
    *((512, 1),) * 5,
    *((1024, 2), (1024, 1)),
)


class Stage(NamedTuple):
    """Blocks of one kind; the first one has the stride."""

    count: int
    f: int  #: size of the depthwise filter
    s: int
    expansion: int  #: how many times wider a block is inside
    filters: int  #: channels of its output


STAGES_V2 = (
    Stage(1, 3, 1, 1, 16),
    Stage(2, 3, 2, 6, 24),
    Stage(3, 3, 2, 6, 32),
    Stage(4, 3, 2, 6, 64),
    Stage(3, 3, 1, 6, 96),
    Stage(3, 3, 2, 6, 160),
    Stage(1, 3, 1, 6, 320),
)


def mobilenet_v1(
    width: float = 1.0,
    input_shape: Sequence[int] = (224, 224, 3),
    classes: int | None = 1000,
    weights: str | PathLike | None = None,
) -> keras.Model:
    """MobileNet: a convolution, then thirteen depthwise-separable ones.

    Parameters
    ----------
    width
        How many filters each layer has, as a share of the paper's: 1, 0.75, 0.5, 0.25. Work
        shrinks with its square.
    input_shape
        ``(H, W, C)``, at least 32×32.
    classes
        How many; None leaves the last layer out, and the output is what it would see.
    weights
        None for random ones, ``"imagenet"`` (downloaded after saying so), or the path of a file
        from ``model.save_weights``.

    Returns
    -------
    keras.Model
        From images ``(N, H, W, C)`` to probabilities ``(N, classes)``; 4,253,864 parameters, those
        of batch normalisation that are not trained included.

    Raises
    ------
    ValueError
        If an argument is not one of these, or the weights do not fit.
    ConnectionError
        If weights must be downloaded and cannot be.
    """
    _check_width(width)
    shape, classes = image_shape(input_shape, at_least=32), class_count(classes)
    image = keras.Input(shape)
    x = conv_bn(image, int(32 * width), 3, s=2, activation="relu6", name="stem_conv")
    for number, (filters, s) in enumerate(BLOCKS_V1, start=1):  # (N, 112, 112, 32) so far
        x = depthwise_separable(x, int(filters * width), s=s, name=f"block{number}")
    x = L.GlobalAveragePooling2D(name="pool")(x)  # (N, 1024)
    if classes is not None:
        x = L.Dropout(1e-3, name="dropout")(x)
        x = L.Dense(classes, activation="softmax", name="classifier")(x)
    return restored(keras.Model(image, x, name="mobilenet_v1"), weights)


def mobilenet_v2(
    width: float = 1.0,
    input_shape: Sequence[int] = (224, 224, 3),
    classes: int | None = 1000,
    weights: str | PathLike | None = None,
) -> keras.Model:
    """MobileNetV2: seventeen inverted residual blocks.

    Parameters
    ----------
    width
        How many filters each layer has, as a share of the paper's, rounded to multiples of 8:
        1.4, 1.3, 1, 0.75, 0.5, 0.35.
    input_shape
        ``(H, W, C)``, at least 32×32.
    classes
        How many; None leaves the last layer out, and the output is what it would see.
    weights
        None for random ones, ``"imagenet"`` (downloaded after saying so), or the path of a file
        from ``model.save_weights``.

    Returns
    -------
    keras.Model
        From images ``(N, H, W, C)`` to probabilities ``(N, classes)``; 3,538,984 parameters, those
        of batch normalisation that are not trained included.

    Raises
    ------
    ValueError
        If an argument is not one of these, or the weights do not fit.
    ConnectionError
        If weights must be downloaded and cannot be.
    """
    _check_width(width)
    shape, classes = image_shape(input_shape, at_least=32), class_count(classes)
    image = keras.Input(shape)
    stem = divisible(32 * width)
    x = conv_bn(image, stem, 3, s=2, activation="relu6", name="stem_conv")  # (N, 112, 112, 32)
    for number, stage in enumerate(STAGES_V2, start=1):
        filters = divisible(stage.filters * width)
        for block in range(1, stage.count + 1):
            x = inverted_residual(
                x,
                filters,
                s=stage.s if block == 1 else 1,
                expansion=stage.expansion,
                name=f"stage{number}_block{block}",
            )
    head = divisible(1280 * max(width, 1.0))
    x = conv_bn(x, head, 1, activation="relu6", name="head_conv")  # (N, 7, 7, 1280)
    x = L.GlobalAveragePooling2D(name="pool")(x)  # (N, 1280)
    if classes is not None:
        x = L.Dense(classes, activation="softmax", name="classifier")(x)
    return restored(keras.Model(image, x, name="mobilenet_v2"), weights)


def depthwise_separable(x: KerasTensor, filters: int, s: int = 1, *, name: str) -> KerasTensor:
    """One 3×3 filter for each channel, then 1×1 across channels, each with ReLU6.

    ``(N, H, W, C)`` → ``(N, ⌈H/s⌉, ⌈W/s⌉, filters)``, drawn on the page *MobileNet*.

    Parameters
    ----------
    x
        Activations.
    filters
        Of the 1×1 convolution.
    s
        Stride of the depthwise one.
    name
        Of the block: its layers' names begin with it.
    """
    x = depthwise_bn(x, 3, s=s, activation="relu6", name=f"{name}_depthwise")
    return conv_bn(x, filters, 1, activation="relu6", name=f"{name}_pointwise")


def inverted_residual(
    x: KerasTensor, filters: int, s: int = 1, expansion: int = 6, *, name: str
) -> KerasTensor:
    """Widen by 1×1, filter each channel, narrow by 1×1 WITHOUT activation; a short cut if it fits.

    ``(N, H, W, C)`` → ``(N, ⌈H/s⌉, ⌈W/s⌉, filters)``. Figure 4d of the second paper; drawn on the
    page *MobileNet*.

    Parameters
    ----------
    x
        Activations.
    filters
        Channels of the result.
    s
        Stride of the depthwise convolution. The short cut needs 1, and as many channels as come in.
    expansion
        How many times wider the block is inside; with 1 there is no first convolution.
    name
        Of the block: its layers' names begin with it.
    """
    C = x.shape[-1]
    y = x
    if expansion > 1:
        y = conv_bn(y, expansion * C, 1, activation="relu6", name=f"{name}_expand")
    y = depthwise_bn(y, 3, s=s, activation="relu6", name=f"{name}_depthwise")
    y = conv_bn(y, filters, 1, activation=None, name=f"{name}_project")
    return L.Add(name=f"{name}_add")([y, x]) if s == 1 and filters == C else y


def _check_width(width: float) -> None:
    if not isinstance(width, int | float) or isinstance(width, bool) or not 0.05 <= width <= 4:
        raise ValueError(
            f"width is {width!r}; expected a number from 0.05 to 4, such as 1.0 or 0.5"
        )
