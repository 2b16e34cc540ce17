"""Precision and recall: what counts from which score on, and the curve that comes of it."""

from collections.abc import Iterator, Sequence
from numbers import Real
from typing import Any

import numpy as np
import traitlets
from numpy.typing import ArrayLike

from cnnlab.checks import whole
from cnnlab.detection import checks
from cnnlab.detection.boxes import iou
from cnnlab.detection.metrics import MOST as MOST_IN_IMAGE
from cnnlab.detection.metrics import average_precision, match
from cnnlab.widgets.frame import Figure, Threshold, Whole

MOST = 20_000  # detections in all: they are part of the page
DIGITS = 6  # of a score, as it is kept
OUTCOMES = "wrong", "hit", "duplicate"

# What a detector may say of a few streets: scores, and h(it), d(uplicate) or w(rong).
EXAMPLE = {
    "pedestrian": (
        (0.97, 0.94, 0.9, 0.86, 0.83, 0.79, 0.74, 0.68, 0.61, 0.55, 0.47, 0.4, 0.33, 0.24, 0.15),
        "hhhwhhdhwhwhwhw",
        11,
    ),
    "car": (
        (0.99, 0.96, 0.93, 0.89, 0.85, 0.78, 0.7, 0.58, 0.44, 0.29, 0.12),
        "hhhhhdhwhww",
        8,
    ),
}


class PrecisionRecall(Figure):
    """Move the score threshold, and see precision, recall, the curve, and average precision.

    What the reader chose can be read back: ``threshold`` and ``chosen``, the index of the class,
    and `precision`, `recall` and `average_precision`. A detection counts if its score is larger
    than the threshold.

    Parameters
    ----------
    scores
        (K,), in [0, 1]: the detections of one class in all images. For several classes, a list of
        such. Six decimals of a score are kept.
    hits
        (K,), True where the detection has found an object; or a list of such.
    positives
        How many objects of the class there are, at least 1; or a list, which says that there are
        several classes. Without these three, a small example.
    names
        Of the classes.
    duplicates
        (K,), True where an object was found that a surer detection had found before; or a list of
        such. Neither hit nor duplicate: the detection is wrong.

    Raises
    ------
    ValueError
        If lengths differ, a score is not in [0, 1], there are more hits than objects, or a
        detection is a hit and a duplicate.
    """

    script = "precision_recall"
    names = traitlets.List(traitlets.Unicode()).tag(sync=True)
    positives = traitlets.List(traitlets.Int()).tag(sync=True)
    scores = traitlets.List(traitlets.List(traitlets.Float())).tag(sync=True)  # falling
    outcomes = traitlets.List(traitlets.List(traitlets.Int())).tag(sync=True)  # see OUTCOMES
    threshold = Threshold(0.5)
    chosen = Whole(0)

    def __init__(
        self,
        scores: ArrayLike | Sequence[ArrayLike] | None = None,
        hits: ArrayLike | Sequence[ArrayLike] | None = None,
        positives: int | Sequence[int] | None = None,
        names: Sequence[str] | None = None,
        duplicates: ArrayLike | Sequence[ArrayLike] | None = None,
    ):
        if scores is None and hits is None and positives is None:
            names = list(EXAMPLE)
            scores, letters, positives = zip(*EXAMPLE.values(), strict=True)
            hits, duplicates = ([[c == one for c in word] for word in letters] for one in "hd")
        given = {"scores": scores, "hits": hits, "positives": positives}
        missing = [name for name, value in given.items() if value is None]
        if missing:
            raise ValueError(f"{missing[0]} is None; expected scores, hits and positives")
        if isinstance(positives, Real):
            scores, hits, positives = [scores], [hits], [positives]
            duplicates = None if duplicates is None else [duplicates]
        count = len(positives)
        if duplicates is None:
            duplicates = [np.zeros(len(one), bool) for one in hits]
        if not count:
            raise ValueError("positives is empty; expected a number for each class")
        if names is None:
            names = [f"class {i + 1}" for i in range(count)] if count > 1 else ["objects"]
        lists = {"scores": scores, "hits": hits, "duplicates": duplicates, "names": names}
        for name, value in lists.items():
            if isinstance(value, str) or len(value) != count:
                raise ValueError(
                    f"{name} has length {len(value)}; expected {count}, one for each of positives"
                )
        if not all(isinstance(name, str) and name for name in names):
            raise ValueError(f"names is {names!r}; expected a name for each class")
        if sum(map(len, scores)) > MOST:
            raise ValueError(
                f"scores has {sum(map(len, scores))} numbers; expected at most {MOST}: leave out "
                "those of low scores"
            )
        read = [
            sort(name, *one)
            for name, *one in zip(names, scores, hits, duplicates, positives, strict=True)
        ]
        super().__init__(
            names=list(names),
            positives=[whole("positives", one, 1) for one in positives],
            scores=[one for one, _ in read],
            outcomes=[one for _, one in read],
        )

    @classmethod
    def of(
        cls,
        detections: Sequence[Sequence[Any]],
        truths: Sequence[Sequence[Any]],
        names: Sequence[str],
        iou_threshold: float = 0.5,
    ) -> "PrecisionRecall":
        """The figure of a detector: its detections in many images, and the truth about these.

        Parameters
        ----------
        detections, truths
            For each image what :func:`cnnlab.detection.match` takes, (boxes, labels, scores) and
            (boxes, labels). Ignored objects are left out, and what has found them.
        names
            Of the classes, in the order of the labels. A class without objects is not shown.
        iou_threshold
            How much overlap makes a detection right.

        Raises
        ------
        ValueError
            If an argument is not one of these, or there is no object at all.
        """
        if len(detections) != len(truths):
            raise ValueError(
                f"detections has {len(detections)} images and truths {len(truths)}; "
                "expected as many"
            )
        found = [[] for _ in names]
        positives = np.zeros(len(names), int)
        for detected, truth in zip(detections, truths, strict=True):
            _, labels, ignored = read_truth(truth, len(names))
            positives += np.bincount(labels[~ignored], minlength=len(names))
            for label, score, outcome in judge(detected, truth, len(names), iou_threshold):
                found[label].append((score, outcome))
        known = np.flatnonzero(positives)
        if not len(known):
            raise ValueError("truths has no object; expected at least one: recall is a share")
        columns = [np.array(found[label], float).reshape(-1, 2) for label in known]
        return cls(
            [one[:, 0] for one in columns],
            [one[:, 1] == OUTCOMES.index("hit") for one in columns],
            positives[known].tolist(),
            [names[label] for label in known],
            [one[:, 1] == OUTCOMES.index("duplicate") for one in columns],
        )

    @property
    def precision(self) -> float:
        """The share of the detections that count which are hits; NaN if none counts."""
        hits = self._counting()
        return float(hits.mean()) if len(hits) else float("nan")

    @property
    def recall(self) -> float:
        """The share of the objects that are found."""
        return float(self._counting().sum() / self.positives[self.chosen])

    @property
    def average_precision(self) -> float:
        """The area under the interpolated curve, as `cnnlab.detection.average_precision` has it."""
        hits = self._hits().cumsum()
        precision = hits / np.arange(1, len(hits) + 1)
        return average_precision(precision, hits / self.positives[self.chosen])

    def _hits(self) -> np.ndarray:
        return np.array(self.outcomes[self.chosen], int) == OUTCOMES.index("hit")

    def _counting(self) -> np.ndarray:
        return self._hits()[np.array(self.scores[self.chosen], float) > self.threshold]

    @traitlets.validate("chosen")
    def _check_chosen(self, proposal: Any) -> int:
        if proposal["value"] >= len(self.names):
            raise ValueError(
                f"chosen is {proposal['value']}; expected a class from 0 to {len(self.names) - 1}"
            )
        return proposal["value"]


