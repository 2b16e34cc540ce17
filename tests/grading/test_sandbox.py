"""Where the system cannot isolate, nothing runs unless somebody says so."""

import subprocess
import sys
from pathlib import Path

from toy_exercise import QUESTIONS

from tests.student import make_environment, run

PROBE = """
import sys
sys.path.insert(0, {folder!r})
from cnnlab.grading import judge, sandbox
sandbox._call("prctl", sandbox.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
sandbox._forbid_system_calls()  # no name spaces from here on, for this process and its children
known = {{}}
judge.questions = lambda room: known
judge.version = lambda room: 1
try:
    judge.Judge(secret=1)
except sandbox.IsolationError as error:
    print(error)
from toy_exercise import QUESTIONS, RIGHT
known |= {{one.id: one for one in QUESTIONS[:2]}}
from cnnlab.grading.submission import Submission
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
from cnnlab.grading import judge
known = {{}}
judge.questions = lambda room: known
judge.version = lambda room: 1
from toy_exercise import QUESTIONS, RIGHT
known |= {{one.id: one for one in QUESTIONS[:2]}}
from cnnlab.grading.submission import Submission
with judge.Judge(secret=1) as one:
    print(one.mark(Submission("Ada", "ada.ipynb", "0", "toy", 1, RIGHT[:3], {{}})).earned)
"""


def test_packages_outside_of_python_s_folders_are_seen(tmp_path):
    """A `.pth` file names the folder, which holds links, and all of it lies in /tmp."""
    python = make_environment(tmp_path)
    probe = LINKED.format(folder=str(Path(__file__).parent))
    root = str(Path(__file__).resolve().parents[2])
    said = run(python, "-c", probe, cwd=tmp_path, PYTHONPATH=root)
    assert float(said.split()[-1]) == sum(one.points for one in QUESTIONS[:2])
