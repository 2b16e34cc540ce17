"""The volume stepper, against NumPy and in the reader's hands."""

import numpy as np
import pytest

from cnnlab.convolution import conv2d
from cnnlab.widgets import VolumeStepper

CASES = 220


def as_text(matrix) -> list[list[str]]:
    return [[f"{value:g}".replace("-", "−") for value in row] for row in matrix]


@pytest.mark.browser
def test_javascript_convolves_as_numpy_does(run_js):
    rng = np.random.default_rng(4)
    chosen = []
    for _ in range(CASES):
        f_h, f_w, depth, count = rng.integers(1, 5, size=4)
        height, width = rng.integers((f_h, f_w), 9)
        image = rng.normal(size=(height, width, depth))
        chosen.append((image, rng.normal(size=(f_h, f_w, depth, count)), rng.normal(size=count)))
    arguments = [[value.tolist() for value in case] for case in chosen]
    found = run_js(VolumeStepper, "convolveVolume", arguments)
    for (image, filters, bias), got in zip(chosen, found, strict=True):
        np.testing.assert_allclose(got, conv2d(image[None], filters, bias)[0], atol=1e-12)


@pytest.mark.browser
def test_the_products_add_up_to_the_cell(run_js):
    """27 products: each pixel under the window times the weight above it, channel by channel."""
    widget = VolumeStepper(bias=[1, -2])
    image, filters = np.array(widget.image), np.array(widget.filters)
    cells = [(r, c, k) for r in range(4) for c in range(4) for k in range(2)]
    arguments = [[widget.image, widget.filters, widget.bias, r, c, k] for r, c, k in cells]
    for (r, c, k), got in zip(cells, run_js(VolumeStepper, "volumeCell", arguments), strict=True):
        pairs = np.array([channel["pairs"] for channel in got["channels"]])  # (C, f_h, f_w, 2)
        assert pairs.shape == (3, 3, 3, 2)
        np.testing.assert_array_equal(pairs[..., 0], image[r : r + 3, c : c + 3].transpose(2, 0, 1))
        np.testing.assert_array_equal(pairs[..., 1], filters[..., k].transpose(2, 0, 1))
        sums = pairs.prod(axis=-1).sum(axis=(1, 2))
        assert [channel["sum"] for channel in got["channels"]] == sums.tolist()
        assert got["value"] == sums.sum() + widget.bias[k] == widget.output[r, c, k]


@pytest.mark.browser
def test_both_channels_of_the_output_fill(show, shown):
    widget = VolumeStepper()
    page = show(widget)
    sheets = [as_text(widget.output[..., k]) for k in range(2)]
    empty = [[""] * 4] * 4
    assert shown(page, "Output channel 1") == [[sheets[0][0][0], "", "", ""], *empty[1:]]
    assert shown(page, "Output channel 2") == empty
    page.get_by_label("Filter", exact=True).select_option("1")
    assert shown(page, "Output channel 2") == [[sheets[1][0][0], "", "", ""], *empty[1:]]
    page.get_by_role("button", name="All").click()
    assert [shown(page, f"Output channel {k}") for k in (1, 2)] == sheets


@pytest.mark.browser
def test_the_window_moves_over_all_channels_at_once(show):
    widget = VolumeStepper(bias=[1, -2])
    page = show(widget)
    window = page.get_by_role("slider")
    assert window.count() == 1  # the others are the same window, for the eye and the mouse
    window.focus()
    for key, now in [
        ("ArrowRight", 2),
        ("ArrowDown", 6),
        ("ArrowLeft", 5),
        ("End", 16),
        ("Home", 1),
    ]:
        page.keyboard.press(key)
        page.locator(f"[aria-valuenow='{now}']").first.wait_for()
        places = page.locator(".cl-window").evaluate_all("all => all.map((el) => el.style.cssText)")
        assert len(places) == 3 and len(set(places)) == 1
    page.get_by_label("Filter", exact=True).select_option("1")
    window.focus()
    page.keyboard.press("ArrowDown")
    page.locator("[aria-valuenow='21']").first.wait_for()  # 16 cells of channel 1, then row 2
    value = as_text(widget.output[1:2, :1, 1])[0][0]
    status = page.get_by_role("status").inner_text()
    assert f"Filter 2, output row 2, column 1: 27 products and the bias add up to {value}" in status
    assert "row 2, column 1 of output channel 2" in status
    assert page.locator(".volume-sum").inner_text().endswith(f"(−2) (bias) = {value}")


@pytest.mark.browser
def test_any_channel_can_be_dragged(show):
    page = show(VolumeStepper())
    box = page.locator(".cl-window").nth(2).bounding_box()
    cell = box["width"] / 3
    page.mouse.move(box["x"] + cell / 2, box["y"] + cell / 2)
    page.mouse.down()
    page.mouse.move(box["x"] + 2.4 * cell, box["y"] + 1.6 * cell, steps=4)
    page.mouse.up()
    page.locator("[aria-valuetext='Filter 1, output row 2, column 3']").first.wait_for()
    page.get_by_label("Output channel 2", exact=True).locator("td").nth(7).click()
    page.locator("[aria-valuetext='Filter 2, output row 2, column 4']").first.wait_for()


@pytest.mark.browser
@pytest.mark.parametrize("width", [1280, 390])
def test_the_27_products_can_be_read(show, width):
    page = show(VolumeStepper(), width=width)
    texts = page.locator(".volume-products span:not(:last-child)").all_inner_texts()
    assert len(texts) == 9 and sum(text.count("·") for text in texts) == 27
    heights = page.locator(".volume-products span").evaluate_all(
        "all => all.map((s) => s.offsetHeight)"
    )
    assert len(set(heights)) == 1, "a row of products is broken over two lines"


@pytest.mark.browser
def test_other_depths_and_numbers_of_filters(show, shown):
    rng = np.random.default_rng(5)
    filters = rng.integers(-2, 3, (2, 3, 2, 4))
    widget = VolumeStepper(rng.integers(0, 9, (4, 5, 2)), filters, bias=[0, 1, 2, 3])
    page = show(widget, width=390)
    page.get_by_role("button", name="All").click()
    for k in range(4):
        assert shown(page, f"Output channel {k + 1}") == as_text(widget.output[..., k])
    assert "Channel 2" in page.locator(".volume-channel").nth(1).inner_text()


@pytest.mark.parametrize(
    "arguments, words",
    [
        ({"image": np.ones((6, 6, 2))}, "filters has depth 3, and image has 2 channels"),
        ({"filters": np.ones((3, 3, 4, 2))}, "filters has depth 4, and image has 3 channels"),
        ({"filters": np.ones((3, 3, 3))}, "expected numbers of shape (f_h, f_w, C, K)"),
        ({"image": np.ones((2, 6, 3))}, "filters is 3 × 3; expected at most 2 × 6"),
        ({"image": np.ones((11, 6, 3))}, "image has shape (11, 6, 3); expected at most"),
        ({"image": np.full((6, 6, 3), np.nan)}, "image holds NaN"),
        ({"bias": [1]}, "bias has 1 numbers; expected 2"),
        ({"bias": "none"}, "bias is none"),
    ],
)
def test_bad_arguments_are_named(arguments, words):
    with pytest.raises(ValueError) as caught:
        VolumeStepper(**arguments)
    assert words in str(caught.value)
