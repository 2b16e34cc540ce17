"""Scans, drawn from a seed, with the exact class of every pixel: chest X-rays and brain slices.

Both are drawn from formulas alone. A shape is a field that says how far inside it a point is:
positive inside, negative outside. From one field come the mask (where it is positive) and the
picture (the share of each pixel that it covers), so that the two cannot disagree.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from cnnlab import checks

CHEST_CLASSES = ("background", "lungs", "heart", "clavicles")
BRAIN_CLASSES = ("background", "tissue", "tumour")
SMALLEST = 48  # pixels of a side; below, a clavicle is thinner than a pixel
IN_THE_WAY = np.cumsum([0.16, 0.12, 0.1])  # shares of X-rays: pacemaker, electrodes, a hand
TUMOURS = np.cumsum([0.4, 0.36, 0.16])  # shares of brain slices with 0, 1, 2 tumours; else 3


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
    is in the way (a pacemaker, electrodes with their wires, a hand) changes the picture and no mask.

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
    return _scans(_chest, count, seed, size)


def brain_slices(count: int, seed: int = 0, size: Sequence[int] = (96, 96)) -> Scans:
    """Slices of heads as in T1-weighted MRI after contrast agent, seen from above, nose up.

    Scalp and marrow are bright, bone and water dark, white matter brighter than gray. From none to
    three tumours are inside the tissue, on average about half a percent of the pixels. Some light
    up, some have a dark core or a bright rim, some are darker than what is around them. What is
    bright may also be a blood vessel, which is no tumour. Water, in the ventricles and between the
    folds, is background.

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
    return _scans(_brain, count, seed, size)


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


# ---- fields ----


class Plane(NamedTuple):
    """Where each pixel's centre is. A length of 1 is half the shorter side of the scan."""

    x: np.ndarray  # (H, W), to the right
    y: np.ndarray  # (H, W), down
    pixel: float  # the side of a pixel

    def share(self, inside: np.ndarray) -> np.ndarray:
        """The share of each pixel that a shape covers, from how far inside it the centres are."""
        return (inside * np.float32(1 / self.pixel) + np.float32(0.5)).clip(0, 1)


def _plane(height: int, width: int, turn: float, zoom: float, shift: Sequence[float]) -> Plane:
    """The plane of what is shown turned (radians), `zoom` times as large, and shifted (x, y)."""
    pixel = 2 / min(height, width)
    x = (np.arange(width, dtype=np.float32) + 0.5 - width / 2) * pixel - shift[0]
    y = (np.arange(height, dtype=np.float32)[:, np.newaxis] + 0.5 - height / 2) * pixel - shift[1]
    c, s = np.float32(np.cos(turn) / zoom), np.float32(np.sin(turn) / zoom)
    return Plane(c * x + s * y, c * y - s * x, pixel / zoom)


def _ellipse(plane: Plane, x: float, y: float, a: float, b: float, turn: float = 0) -> np.ndarray:
    """How far inside an ellipse with half axes a and b, `turn` radians clockwise."""
    c, s = np.float32(np.cos(turn)), np.float32(np.sin(turn))
    dx, dy = plane.x - np.float32(x), plane.y - np.float32(y)
    across, along = (c * dx + s * dy) / np.float32(a), (c * dy - s * dx) / np.float32(b)
    return (1 - np.sqrt(across * across + along * along)) * np.float32(min(a, b))


def _rod(plane: Plane, start: Sequence[float], end: Sequence[float], radius: float) -> np.ndarray:
    """How far inside a rod with round ends from `start` to `end`, both (x, y)."""
    dx, dy = plane.x - np.float32(start[0]), plane.y - np.float32(start[1])
    along = np.float32(end[0] - start[0]), np.float32(end[1] - start[1])
    t = (dx * along[0] + dy * along[1]) / (along[0] ** 2 + along[1] ** 2 + np.float32(1e-9))
    t = t.clip(0, 1)
    return np.float32(radius) - np.hypot(dx - t * along[0], dy - t * along[1])


