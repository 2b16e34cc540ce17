"""The exact part of a picture that one unit can see: padding, borders and branches included."""

from collections.abc import Callable
from typing import Any, NamedTuple

import keras
from keras import layers as L

from cnnlab.checks import whole

Span = tuple[int, int]  #: rows or columns, from the first to the one after the last


class Window(NamedTuple):
    """How a layer looks along one axis."""

    f: int  #: its window
    s: int  #: its stride
    d: int  #: its dilation
    same: bool  #: whether it pads with zeros


class Box(NamedTuple):
    """A part of a picture, in pixels: the last row and column are not in it."""

    top: int
    left: int
    bottom: int
    right: int


def receptive_box(model: keras.Model, layer: str, place: tuple[int, int]) -> Box:
    """The pixels that decide what one layer answers at one place.

    Backwards from the place, layer by layer: a window of size f and stride s at place i has seen
    the places from i · s − p to i · s − p + f − 1, where p is the padding on this side. What lies
    in the padding is no pixel, so a box ends at the border.

    Parameters
    ----------
    model
        With one input, an image of a fixed size ``(H, W, C)``; it may hold other models.
    layer
        The name of one of its own layers, which answers ``(N, H', W', C')``.
    place
        Row and column in this answer.

    Returns
    -------
    Box
        In the input's pixels.

    Raises
    ------
    ValueError
        If there is no such layer or place, the input has no fixed size, or a layer on the way is
        of a kind whose view is not known here.
    """
    names = [each.name for each in model.layers]
    if layer not in names:
        raise ValueError(f"layer is {layer!r}; expected one of {', '.join(names)}")
    answer = model.get_layer(layer).output
    if len(answer.shape) != 4:
        raise ValueError(f"layer is {layer!r}, which answers {answer.shape}, without places")
    if len(model.inputs) != 1 or None in model.inputs[0].shape[1:]:
        shapes = ", ".join(str(each.shape) for each in model.inputs)
        raise ValueError(f"model takes {shapes}; expected one image of a fixed size")
    i, j = place
    whole("place[0]", i, 0, answer.shape[1] - 1), whole("place[1]", j, 0, answer.shape[2] - 1)
    rows, columns = (
        _seen(model, answer, (index, index + 1), axis) for index, axis in ((i, 1), (j, 2))
    )
    return Box(rows[0], columns[0], rows[1], columns[1])


def _seen(model: keras.Model, answer: Any, span: Span, axis: int) -> Span:
    """The span of the model's input that a span of one of its tensors has seen."""
    model = getattr(model, "_functional", model)  # a Sequential has its graph in there
    spans = {id(answer): span}
    for depth in sorted(model._nodes_by_depth):  # from the outputs to the inputs
        for node in model._nodes_by_depth[depth]:
            reached = [spans[id(x)] for x in node.outputs if id(x) in spans]
            if not reached or node.is_input:
                continue
            for x in node.input_tensors:
                view = _before(node.operation, _union(reached), x, node.outputs[0], axis)
                spans[id(x)] = _union([view, *([spans[id(x)]] if id(x) in spans else [])])
    (image,) = model.inputs
    return spans.get(id(image), (0, 0))


def _before(operation: Any, span: Span, x: Any, answer: Any, axis: int) -> Span:
    """What an operation has seen of its input `x`, to answer in this span."""
    if isinstance(operation, keras.Model):
        return _seen(operation, operation.outputs[0], span, axis)
    n = x.shape[axis] if len(x.shape) == 4 else None
    kind = next((kind for kind in VIEWS if isinstance(operation, kind)), None)
    if n is None or kind in WHOLE or len(answer.shape) != 4:
        return (0, n or 1)
    if n == 1:  # one number for all places, such as a factor of squeeze-and-excitation
        return (0, 1)
    if kind is None and answer.shape[axis] != n:
        raise ValueError(
            f"layer {operation.name!r} is of the kind {type(operation).__name__}, whose view is not"
            " known"
        )
    first, after = VIEWS[kind](operation, span, n, axis) if kind else span
    return max(0, first), min(n, after)


def _through_window(operation: Any, span: Span, n: int, axis: int) -> Span:
    w = _window(operation, axis - 1)
    reach = (w.f - 1) * w.d + 1
    padding = max(0, (-(-n // w.s) - 1) * w.s + reach - n) // 2 if w.same else 0
    return span[0] * w.s - padding, (span[1] - 1) * w.s - padding + reach


def _window(operation: Any, axis: int) -> Window:
    size = getattr(operation, "kernel_size", None) or operation.pool_size
    dilation = getattr(operation, "dilation_rate", (1, 1))
    return Window(
        size[axis],
        operation.strides[axis],
        dilation[axis] if isinstance(dilation, tuple | list) else dilation,
        operation.padding == "same",
    )


def _through_padding(operation: Any, span: Span, n: int, axis: int) -> Span:
    before = operation.padding[axis - 1][0]
    return span[0] - before, span[1] - before


def _through_cropping(operation: Any, span: Span, n: int, axis: int) -> Span:
    before = operation.cropping[axis - 1][0]
    return span[0] + before, span[1] + before


def _through_repetition(operation: Any, span: Span, n: int, axis: int) -> Span:
    factor = operation.size[axis - 1]
    near = 0 if operation.interpolation == "nearest" else 1  # bilinear looks at its neighbours
    return span[0] // factor - near, (span[1] - 1) // factor + 1 + near


WHOLE = (L.GlobalAveragePooling2D, L.GlobalMaxPooling2D, L.Flatten)
VIEWS: dict[type, Callable[[Any, Span, int, int], Span]] = dict.fromkeys(
    (
        *(L.Conv2D, L.DepthwiseConv2D, L.SeparableConv2D),
        *(L.MaxPooling2D, L.AveragePooling2D),
    ),
    _through_window,
) | {
    L.ZeroPadding2D: _through_padding,
    L.Cropping2D: _through_cropping,
    L.UpSampling2D: _through_repetition,
    **dict.fromkeys(WHOLE, lambda operation, span, n, axis: (0, n)),
}


def _union(spans: list[Span]) -> Span:
    return min(first for first, _ in spans), max(after for _, after in spans)
