"""The transposed-convolution stepper: NumPy and the browser agree, hands can use it."""

import numpy as np
import pytest

from cnnlab.convolution import cross_correlate
from cnnlab.widgets import TransposedConvolutionStepper
from cnnlab.widgets.transposed_convolution_stepper import IMAGES, KERNELS

LECTURE = [["0", "4", "0", "1"], ["10", "7", "6", "3"], ["0", "7", "0", "2"], ["6", "3", "4", "2"]]


def scatter(image, kernel, stride, padding, more) -> np.ndarray:
    """Number by number: where each product lands, and whether that is cut off."""
    (H, W), (f, g) = np.shape(image), np.shape(kernel)
    rows = (H - 1) * stride + f - 2 * padding + more
    columns = (W - 1) * stride + g - 2 * padding + more
    output = np.zeros((max(rows, 0), max(columns, 0)))
    for r, c, i, j in np.ndindex(H, W, f, g):
        y, x = r * stride + i - padding, c * stride + j - padding
        if 0 <= y < rows and 0 <= x < columns:
            output[y, x] += image[r][c] * kernel[i][j]
    return output


def cases(count: int = 400, seed: int = 1) -> list[list]:
    """Arguments of transposedConvolution: every preset, then random ones; some leave nothing."""
    rng = np.random.default_rng(seed)
    made = [
        [image, kernel, stride, padding, stride - 1]
        for image in IMAGES.values()
        for kernel in KERNELS.values()
        for stride, padding in ((1, 0), (2, 1), (3, 0))
    ]
    while len(made) < count:
        H, W, f, g = rng.integers(1, 6, 4)
        stride = int(rng.integers(1, 5))
        padding, more = int(rng.integers(0, 4)), int(rng.integers(0, stride))
        image = rng.integers(-9, 10, (H, W)).tolist()
        made.append([image, rng.normal(size=(f, g)).round(3).tolist(), stride, padding, more])
    return made


@pytest.mark.browser
def test_javascript_agrees_with_a_scatter_in_numpy(run_js):
    given = cases()
    found = run_js(TransposedConvolutionStepper, "transposedConvolution", given)
    nothing = 0
    for case, ours in zip(given, found, strict=True):
        expected = scatter(*case)
        if not expected.size:
            assert ours == [], case
            nothing += 1
            continue
        assert np.shape(ours) == expected.shape, case
        np.testing.assert_allclose(ours, expected, atol=1e-9, err_msg=str(case))
    assert 10 < nothing < len(given) / 3


@pytest.mark.browser
def test_the_products_of_some_cells_land_where_they_should(run_js):
    rng = np.random.default_rng(2)
    given, expected = [], []
    for image, kernel, stride, padding, more in cases(200, seed=3):
        if not scatter(image, kernel, stride, padding, more).size:
            continue
        chosen = rng.random(np.shape(image)) < 0.5
        given.append([image, kernel, stride, padding, more, np.flatnonzero(chosen).tolist()])
        ones = np.ones(np.shape(kernel))
        expected.append(
            [
                scatter(np.where(chosen, image, 0), kernel, stride, 0, 0),
                scatter(chosen, ones, stride, 0, 0),
            ]
        )
    found = run_js(TransposedConvolutionStepper, "landing", given)
    for canvas, (sums, counts) in zip(found, expected, strict=True):
        h, w = sums.shape
        beyond = [cell for r, row in enumerate(canvas) for cell in row[0 if r >= h else w :]]
        assert beyond == [[]] * len(beyond)
        for (r, c), many in np.ndenumerate(counts):
            products = canvas[r][c]
            assert len(products) == many
            assert sum(x * weight for x, weight in products) == pytest.approx(sums[r, c], abs=1e-9)


def test_python_reads_the_output_back():
    output = TransposedConvolutionStepper().output
    assert output.tolist() == [[float(text) for text in row] for row in LECTURE]
    for image, kernel, stride, padding, more in cases(150, seed=4):
        expected = scatter(image, kernel, stride, padding, more)
        if expected.size:
            stepper = TransposedConvolutionStepper(image, kernel, stride, padding, more)
            np.testing.assert_allclose(stepper.output, expected, atol=1e-9)


