"""The IoU playground: against pixels that are counted, and in the reader's hands."""

import re

import numpy as np
import pytest

from cnnlab.widgets import IoUPlayground

CASES = 400
HEIGHT, WIDTH = 23, 31
PRESETS = {
    "they overlap": "IoU = 0.22 < 0.5: B does not count as correct.",
    "identical": "IoU = 1 ≥ 0.5: B counts as correct. The boxes are the same",
    "one inside the other": "B lies inside A",
    "half of each is shared": "IoU = 0.333 < 0.5: B does not count as correct. Half of each",
    "IoU of exactly 0.5": "IoU = 0.5 ≥ 0.5: B counts as correct.",
    "they touch": "IoU = 0 < 0.5: B does not count as correct. They share an edge",
    "they lie apart": "They have nothing in common.",
    "a box without area": "A box without area shares none",
}


def random_boxes(rng: np.random.Generator, count: int) -> np.ndarray:
    """Boxes of whole pixels, some empty, of a picture that is wider than high."""
    x, y = (np.sort(rng.integers(0, size + 1, (count, 2))) for size in (WIDTH, HEIGHT))
    boxes = np.stack([x[:, 0], y[:, 0], x[:, 1], y[:, 1]], axis=1)
    boxes[::17, 2] = boxes[::17, 0]
    return boxes


def pairs(seed: int) -> list[list[list[int]]]:
    """Two boxes each, by chance, with a third of them the same or inside one another."""
    rng = np.random.default_rng(seed)
    a, b = random_boxes(rng, CASES), random_boxes(rng, CASES)
    b[::9] = a[::9]
    b[::5, :2] = np.maximum(b[::5, :2], a[::5, :2])
    b[::5, 2:] = np.maximum(b[::5, :2], np.minimum(b[::5, 2:], a[::5, 2:]))
    return [[one.tolist(), other.tolist()] for one, other in zip(a, b, strict=True)]


def covered(box) -> np.ndarray:
    """The pixels that a box covers: [x_min, x_max) × [y_min, y_max)."""
    mask = np.zeros((HEIGHT, WIDTH), bool)
    mask[box[1] : box[3], box[0] : box[2]] = True
    return mask


def said(page) -> str:
    return page.locator(".cl-status").inner_text()


def sums(page) -> dict[str, str]:
    """The lines of the formula, by their names."""
    texts = page.locator(".iou-sums").locator("dt, dd").all_inner_texts()
    return {
        name: re.sub(r"\s+", " ", text) for name, text in zip(texts[::2], texts[1::2], strict=True)
    }


def box(page, name: str):
    return page.get_by_role("slider", name=f"Box {name}")


def wait_for(page, name: str, corners: list[int]):
    text = "x from {0} to {2}, y from {1} to {3}".format(*corners)
    page.locator(f"[aria-label^='Box {name}'][aria-valuetext='{text}']").wait_for()


@pytest.mark.browser
def test_javascript_agrees_with_counted_pixels(run_js):
    chosen = pairs(1)
    found = run_js(IoUPlayground, "overlap", chosen)
    kinds = run_js(IoUPlayground, "relation", chosen)
    seen = set()
    for (a, b), got, kind in zip(chosen, found, kinds, strict=True):
        one, other = covered(a), covered(b)
        both, union = (one & other).sum(), (one | other).sum()
        assert got["areas"] == [one.sum(), other.sum()]
        assert (got["both"], got["union"]) == (both, union)
        assert got["iou"] == (both / union if union else 0)
        width, height = np.minimum(a[2:], b[2:]) - np.maximum(a[:2], b[:2])
        assert got["bare"]["product"] == width * height
        assert got["bare"]["union"] == one.sum() + other.sum() - width * height
        expected = {
            "zero": union == 0,
            "empty": union > 0 and min(one.sum(), other.sum()) == 0,
            "identical": union > 0 and (one == other).all(),
            "nested": 0 < both < union and both == min(one.sum(), other.sum()),
        }
        for name, holds in expected.items():
            assert (kind == name) == holds, (a, b, kind)
        if kind in ("apart", "touching"):
            grown = covered([max(a[0] - 1, 0), max(a[1] - 1, 0), a[2] + 1, a[3] + 1])
            assert both == 0 and (grown & other).any() == (kind == "touching")
        seen.add(kind)
    assert seen >= {None, "zero", "empty", "identical", "nested", "apart", "touching"}