def _path(plane: Plane, points: Sequence[Sequence[float]], radius: float) -> np.ndarray:
    """How far inside a thick line through `points`."""
    rods = [_rod(plane, a, b, radius) for a, b in zip(points, points[1:], strict=False)]
    return np.maximum.reduce(rods)


def _waves(rng: np.random.Generator, x: np.ndarray, y: np.ndarray, length: float, n: int):
    """(H, W): n plane waves of about one length in random directions; its deviation is 1."""
    angle, phase = rng.uniform(0, np.pi, n), rng.uniform(0, 2 * np.pi, n)
    k = 2 * np.pi / (length * rng.uniform(0.8, 1.25, n))
    total = np.zeros(np.broadcast_shapes(x.shape, y.shape), np.float32)
    for a, b, c in np.float32(np.stack([k * np.cos(angle), k * np.sin(angle), phase], 1)):
        total += np.cos(a * x + (b * y + c))
    return total * np.float32(np.sqrt(2 / n))


def _soft(field: np.ndarray, width: float) -> np.ndarray:
    """A smooth step from 0 (a width outside) to 1 (a width inside)."""
    t = (field * np.float32(0.5 / width) + np.float32(0.5)).clip(0, 1)
    return t * t * (3 - 2 * t)


def _which(rng: np.random.Generator, shares: np.ndarray) -> int:
    """One of n + 1, given the sums of the shares of n."""
    return int(np.searchsorted(shares, rng.random(), side="right"))


# ---- chest ----


def _chest(rng: np.random.Generator, height: int, width: int) -> tuple[np.ndarray, np.ndarray]:
    """One X-ray: what the rays meet is added up, and 1 − exp(−sum) is what film would show."""
    plane = _plane(
        height, width, rng.normal(0, 0.035), rng.uniform(0.88, 1.06), rng.normal(0, 0.035, 2)
    )
    x, y = plane.x, plane.y
    middle = np.float32(rng.normal(0, 0.02))
    right, left, cage, floor = _lungs(rng, x - middle, y)
    heart = _heart(rng, plane, floor)
    lungs = np.maximum(right, left)
    clavicles = np.maximum(_clavicle(rng, x, y), _clavicle(rng, -x, y))

    rays = _flesh(rng, plane, lungs, cage, heart, middle)
    rays += _bones(rng, plane, cage, clavicles, middle)
    rays *= np.float32(rng.uniform(0.7, 1.0))
    rays += _in_the_way(rng, plane)
    film = 1 - np.exp(-rays)
    film = film * np.float32(rng.uniform(0.9, 1.02)) + np.float32(rng.uniform(-0.02, 0.05))
    film += rng.normal(0, rng.uniform(0.008, 0.035), film.shape).astype(np.float32)

    mask = np.zeros((height, width), np.uint8)
    for label, shape in enumerate((lungs, heart, clavicles), 1):
        mask[shape > 0] = label
    return film.clip(0, 1), mask


def _lungs(
    rng: np.random.Generator, x: np.ndarray, y: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, float]:
    """How far inside the right lung (on the left of the film), the left lung and the rib cage; and
    how far down the diaphragm's right dome is."""
    apex, girth = rng.uniform(-0.78, -0.7), rng.uniform(0.8, 0.88)
    breath = rng.uniform(0.3, 0.52)  # where the right dome of the diaphragm is
    below = ((y - np.float32(apex)) / np.float32(1.4)).clip(0, 1.2)
    outer = np.float32(0.2) + np.float32(girth - 0.2) * below ** np.float32(0.38)
    inner = np.float32(0.13) + np.float32(0.07) * np.exp(below * np.float32(-16))
    sides = []
    for side, dome in ((-1, breath), (1, breath + rng.uniform(0.02, 0.1))):
        out = np.float32(side) * x
        bend = out - np.float32(rng.uniform(0.33, 0.42))
        drop = np.where(bend > 0, np.float32(rng.uniform(1.3, 1.9)), np.float32(0.5)) * bend * bend
        floor = np.float32(dome) + drop
        lung = np.minimum(np.minimum(outer - out, out - inner), (floor - y) * np.float32(0.8))
        sides.append(np.minimum(lung, y - np.float32(apex)))
    return sides[0], sides[1], outer - np.abs(x), breath


