"""U-Net: the paper's sizes and parameters, which sizes fit, and what its parts do."""

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnnlab.architectures import efficientnet, layer_table, prepared
from cnnlab.gradients import weight_gradients
from cnnlab.segmentation import UNETS, unet, unet_sizes
from cnnlab.segmentation.network import LITE0

pytestmark = pytest.mark.networks
rng = np.random.default_rng(0)


def numpy(x) -> np.ndarray:
    return keras.ops.convert_to_numpy(x)


def image(*shape: int) -> np.ndarray:
    return np.random.default_rng(0).random(shape, "float32")


# ---- sizes ----


def test_the_sizes_of_the_paper():
    """Figure 1 of the paper, on the way down and up."""
    found = unet_sizes(572)
    assert found.down == ((572, 568), (284, 280), (140, 136), (68, 64))
    assert found.bottom == (32, 28)
    assert found.up == ((56, 52), (104, 100), (200, 196), (392, 388))
    assert found.output == 388


def by_steps(n, depth, padding, up):
    """Cell by cell: None where something is odd, or nothing is left."""
    shrink = (lambda m: m - 2) if padding == "valid" else (lambda m: m)
    for _ in range(depth):
        n = shrink(shrink(n))
        if n < 2 or n % 2:
            return None
        n //= 2
    n = shrink(shrink(n))
    for _ in range(depth):
        if n < 1:
            return None
        n = shrink(shrink(shrink(2 * n) if up == "resize" else 2 * n))
    return n if n > 0 else None


@given(
    st.integers(1, 300),
    st.integers(1, 4),
    st.sampled_from(["valid", "same"]),
    st.sampled_from(["transposed", "resize"]),
)
def test_a_size_fits_or_the_next_ones_are_named(n, depth, padding, up):
    expected = by_steps(n, depth, padding, up)
    if expected is not None:
        assert unet_sizes(n, depth, padding, up).output == expected
        return
    with pytest.raises(ValueError, match=rf"n is {n}, .*; expected \d+( or \d+)?$") as caught:
        unet_sizes(n, depth, padding, up)
    named = [int(word) for word in str(caught.value).partition("; expected ")[2].split(" or ")]
    smaller = [m for m in range(1, n) if by_steps(m, depth, padding, up)]
    larger = next(m for m in range(n + 1, 9999) if by_steps(m, depth, padding, up))
    assert named == [*smaller[-1:], larger]


@pytest.mark.parametrize(("padding", "period"), [("valid", 2**40), ("same", 2**40)])
def test_the_next_sizes_are_named_however_deep(padding, period):
    """They are not searched for one by one, which would take years here."""
    more = 4 * (period - 1) if padding == "valid" else 0
    n = 99 * period + more
    assert unet_sizes(n, 40, padding).down[0][0] == n
    with pytest.raises(ValueError, match=f"; expected {n} or {n + period}$"):
        unet_sizes(n + 1, 40, padding)


# ---- the network ----


def test_the_original():
    model = unet((572, 572, 1), 2, **UNETS["original"])
    assert model.count_params() == 31_030_658
    assert model.output_shape == (None, 388, 388, 2)
    shape = {layer.name: layer.output.shape[1:] for layer in model.layers}
    assert shape["bottom_conv2"] == (28, 28, 1024)
    assert shape["up4_concat"] == (56, 56, 1024) and shape["up1_concat"] == (392, 392, 128)
    assert sum(isinstance(one, keras.layers.Conv2D) for one in model.layers) == 19
    assert sum(isinstance(one, keras.layers.Conv2DTranspose) for one in model.layers) == 4


@pytest.mark.parametrize("form", [
    {"padding": "valid", "norm": None},
    {"padding": "valid", "up": "resize"},
    {"padding": "same", "up": "resize", "norm": None},
    {"padding": "same", "skips": False},
])  # fmt: skip
def test_every_form_gives_probabilities_of_the_size_that_was_said(form):
    H, W = (52, 68) if form["padding"] == "valid" else (24, 40)
    model = unet((H, W, 2), 3, 4, 2, **form)
    up = form.get("up", "transposed")
    size = tuple(unet_sizes(n, 2, form["padding"], up).output for n in (H, W))
    y = numpy(model(image(2, H, W, 2)))
    assert y.shape == (2, *size, 3)
    np.testing.assert_allclose(y.sum(axis=-1), 1, rtol=1e-5)
    has_bn = any(isinstance(one, keras.layers.BatchNormalization) for one in model.layers)
    assert has_bn == (form.get("norm", "batch") == "batch")
    table = layer_table(model)  # knows what each of its layers costs
    assert table.parameters == model.count_params()