def sort(
    name: str, scores: Any, hits: Any, duplicates: Any, positives: int
) -> tuple[list[float], list[int]]:
    """Scores of a class and their outcomes, the surest first, or a `ValueError`."""
    scores = checks.scores(f"scores of {name}", scores, len(scores))
    hits = checks.flags(f"hits of {name}", hits, len(scores))
    duplicates = checks.flags(f"duplicates of {name}", duplicates, len(scores))
    if scores.size and not (scores.min() >= 0 and scores.max() <= 1):
        raise ValueError(
            f"scores of {name} go from {scores.min():g} to {scores.max():g}; expected [0, 1]"
        )
    if (hits & duplicates).any():
        i = int((hits & duplicates).argmax())
        raise ValueError(
            f"hits and duplicates of {name} are both True at {i}; expected one of them at most"
        )
    if hits.sum() > whole("positives", positives, 1):
        raise ValueError(
            f"hits of {name} has {hits.sum()}, and positives is {positives}; expected no more "
            "hits than objects"
        )
    order = np.argsort(-scores, kind="stable")
    outcomes = hits * OUTCOMES.index("hit") + duplicates * OUTCOMES.index("duplicate")
    return scores[order].round(DIGITS).tolist(), outcomes[order].tolist()


def read_truth(truth: Sequence[Any], classes: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Boxes, labels and which are ignored, of the truth about an image."""
    boxes = checks.boxes("boxes of truths", truth[0])
    labels = checks.labels("labels of truths", truth[1], len(boxes), classes)
    ignored = truth[2] if len(truth) == 3 else np.zeros(len(boxes), bool)
    return boxes, labels, checks.flags("ignored of truths", ignored, len(boxes))


def judge(
    detected: Sequence[Any], truth: Sequence[Any], classes: int, iou_threshold: float
) -> Iterator[tuple[int, float, int]]:
    """Label, score and outcome of each detection that counts, of each class the surest first."""
    matches = match(detected, truth, iou_threshold)
    boxes = checks.boxes("boxes of detections", detected[0])
    labels = checks.labels("labels of detections", detected[1], len(boxes), classes)
    scores = np.asarray(detected[2], float)
    objects, kinds, ignored = read_truth(truth, classes)
    overlaps = iou(boxes, objects)
    for label in range(classes):
        which = np.flatnonzero(labels == label)
        there = (kinds == label) & ~ignored
        for i in which[np.argsort(-scores[which], kind="stable")][:MOST_IN_IMAGE]:
            if matches[i] >= 0 and ignored[matches[i]]:
                continue
            again = (overlaps[i, there] >= iou_threshold) & (overlaps[i, there] > 0)
            outcome = "hit" if matches[i] >= 0 else "duplicate" if again.any() else "wrong"
            yield label, scores[i], OUTCOMES.index(outcome)