def test_it_is_the_adjoint_of_the_convolution():
    """⟨convolution of y, x⟩ = ⟨y, transposed convolution of x⟩, which is where the name is from."""
    rng = np.random.default_rng(5)
    for stride in (1, 2, 3):
        x, w = rng.normal(size=(3, 4)), rng.normal(size=(3, 2))
        stepper = TransposedConvolutionStepper(x, w, stride, padding=1, output_padding=stride - 1)
        y = rng.normal(size=stepper.output.shape)
        there = (cross_correlate(y, w, 1, stride) * x).sum()
        assert there == pytest.approx((y * stepper.output).sum())


@pytest.mark.parametrize(
    "arguments, words",
    [
        ({"image": "photo"}, "image is 'photo'; expected one of 'lecture', 'ones'"),
        ({"image": np.ones((6, 2))}, r"image has shape \(6, 2\); expected at most 5 × 5"),
        ({"kernel": "ones"}, "kernel is 'ones'; expected one of 'lecture', 'ones-3'"),
        ({"stride": 0}, "stride is 0"),
        ({"padding": 5}, "padding is 5"),
        ({"output_padding": 2}, "output_padding is 2; expected less than stride, which is 2"),
        ({"padding": 3}, "padding is 3, and the stamps cover only 5 rows"),
        ({"image": [[1], [2]], "padding": 2}, "the stamps cover only 3 columns"),
    ],
)
def test_a_wrong_argument_is_named(arguments, words):
    with pytest.raises(ValueError, match=words):
        TransposedConvolutionStepper(**arguments)


def output(page) -> list[list[str]]:
    """The numbers in the thick frame."""
    rows = page.locator(".tc .cl-holder").last.locator("tr").all()
    texts = [row.locator("td:not(.tc-cut)").all_inner_texts() for row in rows]
    return [row for row in texts if row]


@pytest.mark.browser
def test_the_lecture_stamp_by_stamp(show, shown):
    page = show(TransposedConvolutionStepper())
    status, formula = page.get_by_role("status"), page.locator(".cl-formula")
    assert status.inner_text() == (
        "Input row 1, column 1 is 2: the filter times 2 is added. Of its 9 numbers, 0 lie where "
        "other stamps lie too. 1 of 4 input cells are stamped. 5 lie outside the frame and are cut "
        "off."
    )
    assert formula.inner_text() == "Inside the frame, no other stamp lies under this one."
    assert shown(page, "Stamp: 2 · filter") == [["2", "4", "2"], ["4", "0", "2"], ["0", "4", "2"]]
    assert output(page) == [["0", "2", "", ""], ["4", "2", "", ""], [""] * 4, [""] * 4]
    step = page.get_by_role("button", name="Step")
    for _ in range(3):
        step.click()
    assert output(page) == LECTURE
    assert formula.inner_text() == (
        "Where 4 stamps meet, output row 2, column 2: 2·1 + 1·0 + 3·1 + 2·1 = 7"
    )
    assert "5 lie where other stamps lie too. 4 of 4" in status.inner_text()
    assert "cut off" not in status.inner_text()
    assert page.locator("td.tc-4").count() == 1
    page.get_by_role("button", name="Start over").click()
    page.get_by_role("button", name="All").click()
    assert output(page) == LECTURE
    page.get_by_text("Show as table").click()
    first, second = page.locator(".cl-tables table").all()
    rows = [row.locator("td").all_inner_texts() for row in first.locator("tbody tr").all()]
    assert rows == LECTURE
    row = second.locator("tbody tr").nth(5).locator("th, td").all_inner_texts()
    assert row == ["2", "2", "4", "2·1 + 1·0 + 3·1 + 2·1", "7"]


