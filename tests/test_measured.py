"""What was measured, as pages quote it."""

from benchmarks import over_seeds
from cnnlab.measured import runs


def test_runs_are_quoted_in_their_order():
    found = over_seeds([0.9761, 0.9688, 0.9])
    assert runs(found) == "97.6%, 96.9%, 90.0%"
    assert runs(found, ".3f") == "0.976, 0.969, 0.900"
    assert runs(over_seeds([12.4]), ".0f") == "12"
