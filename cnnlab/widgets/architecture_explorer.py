"""The architecture explorer: whole networks, drawn to scale, to walk through layer by layer."""

import re
from collections.abc import Mapping, Sequence
from math import inf
from numbers import Real
from typing import Any

import traitlets

from cnnlab.checks import whole
from cnnlab.convolution import Row, conv, dense, flatten, pool, trace
from cnnlab.widgets.frame import Figure, Flag, Whole

#: What a layer does. The script of the figure knows them by their place in this tuple.
KINDS = ("input", "conv", "pool", "dense", "join", "other")
MOST_ROWS = 500
MOST = 10**15  # a number that JavaScript still holds exactly, sums included

# Words in the names of layers that cost no multiply-adds. They say what a table cannot.
NAMED = {
    "pool": {"pool", "maxpool", "avgpool", "pooling", "gap"},
    "join": {"add", "concat", "concatenate", "join", "merge", "multiply", "scale"},
    "other": {"bn", "batchnorm", "norm", "normalization", "dropout", "flatten", "relu", "softmax"},
}


def small_network() -> list[Row]:
    """The lecture's ConvNet for images of 32 × 32."""
    layers = [conv(5, 6), pool(2), conv(5, 16), pool(2), flatten(), dense(120), dense(84)]
    return trace((32, 32, 3), [*layers, dense(10)])


def kind_of(row: Row, before: Row | None) -> str:
    """What a layer does, from its name and from what it changes; `before` is None for the input."""
    if before is None:
        return "input"
    spatial = len(row.shape) == 3
    if row.multiply_adds:
        # One factor for each output: the pooling of 1998, which learned how much of a mean to take.
        scaled = spatial and row.multiply_adds == row.size < before.size
        return "pool" if scaled else "conv" if spatial else "dense"
    words = set(re.findall(r"[a-z]+", row.name.lower()))
    named = next((kind for kind, its in NAMED.items() if words & its), None)
    if named or row.size == before.size:
        return named or "other"
    if row.shape[-1] == before.shape[-1] and row.size < before.size:
        return "pool"
    concatenated = row.shape[:-1] == before.shape[:-1] and row.size > before.size
    return "join" if concatenated else "other"


def is_chain(rows: Sequence[Row], kinds: Sequence[str]) -> bool:
    """Whether each layer reads the layer before it, as far as a table can tell.

    Where branches meet, or a layer without parameters has other channels than the one above it,
    the line above is not the input, and the figure then does not call it so.
    """
    pooled = (i for i, kind in enumerate(kinds) if kind == "pool")
    keeps = all(rows[i].shape[-1] == rows[i - 1].shape[-1] for i in pooled)
    return keeps and "join" not in kinds


def checked(where: str, row: Any) -> list[Any]:
    """Check a row; return its shape, parameters, multiply-adds, receptive field and jump."""
    if not isinstance(row, Row):
        raise ValueError(f"{where} is {str(row)[:80]}; expected a Row")
    if not isinstance(row.name, str) or not row.name.strip():
        raise ValueError(f"{where} has the name {row.name!r}; expected a word")
    where = f"{where} ({row.name})"
    if not isinstance(row.shape, tuple | list) or len(row.shape) not in (1, 3):
        raise ValueError(f"{where}: shape is {row.shape!r}; expected (H, W, C) or (units,)")
    shape = [whole(f"{where}: shape[{i}]", n, 1, 10**6) for i, n in enumerate(row.shape)]
    costs = [
        whole(f"{where}: {n}", getattr(row, n), 0, MOST) for n in ("parameters", "multiply_adds")
    ]
    field = row.receptive_field
    if field is not None:
        field = whole(f"{where}: receptive_field", field, 1, 10**6)
    return [shape, *costs, field, distance(where, row.jump)]


def distance(where: str, jump: Any) -> float | None:
    """Check a jump: below 1 where a network enlarges its image, and None off the grid."""
    if jump is None:
        return None
    if not isinstance(jump, Real) or isinstance(jump, bool) or not 0 < jump < inf:
        raise ValueError(f"{where}: jump is {jump!r}; expected a positive number, or None")
    return int(jump) if jump == int(jump) else float(jump)


def network(where: str, name: Any, rows: Any) -> list[Any]:
    """Check a network, and write it as ``[name, chain, rows]``, each row a short list."""
    if not isinstance(name, str) or not name.strip():
        raise ValueError(f"networks has the key {name!r}; expected a name to show")
    if isinstance(rows, str | Mapping) or not isinstance(rows, Sequence):
        raise ValueError(f"{where} is {str(rows)[:80]}; expected a sequence of Row")
    inputs = len(getattr(rows, "sees", ["input"]))
    if inputs != 1:
        raise ValueError(
            f"{where} is of a model with {inputs} inputs; the figure draws one image from layer to"
            " layer: give the part after one of them, such as the shared encoder"
        )
    if not 2 <= len(rows) <= MOST_ROWS:
        raise ValueError(
            f"{where} has {len(rows)} rows; expected the input and 1 to {MOST_ROWS - 1} layers"
        )
    plain = [checked(f"{where}[{i}]", row) for i, row in enumerate(rows)]
    if len(rows[0].shape) != 3:
        raise ValueError(f"{where}[0] has shape {rows[0].shape!r}; expected the image, (H, W, C)")
    kinds = [kind_of(row, before) for row, before in zip(rows, [None, *rows], strict=False)]
    short = [
        [row.name, KINDS.index(kind), *values]
        for row, kind, values in zip(rows, kinds, plain, strict=True)
    ]
    return [name, is_chain(rows, kinds), short]


class Checked(list):
    """Networks as short lists: what `Networks` made, which traitlets hands back to it at times."""


class Networks(traitlets.TraitType):
    """Networks by name, each a sequence of `Row`; kept as short lists."""

    def validate(self, owner: Any, value: Any) -> Checked:
        """Return ``[[name, chain, rows], …]``, or raise a `ValueError` that says what is wrong."""
        if isinstance(value, Checked):
            return value
        if not isinstance(value, Mapping) or not value:
            raise ValueError(
                f"{self.name} is {str(value)[:80]}; expected a mapping from names to rows"
            )
        return Checked(network(f"{self.name}[{key!r}]", key, rows) for key, rows in value.items())


class ArchitectureExplorer(Figure):
    """Walk through networks drawn to scale: shapes, parameters, multiply-adds, receptive fields.

    Parameters
    ----------
    networks
        From the name to show to the rows of the table, the first of them the input, as
        :func:`cnnlab.convolution.trace` gives them. Without it, the lecture's small network.

    Raises
    ------
    ValueError
        If a network is not a sequence of 2 to 500 `Row`, or a row holds what no layer can have.
    """

    script = "architecture_explorer"
    networks = Networks(Checked()).tag(sync=True)
    chosen = Whole(0)  # which network, in their order
    layer = Whole(1)  # the row that is explained; 0 is the input
    same_scale = Flag(False)  # one scale for all networks: a small one is a speck beside VGG

    def __init__(self, networks: Mapping[str, Sequence[Row]] | None = None):
        given = {"ConvNet, 32 × 32": small_network()} if networks is None else networks
        super().__init__(networks=given)
