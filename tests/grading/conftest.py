"""A judge of the small exercise, and hand-ins for it."""

import pytest
from toy_exercise import LIMITS, QUESTIONS

from cnnlab.grading import questions as catalogue
from cnnlab.grading.judge import judge as judge_module
from cnnlab.grading.judge.submission import Submission


@pytest.fixture(scope="session")
def toy():
    """The small exercise, in the place of the course's."""
    patch = pytest.MonkeyPatch()
    known = {one.id: one for one in QUESTIONS}
    patch.setattr(judge_module, "questions", lambda room: known)
    patch.setattr(judge_module, "version", lambda room: 1)
    yield known
    patch.undo()


@pytest.fixture(scope="session")
def judge(toy):
    with judge_module.Judge(secret=5, limits=LIMITS) as one:
        yield one


@pytest.fixture
def toy_room(toy, monkeypatch):
    """The small exercise as the only room there is."""
    monkeypatch.setattr(catalogue, "ROOMS", ("toy",))
    monkeypatch.setattr(catalogue, "questions", lambda room: toy)
    monkeypatch.setattr(catalogue, "version", lambda room: 1)


@pytest.fixture
def mark(judge):
    """Marks code cells; earned points, verdicts by question, and the whole result."""

    def marked(*cells, slot=0):
        handed_in = Submission("Ada", "ada.ipynb", "0" * 64, "toy", 1, cells, {})
        result = judge.mark(handed_in, slot)
        return {verdict.id: verdict for verdict in result.verdicts}, result

    return marked
