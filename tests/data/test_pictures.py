"""Pictures as people have them: files, Pillow's images, arrays of every kind."""

import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest
import skimage
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from skimage.color import rgb2gray, rgba2rgb

from cnnlab.data import photo, read_picture, read_pictures
from cnnlab.data.pictures import several

H, W = 5, 8
UPRIGHT = np.random.default_rng(0).integers(0, 256, (H, W, 3), np.uint8)
GRAY = UPRIGHT[..., 0]
ALPHA = UPRIGHT[..., 1]


def saved(folder: Path, image: Image.Image, name: str, **options) -> Path:
    image.save(folder / name, **options)
    return folder / name


# ---- arrays ----

SAME = {  # the picture of UPRIGHT in other words
    "uint8": UPRIGHT,
    "int64": UPRIGHT.astype(int),
    "uint16, 0 to 255": UPRIGHT.astype(np.uint16),
    "uint16": UPRIGHT.astype(np.uint16) * 257,
    "floats to 1": UPRIGHT / 255,
    "float16 to 255": UPRIGHT.astype(np.float16),
    "floats to 255": UPRIGHT.astype(float),
    "lists": UPRIGHT.tolist(),
    "tuples": tuple(tuple(map(tuple, row)) for row in (UPRIGHT / 255).tolist()),
    "opaque": np.dstack([UPRIGHT, np.full((H, W), 255, np.uint8)]),
    "opaque floats": np.dstack([UPRIGHT / 255, np.ones((H, W))]),
    "Pillow": Image.fromarray(UPRIGHT),
    "Pillow with alpha": Image.fromarray(UPRIGHT).convert("RGBA"),
    "other strides": np.asfortranarray(UPRIGHT)[::-1][::-1],
}


@pytest.mark.parametrize("image", SAME.values(), ids=SAME.keys())
def test_numbers_of_every_kind_are_the_same_picture(image):
    found = read_picture(image)
    assert found.dtype == np.float32 and found.shape == (H, W, 3)
    np.testing.assert_allclose(found, UPRIGHT / 255, atol=1e-6)
    assert found.min() >= 0 and found.max() <= 1


@pytest.mark.parametrize(
    "image",
    [GRAY, GRAY[..., None], GRAY / 255, Image.fromarray(GRAY), np.dstack([GRAY, 0 * GRAY + 255])],
)
def test_gray_becomes_three_equal_channels(image):
    expected = np.stack([GRAY / 255] * 3, axis=-1)
    np.testing.assert_allclose(read_picture(image), expected, atol=1e-6)
    np.testing.assert_allclose(read_picture(image, gray=True), GRAY / 255, atol=1e-6)


def test_truth_values_are_black_and_white():
    mask = np.arange(H * W).reshape(H, W) % 3 == 0
    for image in (mask, Image.fromarray(mask)):
        np.testing.assert_array_equal(read_picture(image)[..., 2], mask)


def test_colours_become_gray_by_their_luminance():
    np.testing.assert_allclose(read_picture(UPRIGHT, gray=True), rgb2gray(UPRIGHT), atol=1e-6)
    assert read_picture(np.full((H, W, 3), 255), gray=True).max() <= 1


def test_what_is_transparent_shows_a_white_ground():
    image = np.dstack([UPRIGHT, ALPHA])
    expected = rgba2rgb(image)  # scikit-image's ground is white too
    for each in (image, image / 255, image.astype(float), Image.fromarray(image)):
        np.testing.assert_allclose(read_picture(each), expected, atol=1e-6)
    gray = np.dstack([GRAY, ALPHA])
    expected = rgba2rgb(np.dstack([GRAY, GRAY, GRAY, ALPHA]))
    merged = Image.merge("LA", [Image.fromarray(GRAY), Image.fromarray(ALPHA)])
    for each in (gray, gray / 255, merged):
        np.testing.assert_allclose(read_picture(each), expected, atol=1e-6)


