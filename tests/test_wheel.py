"""The package as a student gets it: the built wheel, in an environment without this checkout."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from zipfile import ZipFile

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

import cnnlab
from cnnlab.rooms import NAMES as ROOMS
from tests.student import build_wheel, make_environment, make_notebooks, make_student, run

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parent.parent
VERSION = cnnlab.__version__
HANDOUTS = "cnnlab/grading/gradebook/handouts"
RUN = """
import sys
import nbformat
from nbclient import NotebookClient

notebook = nbformat.read(sys.argv[1], 4)
NotebookClient(notebook, timeout=300, kernel_name="python3").execute()
nbformat.write(notebook, sys.argv[2])
"""
COLAB = """
def enable_custom_widget_manager():
    print("widgets enabled")
"""


@pytest.fixture(scope="session")
def wheel(tmp_path_factory) -> Path:
    return build_wheel(tmp_path_factory.mktemp("dist"))


@pytest.fixture(scope="session")
def environment(tmp_path_factory) -> Callable[[], Path]:
    """Makes environments with everything but this package; returns the path of their Python."""
    return lambda: make_environment(tmp_path_factory.mktemp("environment"))


@pytest.fixture(scope="session")
def student(wheel, tmp_path_factory) -> Path:
    """The Python of an environment where the wheel is installed."""
    return make_student(tmp_path_factory.mktemp("student"), wheel)


def test_wheel_holds_the_package_and_nothing_else(wheel):
    with ZipFile(wheel) as file:
        names = set(file.namelist())
    info = f"cnnlab-{VERSION}.dist-info/"
    package = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "cnnlab").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    handouts = {f"{HANDOUTS}/{room}.md" for room in ROOMS}
    assert {name for name in names if not name.startswith(info)} == package | handouts
    assert {Path(name).suffix for name in package} >= {".py", ".npz", ".js", ".css", ".json"}
    licences = {name.removeprefix(f"{info}licenses/") for name in names if "/licenses/" in name}
    ours = {path for path in package if "/LICENSE" in path}
    assert len(ours) > 1 and licences == {"LICENSE", "LICENSE-text.md", *ours}
    assert wheel.stat().st_size < 15e6


def test_install_brings_in_nothing_but_the_package(environment, wheel, tmp_path):
    """Colab's own packages stay as they are: the bounds are lower bounds, and they are met."""
    report = run(
        environment(), "-m", "pip", "install", "--dry-run", "--quiet", "--report", "-", wheel,
        cwd=tmp_path,
    )  # fmt: skip
    assert [item["metadata"]["name"] for item in json.loads(report)["install"]] == ["cnnlab"]


def test_no_dependency_has_an_upper_bound(wheel):
    with ZipFile(wheel) as file:
        metadata = file.read(f"cnnlab-{VERSION}.dist-info/METADATA").decode()
    needed = [
        line
        for line in re.findall(r"^Requires-Dist: (.*)$", metadata, re.MULTILINE)
        if "extra ==" not in line
    ]
    assert needed
    assert all(re.fullmatch(r"[\w-]+>=[\d.]+", line) for line in needed), needed


def test_the_installed_package_is_the_wheel_s(student, tmp_path):
    where = Path(run(student, "-c", "import cnnlab; print(cnnlab.__file__)", cwd=tmp_path).strip())
    assert where.is_relative_to(student.parents[1])
    assert not where.is_relative_to(ROOT)


def test_the_first_cell_installs_the_released_package_on_colab(environment, wheel, tmp_path):
    colab = tmp_path / "colab/google/colab"
    colab.mkdir(parents=True)
    (colab / "__init__.py").touch()
    (colab / "output.py").write_text(COLAB, "utf-8")
    python = environment()
    (own,) = python.parents[1].glob("lib/python*/site-packages")
    before = {path.name for path in own.iterdir()}
    make_notebooks(tmp_path / "made")
    first = nbformat.read(next((tmp_path / "made").rglob("*.ipynb")), 4).cells[0]
    second = new_code_cell("import cnnlab; print(cnnlab.__file__)")
    given, result = tmp_path / "given.ipynb", tmp_path / "result.ipynb"
    nbformat.write(new_notebook(cells=[first, second]), given)
    variables = {"PYTHONPATH": str(tmp_path / "colab"), "PIP_FIND_LINKS": str(wheel.parent)}
    (tmp_path / "empty").mkdir()
    run(python, "-c", RUN, given, result, cwd=tmp_path / "empty", **variables)
    cells = nbformat.read(result, 4).cells
    printed = ["".join(each.get("text", "") for each in cell.outputs) for cell in cells]
    assert "widgets enabled" in printed[0]
    assert Path(printed[1].strip()) == own / "cnnlab/__init__.py"
    new = {path.name for path in own.iterdir()} - before - {"__pycache__"}
    assert new == {"cnnlab", f"cnnlab-{VERSION}.dist-info"}


def test_the_environment_reaches_nobody(student, tmp_path):
    probe = "import urllib.request; urllib.request.urlopen('http://example.org', timeout=5)"
    with pytest.raises(AssertionError, match=r"reaches no other host, but example\.org"):
        run(student, "-c", probe, cwd=tmp_path)


def test_a_class_is_marked_where_only_the_wheel_is(student, tmp_path):
    """Two who handed in what they were given are not similar; two who wrote the same are."""
    made = tmp_path / "made"
    make_notebooks(made)
    given = nbformat.read(made / "exercises" / "convolution.ipynb", 4)
    own = "\n".join(
        f"row_{n} = [image[{n}, j] * kernel[j, {n}] for j in range({n})]" for n in range(40)
    )
    copied = new_notebook(
        cells=[*given.cells, new_code_cell(f"def mine(image, kernel):\n    {own}")]
    )
    (tmp_path / "class").mkdir()
    for name, notebook in (("ada", given), ("bob", given), ("eve", copied), ("joe", copied)):
        nbformat.write(notebook, tmp_path / "class" / f"{name}.ipynb")
    said = run(student, "-m", "cnnlab", "grade", "class", "-o", "marks", cwd=tmp_path)
    lines = (tmp_path / "marks" / "marks.csv").read_text("utf-8-sig").splitlines()
    assert [line.split(",")[0] for line in lines[1:]] == ["ada", "bob", "eve", "joe"]
    summary = (tmp_path / "marks" / "summary.txt").read_text("utf-8")
    pairs = [line for line in summary.splitlines() if "%" in line and " and " in line]
    assert len(pairs) == 1 and "eve" in pairs[0] and "joe" in pairs[0], summary + said
