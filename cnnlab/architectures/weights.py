"""Trained weights: from a file, from the package, or from where Keras publishes them.

Nothing is downloaded unless ``weights="imagenet"`` asks for it, and then it is said before. The
published networks have other layers' names, and some have other layers; `PUBLISHED` tells how each
layer here finds its weights there.
"""

import os
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from os import PathLike
from pathlib import Path

import keras
import numpy as np

BUNDLED = {"efficientnet_lite0": Path(__file__).parent / "data" / "efficientnet_lite0.npz"}
IMAGENET_CLASSES = 1000


def restored(model: keras.Model, weights: str | PathLike | None) -> keras.Model:
    """The model with these weights in it.

    Parameters
    ----------
    model
        A network of this room.
    weights
        None: as it is. ``"imagenet"``: trained on ImageNet, from the package or downloaded.
        Anything else is the path of a file that ``model.save_weights`` wrote.

    Raises
    ------
    ValueError
        If there are no such weights, or they are of a network with other layers, other classes or
        another input.
    ConnectionError
        If they must be downloaded and cannot be.
    """
    if weights is None:
        return model
    if weights != "imagenet":
        return _from_file(model, Path(weights))
    _check_imagenet(model)
    if model.name in BUNDLED:
        return from_package(model, BUNDLED[model.name])
    published = PUBLISHED[model.name]
    copy_weights(published.network(None), model)  # does all fit? Asked before anything is loaded
    copy_weights(published.download(), model)
    return model


def _from_file(model: keras.Model, path: Path) -> keras.Model:
    if not path.exists():
        raise ValueError(
            f"weights is {str(path)!r}, and there is no such file;"
            " expected None, 'imagenet', or the path of a file"
        )
    try:
        model.load_weights(path)
    except ValueError as error:
        raise ValueError(
            f"weights from {str(path)!r} do not fit {model.name} with input {model.input_shape[1:]}"
            f" and output {model.output_shape[1:]}: {error}"
        ) from error
    return model


def _check_imagenet(model: keras.Model) -> None:
    """Refuse what ImageNet's weights cannot fit, before anything is read."""
    if model.name not in BUNDLED and model.name not in PUBLISHED:
        names = ", ".join(sorted({*BUNDLED, *PUBLISHED}))
        raise ValueError(f"weights is 'imagenet', which {model.name} has not; these have: {names}")
    names = [layer.name for layer in model.layers]
    classes = model.output_shape[-1]
    if "classifier" in names and classes != IMAGENET_CLASSES:
        raise ValueError(
            f"classes is {classes}, but the weights 'imagenet' are for {IMAGENET_CLASSES} classes;"
            " expected 1000, or None to put a layer of your own on top"
        )
    if model.input_shape[-1] != 3:
        raise ValueError(
            f"input_shape is {model.input_shape[1:]}; expected 3 channels for weights 'imagenet'"
        )


def from_package(model: keras.Model, path: Path) -> keras.Model:
    """Fill in the arrays of a bundled file, named ``<layer>/<variable>``."""
    with np.load(path) as file:
        for layer in model.layers:
            for variable in layer.weights:
                variable.assign(file[f"{layer.name}/{variable.name}"].astype("float32"))
    return model


# ---- published by Keras ----


@dataclass(frozen=True)
class Published:
    """A network of `keras.applications`, and the names of its layers."""

    application: str
    megabytes: int
    renamed: Callable[[str], str]  #: from a layer's name here to its name there

    def network(self, weights: str | None) -> keras.Model:
        """The network as Keras builds it."""
        return getattr(keras.applications, self.application)(weights=weights)

    def download(self) -> keras.Model:
        """The network as Keras trained it; it says first what is fetched and where it goes."""
        folder = Path(os.environ.get("KERAS_HOME", "~/.keras")).expanduser() / "models"
        print(
            f"{self.application}, trained on ImageNet, {self.megabytes} MB: from Keras's"
            f" collection to {folder}, unless it is there already.",
            file=sys.stderr,
        )
        try:
            return self.network("imagenet")
        except Exception as error:  # what get_file raises where there is no network
            raise ConnectionError(
                f"{self.application} ({self.megabytes} MB) could not be fetched: {error}\n"
                "  Use instead: efficientnet('lite0', weights='imagenet'), which comes with this"
                " package"
            ) from error


