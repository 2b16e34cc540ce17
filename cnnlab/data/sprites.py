"""What moves and stands in a street, as silhouettes of parts, drawn once and shrunk as needed.

A sprite is drawn at high resolution in metres: x from the rear to the front (it faces right), y up
from the ground. Each of its pixels belongs to one part, or to none. A part has a name, not a
colour: "paint", "glass", "tyre", … are given colours when the sprite is put into a scene.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

RESOLUTION = 48  # pixels for each metre, a few times what a scene shows
STEPS = (1, 2, 4)  # of the tables of a sprite; its sides are multiples of the last

Point = tuple[float, float]


@dataclass(frozen=True)
class Sprite:
    """Parts of a silhouette, ready to be shrunk to any size.

    Attributes
    ----------
    parts
        Names of the P parts.
    height, width
        In metres: of the tight box around what was drawn.
    tables
        The first is ``(rows + 1, columns + 1, P)`` float32: the number of pixels of each part
        above and to the left. Four of its entries give the sum over any rectangle, however
        large. The others have every second row and column of the one before.
    """

    parts: tuple[str, ...]
    height: float
    width: float
    tables: tuple[np.ndarray, ...]


class Canvas:
    """A drawing of parts; what is drawn later covers what was drawn before."""

    def __init__(self, width: float, height: float):
        rows, columns = round(height * RESOLUTION), round(width * RESOLUTION)
        self.x = (np.arange(columns) + 0.5) / RESOLUTION
        self.y = height - (np.arange(rows)[:, np.newaxis] + 0.5) / RESOLUTION
        self.names: list[str] = []
        self.part = np.full((rows, columns), -1)

    def fill(self, name: str, mask: np.ndarray) -> None:
        if name not in self.names:
            self.names.append(name)
        self.part[mask] = self.names.index(name)

    def ellipse(self, name: str, centre: Point, radius_x: float, radius_y: float) -> None:
        dx, dy = self.x - centre[0], self.y - centre[1]
        self.fill(name, (dx / radius_x) ** 2 + (dy / radius_y) ** 2 <= 1)

    def polygon(self, name: str, corners: Sequence[Point], rounded: int = 0) -> None:
        """The inside, by the number of edges that a ray to the right crosses."""
        points = _round(np.asarray(corners, float), rounded)
        inside = np.zeros(self.part.shape, bool)
        for (x0, y0), (x1, y1) in zip(points, np.roll(points, -1, axis=0), strict=True):
            if y0 != y1:
                between = (y0 > self.y) != (y1 > self.y)
                inside ^= between & (self.x < x0 + (self.y - y0) * (x1 - x0) / (y1 - y0))
        self.fill(name, inside)

    def limb(self, name: str, joints: Sequence[Point], *thickness: float) -> None:
        """A line through joints, whose thickness is given at each of them."""
        radii = np.broadcast_to(np.asarray(thickness) / 2, len(joints))
        for (x0, y0), (x1, y1), r0, r1 in zip(joints, joints[1:], radii, radii[1:], strict=False):
            dx, dy = x1 - x0, y1 - y0
            along = ((self.x - x0) * dx + (self.y - y0) * dy) / (dx**2 + dy**2)
            t = np.clip(along, 0, 1)
            distance = np.hypot(self.x - x0 - t * dx, self.y - y0 - t * dy)
            self.fill(name, distance <= r0 + t * (r1 - r0))

    def sprite(self) -> Sprite:
        """What was drawn, without its empty margin."""
        rows = np.flatnonzero((self.part >= 0).any(1))
        columns = np.flatnonzero((self.part >= 0).any(0))
        part = self.part[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
        more = [-length % STEPS[-1] for length in part.shape]
        part = np.pad(part, ((more[0], 0), (0, more[1])), constant_values=-1)
        height, width = part.shape
        table = np.zeros((height + 1, width + 1, len(self.names)), np.float32)
        masks = part[..., np.newaxis] == np.arange(len(self.names))
        table[1:, 1:] = masks.cumsum(0).cumsum(1)
        tables = tuple(np.ascontiguousarray(table[::step, ::step]) for step in STEPS)
        return Sprite(tuple(self.names), height / RESOLUTION, width / RESOLUTION, tables)


def _round(points: np.ndarray, times: int) -> np.ndarray:
    """The polygon with its corners cut, each time once more (Chaikin)."""
    for _ in range(times):
        after = np.roll(points, -1, axis=0)
        points = np.stack([0.75 * points + 0.25 * after, 0.25 * points + 0.75 * after], 1)
        points = points.reshape(-1, 2)
    return points


def coverage(
    sprite: Sprite, top: float, left: float, height: float, width: float, mirrored: bool
) -> tuple[int, int, np.ndarray]:
    """The share of every pixel that each part covers, when the sprite fills a box.

    Averages over the whole pixel, so nothing is aliased and positions may be fractions.

    Parameters
    ----------
    top, left, height, width
        The box in pixels of the scene; it may reach outside.
    mirrored
        Let it face left.

    Returns
    -------
    (row, column, shares)
        The first row and column of the pixels that are touched, and ``(rows, columns, P)``
        float32 in [0, 1].
    """
    cells = np.subtract(sprite.tables[0].shape[:2], 1)
    shrinks = (cells / (height, width)).min()
    table = sprite.tables[2 if shrinks >= 5 else 1 if shrinks >= 2.5 else 0]
    row, rows = _edges(top, height, len(table) - 1)
    column, columns = _edges(left, width, table.shape[1] - 1)
    if mirrored:
        columns = table.shape[1] - 1 - columns
    sums = np.diff(_between(np.diff(_between(table, rows, 0), axis=0), columns, 1), axis=1)
    area = cells.prod() / (height * width)
    return row, column, sums * np.float32(-1 / area if mirrored else 1 / area)


def _edges(start: float, length: float, cells: int) -> tuple[int, np.ndarray]:
    """The first pixel of a line that is touched, and where the pixels' edges are in cells."""
    first = int(np.floor(start))
    edges = np.arange(first, int(np.ceil(start + length)) + 1)
    return first, ((edges - start) * (cells / length)).clip(0, cells)


