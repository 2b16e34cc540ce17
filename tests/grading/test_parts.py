"""The parts of `cnnlab.grading` know of each other in one direction only."""

import itertools
from pathlib import Path

import pytest

import cnnlab.grading
from cnnlab.grading.questions import ROOMS, questions
from tools.imports import Imports

FOLDER = Path(cnnlab.grading.__file__).parent
PARTS = ("language", "questions", "answers", "judge", "gradebook")  # each may use those before it
GRADING = "cnnlab.grading."


@pytest.fixture(scope="module")
def graph() -> dict[str, set[str]]:
    """The modules of grading by their names inside of it, with those that each imports."""
    whole = Imports(FOLDER.parent).arrows
    inside = {name: found for name, found in whole.items() if name.startswith(GRADING)}
    return {
        name.removeprefix(GRADING): {
            one.removeprefix(GRADING) for one in found if one.startswith(GRADING)
        }
        for name, found in inside.items()
    }


def part_of(module: str) -> str:
    """The part that a module such as ``judge.wire`` belongs to; files outside are the language."""
    first = module.partition(".")[0]
    return first if first in PARTS else "language"


def test_a_part_uses_those_before_it_only(graph):
    upwards = [
        f"{name} → {used}"
        for name, found in graph.items()
        for used in found
        if PARTS.index(part_of(used)) > PARTS.index(part_of(name))
    ]
    assert not upwards
    assert {part_of(name) for name in graph} == set(PARTS)


def test_a_class_walks_through_the_gradebook_once(graph):
    """From the command to the report: what comes later in this line never asks what was before."""
    walk = ("cli", "run", "intake", "files")
    for before, after in itertools.pairwise(walk):
        assert f"gradebook.{after}" in graph[f"gradebook.{before}"]
    for after in ("records", "publish", "marks", "tables", "reports"):
        assert not graph[f"gradebook.{after}"] & {f"gradebook.{one}" for one in ("cli", "run")}


def test_questions_know_the_language_and_their_own_room_only(graph):
    for name, used in graph.items():
        if part_of(name) == "questions" and name != "questions":
            _, room, *_ = name.split(".")
            others = {one for one in used if part_of(one) == "questions"}
            assert all(one.startswith(f"questions.{room}") for one in others), name


@pytest.mark.parametrize("room", ROOMS)
def test_a_question_has_a_file_of_its_name(room):
    files = {path.stem for path in (FOLDER / "questions" / room).glob("*.py")}
    assert questions(room).keys() <= files
