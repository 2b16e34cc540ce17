"""The segmentation explorer: NumPy and the browser agree, and hands and keys can use it."""

import json
from base64 import b64decode
from io import BytesIO

import numpy as np
import pytest
from matplotlib.image import imread

from cnnlab.widgets import SegmentationExplorer
from cnnlab.widgets.segmentation_explorer import MOST_BYTES, example, packed, unpacked


def maps(count: int, seed: int = 1):
    """A truth, a plane of probabilities (0 to 255), a label and a threshold; some without it."""
    rng = np.random.default_rng(seed)
    for number in range(count):
        pixels = int(rng.integers(1, 80))
        truth = rng.integers(0, 3, pixels) if number % 5 else np.zeros(pixels, int)
        label = int(rng.integers(0, 3))
        noise = rng.normal(size=pixels)
        plane = 255 / (1 + np.exp(-3 * ((truth == label) - 0.5 + noise)))
        plane = np.zeros(pixels, int) if number % 7 == 0 else plane.round().astype(int)
        on_a_step = plane[0] / 255  # the same number as a probability, and as the threshold
        threshold = float(on_a_step if number % 3 == 0 else rng.integers(0, 101) / 100)
        yield truth, plane, label, threshold


def by_numpy(truth, plane, label, threshold) -> dict[str, int]:
    found, there = plane >= 255 * threshold, truth == label
    pairs = {"tp": (1, 1), "fp": (1, 0), "fn": (0, 1), "tn": (0, 0)}
    return {key: int(((found == f) & (there == t)).sum()) for key, (f, t) in pairs.items()}


def dice_by_sets(truth, plane, label, threshold) -> float | None:
    found, there = (set(np.flatnonzero(a)) for a in (plane >= 255 * threshold, truth == label))
    return 2 * len(found & there) / (len(found) + len(there)) if found or there else None


@pytest.mark.browser
def test_counts_and_scores_are_those_of_numpy(run_js):
    given = list(maps(400))
    listed = [[t.tolist(), p.tolist(), label, limit] for t, p, label, limit in given]
    kinds = run_js(SegmentationExplorer, "outcomes", listed)
    histograms = run_js(SegmentationExplorer, "histogram", [case[:3] for case in listed])
    pairs = [[one, case[3]] for one, case in zip(histograms, listed, strict=True)]
    counted = run_js(SegmentationExplorer, "counts", pairs)
    scores = run_js(SegmentationExplorer, "overlapScores", [[one] for one in counted])
    absent = 0
    for case, kind, counts, score in zip(given, kinds, counted, scores, strict=True):
        expected = by_numpy(*case)
        assert counts == expected
        assert np.bincount(kind, minlength=4).tolist() == [
            expected[key] for key in ("tn", "tp", "fp", "fn")
        ]
        found, there = case[1] >= 255 * case[3], case[0] == case[2]
        np.testing.assert_array_equal(np.isin(kind, (1, 2)), found)
        np.testing.assert_array_equal(np.isin(kind, (1, 3)), there)
        dice = dice_by_sets(*case)
        if dice is None:
            absent += 1
            assert score == {"dice": None, "iou": None}
        else:
            assert score["dice"] == pytest.approx(dice, abs=1e-12)
            iou = (found & there).sum() / (found | there).sum()
            assert score["iou"] == pytest.approx(iou, abs=1e-12)
    assert 5 < absent < 200


@pytest.mark.browser
def test_the_curve_is_dice_at_every_threshold(run_js):
    given = [(truth, plane, label) for truth, plane, label, _ in maps(60, seed=2)]
    listed = [[truth.tolist(), plane.tolist(), label] for truth, plane, label in given]
    histograms = run_js(SegmentationExplorer, "histogram", listed)
    found = run_js(SegmentationExplorer, "diceCurve", [[one] for one in histograms])
    for case, curve in zip(given, found, strict=True):
        expected = [dice_by_sets(*case, percent / 100) for percent in range(101)]
        assert [value is None for value in curve] == [value is None for value in expected]
        known = [(a, b) for a, b in zip(curve, expected, strict=True) if b is not None]
        np.testing.assert_allclose(*zip(*known, strict=True), atol=1e-12)


