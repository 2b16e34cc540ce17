"""Street scenes, drawn from a seed, with the exact box of every pedestrian, car and motorcycle."""

from collections.abc import Sequence
from numbers import Integral
from typing import Any, NamedTuple

import numpy as np

from cnnlab.data.sprites import Sprite, coverage, sprites

SCENE_CLASSES = ("pedestrian", "car", "motorcycle")
SMALLEST = 48  # pixels of a side; below, a pedestrian in the distance has no legs
VISIBLE = 0.4  # the least share of an object that is seen; what would show less is not drawn

# How many objects are tried, and of which class: shares of scenes, and of objects.
COUNTS = (0.05, 0.17, 0.25, 0.25, 0.18, 0.10)
CLASSES = (0.40, 0.34, 0.26)
# Pixels for each metre, farthest and nearest, where the shorter side of the scene has 96 pixels.
SCALES = ((9.0, 26.0), (8.0, 17.0), (9.5, 23.0))


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
    inside the picture. Nothing is drawn of which less than 40 % would be seen, so that every
    object in the picture is in the truth. Trees, lamp posts, signs and bins are not.

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
    count, seed = _whole("count", count), _whole("seed", seed)
    height, width = _size(size)
    images = np.empty((count, height, width, 3), np.float32)
    boxes, labels = [], []
    for i in range(count):
        drawn = draw(np.random.default_rng([seed, i]), height, width)
        images[i] = drawn.image
        boxes.append(drawn.boxes)
        labels.append(drawn.labels)
    return Scenes(images, boxes, labels)


def _whole(name: str, value: int) -> int:
    if not isinstance(value, Integral) or isinstance(value, bool) or value < 0:
        raise ValueError(f"{name} is {value!r}; expected a whole number, at least 0")
    return int(value)


def _size(size: Sequence[int]) -> tuple[int, int]:
    try:
        height, width = size
    except (TypeError, ValueError):
        height = width = None
    for n in (height, width):
        if not isinstance(n, Integral) or isinstance(n, bool) or n < SMALLEST:
            raise ValueError(
                f"size is {size!r}; expected (height, width), whole numbers, at least {SMALLEST}"
            )
    return int(height), int(width)


class Drawn(NamedTuple):
    """One scene, with the masks that its boxes are taken from: (n, H, W), true where seen."""

    image: np.ndarray
    boxes: np.ndarray
    labels: np.ndarray
    masks: list[tuple[int, int, np.ndarray]]


class Light(NamedTuple):
    """What an hour of the day does to colours: sky above and at the horizon, and on things."""

    sky: tuple[float, float, float]
    horizon: tuple[float, float, float]
    tint: tuple[float, float, float]
    lamps: bool
    noise: float
    often: float


LIGHTS = (
    Light((0.32, 0.55, 0.86), (0.78, 0.87, 0.94), (1.0, 1.0, 0.98), False, 0.015, 0.36),
    Light((0.62, 0.66, 0.71), (0.84, 0.85, 0.86), (0.84, 0.86, 0.9), False, 0.018, 0.24),
    Light((0.33, 0.3, 0.5), (0.98, 0.62, 0.38), (0.86, 0.68, 0.62), True, 0.022, 0.22),
    Light((0.02, 0.03, 0.09), (0.1, 0.11, 0.2), (0.4, 0.41, 0.52), True, 0.03, 0.18),
)

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
SHINING = {"lamp", "tail", "glow"}


class View(NamedTuple):
    """Where the eye is. What stands r rows below the horizon has r / eye pixels for each metre."""

    height: int
    width: int
    horizon: float
    eye: float  # metres above the ground

    def row(self, scale: float) -> float:
        """The row where something that has `scale` pixels for each metre stands."""
        return self.horizon + self.eye * scale


class Thing(NamedTuple):
    """Something to draw: its colours times its cover, and the cover, of a rectangle of pixels."""

    row: int
    column: int
    colour: np.ndarray  # (h, w, 3)
    cover: np.ndarray  # (h, w)
    shadow: tuple[float, float, float, float]


