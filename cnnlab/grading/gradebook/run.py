"""Marks for a class: ``cnnlab grade submissions/ -o marks/``.

Each result is written when it is made. What a run finds from an earlier one, with the same file,
questions, package and secret, it does not mark again.
"""

import fcntl
import hashlib
import os
import secrets
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from cnnlab import __version__
from cnnlab.grading import questions as catalogue
from cnnlab.grading.gradebook import marks, records
from cnnlab.grading.gradebook.intake import Entry, Problem, collect, nothing_at
from cnnlab.grading.gradebook.marker import StoppedError
from cnnlab.grading.gradebook.marking import marked
from cnnlab.grading.gradebook.options import Options, Outcome
from cnnlab.grading.gradebook.publish import publish
from cnnlab.grading.gradebook.roster import compared, numbered
from cnnlab.grading.gradebook.students import Student
from cnnlab.grading.judge.result import Result
from cnnlab.grading.texts import tr


def grade(options: Options) -> Outcome:
    """Mark what is new, and write the tables and reports of the whole class.

    Raises
    ------
    ValueError
        If there is nothing to grade, or the rules name somebody who is not there.
    IsolationError
        If this system cannot isolate students' code.
    StoppedError
        If the marks cannot be written.
    """
    if not options.submissions.exists():  # before a folder for its marks is made
        raise ValueError(nothing_at(options.submissions))
    if _inside(options.submissions, options.output):
        raise ValueError(
            f"the submissions {options.submissions} lie inside of the folder for the marks,"
            f" {options.output}; expected another folder"
        )
    try:
        folder = records.Folder(options.output)
        with _alone(folder.path):
            folder.sweep()
            try:
                return _grade(options, folder)
            finally:
                folder.sweep()
    except OSError as error:
        raise StoppedError(
            f"Stopped: {error}. What was marked before is kept in {options.output}; run the same"
            " command again, and it goes on from there."
        ) from error