def _between(table: np.ndarray, places: np.ndarray, axis: int) -> np.ndarray:
    """Rows or columns of the table at fractional places."""
    whole = np.minimum(places.astype(int), table.shape[axis] - 2)
    part = (places - whole).astype(np.float32)
    part = part[:, np.newaxis, np.newaxis] if axis == 0 else part[:, np.newaxis]
    before, after = table.take(whole, axis), table.take(whole + 1, axis)
    after -= before
    after *= part
    after += before
    return after


# Cars: length and height in metres; outlines as shares of these; wheels as (x, radius in metres).
CARS = {
    "saloon": {
        "size": (4.5, 1.45),
        "body": [(0.0, 0.24), (0.0, 0.62), (0.2, 0.67), (0.72, 0.66), (0.96, 0.57), (1.0, 0.24)],
        "cabin": [(0.12, 0.6), (0.26, 1.0), (0.6, 1.02), (0.76, 0.6)],
        "windows": [
            [(0.2, 0.66), (0.29, 0.92), (0.43, 0.93), (0.43, 0.66)],
            [(0.46, 0.66), (0.46, 0.93), (0.58, 0.92), (0.69, 0.66)],
        ],
        "wheels": [(0.19, 0.32), (0.81, 0.32)],
    },
    "hatchback": {
        "size": (3.9, 1.52),
        "body": [(0.01, 0.22), (0.0, 0.66), (0.3, 0.68), (0.74, 0.65), (0.96, 0.55), (1.0, 0.22)],
        "cabin": [(0.01, 0.55), (0.08, 1.0), (0.55, 1.03), (0.78, 0.6)],
        "windows": [
            [(0.1, 0.68), (0.14, 0.92), (0.36, 0.93), (0.36, 0.68)],
            [(0.4, 0.68), (0.4, 0.93), (0.55, 0.92), (0.69, 0.66)],
        ],
        "wheels": [(0.19, 0.31), (0.81, 0.31)],
    },
    "off-roader": {
        "size": (4.6, 1.8),
        "body": [(0.0, 0.26), (0.0, 0.64), (0.3, 0.67), (0.75, 0.66), (0.99, 0.6), (1.0, 0.26)],
        "cabin": [(0.01, 0.6), (0.04, 1.0), (0.6, 1.02), (0.74, 0.62)],
        "windows": [
            [(0.06, 0.68), (0.08, 0.92), (0.24, 0.92), (0.24, 0.68)],
            [(0.27, 0.68), (0.27, 0.92), (0.42, 0.92), (0.42, 0.68)],
            [(0.45, 0.68), (0.45, 0.92), (0.59, 0.91), (0.68, 0.68)],
        ],
        "wheels": [(0.19, 0.39), (0.8, 0.39)],
    },
    "van": {
        "size": (4.8, 2.1),
        "body": [
            (0.0, 0.17),
            (0.0, 1.0),
            (0.7, 1.02),
            (0.8, 0.93),
            (0.9, 0.56),
            (1.0, 0.47),
            (1.0, 0.17),
        ],
        "cabin": [],
        "windows": [[(0.64, 0.56), (0.64, 0.87), (0.75, 0.87), (0.84, 0.56)]],
        "wheels": [(0.2, 0.35), (0.8, 0.35)],
    },
    "estate": {
        "size": (4.6, 1.5),
        "body": [(0.0, 0.23), (0.0, 0.64), (0.3, 0.67), (0.74, 0.65), (0.97, 0.56), (1.0, 0.23)],
        "cabin": [(0.0, 0.6), (0.06, 1.0), (0.58, 1.02), (0.76, 0.6)],
        "windows": [
            [(0.07, 0.68), (0.1, 0.91), (0.24, 0.92), (0.24, 0.68)],
            [(0.27, 0.68), (0.27, 0.92), (0.42, 0.92), (0.42, 0.68)],
            [(0.45, 0.68), (0.45, 0.92), (0.57, 0.92), (0.68, 0.67)],
        ],
        "wheels": [(0.19, 0.33), (0.8, 0.33)],
    },
    "pick-up": {
        "size": (5.1, 1.75),
        "body": [(0.0, 0.26), (0.0, 0.62), (0.4, 0.62), (0.72, 0.63), (0.98, 0.58), (1.0, 0.26)],
        "cabin": [(0.36, 0.58), (0.39, 1.0), (0.61, 1.02), (0.74, 0.6)],
        "windows": [[(0.41, 0.65), (0.43, 0.92), (0.59, 0.92), (0.68, 0.65)]],
        "wheels": [(0.19, 0.38), (0.81, 0.38)],
    },
    "coupé": {
        "size": (4.3, 1.28),
        "body": [(0.0, 0.24), (0.0, 0.66), (0.15, 0.74), (0.7, 0.68), (0.95, 0.54), (1.0, 0.22)],
        "cabin": [(0.08, 0.66), (0.32, 1.02), (0.52, 1.02), (0.76, 0.62)],
        "windows": [[(0.24, 0.7), (0.35, 0.93), (0.52, 0.93), (0.67, 0.69)]],
        "wheels": [(0.19, 0.33), (0.81, 0.33)],
    },
}


