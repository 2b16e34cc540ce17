"""Where Keras's backends differ in what a page asks of them."""

import keras

#: Whether Keras runs on JAX, for ``compile(…, jit_compile=ON_JAX)``. On TensorFlow, XLA takes
#: longer to compile a page's small network than to train it, and without XLA a step still runs as
#: one graph. On JAX nothing but XLA joins a step's operations: called one by one, they take
#: several times as long.
ON_JAX: bool = keras.config.backend() == "jax"
