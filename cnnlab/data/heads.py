"""One brain slice at a time: what `cnnlab.data.brain_slices` draws."""

import math
from typing import NamedTuple

import numpy as np

from cnnlab.data.fields import Plane, ellipse, grain, over, overlap, soft, union, waves, which

COUNTS = np.cumsum([0.4, 0.36, 0.16])  # shares of slices with 0, 1, 2 tumours; else 3
LOOKS = np.cumsum([0.45, 0.35])  # shares of tumours: bright, with a bright rim; else dark


class Head(NamedTuple):
    """The pose and the proportions of one head."""

    plane: Plane
    level: float  # 0: through the middle of the ventricles, 1: near the top of the head
    wide: float  # half the width, and half the length
    long: float
    skin: float  # thickness of the scalp, and of the bone
    bone: float
    head: np.ndarray  # (H, W): how far inside the head
    brain: np.ndarray  # (H, W): how far inside the brain


def draw(rng: np.random.Generator, height: int, width: int) -> tuple[np.ndarray, np.ndarray]:
    """One slice and its mask. Water fills the skull; in it lies tissue; in the brain, tumours."""
    head = _head(rng, height, width)
    plane = head.plane
    fold, gray = _folds(rng, head)
    tissue = overlap(head.brain, fold, -_ventricles(rng, head))
    white, contrast = rng.uniform(0.62, 0.78), rng.uniform(0.18, 0.32)
    depth = soft(np.minimum(fold, head.brain) - gray, 0.02) - _nuclei(rng, head)
    picture = plane.share(head.brain + 0.02) * rng.uniform(0.08, 0.16)  # water
    picture = over(picture, plane.share(tissue), white * (1 - contrast + contrast * depth))
    picture = over(picture, _vessels(rng, head), 0.95)
    mask = (tissue > 0).astype(np.uint8)
    for _ in range(which(rng, COUNTS)):
        picture, tumour = _tumour(rng, head, picture)
        mask[tumour > 0] = 2
    picture += _skull(rng, head)
    picture *= 1 + 0.1 * waves(rng, plane.x, plane.y, 3.5, 2)  # the coils are nearer to one side
    # A magnitude of complex numbers: both parts are noisy, and no pixel is negative.
    deviation = rng.uniform(0.01, 0.035)
    real = picture + grain(rng, picture.shape, deviation)
    imaginary = grain(rng, picture.shape, deviation)
    picture = np.sqrt(real * real + imaginary * imaginary) * rng.uniform(0.85, 1.1)
    return picture.clip(0, 1), mask


def _head(rng: np.random.Generator, height: int, width: int) -> Head:
    turn, right, down = rng.normal(0, [0.09, 0.035, 0.035]).tolist()
    plane = Plane.of(height, width, turn, rng.uniform(0.92, 1.04), right, down)
    level = rng.random()
    wide, long = (0.72 - 0.1 * level) * rng.uniform(0.94, 1.04), 0.9 - 0.1 * level
    skin, bone = rng.uniform(0.03, 0.06), rng.uniform(0.05, 0.08)
    egg = plane._replace(x=plane.x * (1 - 0.1 * plane.y))  # narrower at the front
    head = ellipse(egg, 0, 0, wide, long) + 0.008 * waves(rng, plane.x, plane.y, 0.9, 3)
    return Head(plane, level, wide, long, skin, bone, head, head - (skin + bone + 0.02))


def _folds(rng: np.random.Generator, head: Head) -> tuple[np.ndarray, float]:
    """How far each point is from the water of a furrow, and how thick gray matter is.

    Furrows are where a sum of waves is zero, near the surface; and the cleft between the halves.
    The halves mirror each other, not quite.
    """
    x, y = np.abs(head.plane.x + 0.015), head.plane.y
    length = rng.uniform(0.28, 0.34)
    slow = waves(rng, x, y, 0.5, 3)
    furrow = np.abs(waves(rng, x, y, length, 6)) * (length / (2 * math.pi))  # its distance, nearly
    furrow += 0.012 * slow - rng.uniform(0, 0.01)  # some are open, some closed
    deep = head.brain - (0.24 + 0.1 * head.level) - 0.06 * slow
    bridge = 0.3 - 0.4 * head.level - np.abs(y + 0.03)  # what joins the halves
    cleft = np.abs(head.plane.x) - 0.008 + bridge.clip(0)
    return np.minimum(furrow + deep.clip(0), cleft), rng.uniform(0.03, 0.045)


