"""Drawn scans: masks are where the pixels are, and the same seed draws the same scan."""

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import label

from cnnlab.data import (
    BRAIN_CLASSES,
    CHEST_CLASSES,
    Scans,
    brain_slices,
    chest_xrays,
    chests,
    heads,
)
from cnnlab.data.fields import Plane, ellipse, overlap, path, rod, soft, union, waves

SIZE = (80, 104)
KINDS = {"chest": (chest_xrays, CHEST_CLASSES), "brain": (brain_slices, BRAIN_CLASSES)}
both = pytest.mark.parametrize("kind", KINDS)


@pytest.fixture(scope="module")
def many():
    return {kind: draw(150, seed=5, size=SIZE) for kind, (draw, _) in KINDS.items()}


def shares(scans):
    """(N, classes): the share of each class in each scan."""
    return np.stack([(scans.masks == c).mean((1, 2)) for c in range(scans.masks.max() + 1)], 1)


@both
def test_shapes_types_and_range(many, kind):
    scans, (_, classes) = many[kind], KINDS[kind]
    assert isinstance(scans, Scans)
    assert scans.images.shape == (150, *SIZE, 1)
    assert scans.masks.shape == (150, *SIZE)
    assert (scans.images.dtype, scans.masks.dtype) == (np.float32, np.uint8)
    assert 0 <= scans.images.min() < 0.05 < 0.9 < scans.images.max() <= 1
    assert np.unique(scans.masks).tolist() == list(range(len(classes)))


def test_every_chest_has_two_lungs_a_heart_and_two_clavicles(many):
    assert CHEST_CLASSES == ("background", "lungs", "heart", "clavicles")
    parts = shares(many["chest"])
    assert (parts[:, 1:] > 0.003).all()
    assert 0.1 < parts[:, 1].mean() < 0.35
    assert parts[:, 1].mean() > parts[:, 2].mean() > parts[:, 3].mean()
    for mask in many["chest"].masks:
        bones, n = label(mask == 3)
        assert n >= 2 or np.bincount(bones.ravel())[1:].max() > 20
        columns = np.nonzero(mask == 2)[1].mean()
        assert columns > np.nonzero(mask > 0)[1].mean() - 2  # the heart is on the right of the film


def test_from_none_to_several_tumours_less_than_a_percent_of_the_pixels(many):
    assert BRAIN_CLASSES == ("background", "tissue", "tumour")
    tumour = shares(many["brain"])[:, 2]
    counts = [label(mask == 2)[1] for mask in many["brain"].masks]
    assert {0, 1, 2, 3} <= set(counts)
    assert 0.3 < (tumour == 0).mean() < 0.5
    assert 0.002 < tumour.mean() < 0.01
    assert tumour.max() > 0.02


def test_air_is_dark_and_bone_is_bright_on_film(many):
    scans = many["chest"]
    light = [scans.images[..., 0][scans.masks == c].mean() for c in range(4)]
    assert light[1] < light[2] - 0.15  # air absorbs less than blood
    for image, mask in zip(scans.images[..., 0], scans.masks, strict=True):
        assert np.median(image[mask == 1]) < np.median(image[mask == 2])


def test_water_is_darker_than_tissue(many):
    scans = many["brain"]
    for image, mask in zip(scans.images[..., 0], scans.masks, strict=True):
        assert np.median(image[mask == 0]) < 0.6 * np.median(image[mask == 1])


def test_a_tumour_is_painted_where_it_is_said_to_be(monkeypatch):
    """Into a picture of light 5, without swelling: what a pixel lost says how much is covered."""
    monkeypatch.setattr(heads, "soft", lambda inside, width: 0 * inside)
    for seed in range(30):
        rng = np.random.default_rng(seed)
        head = heads._head(rng, *SIZE)
        picture, inside = heads._tumour(rng, head, np.full(SIZE, 5, np.float32))
        covered = (5 - picture) / (5 - picture.min())
        np.testing.assert_array_equal(covered > 0.5, inside > 0)
        assert (inside > 0).any()
        assert (head.brain[inside > 0] > 0).all()


