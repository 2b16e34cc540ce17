"""From a photograph to boxes, by YOLOv3-tiny, with answers put in by hand."""

from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from cnnlab.detection import decode_heads, detect_photo, iou, letterbox
from tests.detection.darknet_numpy import CLASSES

ANCHORS = np.array([10, 14, 23, 27, 37, 58, 81, 82, 135, 169, 344, 319]).reshape(6, 2)


# ---- boxes ----


def empty_heads(height=128, width=192, classes=3):
    """Two answers that say with certainty: nothing here."""
    shapes = [(height // s, width // s, 3, 5 + classes) for s in (32, 16)]
    return [np.full(shape, -20.0) for shape in shapes]


def logit(p):
    return np.log(p / (1 - p))


def cell(x, y, w, h, p=0.9, label=1, other=0.01, classes=3):
    """The numbers of one cell, in Darknet's order: x and y in it, times the anchor's w and h."""
    likely = [p if i == label else other for i in range(classes)]
    return [logit(x), logit(y), np.log(w), np.log(h), logit(0.95), *map(logit, likely)]


def test_one_sure_cell_by_hand():
    heads = empty_heads()
    heads[0][1, 4, 2] = cell(0.25, 0.75, 0.5, 0.25)  # anchor 5, 344 × 319
    boxes, labels, scores = decode_heads(heads, (128, 192))
    x, y = (4 + 0.25) * 32, (1 + 0.75) * 32
    np.testing.assert_allclose(boxes, [[x - 86, y - 319 / 8, x + 86, y + 319 / 8]])
    np.testing.assert_array_equal(labels, [1])
    np.testing.assert_allclose(scores, [0.95 * 0.9])


def test_the_fine_head_has_the_anchors_that_the_published_weights_were_trained_with():
    heads = empty_heads()
    heads[1][7, 11, 0] = cell(0.5, 0.5, 1, 1)
    (box,) = decode_heads(heads, (128, 192)).boxes
    np.testing.assert_allclose(box[2:] - box[:2], [23, 27])
    (box,) = decode_heads(heads, (128, 192), masks=((3, 4, 5), (0, 1, 2))).boxes
    np.testing.assert_allclose(box[2:] - box[:2], [10, 14])


def test_a_box_may_be_two_things_and_the_surest_comes_first():
    heads = empty_heads()
    heads[0][2, 3, 0] = cell(0.5, 0.5, 1, 1, p=0.8, label=2, other=0.7)
    heads[1][0, 0, 1] = cell(0.5, 0.5, 1, 1, p=0.99, label=0)
    boxes, labels, scores = decode_heads(heads, (128, 192))
    np.testing.assert_array_equal(labels, [0, 2, 0, 1])
    np.testing.assert_allclose(scores, 0.95 * np.array([0.99, 0.8, 0.7, 0.7]))
    np.testing.assert_array_equal(boxes[1], boxes[3])


def test_nothing_is_an_answer():
    boxes, labels, scores = decode_heads(empty_heads(), (128, 192))
    assert boxes.shape == (0, 4)
    assert labels.shape == scores.shape == (0,)


def test_an_untrained_network_gives_no_infinity():
    heads = [np.full(h.shape, 1e4) for h in empty_heads()]
    assert np.isfinite(decode_heads(heads, (128, 192)).boxes).all()


@pytest.mark.parametrize(
    ("heads", "message"),
    [
        (empty_heads()[:1], "heads has 1 arrays; expected 2"),
        ([empty_heads()[0], empty_heads()[1][..., :2, :]], r"heads\[1\] has shape"),
        ([h.reshape(*h.shape[:2], -1) for h in empty_heads()], r"heads\[0\] has shape"),
    ],
)
def test_heads_of_another_shape(heads, message):
    with pytest.raises(ValueError, match=message):
        decode_heads(heads, (128, 192))


# ---- photographs ----


class Stub(SimpleNamespace):
    """A network whose answers are given, and that keeps what it was shown."""

    def predict(self, images, verbose):
        self.seen = images
        return [h[None] for h in self.heads]


def stub(heads, height=128, width=192):
    return Stub(input_shape=(None, height, width, 3), heads=heads)


@pytest.mark.networks
@pytest.mark.parametrize(
    ("size", "inside"),
    [
        ((50, 150), (slice(32, 96), slice(0, 192))),  # wide: gray above and below
        ((200, 75), (slice(0, 128), slice(72, 120))),  # tall: gray on the sides
        ((64, 96), (slice(0, 128), slice(0, 192))),  # fits
    ],
)
def test_letterbox_fills_with_gray(size, inside):
    picture = np.full((*size, 3), (1, 0, 0.25), np.float32)
    expected = np.full((128, 192, 3), 0.5)
    expected[inside] = (1, 0, 0.25)
    np.testing.assert_allclose(letterbox(picture, (128, 192)).image, expected, atol=1e-6)


@settings(max_examples=60, deadline=None)
@given(st.integers(20, 900), st.integers(20, 900), st.integers(0, 2**32 - 1))
def test_a_box_comes_back_to_where_it_is_in_the_picture(H, W, seed):
    """Put a box into an answer by hand, at a random place, and find it in the picture's pixels."""
    rng = np.random.default_rng(seed)
    w, h = rng.uniform(0.2, 0.5, 2) * (W, H)
    left, top = rng.uniform(0, 1, 2) * (W - w, H - h)
    box = np.array([left, top, left + w, top + h])

    # In the network's input: the picture fills it one way, and is in the middle the other way. It
    # has whole pixels there, so its two sides are scaled by slightly unequal numbers.
    scale = min(192 / W, 128 / H)
    new_w = 192 if scale == 192 / W else int(W * 128 / H + 1e-9)
    new_h = 128 if scale == 128 / H else int(H * 192 / W + 1e-9)
    x = (left + w / 2) * new_w / W + (192 - new_w) // 2
    y = (top + h / 2) * new_h / H + (128 - new_h) // 2
    grid, anchor = int(rng.integers(2)), int(rng.integers(3))
    side = (32, 16)[grid]
    a_w, a_h = ANCHORS[[(3, 4, 5), (1, 2, 3)][grid][anchor]]
    heads = empty_heads()
    heads[grid][int(y // side), int(x // side), anchor] = cell(
        x / side % 1, y / side % 1, w * new_w / W / a_w, h * new_h / H / a_h, label=2
    )
    boxes, labels, _ = detect_photo(stub(heads), np.zeros((H, W, 3), np.uint8))
    np.testing.assert_allclose(boxes, [box], atol=1e-6 * max(H, W))
    np.testing.assert_array_equal(labels, [2])


def test_the_network_sees_the_picture(tmp_path):
    """Red in the upper left corner, as people have it."""
    picture = np.zeros((60, 120, 3), np.uint8)
    picture[:30, :60, 0] = 255
    Image.fromarray(picture).save(tmp_path / "red.png")
    for image in (picture, picture / 255, picture / 1.0, tmp_path / "red.png"):
        net = stub(empty_heads())
        detect_photo(net, image)
        assert net.seen.shape == (1, 128, 192, 3)
        assert net.seen.dtype == np.float32
        red = net.seen[0, 16:112, :, 0]  # 192 × 96 of it
        assert red[:46, :94].min() == 1
        assert red[50:].max() == red[:, 98:].max() == 0


def test_doubles_are_dropped_class_by_class_and_boxes_clipped():
    heads = empty_heads()
    heads[0][1, 2, 0] = cell(0.5, 0.5, 1, 1, p=0.95, label=0)
    heads[0][1, 2, 1] = cell(0.5, 0.5, 81 / 135, 75 / 169, p=0.9, label=0)  # nearly the same
    heads[1][3, 5, 2] = cell(0.0001, 0.0001, 1, 1, p=0.85, label=1)  # near it, of another class
    heads[0][3, 0, 2] = cell(0.5, 0.5, 1, 1, p=0.8, label=2)  # larger than the picture
    boxes, labels, scores = detect_photo(stub(heads), np.zeros((128, 192, 3)))
    np.testing.assert_array_equal(labels, [0, 1, 2])
    np.testing.assert_allclose(scores, 0.95 * np.array([0.95, 0.85, 0.8]))
    assert iou(boxes[:1], boxes[1:2])[0, 0] > 0.5
    np.testing.assert_allclose(boxes[2], [0, 0, 16 + 172, 128])
    everything = detect_photo(stub(heads), np.zeros((128, 192, 3)), iou_threshold=1.0)
    assert len(everything.boxes) == 4


def test_what_lies_in_the_gray_is_not_in_the_picture():
    heads = empty_heads()
    heads[1][0, 3, 0] = cell(0.5, 0.2, 0.5, 0.1)
    assert len(detect_photo(stub(heads), np.zeros((128, 192, 3))).boxes) == 1
    assert len(detect_photo(stub(heads), np.zeros((30, 192, 3))).boxes) == 0


@pytest.mark.networks
def test_from_a_file_to_boxes(tiny):
    """Random weights find much that is not there; all of it lies in the picture."""
    picture = np.random.default_rng(2).random((45, 110, 3))
    boxes, labels, scores = detect_photo(tiny, picture, score_threshold=0.2)
    assert len(boxes) > 0
    assert (boxes[:, :2] < boxes[:, 2:]).all()
    assert boxes.min() >= 0
    assert (boxes.max(axis=0) <= [110, 45, 110, 45]).all()
    assert set(labels) <= set(range(CLASSES))
    assert (np.diff(scores) <= 0).all()
    assert scores.min() > 0.2


def test_a_network_for_gray_sees_gray_and_one_for_other_channels_is_refused():
    net = stub(empty_heads())
    net.input_shape = (None, 128, 192, 1)
    colours = np.zeros((64, 96, 3))
    colours[..., 1] = 1
    detect_photo(net, colours)
    np.testing.assert_allclose(net.seen, 0.7154, rtol=1e-6)
    net.input_shape = (None, 128, 192, 2)
    with pytest.raises(ValueError, match="model takes 2 channels; expected 1 or 3"):
        detect_photo(net, colours)


@pytest.mark.parametrize(
    ("image", "message"),
    [
        (np.zeros((40, 50, 5)), r"image has shape \(40, 50, 5\); expected a picture"),
        (np.zeros((0, 50, 3)), r"image has shape \(0, 50, 3\); expected a picture"),
        (np.full((40, 50, 3), 256.0), "from 0 to 255"),
        (np.full((40, 50, 3), np.nan), "image holds NaN"),
        (np.full((40, 50, 3), "red"), "image is an array of <U3"),
        ("nowhere.jpg", "there is no such file"),
    ],
)
def test_pictures_that_are_refused(image, message):
    with pytest.raises(ValueError, match=message):
        detect_photo(stub(empty_heads()), image)
