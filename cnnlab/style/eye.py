"""A network that only looks: from a picture to what some of its layers answer."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import lru_cache
from typing import Any

import keras
from keras import ops

from cnnlab.architectures import efficientnet
from cnnlab.checks import one_of


@dataclass(frozen=True)
class Eye:
    """How a network wants its pictures, and how it is made for pictures of one size.

    Attributes
    ----------
    build
        From ``(H, W, 3)`` to a Keras model for such pictures, with trained weights.
    prepare
        From colours from 0 to 1, ``(N, H, W, 3)``, to what the model takes in; of `keras.ops`.
    content_layer
        Name of the layer that serves for the content if nothing else is said.
    style_layers
        Names of the layers that serve for the style if nothing else is said.
    """

    build: Callable[[tuple[int, int, int]], keras.Model]
    prepare: Callable[[Any], Any]
    content_layer: str = ""
    style_layers: tuple[str, ...] = ()


def _lite0(input_shape: tuple[int, int, int]) -> keras.Model:
    return efficientnet("lite0", input_shape, classes=None, weights="imagenet")


def _as_lite0(x: Any) -> Any:
    return (255 * x - 127) / 128


def _vgg19(input_shape: tuple[int, int, int]) -> keras.Model:
    try:
        return keras.applications.VGG19(include_top=False, input_shape=input_shape)
    except Exception as error:  # what get_file raises where there is no network
        raise ConnectionError(
            f"The weights of VGG-19 (80 MB) could not be fetched: {error}\n"
            "  Use instead: network='lite0', which comes with this package"
        ) from error


def _as_vgg19(x: Any) -> Any:
    """Blue, green and red from 0 to 255, less their means in ImageNet: as VGG was trained."""
    return ops.flip(255 * x, axis=-1) - ops.convert_to_tensor([103.939, 116.779, 123.68], x.dtype)


#: The networks that can look at a picture: ``"lite0"`` and ``"vgg19"``.
EYES = {
    "lite0": Eye(
        _lite0,
        _as_lite0,
        "stage3_block1_project_bn",
        (
            "stem_conv_relu6",
            "stage1_block1_project_bn",
            "stage2_block1_depthwise_relu6",
            "stage2_block2_add",
            "stage3_block1_depthwise_relu6",
            "stage3_block2_add",
        ),
    ),
    "vgg19": Eye(  # as in the paper
        _vgg19,
        _as_vgg19,
        "block4_conv2",
        ("block1_conv1", "block2_conv1", "block3_conv1", "block4_conv1", "block5_conv1"),
    ),
}


def chosen_eye(network: str | Eye) -> Eye:
    """The eye of that name, or the one that is given.

    Raises
    ------
    ValueError
        If there is no such name.
    """
    return network if isinstance(network, Eye) else EYES[one_of("network", network, EYES)]


@lru_cache(maxsize=4)  # Lite0 takes longer to build than to look a dozen times
def built(build: Callable[[tuple[int, int, int]], keras.Model], shape: tuple[int, int, int]) -> Any:
    """The network that an eye builds for pictures ``(H, W, 3)``, not to be trained; kept."""
    model = build(shape)
    model.trainable = False
    return model


def placed(model: keras.Model, name: str, argument: str = "layer") -> Any:
    """What the layer of that name answers: places and channels, ``(N, H, W, C)``.

    Raises
    ------
    ValueError
        If there is no such layer; the message has all names, those that are written alike first.
        Or if it answers without places.
    """
    names = [each.name for each in model.layers]
    if name not in names:
        alike = get_close_matches(str(name), names, n=5, cutoff=0.4)
        others = [each for each in names if each not in alike]
        raise ValueError(
            f"{argument} is {name!r}, which {model.name} has not. "
            + (f"Written alike: {', '.join(alike)}. All others: " if alike else "It has: ")
            + ", ".join(others)
        )
    answer = model.get_layer(name).output
    if len(answer.shape) != 4:
        raise ValueError(
            f"{argument} is {name!r}, which answers {tuple(answer.shape)}, without places;"
            " expected a layer with (N, H, W, C)"
        )
    return answer


def look(
    eye: Eye, shape: tuple[int, int], layers: Sequence[tuple[str, str]]
) -> Callable[[Any], list[Any]]:
    """From pictures of one size to what these layers answer.

    Parameters
    ----------
    eye
        Whose layers they are.
    shape
        ``(H, W)`` of the pictures.
    layers
        The name of each, and the caller's argument that has it, for the message.

    Returns
    -------
    function
        From ``(N, H, W, 3)`` from 0 to 1 to a list of activations ``(N, H', W', C)``, in the order
        of the names.

    Raises
    ------
    ValueError
        If a layer is not there, or answers without places.
    """
    model = built(eye.build, (*shape, 3))
    part = keras.Model(model.inputs[0], [placed(model, *each) for each in layers])
    return lambda x: part(eye.prepare(x), training=False)
