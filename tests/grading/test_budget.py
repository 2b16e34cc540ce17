"""Work on what strangers wrote has a budget, and the next piece of work is not harmed by it."""

import os
import signal

import pytest

from cnnlab.grading.gradebook import budget as budget_module
from cnnlab.grading.gradebook.budget import Budget, BudgetError


@pytest.fixture(scope="module")
def budget():
    with Budget(seconds=1, memory=200 << 20) as one:
        yield one


def refuse(word):
    raise ValueError(word)


def recurse(depth):
    return recurse(depth + 1)


def spin():
    while True:
        pass


def test_work_gives_what_it_gives(budget):
    assert budget(divmod, 17, 5) == (3, 2)
    with pytest.raises(ValueError, match="a word"):
        budget(refuse, "a word")


@pytest.mark.parametrize(
    ("work", "arguments", "word"),
    [
        (spin, (), "longer than 1 s"),
        (bytes, (500 << 20,), "more than 209,715,200 bytes"),
        (recurse, (0,), "nested too deep"),
        (signal.raise_signal, (signal.SIGUSR1,), rf"brought .* down .*\(-{signal.SIGUSR1:d}\)"),
        (os._exit, (3,), r"\(3\)"),
    ],
)
def test_too_much_is_an_error_and_the_next_is_done(budget, work, arguments, word):
    with pytest.raises(BudgetError, match=word):
        budget(work, *arguments)
    assert budget(divmod, 17, 5) == (3, 2)


def test_many_pieces_may_take_more_than_one_together():
    with Budget(seconds=1) as budget:
        spent = [budget(_busy, 0.4) for _ in range(5)]
    assert sum(spent) >= 2 and len({round(one) for one in spent}) == 1


def _busy(seconds):
    started = budget_module.time.process_time()
    while budget_module.time.process_time() < started + seconds:
        pass
    return seconds
