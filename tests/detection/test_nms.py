"""Non-max suppression against its three steps taken literally, and against TensorFlow's."""

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cnnlab.detection import iou, nms, soft_nms

EVERYTHING = -np.inf  # a score threshold that drops nothing


def literally(boxes, scores, labels, iou_threshold, score_threshold):
    """The lecture's steps with lists, box by box."""
    overlaps = iou(boxes, boxes)
    left = [i for i in range(len(boxes)) if scores[i] > score_threshold]
    kept = []
    while left:
        best = max(left, key=lambda i: (scores[i], -i))
        kept.append(best)
        drops = {
            i
            for i in left
            if overlaps[i, best] >= iou_threshold
            and overlaps[i, best] > 0
            and labels[i] == labels[best]
        }
        left = [i for i in left if i not in drops | {best}]
    return kept


def on_a_grid(rng, n, size=20):
    """Boxes of whole pixels, with score ties, so that IoUs meet thresholds exactly."""
    low = rng.integers(0, size, (n, 2))
    boxes = np.hstack([low, low + rng.integers(0, 9, (n, 2))]).astype(float)
    return boxes, rng.integers(0, 8, n) / 8, rng.integers(0, 3, n)


def anywhere(rng, n):
    """Boxes of all sizes, around a few places."""
    centres = rng.uniform(0, 50, (4, 2))[rng.integers(0, 4, n)] + rng.normal(0, 3, (n, 2))
    sizes = rng.lognormal(2, 1, (n, 2))
    boxes = np.hstack([centres - sizes / 2, centres + sizes / 2])
    return boxes, rng.random(n), rng.integers(0, 3, n)


KINDS = {"grid": on_a_grid, "anywhere": anywhere}
TESTED = (0.0, 0.1, 0.25, 1 / 3, 0.5, 0.7, 1.0)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("per_class", [True, False])
def test_equal_to_the_three_steps(kind, per_class):
    rng = np.random.default_rng(0)
    for case in range(150):
        boxes, scores, labels = KINDS[kind](rng, int(rng.integers(0, 30)))
        thresholds = TESTED[case % len(TESTED)], rng.choice([0.6, 0.25, EVERYTHING])
        expected = literally(boxes, scores, labels if per_class else 0 * labels, *thresholds)
        found = nms(boxes, scores, labels if per_class else None, *thresholds)
        assert found.dtype.kind == "i" and found.tolist() == expected


def test_equal_to_tensorflow_on_thousands_of_cases():
    """Whole pixels: an IoU is either the threshold exactly or differs from it far beyond rounding,
    so "≥ t" and TensorFlow's "> the next number below t" have to agree, in any precision.
    """
    import tensorflow as tf

    rng = np.random.default_rng(1)
    met = 0
    for _ in range(2000):
        boxes, scores, _ = on_a_grid(rng, int(rng.integers(1, 40)), size=9)
        t = np.float32(rng.choice([0.125, 0.25, 0.3, 0.5, 0.6, 0.75]))
        least = np.float32(rng.choice([0.625, 0.25, -1]))
        below = np.nextafter(t, np.float32(0))
        expected = tf.image.non_max_suppression(
            boxes[:, [1, 0, 3, 2]].astype("float32"), scores.astype("float32"), 99, below, least
        ).numpy()
        found = nms(boxes, scores, None, float(np.format_float_positional(t)), float(least))
        assert found.tolist() == expected.tolist()
        met += (np.float32(iou(boxes, boxes)) == t).any()
    assert met > 500  # cases in which an IoU meets the threshold


def test_an_iou_of_exactly_the_threshold_is_dropped():
    boxes = [[0, 0, 4, 3], [0, 0, 2, 3]]  # 6 of 12 pixels
    assert nms(boxes, [0.9, 0.8]).tolist() == [0]
    assert nms(boxes, [0.9, 0.8], iou_threshold=0.5 + 1e-9).tolist() == [0, 1]
    # Shifted as far as the threshold allows, to each of the four sides.
    for dx, dy in [(4, 0), (-4, 0), (0, 4), (0, -4)]:
        shifted = [[0, 0, 12, 12], [dx, dy, 12 + dx, 12 + dy]]  # 96 of 192
        assert nms(shifted, [0.9, 0.8]).tolist() == [0]
        assert nms(shifted, [0.8, 0.9]).tolist() == [1]


