"""The judge on honest work: right, wrong, missing, and broken."""

from conftest import RIGHT


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
