"""Trained weights: equal to keras.applications with its weights copied, from files, refused."""

import json
from pathlib import Path

import keras
import numpy as np
import pytest
from keras.activations import softmax

from cnnlab.architectures import (
    copy_weights,
    efficientnet,
    lenet5,
    lenet5_1998,
    mobilenet_v1,
    mobilenet_v2,
    resnet,
    vgg,
    weights,
)
from cnnlab.architectures.weights import PUBLISHED
from cnnlab.data import photo

pytestmark = pytest.mark.networks

REFERENCE = json.loads((Path(__file__).parent / "lite0_reference.json").read_text("utf-8"))

# Sizes of which no half is odd in one way only: where padding is off by one, the result differs.
TWINS = [
    (lambda: vgg(16, (64, 96, 3)), (64, 96)),  # larger ones spend their time in the dense layer
    (lambda: vgg(19, (64, 96, 3)), (64, 96)),
    (lambda: resnet(50, (96, 160, 3), stride_in="1x1"), (96, 160)),
    (lambda: resnet(101, (96, 160, 3), stride_in="1x1"), (96, 160)),
    (lambda: resnet(152, (96, 160, 3), stride_in="1x1"), (96, 160)),
    (lambda: mobilenet_v1(input_shape=(96, 160, 3)), (96, 160)),
    (lambda: mobilenet_v2(input_shape=(96, 160, 3)), (96, 160)),
    *[
        (lambda b=b, n=n: efficientnet(b, (n, n + 33, 3)), (n, n + 33))
        for b, n in zip((f"b{i}" for i in range(8)), (96, 97, 100, 99, 96, 97, 80, 81), strict=True)
    ],
]


@pytest.fixture
def float64():
    """Networks of hundreds of layers magnify the rounding of float32 beyond any tolerance."""
    for setting in (keras.config.set_floatx, keras.config.set_dtype_policy):
        setting("float64")
    yield
    for setting in (keras.config.set_floatx, keras.config.set_dtype_policy):
        setting("float32")


@pytest.mark.slow
@pytest.mark.usefixtures("float64")
@pytest.mark.parametrize("build, size", TWINS)
def test_equal_to_keras_applications_with_copied_weights(build, size, scrambled):
    model = build()
    application = getattr(keras.applications, PUBLISHED[model.name].application)
    options = {} if "vgg" in model.name else {"include_top": True}
    twin = scrambled(application(weights=None, input_shape=(*size, 3), **options))
    x = np.random.default_rng(1).random((2, *size, 3))
    assert twin.compute_dtype == model.compute_dtype == "float64"
    scale = 255 if "efficientnet" in model.name else 1  # there, it divides by 255 itself
    for layer in twin.layers:
        if isinstance(layer, keras.layers.Normalization):
            layer.set_weights([np.zeros(3), np.ones(3), np.zeros(())])
            layer.finalize_state()
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.momentum = 0
        if isinstance(layer, keras.layers.Dropout):
            layer.rate = 0
    twin(x * scale, training=True)  # means and variances as of a trained network: nothing explodes
    copy_weights(twin, model)
    for net in (twin, model):  # the scores themselves: softmax would hide what is far from the top
        last = [each for each in net.layers if getattr(each, "activation", None) is softmax]
        assert len(last) == 1
        last[0].activation = keras.activations.linear
    theirs = keras.ops.convert_to_numpy(twin(x * scale))
    ours = keras.ops.convert_to_numpy(model(x))
    assert np.ptp(theirs[0] - theirs[1]) > 1e-2 * np.ptp(theirs)  # two images, two answers
    assert np.abs(ours - theirs).max() <= 1e-4 * np.abs(theirs).max()


def test_copying_refuses_what_does_not_fit():
    twin = keras.applications.MobileNetV2(weights=None, classes=7, input_shape=(32, 64, 3))
    with pytest.raises(ValueError, match=r"layer classifier: kernel has shape \(1280, 1000\)"):
        copy_weights(twin, mobilenet_v2(input_shape=(32, 64, 3)))


def test_lite0_answers_as_pytorch_does():
    """The same photographs through the original network, in PyTorch, in float32."""
    model = efficientnet("lite0", weights="imagenet")
    for name, expected in REFERENCE["photos"].items():
        image = photo(name, size=(224, 224))
        if image.ndim == 2:
            image = np.stack([image] * 3, axis=-1)
        x = (255 * image - 127) / 128
        assert x.mean() == pytest.approx(expected["input_mean"], abs=1e-4)
        p = keras.ops.convert_to_numpy(model(x[None]))[0]
        # float16 weights: 3e-3 is twice what the rounding alone makes
        np.testing.assert_allclose(p[expected["classes"]], expected["probabilities"], atol=3e-3)
        assert p.argmax() == expected["classes"][0]


