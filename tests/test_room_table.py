"""Whatever repeats the rooms agrees with their table, and speaks up if a room is forgotten there.

A new room is a line in `cnnlab.rooms` and files of its own. Each check below is given a table of
rooms and answers with what is missing; so the last test can put one more room into the table, and
see that every check misses it.
"""

import inspect
import re
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

import pytest
import yaml

from cnnlab import widgets
from cnnlab.rooms import ROOMS, Room
from cnnlab.widgets.frame import Figure

ROOT = Path(__file__).resolve().parent.parent
LECTURE = 6  # rooms, of which some are not built yet
OTHER_FUNCTIONS = {"data", "widgets", "grading"}  # pages of the reference that belong to no room


def text(name: str) -> str:
    return (ROOT / name).read_text("utf-8")


def contents() -> dict[str, list[str]]:
    """The parts of the book: from a caption to its files."""
    parts = yaml.safe_load(text("_toc.yml"))["parts"]
    return {part["caption"]: [page["file"] for page in part["chapters"]] for part in parts}


def rows(name: str, header: str) -> list[list[str]]:
    """The cells of the table below a header, line by line."""
    _, _, below = text(name).partition(f"\n{header}\n")
    lines = re.match(r"\|[-|]+\|\n((?:\|.*\|\n)+)", below)
    assert lines, f"{name} has no table {header}"
    return [[cell.strip() for cell in line[1:-1].split("|")] for line in lines[1].splitlines()]


def differ(found: Sequence[object], expected: Sequence[object]) -> list[str]:
    return [] if list(found) == list(expected) else [f"found {found}, expected {expected}"]


# ---- the checks ----


def floors(rooms: Sequence[Room]) -> list[str]:
    """Every room is on every floor."""
    needed = ("cnnlab/{}/__init__.py", "exercises/{}.md", "reference/{}.md", "solutions/{}.md")
    some = ("book/{}/*.md", "tests/{}/test_*.py")
    return [
        path
        for room in rooms
        for path in (pattern.format(room.name) for pattern in needed + some)
        if not any(ROOT.glob(path))
    ]


def no_other_rooms(rooms: Sequence[Room]) -> list[str]:
    """What looks like a room stands in the table."""
    found = {path.parent.name for path in ROOT.glob("book/[!_]*/*.md")}
    for floor in ("exercises", "reference", "solutions"):
        found |= {path.stem for path in ROOT.glob(f"{floor}/*.md")}
    found -= OTHER_FUNCTIONS
    return differ(sorted(found), sorted(room.name for room in rooms))


def table_of_contents(rooms: Sequence[Room]) -> list[str]:
    """Each room is a part, in order, with all of its pages; then come the solutions."""
    parts = contents()
    folders = {Path(file).parent.as_posix() for files in parts.values() for file in files}
    captions = [one for one in parts if f"book/{one.lower()}" in folders]
    wrong = differ(captions, [room.name.capitalize() for room in rooms])
    for caption in captions:
        pages = ROOT.glob(f"book/{caption.lower()}/*.md")
        written = sorted(page.relative_to(ROOT).with_suffix("").as_posix() for page in pages)
        wrong += differ(sorted(parts[caption]), written)
    wrong += differ(parts["Solutions"], [f"solutions/{room.name}" for room in rooms])
    functions = [Path(file).name for file in parts["Functions"]]
    return wrong + differ(functions[: -len(OTHER_FUNCTIONS)], [room.name for room in rooms])


def readme(rooms: Sequence[Room]) -> list[str]:
    """Its table says what one learns in each room, in the same words."""
    table = rows("README.md", "| room | what you learn | state |")
    here = [(name, teaches) for name, teaches, state in table if state == "here"]
    states = [state for *_, state in table]
    wrong = differ(here, [(room.name, room.teaches) for room in rooms])
    return wrong + differ(states, ["here"] * len(rooms) + ["planned"] * (LECTURE - len(rooms)))


def first_page(rooms: Sequence[Room]) -> list[str]:
    """The first page of the book has a card for each room, with its picture and its overview."""
    head = r"^```\{figure\} _pictures/(\w+)\.webp\n:alt: .+\n:figclass: room (\w+)\n"
    cards = re.findall(rf"{head}\n\*\*\{{doc\}}`(.+)`\*\*$", text("book/intro.md"), re.MULTILINE)
    return differ(cards, [(room.name, room.name, f"{room.name}/index") for room in rooms])


