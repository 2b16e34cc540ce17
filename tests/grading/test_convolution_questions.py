"""The convolution room's oracles against SciPy, Keras and the package, and its open task."""

from pathlib import Path

import jupytext
import keras
import numpy as np
import pytest
from scipy.signal import correlate2d

from cnnlab.convolution import conv2d_backward, output_size, pool2d_backward
from cnnlab.grading.questions import questions
from cnnlab.grading.questions.convolution.line_kernel import picture

SOURCE = Path(__file__).parents[2] / "solutions" / "convolution.md"
ROOM = questions("convolution")
LISTS = [(name, seed) for name in ("conv2d", "conv_layer", "pool") for seed in range(3)]


def cases(name: str, seed: int) -> list:
    return list(ROOM[name].cases(np.random.default_rng(seed)))


def keras_layer(X, W, b, stride, pad):
    X = np.pad(X, [(0, 0), (pad, pad), (pad, pad), (0, 0)])
    return keras.ops.conv(X, W, stride, padding="valid") + b


def keras_pool(X, f, stride, mode):
    pool = keras.ops.max_pool if mode == "max" else keras.ops.average_pool
    return pool(X, f, stride, padding="valid")


LIBRARIES = {
    "conv2d": lambda image, kernel: correlate2d(image, kernel, mode="valid"),
    "conv_layer": keras_layer,
    "pool": keras_pool,
}


@pytest.mark.parametrize(("name", "seed"), LISTS)
def test_oracles_going_forwards_agree_with_scipy_and_keras(name, seed):
    for case in cases(name, seed):
        theirs = keras.ops.convert_to_numpy(LIBRARIES[name](*case))
        np.testing.assert_allclose(ROOM[name].oracle(*case), theirs, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("seed", range(3))
def test_oracles_going_backwards_agree_with_the_package(seed):
    for dZ, X, W, stride, pad in cases("conv_backward", seed):
        ours = ROOM["conv_backward"].oracle(dZ, X, W, stride, pad)
        for one, theirs in zip(ours, conv2d_backward(dZ, X, W, stride, pad), strict=True):
            np.testing.assert_allclose(one, theirs, rtol=1e-9, atol=1e-9)
    for dA, X, f, stride, mode in cases("pool_backward", seed):
        ours = ROOM["pool_backward"].oracle(dA, X, f, stride, mode)
        theirs = pool2d_backward(dA, X, f, stride, kind=mode)
        np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-9)


def test_the_numbers_by_hand_are_those_of_the_package_and_of_keras():
    rows = [(11, 4, 0, 1), (11, 5, 2, 1), (18, 5, 1, 2), (26, 7, 3, 4)]
    sizes = [output_size(n, f, padding=p, stride=s) for n, f, p, s in rows]
    (same,) = (p for p in range(9) if output_size(50, 9, padding=p) == 50)
    layers = keras.layers.Conv2D(12, 3), keras.layers.MaxPooling2D(2)
    model = keras.Sequential([keras.Input((20, 30, 5)), *layers])
    assert ROOM["sizes"].oracle() == [*sizes, same, *(one.count_params() for one in model.layers)]


def test_the_inputs_tell_axes_apart_and_hold_what_the_texts_promise():
    for seed in range(20):
        for name in ("zero_pad", "conv_layer", "pool"):
            for X, *_ in cases(name, seed):
                assert X.shape[1] != X.shape[2], name
                assert X.size <= 20 or len(X) > 1, name
        assert 0 in [pad for _, pad in cases("zero_pad", seed)]
        *_, (_, ties, f, stride, _) = cases("pool_backward", seed)
        windows = ties[:, :f, :f].reshape(len(ties), f * f, -1)
        assert f == stride and ((windows == windows.max(axis=1, keepdims=True)).sum(1) == 2).all()


