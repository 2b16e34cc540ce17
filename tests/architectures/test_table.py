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


def encoder(shape=(None, None, 3)) -> keras.Model:
    """From a picture of any size to 8 numbers: 3·3·3·5 + 5 + 4·5 + 3·3·5·7 + 7 + 7·8 + 8."""
    image = keras.Input(shape)
    x = L.Conv2D(5, 3, strides=2, name="first")(image)
    x = L.BatchNormalization(name="bn")(x)
    x = L.Conv2D(7, 3, padding="same", name="second")(x)
    x = L.GlobalAveragePooling2D(name="gap")(x)
    return keras.Model(image, L.Dense(8, name="code")(x), name="encoder")


def siamese(left=(13, 9, 3), right=(21, 15, 3), net=None) -> keras.Model:
    """Two pictures, one encoder, and how far their codes are apart."""
    a, b = keras.Input(left, name="left"), keras.Input(right, name="right")
    net = net or encoder()
    apart = L.Subtract(name="apart")([net(a), net(b)])
    distance = keras.ops.sqrt(keras.ops.sum(apart**2, axis=-1))
    return keras.Model([a, b], distance, name="siamese")


def test_a_siamese_network_counts_its_encoder_once_and_its_work_twice():
    model = siamese()
    table = layer_table(model)
    rows = {row.name: row for row in table}
    assert table.parameters == model.count_params() == rows["encoder"].parameters == 546
    assert [row.name for row in table[:3]] == ["input left", "input right", "encoder"]
    assert [row.shape for row in table[:2]] == [(13, 9, 3), (21, 15, 3)]
    assert rows["encoder"].times == 2 and rows["encoder"].shape == (8,)
    # The same encoder, built for each size and looked at alone.
    alone = [layer_table(encoder(shape)).multiply_adds for shape in ((13, 9, 3), (21, 15, 3))]
    assert alone[0] == 6 * 4 * 5 * 27 + 6 * 4 * 7 * 45 + 7 * 8
    assert rows["encoder"].multiply_adds == table.multiply_adds == sum(alone)
    assert table[-1].shape == () and table[-1].size == 1
    inside = model.get_layer("encoder").get_layer("first")
    assert len(inside._inbound_nodes) == 1  # to look at a model leaves no trace in it


def test_with_two_inputs_the_table_says_what_is_seen_of_each():
    a, b = keras.Input((13, 9, 3), name="a"), keras.Input((26, 18, 2), name="b")
    x = L.Conv2D(4, 3, padding="same", name="of_a")(a)
    y = L.Conv2D(4, 5, strides=2, padding="same", name="of_b")(b)
    z = L.Conv2D(6, 3, padding="same", name="of_both")(L.Add(name="add")([x, y]))
    z = L.Dense(2, name="dense")(L.Flatten(name="flat")(z))
    table = layer_table(keras.Model([a, b], z))
    names = [row.name for row in table]
    sees = {name: dict(zip(names, fields, strict=True)) for name, fields in table.sees.items()}
    # From one output of `add` to the next it is one pixel of a, and two of b.
    in_a = {"input a": 1, "of_a": 3, "input b": 0, "of_b": 0, "add": 3, "of_both": 3 + 2 * 1}
    in_b = {"input a": 0, "of_a": 0, "input b": 1, "of_b": 5, "add": 5, "of_both": 5 + 2 * 2}
    assert {name: sees["input a"][name] for name in in_a} == in_a
    assert {name: sees["input b"][name] for name in in_b} == in_b
    assert sees["input a"]["dense"] is None and sees["input b"]["dense"] is None
    text, html = str(table), table._repr_html_()
    assert "sees of input a  sees of input b" in text.splitlines()[0]
    assert html.count('scope="col"') == 7
    (line,) = [line for line in text.splitlines() if line.startswith("of_a ")]
    assert line.split()[-2:] == ["3", "–"]


