"""A classifier made convolutional: each cell equals the classifier on that window's crop."""

from itertools import product

import keras
import numpy as np
import pytest
from keras import layers as L

from cnnlab.architectures import efficientnet, layer_table, lenet5
from cnnlab.detection import (
    convolutional,
    crops,
    dense_map,
    shared_work,
    window_classifier,
    window_step,
)

pytestmark = pytest.mark.networks


def noise(*shape: int) -> np.ndarray:
    return np.random.default_rng(0).random(shape, "float32")


def run(model: keras.Model, x: np.ndarray) -> np.ndarray:
    return keras.ops.convert_to_numpy(model(x, training=False))


def scrambled(model: keras.Model) -> keras.Model:
    """With random weights in every layer, biases and batch normalisation included."""
    rng = np.random.default_rng(1)
    model.set_weights(
        [rng.uniform(0.1, 0.6, w.shape) - 0.2 * (w.ndim > 1) for w in model.get_weights()]
    )
    return model


def assert_cells_are_windows(model: keras.Model, images: np.ndarray) -> None:
    """Cut every window out by hand, and ask the classifier about each."""
    h, w = model.input_shape[1:3]
    step, result = window_step(model), run(convolutional(model), images)
    _, H, W, _ = images.shape
    corners = list(product(range(0, H - h + 1, step), range(0, W - w + 1, step)))
    windows = [image[y : y + h, x : x + w] for y, x in corners for image in images]
    cells = [image[y // step, x // step] for y, x in corners for image in result]
    assert len(corners) > 3
    np.testing.assert_allclose(cells, run(model, np.array(windows)), rtol=1e-4, atol=1e-6)


def branches() -> keras.Model:
    """Two paths that join, strides that are not 2, batch normalisation, pooling by average."""
    image = x = keras.Input((17, 20, 2))
    x = L.Conv2D(4, (3, 2), strides=3, use_bias=False)(x)  # (N, 5, 7, 4)
    x = L.BatchNormalization()(x)
    x = L.Concatenate()([L.ReLU()(x), L.Conv2D(3, 1, padding="same", activation="tanh")(x)])
    x = L.AveragePooling2D(2, strides=1)(x)  # (N, 4, 6, 7)
    x = L.DepthwiseConv2D(2)(x)
    x = L.Dropout(0.5)(x)
    x = L.Flatten()(x)
    x = L.Dropout(0.5)(x)
    x = L.Dense(6, use_bias=False)(x)
    x = L.Activation("relu")(x)
    return keras.Model(image, L.Dense(3, activation="softmax")(x))


def sequential() -> keras.Model:
    return keras.Sequential(
        [
            *(keras.Input((9, 8, 3)), L.Conv2D(4, 3, activation="relu"), L.MaxPooling2D(2)),
            *(L.Flatten(), L.Dense(5, activation="sigmoid")),
        ]
    )


@pytest.mark.parametrize(
    ("build", "size"),
    [
        (window_classifier, (16, 16, 3)),
        (window_classifier, (19, 28, 3)),
        (lambda: window_classifier((15, 12, 2), 5), (20, 31, 2)),
        (lambda: lenet5((32, 28, 1)), (40, 45, 1)),
        (branches, (30, 27, 2)),
        (sequential, (14, 21, 3)),
    ],
)
def test_each_cell_is_the_classifier_on_its_crop(build, size):
    assert_cells_are_windows(scrambled(build()), noise(2, *size))


@pytest.mark.parametrize(("image", "windows"), [(14, (1, 1)), (16, (2, 2)), (28, (8, 8))])
def test_the_lectures_numbers(image, windows):
    """14×14 → one answer, 16×16 → 2×2, 28×28 → 8×8."""
    model = window_classifier()
    assert convolutional(model, (image, image, 3)).output_shape == (None, *windows, 4)
    assert shared_work(model, (image, image, 3)).windows == windows


def test_the_lectures_layers():
    shapes = [row.shape for row in layer_table(window_classifier())]
    assert shapes == [(14, 14, 3), (10, 10, 16), (5, 5, 16), (400,), (400,), (400,), (4,)]
    turned = [row.shape for row in layer_table(convolutional(window_classifier(), (16, 16, 3)))]
    assert turned == [(16, 16, 3), (12, 12, 16), (6, 6, 16), (2, 2, 400), (2, 2, 400), (2, 2, 4)]


def test_work_counted_by_hand():
    """The dense layers cost the same for each window; the convolution is shared."""
    dense = 5 * 5 * 16 * 400 + 400 * 400 + 400 * 4
    work = shared_work(window_classifier(), (16, 28, 3))
    assert work.windows == (2, 8)
    assert work.separate == 16 * (10 * 10 * 75 * 16 + dense)
    assert work.shared == 12 * 24 * 75 * 16 + 16 * dense


def test_weights_are_copies():
    model = scrambled(window_classifier())
    turned = convolutional(model)
    before = run(turned, noise(1, 16, 16, 3))
    model.set_weights([0 * w for w in model.get_weights()])
    np.testing.assert_array_equal(run(turned, noise(1, 16, 16, 3)), before)


def test_crops_are_slices():
    x = noise(2, 11, 13, 3)
    found = crops(x, (4, 6), 3)
    assert found.shape == (2, 3, 3, 4, 6, 3)
    np.testing.assert_array_equal(found[1, 2, 1], x[1, 6:10, 3:9])


def assert_cells_average_to_the_classifier(model: keras.Model, x: np.ndarray) -> None:
    """The mean over the cells of what comes before the softmax is what the classifier has there."""
    logits = run(dense_map(model, logits=True), x)
    mean = keras.ops.convert_to_numpy(keras.ops.softmax(logits.mean(axis=(1, 2))))
    np.testing.assert_allclose(mean, run(model, x), rtol=1e-3, atol=1e-6)


def pooled() -> keras.Model:
    """Padding of both kinds, a branch, and a head with dropout."""
    image = x = keras.Input((20, 26, 2))
    x = L.Conv2D(5, 3, strides=2, padding="same", activation="relu")(x)  # (N, 10, 13, 5)
    x = L.Add()([x, L.BatchNormalization()(L.DepthwiseConv2D(3, padding="same")(x))])
    x = L.MaxPooling2D(2)(x)  # (N, 5, 6, 5)
    x = L.Dropout(0.5)(L.GlobalAveragePooling2D()(x))
    return keras.Model(image, L.Dense(3, activation="softmax")(x))


def test_dense_map_averages_to_the_classifier():
    model, x = scrambled(pooled()), noise(2, 20, 26, 2)
    assert_cells_average_to_the_classifier(model, x)
    cells = run(dense_map(model, (20, 26, 2)), x)
    assert cells.shape == (2, 5, 6, 3)
    expected = keras.ops.softmax(run(dense_map(model, logits=True), x))
    np.testing.assert_allclose(cells, keras.ops.convert_to_numpy(expected), rtol=1e-4, atol=1e-6)
    assert run(dense_map(model), noise(1, 40, 23, 2)).shape == (1, 10, 6, 3)


@pytest.mark.slow
def test_dense_map_of_the_bundled_network():
    model = efficientnet("lite0", input_shape=(64, 96, 3), weights="imagenet")
    assert_cells_average_to_the_classifier(model, noise(1, 64, 96, 3))


def net(*layers: L.Layer, shape=(12, 10, 3)) -> keras.Model:
    return keras.Sequential([keras.Input(shape), *layers])


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (
            lambda: convolutional(
                net(L.Conv2D(4, 3, padding="same", name="c"), L.Flatten(), L.Dense(2))
            ),
            "layer 'c' has padding 'same'.*sees zeros.*expected padding 'valid'",
        ),
        (
            lambda: convolutional(net(L.ZeroPadding2D(name="z"), L.Flatten(), L.Dense(2))),
            "layer 'z' is of class ZeroPadding2D",
        ),
        (
            lambda: convolutional(net(L.BatchNormalization(axis=1), L.Flatten(), L.Dense(2))),
            "works along axis 1",
        ),
        (
            lambda: convolutional(net(L.Conv2D(4, 3), L.GlobalAveragePooling2D(), L.Dense(2))),
            "GlobalAveragePooling2D comes before any Flatten.*dense_map",
        ),
        (
            lambda: convolutional(net(L.Flatten(), L.BatchNormalization(name="b"), L.Dense(2))),
            "layer 'b' of class BatchNormalization",
        ),
        (lambda: convolutional(net(L.Conv2D(4, 3), L.Flatten())), "no Dense layer after Flatten"),
        (lambda: convolutional(window_classifier(), (13, 16, 3)), r"at least a window, \(14, 14\)"),
        (lambda: convolutional(window_classifier(), (16, 16, 1)), "expected 3 channels"),
        (lambda: convolutional(keras.Sequential([L.Dense(2)])), "expected one that is built"),
        (lambda: dense_map(window_classifier()), "Flatten comes before any GlobalAverage.*convolu"),
        (lambda: crops(noise(1, 8, 8, 1), (9, 4), 1), r"window is \(9, 4\)"),
        (lambda: crops(noise(8, 8, 1), (4, 4), 1), "images has shape"),
        (lambda: crops(noise(1, 8, 8, 1), (4, 4), 0), "step is 0"),
        (lambda: window_classifier((5, 9, 3)), "too small"),
    ],
)
def test_bad_input_is_told_in_words(call, words):
    with pytest.raises(ValueError, match=words):
        call()
