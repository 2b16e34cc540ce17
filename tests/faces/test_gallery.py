"""A gallery: enrol, verify, recognise, delete; files that come back, and files that are refused."""

import io
import pickle
import struct
import zipfile

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import layers as L

from cnnlab.faces import NOT_RECOGNISED, Gallery, UnitLength
from cnnlab.faces.gallery import PARTS

pytestmark = pytest.mark.networks

SHAPE = (2, 3, 1)


def flat_encoder(seed: int = 0) -> keras.Model:
    """From six pixels to four numbers of length 1; a picture of zeros has no direction."""
    keras.utils.set_random_seed(seed)
    image = keras.Input(SHAPE)
    f = L.Dense(4, use_bias=False, name="dense")(L.Flatten()(image))
    return keras.Model(image, UnitLength()(f), name="flat")


@pytest.fixture(scope="module")
def net() -> keras.Model:
    return flat_encoder()


@pytest.fixture(scope="module")
def faces(net) -> np.ndarray:
    """Pictures whose encodings are far apart: along the four axes of the encoding."""
    w = keras.ops.convert_to_numpy(net.get_layer("dense").kernel)  # (6, 4)
    return np.linalg.pinv(w).reshape(4, *SHAPE).astype("float32")


@pytest.fixture
def gallery(net, faces) -> Gallery:
    made = Gallery(net, threshold=0.5)
    for name, face in zip(("Ada", "Bob", "José"), faces, strict=False):
        made.enrol(name, face)
    return made


def test_who_is_who(gallery, faces):
    assert gallery.names == ("Ada", "Bob", "José") and len(gallery) == 3
    near = faces[0] + 0.1 * faces[1]
    assert gallery.recognize(near).name == "Ada"
    # cos of the angle is 1 / √1.01, and the distance 2 − 2 cos
    assert gallery.recognize(near).distance == pytest.approx(2 - 2 / np.sqrt(1.01), abs=1e-5)
    assert gallery.verify(near, "Ada") and not gallery.verify(near, "Bob")
    stranger = gallery.recognize(faces[3])
    assert stranger.name == NOT_RECOGNISED and not stranger.recognised
    assert stranger.distance == pytest.approx(2, abs=1e-5)


def test_the_threshold_itself_is_near_enough(net, faces):
    made = Gallery(net, threshold=0)
    made.enrol("Ada", faces[0])
    assert made.verify(faces[0], "Ada") and made.recognize(faces[0]) == ("Ada", 0)
    made.threshold = -1e-9
    assert not made.verify(faces[0], "Ada") and not made.recognize(faces[0]).recognised


def test_nobody_is_forgotten_but_who_asks(gallery, faces):
    gallery.delete("Bob")
    assert gallery.names == ("Ada", "José")
    assert not gallery.recognize(faces[1]).recognised
    with pytest.raises(ValueError, match=r"^claimed is 'Bob', who is not enrolled; enrolled: 'Ada"):
        gallery.verify(faces[1], "Bob")
    gallery.enrol("Bob", faces[3])  # the name is free again
    assert gallery.recognize(faces[3]).name == "Bob"


def test_an_empty_gallery(net, faces):
    made = Gallery(net, 0.5)
    with pytest.raises(ValueError, match=r"^the gallery is empty; expected somebody"):
        made.recognize(faces[0])
    with pytest.raises(ValueError, match=r"^claimed is 'Ada', .*: nobody, since the gallery"):
        made.verify(faces[0], "Ada")
    with pytest.raises(ValueError, match=r"^name is 'Ada', who is not enrolled"):
        made.delete("Ada")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("Ada", "name is 'Ada', who is enrolled already; expected another name, or delete first"),
        ("", "name is ''; expected the name of a person"),
        ("  ", "name is '  '; expected the name of a person"),
        (3, "name is 3; expected the name of a person"),
        ("Ada ", "name is 'Ada '; expected the name of a person"),
        ("Ada\0", r"name is 'Ada\\x00'; expected the name of a person"),  # a file loses the 0
        ("\ud800", r"name is '\\ud800'; expected the name of a person"),
        ("Jose\u0301", "name is 'José', who is enrolled already"),
        (NOT_RECOGNISED, f"name is '{NOT_RECOGNISED}'; expected the name of a person"),
    ],
)
def test_names_that_are_refused(gallery, faces, name, said):
    with pytest.raises(ValueError, match=f"^{said}"):
        gallery.enrol(name, faces[3])


