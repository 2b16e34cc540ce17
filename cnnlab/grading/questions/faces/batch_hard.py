"""The hardest triplet of each anchor in a batch."""

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np

from cnnlab.grading.question import (
    FLOAT32,
    Case,
    Question,
    Wrong,
)
from cnnlab.grading.questions.faces.squared_distances import squared

Choice = Callable[[Sequence[float]], float]


def others(labels: np.ndarray, i: int, same: bool) -> list[int]:
    """The pictures of this person but the picture itself, or those of other people."""
    return [j for j in range(len(labels)) if j != i and (labels[j] == labels[i]) == same]


def hard_terms(
    codes: np.ndarray,
    labels: np.ndarray,
    margin: float,
    positive: Choice = max,
    negative: Choice = min,
    distance: Callable[..., float] = squared,
) -> list[float]:
    """Of each anchor that has a positive, before the maximum with 0."""
    terms = []
    for i, code in enumerate(codes):
        near, far = (
            [distance(code, codes[j]) for j in others(labels, i, same)] for same in (True, False)
        )
        if near:
            terms.append(positive(near) - negative(far) + margin)
    return terms


def summed(terms: Sequence[float]) -> float:
    return float(sum(max(term, 0) for term in terms))


def batch_hard(
    codes: np.ndarray,
    labels: np.ndarray,
    margin: float,
    total: Callable[[Sequence[float]], float] = summed,
    **choices: Callable,
) -> float:
    return total(hard_terms(codes, labels, margin, **choices))


def mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


def all_triplets(codes, labels, margin):
    return sum(
        max(squared(codes[i], codes[p]) - squared(codes[i], codes[n]) + margin, 0)
        for i in range(len(codes))
        for p in others(labels, i, same=True)
        for n in others(labels, i, same=False)
    )


def itself_as_positive(codes, labels, margin):
    """Someone with one picture is an anchor too, at distance 0 from its positive."""
    total = batch_hard(codes, labels, margin)
    for i, code in enumerate(codes):
        if not others(labels, i, same=True):
            nearest = min(squared(code, codes[j]) for j in others(labels, i, same=False))
            total += max(margin - nearest, 0)
    return total


def itself_as_negative(codes, labels, margin):
    """The nearest of all is the picture itself."""
    return batch_hard(codes, labels, margin, negative=lambda far: 0)


def zeros_of_a_mask(codes, labels, margin):
    """Masks that multiply: the nearest is a 0, and so is the farthest of somebody alone."""
    table = np.square(codes[:, None] - codes[None]).sum(axis=-1)
    same = labels[:, None] == labels[None]
    return np.maximum((table * same).max(axis=1) - (table * ~same).min(axis=1) + margin, 0).sum()


def any_as_negative(codes, labels, margin):
    terms = []
    for i, code in enumerate(codes):
        if near := [squared(code, codes[j]) for j in others(labels, i, same=True)]:
            rest = [squared(code, other) for j, other in enumerate(codes) if j != i]
            terms.append(max(near) - min(rest) + margin)
    return summed(terms)


def one_of_the_batch(codes, labels, margin):
    """One hardest positive and one hardest negative for all anchors."""
    pairs = [
        (squared(codes[i], codes[j]), labels[i] == labels[j])
        for i in range(len(codes))
        for j in range(i)
    ]
    far = max(distance for distance, same in pairs if same)
    near = min(distance for distance, same in pairs if not same)
    anchors = sum(bool(others(labels, i, same=True)) for i in range(len(codes)))
    return anchors * max(far - near + margin, 0)


def semi_hard(codes, labels, margin):
    """The nearest negative that is farther than the positive, and the farthest if none is."""
    total = 0.0
    for i, code in enumerate(codes):
        near, far = (
            [squared(code, codes[j]) for j in others(labels, i, same)] for same in (True, False)
        )
        if near:
            beyond = [distance for distance in far if distance > max(near)]
            total += max(max(near) - min(beyond, default=max(far)) + margin, 0)
    return total


def without_loops(codes, labels, margin):
    table = np.square(codes[:, None] - codes[None]).sum(axis=-1)
    same = labels[:, None] == labels[None]
    far = np.where(same & ~np.eye(len(codes), dtype=bool), table, -np.inf).max(axis=1)
    near = np.where(same, np.inf, table).min(axis=1)
    return np.maximum(far - near + margin, 0).sum()


def anchor_by_anchor(codes, labels, margin):
    loss = np.float32(0)
    for code, label in zip(codes, labels, strict=True):
        table = ((codes - code) ** 2).sum(axis=1)
        if (labels == label).sum() > 1:  # beside others, a distance of 0 is never the largest
            loss += max(table[labels == label].max() - table[labels != label].min() + margin, 0)
    return loss


def batch_cases(rng: np.random.Generator) -> list[Case]:
    return [
        batch(rng, [2, 2], 2, 0.2),
        batch(rng, [2, 3, 1], 3, 0.5),
        batch(rng, [4, 4, 4], 8, 0.3),
        batch(rng, [1, 5, 3, 1, 2], 5, 1.0),
        batch(rng, [3, 3, 3, 3], 32, 0.2, spread=0.2),
        batch(rng, [2, 1, 2], 4, 0.4, twins=True),
        batch(rng, [3, 1, 2], 3, 0.4, unit=30),  # far apart: what is masked must be farther
    ]


