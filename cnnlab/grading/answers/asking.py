"""Asking a student's answer: one call for each case, and a clear word when it raises an error."""

import inspect
import linecache
import re
import sysconfig
import traceback
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from cnnlab.grading.answers.compare import AS_NUMBERS, as_array, copied, kind_of, plain
from cnnlab.grading.question import Case, Kind
from cnnlab.grading.texts import tr

LIBRARIES = (
    *("site-packages", "dist-packages", "<frozen", sysconfig.get_path("stdlib")),
    str(Path(__file__).parents[2]),
)
# What frameworks put into their messages for machines: colours, names of nodes and operations.
FOR_MACHINES = re.compile(r"\x1b\[[0-9;]*m|\{\{.*?\}\} ?|\s*\[Op:\w+\].*", re.DOTALL)
LONGEST = 800  # characters of a message
ONE_LINE = 60  # characters of a tuple or a list among the arguments


class AnswerError(Exception):
    """The answer could not be asked: its message says why, for the student."""

    tier = "error"


class FormError(AnswerError):
    """The answer is another thing than the one that was asked for."""

    tier = "shape"


class ForbiddenError(AnswerError):
    """The answer rests on what may not be used."""

    tier = "forbidden"


class HiddenError(ModuleNotFoundError):
    """A room of the package was imported, and is not there for an answer."""


def used(name: str) -> str:
    """What to say to an answer that uses something of the rooms of the package."""
    return tr(
        "Your answer uses {}. When your notebook is marked, the rooms of cnnlab cannot be imported:"
        " write it yourself."
    ).format(name)


def answers(
    kind: Kind, answer: Any, cases: Sequence[Case], image: Sequence[int] | None = None
) -> list[Any]:
    """The answer's outputs, one for each case.

    For a network they are the models; for a trained model, what `predictor` says.

    Parameters
    ----------
    kind, answer, cases
        What is asked, and with what.
    image
        The shape of an image, for the axes that a network leaves open. A shape among the arguments
        of a call goes before it.

    Raises
    ------
    AnswerError
        If it is not what the kind of question expects, or raises an error.
    """
    if kind == "value":
        return [plain(answer) for _ in cases]
    if kind == "trained":
        return _predicted(predictor(made_anew(answer)), cases)
    if kind == "network" and _is_built(answer):
        raise FormError(tr("The answer is a model; expected the function that builds it."))
    if not callable(answer):
        text = tr(
            "The answer is {}; expected a function. Give its name, without brackets after it."
        )
        raise FormError(text.format(kind_of(answer)))
    outputs = [called(answer, case) for case in cases]
    if kind == "network":
        pairs = zip(outputs, cases, strict=True)
        return [_built(model, _shape_among(case), image) for model, case in pairs]
    return list(map(plain, outputs))


def _is_built(answer: Any) -> bool:
    from keras.layers import Layer  # as every model is

    return isinstance(answer, Layer)


def _shape_among(case: Case) -> tuple[int, ...] | None:
    """The argument that is a shape (H, W, C)."""
    shapes = (one for one in case if isinstance(one, (tuple, list)) and len(one) == 3)
    return next((one for one in shapes if all(type(length) is int for length in one)), None)


def _built(model: Any, given: Sequence[int] | None, image: Sequence[int] | None) -> Any:
    """A network as a graph; without a shape that it was given, it has to know its own."""
    from keras import Model

    from cnnlab.grading.networks import input_shape

    if model is None:
        return None
    knows = isinstance(model, Model) and input_shape(model) is not None
    return one_graph(model, given or (image if knows else None))


def one_graph(model: Any, shape: Sequence[int] | None = None) -> Any:
    """A model as check and judge see it: see `cnnlab.grading.networks.flat`.

    Raises
    ------
    AnswerError
        If it is none, or stops with an error.
    """
    from cnnlab.grading.networks import flat  # needs Keras

    try:
        return flat(model, shape)
    except Exception as error:  # a class of the student's own has code of its own
        own = not isinstance(error, ValueError) or _own_frames(error)
        raise AnswerError(explained(error)) if own else FormError(sentence(error)) from error


def made_anew(model: Any) -> Any:
    """A model as a judge makes it, from its description alone.

    Raises
    ------
    AnswerError
        If it is none, or may not be marked.
    """
    from cnnlab.grading.networks import again  # needs Keras

    graph = one_graph(model)
    try:
        return again(graph)
    except (AttributeError, ValueError) as error:
        raise FormError(sentence(error)) from error


