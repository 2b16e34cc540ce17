"""The benchmark beside keras.applications measures what it says. No time is asserted here."""

import pytest

from benchmarks import architectures


@pytest.mark.slow
def test_both_networks_are_timed_at_both_tasks():
    found = architectures.run(["MobileNetV2"], size=32, batch=2, repeats=2)
    assert set(found) == {"MobileNetV2"}
    assert set(found["MobileNetV2"]) == {"forward", "training step"}
    for task in found["MobileNetV2"].values():
        assert set(task["seconds"]) == {"ours", "keras"}
        ratio = task["seconds"]["ours"]["median"] / task["seconds"]["keras"]["median"]
        assert task["ours/keras"] == pytest.approx(ratio)


def test_the_networks_are_those_that_were_promised():
    assert set(architectures.TWINS) == {"ResNet50", "MobileNetV2", "EfficientNetB0"}
