"""All tables and reports of a class, written anew from its records."""

import hashlib
import re
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from cnnlab.grading.gradebook import marks, records, reports, tables
from cnnlab.grading.gradebook.budget import Budget
from cnnlab.grading.gradebook.intake import Problem, by_student
from cnnlab.grading.gradebook.roster import numbered
from cnnlab.grading.gradebook.rules import Rules
from cnnlab.grading.gradebook.similar import shingles, similar
from cnnlab.grading.gradebook.students import Student

HERE = Path(__file__).resolve().parent
# What students were given: a wheel carries it beside this file, a checkout has it at its root.
HANDOUTS = (HERE / "handouts", HERE.parents[2] / "exercises")
CODE_CELL = re.compile(r"^```\{code-cell\}[^\n]*\n(.*?)^```$", re.MULTILINE | re.DOTALL)
BOM = "\ufeff"  # tells Excel that a table is UTF-8


def publish(
    folder: records.Folder,
    rules: Rules,
    problems: list[Problem],
    present: Collection[str],
    anonymous: int | None = None,
    roster: Sequence[Student] = (),
) -> tuple[str, list[Problem]]:
    """Write all tables and reports anew, from all records.

    Parameters
    ----------
    folder
        Of the marks.
    rules
        Of the teacher.
    problems
        Files without marks.
    present
        The names of the records whose files are among the hand-ins of this run.
    anonymous
        A number that nobody knows, from which the names follow that reports without names have;
        None: there are none.
    roster
        The class: whose files do not say a number gets the one that stands there.

    Returns
    -------
    str, list
        The summary in words, and the problems with those that came up now.
    """
    found = Published(folder, rules, present, anonymous, roster)
    with Budget() as budget:
        for record in folder.records():
            found.add(record, budget)
    problems = [*problems, *found.problems]
    for student, some in by_student(problems).items():
        if some[0].missing:
            name = f"gradescope/{student.label}/results.json"
            folder.write(name, tables.gradescope_problem(some))
    pairs = {room: similar(some, handout(room)) for room, some in found.prints.items()}
    statistics = reports.statistics(found.rows, pairs)
    if found.codes:
        key = tables.as_csv([("code", "student", "id"), *found.codes])
        folder.write("anonymous/names.csv", BOM + key, 0o600)
    folder.write("marks.csv", BOM + tables.marks_table(found.rows, problems))
    folder.write("nbgrader.csv", tables.nbgrader_table(found.rows))
    _write_platforms(folder, rules, found.rows)
    page = reports.summary_page(statistics, found.rows, problems, found.names)
    folder.write("summary.html", page)
    summary = reports.summary_text(statistics, problems)
    folder.write("summary.txt", summary)
    return summary, problems


class Published:
    """What is made of each record, one after another.

    Whatever is wrong with a record, it is the matter of one student: the problem has a name in it,
    and the others go on.
    """

    def __init__(
        self,
        folder: records.Folder,
        rules: Rules,
        present: Collection[str],
        anonymous: int | None = None,
        roster: Sequence[Student] = (),
    ) -> None:
        self.folder, self.rules, self.present = folder, rules, present
        self.anonymous, self.roster = anonymous, roster
        self.codes: list[tuple[str, str, str]] = []
        self.rows: list[tables.Row] = []
        self.names: list[str] = []
        self.problems: list[Problem] = []
        self.prints: dict[str, list[tuple[str, np.ndarray]]] = defaultdict(list)
        self.compared: set[tuple[str, str]] = set()  # a group's notebook is compared once

    def add(self, record: dict[str, Any], budget: Budget) -> None:
        """Write what belongs to a record, and keep what the tables need of it."""
        name = records.stem(record)
        if name not in self.present:
            note = "From an earlier run: this file is not among the hand-ins of the last one."
            record["file_notes"].append(note)
        student = numbered(marks.student_of(record), self.roster)
        record = record | {"student": asdict(student)}
        try:
            mark = marks.settle(record, self.rules)
            row = tables.row(record, mark)
        except Exception as error:
            self._say(record, "Its record cannot be read", error, missing=True)
            return
        self._page(name, record, mark, budget)
        self.folder.write(f"gradescope/{name}/results.json", tables.gradescope(record, mark))
        self.rows.append(row)
        self.names.append(name)
        self._compare(record, budget)

    def _page(self, name: str, record: dict[str, Any], mark: marks.Mark, budget: Budget) -> None:
        page = None
        for what, some in (("with the notebook", record), ("at all", record | {"cells": []})):
            if page is None:
                shown = some
                try:
                    page = budget(reports.report, some, mark)
                except Exception as error:
                    self._say(record, f"Its report cannot be written {what}", error)
        if page is not None:
            self.folder.write(f"students/{name}.html", page)
        if page is not None and self.anonymous is not None:
            try:
                self._anonymous_page(name, shown, mark, budget)
            except Exception as error:
                self._say(record, "Its report cannot be written without a name", error)

    def _anonymous_page(
        self, name: str, record: dict[str, Any], mark: marks.Mark, budget: Budget
    ) -> None:
        """The same report under a name that says nothing; what the notebook says stays in it."""
        student = marks.student_of(record)
        code = hashlib.sha256(f"{self.anonymous} {name}".encode()).hexdigest()[:10]
        nobody = {"student": {"name": code}, "file": "", "file_notes": []}
        page = budget(reports.report, record | nobody, mark)
        self.folder.write(f"anonymous/{code}.html", page)
        self.codes.append((code, student.name, student.id))

    def _compare(self, record: dict[str, Any], budget: Budget) -> None:
        file = record["file"], record["result"]["digest"]
        if file in self.compared:
            return
        self.compared.add(file)
        code = [source for kind, source in record["cells"] if kind == "code"]
        try:
            pieces = budget(shingles, code)
        except Exception as error:
            self._say(record, "Its code cannot be compared with that of others", error)
            return
        student = marks.student_of(record)
        name = f"{student.name} ({student.id})" if student.id else student.name
        self.prints[record["result"]["room"]].append((name, pieces))

    def _say(
        self, record: dict[str, Any], what: str, error: Exception, missing: bool = False
    ) -> None:
        said = f"{what}: {type(error).__name__}: {error}"
        student = marks.student_of(record)
        self.problems.append(Problem(student, record["file"], said, missing, urgent=True))


def _write_platforms(folder: records.Folder, rules: Rules, rows: list[tables.Row]) -> None:
    for room in dict.fromkeys(row.room for row in rows):
        some = [row for row in rows if row.room == room]
        moodle = [row for row in some if row.student.platform == "moodle"]
        canvas = [row for row in some if row.student.platform == "canvas"]
        if moodle:
            folder.write(f"moodle-{room}.csv", tables.moodle_table(moodle))
        if canvas:
            column = rules.canvas or f"Exercises: {room}"
            folder.write(f"canvas-{room}.csv", tables.canvas_table(canvas, column))


def handout(room: str) -> np.ndarray:
    """The pieces of code that an exercise hands out, so that they make nobody similar."""
    found = (folder / f"{room}.md" for folder in HANDOUTS if (folder / f"{room}.md").exists())
    text = "".join(path.read_text("utf-8") for path in found)
    return shingles(CODE_CELL.findall(text))
