"""Crop and concatenate."""

from collections.abc import Sequence
from functools import partial

import numpy as np

from cnnlab.grading.question import FLOAT32, Case, Question, Wrong
from cnnlab.grading.questions.segmentation.arrays import Array, normal, whole


def middle(cells: int, wanted: int) -> int:
    return (cells - wanted) // 2


def joined(skip: Array, x: Array, rows=middle, columns=middle) -> Array:
    """Cell by cell; `rows` and `columns` say where in the skip connection the first one lies."""
    N, h, w, K = x.shape
    top, left = rows(skip.shape[1], h), columns(skip.shape[2], w)
    result = np.zeros((N, h, w, skip.shape[3] + K))
    for i, j in np.ndindex(h, w):
        result[:, i, j, : skip.shape[3]] = skip[:, top + i, left + j]
        result[:, i, j, skip.shape[3] :] = x[:, i, j]
    return result


def late(cells: int, wanted: int) -> int:
    return -((wanted - cells) // 2)


def nearest(cells: int, wanted: int) -> int:
    return round((cells - wanted) / 2)


def half_less_half(cells: int, wanted: int) -> int:
    return cells // 2 - wanted // 2


def one_offset(skip: Array, x: Array) -> Array:
    """The first column is as far in as the first row."""
    first = middle(skip.shape[1], x.shape[1])
    return joined(skip, x, columns=lambda *_: first)


def other_order(skip: Array, x: Array) -> Array:
    z, C = joined(skip, x), skip.shape[3]
    return np.concatenate([z[..., C:], z[..., :C]], axis=-1)


def shrunk(skip: Array, x: Array) -> Array:
    """The skip connection is made smaller as a picture is, by its nearest cells."""
    h, w = x.shape[1:3]
    rows = np.arange(h) * skip.shape[1] // h
    columns = np.arange(w) * skip.shape[2] // w
    return np.concatenate([skip[:, rows][:, :, columns], x], axis=-1)


def grown(skip: Array, x: Array) -> Array:
    """Zeros around what came up, nothing cut."""
    sides = []
    for big, small in zip(skip.shape[1:3], x.shape[1:3], strict=True):
        sides.append((middle(big, small), big - small - middle(big, small)))
    return np.concatenate([skip, np.pad(x, [(0, 0), *sides, (0, 0)])], axis=-1)


def crop_by_keras(skip: Array, x: Array) -> Array:
    from keras import layers as L

    (H, W), (h, w) = skip.shape[1:3], x.shape[1:3]
    sides = [((a - b) // 2, -((b - a) // 2)) for a, b in ((H, h), (W, w))]
    z = L.Concatenate()([L.Cropping2D(sides)(skip), np.asarray(x, "float32")])
    return np.asarray(z)


def crop_by_places(skip: Array, x: Array) -> list:
    """Each axis by its list of places, in float32."""
    rows, columns = (
        np.arange(small) + middle(big, small)
        for big, small in zip(skip.shape[1:3], x.shape[1:3], strict=True)
    )
    kept = skip.astype("float32").take(rows, axis=1).take(columns, axis=2)
    return np.append(kept, x.astype("float32"), axis=3).tolist()


def crop_cases(rng: np.random.Generator) -> Sequence[Case]:
    def case(N: int, H: int, W: int, C: int, h: int, w: int, K: int) -> Case:
        return normal(rng, N, H, W, C), normal(rng, N, h, w, K)

    return [
        (whole(rng, 1, 4, 5, 1), whole(rng, 1, 2, 3, 1)),
        case(2, 10, 8, 2, 6, 4, 4),
        case(3, 7, 9, 3, 4, 4, 2),  # odd differences
        case(2, 5, 8, 2, 5, 3, 3),  # no row to cut
        case(1, 6, 4, 1, 6, 4, 2),  # nothing to cut
    ]


QUESTION = Question(
    id="crop_and_concatenate",
    room="segmentation",
    title="Crop and concatenate",
    points=2,
    level=1,
    kind="function",
    cases=crop_cases,
    oracle=joined,
    tolerance=FLOAT32,
    wrong=(
        Wrong(
            "cropped from the corner",
            partial(joined, rows=lambda *_: 0, columns=lambda *_: 0),
            "You kept the upper left corner of the skip connection. What came up has lost rows on"
            " all sides, so it lies over the middle.",
        ),
        Wrong(
            "cropped from the last corner",
            partial(joined, rows=np.subtract, columns=np.subtract),
            "You kept the lower right corner of the skip connection. What came up has lost rows on"
            " all sides, so it lies over the middle.",
        ),
        Wrong(
            "rows from the corner",
            partial(joined, rows=lambda *_: 0),
            "The columns are from the middle, but the rows are from the top.",
        ),
        Wrong(
            "columns from the corner",
            partial(joined, columns=lambda *_: 0),
            "The rows are from the middle, but the columns are from the left.",
        ),
        Wrong(
            "rows and columns cut alike",
            one_offset,
            "Your rows are right. You cut as many columns on the left as rows at the top, but a"
            " picture may be wider than high, and lose more of one than of the other.",
        ),
        Wrong(
            "odd row cut at the top",
            partial(joined, rows=late, columns=late),
            "Where an odd number of rows has to go, you cut the odd one at the top, or on the left."
            " The task says where it goes.",
        ),
        Wrong(
            "rounded to the nearest",
            partial(joined, rows=nearest, columns=nearest),
            "Where an odd number of rows or columns has to go, you round half of it to the nearest"
            " whole number. Python's round makes 2 of 1.5, and of 2.5 too: round down.",
        ),
        Wrong(
            "halves before the difference",
            partial(joined, rows=half_less_half, columns=half_less_half),
            "You take half of each size, and then the difference. Where one size is even and the"
            " other one odd, a cell gets lost on the way: take the difference first, then half of"
            " it.",
        ),
        Wrong(
            "what came up first",
            other_order,
            "The right channels, in the wrong order. The task says which of the two comes first.",
        ),
        Wrong(
            "skip connection shrunk",
            shrunk,
            "You made the skip connection smaller, as one does with a picture. Then its cells lie"
            " no longer over the cells that they belong to. Cut, and do not squeeze.",
        ),
        Wrong(
            "what came up padded",
            grown,
            "You put zeros around what came up, until it was as large as the skip connection. The"
            " original U-Net makes the larger one smaller.",
        ),
    ),
    alternatives=(crop_by_keras, crop_by_places),
)
