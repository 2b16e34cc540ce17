"""What pictures of matrices show: looked at as artists, and as pixels."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.colors import to_rgba

from cnnlab import plots


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
    (cells,) = ax.collections
    cells.update_scalarmappable()
    colours = cells.get_facecolors().reshape(2, 3, 4)
    assert (colours[1, 2] == 1).all()
    assert colours[0, 2, 0] < 0.65 and colours[1, 0, 0] < 0.65


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


def test_tiles_stand_in_reading_order_between_lines():
    pictures = np.arange(3 * 2 * 3).reshape(3, 2, 3)
    tiles = plots.tiled(pictures, columns=2)
    assert tiles.shape == (2 * 3 + 1, 2 * 4 + 1)
    for k, (top, left) in enumerate([(1, 1), (1, 5), (4, 1)]):
        np.testing.assert_array_equal(tiles[top : top + 2, left : left + 3], pictures[k])
    assert (tiles[::3] == 17).all() and (tiles[:, ::4] == 17).all()
    assert (tiles[4:, 5:] == 17).all()  # no fourth picture


def test_lines_between_signed_tiles_are_zero():
    assert plots.tiled(np.full((2, 3, 3), -1), columns=2)[0, 0] == 0


@pytest.mark.parametrize(("shape", "columns"), [((3, 3), 2), ((2, 3, 3), 0)])
def test_tiles_of_nothing(shape, columns):
    with pytest.raises(ValueError, match=r"pictures has shape|columns is"):
        plots.tiled(np.ones(shape), columns)


def test_confusion_counts_and_shades_mistakes_only():
    fig = plots.confusion([0, 0, 1, 2, 2, 2], [0, 0, 1, 1, 1, 2], classes=3)
    written = {text.get_position()[::-1]: text.get_text() for text in fig.axes[0].texts}
    assert written == {(0, 0): "2", (1, 1): "1", (2, 1): "2", (2, 2): "1"}
    np.testing.assert_array_equal(
        fig.axes[0].images[0].get_array(), [[0, 0, 0], [0, 0, 0], [0, 2, 0]]
    )


@pytest.mark.parametrize(
    ("truth", "predicted", "message"),
    [([0, 3], [0, 1], "truth"), ([0, 1], [0, -1], "predicted"), ([0, 1], [0], "1 labels")],
)
def test_confusion_of_wrong_labels(truth, predicted, message):
    with pytest.raises(ValueError, match=message):
        plots.confusion(truth, predicted, classes=3)
