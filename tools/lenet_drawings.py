"""Make ``cnnlab/architectures/data/lenet5_drawings.npz``: a LeNet-5 for digits drawn on a screen.

    .venv/bin/python tools/lenet_drawings.py

MNIST's digits were written on paper, and each of them is a digit. On a screen people draw a 1 with
flag and foot, a 9 with a hook, a dot, a face. So this network learns from MNIST's 4,000 digits,
from digits drawn here, and from what is no digit, which is its eleventh answer. The forms drawn
here are others than those of `cnnlab.data.drawings`, by which it is judged.

It takes some six minutes of processor on a busy machine. The numbers differ a little from one
machine to another.
"""

import hashlib
from itertools import pairwise
from pathlib import Path

import keras
import numpy as np

from cnnlab.architectures import lenet5
from cnnlab.data import digits
from cnnlab.data.drawings import (
    NO_DIGIT,
    PAD,
    drawn_digits,
    drawn_images,
    drawn_others,
    fitted,
    inked,
)

TARGET = Path(__file__).resolve().parent.parent / "cnnlab/architectures/data/lenet5_drawings.npz"
EPOCHS, BATCH, DRAWN, OTHERS = 14, 64, 900, 7_000  # DRAWN: of each digit

# Points xy, from 0 to 9 each way; "/" ends a stroke. "~" is a curve through its points.
DIGITS = (
    ("~30 12 05 17 39 57 65 52 30 20", "~50 20 03 06 29 59 66 53 40",
     "~30 12 05 17 39 57 65 52 30/17 52"),
    ("30 39", "40 29", "03 30 39", "12 40 49", "22 30 39", "13 40 49/19 69", "12 31 39/09 69"),
    ("~02 11 30 51 53 45 09/09 69", "~02 20 51 44 18 08 06 27 49 69", "01 50 53 09 69",
     "~03 10 50 63 37 09/~09 18 59 68"),
    ("~01 20 51 43 24/~24 54 67 49 09", "~11 30 52 44 24 45 67 49 19 08",
     "00 60 34/~34 65 58 29 08", "01 10 50 54 24/54 58 49 09"),
    ("20 05 65/40 49", "10 15 65/52 59", "59 50 06 66", "49 40 05 65", "~10 04 25 65/60 69",
     "00 05 65/60 69"),
    ("10 04/~04 43 66 48 19 08/10 60", "60 10 14/~14 44 66 49 09", "~60 10 14 44 66 48 19 08",
     "60 00 04 54 65 68 49 09"),
    ("~50 12 06 29 58 66 44 15 06", "~40 13 06 29 59 66 35 07", "30 05/~05 29 58 55 25 06",
     "60 10 02 09 69 65 05"),
    ("00 60 29", "00 60 39/15 55", "02 00 60 29", "~00 60 43 29", "02 00 60 29/14 54"),
    ("~50 20 12 34 66 49 19 06 33 52 50", "~30 11 12 24 44 52 51 30/~34 16 18 29 49 58 56 34",
     "~52 30 11 33 57 39 17 43 52", "00 60 69 09 00/04 64"),
    ("~52 30 02 24 52/51 49", "~60 20 03 35 62 67 49 19", "~52 30 03 25 53 51/~51 57 39 08",
     "~51 20 03 35 52/52 59", "~52 20 03 34 52 48 29", "64 04 00 60 69", "64 04 00 60 69 09"),
)  # fmt: skip
# Letters, signs and small pictures; none that would be a digit in somebody's hand.
OTHERS_FORMS = (
    "09 30 69/15 45", "~09 25 30 45 69/15 55", "09 00/~00 51 44 04/~04 54 67 09",
    "~61 30 05 29 68", "60 00 09 69/05 45", "60 00 09/04 54", "00 09/60 69/05 65",
    "09 00/60 05 69", "00 09 69", "09 00 35 60 69", "09 00 69 60", "09 00/~00 51 54 05",
    "09 00/~00 51 54 05/25 69", "00 60/30 39", "~00 07 39 67 60", "00 39 60", "00 29 34 49 60",
    "00 69/60 09", "00 34 60/34 39", "~15 55 63 31 05 29 68", "~05 55 62 20 04 18 49 67",
    "20 29/~61 25 58", "09 00/~05 24 46 49", "09 03/~05 23 36 39/~35 53 66 69",
    "09 04/~06 34 65 69", "09 04/~06 34 65", "~03 07 29 57/53 59", "~60 30 29/04 54",
    "~30 38 49/03 53", "~02 08 39 37 32/~37 49 68 62", "~20 18 09/10 12", "30 39/05 65",
    "05 29 60", "30 09 69 30", "00 60 69 09 00", "04 64/43 64 45", "30 39/17 39 57",
    "~34 11 03 05 39 65 63 51 34", "~03 12 24 35 53 62", "~34 12 05 37 54 62 85 67 34",
    "03 63/06 66", "30 36/39 39", "~02 10 40 52 35/38 39", "20 29/50 59/04 74/07 77",
    "05 35 26/25 55", "~40 03 06 49 86 83 40/33 34/53 54/~36 47 56", "00 69/60 09/30 39/05 65",
    "~60 25 69", "~00 45 09",
)  # fmt: skip


