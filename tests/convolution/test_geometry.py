"""Sizes, padding and windows."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from cnnlab.convolution import output_size, pad, same_padding
from cnnlab.convolution.geometry import crop, windows

few = settings(max_examples=50, deadline=None)
small = st.integers(1, 9)


@pytest.mark.parametrize(
    "n, f, options, expected",
    [
        (6, 3, {}, 4),  # n − f + 1
        (6, 3, {"padding": 1}, 6),  # n + 2p − f + 1
        (7, 3, {"stride": 2}, 3),  # the lecture's strided example
        (8, 3, {"stride": 2}, 3),  # the floor
        (7, 3, {"dilation": 2}, 3),
        (32, 5, {}, 28),
        (224, 7, {"padding": 3, "stride": 2}, 112),  # the first layer of ResNet
        (6, 4, {"padding": "same"}, 6),
        (6, 4, {"padding": "valid"}, 3),
        (7, 3, {"padding": "same", "stride": 2}, 4),
    ],
)
def test_known_sizes(n, f, options, expected):
    assert output_size(n, f, **options) == expected


@few
@given(n=st.integers(1, 30), f=small, p=st.integers(0, 6), s=small, d=st.integers(1, 4))
def test_size_is_the_number_of_windows_that_fit(n, f, p, s, d):
    last = n + 2 * p - (d * (f - 1) + 1)  # where the last window can begin
    if last < 0:
        with pytest.raises(ValueError, match=f"at most {n + 2 * p}, the size of the padded image"):
            output_size(n, f, p, s, d)
    else:
        assert output_size(n, f, p, s, d) == len(range(0, last + 1, s))


@few
@given(f=small, d=st.integers(1, 4), n=st.integers(1, 30), s=small)
def test_same_padding_is_tensorflow_s(f, d, n, s):
    """The formula in TensorFlow's documentation of padding ("SAME")."""
    spans = (f - 1) * d + 1
    needed = spans - s if n % s == 0 else spans - n % s
    before, after = same_padding(f, d, s, n)
    assert (before, after) == (max(needed, 0) // 2, max(needed, 0) - max(needed, 0) // 2)
    assert output_size(n, f, "same", s, d) == -(-n // s)  # ⌈n / s⌉


def test_same_padding_of_odd_and_even_filters():
    assert same_padding(3) == (1, 1)
    assert same_padding(5) == (2, 2)
    assert same_padding(4) == (1, 2)  # the larger half after
    assert same_padding(3, dilation=2) == (2, 2)
    assert same_padding(1) == (0, 0)
    assert same_padding(3, stride=2, n=6) == (0, 1)  # less than with stride 1
    assert same_padding(3, stride=2, n=7) == (1, 1)


MODES = {"zeros": "constant", "reflect": "mirror", "replicate": "nearest"}


@pytest.mark.parametrize("mode", MODES)
def test_borders_are_scipy_s(mode):
    """A filter that fetches a neighbour shows what each library sees beyond the border."""
    image = np.random.default_rng(1).normal(size=(5, 4))
    p = 2
    padded = pad(image, p, mode)
    assert padded.shape == (9, 8)
    for i, j in np.ndindex(5, 5):
        fetch = np.zeros((5, 5))
        fetch[i, j] = 1
        theirs = ndimage.correlate(image, fetch, mode=MODES[mode])
        np.testing.assert_array_equal(padded[i : i + 5, j : j + 4], theirs)


def test_modes_on_a_row():
    row = [[1, 2, 3]]
    sides = ((0, 0), (2, 1))
    assert pad(row, sides).tolist() == [[0, 0, 1, 2, 3, 0]]
    assert pad(row, sides, "reflect").tolist() == [[3, 2, 1, 2, 3, 2]]
    assert pad(row, sides, "replicate").tolist() == [[1, 1, 1, 2, 3, 3]]


def test_pad_leaves_batch_and_channels_alone():
    x = np.random.default_rng(2).normal(size=(2, 3, 4, 5)).astype(np.float32)
    border = ((1, 2), (0, 3))
    padded = pad(x, border)
    assert padded.shape == (2, 6, 7, 5) and padded.dtype == np.float32
    np.testing.assert_array_equal(padded[:, 1:4, 0:4], x)
    assert np.abs(padded).sum() == pytest.approx(np.abs(x).sum())
    np.testing.assert_array_equal(crop(padded, border), x)


@pytest.mark.parametrize("shape", [(9, 8), (2, 9, 8, 3)])
def test_windows_are_cut_where_they_say(shape):
    x = np.random.default_rng(3).normal(size=shape)
    seen = windows(x, (3, 2), stride=2, dilation=3)
    batch = seen if len(shape) == 4 else seen[np.newaxis, ..., np.newaxis]
    images = x if len(shape) == 4 else x[np.newaxis, ..., np.newaxis]
    assert batch.shape == (len(images), 2, 3, 3, 2, images.shape[3])
    for i, j in np.ndindex(2, 3):
        cut = images[:, 2 * i : 2 * i + 7 : 3, 2 * j : 2 * j + 4 : 3]
        np.testing.assert_array_equal(batch[:, i, j], cut)


def test_a_window_is_a_view():
    x = np.zeros((1, 4, 5, 2))
    windows(x, (2, 3))[0, 1, 2, 0, 1, 1] = 7
    assert x[0, 1, 3, 1] == 7 and x.sum() == 7


@pytest.mark.parametrize(
    "call, words",
    [
        (lambda: output_size(0, 3), "n is 0; expected a whole number, at least 1"),
        (lambda: output_size(6, 3.0), r"f is 3\.0; expected a whole number, at least 1"),
        (lambda: output_size(6, 3, stride=0), "stride is 0; expected a whole number, at least 1"),
        (lambda: output_size(6, 3, dilation=True), "dilation is True; expected a whole number"),
        (lambda: output_size(6, 3, -1), "padding is -1; expected a whole number, at least 0"),
        (lambda: output_size(6, 3, "full"), "padding is 'full'; expected one of 'valid', 'same'"),
        (
            lambda: output_size(6, 4, dilation=2),
            "f is 4 with dilation 2, so the filter spans 7 cells; expected at most 6",
        ),
        (lambda: same_padding(3, stride=2), "n is None; expected the image's size"),
        (lambda: same_padding(0), "f is 0; expected a whole number, at least 1"),
        (lambda: pad(np.ones((3, 3)), 1, "wrap"), "mode is 'wrap'; expected one of 'zeros', 'ref"),
        (lambda: pad(np.ones((3, 3, 3)), 1), r"x has shape \(3, 3, 3\); expected axes \(H, W\) or"),
        (lambda: pad(np.ones((3, 3)), -2), "padding is -2; expected a whole number, at least 0"),
        (lambda: pad(np.ones((3, 3)), (1, 2)), r"padding is \(1, 2\); expected a whole number"),
        (lambda: pad(np.ones((3, 3)), 0.5), r"padding is 0\.5; expected a whole number"),
    ],
)
def test_bad_input_is_named(call, words):
    with pytest.raises(ValueError, match=words):
        call()
