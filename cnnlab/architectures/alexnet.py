"""AlexNet: LeNet's plan, a thousand times larger.

A. Krizhevsky, I. Sutskever, G. E. Hinton, ImageNet classification with deep convolutional neural
networks, NIPS 2012, section 3.
"""

from collections.abc import Sequence
from os import PathLike

import keras
from keras import KerasTensor, ops
from keras import layers as L

from cnnlab.architectures.weights import restored
from cnnlab.checks import class_count, image_shape, one_of


def alexnet(
    input_shape: Sequence[int] = (227, 227, 3),
    classes: int | None = 1000,
    weights: str | PathLike | None = None,
    groups: int = 2,
    normalized: bool = True,
) -> keras.Model:
    """AlexNet: five convolutions, three dense layers.

    Parameters
    ----------
    input_shape
        ``(H, W, C)``, at least 67×67. The paper says 224; its own numbers need 227.
    classes
        How many; None leaves the last layer out, and the output is what it would see.
    weights
        None for random ones, or the path of a file from ``model.save_weights``.
    groups
        2, as in the paper: three convolutions are in two halves that do not see each other, one on
        each of two processors, 60,965,224 parameters. 1: one tower, 62,378,344 parameters.
    normalized
        With local response normalisation, or without.

    Returns
    -------
    keras.Model
        From images ``(N, H, W, C)`` to probabilities ``(N, classes)``.

    Raises
    ------
    ValueError
        If an argument is not one of these, or the file's weights do not fit.
    """
    shape, classes = image_shape(input_shape, at_least=67), class_count(classes)
    one_of("groups", groups, (1, 2))

    def conv(x: KerasTensor, filters: int, f: int, name: str, **options: object) -> KerasTensor:
        return L.Conv2D(filters, f, activation="relu", name=name, **options)(x)

    def normalize_and_pool(x: KerasTensor, number: int) -> KerasTensor:
        if normalized:
            x = LocalResponseNormalization(name=f"norm{number}")(x)
        return L.MaxPooling2D(3, 2, name=f"pool{number}")(x)  # windows overlap: 3 wide, step 2

    image = x = keras.Input(shape)
    x = conv(x, 96, 11, "conv1", strides=4)  # (N, 55, 55, 96)
    x = normalize_and_pool(x, 1)  # (N, 27, 27, 96)
    x = conv(x, 256, 5, "conv2", padding="same", groups=groups)  # (N, 27, 27, 256)
    x = normalize_and_pool(x, 2)  # (N, 13, 13, 256)
    x = conv(x, 384, 3, "conv3", padding="same")  # (N, 13, 13, 384)
    x = conv(x, 384, 3, "conv4", padding="same", groups=groups)  # (N, 13, 13, 384)
    x = conv(x, 256, 3, "conv5", padding="same", groups=groups)  # (N, 13, 13, 256)
    x = L.MaxPooling2D(3, 2, name="pool5")(x)  # (N, 6, 6, 256)
    x = L.Flatten(name="flatten")(x)  # (N, 9216)
    for name in ("fc6", "fc7"):
        x = L.Dense(4096, activation="relu", name=name)(x)
        x = L.Dropout(0.5, name=f"{name}_dropout")(x)
    if classes is not None:
        x = L.Dense(classes, activation="softmax", name="classifier")(x)
    return restored(keras.Model(image, x, name="alexnet"), weights)


@keras.saving.register_keras_serializable("cnnlab")
class LocalResponseNormalization(L.Layer):
    """Divide each number by a measure of its neighbours in depth: ``x / (k + α Σ x²)^β``.

    The sum runs over `n` adjacent channels at the same place, fewer at the ends (section 3.3). The
    shape stays. Batch normalisation has replaced it since.
    """

    def __init__(
        self,
        k: float = 2.0,
        n: int = 5,
        alpha: float = 1e-4,
        beta: float = 0.75,
        **kwargs: object,
    ) -> None:
        super().__init__(**kwargs)
        self.k, self.n, self.alpha, self.beta = k, n, alpha, beta

    def call(self, x: KerasTensor) -> KerasTensor:
        half = self.n // 2
        squares = ops.pad(x**2, [(0, 0), (0, 0), (0, 0), (half, half)])
        C = x.shape[-1]
        total = sum(squares[..., i : i + C] for i in range(self.n))
        return x / (self.k + self.alpha * total) ** self.beta

    def get_config(self) -> dict:
        own = {"k": self.k, "n": self.n, "alpha": self.alpha, "beta": self.beta}
        return super().get_config() | own
