"""The threshold explorer: against counts written out, and in the reader's hands."""

import re
from itertools import pairwise

import numpy as np
import pytest

from cnnlab.faces.metrics import Crossing, equal_error_rate
from cnnlab.widgets import ThresholdExplorer

CASES = 200
GENUINE = [0.2, 0.3, 0.3, 0.5, 0.9]
IMPOSTOR = [0.4, 0.8, 0.9, 1.0, 1.1, 1.2, 1.3, 1.4, 1.5, 1.6]
GROUPS = {"many": [0.1, 0.2, 0.3, 0.4], "few": [0.6, 0.7]}
STRANGERS = {"few": [0.3, 0.5, 1.4], "many": [0.45, 0.9, 1.0, 1.1, 1.2]}


def random_pairs(seed: int):
    """Distances of two unequal kinds, rising, with ties, zeros and some apart altogether."""
    rng = np.random.default_rng(seed)
    for number in range(CASES):
        decimals = (1, 2, 4)[number % 3]
        sizes = rng.integers(1, 60, 2)
        shift = 2 if number % 7 == 0 else rng.random()
        genuine, impostor = rng.gamma(2, 0.3, sizes[0]), shift + rng.gamma(2, 0.3, sizes[1])
        yield np.sort(genuine).round(decimals), np.sort(impostor).round(decimals)


def counted(genuine, impostor, threshold) -> tuple[int, int]:
    """False accepts and false rejects, pair by pair."""
    accepts = sum(1 for distance in impostor if distance <= threshold)
    rejects = sum(1 for distance in genuine if not distance <= threshold)
    return accepts, rejects


def equal_error(genuine, impostor) -> Crossing:
    """As the pages of the room work it out."""
    same = np.repeat([True, False], [len(genuine), len(impostor)])
    return equal_error_rate(np.concatenate([genuine, impostor]), same)


def said(page) -> str:
    return page.locator(".cl-status").inner_text()


def wait(page, text: str) -> None:
    page.wait_for_function(
        "text => document.querySelector('.cl-status').textContent.includes(text)", arg=text
    )


def sums(page) -> dict[str, str]:
    texts = page.locator(".te-sums").locator("dt, dd").all_inner_texts()
    return dict(zip(texts[::2], texts[1::2], strict=True))


def groups(page) -> list[str]:
    return [re.sub(r"\s+", " ", text) for text in page.locator(".te-groups li").all_inner_texts()]


@pytest.mark.browser
def test_errors_are_counted(run_js):
    rng = np.random.default_rng(1)
    chosen = [(*pair, float(rng.integers(0, 301) / 100)) for pair in random_pairs(1)]
    cases = [[g.tolist(), i.tolist(), t] for g, i, t in chosen]
    for (genuine, impostor, threshold), got in zip(
        chosen, run_js(ThresholdExplorer, "errors", cases), strict=True
    ):
        accepts, rejects = counted(genuine, impostor, threshold)
        assert (got["accepts"], got["rejects"]) == (accepts, rejects)
        assert got["far"] == accepts / len(impostor) and got["frr"] == rejects / len(genuine)


@pytest.mark.browser
def test_the_curve_has_every_threshold_where_a_count_changes(run_js):
    chosen = list(random_pairs(2))
    cases = [[g.tolist(), i.tolist()] for g, i in chosen]
    for (genuine, impostor), points in zip(
        chosen, run_js(ThresholdExplorer, "curve", cases), strict=True
    ):
        thresholds = np.array([one["threshold"] for one in points])
        assert thresholds.tolist() == sorted({0.0, *genuine, *impostor})
        rates = np.array([[one["far"], one["frr"]] for one in points])
        accepted = (impostor <= thresholds[:, None]).mean(1)
        refused = (genuine > thresholds[:, None]).mean(1)
        np.testing.assert_allclose(rates, np.stack([accepted, refused], 1), rtol=0, atol=1e-12)
        # Between the thresholds nothing changes, and the area under the curve is the chance that
        # two people are farther apart than two pictures of one person (Mann and Whitney).
        hits = np.append(0, 1 - rates[:, 1])
        area = (np.diff(np.append(0, rates[:, 0])) * (hits[1:] + hits[:-1]) / 2).sum()
        wins = (genuine[:, None] < impostor).mean() + (genuine[:, None] == impostor).mean() / 2
        assert area == pytest.approx(wins, abs=1e-12)


