"""Total variation."""

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np

from cnnlab.grading.question import FLOAT32, Case, Question, Wrong
from cnnlab.grading.questions.style.arrays import Array, normal, whole


def roughness(
    x: Array,
    step: Callable[[float], float] = abs,
    neighbours: Sequence[tuple[int, int]] = ((1, 0), (0, 1)),
) -> Array:
    """Pixel by pixel: `step` says what a difference costs."""
    N, H, W, C = x.shape
    sums = np.zeros(N)
    for n, i, j, c in np.ndindex(N, H, W, C):
        for down, right in neighbours:
            if i + down < H and 0 <= j + right < W:
                sums[n] += step(float(x[n, i + down, j + right, c] - x[n, i, j, c]))
    return sums


def around_the_border(x: Array) -> Array:
    """The last row beside the first one."""
    down, right = (np.abs(np.roll(x, -1, axis) - x) for axis in (1, 2))
    return (down + right).sum(axis=(1, 2, 3))


def slanting_lengths(x: Array) -> Array:
    """The length of the gradient, where a pixel has both neighbours or one."""
    down, right = np.zeros_like(x), np.zeros_like(x)
    down[:, :-1], right[:, :, :-1] = np.diff(x, axis=1), np.diff(x, axis=2)
    return np.sqrt(down**2 + right**2).sum(axis=(1, 2, 3))


def both_inside(x: Array) -> Array:
    """Only pixels that have both neighbours."""
    down, right = np.diff(x, axis=1)[:, :, :-1], np.diff(x, axis=2)[:, :-1]
    return (np.abs(down) + np.abs(right)).sum(axis=(1, 2, 3))


def with_channels(x: Array) -> Array:
    return roughness(x) + np.abs(np.diff(x, axis=3)).sum(axis=(1, 2, 3))


def of_gray(x: Array) -> Array:
    return roughness(x.mean(axis=3, keepdims=True))


def by_diff(x: Array) -> list:
    return sum(np.abs(np.diff(x, axis=axis)).sum(axis=(1, 2, 3)) for axis in (1, 2)).tolist()


def by_keras(x: Array) -> Array:
    """Rows and columns cut off, in float32."""
    from keras import ops

    x = ops.convert_to_tensor(x.astype("float32"))
    down = ops.sum(ops.abs(x[:, :-1] - x[:, 1:]), axis=(1, 2, 3))
    return down + ops.sum(ops.abs(x[:, :, :-1] - x[:, :, 1:]), axis=(1, 2, 3))


def rough_cases(rng: np.random.Generator) -> Sequence[Case]:
    shapes = (3, 4, 6, 3), (2, 7, 3, 2), (2, 1, 5, 3), (1, 6, 1, 2)  # one row; one column
    return [(whole(rng, 1, 2, 3, 1),), *((normal(rng, *shape),) for shape in shapes)]


QUESTION = Question(
    id="total_variation",
    room="style",
    title="Total variation",
    points=2,
    level=1,
    kind="function",
    cases=rough_cases,
    oracle=roughness,
    tolerance=FLOAT32,
    wrong=(
        Wrong(
            "signs kept",
            partial(roughness, step=lambda difference: difference),
            "Steps up and steps down cancel in your sum. A picture is rough whichever way a step"
            " goes.",
        ),
        Wrong(
            "squared",
            partial(roughness, step=lambda difference: difference**2),
            "You squared the differences. Some people do, and it has another effect: edges cost"
            " more. The question asks for their absolute values.",
        ),
        Wrong(
            "absolute value of the sum",
            lambda x: abs(roughness(x, lambda difference: difference)),
            "You took the absolute value of the whole sum. Each difference has its own.",
        ),
        Wrong(
            "below only",
            partial(roughness, neighbours=[(1, 0)]),
            "You compared each pixel with the one below. It has a neighbour in its row, too.",
        ),
        Wrong(
            "to the right only",
            partial(roughness, neighbours=[(0, 1)]),
            "You compared each pixel with the one to its right. It has a neighbour in its column,"
            " too.",
        ),
        Wrong(
            "the slanting neighbour",
            partial(roughness, neighbours=[(1, 1)]),
            "You compared each pixel with the one below and to the right at once. Its neighbours"
            " are two pixels: one below, one to the right.",
        ),
        Wrong(
            "each pair twice",
            lambda x: 2 * roughness(x),
            "You counted each pair of neighbours from both sides.",
        ),
        Wrong(
            "around the border",
            around_the_border,
            "The last row was compared with the first one, or the last column with the first one."
            " Pixels on opposite borders are no neighbours. Rolling moves them round in a circle.",
        ),
        Wrong(
            "pixels with both neighbours only",
            both_inside,
            "Pixels of the last row still have a neighbour to their right, and those of the last"
            " column one below. Yours do not count them.",
        ),
        Wrong(
            "length of the gradient",
            slanting_lengths,
            "You took the length of the two differences together, with a root. The question asks"
            " for their absolute values, added.",
        ),
        Wrong(
            "between channels",
            with_channels,
            "You compared red with green, too. Neighbours are pixels; a channel has its own.",
        ),
        Wrong(
            "of the gray picture",
            of_gray,
            "You made one channel of all before you compared. Noise in one colour, which another"
            " colour makes up for, would cost nothing.",
        ),
        Wrong(
            "mean instead of sum",
            lambda x: roughness(x) / x[0].size,
            "You took a mean over the pixels. The question asks for the sum.",
        ),
        Wrong(
            "all pictures together",
            lambda x: roughness(x).sum(),
            "You have one number for all pictures. Each picture has its own.",
        ),
    ),
    alternatives=(by_diff, by_keras),
)
