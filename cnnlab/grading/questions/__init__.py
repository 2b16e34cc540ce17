"""The questions of each room: a folder for each, a file for each question.

A file says how its question's inputs are drawn, what is right, apart from the package, and the
wrong ways with their hints. A judge hides this folder from the code that it marks.
"""

from collections.abc import Sequence
from difflib import get_close_matches
from functools import cache
from importlib import import_module
from pathlib import Path

from cnnlab.grading.folder import Folder, read
from cnnlab.grading.question import Question
from cnnlab.grading.texts import tr
from cnnlab.rooms import NAMES as COURSE

ROOMS: tuple[str, ...] = tuple(COURSE)


OWN: dict[str, Folder] = {}  # folders of teachers, by their names


def add(path: Path) -> str:
    """Take the questions of a teacher's folder as one room more; its name.

    Raises
    ------
    ValueError
        If the folder cannot be read, or has a name or a question of the course's own.
    """
    global ROOMS
    folder = read(path)
    if folder.room in COURSE:
        raise ValueError(f"{path} has the name of a room of the course; expected another one")
    for name in (one.id for one in folder.questions):
        if any(name in questions(room) for room in ROOMS if room != folder.room):
            raise ValueError(f"{path}: the question {name!r} is one of the course's; rename it")
    OWN[folder.room] = folder
    ROOMS = (*COURSE, *OWN)
    questions.cache_clear()
    return folder.room


def fingerprint(room: str) -> str:
    """Of the files of a teacher's own questions; empty for the course's."""
    return OWN[room].fingerprint if room in OWN else ""


def version(room: str) -> int:
    """Of a room's exercise. It grows when a change of the questions changes what is asked."""
    return OWN[room].version if room in OWN else _module(room).VERSION


@cache
def questions(room: str) -> dict[str, Question]:
    """A room's questions by their ids, in the order of the exercise."""
    known = OWN[room].questions if room in OWN else _module(room).QUESTIONS
    return {question.id: question for question in known}


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
