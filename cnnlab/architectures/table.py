"""The lecture's table, for any model: shapes, sizes, parameters, work, and receptive fields."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import singledispatch
from html import escape
from itertools import groupby
from math import ceil, prod
from typing import Any

import keras
from keras import layers as L

from cnnlab.architectures.lenet import Distances, PartialConv2D, Subsampling
from cnnlab.checks import whole
from cnnlab.convolution.stack import Row

HEAD = ("layer", "shape", "size", "parameters", "multiply-adds", "receptive field")
NOTHING = 0  # the receptive field of what does not depend on an input
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
    *("LocalResponseNormalization", "Relu", "Sigmoid", "Tanh", "Softmax", "Cropping2D"),
}

Shape = tuple[int, ...]


class LayerTable(tuple):
    """Rows of a table, the inputs first. It prints as text, and in a notebook as a table.

    Attributes
    ----------
    name
        Of the model.
    sees
        From the name of each input to the receptive fields of the rows in it: cells across; None:
        all of it; 0: nothing. For a model with one input, these are the rows' own.
    """

    name: str
    sees: dict[str, list[int | None]]

    def __new__(
        cls, rows: Iterable[Row], name: str, sees: Mapping[str, list[int | None]] | None = None
    ) -> "LayerTable":
        table = super().__new__(cls, rows)
        table.name = name
        table.sees = dict(sees or {"input": [row.receptive_field for row in table]})
        return table

    @property
    def parameters(self) -> int:
        """Of all layers together, those included that are not trained."""
        return sum(row.parameters for row in self)

    @property
    def multiply_adds(self) -> int:
        """Of all layers together, for one image."""
        return sum(row.multiply_adds for row in self)

    def _head(self) -> tuple[str, ...]:
        if len(self.sees) == 1:
            return HEAD
        return (*HEAD[:-1], *(f"sees of {name}" for name in self.sees))

    def _lines(self) -> list[tuple[str, ...]]:
        lines = [
            (
                row.name if row.times == 1 else f"{row.name} ({row.times}×)",
                " × ".join(map(str, row.shape)) or "1",
                f"{row.size:,}",
                f"{row.parameters:,}",
                f"{row.multiply_adds:,}",
                *map(_seen, fields),
            )
            for row, *fields in zip(self, *self.sees.values(), strict=True)
        ]
        blank = [""] * len(self.sees)
        together = f"{self.parameters:,}", f"{self.multiply_adds:,}"
        return [*lines, ("together", "", "", *together, *blank)]

    def __str__(self) -> str:
        lines = [self._head(), *self._lines()]
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
        head = "".join(f'<th scope="col">{word}</th>' for word in self._head())
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


def _seen(field: int | None) -> str:
    return "all" if field is None else "–" if field == NOTHING else f"{field}"


def layer_table(model: keras.Model, depth: int | None = None) -> LayerTable:
    """The table of a model: what each layer gives, what it learns, what it costs, what it sees.

    A layer that only normalises, activates, pads or drops has no row of its own: its parameters
    stand with the layer before. Multiply-adds are those of convolutions and dense layers, for one
    image of each input.

    A layer that is used several times, as in a Siamese network, has one row: its parameters count
    once, since they are the same numbers, and its multiply-adds as often as it is applied, which
    the row says (``times``). Where it gives another shape, it has a further row, ``name #2``,
    with no parameters. A model inside of the model is one layer.

    With several inputs, the table says for each of them how much of it a row sees; the
    ``receptive_field`` of a row is the largest of these.

    Parameters
    ----------
    model
        Any Keras model that is built, with inputs of fixed sizes.
    depth
        Put layers together whose names begin with the same `depth` words, such as ``stage1``
        (1), or ``stage1_block2`` (2). None: a row for each layer.

    Returns
    -------
    LayerTable
        Of :class:`~cnnlab.convolution.Row`, the inputs first, along each branch in turn.

    Raises
    ------
    ValueError
        If the model is not built, or has a layer of which it is not known what it looks at or
        costs.
    """
    if depth is not None:
        whole("depth", depth, 1)
    if not model.built or not getattr(model, "outputs", None):
        raise ValueError(f"model {model.name!r} is not built; expected one that has seen a shape")
    names = ["input"]
    if len(model.inputs) > 1:
        names = [f"input {tensor._keras_history.operation.name}" for tensor in model.inputs]
    table, *columns = (
        _rows(model, names, seen, depth) for seen in ([*names], *([name] for name in names))
    )
    sees = {
        name: [row.receptive_field for row in rows]
        for name, rows in zip(names, columns, strict=True)
    }
    return LayerTable(table, model.name, sees)


def _rows(model: keras.Model, names: list[str], seen: list[str], depth: int | None) -> list[Row]:
    """The rows of the model, with receptive fields in the inputs `seen`."""
    shapes = [tuple(tensor.shape[1:]) for tensor in model.inputs]
    starts = [
        Row(name, shape, _size(shape), 0, 0, int(name in seen), 1)
        for name, shape in zip(names, shapes, strict=True)
    ]
    rows, _ = _follow(model, starts, shapes, set())
    inputs, layers = rows[: len(names)], rows[len(names) :]
    return [*inputs, *(layers if depth is None else _grouped(layers, depth))]


def _follow(
    model: keras.Model, starts: list[Row], given: list[Shape], counted: set[int]
) -> tuple[list[Row], list[Row]]:
    """All rows, each after those it needs, and those of the outputs as this model gives them.

    Parameters
    ----------
    model
        Built; its inputs may come with other shapes than it was built for.
    starts
        What is known of its inputs.
    given
        Their shapes.
    counted
        The weights that other rows have counted already, by identity; ours are added.
    """
    shapes = _shapes(model, given)
    rows = {row.name: row for row in starts}
    at = {id(tensor): row for tensor, row in zip(model.inputs, starts, strict=True)}
    names: dict[tuple[keras.Operation, Shape], str] = {}  # a layer has a row for each shape
    for node in _nodes(model):
        operation, outputs = node.operation, node.output_tensors
        before = [at[id(tensor)] for tensor in node.input_tensors]
        parameters = _count(operation, counted)
        if isinstance(operation, QUIET):
            quiet = rows[before[0].name]
            rows[quiet.name] = replace(quiet, parameters=quiet.parameters + parameters)
            at[id(outputs[0])] = before[0]
            continue
        inputs = [shapes[id(tensor)] for tensor in node.input_tensors]
        found = _applied(operation, before, inputs, [shapes[id(each)] for each in outputs], counted)
        shape = found[-1].shape
        again = sum(other is operation for other, _ in names)
        name = f"{operation.name} #{again + 1}" if again else operation.name
        name = names.setdefault((operation, shape), name)
        row = replace(found[-1], name=name, parameters=parameters)
        rows[name] = _together(rows[name], row) if name in rows else row
        for tensor, each in zip(outputs, found, strict=True):
            at[id(tensor)] = replace(each, name=name)
    return list(rows.values()), [at[id(tensor)] for tensor in model.outputs]


def _nodes(model: keras.Model) -> list[Any]:
    """Each application of an operation in a model, branch by branch, each after its inputs."""
    found, seen = [], {id(tensor) for tensor in model.inputs}
    waiting = [(tensor, False) for tensor in reversed(model.outputs)]
    while waiting:
        tensor, ready = waiting.pop()
        operation, index, _ = tensor._keras_history
        node = operation._inbound_nodes[index]
        if ready:
            found.append(node)
        elif id(tensor) not in seen:
            seen.update(map(id, node.output_tensors))
            waiting.append((tensor, True))
            waiting.extend((each, False) for each in reversed(node.input_tensors))
    return found


def _shapes(model: keras.Model, given: list[Shape]) -> dict[int, Shape]:
    """The shape of each tensor in a model whose inputs have the shapes that are given."""
    own = [tuple(tensor.shape[1:]) for tensor in model.inputs]
    nodes = _nodes(model)
    tensors = {
        id(tensor): keras.KerasTensor((None, *shape), tensor.dtype)
        for tensor, shape in zip(model.inputs, given, strict=True)
    }
    for node in nodes:
        outputs = node.output_tensors
        if given != own:  # a model that is used at another size; as Keras itself finds shapes
            positional, named = node.arguments.fill_in(tensors)
            outputs = keras.tree.flatten(node.operation.compute_output_spec(*positional, **named))
        tensors |= {id(a): b for a, b in zip(node.output_tensors, outputs, strict=True)}
    return {number: tuple(tensor.shape[1:]) for number, tensor in tensors.items()}


def _applied(
    operation: keras.Operation,
    before: list[Row],
    inputs: list[Shape],
    outputs: list[Shape],
    counted: set[int],
) -> list[Row]:
    """What one application gives: a row for each output, with the work of them all."""
    if isinstance(operation, keras.Model):
        if not getattr(operation, "outputs", None):
            raise ValueError(
                f"layer {operation.name!r} is a model with a call of its own, into which the table"
                " cannot see; expected one of keras.Input and layers"
            )
        starts = [replace(row, name=f"input {i}", multiply_adds=0) for i, row in enumerate(before)]
        starts = [replace(row, parameters=0) for row in starts]
        rows, ends = _follow(operation, starts, inputs, counted)
        work = sum(row.multiply_adds for row in rows)
        fields = [(row.receptive_field, row.jump) for row in ends]
    else:
        work = multiply_adds(operation, inputs[0], outputs[-1])
        fields = [_field(operation, before, inputs, shape) for shape in outputs]
    return [
        Row(operation.name, shape, _size(shape), 0, work, *field)
        for shape, field in zip(outputs, fields, strict=True)
    ]


def _field(
    operation: keras.Operation, before: list[Row], inputs: list[Shape], shape: Shape
) -> tuple[int | None, int | None]:
    """Receptive field and jump of a layer's output, from those of its inputs."""
    vectors = all(len(each) < 2 for each in inputs) and not isinstance(operation, RESHAPING)
    looks = None if vectors else window(operation)
    before = [row for row in before if row.receptive_field != NOTHING]
    if not before:
        return NOTHING, None
    fields, jumps = ([getattr(row, part) for row in before] for part in ("receptive_field", "jump"))
    field = None if None in fields else max(fields)
    jump = None if None in jumps else max(jumps)
    flattened = len(shape) < 2
    if looks is None or (flattened and not isinstance(operation, RESHAPING)):
        field = jump = None
    elif field is not None and jump is not None:
        field, jump = ceil(field + (looks[0] - 1) * jump), jump * looks[1]
    return field, None if flattened else jump


