"""Non-max suppression, one step at a time: drop low scores, take the best, drop its doubles."""

import zlib
from base64 import b64encode
from collections.abc import Sequence
from struct import pack
from typing import Any

import numpy as np
import traitlets
from numpy.typing import ArrayLike

from cnnlab.data.pictures import Picture, read_picture
from cnnlab.detection import checks
from cnnlab.detection.nms import nms
from cnnlab.widgets.frame import Figure, Flag, Threshold, Whole

MOST_BOXES = 26  # each has a letter
MOST_PIXELS = 360  # of a picture's longer side: it is part of the page

NAMES = ("pedestrian", "car", "motorcycle")
STREET = (78, 160)  # height and width of the picture that the figure draws by itself
# x_min, y_min, x_max, y_max, label, score: what a detector may say of that street.
EXAMPLE = (
    (11, 23, 69, 59, 1, 0.91),
    (100, 18, 134, 54, 1, 0.88),
    (104, 12, 128, 58, 0, 0.85),
    (18, 21, 74, 57, 1, 0.82),
    (72, 36, 96, 62, 2, 0.78),
    (6, 28, 60, 62, 1, 0.74),
    (104, 15, 139, 52, 1, 0.7),
    (102, 10, 125, 55, 0, 0.66),
    (76, 38, 101, 65, 2, 0.64),
    (96, 22, 126, 58, 1, 0.63),
    (20, 30, 80, 66, 1, 0.57),
    (142, 40, 158, 58, 2, 0.45),
    (144, 14, 154, 42, 0, 0.31),
)


class NMSStepper(Figure):
    """Walk through non-max suppression: which boxes are dropped, by which other, and why.

    What the reader chose can be read back: ``score_threshold``, ``iou_threshold``, ``per_class``,
    and `kept`, the boxes that non-max suppression leaves with these.

    Parameters
    ----------
    boxes
        Up to 26 boxes (N, 4), (x_min, y_min, x_max, y_max), in pixels of the picture. Without them,
        a street with two cars, a pedestrian and a motorcycle.
    scores
        (N,), in [0, 1].
    labels
        (N,), whole numbers that count in `names`; without them, all boxes are of one class.
    names
        Names of the classes.
    image
        The picture, as `cnnlab.data.read_picture` takes it. It is sent at most 360 pixels wide and
        high. Without it, the ground is plain.

    Raises
    ------
    ValueError
        If an argument has another shape or range, or `scores` is missing.
    """

    script = "nms_stepper"

    boxes = traitlets.List(traitlets.List(traitlets.Float())).tag(sync=True)
    scores = traitlets.List(traitlets.Float()).tag(sync=True)
    labels = traitlets.List(traitlets.Int()).tag(sync=True)
    names = traitlets.List(traitlets.Unicode()).tag(sync=True)
    size = traitlets.List(traitlets.Float()).tag(sync=True)  # height and width of the picture
    image = traitlets.Unicode().tag(sync=True)  # a data URL; "": none
    street = Flag()  # draw the street of the example
    score_threshold = Threshold(0.6)
    iou_threshold = Threshold(0.5)
    per_class = Flag(True)
    position = Whole(0)  # the step that is shown; 0: nothing has happened yet

    def __init__(
        self,
        boxes: ArrayLike | None = None,
        scores: ArrayLike | None = None,
        labels: ArrayLike | None = None,
        names: Sequence[str] = NAMES,
        image: Picture | None = None,
    ):
        if boxes is None:
            if scores is not None or labels is not None or image is not None:
                raise ValueError("boxes is None; expected (N, 4) with scores, labels or image")
            *corners, labels, scores = zip(*EXAMPLE, strict=True)
            state = read(np.transpose(corners), scores, labels, names)
            super().__init__(**state, size=list(STREET), street=True)
            return
        state = read(boxes, scores, labels, names)
        if image is None:
            size = extent(state["boxes"])
            super().__init__(**state, size=size)
        else:
            picture = read_image(image)
            super().__init__(**state, size=list(picture.shape[:2]), image=png(small(picture)))

    @property
    def kept(self) -> np.ndarray:
        """Indices of the boxes that are left, best first, as `cnnlab.detection.nms` has them."""
        boxes = np.reshape(self.boxes, (-1, 4))
        labels = self.labels if self.per_class else None
        return nms(boxes, self.scores, labels, self.iou_threshold, self.score_threshold)


