"""The size calculator: Python and the browser agree, and what does not fit is explained."""

import numpy as np
import pytest

from cnnlab.widgets import SizeCalculator


def stacks(count: int, seed: int = 3) -> list[list]:
    """Input shapes and chains of layers; some do not fit."""
    rng = np.random.default_rng(seed)
    made = []
    while len(made) < count:
        shape = list(map(int, rng.integers(1, [34, 40, 5])))
        layers = []
        for kind in rng.choice(["conv", "pool"], rng.integers(1, 6)):
            f, s, p = map(int, rng.integers([1, 1, 0], [6, 4, 3]))
            filters = {"filters": int(rng.integers(1, 9))} if kind == "conv" else {}
            layers.append({"kind": str(kind), "f": f, "s": s, "p": p, **filters})
        made.append([shape, layers])
    return made


def sees(n: int, layers: list[dict]) -> list[np.ndarray]:
    """For each layer, which of n inputs each output depends on, by following every connection."""
    reached, every = np.eye(n, dtype=bool), []
    for layer in layers:
        border = np.zeros((layer["p"], n), bool)
        padded = np.concatenate([border, reached, border])
        starts = range(0, len(padded) - layer["f"] + 1, layer["s"])
        reached = np.array([padded[i : i + layer["f"]].any(axis=0) for i in starts])
        every.append(reached)
    return every


@pytest.mark.browser
def test_javascript_agrees_with_python(run_js):
    given = stacks(400)
    found = run_js(SizeCalculator, "traceStack", given)
    impossible = 0
    for (shape, layers), ours in zip(given, found, strict=True):
        calculator = SizeCalculator(shape, layers)
        problem = ours["problem"]
        if problem:
            impossible += 1
            with pytest.raises(ValueError, match=f"layer {problem['layer'] + 1},"):
                _ = calculator.rows
            calculator.layers = layers[: problem["layer"]]
        rows = calculator.rows[1:]  # the first is the input
        assert len(rows) == len(ours["rows"])
        for row, theirs in zip(ours["rows"], rows, strict=True):
            assert tuple(row["shape"]) == tuple(theirs.shape)
            for name in ("size", "parameters", "multiply_adds", "receptive_field", "jump"):
                assert row[name] == getattr(theirs, name), (name, shape, layers)
    assert 50 < impossible < 350


def plain(layers: list[dict]) -> bool:
    """No padding, and windows that leave no gaps."""
    return all(layer["p"] == 0 and layer["s"] <= layer["f"] for layer in layers)


@pytest.mark.browser
def test_the_field_is_what_the_connections_reach(run_js):
    given = stacks(400, seed=4)
    traced = run_js(SizeCalculator, "traceStack", given)
    asked, reached, exact = [], [], []
    for (shape, layers), found in zip(given, traced, strict=True):
        kept = layers[: len(found["rows"])]
        for axis in (0, 1):
            masks = sees(shape[axis], kept)
            for depth, (row, mask) in enumerate(zip(found["rows"], masks, strict=True), start=1):
                assert len(mask) == row["shape"][axis]
                asked += [[row, index] for index in range(len(mask))]
                reached += list(mask)
                exact += [plain(kept[:depth])] * len(mask)
    assert sum(exact) > 300 and len(exact) > 3000
    found = run_js(SizeCalculator, "field", asked)
    for (first, last), mask, all_of_it in zip(found, reached, exact, strict=True):
        inside = np.flatnonzero(mask).tolist()
        assert all(first <= i <= last for i in inside)
        if all_of_it:
            assert inside == list(range(first, last + 1))


def test_rows_of_the_lecture():
    rows = SizeCalculator().rows[1:]
    assert [row.parameters for row in rows] == [456, 0, 2416, 0]
    assert [tuple(row.shape) for row in rows] == [
        (28, 28, 6),
        (14, 14, 6),
        (10, 10, 16),
        (5, 5, 16),
    ]


def test_stride_and_padding_may_be_left_out():
    layers = [{"kind": "conv", "f": 3, "filters": 2}, {"kind": "pool", "f": 2}]
    calculator = SizeCalculator((8, 9, 1), layers)
    assert [(layer["s"], layer["p"]) for layer in calculator.layers] == [(1, 0), (2, 0)]
    assert tuple(calculator.rows[-1].shape) == (3, 3, 2)
    assert len(SizeCalculator((4, 4, 1), []).rows) == 1