@pytest.mark.browser
def test_a_box_stays_in_the_picture_and_keeps_its_order(run_js):
    rng = np.random.default_rng(2)
    corners = [None, [0, 1], [2, 1], [0, 3], [2, 3]]
    chosen = [
        [b.tolist(), rng.integers(-40, 41, 2).tolist(), corners[i % 5], [WIDTH, HEIGHT]]
        for i, b in enumerate(random_boxes(rng, CASES))
    ]
    for (old, by, corner, size), new in zip(
        chosen, run_js(IoUPlayground, "moved", chosen), strict=True
    ):
        for axis in (0, 1):
            low, high, low_now, high_now = old[axis], old[axis + 2], new[axis], new[axis + 2]
            if corner is None:
                shift = int(np.clip(by[axis], -low, size[axis] - high))
                assert (low_now, high_now) == (low + shift, high + shift)
            elif corner[axis] < 2:
                assert (low_now, high_now) == (np.clip(low + by[axis], 0, high), high)
            else:
                assert (low_now, high_now) == (low, np.clip(high + by[axis], low, size[axis]))


@pytest.mark.browser
def test_a_number_is_written_on_the_right_side_of_its_bound(run_js):
    cases = [[0.4996, 0.5], [0.5004, 0.5], [0.5, 0.5], [1 / 3, 0.5], [0.49999, 0.5], [0.555, 0.555]]
    shown = ["0.4996", "0.5004", "0.5", "0.33", "0.49999", "0.555"]
    assert run_js(IoUPlayground, "beside", cases) == shown


@pytest.mark.browser
def test_every_example_says_what_is_special(show, axe):
    page = show(IoUPlayground())
    example = page.get_by_role("combobox", name="Example")
    assert example.locator("option").all_inner_texts()[1:] == list(PRESETS)
    for name, words in PRESETS.items():
        example.select_option(name)
        page.wait_for_function(
            "words => document.querySelector('.cl-status').textContent.includes(words)", arg=words
        )
        axe(page)
    page.get_by_text("Type the corners").click()
    page.get_by_role("textbox", name="x_max of B").fill("80")
    page.keyboard.press("Enter")
    page.wait_for_function("() => document.querySelector('select').value === 'own'")


@pytest.mark.browser
def test_the_formula_is_filled_in(show):
    page = show(IoUPlayground((10, 20, 60, 50), (30, 5, 90, 45)))
    assert sums(page) == {
        "Shared width": "max(0, min(60, 90) − max(10, 30)) = max(0, 30) = 30",
        "Shared height": "max(0, min(50, 45) − max(20, 5)) = max(0, 25) = 25",
        "Intersection": "30 · 25 = 750",
        "Area of A": "(60 − 10) · (50 − 20) = 50 · 30 = 1,500",
        "Area of B": "(90 − 30) · (45 − 5) = 60 · 40 = 2,400",
        "Union": "1,500 + 2,400 − 750 = 3,150",
        "IoU": "750 / 3,150 = 0.238",
    }
    assert page.locator(".iou-slip").is_hidden()
    shared = page.locator(".cl-shared").bounding_box()
    picture = page.locator(".cl-picture").bounding_box()
    unit = picture["width"] / 100
    assert shared["width"] == pytest.approx(30 * unit, abs=0.6)
    assert shared["height"] == pytest.approx(25 * unit, abs=0.6)
    assert shared["x"] - picture["x"] == pytest.approx(30 * unit, abs=0.6)
    page.get_by_text("Show as table").click()
    rows = page.locator(".cl-tables table").first.locator("tbody tr")
    assert rows.nth(2).locator("th, td").all_inner_texts() == [
        *("Intersection", "30", "20", "60", "45", "30", "25", "750")
    ]


