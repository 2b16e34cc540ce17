"""The questions of the detection room: their right answers against the package and TensorFlow."""

import numpy as np
import pytest
import tensorflow as tf

from cnnlab import detection
from cnnlab.grading.answers.compare import copied
from cnnlab.grading.judge import wire
from cnnlab.grading.questions.detection import QUESTIONS
from cnnlab.grading.questions.detection.clean_up import GOOD, mean_precision
from cnnlab.grading.questions.detection.clean_up import QUESTION as CLEAN_UP

SEEDS = range(8)
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
    for case, right in pairs_of("encode"):
        encoded = detection.encode(*case)
        assert right == pytest.approx(encoded.y)
        assert len(encoded.left_out) == 0


def test_decode():
    for case, right in pairs_of("decode"):
        for one, other in zip(right, detection.decode(*case), strict=True):
            assert one.shape == other.shape
            assert one == pytest.approx(other)


def test_average_precision():
    for (found, scores, objects), right in pairs_of("average_precision"):
        corner = 10 * np.append(np.arange(objects), -1)[:, None]  # boxes in a row; −1 is elsewhere
        boxes = np.hstack([corner, 0 * corner, corner + 5, 0 * corner + 5])
        detections = [(boxes[found], 0 * found, scores)]
        truths = [(boxes[:objects], np.zeros(objects, int))]
        curve = detection.precision_recall(detections, truths, 0)
        assert right == pytest.approx(detection.average_precision(curve.precision, curve.recall))


@pytest.mark.parametrize("seed", SEEDS)
def test_the_open_task_rewards_what_helps(seed):
    cases = CLEAN_UP.cases(np.random.default_rng(seed))
    kept = [(case, detection.nms(case[0], case[2], case[1])) for case in cases]
    suppressed = [tuple(array[which] for array in case) for case, which in kept]
    (fuse,) = CLEAN_UP.alternatives
    fused = [fuse(*case) for case in cases]
    nothing, suppression, fusion = (
        CLEAN_UP.score(outputs, cases)[0] for outputs in (cases, suppressed, fused)
    )
    assert nothing == 0 < 0.2 < suppression < 1 < fusion
    assert mean_precision(fused, cases) > GOOD + 0.04


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
