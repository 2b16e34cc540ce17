"""Grad-CAM from given maps and gradients."""

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np

from cnnlab.grading.question import FLOAT32, Case, Question, Wrong
from cnnlab.grading.questions.style.arrays import Array, normal

Map = Array


def over_places(gradient: Array) -> Array:
    """A weight for each channel: the mean of its gradient."""
    added = sum(gradient[place] for place in np.ndindex(gradient.shape[:2]))
    return added / (gradient.shape[0] * gradient.shape[1])


def positive(value: Array) -> Array:
    return np.where(value > 0, value, 0)


def by_the_largest(heat: Map) -> Map:
    return heat / heat.max() if heat.max() > 0 else heat


def heat_of(
    maps: Array,
    gradients: Array,
    weights: Callable[[Array], Array] = over_places,
    mix: Callable[[Array, Array], Map] = lambda a, weights: (a * weights).sum(axis=-1),
    cut: Callable[[Map], Map] = positive,
    scale: Callable[[Map], Map] = by_the_largest,
) -> Array:
    """Picture by picture."""
    return np.stack([scale(cut(mix(a, weights(g)))) for a, g in zip(maps, gradients, strict=True)])


def span(heat: Map) -> Map:
    """From its smallest number to its largest one."""
    return (heat - heat.min()) / (np.ptp(heat) or 1)


def by_all_pictures(maps: Array, gradients: Array) -> Array:
    heat = heat_of(maps, gradients, scale=lambda heat: heat)
    return heat / heat.max()


def weights_of_all_pictures(maps: Array, gradients: Array) -> Array:
    shared = over_places(gradients.mean(axis=0))
    return heat_of(maps, gradients, weights=lambda _: shared)


def at_once(maps: Array, gradients: Array) -> Array:
    """With the sum in place of the mean, which the scaling takes away again."""
    weights = gradients.sum(axis=(1, 2), keepdims=True)
    heat = np.maximum((weights * maps).sum(axis=3), 0)
    top = heat.max(axis=(1, 2), keepdims=True)
    return (heat / np.where(top, top, 1)).astype("float32")


def with_einsum(maps: Array, gradients: Array) -> list:
    heat = np.einsum("nijk,nk->nij", maps, gradients.mean(axis=(1, 2))).clip(0)
    return [(one / max(one.max(), 1e-9)).tolist() for one in heat]


def cam_cases(rng: np.random.Generator) -> Sequence[Case]:
    """Gradients of both signs, small ones, and two pictures where nothing speaks for the class."""

    def case(N: int, H: int, W: int, C: int, against: int | None = None) -> Case:
        maps = normal(rng, N, H, W, C, mean=0.5)
        if against is not None:  # after ReLU
            maps = np.maximum(maps, 0) + 0.01
        gradients = normal(rng, N, H, W, C, mean=0.1)
        if against is not None:  # and for the class in the other pictures, in one channel each
            for n in range(N):
                gradients[n, ..., 0] += 0.3 - gradients[n, ..., 0].mean()
            gradients[against] -= gradients[against].mean(axis=(0, 1)) + 0.3
        return maps, gradients

    # A weight for and a weight against, and places where either wins.
    maps = np.array([[[[4.0, 1], [1, 3], [0, 2]], [[2, 0], [3, 3], [1, 1]]]])
    signs = np.array([1.0, -1]) if rng.random() < 0.5 else np.array([-1.0, 1])
    gradients = signs * rng.permutation(np.arange(1.0, 7)).reshape(1, 2, 3, 1) + rng.choice(
        [-0.5, 0.5], (1, 2, 3, 2)
    )
    return [
        (maps[:, rng.permutation(2)], gradients),
        case(3, 4, 5, 3, against=1),
        case(2, 6, 3, 5),
        case(2, 3, 7, 2, against=0),
        # Far below 1, as those of a network: so is the map, until it is divided.
        (np.abs(normal(rng, 2, 4, 3, 3)), 0.005 * normal(rng, 2, 4, 3, 3, mean=0.7)),
    ]


