"""Mend a function: the adjoint of a convolution."""

from collections.abc import Sequence

import numpy as np

from cnnlab.grading.question import FLOAT32, Case, Question, Wrong
from cnnlab.grading.questions.segmentation.arrays import (
    Array,
    cut,
    full_size,
    normal,
    one_sided,
    stamped,
    whole,
)


def way_back(y: Array, w: Array, stride: int, padding: int, height: int, width: int) -> Array:
    canvas = stamped(y, w, stride, (height + 2 * padding, width + 2 * padding))
    return cut(canvas, padding, padding)


def way_back_with(turn, y, w, *rest):
    """With filters turned or mirrored."""
    return way_back(y, w[turn], *rest)


def overwritten_back(y, w, stride, padding, height, width):
    size = height + 2 * padding, width + 2 * padding
    return cut(stamped(y, w, stride, size, overwrite=True), padding, padding)


def averaged_back(y, w, stride, padding, height, width):
    size = height + 2 * padding, width + 2 * padding
    often = stamped(np.ones_like(y[..., :1]), np.ones_like(w[:, :, :1, :1]), stride, size)
    return cut(stamped(y, w, stride, size) / np.maximum(often, 1), padding, padding)


def as_small_as_the_stamps(y, w, stride, padding, height, width):
    return cut(stamped(y, w, stride, full_size(y, w, stride)), padding, padding)


def frame_left_on(y, w, stride, padding, height, width):
    return stamped(y, w, stride, (height + 2 * padding, width + 2 * padding))


def frame_cut_after(y, w, stride, padding, height, width):
    return frame_left_on(y, w, stride, padding, height, width)[:, :height, :width]


def cut_to_minus_padding(y, w, stride, padding, height, width):
    canvas = frame_left_on(y, w, stride, padding, height, width)
    return canvas[:, padding:-padding, padding:-padding]


def stretched(y, w, stride, padding, height, width):
    """Stamps from the other end: the rows that no window has seen are the first ones."""
    back = way_back(y[:, ::-1, ::-1], w[::-1, ::-1], stride, padding, height, width)
    return back[:, ::-1, ::-1]


def by_matrix(y, w, stride, padding, height, width):
    """The convolution's own matrix, a column for each number of x, and its transpose."""
    f_h, f_w, C, K = w.shape
    rows, columns = y.shape[1:3]
    matrix = np.zeros((rows, columns, K, height, width, C))
    for i, j, u, v in np.ndindex(rows, columns, f_h, f_w):
        row, column = i * stride + u - padding, j * stride + v - padding
        if 0 <= row < height and 0 <= column < width:
            matrix[i, j, :, row, column] = w[u, v].T
    flat = matrix.reshape(rows * columns * K, -1)
    return (y.reshape(len(y), -1) @ flat).reshape(len(y), height, width, C)


def by_gradient(y, w, stride, padding, height, width):
    """The gradient of ⟨Ax, y⟩ by x, one number of x at a time."""
    f_h, f_w, C, _ = w.shape
    result = np.zeros((len(y), height, width, C), "float32")
    for r, q in np.ndindex(height, width):
        for i, j in np.ndindex(y.shape[1:3]):
            u, v = r + padding - i * stride, q + padding - j * stride
            if 0 <= u < f_h and 0 <= v < f_w:
                result[:, r, q] += y[:, i, j] @ w[u, v].T
    return result.tolist()


def adjoint_cases(rng: np.random.Generator) -> Sequence[Case]:
    def case(N: int, H: int, W: int, f: tuple[int, int], C: int, K: int, s: int, p: int) -> Case:
        rows, columns = (H + 2 * p - f[0]) // s + 1, (W + 2 * p - f[1]) // s + 1
        return normal(rng, N, rows, columns, K), normal(rng, *f, C, K), s, p, H, W

    return [
        (whole(rng, 1, 2, 3, 1), one_sided(rng, 2, 2, 1, 1), 1, 0, 3, 4),
        case(2, 7, 9, (3, 3), 2, 3, 2, 1),
        case(2, 12, 6, (3, 2), 3, 2, 2, 0),  # a last row that no window has seen
        case(1, 5, 6, (4, 3), 1, 2, 1, 3),  # windows that see the frame only
        case(3, 4, 6, (2, 2), 2, 1, 3, 0),  # gaps
        case(2, 4, 7, (2, 4), 2, 3, 1, 0),  # wide filters, and no frame that hides what they miss
    ]


QUESTION = Question(
    id="adjoint",
    room="segmentation",
    title="Mend a function: the way back",
    points=3,
    level=2,
    kind="function",
    cases=adjoint_cases,
    oracle=way_back,
    tolerance=FLOAT32,
    mend=True,
    wrong=(
        Wrong(
            "as handed out",
            lambda *case: way_back_with(np.s_[::-1, ::-1], *case),
            "The fault of the function as it was handed out is still there. Make the test with a"
            " filter that is 1 in its first corner and 0 elsewhere: where does the 1 land, and"
            " where should it?",
        ),
        Wrong(
            "upside down",
            lambda *case: way_back_with(np.s_[::-1], *case),
            "You mended the fault for the columns, and the rows still have it.",
        ),
        Wrong(
            "mirrored",
            lambda *case: way_back_with(np.s_[:, ::-1], *case),
            "You mended the fault for the rows, and the columns still have it.",
        ),
        Wrong(
            "overlaps overwritten",
            overwritten_back,
            "Where two windows overlap, only the later one is left now. That was right before: a"
            " number that two windows have seen gets something from both.",
        ),
        Wrong(
            "overlaps averaged",
            averaged_back,
            "You divide by how often a number was seen. The transpose of a matrix is not its"
            " inverse: it adds, and does not average.",
        ),
        Wrong(
            "unseen rows missing",
            as_small_as_the_stamps,
            "Your result ends with the last window. Where the stride does not fit, the convolution"
            " leaves rows of x unseen; they belong to the answer too.",
        ),
        Wrong(
            "unseen rows first",
            stretched,
            "Where the stride does not fit, the rows that no window has seen come first in your"
            " result. Windows begin at the top and on the left.",
        ),
        Wrong(
            "frame left on",
            frame_left_on,
            "Your result still has the frame that the padding puts around x.",
        ),
        Wrong(
            "frame cut on one side only",
            frame_cut_after,
            "Your result has the right size, but it is shifted: all of the frame was cut off below"
            " and on the right. Where does x lie in its frame?",
        ),
        Wrong(
            "nothing left without padding",
            cut_to_minus_padding,
            "Where the padding is 0, your result is empty. A slice that is to leave out the last 0"
            " rows ends at −0, which is the first row.",
        ),
        Wrong(
            "stride forgotten",
            lambda y, w, stride, *rest: way_back(y, w, 1, *rest),
            "Your windows are neighbours, whatever the stride is. On the way back they lie where"
            " they lay on the way forward.",
        ),
    ),
    alternatives=(by_matrix, by_gradient),
)