def _heart(rng: np.random.Generator, plane: Plane, floor: float) -> np.ndarray:
    """How far inside the heart, which rests on the diaphragm: the left ventricle, which points down to the right of the film, and the right atrium."""
    y, wide = floor - rng.uniform(0.1, 0.2), rng.uniform(0.9, 1.2)
    turn = rng.uniform(-1.05, -0.75)
    ventricle = _ellipse(plane, 0.17 * wide, y, 0.25 * wide, 0.37 * wide, turn)
    atrium = _ellipse(plane, -0.03, y - 0.01, 0.22 * wide, 0.29)
    return np.maximum(ventricle, atrium)


def _clavicle(rng: np.random.Generator, out: np.ndarray, y: np.ndarray) -> np.ndarray:
    """How far inside the clavicle of one side: an S from the breastbone up to the shoulder."""
    rise, bow = rng.uniform(0.02, 0.2), rng.uniform(0.015, 0.05)
    start, length = rng.uniform(0.07, 0.11), rng.uniform(0.62, 0.74)
    t = (out - np.float32(start)) / np.float32(length)
    bend = np.sin(np.float32(2 * np.pi) * t.clip(0, 1))
    line = np.float32(rng.uniform(-0.6, -0.52)) - np.float32(rise) * t + np.float32(bow) * bend
    thick = np.float32(0.034) + np.float32(0.014) * np.abs(2 * t - 1).clip(0, 1)
    ends = np.minimum(t, 1 - t) * np.float32(length)
    return np.minimum((thick - np.abs(y - line)) * np.float32(0.95), ends)


def _flesh(
    rng: np.random.Generator,
    plane: Plane,
    lungs: np.ndarray,
    cage: np.ndarray,
    heart: np.ndarray,
    middle: np.float32,
) -> np.ndarray:
    """What muscle, blood and fat absorb, and what air does not."""
    x, y = plane.x, plane.y
    # Shoulders slope from the neck, and the arms hang outside the frame.
    shoulder = np.float32(-0.9) + np.float32(0.5) * (np.abs(x) - 0.34).clip(0) ** 2
    neck = np.float32(0.25) + np.float32(0.4) * (y + np.float32(1)).clip(0) - np.abs(x)
    body = np.maximum(np.minimum(y - shoulder, np.float32(1.12) - np.abs(x)), neck)
    depth = np.float32(1.5) * np.sqrt((1 - (x / np.float32(1.25)) ** 2).clip(0.05))
    rays = _soft(body, 0.05) * depth * (1 + np.float32(0.16) * (y + np.float32(0.3)))
    air = _soft(lungs, 0.025) * (1 - _soft(heart, 0.03))
    rays -= air * np.float32(rng.uniform(1.0, 1.2))
    # The aortic knob, the great vessels, and the windpipe, which is full of air.
    knob = _ellipse(plane, 0.12, rng.uniform(-0.3, -0.22), 0.12, 0.13)
    hila = _soft(knob, 0.03) * np.float32(0.7)
    for side in (-1, 1):
        hilum = _ellipse(plane, side * 0.22, 0.0 - 0.04 * side, 0.1, 0.2, -0.2 * side)
        hila = hila + _soft(hilum, 0.09) * np.float32(0.35)
    rays += air * (hila + _vessels(rng, plane, lungs))
    pipe = np.minimum(np.float32(0.055) - np.abs(x - middle), np.float32(-0.2) - y)
    rays -= _soft(pipe, 0.03) * np.float32(0.4)
    stomach = _ellipse(plane, 0.38, rng.uniform(0.74, 0.84), 0.17, 0.08)
    rays -= _soft(np.minimum(stomach, -lungs), 0.03) * np.float32(rng.uniform(0, 0.8))
    return rays.clip(0.02)


