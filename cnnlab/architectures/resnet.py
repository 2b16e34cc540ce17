"""ResNet: networks with short cuts, from 18 to 152 layers, and the small ones for CIFAR.

K. He, X. Zhang, S. Ren, J. Sun, Deep residual learning for image recognition, CVPR 2016 (table 1
for ImageNet, section 4.2 for CIFAR).
"""

from collections.abc import Callable, Sequence
from os import PathLike

import keras
from keras import KerasTensor, ops
from keras import layers as L

from cnnlab.architectures.weights import restored
from cnnlab.checks import class_count, image_shape, one_of

FILTERS = (64, 128, 256, 512)  # in the four stages
BLOCKS = {  # in each stage, and their kind
    18: ("basic", (2, 2, 2, 2)),
    34: ("basic", (3, 4, 6, 3)),
    50: ("bottleneck", (3, 4, 6, 3)),
    101: ("bottleneck", (3, 4, 23, 3)),
    152: ("bottleneck", (3, 8, 36, 3)),
}

EPSILON = 1.001e-5  # of batch normalisation, as in keras.applications, whose weights fit


def resnet(
    depth: int = 50,
    input_shape: Sequence[int] = (224, 224, 3),
    classes: int | None = 1000,
    weights: str | PathLike | None = None,
    stride_in: str = "3x3",
) -> keras.Model:
    """ResNet for ImageNet, with 18, 34, 50, 101 or 152 layers.

    Parameters
    ----------
    depth
        A key of `BLOCKS`.
    input_shape
        ``(H, W, C)``, at least 32×32.
    classes
        How many; None leaves the last layer out, and the output is what it would see.
    weights
        None for random ones, ``"imagenet"`` (50, 101 and 152, downloaded after saying so), or the
        path of a file from ``model.save_weights``.
    stride_in
        Which convolution of a bottleneck makes the image smaller: ``"3x3"``, which looks at every
        pixel and is usual today, or ``"1x1"``, as in the paper. ``weights="imagenet"`` needs
        ``"1x1"``, because they were trained so.

    Returns
    -------
    keras.Model
        From images ``(N, H, W, C)`` to probabilities ``(N, classes)``. ResNet-50 has 25,557,032
        trainable parameters; `keras.applications` has more, as its convolutions have biases, which
        batch normalisation takes away again.

    Raises
    ------
    ValueError
        If an argument is not one of these, or the weights do not fit.
    ConnectionError
        If weights must be downloaded and cannot be.
    """
    kind, counts = BLOCKS[one_of("depth", depth, BLOCKS)]
    one_of("stride_in", stride_in, ("3x3", "1x1"))
    if weights == "imagenet" and stride_in != "1x1":
        raise ValueError(
            "weights is 'imagenet' and stride_in is '3x3'; expected stride_in='1x1', the network"
            " that these weights were trained for"
        )
    shape, classes = image_shape(input_shape, at_least=32), class_count(classes)
    block = basic_block if kind == "basic" else bottleneck_block
    options = {} if kind == "basic" else {"stride_in": stride_in}

    image = keras.Input(shape)
    x = conv_bn(image, 64, 7, s=2, name="stem_conv")  # (N, 112, 112, 64)
    x = L.Activation("relu", name="stem_relu")(x)
    x = L.ZeroPadding2D(1, name="stem_pool_pad")(x)
    x = L.MaxPooling2D(3, 2, name="stem_pool")(x)  # (N, 56, 56, 64)
    for number, (filters, count) in enumerate(zip(FILTERS, counts, strict=True), start=1):
        s = 1 if number == 1 else 2  # the pooling was the first stage's stride
        x = stage(x, block, filters, count, s, name=f"stage{number}", **options)
    x = L.GlobalAveragePooling2D(name="pool")(x)  # (N, 512), or (N, 2048) with bottlenecks
    if classes is not None:
        x = L.Dense(classes, activation="softmax", name="classifier")(x)
    return restored(keras.Model(image, x, name=f"resnet{depth}"), weights)


def resnet_cifar(
    depth: int = 20,
    input_shape: Sequence[int] = (32, 32, 3),
    classes: int | None = 10,
    weights: str | PathLike | None = None,
    filters: int = 16,
    residual: bool = True,
) -> keras.Model:
    """ResNet for small images: three stages of 3×3 convolutions, short cuts without parameters.

    Parameters
    ----------
    depth
        ``6n + 2``: 20, 32, 44, 56 and 110 in the paper.
    input_shape
        ``(H, W, C)``, at least 8×8.
    classes
        How many; None leaves the last layer out, and the output is what it would see.
    weights
        None for random ones, or the path of a file from ``model.save_weights``.
    filters
        In the first stage: 16 in the paper. The second has twice, the third four times as many.
    residual
        False leaves the short cuts out. This is the paper's plain network, to compare with.

    Returns
    -------
    keras.Model
        From images ``(N, H, W, C)`` to probabilities ``(N, classes)``. ResNet-20 has 269,722
        trainable parameters, with short cuts and without.

    Raises
    ------
    ValueError
        If an argument is not one of these, or the file's weights do not fit.
    """
    if not isinstance(depth, int) or depth < 8 or (depth - 2) % 6:
        raise ValueError(f"depth is {depth!r}; expected 6n + 2, such as 8, 14, 20, 32, 56 or 110")
    shape, classes = image_shape(input_shape, at_least=8), class_count(classes)
    shortcut = pad_shortcut if residual else None

    image = keras.Input(shape)
    x = conv_bn(image, filters, 3, name="stem_conv")  # (N, 32, 32, 16)
    x = L.Activation("relu", name="stem_relu")(x)
    for number in (1, 2, 3):
        x = stage(
            x,
            basic_block,
            filters * 2 ** (number - 1),
            (depth - 2) // 6,
            s=1 if number == 1 else 2,
            name=f"stage{number}",
            shortcut=shortcut,
        )
    x = L.GlobalAveragePooling2D(name="pool")(x)  # (N, 64)
    if classes is not None:
        x = L.Dense(classes, activation="softmax", name="classifier")(x)
    name = f"resnet{depth}_cifar" if residual else f"plain{depth}_cifar"
    return restored(keras.Model(image, x, name=name), weights)