def draw(rng: np.random.Generator, height: int, width: int) -> Drawn:
    """One scene. Things are placed from near to far and painted from far to near."""
    light = LIGHTS[rng.choice(len(LIGHTS), p=[light.often for light in LIGHTS])]
    unit = min(height, width) / 96
    horizon = height * rng.uniform(0.26, 0.4)
    view = View(height, width, horizon, (height * 0.99 - horizon) / (26.5 * unit))
    image = _street(rng, view, unit, light)
    things, boxes, labels, masks = [], [], [], []
    hidden = np.zeros((height, width), bool)
    for scale, label in _cast(rng, unit):
        thing = _thing(rng, view, scale, label, light)
        whole = thing.cover >= 0.5
        inside = _inside(thing, height, width)
        rows, columns, part = inside
        seen = whole[part] & ~hidden[rows, columns]
        if label >= 0:
            if seen.sum() < VISIBLE * whole.sum() or not seen.any():
                continue
            boxes.append(_box(seen, rows.start, columns.start))
            labels.append(label)
            masks.append((rows.start, columns.start, seen))
        hidden[rows, columns] |= seen
        things.append((thing, inside))
    for thing, (rows, columns, part) in reversed(things):
        _shade(image, thing.shadow)
        patch = image[rows, columns]
        patch *= 1 - thing.cover[part][..., np.newaxis]
        patch += thing.colour[part]
    image *= np.float32(rng.uniform(0.88, 1.12))
    image += rng.standard_normal(image.shape, np.float32) * np.float32(
        light.noise * rng.uniform(0.5, 1.5)
    )
    np.clip(image, 0, 1, out=image)
    return Drawn(
        image, np.array(boxes, np.float32).reshape(-1, 4), np.array(labels, np.int64), masks
    )


def _cast(rng: np.random.Generator, unit: float) -> list[tuple[float, int]]:
    """Who is in the scene: pixels for each metre and class (−1: furniture), nearest first."""
    cast = []
    for label in rng.choice(len(CLASSES), rng.choice(len(COUNTS), p=COUNTS), p=CLASSES):
        far, near = SCALES[label]
        cast.append((unit * far * (near / far) ** rng.random(), int(label)))
    for _ in range(rng.integers(0, 4)):
        cast.append((unit * rng.uniform(6.0, 8.5), -1))
    return sorted(cast, reverse=True)


def _thing(rng: np.random.Generator, view: View, scale: float, label: int, light: Light) -> Thing:
    options = sprites()[SCENE_CLASSES[label] if label >= 0 else "furniture"]
    sprite = options[rng.integers(len(options))]
    tall, wide = rng.uniform(0.93, 1.07, 2)
    height, width = sprite.height * scale * tall, sprite.width * scale * wide
    foot, centre = view.row(scale), rng.uniform(-0.04, 1.04) * view.width
    mirrored = rng.random() < 0.5
    row, column, shares = coverage(
        sprite, foot - height, centre - width / 2, height, width, mirrored
    )
    colours = _colours(rng, sprite, light)
    colour = shares @ colours
    # Light comes from above: the upper parts are brighter.
    colour *= np.linspace(1.1, 0.88, len(colour), dtype=np.float32)[:, np.newaxis, np.newaxis]
    shadow = (foot, centre, 0.09 * min(height, width) + 0.1 * scale, 0.56 * width)
    return Thing(row, column, colour, shares.sum(-1).clip(0, 1), shadow)


def _colours(rng: np.random.Generator, sprite: Sprite, light: Light) -> np.ndarray:
    """A colour for each part, under the light. A part in shade has the colour of its whole."""
    chosen: dict[str, np.ndarray] = {}
    result = np.empty((len(sprite.parts), 3), np.float32)
    tint = np.array(light.tint)
    for i, part in enumerate(sprite.parts):
        name, _, shaded = part.partition(", ")
        name, dim = ("top", 0.86) if name == "arm" else (name, 0.68 if shaded else 1.0)
        if name not in chosen:
            options = COLOURS[name]
            chosen[name] = np.array(options[rng.integers(len(options))])
            chosen[name] += rng.uniform(-0.06, 0.06, 3)
        lit = light.lamps and name in SHINING
        result[i] = chosen[name] * (1.0 if lit else tint * dim)
    return result.clip(0, 1)


def _inside(thing: Thing, height: int, width: int) -> tuple[slice, slice, tuple[slice, slice]]:
    """The rows and columns of the scene that a thing touches, and the same part of the thing."""
    h, w = thing.cover.shape
    top, bottom = (min(max(edge, 0), height) for edge in (thing.row, thing.row + h))
    left, right = (min(max(edge, 0), width) for edge in (thing.column, thing.column + w))
    part = (
        slice(top - thing.row, bottom - thing.row),
        slice(left - thing.column, right - thing.column),
    )
    return slice(top, bottom), slice(left, right), part


