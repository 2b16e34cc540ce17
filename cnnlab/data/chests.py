"""One X-ray of a chest at a time: what `cnnlab.data.chest_xrays` draws."""

import math
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from cnnlab.data.fields import Plane, ellipse, grain, overlap, path, rod, soft, union, which

IN_THE_WAY = np.cumsum([0.16, 0.12, 0.1])  # shares of X-rays: pacemaker, electrodes, a hand
BRANCHES = 24  # directions in which vessels may leave a hilum


class Chest(NamedTuple):
    """The pose of one chest, and how far inside its organs each point is, ``(H, W)`` each."""

    plane: Plane
    middle: float  # where the spine is
    cage: np.ndarray
    lungs: np.ndarray
    heart: np.ndarray
    clavicles: np.ndarray


def draw(rng: np.random.Generator, height: int, width: int) -> tuple[np.ndarray, np.ndarray]:
    """One X-ray and its mask. What absorbs is added up along each ray, as in a body.

    Of rays that pass a sum of s, exp(−s) are left, and film is bright where few are left.
    """
    chest = _chest(rng, height, width)
    rays = _flesh(rng, chest)
    rays += _bones(rng, chest)
    rays *= rng.uniform(0.7, 1.0)  # a child, or a man
    rays += _in_the_way(rng, chest.plane)
    film = (1 - np.exp(-rays)) * rng.uniform(0.9, 1.02) + rng.uniform(-0.02, 0.05)
    film += grain(rng, film.shape, rng.uniform(0.008, 0.035))
    mask = np.zeros((height, width), np.uint8)
    for label, inside in enumerate((chest.lungs, chest.heart, chest.clavicles), 1):
        mask[inside > 0] = label
    return film.clip(0, 1), mask


def _chest(rng: np.random.Generator, height: int, width: int) -> Chest:
    turn, right, down, middle = rng.normal(0, [0.035, 0.035, 0.035, 0.02]).tolist()
    plane = Plane.of(height, width, turn, rng.uniform(0.88, 1.06), right, down)
    floor = rng.uniform(0.3, 0.52)  # where the diaphragm's right dome is: how deep the breath was
    cage, lungs = _lungs(rng, plane.x - middle, plane.y, floor)
    clavicles = union(*(_clavicle(rng, side * plane.x, plane.y) for side in (1, -1)))
    return Chest(plane, middle, cage, lungs, _heart(rng, plane, floor), clavicles)


def _lungs(
    rng: np.random.Generator, x: np.ndarray, y: np.ndarray, floor: float
) -> tuple[np.ndarray, np.ndarray]:
    """The rib cage, and the two lungs in it. The right one is on the left of the film."""
    apex, girth = rng.uniform(-0.78, -0.7), rng.uniform(0.8, 0.88)
    below = ((y - apex) * (1 / 1.4)).clip(0, 1.2)
    root = np.sqrt(below)
    outer = 0.2 + (girth - 0.2) / 2 * (root + np.sqrt(root))
    inner = 0.13 + 0.07 * np.exp(-16 * below)
    sides = []
    for side, dome in ((-1, floor), (1, floor + rng.uniform(0.02, 0.1))):
        out = side * x
        bend = out - rng.uniform(0.33, 0.42)
        drop = bend * bend * (0.5 + rng.uniform(0.8, 1.4) * (bend > 0))
        base = (dome + drop - y) * 0.8
        sides.append(overlap(outer - out, out - inner, base, y - apex))
    return outer - np.abs(x), union(*sides)


def _heart(rng: np.random.Generator, plane: Plane, floor: float) -> np.ndarray:
    """On the diaphragm: the left ventricle, to the right of the film, and the right atrium."""
    y, wide = floor - rng.uniform(0.1, 0.2), rng.uniform(0.9, 1.2)
    turn = rng.uniform(-1.05, -0.75)
    ventricle = ellipse(plane, 0.17 * wide, y, 0.25 * wide, 0.37 * wide, turn)
    return union(ventricle, ellipse(plane, -0.03, y - 0.01, 0.22 * wide, 0.29))


def _clavicle(rng: np.random.Generator, out: np.ndarray, y: np.ndarray) -> np.ndarray:
    """On one side: an S from the breastbone up to the shoulder."""
    rise, bow = rng.uniform(0.02, 0.2), rng.uniform(0.015, 0.05)
    start, length = rng.uniform(0.07, 0.11), rng.uniform(0.62, 0.74)
    t = (out - start) * (1 / length)
    within = t.clip(0, 1)
    line = rng.uniform(-0.6, -0.52) - rise * t + bow * np.sin(2 * math.pi * within)
    thick = 0.034 + 0.014 * np.abs(2 * within - 1)
    return overlap(thick - np.abs(y - line), np.minimum(t, 1 - t) * length)


