"""What differs between the backends follows the one that was asked for."""

import os

import pytest

from cnnlab.backend import ON_JAX

pytestmark = pytest.mark.networks


def test_the_backend_that_was_asked_for():
    assert (os.environ.get("KERAS_BACKEND") == "jax") == ON_JAX
