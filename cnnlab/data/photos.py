"""Photographs that come with scikit-image, or the reader's own, cropped and resized."""

from collections.abc import Sequence
from dataclasses import dataclass
from numbers import Integral
from pathlib import Path

import numpy as np

from cnnlab.data.pictures import Picture, read_picture


@dataclass(frozen=True)
class Photo:
    """A file in scikit-image's own data folder, and where it is from."""

    file: str
    shows: str
    source: str


# Only what is inside scikit-image's wheel: the rest of its images would be downloaded.
PHOTOS = {
    "astronaut": Photo("astronaut.png", "Eileen Collins, in colour", "NASA, public domain"),
    "brick": Photo("brick.png", "a brick wall, gray", "CC0Textures, CC0"),
    "camera": Photo("camera.png", "a photographer and his camera, gray", "Lav Varshney, CC0"),
    "cat": Photo("chelsea.png", "Chelsea the cat, in colour", "Stefan van der Walt, CC0"),
    "clock": Photo(
        "clock_motion.png", "a clock, blurred, gray", "Stefan van der Walt, public domain"
    ),
    "coffee": Photo("coffee.png", "a cup of coffee, in colour", "Rachel Michetti, CC0"),
    "coins": Photo(
        "coins.png", "coins from Pompeii, gray", "Brooklyn Museum, no known restrictions"
    ),
    "grass": Photo("grass.png", "grass, gray", "linolafett, CC0"),
    "gravel": Photo("gravel.png", "gravel, gray", "CC0Textures, CC0"),
    "hubble": Photo("hubble_deep_field.jpg", "far galaxies, in colour", "NASA, public domain"),
    "moon": Photo("moon.png", "the surface of the moon, gray", "scikit-image, which names none"),
    "retina": Photo("retina.jpg", "a human retina, in colour", "Mikael Häggström, CC0"),
    "rocket": Photo("rocket.jpg", "a Falcon 9 at its launch, in colour", "SpaceX, public domain"),
}


def photo(name: Picture, size: Sequence[int] | None = None, gray: bool = False) -> np.ndarray:
    """A real photograph, at the size that is asked for.

    Parameters
    ----------
    name
        A key of `PHOTOS`, such as ``"astronaut"``, ``"camera"``, ``"cat"`` or ``"coffee"``. Or a
        picture of your own: a path such as ``"holiday.jpg"``, a Pillow image, or an array, as
        :func:`read_picture` takes them.
    size
        ``(height, width)`` in pixels. What is too high or too wide for these proportions is cut
        off evenly on both sides, and the rest is resized without aliasing. None: as it is.
    gray
        Turn colours to gray by their luminance (0.2125 R + 0.7154 G + 0.0721 B).

    Returns
    -------
    numpy.ndarray
        ``(H, W, 3)`` in the order red, green, blue, or ``(H, W)`` where `gray` is true or the
        photograph of `PHOTOS` is gray already; float32 in [0, 1].

    Raises
    ------
    ValueError
        If there is no such photograph or file, or `size` is not two positive integers.
    ImportError
        If scikit-image is not installed.
    FileNotFoundError
        If the installed scikit-image does not bundle this photograph. It is never downloaded.
    """
    word = name is None or (isinstance(name, str) and not Path(name).suffix)
    if word and name not in PHOTOS:
        names = ", ".join(map(repr, PHOTOS))
        raise ValueError(f"name is {name!r}; expected one of {names}, or the path of a file")
    if size is not None:
        size = _checked(size)
    if isinstance(name, str) and name in PHOTOS:
        image = _read(name, gray)  # (H, W) or (H, W, 3)
    else:
        image = read_picture(name, "name", gray)
    if size is not None:
        from skimage import transform

        image = transform.resize(_crop(image, *size), size, anti_aliasing=True)
    return np.clip(image, 0, 1).astype(np.float32)


def _checked(size: Sequence[int]) -> tuple[int, int]:
    """`size` as two positive integers."""
    try:
        height, width = size
    except (TypeError, ValueError):
        height = width = None
    for n in (height, width):
        if not isinstance(n, Integral) or isinstance(n, bool) or n < 1:
            raise ValueError(f"size is {size!r}; expected (height, width), two positive integers")
    return int(height), int(width)


def _read(name: str, gray: bool) -> np.ndarray:
    """The photograph as scikit-image bundles it, in float64."""
    path = bundled(PHOTOS[name].file, f"photo({name!r})")
    from skimage import color, io, util

    image = util.img_as_float(io.imread(path))
    return color.rgb2gray(image) if gray and image.ndim == 3 else image


def bundled(file: str, asked: str) -> Path:
    """Where a file lies that comes inside scikit-image; `asked` is the call that needs it.

    Raises
    ------
    ImportError
        If scikit-image is not installed.
    FileNotFoundError
        If the installed scikit-image does not bundle this file. It is never downloaded.
    """
    try:
        import skimage
    except ImportError as error:
        raise ImportError(
            f"{asked} needs scikit-image, which is not installed: pip install scikit-image"
        ) from error
    path = Path(skimage.__file__).parent / "data" / file
    if not path.exists():
        raise FileNotFoundError(
            f"scikit-image {skimage.__version__} does not bundle {file}, which {asked} reads"
        )
    return path


def _crop(image: np.ndarray, height: int, width: int) -> np.ndarray:
    """The largest part around the centre with the proportions of (height, width)."""
    H, W = image.shape[:2]
    scale = min(H / height, W / width)
    rows, columns = max(1, round(height * scale)), max(1, round(width * scale))
    top, left = (H - rows) // 2, (W - columns) // 2
    return image[top : top + rows, left : left + columns]
