"""The child that runs one submission's cells and answers the judge. Nothing here is secret.

It holds no oracle and no seed, and what it says is not trusted: a student's code can reach all of
it. It only helps the code to run, and its answers to reach the judge.
"""

import io
import json
import os
import re
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout, suppress
from pathlib import Path
from socket import socket
from typing import Any

import keras

import cnnlab
from cnnlab.grading import networks
from cnnlab.grading.answers.asking import (
    AnswerError,
    HiddenError,
    answers,
    one_graph,
    predictor,
    said,
    sentence,
    used,
)
from cnnlab.grading.judge.clock import Clock
from cnnlab.grading.judge.sandbox import state
from cnnlab.grading.judge.shell import capture, make_shell, show_figures
from cnnlab.grading.judge.wire import TooLargeError, WireError, receive, send
from cnnlab.grading.texts import tr
from cnnlab.rooms import NAMES as ROOMS

OUTPUT_LIMIT = 100_000  # characters of a cell's printed output, and of each text that it shows
PICTURE_LIMIT = 500_000  # characters of a picture
CELL_LIMIT = 2_000_000  # characters of all that a cell shows, as it travels
TRACEBACK_LIMIT = 10_000
END_SECONDS = 5  # for all that a cell has left behind to be gone
MOST_ERRORS = 20  # of a cell, whose lines may each have one
ANSI = re.compile(r"\x1b\[[0-9;]*m")


class OutOfTimeError(BaseException):
    """A cell or a call took too long. ``except Exception`` does not catch it.

    Attributes
    ----------
    crowded
        Whether it was others who used the time.
    """

    crowded = False


SHELL = make_shell()  # once, before the forks


def serve(judge: socket) -> None:
    """Do what the judge asks until it hangs up."""
    cnnlab.check = _later
    cnnlab.exercise = _later
    os.environ["HOME"] = str(Path.cwd())
    sys.meta_path.insert(0, Rooms())
    sys.path.insert(0, str(Path.cwd()))  # as in a notebook: a cell may write a module for the next
    tasks = {"run": run, "ask": ask, "facts": facts, "predict": predict}
    this = os.getpid()
    while True:
        try:
            order = receive(judge)
        except EOFError:
            return
        for reply in tasks[order.pop("do")](**order):
            if os.getpid() != this:
                os._exit(0)  # a cell has forked this process: its copy stays silent
            try:
                send(judge, reply)
            except TooLargeError as error:
                send(judge, {"error": f"The answer is too large: {error}."})
            except WireError as error:
                fault = f"The answer cannot be read: {error}."
                send(judge, {"error": fault, "tier": "shape"})


def _later(*arguments: Any, **named: Any) -> None:
    """What `cnnlab.check` is while a submission is marked."""


class Rooms:
    """Finds no room of the package, and says why; else there would be Python's words for it."""

    @staticmethod
    def find_spec(name: str, *_: Any) -> None:
        package, _, room = name.partition(".")
        if package == "cnnlab" and room.partition(".")[0] in ROOMS:
            raise HiddenError(used(name), name=name)


def run(cells: list[str], skip: list[int], seconds: float) -> Iterator[dict[str, Any]]:
    """Run the cells one after another; an error ends its cell only."""
    for number, source in enumerate(cells):
        if number in skip:
            continue
        yield {"begin": number}
        yield {"cell": number, **run_cell(source, seconds)}
    yield {"done": True}


def run_cell(source: str, seconds: float) -> dict[str, Any]:
    """The outputs of a cell, as a notebook has them, and whether its time was over."""
    printed = Printed(OUTPUT_LIMIT)
    publisher = capture()
    errors: list[dict[str, Any]] = []
    SHELL.failed = lambda error: errors.append(_error(error)) if len(errors) < MOST_ERRORS else None
    try:
        with redirect_stdout(printed), redirect_stderr(printed), alarm(seconds):
            done = SHELL.run_cell(source, store_history=False)
            error = done.error_before_exec or done.error_in_exec
            show_figures()
    except (Exception, OutOfTimeError) as interrupted:  # a figure may fail to be drawn
        error = interrupted
    end_others()
    late = isinstance(error, OutOfTimeError)
    if error is not None:
        errors.append(_error(error))
    outputs = _within([*_stream(printed), *map(_displayed, publisher.outputs), *errors])
    return {
        "outputs": outputs,
        "late": late,
        "crowded": late and error.crowded,
        "failed": bool(errors),
    }


def end_others() -> None:
    """End what a cell has started and left behind: it would take time from other hand-ins."""
    if not state.shut_in or os.getpid() != 1:
        return  # there might be others than this process's own
    with suppress(ProcessLookupError):
        os.kill(-1, signal.SIGKILL)
    limit = time.monotonic() + END_SECONDS
    with suppress(ChildProcessError):  # which says that none is left
        while time.monotonic() < limit:
            if os.waitpid(-1, os.WNOHANG) == (0, 0):
                time.sleep(0.01)