@pytest.mark.browser
def test_the_equal_error_is_the_one_of_the_room(run_js):
    """Ties, zeros, and kinds that lie apart; the threshold has four decimals."""
    chosen = [
        *random_pairs(3),
        (np.zeros(2), np.zeros(1)),
        (np.array([1.0, 3, 4]), np.array([2, 5])),
    ]
    curves = run_js(ThresholdExplorer, "curve", [[g.tolist(), i.tolist()] for g, i in chosen])
    between = 0
    for (genuine, impostor), got in zip(
        chosen, run_js(ThresholdExplorer, "equalError", [[one] for one in curves]), strict=True
    ):
        expected = equal_error(genuine, impostor)
        assert got["threshold"] == pytest.approx(expected.threshold, abs=1.01e-4 / 2)
        assert got["rate"] == got["far"] == got["frr"] == pytest.approx(expected.rate, abs=1e-9)
        figure = ThresholdExplorer(genuine, impostor)
        assert figure.threshold == pytest.approx(expected.threshold, abs=1.01e-4 / 2)
        assert figure.equal_error_rate == pytest.approx(expected.rate, abs=1e-9)
        between += expected.threshold not in {*genuine, *impostor}
    assert got["rate"] == 0.5  # the nearest threshold alone would say 7 / 12
    assert between > CASES / 4


@pytest.mark.browser
def test_every_distance_is_in_one_bin(run_js):
    chosen = [genuine for genuine, _ in random_pairs(4)]
    cases = [[one.tolist(), 2.0, 7] for one in chosen]
    for one, shares in zip(chosen, run_js(ThresholdExplorer, "histogram", cases), strict=True):
        edges = np.arange(8) * 2.0 / 7
        edges[-1] = np.inf
        parts = [(one <= edges[1]).sum()]
        parts += [((one > a) & (one <= b)).sum() for a, b in pairwise(edges[1:])]
        np.testing.assert_allclose(shares, np.array(parts) / len(one), atol=1e-12)
        assert sum(shares) == pytest.approx(1)


@pytest.mark.browser
def test_the_axis_ends_at_a_round_number(run_js):
    largest = [2.0, 1.97, 0.013, 1, 7.3, 143.0, 4, 0]
    found = run_js(ThresholdExplorer, "axis", [[value] for value in largest])
    for value, axis in zip(largest, found, strict=True):
        assert value <= axis["most"] and (axis["most"] - axis["tick"] < value or value == 0)
        assert 2 <= round(axis["most"] / axis["tick"]) <= 5
        assert axis["most"] / axis["tick"] == pytest.approx(round(axis["most"] / axis["tick"]))
    assert found[0] == {"tick": 0.5, "most": 2}


@pytest.mark.browser
def test_the_threshold_moves_and_all_is_said(show, axe):
    page = show(ThresholdExplorer(GENUINE, IMPOSTOR, 0.85))
    assert said(page) == (
        "Threshold 0.85, everybody: of 10 pairs of two people, 2 are accepted (20%). "
        "Of 5 pairs of one person, 1 are refused (20%)."
    )
    assert sums(page) == {
        "False accepts": "2 / 10 = 20%",
        "False rejects": "1 / 5 = 20%",
        "Equal error rate": "20%, at threshold 0.8",
    }
    assert page.locator(".te-groups").is_hidden()
    page.get_by_role("slider", name="Threshold", exact=True).fill("0.4")
    wait(page, "1 are accepted (10%)")
    assert sums(page)["False rejects"] == "2 / 5 = 40%"
    page.get_by_role("button", name="Go to the equal error").click()
    wait(page, "Threshold 0.8,")
    page.get_by_text("Show as table").click()
    by_threshold = page.locator(".cl-tables table").first.locator("tbody tr")
    assert by_threshold.count() == 21
    for i, row in enumerate(by_threshold.all()):
        cells = row.locator("th, td").all_inner_texts()
        accepts, rejects = counted(GENUINE, IMPOSTOR, i / 10)
        assert (cells[0], cells[1], cells[3]) == (f"{i / 10:g}", str(accepts), str(rejects))
    axe(page)