def test_what_is_packed_comes_back():
    array = np.random.default_rng(3).integers(0, 256, (2, 3, 5, 7))
    np.testing.assert_array_equal(unpacked(packed(array), array.shape), array)


def test_python_reads_the_same_numbers():
    images, masks, probabilities, names = example()
    figure = SegmentationExplorer(images, masks, probabilities, names)
    for shown, chosen, threshold in [(0, 1, 0.5), (1, 2, 0.3), (2, 0, 0.87), (2, 2, 1.0)]:
        figure.shown, figure.chosen, figure.threshold = shown, chosen, threshold
        plane = np.round(255 * probabilities[shown, ..., chosen])
        expected = by_numpy(masks[shown], plane, chosen, threshold)
        assert figure.counts == expected
        dice = dice_by_sets(masks[shown].ravel(), plane.ravel(), chosen, threshold)
        assert figure.dice == pytest.approx(np.nan if dice is None else dice, nan_ok=True)
        union = expected["tp"] + expected["fp"] + expected["fn"]
        iou = expected["tp"] / union if union else np.nan
        assert figure.iou == pytest.approx(iou, nan_ok=True)
    assert np.isnan(figure.dice) and np.isnan(figure.iou)


def test_one_class_needs_no_axis_for_it():
    images, masks, probabilities, _ = example()
    figure = SegmentationExplorer(images, masks > 0, probabilities[..., 1:].sum(-1), "cell")
    assert (figure.names, figure.labels, figure.chosen) == (["cell"], [1], 0)
    assert figure.dice > 0.8
    assert SegmentationExplorer(images, masks, probabilities).names[2] == "class 2"


def test_six_images_of_four_classes_stay_small():
    """Soft edges and a little noise everywhere, as a network gives that was trained briefly."""
    rng = np.random.default_rng(4)
    y, x = np.mgrid[:96, :96]
    far = [22 - np.hypot(y - top, x - left) for top, left in ((30, 25), (30, 70), (72, 48))]
    logits = np.stack([np.zeros((96, 96)), *far], axis=-1) / 1.5  # (96, 96, 4)
    logits = logits + rng.normal(0, 0.1, (6, 96, 96, 4))
    shares = np.exp(logits) / np.exp(logits).sum(-1, keepdims=True)
    images = (0.5 + 0.1 * logits[..., 0] + rng.normal(0, 0.03, (6, 96, 96))).clip(0, 1)
    figure = SegmentationExplorer(images, logits.argmax(-1), shares)
    state = {key: value for key, value in figure.get_state().items() if not key.startswith("_")}
    assert len(json.dumps(state)) < 150_000


def arguments(**changes) -> dict:
    images, masks, probabilities, names = example()
    given = {"images": images, "masks": masks, "probabilities": probabilities, "names": names}
    return {key: change(given[key]) for key, change in changes.items()} | {
        key: value for key, value in given.items() if key not in changes
    }


@pytest.mark.parametrize(
    "name, change, words",
    [
        ("masks", lambda _: None, "masks is None; expected images, masks and probabilities"),
        ("images", lambda x: x[:0], "images has 0 pictures; expected 1 to 12"),
        ("images", lambda x: np.repeat(x, 5, 0), "images has 15 pictures"),
        ("images", lambda x: [*x[:2], x[2, :40]], r"images has a picture of shape \(40, 64, 3\)"),
        ("images", lambda x: np.repeat(x, 3, 2), r"shape \(48, 192, 3\).*at most 160 × 160"),
        ("masks", lambda x: x[:, :40], r"masks has shape \(3, 40, 64\); expected \(3, 48, 64\)"),
        ("masks", lambda x: x + 1, "masks has the label 3; expected 0 to 2"),
        ("masks", lambda x: 255 * (x > 0), "Are these 0 and 255"),
        ("probabilities", lambda x: x[:2], r"probabilities has shape \(2, 48, 64, 3\)"),
        ("probabilities", lambda x: 2 * x, "not all in"),
        ("probabilities", lambda x: x * np.nan, "not all in"),
        ("probabilities", lambda x: x.round().astype(int), "expected floats"),
        ("names", lambda x: x[:2], "expected 3, one for each of probabilities"),
        ("names", lambda _: "cell", "expected 3, one for each"),
    ],
)
def test_a_wrong_argument_is_named(name, change, words):
    with pytest.raises(ValueError, match=words):
        SegmentationExplorer(**arguments(**{name: change}))


