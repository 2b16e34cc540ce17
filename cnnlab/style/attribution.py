"""Why this answer? Which pixels and places of a picture a network's answer hangs on.

All of it works on any Keras model that runs on pictures: a Sequential, one with another network
nested in it, one with a head of the reader's own, with logits or with softmax at its end.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

import keras
import numpy as np
from keras import ops
from numpy.typing import ArrayLike

from cnnlab.checks import array, keras_model, one_of, whole
from cnnlab.gradients import value_and_gradient

METHODS = ("plain", "deconvnet", "guided")


def class_score(model: keras.Model, target: int) -> Callable[[Any], Any]:
    """How much the model is for one class, before softmax: from its input to one number.

    The probability would not do. Where the network is sure, softmax is flat, and so every gradient
    is 0; and it falls when another class rises, which is no news of this one.

    Parameters
    ----------
    model
        From one picture to ``(1, classes)``.
    target
        The class, a place in the answer.

    Raises
    ------
    ValueError
        If there is no such class.
    """
    keras_model("model", model)
    shape = model.outputs[0].shape if len(model.outputs) == 1 else None
    if shape is None or len(shape) != 2:
        raise ValueError(
            f"model answers {[tuple(each.shape) for each in model.outputs]}; expected (N, classes)"
        )
    whole("target", target, 0, shape[-1] - 1)

    def score(x: Any) -> Any:
        with _without_softmax(model):
            return ops.sum(model(x, training=False)[:, target])

    return score


def saliency(
    model: keras.Model,
    image: ArrayLike | Sequence[ArrayLike],
    target: int,
    method: str = "plain",
    which: int | None = None,
) -> np.ndarray:
    """How the score of a class changes with each number of the picture.

    K. Simonyan, A. Vedaldi, A. Zisserman, Deep inside convolutional networks, 2013. On the way back
    through ReLU, ``"plain"`` lets through what has a positive input (the gradient),
    ``"deconvnet"`` what is itself positive (Zeiler and Fergus 2014), and ``"guided"`` what is both
    (J. T. Springenberg et al., Striving for simplicity, 2014). The last two are no gradients.
    Max pooling sends back to where the largest was: the deconvnet's switches.

    Parameters
    ----------
    model
        From pictures to scores or probabilities of classes.
    image
        Its input, ``(H, W, C)``, prepared as the model wants it. For a model with several inputs,
        a list of one for each.
    target
        The class.
    method
        ``"plain"``, ``"deconvnet"`` or ``"guided"``.
    which
        For a model with several inputs: the number of the one that is asked about.

    Returns
    -------
    numpy.ndarray
        ``(H, W, C)``, with signs.

    Raises
    ------
    ValueError
        If an argument is not one of these.
    """
    one_of("method", method, METHODS)
    score = class_score(model, target)
    inputs, which = _inputs(model, image, which)

    def of_one(x: Any) -> Any:
        given = [ops.convert_to_tensor(each) for each in inputs]
        given[which] = x
        return score(given if len(given) > 1 else x)

    with rectified(model, method):
        _, gradient = value_and_gradient(of_one, inputs[which])
    return gradient[0]


def occlusion_map(
    model: keras.Model,
    image: ArrayLike,
    target: int,
    size: int = 32,
    step: int = 16,
    fill: float | ArrayLike = 0.0,
    batch: int = 32,
) -> np.ndarray:
    """By how much the score of a class falls when a square hides a part of the picture.

    Zeiler and Fergus 2014, section 4.2. No gradient, any model; but one run for each place.

    Parameters
    ----------
    model, image, target
        As in :func:`saliency`, with one input.
    size
        Of the square, in pixels.
    step
        From one place to the next, in pixels. The last row and column of places are at the border.
    fill
        What the square shows: a number, or one for each channel.
    batch
        How many hidden pictures the model sees at a time.

    Returns
    -------
    numpy.ndarray
        ``(rows, columns)`` of places, the score of the whole picture minus that of the hidden one:
        what matters most is largest.

    Raises
    ------
    ValueError
        If an argument is not one of these, or the square is larger than the picture.
    """
    score_of = class_score(model, target)
    (x,), _ = _inputs(model, image, None)
    _, H, W, _ = x.shape
    whole("size", size, 1, min(H, W)), whole("step", step, 1), whole("batch", batch, 1)
    tops, lefts = _starts(H, size, step), _starts(W, size, step)
    places = [(top, left) for top in tops for left in lefts]
    fallen = []
    with _without_softmax(model):
        whole_score = float(score_of(x))
        for first in range(0, len(places), batch):
            some = places[first : first + batch]
            hidden = np.repeat(x, len(some), axis=0)
            for picture, (top, left) in zip(hidden, some, strict=True):
                picture[top : top + size, left : left + size] = fill
            answers = ops.convert_to_numpy(model(hidden, training=False))[:, target]
            fallen.extend(whole_score - answers)
    return np.array(fallen).reshape(len(tops), len(lefts))


def grad_cam(
    model: keras.Model,
    image: ArrayLike,
    target: int,
    layer: str | None = None,
) -> np.ndarray:
    """The places of a layer that speak for a class.

    R. R. Selvaraju et al., Grad-CAM: visual explanations from deep networks via gradient-based
    localization, ICCV 2017. Each channel's weight is the mean over all places of the gradient of
    the class's score; the map is ReLU(Σ_k w_k · a_k).

    Parameters
    ----------
    model, image, target
        As in :func:`saliency`, with one input. The layer may be in a network that is nested in the
        model.
    layer
        Its name. None: the last one that answers with places.

    Returns
    -------
    numpy.ndarray
        ``(H', W')``, at least 0: stretch it over the picture to see it.

    Raises
    ------
    ValueError
        If there is no such layer, it answers without places, or it is used more than once.
    """
    score = class_score(model, target)
    (x,), _ = _inputs(model, image, None)
    chosen = _layer_with_places(model, layer)
    seen: list[Any] = []

    def keep(answer: Any) -> Any:
        seen.append(answer)
        return answer

    with _tapped(chosen, keep):
        score(x)
    if len(seen) != 1:
        raise ValueError(
            f"layer {chosen.name!r} is used {len(seen)} times in this model; expected once"
        )
    a = ops.convert_to_numpy(seen[0])  # (1, H', W', C)

    def with_change(change: Any) -> Any:
        with _tapped(chosen, lambda answer: answer + change):
            return score(x)

    _, gradient = value_and_gradient(with_change, np.zeros_like(a))
    return weighted_map(a[0], gradient[0])


def weighted_map(a: ArrayLike, gradients: ArrayLike) -> np.ndarray:
    """ReLU of the channels' sum, each weighted by its mean gradient: the last step of Grad-CAM.

    Parameters
    ----------
    a, gradients
        What a layer answers, and how the score changes with it: ``(H', W', C)`` each.

    Returns
    -------
    numpy.ndarray
        ``(H', W')``, at least 0.
    """
    a, gradients = array("a", a, "H, W, C"), array("gradients", gradients, "H, W, C")
    if a.shape != gradients.shape:
        raise ValueError(f"gradients have shape {gradients.shape}; expected that of a, {a.shape}")
    weights = gradients.mean(axis=(0, 1))  # (C,)
    return np.maximum(a @ weights, 0)  # (H', W')


def deletion_curve(
    model: keras.Model,
    image: ArrayLike,
    target: int,
    importance: ArrayLike,
    steps: int = 10,
    fill: float | ArrayLike = 0.0,
) -> np.ndarray:
    """What is left of a class's probability while its most important pixels are taken away.

    V. Petsiuk, A. Das, K. Saenko, RISE: randomized input sampling for explanation of black-box
    models, BMVC 2018. A map that names what the network uses makes the curve fall early: the
    smaller its mean, the better the map.

    Parameters
    ----------
    model, image, target
        As in :func:`saliency`, with one input and probabilities as the answer.
    importance
        A number for each pixel, ``(H, W)``, or a coarser map, which is stretched over the picture.
    steps
        In how many equal shares the pixels are taken away.
    fill
        What they are replaced by: a number, one for each channel, or a whole picture such as a
        blurred one, ``(H, W, C)``.

    Returns
    -------
    numpy.ndarray
        ``(steps + 1,)``, the probability with none to all of the pixels taken away.

    Raises
    ------
    ValueError
        If an argument is not one of these.
    """
    class_score(model, target)
    (x,), _ = _inputs(model, image, None)
    _, H, W, _ = x.shape
    whole("steps", steps, 1)
    importance = stretched(importance, (H, W))
    order = np.argsort(-importance, axis=None, kind="stable")
    versions = np.repeat(x, steps + 1, axis=0)
    replacement = np.broadcast_to(np.asarray(fill, x.dtype), x.shape[1:]).reshape(H * W, -1)
    for step, version in enumerate(versions):
        gone = order[: round(H * W * step / steps)]
        version.reshape(H * W, -1)[gone] = replacement[gone]
    return ops.convert_to_numpy(model(versions, training=False))[:, target]


def stretched(importance: ArrayLike, size: tuple[int, int]) -> np.ndarray:
    """A map of importance ``(h, w)``, or with channels ``(h, w, C)``, for each pixel of a picture.

    Channels become the largest ``|value|`` among them; a coarser map is resized, bilinearly.

    Returns
    -------
    numpy.ndarray
        ``(H, W)`` float.
    """
    found = np.asarray(importance, float)
    if found.ndim == 3:
        found = np.abs(found).max(axis=-1)
    found = array("importance", found, "H, W")
    if found.shape != tuple(size):
        resized = ops.image.resize(found[..., np.newaxis], size)
        found = ops.convert_to_numpy(resized)[..., 0]
    return found


# ---- what is asked ----


def _inputs(
    model: keras.Model, image: ArrayLike | Sequence[ArrayLike], which: int | None
) -> tuple[list[np.ndarray], int]:
    """The model's inputs, each ``(1, H, W, C)``, and the number of the one that is meant."""
    count = len(model.inputs)
    given = list(image) if count > 1 and isinstance(image, list | tuple) else [image]
    if len(given) != count:
        raise ValueError(f"image is {len(given)} pictures; expected {count}, one for each input")
    if which is None and count > 1:
        names = ", ".join(f"{i} ({each.name})" for i, each in enumerate(model.inputs))
        raise ValueError(
            f"which is None, but the model has {count} inputs; expected one of {names}"
        )
    which = whole("which", which or 0, 0, count - 1)
    made = []
    for tensor, each in zip(model.inputs, given, strict=True):
        x = array("image", each, "H, W, C").astype(tensor.dtype)
        fits = all(n in (None, m) for n, m in zip(tensor.shape[1:], x.shape, strict=True))
        if not fits:
            raise ValueError(f"image has shape {x.shape}; expected {tuple(tensor.shape[1:])}")
        if not np.isfinite(x).all():
            raise ValueError("image holds NaN or infinite numbers; expected finite ones")
        made.append(x[np.newaxis])
    return made, which


