"""Our networks beside those of keras.applications: the same work, side by side, in one run."""

from collections.abc import Callable, Sequence

import keras
import numpy as np

from benchmarks import Numbers
from benchmarks.convolution import interleaved
from cnnlab.architectures import efficientnet, mobilenet_v2, resnet

Builder = Callable[[tuple[int, int, int]], keras.Model]
TWINS: dict[str, tuple[Builder, str]] = {
    "ResNet50": (lambda shape: resnet(50, shape, stride_in="1x1"), "ResNet50"),
    "MobileNetV2": (lambda shape: mobilenet_v2(1.0, shape), "MobileNetV2"),
    "EfficientNetB0": (lambda shape: efficientnet("b0", shape), "EfficientNetB0"),
}


def run(
    names: Sequence[str] = tuple(TWINS), size: int = 224, batch: int = 8, repeats: int = 9
) -> dict:
    """Seconds of a forward pass and of a training step, and the ratio ours / Keras's of each."""
    return {name: _beside(*TWINS[name], (size, size, 3), batch, repeats) for name in names}


def _beside(
    build: Builder, application: str, shape: tuple[int, int, int], batch: int, repeats: int
) -> dict:
    rng = np.random.default_rng(0)
    x = rng.random((batch, *shape), "float32")
    y = np.eye(1000, dtype="float32")[rng.integers(0, 1000, batch)]
    models = {
        "ours": build(shape),
        "keras": getattr(keras.applications, application)(weights=None, input_shape=shape),
    }
    for model in models.values():
        model.compile(optimizer=keras.optimizers.SGD(1e-3), loss="categorical_crossentropy")
    tasks = {
        "forward": lambda model: model.predict_on_batch(x),
        "training step": lambda model: model.train_on_batch(x, y),
    }
    return {what: _ratio(models, task, repeats) for what, task in tasks.items()}


def _ratio(
    models: dict[str, keras.Model], task: Callable[[keras.Model], object], repeats: int
) -> dict[str, Numbers | float]:
    for model in models.values():
        task(model)  # compiles
    times = interleaved({name: lambda m=m: task(m) for name, m in models.items()}, repeats)
    return {"seconds": times, "ours/keras": times["ours"]["median"] / times["keras"]["median"]}
