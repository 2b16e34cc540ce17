"""How a picture gets onto the page, and whether a phone can show it."""

import base64
import io
import os
import re
import subprocess
import sys
from xml.etree import ElementTree

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


def test_a_figure_of_one_s_own_goes_as_pixels_on_white_and_is_closed(shown):
    fig = plt.figure(figsize=(3, 2))
    fig.add_axes((0, 0, 1, 1)).set_axis_off()
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


def own_axes():
    fig, ax = plots.subplots(figsize=(3, 3))
    plots.number_grid(ax, [[1, 2], [3, 4]], "a title")
    return fig


RNG = np.random.default_rng(0)
VOLUMES = RNG.integers(0, 9, (6, 7, 3)), RNG.integers(-1, 2, (3, 3, 3, 2)), np.ones((4, 5, 2))
SHAPES = [(32, 32, 3), (28, 28, 6), (14, 14, 6), (10, 10, 16), (400,), (120,), (10,)]
PICTURES = [RNG.random((9, 12)), RNG.random((9, 12, 3))]
# One of each function that draws in the page's ink.
DRAWINGS = {
    "by_hand": lambda: plots.by_hand(np.ones((7, 7)), np.ones((3, 3)), -np.ones((3, 3))),
    "images": lambda: plots.images(PICTURES, ["gray", "colour"]),
    "curves": lambda: plots.curves({"a": [1, 20], "b": [2, 300]}, "step", "loss", log=True),
    "volumes": lambda: plots.volumes_by_hand(*VOLUMES),
    "network": lambda: plots.network(SHAPES, list("abcdefg")),
    "blocks": lambda: plots.block_diagram([["3×3", "ReLU"], []], "+", after=["ReLU"]),
    "confusion": lambda: plots.confusion([0, 1, 2], [0, 2, 2], 3),
    "subplots": own_axes,
}


def sizes(root: ElementTree.Element) -> list[float]:
    """The sizes of the words of a drawing, exponents left out, as the drawing has them."""
    found = re.findall(r"font-size: ([\d.]+)px", ElementTree.tostring(root, encoding="unicode"))
    return [float(size) for size in found if float(size) != 8.4]


@pytest.mark.parametrize("name", DRAWINGS)
def test_what_is_drawn_here_takes_the_page_s_ink(shown, name):
    fig = DRAWINGS[name]()
    wide = fig.get_figwidth() * 72
    plots.show(fig, "what\n it shows")
    ((data, options),) = shown
    svg = data["image/svg+xml"]
    assert set(data) == {"image/svg+xml", "text/plain"}
    assert options["metadata"] == {"image/svg+xml": {"alt": "what\n it shows"}}
    root = ElementTree.fromstring(svg)
    assert root.get("aria-label") == "what it shows"
    assert root[0].get("class") == "paper"  # white, where no page gives an ink
    assert "currentColor" in svg and plots.INK not in svg.replace(root.get("color"), "", 1)
    assert "font-family: " not in svg and "<style" not in svg and "<metadata" not in svg
    assert 0.5 * wide < int(root.get("width")) <= wide + 15
    # Shown at its least width, its smallest words have nine pixels.
    least = float(re.fullmatch(r"min-width: (\d+)px", root.get("style"))[1])
    if least < int(root.get("width")):
        assert min(sizes(root)) * least / int(root.get("width")) >= page.SMALLEST - 0.01
    else:
        assert min(sizes(root)) >= page.SMALLEST
    assert not plt.fignum_exists(fig.number)


def test_the_ids_of_a_drawing_are_its_own_and_all_are_there():
    """Drawings share a page: a clip path of one must not be that of another."""
    ids = {}
    for name, draw in DRAWINGS.items():
        svg = page.svg(draw())
        ids[name] = set(re.findall(r' id="([^"]+)"', svg))
        assert ids[name] == set(re.findall(r'(?:url\(|href=")#([^")]+)', svg))
    every = [each for some in ids.values() for each in some]
    assert len(every) == len(set(every)) > 0


def test_a_photograph_stands_in_its_drawing_as_pixels():
    picture = np.random.default_rng(0).random((20, 30, 3))
    root = ElementTree.fromstring(page.svg(plots.images([picture], width=2)))
    (image,) = root.iter(f"{{{page.SVG}}}image")
    png = base64.b64decode(image.get("href").removeprefix("data:image/png;base64,"))
    with Image.open(io.BytesIO(png)) as pixels:
        assert abs(pixels.width - 2 * plots.DPI) < 0.2 * plots.DPI


def test_a_legend_has_no_paper_of_its_own():
    fig, ax = plots.subplots(figsize=(3, 2))
    ax.plot([0, 1], label="a line")
    ax.legend(frameon=True)
    drawn = page.svg(fig, "a line and its name")
    assert "a line" in drawn
    assert drawn.count("#ffffff") == 1  # the page's paper, which the dark page leaves out


def test_numbers_on_light_cells_stay_dark():
    svg = page.svg(plots.by_hand([[1, 2, 3]], [[1]], [[1, 2, 3]]))
    colours = dict(re.findall(r"<text style=\"[^\"]*fill: ([^;\"]+)[^>]*>([^<]+)<", svg)[::-1])
    assert colours[plots.ON_LIGHT] in "123" and colours["currentColor"] not in "123"


def test_words_may_stand_in_the_cell_s_option(shown):
    plots.show(plots.images([np.ones((3, 4))]))
    ((data, options),) = shown
    assert options["metadata"] == {}
    assert data["text/plain"] == page.ELSEWHERE in data["image/svg+xml"]


@pytest.mark.parametrize("alt", ["", "  \n"])
def test_show_refuses_a_figure_without_words(shown, alt):
    with pytest.raises(ValueError, match="alt is empty"):
        plots.show(plt.figure(), alt)
    assert not shown


@pytest.mark.parametrize("name", ["by_hand", "images", "curves", "blocks", "confusion", "subplots"])
def test_most_drawings_need_not_scroll_on_a_phone(name):
    column = 346  # CSS pixels of a phone that is 390 wide
    root = ElementTree.fromstring(page.svg(DRAWINGS[name]()))
    assert float(re.search(r"\d+", root.get("style"))[0]) <= column


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
