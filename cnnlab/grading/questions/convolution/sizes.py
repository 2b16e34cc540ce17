"""Sizes and parameters, by hand."""

from collections.abc import Callable

import numpy as np

from cnnlab.grading.question import EXACT, Question, Wrong, no_arguments


def count_places(n: int, f: int, p: int, s: int) -> int:
    """How many starts of a window fit: they are counted, one by one."""
    return len(range(0, n + 2 * p - f + 1, s))


def by_hand(
    places: Callable[[int, int, int, int], int] = count_places,
    same: int = 4,
    weights: int = 12 * 46,
    pooling: int = 0,
) -> list[int]:
    rows = [places(11, 4, 0, 1), places(11, 5, 2, 1), places(18, 5, 1, 2), places(26, 7, 3, 4)]
    return [*rows, same, weights, pooling]


QUESTION = Question(
    id="sizes",
    room="convolution",
    title="Sizes and parameters, by hand",
    points=2,
    level=1,
    kind="value",
    cases=no_arguments,
    oracle=by_hand,
    tolerance=EXACT,
    wrong=(
        Wrong(
            "rounded up",
            lambda: by_hand(lambda n, f, p, s: -((f - n - 2 * p) // s) + 1),
            "Where the stride does not divide, you round up. Then the last window hangs over the"
            " end of the row. The brackets of the formula in “Padding and stride” say which way.",
        ),
        Wrong(
            "rounded to the nearest",
            lambda: by_hand(lambda n, f, p, s: int((n + 2 * p - f) / s + 0.5) + 1),
            "Where the stride does not divide, you round to the nearest whole number. Half a step"
            " is not a place for a window: see “Where people slip” in “Padding and stride”.",
        ),
        Wrong(
            "padding counted once",
            lambda: by_hand(lambda n, f, p, s: (n + p - f) // s + 1),
            "You count the padding once. A row has two ends: how many cells does it have when the"
            " frame is around it?",
        ),
        Wrong(
            "first place not counted",
            lambda: by_hand(lambda n, f, p, s: (n + 2 * p - f) // s),
            "Your rows are one place short. You count the steps of the window; it also stands"
            " somewhere before its first step.",
        ),
        Wrong(
            "stride forgotten",
            lambda: by_hand(lambda n, f, p, s: n + 2 * p - f + 1),
            "Your sizes are those of a stride of 1. With a larger stride, the window skips places.",
        ),
        Wrong(
            "padding of both sides together",
            lambda: by_hand(same=8),
            "In line 5 you give the cells of both sides together. The letter p means the cells on"
            " each side.",
        ),
        Wrong(
            "bias forgotten",
            lambda: by_hand(weights=12 * 45),
            "In line 6 you count the weights only. A layer learns something else too, a number for"
            " each filter: see “How many parameters?” in “Layers”.",
        ),
        Wrong(
            "one bias for the whole layer",
            lambda: by_hand(weights=12 * 45 + 1),
            "In line 6 you count one bias for the whole layer. Each filter has a threshold of its"
            " own.",
        ),
        Wrong(
            "a bias for each input channel",
            lambda: by_hand(weights=12 * 5 * 10),
            "In line 6 you count a bias for each channel of each filter. The bias is added after"
            " the sum over the channels, so a filter has use for one only.",
        ),
        Wrong(
            "depth of the filters forgotten",
            lambda: by_hand(weights=12 * 10),
            "In line 6 your filters are flat. A filter is as deep as the volume that it looks at:"
            " see “Volumes”.",
        ),
        Wrong(
            "depth for filters, filters for depth",
            lambda: by_hand(weights=5 * (9 * 12 + 1)),
            "In line 6 the two depths changed places. One is the number of channels that come in,"
            " the other the number of filters: only one of them brings the biases.",
        ),
        Wrong(
            "size of the filter not squared",
            lambda: by_hand(weights=12 * (3 * 5 + 1)),
            "In line 6 your filters have a height and no width, or the other way round.",
        ),
        Wrong(
            "one filter",
            lambda: by_hand(weights=46),
            "In line 6 you counted the parameters of one filter. How many filters does the layer"
            " have?",
        ),
        Wrong(
            "places counted as parameters",
            lambda: by_hand(weights=12 * 46 * 20 * 30),
            "In line 6 you counted a filter anew at each place. It is one and the same filter at"
            " all places: see “Layers”.",
        ),
        Wrong(
            "pooling with the parameters of a filter",
            lambda: by_hand(pooling=4),
            "In line 7 you counted the cells of the window. What would pooling learn there?",
        ),
        Wrong(
            "pooling with two parameters",
            lambda: by_hand(pooling=2),
            "In line 7 you counted f and s. Somebody has chosen these: does training change them?",
        ),
    ),
    alternatives=(
        lambda: np.array(by_hand(lambda n, f, p, s: (n + 2 * p - f) // s + 1)),
        lambda: tuple(float(number) for number in by_hand()),
    ),
)
