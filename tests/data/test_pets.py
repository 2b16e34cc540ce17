"""Oxford-IIIT Pet, from archives in its layout that the test writes: nothing is fetched."""

import gzip
import hashlib
import io
import sys
import tarfile
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from cnnlab.data import PET_CLASSES, oxford_pets
from cnnlab.data.archives import unpacked
from cnnlab.data.fetch import REMOTE

SIZES = {"Abyssinian_100": (50, 70), "american_bulldog_7": (40, 30), "pug_2": (20, 60)}
LISTS = {
    "trainval": "american_bulldog_7 2 2 1\npug_2 24 2 19\n",
    "test": "Abyssinian_100 1 1 1\n",
}


def trimap(name):
    """As the file has it: 1 in the middle, 3 around that, 2 elsewhere."""
    height, width = SIZES[name]
    result = np.full((height, width), 2, np.uint8)
    result[5:15, 4:22] = 3
    result[7:13, 6:20] = 1
    return result


def pixels(name):
    """A smooth picture, which JPEG keeps well."""
    height, width = SIZES[name]
    ramp = np.linspace(30, 220, width) * np.ones((height, 1))
    return np.stack([ramp, 0 * ramp + 90, ramp[:, ::-1]], -1).astype(np.uint8)


def encoded(array, kind, **options):
    file = io.BytesIO()
    Image.fromarray(array).save(file, kind, **options)
    return file.getvalue()


def packed(files):
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w:gz") as tar:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return file.getvalue()


def archives():
    images = {
        f"images/{name}.jpg": encoded(pixels(name), "JPEG", quality=98, subsampling=0)
        for name in SIZES
    }
    annotations = {f"annotations/{part}.txt": text.encode() for part, text in LISTS.items()}
    for name in SIZES:
        annotations[f"annotations/trimaps/._{name}.png"] = b"left over by a file manager"
        annotations[f"annotations/trimaps/{name}.png"] = encoded(trimap(name), "PNG")
    return {"images": packed({"images/x.mat": b"x", **images}), "annotations": packed(annotations)}


@pytest.fixture
def kept(tmp_path, monkeypatch):
    """The archives, in the cache of who fetched them before; no other address is reachable."""
    monkeypatch.setenv("CNNLAB_DATA", str(tmp_path))
    for what, data in archives().items():
        remote = REMOTE[f"pets-{what}"]
        (tmp_path / remote.filename).write_bytes(data)
        here = replace(remote, sha256=hashlib.sha256(data).hexdigest())
        monkeypatch.setitem(REMOTE, f"pets-{what}", here)
    return tmp_path


def test_photographs_come_in_the_order_of_the_part(kept):
    assert [pet.name for pet in oxford_pets()] == ["american_bulldog_7", "pug_2"]
    assert [pet.name for pet in oxford_pets("test")] == ["Abyssinian_100"]


def test_images_are_the_jpegs_and_masks_the_trimaps(kept):
    assert PET_CLASSES == ("background", "pet", "outline")
    for part in LISTS:
        for pet in oxford_pets(part):
            assert pet.image.shape == (*SIZES[pet.name], 3)
            assert (pet.image.dtype, pet.mask.dtype) == (np.float32, np.uint8)
            np.testing.assert_allclose(pet.image, pixels(pet.name) / 255, atol=0.03)
            for code, found in ((1, "pet"), (2, "background"), (3, "outline")):
                there = trimap(pet.name) == code
                np.testing.assert_array_equal(pet.mask == PET_CLASSES.index(found), there)


def test_breeds_are_the_names_without_their_number(kept):
    assert [pet.breed for pet in oxford_pets()] == ["american bulldog", "pug"]


def test_it_is_a_sequence(kept):
    pets = oxford_pets()
    assert len(pets) == 2
    assert pets[-1].name == "pug_2"
    assert [pet.name for pet in pets[:1]] == ["american_bulldog_7"]
    with pytest.raises(IndexError):
        pets[2]


def test_archives_are_unpacked_once(kept):
    oxford_pets()
    made = {path: path.stat().st_mtime_ns for path in kept.iterdir()}
    assert {path.name for path in made} == {
        f"oxford-pets-{what}.tar{end}" for what in ("images", "annotations") for end in ("", ".gz")
    }
    oxford_pets("test")
    assert {path: path.stat().st_mtime_ns for path in kept.iterdir()} == made


def test_nothing_is_left_of_what_could_not_be_unpacked(tmp_path):
    short = tmp_path / "short.tar.gz"
    short.write_bytes(gzip.compress(bytes(10_000))[:-9])
    with pytest.raises(EOFError):
        unpacked(short)
    assert list(tmp_path.iterdir()) == [short]


@pytest.mark.parametrize("part", ["train", "", None, 37, "Test"])
def test_unknown_part_is_named(part):
    with pytest.raises(ValueError, match=rf"part is {part!r}; expected one of 'trainval', 'test'"):
        oxford_pets(part)


def test_offline_says_what_is_missing_where_it_goes_and_what_to_use(tmp_path, monkeypatch):
    monkeypatch.setenv("CNNLAB_DATA", str(tmp_path))
    nobody = replace(REMOTE["pets-annotations"], url="http://127.0.0.1:9/annotations.tar.gz")
    monkeypatch.setitem(REMOTE, "pets-annotations", nobody)
    with pytest.raises(ConnectionError) as caught:
        oxford_pets()
    place = tmp_path / "oxford-pets-annotations.tar.gz"
    for said in ("Oxford-IIIT Pet", nobody.url, str(place), "chest_xrays("):
        assert said in str(caught.value)
    assert not list(tmp_path.iterdir())


def test_without_pillow_it_says_what_to_install_before_it_fetches(monkeypatch):
    monkeypatch.setitem(sys.modules, "PIL", None)
    with pytest.raises(ImportError, match="pip install pillow"):
        oxford_pets()
