"""A notebook's bytes become a submission: its cells, and which exercise it answers."""

import ast
import codecs
import hashlib
import json
import re
import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from cnnlab.grading import questions as catalogue
from cnnlab.grading.gradebook.files import UnreadableError, suffix_of
from cnnlab.grading.judge.submission import Submission
from cnnlab.grading.texts import tr

LONGEST_CODE = 1_000_000  # characters of all code cells
LONGEST_TEXT = 50_000  # characters of any other cell
MOST_CELLS = 2_000
MAGIC = re.compile(r"^([^\S\n]*)[%!].*$", re.MULTILINE)
MOST_VERSIONS = 10**6
CALL = re.compile(r"""\bexercise\(\s*(?:room\s*=\s*)?["'](\w+)["'](?:.*?version\s*=\s*(\d+))?""")


@dataclass(frozen=True)
class Head:
    """What a hand-in is, without its contents; as `Submission` has it."""

    digest: str
    room: str
    version: int
    notes: tuple[str, ...]


def head(path: str, data: bytes) -> Head:
    """What a hand-in is, from the bytes of its file.

    Raises
    ------
    UnreadableError
        If it is no notebook, or no exercise of the course.
    """
    read = submission("", path, data)
    return Head(read.digest, read.room, read.version, read.notes)


def submission(student: str, path: str, data: bytes) -> Submission:
    """A hand-in from the bytes of its file.

    Parameters
    ----------
    student
        Who handed it in.
    path
        Of the file, with its suffix.
    data
        Its contents.

    Raises
    ------
    UnreadableError
        If it is no notebook, or no exercise of the course.
    """
    notebook = _notebook(path, data)
    code = tuple(one["source"] for one in notebook["cells"] if one["cell_type"] == "code")
    length = sum(map(len, code))
    if length > LONGEST_CODE:
        raise UnreadableError(
            tr("It has {:,} characters of code; at most {:,} are marked.").format(
                length, LONGEST_CODE
            )
        )
    room, version, notes = _exercise(code)
    digest = hashlib.sha256(data).hexdigest()
    return Submission(student, path, digest, room, version, code, notebook, tuple(notes))


def _notebook(path: str, data: bytes) -> dict[str, Any]:
    """The cells of a notebook: their kind and source, and nothing else of the file."""
    if not data.strip():
        raise UnreadableError(tr("The file is empty."))
    wide = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))  # of an editor on Windows
    try:
        text = data.decode("utf-16" if wide else "utf-8-sig")
    except UnicodeDecodeError as error:
        raise UnreadableError(
            tr("It is not UTF-8 text: byte {} is {:#04x}.").format(error.start, data[error.start])
        ) from error
    cells = _from_json(text) if suffix_of(path) == ".ipynb" else _from_text(text, suffix_of(path))
    if len(cells) > MOST_CELLS:
        raise UnreadableError(
            tr("It has {:,} cells; at most {:,} are marked.").format(len(cells), MOST_CELLS)
        )
    return {
        "nbformat": 4,
        "nbformat_minor": 5,
        "metadata": {},
        "cells": [
            {
                "cell_type": kind,
                "metadata": {},
                "source": _clean(source if kind == "code" else _cut(source)),
            }
            for kind, source in cells
        ],
    }


def _cut(text: str) -> str:
    """Text for a report: a picture may be pasted into it, as millions of letters."""
    return text if len(text) <= LONGEST_TEXT else f"{text[:LONGEST_TEXT]} …"


def _clean(text: str) -> str:
    """Text that can be written as UTF-8: JSON may hold halves of characters."""
    return text.encode("utf-8", "replace").decode()


def _from_json(text: str) -> list[tuple[str, str]]:
    try:
        notebook = json.loads(text)
    except json.JSONDecodeError as error:
        raise UnreadableError(
            tr("It is no JSON: {} (line {}).").format(error.msg, error.lineno)
        ) from error
    except (RecursionError, ValueError) as error:  # brackets without end, an endless number
        raise UnreadableError(
            tr("It is no notebook: it has brackets or a number without end.")
        ) from error
    if isinstance(notebook, dict) and type(notebook.get("nbformat")) is int:
        if notebook["nbformat"] < 4:
            notebook = _upgraded(notebook)
        if isinstance(notebook.get("cells"), list):
            return list(map(_cell, notebook["cells"]))
    raise UnreadableError(tr("It is JSON, but no notebook: it has no list of cells."))


