"""The sliding-window explorer: against NumPy, against the convolutional network, and in use."""

import numpy as np
import pytest

from cnnlab.widgets import SlidingWindow


def random_setups(count: int, seed: int = 1) -> list[dict]:
    """Sizes that differ along the two axes; the window fits, the filter fits into the window."""
    rng = np.random.default_rng(seed)
    made = []
    for _ in range(count):
        h, w = map(int, rng.integers(3, 12, 2))
        made.append(
            {
                "size": [h + int(rng.integers(0, 14)), w + int(rng.integers(0, 14))],
                "window": [h, w],
                "step": int(rng.integers(1, min(h, w) + 1)),
                "kernel": int(rng.integers(1, min(h, w) + 1)),
                "perCell": int(rng.integers(1, 2000)),
                "perWindow": int(rng.integers(0, 500_000)),
            }
        )
    return made


def corners(setup: dict) -> list[tuple[int, int]]:
    """The upper left pixel of each window, in reading order."""
    (H, W), (h, w), s = setup["size"], setup["window"], setup["step"]
    return [(y, x) for y in range(0, H - h + 1, s) for x in range(0, W - w + 1, s)]


def counted(setup: dict, windows: list[int]) -> np.ndarray:
    """How often each cell of the first map is needed: each filter's pixels lie in the window."""
    (H, W), (h, w), f = setup["size"], setup["window"], setup["kernel"]
    counts = np.zeros((H - f + 1, W - f + 1), int)
    places = corners(setup)
    for r, c in np.ndindex(*counts.shape):
        for y, x in (places[i] for i in windows):
            counts[r, c] += y <= r and r + f <= y + h and x <= c and c + f <= x + w
    return counts


