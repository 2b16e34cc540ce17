"""The questions of the faces room: their right answers against SciPy, and what the cases hold."""

from itertools import permutations

import numpy as np
import pytest
from scipy.spatial.distance import cdist
from scipy.special import comb
from scipy.stats import binom

from cnnlab.data import faces
from cnnlab.grading.answers.check import verdict
from cnnlab.grading.answers.compare import copied
from cnnlab.grading.questions.faces import QUESTIONS
from cnnlab.grading.questions.faces.face_encoder import GROUPS, PICTURES, SIZE, WAYS
from cnnlab.grading.questions.faces.face_encoder import QUESTION as ENCODER

SEEDS = range(8)
BY_ID = {question.id: question for question in QUESTIONS}


def pairs_of(name):
    """The cases of a question for all seeds, each with the oracle's answer."""
    question = BY_ID[name]
    for seed in SEEDS:
        for case in question.cases(np.random.default_rng(seed)):
            yield case, question.oracle(*copied(case))


def test_the_results_by_hand():
    right = BY_ID["triplets_by_hand"].oracle()
    anchor = np.array([[0.6, 0.8], [1, 0], [0, 1]])
    positive = np.array([[0.8, 0.6], [0, 1], [0.6, 0.8]])
    negative = np.array([[0, 1], [0.8, 0.6], [-1, 0]])
    near, far = (np.diag(cdist(anchor, other, "sqeuclidean")) for other in (positive, negative))
    assert right["loss"] == pytest.approx(np.maximum(near - far + 0.5, 0).sum())
    people = np.repeat(range(6), 4)
    listed = sum(
        people[a] == people[p] != people[n] for a, p, n in permutations(range(len(people)), 3)
    )
    assert right["triplets"] == listed == 2 * 6 * comb(4, 2) * 5 * 4
    assert right["taken"] == pytest.approx(binom.sf(0, 1000, 1 / 2000))


def test_each_wrong_result_by_hand_is_what_its_mistake_gives():
    anchor, positive, negative = np.array(
        [
            [[0.6, 0.8], [1, 0], [0, 1]],
            [[0.8, 0.6], [0, 1], [0.6, 0.8]],
            [[0, 1], [0.8, 0.6], [-1, 0]],
        ]
    )
    given = BY_ID["triplet_loss"]
    theirs = {wrong.name: wrong.way for wrong in given.wrong}
    shared = 0
    for wrong in BY_ID["triplets_by_hand"].wrong:
        if wrong.name in theirs:
            loss = theirs[wrong.name](anchor, positive, negative, 0.5)
            assert wrong.way()["loss"] == pytest.approx(loss, abs=1e-3), wrong.name
            shared += 1
    assert shared >= 7


def test_squared_distances():
    for (a, b), right in pairs_of("squared_distances"):
        assert right == pytest.approx(cdist(a, b, "sqeuclidean") if len(a) else np.zeros((0, 3)))


def test_unit_length():
    for (codes,), right in pairs_of("unit_length"):
        lengths = np.linalg.norm(right, axis=1)
        assert lengths == pytest.approx(codes.any(axis=1).astype(float))
        assert np.isfinite(right).all()
        along = np.sum(codes * right, axis=1)  # the same direction: no length is lost
        assert along == pytest.approx(np.linalg.norm(codes, axis=1))


def test_unit_length_meets_zeros_and_a_short_encoding():
    for seed in SEEDS:
        lengths = np.concatenate(
            [
                np.linalg.norm(codes, axis=1)
                for (codes,) in BY_ID["unit_length"].cases(np.random.default_rng(seed))
            ]
        )
        assert (lengths == 0).any()
        assert ((lengths > 0) & (lengths < 1e-3)).any()


def test_triplet_loss():
    for (anchor, positive, negative, margin), right in pairs_of("triplet_loss"):
        near = np.diag(cdist(anchor, positive, "sqeuclidean"))
        far = np.diag(cdist(anchor, negative, "sqeuclidean"))
        assert right == pytest.approx(np.clip(near - far + margin, 0, None).sum())


