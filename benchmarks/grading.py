"""`cnnlab grade` beside nbgrader on the same twelve hand-ins, and alone on up to a thousand.

nbgrader is installed for the occasion into an environment of its own, on top of this one, so that
both find the same TensorFlow. Its test cells ask the same questions of the same answers.
"""

import csv
import os
import subprocess
import sys
import sysconfig
import tempfile
import time
import venv
from pathlib import Path

import jupytext
import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell

from cnnlab.grading.questions import questions

ROOM = "convolution"
SOLUTIONS = Path(__file__).parents[1] / "solutions" / f"{ROOM}.md"
HAND_INS = 12
COUNTS = (100, 300, 1000)
QUIET = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
IMPORTS = "import keras"  # which takes TensorFlow along
ASK = """
from cnnlab.grading.answers.check import verdict
from cnnlab.grading.questions import question
assert verdict(question({name!r}), {name}).tier == "pass"
"""


def run() -> dict:
    """Hand-ins a minute of both, and seconds and memory of ours as a class grows.

    The seconds are those of the clock: what else the machine did stands beside them.
    """
    before = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        theirs = _nbgrader_seconds(place)
        ours = _our_seconds(place, HAND_INS)
        growth = {str(count): _our_seconds(place, count) for count in COUNTS}
    return {
        "hand-ins": HAND_INS,
        "hand-ins a minute": {
            "ours": 60 * HAND_INS / ours["seconds"],
            "nbgrader": 60 * HAND_INS / theirs,
        },
        "ours/nbgrader": theirs / ours["seconds"],
        "ours on": {
            count: one | {"hand-ins a minute": 60 * int(count) / one["seconds"]}
            for count, one in growth.items()
        },
        "load before and after": [before, os.getloadavg()[0]],
    }


def hand_in() -> NotebookNode:
    """The exercise with its solutions, and TensorFlow imported."""
    lines = SOLUTIONS.read_text("utf-8").splitlines()
    notebook = jupytext.reads(
        "\n".join(line for line in lines if "SOLUTION" not in line), "md:myst"
    )
    notebook.cells.insert(0, new_code_cell(IMPORTS))
    return notebook


def _our_seconds(place: Path, count: int) -> dict[str, float]:
    """From the command to the last report, with the start of the judge; its peak memory."""
    submissions, marks = place / f"submissions-{count}", place / f"marks-{count}"
    submissions.mkdir()
    text = nbformat.writes(hand_in())
    for number in range(count):
        (submissions / f"student{number}.ipynb").write_text(text, "utf-8")
    command = [sys.executable, "-m", "cnnlab", "grade", str(submissions), "-o", str(marks)]
    started = time.perf_counter()
    process = subprocess.Popen(command, **QUIET)
    megabytes = 0.0
    while process.poll() is None:
        megabytes = max(megabytes, _resident(process.pid))
        time.sleep(0.02)
    seconds = time.perf_counter() - started
    if process.returncode:
        raise RuntimeError(f"{' '.join(command)} ended with status {process.returncode}")
    with (marks / "marks.csv").open(encoding="utf-8-sig") as file:
        rows = list(csv.DictReader(file))
    everything = sum(one.points for one in questions(ROOM).values())
    wrong = [row for row in rows if float(row["mark"]) < 0.9 * everything]
    if wrong or len(rows) != count:
        raise RuntimeError(f"{len(rows)} of {count} marked, {len(wrong)} with too few points")
    return {"seconds": seconds, "megabytes of the judge": megabytes}


def _resident(process: int) -> float:
    """Megabytes that a process has in memory; 0 if it has ended."""
    try:
        pages = int(Path(f"/proc/{process}/statm").read_text().split()[1])
    except (OSError, IndexError):
        return 0.0
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def _nbgrader_seconds(place: Path) -> float:
    """From the command to the last mark."""
    python = _environment(place / "environment")
    course = place / "course"
    source = _cells_of_nbgrader(hand_in())
    _write(course / "source" / "hw" / "hw.ipynb", source)
    path = f"{python.parent}{os.pathsep}{os.environ['PATH']}"  # it calls other commands
    settings = {"cwd": course, "env": os.environ | {"PATH": path}}
    command = [str(python), "-m", "nbgrader"]
    _run([*command, "generate_assignment", "hw"], **settings)
    for number in range(HAND_INS):
        _write(course / "submitted" / f"student{number}" / "hw" / "hw.ipynb", source)
    started = time.perf_counter()
    _run([*command, "autograde", "hw"], **settings)
    seconds = time.perf_counter() - started
    if len(list((course / "autograded").glob("*/hw/hw.ipynb"))) != HAND_INS:
        raise RuntimeError("nbgrader has not graded all hand-ins")
    return seconds


def _run(command: list[str], **settings: object) -> None:
    """Run a command; if it fails, say in its own words why."""
    done = subprocess.run(command, capture_output=True, text=True, **settings)
    if done.returncode:
        said = " ".join(command), done.returncode, done.stderr
        raise RuntimeError("{} ended with status {}: {}".format(*said))


def _write(path: Path, notebook: NotebookNode) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(nbformat.writes(notebook), "utf-8")


def _environment(folder: Path) -> Path:
    """The Python of an environment that has nbgrader, and all that this one has."""
    venv.create(folder, with_pip=True)
    python = folder / "bin" / "python"
    subprocess.run([str(python), "-m", "pip", "install", "-qq", "nbgrader"], check=True)
    found = subprocess.run(
        [str(python), "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"],
        capture_output=True,
        text=True,
        check=True,
    )
    (Path(found.stdout.strip()) / "beside.pth").write_text(sysconfig.get_path("purelib"), "utf-8")
    return python


def _cells_of_nbgrader(notebook: NotebookNode) -> NotebookNode:
    """The notebook with nbgrader's marks: each check becomes a graded cell."""
    asked = iter(questions(ROOM))
    known = questions(ROOM)
    cells = []
    for number, cell in enumerate(notebook.cells):
        if cell.cell_type == "code" and cell.source.startswith("cnnlab.check("):
            name = next(asked)
            cell = new_code_cell(ASK.format(name=name).strip())
            cell.metadata.nbgrader = _mark(name, grade=True, points=known[name].points)
        elif cell.cell_type == "code":
            cell.metadata.nbgrader = _mark(f"cell-{number}", solution=True)
        cells.append(cell)
    notebook.cells = cells
    return notebook


def _mark(name: str, grade: bool = False, solution: bool = False, **more: float) -> dict:
    return {
        "grade_id": name,
        "grade": grade,
        "solution": solution,
        "locked": grade,
        "task": False,
        "schema_version": 3,
        **more,
    }