def _vessels(rng: np.random.Generator, plane: Plane, lungs: np.ndarray) -> np.ndarray:
    """Branches that leave each hilum and thin out."""
    dx, dy = np.abs(plane.x) - np.float32(0.17), plane.y
    far = np.hypot(dx, dy)
    angle = np.arctan2(dy, dx) + np.float32(0.3) * np.sin(far * 9 + np.sign(plane.x))
    n = 24
    rays = rng.random((2, n)) ** 3
    turn = (angle / np.float32(np.pi) + 1) * np.float32((n - 1) / 2)
    which = turn.astype(np.intp).clip(0, n - 2)
    part = turn - which
    rays = np.where(plane.x < 0, *(r[which] * (1 - part) + r[which + 1] * part for r in rays))
    return rays.astype(np.float32) * np.exp(far * np.float32(-3)) * np.float32(0.75)


def _bones(
    rng: np.random.Generator,
    plane: Plane,
    cage: np.ndarray,
    clavicles: np.ndarray,
    middle: np.float32,
) -> np.ndarray:
    """Ribs (behind: sloping down outwards; in front: down inwards), spine, clavicles, shoulders."""
    x, y = plane.x, plane.y
    out = np.abs(x - middle)
    gap = np.float32(rng.uniform(0.165, 0.195))
    start = np.float32(rng.uniform(0, 1))
    inside = _soft(cage + np.float32(0.03), 0.03)
    behind = (y + np.float32(0.12) * np.cos(out * np.float32(4.2)) - out * 0.12) / gap + start
    front = (y - np.float32(0.8) * (np.float32(0.75) - out).clip(0) ** 1.5 * 1.1) / gap + start
    ribs = _band(behind, 0.2) * np.float32(0.26)
    ribs += _band(front, 0.22) * _soft(out - np.float32(0.36), 0.14) * np.float32(0.17)
    high = _soft(np.float32(0.62) - y, 0.3) * _soft(y + np.float32(0.74), 0.08)
    bones = ribs * inside * high
    spine = np.float32(0.1) - np.abs(x - middle)
    discs = 1 - np.float32(0.45) * _band(y / np.float32(0.135) + start, 0.14)
    bones += _soft(spine, 0.03) * discs * np.float32(rng.uniform(0.2, 0.4))
    bones += plane.share(clavicles) * np.float32(rng.uniform(0.42, 0.6))
    for side in (-1, 1):
        sx = side * rng.uniform(0.9, 0.98)
        arm = _rod(plane, (sx, -0.62), (side * 1.12, 0.2), 0.1)
        blade = np.minimum(
            _rod(plane, (side * 0.86, -0.55), (side * 0.72, 0.1), 0.1),
            np.float32(0.2) - np.abs(y + 0.25) * np.float32(0.3),
        )
        bones += _soft(arm, 0.03) * np.float32(0.5) + _soft(blade, 0.05) * np.float32(0.13)
    return bones


def _band(phase: np.ndarray, half: float) -> np.ndarray:
    """Stripes, one in each whole number: a bump of half width `half`, bright at both edges."""
    off = np.abs(phase - np.rint(phase)) * np.float32(1 / half)
    return (1 - off**6).clip(0) * (np.float32(0.7) + np.float32(0.5) * off)


def _in_the_way(rng: np.random.Generator, plane: Plane) -> np.ndarray:
    """What hangs before the chest in some X-rays, and the letter L that lies beside it in most."""
    rays = np.zeros_like(plane.x)
    if rng.random() < 0.8:
        lx, ly = 0.82 + rng.uniform(-0.06, 0.06), -0.84
        letter = _path(plane, [(lx, ly - 0.08), (lx, ly + 0.06), (lx + 0.08, ly + 0.06)], 0.018)
        rays += plane.share(letter) * 2
    thing = _which(rng, IN_THE_WAY)
    if thing < 3:
        rays += (_pacemaker, _electrodes, _hand)[thing](rng, plane)
    return rays


