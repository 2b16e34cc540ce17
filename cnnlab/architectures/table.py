"""The lecture's table, for any model: shapes, sizes, parameters, work, and receptive fields."""

from collections.abc import Iterable
from dataclasses import replace
from functools import singledispatch
from html import escape
from itertools import groupby
from math import ceil, prod

import keras
from keras import layers as L

from cnnlab.architectures.lenet import Distances, PartialConv2D, Subsampling
from cnnlab.checks import whole
from cnnlab.convolution.stack import Row

HEAD = ("layer", "shape", "size", "parameters", "multiply-adds", "receptive field")
QUIET = (  # they neither look further nor change how many numbers there are
    L.BatchNormalization,
    L.Activation,
    L.ReLU,
    L.Softmax,
    L.Dropout,
    L.ZeroPadding2D,  # its zeros are part of what the next layer looks at
    L.Rescaling,
    L.Normalization,
)
RESHAPING = (L.Flatten, L.Reshape)
CELL_BY_CELL = {  # layers, and the operations of the same name in keras.ops
    *("Add", "Average", "Concatenate", "Maximum", "Minimum", "Multiply", "Subtract"),
    *("LocalResponseNormalization", "Relu", "Sigmoid", "Tanh", "Softmax"),
}

Shape = tuple[int, ...]


class LayerTable(tuple):
    """Rows of a table, the input first. It prints as text, and in a notebook as a table."""

    name: str

    def __new__(cls, rows: Iterable[Row], name: str) -> "LayerTable":
        table = super().__new__(cls, rows)
        table.name = name
        return table

    @property
    def parameters(self) -> int:
        """Of all layers together, those included that are not trained."""
        return sum(row.parameters for row in self)

    @property
    def multiply_adds(self) -> int:
        """Of all layers together, for one image."""
        return sum(row.multiply_adds for row in self)

    def _lines(self) -> list[tuple[str, ...]]:
        lines = [
            (
                row.name,
                " × ".join(map(str, row.shape)),
                f"{row.size:,}",
                f"{row.parameters:,}",
                f"{row.multiply_adds:,}",
                "all" if row.receptive_field is None else f"{row.receptive_field}",
            )
            for row in self
        ]
        return [*lines, ("together", "", "", f"{self.parameters:,}", f"{self.multiply_adds:,}", "")]

    def __str__(self) -> str:
        lines = [HEAD, *self._lines()]
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        rule = ["-" * width for width in widths]
        return "\n".join(
            "  ".join(
                cell.ljust(width) if i < 2 else cell.rjust(width)
                for i, (cell, width) in enumerate(zip(line, widths, strict=True))
            ).rstrip()
            for line in (lines[0], rule, *lines[1:])
        )

    __repr__ = __str__

    def _repr_html_(self) -> str:
        caption = escape(f"Layers of {self.name}")
        head = "".join(f'<th scope="col">{word}</th>' for word in HEAD)
        body = "".join(
            f'<tr><th scope="row">{escape(first)}</th>'
            + "".join(f"<td>{cell}</td>" for cell in rest)
            + "</tr>"
            for first, *rest in self._lines()
        )
        return (
            f'<div class="layer-table" role="group" tabindex="0" aria-label="{caption}"'
            ' style="overflow-x: auto"><table class="table">'
            f"<caption>{caption}</caption><thead><tr>{head}</tr></thead>"
            f"<tbody>{body}</tbody></table></div>"
        )


def layer_table(model: keras.Model, depth: int | None = None) -> LayerTable:
    """The table of a model: what each layer gives, what it learns, what it costs, what it sees.

    A layer that only normalises, activates, pads or drops has no row of its own: its parameters
    stand with the layer before. Multiply-adds are those of convolutions and dense layers, for one
    image.

    Parameters
    ----------
    model
        Any Keras model with one input that is built.
    depth
        Put layers together whose names begin with the same `depth` words, such as ``stage1``
        (1), or ``stage1_block2`` (2). None: a row for each layer.

    Returns
    -------
    LayerTable
        Of :class:`~cnnlab.convolution.Row`, the input first, along each branch in turn.

    Raises
    ------
    ValueError
        If the model is not built, has several inputs, or has a layer of which it is not known what
        it looks at or costs.
    """
    if depth is not None:
        whole("depth", depth, 1)
    if not model.built or not getattr(model, "outputs", None):
        raise ValueError(f"model {model.name!r} is not built; expected one that has seen a shape")
    if len(model.inputs) != 1:
        raise ValueError(f"model {model.name!r} has {len(model.inputs)} inputs; expected one")
    rows = list(_trace(model).values())
    if depth is not None:
        rows = _grouped(rows, depth)
    return LayerTable(rows, model.name)


def _trace(model: keras.Model) -> dict[str, Row]:
    """A row for each layer, by name, in an order in which each comes after those it needs."""
    shape = tuple(model.inputs[0].shape[1:])
    rows = {"input": Row("input", shape, _size(shape), 0, 0, receptive_field=1, jump=1)}
    at: dict[int, Row] = {}  # the row of each tensor
    for operation, inputs, output in _operations(model):
        if isinstance(operation, L.InputLayer):
            row = rows["input"]
        elif isinstance(operation, QUIET):
            row = rows[at[id(inputs[0])].name]
            row = replace(row, parameters=row.parameters + _parameters(operation))
        else:
            row = _row(operation, [at[id(tensor)] for tensor in inputs], output)
            if row.name in rows:  # a layer that is used again: its weights are the same ones
                work = row.multiply_adds + rows[row.name].multiply_adds
                row = replace(row, multiply_adds=work)
        rows[row.name] = at[id(output)] = row
    return rows