@pytest.mark.parametrize(
    "arguments, words",
    [
        ({"input_shape": (32, 32)}, r"input_shape is \(32, 32\); expected three numbers"),
        ({"input_shape": (32, 0, 3)}, r"input_shape\[1\] is 0"),
        ({"input_shape": 32}, "input_shape is 32"),
        ({"layers": [{"kind": "dense"}]}, r"layers\[0\] is {'kind': 'dense'}; expected"),
        ({"layers": ["conv"]}, r"layers\[0\] is 'conv'"),
        ({"layers": [{"kind": "conv", "f": 3}]}, r"layers\[0\]: filters is None"),
        ({"layers": [{"kind": "pool", "f": 2, "filters": 3}]}, r"layers\[0\] has \['filters'\]"),
        ({"layers": [{"kind": "pool"}]}, r"layers\[0\]: s is None|layers\[0\]: f is None"),
        ({"layers": [{"kind": "pool", "f": 2, "s": 0}]}, r"layers\[0\]: s is 0"),
        ({"layers": [{"kind": "pool", "f": 2}] * 21}, "layers has 21 items"),
        ({"layers": {"kind": "pool", "f": 2}}, "expected a list of dictionaries"),
    ],
)
def test_a_wrong_argument_is_named(arguments, words):
    with pytest.raises(ValueError, match=words):
        SizeCalculator(**arguments)


def facts(page, layer: int) -> str:
    text = page.locator(".cl-layers > li").nth(layer).locator(".cl-result").inner_text()
    return " ".join(text.split())


@pytest.mark.browser
def test_the_lecture_s_table(show):
    page = show(SizeCalculator())
    assert "Output 28 × 28 × 6" in facts(page, 0)
    assert "Parameters 456" in facts(page, 0)
    assert "⌊(32 + 2·0 − 5) / 1⌋ + 1 = 28" in facts(page, 0)
    assert "Receptive field 16 × 16" in facts(page, 3)
    assert page.locator(".cl-total").inner_text().startswith("All layers: 2,872 parameters")
    page.get_by_text("Show as table").click()
    cells = page.locator(".cl-tables tbody tr").last.locator("th, td").all_inner_texts()
    assert cells == ["4. Pooling", "2", "2", "0", "5 × 5 × 16", "400", "0", "0", "16 × 16"]


@pytest.mark.browser
def test_layers_are_added_changed_moved_and_removed(show):
    page = show(SizeCalculator((11, 13, 3), [{"kind": "conv", "f": 3, "filters": 4}]))
    page.get_by_role("button", name="Add pooling").click()
    assert "Output 4 × 5 × 4" in facts(page, 1)
    assert "Height: ⌊(9 + 2·0 − 2) / 2⌋ + 1 = 4. The floor drops 1/2" in facts(page, 1)
    page.get_by_role("textbox", name="Stride s of layer 1").press("ArrowUp")
    assert "Output 5 × 6 × 4" in facts(page, 0)
    page.get_by_role("button", name="Move up of layer 2").click()
    assert "Output 5 × 6 × 3" in facts(page, 0)
    assert (
        page.evaluate("document.activeElement.getAttribute('aria-label')") == "Move up of layer 1"
    )
    kind = page.get_by_label("Kind of layer 1")
    kind.select_option("conv")
    assert "Output 5 × 6 × 8" in facts(page, 0)
    assert kind.evaluate("e => e === document.activeElement")
    page.get_by_role("textbox", name="Channels").fill("1")
    page.keyboard.press("Tab")
    assert "Parameters 40" in facts(page, 0)
    page.get_by_role("button", name="Remove of layer 2").click()
    page.get_by_role("button", name="Remove of layer 1").click()
    assert page.get_by_role("status").inner_text() == "Add a layer to see a receptive field."
    assert not page.locator(".cl-input").is_visible()
    for _ in range(21):
        page.get_by_role("button", name="Add convolution").click()
    assert page.locator(".cl-layers > li").count() == 20
    assert "At most 20 layers." in page.get_by_role("alert").all_inner_texts()


