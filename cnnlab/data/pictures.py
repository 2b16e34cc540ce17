"""A picture as people have it, as an array: from a file, from Pillow, or from other arrays."""

from os import PathLike, fspath
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias, Union

import numpy as np
from numpy.typing import ArrayLike

if TYPE_CHECKING:
    from PIL.Image import Image

Picture: TypeAlias = Union[str, PathLike[str], "Image", ArrayLike]

CHANNELS = (1, 2, 3, 4)  # gray, gray and alpha, red green blue, these and alpha
LUMINANCE = np.array([0.2125, 0.7154, 0.0721], np.float32)  # of red, green and blue: CIE 1931, D65
ROUNDING = 1e-3  # by so much a resized picture may leave the range that it had
AMBIGUOUS = 2  # a largest float above 1 and up to this is neither of 0–1 nor of 0–255

# How files begin that are taken for pictures, and are something else or need more than Pillow.
HEIC = "a HEIC picture, which Pillow cannot read alone; save it as JPEG or PNG"
AVIF = "an AVIF picture, which this Pillow cannot read; save it as JPEG or PNG"
BEGINNINGS = (  # where, what, and the word for it
    (4, b"ftyphei", HEIC),
    (4, b"ftyphev", HEIC),
    (4, b"ftypmif1", HEIC),
    (4, b"ftypmsf1", HEIC),
    (4, b"ftypavi", AVIF),
    (4, b"ftyp", "a video"),
    (4, b"moov", "a video"),
    (0, b"\x1aE\xdf\xa3", "a video"),  # Matroska and WebM
    (8, b"AVI ", "a video"),
    (0, b"%PDF", "a PDF document"),
)


def read_picture(image: Picture, name: str = "image", gray: bool = False) -> np.ndarray:
    """A picture, whatever it is kept in, as red, green and blue from 0 to 1.

    Parameters
    ----------
    image
        One of these, and one picture only:

        - the path of a file that Pillow reads (JPEG, PNG, WebP, GIF, TIFF, …), or a Pillow image.
          It is turned upright as its EXIF data say. Of several frames, the first counts.
        - ``(H, W)``, ``(H, W, 1)`` gray, ``(H, W, 2)`` gray and alpha, ``(H, W, 3)`` red, green,
          blue, or ``(H, W, 4)`` with alpha; an array, or what NumPy turns into one.

        Truth values are black and white. Whole numbers go from 0 to 255, and ``uint16`` with a
        larger value among them from 0 to 65,535. Floats go from 0 to 1 if none is above 1, else
        from 0 to 255. See the notes for what numbers do not say.
    name
        Of the argument, for the messages.
    gray
        Give one number for each pixel, the luminance (0.2125 R + 0.7154 G + 0.0721 B).

    Returns
    -------
    numpy.ndarray
        ``(H, W, 3)``, or ``(H, W)`` if `gray`; float32 in [0, 1]. Gray becomes three equal
        channels. What is transparent shows a white ground.

    Raises
    ------
    ValueError
        If it cannot be read, is empty, is several pictures, or holds NaN, a negative number, or
        more than its range.

    Notes
    -----
    Numbers do not say what white is. So an almost black picture whose floats were meant from 0 to
    255, and none of which is above 1, is taken for one from 0 to 1, and becomes too bright. Give
    it as ``uint8``, or divide it by 255. Where a picture would almost surely become black by
    mistake, it is refused: floats with a largest value between 1 and 2, which are from 0 to 1 and
    went beyond by noise or bicubic resizing; and zeros and ones that are neither ``uint8`` nor
    truth values.
    """
    if isinstance(image, str | PathLike):
        array = _of_file(Path(fspath(image)).expanduser(), name)
    elif _is_pillow(image):
        array = _of_pillow(image, name, f"{name} is a Pillow image, which")
    else:
        array = _of_numbers(image, name)
    if array.ndim == 4:
        raise ValueError(
            f"{name} has shape {array.shape}, which is several pictures; expected one: give them"
            f" one by one, {name}[0], {name}[1], …"
        )
    if array.ndim not in (2, 3) or array.size == 0 or array.shape[2:] not in _shapes():
        first = array.ndim == 3 and array.shape[0] in CHANNELS and array.size
        raise ValueError(
            f"{name} has shape {array.shape}; expected a picture: (H, W) gray, (H, W, 3) in"
            " colours, or (H, W, 4) with alpha"
            + (f"; channels come last: np.moveaxis({name}, 0, -1)" if first else "")
        )
    colours = _over_white(_from_0_to_1(array, name))  # (H, W, 3)
    return np.clip(colours @ LUMINANCE, 0, 1) if gray else colours


