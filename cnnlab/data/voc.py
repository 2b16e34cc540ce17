"""Pascal VOC 2007: photographs with a box around every object of twenty classes."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree

import numpy as np

from cnnlab.data.archives import Archive, decoded, need_pillow
from cnnlab.data.fetch import fetch

#: The 20 classes of Pascal VOC, in its words, as :func:`voc2007` counts them.
VOC_CLASSES = (
    *("aeroplane", "bicycle", "bird", "boat", "bottle", "bus", "car", "cat", "chair", "cow"),
    *("diningtable", "dog", "horse", "motorbike", "person", "pottedplant", "sheep", "sofa"),
    *("train", "tvmonitor"),
)
FILES = {"trainval": "voc2007-trainval", "test": "voc2007-test"}  # names in REMOTE
ROOT = "VOCdevkit/VOC2007"


class Photograph(NamedTuple):
    """One photograph, and what people found in it.

    Attributes
    ----------
    name
        Its number in the set, such as ``"000005"``.
    image
        ``(H, W, 3)`` float32 in [0, 1]; every photograph has a size of its own.
    boxes
        ``(n, 4)`` float32: x_min, y_min, x_max, y_max in pixels, a box covers
        [x_min, x_max) × [y_min, y_max). The file counts from 1 and includes both ends, so that
        its 48, 240, 195, 371 becomes 47, 239, 195, 371 here.
    labels
        ``(n,)`` int64: places in `VOC_CLASSES`.
    difficult
        ``(n,)`` bool: hard to see even for people. The challenge counts such an object neither as
        found nor as missed.
    """

    name: str
    image: np.ndarray
    boxes: np.ndarray
    labels: np.ndarray
    difficult: np.ndarray


class Voc2007(Sequence):
    """The photographs of one part. Each is read from the archive when it is asked for."""

    def __init__(self, archive: Path, part: str):
        self.archive = Archive(archive)
        self.names = tuple(self._read(f"ImageSets/Main/{part}.txt").decode().split())

    def __len__(self) -> int:
        return len(self.names)

    def __getitem__(self, i: int | slice) -> Photograph | list[Photograph]:
        if isinstance(i, slice):
            return [self[j] for j in range(*i.indices(len(self)))]
        name = self.names[i]
        truth = ElementTree.fromstring(self._read(f"Annotations/{name}.xml"))
        # Only children of the root: a person has parts (head, hand, foot) with boxes of their own.
        objects = truth.findall("object")
        sides = ("xmin", "ymin", "xmax", "ymax")
        boxes = [[float(thing.findtext(f"bndbox/{side}")) for side in sides] for thing in objects]
        return Photograph(
            name,
            decoded(self._read(f"JPEGImages/{name}.jpg")) / np.float32(255),
            np.array(boxes, np.float32).reshape(-1, 4) - np.float32([1, 1, 0, 0]),
            np.array([VOC_CLASSES.index(thing.findtext("name")) for thing in objects], np.int64),
            np.array([thing.findtext("difficult", "0") == "1" for thing in objects], bool),
        )

    def _read(self, path: str) -> bytes:
        return self.archive.read(f"{ROOT}/{path}")


def voc2007(part: str = "trainval") -> Voc2007:
    """Pascal VOC 2007, the real set beside the drawn `scenes`, fetched once (460 MB) and kept.

    Parameters
    ----------
    part
        ``"trainval"``: 5,011 photographs to train with. ``"test"``: 4,952 to test with.

    Returns
    -------
    Voc2007
        A sequence of `Photograph`, read one at a time, so the set needs no memory.

    Raises
    ------
    ValueError
        If `part` is neither of the two.
    ImportError
        If Pillow, which scikit-image brings, is not installed.
    OSError
        If the archive is not here and cannot be fetched.

    References
    ----------
    M. Everingham, L. Van Gool, C. K. I. Williams, J. Winn, A. Zisserman, The Pascal Visual Object
    Classes (VOC) Challenge, International Journal of Computer Vision, 2010.
    """
    if not isinstance(part, str) or part not in FILES:
        raise ValueError(f"part is {part!r}; expected one of {', '.join(map(repr, FILES))}")
    need_pillow("voc2007()")
    return Voc2007(fetch(FILES[part]), part)
