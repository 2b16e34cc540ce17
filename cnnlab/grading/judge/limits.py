"""What a hand-in may use."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """What a submission may use.

    Attributes
    ----------
    cell_seconds, call_seconds, total_seconds
        Of a cell, of one call of an answer, and of the whole submission.
    memory
        Bytes that a process may add to those that the libraries take. All processes of a submission
        together may have twice as many.
    processes
        Processes and threads at once.
    disk
        Bytes of all files together; they lie in memory.
    """

    cell_seconds: float = 60
    call_seconds: float = 10
    total_seconds: float = 600
    memory: int = 2 << 30
    processes: int = 64
    disk: int = 64 << 20
