"""The encoder, which turns a picture into 128 numbers, and what compares two encodings.

A Siamese network is one encoder that is used twice, with the same weights. Y. Taigman, M. Yang,
M. Ranzato, L. Wolf, DeepFace: closing the gap to human-level performance in face verification,
CVPR 2014; F. Schroff and others, FaceNet, CVPR 2015.
"""

from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np
from keras import KerasTensor, ops
from keras import layers as L
from numpy.typing import ArrayLike

from cnnlab.checks import image_shape, keras_model, one_of, whole

SHORT = 1e-8  # squared: what is shorter is not made longer than it was by more than 10⁴
SMALLEST = 16  # pixels a side: three convolutions halve it
TOGETHER = 256  # pictures that are encoded at once


@keras.saving.register_keras_serializable("cnnlab")
class UnitLength(L.Layer):
    """Divide each encoding by its length: ``(N, D)`` → ``(N, D)``, on the unit sphere.

    An encoding of zeros stays zeros, and so does its gradient stay finite. (`UnitNormalization` of
    Keras gives the same numbers, but NaN as the gradient there.)
    """

    def call(self, x: KerasTensor) -> KerasTensor:
        squares = ops.sum(ops.square(x), axis=-1, keepdims=True)  # (N, 1)
        return x * ops.rsqrt(ops.maximum(squares, SHORT))


def encoder(input_shape: Sequence[int], embedding: int = 128) -> keras.Model:
    """From a picture to its encoding, a vector of length 1.

    Three convolutions halve the picture, each followed by one with a short cut. What they found is
    not averaged over the picture: in a face it matters where things are.

    Parameters
    ----------
    input_shape
        ``(H, W, C)``, at least 16 × 16.
    embedding
        Numbers of the encoding: 128 in the lecture.

    Returns
    -------
    keras.Model
        From pictures ``(N, H, W, C)``, numbers from 0 to 1, to encodings ``(N, embedding)``.

    Raises
    ------
    ValueError
        If an argument is not one of these.
    """
    shape = image_shape(input_shape, at_least=SMALLEST)
    embedding = whole("embedding", embedding, 1)
    image = keras.Input(shape, name="image")  # (N, 48, 48, 3)
    x = image
    for i, filters in enumerate((32, 64, 96), start=1):  # (N, 24, 24, 32), 12 × 12, 6 × 6
        x = conv_bn(x, filters, s=2, name=f"conv{i}")
        if i > 1:
            y = conv_bn(x, filters, name=f"conv{i}_again")
            x = L.Add(name=f"conv{i}_add")([x, y])
    x = L.Flatten(name="flat")(x)  # (N, 3456)
    x = L.Dense(embedding, name="dense")(x)  # (N, 128)
    return keras.Model(image, UnitLength(name="encoding")(x), name="encoder")


def conv_bn(x: KerasTensor, filters: int, s: int = 1, *, name: str) -> KerasTensor:
    """A 3×3 convolution, batch normalisation, and ReLU.

    The averages of the normalisation forget sooner than is usual: a training of some hundred steps
    would else be measured with those of its beginning.
    """
    x = L.Conv2D(filters, 3, s, padding="same", use_bias=False, name=name)(x)
    x = L.BatchNormalization(momentum=0.9, name=f"{name}_bn")(x)
    return L.Activation("relu", name=f"{name}_relu")(x)


def encode(model: keras.Model, images: ArrayLike) -> np.ndarray:
    """The encodings of pictures.

    Parameters
    ----------
    model
        An :func:`encoder`.
    images
        ``(N, H, W, C)``, as in training; N may be 0.

    Returns
    -------
    numpy.ndarray
        ``(N, embedding)``.

    Raises
    ------
    ValueError
        If `images` has another shape than the model's input.
    """
    images = np.asarray(images)
    size = ", ".join(map(str, model.input_shape[1:]))
    if images.dtype.kind not in "biuf":
        raise ValueError(f"images has dtype {images.dtype}; expected numbers (N, {size})")
    if images.ndim != 4 or images.shape[1:] != model.input_shape[1:]:
        raise ValueError(f"images has shape {images.shape}; expected (N, {size}), the model's")
    parts = [
        ops.convert_to_numpy(model(images[start : start + TOGETHER], training=False))
        for start in range(0, len(images), TOGETHER)
    ]
    return np.concatenate([np.empty((0, model.output_shape[-1]), "float32"), *parts])


