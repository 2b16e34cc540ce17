"""Collect the book's pages for nbval: each code cell is a test.

``pytest --nbval-lax book`` runs the pages as they are written, with the package of this checkout.
With ``--student`` it runs the notebooks made from them, as a student gets them: each in an empty
folder of its own, with the built wheel, and without a network. ``--keep`` puts what passes into a
cache of the book: `tools/pages.py` does all this for ``make book`` and ``make pages``. With
``--colab`` too, the packages are those of Colab (`tests/colab.py`).
"""

import os
import re
import shutil
import sys
from collections import Counter, defaultdict
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic
from unittest import mock

import jupytext
import nbformat
import pytest
from nbval.plugin import IPyNbFile

from cnnlab.grading.answers.progress import FILE as POINTS
from tests.colab import make_colab
from tests.student import (
    KERNEL,
    build_wheel,
    make_notebooks,
    make_student,
    surroundings,
    thread_share,
)

sys.path.insert(0, str(Path(__file__).parent / "book" / "_ext"))

MACHINE = pytest.StashKey[Path]()
# What TensorFlow says on stderr, but for one line that no variable silences: Keras compiles a
# grouped convolution, and that is said once.
NOTICE = re.compile(r"^.*\.(?:cc|h):\d+\](?! Compiled cluster using XLA!).*$", re.MULTILINE)

WARNED = re.compile(r"^WARNING:tensorflow:.*$", re.MULTILINE)  # a notebook has it on stdout


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
        made = self.config.stash[MACHINE] / "made" / self.page.with_suffix(".ipynb")
        if not made.exists():
            raise self.CollectError("This page is not in _toc.yml: no notebook is made from it.")
        return nbformat.read(made, 4)

    @property
    def page(self) -> Path:
        return self.path.relative_to(self.config.rootpath)

    def setup(self):
        from coursebook.runs import RecordingKernel

        self.began, self.passed = monotonic(), 0
        machine = self.config.stash[MACHINE]
        self.folder = machine / "empty" / self.page
        self.folder.mkdir(parents=True)
        timeout = self.config.option.nbval_kernel_startup_timeout
        kernels = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
        variables = surroundings(machine / "venv/bin/python") | thread_share(kernels)
        if self.config.option.colab:
            variables.pop("TF_CPP_MIN_LOG_LEVEL", None)  # a student has set nothing
        with mock.patch.dict(os.environ, variables, clear=True):
            self.kernel = RecordingKernel(
                self.nb, KERNEL, cwd=str(self.folder), startup_timeout=timeout
            )

    def teardown(self):
        super().teardown()
        left = sorted({path.name for path in self.folder.iterdir()} - {POINTS.name})
        assert not left, f"the notebook leaves behind: {', '.join(left)}"
        warned = WARNED.findall(self.kernel.printed("stdout"))
        assert not warned, f"a student sees TensorFlow's warnings: {warned[:3]}"
        if self.config.option.colab:  # TensorFlow 2.21, newer than Colab's, greets in any case
            notices = NOTICE.findall(self.kernel.printed("stderr"))
            assert not notices, f"a student sees red blocks of TensorFlow's notices: {notices[:3]}"
        cells = sum(cell.cell_type == "code" for cell in self.nb.cells)
        if self.config.option.keep and self.passed == cells:
            from coursebook import runs

            seconds, made = monotonic() - self.began, self.kernel.executed()
            runs.keep(self.config.option.keep, self.path, self.config.rootpath, made, seconds)


