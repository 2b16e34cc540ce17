"""The triplet playground: against float64 formulas and differences, and in the reader's hands."""

import re

import numpy as np
import pytest

from cnnlab.widgets import TripletPlayground

CASES = 400
EDGE = 1.5
EXAMPLES = {
    "a hard negative": "Loss 0.67. N is as near to A as P, or nearer: a hard negative.",
    "a semi-hard negative": "Loss 0.18. N is farther from A than P, but the margin is not kept",
    "an easy negative": "Loss 0. N is farther from A than P by the margin or more",
    "N lies on A": "Loss 0.92. N lies on A. The push on N is 2 · (N − A) = 0",
    "P lies on A": "Loss 0.15. P lies on A, so nothing pulls P.",
    "all three on one point": "Loss 0.4, the margin itself. All three lie on one point",
}


def random_triplets(seed: int):
    """Points of two decimals, near each other and far, some in one place; and a margin."""
    rng = np.random.default_rng(seed)
    for number in range(CASES):
        wide = (30, 60, 150)[number % 3]
        a, p, n = rng.integers(-wide, wide + 1, (3, 2)) / 100
        p = a if number % 11 == 0 else p
        n = (a, p, n)[min(number % 13, 2)]
        yield a, p, n, float(rng.integers(0, 101) / 100)


def loss_of(points: np.ndarray, margin: float) -> float:
    """max(‖A − P‖² − ‖A − N‖² + α, 0), as it is written."""
    a, p, n = points
    return max(np.linalg.norm(a - p) ** 2 - np.linalg.norm(a - n) ** 2 + margin, 0.0)


def differences(points: np.ndarray, margin: float) -> np.ndarray:
    """Centred differences of the loss by the six coordinates."""
    found = np.zeros((3, 2))
    for at in np.ndindex(3, 2):
        step = np.zeros((3, 2))
        step[at] = 1e-6
        found[at] = (loss_of(points + step, margin) - loss_of(points - step, margin)) / 2e-6
    return found


def said(page) -> str:
    return page.locator(".cl-status").inner_text()


def wait(page, text: str) -> None:
    page.wait_for_function(
        "text => document.querySelector('.cl-status').textContent.includes(text)", arg=text
    )


def sums(page) -> dict[str, str]:
    """The lines of the formula, by their names."""
    texts = page.locator(".tp-sums").locator("dt, dd").all_inner_texts()
    return {
        name: re.sub(r"\s+", " ", text) for name, text in zip(texts[::2], texts[1::2], strict=True)
    }


def wait_for(page, name: str, x: str, y: str) -> None:
    page.locator(f"[aria-label='{name}'][aria-valuetext='x {x}, y {y}']").wait_for()


@pytest.mark.browser
def test_loss_and_gradients_are_those_of_the_formula(run_js):
    chosen = list(random_triplets(1))
    found = run_js(
        TripletPlayground, "triplet", [[*map(np.ndarray.tolist, c[:3]), c[3]] for c in chosen]
    )
    kinds = []
    for (a, p, n, margin), got in zip(chosen, found, strict=True):
        points = np.stack([a, p, n])
        ap, an = ((a - p) ** 2).sum(), ((a - n) ** 2).sum()
        assert (got["ap"], got["an"]) == pytest.approx((ap, an), abs=1e-12)
        assert got["loss"] == pytest.approx(loss_of(points, margin), abs=1e-9)
        assert got["bare"] == pytest.approx(ap - an + margin, abs=1e-9)
        if abs(got["bare"]) > 1e-4:  # at the kink there is no derivative
            np.testing.assert_allclose(got["gradients"], differences(points, margin), atol=1e-6)
        gap = round(an - ap, 9)
        expected = "easy" if gap >= margin else "hard" if gap <= 0 else "semihard"
        assert got["kind"] == expected
        kinds.append(expected)
    assert min(kinds.count(one) for one in ("easy", "hard", "semihard")) > 20


@pytest.mark.browser
def test_at_the_margin_itself_a_negative_is_easy(run_js):
    """0.3² + 0.4 = 0.7², but not in binary."""
    for n, kind, loss in [([0.7, 0], "easy", 0), ([0.69, 0], "semihard", 0.0139)]:
        (got,) = run_js(TripletPlayground, "triplet", [[[0, 0], [0.3, 0], n, 0.4]])
        assert (got["kind"], got["loss"]) == (kind, pytest.approx(loss, abs=1e-12))
        assert np.any(got["gradients"]) == (loss > 0)
    (got,) = run_js(TripletPlayground, "triplet", [[[0, 0], [0.3, 0], [0, 0.3], 0.4]])
    assert got["kind"] == "hard"