def _box(seen: np.ndarray, row: int, column: int) -> tuple[int, int, int, int]:
    rows, columns = np.flatnonzero(seen.any(1)), np.flatnonzero(seen.any(0))
    return (
        column + columns[0],
        row + rows[0],
        column + columns[-1] + 1,
        row + rows[-1] + 1,
    )


def _shade(image: np.ndarray, shadow: tuple[float, float, float, float]) -> None:
    """Darken the ground under a thing: an ellipse, darkest in its middle."""
    y, x, radius_y, radius_x = shadow
    top, left = max(int(y - radius_y), 0), max(int(x - radius_x), 0)
    patch = image[top : int(y + radius_y) + 2, left : max(int(x + radius_x) + 2, 0)]
    rows = (np.arange(patch.shape[0], dtype=np.float32) + np.float32(top + 0.5 - y)) / radius_y
    columns = (np.arange(patch.shape[1], dtype=np.float32) + np.float32(left + 0.5 - x)) / radius_x
    dark = 1 - rows[:, np.newaxis] ** 2 - columns**2
    patch *= 1 - 0.55 * np.sqrt(dark.clip(0, 1))[..., np.newaxis].astype(np.float32)


FACADES = (
    *((0.62, 0.36, 0.28), (0.72, 0.65, 0.55), (0.5, 0.5, 0.53), (0.82, 0.78, 0.68)),
    *((0.45, 0.38, 0.36), (0.68, 0.55, 0.42), (0.58, 0.63, 0.68), (0.75, 0.5, 0.4)),
)
ROOFS = ((0.45, 0.2, 0.15), (0.25, 0.25, 0.28), (0.4, 0.3, 0.22))
GREENS = ((0.25, 0.38, 0.18), (0.33, 0.42, 0.2), (0.3, 0.35, 0.22))
WALKS = ((0.6, 0.58, 0.54), (0.5, 0.5, 0.5), (0.62, 0.52, 0.44), (0.38, 0.46, 0.26))
ROADS = ((0.28, 0.28, 0.3), (0.36, 0.36, 0.37), (0.44, 0.43, 0.41), (0.22, 0.22, 0.24))


def _pick(rng: np.random.Generator, options: Sequence[Sequence[float]], n: int = 1) -> np.ndarray:
    colours = np.array(options, np.float32)[rng.integers(len(options), size=n)]
    return colours + rng.uniform(-0.05, 0.05, (n, 3)).astype(np.float32)


def _street(rng: np.random.Generator, view: View, unit: float, light: Light) -> np.ndarray:
    """The picture before anything stands in it: sky, houses or trees, pavement, road."""
    H, W = view.height, view.width
    tint = np.array(light.tint, np.float32)
    rows = np.arange(H, dtype=np.float32)[:, np.newaxis]
    base = view.row(unit * rng.uniform(4.5, 6.0))  # where the houses stand
    image = np.empty((H, W, 3), np.float32)
    up = (rows / base).clip(0, 1)[..., np.newaxis]
    image[:] = np.array(light.sky, np.float32) * (1 - up) + np.array(light.horizon, np.float32) * up
    rough = _rough(rng, H, W, 6)
    if not light.lamps:
        image += (0.5 * (rough - 0.1).clip(0) * (1 - up[..., 0]))[..., np.newaxis]
    base_row = int(base)
    _houses(rng, image[:base_row], unit, light, tint, rough[:base_row])
    _ground(rng, image[base_row:], base_row, view, unit, tint)
    image *= 1 + 0.16 * _rough(rng, H, W, 12)[..., np.newaxis]
    return image


def _rough(rng: np.random.Generator, height: int, width: int, cells: int) -> np.ndarray:
    """Smooth noise in [−1, 1]: a grid of random values, and straight lines between them."""
    grid = rng.uniform(-1, 1, (cells + 1, cells + 1)).astype(np.float32)
    return _blend(height, cells) @ grid @ _blend(width, cells).T


def _blend(length: int, cells: int) -> np.ndarray:
    """(length, cells + 1): the weights of the grid's lines at each pixel."""
    place = (np.arange(length, dtype=np.float32)[:, np.newaxis] + 0.5) * (cells / length)
    return (1 - np.abs(place - np.arange(cells + 1, dtype=np.float32))).clip(0)