def test_a_score_of_exactly_the_threshold_is_dropped():
    boxes = [[0, 0, 4, 3], [10, 0, 14, 3], [20, 0, 24, 3]]
    assert nms(boxes, [0.6, 0.61, 0.59]).tolist() == [1]


def test_of_equal_scores_the_lower_index_drops_the_other():
    boxes = [[0, 0, 10, 6], [1, 0, 11, 6], [2, 0, 12, 6]]
    assert nms(boxes, [0.9, 0.9, 0.9]).tolist() == [0]
    assert nms(boxes[::-1], [0.7, 0.9, 0.9]).tolist() == [1]


def test_only_boxes_that_survive_drop_others():
    """The second would drop the third, but the first drops the second."""
    boxes = [[0, 0, 10, 6], [3, 0, 13, 6], [6, 0, 16, 6]]
    assert nms(boxes, [0.9, 0.8, 0.7]).tolist() == [0, 2]


def test_classes_do_not_drop_each_other():
    boxes, scores = [[0, 0, 10, 6]] * 3, [0.7, 0.9, 0.8]
    assert nms(boxes, scores).tolist() == [1]
    assert nms(boxes, scores, [5, 0, 5]).tolist() == [1, 2]
    assert nms(boxes, scores, [-1, 7, 1000]).tolist() == [1, 2, 0]


def test_large_numbers_of_boxes_of_all_sizes():
    """Enough of them that each is compared with few others; and one that covers everything."""
    boxes, scores, labels = anywhere(np.random.default_rng(2), 600)
    boxes[[7, 90]] = [-500, -500, 500, 500], [-400, -500, 500, 500]
    for t in (0.05, 0.5, 0.9):
        found = nms(boxes, scores, labels, t, EVERYTHING).tolist()
        assert found == literally(boxes, scores, labels, t, EVERYTHING)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**31), st.integers(0, 40), st.floats(0, 1), st.floats(0, 1))
def test_what_holds_for_any_result(seed, n, t, least):
    boxes, scores, labels = on_a_grid(np.random.default_rng(seed), n)
    kept = nms(boxes, scores, labels, t, least)
    overlaps = iou(boxes[kept], boxes)
    of_class = labels[kept][:, None] == labels
    strong = (overlaps >= t) & (overlaps > 0) & of_class
    others = kept[:, None] != kept
    assert not (strong[:, kept] & others).any()  # no two that are kept
    assert (np.diff(scores[kept]) <= 0).all() and (scores[kept] > least).all()
    # Every box that was dropped is too weak, or has a better one of its class that was kept.
    dropped = np.setdiff1d(np.flatnonzero(scores > least), kept)
    better = scores[kept][:, None] >= scores[dropped]
    assert (strong[:, dropped] & better).any(axis=0).all()
    # What is kept once is kept again.
    assert (nms(boxes[kept], scores[kept], labels[kept], t, least) == np.arange(len(kept))).all()


def apart(rng, n):
    """Boxes with one of whole pixels in each cell of a grid: some touch, none has a common part."""
    rows, columns = np.divmod(rng.permutation(36)[:n], 6)
    low = np.stack([columns, rows], axis=1) * 10 + rng.integers(0, 4, (n, 2))
    return np.hstack([low, low + rng.integers(0, 7, (n, 2))]).astype(float), rng.random(n)


@settings(max_examples=80, deadline=None)
@given(st.integers(0, 2**31), st.integers(0, 36), st.sampled_from(TESTED) | st.floats(0, 1))
def test_boxes_that_share_nothing_are_never_rivals(seed, n, t):
    boxes, scores = apart(np.random.default_rng(seed), n)
    best_first = np.argsort(-scores, kind="stable").tolist()
    assert nms(boxes, scores, None, t, EVERYTHING).tolist() == best_first
    for method in ("linear", "gaussian"):
        soft = soft_nms(boxes, scores, None, method, 0.5, t, EVERYTHING)
        assert soft.indices.tolist() == best_first
        assert soft.scores.tolist() == scores[best_first].tolist()


