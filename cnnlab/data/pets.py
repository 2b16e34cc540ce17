"""Oxford-IIIT Pet: photographs of cats and dogs, with the class of every pixel."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from cnnlab import checks
from cnnlab.data.archives import Archive, decoded, need_pillow, unpacked
from cnnlab.data.fetch import fetch

#: What the masks of :func:`oxford_pets` count, from 0: background, pet, outline.
PET_CLASSES = ("background", "pet", "outline")
PARTS = ("trainval", "test")
CODES = np.array([255, 1, 0, 2], np.uint8)  # the file says 1 pet, 2 background, 3 outline


class Pet(NamedTuple):
    """One photograph, and where the animal is in it.

    Attributes
    ----------
    name
        Its name in the set, such as ``"Abyssinian_100"``.
    image
        ``(H, W, 3)`` float32 in [0, 1]; every photograph has a size of its own.
    mask
        ``(H, W)`` uint8: places in `PET_CLASSES`. The outline is a band of some pixels that its
        authors left open, between animal and background.
    breed
        One of 37, such as ``"Abyssinian"``. Breeds of cats begin with a capital letter.
    """

    name: str
    image: np.ndarray
    mask: np.ndarray
    breed: str


class Pets(Sequence):
    """The photographs of one part. Each is read from the archives when it is asked for."""

    def __init__(self, images: Archive, annotations: Archive, part: str):
        self.images, self.annotations = images, annotations
        lines = annotations.read(f"annotations/{part}.txt").decode().splitlines()
        self.names = tuple(line.split()[0] for line in lines)

    def __len__(self) -> int:
        return len(self.names)

    def __getitem__(self, i: int | slice) -> Pet | list[Pet]:
        if isinstance(i, slice):
            return [self[j] for j in range(*i.indices(len(self)))]
        name = self.names[i]
        trimap = decoded(self.annotations.read(f"annotations/trimaps/{name}.png"), "L")
        return Pet(
            name,
            decoded(self.images.read(f"images/{name}.jpg")) / np.float32(255),
            CODES[trimap],
            name.rpartition("_")[0].replace("_", " "),
        )


def oxford_pets(part: str = "trainval") -> Pets:
    """Oxford-IIIT Pet, the real set beside the drawn scans, fetched once (811 MB) and kept.

    Parameters
    ----------
    part
        ``"trainval"``: 3,680 photographs to train with. ``"test"``: 3,669 to test with.

    Returns
    -------
    Pets
        A sequence of `Pet`, read one at a time, so the set needs no memory; on disk it needs the
        packed archives and once more as much, unpacked.

    Raises
    ------
    ValueError
        If `part` is neither of the two.
    ImportError
        If Pillow, which scikit-image brings, is not installed.
    OSError
        If an archive is not here and cannot be fetched.

    References
    ----------
    O. M. Parkhi, A. Vedaldi, A. Zisserman, C. V. Jawahar, Cats and Dogs, IEEE Conference on
    Computer Vision and Pattern Recognition, 2012.
    """
    checks.one_of("part", part, PARTS)
    need_pillow("oxford_pets()")
    annotations, images = (fetch(f"pets-{what}") for what in ("annotations", "images"))
    return Pets(Archive(unpacked(images)), Archive(unpacked(annotations)), part)
