"""The judge: it knows the answers, and never runs a student's code.

It asks a child, in which the code runs, for answers to inputs that nobody has seen, and compares
what comes back with its own. Between them are bytes: see `cnnlab.grading.wire`. Whatever the child
does, the judge gets arrays, an error, or nothing.
"""

import os
import secrets
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field, fields
from functools import cache
from threading import Lock
from typing import Any, TextIO

from cnnlab.grading.question import Question
from cnnlab.grading.rooms import questions, version
from cnnlab.grading.sandbox import LEVELS, IsolationError, Limits, status_words
from cnnlab.grading.submission import Submission
from cnnlab.grading.texts import tr
from cnnlab.grading.verdict import AnswerKey, Verdict, failed
from cnnlab.grading.wire import WireError, receive, send

GRACE = 3  # seconds that a child gets to interrupt itself, before it is ended
START_SECONDS = 20  # for a fork, on a busy machine
IMPORT_SECONDS = 300


@dataclass
class Result:
    """The marks of one submission, with reasons.

    Attributes
    ----------
    student, name, digest, room, version
        Of the submission.
    verdicts
        One for each question of the exercise, in its order.
    outputs
        Of each code cell, as nbformat has them.
    notes
        About the file and the run, for student and teacher.
    seconds
        That the marking took.
    """

    student: str
    name: str
    digest: str
    room: str
    version: int
    verdicts: list[Verdict]
    outputs: list[list[dict]]
    notes: list[str]
    seconds: float

    @property
    def earned(self) -> float:
        return sum(verdict.earned for verdict in self.verdicts)

    @property
    def points(self) -> float:
        return sum(verdict.points for verdict in self.verdicts)

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {**asdict(self), "earned": self.earned, "points": self.points}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> "Result":
        """A result from what `as_dict` gave."""
        own = {one.name: values[one.name] for one in fields(cls)}
        return cls(**own | {"verdicts": [Verdict(**one) for one in own["verdicts"]]})


class EndedError(Exception):
    """The child is gone, or was too slow; the message says how."""


class Zygote:
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
        command = [sys.executable, "-m", "cnnlab.grading.zygote", str(theirs.fileno())]
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
    def child(self, slot: int, limits: Limits) -> Iterator["Child"]:
        """A fresh child, which is ended at the end."""
        ours, theirs = socket.socketpair()
        order = {"do": "start", "slot": slot, "level": self.level, "limits": asdict(limits)}
        with self.lock:
            socket.send_fds(self.orders, [b"!"], [theirs.fileno()])
            send(self.orders, order)
            pid = receive(self.orders)["pid"]
        theirs.close()
        self.connections.add(ours)
        child = Child(ours, lambda: self._end(pid))
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


class Child:
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


@dataclass
class Session:
    """What has come of a submission so far: it outlives the children that run its code."""

    submission: Submission
    deadline: float
    skip: set[int] = field(default_factory=set)
    outputs: dict[int, list[dict]] = field(default_factory=dict)
    verdicts: dict[str, Verdict] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def left(self, seconds: float) -> float:
        """The seconds that something may take, since the whole has its time too."""
        return max(0.5, min(seconds, self.deadline - time.monotonic()))

    def over(self) -> bool:
        return time.monotonic() >= self.deadline