def _upgraded(notebook: dict[str, Any]) -> dict[str, Any]:
    import nbformat

    try:
        return nbformat.convert(nbformat.from_dict(notebook), 4)
    except Exception as error:  # of many kinds, for a file can be anything
        raise UnreadableError(
            tr("It is a notebook of format {}, which cannot be brought to 4.").format(
                notebook["nbformat"]
            )
        ) from error


def _cell(cell: Any) -> tuple[str, str]:
    source = cell.get("source", "") if isinstance(cell, dict) else None
    if isinstance(source, list) and all(isinstance(line, str) for line in source):
        source = "".join(source)
    if not isinstance(source, str) or not isinstance(cell.get("cell_type"), str):
        raise UnreadableError(tr("It is JSON, but no notebook: a cell has no kind or no text."))
    kind = cell["cell_type"]
    return kind if kind in ("code", "markdown") else "raw", source


def _from_text(text: str, suffix: str) -> list[tuple[str, str]]:
    try:
        import jupytext
    except ImportError as error:
        raise UnreadableError(
            tr("Reading {} needs Jupytext: pip install 'cnnlab[grade]'.").format(suffix)
        ) from error
    try:
        notebook = jupytext.reads(text, fmt={"extension": suffix})
    except Exception as error:  # of many kinds, for a file can be anything
        raise UnreadableError(tr("Jupytext cannot read it.")) from error
    return list(map(_cell, notebook.cells))


def _exercise(cells: Sequence[str]) -> tuple[str, int, list[str]]:
    """The room and the version of the exercise, and what a teacher should know about them."""
    asked = _asked(cells)
    room, version = next(iter(asked.items()), (None, None))
    if room in catalogue.ROOMS:
        notes = []
        if others := [one for one in asked if one != room and one in catalogue.ROOMS]:
            said = tr(
                "It has several exercises; {!r} is marked, and not {}. Hand in one file each."
            )
            notes.append(said.format(room, ", ".join(map(repr, others))))
        if version is None:
            note = tr("It does not say its version of the exercise; taken for the present one.")
            return room, catalogue.version(room), [*notes, note]
        return room, version, notes
    said = tr("there is no cnnlab.exercise")
    if room:
        said = catalogue.unknown("room", room, catalogue.ROOMS)
    defined = _defined(cells)
    counts = {one: len(defined & set(catalogue.questions(one))) for one in catalogue.ROOMS}
    best, most = max(counts.items(), key=lambda pair: pair[1])
    if most == 0 or sum(count == most for count in counts.values()) > 1:
        raise UnreadableError(tr("It is no exercise of the course: {}.").format(said))
    note = tr("Taken for the exercise of {!r}, whose answers it defines, for {}.")
    return best, catalogue.version(best) if version is None else version, [note.format(best, said)]


def _asked(cells: Iterable[str]) -> dict[str, int | None]:
    """The rooms and versions that the calls of `exercise` say, in their order."""
    asked: dict[str, int | None] = {}
    for source in cells:
        if "exercise" not in source:
            continue
        tree = parsed(source)
        if tree is None:  # a mistake of the student's, or a line that only IPython knows
            if match := CALL.search(source):
                digits = match[2] or ""
                asked.setdefault(match[1], int(digits) if 0 < len(digits) < 7 else None)
            continue
        for node in ast.walk(tree):
            room, version = call(node) if isinstance(node, ast.Call) else (None, None)
            if room is not None:
                asked.setdefault(room, version)
    return asked


def _defined(cells: Iterable[str]) -> set[str]:
    """The names of functions and variables that the code defines."""
    defined: set[str] = set()
    for source in cells:
        tree = parsed(source)
        if tree is None:
            defined |= set(re.findall(r"^def (\w+)", source, re.MULTILINE))
        for node in ast.walk(tree) if tree else ():
            if isinstance(node, ast.FunctionDef):
                defined.add(node.name)
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                defined.add(node.id)
    return defined


def parsed(source: str) -> ast.Module | None:
    """The syntax tree of a cell without its magics; None if it has none."""
    plain = MAGIC.sub(r"\1pass", source)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(plain)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def call(node: ast.Call) -> tuple[str | None, int | None]:
    name = node.func.attr if isinstance(node.func, ast.Attribute) else None
    if isinstance(node.func, ast.Name):
        name = node.func.id
    if name != "exercise":
        return None, None
    values = dict(zip(("room", "version"), node.args, strict=False))
    values |= {keyword.arg: keyword.value for keyword in node.keywords if keyword.arg}
    constants = {key: one.value for key, one in values.items() if isinstance(one, ast.Constant)}
    room, version = constants.get("room"), constants.get("version")
    return (
        room if isinstance(room, str) else None,
        version if type(version) is int and 0 <= version < MOST_VERSIONS else None,
    )
