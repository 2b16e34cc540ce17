"""Float64 on both backends, for gradients by centred differences."""

import keras
import pytest


@pytest.fixture
def float64():
    """JAX rounds to float32 unless it is told not to."""
    if keras.backend.backend() != "jax":
        yield
        return
    import jax

    jax.config.update("jax_enable_x64", True)
    yield
    jax.config.update("jax_enable_x64", False)
