"""The embedding explorer: against NumPy and distances written out, and in the reader's hands."""

import io
import math
from base64 import b64decode

import numpy as np
import pytest
from PIL import Image

from cnnlab.widgets import EmbeddingExplorer

CASES = 200
ARROWS = {"up": [-1, 0], "down": [1, 0], "left": [0, -1], "right": [0, 1]}
# Four pictures of two people at three steps; at the last, each is nearest to its own.
POINTS = [
    [[0, 0], [4, 3], [1, 1], [3, 4]],
    [[0, 0], [2, 1], [1, 2], [3, 3]],
    [[0, 0], [1, 0], [4, 4], [4, 3]],
]
NAMES = ["Ana", "Ana", "Bruno", "Bruno"]


def pictures(count: int, seed: int = 0) -> np.ndarray:
    """Gray pictures that are higher than wide."""
    return np.random.default_rng(seed).integers(0, 256, (count, 9, 7)).astype(np.uint8)


def random_snapshots(seed: int):
    """Points of a few steps, some in one place, of very unequal height and width."""
    rng = np.random.default_rng(seed)
    for number in range(CASES):
        points = rng.normal(size=(3, int(rng.integers(2, 20)), 2)) * [1, (1, 5, 0.1)[number % 3]]
        yield points.round(number % 4) + 3


def said(page) -> str:
    return page.locator(".cl-status").inner_text()


def wait(page, text: str) -> None:
    page.wait_for_function(
        "text => document.querySelector('.cl-status').textContent.includes(text)", arg=text
    )


def plane(page):
    return page.get_by_role("slider", name="plane with")


@pytest.mark.browser
def test_all_snapshots_fit_into_the_plane_with_one_scale(run_js):
    chosen = list(random_snapshots(1))
    views = run_js(EmbeddingExplorer, "fit", [[one.tolist()] for one in chosen])
    cases = [
        [point, view]
        for one, view in zip(chosen, views, strict=True)
        for point in one.reshape(-1, 2).tolist()
    ]
    placed = np.array(run_js(EmbeddingExplorer, "placed", cases))
    start = 0
    for one in chosen:
        flat = one.reshape(-1, 2)
        here = placed[start : start + len(flat)]
        start += len(flat)
        size = np.ptp(flat, axis=0)
        scale = 88 / (size.max() or 1)
        middle = (flat.max(0) + flat.min(0)) / 2
        expected = 50 + scale * (flat - middle) * [1, -1]
        np.testing.assert_allclose(here, expected, rtol=0, atol=1e-6)
        assert here.min() > 6 - 1e-6 and here.max() < 94 + 1e-6


@pytest.mark.browser
def test_an_arrow_key_leads_to_the_nearest_point_in_its_direction(run_js):
    rng = np.random.default_rng(2)
    chosen = [
        (one[0], int(rng.integers(len(one[0]))), list(ARROWS)[i % 4])
        for i, one in enumerate(random_snapshots(2))
    ]
    cases = [[points.tolist(), i, ARROWS[way]] for points, i, way in chosen]
    seen = {"none": 0, "there": 0, "same": 0}
    for (points, i, way), found in zip(
        chosen, run_js(EmbeddingExplorer, "toward", cases), strict=True
    ):
        away = points - points[i]  # y goes down, as on the screen
        along = away @ {"up": [0, -1], "down": [0, 1], "left": [-1, 0], "right": [1, 0]}[way]
        far = np.linalg.norm(away, axis=1)
        same = [j for j in np.flatnonzero(far == 0) if (j > i) == (way in ("down", "right"))]
        same = [j for j in same if j != i]
        inside = np.flatnonzero((along > 0) & (along >= far * np.sqrt(0.5) - 1e-9))
        if same:
            seen["same"] += 1
            assert found == (min(same) if way in ("down", "right") else max(same))
        elif not len(inside):
            seen["none"] += 1
            assert found is None
        else:
            seen["there"] += 1
            assert found in inside and far[found] == pytest.approx(far[inside].min())
    assert min(seen.values()) > 5, seen


