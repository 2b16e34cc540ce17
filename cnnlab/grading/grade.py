"""Marks for a class: ``cnnlab grade submissions/ -o marks/``.

Each result is written when it is made. What a run finds from an earlier one, with the same file,
questions, package and secret, it does not mark again.
"""

import fcntl
import hashlib
import os
import re
import secrets
import sys
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ThreadPoolExecutor, wait
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from queue import SimpleQueue
from threading import Lock
from typing import Any

import numpy as np
from tqdm import tqdm

from cnnlab import __version__
from cnnlab.grading import marks, reports, rooms
from cnnlab.grading.intake import (
    ZIP_ERRORS,
    Entry,
    Problem,
    UnreadableError,
    collect,
)
from cnnlab.grading.judge import Judge, Result
from cnnlab.grading.rules import Rules
from cnnlab.grading.sandbox import LEVELS, IsolationError, Limits
from cnnlab.grading.similar import shingles, similar
from cnnlab.grading.submission import Submission

EXERCISES = Path(__file__).resolve().parents[2] / "exercises"  # in a checkout
CODE_CELL = re.compile(r"^```\{code-cell\}[^\n]*\n(.*?)^```$", re.MULTILINE | re.DOTALL)
Mark = Callable[[Submission], dict[str, Any]]
BOM = "\ufeff"  # tells Excel that a table is UTF-8


class StoppedError(Exception):
    """The run cannot go on; what was graded is kept."""


@dataclass(frozen=True)
class Options:
    """What to grade, and how.

    Attributes
    ----------
    submissions
        A file, a folder or a zip.
    output
        The folder for the marks.
    jobs
        Submissions that are marked at the same time.
    rules
        Of the teacher.
    seed
        The secret from which the inputs follow; None: the one that is kept beside the marks, or a
        new one.
    unsafe
        Mark even where students' code cannot be isolated.
    executor
        ``dask://host:port`` of a cluster that does the work; None: this machine does it.
    again
        Mark all, not only what is new or changed.
    limits
        Of time and memory, for each submission.
    """

    submissions: Path
    output: Path
    jobs: int = 2
    rules: Rules = field(default_factory=Rules)
    seed: int | None = None
    unsafe: bool = False
    executor: str | None = None
    again: bool = False
    limits: Limits = field(default_factory=Limits)


@dataclass
class Outcome:
    """What a run has done.

    Attributes
    ----------
    marked, kept
        Submissions that were marked now, and that were marked before.
    problems
        Files without marks, with reasons.
    summary
        Of the class, for a terminal.
    interrupted
        Whether it was stopped with Ctrl-C.
    """

    marked: int = 0
    kept: int = 0
    problems: list[Problem] = field(default_factory=list)
    summary: str = ""
    interrupted: bool = False


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
        folder = marks.Folder(options.output)
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


def _grade(options: Options, folder: marks.Folder) -> Outcome:
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
        with closing(_marked(options, secret, new)) as results:
            for task, result in results:
                if isinstance(result, Result):
                    key = _key(result.digest, result.room, secret)
                    folder.keep(marks.new_record(task.entry, task.submission, result, key))
                    outcome.marked += 1
                else:
                    reason = f"It could not be marked: {type(result).__name__}: {result}"
                    problem = Problem(task.entry.student, task.entry.path, reason)
                    outcome.problems.append(problem)
    except KeyboardInterrupt:
        outcome.interrupted = True
    present = {marks.name_of(entry.student, entry.room) for entry in entries}
    outcome.summary = publish(folder, options.rules, outcome.problems, present)
    return outcome


def the_secret(folder: marks.Folder, seed: int | None) -> int:
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
    parts = (digest, room, rooms.version(room), __version__, secret)
    return hashlib.sha256(repr(parts).encode()).hexdigest()


def _is_kept(folder: marks.Folder, entry: Entry, key: str) -> bool:
    """Whether an earlier run has marked it; what the file's place says is brought up to date."""
    record = folder.record(marks.name_of(entry.student, entry.room))
    if record is None or record["key"] != key:
        return False
    if record != record | marks.facts(entry):
        folder.keep(record | marks.facts(entry))
    return True


# Marking


class Marker:
    """A judge, and the slots of those who share it."""

    def __init__(self, secret: int, limits: Limits, unsafe: bool, slots: Iterable[int]) -> None:
        self.make: Callable[[], Judge] = lambda: Judge(secret, limits, unsafe)
        self.judge = self.make()
        self.closed = False
        self.lock = Lock()
        self.slots: SimpleQueue[int] = SimpleQueue()
        for slot in slots:
            self.slots.put(slot)

    def mark(self, submission: Submission) -> dict[str, Any]:
        """What the judge says, as `Result.as_dict` has it.

        If the process that runs students' code has died, a new one is started, and the submission
        gets a second chance.
        """
        slot = self.slots.get()
        try:
            judge = self.judge
            try:
                return judge.mark(submission, slot).as_dict()
            except (EOFError, OSError):
                return self._renewed(judge).mark(submission, slot).as_dict()
        finally:
            self.slots.put(slot)

    def _renewed(self, broken: Judge) -> Judge:
        with self.lock:
            if self.closed:
                raise StoppedError("the judge is closed")
            if self.judge is broken:
                broken.close()
                self.judge = self.make()
            return self.judge

    def close(self) -> None:
        with self.lock:
            self.closed = True
            self.judge.close()


