"""Encodings of length 1, one encoder for two pictures, and the lecture's head by hand."""

import keras
import numpy as np
import pytest
from scipy.special import expit

from cnnlab.architectures import layer_table
from cnnlab.backend import ON_JAX
from cnnlab.faces import UnitLength, encode, encoder, siamese, similarity_head
from cnnlab.gradients import value_and_gradient, weight_gradients

pytestmark = pytest.mark.networks

SHAPE = (24, 17, 2)


def numpy(x) -> np.ndarray:
    return keras.ops.convert_to_numpy(x)


@pytest.fixture(scope="module")
def net() -> keras.Model:
    keras.utils.set_random_seed(0)
    return encoder(SHAPE, embedding=9)


@pytest.fixture(scope="module")
def images() -> np.ndarray:
    return np.random.default_rng(0).random((5, *SHAPE), "float32")


def test_encodings_have_length_1(net, images):
    f = encode(net, images)
    assert f.shape == (5, 9)
    np.testing.assert_allclose(np.linalg.norm(f, axis=1), 1, rtol=1e-5)
    assert np.ptp(f, axis=0).max() > 1e-3  # of different pictures, different ones
    assert encode(net, images[:0]).shape == (0, 9)


def test_the_lectures_encoding_has_128_numbers():
    assert encoder((48, 48, 3)).output_shape == (None, 128)


def test_zeros_stay_zeros_with_a_finite_gradient():
    f = np.array([[0, 0, 0], [3, 0, 4], [1e-3, 0, 0]], "float32")
    np.testing.assert_allclose(
        numpy(UnitLength()(f)), [[0, 0, 0], [0.6, 0, 0.8], [1, 0, 0]], rtol=1e-5
    )
    w = np.arange(9, dtype="float32").reshape(3, 3)
    _, slope = value_and_gradient(lambda x: keras.ops.sum(w * UnitLength()(x)), f)
    assert np.isfinite(slope).all()


def test_the_gradient_of_the_length_by_differences():
    rng = np.random.default_rng(0)
    f, w = rng.normal(size=(4, 3)), rng.normal(size=(4, 3))
    layer = UnitLength(dtype="float64")

    def function(x):
        return keras.ops.sum(w * layer(x))

    if ON_JAX:  # which computes in float32
        pytest.skip("differences need float64")
    _, slope = value_and_gradient(function, f)
    h = 1e-6
    for place in np.ndindex(f.shape):
        step = np.zeros_like(f)
        step[place] = h
        rise = float(function(f + step) - function(f - step)) / (2 * h)
        assert slope[place] == pytest.approx(rise, abs=1e-8)
    np.testing.assert_allclose((slope * f).sum(axis=1), 0, atol=1e-12)  # along the sphere


def test_the_siamese_network_is_one_encoder(net, images):
    model = siamese(net)
    left, right = images[:3], images[2:]
    f, g = encode(net, left), encode(net, right)
    found = numpy(model([left, right]))
    assert found.shape == (3, 1)
    np.testing.assert_allclose(found[:, 0], ((f - g) ** 2).sum(axis=1), atol=1e-5)
    assert found[2, 0] > 0 and numpy(model([left, left])).max() == 0
    assert model.count_params() == net.count_params()
    assert {id(w) for w in model.weights} == {id(w) for w in net.weights}


def test_its_gradients_are_finite_for_twice_the_same_picture(net, images):
    for head in (None, similarity_head(9), similarity_head(9, "chi-squared")):
        model = siamese(net, head)

        def loss(model=model):
            return keras.ops.sum(model([images, images]))

        for slope in weight_gradients(loss, model.trainable_variables):
            assert np.isfinite(slope).all()