def _car(
    size: Point,
    body: Sequence[Point],
    cabin: Sequence[Point],
    windows: Sequence[Sequence[Point]],
    wheels: Sequence[Point],
) -> Sprite:
    canvas = Canvas(size[0], size[1] * 1.05)

    def metres(points: Sequence[Point]) -> list[Point]:
        return [(x * size[0], y * size[1]) for x, y in points]

    if cabin:
        canvas.polygon("paint", metres(cabin), rounded=2)
    canvas.polygon("paint", metres(body), rounded=2)
    for window in windows:
        canvas.polygon("glass", metres(window), rounded=1)
    floor = min(y for _, y in body)
    canvas.polygon(
        "sill", metres([(0.03, floor), (0.02, floor + 0.1), (0.98, floor + 0.1), (0.97, floor)])
    )
    canvas.limb("line", metres([(0.44, floor + 0.1), (0.445, 0.62)]), 0.03)
    canvas.limb("line", metres([(0.33, 0.585), (0.38, 0.585)]), 0.05)
    canvas.polygon("lamp", metres([(0.93, 0.42), (0.91, 0.52), (0.985, 0.48), (1.0, 0.4)]))
    canvas.polygon("tail", metres([(0.0, 0.46), (0.0, 0.6), (0.035, 0.6), (0.03, 0.46)]))
    for x, radius in wheels:
        centre = (x * size[0], radius)
        canvas.ellipse("arch", (centre[0], radius + 0.02), radius * 1.2, radius * 1.2)
        canvas.ellipse("tyre", centre, radius, radius)
        canvas.ellipse("rim", centre, radius * 0.62, radius * 0.62)
        canvas.ellipse("tyre", centre, radius * 0.18, radius * 0.18)
    # The arch is part of the body: it may not hang below it.
    canvas.part[(canvas.part == canvas.names.index("arch")) & (canvas.y < floor * size[1])] = -1
    return canvas.sprite()


