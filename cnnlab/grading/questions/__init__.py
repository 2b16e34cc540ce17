"""The questions of each room: a folder for each, a file for each question.

A file says how its question's inputs are drawn, what is right, apart from the package, and the
wrong ways with their hints. A judge hides this folder from the code that it marks.
"""

from collections.abc import Sequence
from difflib import get_close_matches
from functools import cache
from importlib import import_module

from cnnlab.grading.question import Question
from cnnlab.grading.texts import tr
from cnnlab.rooms import NAMES as ROOMS


def version(room: str) -> int:
    """Of a room's exercise. It grows when a change of the questions changes what is asked."""
    return _module(room).VERSION


@cache
def questions(room: str) -> dict[str, Question]:
    """A room's questions by their ids, in the order of the exercise."""
    return {question.id: question for question in _module(room).QUESTIONS}


def question(name: str) -> Question:
    """The question of that id.

    Raises
    ------
    ValueError
        If there is none, with the ids that look like it.
    """
    known: dict[str, Question] = {}
    for room in ROOMS:
        known |= questions(room)
    if name in known:
        return known[name]
    raise ValueError(unknown(tr("question"), name, list(known)))


def unknown(what: str, name: object, known: Sequence[str]) -> str:
    """What to say to a name that does not exist."""
    near = get_close_matches(str(name), known, n=3, cutoff=0.5) or known
    return tr("{} is {!r}, which does not exist; near it are {}").format(
        what, name, ", ".join(map(repr, near))
    )


def _module(room: str):
    if room not in ROOMS:
        raise ValueError(unknown(tr("room"), room, ROOMS))
    return import_module(f"{__name__}.{room}")
