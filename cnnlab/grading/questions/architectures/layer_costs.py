"""Parameters and multiply-adds by hand."""

import numpy as np

from cnnlab.grading.question import (
    EXACT,
    Question,
    Wrong,
    no_arguments,
)

PLACES, PLACES_BEFORE = 14 * 10, 18 * 14  # of what the first layer gives, and of the image


def layer_costs(**mistake: int) -> list[int]:
    """The seven numbers, by their letters; each may be a mistake."""
    right = {
        "a": (5 * 5 * 3 + 1) * 20,
        "b": 4 * 20,
        "c": (20 + 1) * 6,
        "d": 9 * 6,
        "e": 6 * 32,
        "f": PLACES * 5 * 5 * 3 * 20,
        "g": PLACES * (9 * 6 + 6 * 32),
    }
    return list((right | mistake).values())


def wrong(name: str, hint: str, **mistake: int) -> Wrong:
    return Wrong(name, lambda: layer_costs(**mistake), hint)


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
    parts="abcdefg",
    wrong=(
        wrong(
            "biases forgotten",
            "The two convolutions with a bias have too few parameters. Each filter has weights,"
            " and one number more.",
            a=75 * 20,
            c=20 * 6,
        ),
        wrong(
            "bias forgotten in (a)",
            "In (a) you counted the weights only. Each filter has one number more.",
            a=75 * 20,
        ),
        wrong(
            "bias forgotten in (c)",
            "In (c) you counted the weights only. A filter of 1×1 has one number more too.",
            c=20 * 6,
        ),
        wrong(
            "one bias for the layer in (a)",
            "In (a) you counted one bias for the whole layer. Each filter has its own.",
            a=75 * 20 + 1,
        ),
        wrong(
            "a bias for each channel in (a)",
            "In (a) you counted a bias for each channel of each filter. It is added once, after the"
            " sum over the channels.",
            a=26 * 3 * 20,
        ),
        wrong(
            "depth forgotten in (a)",
            "In (a) your filters are flat. A filter is as deep as the volume that it looks at.",
            a=26 * 20,
        ),
        wrong(
            "one filter in (a)",
            "In (a) you counted the parameters of one filter. How many filters are there?",
            a=76,
        ),
        wrong(
            "size of the filter not squared",
            "In (a) and (f) your filters have a height and no width, or the other way round.",
            a=(5 * 3 + 1) * 20,
            f=PLACES * 5 * 3 * 20,
        ),
        wrong(
            "size of the filter not squared in (a)",
            "In (a) your filters have a height and no width, or the other way round.",
            a=(5 * 3 + 1) * 20,
        ),
        wrong(
            "filters and channels swapped",
            "The number of filters and the number of channels are swapped. A filter is as deep as"
            " the volume that comes in, and there is one bias for each filter.",
            a=(5 * 5 * 20 + 1) * 3,
            c=(6 + 1) * 20,
        ),
        wrong(
            "batch normalisation counted with two",
            "You counted what batch normalisation learns, γ and β. The question asks for all that"
            " it keeps: think of what it needs when it no longer sees a batch.",
            b=2 * 20,
        ),
        wrong(
            "batch normalisation of one channel",
            "In (b) you counted the numbers of one channel. Each channel has its own.",
            b=4,
        ),
        wrong(
            "batch normalisation at each place",
            "In (b) you counted numbers for each place. All places of a channel share them.",
            b=4 * 20 * PLACES,
        ),
        wrong(
            "1×1 filter counted as one weight",
            "A 1×1 filter sees one place, but goes through all channels there. See the page"
            " Inception.",
            c=(1 + 1) * 6,
            e=32,
            g=PLACES * (9 * 6 + 32),
        ),
        wrong(
            "1×1 filter counted as one weight in (c)",
            "In (c) a filter sees one place, but it goes through all channels there.",
            c=(1 + 1) * 6,
        ),
        wrong(
            "depthwise counted as an ordinary convolution",
            "You counted the depthwise step as an ordinary convolution. There, a filter sees one"
            " channel only. See the page MobileNet.",
            d=9 * 6 * 6,
            g=PLACES * (9 * 6 * 6 + 6 * 32),
        ),
        wrong(
            "depthwise counted as an ordinary convolution in (d)",
            "In (d) you counted the depthwise step as an ordinary convolution. There, a filter sees"
            " one channel only.",
            d=9 * 6 * 6,
        ),
        wrong(
            "depthwise counted as an ordinary convolution in (g)",
            "In (g) you counted the work of the depthwise step as that of an ordinary convolution."
            " There, a filter sees one channel only.",
            g=PLACES * (9 * 6 * 6 + 6 * 32),
        ),
        wrong(
            "one depthwise filter for all channels",
            "In the depthwise step, the channels do not share a filter: each has its own.",
            d=9,
        ),
        wrong(
            "biases where there are none",
            "In (d) and (e) you counted biases. Read again what these two layers have.",
            d=9 * 6 + 6,
            e=6 * 32 + 32,
        ),
        wrong(
            "biases where there are none in (d)",
            "In (d) you counted biases. Read again what this layer has.",
            d=9 * 6 + 6,
        ),
        wrong(
            "biases where there are none in (e)",
            "In (e) you counted biases. Read again what this layer has.",
            e=6 * 32 + 32,
        ),
        wrong(
            "multiply-adds at the places of the input",
            "The multiply-adds of the first layer are counted at each place of its input. Count"
            " the places of its result: without padding, they are fewer.",
            f=PLACES_BEFORE * 75 * 20,
        ),
        wrong(
            "padded everywhere",
            "You counted the multiply-adds as if no layer made the image smaller. The first one has"
            " no padding, and the layers after it see what it gives.",
            f=PLACES_BEFORE * 75 * 20,
            g=PLACES_BEFORE * (9 * 6 + 6 * 32),
        ),
        wrong(
            "no padding in the depthwise step",
            "In (g) the depthwise step made the image smaller. Read again which padding it has.",
            g=12 * 8 * (9 * 6 + 6 * 32),
        ),
        wrong(
            "places of the image in (g)",
            "In (g) you counted at each place of the image. The first layer has made it smaller.",
            g=PLACES_BEFORE * (9 * 6 + 6 * 32),
        ),
        wrong(
            "multiply-adds without the places",
            "Your multiply-adds are the weights. Each weight of a convolution is used again at"
            " every place of the result.",
            f=75 * 20,
            g=9 * 6 + 6 * 32,
        ),
        wrong(
            "depth forgotten in (f)",
            "In (f) the products of a window are those of one channel. A filter is as deep as the"
            " volume that it looks at.",
            f=PLACES * 25 * 20,
        ),
        wrong(
            "multiply-adds with the biases",
            "In (f) you counted the biases too. The question leaves them out.",
            f=PLACES * 76 * 20,
        ),
        wrong(
            "one filter in (f)",
            "In (f) you counted the work of one filter. How many filters are there?",
            f=PLACES * 75,
        ),
        wrong(
            "multiplications and additions apart",
            "You counted multiplications and additions, each on its own. A multiply-add is both"
            " together.",
            f=2 * PLACES * 75 * 20,
            g=2 * PLACES * (9 * 6 + 6 * 32),
        ),
        wrong(
            "only the depthwise step in (g)",
            "In (g) there is the depthwise step alone. Which layer comes after it?",
            g=PLACES * 9 * 6,
        ),
        wrong(
            "only the pointwise step in (g)",
            "In (g) there is the pointwise step alone. Which layer comes before it?",
            g=PLACES * 6 * 32,
        ),
        wrong(
            "steps multiplied in (g)",
            "In (g) you multiplied the work of one step by that of the other. They are done one"
            " after the other.",
            g=PLACES * 9 * 6 * 6 * 32,
        ),
    ),
    alternatives=(
        lambda: np.array([1520, 80, 126, 54, 192, 210_000, 34_440]),
        lambda: tuple(float(number) for number in layer_costs()),
    ),
)
