"""What a run of the judge over a class is asked, and what it answers."""

from dataclasses import dataclass, field
from pathlib import Path

from cnnlab.grading.gradebook.intake import Problem
from cnnlab.grading.gradebook.rules import Rules
from cnnlab.grading.judge.sandbox import Limits


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
