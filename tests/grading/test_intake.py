"""Hand-ins as platforms give them, and files that are none."""

import json
import os
import re
import zipfile
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnnlab.grading import questions as catalogue
from cnnlab.grading.gradebook import files as files_module
from cnnlab.grading.gradebook import students as students_module
from cnnlab.grading.gradebook.budget import Budget, BudgetError
from cnnlab.grading.gradebook.files import UnreadableError
from cnnlab.grading.gradebook.intake import collect
from cnnlab.grading.gradebook.notebooks import submission

CALL = "import cnnlab\ncnnlab.exercise('toy', version=1)"


@pytest.fixture(autouse=True)
def only_toy(toy_room):
    pass


def notebook(*sources, kind="code", **more):
    cells = [{"cell_type": kind, "metadata": {}, "source": source} for source in sources]
    return json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": cells, **more})


HOMEWORK = notebook(CALL, "area = (12, 20)")


@pytest.fixture(params=["folder", "zip"])
def hand_in(request, tmp_path):
    """Writes files by their names, into a folder or a zip; gives its path."""

    def made(files):
        folder = tmp_path / "class"
        archive = tmp_path / "class.zip"
        if request.param == "zip":
            with zipfile.ZipFile(archive, "w") as file:
                for name, data in files.items():
                    file.writestr(name, data)
            return archive
        for name, data in files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data.encode() if isinstance(data, str) else data)
        return folder

    return made


def zipped(files):
    import io

    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as file:
        for name, data in files.items():
            file.writestr(name, data)
    return buffer.getvalue()


def students(place, **options):
    entries, problems = collect(place, **options)
    found = {(one.student.name, one.student.id, one.student.platform) for one in entries}
    return found, [(problem.path, problem.reason) for problem in problems]


# Platforms


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (
            (
                "Ada Lovelace_101_assignsubmission_file_/hw.ipynb",
                "Bo_b_102_assignsubmission_file_/deep/hw (1).ipynb",
            ),
            {("Ada Lovelace", "101", "moodle"), ("Bo_b", "102", "moodle")},
        ),
        (
            ("Participant_7_assignsubmission_file_hw.ipynb",),
            {("Participant", "7", "moodle")},
        ),
        (
            ("lovelaceada_11_22_hw-1.ipynb", "bobby_LATE_12_23_hw.ipynb"),
            {("lovelaceada", "11", "canvas"), ("bobby", "12", "canvas")},
        ),
        (("ada.ipynb", "bob (1).ipynb"), {("ada", "", ""), ("bob", "", "")}),
        (("group-1.ipynb", "group-2.ipynb"), {("group-1", "", ""), ("group-2", "", "")}),
        (("all/ada/hw.ipynb", "all/bob/hw.ipynb"), {("ada", "", ""), ("bob", "", "")}),
        (("all/ada.ipynb", "all/bob.ipynb", "list.txt"), {("ada", "", ""), ("bob", "", "")}),
        (("ada/hw.ipynb",), {("ada", "", "")}),
        (("José.ipynb", "Jose\u0301.md/hw.ipynb"), {("José", "", ""), ("José.md", "", "")}),
    ],
)
def test_names_of_students(hand_in, names, expected):
    found, problems = students(hand_in(dict.fromkeys(names, HOMEWORK)))
    assert found == expected
    assert problems == []


def test_canvas_says_who_is_late(hand_in):
    names = ("ada_1_2_hw.ipynb", "bob_LATE_3_4_hw.ipynb")
    entries, _ = collect(hand_in(dict.fromkeys(names, HOMEWORK)))
    assert {entry.student.name: entry.student.late for entry in entries} == {
        "ada": False,
        "bob": True,
    }


GRADESCOPE = """
submission_5:
  :submitters:
  - :name: Ada Lovelace
    :sid: '4711'
    :email: ada@example.org
  :created_at: 2026-03-01 10:00:00.000000000 Z
  :score: 1.0
submission_6:
  :submitters:
  - :name: Bob
    :sid:
  - :name: Eve
    :sid: '9'
  :created_at: 2026-03-02 10:00:00.000000000 Z
"""


