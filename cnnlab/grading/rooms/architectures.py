"""The questions of the architectures: counting, blocks, whole networks, and a small one to train.

Nothing here uses `cnnlab.architectures`, which the tests hold beside these oracles.
"""

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np

from cnnlab.grading.question import (
    EXACT,
    FLOAT32,
    Case,
    Question,
    Tolerance,
    Wrong,
    no_arguments,
)

VERSION = 1

PROBED = Tolerance(0, 2e-5, "counts are whole, and a network's output is near 1, in float32")


def relu(z: np.ndarray) -> np.ndarray:
    return np.maximum(z, 0)


def whole(rng: np.random.Generator, *shape: int) -> np.ndarray:
    """Whole numbers from −3 to 3, for an example that can be followed by hand."""
    return rng.integers(-3, 4, shape).astype(float)


# 1. By hand: a convolution, batch normalisation, a bottleneck and a depthwise-separable convolution
# on 18×14×3, with 20 filters of 5×5, 6 of 1×1, and 32 of 1×1 after the depthwise 3×3.


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


LAYER_COSTS = Question(
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


# 2. The same for a whole stack of convolutions, as a function.


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
    ]


NETWORK_COST = Question(
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
            "only the last layer",
            cost_of_last,
            "These are the numbers of the last layer alone. Add up all layers.",
        ),
    ),
    alternatives=(network_cost_by_shapes,),
)


# 3. A 1×1 convolution is a matrix product across the channels.


def conv1x1(X: np.ndarray, W: np.ndarray, b: np.ndarray) -> np.ndarray:
    N, H, width, C = X.shape
    Z = np.zeros((N, H, width, len(b)))
    for k in range(len(b)):
        for c in range(C):
            Z[..., k] += W[c, k] * X[..., c]
        Z[..., k] += b[k]
    return Z


def conv1x1_by_pixels(X: np.ndarray, W: np.ndarray, b: np.ndarray) -> np.ndarray:
    """One matrix product with a row for each pixel, in float32."""
    rows = X.reshape(-1, X.shape[-1]).astype("float32")
    return (rows @ W.astype("float32") + b).reshape(*X.shape[:-1], -1)


def conv1x1_reshaped(X: np.ndarray, W: np.ndarray, b: np.ndarray) -> np.ndarray:
    rows = X.reshape(X.shape[-1], -1).T
    return (rows @ W + b).reshape(*X.shape[:-1], -1)


def conv1x1_weights_reshaped(X: np.ndarray, W: np.ndarray, b: np.ndarray) -> np.ndarray:
    return X @ W.reshape(W.shape[::-1]).T + b


def conv1x1_on_the_sum(X: np.ndarray, W: np.ndarray, b: np.ndarray) -> np.ndarray:
    return X.sum(axis=-1, keepdims=True) * W.sum(axis=0) + b


def conv1x1_cases(rng: np.random.Generator) -> Sequence[Case]:
    def case(N: int, H: int, W: int, C: int, K: int) -> Case:
        return rng.normal(size=(N, H, W, C)), rng.normal(size=(C, K)), rng.normal(size=K)

    small = whole(rng, 1, 1, 2, 3), whole(rng, 3, 2), np.array([1.0, -2.0])
    C = int(rng.integers(3, 7))
    return [small, case(2, 4, 3, C, C + 2), case(3, 2, 5, C + 1, 2), case(1, 3, 6, 4, 4)]


CONV1X1 = Question(
    id="conv1x1",
    room="architectures",
    title="A 1×1 convolution",
    points=2,
    level=1,
    kind="function",
    cases=conv1x1_cases,
    oracle=conv1x1,
    tolerance=FLOAT32,
    wrong=(
        Wrong(
            "bias forgotten",
            lambda X, W, b: X @ W,
            "The products are right, and the bias is missing.",
        ),
        Wrong(
            "mean instead of sum",
            lambda X, W, b: X @ W / X.shape[-1] + b,
            "You take the mean over the channels. A filter adds up what it sees.",
        ),
        Wrong(
            "reshape mixes the axes",
            conv1x1_reshaped,
            "Your reshape puts numbers of different pixels into one row. reshape only counts on in"
            " memory, and does not move an axis: the channels are already the last one.",
        ),
        Wrong(
            "weights reshaped instead of transposed",
            conv1x1_weights_reshaped,
            "The weights are in the wrong order. W has shape (C, K) already: its column k is"
            " filter k.",
        ),
        Wrong(
            "channels added before they are weighted",
            conv1x1_on_the_sum,
            "You add up the channels first, and multiply then. Each channel has its own weight,"
            " which comes before the sum.",
        ),
        Wrong(
            "ReLU added",
            lambda X, W, b: relu(X @ W + b),
            "There is a ReLU at the end. The question asks for Z, before any activation.",
        ),
    ),
    alternatives=(
        lambda X, W, b: np.einsum("nijc,ck->nijk", X, W) + b,
        conv1x1_by_pixels,
    ),
)


