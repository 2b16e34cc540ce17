"""Gradients of what is written with `keras.ops`, on TensorFlow and on JAX.

Keras trains networks, but has no call that says how a number changes with an array or a weight.
Each backend has its own: these two functions know both.
"""

from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np
from numpy.typing import ArrayLike


def value_and_gradient(function: Callable[[Any], Any], x: ArrayLike) -> tuple[float, np.ndarray]:
    """What a function says of an array, and how that changes with each number of the array.

    Parameters
    ----------
    function
        From a tensor of x's shape to one number, written with `keras.ops` and Keras models.
    x
        Floats of any shape, such as an image (1, H, W, C). Whole numbers become float32.

    Returns
    -------
    float, array
        The number, and its gradient, of x's shape and type.

    Raises
    ------
    ValueError
        If the function gives something else than one number.
    RuntimeError
        If Keras runs on another backend than TensorFlow and JAX.
    """
    x = np.asarray(x)
    x = x.astype(np.result_type(x, np.float32), copy=False)
    of_array, *_ = _backend()
    return of_array(lambda tensor: _one_number(function(tensor)), x)


def terms_and_gradient(
    function: Callable[[Any], Any],
) -> Callable[[ArrayLike], tuple[np.ndarray, np.ndarray]]:
    """A compiled function that gives the terms of a sum, and the gradient of the sum.

    For what is asked many times of arrays of one shape, such as descending on an image: the
    function is traced once. The terms are told apart, so that one may watch each cost.

    Parameters
    ----------
    function
        From a tensor to a tensor of K terms, ``(K,)``, written with `keras.ops` and Keras models.

    Returns
    -------
    function
        From an array of floats to the terms ``(K,)``, and to the gradient of their sum, of the
        array's shape and type.

    Raises
    ------
    RuntimeError
        If Keras runs on another backend than TensorFlow and JAX.
    """
    *_, compiled = _backend()
    run = compiled(function)

    def terms_of(x: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
        terms, gradient = run(np.asarray(x))
        return np.asarray(terms), np.asarray(gradient)

    return terms_of


def weight_gradients(
    loss: Callable[[], Any], variables: Sequence[keras.Variable]
) -> list[np.ndarray]:
    """How a loss changes with each weight.

    Parameters
    ----------
    loss
        A function without arguments that gives one number and uses the variables, such as
        ``lambda: ops.mean(keras.losses.mean_squared_error(y, model(x)))``.
    variables
        Of Keras, such as ``model.trainable_variables`` or ``[layer.kernel]``.

    Returns
    -------
    list of arrays
        A gradient for each variable, of its shape. What the loss changes besides, such as the
        moving averages of batch normalization, may change or stay: build no test on it.

    Raises
    ------
    ValueError
        If the loss is something else than one number.
    RuntimeError
        If Keras runs on another backend than TensorFlow and JAX.
    """
    _, of_weights, _ = _backend()
    return of_weights(lambda: _one_number(loss()), list(variables))


def _one_number(value: Any) -> Any:
    shape = tuple(value.shape)
    if int(np.prod(shape)) != 1:
        raise ValueError(f"the function gives a tensor of shape {shape}; expected one number")
    return keras.ops.reshape(value, ())


def _of_array_by_tensorflow(function: Callable, x: np.ndarray) -> tuple[float, np.ndarray]:
    import tensorflow as tf

    tensor = tf.constant(x)
    with tf.GradientTape() as tape:
        tape.watch(tensor)
        value = function(tensor)
    gradient = tape.gradient(value, tensor, unconnected_gradients="zero")
    return float(value), np.asarray(gradient)


def _of_weights_by_tensorflow(loss: Callable, variables: list) -> list[np.ndarray]:
    import tensorflow as tf

    with tf.GradientTape() as tape:
        value = loss()
    watched = [variable.value for variable in variables]
    gradients = tape.gradient(value, watched, unconnected_gradients="zero")
    return [np.asarray(tf.convert_to_tensor(gradient)) for gradient in gradients]


def _of_array_by_jax(function: Callable, x: np.ndarray) -> tuple[float, np.ndarray]:
    import jax

    value, gradient = jax.value_and_grad(function)(jax.numpy.asarray(x))
    return float(value), np.asarray(gradient)


def _of_weights_by_jax(loss: Callable, variables: list) -> list[np.ndarray]:
    import jax

    def of_values(values: list) -> Any:
        with keras.StatelessScope(state_mapping=list(zip(variables, values, strict=True))):
            return loss()

    gradients = jax.grad(of_values)([variable.value for variable in variables])
    return [np.asarray(gradient) for gradient in gradients]


def _compiled_by_tensorflow(function: Callable) -> Callable:
    import tensorflow as tf

    @tf.function(reduce_retracing=True)
    def run(x: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        with tf.GradientTape() as tape:
            tape.watch(x)
            terms = function(x)
            value = keras.ops.sum(terms)
        return terms, tape.gradient(value, x, unconnected_gradients="zero")

    return lambda x: run(tf.constant(x))


def _compiled_by_jax(function: Callable) -> Callable:
    import jax

    def summed(x: Any) -> tuple[Any, Any]:
        terms = function(x)
        return keras.ops.sum(terms), terms

    run = jax.jit(jax.value_and_grad(summed, has_aux=True))

    def swapped(x: np.ndarray) -> tuple[Any, Any]:
        (_, terms), gradient = run(x)
        return terms, gradient

    return swapped


BACKENDS = {
    "tensorflow": (_of_array_by_tensorflow, _of_weights_by_tensorflow, _compiled_by_tensorflow),
    "jax": (_of_array_by_jax, _of_weights_by_jax, _compiled_by_jax),
}


def _backend() -> tuple[Callable, Callable, Callable]:
    name = keras.backend.backend()
    if name not in BACKENDS:
        raise RuntimeError(
            f"Keras runs on {name}; expected one of {', '.join(BACKENDS)}: set KERAS_BACKEND before"
            " Keras is imported"
        )
    return BACKENDS[name]
