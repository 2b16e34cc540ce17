"""What was handed in: files, folders and zips, as a learning platform gives them.

Nothing is unpacked to disk, and nothing is run. Names and contents come from strangers: a zip that
grows too much, a name that leaves its folder and a notebook that is none are listed, not followed.
"""

import ast
import hashlib
import io
import json
import os
import re
import warnings
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any, Protocol
from unicodedata import normalize

from cnnlab.grading import rooms
from cnnlab.grading.submission import Submission
from cnnlab.grading.texts import tr

SUFFIXES = (".ipynb", ".md", ".py")
LARGEST = 20 << 20  # bytes of a file
LARGEST_ZIP = 200 << 20  # bytes of a zip inside of another, and of all that is read from it
MOST_FILES = 100_000  # in a zip
DEEPEST = 3  # zips inside of zips
LONGEST_CODE = 1_000_000  # characters of all code cells
METADATA = "submission_metadata.yml"  # Gradescope's
ZIP_ERRORS = (
    *(zipfile.BadZipFile, zlib.error, EOFError, OSError),
    *(RuntimeError, NotImplementedError, ValueError),  # a password, a method, a broken date
)

MOODLE = re.compile(r"(?P<name>.+?)_(?P<id>\d+)_assignsubmission_[a-z]+_(?P<file>.*)")
CANVAS = re.compile(r"(?P<name>[^_]+)_(?P<late>LATE_)?(?P<id>\d+)_\d+_(?P<file>.+)")
GRADESCOPE = re.compile(r"submission_(?P<id>\d+)")
COPY = re.compile(r"\s*\((\d+)\)$")  # "hw (1)", as browsers name a second download
AGAIN = re.compile(r"-(\d+)$")  # "hw-1", as Canvas names what is handed in again
MAGIC = re.compile(r"^(\s*)[%!].*$", re.MULTILINE)
CALL = re.compile(r"""\bexercise\(\s*(?:room\s*=\s*)?["'](\w+)["'](?:.*?version\s*=\s*(\d+))?""")


class UnreadableError(Exception):
    """A file that is no hand-in; the message says why."""


@dataclass(frozen=True)
class Student:
    """Who handed in, as far as the names of folders and files say it.

    Attributes
    ----------
    name
        As the platform writes it, or of the folder or file.
    id
        The platform's number; empty if there is none.
    platform
        ``"moodle"``, ``"canvas"``, ``"gradescope"`` or ``""``.
    late
        Whether the platform says so; None if it does not say.
    """

    name: str
    id: str = ""
    platform: str = ""
    late: bool | None = None

    @property
    def label(self) -> str:
        """A name for files; two students have the same only if nothing tells them apart."""
        whole = f"{self.name}_{self.id}" if self.id else self.name
        plain = re.sub(r"[^\w.-]+", "_", whole).strip("._")[:80]
        if plain != whole.replace(" ", "_"):
            plain += "-" + hashlib.sha256(whole.encode(errors="replace")).hexdigest()[:6]
        return plain


class Source(Protocol):
    """Where a file's bytes are."""

    def __call__(self) -> bytes: ...


@dataclass(frozen=True)
class Found:
    """A file as it was found.

    Attributes
    ----------
    path
        With its folders inside the hand-in; a zip counts as a folder.
    modified
        When it was last changed, in local time; None if it is not known.
    read
        Its bytes.
    fault
        Why it is not to be read.
    """

    path: str
    modified: datetime | None
    read: Source
    fault: str = ""


@dataclass(frozen=True)
class Entry:
    """A readable hand-in, without its contents: a class of a thousand fits into memory."""

    student: Student
    path: str
    handed_in: datetime | None
    digest: str
    room: str
    version: int
    notes: tuple[str, ...]
    read: Source

    def load(self) -> Submission:
        """The whole of it."""
        return submission(self.student.name, self.path, self.read())


@dataclass(frozen=True)
class Problem:
    """A file that is not marked, and why.

    Attributes
    ----------
    student, path, reason
        Of the file.
    missing
        Whether its student has no marks because of it.
    """

    student: Student
    path: str
    reason: str
    missing: bool = True