# 4. The residual block, with a projection where the shapes do not fit.


def convolved(x: np.ndarray, w: np.ndarray, s: int = 1, even: bool = False) -> np.ndarray:
    """Same padding as in Keras: an odd cell goes below and to the right; if `even`, f // 2 each."""
    f = len(w)
    sizes = [-(-n // s) for n in x.shape[1:3]]
    cells = [max((size - 1) * s + f - n, 0) for size, n in zip(sizes, x.shape[1:3], strict=True)]
    sides = [(f // 2, f // 2) if even else (cell // 2, cell - cell // 2) for cell in cells]
    padded = np.pad(x, [(0, 0), *sides, (0, 0)])
    z = np.zeros((len(x), *sizes, w.shape[3]))
    for i in range(sizes[0]):
        for j in range(sizes[1]):
            window = padded[:, i * s : i * s + f, j * s : j * s + f]  # (N, f, f, C)
            z[:, i, j] = np.tensordot(window, w, 3)
    return z


Kernel = np.ndarray
Short = np.ndarray | None


def two_layers(
    a: np.ndarray, W1: Kernel, W2: Kernel, stride: int, even: bool = False
) -> np.ndarray:
    return convolved(relu(convolved(a, W1, stride, even)), W2, 1, even)  # z[l+2]


def short_cut(a: np.ndarray, Ws: Short, stride: int) -> np.ndarray:
    return a if Ws is None else convolved(a, Ws, stride)


def residual_block(a: np.ndarray, W1: Kernel, W2: Kernel, Ws: Short, stride: int) -> np.ndarray:
    return relu(two_layers(a, W1, W2, stride) + short_cut(a, Ws, stride))


def residual_block_keras(
    a: np.ndarray, W1: Kernel, W2: Kernel, Ws: Short, stride: int
) -> np.ndarray:
    from keras import ops

    a_next = ops.relu(ops.conv(a, W1, strides=stride, padding="same"))
    z = ops.conv(a_next, W2, padding="same")
    short = a if Ws is None else ops.matmul(a[:, ::stride, ::stride], Ws[0, 0])
    return ops.convert_to_numpy(ops.relu(ops.add(z, short)))


def block_zeros(a: np.ndarray, W1: Kernel, W2: Kernel, Ws: Short, stride: int) -> np.ndarray:
    z = two_layers(a, W1, W2, stride)
    more = z.shape[-1] - a.shape[-1]
    return relu(z + np.pad(a[:, ::stride, ::stride], [(0, 0)] * 3 + [(0, more)]))


def block_stride_late(a: np.ndarray, W1: Kernel, W2: Kernel, Ws: Short, stride: int) -> np.ndarray:
    z = convolved(relu(convolved(a, W1)), W2, stride)
    return relu(z + short_cut(a, Ws, stride))


def block_short_from_middle(
    a: np.ndarray, W1: Kernel, W2: Kernel, Ws: Short, stride: int
) -> np.ndarray:
    a_next = relu(convolved(a, W1, stride))
    return relu(convolved(a_next, W2) + a_next)


def block_added_early(a: np.ndarray, W1: Kernel, W2: Kernel, Ws: Short, stride: int) -> np.ndarray:
    a_next = relu(convolved(a, W1, stride))
    return relu(convolved(a_next + short_cut(a, Ws, stride), W2))


def block_even(a: np.ndarray, W1: Kernel, W2: Kernel, Ws: Short, stride: int) -> np.ndarray:
    return relu(two_layers(a, W1, W2, stride, even=True) + short_cut(a, Ws, stride))


def residual_block_cases(rng: np.random.Generator) -> Sequence[Case]:
    def case(shape: tuple[int, ...], K: int, stride: int) -> Case:
        C = shape[-1]
        a = relu(rng.normal(size=shape))  # as after a ReLU
        W1 = rng.normal(size=(3, 3, C, K)) / (3 * C**0.5)
        W2 = rng.normal(size=(3, 3, K, K)) / (3 * K**0.5)
        fits = stride == 1 and C == K
        return a, W1, W2, None if fits else rng.normal(size=(1, 1, C, K)), stride

    small = relu(whole(rng, 1, 2, 3, 1)), whole(rng, 3, 3, 1, 1), whole(rng, 3, 3, 1, 1), None, 1
    return [
        small,
        case((2, 5, 4, 3), 3, 1),
        case((2, 6, 8, 2), 4, 2),  # even: same padding has an odd cell
        case((1, 7, 6, 3), 5, 2),
        case((2, 4, 5, 2), 3, 1),
    ]


RESIDUAL_BLOCK = Question(
    id="residual_block",
    room="architectures",
    title="A residual block",
    points=4,
    level=3,
    kind="function",
    cases=residual_block_cases,
    oracle=residual_block,
    tolerance=FLOAT32,
    wrong=(
        Wrong(
            "ReLU before the addition",
            lambda a, W1, W2, Ws, s: relu(two_layers(a, W1, W2, s)) + short_cut(a, Ws, s),
            "The last ReLU comes before the addition, so the layers can only add, and never take"
            " anything away. See the formula on the page ResNet.",
        ),
        Wrong(
            "no ReLU at the end",
            lambda a, W1, W2, Ws, s: two_layers(a, W1, W2, s) + short_cut(a, Ws, s),
            "The sum is right, and the block does not end there: the g of the formula is missing.",
        ),
        Wrong(
            "no ReLU between the convolutions",
            lambda a, W1, W2, Ws, s: relu(convolved(convolved(a, W1, s), W2) + short_cut(a, Ws, s)),
            "Nothing stands between your two convolutions. Without an activation between them, they"
            " are no more than one.",
        ),
        Wrong(
            "short cut missing",
            lambda a, W1, W2, Ws, s: relu(two_layers(a, W1, W2, s)),
            "This is the plain block: what came in is not added.",
        ),
        Wrong(
            "ReLU on the short cut",
            lambda a, W1, W2, Ws, s: relu(two_layers(a, W1, W2, s) + relu(short_cut(a, Ws, s))),
            "There is a ReLU after the projection. The short cut has no activation of its own; the"
            " one after the addition is for both ways.",
        ),
        Wrong(
            "zeros instead of the projection",
            block_zeros,
            "Your short cut takes every pixel of the stride and appends channels of zeros. That is"
            " option A; where Ws is given, the block uses option B.",
        ),
        Wrong(
            "stride in the second convolution",
            block_stride_late,
            "The shape is right, but the stride is in the second convolution. The first one makes"
            " the image smaller.",
        ),
        Wrong(
            "short cut begins after the first layer",
            block_short_from_middle,
            "Your short cut begins after the first convolution. It goes past both of them.",
        ),
        Wrong(
            "added before the second convolution",
            block_added_early,
            "You add before the second convolution. The short cut ends after it, just before the"
            " last ReLU.",
        ),
        Wrong(
            "padding even on both sides",
            block_even,
            "With a stride of 2 and an even size, you pad one cell on each side. Same padding, as"
            " Keras does it, needs only one cell there, and puts it below and to the right.",
        ),
    ),
    alternatives=(residual_block_keras,),
)


# 5. An Inception module, as a Keras model.


def built_inception(
    shape: Sequence[int],
    one: int,
    reduce_three: int,
    three: int,
    reduce_five: int,
    five: int,
    pool: int,
    *,
    activation: str | None = "relu",
    reduce_activation: str | None = "relu",
    sizes: tuple[int, int] = (3, 5),
    reduced: str = "before",
    pooling: str = "MaxPooling2D",
    projected: str = "after",
    order: Sequence[int] = (0, 1, 2, 3),
) -> Any:
    """The module; the options are the ways to get it wrong."""
    import keras
    from keras import layers as L

    def conv(x, filters, f, activation=activation):
        return L.Conv2D(filters, f, padding="same", activation=activation)(x)

    def way(narrow, filters, f):
        if reduced == "after":
            return conv(conv(x, narrow, f), filters, 1)
        if reduced == "not":
            return conv(x, filters, f)
        return conv(conv(x, narrow, 1, reduce_activation), filters, f)

    pooled = getattr(L, pooling)(3, 1, padding="same")
    image = x = keras.Input(shape)
    ways = [conv(x, one, 1), way(reduce_three, three, sizes[0]), way(reduce_five, five, sizes[1])]
    if projected == "after":
        ways.append(conv(pooled(x), pool, 1))
    else:
        ways.append(pooled(conv(x, pool, 1)) if projected == "before" else pooled(x))
    return keras.Model(image, L.Concatenate()([ways[index] for index in order]))


def inception_facts(*case: Any, **mistake: Any) -> dict[str, Any]:
    from cnnlab.grading.networks import facts

    return facts(built_inception(*case, **mistake))


def inception_module(
    shape: Sequence[int],
    one: int,
    reduce_three: int,
    three: int,
    reduce_five: int,
    five: int,
    pool: int,
) -> dict[str, Any]:
    """The facts of the right module; a message shows its arguments by their names."""
    return inception_facts(shape, one, reduce_three, three, reduce_five, five, pool)


def inception_backwards() -> Any:
    """The last way is built first, and ReLU is a layer of its own."""

    def inception_module(shape, one, reduce_three, three, reduce_five, five, pool):
        import keras
        from keras import layers as L

        def conv(x, filters, f):
            return L.ReLU()(L.Conv2D(filters, (f, f), padding="same")(x))

        x = keras.Input(shape)
        of_pool = conv(L.MaxPool2D((3, 3), strides=(1, 1), padding="same")(x), pool, 1)
        of_five = conv(conv(x, reduce_five, 1), five, 5)
        of_three = conv(conv(x, reduce_three, 1), three, 3)
        both = L.concatenate([conv(x, one, 1), of_three], axis=-1)
        return keras.Model(x, L.concatenate([both, of_five, of_pool], axis=-1))

    return inception_module


def inception_cases(rng: np.random.Generator) -> Sequence[Case]:
    def case(H: int, W: int) -> Case:
        narrow = rng.permutation(np.arange(2, 5))  # reduce_three, reduce_five
        wide = rng.permutation(np.arange(5, 11))
        C, one, three, five, pool = (int(number) for number in wide[:5])
        return (H, W, C), one, int(narrow[0]), three, int(narrow[1]), five, pool

    return [case(4, 5), case(7, 6)]


INCEPTION_MODULE = Question(
    id="inception_module",
    room="architectures",
    title="An Inception module",
    points=3,
    level=2,
    kind="network",
    cases=inception_cases,
    oracle=inception_module,
    tolerance=PROBED,
    wrong=(
        Wrong(
            "bottleneck after the filters",
            lambda *case: inception_facts(*case, reduced="after"),
            "Your 1×1 convolutions stand after the 3×3 and the 5×5. There they save nothing: the"
            " large filters still go through all channels.",
        ),
        Wrong(
            "no bottlenecks",
            lambda *case: inception_facts(*case, reduced="not"),
            "The 3×3 and the 5×5 see all channels of the input. The 1×1 convolutions before them"
            " are missing.",
        ),
        Wrong(
            "pooling without 1×1",
            lambda *case: inception_facts(*case, projected="not"),
            "The pooled input goes on with all its channels. A 1×1 convolution after the pooling"
            " says how many it may contribute.",
        ),
        Wrong(
            "1×1 before the pooling",
            lambda *case: inception_facts(*case, projected="before"),
            "On the pooling way, the 1×1 convolution comes first. On the other ways it stands"
            " before the large filter, here after the pooling.",
        ),
        Wrong(
            "average pooling",
            lambda *case: inception_facts(*case, pooling="AveragePooling2D"),
            "The pooling takes the mean. The module takes the largest number of each window.",
        ),
        Wrong(
            "no ReLU",
            lambda *case: inception_facts(*case, activation=None, reduce_activation=None),
            "No convolution has an activation. Each of the six ends in ReLU.",
        ),
        Wrong(
            "no ReLU after the bottlenecks",
            lambda *case: inception_facts(*case, reduce_activation=None),
            "The two bottlenecks have no activation. All six convolutions end in ReLU, those of"
            " 1×1 too.",
        ),
        Wrong(
            "3×3 and 5×5 swapped",
            lambda *case: inception_facts(*case, sizes=(5, 3)),
            "The sizes of the two large filters are swapped.",
        ),
        Wrong(
            "ways stacked in another order",
            lambda *case: inception_facts(*case, order=(0, 2, 1, 3)),
            "All four ways are right, and the result has its channels in another order: 3×3 comes"
            " before 5×5.",
        ),
        Wrong(
            "pooling first",
            lambda *case: inception_facts(*case, order=(3, 0, 1, 2)),
            "All four ways are right, and the result has its channels in another order: the"
            " pooling way comes last.",
        ),
    ),
    alternatives=(inception_backwards,),
)


# 6. Depthwise-separable convolution.


def depthwise(x: np.ndarray, d: np.ndarray) -> np.ndarray:
    N, H, W, C = x.shape
    f = len(d)
    y = np.zeros((N, H - f + 1, W - f + 1, C))
    for c in range(C):
        for i in range(y.shape[1]):
            for j in range(y.shape[2]):
                window = x[:, i : i + f, j : j + f, c]
                y[:, i, j, c] = (window * d[:, :, c]).sum(axis=(1, 2))
    return y


def separable_conv(x: np.ndarray, d: np.ndarray, p: np.ndarray) -> np.ndarray:
    return depthwise(x, d) @ p


def separable_by_cells(x: np.ndarray, d: np.ndarray, p: np.ndarray) -> np.ndarray:
    """For each cell of the filter, the whole image moved."""
    f, H, W = len(d), x.shape[1] - len(d) + 1, x.shape[2] - len(d) + 1
    y = sum(x[:, u : u + H, v : v + W] * d[u, v] for u in range(f) for v in range(f))
    return np.einsum("nijc,ck->nijk", y, p)


def separable_keras(x: np.ndarray, d: np.ndarray, p: np.ndarray) -> np.ndarray:
    from keras import ops

    y = ops.separable_conv(
        x.astype("float32"), d[..., None].astype("float32"), p[None, None].astype("float32")
    )
    return ops.convert_to_numpy(y)


def separable_summed(x: np.ndarray, d: np.ndarray, p: np.ndarray) -> np.ndarray:
    y = depthwise(x, d)
    return np.broadcast_to(y.sum(axis=-1, keepdims=True), y.shape) @ p


def separable_shared(x: np.ndarray, d: np.ndarray, p: np.ndarray) -> np.ndarray:
    return separable_conv(x, np.broadcast_to(d[..., :1], d.shape), p)


def separable_cases(rng: np.random.Generator) -> Sequence[Case]:
    def case(N: int, H: int, W: int, C: int, K: int, f: int) -> Case:
        x, d = rng.normal(size=(N, H, W, C)), rng.normal(size=(f, f, C)) / f
        return x, d, rng.normal(size=(C, K)) / C**0.5

    C = int(rng.integers(3, 6))
    return [
        (whole(rng, 1, 2, 3, 2), whole(rng, 2, 2, 2), whole(rng, 2, 1)),
        case(2, 6, 5, C, C + 2, 3),
        case(3, 4, 7, C + 1, 2, 2),
        case(1, 5, 8, 4, 3, 5),
    ]


SEPARABLE_CONV = Question(
    id="separable_conv",
    room="architectures",
    title="A depthwise-separable convolution",
    points=3,
    level=2,
    kind="function",
    cases=separable_cases,
    oracle=separable_conv,
    tolerance=FLOAT32,
    wrong=(
        Wrong(
            "depthwise step summed over channels",
            separable_summed,
            "Your first step adds up everything in the window, as an ordinary convolution does. In"
            " the depthwise step, each channel keeps its own sum.",
        ),
        Wrong(
            "one depthwise filter for all channels",
            separable_shared,
            "All channels are filtered with the filter of the first one. Each has its own.",
        ),
        Wrong(
            "mean instead of sum",
            lambda x, d, p: separable_conv(x, d, p) / len(d) ** 2,
            "The depthwise step takes the mean of a window. A convolution adds up.",
        ),
        Wrong(
            "kernel flipped",
            lambda x, d, p: separable_conv(x, d[::-1, ::-1], p),
            "The depthwise filters are turned upside down and left to right. The convolution of"
            " networks does not flip them.",
        ),
        Wrong(
            "rows and columns of the kernel swapped",
            lambda x, d, p: separable_conv(x, d.swapaxes(0, 1), p),
            "Rows and columns of the depthwise filters are swapped: the first axis goes down.",
        ),
        Wrong(
            "pointwise weights reshaped",
            lambda x, d, p: depthwise(x, d) @ p.reshape(p.shape[::-1]).T,
            "The depthwise step is right. The pointwise weights are in the wrong order: p has"
            " shape (C, K) already.",
        ),
        Wrong(
            "ReLU between the steps",
            lambda x, d, p: relu(depthwise(x, d)) @ p,
            "There is a ReLU between your two steps. MobileNet has one there; this question asks"
            " for the two steps alone.",
        ),
    ),
    alternatives=(separable_by_cells, separable_keras),
)


# 7. A network to a given table.


def built_reader(
    *,
    shape: tuple[int, int, int] = (28, 20, 1),
    paddings: tuple[str, str] = ("valid", "same"),
    bias: bool = False,
    normalized: str = "before",
    pooling: str = "MaxPooling2D",
    flat: str = "Flatten",
    units: tuple[int, int] = (40, 24),
    hidden: str | None = "relu",
    end: str | None = "softmax",
) -> Any:
    """The network of the table; the options are the ways to get it wrong."""
    import keras
    from keras import layers as L

    norm = [L.BatchNormalization(), L.ReLU()]
    return keras.Sequential(
        [
            keras.Input(shape),
            L.Conv2D(8, 5, padding=paddings[0], activation="relu"),
            getattr(L, pooling)(2),
            L.Conv2D(16, 3, padding=paddings[1], use_bias=bias),
            *(norm if normalized == "before" else norm[::-1]),
            getattr(L, pooling)(2),
            getattr(L, flat)(),
            *(L.Dense(count, activation=hidden) for count in units),
            L.Dense(10, activation=end),
        ]
    )


def reader_facts(**mistake: Any) -> dict[str, Any]:
    from cnnlab.grading.networks import facts

    return facts(built_reader(**mistake))


def reader_functional() -> Any:
    def digit_reader():
        import keras
        from keras import layers as L

        image = keras.Input((28, 20, 1))
        x = L.Activation("relu")(L.Conv2D(8, (5, 5))(image))
        x = L.MaxPool2D()(x)
        x = L.BatchNormalization()(L.Conv2D(16, (3, 3), padding="same", use_bias=False)(x))
        x = L.MaxPool2D()(L.Activation("relu")(x))
        x = L.Reshape((6 * 4 * 16,))(x)
        for units in (40, 24):
            x = L.ReLU()(L.Dense(units)(x))
        return keras.Model(image, L.Softmax()(L.Dense(10)(x)))

    return digit_reader


DIGIT_READER = Question(
    id="digit_reader",
    room="architectures",
    title="A network to a given table",
    points=3,
    level=2,
    kind="network",
    cases=no_arguments,
    oracle=reader_facts,
    tolerance=PROBED,
    wrong=(
        Wrong(
            "first convolution padded",
            lambda: reader_facts(paddings=("same", "same")),
            "The first convolution keeps the size. In the table it makes the image smaller: see"
            " which padding gives that.",
        ),
        Wrong(
            "second convolution not padded",
            lambda: reader_facts(paddings=("valid", "valid")),
            "The second convolution makes the image smaller. In the table it keeps the size: see"
            " which padding gives that.",
        ),
        Wrong(
            "bias before batch normalisation",
            lambda: reader_facts(bias=True),
            "Your network has a few parameters too many. Where batch normalisation follows, β does"
            " the work of a bias: compare the second convolution with the table.",
        ),
        Wrong(
            "ReLU before batch normalisation",
            lambda: reader_facts(normalized="after"),
            "The ReLU comes before the normalisation. In the table it comes after it.",
        ),
        Wrong(
            "average pooling",
            lambda: reader_facts(pooling="AveragePooling2D"),
            "The pooling takes means. The table says max pooling.",
        ),
        Wrong(
            "global average in place of flatten",
            lambda: reader_facts(flat="GlobalAveragePooling2D"),
            "You take the mean of each channel before the dense layers. The table keeps all numbers"
            " of the volume.",
        ),
        Wrong(
            "dense layers swapped",
            lambda: reader_facts(units=(24, 40)),
            "The two hidden dense layers are in the wrong order.",
        ),
        Wrong(
            "no ReLU in the dense layers",
            lambda: reader_facts(hidden=None),
            "The hidden dense layers have no activation. Without one, three dense layers are no"
            " more than one.",
        ),
        Wrong(
            "softmax missing",
            lambda: reader_facts(end=None),
            "The last layer gives scores, and the table asks for probabilities.",
        ),
        Wrong(
            "sigmoid in place of softmax",
            lambda: reader_facts(end="sigmoid"),
            "The last layer ends in a sigmoid. Each digit then has a probability of its own, and"
            " they do not add up to 1.",
        ),
        Wrong(
            "height and width swapped",
            lambda: reader_facts(shape=(20, 28, 1)),
            "Height and width of the input are swapped: height comes first.",
        ),
    ),
    alternatives=(reader_functional,),
)


# 8. The open task: a small network that reads digits which do not stand in the middle.

PARAMETERS, LOW, HIGH = 6_000, 0.80, 0.95


def shifted(images: np.ndarray, rng: np.random.Generator, reach: int = 2) -> np.ndarray:
    """Each image moved by up to `reach` pixels down or up, and to a side."""
    H, W = images.shape[1:3]
    wide = np.pad(images, [(0, 0), (reach, reach), (reach, reach), (0, 0)])
    corners = rng.integers(0, 2 * reach + 1, (len(images), 2))
    return np.stack([one[i : i + H, j : j + W] for one, (i, j) in zip(wide, corners, strict=True)])


def small_network_cases(rng: np.random.Generator) -> Sequence[Case]:
    from cnnlab.data import digits

    _, (x, y) = digits()
    order = rng.permutation(len(x))
    return [(shifted(x[order], rng), y[order])]


def small_network_score(outputs: Sequence[Any], cases: Sequence[Case]) -> tuple[float, str]:
    digits = cases[0][1]
    predictions, parameters = np.asarray(outputs[0]["predictions"]), outputs[0]["parameters"]
    if predictions.shape != (len(digits), 10):
        raise ValueError(
            f"the model's answer to {len(digits)} digits has shape {predictions.shape};"
            f" expected {(len(digits), 10)}"
        )
    if parameters > PARAMETERS:
        return 0, f"Your network has {parameters:,} parameters; {PARAMETERS:,} are allowed."
    right = predictions.argmax(axis=1) == digits
    accuracy = float((right & np.isfinite(predictions).all(axis=1)).mean())
    return (accuracy - LOW) / (HIGH - LOW), (
        f"With {parameters:,} parameters, your network reads {accuracy:.1%} of the shifted digits."
        f" Points grow from {LOW:.0%} on; all are given at {HIGH:.0%}."
    )


@cache
def trained_reader() -> Any:
    """Ordinary convolutions and no normalisation, trained on digits that are shifted anew."""
    import keras
    from keras import layers as L

    from cnnlab.data import digits

    keras.utils.set_random_seed(1)
    (x, y), _ = digits()
    epochs, rng = 20, np.random.default_rng(1)
    model = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            L.Conv2D(8, 5, strides=2, padding="same", activation="relu"),
            L.Conv2D(16, 3, activation="relu"),
            L.MaxPooling2D(2),
            L.Conv2D(24, 3, activation="relu"),
            L.GlobalMaxPooling2D(),
            L.Dense(10),
        ]
    )
    rate = keras.optimizers.schedules.CosineDecay(0.01, epochs * 63)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(rate), loss)
    versions = np.concatenate([shifted(x, rng) for _ in range(epochs)])
    model.fit(versions, np.tile(y, epochs), 64, shuffle=False, verbose=0)
    return model


SMALL_NETWORK = Question(
    id="small_network",
    room="architectures",
    title="At most 6,000 parameters",
    points=5,
    level=3,
    kind="trained",
    cases=small_network_cases,
    alternatives=(trained_reader,),
    score=small_network_score,
)

QUESTIONS: tuple[Question, ...] = (
    LAYER_COSTS,
    NETWORK_COST,
    CONV1X1,
    RESIDUAL_BLOCK,
    INCEPTION_MODULE,
    SEPARABLE_CONV,
    DIGIT_READER,
    SMALL_NETWORK,
)
