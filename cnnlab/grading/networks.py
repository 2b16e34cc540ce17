"""What counts of a network that somebody built: its facts, whatever way it was built in."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from inspect import signature
from math import prod
from typing import Any

import keras
import numpy as np

LAYERS = {
    *("Functional", "Sequential", "InputLayer", "Dense", "Conv1D", "Conv2D", "Conv2DTranspose"),
    *("DepthwiseConv2D", "SeparableConv2D", "MaxPooling2D", "AveragePooling2D"),
    *("GlobalAveragePooling2D", "GlobalMaxPooling2D", "Flatten", "Reshape", "Permute", "Dropout"),
    *("SpatialDropout2D", "GaussianNoise", "BatchNormalization", "LayerNormalization"),
    *("GroupNormalization", "Activation", "ReLU", "LeakyReLU", "PReLU", "ELU", "Softmax", "Add"),
    *("Average", "Concatenate", "Maximum", "Minimum", "Multiply", "Subtract", "ZeroPadding2D"),
    *("Cropping2D", "UpSampling2D", "Resizing", "Rescaling", "CenterCrop", "RandomFlip"),
    *("RandomRotation", "RandomTranslation", "RandomZoom", "RandomContrast", "RandomCrop"),
    *("UnitNormalization", "Identity", "Relu", "Sigmoid", "Tanh", "DTypePolicy"),
    # Operations of keras.ops, which a graph has beside its layers.
    *("TrueDivide", "Divide", "Negative", "Absolute", "Square", "Sqrt", "Mean", "Max", "Min"),
    *("Sum", "Pad", "GetItem", "Transpose", "Squeeze", "ExpandDims", "Stack", "Silu", "Gelu"),
    *("Elu", "Selu", "LeakyRelu", "Relu6", "HardSigmoid", "HardSilu", "LogSoftmax", "Softplus"),
    *("ConvertToTensor",),  # which Keras itself puts between a network and a network inside of it
}
PRECISIONS = ("float64", "float16", "bfloat16")  # that a whole notebook may be set to
PARTS = {"__keras_tensor__", "__slice__"}  # links between two layers, and what is cut out
HELPERS = {"keras.initializers", "keras.regularizers", "keras.constraints"}
TRAINING_ONLY = {
    *("Dropout", "SpatialDropout2D", "GaussianNoise", "RandomFlip", "RandomRotation"),
    *("RandomTranslation", "RandomZoom", "RandomContrast", "RandomCrop"),
}
CONSTANTS = {"Rescaling": ("scale", "offset")}  # numbers of a layer that are no weights
ARITHMETIC = {
    *("Add", "Subtract", "Multiply", "Divide", "TrueDivide", "Maximum", "Minimum"),
}


def facts(model: keras.Model) -> dict[str, Any]:
    """What two networks have in common if they compute the same, layer order and names apart.

    Parameters
    ----------
    model
        With one input and one output. It may hold other networks, as a layer.

    Returns
    -------
    dict
        ``"input shape"`` and ``"output shape"`` without the batch axis, ``"parameters"`` (those of
        batch normalisation included), ``"in training only"``: the layers that do nothing when a
        network predicts, such as dropout, ``"shapes"``: all shapes that layers with parameters give
        out, each once, in ascending order, and ``"probe"``: the output for a fixed input when each
        weight has a value that follows from its kind and its shape alone.

    Raises
    ------
    ValueError
        If it is no model with one input and one output, or has an axis of unknown length.
    """
    model = flat(model)
    shape = model.inputs[0].shape[1:]
    if None in shape:
        raise ValueError(f"the model's input has shape {shape}; expected known lengths")
    return {
        "input shape": np.array(shape),
        "output shape": np.array(model.outputs[0].shape[1:]),
        "parameters": parameters(model),
        "in training only": sorted(
            type(layer).__name__ for layer in model.layers if type(layer).__name__ in TRAINING_ONLY
        ),
        "shapes": sorted(
            {tuple(layer.output.shape[1:]) for layer in model.layers if layer.weights}
        ),
        "probe": probe(model),
    }


def flat(model: keras.Model, shape: Sequence[int] | None = None) -> keras.Model:
    """The model as a graph of layers, without networks inside of it, and with the same weights.

    Parameters
    ----------
    model
        A Functional, a Sequential, or of a class of its own; built or not.
    shape
        Of an image, for the axes whose lengths the model itself does not know.

    Networks inside of it, and classes of somebody's own, leave their layers and nothing else.

    Raises
    ------
    ValueError
        If it is no model with one input and one output, or nobody knows the shape of its input.
    """
    if not isinstance(model, keras.Model):
        raise ValueError(f"the answer is of type {type(model).__name__}; expected a keras.Model")
    ends = [getattr(model, name, None) for name in ("inputs", "outputs")]
    if all(ends) and (len(ends[0]), len(ends[1])) != (1, 1):
        raise ValueError(
            f"the model has {len(ends[0])} inputs and {len(ends[1])} outputs; expected one of each"
        )
    own = input_shape(model)
    known = _filled(own, shape)
    plain = not any(isinstance(one, keras.Model) for one in model.layers)
    if all(ends) and known == own and plain and type(model).__module__.startswith("keras."):
        return model
    image = keras.Input(known)
    with _taken_apart():
        output = model(image)
    return again(keras.Model(image, output))


def described(model: keras.Model) -> tuple[str, list[np.ndarray]]:
    """A model of layers only, as a judge gets it: its configuration as JSON, and its weights."""
    config = as_text(keras.saving.serialize_keras_object(model))
    return config, [np.asarray(value) for value in model.get_weights()]


def again(model: keras.Model) -> keras.Model:
    """The same network and the same weights, in layers of its own.

    Raises
    ------
    ValueError
        If a marked network may not have one of its layers.
    """
    config, weights = described(model)
    other = rebuilt(config)
    other.set_weights(weights)
    return other


def parameters(model: keras.Model) -> int:
    """How many numbers a model holds: its weights, and the constants in its description."""
    graph = flat(model)
    constants = sum(
        np.size(getattr(layer, name))
        for layer in graph.layers
        for name in CONSTANTS.get(type(layer).__name__, ())
    )
    operations = (
        _numbers(one.get("inbound_nodes"))
        for one in graph.get_config()["layers"]
        if one["class_name"] in ARITHMETIC
    )
    return model.count_params() + constants + sum(operations)


def _numbers(arguments: Any) -> int:
    """How many numbers stand among the arguments of an operation, beside what it is applied to."""
    if isinstance(arguments, dict):
        if arguments.get("class_name") == "__keras_tensor__":
            return 0
        arguments = list(arguments.values())
    if isinstance(arguments, (list, tuple)):
        return sum(map(_numbers, arguments))
    return isinstance(arguments, (int, float)) and not isinstance(arguments, bool)


def input_shape(model: keras.Model) -> tuple[int | None, ...] | None:
    """The shape of its images, as far as the model knows it; None if it is not built."""
    if getattr(model, "inputs", None):
        return tuple(model.inputs[0].shape[1:])
    shape = (model.get_build_config() or {}).get("input_shape")
    return tuple(shape[1:]) if shape else None


def _filled(own: Sequence[int | None] | None, shape: Sequence[int] | None) -> tuple:
    if own is None and shape is None:
        raise ValueError(
            "the model does not know the shape of its images yet. Build it first: begin it with a"
            " keras.Input, or call its build() with the shape of a batch, (None, H, W, C)"
        )
    if own is None or shape is None or len(own) != len(shape):
        return tuple(own or shape)
    pairs = zip(own, shape, strict=True)
    return tuple(known if one is None else one for one, known in pairs)


@contextmanager
def _taken_apart() -> Iterator[None]:
    """Calls of a model lead to the calls of its layers, so the model leaves no trace in a graph."""
    keras.Model.__call__ = _straight
    try:
        yield
    finally:
        del keras.Model.__call__


def _straight(model: keras.Model, *inputs: Any, training: Any = None, **options: Any) -> Any:
    """A model's own call, with what Keras does before it: it builds, and tells who asks of
    training.
    """
    if not model.built and not type(model).build.__module__.startswith("keras."):
        model.build(inputs[0].shape)
    if "training" in signature(model.call).parameters:
        options["training"] = training
    return model.call(*inputs, **options)


def probe(model: keras.Model) -> np.ndarray:
    """The output for one fixed image, with weights that follow from their names and shapes alone.

    Two networks with the same blocks give the same numbers, in whatever order their layers were
    made; a stride, an activation or a short cut in another place gives others. The model keeps
    these weights.
    """
    for weight in model.weights:
        weight.assign(_weight(weight.path.rpartition("/")[2], tuple(weight.shape)))
    shape = model.inputs[0].shape[1:]
    image = np.sin(np.arange(prod(shape), dtype="float32")).reshape((1, *shape))
    return keras.ops.convert_to_numpy(model(image, training=False))[0]


PHASES = {"bias": 0, "beta": 1, "moving_mean": 2, "gamma": 3, "moving_variance": 4}
SPREAD = 1e4  # a variance beside which no epsilon counts


def _weight(name: str, shape: Sequence[int]) -> np.ndarray:
    """No kind has the numbers of another, or what one does another might undo."""
    places = np.arange(prod(shape))
    ripple = np.cos(0.7 * places**2 + PHASES.get(name, 0)).reshape(shape)  # no sum cancels it
    match name:
        case "bias" | "beta" | "moving_mean":
            return 0.1 * ripple
        case "gamma":
            return (1 + 0.1 * ripple) * SPREAD**0.5
        case "moving_variance":
            return (1 + 0.1 * ripple) * SPREAD
        case "depthwise_kernel":
            return 2 * ripple / np.sqrt(prod(shape[:2]))
        case "seed_generator_state":
            return np.zeros(shape)
    return 2 * ripple / np.sqrt(max(1, prod(shape[:-1])))  # a signal keeps its size through ReLU


def as_text(config: dict[str, Any]) -> str:
    """A model's configuration as JSON."""
    return json.dumps(config, default=lambda value: np.asarray(value).tolist())


