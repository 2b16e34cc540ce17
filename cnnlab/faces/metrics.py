"""How good is a verifier? Its two kinds of errors at every threshold, and one-shot accuracy.

Two pictures are accepted as one person if their distance is at most the threshold. A false accept
lets a stranger in; a false reject keeps the right person out. A larger threshold makes more of the
first and fewer of the second, so one number cannot say how good a verifier is: the curve can.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from cnnlab.checks import number, share, whole
from cnnlab.faces import checks
from cnnlab.faces.distances import squared_distances


class Roc(NamedTuple):
    """The receiver operating characteristic: what each threshold accepts, the strictest first."""

    false_accepts: np.ndarray  #: (T,), share of the pairs of different people; rising from 0 to 1
    true_accepts: np.ndarray  #: (T,), share of the pairs of one person; rising from 0 to 1
    thresholds: np.ndarray  #: (T,), −∞, and then each distance that occurs


class Crossing(NamedTuple):
    """Where both kinds of errors are equally frequent."""

    rate: float
    threshold: float


def error_rates(distances: ArrayLike, same: ArrayLike, threshold: float) -> tuple[float, float]:
    """The false-accept rate and the false-reject rate at a threshold.

    Parameters
    ----------
    distances
        ``(N,)``.
    same
        ``(N,)``, whether both pictures of the pair show the same person; some do, some do not.
    threshold
        The largest distance that is accepted.

    Returns
    -------
    float, float
        The share of the pairs of different people that is accepted, and of the pairs of one person
        that is not.

    Raises
    ------
    ValueError
        If an argument is not one of these.
    """
    distances, same = checks.judged(distances, same)
    accepted = distances <= number("threshold", threshold)
    return float(accepted[~same].mean()), float((~accepted[same]).mean())


def roc(distances: ArrayLike, same: ArrayLike) -> Roc:
    """All that a threshold can do: the ROC curve of distances.

    Parameters
    ----------
    distances, same
        As in :func:`error_rates`.

    Raises
    ------
    ValueError
        If an argument is not one of these.
    """
    distances, same = checks.judged(distances, same)
    thresholds = np.unique(distances)
    rates = [
        np.searchsorted(np.sort(some), thresholds, side="right") / len(some)
        for some in (distances[~same], distances[same])
    ]
    return Roc(*(np.append(0.0, rate) for rate in rates), np.append(-np.inf, thresholds))


def equal_error_rate(distances: ArrayLike, same: ArrayLike) -> Crossing:
    """The rate at which false accepts are as frequent as false rejects, and its threshold.

    The rates are steps, so they meet between two thresholds as a rule. There the curve is taken as
    straight.

    Parameters
    ----------
    distances, same
        As in :func:`error_rates`.

    Raises
    ------
    ValueError
        If an argument is not one of these.
    """
    curve = roc(distances, same)
    gap = curve.false_accepts - (1 - curve.true_accepts)  # rises from −1 to 1
    i = int(np.argmax(gap >= 0))  # at least 1: the first gap is −1
    part = -gap[i - 1] / (gap[i] - gap[i - 1])
    low, high = curve.false_accepts[i - 1 : i + 1]
    below, above = curve.thresholds[i - 1 : i + 1]
    threshold = above if np.isinf(below) else below + part * (above - below)
    return Crossing(float(low + part * (high - low)), float(threshold))


def threshold_at(distances: ArrayLike, same: ArrayLike, false_accept_rate: float) -> float:
    """The most generous threshold at which no more strangers are let in than was agreed.

    Choose it on validation pairs, of people who are neither in the training nor in the test. On
    other people the rate will be near what was asked for, not the same.

    Parameters
    ----------
    distances, same
        As in :func:`error_rates`.
    false_accept_rate
        From 0 to 1: the share of pairs of different people that may be accepted.

    Returns
    -------
    float
        One of the distances; or −∞, which accepts nothing, if the smallest of them is too much.

    Raises
    ------
    ValueError
        If an argument is not one of these.
    """
    rate = share("false_accept_rate", false_accept_rate)
    curve = roc(distances, same)
    return float(curve.thresholds[curve.false_accepts <= rate][-1])


def one_shot_accuracy(
    f: ArrayLike, labels: ArrayLike, ways: int = 20, trials: int = 1000, seed: int = 0
) -> float:
    """How often a picture is nearest to the one other picture of the same person.

    A trial takes `ways` people, one picture of each, and a further picture of one of them. It is
    right if the nearest of the `ways` pictures shows the same person. If several are equally near,
    it counts as their share of being right: an encoder that gives the same for all has 1 / `ways`.

    Parameters
    ----------
    f
        Encodings, ``(N, D)``.
    labels
        ``(N,)``, whole numbers: whom each picture shows.
    ways
        How many people, at least 2; chance alone has 1 / `ways`.
    trials
        How many are drawn.
    seed
        Of the draw.

    Raises
    ------
    ValueError
        If there are fewer than `ways` people, or nobody has two pictures.

    References
    ----------
    B. M. Lake, R. Salakhutdinov, J. B. Tenenbaum, Human-level concept learning through
    probabilistic program induction, Science, 2015.
    """
    f = checks.encodings("f", f)
    labels = checks.labels("labels", labels, len(f))
    ways, trials = whole("ways", ways, 2), whole("trials", trials, 1)
    people, index, counts = np.unique(labels, return_inverse=True, return_counts=True)
    if len(people) < ways:
        raise ValueError(f"ways is {ways}, and labels has {len(people)} people; expected as many")
    if counts.max() < 2:
        raise ValueError("labels has nobody twice; expected two pictures of one person")
    pictures = [np.flatnonzero(index == k) for k in range(len(people))]
    rng = np.random.default_rng(whole("seed", seed, 0))
    several = np.flatnonzero(counts >= 2)
    right = 0.0
    for _ in range(trials):
        person = rng.choice(several)
        others = rng.choice(np.delete(np.arange(len(people)), person), ways - 1, replace=False)
        query, known = rng.choice(pictures[person], 2, replace=False)
        shown = [known, *(rng.choice(pictures[k]) for k in others)]
        near = squared_distances(f[[query]], f[shown])[0]  # (ways,)
        nearest = near == near.min()
        right += nearest[0] / nearest.sum()
    return float(right / trials)
