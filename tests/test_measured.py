"""What was measured, as pages quote it."""

from pytest import approx

from benchmarks import over_seeds
from cnnlab.measured import PEERS, beside_peers, in_words, read, runs


def test_runs_are_quoted_in_their_order():
    found = over_seeds([0.9761, 0.9688, 0.9])
    assert runs(found) == "97.6%, 96.9%, 90.0%"
    assert runs(found, ".3f") == "0.976, 0.969, 0.900"
    assert runs(over_seeds([12.4]), ".0f") == "12"


def test_every_comparison_is_measured_and_its_numbers_are_the_file_s():
    rows = beside_peers()
    assert len(rows) == len(PEERS) > 10
    conv, *_, marking = rows
    results = read()
    assert conv["ratio"] * results["convolution"]["large"]["im2col/tensorflow"] == approx(1, 1e-4)
    assert marking["ratio"] == approx(results["grading"]["ours/nbgrader"], 1e-4)


def test_a_ratio_above_one_says_that_ours_is_faster():
    timed = {"ours": {"median": 0.002}, "tensorflow": {"median": 0.003}}
    places = ("around 10 objects", "around 200 objects", "anywhere")
    results = {
        "nms": {place: {"seconds": timed} for place in places},
        "grading": {"hand-ins a minute": {"ours": 100.0, "nbgrader": 50.0}},
    }
    rows = beside_peers(results)
    assert [row["ratio"] for row in rows] == approx([1.5, 1.5, 1.5, 2.0])
    assert in_words(rows[0])[2:] == ("2.0\u00a0ms", "3.0\u00a0ms", "1.50")
    assert in_words(rows[3])[2:] == ("100 a minute", "50 a minute", "2.00")
