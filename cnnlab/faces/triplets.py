"""Which triplets still teach something? Easy, semi-hard and hard ones, counted."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from cnnlab.faces import checks
from cnnlab.faces.distances import squared_distances


class Kinds(NamedTuple):
    """How many triplets of each kind a batch holds."""

    easy: int  #: the negative is farther than the positive by the margin or more: no loss
    semi_hard: int  #: the negative is farther, but by less than the margin
    hard: int  #: the negative is nearer than the positive, or equally near


def count_kinds(labels: ArrayLike, f: ArrayLike, margin: float = 0.2) -> Kinds:
    """Count all triplets of a batch by how hard they are.

    Parameters
    ----------
    labels
        ``(N,)``, whole numbers: whom each picture shows.
    f
        Encodings, ``(N, D)``.
    margin
        α, at least 0.

    Raises
    ------
    ValueError
        If an argument is not one of these.
    """
    margin = checks.margin(margin)
    f = checks.encodings("f", f)
    labels = checks.labels("labels", labels, len(f))
    d, same = squared_distances(f), labels[:, None] == labels
    counts = np.zeros(3, int)
    for a in range(len(f)):  # (positives, negatives) at a time
        positive = same[a] & (np.arange(len(f)) != a)
        gap = d[a][~same[a]] - d[a][positive][:, None]
        hard, easy = gap <= 0, gap >= margin
        counts += (easy & ~hard).sum(), (~easy & ~hard).sum(), hard.sum()
    return Kinds(*counts.tolist())
