"""Watching an answer at work in the notebook: that it ends, and that it is the student's own."""

import ctypes
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

from cnnlab.grading.answers.asking import AnswerError, explained
from cnnlab.grading.texts import tr
from cnnlab.rooms import NAMES as ROOMS

PACKAGE = Path(__file__).parents[2]
HIDDEN = tuple(f"{PACKAGE / room}/" for room in ROOMS)  # while a notebook is marked
SECONDS = 60  # for one question; its marking gives each call 10


class EndlessError(BaseException):
    """It took too long. ``except Exception`` does not catch it."""


@contextmanager
def ending(seconds: float) -> Iterator[None]:
    """Stop what runs here after these seconds, on every system, if it is Python that runs.

    Raises
    ------
    AnswerError
        Then. It says which of the student's lines was running.
    """
    this, lock, over = threading.get_ident(), threading.Lock(), False

    def stop() -> None:
        with lock:
            if not over:
                _raise_in(this, EndlessError)

    clock = threading.Timer(seconds, stop)
    clock.daemon = True
    clock.start()
    try:
        yield
    except EndlessError as error:
        where = explained(error).partition("\n")[2]
        text = tr("It was still running after {:g} s, and was stopped. Does each loop end?")
        raise AnswerError("\n".join(filter(None, [text.format(seconds), where]))) from error
    finally:
        with lock:
            over = True
        clock.cancel()


def _raise_in(thread: int, error: type[BaseException]) -> None:
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), ctypes.py_object(error))


@contextmanager
def on_its_own() -> Iterator[None]:
    """Nothing that runs here may use the rooms of the package: their questions ask for it.

    Raises
    ------
    AnswerError
        If it has, with the name of the function.
    """
    used: list[str] = []

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
        if used:
            text = tr(
                "Your answer uses {}. When your notebook is marked, the rooms of cnnlab cannot be"
                " imported: write it yourself."
            )
            raise AnswerError(text.format(used[0]))
