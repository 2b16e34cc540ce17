"""Draws faces: shapes with soft edges, laid over each other, for many pictures at once.

A number for each picture is an array ``(B, 1, 1)``, a map ``(B, H, W)``, and what is painted
``(B, 3, H, W)``. The unit of length is half the height of a usual face. The origin lies between
the eyes and the mouth; x runs to the right, y down.

A shape is a map of the distances from its edge in pixels, negative inside. A pixel that an edge
crosses is covered in part, so edges are smooth, and nothing has to be drawn larger first.
"""

from types import SimpleNamespace

import numpy as np

Numbers = dict[str, np.ndarray]

FACE = 0.3  # half the height of a usual face, as a share of the picture's height
CENTRE = 0.54  # its middle, as a share of the picture's height from above

SKIN = np.float32(  # from light to dark; a person's lies between two of them
    [
        *((0.98, 0.86, 0.78), (0.95, 0.77, 0.63), (0.87, 0.66, 0.49)),
        *((0.74, 0.52, 0.36), (0.57, 0.38, 0.26), (0.38, 0.25, 0.18)),
    ]
)
HAIR = np.float32(
    [
        *((0.09, 0.08, 0.09), (0.27, 0.16, 0.1), (0.47, 0.29, 0.16), (0.66, 0.24, 0.08)),
        *((0.87, 0.66, 0.3), (0.96, 0.88, 0.64), (0.58, 0.58, 0.6), (0.93, 0.93, 0.94)),
        *((0.1, 0.42, 0.5), (0.82, 0.34, 0.52), (0.42, 0.27, 0.6), (0.2, 0.48, 0.25)),
    ]
)
IRIS = np.float32(
    [(0.2, 0.11, 0.06), (0.47, 0.3, 0.12), (0.2, 0.48, 0.26), (0.16, 0.42, 0.74), (0.45, 0.5, 0.55)]
)
FAR = np.float32(1e9)  # pixels; what is so far away is not seen
BLACK, WHITE = np.float32([[0.07, 0.06, 0.07]]), np.float32([[0.97, 0.97, 0.96]])


class Canvas:
    """Pictures that are being painted, and where on the face their pixels lie."""

    def __init__(self, image: np.ndarray, unit: np.ndarray, x: np.ndarray, y: np.ndarray):
        self.image = image  # (B, 3, H, W)
        self.unit = unit  # (B, 1, 1): pixels of a unit of length
        self.x, self.y = x, y  # (B, H, W)

    def seen(self, x: np.ndarray, y: np.ndarray) -> "Canvas":
        """The same pictures with other coordinates."""
        return Canvas(self.image, self.unit, x, y)

    def ellipse(self, x, y, radius_x, radius_y) -> np.ndarray:
        """The distance from an ellipse: exact on its edge, and a good guess near it."""
        a, b = 1 / np.square(radius_x), 1 / np.square(radius_y)
        dx, dy = self.x - x, self.y - y
        dx *= dx
        dy *= dy
        inside = a * dx + b * dy  # 1 on the edge
        dx *= a * a
        dy *= b * b
        dx += dy
        slope = np.sqrt(dx, out=dx)  # half the slope of `inside`
        slope += 1e-3
        inside -= 1
        inside *= self.unit / 2
        inside /= slope
        return inside

    def below(self, line: np.ndarray) -> np.ndarray:
        """The distance from all that lies below a line."""
        return (line - self.y) * self.unit

    def paint(self, shape: np.ndarray, colour: np.ndarray, opacity: np.ndarray | float = 1) -> None:
        """Lay a shape over what is there; colours are ``(B, 3)``."""
        cover = np.clip(0.5 - shape, 0, 1)
        cover *= opacity
        cover = cover[:, np.newaxis]  # (B, 1, H, W)
        step = colour[..., np.newaxis, np.newaxis] - self.image
        step *= cover
        self.image += step


# ---- shapes and colours ----


def all_of(*shapes: np.ndarray) -> np.ndarray:
    """What lies in each of the shapes."""
    result = shapes[0]
    for shape in shapes[1:]:
        result = np.maximum(result, shape)
    return result


def any_of(*shapes: np.ndarray) -> np.ndarray:
    """What lies in one of the shapes."""
    result = shapes[0]
    for shape in shapes[1:]:
        result = np.minimum(result, shape)
    return result


def between(palette: np.ndarray, place: np.ndarray) -> np.ndarray:
    """(B, 3): the colour at a place from 0 to 1 of a row of colours."""
    at = np.linspace(0, 1, len(palette))
    channels = [np.interp(place.ravel(), at, channel) for channel in palette.T]
    return np.stack(channels, axis=-1).astype(np.float32)


def one_of(palette: np.ndarray, place: np.ndarray) -> np.ndarray:
    """(B, 3): one of the colours."""
    return palette[np.minimum((place.ravel() * len(palette)).astype(int), len(palette) - 1)]