def read(boxes: Any, scores: Any, labels: Any, names: Sequence[str]) -> dict[str, Any]:
    """Turn boxes, scores and labels into the figure's lists, or raise a `ValueError`."""
    if isinstance(names, str) or not all(isinstance(name, str) and name for name in names):
        raise ValueError(f"names is {names!r}; expected names of classes")
    boxes = checks.boxes("boxes", boxes)
    if len(boxes) > MOST_BOXES:
        raise ValueError(f"boxes has shape {boxes.shape}; expected (N, 4), N at most {MOST_BOXES}")
    if scores is None:
        raise ValueError(f"scores is None; expected a number for each of {len(boxes)} boxes")
    scores = checks.scores("scores", scores, len(boxes))
    if scores.size and not (scores.min() >= 0 and scores.max() <= 1):
        raise ValueError(
            f"scores has values from {scores.min():g} to {scores.max():g}; expected [0, 1]"
        )
    if labels is None:
        labels, names = np.zeros(len(boxes), int), ["box"]
    labels = checks.labels("labels", labels, len(boxes), len(names))
    return {
        "boxes": boxes.tolist(),
        "scores": scores.tolist(),
        "labels": labels.tolist(),
        "names": list(names),
    }


def extent(boxes: list[list[float]]) -> list[float]:
    """Height and width of a plain ground that holds the boxes, with a margin."""
    height, width = np.max([[box[3], box[2]] for box in boxes] or [STREET], axis=0)
    return [max(1.05 * float(height), 1.0), max(1.05 * float(width), 1.0)]


# ---- the picture ----


def read_image(image: Any) -> np.ndarray:
    """A picture as (H, W, 3), `uint8`, or a `ValueError`."""
    return np.round(255 * read_picture(image)).astype(np.uint8)


def small(image: np.ndarray) -> np.ndarray:
    """The image with at most 360 pixels a side, each the mean of those it stands for."""
    most = max(image.shape[:2])
    for axis in (0, 1):
        old = image.shape[axis]
        new = min(old, max(1, round(old * MOST_PIXELS / most)))
        edges = np.arange(new) * old // new
        counts = np.diff(edges, append=old).reshape(-1, *[1] * (2 - axis))
        image = np.add.reduceat(image, edges, axis=axis, dtype=float) / counts
    return np.round(image).astype(np.uint8)


def png(image: np.ndarray) -> str:
    """A data URL of an image (H, W, 3): PNG, each pixel as its difference from the one before.

    Of an image (H, W, 1) the file is gray, and a third smaller.
    """
    height, width, channels = image.shape
    before = np.zeros((height, 1, channels), np.uint8)
    lines = np.diff(image, axis=1, prepend=before).reshape(height, -1)
    rows = np.insert(lines, 0, 1, axis=1)  # 1: the filter "Sub"

    def chunk(kind: bytes, data: bytes) -> bytes:
        return pack(">I", len(data)) + kind + data + pack(">I", zlib.crc32(kind + data))

    colours = {1: 0, 3: 2}[channels]  # gray; red, green, blue
    header = pack(">2I5B", width, height, 8, colours, 0, 0, 0)  # 8 bits each
    body = chunk(b"IDAT", zlib.compress(rows.tobytes(), 9))
    data = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + body + chunk(b"IEND", b"")
    return "data:image/png;base64," + b64encode(data).decode("ascii")
