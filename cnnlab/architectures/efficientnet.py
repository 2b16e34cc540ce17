"""EfficientNet: one small network, found by search, and a rule to make it larger.

M. Tan, Q. V. Le, EfficientNet: rethinking model scaling for convolutional neural networks, ICML
2019. The Lite networks leave out what small processors compute slowly: squeeze-and-excitation, and
swish in favour of ReLU6.
"""

from collections.abc import Sequence
from math import ceil
from os import PathLike
from typing import NamedTuple

import keras
from keras import KerasTensor
from keras import layers as L

from cnnlab.architectures.blocks import conv_bn, depthwise_bn, divisible
from cnnlab.architectures.mobilenet import Stage
from cnnlab.architectures.weights import restored
from cnnlab.checks import class_count, image_shape, one_of

STAGES = (  # B0, table 1 of the paper
    Stage(1, 3, 1, 1, 16),
    Stage(2, 3, 2, 6, 24),
    Stage(2, 5, 2, 6, 40),
    Stage(3, 3, 2, 6, 80),
    Stage(3, 5, 1, 6, 112),
    Stage(4, 5, 2, 6, 192),
    Stage(1, 3, 1, 6, 320),
)


class Member(NamedTuple):
    """How a member of the family differs from B0."""

    width: float  #: factor of the channels
    depth: float  #: factor of the blocks in a stage
    size: int  #: height and width of its images
    dropout: float  #: before the last layer
    lite: bool = False


MEMBERS = {
    "b0": Member(1.0, 1.0, 224, 0.2),
    "b1": Member(1.0, 1.1, 240, 0.2),
    "b2": Member(1.1, 1.2, 260, 0.3),
    "b3": Member(1.2, 1.4, 300, 0.3),
    "b4": Member(1.4, 1.8, 380, 0.4),
    "b5": Member(1.6, 2.2, 456, 0.4),
    "b6": Member(1.8, 2.6, 528, 0.5),
    "b7": Member(2.0, 3.1, 600, 0.5),
    "lite0": Member(1.0, 1.0, 224, 0.2, lite=True),
}
SURVIVAL = 0.8  # of the last block: in training, whole blocks are left out at random


def efficientnet(
    member: str = "b0",
    input_shape: Sequence[int] | None = None,
    classes: int | None = 1000,
    weights: str | PathLike | None = None,
) -> keras.Model:
    """EfficientNet B0 to B7, or Lite0.

    Parameters
    ----------
    member
        A key of `MEMBERS`.
    input_shape
        ``(H, W, C)``, at least 32×32. None: the size that this member was made for, in colour.
    classes
        How many; None leaves the last layer out, and the output is what it would see.
    weights
        None for random ones, ``"imagenet"`` (Lite0 comes with the package; the others are
        downloaded after saying so), or the path of a file from ``model.save_weights``.

    Returns
    -------
    keras.Model
        From images ``(N, H, W, C)`` to probabilities ``(N, classes)``. B0 has 5,288,548 trainable
        parameters, B7 66,347,960.

    Raises
    ------
    ValueError
        If an argument is not one of these, or the weights do not fit.
    ConnectionError
        If weights must be downloaded and cannot be.
    """
    scale = MEMBERS[one_of("member", member, MEMBERS)]
    shape = image_shape(input_shape or (scale.size, scale.size, 3), at_least=32)
    classes = class_count(classes)
    activation = "relu6" if scale.lite else "silu"
    squeeze = 0.0 if scale.lite else 0.25
    counts = [ceil(stage.count * scale.depth) for stage in STAGES]

    image = keras.Input(shape)
    stem = divisible(32 * scale.width)
    x = conv_bn(image, stem, 3, s=2, activation=activation, name="stem_conv")  # (N, 112, 112, 32)
    done = 0
    for number, (stage, count) in enumerate(zip(STAGES, counts, strict=True), start=1):
        for block in range(1, count + 1):
            x = mbconv(
                x,
                divisible(stage.filters * scale.width),
                stage.f,
                s=stage.s if block == 1 else 1,
                expansion=stage.expansion,
                squeeze=squeeze,
                activation=activation,
                drop=(1 - SURVIVAL) * done / sum(counts),
                name=f"stage{number}_block{block}",
            )
            done += 1
    head = divisible(1280 * scale.width)
    x = conv_bn(x, head, 1, activation=activation, name="head_conv")  # (N, 7, 7, 1280)
    x = L.GlobalAveragePooling2D(name="pool")(x)  # (N, 1280)
    if classes is not None:
        x = L.Dropout(scale.dropout, name="dropout")(x)
        x = L.Dense(classes, activation="softmax", name="classifier")(x)
    return restored(keras.Model(image, x, name=f"efficientnet_{member}"), weights)


def mbconv(
    x: KerasTensor,
    filters: int,
    f: int = 3,
    s: int = 1,
    expansion: int = 6,
    squeeze: float = 0.25,
    activation: str = "silu",
    drop: float = 0.0,
    *,
    name: str,
) -> KerasTensor:
    """An inverted residual block with squeeze-and-excitation in its middle.

    ``(N, H, W, C)`` → ``(N, ⌈H/s⌉, ⌈W/s⌉, filters)``, drawn on the page *EfficientNet*.

    Parameters
    ----------
    x
        Activations.
    filters
        Channels of the result.
    f, s
        Size and stride of the depthwise filter. The short cut needs stride 1, and as many channels
        as come in.
    expansion
        How many times wider the block is inside; with 1 there is no first convolution.
    squeeze
        Channels of the squeezed vector, as a share of those that come in; 0: none.
    activation
        Of all but the last convolution, which has none.
    drop
        How often the block is left out in training, if it has a short cut.
    name
        Of the block: its layers' names begin with it.
    """
    C = x.shape[-1]
    y = x
    if expansion > 1:
        y = conv_bn(y, expansion * C, 1, activation=activation, name=f"{name}_expand")
    y = depthwise_bn(y, f, s=s, activation=activation, name=f"{name}_depthwise")
    if squeeze:
        y = squeeze_excite(y, max(1, int(C * squeeze)), activation, name=f"{name}_squeeze")
    y = conv_bn(y, filters, 1, activation=None, name=f"{name}_project")
    if s > 1 or filters != C:
        return y
    if drop:
        y = L.Dropout(drop, noise_shape=(None, 1, 1, 1), name=f"{name}_drop")(y)
    return L.Add(name=f"{name}_add")([y, x])


def squeeze_excite(
    x: KerasTensor, units: int, activation: str = "relu", *, name: str
) -> KerasTensor:
    """Weigh the channels by what the whole image shows: the shape stays.

    Squeeze: the mean of each channel. Excite: two small layers turn these means into a factor from
    0 to 1 for each channel. J. Hu, L. Shen, G. Sun, Squeeze-and-excitation networks, CVPR 2018;
    drawn on the page *EfficientNet*.

    Parameters
    ----------
    x
        Activations, ``(N, H, W, C)``.
    units
        Of the first of the two layers.
    activation
        Of the first; the second has the sigmoid.
    name
        Of the block: its layers' names begin with it.
    """
    C = x.shape[-1]
    factors = L.GlobalAveragePooling2D(keepdims=True, name=f"{name}_mean")(x)  # (N, 1, 1, C)
    factors = L.Conv2D(units, 1, activation=activation, name=f"{name}_reduce")(factors)
    factors = L.Conv2D(C, 1, activation="sigmoid", name=f"{name}_expand")(factors)
    return L.Multiply(name=f"{name}_scale")([x, factors])
