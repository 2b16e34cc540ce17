"""Pages run as tests: a small course in a copy of the checkout, one page good and one bad."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from bs4 import BeautifulSoup
from jupyter_cache import get_cache
from jupyter_cache.base import CacheBundleIn
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "book" / "_ext"))

from coursebook import cache, runs  # noqa: E402

from tools import pages  # noqa: E402

COPIED = (
    *("cnnlab", "tools", "tests/student.py", "tests/colab.py", "conftest.py", "_config.yml"),
    *("book/_ext", "book/_static", "book/references.bib"),
    *("pyproject.toml", "README.md", "LICENSE", "LICENSE-text.md"),
)
HEADER = """\
---
jupytext:
  text_representation: {extension: .md, format_name: myst, format_version: 0.13}
kernelspec: {display_name: Python 3, language: python, name: python3}
---

# A page
"""
# What is so on a student's machine, and not beside the checkout.
GOOD = (
    "import os, sys\nfrom pathlib import Path\nimport cnnlab",
    "assert Path(cnnlab.__file__).is_relative_to(sys.prefix)",
    "assert not os.listdir()",
    "assert 'OURS' not in os.environ",
    "places = [*sys.path, Path.cwd(), Path.home()]\n"
    "assert not any(Path(place).resolve().is_relative_to(CHECKOUT) for place in places)",
)
# What the book shows of a page, and that the page ran.
SHOWN = (
    "import ipywidgets\nipywidgets.IntSlider(3, description='slide me')",
    "from IPython.display import display\n"
    "told = display('before', display_id=True)\ntold.update('after')\nprint('then', 6 * 7)",
    "with open(CHECKOUT + '/runs', 'a') as file:\n    file.write('x')",
)
BAD = (
    "six = 6",
    "assert six * 7 == 41, 'the reason is told'",
    "import urllib.request\nurllib.request.urlopen('http://example.org', timeout=5)",
    "assert six == 6\nwith open('left.txt', 'w') as file:\n    file.write('x')",
)
PAGES = {"good": GOOD + SHOWN, "bad": BAD}


@pytest.fixture(scope="session")
def checkout(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("checkout").resolve()
    for name in COPIED:
        source, copy = ROOT / name, folder / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        (shutil.copytree if source.is_dir() else shutil.copy)(source, copy)
    (folder / "exercises").mkdir()  # the wheel brings them
    (folder / "exercises/none.md").write_text("# No exercise\n", "utf-8")
    (folder / "book/index.md").write_text("# Start\n", "utf-8")
    for name, cells in PAGES.items():
        blocks = [f"\n```{{code-cell}} ipython3\n{cell}\n```\n" for cell in cells]
        text = HEADER + "".join(blocks).replace("CHECKOUT", repr(str(folder)))
        (folder / f"book/{name}.md").write_text(text, "utf-8")
    chapters = [{"file": f"book/{name}"} for name in PAGES]
    toc = {"format": "jb-book", "root": "book/index", "chapters": chapters}
    (folder / "_toc.yml").write_text(yaml.safe_dump(toc), "utf-8")
    return folder


def run_pages(checkout: Path) -> subprocess.CompletedProcess:
    """As `make book` does, but with a word on each cell."""
    return subprocess.run(
        [sys.executable, "tools/pages.py", "--jobs", "2"],
        cwd=checkout,
        env=os.environ | {"OURS": "1", "PYTEST_ADDOPTS": "--color=no -vv"},
        capture_output=True,
        text=True,
    )


@pytest.fixture(scope="session")
def first_run(checkout) -> subprocess.CompletedProcess:
    return run_pages(checkout)


def test_a_student_s_pages(first_run):
    """Cell 0 is for Colab. A page has the wheel and an empty folder; no checkout, no network."""
    printed = first_run.stdout
    found = re.findall(r" ([A-Z]+) book/(\w+)::md::Cell (\d+)", printed)
    assert sorted((page, int(cell), outcome) for outcome, page, cell in found) == [
        *(("bad", 0, "PASSED"), ("bad", 1, "PASSED"), ("bad", 2, "FAILED"), ("bad", 3, "FAILED")),
        *(("bad", 4, "ERROR"), ("bad", 4, "PASSED")),
        *(("good", cell, "PASSED") for cell in range(9)),
    ]
    assert first_run.returncode == 1
    assert re.search(r"Cell 2: .*Input:\nassert six \* 7 == 41", printed, re.DOTALL)
    assert re.search(r"Traceback:.*AssertionError.*the reason is told", printed, re.DOTALL)
    assert "this test reaches no other host, but example.org was asked for" in printed
    assert "AssertionError: the notebook leaves behind: left.txt" in printed


def test_the_terminal_tells_how_far_it_is(first_run):
    assert first_run.stdout.startswith("2 pages run as a student gets them, 2 at a time.\n")
    lines = re.findall(r"^\[(\d)/2\] book/(\w+) \d+ s, (.*)$", first_run.stdout, re.MULTILINE)
    (one, *first), (two, *second) = lines
    assert (one, two) == ("1", "2")
    assert ["bad", "FAILED in cell 2 and 2 more"] in (first, second)
    assert (first == ["good", "1 left"]) or (second == ["good", "0 left"])


def test_one_run_of_a_page_serves_the_book_too(checkout, first_run):
    """A page that passed is shown as it ran, and runs no more; one that failed is not kept."""
    (store,) = (checkout / "_build/.jupyter_cache").iterdir()
    passed = [runs.has_passed(store, checkout / f"book/{name}.md", checkout) for name in PAGES]
    assert passed == [True, False]
    assert runs.last_seconds(store).keys() == {"book/good.md"}

    bad = checkout / "book/bad.md"
    written = bad.read_text("utf-8")
    try:
        bad.write_text("# No code any more\n", "utf-8")
        second = run_pages(checkout)
        assert (second.returncode, len(second.stdout.splitlines())) == (0, 1)
        assert second.stdout.startswith("1 of 1 pages passed before")
        book = [Path(sys.executable).with_name("jupyter-book"), "build", ".", "-W"]
        subprocess.run(book, cwd=checkout, check=True)
    finally:
        bad.write_text(written, "utf-8")
    assert (checkout / "runs").read_text() == "x"
    html = (checkout / "_build/html/book/good.html").read_text("utf-8")
    figures = (checkout / "_build/html/book/good.figures.js").read_text("utf-8")
    assert "IntSliderModel" in figures and "slide me" in figures
    shown = [
        cell.get_text(strip=True) for cell in BeautifulSoup(html, "html.parser").select(".output")
    ]
    assert shown[-2:] == ["'after'", "then 42"]


def test_another_package_or_backend_is_another_cache(checkout, tmp_path, monkeypatch):
    found = {cache.current(tmp_path), cache.current(tmp_path)}
    monkeypatch.setenv("KERAS_BACKEND", "jax")
    found.add(cache.current(tmp_path))
    machine = {"versions": {"Python": "3.11.4", "numpy": "0.1"}}
    monkeypatch.setattr(cache, "machine", lambda: machine)
    found.add(cache.current(tmp_path))
    monkeypatch.setattr(cache, "package_files", lambda: [checkout / "README.md"])
    found.add(cache.current(tmp_path))
    assert len(found) == 4
    machine["versions"]["Python"] = "3.11.9"  # a patch changes no page
    assert cache.current(tmp_path) in found


def test_on_colab_s_packages_is_another_cache_that_tells_their_versions(tmp_path, monkeypatch):
    packages = tmp_path / "colab/venv/lib/python3.13/site-packages"
    for name in ("numpy", "keras", "unheard_of"):
        (packages / f"{name}-7.8.dist-info").mkdir(parents=True)
        (packages / f"{name}-7.8.dist-info/METADATA").write_text(f"Name: {name}\nVersion: 7.8\n")
    ours = cache.current(tmp_path)
    monkeypatch.setenv(cache.PAGES_ON, str(tmp_path / "colab"))
    theirs = cache.current(tmp_path)
    assert ours != theirs
    told = json.loads((theirs / cache.MACHINE).read_text("utf-8"))
    assert told["versions"] == {"Python": "3.13", "numpy": "7.8", "keras": "7.8"}
    assert json.loads((ours / cache.MACHINE).read_text("utf-8"))["versions"] != told["versions"]


def test_one_page_while_it_is_written(checkout):
    """It runs as it stands, in its own folder: what makes a student's machine is not so here."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "--nbval-lax", "-v", "--color=no", "book/good.md"],
        cwd=checkout,
        env=os.environ | {"OURS": "1"},
        capture_output=True,
        text=True,
    )
    found = re.findall(r"^book/good::md::Cell (\d+) ([A-Z]+)", done.stdout, re.MULTILINE)
    words = ["PASSED", *["FAILED"] * 4, *["PASSED"] * 3]
    assert found == [(str(cell), word) for cell, word in enumerate(words)]
    line = r"^\[1/1\] book/good \d+ s, FAILED in cell 1 and 3 more$"
    assert re.search(line, done.stdout, re.MULTILINE)


