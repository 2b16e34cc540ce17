"""A budget for work on what strangers wrote: it is done in a process that may be ended.

To read a notebook, to compare its code and to write its report takes milliseconds, for whatever
people write. A file that was made to be slow or large gets no further than its budget: that costs
its own student a note, and the class nothing.
"""

import multiprocessing
import resource
import signal
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from cnnlab.grading.texts import tr

SECONDS = 10.0  # of the processor, for a piece of work
MEMORY = 1 << 30  # bytes that a piece of work may add
PATIENCE = 20  # times as many seconds may pass, on a machine that is busy


class BudgetError(Exception):
    """A piece of work took too much; the message says of what."""


class Budget:
    """A process that does one piece of work after another, and is ended when one takes too much.

    Parameters
    ----------
    seconds
        Of the processor, for a piece of work.
    memory
        Bytes that a piece of work may add to what this process has.
    """

    def __init__(self, seconds: float = SECONDS, memory: int = MEMORY) -> None:
        self.seconds, self.memory = seconds, memory
        self.process: Any = None
        self.connection: Connection | None = None

    def __enter__(self) -> "Budget":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __call__(self, work: Callable[..., Any], *arguments: Any) -> Any:
        """What ``work(*arguments)`` returns or raises.

        Raises
        ------
        BudgetError
            If it takes too much, or brings its process down.
        """
        if self.process is None:
            self._start()
        try:
            self.connection.send((work, arguments))
            if not self.connection.poll(PATIENCE * self.seconds):
                raise BudgetError(self._too_slow())
            done, answer = self.connection.recv()
        except (EOFError, OSError) as error:
            raise BudgetError(self._last_words()) from error
        except BaseException:
            self.close()
            raise
        if not done:
            raise answer
        return answer

    def _start(self) -> None:
        context = multiprocessing.get_context("fork")
        self.connection, theirs = context.Pipe()
        self.process = context.Process(
            target=_serve, args=(theirs, self.connection, self.seconds, self.memory), daemon=True
        )
        self.process.start()
        theirs.close()

    def _too_slow(self) -> str:
        return tr("it takes longer than {:g} s").format(self.seconds)

    def _last_words(self) -> str:
        self.process.join(5)
        code = self.process.exitcode
        self.close()
        if code == -signal.SIGXCPU:
            return self._too_slow()
        return tr("it brought the process down that looked at it ({})").format(code)

    def close(self) -> None:
        """End the process; the next piece of work starts another one."""
        if self.process is not None:
            self.connection.close()
            self.process.kill()
            self.process.join()
        self.process = self.connection = None


def _serve(judge: Connection, theirs: Connection, seconds: float, memory: int) -> None:
    theirs.close()  # so that this process ends when the other one does
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the other process's matter
    _limit(resource.RLIMIT_AS, _address_space() + memory)
    while True:
        try:
            work, arguments = judge.recv()
        except EOFError:
            return
        _limit(resource.RLIMIT_CPU, int(time.process_time() + seconds) + 1)
        judge.send(_done(work, arguments, memory))


def _done(work: Callable[..., Any], arguments: tuple, memory: int) -> tuple[bool, Any]:
    try:
        return True, work(*arguments)
    except MemoryError:
        return False, BudgetError(tr("it takes more than {:,} bytes").format(memory))
    except RecursionError:
        return False, BudgetError(tr("it is nested too deep"))
    except Exception as error:
        return False, error


def _limit(what: int, most: int) -> None:
    _, hard = resource.getrlimit(what)
    resource.setrlimit(what, (most if hard == resource.RLIM_INFINITY else min(most, hard), hard))


def _address_space() -> int:
    pages = Path("/proc/self/statm")
    if not pages.exists():  # not on Linux: a bound that this process surely keeps
        return 64 << 30
    return int(pages.read_text().split()[0]) * resource.getpagesize()
