"""The questions of the segmentation room: their right answers beside Keras and SciPy."""

import re
from collections.abc import Callable
from pathlib import Path

import jupytext
import keras
import numpy as np
import pytest
from keras import layers as L
from scipy.signal import convolve2d
from scipy.spatial import distance

from cnnlab import segmentation
from cnnlab.convolution import conv2d
from cnnlab.grading.answers.check import verdict
from cnnlab.grading.answers.compare import copied
from cnnlab.grading.answers.verdict import AnswerKey
from cnnlab.grading.networks import as_text, facts, rebuilt
from cnnlab.grading.question import PROBED
from cnnlab.grading.questions.segmentation import QUESTIONS, segmenter, small_unet, up_by_hand
from cnnlab.grading.questions.segmentation.arrays import stamped
from cnnlab.grading.questions.segmentation.dice_and_iou import dice_of, iou_of, mean_of

SEEDS = range(6)
ROOT = Path(__file__).parents[2]
BY_ID = {question.id: question for question in QUESTIONS}


def pairs_of(name):
    """The cases of a question for all seeds, each with the oracle's answer."""
    question = BY_ID[name]
    for seed in SEEDS:
        for case in question.cases(np.random.default_rng(seed)):
            yield case, question.oracle(*copied(case))


# By hand


def test_stamps_make_the_lecture_s_example():
    image, kernel = np.array([[2.0, 1], [3, 2]])[None, :, :, None], up_by_hand.FILTER
    canvas = stamped(image, kernel[:, :, None, None], 2, (5, 5))[0, :, :, 0]
    assert canvas[1:, 1:].tolist() == [[0, 4, 0, 1], [10, 7, 6, 3], [0, 7, 0, 2], [6, 3, 4, 2]]


def test_the_stamps_by_hand_are_those_of_scipy():
    spread = np.zeros((3, 3))
    spread[::2, ::2] = up_by_hand.IMAGE
    canvas = convolve2d(spread, up_by_hand.FILTER)
    assert canvas[1:, 1:].tolist() == BY_ID["up_by_hand"].oracle()["stamped"].tolist()


def test_the_sizes_by_hand_are_those_that_keras_says():
    sizes = []
    for n, f, p, s, o in up_by_hand.WAYS_BACK:
        layer = L.Conv2DTranspose(1, f, strides=s, output_padding=o or None)
        sizes.append(layer.compute_output_shape((None, n, n, 1))[1] - 2 * p)
    assert sizes == BY_ID["up_by_hand"].oracle()["sizes"]


def test_the_unet_by_hand_is_one_that_keras_builds():
    def two(x):
        return L.Conv2D(1, 3)(L.Conv2D(1, 3)(x))

    first = two(keras.Input((100, 100, 1)))
    second = two(L.MaxPooling2D()(first))
    bottom = two(L.MaxPooling2D()(second))
    up = L.UpSampling2D()(bottom)
    again = L.UpSampling2D()(two(up))
    cuts = [(skip.shape[1] - x.shape[1]) / 2 for skip, x in ((second, up), (first, again))]
    *sizes, fits = BY_ID["up_by_hand"].oracle()["unet"]
    assert sizes == [bottom.shape[1], two(again).shape[1], *cuts]
    assert fits == min(n for n in range(100, 200) if n % 2**4 == 0)


def test_the_unet_by_hand_has_the_sizes_of_the_page():
    *sizes, deep, top, fits = BY_ID["up_by_hand"].oracle()["unet"]
    found = segmentation.unet_sizes(100, depth=2)
    assert sizes == [found.bottom[1], found.output]
    ends = zip(reversed(found.down), found.up, strict=True)
    assert [deep, top] == [(skip - x) / 2 for (_, skip), (x, _) in ends]
    with pytest.raises(ValueError, match=f"or {fits}$"):
        segmentation.unet_sizes(100, depth=4, padding="same")


# The way back


