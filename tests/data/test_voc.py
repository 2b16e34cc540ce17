"""Pascal VOC 2007, from an archive in its layout that the test writes: nothing is fetched."""

import hashlib
import io
import sys
import tarfile
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from cnnlab.data import VOC_CLASSES, voc2007
from cnnlab.data.fetch import REMOTE

OBJECT = """
  <object>
    <name>{name}</name><pose>Left</pose><truncated>1</truncated><difficult>{difficult}</difficult>
    <bndbox><xmin>{0}</xmin><ymin>{1}</ymin><xmax>{2}</xmax><ymax>{3}</ymax></bndbox>{parts}
  </object>"""
HEAD = """
    <part><name>head</name>
      <bndbox><xmin>9</xmin><ymin>9</ymin><xmax>12</xmax><ymax>13</ymax></bndbox></part>"""
# Size, and for each object: class, box as the file has it, difficult, parts.
PHOTOGRAPHS = {
    "000001": ((50, 70), [("dog", (8, 12, 40, 50), 0, ""), ("person", (1, 1, 70, 50), 0, HEAD)]),
    "000004": ((40, 30), [("car", (13, 31, 13, 31), 1, "")]),
    "000017": ((20, 60), []),
}


def pixels(name):
    """A smooth picture, which JPEG keeps well; each has its own colour."""
    (height, width), _ = PHOTOGRAPHS[name]
    ramp = np.linspace(30, 220, width) * np.ones((height, 1))
    flat = np.full((height, width), 40.0 + int(name))
    return np.stack([ramp, flat, ramp[:, ::-1]], -1).astype(np.uint8)


def archive(order):
    """A tar with the annotations after the pictures, folders of their own, and files not read."""
    files = {"ImageSets/Main/test.txt": "\n".join(order) + "\n", "ImageSets/Main/car_test.txt": "x"}
    files["ImageSets/Main/trainval.txt"] = "000017\n"
    files = {name: text.encode() for name, text in files.items()}
    for name in PHOTOGRAPHS:
        jpeg = io.BytesIO()
        Image.fromarray(pixels(name)).save(jpeg, "JPEG", quality=98, subsampling=0)
        files[f"JPEGImages/{name}.jpg"] = jpeg.getvalue()
    for name, (_, objects) in PHOTOGRAPHS.items():
        inside = "".join(
            OBJECT.format(*box, name=kind, difficult=difficult, parts=parts)
            for kind, box, difficult, parts in objects
        )
        files[f"Annotations/{name}.xml"] = f"<annotation>{inside}\n</annotation>".encode()
    result = io.BytesIO()
    with tarfile.open(fileobj=result, mode="w") as tar:
        folder = tarfile.TarInfo("VOCdevkit/VOC2007/JPEGImages")
        folder.type = tarfile.DIRTYPE
        tar.addfile(folder)
        for name, data in files.items():
            info = tarfile.TarInfo(f"VOCdevkit/VOC2007/{name}")
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return result.getvalue()


@pytest.fixture
def kept(tmp_path, monkeypatch):
    """The archive, in the cache of who fetched it before; no other address is reachable."""
    monkeypatch.setenv("CNNLAB_DATA", str(tmp_path))
    data = archive(["000017", "000001", "000004"])
    for name in ("voc2007-trainval", "voc2007-test"):
        remote = REMOTE[name]
        (tmp_path / remote.url.rpartition("/")[2]).write_bytes(data)
        here = replace(remote, sha256=hashlib.sha256(data).hexdigest())
        monkeypatch.setitem(REMOTE, name, here)
    return tmp_path


def test_photographs_come_in_the_order_of_the_part(kept):
    assert [photograph.name for photograph in voc2007("test")] == ["000017", "000001", "000004"]
    assert len(voc2007("test")) == 3
    assert [photograph.name for photograph in voc2007()] == ["000017"]


def test_images_are_the_jpegs(kept):
    for name, image, *_ in voc2007("test"):
        assert image.shape == (*PHOTOGRAPHS[name][0], 3)
        assert image.dtype == np.float32
        np.testing.assert_allclose(image, pixels(name) / 255, atol=0.03)


def test_boxes_start_at_zero_and_end_before_the_next_pixel(kept):
    dog_and_person = voc2007("test")[1]
    assert dog_and_person.boxes.tolist() == [[7, 11, 40, 50], [0, 0, 70, 50]]
    assert [VOC_CLASSES[label] for label in dog_and_person.labels] == ["dog", "person"]
    assert (dog_and_person.boxes.dtype, dog_and_person.labels.dtype) == (np.float32, np.int64)
    one_pixel = voc2007("test")[2]
    assert one_pixel.boxes.tolist() == [[12, 30, 13, 31]]


def test_difficult_objects_are_marked(kept):
    marks = [photograph.difficult.tolist() for photograph in voc2007("test")]
    assert marks == [[], [False, False], [True]]


def test_a_photograph_with_nothing_has_empty_arrays(kept):
    nothing = voc2007("trainval")[0]
    assert nothing.boxes.shape == (0, 4)
    assert nothing.labels.shape == nothing.difficult.shape == (0,)


def test_it_is_a_sequence(kept):
    test = voc2007("test")
    assert test[-1].name == "000004"
    assert [photograph.name for photograph in test[1:]] == ["000001", "000004"]
    with pytest.raises(IndexError):
        test[3]


def test_nothing_is_unpacked(kept):
    before = sorted(kept.iterdir())
    list(voc2007("test"))
    assert sorted(kept.iterdir()) == before


def test_classes_are_the_challenge_s_in_alphabetical_order():
    assert len(VOC_CLASSES) == 20
    assert list(VOC_CLASSES) == sorted(VOC_CLASSES)
    assert {"person", "car", "motorbike"} < set(VOC_CLASSES)


@pytest.mark.parametrize("part", ["train", "", None, 2007, "Test"])
def test_unknown_part_is_named(part):
    with pytest.raises(ValueError, match=rf"part is {part!r}; expected one of 'trainval', 'test'"):
        voc2007(part)


@pytest.mark.parametrize(
    ("part", "name"), [("trainval", "voc2007-trainval"), ("test", "voc2007-test")]
)
def test_offline_says_what_is_missing_where_it_goes_and_what_to_use(
    tmp_path, monkeypatch, part, name
):
    monkeypatch.setenv("CNNLAB_DATA", str(tmp_path))
    nobody = replace(REMOTE[name], url="http://127.0.0.1:9/VOC.tar")
    monkeypatch.setitem(REMOTE, name, nobody)
    with pytest.raises(ConnectionError) as caught:
        voc2007(part)
    for said in ("Pascal VOC 2007", nobody.url, str(tmp_path / "VOC.tar"), "scenes("):
        assert said in str(caught.value)
    assert not list(tmp_path.iterdir())


def test_without_pillow_it_says_what_to_install_before_it_fetches(monkeypatch):
    monkeypatch.setitem(sys.modules, "PIL", None)
    with pytest.raises(ImportError, match="pip install pillow"):
        voc2007()
