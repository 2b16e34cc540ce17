"""Who handed in a file, as the names that a learning platform gives to folders and files say it.

Names come from strangers too: what lies deeper in a hand-in than its own folder says nothing.
"""

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import PurePosixPath
from typing import Any

from cnnlab.grading.gradebook.files import (
    BROWSERS,
    SUFFIXES,
    Found,
    UnreadableError,
    printable,
    suffix_of,
)
from cnnlab.grading.texts import tr

PLATFORM, METADATA = "gradescope", "submission_metadata.yml"
LARGEST_METADATA = 5 << 20  # bytes
MOODLE = re.compile(r"(?P<name>.+?)_(?P<id>\d+)_assignsubmission_[a-z]+(?:_(?P<file>.*))?")
CANVAS = re.compile(r"(?P<name>[^_]+)_(?P<late>LATE_)?(?P<id>\d+)_\d+_(?P<file>.+)")
GRADESCOPE = re.compile(r"submission_(?P<id>\d+)")
SECTION = re.compile(
    r"(sec|section|secci[oó]n|class|clase|course|curso|kurs|seminar|tutorial|turma)[\W_]*\w{1,3}",
    re.IGNORECASE,
)
COPY = re.compile(r"\s*\((\d+)\)$")  # "hw (1)", as browsers name a second download
# Beside the hand-ins, such a file is a list of the teacher's and no hand-in.
LISTS = (".csv", ".xlsx", ".ods", ".toml", ".yml", ".yaml", ".json", ".log")
NO_NUMBER = ("", "~", "null")  # as YAML says that there is none
Submitters = dict[str, tuple[list["Student"], datetime | None]]


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


@dataclass(frozen=True)
class Layout:
    """Where in the paths of a class its students are told apart.

    Attributes
    ----------
    around
        The folders around all hand-ins.
    sections
        Whether another folder lies around the students of each section.
    alone
        Whether there is one hand-in only.
    submitters
        Students and times by the folders of an export of Gradescope.
    shared
        Names that students of several sections have.
    """

    around: tuple[str, ...]
    sections: bool = False
    alone: bool = False
    submitters: Submitters = field(default_factory=dict)
    shared: frozenset[str] = frozenset()

    def hand(self, one: Found) -> tuple[str, ...]:
        """The folder or file that is somebody's, with those around it."""
        return _parts(one)[: len(self.around) + self.sections + 1]

    def who(self, one: Found) -> list[tuple[Student, datetime | None]]:
        """Who handed a file in, and when: several students, if they did so as a group."""
        *outer, part = self.hand(one)
        if part in self.submitters:
            students, created = self.submitters[part]
            return [(student, created or one.modified) for student in students]
        if self.alone:  # then a folder of a platform may have more around it
            part = next((name for name in _parts(one)[:-1] if _platform(name)), part)
        student = _platform(part) or Student(self._name(one, part))
        if outer and student.name in self.shared:
            student = replace(student, name=f"{student.name} ({outer[-1]})")
        return [(student, one.modified)]

    def _name(self, one: Found, part: str) -> str:
        name = PurePosixPath(BROWSERS.sub(".ipynb", part))
        is_folder = len(self.hand(one)) < len(_parts(one))
        plain = name.name if is_folder and name.suffix.lower() != ".zip" else name.stem
        return COPY.sub("", plain) or plain

    def is_handed_in(self, one: Found) -> bool:
        """Whether a file is somebody's, and not the teacher's own beside the hand-ins."""
        parts = _parts(one)
        inside = parts[: len(self.around)] == self.around and len(parts) > len(self.around)
        return inside and (len(self.hand(one)) < len(parts) or suffix_of(one.path) not in LISTS)