def test_a_transposed_convolution_is_scipy_s():
    for (x, w, b, stride, padding, more), right in pairs_of("transposed_conv"):
        N, H, W, C = x.shape
        spread = np.zeros((N, stride * (H - 1) + 1, stride * (W - 1) + 1, C))
        spread[:, ::stride, ::stride] = x
        for n, k in np.ndindex(N, len(b)):
            full = sum(convolve2d(spread[n, ..., c], w[:, :, k, c]) for c in range(C))
            full = np.pad(full, [(0, more), (0, more)])
            rows, columns = full.shape
            ours = full[padding : rows - padding, padding : columns - padding] + b[k]
            assert right[n, ..., k] == pytest.approx(ours)


def test_a_transposed_convolution_is_the_package_s():
    for case, right in pairs_of("transposed_conv"):
        assert right == pytest.approx(segmentation.transposed_conv2d(*case))


def test_the_way_back_keeps_the_product():
    rng = np.random.default_rng(0)
    for (y, w, stride, padding, *_), right in pairs_of("adjoint"):
        x = rng.normal(size=right.shape)
        forth = conv2d(x, w, padding=padding, stride=stride)
        assert forth.shape == y.shape
        assert np.sum(forth * y) == pytest.approx(np.sum(x * right))


def test_the_way_back_is_asked_with_what_hides_faults():
    cases = [case for case, _ in pairs_of("adjoint")]
    assert any(p == 0 and s > 1 for _, _, s, p, *_ in cases)
    unseen = [(H + 2 * p - len(w)) % s for _, w, s, p, H, _ in cases]
    assert any(unseen) and not all(unseen)
    for _, w, *_ in cases:
        assert not any(np.allclose(w, other) for other in (w[::-1, ::-1], w[::-1], w[:, ::-1]))


def handed_out():
    """What the cell of the question to be mended leaves, as a student gets it."""
    cells = jupytext.read(ROOT / "exercises/segmentation.md").cells
    (cell,) = (cell for cell in cells if "def adjoint" in cell.source)
    names = {"np": np}
    exec(cell.source, names)
    return names


def test_the_function_to_be_mended_almost_works():
    given = handed_out()
    key = AnswerKey(BY_ID["adjoint"], 0)
    result = verdict(BY_ID["adjoint"], given["adjoint"])
    assert (result.tier, result.mistake) == ("mistake", BY_ID["adjoint"].wrong[0].name)
    for y, w, *rest in key.cases:
        blur = np.ones_like(w)
        assert given["adjoint"](y, blur, *rest) == pytest.approx(
            BY_ID["adjoint"].oracle(y, blur, *rest)
        )


def test_the_function_to_be_mended_comes_with_a_convolution_that_is_right():
    forward = handed_out()["forward"]
    rng = np.random.default_rng(0)
    for (_, w, stride, padding, *_), right in pairs_of("adjoint"):
        x = rng.normal(size=right.shape)
        assert forward(x, w, stride, padding) == pytest.approx(
            conv2d(x, w, padding=padding, stride=stride)
        )


def test_the_middle_of_the_skip_connection_is_kept():
    for (skip, x), right in pairs_of("crop_and_concatenate"):
        H, h = skip.shape[1], x.shape[1]
        above = [top for top in range(H - h + 1) if 0 <= (H - h - top) - top <= 1]
        assert len(above) == 1
        left = (skip.shape[2] - x.shape[2]) // 2
        window = skip[:, above[0] : above[0] + h, left : left + x.shape[2]]
        assert np.array_equal(right[..., : skip.shape[3]], window)
        assert np.array_equal(right[..., skip.shape[3] :], x)


# Scores and losses


def test_dice_and_iou_are_scipy_s():
    for (truth, prediction, classes), (dice, iou, mean) in pairs_of("dice_and_iou"):
        for label in range(classes):
            a, b = (truth == label).ravel(), (prediction == label).ravel()
            if (a | b).any():
                assert dice[label] == pytest.approx(1 - distance.dice(a, b))
                assert iou[label] == pytest.approx(1 - distance.jaccard(a, b))
            else:
                assert np.isnan([dice[label], iou[label]]).all()
        assert mean == pytest.approx(np.nanmean(dice))