@pytest.mark.browser
def test_a_step_goes_down_the_gradient_and_stays_in_the_plane(run_js):
    chosen = list(random_triplets(2))
    cases = [[*map(np.ndarray.tolist, c[:3]), c[3]] for c in chosen]
    found = run_js(TripletPlayground, "triplet", cases)
    steps = [[case[:3], got["gradients"]] for case, got in zip(cases, found, strict=True)]
    left = 0
    for (a, p, n, margin), got, moved in zip(
        chosen, found, run_js(TripletPlayground, "stepped", steps), strict=True
    ):
        points = np.stack([a, p, n])
        free = points - 0.2 * np.array(got["gradients"])
        np.testing.assert_allclose(moved, free.clip(-EDGE, EDGE), atol=0.005 + 1e-12)
        if got["loss"] > 0.05 and (np.abs(free) <= EDGE).all() and np.any(got["gradients"]):
            assert loss_of(np.array(moved), margin) < got["loss"]
            left += 1
    assert left > 50


@pytest.mark.browser
def test_each_name_lies_in_its_region_and_on_no_point(run_js):
    chosen = list(random_triplets(3))
    cases = [[[a.tolist(), p.tolist(), n.tolist()], margin] for a, p, n, margin in chosen]
    named = [0, 0, 0]
    for (a, p, n, margin), places in zip(
        chosen, run_js(TripletPlayground, "spots", cases), strict=True
    ):
        inner, outer = np.hypot(*(a - p)), np.sqrt(((a - p) ** 2).sum() + margin)
        bounds = [(-1, inner), (inner, outer), (outer, 9)]
        for i, (place, (low, high)) in enumerate(zip(places, bounds, strict=True)):
            if place is None:
                continue
            assert low < np.hypot(*(a - place)) < high
            assert np.hypot(*(np.stack([a, p, n]) - place).T).min() > 0.15
            named[i] += 1
    assert named[0] > CASES / 3 and named[1] > CASES / 3 and named[2] > 0.8 * CASES


@pytest.mark.browser
def test_every_example_says_what_is_special(show, axe):
    page = show(TripletPlayground())
    example = page.get_by_role("combobox", name="Example")
    assert example.locator("option").all_inner_texts() == [*EXAMPLES, "your own points"]
    for name, words in EXAMPLES.items():
        example.select_option(name)
        wait(page, words)
        axe(page)
    move = page.get_by_role("button", name="Move all along the arrows")
    assert move.get_attribute("aria-disabled") == "true"  # collapsed: no step leads out of it
    assert page.locator(".tp-arrow").evaluate_all("all => all.map((p) => p.getAttribute('d'))") == [
        *("", "", "")
    ]


@pytest.mark.browser
def test_the_formula_is_filled_in(show):
    page = show(TripletPlayground((0.5, -0.2), (0.1, 0.1), (0.3, 0.4), 0.2))
    assert sums(page) == {
        "‖A − P‖²": "0.4² + (−0.3)² = 0.25",
        "‖A − N‖²": "0.2² + (−0.6)² = 0.4",
        "Loss": "max(0.25 − 0.4 + 0.2, 0) = max(0.05, 0) = 0.05",
        "Push on A": "2 · (P − N) = (−0.4; −0.6)",
        "Push on P": "2 · (A − P) = (0.8; −0.6)",
        "Push on N": "2 · (N − A) = (−0.4; 1.2)",
    }
    page.get_by_text("Show as table").click()
    rows = page.locator(".cl-tables table").first.locator("tbody tr")
    assert rows.nth(2).locator("th, td").all_inner_texts() == [
        *("Negative N", "0.3", "0.4", "−0.4", "1.2")
    ]
    page.get_by_role("slider", name="Margin α").fill("0.15")
    wait(page, "Loss 0.")
    assert sums(page)["Loss"] == "max(0.25 − 0.4 + 0.15, 0) = max(0, 0) = 0"
    assert sums(page)["Push on N"] == "0, because the loss is 0"


@pytest.mark.browser
def test_the_discs_end_where_the_kind_changes(show):
    page = show(TripletPlayground((0.1, 0), (0.1, 0.6), (1, 1), 0.28))
    unit = page.locator(".tp-plane svg").bounding_box()["width"] / 3
    for kind, radius in (("hard", 0.6), ("semihard", 0.8)):
        box = page.locator(f"circle.tp-{kind}").evaluate(
            "el => { const b = el.getBoundingClientRect(); return b.width }"
        )
        assert box / 2 == pytest.approx(radius * unit, abs=1.5)


