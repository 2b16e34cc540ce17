"""YOLOv3-tiny and Darknet's files, beside an interpreter of Darknet's layers in plain NumPy."""

import struct
from types import SimpleNamespace

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.lib.stride_tricks import sliding_window_view

from cnnlab.data.fetch import REMOTE
from cnnlab.detection import (
    COCO_CLASSES,
    darknet,
    decode_heads,
    detect_photo,
    iou,
    letterbox,
    load_darknet,
    save_darknet,
    yolov3_tiny,
)

CLASSES, SHAPE = 2, (64, 96, 3)
OUTPUTS = 3 * (5 + CLASSES)
ANCHORS = np.array([10, 14, 23, 27, 37, 58, 81, 82, 135, 169, 344, 319]).reshape(6, 2)

# cfg/yolov3-tiny.cfg, section by section: filters, size, batch normalisation and leaky or neither;
# size and stride of a pooling; the layers of a route, counted from 0, or backwards from here.
CFG = [
    *[("conv", 16, 3, True), ("max", 2, 2)],
    *[("conv", 32, 3, True), ("max", 2, 2)],
    *[("conv", 64, 3, True), ("max", 2, 2)],
    *[("conv", 128, 3, True), ("max", 2, 2)],
    *[("conv", 256, 3, True), ("max", 2, 2)],
    *[("conv", 512, 3, True), ("max", 2, 1)],
    *[("conv", 1024, 3, True), ("conv", 256, 1, True), ("conv", 512, 3, True)],
    *[("conv", OUTPUTS, 1, False), ("yolo",), ("route", -4)],
    *[("conv", 128, 1, True), ("upsample",), ("route", -1, 8)],
    *[("conv", 256, 3, True), ("conv", OUTPUTS, 1, False), ("yolo",)],
]
INPUTS = (3, 16, 32, 64, 128, 256, 512, 1024, 256, 512, 256, 384, 256)  # of the convolutions


# ---- Darknet in NumPy: (C, H, W), kernels as they lie in the file ----


def random_file(seed=0, minor=2) -> bytes:
    """A weight file as Darknet writes it, with every layer's numbers drawn at their real size."""
    rng = np.random.default_rng(seed)
    parts = [struct.pack("<iii", 0, minor, 5), struct.pack("<q" if minor >= 2 else "<i", 32013312)]
    convolutions = [section for section in CFG if section[0] == "conv"]
    for (_, n, f, norm), c in zip(convolutions, INPUTS, strict=True):
        numbers = [rng.normal(0, 0.2, n)]
        if norm:
            numbers += [rng.uniform(0.7, 1.3, n), rng.normal(0, 0.3, n), rng.uniform(0.3, 2, n)]
        numbers.append(rng.normal(0, np.sqrt(2 / (c * f * f)), (n, c, f, f)))
        parts += [part.astype("<f4").tobytes() for part in numbers]
    return b"".join(parts)