def test_dice_and_iou_are_the_package_s():
    for case, (dice, iou, _) in pairs_of("dice_and_iou"):
        assert dice == pytest.approx(segmentation.class_dice(*case), nan_ok=True)
        assert iou == pytest.approx(segmentation.class_iou(*case), nan_ok=True)


def test_masks_have_classes_of_every_kind():
    kinds = set()
    for (truth, prediction, classes), _ in pairs_of("dice_and_iou"):
        kinds |= {(label in truth, label in prediction) for label in range(classes)}
    assert len(kinds) == 4


def test_the_loss_is_keras_s():
    for (logits, labels, weights), (loss, _) in pairs_of("weighted_loss"):
        each = keras.ops.sparse_categorical_crossentropy(
            labels, logits.astype("float32"), from_logits=True
        )
        ours = np.average(keras.ops.convert_to_numpy(each), weights=weights[labels])
        assert loss == pytest.approx(ours, rel=1e-5)


def test_the_gradient_is_that_of_centred_differences():
    loss_of = BY_ID["weighted_loss"].oracle
    for (logits, labels, weights), (_, gradient) in list(pairs_of("weighted_loss"))[:4]:
        for place in list(np.ndindex(logits.shape))[::7]:
            step = np.zeros_like(logits)
            step[place] = 1e-4
            above, below = (loss_of(logits + s, labels, weights)[0] for s in (step, -step))
            assert gradient[place] == pytest.approx((above - below) / 2e-4, abs=1e-7)


# What nearly works, each with the question that it is an answer to


def conv(x, w, b, s, p, o, size=None, cut=None):
    """A plain answer to the second question."""
    (H, W), (f_h, f_w) = x.shape[1:3], w.shape[:2]
    rows, columns = (
        size(H, W, f_h, f_w, s, o)
        if size
        else (
            s * (H - 1) + f_h + o,
            s * (W - 1) + f_w + o,
        )
    )
    canvas = np.zeros((len(x), rows, columns, len(b)))
    for i, j in np.ndindex(H, W):
        stamp = np.einsum("nc,uvkc->nuvk", x[:, i, j], w)
        canvas[:, s * i : s * i + f_h, s * j : s * j + f_w] += stamp
    return (canvas[cut(p)] if cut else canvas[:, p : rows - p, p : columns - p]) + b


def gone(skip, x):
    """How many rows and columns have to go."""
    return np.subtract(skip.shape, x.shape)[1:3].tolist()


def cropped(skip, x, top, left):
    h, w = x.shape[1:3]
    return np.concatenate([skip[:, top : top + h, left : left + w], x], -1)


def scored(truth, prediction, classes, dice=dice_of, iou=iou_of, labels=None, count=np.sum):
    found = []
    for k in range(classes) if labels is None else labels(truth, prediction, classes):
        a, b = truth == k, prediction == k
        found.append([int(count(part)) for part in (a, b, a & b)])
    dices = [dice(*one) for one in found]
    return dices, [iou(*one) for one in found], mean_of(dices)


def loss(logits, labels, weights, v=None, divide=None, top=None, axis=-1):
    peak = top(logits) if top else logits.max(axis=-1, keepdims=True)
    with np.errstate(all="ignore"):
        shifted = logits - peak
        log_p = shifted - np.log(np.exp(shifted).sum(axis=axis, keepdims=True))
    target = np.eye(len(weights))[labels]
    v = weights[labels] if v is None else v(labels, weights)
    by = v.sum() if divide is None else divide(v, labels)
    with np.errstate(all="ignore"):
        return -(v * (target * log_p).sum(-1)).sum() / by, v[..., None] * (
            np.exp(log_p) - target
        ) / by