def batch(
    rng: np.random.Generator,
    counts: Sequence[int],
    length: int,
    margin: float,
    spread: float = 1.0,
    twins: bool = False,
    unit: float = 1,
) -> Case:
    """People around centres, in any order, with numbers for names that begin anywhere.

    Those with one picture stand near somebody else. With twins, a person has one picture twice.
    """
    people = rng.choice(np.arange(3, 60), len(counts), replace=False)
    centres = rng.normal(0, 1, (len(counts), length)) / np.sqrt(length)
    groups = []
    for number, count in enumerate(counts):
        noise = rng.normal(0, spread, (count, length)) / np.sqrt(length)
        groups.append(centres[number] + noise)
    for number, count in enumerate(counts):
        if count == 1:
            step = rng.normal(0, 1, length)
            step *= 0.4 * np.sqrt(margin) / np.linalg.norm(step)
            groups[number] = groups[number - 1 if number else 1][:1] + step
    if twins:
        groups[0][1] = groups[0][0]
    order = rng.permutation(sum(counts))
    codes = unit * np.concatenate(groups)[order]
    return codes.round(3), np.repeat(people, counts)[order], unit**2 * margin


QUESTION = Question(
    id="batch_hard",
    room="faces",
    title="The hardest triplet of each anchor",
    points=4,
    level=3,
    kind="function",
    cases=batch_cases,
    oracle=batch_hard,
    tolerance=FLOAT32,
    wrong=(
        Wrong(
            "nearest positive",
            partial(batch_hard, positive=min),
            "You take the nearest picture of the same person. Which of them is hard for the"
            " network?",
        ),
        Wrong(
            "farthest negative",
            partial(batch_hard, negative=max),
            "You take the other person who is farthest away. That one is never confused with the"
            " anchor: the triplet is easy.",
        ),
        Wrong(
            "means of both",
            partial(batch_hard, positive=mean, negative=mean),
            "You take mean distances. The hardest triplet has one positive and one negative.",
        ),
        Wrong(
            "all triplets",
            all_triplets,
            "You add up all triplets of the batch. Each anchor counts once, with its hardest"
            " positive and its hardest negative.",
        ),
        Wrong(
            "semi-hard negative",
            semi_hard,
            "You leave out negatives that are nearer than the positive. Those are the hardest of"
            " all.",
        ),
        Wrong(
            "one triplet for the whole batch",
            one_of_the_batch,
            "You look for the hardest distances once, in the whole batch. Each anchor has its own.",
        ),
        Wrong(
            "picture paired with itself",
            itself_as_positive,
            "Someone with one picture in the batch has no positive. In your loss the picture is its"
            " own, at distance 0.",
        ),
        Wrong(
            "zeros of a mask",
            zeros_of_a_mask,
            "Your nearest negative is at distance 0 from every anchor: a mask that multiplies"
            " leaves a 0 where it forbids, and 0 is the smallest distance of all.",
        ),
        Wrong(
            "picture as its own negative",
            itself_as_negative,
            "Your nearest negative is at distance 0 from every anchor. Which picture is that?",
        ),
        Wrong(
            "negative of the same person",
            any_as_negative,
            "Your negative is the nearest of all other pictures. It may show the same person as the"
            " anchor.",
        ),
        Wrong(
            "labels sorted",
            lambda codes, labels, margin: batch_hard(codes, np.sort(labels), margin),
            "You sorted the labels, and the encodings stayed where they were: `labels[i]` no longer"
            " says who `codes[i]` is. Sort both by the same order, or neither.",
        ),
        Wrong(
            "mean instead of sum",
            partial(batch_hard, total=lambda terms: summed(terms) / len(terms)),
            "You took a mean over the anchors. The question asks for their sum, as the lecture's J"
            " has it.",
        ),
        Wrong(
            "mean over the whole batch",
            lambda codes, *rest: batch_hard(codes, *rest) / len(codes),
            "You divided by the number of pictures. The question asks for the sum, as the lecture's"
            " J has it.",
        ),
        Wrong(
            "maximum of the sum",
            partial(batch_hard, total=lambda terms: max(sum(terms), 0)),
            "An easy anchor pays for a hard one in your loss. The maximum with 0 is taken for each"
            " anchor.",
        ),
        Wrong(
            "no maximum",
            partial(batch_hard, total=sum),
            "Your loss can be negative. An anchor that is right by more than the margin should cost"
            " nothing, and earn nothing either.",
        ),
        Wrong(
            "margin with the wrong sign",
            lambda codes, labels, margin: batch_hard(codes, labels, -margin),
            "Your margin makes the loss smaller. It asks for more distance to others, not less.",
        ),
        Wrong(
            "margin left out",
            lambda codes, labels, margin: batch_hard(codes, labels, 0),
            "The margin is missing. Without it, encodings that are all the same cost nothing.",
        ),
        Wrong(
            "distances not squared",
            partial(batch_hard, distance=lambda a, b: squared(a, b) ** 0.5),
            "You took the root of the squared distances. This question asks for the squares"
            " themselves.",
        ),
    ),
    alternatives=(without_loops, anchor_by_anchor),
)
