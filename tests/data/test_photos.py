"""Photographs: the right ones, cut and resized as the oracle does, never downloaded."""

import builtins
import socket
import subprocess
import sys

import numpy as np
import pytest
import skimage
from hypothesis import given, settings
from hypothesis import strategies as st

from cnnlab.data import photo
from cnnlab.data.photos import PHOTOS

GRAY = {"brick", "camera", "clock", "coins", "grass", "gravel", "moon"}


@pytest.fixture(autouse=True)
def no_network(monkeypatch):
    def refuse(*args, **kwargs):
        raise AssertionError("something tried to reach the network")

    monkeypatch.setattr(socket.socket, "connect", refuse)


@pytest.mark.parametrize("name", PHOTOS)
def test_every_photograph_is_there(name):
    image = photo(name)
    assert image.dtype == np.float32
    assert image.shape[2:] == (() if name in GRAY else (3,))
    assert 0 <= image.min() < image.max() <= 1
    assert image.std() > 0.02


@pytest.mark.parametrize("name", ["astronaut", "camera", "coffee", "coins", "moon", "rocket"])
def test_without_a_size_it_is_scikit_image_s_own(name):
    expected = skimage.util.img_as_float32(getattr(skimage.data, name)())
    np.testing.assert_allclose(photo(name), expected, atol=1e-6)


def test_the_order_of_the_channels_is_red_green_blue():
    red, green, blue = photo("astronaut")[300:500, 90:180].mean((0, 1))  # her orange suit
    assert red > green + 0.1 > blue + 0.1


def test_gray_is_luminance():
    colour = photo("cat").astype(np.float64)
    gray = photo("cat", gray=True)
    assert gray.shape == (300, 451)
    np.testing.assert_allclose(gray, colour @ [0.2125, 0.7154, 0.0721], atol=1e-6)
    np.testing.assert_array_equal(photo("camera", gray=True), photo("camera"))


@pytest.mark.parametrize(
    ("size", "part"),  # the part of the cat's 300 × 451 pixels that keeps these proportions
    [
        ((60, 40), (slice(0, 300), slice(125, 325))),  # 300 × 200: the sides go
        ((30, 90), (slice(75, 225), slice(0, 451))),  # 150 × 451: top and bottom go
        ((300, 451), (slice(0, 300), slice(0, 451))),
        ((450, 500), (slice(0, 300), slice(59, 392))),  # 300 × 333, enlarged
    ],
)
@pytest.mark.parametrize("gray", [False, True])
def test_crops_around_the_centre_then_resizes(size, part, gray):
    whole = skimage.util.img_as_float(skimage.data.cat())
    if gray:
        whole = skimage.color.rgb2gray(whole)
    expected = skimage.transform.resize(whole[part], size, anti_aliasing=True)
    np.testing.assert_allclose(photo("cat", size=size, gray=gray), expected, atol=1e-6)


def test_small_photographs_are_not_aliased():
    """One pixel in 20 taken without smoothing keeps the texture's contrast; a mean does not."""
    small, every_20th = photo("gravel", size=(25, 25)), photo("gravel")[10::20, 10::20]
    assert small.std() < 0.7 * every_20th.std()


@settings(deadline=None, max_examples=30)
@given(st.integers(1, 80), st.integers(1, 80), st.booleans())
def test_any_size_comes_out_as_asked(height, width, gray):
    image = photo("coins", size=(height, width), gray=gray)
    assert image.shape == (height, width)
    assert 0 <= image.min() <= image.max() <= 1


def test_size_may_be_a_list_or_an_array():
    expected = photo("moon", size=(20, 30))
    np.testing.assert_array_equal(photo("moon", size=[20, 30]), expected)
    np.testing.assert_array_equal(photo("moon", size=np.array([20, 30])), expected)


@pytest.mark.parametrize(
    "size", [0, 64, (64,), (0, 5), (5, -1), (2.0, 3), (2, 3, 3), "64", (True, 2)]
)
def test_bad_size_is_named(size):
    with pytest.raises(ValueError, match=r"size is .*; expected \(height, width\), two positive"):
        photo("cat", size=size)


@pytest.mark.parametrize("name", ["dog", "", "Cat", None, "eagle"])
def test_unknown_name_gets_the_list(name):
    with pytest.raises(
        ValueError, match=rf"name is {name!r}; expected one of 'astronaut', .*'cat'"
    ):
        photo(name)


def test_without_scikit_image_it_says_what_to_install(monkeypatch):
    real = builtins.__import__

    def without(name, *args, **kwargs):
        if name.partition(".")[0] == "skimage":
            raise ImportError(name)
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(ImportError, match="pip install scikit-image"):
        photo("cat")


def test_a_photograph_that_is_no_longer_bundled_is_not_downloaded(monkeypatch, tmp_path):
    monkeypatch.setattr(skimage, "__file__", str(tmp_path / "__init__.py"))
    with pytest.raises(FileNotFoundError, match=r"does not bundle chelsea\.png"):
        photo("cat")


def test_import_is_light():
    probe = "import sys, cnnlab.data; print(*{name.partition('.')[0] for name in sys.modules})"
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
    assert not set(done.stdout.split()) & {"skimage", "scipy", "pooch", "requests", "tqdm"}
