"""Pictures to take a style from, painted by seeded code in seven manners."""

from collections.abc import Callable, Sequence

import numpy as np

from cnnlab.checks import one_of, whole

SMALLEST = 32  # pixels on a side
FINER = 2  # each manner paints so many times larger, and the mean of 2 × 2 pixels is kept

# Colours, as #rrggbb without the sign.
NIGHT = "111d4a 1c3f80 3473ab 8cbac8 f6c842 faecb4"
GLAZE = "26282e 145a78 208c8c d6a036 c44a30 f0e0bc"
SEA = "0c2854 18548c 468eb4 a0c8d0 f6f0de e8c48c"
MEADOW = "365c3c 6e9642 bcc450 f0d66e d66e46 5a6eaa"
PRIMARY = "181618 f0ece2 ce2422 1a3e96 f6ce2c"
INK = "1e1a18 f2e8d2 b03624"
EMBER = "2c0e1c 781824 c83c28 f08232 fac85a 3c285a"


def painting(manner: str, size: Sequence[int] = (256, 256), seed: int = 0) -> np.ndarray:
    """A picture in one of the manners of `MANNERS`.

    Parameters
    ----------
    manner
        ``"brush"`` (strokes along a flow), ``"de stijl"``, ``"mosaic"``, ``"points"``,
        ``"rings"``, ``"waves"`` or ``"woodcut"``.
    size
        Height and width in pixels, at least 32 each.
    seed
        Another number, another picture in the same manner.

    Returns
    -------
    numpy.ndarray
        ``(H, W, 3)`` float32 in [0, 1].

    Raises
    ------
    ValueError
        If an argument is not one of these.
    """
    paint = MANNERS[one_of("manner", manner, MANNERS)]
    try:
        H, W = size
    except (TypeError, ValueError):
        raise ValueError(f"size is {size!r}; expected (height, width)") from None
    H, W = whole("size", H, SMALLEST), whole("size", W, SMALLEST)
    rng = np.random.default_rng([whole("seed", seed, 0), sorted(MANNERS).index(manner)])
    large = paint(FINER * H, FINER * W, rng)
    smaller = large.reshape(H, FINER, W, FINER, 3).mean(axis=(1, 3))
    return np.clip(smaller, 0, 1).astype(np.float32)


# ---- what several manners need ----


def _palette(words: str) -> np.ndarray:
    """Colours ``(K, 3)`` from 0 to 1."""
    return np.array([list(bytes.fromhex(word)) for word in words.split()]) / 255


def _grid(H: int, W: int) -> tuple[np.ndarray, np.ndarray]:
    """Rows and columns, in units of the shorter side."""
    y, x = np.mgrid[:H, :W]
    return y / min(H, W), x / min(H, W)


def _field(H: int, W: int, rng: np.random.Generator, waves: int = 6) -> np.ndarray:
    """A smooth field from about −1 to 1: a few plane waves in chance directions."""
    y, x = _grid(H, W)
    total = np.zeros((H, W))
    for wave in range(1, waves + 1):
        direction, phase = rng.uniform(0, 2 * np.pi, 2)
        pitch = (1.5 + wave) * rng.uniform(0.7, 1.3)
        total += np.sin(pitch * (np.cos(direction) * x + np.sin(direction) * y) * 2 + phase) / wave
    return total / np.abs(total).max()


