"""Open task: lungs, hearts and clavicles on X-rays."""

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np

from cnnlab.grading.question import Case, Question
from cnnlab.grading.texts import tr

COUNT, SIZE, CLASSES = 60, (48, 64), 4
PARAMETERS = 40_000
LOW, HIGH = 0.65, 0.88  # mean Dice; without clavicles at most 2/3, and two trainings had 0.92


def xray_cases(rng: np.random.Generator) -> Sequence[Case]:
    """X-rays that no student has seen: those of the exercise are the ones of seed 0."""
    from cnnlab.data import chest_xrays

    return [chest_xrays(COUNT, int(rng.integers(1, 2**31)), SIZE)[:2]]


def dice_of_classes(truth: np.ndarray, found: np.ndarray) -> list[float]:
    """Of all classes but the background, all pixels together."""
    values = []
    for label in range(1, CLASSES):
        a, b = truth == label, found == label
        values.append(2 * float(np.sum(a & b)) / max(int(a.sum() + b.sum()), 1))
    return values


def xray_score(outputs: Sequence[Any], cases: Sequence[Case]) -> tuple[float, str]:
    truth = cases[0][1]
    predictions, parameters = np.asarray(outputs[0]["predictions"]), outputs[0]["parameters"]
    wanted = (*truth.shape, CLASSES)
    if predictions.shape != wanted:
        raise ValueError(
            tr("The model's answer to {} X-rays has shape {}; expected {}.").format(
                len(truth), predictions.shape, wanted
            )
        )
    if parameters > PARAMETERS:
        text = tr("Your network has {:,} parameters; {:,} are allowed.")
        return 0, text.format(parameters, PARAMETERS)
    usable = np.isfinite(predictions).all(axis=-1)
    found = np.where(usable, predictions.argmax(axis=-1), CLASSES)
    lungs, heart, clavicles = values = dice_of_classes(truth, found)
    mean = float(np.mean(values))
    sentence = tr(
        "Dice on {} X-rays: lungs {:.3f}, heart {:.3f}, clavicles {:.3f}; mean {:.3f}. Points grow"
        " from {:.2f} on; all are given at {:.2f}."
    )
    return (mean - LOW) / (HIGH - LOW), sentence.format(
        len(truth), lungs, heart, clavicles, mean, LOW, HIGH
    )


@cache
def trained_segmenter() -> Any:
    """For images of any size, with the weight of each pixel in the loss."""
    import keras
    from keras import layers as L

    from cnnlab.data import chest_xrays

    keras.utils.set_random_seed(1)
    images, masks = chest_xrays(240, 0, SIZE)[:2]

    def convs(filters):
        pair = [L.Conv2D(filters, 3, padding="same", use_bias=False) for _ in range(2)]
        norms = [L.BatchNormalization(momentum=0.9) for _ in range(2)]
        return keras.Sequential([pair[0], norms[0], L.ReLU(), pair[1], norms[1], L.ReLU()])

    x = image = keras.Input((None, None, 1))
    top = convs(8)(x)
    middle = convs(16)(L.MaxPooling2D()(top))
    x = convs(32)(L.MaxPooling2D()(middle))
    x = convs(16)(L.Concatenate()([middle, L.Conv2DTranspose(16, 2, strides=2)(x)]))
    x = convs(8)(L.Concatenate()([top, L.Conv2DTranspose(8, 2, strides=2)(x)]))
    model = keras.Model(image, L.Conv2D(CLASSES, 1)(x))
    epochs = 7
    rate = keras.optimizers.schedules.CosineDecay(0.01, epochs * 30)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(rate), loss)
    weights = np.array([1, 1, 1, 4], "float32")[masks]
    model.fit(images, masks, 8, epochs, sample_weight=weights, verbose=0)
    return model


QUESTION = Question(
    id="segmenter",
    room="segmentation",
    title="Open task: lungs, hearts and clavicles",
    points=5,
    level=3,
    kind="trained",
    cases=xray_cases,
    alternatives=(trained_segmenter,),
    score=xray_score,
)
