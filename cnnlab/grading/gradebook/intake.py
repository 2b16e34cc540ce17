"""What was handed in: files, folders and zips, as a learning platform gives them.

Nothing is unpacked to disk, and nothing is run. Names and contents come from strangers: a zip that
grows too much, a name that leaves its folder and a notebook that is none are listed, not followed.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path, PurePosixPath

from cnnlab.grading.gradebook.budget import Budget, BudgetError
from cnnlab.grading.gradebook.files import (
    SUFFIXES,
    ZIP_ERRORS,
    Found,
    Source,
    UnreadableError,
    found_in,
    not_a_notebook,
    printable,
    suffix_of,
)
from cnnlab.grading.gradebook.notebooks import Head, head, submission
from cnnlab.grading.gradebook.students import (
    COPY,
    Layout,
    Student,
    Submitters,
    is_metadata,
    is_of_an_export,
    layout_of,
    submitters_of,
)
from cnnlab.grading.judge.submission import Submission
from cnnlab.grading.texts import tr

AGAIN = re.compile(r"-(\d+)$")  # "hw-1", as Canvas names what is handed in again
MOST_NOTEBOOKS = 20  # of a student; who hands in an environment has thousands of files
MOST_FAULTS = 5  # of a student's files that are listed one by one
MOST_SLOW = 2  # files of a student that take more than their budget
LONGEST_REASON = 1_000  # characters


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
    hand: tuple[str, ...] = ()  # the folder or file of the class that it came from
    asked: tuple[str, ...] = ()  # the questions to mark; empty: all

    def load(self, budget: Budget) -> Submission:
        """The whole of it."""
        whole = budget(submission, self.student.name, self.path, self.read())
        return replace(whole, asked=self.asked)


@dataclass(frozen=True)
class Problem:
    """A file that is not marked, and why.

    Attributes
    ----------
    student, path, reason
        Of the file.
    missing
        Whether its student has no marks because of it.
    urgent
        Whether a teacher has to look at it before the marks count.
    """

    student: Student
    path: str
    reason: str
    missing: bool = True
    urgent: bool = False

    def __post_init__(self) -> None:
        words = " ".join(self.reason.split())
        object.__setattr__(self, "reason", printable(words)[:LONGEST_REASON])


def by_student(problems: Iterable[Problem]) -> dict[Student, list[Problem]]:
    """The problems of each student, those that cost marks first."""
    found: dict[Student, list[Problem]] = defaultdict(list)
    for one in sorted(problems, key=lambda one: not one.missing):
        found[one.student].append(one)
    return found


def collect(place: Path, leave_out: Path | None = None) -> tuple[list[Entry], list[Problem]]:
    """All hand-ins of a file, a folder or a zip, and the files that are none.

    Of several files of one student for the same exercise, the one that was handed in last counts.
    Whoever has handed in anything has an entry or a problem.

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
        raise ValueError(nothing_at(place))
    everything = list(found_in(place, leave_out))
    found = [one for one in everything if not is_metadata(one)]
    with Budget() as budget:
        submitters, root, problems = _submitters(everything, found, budget)
        layout = layout_of(found, submitters, root)
        entries: list[Entry] = []
        for some in _by_hand(found, layout).values():
            read, refused = _read_hand(some, layout, budget)
            entries += read
            problems += refused
    problems += [
        Problem(layout.who(one)[0][0], one.path, NOT_OF_AN_EXPORT, missing=False, urgent=True)
        for one in everything
        if is_metadata(one) and PurePosixPath(one.path).parent.parts != root
    ]
    counting, left_out = _last_of_each(entries)
    have_marks = {entry.student.label for entry in counting}
    problems = [
        replace(one, missing=one.missing and one.student.label not in have_marks)
        for one in problems
    ]
    return counting, problems + left_out


def nothing_at(place: Path) -> str:
    return tr("There is no file or folder {}.").format(place)


NOT_OF_AN_EXPORT = tr(
    "It counts at the root of an export of Gradescope only, and was not read. A file of this name"
    " among a student's own says who handed in what: look at it."
)


def _submitters(
    everything: Sequence[Found], found: Sequence[Found], budget: Budget
) -> tuple[Submitters, tuple[str, ...] | None, list[Problem]]:
    """What the metadata of an export say, the folders around them, and what is wrong with them."""
    metadata = next((one for one in everything if _is_root(one, found)), None)
    if metadata is None:
        return {}, None, []
    root = PurePosixPath(metadata.path).parent.parts
    try:
        submitters, odd = budget(submitters_of, metadata.read())
    except (UnreadableError, BudgetError, *ZIP_ERRORS) as error:
        problem = Problem(Student("Gradescope"), metadata.path, str(error), urgent=True)
        return {}, root, [problem]
    said = [Problem(Student("Gradescope"), metadata.path, one, False, True) for one in odd]
    return submitters, root, said


