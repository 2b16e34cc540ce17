"""A small YOLOv3-tiny, and the Darknet file that its weights come from."""

from pathlib import Path

import keras
import pytest

from cnnlab.detection import yolov3_tiny
from tests.detection.darknet_numpy import CLASSES, SHAPE, random_file


@pytest.fixture(scope="session")
def weight_data() -> bytes:
    return random_file()


@pytest.fixture(scope="session")
def weight_path(weight_data, tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("darknet") / "random.weights"
    path.write_bytes(weight_data)
    return path


@pytest.fixture(scope="module")
def tiny(weight_path) -> keras.Model:
    return yolov3_tiny(SHAPE, CLASSES, weights=weight_path)
