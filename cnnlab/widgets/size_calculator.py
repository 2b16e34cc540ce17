"""The size calculator: layers in a chain, and what each makes of its input's shape."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import traitlets

from cnnlab.checks import whole
from cnnlab.convolution import Row, conv, pool, trace
from cnnlab.widgets.frame import Figure, Whole

LENET = (
    {"kind": "conv", "f": 5, "s": 1, "p": 0, "filters": 6},
    {"kind": "pool", "f": 2, "s": 2, "p": 0},
    {"kind": "conv", "f": 5, "s": 1, "p": 0, "filters": 16},
    {"kind": "pool", "f": 2, "s": 2, "p": 0},
)
BOUNDS = {"f": (1, 99), "s": (1, 99), "p": (0, 99), "filters": (1, 9999)}
MOST_LAYERS = 20


class Shape(traitlets.TraitType):
    """(H, W, C) of the input."""

    def validate(self, owner: Any, value: Any) -> list[int]:
        """Return ``[H, W, C]``, or raise a `ValueError`."""
        if not isinstance(value, Sequence | np.ndarray) or len(value) != 3:
            raise ValueError(f"{self.name} is {value!r}; expected three numbers, (H, W, C)")
        return [whole(f"{self.name}[{i}]", n, 1, 4096) for i, n in enumerate(value)]


class Layers(traitlets.TraitType):
    """Layers as dictionaries: kind, f, s, p, and filters for a convolution."""

    def validate(self, owner: Any, value: Any) -> list[dict[str, Any]]:
        """Return complete dictionaries, or raise a `ValueError` that says which layer is wrong."""
        if isinstance(value, str | Mapping) or not isinstance(value, Sequence):
            raise ValueError(f"{self.name} is {value!r}; expected a list of dictionaries")
        if len(value) > MOST_LAYERS:
            raise ValueError(f"{self.name} has {len(value)} items; expected {MOST_LAYERS} at most")
        return [complete(f"{self.name}[{i}]", layer) for i, layer in enumerate(value)]


def complete(name: str, layer: Any) -> dict[str, Any]:
    """Fill in a layer's stride and padding, and check the rest."""
    kind = layer.get("kind") if isinstance(layer, Mapping) else None
    if kind not in ("conv", "pool"):
        raise ValueError(f"{name} is {layer!r}; expected a dictionary with kind 'conv' or 'pool'")
    keys = ("f", "s", "p", "filters") if kind == "conv" else ("f", "s", "p")
    wrong = set(layer) - {"kind", *keys}
    if wrong:
        raise ValueError(f"{name} has {sorted(wrong)}; expected only {', '.join(keys)} for {kind}")
    # As in the lecture: a convolution moves by one cell, pooling by its own width.
    values = {"s": 1 if kind == "conv" else layer.get("f"), "p": 0, **layer}
    return {"kind": kind} | {
        key: whole(f"{name}: {key}", values.get(key), *BOUNDS[key]) for key in keys
    }


class SizeCalculator(Figure):
    """Chain layers and read shapes, parameters, multiply-adds and receptive fields.

    Parameters
    ----------
    input_shape
        (H, W, C), each at most 4096.
    layers
        At most 20 dictionaries: ``{"kind": "conv", "f": 5, "s": 1, "p": 0, "filters": 6}`` or
        ``{"kind": "pool", "f": 2, "s": 2, "p": 0}``. Where ``s`` is left out it is 1, or ``f`` for
        pooling; ``p`` is then 0. Sizes that do not fit are no error here: the figure explains them.

    Raises
    ------
    ValueError
        If an argument is not one of these.
    """

    script = "size_calculator"
    input_shape = Shape([32, 32, 3]).tag(sync=True)
    layers = Layers([]).tag(sync=True)
    chosen = Whole(0)  # the layer whose receptive field is drawn
    cell = traitlets.List(traitlets.Int(), [-1, -1]).tag(sync=True)  # of its output; −1: the middle

    def __init__(
        self,
        input_shape: Sequence[int] = (32, 32, 3),
        layers: Sequence[Mapping[str, Any]] = LENET,
    ):
        super().__init__(input_shape=input_shape, layers=layers, chosen=max(len(layers) - 1, 0))

    @property
    def rows(self) -> list[Row]:
        """What `cnnlab.convolution.trace` says: the input, then one row for each layer.

        Raises
        ------
        ValueError
            If a layer does not fit into what the layer before it gives.
        """
        specs = [
            conv(layer["f"], layer["filters"], s=layer["s"], p=layer["p"])
            if layer["kind"] == "conv"
            else pool(layer["f"], s=layer["s"], p=layer["p"])
            for layer in self.layers
        ]
        return trace(tuple(self.input_shape), specs)
