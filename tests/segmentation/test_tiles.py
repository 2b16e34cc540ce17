"""Tiles: every pixel once, equal to the whole image, and no more memory for a larger one."""

import tracemalloc

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnnlab.segmentation import predict_tiled, unet, unet_sizes


class Window:
    """Gives the middle of what it sees, plus 1; and remembers what it saw."""

    def __init__(self, tile, margin, channels=2):
        self.input_shape = (None, *tile, channels)
        self.output_shape = (
            None,
            *(n - 2 * m for n, m in zip(tile, margin, strict=True)),
            channels,
        )
        self.margin, self.seen = margin, []

    def predict_on_batch(self, x):
        assert x.shape[1:] == self.input_shape[1:] and x.dtype == np.float32
        self.seen.append(x)
        (top, left), (H, W) = self.margin, x.shape[1:3]
        return x[:, top : H - top, left : W - left] + 1


@given(
    st.tuples(st.integers(1, 40), st.integers(1, 40)),
    st.tuples(st.integers(10, 17), st.integers(10, 17)),
    st.tuples(st.integers(0, 3), st.integers(0, 3)),
    st.sampled_from([1, 2]),
    st.sampled_from([None, 0, 1]),
)
def test_every_pixel_gets_its_own_prediction(size, tile, margin, multiple, overlap):
    image = np.random.default_rng(0).random((*size, 2), "float32")
    window = Window(tile, margin)
    found = predict_tiled(window, image, overlap, multiple, progress=False)
    np.testing.assert_array_equal(found, image + 1)


def test_what_lies_beyond_the_border_is_a_mirror():
    image = np.random.default_rng(0).random((9, 5, 1), "float32")
    window = Window((12, 16), (2, 4), 1)
    predict_tiled(window, image, multiple=4, progress=False)
    around = np.pad(image, ((20, 20), (20, 20), (0, 0)), "reflect")  # reflects as often as needed
    first = window.seen[0][0]
    np.testing.assert_array_equal(first, around[16 : 16 + 12, 16 : 16 + 16])


def twins(shape, whole, padding, depth, up="transposed"):
    """A network for tiles, and the same weights for the whole image."""
    keras.utils.set_random_seed(0)
    nets = [unet((*size, 2), 3, 3, depth, padding, up) for size in (shape, whole)]
    nets[1].set_weights(nets[0].get_weights())
    return nets


@pytest.mark.networks
@pytest.mark.parametrize("up", ["transposed", "resize"])
def test_valid_is_exactly_the_whole_image(up):
    """Pixels whose prediction the whole image gives too: in all of them, not only most."""
    sizes = {"transposed": ((60, 68), (100, 84)), "resize": ((68, 76), (108, 92))}[up]
    small, large = twins(*sizes, "valid", 2, up)
    image = np.random.default_rng(1).random((*sizes[1], 2), "float32")
    whole = large.predict_on_batch(image[None])[0]
    margin = (sizes[1][0] - unet_sizes(sizes[1][0], 2, "valid", up).output) // 2
    found = predict_tiled(small, image, multiple=4, progress=False)
    assert found.shape == (*sizes[1], 3) and np.ptp(whole[..., 0]) > 0.05
    inner = found[margin:-margin, margin:-margin]
    np.testing.assert_allclose(inner, whole, atol=1e-5)
    # A multiple that is not the network's meets other pairs of cells.
    other = predict_tiled(small, image, multiple=3, progress=False)[margin:-margin, margin:-margin]
    assert np.abs(other - whole).max() > 1e-3


@pytest.mark.networks
def test_same_is_the_whole_image_where_the_overlap_is_what_the_network_sees():
    """Up to the image's border, since a tile there has the same border."""
    small, large = twins((48, 56), (104, 96), "same", 1)
    image = np.random.default_rng(1).random((104, 96, 2), "float32")
    whole = large.predict_on_batch(image[None])[0]
    found = predict_tiled(small, image, overlap=16, multiple=2, progress=False)
    np.testing.assert_allclose(found, whole, atol=1e-5)
    # Without overlap one sees where the tiles meet: in row 48, and not in row 20.
    seams = np.abs(predict_tiled(small, image, 0, 2, progress=False) - whole)[:, :40].max((1, 2))
    assert seams[48] > 1e-3 > seams[20]