def test_what_would_make_the_page_heavy_is_refused():
    rng = np.random.default_rng(5)
    noise, masks = rng.random((8, 160, 160, 2)), rng.integers(0, 2, (8, 160, 160))
    with pytest.raises(ValueError, match=f"expected at most {MOST_BYTES // 1000} kB"):
        SegmentationExplorer(noise[..., 0], masks, noise)


def test_the_state_is_kept_in_its_bounds():
    figure = SegmentationExplorer()
    for name, value, words in [
        ("shown", 3, "shown is 3; expected a whole number from 0 to 2"),
        ("chosen", 3, "chosen is 3"),
        ("threshold", 1.5, "threshold is 1.5"),
        ("overlay", "both", "overlay is 'both'; expected 'agreement' or"),
    ]:
        with pytest.raises(ValueError, match=words):
            setattr(figure, name, value)


def wait(page, text: str) -> None:
    page.wait_for_function(
        "text => document.querySelector('.cl-status').textContent.includes(text)", arg=text
    )


def numbers(page) -> list[list[str]]:
    rows = page.locator(".seg-numbers tbody tr").all()
    return [row.locator("th, td").all_inner_texts() for row in rows]


def painted(page) -> np.ndarray:
    """What lies over the picture: (rows, columns, 4), 0 to 255."""
    data = page.locator(".seg-picture canvas").evaluate("canvas => canvas.toDataURL()")
    return np.round(255 * imread(BytesIO(b64decode(data.split(",")[1])), "png"))


@pytest.mark.browser
def test_image_class_and_threshold_change_the_numbers(show):
    figure = SegmentationExplorer()
    page = show(figure)
    for shown, chosen, threshold in [(0, 1, 0.5), (1, 1, 0.5), (1, 2, 0.25), (2, 0, 0.9)]:
        page.get_by_role("combobox", name="Image").select_option(index=shown)
        page.get_by_role("combobox", name="Class").select_option(index=chosen)
        page.get_by_role("slider", name="Threshold").fill(str(threshold))
        figure.shown, figure.chosen, figure.threshold = shown, chosen, threshold
        n = figure.counts
        wait(
            page,
            f"Threshold {threshold}, {figure.names[chosen]}: {n['tp']:,} pixels are right, "
            f"{n['fp']:,} too many, {n['fn']:,} missed. Dice ",
        )
        table = {row[0]: row[1] for row in numbers(page)}
        assert table["TN: rightly left out"] == f"{n['tn']:,}"
        assert float(table["Dice"]) == pytest.approx(figure.dice, abs=0.0006)
        assert float(table["IoU"]) == pytest.approx(figure.iou, abs=0.0006)
    counts = []
    for figure.shown in range(3):
        counts.append(figure.counts["tp"])
    assert numbers(page)[0] == ["TP: right", f"{counts[-1]:,}", f"{sum(counts):,}"]
    page.get_by_text("Show as table").click()
    one, every = page.locator(".cl-tables table").all()
    first = one.locator("tbody tr").first.locator("th, td").all_inner_texts()
    assert first[:2] == ["background", f"{counts[-1]:,}"]
    first = every.locator("tbody tr").first.locator("th, td").all_inner_texts()
    assert first[:2] == ["background", f"{sum(counts):,}"]


@pytest.mark.browser
def test_a_class_that_is_neither_there_nor_found_has_no_score(show):
    page = show(SegmentationExplorer())
    page.get_by_role("combobox", name="Image").select_option(index=2)
    page.get_by_role("combobox", name="Class").select_option(index=2)
    page.get_by_role("slider", name="Threshold").fill("1")
    wait(page, "Threshold 1, nucleus: there is none in this image, and none is found.")
    assert numbers(page)[4][:2] == ["Dice", "none (0 / 0)"]
    assert "nowhere above 0" in page.locator(".seg-read .cl-name").inner_text()


