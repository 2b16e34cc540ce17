"""Mend a function: what happens to the score when a square of the picture is covered."""

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np

from cnnlab.grading.question import FLOAT32, Case, Question, Wrong
from cnnlab.grading.questions.style.arrays import Array, normal, windows_of

Corner = tuple[int, int]


def answer(x: Array, w: Array) -> float:
    """The score: ReLU of each number of a layer, added up."""
    z = windows_of(x, w)
    return float((z * (z > 0)).sum())


def corners(extent: int, size: int, stride: int) -> list[int]:
    """Where squares begin along an axis, each of them inside."""
    return [begin for begin in range(0, extent, stride) if begin + size <= extent]


def painted(x: Array, corner: Corner, size: int, colour: Array) -> Array:
    """Pixel by pixel: a new picture, with a square of one colour."""
    top, left = corner
    result = np.array(x)
    for i, j in np.ndindex(size, size):
        if top + i < len(x) and left + j < x.shape[1]:
            result[top + i, left + j] = colour
    return result


def score_drops(
    x: Array,
    w: Array,
    size: int,
    stride: int,
    colour: Array,
    cover: Callable[..., Array] = painted,
    places: Callable[[int, int, int], list[int]] = corners,
    drop: Callable[[float, float], float] = lambda whole, left: whole - left,
) -> Array:
    whole = answer(x, w)
    tops, lefts = (places(extent, size, stride) for extent in x.shape[:2])
    result = np.zeros((len(tops), len(lefts)))
    for i, top in enumerate(tops):
        for j, left in enumerate(lefts):
            result[i, j] = drop(whole, answer(cover(x, (top, left), size, colour), w))
    return result


def kept_on(
    x: Array, w: Array, size: int, stride: int, colour: Array, anew: str = "never"
) -> Array:
    """Squares that stay: `anew` says when the picture is whole again, such as "row"."""
    whole, seen = answer(x, w), x
    tops, lefts = (corners(extent, size, stride) for extent in x.shape[:2])
    result = np.zeros((len(tops), len(lefts)))
    for i, top in enumerate(tops):
        seen = x if anew == "row" else seen
        for j, left in enumerate(lefts):
            seen = painted(seen, (top, left), size, colour)
            result[i, j] = whole - answer(seen, w)
    return result


def against_the_last(x: Array, w: Array, size: int, stride: int, colour: Array) -> Array:
    """Squares stay, and each counts what it adds."""
    stayed = kept_on(x, w, size, stride, colour)
    return np.diff(stayed.ravel(), prepend=0).reshape(stayed.shape)


def columns_first(x: Array, w: Array, size: int, stride: int, colour: Array) -> Array:
    """Loops over columns outside, rows inside, filled in as if it were the other way round."""
    found = score_drops(x, w, size, stride, colour)
    return found.T.reshape(found.shape)


def put_back_black(x: Array, w: Array, size: int, stride: int, colour: Array) -> Array:
    """After each square, its pixels become 0 instead of what they were."""
    seen, whole = np.array(x), answer(x, w)
    tops, lefts = (corners(extent, size, stride) for extent in x.shape[:2])
    result = np.zeros((len(tops), len(lefts)))
    for i, top in enumerate(tops):
        for j, left in enumerate(lefts):
            result[i, j] = whole - answer(painted(seen, (top, left), size, colour), w)
            seen = painted(seen, (top, left), size, 0 * colour)
    return result


def in_one_channel(x: Array, corner: Corner, size: int, colour: Array) -> Array:
    result = np.array(x)
    result[..., 0] = painted(x, corner, size, colour)[..., 0]
    return result


def all_but_the_square(x: Array, corner: Corner, size: int, colour: Array) -> Array:
    there = painted(np.zeros((*x.shape[:2], 1)), corner, size, np.ones(1))
    return np.where(there > 0, x, colour)


def by_masks(x: Array, w: Array, size: int, stride: int, colour: Array) -> list:
    """All covered pictures at once."""
    tops = np.arange(0, len(x) - size + 1, stride)
    lefts = np.arange(0, x.shape[1] - size + 1, stride)
    rows = (np.arange(len(x)) >= tops[:, None]) & (np.arange(len(x)) < tops[:, None] + size)
    columns = np.arange(x.shape[1]) - lefts[:, None]
    columns = (columns >= 0) & (columns < size)
    hidden = (rows[:, None, :, None] & columns[None, :, None, :])[..., None]
    pictures = np.where(hidden, colour, x)  # (rows, columns, H, W, C)
    views = np.lib.stride_tricks.sliding_window_view(pictures, w.shape[:2], axis=(2, 3))
    scores = np.maximum(np.einsum("pqijcuv,uvck->pqijk", views, w), 0).sum(axis=(2, 3, 4))
    return (answer(x, w) - scores).tolist()


def put_back(x: Array, w: Array, size: int, stride: int, colour: Array) -> Array:
    """One picture; what was under the square comes back."""
    whole, result = answer(x, w), []
    for top in range(0, len(x) - size + 1, stride):
        for left in range(0, x.shape[1] - size + 1, stride):
            square = np.s_[top : top + size, left : left + size]
            kept = x[square].copy()
            x[square] = colour
            result.append(whole - answer(x, w))
            x[square] = kept
    shape = (len(x) - size) // stride + 1, (x.shape[1] - size) // stride + 1
    return np.reshape(result, shape).astype("float32")