@pytest.mark.networks
def test_an_image_whose_sides_fit_nothing_is_predicted_all_the_same():
    """As if a mirror made it fit."""
    small, large = twins((48, 56), (62, 78), "same", 1)
    image = np.random.default_rng(1).random((61, 77, 2), "float32")
    mirror = np.pad(image, ((0, 1), (0, 1), (0, 0)), "reflect")
    whole = large.predict_on_batch(mirror[None])[0, :61, :77]
    found = predict_tiled(small, image, overlap=16, multiple=2, progress=False)
    np.testing.assert_allclose(found, whole, atol=1e-5)


def peak(side, folder) -> int:
    """Bytes of NumPy's arrays while an image of that side is predicted from and to the disk."""
    image = np.memmap(folder / f"{side}", np.uint8, "w+", shape=(side, side, 1))
    out = np.memmap(folder / f"{side}_out", np.float32, "w+", shape=(side, side, 1))
    image[:] = 7
    window = Window((64, 64), (4, 4), 1)
    window.seen = type("Nothing", (), {"append": lambda self, x: None})()
    tracemalloc.start()
    assert predict_tiled(window, image, out=out, progress=False) is out
    found = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (out == 8).all()
    return found


def test_memory_does_not_grow_with_the_image(tmp_path):
    small, large = peak(128, tmp_path), peak(1024, tmp_path)
    assert large < 1.5 * small and large < 500_000  # the image alone has a million bytes


def test_the_bar_can_be_silenced(capsys):
    image = np.zeros((20, 20, 2), "float32")
    predict_tiled(Window((8, 8), (0, 0)), image, 0, 4)
    assert "9/9" in capsys.readouterr().err
    predict_tiled(Window((8, 8), (0, 0)), image, 0, 4, progress=False)
    assert capsys.readouterr().err == ""


IMAGE = np.zeros((20, 30, 2), "float32")
TILE = Window((16, 16), (0, 0))


def odd(made):
    window = Window((16, 16), (0, 0))
    window.output_shape = (None, *made, 2)
    return window


def test_an_image_may_be_a_list():
    expected = predict_tiled(TILE, IMAGE, multiple=4, progress=False)
    found = predict_tiled(TILE, IMAGE.tolist(), multiple=4, progress=False)
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: predict_tiled(TILE, IMAGE[..., 0]), r"image has shape \(20, 30\); expected \(H"),
        (lambda: predict_tiled(TILE, IMAGE[..., :1]), r"expected \(H, W, 2\)"),
        (lambda: predict_tiled(TILE, IMAGE.astype(str)), "image has dtype <U.*; expected numbers"),
        (lambda: predict_tiled("unet", IMAGE), "model is 'unet'; expected a Keras model"),
        (lambda: predict_tiled(TILE, IMAGE[:0]), r"image has shape \(0, 30, 2\)"),
        (lambda: predict_tiled(TILE, IMAGE, out=IMAGE[:3]), r"out has shape \(3, 30, 2\)"),
        (lambda: predict_tiled(TILE, IMAGE, out=[[1.0]]), r"out has shape \(1, 1\)"),
        (
            lambda: predict_tiled(TILE, IMAGE, out=np.zeros((20, 30, 2), int)),
            "out is int64; expected an array of floats",
        ),
        (
            lambda: predict_tiled(TILE, IMAGE, overlap=8),
            "overlap is 8, and of a tile of 16 cells 0",
        ),
        (lambda: predict_tiled(TILE, IMAGE, overlap=-1), "overlap is -1"),
        (lambda: predict_tiled(TILE, IMAGE, multiple=32), "expected at least 32, the multiple"),
        (lambda: predict_tiled(TILE, IMAGE, multiple=0), "multiple is 0"),
        (lambda: predict_tiled(odd((32, 32)), IMAGE), "expected as many, or as many less"),
        (lambda: predict_tiled(odd((15, 16)), IMAGE), "expected as many, or as many less"),
        (lambda: predict_tiled(odd((None, 16)), IMAGE), "expected one that was built for a fixed"),
    ],
)
def test_bad_input_is_told_in_words(call, words):
    with pytest.raises(ValueError, match=words):
        call()