def overviews(rooms: Sequence[Room]) -> list[str]:
    """Each room begins with its overview, which lists its pages and leads to its exercise."""
    wrong = []
    for room in rooms:
        path = f"book/{room.name}/index.md"
        page = text(path) if (ROOT / path).is_file() else ""
        needed = ("\n```{room-pages}\n```\n", "\n## What you will build\n\n- ",
                  f"{{exercise}}`{room.name}`")  # fmt: skip
        wrong += [f"{path} lacks {part!r}" for part in needed if part not in page]
        first = contents().get(room.name.capitalize(), [""])[0]
        wrong += differ([first], [path.removesuffix(".md")])
    found = sorted(path.parent.name for path in ROOT.glob("book/*/index.md"))
    return wrong + differ(found, sorted(room.name for room in rooms))


def for_students(rooms: Sequence[Room]) -> list[str]:
    """Where each exercise is, what to read before, and what is hidden in the teacher's run."""
    page = text("book/students.md")
    line = r"^- \{exercise\}`(\w+) <(\w+)>`.*?\{doc\}`([\w/-]+)`.*\{doc\}`([\w/-]+)`"
    expected = []
    for room in rooms:
        pages = contents().get(room.name.capitalize(), [])[1:] or [""]  # without the overview
        ends = (pages[i].removeprefix("book/") for i in (0, -1))
        expected.append((room.name.capitalize(), room.name, *ends))
    hidden = re.search(r"An\s+answer must do without.*", page, re.DOTALL)[0]
    return differ(re.findall(line, page, re.MULTILINE), expected) + differ(
        re.findall(r"`cnnlab\.(\w+)`", hidden), [room.name for room in rooms]
    )


def contributing(rooms: Sequence[Room]) -> list[str]:
    """It lists the lecture's rooms in order, has a line for each, and says which are not built."""
    page = text("CONTRIBUTING.md")
    listed = re.findall(r"`(\w+)`", re.search(r"The six rooms of the lecture \((.*?)\)", page)[1])
    sentence = re.search(r"\.\s+([^.]*?) (?:is|are) not built yet\.", page)
    planned = re.findall(r"\w+", sentence[1].lower().replace(" and ", " ")) if sentence else []
    described = re.findall(r"^\| `cnnlab/(\w+)/` \|", page, re.MULTILINE)
    names = [room.name for room in rooms]
    return differ(listed, [*names, *planned]) + differ(described[: len(names)], names)


CHECKS = (
    floors,
    no_other_rooms,
    table_of_contents,
    readme,
    first_page,
    overviews,
    for_students,
    contributing,
)


@pytest.mark.parametrize("check", CHECKS)
def test_it_agrees_with_the_table(check):
    assert check(ROOMS) == []


@pytest.mark.parametrize("check", CHECKS)
def test_a_room_that_is_forgotten_is_missed(check):
    """One more at the end, and one fewer."""
    assert check((*ROOMS, Room("cellar", "what is kept cool")))
    assert check is floors or check(ROOMS[:-1])


# ---- what follows from files ----


@pytest.mark.parametrize("room", ROOMS, ids=lambda room: room.name)
def test_a_room_with_networks_is_tested_on_jax_too(room):
    package, tests = ROOT / "cnnlab" / room.name, ROOT / "tests" / room.name
    builds = any(re.search(r"^(import|from) keras", f.read_text("utf-8"), re.M)
                 for f in package.rglob("*.py"))  # fmt: skip
    marked = any("mark.networks" in file.read_text("utf-8") for file in tests.glob("test_*.py"))
    assert builds == marked


def test_each_figure_is_offered_from_its_file():
    """The table of `cnnlab.widgets` has each figure in its folder."""
    found = {}
    for file in (ROOT / "cnnlab/widgets").glob("[!_]*.py"):
        module = import_module(f"cnnlab.widgets.{file.stem}")
        for name, value in inspect.getmembers(module, inspect.isclass):
            own = issubclass(value, Figure) and value.__module__ == module.__name__
            if own and file.stem != "frame" and not name.startswith("_"):
                found[name] = file.stem
    assert found == widgets.HOMES
