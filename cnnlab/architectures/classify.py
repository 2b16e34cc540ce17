"""What a picture shows, in words."""

from functools import cache
from pathlib import Path
from typing import NamedTuple

import keras
import numpy as np
from keras import ops
from numpy.typing import ArrayLike

from cnnlab.architectures.efficientnet import MEMBERS, efficientnet
from cnnlab.checks import whole

CLASS_NAMES = Path(__file__).parent / "data" / "imagenet_classes.txt"
SIZE = MEMBERS["lite0"].size


class Guess(NamedTuple):
    """A class and how sure the network is of it."""

    name: str
    probability: float


def classify(image: ArrayLike, top: int = 5) -> list[Guess] | list[list[Guess]]:
    """Say what a photograph shows: the best of ImageNet's 1,000 classes, in words.

    The network is EfficientNet-Lite0, which comes with the package. It looks at the middle of the
    picture: a square, resized to 224×224.

    Parameters
    ----------
    image
        ``(H, W, 3)``, or several as ``(N, H, W, 3)``: floats from 0 to 1, or ``uint8``.
    top
        How many classes.

    Returns
    -------
    list of Guess
        The likeliest first; for several images, a list of such lists.

    Raises
    ------
    ValueError
        If `image` has another rank or range, or `top` is not from 1 to 1,000.
    """
    images, names = _checked(image), class_names()
    if whole("top", top, 1) > len(names):
        raise ValueError(f"top is {top}; expected at most {len(names)}, the number of classes")
    single = images.ndim == 3
    batch = images[None] if single else images
    probabilities = _lite0().predict(prepared(batch), verbose=0)  # (N, 1000)
    best = np.argsort(-probabilities, axis=1)[:, :top]
    guesses = [
        [Guess(names[i], float(row[i])) for i in order]
        for row, order in zip(probabilities, best, strict=True)
    ]
    return guesses[0] if single else guesses


def class_names() -> list[str]:
    """ImageNet's 1,000 classes, in the order in which networks give their probabilities."""
    return CLASS_NAMES.read_text("utf-8").splitlines()


def prepared(images: ArrayLike, size: int = SIZE) -> np.ndarray:
    """Images as Lite0 wants them: their middle, a square of `size`, with values around 0.

    Parameters
    ----------
    images
        ``(N, H, W, 3)`` or ``(H, W, 3)``, floats from 0 to 1, or ``uint8``.
    size
        Height and width of the result.

    Returns
    -------
    numpy.ndarray
        ``(N, size, size, 3)`` or ``(size, size, 3)``, float32: ``(255 · image − 127) / 128``.

    Raises
    ------
    ValueError
        If `images` has another rank or range.
    """
    images = _checked(images)
    if images.shape[-3:-1] != (size, size):
        images = ops.convert_to_numpy(
            ops.image.resize(images, (size, size), antialias=True, crop_to_aspect_ratio=True)
        )
    return (255 * images - 127) / 128


@cache
def _lite0() -> keras.Model:
    return efficientnet("lite0", weights="imagenet")


def _checked(image: ArrayLike) -> np.ndarray:
    """`image` as float32 from 0 to 1, with three channels."""
    array = np.asarray(image)
    if array.ndim not in (3, 4) or array.shape[-1] != 3 or array.size == 0:
        hint = "; a gray picture needs three equal channels: np.stack([image] * 3, axis=-1)"
        raise ValueError(
            f"image has shape {array.shape}; expected (H, W, 3) or (N, H, W, 3)"
            + (hint if array.ndim == 2 else "")
        )
    if array.dtype == np.uint8:
        return array.astype(np.float32) / 255
    low, high = (array.min(), array.max()) if array.dtype.kind in "fiu" else (np.nan, np.nan)
    if not (low >= 0 and high <= 1):
        raise ValueError(
            f"image is {array.dtype} with values from {low:g} to {high:g};"
            " expected floats from 0 to 1, or uint8"
        )
    return array.astype(np.float32)
