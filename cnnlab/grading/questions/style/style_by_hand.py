"""A Gram matrix and the costs by hand."""

from functools import partial
from typing import Any

import numpy as np

from cnnlab.grading.question import Question, Tolerance, Wrong, no_arguments
from cnnlab.grading.questions.style.arrays import Array, gram_of

STYLE = np.array([[[1.0, 2, 1], [0, 1, 4]], [[2, 0, 0], [3, 1, 1]]])  # (2, 2, 3)
GRAM_OF_G = np.array([[12.0, 5, 2], [5, 9, 7], [2, 7, 14]])
CONTENT = np.array([[1.0, 4, 0], [2, 3, 1]]), np.array([[3.0, 4, 1], [1, 3, -1]])
ALPHA, BETA = 2, 40
LAYERS = ((0.25, 0.4), (0.75, 0.8))  # λ[l] and the style cost of each layer
PIXEL, SLOPE, RATE = 0.6, 4, 0.05


def by_hand(
    gram: Array | None = None,
    below: float = (2 * STYLE.size) ** 2,
    error: Any = lambda difference: (difference**2).sum(),
    content: Any = lambda difference: (difference**2).sum() / 2,
    total: Any = lambda content, layers: ALPHA * content + BETA * sum(w * J for w, J in layers),
    pixel: float = PIXEL - RATE * SLOPE,
) -> dict[str, Any]:
    gram = gram_of(STYLE) if gram is None else gram
    shows = float(content(CONTENT[0] - CONTENT[1]))
    return {
        "gram": gram,
        "below": below,
        # Whoever has another matrix still knows the right sum.
        "style": float(error(gram_of(STYLE) - GRAM_OF_G)) / below,
        "content": shows,
        "J": float(total(shows, LAYERS)),
        "pixel": pixel,
    }


def centred() -> Array:
    places = STYLE.reshape(4, 3)
    return (places - places.mean(axis=0)).T @ (places - places.mean(axis=0))


QUESTION = Question(
    id="style_by_hand",
    room="style",
    title="A Gram matrix and the costs, by hand",
    points=2,
    level=1,
    kind="value",
    cases=no_arguments,
    oracle=by_hand,
    tolerance=Tolerance(0, 0.0006, "by hand, three decimals are enough"),
    wrong=(
        Wrong(
            "over places",
            partial(by_hand, gram=STYLE.reshape(4, 3) @ STYLE.reshape(4, 3).T),
            "In (a) your matrix has a row for each place. A Gram matrix compares channels with each"
            " other: how many rows does it have then?",
        ),
        Wrong(
            "channels added up first",
            partial(by_hand, gram=np.outer(STYLE.sum(axis=(0, 1)), STYLE.sum(axis=(0, 1)))),
            "In (a) you added up each channel and multiplied the sums. The order matters: what"
            " counts is that two channels are large at the same place.",
        ),
        Wrong(
            "divided by the places",
            partial(by_hand, gram=gram_of(STYLE) / 4),
            "In (a) you took the mean over the places. The lecture's Gram matrix is a sum; the"
            " sizes come in later, below the line of the cost.",
        ),
        Wrong(
            "means taken off",
            partial(by_hand, gram=centred()),
            "In (a) you took the mean off each channel first, as a covariance does. A Gram matrix"
            " takes the numbers as they are.",
        ),
        Wrong(
            "diagonal only",
            partial(by_hand, gram=np.diag(np.diag(gram_of(STYLE)))),
            "In (a) you multiplied each channel with itself only. The style is in the other"
            " products: which channel goes with which?",
        ),
        Wrong(
            "the lecture's factor",
            partial(by_hand, below=2 * STYLE.size),
            "In (b) your factor is the one that stands in the lecture's notes. An exponent got"
            " lost there: look at the list of its errors.",
        ),
        Wrong(
            "the 2 outside of the square",
            partial(by_hand, below=2 * STYLE.size**2),
            "In (b) you squared the sizes, but not the 2. What does the bracket hold?",
        ),
        Wrong(
            "without the 2",
            partial(by_hand, below=STYLE.size**2),
            "In (b) you squared the three sizes, and one factor in the bracket is missing.",
        ),
        Wrong(
            "channels left out",
            partial(by_hand, below=(2 * 4) ** 2),
            "In (b) you counted the places. How many numbers does the volume have?",
        ),
        Wrong(
            "differences not squared",
            partial(by_hand, error=lambda difference: abs(difference).sum()),
            "In (b) the factor is right, but above the line you added the differences of the two"
            " matrices as they are. What happens to each of them before it is added?",
        ),
        Wrong(
            "one triangle only",
            partial(by_hand, error=lambda difference: (np.triu(difference) ** 2).sum()),
            "In (b) the factor is right, but you counted each pair of channels once. The sum runs"
            " over k and k', so over all entries of the matrix.",
        ),
        Wrong(
            "content cost without the half",
            partial(by_hand, content=lambda difference: (difference**2).sum()),
            "In (c) your sum is right. What stands before it in the content cost?",
        ),
        Wrong(
            "content cost as a distance",
            partial(by_hand, content=lambda difference: np.sqrt((difference**2).sum()) / 2),
            "In (c) you took a square root. The norm in the content cost is squared.",
        ),
        Wrong(
            "content cost as a mean",
            partial(by_hand, content=lambda difference: (difference**2).mean() / 2),
            "In (c) you divided by how many numbers there are. The content cost is a sum.",
        ),
        Wrong(
            "layers not weighted",
            partial(
                by_hand,
                total=lambda content, layers: ALPHA * content + BETA * sum(J for _, J in layers),
            ),
            "In (d) both layers count fully. Each has a weight λ[l].",
        ),
        Wrong(
            "α and β swapped",
            partial(
                by_hand,
                total=lambda content, layers: (
                    BETA * content + ALPHA * sum(w * J for w, J in layers)
                ),
            ),
            "In (d) α and β changed places. Which of the two belongs to the content?",
        ),
        Wrong(
            "no learning rate",
            partial(by_hand, pixel=PIXEL - SLOPE),
            "In (e) you took the whole gradient off, as in the lecture's notes, where a factor is"
            " missing.",
        ),
        Wrong(
            "uphill",
            partial(by_hand, pixel=PIXEL + RATE * SLOPE),
            "In (e) your pixel went uphill. The gradient says where the cost grows.",
        ),
    ),
    parts="abbcde",
    alternatives=(
        lambda: {
            "gram": [[14, 5, 4], [5, 6, 7], [4, 7, 18]],
            "below": 576.0,
            "style": 0.064,
            "content": np.float32(5),
            "J": 38,
            "pixel": 0.4,
        },
    ),
)
