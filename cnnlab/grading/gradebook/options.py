"""What a run of the judge over a class is asked, and what it answers."""

from dataclasses import dataclass, field
from pathlib import Path

from cnnlab.grading import questions as catalogue
from cnnlab.grading.gradebook.intake import Problem
from cnnlab.grading.gradebook.rules import Rules
from cnnlab.grading.gradebook.students import Student
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
    only, only_questions
        Names or numbers of the students, and questions, that are marked now, also if they were
        marked before; all others stay as they are. Empty: all.
    roster
        The students of the class; empty: it is not known.
    anonymous
        Write reports without names too.
    private
        More files and folders that students' code must not see.
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
    only: tuple[str, ...] = ()
    only_questions: tuple[str, ...] = ()
    roster: tuple[Student, ...] = ()
    anonymous: bool = False
    private: tuple[Path, ...] = ()

    def chooses(self, student: Student, room: str) -> bool:
        """Whether a hand-in is to be marked now, whatever an earlier run has said of it."""
        mine = not self.only or {student.name, student.id, student.label} & {*self.only}
        asked = not self.only_questions or {*self.only_questions} & {*catalogue.questions(room)}
        return bool(mine and asked)


@dataclass
class Outcome:
    """What a run has done.

    Attributes
    ----------
    marked, kept, failed
        Submissions that were marked now, that were marked before, and that could not be marked.
    problems
        Files without marks, with reasons.
    summary
        Of the class, for a terminal.
    interrupted
        Whether it was stopped with Ctrl-C.
    """

    marked: int = 0
    kept: int = 0
    failed: int = 0
    problems: list[Problem] = field(default_factory=list)
    summary: str = ""
    interrupted: bool = False
