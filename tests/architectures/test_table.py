"""The table of any model, against the lecture, NumPy, and changes that show what is seen."""

import keras
import numpy as np
import pytest
from keras import layers as L

from cnnlab.architectures import (
    efficientnet,
    googlenet,
    layer_table,
    lecture_convnet,
    lenet5,
    lenet5_1998,
    mobilenet_v1,
    resnet,
    resnet_cifar,
    vgg,
)
from cnnlab.convolution import conv, dense, flatten, pool, trace


def test_the_lecture_s_table():
    plan = [conv(5, 6), pool(2), conv(5, 16), pool(2), flatten(), dense(120), dense(84), dense(10)]
    ours, by_hand = layer_table(lecture_convnet()), trace((32, 32, 3), plan)
    assert [row[1:] for row in map(astuple, ours)] == [row[1:] for row in map(astuple, by_hand)]
    assert ours.parameters == 62_006


def astuple(row):
    return tuple(vars(row).values())


WORK = [  # published multiply-adds, in millions, as the papers round them
    (lambda: mobilenet_v1(), 569, 0.5),
    (lambda: resnet(18), 1800, 20),
    (lambda: resnet(50, stride_in="1x1"), 3800, 80),
    (lambda: vgg(16), 15_500, 60),
    (lambda: efficientnet("b0"), 390, 10),
    (lambda: googlenet(), 1500, 100),
]


@pytest.mark.parametrize("build, millions, within", WORK)
def test_work_is_what_the_papers_say(build, millions, within):
    assert layer_table(build()).multiply_adds / 1e6 == pytest.approx(millions, abs=within)


@pytest.mark.parametrize("build", [lenet5, lenet5_1998, lambda: resnet_cifar(14), googlenet])
@pytest.mark.parametrize("depth", [None, 1, 2])
def test_nothing_is_lost(build, depth):
    model = build()
    table = layer_table(model, depth)
    assert table.parameters == model.count_params()
    assert table.multiply_adds == layer_table(model).multiply_adds
    assert table[0].name == "input" and table[-1].shape == model.output_shape[1:]
    assert len({row.name for row in table}) == len(table)


def test_groups_are_the_stages():
    table = layer_table(resnet_cifar(14), depth=1)
    names = ["input", "stem", "stage1", "stage2", "stage3", "pool", "classifier"]
    assert [row.name for row in table] == names
    assert table[4].shape == (8, 8, 64)


