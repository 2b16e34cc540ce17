"""The parts of `cnnlab.grading` know of each other in one direction only."""

import ast
from pathlib import Path

import pytest

import cnnlab.grading

FOLDER = Path(cnnlab.grading.__file__).parent
PARTS = ("language", "questions", "answers", "judge", "gradebook")  # each may use those before it


def part_of(module: str) -> str:
    """The part that a module such as ``judge.wire`` belongs to; files outside are the language."""
    first = module.partition(".")[0]
    return first if first in PARTS else "language"


def name_of(path: Path) -> str:
    return ".".join(path.relative_to(FOLDER).with_suffix("").parts).removesuffix(".__init__")


def modules() -> dict[str, Path]:
    return {name_of(path): path for path in FOLDER.rglob("*.py") if path != FOLDER / "__init__.py"}


def used_by(path: Path, known: dict[str, Path]) -> set[str]:
    """The modules of grading that a file imports, inside functions too."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("cnnlab.grading"):
            base = node.module.removeprefix("cnnlab.grading").lstrip(".")
            inside = [f"{base}.{name.name}".lstrip(".") for name in node.names]
            found |= {name if name in known else base for name in inside}
    return found


GRAPH = {name: used_by(path, modules()) for name, path in modules().items()}


@pytest.mark.parametrize("name", sorted(GRAPH))
def test_a_part_uses_those_before_it_only(name):
    place = PARTS.index(part_of(name))
    above = {used for used in GRAPH[name] if PARTS.index(part_of(used)) > place}
    assert not above, f"{name} uses {above}"


def test_nothing_imports_in_a_circle():
    """Modules are taken away that use no other; what stays uses itself in the end."""
    left = {name: set(used) - {name} for name, used in GRAPH.items()}
    while free := {name for name, used in left.items() if not used & left.keys()}:
        left = {name: used for name, used in left.items() if name not in free}
    # A room's list and its questions are one thing: the list names the files, which name none.
    assert not left


def test_questions_know_the_language_and_each_other_only():
    for name, used in GRAPH.items():
        if part_of(name) == "questions" and name != "questions":
            _, room, *_ = name.split(".")
            others = {one for one in used if part_of(one) == "questions"}
            assert all(one.startswith(f"questions.{room}") for one in others), name


def test_a_question_has_a_file_of_its_name():
    from cnnlab.grading.questions import ROOMS, questions

    for room in ROOMS:
        files = {path.stem for path in (FOLDER / "questions" / room).glob("*.py")}
        assert questions(room).keys() <= files
