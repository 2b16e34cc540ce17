"""What the pictures show: looked at as artists, and as pixels."""

import base64
import io

import matplotlib.pyplot as plt
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.colors import to_rgba
from PIL import Image

from cnnlab import plots


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


@pytest.fixture
def ax():
    return plt.subplots()[1]


def words(ax):
    return [text.get_text() for text in ax.texts]


def test_cells_hold_their_numbers_row_by_row(ax):
    plots.number_grid(ax, [[1, -2, 0], [0.5, 30, -0.0]], title="two rows")
    assert words(ax) == ["1", "−2", "0", "0.50", "30", "0"]
    assert [text.get_position() for text in ax.texts][:4] == [
        (0.5, 0.5),
        (1.5, 0.5),
        (2.5, 0.5),
        (0.5, 1.5),
    ]
    assert ax.get_xlim() == (0, 3)
    assert ax.get_ylim() == (2, 0)  # row 0 on top
    assert ax.get_title() == "two rows"


def test_a_cells_number_stands_on_the_colour_of_its_own_value(ax):
    plots.number_grid(ax, [[0, 0, 0], [0, 0, 9]])
    pixels = ax.images[0].make_image(ax.figure.canvas.get_renderer())[0]
    height, width = pixels.shape[:2]
    assert pixels[height // 4, 5 * width // 6, 0] == 255  # upwards: bottom right is white
    assert pixels[3 * height // 4, width // 6, 0] < 160


def test_the_frame_goes_around_the_window(ax):
    plots.number_grid(ax, np.zeros((4, 6)), window=(1, 2, 3, 2))
    (frame,) = ax.patches
    assert (frame.get_xy(), frame.get_width(), frame.get_height()) == ((2, 1), 2, 3)


@pytest.mark.parametrize("window", [(0, 5, 1, 2), (-1, 0, 2, 2), (0, 0, 5, 1), (0, 0, 0, 1)])
def test_a_window_outside_is_refused(ax, window):
    with pytest.raises(ValueError, match=r"window is .* inside 4 rows and 6 columns"):
        plots.number_grid(ax, np.zeros((4, 6)), window=window)


@pytest.mark.parametrize("array", [[1, 2], [[[1]]], [[]], [[1, np.nan]]])
def test_what_is_no_matrix_of_numbers_is_refused(ax, array):
    with pytest.raises(ValueError, match="array"):
        plots.number_grid(ax, array)


def test_dark_numbers_can_be_read_on_every_cell():
    def luminance(colour):
        parts = np.array(to_rgba(colour)[:3])
        linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
        return linear @ [0.2126, 0.7152, 0.0722]

    for colours in (plots.GRAYS, plots.SIGNED_CELLS):
        for place in np.linspace(0, 1, 21):
            ratio = (luminance(colours(place)) + 0.05) / (luminance(plots.INK) + 0.05)
            assert ratio >= 4.5, (colours.name, place)


@given(st.floats(-1e6, 1e6))
def test_written_numbers_read_back(number):
    text = plots.written(number).replace("−", "-")
    assert abs(float(text) - number) <= 0.005 + 1e-9 * abs(number)
    assert text != "-0"
    assert text != "-0.00"


def test_by_hand_marks_the_window_that_made_the_cell():
    image = np.arange(63).reshape(7, 9)
    fig = plots.by_hand(image, np.ones((3, 2)), np.zeros((3, 4)), step=(1, 3), stride=2)
    first, kernel, result = (fig.axes[i] for i in (0, 1, 2))
    assert [ax.get_title() for ax in (first, kernel, result)] == ["7 × 9", "3 × 2", "3 × 4"]
    assert first.patches[0].get_xy() == (6, 2)
    assert (first.patches[0].get_width(), first.patches[0].get_height()) == (2, 3)
    assert not kernel.patches
    assert result.patches[0].get_xy() == (3, 1)
    assert [words(ax) for ax in fig.axes[3:]] == [["∗"], ["="]]


def test_by_hand_draws_cells_of_one_size():
    fig = plots.by_hand(np.ones((6, 6)), np.ones((3, 3)), np.ones((4, 4)))
    fig.canvas.draw()
    sides = [
        ax.get_window_extent().width / columns
        for ax, columns in zip(fig.axes[:3], (6, 3, 4), strict=True)
    ]
    np.testing.assert_allclose(sides, sides[0], rtol=0.02)
    assert fig.get_figwidth() <= plots.WIDTH


def test_by_hand_refuses_a_step_that_is_not_in_the_result():
    with pytest.raises(ValueError, match="window"):
        plots.by_hand(np.ones((6, 6)), np.ones((3, 3)), np.ones((4, 4)), step=(0, 4))


def test_zero_is_white_and_the_sign_decides_the_colour():
    fig = plots.images([np.array([[-1.0, 0.0, 3.0]])])
    drawn = fig.axes[0].images[0]
    orange, white, blue = drawn.cmap(drawn.norm([-3.0, 0.0, 3.0]))[:, :3]
    assert white.min() > 0.95
    assert orange[0] > orange[2]
    assert blue[2] > blue[0]
    assert (drawn.norm.vmin, drawn.norm.vmax) == (-3, 3)


def test_pictures_without_signs_are_gray_from_zero():
    fig = plots.images([np.array([[0.2, 0.8], [0.4, 0.5]]), np.zeros((2, 3))], ["a", "b"])
    first, second = (ax.images[0] for ax in fig.axes)
    assert first.cmap.name == "gray"
    assert (first.norm.vmin, first.norm.vmax) == (0, 0.8)
    assert (second.norm.vmin, second.norm.vmax) == (0, 1)
    assert [ax.get_title() for ax in fig.axes] == ["a", "b"]


def test_one_scale_makes_pictures_comparable():
    fig = plots.images([np.ones((2, 3)), -2 * np.ones((2, 3))], largest=4)
    scales = [(ax.images[0].norm.vmin, ax.images[0].norm.vmax) for ax in fig.axes]
    assert scales == [(0, 4), (-4, 4)]


def test_colours_are_drawn_as_they_are():
    picture = np.zeros((4, 5, 3))
    picture[:, :, 1] = 1
    drawn = plots.images([picture]).axes[0].images[0]
    np.testing.assert_array_equal(drawn.get_array(), picture)


def test_pictures_stand_in_rows():
    fig = plots.images([np.ones((4, 6))] * 5, columns=2, width=5)
    assert fig.axes[0].get_subplotspec().get_gridspec().get_geometry() == (3, 2)
    assert sum(bool(ax.images) for ax in fig.axes) == 5
    assert fig.get_figwidth() == 5


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"pictures": []}, "pictures is empty"),
        ({"pictures": [np.ones(3)]}, r"pictures\[0\] has shape \(3,\)"),
        ({"pictures": [np.ones((3, 4, 2))]}, r"pictures\[0\] has shape \(3, 4, 2\)"),
        ({"pictures": [np.full((3, 4, 3), 255)]}, "to 255"),
        ({"pictures": [np.ones((3, 4))], "titles": ["a", "b"]}, "titles has 2 entries; expected 1"),
        ({"pictures": [np.ones((3, 4))], "width": 9}, "width is 9"),
        ({"pictures": [np.ones((3, 4))], "largest": 0}, "largest is 0"),
    ],
)
def test_what_cannot_be_drawn_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        plots.images(**arguments)


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


@pytest.fixture
def shown(monkeypatch):
    sent = []
    monkeypatch.setattr(plots, "display", lambda data, **options: sent.append((data, options)))
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
