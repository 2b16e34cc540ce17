"""The benchmark beside keras.io's example measures what it says. No time is asserted here."""

import pytest

from benchmarks import unet
from cnnlab.architectures import layer_table


def test_the_example_is_rebuilt():
    """What keras.io prints below its network: the parameters, for three classes."""
    assert unet.keras_io((160, 160, 3), 3).count_params() == 2_058_979


def test_ours_has_the_same_widths_at_the_same_sizes():
    found = {row.shape[1]: row.shape[2] for row in layer_table(unet.ours((160, 160, 3), 3))[1:]
             if row.name.endswith("conv2")}  # fmt: skip
    sizes = [160 // 2**level for level in range(1, 5)]
    assert [found[size] for size in sizes] == list(unet.WIDTHS)


@pytest.mark.slow
def test_both_are_timed_at_both_tasks():
    found = unet.run(size=32, batch=2, repeats=2)["beside keras.io"]
    assert set(found) == {"forward", "training step"}
    for task in found.values():
        ratio = task["seconds"]["ours"]["median"] / task["seconds"]["keras"]["median"]
        assert task["ours/keras"] == pytest.approx(ratio)
