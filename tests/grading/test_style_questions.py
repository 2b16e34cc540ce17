"""The questions of the style room: their right answers beside SciPy, Keras and the package."""

from collections.abc import Callable
from pathlib import Path

import jupytext
import keras
import numpy as np
import pytest
from scipy.signal import correlate

from cnnlab.gradients import value_and_gradient
from cnnlab.grading.answers.check import verdict
from cnnlab.grading.answers.compare import copied
from cnnlab.grading.answers.verdict import AnswerKey
from cnnlab.grading.questions.style import QUESTIONS, paint, style_by_hand
from cnnlab.grading.questions.style.arrays import gram_of, handed_back, windows_of
from cnnlab.style import costs

SEEDS = range(6)
ROOT = Path(__file__).parents[2]
BY_ID = {question.id: question for question in QUESTIONS}


def pairs_of(name):
    """The cases of a question for all seeds, each with the oracle's answer."""
    question = BY_ID[name]
    for seed in SEEDS:
        for case in question.cases(np.random.default_rng(seed)):
            yield case, question.oracle(*copied(case))


def number(tensor):
    return float(keras.ops.convert_to_numpy(tensor))


# By hand


def test_the_answers_by_hand_are_those_of_the_package():
    right = style_by_hand.by_hand()
    gram = keras.ops.convert_to_numpy(costs.gram_matrix(style_by_hand.STYLE))
    assert right["gram"].tolist() == gram.tolist()
    one, other = style_by_hand.CONTENT
    assert right["content"] == number(costs.content_cost(one[None], other[None]))
    off = np.square(gram - style_by_hand.GRAM_OF_G).sum()
    assert right["style"] == pytest.approx(off / (2 * 2 * 2 * 3) ** 2)


# The costs


def test_gram_matrices_are_the_package_s():
    for (a,), right in pairs_of("gram_matrix"):
        assert right == pytest.approx(keras.ops.convert_to_numpy(costs.gram_matrix(a)), rel=1e-5)


def test_one_volume_has_as_many_places_as_channels():
    shapes = [case[0].shape for case, _ in pairs_of("gram_matrix")]
    assert any(H * W == C for _, H, W, C in shapes)


def test_the_costs_are_the_package_s():
    for (C, S, G, place, weights, alpha, beta), right in pairs_of("painting_costs"):
        shows = number(costs.content_cost(C[place], G[place]))
        layers = [number(costs.style_cost(*pair)) for pair in zip(S, G, strict=True)]
        manner = np.dot(weights, layers)
        assert right == pytest.approx((shows, manner, alpha * shows + beta * manner), rel=1e-4)


def test_total_variation_is_the_package_s():
    for (x,), right in pairs_of("total_variation"):
        assert right == pytest.approx([number(costs.total_variation(one)) for one in x], rel=1e-5)


# The descent


def test_the_layer_is_scipy_s():
    rng = np.random.default_rng(0)
    x, w = rng.normal(size=(6, 7, 2)), rng.normal(size=(2, 3, 2, 4))
    for k in range(4):
        assert windows_of(x, w)[..., k] == pytest.approx(correlate(x, w[..., k], "valid")[..., 0])


def test_the_way_back_keeps_the_product():
    rng = np.random.default_rng(1)
    x, w, dz = (rng.normal(size=shape) for shape in ((6, 7, 2), (2, 3, 2, 4), (5, 5, 4)))
    assert np.sum(windows_of(x, w) * dz) == pytest.approx(np.sum(x * handed_back(dz, w)))


def content_of(x, w, a_content):
    return np.square(np.maximum(windows_of(x, w), 0) - a_content).sum() / 2


def test_the_step_goes_along_centred_differences():
    for (x, w, a_content, rate), (cost, moved) in pairs_of("content_step"):
        assert cost == pytest.approx(content_of(x, w, a_content))
        for place in list(np.ndindex(x.shape))[::5]:
            h = np.zeros_like(x)
            h[place] = 1e-6
            slope = (content_of(x + h, w, a_content) - content_of(x - h, w, a_content)) / 2e-6
            assert moved[place] == pytest.approx(np.clip(x[place] - rate * slope, 0, 1), abs=1e-6)


def test_no_z_is_where_relu_has_no_slope():
    for (x, w, *_), _ in pairs_of("content_step"):
        assert np.abs(windows_of(x, w)).min() > 1e-9


