"""The live LeNet: the reader draws a digit, and a trained network answers in the browser."""

from base64 import b64decode, b64encode
from typing import Any

import numpy as np
import traitlets

from cnnlab.checks import whole
from cnnlab.widgets.frame import Figure

SIDE = 28  # of a drawing, as MNIST keeps it
DIGITS = 10
SIZES = (SIDE, 64)  # of the network's input: room for the drawing, and a picture of every map
MOST_PARAMETERS = 100_000
MOST_EXAMPLES = 20
IDLE = ("InputLayer", "Dropout")  # they change nothing when a trained network answers
ACTIVATIONS = ("relu", "tanh", "linear")


class LiveLeNet(Figure):
    """Draw a digit: the network reads it while it is drawn, and shows what every layer sees.

    The drawing becomes an image as MNIST's were made: cut out, its longer side scaled to 20 pixels,
    centred by its mass in 28 × 28, then padded with zeros to the size of the network's input.

    What the browser last showed can be read back: `image` and `answer`, and ``probabilities``.

    Parameters
    ----------
    model
        A built `keras.Model` from (H, W, 1), white ink on black in [0, 1], to the probabilities of
        ten digits, or of eleven answers, the last of which is "no digit": a chain of ``Conv2D`` and
        pooling without padding, ``Flatten``, and ``Dense``, with the activations relu, tanh or
        linear, and softmax in the last layer. At most 100,000 parameters. Without a model one can
        draw, and nobody answers.
    examples
        Up to 20 digits that the reader can put on the pad, (K, 28, 28) or (K, 32, 32) in [0, 1],
        with or without a last axis of 1. The figure begins with the first.

    Raises
    ------
    ValueError
        If `model` holds what the figure cannot compute, with the layer's name, or `examples` has
        another shape or range.

    References
    ----------
    Y. LeCun, L. Bottou, Y. Bengio, P. Haffner, Gradient-based learning applied to document
    recognition, Proceedings of the IEEE, 1998. Section III.A: how MNIST's digits were fitted.
    """

    script = "live_lenet"
    layers = traitlets.List(traitlets.Dict()).tag(sync=True)
    input_shape = traitlets.List(traitlets.Int(), [32, 32]).tag(sync=True)
    examples = traitlets.List(traitlets.Unicode()).tag(sync=True)
    drawing = traitlets.Unicode().tag(sync=True)  # 28 × 28 bytes in base64; "": nothing is drawn
    probabilities = traitlets.List(traitlets.Float()).tag(sync=True)

    def __init__(self, model: Any = None, examples: Any = None):
        state = {} if model is None else read_model(model)
        digits = [] if examples is None else read_examples(examples)
        super().__init__(**state, examples=digits, drawing=digits[0] if digits else "")

    @property
    def image(self) -> np.ndarray:
        """The network's input, shape (H, W, 1), float32: ``model.predict(figure.image[None])``."""
        drawn = np.frombuffer(b64decode(self.drawing) or bytes(SIDE * SIDE), np.uint8)
        edges = [((n - SIDE) // 2, (n - SIDE + 1) // 2) for n in self.input_shape]
        return np.pad(drawn.reshape(SIDE, SIDE) / np.float32(255), edges)[..., np.newaxis]

    @property
    def answer(self) -> int | None:
        """The digit that the browser last read, or None: nothing was drawn, or it is no digit."""
        best = int(np.argmax(self.probabilities)) if self.probabilities else DIGITS
        return best if best < DIGITS else None


def read_examples(examples: Any) -> list[str]:
    """Turn digits into strings of 28 × 28 bytes in base64, or raise a `ValueError`."""
    try:
        array = np.asarray(examples, dtype=float)
    except (TypeError, ValueError):
        array = np.empty(0)
    if array.ndim == 4 and array.shape[-1] == 1:
        array = array[..., 0]
    if array.shape[1:] not in ((SIDE, SIDE), (32, 32)) or not 1 <= len(array) <= MOST_EXAMPLES:
        raise ValueError(
            f"examples has shape {array.shape}; expected (K, 28, 28) or (K, 32, 32), with K from 1 "
            f"to {MOST_EXAMPLES}"
        )
    if not (array.min() >= 0 and array.max() <= 1):  # false for NaN too
        raise ValueError(
            f"examples has values from {array.min():g} to {array.max():g}; expected [0, 1]"
        )
    edge = (array.shape[1] - SIDE) // 2
    inner = array[:, edge : edge + SIDE, edge : edge + SIDE]
    if inner.sum() != array.sum():
        raise ValueError("examples has ink in the outer 2 pixels of 32 × 32; expected zeros there")
    return [base64(np.round(255 * digit).astype(np.uint8)) for digit in inner]


def read_model(model: Any) -> dict[str, Any]:
    """Turn a Keras model into the figure's state, or raise a `ValueError` that names a layer."""
    try:
        (shape,) = [tuple(tensor.shape) for tensor in model.inputs]
        (_,) = model.outputs
    except (AttributeError, TypeError, ValueError):
        raise ValueError(
            f"model is {str(model)[:80]}; expected a keras.Model with one input and one output, "
            "built for a known input shape"
        ) from None
    if len(shape) != 4 or shape[-1] != 1 or not all(in_range(n) for n in shape[1:3]):
        raise ValueError(
            f"model has input shape {shape}; expected (None, H, W, 1) with H and W from {SIZES[0]} "
            f"to {SIZES[1]}"
        )
    whole("parameters of model", model.count_params(), 0, MOST_PARAMETERS)
    # A functional model may hold operations that are no layers; a sequential one has only layers.
    steps = getattr(model, "operations", model.layers)
    steps = [step for step in steps if type(step).__name__ not in IDLE]
    layers = [read_layer(step) for step in steps]
    before = "the input"
    for step, layer in zip(steps, layers, strict=True):
        if layer["kind"] == "dense" and before not in ("dense", "flatten"):
            raise ValueError(f"layer {step.name!r} is Dense after {before}; expected Flatten first")
        before = layer["kind"]
    last = layers[-1] if layers else {}
    if last.get("activation") != "softmax" or last["shape"][-1] not in (DIGITS, DIGITS + 1):
        raise ValueError(
            f"model ends with {steps[-1].name if steps else 'its input'!r}; expected Dense(10, "
            "activation='softmax'), the probabilities of ten digits, or Dense(11) with \"no digit\""
        )
    return {"layers": layers, "input_shape": list(shape[1:3])}


def in_range(size: int | None) -> bool:
    """Say whether an input of this height or width has room for a drawing."""
    return size is not None and SIZES[0] <= size <= SIZES[1]


def read_layer(layer: Any) -> dict[str, Any]:
    """Turn a layer into a dictionary for the browser, or raise a `ValueError` that names it."""
    kind = type(layer).__name__
    if kind not in READERS:
        raise ValueError(f"layer {layer.name!r} is {kind}; expected one of {', '.join(READERS)}")
    return READERS[kind](layer)


def read_conv(layer: Any) -> dict[str, Any]:
    """Read a convolution: stride 1, no padding."""
    plain = {"padding": "valid", "strides": (1, 1), "dilation_rate": (1, 1), "groups": 1}
    require(layer, **plain, data_format="channels_last")
    return {"kind": "conv", **read_weights(layer, ACTIVATIONS)}


def read_pool(layer: Any) -> dict[str, Any]:
    """Read a pooling layer whose windows stand side by side."""
    require(layer, padding="valid", strides=layer.pool_size, data_format="channels_last")
    take = "max" if type(layer).__name__ == "MaxPooling2D" else "average"
    return {"kind": "pool", "size": list(layer.pool_size), "take": take}


def read_flatten(layer: Any) -> dict[str, Any]:
    """Read a flattening in the order that the browser keeps, channels last."""
    require(layer, data_format="channels_last")
    return {"kind": "flatten"}


def read_dense(layer: Any) -> dict[str, Any]:
    """Read a dense layer."""
    return {"kind": "dense", **read_weights(layer, (*ACTIVATIONS, "softmax"))}


READERS = {
    "Conv2D": read_conv,
    "MaxPooling2D": read_pool,
    "AveragePooling2D": read_pool,
    "Flatten": read_flatten,
    "Dense": read_dense,
}


def require(layer: Any, **expected: Any) -> None:
    """Raise a `ValueError` where a setting of a layer is not the one that the browser computes."""
    for name, value in expected.items():
        found = getattr(layer, name)
        if found != value:
            raise ValueError(f"layer {layer.name!r} has {name}={found!r}; expected {value!r}")


def read_weights(layer: Any, activations: tuple[str, ...]) -> dict[str, Any]:
    """Read a layer's activation, and kernel and bias as one string of 24-bit floats."""
    activation = getattr(layer.activation, "__name__", str(layer.activation))
    if activation not in activations:
        expected = ", ".join(map(repr, activations))
        raise ValueError(
            f"layer {layer.name!r} has activation={activation!r}; expected one of {expected}"
        )
    kernel, bias = [*layer.get_weights(), np.zeros(layer.get_weights()[0].shape[-1])][:2]
    numbers = np.concatenate([kernel.ravel(), bias]).astype("<f4")
    if not np.isfinite(numbers).all():
        raise ValueError(f"layer {layer.name!r} holds NaN or infinity; expected finite weights")
    return {
        "shape": list(kernel.shape),
        "activation": activation,
        "weights": base64(packed(numbers)),
    }


def packed(numbers: np.ndarray) -> np.ndarray:
    """Round float32 to its upper 24 bits, little-endian: ``(N,)`` → ``(N, 3)`` bytes.

    A page is a quarter lighter for it, and a weight changes by 8 millionths of itself at most.
    """
    bits = numbers.astype("<f4").view("<u4") + np.uint32(0x80)
    return bits.astype("<u4").view(np.uint8).reshape(-1, 4)[:, 1:]


def base64(array: np.ndarray) -> str:
    """Write an array's bytes as text, which JSON can hold."""
    return b64encode(array.tobytes()).decode("ascii")
