"""The segmentation explorer: a threshold cuts a map of probabilities, and Dice and IoU follow."""

import zlib
from base64 import b64decode, b64encode
from collections.abc import Sequence
from typing import Any

import numpy as np
import traitlets
from numpy.typing import ArrayLike

from cnnlab import checks
from cnnlab.data.pictures import Picture
from cnnlab.segmentation.checks import check_masks
from cnnlab.widgets.frame import Figure, OneOf, Threshold, Whole
from cnnlab.widgets.nms_stepper import png, read_image

MOST_IMAGES, MOST_PIXELS = 12, 160  # and pixels of a side: all of it is part of the page
MOST_BYTES = 400_000  # of all images, masks and probabilities, as they are sent


class SegmentationExplorer(Figure):
    """Choose an image, a class and a threshold: see what is found, what is missed, and the scores.

    A pixel counts as found if its probability is at least the threshold, whatever those of the
    other classes are.

    What the reader chose can be read back: ``shown`` and ``chosen``, the indices of the image and
    the class, ``threshold``, ``overlay`` and ``opacity``; and `counts`, `dice` and `iou` for these.

    Parameters
    ----------
    images
        Up to 12 pictures of one size, each as `cnnlab.data.read_picture` takes it, at most 160
        pixels on a side. Without them, three small pictures of cells.
    masks
        The truth, (N, H, W), whole numbers from 0 to C − 1.
    probabilities
        (N, H, W, C), in [0, 1]: what the network says of every class. Or (N, H, W), of one class,
        with masks of 0 and 1. Each is kept as one of 256 steps, so that a page stays small: 6
        images of 96 × 96 with 4 classes take about 100 kB.
    names
        Of the C classes; or the name of the one class.

    Raises
    ------
    ValueError
        If shapes differ, a mask holds an unknown label, a probability is not in [0, 1], or the page
        would carry more than 400 kB.
    """

    script = "segmentation_explorer"
    images = traitlets.List(traitlets.Unicode()).tag(sync=True)  # data URLs
    size = traitlets.List(traitlets.Int()).tag(sync=True)  # height and width
    names = traitlets.List(traitlets.Unicode()).tag(sync=True)
    labels = traitlets.List(traitlets.Int()).tag(sync=True)  # what the masks call each of these
    masks = traitlets.Unicode().tag(sync=True)  # (N, H, W) bytes: zlib, then base64
    probabilities = traitlets.Unicode().tag(sync=True)  # (N, C, H, W) bytes of 0 to 255, the same
    shown = Whole(0)
    chosen = Whole(0)
    threshold = Threshold(0.5)
    overlay = OneOf("agreement", "truth", "prediction", "probability")
    opacity = Threshold(0.6)

    def __init__(
        self,
        images: Sequence[Picture] | None = None,
        masks: ArrayLike | None = None,
        probabilities: ArrayLike | None = None,
        names: Sequence[str] | str | None = None,
    ):
        if images is None and masks is None and probabilities is None:
            images, masks, probabilities, names = example()
        given = {"images": images, "masks": masks, "probabilities": probabilities}
        missing = [name for name, value in given.items() if value is None]
        if missing:
            raise ValueError(f"{missing[0]} is None; expected images, masks and probabilities")
        pictures = read_images(images)
        shape = pictures.shape[:3]
        planes = read_probabilities(probabilities, shape)
        C = planes.shape[1]
        truth = check_masks(masks, max(C, 2), shape)
        state = {
            "images": [png(one) for one in pictures],
            "masks": packed(truth),
            "probabilities": packed(planes),
        }
        sent = len(state["masks"]) + len(state["probabilities"]) + sum(map(len, state["images"]))
        if sent > MOST_BYTES:
            raise ValueError(
                f"images has shape {pictures.shape}, which takes {sent // 1000} kB of the page; "
                f"expected at most {MOST_BYTES // 1000} kB: fewer images, or smaller ones"
            )
        super().__init__(
            **state,
            size=list(shape[1:]),
            names=read_names(names, C),
            labels=list(range(C)) if C > 1 else [1],
            chosen=min(C - 1, 1),  # not the background, where there is one
        )

    @property
    def counts(self) -> dict[str, int]:
        """Pixels of the image and the class shown: "tp", "fp", "fn" and "tn"."""
        N, P, size = len(self.images), len(self.names), tuple(self.size)
        truth = unpacked(self.masks, (N, *size))[self.shown] == self.labels[self.chosen]
        plane = unpacked(self.probabilities, (N, P, *size))[self.shown, self.chosen]
        found = plane >= 255 * self.threshold
        kinds = {"tp": found & truth, "fp": found & ~truth, "fn": truth & ~found}
        kinds["tn"] = ~found & ~truth
        return {name: int(kind.sum()) for name, kind in kinds.items()}

    @property
    def dice(self) -> float:
        """2·TP / (2·TP + FP + FN); NaN where the class is neither there nor found."""
        n = self.counts
        return ratio(2 * n["tp"], 2 * n["tp"] + n["fp"] + n["fn"])

    @property
    def iou(self) -> float:
        """TP / (TP + FP + FN); NaN where the class is neither there nor found."""
        n = self.counts
        return ratio(n["tp"], n["tp"] + n["fp"] + n["fn"])

    @traitlets.validate("shown", "chosen")
    def _is_there(self, proposal: Any) -> int:
        name, many = proposal["trait"].name, {"shown": self.images, "chosen": self.names}
        return checks.whole(name, proposal["value"], 0, len(many[name]) - 1)