def test_a_name_with_its_accent_apart_is_the_same_name(gallery, faces):
    assert gallery.verify(faces[2], "Jose\u0301")
    gallery.delete("Jose\u0301")
    assert gallery.names == ("Ada", "Bob")
    with pytest.raises(ValueError, match=r"^claimed is \['Ada'\], who is not enrolled"):
        gallery.verify(faces[0], ["Ada"])


def test_pictures_that_are_refused(gallery):
    for act in (
        lambda image: gallery.enrol("Eva", image),
        lambda image: gallery.verify(image, "Ada"),
        gallery.recognize,
    ):
        with pytest.raises(ValueError, match=r"^image has shape \(3, 2, 1\); expected \(2, 3, 1\)"):
            act(np.ones((3, 2, 1)))
        with pytest.raises(ValueError, match=r"has length 0; expected 1, as cnnlab"):
            act(np.zeros(SHAPE))
        with pytest.raises(ValueError, match=r"^image has dtype uint8; .* image / 255$"):
            act(np.ones(SHAPE, np.uint8))
        with pytest.raises(ValueError, match=r"^image has numbers that are not finite"):
            act(np.full(SHAPE, np.nan))
    assert "Eva" not in gallery.names


def test_encoders_that_are_refused(faces):
    image = keras.Input(SHAPE)
    longer = Gallery(keras.Model(image, L.Dense(4)(L.Flatten()(image))), 0.5)
    with pytest.raises(ValueError, match=r"\[0\] has length .*; expected 1"):
        longer.enrol("Ada", 100 * faces[0])
    with pytest.raises(ValueError, match=r"^encoder gives .*; expected vectors"):
        Gallery(keras.Model(image, L.Conv2D(2, 1)(image)), 0.5)
    anywhere = keras.Input((None, None, 1))
    with pytest.raises(ValueError, match=r"^encoder takes \(None, None, None, 1\); .* of one size"):
        Gallery(keras.Model(anywhere, L.GlobalMaxPooling2D()(anywhere)), 0.5)
    with pytest.raises(ValueError, match=r"^threshold is 'near'; expected a number"):
        Gallery(flat_encoder(), "near")


def test_an_encoder_that_was_trained_on(faces):
    net = flat_encoder()
    made = Gallery(net, 0.5)
    made.enrol("Ada", faces[0])
    net.get_layer("dense").kernel.assign_add(np.full((6, 4), 1e-6, "float32"))
    with pytest.raises(ValueError, match=r"^the encoder was changed since this gallery was made"):
        made.recognize(faces[0])


# ---- files ----


def test_a_file_comes_back_as_it_was(gallery, net, faces, tmp_path):
    path = tmp_path / "class.gallery"
    gallery.save(path)
    back = Gallery.load(path, net)
    assert (back.names, back.threshold) == (gallery.names, 0.5)
    for face in faces:
        assert back.recognize(face) == gallery.recognize(face)
    again = Gallery.load(path, flat_encoder())  # the same weights in another network
    assert again.names == gallery.names
    assert [file.name for file in tmp_path.iterdir()] == ["class.gallery"]


def test_who_was_deleted_is_gone_from_the_file_too(gallery, net, tmp_path):
    path = tmp_path / "class.gallery"
    gallery.save(path)
    assert "José".encode("utf-32-le") in path.read_bytes()
    for name in gallery.names:
        gallery.delete(name)
    gallery.save(path)
    assert "José".encode("utf-32-le") not in path.read_bytes()
    assert Gallery.load(path, net).names == ()


def test_a_file_of_another_encoder(gallery, tmp_path):
    path = tmp_path / "class.gallery"
    gallery.save(path)
    with pytest.raises(ValueError, match=r"was made with another encoder, .*: enrol everybody"):
        Gallery.load(path, flat_encoder(seed=1))


def test_a_file_of_an_encoder_with_the_same_weights_and_another_shape(gallery, net, tmp_path):
    path = tmp_path / "class.gallery"
    gallery.save(path)
    image = keras.Input(SHAPE)
    f = L.Dense(4, use_bias=False, activation="tanh")(L.Flatten()(image))
    other = keras.Model(image, UnitLength()(f))
    other.set_weights(net.get_weights())
    with pytest.raises(ValueError, match=r"was made with another encoder, .*: enrol everybody"):
        Gallery.load(path, other)


def test_no_file(net, tmp_path):
    with pytest.raises(FileNotFoundError, match="there is no file"):
        Gallery.load(tmp_path / "none", net)


class Bomb:
    """What pickle would run."""

    def __reduce__(self):
        raise_alarm = "import pathlib; pathlib.Path(%r).touch()"
        return exec, (raise_alarm % str(Bomb.trace),)


