"""The judge on hostile work: it harms nothing, gets the mark it deserves, and is told in a word."""

import re
import subprocess
import time
from dataclasses import replace

import pytest
from toy_exercise import IMPATIENT, RIGHT

from cnnlab.grading.judge.sandbox import SLOTS, user

GOOD = RIGHT[:3]  # right answers to "area" and "scaled"
CONNECTION = """
import gc, json, socket, struct
(judge,) = [one for one in gc.get_objects() if type(one) is socket.socket and one.fileno() >= 0]
def forge(**message):
    text = json.dumps({"dict": [[key, value] for key, value in message.items()]}).encode()
    judge.sendall(struct.pack("!II", len(text), 0) + text)
"""
# What a cell does -> notes or outputs say this word. Points earned in other cells stay.
CELLS = {
    "endless loop": ("while True: pass", "longer than 5 s"),
    "endless loop that swallows interrupts": (
        "while True:\n    try:\n        while True: pass\n    except BaseException: pass",
        "longer than 5 s",
    ),
    "50 GB": ("import numpy as np\nnp.ones(50 << 27)", "MemoryError"),
    "growing list": ("rows = []\nwhile True: rows.append(bytes(1 << 24))", "MemoryError"),
    "fork bomb": ("import os\nwhile True: os.fork()", "BlockingIOError|left out"),
    "exit": ("import os\nos._exit(0)", "ended its own process"),
    "copies of itself": ("import os\nfor n in range(3): os.fork()", ""),
    "polite exit": ("import sys\nsys.exit()", "SystemExit"),
    "segfault": ("import ctypes\nctypes.string_at(0)", "SIGSEGV"),
    "kill": ("import os, signal\nos.kill(os.getpid(), signal.SIGKILL)", ""),
    "disk filler": (
        "import os\nfor n in range(100):\n"
        "    with open(f'/tmp/{n}', 'wb') as file: file.write(bytes(1 << 24))",
        "No space left",
    ),
    "large file": ("with open('big', 'wb') as file: file.truncate(1 << 40)", "File too large"),
    "empty files": (
        "for n in range(60_000): open(f'/tmp/{n}', 'w').close()",
        "No space left",
    ),
    "network": (
        "import socket\nsocket.create_connection(('1.1.1.1', 80), timeout=1)",
        "Network is unreachable",
    ),
    "reading the oracles": (
        "from cnnlab.grading.questions import questions",
        "cannot import name 'questions'",
    ),
    "reading the rooms": (
        "from cnnlab.detection import iou",
        "Your answer uses cnnlab.detection.*the rooms of cnnlab cannot be imported: write it",
    ),
    "reading the files of the rooms": (
        "import cnnlab, pathlib\nprint((pathlib.Path(cnnlab.__file__).parent /"
        " 'style/costs.py').read_text())",
        "No such file",
    ),
    "reading the tests": (f"open({__file__!r}).read()", "No such file"),
    "reading the passwords": ("open('/etc/shadow').read()", "No such file"),
    "becoming root": ("import os\nos.setuid(0)", "Error"),
    "own name space": (
        "import ctypes, os\n"
        "if ctypes.CDLL(None, use_errno=True).unshare(0x10020000):\n"
        "    raise OSError(ctypes.get_errno(), 'refused')",
        "refused",
    ),
    "shared memory of no process": (
        "import ctypes\nlibc = ctypes.CDLL(None, use_errno=True)\n"
        "if libc.shmget(0, 1 << 20, 0o666) < 0: raise OSError(ctypes.get_errno(), 'refused')",
        "refused",
    ),
    "a message queue": (
        "import ctypes\nlibc = ctypes.CDLL(None, use_errno=True)\n"
        "if libc.msgget(0, 0o666) < 0: raise OSError(ctypes.get_errno(), 'refused')",
        "refused",
    ),
    "a million lines": ("for n in range(1_000_000): print(n)", "more characters"),
    "output without end": ("while True: print('x' * 10_000)", "longer than 5 s"),
    "an error that cannot be shown": (
        "class Mean(Exception):\n    def __str__(self): raise self\nraise Mean",
        "Mean",
    ),
    "wrong syntax": ("def f(:", "SyntaxError"),
    "patched NumPy": (
        "import numpy as np\nnp.allclose = np.array_equal = lambda *a, **k: True",
        "",
    ),
    "patched judge": (
        "import cnnlab.grading.answers.verdict as v\nv.AnswerKey.verdict = lambda *a: True",
        "",
    ),
    "forged score": ("print('earned: 10 of 10 points')", "earned"),
    "closed connection": (CONNECTION + "judge.close()", "left out"),
    "forged reply": (CONNECTION + "forge(cell=3)", ""),
    "reply that drips": (
        CONNECTION + "import time\nwhile True:\n    judge.send(b'\\0')\n    time.sleep(0.5)",
        "",
    ),
    "forged array of a million axes": (
        CONNECTION + "text = json.dumps({'array': ['uint8', [9] * 1_500_000, 8]}).encode()\n"
        "judge.sendall(struct.pack('!II', len(text), 8) + text + bytes(8))",
        "unreadable",
    ),
    "forged output without end": (
        CONNECTION + "forge(cell=3, outputs='x' * 5_000_000)",
        "unreadable",
    ),
    "forged outputs of another kind": (
        CONNECTION + "text = json.dumps({'dict': [['cell', 3], ['outputs', {'list': [\n"
        "    {'dict': [['output_type', 'stream'], ['text', {'list': [1]}]]}, 7]}]]}).encode()\n"
        "judge.sendall(struct.pack('!II', len(text), 0) + text)",
        "",
    ),
    "forged junk": (CONNECTION + "judge.sendall(b'\\xff' * 100)", "unreadable"),
}


