"""The pictures of volumes and of a whole network."""

import numpy as np
import pytest
from matplotlib.patches import Polygon, Rectangle
from numpy.lib.stride_tricks import sliding_window_view

from cnnlab import plots


@pytest.fixture
def example():
    """An image of 5 × 7 × 3, two filters of 2 × 3 × 3, and their product."""
    rng = np.random.default_rng(0)
    image = rng.integers(0, 10, (5, 7, 3))
    filters = rng.integers(-1, 2, (2, 3, 3, 2))
    windows = sliding_window_view(image, (2, 3), (0, 1))  # (4, 5, 3, 2, 3)
    return image, filters, np.einsum("hwcij,ijck->hwk", windows, filters)


def texts(fig):
    return [text.get_text() for text in fig.axes[0].texts if text.get_text()]


def frames(fig):
    """The thick rectangles: left, bottom, width, height."""
    patches = [patch for patch in fig.axes[0].patches if isinstance(patch, Rectangle)]
    return [
        np.round(patch.get_bbox().bounds, 6).tolist()
        for patch in patches
        if patch.get_linewidth() == 3
    ]


def test_volumes_write_every_number_that_can_be_seen(example):
    image, filters, result = example
    written = texts(plots.volumes_by_hand(image, filters, result))

    def visible(volume):
        H, W, C = volume.shape
        return H * W + (C - 1) * (H + W - 1)

    signs_and_sizes = ["∗", "=", "5 × 7 × 3", "2 filters\n2 × 3 × 3", "4 × 5 × 2"]
    volumes = [image, filters[..., 0], filters[..., 1], result]
    assert set(signs_and_sizes) <= set(written)
    assert len(written) == len(signs_and_sizes) + sum(map(visible, volumes))
    for number in result[..., 0].flat:
        assert plots.written(number) in written


def test_volumes_frame_the_window_in_each_channel_and_the_cell_in_each_result(example):
    sizes = [frame[2:] for frame in frames(plots.volumes_by_hand(*example, step=(3, 4)))]
    assert sizes.count([3, 2]) == 3
    assert sizes.count([1, 1]) == 2
    assert len(sizes) == 5


def test_volumes_move_the_frame_with_the_step(example):
    at = {step: frames(plots.volumes_by_hand(*example, step=step))[0] for step in [(0, 0), (2, 1)]}
    assert at[2, 1][0] - at[0, 0][0] == pytest.approx(1)
    assert at[2, 1][1] - at[0, 0][1] == pytest.approx(-2)  # down


def test_volumes_fit_the_page(example):
    assert plots.volumes_by_hand(*example).get_figwidth() <= plots.WIDTH


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"image": np.zeros((5, 7))}, "image has shape"),
        ({"image": np.zeros((5, 7, 4))}, "filters has shape"),
        ({"result": np.zeros((4, 5, 3))}, "filters has shape"),
        ({"step": (4, 0)}, "step is"),
        ({"result": np.zeros((5, 5, 2)), "step": (4, 0)}, "its window"),
    ],
)
def test_volumes_that_do_not_belong_together(example, change, message):
    given = dict(zip(("image", "filters", "result"), example, strict=True)) | change
    with pytest.raises(ValueError, match=message):
        plots.volumes_by_hand(**given)


def test_network_draws_heights_to_scale():
    fig = plots.network([(32, 20, 3), (16, 10, 6), (120,)], ["input", "POOL", "FC"])
    polygons = [patch for patch in fig.axes[0].patches if isinstance(patch, Polygon)]
    fronts = [np.ptp(patch.get_xy()[:, 1]) for patch in polygons[::3]]
    assert len(polygons) == 9  # three faces each
    assert fronts[:2] == [32, 16]
    assert texts(fig) == ["input\n32 × 20\n× 3", "POOL\n16 × 10\n× 6", "FC\n120"]


@pytest.mark.parametrize(
    ("shapes", "names"), [([], []), ([(3, 3, 1)], []), ([(3, 3)], ["a"]), ([(0, 3, 1)], ["a"])]
)
def test_network_of_impossible_shapes(shapes, names):
    with pytest.raises(ValueError, match=r"names has|shapes"):
        plots.network(shapes, names)
