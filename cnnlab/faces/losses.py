"""The triplet loss, for triplets that are given and for those that a batch holds.

An anchor A should be nearer to another picture of the same person, the positive P, than to any of
somebody else, the negative N, and by a margin α. Distances are squared, so no root is taken, whose
gradient has no end where two encodings are the same.

F. Schroff and others, FaceNet, CVPR 2015, section 3. A. Hermans, L. Beyer, B. Leibe, In defense of
the triplet loss for person re-identification, 2017 (batch all, batch hard).
"""

from typing import Any

import keras
import numpy as np
from keras import KerasTensor, ops

from cnnlab.checks import one_of
from cnnlab.faces import checks

TINY = 1e-12  # squared distances below it count as this, where a root is taken

Chosen = tuple[KerasTensor, KerasTensor]  # the terms of the sum before max(…, 0); which there are


def triplet_loss(anchor: Any, positive: Any, negative: Any, margin: float = 0.2) -> KerasTensor:
    """The lecture's loss: Σ max(‖f(A) − f(P)‖² − ‖f(A) − f(N)‖² + α, 0), over the triplets.

    Parameters
    ----------
    anchor, positive, negative
        Encodings, ``(N, D)`` each, or ``(D,)`` for one triplet.
    margin
        α, at least 0. With 0, an encoder that gives the same for all has no loss.

    Returns
    -------
    tensor
        One number: a sum, not a mean.

    Raises
    ------
    ValueError
        If the shapes differ, or the margin is negative.
    """
    margin = checks.margin(margin)
    anchor, positive, negative = _floats(anchor, positive, negative)
    if len(anchor.shape) == 0:
        raise ValueError("anchor is one number; expected encodings (N, D) or (D,)")
    for name, other in (("positive", positive), ("negative", negative)):
        if tuple(other.shape) != tuple(anchor.shape):
            raise ValueError(
                f"{name} has shape {tuple(other.shape)}; expected {tuple(anchor.shape)}, as anchor"
            )
    near = ops.sum(ops.square(anchor - positive), axis=-1)  # (N,)
    far = ops.sum(ops.square(anchor - negative), axis=-1)
    return ops.sum(ops.relu(near - far + margin))


def batch_triplet_loss(
    labels: Any, encodings: Any, mining: str = "semi-hard", margin: float = 0.2
) -> KerasTensor:
    """The mean loss of triplets that are chosen within a batch.

    A mean, so that the size of the batch does not change the size of a step. How they are chosen:

    - ``"all"``: every anchor, with every positive, with every negative. In P × K pictures that is
      PK (K − 1) (PK − K) triplets.
    - ``"random"``: for each anchor and positive one negative, the picture of somebody else that
      comes next after the anchor. The batch is drawn at random, so it is a random one.
    - ``"semi-hard"``: for each anchor and positive, the nearest negative that is farther than the
      positive. If there is none, the farthest negative.
    - ``"hard"``: for each anchor, the farthest positive and the nearest negative.

    Parameters
    ----------
    labels
        ``(N,)``, or ``(N, 1)`` as Keras hands them on: whole numbers, whom each picture shows.
    encodings
        ``(N, D)``.
    mining
        One of the four.
    margin
        α, at least 0.

    Returns
    -------
    tensor
        One number. In a batch without any triplet: 0, if the labels are not known before the
        network runs, and else a `ValueError`.

    Raises
    ------
    ValueError
        If labels are no whole numbers, no person is there twice, or there is only one person.
    """
    chosen = MINING[one_of("mining", mining, MINING)]
    margin = checks.margin(margin)
    (encodings,) = _floats(encodings)
    if len(encodings.shape) != 2:
        raise ValueError(f"encodings has shape {tuple(encodings.shape)}; expected (N, D)")
    known = _known(labels)
    if known is not None:
        known = known[:, 0] if known.shape[1:] == (1,) else known
        labels = with_triplets(checks.labels("labels", known, encodings.shape[0]))
    labels = ops.reshape(ops.convert_to_tensor(labels), (-1,))  # (N,)
    same = labels[:, None] == labels[None, :]  # (N, N)
    others = ops.logical_not(ops.eye(ops.shape(encodings)[0], dtype="bool"))
    terms, there = chosen(
        _squared_distances(encodings), ops.logical_and(same, others), ops.logical_not(same), margin
    )
    there = ops.cast(there, encodings.dtype)
    return ops.sum(ops.relu(terms) * there) / ops.maximum(ops.sum(there), 1)


@keras.saving.register_keras_serializable("cnnlab")
class TripletLoss(keras.losses.Loss):
    """:func:`batch_triplet_loss` for ``compile``: ``encoder.compile("adam", TripletLoss("hard"))``.

    Train the encoder itself, with :class:`~cnnlab.faces.PKBatches`: labels are the targets.

    Parameters
    ----------
    mining, margin
        As there.
    """

    def __init__(
        self,
        mining: str = "semi-hard",
        margin: float = 0.2,
        name: str = "triplet_loss",
        **kwargs: Any,
    ) -> None:
        super().__init__(name=name, **kwargs)
        self.mining, self.margin = one_of("mining", mining, MINING), checks.margin(margin)

    def call(self, y_true: KerasTensor, y_pred: KerasTensor) -> KerasTensor:
        return batch_triplet_loss(y_true, y_pred, self.mining, self.margin)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "mining": self.mining, "margin": self.margin}


