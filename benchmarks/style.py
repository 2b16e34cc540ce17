"""Style transfer beside the shortest loop that does the same in TensorFlow alone."""

import time
from collections.abc import Callable

import keras
import numpy as np

from benchmarks import seconds
from cnnlab.architectures import efficientnet
from cnnlab.data import painting, photo
from cnnlab.style import EYES, style_transfer

SIZE = (256, 256)
EYE = EYES["lite0"]


def run(steps: int = 200, repeats: int = 3) -> dict:
    """Seconds of both for one picture, in turn, building and compiling included.

    Parameters
    ----------
    steps
        Of Adam, on 256×256 pixels, with EfficientNet-Lite0.
    repeats
        How often each is timed.
    """
    content, manner = photo("cat", SIZE), painting("brush", SIZE)
    tasks: dict[str, Callable[[], None]] = {
        "style_transfer": lambda: style_transfer(content, manner, steps=steps, progress=False),
        "shortest loop": lambda: shortest(content, manner, steps),
    }
    clock: dict[str, list[float]] = {name: [] for name in tasks}
    processor: dict[str, list[float]] = {name: [] for name in tasks}
    for _ in range(repeats):
        for name, task in tasks.items():
            began, worked = time.perf_counter(), time.process_time()
            task()
            clock[name].append(time.perf_counter() - began)
            processor[name].append(time.process_time() - worked)
    ratios = np.divide(*(processor[name] for name in tasks))
    return {
        "steps": steps,
        "seconds": {name: seconds(runs) for name, runs in clock.items()},
        "processor_seconds": {name: seconds(runs) for name, runs in processor.items()},
        "ratio": seconds(ratios.tolist()),
    }


def shortest(content: np.ndarray, manner: np.ndarray, steps: int) -> np.ndarray:
    """Nothing kept, nothing checked: the same costs, network, margin and optimizer."""
    import tensorflow as tf

    margin = [(8, 8), (8, 8), (0, 0)]
    canvas = np.pad(content, margin, "reflect")[None]
    see, see_manner = _look(canvas.shape[1:]), _look(manner.shape)

    def gram(a: tf.Tensor) -> tf.Tensor:
        flat = tf.reshape(a, (-1, a.shape[-1]))
        return tf.matmul(flat, flat, transpose_a=True) / flat.shape[0]

    a_content = see(canvas)[0]
    grams = [gram(a) for a in see_manner(manner[None])[1:]]
    unit = tf.reduce_sum(a_content**2)
    units = [tf.reduce_sum(each**2) for each in grams]
    picture = tf.Variable(canvas)
    optimizer = keras.optimizers.Adam(0.02, beta_2=0.99)
    optimizer.build([picture])

    @tf.function
    def step() -> None:
        with tf.GradientTape() as tape:
            a, *answers = see(picture)
            cost = tf.reduce_sum((a - a_content) ** 2) / unit
            for g, answer, each in zip(grams, answers, units, strict=True):
                difference = gram(answer) - g
                cost += 100 / len(grams) * tf.reduce_sum(difference**2) / each
            cost += 2 * tf.image.total_variation(picture)[0] / canvas.size
        optimizer.apply([tape.gradient(cost, picture)], [picture])
        picture.assign(tf.clip_by_value(picture, 0, 1))

    for _ in range(steps):
        step()
    return picture.numpy()


def _look(shape: tuple[int, ...]) -> Callable:
    lite0 = efficientnet("lite0", shape, classes=None, weights="imagenet")
    names = [EYE.content_layer, *EYE.style_layers]
    part = keras.Model(lite0.inputs[0], [lite0.get_layer(name).output for name in names])
    return lambda x: part((255 * x - 127) / 128, training=False)
