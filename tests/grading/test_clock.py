"""Time in the queue for a processor is nobody's own time."""

import os
import signal
import time

import pytest

from cnnlab.grading.judge import clock as clock_module
from cnnlab.grading.judge.clock import PATIENCE, Clock, family

needs_schedstat = pytest.mark.skipif(
    not os.path.exists("/proc/self/schedstat"),  # noqa: PTH110
    reason="this system does not say how long a thread has queued",
)


@pytest.fixture
def crowd():
    """Four busy processes on the same processor as this one."""
    free = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(free)})
    found = []
    for _ in range(4):
        if (process := os.fork()) == 0:
            while True:
                pass
        found.append(process)
    yield
    for process in found:
        os.kill(process, signal.SIGKILL)
        os.waitpid(process, 0)
    os.sched_setaffinity(0, free)


@needs_schedstat
def test_who_queues_spends_nothing(crowd):
    clock, started = Clock(), time.process_time()
    while time.process_time() - started < 0.1:
        pass
    assert clock.wall() > 0.2
    assert clock.own() < 0.6 * clock.wall()
    assert clock.crowded(0.5 * clock.wall() + clock.own() / 2)


def test_who_sleeps_spends_time():
    clock = Clock()
    time.sleep(0.2)
    assert clock.own() > 0.1
    assert clock.left(0.1) == 0 and clock.left(100) > 90
    assert not clock.crowded(0.1)


def test_patience_has_an_end(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(clock, "own", lambda: 0.0)
    monkeypatch.setattr(clock, "wall", lambda: PATIENCE * 5.0)
    assert clock.left(5) == 0 and clock.left(6) == PATIENCE and clock.crowded(5)


def test_where_the_system_does_not_say_all_time_counts(monkeypatch):
    monkeypatch.setattr(clock_module, "Path", lambda name: clock_module_path / name[1:])
    clock = Clock()
    time.sleep(0.05)
    assert clock.own() >= 0.05


clock_module_path = clock_module.Path("/nonexistent")


def test_a_process_and_its_child_are_a_family():
    if (child := os.fork()) == 0:
        time.sleep(60)
        os._exit(0)
    try:
        assert family(os.getpid())[0] == os.getpid()
        assert child in family(os.getpid())
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
