"""The YOLO target explorer: against cnnlab.detection.encode, and in the reader's hands."""

import numpy as np
import pytest

from cnnlab.detection import encode
from cnnlab.widgets import YoloTarget

CASES = 500
START = ["A (pedestrian)", "B (car)", "C (motorcycle)"]


def random_cases(seed: int):
    """Objects in pictures that are wider than high; many share a cell, or lie on a border."""
    rng = np.random.default_rng(seed)
    for number in range(CASES):
        count = int(rng.integers(0, 9))
        size = (96, 96) if number % 2 else (60, 100)
        grid = (3, 3) if number % 2 else (3, 5)
        corner = rng.integers(0, [size[1] - 4, size[0] - 4], (count, 2))
        sides = rng.integers(1, 40, (count, 2))
        high = np.minimum(corner + sides, [size[1], size[0]])
        boxes = np.hstack([corner, high])
        boxes[1::3] = boxes[: len(boxes[1::3])]  # twice the same: the first wins
        anchors = rng.integers(4, 40, (2, 2)).tolist() if number % 3 else [[20, 20], [20, 20]]
        yield boxes, rng.integers(0, 3, count), grid, anchors, size


def said(page) -> str:
    return page.locator(".cl-status").inner_text()


def wait(page, text: str) -> None:
    page.wait_for_function(
        "text => document.querySelector('.cl-status').textContent.includes(text)", arg=text
    )


def choose(page, example: str, text: str) -> None:
    page.get_by_role("combobox", name="Example").select_option(example)
    wait(page, text)


def taken(page, name: str):
    return page.get_by_role("slider", name=name)


def numbers(page) -> list[list[str]]:
    """The table of the chosen cell: a name and two entries in each row."""
    rows = page.locator(".yolo-numbers tbody tr").all()
    return [
        [" ".join(text.split()) for text in r.locator("th, td").all_inner_texts()] for r in rows
    ]


@pytest.mark.browser
def test_javascript_encodes_as_python_does(run_js):
    chosen = list(random_cases(1))
    arguments = [
        [np.column_stack([labels, boxes]).tolist(), anchors, list(grid), list(size), 3]
        for boxes, labels, grid, anchors, size in chosen
    ]
    clashes = borders = 0
    for case, found in zip(chosen, run_js(YoloTarget, "encode", arguments), strict=True):
        boxes, labels, grid, anchors, size = case
        y, left_out = encode(boxes, labels, grid, anchors, 3, size)
        np.testing.assert_allclose(found["y"], y, rtol=0, atol=1e-12)
        assert found["leftOut"] == left_out.tolist()
        for i, want in enumerate(found["wants"]):
            holder = found["holders"][want["row"]][want["column"]][want["anchor"]]
            assert (holder == i) == (i not in left_out)
        clashes += len(left_out)
        middles = (boxes[:, :2] + boxes[:, 2:]) / 2
        sides = np.array(size)[::-1] / np.array(grid)[::-1]
        borders += ((middles % sides) == 0).any()
    assert clashes > 200 and borders > 30


@pytest.mark.browser
def test_sides_stay_long_enough_to_be_taken(run_js):
    rng = np.random.default_rng(2)
    corners = [None, [0, 1], [2, 1], [0, 3], [2, 3]]
    cases = []
    for i in range(CASES):
        low = rng.integers(0, 93, 2)
        old = np.hstack([low, rng.integers(low + 4, 97)]).tolist()
        cases.append([old, rng.integers(-96, 97, 2).tolist(), corners[i % 5], [96, 96]])
    moved = run_js(YoloTarget, "moved", cases)
    found = run_js(YoloTarget, "roomy", [[c[0], m] for c, m in zip(cases, moved, strict=True)])
    narrow = 0
    for (old, _, corner, _), wished, box in zip(cases, moved, found, strict=True):
        assert min(box) >= 0 and max(box) <= 96
        assert box[2] - box[0] >= 4 and box[3] - box[1] >= 4
        for axis in (0, 1):
            if wished[axis + 2] - wished[axis] >= 4:
                assert box[axis::2] == wished[axis::2]
            else:
                narrow += 1
                assert box[2 - corner[axis] + 2 * axis] == old[2 - corner[axis] + 2 * axis]
    assert narrow > 50


@pytest.mark.browser
@pytest.mark.parametrize("label", [0, 1, 2])
def test_every_example_says_what_is_special(show, axe, label):
    page = show(YoloTarget([(0, 0, 20, 20)], [label], cell=(0, 0)))
    wait(page, "Cell (0, 0): A")
    for example, words in [
        ("both", "Cell (1, 1): two objects, and each wants another anchor. Both fit."),
        ("same", "two objects want the same anchor: a clash. Anchor 2: A (car) has it (IoU 1)"),
        ("three", "3 objects, and a cell has two places: a clash, whatever their shapes."),
        ("border", "Cell (0, 1): A (pedestrian) has its middle here and goes to anchor 1"),
        ("none", "Cell (0, 1): no object has its middle here: both places are empty."),
    ]:
        choose(page, example, words)
        axe(page)
    page.get_by_role("button", name="+ car").click()
    page.wait_for_function("() => document.querySelector('select').value === 'own'")


