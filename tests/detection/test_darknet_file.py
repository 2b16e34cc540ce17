"""Darknet's weight files: written, read, and refused."""

import struct

import keras
import numpy as np
import pytest

from cnnlab.detection import darknet, load_darknet, save_darknet, yolov3_tiny
from tests.detection.darknet_numpy import CLASSES, random_file


@pytest.mark.networks
def test_what_is_written_is_read(weight_data, tiny, tmp_path):
    save_darknet(tiny, tmp_path / "again.weights")
    written = (tmp_path / "again.weights").read_bytes()
    assert written[20:] == weight_data[20:]
    assert struct.unpack("<iiiq", written[:20]) == (0, 2, 0, 0)
    other = yolov3_tiny((32, 64, 3), CLASSES, tmp_path / "again.weights")
    for mine, theirs in zip(other.get_weights(), tiny.get_weights(), strict=True):
        np.testing.assert_array_equal(mine, theirs)


def test_old_files_count_images_in_four_bytes(tiny, tmp_path):
    (tmp_path / "old.weights").write_bytes(random_file(minor=1))
    old = yolov3_tiny((32, 32, 3), CLASSES, tmp_path / "old.weights")
    for mine, theirs in zip(old.get_weights(), tiny.get_weights(), strict=True):
        np.testing.assert_array_equal(mine, theirs)


def test_another_network_with_numbered_convolutions(tmp_path):
    image = keras.Input((5, 7, 2))
    x = darknet.conv_bn_leaky(image, 4, 3, name="conv1")
    net = keras.Model(image, darknet.head(x, 1, 1, name="conv2"))
    save_darknet(net, tmp_path / "small.weights")
    before = net.get_weights()
    net.set_weights([w + 1 for w in before])
    load_darknet(net, tmp_path / "small.weights")
    for mine, theirs in zip(net.get_weights(), before, strict=True):
        np.testing.assert_array_equal(mine, theirs)
    with pytest.raises(ValueError, match="conv1"):
        save_darknet(keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)]), tmp_path / "no")


def not_finite(data: bytes) -> bytes:
    return data[:-4] + struct.pack("<f", float("nan"))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda data: data[:-4], "was cut short, or is of another network"),
        (lambda data: data[:-3], "within a number"),
        (lambda data: data + bytes(4), "is of another network or of other classes"),
        (lambda data: data[:12], "only 12 bytes"),
        (lambda data: data[:18], "within a number"),
        (lambda data: b"", "only 0 bytes"),
        (lambda data: b"<!DOCTYPE html><html>" + data, "not a Darknet weight file"),
        (not_finite, "not finite"),
    ],
)
def test_a_file_that_does_not_fit_changes_nothing(change, message, weight_data, tiny, tmp_path):
    (tmp_path / "wrong.weights").write_bytes(change(weight_data))
    before = tiny.get_weights()
    with pytest.raises(ValueError, match=message):
        load_darknet(tiny, tmp_path / "wrong.weights")
    for mine, theirs in zip(tiny.get_weights(), before, strict=True):
        np.testing.assert_array_equal(mine, theirs)


def test_other_classes_are_said_with_numbers(tiny, weight_path):
    other = yolov3_tiny((32, 32, 3), CLASSES + 1)
    with pytest.raises(ValueError, match=r"holds 8,6\d\d,\d{3} numbers; expected 8,6\d\d,\d{3}"):
        load_darknet(other, weight_path)
