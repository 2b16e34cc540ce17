"""Scans, drawn from a seed, with the exact class of every pixel: chest X-rays and brain slices."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from cnnlab import checks
from cnnlab.data import chests, heads

#: What the masks of :func:`chest_xrays` count, from 0: background, lungs, heart, clavicles.
CHEST_CLASSES = ("background", "lungs", "heart", "clavicles")
#: What the masks of :func:`brain_slices` count, from 0: background, tissue, tumour.
BRAIN_CLASSES = ("background", "tissue", "tumour")
SMALLEST = 48  # pixels of a side; below, a clavicle is thinner than a pixel


class Scans(NamedTuple):
    """Pictures with the class of every pixel.

    Attributes
    ----------
    images
        ``(N, H, W, 1)`` float32 in [0, 1].
    masks
        ``(N, H, W)`` uint8: places in `CHEST_CLASSES` or `BRAIN_CLASSES`.
    """

    images: np.ndarray
    masks: np.ndarray


def chest_xrays(count: int, seed: int = 0, size: Sequence[int] = (96, 96)) -> Scans:
    """X-rays of chests from the front, with their lungs, hearts and clavicles.

    As on film, what absorbs is bright: bone most, air least, and what lies one behind another adds
    up. A mask has one class a pixel: clavicles before the heart, the heart before the lungs. What
    is in the way (a pacemaker, electrodes with their wires, a hand) changes no mask.

    Parameters
    ----------
    count
        How many. X-ray i depends on the seed, the size and i only: ``chest_xrays(10)`` are the
        first of ``chest_xrays(20)``.
    seed
        A whole number, at least 0.
    size
        ``(height, width)`` in pixels, each at least 48.

    Raises
    ------
    ValueError
        If `count` or `seed` is not a whole number, at least 0, or `size` is not two whole numbers,
        at least 48.
    """
    return _scans(chests.draw, count, seed, size)


def brain_slices(count: int, seed: int = 0, size: Sequence[int] = (96, 96)) -> Scans:
    """Slices of heads as in T1-weighted MRI after contrast agent, seen from above, nose up.

    Fat and marrow are bright, bone and water dark, white matter is brighter than gray. From none to
    three tumours are in the brain, on average less than a percent of the pixels. Some light up,
    some have a bright rim around a dark core, some are darker than what is around them. A blood
    vessel lights up too, and is no tumour. Water, in the ventricles and between the folds, is
    background.

    Parameters
    ----------
    count
        How many. Slice i depends on the seed, the size and i only: ``brain_slices(10)`` are the
        first of ``brain_slices(20)``.
    seed
        A whole number, at least 0.
    size
        ``(height, width)`` in pixels, each at least 48.

    Raises
    ------
    ValueError
        If `count` or `seed` is not a whole number, at least 0, or `size` is not two whole numbers,
        at least 48.
    """
    return _scans(heads.draw, count, seed, size)


Drawing = Callable[[np.random.Generator, int, int], tuple[np.ndarray, np.ndarray]]


def _scans(draw: Drawing, count: int, seed: int, size: Sequence[int]) -> Scans:
    count, seed = checks.whole("count", count, 0), checks.whole("seed", seed, 0)
    height, width = _size(size)
    images = np.empty((count, height, width, 1), np.float32)
    masks = np.empty((count, height, width), np.uint8)
    for i in range(count):
        images[i, ..., 0], masks[i] = draw(np.random.default_rng([seed, i]), height, width)
    return Scans(images, masks)


def _size(size: Sequence[int]) -> tuple[int, int]:
    try:
        height, width = size
    except (TypeError, ValueError):
        raise ValueError(f"size is {size!r}; expected (height, width)") from None
    return checks.whole("size", height, SMALLEST), checks.whole("size", width, SMALLEST)