@pytest.mark.browser
def test_the_picture_shows_what_is_right_too_much_and_missed(show):
    _, masks, probabilities, _ = example()
    truth = masks[0] == 1
    found = np.round(255 * probabilities[0, ..., 1]) >= 255 * 0.5
    page = show(SegmentationExplorer())
    wait(page, "Threshold 0.5, cell")
    image = page.locator(".seg-picture img")
    assert image.evaluate("el => [el.naturalHeight, el.naturalWidth]") == [48, 64]
    pixels = painted(page)
    scale = pixels.shape[0] // 48
    blocks = pixels.reshape(48, scale, 64, scale, 4).transpose(0, 2, 1, 3, 4)  # (48, 64, s, s, 4)
    blank = (blocks[..., 3] == 0).all((2, 3))
    np.testing.assert_array_equal(blank, ~found & ~truth)
    striped = np.ptp(blocks[..., 3], axis=(2, 3)) > 0
    np.testing.assert_array_equal(striped, found ^ truth)  # told from the rest without colour
    red, green, blue = (blocks[..., i].max((2, 3)).astype(int) for i in range(3))
    np.testing.assert_array_equal(blue > red, found & truth)
    np.testing.assert_array_equal((red > blue) & (green < 150), found & ~truth)
    np.testing.assert_array_equal((red > blue) & (green > 150), truth & ~found)
    overlay = page.get_by_role("combobox", name="Over the picture")
    for name, where in [("truth", truth), ("prediction", found)]:
        overlay.select_option(name)
        blank = painted(page)[::scale, ::scale, 3] == 0
        np.testing.assert_array_equal(~blank, where)
    overlay.select_option("probability")
    alpha = painted(page)[::scale, ::scale, 3]
    np.testing.assert_allclose(alpha, 255 * 0.6 * probabilities[0, ..., 1], atol=2)
    page.get_by_role("slider", name="Opacity").fill("0")
    assert not painted(page)[..., 3].any()
    label = page.locator(".seg-picture canvas").get_attribute("aria-label")
    assert label.startswith("Image 1: probability of cell. Pixels right 855")


@pytest.mark.browser
def test_arrow_keys_move_the_threshold_and_the_curve_says_the_best(show):
    page = show(SegmentationExplorer())
    wait(page, "Threshold 0.5")
    threshold = page.get_by_role("slider", name="Threshold")
    threshold.press("ArrowRight")
    wait(page, "Threshold 0.51")
    bar = page.locator(".seg-bar").get_attribute("d")
    assert float(bar[1:].split()[0]) == pytest.approx(30 + 282 * 0.51)
    _, masks, probabilities, _ = example()
    plane = np.round(255 * probabilities[0, ..., 1]).ravel()
    curve = [dice_by_sets(masks[0].ravel(), plane, 1, i / 100) for i in range(101)]
    assert (
        page.locator(".seg-read .cl-name")
        .inner_text()
        .endswith(f"the best is {max(curve):.3f}, at {np.argmax(curve) / 100:g}")
    )


@pytest.mark.browser
@pytest.mark.parametrize("lang, dark, width", [("es", True, 320), ("en", False, 390)])
def test_it_fits_a_phone_and_axe_finds_nothing(show, axe, lang, dark, width):
    images, masks, probabilities, _ = example()
    one = SegmentationExplorer(images[:1], masks[:1] > 0, probabilities[:1, ..., 1], "célula rara")
    page = show(SegmentationExplorer(), one, lang=lang, dark=dark, width=width)
    page.locator(".seg-numbers tbody tr").nth(6).wait_for()
    for summary in page.locator(".cnnlab summary").all():
        summary.click()
    axe(page)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    alone = page.locator(".cnnlab").nth(1)
    assert alone.locator("select").count() == 1  # one image, and one class: only the overlay
