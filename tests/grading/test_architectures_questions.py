"""The architectures' oracles beside Keras and the course's own package, and its open task."""

import re
from pathlib import Path

import keras
import numpy as np
import pytest
from keras import layers as L

from cnnlab.architectures import Module, inception, layer_table
from cnnlab.grading.answers.check import verdict
from cnnlab.grading.answers.verdict import AnswerKey
from cnnlab.grading.networks import again, as_text, facts, parameters, rebuilt
from cnnlab.grading.question import PROBED
from cnnlab.grading.questions.architectures import (
    conv1x1,
    digit_reader,
    inception_module,
    layer_costs,
    network_cost,
    residual_block,
    separable_conv,
    small_network,
)

SEEDS = range(4)


def cases(question, seed):
    return AnswerKey(question, seed).cases


def applied(model, x):
    return keras.ops.convert_to_numpy(model(x.astype("float32")))


def model_of(shape, *layers):
    return keras.Sequential([keras.Input(shape), *layers])


def dense_model(outputs=10):
    return model_of((28, 28, 1), L.MaxPooling2D(7), L.Flatten(), L.Dense(outputs))


# By hand, and as a function


def test_the_numbers_by_hand_are_those_of_the_network():
    model = model_of(
        (18, 14, 3),
        L.Conv2D(20, 5),
        L.BatchNormalization(),
        L.Conv2D(6, 1),
        L.DepthwiseConv2D(3, padding="same", use_bias=False),
        L.Conv2D(32, 1, use_bias=False),
    )
    _, first, _, depthwise, pointwise = layer_table(model)  # normalisation has no row of its own
    work = first.multiply_adds, depthwise.multiply_adds + pointwise.multiply_adds
    assert layer_costs.layer_costs() == [*(layer.count_params() for layer in model.layers), *work]


@pytest.mark.parametrize("seed", SEEDS)
def test_the_cost_of_a_stack_is_that_of_the_network(seed):
    for shape, layers in cases(network_cost.QUESTION, seed):
        convolutions = (L.Conv2D(K, f, strides=s, padding="same") for f, K, s in layers)
        table = layer_table(model_of(shape, *convolutions))
        assert network_cost.network_cost(shape, layers) == (table.parameters, table.multiply_adds)


# Blocks


