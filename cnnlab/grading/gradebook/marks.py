"""The files of a marked class: one record a student, and the tables that are made from all records.

A record is written as a whole or not at all. Tables read the records one after another, so that a
large class needs no more memory than a small one.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cnnlab.grading.answers.verdict import TITLES
from cnnlab.grading.gradebook.rules import Rules
from cnnlab.grading.gradebook.students import Student
from cnnlab.grading.texts import tr


def student_of(record: dict[str, Any]) -> Student:
    return Student(**record["student"])


@dataclass(frozen=True)
class Line:
    """What a question is worth by the rules."""

    id: str
    title: str
    earned: float
    points: float
    tier: str
    message: str
    mistake: str
    reason: str = ""  # of a teacher who overrode it
    bonus: bool = False  # it adds to the mark, and nobody has to have it

    @property
    def waits(self) -> bool:
        """Whether a teacher has yet to read it."""
        return self.tier == "by hand" and not self.reason

    @property
    def words(self) -> str:
        """How it stands, in a few words of the course's own: none of them is a stranger's."""
        said = self.reason or self.mistake or tr(TITLES[self.tier])
        return f"{self.id} {self.earned:g}/{self.points:g}: {said}"


@dataclass(frozen=True)
class Mark:
    """What a submission is worth by the rules.

    Attributes
    ----------
    earned, points
        In the end, and at most.
    before
        What was earned before lateness.
    days
        That it is late.
    lines
        One for each question.
    """

    earned: float
    points: float
    before: float
    days: int
    lines: tuple[Line, ...]


def settle(record: dict[str, Any], rules: Rules) -> Mark:
    """The mark of a record by the rules."""
    student = student_of(record)
    given = {one.question: one for one in rules.overrides if one.meant_for(student)}
    lines = []
    for verdict in [*record["result"]["verdicts"], *_by_hand(record, rules)]:
        name, points = verdict["id"], verdict["points"]
        share, tier = verdict["earned"] / points, verdict["tier"]
        if name in rules.partial and verdict.get("share", 0) > share:
            share, tier = verdict["share"], "partial"
        worth = rules.points.get(name, points)
        override = given.get(name)
        lines.append(
            Line(
                id=name,
                title=record["titles"].get(name, verdict.get("title", "")),
                earned=override.points if override else round(share * worth, 2),
                points=worth,
                tier=tier,
                message=verdict["message"],
                mistake=verdict["mistake"],
                reason=override.reason if override else "",
                bonus=name in rules.bonus,
            )
        )
    before = round(sum(line.earned for line in lines), 2)
    handed_in = datetime.fromisoformat(record["handed_in"]) if record["handed_in"] else None
    days = rules.late.days(handed_in, student.late) if rules.late else 0
    share = rules.late.share(days) if rules.late else 0
    return Mark(
        earned=round(before * (1 - share), 2),
        points=sum(line.points for line in lines if not line.bonus),
        before=before,
        days=days,
        lines=tuple(lines),
    )


def _by_hand(record: dict[str, Any], rules: Rules) -> list[dict[str, Any]]:
    """The verdicts of questions that wait for the teacher, as the judge would have them."""
    return [
        {
            **{"id": one.question, "title": one.title, "points": one.points or 1, "earned": 0},
            **{"tier": "by hand", "message": "", "mistake": ""},
        }
        for one in rules.by_hand
        if one.room == record["result"]["room"]
    ]


def notes_of(record: dict[str, Any], mark: Mark) -> list[str]:
    """What student and teacher should know, beside the questions."""
    notes = [*record["file_notes"], *record["result"]["notes"]]
    if mark.days:
        note = tr("Handed in late, {}: {:g} points became {:g}.")
        begun = tr("one day has begun") if mark.days == 1 else tr("{} days have begun")
        notes.append(note.format(begun.format(mark.days), mark.before, mark.earned))
    return notes
