"""Pairs of pictures to train and to test with."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from cnnlab.checks import whole
from cnnlab.faces import checks


class Pairs(NamedTuple):
    """Pairs of pictures, by their places in a set."""

    first: np.ndarray  #: (count,)
    second: np.ndarray  #: (count,), never the same place as in `first`
    same: np.ndarray  #: (count,), whether both show one person


def pairs(labels: ArrayLike, count: int, seed: int = 0) -> Pairs:
    """Draw pairs: half of them of one person, half of two, in an order without a pattern.

    People are drawn before pictures, so that somebody with many pictures is not there more often. A
    picture is never paired with itself. If `count` is odd, there is one more pair of two people.

    Parameters
    ----------
    labels
        ``(N,)``, whole numbers: whom each picture shows.
    count
        How many, at least 2.
    seed
        Of the draw.

    Returns
    -------
    Pairs
        So ``x[first], x[second]`` are the pictures.

    Raises
    ------
    ValueError
        If labels are no whole numbers, there is only one person, or nobody has two pictures.
    """
    labels, count = checks.labels("labels", labels), whole("count", count, 2)
    people = [np.flatnonzero(labels == person) for person in np.unique(labels)]
    several = [pictures for pictures in people if len(pictures) > 1]
    if len(people) < 2 or not several:
        raise ValueError(
            f"labels has {len(people)} people, {len(several)} of them with two pictures or more;"
            " expected at least 2 people, and one with two pictures"
        )
    rng = np.random.default_rng(whole("seed", seed, 0))
    drawn = [
        rng.choice(several[rng.integers(len(several))], 2, replace=False) for _ in range(count // 2)
    ]
    for _ in range(count - count // 2):
        a, b = rng.choice(len(people), 2, replace=False)
        drawn.append(np.array([rng.choice(people[a]), rng.choice(people[b])]))
    first, second = np.array(drawn)[rng.permutation(count)].T
    return Pairs(first, second, labels[first] == labels[second])
