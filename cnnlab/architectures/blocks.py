"""The blocks that one network borrows from another: a convolution with all that follows it.

In the papers a "convolution" often means three layers: the convolution, batch normalisation and
an activation. MobileNet, EfficientNet and the detectors are built of these. ResNet's own is in
``resnet``, because its paper pads otherwise.
"""

from keras import KerasTensor
from keras import layers as L


def conv_bn(
    x: KerasTensor, filters: int, f: int, s: int = 1, *, activation: str | None, name: str
) -> KerasTensor:
    """A convolution without bias, batch normalisation, and maybe an activation."""
    x = L.Conv2D(
        filters,
        f,
        strides=s,
        padding="same",
        use_bias=False,
        kernel_initializer="he_normal",
        name=name,
    )(x)
    return _normalized(x, activation, name)


def depthwise_bn(x: KerasTensor, f: int, s: int = 1, *, activation: str, name: str) -> KerasTensor:
    """A filter for each channel, batch normalisation, and an activation."""
    x = L.DepthwiseConv2D(
        f,
        strides=s,
        padding="same",
        use_bias=False,
        depthwise_initializer="he_normal",
        name=name,
    )(x)
    return _normalized(x, activation, name)


def _normalized(x: KerasTensor, activation: str | None, name: str) -> KerasTensor:
    x = L.BatchNormalization(epsilon=1e-3, name=f"{name}_bn")(x)
    return L.Activation(activation, name=f"{name}_{activation}")(x) if activation else x


def divisible(channels: float, by: int = 8) -> int:
    """The multiple of `by` next to `channels`, but never less than 90 % of it."""
    nearest = max(by, int(channels + by / 2) // by * by)
    return nearest if nearest >= 0.9 * channels else nearest + by
