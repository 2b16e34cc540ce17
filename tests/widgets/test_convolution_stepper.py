"""The convolution stepper: NumPy and the browser agree, and hands, keys and readers can use it."""

import numpy as np
import pytest

from cnnlab.convolution import FILTERS, convolve, cross_correlate, output_size, same_padding
from cnnlab.widgets import ConvolutionStepper
from cnnlab.widgets.convolution_stepper import IMAGES

LECTURE = [[-5, -4, 0, 8], [-10, -2, 2, 3], [0, -2, -4, -7], [-3, -2, -3, -16]]


def cases(count: int, seed: int = 1) -> list[list]:
    """Arguments of crossCorrelate: every preset, then random ones; some do not fit."""
    rng = np.random.default_rng(seed)
    made = [
        [image, weights.tolist(), padding, stride, 1, flip]
        for image in IMAGES.values()
        for weights in FILTERS.values()
        for padding, stride, flip in ((0, 1, False), ("same", 2, True))
    ]
    while len(made) < count:
        h, w, f, g = rng.integers(1, [10, 12, 5, 6])
        image = rng.integers(-9, 100, (h, w))
        weights = np.round(rng.normal(size=(f, g)), 3)
        padding = [0, 1, 2, 3, "valid", "same"][rng.integers(6)]
        stride, dilation = map(int, rng.integers(1, 4, 2))
        flip = bool(rng.integers(2))
        made.append([image.tolist(), weights.tolist(), padding, stride, dilation, flip])
    return made


def by_numpy(image, weights, padding, stride, dilation, flip) -> np.ndarray | None:
    try:
        slide = convolve if flip else cross_correlate
        return slide(np.array(image), np.array(weights), padding, stride, dilation)
    except ValueError:
        return None


@pytest.mark.browser
def test_javascript_agrees_with_numpy(run_js):
    given = cases(500)
    found = run_js(ConvolutionStepper, "crossCorrelate", given)
    expected = [by_numpy(*case) for case in given]
    for case, ours, truth in zip(given, found, expected, strict=True):
        if truth is None:
            assert ours == [], case
        else:
            assert np.shape(ours) == truth.shape, case
            np.testing.assert_allclose(ours, truth, atol=1e-9, err_msg=str(case))
    impossible = sum(truth is None for truth in expected)
    assert impossible > 50 and len(expected) - impossible > 300


@pytest.mark.browser
def test_sizes_and_padding_agree_with_python(run_js):
    rng = np.random.default_rng(2)
    given = [list(map(int, rng.integers([1, 1, 0, 1, 1], [12, 8, 4, 5, 4]))) for _ in range(300)]
    for case, ours in zip(given, run_js(ConvolutionStepper, "outputSize", given), strict=True):
        try:
            assert ours == output_size(*case), case
        except ValueError:
            assert ours == 0, case
    given = [
        [f, d, s, n]
        for f in (1, 2, 3, 4, 5)
        for d in (1, 2, 3)
        for s in (1, 2, 3)
        for n in (1, 4, 7)
    ]
    found = run_js(ConvolutionStepper, "samePadding", given)
    assert [tuple(pair) for pair in found] == [same_padding(*case) for case in given]


def test_output_is_computed_from_the_state():
    stepper = ConvolutionStepper()
    assert stepper.output.tolist() == LECTURE
    stepper.image = "checkerboard"
    stepper.kernel = "horizontal"
    assert stepper.output[1].tolist() == [30, 10, -10, -30]
    stepper.flip = True
    assert stepper.output[1].tolist() == [-30, -10, 10, 30]
    stepper.image = np.arange(15).reshape(3, 5)
    stepper.padding = "same"
    assert stepper.output.shape == (3, 5)
    assert ConvolutionStepper("photo", padding="valid", stride=2).output.shape == (3, 4)


@pytest.mark.parametrize(
    "arguments, words",
    [
        ({"image": "lena"}, "image is 'lena'; expected one of 'lecture', 'two-tone'"),
        ({"kernel": "vertikal"}, "kernel is 'vertikal'; expected one of"),
        ({"kernel": np.ones((8, 2))}, r"kernel has shape \(8, 2\)"),
        ({"padding": -1}, "padding is -1; expected 0 to 6, 'valid' or 'same'"),
        ({"padding": "full"}, "padding is 'full'"),
        ({"padding": True}, "padding is True"),
        ({"stride": 0}, "stride is 0"),
        ({"dilation": 0}, "dilation is 0"),
        ({"flip": "yes"}, "flip is 'yes'"),
        (
            {"image": [[1, 2, 3, 4]]},
            "kernel spans 3 rows with dilation 1, and the padded image has",
        ),
        ({"dilation": 3}, "kernel spans 7 rows with dilation 3"),
    ],
)
def test_a_wrong_argument_is_named(arguments, words):
    with pytest.raises(ValueError, match=words):
        ConvolutionStepper(**arguments)