@pytest.mark.browser
def test_nearest_and_agreement_are_those_of_plain_loops(run_js):
    rng = np.random.default_rng(3)
    for D in (2, 5):
        encodings = rng.normal(size=(4, 17, D))
        labels = rng.integers(0, 3, 17)
        figure = EmbeddingExplorer(encodings, labels)
        counts = run_js(
            EmbeddingExplorer, "agreeing", [[one, figure.labels] for one in figure.nearest]
        )
        for s, one in enumerate(encodings):
            agree = 0
            for i in range(17):
                apart = [math.dist(one[i], one[j]) if j != i else math.inf for j in range(17)]
                j = int(np.argmin(apart))
                assert figure.nearest[s][i] == j
                assert figure.distances[s][i] == pytest.approx(apart[j], abs=1e-3)
                agree += labels[i] == labels[j]
            figure.position = s
            assert counts[s] == agree and figure.agreement == pytest.approx(agree / 17)


def test_the_plane_is_that_of_the_principal_axes():
    rng = np.random.default_rng(4)
    encodings = rng.normal(size=(3, 40, 6)) * [5, 0.2, 3, 0.1, 0.2, 0.1]
    figure = EmbeddingExplorer(encodings, [0] * 40)
    centred = encodings[-1] - encodings[-1].mean(0)
    values, vectors = np.linalg.eigh(centred.T @ centred)
    axes = vectors[:, [-1, -2]]
    shown = (encodings - encodings[-1].mean(0)) @ axes  # (3, 40, 2)
    got = np.array(figure.snapshots)
    sign = np.sign((got[-1] * shown[-1]).sum(0))
    np.testing.assert_allclose(got, shown * sign, atol=0.02)
    assert figure.kept[-1] == pytest.approx(values[-2:].sum() / values.sum(), abs=1e-4)
    parts = [np.var(one @ axes, axis=0).sum() / np.var(one, axis=0).sum() for one in encodings]
    np.testing.assert_allclose(figure.kept, parts, atol=1e-4)


def test_what_collapses_at_the_end_is_seen_in_the_plane_of_before():
    rng = np.random.default_rng(5)
    wide = rng.normal(size=(12, 4)) * [1, 9, 0.1, 4]
    figure = EmbeddingExplorer([0.5 * wide, wide, 0 * wide], [0] * 12)
    first, second, last = np.array(figure.snapshots)
    np.testing.assert_allclose(first - first.mean(0), (second - second.mean(0)) / 2, atol=0.02)
    assert np.ptp(second, axis=0).min() > 4 and np.ptp(last) == np.ptp(last[0])
    assert figure.kept[-1] == 1 and figure.distances[-1] == [0.0] * 12
    plain = EmbeddingExplorer([wide[:, :2], wide[:, 2:]], [0] * 12)
    np.testing.assert_allclose(plain.snapshots, [wide[:, :2], wide[:, 2:]], atol=0.006)


def test_labels_are_sorted_as_people_do():
    figure = EmbeddingExplorer(POINTS, ["p10", "p9", "Ana", "p9"])
    assert (figure.names, figure.labels) == (["Ana", "p9", "p10"], [2, 1, 0, 1])
    figure = EmbeddingExplorer(POINTS, np.array([10, 9, 9, 2]))
    assert (figure.names, figure.labels) == (["2", "9", "10"], [2, 1, 1, 0])


def test_pictures_become_data_urls():
    given = pictures(4)
    figure = EmbeddingExplorer(POINTS, NAMES, given)
    for url, one in zip(figure.pictures, given, strict=True):
        file = io.BytesIO(b64decode(url.removeprefix("data:image/webp;base64,")))
        image = np.asarray(Image.open(file).convert("L"), float)
        assert (
            image.shape == one.shape and np.abs(image - one).mean() < 20
        )  # two of chance differ by 85
    urls = ["data:image/webp;base64,AAAA"] * 4
    assert EmbeddingExplorer(POINTS, NAMES, urls).pictures == urls