def test_the_painting_s_cost_is_the_package_s_and_its_slope_that_of_differences():
    rng = np.random.default_rng(2)
    content, x, w = rng.random((9, 7, 3)), rng.random((9, 7, 3)), rng.normal(size=(3, 3, 3, 5))
    a, b, c = (np.maximum(windows_of(one, w), 0) for one in (x, rng.random((9, 7, 3)), content))
    J, slope = paint.cost_and_slope(x, content, gram_of(b), w, 70.0)
    ours = number(costs.content_cost(c, a)) + 70 * number(costs.style_cost(b, a))
    assert pytest.approx(ours, rel=1e-5) == J
    for place in list(np.ndindex(x.shape))[::11]:
        h = np.zeros_like(x)
        h[place] = 1e-6
        ends = (paint.cost_and_slope(x + s, content, gram_of(b), w, 70.0)[0] for s in (h, -h))
        assert slope[place] == pytest.approx(np.subtract(*ends) / 2e-6, rel=1e-4, abs=1e-5)


def test_whoever_lets_keras_take_the_gradient_computes_the_same():
    """`cnnlab.gradients` is no room, and a derivative is right whoever has taken it."""

    def step_by_gradient(x, w, a_content, rate):
        def cost(x):
            a = keras.ops.relu(keras.ops.conv(x[None], w.astype("float32"), padding="valid"))
            return keras.ops.sum((a[0] - a_content.astype("float32")) ** 2) / 2

        J, slope = value_and_gradient(cost, x.astype("float32"))
        return J, np.clip(x - rate * slope, 0, 1)

    for seed in SEEDS:
        assert verdict(BY_ID["content_step"], step_by_gradient, seed).tier == "pass"


# The function to be mended


def handed_out():
    """What the cells of the layer and of the question to be mended leave to a student."""
    names = {"np": np}
    for cell in jupytext.read(ROOT / "exercises/style.md").cells:
        if "def conv(" in cell.source or "def occlusion_map" in cell.source:
            exec(cell.source, names)
    return names


def test_the_layer_and_the_score_that_are_handed_out_are_right():
    given = handed_out()
    for (x, w, *_), _ in pairs_of("occlusion_map"):
        assert given["conv"](x, w) == pytest.approx(windows_of(x, w))
        assert given["score"](x, w) == pytest.approx(np.maximum(windows_of(x, w), 0).sum())


def test_the_function_to_be_mended_is_right_in_its_first_number():
    given = handed_out()["occlusion_map"]
    result = verdict(BY_ID["occlusion_map"], given)
    assert (result.tier, result.mistake) == ("mistake", "as handed out")
    for case, right in pairs_of("occlusion_map"):
        found = given(*copied(case))
        assert found.shape == right.shape
        assert found[0, 0] == pytest.approx(right[0, 0])


def test_some_squares_speak_against_the_answer():
    for seed in SEEDS:
        key = AnswerKey(BY_ID["occlusion_map"], seed)
        assert min(one.min() for one in key.right) < 0


# What nearly works, each with the question that it is an answer to


def cam(maps, gradients, weights=None, least=0.0, axis=(1, 2)):
    """A plain answer."""
    v = gradients.mean(axis=(1, 2), keepdims=True) if weights is None else weights(gradients)
    heat = np.maximum((v * maps).sum(-1), 0)
    top = heat.max(axis=axis, keepdims=True)
    return heat / np.where(top > 0, top, 1) if not least else heat / (top + least)


def variation(x, below=np.s_[:, 1:], above=np.s_[:, :-1]):
    down = np.abs(x[below] - x[above]).sum(axis=(1, 2, 3))
    return down + np.abs(x[:, :, 1:] - x[:, :, :-1]).sum(axis=(1, 2, 3))


def grams(a, volumes=np.s_[:], sizes=None):
    N, H, W, C = a.shape
    p = a[volumes].reshape(N, H * W, C) if sizes is None else a.reshape(sizes(N, H, W, C))
    return p.transpose(0, 2, 1) @ p


def step(x, w, a_content, rate, mask=None, clip=(0, 1)):
    z = windows_of(x, w)
    error = np.maximum(z, 0) - a_content
    dz = error * (z > 0 if mask is None else mask(z, error, a_content))
    return np.square(error).sum() / 2, np.clip(x - rate * handed_back(dz, w), *clip)


