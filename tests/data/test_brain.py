"""The bundled brain: the right one, cut in three directions, with classes by the stated rule."""

import hashlib
from importlib.resources import files

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.ndimage import label

from cnnlab.data import TISSUE_CLASSES, Scans, brain_mri
from tools.brain import halved, tissue

FOLDER = files("cnnlab.data")
SHAPES = {"axial": (80, 96, 80), "coronal": (96, 80, 80), "sagittal": (80, 80, 96)}


@pytest.fixture(scope="module")
def brain():
    return {direction: brain_mri(direction) for direction in SHAPES}


@pytest.mark.parametrize("direction", SHAPES)
def test_shapes_types_and_range(brain, direction):
    scans = brain[direction]
    assert isinstance(scans, Scans)
    assert scans.images.shape == (*SHAPES[direction], 1)
    assert scans.masks.shape == SHAPES[direction]
    assert (scans.images.dtype, scans.masks.dtype) == (np.float32, np.uint8)
    assert scans.images.min() == 0
    assert 0.9 < scans.images.max() <= 1
    levels = scans.images * 255
    np.testing.assert_allclose(levels, np.rint(levels), atol=1e-4)


def test_classes_are_counted_alike_in_every_direction(brain):
    """Counted once in the maps of 1 mm that nilearn carries, halved."""
    assert TISSUE_CLASSES == ("background", "gray matter", "white matter")
    for scans in brain.values():
        assert np.bincount(scans.masks.ravel()).tolist() == [397_991, 137_501, 78_908]
    assert brain_mri().masks.tobytes() == brain["axial"].masks.tobytes()


def test_directions_cut_one_volume(brain):
    """A voxel found in each of the three: z up, y to the front, x to the right."""
    axial, coronal, sagittal = (brain[d].images[..., 0] for d in SHAPES)
    rng = np.random.default_rng(0)
    for x, y, z in zip(*(rng.integers(0, n, 200) for n in (80, 96, 80)), strict=True):
        assert axial[z, 95 - y, 79 - x] == coronal[y, 79 - z, 79 - x]
        assert axial[z, 95 - y, 79 - x] == sagittal[x, 79 - z, 95 - y]


def test_nose_and_top_are_where_they_should_be(brain):
    """The cerebellum is behind and below; the lowest slices hold the stem, and the middle most."""
    axial = (brain["axial"].masks > 0).sum((1, 2))
    assert axial[:5].max() < 0.2 * axial.max()
    assert 25 < axial.argmax() < 60
    middle = brain["sagittal"].masks[40] > 0  # (80, 96)
    lowest = np.nonzero(middle[65:])[1]
    assert lowest.mean() > 96 / 2  # to the right: the nose is on the left


def test_halves_mirror_each_other(brain):
    """Of the average, so that a slice from the left says what is on the right."""
    masks = brain["sagittal"].masks
    same = [(masks[i] == masks[80 - i]).mean() for i in range(10, 40)]
    assert min(same) > 0.9


def test_white_matter_is_brighter_than_gray_and_gray_than_water(brain):
    scans = brain["coronal"]
    inside = scans.images[..., 0] > 0
    light = [scans.images[..., 0][inside & (scans.masks == c)].mean() for c in range(3)]
    assert light[0] < light[1] < light[2]


def test_brain_is_one_piece_with_an_empty_margin(brain):
    volume = brain["axial"].masks > 0
    pieces, _ = label(volume)
    assert np.bincount(pieces.ravel())[1:].max() > 0.99 * volume.sum()
    edges = [np.take(volume, [0, -1], axis) for axis in (1, 2)]
    assert not any(edge.any() for edge in edges)


def test_file_is_small_and_is_the_one_that_the_readme_states():
    data = FOLDER.joinpath("brain.npz").read_bytes()
    assert len(data) < 1.5e6
    assert hashlib.sha256(data).hexdigest() in FOLDER.joinpath("README.md").read_text("utf-8")


def test_notice_is_beside_it():
    """Its owners allow copies that carry their notice."""
    notice = " ".join(FOLDER.joinpath("LICENSE-icbm152").read_text("utf-8").split())
    assert notice.startswith("Copyright (C) 1993-2009 Louis Collins, McConnell Brain Imaging")
    assert "provided that the above copyright notice appear in all copies" in notice
    assert "LICENSE-icbm152" in FOLDER.joinpath("README.md").read_text("utf-8")


@given(st.integers(0, 255), st.integers(0, 255))
def test_class_is_what_a_voxel_holds_most_of(gray, white):
    if gray + white <= 255:
        shares = {0: 255 - gray - white, 1: gray, 2: white}
        found = int(tissue(np.array([gray]), np.array([white]))[0])
        assert shares[found] == max(shares.values())


def test_halving_is_a_mean_over_eight_voxels():
    fine = np.random.default_rng(1).integers(0, 256, (197, 233, 189)).astype(np.uint8)
    coarse = halved(fine)
    assert coarse.shape == (80, 96, 80)
    for x, y, z in ((0, 0, 0), (79, 95, 79), (3, 50, 20)):
        block = fine[2 * (x + 9) :, 2 * (y + 10) :, 2 * z :][:2, :2, :2]
        assert coarse[x, y, z] == block.mean(dtype=np.float64)


@pytest.mark.parametrize("direction", ["Axial", "", None, 0, "left"])
def test_unknown_direction_is_named(direction):
    with pytest.raises(ValueError, match=r"direction is .*; expected one of 'axial', 'coronal'"):
        brain_mri(direction)