def test_a_run_by_jupyter_book_itself_is_no_pass(checkout, tmp_path):
    """Only nbval says that a page passed as a student gets it."""
    page = checkout / "book/good.md"
    made = runs.read(page, checkout)
    get_cache(tmp_path).cache_notebook_bundle(
        CacheBundleIn(made, str(page), data={runs.SECONDS: 3.0}), check_validity=False
    )
    assert not runs.has_passed(tmp_path, page, checkout)
    setup = new_code_cell("pass")
    notebook = new_notebook(cells=[setup, *made.cells])
    runs.keep(tmp_path, page, checkout, notebook, 5.0)
    assert runs.has_passed(tmp_path, page, checkout)
    assert runs.last_seconds(tmp_path)["book/good.md"] == 5.0


def test_outputs_go_to_the_cells_that_made_them():
    page = new_notebook(cells=[new_code_cell("a"), new_markdown_cell("so"), new_code_cell("b")])
    result = new_output("execute_result", data={"text/plain": "1"}, execution_count=3)
    title = new_code_cell("#@title What b is\nb", outputs=[result], execution_count=3)
    made = new_notebook(cells=[new_code_cell("setup"), new_code_cell("a"), title])
    shown = runs.back_to_page(made, page)
    assert [cell.source for cell in shown.cells] == ["a", "so", "b"]
    assert shown.cells[2].outputs[0].data == {"text/plain": "1"}
    assert (shown.cells[2].execution_count, shown.cells[2].outputs[0].execution_count) == (2, 2)
    assert not page.cells[2].outputs
    for others in (made.cells[:2], [*made.cells, new_code_cell("c")], made.cells[::-1]):
        with pytest.raises(ValueError, match="are not the page's"):
            runs.back_to_page(new_notebook(cells=others), page)


def test_the_longest_page_runs_first(tmp_path, monkeypatch):
    """By its last run; a page that never ran by how much it speaks of training."""
    monkeypatch.setattr(pages, "ROOT", tmp_path)
    words = {"ran": "", "trains": "train " * 60, "reads": "", "learns": "train " * 9}
    for name, text in words.items():
        (tmp_path / f"{name}.md").write_text(text, "utf-8")
    monkeypatch.setattr(runs, "last_seconds", lambda store: {"ran.md": 40.0})
    command = pages.command(tmp_path, [tmp_path / f"{name}.md" for name in words], 9)
    assert command[-4:] == ["trains.md", "ran.md", "learns.md", "reads.md"]
    assert command[command.index("-n") + 1] == "4"
