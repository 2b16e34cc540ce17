"""U-Net: down to what is in the image, up to where it is, and short cuts between the two ways.

O. Ronneberger, P. Fischer, T. Brox, U-Net: convolutional networks for biomedical image
segmentation, MICCAI 2015.
"""

from collections.abc import Sequence

import keras
from keras import KerasTensor
from keras import layers as L

from cnnlab.architectures import efficientnet
from cnnlab.checks import flag, image_shape, one_of, whole
from cnnlab.segmentation.sizes import PADDINGS, UPS, unet_sizes

#: Ways to build it, ``"original"``, ``"modern"`` and ``"small"``:
#: ``unet((572, 572, 1), 2, **UNETS["original"])``.
UNETS = {
    "original": {"base_filters": 64, "depth": 4, "padding": "valid", "norm": None},
    "modern": {"base_filters": 64, "depth": 4, "padding": "same", "norm": "batch"},
    "small": {"base_filters": 8, "depth": 3, "padding": "same", "norm": "batch"},
}
NORMS = (None, "batch")
# Of the moving averages. Keras's 0.99 needs some hundreds of steps to forget how it began, and a
# short training does not have so many: the network then predicts nonsense that it never trained.
MOMENTUM = 0.9
LITE0 = (  # where Lite0 halves the image next, and what it knows there: channels, cells
    "stage1_block1_project_bn",  # 16, 1/2
    "stage2_block2_add",  # 24, 1/4
    "stage3_block2_add",  # 40, 1/8
    "stage5_block3_add",  # 112, 1/16
    "stage7_block1_project_bn",  # 320, 1/32
)
ENCODERS = (None, "lite0")


def unet(
    input_shape: Sequence[int] = (256, 256, 1),
    classes: int = 2,
    base_filters: int = 64,
    depth: int = 4,
    padding: str = "same",
    up: str = "transposed",
    norm: str | None = "batch",
    skips: bool = True,
    encoder: str | None = None,
) -> keras.Model:
    """U-Net, as it was published or as it is built today.

    Parameters
    ----------
    input_shape
        ``(H, W, C)``. Which sizes fit, :func:`cnnlab.segmentation.unet_sizes` says.
    classes
        How many, at least 2: the background is one of them.
    base_filters
        On the first level; every level below has twice as many.
    depth
        How often the image is halved.
    padding
        ``"valid"``: the prediction is smaller than the image, and what comes over a short cut is
        cropped to its middle. ``"same"``: the prediction is as large as the image.
    up
        ``"transposed"``: a transposed convolution, 2×2 with stride 2. ``"resize"``: every cell four
        times, then a 3×3 convolution.
    norm
        None, or ``"batch"``: batch normalisation after each 3×3 convolution.
    skips
        False leaves the short cuts out, to see what they are for.
    encoder
        None, or ``"lite0"``: the way down is EfficientNet-Lite0, trained on ImageNet, which comes
        with the package; images are colour, or gray, from 0 to 1, with padding "same" and a depth
        of at most 5. It is one layer: ``model.get_layer("lite0").trainable = False`` freezes it.

    Returns
    -------
    keras.Model
        From images ``(N, H, W, C)`` to probabilities ``(N, H_out, W_out, classes)``. The original,
        from 1 channel to 2 classes, has 31,030,658 parameters.

    Raises
    ------
    ValueError
        If an argument is not one of these. Of a height or width that does not fit, the message says
        which do.
    """
    H, W, C = image_shape(input_shape, at_least=1)
    classes, base = whole("classes", classes, 2), whole("base_filters", base_filters, 1)
    depth = whole("depth", depth, 1)
    one_of("padding", padding, PADDINGS)
    one_of("up", up, UPS)
    flag("skips", skips)
    if norm not in NORMS:
        raise ValueError(f"norm is {norm!r}; expected None or 'batch'")
    _check_encoder(encoder, depth, padding, C)
    for name, n in (("height", H), ("width", W)):
        try:
            unet_sizes(n, depth, padding, up)
        except ValueError as error:
            raise ValueError(f"input_shape is {(H, W, C)}, and of its {name}, {error}") from None

    options = {"padding": padding, "norm": norm}
    widths = [base * 2**level for level in range(depth + 1)]  # 64, 128, 256, 512, 1024
    image = keras.Input((H, W, C))
    if encoder is None:
        levels = plain_encoder(image, widths, **options)
    else:
        levels = lite0_encoder(image, widths, **options)
    *short_cuts, x = levels
    for number, skip in reversed([*enumerate(short_cuts, start=1)]):
        x = up_step(x, skip if skips else None, widths[number - 1], up, number, **options)
    y = L.Conv2D(classes, 1, activation="softmax", name="classes")(x)  # (N, 388, 388, 2)
    return keras.Model(image, y, name="unet" if encoder is None else f"unet_{encoder}")


