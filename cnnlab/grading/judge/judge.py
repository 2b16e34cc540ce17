"""The judge: it knows the answers, and never runs a student's code.

It asks a child, in which the code runs, for answers to inputs that nobody has seen, and compares
what comes back with its own. Between them are bytes: see `wire.py`. Whatever the child does, the
judge gets arrays, an error, or nothing.
"""

import re
import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Any

from cnnlab.grading.answers.verdict import AnswerKey, Tier, Verdict, failed, judged
from cnnlab.grading.judge.clock import PATIENCE
from cnnlab.grading.judge.links import START_SECONDS, ChildLink, EndedError, ZygoteLink
from cnnlab.grading.judge.result import Result
from cnnlab.grading.judge.sandbox import Limits
from cnnlab.grading.judge.submission import Submission
from cnnlab.grading.question import Question
from cnnlab.grading.questions import questions, version
from cnnlab.grading.texts import tr

SHOWN_LIMIT = 8_000_000  # characters of the outputs of a submission
SAID_LIMIT = 4 << 20  # bytes of a message about a cell; it has no arrays
LONGEST_ERROR = 300  # characters
FIELDS = ("name", "text", "ename", "evalue")  # of an output, beside its data and its traceback
OUTPUT_KINDS = ("stream", "display_data", "error")
# The functions and variables that a cell makes, outside of others.
MADE = re.compile(r"^(?:def\s+(\w{1,40})|(\w{1,40})\s*=(?!=))", re.MULTILINE)


@dataclass
class Session:
    """What has come of a submission so far: it outlives the children that run its code."""

    submission: Submission
    seconds: float  # that the whole may spend
    started: float = field(default_factory=time.monotonic)
    spent: float = 0.0
    crowded: bool = False
    shown: int = 0  # characters of outputs that are kept
    skip: set[int] = field(default_factory=set)
    outputs: dict[int, list[dict]] = field(default_factory=dict)
    verdicts: dict[str, Verdict] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def reply(self, child: ChildLink, seconds: float, **limits: int) -> dict[str, Any]:
        """The next reply of a child, which may spend so much, since the whole has its time too."""
        before = child.spent
        try:
            reply = child.reply(max(0.5, min(seconds, self.seconds - self.spent)), **limits)
        except EndedError as end:
            self.crowded |= end.crowded
            raise
        finally:
            self.spent += child.spent - before
        self.crowded |= reply.get("crowded") is True
        return reply

    def over(self) -> bool:
        wall = time.monotonic() - self.started
        return self.spent >= self.seconds or wall >= PATIENCE * self.seconds

    def keep(self, number: int, outputs: Any) -> None:
        """Keep what a cell shows, within what is kept of all cells together."""
        self.outputs[number] = kept = []
        for output in outputs if isinstance(outputs, list) else ():
            if (plain := _plain_output(output)) is not None:
                self.shown += sum(map(len, _texts(plain)))
                if self.shown > SHOWN_LIMIT:
                    kept.append(_stream(tr("… and more, which was left out.")))
                    return
                kept.append(plain)

    def error(self, number: int) -> str:
        """The first error of a cell, in a line; empty if there was none."""
        for output in self.outputs.get(number, ()):
            if output["output_type"] == "error":
                return f"{output.get('ename', '')}: {output.get('evalue', '')}"[:LONGEST_ERROR]
        return ""

    def why_missing(self, name: str) -> str:
        """Where an answer may have got lost: the cell that makes it, and its error."""
        cells = self.submission.cells
        errors = {number: self.error(number) for number, _ in enumerate(cells)}
        ways = r"\b(?:def|class)\s+{0}\b", r"^\s*{0}\b[^=\n]*=", r"^[^#\n]*\bimport\b.*\b{0}\b"
        makes = re.compile("|".join(ways).format(name), re.MULTILINE)
        makers = [number for number, source in enumerate(cells) if makes.search(source)]
        for number in makers:
            if number in self.skip:
                return tr("Code cell {}, which makes it, was left out.").format(number + 1)
            if errors[number]:
                said = tr("Code cell {}, which makes it, stopped with an error: {}")
                return said.format(number + 1, errors[number])
        return "" if makers else _not_made(name, cells)