@pytest.mark.browser
def test_both_plots_answer_to_the_keyboard(show):
    page = show(ThresholdExplorer(GENUINE, IMPOSTOR, 0.85))
    bars = page.get_by_role("slider", name="Distances of the pairs: move the threshold")
    curve = page.get_by_role("slider", name="All thresholds (ROC): move along the curve")
    for plot, key, threshold in [
        (bars, "ArrowRight", "0.855"),
        (bars, "ArrowDown", "0.85"),
        (bars, "End", "2"),
        (bars, "ArrowUp", "2"),
        (bars, "Home", "0"),
        (curve, "ArrowRight", "0.2"),
        (curve, "ArrowUp", "0.3"),
        (curve, "ArrowLeft", "0.2"),
        (curve, "End", "1.6"),
        (curve, "ArrowRight", "1.6"),
        (curve, "Home", "0"),
        (curve, "ArrowLeft", "0"),
    ]:
        plot.press(key)
        wait(page, f"Threshold {threshold},")
    assert bars.get_attribute("aria-valuenow") == "0"
    assert curve.get_attribute("aria-valuetext") == "false accepts 0%, false rejects 100%"
    assert curve.get_attribute("aria-valuemax") == "13"  # as many distances differ


@pytest.mark.browser
@pytest.mark.parametrize("width", [1280, 320])
def test_a_press_moves_the_threshold(show, width):
    page = show(ThresholdExplorer(GENUINE, IMPOSTOR), width=width)
    bars, curve = page.locator(".te-plot").all()
    bars.scroll_into_view_if_needed()
    box = bars.bounding_box()
    unit = box["width"] / 320
    page.mouse.move(box["x"] + (8 + 304 * 0.25) * unit, box["y"] + 20)
    page.mouse.down()
    wait(page, "Threshold 0.5,")
    page.mouse.move(box["x"] + (8 + 304 * 0.7) * unit, box["y"] + 40, steps=3)
    page.mouse.up()
    wait(page, "Threshold 1.4,")
    curve.scroll_into_view_if_needed()
    box = curve.bounding_box()
    page.mouse.click(box["x"] + (62 + 246 * 0.1) * unit, box["y"] + (12 + 236 * 0.4) * unit)
    wait(page, "Threshold 0.4,")
    point = page.locator(".te-point").bounding_box()
    assert point["x"] + point["width"] / 2 == pytest.approx(box["x"] + 86.6 * unit, abs=1)


@pytest.mark.browser
def test_the_corner_is_enlarged(show, axe):
    rng = np.random.default_rng(5)
    page = show(ThresholdExplorer(rng.normal(0.5, 0.1, 300).clip(0), rng.normal(1.1, 0.15, 900)))
    ticks = page.locator(".te-part text", has_text=re.compile("^75%$"))
    assert ticks.count() == 2
    page.get_by_role("checkbox", name="Enlarge the corner").check()
    ticks.first.wait_for(state="detached")
    x = page.locator(".te-equal").bounding_box()
    plot = page.locator(".te-plot").nth(1).bounding_box()
    assert (x["x"] - plot["x"]) / plot["width"] > 0.25  # no longer in the corner
    page.get_by_role("slider", name="Distances").press("Home")
    wait(page, "(100%)")
    assert page.locator(".te-point").is_hidden()
    axe(page)


@pytest.mark.browser
def test_groups_share_the_threshold_and_not_the_errors(show, axe):
    figure = ThresholdExplorer(GROUPS, STRANGERS, 0.45)
    page = show(figure, width=390)
    assert sums(page)["False accepts"] == "2 / 8 = 25%"
    assert groups(page) == [
        "many False accepts 20% False rejects 0%",
        "few False accepts 33.3% False rejects 100%",
    ]
    page.get_by_role("combobox", name="Pairs of").select_option("few")
    wait(page, "Threshold 0.45, few: of 3 pairs of two people, 1 are accepted")
    assert page.locator(".te-groups .te-now b").all_inner_texts() == ["few"]
    page.get_by_text("Show as table").click()
    rows = page.locator(".cl-tables table").nth(1).locator("tbody tr")
    texts = [row.locator("th, td").all_inner_texts()[:7] for row in rows.all()]
    assert texts == [
        ["everybody", "6", "8", "2", "25%", "2", "33.3%"],
        ["many", "4", "5", "1", "20%", "0", "0%"],
        ["few", "2", "3", "1", "33.3%", "2", "100%"],
    ]
    axe(page)
    figure.chosen = 2
    assert (figure.false_accept_rate, figure.false_reject_rate) == pytest.approx((1 / 3, 1))


