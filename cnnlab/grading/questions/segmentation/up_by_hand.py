"""Stamps and sizes, by hand."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from cnnlab.grading.question import EXACT, Question, Wrong, no_arguments
from cnnlab.grading.questions.segmentation.arrays import stamped

IMAGE = np.array([[1.0, 2], [4, 3]])
FILTER = np.array([[1.0, 2, 1], [2, 0, 1], [0, 2, 1]])  # the lecture's
WAYS_BACK = ((7, 4, 1, 2, 0), (5, 3, 1, 2, 1), (6, 5, 0, 3, 0))  # n, f, p, s, output padding


def by_stamps(
    kernel: np.ndarray = FILTER, before: int = 1, stride: int = 2, overwrite: bool = False
) -> np.ndarray:
    """The lecture's crop: the first row and the first column of the canvas are cut off."""
    full = stride + 3
    canvas = stamped(
        IMAGE[None, :, :, None], kernel[:, :, None, None], stride, (full, full), overwrite
    )
    return canvas[0, before : before + 4, before : before + 4, 0]


def cells_back(n: int, f: int, p: int, s: int, o: int) -> int:
    """The cells that stamps reach are counted, one by one."""
    reached = {i * s + u for i in range(n) for u in range(f)}
    return max(reached) + 1 + o - 2 * p