@pytest.fixture
def running(judge):
    """Says which processes run on that belong to a hand-in.

    They have been told to end, and on a busy machine the system takes a moment for it.
    """
    first = user(judge.zygote.process.pid, 0)

    def left():
        limit = time.monotonic() + 20
        while found := [one for one in _users() if first <= one < first + SLOTS]:
            if time.monotonic() > limit:
                break
            time.sleep(0.2)
        return found

    return left


@pytest.fixture
def impatient(judge, monkeypatch):
    """Endless loops get little time; the good answers beside them need none."""
    monkeypatch.setattr(judge, "limits", IMPATIENT)


def _users():
    listed = subprocess.run(["ps", "-eo", "uid"], capture_output=True, text=True, check=True)
    return map(int, listed.stdout.split()[1:])


def said(result):
    """All that teacher and student read about the run."""
    texts = [*result.notes]
    for output in (one for outputs in result.outputs for one in outputs):
        texts += [output.get("text", ""), output.get("ename", ""), output.get("evalue", "")]
    return "\n".join(texts)


@pytest.mark.parametrize("name", CELLS)
def test_a_hostile_cell_spoils_nothing_else(mark, running, impatient, name):
    source, word = CELLS[name]
    verdicts, result = mark(*GOOD, source)
    assert re.search(word, said(result)), said(result)
    assert not running()
    assert verdicts["layer"].earned == verdicts["model"].earned == 0
    if ("forged" not in name and name != "closed connection") or name == "forged score":
        assert verdicts["area"].earned == 1 and verdicts["scaled"].earned == 2, result.notes


