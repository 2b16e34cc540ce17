"""The precision-recall explorer: against cnnlab.detection.metrics, and in the reader's hands."""

import re

import numpy as np
import pytest

from cnnlab.detection import average_precision, evaluate, precision_recall
from cnnlab.widgets import PrecisionRecall

CASES = 400
NAMES = ["pedestrian", "car", "motorcycle"]
OUTCOMES = ["wrong", "hit", "duplicate"]


def random_cases(seed: int):
    """Scores of a class, falling and with ties, their outcomes, and how many objects there are."""
    rng = np.random.default_rng(seed)
    for number in range(CASES):
        count = int(rng.integers(0, 40))
        decimals = (1, 2, 6)[number % 3]
        scores = np.sort(rng.integers(0, 10**decimals + 1, count) / 10**decimals)[::-1]
        outcomes = rng.choice(3, count, p=[0.3, 0.6, 0.1])
        positives = max(1, int((outcomes == 1).sum()) + int(rng.integers(0, 6)))
        yield scores, outcomes, positives


def random_images(seed: int, count: int = 30):
    """Detections and truths of images: boxes near objects, some twice, some nowhere."""
    rng = np.random.default_rng(seed)
    detections, truths = [], []
    for _ in range(count):
        objects = int(rng.integers(0, 6))
        low = rng.integers(0, 60, (objects, 2))
        boxes = np.hstack([low, low + rng.integers(10, 30, (objects, 2))]).astype(float)
        labels = rng.integers(0, 2, objects)
        ignored = rng.random(objects) < 0.15
        source = rng.integers(0, objects, 12) if objects else np.empty(0, int)
        near = boxes[source] + rng.integers(-3, 4, (len(source), 1))
        lost = rng.integers(0, 60, (3, 2))
        found = np.vstack([near, np.hstack([lost, lost + 12])])
        kinds = np.append(labels[source], rng.integers(0, 2, 3))
        detections.append((found, kinds, rng.integers(0, 51, len(found)) / 50))
        truths.append((boxes, labels, ignored))
    return detections, truths


def said(page) -> str:
    return page.locator(".cl-status").inner_text()


def wait(page, text: str) -> None:
    page.wait_for_function(
        "text => document.querySelector('.cl-status').textContent.includes(text)", arg=text
    )


def sums(page) -> dict[str, str]:
    texts = page.locator(".pr-sums").locator("dt, dd").all_inner_texts()
    return dict(zip(texts[::2], texts[1::2], strict=True))


