"""Hand-ins are marked side by side, here or on a cluster, and come back as they end."""

import sys
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ThreadPoolExecutor, wait
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from tqdm import tqdm

from cnnlab.grading.gradebook.budget import Budget, BudgetError
from cnnlab.grading.gradebook.files import ZIP_ERRORS, UnreadableError
from cnnlab.grading.gradebook.intake import Entry
from cnnlab.grading.gradebook.marker import Marker, MarkFunction
from cnnlab.grading.gradebook.options import Options
from cnnlab.grading.judge.result import Result
from cnnlab.grading.judge.sandbox import LEVELS, IsolationError
from cnnlab.grading.judge.submission import Submission


@dataclass(frozen=True)
class Task:
    """A hand-in that is being marked."""

    entry: Entry
    submission: Submission | None


def marked(
    options: Options, secret: int, entries: list[Entry]
) -> Iterator[tuple[Task, Result | Exception]]:
    """Hand-ins with their results, as they come, or with the error that prevented one."""
    if not entries:
        return
    with ExitStack() as stack:
        pool, mark, jobs = stack.enter_context(_pool(options, secret, len(entries)))
        bar = tqdm(total=len(entries), unit="hand-in", file=sys.stderr, disable=None)
        stack.enter_context(bar)
        again: list[tuple[Task, Result]] = []
        for future, task in _in_order_of_their_end(pool, mark, entries, 2 * jobs):
            error = future.exception()
            if isinstance(error, IsolationError):
                raise error
            result = error or Result.from_dict(future.result())
            if isinstance(result, Result) and result.crowded and jobs > 1:
                again.append((task, result))
                continue
            yield task, result
            bar.update()
        for task, result in again:  # alone, so that nobody loses points to a neighbour
            yield task, _second_try(pool, mark, task, result)
            bar.update()


def _second_try(pool: Executor, mark: MarkFunction, task: Task, first: Result) -> Result:
    """The better result of two; the second try has the machine for itself."""
    try:
        second = Result.from_dict(pool.submit(mark, task.submission).result())
    except Exception:
        return first
    return max(first, second, key=lambda result: result.earned)


def _in_order_of_their_end(
    pool: Executor, mark: MarkFunction, entries: list[Entry], most: int
) -> Iterator[tuple[Future, Task]]:
    """Futures with their tasks; at most so many wait at a time, so that memory stays flat."""
    waiting: dict[Future, Task] = {}
    with Budget() as budget:
        for entry in entries:
            try:
                loaded = entry.load(budget)
            except (UnreadableError, BudgetError, *ZIP_ERRORS) as error:
                broken: Future = Future()  # it could be read a moment ago
                broken.set_exception(error)
                waiting[broken] = Task(entry, None)
            else:
                waiting[pool.submit(mark, loaded)] = Task(entry, loaded)
            while len(waiting) >= most:
                yield from _ended(waiting)
    while waiting:
        yield from _ended(waiting)


def _ended(waiting: dict[Future, Task]) -> Iterator[tuple[Future, Task]]:
    done, _ = wait(waiting, return_when=FIRST_COMPLETED)
    for future in [future for future in waiting if future in done]:
        yield future, waiting.pop(future)


@contextmanager
def _pool(
    options: Options, secret: int, count: int
) -> Iterator[tuple[Executor, MarkFunction, int]]:
    """An executor, the function that marks there, and how many it marks at a time."""
    if options.executor:
        from cnnlab.grading.gradebook.cluster import connected

        with connected(options.executor, secret, options.limits, options.unsafe) as parts:
            yield parts
        return
    jobs = min(options.jobs, count)
    private = (options.submissions, options.output, *options.private)
    marker = Marker(secret, options.limits, options.unsafe, range(jobs), private)
    if (level := marker.judge.zygote.level) != "full":
        print(f"Students' code runs with {LEVELS[level]}.", file=sys.stderr)
    pool = ThreadPoolExecutor(jobs)
    try:
        yield pool, marker.mark, jobs
    finally:
        # After Ctrl-C, what runs is ended too: nobody waits for its result.
        pool.shutdown(wait=False, cancel_futures=True)
        marker.close()
