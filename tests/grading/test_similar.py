"""Copies are found, however they are dressed; and a large class takes seconds."""

import re
import time

import numpy as np
import pytest

from cnnlab.grading.gradebook.similar import LEAST_SHARE, shingles, similar

FIRST = """
def pool(X, size):
    '''Text.'''
    N, H, W, C = X.shape
    out = np.zeros((N, H // size, W // size, C))
    for i in range(H // size):
        for j in range(W // size):
            window = X[:, i * size : (i + 1) * size, j * size : (j + 1) * size]
            out[:, i, j] = window.max(axis=(1, 2))
    return out
"""
SECOND = """
def iou(a, b):
    w = max(0, min(a[2], b[2]) - max(a[0], b[0]))
    h = max(0, min(a[3], b[3]) - max(a[1], b[1]))
    both = w * h
    area = (a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1])
    return both / (area - both) if area > both else 0.0
"""
OTHER = """
def pool(X, size):
    N, H, W, C = X.shape
    blocks = X[:, : H // size * size, : W // size * size]
    return blocks.reshape(N, H // size, size, W // size, size, C).max((2, 4))

def iou(a, b):
    a, b = np.asarray(a), np.asarray(b)
    sides = np.clip(np.minimum(a[2:], b[2:]) - np.maximum(a[:2], b[:2]), 0, None)
    union = np.prod(a[2:] - a[:2]) + np.prod(b[2:] - b[:2]) - np.prod(sides)
    return float(np.prod(sides) / union)
"""
NOTHING = np.array([], np.int64)


def renamed(source):
    words = {"X": "image", "out": "result", "window": "w1", "i": "row", "j": "col", "size": "k"}
    return re.sub(r"\b\w+\b", lambda word: words.get(word[0], word[0]), source)


@pytest.mark.parametrize(
    "copy",
    [
        [renamed(FIRST), SECOND],
        [SECOND, FIRST],
        [SECOND + FIRST],
        ["# mine\n" + FIRST.replace("Text.", "My own idea!"), "import os\nprint(1)\n" + SECOND],
        ["%matplotlib inline\n" + FIRST + SECOND],
    ],
)
def test_a_dressed_copy_is_the_same(copy):
    prints = [("Ada", shingles([FIRST, SECOND])), ("Bob", shingles(copy))]
    (pair,) = similar(prints, NOTHING)
    assert (pair.one, pair.other) == ("Ada", "Bob")
    assert pair.share == pytest.approx(1)


def test_own_work_is_not_alike():
    prints = [("Ada", shingles([FIRST, SECOND])), ("Bob", shingles([OTHER]))]
    assert similar(prints, NOTHING) == []


def test_a_few_changed_lines_are_still_alike():
    changed = SECOND.replace("if area > both else 0.0", "")
    (pair,) = similar(
        [("A", shingles([FIRST, SECOND])), ("B", shingles([FIRST, changed]))], NOTHING
    )
    assert LEAST_SHARE <= pair.share < 1


def test_what_everybody_got_does_not_count():
    handout = shingles([FIRST])
    prints = [("Ada", shingles([FIRST, SECOND])), ("Bob", shingles([FIRST, OTHER]))]
    assert similar(prints, handout) == []
    assert similar([("Ada", handout), ("Bob", handout)], handout) == []


@pytest.mark.parametrize("cells", [[], ["def broken(:"], ["x = 1"], ["(" * 5000], ["x" * 100]])
def test_what_is_no_code_is_like_nothing(cells):
    prints = [("Ada", shingles(cells)), ("Bob", shingles(cells))]
    assert similar(prints, NOTHING) == []


def test_a_number_of_thousands_of_digits_is_a_number():
    """Python does not write it out in decimal digits."""
    ordinary, huge = (shingles([f"{FIRST}\nx = {n}"]) for n in ("1", "0x" + "f" * 3600))
    assert len(np.intersect1d(ordinary, huge)) > len(ordinary) / 2


def test_many_empty_lines_take_no_time():
    started = time.process_time()
    shingles(["\n" * 20_000 + FIRST])
    assert time.process_time() - started < 1


def made_up(rng, pieces=300):
    return np.unique(rng.integers(0, 2**60, pieces))


def test_a_group_of_copies_is_found_in_a_class():
    rng = np.random.default_rng(0)
    common = made_up(rng, 200)  # as all write it
    shared = made_up(rng)
    prints = [(f"s{n}", np.union1d(common, shared if n < 12 else made_up(rng))) for n in range(30)]
    pairs = similar(prints, NOTHING)
    assert {pair.one for pair in pairs} | {pair.other for pair in pairs} == {
        f"s{n}" for n in range(12)
    }
    assert len(pairs) == 12 * 11 // 2


def test_a_thousand_submissions_take_seconds():
    """Half of the pieces are common to many, as they are in a class."""
    rng = np.random.default_rng(1)
    pool = rng.integers(0, 2**60, 3000)
    prints = [
        (f"s{n}", np.union1d(rng.choice(pool, 150, replace=False), made_up(rng, 150)))
        for n in range(1000)
    ]
    prints[700] = ("copy", prints[3][1][:-10])
    started = time.process_time()  # while it waits, no time is counted
    pairs = similar(prints, NOTHING)
    assert time.process_time() - started < 10
    assert [(pair.one, pair.other) for pair in pairs] == [("s3", "copy")]
