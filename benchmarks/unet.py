"""U-Net beside the network of Keras's own example, at the same widths."""

import keras
import numpy as np
from keras import layers as L

from benchmarks.architectures import _ratio
from cnnlab.segmentation import unet

WIDTHS = (32, 64, 128, 256)  # of the example, at 1/2, 1/4, 1/8 and 1/16 of the image's sides


def keras_io(input_shape: tuple[int, int, int], classes: int) -> keras.Model:
    """The network of keras.io, "Image segmentation with a U-Net-like architecture".

    By F. Chollet, 2019. Rebuilt layer by layer: it halves the image at once, by a stride, and its
    short cuts add what came before each block, as in Xception.
    """
    inputs = keras.Input(input_shape)
    x = L.Conv2D(WIDTHS[0], 3, strides=2, padding="same")(inputs)
    x = L.Activation("relu")(L.BatchNormalization()(x))
    before = x
    for filters in WIDTHS[1:]:
        for _ in range(2):
            x = L.Activation("relu")(x)
            x = L.BatchNormalization()(L.SeparableConv2D(filters, 3, padding="same")(x))
        x = L.MaxPooling2D(3, strides=2, padding="same")(x)
        x = L.Add()([x, L.Conv2D(filters, 1, strides=2, padding="same")(before)])
        before = x
    for filters in reversed(WIDTHS):
        for _ in range(2):
            x = L.Activation("relu")(x)
            x = L.BatchNormalization()(L.Conv2DTranspose(filters, 3, padding="same")(x))
        x = L.UpSampling2D(2)(x)
        x = L.Add()([x, L.Conv2D(filters, 1, padding="same")(L.UpSampling2D(2)(before))])
        before = x
    return keras.Model(inputs, L.Conv2D(classes, 3, activation="softmax", padding="same")(x))


def ours(input_shape: tuple[int, int, int], classes: int) -> keras.Model:
    """Ours, with the same widths at the same sizes, and half as many at the image's full size."""
    return unet(input_shape, classes, base_filters=WIDTHS[0] // 2, depth=len(WIDTHS))


def run(size: int = 160, batch: int = 8, repeats: int = 9) -> dict:
    """Seconds of a forward pass and of a training step, and the ratio ours / Keras's of each.

    Parameters
    ----------
    size, batch
        Of the images: 160 pixels and three classes are the example's.
    repeats
        How often each is timed, in turn with the other.
    """
    rng = np.random.default_rng(0)
    x = rng.random((batch, size, size, 3), "float32")
    y = rng.integers(0, 3, (batch, size, size))
    models = {"ours": ours((size, size, 3), 3), "keras": keras_io((size, size, 3), 3)}
    for model in models.values():
        model.compile(keras.optimizers.Adam(1e-4), "sparse_categorical_crossentropy")
    tasks = {
        "forward": lambda model: model.predict_on_batch(x),
        "training step": lambda model: model.train_on_batch(x, y),
    }
    return {
        "beside keras.io": {what: _ratio(models, task, repeats) for what, task in tasks.items()},
        "parameters": {name: model.count_params() for name, model in models.items()},
    }
