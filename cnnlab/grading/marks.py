"""The files of a marked class: one record a student, and the tables that are made from all records.

A record is written as a whole or not at all. Tables read the records one after another, so that a
large class needs no more memory than a small one.
"""

import base64
import binascii
import csv
import io
import json
import os
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from cnnlab import __version__
from cnnlab.grading import rooms
from cnnlab.grading.check import TITLES
from cnnlab.grading.intake import Entry, Problem, Student
from cnnlab.grading.judge import Result
from cnnlab.grading.rules import Rules
from cnnlab.grading.submission import Submission
from cnnlab.grading.texts import tr

DRAFTS = ".drafts"
LONGEST_MESSAGE = 5_000  # characters
OUTPUT_LIMIT = 4_000_000  # characters of all outputs of a submission that are kept
PNG = b"\x89PNG\r\n\x1a\n"
ANSI = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]")
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
FORMULA = ("=", "+", "-", "@", "\t", "\r")


class Folder:
    """The folder of the marks.

    Parameters
    ----------
    path
        It is made if it does not exist.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.students = path / "students"
        self.students.mkdir(parents=True, exist_ok=True)
        self.drafts = path / DRAFTS

    def write(self, name: str, text: str, mode: int = 0o666) -> None:
        """Write a file as a whole: whatever happens, there is the old one or the new one.

        Parameters
        ----------
        name
            With its folders in this folder.
        text
            Of the file.
        mode
            Who may read it, less what the user's own mask forbids.

        Raises
        ------
        OSError
            If it cannot be written, because the disk is full.
        """
        path = self.path / name
        data = text.encode("utf-8", "replace")
        with suppress(OSError):
            if path.stat().st_size == len(data) and path.read_bytes() == data:
                return
        path.parent.mkdir(parents=True, exist_ok=True)
        self.drafts.mkdir(exist_ok=True)
        draft = self.drafts / path.name
        try:
            with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT, mode), "wb") as file:
                file.write(data)
            draft.replace(path)
        except BaseException:
            self.sweep()
            raise

    def sweep(self) -> None:
        """Remove what is half written: by this run, or by one that was killed."""
        if self.drafts.exists():
            for draft in self.drafts.iterdir():
                draft.unlink()
            self.drafts.rmdir()

    def keep(self, record: dict[str, Any]) -> None:
        self.write(f"students/{stem(record)}.json", json.dumps(record, indent=1))

    def record(self, name: str) -> dict[str, Any] | None:
        """The record of that name; None if there is none, or if it is damaged."""
        try:
            record = json.loads((self.students / f"{name}.json").read_text("utf-8"))
            settle(record, Rules())  # it has all that it needs
            return record if stem(record) == name else None
        except (OSError, ValueError, LookupError, TypeError, AttributeError, ArithmeticError):
            return None

    def records(self) -> Iterator[dict[str, Any]]:
        """All records, by the names of their files."""
        for path in sorted(self.students.glob("*.json")):
            if record := self.record(path.stem):
                yield record


def stem(record: dict[str, Any]) -> str:
    """The name of a record's files."""
    return name_of(student_of(record), record["result"]["room"])


def name_of(student: Student, room: str) -> str:
    return f"{student.label}-{room}"


def student_of(record: dict[str, Any]) -> Student:
    return Student(**record["student"])


def facts(entry: Entry) -> dict[str, Any]:
    """What a record has from the hand-in, and can change without another run."""
    return {
        "student": asdict(entry.student),
        "file": entry.path,
        "handed_in": entry.handed_in.isoformat() if entry.handed_in else None,
        "file_notes": list(entry.notes),
    }


def new_record(entry: Entry, submission: Submission, result: Result, key: str) -> dict[str, Any]:
    """What is kept of a marked submission.

    Parameters
    ----------
    entry, submission, result
        The submission, and what the judge said.
    key
        Two runs with the same key give the same marks.
    """
    values = result.as_dict()
    for verdict in values["verdicts"]:
        verdict["message"] = verdict["message"][:LONGEST_MESSAGE]
    values["outputs"] = harmless(values["outputs"])
    values["notes"] = [
        note[:LONGEST_MESSAGE] for note in values["notes"] if note not in submission.notes
    ]
    known = rooms.questions(result.room)
    return {
        "key": key,
        "package": __version__,
        **facts(entry),
        "titles": {name: question.title for name, question in known.items()},
        "cells": [[cell["cell_type"], cell["source"]] for cell in submission.notebook["cells"]],
        "result": values,
    }


