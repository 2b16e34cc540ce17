"""The judge's ends of the connections to the zygote and to its children."""

import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from threading import Lock
from typing import Any, TextIO

from cnnlab.grading.judge.sandbox import LEVELS, IsolationError, Limits, status_words
from cnnlab.grading.judge.wire import WireError, receive, send
from cnnlab.grading.texts import tr

GRACE = 3  # seconds that a child gets to interrupt itself, before it is ended
START_SECONDS = 20  # for a fork, on a busy machine
IMPORT_SECONDS = 300


class EndedError(Exception):
    """The child is gone, or was too slow; the message says how."""


class ZygoteLink:
    """The process that forks children: one for the judge's life.

    Parameters
    ----------
    unsafe
        Go on where the system cannot isolate.

    Raises
    ------
    IsolationError
        If it cannot, and `unsafe` does not say so.
    """

    def __init__(self, unsafe: bool = False) -> None:
        self.lock = Lock()
        self.connections: set[socket.socket] = set()  # to the children
        self.orders, theirs = socket.socketpair()
        environment = os.environ | {
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
        with self.lock:
            socket.send_fds(self.orders, [b"!"], [theirs.fileno()])
            send(self.orders, order)
            pid = receive(self.orders)["pid"]
        theirs.close()
        self.connections.add(ours)
        child = ChildLink(ours, lambda: self._end(pid))
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
    """The judge's end of the connection to a child."""

    def __init__(self, connection: socket.socket, end: Any) -> None:
        self.connection, self.end = connection, end
        self.status: int | None = None

    def order(self, **order: Any) -> None:
        """Send an order.

        Raises
        ------
        EndedError
            If the child is gone.
        """
        self.connection.settimeout(START_SECONDS)
        try:
            send(self.connection, order)
        except OSError as error:
            raise EndedError(self._last_words()) from error

    def reply(self, seconds: float) -> dict[str, Any]:
        """The next reply.

        Raises
        ------
        EndedError
            If the child is gone, late, or says what no child of ours would.
        """
        try:
            reply = receive(self.connection, seconds)
        except TimeoutError as error:
            raise EndedError(tr("it took longer than {:g} s").format(seconds - GRACE)) from error
        except (EOFError, OSError) as error:
            raise EndedError(self._last_words()) from error
        except WireError as error:
            raise EndedError(tr("it sent something unreadable: {}").format(error)) from error
        if not isinstance(reply, dict):
            raise EndedError(tr("it sent something unexpected"))
        return reply

    def _last_words(self) -> str:
        if self.status is None:
            self.status = self.end()
        return status_words(self.status)

    def close(self) -> None:
        self.connection.close()
        if self.status is None:
            self.status = self.end()