def _houses(
    rng: np.random.Generator,
    image: np.ndarray,
    unit: float,
    light: Light,
    tint: np.ndarray,
    rough: np.ndarray,
) -> None:
    """A row of houses with windows, some with pitched roofs; between them, hills or trees."""
    H, W = image.shape[:2]
    rows, columns = np.arange(H)[:, np.newaxis], np.arange(W)
    # Hills and trees far away.
    skyline = H * (rng.uniform(0.55, 0.85) + 0.25 * rough[H // 2])
    far = rows > skyline
    image[far] = _pick(rng, GREENS)[0] * tint * (1 + 0.3 * rough[far])[:, np.newaxis]
    # Houses from left to right. A few are gaps.
    n = int(W / (13 * unit)) + 2
    widths = unit * rng.uniform(14, 36, n)
    starts = np.concatenate([[0], np.cumsum(widths)]) - unit * rng.uniform(0, 14)
    which = np.searchsorted(starts, columns, side="right") - 1  # (W,)
    which = which.clip(0, n - 1)
    tallest = rng.uniform(0.3, 1.1)
    eaves = H * (1 - tallest * rng.uniform(0.55, 1.0, n))
    eaves[rng.random(n) < rng.choice([0.1, 0.35, 1.0], p=[0.55, 0.3, 0.15])] = H
    pitched = (rng.random(n) < rng.choice([0.0, 0.8])) & (eaves < H)
    middle = np.abs(2 * (columns - starts[which]) / widths[which] - 1)
    ridge = eaves[which] - np.where(pitched, 0.35 * widths, 0)[which] * (1 - middle)
    facades, roofs = _pick(rng, FACADES, n) * tint, _pick(rng, ROOFS, n) * tint
    walls = rows > eaves[which]
    image[:] = np.where(walls[..., np.newaxis], facades[which], image)
    roof = (rows > ridge) & ~walls
    image[:] = np.where(roof[..., np.newaxis], roofs[which], image)
    # Windows: a grid on each wall.
    pitch_x, pitch_y = unit * rng.uniform(5, 9, n), unit * rng.uniform(6, 10, n)
    x = (columns - starts[which]) / pitch_x[which]
    y = (rows - eaves[which]) / pitch_y[which]
    open_x, open_y = rng.uniform(0.4, 0.65, 2)
    window = walls & (x % 1 < open_x) & (x % 1 > 0.15) & (y % 1 > 1 - open_y) & (y % 1 < 0.9)
    lit = rng.random((8, 8)) < (0.35 if light.lamps else 0.0)
    on = lit[y.astype(int) % 8, (x.astype(int) + 3 * which) % 8]
    glass = np.array([0.28, 0.33, 0.4], np.float32) * tint
    image[window] = np.where(on[window][:, np.newaxis], np.float32([0.95, 0.8, 0.45]), glass)


def _ground(
    rng: np.random.Generator,
    image: np.ndarray,
    first_row: int,
    view: View,
    unit: float,
    tint: np.ndarray,
) -> None:
    """Pavement, road, pavement, seen in perspective: x and z are metres on the ground."""
    H, W = image.shape[:2]
    below = first_row + 0.5 - view.horizon + np.arange(H, dtype=np.float32)[:, np.newaxis]
    scale = below / view.eye
    x = (np.arange(W, dtype=np.float32) - rng.uniform(0, W)) / scale
    z = np.float32(110 * unit) / scale
    kerb, near = unit * rng.uniform(6.5, 10.0), unit * rng.choice([17.0, 21.0, 40.0])
    road = ((scale > kerb) & (scale < near))[..., np.newaxis]
    walk, asphalt = _pick(rng, WALKS)[0], _pick(rng, ROADS)[0]
    slabs = 1 - 0.12 * ((x % 1.2 < 0.12) | (z % 1.2 < 0.1)).astype(np.float32)[..., np.newaxis]
    image[:] = np.where(road, asphalt, walk * slabs)
    for edge in (kerb, near):
        image[np.abs(scale[:, 0] - edge) < 0.02 * edge] = 0.72
    paint = np.float32(rng.uniform(0.7, 0.9))
    marks = (np.abs(z - rng.uniform(8, 10)) < 0.13) & (x % 4 < 2.2)
    if rng.random() < 0.3:
        marks = (np.abs(x) < 1.7) & (z % 1.3 < 0.65)
    image[marks & road[..., 0]] = paint
    image *= tint * (1 + rng.uniform(-0.05, 0.05, (H, W, 1)).astype(np.float32))