def test_a_setting_that_does_not_fit_leaves_the_old_one():
    stepper = ConvolutionStepper()
    with pytest.raises(ValueError, match="kernel spans 5 rows"):
        stepper.set_trait("image", [[1, 2, 3, 4, 5]] * 4) or setattr(stepper, "dilation", 2)
    assert (len(stepper.image), stepper.dilation) == (4, 1)


def grid(page, name: str) -> list[list[str]]:
    table = page.get_by_role("grid" if name == "Output" else "table", name=name)
    return table.evaluate("t => [...t.rows].map((r) => [...r.cells].map((c) => c.textContent))")


def numbers(texts: list[list[str]]) -> list[list[float | None]]:
    return [[float(t.replace("−", "-")) if t else None for t in row] for row in texts]


@pytest.mark.browser
def test_the_lecture_by_step_by_all_and_back(show):
    page = show(ConvolutionStepper())
    formula, status = page.locator(".cl-formula"), page.get_by_role("status")
    assert formula.inner_text() == (
        "3·1 + 0·0 + 1·(−1) + 1·1 + 5·0 + 8·(−1) + 2·1 + 7·0 + 2·(−1) = −5"
    )
    assert numbers(grid(page, "Output")) == [[-5, None, None, None]] + [[None] * 4] * 3
    page.get_by_role("button", name="Step").click()
    assert status.inner_text() == "Output row 1, column 2: −4. 2 of 16 cells are filled."
    assert numbers(grid(page, "Output"))[0] == [-5, -4, None, None]
    page.get_by_role("button", name="Back").click()
    assert status.inner_text().startswith("Output row 1, column 1: −5.")
    page.get_by_role("button", name="All").click()
    assert numbers(grid(page, "Output")) == LECTURE
    page.get_by_role("button", name="Start over").click()
    assert numbers(grid(page, "Output"))[0] == [-5, None, None, None]
    page.get_by_text("Show as table").click()
    rows = page.locator(".cl-tables tbody tr")
    assert rows.count() == 16
    assert rows.last.locator("td").last.inner_text() == "−16"


@pytest.mark.browser
def test_every_choice_of_the_controls_shows_what_numpy_computes(show):
    page = show(ConvolutionStepper())
    page.get_by_role("button", name="All").click()
    image, kernel = page.get_by_label("Image", exact=True), page.get_by_label("Kernel", exact=True)
    padding, flip = page.get_by_label("Padding"), page.get_by_label("Flip the kernel")
    for name, weights, p in [
        ("two-tone", "vertical", "0"),
        ("checkerboard", "horizontal", "1"),
        ("photo", "sobel_vertical", "same"),
        ("photo", "laplacian", "2"),
        ("lecture", "prewitt_horizontal", "0"),
    ]:
        image.select_option(name)
        kernel.select_option(weights)
        padding.select_option(p)
        assert kernel.input_value() == weights
        p = p if p == "same" else int(p)
        for slide in (cross_correlate, convolve):
            flip.set_checked(slide is convolve)
            expected = slide(IMAGES[name], FILTERS[weights], p)
            np.testing.assert_allclose(numbers(grid(page, "Output")), expected, atol=0.006)
            shown = FILTERS[weights][::-1, ::-1] if slide is convolve else FILTERS[weights]
            assert numbers(grid(page, "Kernel")) == shown.tolist()
    page.get_by_role("button", name="Stride: more").click()
    page.get_by_role("button", name="Dilation: more").click()
    expected = convolve(IMAGES["lecture"], FILTERS["prewitt_horizontal"], 0, 2, 2)
    assert numbers(grid(page, "Output")) == expected.tolist()


@pytest.mark.browser
def test_keys_move_the_window_and_the_cell(show):
    page = show(ConvolutionStepper(stride=2, padding=1))
    status = page.get_by_role("status")
    window = page.get_by_role("slider", name="Window over the image")
    window.press("ArrowRight")
    window.press("ArrowDown")
    assert status.inner_text().startswith("Output row 2, column 2:")
    assert window.get_attribute("aria-valuetext") == "output row 2, column 2"
    window.press("End")
    window.press("ArrowDown")
    assert status.inner_text().startswith("Output row 3, column 3:")
    window.press("Home")
    assert status.inner_text().startswith("Output row 1, column 1:")
    cell = page.locator("[role=gridcell][tabindex='0']")
    assert cell.count() == 1
    cell.press("ArrowDown")
    page.keyboard.press("ArrowRight")
    assert status.inner_text().startswith("Output row 2, column 2:")
    assert page.evaluate("document.activeElement.getAttribute('aria-label')").startswith(
        "row 2, column 2: "
    )


@pytest.mark.browser
def test_space_plays_and_pauses_and_play_ends_by_itself(show, still_clock):
    page = show(ConvolutionStepper(image=[[1, 2, 3, 4, 5]] * 3))
    wait = still_clock(page)
    status, play = page.get_by_role("status"), page.get_by_role("button", name="Play")
    wait(5000)
    assert status.inner_text().startswith("Output row 1, column 1:")  # nothing starts by itself
    window = page.get_by_role("slider")
    window.press(" ")
    page.get_by_role("button", name="Pause").wait_for()
    for column in (2, 3):
        wait(900)
        page.get_by_text(f"Output row 1, column {column}:").wait_for()
    wait(900)
    play.wait_for()
    play.click()
    assert status.inner_text().startswith("Output row 1, column 1:")
    window.press(" ")
    assert play.is_visible()


