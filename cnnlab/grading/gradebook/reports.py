"""Reports for people: a page a student, and a page and a text for the class.

What a page shows comes from strangers. So it is text and PNG pictures, escaped; and the page itself
forbids the browser all scripts and all requests.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from statistics import mean, median
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markdown_it import MarkdownIt
from markupsafe import Markup

from cnnlab.grading import questions as catalogue
from cnnlab.grading.answers.verdict import MARKS, TITLES
from cnnlab.grading.gradebook.intake import Problem
from cnnlab.grading.gradebook.marks import Mark, notes_of, student_of
from cnnlab.grading.gradebook.mathematics import begin, mathematics
from cnnlab.grading.gradebook.similar import Pair
from cnnlab.grading.gradebook.tables import Row
from cnnlab.grading.texts import tr

TEMPLATES = Path(__file__).with_name("templates")
CHECK = re.compile(r"""\bcheck\(\s*["'](\w+)["']""")
ROLE = re.compile(r"\{[a-z]+\}(?=`)")  # {doc}`…` is a link in the book only
LONGEST_MARKDOWN = 50_000  # characters of a cell
MOST_SIGNS = 1_000  # of emphasis, code and links in a cell; the time grows with their square
BINS = 10
MOST_PAIRS = 50  # in a summary


@cache
def environment() -> Environment:
    made = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals |= {"tr": tr, "MARKS": MARKS, "TITLES": TITLES, "heading": heading}
    made.filters |= {"points": "{:g}".format, "percent": "{:.0%}".format, "markdown": markdown}
    return made


def markdown(text: str) -> Markup:
    """A stranger's Markdown as HTML: their own tags, links and pictures stay text."""
    if len(text) > LONGEST_MARKDOWN or sum(map(text.count, "*_`[$")) > MOST_SIGNS:
        return Markup("<pre>{}</pre>").format(text)
    return Markup(_renderer().render(ROLE.sub("", text)))


@cache
def _renderer() -> MarkdownIt:
    # "html" off: tags are escaped. Pictures and links would ask other hosts.
    made = MarkdownIt("commonmark", {"html": False, "maxNesting": 20}).disable(
        ["image", "link", "autolink", "html_block", "html_inline", "reference"]
    )
    mathematics(made)
    return made


def report(record: dict[str, Any], mark: Mark) -> str:
    """The page of a student: the mark, each question with its reason, the notebook as it ran."""
    begin()
    outputs = iter(record["result"]["outputs"])
    lines = {line.id: line for line in mark.lines}
    cells = []
    for kind, source in record["cells"]:
        asked = dict.fromkeys(CHECK.findall(source)) if kind == "code" else {}
        cells.append(
            {
                "kind": kind,
                "source": source,
                "outputs": next(outputs, []) if kind == "code" else [],
                "lines": [lines[name] for name in asked if name in lines],
            }
        )
    return (
        environment()
        .get_template("report.html")
        .render(
            student=student_of(record),
            room=record["result"]["room"],
            version=record["result"]["version"],
            file=record["file"],
            mark=mark,
            notes=notes_of(record, mark),
            cells=cells,
        )
    )


# The class


@dataclass(frozen=True)
class QuestionStatistics:
    """How a class did on a question.

    Attributes
    ----------
    id, title
        Of the question.
    share
        Of its points that was earned, on average.
    passed, asked
        Students with all points, and all students.
    """

    id: str
    title: str
    share: float
    passed: int
    asked: int


@dataclass
class RoomStatistics:
    """How a class did on an exercise."""

    room: str
    totals: list[float]
    points: float
    questions: list[QuestionStatistics]
    mistakes: list[tuple[str, str, int]]  # question, mistake, students
    waiting: list[tuple[str, int]] = field(default_factory=list)  # question, students
    pairs: list[Pair] = field(default_factory=list)
    more_pairs: int = 0  # that are not in the list

    @property
    def mean(self) -> float:
        return mean(self.totals)

    @property
    def median(self) -> float:
        return median(self.totals)

    @property
    def hardest(self) -> QuestionStatistics:
        return min(self.questions, key=lambda question: question.share)

    @property
    def by_difficulty(self) -> list[QuestionStatistics]:
        """The questions, the hardest first."""
        return sorted(self.questions, key=lambda question: question.share)

    @property
    def bins(self) -> list[tuple[str, int]]:
        """How many students have how many points, in tenths of all points."""
        whole = self.points or 1
        counts = Counter(min(int(BINS * total / whole), BINS - 1) for total in self.totals)
        edges = [whole * number / BINS for number in range(BINS + 1)]
        return [(f"{edges[n]:g}–{edges[n + 1]:g}", counts[n]) for n in range(BINS)]


def statistics(rows: Iterable[Row], pairs: dict[str, Sequence[Pair]]) -> list[RoomStatistics]:
    """How a class did, exercise by exercise."""
    by_room: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        by_room[row.room].append(row)
    return [_room(room, rows, pairs.get(room, ())) for room, rows in by_room.items()]


def _room(room: str, rows: list[Row], pairs: Sequence[Pair]) -> RoomStatistics:
    lines = [line for row in rows for line in row.mark.lines]
    by_question: dict[str, list] = defaultdict(list)
    for line in lines:
        if not line.waits:  # no points yet says nothing about how hard it was
            by_question[line.id].append(line)
    untouched = _as_handed_out(room)
    made = [(line.id, line.mistake) for line in lines if line.mistake]
    mistakes = Counter(one for one in made if one not in untouched)
    return RoomStatistics(
        room=room,
        totals=[row.mark.earned for row in rows],
        points=max(row.mark.points for row in rows),
        questions=[
            QuestionStatistics(
                id=name,
                title=some[0].title,
                share=mean(line.earned / line.points if line.points else 1 for line in some),
                passed=sum(line.earned >= line.points for line in some),
                asked=len(some),
            )
            for name, some in by_question.items()
        ],
        waiting=list(Counter(line.id for line in lines if line.waits).items()),
        mistakes=[(*pair, count) for pair, count in mistakes.most_common(20)],
        pairs=list(pairs[:MOST_PAIRS]),
        more_pairs=len(pairs[MOST_PAIRS:]),
    )


def _as_handed_out(room: str) -> set[tuple[str, str]]:
    """What a function to be mended counts as, untouched: no answer rather than a mistake."""
    known = catalogue.questions(room).items() if room in catalogue.ROOMS else ()
    return {(name, one.wrong[0].name) for name, one in known if one.mend and one.wrong}


def summary_page(
    rooms: Sequence[RoomStatistics],
    rows: Sequence[Row],
    problems: Sequence[Problem],
    names: Sequence[str],
) -> str:
    """The page of the class.

    Parameters
    ----------
    rooms
        How the class did.
    rows, names
        Of each student, with the names of their pages.
    problems
        What could not be marked, or was left out.
    """
    students = list(zip(rows, names, strict=True))
    page = environment().get_template("summary.html")
    return page.render(rooms=rooms, students=students, problems=problems)


def summary_text(rooms: Sequence[RoomStatistics], problems: Sequence[Problem]) -> str:
    """The summary of the class for a terminal."""
    parts = [line for room in rooms for line in _room_text(room)]
    first = _problem_lines(problems, "Look at these:")
    for title in ("Not marked:", "Left out:"):
        parts += _problem_lines(problems, title)
    parts += [line for room in rooms for line in _similar_text(room)]
    return "\n".join([*first, *parts]).strip("\n") + "\n"


def heading(problem: Problem) -> str:
    """Where a problem stands in a summary."""
    if problem.urgent:
        return "Look at these:"
    return "Not marked:" if problem.missing else "Left out:"


def _problem_lines(problems: Iterable[Problem], title: str) -> list[str]:
    some = [
        f"  {one.path or one.student.name}: {one.reason}"
        for one in problems
        if heading(one) == title
    ]
    return ["", title, *some] if some else []


def _students(count: int) -> str:
    return f"{count} student" if count == 1 else f"{count} students"


def _room_text(room: RoomStatistics) -> list[str]:
    most = max(count for _, count in room.bins)
    width = max(len(edges) for edges, _ in room.bins)
    longest = max(len(question.id) for question in room.questions)
    lines = [
        "",
        f"{room.room}: {_students(len(room.totals))}, mean {room.mean:.1f} and median"
        f" {room.median:g} of {room.points:g} points",
        "",
        f"Hardest question: {room.hardest.id} ({room.hardest.share:.0%} of its points)",
        *(
            f"  {question.id:{longest}}  {question.share:4.0%} of the points,"
            f" {question.passed} of {question.asked} students have all"
            for question in room.by_difficulty
        ),
    ]
    if room.waiting:
        lines += ["", "Waiting for you, with no points until you give them:"]
        lines += [f"  {count:4} × {question}" for question, count in room.waiting]
    if room.mistakes:
        lines += ["", "Commonest mistakes:"]
        lines += [f"  {count:4} × {question}: {name}" for question, name, count in room.mistakes]
    lines += ["", "How many students have how many points:"]
    lines += [
        f"  {edges:>{width}}  {count:4}  {'█' * round(30 * count / most)}".rstrip()
        for edges, count in room.bins
    ]
    return lines


def _similar_text(room: RoomStatistics) -> list[str]:
    if not room.pairs:
        return []
    lines = ["", f"{room.room}: similar submissions, a hint to look at and no verdict:"]
    lines += [f"  {pair.share:4.0%}  {pair.one} and {pair.other}" for pair in room.pairs]
    if room.more_pairs:
        lines.append(f"  and {room.more_pairs} pairs more")
    return lines