def layout_of(found: Sequence[Found], submitters: Submitters, root: tuple[str, ...]) -> Layout:
    """The layout of a class, from all its files.

    Parameters
    ----------
    found
        The files, without the metadata of an export.
    submitters, root
        What the metadata of an export say, and the folders around them.
    """
    notebooks = [one for one in found if not one.fault and suffix_of(one.path) in SUFFIXES]
    paths = [_parts(one) for one in notebooks or found]
    alone = len(paths) == 1 and not submitters
    layout = Layout(root if submitters else _common_folders(paths), False, alone, submitters)
    level = len(layout.around)
    deep = all(len(path) > level + 1 for path in paths)
    if paths and deep and all(SECTION.fullmatch(path[level]) for path in paths):
        layout = replace(layout, sections=True)
        inside = [one for one in found if len(_parts(one)) > level + 1]
        pairs = {(_parts(one)[level], layout.who(one)[0][0].name) for one in inside}
        counts = Counter(name for _, name in pairs)
        layout = replace(layout, shared=frozenset(name for name in counts if counts[name] > 1))
    return layout


def _parts(one: Found) -> tuple[str, ...]:
    return PurePosixPath(one.path).parts


def _platform(part: str) -> Student | None:
    """The student of a name that a platform made; None if it is of another kind."""
    if match := MOODLE.fullmatch(part):
        return Student(match["name"], match["id"], "moodle")
    if match := CANVAS.fullmatch(part):
        return Student(match["name"], match["id"], "canvas", bool(match["late"]))
    if match := GRADESCOPE.fullmatch(part):
        return Student(part, match["id"], PLATFORM)
    return None


def _common_folders(paths: Sequence[tuple[str, ...]]) -> tuple[str, ...]:
    """The folders around all files, which tell nobody apart."""
    count = 0
    while len(paths) > 1 and all(len(parts) > count + 1 for parts in paths):
        folder = paths[0][count]
        same = all(parts[count] == folder for parts in paths)
        if not same or MOODLE.fullmatch(folder) or GRADESCOPE.fullmatch(folder):
            break
        count += 1
    return paths[0][:count] if paths else ()


def is_metadata(one: Found) -> bool:
    return not one.fault and PurePosixPath(one.path).name == METADATA


def is_of_an_export(metadata: Found, found: Iterable[Found]) -> bool:
    """Whether metadata lie at the root of an export: around all files, beside its folders."""
    root = _parts(metadata)[:-1]
    paths = [_parts(one) for one in found]
    inside = all(path[: len(root)] == root for path in paths)
    return inside and any(GRADESCOPE.fullmatch(path[len(root)]) for path in paths)


def submitters_of(data: bytes) -> tuple[Submitters, list[str]]:
    """Students and times by their folders, from the metadata of an export, and what is odd there.

    Raises
    ------
    UnreadableError
        If it is too large, or no metadata.
    """
    import yaml

    if len(data) > LARGEST_METADATA:
        raise UnreadableError(tr("It is larger than {:,} bytes.").format(LARGEST_METADATA))
    loader = getattr(yaml, "CBaseLoader", yaml.BaseLoader)  # all is text: a name may be “No”
    submitters: Submitters = {}
    odd: list[str] = []
    try:
        for folder, values in yaml.load(data.decode(), loader).items():
            try:
                submitters[folder] = _submitters(folder, values)
            except (AttributeError, LookupError, TypeError, ValueError, OverflowError):
                said = tr("“{}” in it cannot be read: it does not say who handed it in, and when.")
                odd.append(said.format(printable(str(folder)[:80])))
    except (yaml.YAMLError, AttributeError, TypeError, ValueError) as error:
        raise UnreadableError(tr("It is not Gradescope's.")) from error
    if not submitters:
        raise UnreadableError(tr("It is not Gradescope's: {}").format(" ".join(odd)))
    return submitters, odd


def _submitters(folder: str, values: Any) -> tuple[list[Student], datetime | None]:
    """The students of a hand-in, who share its marks, and when it was handed in."""
    number = folder.removeprefix("submission_")
    people = [(person[":name"], person.get(":sid", "")) for person in values[":submitters"]]
    if not people or not all(
        isinstance(one, str) and name for name, sid in people for one in (name, sid)
    ):
        raise ValueError("a submitter has no name")
    students = [
        Student(printable(name), printable(number if sid in NO_NUMBER else sid), PLATFORM)
        for name, sid in people
    ]
    return students, _moment(values.get(":created_at", ""))


def _moment(text: str) -> datetime | None:
    """A time as YAML writes it; None if it is none."""
    import yaml

    moment = yaml.safe_load(text)
    return moment.astimezone() if isinstance(moment, datetime) else None
