"""Average precision against pycocotools, against VOC's definition in fractions, and by hand."""

import contextlib
import io
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from cnnlab.data import scenes
from cnnlab.detection import (
    COCO_IOUS,
    average_precision,
    convert,
    evaluate,
    iou,
    match,
    precision_recall,
)

# ---- COCO ----


def coco(images, classes, annotations):
    """pycocotools' index of images, categories and annotations."""
    index = COCO()
    index.dataset = {
        "images": [{"id": i} for i in range(images)],
        "categories": [{"id": c} for c in range(classes)],
        "annotations": [{"id": i, **one} for i, one in enumerate(annotations, 1)],
    }
    index.createIndex()
    return index


def annotated(results, third):
    """The boxes of all images as COCO has them; `third` is the name of what stands third."""
    for image, (boxes, labels, *more) in enumerate(results):
        values = more[0] if more else np.zeros(len(labels))
        boxes = convert(boxes, "xyxy", "xywh").tolist()
        for box, label, value in zip(boxes, labels.tolist(), values, strict=True):
            yield {
                **{"image_id": image, "category_id": label, "bbox": box},
                **{"area": box[2] * box[3], third: float(value)},
            }


def by_pycocotools(detections, truths, classes):
    """AP of each threshold and class, and mAP at 0.5:0.95 and at 0.5, as pycocotools has them."""
    with contextlib.redirect_stdout(io.StringIO()):
        truth = coco(len(truths), classes, annotated(truths, "iscrowd"))
        found = coco(len(truths), classes, annotated(detections, "score"))
        judge = COCOeval(truth, found, "bbox")
        judge.evaluate()
        judge.accumulate()
        judge.summarize()
    precision = judge.eval["precision"][:, :, :, 0, 2]  # all areas, 100 detections
    ap = precision.mean(axis=1)
    return np.where(ap < 0, np.nan, ap), judge.stats[0], judge.stats[1]


def random_truth(rng, classes, most, crowds):
    """Whole pixels with at least one in each box, so that IoUs meet thresholds and one another."""
    n = int(rng.integers(0, most + 1))
    low = rng.integers(0, 30, (n, 2))
    boxes = np.hstack([low, low + rng.integers(1, 21, (n, 2))]).astype(float)
    truth = boxes, rng.integers(0, classes, n)
    return (*truth, rng.random(n) < 0.3) if crowds else truth


def random_detections(rng, truth, classes, most, levels):
    """Near objects (several for some, none for others), and where there is nothing."""
    boxes, labels = truth[:2]
    again = rng.integers(0, 4, len(boxes))
    boxes, labels = np.repeat(boxes, again, axis=0), np.repeat(labels, again)
    boxes = boxes + rng.integers(-3, 4, boxes.shape)
    boxes[:, 2:] = np.maximum(boxes[:, 2:], boxes[:, :2] + 1)
    false, wrong, _ = random_truth(rng, classes, most, True)
    labels = np.where(rng.random(len(labels)) < 0.1, rng.integers(0, classes, len(labels)), labels)
    boxes, labels = np.concatenate([boxes, false]), np.concatenate([labels, wrong])
    order = rng.permutation(len(boxes))
    return boxes[order], labels[order], rng.integers(0, levels, len(boxes)) / levels


@pytest.mark.parametrize("crowds", [False, True])
@pytest.mark.parametrize("levels", [4, 50, 10**6])  # how many different scores: ties or none
@pytest.mark.parametrize("most", [1, 4, 12])
def test_equal_to_pycocotools(most, levels, crowds):
    """Ties, misses, duplicates, wrong classes, crowds, images and classes with nothing."""
    rng = np.random.default_rng([most, levels, crowds])
    for _ in range(4):
        classes, images = int(rng.integers(1, 5)), int(rng.integers(1, 13))
        truths = [random_truth(rng, classes, most, crowds) for _ in range(images)]
        detections = [random_detections(rng, t, classes, most, levels) for t in truths]
        ap, mean, mean_50 = by_pycocotools(detections, truths, classes)
        ours = evaluate(detections, truths, classes, COCO_IOUS)
        np.testing.assert_allclose(ours.ap, ap, rtol=0, atol=1e-6)
        nothing = np.isnan(ap).all()
        assert ours.mean == pytest.approx(np.nan if nothing else mean, abs=1e-6, nan_ok=True)
        assert ours.mean_at(0.5) == pytest.approx(
            np.nan if nothing else mean_50, abs=1e-6, nan_ok=True
        )


