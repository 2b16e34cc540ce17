"""A teacher's rules for a class, from a small TOML file.

[late]
deadline = 2026-03-01T23:59:00   # the time where the marking runs, if it says no other
per_day = 0.1                    # share of what was earned, for each day that has begun
at_most = 0.5

[points]
iou = 5                          # instead of those that the question has

[canvas]
column = "Exercise 3 (4711)"     # the assignment's, as Canvas exports it

[partial]
questions = ["sizes"]            # of several parts: each right one earns its share

[bonus]
questions = ["line_kernel"]      # its points count, and nobody has to have them

[[by_hand]]                      # a question that you read yourself; an override gives its points
question = "essay"
room = "convolution"
title = "Why do we pool?"
points = 3

[[override]]
student = "Ada Lovelace"         # or the number that the platform gives
question = "iou"
points = 3
reason = "The text was not clear."
"""

import math
import tomllib
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from cnnlab.grading import questions as catalogue
from cnnlab.grading.gradebook.students import Student

KEYS = {
    "late": ("deadline", "per_day", "at_most"),
    "override": ("student", "question", "points", "reason"),
    "canvas": ("column",),
    "partial": ("questions",),
    "bonus": ("questions",),
    "by_hand": ("question", "room", "title", "points"),
}


@dataclass(frozen=True)
class Late:
    """What lateness costs.

    Attributes
    ----------
    deadline
        The last moment that is not late.
    per_day
        Share of what was earned that is taken off for each day that has begun.
    at_most
        Share that is taken off at most.
    """

    deadline: datetime
    per_day: float
    at_most: float = 1.0

    def days(self, handed_in: datetime | None, says: bool | None) -> int:
        """Days that have begun since the deadline.

        Parameters
        ----------
        handed_in
            The time of the file.
        says
            Whether the platform says that it is late; None if it does not say. A platform that says
            so counts more than the time of a file, which may be that of the download: it is one
            day then.
        """
        if says is not None:
            return int(says)
        if handed_in is None or handed_in <= self.deadline:
            return 0
        return math.ceil((handed_in - self.deadline) / timedelta(days=1))

    def share(self, days: int) -> float:
        return min(self.per_day * days, self.at_most)


@dataclass(frozen=True)
class Override:
    """Points that a teacher gives for a question, whatever the judge says."""

    student: str
    question: str
    points: float
    reason: str

    def meant_for(self, student: Student) -> bool:
        return self.student in (student.name, student.id, student.label)


@dataclass(frozen=True)
class ByHand:
    """A question that a teacher reads: the points come from an override."""

    question: str
    room: str
    title: str
    points: float


@dataclass(frozen=True)
class Rules:
    """All rules for a class; without a file there are none."""

    late: Late | None = None
    points: dict[str, float] = field(default_factory=dict)
    overrides: tuple[Override, ...] = ()
    canvas: str = ""
    partial: frozenset[str] = frozenset()
    bonus: frozenset[str] = frozenset()
    by_hand: tuple[ByHand, ...] = ()

    def refuse_unknown(self, students: Sequence[Student]) -> None:
        """Raise a ValueError if an override is for nobody in the class."""
        for override in self.overrides:
            if not any(map(override.meant_for, students)):
                known = list(dict.fromkeys(student.name for student in students))
                raise ValueError(catalogue.unknown("override.student", override.student, known))


