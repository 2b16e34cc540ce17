"""Mistakes as a student writes them have their names, whatever inputs the check has drawn."""

from functools import cache, partial

import numpy as np
import pytest

from cnnlab.grading.answers.verdict import AnswerKey
from cnnlab.grading.questions import question
from cnnlab.grading.questions.style.arrays import handed_back, windows_of

SEEDS = range(20)


@cache
def drawn(name, seed):
    return AnswerKey(question(name), seed)


def step(x, w, a_content, rate, cost):
    """One step on a picture, with a cost of z and of what follows after ReLU."""
    z = windows_of(x, w)
    error = np.maximum(z, 0) - a_content
    moved = np.clip(x - rate * handed_back(error * (z > 0), w), 0, 1)
    return cost(z, error, a_content), moved


def cropped_by_one_number(skip, x):
    d = (skip.shape[1] - x.shape[1]) // 2
    return np.concatenate([skip[:, d : d + x.shape[1], d : d + x.shape[2]], x], axis=-1)


def cam(maps, gradients, first=lambda maps: maps, last=lambda heat: np.maximum(heat, 0), axes=None):
    heat = last((first(maps) * gradients.mean(axis=(1, 2), keepdims=True)).sum(axis=-1))
    top = heat.max(axis=axes, keepdims=True)
    return heat / np.where(top > 0, top, 1)


def costs(a_content, a_style, a_generated, layer, weights, alpha, beta, gram, sum_of=np.sum):
    content = np.sum((a_content[layer] - a_generated[layer]) ** 2) / 2
    style = 0
    for s, g, weight in zip(a_style, a_generated, weights, strict=True):
        style += weight * sum_of((gram(s) - gram(g)) ** 2) / (2 * s.size) ** 2
    return content, style, alpha * content + beta * style


def gram(a):
    return np.einsum("ijk,ijl->kl", a, a)


def gram_of_a_reshape(a):
    rows = a.reshape(a.shape[2], -1)
    return rows @ rows.T


def loss(logits, labels, weights, log=None, gradient=None):
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    p = powers / powers.sum(axis=-1, keepdims=True)
    target, w = np.eye(len(weights))[labels], weights[labels]
    log_p = np.log(p) if log is None else log(p)
    right = (p - target) * w[..., None] / w.sum()
    found = right if gradient is None else gradient(p, target, weights, w)
    return -((target * log_p).sum(axis=-1) * w).sum() / w.sum(), found


def transposed(x, w, b, stride, padding, more, kept):
    rows, columns = (
        stride * (n - 1) + f + more for n, f in zip(x.shape[1:3], w.shape[:2], strict=True)
    )
    canvas = np.zeros((len(x), rows, columns, len(b)))
    for i, j in np.ndindex(x.shape[1:3]):
        down = slice(stride * i, stride * i + w.shape[0])
        across = slice(stride * j, stride * j + w.shape[1])
        canvas[:, down, across] += np.einsum("nc,uvkc->nuvk", x[:, i, j], w)
    return canvas[kept(padding, rows, columns)] + b


def transposed_and_grown(x, w, b, stride, padding, more):
    rows, columns = (stride * (n - 1) + f for n, f in zip(x.shape[1:3], w.shape[:2], strict=True))
    kept = np.s_[:, padding : rows - padding, padding : columns - padding]
    small = transposed(x, w, 0 * b, stride, padding, 0, lambda *_: kept)
    return np.pad(small, [(0, 0), (0, more), (0, more), (0, 0)]) + b


def transposed_over(x, w, b, stride, padding, more):
    """The loop over the channels keeps the last of them."""
    for c in range(x.shape[3]):
        part = x[..., c : c + 1], w[..., c : c + 1]
        stamps = transposed(
            *part, b, stride, padding, more, lambda p, m, n: np.s_[:, p : m - p, p : n - p]
        )
    return stamps