def seen_by_the_middle(model: keras.Model, layer: str) -> int:
    """How many rows of the image one output of a layer depends on: change them one by one."""
    part = keras.Model(model.input, model.get_layer(layer).output)
    H, *rest = model.input_shape[1:]
    image = np.random.default_rng(0).random((H, *rest), "float32")
    changed = np.stack([image, *(image + (np.arange(H) == i)[:, None, None] for i in range(H))])
    y = keras.ops.convert_to_numpy(part(changed))  # (1 + H, H_out, W_out, C)
    middle = y[:, y.shape[1] // 2, y.shape[2] // 2]
    return int((middle[1:] != middle[0]).any(axis=1).sum())


def averaging(x):
    """Layers of all kinds that move on a grid; averages, so that every pixel counts."""
    x = L.Conv2D(4, 3, name="conv")(x)
    x = L.AveragePooling2D(2, name="pool")(x)
    x = L.DepthwiseConv2D(5, strides=2, name="depthwise")(x)
    x = L.BatchNormalization(name="bn")(x)
    y = L.Conv2D(6, 3, padding="same", dilation_rate=2, name="dilated")(x)
    y = L.SeparableConv2D(6, 3, padding="same", name="separable")(y)
    x = L.Add(name="add")([y, L.Conv2D(6, 1, name="way")(x)])
    return L.AveragePooling2D((1, 3), 1, name="wide")(x)


def test_receptive_fields_are_what_changes_show():
    image = keras.Input((77, 91, 2))
    model = keras.Model(image, averaging(image))
    rows = {row.name: row for row in layer_table(model)}
    for name in ("conv", "pool", "depthwise", "dilated", "separable", "add"):
        assert rows[name].receptive_field == seen_by_the_middle(model, name), name
    assert rows["wide"].receptive_field == rows["add"].receptive_field + 2 * rows["add"].jump
    assert "bn" not in rows and rows["depthwise"].parameters == 4 * (25 + 1) + 4 * 4


def test_known_receptive_fields():
    """Araujo, Norris, Sim, Computing receptive fields of convolutional neural networks, 2019."""
    fields = {
        name: next(r.receptive_field for r in reversed(layer_table(m)) if len(r.shape) == 3)
        for name, m in (
            ("vgg16", vgg(16)),
            ("resnet50", resnet(50, stride_in="1x1")),
            ("resnet101", resnet(101, stride_in="1x1")),
            ("mobilenet", mobilenet_v1()),
        )
    }
    assert fields == {"vgg16": 212, "resnet50": 483, "resnet101": 1027, "mobilenet": 315}


def test_squeeze_and_excitation_sees_all():
    rows = {row.name: row for row in layer_table(efficientnet("b0", (64, 96, 3)))}
    assert rows["stage1_block1_depthwise"].receptive_field == 7
    assert rows["stage1_block1_squeeze_scale"].receptive_field is None
    assert rows["head_conv"].receptive_field is None


def test_work_of_each_kind_of_layer():
    image = keras.Input((8, 10, 4))
    x = L.Conv2D(6, (3, 2), groups=2, name="grouped")(image)  # (6, 9, 6)
    x = L.Conv2DTranspose(5, 4, strides=2, name="transposed")(x)  # (14, 20, 5)
    x = L.UpSampling2D(2, name="up")(x)  # (28, 40, 5)
    x = L.SeparableConv2D(3, 3, name="separable")(x)  # (26, 38, 3)
    x = L.Dense(7, name="dense")(x)  # on each cell
    rows = {row.name: row for row in layer_table(keras.Model(image, x))}
    assert rows["grouped"].multiply_adds == 6 * 9 * 6 * 3 * 2 * 2
    assert rows["transposed"].multiply_adds == 6 * 9 * 6 * 4 * 4 * 5
    assert rows["up"].multiply_adds == 0 and rows["up"].jump == 0.25
    assert rows["separable"].multiply_adds == 26 * 38 * 5 * (9 + 3)
    assert rows["dense"].multiply_adds == 26 * 38 * 3 * 7
    assert rows["dense"].receptive_field == rows["separable"].receptive_field


def test_layers_that_are_used_twice_and_models_in_models():
    image = keras.Input((12, 9, 3))
    shared = L.Conv2D(3, 3, padding="same", name="shared")
    twice = keras.Model(image, shared(shared(image)), name="inner")
    row = layer_table(twice)[-1]
    assert (row.parameters, row.multiply_adds) == (84, 2 * 12 * 9 * 27 * 3)
    assert row.receptive_field == 5
    outer = keras.Model(image, L.MaxPooling2D(2, name="pool")(twice(image)))
    rows = layer_table(outer)
    assert [r.name for r in rows] == ["input", "inner", "pool"]
    assert rows[1].multiply_adds == row.multiply_adds and rows[2].receptive_field == 6


def test_sequential_models_too():
    model = keras.Sequential([keras.Input((6, 8, 2)), L.Conv2D(3, 3), L.ReLU(), L.Flatten()])
    assert [row.shape for row in layer_table(model)] == [(6, 8, 2), (4, 6, 3), (72,)]


def test_text_and_html_hold_the_same():
    table = layer_table(lecture_convnet())
    text, html = str(table), table._repr_html_()
    assert repr(table) == text
    lines = text.splitlines()
    assert lines[0].split() == [
        "layer",
        "shape",
        "size",
        "parameters",
        "multiply-adds",
        "receptive",
        "field",
    ]
    assert len(lines) == 2 + len(table) + 1
    for cell in ("28 × 28 × 6", "4,704", "352,800", "62,006", "651,720"):
        assert cell in text and cell in html
    assert html.count('scope="col"') == 6 and html.count('scope="row"') == len(table) + 1
    assert "<caption>Layers of lecture_convnet</caption>" in html


def unbuilt():
    return keras.Sequential([L.Conv2D(3, 3)], name="unbuilt")


def two_inputs():
    a, b = keras.Input((4, 5, 3)), keras.Input((4, 5, 3))
    return keras.Model([a, b], L.Add()([a, b]), name="two")


def attention():
    image = keras.Input((4, 3))
    return keras.Model(image, L.MultiHeadAttention(2, 4, name="attend")(image, image))


def any_size():
    image = keras.Input((None, None, 3))
    return keras.Model(image, L.Conv2D(3, 3)(image))


@pytest.mark.parametrize(
    "build, message",
    [
        (unbuilt, "model 'unbuilt' is not built"),
        (two_inputs, "model 'two' has 2 inputs; expected one"),
        (attention, "layer 'attend' is of class MultiHeadAttention"),
        (any_size, "expected a model with a fixed input size"),
    ],
)
def test_what_is_not_known_is_said(build, message):
    with pytest.raises(ValueError) as caught:
        layer_table(build())
    assert message in str(caught.value)


def test_depth_is_checked():
    with pytest.raises(ValueError, match="depth is 0"):
        layer_table(lenet5(), depth=0)