# Motorcycles: what the kinds have, and where the rider's shoulder is if there is one.
MOTORCYCLES = {
    "roadster": {"fairing": None, "shoulder": (0.98, 1.40)},
    "racer": {
        "fairing": [(1.0, 0.4), (1.1, 0.95), (1.45, 1.12), (1.66, 0.9), (1.5, 0.6), (1.3, 0.35)],
        "shoulder": (1.1, 1.26),
    },
    "tourer": {
        "fairing": [(1.25, 0.6), (1.3, 1.0), (1.42, 1.4), (1.5, 1.05), (1.62, 0.85), (1.45, 0.6)],
        "shoulder": (0.95, 1.42),
    },
    "cruiser": {"fairing": None, "shoulder": (0.78, 1.36)},
    "roadster, parked": {"fairing": None, "shoulder": None},
    "racer, parked": {
        "fairing": [(1.0, 0.4), (1.1, 0.95), (1.45, 1.12), (1.66, 0.9), (1.5, 0.6), (1.3, 0.35)],
        "shoulder": None,
    },
}


def _motorcycle(fairing: Sequence[Point] | None, shoulder: Point | None) -> Sprite:
    canvas = Canvas(2.15, 1.9)
    rear, front, bar = (0.34, 0.32), (1.76, 0.32), (1.4, 1.06)
    for centre in (rear, front):
        canvas.ellipse("tyre", centre, 0.32, 0.32)
        canvas.ellipse("rim", centre, 0.22, 0.22)
        canvas.ellipse("metal", centre, 0.09, 0.09)
    canvas.limb("metal", [front, (1.5, 0.85), bar], 0.08)
    canvas.limb("frame", [rear, (0.95, 0.42), (1.35, 0.9)], 0.1)
    canvas.limb("frame", [(0.5, 0.85), (0.95, 0.45)], 0.08)
    canvas.polygon("engine", [(0.78, 0.25), (0.8, 0.72), (1.3, 0.74), (1.32, 0.3)], rounded=1)
    canvas.ellipse("metal", (1.0, 0.42), 0.14, 0.13)
    canvas.limb("metal", [(0.2, 0.42), (0.62, 0.36), (1.1, 0.27)], 0.13, 0.11, 0.07)
    canvas.polygon(
        "seat", [(0.28, 0.84), (0.3, 0.93), (0.6, 0.86), (0.98, 0.92), (0.98, 0.76), (0.5, 0.74)]
    )
    canvas.polygon("paint", [(0.1, 0.86), (0.2, 0.94), (0.52, 0.84), (0.62, 0.7), (0.4, 0.72)])
    canvas.polygon(
        "paint", [(0.86, 0.74), (0.9, 0.96), (1.15, 1.06), (1.4, 0.98), (1.38, 0.76)], rounded=2
    )
    if fairing:
        canvas.polygon("paint", fairing, rounded=2)
    canvas.polygon(
        "paint", [(1.5, 0.6), (1.6, 0.7), (1.9, 0.68), (2.06, 0.5), (1.8, 0.62)], rounded=1
    )
    canvas.ellipse("lamp", (1.53, 0.93), 0.085, 0.1)
    canvas.ellipse("tail", (0.12, 0.86), 0.05, 0.05)
    if shoulder:
        _rider(canvas, shoulder, bar)
    else:
        canvas.limb("metal", [(1.32, 1.12), bar, (1.36, 0.95)], 0.06)
    return canvas.sprite()