def stage(
    x: KerasTensor,
    block: Callable[..., KerasTensor],
    filters: int,
    count: int,
    s: int,
    name: str,
    **options: object,
) -> KerasTensor:
    """`count` blocks; the first one has the stride."""
    for number in range(1, count + 1):
        x = block(x, filters, s=s if number == 1 else 1, name=f"{name}_block{number}", **options)
    return x


Shortcut = Callable[[KerasTensor, int, int, str], KerasTensor]


def projection_shortcut(x: KerasTensor, filters: int, s: int, name: str) -> KerasTensor:
    """Make the input fit by a 1×1 convolution that is learned (option B of the paper).

    Where it fits already, it stays as it is.
    """
    if s == 1 and x.shape[-1] == filters:
        return x
    return conv_bn(x, filters, 1, s=s, name=name)


def pad_shortcut(x: KerasTensor, filters: int, s: int, name: str) -> KerasTensor:
    """Make the input fit without parameters: every s-th pixel, and zeros in new channels (A)."""
    if s == 1 and x.shape[-1] == filters:
        return x
    return PadShortcut(filters, s, name=name)(x)


def basic_block(
    x: KerasTensor,
    filters: int,
    s: int = 1,
    *,
    name: str,
    shortcut: Shortcut | None = projection_shortcut,
) -> KerasTensor:
    """Two 3×3 convolutions and a short cut: ``(N, H, W, C)`` → ``(N, ⌈H/s⌉, ⌈W/s⌉, filters)``.

    Figure 5, left, of the paper; drawn on the page *ResNet*.

    Parameters
    ----------
    x
        Activations.
    filters
        Of both convolutions.
    s
        Stride of the first one.
    name
        Of the block: its layers' names begin with it.
    shortcut
        How the input is made to fit the output. None: no short cut, a plain block.
    """
    y = conv_bn(x, filters, 3, s=s, name=f"{name}_conv1")
    y = L.Activation("relu", name=f"{name}_conv1_relu")(y)
    y = conv_bn(y, filters, 3, name=f"{name}_conv2")
    if shortcut is not None:
        y = L.Add(name=f"{name}_add")([y, shortcut(x, filters, s, f"{name}_shortcut")])
    return L.Activation("relu", name=f"{name}_relu")(y)  # after the addition


def bottleneck_block(
    x: KerasTensor, filters: int, s: int = 1, *, name: str, stride_in: str = "3x3"
) -> KerasTensor:
    """1×1 to few channels, 3×3 on them, 1×1 back to four times as many, and a short cut.

    ``(N, H, W, C)`` → ``(N, ⌈H/s⌉, ⌈W/s⌉, 4 · filters)``. Figure 5, right, of the paper; drawn on
    the page *ResNet*.

    Parameters
    ----------
    x
        Activations.
    filters
        Of the two inner convolutions.
    s
        Stride of the block.
    name
        Of the block: its layers' names begin with it.
    stride_in
        ``"3x3"`` or ``"1x1"``: which of the first two convolutions has the stride.
    """
    first, second = (1, s) if stride_in == "3x3" else (s, 1)
    y = conv_bn(x, filters, 1, s=first, name=f"{name}_conv1")
    y = L.Activation("relu", name=f"{name}_conv1_relu")(y)
    y = conv_bn(y, filters, 3, s=second, name=f"{name}_conv2")
    y = L.Activation("relu", name=f"{name}_conv2_relu")(y)
    y = conv_bn(y, 4 * filters, 1, name=f"{name}_conv3")
    y = L.Add(name=f"{name}_add")([y, projection_shortcut(x, 4 * filters, s, f"{name}_shortcut")])
    return L.Activation("relu", name=f"{name}_relu")(y)


def conv_bn(x: KerasTensor, filters: int, f: int, s: int = 1, *, name: str) -> KerasTensor:
    """A convolution without bias, then batch normalisation, which has one."""
    padding = "same"
    if s > 1 and f > 1:
        # The paper pads both sides alike; Keras's "same" would put one zero more on the far side.
        x = L.ZeroPadding2D(f // 2, name=f"{name}_pad")(x)
        padding = "valid"
    x = L.Conv2D(
        filters,
        f,
        strides=s,
        padding=padding,
        use_bias=False,
        kernel_initializer="he_normal",
        name=name,
    )(x)
    return L.BatchNormalization(epsilon=EPSILON, momentum=0.9, name=f"{name}_bn")(x)


@keras.saving.register_keras_serializable("cnnlab")
class PadShortcut(L.Layer):
    """Every s-th pixel, and zeros for channels that are missing: nothing to learn.

    Parameters
    ----------
    filters
        Channels of the result; at least as many as come in.
    s
        Stride.
    """

    kernel_size = (1, 1)

    def __init__(self, filters: int, s: int, **kwargs: object) -> None:
        super().__init__(**kwargs)
        self.filters, self.strides = filters, (s, s)

    def call(self, x: KerasTensor) -> KerasTensor:
        s = self.strides[0]
        missing = self.filters - x.shape[-1]
        return ops.pad(x[:, ::s, ::s], [(0, 0), (0, 0), (0, 0), (0, missing)])

    def get_config(self) -> dict:
        return super().get_config() | {"filters": self.filters, "s": self.strides[0]}
