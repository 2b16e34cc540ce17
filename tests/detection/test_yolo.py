"""YOLO: targets and boxes are inverse to each other; the loss by hand; from picture to boxes."""

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cnnlab.backend import ON_JAX
from cnnlab.detection import (
    Batches,
    box_loss,
    class_loss,
    decode,
    detect,
    detections,
    encode,
    iou,
    object_loss,
    predicted,
    small_yolo,
    targets,
    yolo_loss,
)

pytestmark = pytest.mark.networks

SIZE, GRID = (90, 120), (3, 5)  # cells of 30 × 24 pixels
TALL, WIDE = (40.0, 16.0), (20.0, 44.0)  # heights and widths
ANCHORS = np.array([TALL, WIDE])
EMPTY = np.empty((0, 4)), np.empty(0, int)


def numpy(x) -> np.ndarray:
    return keras.ops.convert_to_numpy(x)


def at(x: float, y: float, h: float, w: float) -> list[float]:
    """The box with this centre, height and width."""
    return [x - w / 2, y - h / 2, x + w / 2, y + h / 2]


def code(boxes, labels=None, anchors=ANCHORS, grid=GRID, size=SIZE, classes=3):
    labels = np.zeros(len(boxes), int) if labels is None else labels
    return encode(boxes, labels, grid, anchors, classes, size)


# ---- encode ----


def test_the_lectures_target():
    """3×3 cells, two anchors, 5 + 3 numbers for each: 3×3×16, with a pedestrian and a car."""
    pedestrian, car = at(50, 45, 40, 16), at(40, 80, 20, 44)
    y, left_out = code([pedestrian, car], [0, 1], grid=(3, 3), size=(90, 90))
    assert y.shape == (3, 3, 2, 8)
    assert y.reshape(3, 3, -1).shape == (3, 3, 16)
    expected = np.zeros((3, 3, 16))
    expected[1, 1, :8] = [1, 20 / 30, 15 / 30, 1, 1, 1, 0, 0]  # the tall anchor of the middle cell
    expected[2, 1, 8:] = [1, 10 / 30, 20 / 30, 1, 1, 0, 1, 0]  # the wide one of the cell below
    np.testing.assert_allclose(y.reshape(3, 3, 16), expected, atol=1e-12)
    assert len(left_out) == 0


def test_two_objects_in_one_cell_of_different_shape():
    y, left_out = code([at(50, 45, 38, 15), at(52, 44, 21, 46)], [0, 1])
    assert y[1, 2, :, 0].tolist() == [1, 1]
    assert y[1, 2, :, 5:].argmax(axis=-1).tolist() == [0, 1]
    assert len(left_out) == 0


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0)])
def test_where_three_meet_one_is_left_out_and_named(order):
    """Two want the tall anchor: the one more like it has it, whatever the order."""
    three = np.array([at(50, 45, 30, 18), at(52, 44, 21, 46), at(49, 45, 40, 17)])
    y, left_out = code(three[list(order)], np.array([0, 1, 2])[list(order)])
    assert np.array(order)[left_out].tolist() == [0]
    assert y[1, 2, :, 5:].argmax(axis=-1).tolist() == [2, 1]
    assert y[..., 0].sum() == 2


def test_of_equal_objects_the_first_is_placed():
    y, left_out = code([at(50, 45, 40, 16)] * 3, [2, 1, 0])
    assert left_out.tolist() == [1, 2]
    assert y[1, 2, 0, 5:].tolist() == [0, 0, 1]


@pytest.mark.parametrize(
    ("centre", "cell", "offset"),
    [
        ((0, 0), (0, 0), (0, 0)),
        ((24, 30), (1, 1), (0, 0)),
        ((23.999, 29.999), (0, 0), (23.999 / 24, 29.999 / 30)),
        ((96, 60), (2, 4), (0, 0)),
        ((119.5, 89.5), (2, 4), (23.5 / 24, 29.5 / 30)),
    ],
)
def test_a_border_belongs_to_the_later_cell(centre, cell, offset):
    y, _ = code([at(*centre, 40, 16)])
    place = np.argwhere(y[..., 0] == 1)[0]
    assert tuple(place[:2]) == cell
    np.testing.assert_allclose(y[tuple(place)][1:3], offset, atol=1e-9)


