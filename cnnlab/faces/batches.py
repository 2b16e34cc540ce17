"""Batches that are sure to hold triplets: P people, with K pictures each."""

import keras
import numpy as np
from numpy.typing import ArrayLike

from cnnlab.checks import flag, whole
from cnnlab.faces import checks

MOVED, COVERED = 12, 4  # a picture by up to this part of a side; a rectangle of this part
LIGHT, TINT = (0.8, 1.25), (0.93, 1.07)  # factors of a picture, and of each of its colours


class PKBatches(keras.utils.PyDataset):
    """Batches of P people × K pictures for ``fit``, with new people in each.

    A batch drawn without care rarely holds two pictures of one person, and then it has no triplet.
    People follow each other in a random order, and each has a turn before anybody has a second one
    (but for those that do not fill the last batch of an epoch). Of a person, K different pictures
    are drawn.

    Parameters
    ----------
    images
        ``(N, H, W, C)``.
    labels
        ``(N,)``, whole numbers: whom each picture shows.
    P
        People in a batch, at least 2.
    K
        Pictures of each, at least 2.
    seed
        Of all that is drawn.
    rounds
        How often in an epoch each person has a turn.
    vary
        Show no picture twice as it is; they have to be floats from 0 to 1. Half of the people are
        mirrored, with all their pictures: in a mirror, people are other people. Each picture is
        moved by up to a twelfth of its sides, made darker or brighter, each colour of its own, and
        half of them are covered in part.

    Raises
    ------
    ValueError
        If an argument is not one of these, there are fewer than P people, or somebody has fewer
        than K pictures.
    """

    def __init__(
        self,
        images: ArrayLike,
        labels: ArrayLike,
        P: int = 8,
        K: int = 4,
        seed: int = 0,
        rounds: int = 1,
        vary: bool = False,
    ) -> None:
        super().__init__()
        self.images = np.asarray(images)
        if self.images.ndim != 4:
            raise ValueError(f"images has shape {self.images.shape}; expected (N, H, W, C)")
        if flag("vary", vary):
            _check_light(self.images)
        labels = checks.labels("labels", labels, len(self.images))
        self.P, self.K = whole("P", P, 2), whole("K", K, 2)
        self.rounds, self.vary = whole("rounds", rounds, 1), vary
        names, self.labels, counts = np.unique(labels, return_inverse=True, return_counts=True)
        if len(names) < self.P:
            raise ValueError(
                f"labels has {_count(len(names), 'person', 'people')}; expected at least P = {P}:"
                f" take more people{_at_most('P', len(names))}"
            )
        if counts.min() < self.K:
            raise ValueError(
                f"labels has {_count(counts.min(), 'picture', 'pictures')} of"
                f" {names[counts.argmin()]}; expected at least K = {K} of each: leave out who has"
                f" fewer{_at_most('K', counts.min())}"
            )
        self.pictures = [np.flatnonzero(self.labels == person) for person in range(len(names))]
        self.rng = np.random.default_rng(whole("seed", seed, 0))
        self.on_epoch_end()

    def __len__(self) -> int:
        return len(self.chosen)

    def __getitem__(self, i: int) -> tuple[np.ndarray, np.ndarray]:
        """The pictures ``(P K, H, W, C)`` and labels ``(P K,)`` of a batch, person by person."""
        chosen = self.chosen[i]
        images = self.images[chosen]
        return varied(images, self.K, self.seeds[i]) if self.vary else images, self.labels[chosen]

    def on_epoch_end(self) -> None:
        """Draw the next epoch's people and pictures."""
        people, P = len(self.pictures), self.P
        batches = [
            np.concatenate([self.rng.choice(self.pictures[k], self.K, replace=False) for k in some])
            for _ in range(self.rounds)
            for some in self.rng.permutation(people)[: people // P * P].reshape(-1, P)
        ]
        self.chosen = np.stack(batches)  # (batches, P K)
        self.seeds = self.rng.integers(2**32, size=len(batches))


def _check_light(images: np.ndarray) -> None:
    if images.dtype.kind != "f":
        came = f"dtype {images.dtype}"
    elif images.size and not (images.min() >= 0 and images.max() <= 1):
        came = f"numbers from {images.min():.4g} to {images.max():.4g}"
    else:
        return
    raise ValueError(
        f"images has {came}; expected floats from 0 to 1, since vary makes them darker or brighter"
    )


def _count(count: int, one: str, several: str) -> str:
    return f"{count} {one if count == 1 else several}"


def _at_most(name: str, count: int) -> str:
    """What else one can do, if there are enough of them for any triplet."""
    return f", or take {name} = {count} at most" if count >= 2 else ""


def varied(images: np.ndarray, K: int, seed: int) -> np.ndarray:
    """Pictures ``(P K, H, W, C)`` in another mirror, place and light, some covered in part."""
    rng = np.random.default_rng(seed)
    N, H, W, C = images.shape
    turned = np.repeat(rng.random(N // K) < 0.5, K)
    images = np.where(turned[:, None, None, None], images[:, :, ::-1], images)
    down, right = (rng.integers(-(side // MOVED), side // MOVED + 1, N) for side in (H, W))
    rows = np.clip(np.arange(H) - down[:, None], 0, H - 1)  # (N, H); the border is repeated
    columns = np.clip(np.arange(W) - right[:, None], 0, W - 1)
    images = images[np.arange(N)[:, None, None], rows[:, :, None], columns[:, None, :]]
    light = rng.uniform(*LIGHT, (N, 1, 1, 1)) * rng.uniform(*TINT, (N, 1, 1, C))
    images = images * light.astype(images.dtype)
    for i in np.flatnonzero(rng.random(N) < 0.5):
        top, left = rng.integers(H), rng.integers(W)
        images[i, top : top + H // COVERED, left : left + W // COVERED] = rng.random(C)
    return images