class Terminal:
    """A line for each page as it ends: seconds, what failed, and how many pages are left."""

    def __init__(self, terminal) -> None:
        self.terminal = terminal
        self.pages: dict[str, set[str]] = defaultdict(set)  # the cells that have not ended
        self.ended, self.seconds = 0, Counter()
        self.failed: dict[str, list[str]] = defaultdict(list)

    def expect(self, tests: list[str]) -> None:
        for test in tests:
            page, _, cell = test.partition("::")
            if cell and page.endswith(".md"):
                self.pages[page].add(test)

    def pytest_collection_finish(self, session):
        self.expect([item.nodeid for item in session.items])

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, node, ids):
        self.expect(ids)

    def pytest_report_teststatus(self, report):
        """Count a cell as pytest does, and print no letter for it."""
        if report.nodeid.partition("::")[0] not in self.pages:
            return None
        if report.failed and report.when != "call":
            return "error", "", "ERROR"
        if report.passed and report.when != "call":
            return "", "", ""
        return report.outcome, "", report.outcome.upper()

    @pytest.hookimpl(trylast=True)
    def pytest_runtest_logreport(self, report):
        page, _, name = report.nodeid.partition("::")
        if page not in self.pages:
            return
        self.seconds[page] += report.duration
        cell = name.rpartition("::")[2].lower()
        if report.failed and cell not in self.failed[page]:
            self.failed[page].append(cell)
        if report.when == "teardown":
            self.pages[page].discard(report.nodeid)
            if not self.pages[page]:
                self.tell(page)

    def tell(self, page: str) -> None:
        self.ended += 1
        total, name = len(self.pages), page.removesuffix(".md")
        line = f"[{self.ended:{len(str(total))}}/{total}] {name} {self.seconds[page]:.0f} s"
        if failed := self.failed[page]:
            more = f" and {len(failed) - 1} more" if failed[1:] else ""
            self.terminal.write_line(f"{line}, FAILED in {failed[0]}{more}", red=True)
        else:
            self.terminal.write_line(f"{line}, {total - self.ended} left")


def pytest_addoption(parser):
    parser.addoption(
        "--student",
        action="store_true",
        help="With nbval: run the made notebooks, each in an empty folder, with the built wheel",
    )
    parser.addoption(
        "--colab",
        metavar="FOLDER",
        type=Path,
        help="With --student: on the machine with Colab's packages in this folder",
    )
    parser.addoption(
        "--keep",
        metavar="CACHE",
        type=Path,
        help="With --student: put the outputs of each page that passes into this jupyter-cache",
    )


@pytest.hookimpl(trylast=True)
def pytest_configure(config):
    terminal = config.pluginmanager.get_plugin("terminalreporter")
    if terminal and not hasattr(config, "workerinput"):
        config.pluginmanager.register(Terminal(terminal), "pages")


def pytest_sessionstart(session):
    """Make one student's machine, which all processes use."""
    config = session.config
    if not config.option.student:
        return
    if hasattr(config, "workerinput"):
        config.stash[MACHINE] = Path(config.workerinput["machine"])
        return
    if config.option.colab:
        machine, make_machine = config.option.colab.resolve(), make_colab
        for name in ("made", "empty", "dist"):
            shutil.rmtree(machine / name, ignore_errors=True)
    else:
        folder = TemporaryDirectory(prefix="student-", ignore_cleanup_errors=True)
        config.add_cleanup(folder.cleanup)
        machine, make_machine = Path(folder.name), make_student
    try:
        with ThreadPoolExecutor() as side_by_side:
            made = side_by_side.submit(make_notebooks, machine / "made")
            make_machine(machine, build_wheel(machine / "dist"))
            made.result()
    except AssertionError as error:
        pytest.exit(str(error), returncode=1)
    config.stash[MACHINE] = machine


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node):
    if node.config.option.student:
        node.workerinput["machine"] = str(node.config.stash[MACHINE])


def pytest_collect_file(file_path: Path, parent):
    option = parent.config.option
    if file_path.suffix != ".md" or not (option.nbval or option.nbval_lax):
        return None
    if not file_path.read_text("utf-8").startswith("---\njupytext:"):
        return None
    kind = StudentNotebook if option.student else MystNotebook
    return kind.from_parent(parent, path=file_path)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item):
    """Only a page whose cells all passed is kept: a skipped or a failed one raises here."""
    result = yield
    if isinstance(item.parent, StudentNotebook):
        item.parent.passed += 1
    return result
