"""Open task: an encoder that knows people again whom it has never seen."""

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np

from cnnlab.grading.question import (
    Case,
    Question,
)
from cnnlab.grading.texts import tr

SIZE = (32, 28)
WAYS, GROUPS, PICTURES = 20, 3, 6
LOW, HIGH = 0.40, 0.80  # pixels recognise 33 %, the encoder below 85 % and more
FIRST_SEED = 1_000_000  # of the people it is tested with; seeds below are for training


def encoder_cases(rng: np.random.Generator) -> Sequence[Case]:
    from cnnlab.data import faces

    seed = int(rng.integers(FIRST_SEED, 2**31))
    drawn = faces(WAYS * GROUPS, PICTURES, seed=seed, size=SIZE)
    return [(drawn.images, drawn.people)]


def one_shot_accuracy(codes: np.ndarray, people: np.ndarray) -> float:
    """The share of pictures whose nearest enrolled picture shows the same person.

    People are enrolled in groups of `WAYS`, with one picture each. Each picture is it once.
    """
    right = []
    for group in range(GROUPS):
        for enrolled in range(PICTURES):
            inside = np.flatnonzero(people // WAYS == group)
            gallery = inside[enrolled::PICTURES]
            for i in np.setdiff1d(inside, gallery):
                distances = np.square(codes[gallery] - codes[i]).sum(axis=1)
                known = np.isfinite(distances).all()
                right.append(known and people[gallery[distances.argmin()]] == people[i])
    return float(np.mean(right))


def encoder_score(outputs: Sequence[Any], cases: Sequence[Case]) -> tuple[float, str]:
    ((images, people),) = cases
    codes = np.asarray(outputs[0]["predictions"], float)
    if codes.ndim != 2 or len(codes) != len(images):
        raise ValueError(
            tr("The model's answer to {} pictures has shape {}; expected ({}, D).").format(
                len(images), codes.shape, len(images)
            )
        )
    with np.errstate(over="ignore", invalid="ignore"):
        accuracy = one_shot_accuracy(codes, people)
    sentence = tr(
        "Of people it has never seen, your encoder recognises {:.1%} of the pictures ({}-way, one"
        " picture enrolled of each). Points grow from {:.0%} on; all are given at {:.0%}."
    )
    return (accuracy - LOW) / (HIGH - LOW), sentence.format(accuracy, WAYS, LOW, HIGH)


@cache
def trained_encoder() -> Any:
    """Learns to tell many people apart by name; what comes before the names is the encoding."""
    import keras
    from keras import layers as L

    from cnnlab.data import faces

    keras.utils.set_random_seed(3)
    known = faces(400, 6, seed=2, size=SIZE)
    epochs, batch = 10, 64

    def conv(filters: int, size: int, stride: int) -> list[Any]:
        kernel = L.Conv2D(filters, size, strides=stride, padding="same", use_bias=False)
        return [kernel, L.BatchNormalization(), L.ReLU()]

    encoder = keras.Sequential(
        [
            keras.Input((*SIZE, 3)),
            *conv(24, 5, 2),  # (N, 16, 14, 24)
            *conv(48, 3, 1),
            L.MaxPooling2D(2),  # (N, 8, 7, 48)
            *conv(64, 3, 1),
            L.Flatten(),
            L.Dense(64),
            L.UnitNormalization(),
        ]
    )
    names = keras.Sequential([encoder, L.Rescaling(16.0), L.Dense(400, use_bias=False)])
    steps = epochs * -(-len(known.images) // batch)
    rate = keras.optimizers.schedules.CosineDecay(3e-3, steps)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    names.compile(keras.optimizers.Adam(rate), loss)
    names.fit(known.images, known.people, batch, epochs, verbose=0)
    return encoder


QUESTION = Question(
    id="face_encoder",
    room="faces",
    title="Open task: people never seen before",
    points=5,
    level=3,
    kind="trained",
    cases=encoder_cases,
    alternatives=(trained_encoder,),
    score=encoder_score,
)