def _starts(n: int, size: int, step: int) -> list[int]:
    return sorted({*range(0, n - size, step), n - size})


def _layers(model: keras.Model) -> list[keras.Layer]:
    """All layers, those of nested models too, in their order."""
    found = []
    for each in model.layers:
        found += _layers(each) if isinstance(each, keras.Model) else [each]
    return found


def _layer_with_places(model: keras.Model, name: str | None) -> keras.Layer:
    layers = _layers(model)
    layers = [each for each in layers if not isinstance(each, keras.layers.InputLayer)]
    placed = [each for each in layers if len(_shape(each)) == 4]
    if name is None:
        if not placed:
            raise ValueError("model has no layer with places, (N, H, W, C)")
        return placed[-1]
    named = [each for each in layers if each.name == name]
    if not named:
        raise ValueError(f"layer is {name!r}; expected one of {', '.join(e.name for e in placed)}")
    if named[0] not in placed:
        raise ValueError(
            f"layer is {name!r}, which answers {_shape(named[0])}, without places; expected one of"
            f" {', '.join(each.name for each in placed)}"
        )
    return named[0]


def _shape(layer: keras.Layer) -> tuple:
    """What a layer answers; () if it was never called on its own."""
    try:
        return tuple(layer.output.shape)
    except (AttributeError, ValueError):
        return ()