@pytest.mark.browser
def test_every_setting_shows_what_numpy_computes(show):
    page = show(TransposedConvolutionStepper())
    page.get_by_role("button", name="All").click()
    names = page.get_by_label("Input", exact=True), page.get_by_label("Filter", exact=True)
    more = page.get_by_role("button", name="Output padding: more")
    for image, kernel, stride in [
        ("ones", "ones-3", 2),
        ("dot", "bilinear", 2),
        ("ones", "ones-2", 3),
    ]:
        for picker, name in zip(names, (image, kernel), strict=True):
            picker.select_option(name)
        box = page.get_by_role("textbox", name="Stride")
        box.fill(str(stride))
        box.press("Enter")
        more.click()
        extra = int(page.get_by_role("textbox", name="Output padding").input_value())
        expected = scatter(IMAGES[image], KERNELS[kernel], stride, 1, extra)
        found = [[float(text or "nan") for text in row] for row in output(page)]
        np.testing.assert_allclose(found, expected, atol=0.005)


@pytest.mark.browser
def test_what_cannot_be_is_explained_and_the_stride_takes_the_output_padding_along(show):
    page = show(TransposedConvolutionStepper())
    alert, extra = page.get_by_role("alert"), page.get_by_role("textbox", name="Output padding")
    page.get_by_role("button", name="Output padding: more").click()
    assert "Output padding 2 needs a stride of more than 2" in alert.inner_text()
    assert extra.input_value() == "1"
    padding = page.get_by_role("textbox", name="Padding", exact=True)
    padding.fill("3")
    padding.press("Enter")
    assert "Nothing is left: the stamps cover 5 rows" in alert.inner_text()
    assert padding.input_value() == "1"
    page.get_by_role("button", name="Stride: less").click()
    assert not alert.is_visible()
    assert extra.input_value() == "0"
    assert len(output(page)) == 2
    page.get_by_text("Type your own input").click()
    page.get_by_role("textbox", name="Type your own input").fill("1 2 3")
    page.get_by_role("button", name="Use these numbers").first.click()
    assert np.shape(output(page)) == (1, 3)
    page.get_by_label("Filter", exact=True).select_option("ones-2")
    assert "the stamps cover 2 rows" in alert.inner_text()
    assert page.get_by_label("Filter", exact=True).input_value() == "lecture"


@pytest.mark.browser
def test_keys_clicks_and_the_mouse_choose_the_stamp(show):
    page = show(TransposedConvolutionStepper("ones"))
    stamp = page.get_by_role("slider", name="Stamp on the output")
    stamp.focus()
    for key, number in [
        *(("ArrowRight", 2), ("ArrowDown", 6), ("ArrowLeft", 5), ("ArrowUp", 1), ("ArrowUp", 1)),
        *(("End", 12), ("Home", 1)),
    ]:
        page.keyboard.press(key)
        page.locator(f".cl-window[aria-valuenow='{number}']").wait_for()
        assert stamp.evaluate("el => el === document.activeElement")
    cells = page.get_by_role("grid", name="Input, 3 × 4").get_by_role("gridcell")
    cells.nth(6).click()
    assert "Input row 2, column 3 is 1" in page.get_by_role("status").inner_text()
    page.keyboard.press("ArrowLeft")
    page.locator(".cl-window[aria-valuenow='6']").wait_for()
    assert cells.nth(5).evaluate("el => el === document.activeElement")
    box = stamp.bounding_box()
    unit = box["width"] / 3
    page.mouse.move(box["x"] + unit, box["y"] + unit)
    page.mouse.down()
    page.mouse.move(box["x"] + 5 * unit, box["y"] + 2.9 * unit, steps=4)
    page.mouse.up()
    page.locator(".cl-window[aria-valuenow='12']").wait_for()


@pytest.mark.browser
def test_it_plays_to_the_end(show, still_clock):
    page = show(TransposedConvolutionStepper())
    wait = still_clock(page)
    page.get_by_role("button", name="Play").click()
    wait(5 * 900)
    page.get_by_role("button", name="Play").wait_for()
    assert output(page) == LECTURE


@pytest.mark.browser
@pytest.mark.parametrize("lang, dark, width", [("es", True, 320), ("en", False, 390)])
def test_the_largest_fits_a_phone_and_axe_finds_nothing(show, axe, lang, dark, width):
    large = TransposedConvolutionStepper(-np.ones((5, 5)) / 3, np.ones((5, 5)), 4, 0, 3)
    page = show(large, lang=lang, dark=dark, width=width)
    page.locator(".cl-player button").nth(3).click()
    for summary in page.locator(".cnnlab summary").all():
        summary.click()
    axe(page)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
