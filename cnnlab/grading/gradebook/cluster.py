"""Marking on a Dask cluster: each worker keeps a judge, and marks as this machine would."""

import os
from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from functools import cache, partial
from threading import Lock
from typing import Any

from cnnlab.grading.gradebook.marker import Marker, MarkFunction
from cnnlab.grading.judge.sandbox import Limits
from cnnlab.grading.judge.submission import Submission

FIRST_SLOT, SLOTS = 64, 16  # of a worker; workers of one machine are told apart by their process
SCHEME = "dask://"
SECONDS = 30  # to find the scheduler
LOCK = Lock()


@contextmanager
def connected(
    address: str, secret: int, limits: Limits, unsafe: bool
) -> Iterator[tuple[Executor, MarkFunction, int]]:
    """An executor on the cluster, the function that marks there, and how many at a time.

    Parameters
    ----------
    address
        ``dask://host:port`` of the scheduler.
    secret, limits, unsafe
        Of the judges.

    Raises
    ------
    ValueError
        If the address is none, the package ``distributed`` is missing, or nobody answers there.
    """
    if not address.startswith(SCHEME):
        raise ValueError(f"the executor is {address!r}; expected dask://host:port")
    try:
        from distributed import Client
    except ImportError as error:
        raise ValueError(
            f"the executor {address} needs Dask: pip install 'cnnlab[cluster]'"
        ) from error
    try:
        client = Client("tcp://" + address.removeprefix(SCHEME), timeout=SECONDS)
    except (OSError, TimeoutError, ValueError) as error:
        raise ValueError(f"no Dask scheduler answers at {address}: {error}") from error
    with client:
        jobs = sum(client.nthreads().values())
        if jobs == 0:
            raise ValueError(f"the Dask cluster at {address} has no workers")
        mark = partial(mark_there, secret, limits, unsafe)
        yield client.get_executor(pure=False, retries=0), mark, jobs


def mark_there(secret: int, limits: Limits, unsafe: bool, submission: Submission) -> dict[str, Any]:
    """MarkFunction in this worker."""
    with LOCK:
        marker = _marker(secret, limits, unsafe)
    return marker.mark(submission)


@cache
def _marker(secret: int, limits: Limits, unsafe: bool) -> Marker:
    """One for the life of the worker: starting a judge takes seconds."""
    first = FIRST_SLOT + SLOTS * (os.getpid() % 200)
    return Marker(secret, limits, unsafe, range(first, first + SLOTS))
