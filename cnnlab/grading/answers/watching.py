"""Watching an answer at work in the notebook: that it ends, and that it is the student's own."""

import ctypes
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

from cnnlab.grading.answers import asking
from cnnlab.grading.answers.asking import AnswerError, ForbiddenError, explained
from cnnlab.grading.texts import tr
from cnnlab.rooms import NAMES as ROOMS

PACKAGE = Path(__file__).parents[2]
HIDDEN = tuple(f"{PACKAGE / room}/" for room in ROOMS)  # while a notebook is marked
SECONDS = 60  # of the processor, for one question


class EndlessError(BaseException):
    """It took too long. ``except Exception`` does not catch it."""


@contextmanager
def ending(seconds: float) -> Iterator[None]:
    """Stop what runs here after these seconds of the processor, if it is Python that runs.

    What only waits gets ten times as long. It works on every system.

    Raises
    ------
    AnswerError
        Then. It says which of the student's lines was running.
    """
    this, done, lock = threading.get_ident(), threading.Event(), threading.Lock()
    worked, waited = time.process_time(), time.monotonic()

    def watch() -> None:
        while not done.wait(seconds / 10):
            late = time.monotonic() - waited > 10 * seconds
            with lock:
                if not done.is_set() and (late or time.process_time() - worked > seconds):
                    _raise_in(this, EndlessError)
                    return

    threading.Thread(target=watch, daemon=True).start()
    try:
        yield
    except EndlessError as error:
        where = explained(error).partition("\n")[2]
        text = tr("It was still running after {:g} s, and was stopped. Does each loop end?")
        raise AnswerError("\n".join(filter(None, [text.format(seconds), where]))) from error
    finally:
        with lock:
            done.set()


def _raise_in(thread: int, error: type[BaseException]) -> None:
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), ctypes.py_object(error))


READ: list[str] | None = None  # what of the rooms' files an answer reads, once somebody listens


def _hear(event: str, arguments: tuple) -> None:
    """What Python tells of each file that is opened. It cannot be told to stop telling."""
    path = arguments[0] if event == "open" else None
    if isinstance(path, str) and path.startswith(HIDDEN) and path.endswith(".py"):
        room = Path(path).relative_to(PACKAGE).parts[0]
        READ.append(f"cnnlab.{room}")


@contextmanager
def on_its_own() -> Iterator[None]:
    """Nothing that runs here may use the rooms of the package: their questions ask for it.

    Raises
    ------
    AnswerError
        If it has, with the name of the function.
    """
    global READ
    used: list[str] = []
    if READ is None:
        sys.addaudithook(_hear)
    READ = used

    def look(frame: FrameType, event: str, _: Any) -> None:
        if event == "call" and not used and frame.f_code.co_filename.startswith(HIDDEN):
            room = Path(frame.f_code.co_filename).relative_to(PACKAGE).parts[0]
            used.append(f"cnnlab.{room}.{frame.f_code.co_name}")

    before = sys.getprofile()
    sys.setprofile(look)
    try:
        yield
    finally:
        sys.setprofile(before)
        READ = []
        if used:
            raise ForbiddenError(asking.used(used[0]))