def test_the_examples_of_the_texts_are_right():
    def plane(rows):
        return np.array(rows, float)[None, :, :, None]

    def numbers(name, *case):
        return ROOM[name].oracle(*case).squeeze().tolist()

    padded = numbers("zero_pad", plane([[5, 6]]), 1)
    assert padded == [[0, 0, 0, 0], [0, 5, 6, 0], [0, 0, 0, 0]]
    image, kernel = np.array([[1, 2, 4], [7, 5, 6]]), np.array([[1, -1]])
    assert numbers("conv2d", image, kernel) == [[-1, -2], [2, -1]]
    X, W = np.arange(12.0).reshape(1, 3, 4, 1), np.ones((2, 2, 1, 1))
    assert numbers("conv_layer", X, W, np.array([10.0]), 2, 0) == [20, 28]
    X = plane([[1, 2, 3], [4, 5, 6]])
    assert [numbers("pool", X, 2, 1, mode) for mode in ("max", "average")] == [[5, 6], [3, 4]]
    W = np.array([1.0, 10.0]).reshape(1, 2, 1, 1)
    gradients = ROOM["conv_backward"].oracle(plane([[1, 1]]), plane([[1, 2, 3]]), W, 1, 0)
    assert [one.ravel().tolist() for one in gradients] == [[1, 11, 10], [3, 5], [2]]
    case = plane([[1, 10]]), plane([[3, 1, 2], [0, 5, 4]]), 2, 1
    assert numbers("pool_backward", *case, "max") == [[0, 0, 0], [0, 11, 0]]
    assert numbers("pool_backward", *case, "average") == [[0.25, 2.75, 2.5]] * 2


def given() -> dict:
    """What the notebook gives for the open task."""
    cells = [cell.source for cell in jupytext.read(SOURCE).cells if cell.cell_type == "code"]
    (source,) = (source for source in cells if "def picture(" in source)
    names: dict = {"np": np}
    exec(source, names)
    return names


def test_the_notebook_draws_and_measures_as_the_judge_does():
    names, (rising, others) = given(), cases("line_kernel", 5)[0]
    for degrees in (45, 0):
        one, other = (np.random.default_rng(3) for _ in range(2))
        np.testing.assert_array_equal(names["picture"](one, degrees), picture(other, degrees))
    kernel = np.random.default_rng(0).normal(size=(5, 6))
    won = (names["strongest"](rising, kernel) > names["strongest"](others, kernel)).mean()
    share, sentence = ROOM["line_kernel"].score([kernel], [(rising, others)])
    assert share == pytest.approx((won - 0.7) / 0.22) and f"{won:.1%}" in sentence
    assert abs(names["pairs_won"](kernel) - won) < 0.2


@pytest.mark.parametrize("seed", range(10))
def test_the_open_task_tells_good_kernels_from_bad(seed):
    score, pairs = ROOM["line_kernel"].score, cases("line_kernel", seed)
    across = np.add.outer(np.arange(-3, 4), np.arange(-3, 4)) / np.sqrt(2)
    good = (1 - across**2) * np.exp(-(across**2) / 2)
    good -= good.mean()
    small = np.array([[-1, -1, 2], [-1, 2, -1], [2, -1, -1]])
    assert score([good], pairs)[0] >= 1.05  # safely more than what is asked for
    assert 0.6 < score([5 * np.eye(5)[::-1] - 1], pairs)[0] < 1.1
    assert score([small], pairs)[0] < 0.5
    for bad in (good[::-1], np.ones((7, 7)), np.zeros((3, 3)), [[1, 0, -1]] * 3):
        assert score([bad], pairs)[0] < 0
    assert score([1e300 * good], pairs) == score([good.tolist()], pairs)


@pytest.mark.parametrize(
    ("answer", "word"),
    [
        (np.ones((8, 3)), r"shape \(8, 3\)"),
        (np.ones(7), r"shape \(7,\)"),
        (np.ones((0, 3)), r"shape \(0, 3\)"),
        ([[1, np.nan]], "NaN"),
        ([[np.inf, 1]], "infinity"),
        ([[1, 2], [3]], "no matrix of numbers"),
        ("a kernel", "no matrix of numbers"),
    ],
)
def test_the_open_task_says_what_is_wrong_with_a_kernel(answer, word):
    with pytest.raises(ValueError, match=word):
        ROOM["line_kernel"].score([answer], cases("line_kernel", 0))