def sentence(error: Exception) -> str:
    """What an error of ours says, as a sentence."""
    text = str(error)
    return f"{text[:1].upper()}{text[1:].removesuffix('.')}."


def predictor(model: Any) -> Callable[..., Any]:
    """Predicts with a Keras model, from the first array of a case; the others are for the score.

    Returns
    -------
    function
        Its result has ``"predictions"``, an array, and ``"parameters"``, how many numbers the model
        has, those that are not trained included. It raises a `ValueError` if the model takes images
        of another shape.
    """
    from cnnlab.grading.networks import input_shape, parameters  # needs Keras

    def predict(images: Any, *_: Any) -> dict[str, Any]:
        takes, given = input_shape(model), tuple(images.shape[1:])
        if not _fits(takes, given):
            text = tr("The model takes images of shape {}; it is asked with images of shape {}")
            raise ValueError(text.format(takes, given))
        return {
            "predictions": model.predict(images, verbose=0),
            "parameters": parameters(model),
        }

    return predict


def _fits(takes: Sequence[int | None] | None, given: Sequence[int]) -> bool:
    """Whether images of that shape can be given; a model may leave axes open, and Keras itself
    takes away a single channel that the model does not have.
    """
    if takes is None:
        return True
    if len(takes) == len(given) - 1 and given[-1] == 1:
        given = given[:-1]
    pairs = zip(takes, given, strict=False)
    return len(takes) == len(given) and all(own in (None, length) for own, length in pairs)


def _predicted(predict: Callable[..., Any], cases: Sequence[Case]) -> list[Any]:
    """What a model made anew predicts. No code of the student's runs here."""
    try:
        return [predict(*copied(case)) for case in cases]
    except ValueError as error:
        raise FormError(sentence(error)) from error
    except Exception as error:
        raise AnswerError(explained(error)) from error


def called(call: Callable[..., Any], case: Case) -> Any:
    """What a function returns, asked with arguments of its own."""
    try:
        return call(*copied(case))
    except HiddenError as error:
        raise ForbiddenError(said(error)) from error
    except Exception as error:
        text = "\n".join(filter(None, [explained(error), _called_with(call, case)]))
        raise AnswerError(text) from error


def _called_with(call: Callable[..., Any], case: Case) -> str:
    """The arguments, by the names that the function has for them."""
    numbered = [tr("argument {}").format(place) for place in range(1, len(case) + 1)]
    names: list[str] = []
    with suppress(TypeError, ValueError):  # a function that does not take so many has no names
        for name, place in inspect.signature(call).bind(*numbered).arguments.items():
            names += [name] if isinstance(place, str) else place  # those of *args by their number
    told = filter(None, map(_argument, names or numbered, case))
    text = ", ".join(told)
    return tr("The function was called with {}.").format(text) if text else ""


def _argument(name: str, value: Any) -> str:
    """The shape of an array; a single value as it is, for it may be what the code breaks on, and
    so a tuple or a list in one line.
    """
    array = as_array(value)
    if isinstance(value, (tuple, list)):
        with np.printoptions(legacy=AS_NUMBERS):
            text = repr(value)
        if array is not None and len(text) <= ONE_LINE and "array(" not in text:
            return f"{name} = {text}"
    if array is not None and array.ndim:
        return tr("{} of shape {}").format(name, array.shape)
    if array is not None:
        return f"{name} = {array.item():.6g}" if array.dtype.kind == "f" else f"{name} = {array}"
    return f"{name} = {value!r}" if value is None or isinstance(value, str) else ""


def explained(error: BaseException) -> str:
    """What an error says, and the student's own line that it comes from."""
    message = FOR_MACHINES.sub("", said(error)).strip()[:LONGEST]
    text = f"{type(error).__name__}: {message}"
    own = _own_frames(error)
    if not own:
        return text
    line = own[-1].line or linecache.getline(own[-1].filename, own[-1].lineno or 0).strip()
    return tr("{}\nin {}, line {}:  {}").format(text, own[-1].name, own[-1].lineno, line)


def _own_frames(error: BaseException) -> list[traceback.FrameSummary]:
    """The student's own lines on the way to an error."""
    frames = traceback.extract_tb(error.__traceback__)
    return [frame for frame in frames if not any(name in frame.filename for name in LIBRARIES)]


def said(error: BaseException) -> str:
    """The message of an error, whose class may be a student's own."""
    try:
        return str(error)
    except Exception:
        return ""
