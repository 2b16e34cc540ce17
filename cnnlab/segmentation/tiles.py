"""An image that is too large for memory, predicted tile by tile.

Tiles begin where the network would halve the whole image too: at multiples of ``2^depth``. Then a
tile sees the same pairs of cells pooled as the whole image does, and gives the same numbers
wherever it sees all that they depend on.
"""

import sys
from typing import NamedTuple, Protocol

import numpy as np
from tqdm import tqdm

from cnnlab.checks import whole


class Model(Protocol):
    """What is needed of a Keras model."""

    input_shape: tuple[int | None, ...]  #: (None, H, W, C)
    output_shape: tuple[int | None, ...]  #: (None, H_out, W_out, classes)

    def predict_on_batch(self, x: np.ndarray) -> np.ndarray: ...


class Piece(NamedTuple):
    """A tile along one axis, in cells of the image."""

    start: int  #: where it begins; below 0 where it needs a mirror
    first: int  #: of its prediction, the first cell that is kept
    last: int  #: and the cell after the last


def predict_tiled(
    model: Model,
    image: np.ndarray,
    overlap: int | None = None,
    multiple: int = 16,
    out: np.ndarray | None = None,
    progress: bool = True,
) -> np.ndarray:
    """The prediction for every pixel of an image, by a network for small ones.

    With a network of ``padding="valid"``, this is the overlap-tile strategy of the U-Net paper: the
    tiles' predictions lie side by side, and are exactly those for the whole image. Only where
    pixels are missing at the image's border a mirror shows what may be there.

    With ``"same"``, a tile's own border is zeros, which the whole image has not there. So tiles
    overlap, and what is near a tile's border is thrown away. With an overlap as large as the
    network sees, the rest is exactly as for the whole image; with less, nearly.

    Parameters
    ----------
    model
        From :func:`cnnlab.segmentation.unet`, or any from images of one size to maps of the same
        size, or of a smaller one around the same middle. The size that it was built for is the
        tile's.
    image
        ``(H, W, C)``, of any size. It is read tile by tile, so that it may be a `numpy.memmap`.
    overlap
        What is thrown away on each side of a tile's prediction, in pixels. None: nothing for a
        network of "valid" padding, and for "same" an eighth of the tile.
    multiple
        ``2^depth`` of the network: 16 for the original U-Net.
    out
        ``(H, W, classes)``, an array to write into, such as a `numpy.memmap`. None: a new one.
    progress
        Show a bar, on stderr.

    Returns
    -------
    numpy.ndarray
        `out`, or a new float32 array, ``(H, W, classes)``. Beside the image and this, memory is
        needed for one tile.

    Raises
    ------
    ValueError
        If the model has no fixed size, its prediction is larger than its input, the image has other
        axes or channels or is empty, the overlap leaves nothing of a tile, or `out` has another
        shape, or whole numbers.
    """
    tile, made = _sizes(model)
    multiple = whole("multiple", multiple, 1)
    channels, classes = model.input_shape[-1], model.output_shape[-1]
    if np.ndim(image) != 3 or 0 in np.shape(image) or np.shape(image)[2] != channels:
        raise ValueError(f"image has shape {np.shape(image)}; expected (H, W, {channels})")
    image = image if hasattr(image, "shape") else np.asarray(image)  # a memmap stays on disk
    if image.dtype.kind not in "biuf":
        raise ValueError(f"image has dtype {image.dtype}; expected numbers")
    H, W, _ = image.shape
    if out is None:
        out = np.empty((H, W, classes), np.float32)
    elif np.shape(out) != (H, W, classes):
        raise ValueError(f"out has shape {np.shape(out)}; expected {(H, W, classes)}")
    elif not isinstance(out, np.ndarray) or out.dtype.kind != "f":
        raise ValueError(f"out is {getattr(out, 'dtype', type(out))}; expected an array of floats")
    rows, columns = (
        _pieces(*sizes, overlap, multiple) for sizes in zip((H, W), tile, made, strict=True)
    )
    top, left = ((n - m) // 2 for n, m in zip(tile, made, strict=True))
    count = len(rows) * len(columns)
    with tqdm(total=count, unit="tile", file=sys.stderr, disable=not progress) as bar:
        for row in rows:
            for column in columns:
                seen = _read(image, row.start, column.start, tile)
                y = model.predict_on_batch(seen[None])[0]
                above, before = row.start + top, column.start + left
                out[row.first : row.last, column.first : column.last] = y[
                    row.first - above : row.last - above,
                    column.first - before : column.last - before,
                ]
                bar.update()
    return out


def _sizes(model: Model) -> tuple[tuple[int, int], tuple[int, int]]:
    """Height and width of what the model takes, and of what it gives."""
    if not hasattr(model, "input_shape"):
        raise ValueError(f"model is {model!r:.60}; expected a Keras model of images")
    tile, made = model.input_shape[1:3], model.output_shape[1:3]
    if None in (*tile, *made):
        raise ValueError(
            f"model takes images of {tile}; expected one that was built for a fixed height and"
            " width, which are the tile's"
        )
    if any(m > n or (n - m) % 2 for n, m in zip(tile, made, strict=True)):
        raise ValueError(
            f"model turns {tile} cells into {made}; expected as many, or as many less on each side"
        )
    return tuple(tile), tuple(made)


def _pieces(n: int, tile: int, made: int, overlap: int | None, multiple: int) -> list[Piece]:
    """Tiles along one axis of n cells, so that every cell is kept once."""
    if overlap is None:
        overlap = 0 if made < tile else tile // 8
    margin = (tile - made) // 2 + whole("overlap", overlap, 0)
    same = made == tile
    step = (tile - 2 * margin) // multiple * multiple
    if step < 1 and not (same and n <= tile):
        raise ValueError(
            f"overlap is {overlap}, and of a tile of {tile} cells {max(tile - 2 * margin, 0)} are"
            f" left; expected at least {multiple}, the multiple: a larger tile, or less overlap"
        )
    start, done, found = 0 if same else -margin // multiple * multiple, 0, []
    while done < n:
        if same and n <= start + tile:  # the last: no farther than to the image's end
            start = max(-((tile - n) // multiple) * multiple, 0)
            end = n
        else:
            end = min(start + tile - margin, n)
        found.append(Piece(start, done, end))
        start, done = start + step, end
    return found


def _read(image: np.ndarray, top: int, left: int, tile: tuple[int, int]) -> np.ndarray:
    """A tile of the image; a mirror at its border shows what lies beyond."""
    places = (
        _mirrored(np.arange(start, start + size), n)
        for start, size, n in zip((top, left), tile, image.shape, strict=False)
    )
    return np.asarray(image[np.ix_(*places)], np.float32)  # (tile, tile, C): no more is read


def _mirrored(places: np.ndarray, n: int) -> np.ndarray:
    """Places beyond the border, reflected on the outermost cell: −1 is 1, and n is n − 2."""
    if n == 1:
        return np.zeros_like(places)
    places = np.abs(places) % (2 * (n - 1))
    return np.minimum(places, 2 * (n - 1) - places)
