"""The judge: it knows the answers, and never runs a student's code.

It asks a child, in which the code runs, for answers to inputs that nobody has seen, and compares
what comes back with its own. Between them are bytes: see `wire.py`. Whatever the child does, the
judge gets arrays, an error, or nothing.
"""

import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from cnnlab.grading.answers.verdict import AnswerKey, Verdict, failed
from cnnlab.grading.judge.links import GRACE, START_SECONDS, ChildLink, EndedError, ZygoteLink
from cnnlab.grading.judge.result import Result
from cnnlab.grading.judge.sandbox import Limits
from cnnlab.grading.judge.submission import Submission
from cnnlab.grading.question import Question
from cnnlab.grading.questions import questions, version
from cnnlab.grading.texts import tr


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
        self.zygote = ZygoteLink(unsafe)
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

    def _run_cells(self, session: Session, child: ChildLink) -> None:
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
