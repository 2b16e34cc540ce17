"""The judge's ends of the connections to the zygote and to its children."""

import os
import select
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict
from pathlib import Path
from threading import Lock
from typing import Any, TextIO

from cnnlab.grading.judge.clock import PATIENCE, Clock, family
from cnnlab.grading.judge.sandbox import LEVELS, IsolationError, Limits, refuse_mixed, status_words
from cnnlab.grading.judge.wire import WireError, receive, send
from cnnlab.grading.texts import tr

GRACE = 3  # seconds that a child gets to interrupt itself, before it is ended
START_SECONDS = 20  # for a fork, on a busy machine
IMPORT_SECONDS = 300
# What a process that runs strangers' code gets of the environment: where its libraries are, and how
# it speaks. Whatever else is there, such as a token, is nobody's business.
ENVIRONMENT = (
    *("PATH", "HOME", "LANG", "LANGUAGE", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR", "CNNLAB_LANG"),
    *("PYTHONPATH", "PYTHONHOME", "PYTHONHASHSEED", "LD_LIBRARY_PATH", "CUDA_VISIBLE_DEVICES"),
    *("KERAS_BACKEND", "KERAS_HOME", "MPLCONFIGDIR", "XDG_CACHE_HOME", "XDG_CONFIG_HOME"),
)
LOOK_SECONDS = 1.0  # between two looks at a clock


class EndedError(Exception):
    """The child is gone, or was too slow; the message says how.

    Attributes
    ----------
    crowded
        Whether it was slow because others used the processors.
    """

    def __init__(self, message: str, crowded: bool = False) -> None:
        super().__init__(message)
        self.crowded = crowded


class ZygoteLink:
    """The process that forks children: one for the judge's life.

    Parameters
    ----------
    unsafe
        Go on where the system cannot isolate.
    private
        Files and folders that no child must see, such as hand-ins and marks.

    Raises
    ------
    IsolationError
        If it cannot, and `unsafe` does not say so.
    """

    def __init__(self, unsafe: bool = False, private: Sequence[Path] = ()) -> None:
        self.lock = Lock()
        refuse_mixed(private)
        self.private = [str(path.resolve()) for path in private]
        self.connections: set[socket.socket] = set()  # to the children
        self.orders, theirs = socket.socketpair()
        known = {name: os.environ[name] for name in ENVIRONMENT if name in os.environ}
        environment = known | {
            "MPLBACKEND": "agg",
            "OMP_NUM_THREADS": "1",
            "TF_CPP_MIN_LOG_LEVEL": "3",
            "TF_NUM_INTEROP_THREADS": "1",
            "TF_NUM_INTRAOP_THREADS": "2",
        }
        command = [sys.executable, "-m", "cnnlab.grading.judge.zygote", str(theirs.fileno())]
        with theirs, tempfile.TemporaryFile("w+") as log:  # TensorFlow greets on stderr
            self.process = subprocess.Popen(
                command,
                pass_fds=[theirs.fileno()],
                env=environment,
                stdin=subprocess.DEVNULL,
                stderr=log,
            )
            theirs.close()
            ready = self._first_word(log)
        if ready["error"]:
            self.close()
            raise RuntimeError(ready["error"])
        self.level: str = ready["level"]
        if self.level != "full" and not unsafe:
            self.close()
            raise IsolationError(
                f"this system isolates students' code only at the level {self.level!r}:"
                f" {LEVELS[self.level]}. Marking needs {LEVELS['full']} (Linux with user name"
                " spaces). To mark all the same, on a machine that holds nothing of value, say"
                " --unsafe"
            )

    def _first_word(self, log: TextIO) -> dict[str, str]:
        try:
            return receive(self.orders, IMPORT_SECONDS)
        except (EOFError, TimeoutError) as error:
            self.close()
            log.seek(0)
            raise RuntimeError(
                f"the process that runs students' code did not start: {log.read()[-2000:]}"
            ) from error

    @contextmanager
    def child(self, slot: int, limits: Limits) -> Iterator["ChildLink"]:
        """A fresh child, which is ended at the end."""
        ours, theirs = socket.socketpair()
        order = {"do": "start", "slot": slot, "level": self.level, "limits": asdict(limits)}
        order["private"] = self.private
        with self.lock:
            socket.send_fds(self.orders, [b"!"], [theirs.fileno()])
            send(self.orders, order)
            pid = receive(self.orders)["pid"]
        theirs.close()
        self.connections.add(ours)
        child = ChildLink(ours, pid, lambda: self._end(pid))
        try:
            yield child
        finally:
            self.connections.discard(ours)
            child.close()

    def _end(self, pid: int) -> int:
        with self.lock:
            socket.send_fds(self.orders, [b"!"], [])
            send(self.orders, {"do": "end", "pid": pid})
            return receive(self.orders)["status"]

    def close(self) -> None:
        """End the process, and with it all children; who waits for one of them is told at once."""
        self.orders.close()
        for connection in tuple(self.connections):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        try:
            self.process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class ChildLink:
    """The judge's end of the connection to a child.

    Attributes
    ----------
    spent
        Seconds that the judge has waited for its replies, without those that it queued for a
        processor.
    """

    def __init__(self, connection: socket.socket, pid: int, end: Any) -> None:
        self.connection, self.pid, self.end = connection, pid, end
        self.status: int | None = None
        self.spent = 0.0

    def order(self, **order: Any) -> None:
        """Send an order.

        Raises
        ------
        EndedError
            If the child is gone.
        """
        self.connection.settimeout(PATIENCE * START_SECONDS)
        try:
            send(self.connection, order)
        except OSError as error:
            raise EndedError(self._last_words()) from error

    def reply(self, seconds: float, **limits: int) -> dict[str, Any]:
        """The next reply.

        Parameters
        ----------
        seconds
            That the child may spend; it gets `GRACE` more, to interrupt itself.
        **limits
            Of the message, as `cnnlab.grading.judge.wire.receive` has them.

        Raises
        ------
        EndedError
            If the child is gone, late, or says what no child of ours would.
        """
        clock = Clock(family(self.pid))
        try:
            self._wait(clock, seconds + GRACE)
            reply = receive(self.connection, max(seconds + GRACE - clock.own(), 1), **limits)
        except TimeoutError as error:
            said = tr("it took longer than {:g} s").format(seconds)
            raise EndedError(said, clock.crowded(seconds)) from error
        except (EOFError, OSError) as error:
            raise EndedError(self._last_words()) from error
        except WireError as error:
            raise EndedError(tr("it sent something unreadable: {}").format(error)) from error
        finally:
            self.spent += clock.own()
        if not isinstance(reply, dict):
            raise EndedError(tr("it sent something unexpected"))
        return reply

    def _wait(self, clock: Clock, seconds: float) -> None:
        """Until there is something to read; a TimeoutError if the child has spent its time."""
        while (left := clock.left(seconds)) > 0:
            readable, _, _ = select.select([self.connection], [], [], min(left, LOOK_SECONDS))
            if readable:
                return
        raise TimeoutError

    def _last_words(self) -> str:
        if self.status is None:
            self.status = self.end()
        return status_words(self.status)

    def close(self) -> None:
        self.connection.close()
        if self.status is None:
            self.status = self.end()