def _is_root(one: Found, found: Sequence[Found]) -> bool:
    return is_metadata(one) and is_of_an_export(one, found)


def _by_hand(found: Iterable[Found], layout: Layout) -> dict[tuple[str, ...], list[Found]]:
    """The files of each student, or group of students."""
    hands: dict[tuple[str, ...], list[Found]] = defaultdict(list)
    for one in found:
        if one.fault or layout.is_handed_in(one):
            hands[layout.hand(one)].append(one)
    return hands


def _read_hand(
    files: Sequence[Found], layout: Layout, budget: Budget
) -> tuple[list[Entry], list[Problem]]:
    """The notebooks of a student among his or her files, and why the others are none."""
    refused = [(one, one.fault) for one in files if one.fault]
    if len(refused) > MOST_FAULTS:
        said = tr("{:,} more of the files cannot be read.").format(len(refused) - MOST_FAULTS)
        refused = [*refused[:MOST_FAULTS], (refused[MOST_FAULTS][0], said)]
    others = [one for one in files if not one.fault and suffix_of(one.path) not in SUFFIXES]
    notebooks = [one for one in files if not one.fault and suffix_of(one.path) in SUFFIXES]
    notebooks.sort(key=lambda one: (SUFFIXES.index(suffix_of(one.path)), one.path))
    entries: list[Entry] = []
    slow = 0
    for one in notebooks[:MOST_NOTEBOOKS]:
        if slow == MOST_SLOW:
            refused.append((one, tr("It was not read, since others of its student take too long.")))
            break
        try:
            read = budget(head, one.path, one.read())
        except (UnreadableError, BudgetError, *ZIP_ERRORS) as error:
            refused.append((one, str(error) or type(error).__name__))
            slow += isinstance(error, BudgetError)
        else:
            entries += _entries(one, read, layout)
    if len(notebooks) > MOST_NOTEBOOKS:
        said = tr("Of {:,} files that may be notebooks, the first {} were read.")
        refused.append((notebooks[-1], said.format(len(notebooks), MOST_NOTEBOOKS)))
    if others and (layout.who(others[0])[0][0].platform or not (entries or refused)):
        refused.append((others[0], not_a_notebook(others[0].path)))
    return entries, [
        Problem(student, one.path, fault)
        for one, fault in refused
        for student, _ in layout.who(one)
    ]


def _entries(one: Found, read: Head, layout: Layout) -> list[Entry]:
    """An entry for each student who handed the file in: a group shares its marks."""
    return [
        Entry(
            *(student, one.path, handed_in, read.digest, read.room, read.version, read.notes),
            *(one.read, layout.hand(one)),
        )
        for student, handed_in in layout.who(one)
    ]


def _last_of_each(entries: Iterable[Entry]) -> tuple[list[Entry], list[Problem]]:
    """Of each student's files for an exercise the last one; the others are listed."""
    groups: dict[tuple[str, str], list[Entry]] = defaultdict(list)
    for entry in entries:
        groups[entry.student.label, entry.room].append(entry)
    counting, left_out = [], []
    for group in groups.values():
        *others, last = sorted(group, key=_order)
        if others:
            names = ", ".join(other.path for other in others)
            note = tr("Of {} files, this one counts: it was handed in last. The others: {}.")
            last = replace(last, notes=(*last.notes, note.format(len(group), names)))
        counting.append(last)
        left_out += [_left_out(other, last) for other in others]
    return counting, left_out


def _left_out(other: Entry, last: Entry) -> Problem:
    if other.hand == last.hand or last.student.platform:  # a platform tells students apart itself
        reason = tr("{} of the same student was handed in later, and counts.")
        return Problem(other.student, other.path, reason.format(last.path), False)
    reason = tr(
        "Two hand-ins claim to be of {}. {} counts, since it was handed in later; this one was"
        " left out. Look at both."
    )
    said = reason.format(other.student.name, last.path)
    return Problem(other.student, other.path, said, missing=False, urgent=True)


def _order(entry: Entry) -> tuple[float, int, str]:
    """When it was handed in; at the same time, the number of the copy."""
    time = entry.handed_in.timestamp() if entry.handed_in else 0
    stem = PurePosixPath(entry.path).stem
    copy = COPY.search(stem) or AGAIN.search(stem)
    return time, int(copy[1][:9]) if copy else 0, entry.path