def _operations(model: keras.Model) -> list[tuple[keras.Operation, list, keras.KerasTensor]]:
    """Operations with their input and output tensors: branch by branch, each after its inputs."""
    found, seen = [], set()
    waiting = [(tensor, False) for tensor in reversed(model.outputs)]
    while waiting:
        tensor, ready = waiting.pop()
        operation, node, _ = tensor._keras_history
        inputs = operation._inbound_nodes[node].input_tensors
        if ready:
            found.append((operation, inputs, tensor))
        elif id(tensor) not in seen:
            seen.add(id(tensor))
            waiting.append((tensor, True))
            waiting.extend((each, False) for each in reversed(inputs))
    return found


def _row(operation: keras.Operation, before: list[Row], output: keras.KerasTensor) -> Row:
    """The line of one layer, from the lines of its inputs."""
    shape = tuple(output.shape[1:])
    fields, jumps = ([getattr(row, part) for row in before] for part in ("receptive_field", "jump"))
    field = None if None in fields else max(fields)
    jump = None if None in jumps else max(jumps)
    looks = window(operation)
    flattened = len(shape) == 1
    if looks is None or (flattened and not isinstance(operation, RESHAPING)):
        field = jump = None
    elif field is not None and jump is not None:
        field, jump = ceil(field + (looks[0] - 1) * jump), jump * looks[1]
    return Row(
        operation.name,
        shape,
        _size(shape),
        _parameters(operation),
        multiply_adds(operation, before[0].shape, shape),
        field,
        None if flattened else jump,
    )


def window(operation: keras.Operation) -> tuple[float, float] | None:
    """How many cells across a layer looks at, and how many it moves on; None: it sees all.

    Raises
    ------
    ValueError
        If that is not known for such a layer.
    """
    if isinstance(operation, keras.Model):
        last = list(_trace(operation).values())[-1]
        return None if last.jump is None else (last.receptive_field, last.jump)
    kind = type(operation).__name__
    if kind.startswith("Global") or isinstance(operation, L.Dense | Distances):
        return (1, 1) if isinstance(operation, L.Dense) else None
    if isinstance(operation, L.UpSampling2D):
        return 1, 1 / max(operation.size)
    f = getattr(operation, "kernel_size", getattr(operation, "pool_size", None))
    if f is None:
        if isinstance(operation, RESHAPING) or kind in CELL_BY_CELL:
            return 1, 1
        raise ValueError(
            f"layer {operation.name!r} is of class {kind}, of which it is not known what it looks"
            " at; expected convolutions, pooling, dense layers, and what works cell by cell"
        )
    s = max(operation.strides)
    if isinstance(operation, L.Conv2DTranspose):
        return ceil(max(f) / s), 1 / s
    return max(getattr(operation, "dilation_rate", (1,))) * (max(f) - 1) + 1, s


@singledispatch
def multiply_adds(operation: keras.Operation, before: Shape, after: Shape) -> int:
    """Products of a layer for one image, from the shapes of its input and its output.

    Raises
    ------
    ValueError
        If the layer has weights, and it is not known how often each is used.
    """
    if _parameters(operation):
        raise ValueError(
            f"layer {operation.name!r} is of class {type(operation).__name__}, of which it is not"
            " known how many multiply-adds it needs"
        )
    return 0


@multiply_adds.register
def _(layer: keras.Model, before: Shape, after: Shape) -> int:
    return sum(row.multiply_adds for row in _trace(layer).values())


@multiply_adds.register
def _(layer: L.Conv2D, before: Shape, after: Shape) -> int:
    return prod(after) * prod(layer.kernel_size) * before[-1] // layer.groups


@multiply_adds.register
def _(layer: L.Conv2DTranspose, before: Shape, after: Shape) -> int:
    return prod(before) * prod(layer.kernel_size) * layer.filters


@multiply_adds.register
def _(layer: L.DepthwiseConv2D, before: Shape, after: Shape) -> int:
    return prod(after) * prod(layer.kernel_size)


@multiply_adds.register
def _(layer: L.SeparableConv2D, before: Shape, after: Shape) -> int:
    H, W, filters = after
    channels = before[-1] * layer.depth_multiplier
    return H * W * channels * (prod(layer.kernel_size) + filters)


@multiply_adds.register
def _(layer: L.Dense, before: Shape, after: Shape) -> int:
    return prod(after) * before[-1]


@multiply_adds.register
def _(layer: PartialConv2D, before: Shape, after: Shape) -> int:
    return prod(after[:2]) * prod(layer.kernel.shape)


@multiply_adds.register
def _(layer: Subsampling, before: Shape, after: Shape) -> int:
    return prod(after)  # one factor for each mean


@multiply_adds.register
def _(layer: Distances, before: Shape, after: Shape) -> int:
    return prod(layer.codes.shape)


def _parameters(operation: keras.Operation) -> int:
    return operation.count_params() if isinstance(operation, keras.Layer) else 0


def _size(shape: Shape) -> int:
    if None in shape:
        raise ValueError(f"a layer has shape {shape}; expected a model with a fixed input size")
    return prod(shape)


def _grouped(rows: list[Row], depth: int) -> list[Row]:
    """One row for each run of names that begin alike: sums, and what the last layer gives."""
    groups = groupby(rows, lambda row: "_".join(row.name.split("_")[:depth]))
    return [
        replace(
            members[-1],
            name=name,
            parameters=sum(row.parameters for row in members),
            multiply_adds=sum(row.multiply_adds for row in members),
        )
        for name, members in ((name, list(group)) for name, group in groups)
    ]
