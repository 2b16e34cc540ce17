"""Who handed in a file, as the names that a learning platform gives to folders and files say it."""

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePosixPath

from cnnlab.grading.gradebook.files import ZIP_ERRORS, Found, UnreadableError
from cnnlab.grading.texts import tr

METADATA = "submission_metadata.yml"  # Gradescope's
MOODLE = re.compile(r"(?P<name>.+?)_(?P<id>\d+)_assignsubmission_[a-z]+_(?P<file>.*)")
CANVAS = re.compile(r"(?P<name>[^_]+)_(?P<late>LATE_)?(?P<id>\d+)_\d+_(?P<file>.+)")
GRADESCOPE = re.compile(r"submission_(?P<id>\d+)")
COPY = re.compile(r"\s*\((\d+)\)$")  # "hw (1)", as browsers name a second download


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


def is_metadata(one: Found) -> bool:
    return not one.fault and PurePosixPath(one.path).name == METADATA


def common_folders(found: Iterable[Found]) -> int:
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


def student_and_time(
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


def submitters_of(one: Found) -> dict[str, tuple[Student, datetime | None]]:
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