def test_gradescope_export(hand_in):
    top = "assignment_3_export"
    files = dict.fromkeys((f"{top}/submission_5/hw.ipynb", f"{top}/submission_6/a.ipynb"), HOMEWORK)
    entries, problems = collect(hand_in(files | {f"{top}/submission_metadata.yml": GRADESCOPE}))
    assert problems == []
    by_name = {entry.student.name: entry for entry in entries}
    assert by_name.keys() == {"Ada Lovelace", "Bob", "Eve"}  # a group has a row a member
    assert by_name["Ada Lovelace"].student.id == "4711"
    assert (by_name["Bob"].student.id, by_name["Eve"].student.id) == ("6", "9")
    assert by_name["Bob"].path == by_name["Eve"].path
    assert by_name["Ada Lovelace"].handed_in == datetime.fromisoformat("2026-03-01T10:00:00Z")


def test_names_and_numbers_of_gradescope_are_text_whatever_yaml_makes_of_them(hand_in):
    odd = {"No": "007", "Null": "~", "On": "null", "1e5": "0x1F", "2026-03-01": "1_000"}
    people = "".join(f"  - :name: {name}\n    :sid: {sid}\n" for name, sid in odd.items())
    text = f"submission_5:\n  :submitters:\n{people}"
    entries, problems = collect(
        hand_in({"submission_5/hw.ipynb": HOMEWORK, "submission_metadata.yml": text})
    )
    assert problems == []
    found = {entry.student.name: entry.student.id for entry in entries}
    assert found == odd | {"Null": "5", "On": "5"}  # without a number, that of the hand-in


@pytest.mark.parametrize("name", ["", "[Ada, 7]", "{a: 1}"])
def test_a_submitter_without_a_name_is_said_without_words_of_python(hand_in, name):
    text = GRADESCOPE.replace("Ada Lovelace", name)
    files = {f"submission_{n}/hw.ipynb": HOMEWORK for n in (5, 6)}
    entries, (problem,) = collect(hand_in(files | {"submission_metadata.yml": text}))
    assert problem.reason == (
        "“submission_5” in it cannot be read: it does not say who handed it in, and when."
    )
    assert {entry.student.name for entry in entries} == {"submission_5", "Bob", "Eve"}


@pytest.mark.parametrize(
    "text",
    ['{"nbformat": true, "cells": []}', '{"nbformat": null}', '{"nbformat": 3, "worksheets": 7}'],
)
def test_what_is_no_notebook_is_said_without_words_of_python(hand_in, text):
    _, problems = students(hand_in({"Bob.ipynb": text.encode()}))
    (said,) = (reason for _, reason in problems)
    assert not re.search(r"True|None|Error|'|object|NotebookNode", said), said


@pytest.mark.parametrize("text", ["[1, 2", "just text", "submission_5: 3", ":a:\n- &a [*a]"])
def test_broken_metadata_of_gradescope_is_listed(hand_in, text):
    files = {"submission_5/hw.ipynb": HOMEWORK, "submission_metadata.yml": text}
    found, problems = students(hand_in(files))
    assert found == {("submission_5", "5", "gradescope")}
    assert [path for path, _ in problems] == ["submission_metadata.yml"]


def test_litter_of_systems_is_ignored(hand_in):
    litter = ("__MACOSX/ada/._hw.ipynb", "ada/.ipynb_checkpoints/hw-checkpoint.ipynb")
    more = (".DS_Store", "ada/.hidden.ipynb", "ada/picture.png", "ada/__pycache__/hw.py")
    files = dict.fromkeys((*litter, *more), "x") | {"ada/hw.ipynb": HOMEWORK}
    assert students(hand_in(files)) == ({("ada", "", "")}, [])


