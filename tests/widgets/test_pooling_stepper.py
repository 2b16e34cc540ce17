"""The pooling stepper, against NumPy and in the reader's hands."""

import numpy as np
import pytest

from cnnlab.convolution import pool2d, pool2d_backward
from cnnlab.widgets import PoolingStepper

CASES = 240


def cases(seed: int):
    """Images of unequal sides, with ties as often as not, and every window that fits."""
    rng = np.random.default_rng(seed)
    for number in range(CASES):
        height, width = rng.integers(1, 9, size=2)
        f = int(rng.integers(1, min(height, width) + 1))
        image = (
            rng.integers(-3, 4, (height, width)) if number % 2 else rng.normal(size=(height, width))
        )
        yield image.astype(float), f, int(rng.integers(1, 5)), ("max", "average")[number // 2 % 2]


def batch(image) -> np.ndarray:
    return np.asarray(image, float)[None, :, :, None]  # (1, H, W, 1)


def below(page, name: str) -> list[str | None]:
    """The gradients that stand below the numbers of a grid, in reading order."""
    cells = page.get_by_label(name).locator("td")
    return cells.evaluate_all("all => all.map((td) => td.dataset.corner ?? null)")


@pytest.mark.browser
def test_javascript_pools_as_numpy_does(run_js):
    chosen = list(cases(1))
    found = run_js(PoolingStepper, "pool", [[x.tolist(), f, s, kind] for x, f, s, kind in chosen])
    for (x, f, s, kind), got in zip(chosen, found, strict=True):
        expected = pool2d(batch(x), f, s, kind=kind)[0, :, :, 0]
        np.testing.assert_allclose(got, expected, atol=1e-12)


@pytest.mark.browser
def test_javascript_sends_the_gradient_as_numpy_does(run_js):
    rng = np.random.default_rng(2)
    chosen = []
    for x, f, s, kind in cases(3):
        shape = pool2d(batch(x), f, s, kind=kind).shape[1:3]
        chosen.append((x, rng.normal(size=shape), f, s, kind))
    arguments = [[x.tolist(), dy.tolist(), f, s, kind] for x, dy, f, s, kind in chosen]
    found = run_js(PoolingStepper, "poolBackward", arguments)
    for (x, dy, f, s, kind), got in zip(chosen, found, strict=True):
        expected = pool2d_backward(batch(dy), batch(x), f, s, kind=kind)[0, :, :, 0]
        np.testing.assert_allclose(got, expected, atol=1e-12)


@pytest.mark.browser
def test_the_lectures_example_fills_the_output(show, shown):
    page = show(PoolingStepper())
    assert shown(page, "Output") == [["9", "", ""], ["", "", ""], ["", "", ""]]
    page.get_by_role("button", name="Step").click()
    assert shown(page, "Output") == [["9", "9", ""], ["", "", ""], ["", "", ""]]
    page.get_by_role("button", name="All").click()
    assert shown(page, "Output") == [["9", "9", "5"], ["9", "9", "5"], ["8", "6", "9"]]
    page.get_by_role("button", name="Start over").click()
    assert shown(page, "Output") == [["9", "", ""], ["", "", ""], ["", "", ""]]


@pytest.mark.browser
def test_keys_move_the_window_and_the_status_says_what_wins(show):
    page = show(PoolingStepper())
    window = page.get_by_role("slider", name="Pooling window")
    status = page.get_by_role("status")
    window.focus()
    for key, number, words in [
        ("ArrowRight", 2, "Output row 1, column 2. The largest of 3, 2, 1, 9, 1, 1, 3, 2, 3 is 9"),
        ("ArrowDown", 5, "Output row 2, column 2. The largest of 9, 1, 1, 3, 2, 3, 3, 5, 1 is 9"),
        ("ArrowLeft", 4, "at row 2, column 2"),
        ("ArrowUp", 1, "Output row 1, column 1."),
        ("ArrowUp", 1, "Output row 1, column 1."),
        ("End", 9, "Output row 3, column 3."),
        ("Home", 1, "Output row 1, column 1."),
    ]:
        page.keyboard.press(key)
        page.locator(f"[aria-valuenow='{number}']").wait_for()
        assert words in status.inner_text()
        assert window.evaluate("el => el === document.activeElement")
    assert status.get_attribute("aria-live") in (None, "polite")


@pytest.mark.browser
def test_the_window_is_dragged_and_cells_are_clicked(show):
    page = show(PoolingStepper(s=2))
    box = page.get_by_role("slider").bounding_box()
    cell = box["width"] / 3
    page.mouse.move(box["x"] + cell / 2, box["y"] + cell / 2)
    page.mouse.down()
    page.mouse.move(box["x"] + 1.8 * cell, box["y"] + 2.7 * cell, steps=4)
    page.mouse.up()
    page.locator("[aria-valuetext='Output row 2, column 2']").wait_for()
    page.get_by_label("Output").locator("td").nth(2).click()
    page.locator("[aria-valuetext='Output row 2, column 1']").wait_for()
    page.get_by_label("Input").locator("td").nth(4).click()
    page.locator("[aria-valuetext='Output row 1, column 2']").wait_for()


@pytest.mark.browser
def test_space_plays_and_pauses(show, still_clock):
    page = show(PoolingStepper())
    wait = still_clock(page)
    page.get_by_role("slider").focus()
    page.keyboard.press("Space")
    wait(900)
    page.locator("[aria-valuenow='2']").wait_for()
    page.keyboard.press("Space")
    wait(5000)
    assert page.get_by_role("slider").get_attribute("aria-valuenow") == "2"
    page.get_by_role("button", name="Play").wait_for()


@pytest.mark.browser
def test_the_first_of_equal_cells_wins(show):
    page = show(PoolingStepper([[1, 7, 0], [7, 7, 2]], f=2))
    assert page.locator("td.pool-wins").evaluate_all(
        "all => all.map((td) => [td.parentNode.rowIndex, td.cellIndex])"
    ) == [[0, 1]]
    assert (
        "It stands there 3 times: the first in reading order"
        in page.get_by_role("status").inner_text()
    )


@pytest.mark.browser
@pytest.mark.parametrize("kind", ["max", "average"])
def test_gradients_add_up_where_windows_overlap(show, kind):
    page = show(PoolingStepper(kind=kind))
    gradient = page.get_by_label("Where the gradient goes")
    gradient.select_option("one")
    page.get_by_role("button", name="All").click()
    page.get_by_label("Each output").locator("td").nth(5).click()
    x = batch(PoolingStepper().image)
    for choice, dy in [("one", np.eye(9)[5].reshape(3, 3)), ("filled", np.ones((3, 3)))]:
        gradient.select_option(choice)
        dx = pool2d_backward(batch(dy), x, 3, 1, kind=kind).ravel()
        page.evaluate("new Promise((d) => requestAnimationFrame(() => requestAnimationFrame(d)))")
        found = [float(text or 0) for text in below(page, "Each input")]
        np.testing.assert_allclose(found, dx, atol=0.005)
    gradient.select_option("off")
    assert not any(below(page, "Input"))


@pytest.mark.browser
def test_numbers_can_be_typed_and_mistakes_are_explained(show, shown):
    page = show(PoolingStepper())
    page.get_by_text("Type your own image").first.click()
    area, use = page.get_by_role("textbox", name="Type your own"), page.get_by_text("Use these")
    alert = page.get_by_role("alert")
    for text, words in [
        ("1 2 3\n4 5", "Row 2 has 2 numbers"),
        ("1 two", "“two” in row 1 is not a number"),
        ("1 2\n3 4", "A window of 3 × 3 does not fit in an image of 2 × 2"),
        ("", "no numbers"),
    ]:
        area.fill(text)
        use.click()
        assert words in alert.inner_text()
        assert shown(page, "Input")[1] == ["2", "9", "1", "1", "5"]
    area.fill("0 1 2 3\n4 5 6 7\n8 9 10 11")
    use.click()
    assert not alert.is_visible()
    page.get_by_role("button", name="All").click()
    assert shown(page, "Output") == [["10", "11"]]
    size = page.get_by_label("Window f", exact=True)
    size.fill("4")
    size.press("Enter")
    assert "A window of 4 × 4 does not fit" in alert.inner_text()
    assert size.input_value() == "3"
    page.get_by_label("Kind").select_option("average")
    assert shown(page, "Output") == [["5", "6"]]


def test_python_reads_the_output_back():
    assert PoolingStepper().output.tolist() == [[9, 9, 5], [9, 9, 5], [8, 6, 9]]
    assert PoolingStepper([[1, 2], [4, 5]], f=2, kind="average").output.tolist() == [[3]]


@pytest.mark.parametrize(
    "arguments, words",
    [
        ({"image": "photo"}, "image is 'photo'"),
        ({"image": [1, 2]}, "image is"),
        ({"image": np.ones((11, 3)), "f": 1}, "image has shape (11, 3)"),
        ({"f": 6}, "f is 6; expected at most 5"),
        ({"f": 2.5}, "f is 2.5"),
        ({"s": 0}, "s is 0"),
        ({"kind": "mean"}, "kind is 'mean'; expected 'max' or 'average'"),
    ],
)
def test_bad_arguments_are_named(arguments, words):
    with pytest.raises(ValueError) as caught:
        PoolingStepper(**arguments)
    assert words in str(caught.value)