def test_equal_to_pycocotools_on_more_than_a_hundred_detections():
    rng = np.random.default_rng(7)
    truths = [random_truth(rng, 2, 60, True) for _ in range(3)]
    detections = [random_detections(rng, t, 2, 300, 1000) for t in truths]
    counts = [np.bincount(labels).max() for _, labels, _ in detections]
    assert max(counts) > 100
    ap, _, _ = by_pycocotools(detections, truths, 2)
    found = evaluate(detections, truths, 2, COCO_IOUS)
    np.testing.assert_allclose(found.ap, ap, rtol=0, atol=1e-6)


def test_equal_to_pycocotools_on_street_scenes():
    rng = np.random.default_rng(8)
    streets = scenes(30, seed=3)
    truths = list(zip(streets.boxes, streets.labels, strict=True))
    detections = []
    for boxes, labels in truths:
        found = np.repeat(boxes, 2, axis=0) + rng.normal(0, 2, (2 * len(boxes), 4))
        found[:, 2:] = np.maximum(found[:, 2:], found[:, :2] + 1)
        detections.append((found, np.repeat(labels, 2), rng.random(len(found))))
    ap, mean, mean_50 = by_pycocotools(detections, truths, 3)
    found = evaluate(detections, truths, 3, COCO_IOUS)
    np.testing.assert_allclose(found.ap, ap, rtol=0, atol=1e-6)
    assert found.mean == pytest.approx(mean, abs=1e-6)
    assert found.mean_at(0.5) == pytest.approx(mean_50, abs=1e-6)
    assert 0.2 < mean < mean_50 < 1


# ---- VOC ----


def voc_by_definition(right, objects, points):
    """As the challenge's kit does it, in exact fractions: ranks, then recall levels."""
    ranks = range(1, len(right) + 1)
    precision = [Fraction(sum(right[:k]), k) for k in ranks]
    recall = [Fraction(sum(right[:k]), objects) for k in ranks]
    if points == 11:
        levels = [Fraction(i, 10) for i in range(11)]
        tops = [
            max((p for p, r in zip(precision, recall, strict=True) if r >= level), default=0)
            for level in levels
        ]
        return float(sum(tops) / Fraction(11))
    recall = [Fraction(0), *recall, Fraction(1)]
    precision = [Fraction(0), *precision, Fraction(0)]
    for i in reversed(range(len(precision) - 1)):
        precision[i] = max(precision[i], precision[i + 1])
    steps = range(1, len(recall))
    return float(sum((recall[i] - recall[i - 1]) * precision[i] for i in steps))


@settings(max_examples=200, deadline=None)
@given(st.lists(st.booleans(), max_size=40), st.integers(0, 20), st.sampled_from(["all", 11]))
def test_equal_to_the_voc_definition(right, missed, points):
    objects = sum(right) + missed
    if objects == 0:
        return
    hits = np.cumsum(right)
    precision, recall = hits / np.arange(1, len(right) + 1), hits / objects
    expected = voc_by_definition(right, objects, points)
    assert average_precision(precision, recall, points) == pytest.approx(expected, abs=1e-12)


def test_by_hand():
    """Right, wrong, right, and a third object is missed."""
    precision, recall = [1, 1 / 2, 2 / 3], [1 / 3, 1 / 3, 2 / 3]
    assert average_precision(precision, recall) == pytest.approx(1 / 3 + 1 / 3 * 2 / 3)
    # Recall 0, 0.1, 0.2, 0.3 have 1; 0.4, 0.5, 0.6 have 2/3; four have 0.
    assert average_precision(precision, recall, 11) == pytest.approx((4 + 3 * 2 / 3) / 11)
    # 0 to 0.33 have 1; 0.34 to 0.66 have 2/3.
    assert average_precision(precision, recall, 101) == pytest.approx((34 + 33 * 2 / 3) / 101)


@pytest.mark.parametrize("points", ["all", 11, 101])
def test_the_best_and_the_worst(points):
    assert average_precision([1, 1], [0.5, 1], points) == 1
    assert average_precision([0, 0], [0, 0], points) == 0
    assert average_precision([], [], points) == 0
    late = average_precision([0, 0.5], [0, 1], points)  # the object is found by the second try
    assert late == 0.5


# ---- matching, by hand ----

OBJECT = [0, 0, 10, 10]


def detections_of(*boxes, labels=None, scores=None):
    n = len(boxes)
    scores = np.linspace(0.9, 0.1, n) if scores is None else scores
    return np.array(boxes, float).reshape(n, 4), [0] * n if labels is None else labels, scores


def test_the_second_detection_of_an_object_is_wrong():
    found = detections_of([0, 0, 10, 9], OBJECT)
    assert match(found, ([OBJECT], [0])).tolist() == [0, -1]
    curve = precision_recall([found], [([OBJECT], [0])], 0)
    assert curve.precision.tolist() == [1, 0.5] and curve.recall.tolist() == [1, 1]


