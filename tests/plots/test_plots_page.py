"""How a picture gets onto the page, and whether a phone can show it."""

import base64
import io
import os
import subprocess
import sys

import matplotlib.pyplot as plt
import numpy as np
import pytest
from PIL import Image

from cnnlab import plots
from cnnlab.plots import page


@pytest.fixture
def shown(monkeypatch):
    sent = []
    monkeypatch.setattr(page, "display", lambda data, **options: sent.append((data, options)))
    return sent


def test_show_sends_the_picture_with_its_alt_text_and_closes_it(shown):
    fig = plots.images([np.ones((4, 6))], width=3)
    plots.show(fig, "a white picture")
    ((data, options),) = shown
    assert options["metadata"] == {"image/png": {"alt": "a white picture"}}
    assert data["text/plain"] == "a white picture"
    with Image.open(io.BytesIO(base64.b64decode(data["image/png"]))) as image:
        pixels = np.asarray(image.convert("RGB"))
        assert round(image.info["dpi"][0]) == plots.DPI
    assert abs(pixels.shape[1] - 3 * plots.DPI) <= 0.3 * plots.DPI
    assert (pixels[pixels.shape[0] // 2, pixels.shape[1] // 2] == 255).all()
    assert not plt.fignum_exists(fig.number)


@pytest.mark.parametrize("alt", ["", "  \n"])
def test_show_refuses_a_figure_without_words(shown, alt):
    with pytest.raises(ValueError, match="alt is empty"):
        plots.show(plt.figure(), alt)
    assert not shown


def test_all_words_can_be_read_on_a_phone():
    column = 310  # CSS pixels of text on a phone that is 390 wide
    grid = np.ones((2, 2))
    figures = {
        "images": plots.images([grid] * 3, ["a", "b", "c"]),
        "by_hand": plots.by_hand(np.ones((7, 7)), np.ones((3, 3)), np.ones((3, 3))),
        "curves": plots.curves({"a": [1, 2], "b": [2, 3]}, "step", "loss"),
    }
    for name, fig in figures.items():
        scale = min(1, column / (72 * fig.get_figwidth()))
        for ax in fig.axes:
            texts = [ax.title, *ax.texts]
            if ax.axison:
                texts += [ax.xaxis.label, *ax.get_xticklabels(), *ax.get_yticklabels()]
            if ax.get_legend():
                texts += ax.get_legend().get_texts()
            assert all(text.get_fontsize() * scale >= 9 for text in texts), name


def test_matplotlib_is_left_as_it_was():
    """A page, and a student's own figure, are nobody else's to style."""
    probe = (
        "import matplotlib as m; before = dict(m.rcParams); from cnnlab import plots;"
        "fig = plots.by_hand([[1, 2]], [[3]], [[3, 6]]); plots.show(fig, 'one times three');"
        "assert dict(m.rcParams) == before; print(fig.axes[0].title.get_fontsize())"
    )
    done = subprocess.run(
        [sys.executable, "-c", probe],
        env=os.environ | {"MPLBACKEND": "agg"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split()[-1] == "14.0"
