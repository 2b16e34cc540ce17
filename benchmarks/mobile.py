"""The page about MobileNet: convolutions in one step and in two, and networks, by the clock."""

from collections.abc import Callable, Mapping

import keras
import numpy as np
from keras import layers as L

from benchmarks.convolution import interleaved
from cnnlab.architectures import efficientnet, layer_table, mobilenet_v1, mobilenet_v2, resnet

SHAPE, FILTERS = (56, 56, 128), 128
OPTIONS = {"padding": "same", "use_bias": False}
LAYERS: dict[str, Callable[[], list[keras.Layer]]] = {
    "ordinary 3×3": lambda: [L.Conv2D(FILTERS, 3, **OPTIONS)],
    "depthwise 3×3": lambda: [L.DepthwiseConv2D(3, **OPTIONS)],
    "pointwise": lambda: [L.Conv2D(FILTERS, 1, **OPTIONS)],
    "both steps": lambda: [L.DepthwiseConv2D(3, **OPTIONS), L.Conv2D(FILTERS, 1, **OPTIONS)],
}
NETWORKS: dict[str, Callable[[], keras.Model]] = {
    "ResNet-50": lambda: resnet(50),
    "MobileNet v1": mobilenet_v1,
    "MobileNet v2": mobilenet_v2,
    "EfficientNet-B0": lambda: efficientnet("b0"),
}


def run(batch: int = 8, repeats: int = 21) -> dict:
    """Seconds and multiply-adds: of a layer for `batch` images, of networks for one image.

    Parameters
    ----------
    batch
        Images of 56×56×128 that a layer gets at once.
    repeats
        How often each is timed, in turn with the others.
    """
    layers = {
        name: keras.Sequential([keras.Input(SHAPE), *build()]) for name, build in LAYERS.items()
    }
    networks = {name: build() for name, build in NETWORKS.items()}
    return {
        "layer": _beside(layers, batch, repeats),
        "networks": _beside(networks, 1, repeats),
    }


def _beside(models: Mapping[str, keras.Model], batch: int, repeats: int) -> dict:
    rng = np.random.default_rng(0)
    tasks = {}
    for name, model in models.items():
        x = rng.random((batch, *model.input_shape[1:]), dtype="float32")
        model.predict_on_batch(x)  # compiles
        tasks[name] = lambda model=model, x=x: model.predict_on_batch(x)
    return {
        "seconds": interleaved(tasks, repeats),
        "multiply-adds": {
            name: batch * layer_table(model).multiply_adds for name, model in models.items()
        },
    }