def test_nothing_is_encoded_as_nothing():
    y, left_out = code(*EMPTY)
    assert y.shape == (3, 5, 2, 8)
    assert not y.any()
    assert left_out.shape == (0,)
    assert [len(part) for part in decode(y, ANCHORS, SIZE)] == [0, 0, 0]


# ---- encode and decode are inverse to each other ----

# A quarter of a pixel, and cells of 30 × 24: many centres lie on the borders of cells.
centres = st.tuples(st.integers(0, 4 * SIZE[1] - 1), st.integers(0, 4 * SIZE[0] - 1)).map(
    lambda xy: (xy[0] / 4, xy[1] / 4)
)
sides = st.tuples(st.floats(0.5, 90), st.floats(0.5, 120))
objects = st.lists(st.tuples(centres, sides, st.integers(0, 2)), max_size=12)


@settings(deadline=None, max_examples=300)
@given(objects)
def test_decode_gives_back_every_object_that_has_a_place(several):
    boxes = np.array([at(*centre, *side) for centre, side, _ in several]).reshape(-1, 4)
    labels = np.array([label for *_, label in several], int)
    y, left_out = code(boxes, labels)
    placed = np.setdiff1d(np.arange(len(boxes)), left_out)
    found = decode(y, ANCHORS, SIZE)
    assert len(found.boxes) == len(placed)
    rows = np.column_stack([found.boxes, found.labels])
    for row in np.column_stack([boxes[placed], labels[placed]]):
        nearest = np.abs(rows - row).max(axis=1).argmin()
        np.testing.assert_allclose(rows[nearest], row, atol=1e-9)
        rows = np.delete(rows, nearest, axis=0)
    assert (found.scores == 1).all()


places = st.dictionaries(
    st.tuples(st.integers(0, 6), st.integers(0, 8), st.integers(0, 1)),
    st.tuples(
        *(st.sampled_from([0.0, 0.25, 1 / 3, 0.999]), st.sampled_from([0.0, 0.5, 0.7])),
        *(st.floats(0.8, 1.2), st.floats(0.8, 1.2), st.integers(0, 2)),
    ),
    max_size=10,
)


@settings(deadline=None, max_examples=300)
@given(places)
def test_encode_gives_back_every_target(filled):
    """Sizes near their anchor's, so that encoding finds the same one again; sevenths round."""
    y = np.zeros((7, 9, 2, 8))
    for place, (b_x, b_y, b_h, b_w, label) in filled.items():
        y[place] = [1, b_x, b_y, b_h, b_w, *np.eye(3)[label]]
    found = decode(y, ANCHORS, (96, 100))
    again, left_out = code(found.boxes, found.labels, grid=(7, 9), size=(96, 100))
    assert len(left_out) == 0
    np.testing.assert_allclose(again, y, atol=1e-9)


def test_decode_puts_the_surest_first_and_keeps_to_the_threshold():
    y = np.zeros((3, 5, 2, 8))
    y[0, 1, 0] = [0.5, 0.5, 0.5, 1, 1, 0.1, 0.8, 0.1]  # scores 0.4
    y[2, 3, 1] = [0.9, 0.5, 0.5, 1, 1, 0.0, 0.0, 1.0]
    y[1, 1, 1] = [0.3, 0.5, 0.5, 1, 1, 1.0, 0.0, 0.0]
    found = decode(y, ANCHORS, SIZE, score_threshold=0.3)
    np.testing.assert_allclose(found.scores, [0.9, 0.4])
    assert found.labels.tolist() == [2, 1]
    np.testing.assert_allclose(found.boxes, [at(84, 75, *WIDE), at(36, 15, *TALL)])


