"""Every network has the parameters and the shapes that its paper gives it."""

import keras
import numpy as np
import pytest

from cnnlab.architectures import (
    alexnet,
    efficientnet,
    googlenet,
    lecture_convnet,
    lenet5,
    lenet5_1998,
    mobilenet_v1,
    mobilenet_v2,
    resnet,
    resnet_cifar,
    vgg,
)

TRAINABLE = [
    (lenet5, {}, 61_706),
    (lenet5_1998, {}, 60_000),
    (lecture_convnet, {}, 62_006),
    (alexnet, {"groups": 1}, 62_378_344),
    (alexnet, {"groups": 2}, 60_965_224),
    (vgg, {"depth": 11}, 132_863_336),
    (vgg, {"depth": 13}, 133_047_848),
    (vgg, {"depth": 16}, 138_357_544),
    (vgg, {"depth": 19}, 143_667_240),
    (resnet, {"depth": 18}, 11_689_512),
    (resnet, {"depth": 34}, 21_797_672),
    (resnet, {"depth": 50}, 25_557_032),
    (resnet, {"depth": 50, "stride_in": "1x1"}, 25_557_032),
    (resnet, {"depth": 101}, 44_549_160),
    (resnet, {"depth": 152}, 60_192_808),
    (resnet_cifar, {"depth": 20}, 269_722),
    (resnet_cifar, {"depth": 56}, 853_018),
    (resnet_cifar, {"depth": 110}, 1_727_962),
    (resnet_cifar, {"depth": 110, "residual": False}, 1_727_962),
    (googlenet, {}, 6_998_552),
    (googlenet, {"auxiliary": True}, 13_378_280),
    (efficientnet, {"member": "b0"}, 5_288_548),
    (efficientnet, {"member": "b1"}, 7_794_184),
    (efficientnet, {"member": "b2"}, 9_109_994),
    (efficientnet, {"member": "b3"}, 12_233_232),
    (efficientnet, {"member": "b4"}, 19_341_616),
    (efficientnet, {"member": "b5"}, 30_389_784),
    (efficientnet, {"member": "b6"}, 43_040_704),
    (efficientnet, {"member": "b7"}, 66_347_960),
]
TOTAL = [
    (mobilenet_v1, {}, 4_253_864),
    (mobilenet_v2, {}, 3_538_984),
    (efficientnet, {"member": "lite0"}, 4_694_024),
]


@pytest.mark.slow
@pytest.mark.parametrize("build, options, expected", TRAINABLE)
def test_trainable_parameters(build, options, expected, trainable):
    assert trainable(build(**options)) == expected


@pytest.mark.parametrize("build, options, expected", TOTAL)
def test_all_parameters(build, options, expected):
    assert build(**options).count_params() == expected


STAGES = [  # the papers' tables of output sizes
    (
        lambda: resnet(50),
        ["stem_conv_bn", "stem_pool", *(f"stage{i}_block3_relu" for i in (1, 2, 3, 4))],
        [(112, 112, 64), (56, 56, 64), (56, 56, 256), (28, 28, 512), (14, 14, 1024), (7, 7, 2048)],
    ),
    (
        lambda: googlenet(),
        ["stem_pool1", "stem_pool2", "inception3b_concat", "inception4e_concat", "pool5"],
        [(56, 56, 64), (28, 28, 192), (28, 28, 480), (14, 14, 832), (1024,)],
    ),
    (
        lambda: alexnet(),
        ["conv1", "pool1", "pool2", "conv5", "pool5"],
        [(55, 55, 96), (27, 27, 96), (13, 13, 256), (13, 13, 256), (6, 6, 256)],
    ),
    (
        lambda: vgg(11),
        [f"block{i}_pool" for i in range(1, 6)],
        [(112, 112, 64), (56, 56, 128), (28, 28, 256), (14, 14, 512), (7, 7, 512)],
    ),
    (
        lambda: mobilenet_v2(),
        ["stem_conv", *(f"stage{i}_block1_project" for i in range(1, 8)), "head_conv"],
        [
            *((112, 112, 32), (112, 112, 16), (56, 56, 24), (28, 28, 32), (14, 14, 64)),
            *((14, 14, 96), (7, 7, 160), (7, 7, 320), (7, 7, 1280)),
        ],
    ),
    (
        lambda: efficientnet("b0"),
        ["stem_conv", *(f"stage{i}_block1_project" for i in range(1, 8)), "head_conv"],
        [
            *((112, 112, 32), (112, 112, 16), (56, 56, 24), (28, 28, 40), (14, 14, 80)),
            *((14, 14, 112), (7, 7, 192), (7, 7, 320), (7, 7, 1280)),
        ],
    ),
    (
        lambda: lenet5_1998(),
        ["C1", "S2", "C3", "S4", "C5", "F6", "output"],
        [(28, 28, 6), (14, 14, 6), (10, 10, 16), (5, 5, 16), (1, 1, 120), (84,), (10,)],
    ),
]