def cost_ended_early(shape, layers):
    H, W, C = shape
    parameters = work = 0
    for f, filters, s in layers:
        parameters += (f * f * C + 1) * filters
        work += -(-H // s) * -(-W // s) * f * f * C * filters
        return parameters, work


def cost_with_c_too_early(shape, layers):
    H, W, C = shape
    parameters = work = 0
    for f, filters, s in layers:
        parameters += (f * f * C + 1) * filters
        C = filters
        H, W = int(np.ceil(H / s)), int(np.ceil(W / s))
        work += H * W * f * f * C * filters
    return parameters, work


def pixels_as_rows(X, W, b, turn):
    return (turn(X).reshape(len(W), -1).T @ W + b).reshape(*X.shape[:3], len(b))


def separable(x, d, p, least, axes):
    N, H, W, C = x.shape
    f = len(d)
    y = np.zeros((N, H - f + 1, W - f + 1, C))
    for i, j in np.ndindex(H - f + 1 - least, W - f + 1 - least):
        y[:, i, j] = (x[:, i : i + f, j : j + f] * d).sum(axis=axes)
    return y @ p


def hard(codes, labels, margin):
    labels = np.sort(labels)
    table = np.square(codes[:, None] - codes[None]).sum(axis=-1)
    same = labels[:, None] == labels[None]
    far = np.where(same & ~np.eye(len(codes), dtype=bool), table, -np.inf).max(axis=1)
    return np.maximum(far - np.where(same, np.inf, table).min(axis=1) + margin, 0).sum()


def triplets(anchor, positive, negative, margin):
    near, far = (np.square(anchor - other).sum(axis=1) for other in (positive, negative))
    return (np.maximum(near - far, 0) + margin).sum()


def accepted_one_by_one(distances, same, rate, order):
    """The sorted pairs are let in as long as the rate is kept, ties or not."""
    strangers, threshold = 0, 0.0
    for i in order(distances, same):
        strangers += not same[i]
        if strangers / (~same).sum() <= rate:
            threshold = distances[i]
    return threshold, np.mean(distances[same] > threshold)


def counted_off(distances, same, rate):
    strangers = np.sort(distances[~same])
    count = int(rate * len(strangers))
    threshold = strangers[count - 1] if count else 0.0
    return threshold, np.mean(distances[same] > threshold)


def threshold(distances, same, rate):
    good = [d for d in distances if np.mean(distances[~same] <= d) <= rate]
    best = max(good, default=0.0)
    return np.mean(distances[same] > best), best


SPLIT = "pairs of one distance split"
MADE = {
    "content_step": [
        (partial(step, cost=lambda z, error, a: np.square(z - a).sum() / 2), "cost of z"),
    ],
    "conv1x1": [
        (
            partial(pixels_as_rows, turn=lambda X: X.swapaxes(0, 3)),
            "images and channels swapped",
        ),
        (partial(pixels_as_rows, turn=lambda X: X.T), "rows and columns swapped"),
    ],
    "crop_and_concatenate": [(cropped_by_one_number, "rows and columns cut alike")],
    "grad_cam": [
        (partial(cam, first=lambda a: np.maximum(a, 0), axes=(1, 2)), "ReLU of the maps"),
        (
            partial(cam, first=lambda a: np.maximum(a, 0), last=lambda heat: heat, axes=(1, 2)),
            "ReLU of the maps and none of the sum",
        ),
        (cam, "divided by the largest of all pictures"),
    ],
    "network_cost": [
        (cost_ended_early, "only the first layer"),
        (cost_with_c_too_early, "channels of the result before the work is counted"),
    ],
    "painting_costs": [
        (partial(costs, gram=gram_of_a_reshape), "reshaped in the wrong order"),
        (
            partial(costs, gram=gram, sum_of=lambda errors: np.triu(errors).sum()),
            "one triangle only",
        ),
    ],
    "separable_conv": [
        (partial(separable, least=1, axes=(1, 2)), "last windows missing"),
        (partial(separable, least=0, axes=None), "depthwise step summed over everything"),
    ],
    "weighted_loss": [
        *(
            (partial(loss, log=log), f"probabilities kept {small:g} away from 0")
            for small in (1e-7, 1e-8, 1e-9, 1e-10, 1e-12, 1e-15)
            for log in (
                lambda p, small=small: np.log(p + small),
                lambda p, small=small: np.log(np.maximum(p, small)),
                lambda p, small=small: np.log(np.clip(p, small, 1 - small)),
            )
        ),
        *(
            (partial(loss, gradient=way), name)
            for name, way in {
                "gradient without weights, not divided": lambda p, y, k, w: p - y,
                "gradient without weights": lambda p, y, k, w: (p - y) / w.size,
                "gradient without weights, divided by them": lambda p, y, k, w: (p - y) / w.sum(),
                "gradient weighted score by score": lambda p, y, k, w: (p - y) * k / w.sum(),
                "weights for the truth only": lambda p, y, k, w: (p - y * k) / w.sum(),
                "truth missing in the gradient": lambda p, y, k, w: p * w[..., None] / w.sum(),
                "gradient with the sign changed": lambda p, y, k, w: (
                    (y - p) * w[..., None] / w.sum()
                ),
            }.items()
        ),
    ],
    "transposed_conv": [
        (
            partial(transposed, kept=lambda p, rows, columns: np.s_[:, p:, p:]),
            "nothing cut off below and on the right",
        ),
        (
            partial(transposed, kept=lambda p, rows, columns: np.s_[:, : rows - p, : columns - p]),
            "nothing cut off at the top and the left",
        ),
        (transposed_and_grown, "output padding after the cut"),
        (transposed_over, "last channel only"),
    ],
    "batch_hard": [(hard, "labels sorted")],
    "triplet_loss": [(triplets, "margin added after the maximum")],
    "threshold_for": [
        (threshold, "results swapped"),
        (counted_off, "last stranger allowed"),
        (partial(accepted_one_by_one, order=lambda d, same: np.lexsort((same, d))), SPLIT),
        (
            partial(accepted_one_by_one, order=lambda d, same: np.lexsort((~same, d))),
            f"{SPLIT}, same people first",
        ),
    ],
}
FOUND_BY_HAND = [
    ("triplets_by_hand", {"taken": 39.4}, "per cent"),
    ("triplets_by_hand", {"taken": 39.35}, "per cent, two decimals"),
    ("by_hand", {"iou": 15.4}, "per cent"),
    ("by_hand", {"iou": 15.38}, "per cent, two decimals"),
]


@pytest.mark.parametrize(
    ("name", "way", "mistake"), [(name, *one) for name, made in MADE.items() for one in made]
)
def test_a_mistake_has_its_name_whatever_the_inputs(name, way, mistake):
    for seed in SEEDS:
        key = drawn(name, seed)
        with np.errstate(all="ignore"):
            result = key.verdict([way(*case) for case in key.cases])
        assert result.mistake == mistake, (seed, result.message)


def test_sorting_in_any_way_splits_pairs_of_one_distance_under_a_name():
    for kind in ("stable", "quicksort", "heapsort"):
        way = partial(
            accepted_one_by_one, order=lambda d, same, kind=kind: np.argsort(d, kind=kind)
        )
        for seed in SEEDS:
            key = drawn("threshold_for", seed)
            result = key.verdict([way(*case) for case in key.cases])
            assert result.mistake.startswith(SPLIT), (kind, seed)


@pytest.mark.parametrize(("name", "other", "mistake"), FOUND_BY_HAND)
def test_a_share_in_per_cent_has_its_name(name, other, mistake):
    key = drawn(name, 0)
    assert key.verdict([key.right[0] | other]).mistake == mistake