@pytest.mark.browser
def test_steps_are_walked_and_all_is_said(show, axe):
    page = show(EmbeddingExplorer(POINTS, NAMES, pictures(4), [0, 50, 1000]))
    assert said(page) == (
        "Training step 0: 0 of 4 pictures (0%) have a nearest neighbour with their own label. "
        "Picture 1 (Ana): its nearest is picture 3 (Bruno), at distance 1.414."
    )
    before = page.locator("[data-point='3']").bounding_box()
    page.get_by_role("button", name="All").click()
    wait(page, "Training step 1,000: 4 of 4 pictures (100%)")
    wait(page, "its nearest is picture 2 (Ana), at distance 1.")
    page.get_by_role("button", name="Back", exact=True).click()
    wait(page, "Training step 50:")
    page.get_by_role("slider", name="Training step").fill("2")
    wait(page, "Training step 1,000:")
    page.get_by_role("textbox", name="Picture number").fill("4")
    page.keyboard.press("Enter")
    wait(page, "Picture 4 (Bruno): its nearest is picture 3")
    page.wait_for_function("() => !document.getAnimations().length")
    after = page.locator("[data-point='3']").bounding_box()
    assert after["y"] - before["y"] == pytest.approx(
        0.88 * page.locator(".ee-plane").bounding_box()["height"] / 4, abs=1.5
    )  # from y = 4 to y = 3, in a plane of 4
    page.get_by_text("Show as table").click()
    tables = page.locator(".cl-tables table")
    assert [row.inner_text().split("\t") for row in tables.nth(0).locator("tbody tr").all()] == [
        ["0", "0", "0%"],
        ["50", "1", "25%"],
        ["1,000", "4", "100%"],
    ]
    assert tables.nth(1).locator("tbody tr").nth(3).inner_text().split("\t") == [
        *("4", "Bruno", "4", "3", "3", "Bruno", "1")
    ]
    axe(page)


@pytest.mark.browser
def test_it_plays_by_itself_and_ends(show, still_clock):
    page = show(EmbeddingExplorer(POINTS, NAMES))
    wait_for = still_clock(page)
    page.get_by_role("button", name="Play").click()
    for step in (1, 2):
        wait_for(900)
        wait(page, f"Training step {step}:")
    wait_for(900)
    page.get_by_role("button", name="Play").wait_for()


@pytest.mark.browser
def test_the_keyboard_goes_from_point_to_point(show):
    page = show(EmbeddingExplorer(POINTS, NAMES, pictures(4)))
    assert plane(page).get_attribute("aria-valuetext").startswith("Picture 1 (Ana)")
    for key, number in [
        ("ArrowRight", 3),
        ("ArrowLeft", 1),
        ("ArrowLeft", 1),  # there is none
        ("ArrowUp", 3),
        ("ArrowUp", 4),
        ("ArrowRight", 2),
        ("Home", 1),
        ("End", 4),
    ]:
        plane(page).press(key)
        wait(page, f"Picture {number} (")
        assert page.locator(".ee-layer .ee-now").get_attribute("data-point") == str(number - 1)
    assert plane(page).get_attribute("aria-valuenow") == "4"


@pytest.mark.browser
@pytest.mark.parametrize("width", [1280, 320])
def test_a_picture_is_shown_under_the_pointer(show, width):
    given = pictures(4)
    figure = EmbeddingExplorer(POINTS, NAMES, given)
    page = show(figure, width=width)
    own, near = page.locator(".ee-one img").all()
    page.locator("[data-point='1']").hover()
    wait(page, "Picture 2 (Ana)")
    assert own.get_attribute("src") == figure.pictures[1]
    assert near.get_attribute("src") == figure.pictures[3]
    assert own.get_attribute("alt") == "picture 2, Ana"
    assert page.locator(".ee-layer .ee-nearest").get_attribute("data-point") == "3"
    box = page.locator(".ee-plane").bounding_box()
    for mark in page.locator(".ee-layer .ee-mark").all():
        one = mark.bounding_box()
        assert one["x"] >= box["x"] and one["x"] + one["width"] <= box["x"] + box["width"]
        assert one["y"] >= box["y"] and one["y"] + one["height"] <= box["y"] + box["height"]


@pytest.mark.browser
def test_pictures_stand_for_points_and_one_label_stands_out(show, axe):
    page = show(EmbeddingExplorer(POINTS, NAMES, pictures(4)))
    assert page.locator(".ee-layer img").first.is_hidden()
    page.get_by_role("checkbox", name="Pictures as points").check()
    page.locator(".ee-layer img").first.wait_for()
    assert page.locator(".ee-layer img:visible").count() == 4
    page.get_by_role("combobox", name="Show").select_option("B: Bruno")
    page.locator(".ee-dim").first.wait_for()
    dim = page.locator(".ee-dim").evaluate_all("all => all.map((one) => one.dataset.point)")
    assert dim == ["0", "1"]
    axe(page)