def occlusion_cases(rng: np.random.Generator) -> Sequence[Case]:
    def case(H: int, W: int, C: int, f: tuple[int, int], K: int, size: int, stride: int) -> Case:
        x, w = rng.uniform(0, 1, (H, W, C)).round(2), normal(rng, *f, C, K)
        w = (w - w.mean(axis=(0, 1, 2))).round(3)  # each filter answers somewhere
        return x, w, size, stride, rng.uniform(0.2, 0.8, C).round(2)

    small = rng.permutation(np.arange(1.0, 13)).reshape(3, 4, 1)
    return [
        (small, rng.permutation([1.0, 2, 3, -1]).reshape(2, 2, 1, 1), 2, 1, np.array([5.0])),
        case(7, 9, 3, (3, 3), 2, 3, 2),
        case(8, 6, 2, (2, 2), 3, 2, 2),  # squares side by side
        case(9, 8, 1, (3, 2), 4, 2, 3),  # gaps between them
        case(6, 10, 3, (2, 3), 1, 4, 3),  # the last one would not fit
        case(5, 8, 2, (2, 2), 2, 1, 2),  # single pixels, those of the last row too
    ]


QUESTION = Question(
    id="occlusion_map",
    room="style",
    title="Mend a function: the occlusion map",
    points=3,
    level=2,
    kind="function",
    cases=occlusion_cases,
    oracle=score_drops,
    tolerance=FLOAT32,
    mend=True,
    wrong=(
        Wrong(
            "as handed out",
            kept_on,
            "The fault of the function as it was handed out is still there. Look at the picture"
            " itself after the first square, and after the second one.",
        ),
        Wrong(
            "mended from row to row only",
            partial(kept_on, anew="row"),
            "From row to row of squares, the fault is gone. Within a row it is still there.",
        ),
        Wrong(
            "black where a square has been",
            put_back_black,
            "You clean up after each square, but what was under it does not come back: the picture"
            " gets black there.",
        ),
        Wrong(
            "each square against the one before",
            against_the_last,
            "You compare each score with the one before it, and the squares still stay. Each square"
            " is covered in the whole picture, all by itself.",
        ),
        Wrong(
            "sign",
            partial(score_drops, drop=lambda whole, left: left - whole),
            "Your map has the wrong sign. That was right before: where the score falls, the map is"
            " positive.",
        ),
        Wrong(
            "scores instead of falls",
            partial(score_drops, drop=lambda whole, left: left),
            "Your map shows the scores of the covered pictures. That was right before: the map says"
            " how far the score falls.",
        ),
        Wrong(
            "falls never negative",
            partial(score_drops, drop=lambda whole, left: max(whole - left, 0)),
            "Where covering raises the score, your map is 0. Such squares are worth knowing: they"
            " spoke against the answer.",
        ),
        Wrong(
            "absolute values",
            partial(score_drops, drop=lambda whole, left: abs(whole - left)),
            "Your map has absolute values. Whether a square spoke for the answer or against it"
            " cannot be seen any more.",
        ),
        Wrong(
            "share of the score",
            partial(score_drops, drop=lambda whole, left: (whole - left) / whole),
            "You divided by the score of the whole picture. That was right before.",
        ),
        Wrong(
            "rows and columns swapped",
            lambda *case: score_drops(*case).T,
            "Rows and columns of your map changed places. Its rows belong to rows of the picture.",
        ),
        Wrong(
            "filled in the wrong order",
            columns_first,
            "Your map has the right numbers in wrong places: you went through the columns first,"
            " and filled the map row by row.",
        ),
        Wrong(
            "stride forgotten",
            lambda x, w, size, stride, colour: score_drops(x, w, size, 1, colour),
            "Your squares begin one pixel apart, whatever the stride is.",
        ),
        Wrong(
            "squares side by side",
            lambda x, w, size, stride, colour: score_drops(x, w, size, size, colour),
            "Your squares stand side by side. How far apart they begin is the stride's business.",
        ),
        Wrong(
            "squares beyond the border",
            partial(
                score_drops, places=lambda extent, size, stride: list(range(0, extent, stride))
            ),
            "Your map has places for squares that reach beyond the border. That was right before:"
            " all of them lie inside.",
        ),
        Wrong(
            "black squares",
            lambda x, w, size, stride, colour: score_drops(x, w, size, stride, 0 * colour),
            "Your squares are black, whatever the colour is. To a network, black is not nothing.",
        ),
        Wrong(
            "squares of the mean colour",
            lambda x, w, size, stride, colour: score_drops(x, w, size, stride, x.mean(axis=(0, 1))),
            "Your squares have the picture's mean colour. That is a good choice, but the question"
            " gives a colour.",
        ),
        Wrong(
            "one channel covered",
            partial(score_drops, cover=in_one_channel),
            "Your squares cover one channel only.",
        ),
        Wrong(
            "all but the square covered",
            partial(score_drops, cover=all_but_the_square),
            "You covered everything but the square.",
        ),
    ),
    alternatives=(by_masks, put_back),
)