@pytest.mark.browser
@pytest.mark.parametrize(
    "b, words",
    [
        ((70, 80, 90, 90), "(−10) · (−20) = 200, and IoU 200 / 2,500 = 0.08. Two negative sides"),
        ((70, 30, 90, 90), "(−10) · 30 = −300, and IoU −300 / 4,000 = −0.075."),
        ((99, 99, 100, 100), "(−39) · (−39) = 1,521, and IoU 1,521 / 980 = 1.55. Two negative"),
    ],
)
def test_boxes_apart_show_the_slip(show, b, words):
    page = show(IoUPlayground((10, 10, 60, 60), b))
    text = page.locator(".iou-slip").inner_text()
    assert words in text
    assert ("Two negative sides" in words or "Two negative" in words) == ("Two negative" in text)
    assert sums(page)["Intersection"].endswith("= 0")
    assert page.locator(".cl-shared").is_hidden()


@pytest.mark.browser
def test_arrow_keys_move_and_with_shift_resize(show):
    page = show(IoUPlayground((0, 10, 50, 60), (30, 30, 99, 80)))
    page.get_by_role("combobox").focus()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.ariaLabel") == "Box A, the truth"
    now = [0, 10, 50, 60]
    for key, corners in [
        ("ArrowRight", [1, 10, 51, 60]),
        ("ArrowDown", [1, 11, 51, 61]),
        ("Shift+ArrowRight", [1, 11, 52, 61]),
        ("Shift+ArrowUp", [1, 11, 52, 60]),
        ("ArrowLeft", [0, 11, 51, 60]),
    ]:
        page.keyboard.press(key)
        wait_for(page, "A", corners)
        now = corners
    page.keyboard.press("ArrowLeft")  # at the edge: nothing more
    page.keyboard.press("Control+ArrowRight")  # the browser's own
    wait_for(page, "A", now)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.ariaLabel") == "Box B, the prediction"
    page.keyboard.press("Shift+ArrowRight")
    wait_for(page, "B", [30, 30, 100, 80])
    page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("ArrowUp")
    wait_for(page, "B", [30, 29, 100, 79])
    assert box(page, "B").get_attribute("aria-valuenow") == "30"
    assert "IoU = 0.122 < 0.5" in said(page)  # 651 / (2499 + 3500 − 651)


@pytest.mark.browser
@pytest.mark.parametrize("width", [1280, 390])
def test_boxes_and_corners_are_dragged(show, width):
    page = show(IoUPlayground((10, 20, 50, 60), (55, 65, 90, 95)), width=width)
    picture = page.locator(".cl-picture").bounding_box()
    unit = picture["width"] / 100

    def drag(start, end):
        at = [(picture["x"] + x * unit, picture["y"] + y * unit) for x, y in (start, end)]
        page.mouse.move(*at[0])
        page.mouse.down()
        page.mouse.move(*at[1], steps=5)
        page.mouse.up()

    drag((30, 40), (45, 35))
    wait_for(page, "A", [25, 15, 65, 55])
    drag((65, 55), (72, 70))  # the last corner
    wait_for(page, "A", [25, 15, 72, 70])
    drag((25, 15), (20, 95))  # the first corner, which cannot pass the last
    wait_for(page, "A", [20, 70, 72, 70])
    drag((80, 90), (150, 150))  # out of the picture
    wait_for(page, "B", [65, 70, 100, 100])
    assert page.evaluate("document.activeElement.ariaLabel") == "Box B, the prediction"
    page.keyboard.press("ArrowLeft")
    wait_for(page, "B", [64, 70, 99, 100])