@pytest.mark.browser
def test_without_pictures_it_tells_labels(show, axe):
    encodings = np.random.default_rng(7).normal(size=(2, 22, 3))
    page = show(EmbeddingExplorer(encodings, [i % 11 for i in range(22)]), dark=True, width=390)
    assert page.locator(".ee-legend li").all_inner_texts()[:3] == ["A 0", "B 1", "C 2"]
    assert page.locator(".ee-one img:visible").count() == 0
    assert page.get_by_role("checkbox").count() == 0
    assert "Nearest is meant among encodings of 3 numbers" in page.locator(".cnnlab").inner_text()
    axe(page)
    page = show(EmbeddingExplorer(encodings, [i % 10 for i in range(22)]))
    assert page.locator(".ee-legend li").all_inner_texts()[:3] == ["0", "1", "2"]


@pytest.mark.browser
def test_it_speaks_spanish(show):
    page = show(EmbeddingExplorer(POINTS, NAMES), lang="es", dark=True, width=390)
    assert said(page).replace("\xa0", " ") == (
        "Paso de entrenamiento 0: 0 de 4 imágenes (0 %) tienen como vecina más cercana una de su "
        "misma etiqueta. Imagen 1 (Ana): la más cercana es la imagen 3 (Bruno), a distancia 1,414."
    )


@pytest.mark.parametrize(
    "change, words",
    [
        ({"embeddings": POINTS[0]}, r"embeddings has shape \(4, 2\); expected axes \(S, N, D\)"),
        ({"embeddings": POINTS[:1]}, r"shape \(1, 4, 2\); expected .* S at least 2"),
        ({"embeddings": np.zeros((2, 4, 1))}, r"shape \(2, 4, 1\)"),
        ({"embeddings": np.zeros((2, 301, 2))}, "N from 2 to 300"),
        ({"embeddings": np.full((2, 4, 2), np.nan)}, "embeddings holds NaN"),
        ({"embeddings": [[[0, 0]], [[0, 0], [1, 1]]]}, "embeddings is not an array"),
        ({"labels": NAMES[:3]}, "labels has length 3; expected 4, one for each picture"),
        ({"labels": "Anas"}, "labels has length 4; expected 4"),
        ({"labels": [0, 1, 1.5, 2]}, r"labels is 1\.5; expected a whole number"),
        ({"labels": ["a", "", "b", "b"]}, "none empty"),
        ({"steps": [0, 5]}, "steps has length 2; expected 3"),
        ({"steps": [0, 5, 5]}, r"steps is \[0, 5, 5\]; expected numbers that rise"),
        ({"steps": [0, 5.5, 9]}, r"steps is 5\.5"),
        ({"pictures": pictures(3)}, "pictures has length 3; expected 4"),
        ({"pictures": np.zeros((4, 65, 9))}, r"pictures\[0\] has 65 × 9 pixels; expected at most"),
        ({"pictures": [np.full((3, 3), np.nan)] * 4}, r"pictures\[0\]: .*NaN"),
        ({"pictures": ["data:text/html;base64,AAAA"] * 4}, r"pictures\[0\] is data:text/html"),
        ({"pictures": ["data:image/png;base64," + 17_000 * "A"] * 4}, "17022 letters"),
    ],
)
def test_what_cannot_be_shown_is_refused(change, words):
    with pytest.raises(ValueError, match=words):
        EmbeddingExplorer(**{"embeddings": POINTS, "labels": NAMES} | change)


def test_too_much_for_a_page_is_refused():
    with pytest.raises(ValueError, match=r"S · N at most 20000"):
        EmbeddingExplorer(np.zeros((101, 200, 2)), [0] * 200)
    with pytest.raises(ValueError, match="27 different ones"):
        EmbeddingExplorer(np.zeros((2, 27, 2)), range(27))
    with pytest.raises(ValueError, match="at most 60"):
        EmbeddingExplorer(np.zeros((2, 61, 2)), [0] * 61, pictures(61))
    figure = EmbeddingExplorer(POINTS, NAMES)
    with pytest.raises(ValueError, match="position is 3; expected a whole number from 0 to 2"):
        figure.position = 3
    with pytest.raises(ValueError, match="chosen is 4; expected a whole number from 0 to 3"):
        figure.chosen = 4
