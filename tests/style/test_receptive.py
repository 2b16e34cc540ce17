"""Receptive fields against the network itself: which pixels change what a unit answers."""

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import layers as L
from keras import ops

from cnnlab.architectures import efficientnet, mobilenet_v1
from cnnlab.gradients import value_and_gradient
from cnnlab.style.receptive import receptive_box

pytestmark = pytest.mark.networks


def touched(model, layer, place):
    """The box of pixels with a gradient, in a network whose weights are all positive.

    Then nothing cancels and every activation is open: what is connected has a gradient.
    """
    for weight in model.weights:
        positive = np.random.default_rng(0).uniform(0.5, 1, weight.shape)
        fan_in = max(1, int(np.prod(weight.shape[:-1])))
        weight.assign(positive / (fan_in if "kernel" in weight.name else 1))
    part = keras.Model(model.inputs[0], model.get_layer(layer).output)
    x = np.ones((1, *model.input_shape[1:]), np.float32)
    _, gradient = value_and_gradient(lambda t: ops.sum(part(t)[:, place[0], place[1]]), x)
    rows, columns = (np.flatnonzero(np.abs(gradient[0]).sum(axis=(axis, 2))) for axis in (1, 0))
    return rows[0], columns[0], rows[-1] + 1, columns[-1] + 1


def linear(*layers, shape=(17, 14, 2)):
    return keras.Sequential([keras.Input(shape), *layers])


@given(
    f=st.tuples(st.integers(1, 4), st.integers(1, 4)),
    s=st.integers(1, 3),
    d=st.integers(1, 2),
    padding=st.sampled_from(["same", "valid"]),
    g=st.integers(1, 3),
    share=st.tuples(st.floats(0, 0.99), st.floats(0, 0.99)),
)
@settings(max_examples=25)
def test_two_windows_of_any_kind(f, s, d, padding, g, share):
    d = 1 if s > 1 else d
    model = linear(
        L.Conv2D(3, f, strides=s, dilation_rate=d, padding=padding, name="a"),
        L.AveragePooling2D(g, strides=1, padding="same", name="b"),
    )
    H, W = model.output_shape[1:3]
    place = int(share[0] * H), int(share[1] * W)
    assert receptive_box(model, "b", place) == touched(model, "b", place)


@pytest.mark.parametrize("place", [(0, 6), (2, 4), (6, 5)])
def test_padding_cropping_and_repetition(place):
    model = linear(
        L.ZeroPadding2D(((1, 2), (3, 0))),
        L.DepthwiseConv2D(3, strides=2, name="a"),
        L.UpSampling2D((2, 3)),
        L.Cropping2D(((1, 0), (2, 3)), name="b"),
    )
    assert receptive_box(model, "b", place) == touched(model, "b", place)


def test_a_short_cut_widens_the_box():
    image = keras.Input((12, 10, 2))
    wide = L.Conv2D(2, 5, padding="same")(image)
    narrow = L.Conv2D(2, 1)(image)
    model = keras.Model(image, L.Add(name="sum")([narrow, wide]))
    assert receptive_box(model, "sum", (6, 1)) == (4, 0, 9, 4)


def test_a_network_within_a_network():
    inner = linear(L.Conv2D(3, 3, strides=2, padding="same"), L.Conv2D(2, 3))
    outer = keras.Sequential([keras.Input((17, 14, 2)), inner, L.AveragePooling2D(2, name="top")])
    assert receptive_box(outer, "top", (1, 1)) == touched(outer, "top", (1, 1))


def test_a_network_of_the_course():
    model = mobilenet_v1(input_shape=(64, 48, 3), classes=None)
    for layer, place in (("block3_pointwise", (0, 11)), ("block5_depthwise", (3, 4))):
        assert receptive_box(model, layer, place) == touched(model, layer, place)


def test_a_layer_that_is_not_known():
    image = keras.Input((12, 10, 1))
    model = keras.Model(image, L.Lambda(lambda x: x[:, ::2], name="b")(image))
    with pytest.raises(
        ValueError, match="layer 'b' is of the kind Lambda, whose view is not known"
    ):
        receptive_box(model, "b", (1, 1))


def test_lite0_at_its_border_and_in_its_middle():
    model = efficientnet("lite0", (96, 64, 3), classes=None)
    assert receptive_box(model, "stem_conv", (0, 0)) == (0, 0, 3, 3)
    assert receptive_box(model, "stem_conv", (10, 31)) == (20, 62, 23, 64)
    deep = receptive_box(model, "stage3_block2_add", (0, 0))
    assert deep == touched(model, "stage3_block2_add", (0, 0))


@pytest.mark.parametrize(
    ("layer", "place", "message"),
    [
        ("b", (0, 0), "layer is 'b'; expected one of a, flat"),
        ("flat", (0, 0), r"layer is 'flat', which answers \(None, 360\), without places"),
        ("a", (15, 0), r"place\[0\] is 15; expected a whole number from 0 to 14"),
        ("a", (0, -1), r"place\[1\] is -1"),
    ],
)
def test_what_is_refused(layer, place, message):
    model = linear(L.Conv2D(2, 3, name="a"), L.Flatten(name="flat"))
    with pytest.raises(ValueError, match=message):
        receptive_box(model, layer, place)


def test_an_image_of_any_size_is_refused():
    model = linear(L.Conv2D(2, 3, name="a"), shape=(None, None, 3))
    with pytest.raises(ValueError, match="expected one image of a fixed size"):
        receptive_box(model, "a", (0, 0))