def _flesh(rng: np.random.Generator, chest: Chest) -> np.ndarray:
    """What muscle, fat and blood absorb, and air does not."""
    plane, (x, y, _) = chest.plane, chest.plane
    out = np.abs(x)
    shoulder = (out - 0.34).clip(0)
    neck = 0.25 + 0.4 * (y + 1).clip(0) - out
    body = union(overlap(y + 0.9 - 0.5 * shoulder * shoulder, 1.12 - out), neck)
    deep = np.sqrt((1 - x * x * (1 / 1.25**2)).clip(0.05))
    rays = soft(body, 0.05) * deep * (1.57 + 0.24 * y)
    air = soft(chest.lungs, 0.025) * (1 - soft(chest.heart, 0.03))
    # In the lungs: the aortic knob, the two hila, and the vessels that leave them.
    knob = ellipse(plane, 0.12, rng.uniform(-0.3, -0.22), 0.12, 0.13)
    blood = 0.7 * soft(knob, 0.03) + _vessels(rng, plane)
    for side in (-1, 1):
        blood += 0.35 * soft(ellipse(plane, 0.22 * side, -0.04 * side, 0.1, 0.2, -0.2 * side), 0.09)
    rays += air * (blood - rng.uniform(1.0, 1.2))
    windpipe = overlap(0.055 - np.abs(x - chest.middle), -0.2 - y)
    rays -= 0.4 * soft(windpipe, 0.03)
    bubble = overlap(ellipse(plane, 0.38, rng.uniform(0.74, 0.84), 0.17, 0.08), -chest.lungs)
    rays -= rng.uniform(0, 0.8) * soft(bubble, 0.03)  # air in the stomach
    return rays.clip(0.02)


def _vessels(rng: np.random.Generator, plane: Plane) -> np.ndarray:
    """Branches that leave the hilum of each lung, bend, and thin out."""
    dx, dy = np.abs(plane.x) - 0.17, plane.y
    far = np.sqrt(dx * dx + dy * dy)
    turn = np.arctan2(dy, dx) + 0.3 * np.sin(9 * far + np.sign(plane.x))
    place = ((turn * (1 / math.pi) + 1) * ((BRANCHES - 1) / 2)).clip(0, BRANCHES - 1.01)
    first = place.astype(np.intp)
    part = place - first
    side = BRANCHES * (plane.x > 0)
    strength = rng.random(2 * BRANCHES, np.float32) ** 3
    near, next_ = strength[first + side], strength[first + side + 1]
    return (near + part * (next_ - near)) * np.exp(-3 * far) * 0.75


def _bones(rng: np.random.Generator, chest: Chest) -> np.ndarray:
    """Ribs at the back, which slope down outwards, and in front, down inwards; spine; shoulders."""
    plane, (x, y, _) = chest.plane, chest.plane
    out = np.abs(x - chest.middle)
    gap, start = rng.uniform(0.165, 0.195), rng.random()
    back = (y + 0.12 * np.cos(4.2 * out) - 0.12 * out) * (1 / gap) + start
    slope = (0.75 - out).clip(0)
    front = (y - 0.88 * slope * np.sqrt(slope)) * (1 / gap) + start
    ribs = 0.26 * _stripes(back, 0.2) + 0.17 * _stripes(front, 0.22) * soft(out - 0.36, 0.14)
    bones = ribs * soft(chest.cage + 0.03, 0.03) * soft(0.62 - y, 0.3) * soft(y + 0.74, 0.08)
    discs = 1 - 0.45 * _stripes(y * (1 / 0.135) + start, 0.14)
    bones += soft(0.1 - out, 0.03) * discs * rng.uniform(0.2, 0.4)
    bones += plane.share(chest.clavicles) * rng.uniform(0.42, 0.6)
    half = plane.mirrored()
    bones += 0.5 * soft(rod(half, (rng.uniform(0.9, 0.98), -0.62), (1.12, 0.2), 0.1), 0.03)  # arms
    bones += 0.13 * soft(rod(half, (0.86, -0.55), (0.72, 0.1), 0.1), 0.05)  # shoulder blades
    return bones


