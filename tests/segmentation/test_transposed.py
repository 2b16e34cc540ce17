"""Transposed convolution: three methods, the adjoint, Keras, and the lecture's example."""

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from cnnlab.convolution import conv2d, conv2d_backward, output_size
from cnnlab.segmentation import (
    convolution_matrix,
    sizes_before,
    transposed_conv2d,
    transposed_output_size,
)

METHODS = ("scatter", "dilate", "matrix")
SMALL = np.array([[2, 1], [3, 2]])[None, :, :, None]  # (1, 2, 2, 1)
FILTER = np.array([[1, 2, 1], [2, 0, 1], [0, 2, 1]])[:, :, None, None]


def by_loops(x, w, stride, top, left, size):
    """Number by number, in float64: every product goes to its place, if that place is kept."""
    N, H, W, C_in = x.shape
    f_h, f_w, C_out, _ = w.shape
    y = np.zeros((N, *size, C_out))
    for n, i, j, c, a, b, k in np.ndindex(N, H, W, C_in, f_h, f_w, C_out):
        row, column = i * stride + a - top, j * stride + b - left
        if 0 <= row < size[0] and 0 <= column < size[1]:
            y[n, row, column, k] += x[n, i, j, c] * w[a, b, k, c]
    return y


shapes = st.tuples(st.integers(1, 4), st.integers(1, 5), st.integers(1, 4), st.integers(1, 3))
paddings = st.one_of(st.integers(0, 2), st.sampled_from(["valid", "same"]))


