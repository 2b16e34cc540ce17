"""The check in the notebook: what is right, and the name of the mistake. It gives no marks."""

import sys
from collections import Counter
from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import Any

from cnnlab.grading.answers import progress, watching
from cnnlab.grading.answers.asking import AnswerError, FormError, answers, made_anew, sentence
from cnnlab.grading.answers.verdict import MARKS, TITLES, AnswerKey, Verdict, failed, judged
from cnnlab.grading.question import Question
from cnnlab.grading.questions import add, question, questions, version
from cnnlab.grading.texts import tr

COLOURS = {"pass": "#1a7f37", "partial": "#9a6700", "below": "#9a6700"}  # the rest: red
WRONG_COLOUR = "#cf222e"
STYLE = "border-left: 0.35em solid {}; padding: 0.4em 0.9em; margin: 0.3em 0"


TRIES: Counter[str] = Counter()  # of each question, since Python was started


def verdict(asked: Question, answer: Any, seed: int = 0) -> Verdict:
    """What an answer is worth on the inputs of that seed, asked in this process."""
    if answer is None:
        return failed(asked, "missing", "")
    key = AnswerKey(asked, seed)
    try:
        with watching.ending(watching.SECONDS):
            with watching.on_its_own():
                outputs = answers(asked.kind, answer, key.cases[:1], key.image)
            outputs += answers(asked.kind, answer, key.cases[1:], key.image)
        if asked.kind == "network" and any(model is not None for model in outputs):
            outputs = [_facts(model) for model in outputs]
    except AnswerError as error:
        return failed(asked, error.tier, str(error))
    return judged(key, outputs)


def _facts(model: Any) -> dict[str, Any]:
    """The facts of a network, made anew as a judge makes it."""
    from cnnlab.grading.networks import facts  # needs Keras

    try:
        return facts(made_anew(model))
    except ValueError as error:
        raise FormError(sentence(error)) from error


def check(name: str, answer: Any) -> None:
    """Show whether an answer is right, and name the mistake if it is a known one.

    The best result of each question is kept in ``cnnlab-points.json`` in the working folder. It is
    for you alone: marks come from your teacher's run, on other inputs.

    The first time, the inputs are always the same; then they change from time to time.

    Parameters
    ----------
    name
        Of the question: ``"iou"``.
    answer
        Your function, model or value.

    Raises
    ------
    ValueError
        If there is no question of that name, with the names near it.
    """
    if isinstance(answer, str) and not isinstance(name, str):
        name, answer = answer, name
    asked = question(name)
    result = verdict(asked, answer, TRIES[name])
    TRIES[name] += 1
    note = ""
    try:
        progress.keep(asked.room, name, result.earned)
    except OSError as error:
        note = tr("The points could not be kept: {}.").format(error)
    _show(Feedback(asked, result, note))


def exercise(room: str, version: int, questions: str | None = None) -> None:
    """Show the questions of an exercise and the points so far. Each exercise starts with this.

    Parameters
    ----------
    room
        Such as ``"detection"``.
    version
        Of the exercise, as its notebook has it.
    questions
        The folder of a teacher's own questions; None: they are the course's.

    Raises
    ------
    ValueError
        If there is no such room, or the folder cannot be read.
    """
    if questions is not None:
        add(Path(questions))
    _show(Overview(room, version))


class Feedback:
    """A verdict for people: HTML in a notebook, text in a terminal."""

    def __init__(self, asked: Question, result: Verdict, note: str = "") -> None:
        self.asked, self.result, self.note = asked, result, note

    @property
    def title(self) -> str:
        mark = MARKS.get(self.result.tier, "✗")
        return f"{mark} {self.asked.id}: {tr(TITLES[self.result.tier])}"

    @property
    def total(self) -> str:
        known = questions(self.asked.room)
        kept = progress.points(self.asked.room)
        best = {name: kept.get(name, 0) for name in known}
        best[self.asked.id] = max(best[self.asked.id], self.result.earned)
        everything = sum(one.points for one in known.values())
        return tr("{:g} of {:g} points for this question. So far: {:g} of {:g}.").format(
            self.result.earned, self.result.points, sum(best.values()), everything
        )

    def __str__(self) -> str:
        return "\n".join(filter(None, [self.title, self.result.message, self.total, self.note]))

    __repr__ = __str__

    def _repr_html_(self) -> str:
        colour = COLOURS.get(self.result.tier, WRONG_COLOUR)
        message = f"<pre>{escape(self.result.message)}</pre>" if self.result.message else ""
        if self.result.tier == "mistake":  # a sentence, not numbers in columns
            message = f"<p>{escape(self.result.message)}</p>".replace("\n", "<br>")
        note = f"<p>{escape(self.note)}</p>" if self.note else ""
        return (
            f'<div style="{STYLE.format(colour)}"><strong>{escape(self.title)}</strong>'
            f"{message}<p>{escape(self.total)}</p>{note}</div>"
        )


class Overview:
    """The questions of a room, with the points so far."""

    def __init__(self, room: str, version_here: int) -> None:
        self.questions = questions(room)
        self.best = progress.points(room)
        self.note = ""
        if version_here != version(room):
            self.note = tr(
                "This notebook is version {} of the exercise; the installed package has version"
                " {}. Get the notebook again, or install the package that belongs to it."
            ).format(version_here, version(room))

    def rows(self) -> Sequence[tuple[str, str, str, str]]:
        rows = [
            (one.id, one.title, one.stars, f"{self.best.get(one.id, 0):g} / {one.points:g}")
            for one in self.questions.values()
        ]
        earned = sum(self.best.get(name, 0) for name in self.questions)
        everything = sum(one.points for one in self.questions.values())
        return [*rows, ("", tr("all together"), "", f"{earned:g} / {everything:g}")]

    def __str__(self) -> str:
        rows = self.rows()
        widths = [max(len(row[column]) for row in rows) for column in range(4)]
        lines = (
            "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
            for row in rows
        )
        return "\n".join([*lines, *filter(None, [self.note])])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        names = (tr("question"), tr("what"), tr("level"), tr("points"))
        head = "".join(f"<th>{escape(name)}</th>" for name in names)
        rows = (
            "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>"
            for row in self.rows()
        )
        note = f"<p><strong>{escape(self.note)}</strong></p>" if self.note else ""
        return f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>{note}"


def _show(thing: Feedback | Overview) -> None:
    """Show it where the reader looks: as the cell's output, or in the terminal."""
    if "IPython" in sys.modules:
        from IPython import get_ipython
        from IPython.display import display

        if get_ipython() is not None:
            display(thing)
            return
    print(thing)
