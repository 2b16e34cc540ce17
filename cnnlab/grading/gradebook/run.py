"""Marks for a class: ``cnnlab grade submissions/ -o marks/``.

Each result is written when it is made. What a run finds from an earlier one, with the same file,
questions, package and secret, it does not mark again.
"""

import fcntl
import hashlib
import os
import secrets
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from cnnlab import __version__
from cnnlab.grading import questions as catalogue
from cnnlab.grading.gradebook import marks, records
from cnnlab.grading.gradebook.intake import Entry, Problem, collect
from cnnlab.grading.gradebook.marker import StoppedError
from cnnlab.grading.gradebook.marking import marked
from cnnlab.grading.gradebook.options import Options, Outcome
from cnnlab.grading.gradebook.publish import publish
from cnnlab.grading.judge.result import Result


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


def _grade(options: Options, folder: records.Folder) -> Outcome:
    entries, problems = collect(options.submissions, leave_out=options.output)
    if options.rules.overrides:
        known = [one.student for one in (*entries, *problems)]
        options.rules.refuse_unknown([*known, *map(marks.student_of, folder.records())])
    secret = the_secret(folder, options.seed)
    outcome = Outcome(problems=problems)
    new = []
    for entry in entries:
        key = _key(entry.digest, entry.room, secret)
        if not options.again and _is_kept(folder, entry, key):
            outcome.kept += 1
        else:
            new.append(entry)
    try:
        with closing(marked(options, secret, new)) as results:
            for task, result in results:
                if isinstance(result, Result):
                    key = _key(result.digest, result.room, secret)
                    folder.keep(records.new_record(task.entry, task.submission, result, key))
                    outcome.marked += 1
                else:
                    reason = f"It could not be marked: {type(result).__name__}: {result}"
                    problem = Problem(task.entry.student, task.entry.path, reason)
                    outcome.problems.append(problem)
    except KeyboardInterrupt:
        outcome.interrupted = True
    present = {records.name_of(entry.student, entry.room) for entry in entries}
    outcome.summary = publish(folder, options.rules, outcome.problems, present)
    return outcome


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
    parts = (digest, room, catalogue.version(room), __version__, secret)
    return hashlib.sha256(repr(parts).encode()).hexdigest()


def _is_kept(folder: records.Folder, entry: Entry, key: str) -> bool:
    """Whether an earlier run has marked it; what the file's place says is brought up to date."""
    record = folder.record(records.name_of(entry.student, entry.room))
    if record is None or record["key"] != key:
        return False
    if record != record | records.of_entry(entry):
        folder.keep(record | records.of_entry(entry))
    return True
