"""Files read out of an archive as it was published, one at a time."""

import gzip
import io
import shutil
import tarfile
from importlib.util import find_spec
from pathlib import Path
from tempfile import NamedTemporaryFile

import numpy as np


class Archive:
    """A tar whose files are read by name. It is not packed, so a seek and a read are enough."""

    def __init__(self, path: Path):
        self.path = path
        with tarfile.open(path, "r:") as tar:
            self._places = {file.name: (file.offset_data, file.size) for file in tar}

    def read(self, name: str) -> bytes:
        """The bytes of a file."""
        start, size = self._places[name]
        with self.path.open("rb") as file:
            file.seek(start)
            return file.read(size)


def unpacked(packed: Path) -> Path:
    """The tar in a ``.tar.gz``, unpacked once and kept beside it, never partly there."""
    tar = packed.with_suffix("")
    if not tar.exists():
        with NamedTemporaryFile(dir=packed.parent, delete=False) as part:
            try:
                with gzip.open(packed) as file:
                    shutil.copyfileobj(file, part, 2**20)
                part.close()
                Path(part.name).replace(tar)
            except BaseException:
                Path(part.name).unlink(missing_ok=True)
                raise
    return tar


def need_pillow(what: str) -> None:
    """Find out that Pillow is missing before an archive has come."""
    if find_spec("PIL") is None:
        raise ImportError(f"{what} needs Pillow, which is not installed: pip install pillow")


def decoded(data: bytes, mode: str = "RGB") -> np.ndarray:
    """A picture file's pixels, ``(H, W, 3)`` for RGB and ``(H, W)`` for L, uint8."""
    from PIL import Image

    return np.asarray(Image.open(io.BytesIO(data)).convert(mode))