class Judge:
    """Marks submissions.

    Parameters
    ----------
    secret
        What the inputs follow from; the same secret gives the same inputs and the same marks. By
        default, one that nobody knows.
    limits
        For each submission.
    unsafe
        Go on where the system cannot isolate.
    """

    def __init__(
        self, secret: int | None = None, limits: Limits | None = None, unsafe: bool = False
    ) -> None:
        self.secret = secrets.randbits(64) if secret is None else secret
        self.limits = limits or Limits()
        self.zygote = Zygote(unsafe)
        self.key = cache(self._key)

    def __enter__(self) -> "Judge":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the processes that run students' code."""
        self.zygote.close()

    def _key(self, room: str, name: str) -> AnswerKey:
        return AnswerKey(questions(room)[name], [self.secret, *name.encode()])

    def mark(self, submission: Submission, slot: int = 0) -> Result:
        """Run a submission and judge its answers.

        Parameters
        ----------
        submission
            What a student handed in.
        slot
            A number from 0 that no other submission has that is marked at the same time.
        """
        started = time.monotonic()
        session = Session(submission, started + self.limits.total_seconds)
        session.notes += submission.notes
        asked = questions(submission.room)
        if submission.version != version(submission.room):
            session.notes.append(
                tr("It answers version {} of the exercise; it was marked by version {}.").format(
                    submission.version, version(submission.room)
                )
            )
        while len(session.verdicts) < len(asked) and not session.over():
            before = len(session.skip) + len(session.verdicts)
            try:
                with self.zygote.child(slot, self.limits) as child:
                    self._run_cells(session, child)
                    self._ask_all(session, child, asked, slot)
            except EndedError as end:
                if len(session.skip) + len(session.verdicts) == before:
                    session.notes.append(tr("The marking broke off: {}.").format(end))
                    break
        for name, question in asked.items():
            fault = tr("There was no time left for this question.")
            session.verdicts.setdefault(name, failed(question, "error", fault))
        return Result(
            student=submission.student,
            name=submission.name,
            digest=submission.digest,
            room=submission.room,
            version=submission.version,
            verdicts=[session.verdicts[name] for name in asked],
            outputs=[session.outputs.get(n, []) for n in range(len(submission.cells))],
            notes=session.notes,
            seconds=time.monotonic() - started,
        )

    def _run_cells(self, session: Session, child: Child) -> None:
        """Run all cells that did not harm before; the one that ends the child is left out next."""
        cells, seconds = session.submission.cells, self.limits.cell_seconds
        child.order(do="run", cells=list(cells), skip=sorted(session.skip), seconds=seconds)
        running: int | None = None
        try:
            for number in (n for n in range(len(cells)) if n not in session.skip):
                if child.reply(session.left(START_SECONDS)).get("begin") != number:
                    raise EndedError(tr("it answered out of turn"))
                running = number
                reply = child.reply(session.left(seconds + GRACE))
                if reply.get("cell") != number:
                    raise EndedError(tr("it answered out of turn"))
                session.outputs[number] = _outputs(reply)
                if reply.get("late"):
                    session.skip.add(number)  # it has to run once only
                running = None
            child.reply(session.left(START_SECONDS))
        except EndedError as end:
            if running is not None:
                session.skip.add(running)
                said = tr("Code cell {} was left out: {}.").format(running + 1, end)
                session.notes.append(said)
                session.outputs[running] = [
                    {"output_type": "stream", "name": "stderr", "text": said}
                ]
            raise

    def _ask_all(
        self, session: Session, child: Child, asked: dict[str, Question], slot: int
    ) -> None:
        for name, question in asked.items():
            if name in session.verdicts or session.over():
                continue
            try:
                session.verdicts[name] = self._ask(session, child, question, slot)
            except EndedError as end:
                fault = tr("While it was asked, {}.").format(end)
                session.verdicts[name] = failed(question, "error", fault)
                raise

    def _ask(self, session: Session, child: Child, question: Question, slot: int) -> Verdict:
        """The verdict on one question, from the child's answers."""
        key = self.key(question.room, question.id)
        seconds = self.limits.call_seconds
        once = question.kind in ("value", "trained")
        outputs: list[Any] = []
        for case in key.cases[:1] if once else key.cases:
            given = () if question.kind == "trained" else tuple(case)
            child.order(do="ask", name=question.id, kind=question.kind, case=given, seconds=seconds)
            reply = child.reply(session.left(seconds + GRACE))
            if reply.get("missing"):
                return failed(question, "missing", "")
            if "output" not in reply:
                return failed(question, "error", _words(reply.get("error")))
            outputs.append(reply["output"])
        if question.kind == "value":
            outputs *= len(key.cases)
        if question.kind in ("network", "trained"):
            outputs, fault = self._measured(session, question, outputs, key.cases, slot)
            if fault:
                return failed(question, "error", fault)
        return key.verdict(outputs)

    def _measured(
        self,
        session: Session,
        question: Question,
        models: Sequence[Any],
        cases: Sequence[Any],
        slot: int,
    ) -> tuple[list[Any], str]:
        """What models give that are built anew where no student's code runs."""
        seconds = self.limits.cell_seconds
        outputs: list[Any] = []
        tasks = (
            [{"do": "facts"} for _ in models]
            if question.kind == "network"
            else [{"do": "predict", "weights": _weights(models[0]), "case": case} for case in cases]
        )
        if question.kind == "trained":
            models = [models[0]] * len(cases)
        try:
            with self.zygote.child(slot, self.limits) as clean:
                for task, model in zip(tasks, models, strict=True):
                    clean.order(**task, config=_config(model), seconds=seconds)
                    reply = clean.reply(session.left(seconds + GRACE))
                    if "output" not in reply:
                        return [], _words(reply.get("error"))
                    outputs.append(reply["output"])
        except EndedError as end:
            return [], tr("The model could not be measured: {}.").format(end)
        return outputs, ""


def _config(model: Any) -> str:
    return _words(model.get("config") if isinstance(model, dict) else None)


def _weights(model: Any) -> list:
    weights = model.get("weights") if isinstance(model, dict) else None
    return weights if isinstance(weights, list) else []


def _words(text: Any) -> str:
    return text if isinstance(text, str) else tr("it answered something unexpected")


def _outputs(reply: dict[str, Any]) -> list[dict]:
    """The outputs of a cell, if they look like outputs."""
    outputs = reply.get("outputs")
    kinds = ("stream", "display_data", "error")
    if not isinstance(outputs, list):
        return []
    return [
        output
        for output in outputs
        if isinstance(output, dict) and output.get("output_type") in kinds
    ]