def test_the_surest_chooses_first_and_answers_keep_their_order():
    found = detections_of(OBJECT, [0, 0, 10, 9], [50, 50, 60, 60], scores=[0.2, 0.3, 0.9])
    assert match(found, ([OBJECT], [0])).tolist() == [-1, 0, -1]


def test_of_equal_scores_the_first_chooses_first():
    found = detections_of([0, 0, 10, 9], OBJECT, scores=[0.5, 0.5])
    assert match(found, ([OBJECT], [0])).tolist() == [0, -1]


def test_the_largest_overlap_is_taken_if_it_is_free():
    objects = [OBJECT, [2, 0, 12, 10]], [0, 0]
    assert match(detections_of([1.5, 0, 11.5, 10]), objects).tolist() == [1]
    assert match(detections_of([2, 0, 12, 10], [1.5, 0, 11.5, 10]), objects).tolist() == [1, 0]


def test_the_threshold_itself_is_enough():
    half = detections_of([0, 0, 10, 5])
    assert match(half, ([OBJECT], [0]), 0.5).tolist() == [0]
    assert match(half, ([OBJECT], [0]), 0.5 + 1e-9).tolist() == [-1]


@pytest.mark.parametrize("ignored", [False, True])
def test_what_it_does_not_touch_is_not_found(ignored):
    """At a threshold of 0 too, at which any overlap is enough."""
    beside, corner = [10, 0, 20, 10], [9, 9, 20, 20]
    truth = [OBJECT], [0], [ignored]
    assert match(detections_of(beside), truth, 0).tolist() == [-1]
    assert match(detections_of(beside, corner), truth, 0).tolist() == [-1, 0]
    curve = precision_recall([detections_of(beside)], [([OBJECT], [0])], 0, iou_threshold=0)
    assert (curve.precision.tolist(), curve.recall.tolist()) == ([0], [0])


def test_another_class_does_not_match():
    found = detections_of(OBJECT, OBJECT, labels=[2, 1])
    assert match(found, ([[0, 0, 1, 1], OBJECT], [1, 1])).tolist() == [-1, 1]


def test_a_crowd_makes_no_detection_right_or_wrong():
    """Small detections in a crowd: their IoU with it is small, but they lie in it."""
    truth = [OBJECT, [20, 0, 60, 40]], [0, 0], [False, True]
    found = detections_of([25, 5, 30, 10], OBJECT, [50, 5, 55, 10], [55, 0, 65, 10], [70, 0, 80, 9])
    assert iou(found[0][:1], [truth[0][1]])[0, 0] < 0.02
    assert match(found, truth).tolist() == [1, 0, 1, 1, -1]  # the fourth: half of it lies inside
    curve = precision_recall([found], [truth], 0)
    assert curve.precision.tolist() == [1, 0.5] and curve.recall.tolist() == [1, 1]
    assert curve.scores.tolist() == found[2][[1, 4]].tolist()


def test_an_object_comes_before_a_crowd_around_it():
    truth = [[-50, -50, 50, 50], OBJECT], [0, 0], [1, 0]
    found = detections_of([0, 0, 10, 6], OBJECT)
    assert match(found, truth).tolist() == [1, 0]


def test_a_detection_without_area_finds_nothing():
    truth = [OBJECT, OBJECT], [0, 0], [False, True]
    assert match(detections_of([3, 3, 3, 8]), truth).tolist() == [-1]


# ---- evaluate ----


def test_truth_itself_scores_1_and_labels_matter():
    streets = scenes(12, seed=5)
    truths = list(zip(streets.boxes, streets.labels, strict=True))
    perfect = [(boxes, labels, np.ones(len(labels))) for boxes, labels in truths]
    found = evaluate(perfect, truths, 3, COCO_IOUS)
    assert found.ap.shape == (10, 3) and (found.ap == 1).all() and found.mean == 1
    wrong = [(boxes, (labels + 1) % 3, scores) for boxes, labels, scores in perfect]
    assert evaluate(wrong, truths, 3).mean < 0.1


def test_a_class_without_objects_has_no_ap_and_does_not_count():
    truth, found = ([OBJECT], [1]), detections_of(OBJECT, OBJECT, labels=[1, 2])
    result = evaluate([found], [truth], 4)
    np.testing.assert_array_equal(result.ap, [[np.nan, 1, np.nan, np.nan]])
    assert result.mean == result.mean_at(0.5) == 1
    only_crowds = ([OBJECT], [0], [True])
    assert np.isnan(evaluate([detections_of(OBJECT)], [only_crowds], 1).mean)


