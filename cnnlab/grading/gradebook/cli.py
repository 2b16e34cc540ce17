"""The command ``cnnlab``."""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from cnnlab import __version__
from cnnlab.grading.judge.limits import Limits

LIMITS = {
    "cell_seconds": "seconds that a cell may take",
    "call_seconds": "seconds that a call of a function may take",
    "total_seconds": "seconds that a hand-in may take",
    "memory": "megabytes that a process may take, beside those of the libraries",
}
EPILOG = """\
It writes into MARKS: marks.csv, summary.html and summary.txt, moodle-*.csv and canvas-*.csv for
import, nbgrader.csv, students/ with a page and a record of each, gradescope/ with a results.json of
each.
MARKS/secret is the number from which the inputs follow: keep it to yourself. A second run marks
only what is new or changed.

Exit code: 0, all are marked; 1, some could not be marked, and are listed; 2, it cannot start;
3, it stopped before the end, and can be run again.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return its exit code."""
    options = _parser().parse_args(arguments)
    try:
        return _grade(options)
    except KeyboardInterrupt:
        return _fail(3, "Stopped.")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="cnnlab", description="A course on ConvNets.")
    parser.add_argument("--version", action="version", version=f"cnnlab {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    grade = commands.add_parser(
        "grade",
        help="mark the exercises of a class",
        description="Mark the exercises of a class.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    grade.add_argument(
        "submissions",
        type=Path,
        metavar="SUBMISSIONS",
        help="a notebook (.ipynb, .md, .py), or a folder or zip of them, as Moodle, Canvas,"
        " Gradescope or you made it",
    )
    grade.add_argument("-o", "--output", type=Path, metavar="MARKS", required=True)
    grade.add_argument(
        "--jobs",
        type=_positive,
        default=os.cpu_count() or 1,
        metavar="N",
        help="how many to mark at the same time (as many as there are cores: %(default)s)",
    )
    grade.add_argument(
        "--rules",
        type=Path,
        metavar="RULES.toml",
        help="late penalties, points and overrides",
    )
    grade.add_argument(
        "--seed",
        type=_whole,
        metavar="N",
        help="use this secret, which nobody can guess, instead of the one in MARKS",
    )
    grade.add_argument(
        "--unsafe",
        action="store_true",
        help="mark even where this system cannot isolate students' code",
    )
    grade.add_argument(
        "--executor",
        metavar="dask://HOST:PORT",
        help="mark on this Dask cluster",
    )
    grade.add_argument(
        "--again", action="store_true", help="mark all, not only what is new or changed"
    )
    grade.add_argument(
        "--only",
        action="append",
        default=[],
        metavar="STUDENT",
        help="mark this student (name or number) again, and nobody else; may be said several times",
    )
    grade.add_argument(
        "--only-question",
        action="append",
        default=[],
        metavar="ID",
        help="mark this question again, and no other; may be said several times",
    )
    grade.add_argument(
        "--roster",
        type=Path,
        metavar="ROSTER.csv",
        help="the class, with the columns student and id: who handed in nothing is listed too",
    )
    grade.add_argument(
        "--anonymous",
        action="store_true",
        help="write reports without names too, into MARKS/anonymous",
    )
    grade.add_argument(
        "--questions",
        type=Path,
        metavar="FOLDER",
        help="questions of your own, a file each: an exercise of the folder's name",
    )
    standard = Limits()
    for name, what in LIMITS.items():
        value = getattr(standard, name)
        grade.add_argument(
            f"--{name.replace('_', '-')}",
            type=_positive,
            default=value if name != "memory" else value >> 20,
            metavar="N",
            help=f"{what} (%(default)g)",
        )
    return parser


def _positive(text: str) -> int:
    number = _whole(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"it is {text}; expected 1 or more")
    return number


def _whole(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"it is {text!r}; expected a whole number, 0 or more")
    return int(text)


def _grade(options: argparse.Namespace) -> int:
    try:
        from cnnlab.grading import questions as catalogue
        from cnnlab.grading.gradebook import roster, rules
        from cnnlab.grading.gradebook.marker import StoppedError
        from cnnlab.grading.gradebook.options import Options
        from cnnlab.grading.gradebook.run import grade
        from cnnlab.grading.judge.sandbox import IsolationError
    except ModuleNotFoundError as error:
        return _fail(2, f"{error}. Marking needs more packages: pip install 'cnnlab[grade]'.")
    try:
        if options.questions:
            if options.executor:
                return _fail(2, "own questions are marked on this machine: leave out --executor")
            catalogue.add(options.questions)
        for name in options.only_question:
            catalogue.question(name)
        outcome = grade(
            Options(
                submissions=options.submissions,
                output=options.output,
                jobs=options.jobs,
                rules=rules.read(options.rules) if options.rules else rules.Rules(),
                seed=options.seed,
                unsafe=options.unsafe,
                executor=options.executor,
                again=options.again,
                limits=Limits(
                    cell_seconds=options.cell_seconds,
                    call_seconds=options.call_seconds,
                    total_seconds=options.total_seconds,
                    memory=options.memory << 20,
                ),
                private=(options.questions,) if options.questions else (),
                anonymous=options.anonymous,
                only=tuple(options.only),
                only_questions=tuple(options.only_question),
                roster=tuple(roster.read(options.roster)) if options.roster else (),
            )
        )
    except (ValueError, RuntimeError, IsolationError) as error:
        return _fail(2, str(error))
    except StoppedError as error:
        return _fail(3, str(error))
    print(outcome.summary)
    print(
        f"Marked now: {outcome.marked}. Marked before: {outcome.kept}."
        f" Everything is in {options.output}."
    )
    if not outcome.marked + outcome.kept and not outcome.interrupted and not outcome.failed:
        return _fail(2, f"There is no notebook of an exercise in {options.submissions}.")
    if outcome.interrupted:
        return _fail(3, "Stopped before the end: run the same command again to go on.")
    return int(any(problem.missing and problem.path for problem in outcome.problems))


def _fail(code: int, text: str) -> int:
    print(f"cnnlab: {text}", file=sys.stderr)
    return code