@pytest.mark.browser
def test_javascript_counts_as_numpy_does(run_js):
    rng = np.random.default_rng(2)
    setups = random_setups(60)
    chosen = []
    for setup in setups:
        n = len(corners(setup))
        chosen.append(sorted(rng.choice(n, int(rng.integers(1, n + 1)), replace=False).tolist()))
    given = [[windows, setup] for windows, setup in zip(chosen, setups, strict=True)]
    grids = run_js(SlidingWindow, "places", [[setup] for setup in setups])
    maps = run_js(SlidingWindow, "coverage", given)
    sums = run_js(SlidingWindow, "work", given)
    news = run_js(SlidingWindow, "fresh", [[setup] for setup in setups])
    shared = 0
    for setup, windows, grid, counts, work, fresh in zip(
        setups, chosen, grids, maps, sums, news, strict=True
    ):
        truth = counted(setup, windows)
        np.testing.assert_array_equal(counts, truth)
        rest = len(windows) * setup["perWindow"]
        assert work["apart"] == [truth.sum() * setup["perCell"], rest]
        assert work["shared"] == [(truth > 0).sum() * setup["perCell"], rest]
        shared += bool((truth > 1).any())
        n = len(corners(setup))
        assert np.prod(grid) == n == len(fresh)
        for i in (0, n // 2, n - 1):
            before = counted(setup, list(range(i))) > 0
            assert fresh[i] == ((counted(setup, [i]) > 0) & ~before).sum()
    assert shared > 30


@pytest.mark.browser
@pytest.mark.parametrize(
    "shape, window", [((16, 16), (14, 14)), ((28, 28), (14, 14)), ((16, 26), (14, 12))]
)
def test_the_work_is_that_of_the_network(run_js, shape, window):
    """All windows at the network's own step, on images that they cover to the last row."""
    from cnnlab.architectures import layer_table
    from cnnlab.detection import shared_work, window_classifier, window_step

    model = window_classifier((*window, 3))
    expected = shared_work(model, (*shape, 3))
    first, *others = (row.multiply_adds for row in layer_table(model))
    first, *others = (n for n in (first, *others) if n)
    cells = (window[0] - 4) * (window[1] - 4)
    setup = {
        **{"size": shape, "window": window, "step": window_step(model), "kernel": 5},
        **{"perCell": first // cells, "perWindow": sum(others)},
    }
    [grid] = run_js(SlidingWindow, "places", [[setup]])
    windows = list(range(int(np.prod(grid))))
    [found] = run_js(SlidingWindow, "work", [[windows, setup]])
    assert tuple(grid) == expected.windows
    assert sum(found["apart"]) == expected.separate
    assert sum(found["shared"]) == expected.shared


def test_without_arguments_the_numbers_are_those_of_the_lectures_network():
    from cnnlab.detection import shared_work, window_classifier

    figure = SlidingWindow()
    work = shared_work(window_classifier(), (28, 28, 3))
    cells = (28 - figure.kernel + 1) ** 2
    assert work.shared == cells * figure.per_cell + 64 * figure.per_window
    assert work.separate == 64 * (100 * figure.per_cell + figure.per_window)


@pytest.mark.browser
def test_scores_of_a_stride_are_picked_from_those_of_every_pixel(run_js):
    rng = np.random.default_rng(3)
    for setup in random_setups(20, seed=4):
        (H, W), (h, w) = setup["size"], setup["window"]
        scores = rng.random((H - h + 1, W - w + 1)).round(3)
        figure = SlidingWindow(
            rng.random((H, W, 3)), scores, (h, w), setup["step"], setup["kernel"]
        )
        [found] = run_js(SlidingWindow, "picked", [[figure.scores, setup]])
        expected = [scores[y, x] for y, x in corners(setup)]
        assert np.ravel(found).tolist() == expected == figure.grid.ravel().tolist()
        figure.height = h  # one row of windows is left
        assert figure.grid.shape == (1, len(found[0]))


# ---- in the reader's hands ----


def said(page) -> str:
    return page.locator(".cl-status").inner_text()


def wait(page, text: str) -> None:
    page.wait_for_function(
        "text => document.querySelector('.cl-status').textContent.includes(text)", arg=text
    )


def press(page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def cells(page, kind: str) -> int:
    return page.locator(f"td.sliding-{kind}").count()


@pytest.mark.browser
def test_stepping_lights_up_what_is_shared(show, shown):
    page = show(SlidingWindow())
    assert (cells(page, "new"), cells(page, "old"), cells(page, "never")) == (100, 0, 476)
    press(page, "Step")
    wait(page, "Row 1, column 2")
    assert "needs 100 cells of the first map; other windows have 80 of them" in said(page)
    assert (cells(page, "new"), cells(page, "old"), cells(page, "idle")) == (20, 80, 20)
    label = page.get_by_role("img").get_attribute("aria-label")
    assert label == "100 cells are needed: 20 new, 80 from other windows. 20 more are computed."
    press(page, "All")
    wait(page, "64 of 64 windows")
    work = page.locator(".sliding-work").inner_text()
    assert "7,680,000 + 20,582,400 = 28,262,400" in work
    assert "691,200 + 20,582,400 = 21,273,600" in work
    assert "Kept cells save 25 % of the work: 91 % of the first map’s" in work
    expected = [[f"{100 * v:.0f}" for v in row] for row in SlidingWindow().grid]
    assert shown(page, "Scores of “7”, in %, 8 × 8") == expected


@pytest.mark.browser
def test_the_lectures_small_image(show):
    page = show(SlidingWindow())
    for name in ("Image height", "Image width"):
        box = page.get_by_role("textbox", name=name)
        box.fill("16")
        box.press("Enter")
    wait(page, "1 of 4 windows")
    assert "⌊(16 − 14) / 2⌋ + 1 = 2 rows" in page.locator(".cl-hint").first.inner_text()
    press(page, "All")
    wait(page, "4 of 4 windows")
    assert "172,800 + 1,286,400 = 1,459,200" in page.locator(".sliding-work").inner_text()
    box.fill("13")  # no window fits
    box.press("Enter")
    assert "is not a whole number from 14 to 28" in page.get_by_role("alert").inner_text()
    assert "4 of 4 windows" in said(page)


@pytest.mark.browser
def test_the_window_moves_by_keys_and_by_hand(show):
    page = show(SlidingWindow(), reduced_motion="reduce")
    window = page.get_by_role("slider", name="Window over the image")
    window.press("ArrowDown")
    wait(page, "Row 2, column 1")
    assert window.get_attribute("aria-valuetext") == "row 2, column 1 of the scores"
    window.press("End")
    wait(page, "Row 8, column 8")
    assert cells(page, "old") == 0 and cells(page, "new") == 100  # far from the others
    box = page.locator(".sliding-image table").bounding_box()
    frame = window.bounding_box()
    assert frame["x"] + frame["width"] == pytest.approx(box["x"] + box["width"], abs=4)
    page.mouse.move(frame["x"] + 20, frame["y"] + 20)
    page.mouse.down()
    page.mouse.move(frame["x"] + 20 - box["width"] * 6 / 28, frame["y"] + 20, steps=4)
    page.mouse.up()
    wait(page, "Row 8, column 5")
    grid = page.locator(".cl-grid[role=grid]")
    grid.locator("td").nth(8 * 2 + 3).click()
    wait(page, "Row 3, column 4")
    grid.locator("td").nth(8 * 2 + 3).press("ArrowUp")
    wait(page, "Row 2, column 4")


@pytest.mark.browser
def test_a_full_map_of_scores_stays_full(show):
    page = show(SlidingWindow())
    press(page, "All")
    wait(page, "64 of 64 windows")
    page.get_by_role("button", name="Stride: more").click()
    wait(page, "25 of 25 windows")
    page.get_by_role("button", name="Start over").click()
    wait(page, "1 of 25 windows")
    page.get_by_role("button", name="Stride: less").click()
    wait(page, "1 of 64 windows")


@pytest.mark.browser
@pytest.mark.parametrize("lang, dark, width", [("es", True, 390), ("en", False, 1280)])
def test_the_finest_stride_is_accessible_and_fits(show, axe, lang, dark, width):
    figure = SlidingWindow(stride=1)
    figure.seen = list(range(225))
    page = show(figure, lang=lang, dark=dark, width=width)
    page.locator(".cnnlab summary").click()
    axe(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.locator(".cl-tables tbody").nth(1).locator("tr").count() == 225
    if lang == "es":
        assert "225 de 225 ventanas" in said(page)


@pytest.mark.browser
def test_the_table_has_every_window(show):
    page = show(SlidingWindow(np.full((9, 7, 1), 0.5), np.eye(4, 3), (6, 5), 2, 3, 10, 50))
    page.get_by_text("Show as table").click()
    rows = page.locator(".cl-tables tbody").nth(1).locator("tr").all()
    found = [row.locator("th, td").all_inner_texts() for row in rows]
    assert found == [
        ["1", "1", "row 1, column 1", "100", "12", "12"],
        ["1", "2", "row 1, column 3", "0", "12", "8"],
        ["2", "1", "row 3, column 1", "0", "12", "6"],
        ["2", "2", "row 3, column 3", "100", "12", "4"],
    ]
    sums = page.locator(".cl-tables tbody").first.locator("tr").all()
    assert sums[0].locator("td").all_inner_texts() == ["120", "50", "170"]


@pytest.mark.browser
def test_the_picture_lies_under_the_window(show):
    """Half of the picture is used: the ground is as large as the whole of it."""
    rng = np.random.default_rng(5)
    image = rng.integers(0, 256, (20, 24, 3), dtype=np.uint8)
    figure = SlidingWindow(image, rng.random((15, 17)), (6, 8), 3, 3)
    figure.height, figure.width = 10, 12
    page = show(figure)
    table = page.locator(".sliding-image table")
    assert table.evaluate("el => el.style.backgroundSize") == "200% 200%"
    assert table.evaluate("el => el.style.backgroundImage").startswith('url("data:image/png')
    assert (
        table.locator("tr").count() == 10 and table.locator("tr").first.locator("td").count() == 12
    )


ONE = {"image": np.zeros((9, 7, 3)), "scores": np.zeros((4, 3)), "window": (6, 5), "kernel": 3}


@pytest.mark.parametrize(
    "changes, words",
    [
        ({"image": np.zeros((9, 7, 5))}, r"image has shape \(9, 7, 5\); expected a picture"),
        ({"image": np.zeros((33, 7, 3))}, "expected at most 32 × 32"),
        ({"image": np.full((9, 7, 3), 2.0)}, "does not say whether white is 1 or 255"),
        ({"image": None}, "image is None; expected"),
        ({"scores": None}, r"scores is None; expected \(4, 3\)"),
        ({"scores": np.zeros((3, 4))}, r"scores has shape \(3, 4\); expected \(4, 3\)"),
        ({"scores": np.full((4, 3), 1.5)}, r"expected numbers in \[0, 1\]"),
        ({"scores": np.full((4, 3), np.nan)}, r"expected numbers in \[0, 1\]"),
        ({"scores": [["a"] * 3] * 4}, r"expected numbers in \[0, 1\]"),
        ({"window": (10, 5)}, "window is 10; expected a whole number from 1 to 9"),
        ({"image": None, "scores": None, "window": 6}, "image is None; expected"),
        ({"label": 7}, "label is 7; expected text"),
        ({"window": 6}, r"window is 6; expected \(height, width\)"),
        ({"window": (6.5, 5)}, "window is 6.5"),
        ({"kernel": 6}, "kernel is 6; expected a whole number from 1 to 5"),
        ({"stride": 0}, "stride is 0; expected a whole number"),
        ({"per_cell": 0}, "per_cell is 0"),
        ({"per_window": -1}, "per_window is -1"),
    ],
)
def test_what_cannot_be_shown_is_refused(changes, words):
    with pytest.raises(ValueError, match=words):
        SlidingWindow(**ONE | changes)


@pytest.mark.parametrize("name, value", [("height", 5), ("height", 10), ("width", 4), ("width", 8)])
def test_a_part_of_the_picture_holds_a_window(name, value):
    figure = SlidingWindow(**ONE)
    with pytest.raises(ValueError, match=f"{name} is {value}; expected a whole number from"):
        setattr(figure, name, value)
    assert (figure.height, figure.width) == (9, 7)