@settings(deadline=None, max_examples=60)
@given(
    st.sampled_from([(), (1,), (2,), (3,), (4,)]),
    st.sampled_from(["uint8", "int32", "uint16", "float32", "float64", "bool"]),
    st.integers(0, 2**31),
)
def test_whatever_comes_out_is_a_picture(channels, dtype, seed):
    rng = np.random.default_rng(seed)
    most = {"bool": 2, "uint16": 2**16}.get(dtype, 256)
    image = rng.integers(0, most, (*rng.integers(3, 9, 2), *channels)).astype(dtype)
    image.flat[0] = most - 1
    before = image.copy()
    found = read_picture(image)
    assert found.shape == (*image.shape[:2], 3) and found.dtype == np.float32
    assert found.min() >= 0 and found.max() <= 1
    np.testing.assert_array_equal(image, before)
    assert not np.shares_memory(found, image)


def test_the_largest_value_says_what_white_is():
    """The rule, and the trap in it: an almost black picture from 0 to 255 becomes too bright."""
    assert read_picture(np.full((H, W), 0.5)).max() == 0.5
    assert read_picture(np.full((H, W), 51.0)).max() == pytest.approx(0.2)
    assert read_picture(np.full((H, W), 1.0)).max() == 1  # if white was 255, this is nearly black
    assert read_picture(np.full((H, W), 1, np.uint8)).max() == pytest.approx(1 / 255)
    assert read_picture(np.full((H, W), 255, np.uint16)).max() == 1
    assert read_picture(np.full((H, W), 256, np.uint16)).max() == pytest.approx(256 / 65535)


def test_rounding_is_cut_off_and_more_is_refused():
    """Resizing leaves the range a little; bicubic resizing and noise leave it a lot."""
    image = np.array([[-1e-4, 1 + 1e-4]])
    np.testing.assert_array_equal(read_picture(image)[..., 0], [[0, 1]])
    for high in (1.01, 1.5, 2.0):
        with pytest.raises(ValueError, match=r"does not say whether white is 1 or 255.*np\.clip"):
            read_picture(image * 0 + high)
    with pytest.raises(ValueError, match="image is int64 with 1 as its largest value"):
        read_picture(np.eye(4, dtype=int))


# ---- files ----


@pytest.mark.parametrize("name", ["a.png", "b.webp", "c.bmp", "d.tiff", "e.ppm"])
def test_files_are_read(tmp_path, name, monkeypatch):
    options = {"lossless": True} if name.endswith("webp") else {}
    path = saved(tmp_path, Image.fromarray(UPRIGHT), name, **options)
    for image in (path, str(path), Image.open(path)):
        np.testing.assert_allclose(read_picture(image), UPRIGHT / 255, atol=1e-6)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    for image in (name, f"~/{name}"):
        np.testing.assert_allclose(read_picture(image), UPRIGHT / 255, atol=1e-6)


TURNS = {  # EXIF's orientation, and how the upright picture is stored
    1: lambda a: a,
    2: lambda a: a[:, ::-1],
    3: lambda a: a[::-1, ::-1],
    4: lambda a: a[::-1],
    5: lambda a: a.swapaxes(0, 1),
    6: lambda a: np.rot90(a),
    7: lambda a: a[::-1, ::-1].swapaxes(0, 1),
    8: lambda a: np.rot90(a, -1),
}


@pytest.mark.parametrize("orientation", TURNS)
def test_a_photograph_is_turned_upright(tmp_path, orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored = Image.fromarray(np.ascontiguousarray(TURNS[orientation](UPRIGHT)))
    path = saved(tmp_path, stored, "phone.png", exif=exif)
    for image in (path, Image.open(path)):
        np.testing.assert_allclose(read_picture(image), UPRIGHT / 255, atol=1e-6)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "YCbCr", "HSV", "F"])
def test_pillow_s_kinds_of_images(mode):
    image = Image.fromarray(UPRIGHT).convert(mode)
    expected = np.asarray(image.convert("RGB")) / 255
    np.testing.assert_allclose(read_picture(image), expected, atol=1 / 255)


def test_a_png_may_name_one_colour_that_is_transparent(tmp_path):
    flat = np.full((H, W, 3), (10, 20, 30), np.uint8)
    flat[2, 3] = 200, 100, 0
    path = saved(tmp_path, Image.fromarray(flat), "key.png", transparency=(10, 20, 30))
    found = read_picture(path)
    np.testing.assert_allclose(found[2, 3], flat[2, 3] / 255, atol=1e-6)
    assert (np.delete(found.reshape(-1, 3), 2 * W + 3, axis=0) == 1).all()
    palette = Image.fromarray(flat).convert("P", palette=Image.Palette.ADAPTIVE)
    clear = palette.getpixel((0, 0))
    found = read_picture(saved(tmp_path, palette, "palette.png", transparency=clear))
    assert (found[0] == 1).all() and found[2, 3, 2] < 0.1


