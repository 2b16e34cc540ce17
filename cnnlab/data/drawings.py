"""Digits as people draw them on a pad, and what is no digit: ten hands, drawn from a seed.

A hand is a choice among the forms that people learn at school, with a slant, a pace and a pen of
its own. Nothing here is learned from: `tools/lenet_drawings.py` has forms of its own, so that these
drawings can say how a network does with hands that it has not met.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import ceil

import numpy as np

from cnnlab.checks import whole

PAD, PEN = 280, 20  # pixels of the pad's side, and of a stroke's width, as in the live LeNet
SIDE, BOX = 28, 20  # of an image, and of its digit's longer side, as in MNIST
NO_DIGIT = 10  # the label

Strokes = list[np.ndarray]  # each (n, 2): x to the right and y down


@dataclass(frozen=True)
class Hand:
    """How somebody draws: which form of each digit, and with what habits."""

    forms: str  # of the digits 0 to 9, one letter each
    slant: float = 0.0  # to the right, for each unit of height
    width: float = 1.0
    tall: float = 200  # pixels on the pad
    shake: float = 0.01  # of the height
    lift: float = 0.0  # how far apart strokes may begin that should meet


HANDS = {
    "school": Hand("aaaaaaaaaa"),
    "European": Hand("abaaaababa", slant=0.08),
    "typewriter": Hand("acbbbbbcbb", tall=220),
    "in a hurry": Hand("bacacabaac", slant=0.35, shake=0.02),
    "narrow": Hand("abbabaaabb", width=0.65, tall=230),
    "wide and round": Hand("aaaaaabaaa", width=1.35, tall=150),
    "angular": Hand("dadbdcdadd", tall=180),
    "trembling": Hand("acaabaacbb", shake=0.03),
    "small, with a thick pen": Hand("abbbaaabab", tall=95),
    "leaning back": Hand("cbaaaabbac", slant=-0.25, lift=0.05),
}


def drawn_digits(each: int, seed: int = 0) -> tuple[list[Strokes], np.ndarray, list[str]]:
    """Draw `each` of the ten digits in each of the ten hands.

    Returns
    -------
    strokes, labels, hands
        100 · `each` drawings, each a list of strokes ``(n, 2)`` in pixels of a pad of 280×280; the
        digits, ``(100 each,)`` int64; and whose hand it is.

    Raises
    ------
    ValueError
        If `each` or `seed` is no whole number, or `each` is below 1.
    """
    rng = np.random.default_rng(whole("seed", seed, 0))
    found = [
        (on_pad(form(digit, hand.forms[digit]), hand, rng), digit, name)
        for name, hand in HANDS.items()
        for digit in range(10)
        for _ in range(whole("each", each, 1))
    ]
    strokes, labels, hands = zip(*found, strict=True)
    return list(strokes), np.array(labels), list(hands)


def drawn_others(each: int, seed: int = 0) -> tuple[list[Strokes], list[str]]:
    """Draw what is no digit: `each` letter, mark and kind of scribble, in one hand after another.

    Returns
    -------
    strokes, kinds
        As for :func:`drawn_digits`; each kind is ``"letter"``, ``"mark"`` or ``"scribble"``.

    Raises
    ------
    ValueError
        If `each` or `seed` is no whole number, or `each` is below 1.
    """
    rng = np.random.default_rng(whole("seed", seed, 0))
    hands = list(HANDS.values())
    found = []
    for kind, shapes in (("letter", LETTERS), ("mark", MARKS), ("scribble", SCRIBBLES)):
        for shape in shapes.values():
            for _ in range(whole("each", each, 1)):
                hand = hands[rng.integers(len(hands))]
                found.append((on_pad(shape(rng), hand, rng), kind))
    strokes, kinds = zip(*found, strict=True)
    return list(strokes), list(kinds)


# ---- from strokes to images ----


def inked(strokes: Sequence[np.ndarray], pen: float = PEN) -> np.ndarray:
    """Draw strokes with a round pen on a pad, ``(280, 280)`` of 0 and 1, float32."""
    from PIL import Image, ImageDraw  # only for these: it takes a while

    pad = Image.new("L", (PAD, PAD))
    ink = ImageDraw.Draw(pad)
    for stroke in strokes:
        points = [tuple(point) for point in np.asarray(stroke, float)]
        ink.line(points, 255, round(pen))
        for x, y in points:
            ink.ellipse((x - pen / 2, y - pen / 2, x + pen / 2, y + pen / 2), 255)
    return np.asarray(pad, np.float32) / 255


def drawn_images(drawings: Sequence[Strokes]) -> np.ndarray:
    """Draw each on a pad and make an image of it as MNIST was made: ``(N, 28, 28, 1)`` float32."""
    return np.stack([fitted(inked(strokes)) for strokes in drawings])[..., np.newaxis]


def fitted(ink: np.ndarray) -> np.ndarray:
    """Turn ink into an image as MNIST was made: cut out, 20 pixels long, centred by its mass.

    ``(H, W)`` → ``(28, 28)`` float32, all 0 where there is no ink.
    """
    image = np.zeros((SIDE, SIDE), np.float32)
    if not ink.any():
        return image
    rows, columns = (np.flatnonzero(ink.any(axis)) for axis in (1, 0))
    cut = ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    height, width = (max(1, int(BOX * n / max(cut.shape) + 0.5)) for n in cut.shape)
    small = mean_of_areas(len(cut), height) @ cut @ mean_of_areas(cut.shape[1], width).T
    places = [small.sum(axis) @ np.arange(n) / small.sum() for axis, n in ((1, height), (0, width))]
    top, left = (
        min(max(int(np.floor(SIDE / 2 - place + 0.5)), 0), SIDE - n)
        for place, n in zip(places, small.shape, strict=True)
    )
    image[top : top + height, left : left + width] = small
    return image


def mean_of_areas(old: int, new: int) -> np.ndarray:
    """Give the matrix that makes `new` cells of `old` ones, ``(new, old)``, each a mean."""
    edges = np.arange(new + 1)[:, None] * old / new
    below = np.clip(edges - np.arange(old), 0, 1)  # of each old cell, what lies before an edge
    return (below[1:] - below[:-1]) * new / old


def on_pad(strokes: Strokes, hand: Hand, rng: np.random.Generator) -> Strokes:
    """Draw a form, of height 1, on the pad as somebody does: never twice the same."""
    lean = hand.slant + rng.normal(0, 0.05)
    width, turn = hand.width * rng.uniform(0.9, 1.1), np.deg2rad(rng.normal(0, 4))
    tall = min(hand.tall * rng.uniform(0.85, 1.15), PAD - PEN)
    matrix = [[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]] @ np.array(
        [[width, -lean], [0, 1]]
    )
    waves = rng.normal(0, hand.shake, (3, 2)), rng.uniform(3, 15, 3), rng.uniform(0, 6.3, 3)
    drawn = []
    for stroke in strokes:
        points = dense(stroke)
        length = np.cumsum([0, *np.hypot(*np.diff(points, axis=0).T)])
        sizes, paces, phases = waves
        points = points + np.sin(length[:, None] * paces + phases) @ sizes
        drawn.append(tall * (points @ matrix.T + rng.normal(0, 1, 2) * hand.lift))
    every = np.concatenate(drawn)
    low, high = every.min(axis=0), every.max(axis=0)
    scale = min(1, (PAD - PEN) / max(*(high - low), 1))
    room = PAD - PEN - scale * (high - low)
    corner = PEN / 2 + rng.uniform(0.2, 0.8, 2) * room
    return [corner + scale * (stroke - low) for stroke in drawn]


def dense(stroke: np.ndarray, gap: float = 0.03) -> np.ndarray:
    """Put points between those of a stroke, none further apart than `gap`."""
    pieces = [stroke[:1]]
    for start, end in pairwise(stroke):
        count = max(1, ceil(np.hypot(*(end - start)) / gap))
        pieces.append(start + (end - start) * np.linspace(0, 1, count + 1)[1:, None])
    return np.concatenate(pieces)


# ---- forms: lines and parts of ellipses, in a box of height 1 and width 0.6 ----


def arc(x: float, y: float, wide: float, high: float, begin: float, end: float) -> list:
    """Points of an ellipse; angles in degrees, from the right, clockwise."""
    angles = np.deg2rad(np.linspace(begin, end, 30))
    return list(zip(x + wide * np.cos(angles), y + high * np.sin(angles), strict=True))


EIGHT = [(0.3 + 0.28 * np.sin(2 * a), 0.5 - 0.5 * np.cos(a)) for a in np.linspace(0, 2 * np.pi, 50)]
FORMS = {
    "0a": [arc(0.3, 0.5, 0.3, 0.5, -90, 270)],
    "0b": [arc(0.3, 0.5, 0.27, 0.5, -60, 285)],
    "0c": [arc(0.3, 0.5, 0.3, 0.5, -90, 270), [(0.12, 0.85), (0.48, 0.15)]],
    "0d": [[(0.15, 0), (0.45, 0), (0.6, 0.25), (0.6, 0.75), (0.45, 1), (0.15, 1), (0, 0.75),
            (0, 0.25), (0.15, 0)]],
    "1a": [[(0.3, 0), (0.3, 1)]],
    "1b": [[(0.05, 0.3), (0.35, 0), (0.35, 1)]],
    "1c": [[(0.12, 0.22), (0.35, 0), (0.35, 1)], [(0.08, 1), (0.62, 1)]],
    "2a": [[*arc(0.3, 0.27, 0.28, 0.27, -170, 40), (0, 1), (0.6, 1)]],
    "2b": [[*arc(0.3, 0.25, 0.29, 0.25, -180, 50), (0.2, 0.8),
            *arc(0.14, 0.88, 0.12, 0.1, -60, -330), (0.35, 0.95), (0.62, 0.95)]],
    "2c": [[*arc(0.3, 0.3, 0.3, 0.3, -150, 30), (0.05, 0.95),
            *arc(0.45, 1.1, 0.35, 0.2, -150, -50)]],
    "2d": [[(0, 0.15), (0.1, 0), (0.5, 0), (0.6, 0.15), (0.6, 0.4), (0, 1), (0.6, 1)]],
    "3a": [[*arc(0.27, 0.25, 0.26, 0.25, -150, 90), *arc(0.27, 0.74, 0.31, 0.26, -90, 150)]],
    "3b": [[(0, 0), (0.55, 0), (0.22, 0.4), *arc(0.25, 0.7, 0.32, 0.3, -90, 150)]],
    "4a": [[(0.12, 0), (0, 0.62), (0.6, 0.62)], [(0.46, 0.3), (0.46, 1)]],
    "4b": [[(0.43, 1), (0.43, 0), (0, 0.66), (0.62, 0.66)]],
    "4c": [[(0.1, 0), *arc(0.22, 0.35, 0.16, 0.22, 170, 60), (0.5, 0.5)], [(0.52, 0), (0.45, 1)]],
    "4d": [[(0.05, 0), (0.05, 0.5), (0.55, 0.5)], [(0.55, 0), (0.55, 1)]],
    "5a": [[(0.08, 0), (0.05, 0.44), *arc(0.25, 0.69, 0.33, 0.31, -125, 150)],
           [(0.08, 0), (0.56, 0)]],
    "5b": [[(0.56, 0), (0.1, 0), (0.06, 0.44), *arc(0.26, 0.69, 0.32, 0.31, -120, 155)]],
    "5c": [[(0.55, 0), (0.05, 0), (0.05, 0.45), (0.45, 0.45), (0.58, 0.6), (0.58, 0.85),
            (0.45, 1), (0, 1)]],
    "6a": [[*arc(0.6, 0.7, 0.58, 0.7, -95, -175), *arc(0.31, 0.71, 0.28, 0.29, 180, -170)]],
    "6b": [[(0.44, 0), (0.06, 0.62), *arc(0.3, 0.72, 0.27, 0.28, 200, -150)]],
    "6d": [[(0.55, 0), (0.1, 0), (0, 0.2), (0, 1), (0.55, 1), (0.55, 0.5), (0, 0.5)]],
    "7a": [[(0, 0), (0.6, 0), (0.22, 1)]],
    "7b": [[(0, 0), (0.6, 0), (0.22, 1)], [(0.14, 0.52), (0.58, 0.52)]],
    "7c": [[(0.02, 0.16), (0.02, 0), (0.6, 0), *arc(0.8, 1, 0.55, 0.75, -120, -175)]],
    "8a": [EIGHT],
    "8b": [arc(0.3, 0.25, 0.24, 0.25, -90, 270), arc(0.3, 0.75, 0.3, 0.25, -90, 270)],
    "8d": [[(0, 0), (0.55, 0), (0.55, 1), (0, 1), (0, 0)], [(0, 0.48), (0.55, 0.48)]],
    "9a": [[*arc(0.3, 0.28, 0.26, 0.28, 0, -360), (0.54, 1)]],
    "9b": [[*arc(0.29, 0.28, 0.27, 0.28, 0, -360), (0.56, 0.7),
            *arc(0.28, 0.7, 0.28, 0.3, 0, 140)]],
    "9c": [[*arc(0.3, 0.26, 0.28, 0.26, -20, -340), (0.58, 0.2), (0.35, 1)]],
    "9d": [[(0.55, 0.48), (0, 0.48), (0, 0), (0.55, 0), (0.55, 1)]],
}  # fmt: skip


def form(digit: int, letter: str) -> Strokes:
    """Give a form of a digit."""
    return [np.array(stroke, float) for stroke in FORMS[f"{digit}{letter}"]]


def lines(text: str):
    """Read strokes from numbers xy of two digits, tenths of the height."""
    strokes = [
        [(int(xy[0]) / 10, int(xy[1]) / 10) for xy in one.split()] for one in text.split("/")
    ]
    return lambda rng: [np.array(stroke, float) for stroke in strokes]


def curved(*strokes: list):
    """Turn strokes into a shape that is always the same."""
    return lambda rng: [np.array(stroke, float) for stroke in strokes]


# Letters that look like a digit (O, l, Z, S, b, q, g) are left out.
LETTERS = {
    "A": lines("09 40 79/15 65"),
    "E": lines("60 00 09 69/04 54"),
    "F": lines("60 00 09/04 44"),
    "H": lines("00 09/60 69/04 64"),
    "K": lines("00 09/60 04 69"),
    "M": lines("09 00 45 80 89"),
    "N": lines("09 00 69 60"),
    "P": curved([(0, 1), (0, 0), *arc(0.2, 0.25, 0.35, 0.25, -90, 90), (0, 0.5)]),
    "R": curved([(0, 1), (0, 0), *arc(0.2, 0.25, 0.35, 0.25, -90, 90), (0, 0.5), (0.6, 1)]),
    "T": lines("00 70/30 39"),
    "W": lines("00 29 43 69 80"),
    "X": lines("00 69/60 09"),
    "e": curved([(0.05, 0.5), (0.65, 0.5), *arc(0.35, 0.5, 0.32, 0.4, 0, -310)]),
    "k": lines("00 09/43 06 49"),
    "m": curved([(0, 0.3), (0, 1)], [*arc(0.2, 0.55, 0.2, 0.25, -180, 0), (0.4, 1)],
                [*arc(0.6, 0.55, 0.2, 0.25, -180, 0), (0.8, 1)]),
    "w": curved([*arc(0.2, 0.4, 0.2, 0.5, 180, 0), *arc(0.6, 0.4, 0.2, 0.5, 180, 0)]),
}  # fmt: skip
MARKS = {
    "dot": lines("00 00"),
    "dash": lines("00 50"),
    "cross": lines("40 48/04 84"),
    "equals": lines("00 60/03 63"),
    "tick": lines("05 29 90"),
    "triangle": lines("40 07 87 40"),
    "face": curved(arc(0.5, 0.5, 0.5, 0.5, 0, 360), [(0.33, 0.35), (0.33, 0.36)],
                   [(0.67, 0.35), (0.67, 0.36)], arc(0.5, 0.55, 0.25, 0.22, 20, 160)),
    "heart": curved([*arc(0.25, 0.28, 0.25, 0.25, 160, 360), *arc(0.75, 0.28, 0.25, 0.25, 180, 380),
                     (0.5, 1), (0, 0.35)]),
}  # fmt: skip


def wander(rng: np.random.Generator) -> Strokes:
    """Go on and on, turning now and then."""
    turns = np.cumsum(rng.normal(rng.choice([-0.2, 0.2]), 0.4, 90))
    return [np.cumsum(0.07 * np.stack([np.cos(turns), np.sin(turns)], axis=1), axis=0)]


def back_and_forth(rng: np.random.Generator) -> Strokes:
    """Fill a patch with a zigzag."""
    count = rng.integers(7, 12)
    x = np.where(np.arange(count) % 2, 0.8, 0) + rng.normal(0, 0.06, count)
    return [np.stack([x, np.linspace(0, 0.8, count)], axis=1)]


def round_and_round(rng: np.random.Generator) -> Strokes:
    """Draw a spiral."""
    angles = np.linspace(0, rng.uniform(5, 8) * np.pi, 80)
    return [0.02 * angles[:, None] * np.stack([np.cos(angles), np.sin(angles)], axis=1)]


SCRIBBLES = {"wander": wander, "zigzag": back_and_forth, "spiral": round_and_round}
