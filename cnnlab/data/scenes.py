"""Street scenes, drawn from a seed, with the exact box of every pedestrian, car and motorcycle."""

from collections.abc import Sequence
from functools import cache
from typing import Any, NamedTuple

import numpy as np

from cnnlab import checks
from cnnlab.data.sprites import Sprite, coverage, sprites

#: What is drawn into :func:`scenes`: pedestrian, car, motorcycle.
SCENE_CLASSES = ("pedestrian", "car", "motorcycle")
SMALLEST = 48  # pixels of a side; below, a pedestrian in the distance has no legs
# The least share of an object that is seen; what would show less is not drawn. Around a smaller
# part, a box tells more about what stands in front than about the object.
VISIBLE = 0.6

# Shares of scenes in which 0, 1, … 5 objects are tried, and shares of the classes.
COUNTS = np.cumsum([0.05, 0.15, 0.24, 0.26, 0.18, 0.12])
CLASSES = np.cumsum([0.42, 0.33, 0.25])
# Pixels for each metre, farthest and nearest, where the shorter side of the scene has 96 pixels.
SCALES = ((11.0, 27.0), (8.5, 17.0), (10.5, 23.0))
SHADE = (1.1, 0.88)  # light comes from above: on the top of a thing, and at its foot


class Scenes(NamedTuple):
    """Pictures with the truth about them.

    Attributes
    ----------
    images
        ``(N, H, W, 3)`` float32 in [0, 1].
    boxes
        For each scene ``(n, 4)`` float32: x_min, y_min, x_max, y_max in pixels, a box covers
        [x_min, x_max) × [y_min, y_max). Nearest objects come first.
    labels
        For each scene ``(n,)`` int64: places in `SCENE_CLASSES`.
    """

    images: np.ndarray
    boxes: list[np.ndarray]
    labels: list[np.ndarray]

    def to_coco(self) -> dict[str, list[dict[str, Any]]]:
        """The truth as COCO's annotation file has it: ``json.dump`` it, and pycocotools reads it.

        Scene i is image i + 1, and class c is category c + 1, since COCO counts from one. A box is
        x, y, width, height; its area is that of the box.
        """
        height, width = self.images.shape[1:3]
        annotations = []
        for image, (boxes, labels) in enumerate(zip(self.boxes, self.labels, strict=True), 1):
            for box, label in zip(boxes.tolist(), labels.tolist(), strict=True):
                x, y, w, h = box[0], box[1], box[2] - box[0], box[3] - box[1]
                annotations.append(
                    {
                        "id": len(annotations) + 1,
                        "image_id": image,
                        "category_id": label + 1,
                        "bbox": [x, y, w, h],
                        "area": w * h,
                        "iscrowd": 0,
                    }
                )
        images = [
            {"id": i + 1, "width": width, "height": height, "file_name": f"{i:06}.png"}
            for i in range(len(self.images))
        ]
        categories = [{"id": i, "name": name} for i, name in enumerate(SCENE_CLASSES, 1)]
        return {"images": images, "annotations": annotations, "categories": categories}


