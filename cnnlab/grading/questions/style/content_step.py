"""One step of gradient descent on a picture."""

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np

from cnnlab.grading.question import FLOAT32, Case, Question, Wrong
from cnnlab.grading.questions.style.arrays import Array, handed_back, normal, windows_of

Step = tuple[float, Array]


def clipped(x: Array) -> Array:
    return np.minimum(np.maximum(x, 0), 1)


def half_squares(difference: Array) -> float:
    return sum(number**2 for number in difference.flat) / 2


def stepped(
    x: Array,
    w: Array,
    a_content: Array,
    rate: float,
    cost: Callable[[Array], float] = half_squares,
    slope: Callable[[Array, Array], Array] = lambda z, difference: (z > 0) * difference,
    back: Callable[[Array, Array], Array] = handed_back,
    move: Callable[[Array, Array, float], Array] = lambda x, dx, rate: clipped(x - rate * dx),
) -> Step:
    """`slope`: from z and a(G) − a(C) to the gradient by z. `back`: from there to the pixels."""
    z = windows_of(x, w)
    difference = z * (z > 0) - a_content
    return cost(difference), move(x, back(slope(z, difference), w), rate)


def with_weights_trained(x: Array, w: Array, a_content: Array, rate: float) -> Step:
    """The weights move instead of the picture."""
    z = windows_of(x, w)
    difference = z * (z > 0) - a_content
    dz, dw = difference * (z > 0), np.zeros_like(w)
    for i, j in np.ndindex(z.shape[:2]):
        dw += x[i : i + len(w), j : j + w.shape[1], :, None] * dz[i, j]
    return half_squares(difference), w - rate * dw


def cost_of_the_new(x: Array, w: Array, a_content: Array, rate: float) -> Step:
    moved = stepped(x, w, a_content, rate)[1]
    return stepped(moved, w, a_content, rate)[0], moved


def without_relu(x: Array, w: Array, a_content: Array, rate: float) -> Step:
    difference = windows_of(x, w) - a_content
    return half_squares(difference), clipped(x - rate * handed_back(difference, w))


def cost_of_z(x: Array, w: Array, a_content: Array, rate: float) -> Step:
    cost = half_squares(windows_of(x, w) - a_content)
    return cost, stepped(x, w, a_content, rate)[1]


def last_window_only(dz: Array, w: Array) -> Array:
    """Where windows overlap, the later one overwrites."""
    dx = np.zeros((dz.shape[0] + len(w) - 1, dz.shape[1] + w.shape[1] - 1, w.shape[2]))
    for i, j in np.ndindex(dz.shape[:2]):
        dx[i : i + len(w), j : j + w.shape[1]] = w @ dz[i, j]
    return dx


def by_matrix(x: Array, w: Array, a_content: Array, rate: float) -> list:
    """A matrix with a row for each pixel of x."""
    units = np.eye(x.size).reshape(x.size, *x.shape)
    matrix = np.stack([windows_of(unit, w).ravel() for unit in units])
    z = x.ravel() @ matrix
    error = np.maximum(z, 0) - a_content.ravel()
    dx = matrix @ np.where(z > 0, error, 0)
    return [error @ error / 2, clipped(x - rate * dx.reshape(x.shape)).tolist()]


def by_keras(x: Array, w: Array, a_content: Array, rate: float) -> Step:
    """In float32; the way back is Keras's transposed convolution."""
    from keras import ops

    w = w.astype("float32")
    z = ops.conv(x[None].astype("float32"), w, padding="valid")
    error = ops.relu(z) - a_content.astype("float32")
    dz = ops.where(z > 0, error, 0.0)
    dx = ops.convert_to_numpy(ops.conv_transpose(dz, w, 1, "valid"))[0]
    return ops.sum(error**2) / 2, np.clip(x - rate * dx, 0, 1)


def step_cases(rng: np.random.Generator) -> Sequence[Case]:
    """Pictures with pixels at both ends, some of which the step would drive beyond them."""

    def case(H: int, W: int, C: int, f: tuple[int, int], K: int, rate: float) -> Case:
        x = clipped(rng.uniform(-0.3, 1.3, (H, W, C)).round(2))
        w = normal(rng, *f, C, K)
        a_content = normal(rng, H - f[0] + 1, W - f[1] + 1, K, mean=0.5)
        return x, w, np.maximum(a_content, 0), rate

    w = rng.permutation([-1.0, 2.0, 0.5, 1.5]).reshape(2, 2, 1, 1)
    small = rng.choice([0.2, 0.4, 0.6, 0.8], (3, 4, 1)) + rng.choice([0.01, 0.02, 0.03], (3, 4, 1))
    return [
        (small, w, rng.integers(0, 3, (2, 3, 1)).astype(float), 0.1),
        case(5, 7, 2, (3, 3), 4, 0.02),
        case(6, 4, 3, (2, 3), 2, 0.05),
        case(4, 6, 1, (3, 2), 3, 0.05),
    ]