def test_zips_of_students_are_opened(hand_in):
    files = {
        "ada.zip": zipped({"hw.ipynb": HOMEWORK}),
        "Bob_2_assignsubmission_file_/work.zip": zipped({"folder/hw.ipynb": HOMEWORK}),
        "eve_3_4_hw.zip": zipped({"inner.zip": zipped({"hw.ipynb": HOMEWORK})}),
    }
    found, problems = students(hand_in(files))
    assert found == {("ada", "", ""), ("Bob", "2", "moodle"), ("eve", "3", "canvas")}
    assert problems == []
    entries, _ = collect(hand_in(files))
    with Budget() as budget:
        assert all(entry.load(budget).cells[1] == "area = (12, 20)" for entry in entries)


def test_a_moodle_student_without_a_notebook_is_listed(hand_in):
    found, problems = students(hand_in({"Ada_1_assignsubmission_file_/hw.docx": b"PK"}))
    assert found == set()
    assert problems[0][1].startswith("It is no notebook")


# What a student's own names and files cannot say


def messages(place):
    entries, problems = collect(place)
    return {entry.student.name: entry for entry in entries}, problems


def test_metadata_among_a_student_s_own_files_say_nothing(hand_in):
    claim = GRADESCOPE.replace("submission_5", "Ada_77_assignsubmission_file_")
    files = {
        "Ada_77_assignsubmission_file_/hw.ipynb": HOMEWORK,
        "Eve_78_assignsubmission_file_/hw.ipynb": HOMEWORK,
        "Eve_78_assignsubmission_file_/submission_metadata.yml": claim,
    }
    by_name, (problem,) = messages(hand_in(files))
    assert {name: one.student.id for name, one in by_name.items()} == {"Ada": "77", "Eve": "78"}
    assert problem.student.name == "Eve" and problem.urgent and not problem.missing


def test_an_export_in_a_student_s_zip_is_no_export(hand_in):
    forged = zipped({"submission_5/hw.ipynb": HOMEWORK, "submission_metadata.yml": GRADESCOPE})
    by_name, (problem,) = messages(hand_in({"Bob.ipynb": HOMEWORK, "Eve.zip": forged}))
    assert by_name.keys() == {"Bob", "Eve"}
    assert problem.path == "Eve.zip/submission_metadata.yml" and problem.urgent


@pytest.mark.parametrize("time", ["9999-12-31 23:59:59", "0001-01-01 00:00:00"])
def test_a_time_beyond_the_calendar_is_one_hand_in_s_matter(hand_in, monkeypatch, time):
    monkeypatch.setenv("TZ", "America/Bogota" if time.startswith("9") else "Asia/Tokyo")
    changed = GRADESCOPE.replace("2026-03-02 10:00:00.000000000 Z", time)
    files = {f"submission_{n}/hw.ipynb": HOMEWORK for n in (5, 6)}
    by_name, problems = messages(hand_in(files | {"submission_metadata.yml": changed}))
    assert "Ada Lovelace" in by_name and len(by_name) >= 2
    assert not any(problem.missing for problem in problems)


def test_metadata_have_a_limit(hand_in, monkeypatch):
    monkeypatch.setattr(students_module, "LARGEST_METADATA", 100)
    files = {"submission_5/hw.ipynb": HOMEWORK, "submission_metadata.yml": GRADESCOPE}
    by_name, (problem,) = messages(hand_in(files))
    assert by_name.keys() == {"submission_5"} and "larger than 100 bytes" in problem.reason


@pytest.mark.parametrize(
    "name", ["Ada_77_assignsubmission_file_hw.ipynb", "ada_77_88_hw.ipynb", "submission_7/hw.ipynb"]
)
def test_a_platform_s_name_inside_of_a_folder_says_nothing(hand_in, name):
    by_name, problems = messages(hand_in({"Bob/hw.ipynb": HOMEWORK, f"Eve/{name}": HOMEWORK}))
    assert by_name.keys() == {"Bob", "Eve"} and problems == []


