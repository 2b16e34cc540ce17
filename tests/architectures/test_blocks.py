"""What each block computes, against NumPy, SciPy and TensorFlow."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers as L

from cnnlab.architectures import (
    LocalResponseNormalization,
    Module,
    basic_block,
    bottleneck_block,
    depthwise_separable,
    inception,
    inverted_residual,
    mbconv,
    naive_inception,
    pad_shortcut,
    squeeze_excite,
)
from cnnlab.architectures.lenet import (
    CONNECTIONS,
    Distances,
    PartialConv2D,
    Subsampling,
    digit_codes,
    squash,
)
from cnnlab.architectures.mobilenet import divisible
from cnnlab.convolution import conv2d

pytestmark = pytest.mark.networks

X = np.random.default_rng(0).normal(size=(2, 9, 12, 6)).astype("float32")


def built(block, *args, x=X, **options) -> keras.Model:
    image = keras.Input(x.shape[1:])
    return keras.Model(image, block(image, *args, name="b", **options))


def run(model, x=X, **options) -> np.ndarray:
    return keras.ops.convert_to_numpy(model(x, **options))


def bn(model: keras.Model, name: str, x: np.ndarray) -> np.ndarray:
    """Batch normalisation as it answers, from its four rows of numbers."""
    layer = model.get_layer(name)
    gamma, beta, mean, variance = layer.get_weights()
    return gamma * (x - mean) / np.sqrt(variance + layer.epsilon) + beta


def relu(x):
    return np.maximum(x, 0)


def relu6(x):
    return np.clip(x, 0, 6)


def kernel(model, name):
    return model.get_layer(name).get_weights()[0]


def close(a, b):
    np.testing.assert_allclose(a, b, rtol=2e-4, atol=2e-4)


def test_basic_block_is_the_formula(scrambled):
    """a[l+2] = g(z[l+2] + a[l])."""
    model = scrambled(built(basic_block, 6))
    z = bn(model, "b_conv1_bn", conv2d(X, kernel(model, "b_conv1"), padding="same"))
    z = bn(model, "b_conv2_bn", conv2d(relu(z), kernel(model, "b_conv2"), padding="same"))
    close(run(model), relu(z + X))


def test_basic_block_projects_where_shapes_differ(scrambled):
    model = scrambled(built(basic_block, 5, s=2))
    padded = np.pad(X, [(0, 0), (1, 1), (1, 1), (0, 0)])
    z = bn(model, "b_conv1_bn", conv2d(padded, kernel(model, "b_conv1"), stride=2))
    z = bn(model, "b_conv2_bn", conv2d(relu(z), kernel(model, "b_conv2"), padding="same"))
    way = bn(model, "b_shortcut_bn", conv2d(X, kernel(model, "b_shortcut"), stride=2))
    assert way.shape == (2, 5, 6, 5)
    close(run(model), relu(z + way))


def test_the_plain_block_has_no_short_cut(scrambled):
    model = scrambled(built(basic_block, 6, shortcut=None))
    z = bn(model, "b_conv1_bn", conv2d(X, kernel(model, "b_conv1"), padding="same"))
    z = bn(model, "b_conv2_bn", conv2d(relu(z), kernel(model, "b_conv2"), padding="same"))
    close(run(model), relu(z))


def test_pad_shortcut_takes_every_second_pixel_and_adds_channels():
    model = built(pad_shortcut, 8, 2)
    expected = np.zeros((2, 5, 6, 8), "float32")
    expected[..., :6] = X[:, ::2, ::2]
    assert np.array_equal(run(model), expected)
    assert model.count_params() == 0


@pytest.mark.parametrize("stride_in, strides", [("3x3", (1, 2)), ("1x1", (2, 1))])
def test_bottleneck_block(scrambled, stride_in, strides):
    model = scrambled(built(bottleneck_block, 3, s=2, stride_in=stride_in))
    z = bn(model, "b_conv1_bn", conv2d(X, kernel(model, "b_conv1"), stride=strides[0]))
    z = np.pad(relu(z), [(0, 0), (1, 1), (1, 1), (0, 0)])
    z = bn(model, "b_conv2_bn", conv2d(z, kernel(model, "b_conv2"), stride=strides[1]))
    z = bn(model, "b_conv3_bn", conv2d(relu(z), kernel(model, "b_conv3")))
    way = bn(model, "b_shortcut_bn", conv2d(X, kernel(model, "b_shortcut"), stride=2))
    assert z.shape == (2, 5, 6, 12)
    close(run(model), relu(z + way))


@pytest.mark.parametrize("stride_in, seen", [("3x3", 1), ("1x1", 30 / 108)])  # of 9 × 12 pixels
def test_a_strided_1x1_does_not_see_most_pixels(scrambled, stride_in, seen):
    model = scrambled(built(bottleneck_block, 8, s=2, stride_in=stride_in))
    H, W = X.shape[1:3]
    single = np.eye(H * W, dtype="float32").reshape(H * W, H, W, 1)
    changed = run(model, X[:1] + single)  # one pixel at a time: (108, 5, 6, 32)
    moved = np.abs(changed - run(model, X[:1])).max(axis=(1, 2, 3))
    matters = (moved > 1e-4).reshape(H, W)  # rounding moves it by 1e-6
    assert matters.mean() == pytest.approx(seen)
    assert matters[::2, ::2].all()


def test_identity_where_the_last_gamma_is_zero():
    model = built(basic_block, 6)
    gamma = model.get_layer("b_conv2_bn").gamma
    gamma.assign(np.zeros(6))
    assert np.array_equal(run(model), relu(X))


def test_inception_stacks_four_ways(scrambled):
    module = Module(3, 2, 4, 1, 5, 2)
    model = scrambled(built(inception, module))

    def conv(x, name):
        w, b = model.get_layer(f"b_{name}").get_weights()
        return relu(conv2d(x, w, padding="same") + b)

    pooled = tf.nn.max_pool2d(X, 3, 1, "SAME").numpy()
    ways = [
        conv(X, "1x1"),
        conv(conv(X, "3x3_reduce"), "3x3"),
        conv(conv(X, "5x5_reduce"), "5x5"),
        conv(pooled, "pool_project"),
    ]
    assert [way.shape[-1] for way in ways] == [3, 4, 5, 2]
    close(run(model), np.concatenate(ways, axis=-1))


def test_naive_inception_keeps_the_depth_of_the_pooled_way():
    model = built(naive_inception, 3, 4, 5)
    assert model.output_shape == (None, 9, 12, 3 + 4 + 5 + 6)
    close(run(model)[..., -6:], tf.nn.max_pool2d(X, 3, 1, "SAME").numpy())


@pytest.mark.parametrize("s", [1, 2])
def test_depthwise_separable(scrambled, s):
    model = scrambled(built(depthwise_separable, 4, s=s))
    w = kernel(model, "b_depthwise")  # (3, 3, 6, 1)
    y = tf.nn.depthwise_conv2d(X, w, (1, s, s, 1), "SAME").numpy()
    y = relu6(bn(model, "b_depthwise_bn", y))
    y = relu6(bn(model, "b_pointwise_bn", conv2d(y, kernel(model, "b_pointwise"))))
    assert y.shape == (2, -(-9 // s), -(-12 // s), 4)
    close(run(model), y)


@pytest.mark.parametrize("s, filters", [(1, 6), (1, 4), (2, 6)])
def test_inverted_residual(scrambled, s, filters):
    model = scrambled(built(inverted_residual, filters, s=s, expansion=3))
    y = relu6(bn(model, "b_expand_bn", conv2d(X, kernel(model, "b_expand"))))
    y = tf.nn.depthwise_conv2d(y, kernel(model, "b_depthwise"), (1, s, s, 1), "SAME").numpy()
    y = relu6(bn(model, "b_depthwise_bn", y))
    y = bn(model, "b_project_bn", conv2d(y, kernel(model, "b_project")))  # no activation
    close(run(model), y + X if s == 1 and filters == 6 else y)


def test_squeeze_excite_weighs_channels(scrambled):
    model = scrambled(built(squeeze_excite, 2))
    (w1, b1), (w2, b2) = (model.get_layer(f"b_{n}").get_weights() for n in ("reduce", "expand"))
    hidden = relu(X.mean(axis=(1, 2)) @ w1[0, 0] + b1)
    factors = 1 / (1 + np.exp(-(hidden @ w2[0, 0] + b2)))  # (2, 6)
    close(run(model), X * factors[:, None, None])


def test_mbconv_without_squeeze_is_an_inverted_residual(scrambled):
    ours = scrambled(built(mbconv, 6, expansion=3, squeeze=0, activation="relu6"))
    other = built(inverted_residual, 6, expansion=3)
    other.set_weights(ours.get_weights())
    close(run(ours), run(other))


def test_mbconv_is_left_out_at_random_in_training_only(scrambled):
    keras.utils.set_random_seed(0)
    x = np.random.default_rng(1).normal(size=(64, 4, 5, 6)).astype("float32")
    model = scrambled(built(mbconv, 6, expansion=2, drop=0.5, x=x))
    model.trainable = False  # batch normalisation answers as always; dropping goes on
    whole, dropped = run(model, x), run(model, x, training=True)
    left_out = [np.allclose(dropped[i], x[i], atol=1e-6) for i in range(64)]
    assert 16 < sum(left_out) < 48
    kept = [i for i in range(64) if not left_out[i]]
    close(dropped[kept] - x[kept], 2 * (whole[kept] - x[kept]))


def test_local_response_normalisation_is_tensorflow_s():
    x = 30 * X  # large enough to matter
    expected = tf.nn.local_response_normalization(x, 2, bias=2.0, alpha=1e-4, beta=0.75)
    close(run(LocalResponseNormalization(), x), expected.numpy())
    assert np.abs(run(LocalResponseNormalization(), x) * 2**0.75 - x).max() > 0.1


def test_grouped_alexnet_convolution_is_two_that_do_not_see_each_other(scrambled):
    image = keras.Input(X.shape[1:])
    model = scrambled(keras.Model(image, L.Conv2D(8, 3, padding="same", groups=2)(image)))
    w, b = model.layers[1].get_weights()  # (3, 3, 3, 8)
    halves = [conv2d(X[..., :3], w[..., :4], padding="same")]
    halves += [conv2d(X[..., 3:], w[..., 4:], padding="same")]
    close(run(model), np.concatenate(halves, axis=-1) + b)


def test_squash_is_the_paper_s():
    assert float(squash(np.float64(1.0))) == pytest.approx(1, abs=1e-4)
    assert float(squash(np.float64(-1.0))) == pytest.approx(-1, abs=1e-4)


def test_connections_are_table_one():
    """Six filters see 3 neighbours, six 4 neighbours, three 4 in pairs, one all: 60 together."""
    assert [len(seen) for seen in CONNECTIONS] == [3] * 6 + [4] * 9 + [6]
    counts = np.bincount([c for seen in CONNECTIONS for c in seen])
    assert counts.tolist() == [10] * 6  # each map of S2 goes to ten of C3
    assert len(set(CONNECTIONS)) == 16


def test_partial_convolution_sees_only_its_channels(scrambled):
    layer = PartialConv2D(((0, 2), (1, 3, 5), (4,)), 3)
    layer.build(X.shape)
    kernel, bias = (w.shape for w in layer.weights)
    assert (kernel, bias) == ((9, 6), (3,))
    rng = np.random.default_rng(0)
    w, b = rng.normal(size=kernel).astype("float32"), rng.normal(size=3).astype("float32")
    layer.set_weights([w, b])
    w = w.reshape(3, 3, 6)
    parts = [
        (X[..., [0, 2]], w[..., :2]),
        (X[..., [1, 3, 5]], w[..., 2:5]),
        (X[..., [4]], w[..., 5:]),
    ]
    z = np.concatenate([conv2d(x, part[..., None]) for x, part in parts], axis=-1) + b
    close(run(layer), 1.7159 * np.tanh(2 / 3 * z))


def test_subsampling_learns_a_factor_and_a_bias():
    layer = Subsampling()
    layer.build(X.shape)
    rng = np.random.default_rng(0)
    factor, bias = rng.normal(size=(2, 6)).astype("float32")
    layer.set_weights([factor, bias])
    means = tf.nn.avg_pool2d(X, 2, 2, "VALID").numpy()
    close(run(layer), 1.7159 * np.tanh(2 / 3 * (means * factor + bias)))


def test_distances_are_scipy_s():
    from scipy.spatial.distance import cdist

    rng = np.random.default_rng(0)
    points, x = rng.normal(size=(7, 5)), rng.normal(size=(3, 5)).astype("float32")
    layer = Distances(points)
    close(run(layer, x), cdist(x, points, "sqeuclidean"))
    assert layer.trainable_weights == []


def test_digit_codes_can_be_told_apart():
    codes = digit_codes()
    assert codes.shape == (10, 84) and set(np.unique(codes)) == {-1, 1}
    differing = (codes[:, None] != codes[None]).sum(axis=-1)
    assert differing[~np.eye(10, dtype=bool)].min() >= 4
    seven = codes[7].reshape(12, 7)
    assert (seven[1] == 1).all()  # the bar on top: neither turned nor mirrored
    assert (seven[0] == -1).all() and (seven[10] == [-1, -1, 1, 1, -1, -1, -1]).all()


@pytest.mark.parametrize(
    "channels, expected", [(32, 32), (33, 32), (22.4, 24), (3, 8), (44.8, 48), (12, 16), (100, 104)]
)
def test_divisible(channels, expected):
    assert divisible(channels) == expected