def read_pictures(images: ArrayLike | list[Picture], name: str = "images") -> list[np.ndarray]:
    """Several pictures, each as :func:`read_picture` gives it.

    Parameters
    ----------
    images
        A list of pictures, of any sizes; or ``(N, H, W, C)``, whose range is one for all.
    name
        Of the argument, for the messages.

    Returns
    -------
    list of numpy.ndarray
        ``(H, W, 3)`` each, float32 in [0, 1].

    Raises
    ------
    ValueError
        If there is none, or one of them is no picture.
    """
    if isinstance(images, list | tuple):
        found = [read_picture(each, f"{name}[{i}]") for i, each in enumerate(images)]
    else:
        array = _of_numbers(images, name)
        if array.ndim != 4 or array.size == 0 or array.shape[3] not in CHANNELS:
            raise ValueError(f"{name} has shape {array.shape}; expected (N, H, W, 3) or a list")
        found = list(_over_white(_from_0_to_1(array, name)))
    if not found:
        raise ValueError(f"{name} is empty; expected at least one picture")
    return found


def several(images: Any) -> bool:
    """Whether this is a list of pictures, or an array ``(N, H, W, C)``, and not one picture."""
    if isinstance(images, list | tuple):
        return all(_is_whole(each) for each in images)
    return len(getattr(images, "shape", ())) == 4


def _is_whole(member: Any) -> bool:
    """Whether a member of a list is a picture, and not a row of one."""
    if isinstance(member, str | PathLike) or _is_pillow(member):
        return True
    if isinstance(member, list | tuple):  # rows of pixels (W, 3) are the members of one picture
        return (
            bool(member)
            and isinstance(member[0], list | tuple | np.ndarray)
            and (np.ndim(member[0][:1]) == 2)
        )
    return len(getattr(member, "shape", ())) >= 2


# ---- from what it is kept in ----


def _is_pillow(image: Any) -> bool:
    """Whether it is an image of Pillow. Nobody has one without having imported Pillow."""
    import sys

    pillow = sys.modules.get("PIL.Image")
    return pillow is not None and isinstance(image, pillow.Image)


def _of_file(path: Path, name: str) -> np.ndarray:
    """The first picture of a file, upright."""
    from PIL import Image, UnidentifiedImageError

    said = f"{name} is {str(path)!r}"
    if str(path).startswith(("http:/", "https:/")):
        raise ValueError(f"{said}, an address; expected a file: save the picture first")
    if not path.exists():
        raise ValueError(f"{said}, and there is no such file in {str(Path.cwd())!r}")
    if not path.is_file():
        raise ValueError(f"{said}, a folder; expected a file")
    try:
        with Image.open(path) as image:
            return _of_pillow(image, name, f"{said}, which")
    except UnidentifiedImageError:
        raise ValueError(f"{said}, {_taken_for(path)}; expected a picture") from None
    except Image.DecompressionBombError:
        most = 2 * Image.MAX_IMAGE_PIXELS // 10**6
        raise ValueError(f"{said}, larger than {most} million pixels; make it smaller") from None
    except OSError as error:
        raise ValueError(f"{said}, which cannot be read: {error}") from None


def _taken_for(path: Path) -> str:
    """What a file is that Pillow takes for no picture, in words."""
    with path.open("rb") as file:
        start = file.read(16)
    if not start:
        return "an empty file"
    for place, mark, word in BEGINNINGS:
        if start[place:].startswith(mark):
            return word
    return "which is no picture that Pillow can read"


