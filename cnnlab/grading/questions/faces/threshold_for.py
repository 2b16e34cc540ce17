"""The threshold of a verification, for a rate of false accepts."""

from collections.abc import Callable
from functools import partial

import numpy as np

from cnnlab.grading.question import (
    FLOAT64,
    Case,
    Question,
    Wrong,
)

Accepts = Callable[[float, float], bool]


def at_most(distance: float, threshold: float) -> bool:
    return distance <= threshold


def below(distance: float, threshold: float) -> bool:
    return distance < threshold


def accepted(distances: np.ndarray, which: np.ndarray, threshold: float, accepts: Accepts) -> int:
    """How many of the pairs of one kind are accepted."""
    return sum(accepts(d, threshold) for d, one in zip(distances, which, strict=True) if one)


def rejects_at(
    distances: np.ndarray, same: np.ndarray, threshold: float, accepts: Accepts = at_most
) -> float:
    return 1 - accepted(distances, same, threshold, accepts) / sum(same)


def threshold_for(
    distances: np.ndarray,
    same: np.ndarray,
    rate: float,
    accepts: Accepts = at_most,
    enough: Accepts = at_most,
    out_of: Callable[[np.ndarray, np.ndarray], float] = lambda same, taken: sum(~same),
    candidates: Callable[..., np.ndarray] = lambda distances, same: distances,
    best: Callable[..., float] = max,
    judged: Accepts | None = None,
) -> tuple[float, float]:
    """Tries each distance as the threshold."""
    good = []
    for threshold in candidates(distances, same):
        taken = np.array([accepts(distance, threshold) for distance in distances])
        wrong = accepted(distances, ~same, threshold, accepts)
        if enough(wrong / max(out_of(same, taken), 1), rate):
            good.append(threshold)
    threshold = float(best(good)) if good else 0.0
    return threshold, rejects_at(distances, same, threshold, judged or accepts)


def kinds_swapped(distances, same, rate):
    """As if the true pairs were those of different people."""
    return threshold_for(distances, ~same, rate)


def for_false_rejects(distances, same, rate):
    """The smallest threshold with so few false rejects."""
    good = [one for one in distances if rejects_at(distances, same, one) <= rate]
    threshold = float(min(good))
    return threshold, rejects_at(distances, same, threshold)


def one_too_many(distances, same, rate):
    """The first distance at which the rate is passed."""
    threshold = threshold_for(distances, same, rate)[0]
    beyond = float(min((d for d in distances if d > threshold), default=threshold))
    return beyond, rejects_at(distances, same, beyond)


def interpolated(distances, same, rate):
    threshold = np.quantile(distances[~same], rate)
    return threshold, rejects_at(distances, same, threshold)


def ties_split(distances, same, rate, same_first=False):
    """So many of the sorted different pairs, though the next has the same distance."""
    allowed = int(rate * sum(~same) + 1e-9)
    order = np.lexsort((same != same_first, distances))
    wrong = np.cumsum(~same[order])
    place = np.flatnonzero(wrong <= allowed)
    threshold = float(distances[order][place[-1]]) if len(place) else 0.0
    return threshold, rejects_at(distances, same, threshold)


def last_stranger_allowed(distances, same, rate):
    """So many of the sorted different pairs, and the distance of the last one."""
    strangers = np.sort(distances[~same])
    allowed = int(rate * len(strangers) + 1e-9)
    threshold = float(strangers[allowed - 1]) if allowed else 0.0
    return threshold, rejects_at(distances, same, threshold)


def where_rates_meet(distances, same, rate):
    def gap(threshold):
        wrong = accepted(distances, ~same, threshold, at_most) / sum(~same)
        return abs(wrong - rejects_at(distances, same, threshold))

    threshold = float(min(sorted(distances), key=gap))
    return threshold, rejects_at(distances, same, threshold)


def second(change: Callable[..., float]) -> Callable[..., tuple[float, float]]:
    """The right threshold, and something else than the rate of false rejects."""

    def way(distances, same, rate):
        threshold = threshold_for(distances, same, rate)[0]
        return threshold, change(distances, same, threshold)

    return way


def sorted_once(distances, same, rate):
    levels = np.unique(distances)
    wrong = np.searchsorted(np.sort(distances[~same]), levels, side="right") / (~same).sum()
    threshold = levels[wrong <= rate].max(initial=0)
    return np.array([threshold, (distances[same] > threshold).mean()])


def without_loops(distances, same, rate):
    false_accepts = (distances[None, ~same] <= distances[:, None]).mean(axis=1)
    good = distances[false_accepts <= rate]
    threshold = good.max() if good.size else 0.0
    return threshold, 1 - np.mean(distances[same] <= threshold)


def threshold_cases(rng: np.random.Generator) -> list[Case]:
    return [
        # In order of distance: s, a pair of the same person; d, of different people; a bracket
        # holds pairs of one distance.
        pairs(rng, "s s d s d s d d", 0.25),
        pairs(rng, "s s s d s s d s (dd) s d d s d d d d d d d d d", 0.25),
        pairs(rng, "s s s s d (sd) s s d s s d d s d d d d d d d d d d s d d", 0.125),
        pairs(rng, "d s s d s s d s d d d d", 0.1),
        answered_at(0, pairs(rng, "s s d s s d d s d s s d d d d s d d d d d", 0.2)),
        pairs(rng, "s s (sd) s s d s d d", 0.0),
        answered_at(-1, pairs(rng, "s s d s s", 0.6)),  # one pair of different people
    ]


