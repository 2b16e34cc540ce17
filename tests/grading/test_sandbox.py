"""Where the system cannot isolate, nothing runs unless somebody says so."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from toy_exercise import QUESTIONS

import cnnlab
from cnnlab.grading.judge import sandbox, syscalls
from tests.student import make_environment, run

PROBE = """
import sys
sys.path.insert(0, {folder!r})
from cnnlab.grading.judge import judge, sandbox, syscalls
syscalls.call("prctl", syscalls.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
syscalls.forbid_system_calls()  # no name spaces from here on, for this process and its children
known = {{}}
judge.questions = lambda room: known
judge.version = lambda room: 1
try:
    judge.Judge(secret=1)
except sandbox.IsolationError as error:
    print(error)
from toy_exercise import QUESTIONS, RIGHT
known |= {{one.id: one for one in QUESTIONS[:2]}}
from cnnlab.grading.judge.submission import Submission
with judge.Judge(secret=1, unsafe=True) as one:
    print(one.zygote.level)
    ended = "import os; os._exit(3)"
    cells = (*RIGHT[:3], ended)
    print(one.mark(Submission("Ada", "ada.ipynb", "0", "toy", 1, cells, {{}})).earned)
"""


def test_without_name_spaces_it_refuses_and_says_the_level():
    probe = PROBE.format(folder=str(Path(__file__).parent))
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True)
    lines = done.stdout.splitlines()
    assert len(lines) == 3, done.stderr
    assert "only at the level 'limits'" in lines[0] and "--unsafe" in lines[0]
    assert lines[1] == "limits"
    assert float(lines[2]) == sum(one.points for one in QUESTIONS[:2])


LINKED = """
import sys
sys.path.insert(0, {folder!r})
from cnnlab.grading.judge import judge
known = {{}}
judge.questions = lambda room: known
judge.version = lambda room: 1
from toy_exercise import QUESTIONS, RIGHT
known |= {{one.id: one for one in QUESTIONS[:2]}}
from pathlib import Path
from cnnlab.grading.judge.submission import Submission
look = "from os.path import exists; print(*map(exists, {places!r}))"
with judge.Judge(secret=1, private=[Path(name) for name in {private!r}]) as one:
    result = one.mark(Submission("Ada", "ada.ipynb", "0", "toy", 1, (*RIGHT[:3], look), {{}}))
    print(result.outputs[-1][0]["text"].strip())
    print(result.earned)
"""


def test_libraries_are_seen_wherever_they_lie_and_nothing_else(tmp_path):
    """A `.pth` file names their folder, which holds links, and all of it lies in /tmp.

    Hand-ins and marks lie in the environment's own folder, and even among its packages, where
    there is another copy of this package too.
    """
    python = make_environment(tmp_path)
    (packages,) = (tmp_path / "venv").glob("lib/python*/site-packages")
    places = {
        "beside the libraries": tmp_path / "venv/class/ada.ipynb",
        "hand-ins": packages / "class/ada.ipynb",
        "marks": packages / "marks/secret",
        "a copy": packages / "cnnlab/grading/questions/answers.py",
        "a library": packages / "borrowed.pth",
    }
    for place in places.values():
        place.parent.mkdir(parents=True, exist_ok=True)
        if not place.exists():
            place.write_text("secret")
    probe = LINKED.format(
        folder=str(Path(__file__).parent),
        places=[str(place) for place in places.values()],
        private=[str(packages / name) for name in ("class", "marks")],
    )
    root = str(Path(__file__).resolve().parents[2])
    *_, seen, earned = run(python, "-c", probe, cwd=tmp_path, PYTHONPATH=root).splitlines()
    assert float(earned) == sum(one.points for one in QUESTIONS[:2])
    assert seen.split() == ["False"] * 4 + ["True"]


def test_hand_ins_among_libraries_are_refused_if_they_are_the_libraries():
    with pytest.raises(sandbox.IsolationError, match="expected hand-ins and marks in folders"):
        sandbox.refuse_mixed([Path(cnnlab.__file__).parent])


HAUNTED = """
from cnnlab.grading.judge.judge import Judge
from cnnlab.grading.judge.submission import Submission
cells = (
    "from pathlib import Path; import cnnlab",
    "print(Path(cnnlab.__file__).with_name('data').exists())",
    "print(*sorted(path.name for path in Path(cnnlab.__file__).with_name('haunted').iterdir()))",
)
with Judge(secret=1) as one:
    for cell in one.mark(Submission("Ada", "ada.ipynb", "0", "convolution", 1, cells, {})).outputs:
        print(*(output.get("text", "").strip() for output in cell))
"""


@pytest.mark.parametrize("listed", [True, False])
def test_a_room_of_the_table_is_hidden_without_another_word(listed, tmp_path):
    """A room is made up in a copy of the package: where it is in the table, its folder is empty."""
    copy = tmp_path / "cnnlab"
    ignored = shutil.ignore_patterns("__pycache__", "*.npz", "*.js", "*.css")
    shutil.copytree(Path(cnnlab.__file__).parent, copy, ignore=ignored)
    (copy / "haunted").mkdir()
    (copy / "haunted" / "ghost.py").touch()
    if listed:
        line = '\nROOMS += (Room("haunted", "nothing"),)\n'
        (copy / "rooms.py").write_text((copy / "rooms.py").read_text("utf-8") + line, "utf-8")
    environment = os.environ | {"PYTHONPATH": str(tmp_path)}
    command = [sys.executable, "-c", HAUNTED]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    _, data, haunted = done.stdout.splitlines()
    assert (data, haunted) == ("True", "" if listed else "ghost.py")


def test_every_number_of_a_system_call_has_its_name():
    """The kernel's own headers say the same, where they are installed for this machine."""
    names = [*syscalls.NUMBERS["x86_64"], *syscalls.NEW_NUMBERS]
    assert {*syscalls.FORBIDDEN, "clone", "pivot_root", "clone3"} == set(names)
    assert syscalls.NUMBERS["x86_64"].keys() == syscalls.NUMBERS["aarch64"].keys()
    program = "".join(f"{name} __NR_{name}\n" for name in names)
    command = ["cc", "-E", "-P", "-include", "sys/syscall.h", "-x", "c", "-"]
    try:
        done = subprocess.run(command, input=program, capture_output=True, text=True)
    except FileNotFoundError:
        pytest.skip("there is no C compiler, so no headers to compare with")
    said = dict(line.split() for line in done.stdout.splitlines() if len(line.split()) == 2)
    assert {name: int(said[name]) for name in names} == {
        name: syscalls.number(name) for name in names
    }