def _inside(path: Path, folder: Path) -> bool:
    return path.resolve().is_relative_to(folder.resolve())


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Refuse a second run that writes into the same folder."""
    handle = os.open(path, os.O_RDONLY)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise ValueError(f"another run is writing into {path}; wait for its end") from error
        yield
    finally:
        os.close(handle)


def _overrides_for_nobody(
    options: Options, folder: records.Folder, entries: Sequence[Entry], problems: Sequence[Problem]
) -> list[Problem]:
    """The overrides for students of whom nothing can be marked: no mark is there to be changed.

    Raises
    ------
    ValueError
        If one is for nobody in the class.
    """
    handed_in = [*(one.student for one in entries), *map(marks.student_of, folder.records())]
    marked = [numbered(one, options.roster) for one in handed_in]
    others = [*(one.student for one in problems), *(options.roster or ())]
    options.rules.refuse_unknown([*marked, *others])
    said = tr(
        "An override gives {:g} points for {!r}, and there is no mark of theirs that it could"
        " change: they have handed in nothing that can be marked. Add the points yourself."
    )
    return [
        Problem(
            next(filter(one.meant_for, others)),
            "",
            said.format(one.points, one.question),
            missing=False,
            urgent=True,
        )
        for one in options.rules.overrides
        if not any(map(one.meant_for, marked))
    ]


def _grade(options: Options, folder: records.Folder) -> Outcome:
    entries, problems = collect(options.submissions, leave_out=options.output)
    if options.rules.overrides:
        problems = [*problems, *_overrides_for_nobody(options, folder, entries, problems)]
    secret = the_secret(folder, options.seed)
    outcome = Outcome(problems=problems)
    if options.roster:
        outcome.problems += compared(options.roster, _everybody(entries, problems, folder))
    new = list(_to_mark(options, folder, entries, secret, outcome))
    try:
        with closing(marked(options, secret, new)) as results:
            for task, result in results:
                if isinstance(result, Result):
                    outcome.marked += 1  # before it can be seen that it is there
                    key = _key(result.digest, result.room, secret)
                    record = records.new_record(task.entry, task.submission, result, key)
                    folder.keep(_with_the_rest(folder, record, task.entry))
                else:
                    reason = f"It could not be marked: {type(result).__name__}: {result}"
                    problem = Problem(task.entry.student, task.entry.path, reason)
                    outcome.problems.append(problem)
                    outcome.failed += 1
    except KeyboardInterrupt:
        outcome.interrupted = True
    present = {records.name_of(entry.student, entry.room) for entry in entries}
    outcome.summary, outcome.problems = publish(
        *(folder, options.rules, outcome.problems, present),
        anonymous=secret if options.anonymous else None,
        roster=options.roster,
    )
    return outcome


def _everybody(
    entries: list[Entry], problems: list[Problem], folder: records.Folder
) -> list[Student]:
    """Who has handed in anything, now or before."""
    known = {one.student: None for one in (*entries, *(one for one in problems if one.missing))}
    return list(known | dict.fromkeys(map(marks.student_of, folder.records())))


def _to_mark(
    options: Options,
    folder: records.Folder,
    entries: list[Entry],
    secret: int,
    outcome: Outcome,
) -> Iterator[Entry]:
    """The hand-ins that this run marks; what becomes of the others is counted."""
    some = bool(options.only or options.only_questions)
    if options.only:
        known = [one.student for one in entries]
        for name in options.only:
            if not any(name in (one.name, one.id, one.label) for one in known):
                names = list(dict.fromkeys(one.name for one in known))
                raise ValueError(catalogue.unknown("--only", name, names))
    for entry in entries:
        key = _key(entry.digest, entry.room, secret)
        kept = _is_kept(folder, entry, key)
        if some and options.chooses(entry.student, entry.room):
            asked = tuple(
                name for name in catalogue.questions(entry.room) if name in options.only_questions
            )
            yield replace(entry, asked=asked if kept else ())  # else, there is nothing to add to
        elif (kept and not options.again) or (some and _is_marked(folder, entry)):
            outcome.kept += 1
        elif some:
            said = "It was not marked, since this run was for others only."
            outcome.problems.append(Problem(entry.student, entry.path, said))
        else:
            yield entry


def _is_marked(folder: records.Folder, entry: Entry) -> bool:
    """Whether there are marks, be it of an older file or version."""
    return folder.record(records.name_of(entry.student, entry.room)) is not None


def _with_the_rest(folder: records.Folder, record: dict[str, Any], entry: Entry) -> dict[str, Any]:
    """The record with what an earlier run has said of the questions that were not asked now."""
    before = folder.record(records.stem(record)) if entry.asked else None
    if before is None:
        return record
    now = {one["id"]: one for one in record["result"]["verdicts"]}
    verdicts = [now.get(one["id"], one) for one in before["result"]["verdicts"]]
    return record | {"result": record["result"] | {"verdicts": verdicts}}


def the_secret(folder: records.Folder, seed: int | None) -> int:
    """The number from which all inputs follow. It is kept beside the marks, for their owner only.

    Raises
    ------
    ValueError
        If the file that keeps it is damaged.
    """
    path = folder.path / "secret"
    if seed is None and path.exists():
        text = path.read_text("utf-8")
        if not text.strip().isdigit():
            raise ValueError(f"{path} has {text[:40]!r}; expected a whole number")
        return int(text)
    secret = secrets.randbits(64) if seed is None else seed
    folder.write(path.name, f"{secret}\n", 0o600)
    return secret


def _key(digest: str, room: str, secret: int) -> str:
    """What decides about the marks; a change in it means another run."""
    own = [mark for mark in (catalogue.fingerprint(room),) if mark]
    parts = (digest, room, catalogue.version(room), __version__, secret, *own)
    return hashlib.sha256(repr(parts).encode()).hexdigest()


def _is_kept(folder: records.Folder, entry: Entry, key: str) -> bool:
    """Whether an earlier run has marked it; what the file's place says is brought up to date."""
    record = folder.record(records.name_of(entry.student, entry.room))
    if record is None or record["key"] != key:
        return False
    if record != record | records.of_entry(entry):
        folder.keep(record | records.of_entry(entry))
    return True
