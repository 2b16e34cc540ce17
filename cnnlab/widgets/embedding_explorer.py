"""Encodings in a plane, as they move through training, and the pictures that they stand for."""

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
import traitlets
from numpy.typing import ArrayLike

from cnnlab.checks import array, whole
from cnnlab.data.pictures import Picture
from cnnlab.widgets.frame import Figure, Flag, Whole
from cnnlab.widgets.nms_stepper import read_image
from cnnlab.widgets.photos import webp

MOST_POINTS = 300
MOST_PICTURES = 60  # they are part of the page
MOST_NUMBERS = 20_000  # points times snapshots
MOST_LABELS = 26  # each has a letter
SIDE = 64  # of a picture, in pixels
LETTERS = 16_384  # of a data URL
QUALITY = 85  # from 1 to 100: a seventh of the bytes that a lossless file of noise takes
DATA_URL = re.compile(r"data:image/(png|webp|jpeg);base64,[A-Za-z0-9+/]+=*")


class EmbeddingExplorer(Figure):
    """Watch encodings move through training, and see the picture behind each and its nearest.

    Encodings of more than two numbers are shown in one plane for all snapshots: that of the two
    principal axes of the last (or, if that has collapsed, of the widest). Which encodings are
    nearest is found among all their numbers, not in the plane.

    What the reader chose can be read back: ``position``, the snapshot; ``chosen``, the picture; and
    `agreement` of that snapshot.

    Parameters
    ----------
    embeddings
        (S, N, D): the encodings of the same N pictures at S moments of the training. S is at least
        2; N from 2 to 300; D at least 2.
    labels
        (N,), words or whole numbers: who or what is on each picture. At most 26 different ones.
    pictures
        At most 60, each as `cnnlab.data.read_picture` takes it, at most 64 × 64 pixels, or a
        data URL of a PNG, WebP or JPEG of at most 16 KB.
    steps
        (S,), rising whole numbers: how many steps of training lie behind. None: 0, 1, 2, …

    Raises
    ------
    ValueError
        If shapes do not fit, a number is NaN or infinite, or there is too much for a page.
    """

    script = "embedding_explorer"
    snapshots = traitlets.List().tag(sync=True)  # (S, N, 2)
    steps = traitlets.List(traitlets.Int()).tag(sync=True)
    labels = traitlets.List(traitlets.Int()).tag(sync=True)  # they count in names
    names = traitlets.List(traitlets.Unicode()).tag(sync=True)
    pictures = traitlets.List(traitlets.Unicode()).tag(sync=True)  # data URLs; empty: none
    nearest = traitlets.List(traitlets.List(traitlets.Int())).tag(sync=True)  # (S, N)
    distances = traitlets.List(traitlets.List(traitlets.Float())).tag(sync=True)  # to these
    kept = traitlets.List(traitlets.Float()).tag(sync=True)  # (S,), the share of the spread shown
    size = Whole(2)  # D
    position = Whole(0)
    chosen = Whole(0)
    only = Whole(0, at_most=MOST_LABELS)  # 0: all labels; else the number of one, from 1
    as_pictures = Flag()

    def __init__(
        self,
        embeddings: ArrayLike | Sequence[ArrayLike],
        labels: Sequence[str | int],
        pictures: Sequence[Picture] | None = None,
        steps: Sequence[int] | None = None,
    ):
        found = read(embeddings)
        count = found.shape[1]
        plane, kept = project(found)
        nearest, distances = neighbours(found)
        numbers, names = read_labels(labels, count)
        super().__init__(
            snapshots=rounded(plane).tolist(),
            steps=read_steps(steps, len(found)),
            labels=numbers,
            names=names,
            pictures=[] if pictures is None else read_pictures(pictures, count),
            nearest=nearest.tolist(),
            distances=rounded(distances).tolist(),
            kept=kept.round(4).tolist(),
            size=found.shape[2],
        )

    @property
    def agreement(self) -> float:
        """The share of the pictures whose nearest neighbour has their own label."""
        labels = np.array(self.labels)
        return float((labels[self.nearest[self.position]] == labels).mean())

    @traitlets.validate("position", "chosen")
    def _check_index(self, proposal: Any) -> int:
        name, value = proposal["trait"].name, proposal["value"]
        last = len({"position": self.steps, "chosen": self.labels}[name]) - 1
        return whole(name, value, 0, max(last, 0))


# ---- what is given ----