def _together(row: Row, again: Row) -> Row:
    """One row for a layer that is applied again."""
    fields = row.receptive_field, again.receptive_field
    jumps = [each.jump for each in (row, again) if each.receptive_field != NOTHING]
    return replace(
        again,
        parameters=row.parameters + again.parameters,
        multiply_adds=row.multiply_adds + again.multiply_adds,
        receptive_field=None if None in fields else max(fields),
        jump=None if not jumps or None in jumps else max(jumps),
        times=row.times + again.times,
    )


def window(operation: keras.Operation) -> tuple[float, float] | None:
    """How many cells across a layer looks at, and how many it moves on; None: it sees all.

    Raises
    ------
    ValueError
        If that is not known for such a layer.
    """
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
    if getattr(operation, "weights", ()):
        raise ValueError(
            f"layer {operation.name!r} is of class {type(operation).__name__}, of which it is not"
            " known how many multiply-adds it needs"
        )
    return 0


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


def _count(operation: keras.Operation, counted: set[int]) -> int:
    """How many numbers a layer has that no row has counted yet."""
    fresh = {
        id(each): each for each in getattr(operation, "weights", ()) if id(each) not in counted
    }
    counted.update(fresh)
    return sum(prod(weight.shape) for weight in fresh.values())


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
            times=members[0].times if len({row.times for row in members}) == 1 else 1,
        )
        for name, members in ((name, list(group)) for name, group in groups)
    ]
