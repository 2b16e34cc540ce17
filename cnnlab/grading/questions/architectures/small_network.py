"""At most 6,000 parameters."""

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np

from cnnlab.grading.question import (
    Case,
    Question,
)

PARAMETERS = 6_000
EACH = 10  # of the ten digits, in each of ten hands: 1,000
LOW, HIGH = 0.75, 0.90  # trained on moved digits of MNIST: 0.92 to 0.95; on centred ones: 0.80


def shifted(images: np.ndarray, rng: np.random.Generator, reach: int = 2) -> np.ndarray:
    """Each image moved by up to `reach` pixels down or up, and to a side."""
    H, W = images.shape[1:3]
    wide = np.pad(images, [(0, 0), (reach, reach), (reach, reach), (0, 0)])
    corners = rng.integers(0, 2 * reach + 1, (len(images), 2))
    return np.stack([one[i : i + H, j : j + W] for one, (i, j) in zip(wide, corners, strict=True)])


def small_network_cases(rng: np.random.Generator) -> Sequence[Case]:
    """Digits that no file holds: drawn anew, in hands that are not MNIST's."""
    from cnnlab.data import drawn_digits, drawn_images

    strokes, labels, _ = drawn_digits(EACH, int(rng.integers(1, 2**31)))
    order = rng.permutation(len(labels))
    return [(shifted(drawn_images(strokes)[order], rng), labels[order])]


def small_network_score(outputs: Sequence[Any], cases: Sequence[Case]) -> tuple[float, str]:
    digits = cases[0][1]
    predictions, parameters = np.asarray(outputs[0]["predictions"]), outputs[0]["parameters"]
    if predictions.shape != (len(digits), 10):
        raise ValueError(
            f"The model's answer to {len(digits)} digits has shape {predictions.shape};"
            f" expected {(len(digits), 10)}."
        )
    if parameters > PARAMETERS:
        return 0, f"Your network has {parameters:,} parameters; {PARAMETERS:,} are allowed."
    right = predictions.argmax(axis=1) == digits
    accuracy = float((right & np.isfinite(predictions).all(axis=1)).mean())
    return (accuracy - LOW) / (HIGH - LOW), (
        f"With {parameters:,} parameters, your network reads {accuracy:.1%} of the drawn digits."
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


QUESTION = Question(
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