def harmless(outputs: list[list[dict]]) -> list[list[dict]]:
    """Of outputs that come from strangers, the text and the pictures, within limits."""
    left = OUTPUT_LIMIT
    kept: list[list[dict]] = []
    for cell in outputs:
        kept.append([])
        for output in filter(None, map(_harmless, cell)):
            left -= sum(map(len, output.values()))
            if left < 0:
                text = tr("… and more, which was left out.")
                kept[-1].append({"kind": "text", "text": text})
                break
            kept[-1].append(output)
    return kept


def _harmless(output: dict) -> dict[str, str] | None:
    kind = output.get("output_type")
    if kind == "stream":
        return {"kind": "text", "text": plain(output.get("text"))}
    if kind == "error":
        trace = output.get("traceback")
        lines = trace if isinstance(trace, list) else [output.get("ename"), output.get("evalue")]
        return {"kind": "error", "text": plain("\n".join(map(str, lines)))}
    data = output.get("data")
    if not isinstance(data, dict):
        return None
    if picture := _picture(data.get("image/png")):
        return {"kind": "picture", "png": picture}
    return {"kind": "text", "text": plain(data.get("text/plain"))}


def plain(text: Any) -> str:
    """Text as a terminal leaves it: without colours, and the last state of a progress bar."""
    text = ANSI.sub("", text) if isinstance(text, str) else ""
    lines = (line.rstrip("\r").rsplit("\r", 1)[-1] for line in text.split("\n"))
    return "\n".join(CONTROL.sub("", line) for line in lines)


def _picture(text: Any) -> str:
    """Base64 of a PNG; empty if it is none."""
    try:
        data = base64.b64decode("".join(text.split()), validate=True)
    except (AttributeError, ValueError, binascii.Error):
        return ""
    return base64.b64encode(data).decode() if data.startswith(PNG) else ""


# Marks


@dataclass(frozen=True)
class Line:
    """What a question is worth by the rules."""

    id: str
    title: str
    earned: float
    points: float
    tier: str
    message: str
    mistake: str
    reason: str = ""  # of a teacher who overrode it

    @property
    def words(self) -> str:
        """How it stands, in a few words of the course's own: none of them is a stranger's."""
        said = self.reason or self.mistake or tr(TITLES[self.tier])
        return f"{self.id} {self.earned:g}/{self.points:g}: {said}"


@dataclass(frozen=True)
class Mark:
    """What a submission is worth by the rules.

    Attributes
    ----------
    earned, points
        In the end, and at most.
    before
        What was earned before lateness.
    days
        That it is late.
    lines
        One for each question.
    """

    earned: float
    points: float
    before: float
    days: int
    lines: tuple[Line, ...]


def settle(record: dict[str, Any], rules: Rules) -> Mark:
    """The mark of a record by the rules."""
    student = student_of(record)
    given = {one.question: one for one in rules.overrides if one.meant_for(student)}
    lines = []
    for verdict in record["result"]["verdicts"]:
        name, earned, points = verdict["id"], verdict["earned"], verdict["points"]
        worth = rules.points.get(name, points)
        override = given.get(name)
        lines.append(
            Line(
                id=name,
                title=record["titles"].get(name, ""),
                earned=override.points if override else round(earned * worth / points, 2),
                points=worth,
                tier=verdict["tier"],
                message=verdict["message"],
                mistake=verdict["mistake"],
                reason=override.reason if override else "",
            )
        )
    before = round(sum(line.earned for line in lines), 2)
    handed_in = datetime.fromisoformat(record["handed_in"]) if record["handed_in"] else None
    days = rules.late.days(handed_in, student.late) if rules.late else 0
    share = rules.late.share(days) if rules.late else 0
    return Mark(
        earned=round(before * (1 - share), 2),
        points=sum(line.points for line in lines),
        before=before,
        days=days,
        lines=tuple(lines),
    )


def notes_of(record: dict[str, Any], mark: Mark) -> list[str]:
    """What student and teacher should know, beside the questions."""
    notes = [*record["file_notes"], *record["result"]["notes"]]
    if mark.days:
        note = tr("Handed in late ({} days begun): {:g} points became {:g}.")
        notes.append(note.format(mark.days, mark.before, mark.earned))
    return notes


# Tables


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
    for one in problems:
        if one.missing:
            cells = [one.student.name, one.student.id, *[""] * 5, one.path, *blank, one.reason]
            table.append(cells)
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


def gradescope_problem(problem: Problem) -> str:
    """``results.json`` for a file that could not be marked."""
    return json.dumps({"score": 0, "output": problem.reason, "output_format": "text"}, indent=2)
