"""The parent of all children that run students' code: it has imported everything, and run nothing.

    python -m cnnlab.grading.judge.zygote FD

A fork of it has Keras in memory at once. TensorFlow survives a fork only as long as no operation
has run: this is asserted, and tried in a first child, before the judge gets an answer. FD is a Unix
socket to the judge, which sends an order and gets one reply.
"""

import importlib
import os
import shutil
import signal
import socket
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

from cnnlab.grading.judge import sandbox
from cnnlab.grading.judge.wire import receive, send

LIBRARIES = ("numpy", "keras", "matplotlib.pyplot", "cnnlab.data", "cnnlab.grading.judge.child")
CANARY_SECONDS = 60
GRACE = 0.5  # seconds for a process that has closed its connection to come to its end
TERM_SECONDS = 10  # for all processes of a child to be gone


def main() -> None:
    orders = socket.socket(fileno=int(sys.argv[1]))
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the judge's matter
    send(orders, prepare())
    roots: dict[int, Path] = {}
    while True:
        try:
            order, fds = _order(orders)
        except EOFError:
            break  # the judge is gone, and its children lose their parent
        if order["do"] == "start":
            (fd,) = fds
            root = Path(tempfile.mkdtemp(prefix="cnnlab-"))
            pid = start(fd, orders, root, order)
            os.close(fd)
            roots[pid] = root
            send(orders, {"pid": pid})
        else:
            status = end(order["pid"])
            shutil.rmtree(roots.pop(order["pid"]), ignore_errors=True)
            send(orders, {"status": status})
    for pid, root in roots.items():
        end(pid)
        shutil.rmtree(root, ignore_errors=True)
    os._exit(0)  # TensorFlow would take a second to say good-bye


def prepare() -> dict[str, str]:
    """Import the libraries; say what level of isolation this system can reach."""
    for name in LIBRARIES:
        importlib.import_module(name)
    sandbox.hidden()  # found once, before the forks
    if fault := started_operations():
        return {"error": fault}
    return {"level": level(), "error": canary()}


def started_operations() -> str:
    """What is wrong if TensorFlow has run an operation already; empty if it has not."""
    context = sys.modules.get("tensorflow.python.eager.context")
    if context is None or not context.context()._initialized:
        return ""
    return "TensorFlow has run an operation before the first fork: its children would hang"


def canary() -> str:
    """Whether an operation works in a fork of this process; empty if it does."""

    def sing() -> None:
        import keras

        total = keras.ops.sum(keras.ops.matmul(keras.ops.ones((2, 3)), keras.ops.ones((3, 4))))
        os._exit(0 if float(total) == 24 else 1)

    ended = _in_child(sing)
    return "" if ended == 0 else f"Keras does not work in a forked process ({ended})"


def level() -> str:
    """The name of the highest level of `sandbox.LEVELS` that works here.

    A cell runs in there: where it could not, each student would get 0 without a word.
    """
    if not sys.platform.startswith("linux"):
        return "none"

    def run_a_cell() -> None:
        from cnnlab.grading.judge.child import run_cell

        sandbox.isolate(root, sandbox.user(os.getppid(), 0), sandbox.Limits())
        if run_cell("import numpy\nprint(numpy.ones(2).sum())", CANARY_SECONDS)["failed"]:
            os._exit(1)

    root = Path(tempfile.mkdtemp(prefix="cnnlab-"))
    try:
        ended = _in_child(run_a_cell)
    finally:
        shutil.rmtree(root, ignore_errors=True)
    return "full" if ended == 0 else "limits"


def _in_child(task) -> int | str:
    """How a child ends that does the task: 0 is well."""
    pid = os.fork()
    if pid == 0:
        try:
            task()
        except BaseException:
            os._exit(9)
        os._exit(0)
    if (status := _ended(pid, CANARY_SECONDS)) is not None:
        return status
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    return f"no answer after {CANARY_SECONDS} s"


def start(fd: int, orders: socket.socket, root: Path, order: dict) -> int:
    """Fork a child that serves the connection `fd`; its process number."""
    pid = os.fork()
    if pid:
        return pid
    try:
        orders.close()
        _keep_only(fd)
        limits = sandbox.Limits(**order["limits"])
        if order["level"] == "full":
            private = [Path(path) for path in order["private"]]
            sandbox.isolate(root, sandbox.user(os.getppid(), order["slot"]), limits, private)
        else:
            os.setsid()
            os.chdir(root)
            sandbox.limit(limits, sandbox.memory_in_use()[0])
        from cnnlab.grading.judge.child import serve

        serve(socket.socket(fileno=fd))
    except BaseException:
        os._exit(70)
    os._exit(0)


def _keep_only(fd: int) -> None:
    """Close all files but the connection; nothing of the parent's is in reach."""
    nothing = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(nothing, standard)
    os.closerange(3, fd)
    os.closerange(fd + 1, 4096)


def end(pid: int) -> int:
    """End a child and all that it has started, if they have not ended; its status."""
    for number, seconds in ((0, GRACE), (signal.SIGTERM, TERM_SECONDS), (signal.SIGKILL, 0)):
        os.kill(pid, number)
        if (status := _ended(pid, seconds)) is not None:
            return status
    with suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)  # without namespaces, it leads a group of its own
    return os.waitpid(pid, 0)[1]


def _ended(pid: int, seconds: float) -> int | None:
    """The status of a child that ends within this time."""
    limit = time.monotonic() + seconds
    while True:
        ended, status = os.waitpid(pid, os.WNOHANG)
        if ended:
            return status
        if time.monotonic() > limit:
            return None
        time.sleep(0.002)


def _order(orders: socket.socket) -> tuple[dict, list[int]]:
    """An order, and the files that came with it."""
    first, fds, _, _ = socket.recv_fds(orders, 1, 1)
    if not first:
        raise EOFError
    return receive(orders), list(fds)


if __name__ == "__main__":
    main()
