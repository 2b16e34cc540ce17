"""Questions of a teacher's own: a folder is an exercise, checked and marked as the course's are."""

import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from cnnlab.grading import folder as folder_module
from cnnlab.grading import questions as catalogue
from cnnlab.grading.answers import check as check_module
from cnnlab.grading.answers.check import verdict

MEAN = """
from cnnlab.grading.question import Question, Wrong
from shared import numbers

QUESTION = Question(
    id="my_mean", room="any", title="A mean", points=2, level=1, kind="function",
    cases=lambda rng: [(numbers(rng, 3),), (numbers(rng, 8),)],
    oracle=lambda x: sum(x) / len(x),
    wrong=(Wrong("sum", lambda x: sum(x), "What is left to do after the sum?"),),
)
"""
AREA = """
from cnnlab.grading.question import EXACT, Question, no_arguments

QUESTION = Question("my_area", "any", "An area", 1, 1, "value", no_arguments, lambda: 12, EXACT)
"""


@pytest.fixture
def course(tmp_path, monkeypatch):
    """A folder of two questions, and of what they share; it is forgotten in the end."""
    monkeypatch.setattr(catalogue, "OWN", {})
    monkeypatch.setattr(catalogue, "ROOMS", catalogue.ROOMS)
    catalogue.questions.cache_clear()
    path = tmp_path / "my_course"
    path.mkdir()
    (path / "__init__.py").write_text("VERSION = 3\n")
    (path / "shared.py").write_text("def numbers(rng, n):\n    return list(rng.normal(size=n))\n")
    (path / "a_mean.py").write_text(MEAN)
    (path / "b_area.py").write_text(AREA)
    yield path
    catalogue.questions.cache_clear()


def test_a_folder_is_a_room(course):
    assert catalogue.add(course) == "my_course"
    assert list(catalogue.questions("my_course")) == ["my_mean", "my_area"]
    assert catalogue.version("my_course") == 3 and "my_course" in catalogue.ROOMS
    asked = catalogue.question("my_mean")
    assert asked.room == "my_course"
    assert verdict(asked, lambda x: sum(x) / len(x)).tier == "pass"
    assert verdict(asked, sum).mistake == "sum"
    before = catalogue.fingerprint("my_course")
    (course / "shared.py").write_text("def numbers(rng, n):\n    return [1.0, 2.0] * n\n")
    catalogue.add(course)
    assert catalogue.fingerprint("my_course") != before
    assert catalogue.fingerprint("convolution") == ""


def test_what_files_share_is_read_anew_and_belongs_to_its_folder(course):
    question = folder_module.read(course).questions[0]
    (course / "shared.py").write_text("def numbers(rng, n):\n    return [4.0] * n\n")
    fresh = folder_module.read(course).questions[0]
    rng = np.random.default_rng(0)
    assert fresh.cases(rng)[0] == ([4.0] * 3,) != question.cases(rng)[0]
    assert "shared" not in sys.modules


def test_the_teacher_s_page_makes_a_question_that_is_marked(course):
    """Its cell and its tree of files, as they stand there."""
    page = (Path(__file__).parents[2] / "book/teachers.md").read_text("utf-8")
    cells = re.findall(r"^```\{code-cell\}[^\n]*\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    (code,) = (cell for cell in cells if "question = Question(" in cell)
    tree = (
        r"^(\w+)/\n +__init__\.py +# (VERSION = 1)\n +(\w+\.py) +# as above, .*: (QUESTION = \w+)$"
    )
    name, version, file, last = re.search(tree, page, re.MULTILINE).groups()
    (course.parent / "own").mkdir()
    own = course.rename(course.parent / "own" / name)
    for old in own.glob("*.py"):
        old.unlink()
    (own / "__init__.py").write_text(version)
    (own / file).write_text(f"{code}\n{last}\n")
    assert f'cnnlab.exercise("{name}", version=1, questions="{name}")' in page
    assert f"--questions {name}/" in page
    assert catalogue.add(own) == name
    (asked,) = catalogue.questions(name).values()
    assert f'cnnlab.check("{asked.id}", {asked.id})' in page
    assert verdict(asked, lambda X: X.mean(axis=(1, 2))).tier == "pass"
    assert verdict(asked, lambda X: X.sum(axis=(1, 2))).mistake == "sum instead of mean"


def test_the_check_takes_the_folder(course, capsys, monkeypatch):
    monkeypatch.chdir(course.parent)
    check_module.exercise("my_course", version=3, questions="my_course")
    check_module.check("my_area", 12)
    check_module.check(12, "my_area")  # the other way round, as people write it too
    said = capsys.readouterr().out
    assert "A mean" in said and said.count("✓ my_area: right") == 2


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("c.py", "1 / 0", r"c\.py stopped with ZeroDivisionError"),
        ("c.py", "QUESTION = 3", r"c\.py: QUESTION is 3; expected a Question"),
        ("c.py", AREA, "there is another question 'my_area'"),
        ("c.py", AREA.replace("my_area", "conv2d"), "'conv2d' is one of the course's"),
    ],
)
def test_a_bad_file_is_named(course, name, text, words):
    (course / name).write_text(text)
    with pytest.raises(ValueError, match=words):
        catalogue.add(course)


def test_a_folder_has_a_name_and_questions(course):
    with pytest.raises(ValueError, match="which does not exist; expected a folder"):
        folder_module.read(course / "none")
    (course / "my course").mkdir()
    with pytest.raises(ValueError, match="expected a folder whose name"):
        folder_module.read(course / "my course")
    (course / "convolution").mkdir()
    with pytest.raises(ValueError, match="has no question"):
        folder_module.read(course / "convolution")
    (course / "convolution" / "a.py").write_text(AREA)
    with pytest.raises(ValueError, match="the name of a room of the course"):
        catalogue.add(course / "convolution")


@pytest.mark.slow
def test_the_command_marks_them_and_students_do_not_see_them(course):
    place = course.parent
    cells = (
        "import cnnlab\ncnnlab.exercise('my_course', version=3, questions='my_course')",
        "def my_mean(x):\n    return sum(x) / len(x)",
        f"open({str(course / 'b_area.py')!r}).read()\nmy_area = 12",
    )
    notebook = {"nbformat": 4, "nbformat_minor": 5, "metadata": {}}
    notebook["cells"] = [{"cell_type": "code", "metadata": {}, "source": cell} for cell in cells]
    (place / "class").mkdir()
    (place / "class" / "ada.ipynb").write_text(json.dumps(notebook))
    command = [sys.executable, "-m", "cnnlab", "grade", "class", "-o", "marks"]
    command += ["--questions", str(course)]
    done = subprocess.run(command, cwd=place, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    record = json.loads((place / "marks/students/ada-my_course.json").read_text())
    assert record["result"]["earned"] == 3
    assert "No such file" in json.dumps(record["result"]["outputs"])