def _of_pillow(image: "Image", name: str, said: str) -> np.ndarray:
    """An image of Pillow as an array with 1, 2, 3 or 4 channels, upright."""
    from PIL import ImageOps

    if 0 in image.size:
        raise ValueError(f"{name} is {image.width} × {image.height} pixels large; expected some")
    try:
        image.load()  # NumPy would hide that a file is cut short
        image = ImageOps.exif_transpose(image)
        if image.mode == "I":  # 32 bits for the 16 of a PNG or TIFF
            array = np.asarray(image)
            return array.astype(np.uint16) if 0 <= array.min() <= array.max() < 2**16 else array
        if image.mode.startswith("I;16"):
            return np.asarray(image).astype(np.uint16)  # in this machine's order of bytes
        if image.mode in ("1", "L", "F", "RGB") and "transparency" not in image.info:
            return np.asarray(image)
        clear = image.mode in ("LA", "La", "PA", "RGBA", "RGBa") or "transparency" in image.info
        return np.asarray(image.convert("RGBA" if clear else "RGB"))
    except (OSError, SyntaxError, ValueError) as error:  # cut short, closed, or a rare mode
        raise ValueError(f"{said} cannot be read: {error}") from None


def _of_numbers(image: Any, name: str) -> np.ndarray:
    """An array of real numbers or truth values."""
    try:
        array = np.asarray(image)
    except (TypeError, ValueError):  # rows of unequal length
        array = np.array(None)
    if array.dtype.kind not in "biuf" or array.ndim == 0:
        what = f"of type {type(image).__name__}"
        if isinstance(image, np.ndarray):
            what = f"an array of {array.dtype}"
        raise ValueError(
            f"{name} is {what}; expected a picture: the path of a file, a Pillow image, or an array"
            " (H, W), (H, W, 3) or (H, W, 4) of numbers"
        )
    return array


# ---- from numbers to colours ----


def _shapes() -> list[tuple[int, ...]]:
    """What may follow height and width."""
    return [(), *((channels,) for channels in CHANNELS)]


def _from_0_to_1(array: np.ndarray, name: str) -> np.ndarray:
    """Numbers in float32 from 0 to 1, by the rule of :func:`read_picture`."""
    if array.dtype == bool:
        return array.astype(np.float32)
    low, high = array.min(), array.max()
    most = 255
    if array.dtype == np.uint16 and high > 255:
        most = 2**16 - 1
    elif array.dtype.kind == "f" and high <= 1 + ROUNDING:
        most = 1
    slack = ROUNDING * most if array.dtype.kind == "f" else 0
    if np.isnan(high):
        raise ValueError(f"{name} holds NaN; expected numbers from 0 to 1, or from 0 to 255")
    if low < -slack or high > most + slack:
        raise ValueError(
            f"{name} is {array.dtype} with values from {low:g} to {high:g}; expected from 0 to 1,"
            " or from 0 to 255"
        )
    if _unclear(array.dtype, high) and most == 255:
        raise ValueError(
            f"{name} is {array.dtype} with {high:g} as its largest value, which does not say"
            f" whether white is 1 or 255; if it is 1: np.clip({name}, 0.0, 1.0)"
        )
    return np.clip(array.astype(np.float32) / np.float32(most), 0, 1)


def _unclear(dtype: np.dtype, high: float) -> bool:
    """Whether a picture would become black that nobody meant to be black."""
    return high <= AMBIGUOUS if dtype.kind == "f" else dtype != np.uint8 and high == 1


def _over_white(array: np.ndarray) -> np.ndarray:
    """``(…, H, W)`` or ``(…, H, W, C)`` as red, green and blue; what is transparent is white."""
    if array.ndim == 2:
        array = array[..., np.newaxis]
    if array.shape[-1] in (2, 4):
        alpha = array[..., -1:]
        array = array[..., :-1] * alpha + (1 - alpha)
    return np.repeat(array, 3, axis=-1) if array.shape[-1] == 1 else array