@pytest.mark.browser
def test_the_smaller_box_can_always_be_taken(show):
    for a, b, inner in [
        ((40, 40, 60, 60), (10, 10, 90, 90), "A"),
        ((10, 10, 90, 90), (40, 40, 60, 60), "B"),
    ]:
        page = show(IoUPlayground(a, b))
        picture = page.locator(".cl-picture").bounding_box()
        page.mouse.click(picture["x"] + picture["width"] / 2, picture["y"] + picture["width"] / 2)
        assert page.evaluate("document.activeElement.ariaLabel").startswith(f"Box {inner}")


@pytest.mark.browser
def test_typed_corners_move_a_box_or_are_explained(show):
    page = show(IoUPlayground())
    page.get_by_text("Type the corners").click()
    page.get_by_role("button", name="y_max of A: less").click()
    wait_for(page, "A", [10, 10, 60, 59])
    wrong = page.get_by_role("textbox", name="x_min of A")
    wrong.fill("70")
    page.keyboard.press("Enter")
    alert = page.get_by_role("alert")
    assert alert.inner_text() == (
        "A: x_min = 70 would lie beyond x_max = 60. A box has x_min ≤ x_max."
    )
    assert wrong.input_value() == "10"
    box(page, "B").press("ArrowRight")
    wait_for(page, "B", [31, 30, 81, 80])
    assert alert.count() == 0


@pytest.mark.browser
def test_it_speaks_spanish(show):
    page = show(IoUPlayground((10, 10, 60, 60), (70, 80, 90, 90)), lang="es", dark=True, width=390)
    text = "IoU = 0 < 0,5: B no cuenta como correcta. No tienen nada en común."
    assert said(page) == text
    assert "sin max(0, ·)" in page.locator(".iou-slip").inner_text()
    slider = page.get_by_role("slider", name="Caja A, la verdad")
    slider.press("ArrowDown")
    page.locator("[aria-valuetext='x de 10 a 60, y de 11 a 61']").wait_for()


def test_the_kernel_reads_the_same_iou():
    rng = np.random.default_rng(3)
    for a, b in zip(random_boxes(rng, 100), random_boxes(rng, 100), strict=True):
        one, other = covered(a), covered(b)
        union = (one | other).sum()
        expected = (one & other).sum() / union if union else 0
        assert IoUPlayground(a, b).iou == pytest.approx(expected, abs=1e-12)
    figure = IoUPlayground(np.array([10.0, 20, 30, 40]), (10, 20, 30, 40))
    assert (figure.a, figure.iou) == ([10, 20, 30, 40], 1)
    assert isinstance(figure.iou, float)


@pytest.mark.parametrize(
    "value, words",
    [
        ((60, 10, 10, 60), "has x_min = 60 and x_max = 10; expected x_min ≤ x_max"),
        ((10, 60, 60, 10), "has y_min = 60 and y_max = 10; expected y_min ≤ y_max"),
        ((0, 0, 10, 101), "not in the picture; expected .* whole numbers from 0 to 100"),
        ((-1, 0, 10, 10), "not in the picture"),
        ((0, 0, 10, float("inf")), "not in the picture"),
        ((0, 0, 10, float("nan")), r"expected \(x_min, y_min, x_max, y_max\)"),
        ((0, 0, 10.5, 10), "10.5"),
        ((0, 0, 10), r"is \(0, 0, 10\); expected"),
        ("box", "is box; expected"),
        (None, "is None; expected"),
    ],
)
def test_what_is_no_box_is_refused(value, words):
    for name in ("a", "b"):
        with pytest.raises(ValueError, match=f"{name} .*{words}"):
            IoUPlayground(**{name: value})
    figure = IoUPlayground()
    with pytest.raises(ValueError, match=words):
        figure.a = value
    assert figure.a == [10, 10, 60, 60]