@pytest.mark.browser
def test_the_sixteen_numbers_are_written_out(show):
    figure = YoloTarget()
    page = show(figure)
    assert said(page).endswith("Both fit. Anchor 1: A (pedestrian). Anchor 2: B (car).")
    assert numbers(page) == [
        ["pc", "1", "1"],
        ["bx", "(46 − 32) / 32 = 0.438", "(55 − 32) / 32 = 0.719"],
        ["by", "(45 − 32) / 32 = 0.406", "(54 − 32) / 32 = 0.688"],
        ["bh", "42 / 40 = 1.05", "24 / 24 = 1"],
        ["bw", "16 / 16 = 1", "50 / 48 = 1.042"],
        ["c1 pedestrian", "1", "0"],
        ["c2 car", "0", "1"],
        ["c3 motorcycle", "0", "0"],
    ]
    assert page.locator(".yolo-numbers tbody th sub").all_inner_texts() == list("cxyhw123")
    assert "_" not in page.locator(".yolo").inner_text()  # b_x is typeset, wherever it stands
    page.get_by_text("Show as table").click()
    rows = page.locator(".cl-tables tbody tr").all()
    y = figure.y.reshape(18, 8)
    assert len(rows) == 18
    for row, expected in zip(rows, y, strict=True):
        shown = [float(text) for text in row.locator("td").all_inner_texts()]
        np.testing.assert_allclose(shown, expected, rtol=0, atol=5.01e-4)
    heads = page.locator(".cl-tables tbody th").all_inner_texts()
    assert heads[9] == "cell (1, 1), anchor 2: B (car)"


@pytest.mark.browser
def test_three_in_a_cell_always_clash(show):
    page = show(YoloTarget([], [], cell=(2, 0)))
    for name in ("pedestrian", "car"):
        page.get_by_role("button", name=f"+ {name}").click()
    wait(page, "Cell (2, 0): two objects, and each wants another anchor. Both fit.")
    page.get_by_role("button", name="+ motorcycle").click()
    wait(page, "3 objects, and a cell has two places: a clash, whatever their shapes.")
    assert "C (motorcycle) (IoU 0.57) is left out of y." in said(page)
    tile = page.get_by_role("button", name="cell (2, 0); anchor 1: A (pedestrian); anchor 2: B")
    assert tile.get_attribute("aria-label").endswith("left out: C")
    page.get_by_role("button", name="cell (0, 0)").click()
    wait(page, "Cell (0, 0): no object has its middle here")
    assert said(page).endswith("Left out in other cells: C (motorcycle).")
    for _ in range(3):
        page.get_by_role("button", name="+ car").click()
    page.get_by_role("button", name="+ pedestrian").click()
    assert (
        page.get_by_role("alert").inner_text() == "There is room for 6 objects. Remove one first."
    )
    page.get_by_role("button", name="Remove A").click()
    wait(page, "Cell (0, 0): 3 objects")
    assert page.get_by_role("alert").count() == 0
    assert page.evaluate("document.activeElement.ariaLabel") == "Remove A"


@pytest.mark.browser
def test_the_keyboard_moves_and_removes(show):
    page = show(YoloTarget())
    one = taken(page, "A (pedestrian)")
    one.focus()
    for _ in range(14):
        page.keyboard.press("ArrowLeft")
    page.locator("[aria-valuetext='x from 24 to 40, y from 24 to 66; cell (1, 1)']").wait_for()
    wait(page, "Cell (1, 1): two objects")  # on the border: the later cell
    assert numbers(page)[1][1] == "(32 − 32) / 32 = 0"
    page.keyboard.press("ArrowLeft")
    wait(page, "Cell (1, 0): A (pedestrian) has its middle here")
    assert numbers(page)[1][1] == "(31 − 0) / 32 = 0.969"
    page.keyboard.press("Shift+ArrowDown")
    page.locator("[aria-valuetext='x from 23 to 39, y from 24 to 67; cell (1, 0)']").wait_for()
    assert numbers(page)[3][1] == "43 / 40 = 1.075"
    page.keyboard.press("Delete")
    page.get_by_role("slider", name="A (car)").wait_for()
    assert page.evaluate("document.activeElement.ariaLabel") == "A (car)"
    page.keyboard.press("Delete")
    page.get_by_role("slider", name="A (motorcycle)").wait_for()
    page.keyboard.press("Delete")
    wait(page, "no object has its middle here")
    assert page.evaluate("document.activeElement.textContent") == "+ pedestrian"
    assert page.get_by_role("slider").count() == 0

    tile = page.get_by_role("button", name="cell (1, 0)")
    assert tile.get_attribute("tabindex") == "0"
    tile.focus()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowRight")
    wait(page, "Cell (0, 1): no object")
    assert page.evaluate("document.activeElement.ariaLabel").startswith("cell (0, 1)")