def _pacemaker(rng: np.random.Generator, plane: Plane) -> np.ndarray:
    """A box under the skin of the chest, and a lead that runs through a vein into the heart."""
    side = rng.choice([-1, 1], p=[0.3, 0.7])
    x, y = side * rng.uniform(0.5, 0.62), rng.uniform(-0.36, -0.22)
    box = _ellipse(plane, x, y, 0.13, 0.15, rng.uniform(-0.4, 0.4))
    head = _rod(plane, (x - 0.05, y - 0.12), (x + 0.05, y - 0.12), 0.05)
    tip = rng.uniform(0.12, 0.3)
    points = [(x, y - 0.13), (side * 0.3, -0.52), (-0.03, -0.4), (-0.1, 0.1), (0.02, 0.32)]
    lead = _path(plane, [*points, (tip, 0.4)], 0.014)
    return plane.share(np.maximum(box, head)) * np.float32(1.6) + plane.share(lead) * np.float32(1)


def _electrodes(rng: np.random.Generator, plane: Plane) -> np.ndarray:
    """Discs stuck to the skin, and their wires, which leave the film."""
    rays = np.zeros_like(plane.x)
    for _ in range(rng.integers(2, 5)):
        side = rng.choice([-1, 1])
        x, y = side * rng.uniform(0.25, 0.75), rng.uniform(-0.5, 0.6)
        end = rng.uniform(-0.5, 0.5), 1.3
        bend = (x + 0.3 * end[0]) / 1.3 + rng.normal(0, 0.1), (y + 0.5) / 1.5 + 0.2
        wire = _path(plane, [(x, y), bend, end], 0.011)
        rays = np.maximum(rays, plane.share(wire) * np.float32(0.8))
        rays = np.maximum(rays, plane.share(_ellipse(plane, x, y, 0.045, 0.045)) * np.float32(1.4))
    return rays


def _hand(rng: np.random.Generator, plane: Plane) -> np.ndarray:
    """A hand that reaches in from a side: a palm with five fingers, each of bones with gaps."""
    side = rng.choice([-1, 1])
    palm = np.array([side * rng.uniform(0.7, 0.9), rng.uniform(-0.1, 0.7)])
    aim = np.arctan2(-palm[1] * 0.6, -palm[0]) + rng.normal(0, 0.3)
    scale, thumb = rng.uniform(1.25, 1.6), rng.choice([-1, 1])
    flesh = _ellipse(plane, *palm, 0.2 * scale, 0.17 * scale, aim)
    wrist = palm - 0.6 * np.array([np.cos(aim), np.sin(aim)])
    flesh = np.maximum(flesh, _rod(plane, palm, wrist, 0.13 * scale))
    bones = np.maximum(_rod(plane, wrist, palm - 0.2 * (palm - wrist), 0.045), -1)
    fingers = [(-0.32, 0.36), (-0.1, 0.42), (0.1, 0.4), (0.3, 0.31), (-0.95, 0.2)]
    for spread, length in fingers:
        way = np.array([np.cos(aim + thumb * spread), np.sin(aim + thumb * spread)])
        knuckle, tip = palm + 0.17 * scale * way, palm + (0.17 + length) * scale * way
        flesh = np.maximum(flesh, _rod(plane, palm, tip, 0.05 * scale))
        cuts = [palm + 0.05 * way, knuckle, knuckle + 0.48 * (tip - knuckle)]
        cuts += [knuckle + 0.78 * (tip - knuckle), tip]
        for a, b in zip(cuts, cuts[1:], strict=False):
            part = 0.08 * (b - a)
            bones = np.maximum(bones, _rod(plane, a + part, b - part, 0.021 * scale))
    return plane.share(flesh) * np.float32(0.3) + plane.share(bones) * np.float32(0.45)


# ---- brain ----


