"""The cost of a stack of convolutions."""

from collections.abc import Sequence

import numpy as np

from cnnlab.grading.question import (
    EXACT,
    Case,
    Question,
    Wrong,
)


def network_cost(shape: Sequence[int], layers: Sequence[Sequence[int]]) -> tuple[int, int]:
    H, W, C = shape
    parameters = work = 0
    for f, filters, s in layers:
        H, W = (H + s - 1) // s, (W + s - 1) // s
        parameters += f * f * C * filters + filters
        work += H * W * filters * f * f * C
        C = filters
    return parameters, work


def network_cost_by_shapes(shape: Sequence[int], layers: Sequence[Sequence[int]]) -> np.ndarray:
    """Every shape first, then sums of products."""
    f, filters, s = np.array(layers).T
    C = np.append(shape[2], filters[:-1])
    steps = np.cumprod(s)  # a ceiling of a ceiling is one ceiling
    places = -(-shape[0] // steps) * -(-shape[1] // steps)
    weights = f**2 * C * filters
    return np.array([(weights + filters).sum(), (places * weights).sum()])


def cost_without_bias(shape: Sequence[int], layers: Sequence[Sequence[int]]) -> tuple[int, int]:
    parameters, work = network_cost(shape, layers)
    return parameters - sum(filters for _, filters, _ in layers), work


def cost_with_bias_on_channels(
    shape: Sequence[int], layers: Sequence[Sequence[int]]
) -> tuple[int, int]:
    channels = [shape[2], *(filters for _, filters, _ in layers)]
    parameters, work = cost_without_bias(shape, layers)
    return parameters + sum(channels[:-1]), work


def cost_with_first_channels(
    shape: Sequence[int], layers: Sequence[Sequence[int]]
) -> tuple[int, int]:
    H, W, C = shape
    parameters = work = 0
    for f, filters, s in layers:
        H, W = -(-H // s), -(-W // s)
        parameters += (f * f * C + 1) * filters
        work += H * W * filters * f * f * C
    return parameters, work


def cost_at_inputs(shape: Sequence[int], layers: Sequence[Sequence[int]]) -> tuple[int, int]:
    H, W, C = shape
    work = 0
    for f, filters, s in layers:
        work += H * W * filters * f * f * C
        H, W, C = -(-H // s), -(-W // s), filters
    return network_cost(shape, layers)[0], work


def cost_without_strides(shape: Sequence[int], layers: Sequence[Sequence[int]]) -> tuple[int, int]:
    return network_cost(shape, [(f, filters, 1) for f, filters, _ in layers])


def cost_rounded_down(shape: Sequence[int], layers: Sequence[Sequence[int]]) -> tuple[int, int]:
    H, W, C = shape
    work = 0
    for f, filters, s in layers:
        H, W = H // s, W // s
        work += H * W * filters * f * f * C
        C = filters
    return network_cost(shape, layers)[0], work


def cost_rounded(shape: Sequence[int], layers: Sequence[Sequence[int]]) -> tuple[int, int]:
    H, W, C = shape
    work = 0
    for f, filters, s in layers:
        H, W = round(H / s), round(W / s)
        work += H * W * filters * f * f * C
        C = filters
    return network_cost(shape, layers)[0], work


def cost_of_fractions(shape: Sequence[int], layers: Sequence[Sequence[int]]) -> tuple[int, float]:
    H, W, C = shape
    work = 0.0
    for f, filters, s in layers:
        H, W = H / s, W / s
        work += H * W * filters * f * f * C
        C = filters
    return network_cost(shape, layers)[0], work


def cost_not_squared(shape: Sequence[int], layers: Sequence[Sequence[int]]) -> tuple[int, int]:
    H, W, C = shape
    parameters = work = 0
    for f, filters, s in layers:
        H, W = -(-H // s), -(-W // s)
        parameters += (f * C + 1) * filters
        work += H * W * filters * f * C
        C = filters
    return parameters, work


def cost_of_flat_filters(shape: Sequence[int], layers: Sequence[Sequence[int]]) -> tuple[int, int]:
    H, W, _ = shape
    parameters = work = 0
    for f, filters, s in layers:
        H, W = -(-H // s), -(-W // s)
        parameters += (f * f + 1) * filters
        work += H * W * filters * f * f
    return parameters, work


def cost_with_one_bias(shape: Sequence[int], layers: Sequence[Sequence[int]]) -> tuple[int, int]:
    parameters, work = cost_without_bias(shape, layers)
    return parameters + len(layers), work


def cost_of_flops(shape: Sequence[int], layers: Sequence[Sequence[int]]) -> tuple[int, int]:
    parameters, work = network_cost(shape, layers)
    return parameters, 2 * work


def cost_of_one_place(shape: Sequence[int], layers: Sequence[Sequence[int]]) -> tuple[int, int]:
    parameters, _ = network_cost(shape, layers)
    return parameters, cost_without_bias(shape, layers)[0]


def cost_without_padding(shape: Sequence[int], layers: Sequence[Sequence[int]]) -> tuple[int, int]:
    H, W, C = shape
    work = 0
    for f, filters, s in layers:
        H, W = (H - f) // s + 1, (W - f) // s + 1
        work += H * W * filters * f * f * C
        C = filters
    return network_cost(shape, layers)[0], work


def cost_with_additions(shape: Sequence[int], layers: Sequence[Sequence[int]]) -> tuple[int, int]:
    parameters, work = network_cost(shape, layers)
    H, W = shape[:2]
    for _, filters, s in layers:
        H, W = -(-H // s), -(-W // s)
        work += H * W * filters
    return parameters, work


def cost_with_next_channels(
    shape: Sequence[int], layers: Sequence[Sequence[int]]
) -> tuple[int, int]:
    """The channels are those of the result before the work is counted."""
    H, W, _ = shape
    work = 0
    for f, filters, s in layers:
        H, W = -(-H // s), -(-W // s)
        work += H * W * filters * f * f * filters
    return network_cost(shape, layers)[0], work


def cost_of_first(shape: Sequence[int], layers: Sequence[Sequence[int]]) -> tuple[int, int]:
    return network_cost(shape, layers[:1])


def cost_of_last(shape: Sequence[int], layers: Sequence[Sequence[int]]) -> tuple[int, int]:
    whole, before = network_cost(shape, layers), network_cost(shape, layers[:-1])
    return whole[0] - before[0], whole[1] - before[1]


def network_cost_cases(rng: np.random.Generator) -> Sequence[Case]:
    def stack(strides: Sequence[int]) -> list[tuple[int, int, int]]:
        filters = rng.permutation(np.arange(5, 20))  # no two alike
        sizes = rng.permutation([1, 3, 5])
        return [(int(sizes[k % 3]), int(filters[k]), stride) for k, stride in enumerate(strides)]

    odd = int(2 * rng.integers(10, 16) + 1)  # a stride of 2 leaves a rest
    return [
        ((5, 7, int(rng.integers(2, 5))), [(3, int(rng.integers(5, 9)), 1)]),
        ((odd, odd + 7, 3), stack((2, 1))),
        ((odd + 4, odd, 4), stack((1, 2, 2, 1))),
        ((32, 21, 1), stack((3, 2, 1))),
        ((31, 25, 2), stack((3, 1))),  # a third too many: neither down nor to the nearest
        ((21, 49, 3), stack((4, 2))),
    ]


QUESTION = Question(
    id="network_cost",
    room="architectures",
    title="The cost of a stack of convolutions",
    points=3,
    level=2,
    kind="function",
    cases=network_cost_cases,
    oracle=network_cost,
    tolerance=EXACT,
    wrong=(
        Wrong(
            "biases forgotten",
            cost_without_bias,
            "The multiply-adds are right. The parameters are too few: each filter has a bias.",
        ),
        Wrong(
            "one bias for each channel of the input",
            cost_with_bias_on_channels,
            "You have as many biases as channels come in. There is one for each filter, whatever"
            " comes in.",
        ),
        Wrong(
            "channels of the image in every layer",
            cost_with_first_channels,
            "Every layer is counted as if it saw the image's channels. A later layer sees what the"
            " layer before it gives out.",
        ),
        Wrong(
            "multiply-adds at the places of the input",
            cost_at_inputs,
            "You count the work of a layer at the places of its input. A filter is placed once for"
            " each number of the result, and a stride makes these fewer.",
        ),
        Wrong(
            "strides ignored",
            cost_without_strides,
            "The parameters are right. For the work, height and width have to shrink with each"
            " stride, for all layers after it too.",
        ),
        Wrong(
            "size rounded down",
            cost_rounded_down,
            "Where the stride does not divide the size, you round down. Same padding rounds up.",
        ),
        Wrong(
            "rounded to the nearest",
            cost_rounded,
            "Where the stride does not divide the size, you round to the nearest whole number. Same"
            " padding has a place for each cell that is left over, however few these are.",
        ),
        Wrong(
            "size not rounded",
            cost_of_fractions,
            "Where the stride does not divide the size, you count with fractions of a place. Same"
            " padding rounds up, to a whole number of places.",
        ),
        Wrong(
            "channels of the result before the work is counted",
            cost_with_next_channels,
            "The parameters are right. In the work, your filters are as deep as the result of their"
            " own layer: see whether you give C its next value too early.",
        ),
        Wrong(
            "size of the filter not squared",
            cost_not_squared,
            "Your filters have a height and no width, or the other way round. How many weights has"
            " a window of f × f for each channel?",
        ),
        Wrong(
            "depth forgotten",
            cost_of_flat_filters,
            "Your filters are flat. A filter is as deep as what comes in.",
        ),
        Wrong(
            "one bias for a layer",
            cost_with_one_bias,
            "You have one bias for a whole layer. Each of its filters has its own.",
        ),
        Wrong(
            "multiplications and additions apart",
            cost_of_flops,
            "The parameters are right. In the work you count multiplications and additions, each on"
            " its own. A multiply-add is both together.",
        ),
        Wrong(
            "multiply-adds without the places",
            cost_of_one_place,
            "The parameters are right. Your work is the number of weights: each weight is used"
            " again at every place of the result.",
        ),
        Wrong(
            "valid instead of same padding",
            cost_without_padding,
            "You count as if there were no padding. With same padding, the size depends on the"
            " stride alone, and not on f.",
        ),
        Wrong(
            "bias counted as a multiply-add",
            cost_with_additions,
            "The parameters are right. In the work, you count the bias too: it is added, and"
            " nothing is multiplied.",
        ),
        Wrong(
            "only the first layer",
            cost_of_first,
            "These are the numbers of the first layer alone. Your function ends before its loop"
            " does: look how far the last line is indented.",
        ),
        Wrong(
            "only the last layer",
            cost_of_last,
            "These are the numbers of the last layer alone. Add up all layers.",
        ),
    ),
    alternatives=(network_cost_by_shapes,),
)