def scenes(count: int, seed: int = 0, size: Sequence[int] = (96, 96)) -> Scenes:
    """Streets by day, at dusk and at night, with up to five objects, and their boxes.

    Objects stand on the ground in perspective: lower in the picture is nearer, and larger. Nearer
    ones hide farther ones. A box is tight around what is **seen** of its object, as in Pascal VOC:
    around the pixels of which it covers at least half and which nothing nearer covers by half,
    inside the picture. Nothing is drawn of which less than three fifths would be seen, so that
    every object in the picture is in the truth. Trees, lamp posts, signs and bins are not.

    Parameters
    ----------
    count
        How many scenes. Scene i depends on the seed, the size and i only: ``scenes(10)`` are the
        first of ``scenes(20)``.
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
    count, seed = checks.whole("count", count, 0), checks.whole("seed", seed, 0)
    height, width = checks.picture_size(size, SMALLEST)
    images = np.empty((count, height, width, 3), np.float32)
    boxes, labels = [], []
    for i in range(count):
        drawn = draw(np.random.default_rng([seed, i]), height, width)
        images[i] = drawn.image
        boxes.append(drawn.boxes)
        labels.append(drawn.labels)
    return Scenes(images, boxes, labels)


class Light(NamedTuple):
    """What an hour of the day does to colours."""

    sky: tuple[float, float, float]  # overhead
    horizon: tuple[float, float, float]
    tint: np.ndarray  # of what has no light of its own
    lamps: bool
    noise: float


LIGHTS = (
    Light((0.32, 0.55, 0.86), (0.78, 0.87, 0.94), np.array([1.0, 1.0, 0.98]), False, 0.015),
    Light((0.62, 0.66, 0.71), (0.84, 0.85, 0.86), np.array([0.84, 0.86, 0.9]), False, 0.018),
    Light((0.33, 0.3, 0.5), (0.98, 0.62, 0.38), np.array([0.88, 0.72, 0.66]), True, 0.02),
    Light((0.02, 0.03, 0.09), (0.12, 0.13, 0.22), np.array([0.52, 0.53, 0.64]), True, 0.025),
)
HOURS = np.cumsum([0.36, 0.24, 0.22, 0.18])  # shares of scenes: sun, clouds, dusk, night

GRAYS = ((0.1, 0.1, 0.11), (0.3, 0.31, 0.33), (0.62, 0.63, 0.65), (0.92, 0.92, 0.9))
BRIGHT = (
    *((0.75, 0.1, 0.1), (0.1, 0.25, 0.65), (0.1, 0.42, 0.25), (0.93, 0.72, 0.1)),
    *((0.92, 0.4, 0.1), (0.2, 0.6, 0.75), (0.45, 0.15, 0.4), (0.55, 0.3, 0.15)),
)
# The colours that a part may have; one is taken for each object and changed a little.
COLOURS = {
    "paint": (*GRAYS, *BRIGHT),
    "top": (*GRAYS, *BRIGHT, (0.85, 0.55, 0.6), (0.7, 0.8, 0.55)),
    "trousers": (
        *GRAYS[:3],
        (0.15, 0.2, 0.4),
        (0.3, 0.4, 0.6),
        (0.6, 0.52, 0.38),
        (0.35, 0.22, 0.15),
    ),
    "skin": ((0.94, 0.76, 0.65), (0.85, 0.62, 0.47), (0.62, 0.42, 0.3), (0.4, 0.26, 0.18)),
    "hair": (
        (0.08, 0.06, 0.05),
        (0.3, 0.18, 0.1),
        (0.75, 0.58, 0.3),
        (0.6, 0.6, 0.6),
        (0.55, 0.2, 0.1),
    ),
    "shoes": ((0.08, 0.07, 0.07), (0.3, 0.2, 0.14), (0.85, 0.85, 0.85)),
    "bag": ((0.35, 0.2, 0.12), (0.12, 0.12, 0.14), (0.65, 0.12, 0.15), (0.2, 0.35, 0.5)),
    "helmet": (*GRAYS, *BRIGHT),
    "glass": ((0.16, 0.2, 0.25), (0.3, 0.38, 0.44), (0.5, 0.6, 0.66)),
    "tyre": ((0.05, 0.05, 0.06),),
    "arch": ((0.04, 0.04, 0.04),),
    "rim": ((0.66, 0.67, 0.7), (0.42, 0.43, 0.45)),
    "sill": ((0.13, 0.13, 0.14),),
    "line": ((0.2, 0.2, 0.2),),
    "metal": ((0.7, 0.71, 0.74), (0.5, 0.5, 0.52)),
    "frame": ((0.12, 0.12, 0.13), (0.5, 0.12, 0.1)),
    "engine": ((0.25, 0.25, 0.27), (0.4, 0.4, 0.42)),
    "seat": ((0.08, 0.07, 0.07), (0.3, 0.18, 0.12)),
    "lamp": ((0.98, 0.96, 0.82),),
    "tail": ((0.8, 0.08, 0.08),),
    "glow": ((1.0, 0.92, 0.7),),
    "leaves": ((0.2, 0.4, 0.16), (0.3, 0.48, 0.18), (0.55, 0.42, 0.14), (0.16, 0.32, 0.22)),
    "bark": ((0.3, 0.22, 0.16), (0.42, 0.38, 0.33)),
    "pole": ((0.28, 0.3, 0.32), (0.5, 0.52, 0.52)),
    "sign": ((0.78, 0.1, 0.12), (0.1, 0.3, 0.65)),
    "white": ((0.93, 0.93, 0.93),),
    "bin": ((0.15, 0.35, 0.2), (0.3, 0.32, 0.34)),
}
DIM = {"": 1.0, "lit": 1.15, "shaded": 0.7}  # what light does to a side of a thing
SHINING = {"lamp", "tail", "glow"}


class View(NamedTuple):
    """Where the eye is. What stands r rows below the horizon has r / eye pixels for each metre."""

    height: int
    width: int
    unit: float  # pixels of the scene for each of the 96 that sizes are told for
    horizon: float
    eye: float  # metres above the ground

    def row(self, scale: float) -> float:
        """The row on which something stands that has `scale` pixels for each metre."""
        return self.horizon + self.eye * scale


class Thing(NamedTuple):
    """Something to draw into a rectangle of pixels, which may reach out of the scene."""

    row: int
    column: int
    cover: np.ndarray  # (h, w): the share of each pixel that it covers
    colour: np.ndarray  # (3, h, w): its colour, times the share
    shadow: tuple[float, float, float, float]  # an ellipse on the ground: y, x and the radii

    def inside(self, height: int, width: int) -> tuple[slice, slice, tuple[slice, slice]]:
        """The rows and columns of the scene that it touches, and the same part of it."""
        h, w = self.cover.shape
        top, bottom = (min(max(edge, 0), height) for edge in (self.row, self.row + h))
        left, right = (min(max(edge, 0), width) for edge in (self.column, self.column + w))
        part = (
            slice(top - self.row, bottom - self.row),
            slice(left - self.column, right - self.column),
        )
        return slice(top, bottom), slice(left, right), part


class Drawn(NamedTuple):
    """One scene, and the masks that its boxes are around: ``(n, H, W)``, true where seen."""

    image: np.ndarray
    boxes: np.ndarray
    labels: np.ndarray
    masks: np.ndarray


def draw(rng: np.random.Generator, height: int, width: int) -> Drawn:
    """One scene. Things are placed from near to far, and painted from far to near.

    So whether there is room for a thing is known before anything behind it is placed, and leaving
    it out changes nothing in front. While it is drawn, the picture is ``(3, H, W)``: NumPy is
    several times as fast where the longest axis comes last.
    """
    light = LIGHTS[_which(rng, HOURS)]
    unit = min(height, width) / 96
    horizon = height * rng.uniform(0.26, 0.4)
    nearest = unit * max(near for _, near in SCALES)
    view = View(height, width, unit, horizon, (height * 0.99 - horizon) / nearest)
    image = _street(rng, view, light)  # (3, H, W)
    things, labels, masks = [], [], []
    hidden = np.zeros((height, width), bool)
    for scale, label in _cast(rng, unit):
        thing = _thing(rng, view, scale, label, light)
        rows, columns, part = thing.inside(height, width)
        whole = thing.cover >= 0.5
        mask = np.zeros_like(hidden)
        mask[rows, columns] = whole[part] & ~hidden[rows, columns]
        if label >= 0:
            if mask.sum() < VISIBLE * max(whole.sum(), 1):
                continue
            labels.append(label)
            masks.append(mask)
        hidden |= mask
        things.append(thing)
    for thing in reversed(things):
        _shade(image, thing.shadow)
        rows, columns, part = thing.inside(height, width)
        patch = image[:, rows, columns]
        patch *= 1 - thing.cover[part]
        patch += thing.colour[:, *part]
    image *= np.float32(rng.uniform(0.88, 1.12))
    grain = rng.random((2, *image.shape), np.float32)  # of the sensor
    grain *= np.float32(light.noise * rng.uniform(1.2, 3.6))
    image += grain[0]
    image -= grain[1]
    return Drawn(
        image.clip(0, 1).transpose(1, 2, 0),
        np.array([_around(mask) for mask in masks], np.float32).reshape(-1, 4),
        np.array(labels, np.int64),
        np.array(masks, bool).reshape(-1, height, width),
    )


def _which(rng: np.random.Generator, shares: np.ndarray) -> int:
    """One of n, given the sums of their shares."""
    return min(int(np.searchsorted(shares, rng.random(), side="right")), len(shares) - 1)


def _around(mask: np.ndarray) -> tuple[int, int, int, int]:
    """The tight box around what is true."""
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    return columns[0], rows[0], columns[-1] + 1, rows[-1] + 1


def _cast(rng: np.random.Generator, unit: float) -> list[tuple[float, int]]:
    """Who is in the scene: pixels for each metre and class (−1: furniture), nearest first."""
    cast = []
    for _ in range(_which(rng, COUNTS)):
        label = _which(rng, CLASSES)
        far, near = SCALES[label]
        cast.append((unit * far * (near / far) ** rng.random(), label))
    for _ in range(rng.integers(0, 4)):
        cast.append((unit * rng.uniform(6.0, 9.5), -1))
    return sorted(cast, reverse=True)


def _thing(rng: np.random.Generator, view: View, scale: float, label: int, light: Light) -> Thing:
    kinds = sprites()[SCENE_CLASSES[label] if label >= 0 else "furniture"]
    sprite = kinds[rng.integers(len(kinds))]
    height = sprite.height * scale * rng.uniform(0.93, 1.07)
    width = sprite.width * scale * rng.uniform(0.93, 1.07)
    foot, centre = view.row(scale), view.width * rng.uniform(-0.04, 1.04)
    row, column, shares = coverage(
        sprite, foot - height, centre - width / 2, height, width, mirrored=rng.random() < 0.5
    )
    h, w, parts = shares.shape
    mixed = (_colours(rng, sprite, light).T @ shares.reshape(-1, parts).T).reshape(4, h, w)
    colour, cover = mixed[:3], np.minimum(mixed[3], 1)
    colour *= np.linspace(*SHADE, h, dtype=np.float32)[:, np.newaxis]
    shadow = (foot, centre, 0.09 * min(height, width) + 0.1 * scale, 0.56 * width)
    return Thing(row, column, cover, colour, shadow)


def _colours(rng: np.random.Generator, sprite: Sprite, light: Light) -> np.ndarray:
    """(P, 4): a colour for each part, under the light, and one that is 1.

    Parts of one name have one colour: "top, shaded" is of the same cloth as "top", but darker.
    """
    n = len(sprite.parts)
    luck, shift = rng.random(n), rng.uniform(-0.06, 0.06, (n, 3))
    first: dict[str, int] = {}
    colours, places, dims = [], [], []
    for i, part in enumerate(sprite.parts):
        name, _, side = part.partition(", ")
        j = first.setdefault(name, i)
        colours.append(COLOURS[name][int(luck[j] * len(COLOURS[name]))])
        places.append(j)
        dims.append([1, 1, 1] if light.lamps and name in SHINING else DIM[side] * light.tint)
    result = np.ones((n, 4), np.float32)
    result[:, :3] = ((np.array(colours) + shift[places]) * dims).clip(0, 1)
    return result


def _shade(image: np.ndarray, shadow: tuple[float, float, float, float]) -> None:
    """Darken the ground under a thing: an ellipse, darkest in its middle."""
    y, x, radius_y, radius_x = shadow
    top, left = max(int(y - radius_y), 0), max(int(x - radius_x), 0)
    patch = image[:, top : int(y + radius_y) + 2, left : max(int(x + radius_x) + 2, 0)]
    rows = (np.arange(top, top + patch.shape[1]) + 0.5 - y) / radius_y
    columns = (np.arange(left, left + patch.shape[2]) + 0.5 - x) / radius_x
    inside = (1 - rows[:, np.newaxis] ** 2 - columns**2).clip(0)
    patch *= (1 - 0.55 * np.sqrt(inside)).astype(np.float32)


FACADES = (
    *((0.62, 0.36, 0.28), (0.72, 0.65, 0.55), (0.5, 0.5, 0.53), (0.82, 0.78, 0.68)),
    *((0.45, 0.38, 0.36), (0.68, 0.55, 0.42), (0.58, 0.63, 0.68), (0.75, 0.5, 0.4)),
)
ROOFS = ((0.45, 0.2, 0.15), (0.25, 0.25, 0.28), (0.4, 0.3, 0.22))
GREENS = ((0.25, 0.38, 0.18), (0.33, 0.42, 0.2), (0.3, 0.35, 0.22))
WALKS = ((0.6, 0.58, 0.54), (0.5, 0.5, 0.5), (0.62, 0.52, 0.44), (0.38, 0.46, 0.26))
ROADS = ((0.28, 0.28, 0.3), (0.36, 0.36, 0.37), (0.44, 0.43, 0.41), (0.22, 0.22, 0.24))


GLASS, LIT = (0.28, 0.33, 0.4), (0.95, 0.8, 0.45)


def _pick(rng: np.random.Generator, options: Sequence[Sequence[float]], n: int) -> np.ndarray:
    """(n, 3): colours near some of the options."""
    colours = np.array(options)[rng.integers(len(options), size=n)]
    return colours + rng.uniform(-0.05, 0.05, (n, 3))


def _street(rng: np.random.Generator, view: View, light: Light) -> np.ndarray:
    """The picture before anything stands in it: sky, hills and houses, pavement and road."""
    H, W = view.height, view.width
    rough = _rough(rng, H, W, 6)
    base = int(view.row(view.unit * rng.uniform(4.5, 6.0)))  # where the houses stand
    image = np.empty((3, H, W), np.float32)
    up = np.linspace(0, 1, base, dtype=np.float32)[:, np.newaxis]
    sky, horizon = (np.float32(c)[:, np.newaxis, np.newaxis] for c in (light.sky, light.horizon))
    image[:, :base] = sky + (horizon - sky) * up
    if not light.lamps:  # clouds, which are white overhead and lost in the haze below
        image[:, :base] += 0.5 * (rough[:base] - 0.1).clip(0) * (1 - up)
    _houses(rng, image[:, :base], view.unit, light, rough[:base])
    _ground(rng, image[:, base:], base, view, light)
    image *= 1 + 0.16 * _rough(rng, H, W, 12)
    return image


def _rough(rng: np.random.Generator, height: int, width: int, cells: int) -> np.ndarray:
    """(H, W): smooth noise in [−1, 1], a grid of random values with straight lines between."""
    grid = rng.uniform(-1, 1, (cells + 1, cells + 1)).astype(np.float32)
    return _blend(height, cells) @ grid @ _blend(width, cells).T


@cache
def _blend(length: int, cells: int) -> np.ndarray:
    """(length, cells + 1): the weights of the grid's lines at each pixel."""
    place = (np.arange(length, dtype=np.float32)[:, np.newaxis] + 0.5) * (cells / length)
    return (1 - np.abs(place - np.arange(cells + 1, dtype=np.float32))).clip(0)