@pytest.mark.parametrize(
    "names",
    [("Eve/hw.ipynb", "Eve (1)/hw.ipynb"), ("Eve.ipynb", "Eve (1).ipynb"), ("Eve.md", "Eve.zip")],
)
def test_two_claims_to_one_student_are_said_loudly(hand_in, names):
    contents = {"Eve.zip": zipped({"hw.ipynb": HOMEWORK}), "Eve.md": MYST}
    files = {name: contents.get(name, HOMEWORK) for name in names}
    by_name, (problem,) = messages(hand_in(files | {"Bob.ipynb": HOMEWORK}))
    assert by_name.keys() == {"Bob", "Eve"}
    assert problem.urgent and "Two hand-ins claim to be of Eve" in problem.reason


def test_the_time_of_a_zip_in_a_zip_is_the_outer_one_s(tmp_path):
    """Canvas and Moodle write the time of the hand-in; what is in the zip, the student wrote."""
    info = zipfile.ZipInfo("hw.ipynb", (2020, 1, 1, 0, 0, 0))
    inner, outer = tmp_path / "inner.zip", tmp_path / "class.zip"
    with zipfile.ZipFile(inner, "w") as file:
        file.writestr(info, HOMEWORK)
    with zipfile.ZipFile(outer, "w") as file:
        file.writestr(zipfile.ZipInfo("ada_1_2_hw.zip", (2026, 3, 2, 8, 0, 0)), inner.read_bytes())
        file.writestr(zipfile.ZipInfo("bob_2_3_hw.ipynb", (2026, 3, 1, 8, 0, 0)), HOMEWORK)
    times = {entry.student.name: entry.handed_in for entry in collect(outer)[0]}
    assert times["ada"] == datetime(2026, 3, 2, 8).astimezone()
    assert times["bob"] == datetime(2026, 3, 1, 8).astimezone()
    folder = tmp_path / "class"
    folder.mkdir()
    for name in ("ada.zip", "bob.zip"):
        (folder / name).write_bytes(inner.read_bytes())
        os.utime(folder / name, (1_700_000_000, 1_700_000_000))
    assert {one.handed_in.timestamp() for one in collect(folder)[0]} == {1_700_000_000}


def test_names_have_nothing_that_a_terminal_obeys(tmp_path):
    place = tmp_path / "class.zip"
    names = ("\x1b[2Jada.ipynb", "bob\u202e.ipynb", "eve\x07.pdf")
    place.write_bytes(zipped(dict.fromkeys(names, HOMEWORK)))
    entries, problems = collect(place)
    shown = [one.path + one.student.name for one in (*entries, *problems)]
    assert len(shown) == 3
    assert all(text.replace("\ufffd", "").isprintable() for text in shown)


# Whoever handed in anything has a line


@pytest.mark.parametrize(
    "name", ["Bob.pdf", "Bob.docx", "Bob.rar", "Bob/hw.pages", "Bob/deep/hw.csv"]
)
def test_who_handed_in_something_else_has_a_line(hand_in, name):
    files = {"Ada.ipynb": HOMEWORK, name: b"%PDF", "grades.csv": "Ada,5"}
    by_name, (problem,) = messages(hand_in(files))
    assert by_name.keys() == {"Ada"}
    assert (problem.student.name, problem.missing) == ("Bob", True)
    assert problem.reason.startswith("It is no notebook")


def test_moodle_s_folders_with_and_without_the_last_sign(hand_in):
    names = ("Ada_130_assignsubmission_file/hw.ipynb", "Bob_131_assignsubmission_file_/hw.ipynb")
    entries, _ = collect(hand_in(dict.fromkeys(names, HOMEWORK)))
    found = {(one.student.name, one.student.id, one.student.platform) for one in entries}
    assert found == {("Ada", "130", "moodle"), ("Bob", "131", "moodle")}


def test_a_section_is_no_student(hand_in):
    names = ("sec1/Chris/hw.ipynb", "sec1/Dana/deep/hw.ipynb", "sec2/Chris/hw.ipynb")
    by_name, problems = messages(hand_in(dict.fromkeys((*names, "sec2/Bob.ipynb"), HOMEWORK)))
    assert by_name.keys() == {"Chris (sec1)", "Chris (sec2)", "Dana", "Bob"}
    assert problems == []