@pytest.mark.browser
def test_what_does_not_fit_is_explained_where_it_arises(show):
    layers = [
        {"kind": "conv", "f": 3, "s": 2, "p": 1, "filters": 4},
        {"kind": "pool", "f": 7, "s": 2},
        {"kind": "conv", "f": 3, "filters": 2},
    ]
    page = show(SizeCalculator((20, 11, 3), layers))
    assert "Layer 2 does not fit. Width: ⌊(6 + 2·0 − 7) / 2⌋ + 1 = 0" in facts(page, 1)
    assert facts(page, 2) == "No input: layer 2 has no output."
    assert page.locator(".cl-total").inner_text() == ""
    assert page.get_by_role("status").inner_text().startswith("Layer 1:")
    page.get_by_role("textbox", name="Filter size f of layer 2").fill("2")
    page.keyboard.press("Enter")
    assert "Output 5 × 3 × 4" in facts(page, 1)
    assert "Output 3 × 1 × 2" in facts(page, 2)


@pytest.mark.browser
def test_the_field_is_drawn_and_follows_hand_and_numbers(show):
    page = show(
        SizeCalculator((9, 12, 1), [{"kind": "conv", "f": 3, "s": 2, "p": 1, "filters": 1}])
    )
    status = page.get_by_role("status")
    picture = page.get_by_role("img")
    field = "e => ['x', 'y', 'width', 'height'].map((a) => +e.getAttribute(a))"
    assert status.inner_text().startswith("Layer 1: the cell in row 3, column 3 sees 3 × 3 pixels")
    assert page.locator(".cl-field-now").evaluate(field) == [3, 3, 3, 3]
    assert page.locator(".cl-field-next").evaluate(field) == [5, 3, 3, 3]
    row = page.get_by_role("textbox", name="Row of the cell")
    row.fill("1")
    row.press("Tab")
    assert page.locator(".cl-field-now").evaluate(field) == [3, -1, 3, 3]
    assert status.inner_text().endswith("Part of it lies in the padding.")
    assert "rows 1 to 2 and columns 4 to 6" in status.inner_text()
    row.fill("6")
    row.press("Tab")
    assert "whole number from 1 to 5" in page.get_by_role("alert").inner_text()
    box = page.locator(".cl-pixels").bounding_box()
    pixel = box["width"] / 12
    page.mouse.click(box["x"] + 10.5 * pixel, box["y"] + 6.5 * pixel)
    assert "row 4, column 6 sees" in status.inner_text()
    assert picture.get_attribute("aria-label") == status.inner_text()


@pytest.mark.browser
def test_it_fits_a_screen_with_its_results_beside_what_one_changes(show):
    """Of 1280 pixels, the book leaves 752 to a figure, and its header 60 of the height."""
    page = show(SizeCalculator(), width=784)
    top = page.locator(".cnnlab").bounding_box()["y"]
    picture = page.locator(".cl-input").bounding_box()
    assert picture["y"] + picture["height"] - top < 840
    for layer in page.locator(".cl-layers > li").all():
        box, out = (layer.locator(of).bounding_box() for of in (".cl-controls", ".cl-out"))
        assert out["x"] > box["x"] + box["width"] - 1 and out["y"] < box["y"] + box["height"]


@pytest.mark.browser
@pytest.mark.parametrize(
    "lang, word, dark, width", [("en", "Receptive", True, 390), ("es", "receptivo", False, 1280)]
)
def test_it_fits_and_axe_finds_nothing(show, axe, lang, word, dark, width):
    wrong = SizeCalculator((9, 40, 3), [{"kind": "pool", "f": 5, "p": 2}, {"kind": "pool", "f": 3}])
    page = show(SizeCalculator(), wrong, lang=lang, dark=dark, width=width)
    assert word in page.locator(".cl-layers").first.inner_text()
    for summary in page.locator(".cnnlab summary").all():
        summary.click()
    axe(page)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    small = page.evaluate(
        "[...document.querySelectorAll('.cnnlab :is(button, select, summary)')]"
        ".map((e) => e.getBoundingClientRect()).filter((b) => b.width < 32 || b.height < 32).length"
    )
    assert small == 0
