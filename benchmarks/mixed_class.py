"""A class of honest, messy and hostile hand-ins, marked in one run: every mark is right.

``python -m benchmarks mixed-class``; ``python -c "from benchmarks.mixed_class import run;
print(run(30))"`` takes a smaller class. It raises an error at the first mark that is not what the
hand-in deserves.
"""

import csv
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell

from benchmarks.grading import ROOM, hand_in
from cnnlab.grading.questions import questions

STUDENTS = 300
HONEST = 0.7  # of them; the others are as below, one after another
SEED = 2026
LIMITS = ("--cell-seconds", "10", "--call-seconds", "5", "--total-seconds", "120")
TOKEN = "a-secret-of-the-teacher"  # in the environment, and in no report
SPIN = "import os\nfor n in range(60):\n    if os.fork() == 0:\n        while True: pass"


@dataclass(frozen=True)
class Kind:
    """A way to hand in.

    Attributes
    ----------
    first
        Lines before those of the first code cell.
    cells
        After all others.
    lost
        The questions that it has no points for; None: it has no marks at all.
    write
        Writes it in another way than as a notebook of its student's name.
    """

    first: str = ""
    cells: tuple[str, ...] = ()
    lost: tuple[str, ...] | None = ()
    texts: tuple[str, ...] = ()
    write: Callable[[Path, str, str], None] | None = None


def _folder(place: Path, name: str, text: str) -> None:
    (place / name).mkdir()
    (place / name / "hw.ipynb").write_text(text, "utf-8")


def _claim(place: Path, name: str, text: str) -> None:
    """A right notebook, beside a file that claims the work of another student."""
    _folder(place, name, text)
    claim = f"student0:\n  :submitters:\n  - :name: {name}\n  :created_at: 9999-12-31 23:59:59\n"
    (place / name / "submission_metadata.yml").write_text(claim, "utf-8")


def _document(place: Path, name: str, text: str) -> None:
    (place / f"{name}.pdf").write_bytes(b"%PDF-1.7")


