"""Float64 on both backends, for gradients by centred differences."""

import pytest

from cnnlab.backend import ON_JAX


@pytest.fixture
def float64():
    """JAX rounds to float32 unless it is told not to."""
    if not ON_JAX:
        yield
        return
    import jax

    jax.config.update("jax_enable_x64", True)
    yield
    jax.config.update("jax_enable_x64", False)