def _not_made(name: str, cells: Sequence[str]) -> str:
    """That no cell makes an answer, and the name near it that one does make."""
    made = ["".join(one) for source in cells for one in MADE.findall(source)]
    near = get_close_matches(name, made, 1)
    if near:
        said = tr("No code cell makes {}, but one makes {}. Was it renamed?")
        return said.format(name, near[0])
    return tr("No code cell makes {}.").format(name)


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
    private
        Files and folders that no code of a student must see, such as hand-ins and marks.
    """

    def __init__(
        self,
        secret: int | None = None,
        limits: Limits | None = None,
        unsafe: bool = False,
        private: Sequence[Path] = (),
    ) -> None:
        self.secret = secrets.randbits(64) if secret is None else secret
        self.limits = limits or Limits()
        self.zygote = ZygoteLink(unsafe, private)
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
        session = Session(submission, self.limits.total_seconds)
        session.notes += submission.notes
        known = questions(submission.room)
        asked = {name: known[name] for name in known if name in (submission.asked or known)}
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
            crowded=session.crowded,
        )

    def _run_cells(self, session: Session, child: ChildLink) -> None:
        """Run all cells that did not harm before; the one that ends the child is left out next."""
        cells, seconds = session.submission.cells, self.limits.cell_seconds
        said = {"text_limit": SAID_LIMIT, "bytes_limit": 0}
        child.order(do="run", cells=list(cells), skip=sorted(session.skip), seconds=seconds)
        running: int | None = None
        try:
            for number in (n for n in range(len(cells)) if n not in session.skip):
                if session.reply(child, START_SECONDS, **said).get("begin") != number:
                    raise EndedError(tr("it answered out of turn"))
                running = number
                reply = session.reply(child, seconds, **said)
                if reply.get("cell") != number:
                    raise EndedError(tr("it answered out of turn"))
                session.keep(number, reply.get("outputs"))
                if reply.get("late") is True:
                    session.skip.add(number)  # it has to run once only
                    note = tr("Code cell {} was stopped: it took longer than {:g} s.")
                    session.notes.append(note.format(number + 1, seconds))
                running = None
            session.reply(child, START_SECONDS, **said)
        except EndedError as end:
            if running is not None:
                session.skip.add(running)
                note = tr("Code cell {} was left out: {}.").format(running + 1, end)
                session.notes.append(note)
                session.outputs[running] = [_stream(note)]
            raise

    def _ask_all(
        self, session: Session, child: ChildLink, asked: dict[str, Question], slot: int
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

    def _ask(self, session: Session, child: ChildLink, question: Question, slot: int) -> Verdict:
        """The verdict on one question, from the child's answers."""
        key = self.key(question.room, question.id)
        seconds = self.limits.call_seconds
        once = question.kind in ("value", "trained")
        outputs: list[Any] = []
        for case in key.cases[:1] if once else key.cases:
            given = () if question.kind == "trained" else tuple(case)
            ask = {"name": question.id, "kind": question.kind, "case": given, "image": key.image}
            child.order(do="ask", **ask, seconds=seconds)
            reply = session.reply(child, seconds)
            if reply.get("missing") is True:
                return failed(question, "missing", session.why_missing(question.id))
            if "output" not in reply:
                return _refused(question, reply)
            outputs.append(reply["output"])
        if question.kind == "value":
            outputs *= len(key.cases)
        if question.kind in ("network", "trained") and any(one is not None for one in outputs):
            outputs, refused = self._measured(session, question, outputs, key.cases, slot)
            if refused:
                return refused
        return judged(key, outputs)

    def _measured(
        self,
        session: Session,
        question: Question,
        models: Sequence[Any],
        cases: Sequence[Any],
        slot: int,
    ) -> tuple[list[Any], Verdict | None]:
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
                    reply = session.reply(clean, seconds)
                    if "output" not in reply:
                        return [], _refused(question, reply)
                    outputs.append(reply["output"])
        except EndedError as end:
            fault = tr("The model could not be measured: {}.").format(end)
            return [], failed(question, "error", fault)
        return outputs, None


def _config(model: Any) -> str:
    return _words(model.get("config") if isinstance(model, dict) else None)


def _weights(model: Any) -> list:
    weights = model.get("weights") if isinstance(model, dict) else None
    return weights if isinstance(weights, list) else []


def _refused(question: Question, reply: dict[str, Any]) -> Verdict:
    """The verdict on what a child could not answer; how it calls that counts for the title only."""
    tier: Tier = reply["tier"] if reply.get("tier") in ("shape", "forbidden") else "error"
    return failed(question, tier, _words(reply.get("error")))


def _words(text: Any) -> str:
    return text if isinstance(text, str) else tr("it answered something unexpected")


def _stream(text: str) -> dict[str, Any]:
    return {"output_type": "stream", "name": "stderr", "text": text}


def _plain_output(output: Any) -> dict[str, Any] | None:
    """An output with nothing in it but texts where outputs have them; None if it is none."""
    if not isinstance(output, dict) or output.get("output_type") not in OUTPUT_KINDS:
        return None
    plain: dict[str, Any] = {"output_type": output["output_type"]}
    plain |= {name: output[name] for name in FIELDS if isinstance(output.get(name), str)}
    if isinstance(output.get("traceback"), list):
        plain["traceback"] = [line for line in output["traceback"] if isinstance(line, str)]
    if isinstance(output.get("data"), dict):
        data = output["data"].items()
        plain["data"] = {kind: text for kind, text in data if isinstance(text, str)}
    return plain


def _texts(output: dict[str, Any]) -> list[str]:
    own = [text for text in output.values() if isinstance(text, str)]
    return [*own, *output.get("traceback", ()), *output.get("data", {}).values()]