def test_who_hands_in_an_environment_is_read_in_part(hand_in):
    files = {f"Ada/env/lib/{n}.py": "x = 1" for n in range(40)}
    by_name, problems = messages(hand_in(files | {"Ada/hw.ipynb": HOMEWORK, "Bob.md": MYST}))
    assert by_name["Ada"].path == "Ada/hw.ipynb"
    assert any("Of 41 files that may be notebooks" in problem.reason for problem in problems)
    assert not any(problem.missing for problem in problems)


def test_who_hands_in_slow_files_costs_two_budgets(hand_in, monkeypatch):
    read = []

    def slow(self, work, path, data):
        if path.startswith("Eve"):
            read.append(path)
            raise BudgetError("it takes longer than 10 s")
        return work(path, data)

    monkeypatch.setattr(Budget, "__call__", slow)
    files = {f"Eve/{n}.ipynb": HOMEWORK for n in range(9)} | {"Bob.ipynb": HOMEWORK}
    by_name, problems = messages(hand_in(files))
    assert by_name.keys() == {"Bob"} and len(read) == 2
    assert {problem.student.name for problem in problems} == {"Eve"}


# Refused


def test_zips_too_deep_are_refused(hand_in):
    data = zipped({"hw.ipynb": HOMEWORK})
    for _ in range(4):
        data = zipped({"a.zip": data})
    found, ((path, reason),) = students(hand_in({"ada.zip": data}))
    assert found == set()
    assert "more than 3 deep" in reason and path.startswith("ada.zip/a.zip")


def test_zip_bombs_are_refused(hand_in, monkeypatch):
    monkeypatch.setattr(files_module, "LARGEST", 100_000)
    monkeypatch.setattr(files_module, "LARGEST_ZIP", 1_000_000)
    large = b" " * 200_000
    files = {
        "ada.zip": zipped({"hw.ipynb": large}),
        "bob.zip": zipped({f"{n}.ipynb": large for n in range(6)}),
        "eve.zip": zipped({"inner.zip": zipped({f"{n}.ipynb": large for n in range(6)})}),
        "joe.ipynb": large,
        "zoe.ipynb": HOMEWORK,
    }
    found, problems = students(hand_in(files))
    assert found == {("zoe", "", "")}
    reasons = dict(problems)
    assert reasons["ada.zip/hw.ipynb"] == "It is larger than 100,000 bytes."
    assert "1,200,000 bytes" in reasons["bob.zip"]
    assert "1,200,000 bytes" in reasons["eve.zip/inner.zip"]
    assert reasons["joe.ipynb"] == "It is larger than 100,000 bytes."


def test_a_size_that_lies_is_found_out(tmp_path, monkeypatch):
    monkeypatch.setattr(files_module, "LARGEST", 1_000)
    data = zipped({"ada.ipynb": b" " * 50_000})
    real, small = (50_000).to_bytes(4, "little"), (10).to_bytes(4, "little")
    assert real in data
    place = tmp_path / "class.zip"
    place.write_bytes(data.replace(real, small))
    found, ((path, _),) = students(place)
    assert found == set() and path == "ada.ipynb"


@pytest.mark.parametrize(
    "name", ["../evil.ipynb", "a/../../evil.ipynb", "/etc/x.ipynb", "C:\\x.py"]
)
def test_names_that_leave_the_zip_are_refused(tmp_path, name):
    place = tmp_path / "class.zip"
    place.write_bytes(zipped({name: HOMEWORK, "ada.ipynb": HOMEWORK}))
    found, ((_, reason),) = students(place)
    assert found == {("ada", "", "")}
    assert reason == "Its name leaves the folder of the zip."
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["class.zip"]


def test_links_are_not_followed(tmp_path):
    secret = tmp_path / "other.ipynb"
    secret.write_text(HOMEWORK)
    folder = tmp_path / "class"
    folder.mkdir()
    (folder / "ada.ipynb").symlink_to(secret)
    found, ((path, reason),) = students(folder)
    assert found == set() and path == "ada.ipynb" and "link" in reason


