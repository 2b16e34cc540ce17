"""How wrong is a prediction of a class for every pixel: four losses, and what each looks at.

All take masks ``(N, H, W)`` of whole numbers and probabilities ``(N, H, W, classes)``, as
:func:`cnnlab.segmentation.unet` gives them: softmax is in the network already, and a loss with
``from_logits=True`` would take it twice. Give them to ``compile`` as they are, or with other
settings through `functools.partial`: ``compile(loss=partial(focal_loss, gamma=1))``. A network that
was compiled with a partial, Keras neither saves nor clones: compile it once more before, with a
loss as it is, such as ``compile(loss=focal_loss)``, which changes no weight.

Inside of ``fit`` nobody can stop at a label that is no class. There, its pixels make the loss NaN,
which nobody overlooks; :func:`cnnlab.segmentation.check_masks` says before what is wrong.
"""

from collections.abc import Sequence

import keras
import numpy as np
from keras import KerasTensor, ops
from keras.backend import floatx, is_float_dtype
from numpy.typing import ArrayLike

from cnnlab.segmentation.checks import check_masks, class_weights, mask_shape, measure

# Below this, a probability counts as this: −log 0 is infinite. Far below Keras's 1e-7, so that a
# network that is sure and wrong keeps its slope.
LEAST = 1e-30
SMOOTH = 1.0  # pixels: what Dice has too much of on both sides of its fraction


@keras.saving.register_keras_serializable("cnnlab")
def weighted_cross_entropy(
    y_true: ArrayLike, y_pred: ArrayLike, weights: Sequence[float] | None = None
) -> KerasTensor:
    """Minus the logarithm of the true class's probability, times that class's weight.

    Parameters
    ----------
    y_true
        Masks, ``(N, H, W)``.
    y_pred
        Probabilities, ``(N, H, W, classes)``.
    weights
        ``(classes,)``, such as [1, 20] for a rare second class; None: all 1.

    Returns
    -------
    KerasTensor
        ``(N, H, W)``, a loss for each pixel. Keras takes the mean over all pixels, after it has
        multiplied each by its ``sample_weight``, such as the map of
        :func:`cnnlab.segmentation.border_weights`. A class without a pixel adds nothing.

    Raises
    ------
    ValueError
        If the shapes do not fit, a mask is one-hot, there is no image, or the weights are not one
        positive number for each class. Where `y_true` is an array of NumPy, and not inside ``fit``,
        if a label is no class.
    """
    truth, p = _checked(y_true, y_pred)
    loss = -ops.log(ops.maximum(_of_truth(truth, p), LEAST))
    if weights is not None:
        each = ops.cast(class_weights(weights, p.shape[-1]), p.dtype)
        loss = loss * ops.sum(truth * each, axis=-1)
    return _told(loss, truth)


@keras.saving.register_keras_serializable("cnnlab")
def focal_loss(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    gamma: float = 2.0,
    weights: Sequence[float] | None = None,
) -> KerasTensor:
    """Cross-entropy, times (1 − p)^γ: a pixel that the network is sure of hardly counts.

    Parameters
    ----------
    y_true, y_pred, weights
        As in :func:`weighted_cross_entropy`.
    gamma
        How little the easy pixels count; 0: as much as any other, which is the cross-entropy.

    Returns
    -------
    KerasTensor
        ``(N, H, W)``, a loss for each pixel.

    Raises
    ------
    ValueError
        As :func:`weighted_cross_entropy`, and if `gamma` is negative.

    References
    ----------
    T.-Y. Lin and others, Focal loss for dense object detection, ICCV 2017.
    """
    gamma = measure("gamma", gamma)
    truth, p = _checked(y_true, y_pred)
    # Not 0, where the slope of a power below 1 is infinite.
    unsure = ops.maximum(1 - _of_truth(truth, p), LEAST)
    return unsure**gamma * weighted_cross_entropy(y_true, y_pred, weights)


