"""Collect the book's pages for nbval: each code cell is a test.

``pytest --nbval-lax book`` runs the pages as they are written, with the package of this checkout.
With ``--student`` it runs the notebooks made from them, as a student gets them: each in an empty
folder of its own, with the built wheel, and without a network.
"""

import os
from collections import Counter
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest import mock

import jupytext
import nbformat
import pytest
from nbval.kernel import RunningKernel
from nbval.plugin import IPyNbFile
from xdist import is_xdist_controller

from cnnlab.grading.answers.progress import FILE as POINTS
from tests.student import KERNEL, build_wheel, make_notebooks, make_student, surroundings

MACHINE = pytest.StashKey[Path]()


class MystNotebook(IPyNbFile):
    """A notebook kept as Markdown. Its asserts are the check: it has no stored outputs."""

    def read(self) -> nbformat.NotebookNode:
        return jupytext.read(self.path)

    def collect(self):
        notebook = self.read()
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(nbformat, "read", lambda *args, **kwargs: notebook)
            return list(super().collect())


class StudentNotebook(MystNotebook):
    """The notebook made from a page, in the hands of a student."""

    def read(self) -> nbformat.NotebookNode:
        page = self.path.relative_to(self.config.rootpath).with_suffix(".ipynb")
        made = self.config.stash[MACHINE] / "made" / page
        if not made.exists():
            raise self.CollectError("This page is not in _toc.yml: no notebook is made from it.")
        return nbformat.read(made, 4)

    def setup(self):
        machine = self.config.stash[MACHINE]
        self.folder = machine / "empty" / self.path.relative_to(self.config.rootpath)
        self.folder.mkdir(parents=True)
        timeout = self.config.option.nbval_kernel_startup_timeout
        with mock.patch.dict(os.environ, surroundings(machine / "venv/bin/python"), clear=True):
            self.kernel = RunningKernel(KERNEL, cwd=str(self.folder), startup_timeout=timeout)

    def teardown(self):
        super().teardown()
        left = sorted({path.name for path in self.folder.iterdir()} - {POINTS.name})
        assert not left, f"the notebook leaves behind: {', '.join(left)}"


def pytest_addoption(parser):
    parser.addoption(
        "--student",
        action="store_true",
        help="With nbval: run the made notebooks, each in an empty folder, with the built wheel",
    )


def pytest_sessionstart(session):
    if not session.config.option.student or is_xdist_controller(session):
        return
    folder = TemporaryDirectory(prefix="student-")
    session.config.add_cleanup(folder.cleanup)
    machine = Path(folder.name)
    try:
        make_notebooks(machine / "made")
        make_student(machine, build_wheel(machine / "dist"))
    except AssertionError as error:
        pytest.exit(str(error), returncode=1)
    session.config.stash[MACHINE] = machine


def pytest_collect_file(file_path: Path, parent):
    option = parent.config.option
    if file_path.suffix != ".md" or not (option.nbval or option.nbval_lax):
        return None
    if not file_path.read_text("utf-8").startswith("---\njupytext:"):
        return None
    kind = StudentNotebook if option.student else MystNotebook
    return kind.from_parent(parent, path=file_path)


def pytest_terminal_summary(terminalreporter):
    """Say how long each page took, start of the kernel included."""
    seconds = Counter()
    for report in chain.from_iterable(terminalreporter.stats.values()):
        page = getattr(report, "nodeid", "").partition("::")[0]
        if page.endswith(".md") and hasattr(report, "duration"):
            seconds[page] += report.duration
    if seconds:
        terminalreporter.section("seconds of each page")
        for page, taken in seconds.most_common():
            terminalreporter.write_line(f"{taken:6.1f}  {page}")