@pytest.mark.parametrize("name", ["deep.png", "deep.tiff"])
def test_sixteen_bits_are_read(tmp_path, name):
    deep = np.arange(H * W, dtype=np.uint16).reshape(H, W) * 1600
    found = read_picture(saved(tmp_path, Image.fromarray(deep), name))
    np.testing.assert_allclose(found[..., 1], deep / 65535, atol=1e-6)


def test_of_several_frames_the_first_counts(tmp_path):
    frames = [Image.fromarray(np.full((H, W), shade, np.uint8)) for shade in (0, 255)]
    path = saved(tmp_path, frames[0], "moves.gif", save_all=True, append_images=frames[1:])
    assert read_picture(path).max() == 0


def test_a_photograph_with_many_pixels_is_read_and_nothing_is_warned(tmp_path):
    path = saved(tmp_path, Image.new("RGB", (6000, 4000), (255, 0, 51)), "large.jpg")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = read_picture(path)
    assert found.shape == (4000, 6000, 3)
    np.testing.assert_allclose(found[2000, 3000], (1, 0, 0.2), atol=0.02)


def beginning(data: bytes):
    return lambda folder: (folder / "file.jpg").write_bytes(data) and folder / "file.jpg"


def cut_short(folder: Path) -> Path:
    path = saved(folder, Image.fromarray(np.tile(UPRIGHT, (40, 40, 1))), "cut.jpg")
    path.write_bytes(path.read_bytes()[:-2000])
    return path


def closed(folder: Path) -> Image.Image:
    image = Image.open(saved(folder, Image.fromarray(UPRIGHT), "closed.png"))
    image.close()
    return image


def a_bomb(folder: Path) -> Path:
    """A file of a few bytes that says that it holds 10¹⁰ pixels."""
    path = saved(folder, Image.new("1", (1, 1)), "bomb.bmp")
    data = bytearray(path.read_bytes())
    data[18:26] = (100_000).to_bytes(4, "little") * 2
    path.write_bytes(data)
    return path


@pytest.mark.parametrize(
    "make, message",
    [
        (lambda _: "nowhere.jpg", r"image is 'nowhere.jpg', and there is no such file in '"),
        (lambda _: "https://example.org/cat.jpg", "an address; expected a file: save the"),
        (lambda folder: folder, "a folder; expected a file"),
        (lambda folder: (folder / "empty.png").touch() or folder / "empty.png", "an empty file"),
        (beginning(b"Dear all, see the picture"), "which is no picture that Pillow can read"),
        (beginning(b"\0\0\0\x18ftypheic\0\0\0\0"), "a HEIC picture.*save it as JPEG or PNG"),
        (beginning(b"\0\0\0\x18ftypisom\0\0\0\0"), "a video; expected a picture"),
        (beginning(b"\x1aE\xdf\xa3\0\0\0\0\0\0"), "a video; expected a picture"),
        (beginning(b"RIFF\0\0\0\0AVI LIST"), "a video; expected a picture"),
        (beginning(b"%PDF-1.7"), "a PDF document; expected a picture"),
        (cut_short, "cut.jpg', which cannot be read: .*truncated"),
        (closed, "image is a Pillow image, which cannot be read: "),
        (a_bomb, "larger than 178 million pixels; make it smaller"),
    ],
)
def test_files_that_are_no_picture_are_refused_in_a_sentence(tmp_path, make, message):
    with pytest.raises(ValueError, match=message) as caught:
        read_picture(make(tmp_path))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "image, message",
    [
        (None, "image is of type NoneType; expected a picture: the path of a file"),
        (7.5, "image is of type float; expected a picture"),
        (b"\x89PNG", "image is of type bytes"),
        ({"image": UPRIGHT}, "image is of type dict"),
        ([[1, 2], [3]], "image is of type list"),
        (np.full((H, W), "red"), "image is an array of <U3"),
        (np.ones((H, W), complex), "image is an array of complex128"),
        (np.zeros(W), r"image has shape \(8,\); expected a picture: \(H, W\) gray"),
        (np.zeros((H, W, 5)), r"image has shape \(5, 8, 5\)"),
        (np.zeros((3, H, W)), r"channels come last: np.moveaxis\(image, 0, -1\)"),
        (np.zeros((0, W, 3)), r"image has shape \(0, 8, 3\)"),
        (Image.new("RGB", (0, 5)), "image is 0 × 5 pixels large"),
        (UPRIGHT[None], r"image has shape \(1, 5, 8, 3\), which is several pictures; expected one"),
        (np.full((H, W), np.nan), "image holds NaN"),
        (np.full((H, W), np.inf), "image is float64 with values from inf to inf"),
        (np.full((H, W), -0.1), "values from -0.1 to -0.1; expected from 0 to 1"),
        (np.full((H, W), 256), "image is int64 with values from 256 to 256"),
        (np.full((H, W), 256.0), "image is float64 with values from 256 to 256"),
        (UPRIGHT.astype(np.int8), "image is int8 with values from -"),
        ((UPRIGHT / 255 - 0.45) / 0.2, "image is float64 with values from -2"),
    ],
)
def test_what_is_no_picture_is_refused_in_a_sentence(image, message):
    with pytest.raises(ValueError, match=message):
        read_picture(image)
    with pytest.raises(ValueError, match=r"^portrait "):
        read_picture(image, "portrait")


