"""YOLOv3-tiny beside an interpreter of Darknet's layers in plain NumPy."""

import numpy as np
import pytest

from cnnlab.data.fetch import REMOTE
from cnnlab.detection import COCO_CLASSES, darknet, save_darknet, yolov3_tiny
from tests.detection.darknet_numpy import CLASSES, SHAPE, forward


def test_as_many_numbers_as_in_the_published_file():
    """yolov3-tiny.weights has 35,434,956 bytes: a header of 20, and float32."""
    model = yolov3_tiny()
    assert model.count_params() == 8_858_734 == (35_434_956 - 20) / 4
    filters = 16 + 32 + 64 + 128 + 256 + 512 + 1024 + 256 + 512 + 128 + 256
    trained = sum(int(np.prod(w.shape)) for w in model.trainable_weights)
    assert model.count_params() - trained == 2 * filters  # means and variances
    assert model.output_shape == [(None, 13, 13, 3, 85), (None, 26, 26, 3, 85)]


def test_height_and_width_are_not_mixed_up(tiny):
    assert tiny.output_shape == [(None, 2, 3, 3, 7), (None, 4, 6, 3, 7)]


@pytest.mark.networks
def test_equals_darknet_layer_by_layer(weight_data, tiny):
    """The whole network from a file's raw numbers, read and computed by other code."""
    image = np.random.default_rng(1).random(SHAPE)
    heads = tiny.predict(image[None].astype("float32"), verbose=0)
    for mine, theirs in zip(heads, forward(weight_data, image.transpose(2, 0, 1)), strict=True):
        # Darknet: for each anchor its 5 + classes numbers, each a map of rows and columns.
        theirs = theirs.reshape(3, 5 + CLASSES, *mine.shape[1:3]).transpose(2, 3, 0, 1)
        assert theirs.std() > 0.1
        np.testing.assert_allclose(mine[0], theirs, rtol=1e-3, atol=1e-3 * theirs.std())


def test_coco_has_eighty_classes():
    assert len(set(COCO_CLASSES)) == len(COCO_CLASSES) == 80
    places = {0: "person", 3: "motorcycle", 15: "cat", 39: "bottle", 62: "tv", 79: "toothbrush"}
    assert {place: COCO_CLASSES[place] for place in places} == places  # as in coco.names


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"input_shape": (416, 400, 3)}, "32 divides"),
        ({"input_shape": (0, 416, 3)}, "input_shape"),
        ({"input_shape": 416}, "input_shape"),
        ({"classes": 0}, "classes is 0"),
        ({"classes": None}, "classes is None"),
        ({"weights": "nowhere.weights"}, "no such file"),
        ({"weights": "coco", "classes": 3}, "3 channels and 80 classes"),
        ({"weights": "coco", "input_shape": (64, 64, 1)}, "3 channels and 80 classes"),
    ],
)
def test_what_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        yolov3_tiny(**{"input_shape": (64, 64, 3)} | arguments)


def test_coco_weights_are_fetched_by_name(monkeypatch, tmp_path):
    asked = []
    save_darknet(yolov3_tiny((32, 32, 3)), tmp_path / "coco.weights")
    monkeypatch.setattr(
        darknet, "fetch", lambda name: asked.append(name) or tmp_path / "coco.weights"
    )
    model = yolov3_tiny((32, 64, 3), weights="coco")
    assert asked == ["yolov3-tiny"]
    assert REMOTE["yolov3-tiny"].megabytes == pytest.approx(35_434_956 / 1e6, abs=0.1)
    assert model.count_params() == 8_858_734