# What a function does when it is asked -> what its student is told.
FUNCTIONS = {
    "endless loop": ("while True: pass", "longer than 1 s"),
    "loop that swallows interrupts": (
        "while True:\n        try:\n            while True: pass\n        except: pass",
        "longer than 1 s",
    ),
    "exit": ("import os; os._exit(0)", "ended its own process"),
    "segfault": ("import ctypes; ctypes.string_at(0)", "SIGSEGV"),
    "polite exit": ("raise SystemExit", "ended its own process"),
    "huge answer": ("import numpy as np; return np.zeros(9 << 20)", "too large"),
    "long answer": ("return [0] * 1_000_000", "too large"),
    "deep answer": ("a = []\n    for _ in range(999): a = [a]\n    return a", "deep"),
    "endless answer": ("a = []; a.append(a); return a", "deep"),
    "NaN": ("return X * float('nan')", "NaN"),
    "infinite": ("return X + float('inf')", "value"),
    "nothing": ("return None", "return"),
    "text": ("return 'right'", "type str"),
    "object": ("return object()", "cannot be read"),
    "objects": ("import numpy as np; return np.array([object()])", "cannot be read"),
    "pickle": (
        "class Bomb:\n        def __reduce__(self): return (print, ('boom',))\n    return Bomb()",
        "cannot be read",
    ),
    "an object with an array of its own": (
        "class Late:\n        def __array__(self, *a, **k): raise SystemExit\n    return Late()",
        "",
    ),
    "complex numbers": ("return X * 1j", "cannot be read"),
    "texts": ("return ['A' * 6000] + ['b'] * 100_000", "Entry 1 is the text"),
    "an error": ("return X / nothing", "NameError: name 'nothing' is not defined"),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_hostile_function_gets_nothing(mark, impatient, name):
    body, word = FUNCTIONS[name]
    verdicts, _ = mark(*GOOD, f"def scaled(X, factor):\n    {body}")
    assert verdicts["scaled"].earned == 0
    assert word in verdicts["scaled"].message
    assert verdicts["area"].earned == 1


def test_what_no_wire_carries_is_no_error_of_the_student_s(mark):
    verdicts, _ = mark(*GOOD, "area = [12, ...]")
    assert verdicts["area"].tier == "shape"
    assert "cannot be read: an object (type ellipsis)" in verdicts["area"].message


# A network that carries code -> what its student is told.
NETWORKS = {
    "Lambda": ("L.Lambda(lambda x: x[:, :4] * 0)", "'Lambda'"),
    "own layer": ("Own()", "Own"),
}


@pytest.mark.parametrize("name", NETWORKS)
def test_a_network_that_carries_code_is_not_built(mark, name):
    layer, word = NETWORKS[name]
    source = f"""
import keras
from keras import layers as L
class Own(L.Layer):
    def call(self, x): return x
def layer(units):
    return keras.Sequential([keras.Input((3,)), L.Dense(units), {layer}])
"""
    verdicts, _ = mark(source)
    assert verdicts["layer"].earned == 0
    assert word in verdicts["layer"].message


def test_a_process_that_stays_behind_dies_with_its_hand_in(mark, running):
    source = """
import os, time
if os.fork() == 0:
    os.setsid()
    while True:
        time.sleep(0.01)
"""
    mark(*GOOD, source)
    assert not running()


def test_many_processes_cannot_take_more_memory_together(mark, judge, monkeypatch):
    monkeypatch.setattr(judge, "limits", replace(judge.limits, memory=200 << 20))
    source = """
import os, time
for n in range(5):
    if os.fork() == 0:
        rows = b"x" * (150 << 20)
        time.sleep(9)
time.sleep(9)
"""
    verdicts, result = mark(*GOOD, source)
    assert "too much memory together" in said(result)
    assert verdicts["area"].earned == 1


def test_one_hand_in_cannot_see_what_another_left(mark):
    mark(*GOOD, "open('/tmp/answers', 'w').write('12')")
    _, result = mark(*GOOD, "open('/tmp/answers').read()")
    assert "No such file" in said(result)


def test_inputs_are_not_to_be_guessed(mark):
    remembered = "seen = []\ndef scaled(X, factor):\n    seen.append(X)\n    return X * factor"
    guess = "import numpy as np\nseen = np.random.default_rng(0).normal(size=(2, 3))"
    verdicts, _ = mark(remembered, guess)
    assert verdicts["scaled"].tier == "error"  # `seen` is an array now: the right answer fails
