"""Counting, and networks with weights that are not the ones they start with."""

from collections.abc import Callable

import keras
import numpy as np
import pytest


@pytest.fixture
def trainable() -> Callable[[keras.Model], int]:
    """How many numbers of a model are trained."""
    return lambda model: sum(int(np.prod(each.shape)) for each in model.trainable_weights)


@pytest.fixture
def scrambled() -> Callable[..., keras.Model]:
    """Give a model random weights, batch normalisation and biases too: nothing is 0 or 1."""

    def scramble(model: keras.Model, seed: int = 0) -> keras.Model:
        rng = np.random.default_rng(seed)
        for weight in model.weights:
            shape, name = weight.shape, weight.name
            if name in ("gamma", "moving_variance", "variance"):
                values = rng.uniform(0.5, 1.5, shape)
            elif name == "kernel":
                fan_in = np.prod(shape[:2]) if shape[-1] == 1 else np.prod(shape[:-1])
                values = rng.normal(0, np.sqrt(2 / fan_in), shape)
            else:
                values = rng.normal(0, 0.1, shape)
            weight.assign(values.astype("float32"))
        return model

    return scramble
