"""Faces of people who do not exist, drawn from a seed: who they are, and how they look now."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from cnnlab.checks import picture_size, share, whole
from cnnlab.data.portraits import draw

#: The two groups of drawn persons: bareheaded, hatted.
FACE_GROUPS = ("bareheaded", "hatted")
SMALLEST = 24  # pixels of a side; below, eyes have none of their own
GRAIN = 0.015  # of the sensor
TOGETHER = 32  # pictures that are drawn at once: they fit into a processor's cache

# A number with its bounds; or (share, low, high): only this share has it, and for others it is 0.
Table = dict[str, tuple[float, ...]]

# Who it is. Lengths are in halves of a face's height; y runs down from the middle of the face.
TRAITS: Table = {
    "skin": (0, 1),  # from light to dark
    "width": (0.58, 0.9),  # of the head
    "height": (0.88, 1.08),
    "taper": (-0.16, 0.56),  # how much narrower the chin is
    "ears": (0.11, 0.28),
    "neck": (0.24, 0.42),
    "hair": (0, 1),  # place in a row of colours
    "shade": (0.85, 1.12),
    "volume": (0.04, 0.3),
    "hairline": (-0.78, -0.42),
    "parting": (-0.4, 0.4),
    "fringe": (-0.1, 1.5),
    "length": (-0.8, 1.6),
    "curls": (-0.03, 0.04),
    "bald": (0.1, 1, 1),
    "bun": (0.1, 1, 1),
    "pigtails": (0.1, 1, 1),
    "beard": (0.24, 0.5, 0.95),
    "beard_line": (0.2, 0.7),
    "moustache": (0.2, 0.9, 0.9),
    "eyes": (0.24, 0.43),  # from the middle
    "eye_height": (-0.22, 0.05),
    "eye_size": (0.11, 0.21),
    "slant": (-0.3, 0.3),
    "iris": (0, 1),
    "brow": (0.2, 0.34),  # above the eye
    "brow_size": (0.025, 0.095),
    "brow_length": (0.12, 0.25),
    "frown": (-0.3, 0.4),
    "nose": (0.16, 0.36),
    "nose_width": (0.06, 0.21),
    "mouth": (0.5, 0.66),
    "mouth_width": (0.17, 0.45),
    "lips": (0.03, 0.115),
    "lip_red": (0, 0.9),
    "blush": (0.6, 0.15, 0.4),
    "freckles": (0.25, 0.7, 0.7),
    "mole": (0.3, 0.9, 0.9),
    "mole_x": (-0.5, 0.5),
    "mole_y": (0.15, 0.7),
}

# How the person looks in this picture: pose, expression, light, and what is worn or held.
CHANGES: Table = {
    "x": (-0.06, 0.06),
    "y": (-0.06, 0.06),
    "scale": (0.95, 1.06),
    "tilt": (-0.1, 0.1),  # to a shoulder, in radians
    "turn": (-0.12, 0.12),  # to a side: how far the middle of the face moves
    "nod": (-0.06, 0.06),
    "smile": (-0.5, 1.3),
    "open": (0.4, 0.1, 1),  # the mouth
    "lids": (0.45, 1.05),
    "gaze": (-0.05, 0.05),
    "lift": (-0.04, 0.06),  # of the brows
    "light_from": (0, 2 * np.pi),
    "light": (0, 0.28),
    "exposure": (0.84, 1.12),
    "warmth": (-0.06, 0.06),
    "wall": (0, 1),  # a hue, as cloth, hat, frame and thing
    "wall_step": (-0.15, 0.15),
    "wall_strength": (0.05, 0.5),
    "wall_value": (0.55, 1),
    "wall_floor": (0.55, 1),
    "wall_slope": (-0.6, 0.6),
    "cloth": (0, 1),
    "cloth_strength": (0.1, 0.9),
    "cloth_value": (0.2, 0.95),
    "collar": (0, 0.5),
    "stripes": (0.4, 1, 1),
    "stripes_x": (0, 1),
    "hat": (0, 1),
    "hat_strength": (0.2, 0.9),
    "hat_value": (0.3, 0.95),
    "hat_line": (-0.52, -0.4),
    "hat_height": (0.5, 0.75),
    "brim": (0, 0.45),
    "bobble": (0.4, 1, 1),
    "glasses": (0.2, 1, 1),
    "dark": (0.25, 1, 1),  # the glasses, if there are any
    "glass_width": (0.17, 0.22),
    "glass_height": (0.13, 0.2),
    "frame": (0, 1),
    "frame_strength": (0, 0.9),
    "frame_value": (0.08, 0.7),
    "scarf": (0.05, 1, 1),
    "balloon": (0.05, 1, 1),
    "book": (0.04, 1, 1),
    "thing": (0, 1),
    "thing_strength": (0.3, 0.9),
    "thing_value": (0.4, 0.95),
    "thing_x": (-0.8, 0.8),
    "thing_y": (0.5, 0.8),
}


class Faces(NamedTuple):
    """Portraits with the truth about them. The pictures of one person follow each other.

    Attributes
    ----------
    images
        ``(N, H, W, 3)`` float32 in [0, 1].
    people
        ``(N,)`` int64: who it is, 0 for the first person.
    groups
        ``(N,)`` int64: places in `FACE_GROUPS`. It belongs to the person, as the traits do.
    traits
        For each name of `TRAITS` ``(N,)`` float32: what the person is like.
    changes
        For each name of `CHANGES` ``(N,)`` float32: what is so in this picture only.
    """

    images: np.ndarray
    people: np.ndarray
    groups: np.ndarray
    traits: dict[str, np.ndarray]
    changes: dict[str, np.ndarray]


def faces(
    people: int,
    pictures: int = 10,
    seed: int = 0,
    size: Sequence[int] = (48, 40),
    hatted: float = 0.25,
) -> Faces:
    """Some pictures of each of some people, who do not exist.

    Who a person is stays: the shape of head and face, distances, colours, hair, a beard, a mole.
    Pose, expression, light, wall and clothes change from picture to picture; so do glasses, and
    what a person holds in front of the face. Pictures are about as well aligned as a detector of
    faces leaves them. Hatted people wear another hat in each picture, and it hides what hair there
    is above the forehead: who takes it for hair mixes them up.

    Parameters
    ----------
    people, pictures
        How many persons, and how many pictures of each. Picture k of person i depends on the seed,
        the size, i and k only: ``faces(10)`` shows the first of ``faces(20)``.
    seed
        A whole number, at least 0. Another seed draws other people.
    size
        ``(height, width)`` in pixels, each at least 24.
    hatted
        The share of people in the group *hatted*, from 0 to 1. Somebody who is hatted at one share
        is so at each larger one, and has the same face.

    Raises
    ------
    ValueError
        If one of them is not what is said above.
    """
    people, pictures = whole("people", people, 0), whole("pictures", pictures, 0)
    seed, hatted = whole("seed", seed, 0), share("hatted", hatted)
    height, width = picture_size(size, SMALLEST)
    persons = np.repeat(np.arange(people), pictures)
    births = [np.random.default_rng((seed, i, 0)) for i in range(people)]
    moments = [
        np.random.default_rng((seed, i, 1 + k)) for i in range(people) for k in range(pictures)
    ]
    who = _luck(births, 1 + 2 * len(TRAITS))[persons]
    traits = _numbers(TRAITS, who[:, 1:])
    changes = _numbers(CHANGES, _luck(moments, 2 * len(CHANGES)))
    groups = (who[:, 0] < hatted).astype(np.int64)
    images = np.empty((len(persons), height, width, 3), np.float32)
    for start in range(0, len(persons), TOGETHER):
        some = slice(start, start + TOGETHER)
        drawn = draw(
            {name: value[some] for name, value in traits.items()},
            {name: value[some] for name, value in changes.items()},
            groups[some] == FACE_GROUPS.index("hatted"),
            (height, width),
        )
        grain = [rng.standard_normal(drawn.shape[1:], np.float32) for rng in moments[some]]
        images[some] = (drawn + GRAIN * np.array(grain)).clip(0, 1)
    return Faces(images, persons, groups, traits, changes)


def _luck(rngs: list[np.random.Generator], count: int) -> np.ndarray:
    """(N, count): numbers from 0 to 1, a row from each generator."""
    luck = [rng.random(count, np.float32) for rng in rngs]
    return np.reshape(np.array(luck, np.float32), (len(rngs), count))


def _numbers(table: Table, luck: np.ndarray) -> dict[str, np.ndarray]:
    """The numbers of a table, two pieces of luck for each: its place, and whether it is there."""
    place, there = np.split(luck, 2, axis=1)  # (N, names) each
    result = {}
    for column, (name, bounds) in enumerate(table.items()):
        *some, low, high = bounds
        value = np.float32(low) + np.float32(high - low) * place[:, column]
        result[name] = np.where(there[:, column] < some[0], value, 0) if some else value
    return result
