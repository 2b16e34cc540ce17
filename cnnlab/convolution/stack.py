"""What a stack of layers costs and what it sees, without computing a single output."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

from cnnlab.checks import whole
from cnnlab.convolution.geometry import Padding, output_size


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    name: str
    shape: tuple[int, ...]  #: of one output, (H, W, C) or (units,)
    size: int  #: how many numbers that is
    parameters: int  #: that are learned, biases included
    multiply_adds: int  #: for one image
    receptive_field: int | None  #: cells across, of the image, that one output sees; None: all
    jump: int | None  #: cells of the image from one output to its neighbour; None: not on a grid
    times: int = 1  #: that it is applied to one image, each with multiply-adds of its own


#: What a layer adds to the table: shape, parameters, multiply-adds, receptive field, jump.
Line = tuple[tuple[int, ...], int, int, int | None, int | None]


@dataclass(frozen=True)
class Spec:
    """A layer, described: its kind, its window, and how many channels or units it gives."""

    kind: str
    f: int = 1
    s: int = 1
    p: Padding = 0
    outputs: int | None = None


def conv(f: int, filters: int, s: int = 1, p: Padding = 0) -> Spec:
    """A convolution with `filters` filters of f×f, stride `s`, padding `p` (or ``"same"``)."""
    return Spec("conv", whole("f", f, 1), whole("s", s, 1), p, whole("filters", filters, 1))


def pool(f: int, s: int | None = None, p: Padding = 0) -> Spec:
    """A pooling window of f×f; stride `s`, which is `f` unless given."""
    return Spec("pool", whole("f", f, 1), f if s is None else whole("s", s, 1), p)


def flatten() -> Spec:
    """The volume, written as one row of numbers."""
    return Spec("flatten")


def dense(units: int) -> Spec:
    """A layer in which every one of `units` outputs sees every input."""
    return Spec("dense", outputs=whole("units", units, 1))


def trace(input_shape: Sequence[int], layers: Sequence[Spec]) -> list[Row]:
    """The table of a network: shapes, sizes, parameters, multiply-adds, receptive fields.

    Parameters
    ----------
    input_shape
        ``(H, W, C)``.
    layers
        What :func:`conv`, :func:`pool`, :func:`flatten` and :func:`dense` give.

    Returns
    -------
    list of Row
        The input, then one row for each layer, named ``conv1``, ``pool1``, ``conv2`` and so on.

    Raises
    ------
    ValueError
        If a layer does not fit what comes before it; it says which.

    Notes
    -----
    Two outputs that are neighbours look at windows that are `jump` cells of the image apart, and a
    stride multiplies that. Each layer with an f×f window widens the receptive field by
    ``(f − 1) · jump``, with the jump of the layer before.
    """
    shape = tuple(input_shape)
    if len(shape) != 3:
        raise ValueError(f"input_shape is {input_shape!r}; expected (H, W, C)")
    for n in shape:
        whole("input_shape", n, 1)
    rows = [Row("input", shape, prod(shape), 0, 0, receptive_field=1, jump=1)]
    seen = Counter()
    for number, spec in enumerate(layers, start=1):
        seen[spec.kind] += 1
        name = f"{spec.kind}{seen[spec.kind]}"
        try:
            shape, parameters, multiply_adds, field, jump = KINDS[spec.kind](rows[-1], spec)
        except ValueError as error:
            raise ValueError(f"layer {number}, {name}: {error}") from error
        rows.append(Row(name, shape, prod(shape), parameters, multiply_adds, field, jump))
    return rows


def _slide(before: Row, spec: Spec) -> tuple[int, int, int, int, int]:
    """Height, width, channels, receptive field and jump after a window slid over a volume."""
    if len(before.shape) != 3:
        raise ValueError(f"its input has shape {before.shape}; expected a volume, (H, W, C)")
    H, W, C = before.shape
    H_out, W_out = (output_size(n, spec.f, spec.p, spec.s) for n in (H, W))
    field = before.receptive_field + (spec.f - 1) * before.jump
    return H_out, W_out, C, field, before.jump * spec.s


def _conv(before: Row, spec: Spec) -> Line:
    H, W, C, field, jump = _slide(before, spec)
    products = spec.f**2 * C  # for each output
    parameters = (products + 1) * spec.outputs  # one bias for each filter
    return (H, W, spec.outputs), parameters, H * W * spec.outputs * products, field, jump


def _pool(before: Row, spec: Spec) -> Line:
    H, W, C, field, jump = _slide(before, spec)
    return (H, W, C), 0, 0, field, jump


def _flatten(before: Row, spec: Spec) -> Line:
    return (before.size,), 0, 0, before.receptive_field, None


def _dense(before: Row, spec: Spec) -> Line:
    if len(before.shape) != 1:
        raise ValueError(f"its input has shape {before.shape}; expected a row: flatten() first")
    return (spec.outputs,), (before.size + 1) * spec.outputs, before.size * spec.outputs, None, None


KINDS = {"conv": _conv, "pool": _pool, "flatten": _flatten, "dense": _dense}