def _rider(canvas: Canvas, shoulder: Point, bar: Point) -> None:
    x, y = shoulder
    hip = (0.68, 0.98)
    canvas.limb("trousers", [hip, (1.12, 0.82), (0.98, 0.42)], 0.24, 0.18, 0.12)
    canvas.limb("shoes", [(0.96, 0.36), (1.12, 0.34)], 0.11)
    canvas.limb("top", [hip, (x - 0.06, y - 0.08)], 0.28, 0.36)
    canvas.limb("top", [(x, y - 0.04), (x + 0.18, y - 0.3), bar], 0.15, 0.13, 0.1)
    canvas.ellipse("helmet", (x + 0.1, y + 0.21), 0.17, 0.18)
    canvas.limb("glass", [(x + 0.16, y + 0.21), (x + 0.25, y + 0.2)], 0.11)


# Pedestrians: the stride of the legs and swing of the arms, in metres; what they wear and carry.
PEDESTRIANS = [
    {"stride": 0.34, "swing": 0.26},
    {"stride": 0.22, "swing": 0.16, "hair": "long"},
    {"stride": 0.28, "swing": 0.2, "coat": 0.62, "hair": "hat"},
    {"stride": 0.12, "swing": 0.1, "bag": "rucksack"},
    {"stride": 0.26, "swing": 0.18, "skirt": True, "hair": "long"},
    {"stride": 0.18, "swing": 0.05, "bag": "case"},
    {"stride": 0.38, "swing": 0.3, "shorts": True},
    {"stride": 0.3, "swing": 0.22, "bag": "rucksack", "hair": "hat"},
    {"stride": 0.0, "swing": 0.0, "facing": True},
    {"stride": 0.0, "swing": 0.06, "facing": True, "skirt": True, "hair": "long"},
    {"stride": 0.0, "swing": 0.04, "facing": True, "coat": 0.6},
    {"stride": 0.1, "swing": 0.02, "facing": True, "shorts": True, "bag": "case"},
]


def _pedestrian(
    stride: float,
    swing: float,
    facing: bool = False,
    hair: str = "short",
    coat: float | None = None,
    skirt: bool = False,
    shorts: bool = False,
    bag: str | None = None,
) -> Sprite:
    """Seen from the side, walking to the right; or `facing` us."""
    canvas = Canvas(1.7, 1.95)
    x = 0.85
    apart = 0.1 if facing else 0.0  # hips and shoulders are beside each other
    wide = 0.21 if facing else 0.0
    leg = "skin" if skirt or shorts else "trousers"
    # The far arm and leg first: they are behind the body, in shade.
    hand = (x - wide - swing if facing else x - swing, 0.84 + abs(swing) * 0.25)
    canvas.limb(
        "top, shaded",
        [(x - wide, 1.38), (x - wide * 1.2 - swing * 0.45, 1.1), hand],
        0.13,
        0.12,
        0.09,
    )
    canvas.ellipse("skin", hand, 0.055, 0.06)
    for side, shade in ((-1, ", shaded"), (1, "")):
        hip = (x + side * apart, 0.9)
        foot = (x + side * (apart + stride), 0.07)
        knee = ((hip[0] + foot[0]) / 2 + (0 if facing else 0.05), 0.48)
        canvas.limb(leg + shade, [hip, knee, foot], 0.21, 0.15, 0.11)
        if shorts:
            canvas.limb("trousers" + shade, [hip, knee], 0.22, 0.2)
        toe = 0.0 if facing else 0.13
        canvas.limb("shoes", [(foot[0] - 0.02, 0.05), (foot[0] + toe + 0.01, 0.045)], 0.11, 0.08)
    if bag == "rucksack":
        canvas.ellipse("bag", (x - 0.2, 1.2), 0.17, 0.24)
    half = 0.23 if facing else 0.155
    canvas.polygon(
        "top",
        [(x - half, 1.46), (x - half * 0.9, 0.84), (x + half * 0.9, 0.84), (x + half, 1.46)],
        rounded=2,
    )
    if coat:
        flare = half + 0.06
        canvas.polygon(
            "top", [(x - half, 1.4), (x - flare, coat), (x + flare, coat), (x + half, 1.4)]
        )
    if skirt:
        flare = half + 0.1
        canvas.polygon(
            "trousers",
            [(x - half * 0.8, 1.0), (x - flare, 0.5), (x + flare, 0.5), (x + half * 0.8, 1.0)],
        )
    hand = (x + wide + swing, 0.84 + abs(swing) * 0.25)
    canvas.limb(
        "top, lit", [(x + wide, 1.38), (x + wide * 1.2 + swing * 0.3, 1.1), hand], 0.13, 0.12, 0.09
    )
    canvas.ellipse("skin", hand, 0.055, 0.06)
    if bag == "case":
        canvas.polygon(
            "bag",
            [
                (hand[0] - 0.2, 0.5),
                (hand[0] - 0.2, 0.78),
                (hand[0] + 0.2, 0.78),
                (hand[0] + 0.2, 0.5),
            ],
        )
    canvas.limb("skin", [(x, 1.44), (x, 1.52)], 0.11)
    _head(canvas, x + (0 if facing else 0.02), hair, facing)
    return canvas.sprite()


