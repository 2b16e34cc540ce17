"""Slide a kernel over an image."""

from collections.abc import Sequence

import numpy as np

from cnnlab.grading.question import FLOAT32, Case, Question, Wrong
from cnnlab.grading.questions.convolution.inputs import Array, digits, normal, unequal


def conv2d_cases(rng: np.random.Generator) -> Sequence[Case]:
    return [
        (digits(rng, 3, 5), digits(rng, 2, 3)),
        (normal(rng, *unequal(rng, 6, 9)), normal(rng, *unequal(rng, 2, 5))),
        (normal(rng, 7, 6), normal(rng, 4, 1)),
        (normal(rng, 3, 4), normal(rng, 3, 4)),
    ]


def conv2d(image: Array, kernel: Array) -> Array:
    f_h, f_w = kernel.shape
    result = np.zeros((image.shape[0] - f_h + 1, image.shape[1] - f_w + 1))
    for i, j in np.ndindex(result.shape):
        for u, v in np.ndindex(kernel.shape):
            result[i, j] += image[i + u, j + v] * kernel[u, v]
    return result


def same_size(image: Array, kernel: Array) -> Array:
    sides = [((f - 1) // 2, f // 2) for f in kernel.shape]
    return conv2d(np.pad(image, sides), kernel)


def last_missing(image: Array, kernel: Array) -> Array:
    """Loops to n - f, without the + 1."""
    return conv2d(image, kernel)[:-1, :-1]


def never_reset(image: Array, kernel: Array) -> Array:
    """One sum that goes on from window to window."""
    right = conv2d(image, kernel)
    return right.cumsum().reshape(right.shape)


def by_fourier(image: Array, kernel: Array) -> Array:
    waves = np.fft.rfft2(image) * np.fft.rfft2(kernel, image.shape).conj()
    H_out, W_out = np.array(image.shape) - kernel.shape + 1
    return np.fft.irfft2(waves, image.shape)[:H_out, :W_out]


def by_shifts(image: Array, kernel: Array) -> list[list[float]]:
    """One shifted copy of the image for each number of the kernel, in float32, as lists."""
    H_out, W_out = np.array(image.shape) - kernel.shape + 1
    image = image.astype("float32")
    parts = [k * image[u : u + H_out, v : v + W_out] for (u, v), k in np.ndenumerate(kernel)]
    return sum(parts).tolist()


QUESTION = Question(
    id="conv2d",
    room="convolution",
    title="Slide a kernel over an image",
    points=2,
    level=1,
    kind="function",
    cases=conv2d_cases,
    oracle=conv2d,
    tolerance=FLOAT32,
    wrong=(
        Wrong(
            "kernel flipped",
            lambda image, kernel: conv2d(image, kernel[::-1, ::-1]),
            "Your kernel is flipped: this is the convolution of mathematics. Deep learning lays"
            " the kernel on the window as it is; see the end of “Padding and stride”.",
        ),
        Wrong(
            "kernel flipped in one direction",
            lambda image, kernel: conv2d(image, kernel[::-1]),
            "Your kernel stands on its head. Compare the index of its row with that of the window.",
        ),
        Wrong(
            "kernel mirrored",
            lambda image, kernel: conv2d(image, kernel[:, ::-1]),
            "Left and right of your kernel changed places. Compare the index of its column with"
            " that of the window.",
        ),
        Wrong(
            "mean instead of sum",
            lambda image, kernel: conv2d(image, kernel) / kernel.size,
            "You take the mean of the products. The convolution adds them up; a kernel that shall"
            " average has the division in its own numbers.",
        ),
        Wrong(
            "last row and column missing",
            last_missing,
            "The last row and the last column of the result are missing. Count the places of a"
            " window of 3 in a row of 5 with a finger.",
        ),
        Wrong(
            "padded to the same size",
            same_size,
            "Your result is as large as the image: there is a frame of zeros around it. Here,"
            " “valid” is asked for: the window stays inside the image.",
        ),
        Wrong(
            "height and width swapped",
            lambda image, kernel: conv2d(image, kernel).T,
            "Rows and columns of your result changed places. In shape[0] and in the first index is"
            " the height.",
        ),
        Wrong(
            "negative numbers cut off",
            lambda image, kernel: np.maximum(conv2d(image, kernel), 0),
            "Negative numbers became 0. That is ReLU's work, later; here the sign is part of the"
            " answer, since it tells the direction of the edge.",
        ),
        Wrong(
            "sign lost",
            lambda image, kernel: np.abs(conv2d(image, kernel)),
            "Your answers have lost their sign. It tells the direction of the edge, so keep it.",
        ),
        Wrong(
            "sum not reset",
            never_reset,
            "Your sum goes on from window to window, and never begins anew. Where is it set to"
            " zero: before the loop over the places, or in it?",
        ),
        Wrong(
            "truncated to whole numbers",
            lambda image, kernel: np.trunc(conv2d(image, kernel)),
            "Your result holds whole numbers only. An array that was made for whole numbers cuts"
            " off what stands behind the point.",
        ),
    ),
    alternatives=(by_fourier, by_shifts),
)