def test_batch_hard():
    for (codes, labels, margin), right in pairs_of("batch_hard"):
        table = cdist(codes, codes, "sqeuclidean")
        loss = 0.0
        for i, label in enumerate(labels):
            same = np.flatnonzero((labels == label) & (np.arange(len(labels)) != i))
            if len(same):
                other = np.flatnonzero(labels != label)
                loss += max(table[i, same].max() - table[i, other].min() + margin, 0)
        assert right == pytest.approx(loss)


def test_batch_hard_meets_somebody_with_one_picture():
    for seed in SEEDS:
        counts = [
            np.unique(labels, return_counts=True)[1].tolist()
            for _, labels, _ in BY_ID["batch_hard"].cases(np.random.default_rng(seed))
        ]
        assert any(1 in count for count in counts)
        assert all(len(count) > 1 for count in counts)


def test_threshold_for():
    for (distances, same, rate), (threshold, rejects) in pairs_of("threshold_for"):
        strangers = np.sort(distances[~same])
        allowed = int(np.floor(rate * len(strangers) + 1e-9))
        limit = strangers[allowed] if allowed < len(strangers) else np.inf  # must be rejected
        assert threshold == max(distances[distances < limit], default=0)
        assert rejects == pytest.approx(np.mean(distances[same] > threshold))


def test_threshold_for_meets_the_rate_itself_and_the_impossible():
    for seed in SEEDS:
        reached, impossible = False, False
        for distances, same, rate in BY_ID["threshold_for"].cases(np.random.default_rng(seed)):
            threshold, _ = BY_ID["threshold_for"].oracle(distances, same, rate)
            accepts = (distances[~same] <= threshold).mean()
            reached |= accepts == rate > 0
            impossible |= threshold == 0
        assert reached
        assert impossible


def test_recognize():
    for (codes, gallery, people, threshold), right in pairs_of("recognize"):
        table = cdist(codes, gallery, "sqeuclidean")  # of whole numbers
        ids = np.unique(people)
        means = np.stack([table[:, people == one].mean(axis=1) for one in ids], axis=1)
        known = means.min(axis=1) <= threshold
        assert right.tolist() == np.where(known, ids[means.argmin(axis=1)], -1).tolist()
        assert (means.min(axis=1) == threshold).any()
        assert not known.all()


def test_the_function_to_be_mended_is_right_for_people_without_a_gap():
    """So that its fault hides where people are numbered 0, 1, 2, …"""
    first = BY_ID["recognize"].wrong[0]
    for (codes, gallery, people, threshold), right in pairs_of("recognize"):
        dense = np.unique(people).tolist() == list(range(len(set(people.tolist()))))
        assert (first.way(codes, gallery, people, threshold) == right).all() == dense


def masked_loss(codes, labels, margin, most=np.inf, least=-np.inf, alone=False):
    """The loss of hard triplets, with numbers of our own where a mask forbids."""
    table = cdist(codes, codes, "sqeuclidean")
    same = labels[:, None] == labels[None]
    other = same & ~np.eye(len(codes), dtype=bool)
    far = np.where(same if alone else other, table, least).max(axis=1)
    return np.maximum(far - np.where(same, most, table).min(axis=1) + margin, 0).sum()


def at_quantile(distances, same, rate, **options):
    threshold = np.quantile(distances[~same], rate, **options)
    return threshold, np.mean(distances[same] > threshold)


def of_the_sorted(distances, same, rate):
    """The last of the different pairs that may be accepted; none of the others is tried."""
    strangers = np.sort(distances[~same])
    count = int(rate * len(strangers))
    threshold = strangers[count - 1] if count else 0.0
    return threshold, np.mean(distances[same] > threshold)


