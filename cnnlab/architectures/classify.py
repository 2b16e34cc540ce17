"""What a picture shows, in words."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

import keras
import numpy as np
from keras import ops

from cnnlab.architectures.efficientnet import MEMBERS, efficientnet
from cnnlab.checks import whole
from cnnlab.data.pictures import Picture, read_picture, read_pictures, several

CLASS_NAMES = Path(__file__).parent / "data" / "imagenet_classes.txt"
SIZE = MEMBERS["lite0"].size


class Guess(NamedTuple):
    """A class and how sure the network is of it."""

    name: str
    probability: float


def classify(image: Picture | Sequence[Picture], top: int = 5) -> list[Guess] | list[list[Guess]]:
    """Say what a photograph shows: the best of ImageNet's 1,000 classes, in words.

    The network is EfficientNet-Lite0, which comes with the package. It looks at the middle of the
    picture: a square, resized to 224×224.

    Parameters
    ----------
    image
        A picture as :func:`cnnlab.data.read_picture` takes it: the path of a file, a Pillow image,
        or an array, gray or in colours. Or several: a list of them, or ``(N, H, W, C)``.
    top
        How many classes.

    Returns
    -------
    list of Guess
        The likeliest first; for several images, a list of such lists.

    Raises
    ------
    ValueError
        If `image` is no picture, or `top` is not from 1 to 1,000.
    """
    names = class_names()
    if whole("top", top, 1) > len(names):
        raise ValueError(f"top is {top}; expected at most {len(names)}, the number of classes")
    inputs = _for_lite0(image, SIZE, "image")
    single = inputs.ndim == 3
    probabilities = _lite0().predict(inputs[None] if single else inputs, verbose=0)  # (N, 1000)
    best = np.argsort(-probabilities, axis=1)[:, :top]
    guesses = [
        [Guess(names[i], float(row[i])) for i in order]
        for row, order in zip(probabilities, best, strict=True)
    ]
    return guesses[0] if single else guesses


def class_names() -> list[str]:
    """ImageNet's 1,000 classes, in the order in which networks give their probabilities."""
    return CLASS_NAMES.read_text("utf-8").splitlines()


def prepared(images: Picture | Sequence[Picture], size: int = SIZE) -> np.ndarray:
    """Images as Lite0 wants them: their middle, a square of `size`, with values around 0.

    Parameters
    ----------
    images
        A picture, or several, as in :func:`classify`.
    size
        Height and width of the result.

    Returns
    -------
    numpy.ndarray
        ``(N, size, size, 3)`` or ``(size, size, 3)``, float32: ``(255 · image − 127) / 128``.

    Raises
    ------
    ValueError
        If `images` is no picture.
    """
    return _for_lite0(images, size, "images")


def _for_lite0(images: Picture | Sequence[Picture], size: int, name: str) -> np.ndarray:
    """As :func:`prepared`, with the name that the caller's argument has."""
    if not several(images):
        return (255 * _square(read_picture(images, name), size) - 127) / 128
    pictures = read_pictures(images, name)
    if len({picture.shape for picture in pictures}) == 1:
        squares = _square(np.stack(pictures), size)
    else:
        squares = np.stack([_square(picture, size) for picture in pictures])
    return (255 * squares - 127) / 128


def _square(pictures: np.ndarray, size: int) -> np.ndarray:
    """The middle of pictures, ``(…, H, W, 3)`` → ``(…, size, size, 3)``."""
    if pictures.shape[-3:-1] == (size, size):
        return pictures
    resized = ops.image.resize(pictures, (size, size), antialias=True, crop_to_aspect_ratio=True)
    return ops.convert_to_numpy(resized)


@cache
def _lite0() -> keras.Model:
    return efficientnet("lite0", weights="imagenet")