# ---- how layers are changed for a while ----


@contextmanager
def _replaced(layer: keras.Layer, name: str, value: Any) -> Iterator[None]:
    """Within it, an attribute of the layer is another. Past Keras, which would note it."""
    own = vars(layer)
    before = own.get(name)
    own[name] = value
    try:
        yield
    finally:
        if before is None:
            del own[name]
        else:
            own[name] = before


def _tapped(layer: keras.Layer, change: Callable[[Any], Any]) -> Any:
    """Within it, the layer answers what `change` makes of its answer."""
    original = layer.call
    return _replaced(layer, "call", lambda *given, **options: change(original(*given, **options)))


@contextmanager
def _without_softmax(model: keras.Model) -> Iterator[None]:
    """Within it, the model's last layer answers the numbers that go into softmax."""
    last = _layers(model)[-1]
    with ExitStack() as stack:
        if isinstance(last, keras.layers.Softmax):
            stack.enter_context(_replaced(last, "call", lambda x, *rest, **options: x))
        elif getattr(last, "activation", None) is keras.activations.softmax:
            stack.enter_context(_replaced(last, "activation", keras.activations.linear))
        yield


@contextmanager
def rectified(model: keras.Model, method: str) -> Iterator[None]:
    """Within it, every ReLU sends back what the method says."""
    with ExitStack() as stack:
        for each in _layers(model) if method != "plain" else []:
            most = _ceiling(each)
            if most is not None:
                name = "call" if isinstance(each, keras.layers.ReLU) else "activation"
                stack.enter_context(_replaced(each, name, _relu(method, most)))
        yield


CEILINGS = {keras.activations.relu: np.inf, keras.activations.relu6: 6.0}


def _ceiling(layer: keras.Layer) -> float | None:
    """The largest answer of a layer's ReLU; None if it has no ReLU."""
    if isinstance(layer, keras.layers.ReLU):
        plain = not layer.negative_slope and not layer.threshold
        return (np.inf if layer.max_value is None else float(layer.max_value)) if plain else None
    return CEILINGS.get(getattr(layer, "activation", None))


def _relu(method: str, most: float) -> Callable:
    """ReLU that sends back only what is positive; ``"guided"``: and only where it is open."""

    @ops.custom_gradient
    def relu(x: Any) -> Any:
        def back(*arguments: Any, upstream: Any = None) -> Any:
            g = arguments[0] if upstream is None else upstream
            is_open = ops.cast((x > 0) & (x < most), g.dtype) if method == "guided" else 1
            return ops.maximum(g, 0) * is_open

        return ops.minimum(ops.relu(x), most), back

    return lambda x, *rest, **options: relu(x)
