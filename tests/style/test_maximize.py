"""Pictures made for a unit, and patches sent back: against centred differences and adjoints."""

import keras
import numpy as np
import pytest
from keras import layers as L
from keras import ops

from cnnlab.gradients import value_and_gradient
from cnnlab.style import Eye, Responses, deconvolved, maximized
from cnnlab.style.maximize import Pixels, Waves

pytestmark = pytest.mark.networks


def small(shape):
    keras.utils.set_random_seed(6)
    image = keras.Input(shape)
    x = L.Conv2D(4, 3, padding="same", activation="relu", name="first")(image)
    x = L.Conv2D(3, 3, strides=2, activation="relu", name="second")(x)
    return keras.Model(image, L.GlobalAveragePooling2D(name="pool")(x), name="small")


SMALL = Eye(small, lambda x: 2 * x - 1)


def excitement(picture, layer, unit):
    net = small(picture.shape)
    part = keras.Model(net.inputs[0], net.get_layer(layer).output)
    answer = part(2 * (picture[None] / 255).astype("float32") - 1)
    return float(ops.convert_to_numpy(answer)[..., unit].mean())


def roughness(picture):
    return sum(np.abs(np.diff(picture.astype(float), axis=axis)).mean() for axis in (0, 1))


@pytest.mark.parametrize("regularized", [True, False])
@pytest.mark.parametrize("layer", ["first", "second"])
def test_the_unit_is_excited(layer, regularized):
    """Of the first units the one that noise excites most: another may be silent, by its weights."""
    chance = np.random.default_rng(1).integers(0, 256, (34, 34, 3)).astype(np.uint8)
    unit = max(range(3), key=lambda unit: excitement(chance, layer, unit))
    made = maximized(layer, unit, SMALL, size=34, steps=60, regularized=regularized)
    assert made.shape == (34, 34, 3) and made.dtype == np.uint8
    gray = np.full_like(made, 128)
    most = max(excitement(other, layer, unit) for other in (chance, gray))
    assert excitement(made, layer, unit) > 1.5 * most


@pytest.mark.parametrize("regularized", [True, False])
def test_a_silent_unit_is_said_to_be_silent(regularized):
    def silent(shape):
        net = small(shape)
        kernel, bias = net.get_layer("first").get_weights()
        net.get_layer("first").set_weights([kernel, bias - 100])
        return net

    with pytest.raises(ValueError, match=r"^unit 2 of layer 'first' answers 0 at every step"):
        eye = Eye(silent, lambda x: 2 * x - 1)
        maximized("first", 2, eye, size=34, steps=3, regularized=regularized)


def test_the_seed_decides():
    same = [maximized("first", 1, SMALL, size=34, steps=3, seed=seed) for seed in (4, 4, 5)]
    assert (same[0] == same[1]).all() and (same[0] != same[2]).any()


@pytest.mark.parametrize("kind", [Pixels, Waves])
def test_the_way_back_to_the_parameters(kind):
    picture, rng = kind(9), np.random.default_rng(0)
    p, weights = rng.normal(size=picture.shape), rng.normal(size=picture.shape)
    gradient = picture.gradient(p, weights)
    for place in [(0, 0, 0), (4, 7, 1), (8, 3, 2)]:
        step = np.zeros(picture.shape)
        step[place] = 1e-2
        up, down = ((picture.drawn(p + sign * step) * weights).sum() for sign in (1, -1))
        assert gradient[place] == pytest.approx((up - down) / 2e-2, rel=2e-2, abs=2e-3)


def test_waves_are_smoother_than_pixels():
    noise = np.random.default_rng(0).normal(size=(32, 32, 3))
    assert roughness(Waves(32).drawn(noise)) < 0.5 * roughness(Pixels(32).drawn(noise))


@pytest.fixture
def responses():
    pictures = np.random.default_rng(2).uniform(0, 1, (2, 12, 11, 3)).astype("float32")
    return Responses(pictures, ["second"], SMALL)


def test_a_patch_sent_back_is_the_gradient_within_its_box(responses):
    patch = responses.strongest("second", 1)[0]
    found = deconvolved(responses, "second", 1, patch, "plain")
    assert found.shape == patch.image.shape
    part = keras.Model(responses.model.inputs[0], responses.model.get_layer("second").output)
    row, column = patch.place

    def answer(x):
        return ops.sum(part(2 * x - 1)[0, row, column, 1])

    _, gradient = value_and_gradient(answer, responses.pictures[patch.picture][None])
    box = patch.box
    inside = gradient[0, box.top : box.bottom, box.left : box.right]
    np.testing.assert_allclose(found, inside, rtol=1e-5, atol=1e-7)
    assert np.abs(gradient).sum() == pytest.approx(np.abs(inside).sum(), rel=1e-5)  # all of it


def test_several_patches_come_back_as_each_alone(responses):
    patches = responses.strongest("second", 1)
    assert len({patch.picture for patch in patches}) == 2  # of several pictures
    together = deconvolved(responses, "second", 1, patches, "guided")
    for patch, found in zip(patches, together, strict=True):
        alone = deconvolved(responses, "second", 1, patch, "guided")
        np.testing.assert_allclose(found, alone, rtol=1e-5, atol=1e-7)
    assert deconvolved(responses, "second", 1, [], "guided") == []


def test_the_deconvnet_sends_back_something_else(responses):
    patch = responses.strongest("second", 1)[0]
    plain, deconvnet, guided = (
        deconvolved(responses, "second", 1, patch, method)
        for method in ("plain", "deconvnet", "guided")
    )
    assert not np.allclose(plain, deconvnet) and not np.allclose(deconvnet, guided)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda r, p: maximized("third", 0, SMALL), "layer is 'third', which small has not"),
        (lambda r, p: maximized("pool", 0, SMALL), "layer is 'pool', which answers"),
        (lambda r, p: maximized("first", 4, SMALL), "unit is 4; expected .* from 0 to 3"),
        (lambda r, p: maximized("first", 0, SMALL, size=31), "size is 31"),
        (lambda r, p: maximized("first", 0, SMALL, regularized="no"), "regularized is 'no'"),
        (lambda r, p: deconvolved(r, "second", 3, p), "unit is 3"),
        (lambda r, p: deconvolved(r, "second", 1, p, "back"), "method is 'back'"),
    ],
)
def test_what_is_refused(responses, call, message):
    with pytest.raises(ValueError, match=message):
        call(responses, responses.strongest("second", 1)[0])
