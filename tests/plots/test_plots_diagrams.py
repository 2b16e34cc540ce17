"""Curves, and the ways through a block."""

import numpy as np
import pytest

from cnnlab import plots


def test_curves_keep_values_and_names():
    fig = plots.curves({"loss": [3, 2, 1], "validation": [4, 3]}, "epoch", "loss", log=True)
    ax = fig.axes[0]
    np.testing.assert_array_equal(ax.lines[0].get_ydata(), [3, 2, 1])
    np.testing.assert_array_equal(ax.lines[1].get_xdata(), [0, 1])
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["loss", "validation"]
    assert (ax.get_xlabel(), ax.get_ylabel(), ax.get_yscale()) == ("epoch", "loss", "log")
    assert ax.lines[0].get_color() != ax.lines[1].get_color()


@pytest.mark.parametrize(
    ("lines", "log", "message"),
    [
        ({}, False, "lines is empty"),
        ({"a": [1, np.inf]}, False, r"lines\['a'\]"),
        ({"a": [1, 0]}, True, "expected positive values"),
    ],
)
def test_curves_that_cannot_be_drawn_are_refused(lines, log, message):
    with pytest.raises(ValueError, match=message):
        plots.curves(lines, "step", "loss", log=log)


def test_a_block_shows_every_word_and_fits():
    ways = [["1×1, 96", "3×3, 128"], [], ["max pool\n3×3", "1×1, 32"]]
    fig = plots.block_diagram(ways, merge="concat", source="28×28×192", after=["ReLU"])
    words = [text.get_text() for text in fig.axes[0].texts if text.get_text()]
    expected = ["28×28×192", "concat", "ReLU", *(word for way in ways for word in way)]
    assert sorted(words) == sorted(expected)
    assert fig.get_size_inches()[0] <= plots.WIDTH
    boxes = [patch.get_window_extent() for patch in fig.axes[0].patches]
    apart = [not a.overlaps(b) for i, a in enumerate(boxes) for b in boxes[:i]]
    assert len(boxes) == len(words) and all(apart)
    fig.canvas.draw()
    for text in fig.axes[0].texts:
        if text.get_text():
            assert any(box.containsx(text.get_window_extent().x0) for box in boxes), text


def test_many_ways_are_drawn_smaller_rather_than_wider():
    fig = plots.block_diagram([["a rather long label of a layer"]] * 6, merge="+")
    assert fig.get_size_inches()[0] == pytest.approx(plots.WIDTH, rel=0.05)


@pytest.mark.parametrize("ways, merge", [([], "+"), ([[]], "+"), ([["a"], []], "")])
def test_blocks_that_cannot_be_drawn_are_refused(ways, merge):
    with pytest.raises(ValueError, match="expected"):
        plots.block_diagram(ways, merge)
