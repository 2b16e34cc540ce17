"""The tables of a class, and the forms in which learning platforms take marks."""

import csv
import io
import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from cnnlab.grading.gradebook.intake import Problem, by_student
from cnnlab.grading.gradebook.marks import Line, Mark, notes_of, student_of
from cnnlab.grading.gradebook.outputs import CONTROL
from cnnlab.grading.gradebook.students import Student

FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True)
class Row:
    """A student's line in the tables."""

    student: Student
    room: str
    mark: Mark
    handed_in: str
    file: str
    notes: tuple[str, ...]

    @property
    def feedback(self) -> str:
        return "; ".join(line.words for line in self.mark.lines)


def row(record: dict[str, Any], mark: Mark) -> Row:
    return Row(
        student=student_of(record),
        room=record["result"]["room"],
        mark=_without_messages(mark),
        handed_in=record["handed_in"] or "",
        file=record["file"],
        notes=tuple(notes_of(record, mark)),
    )


def _without_messages(mark: Mark) -> Mark:
    lines = tuple(Line(**{**asdict(line), "message": ""}) for line in mark.lines)
    return Mark(mark.earned, mark.points, mark.before, mark.days, lines)


def marks_table(rows: Iterable[Row], problems: Iterable[Problem]) -> str:
    """``marks.csv``: a line for each student, also for those whose file could not be read."""
    rows = list(rows)
    names = list(dict.fromkeys(line.id for row in rows for line in row.mark.lines))
    head = ["student", "id", "room", "mark", "points", "days_late", "handed_in", "file"]
    table: list[list[Any]] = [[*head, *names, "notes"]]
    for one in rows:
        earned = {line.id: line.earned for line in one.mark.lines}
        table.append(
            [
                *(one.student.name, one.student.id, one.room, one.mark.earned, one.mark.points),
                *(one.mark.days, one.handed_in, one.file),
                *(earned.get(name, "") for name in names),
                " ".join(one.notes),
            ]
        )
    blank = [""] * len(names)
    for student, some in by_student(problems).items():
        if some[0].missing:
            files = ", ".join(dict.fromkeys(one.path for one in some if one.path))
            reasons = " ".join(dict.fromkeys(one.reason for one in some))
            table.append([student.name, student.id, *[""] * 5, files, *blank, reasons])
    return as_csv(table)


def moodle_table(rows: Iterable[Row]) -> str:
    """For Moodle: the assignment's action "Upload grading worksheet"."""
    head = ["Identifier", "Full name", "Grade", "Maximum grade", "Last modified (grade)"]
    table: list[list[Any]] = [[*head, "Feedback comments"]]
    for one in rows:
        who = (f"Participant {one.student.id}", one.student.name)
        table.append([*who, one.mark.earned, one.mark.points, "-", one.feedback])
    return as_csv(table)


def canvas_table(rows: Iterable[Row], column: str) -> str:
    """For Canvas: the gradebook's action "Import"; the number of the user tells who it is."""
    rows = list(rows)
    head = ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", column]
    points = rows[0].mark.points if rows else 0
    table: list[list[Any]] = [head, ["    Points Possible", "", "", "", "", points]]
    table += [[one.student.name, one.student.id, "", "", "", one.mark.earned] for one in rows]
    return as_csv(table)


def nbgrader_table(rows: Iterable[Row]) -> str:
    """As nbgrader's ``nbgrader export`` writes its gradebook: a line a student and assignment."""
    head = ["assignment", "duedate", "timestamp", "student_id", "last_name", "first_name", "email"]
    table: list[list[Any]] = [[*head, "raw_score", "late_submission_penalty", "score", "max_score"]]
    for one in rows:
        number = one.student.id or one.student.name
        first, _, last = one.student.name.rpartition(" ")
        penalty = round(one.mark.before - one.mark.earned, 2)
        scores = (one.mark.before, penalty, one.mark.earned, one.mark.points)
        table.append([one.room, "", one.handed_in, number, last, first, "", *scores])
    return as_csv(table)


def as_csv(table: Iterable[Iterable[Any]]) -> str:
    """A table in which no cell is a formula."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(map(_cell, line) for line in table)
    return text.getvalue()


def _cell(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    value = CONTROL.sub(" ", value)
    return f"'{value}" if value.startswith(FORMULA) and value != "-" else value


def gradescope(record: dict[str, Any], mark: Mark) -> str:
    """``results.json``, as Gradescope reads it from an autograder."""
    tests = [
        {
            "number": str(number),
            "name": f"{line.id}: {line.title}",
            "name_format": "text",
            "score": line.earned,
            "max_score": line.points,
            "status": "passed" if line.earned == line.points else "failed",
            "output": "\n".join(filter(None, [line.words, line.message])),
            "output_format": "text",
            "visibility": "visible",
        }
        for number, line in enumerate(mark.lines, 1)
    ]
    results = {
        "score": mark.earned,
        "execution_time": round(record["result"]["seconds"]),
        "output": "\n".join(notes_of(record, mark)),
        "output_format": "text",
        "visibility": "visible",
        "stdout_visibility": "hidden",
        "tests": tests,
    }
    return json.dumps(results, indent=2)


def gradescope_problem(problems: Sequence[Problem]) -> str:
    """``results.json`` for a student whose files could not be marked."""
    reasons = "\n".join(dict.fromkeys(one.reason for one in problems))
    return json.dumps({"score": 0, "output": reasons, "output_format": "text"}, indent=2)
