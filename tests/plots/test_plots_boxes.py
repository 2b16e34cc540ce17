"""Boxes over a picture: where they lie, and whether their names can be read."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import to_rgb
from matplotlib.patches import Rectangle

from cnnlab.plots import LINES, draw_boxes, draw_picture

BOXES = np.array([[2, 1, 5, 4], [8, 3, 14, 10.5]])
PICTURE = np.linspace(0, 1, 12 * 16 * 3).reshape(12, 16, 3)


@pytest.fixture
def ax():
    yield plt.subplots()[1]
    plt.close("all")


def rectangles(ax):
    return [artist for artist in ax.get_children() if isinstance(artist, Rectangle)][:-1]


def test_a_box_lies_on_the_pixels_that_it_holds(ax):
    """A bright block in a dark picture, and its box: its lines run along the block's border."""
    picture = np.zeros((12, 16, 3))
    picture[3:10, 8:14] = 1
    draw_picture(ax, picture)
    draw_boxes(ax, [[8, 3, 14, 10]])
    (shown,) = ax.images
    left, right, bottom, top = shown.get_extent()
    columns, rows = np.flatnonzero(picture.any((0, 2))), np.flatnonzero(picture.any((1, 2)))
    pixel = (right - left) / 16, (bottom - top) / 12
    (frame,) = rectangles(ax)
    np.testing.assert_allclose(frame.get_xy(), (columns[0] * pixel[0], rows[0] * pixel[1]))
    size = len(columns) * pixel[0], len(rows) * pixel[1]
    np.testing.assert_allclose((frame.get_width(), frame.get_height()), size)


def test_each_box_has_its_colour_style_and_width(ax):
    draw_picture(ax, PICTURE)
    draw_boxes(ax, BOXES, LINES[:2], style="--", width=3)
    frames = rectangles(ax)
    assert [frame.get_bbox().extents.tolist() for frame in frames] == BOXES.tolist()
    assert [frame.get_edgecolor()[:3] for frame in frames] == [to_rgb(c) for c in LINES[:2]]
    assert {(frame.get_linestyle(), frame.get_linewidth()) for frame in frames} == {("--", 3)}
    assert not any(frame.get_fill() for frame in frames)
    assert not ax.texts


def test_names_stand_over_their_boxes_and_stay_in_the_picture(ax):
    draw_picture(ax, PICTURE)
    draw_boxes(ax, BOXES, "white", ["car", "motorcycle"])
    first, second = ax.texts
    assert (first.get_text(), first.get_position(), first.get_ha()) == ("car", (2, 1), "left")
    assert (second.get_position(), second.get_ha()) == ((14, 3), "right")
    assert first.get_va() == "bottom"


def test_no_name_no_label(ax):
    draw_picture(ax, PICTURE)
    draw_boxes(ax, BOXES, names=["", "car"])
    assert [text.get_text() for text in ax.texts] == ["car"]


@pytest.mark.parametrize("colour", [*LINES, "white", "black", "#ffb000", "C1", "#777777"])
def test_names_can_be_read_on_their_ground(ax, colour):
    """A contrast of at least 4.5, as WCAG asks for."""
    draw_boxes(ax, BOXES[:1], colour, ["car"])
    (text,) = ax.texts

    def light(name):
        c = np.array(to_rgb(name))
        linear = np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)
        return linear @ (0.2126, 0.7152, 0.0722)

    assert text.get_bbox_patch().get_facecolor()[:3] == to_rgb(colour)
    dark, bright = sorted(map(light, (text.get_color(), colour)))
    assert (bright + 0.05) / (dark + 0.05) >= 4.5


def test_a_box_over_the_border_moves_no_limits(ax):
    draw_picture(ax, PICTURE)
    draw_boxes(ax, [[-30, -5, 90, 40]])
    assert (ax.get_xlim(), ax.get_ylim()) == ((0, 16), (12, 0))
    assert not ax.axison


def test_no_boxes_are_fine(ax):
    draw_boxes(ax, np.empty((0, 4)), [], [])
    assert rectangles(ax) == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"boxes": BOXES[:, :3]}, r"boxes has shape \(2, 3\); expected \(N, 4\)"),
        ({"boxes": BOXES[:, ::-1]}, r"boxes\[0\] is .*expected \(x_min"),
        ({"colours": LINES[:1]}, "colours has 1 entries; expected 2"),
        ({"names": ["car"] * 3}, "names has 3 entries; expected 2"),
    ],
)
def test_what_is_refused(ax, arguments, message):
    with pytest.raises(ValueError, match=message):
        draw_boxes(ax, **{"boxes": BOXES} | arguments)
