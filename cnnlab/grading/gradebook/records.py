"""The folder of a marked class, and the record of each student in it.

A record is written as a whole or not at all.
"""

import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from cnnlab import __version__
from cnnlab.grading import questions as catalogue
from cnnlab.grading.gradebook.intake import Entry
from cnnlab.grading.gradebook.marks import settle, student_of
from cnnlab.grading.gradebook.outputs import harmless
from cnnlab.grading.gradebook.rules import Rules
from cnnlab.grading.gradebook.students import Student
from cnnlab.grading.judge.result import Result
from cnnlab.grading.judge.submission import Submission

DRAFTS = ".drafts"
LONGEST_MESSAGE = 5_000  # characters


class Folder:
    """The folder of the marks.

    Parameters
    ----------
    path
        It is made if it does not exist.

    Raises
    ------
    ValueError
        If it is a file, or cannot be written.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.students = path / "students"
        self.drafts = path / DRAFTS
        try:
            self.students.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=path):
                pass  # it can be written
        except OSError as error:
            raise ValueError(
                f"the marks cannot be written into {path}: {error.strerror}; expected a folder"
                " that you may write into"
            ) from error

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


def of_entry(entry: Entry) -> dict[str, Any]:
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
    known = catalogue.questions(result.room)
    return {
        "key": key,
        "package": __version__,
        **of_entry(entry),
        "titles": {name: question.title for name, question in known.items()},
        "cells": [[cell["cell_type"], cell["source"]] for cell in submission.notebook["cells"]],
        "result": values,
    }