def ratio(part: int, whole: int) -> float:
    """The quotient, or NaN for 0 / 0."""
    return part / whole if whole else float("nan")


# ---- what the page carries ----


def packed(array: np.ndarray) -> str:
    """Bytes, compressed by zlib, as text in base64."""
    return b64encode(zlib.compress(array.astype(np.uint8).tobytes(), 9)).decode("ascii")


def unpacked(text: str, shape: tuple[int, ...]) -> np.ndarray:
    """What `packed` made into text."""
    return np.frombuffer(zlib.decompress(b64decode(text)), np.uint8).reshape(shape)


# ---- arguments ----


def read_images(images: Any) -> np.ndarray:
    """Pictures as (N, H, W, 3), or (N, H, W, 1) if all are gray, `uint8`; or a `ValueError`."""
    if not 1 <= len(images) <= MOST_IMAGES:
        raise ValueError(f"images has {len(images)} pictures; expected 1 to {MOST_IMAGES}")
    pictures = [read_image(one) for one in images]
    for picture in pictures:
        if picture.shape != pictures[0].shape or max(picture.shape) > MOST_PIXELS:
            raise ValueError(
                f"images has a picture of shape {picture.shape}; expected all of one size, at most "
                f"{MOST_PIXELS} × {MOST_PIXELS}"
            )
    array = np.stack(pictures)  # (N, H, W, 3)
    return array[..., :1] if (array == array[..., :1]).all() else array


def read_probabilities(value: ArrayLike, shape: tuple[int, ...]) -> np.ndarray:
    """Probabilities as (N, C, H, W), `uint8`, or a `ValueError`."""
    array = np.asarray(value)
    if array.shape == shape:
        array = array[..., np.newaxis]
    if array.ndim != 4 or array.shape[:3] != shape or not array.shape[3]:
        raise ValueError(
            f"probabilities has shape {array.shape}; expected {(*shape, 'C')} or, of one class, "
            f"{shape}, as images has"
        )
    if array.dtype.kind != "f" or not (array.min() >= 0 and array.max() <= 1):  # nor NaN
        raise ValueError(
            f"probabilities has {array.dtype}, not all in [0, 1]; expected floats in [0, 1]"
        )
    return np.round(255 * array).astype(np.uint8).transpose(0, 3, 1, 2)


def read_names(names: Any, count: int) -> list[str]:
    """A name for each class, or a `ValueError`."""
    if names is None:
        return [f"class {i}" for i in range(count)] if count > 1 else ["foreground"]
    names = [names] if isinstance(names, str) else list(names)
    if len(names) != count or not all(isinstance(name, str) and name for name in names):
        raise ValueError(f"names is {names!r}; expected {count}, one for each of probabilities")
    return names


# ---- the example: cells with a nucleus, and what a network that learned them may say ----

CELLS = (  # of each picture: middle (y, x), radius, and the nucleus's radius; 0: it has none
    ((16, 16, 12, 5), (31, 40, 14, 6), (9, 54, 8, 3)),
    ((24, 30, 17, 7), (10, 7, 7, 3), (38, 56, 9, 4)),
    ((15, 44, 13, 0), (33, 19, 12, 0)),
)


def example() -> tuple[np.ndarray, np.ndarray, np.ndarray, list[str]]:
    """Pictures, masks, probabilities, and names. The last picture has no nucleus."""
    rng = np.random.default_rng(7)
    y, x = np.mgrid[:48, :64]
    made = [cells(rng, y, x, np.array(some).T[..., np.newaxis, np.newaxis]) for some in CELLS]
    images, masks, probabilities = (np.stack(parts) for parts in zip(*made, strict=True))
    return images, masks, probabilities, ["background", "cell", "nucleus"]


def cells(rng: np.random.Generator, y: np.ndarray, x: np.ndarray, some: np.ndarray) -> tuple:
    """A picture (H, W), its mask, and probabilities (H, W, 3) that err near the edges."""
    top, left, *radii = some
    far = np.hypot(y - top, x - left)  # (cells, H, W)
    cell, nucleus = ((radius - far).max(0) for radius in radii)  # how far inside
    nucleus = np.where(radii[1].max() > 0, nucleus, -9)
    picture = 0.25 + 0.35 * (cell > 0) + 0.2 * (nucleus > 0) + rng.normal(0, 0.06, y.shape)
    phases = rng.uniform(0, 2 * np.pi, (2, 3))
    waves = ((a + y / 5, b + x / 4, c + (x + y) / 3) for a, b, c in phases)
    error = [sum(map(np.sin, three)) for three in waves]
    is_cell = 1 / (1 + np.exp(-(cell + error[0]) / 1.2))
    is_nucleus = is_cell / (1 + np.exp(-(nucleus + 1.5 * error[1] - 1) / 1.5))
    shares = np.stack([1 - is_cell, is_cell - is_nucleus, is_nucleus], axis=-1)
    return picture.clip(0, 1), np.where(nucleus > 0, 2, cell > 0), shares.clip(0, 1)