@contextmanager
def alarm(seconds: float) -> Iterator[None]:
    """Interrupt what spends more seconds: those in the queue for a processor do not count."""
    clock = Clock()

    def ring(*_: Any) -> None:
        if (left := clock.left(seconds)) > 0:
            signal.setitimer(signal.ITIMER_REAL, max(left, 0.05))
            return
        error = OutOfTimeError(f"It took longer than {seconds:g} s and was stopped.")
        error.crowded = clock.crowded(seconds)
        raise error

    signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


class Printed(io.TextIOBase):
    """Keeps the first characters that are printed, and counts the rest."""

    def __init__(self, limit: int) -> None:
        self.parts: list[str] = []
        self.left, self.dropped = limit, 0

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        kept = text[: self.left]
        if kept:
            self.parts.append(kept)
        self.left -= len(kept)
        self.dropped += len(text) - len(kept)
        return len(text)

    def text(self) -> str:
        note = f"\n… and {self.dropped:,} more characters." if self.dropped else ""
        return "".join(self.parts) + note


def _stream(printed: Printed) -> list[dict[str, Any]]:
    text = printed.text()
    return [{"output_type": "stream", "name": "stdout", "text": text}] if text else []


def _within(outputs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The first outputs, as many as may travel."""
    left = CELL_LIMIT
    for number, output in enumerate(outputs):
        left -= len(json.dumps(output))
        if left < 0:
            text = tr("… and {} outputs more, which were left out.").format(len(outputs) - number)
            return [*outputs[:number], {"output_type": "stream", "name": "stdout", "text": text}]
    return outputs


def _displayed(output: dict[str, Any]) -> dict[str, Any]:
    limits = {"text/plain": OUTPUT_LIMIT, "text/html": OUTPUT_LIMIT, "image/png": PICTURE_LIMIT}
    data = {
        str(kind): text if len(text) <= limits[kind] else f"({len(text):,} characters left out)"
        for kind, text in output["data"].items()
        if isinstance(text, str) and kind in limits
    }
    return {"output_type": "display_data", "data": data, "metadata": {}}


def _error(error: BaseException) -> dict[str, Any]:
    try:
        lines = SHELL.InteractiveTB.structured_traceback(
            type(error), error, error.__traceback__, tb_offset=1
        )
        trace = ANSI.sub("", "\n".join(lines))[-TRACEBACK_LIMIT:]
    except Exception:  # an error may refuse to be shown
        trace = type(error).__name__
    return {
        "output_type": "error",
        "ename": type(error).__name__[:100],
        "evalue": said(error)[:1000],
        "traceback": trace.splitlines(),
    }


def ask(
    name: str, kind: str, case: tuple, image: tuple | None, seconds: float
) -> Iterator[dict[str, Any]]:
    """Ask the answer of that name one case; a network may have to know the shape of an image."""
    if SHELL.user_ns.get(name) is None:
        yield {"missing": True}
        return
    answer = SHELL.user_ns[name]
    try:
        with redirect_stdout(Printed(0)), redirect_stderr(Printed(0)), alarm(seconds):
            if kind == "trained":
                output = described(one_graph(answer))
            else:
                (output,) = answers(kind, answer, [case], image)
                if kind == "network" and output is not None:
                    output = described(output)
        yield {"output": output}
    except AnswerError as error:
        yield {"error": str(error)[:2000], "tier": error.tier}
    except OutOfTimeError as error:
        yield {"error": str(error)[:2000], "crowded": error.crowded}
    finally:
        end_others()


def described(model: keras.Model) -> dict[str, Any]:
    """A graph of layers as its description, from which the judge has it built anew elsewhere."""
    try:
        config, weights = networks.described(model)
    except Exception as error:
        raise AnswerError(f"The model cannot be described: {error}") from error
    return {"config": config, "weights": weights}


def facts(config: str, seconds: float) -> Iterator[dict[str, Any]]:
    """The facts of a network that is built anew from its configuration."""
    try:
        with alarm(seconds):
            yield {"output": networks.facts(networks.rebuilt(config))}
    except ValueError as error:
        yield {"error": sentence(error)[:2000], "tier": "shape"}
    except OutOfTimeError as error:
        yield {"error": str(error)[:2000]}


def predict(config: str, weights: list, case: tuple, seconds: float) -> Iterator[dict[str, Any]]:
    """What a model predicts that is built anew from its configuration and weights."""
    try:
        with alarm(seconds):
            model = networks.rebuilt(config)
            model.set_weights(weights)
            yield {"output": predictor(model)(*case)}
    except ValueError as error:
        yield {"error": sentence(error)[:2000], "tier": "shape"}
    except OutOfTimeError as error:
        yield {"error": str(error)[:2000]}
