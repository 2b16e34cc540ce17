"""What counts of a network that somebody built: its facts, whatever way it was built in."""

import json
from collections.abc import Sequence
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
}
CHANNELS = 4  # numbers in a constant of Rescaling: more of them are weights that count as none
HELPERS = {"keras.initializers", "keras.regularizers", "keras.constraints"}


def facts(model: keras.Model) -> dict[str, Any]:
    """What two networks have in common if they compute the same, layer order and names apart.

    Parameters
    ----------
    model
        With one input and one output.

    Returns
    -------
    dict
        ``"input shape"`` and ``"output shape"`` without the batch axis, ``"parameters"`` (those of
        batch normalisation included), ``"shapes"``: all shapes that layers with parameters give
        out, each once, in ascending order, and ``"probe"``: the output for a fixed input when each
        weight has a value that follows from its kind and its shape alone.

    Raises
    ------
    ValueError
        If it is no model with one input and one output, or has an axis of unknown length.
    """
    if not isinstance(model, keras.Model):
        raise ValueError(f"the answer is of type {type(model).__name__}; expected a keras.Model")
    if len(model.inputs) != 1 or len(model.outputs) != 1:
        raise ValueError(
            f"the model has {len(model.inputs)} inputs and {len(model.outputs)} outputs;"
            " expected one of each"
        )
    shape = model.inputs[0].shape[1:]
    if None in shape:
        raise ValueError(f"the model's input has shape {shape}; expected known lengths")
    return {
        "input shape": np.array(shape),
        "output shape": np.array(model.outputs[0].shape[1:]),
        "parameters": model.count_params(),
        "shapes": sorted(
            {tuple(layer.output.shape[1:]) for layer in model.layers if layer.weights}
        ),
        "probe": probe(model),
    }


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


def _weight(name: str, shape: Sequence[int]) -> np.ndarray:
    ripple = np.cos(0.7 * np.arange(prod(shape)) ** 2).reshape(shape)  # a sum does not cancel it
    match name:
        case "bias" | "beta":
            return 0.1 * ripple
        case "gamma":
            return 1 + 0.1 * ripple
        case "moving_mean":  # unlike beta, and unlike 0: a ReLU before it cuts other numbers off
            return 0.3 * np.sin(1 + np.arange(prod(shape))).reshape(shape)
        case "moving_variance":
            return 1 + 0.5 * np.sin(2 + np.arange(prod(shape))).reshape(shape)
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
    """Without optimizer, loss and metrics, which the configuration of a trained model has."""
    return {key: value for key, value in config.items() if key != "compile_config"}


def _allowed(value: Any) -> None:
    """Refuse a configuration that names code which is not Keras's own, or not on the list."""
    if isinstance(value, list):
        for item in value:
            _allowed(item)
    if not isinstance(value, dict):
        return
    name, module = value.get("class_name"), value.get("module")
    if name not in (None, "__keras_tensor__"):  # which is a link between two layers
        known = name in LAYERS or module in HELPERS
        own = isinstance(module, str) and module.partition(".")[0] == "keras"
        if not known or not own or value.get("registered_name") not in (None, name):
            raise ValueError(
                f"the model has a layer {name!r}; a marked model may have layers of Keras only,"
                f" and none that holds code: {', '.join(sorted(LAYERS))}"
            )
        if name == "Rescaling":
            _one_number_a_channel(value.get("config") or {})
    for item in value.values():
        _allowed(item)


def _one_number_a_channel(config: dict[str, Any]) -> None:
    """Refuse constants in which a trained network could be hidden."""
    for key in ("scale", "offset"):
        if len(json.dumps(config.get(key, 0)).split(",")) > CHANNELS:
            raise ValueError(
                f"the model has a layer Rescaling whose {key} holds more than {CHANNELS} numbers;"
                " constants are not counted as parameters, so one for each channel is allowed"
            )