@dataclass(frozen=True)
class Task:
    """A hand-in that is being marked."""

    entry: Entry
    submission: Submission | None


def _marked(
    options: Options, secret: int, entries: list[Entry]
) -> Iterator[tuple[Task, Result | Exception]]:
    """Hand-ins with their results, as they come, or with the error that prevented one."""
    if not entries:
        return
    with ExitStack() as stack:
        pool, mark, jobs = stack.enter_context(_pool(options, secret, len(entries)))
        bar = tqdm(total=len(entries), unit="hand-in", file=sys.stderr, disable=None)
        stack.enter_context(bar)
        for future, task in _in_order_of_their_end(pool, mark, entries, 2 * jobs):
            error = future.exception()
            if isinstance(error, IsolationError):
                raise error
            yield task, error or Result.from_dict(future.result())
            bar.update()


def _in_order_of_their_end(
    pool: Executor, mark: Mark, entries: list[Entry], most: int
) -> Iterator[tuple[Future, Task]]:
    """Futures with their tasks; at most so many wait at a time, so that memory stays flat."""
    waiting: dict[Future, Task] = {}
    for entry in entries:
        try:
            loaded = entry.load()
        except (UnreadableError, *ZIP_ERRORS) as error:  # it could be read a moment ago
            broken: Future = Future()
            broken.set_exception(error)
            waiting[broken] = Task(entry, None)
        else:
            waiting[pool.submit(mark, loaded)] = Task(entry, loaded)
        while len(waiting) >= most:
            yield from _ended(waiting)
    while waiting:
        yield from _ended(waiting)


def _ended(waiting: dict[Future, Task]) -> Iterator[tuple[Future, Task]]:
    done, _ = wait(waiting, return_when=FIRST_COMPLETED)
    for future in [future for future in waiting if future in done]:
        yield future, waiting.pop(future)


@contextmanager
def _pool(options: Options, secret: int, count: int) -> Iterator[tuple[Executor, Mark, int]]:
    """An executor, the function that marks there, and how many it marks at a time."""
    if options.executor:
        from cnnlab.grading.cluster import connected

        with connected(options.executor, secret, options.limits, options.unsafe) as parts:
            yield parts
        return
    jobs = min(options.jobs, count)
    marker = Marker(secret, options.limits, options.unsafe, range(jobs))
    if (level := marker.judge.zygote.level) != "full":
        print(f"Students' code runs with {LEVELS[level]}.", file=sys.stderr)
    pool = ThreadPoolExecutor(jobs)
    try:
        yield pool, marker.mark, jobs
    finally:
        # After Ctrl-C, what runs is ended too: nobody waits for its result.
        pool.shutdown(wait=False, cancel_futures=True)
        marker.close()


# Publishing


def publish(
    folder: marks.Folder, rules: Rules, problems: list[Problem], present: Collection[str]
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
    rows: list[marks.Row] = []
    names: list[str] = []
    prints: dict[str, list[tuple[str, np.ndarray]]] = defaultdict(list)
    for record in folder.records():
        mark = marks.settle(record, rules)
        name = marks.stem(record)
        if name not in present:
            note = "From an earlier run: this file is not among the hand-ins of the last one."
            record["file_notes"].append(note)
        folder.write(f"students/{name}.html", reports.report(record, mark))
        folder.write(f"gradescope/{name}/results.json", marks.gradescope(record, mark))
        rows.append(marks.row(record, mark))
        names.append(name)
        code = shingles(source for kind, source in record["cells"] if kind == "code")
        prints[rows[-1].room].append((rows[-1].student.name, code))
    for problem in problems:
        if problem.missing:
            name = f"gradescope/{problem.student.label}/results.json"
            folder.write(name, marks.gradescope_problem(problem))
    pairs = {room: similar(some, _handout(room)) for room, some in prints.items()}
    statistics = reports.statistics(rows, pairs)
    folder.write("marks.csv", BOM + marks.marks_table(rows, problems))
    _write_platforms(folder, rules, rows)
    folder.write("summary.html", reports.summary_page(statistics, rows, problems, names))
    summary = reports.summary_text(statistics, problems)
    folder.write("summary.txt", summary)
    return summary


def _write_platforms(folder: marks.Folder, rules: Rules, rows: list[marks.Row]) -> None:
    for room in dict.fromkeys(row.room for row in rows):
        some = [row for row in rows if row.room == room]
        moodle = [row for row in some if row.student.platform == "moodle"]
        canvas = [row for row in some if row.student.platform == "canvas"]
        if moodle:
            folder.write(f"moodle-{room}.csv", marks.moodle_table(moodle))
        if canvas:
            column = rules.canvas or f"Exercises: {room}"
            folder.write(f"canvas-{room}.csv", marks.canvas_table(canvas, column))


def _handout(room: str) -> np.ndarray:
    """The pieces of code that an exercise hands out, where it lies beside the package."""
    path = EXERCISES / f"{room}.md"
    text = path.read_text("utf-8") if path.exists() else ""
    return shingles(CODE_CELL.findall(text))