def test_evaluate_and_the_curve_agree():
    rng = np.random.default_rng(9)
    truths = [random_truth(rng, 2, 9, True) for _ in range(5)]
    detections = [random_detections(rng, t, 2, 5, 20) for t in truths]
    for points in ("all", 11, 101):
        found = evaluate(detections, truths, 2, (0.3, 0.7), points)
        for t, row in zip(found.iou_thresholds, found.ap, strict=True):
            curves = [precision_recall(detections, truths, label, t) for label in (0, 1)]
            expected = [average_precision(c.precision, c.recall, points) for c in curves]
            assert row.tolist() == expected


# ---- nothing, and bad input ----

NO_DETECTION = (np.empty((0, 4)), [], [])
NO_OBJECT = ([], np.empty(0, int))


def test_nothing_gives_nothing():
    assert match(NO_DETECTION, NO_OBJECT).shape == (0,)
    assert match(NO_DETECTION, ([OBJECT], [0])).shape == (0,)
    assert match(detections_of(OBJECT), NO_OBJECT).tolist() == [-1]
    assert match(detections_of(OBJECT), (*NO_OBJECT, [])).tolist() == [-1]
    curve = precision_recall([NO_DETECTION], [([OBJECT], [0])], 0)
    assert all(values.shape == (0,) for values in curve)
    assert evaluate([NO_DETECTION], [([OBJECT], [0])], 1).mean == 0
    for detections, truths in ([], []), ([NO_DETECTION], [NO_OBJECT]):
        result = evaluate(detections, truths, 2, COCO_IOUS)
        assert result.ap.shape == (10, 2) and np.isnan(result.ap).all() and np.isnan(result.mean)


FOUND, TRUTH = ([OBJECT], [0], [0.9]), ([OBJECT], [0])


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: match(([OBJECT], [0]), TRUTH), r"detections is no triple; .*scores"),
        (lambda: match(FOUND, ([OBJECT],)), r"truth is no pair; .*ignored"),
        (
            lambda: match(([[9, 0, 1, 1]], [0], [0.9]), TRUTH),
            r"boxes of detections\[0\] is .*x_min",
        ),
        (lambda: match(([OBJECT], [0, 1], [0.9]), TRUTH), r"labels of detections has shape \(2,\)"),
        (lambda: match(([OBJECT], [0], [np.nan]), TRUTH), r"scores of detections\[0\] is nan"),
        (lambda: match(FOUND, ([[0, 0, np.nan, 1]], [0])), r"boxes of truth\[0\] is .*nan"),
        (lambda: match(FOUND, (*TRUTH, [True, False])), r"ignored of truth has shape \(2,\)"),
        (lambda: match(FOUND, (*TRUTH, [2])), r"ignored of truth is \[2\]; expected True or False"),
        (lambda: match(FOUND, TRUTH, 50), "iou_threshold is 50; expected a number from 0 to 1"),
        (lambda: evaluate([FOUND], [], 1), "detections has 1 images and truths 0"),
        (
            lambda: evaluate([FOUND, ([OBJECT], [3], [1])], [TRUTH, TRUTH], 3),
            r"labels of detections\[1\]\[0\] is 3; expected a class from 0 to 2",
        ),
        (lambda: evaluate([FOUND], [([OBJECT], [-1])], 3), r"labels of truths\[0\]\[0\] is -1"),
        (lambda: evaluate([FOUND], [TRUTH], 0), "classes is 0"),
        (lambda: evaluate([FOUND], [TRUTH], 1, ()), "iou_thresholds is empty"),
        (lambda: evaluate([FOUND], [TRUTH], 1, (2,)), "iou_thresholds is 2"),
        (lambda: evaluate([FOUND], [TRUTH], 1, points=7), "points is 7; expected 'all', 11 or 101"),
        (lambda: evaluate([FOUND], [TRUTH], 1).mean_at(0.75), r"0.75; expected one of \(0.5,\)"),
        (lambda: precision_recall([FOUND], [TRUTH], 1), "label is 1; .*truths has an object"),
        (lambda: precision_recall([FOUND], [TRUTH], -1), "label is -1"),
        (lambda: average_precision([1], [0.5, 1]), "precision has length 1 and recall 2"),
        (lambda: average_precision([1, np.nan], [0.5, 1]), r"precision is \[1.0, nan\]"),
        (lambda: average_precision([1, 1], [0.5, 1.5]), r"recall is \[0.5, 1.5\]"),
        (lambda: average_precision([1, 1], [0.5, 0.4]), "recall falls"),
        (lambda: average_precision([[1]], [[1]]), r"precision has shape \(1, 1\)"),
        (lambda: average_precision([1], [1], "voc"), "points is 'voc'"),
        (lambda: average_precision([1], [1], True), "points is True"),
    ],
)
def test_bad_input_is_told_in_words(call, words):
    with pytest.raises(ValueError, match=words):
        call()
