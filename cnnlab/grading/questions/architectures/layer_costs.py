"""Parameters and multiply-adds by hand."""

import numpy as np

from cnnlab.grading.question import (
    EXACT,
    Question,
    Wrong,
    no_arguments,
)


def layer_costs(
    biases: int = 1,
    per_channel: int = 4,
    one_by_one: int | None = None,
    depthwise: int = 9 * 6,
    places: int = 14 * 10,
    first_places: int = 14 * 10,
    depthwise_work: int | None = None,
) -> list[int]:
    """The seven numbers; each argument is a place where people go wrong."""
    into_six, into_32 = (20, 6) if one_by_one is None else (one_by_one, one_by_one)
    pointwise = into_32 * 32
    work = depthwise if depthwise_work is None else depthwise_work
    return [
        (5 * 5 * 3 + biases) * 20,
        per_channel * 20,
        (into_six + biases) * 6,
        depthwise,
        pointwise,
        first_places * 5 * 5 * 3 * 20,
        places * (work + pointwise),
    ]


def layer_costs_swapped() -> list[int]:
    right = layer_costs()
    return [(5 * 5 * 20 + 1) * 3, right[1], (6 + 1) * 20, *right[3:]]


QUESTION = Question(
    id="layer_costs",
    room="architectures",
    title="Parameters and multiply-adds by hand",
    points=2,
    level=1,
    kind="value",
    cases=no_arguments,
    oracle=layer_costs,
    tolerance=EXACT,
    wrong=(
        Wrong(
            "biases forgotten",
            lambda: layer_costs(biases=0),
            "The two convolutions with a bias have too few parameters. Each filter has weights,"
            " and one number more.",
        ),
        Wrong(
            "filters and channels swapped",
            layer_costs_swapped,
            "The number of filters and the number of channels are swapped. A filter is as deep as"
            " the volume that comes in, and there is one bias for each filter.",
        ),
        Wrong(
            "batch normalisation counted with two",
            lambda: layer_costs(per_channel=2),
            "You counted what batch normalisation learns, γ and β. The question asks for all that"
            " it keeps: think of what it needs when it no longer sees a batch.",
        ),
        Wrong(
            "1×1 filter counted as one weight",
            lambda: layer_costs(one_by_one=1),
            "A 1×1 filter sees one place, but goes through all channels there. See the page"
            " Inception.",
        ),
        Wrong(
            "depthwise counted as an ordinary convolution",
            lambda: layer_costs(depthwise=9 * 6 * 6),
            "You counted the depthwise step as an ordinary convolution. There, a filter sees one"
            " channel only. See the page MobileNet.",
        ),
        Wrong(
            "one depthwise filter for all channels",
            lambda: layer_costs(depthwise=9, depthwise_work=9 * 6),
            "In the depthwise step, the channels do not share a filter: each has its own.",
        ),
        Wrong(
            "multiply-adds at the places of the input",
            lambda: layer_costs(first_places=18 * 14),
            "The multiply-adds of the first layer are counted at each place of its input. Count"
            " the places of its result: without padding, they are fewer.",
        ),
        Wrong(
            "multiply-adds without the places",
            lambda: layer_costs(places=1, first_places=1),
            "Your multiply-adds are the weights. Each weight of a convolution is used again at"
            " every place of the result.",
        ),
    ),
    alternatives=(
        lambda: np.array([1520, 80, 126, 54, 192, 210_000, 34_440]),
        lambda: tuple(float(number) for number in layer_costs()),
    ),
)