QUESTION = Question(
    id="content_step",
    room="style",
    title="One step of descent on a picture",
    points=4,
    level=3,
    kind="function",
    cases=step_cases,
    oracle=stepped,
    tolerance=FLOAT32,
    wrong=(
        Wrong(
            "gradient of the weights",
            with_weights_trained,
            "You trained the layer. In style transfer its weights stay as they are: the picture is"
            " what changes.",
        ),
        Wrong(
            "uphill",
            partial(stepped, move=lambda x, dx, rate: clipped(x + rate * dx)),
            "Your picture goes uphill: the cost of the new one is higher. Where does the gradient"
            " point?",
        ),
        Wrong(
            "no learning rate",
            partial(stepped, move=lambda x, dx, rate: clipped(x - dx)),
            "Your step is as long as the gradient, as in the lecture's notes. What is `rate` for?",
        ),
        Wrong(
            "not clipped",
            partial(stepped, move=lambda x, dx, rate: x - rate * dx),
            "Some of your pixels are below 0 or above 1. No screen can show them.",
        ),
        Wrong(
            "gradient clipped",
            partial(stepped, move=lambda x, dx, rate: x - rate * clipped(dx)),
            "You clipped the gradient. What must stay between 0 and 1 is the new picture.",
        ),
        Wrong(
            "stretched instead of clipped",
            partial(
                stepped,
                move=lambda x, dx, rate: (
                    (x - rate * dx - (x - rate * dx).min()) / np.ptp(x - rate * dx)
                ),
            ),
            "You stretched the new picture to the range from 0 to 1. That changes pixels that were"
            " fine; only those outside are set to the border.",
        ),
        Wrong(
            "ReLU forgotten on the way back",
            partial(stepped, slope=lambda z, difference: difference),
            "The cost is right. On the way back, you went through places where ReLU had set z to 0."
            " What does a small change of such a z do to the cost?",
        ),
        Wrong(
            "ReLU forgotten on both ways",
            without_relu,
            "Your layer has no ReLU. `conv` gives z, before it.",
        ),
        Wrong(
            "ReLU of the gradient",
            partial(stepped, slope=lambda z, difference: np.maximum(difference, 0)),
            "The cost is right. On the way back, you applied ReLU to the gradient. What matters is"
            " the sign of z, not that of the gradient.",
        ),
        Wrong(
            "ReLU's slope where the content answers",
            lambda x, w, a_content, rate: stepped(
                *(x, w, a_content, rate), slope=lambda z, difference: (a_content > 0) * difference
            ),
            "The cost is right. On the way back, you asked where the content picture has a positive"
            " answer. It is the picture G that the gradient goes back to.",
        ),
        Wrong(
            "z in place of the slope",
            partial(stepped, slope=lambda z, difference: z * (z > 0) * difference),
            "The cost is right. On the way back, you multiplied by what ReLU answers. The chain"
            " rule wants its slope there.",
        ),
        Wrong(
            "cost without the half",
            partial(stepped, cost=lambda difference: 2 * half_squares(difference)),
            "The new picture is right. The cost is too large by a factor.",
        ),
        Wrong(
            "half missing in both",
            lambda x, w, a_content, rate: stepped(
                *(x, w, a_content, rate),
                cost=lambda difference: 2 * half_squares(difference),
                slope=lambda z, difference: 2 * (z > 0) * difference,
            ),
            "Cost and gradient fit together, and both are too large by a factor. What stands before"
            " the norm?",
        ),
        Wrong(
            "a factor of 2 from the square",
            partial(stepped, slope=lambda z, difference: 2 * (z > 0) * difference),
            "The cost is right. Your gradient has a factor from the square; what stands before the"
            " norm takes it away.",
        ),
        Wrong(
            "mean instead of sum",
            lambda x, w, a_content, rate: stepped(
                *(x, w, a_content, rate),
                cost=lambda difference: half_squares(difference) / difference.size,
                slope=lambda z, difference: (z > 0) * difference / difference.size,
            ),
            "You divided by how many numbers the layer gives. The content cost is a sum.",
        ),
        Wrong(
            "cost of the new picture",
            cost_of_the_new,
            "The new picture is right. Your cost is that of the new picture; the question asks for"
            " the cost before the step.",
        ),
        Wrong(
            "cost of z",
            cost_of_z,
            "The new picture is right. Your cost compares z with what the content picture gave"
            " after ReLU. What does the layer answer to G?",
        ),
        Wrong(
            "filters turned on the way back",
            partial(stepped, back=lambda dz, w: handed_back(dz, w[::-1, ::-1])),
            "The cost is right. On the way back, your filters are turned by half a turn too many."
            " Pixel (i + u, j + v) met the weight at (u, v), so it gets its share by this weight.",
        ),
        Wrong(
            "overlaps overwritten",
            partial(stepped, back=last_window_only),
            "The cost is right. A pixel is seen by several windows, and with you only the last one"
            " tells it something. What they say is added.",
        ),
        Wrong(
            "gradient of length 1",
            partial(
                stepped,
                move=lambda x, dx, rate: clipped(x - rate * dx / max(np.linalg.norm(dx), 1e-12)),
            ),
            "You brought the gradient to length 1. The length of a step is `rate` times that of the"
            " gradient.",
        ),
        Wrong(
            "sign only",
            partial(stepped, move=lambda x, dx, rate: clipped(x - rate * np.sign(dx))),
            "You used the signs of the gradient only, so all pixels go equally far.",
        ),
    ),
    alternatives=(by_matrix, by_keras),
)