def test_masks_are_the_shapes_the_last_one_on_top(monkeypatch):
    """Where a clavicle crosses a lung it is a clavicle; a tumour in a ventricle is a tumour."""
    seen = {}

    def spy(module, name):
        function = getattr(module, name)

        def told(*args):
            seen.setdefault(name, []).append(function(*args))
            return seen[name][-1]

        monkeypatch.setattr(module, name, told)

    spy(chests, "_chest")
    spy(heads, "_tumour")
    for seed in range(20):
        seen.clear()
        _, mask = chests.draw(np.random.default_rng(seed), *SIZE)
        chest = seen["_chest"][0]
        np.testing.assert_array_equal(mask == 3, chest.clavicles > 0)
        np.testing.assert_array_equal(mask == 2, (chest.heart > 0) & (chest.clavicles <= 0))
        np.testing.assert_array_equal(
            mask == 1, (chest.lungs > 0) & (chest.heart <= 0) & (chest.clavicles <= 0)
        )
        _, mask = heads.draw(np.random.default_rng(seed), *SIZE)
        tumours = [inside > 0 for _, inside in seen.get("_tumour", [])]
        np.testing.assert_array_equal(mask == 2, np.any([*tumours, np.zeros(SIZE, bool)], 0))


@both
def test_same_seed_same_scans_and_another_seed_others(kind):
    draw, _ = KINDS[kind]
    first, again, other = draw(4, 3, SIZE), draw(4, 3, SIZE), draw(4, 4, SIZE)
    np.testing.assert_array_equal(first.images, again.images)
    np.testing.assert_array_equal(first.masks, again.masks)
    assert all(np.abs(a - b).mean() > 0.02 for a, b in zip(first.images, other.images, strict=True))


@pytest.mark.parametrize(
    ("kind", "mean", "pixels"),
    [
        ("chest", 0.47965, [118_345, 33_121, 11_614, 3_320]),
        ("brain", 0.16333, [135_918, 30_150, 332]),
    ],
)
def test_same_scans_on_every_platform(kind, mean, pixels):
    """Recorded once, on Linux on x86-64: the mean light, and the pixels of each class."""
    recorded = KINDS[kind][0](20, seed=2024, size=SIZE)
    np.testing.assert_allclose(recorded.images.mean(), mean, atol=1e-4)
    np.testing.assert_allclose(np.bincount(recorded.masks.ravel()), pixels, atol=20)


@both
def test_a_scan_does_not_depend_on_how_many_there_are(kind):
    draw, _ = KINDS[kind]
    few, more = draw(3, seed=3, size=SIZE), draw(7, seed=3, size=SIZE)
    np.testing.assert_array_equal(few.images, more.images[:3])
    np.testing.assert_array_equal(few.masks, more.masks[:3])


@both
@settings(deadline=None, max_examples=15)
@given(height=st.integers(48, 150), width=st.integers(48, 150), seed=st.integers(0, 2**70))
def test_any_size_and_seed(kind, height, width, seed):
    draw, classes = KINDS[kind]
    made = draw(2, seed=seed, size=(height, width))
    assert made.images.shape == (2, height, width, 1)
    assert np.isfinite(made.images).all()
    assert made.masks.max() < len(classes)
    assert (made.masks > 0).any((1, 2)).all()


@both
def test_none_is_a_count(kind):
    made = KINDS[kind][0](0)
    assert made.images.shape == (0, 96, 96, 1)
    assert made.masks.shape == (0, 96, 96)


@both
@pytest.mark.parametrize("count", [-1, 2.0, "3", None, True])
def test_bad_count_is_named(kind, count):
    with pytest.raises(ValueError, match=r"count is .*; expected a whole number, at least 0"):
        KINDS[kind][0](count)


@both
@pytest.mark.parametrize("seed", [-1, 0.5, "3", None, False])
def test_bad_seed_is_named(kind, seed):
    with pytest.raises(ValueError, match=r"seed is .*; expected a whole number, at least 0"):
        KINDS[kind][0](1, seed=seed)


@both
@pytest.mark.parametrize("size", [96, (96,), (47, 96), (96, 47), (96.0, 96), (96, 96, 3), "96"])
def test_bad_size_is_named(kind, size):
    with pytest.raises(ValueError, match=r"size is .*; expected"):
        KINDS[kind][0](1, size=size)


def seconds(work):
    start = time.process_time()  # while it waits, no time is counted
    work()
    return time.process_time() - start