def hue(angle: np.ndarray, strength: np.ndarray, value: np.ndarray) -> np.ndarray:
    """(B, 3): a colour whose hue goes round from 0 to 1; gray where its strength is 0."""
    angle, strength, value = (v.reshape(-1, 1) for v in (angle, strength, value))
    waves = 0.5 + 0.5 * np.cos(2 * np.pi * (angle - np.float32([0, 1 / 3, 2 / 3])))
    return (value * (1 - strength * (1 - waves))).astype(np.float32)


# ---- a portrait, from the back to the front ----


def draw(person: Numbers, now: Numbers, hatted: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Portraits, ``(B, H, W, 3)`` float32: persons as they look now.

    Parameters
    ----------
    person, now
        The numbers of `TRAITS` and of `CHANGES` in `cnnlab.data.faces`, by name, ``(B,)`` each.
    hatted
        ``(B,)``: whether a hat hides the hair.
    size
        ``(height, width)`` in pixels.
    """
    p, n = (
        SimpleNamespace(**{k: v.reshape(-1, 1, 1) for k, v in numbers.items()})
        for numbers in (person, now)
    )
    p.hatted = hatted.reshape(-1, 1, 1).astype(np.float32)
    skin, hair = between(SKIN, p.skin), one_of(HAIR, p.hair) * p.shade[:, 0]
    room = _room(n, *size)
    head = _tilted(room, n)
    front = _turned(head, p, n)
    under = np.where(p.hatted > 0, head.below(_hat_line(head, n)), -FAR)  # what a hat leaves free
    _hair_behind(head, p, under, hair)
    _shoulders(room, p, n, skin)
    _head(head, p, skin)
    _beard(front, p, hair)
    _nose_and_mouth(front, p, n, skin)
    _eyes(front, p, n, skin, hair)
    _marks(front, p, skin)
    _hair_in_front(head, front, p, under, hair)
    _hat(head, p, n)
    _glasses(head, front, p, n)
    _in_front(head, n)
    return _lit(head, n)


def _room(n: SimpleNamespace, height: int, width: int) -> Canvas:
    """A wall of two colours, and the coordinates of who stands upright before it."""
    batch = len(n.scale)
    unit = FACE * height * n.scale
    y = (np.arange(height, dtype=np.float32) + 0.5).reshape(1, -1, 1)
    x = (np.arange(width, dtype=np.float32) + 0.5).reshape(1, 1, -1)
    fade = np.broadcast_to(y / height + n.wall_slope * (x / width - 0.5), (batch, height, width))
    top, bottom = (
        hue(angle, n.wall_strength, value)[..., np.newaxis, np.newaxis]
        for angle, value in ((n.wall, n.wall_value), (n.wall + n.wall_step, n.wall_floor))
    )
    image = top + (bottom - top) * fade.clip(0, 1)[:, np.newaxis]
    x = (x - width / 2) / unit - n.x + np.zeros_like(fade)
    y = (y - CENTRE * height) / unit - n.y + np.zeros_like(fade)
    return Canvas(image.astype(np.float32), unit, x, y)


def _tilted(room: Canvas, n: SimpleNamespace) -> Canvas:
    """The head leans to the side, about the neck."""
    cos, sin, neck = np.cos(n.tilt), np.sin(n.tilt), 0.8
    x, y = room.x, room.y - neck
    return room.seen(cos * x + sin * y, cos * y - sin * x + neck)


def _turned(head: Canvas, p: SimpleNamespace, n: SimpleNamespace) -> Canvas:
    """The head turns: what is nearest to us moves most, as on a ball."""
    depth = np.sqrt((1 - (head.x / p.width) ** 2 - 0.5 * head.y**2).clip(0))
    return head.seen(head.x - n.turn * depth, head.y - n.nod * depth)


def _hair_behind(head: Canvas, p: SimpleNamespace, under: np.ndarray, hair: np.ndarray) -> None:
    wide = p.width + 0.08 + 0.6 * p.volume
    above = head.seen(head.x, np.minimum(head.y, 0))  # below the eyes it falls straight
    end = p.length - 0.3 * (head.x / wide) ** 2
    curtain = all_of(above.ellipse(0, 0, wide, 0.88 + p.volume), -head.below(end))
    sides = head.seen(abs(head.x), head.y)
    behind = 0.8 * hair
    head.paint(all_of(curtain, under), behind, 1 - p.bald)
    loose = (1 - p.hatted) * (1 - p.bald)
    head.paint(head.ellipse(0, -1.05 - p.volume, 0.3, 0.26), behind, loose * p.bun)
    buns = sides.ellipse(0.66, -0.8 - 0.5 * p.volume, 0.25, 0.25)
    head.paint(buns, behind, loose * p.pigtails)


def _shoulders(room: Canvas, p: SimpleNamespace, n: SimpleNamespace, skin: np.ndarray) -> None:
    neck = all_of((abs(room.x) - p.neck) * room.unit, room.below(0.3), -room.below(1.6))
    cloth = hue(n.cloth, n.cloth_strength, n.cloth_value)
    other = hue(n.cloth + 0.4, n.cloth_strength, 1.1 - n.cloth_value)
    body = room.ellipse(0, 2.15, 1.35, 1.0)
    collar = room.ellipse(0, 1.08, p.neck + 0.08, 0.22 + n.collar)
    room.paint(neck, 0.86 * skin)
    room.paint(body, cloth)
    stripes = np.sin(9 * (room.x * n.stripes_x + room.y * (1 - n.stripes_x))) * 2
    room.paint(all_of(body, stripes), other, 0.9 * n.stripes)
    room.paint(all_of(collar, room.below(0.6)), 0.9 * skin)


def _outline(head: Canvas, p: SimpleNamespace) -> np.ndarray:
    """The shape of the head: an ellipse that narrows towards the chin, or does not."""
    down = head.y.clip(0)
    x = head.x * (1 + p.taper * down * down)
    return head.seen(x, head.y).ellipse(0, 0, p.width, p.height)


def _head(head: Canvas, p: SimpleNamespace, skin: np.ndarray) -> None:
    mirrored = head.seen(abs(head.x), head.y)
    head.paint(mirrored.ellipse(p.width, 0.05, 0.6 * p.ears, p.ears), 0.9 * skin)
    head.paint(_outline(head, p), skin)


def _beard(front: Canvas, p: SimpleNamespace, hair: np.ndarray) -> None:
    jaw = _outline(front, p)
    line = 0.12 + 0.75 * (1 - (front.x / p.width) ** 2) * p.beard_line
    beard = all_of(jaw, front.below(line))
    front.paint(beard, 0.85 * hair, p.beard)
    lip = front.ellipse(0, p.mouth - 0.11, 0.95 * p.mouth_width, 0.075)
    front.paint(lip, 0.85 * hair, p.moustache)


def _nose_and_mouth(
    front: Canvas, p: SimpleNamespace, n: SimpleNamespace, skin: np.ndarray
) -> None:
    nose = front.seen(front.x - 0.3 * n.turn, front.y)
    front.paint(nose.ellipse(0, p.nose - 0.14, 0.5 * p.nose_width, 0.26), 1.07 * skin, 0.8)
    front.paint(nose.ellipse(0, p.nose, p.nose_width, 0.075), 0.78 * skin)
    front.paint(nose.ellipse(0, p.nose - 0.05, 0.7 * p.nose_width, 0.07), 1.04 * skin)
    lips = skin * np.float32([0.88, 0.5, 0.52]) * (1 - p.lip_red[:, 0])
    lips += p.lip_red[:, 0] * np.float32([0.78, 0.16, 0.22])
    across = (front.x / p.mouth_width) ** 2
    middle = p.mouth - 0.12 * n.smile * (across - 0.4)
    thick = (p.lips + 0.06 * n.open) * (1 - across)
    front.paint((abs(front.y - middle) - thick) * front.unit, lips)
    inside = (abs(front.y - middle) - (thick - 0.65 * p.lips)) * front.unit
    front.paint(inside, 0.4 * lips)
    teeth = all_of(inside, (front.y - middle) * front.unit)
    front.paint(teeth, WHITE, (n.open > 0.3) * 0.9)


def _eyes(
    front: Canvas, p: SimpleNamespace, n: SimpleNamespace, skin: np.ndarray, hair: np.ndarray
) -> None:
    """Both at once: the face is folded along its middle, where x is 0."""
    side = abs(front.x) - p.eyes
    eye = front.seen(side, front.y - p.eye_height + p.slant * side)
    tall = 0.78 * p.eye_size * n.lids
    lid = eye.ellipse(0, -0.015, 1.12 * p.eye_size, tall + 0.035)
    white = eye.ellipse(0, 0, p.eye_size, tall)
    front.paint(lid, 0.45 * skin)
    front.paint(white, WHITE)
    gazing = front.seen(abs(front.x - n.gaze) - p.eyes, eye.y)
    radius = 0.68 * p.eye_size
    front.paint(all_of(gazing.ellipse(0, 0, radius, radius), white), one_of(IRIS, p.iris))
    front.paint(all_of(gazing.ellipse(0, 0, 0.5 * radius, 0.5 * radius), white), BLACK)
    brow = front.seen(side - 0.02, front.y - p.eye_height + p.brow + n.lift + p.frown * side)
    front.paint(brow.ellipse(0, 0, p.brow_length, p.brow_size), 0.7 * hair)


def _marks(front: Canvas, p: SimpleNamespace, skin: np.ndarray) -> None:
    cheek = front.seen(abs(front.x) - 0.44, front.y - 0.26)
    front.paint(cheek.ellipse(0, 0, 0.2, 0.14), skin * np.float32([1.0, 0.72, 0.7]), p.blush)
    for x, y in ((-0.1, -0.05), (0.08, 0.03), (-0.05, 0.1)):
        front.paint(cheek.ellipse(x, y, 0.045, 0.045), 0.62 * skin, p.freckles)
    front.paint(front.ellipse(p.mole_x, p.mole_y, 0.06, 0.06), 0.3 * skin, p.mole)


def _hair_in_front(
    head: Canvas, front: Canvas, p: SimpleNamespace, under: np.ndarray, hair: np.ndarray
) -> None:
    outer = head.ellipse(0, -0.1, p.width + 0.5 * p.volume + 0.03, p.height - 0.06 + p.volume)
    outer += p.curls.clip(0) * head.unit * np.sin(13 * head.x) * np.sin(13 * head.y)
    line = p.hairline + p.parting * front.x + p.fringe * front.x**2
    head.paint(all_of(outer, -front.below(line), under), hair, 1 - p.bald)


def _hat_line(head: Canvas, n: SimpleNamespace) -> np.ndarray:
    """How far down the hat reaches."""
    return n.hat_line - 0.1 * head.x**2


def _hat(head: Canvas, p: SimpleNamespace, n: SimpleNamespace) -> None:
    colour = hue(n.hat, n.hat_strength, n.hat_value)
    other = hue(n.hat + 0.45, n.hat_strength, 1.2 - n.hat_value)
    line = _hat_line(head, n)
    crown = head.ellipse(0, -0.45, p.width + 0.1, n.hat_height)
    crown = all_of(crown, -head.below(line))
    head.paint(head.ellipse(0, -0.5 - n.hat_height, 0.16, 0.16), other, p.hatted * n.bobble)
    head.paint(crown, colour, p.hatted)
    head.paint(all_of(crown, head.below(line - 0.16)), other, p.hatted)
    head.paint(
        head.ellipse(0, n.hat_line, p.width + n.brim, 0.09), colour, p.hatted * (n.brim > 0.15)
    )


def _glasses(head: Canvas, front: Canvas, p: SimpleNamespace, n: SimpleNamespace) -> None:
    frame = hue(n.frame, n.frame_strength, n.frame_value)
    side = front.seen(abs(front.x), front.y)
    glass = side.ellipse(p.eyes, p.eye_height + 0.02, n.glass_width, n.glass_height)
    rim = abs(glass) - 0.022 * front.unit
    level = (abs(front.y - p.eye_height) - 0.022) * front.unit
    bars = all_of(level, -glass, _outline(head, p))
    front.paint(glass, BLACK, 0.88 * n.dark * n.glasses)
    front.paint(any_of(rim, bars), frame, n.glasses)


def _in_front(head: Canvas, n: SimpleNamespace) -> None:
    """A scarf, a balloon or a book."""
    colour = hue(n.thing, n.thing_strength, n.thing_value)
    fold = n.thing_y + 0.12 * np.sin(2.5 * head.x + 6 * n.thing)
    scarf = all_of(head.below(fold), -head.below(fold + 0.62), head.ellipse(0, 0.9, 1.0, 0.9))
    head.paint(scarf, colour, n.scarf)
    head.paint(all_of(scarf, np.sin(16 * head.x + 5 * head.y) * 2), 0.75 * colour, n.scarf)
    balloon = head.ellipse(n.thing_x, n.thing_y, 0.42, 0.48)
    head.paint(balloon, colour, n.balloon)
    shine = head.ellipse(n.thing_x - 0.14, n.thing_y - 0.18, 0.09, 0.12)
    head.paint(shine, WHITE, 0.7 * n.balloon)
    x = head.x - n.thing_x + 0.3 * (head.y - n.thing_y)
    book = all_of((abs(x) - 0.45) * head.unit, (abs(head.y - n.thing_y) - 0.36) * head.unit)
    head.paint(book, colour, n.book)
    line = all_of((abs(x) - 0.3) * head.unit, (abs(head.y - n.thing_y) - 0.06) * head.unit)
    head.paint(line, WHITE, 0.8 * n.book)


def _lit(head: Canvas, n: SimpleNamespace) -> np.ndarray:
    """Light from one side, warm or cold, strong or weak."""
    slope = np.tanh(head.x * np.cos(n.light_from) + head.y * np.sin(n.light_from))
    light = (1 + n.light * slope).clip(0.3) * n.exposure
    image = head.image * light[:, np.newaxis]
    image *= (1 + n.warmth * np.float32([1, 0, -1]))[..., np.newaxis].swapaxes(1, 2)
    return image.transpose(0, 2, 3, 1)
