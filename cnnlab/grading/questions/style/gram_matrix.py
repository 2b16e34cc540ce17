"""The Gram matrix of what a layer answers."""

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np

from cnnlab.grading.question import FLOAT32, Case, Question, Wrong
from cnnlab.grading.questions.style.arrays import Array, gram_of, normal, whole


def grams_of(a: Array) -> Array:
    return np.stack([gram_of(volume) for volume in a])


def of_each(a: Array, way: Callable[[Array], Array]) -> Array:
    """From the places of each picture, ``(H · W, C)``, to a matrix."""
    return np.stack([way(volume.reshape(-1, a.shape[3])) for volume in a])


def in_memory_s_order(p: Array) -> Array:
    rows = p.reshape(p.shape[1], -1)
    return rows @ rows.T


def sums_first(p: Array) -> Array:
    return np.outer(p.sum(axis=0), p.sum(axis=0))


def without_mean(p: Array) -> Array:
    return (p - p.mean(axis=0)).T @ (p - p.mean(axis=0))


def with_length_one(p: Array) -> Array:
    units = p / np.sqrt((p**2).sum(axis=0))
    return units.T @ units


def at_once(a: Array) -> Array:
    return np.einsum("nijk,nijl->nkl", a, a)


def with_matmul(a: Array) -> Array:
    """In float32, channels first."""
    rows = np.moveaxis(a.astype("float32"), -1, 1).reshape(len(a), a.shape[3], -1)
    return (rows @ rows.transpose(0, 2, 1)).tolist()


def gram_cases(rng: np.random.Generator) -> Sequence[Case]:
    shapes = (2, 4, 3, 5), (3, 2, 3, 6), (2, 5, 2, 2), (1, 3, 7, 4)  # six places, six channels too
    return [(whole(rng, 1, 2, 3, 2),), *((normal(rng, *shape, mean=0.5),) for shape in shapes)]


QUESTION = Question(
    id="gram_matrix",
    room="style",
    title="The Gram matrix",
    points=2,
    level=1,
    kind="function",
    cases=gram_cases,
    oracle=grams_of,
    tolerance=FLOAT32,
    wrong=(
        Wrong(
            "over places",
            partial(of_each, way=lambda p: p @ p.T),
            "Your matrix has a row for each place: the transpose is on the other side. Style is"
            " which channels go together, wherever that is.",
        ),
        Wrong(
            "reshaped in the wrong order",
            partial(of_each, way=in_memory_s_order),
            "Your matrix is of the right size, but its rows are no channels. The channels are the"
            " last axis, and `reshape` only cuts the numbers anew, in the order in which they lie.",
        ),
        Wrong(
            "reshaped where a transpose belongs",
            partial(of_each, way=lambda p: p.reshape(p.shape[1], -1) @ p),
            "One of the two factors is right. The other one has the shape of the transpose, but"
            " was reshaped into it: its numbers stand in other places.",
        ),
        Wrong(
            "all pictures together",
            lambda a: grams_of(a).sum(axis=0),
            "You have one matrix for all pictures. Each picture has a style of its own.",
        ),
        Wrong(
            "divided by the places",
            lambda a: grams_of(a) / (a.shape[1] * a.shape[2]),
            "You took the mean over the places. The question asks for the sum.",
        ),
        Wrong(
            "divided by all sizes",
            lambda a: grams_of(a) / a[0].size,
            "You divided by the sizes of the volume. They belong into the style cost; the matrix"
            " is a sum.",
        ),
        Wrong(
            "means taken off",
            partial(of_each, way=without_mean),
            "You took the mean off each channel first. That makes a covariance; the Gram matrix"
            " takes the numbers as they are.",
        ),
        Wrong(
            "brought to length 1",
            partial(of_each, way=with_length_one),
            "The diagonal of your matrix is all ones: you brought each channel to the same length."
            " How strong a channel is belongs to the style.",
        ),
        Wrong(
            "channels added up first",
            partial(of_each, way=sums_first),
            "You added up each channel and multiplied the sums. Multiply at each place, and add"
            " then: that two channels are large at the same place is what counts.",
        ),
        Wrong(
            "diagonal only",
            lambda a: grams_of(a) * np.eye(a.shape[3]),
            "Each channel was multiplied with itself only. Off the diagonal stand the products of"
            " two channels.",
        ),
        Wrong(
            "one triangle only",
            lambda a: np.triu(grams_of(a)),
            "Half of your matrix is empty. Channel 1 with channel 2 is the same product as channel"
            " 2 with channel 1, and both have an entry.",
        ),
        Wrong(
            "negative numbers cut off",
            lambda a: grams_of(np.maximum(a, 0)),
            "Negative numbers count as 0 with you. The layer may have no ReLU: take what it says.",
        ),
    ),
    alternatives=(at_once, with_matmul),
)