def valid_unet(n: int, shrink: int = 4, decoder: bool = True, bottom: bool = True) -> list[int]:
    """Sizes of a U-Net that pools twice: bottom, result, and what is cut on a side, deeper first.

    Two convolutions of 3×3 without padding take `shrink` rows.
    """
    first = n - shrink
    second = first // 2 - shrink
    low = second // 2 - (shrink if bottom else 0)
    up = 2 * low
    up_again = 2 * (up - shrink * decoder)
    return [low, up_again - shrink * decoder, (second - up) // 2, (first - up_again) // 2]


def both_sides(n: int) -> list[int]:
    *sizes, deep, top = valid_unet(n)
    return [*sizes, 2 * deep, 2 * top]


def upper_first(n: int) -> list[int]:
    *sizes, deep, top = valid_unet(n)
    return [*sizes, top, deep]


def result_first(n: int) -> list[int]:
    bottom, result, *cuts = valid_unet(n)
    return [result, bottom, *cuts]


def before_the_last_two(n: int) -> list[int]:
    bottom, *rest = valid_unet(n)
    return [bottom + 4, *rest]


def by_hand(
    cells: Callable[[int, int, int, int, int], int] = cells_back,
    unet: Callable[[int], list[int]] = valid_unet,
    fits: int = 112,
    **mistake: Any,
) -> dict[str, Any]:
    return {
        "stamped": by_stamps(**mistake),
        "sizes": [cells(*row) for row in WAYS_BACK],
        "unet": [*unet(100), fits],
    }


QUESTION = Question(
    id="up_by_hand",
    room="segmentation",
    title="Stamps and sizes, by hand",
    points=2,
    level=1,
    kind="value",
    cases=no_arguments,
    oracle=by_hand,
    tolerance=EXACT,
    wrong=(
        Wrong(
            "filter turned",
            partial(by_hand, kernel=FILTER[::-1, ::-1]),
            "In (a) you turned the filter by half a turn before you laid it down. Each number of"
            " the image lays the filter down as it is.",
        ),
        Wrong(
            "rows and columns swapped",
            partial(by_hand, kernel=FILTER.T),
            "In (a) rows and columns of the filter changed places. Each number of the image lays"
            " the filter down as it is.",
        ),
        Wrong(
            "overlaps overwritten",
            partial(by_hand, overwrite=True),
            "In (a) a later stamp wiped out an earlier one where they overlap. What should happen"
            " to the numbers of both?",
        ),
        Wrong(
            "cropped below and on the right",
            partial(by_hand, before=0),
            "In (a) you cut off the last row and the last column, as Keras does with its “same”."
            " Look again which side the lecture's frame leaves out.",
        ),
        Wrong(
            "stamps one cell apart",
            partial(by_hand, before=0, stride=1),
            "In (a) your stamps lie one cell apart. On the way back the stride says how far apart"
            " they lie on the result.",
        ),
        Wrong(
            "formula of the way forward",
            partial(by_hand, cells=lambda n, f, p, s, o: (n + 2 * p - f) // s + 1 + o),
            "In (b) you used the formula of the ordinary convolution. A transposed convolution"
            " makes larger what that one makes smaller: solve the formula for n.",
        ),
        Wrong(
            "stride times size",
            partial(by_hand, cells=lambda n, f, p, s, o: n * s),
            "In (b) you multiplied by the stride, and that was all. That holds only if filter and"
            " padding happen to fit: count the cells that the last stamp reaches.",
        ),
        Wrong(
            "one step too many",
            partial(by_hand, cells=lambda n, f, p, s, o: s * n + f - 2 * p + o),
            "In (b) you count one step too many. Between the first stamp and the last one there is"
            " one step fewer than there are stamps.",
        ),
        Wrong(
            "padding that grows",
            partial(by_hand, cells=lambda n, f, p, s, o: s * (n - 1) + f + 2 * p + o),
            "In (b) your padding makes the result larger. What the convolution added as a frame,"
            " the way back takes off again.",
        ),
        Wrong(
            "padding counted once",
            partial(by_hand, cells=lambda n, f, p, s, o: s * (n - 1) + f - p + o),
            "In (b) you took the padding off once. A row has two ends.",
        ),
        Wrong(
            "output padding forgotten",
            partial(by_hand, cells=lambda n, f, p, s, o: s * (n - 1) + f - 2 * p),
            "In (b) one of the rows has an output padding. It is missing in your size.",
        ),
        Wrong(
            "output padding on both sides",
            partial(by_hand, cells=lambda n, f, p, s, o: s * (n - 1) + f - 2 * p + 2 * o),
            "In (b) you counted the output padding on both sides. It stands on one side only.",
        ),
        Wrong(
            "padding in the U-Net",
            partial(by_hand, unet=partial(valid_unet, shrink=0)),
            "In (c) your convolutions keep the size. This U-Net is the original one: how many"
            " places does a window of three have in a row?",
        ),
        Wrong(
            "one convolution a level",
            partial(by_hand, unet=partial(valid_unet, shrink=2)),
            "In (c) the rows lost at each level are too few. How many convolutions are there, and"
            " how many rows does each of them take?",
        ),
        Wrong(
            "no convolutions at the bottom",
            partial(by_hand, unet=partial(valid_unet, bottom=False)),
            "In (c) you went up again right after the last pooling. What happens at the bottom of"
            " the U?",
        ),
        Wrong(
            "no convolutions on the way up",
            partial(by_hand, unet=partial(valid_unet, decoder=False)),
            "In (c) nothing gets smaller on your way up. After each concatenation, too, there are"
            " convolutions without padding.",
        ),
        Wrong(
            "cut on both sides together",
            partial(by_hand, unet=both_sides),
            "In (c) you give what is cut off on both sides together. The question asks for one"
            " side.",
        ),
        Wrong(
            "upper skip connection first",
            partial(by_hand, unet=upper_first),
            "In (c) what is cut off from the two skip connections changed places. The question asks"
            " for the deeper one first.",
        ),
        Wrong(
            "result before the bottom",
            partial(by_hand, unet=result_first),
            "In (c) the rows at the bottom and those of the result changed places.",
        ),
        Wrong(
            "bottom before its convolutions",
            partial(by_hand, unet=before_the_last_two),
            "In (c) your first number is what comes down to the bottom. The question asks for the"
            " rows after the two convolutions there.",
        ),
        Wrong(
            "a multiple of twice the depth",
            partial(by_hand, fits=104),
            "In (d) your height can be pooled three times and no more: the fourth pooling meets an"
            " odd number. Each pooling halves what the one before has left.",
        ),
        Wrong(
            "the next smaller one",
            partial(by_hand, fits=96),
            "In (d) your height fits, but it is smaller than the image: some of the image would"
            " have to be cut off. The question asks in the other direction.",
        ),
    ),
    parts=("a", "b", "ccccd"),
    alternatives=(
        lambda: {
            "stamped": by_hand()["stamped"].astype(int).tolist(),
            "sizes": [s * (n - 1) + f - 2 * p + o for n, f, p, s, o in WAYS_BACK],
            "unet": tuple(float(number) for number in by_hand()["unet"]),
        },
    ),
)