def test_a_short_cut_carries_its_own_place():
    """Crop and concatenate: what stands beside the enlarged map is the middle of the level."""
    model = unet((44, 60, 1), 2, 3, 2, "valid", norm=None)
    names = ["down1_conv2_relu", "up1_transposed", "up1_concat"]
    parts = keras.Model(model.input, [model.get_layer(name).output for name in names])
    level, up, both = map(numpy, parts(image(1, 44, 60, 1)))
    H, W = up.shape[1:3]
    top, left = (level.shape[1] - H) // 2, (level.shape[2] - W) // 2
    assert (level.shape[1] - H) % 2 == 0 and top > 0
    np.testing.assert_array_equal(both[..., :3], level[:, top : top + H, left : left + W])
    np.testing.assert_array_equal(both[..., 3:], up)


def test_without_short_cuts_the_bottom_is_all_that_is_known():
    """Nothing that the bottom does not see can reach the output."""
    model = unet((16, 24, 1), 2, 2, 2, skips=False)
    zero = model.get_layer("bottom_conv2_bn")
    zero.set_weights([np.zeros_like(w) if i < 2 else w for i, w in enumerate(zero.get_weights())])
    y = numpy(model(image(1, 16, 24, 1)))
    other = numpy(model(image(2, 16, 24, 1)[1:]))
    np.testing.assert_array_equal(y, other)


def test_every_weight_is_used():
    model = unet((16, 24, 2), 3, 2, 2, up="resize")
    y = np.random.default_rng(1).random((2, 16, 24, 3)).astype("float32")
    x = image(2, 16, 24, 2)
    slopes = weight_gradients(
        lambda: keras.ops.mean(keras.ops.square(model(x, training=True) - y)),
        model.trainable_variables,
    )
    assert all(np.abs(slope).max() > 0 for slope in slopes)


# ---- on Lite0 ----


def test_lite0_is_the_way_down():
    model = unet((64, 96, 3), 2, 4, 5, encoder="lite0")
    assert model.output_shape == (None, 64, 96, 2)
    inner = model.get_layer("lite0")
    assert [tuple(one.shape[1:]) for one in inner.outputs] == [
        (32, 48, 16), (16, 24, 24), (8, 12, 40), (4, 6, 112), (2, 3, 320),
    ]  # fmt: skip
    inner.trainable = False
    assert all("lite0" not in each.path.split("/")[0] for each in model.trainable_variables)


def test_lite0_sees_what_it_was_trained_on():
    """The same features as the bundled network gives for the same picture."""
    x = image(1, 64, 64, 3)
    model = unet((64, 64, 3), 2, 4, 2, encoder="lite0")
    lite0 = efficientnet("lite0", (64, 64, 3), weights="imagenet", classes=None)
    expected = keras.Model(lite0.input, lite0.get_layer(LITE0[1]).output)(prepared(x, 64))
    *_, found = model.get_layer("lite0")(model.get_layer("around_0")(x))
    np.testing.assert_allclose(numpy(found), numpy(expected), atol=1e-3)


def test_a_gray_image_is_one_with_three_equal_colours():
    keras.utils.set_random_seed(0)
    gray = unet((32, 64, 1), 2, 4, 2, encoder="lite0")
    x = image(1, 32, 64, 1)
    seen = keras.Model(gray.input, gray.get_layer("colours").output)(x)
    np.testing.assert_array_equal(numpy(seen), np.repeat(x, 3, axis=-1))
    assert numpy(gray(x)).shape == (1, 32, 64, 2)


# ---- bad input ----


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: unet((570, 572, 1), **UNETS["original"]), "height, n is 570.*556 or 572$"),
        (lambda: unet((64, 100, 1)), "width, n is 100.*expected 96 or 112$"),
        (lambda: unet((8, 64, 1)), "height, n is 8.*expected 16$"),
        (lambda: unet((64, 64)), r"input_shape is \(64, 64\)"),
        (lambda: unet((64, 64, 1), 1), "classes is 1; expected a whole number, at least 2"),
        (lambda: unet((64, 64, 1), depth=0), "depth is 0"),
        (lambda: unet((64, 64, 1), padding="full"), "padding is 'full'"),
        (lambda: unet((64, 64, 1), up="bilinear"), "up is 'bilinear'; expected one of"),
        (lambda: unet((64, 64, 1), norm="group"), "norm is 'group'; expected None or 'batch'"),
        (lambda: unet((64, 64, 1), skips="no"), "skips is 'no'; expected True or False"),
        (lambda: unet((64, 64, 3), encoder="vgg"), "encoder is 'vgg'"),
        (lambda: unet((64, 64, 2), encoder="lite0"), "has 2 channels; expected 1 or 3"),
        (lambda: unet((64, 64, 3), depth=6, encoder="lite0"), "depth is 6"),
        (
            lambda: unet((92, 92, 3), depth=2, padding="valid", encoder="lite0"),
            "padding is 'valid'",
        ),
        (lambda: unet_sizes(572.0), "n is 572.0"),
    ],
)
def test_bad_input_is_told_in_words(call, words):
    with pytest.raises(ValueError, match=words):
        call()
