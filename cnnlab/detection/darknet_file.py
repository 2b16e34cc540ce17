"""Darknet's weight files: numbers in the order of the layers, without names and without shapes.

The order is that of ``load_convolutional_weights`` in Darknet's ``parser.c``
(github.com/pjreddie/darknet).
"""

import re
from collections.abc import Iterator, Sequence
from os import PathLike
from pathlib import Path

import keras
import numpy as np
from keras import ops


def load_darknet(model: keras.Model, path: str | PathLike) -> None:
    """Fill a model with the weights of a Darknet file.

    Such a file is a header and then numbers, with no names and no shapes: three int32 (the version:
    major, minor, revision), how many images were seen in training (int64, before version 0.2
    int32), and float32 to the end. Each convolution has its biases first, then, if batch
    normalisation follows, gammas, means and variances (the biases are its betas), and then the
    kernel, with the axes (out, in, height, width). All that can be checked is that it is used up
    to the last number.

    Parameters
    ----------
    model
        From :func:`yolov3_tiny`, or another one whose convolutions are named conv1, conv2, … in
        the order of the file, and their batch normalisations conv1_bn, conv2_bn, ….
    path
        The file. If it does not fit, nothing in the model is changed.

    Raises
    ------
    ValueError
        If there is no such file, it is not Darknet's, it was cut short, or it is of another
        network.
    """
    path = Path(path)
    values = _floats(path)
    parts = list(_in_file_order(model))
    expected = sum(int(np.prod(variable.shape)) for variable in parts)
    if len(values) != expected:
        what = "was cut short, or is" if len(values) < expected else "is"
        raise ValueError(
            f"{path} holds {len(values):,} numbers; expected {expected:,} for {model.name} with"
            f" input {model.input_shape[1:]}: the file {what} of another network or of other"
            " classes"
        )
    if not np.isfinite(values).all():
        raise ValueError(f"{path} holds numbers that are not finite; expected trained weights")
    ends = np.cumsum([int(np.prod(variable.shape)) for variable in parts])
    for variable, value in zip(parts, np.split(values, ends[:-1]), strict=True):
        variable.assign(_from_file(value, variable.shape))


def save_darknet(model: keras.Model, path: str | PathLike) -> None:
    """Write a model's weights as a Darknet file of version 0.2, which :func:`load_darknet` reads.

    Raises
    ------
    ValueError
        If the model's convolutions are not named as there.
    """
    parts = [_to_file(ops.convert_to_numpy(variable)) for variable in _in_file_order(model)]
    header = np.array([0, 2, 0], "<i4").tobytes() + np.array([0], "<i8").tobytes()
    Path(path).write_bytes(header + np.concatenate(parts).astype("<f4").tobytes())


def _in_file_order(model: keras.Model) -> Iterator[keras.Variable]:
    """The variables of a model as they follow each other in a file."""
    layers = {layer.name: layer for layer in model.layers}
    names = sorted(
        (name for name in layers if re.fullmatch(r"conv\d+", name)), key=lambda name: int(name[4:])
    )
    if not names:
        raise ValueError(f"{model.name} has no layers conv1, conv2, …; see yolov3_tiny")
    for name in names:
        conv, norm = layers[name], layers.get(f"{name}_bn")
        if norm is None:
            yield conv.bias
        else:
            yield from (norm.beta, norm.gamma, norm.moving_mean, norm.moving_variance)
        yield conv.kernel


def _from_file(values: np.ndarray, shape: Sequence[int]) -> np.ndarray:
    """Numbers of a file as a variable of this shape; a kernel's axes are turned."""
    if len(shape) != 4:
        return values
    f_h, f_w, n_in, n_out = shape
    return values.reshape(n_out, n_in, f_h, f_w).transpose(2, 3, 1, 0)


def _to_file(value: np.ndarray) -> np.ndarray:
    """The inverse of :func:`_from_file`."""
    return (value.transpose(3, 2, 0, 1) if value.ndim == 4 else value).ravel()


def _floats(path: Path) -> np.ndarray:
    """The numbers after the header of a weight file."""
    if not path.is_file():
        raise ValueError(f"path is {str(path)!r}, and there is no such file")
    data = path.read_bytes()
    if len(data) < 16:
        raise ValueError(f"{path} is not a Darknet weight file: it has only {len(data)} bytes")
    major, minor = np.frombuffer(data, "<i4", 2).tolist()
    if major != 0 or minor not in range(10):
        raise ValueError(
            f"{path} is not a Darknet weight file: its version would be {major}.{minor}, expected"
            " 0.1 or 0.2"
        )
    start = 20 if minor >= 2 else 16
    if len(data) < start or (len(data) - start) % 4:
        raise ValueError(f"{path} was cut short: its {len(data):,} bytes end within a number")
    return np.frombuffer(data, "<f4", offset=start)
