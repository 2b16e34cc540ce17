"""The triplet loss of given triplets."""

from collections.abc import Callable
from functools import partial

import numpy as np

from cnnlab.grading.question import (
    FLOAT32,
    Case,
    Question,
    Wrong,
)
from cnnlab.grading.questions.faces.squared_distances import squared

Terms = list[float]


def terms(
    anchor: np.ndarray,
    positive: np.ndarray,
    negative: np.ndarray,
    margin: float,
    distance: Callable[..., float] = squared,
) -> Terms:
    """Of each triplet, before the maximum with 0."""
    rows = zip(anchor, positive, negative, strict=True)
    return [distance(a, p) - distance(a, n) + margin for a, p, n in rows]


def summed(values: Terms) -> float:
    return float(sum(max(value, 0) for value in values))


def triplet_loss(
    anchor: np.ndarray,
    positive: np.ndarray,
    negative: np.ndarray,
    margin: float,
    total: Callable[[Terms], float] = summed,
    distance: Callable[..., float] = squared,
    **_: object,
) -> float:
    return total(terms(anchor, positive, negative, margin, distance))


def number_by_number(anchor, positive, negative, margin):
    """The maximum is taken before the numbers of an encoding are added up."""
    each = (anchor - positive) ** 2 - (anchor - negative) ** 2 + margin
    return np.maximum(each, 0).sum()


def floor_at_the_margin(anchor, positive, negative, margin):
    return sum(max(value, margin) for value in terms(anchor, positive, negative, 0))


def positive_to_negative(anchor, positive, negative, margin):
    rows = zip(anchor, positive, negative, strict=True)
    return summed([squared(a, p) - squared(p, n) + margin for a, p, n in rows])


def mean_of_all(values: Terms) -> float:
    return summed(values) / len(values)


def mean_of_the_active(values: Terms) -> float:
    active = [value for value in values if value > 0]
    return sum(active) / max(len(active), 1)


def triplet_cases(rng: np.random.Generator) -> list[Case]:
    easy = triplets(rng, "e" * 3, 6, 0.2)
    return [
        triplets(rng, "he", 3, 0.2),
        triplets(rng, "shes", 2, 0.5),
        triplets(rng, "hshehsehe", 5, 0.3),
        triplets(rng, "h", 4, 0.7),
        triplets(rng, "essseh" * 4, 16, 1.0),
        easy,
    ]


def triplets(rng: np.random.Generator, kinds: str, length: int, margin: float) -> Case:
    """Easy, semi-hard and hard ones: how much farther the negative is than the positive."""
    gaps = {
        "e": rng.uniform(1.5, 2.5, len(kinds)) * margin + 0.2,
        "s": rng.uniform(0.2, 0.8, len(kinds)) * margin,
        "h": -rng.uniform(1.2, 2, len(kinds)) * margin,
    }
    anchor = rng.normal(0, 1, (len(kinds), length))
    near = rng.uniform(2.1, 3, len(kinds)) * margin  # squared distance of the positive
    far = near + [gaps[kind][i] for i, kind in enumerate(kinds)]
    ways = rng.normal(0, 1, (2, len(kinds), length))
    ways /= np.linalg.norm(ways, axis=-1, keepdims=True)
    positive, negative = (
        anchor + way * np.sqrt(size)[:, None] for way, size in zip(ways, (near, far), strict=True)
    )
    return anchor.round(3), positive.round(3), negative.round(3), margin


