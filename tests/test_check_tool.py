"""What `make check` chooses: the tests and the pages that a change can reach."""

import subprocess
from pathlib import Path

import pytest

from tools import check
from tools.imports import Imports

HEADER = "---\njupytext:\n  text_representation: {format_name: myst}\n---\n\n"
FILES = {
    "cnnlab/__init__.py": "HOMES = {'ask': 'late'}",
    "cnnlab/ground.py": "",
    "cnnlab/late.py": "",
    "cnnlab/first/__init__.py": "HOMES = {'area': 'boxes', 'train': 'fit'}",
    "cnnlab/first/boxes.py": "from cnnlab.ground import x",
    "cnnlab/first/fit.py": "def f():\n    from . import area",
    "cnnlab/first/drawn.js": "",
    "cnnlab/first/drawn.py": "",
    "cnnlab/first/data.npz": "",
    "cnnlab/other.py": "",
    "tests/conftest.py": "",
    "tests/student.py": "",
    "tests/test_ground.py": "from cnnlab import ground",
    "tests/test_other.py": "import cnnlab.other",
    "tests/test_ask.py": "import cnnlab\ncnnlab.ask()",
    "tests/test_file.py": "ROOT / 'tools/notebooks.py'  # to run",
    "tests/first/conftest.py": "from cnnlab.first import train",
    "tests/first/test_boxes.py": "from cnnlab.first import area",
    "tests/first/test_whole.py": "from cnnlab import first\ngetattr(first, 'area')",
    "tests/first/test_drawn.py": "from cnnlab.first.drawn import d",
    "book/page.md": HEADER
    + "```{code-cell}\n%matplotlib inline\nfrom cnnlab.first import area\n```\n",
    "book/other.md": HEADER + "```{code-cell}\nimport cnnlab.other\n```\n",
}


@pytest.fixture
def house(tmp_path, monkeypatch) -> Path:
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, "utf-8")
    monkeypatch.setattr(check, "ROOT", tmp_path)
    monkeypatch.setattr(check.pages, "ROOT", tmp_path)
    return tmp_path


IN_FIRST = {"first/test_boxes", "first/test_whole", "first/test_drawn"}  # by their conftest


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ("cnnlab/first/boxes.py", {*IN_FIRST, "page"}),
        ("cnnlab/ground.py", {*IN_FIRST, "page", "test_ground"}),
        ("cnnlab/first/fit.py", IN_FIRST),
        ("cnnlab/first/drawn.js", {"first/test_drawn"}),
        ("cnnlab/first/data.npz", {*IN_FIRST, "page"}),  # whoever stands beside it may read it
        ("cnnlab/other.py", {"test_other", "other"}),
        ("cnnlab/late.py", {"test_ask"}),
        ("tests/test_ask.py", {"test_ask"}),
        ("tests/first/conftest.py", IN_FIRST),
        ("tools/notebooks.py", {"test_file"}),
        ("book/page.md", {"page"}),
        ("README.md", set()),
        (".ci/run", set()),
    ],
)
def test_what_a_change_can_reach(house, changed, expected):
    tests, notebooks = sorted(house.glob("tests/**/test_*.py")), sorted(house.glob("book/*.md"))
    found = check.reached({changed}, tests, notebooks)
    names = {file.relative_to(house).with_suffix("").as_posix().split("/", 1)[1] for file in found}
    assert names == expected


def test_every_change_is_seen(house):
    """What the branch committed, what it did not, and files that git does not know."""

    def git(*arguments: str) -> None:
        name = ("-c", "user.name=A", "-c", "user.email=a@example.org")
        subprocess.run(["git", *name, *arguments], cwd=house, check=True, capture_output=True)

    git("init", "-b", "main")
    git("add", ".")
    git("commit", "-m", "one")
    assert check.changed_files() == set()
    git("checkout", "-b", "mine")
    for number, name in enumerate(("cnnlab/ground.py", "cnnlab/other.py", "tests/test_new.py")):
        (house / name).write_text(f"x = {number}", "utf-8")
        if number == 0:
            git("commit", "-am", "two")
    assert check.changed_files() == {"cnnlab/ground.py", "cnnlab/other.py", "tests/test_new.py"}


def test_pages_that_changed_run_first_and_long_ones_are_left(house):
    seconds = {"changed.md": 90.0, "long.md": 70.0, "short.md": 5.0, "middle.md": 50.0}
    wanted = [house / name for name in seconds]
    for budget, expected in (
        (100, "changed short"),
        (20, "changed"),
        (300, "changed long short middle"),
    ):
        found = check.within(budget, wanted, seconds, {"changed.md"})
        assert {page.stem for page in found} == set(expected.split())
    assert check.within(60, wanted[1:], seconds, set()) == [wanted[2], wanted[3]]


def test_the_real_house_is_read():
    """A page and a test of this book, and what they stand on."""
    imports = Imports(check.ROOT / "cnnlab")
    reach = imports.reach(check.code(check.ROOT / "book/detection/iou-and-nms.md"))
    assert {"cnnlab.detection.nms", "cnnlab.detection.boxes", "cnnlab.checks"} <= reach
    assert "cnnlab.architectures.resnet" not in reach
