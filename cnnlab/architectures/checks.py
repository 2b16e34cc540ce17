"""What every network of this room refuses, said in the same words."""

from collections.abc import Collection, Sequence
from typing import Any

from cnnlab.convolution.checks import whole

Shape = tuple[int, int, int]


def image_shape(input_shape: Sequence[int], at_least: int, channels: int | None = None) -> Shape:
    """`input_shape` as (H, W, C), if an image of this size comes out of the network's last pooling.

    Raises
    ------
    ValueError
        If it is not three whole numbers, or an image is smaller than `at_least` on a side, or
        `channels` is given and its channels are others.
    """
    try:
        H, W, C = input_shape
    except (TypeError, ValueError):
        raise ValueError(f"input_shape is {input_shape!r}; expected (H, W, C)") from None
    for n in (H, W, C):
        whole("input_shape", n, 1)
    if min(H, W) < at_least:
        raise ValueError(
            f"input_shape is {(H, W, C)}, too small for this network;"
            f" expected at least {at_least} × {at_least}"
        )
    if channels is not None and channels != C:
        raise ValueError(f"input_shape is {(H, W, C)}; expected {channels} channels")
    return H, W, C


def class_count(classes: int | None) -> int | None:
    """`classes`, if it is a number of classes, or None for a network without its last layer."""
    return None if classes is None else whole("classes", classes, 1)


def variant(name: str, value: Any, known: Collection[Any]) -> Any:
    """`value`, if it is one of the family's members."""
    if isinstance(value, bool) or value not in known:
        raise ValueError(f"{name} is {value!r}; expected one of {', '.join(map(repr, known))}")
    return value
