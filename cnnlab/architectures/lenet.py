"""LeNet-5: as it is built today, and as it was in 1998. And the lecture's own small network.

Y. LeCun, L. Bottou, Y. Bengio, P. Haffner, Gradient-based learning applied to document recognition,
Proceedings of the IEEE, 1998, section II.B.
"""

from collections.abc import Sequence
from os import PathLike
from pathlib import Path

import keras
import numpy as np
from keras import KerasTensor, ops
from keras import layers as L

from cnnlab.architectures.weights import from_package, restored
from cnnlab.checks import class_count, image_shape

FOR_A_SCREEN = Path(__file__).parent / "data" / "lenet5_drawings.npz"


def _two_convolutions_three_dense(
    name: str,
    input_shape: Sequence[int],
    classes: int | None,
    weights: str | PathLike | None,
) -> keras.Model:
    """LeNet-5's plan; the shapes are for an image of 32×32."""
    shape, classes = image_shape(input_shape, at_least=16), class_count(classes)
    image = x = keras.Input(shape)
    x = L.Conv2D(6, 5, activation="relu", name="conv1")(x)  # (N, 28, 28, 6)
    x = L.MaxPooling2D(2, name="pool1")(x)  # (N, 14, 14, 6)
    x = L.Conv2D(16, 5, activation="relu", name="conv2")(x)  # (N, 10, 10, 16)
    x = L.MaxPooling2D(2, name="pool2")(x)  # (N, 5, 5, 16)
    x = L.Flatten(name="flatten")(x)  # (N, 400)
    x = L.Dense(120, activation="relu", name="fc3")(x)
    x = L.Dense(84, activation="relu", name="fc4")(x)
    if classes is not None:
        x = L.Dense(classes, activation="softmax", name="classifier")(x)
    return restored(keras.Model(image, x, name=name), weights)


def lenet5(
    input_shape: Sequence[int] = (32, 32, 1),
    classes: int | None = 10,
    weights: str | PathLike | None = None,
) -> keras.Model:
    """LeNet-5 as it is taught today: full connections, ReLU, max pooling, softmax.

    61,706 parameters. The network of 1998 is :func:`lenet5_1998`.

    Parameters
    ----------
    input_shape
        ``(H, W, C)``, at least 16×16.
    classes
        How many; None leaves the last layer out, and the output is what it would see.
    weights
        None for random ones, or the path of a file from ``model.save_weights``, or ``"drawings"``:
        trained on MNIST's digits and on digits drawn on a screen, for images 32×32×1 and 11
        classes, the last of which is "no digit".

    Returns
    -------
    keras.Model
        From images ``(N, H, W, C)`` to probabilities ``(N, classes)``.

    Raises
    ------
    ValueError
        If an argument is not one of these, or the file's weights do not fit.
    """
    if weights != "drawings":
        return _two_convolutions_three_dense("lenet5", input_shape, classes, weights)
    if tuple(input_shape) != (32, 32, 1) or classes != 11:
        raise ValueError(
            f"input_shape is {input_shape!r} and classes is {classes!r}; expected (32, 32, 1) and"
            " 11 for weights 'drawings'"
        )
    model = _two_convolutions_three_dense("lenet5", input_shape, classes, None)
    return from_package(model, FOR_A_SCREEN)


def lecture_convnet(
    input_shape: Sequence[int] = (32, 32, 3),
    classes: int | None = 10,
    weights: str | PathLike | None = None,
) -> keras.Model:
    """The lecture's whole ConvNet, which is LeNet-5's plan on a colour image: 62,006 parameters.

    Parameters, result and errors are those of :func:`lenet5`.
    """
    return _two_convolutions_three_dense("lecture_convnet", input_shape, classes, weights)


def lenet5_1998(weights: str | PathLike | None = None) -> keras.Model:
    """LeNet-5 as the paper describes it, for 10 digits of 32×32: 60,000 trainable parameters.

    What is different from :func:`lenet5`: subsampling is learned, the second convolution sees some
    of the maps only, every layer ends in a scaled tanh, and the last layer measures the distance to
    a small drawing of each digit, which is not learned. The paper's inputs are −0.1 for the ground
    and 1.175 for the ink, so that their mean is about 0 and their variance about 1.

    Parameters
    ----------
    weights
        None for random ones, or the path of a file from ``model.save_weights``.

    Returns
    -------
    keras.Model
        From images ``(N, 32, 32, 1)`` to ``(N, 10)`` squared distances: the SMALLEST wins.
    """
    image = x = keras.Input((32, 32, 1))
    x = L.Conv2D(6, 5, activation=squash, name="C1")(x)  # (N, 28, 28, 6)
    x = Subsampling(name="S2")(x)  # (N, 14, 14, 6)
    x = PartialConv2D(CONNECTIONS, 5, name="C3")(x)  # (N, 10, 10, 16)
    x = Subsampling(name="S4")(x)  # (N, 5, 5, 16)
    x = L.Conv2D(120, 5, activation=squash, name="C5")(x)  # (N, 1, 1, 120)
    x = L.Flatten(name="flatten")(x)  # (N, 120)
    x = L.Dense(84, activation=squash, name="F6")(x)
    x = Distances(digit_codes(), name="output")(x)
    return restored(keras.Model(image, x, name="lenet5_1998"), weights)


@keras.saving.register_keras_serializable("cnnlab")
def squash(x: KerasTensor) -> KerasTensor:
    """The paper's scaled tanh, ``1.7159 tanh(2x/3)``: it maps 1 to 1 and −1 to −1 (appendix A)."""
    return 1.7159 * ops.tanh(2 / 3 * x)