def read(embeddings: Any) -> np.ndarray:
    """The encodings, (S, N, D) in float64, or a `ValueError`."""
    found = array("embeddings", embeddings, "S, N, D").astype(float)
    S, N, D = found.shape
    if S < 2 or not 2 <= N <= MOST_POINTS or D < 2 or S * N > MOST_NUMBERS:
        raise ValueError(
            f"embeddings has shape {found.shape}; expected (S, N, D): S at least 2, N from 2 to "
            f"{MOST_POINTS}, S · N at most {MOST_NUMBERS}, D at least 2"
        )
    if not np.isfinite(found).all():
        raise ValueError("embeddings holds NaN or infinity; expected finite numbers")
    return found


def read_labels(labels: Any, count: int) -> tuple[list[int], list[str]]:
    """For each picture the index of its label, and the labels; or a `ValueError`."""
    if isinstance(labels, str) or len(labels) != count:
        raise ValueError(f"labels has length {len(labels)}; expected {count}, one for each picture")
    words = [str(one) if isinstance(one, str) else str(whole("labels", one, 0)) for one in labels]
    names = sorted(set(words), key=natural)
    if not all(names) or len(names) > MOST_LABELS:
        raise ValueError(
            f"labels has {len(names)} different ones, {names[:3]} …; expected from 1 to "
            f"{MOST_LABELS}, none empty"
        )
    return [names.index(word) for word in words], names


def natural(word: str) -> list[str | int]:
    """How words are sorted: "person 9" comes before "person 10"."""
    return [int(part) if i % 2 else part for i, part in enumerate(re.split("([0-9]+)", word))]


def read_steps(steps: Any, count: int) -> list[int]:
    """The steps of the training, or a `ValueError`."""
    if steps is None:
        return list(range(count))
    if len(steps) != count:
        raise ValueError(f"steps has length {len(steps)}; expected {count}, one for each snapshot")
    found = [whole("steps", one, 0) for one in steps]
    if not (np.diff(found) > 0).all():
        raise ValueError(f"steps is {found}; expected numbers that rise")
    return found


def read_pictures(pictures: Any, count: int) -> list[str]:
    """Data URLs of the pictures, or a `ValueError`."""
    if isinstance(pictures, str) or len(pictures) != count or count > MOST_PICTURES:
        raise ValueError(
            f"pictures has length {len(pictures)}; expected {count}, one for each encoding, and at "
            f"most {MOST_PICTURES}"
        )
    return [read_small(f"pictures[{i}]", one) for i, one in enumerate(pictures)]


def read_small(name: str, picture: Any) -> str:
    """The data URL of a picture, or a `ValueError`."""
    if isinstance(picture, str) and picture.startswith("data:"):
        if not DATA_URL.fullmatch(picture) or len(picture) > LETTERS:
            raise ValueError(
                f"{name} is {picture[:40]} …, {len(picture)} letters; expected a data URL of a "
                f"PNG, WebP or JPEG in base64, at most {LETTERS} letters"
            )
        return picture
    try:
        found = read_image(picture)
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from None
    if max(found.shape[:2]) > SIDE:
        raise ValueError(
            f"{name} has {found.shape[0]} × {found.shape[1]} pixels; expected at most "
            f"{SIDE} × {SIDE}, because all pictures are part of the page"
        )
    return webp(found, QUALITY)


# ---- what is shown ----


def project(embeddings: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Encodings in one plane, (S, N, 2), and the share of each snapshot's spread that it shows."""
    if embeddings.shape[2] == 2:
        return embeddings, np.ones(len(embeddings))
    centred = embeddings - embeddings.mean(axis=1, keepdims=True)
    spread = (centred**2).sum(axis=(1, 2))
    chosen = len(spread) - 1 if spread[-1] > spread.max() / 100 else int(spread.argmax())
    axes = np.linalg.svd(centred[chosen], full_matrices=False)[2]  # (min(N, D), D)
    axes = axes[:2] * np.sign(axes[:2, np.abs(axes[:2]).argmax(axis=1)].diagonal())[:, None]
    shown = ((centred @ axes.T) ** 2).sum(axis=(1, 2))
    kept = np.divide(shown, spread, out=np.ones_like(spread), where=spread > 0)
    return (embeddings - embeddings[chosen].mean(axis=0)) @ axes.T, kept


def neighbours(embeddings: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """For each encoding the nearest other one of its snapshot, and its distance: (S, N) each."""
    found = []
    for one in embeddings:
        apart = np.stack([np.linalg.norm(one - row, axis=1) for row in one])  # (N, N)
        np.fill_diagonal(apart, np.inf)
        nearest = apart.argmin(axis=1)
        found.append((nearest, apart[np.arange(len(one)), nearest]))
    nearest, distances = zip(*found, strict=True)
    return np.stack(nearest), np.stack(distances)


def rounded(values: np.ndarray) -> np.ndarray:
    """Four digits of the largest number, and as many decimals of the others."""
    most = np.abs(values).max()
    return values.round(3 - int(np.floor(np.log10(most)))) + 0.0 if most > 0 else values