def siamese(encoder: keras.Model, head: keras.Model | None = None) -> keras.Model:
    """One encoder, used for both pictures of a pair, and how far its two encodings are apart.

    Parameters
    ----------
    encoder
        From pictures to encodings.
    head
        What compares two encodings, such as :func:`similarity_head`. None: their squared distance
        ‖f − g‖².

    Returns
    -------
    keras.Model
        From two batches of pictures to ``(N, 1)``.

    Raises
    ------
    ValueError
        If the encoder has more than one input or gives no vectors, or the head takes others.
    """
    keras_model("encoder", encoder)
    vectors = len(encoder.inputs) == 1 and len(encoder.outputs) == 1
    if not vectors or len(encoder.output_shape) != 2:
        raise ValueError(
            f"encoder {encoder.name!r} gives {encoder.output_shape} for {encoder.input_shape};"
            " expected one picture in and vectors (N, D) out"
        )
    if head is not None:
        keras_model("head", head)
    wanted = [tuple(encoder.output_shape)] * 2
    if head is not None and [tuple(each.shape) for each in head.inputs] != wanted:
        raise ValueError(
            f"head {head.name!r} takes {[tuple(each.shape) for each in head.inputs]}; expected two"
            f" encodings {encoder.output_shape}"
        )
    left, right = (keras.Input(encoder.input_shape[1:], name=name) for name in ("left", "right"))
    f, g = encoder(left), encoder(right)  # (N, 128) both, by the same weights
    if head is not None:
        return keras.Model([left, right], head([f, g]), name="siamese")
    distance = ops.sum(ops.square(f - g), axis=-1, keepdims=True)  # (N, 1)
    return keras.Model([left, right], distance, name="siamese")


def similarity_head(embedding: int = 128, kind: str = "absolute") -> keras.Model:
    """Are these two encodings of one person? A probability, from a weight for each difference.

    ``"absolute"``, as in the lecture: σ(Σ w_k ``|f_k − g_k|`` + b). ``"chi-squared"``, as in
    DeepFace (section 4.2): σ(Σ w_k (f_k − g_k)² / (f_k + g_k) + b). DeepFace's encodings have no
    negative numbers; ours have, so ``|f_k| + |g_k|`` stands below the line, which is the same where
    both are positive.

    Parameters
    ----------
    embedding
        Numbers of an encoding.
    kind
        One of the two.

    Returns
    -------
    keras.Model
        From two encodings ``(N, embedding)`` to ``(N, 1)``, from 0 to 1. It has embedding + 1
        parameters.

    Raises
    ------
    ValueError
        If an argument is not one of these.
    """
    embedding = whole("embedding", embedding, 1)
    apart = DIFFERENCES[one_of("kind", kind, DIFFERENCES)]
    f, g = (keras.Input((embedding,), name=name) for name in ("f", "g"))
    same = L.Dense(1, activation="sigmoid", name="same")(apart(f, g))  # (N, 1)
    return keras.Model([f, g], same, name=f"head_{kind.replace('-', '_')}")


def _absolute(f: Any, g: Any) -> Any:
    return ops.absolute(f - g)


def _chi_squared(f: Any, g: Any) -> Any:
    return ops.square(f - g) / (ops.absolute(f) + ops.absolute(g) + keras.config.epsilon())


DIFFERENCES: dict[str, Callable[[Any, Any], Any]] = {
    "absolute": _absolute,
    "chi-squared": _chi_squared,
}
