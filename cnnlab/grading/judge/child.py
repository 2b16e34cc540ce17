"""The child that runs one submission's cells and answers the judge. Nothing here is secret.

It holds no oracle and no seed, and what it says is not trusted: a student's code can reach all of
it. It only helps the code to run, and its answers to reach the judge.
"""

import io
import os
import re
import signal
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from socket import socket
from typing import Any

import keras
import numpy as np
from IPython.core.displayhook import CapturingDisplayHook
from IPython.core.displaypub import CapturingDisplayPublisher
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

import cnnlab
from cnnlab.grading import networks
from cnnlab.grading.answers.asking import AnswerError, answers, predictor, said
from cnnlab.grading.judge.wire import TooLargeError, WireError, receive, send

OUTPUT_LIMIT = 100_000  # characters of a cell's printed output, and of each picture
TRACEBACK_LIMIT = 10_000
ANSI = re.compile(r"\x1b\[[0-9;]*m")


class OutOfTimeError(BaseException):
    """A cell or a call took too long. ``except Exception`` does not catch it."""


def make_shell() -> InteractiveShell:
    """IPython's shell, without a history and without files."""
    config = Config()
    config.HistoryManager.enabled = False
    config.InteractiveShell.colors = "NoColor"
    config.InteractiveShell.cache_size = 0
    config.InteractiveShell.xmode = "Context"
    InteractiveShell.clear_instance()
    shell = InteractiveShell.instance(config=config)
    shell.displayhook = shell.display_trap.hook = ResultHook(shell, [])
    shell.showtraceback = lambda *_, **__: None  # it is in the result of the cell
    return shell


class ResultHook(CapturingDisplayHook):
    """Keeps the results of a cell's expressions."""

    is_active = True  # so that IPython does not keep all that is printed
    do_full_cache = False


SHELL = make_shell()  # once, before the forks


def serve(judge: socket) -> None:
    """Do what the judge asks until it hangs up."""
    cnnlab.check = _later
    cnnlab.exercise = _later
    os.environ["HOME"] = str(Path.cwd())
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
                send(judge, {"error": f"The answer cannot be read: {error}."})


def _later(*arguments: Any, **named: Any) -> None:
    """What `cnnlab.check` is while a submission is marked."""


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
    publisher = CapturingDisplayPublisher()
    SHELL.display_pub = publisher
    SHELL.displayhook.outputs = publisher.outputs
    try:
        with redirect_stdout(printed), redirect_stderr(printed), alarm(seconds):
            done = SHELL.run_cell(source, store_history=False)
            error = done.error_before_exec or done.error_in_exec
    except OutOfTimeError as out_of_time:
        error = out_of_time
    late = isinstance(error, OutOfTimeError)
    outputs = [*_stream(printed), *map(_displayed, publisher.outputs)]
    if error is not None:
        outputs.append(_error(error))
    return {"outputs": outputs, "late": late, "failed": error is not None}


@contextmanager
def alarm(seconds: float) -> Iterator[None]:
    """Interrupt what takes longer."""

    def ring(*_: Any) -> None:
        raise OutOfTimeError(f"It took longer than {seconds:g} s and was stopped.")

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


def _displayed(output: dict[str, Any]) -> dict[str, Any]:
    data = {
        str(kind): text if len(text) <= OUTPUT_LIMIT else f"({len(text):,} characters left out)"
        for kind, text in output["data"].items()
        if isinstance(text, str) and kind in ("text/plain", "text/html", "image/png")
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
        "ename": type(error).__name__,
        "evalue": said(error)[:1000],
        "traceback": trace.splitlines(),
    }


def ask(name: str, kind: str, case: tuple, seconds: float) -> Iterator[dict[str, Any]]:
    """Ask the answer of that name one case."""
    if SHELL.user_ns.get(name) is None:
        yield {"missing": True}
        return
    answer = SHELL.user_ns[name]
    try:
        with redirect_stdout(Printed(0)), redirect_stderr(Printed(0)), alarm(seconds):
            if kind == "trained":
                output = described(answer, weights=True)
            else:
                (output,) = answers(kind, answer, [case])
                output = described(output) if kind == "network" else output
        yield {"output": output}
    except (AnswerError, OutOfTimeError) as error:
        yield {"error": str(error)[:2000]}


def described(model: Any, weights: bool = False) -> dict[str, Any]:
    """A model as its configuration, which the judge has rebuilt elsewhere."""
    if not isinstance(model, keras.Model):
        raise AnswerError(f"The answer is of type {type(model).__name__}; expected a keras.Model.")
    try:
        config = keras.saving.serialize_keras_object(model)
    except Exception as error:
        raise AnswerError(f"The model cannot be described: {error}") from error
    values = [np.asarray(value) for value in model.get_weights()] if weights else []
    return {"config": networks.as_text(config), "weights": values}


def facts(config: str, seconds: float) -> Iterator[dict[str, Any]]:
    """The facts of a network that is built anew from its configuration."""
    try:
        with alarm(seconds):
            yield {"output": networks.facts(networks.rebuilt(config))}
    except (ValueError, OutOfTimeError) as error:
        yield {"error": str(error)[:2000]}


def predict(config: str, weights: list, case: tuple, seconds: float) -> Iterator[dict[str, Any]]:
    """What a model predicts that is built anew from its configuration and weights."""
    try:
        with alarm(seconds):
            model = networks.rebuilt(config)
            model.set_weights(weights)
            yield {"output": predictor(model)(*case)}
    except (ValueError, OutOfTimeError) as error:
        yield {"error": str(error)[:2000]}