def test_boxes_with_a_common_edge_or_no_area_share_nothing():
    boxes = [[0, 0, 4, 3], [4, 0, 8, 3], [4, 3, 8, 6], [1, 1, 1, 2], [4, 2, 9, 2]]
    assert nms(boxes, [0.9, 0.8, 0.75, 0.7, 0.65], iou_threshold=0).tolist() == [0, 1, 2, 3, 4]


def test_at_0_any_overlap_is_enough():
    """Torchvision and TensorFlow drop an IoU above the threshold: at 0 that is the same rule."""
    import tensorflow as tf

    rng, smallest = np.random.default_rng(6), 1
    for _ in range(300):
        boxes, scores, _ = on_a_grid(rng, int(rng.integers(1, 40)))
        found = nms(boxes, scores, None, 0, EVERYTHING)
        above = tf.image.non_max_suppression(boxes[:, [1, 0, 3, 2]], scores, 99, 0.0)
        assert found.tolist() == above.numpy().tolist()
        overlaps = iou(boxes, boxes)
        smallest = min(smallest, overlaps[overlaps > 0].min(initial=1))
    assert smallest < 0.02  # so that a rule with a larger threshold would be seen
    assert nms([[0, 0, 9, 9], [8.999, 8.999, 20, 20]], [0.9, 0.8], iou_threshold=0).tolist() == [0]


# ---- soft ----


@pytest.mark.parametrize("sigma", [0.1, 0.5, 1.0])
def test_gaussian_is_tensorflows(sigma):
    """TensorFlow writes exp(−IoU² / (2 · its sigma))."""
    import tensorflow as tf

    rng = np.random.default_rng(3)
    for _ in range(300):
        boxes, scores, _ = anywhere(rng, int(rng.integers(1, 25)))
        indices, lowered = tf.image.non_max_suppression_with_scores(
            *(boxes[:, [1, 0, 3, 2]], scores, 99),
            iou_threshold=1.0,
            score_threshold=0.1,
            soft_nms_sigma=sigma / 2,
        )
        found = soft_nms(boxes, scores, sigma=sigma, score_threshold=0.1)
        np.testing.assert_array_equal(found.indices, indices)
        np.testing.assert_allclose(found.scores, lowered, rtol=1e-4)


def test_linear_is_its_definition():
    def definition(boxes, scores, labels, t, least):
        scores, left, kept = list(scores), set(range(len(boxes))), []
        while left := {i for i in left if scores[i] > least}:
            best = min(left, key=lambda i: (-scores[i], i))
            kept.append((best, scores[best]))
            left.remove(best)
            for i in left:
                overlap = iou(boxes[[i]], boxes[[best]])[0, 0]
                if labels[i] == labels[best] and overlap >= t:
                    scores[i] *= 1 - overlap
        return kept

    rng = np.random.default_rng(4)
    for _ in range(150):
        boxes, scores, labels = on_a_grid(rng, int(rng.integers(0, 20)))
        t, least = rng.choice([0.25, 0.5]), rng.choice([0.6, 0.001])
        expected = definition(boxes, scores, labels, t, least)
        found = soft_nms(boxes, scores, labels, "linear", iou_threshold=t, score_threshold=least)
        assert found.indices.tolist() == [i for i, _ in expected]
        assert found.scores.tolist() == [s for _, s in expected]


def test_soft_keeps_what_hard_drops_and_never_raises_a_score():
    boxes, scores = [[0, 0, 10, 6], [3, 0, 13, 6]], [0.95, 0.9]  # IoU 7/13
    assert nms(boxes, scores, score_threshold=0.1).tolist() == [0]
    soft = soft_nms(boxes, scores, score_threshold=0.1)
    assert soft.indices.tolist() == [0, 1]
    np.testing.assert_allclose(soft.scores, [0.95, 0.9 * np.exp(-((7 / 13) ** 2) / 0.5)])
    assert soft_nms(boxes, scores).indices.tolist() == [0]  # 0.50 is left, which is at most 0.6
    apart = soft_nms(boxes, scores, labels=[0, 1])
    assert apart.scores.tolist() == scores