@pytest.mark.browser
def test_the_window_is_dragged_and_cells_are_pressed(show):
    page = show(ConvolutionStepper())
    status, window = page.get_by_role("status"), page.get_by_role("slider")
    box = window.bounding_box()
    cell = box["width"] / 3
    page.mouse.move(box["x"] + cell, box["y"] + cell)
    page.mouse.down()
    page.mouse.move(box["x"] + 3 * cell, box["y"] + 2 * cell, steps=5)
    page.mouse.up()
    assert status.inner_text().startswith("Output row 2, column 3: 2.")
    page.mouse.move(box["x"], box["y"])  # released: it stays
    assert status.inner_text().startswith("Output row 2, column 3: 2.")
    page.get_by_role("gridcell").nth(15).click()
    assert status.inner_text().startswith("Output row 4, column 4: −16.")
    image = page.get_by_role("table", name="Image")
    image.locator("td").first.click()
    assert status.inner_text().startswith("Output row 1, column 1: −5.")


@pytest.mark.browser
def test_what_does_not_fit_is_explained_and_changes_nothing(show):
    page = show(ConvolutionStepper())
    alert = page.get_by_role("alert")
    more = page.get_by_role("button", name="Dilation: more")
    more.click()
    assert alert.count() == 0
    more.click()
    assert (
        "the kernel spans 7 rows (3 · (3 − 1) + 1, because of the dilation)" in alert.inner_text()
    )
    assert "has only 6" in alert.inner_text()
    assert page.get_by_role("textbox", name="Dilation").input_value() == "2"
    page.get_by_text("Type your own image").click()
    area = page.get_by_role("textbox", name="Type your own image")
    use = page.locator(".cl-matrix[open] button")
    for text, words in {
        "1 2 3\n4 5": "Row 2 has 2 numbers, and the first row has 3.",
        "1 2 tres": "“tres” in row 1 is not a number",
        " ": "There are no numbers.",
        "1 2\n3 4": "the kernel spans 5 rows",
        "1 " * 17: "1 × 17 is too big for this figure: at most 16 × 16.",
    }.items():
        area.fill(text)
        use.click()
        assert words in alert.inner_text()
        assert area.input_value() == text  # to be mended, not typed again
        assert numbers(grid(page, "Image")) == IMAGES["lecture"]
    area.fill("0 1/2 3 4 5 6\n" * 5)
    use.click()
    assert alert.count() == 0
    assert numbers(grid(page, "Image")) == [[0, 0.5, 3, 4, 5, 6]] * 5
    assert page.get_by_label("Image", exact=True).input_value() == ""
    page.get_by_text("Type your own kernel").click()
    page.get_by_role("textbox", name="Type your own kernel").fill("-1 2")
    page.locator(".cl-matrix[open] button").last.click()
    assert page.locator(".cl-formula").inner_text() == "0·(−1) + 3·2 = 6"


@pytest.mark.browser
@pytest.mark.parametrize(
    "lang, word, dark, width", [("en", "Kernel", True, 390), ("es", "Relleno", False, 1280)]
)
def test_it_fits_and_axe_finds_nothing(show, axe, lang, word, dark, width):
    widget = ConvolutionStepper("photo", "sobel_vertical", padding=1)
    page = show(widget, ConvolutionStepper(flip=True), lang=lang, dark=dark, width=width)
    assert word in page.locator(".cl-controls").first.inner_text()
    page.get_by_role("button", name={"en": "All", "es": "Todo"}[lang]).first.click()
    for summary in page.locator(".cnnlab summary").all():
        summary.click()
    axe(page)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    small = page.evaluate(
        "[...document.querySelectorAll('.cnnlab :is(button, select, summary, .cl-grid td, input)')]"
        ".filter((e) => e.type !== 'checkbox')"
        ".map((e) => e.getBoundingClientRect()).filter((b) => b.width < 32 || b.height < 32).length"
    )
    assert small == 0


@pytest.mark.browser
def test_on_a_phone_the_window_stays_in_sight(show):
    page = show(ConvolutionStepper("photo", padding=3), width=390)
    page.get_by_role("slider").press("End")
    page.wait_for_function(  # it slides there
        """() => {
          const inner = document.querySelector(".cl-window").getBoundingClientRect();
          const outer = document.querySelector(".cl-overflow").getBoundingClientRect();
          return inner.left >= outer.left && inner.right <= outer.right;
        }"""
    )


@pytest.mark.browser
@pytest.mark.parametrize("motion, seconds", [("reduce", "0s"), ("no-preference", "0.15s")])
def test_nothing_slides_where_motion_is_unwelcome(show, motion, seconds):
    page = show(ConvolutionStepper(), reduced_motion=motion)
    duration = "getComputedStyle(document.querySelector('.cl-window')).transitionDuration"
    assert page.evaluate(duration).split(", ")[0] == seconds