def collect(place: Path, leave_out: Path | None = None) -> tuple[list[Entry], list[Problem]]:
    """All hand-ins of a file, a folder or a zip, and the files that are none.

    Of several files of one student for the same exercise, the one that was handed in last counts.

    Parameters
    ----------
    place
        The file, folder or zip.
    leave_out
        A folder inside of it that is none of the students'.

    Raises
    ------
    ValueError
        If there is nothing there.
    """
    if not place.exists():
        raise ValueError(tr("There is no file or folder {}.").format(place))
    found = list(_found(place, leave_out))
    submitters: dict[str, tuple[Student, datetime | None]] = {}
    problems: list[Problem] = []
    for one in filter(_is_metadata, found):
        try:
            submitters |= _gradescope(one)
        except UnreadableError as error:
            problems.append(Problem(Student("Gradescope"), one.path, str(error)))
    found = [one for one in found if not _is_metadata(one)]
    readable = [one for one in found if not one.fault and _suffix(one.path) in SUFFIXES]
    outer = _common_folders(readable)
    entries: list[Entry] = []
    for one in found:
        student, handed_in = _student(one, outer, submitters)
        if fault := one.fault or _not_a_notebook(one.path):
            if one.fault or student.platform:
                problems.append(Problem(student, one.path, fault))
            continue
        try:
            data = one.read()
            read = submission(student.name, one.path, data)
        except (UnreadableError, *ZIP_ERRORS) as error:
            problems.append(Problem(student, one.path, str(error) or type(error).__name__))
            continue
        entry = Entry(
            *(student, one.path, handed_in, read.digest, read.room, read.version),
            *(read.notes, one.read),
        )
        entries.append(entry)
    counting, left_out = _last_of_each(entries)
    have_marks = {entry.student.label for entry in counting}
    problems = [
        Problem(one.student, one.path, one.reason, one.student.label not in have_marks)
        for one in problems
    ]
    return counting, problems + left_out


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


# Files


def _is_metadata(one: Found) -> bool:
    return not one.fault and PurePosixPath(one.path).name == METADATA


def _found(place: Path, leave_out: Path | None) -> Iterator[Found]:
    if place.is_dir():
        yield from _in_folder(place, leave_out)
    elif place.suffix.lower() == ".zip":
        yield from _in_zip(place, "", 1)
    else:
        yield Found(place.name, _modified(place), partial(_read_file, place))


def _in_folder(place: Path, leave_out: Path | None) -> Iterator[Found]:
    for folder, names, files in os.walk(place):
        here = Path(folder)
        names[:] = sorted(
            name
            for name in names
            if not _ignored(name) and not (leave_out and _same(here / name, leave_out))
        )
        for name in sorted(name for name in files if not _ignored(name)):
            path = here / name
            inside = normalize("NFC", path.relative_to(place).as_posix())
            if path.is_symlink():
                fault = tr("It is a link to another place, which is not followed.")
                yield Found(inside, None, bytes, fault)
            elif path.is_file() and path.suffix.lower() == ".zip":
                yield from _in_zip(path, inside, 1)
            elif path.is_file():
                yield Found(inside, _modified(path), partial(_read_file, path))


def _ignored(name: str) -> bool:
    return name.startswith(".") or name in ("__MACOSX", "__pycache__")


def _same(one: Path, other: Path) -> bool:
    return one.resolve() == other.resolve()


def _modified(path: Path) -> datetime:
    return datetime.fromtimestamp(path.stat().st_mtime).astimezone()


def _read_file(path: Path) -> bytes:
    with path.open("rb") as file:
        return _limited(file, LARGEST)


def _limited(file: Any, most: int) -> bytes:
    """What is in a file, whatever its size is said to be."""
    data = file.read(most + 1)
    if len(data) > most:
        raise UnreadableError(tr("It is larger than {:,} bytes.").format(most))
    return data


def _in_zip(archive: Path | Source, path: str, depth: int) -> Iterator[Found]:
    """The files of a zip, which is a file, or inside of another one."""
    try:
        file = zipfile.ZipFile(_opened(archive))
        infos = file.infolist()
        _refuse_bomb(infos, inside=bool(path))
    except (UnreadableError, *ZIP_ERRORS) as error:
        reason = tr("The zip cannot be read: {}").format(str(error) or type(error).__name__)
        yield Found(path or str(archive), None, bytes, reason)
        return
    # A zip on disk stays open, for its list of files is long; one inside of another is read anew.
    keeper = file if isinstance(archive, Path) else archive
    for info in infos:
        name = normalize("NFC", info.filename)
        inside = f"{path}/{name}" if path else name
        if info.is_dir():
            continue
        if _leaves(name):
            fault = tr("Its name leaves the folder of the zip.")
            yield Found(inside.replace("..", "…"), None, bytes, fault)
        elif any(map(_ignored, PurePosixPath(name).parts)):
            continue
        elif _suffix(name) == ".zip" and depth < DEEPEST:
            read = partial(_read_from_zip, keeper, info, LARGEST_ZIP)
            yield from _in_zip(read, inside, depth + 1)
        elif _suffix(name) == ".zip":
            fault = tr("Zips lie inside of zips, more than {} deep.").format(DEEPEST)
            yield Found(inside, None, bytes, fault)
        else:
            yield Found(inside, _zip_time(info), partial(_read_from_zip, keeper, info, LARGEST))