def rebuilt(text: str) -> keras.Model:
    """A model from its configuration, if it holds nothing but layers of a list.

    Raises
    ------
    ValueError
        If something in it is not on the list, or Keras cannot build it.
    """
    config = json.loads(text, object_hook=_untrained)
    _allowed(config)
    try:
        model = keras.saving.deserialize_keras_object(config, safe_mode=True)
    except Exception as error:
        raise ValueError(f"the model cannot be built again: {error}") from error
    if not isinstance(model, keras.Model):
        raise ValueError(f"the answer is of type {type(model).__name__}; expected a keras.Model")
    return model


def _untrained(config: dict[str, Any]) -> dict[str, Any]:
    """Without what is there for the training: optimizer, loss and metrics, and its precision."""
    if config.get("class_name") == "DTypePolicy":
        return config | {"config": {"name": "float32"}}
    left = {key: value for key, value in config.items() if key != "compile_config"}
    return left | {"dtype": "float32"} if left.get("dtype") in PRECISIONS else left


def _allowed(value: Any) -> None:
    """Refuse a configuration that names code which is not Keras's own, or not on the list."""
    if isinstance(value, list):
        for item in value:
            _allowed(item)
    if not isinstance(value, dict):
        return
    name, module = value.get("class_name"), value.get("module")
    if name is not None and name not in PARTS:
        known = name in LAYERS or module in HELPERS
        own = isinstance(module, str) and module.partition(".")[0] == "keras"
        if not known or not own or value.get("registered_name") not in (None, name):
            raise ValueError(
                f"the model has a layer {name!r}; a marked model may have layers of Keras only,"
                f" and none that holds code. These may be in it: {', '.join(sorted(LAYERS))}"
            )
    for item in value.values():
        _allowed(item)
