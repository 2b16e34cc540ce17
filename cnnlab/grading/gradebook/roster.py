"""Who is in the class: a table of the teacher's, so that who handed in nothing has a line too."""

import csv
import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from unicodedata import normalize

from cnnlab.grading.gradebook.files import printable
from cnnlab.grading.gradebook.intake import Problem
from cnnlab.grading.gradebook.students import Student
from cnnlab.grading.texts import tr

# Columns, as people and platforms call them.
NAMES = ("student", "name", "full name", "display name", "nombre")
NUMBERS = ("id", "sid", "number", "identifier", "id number", "user id", "student id")
NOTHING = tr("Handed in nothing.")


def read(path: Path) -> list[Student]:
    """The students of a CSV table with the columns ``student`` and, if there are numbers, ``id``.

    Raises
    ------
    ValueError
        If it cannot be read, or has no column of names.
    """
    try:
        lines = list(csv.reader(path.read_text("utf-8-sig").splitlines()))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ValueError(f"the roster {path} cannot be read: {error}") from error
    head = [cell.strip().casefold() for cell in lines[0]] if lines else []
    name, number = (
        next((head.index(one) for one in known if one in head), None) for known in (NAMES, NUMBERS)
    )
    if name is None:
        raise ValueError(
            f"the roster {path} has the columns {head}; expected one of {', '.join(NAMES)}, and"
            f" {NUMBERS[0]} if there are numbers"
        )
    return [
        Student(printable(line[name].strip()), _number(line, number))
        for line in lines[1:]
        if len(line) > name and line[name].strip()
    ]


def _number(line: Sequence[str], column: int | None) -> str:
    text = line[column].strip() if column is not None and len(line) > column else ""
    match = re.fullmatch(r"Participant (\d+)", text)  # as Moodle's worksheet has it
    return match[1] if match else text


def compared(roster: Iterable[Student], handed_in: Sequence[Student]) -> list[Problem]:
    """Who is in the class and handed in nothing, and who handed in and is not in the class."""
    roster = list(roster)
    absent = [one for one in roster if not any(_same(one, other) for other in handed_in)]
    strangers = [
        one for one in dict.fromkeys(handed_in) if not any(_same(one, other) for other in roster)
    ]
    said = tr("{} is not on the roster.")
    return [Problem(one, "", NOTHING) for one in absent] + [
        Problem(one, "", said.format(one.name), missing=False, urgent=True) for one in strangers
    ]


def numbered(student: Student, roster: Iterable[Student]) -> Student:
    """The student with the number of the roster, where nobody else there has this name."""
    if student.id:
        return student
    alike = [one for one in roster if _words(one.name) == _words(student.name)]
    exact = [one for one in alike if one.name == student.name] or alike
    return replace(student, id=exact[0].id) if len(exact) == 1 else student


def _same(one: Student, other: Student) -> bool:
    """By the number, where both have one; else by the words of the name, in any order."""
    if one.id and other.id:
        return one.id == other.id
    return _words(one.name) == _words(other.name)


def _words(name: str) -> list[str]:
    plain = normalize("NFKD", name).encode("ascii", "ignore").decode() or name
    return sorted(re.findall(r"\w+", plain.casefold().replace("_", " ")))