def _broken(place: Path, name: str, text: str) -> None:
    (place / f"{name}.ipynb").write_text(text[: len(text) // 2], "utf-8")


FLIPPED = """\
def conv2d(image, kernel):
    windows = np.lib.stride_tricks.sliding_window_view(image, kernel.shape)
    return (windows * kernel[::-1, ::-1]).sum(axis=(2, 3))"""
LOST = ("conv2d",)
KINDS = {
    # as people write
    "inline pictures": Kind("%matplotlib inline"),
    "pip": Kind("!pip install -q cnnlab\n%pip install seaborn"),
    "Colab": Kind("from google.colab import drive\ndrive.mount('/content/drive')\n%cd /content"),
    "a missing package": Kind("import seaborn as sns\nsns.set_theme()"),
    "a missing file": Kind("import matplotlib.pyplot as plt\nplt.imread('cat.png')"),
    "a figure": Kind(cells=("import matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.show()",)),
    "in a folder": Kind(write=_folder),
    "no notebook": Kind(lost=None, write=_document),
    "half an upload": Kind(lost=None, write=_broken),
    "a known mistake": Kind(cells=(FLIPPED,), lost=LOST),
    "words for numbers": Kind(
        cells=("conv2d = lambda *_: ['A' * 6000] + ['b'] * 100_000",), lost=LOST
    ),
    # to do harm
    "a number of 3,600 digits": Kind(cells=("x = 0x" + "f" * 3600,)),
    "empty lines": Kind(cells=("\n" * 20_000,)),
    "slow Markdown": Kind(texts=("*a_ " * 12_500,) * 3),
    "an endless loop": Kind(cells=("while True: pass",)),
    "busy processes": Kind(cells=(SPIN,)),
    "shared memory": Kind(
        cells=("import ctypes\nfor n in range(14): ctypes.CDLL(None).shmget(0, 1 << 29, 0o1666)",)
    ),
    "loud cells": Kind(
        cells=("for n in range(700): display({'text/plain': 'x' * 90_000}, raw=True)",) * 2
    ),
    "the environment": Kind(cells=("import os\nprint(dict(os.environ))",)),
    "another's name": Kind(write=_claim),
    "memory": Kind(cells=("rows = []\nwhile True: rows.append(bytes(1 << 24))",)),
    "an exit": Kind(cells=("import os\nos._exit(0)",)),
}


def run(students: int = STUDENTS) -> dict:
    """Seconds, memory and the machine's load in one run, once all marks are found to be right."""
    kinds = _kinds(students)
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        (place / "class").mkdir()
        for name, kind in kinds.items():
            write = KINDS[kind].write if kind else None
            (write or _notebook)(place / "class", name, _text(KINDS.get(kind, Kind())))
        command = [sys.executable, "-m", "cnnlab", "grade", "class", "-o", "marks"]
        command += ["--seed", str(SEED), *LIMITS]
        loads, started = [os.getloadavg()[0]], time.perf_counter()
        done = subprocess.run(
            command,
            cwd=place,
            env=os.environ | {"MY_API_TOKEN": TOKEN},
            capture_output=True,
            text=True,
        )
        seconds = time.perf_counter() - started
        loads.append(os.getloadavg()[0])
        if done.returncode != 1:  # some are listed
            raise RuntimeError(f"it ended with status {done.returncode}: {done.stderr[-2000:]}")
        _refuse_wrong(place / "marks", kinds)
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return {
        "students": students,
        "honest": sum(not kind for kind in kinds.values()),
        "kinds of others": len({*kinds.values()} - {""}),
        "seconds": seconds,
        "processor seconds": used.ru_utime + used.ru_stime,
        "load before and after": loads,  # of the last minute: 0 before, if the machine is free
        "megabytes of the largest process": used.ru_maxrss / 1e3,
    }


def _kinds(students: int) -> dict[str, str]:
    """What each student does; empty: honest work."""
    honest = round(HONEST * students)
    others = list(KINDS)
    names = [""] * honest + [others[n % len(others)] for n in range(students - honest)]
    order = sorted(range(students), key=lambda n: n * 7919 % students)  # mixed, as a class is
    return {f"student{n}": names[place] for n, place in enumerate(order)}


def _text(kind: Kind) -> str:
    notebook = hand_in()
    first = next(cell for cell in notebook.cells if cell.cell_type == "code")
    first.source = f"{kind.first}\n{first.source}".lstrip("\n")
    notebook.cells += [new_markdown_cell(text) for text in kind.texts]
    notebook.cells += [new_code_cell(source) for source in kind.cells]
    return nbformat.writes(notebook)


def _notebook(place: Path, name: str, text: str) -> None:
    (place / f"{name}.ipynb").write_text(text, "utf-8")


def _is_right(earned: float, name: str, lost: bool) -> bool:
    """Whether a question's points are those deserved; those of an open task vary a little."""
    asked = questions(ROOM)[name]
    if lost or asked.score is None:
        return earned == (0 if lost else asked.points)
    return 0.9 * asked.points <= earned <= asked.points


def _refuse_wrong(marks: Path, kinds: dict[str, str]) -> None:
    """Raise a RuntimeError if somebody has another mark than is deserved, or a secret is told."""
    with (marks / "marks.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = {row["student"]: row for row in csv.DictReader(file)}
    points = questions(ROOM)
    wrong = []
    for name, kind in kinds.items():
        lost = KINDS[kind].lost if kind else ()
        row = rows.get(name, {})
        if lost is None:
            right = row.get("mark") == ""
        else:
            right = row and all(_is_right(float(row[q] or -1), q, q in lost) for q in points)
        if not right:
            wrong.append(f"{name} ({kind or 'honest'}): {json.dumps(row)}")
    if wrong or rows.keys() != kinds.keys():
        listed = "\n".join(wrong[:20])
        raise RuntimeError(f"{len(rows)} rows for {len(kinds)} students; wrong:\n{listed}")
    if told := [path for path in marks.rglob("*.*") if TOKEN in path.read_text("utf-8", "replace")]:
        raise RuntimeError(f"the teacher's token stands in {told}")
