"""A weighted cross-entropy, and its gradient."""

from collections.abc import Callable, Sequence
from functools import partial
from math import exp, log

import numpy as np

from cnnlab.grading.question import Case, Question, Tolerance, Wrong

Array = np.ndarray
SMALL = 1e-6, 1e-7, 1e-8, 1e-9, 1e-10, 1e-12, 1e-15, 1e-16  # what people add to a probability
EPSILONS = *SMALL, *(float(np.finfo(kind).eps) for kind in ("float32", "float64"))
LossAndGradient = tuple[float, Array]


def shares(scores: Sequence[float]) -> list[float]:
    """Softmax of one pixel."""
    top = max(scores)
    powers = [exp(score - top) for score in scores]
    return [power / sum(powers) for power in powers]


def surprise(scores: Sequence[float], label: int) -> float:
    """−log of the class's probability, without the probability, which may be too small."""
    top = max(scores)
    return log(sum(exp(score - top) for score in scores)) + top - scores[label]


def loss_of_pixels(
    logits: Array,
    labels: Array,
    weights: Array,
    weight: Callable[..., float] = lambda weights, scores, label: weights[label],
    total: Callable[[float, int], float] = lambda added, count: added,
    error: Callable[[Sequence[float], int], float] = surprise,
) -> LossAndGradient:
    """Pixel by pixel. `total`: what sums are divided by, from all weights and the pixels."""
    loss, gradient, added = 0.0, np.zeros(logits.shape), 0.0
    for place in np.ndindex(labels.shape):
        scores, label = logits[place].tolist(), int(labels[place])
        w = weight(weights, scores, label)
        added += w
        loss += w * error(scores, label)
        for k, share in enumerate(shares(scores)):
            gradient[place][k] = w * (share - (k == label))
    by = total(added, labels.size)
    return loss / by, gradient / by


def with_gradient(
    way: Callable[..., Array], logits: Array, labels: Array, weights: Array
) -> LossAndGradient:
    """The right loss, and another gradient: `way` is given probabilities, truth and weights."""
    p = np.apply_along_axis(shares, -1, logits)
    one_hot = np.eye(len(weights))[labels]  # (N, H, W, K)
    of_pixel = weights[labels][..., None]  # (N, H, W, 1)
    return loss_of_pixels(logits, labels, weights)[0], way(p, one_hot, of_pixel)


def weighted_by_score(logits: Array, labels: Array, weights: Array) -> LossAndGradient:
    return with_gradient(
        lambda p, one_hot, w: weights * (p - one_hot) / w.sum(), logits, labels, weights
    )


def softmax_twice(logits: Array, labels: Array, weights: Array) -> LossAndGradient:
    return loss_of_pixels(np.apply_along_axis(shares, -1, logits), labels, weights)


