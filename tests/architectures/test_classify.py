"""What real photographs show, in words."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import skimage
from PIL import Image

from cnnlab.architectures import class_names, classify, prepared
from cnnlab.data import photo

pytestmark = pytest.mark.networks


def test_a_cat_is_a_cat():
    guesses = classify(photo("cat"), top=3)
    assert {guess.name for guess in guesses} == {"Egyptian cat", "tabby", "tiger cat"}
    probabilities = [guess.probability for guess in guesses]
    assert probabilities == sorted(probabilities, reverse=True)


def test_coffee_and_camera():
    assert classify(photo("coffee"))[0].name == "espresso"
    assert classify(photo("camera"))[0].name == "tripod"


def test_several_at_once_and_all_classes():
    images = np.stack([photo(name, size=(200, 300)) for name in ("cat", "coffee")])
    several = classify(images, top=1000)
    assert [len(guesses) for guesses in several] == [1000, 1000]
    assert sum(guess.probability for guess in several[0]) == pytest.approx(1, abs=1e-4)
    single = classify(images[1], top=1000)
    assert [g.name for g in several[1][:5]] == [g.name for g in single[:5]]
    assert sorted(g.name for g in single) == sorted(class_names())


def as_people_have_it(folder: Path) -> dict[str, Any]:
    """The photographer with his camera, gray, 512×512, values from 0 to 255."""
    camera = skimage.data.camera()
    Image.fromarray(camera).save(folder / "camera.png")
    clear = np.dstack([camera] * 3 + [np.full_like(camera, 255)])
    Image.fromarray(clear).save(folder / "alpha.png")
    exif = Image.Exif()
    exif[0x0112] = 6  # stored lying on its side, as phones do
    Image.fromarray(np.rot90(camera)).save(folder / "phone.png", exif=exif)
    return {
        "gray": camera,
        "one channel": camera[..., None],
        "floats to 255": camera.astype(float),
        "floats to 1": camera / 255,
        "a path": folder / "camera.png",
        "a name": str(folder / "camera.png"),
        "with alpha": clear,
        "a PNG with alpha": folder / "alpha.png",
        "Pillow": Image.open(folder / "camera.png"),
        "a phone's": folder / "phone.png",
    }


def test_pictures_as_people_have_them(tmp_path):
    pictures = as_people_have_it(tmp_path)
    several = classify(list(pictures.values()), top=1)
    for name, ((guess,)) in zip(pictures, several, strict=True):
        assert guess.name == "tripod", name
        assert guess.probability == pytest.approx(several[0][0].probability, abs=1e-4), name
    for name in ("gray", "a path", "with alpha", "Pillow"):
        assert classify(pictures[name])[0].name == "tripod", name


def test_several_may_have_several_sizes():
    found = classify([photo("cat"), photo("coffee")[:, 100:], skimage.data.camera()], top=1)
    assert [guess.name for (guess,) in found][1:] == ["espresso", "tripod"]
    squares = prepared([photo("cat"), photo("cat")[:, :-1]], size=64)
    assert squares.shape == (2, 64, 64, 3)
    np.testing.assert_allclose(squares[0], prepared(photo("cat"), size=64), atol=1e-5)


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
        (np.zeros(8), "image has shape (8,); expected a picture: (H, W) gray, (H, W, 3)"),
        (np.zeros((8, 9, 5)), "image has shape (8, 9, 5)"),
        (np.zeros((0, 9, 3)), "image has shape (0, 9, 3)"),
        (np.zeros((1, 2, 8, 9, 3)), "image has shape (1, 2, 8, 9, 3)"),
        (np.zeros((0, 8, 9, 3)), "image has shape (0, 8, 9, 3)"),
        (np.full((8, 9, 3), 300.0), "values from 300 to 300; expected from 0 to 1"),
        (np.full((8, 9, 3), -0.1), "values from -0.1 to -0.1; expected from 0 to 1"),
        (np.full((8, 9, 3), np.nan), "image holds NaN"),
        (np.full((8, 9, 3), "a"), "image is an array of <U1; expected a picture"),
        ("cat", "image is 'cat', and there is no such file"),
        ([], "image is empty; expected at least one picture"),
        (["cat.png"], "image[0] is 'cat.png', and there is no such file"),
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
