"""What the judge says of a submission."""

from dataclasses import asdict, dataclass, fields
from typing import Any

from cnnlab.grading.answers.verdict import Verdict


@dataclass
class Result:
    """The marks of one submission, with reasons.

    Attributes
    ----------
    student, name, digest, room, version
        Of the submission.
    verdicts
        One for each question of the exercise, in its order.
    outputs
        Of each code cell, as nbformat has them.
    notes
        About the file and the run, for student and teacher.
    seconds
        That the marking took.
    crowded
        Whether something was too slow because others used the processors: it deserves another try.
    """

    student: str
    name: str
    digest: str
    room: str
    version: int
    verdicts: list[Verdict]
    outputs: list[list[dict]]
    notes: list[str]
    seconds: float
    crowded: bool = False

    @property
    def earned(self) -> float:
        return sum(verdict.earned for verdict in self.verdicts)

    @property
    def points(self) -> float:
        return sum(verdict.points for verdict in self.verdicts)

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {**asdict(self), "earned": self.earned, "points": self.points}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> "Result":
        """A result from what `as_dict` gave."""
        own = {one.name: values[one.name] for one in fields(cls) if one.name in values}
        return cls(**own | {"verdicts": [Verdict(**one) for one in own["verdicts"]]})