@pytest.mark.parametrize("build, names, shapes", STAGES)
def test_shapes_are_those_of_the_paper(build, names, shapes):
    model = build()
    assert [model.get_layer(name).output.shape[1:] for name in names] == shapes


DEPTHS = [(lambda d=d: vgg(d), d) for d in (11, 13, 16, 19)]
DEPTHS += [(lambda d=d: resnet(d), d) for d in (18, 34, 50)]
DEPTHS += [(lambda d=d: resnet_cifar(d), d) for d in (8, 20, 32)]


@pytest.mark.parametrize("build, depth", DEPTHS)
def test_the_name_counts_layers_with_weights(build, depth):
    """Projections of short cuts are not counted, as in the paper."""
    layers = [
        layer
        for layer in build().layers
        if isinstance(layer, keras.layers.Conv2D | keras.layers.Dense)
        and not layer.name.endswith("shortcut")
    ]
    assert len(layers) == depth


SMALL = [
    (lenet5, (20, 28, 3)),
    (lecture_convnet, (33, 26, 2)),
    (alexnet, (71, 90, 2)),
    (vgg, (33, 64, 2)),
    (resnet, (35, 64, 2)),
    (resnet_cifar, (9, 14, 2)),
    (googlenet, (33, 48, 2)),
    (mobilenet_v1, (33, 48, 2)),
    (mobilenet_v2, (33, 48, 2)),
]


@pytest.mark.parametrize("build, shape", SMALL)
def test_any_size_any_classes_and_probabilities(build, shape):
    model = build(input_shape=shape, classes=7)
    x = np.random.default_rng(0).random((3, *shape), "float32")
    p = keras.ops.convert_to_numpy(model(x))
    assert p.shape == (3, 7)
    np.testing.assert_allclose(p.sum(axis=1), 1, rtol=1e-5)
    headless = build(input_shape=shape, classes=None)
    assert headless.output_shape[-1] == model.get_layer("classifier").input.shape[-1]


@pytest.mark.parametrize("width, v1, v2", [(0.5, 1_342_536, 1_987_224), (0.25, 475_544, None)])
def test_width_multiplier(width, v1, v2):
    assert mobilenet_v1(width).count_params() == v1
    if v2:
        assert mobilenet_v2(width).count_params() == v2


BAD = [
    (lambda: lenet5((15, 32, 1)), "input_shape is (15, 32, 1), too small"),
    (lambda: lenet5((32, 32)), "input_shape is (32, 32); expected (H, W, C)"),
    (lambda: lenet5((32.5, 32, 1)), "input_shape is 32.5; expected a whole number"),
    (lambda: lenet5(classes=0), "classes is 0; expected a whole number"),
    (lambda: alexnet((66, 67, 3)), "expected at least 67 × 67"),
    (lambda: alexnet(groups=3), "groups is 3; expected one of 1, 2"),
    (lambda: vgg(17), "depth is 17; expected one of 11, 13, 16, 19"),
    (lambda: vgg(16, (31, 64, 3)), "expected at least 32 × 32"),
    (lambda: resnet(51), "depth is 51; expected one of 18, 34, 50, 101, 152"),
    (lambda: resnet(50, stride_in="5x5"), "stride_in is '5x5'; expected one of '3x3', '1x1'"),
    (lambda: resnet_cifar(21), "depth is 21; expected 6n + 2"),
    (lambda: googlenet((192, 300, 3), auxiliary=True), "expected at least 193 × 193"),
    (lambda: googlenet(auxiliary=True, classes=None), "classes is None; expected a number"),
    (lambda: mobilenet_v1(0), "width is 0; expected a number"),
    (lambda: mobilenet_v2("1.0"), "width is '1.0'; expected a number"),
    (lambda: efficientnet("b8"), "member is 'b8'; expected one of 'b0', 'b1'"),
    (lambda: efficientnet("b0", (16, 40, 3)), "expected at least 32 × 32"),
]


@pytest.mark.parametrize("build, message", BAD)
def test_bad_input_is_refused_in_words(build, message):
    with pytest.raises(ValueError) as caught:
        build()
    assert message in str(caught.value)


@pytest.mark.parametrize(
    "build, shape",
    [
        (lenet5, (16, 16, 1)),
        (alexnet, (67, 67, 3)),
        (vgg, (32, 32, 3)),
        (resnet, (32, 32, 3)),
        (resnet_cifar, (8, 8, 3)),
        (googlenet, (32, 32, 3)),
        (mobilenet_v1, (32, 32, 3)),
    ],
)
def test_the_smallest_size_that_is_allowed_works(build, shape):
    assert build(input_shape=shape, classes=3).output_shape == (None, 3)
