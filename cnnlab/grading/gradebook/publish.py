"""All tables and reports of a class, written anew from its records."""

import re
from collections import defaultdict
from collections.abc import Collection
from pathlib import Path

import numpy as np

from cnnlab.grading.gradebook import marks, records, reports, tables
from cnnlab.grading.gradebook.intake import Problem
from cnnlab.grading.gradebook.rules import Rules
from cnnlab.grading.gradebook.similar import shingles, similar

HERE = Path(__file__).resolve().parent
# What students were given: a wheel carries it beside this file, a checkout has it at its root.
HANDOUTS = (HERE / "handouts", HERE.parents[2] / "exercises")
CODE_CELL = re.compile(r"^```\{code-cell\}[^\n]*\n(.*?)^```$", re.MULTILINE | re.DOTALL)
BOM = "\ufeff"  # tells Excel that a table is UTF-8


def publish(
    folder: records.Folder, rules: Rules, problems: list[Problem], present: Collection[str]
) -> str:
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

    Returns
    -------
    str
        The summary in words.
    """
    rows: list[tables.Row] = []
    names: list[str] = []
    prints: dict[str, list[tuple[str, np.ndarray]]] = defaultdict(list)
    for record in folder.records():
        mark = marks.settle(record, rules)
        name = records.stem(record)
        if name not in present:
            note = "From an earlier run: this file is not among the hand-ins of the last one."
            record["file_notes"].append(note)
        folder.write(f"students/{name}.html", reports.report(record, mark))
        folder.write(f"gradescope/{name}/results.json", tables.gradescope(record, mark))
        rows.append(tables.row(record, mark))
        names.append(name)
        code = shingles(source for kind, source in record["cells"] if kind == "code")
        prints[rows[-1].room].append((rows[-1].student.name, code))
    for problem in problems:
        if problem.missing:
            name = f"gradescope/{problem.student.label}/results.json"
            folder.write(name, tables.gradescope_problem(problem))
    pairs = {room: similar(some, handout(room)) for room, some in prints.items()}
    statistics = reports.statistics(rows, pairs)
    folder.write("marks.csv", BOM + tables.marks_table(rows, problems))
    _write_platforms(folder, rules, rows)
    folder.write("summary.html", reports.summary_page(statistics, rows, problems, names))
    summary = reports.summary_text(statistics, problems)
    folder.write("summary.txt", summary)
    return summary


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
