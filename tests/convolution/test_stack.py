"""The table of a network: the lecture's numbers, Keras's counts, and receptive fields seen."""

import os

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cnnlab.convolution import (
    conv,
    conv2d,
    conv2d_backward,
    dense,
    flatten,
    pool,
    pool2d,
    pool2d_backward,
    trace,
)

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

LECTURE = [
    conv(5, 6),
    pool(2),
    conv(5, 16),
    pool(2),
    flatten(),
    dense(120),
    dense(84),
    dense(10),
]


def test_the_lecture_s_network():
    rows = trace((32, 32, 3), LECTURE)
    assert [(row.name, row.shape, row.size, row.parameters) for row in rows] == [
        ("input", (32, 32, 3), 3072, 0),
        ("conv1", (28, 28, 6), 4704, 456),
        ("pool1", (14, 14, 6), 1176, 0),
        ("conv2", (10, 10, 16), 1600, 2416),
        ("pool2", (5, 5, 16), 400, 0),
        ("flatten1", (400,), 400, 0),
        ("dense1", (120,), 120, 48_120),
        ("dense2", (84,), 84, 10_164),
        ("dense3", (10,), 10, 850),
    ]
    assert sum(row.parameters for row in rows) == 62_006
    assert [row.receptive_field for row in rows] == [1, 5, 6, 14, 16, 16, None, None, None]
    assert [row.jump for row in rows] == [1, 1, 2, 2, 4, None, None, None, None]


def test_other_numbers_of_the_lecture():
    assert trace((39, 39, 3), [conv(3, 10)])[1].parameters == 280
    assert trace((1, 1, 3072), [flatten(), dense(4704)])[2].parameters == 14_455_392
    assert trace((28, 28, 192), [conv(5, 32, p="same")])[1].multiply_adds == 120_422_400
    bottleneck = trace((28, 28, 192), [conv(1, 16), conv(5, 32, p=2)])
    assert sum(row.multiply_adds for row in bottleneck) == 12_443_648
    assert bottleneck[2].shape == (28, 28, 32)


def test_parameters_do_not_depend_on_the_image():
    small, large = (trace(shape, [conv(5, 6)])[1] for shape in ((9, 7, 3), (90, 70, 3)))
    assert small.parameters == large.parameters == 456
    assert large.multiply_adds > 100 * small.multiply_adds


def test_keras_counts_the_same():
    from keras import Sequential, layers

    net = [conv(3, 4, s=2, p="same"), pool(3, 2), conv(2, 5), flatten(), dense(7)]
    twin = Sequential(
        [
            layers.Input((21, 18, 3)),
            layers.Conv2D(4, 3, strides=2, padding="same"),
            layers.MaxPooling2D(3, strides=2),
            layers.Conv2D(5, 2),
            layers.Flatten(),
            layers.Dense(7),
        ]
    )
    rows = trace((21, 18, 3), net)[1:]
    for row, layer in zip(rows, twin.layers, strict=True):
        assert row.shape == tuple(layer.output.shape[1:])
        assert row.parameters == layer.count_params()
    assert sum(row.parameters for row in rows) == twin.count_params()


def test_multiply_adds_are_the_products_of_the_definition():
    rows = trace((7, 6, 3), [conv(3, 4, s=2, p=1), flatten(), dense(5)])
    H, W, _ = rows[1].shape
    assert (H, W) == (4, 3)
    assert rows[1].multiply_adds == sum(3 * 3 * 3 for _ in np.ndindex(H, W, 4))
    assert rows[3].multiply_adds == H * W * 4 * 5


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.booleans(), st.integers(1, 4), st.integers(1, 3)), max_size=4))
def test_receptive_field_is_what_the_gradient_reaches(chain):
    """Which cells of the image change one output: those that the gradient of it reaches."""
    chain = [(is_conv, f, min(s, f)) for is_conv, f, s in chain]  # windows without gaps
    specs = [conv(f, 1, s) if is_conv else pool(f, s) for is_conv, f, s in chain]
    size = np.array([1, 2])  # of the last output
    for _, f, s in reversed(chain):
        size = (size - 1) * s + f
    last = trace((*map(int, size), 1), specs)[-1]
    assert last.shape[:2] == (1, 2)

    steps, x = [], np.ones((1, *size, 1))
    for is_conv, f, s in chain:
        steps.append((x, is_conv, f, s))
        x = conv2d(x, np.ones((f, f, 1, 1)), stride=s) if is_conv else pool2d(x, f, s, 0, "average")
    edges = []
    for j in (0, 1):
        dx = np.zeros_like(x)
        dx[0, 0, j, 0] = 1
        for x_before, is_conv, f, s in reversed(steps):
            if is_conv:
                dx, _, _ = conv2d_backward(dx, x_before, np.ones((f, f, 1, 1)), s)
            else:
                dx = pool2d_backward(dx, x_before, f, s, 0, "average")
        rows, columns = np.nonzero(dx[0, ..., 0])
        assert np.ptp(rows) + 1 == np.ptp(columns) + 1 == last.receptive_field
        assert len(rows) == last.receptive_field**2
        edges.append(columns.min())
    assert edges[1] - edges[0] == last.jump


@pytest.mark.parametrize(
    "call, words",
    [
        (
            lambda: trace((9, 8, 1), [conv(3, 2), pool(2), conv(4, 3)]),
            "layer 3, conv2: f is 4 .* spans 4 cells; expected at most 3, the size of the padded",
        ),
        (lambda: trace((8, 9, 1), [pool(9)]), "layer 1, pool1: f is 9"),
        (
            lambda: trace((8, 9, 1), [dense(3)]),
            r"layer 1, dense1: its input has shape \(8, 9, 1\); expected a row: flatten\(\) first",
        ),
        (
            lambda: trace((8, 9, 1), [flatten(), conv(1, 1)]),
            r"layer 2, conv1: its input has shape \(72,\); expected a volume, \(H, W, C\)",
        ),
        (lambda: trace((8, 9, 1), [conv(3, 2, p="full")]), "layer 1, conv1: padding is 'full'"),
        (lambda: trace((8, 9), []), r"input_shape is \(8, 9\); expected \(H, W, C\)"),
        (lambda: trace((8, 0, 1), []), "input_shape is 0; expected a whole number, at least 1"),
        (lambda: conv(0, 2), "f is 0; expected a whole number, at least 1"),
        (lambda: conv(3, -1), "filters is -1; expected a whole number, at least 1"),
        (lambda: conv(3, 1, s=0), "s is 0; expected a whole number, at least 1"),
        (lambda: pool(2, s=0), "s is 0; expected a whole number, at least 1"),
        (lambda: dense(0), "units is 0; expected a whole number, at least 1"),
    ],
)
def test_bad_input_is_named(call, words):
    with pytest.raises(ValueError, match=words):
        call()