def copy_weights(source: keras.Model, model: keras.Model) -> None:
    """Copy all weights from a network of `keras.applications` into its twin here.

    A convolution there may have a bias where ours has none. Batch normalisation follows, which
    subtracts a mean, so the bias is taken off that mean.

    Raises
    ------
    ValueError
        If a layer is missing there, or its weights have another shape.
    """
    renamed = PUBLISHED[model.name].renamed
    bias = None
    for layer in _in_order(model):
        try:
            values = source.get_layer(renamed(layer.name)).get_weights()
        except ValueError as error:
            raise ValueError(f"layer {layer.name}: {error}") from error
        if isinstance(layer, keras.layers.BatchNormalization) and bias is not None:
            gamma, beta, mean, variance = values
            values, bias = [gamma, beta, mean - bias, variance], None
        elif len(values) == len(layer.weights) + 1:
            *values, bias = values
        for variable, value in zip(layer.weights, values, strict=True):
            shape = tuple(variable.shape)
            if _without_ones(value.shape) != _without_ones(shape):
                raise ValueError(
                    f"layer {layer.name}: {variable.name} has shape {shape};"
                    f" the published one has {value.shape}"
                )
            variable.assign(value.reshape(shape))


def _in_order(model: keras.Model) -> Iterator[keras.Layer]:
    """The layers with weights, each batch normalisation right after its convolution."""
    layers = {layer.name: layer for layer in model.layers if layer.weights}
    for name, layer in layers.items():
        if name.removesuffix("_bn") == name:
            yield layer
            if f"{name}_bn" in layers:
                yield layers[f"{name}_bn"]


def _without_ones(shape: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(n for n in shape if n > 1)


def _vgg(name: str) -> str:
    return "predictions" if name == "classifier" else name


def _resnet(name: str) -> str:
    base, kind = _kind(name, "conv", "bn")
    if found := re.fullmatch(r"stage(\d)_block(\d+)_(?:conv(\d)|shortcut)", base):
        number, block, conv = found.groups(default="0")
        return f"conv{int(number) + 1}_block{block}_{conv}_{kind}"
    return {"stem_conv": f"conv1_{kind}", "classifier": "predictions"}[base]


def _mobilenet_v1(name: str) -> str:
    base, kind = _kind(name, "", "_bn")
    if found := re.fullmatch(r"block(\d+)_(depthwise|pointwise)", base):
        return f"conv_{ {'depthwise': 'dw', 'pointwise': 'pw'}[found[2]] }_{found[1]}{kind}"
    return {"stem_conv": f"conv1{kind}", "classifier": "conv_preds"}[base]


def _mobilenet_v2(name: str) -> str:
    base, kind = _kind(name, "", "_BN")
    if found := re.fullmatch(r"stage(\d)_block(\d+)_(\w+)", base):
        stage, block = int(found[1]), int(found[2])
        number = sum(STAGE_SIZES_V2[: stage - 1]) + block - 1
        return f"{f'block_{number}' if number else 'expanded_conv'}_{found[3]}{kind}"
    return {
        "stem_conv": "bn_Conv1" if kind else "Conv1",
        "head_conv": f"Conv_1{kind.lower()}",
        "classifier": "predictions",
    }[base]


STAGE_SIZES_V2 = (1, 2, 3, 4, 3, 3, 1)  # blocks; there, they are counted through
EFFICIENTNET_PARTS = {
    "expand": "expand_conv",
    "expand_bn": "expand_bn",
    "depthwise": "dwconv",
    "depthwise_bn": "bn",
    "squeeze_reduce": "se_reduce",
    "squeeze_expand": "se_expand",
    "project": "project_conv",
    "project_bn": "project_bn",
}


def _efficientnet(name: str) -> str:
    if found := re.fullmatch(r"stage(\d)_block(\d+)_(\w+)", name):
        letter = chr(ord("a") + int(found[2]) - 1)
        return f"block{found[1]}{letter}_{EFFICIENTNET_PARTS[found[3]]}"
    return {
        "stem_conv": "stem_conv",
        "stem_conv_bn": "stem_bn",
        "head_conv": "top_conv",
        "head_conv_bn": "top_bn",
        "classifier": "predictions",
    }[name]


def _kind(name: str, otherwise: str, batch_norm: str) -> tuple[str, str]:
    """A layer's name without ``_bn``, and the word for what it is."""
    base = name.removesuffix("_bn")
    return base, otherwise if base == name else batch_norm


PUBLISHED = {
    "vgg16": Published("VGG16", 553, _vgg),
    "vgg19": Published("VGG19", 575, _vgg),
    "resnet50": Published("ResNet50", 103, _resnet),
    "resnet101": Published("ResNet101", 180, _resnet),
    "resnet152": Published("ResNet152", 243, _resnet),
    "mobilenet_v1": Published("MobileNet", 17, _mobilenet_v1),
    "mobilenet_v2": Published("MobileNetV2", 14, _mobilenet_v2),
} | {
    f"efficientnet_b{number}": Published(f"EfficientNetB{number}", megabytes, _efficientnet)
    for number, megabytes in enumerate((21, 32, 36, 49, 78, 123, 174, 267))
}