@keras.saving.register_keras_serializable("cnnlab")
class Subsampling(L.Layer):
    """Average 2×2 cells, then learn one factor and one bias for each channel; then :func:`squash`.

    ``(N, H, W, C)`` → ``(N, H / 2, W / 2, C)``, 2C parameters.
    """

    kernel_size = strides = (2, 2)

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        channels = input_shape[-1:]
        self.factor = self.add_weight(shape=channels, initializer="ones", name="factor")
        self.bias = self.add_weight(shape=channels, initializer="zeros", name="bias")

    def call(self, x: KerasTensor) -> KerasTensor:
        return squash(self.factor * ops.average_pool(x, 2, 2) + self.bias)


# Table I of the paper: which of the 6 maps of S2 each of the 16 maps of C3 sees.
CONNECTIONS = (
    *((0, 1, 2), (1, 2, 3), (2, 3, 4), (3, 4, 5), (0, 4, 5), (0, 1, 5)),
    *((0, 1, 2, 3), (1, 2, 3, 4), (2, 3, 4, 5), (0, 3, 4, 5), (0, 1, 4, 5), (0, 1, 2, 5)),
    *((0, 1, 3, 4), (1, 2, 4, 5), (0, 2, 3, 5), (0, 1, 2, 3, 4, 5)),
)


@keras.saving.register_keras_serializable("cnnlab")
class PartialConv2D(L.Layer):
    """A convolution in which each filter sees some of the channels; then :func:`squash`.

    Parameters
    ----------
    connections
        For each filter, the channels that it sees.
    f
        Height and width of the filters.
    """

    strides = (1, 1)

    def __init__(self, connections: Sequence[Sequence[int]], f: int, **kwargs: object) -> None:
        super().__init__(**kwargs)
        self.connections, self.kernel_size = connections, (f, f)

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        f, C, filters = self.kernel_size[0], input_shape[-1], len(self.connections)
        pairs = [c * filters + k for k, seen in enumerate(self.connections) for c in seen]
        self.placed = np.eye(C * filters, dtype="float32")[pairs]  # (60, 6 · 16): 60 of 96 pairs
        self.full_shape = (f, f, C, filters)
        # As if each filter had its own layer: weights as wide as the number of its inputs allows.
        spread = keras.initializers.RandomUniform(-2.4 / f**2 / 3.75, 2.4 / f**2 / 3.75)
        self.kernel = self.add_weight(
            shape=(f * f, len(pairs)), initializer=spread, name="kernel"
        )  # (25, 60)
        self.bias = self.add_weight(shape=(filters,), initializer="zeros", name="bias")

    def call(self, x: KerasTensor) -> KerasTensor:
        kernel = ops.reshape(ops.matmul(self.kernel, self.placed), self.full_shape)
        return squash(ops.conv(x, kernel, padding="valid") + self.bias)

    def get_config(self) -> dict:
        return super().get_config() | {
            "connections": self.connections,
            "f": self.kernel_size[0],
        }


@keras.saving.register_keras_serializable("cnnlab")
class Distances(L.Layer):
    """Squared Euclidean distance to each of some fixed points, ``(N, D)`` → ``(N, points)``.

    Parameters
    ----------
    points
        ``(points, D)``. They are weights, but not trained.
    """

    def __init__(self, points: Sequence[Sequence[float]], **kwargs: object) -> None:
        super().__init__(**kwargs)
        self.points = np.asarray(points, "float32")

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        self.codes = self.add_weight(
            shape=self.points.shape,
            initializer=lambda shape, dtype: ops.convert_to_tensor(self.points, dtype),
            trainable=False,
            name="codes",
        )

    def call(self, x: KerasTensor) -> KerasTensor:
        return ops.sum((x[:, None, :] - self.codes) ** 2, axis=-1)

    def get_config(self) -> dict:
        return super().get_config() | {"points": self.points.tolist()}


def digit_codes() -> np.ndarray:
    """Ten drawings of 12×7 cells, +1 for ink and −1 for ground, as ``(10, 84)``.

    The paper's figure 3 has such drawings for all of ASCII; these are drawn anew.
    """
    rows = [line.split() for line in DRAWINGS.strip().splitlines()]  # (12, 10) words of 7 cells
    cells = np.array([[[cell == "#" for cell in word] for word in row] for row in rows])
    return np.where(cells, 1.0, -1.0).swapaxes(0, 1).reshape(10, 84)


DRAWINGS = """
....... ....... ....... ....... ....... ....... ....... ....... ....... .......
.#####. ...##.. .#####. .#####. ....##. ####### ..####. ####### .#####. .#####.
##...## ..###.. ##...## ##...## ...###. ##..... .##.... ##...## ##...## ##...##
##...## .####.. .....## .....## ..####. ##..... ##..... .....## ##...## ##...##
##...## ...##.. .....## .....## .##.##. ######. ##..... ....##. ##...## ##...##
##...## ...##.. ....##. ..####. ##..##. .....## ######. ....##. .#####. .######
##...## ...##.. ...##.. .....## ####### .....## ##...## ...##.. ##...## .....##
##...## ...##.. ..##... .....## ....##. .....## ##...## ...##.. ##...## .....##
##...## ...##.. .##.... .....## ....##. .....## ##...## ..##... ##...## .....##
##...## ...##.. ##..... ##...## ....##. ##...## ##...## ..##... ##...## ....##.
.#####. .###### ####### .#####. ....##. .#####. .#####. ..##... .#####. .####..
....... ....... ....... ....... ....... ....... ....... ....... ....... .......
"""
