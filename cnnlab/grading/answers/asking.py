"""Asking a student's answer: one call for each case, and a clear word when it raises an error."""

import linecache
import re
import sysconfig
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from cnnlab.grading.answers.compare import copied
from cnnlab.grading.question import Case, Kind
from cnnlab.grading.texts import tr

LIBRARIES = (
    *("site-packages", "dist-packages", "<frozen", sysconfig.get_path("stdlib")),
    str(Path(__file__).parents[2]),
)
# What frameworks put into their messages for machines: colours, names of nodes and operations.
FOR_MACHINES = re.compile(r"\x1b\[[0-9;]*m|\{\{.*?\}\} ?|\s*\[Op:\w+\].*", re.DOTALL)
LONGEST = 800  # characters of a message


class AnswerError(Exception):
    """The answer could not be asked: its message says why, for the student."""


def answers(kind: Kind, answer: Any, cases: Sequence[Case]) -> list[Any]:
    """The answer's outputs, one for each case.

    For a network they are the models; for a trained model, what `predictor` says.

    Raises
    ------
    AnswerError
        If it is not what the kind of question expects, or raises an error.
    """
    if kind == "value":
        return [answer for _ in cases]
    call = predictor(answer) if kind == "trained" else answer
    if kind == "network" and hasattr(answer, "count_params"):
        raise AnswerError(tr("The answer is a model; expected the function that builds it."))
    if not callable(call):
        raise AnswerError(
            tr("The answer is of type {}; expected a function.").format(type(answer).__name__)
        )
    return [called(call, case) for case in cases]


def predictor(model: Any) -> Callable[..., Any]:
    """Predicts with a Keras model, from the first array of a case; the others are for the score.

    Returns
    -------
    function
        Its result has ``"predictions"``, an array, and ``"parameters"``, how many the model has,
        those that are not trained included.

    Raises
    ------
    AnswerError
        If it is none.
    """
    import keras

    if not isinstance(model, keras.Model):
        raise AnswerError(
            tr("The answer is of type {}; expected a keras.Model.").format(type(model).__name__)
        )
    return lambda images, *_: {
        "predictions": model.predict(images, verbose=0),
        "parameters": model.count_params(),
    }


def called(call: Callable[..., Any], case: Case) -> Any:
    """What a function returns, asked with arguments of its own."""
    try:
        return call(*copied(case))
    except Exception as error:
        raise AnswerError(explained(error)) from error


def explained(error: BaseException) -> str:
    """What an error says, and the student's own line that it comes from."""
    message = FOR_MACHINES.sub("", said(error)).strip()[:LONGEST]
    text = f"{type(error).__name__}: {message}"
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if not any(name in frame.filename for name in LIBRARIES)]
    if not own:
        return text
    line = own[-1].line or linecache.getline(own[-1].filename, own[-1].lineno or 0).strip()
    return tr("{}\nin {}, line {}:  {}").format(text, own[-1].name, own[-1].lineno, line)


def said(error: BaseException) -> str:
    """The message of an error, whose class may be a student's own."""
    try:
        return str(error)
    except Exception:
        return ""
