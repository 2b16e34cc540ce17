"""The page about YOLO: its average precision, and what is left of it with one anchor."""

from collections.abc import Sequence
from pathlib import Path

import keras
import numpy as np
from keras.optimizers import Adam
from keras.optimizers.schedules import CosineDecay

from benchmarks import Numbers, over_seeds
from benchmarks.page import BOOK, SEEDS, run_page
from cnnlab.data import SCENE_CLASSES, scenes
from cnnlab.detection import (
    Batches,
    detections,
    evaluate,
    kmeans_anchors,
    small_yolo,
    targets,
    yolo_loss,
)

PAGE = BOOK / "detection" / "yolo.md"
NAMES = [
    "map_50",
    "map_75",
    *(f"ap_{name}" for name in SCENE_CLASSES),
    "map_without_nms",
    "lost_one",
    "lost_two",
    "processor_seconds",
]


def run(page: Path = PAGE, seeds: Sequence[int] = SEEDS) -> dict:
    """What the page finds, and the same training with one anchor.

    Parameters
    ----------
    page
        It leaves mAP at IoU 0.5 and 0.75 behind, average precision of each class, mAP without
        non-max suppression, the shares of objects that are left out with one anchor and with two,
        and the seconds that the processor's cores worked on the training, all together.
    seeds
        One run of everything for each.
    """
    found = run_page(page, NAMES, seeds)
    return {
        "page": {name: found[name] for name in NAMES},
        "one anchor": {"map_50": _with_anchors(1, seeds)},
    }


def _with_anchors(k: int, seeds: Sequence[int]) -> Numbers:
    """mAP@0.5 with another number of anchors, in the page's setting."""
    test = scenes(300, seed=77)
    truths = list(zip(test.boxes, test.labels, strict=True))
    means = []
    for seed in seeds:
        train = scenes(5000, seed=1000 + seed)
        shapes = np.vstack([box[:, [3, 2]] - box[:, [1, 0]] for box in train.boxes])
        anchors = kmeans_anchors(shapes, k)
        y = targets(train.boxes, train.labels, (12, 12), anchors, 3, (96, 96)).y
        keras.utils.set_random_seed(seed)
        model = small_yolo((96, 96, 3), anchors, 3)
        batch, epochs, peak = 32, 8, 1e-2
        steps = len(y) // batch * epochs
        rate = CosineDecay(peak / 20, steps - 100, warmup_target=peak, warmup_steps=100, alpha=0.01)
        model.compile(Adam(rate), loss=yolo_loss, jit_compile=False)
        model.optimizer.build(model.trainable_variables)
        model.fit(Batches(train.images, y, batch, seed), epochs=epochs, verbose=0)
        found = detections(model, test.images, anchors, 0.01)
        means.append(evaluate(found, truths, 3).mean_at(0.5))
    return over_seeds(means)