def _brain(rng: np.random.Generator, height: int, width: int) -> tuple[np.ndarray, np.ndarray]:
    """One slice: water fills the skull, in it lies folded tissue, and in that the tumours."""
    plane = _plane(
        height, width, rng.normal(0, 0.09), rng.uniform(0.9, 1.02), rng.normal(0, 0.035, 2)
    )
    level = rng.random()  # 0: through the ventricles' middle, 1: near the top of the head
    wide, long = (0.72 - 0.1 * level) * rng.uniform(0.94, 1.04), 0.9 - 0.1 * level
    egg = plane._replace(x=plane.x * (1 + np.float32(0.1) * -plane.y))  # narrower at the front
    head = _ellipse(egg, 0, 0, wide, long) + 0.008 * _waves(rng, plane.x, plane.y, 0.9, 3)
    skin, bone = rng.uniform(0.03, 0.06), rng.uniform(0.05, 0.08)
    brain = head - np.float32(skin + bone + 0.02)  # how far below the brain's surface

    fold, gray = _folds(rng, plane, brain, level)
    ventricles = _ventricles(rng, plane, level)
    tissue = np.minimum(np.minimum(brain, fold), -ventricles)
    tumours = [_tumour(rng, plane, brain, wide, long) for _ in range(_which(rng, TUMOURS))]
    tumour = np.maximum.reduce([t for t, _ in tumours], initial=-1, axis=0)

    white, water_light = rng.uniform(0.62, 0.78), rng.uniform(0.08, 0.16)
    contrast = rng.uniform(0.68, 0.82)  # gray matter, as a share of white
    matter = white * (contrast + (1 - contrast) * _soft(np.minimum(fold, brain) - gray, 0.02))
    matter = matter - (1 - contrast) * white * _nuclei(rng, plane, level)
    slice_ = np.float32(water_light) * plane.share(brain + 0.02)
    slice_ = _over(slice_, plane.share(tissue), matter)
    slice_ = _over(slice_, _vessel_dots(rng, plane, level, long - skin - bone), 0.95)
    for inside, look in tumours:
        slice_ = _over(slice_, *look(slice_, np.minimum(inside, brain)))
    scalp = plane.share(np.minimum(head, np.float32(skin) - head))
    marrow = np.float32(bone / 2 - 0.02) - np.abs(head - np.float32(skin + bone / 2))
    slice_ = slice_ + scalp * np.float32(rng.uniform(0.6, 0.9))
    slice_ = slice_ + _soft(marrow, 0.015) * np.float32(rng.uniform(0.05, 0.3))

    slice_ = slice_ * (1 + np.float32(0.1) * _waves(rng, plane.x, plane.y, 3.5, 2))
    noise = rng.normal(0, rng.uniform(0.01, 0.035), (2, height, width)).astype(np.float32)
    slice_ = np.hypot(slice_ + noise[0], noise[1])  # as magnitudes of complex numbers are noisy
    slice_ *= np.float32(rng.uniform(0.85, 1.1))
    mask = (tissue > 0).astype(np.uint8)
    mask[np.minimum(tumour, brain) > 0] = 2
    return slice_.clip(0, 1), mask


def _over(below: np.ndarray, share: np.ndarray, light: np.ndarray | float) -> np.ndarray:
    """Lay something over a picture where it covers a share of each pixel."""
    return below + share * (light - below)


def _folds(
    rng: np.random.Generator, plane: Plane, brain: np.ndarray, level: float
) -> tuple[np.ndarray, np.float32]:
    """How far from the water of the nearest furrow, and how thick gray matter is.

    Furrows are where a sum of waves is zero, near the surface; and the cleft between the halves.
    The halves mirror each other, not quite.
    """
    x, y = np.abs(plane.x + np.float32(0.015)), plane.y
    length = rng.uniform(0.28, 0.34)
    furrow = np.abs(_waves(rng, x, y, length, 6)) * np.float32(length / (2 * np.pi))
    slow = _waves(rng, x, y, 0.5, 3)
    furrow = furrow - np.float32(rng.uniform(0, 0.01)) + np.float32(0.012) * slow
    deep = (brain - np.float32(0.24 + 0.1 * level) - np.float32(0.06) * slow).clip(0)
    bridge = np.float32(0.3 - 0.4 * level) - np.abs(y + np.float32(0.03))
    cleft = np.abs(plane.x) - np.float32(0.008) + bridge.clip(0)
    return np.minimum(furrow + deep, cleft), np.float32(rng.uniform(0.03, 0.045))