# ---- from the smallest part to the largest ----


def conv(x: KerasTensor, filters: int, padding: str, norm: str | None, name: str) -> KerasTensor:
    """A 3×3 convolution, maybe batch normalisation, and ReLU."""
    x = L.Conv2D(
        filters,
        3,
        padding=padding,
        use_bias=norm is None,  # batch normalisation has its own
        kernel_initializer="he_normal",  # the paper, section 3
        name=name,
    )(x)
    if norm == "batch":
        x = L.BatchNormalization(momentum=MOMENTUM, name=f"{name}_bn")(x)
    return L.Activation("relu", name=f"{name}_relu")(x)


def block(x: KerasTensor, filters: int, name: str, **options: str | None) -> KerasTensor:
    """Two convolutions."""
    x = conv(x, filters, name=f"{name}_conv1", **options)
    return conv(x, filters, name=f"{name}_conv2", **options)


def plain_encoder(
    x: KerasTensor, widths: Sequence[int], **options: str | None
) -> list[KerasTensor]:
    """The way down: what there is on each level, the largest first, the bottom last."""
    levels = []
    for number, filters in enumerate(widths, start=1):
        x = L.MaxPooling2D(2, name=f"down{number}_pool")(x) if levels else x
        name = "bottom" if number == len(widths) else f"down{number}"
        x = block(x, filters, name, **options)  # (N, 568, 568, 64), …, (N, 28, 28, 1024)
        levels.append(x)
    # The paper has dropout here, at the end of the way down, and does not say how much.
    return levels


def lite0_encoder(
    image: KerasTensor, widths: Sequence[int], **options: str | None
) -> list[KerasTensor]:
    """The same, by a network that has seen ImageNet. It halves at once: level 1 is a plain one."""
    H, W, C = image.shape[1:]
    lite0 = efficientnet("lite0", (H, W, 3), classes=None, weights="imagenet")
    names = LITE0[: len(widths) - 1]
    inner = keras.Model(
        lite0.inputs, [lite0.get_layer(name).output for name in names], name="lite0"
    )
    x = L.Concatenate(name="colours")([image] * 3) if C == 1 else image
    x = L.Rescaling(255 / 128, -127 / 128, name="around_0")(x)  # as Lite0 was trained
    features = inner(x)
    return [block(image, widths[0], "down1", **options), *keras.tree.flatten(features)]


def up_step(
    x: KerasTensor,
    skip: KerasTensor | None,
    filters: int,
    up: str,
    number: int,
    **options: str | None,
) -> KerasTensor:
    """A level up: twice as large, what comes over the short cut beside it, two convolutions."""
    name = f"up{number}"
    if up == "transposed":  # without activation, as in the authors' own network
        x = L.Conv2DTranspose(
            filters, 2, strides=2, kernel_initializer="he_normal", name=f"{name}_transposed"
        )(x)
    else:
        x = L.UpSampling2D(2, name=f"{name}_resize")(x)
        x = conv(x, filters, name=f"{name}_resize_conv", **options)
    if skip is not None:
        x = L.Concatenate(name=f"{name}_concat")([crop_to(skip, x, name), x])
    return block(x, filters, name, **options)


def crop_to(skip: KerasTensor, x: KerasTensor, name: str) -> KerasTensor:
    """The middle of `skip`, as large as `x`."""
    (H, W), (h, w) = skip.shape[1:3], x.shape[1:3]
    if (h, w) == (H, W):
        return skip
    # Even, since what is pooled is even and what is enlarged is even.
    return L.Cropping2D(((H - h) // 2, (W - w) // 2), name=f"{name}_crop")(skip)


def _check_encoder(encoder: str | None, depth: int, padding: str, channels: int) -> None:
    if encoder not in ENCODERS:
        raise ValueError(f"encoder is {encoder!r}; expected None or 'lite0'")
    if encoder is None:
        return
    whole("depth", depth, 1, len(LITE0))
    if padding != "same":
        raise ValueError(f"padding is {padding!r} and encoder {encoder!r}; expected 'same'")
    if channels not in (1, 3):
        raise ValueError(f"input_shape has {channels} channels; expected 1 or 3 for {encoder!r}")