@settings(max_examples=40)
@given(shapes, paddings, st.integers(1, 4), st.integers(0, 3), st.integers(0, 99))
def test_three_methods_are_the_definition(shape, padding, stride, extra, seed):
    H, W, f_h, f_w = shape
    extra = 0 if padding == "same" else extra % stride
    p = {"valid": 0, "same": 0}.get(padding, padding)
    assume(min((H - 1) * stride + f_h, (W - 1) * stride + f_w) - 2 * p + extra > 0)
    rng = np.random.default_rng(seed)
    x, w, b = rng.normal(size=(2, H, W, 3)), rng.normal(size=(f_h, f_w, 2, 3)), rng.normal(size=2)
    size = tuple(
        transposed_output_size(n, f, padding, stride, extra) for n, f in ((H, f_h), (W, f_w))
    )
    if padding == "same":  # what TensorFlow's rule for "same" adds before an image of this size
        top, left = (max(f - stride, 0) // 2 for f in (f_h, f_w))
    else:
        top = left = p
    expected = by_loops(x, w, stride, top, left, size) + b
    for method in METHODS:
        found = transposed_conv2d(x, w, b, stride, padding, extra, method)
        np.testing.assert_allclose(found, expected, atol=1e-12)


@settings(max_examples=40)
@given(shapes, paddings, st.integers(1, 3), st.integers(0, 99))
def test_it_is_the_adjoint_of_the_convolution(shape, padding, stride, seed):
    """⟨Ay, x⟩ = ⟨y, Aᵀx⟩, for images of every size that the convolution turns into x's."""
    H, W, f_h, f_w = shape
    rng = np.random.default_rng(seed)
    x, w = rng.normal(size=(2, H, W, 3)), rng.normal(size=(f_h, f_w, 2, 3))
    p = 0 if isinstance(padding, str) else padding
    assume(min((H - 1) * stride + f_h, (W - 1) * stride + f_w) - 2 * p > 0)
    for extra in range(1 if padding == "same" else stride):
        size = [transposed_output_size(n, f, padding, stride, extra)
                for n, f in ((H, f_h), (W, f_w))]  # fmt: skip
        if padding != "same" and any(n + 2 * p < f for n, f in zip(size, (f_h, f_w), strict=True)):
            continue
        y = rng.normal(size=(2, *size, 2))
        there = conv2d(y, w, stride=stride, padding=padding)
        assert there.shape == x.shape
        for method in METHODS:
            back = transposed_conv2d(x, w, None, stride, padding, extra, method)
            assert (there * x).sum() == pytest.approx((y * back).sum(), abs=1e-9)
        gradient, *_ = conv2d_backward(x, y, w, stride, padding)
        np.testing.assert_allclose(gradient, back, atol=1e-12)


@given(st.integers(1, 9), st.integers(1, 5), paddings, st.integers(1, 4))
def test_the_sizes_before_are_all_that_there_are(n, f, padding, stride):
    fits = []
    for size in range(1, 60):
        try:
            fits += [size] if output_size(size, f, padding, stride) == n else []
        except ValueError:  # the filter is larger than the image
            continue
    try:
        found = list(sizes_before(n, f, padding, stride))
    except ValueError:
        found = []
    assert found == fits
    if padding != "same" and len(found) == stride:
        ways = [transposed_output_size(n, f, padding, stride, extra) for extra in range(stride)]
        assert found == ways
    if padding == "same":
        assert found[-1] == transposed_output_size(n, f, padding, stride)


@pytest.mark.parametrize("method", METHODS)
def test_the_lectures_example(method):
    """4×4 needs one row and one column off at the top and the left, and none at the other sides."""
    found = transposed_conv2d(SMALL, FILTER, None, 2, 1, output_padding=1, method=method)
    lecture = [[0, 4, 0, 1], [10, 7, 6, 3], [0, 7, 0, 2], [6, 3, 4, 2]]
    assert found[0, :, :, 0].tolist() == lecture
    full = transposed_conv2d(SMALL, FILTER, None, 2, method=method)[0, :, :, 0]
    assert full.shape == (5, 5) and full[1:, 1:].tolist() == lecture
    around = transposed_conv2d(SMALL, FILTER, None, 2, 1, method=method)[0, :, :, 0]
    assert around.tolist() == full[1:-1, 1:-1].tolist()  # p = 1 on all sides is 3×3
    same = transposed_conv2d(SMALL, FILTER, None, 2, "same", method=method)[0, :, :, 0]
    assert same.tolist() == full[:-1, :-1].tolist()  # Keras cuts off the other side


@pytest.mark.parametrize("method", METHODS)
def test_float32_stays_and_whole_numbers_become_floats(method):
    assert transposed_conv2d(SMALL, FILTER, stride=3, method=method).dtype.kind == "f"
    x, w = SMALL.astype("float32"), FILTER.astype("float32")
    found = transposed_conv2d(x, w, np.zeros(1), stride=3, output_padding=2, method=method)
    assert found.dtype == np.float32 and found.shape == (1, 8, 8, 1)
    assert (found[0, 6:] == 0).all()  # no stamp reaches the rows of the output padding


@pytest.mark.networks
@pytest.mark.parametrize("padding", ["valid", "same"])
@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize("f", [(1, 2), (2, 3), (3, 3), (4, 5)])
def test_it_is_keras_s_layer(padding, stride, f):
    import keras

    rng = np.random.default_rng(0)
    x = rng.normal(size=(2, 4, 5, 3)).astype("float32")
    layer = keras.layers.Conv2DTranspose(2, f, strides=stride, padding=padding)
    layer.build((None, 4, 5, 3))
    w, b = rng.normal(size=(*f, 2, 3)).astype("float32"), rng.normal(size=2).astype("float32")
    layer.set_weights([w, b])  # our layout is Keras's
    expected = keras.ops.convert_to_numpy(layer(x))
    if padding == "valid":
        # Where the stride is larger than the filter, Keras adds the empty cells after the last
        # stamp: an output padding of s − f.
        more = [max(stride - n, 0) for n in f]
        found = transposed_conv2d(x, w, b, stride, padding, max(more))
        found = found[:, : expected.shape[1], : expected.shape[2]]
    else:
        found = transposed_conv2d(x, w, b, stride, padding)
    np.testing.assert_allclose(found, expected, atol=1e-5)


@settings(max_examples=40)
@given(st.integers(1, 6), st.integers(1, 6), st.integers(1, 3), st.sampled_from([0, 1, "same"]))
def test_the_matrix_is_the_convolution(H, W, stride, padding):
    rng = np.random.default_rng(H * W)
    w, x = rng.normal(size=(2, 3, 2, 3)), rng.normal(size=(1, H, W, 2))
    assume(padding == "same" or (H + 2 * padding >= 2 and W + 2 * padding >= 3))
    A = convolution_matrix((H, W), w, stride, padding)
    expected = conv2d(x, w, stride=stride, padding=padding)
    assert A.shape == (expected.size, x.size)
    np.testing.assert_allclose(A @ x.ravel(), expected.ravel(), atol=1e-12)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: transposed_conv2d(SMALL[0], FILTER), r"x has shape \(2, 2, 1\)"),
        (lambda: transposed_conv2d(SMALL[:0], FILTER), r"x has shape \(0, 2, 2, 1\).*none empty"),
        (lambda: transposed_conv2d(SMALL, FILTER[0]), "w has shape"),
        (lambda: transposed_conv2d(SMALL, np.ones((3, 3, 1, 2))), "would have 2 channels"),
        (lambda: transposed_conv2d(SMALL, np.ones((3, 3, 2, 1)), [1]), r"b has shape \(1,\)"),
        (lambda: transposed_conv2d(SMALL, FILTER, stride=0), "stride is 0"),
        (lambda: transposed_conv2d(SMALL, FILTER, stride=2, output_padding=2), "from 0 to 1"),
        (lambda: transposed_conv2d(SMALL, FILTER, padding=3), "leaves nothing of 4 cells"),
        (lambda: transposed_conv2d(SMALL, FILTER, padding="full"), "padding is 'full'"),
        (lambda: transposed_conv2d(SMALL, FILTER, padding=-1), "padding is -1"),
        (lambda: transposed_conv2d(SMALL, FILTER, method="fft"), "method is 'fft'"),
        (lambda: transposed_output_size(2, 3, "same", 2, 1), "output_padding is 1 and padding is"),
        (lambda: transposed_output_size(0, 3), "n is 0"),
        (lambda: sizes_before(1, 3, 2), "no image gives so few cells"),
        (lambda: sizes_before(1, 3, "full"), "padding is 'full'"),
        (lambda: convolution_matrix((2,), FILTER), r"size is \(2,\)"),
        (lambda: convolution_matrix(5, FILTER), r"size is 5; expected \(H, W\)"),
        (lambda: convolution_matrix((2, 2), FILTER), "the size of the padded image"),
    ],
)
def test_bad_input_is_told_in_words(call, words):
    with pytest.raises(ValueError, match=words):
        call()


PROBE = """
import sys
from cnnlab.segmentation import (
    check_masks, class_dice, predict_tiled, transposed_conv2d, unet_sizes
)
print(*sorted({name.partition(".")[0] for name in sys.modules}))
"""


def test_the_room_opens_without_keras():
    done = subprocess.run([sys.executable, "-c", PROBE], capture_output=True, text=True, check=True)
    assert not {"tensorflow", "keras", "jax", "scipy"} & set(done.stdout.split())