def _houses(
    rng: np.random.Generator, image: np.ndarray, unit: float, light: Light, rough: np.ndarray
) -> None:
    """Hills, and before them a row of houses with gaps, windows, and flat or pitched roofs."""
    H, W = rough.shape
    rows, columns = np.arange(H, dtype=np.float32)[:, np.newaxis], np.arange(W, dtype=np.float32)
    n = int(W / (14 * unit)) + 2
    widths = unit * rng.uniform(14, 36, n)
    starts = np.cumsum(widths) - widths - unit * rng.uniform(0, 14)
    house = np.searchsorted(starts, columns, side="right") - 1  # (W,): which one is here
    eaves = H * (1 - rng.uniform(0.3, 1.1) * rng.uniform(0.55, 1.0, n))
    gaps = (0.1, 0.35, 1.0)[_which(rng, np.array([0.55, 0.85, 1.0]))]
    eaves[rng.random(n) < gaps] = H
    pitch = np.where((rng.random(n) < 0.8) & (eaves < H), 0.35 * widths, 0) * (rng.random() < 0.5)
    from_side = (columns - starts[house]).astype(np.float32)
    ridge = eaves[house] - pitch[house] * (1 - np.abs(2 * from_side / widths[house] - 1))
    # Paint by number: 0 is the sky, which stays; then hills, windows, walls, roofs.
    hills = H * (rng.uniform(0.55, 0.85) + 0.25 * rough[H // 2])
    number = (rows > hills).astype(np.intp)
    walls = rows > eaves[house].astype(np.float32)
    number = np.where(rows > ridge, np.where(walls, 4 + house, 4 + n + house), number)
    x = from_side / (unit * rng.uniform(5, 9, n))[house].astype(np.float32)
    y = rows - eaves[house].astype(np.float32)
    y /= (unit * rng.uniform(6, 10, n))[house].astype(np.float32)
    wide, high = rng.uniform(0.4, 0.65, 2)
    across, down = _part(x), _part(y)
    window = walls & ((across > 0.15) & (across < wide)) & ((down > 1 - high) & (down < 0.9))
    lit = rng.random((8, 8)) < 0.35 * light.lamps
    on = lit[y.astype(int) & 7, (x.astype(int) + 3 * house) & 7]
    number = np.where(window, np.where(on, 3, 2), number)
    hill, facades, roofs = (
        _pick(rng, options, m) for options, m in ((GREENS, 1), (FACADES, n), (ROOFS, n))
    )
    palette = np.concatenate([[GLASS], hill, [GLASS, LIT], facades, roofs])
    palette[4:] *= light.tint
    palette[:3] *= light.tint
    colours = palette.T.astype(np.float32)[:, number]  # (3, H, W)
    np.copyto(image, colours, where=number > 0)


def _ground(
    rng: np.random.Generator, image: np.ndarray, first_row: int, view: View, light: Light
) -> None:
    """Pavement, road, pavement, seen in perspective: x and z are metres on the ground."""
    H, W = image.shape[1:]
    below = first_row + 0.5 - view.horizon + np.arange(H, dtype=np.float32)[:, np.newaxis]
    scale = below / np.float32(view.eye)  # (H, 1)
    x = (np.arange(W, dtype=np.float32) - np.float32(rng.uniform(0, W))) / scale
    z = np.float32(110 * view.unit) / scale
    kerb = view.unit * rng.uniform(6.5, 10.0)
    near = view.unit * rng.choice([17.0, 21.0, 40.0])
    road = (scale > kerb) & (scale < near)
    if rng.random() < 0.3:  # a zebra crossing, or else a dashed line
        marks = (np.abs(x) < 1.7) & (z % 1.3 < 0.65)
    else:
        marks = (_part(x / 4) < 0.55) & (np.abs(z - rng.uniform(8, 10)) < 0.13)
    slabs = (_part(x / 1.2) < 0.1) | (z % 1.2 < 0.1)
    kerbs = np.minimum(np.abs(scale / kerb - 1), np.abs(scale / near - 1)) < 0.02
    # Paint by number: pavement, the joints in it, road, marks, kerbs.
    number = np.where(road, np.where(marks, 3, 2), slabs)
    number[kerbs[:, 0]] = 4
    walk, asphalt = _pick(rng, WALKS, 1)[0], _pick(rng, ROADS, 1)[0]
    paint = np.full(3, rng.uniform(0.7, 0.9))
    palette = np.stack([walk, 0.88 * walk, asphalt, paint, 0.85 * paint]) * light.tint
    image[:] = palette.T.astype(np.float32)[:, number]
    image *= 1 + np.float32(0.1) * (rng.random((H, W), np.float32) - np.float32(0.5))


def _part(x: np.ndarray) -> np.ndarray:
    """What is left of x over a whole number; several times as fast as the operator %."""
    return x - np.floor(x)
