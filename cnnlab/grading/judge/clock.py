"""Time that a process spends itself, computing or asleep, and not in the queue for a processor.

Beside sixty busy neighbours, a second of work takes half a minute. It still counts as a second:
the system says how long each thread stood in the queue (``man 5 proc``, schedstat). Where it does
not say, all time counts.
"""

import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

PATIENCE = 4  # times as many seconds may pass on the wall as a process may spend


class Clock:
    """Counts from now on.

    Parameters
    ----------
    processes
        Numbers of processes that belong together; ``"self"`` is this one. Of all their threads, the
        one that queued longest says how long the others waited for it.
    """

    def __init__(self, processes: Iterable[int | str] = ("self",)) -> None:
        self.folders = [Path(f"/proc/{process}/task") for process in processes]
        self.queued = self._queued()
        self.started = time.monotonic()

    def _queued(self) -> dict[str, float]:
        """Seconds that each thread has stood in the queue so far."""
        seconds: dict[str, float] = {}
        for folder in self.folders:
            with suppress(OSError):  # it may have ended, or /proc may be hidden
                for thread in folder.iterdir():
                    with suppress(OSError, ValueError, IndexError):
                        nanoseconds = int((thread / "schedstat").read_text().split()[1])
                        seconds[thread.name] = nanoseconds / 1e9
        return seconds

    def wall(self) -> float:
        return time.monotonic() - self.started

    def own(self) -> float:
        """Seconds since the start without those in the queue."""
        now = self._queued()
        waits = (seconds - self.queued.get(thread, 0) for thread, seconds in now.items())
        wall = self.wall()
        return max(0.0, wall - max(waits, default=0.0))

    def left(self, seconds: float) -> float:
        """The seconds after which such a limit may be reached at the earliest; 0 if it is."""
        wall = self.wall()
        left = min(seconds - self.own(), PATIENCE * seconds - wall)
        return max(left, 0.0)

    def crowded(self, seconds: float) -> bool:
        """Whether it was others who used the time that has passed."""
        return self.own() < seconds


def family(process: int) -> list[int]:
    """A process and its children; of others of them it does not know."""
    children = Path(f"/proc/{process}/task/{process}/children")
    with suppress(OSError, ValueError):
        return [process, *map(int, children.read_text().split())]
    return [process]