@keras.saving.register_keras_serializable("cnnlab")
def dice_loss(y_true: ArrayLike, y_pred: ArrayLike) -> KerasTensor:
    """1 − Dice, the mean over all classes: how far prediction and truth overlap, whatever the size.

    For a class with the truth g (0 or 1) and the probabilities p of an image's pixels, Dice is
    ``(2 Σ p·g + s) / (Σ p + Σ g + s)``, with s = 1 pixel. It is a mean of the two areas that the
    common area is divided by, so a class of ten pixels counts as much as the background.

    A class that an image does not have counts too: with A pixels predicted all the same, its Dice
    is ``1 / (A + 1)``, and with none it is 1. So there is no division by zero, in the loss or its
    slope, and a false alarm costs something.

    Parameters
    ----------
    y_true, y_pred
        As in :func:`weighted_cross_entropy`.

    Returns
    -------
    KerasTensor
        ``(N,)``, a loss for each image, from 0 to below 1.

    Raises
    ------
    ValueError
        As :func:`weighted_cross_entropy`.

    References
    ----------
    F. Milletari, N. Navab, S.-A. Ahmadi, V-Net, 3DV 2016: it has squares in the denominator.
    """
    truth, p = _checked(y_true, y_pred)
    common = ops.sum(truth * p, axis=(1, 2))  # (N, classes)
    areas = ops.sum(truth, axis=(1, 2)) + ops.sum(p, axis=(1, 2))
    dice = (2 * common + SMOOTH) / (areas + SMOOTH)
    told = ops.mean(_told(ops.zeros_like(p[..., 0]), truth), axis=(1, 2))  # 0, or NaN
    return 1 - ops.mean(dice, axis=-1) + told


@keras.saving.register_keras_serializable("cnnlab")
def ce_dice_loss(
    y_true: ArrayLike, y_pred: ArrayLike, weights: Sequence[float] | None = None
) -> KerasTensor:
    """Cross-entropy and Dice added: the first is steep at once, the second sees small classes.

    Parameters
    ----------
    y_true, y_pred, weights
        As in :func:`weighted_cross_entropy`; the weights are those of the cross-entropy.

    Returns
    -------
    KerasTensor
        ``(N,)``, a loss for each image: the mean over its pixels, plus its :func:`dice_loss`.

    Raises
    ------
    ValueError
        As :func:`weighted_cross_entropy`.
    """
    pixels = weighted_cross_entropy(y_true, y_pred, weights)
    return ops.mean(pixels, axis=(1, 2)) + dice_loss(y_true, y_pred)


def _checked(y_true: ArrayLike, y_pred: ArrayLike) -> tuple[KerasTensor, KerasTensor]:
    """The truth as 0 and 1, and the probabilities: both ``(N, H, W, classes)``."""
    p = ops.convert_to_tensor(y_pred)
    if len(p.shape) != 4 or p.shape[-1] < 2:
        raise ValueError(f"y_pred has shape {tuple(p.shape)}; expected (N, H, W, classes)")
    if not is_float_dtype(p.dtype):  # of 0 and 1
        p = ops.cast(p, floatx())
    size, classes = tuple(p.shape[:3]), p.shape[-1]
    if isinstance(y_true, np.ndarray | list | tuple):
        labels = check_masks(y_true, classes, size, "y_true")
    else:  # in a graph: only the shape is known
        labels = y_true
        mask_shape("y_true", tuple(labels.shape), classes, size)
    # Compared rather than ops.one_hot: a label that is no class has to be a row of zeros. And as
    # floats: 0.5, from a mask that was resized like a photograph, would be cut down to 0.
    labels = ops.expand_dims(ops.cast(labels, "float32"), -1)
    truth = ops.equal(labels, ops.arange(classes, dtype="float32"))
    return ops.cast(truth, p.dtype), p


def _of_truth(truth: KerasTensor, p: KerasTensor) -> KerasTensor:
    """The probability of each pixel's true class: ``(N, H, W)``."""
    return ops.sum(truth * p, axis=-1)


def _told(loss: KerasTensor, truth: KerasTensor) -> KerasTensor:
    """NaN for the pixels whose label is no class."""
    return ops.where(ops.sum(truth, axis=-1) > 0, loss, float("nan"))