def strokes_of(text: str) -> list[np.ndarray]:
    """Read a form: strokes of points, ``(n, 2)``, of height 1."""
    strokes = []
    for one in text.replace(" ~", "").split("/"):
        curve = one.startswith("~")
        points = np.array([[int(xy[0]), int(xy[1])] for xy in one.strip("~").split()]) / 9
        strokes.append((points, curve))
    return strokes


def through(points: np.ndarray, curve: bool) -> np.ndarray:
    """Go through points, by straight lines or by a Catmull-Rom curve: ``(n, 2)`` → ``(m, 2)``."""
    t = np.linspace(0, 1, 9)[1:, None]
    if not curve or len(points) < 3:
        pieces = [a + (b - a) * t for a, b in pairwise(points)]
    else:
        ends = np.concatenate(
            [2 * points[:1] - points[1:2], points, 2 * points[-1:] - points[-2:-1]]
        )
        pieces = []
        for a, b, c, d in zip(ends, ends[1:], ends[2:], ends[3:], strict=False):
            cubic = (3 * b - a - 3 * c + d) * t**3 + (2 * a - 5 * b + 4 * c - d) * t**2
            pieces.append((cubic + (c - a) * t + 2 * b) / 2)
    return np.concatenate([points[:1], *pieces])


def drawn(
    strokes: list, rng: np.random.Generator, slant: float = 0.4, turn: float = 12
) -> np.ndarray:
    """Draw a form as anybody might, and fit it as the figure does: ``(28, 28)``."""
    jitter = rng.uniform(0, 0.05)
    made = [
        through(points + rng.normal(0, jitter, points.shape), curve) for points, curve in strokes
    ]
    made = [stroke + rng.normal(0, 1, 2) * rng.choice([0, 0.03]) for stroke in made]
    angle, lean = np.deg2rad(rng.uniform(-turn, turn)), rng.uniform(-0.6 * slant, slant)
    wide, bend = rng.uniform(0.55, 1.5), rng.normal(0, 0.03, (2, 2))
    matrix = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    matrix = matrix @ np.array([[wide, -lean], [0, 1]])
    pace, phase, shake = (
        rng.uniform(3, 20),
        rng.uniform(0, 6),
        rng.choice([0, 0.015, 0.03], p=[0.5, 0.3, 0.2]),
    )
    tall = rng.uniform(70, 255)
    placed = []
    for stroke in made:
        way = np.cumsum([0, *np.hypot(*np.diff(stroke, axis=0).T)])[:, None]
        stroke = stroke + np.sin(6.3 * stroke[:, ::-1] + phase) @ bend
        stroke = stroke + shake * np.sin(pace * way + [phase, 2 * phase])
        placed.append(tall * stroke @ matrix.T)
    every = np.concatenate(placed)
    low, high = every.min(axis=0), every.max(axis=0)
    scale = min(1, (PAD - 25) / max(*(high - low), 1))
    return fitted(inked([12 + scale * (stroke - low) for stroke in placed], rng.uniform(16, 24)))


def other(rng: np.random.Generator) -> np.ndarray:
    """Draw what is no digit, ``(28, 28)``: a form, a scribble, a dot, a dash, or two digits."""
    kind = rng.choice(["form", "scribble", "zigzag", "spiral", "dot", "dash", "two"], p=KINDS)
    if kind == "form":
        return drawn(strokes_of(OTHERS_FORMS[rng.integers(len(OTHERS_FORMS))]), rng)
    if kind == "scribble":
        points = np.cumsum(rng.normal(0, 0.35, (rng.integers(9, 22), 2)), axis=0)
        return drawn([(points, bool(rng.integers(2)))], rng)
    if kind == "zigzag":
        count = rng.integers(6, 16)
        points = np.stack(
            [np.arange(count) % 2, np.linspace(0, rng.uniform(0.3, 1), count)], axis=1
        )
        return drawn(
            [(points + rng.normal(0, 0.05, points.shape), bool(rng.integers(2)))], rng, 0.4, 180
        )
    if kind == "spiral":
        a = np.linspace(0, rng.uniform(4, 10) * np.pi, 70)[:, None]
        points = a * np.concatenate([np.cos(a), np.sin(a)], axis=1) / a.max() / 2
        return drawn([(points, False)], rng, 0.4, 180)
    if kind == "dot":
        return drawn([(rng.uniform(0, 0.06, (3, 2)), False)], rng)
    if kind == "dash":
        return drawn([(np.array([[0.0, 0.5], [rng.uniform(0.3, 1), 0.5]]), False)], rng, 0.1, 20)
    first, second = (strokes_of(pick(rng.integers(10), rng)) for _ in range(2))
    beside = [(points + np.array([0.95, 0]), curve) for points, curve in second]
    return drawn(first + beside, rng, 0.2, 5)