def test_targets_of_many_images():
    boxes = [np.array([at(50, 45, 40, 16)] * 2), EMPTY[0], np.array([at(9, 9, 20, 44)])]
    y, left_out = targets(boxes, [[1, 1], [], [2]], GRID, ANCHORS, 3, SIZE)
    assert (y.shape, y.dtype) == ((3, 3, 5, 2, 8), np.float32)
    assert y[..., 0].sum(axis=(1, 2, 3)).tolist() == [1, 0, 1]
    assert left_out.tolist() == [[0, 1]]
    assert targets([], [], GRID, ANCHORS, 3, SIZE).y.shape == (0, 3, 5, 2, 8)


def test_batches_are_shuffled_and_half_of_them_mirrored_with_their_boxes():
    """Each image is drawn from its own box, so what a batch's target says can be drawn again."""
    rng = np.random.default_rng(0)
    boxes = [[at(12 * rng.integers(2, 9) + 3, 45, 40, 16 + 8 * rng.integers(2))] for _ in range(40)]

    def mask(some: np.ndarray) -> np.ndarray:
        image = np.zeros(SIZE, bool)
        for x_min, y_min, x_max, y_max in np.rint(some).astype(int):
            image[y_min:y_max, x_min:x_max] = True
        return image

    images = np.array([np.dstack([mask(some) * 0.5] * 3) for some in boxes], "float32")
    batches = Batches(images, targets(boxes, [[1]] * 40, GRID, ANCHORS, 3, SIZE).y, 8, seed=1)
    assert len(batches) == 5
    seen = [pair for i in range(5) for pair in zip(*batches[i], strict=True)]
    assert {image.dtype for image, _ in seen} == {np.dtype("float32")}
    for image, y in seen:
        found = decode(y, ANCHORS, SIZE)
        assert found.labels.tolist() == [1]
        np.testing.assert_array_equal(image[..., 2] > 0, mask(found.boxes))
    originals = [mask(some).tobytes() for some in boxes]
    shown = [(image[..., 0] > 0).tobytes() for image, _ in seen]
    assert 8 < sum(each not in originals for each in shown) < 32
    colours = np.array([image.max(axis=(0, 1)) for image, _ in seen]) / 0.5
    assert len(np.unique(colours)) == 120
    assert 0.75**2 <= colours.min() < 0.9
    assert 1.1 < colours.max() <= 1.25**2
    np.testing.assert_array_equal(np.unique(images), [0, 0.5])  # the pictures themselves stay
    batches.on_epoch_end()
    assert shown != [(image[..., 0] > 0).tobytes() for i in range(5) for image in batches[i][0]]


# ---- the loss ----


def sigmoid(t):
    return 1 / (1 + np.exp(-t))


def random_case() -> tuple[np.ndarray, np.ndarray]:
    """Targets of two images, and numbers that a network might give."""
    boxes = [np.array([at(50, 45, 38, 15), at(100, 20, 25, 40)]), np.array([at(9, 80, 50, 20)])]
    y = targets(boxes, [[0, 1], [2]], GRID, ANCHORS, 3, SIZE).y
    return y, np.random.default_rng(0).normal(size=y.shape).astype("float32")


def test_each_part_of_the_loss_place_by_place():
    y, raw = random_case()
    parts = np.zeros((2, 3))
    for n, *place in np.ndindex(y.shape[:-1]):
        true, t = y[n][tuple(place)].astype(float), raw[n][tuple(place)].astype(float)
        p = sigmoid(t[0])
        if true[0] == 0:
            parts[n, 0] += 0.5 * -np.log(1 - p)
            continue
        parts[n, 0] += -np.log(p)
        parts[n, 1] += 5 * ((sigmoid(t[1:3]) - true[1:3]) ** 2).sum()
        parts[n, 1] += 5 * ((t[3:5] - np.log(true[3:5])) ** 2).sum()
        c = np.exp(t[5:]) / np.exp(t[5:]).sum()
        parts[n, 2] += -np.log(c[true[5:].argmax()])
    found = [numpy(part(y, raw)) for part in (object_loss, box_loss, class_loss)]
    np.testing.assert_allclose(np.transpose(found), parts, rtol=1e-4)
    np.testing.assert_allclose(numpy(yolo_loss(y, raw)), parts.sum(axis=1), rtol=1e-4)