def _ventricles(rng: np.random.Generator, plane: Plane, level: float) -> np.ndarray:
    """Two horns on each side of the middle, like a butterfly; high in the head there are none."""
    size = rng.uniform(0.7, 1.3) * min(1.0, 3.5 * (0.75 - level))
    if size < 0.5:
        return np.full_like(plane.x, -1)
    out, y = np.abs(plane.x), plane.y + np.float32(0.02)
    ends = np.float32(0.2 + 0.14 * size)
    middle = np.float32(0.035 + 0.02 * size) + np.float32(1.1) * y * y
    taper = np.sqrt((1 - (y / ends) ** 2).clip(0))
    thick = np.float32(0.062 * size) * taper * (np.float32(0.5) + np.float32(2.4) * np.abs(y))
    horns = thick - np.abs(out - middle) - np.float32(0.02) * (np.abs(y) > ends)
    third = np.minimum(np.float32(0.016 * size) - out, np.float32(0.1) - np.abs(y - 0.05))
    return np.maximum(horns, third)


def _nuclei(rng: np.random.Generator, plane: Plane, level: float) -> np.ndarray:
    """Gray matter in the depth: caudate nucleus, lentiform nucleus and thalamus, on both sides."""
    if level > 0.5:
        return np.float32(0)
    mirrored = plane._replace(x=np.abs(plane.x))
    lentiform = _ellipse(mirrored, 0.28, -0.02, 0.07, 0.16, 0.35)
    thalamus = _ellipse(mirrored, 0.11, 0.12, 0.08, 0.12, -0.4)
    caudate = _ellipse(mirrored, 0.15, -0.2, 0.04, 0.09, -0.2)
    nuclei = np.maximum(np.maximum(lentiform, thalamus), caudate)
    return _soft(nuclei, 0.025) * np.float32(rng.uniform(0.6, 1))


def _vessel_dots(rng: np.random.Generator, plane: Plane, level: float, back: float) -> np.ndarray:
    """Blood that lights up and is no tumour: the sinus at the back, and plexus in the ventricles."""
    sinus = _ellipse(plane, rng.normal(0, 0.01), back - 0.03, 0.035, 0.045)
    dots = plane.share(sinus)
    if level < 0.35:
        out = plane._replace(x=np.abs(plane.x))
        plexus = _ellipse(out, 0.17, rng.uniform(0.2, 0.26), 0.02, 0.05, -0.4)
        dots = np.maximum(dots, plane.share(plexus) * np.float32(rng.uniform(0.2, 0.9)))
    return dots


Look = Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]


def _tumour(
    rng: np.random.Generator, plane: Plane, brain: np.ndarray, wide: float, long: float
) -> tuple[np.ndarray, Look]:
    """How far inside one tumour, and what it makes of the picture."""
    radius = 0.045 + 0.2 * rng.random() ** 2.5
    angle, away = rng.uniform(0, 2 * np.pi), np.sqrt(rng.uniform(0.02, 1))
    cx = (wide - 0.2 - radius * 0.7) * away * np.cos(angle)
    cy = (long - 0.22 - radius * 0.7) * away * np.sin(angle)
    stretch = rng.uniform(0.75, 1.3)
    inside = _ellipse(plane, cx, cy, radius * stretch, radius / stretch, rng.uniform(0, np.pi))
    inside = inside + np.float32(0.16 * radius) * _waves(rng, plane.x, plane.y, 2.2 * radius, 4)
    inside = np.where(np.hypot(plane.x - cx, plane.y - cy) > 2 * radius, -1, inside)
    kind = rng.choice(["bright", "rim", "dark"], p=[0.45, 0.35, 0.2])
    light, core = rng.uniform(0.85, 1.05), rng.uniform(0.2, 0.4)
    swelling = rng.uniform(0.05, 0.16)

    def look(below: np.ndarray, inside: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        around = _soft(inside + np.float32(swelling), 0.05) * _soft(brain, 0.03)
        ground = below * (1 - np.float32(0.25) * around)  # swollen tissue holds water
        if kind == "bright":
            fill = np.float32(light)
        elif kind == "rim":
            fill = np.float32(light) + _soft(inside - 0.4 * radius, 0.02) * np.float32(core - light)
        else:
            fill = np.float32(core)
        return np.float32(1), _over(ground, plane.share(inside), fill)

    return inside, look
