"""The loop that style transfer is timed beside does the same."""

import numpy as np

from benchmarks import style as benchmark
from cnnlab.data import painting, photo
from cnnlab.style import style_transfer


def test_both_paint_the_same_picture():
    content, manner = photo("cat", (40, 48)), painting("waves", (40, 48))
    shortest = benchmark.shortest(content, manner, steps=5)[0, 8:-8, 8:-8]
    made = style_transfer(content, manner, steps=5, progress=False)
    assert np.abs(made.frames[-1] / 255 - shortest).mean() < 0.01
    assert np.abs(made.frames[0] / 255 - shortest).mean() > 0.02


def test_the_report():
    found = benchmark.run(steps=2, repeats=2)
    assert found["steps"] == 2
    assert set(found["seconds"]) == {"style_transfer", "shortest loop"}
    assert found["ratio"]["fastest"] > 0
