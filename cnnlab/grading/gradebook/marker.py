"""A judge that is shared by threads, and started anew when it dies."""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from queue import SimpleQueue
from threading import Lock
from typing import Any

from cnnlab.grading.judge.judge import Judge
from cnnlab.grading.judge.sandbox import Limits
from cnnlab.grading.judge.submission import Submission

MarkFunction = Callable[[Submission], dict[str, Any]]


class StoppedError(Exception):
    """The run cannot go on; what was graded is kept."""


class Marker:
    """A judge, and the slots of those who share it."""

    def __init__(
        self,
        secret: int,
        limits: Limits,
        unsafe: bool,
        slots: Iterable[int],
        private: Sequence[Path] = (),
    ) -> None:
        self.make: Callable[[], Judge] = lambda: Judge(secret, limits, unsafe, private)
        self.judge = self.make()
        self.closed = False
        self.lock = Lock()
        self.slots: SimpleQueue[int] = SimpleQueue()
        for slot in slots:
            self.slots.put(slot)

    def mark(self, submission: Submission) -> dict[str, Any]:
        """What the judge says, as `Result.as_dict` has it.

        If the process that runs students' code has died, a new one is started, and the submission
        gets a second chance.
        """
        slot = self.slots.get()
        try:
            judge = self.judge
            try:
                return judge.mark(submission, slot).as_dict()
            except (EOFError, OSError):
                return self._renewed(judge).mark(submission, slot).as_dict()
        finally:
            self.slots.put(slot)

    def _renewed(self, broken: Judge) -> Judge:
        with self.lock:
            if self.closed:
                raise StoppedError("the judge is closed")
            if self.judge is broken:
                broken.close()
                self.judge = self.make()
            return self.judge

    def close(self) -> None:
        with self.lock:
            self.closed = True
            self.judge.close()
