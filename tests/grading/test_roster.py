"""A class is known from a table: who handed in nothing has a line, and a stranger is said."""

import pytest

from cnnlab.grading.gradebook import roster
from cnnlab.grading.gradebook.students import Student


@pytest.mark.parametrize(
    ("text", "students"),
    [
        ("student,id\nAda Lovelace,101\n\nBob,\n", [("Ada Lovelace", "101"), ("Bob", "")]),
        ("Identifier,Full name\nParticipant 7,Zoë\n", [("Zoë", "7")]),
        ("\ufeffName;x\n", None),
        ("first,last\nA,B\n", None),
        ("", None),
    ],
)
def test_a_table_of_students(tmp_path, text, students):
    path = tmp_path / "class.csv"
    path.write_text(text, "utf-8")
    if students is None:
        with pytest.raises(ValueError, match="expected one of student, name"):
            roster.read(path)
    else:
        assert [(one.name, one.id) for one in roster.read(path)] == students


def test_a_roster_that_is_not_there(tmp_path):
    with pytest.raises(ValueError, match="cannot be read"):
        roster.read(tmp_path / "none.csv")


def test_who_handed_in_nothing_and_who_is_a_stranger():
    known = [Student("Ada Lovelace", "101"), Student("José Pérez"), Student("Zoe", "7")]
    handed_in = [
        Student("lovelaceada", "101", "canvas", False),
        Student("Perez_Jose"),
        Student("Eve", "9", "moodle"),
    ]
    absent, stranger = roster.compared(known, handed_in)
    assert (absent.student.name, absent.missing, absent.reason) == (
        "Zoe",
        True,
        "Handed in nothing.",
    )
    assert stranger.student.name == "Eve" and stranger.urgent and not stranger.missing


def test_a_name_that_nobody_else_has_gets_its_number():
    known = [Student("Ada Lovelace", "101"), Student("Bob", "7"), Student("bob", "8")]
    ada = roster.numbered(Student("lovelace_ada"), known)
    assert (ada.name, ada.id) == ("lovelace_ada", "101")
    assert [roster.numbered(Student(name), known).id for name in ("Bob", "bob")] == ["7", "8"]
    for student in (Student("BOB"), Student("Ada Lovelace", "9", "canvas"), Student("Eve")):
        assert roster.numbered(student, known) == student
