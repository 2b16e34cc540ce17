"""nms beside TensorFlow's own, on 10,000 boxes: spread out, and crowded around objects."""

from collections.abc import Callable

import numpy as np

from benchmarks.convolution import interleaved
from cnnlab.detection import nms

SIZE = 1000  # pixels of the image's sides
THRESHOLD = 0.5
CASES = {  # around how many objects the boxes stand; None: anywhere
    "around 10 objects": 10,
    "around 200 objects": 200,
    "anywhere": None,
}


def run(count: int = 10_000, repeats: int = 15) -> dict:
    """Seconds of both for each case, and how many boxes are kept.

    Parameters
    ----------
    count
        How many boxes.
    repeats
        How often each is timed, in turn with the other.
    """
    return {
        "boxes": count,
        **{name: _case(count, objects, repeats) for name, objects in CASES.items()},
    }


def _case(count: int, objects: int | None, repeats: int) -> dict:
    found = contestants(*boxes_and_scores(count, objects))
    beside = interleaved(found, repeats)
    return {
        "kept": len(found["ours"]()),
        "seconds": beside,
        "ours/tensorflow": beside["ours"]["median"] / beside["tensorflow"]["median"],
    }


def boxes_and_scores(count: int, objects: int | None) -> tuple[np.ndarray, np.ndarray]:
    """Random boxes ``(count, 4)`` of whole pixels with sides of 10 to 100, and their scores.

    With `objects`, each box is one of so many, with every side moved by about a tenth of its size:
    what a detector finds before non-max suppression.
    """
    rng = np.random.default_rng(0)
    n = objects or count
    low, size = rng.uniform(0, SIZE, (n, 2)), rng.uniform(10, 100, (n, 2))
    if objects:
        which = rng.integers(objects, size=count)
        low, size = low[which], size[which]
        low = low + 0.1 * size * rng.standard_normal((count, 2))
        size = np.maximum(size * (1 + 0.1 * rng.standard_normal((count, 2))), 2)
    boxes = np.hstack([low, low + size]).round().astype(np.float32)
    return boxes, rng.random(count, np.float32)


def contestants(boxes: np.ndarray, scores: np.ndarray) -> dict[str, Callable[[], np.ndarray]]:
    """TensorFlow's function and ours on the same boxes; they are seen to agree."""
    import tensorflow as tf

    boxes_tf, scores_tf = tf.constant(boxes), tf.constant(scores)
    below = np.nextafter(np.float32(THRESHOLD), np.float32(0))  # TensorFlow drops what is above it
    found = {
        "tensorflow": lambda: tf.image.non_max_suppression(
            boxes_tf, scores_tf, len(boxes), below
        ).numpy(),
        "ours": lambda: nms(boxes, scores, None, THRESHOLD, score_threshold=-np.inf),
    }
    np.testing.assert_array_equal(found["ours"](), found["tensorflow"]())
    return found