def forward(data: bytes, x: np.ndarray) -> list[np.ndarray]:
    """What stands before each [yolo] for the image ``(C, H, W)``, layer by layer, as in the cfg."""
    place, outputs, heads = 20, [], []

    def read(*shape):
        nonlocal place
        count = int(np.prod(shape))
        values = struct.unpack_from(f"<{count}f", data, place)
        place += 4 * count
        return np.array(values).reshape(shape)

    for kind, *numbers in CFG:
        if kind == "conv":
            n, f, norm = numbers
            bias = read(n)
            gamma, mean, variance = (read(n), read(n), read(n)) if norm else (1, 0, 1 - 1e-5)
            kernel = read(n, len(x), f, f)
            x = np.pad(x, ((0, 0), (f // 2, f // 2), (f // 2, f // 2)))
            x = np.tensordot(kernel, sliding_window_view(x, (f, f), (1, 2)), ((1, 2, 3), (0, 3, 4)))
            x = column(gamma) * (x - column(mean)) / np.sqrt(column(variance) + 1e-5) + column(bias)
            x = np.where(norm & (x < 0), 0.1 * x, x)
        elif kind == "max":
            size, stride = numbers
            if stride == 1:
                x = np.pad(x, ((0, 0), (0, 1), (0, 1)), constant_values=-np.inf)
            x = sliding_window_view(x, (size, size), (1, 2))[:, ::stride, ::stride].max((3, 4))
        elif kind == "upsample":
            x = np.kron(x, np.ones((1, 2, 2)))
        elif kind == "route":
            x = np.concatenate([outputs[i] for i in numbers])
        else:
            heads.append(x)
        outputs.append(x)
    assert place == len(data)
    return heads


def column(x) -> np.ndarray:
    return np.reshape(x, (-1, 1, 1))


@pytest.fixture(scope="module")
def data():
    return random_file()


@pytest.fixture(scope="module")
def path(data, tmp_path_factory):
    path = tmp_path_factory.mktemp("darknet") / "random.weights"
    path.write_bytes(data)
    return path


@pytest.fixture(scope="module")
def model(path):
    return yolov3_tiny(SHAPE, CLASSES, weights=path)


# ---- the network ----


def test_as_many_numbers_as_in_the_published_file():
    """yolov3-tiny.weights has 35,434,956 bytes: a header of 20, and float32."""
    model = yolov3_tiny()
    assert model.count_params() == 8_858_734 == (35_434_956 - 20) / 4
    filters = 16 + 32 + 64 + 128 + 256 + 512 + 1024 + 256 + 512 + 128 + 256
    trained = sum(int(np.prod(w.shape)) for w in model.trainable_weights)
    assert model.count_params() - trained == 2 * filters  # means and variances
    assert model.output_shape == [(None, 13, 13, 3, 85), (None, 26, 26, 3, 85)]


def test_height_and_width_are_not_mixed_up(model):
    assert model.output_shape == [(None, 2, 3, 3, 7), (None, 4, 6, 3, 7)]


def test_equals_darknet_layer_by_layer(data, model):
    """The whole network from a file's raw numbers, read and computed by other code."""
    image = np.random.default_rng(1).random(SHAPE)
    heads = model.predict(image[None].astype("float32"), verbose=0)
    for mine, theirs in zip(heads, forward(data, image.transpose(2, 0, 1)), strict=True):
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


# ---- files ----


def test_what_is_written_is_read(data, model, tmp_path):
    save_darknet(model, tmp_path / "again.weights")
    written = (tmp_path / "again.weights").read_bytes()
    assert written[20:] == data[20:]
    assert struct.unpack("<iiiq", written[:20]) == (0, 2, 0, 0)
    other = yolov3_tiny((32, 64, 3), CLASSES, tmp_path / "again.weights")
    for mine, theirs in zip(other.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_array_equal(mine, theirs)


def test_old_files_count_images_in_four_bytes(model, tmp_path):
    (tmp_path / "old.weights").write_bytes(random_file(minor=1))
    old = yolov3_tiny((32, 32, 3), CLASSES, tmp_path / "old.weights")
    for mine, theirs in zip(old.get_weights(), model.get_weights(), strict=True):
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
def test_a_file_that_does_not_fit_changes_nothing(change, message, data, model, tmp_path):
    (tmp_path / "wrong.weights").write_bytes(change(data))
    before = model.get_weights()
    with pytest.raises(ValueError, match=message):
        load_darknet(model, tmp_path / "wrong.weights")
    for mine, theirs in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(mine, theirs)


def test_other_classes_are_said_with_numbers(model, path):
    other = yolov3_tiny((32, 32, 3), CLASSES + 1)
    with pytest.raises(ValueError, match=r"holds 8,6\d\d,\d{3} numbers; expected 8,6\d\d,\d{3}"):
        load_darknet(other, path)


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


def test_the_network_sees_the_picture():
    """Red in the upper left corner, in both kinds of numbers."""
    picture = np.zeros((60, 120, 3), np.uint8)
    picture[:30, :60, 0] = 255
    for image in (picture, picture / 255):
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


def test_from_a_file_to_boxes(model):
    """Random weights find much that is not there; all of it lies in the picture."""
    picture = np.random.default_rng(2).random((45, 110, 3))
    boxes, labels, scores = detect_photo(model, picture, score_threshold=0.2)
    assert len(boxes) > 0
    assert (boxes[:, :2] < boxes[:, 2:]).all()
    assert boxes.min() >= 0
    assert (boxes.max(axis=0) <= [110, 45, 110, 45]).all()
    assert set(labels) <= set(range(CLASSES))
    assert (np.diff(scores) <= 0).all()
    assert scores.min() > 0.2


@pytest.mark.parametrize(
    ("image", "message"),
    [
        (np.zeros((40, 50)), r"image has shape \(40, 50\); expected \(H, W, 3\)"),
        (np.zeros((40, 50, 4)), r"expected \(H, W, 3\)"),
        (np.zeros((0, 50, 3)), r"expected \(H, W, 3\)"),
        (np.full((40, 50, 3), 255.0), "from 0 to 1"),
        (np.full((40, 50, 3), np.nan), "from 0 to 1"),
        (np.full((40, 50, 3), "red"), "from 0 to 1"),
    ],
)
def test_pictures_that_are_refused(image, message):
    with pytest.raises(ValueError, match=message):
        detect_photo(stub(empty_heads()), image)
