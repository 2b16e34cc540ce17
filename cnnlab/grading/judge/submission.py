"""What a student handed in."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Submission:
    """A notebook of a student, read.

    Attributes
    ----------
    student
        Who handed it in, as the file's name says.
    name
        Of the file, with its folders inside the hand-in.
    digest
        SHA-256 of the file, in hexadecimal.
    room, version
        Of the exercise.
    cells
        The code of each code cell.
    notebook
        The whole notebook as nbformat 4 has it, for the report.
    notes
        What a teacher should know about the file.
    asked
        The questions that are marked; empty: all of the room.
    """

    student: str
    name: str
    digest: str
    room: str
    version: int
    cells: tuple[str, ...]
    notebook: dict = field(repr=False)
    notes: tuple[str, ...] = ()
    asked: tuple[str, ...] = ()