def answered_at(place: int, case: Case) -> Case:
    """The same pairs in another order, so that the right threshold stands in this place."""
    distances, same, rate = case
    order = np.arange(len(distances))
    found = int(np.flatnonzero(distances == threshold_for(*case)[0])[0])
    order[[place, found]] = order[[found, place]]
    return distances[order], same[order], rate


def pairs(rng: np.random.Generator, order: str, rate: float) -> Case:
    groups = [group.strip("()") for group in order.split()]
    levels = np.sort(rng.choice(np.arange(5, 300), len(groups), replace=False)) / 100
    rows = [
        (level, kind == "s") for level, group in zip(levels, groups, strict=True) for kind in group
    ]
    rows = [rows[i] for i in rng.permutation(len(rows))]
    distances, same = zip(*rows, strict=True)
    return np.array(distances), np.array(same), rate


QUESTION = Question(
    id="threshold_for",
    room="faces",
    title="Verification at a false-accept rate",
    points=4,
    level=2,
    kind="function",
    cases=threshold_cases,
    oracle=threshold_for,
    tolerance=FLOAT64,
    wrong=(
        Wrong(
            "rate of all pairs",
            partial(threshold_for, out_of=lambda same, taken: len(same)),
            "You divide the false accepts by the number of all pairs. Only a pair of different"
            " people can be accepted wrongly: their number belongs there.",
        ),
        Wrong(
            "rate of the accepted pairs",
            partial(threshold_for, out_of=lambda same, taken: sum(taken)),
            "You divide the false accepts by all accepts. The rate asks: of all pairs of different"
            " people, how many are accepted?",
        ),
        Wrong(
            "threshold itself rejected",
            partial(threshold_for, accepts=below),
            "A pair whose distance is the threshold itself counts as rejected. Read again which"
            " pairs are accepted.",
        ),
        Wrong(
            "rejects counted with the threshold itself",
            partial(threshold_for, judged=below),
            "Your threshold is right. Among the false rejects you count a pair whose distance is"
            " the threshold itself.",
        ),
        Wrong(
            "rate itself not allowed",
            partial(threshold_for, enough=below),
            "Your rate of false accepts stays below the one that was asked for. It may reach it.",
        ),
        Wrong(
            "same and different swapped",
            kinds_swapped,
            "You treat pairs of different people as pairs of the same. `same` is true where both"
            " pictures show one person.",
        ),
        Wrong(
            "threshold for the false rejects",
            for_false_rejects,
            "You keep the false rejects at the rate. It was asked for the false accepts: strangers"
            " who are let in.",
        ),
        Wrong(
            "one step too far",
            one_too_many,
            "Your threshold is the first one with too many false accepts. The last one before it is"
            " meant.",
        ),
        Wrong(
            "only distances of different people",
            partial(threshold_for, candidates=lambda distances, same: distances[~same]),
            "You try only the distances of different people as thresholds. A larger threshold may"
            " let in more pairs of one person, and no stranger more.",
        ),
        Wrong(
            "only distances of the same person",
            partial(threshold_for, candidates=lambda distances, same: distances[same]),
            "You try only the distances of pairs of one person as thresholds. The largest threshold"
            " that keeps the rate may be another one.",
        ),
        Wrong(
            "smallest threshold",
            partial(threshold_for, best=min),
            "Many thresholds keep the rate. You took the smallest, which turns away people who are"
            " who they say.",
        ),
        Wrong(
            "quantile between two distances",
            interpolated,
            "Your threshold lies between two distances, or is not the largest one: `quantile`"
            " interpolates. Look for it among the distances.",
        ),
        Wrong(
            "pairs of one distance split",
            ties_split,
            "Two pairs have the same distance. A threshold accepts both of them or neither.",
        ),
        Wrong(
            "pairs of one distance split, same people first",
            partial(ties_split, same_first=True),
            "A pair of one person and one of two people have the same distance, and you let in the"
            " first of them. A threshold accepts both or neither.",
        ),
        Wrong(
            "last stranger allowed",
            last_stranger_allowed,
            "You count off the sorted distances of different people, and take the last that may be"
            " accepted. The next one may have the same distance; and a larger threshold may let in"
            " more people, and no stranger more.",
        ),
        Wrong(
            "results swapped",
            lambda *case: threshold_for(*case)[::-1],
            "Both numbers are right, and they changed places. Which one comes first?",
        ),
        Wrong(
            "where both rates meet",
            where_rates_meet,
            "You have the threshold at which both error rates are equal. Here the rate of false"
            " accepts is given.",
        ),
        Wrong(
            "accepts instead of rejects",
            second(lambda *case: 1 - rejects_at(*case)),
            "Your threshold is right. The second number is the share of people who are let in; it"
            " was asked for those who are turned away.",
        ),
        Wrong(
            "rejects of all pairs",
            second(lambda d, same, threshold: np.mean(same & (d > threshold))),
            "Your threshold is right. The false rejects are a share of the pairs of one person, not"
            " of all pairs.",
        ),
        Wrong(
            "false accepts instead of false rejects",
            second(lambda d, same, threshold: np.mean(d[~same] <= threshold)),
            "Your threshold is right. The second number is the rate of false accepts; it was asked"
            " for the rate of false rejects.",
        ),
    ),
    alternatives=(sorted_once, without_loops),
)
