"""Layers that learn: each computes its output, and passes gradients back through itself.

A layer has three methods. ``build`` is told the shape of one input, draws the first weights, and
says the shape of the output. ``forward`` computes. ``backward`` gets the gradient of the loss by
the output, keeps the gradients of the layer's own parameters, and returns the gradient by the
input: that is the chain rule, one layer at a time.
"""

import numpy as np

from cnnlab.checks import one_of, whole
from cnnlab.convolution.geometry import Padding, output_size
from cnnlab.convolution.pooling import KINDS, pool2d, pool2d_backward
from cnnlab.convolution.volumes import conv2d, conv2d_backward

Shape = tuple[int, ...]


class Layer:
    """What all layers share: named parameters, and a gradient for each under the same name."""

    def __init__(self) -> None:
        self.parameters: dict[str, np.ndarray] = {}
        self.gradients: dict[str, np.ndarray] = {}

    def build(self, shape: Shape, rng: np.random.Generator) -> Shape:
        """Draw the first weights for inputs ``(N, *shape)``; return the output's shape."""
        return shape

    def forward(self, x: np.ndarray) -> np.ndarray:
        """The output for a batch."""
        raise NotImplementedError

    def backward(self, dy: np.ndarray) -> np.ndarray:
        """The gradient by the input of the last `forward`; keeps those by the parameters."""
        raise NotImplementedError


def he(shape: Shape, rng: np.random.Generator) -> np.ndarray:
    """First weights, normal with variance 2 / fan-in.

    A ReLU lets half of a signal through. This variance makes up for it, so that the signal neither
    fades nor grows from layer to layer (He et al., Delving deep into rectifiers, 2015).
    """
    fan_in = np.prod(shape[:-1])  # how many products are summed
    return rng.normal(0, np.sqrt(2 / fan_in), shape).astype(np.float32)


class Conv2D(Layer):
    """A convolution with filters that learn."""

    def __init__(
        self, filters: int, size: int, stride: int = 1, padding: Padding = "valid"
    ) -> None:
        super().__init__()
        self.filters, self.size = whole("filters", filters, 1), whole("size", size, 1)
        self.stride, self.padding = whole("stride", stride, 1), padding

    def build(self, shape: Shape, rng: np.random.Generator) -> Shape:
        H, W, C = _volume(self, shape)
        self.parameters = {
            "w": he((self.size, self.size, C, self.filters), rng),
            "b": np.zeros(self.filters, np.float32),
        }
        return (*_grid(self, H, W), self.filters)

    def forward(self, x: np.ndarray) -> np.ndarray:
        self.x = x
        return conv2d(x, **self.parameters, stride=self.stride, padding=self.padding)

    def backward(self, dy: np.ndarray) -> np.ndarray:
        dx, dw, db = conv2d_backward(dy, self.x, self.parameters["w"], self.stride, self.padding)
        self.gradients = {"w": dw, "b": db}
        return dx


class Pool2D(Layer):
    """Max or average pooling."""

    def __init__(self, size: int = 2, stride: int | None = None, kind: str = "max") -> None:
        super().__init__()
        self.size, self.padding = whole("size", size, 1), "valid"
        self.stride = self.size if stride is None else whole("stride", stride, 1)
        self.kind = one_of("kind", kind, KINDS)

    def build(self, shape: Shape, rng: np.random.Generator) -> Shape:
        H, W, C = _volume(self, shape)
        return (*_grid(self, H, W), C)

    def forward(self, x: np.ndarray) -> np.ndarray:
        self.x = x
        return pool2d(x, self.size, self.stride, kind=self.kind)

    def backward(self, dy: np.ndarray) -> np.ndarray:
        return pool2d_backward(dy, self.x, self.size, self.stride, kind=self.kind)


class ReLU(Layer):
    """``max(x, 0)``: what is negative becomes zero, and no gradient passes there."""

    def forward(self, x: np.ndarray) -> np.ndarray:
        self.positive = x > 0
        return np.maximum(x, 0)

    def backward(self, dy: np.ndarray) -> np.ndarray:
        return dy * self.positive


class Flatten(Layer):
    """A volume, written as one row of numbers."""

    def build(self, shape: Shape, rng: np.random.Generator) -> Shape:
        return (int(np.prod(shape)),)

    def forward(self, x: np.ndarray) -> np.ndarray:
        self.shape = x.shape
        return x.reshape(len(x), -1)

    def backward(self, dy: np.ndarray) -> np.ndarray:
        return dy.reshape(self.shape)


class Dense(Layer):
    """Every output is a weighted sum of every input."""

    def __init__(self, units: int) -> None:
        super().__init__()
        self.units = whole("units", units, 1)

    def build(self, shape: Shape, rng: np.random.Generator) -> Shape:
        if len(shape) != 1:
            raise ValueError(f"Dense gets inputs of shape {shape}; expected a row: Flatten first")
        self.parameters = {
            "w": he((*shape, self.units), rng),
            "b": np.zeros(self.units, np.float32),
        }
        return (self.units,)

    def forward(self, x: np.ndarray) -> np.ndarray:
        self.x = x
        return x @ self.parameters["w"] + self.parameters["b"]  # (N, units)

    def backward(self, dy: np.ndarray) -> np.ndarray:
        self.gradients = {"w": self.x.T @ dy, "b": dy.sum(0)}
        return dy @ self.parameters["w"].T


def _volume(layer: Layer, shape: Shape) -> Shape:
    if len(shape) != 3:
        name = type(layer).__name__
        raise ValueError(f"{name} gets inputs of shape {shape}; expected a volume, (H, W, C)")
    return shape


def _grid(layer: Conv2D | Pool2D, *sizes: int) -> Shape:
    return tuple(output_size(n, layer.size, layer.padding, layer.stride) for n in sizes)