def _stripes(phase: np.ndarray, half: float) -> np.ndarray:
    """One around each whole number, of half width `half`, brighter towards its edges."""
    off = np.abs(phase - np.rint(phase)) * (1 / half)
    square = off * off
    return (1 - square * square * square).clip(0) * (0.7 + 0.5 * off)


def _in_the_way(rng: np.random.Generator, plane: Plane) -> np.ndarray:
    """What lies before some chests; and the letter L of lead beside most."""
    rays = np.zeros_like(plane.x)
    if rng.random() < 0.8:
        x, y = 0.82 + rng.uniform(-0.06, 0.06), -0.84
        letter = path(plane, [(x, y - 0.08), (x, y + 0.06), (x + 0.08, y + 0.06)], 0.018)
        rays += 2 * plane.share(letter)
    thing = which(rng, IN_THE_WAY)
    return rays + (_pacemaker, _electrodes, _hand)[thing](rng, plane) if thing < 3 else rays


def _pacemaker(rng: np.random.Generator, plane: Plane) -> np.ndarray:
    """A box under the skin, and a lead that runs through a vein into the heart."""
    side = 1 if rng.random() < 0.7 else -1
    x, y = side * rng.uniform(0.5, 0.62), rng.uniform(-0.36, -0.22)
    box = ellipse(plane, x, y, 0.13, 0.15, rng.uniform(-0.4, 0.4))
    box = union(box, rod(plane, (x - 0.05, y - 0.12), (x + 0.05, y - 0.12), 0.05))
    vein = [(x, y - 0.13), (0.3 * side, -0.52), (-0.03, -0.4), (-0.1, 0.1), (0.02, 0.32)]
    lead = path(plane, [*vein, (rng.uniform(0.12, 0.3), 0.4)], 0.014)
    return 1.6 * plane.share(box) + plane.share(lead)


def _electrodes(rng: np.random.Generator, plane: Plane) -> np.ndarray:
    """Discs on the skin, and their wires, which leave the film at its foot."""
    rays = np.zeros_like(plane.x)
    for _ in range(rng.integers(2, 5)):
        x, y = rng.uniform(0.25, 0.75) * (1 if rng.random() < 0.5 else -1), rng.uniform(-0.5, 0.6)
        foot = rng.uniform(-0.5, 0.5)
        bend = (x + 0.3 * foot) / 1.3 + rng.normal(0, 0.1), (y + 0.5) / 1.5 + 0.2
        wire = path(plane, [(x, y), bend, (foot, 1.3)], 0.011)
        rays = np.maximum(rays, 0.8 * plane.share(wire))
        rays = np.maximum(rays, 1.4 * plane.share(ellipse(plane, x, y, 0.045, 0.045)))
    return rays


# For each finger, the thumb last: its direction (radians) and its length, in palms.
FINGERS = ((-0.32, 0.36), (-0.1, 0.42), (0.1, 0.4), (0.3, 0.31), (-0.95, 0.2))


def _hand(rng: np.random.Generator, plane: Plane) -> np.ndarray:
    """A hand that reaches in from a side, its bones apart from each other at the joints."""
    side, mirror = rng.choice([-1, 1], 2)
    palm = np.array([side * rng.uniform(0.7, 0.9), rng.uniform(-0.1, 0.7)])
    aim = math.atan2(-0.6 * palm[1], -palm[0]) + rng.normal(0, 0.3)
    size = rng.uniform(1.25, 1.6)
    wrist = palm - 0.6 * np.array([math.cos(aim), math.sin(aim)])
    flesh = [ellipse(plane, *palm.tolist(), 0.2 * size, 0.17 * size, aim)]
    flesh.append(rod(plane, palm, wrist, 0.13 * size))
    bones = [rod(plane, wrist, 0.8 * palm + 0.2 * wrist, 0.045)]
    for spread, length in FINGERS:
        way = np.array([math.cos(aim + mirror * spread), math.sin(aim + mirror * spread)])
        flesh.append(rod(plane, palm, palm + (0.17 + length) * size * way, 0.05 * size))
        joints = [0.05, 0.17 * size, *((0.17 + part * length) * size for part in (0.48, 0.78, 1))]
        for near, far in pairwise(joints):
            gap = 0.08 * (far - near)
            ends = (palm + (near + gap) * way, palm + (far - gap) * way)
            bones.append(rod(plane, *ends, 0.021 * size))
    return 0.3 * plane.share(union(*flesh)) + 0.45 * plane.share(union(*bones))