def _opened(archive: Path | Source) -> Any:
    return archive if isinstance(archive, Path) else io.BytesIO(archive())


def _refuse_bomb(infos: list[zipfile.ZipInfo], inside: bool) -> None:
    if len(infos) > MOST_FILES:
        raise UnreadableError(
            tr("It has {:,} files; at most {:,} are read.").format(len(infos), MOST_FILES)
        )
    size = sum(info.file_size for info in infos if _suffix(info.filename) in (*SUFFIXES, ".zip"))
    if inside and size > LARGEST_ZIP:
        raise UnreadableError(
            tr("Unpacked, it has {:,} bytes; at most {:,} are read.").format(size, LARGEST_ZIP)
        )


def _leaves(name: str) -> bool:
    parts = PurePosixPath(name.replace("\\", "/")).parts
    return not parts or ".." in parts or name[0] in "/\\" or parts[0][1:2] == ":"


def _read_from_zip(keeper: zipfile.ZipFile | Source, info: zipfile.ZipInfo, most: int) -> bytes:
    file = keeper if isinstance(keeper, zipfile.ZipFile) else zipfile.ZipFile(_opened(keeper))
    with file.open(info) as member:
        return _limited(member, most)


def _zip_time(info: zipfile.ZipInfo) -> datetime | None:
    try:
        return datetime(*info.date_time).astimezone()
    except ValueError:
        return None


def _suffix(path: str) -> str:
    return PurePosixPath(path).suffix.lower()


def _not_a_notebook(path: str) -> str:
    if _suffix(path) in SUFFIXES:
        return ""
    return tr("It is no notebook; expected a file that ends in {}.").format(", ".join(SUFFIXES))


# Students


def _common_folders(found: Iterable[Found]) -> int:
    """How many folders lie around all files, and so tell nobody apart."""
    paths = [PurePosixPath(one.path).parts[:-1] for one in found]
    count = 0
    while len(paths) > 1 and all(len(parts) > count for parts in paths):
        folder = paths[0][count]
        same = all(parts[count] == folder for parts in paths)
        if not same or MOODLE.fullmatch(folder) or GRADESCOPE.fullmatch(folder):
            break
        count += 1
    return count


def _student(
    one: Found, outer: int, submitters: dict[str, tuple[Student, datetime | None]]
) -> tuple[Student, datetime | None]:
    """Who handed a file in, and when."""
    parts = PurePosixPath(one.path).parts
    for part in parts:
        if part in submitters:
            student, created = submitters[part]
            return student, created or one.modified
        if match := MOODLE.fullmatch(part):
            return Student(match["name"], match["id"], "moodle"), one.modified
        if match := CANVAS.fullmatch(part):
            student = Student(match["name"], match["id"], "canvas", bool(match["late"]))
            return student, one.modified
        if match := GRADESCOPE.fullmatch(part):
            return Student(part, match["id"], "gradescope"), one.modified
    inside = parts[min(outer, len(parts) - 1) :]
    name = PurePosixPath(inside[0])
    plain = name.name if len(inside) > 1 and name.suffix.lower() != ".zip" else name.stem
    return Student(COPY.sub("", plain) or plain), one.modified


def _gradescope(one: Found) -> dict[str, tuple[Student, datetime | None]]:
    """Students and times by their folders, from the metadata of an export."""
    import yaml

    students: dict[str, tuple[Student, datetime | None]] = {}
    try:
        for folder, values in yaml.safe_load(one.read().decode()).items():
            people = values[":submitters"]
            names = " and ".join(str(person[":name"]) for person in people)
            number = str(people[0].get(":sid") or folder.removeprefix("submission_"))
            created = values.get(":created_at")
            time = created.astimezone() if isinstance(created, datetime) else None
            students[folder] = Student(names, number, "gradescope"), time
    except (yaml.YAMLError, AttributeError, LookupError, TypeError, *ZIP_ERRORS) as error:
        raise UnreadableError(tr("It is not Gradescope's: {!r}.").format(error)) from error
    return students