def test_a_broken_or_locked_zip_is_listed(hand_in):
    locked = bytearray(zipped({"hw.ipynb": HOMEWORK}))
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        locked[locked.index(signature) + offset] |= 1  # it says that it needs a password
    files = {"ada.zip": b"PK no zip", "bob.zip": bytes(locked), "eve.ipynb": HOMEWORK}
    found, problems = students(hand_in(files))
    assert found == {("eve", "", "")}
    assert [path for path, _ in problems] == ["ada.zip", "bob.zip/hw.ipynb"]
    assert "password" in problems[1][1]


def test_nothing_there(tmp_path):
    with pytest.raises(ValueError, match=r"no file or folder .*nowhere"):
        collect(tmp_path / "nowhere")


def test_the_folder_of_the_marks_is_left_out(tmp_path):
    for name in ("ada.ipynb", "marks/students/bob.ipynb"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(HOMEWORK)
    found, _ = students(tmp_path, leave_out=tmp_path / "marks")
    assert found == {("ada", "", "")}


# Two files of a student


def test_the_last_file_of_a_student_counts(tmp_path):
    times = {"first.ipynb": 1_000_000, "second.ipynb": 3_000_000, "third.ipynb": 2_000_000}
    for name, time in times.items():
        path = tmp_path / "class" / "ada" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(HOMEWORK)
        os.utime(path, (time, time))
    (tmp_path / "class" / "bob.ipynb").write_text(HOMEWORK)
    (_, entry), problems = collect(tmp_path / "class")
    assert entry.path == "ada/second.ipynb"
    assert "Of 3 files, this one counts" in entry.notes[0]
    assert {problem.path for problem in problems} == {"ada/first.ipynb", "ada/third.ipynb"}
    assert not any(problem.missing for problem in problems)


def test_at_the_same_time_the_later_copy_counts(tmp_path):
    names = ("ada_1_2_hw.ipynb", "ada_1_3_hw-2.ipynb", "ada_1_4_hw-1.ipynb")
    place = tmp_path / "class.zip"
    place.write_bytes(zipped(dict.fromkeys(names, HOMEWORK)))
    (entry,), _ = collect(place)
    assert entry.path == "ada_1_3_hw-2.ipynb"


def test_a_broken_second_file_is_no_missing_mark(hand_in):
    files = {"ada/hw.ipynb": HOMEWORK, "ada/old.ipynb": "{", "bob/hw.ipynb": HOMEWORK}
    _, (problem,) = collect(hand_in(files))
    assert problem.path == "ada/old.ipynb" and not problem.missing


# Notebooks


@pytest.mark.parametrize(
    ("name", "data", "word"),
    [
        ("a.ipynb", b"", "empty"),
        ("a.ipynb", b" \n", "empty"),
        ("a.ipynb", b"{", "no JSON: .* \\(line 1\\)"),
        ("a.ipynb", b"[" * 100_000, "no notebook"),
        ("a.ipynb", b"[1, 2]", "no list of cells"),
        ("a.ipynb", b'{"nbformat": 4, "cells": 5}', "no list of cells"),
        ("a.ipynb", b'{"nbformat": 4, "cells": [5]}', "no kind or no text"),
        ("a.ipynb", b'{"nbformat": 4, "cells": [{"source": "x"}]}', "no kind or no text"),
        ("a.ipynb", b'{"nbformat": 3, "worksheets": 1}', "format 3"),
        ("a.ipynb", "\u00e9".encode("latin-1"), "not UTF-8 text: byte 0 is 0xe9"),
        ("a.ipynb", notebook("x = 1").encode(), "no exercise of the course: there is no"),
        ("a.ipynb", notebook("1", 7 * "x " * 100_000).encode(), "characters of code"),
        ("a.ipynb", notebook(*["1"] * 3_000).encode(), "3,000 cells; at most 2,000"),
        ("a.py", b"\x00\xff", "UTF-8"),
        ("a.md", b"# Only text", "no exercise"),
    ],
)
def test_unreadable_files_say_why(name, data, word):
    with pytest.raises(UnreadableError, match=word):
        submission("Ada", name, data)


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(data):
    for name in ("a.ipynb", "a.py", "a.md"):
        with pytest.raises(UnreadableError):
            submission("Ada", name, data)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)