def test_the_table_of_a_siamese_network(net):
    """Two inputs, and an encoder that counts once and works twice."""
    model = siamese(net, similarity_head(9))
    table, alone = layer_table(model), layer_table(net)
    rows = {row.name: row for row in table}
    assert [row.name for row in table[:3]] == ["input left", "input right", "encoder"]
    assert table.parameters == model.count_params() == alone.parameters + 9 + 1
    assert rows["encoder"].times == 2 and rows["encoder"].shape == (9,)
    assert rows["encoder"].multiply_adds == 2 * alone.multiply_adds
    assert rows["head_absolute"].multiply_adds == 9
    assert set(table.sees) == {"input left", "input right"}
    assert alone[1].receptive_field == 3 and alone[1].shape == (12, 9, 32)
    assert layer_table(siamese(net)).multiply_adds == 2 * alone.multiply_adds


FORMULAS = {
    "absolute": lambda f, g: np.abs(f - g),
    "chi-squared": lambda f, g: (f - g) ** 2 / (f + g),  # of positive numbers
}


@pytest.mark.parametrize("kind", FORMULAS)
def test_the_head_by_hand(kind):
    rng = np.random.default_rng(0)
    head = similarity_head(6, kind)
    assert head.count_params() == 7
    w, b = rng.normal(size=(6, 1)), rng.normal(size=1)
    head.set_weights([w, b])
    f, g = rng.random((2, 4, 6))
    expected = expit(FORMULAS[kind](f, g) @ w + b)
    np.testing.assert_allclose(numpy(head([f, g])), expected, rtol=1e-4)
    np.testing.assert_allclose(numpy(head([g, f])), expected, rtol=1e-4)  # who is first is alike


def test_chi_squared_of_any_encodings_is_bounded():
    """(f − g)² ≤ (|f| + |g|)², so no difference is larger than |f| + |g|."""
    rng = np.random.default_rng(1)
    head = similarity_head(6, "chi-squared")
    head.set_weights([np.ones((6, 1)), np.zeros(1)])
    f, g = rng.normal(size=(2, 50, 6))
    f[:10], g[:10] = 0, 0
    g[10:20] = -f[10:20]
    found = numpy(head([f, g]))[:, 0]
    bound = expit((np.abs(f) + np.abs(g)).sum(axis=1))
    assert np.isfinite(found).all() and (found >= 0.5).all() and (found <= bound + 1e-6).all()
    np.testing.assert_allclose(found[:10], 0.5)


def test_a_model_is_saved_and_loaded(net, images, tmp_path):
    path = tmp_path / "encoder.keras"
    net.save(path)
    loaded = keras.saving.load_model(path)
    np.testing.assert_allclose(encode(loaded, images), encode(net, images), atol=1e-6)


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda net: encoder((15, 24, 3)), r"input_shape is \(15, 24, 3\), too small"),
        (lambda net: encoder((24, 24)), r"input_shape is \(24, 24\); expected \(H, W, C\)"),
        (lambda net: encoder(SHAPE, 0), "embedding is 0; expected a whole number"),
        (lambda net: similarity_head(9, "cosine"), "kind is 'cosine'; expected one of 'absolute'"),
        (lambda net: similarity_head(9.5), "embedding is 9.5; expected a whole number"),
        (lambda net: siamese(net, similarity_head(8)), "head 'head_absolute' takes .*; expected"),
        (lambda net: siamese("encoder"), "encoder is 'encoder'; expected a Keras model"),
        (lambda net: siamese(net, "head"), "head is 'head'; expected a Keras model"),
        (lambda net: siamese(siamese(net)), "encoder 'siamese' gives .*; expected one picture in"),
        (lambda net: encode(net, np.ones((2, 24, 18, 2))), r"images has shape \(2, 24, 18, 2\)"),
        (lambda net: encode(net, np.ones(SHAPE)), r"images has shape \(24, 17, 2\); expected \(N,"),
        (lambda net: encode(net, np.full((1, *SHAPE), "a")), r"images has dtype <U1; expected num"),
    ],
)
def test_what_is_refused(net, call, said):
    with pytest.raises(ValueError, match=f"^{said}"):
        call(net)