def _ventricles(rng: np.random.Generator, head: Head) -> np.ndarray:
    """Two horns on each side of the middle, like a butterfly; high in the head there are none."""
    size = rng.uniform(0.7, 1.3) * min(1, 3.5 * (0.75 - head.level))
    out, y = np.abs(head.plane.x), head.plane.y + 0.02
    if size < 0.5:
        return np.full_like(out, -1)
    ends = 0.2 + 0.14 * size
    taper = np.sqrt((1 - y * y * (1 / ends**2)).clip(0))
    thick = 0.062 * size * taper * (0.5 + 2.4 * np.abs(y))
    horns = thick - np.abs(out - (0.035 + 0.02 * size) - 1.1 * y * y) - 0.02 * (taper == 0)
    third = overlap(0.016 * size - out, 0.1 - np.abs(y - 0.05))
    return union(horns, third)


def _nuclei(rng: np.random.Generator, head: Head) -> np.ndarray | float:
    """The share of gray matter in the depth: lentiform nucleus, thalamus, caudate nucleus."""
    if head.level > 0.5:
        return 0.0
    half = head.plane.mirrored()
    nuclei = union(
        ellipse(half, 0.28, -0.02, 0.07, 0.16, 0.35),
        ellipse(half, 0.11, 0.12, 0.08, 0.12, -0.4),
        ellipse(half, 0.15, -0.2, 0.04, 0.09, -0.2),
    )
    return soft(nuclei, 0.025) * rng.uniform(0.6, 1)


def _vessels(rng: np.random.Generator, head: Head) -> np.ndarray:
    """Blood that lights up and is no tumour: a sinus at the back, and plexus in the ventricles."""
    back = head.long - head.skin - head.bone - 0.03
    share = head.plane.share(ellipse(head.plane, rng.normal(0, 0.01), back, 0.035, 0.045))
    if head.level < 0.35:
        plexus = ellipse(head.plane.mirrored(), 0.17, rng.uniform(0.2, 0.26), 0.02, 0.05, -0.4)
        share = np.maximum(share, head.plane.share(plexus) * rng.uniform(0.2, 0.9))
    return share


def _tumour(
    rng: np.random.Generator, head: Head, picture: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The picture with a tumour in it, and how far inside the tumour each point is."""
    plane, radius = head.plane, 0.05 + 0.17 * rng.random() ** 3.5
    angle, away = rng.uniform(0, 2 * math.pi), math.sqrt(rng.uniform(0.02, 1))
    x = (head.wide - 0.2 - 0.7 * radius) * away * math.cos(angle)
    y = (head.long - 0.22 - 0.7 * radius) * away * math.sin(angle)
    stretch = rng.uniform(0.75, 1.3)
    blob = ellipse(plane, x, y, radius * stretch, radius / stretch, rng.uniform(0, math.pi))
    blob += 0.16 * radius * waves(rng, plane.x, plane.y, 2.2 * radius, 4)
    inside = overlap(blob, ellipse(plane, x, y, 2 * radius, 2 * radius), head.brain)

    light, core, swelling = rng.uniform([0.85, 0.2, 0.05], [1.05, 0.4, 0.16]).tolist()
    water = soft(blob + swelling, 0.05) * soft(head.brain, 0.03)  # what is around it swells
    dark = (0.0, soft(blob - 0.4 * radius, 0.02), 1.0)[which(rng, LOOKS)]
    look = light + dark * (core - light)
    return over(picture * (1 - 0.25 * water), plane.share(inside), look), inside


def _skull(rng: np.random.Generator, head: Head) -> np.ndarray:
    """The scalp's fat, and the marrow in the bone, which itself is dark."""
    scalp = head.plane.share(overlap(head.head, head.skin - head.head))
    marrow = head.bone / 2 - 0.02 - np.abs(head.head - (head.skin + head.bone / 2))
    return scalp * rng.uniform(0.6, 0.9) + soft(marrow, 0.015) * rng.uniform(0.05, 0.3)