@pytest.mark.parametrize("seed", SEEDS)
def test_a_1x1_convolution_is_keras_s(seed):
    for X, W, b in cases(conv1x1.QUESTION, seed):
        model = model_of(X.shape[1:], L.Conv2D(len(b), 1))
        model.set_weights([W[None, None], b])
        assert np.allclose(conv1x1.conv1x1(X, W, b), applied(model, X), atol=1e-4)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_residual_block_is_one_of_keras_layers(seed):
    for a, W1, W2, Ws, stride in cases(residual_block.QUESTION, seed):
        x = keras.Input(a.shape[1:])
        options = {"padding": "same", "use_bias": False}
        K = W1.shape[3]
        first = L.Conv2D(K, 3, strides=stride, activation="relu", **options)
        second, projection = L.Conv2D(K, 3, **options), L.Conv2D(K, 1, strides=stride, **options)
        short = x if Ws is None else projection(x)
        model = keras.Model(x, L.ReLU()(L.Add()([second(first(x)), short])))
        for layer, kernel in ((first, W1), (second, W2), (projection, Ws)):
            if kernel is not None:
                layer.set_weights([kernel])
        ours = residual_block.residual_block(a, W1, W2, Ws, stride)
        assert np.allclose(ours, applied(model, a), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_separable_convolution_is_keras_s(seed):
    for x, d, p in cases(separable_conv.QUESTION, seed):
        model = model_of(x.shape[1:], L.SeparableConv2D(p.shape[1], len(d), use_bias=False))
        model.set_weights([d[..., None], p[None, None]])
        assert np.allclose(separable_conv.separable_conv(x, d, p), applied(model, x), atol=1e-4)


# Networks


def test_the_inception_module_is_the_package_s():
    (case, *_) = cases(inception_module.QUESTION, 0)
    shape, one, reduce_three, three, reduce_five, five, pool = case
    x = keras.Input(shape)
    filters = Module(one, reduce_three, three, reduce_five, five, pool)
    model = keras.Model(x, inception(x, filters, name="module"))
    ours, theirs = inception_module.inception_facts(*case), facts(model)
    assert ours["parameters"] == theirs["parameters"]
    assert np.allclose(ours["probe"], theirs["probe"], atol=1e-5)


def test_the_table_of_the_reader_is_that_of_the_exercise():
    model = digit_reader.built_reader()
    table = (Path(__file__).parents[2] / "solutions/architectures.md").read_text("utf-8")
    rows = re.findall(r"^\| (?:conv|max|batch|ReLU|flat|dense).* \| (.+) \| (.*)\|$", table, re.M)
    assert rows == [
        ("×".join(map(str, layer.output.shape[1:])), f"{count:,} " if count else "")
        for layer in model.layers
        for count in [layer.count_params()]
    ]
    assert f"| together | | {model.count_params():,} |" in table


def test_the_probe_sees_a_second_relu_and_no_epsilon():
    right = digit_reader.reader_facts()["probe"]
    between = digit_reader.reader_facts(normalized="between")["probe"]
    assert np.abs(between - right).max() > 20 * PROBED.atol
    one, other = (
        facts(model_of((5, 4, 3), L.Conv2D(2, 3), L.BatchNormalization(epsilon=epsilon), L.ReLU()))
        for epsilon in (1e-3, 1e-7)
    )
    assert np.abs(one["probe"] - other["probe"]).max() < PROBED.atol / 2


def test_a_dropout_more_is_another_network():
    assert digit_reader.reader_facts(dropout=0.5)["in training only"] == ["Dropout"]
    assert digit_reader.reader_facts()["in training only"] == []


def test_numbers_hidden_in_constants_are_counted():
    scale = np.arange(28.0 * 28).reshape(28, 28, 1).tolist()
    plain = model_of((28, 28, 1), L.Flatten(), L.Dense(10))
    hidden = model_of((28, 28, 1), L.Rescaling(scale), L.Flatten(), L.Dense(10))
    assert parameters(plain) == plain.count_params()
    assert parameters(hidden) == plain.count_params() + 784 + 1
    assert f"{parameters(hidden):,} parameters" in verdict(small_network.QUESTION, hidden).message


def test_numbers_hidden_in_operations_are_counted():
    x = image = keras.Input((6, 5, 1))
    for number in range(40):
        x = keras.ops.maximum(0.1 * number * x + 3, -7)
    hidden = keras.Model(image, L.Add()([x, x]))
    assert parameters(hidden) == parameters(model_of((6, 5, 1), hidden)) == 120


def test_operations_of_keras_are_as_good_as_layers():
    image = keras.Input((6, 5, 1))
    x = keras.ops.gelu(keras.ops.pad(image / 255 - 0.5, [[0, 0], [1, 1], [0, 0], [0, 0]]))
    model = keras.Model(image, keras.ops.mean(keras.ops.silu(L.Conv2D(3, 2)(x[:, 1:])), (1, 2)))
    inputs = np.random.default_rng(0).normal(size=(2, 6, 5, 1))
    assert np.allclose(applied(again(model), inputs), applied(model, inputs), atol=1e-6)


@pytest.mark.parametrize("numbers", [np.ones((6, 5, 1)), keras.ops.ones((6, 5, 1))])
def test_arrays_hidden_in_operations_are_refused(numbers):
    image = keras.Input((6, 5, 1))
    with pytest.raises(ValueError, match="the model has a layer '__"):
        again(keras.Model(image, image * numbers))


def test_the_probe_sees_a_network_s_end_clearly():
    """With weights whose sums cancel, networks that differ gave nearly the same."""
    right = digit_reader.reader_facts()["probe"]
    for mistake in ({"normalized": "after"}, {"pooling": "AveragePooling2D"}):
        other = digit_reader.reader_facts(**mistake)["probe"]
        assert np.abs(other - right).max() > 20 * PROBED.atol


@pytest.mark.parametrize(
    ("mistake", "words"),
    [
        ({"units": (41, 24)}, ["parameters", "yours: 18467", "right: 18058"]),
        ({"shape": (28, 21, 1)}, ["input shape", "yours: [28 21  1]"]),
        ({"end": None, "hidden": None}, ["Shapes and the number of parameters are right"]),
    ],
)
def test_a_network_is_told_the_first_fact_that_differs(mistake, words):
    result = verdict(digit_reader.QUESTION, lambda: digit_reader.built_reader(**mistake))
    assert result.tier == "value"
    assert all(word in result.message for word in words), result.message


# The open task


def test_the_digits_are_drawn_anew_and_lie_in_no_file():
    from cnnlab.data import digits

    ((images, labels),) = cases(small_network.QUESTION, 3)
    ((others, _),) = cases(small_network.QUESTION, 4)
    assert images.shape == others.shape == (1000, 28, 28, 1)
    assert (np.bincount(labels) == 100).all() and (images.min(), images.max()) == (0, 1)
    known = np.concatenate([x for x, _ in digits()] + [others])
    flat, known = images.reshape(1000, -1), known.reshape(len(known), -1)
    squares = (flat**2).sum(axis=1)[:, None] - 2 * flat @ known.T + (known**2).sum(axis=1)
    assert squares.min() > 1  # no two of them are alike


def test_a_digit_moves_by_up_to_two_pixels_and_stays_whole():
    images = np.zeros((400, 9, 8, 1))
    images[:, 4, 3] = 1
    moved = small_network.shifted(images, np.random.default_rng(0))
    _, rows, columns, _ = np.nonzero(moved)
    assert np.array_equal(moved.sum(axis=(1, 2, 3)), np.ones(400))
    assert {*rows} == {2, 3, 4, 5, 6} and {*columns} == {1, 2, 3, 4, 5}


def share(predictions, parameters=small_network.PARAMETERS):
    outputs = [{"predictions": predictions, "parameters": parameters}]
    return small_network.small_network_score(outputs, cases(small_network.QUESTION, 0))


@pytest.mark.parametrize(("right", "points"), [(900, 1), (825, 0.5), (750, 0), (1000, 5 / 3)])
def test_points_grow_from_75_to_90_percent(right, points):
    ((_, labels),) = cases(small_network.QUESTION, 0)
    answers = (labels + (np.arange(1000) >= right)) % 10
    earned, sentence = share(np.eye(10)[answers])
    assert np.isclose(earned, points)
    assert f"{right / 1000:.1%}" in sentence


def test_one_parameter_too_many_earns_nothing():
    ((_, labels),) = cases(small_network.QUESTION, 0)
    assert share(np.eye(10)[labels], small_network.PARAMETERS + 1)[0] == 0


def test_nan_is_no_answer():
    ((_, labels),) = cases(small_network.QUESTION, 0)
    assert share(np.where(np.eye(10)[labels] > 0, np.nan, 0))[0] < 0


def test_a_model_is_asked_with_images_and_counted():
    result = verdict(small_network.QUESTION, dense_model())
    assert "With 170 parameters" in result.message
    assert "(1000, 9)" in verdict(small_network.QUESTION, dense_model(9)).message
    without_channel = model_of((28, 28), L.Flatten(), L.Dense(4), L.Dense(10))
    assert "3,190 parameters" in verdict(small_network.QUESTION, without_channel).message


def test_a_model_that_was_trained_is_built_again_as_a_judge_does():
    model = model_of((28, 28, 1), dense_model(12), L.Dense(10))
    for one in (model.layers[0], model):
        one.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True), ["mae"])
    again = rebuilt(as_text(keras.saving.serialize_keras_object(model)))
    again.set_weights(model.get_weights())
    x = np.random.default_rng(0).random((3, 28, 28, 1))
    assert np.allclose(applied(again, x), applied(model, x), atol=1e-6)