def test_the_loss_is_zero_where_all_is_right():
    y, _ = random_case()
    raw = np.where(y > 0, 40.0, -40.0).astype("float32")
    raw[..., 1:3] = np.log(np.maximum(y[..., 1:3], 1e-9) / (1 - y[..., 1:3]))
    raw[..., 3:5] = np.log(np.where(y[..., :1] > 0, y[..., 3:5], 1))
    np.testing.assert_allclose(numpy(yolo_loss(y, raw)), 0, atol=1e-4)
    back = decode(predicted(raw)[0], ANCHORS, SIZE, 0.5)
    np.testing.assert_allclose(back.boxes, decode(y[0], ANCHORS, SIZE).boxes, atol=1e-3)


@pytest.mark.parametrize("huge", [1e3, -1e3, 3e4])
def test_the_loss_and_the_prediction_stay_finite(huge):
    y, raw = random_case()
    assert np.isfinite(numpy(yolo_loss(y, raw + np.float32(huge)))).all()
    assert np.isfinite(predicted(raw + np.float32(huge))).all()


def slope(y: np.ndarray, raw: np.ndarray) -> np.ndarray:
    if ON_JAX:
        import jax

        return np.asarray(jax.grad(lambda t: yolo_loss(y, t).sum())(raw))
    import tensorflow as tf

    t = tf.Variable(raw)
    with tf.GradientTape() as tape:
        total = tf.reduce_sum(yolo_loss(y, t))
    return tape.gradient(total, t).numpy()


def test_an_empty_place_teaches_p_c_alone():
    y, raw = random_case()
    gradient = slope(y, raw)
    empty = y[..., 0] == 0
    np.testing.assert_array_equal(gradient[empty][:, 1:], 0)
    np.testing.assert_allclose(gradient[empty][:, 0], 0.5 * sigmoid(raw[empty][:, 0]), rtol=1e-4)
    assert (gradient[~empty] != 0).all()


# ---- the network, and what it finds ----


@pytest.fixture(scope="module")
def model() -> keras.Model:
    keras.utils.set_random_seed(0)
    return small_yolo((48, 64, 3), ANCHORS, 3)


def test_the_networks_shape_and_size(model):
    assert model.output_shape == (None, 6, 8, 2, 8)
    assert model.count_params() == 289_168
    largest = small_yolo((96, 96, 3), np.ones((5, 2)), 20)
    assert largest.output_shape == (None, 12, 12, 5, 25)
    assert largest.count_params() <= 500_000


def test_an_untrained_network_is_shy(model):
    images = np.random.default_rng(0).random((2, 48, 64, 3), "float32")
    y = predicted(model(images))
    assert y.shape == (2, 6, 8, 2, 8)
    assert y[..., 0].mean() < 0.2  # it would be 0.5 without the bias
    np.testing.assert_allclose(y[..., 5:].sum(axis=-1), 1, rtol=1e-5)


class Fixed:
    """Gives the same numbers for every image, as if it were a network."""

    input_shape, output_shape = (None, *SIZE, 3), (None, *GRID, 2, 8)

    def __init__(self, y: np.ndarray) -> None:
        self.raw = np.full(y.shape, -20.0, "float32")
        at_places = y[..., 0] > 0
        y = np.clip(y[at_places], 1e-6, None)
        self.raw[at_places, :3] = np.log(y[:, :3] / (1.0001 - y[:, :3]))
        self.raw[at_places, 3:] = np.log(y[:, 3:])

    def predict(self, images: np.ndarray, verbose: int) -> np.ndarray:
        return np.repeat(self.raw[None], len(images), axis=0)


