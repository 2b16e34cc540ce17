"""The patches that excite a unit: the right ones, cut out where the unit looks."""

import keras
import numpy as np
import pytest
from keras import layers as L

from cnnlab.architectures import efficientnet
from cnnlab.data.photos import PHOTOS
from cnnlab.style import Eye, Responses, bundled_pictures, first_filters, receptive_box

pytestmark = pytest.mark.networks


def finder(shape):
    """One convolution: unit 0 answers to red on the left of blue, unit 1 to bright."""
    image = keras.Input(shape)
    answer = L.Conv2D(2, (1, 2), activation="relu", name="find")(image)
    model = keras.Model(image, L.GlobalMaxPooling2D(name="top")(answer), name="finder")
    kernel = np.zeros((1, 2, 3, 2))
    kernel[0, 0, 0, 0], kernel[0, 1, 2, 0] = 1, 1  # red, then blue
    kernel[0, 0, 2, 0], kernel[0, 1, 0, 0] = -1, -1
    kernel[..., 1] = 1 / 6
    model.layers[1].set_weights([kernel, np.zeros(2)])
    return model


FINDER = Eye(finder, lambda x: x)


@pytest.fixture
def pictures():
    """Four black pictures, 6 × 9; in the second and the fourth, red is left of blue."""
    made = np.zeros((4, 6, 9, 3), np.float32)
    made[1, 2, 4], made[1, 2, 5] = [1, 0, 0], [0, 0, 1]
    made[3, 5, 0], made[3, 5, 1] = [0.6, 0, 0], [0, 0, 0.6]
    made[2, 1, 1], made[2, 1, 2] = [0, 0, 1], [1, 0, 0]  # the other way round
    return made


def test_the_strongest_come_first_from_where_they_are(pictures):
    found = Responses(pictures, ["find"], FINDER).strongest("find", 0)
    best, second = found[:2]
    assert (best.picture, best.place, best.value) == (1, (2, 4), 2)
    assert best.box == (2, 4, 3, 6)
    assert (best.image == pictures[1, 2:3, 4:6]).all()
    assert (second.picture, second.place) == (3, (5, 0)) and second.value == pytest.approx(1.2)
    values = [patch.value for patch in found]
    assert values == sorted(values, reverse=True) and min(values) > 0


def test_patches_of_one_picture_lie_apart(pictures):
    pictures[0] = 1  # bright everywhere: each place answers alike
    found = Responses(pictures, ["find"], FINDER).strongest("find", 1, count=20)
    boxes = [patch.box for patch in found if patch.picture == 0]
    for i, a in enumerate(boxes):
        for b in boxes[:i]:
            shared = max(0, min(a.right, b.right) - max(a.left, b.left)) * (a.top == b.top)
            assert shared / (4 - shared) < 0.3


def test_a_unit_that_answers_nothing(pictures):
    assert Responses(pictures[:1], ["find"], FINDER).strongest("find", 0) == []


def test_lite0_over_the_bundled_photographs():
    pictures = bundled_pictures(96)
    assert pictures.shape == (len(PHOTOS), 96, 96, 3)
    layers = ["stem_conv_relu6", "stage3_block1_expand_relu6"]
    responses = Responses(pictures, layers)
    for layer in layers:
        maps = responses.maps[layer]
        unit = int(maps.max(axis=(0, 1, 2)).argmax())
        patches = responses.strongest(layer, unit)
        assert 1 <= len(patches) <= 9
        assert patches[0].value == pytest.approx(maps[..., unit].max(), rel=1e-5)
        for patch in patches:
            assert patch.value == pytest.approx(maps[(patch.picture, *patch.place, unit)], rel=1e-5)
    assert max(patch.image.shape[0] for patch in responses.strongest(layers[0], 0)) == 3


def test_first_filters_fill_their_range():
    filters = first_filters(efficientnet("lite0", (64, 48, 3), classes=None, weights="imagenet"))
    assert filters.shape == (32, 3, 3, 3)
    assert (filters.min(axis=(1, 2, 3)) == 0).all()
    highest = filters.max(axis=(1, 2, 3))
    assert np.isclose(highest, 1).sum() == 31 and highest.min() == 0  # one filter is constant


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda r: r.strongest("fund", 0), "layer is 'fund'; expected one of 'find'"),
        (lambda r: r.strongest("find", 2), "unit is 2; expected a whole number from 0 to 1"),
        (lambda r: r.strongest("find", 0, 0), "count is 0"),
    ],
)
def test_what_is_refused(pictures, call, message):
    with pytest.raises(ValueError, match=message):
        call(Responses(pictures, ["find"], FINDER))


def test_pictures_of_several_sizes(pictures):
    with pytest.raises(ValueError, match="expected one size for all"):
        Responses([pictures[0], pictures[0, :4]], ["find"], FINDER)
    with pytest.raises(ValueError, match="layers is 'top', which answers"):
        Responses(pictures, ["top"], FINDER)


def test_a_network_whose_first_filters_are_no_pictures():
    image = keras.Input((5, 4, 2))
    with pytest.raises(ValueError, match="begins with filters of shape"):
        first_filters(keras.Model(image, L.Conv2D(3, 3)(image)))


def test_boxes_are_those_of_each_place_on_its_own():
    responses = Responses(bundled_pictures(96)[:1, :64], ["stage3_block1_expand_relu6"])
    (layer,) = responses.maps
    H, W = responses.maps[layer].shape[1:3]
    places = [(0, 0), (0, W - 1), (H - 1, 2), (H // 2, W // 2)]
    boxes = responses._boxes(layer, places)
    assert boxes == [receptive_box(responses.model, layer, place) for place in places]