QUESTION = Question(
    id="grad_cam",
    room="style",
    title="Grad-CAM",
    points=3,
    level=2,
    kind="function",
    cases=cam_cases,
    oracle=heat_of,
    tolerance=FLOAT32,
    wrong=(
        Wrong(
            "weights not averaged over places",
            partial(heat_of, weights=lambda gradient: gradient),
            "You multiplied maps and gradients place by place. In Grad-CAM a channel has one"
            " weight, the same at all places.",
        ),
        Wrong(
            "ReLU before the sum",
            partial(heat_of, mix=lambda a, weights: positive(a * weights).sum(axis=-1)),
            "You cut off negative numbers in each channel, before they were added. A channel that"
            " speaks against the class must be able to outvote the others.",
        ),
        Wrong(
            "ReLU of the weights",
            partial(heat_of, weights=lambda gradient: positive(over_places(gradient))),
            "You cut off negative weights. They say which channels speak against the class.",
        ),
        Wrong(
            "ReLU of the gradients",
            partial(heat_of, weights=lambda gradient: over_places(positive(gradient))),
            "You cut off negative gradients before the mean. The mean takes all of them.",
        ),
        Wrong(
            "no ReLU",
            partial(heat_of, cut=lambda heat: heat),
            "Your map has negative numbers: it was taken before the ReLU.",
        ),
        Wrong(
            "ReLU of the maps",
            lambda maps, gradients: heat_of(positive(maps), gradients),
            "You cut off negative numbers of the maps before they were mixed. Take the maps as they"
            " are: the ReLU comes after the sum.",
        ),
        Wrong(
            "ReLU of the maps and none of the sum",
            lambda maps, gradients: heat_of(positive(maps), gradients, cut=lambda heat: heat),
            "You applied the ReLU to the maps, and none to their sum, which may be negative. Where"
            " does the question have it?",
        ),
        Wrong(
            "absolute value instead of ReLU",
            partial(heat_of, cut=np.abs),
            "You took absolute values. So places that speak against the class look as if they"
            " spoke for it.",
        ),
        Wrong(
            "absolute weights",
            partial(heat_of, weights=lambda gradient: np.abs(over_places(gradient))),
            "You took the absolute values of the weights. The sign says whether a channel speaks"
            " for the class or against it.",
        ),
        Wrong(
            "absolute gradients",
            partial(heat_of, weights=lambda gradient: over_places(np.abs(gradient))),
            "You took the absolute values of the gradients before the mean. Their signs matter.",
        ),
        Wrong(
            "largest gradient as the weight",
            partial(heat_of, weights=lambda gradient: gradient.max(axis=(0, 1))),
            "A channel's weight is its largest gradient with you. Which number of a channel's"
            " gradients does the question ask for?",
        ),
        Wrong(
            "maps not weighted",
            partial(heat_of, weights=lambda gradient: np.ones(gradient.shape[-1])),
            "You added the maps as they are, so the class has no say in your map.",
        ),
        Wrong(
            "gradients only",
            partial(heat_of, mix=lambda a, weights: weights, weights=lambda g: g.sum(axis=-1)),
            "You added the gradients and left the maps out.",
        ),
        Wrong(
            "maps and gradients swapped",
            lambda maps, gradients: heat_of(gradients, maps),
            "Maps and gradients changed places: the weights come from the gradients.",
        ),
        Wrong(
            "gradients squared",
            partial(heat_of, weights=lambda gradient: over_places(gradient**2)),
            "Your weights come from squared gradients, so they have lost their signs.",
        ),
        Wrong(
            "not divided by the largest number",
            partial(heat_of, scale=lambda heat: heat),
            "Your map does not end at 1. What is it divided by?",
        ),
        Wrong(
            "divided by the sum",
            partial(heat_of, scale=lambda heat: heat / (heat.sum() or 1)),
            "Your map adds up to 1. The question asks for a largest number of 1.",
        ),
        Wrong(
            "stretched before the ReLU",
            partial(heat_of, cut=span),
            "You stretched the map from its smallest to its largest number. So 0 is no longer the"
            " border between for and against.",
        ),
        Wrong(
            "divided by the largest of all pictures",
            by_all_pictures,
            "You divided all maps by the same number. Each picture is divided by its own largest"
            " one.",
        ),
        Wrong(
            "weights of all pictures together",
            weights_of_all_pictures,
            "You took the mean of the gradients over the pictures, too. Each picture has weights of"
            " its own.",
        ),
        Wrong(
            "NaN where nothing speaks for the class",
            partial(heat_of, scale=lambda heat: heat / heat.max()),
            "Where no place speaks for the class, your map is NaN. Which number should stand there,"
            " and where does a division go wrong?",
        ),
    ),
    alternatives=(at_once, with_einsum),
)