def doubles() -> np.ndarray:
    """A pedestrian found by two cells, and a motorcycle at the border, almost where he stands."""
    y = np.zeros((*GRID, 2, 8))
    y[1, 2, 0] = [0.95, 0.05, 0.5, 1, 1, 1, 0, 0]
    y[1, 1, 0] = [0.8, 0.95, 0.5, 1, 1, 1, 0, 0]
    y[1, 2, 1] = [0.9, 0.1, 0.5, 1.9, 0.4, 0, 0, 1]
    y[2, 4, 1] = [0.7, 0.5, 0.5, 1, 1, 0, 1, 0]
    return y


def test_doubles_are_dropped_class_by_class_and_boxes_end_at_the_border():
    image = np.zeros((*SIZE, 3), "float32")
    (found,) = detections(Fixed(doubles()), image[None], ANCHORS)
    assert found.labels.tolist() == [0, 2, 1]
    np.testing.assert_allclose(found.scores, [0.95, 0.9, 0.7], atol=1e-3)
    assert found.boxes[2].tolist() == pytest.approx([86, 65, 120, 85], abs=0.1)
    (every,) = detections(Fixed(doubles()), image[None], ANCHORS, iou_threshold=None)
    assert len(every.boxes) == 4
    assert iou(every.boxes[:1], every.boxes[every.labels == 0])[0].min() > 0.5


def test_detect_names_what_it_finds():
    found = detect(
        Fixed(doubles()), np.zeros((*SIZE, 3)), ANCHORS, ("pedestrian", "car", "motorcycle"), 0.75
    )
    assert [each.name for each in found] == ["pedestrian", "motorcycle"]
    assert found[0].box == pytest.approx(tuple(at(48 + 1.2, 45, *TALL)), abs=0.1)
    assert 0.94 < found[0].score < 0.96


def test_detections_of_no_image(model):
    assert detections(model, np.empty((0, 48, 64, 3)), ANCHORS) == []


def signs(count: int, seed: int) -> tuple[np.ndarray, list[np.ndarray], list[np.ndarray]]:
    """Up to two bright signs on noise: tall and red, or wide and green."""
    rng, (H, W) = np.random.default_rng(seed), (48, 64)
    images = rng.uniform(0, 0.4, (count, H, W, 3)).astype("float32")
    boxes, labels = [], []
    for image in images:
        kinds = rng.permutation(2)[: rng.integers(3)]
        boxes.append(np.empty((len(kinds), 4)))
        labels.append(kinds)
        for k, kind in enumerate(kinds):
            h, w = (rng.integers(18, 26), rng.integers(8, 12))[:: 1 if kind == 0 else -1]
            top, left = rng.integers(0, H - h + 1), k * W // 2 + rng.integers(0, W // 2 - w + 1)
            image[top : top + h, left : left + w, kind] += 0.6
            boxes[-1][k] = left, top, left + w, top + h
    return images, boxes, labels