def at_once(logits: Array, labels: Array, weights: Array) -> LossAndGradient:
    shifted = logits - logits.max(axis=-1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    target = np.eye(len(weights))[labels]
    share = (target * weights).sum(-1, keepdims=True)
    share = share / share.sum()
    return np.float32(-(share * target * log_p).sum()), (share * (np.exp(log_p) - target)).tolist()


def by_keras(logits: Array, labels: Array, weights: Array) -> LossAndGradient:
    """The loss in Keras, the gradient from the same formula in float32."""
    from keras import ops

    scores, w = ops.convert_to_tensor(logits.astype("float32")), weights[labels]
    each = ops.sparse_categorical_crossentropy(labels, scores, from_logits=True)
    p = ops.convert_to_numpy(ops.softmax(scores))
    one_hot = np.arange(len(weights)) == labels[..., None]
    loss = np.average(ops.convert_to_numpy(each), weights=w)
    return loss, (p - one_hot) * (w / w.sum())[..., None]


def loss_cases(rng: np.random.Generator) -> Sequence[Case]:
    def case(shape: tuple[int, int, int], K: int, spread: float, seen: int = 0) -> Case:
        logits = (spread * rng.normal(size=(*shape, K))).round(2)
        labels = rng.integers(0, seen or K, shape)
        labels.flat[:2] = 0, (seen or K) - 1
        weights = rng.permutation(np.arange(1, K + 1) ** 2 + rng.random(K)).round(2)
        return logits, labels, weights

    logits, labels, weights = case((2, 4, 3), 4, 1)
    far = logits.copy()
    far[0, 0, 0] = [-18, 3, 24, 2]  # label 0: its probability is tiny
    return [
        (
            rng.integers(-2, 3, (1, 2, 3, 2)).astype(float),
            np.array([[[0, 1, 1], [0, 0, 1]]]),
            np.array([1.0, 3.0]),
        ),
        case((2, 5, 4), 3, 2),
        case((3, 3, 6), 5, 1, seen=3),  # two classes are in no image
        (far, labels, weights),
    ]


QUESTION = Question(
    id="weighted_loss",
    room="segmentation",
    title="A weighted loss, and its gradient",
    points=4,
    level=3,
    kind="function",
    cases=loss_cases,
    oracle=loss_of_pixels,
    tolerance=Tolerance(1e-4, 1e-6, "sums in float32 differ in the fifth digit"),
    wrong=(
        Wrong(
            "weights forgotten",
            lambda logits, labels, weights: loss_of_pixels(logits, labels, 0 * weights + 1),
            "All classes weigh alike. Where do the weights come in, for the loss and for the"
            " gradient?",
        ),
        Wrong(
            "divided by the number of pixels",
            partial(loss_of_pixels, total=lambda added, count: count),
            "You divided by the number of pixels. A weighted mean is divided by something else:"
            " with all weights doubled, it stays what it was.",
        ),
        Wrong(
            "summed",
            partial(loss_of_pixels, total=lambda added, count: 1),
            "You added over all pixels. The question asks for a mean.",
        ),
        Wrong(
            "divided by the weights of the classes",
            lambda logits, labels, weights: loss_of_pixels(
                logits, labels, weights, total=lambda added, count: weights.sum()
            ),
            "You divided by the sum of the classes' weights. Each pixel brings a weight of its own,"
            " and a class has many pixels.",
        ),
        Wrong(
            "divided by pixels and weights of the classes",
            lambda logits, labels, weights: loss_of_pixels(
                logits, labels, weights, total=lambda added, count: count * weights.mean()
            ),
            "You divided by the pixels times the mean weight of the classes. Classes do not have"
            " equally many pixels: add up what the pixels bring.",
        ),
        Wrong(
            "weight of the predicted class",
            partial(loss_of_pixels, weight=lambda w, scores, _: w[int(np.argmax(scores))]),
            "A pixel has the weight of the class that was predicted. Whether it matters is decided"
            " by the truth.",
        ),
        Wrong(
            "divided by the weight",
            partial(loss_of_pixels, weight=lambda w, _, label: 1 / w[label]),
            "Your weights work the wrong way round: a class with a large weight counts less.",
        ),
        Wrong(
            "softmax twice",
            softmax_twice,
            "Softmax was taken twice. Probabilities lie between 0 and 1, so a second softmax makes"
            " them all nearly alike.",
        ),
        *(
            Wrong(
                f"probabilities kept {small:.3g} away from 0",
                partial(
                    loss_of_pixels,
                    error=lambda scores, label, small=small: -log(shares(scores)[label] + small),
                ),
                "You keep probabilities away from 0, by a limit or by a number that is added, such"
                f" as {small:.3g}. So a pixel that is far off costs too little.",
            )
            for small in EPSILONS
        ),
        Wrong(
            "logarithm to base 2",
            partial(loss_of_pixels, error=lambda scores, label: surprise(scores, label) / log(2)),
            "Your logarithm has base 2. Softmax has powers of e, so the loss has the natural one.",
        ),
        Wrong(
            "logarithm to base 10",
            partial(loss_of_pixels, error=lambda scores, label: surprise(scores, label) / log(10)),
            "Your logarithm has base 10. Softmax has powers of e, so the loss has the natural one.",
        ),
        Wrong(
            "1 − p",
            partial(loss_of_pixels, error=lambda scores, label: 1 - shares(scores)[label]),
            "A pixel costs what is missing to a probability of 1. Cross-entropy has a logarithm,"
            " and so no upper end.",
        ),
        Wrong(
            "sign of the loss",
            partial(loss_of_pixels, error=lambda scores, label: -surprise(scores, label)),
            "Your loss has the wrong sign: it falls when the prediction gets worse.",
        ),
        Wrong(
            "gradient without weights",
            partial(with_gradient, lambda p, one_hot, w: (p - one_hot) / p[..., 0].size),
            "The loss is right, the gradient has no weights.",
        ),
        Wrong(
            "gradient without weights, not divided",
            partial(with_gradient, lambda p, one_hot, w: p - one_hot),
            "The loss is right. Your gradient is that of one pixel's cross-entropy: it has no"
            " weights, and it is not divided.",
        ),
        Wrong(
            "gradient without weights, divided by them",
            partial(with_gradient, lambda p, one_hot, w: (p - one_hot) / w.sum()),
            "The loss is right. Your gradient is divided by the weights, but no pixel has one.",
        ),
        Wrong(
            "gradient weighted score by score",
            weighted_by_score,
            "The loss is right. In your gradient each score has the weight of its own class. All"
            " scores of a pixel have the pixel's weight.",
        ),
        Wrong(
            "weights for the truth only",
            partial(with_gradient, lambda p, one_hot, w: (p - w * one_hot) / w.sum()),
            "The loss is right. In your gradient only the truth is weighted. The probabilities are"
            " part of the same difference.",
        ),
        Wrong(
            "truth missing in the gradient",
            partial(with_gradient, lambda p, one_hot, w: w * p / w.sum()),
            "The loss is right. Your gradient has the probabilities only. Where does the truth come"
            " in?",
        ),
        Wrong(
            "gradient not divided",
            partial(with_gradient, lambda p, one_hot, w: w * (p - one_hot)),
            "The loss is right, and it is a mean. Your gradient is that of the sum.",
        ),
        Wrong(
            "gradient divided by the number of pixels",
            partial(with_gradient, lambda p, one_hot, w: w * (p - one_hot) / w.size),
            "The loss is right. The gradient is divided by something else than the loss.",
        ),
        Wrong(
            "gradient of the true class only",
            partial(with_gradient, lambda p, one_hot, w: w * (p - one_hot) * one_hot / w.sum()),
            "The loss is right. Your gradient is 0 for all scores but that of the true class; the"
            " others are part of softmax too.",
        ),
        Wrong(
            "gradient with the sign changed",
            partial(with_gradient, lambda p, one_hot, w: w * (one_hot - p) / w.sum()),
            "The loss is right. Your gradient points to where the loss falls; the gradient is the"
            " direction in which it grows.",
        ),
        Wrong(
            "gradient by the probabilities",
            partial(
                with_gradient, lambda p, one_hot, w: -w * one_hot / np.maximum(p, 1e-12) / w.sum()
            ),
            "The loss is right. Your gradient is the one by the probabilities; the question asks"
            " for the one by the scores, one step further back.",
        ),
    ),
    alternatives=(at_once, by_keras),
)