NEARLY: dict[str, list[Callable]] = {
    "gram_matrix": [
        lambda a: grams(a, volumes=np.s_[::-1]),
        lambda a: grams(a).astype(int),
        lambda a: np.abs(grams(a)),
        lambda a: grams(np.swapaxes(a, 2, 3).reshape(a.shape)),
        lambda a: np.einsum("nijk,nilm->nkm", a, a),  # all pairs of places in a row
        lambda a: np.einsum("nijk,nljm->nkm", a, a),  # all pairs of places in a column
        lambda a: np.stack([grams(a[:1])[0]] * len(a)),
    ],
    "total_variation": [
        lambda x: variation(x, np.s_[:, 2:], np.s_[:, :-2]),
        lambda x: variation(x[:, :, :, :1]),
        lambda x: variation(x[:, :-1]),
        lambda x: variation(np.clip(x, 0, 1)),
        lambda x: np.stack([variation(x)[0]] * len(x)),
        lambda x: variation(np.swapaxes(x, 1, 3)),
    ],
    "content_step": [
        lambda *case: step(*case, mask=lambda z, error, a_content: error > 0),
        lambda *case: step(*case, mask=lambda z, error, a_content: z < 0),
        lambda *case: step(*case, clip=(0, None)),
        lambda *case: step(*case, clip=(None, 1)),
        lambda x, w, *rest: step(x, w.mean(axis=2, keepdims=True).repeat(x.shape[2], 2), *rest),
        lambda x, w, a_content, rate: step(x, w, a_content, 0.1),
    ],
    "grad_cam": [
        lambda *case: cam(*case, least=0.05),
        lambda *case: cam(*case, axis=1),
        lambda *case: cam(*case, axis=2),
        lambda *case: cam(*case, weights=lambda g: g.mean(axis=1, keepdims=True)),
        lambda *case: cam(*case, weights=lambda g: g.mean(axis=(1, 2, 3), keepdims=True)),
        lambda *case: cam(*case, weights=lambda g: np.median(g, axis=(1, 2), keepdims=True)),
        lambda *case: cam(*case, weights=lambda g: np.sign(g.mean(axis=(1, 2), keepdims=True))),
        lambda maps, gradients: cam(np.maximum(maps, 0), gradients),
    ],
}


@pytest.mark.parametrize(
    ("name", "place"), [(name, i) for name, ways in NEARLY.items() for i in range(len(ways))]
)
def test_what_nearly_works_does_not_pass(name, place):
    for seed in SEEDS:
        result = verdict(BY_ID[name], NEARLY[name][place], seed)
        assert result.earned == 0, (seed, result)


def test_the_plain_answers_before_they_were_changed_do_pass():
    plain = {"gram_matrix": grams, "total_variation": variation, "content_step": step}
    for name, answer in (plain | {"grad_cam": cam}).items():
        assert verdict(BY_ID[name], answer).tier == "pass"


# The open task


CANVASES = AnswerKey(BY_ID["paint"], 0).cases  # each finds once how low its cost can go


def share(way):
    return paint.painting_score([way(*case) for case in CANVASES], CANVASES)


def test_the_content_itself_and_noise_earn_nothing():
    assert share(lambda content, *_: content)[0] < 0
    assert share(lambda content, *_: np.random.default_rng(0).random(content.shape))[0] < 0


def test_other_contrast_alone_earns_nothing():
    def contrast(content, *rest):
        case = paint.Canvas((content, *rest))
        mean = content.mean(axis=(0, 1))
        return max(
            (mean + t * (content - mean) for t in np.linspace(0, 3, 13)),
            key=lambda x: -case.cost(x),
        )

    assert share(contrast)[0] < 0


def test_a_picture_of_another_shape_or_with_nan_is_refused():
    with pytest.raises(ValueError, match="shape"):
        share(lambda content, *_: content[1:])
    with pytest.raises(ValueError, match="NaN"):
        share(lambda content, *_: content * np.nan)


def test_numbers_outside_are_seen_clipped():
    def beyond(content, *_):
        return np.where(content > 0.5, 7.0, content)

    assert share(beyond) == share(lambda *case: np.clip(beyond(*case), 0, 1))