@both
def test_a_thousand_take_a_few_seconds(kind):
    """Twenty take 0.06 s of a processor; the bound is far from that: no machine, and nothing that
    shares it, should decide.
    """
    draw, _ = KINDS[kind]
    draw(1)
    assert seconds(lambda: draw(20, seed=1)) < 3


# ---- fields ----


@pytest.fixture
def plane():
    return Plane.of(*SIZE, turn=0.3, zoom=1.2, right=0.1, down=-0.2)


def test_a_plane_is_turned_zoomed_and_shifted():
    """Where the plane says (x, y), a thing at (x, y) is seen: by the matrix of the motion."""
    turn, zoom, right, down = 0.3, 1.2, 0.1, -0.2
    plane = Plane.of(60, 90, turn, zoom, right, down)
    assert plane.pixel == pytest.approx(2 / 60 / zoom)
    c, s = np.cos(turn), np.sin(turn)
    seen = zoom * np.array([[c, -s], [s, c]]) @ np.stack([plane.x.ravel(), plane.y.ravel()])
    columns, rows = np.meshgrid(np.arange(90) + 0.5, np.arange(60) + 0.5)
    np.testing.assert_allclose(seen[0] + right, (columns.ravel() - 45) / 30, atol=1e-5)
    np.testing.assert_allclose(seen[1] + down, (rows.ravel() - 30) / 30, atol=1e-5)


def test_fields_are_float32(plane):
    rng = np.random.default_rng(0)
    fields = [
        ellipse(plane, 0.1, 0.2, 0.3, 0.4, 0.5),
        rod(plane, np.array([0.1, 0.2]), (0.3, 0.5), 0.1),
        path(plane, [(0, 0), (0.5, 0.5), (1, 0)], 0.1),
        waves(rng, plane.x, plane.y, 0.3, 4),
        soft(plane.x, 0.1),
        plane.share(plane.x),
    ]
    assert {field.dtype for field in fields} == {np.dtype(np.float32)}


def test_a_circle_is_as_large_as_it_should_be(plane):
    circle = ellipse(plane, 0.05, 0.1, 0.4, 0.4)
    area = np.pi * 0.4**2 / plane.pixel**2
    assert (circle > 0).sum() == pytest.approx(area, rel=0.03)
    assert plane.share(circle).sum() == pytest.approx(area, rel=0.01)
    np.testing.assert_allclose(circle, 0.4 - np.hypot(plane.x - 0.05, plane.y - 0.1), atol=1e-6)


def test_a_rod_is_the_distance_to_a_segment(plane):
    start, end = np.array([-0.4, 0.1]), np.array([0.5, -0.3])
    points = np.stack([plane.x, plane.y], -1).astype(np.float64)
    steps = start + np.linspace(0, 1, 2001)[:, np.newaxis] * (end - start)
    nearest = np.min(np.linalg.norm(points[..., np.newaxis, :] - steps, axis=-1), axis=-1)
    np.testing.assert_allclose(rod(plane, start, end, 0.15), 0.15 - nearest, atol=1e-3)


def test_union_and_overlap_are_of_sets(plane):
    a, b = ellipse(plane, -0.1, 0, 0.3, 0.2), ellipse(plane, 0.1, 0, 0.2, 0.3)
    np.testing.assert_array_equal(union(a, b) > 0, (a > 0) | (b > 0))
    np.testing.assert_array_equal(overlap(a, b, 0.01) > 0, (a > 0) & (b > 0))


def test_shares_are_a_half_where_the_mask_begins(plane):
    shape = ellipse(plane, 0, 0, 0.5, 0.3)
    np.testing.assert_array_equal(plane.share(shape) > 0.5, shape > 1e-7)


def test_what_is_in_the_way_changes_no_mask(monkeypatch):
    for thing in range(3):
        masks, films = [], []
        for on in (False, True):
            cut = np.array([0.0, 0, 0]) if not on else np.eye(3)[thing].cumsum()
            monkeypatch.setattr(chests, "IN_THE_WAY", cut)
            film, mask = chests.draw(np.random.default_rng(11), 96, 96)
            masks.append(mask)
            films.append(film)
        np.testing.assert_array_equal(*masks)
        assert np.abs(films[0] - films[1]).max() > 0.2