def _head(canvas: Canvas, x: float, hair: str, facing: bool) -> None:
    back = 0.0 if facing else 0.045
    if hair == "long":
        canvas.ellipse("hair", (x - back, 1.6), 0.15, 0.21)
    canvas.ellipse("hair", (x - back * 0.6, 1.68), 0.14, 0.15)
    canvas.ellipse("skin", (x + back * 0.6, 1.63), 0.105, 0.135)
    if hair == "hat":
        canvas.limb("hair", [(x - 0.17, 1.73), (x + 0.19, 1.73)], 0.05)


def _tree(crown: float, trunk: float) -> Sprite:
    canvas = Canvas(3 * crown, trunk + 2.6 * crown)
    x = 1.5 * crown
    canvas.limb("bark", [(x, 0.0), (x, trunk + crown)], 0.34, 0.2)
    for dx, dy, r, name in (
        (-0.5, 0.5, 0.7, "leaves, shaded"),
        (0.5, 0.55, 0.7, "leaves, shaded"),
        (0.0, 0.9, 0.95, "leaves"),
        (-0.3, 1.5, 0.65, "leaves"),
        (0.4, 1.35, 0.6, "leaves"),
    ):
        canvas.ellipse(name, (x + dx * crown, trunk + dy * crown), r * crown, r * crown * 0.9)
    return canvas.sprite()


def _bush() -> Sprite:
    canvas = Canvas(2.2, 1.1)
    for x, r, name in (
        (0.5, 0.5, "leaves, shaded"),
        (1.65, 0.5, "leaves, shaded"),
        (1.1, 0.75, "leaves"),
    ):
        canvas.ellipse(name, (x, 0.3), r, r)
    return canvas.sprite()


def _lamp_post() -> Sprite:
    canvas = Canvas(1.6, 5.2)
    canvas.limb("pole", [(0.2, 0.0), (0.2, 4.6), (0.5, 5.0), (1.2, 5.02)], 0.22, 0.13, 0.12, 0.1)
    canvas.limb("glow", [(1.05, 4.94), (1.4, 4.94)], 0.16)
    return canvas.sprite()


def _sign() -> Sprite:
    canvas = Canvas(0.8, 2.7)
    canvas.limb("pole", [(0.4, 0.0), (0.4, 2.4)], 0.09)
    canvas.ellipse("sign", (0.4, 2.3), 0.34, 0.34)
    canvas.polygon("white", [(0.2, 2.23), (0.2, 2.37), (0.6, 2.37), (0.6, 2.23)])
    return canvas.sprite()


def _bin() -> Sprite:
    canvas = Canvas(0.7, 1.1)
    canvas.polygon("bin", [(0.1, 0.0), (0.04, 0.9), (0.64, 0.9), (0.58, 0.0)])
    canvas.limb("pole", [(0.08, 0.95), (0.6, 0.95)], 0.12)
    return canvas.sprite()


@cache
def sprites() -> dict[str, tuple[Sprite, ...]]:
    """All silhouettes by kind; drawn when first asked for."""
    return {
        "pedestrian": tuple(_pedestrian(**pose) for pose in PEDESTRIANS),
        "car": tuple(_car(**car) for car in CARS.values()),
        "motorcycle": tuple(_motorcycle(**kind) for kind in MOTORCYCLES.values()),
        "furniture": (_tree(1.2, 1.6), _tree(1.5, 2.2), _lamp_post(), _sign(), _bush(), _bin()),
    }