def read(path: Path) -> Rules:
    """The rules of a file.

    Raises
    ------
    ValueError
        If something in it is not understood; it names the key, what came and what was expected.
    """
    try:
        tables = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise ValueError(f"the rules cannot be read: {error}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"{path} is no TOML: {error}") from error
    try:
        return _rules(tables)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error


def _rules(tables: dict[str, Any]) -> Rules:
    _known("key", tables, (*KEYS, "points"))
    points = _table(tables, "points")
    questions = {
        name: one.points
        for room in catalogue.ROOMS
        for name, one in catalogue.questions(room).items()
    }
    by_hand = tuple(map(_by_hand, _tables(tables, "by_hand")))
    for one in by_hand:
        if one.question in questions:
            raise ValueError(f"by_hand.question is {one.question!r}, which the judge marks")
        questions[one.question] = one.points
    _known("key of [points]", points, list(questions))
    worth = {name: _number(f"points.{name}", value) for name, value in points.items()}
    canvas = _table(tables, "canvas")
    _known("key of [canvas]", canvas, KEYS["canvas"])
    return Rules(
        late=_late(_table(tables, "late")),
        points=worth,
        overrides=tuple(_override(one, questions | worth) for one in _tables(tables, "override")),
        canvas=_text("canvas.column", canvas["column"]) if canvas else "",
        partial=_names(tables, "partial", list(questions)),
        bonus=_names(tables, "bonus", list(questions)),
        by_hand=by_hand,
    )


def _names(tables: dict[str, Any], name: str, known: Sequence[str]) -> frozenset[str]:
    """The questions of a table that is a list of them."""
    table = _table(tables, name)
    _known(f"key of [{name}]", table, KEYS[name])
    questions = table.get("questions", [])
    if not isinstance(questions, list):
        raise ValueError(f"{name}.questions is {questions!r}; expected a list of questions")
    _known(f"{name}.questions", questions, known)
    return frozenset(questions)


def _by_hand(table: Any) -> ByHand:
    if not isinstance(table, dict):
        raise ValueError(f"by_hand has {table!r}; expected tables, [[by_hand]]")
    _known("key of [[by_hand]]", table, KEYS["by_hand"])
    _all_there("[[by_hand]]", table, KEYS["by_hand"])
    room = _text("by_hand.room", table["room"])
    _known("by_hand.room", [room], catalogue.ROOMS)
    return ByHand(
        _text("by_hand.question", table["question"]),
        room,
        _text("by_hand.title", table["title"]),
        _number("by_hand.points", table["points"]),
    )


def _tables(tables: dict[str, Any], name: str) -> list[Any]:
    found = tables.get(name, [])
    if not isinstance(found, list):
        raise ValueError(f"{name} is a table; expected a list of them, [[{name}]]")
    return found


def _late(table: dict[str, Any]) -> Late | None:
    if not table:
        return None
    _known("key of [late]", table, KEYS["late"])
    _all_there("[late]", table, ("deadline", "per_day"))
    deadline = table["deadline"]
    if not isinstance(deadline, datetime):
        raise ValueError(
            f"late.deadline is {deadline!r}; expected a date and a time: 2026-03-01T23:59:00"
        )
    return Late(
        deadline.astimezone(),
        _number("late.per_day", table["per_day"], 1),
        _number("late.at_most", table.get("at_most", 1), 1),
    )


def _override(table: Any, questions: dict[str, float]) -> Override:
    if not isinstance(table, dict):
        raise ValueError(f"override has {table!r}; expected tables, [[override]]")
    _known("key of [[override]]", table, KEYS["override"])
    _all_there("[[override]]", table, KEYS["override"])
    question = _text("override.question", table["question"])
    _known("override.question", [question], list(questions))
    return Override(
        _text("override.student", table["student"]),
        question,
        _number("override.points", table["points"], questions[question]),
        _text("override.reason", table["reason"]),
    )


def _table(tables: dict[str, Any], name: str) -> dict[str, Any]:
    table = tables.get(name, {})
    if not isinstance(table, dict):
        raise ValueError(f"{name} is {table!r}; expected a table, [{name}]")
    return table


def _known(what: str, names: Collection[str], known: Sequence[str]) -> None:
    for name in names:
        if name not in known:
            raise ValueError(catalogue.unknown(what, name, known))


def _all_there(what: str, table: dict[str, Any], needed: Sequence[str]) -> None:
    if missing := [name for name in needed if name not in table]:
        raise ValueError(f"{what} lacks {', '.join(missing)}; expected {', '.join(needed)}")


def _number(what: str, value: Any, most: float = math.inf) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= most:
        limits = "0 or more" if most == math.inf else f"from 0 to {most:g}"
        raise ValueError(f"{what} is {value!r}; expected a number, {limits}")
    return float(value)


def _text(what: str, value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f"{what} is {value!r}; expected a text")
    return value
