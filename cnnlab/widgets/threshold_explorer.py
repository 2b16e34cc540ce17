"""A threshold on distances: false accepts, false rejects, and the curve of all thresholds."""

from collections.abc import Mapping
from numbers import Real
from typing import Any

import numpy as np
import traitlets
from numpy.typing import ArrayLike

from cnnlab.checks import array
from cnnlab.faces.metrics import Crossing, equal_error_rate
from cnnlab.widgets.frame import LARGEST, Figure, Flag, Whole

MOST = 20_000  # distances in all: they are part of the page
DIGITS = 4  # of a distance, as it is kept

Distances = ArrayLike | Mapping[str, ArrayLike]


class Distance(traitlets.TraitType):
    """A number, at least 0."""

    def validate(self, owner: Any, value: Any) -> float:
        """Return the value as `float`, or raise a `ValueError`."""
        good = isinstance(value, Real) and not isinstance(value, bool) and 0 <= value < np.inf
        if not good:
            raise ValueError(f"{self.name} is {value!r}; expected a number, at least 0")
        return float(value)


class ThresholdExplorer(Figure):
    """Move the threshold of a verification, and see who is accepted and who is refused by mistake.

    Four decimals of a distance are kept, and at most 20,000 distances. What the reader chose can be
    read back: ``threshold``, and ``chosen``, 0 for everybody or the number of the group, from 1;
    and `false_accept_rate`, `false_reject_rate` and `equal_error_rate` of these pairs.

    Parameters
    ----------
    genuine
        (K,), distances of pairs of pictures of one person, at least 0. Or a mapping from the names
        of groups of people to their distances: then the figure says who bears the errors too.
    impostor
        Distances of pairs of two people; with groups, a mapping with the same names.
    threshold
        Where the figure begins. A pair is accepted, as one person, if its distance is not larger.
        None: at the equal error.

    Raises
    ------
    ValueError
        If an argument is empty, holds a number that is no distance, or the groups differ.
    """

    script = "threshold_explorer"
    names = traitlets.List(traitlets.Unicode()).tag(sync=True)  # of the groups; empty: none
    genuine = traitlets.List(traitlets.List(traitlets.Float())).tag(sync=True)  # each rising
    impostor = traitlets.List(traitlets.List(traitlets.Float())).tag(sync=True)
    threshold = Distance(0.0).tag(sync=True, limits={"low": 0, "high": LARGEST})
    chosen = Whole(0)
    zoomed = Flag()  # the curve shows its corner only

    def __init__(self, genuine: Distances, impostor: Distances, threshold: float | None = None):
        names, lists = read(genuine, impostor)
        super().__init__(names=names, **lists)
        self.threshold = round(self._equal().threshold, DIGITS) if threshold is None else threshold

    @property
    def false_accept_rate(self) -> float:
        """The share of the pairs of two people that are accepted."""
        return float((self._pairs("impostor") <= self.threshold).mean())

    @property
    def false_reject_rate(self) -> float:
        """The share of the pairs of one person that are refused."""
        return float((self._pairs("genuine") > self.threshold).mean())

    @property
    def equal_error_rate(self) -> float:
        """The rate at which both errors are equally frequent: `cnnlab.faces.equal_error_rate`."""
        return self._equal().rate

    def _pairs(self, kind: str) -> np.ndarray:
        lists = getattr(self, kind)
        return np.concatenate(lists[self.chosen - 1 : self.chosen] if self.chosen else lists)

    def _equal(self) -> Crossing:
        genuine, impostor = self._pairs("genuine"), self._pairs("impostor")
        same = np.repeat([True, False], [len(genuine), len(impostor)])
        return equal_error_rate(np.concatenate([genuine, impostor]), same)

    @traitlets.validate("chosen")
    def _check_chosen(self, proposal: Any) -> int:
        if proposal["value"] > len(self.names):
            raise ValueError(
                f"chosen is {proposal['value']}; expected a group from 1 to {len(self.names)}, or 0"
            )
        return proposal["value"]


def read(genuine: Distances, impostor: Distances) -> tuple[list[str], dict[str, list]]:
    """Names of the groups, and distances of each, rising; or a `ValueError`."""
    given = {"genuine": genuine, "impostor": impostor}
    mapped = [isinstance(one, Mapping) for one in given.values()]
    if any(mapped):
        kinds = [list(one) if isinstance(one, Mapping) else "none" for one in given.values()]
        named = all(isinstance(name, str) and name for name in kinds[0])
        if not all(mapped) or not named or not kinds[0] or set(kinds[0]) != set(kinds[1]):
            raise ValueError(
                f"genuine has groups {kinds[0]} and impostor {kinds[1]}; expected mappings from "
                "the same names to distances"
            )
    names = list(genuine) if all(mapped) else []
    lists = {
        kind: [distances(f"{kind} of {name}", one[name]) for name in names]
        or [distances(kind, one)]
        for kind, one in given.items()
    }
    count = sum(len(one) for both in lists.values() for one in both)
    if count > MOST:
        raise ValueError(
            f"genuine and impostor have {count} distances; expected at most {MOST}: draw some of "
            "them by chance"
        )
    return names, lists


def distances(name: str, value: ArrayLike) -> list[float]:
    """Distances, rising, rounded; or a `ValueError`."""
    found = array(name, value, "K").astype(float)
    if not ((found >= 0) & np.isfinite(found)).all():  # false for NaN too
        raise ValueError(
            f"{name} go from {found.min():g} to {found.max():g}; expected distances, finite and at "
            "least 0"
        )
    return np.sort(found).round(DIGITS).tolist()