@pytest.mark.browser
@pytest.mark.parametrize("width", [1280, 390])
def test_objects_are_dragged_and_cells_clicked(show, width):
    page = show(YoloTarget([(10, 10, 26, 50)], [0], cell=(0, 0)), width=width)
    picture = page.locator(".cl-picture").bounding_box()
    unit = picture["width"] / 96

    def at(x, y):
        return picture["x"] + x * unit, picture["y"] + y * unit

    def drag(start, end):
        page.mouse.move(*at(*start))
        page.mouse.down()
        page.mouse.move(*at(*end), steps=5)
        page.mouse.up()

    drag((18, 32), (68, 32))
    page.locator("[aria-valuetext^='x from 60 to 76, y from 10 to 50']").wait_for()
    wait(page, "Cell (0, 2): A (pedestrian)")
    drag((76, 50), (40, 70))  # the last corner, against the first
    page.locator("[aria-valuetext^='x from 60 to 64, y from 10 to 70']").wait_for()
    page.mouse.click(*at(16, 80))
    wait(page, "Cell (2, 0): no object has its middle here")
    page.mouse.click(*at(62, 30))
    wait(page, "Cell (1, 1): A (pedestrian)")


@pytest.mark.browser
def test_a_class_is_chosen(show):
    page = show(YoloTarget())
    page.get_by_role("combobox", name="Class of C").select_option("1")
    wait(page, "Cell (2, 0): C (car)")
    assert numbers(page)[5:] == [
        ["c1 pedestrian", "0", "0"],
        ["c2 car", "0", "1"],
        ["c3 motorcycle", "0", "0"],
    ]
    assert taken(page, "C (car)").count() == 1


@pytest.mark.browser
def test_it_speaks_spanish(show):
    page = show(YoloTarget(), lang="es", dark=True, width=390)
    assert said(page) == (
        "Celda (1, 1): dos objetos, y cada uno quiere otra ancla. Caben los dos. "
        "Ancla 1: A (peatón). Ancla 2: B (coche)."
    )
    assert numbers(page)[1][1] == "(46 − 32) / 32 = 0,438"


def test_the_kernel_reads_the_target():
    figure = YoloTarget()
    y, left_out = encode(figure.boxes, figure.labels, (3, 3), figure.anchors, 3, (96, 96))
    assert figure.y.shape == (3, 3, 2, 8)
    np.testing.assert_array_equal(figure.y, y)
    assert left_out.size == figure.left_out.size == 0
    assert figure.y[..., 0].sum() == 3
    figure.objects = [[1, 18, 34, 66, 58], [2, 40, 40, 76, 62]]
    assert figure.left_out.tolist() == [1]
    assert figure.boxes.tolist() == [[18, 34, 66, 58], [40, 40, 76, 62]]
    empty = YoloTarget(np.empty((0, 4)), np.empty(0, int))
    assert (empty.boxes.shape, empty.y.sum()) == ((0, 4), 0)


@pytest.mark.parametrize(
    "arguments, words",
    [
        ({"boxes": [(30, 0, 10, 40)], "labels": [0]}, "expected .* x_min ≤ x_max"),
        ({"boxes": [(0, 0, 3, 40)], "labels": [0]}, r"boxes\[0\] is .*sides of at least 4"),
        ({"boxes": [(0, 0, 30, 97)], "labels": [0]}, "whole numbers from 0 to 96"),
        ({"boxes": [(0, 0, 30.5, 90)], "labels": [0]}, "whole numbers from 0 to 96"),
        ({"boxes": [(0, 0, float("nan"), 90)], "labels": [0]}, "four finite numbers"),
        ({"boxes": [(0, 0, 9, 9)] * 7, "labels": [0] * 7}, "N at most 6"),
        ({"boxes": [(0, 0, 9, 9)], "labels": [3]}, r"labels\[0\] is 3; expected .* from 0 to 2"),
        ({"boxes": [(0, 0, 9, 9)], "labels": [0, 1]}, r"labels has shape \(2,\)"),
        ({"boxes": [(0, 0, 9, 9)]}, "labels is None; expected a class for each of 1"),
        ({"labels": [0]}, "boxes is None; expected a box for each of labels"),
        ({"anchors": [(40, 16)]}, "anchors is .*expected two heights and widths"),
        ({"anchors": [(40, 16), (0, 48)]}, r"anchors\[1\] is .*positive"),
        ({"anchors": [(40, 16), (24, 97)]}, "at most 96"),
        ({"cell": (3, 0)}, "cell is 3; expected a whole number from 0 to 2"),
        ({"cell": (0,)}, r"cell is \[0\]; expected \(row, column\)"),
    ],
)
def test_what_cannot_be_placed_is_refused(arguments, words):
    with pytest.raises(ValueError, match=words):
        YoloTarget(**arguments)


def test_refused_state_leaves_the_figure_as_it_was():
    figure = YoloTarget()
    before = figure.objects
    with pytest.raises(ValueError, match="expected a class from 0 to 2"):
        figure.objects = [[5, 0, 0, 9, 9]]
    with pytest.raises(ValueError, match="objects is 5; expected rows of"):
        figure.objects = 5
    assert figure.objects == before