def test_nothing_in_a_file_is_run(net, tmp_path):
    Bomb.trace = tmp_path / "it ran"
    path = tmp_path / "bad.npz"
    path.write_bytes(pickle.dumps(Bomb()))
    with pytest.raises(ValueError, match="is damaged, or is no gallery"):
        Gallery.load(path, net)
    np.savez(
        path,
        names=np.array([Bomb()], object),
        encodings=1,
        threshold=1,
        fingerprint="",
        probe=[1.0],
    )
    with pytest.raises(ValueError, match="is damaged, or is no gallery"):
        Gallery.load(path, net)
    assert not Bomb.trace.exists()


@pytest.mark.parametrize(
    "change",
    [
        {"encodings": np.ones((3, 4))},  # not of length 1
        {"encodings": np.eye(4)[:2]},  # two for three names
        {"encodings": np.eye(3)},
        {"encodings": np.full((3, 4), np.nan)},
        {"names": np.array(["Ada", "Ada", "Bob"])},
        {"names": np.array(["Ada", NOT_RECOGNISED, "Bob"])},
        {"names": np.array(["Ada", "", "Bob"])},
        {"names": np.array(["José", "Jose\u0301", "Bob"])},
        {"names": np.arange(3)},
        {"threshold": np.ones(2)},
        {"threshold": np.float64(np.nan)},
        {"fingerprint": np.array(["a", "b"])},
        {"probe": np.eye(4)},
        {"names": None},
    ],
)
def test_files_that_do_not_fit_together(gallery, net, tmp_path, change):
    path = tmp_path / "class.npz"
    gallery.save(path)
    with np.load(path) as file:
        parts = {name: part for name, part in {**file, **change}.items() if part is not None}
    np.savez(path, **parts)
    with pytest.raises(ValueError, match="is damaged, or is no gallery"):
        Gallery.load(path, net)


def forged(header: str) -> bytes:
    """A file whose encodings begin with this header."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as file:
        for name in PARTS:
            length = struct.pack("<H", len(header))
            file.writestr(f"{name}.npy", b"\x93NUMPY\x01\x00" + length + header.encode())
    return content.getvalue()


HUGE = "{'descr': '<f8', 'fortran_order': False, 'shape': (10000000000000, 4)}"


@pytest.mark.parametrize(
    "header", ["'''", "(" * 5000, "  1\n 2\n   3", HUGE, "{'descr': (1, 2, 3)}"]
)
def test_headers_that_are_forged(net, tmp_path, header):
    path = tmp_path / "class.npz"
    path.write_bytes(forged(header))
    with pytest.raises(ValueError, match="is damaged, or is no gallery"):
        Gallery.load(path, net)


def test_files_of_numpy_that_are_no_gallery(gallery, net, tmp_path):
    """One array alone; and compressed parts that do not unfold."""
    path = tmp_path / "class.npy"
    np.save(path, np.eye(4))
    with pytest.raises(ValueError, match="is damaged, or is no gallery"):
        Gallery.load(path, net)
    np.savez_compressed(path.with_suffix(".npz"), names=np.array(["Ada"] * 50))
    content = bytearray(path.with_suffix(".npz").read_bytes())
    content[60:70] = b"\xff" * 10
    path.write_bytes(content)
    with pytest.raises(ValueError, match="is damaged, or is no gallery"):
        Gallery.load(path, net)
    with pytest.raises(ValueError, match="is damaged, or is no gallery"):
        Gallery.load(tmp_path, net)  # a folder


@settings(max_examples=60)
@given(data=st.data())
def test_no_damage_gives_anything_but_a_gallery_or_an_error(net, saved, data, tmp_path_factory):
    """Cut short, or with bytes changed."""
    content = bytearray(saved)
    for _ in range(data.draw(st.integers(0, 3))):
        content[data.draw(st.integers(0, len(content) - 1))] ^= data.draw(st.integers(1, 255))
    content = content[: data.draw(st.integers(0, len(content)))]
    path = tmp_path_factory.mktemp("damaged") / "it.npz"
    path.write_bytes(content)
    try:
        assert len(Gallery.load(path, net)) == 3
    except ValueError as error:
        assert "is damaged" in str(error) or "another encoder" in str(error)


@pytest.fixture(scope="module")
def saved(net, faces, tmp_path_factory) -> bytes:
    made = Gallery(net, 0.5)
    for name, face in zip(("Ada", "Bob", "José"), faces, strict=False):
        made.enrol(name, face)
    path = tmp_path_factory.mktemp("saved") / "it.npz"
    made.save(path)
    return path.read_bytes()