def _last_of_each(entries: Iterable[Entry]) -> tuple[list[Entry], list[Problem]]:
    """Of each student's files for an exercise the last one; the others are listed."""
    groups: dict[tuple[str, str], list[Entry]] = {}
    for entry in entries:
        groups.setdefault((entry.student.label, entry.room), []).append(entry)
    counting, left_out = [], []
    for group in groups.values():
        *others, last = sorted(group, key=_order)
        if others:
            names = ", ".join(other.path for other in others)
            note = tr("Of {} files, this one counts: it was handed in last. The others: {}.")
            last = Entry(**{**vars(last), "notes": (*last.notes, note.format(len(group), names))})
        counting.append(last)
        reason = tr("It was left out: {} of the same student was handed in later.")
        left_out += [
            Problem(other.student, other.path, reason.format(last.path), False) for other in others
        ]
    return counting, left_out


def _order(entry: Entry) -> tuple[float, int, str]:
    """When it was handed in; at the same time, the number of the copy."""
    time = entry.handed_in.timestamp() if entry.handed_in else 0
    stem = PurePosixPath(entry.path).stem
    copy = COPY.search(stem) or AGAIN.search(stem)
    return time, int(copy[1]) if copy else 0, entry.path


# Notebooks


def _notebook(path: str, data: bytes) -> dict[str, Any]:
    """The cells of a notebook: their kind and source, and nothing else of the file."""
    if not data.strip():
        raise UnreadableError(tr("The file is empty."))
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UnreadableError(
            tr("It is not UTF-8 text: byte {} is {:#04x}.").format(error.start, data[error.start])
        ) from error
    cells = _from_json(text) if _suffix(path) == ".ipynb" else _from_text(text, _suffix(path))
    return {
        "nbformat": 4,
        "nbformat_minor": 5,
        "metadata": {},
        "cells": [
            {"cell_type": kind, "metadata": {}, "source": _clean(source)} for kind, source in cells
        ],
    }


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
        raise UnreadableError(tr("It is no notebook: {}.").format(error)) from error
    if isinstance(notebook, dict) and isinstance(notebook.get("nbformat"), int):
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
            tr("It is a notebook of format {}, which cannot be brought to 4: {}.").format(
                notebook["nbformat"], error
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
        raise UnreadableError(tr("Jupytext cannot read it: {}.").format(error)) from error
    return list(map(_cell, notebook.cells))


# Exercises


def _exercise(cells: Sequence[str]) -> tuple[str, int, list[str]]:
    """The room and the version of the exercise, and what a teacher should know about them."""
    room, version = _asked(cells)
    if room in rooms.ROOMS:
        if version is None:
            note = tr("It does not say its version of the exercise; taken for the present one.")
            return room, rooms.version(room), [note]
        return room, version, []
    said = rooms.unknown("room", room, rooms.ROOMS) if room else tr("there is no cnnlab.exercise")
    defined = _defined(cells)
    counts = {one: len(defined & set(rooms.questions(one))) for one in rooms.ROOMS}
    best, most = max(counts.items(), key=lambda pair: pair[1])
    if most == 0 or sum(count == most for count in counts.values()) > 1:
        raise UnreadableError(tr("It is no exercise of the course: {}.").format(said))
    note = tr("Taken for the exercise of {!r}, whose answers it defines, for {}.")
    return best, rooms.version(best) if version is None else version, [note.format(best, said)]


def _asked(cells: Iterable[str]) -> tuple[str | None, int | None]:
    """What the first call of `exercise` says."""
    for source in cells:
        if "exercise" not in source:
            continue
        tree = parsed(source)
        if tree is None:  # a mistake of the student's, or a line that only IPython knows
            if match := CALL.search(source):
                return match[1], int(match[2]) if match[2] else None
            continue
        for node in ast.walk(tree):
            room, version = _call(node) if isinstance(node, ast.Call) else (None, None)
            if room is not None:
                return room, version
    return None, None


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


def _call(node: ast.Call) -> tuple[str | None, int | None]:
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
        version if type(version) is int else None,
    )