def press(page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


@pytest.mark.browser
def test_the_curve_and_its_area_are_those_of_python(run_js):
    chosen = list(random_cases(1))
    found = run_js(PrecisionRecall, "curve", [[o.tolist(), n] for _, o, n in chosen])
    for (_, outcomes, positives), curve in zip(chosen, found, strict=True):
        hits = (outcomes == 1).cumsum()
        precision, recall = hits / np.arange(1, len(hits) + 1), hits / positives
        np.testing.assert_allclose(curve["precision"], precision, rtol=0, atol=1e-12)
        np.testing.assert_allclose(curve["recall"], recall, rtol=0, atol=1e-12)
        best = [precision[i:].max() for i in range(len(hits))]
        np.testing.assert_allclose(curve["best"], best, rtol=0, atol=1e-12)
        assert curve["ap"] == pytest.approx(average_precision(precision, recall), abs=1e-12)


@pytest.mark.browser
def test_what_counts_is_counted(run_js):
    rng = np.random.default_rng(2)
    chosen = [(*case, float(rng.integers(0, 101) / 100)) for case in random_cases(2)]
    counts = run_js(PrecisionRecall, "counting", [[s.tolist(), t] for s, _, _, t in chosen])
    cases = [[o.tolist(), k, n] for (_, o, n, _), k in zip(chosen, counts, strict=True)]
    tallies = run_js(PrecisionRecall, "tally", cases)
    for (scores, outcomes, positives, limit), k, tally in zip(chosen, counts, tallies, strict=True):
        kept = outcomes[scores > limit]
        assert k == len(kept)
        assert (tally["wrong"], tally["tp"], tally["duplicates"]) == tuple(
            (kept == one).sum() for one in range(3)
        )
        assert tally["tp"] + tally["fp"] == k and tally["tp"] + tally["fn"] == positives
        assert tally["precision"] == (tally["tp"] / k if k else None)
        assert tally["recall"] == tally["tp"] / positives


@pytest.mark.browser
def test_every_number_of_detections_has_a_threshold(run_js):
    chosen = [scores for scores, _, _ in random_cases(3)]
    ties = 0
    for scores, stops in zip(
        chosen, run_js(PrecisionRecall, "stops", [[s.tolist()] for s in chosen]), strict=True
    ):
        limits = [1, *scores, 0]
        assert {k for k, _ in stops} == {int((scores > limit).sum()) for limit in limits}
        assert [k for k, _ in stops] == sorted({k for k, _ in stops})
        for k, limit in stops:
            assert 0 <= limit <= 1 and (scores > limit).sum() == k
        ties += len(np.unique(scores)) < len(scores)
    assert ties > CASES / 4
    (short,) = run_js(PrecisionRecall, "stops", [[[0.9712, 0.9645, 0.5, 0.07]]])
    assert short == [[0, 1], [1, 0.97], [2, 0.5], [3, 0.1], [4, 0]]


@pytest.mark.browser
def test_the_threshold_moves_and_all_is_said(show):
    page = show(PrecisionRecall())
    assert said(page) == (
        "With scores above 0.5, 10 of 15 detections count: hits 7, duplicates 1, wrong 2. "
        "Precision 0.7, recall 0.636."
    )
    slider = page.get_by_role("slider", name="Score threshold")
    slider.fill("0.8")
    wait(page, "With scores above 0.8, 5 of 15 detections count")
    assert sums(page) == {
        "TP: hits": "4",
        "FP: wrong or duplicate": "1",
        "FN: objects not found": "7",
        "Precision": "4 / 5 = 0.8",
        "Recall": "4 / 11 = 0.364",
        "AP: the shaded area": "0.675",
    }
    chips = page.locator(".pr-chips li")
    texts = [text.replace("\n", "") for text in chips.all_inner_texts()]
    assert texts[3:5] == ["0.86 wrong, counts", "0.83 hit, counts"]
    assert texts[5:7] == ["0.79 hit", "0.74 duplicate"]
    assert page.locator(".pr-counts").count() == 5
    press(page, "One detection more")
    wait(page, "6 of 15 detections count")
    press(page, "One detection less")
    press(page, "One detection less")
    wait(page, "4 of 15 detections count")
    page.get_by_role("combobox", name="Class").select_option("1")
    wait(page, "of 11 detections count")
    assert sums(page)["Recall"].split(" / ")[1].startswith("8 =")


@pytest.mark.browser
def test_the_curve_answers_to_the_keyboard(show, axe):
    page = show(PrecisionRecall([0.9, 0.5, 0.5, 0.2], [1, 0, 1, 1], 4))
    curve = page.get_by_role("slider", name="objects: precision over recall")
    assert curve.get_attribute("aria-valuenow") == "1"
    for key, k in [
        *(("ArrowRight", 3), ("ArrowUp", 4), ("ArrowRight", 4), ("ArrowLeft", 3)),
        *(("ArrowDown", 1), ("Home", 0), ("ArrowLeft", 0), ("End", 4)),
    ]:
        curve.press(key)
        page.locator(f".pr-plot[aria-valuenow='{k}']").wait_for()
        if k == 0:
            assert said(page) == (
                "With scores above 1, no detection counts. Recall is 0, and precision has no "
                "value: 0 / 0."
            )
            assert sums(page)["Precision"] == "0 / 0: no value"
            assert page.locator(".pr-point").is_hidden()
            axe(page)
    text = "4 of 4 detections: precision 0.75, recall 0.75"
    assert curve.get_attribute("aria-valuetext") == text
    more = page.get_by_role("button", name="One detection more")
    assert more.get_attribute("aria-disabled") == "true"


@pytest.mark.browser
@pytest.mark.parametrize("width", [1280, 390])
def test_a_click_takes_the_nearest_point(show, width):
    page = show(PrecisionRecall(), width=width)
    plot = page.locator(".pr-plot").bounding_box()
    unit = plot["width"] / 320

    def at(recall, precision):
        return plot["x"] + (40 + 268 * recall) * unit, plot["y"] + (250 - 238 * precision) * unit

    page.mouse.click(*at(9 / 11, 9 / 14))
    wait(page, "14 of 15 detections count")
    page.mouse.move(*at(0.5, 0.5))
    page.mouse.down()
    page.mouse.move(*at(3 / 11, 1), steps=4)
    page.mouse.up()
    wait(page, "3 of 15 detections count")
    point = page.locator(".pr-point").bounding_box()
    assert point["x"] + point["width"] / 2 == pytest.approx(at(3 / 11, 1)[0], abs=1)
    assert point["y"] + point["height"] / 2 == pytest.approx(at(3 / 11, 1)[1], abs=1)


@pytest.mark.browser
def test_the_shaded_area_is_the_average_precision(show):
    figure = PrecisionRecall()
    path = show(figure).locator(".pr-shade").get_attribute("d")
    x = y = area = 0.0
    for command, value in re.findall(r"([VH])([\d.e-]+)", path):
        if command == "V":
            y = 250 - float(value)
        else:
            area += y * (float(value) - (x or 40))
            x = float(value)
    assert area / (268 * 238) == pytest.approx(figure.average_precision, abs=1e-9)


@pytest.mark.browser
def test_many_detections_are_shown_around_the_threshold(show, axe):
    rng = np.random.default_rng(5)
    scores, hits = rng.random(1500), rng.random(1500) < 0.5
    figure = PrecisionRecall(scores, hits, 900, ["car"])
    page = show(figure, width=390)
    chips = page.locator(".pr-chips li")
    assert chips.count() == 16 and page.locator(".pr-counts").count() == 8
    counting = int((scores > 0.5).sum())
    assert chips.first.get_attribute("value") == str(counting - 7)
    assert f"{counting} of 1500 detections count" in said(page)
    page.get_by_text("Show as table").click()
    by_detection = page.locator(".cl-tables table").nth(1)
    assert by_detection.locator("tbody tr").count() == 100
    assert by_detection.locator("caption").inner_text().endswith("100 of 1500")
    axe(page)
    by_threshold = page.locator(".cl-tables table").first.locator("tbody tr")
    for i, row in enumerate(by_threshold.all()):
        kept = hits[scores > i / 10]
        expected = [kept.sum(), (~kept).sum(), 900 - kept.sum()]
        assert row.locator("td").all_inner_texts()[:3] == [str(n) for n in expected]


@pytest.mark.browser
def test_without_detections_nothing_breaks(show, axe):
    page = show(PrecisionRecall([], [], 3))
    assert said(page) == (
        "There are no detections. Recall is 0, and precision has no value: 0 / 0."
    )
    assert sums(page)["AP: the shaded area"] == "0"
    page.get_by_text("Show as table").click()
    axe(page)
    for name in ("One detection more", "One detection less"):
        page.get_by_role("button", name=name).click(force=True)  # it says that it is disabled
    page.get_by_role("slider", name="Score threshold").fill("0")
    page.get_by_role("slider", name="objects").press("ArrowRight")
    assert sums(page)["Recall"] == "0 / 3 = 0"


@pytest.mark.browser
def test_it_speaks_spanish(show):
    page = show(PrecisionRecall(), lang="es", dark=True, width=390)
    assert said(page) == (
        "Con puntuación mayor que 0,5 cuentan 10 de 15 detecciones: aciertos 7, duplicados 1, "
        "errores 2. Precisión 0,7, exhaustividad 0,636."
    )
    page.get_by_role("combobox", name="Clase").select_option(label="coche")
    wait(page, "de 11 detecciones")


def test_the_kernel_reads_the_same_numbers():
    for scores, outcomes, positives in random_cases(4):
        figure = PrecisionRecall(scores, outcomes == 1, positives, None, outcomes == 2)
        figure.threshold = 0.4
        kept = outcomes[scores > 0.4] == 1
        np.testing.assert_equal(figure.precision, kept.mean() if len(kept) else np.nan)
        assert figure.recall == pytest.approx(kept.sum() / positives)
        hits = (outcomes == 1).cumsum()
        expected = average_precision(hits / np.arange(1, len(hits) + 1), hits / positives)
        assert figure.average_precision == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("threshold", [0.5, 0.75])
def test_detections_are_judged_as_the_metrics_do(threshold):
    detections, truths = random_images(6)
    figure = PrecisionRecall.of(detections, truths, NAMES, threshold)
    assert figure.names == NAMES[:2]  # no motorcycle is there, so it has no recall
    expected = evaluate(detections, truths, 3, [threshold], points="all").ap[0]
    for label in (0, 1):
        figure.chosen = label
        curve = precision_recall(detections, truths, label, threshold)
        np.testing.assert_allclose(figure.scores[label], curve.scores)
        hits = np.array(figure.outcomes[label]) == 1
        np.testing.assert_allclose(hits.cumsum() / figure.positives[label], curve.recall)
        assert figure.average_precision == pytest.approx(expected[label], abs=1e-12)
        assert set(figure.outcomes[label]) == {0, 1, 2}


def test_a_second_find_is_a_duplicate_and_one_elsewhere_is_wrong():
    box, other = (10, 10, 30, 50), (60, 10, 90, 40)
    found = ([box, box, other, box], [0, 0, 0, 1], [0.7, 0.9, 0.8, 0.6])
    figure = PrecisionRecall.of([found], [([box, other], [0, 1])], NAMES)
    outcomes = [[OUTCOMES[one] for one in each] for each in figure.outcomes]
    assert outcomes == [["hit", "wrong", "duplicate"], ["wrong"]]
    assert (figure.scores, figure.positives) == ([[0.9, 0.8, 0.7], [0.6]], [1, 1])


@pytest.mark.parametrize(
    "arguments, words",
    [
        (([0.5, 0.4], [True], 2), r"hits of objects has shape \(1,\); expected \(2,\)"),
        (([0.5], [2], 2), "hits of objects is .*True or False"),
        (([1.5], [True], 2), r"scores of objects go from 1.5 to 1.5; expected \[0, 1\]"),
        (([float("nan")], [True], 2), "is nan; expected a number"),
        (([0.5, 0.4], [True, True], 1), "has 2, and positives is 1; expected no more hits"),
        (([0.5], [False], 0), "positives is 0; expected a whole number, at least 1"),
        (([0.5], [False], 1.5), "positives is 1.5"),
        (([0.5], [True], None), "positives is None; expected scores, hits and positives"),
        (([[0.5]], [[True]], [1], ["a", "b"]), "names has length 2; expected 1"),
        (([[0.5]], [[True]], [1, 1]), "scores has length 1; expected 2"),
        (([0.5], [True], 1, ["a"], [True]), "hits and duplicates of a are both True at 0"),
        (([], [], []), "positives is empty; expected a number for each class"),
        (([[0.5]], [[True]], [1], [""]), "names is .*expected a name for each class"),
        ((np.full(20_001, 0.5), np.zeros(20_001), 1), "20001 numbers; expected at most 20000"),
    ],
)
def test_what_is_no_list_of_detections_is_refused(arguments, words):
    with pytest.raises(ValueError, match=words):
        PrecisionRecall(*arguments)


def test_wrong_images_and_wrong_state_are_refused():
    box = [(0, 0, 9, 9)]
    with pytest.raises(ValueError, match="1 images and truths 0"):
        PrecisionRecall.of([(box, [0], [0.5])], [], NAMES)
    with pytest.raises(ValueError, match="truths has no object"):
        PrecisionRecall.of([(box, [0], [0.5])], [([], [])], NAMES)
    with pytest.raises(ValueError, match="expected a class from 0 to 2"):
        PrecisionRecall.of([(box, [3], [0.5])], [(box, [0])], NAMES)
    figure = PrecisionRecall()
    with pytest.raises(ValueError, match=r"threshold is 1\.2; expected a number from 0 to 1"):
        figure.threshold = 1.2
    with pytest.raises(ValueError, match="chosen is 2; expected a class from 0 to 1"):
        figure.chosen = 2