def test_what_is_seen_of_each_input_is_what_changes_show():
    a, b = keras.Input((31, 4, 1)), keras.Input((31, 4, 1))
    first = L.Conv2D(1, 3, padding="same", name="first", kernel_initializer="ones")
    x = first(a)
    y = L.AveragePooling2D((5, 1), 1, padding="same", name="pool")(first(first(b)))
    model = keras.Model([a, b], L.Add(name="both")([x, y]))
    table = layer_table(model)
    images = np.random.default_rng(0).random((2, 31, 4, 1), "float32")
    for i, fields in enumerate(table.sees.values()):
        changed = np.stack([images[i] + (np.arange(31) == row)[:, None, None] for row in range(31)])
        pair = [np.repeat(images[[j]], 31, axis=0) if j != i else changed for j in range(2)]
        middle = keras.ops.convert_to_numpy(model(pair))[:, 15, 2, 0]
        before = keras.ops.convert_to_numpy(model([images[[0]], images[[1]]]))[0, 15, 2, 0]
        assert fields[-1] == (np.abs(middle - before) > 1e-6).sum() == (3, 9)[i]
    assert [row.times for row in table] == [1, 1, 3, 1, 1]


def test_a_layer_that_gives_another_shape_has_a_further_row():
    a, b = keras.Input((13, 9, 3), name="a"), keras.Input((21, 15, 3), name="b")
    conv = L.Conv2D(5, 3, name="conv")
    norm = L.BatchNormalization(name="bn")  # shared as well, so its numbers count once
    flat = [L.GlobalMaxPooling2D(name=f"top_{x.name}")(norm(conv(x))) for x in (a, b)]
    model = keras.Model([a, b], L.Dot(axes=-1, name="dot")(flat))
    rows = {row.name: row for row in layer_table(model)}
    assert rows["conv"].shape == (11, 7, 5) and rows["conv"].multiply_adds == 11 * 7 * 5 * 27
    assert rows["conv #2"].shape == (19, 13, 5)
    assert rows["conv #2"].multiply_adds == 19 * 13 * 5 * 27
    assert (rows["conv"].parameters, rows["conv #2"].parameters) == (27 * 5 + 5 + 4 * 5, 0)
    assert layer_table(model).parameters == model.count_params()
    assert "conv" in [row.name for row in layer_table(model, depth=1)]


@pytest.mark.parametrize("depth", [None, 1])
def test_an_encoder_of_layers_that_are_used_elsewhere_too(depth):
    """Weights are counted where they come first, whatever holds them."""
    image, second = keras.Input((13, 9, 3)), keras.Input((13, 9, 3))
    net = encoder((13, 9, 3))
    again = net.get_layer("first")(second)
    outputs = [net(image), L.GlobalAveragePooling2D()(again), net(second)]
    model = keras.Model([image, second], L.Concatenate()(outputs))
    table = layer_table(model, depth)
    assert table.parameters == model.count_params() == net.count_params()
    assert table.multiply_adds == 2 * layer_table(net).multiply_adds + 6 * 4 * 5 * 27


def test_a_layer_with_several_outputs_works_once():
    image = keras.Input((12, 9, 3))
    x = L.Conv2D(4, 3, padding="same")(image)
    inner = keras.Model(image, [x, L.MaxPooling2D(2)(L.Conv2D(6, 3, padding="same")(x))])
    fine, coarse = inner(image)
    outer = keras.Model(image, [L.Conv2D(1, 1, name="a")(fine), L.Conv2D(1, 1, name="b")(coarse)])
    table = layer_table(outer)
    assert table.multiply_adds == 12 * 9 * (27 * 4 + 36 * 6) + 12 * 9 * 4 + 6 * 4 * 6
    rows = {row.name: row for row in table}
    assert (rows["a"].receptive_field, rows["b"].receptive_field) == (3, 6)
    assert table.parameters == outer.count_params()


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


class OwnCall(keras.Model):
    def __init__(self):
        super().__init__(name="own")
        self.dense = L.Dense(2)

    def call(self, x):
        return self.dense(x)


def opaque():
    image = keras.Input((4, 5, 3))
    return keras.Model(image, OwnCall()(image))


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
        (opaque, "layer 'own' is a model with a call of its own, into which the table cannot see"),
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
