"""The bundled weights and class names: whole, in Keras's order, those that the README states."""

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest

import cnnlab

FOLDER = Path(cnnlab.__file__).parent / "architectures" / "data"
REFERENCE = Path(__file__).with_name("lite0_reference.json")

# input channels, blocks, kernel, expansion, output channels; the EfficientNet paper, Table 1
STAGES = [
    (32, 1, 3, 1, 16),
    (16, 2, 3, 6, 24),
    (24, 2, 5, 6, 40),
    (40, 3, 3, 6, 80),
    (80, 3, 5, 6, 112),
    (112, 4, 5, 6, 192),
    (192, 1, 3, 6, 320),
]


def expected_shapes():
    """The shape of each array, from the table of stages alone."""
    shapes = {}

    def add(layer, kernel, channels):
        shapes[f"{layer}/kernel"] = kernel
        for variable in ("gamma", "beta", "moving_mean", "moving_variance"):
            shapes[f"{layer}_bn/{variable}"] = (channels,)

    add("stem_conv", (3, 3, 3, 32), 32)
    for i, (c_in, blocks, f, expansion, c_out) in enumerate(STAGES, start=1):
        for j in range(1, blocks + 1):
            c = c_in if j == 1 else c_out
            if expansion > 1:
                add(f"stage{i}_block{j}_expand", (1, 1, c, expansion * c), expansion * c)
            add(f"stage{i}_block{j}_depthwise", (f, f, expansion * c, 1), expansion * c)
            add(f"stage{i}_block{j}_project", (1, 1, expansion * c, c_out), c_out)
    add("head_conv", (1, 1, 320, 1280), 1280)
    return shapes | {"classifier/kernel": (1280, 1000), "classifier/bias": (1000,)}


@pytest.fixture(scope="module")
def weights():
    with np.load(FOLDER / "efficientnet_lite0.npz") as file:
        return dict(file)


@pytest.fixture(scope="module")
def names():
    return (FOLDER / "imagenet_classes.txt").read_text("utf-8").splitlines()


def test_names_and_shapes_follow_from_the_table_of_stages(weights):
    assert {name: array.shape for name, array in weights.items()} == expected_shapes()


def test_numbers_are_all_there_and_finite(weights):
    assert sum(array.size for array in weights.values()) == 4_694_024
    assert {array.dtype for array in weights.values()} == {np.dtype(np.float16)}
    assert all(np.isfinite(array).all() for array in weights.values())


def test_no_variance_is_negative_or_lost_to_rounding(weights):
    """The 130 that are 0 are 0 in the source; the others are normal numbers in float16."""
    variances = np.concatenate([a for name, a in weights.items() if "moving_variance" in name])
    alive = variances[variances != 0]
    assert len(variances) - len(alive) == 130
    assert alive.min() >= np.finfo(np.float16).smallest_normal


@pytest.mark.parametrize(
    ("name", "where", "expected"),
    [
        (  # _conv_stem.weight[5, 2]: rows by columns
            "stem_conv/kernel",
            np.s_[:, :, 2, 5],
            [
                [0.0316122, 0.0212675, 0.0212675],
                [-0.164912, -0.0470986, -0.0470986],
                [-0.0399659, 0.179396, 0.00407586],
            ],
        ),
        (  # _blocks.3._depthwise_conv.weight[7, 0]
            "stage3_block1_depthwise/kernel",
            np.s_[:, :, 7, 0],
            [
                [0.121555, -0.0651684, -0.344757, 0.0243374, 0.0350068],
                [0.190514, 0.143144, -0.503136, 0.0708198, 0.0978721],
                [0.148225, 0.311971, -0.40706, -0.0203588, 0.0938692],
                [0.0613881, 0.207555, -0.176901, -0.0962739, 0.0126511],
                [0.0556964, 0.122947, -0.0164165, -0.0488441, -0.00689365],
            ],
        ),
        (  # _blocks.3._project_conv.weight[:2, 5:8, 0, 0]: outputs by inputs
            "stage3_block1_project/kernel",
            np.s_[0, 0, 5:8, :2],
            [[0.173206, 0.0194438], [0.183731, -0.146887], [-0.0741837, -0.0308792]],
        ),
        (  # _fc.weight[281:283, 10:13]: outputs by inputs
            "classifier/kernel",
            np.s_[10:13, 281:283],
            [[-0.0697561, -0.0518151], [0.043041, 0.061978], [0.0369105, 0.108536]],
        ),
        ("classifier/bias", [0, 281, 999], [0.0320539, 0.0279946, 0.0313843]),
        ("stage6_block2_depthwise_bn/gamma", 100, 0.566033),
        ("stage6_block2_depthwise_bn/beta", 100, -0.563411),
        ("stage6_block2_depthwise_bn/moving_mean", 100, 0.0534095),
        ("stage6_block2_depthwise_bn/moving_variance", 100, 0.00927329),
    ],
)
def test_numbers_are_pytorch_s_in_keras_s_order(weights, name, where, expected):
    np.testing.assert_allclose(weights[name][where], expected, rtol=2**-11)  # half a unit


def test_class_names_are_a_thousand_different_ones(names):
    assert len(names) == len(set(names)) == 1000
    assert all(name and name == name.strip() for name in names)


@pytest.mark.parametrize(
    ("number", "name"),
    [
        (0, "tench"),
        (134, "crane bird"),
        (281, "tabby"),
        (282, "tiger cat"),
        (285, "Egyptian cat"),
        (517, "crane"),
        (638, "maillot"),
        (639, "maillot tank suit"),
        (872, "tripod"),
        (967, "espresso"),
        (999, "toilet tissue"),
    ],
)
def test_known_classes_have_their_names(names, number, name):
    assert names[number] == name


@pytest.mark.parametrize("file", ["efficientnet_lite0.npz", "imagenet_classes.txt"])
def test_files_are_the_ones_that_the_readme_states(file):
    data = (FOLDER / file).read_bytes()
    assert len(data) < 10e6
    section = (FOLDER / "README.md").read_text("utf-8").split(f"## `{file}`")[1].split("\n## ")[0]
    assert hashlib.sha256(data).hexdigest() in section


def test_licences_stand_beside_the_files():
    apache = (FOLDER / "LICENSE-Apache-2.0").read_text("utf-8")
    assert "Apache License\n                           Version 2.0" in apache
    assert "ML Illustrated" in (FOLDER / "LICENSE-efficientnet-lite0").read_text("utf-8")
    assert "BSD 3-Clause License" in (FOLDER / "LICENSE-torchvision").read_text("utf-8")


@pytest.mark.parametrize(
    ("photo", "expected"),
    [
        ("cat", {"Egyptian cat", "tabby", "tiger cat"}),
        ("coffee", {"espresso"}),
        ("camera", {"tripod"}),
    ],
)
def test_pytorch_s_answers_name_what_the_photograph_shows(names, photo, expected):
    answer = json.loads(REFERENCE.read_text("utf-8"))["photos"][photo]
    assert {names[i] for i in answer["classes"][: len(expected)]} == expected
    logits, probabilities = np.array(answer["logits"]), np.array(answer["probabilities"])
    assert (np.diff(logits) < 0).all()
    # softmax, known up to its denominator, which the likeliest class gives
    np.testing.assert_allclose(
        probabilities, probabilities[0] * np.exp(logits - logits[0]), rtol=2e-4, atol=6e-6
    )