@given(VALUES, VALUES, VALUES)
def test_any_cells_are_read_or_refused(kind, source, version):
    cell = {"cell_type": kind, "source": source}
    text = json.dumps({"nbformat": version, "cells": [cell], "worksheets": [{"cells": [cell]}]})
    with pytest.raises(UnreadableError):
        submission("Ada", "a.ipynb", text.encode())


MYST = f"""---
jupytext:
  text_representation:
    extension: .md
    format_name: myst
kernelspec:
  name: python3
  display_name: Python 3
---

# Text

```{{code-cell}}
{CALL}
```
"""


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.ipynb", notebook(CALL)),
        ("a.IPYNB", "\ufeff" + notebook([line + "\n" for line in CALL.splitlines()])),
        ("a.md", MYST),
        ("a.py", f"# %% [markdown]\n# # Text\n\n# %%\n{CALL}\n"),
        (
            "a.ipynb",
            json.dumps(
                {
                    "nbformat": 3,
                    "nbformat_minor": 0,
                    "metadata": {},
                    "worksheets": [
                        {
                            "cells": [
                                {"cell_type": "code", "input": CALL, "outputs": [], "language": "p"}
                            ]
                        }
                    ],
                }
            ),
        ),
    ],
)
def test_formats(name, text):
    read = submission("Ada", name, text.encode())
    assert (read.room, read.version, read.notes) == ("toy", 1, ())
    assert [cell.strip() for cell in read.cells] == [CALL]


@pytest.mark.parametrize(
    ("sources", "version", "note"),
    [
        (["from cnnlab import exercise\nexercise('toy', 1)"], 1, None),
        (["import cnnlab\ncnnlab.exercise(version=3, room='toy')"], 3, None),
        (["%matplotlib inline\n!pip install cnnlab\n" + CALL], 1, None),
        (["%%time\n" + CALL], 1, None),
        (["files = !ls\n" + CALL], 1, None),
        (["def broken(:", CALL], 1, None),
        (["cnnlab.exercise('toy')"], 1, "does not say its version"),
        (["area = 3"], 1, "there is no cnnlab.exercise"),
        (["def scaled(X, factor):\n    return 1"], 1, "Taken for the exercise of 'toy'"),
        (["cnnlab.exercise('toyy', version=2)", "area = 3"], 2, "'toyy', which does not exist"),
        (["# cnnlab.exercise('other', version=9)\n" + CALL], 1, None),
        (["text = '''\ncnnlab.exercise(\"other\", version=9)\n'''\n" + CALL], 1, None),
    ],
)
def test_the_exercise_is_found(sources, version, note):
    read = submission("Ada", "a.ipynb", notebook(*sources).encode())
    assert (read.room, read.version) == ("toy", version)
    assert (note is None) == (read.notes == ())
    assert note is None or note in read.notes[0]


def test_halves_of_characters_become_writable():
    read = submission("Ada", "a.ipynb", notebook(CALL, "x = '\ud800'").encode())
    assert read.cells[1].encode()


def test_only_code_cells_run():
    text = notebook(CALL, kind="markdown")
    with pytest.raises(UnreadableError, match="no exercise"):
        submission("Ada", "a.ipynb", text.encode())


# What fell when the intake was tried again


def test_whatever_is_broken_in_a_zip_is_listed(tmp_path):
    """LZMA has an error of its own, which stopped the whole class."""
    place = tmp_path / "class"
    place.mkdir()
    with zipfile.ZipFile(place / "Bob.zip", "w", zipfile.ZIP_LZMA) as file:
        file.writestr("hw.ipynb", HOMEWORK)
    data = bytearray((place / "Bob.zip").read_bytes())
    data[60:70] = bytes(10)
    (place / "Bob.zip").write_bytes(data)
    (place / "Ada.ipynb").write_text(HOMEWORK)
    entries, problems = collect(place)
    assert [entry.student.name for entry in entries] == ["Ada"]
    assert [(one.student.name, one.missing) for one in problems] == [("Bob", True)]


