"""Edges in the reader's own photograph: the arithmetic beside SciPy, and what readers bring."""

import io
import re

import numpy as np
import pytest
from PIL import Image
from scipy.signal import correlate2d

from cnnlab.convolution import FILTERS
from cnnlab.data import read_picture
from cnnlab.widgets import PhotoEdges
from cnnlab.widgets.frame import Figure
from cnnlab.widgets.photo_edges import NAMES

AS_LISTS = """
const plain = (made) => ({ ...made, data: [...made.data] });
export const grayed = (picture) => plain(gray(picture));
export const mapped = (image, name, kernels) => plain(mapOf(image, name, kernels));
"""
LISTS = type("Lists", (), {"_esm": PhotoEdges._esm + AS_LISTS})


def image(array: np.ndarray) -> dict:
    return {"height": len(array), "width": array.shape[1], "data": array.ravel().tolist()}


def array(image: dict) -> np.ndarray:
    return np.reshape(image["data"], (image["height"], image["width"]))


@pytest.mark.browser
def test_gray_is_the_package_s(run_js):
    colours = np.random.default_rng(0).integers(0, 256, (7, 9, 3), np.uint8)
    (found,) = run_js(LISTS, "grayed", [[image(np.dstack([colours, np.full((7, 9), 255)]))]])
    np.testing.assert_allclose(array(found), read_picture(colours, gray=True), atol=1e-6)


@pytest.mark.browser
def test_maps_are_what_scipy_says(run_js):
    rng = np.random.default_rng(1)
    photos = [rng.random(shape) for shape in ((5, 5), (8, 13), (21, 6))]
    kernels = PhotoEdges().kernels

    def expected(photo: np.ndarray, name: str) -> np.ndarray:
        if name == "strength":
            both = (expected(photo, f"sobel_{way}") for way in ("vertical", "horizontal"))
            return np.hypot(*both)
        return correlate2d(photo, FILTERS[name], "valid")

    cases = [(photo, name) for photo in photos for name in NAMES]
    made = run_js(LISTS, "mapped", [[image(photo), name, kernels] for photo, name in cases])
    for found, (photo, name) in zip(made, cases, strict=True):
        np.testing.assert_allclose(array(found), expected(photo, name), atol=1e-6, err_msg=name)


@pytest.mark.browser
def test_the_strongest_places_are_no_neighbours(run_js):
    values = np.zeros((20, 30))
    values[4, 5], values[4, 6], values[15, 28], values[0, 20] = 3, 2.5, -4, 1
    (found,) = run_js(PhotoEdges, "strongest", [[image(values), 3]])
    assert [(one["row"], one["column"]) for one in found] == [(15, 28), (4, 5), (0, 20)]


def test_wrong_arguments_are_named():
    with pytest.raises(ValueError, match="kernel is 'edges'; expected 'prewitt_vertical' or"):
        PhotoEdges(kernel="edges")
    with pytest.raises(ValueError, match="picture"):
        PhotoEdges(picture=7)


def half(height: int, width: int, kind: str = "PNG") -> bytes:
    """A picture, black on its left half and white on its right."""
    values = np.zeros((height, width), np.uint8)
    values[:, width // 2 :] = 255
    file = io.BytesIO()
    Image.fromarray(values).save(file, kind)
    return file.getvalue()


def put_file(page, content: bytes, name: str = "own.png") -> None:
    file = {"name": name, "mimeType": "application/octet-stream", "buffer": content}
    page.locator("input[type=file]").set_input_files(file)


def says(page, text: str) -> None:
    page.locator(".cl-status, .cl-error").filter(has_text=re.compile(text)).first.wait_for()


@pytest.mark.browser
def test_own_photographs_and_what_is_none(show):
    page = show(PhotoEdges())
    says(page, "lecture’s, vertical” has 238 × 238 numbers")
    put_file(page, half(40, 60))
    says(page, "has 38 × 58 numbers. The strongest is −3, in row 1, column 29")  # dark to bright
    page.get_by_label("Filter").select_option("prewitt_horizontal")
    says(page, "lecture’s, horizontal” has .* The strongest is 0,")
    page.get_by_label("Filter").select_option("strength")
    says(page, "strength of the edge” has .* The strongest is 4,")
    for content, words in (
        (b"no picture", "no picture that this browser can read"),
        (b"\0\0\0\x18ftypheic" + bytes(100), "HEIC"),
        (half(9, 60), "60 × 9 pixels"),
    ):
        put_file(page, content)
        says(page, words)
    says(page, "strength of the edge” has 38 × 58")  # the last good one stays
    put_file(page, half(200, 900))
    says(page, "has 69 × 318 numbers")  # made smaller
    assert page.locator(".cl-error").is_hidden()


REFUSED = """() => {
  navigator.mediaDevices.getUserMedia = async () => {
    throw new DOMException("", "NotAllowedError");
  };
}"""
FILM = """() => {
  const sheet = document.createElement("canvas");
  Object.assign(sheet, { width: 64, height: 48 });
  const pen = sheet.getContext("2d");
  setInterval(() => pen.fillRect(0, 0, 32, 48), 50);
  window.film = sheet.captureStream(20);
  navigator.mediaDevices.getUserMedia = async () => window.film;
}"""

ASKING = """() => {
  window.asked = 0;
  navigator.mediaDevices.getUserMedia = () => {
    window.asked += 1;
    return new Promise((done) => (window.grant = () => done(window.film)));
  };
}"""


@pytest.mark.browser
def test_the_camera_comes_and_goes(show):
    page = show(PhotoEdges())
    says(page, "238 × 238")
    page.evaluate(REFUSED)
    page.get_by_role("button", name="Camera").click()
    says(page, "camera was refused")
    page.evaluate(FILM)
    page.get_by_role("button", name="Camera").click()
    page.locator(".ph-sheet p").filter(has_text="46 × 62").wait_for()
    assert "238" in page.get_by_role("status").inner_text()  # a film is not read out
    page.get_by_role("button", name="Stop the camera").click()
    says(page, "46 × 62 numbers")
    page.wait_for_function("film.getTracks().every((track) => track.readyState === 'ended')")


@pytest.mark.browser
def test_a_second_press_asks_for_no_second_camera(show):
    page = show(PhotoEdges())
    says(page, "238 × 238")
    page.evaluate(FILM)
    page.evaluate(ASKING)
    page.get_by_role("button", name="Camera").click()
    page.get_by_role("button", name="Camera").click()  # the browser is still asking
    assert page.evaluate("asked") == 1
    page.evaluate("grant()")
    page.get_by_role("button", name="Stop the camera").wait_for()


def test_nothing_of_the_reader_s_picture_is_told_to_a_kernel():
    """What a kernel hears is the state, and the script writes the filter's name only."""
    own = set(PhotoEdges.class_trait_names(sync=True)) - set(Figure.class_trait_names(sync=True))
    assert own == {"kernel", "kernels", "photo"}
    assert set(re.findall(r"\.set\(\{\s*(\w+)", PhotoEdges._esm)) == {"kernel"}