def test_headless_lite0_gives_what_its_classifier_sees():
    whole = efficientnet("lite0", weights="imagenet")
    headless = efficientnet("lite0", (64, 96, 3), classes=None, weights="imagenet")
    assert headless.output_shape == (None, 1280)
    x = np.random.default_rng(0).normal(size=(1, 224, 224, 3)).astype("float32")
    features = efficientnet("lite0", classes=None, weights="imagenet")(x)
    kernel, bias = (keras.ops.convert_to_numpy(w) for w in whole.get_layer("classifier").weights)
    scores = keras.ops.convert_to_numpy(features) @ kernel + bias
    p = keras.ops.convert_to_numpy(whole(x))
    np.testing.assert_allclose(np.log(p) - np.log(p).max(), scores - scores.max(), atol=1e-3)


@pytest.mark.parametrize("build", [lenet5, lenet5_1998])
def test_files_of_weights_come_back(build, tmp_path, scrambled):
    model = scrambled(build())
    model.save_weights(tmp_path / "net.weights.h5")
    again = build(weights=tmp_path / "net.weights.h5")
    for a, b in zip(model.get_weights(), again.get_weights(), strict=True):
        assert np.array_equal(a, b)
    model.save(tmp_path / "net.keras")
    loaded = keras.saving.load_model(tmp_path / "net.keras")
    x = np.random.default_rng(0).random((2, 32, 32, 1), "float32")
    np.testing.assert_allclose(loaded(x), model(x), rtol=1e-6)


def test_a_file_of_another_network_is_refused(tmp_path):
    lenet5(classes=7).save_weights(tmp_path / "seven.weights.h5")
    with pytest.raises(ValueError, match=r"do not fit lenet5 with input .* and output \(10,\)"):
        lenet5(weights=tmp_path / "seven.weights.h5")
    with pytest.raises(ValueError, match="there is no such file"):
        lenet5(weights=tmp_path / "none.weights.h5")


BAD = [
    (lambda: lenet5(weights="imagenet"), "weights is 'imagenet', which lenet5 has not"),
    (lambda: lenet5(weights="drawings"), "expected (32, 32, 1) and 11 for weights 'drawings'"),
    (lambda: lenet5((28, 28, 1), 11, "drawings"), "input_shape is (28, 28, 1) and classes is 11"),
    (lambda: vgg(11, weights="imagenet"), "which vgg11 has not; these have: efficientnet_b0"),
    (lambda: mobilenet_v2(classes=10, weights="imagenet"), "classes is 10, but the weights"),
    (lambda: efficientnet("lite0", classes=5, weights="imagenet"), "or None to put a layer of"),
    (
        lambda: efficientnet("lite0", (64, 96, 1), weights="imagenet"),
        "input_shape is (64, 96, 1); expected 3 channels",
    ),
    (lambda: resnet(50, weights="imagenet"), "expected stride_in='1x1'"),
]


@pytest.mark.parametrize("build, message", BAD)
def test_weights_that_cannot_fit_are_refused_before_any_download(build, message, monkeypatch):
    monkeypatch.setattr(weights.Published, "download", lambda self: pytest.fail("downloaded"))
    with pytest.raises(ValueError) as caught:
        build()
    assert message in str(caught.value)


def test_a_download_is_announced_and_its_failure_names_another_way(monkeypatch, capsys, tmp_path):
    def no_network(*args, **kwargs):
        raise Exception("URL fetch failure on https://host.example: None -- unreachable")

    monkeypatch.setattr(keras.utils, "get_file", no_network)
    monkeypatch.setattr(keras.src.applications.mobilenet_v2.file_utils, "get_file", no_network)
    with pytest.raises(ConnectionError, match=r"Use instead: efficientnet\('lite0'"):
        mobilenet_v2(weights="imagenet")
    said = capsys.readouterr().err
    assert "MobileNetV2, trained on ImageNet, 14 MB" in said and "models" in said


def test_a_download_ends_in_the_twin_s_answers(monkeypatch, scrambled):
    """Online, Keras gives a network with weights; here, one with random weights takes its place."""
    twin = scrambled(keras.applications.MobileNet(weights=None))
    real = weights.Published.network
    monkeypatch.setattr(
        weights.Published, "network", lambda self, w: twin if w else real(self, None)
    )
    model = mobilenet_v1(weights="imagenet")
    x = np.random.default_rng(1).random((1, 224, 224, 3), "float32")
    np.testing.assert_allclose(model(x), twin(x), rtol=1e-4, atol=1e-7)