@pytest.mark.slow
def test_learns_in_fit_and_reports_its_parts():
    keras.utils.set_random_seed(0)
    anchors = np.array([[22, 10], [10, 22]], float)
    model = small_yolo((48, 64, 3), anchors, 2)
    images, boxes, labels = signs(600, 0)
    y = targets(boxes, labels, model.output_shape[1:3], anchors, 2, (48, 64)).y
    parts = [object_loss, box_loss, class_loss]
    model.compile(optimizer=keras.optimizers.Adam(3e-3), loss=yolo_loss, metrics=parts)
    history = model.fit(images, y, batch_size=10, epochs=10, verbose=0).history
    sums = np.sum([history[part.__name__] for part in parts], axis=0)
    np.testing.assert_allclose(sums, history["loss"], rtol=1e-4)
    for part in parts:
        assert history[part.__name__][-1] < 0.3 * history[part.__name__][0]
    images, boxes, labels = signs(60, 1)
    right = 0
    for found, true, kinds in zip(
        detections(model, images, anchors, 0.3), boxes, labels, strict=True
    ):
        for box, kind in zip(true, kinds, strict=True):
            right += iou([box], found.boxes[found.labels == kind]).max(initial=0) >= 0.5
    assert right >= 0.8 * sum(map(len, labels))


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: code([[9, 2, 3, 4]]), r"boxes\[0\] is \[9.0.*x_min ≤ x_max"),
        (lambda: code([at(9, 9, 4, 4), [1, 2, np.nan, 4]]), r"boxes\[1\] is .*nan"),
        (lambda: code([[1, 2, 3]]), r"boxes has shape \(1, 3\)"),
        (lambda: code([[3, 2, 3, 4]]), "expected one with an area"),
        (
            lambda: code([at(120, 45, 40, 16)]),
            "centre outside the image of height 90 and width 120",
        ),
        (lambda: code([at(50, -1, 40, 16)]), "centre outside the image"),
        (lambda: code([at(50, 45, 40, 16)], [3]), r"labels\[0\] is 3; expected .* 0 to 2"),
        (lambda: code([at(50, 45, 40, 16)], [-1]), r"labels\[0\] is -1"),
        (lambda: code([at(50, 45, 40, 16)], [0.5]), "labels has dtype float64"),
        (lambda: code([at(50, 45, 40, 16)], [0, 1]), r"labels has shape \(2,\)"),
        (lambda: code(*EMPTY, grid=(3, 0)), "grid is 0"),
        (lambda: code(*EMPTY, grid=3), "grid is 3; expected two whole numbers"),
        (lambda: code(*EMPTY, size=(90.5, 120)), "size is 90.5"),
        (lambda: code(*EMPTY, anchors=[]), "anchors is empty"),
        (lambda: code(*EMPTY, anchors=[[4, 0]]), r"anchors\[0\] is \[4.0, 0.0\]"),
        (lambda: code(*EMPTY, classes=0), "classes is 0"),
        (lambda: targets([np.empty((0, 4))], [], GRID, ANCHORS, 3, SIZE), "boxes of 1 images"),
        (lambda: decode(np.zeros((3, 5, 8)), ANCHORS, SIZE), r"y has shape \(3, 5, 8\)"),
        (lambda: decode(np.zeros((3, 5, 3, 8)), ANCHORS, SIZE), "for 2 anchors"),
        (lambda: Batches(np.zeros((2, 9, 9, 3)), np.zeros(3)), "y has 3 targets; .* 2 images"),
        (lambda: Batches(np.zeros((2, 9, 9, 3)), np.zeros(2), 4), "batch_size is 4"),
        (lambda: small_yolo((40, 64, 3), ANCHORS, 3), "that 16 divides"),
        (lambda: small_yolo((48, 64), ANCHORS, 3), "input_shape is"),
        (lambda: small_yolo((48, 64, 3), ANCHORS, 0), "classes is 0"),
        (lambda: detections(Fixed(doubles()), np.zeros((1, 9, 9, 3)), ANCHORS), "images has shape"),
        (lambda: detect(Fixed(doubles()), np.zeros((9, 3)), ANCHORS, "abc"), "image has shape"),
        (lambda: detect(Fixed(doubles()), np.zeros(9), ANCHORS, "abc"), "image has shape"),
        (lambda: detect(Fixed(doubles()), "nowhere.png", ANCHORS, "abc"), "there is no such file"),
        (
            lambda: detect(Fixed(doubles()), np.zeros((*SIZE, 3)), ANCHORS, "ab"),
            "names has 2 names",
        ),
    ],
)
def test_bad_input_is_told_in_words(call, words):
    with pytest.raises(ValueError, match=words):
        call()