# ---- several ----


def test_several_are_a_list_or_an_array_with_four_axes(tmp_path):
    path = saved(tmp_path, Image.fromarray(UPRIGHT), "a.png")
    found = read_pictures([path, GRAY[:3], Image.fromarray(UPRIGHT)])
    assert [picture.shape for picture in found] == [(H, W, 3), (3, W, 3), (H, W, 3)]
    batch = np.stack([UPRIGHT, UPRIGHT // 255])  # the second is nearly black
    for each in (batch, batch / 255, batch.astype(float)):
        np.testing.assert_allclose(read_pictures(each), batch / 255, atol=1e-6)
    assert np.shape(read_pictures(batch[..., :1])) == (2, H, W, 3)


def test_one_and_several_are_told_apart():
    one = [UPRIGHT, GRAY, UPRIGHT.tolist(), GRAY.tolist(), "a.png", Image.new("L", (2, 2)), None]
    assert not any(several(each) for each in one)
    batch = np.stack([UPRIGHT] * 2)
    lists = [["a.png", Path("b.png")], [UPRIGHT, GRAY], (Image.new("L", (2, 2)),), batch.tolist()]
    assert all(several(each) for each in [batch, *lists, []])


@pytest.mark.parametrize(
    "images, message",
    [
        ([], "images is empty"),
        (UPRIGHT, r"images has shape \(5, 8, 3\); expected \(N, H, W, 3\) or a list"),
        (np.zeros((0, H, W, 3)), "images has shape"),
        (np.zeros((2, H, W, 5)), "images has shape"),
        ([GRAY, np.full((H, W), np.nan)], r"images\[1\] holds NaN"),
        ([GRAY, "nowhere.png"], r"images\[1\] is 'nowhere.png', and there is no such file"),
    ],
)
def test_several_that_are_not_pictures_are_refused(images, message):
    with pytest.raises(ValueError, match=message):
        read_pictures(images)


# ---- photo, and what it needs ----


def test_a_picture_of_one_s_own_is_cut_and_resized_like_a_photograph():
    bundled = Path(skimage.__file__).parent / "data" / "chelsea.png"
    for image in (bundled, str(bundled), Image.open(bundled), skimage.data.cat()):
        for options in ({}, {"size": (40, 70)}, {"gray": True}, {"size": (9, 9), "gray": True}):
            np.testing.assert_allclose(photo(image, **options), photo("cat", **options), atol=1e-6)
    with pytest.raises(ValueError, match=r"name is 'kat\.png', and there is no such file"):
        photo("kat.png")
    with pytest.raises(ValueError, match=r"name is 'kat'; expected one of .* or the path of a"):
        photo("kat")


def test_arrays_need_no_pillow():
    """And Pillow is imported only for a file: it takes a while."""
    program = (
        "import sys, numpy, cnnlab.data\n"
        "cnnlab.data.read_picture(numpy.zeros((2, 3)))\n"
        "print(any(name.startswith('PIL') for name in sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout == "False\n", done.stderr
