"""A residual block."""

from collections.abc import Sequence

import numpy as np

from cnnlab.grading.question import (
    FLOAT32,
    Case,
    Question,
    Wrong,
)
from cnnlab.grading.questions.architectures.arrays import relu, whole


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


def block_always_projected(
    a: np.ndarray, W1: Kernel, W2: Kernel, Ws: Short, stride: int
) -> np.ndarray:
    z = two_layers(a, W1, W2, stride)
    return relu(z if Ws is None else z + short_cut(a, Ws, stride))


def block_framed(a: np.ndarray, W1: Kernel, W2: Kernel, Ws: Short, stride: int) -> np.ndarray:
    """The convolutions are right but for the border of their results, which is 0."""

    def framed(z: np.ndarray) -> np.ndarray:
        inside = np.zeros_like(z)
        inside[:, 1:-1, 1:-1] = z[:, 1:-1, 1:-1]
        return inside

    z = framed(convolved(framed(relu(convolved(a, W1, stride))), W2))
    return relu(z + short_cut(a, Ws, stride))


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

    # Large enough for two convolutions without padding: Keras stops in its own code on less.
    small = relu(whole(rng, 1, 5, 6, 1)), whole(rng, 3, 3, 1, 1), whole(rng, 3, 3, 1, 1), None, 1
    return [
        small,
        case((2, 5, 4, 3), 3, 1),
        case((2, 6, 8, 2), 4, 2),  # even: same padding has an odd cell
        case((1, 7, 6, 3), 5, 2),
        case((2, 4, 5, 2), 3, 1),
    ]


QUESTION = Question(
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
            "ReLU before and after the addition",
            lambda a, W1, W2, Ws, s: relu(relu(two_layers(a, W1, W2, s)) + short_cut(a, Ws, s)),
            "The last ReLU is in its place, and there is one more before the addition. So the"
            " layers can only add, and never take anything away.",
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
        Wrong(
            "projection although none is needed",
            block_always_projected,
            "Where Ws is None, the short cut carries nothing. There it should carry what came in,"
            " as it is.",
        ),
        Wrong(
            "first image for all",
            lambda a, *rest: residual_block(np.repeat(a[:1], len(a), 0), *rest),
            "All images of the batch have the result of the first one.",
        ),
        Wrong(
            "without padding, zeros around the result",
            block_framed,
            "At the border your convolutions know nothing, and answer 0 there. Same padding puts"
            " the zeros around the image, before the window moves.",
        ),
    ),
    alternatives=(residual_block_keras,),
)
