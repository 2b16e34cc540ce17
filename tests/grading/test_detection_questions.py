"""The questions of the detection room: their right answers against the package and TensorFlow."""

from functools import partial

import numpy as np
import pytest
import tensorflow as tf

from cnnlab import detection
from cnnlab.grading.answers.compare import copied
from cnnlab.grading.judge import wire
from cnnlab.grading.questions.detection import QUESTIONS, clean_up

SEEDS = range(8)
CLEAN_UP = clean_up.QUESTION
BY_ID = {question.id: question for question in QUESTIONS}


def pairs_of(name):
    """The cases of a question for all seeds, each with the oracle's answer."""
    question = BY_ID[name]
    for seed in SEEDS:
        for case in question.cases(np.random.default_rng(seed)):
            yield case, question.oracle(*copied(case))


def test_the_results_by_hand():
    right = BY_ID["by_hand"].oracle()
    assert right["iou"] == pytest.approx(detection.iou([[2, 1, 8, 5]], [[4, 3, 10, 9]]).item())
    y = detection.encode(np.zeros((0, 4)), [], (5, 7), np.ones((3, 2)), 4, (50, 70)).y
    assert y.reshape(5, 7, -1).shape == right["volume"]
    overlaps = np.eye(6)
    for i, j, value in ((1, 4, 0.5), (0, 4, 0.62), (0, 1, 0.2), (2, 5, 0.45)):  # of one class each
        overlaps[i, j] = overlaps[j, i] = value
    scores = np.array([0.7, 0.95, 0.85, 0.6, 0.8, 0.65])
    kept = tf.image.non_max_suppression_overlaps(overlaps, scores, 6, 0.499, 0.601)
    assert kept.numpy().tolist() == right["kept"]


def test_target_and_loss():
    for (box, label, prediction, height, width), (y, loss) in pairs_of("target_and_loss"):
        assert y == pytest.approx(
            detection.target(box, label, len(prediction) - 5, height, width), abs=1e-6
        )
        ours = detection.localization_loss(y[None], prediction[None])
        assert loss == pytest.approx(float(ours[0]))


def test_iou():
    for case, right in pairs_of("iou"):
        assert right == pytest.approx(detection.iou(*case))


def test_nms():
    for case, right in pairs_of("nms"):
        assert right.tolist() == detection.nms(*case).tolist()


def test_nms_meets_both_thresholds_exactly():
    for boxes, scores, _ in BY_ID["nms"].cases(np.random.default_rng(3))[2:4]:
        assert (scores == 0.6).any()
        assert (detection.iou(boxes, boxes) == 0.5).any()


def test_encode():
    """The package gives a place to the first of two rivals; they come to it as they choose."""
    rivals = 0
    for (boxes, labels, *rest), right in pairs_of("encode"):
        order = np.argsort(-np.prod(boxes[:, 2:] - boxes[:, :2], axis=1))
        left = order[:0]
        for i in order:  # as long as nobody has to choose again, both rules are the same
            if len(detection.encode(boxes[[*left, i]], labels[[*left, i]], *rest).left_out) == 0:
                left = [*left, i]
        encoded = detection.encode(boxes[left], labels[left], *rest)
        there = encoded.y[..., 0] == 1
        assert right[there] == pytest.approx(encoded.y[there])
        rivals += len(boxes) - len(left)
    assert rivals > 0


def test_encode_finds_rivals_another_place_while_there_is_one():
    for (boxes, _, _, anchors, _, _), right in pairs_of("encode"):
        placed = int(right[..., 0].sum())
        assert placed == len(boxes) or (right[..., 0].sum(axis=2) == len(anchors)).any()


def test_encode_meets_cells_that_end_within_a_pixel():
    sizes = [case[5][0] % case[2][0] for case, _ in pairs_of("encode")]
    assert any(sizes)


def test_decode():
    for case, right in pairs_of("decode"):
        for one, other in zip(right, detection.decode(*case), strict=True):
            assert one.shape == other.shape
            assert one == pytest.approx(other)


def test_decode_meets_the_threshold_exactly():
    for y, _, _, threshold in BY_ID["decode"].cases(np.random.default_rng(3)):
        if (y[..., 0] * y[..., 5:].max(axis=-1) == threshold).any():
            return
    raise AssertionError("no score is the threshold")


def test_the_five_rows_of_the_exercise():
    found, scores = np.array([2, 2, -1, 0, 3]), np.arange(9, 4, -1) / 10
    assert BY_ID["average_precision"].oracle(found, scores, 4) == pytest.approx(0.55)


def test_average_precision():
    for (found, scores, objects), right in pairs_of("average_precision"):
        corner = 10 * np.append(np.arange(objects), -1)[:, None]  # boxes in a row; −1 is elsewhere
        boxes = np.hstack([corner, 0 * corner, corner + 5, 0 * corner + 5])
        detections = [(boxes[found], 0 * found, scores)]
        truths = [(boxes[:objects], np.zeros(objects, int))]
        curve = detection.precision_recall(detections, truths, 0)
        assert right == pytest.approx(detection.average_precision(curve.precision, curve.recall))


@pytest.mark.parametrize("seed", range(3))
def test_the_open_task_rewards_what_helps(seed):
    """A mean of the boxes that agree is not the best that one can do."""
    cases = CLEAN_UP.cases(np.random.default_rng(seed))

    def share(way):
        return CLEAN_UP.score([way(*case) for case in cases], cases)[0]

    def suppressed(boxes, labels, scores):
        kept = detection.nms(boxes, scores, labels)
        return boxes[kept], labels[kept], scores[kept]

    averaged = partial(clean_up.fused, place=lambda boxes, scores: scores @ boxes / scores.sum())
    assert share(lambda *case: case) == 0 < 0.3 < share(suppressed) < 0.75
    assert share(suppressed) < share(averaged) < 1 <= share(clean_up.fused)


@pytest.mark.parametrize("answer", [([], []), np.zeros((3, 4)), "boxes", ([], [], 0.5), (0, 1, 2)])
def test_an_answer_to_the_open_task_that_has_not_its_three_arrays_is_told_so(answer):
    cases = CLEAN_UP.cases(np.random.default_rng(0))
    with pytest.raises(ValueError, match="three arrays for each street"):
        CLEAN_UP.score([answer] * len(cases), cases)


def test_an_empty_answer_to_the_open_task_is_worth_nothing():
    cases = CLEAN_UP.cases(np.random.default_rng(0))
    share, sentence = CLEAN_UP.score([([], [], [])] * len(cases), cases)
    assert share < 0
    assert "0.000" in sentence


def test_the_truth_of_the_open_task_stays_with_the_judge():
    case = CLEAN_UP.cases(np.random.default_rng(0))[0]
    assert case.truth is not None
    assert copied(case).truth is None
    assert wire.pack(case) == wire.pack(tuple(case))