QUESTION = Question(
    id="triplet_loss",
    room="faces",
    title="The triplet loss of given triplets",
    points=3,
    level=2,
    kind="function",
    cases=triplet_cases,
    oracle=triplet_loss,
    tolerance=FLOAT32,
    wrong=(
        Wrong(
            "maximum of the sum",
            partial(triplet_loss, total=lambda values: max(sum(values), 0)),
            "An easy triplet pays for a hard one in your loss. Where does the lecture take the"
            " maximum with 0: for each triplet, or for all of them together?",
        ),
        Wrong(
            "all triplets as one",
            lambda a, p, n, margin: max(
                squared(a.ravel(), p.ravel()) - squared(a.ravel(), n.ravel()) + margin, 0
            ),
            "Your distances run over all triplets at once, so there is one margin and one maximum."
            " Each triplet has its own: along which axis do you add?",
        ),
        Wrong(
            "no maximum",
            partial(triplet_loss, total=sum),
            "Your loss can be negative. A triplet that is right by more than the margin should cost"
            " nothing, and earn nothing either.",
        ),
        Wrong(
            "maximum in each number",
            number_by_number,
            "You take the maximum with 0 in each number of an encoding. The two distances of a"
            " triplet come first, then their difference, then the maximum.",
        ),
        Wrong(
            "mean instead of sum",
            partial(triplet_loss, total=mean_of_all),
            "You took a mean over the triplets. The lecture's J adds them up.",
        ),
        Wrong(
            "mean of those that cost something",
            partial(triplet_loss, total=mean_of_the_active),
            "You divided by the number of triplets that cost something, as some libraries do. The"
            " lecture's J adds them up.",
        ),
        Wrong(
            "only the hardest triplet",
            partial(triplet_loss, total=lambda values: max(*values, 0)),
            "Only the hardest triplet is in your loss. J has a term for each of them.",
        ),
        Wrong(
            "margin with the wrong sign",
            lambda a, p, n, margin: triplet_loss(a, p, n, -margin),
            "Your margin makes the loss smaller. A triplet that is only just in the right order"
            " should still cost something.",
        ),
        Wrong(
            "margin left out",
            lambda a, p, n, margin: triplet_loss(a, p, n, 0),
            "Without its margin, the loss would be content with encodings that are all the same."
            " Add it inside the maximum.",
        ),
        Wrong(
            "margin instead of 0 in the maximum",
            floor_at_the_margin,
            "Each triplet costs at least the margin in your loss. The margin belongs to the"
            " difference of the distances, and the smallest cost is 0.",
        ),
        Wrong(
            "margin added after the maximum",
            lambda a, p, n, margin: triplet_loss(a, p, n, 0) + len(a) * margin,
            "You add the margin to each triplet after its maximum, so an easy one costs the margin."
            " It belongs inside.",
        ),
        Wrong(
            "margin added to the sum",
            lambda a, p, n, margin: triplet_loss(a, p, n, 0) + margin,
            "You add the margin once, to the sum of all triplets. It belongs into each of them,"
            " inside the maximum.",
        ),
        Wrong(
            "positive and negative swapped",
            lambda a, p, n, margin: triplet_loss(a, n, p, margin),
            "Your loss grows with the distance to the other person. Which of the two distances"
            " should training make smaller?",
        ),
        Wrong(
            "negative measured from the positive",
            positive_to_negative,
            "You compare the negative with the positive. Both distances of a triplet begin at the"
            " anchor.",
        ),
        Wrong(
            "distances not squared",
            partial(triplet_loss, distance=lambda a, b: squared(a, b) ** 0.5),
            "You took the root of the squared distances. The lecture's loss has the squares"
            " themselves.",
        ),
        Wrong(
            "absolute differences",
            partial(triplet_loss, distance=lambda a, b: np.abs(a - b).sum()),
            "You added absolute differences. ‖·‖² is the sum of the squared ones.",
        ),
        Wrong(
            "mean over the encoding",
            partial(triplet_loss, distance=lambda a, b: squared(a, b) / len(a)),
            "You took a mean over the numbers of an encoding. The margin is then too large beside"
            " the distances.",
        ),
        Wrong(
            "means everywhere",
            lambda a, p, n, margin: triplet_loss(
                a, p, n, margin, mean_of_all, lambda a, b: squared(a, b) / len(a)
            ),
            "You took means, over the numbers of an encoding and over the triplets. The lecture has"
            " sums in both places.",
        ),
        Wrong(
            "terms squared",
            partial(triplet_loss, total=lambda values: sum(max(value, 0) ** 2 for value in values)),
            "You squared the terms of the triplets once more. The squares are in the distances"
            " already.",
        ),
    ),
    alternatives=(
        lambda a, p, n, margin: np.maximum(
            np.square(a - p).sum(-1) - np.square(a - n).sum(-1) + margin, 0
        ).sum(),
        lambda a, p, n, margin: np.float32(
            np.clip(((n - p) * (2 * a - n - p)).sum(axis=1) + margin, 0, None).sum()
        ),
    ),
)