# Nearly right, and under no name: it must fail all the same.
NEARLY = {
    "squared_distances": [
        lambda a, b: np.array([[np.sum((x - y) ** 2) for y in b] for x in a]),  # (0,) for none
        lambda a, b: np.abs(a[:, None] - b[None]).sum(axis=-1) ** 2,
        lambda a, b: cdist(a, b, "cosine") if len(a) else np.zeros((0, len(b))),
    ],
    "unit_length": [
        lambda codes: codes / np.maximum(np.linalg.norm(codes, axis=1, keepdims=True), 1e-3),
        lambda codes: codes / (np.linalg.norm(codes, axis=1, keepdims=True) + 1e-4),
        lambda codes: np.nan_to_num(np.abs(codes) / np.linalg.norm(codes, axis=1, keepdims=True)),
    ],
    "triplet_loss": [
        lambda a, p, n, margin: np.maximum(
            np.sum((a - p) ** 2, 0) - np.sum((a - n) ** 2, 0) + margin, 0
        ).sum(),  # along the other axis
        lambda a, p, n, margin: np.abs(
            np.sum((a - p) ** 2, 1) - np.sum((a - n) ** 2, 1) + margin
        ).sum(),
    ],
    "batch_hard": [
        lambda *case: masked_loss(*case, most=10),
        lambda *case: masked_loss(*case, least=0),
        lambda *case: masked_loss(*case, alone=True),
        lambda codes, labels, margin: masked_loss(codes, labels % 7, margin),
        lambda codes, labels, margin: masked_loss(codes, np.sort(labels), margin),
    ],
    "threshold_for": [
        lambda *case: at_quantile(*case, method="lower"),
        lambda *case: at_quantile(*case, method="higher"),
        of_the_sorted,
    ],
    "recognize": [
        lambda codes, gallery, people, threshold: people[
            cdist(codes, gallery, "sqeuclidean").argmin(axis=1)
        ],
        lambda codes, gallery, people, threshold: np.full(len(codes), -1),
    ],
}


@pytest.mark.parametrize("name", NEARLY)
def test_what_is_nearly_right_fails(name):
    question = BY_ID[name]
    for way in NEARLY[name]:
        for seed in SEEDS[:3]:
            with np.errstate(all="ignore"):
                assert verdict(question, way, seed).earned == 0, (NEARLY[name].index(way), seed)


def one_shot(codes, people):
    outputs = [{"predictions": codes}]
    return ENCODER.score(outputs, [(np.zeros((len(codes), *SIZE, 3)), people)])


def test_the_open_task_counts_the_nearest_enrolled_picture():
    people = np.repeat(np.arange(WAYS * GROUPS), PICTURES)
    rng = np.random.default_rng(0)
    codes = rng.normal(0, 1, (WAYS * GROUPS, 5))[people] + rng.normal(0, 0.3, (len(people), 5))
    right = []
    table = cdist(codes, codes)
    for start in range(0, len(people), WAYS * PICTURES):
        for enrolled in range(PICTURES):
            gallery = start + enrolled + PICTURES * np.arange(WAYS)
            queries = [i for i in range(start, start + WAYS * PICTURES) if i not in gallery]
            nearest = gallery[table[np.ix_(queries, gallery)].argmin(axis=1)]
            right += (people[nearest] == people[queries]).tolist()
    assert 0.2 < np.mean(right) < 0.95
    assert f"{np.mean(right):.1%}" in one_shot(codes, people)[1]


def test_the_open_task_rewards_what_helps():
    (images, people), *_ = ENCODER.cases(np.random.default_rng(1))
    everything = np.eye(WAYS * GROUPS)[people]
    assert one_shot(everything, people)[0] > 1
    pixels = images.reshape(len(images), -1)
    for worthless in (pixels, np.zeros((len(people), 4)), np.full((len(people), 4), np.nan)):
        assert one_shot(worthless, people)[0] < 0


def test_the_people_of_the_open_task_are_those_of_no_small_seed():
    (images, _), *_ = ENCODER.cases(np.random.default_rng(0))
    shown = faces(WAYS * GROUPS, PICTURES, 0, SIZE).images
    assert images.shape == shown.shape
    assert np.abs(images - shown).max() > 0.1


@pytest.mark.parametrize("shape", [(360,), (359, 8), (360, 2, 3)])
def test_an_encoder_with_another_output_is_told_so(shape):
    people = np.repeat(np.arange(WAYS * GROUPS), PICTURES)
    images = np.zeros((len(people), *SIZE, 3))
    with pytest.raises(ValueError, match=r"expected \(360, D\)"):
        ENCODER.score([{"predictions": np.zeros(shape)}], [(images, people)])