@pytest.mark.browser
def test_arrow_keys_move_a_point(show):
    page = show(TripletPlayground((0, 0), (1.4, 0.4), (0.2, -0.3)))
    page.get_by_role("button", name="Move all").focus()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.ariaLabel") == "Anchor A"
    for key, x, y in [
        ("ArrowRight", "0.05", "0"),
        ("ArrowUp", "0.05", "0.05"),
        ("Shift+ArrowDown", "0.05", "−0.2"),
        ("Shift+ArrowLeft", "−0.2", "−0.2"),
        ("Control+ArrowLeft", "−0.2", "−0.2"),  # the browser's own
    ]:
        page.keyboard.press(key)
        wait_for(page, "Anchor A", x, y)
    page.keyboard.press("Tab")
    page.keyboard.press("Shift+ArrowRight")
    wait_for(page, "Positive P", "1.5", "0.4")  # the edge
    assert page.get_by_role("slider", name="Positive P").get_attribute("aria-valuenow") == "1.5"


@pytest.mark.browser
@pytest.mark.parametrize("width", [1280, 320])
def test_points_are_dragged_and_then_stepped(show, width):
    page = show(TripletPlayground(), width=width)
    plane = page.locator(".tp-plane svg").bounding_box()
    unit = plane["width"] / 3

    def drag(start, end):
        page.mouse.move(
            plane["x"] + (start[0] + EDGE) * unit, plane["y"] + (EDGE - start[1]) * unit
        )
        page.mouse.down()
        page.mouse.move(
            plane["x"] + (end[0] + EDGE) * unit, plane["y"] + (EDGE - end[1]) * unit, steps=5
        )
        page.mouse.up()

    page.locator(".tp-plane").scroll_into_view_if_needed()
    plane = page.locator(".tp-plane svg").bounding_box()
    drag((0.2, -0.3), (0.8, 0.9))
    wait_for(page, "Negative N", "0.8", "0.9")
    drag((0.4, 0.4), (1, -9))  # out of the plane
    wait_for(page, "Positive P", "1", "−1.5")
    wait(page, "a hard negative")  # 1.44 + 2.25 against 1 + 0.81
    for _ in range(6):
        page.get_by_role("button", name="Move all").click(force=True)  # or it says "disabled"
    wait(page, "Loss 0.")


@pytest.mark.browser
def test_points_in_one_place_stand_side_by_side(show):
    page = show(TripletPlayground((0.2, 0.2), (0.2, 0.2), (0.2, 0.2)))
    x = [one.bounding_box()["x"] for one in page.locator(".tp-point").all()]
    assert np.diff(x).min() > 15
    page.get_by_role("slider", name="Negative N").press("ArrowRight")
    wait(page, "P lies on A")


@pytest.mark.browser
def test_it_speaks_spanish(show):
    page = show(TripletPlayground(), lang="es", dark=True, width=390)
    assert said(page) == "Pérdida 0,67. N está tan cerca de A como P, o más: un negativo difícil."
    page.get_by_role("slider", name="Ancla A").press("ArrowDown")
    page.locator("[aria-valuetext='x −0,2, y −0,05']").wait_for()


def test_the_kernel_reads_the_same_loss():
    for a, p, n, margin in random_triplets(4):
        figure = TripletPlayground(a, p, n, margin)
        assert figure.loss == pytest.approx(loss_of(np.stack([a, p, n]), margin), abs=1e-9)
        assert isinstance(figure.loss, float)
    figure = TripletPlayground(np.array([0.1234, -0.001]), [1, -1])
    assert (figure.anchor, figure.positive) == ([0.12, 0.0], [1.0, -1.0])


@pytest.mark.parametrize(
    "value, words",
    [
        ((1.6, 0), r"is \(1.6, 0\); expected \(x, y\), numbers from -1.5 to 1.5"),
        ((0, float("nan")), "nan"),
        ((0, float("inf")), "inf"),
        ((0, 0, 0), r"is \(0, 0, 0\); expected"),
        ("point", "is point; expected"),
        (None, "is None; expected"),
    ],
)
def test_what_is_no_point_is_refused(value, words):
    for name in ("anchor", "positive", "negative"):
        with pytest.raises(ValueError, match=f"{name} .*{words}"):
            TripletPlayground(**{name: value})
    figure = TripletPlayground()
    with pytest.raises(ValueError, match=words):
        figure.anchor = value
    assert figure.anchor == [-0.2, 0.0]


def test_a_wrong_margin_is_refused():
    with pytest.raises(ValueError, match=r"margin is -0\.2; expected a number from 0 to 1"):
        TripletPlayground(margin=-0.2)
