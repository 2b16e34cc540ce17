"""What was handed in: files, folders and zips, as a learning platform gives them.

Nothing is unpacked to disk, and nothing is run. Names and contents come from strangers: a zip that
grows too much, a name that leaves its folder and a notebook that is none are listed, not followed.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath

from cnnlab.grading.gradebook.files import (
    SUFFIXES,
    ZIP_ERRORS,
    Source,
    UnreadableError,
    found_in,
    not_a_notebook,
    suffix_of,
)
from cnnlab.grading.gradebook.notebooks import submission
from cnnlab.grading.gradebook.students import (
    COPY,
    Student,
    common_folders,
    is_metadata,
    student_and_time,
    submitters_of,
)
from cnnlab.grading.judge.submission import Submission
from cnnlab.grading.texts import tr

AGAIN = re.compile(r"-(\d+)$")  # "hw-1", as Canvas names what is handed in again


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
    found = list(found_in(place, leave_out))
    submitters: dict[str, tuple[Student, datetime | None]] = {}
    problems: list[Problem] = []
    for one in filter(is_metadata, found):
        try:
            submitters |= submitters_of(one)
        except UnreadableError as error:
            problems.append(Problem(Student("Gradescope"), one.path, str(error)))
    found = [one for one in found if not is_metadata(one)]
    readable = [one for one in found if not one.fault and suffix_of(one.path) in SUFFIXES]
    outer = common_folders(readable)
    entries: list[Entry] = []
    for one in found:
        student, handed_in = student_and_time(one, outer, submitters)
        if fault := one.fault or not_a_notebook(one.path):
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