def test_a_long_name_is_cut_before_its_marks_are_put_into_order(monkeypatch):
    """To put 30,000 marks over a letter into their order takes a second, a name."""
    lengths = []

    def normalized(form, text):
        lengths.append(len(text))
        return text

    monkeypatch.setattr(files_module, "normalize", normalized)
    shown = files_module._shown("a" + "\u0315\u0300" * 15_000 + "/hw.ipynb")
    assert max(lengths) <= files_module.LONGEST_PATH + 1 and shown.endswith("/hw.ipynb")


def test_a_student_has_few_lines_whatever_is_in_a_zip(tmp_path):
    with zipfile.ZipFile(tmp_path / "class.zip", "w") as file:
        file.writestr("Ada/hw.ipynb", HOMEWORK)
        inner = zipped({f"../{number}.ipynb": "" for number in range(3000)})
        file.writestr("Eve/hw.zip", inner)
    entries, problems = collect(tmp_path / "class.zip")
    assert [entry.student.name for entry in entries] == ["Ada"]
    assert {one.student.name for one in problems} == {"Eve"} and len(problems) < 10
    assert any("2,995 more of the files" in one.reason for one in problems)


@pytest.mark.parametrize("name", ["Bob.ipynb.txt", "Bob.ipynb.json", "Bob/hw.IPYNB.TXT"])
def test_a_notebook_as_a_browser_saves_it(hand_in, name):
    entries, problems = collect(hand_in({"Ada.ipynb": HOMEWORK, name: HOMEWORK}))
    assert {entry.student.name for entry in entries} == {"Ada", "Bob"} and not problems


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-be", "utf-8-sig"])
def test_a_notebook_as_an_editor_saves_it(encoding):
    text = notebook(CALL, "größe = 3")
    mark = b"\xfe\xff" if encoding == "utf-16-be" else b""
    assert submission("Ada", "ada.ipynb", mark + text.encode(encoding)).cells[1] == "größe = 3"


@pytest.mark.parametrize(
    "name", ["Bob/.ipynb_checkpoints/hw.ipynb", "Bob/.hw.ipynb", "Bob/", "Bob/deep/.DS_Store"]
)
def test_who_handed_in_nothing_that_is_seen_has_a_line(tmp_path, name):
    with zipfile.ZipFile(tmp_path / "class.zip", "w") as file:
        file.writestr("Ada/hw.ipynb", HOMEWORK)
        file.writestr(name, HOMEWORK if not name.endswith("/") else "")
    with zipfile.ZipFile(tmp_path / "class.zip") as file:
        file.extractall(tmp_path / "class")
    for place in (tmp_path / "class.zip", tmp_path / "class"):
        entries, problems = collect(place)
        assert [entry.student.name for entry in entries] == ["Ada"]
        (problem,) = problems
        assert (problem.student.name, problem.missing) == ("Bob", True)
        assert problem.reason == "There is no file in it."


def test_what_is_no_ordinary_file_has_a_line(tmp_path):
    place = tmp_path / "class"
    (place / "Ada").mkdir(parents=True)
    (place / "Ada" / "hw.ipynb").write_text(HOMEWORK)
    os.mkfifo(place / "Bob.ipynb")
    (place / "Cleo").symlink_to(place / "Ada")
    entries, problems = collect(place)
    assert [entry.student.name for entry in entries] == ["Ada"]
    assert {one.student.name: one.reason for one in problems} == {
        "Bob": "It is no ordinary file.",
        "Cleo": "It is a link to another place, which is not followed.",
    }


def test_a_second_exercise_in_a_notebook_is_said(monkeypatch):
    monkeypatch.setattr(catalogue, "ROOMS", ("toy", "other"))
    both = notebook(CALL, "area = 12", "cnnlab.exercise('other', version=1)")
    read = submission("Ada", "ada.ipynb", both.encode())
    assert read.room == "toy"
    assert any("'toy' is marked, and not 'other'" in note for note in read.notes)
