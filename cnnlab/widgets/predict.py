"""A prediction: the reader commits to an answer before the page shows it."""

from collections.abc import Sequence
from math import isfinite
from typing import Any

import numpy as np
import traitlets

from cnnlab.widgets.frame import Figure

MOST = 6  # choices


class Predict(Figure):
    """A question with a number or one of a few choices for an answer, told after the guess.

    Over the page it counts how many guesses were right, and by what factor the numbers were off.
    Guesses are kept on the reader's device only, under the page and the question; the widget's
    state, and so a saved notebook, has none of them. In the published book the cells that follow
    at once wait for the guess: those before the text goes on.

    Parameters
    ----------
    question
        What is asked, as plain text.
    truth
        The answer, as this run found it: a number, or one of `choices`.
    unit
        What the number counts, such as ``"%"`` or ``"parameters"``.
    choices
        Two to six answers to choose from. None: a number is asked for.
    why
        One sentence that is told with the answer.

    Raises
    ------
    ValueError
        If the question is empty, the choices are not two to six different texts, or `truth` is
        neither a finite number nor one of them.
    """

    script = "predict"
    question = traitlets.Unicode().tag(sync=True)
    truth = traitlets.Any().tag(sync=True)
    unit = traitlets.Unicode().tag(sync=True)
    choices = traitlets.List(traitlets.Unicode()).tag(sync=True)
    why = traitlets.Unicode().tag(sync=True)

    def __init__(
        self,
        question: str,
        truth: float | str,
        unit: str = "",
        choices: Sequence[str] | None = None,
        why: str = "",
        **kwargs: Any,
    ):
        for name, text in {"question": question, "unit": unit, "why": why}.items():
            if not isinstance(text, str):
                raise ValueError(f"{name} is {text!r}; expected a text")
        if not question.strip():
            raise ValueError("question is empty; expected what the reader is to guess")
        truth = _number(truth) if choices is None else _choice(truth, choices)
        state = {"unit": unit, "choices": list(choices or ()), "why": why}
        super().__init__(question=question, truth=truth, **state, **kwargs)


def _number(truth: Any) -> float:
    """The answer as a Python number."""
    plain = (
        truth.item() if isinstance(truth, np.ndarray | np.generic) and truth.size == 1 else truth
    )
    if isinstance(plain, bool) or not isinstance(plain, int | float) or not isfinite(plain):
        raise ValueError(f"truth is {truth!r}; expected a finite number, or choices to choose from")
    return plain


def _choice(truth: Any, choices: Sequence[str]) -> str:
    """The answer as one of the choices."""
    texts = [] if isinstance(choices, str) else list(choices)
    good = all(isinstance(text, str) and text.strip() for text in texts)
    if not good or not 2 <= len(set(texts)) == len(texts) <= MOST:
        raise ValueError(f"choices is {choices!r}; expected 2 to {MOST} different texts")
    if truth not in texts:
        raise ValueError(f"truth is {truth!r}; expected one of {', '.join(map(repr, texts))}")
    return truth