NEARLY: dict[str, list[Callable]] = {
    "transposed_conv": [
        lambda *case: conv(*case, cut=lambda p: np.s_[:, p:-p, p:-p]),  # nothing for p = 0
        lambda *case: conv(*case, cut=lambda p: np.s_[:, p : -p or None, p : -p or None])[
            :, : case[0].shape[1] * case[3], : case[0].shape[2] * case[3]
        ],  # never more than n · s
        lambda *case: conv(
            *case, size=lambda H, W, f, g, s, o: (s * (H - 1) + f + o, s * (H - 1) + g + o)
        ),
        lambda *case: conv(
            *case, size=lambda H, W, f, g, s, o: (s * (H - 1) + f + o, s * (W - 1) + f + o)
        ),
        lambda x, w, *rest: conv(x[:1], w, *rest),
        lambda x, w, *rest: conv(x, w.mean(axis=3, keepdims=True).repeat(x.shape[3], 3), *rest),
        lambda x, w, b, s, p, o: conv(x, w, b, s, p, o) if s > 1 else conv(x, w, b, 1, 0, o),
        lambda x, w, b, s, p, o: conv(x, w, b, s, p, min(o, p)),  # a row beyond all stamps
        lambda x, w, b, *rest: conv(x, w, b[:1].repeat(len(b)), *rest),
        lambda x, w, b, s, p, o: np.maximum(conv(x, w, b, s, p, o), 0),
    ],
    "adjoint": [
        lambda y, w, s, p, H, W: conv(
            y, w, np.zeros(w.shape[2]), s, p, max((H + 2 * p - len(w)) % s, 0)
        ),  # the columns left over are taken to be as many as the rows
        lambda y, w, s, p, H, W: conv(y, w, np.zeros(w.shape[2]), s, p, s - 1),  # always the most
        lambda y, w, s, p, H, W: conv(y, w, np.zeros(w.shape[2]), s, p, 0),  # always the fewest
        lambda y, w, s, p, H, W: np.resize(
            conv(y, w, np.zeros(w.shape[2]), s, p, 0), (len(y), H, W, w.shape[2])
        ),
    ],
    "crop_and_concatenate": [
        lambda skip, x: cropped(skip, x, *2 * [(skip.shape[1] - x.shape[1]) // 2]),
        lambda skip, x: cropped(skip, x, *2 * [(skip.shape[2] - x.shape[2]) // 2]),
        lambda skip, x: cropped(
            skip, x, *(round(d / 2) for d in gone(skip, x))
        ),  # half a row goes to the even number
        lambda skip, x: cropped(skip, x, *(int(d / 2 + 0.5) for d in gone(skip, x))),
        lambda skip, x: np.concatenate(
            [skip[:, (d := (skip.shape[1] - x.shape[1]) // 2) : -d, d:-d], x], -1
        ),
        lambda skip, x: cropped(skip[:, ::-1], x, *(d // 2 for d in gone(skip, x))),
    ],
    "dice_and_iou": [
        lambda *case: scored(*case, labels=lambda t, p, k: np.unique(t)),
        lambda *case: scored(*case, labels=lambda t, p, k: np.union1d(t, p)),
        lambda *case: scored(*case, labels=lambda t, p, k: range(int(t.max()) + 1)),
        lambda *case: scored(*case, dice=lambda t, p, b: dice_of(t, p, b) if b else float("nan")),
        lambda *case: scored(*case, dice=lambda t, p, b: (2 * b + 1) / (t + p + 1)),  # smoothed
        lambda *case: scored(*case, dice=lambda t, p, b: 2 * b / (t + p + 1e-3)),
        lambda *case: scored(*case, iou=lambda t, p, b: b / max(t, p) if t + p else float("nan")),
        lambda *case: scored(*case, iou=lambda t, p, b: b / min(t, p) if t and p else 0),
        lambda truth, prediction, k: scored(truth[:1], prediction[:1], k),
        lambda *case: scored(*case, count=np.any),
    ],
    "weighted_loss": [
        lambda *case: loss(*case, top=np.max, axis=-1)[:1] + loss(*case, axis=(1, 2, 3))[1:],
        lambda *case: (
            loss(*case, v=lambda labels, w: w[labels] / w.max())[:1]
            + loss(*case, v=lambda labels, w: w[labels] ** 0.5)[1:]
        ),
        lambda *case: loss(*case, v=lambda labels, w: w[labels[::-1, ::-1]]),
        lambda *case: loss(*case, v=lambda labels, w: w[labels] * (labels > 0)),
        lambda *case: loss(*case, divide=lambda v, labels: v.sum(axis=(1, 2)).mean()),
        lambda logits, *rest: loss(logits.clip(-10, 10), *rest),
        lambda *case: loss(*case, divide=lambda v, labels: np.unique(v).sum()),
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
    for name, plain in (
        ("transposed_conv", conv),
        ("dice_and_iou", scored),
        ("weighted_loss", loss),
    ):
        assert verdict(BY_ID[name], plain).tier == "pass"


# The network


def test_the_table_of_the_unet_is_that_of_the_exercise():
    model = small_unet.built_unet()
    text = (ROOT / "solutions/segmentation.md").read_text("utf-8")
    rows = re.findall(r"^\| (?:conv|max|trans|concat).* \| (.+) \| (.*)\|$", text, re.M)
    assert rows == [
        ("×".join(map(str, layer.output.shape[1:])), f"{count:,} " if count else "")
        for layer in model.layers[1:]
        for count in [layer.count_params()]
    ]
    assert f"| together | | {model.count_params():,} |" in text


def test_the_probe_sees_where_a_skip_connection_begins():
    right = small_unet.unet_facts()["probe"]
    for mistake in ({"skip_after": 1}, {"up": "nearest"}, {"join": "x first"}):
        other = small_unet.unet_facts(**mistake)["probe"]
        assert np.abs(other - right).max() > 20 * PROBED.atol


def test_a_network_made_of_networks_survives_the_way_to_the_judge():
    for way in BY_ID["small_unet"].alternatives:
        again = rebuilt(as_text(keras.saving.serialize_keras_object(way()())))
        assert np.allclose(facts(again)["probe"], small_unet.unet_facts()["probe"], atol=2e-5)


# The open task


def share(predictions, parameters=segmenter.PARAMETERS, seed=0):
    outputs = [{"predictions": predictions, "parameters": parameters}]
    return segmenter.xray_score(outputs, AnswerKey(BY_ID["segmenter"], seed).cases)


def truth(seed=0):
    ((_, masks),) = AnswerKey(BY_ID["segmenter"], seed).cases
    return np.eye(segmenter.CLASSES)[masks]


def test_xrays_of_the_exercise_are_not_those_of_the_check():
    from cnnlab.data import chest_xrays

    known = {image.tobytes() for image in chest_xrays(100, size=segmenter.SIZE).images}
    ((images, _),) = AnswerKey(BY_ID["segmenter"], 0).cases
    assert not known & {image.tobytes() for image in images}


def test_the_truth_earns_everything_and_background_nothing():
    earned, sentence = share(truth())
    assert earned > 1
    assert "mean 1.000" in sentence
    nothing = np.zeros_like(truth())
    nothing[..., 0] = 1
    assert share(nothing)[0] < 0


def test_lungs_and_hearts_alone_are_not_enough():
    """Nine pixels in ten that are no background, and not all points by far."""
    answer = truth()
    answer[..., 3] = 0
    assert share(answer)[0] < 0.5


def test_a_network_that_is_too_large_earns_nothing():
    assert share(truth(), segmenter.PARAMETERS + 1)[0] == 0


def test_nan_is_no_answer():
    assert share(np.full_like(truth(), np.nan))[0] < 0


def test_a_model_for_any_size_is_asked():
    model = keras.Sequential([keras.Input((None, None, 1)), L.Conv2D(4, 3, padding="same")])
    assert "mean" in verdict(BY_ID["segmenter"], model).message
    small = keras.Sequential([keras.Input((48, 64, 1)), L.Conv2D(4, 3)])
    assert "(60, 46, 62, 4)" in verdict(BY_ID["segmenter"], small).message


def test_a_model_for_another_size_is_told_both():
    for size in ((24, 40, 1), (48, 64, 3), (48, 32), (48 * 64,)):
        model = keras.Sequential([keras.Input(size), L.Dense(4)])
        result = verdict(BY_ID["segmenter"], model)
        assert result.tier == "shape"
        assert result.message == (
            f"The model takes images of shape {size}; it is asked with images of shape (48, 64, 1)."
        )