def _nearest(H: int, W: int, seeds: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """For each pixel: its nearest seed, and how much nearer it is than the second, in pixels."""
    y, x = np.mgrid[:H, :W].astype(np.float32)
    first = np.full((H, W), np.inf, np.float32)
    second = first.copy()
    which = np.zeros((H, W), int)
    for number, (row, column) in enumerate(seeds):
        # Only what lies around a seed can be nearest to it.
        reach = 4 * np.sqrt(H * W / len(seeds))
        top, bottom = int(max(0, row - reach)), int(min(H, row + reach))
        left, right = int(max(0, column - reach)), int(min(W, column + reach))
        part = np.s_[top:bottom, left:right]
        distance = np.hypot(y[part] - row, x[part] - column)
        closer = distance < first[part]
        second[part] = np.where(closer, first[part], np.minimum(second[part], distance))
        which[part] = np.where(closer, number, which[part])
        first[part] = np.minimum(first[part], distance)
    return which, second - first


def _tone(field: np.ndarray, palette: np.ndarray) -> np.ndarray:
    """Numbers from −1 to 1 as colours of a palette, blended."""
    place = (np.clip(field, -1, 1) + 1) / 2 * (len(palette) - 1)
    low = np.minimum(place.astype(int), len(palette) - 2)
    share = (place - low)[..., np.newaxis]
    return palette[low] * (1 - share) + palette[low + 1] * share


def _disc(
    picture: np.ndarray, row: float, column: float, radius: float, colour: np.ndarray
) -> None:
    H, W = picture.shape[:2]
    top, bottom = int(max(0, row - radius)), int(min(H, row + radius + 1))
    left, right = int(max(0, column - radius)), int(min(W, column + radius + 1))
    y, x = np.ogrid[top:bottom, left:right]
    inside = (y - row) ** 2 + (x - column) ** 2 <= radius**2
    picture[top:bottom, left:right][inside] = colour


# ---- the manners ----


def _brush(H: int, W: int, rng: np.random.Generator) -> np.ndarray:
    """Short strokes of thick paint that follow a flow, over a ground of the same flow."""
    palette = _palette(NIGHT)
    angle, tone = 3 * _field(H, W, rng, 4), _field(H, W, rng, 5)
    picture = _tone(tone, palette)
    unit = min(H, W) / 512
    length, radius = round(26 * unit), 3.2 * unit
    for _ in range(int(H * W / (90 * unit**2))):
        row, column = rng.uniform(0, H), rng.uniform(0, W)
        here = tone[int(row), int(column)] + rng.normal(0, 0.28)
        colour = _tone(np.array(here), palette) * rng.uniform(0.85, 1.12)
        for step in range(max(3, length)):
            if not (0 <= row < H and 0 <= column < W):
                break
            thin = radius * np.sin(np.pi * (step + 1) / (length + 2)) ** 0.4
            _disc(picture, row, column, thin, colour)
            turn = angle[int(row), int(column)]
            row, column = row + 1.6 * unit * np.sin(turn), column + 1.6 * unit * np.cos(turn)
    return picture


def _de_stijl(H: int, W: int, rng: np.random.Generator) -> np.ndarray:
    """Black bars, white fields, and a few of red, blue and yellow."""
    black, white, *colours = _palette(PRIMARY)
    picture = np.broadcast_to(white, (H, W, 3)).copy()
    bar = max(3, round(min(H, W) / 42))
    fields = [(0, 0, H, W)]
    for _ in range(14):
        fields.sort(key=lambda f: -(f[2] - f[0]) * (f[3] - f[1]) * rng.uniform(0.5, 1))
        top, left, bottom, right = fields.pop(0)
        cut = rng.uniform(0.28, 0.72)
        if (bottom - top) * rng.uniform(0.6, 1.6) > right - left:
            middle = round(top + cut * (bottom - top))
            fields += [(top, left, middle, right), (middle, left, bottom, right)]
        else:
            middle = round(left + cut * (right - left))
            fields += [(top, left, bottom, middle), (top, middle, bottom, right)]
    chosen = rng.permutation(len(fields))[:7]
    for number, (top, left, bottom, right) in enumerate(fields):
        if number in chosen:
            picture[top:bottom, left:right] = colours[int(np.flatnonzero(chosen == number)[0]) % 3]
    before, after = bar // 2, bar - bar // 2
    for top, left, bottom, right in fields:
        if top:
            picture[top - before : top + after, max(0, left - before) : right] = black
        if left:
            picture[max(0, top - before) : bottom, left - before : left + after] = black
    return picture


def _mosaic(H: int, W: int, rng: np.random.Generator) -> np.ndarray:
    """Small stones with dark joints, laid in bands of colour."""
    palette = _palette(GLAZE)
    unit = min(H, W) / 24
    rows, columns = np.arange(unit / 2, H + unit, unit), np.arange(unit / 2, W + unit, unit)
    seeds = np.stack(np.meshgrid(rows, columns, indexing="ij"), axis=-1).reshape(-1, 2)
    seeds[:, 1] += np.where(np.round(seeds[:, 0] / unit - 0.5) % 2, unit / 2, 0)
    seeds += rng.normal(0, unit * 0.13, seeds.shape)
    which, gap = _nearest(H, W, seeds)
    tone = _field(H, W, rng, 4)
    inside = np.clip(seeds, 0, [H - 1, W - 1]).astype(int)
    bands = np.clip((tone[inside[:, 0], inside[:, 1]] + 1) / 2 * 5, 0, 4.99).astype(int)
    stones = palette[1 + bands] * rng.uniform(0.75, 1.15, (len(seeds), 1))
    picture = stones[which]
    picture *= np.clip(0.82 + gap[..., np.newaxis] / (2.2 * unit), 0, 1.08)  # rounded edges
    picture[gap < unit * 0.14] = palette[0]
    return picture


def _points(H: int, W: int, rng: np.random.Generator) -> np.ndarray:
    """Dots of pure colour on pale ground, which mix in the eye."""
    palette = _palette(MEADOW)
    picture = np.full((H, W, 3), (0.95, 0.93, 0.86))
    tone, unit = _field(H, W, rng, 4), min(H, W) / 512
    for _ in range(int(H * W / (24 * unit**2))):
        row, column = rng.uniform(0, H), rng.uniform(0, W)
        here = (tone[int(row), int(column)] + 1) / 2 * (len(palette) - 1) + rng.normal(0, 0.8)
        colour = palette[int(np.clip(np.round(here), 0, len(palette) - 1))]
        _disc(picture, row, column, rng.uniform(2.4, 4.4) * unit, colour * rng.uniform(0.9, 1.1))
    return picture


def _rings(H: int, W: int, rng: np.random.Generator) -> np.ndarray:
    """Rings of colour within rings, each in a square of its own."""
    palette = _palette(EMBER)
    picture = np.zeros((H, W, 3))
    cell = min(H, W) / 4
    y, x = np.mgrid[:H, :W]
    i, j = (y / cell).astype(int), (x / cell).astype(int)
    rough = 1 + 0.12 * _field(H, W, rng)
    from_centre = np.hypot(y % cell - cell / 2, x % cell - cell / 2) * rough / (cell / 2)
    ring = np.minimum((from_centre * 4.2).astype(int), 5)
    orders = np.array([rng.permutation(6) for _ in range(int(i.max() + 1) * int(j.max() + 1))])
    picture[:] = palette[orders[i * int(j.max() + 1) + j, ring]]
    return picture * (1 + 0.10 * _field(H, W, rng, 9)[..., np.newaxis])


def _waves(H: int, W: int, rng: np.random.Generator) -> np.ndarray:
    """Waves behind waves, each with a line of foam, under a pale sky."""
    *deep, foam, sky = _palette(SEA)
    y, x = _grid(H, W)
    picture = np.broadcast_to(sky, (H, W, 3)) * (0.9 + 0.12 * y[..., np.newaxis])
    height = H / min(H, W)
    for number, level in enumerate(np.linspace(0.12, 1.02, 11) * height):
        phase = rng.uniform(0, 2 * np.pi)
        pitch = rng.uniform(5, 8)
        swell = np.sin(pitch * x + phase)
        crest = level + 0.07 * swell * np.abs(swell) + 0.02 * np.sin(3 * pitch * x + 2 * phase)
        below = y - crest
        colour = deep[(number * 3 + 1) % len(deep)]
        lines = 0.86 + 0.14 * np.cos(below * 130) * np.exp(-below * 6)
        picture = np.where(below[..., None] > 0, colour * lines[..., None], picture)
        rim = (below > -0.004) & (below < 0.016 + 0.012 * np.sin(26 * x + 5 * phase))
        picture[rim] = foam
    return picture


def _woodcut(H: int, W: int, rng: np.random.Generator) -> np.ndarray:
    """Ink on paper: lines that swell and shrink with the shade, and one red sun."""
    ink, paper, red = _palette(INK)
    y, x = _grid(H, W)
    shade = (_field(H, W, rng, 4) + 1) / 2
    bend = 0.16 * _field(H, W, rng, 3)
    lines = np.cos(2 * np.pi * 26 * (y + bend + 0.25 * x)) / 2 + 0.5
    picture = np.where((lines < 0.15 + 0.75 * shade)[..., None], paper, ink)
    centre = rng.uniform(0.25, 0.75, 2) * [H / min(H, W), W / min(H, W)]
    sun = np.hypot(y - centre[0], x - centre[1]) < 0.17
    picture[sun & (lines < 0.97)] = red
    picture[sun & (lines >= 0.97)] = paper
    return picture


MANNERS: dict[str, Callable[[int, int, np.random.Generator], np.ndarray]] = {
    "brush": _brush,
    "de stijl": _de_stijl,
    "mosaic": _mosaic,
    "points": _points,
    "rings": _rings,
    "waves": _waves,
    "woodcut": _woodcut,
}
