"""The benchmark of non-max suppression runs, and compares equals. No time is asserted here."""

import numpy as np
import pytest

from benchmarks import nms
from benchmarks.__main__ import topics
from cnnlab.measured import measured


def test_the_benchmark_measures_what_it_says():
    found = nms.run(count=60, repeats=2)
    assert found.pop("boxes") == 60
    assert set(found) == set(nms.CASES)
    for case in found.values():
        times = case["seconds"]
        assert set(times) == {"ours", "tensorflow"}
        ratio = times["ours"]["median"] / times["tensorflow"]["median"]
        assert case["ours/tensorflow"] == pytest.approx(ratio)
    kept = [case["kept"] for case in found.values()]
    assert kept == sorted(kept) and 0 < kept[0] < kept[-1] <= 60


@pytest.mark.parametrize("objects", nms.CASES.values())
def test_boxes_are_those_that_were_promised(objects):
    boxes, scores = nms.boxes_and_scores(500, objects)
    assert boxes.shape == (500, 4) and scores.shape == (500,)
    assert boxes.dtype == scores.dtype == "float32"
    np.testing.assert_array_equal(boxes, boxes.round())
    assert (boxes[:, :2] < boxes[:, 2:]).all()
    different = len(np.unique((boxes[:, :2] // 100), axis=0))
    assert different <= 4 * (objects or 100)


def test_it_is_a_topic():
    assert topics()["nms"] is nms.run


def test_what_was_measured_can_be_quoted():
    found = measured("nms")
    assert found["boxes"] == 10_000
    for case in nms.CASES:
        assert found[case]["ours/tensorflow"] <= 1