# ---- nothing, and bad input ----


@pytest.mark.parametrize("labels", [None, [], np.empty(0, int)])
def test_nothing_gives_nothing(labels):
    for boxes in (np.empty((0, 4)), []):
        assert nms(boxes, [], labels).shape == (0,)
        assert soft_nms(boxes, [], labels).indices.shape == (0,)
        assert soft_nms(boxes, [], labels).scores.shape == (0,)
    assert np.zeros((3, 4))[nms([], [], labels)].shape == (0, 4)  # fit to be an index


def test_arguments_stay_as_they_are():
    boxes, scores, labels = on_a_grid(np.random.default_rng(5), 20)
    before = boxes.copy(), scores.copy(), labels.copy()
    nms(boxes, scores, labels)
    soft_nms(boxes, scores, labels, score_threshold=0.01)
    for now, then in zip((boxes, scores, labels), before, strict=True):
        np.testing.assert_array_equal(now, then)


ONE = [[0, 0, 1, 1]]


@pytest.mark.parametrize("function", [nms, soft_nms])
@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (([[2, 0, 1, 1]], [0.5]), r"boxes\[0\] is .*x_min ≤ x_max"),
        (([[np.nan, 0, 1, 1]], [0.5]), r"boxes\[0\] is .*finite"),
        (([0, 0, 1, 1], [0.5]), r"boxes has shape \(4,\)"),
        ((ONE, [0.5, 0.6]), r"scores has shape \(2,\); expected \(1,\), one for each box"),
        ((ONE, 0.5), r"scores has shape \(\)"),
        ((ONE, [np.nan]), r"scores\[0\] is nan"),
        ((ONE, ["high"]), "scores has dtype"),
        ((ONE, [0.5], [0, 1]), r"labels has shape \(2,\); expected \(1,\)"),
        ((ONE, [0.5], [0.5]), "labels has dtype float64; expected whole numbers"),
        ((ONE, [0.5], ["car"]), "labels has dtype"),
    ],
)
def test_bad_boxes_are_told_in_words(function, arguments, words):
    with pytest.raises(ValueError, match=words):
        function(*arguments)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (
            lambda: nms(ONE, [1], iou_threshold=1.5),
            "iou_threshold is 1.5; expected a number from 0",
        ),
        (lambda: nms(ONE, [1], iou_threshold=np.nan), "iou_threshold is nan"),
        (lambda: nms(ONE, [1], iou_threshold="0.5"), "iou_threshold is '0.5'"),
        (lambda: nms(ONE, [1], score_threshold=np.nan), "score_threshold is nan"),
        (lambda: nms(ONE, [1], score_threshold=None), "score_threshold is None"),
        (lambda: soft_nms(ONE, [1], method="hard"), "method is 'hard'; expected one of 'gaussian'"),
        (lambda: soft_nms(ONE, [1], sigma=0), "sigma is 0; expected a number above 0"),
        (lambda: soft_nms(ONE, [-1]), r"scores\[0\] is -1.0; expected at least 0"),
    ],
)
def test_bad_options_are_told_in_words(call, words):
    with pytest.raises(ValueError, match=words):
        call()


PROBE = """
import sys
import cnnlab.detection
from cnnlab.detection.nms import soft_nms
from cnnlab.detection import evaluate, giou, iou, kmeans_anchors, nms
assert nms is cnnlab.detection.nms and callable(nms)  # not the module of the same name
print(*sorted({name.partition(".")[0] for name in sys.modules}))
"""


def test_the_room_opens_without_keras():
    done = subprocess.run([sys.executable, "-c", PROBE], capture_output=True, text=True, check=True)
    assert not {"tensorflow", "keras", "jax"} & set(done.stdout.split())
