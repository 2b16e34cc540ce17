"""Photographs as a page carries them: WebP, as good as there is room for."""

import io
from base64 import b64encode
from collections.abc import Sequence
from typing import Any

import numpy as np
from PIL import Image

from cnnlab.data.pictures import read_picture

QUALITIES = (85, 75, 65, 55, 45, 35, 25)  # the best that fits is taken


def read_photo(name: str, picture: Any) -> np.ndarray:
    """A picture as (H, W, 3), `uint8`, or a `ValueError` that names the argument."""
    return np.round(255 * read_picture(picture, name)).astype(np.uint8)


def fitted(image: np.ndarray, most: int) -> np.ndarray:
    """The image, brought to at most so many pixels a side if it is larger."""
    picture = Image.fromarray(image)
    picture.thumbnail((most, most), Image.Resampling.LANCZOS)
    return np.asarray(picture)


def webp(image: np.ndarray, quality: int | None = None) -> str:
    """The data URL of an image (H, W, 3), `uint8`; without a quality it loses nothing."""
    file = io.BytesIO()
    how: dict[str, Any] = {"lossless": True} if quality is None else {"quality": quality}
    Image.fromarray(image).save(file, "WEBP", method=6, **how)
    return "data:image/webp;base64," + b64encode(file.getvalue()).decode("ascii")


def within(name: str, images: Sequence[np.ndarray], most: int) -> list[str]:
    """Data URLs of images, at the best quality that keeps all of them below `most` bytes."""
    size = 0
    for quality in QUALITIES:
        urls = [webp(image, quality) for image in images]
        size = sum(map(len, urls))
        if size <= most:
            return urls
    raise ValueError(
        f"{name} has {len(images)} pictures of {images[0].shape[0]} × {images[0].shape[1]}, which "
        f"take {size // 1000} kB of the page; expected at most {most // 1000} kB: fewer pictures, "
        "or smaller ones"
    )