@pytest.mark.browser
def test_the_errors_are_drawn_where_they_are(show):
    """What lies beyond the threshold is drawn as an error, and its area is its share."""
    page = show(ThresholdExplorer(GENUINE, IMPOSTOR, 0.8))
    for kind, count in (("genuine", 5), ("impostor", 10)):
        path = page.locator(f".te-{kind}").get_attribute("d")
        heights = [float(y) for y in re.findall(r"V([\d.e-]+)", path)]
        base = float(re.search(r"M8 (\d+)", path)[1])
        filled = [abs(y - base) for y in heights if abs(y - base) > 1e-9]
        assert len(filled) == len(set(GENUINE if kind == "genuine" else IMPOSTOR))
        assert max(filled) / min(filled) == pytest.approx(2 if count == 5 else 1)
    widths = page.locator("clipPath rect").evaluate_all(
        "all => all.map((r) => +r.getAttribute('width'))"
    )
    assert widths[0] == pytest.approx(8 + 304 * 0.4)
    assert sum(widths[:2]) == pytest.approx(320)


@pytest.mark.browser
def test_distances_of_nothing_but_zero_break_nothing(show, axe):
    page = show(ThresholdExplorer([0, 0], [0]))
    assert "1 are accepted (100%)" in said(page)
    page.get_by_role("slider", name="All thresholds").press("End")
    page.get_by_text("Show as table").click()
    axe(page)


@pytest.mark.browser
def test_it_speaks_spanish(show):
    page = show(ThresholdExplorer(GENUINE, IMPOSTOR, 0.85), lang="es", dark=True, width=390)
    assert said(page).replace("\xa0", " ") == (
        "Umbral 0,85, todo el mundo: de 10 pares de dos personas se aceptan 2 (20 %). "
        "De 5 pares de una persona se rechazan 1 (20 %)."
    )


def test_the_kernel_reads_the_same_rates():
    rng = np.random.default_rng(6)
    for genuine, impostor in random_pairs(6):
        threshold = float(rng.integers(0, 301) / 100)
        figure = ThresholdExplorer(rng.permutation(genuine), rng.permutation(impostor), threshold)
        accepts, rejects = counted(genuine, impostor, threshold)
        assert figure.false_accept_rate == pytest.approx(accepts / len(impostor))
        assert figure.false_reject_rate == pytest.approx(rejects / len(genuine))
    figure = ThresholdExplorer([0.123456], [2])
    assert (figure.genuine, figure.impostor) == ([[0.1235]], [[2.0]])


@pytest.mark.parametrize(
    "genuine, impostor, words",
    [
        ([], [1], r"genuine has shape \(0,\); expected axes \(K\), none empty"),
        ([1], [[1, 2]], r"impostor has shape \(1, 2\); expected axes \(K\)"),
        ([1], ["a"], "impostor is not an array of real numbers"),
        ([-0.1, 1], [1], "genuine go from -0.1 to 1; expected distances, finite and at least 0"),
        ([1], [float("nan")], "impostor go from nan"),
        ([1], [float("inf")], "impostor go from inf"),
        ({"a": [1]}, {"a": [1], "b": [1]}, r"groups \['a'\] and impostor \['a', 'b'\]; expected"),
        ({"a": [1]}, [1], r"genuine has groups \['a'\] and impostor none"),
        ({}, {}, r"genuine has groups \[\]"),
        ({"": [1]}, {"": [1]}, r"groups \[''\]"),
        ({"a": []}, {"a": [1]}, "genuine of a has shape"),
        ([1], np.ones(20_000), "have 20001 distances; expected at most 20000"),
    ],
)
def test_what_are_no_distances_is_refused(genuine, impostor, words):
    with pytest.raises(ValueError, match=words):
        ThresholdExplorer(genuine, impostor)


def test_wrong_state_is_refused():
    figure = ThresholdExplorer(GROUPS, STRANGERS)
    for value in (-0.1, float("inf"), float("nan"), "0.5", True):
        with pytest.raises(ValueError, match=r"threshold is .*expected a number, at least 0"):
            figure.threshold = value
    with pytest.raises(ValueError, match="chosen is 3; expected a group from 1 to 2, or 0"):
        figure.chosen = 3
