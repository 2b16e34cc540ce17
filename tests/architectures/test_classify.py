"""What real photographs show, in words."""

import numpy as np
import pytest

from cnnlab.architectures import class_names, classify, prepared
from cnnlab.data import photo

pytestmark = pytest.mark.networks


def three(image):
    return np.stack([image] * 3, axis=-1)


def test_a_cat_is_a_cat():
    guesses = classify(photo("cat"), top=3)
    assert {guess.name for guess in guesses} == {"Egyptian cat", "tabby", "tiger cat"}
    probabilities = [guess.probability for guess in guesses]
    assert probabilities == sorted(probabilities, reverse=True)


def test_coffee_and_camera():
    assert classify(photo("coffee"))[0].name == "espresso"
    assert classify(three(photo("camera")))[0].name == "tripod"


def test_several_at_once_and_all_classes():
    images = np.stack([photo(name, size=(200, 300)) for name in ("cat", "coffee")])
    several = classify(images, top=1000)
    assert [len(guesses) for guesses in several] == [1000, 1000]
    assert sum(guess.probability for guess in several[0]) == pytest.approx(1, abs=1e-4)
    single = classify(images[1], top=1000)
    assert [g.name for g in several[1][:5]] == [g.name for g in single[:5]]
    assert sorted(g.name for g in single) == sorted(class_names())


def test_bytes_are_understood():
    image = photo("coffee", size=(224, 224))
    a, b = classify(image), classify((image * 255).round().astype("uint8"))
    assert a[0].name == b[0].name
    assert a[0].probability == pytest.approx(b[0].probability, abs=0.02)


def test_preparation_is_the_network_s():
    image = np.random.default_rng(0).random((224, 224, 3), "float32")
    np.testing.assert_allclose(prepared(image), (255 * image - 127) / 128, rtol=1e-6)
    wide = np.zeros((40, 80, 3), "float32")
    wide[:, 20:60] = 1  # the middle square is white
    assert prepared(wide, size=20).shape == (20, 20, 3)
    assert prepared(wide, size=20).min() == pytest.approx(1)


@pytest.mark.parametrize(
    "image, message",
    [
        (np.zeros((8, 9)), r"image has shape (8, 9); expected (H, W, 3) or (N, H, W, 3); a gray"),
        (np.zeros((8, 9, 1)), r"image has shape (8, 9, 1)"),
        (np.zeros((0, 9, 3)), r"image has shape (0, 9, 3)"),
        (np.full((8, 9, 3), 255.0), "values from 255 to 255; expected floats from 0 to 1"),
        (np.full((8, 9, 3), -0.1), "expected floats from 0 to 1, or uint8"),
        (np.full((8, 9, 3), np.nan), "expected floats from 0 to 1, or uint8"),
        (np.full((8, 9, 3), "a"), "expected floats from 0 to 1, or uint8"),
    ],
)
def test_other_images_are_refused(image, message):
    with pytest.raises(ValueError) as caught:
        classify(image)
    assert message in str(caught.value)


@pytest.mark.parametrize("top", [0, 1001, 2.5])
def test_top_is_checked(top):
    with pytest.raises(ValueError, match=f"top is {top}"):
        classify(photo("cat"), top=top)
