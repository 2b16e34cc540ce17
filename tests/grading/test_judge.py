"""The judge on honest work: right, wrong, missing, and broken."""

from toy_exercise import RIGHT

from cnnlab.grading.judge.submission import Submission


def test_right_answers_get_all_points(mark):
    verdicts, result = mark(*RIGHT)
    assert {name: verdict.tier for name, verdict in verdicts.items()} == dict.fromkeys(
        ("area", "scaled", "layer", "model"), "pass"
    ), result
    assert (result.earned, result.points) == (10, 10)
    assert result.notes == []


def test_a_known_mistake_is_named(mark):
    verdicts, _ = mark("import numpy as np", "def scaled(X, factor): return X.T * factor")
    assert verdicts["scaled"].tier == "mistake"
    assert verdicts["scaled"].mistake == "transposed"
    assert verdicts["area"].tier == "missing"


def test_a_hand_in_for_another_version_is_marked_and_that_is_said(judge):
    result = judge.mark(Submission("Ada", "ada.ipynb", "0" * 64, "toy", 2, RIGHT[:3], {}))
    assert result.notes == ["It answers version 2 of the exercise; it was marked by version 1."]
    assert result.earned == 3