def contrastive_loss(same: Any, squared: Any, margin: float = 1.0) -> KerasTensor:
    """The loss of pairs: one person should be near, two people at least a margin apart.

    d² for a pair of one person, max(α − d, 0)² for a pair of two (R. Hadsell, S. Chopra, Y. LeCun,
    Dimensionality reduction by learning an invariant mapping, CVPR 2006, equation 4, without its
    factor ½). Where d is 0, the root counts as constant, so that no gradient is infinite.

    Parameters
    ----------
    same
        1 for a pair of one person, 0 for a pair of two.
    squared
        d², of the same shape: what :func:`~cnnlab.faces.siamese` gives.
    margin
        α, at least 0.

    Returns
    -------
    tensor
        A loss for each pair.

    Raises
    ------
    ValueError
        If the shapes differ, `same` has other numbers, or the margin is negative.
    """
    margin = checks.margin(margin)
    (squared,) = _floats(squared)
    known = _known(same)
    if known is not None and not np.isin(known, (0, 1)).all():
        raise ValueError("same has other numbers than 0 and 1; expected 1 for a pair of one person")
    same = ops.cast(ops.convert_to_tensor(same), squared.dtype)
    if tuple(same.shape) != tuple(squared.shape):
        raise ValueError(
            f"same has shape {tuple(same.shape)}; expected {tuple(squared.shape)}, as squared"
        )
    d = ops.sqrt(ops.maximum(squared, TINY))
    return same * squared + (1 - same) * ops.square(ops.relu(margin - d))


# ---- how triplets are chosen: from distances, and from who is a positive or negative of whom ----


def _all(d: KerasTensor, positive: KerasTensor, negative: KerasTensor, margin: float) -> Chosen:
    terms = d[:, :, None] - d[:, None, :] + margin  # (anchors, positives, negatives)
    return terms, ops.logical_and(positive[:, :, None], negative[:, None, :])


def _random(d: KerasTensor, positive: KerasTensor, negative: KerasTensor, margin: float) -> Chosen:
    N = ops.shape(d)[0]
    place = ops.arange(N, dtype="int32")
    after = (place[None, :] - place[:, None]) % N  # how many places n comes after a
    first = ops.argmin(ops.where(negative, after, N), axis=1)  # (anchors,)
    far = ops.take_along_axis(d, first[:, None], axis=1)  # (anchors, 1)
    return d - far + margin, _with_negatives(positive, negative)


def _semi_hard(
    d: KerasTensor, positive: KerasTensor, negative: KerasTensor, margin: float
) -> Chosen:
    beyond = d[:, None, :] > d[:, :, None]  # (anchors, positives, negatives): farther than p
    beyond = ops.logical_and(beyond, negative[:, None, :])
    nearest = ops.min(ops.where(beyond, d[:, None, :], _outside(d)), axis=2)
    farthest = ops.max(ops.where(negative, d, 0), axis=1)[:, None]  # (anchors, 1)
    far = ops.where(ops.any(beyond, axis=2), nearest, farthest)  # (anchors, positives)
    return d - far + margin, _with_negatives(positive, negative)


def _hard(d: KerasTensor, positive: KerasTensor, negative: KerasTensor, margin: float) -> Chosen:
    near = ops.max(ops.where(positive, d, 0), axis=1)  # (anchors,)
    far = ops.min(ops.where(negative, d, _outside(d)), axis=1)
    there = ops.logical_and(ops.any(positive, axis=1), ops.any(negative, axis=1))
    return near - far + margin, there


#: Ways to choose the triplets of a batch: ``"all"``, ``"random"``, ``"semi-hard"``, ``"hard"``.
MINING = {"all": _all, "random": _random, "semi-hard": _semi_hard, "hard": _hard}


def _with_negatives(positive: KerasTensor, negative: KerasTensor) -> KerasTensor:
    return ops.logical_and(positive, ops.any(negative, axis=1)[:, None])


def _outside(d: KerasTensor) -> KerasTensor:
    """A distance that none of them has, and a finite one: ∞ − ∞ would give NaN."""
    return ops.stop_gradient(ops.max(d)) + 1


def _squared_distances(f: KerasTensor) -> KerasTensor:
    squares = ops.sum(ops.square(f), axis=1)  # (N,)
    d = squares[:, None] + squares[None, :] - 2 * ops.matmul(f, ops.transpose(f))
    return ops.maximum(d, 0)  # (N, N); rounding may leave a little less than 0


def _floats(first: Any, *others: Any) -> tuple[KerasTensor, ...]:
    """Tensors of one kind of floats, the first one's: whole numbers have no gradient."""
    first = ops.convert_to_tensor(first)
    if not keras.backend.is_float_dtype(keras.backend.standardize_dtype(first.dtype)):
        first = ops.cast(first, keras.config.floatx())
    return first, *(ops.cast(ops.convert_to_tensor(other), first.dtype) for other in others)


# ---- what is refused ----


def with_triplets(labels: np.ndarray) -> np.ndarray:
    """`labels`, if a triplet can be made of them."""
    counts = np.unique(labels, return_counts=True)[1]
    wanted = "expected P ≥ 2 people with K ≥ 2 pictures each, such as P = 8 and K = 4"
    if len(counts) < 2:
        raise ValueError(f"labels has {len(counts)} person, so there is no negative; {wanted}")
    if counts.max() < 2:
        raise ValueError(f"labels has nobody twice, so there is no positive pair; {wanted}")
    return labels


def _known(labels: Any) -> np.ndarray | None:
    """Labels as an array; None where a network is being traced, so that they are not there yet."""
    if isinstance(labels, KerasTensor):
        return None
    try:
        return np.asarray(labels)
    except (TypeError, NotImplementedError):  # as JAX and TensorFlow say it
        return None