KINDS = [0.55, 0.14, 0.08, 0.06, 0.06, 0.05, 0.06]


def pick(digit: int, rng: np.random.Generator) -> str:
    """Choose one of the forms of a digit."""
    return DIGITS[digit][rng.integers(len(DIGITS[digit]))]


def training_set(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Images ``(N, 32, 32, 1)`` and labels ``(N,)``: MNIST's thrice, drawn digits, and others."""
    (x, y), _ = digits()
    made = [(drawn(strokes_of(pick(d, rng)), rng), d) for d in range(10) for _ in range(DRAWN)]
    made += [(other(rng), NO_DIGIT) for _ in range(OTHERS)]
    images, labels = (np.array(part) for part in zip(*made, strict=True))
    x = np.concatenate([x, x, images[..., None].astype("float32")])
    return np.pad(x, [(0, 0), (2, 2), (2, 2), (0, 0)]), np.concatenate([y, y, labels])


def train(x: np.ndarray, y: np.ndarray) -> keras.Model:
    """LeNet-5 with eleven answers; each epoch sees every image a little changed."""
    model = lenet5(classes=11)
    steps = EPOCHS * -(-len(x) // BATCH)
    rate = keras.optimizers.schedules.CosineDecay(0.003, steps)
    model.compile(keras.optimizers.Adam(rate), "sparse_categorical_crossentropy")
    change = [
        keras.layers.RandomTranslation(0.05, 0.05, fill_mode="constant"),
        keras.layers.RandomRotation(0.03, fill_mode="constant"),
        keras.layers.RandomZoom(0.08, 0.08, fill_mode="constant"),
    ]
    augment = keras.Sequential(change)
    for _ in range(EPOCHS):
        seen = keras.ops.convert_to_numpy(augment(x, training=True))
        model.fit(seen, y, BATCH, verbose=0)
    return model


def report(model: keras.Model) -> None:
    """Say how it does on MNIST's test digits, on hands it has not met, and on what is no digit."""
    (_, _), (x, y) = digits()
    strokes, labels, hands = drawn_digits(10, seed=1)
    others, kinds = drawn_others(20, seed=1)

    def read(images: np.ndarray) -> np.ndarray:
        padded = np.pad(images.reshape(-1, 28, 28, 1), [(0, 0), (2, 2), (2, 2), (0, 0)])
        return model.predict(padded, verbose=0).argmax(axis=1)

    print(
        f"MNIST: {(read(x) == y).mean():.1%}; said to be none: {(read(x) == NO_DIGIT).mean():.1%}"
    )
    right = read(drawn_images(strokes)) == labels
    print(f"drawn: {right.mean():.1%}")
    for hand in dict.fromkeys(hands):
        mine = np.array(hands) == hand
        missed = [int(d) for d in labels[mine & ~right]]
        print(f"  {hand}: {right[mine].mean():.0%} {missed}")
    none = read(drawn_images(others)) == NO_DIGIT
    for kind in dict.fromkeys(kinds):
        print(f"no digit, {kind}: {none[np.array(kinds) == kind].mean():.1%}")


def save(model: keras.Model) -> None:
    """Write the weights in float16, named ``<layer>/<variable>``."""
    arrays = {
        f"{layer.name}/{variable.name}": keras.ops.convert_to_numpy(variable).astype(np.float16)
        for layer in model.layers
        for variable in layer.weights
    }
    np.savez_compressed(TARGET, **arrays)
    digest = hashlib.sha256(TARGET.read_bytes()).hexdigest()
    print(f"{TARGET.name}: {TARGET.stat().st_size:,} bytes, sha256 {digest}")


if __name__ == "__main__":
    keras.utils.set_random_seed(0)
    network = train(*training_set(np.random.default_rng(0)))
    report(network)
    save(network)
