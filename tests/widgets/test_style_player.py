"""The style player: against NumPy, and in the reader's hands."""

import io
from base64 import b64decode

import numpy as np
import pytest
from PIL import Image

from cnnlab.widgets import StylePlayer
from cnnlab.widgets.photos import QUALITIES, webp, within

CASES = 150
STEPS = [0, 10, 25, 60]
N = np.arange(61)
COSTS = {"content": 0.3 * (1 - np.exp(-N / 30)), "style": 90 * np.exp(-N / 12) + 0.5}


def pictures(count: int, height: int = 17, width: int = 26, seed: int = 0) -> np.ndarray:
    """Coloured ramps that differ."""
    colours = np.random.default_rng(seed).integers(0, 256, (count, 2, 3))
    ramp = np.linspace(0, 1, width)[:, None]
    rows = colours[:, :1] * (1 - ramp) + colours[:, 1:] * ramp  # (count, W, 3)
    return np.repeat(rows[:, None], height, axis=1).round().astype(np.uint8)


MIXES = {
    (a, b): picture
    for (a, b), picture in zip(
        [(a, b) for a in (0.1, 1) for b in (10, 100, 1000)], pictures(6, seed=1), strict=True
    )
}


def figure(**changes) -> StylePlayer:
    given = {"frames": pictures(4), "steps": STEPS, "costs": COSTS, "mixes": MIXES}
    return StylePlayer(**given | changes)


def said(page) -> str:
    return page.locator(".cl-status").inner_text()


def wait(page, text: str, where: str = ".cl-status") -> None:
    page.wait_for_function(
        "([where, text]) => document.querySelector(where).textContent.includes(text)",
        arg=[where, text],
    )


def decoded(url: str) -> np.ndarray:
    kind, data = url.split(",")
    assert kind == "data:image/webp;base64"
    return np.asarray(Image.open(io.BytesIO(b64decode(data))).convert("RGB"))


def curves(seed: int):
    """Costs that fall or rise, by little or by much, some with a 0 among them."""
    rng = np.random.default_rng(seed)
    for number in range(CASES):
        count = int(rng.integers(2, 40))
        values = np.exp(rng.normal(size=count) * (0.2, 3)[number % 2])
        values[0] *= number % 3 > 0
        yield np.cumsum(rng.integers(1, 9, count)) - 1, values


@pytest.mark.browser
def test_a_curve_is_drawn_from_0_or_in_powers(run_js):
    chosen = list(curves(1))
    scales = run_js(StylePlayer, "scaleOf", [[values.tolist()] for _, values in chosen])
    cases = [
        [steps.tolist(), values.tolist(), scale]
        for (steps, values), scale in zip(chosen, scales, strict=True)
    ]
    found = run_js(StylePlayer, "curveOf", cases)
    kinds = []
    for (steps, values), points in zip(chosen, found, strict=True):
        kinds.append(bool(values.min() > 0 and values.max() > 20 * values.min()))
        if kinds[-1]:
            logs = np.log10(values)
            heights = (logs - logs.min()) / np.ptp(logs)
        else:
            heights = values / values.max()
        expected = np.stack([100 * steps / steps[-1], 100 - 100 * heights], axis=1)
        np.testing.assert_allclose(points, expected, rtol=0, atol=1e-9)
    assert 20 < sum(kinds) < CASES - 20
    assert run_js(StylePlayer, "scaleOf", [[[0, 0]]]) == [{"low": 0, "high": 1, "powers": False}]


@pytest.mark.browser
def test_the_nearest_frame_is_that_of_numpy(run_js):
    rng = np.random.default_rng(2)
    cases = [
        [np.cumsum(rng.integers(1, 6, 9)).tolist(), float(rng.integers(-4, 60) / 2)]
        for _ in range(CASES)
    ]
    found = run_js(StylePlayer, "nearestFrame", cases)
    assert found == [int(np.argmin(np.abs(np.array(steps) - x))) for steps, x in cases]


@pytest.mark.browser
def test_steps_are_walked_and_the_costs_follow(show, axe):
    one = figure()
    page = show(one)
    image = page.locator(".cl-stage .sp-picture img").first
    assert said(page) == "After step 0 of 60: content cost 0, style cost 90.5."
    assert image.get_attribute("src") == one.frames[0]
    assert image.get_attribute("alt") == "the picture after step 0"
    page.get_by_role("button", name="Step", exact=True).click()
    wait(page, f"After step 10 of 60: content cost {COSTS['content'][10]:.3g}")
    assert image.get_attribute("src") == one.frames[1]
    page.get_by_role("slider", name="Step").fill("2")
    wait(page, f"step 25 of 60: content cost 0.17, style cost {COSTS['style'][25]:.3g}.")
    page.get_by_role("button", name="All").click()
    wait(page, "After step 60 of 60")
    dots = page.locator(".sp-dot").evaluate_all("all => all.map((dot) => dot.style.cssText)")
    assert dots == ["left: 100%; top: 0%;", "left: 100%; top: 100%;"]
    page.get_by_role("button", name="Back").click()
    wait(page, "After step 25 of 60")
    page.get_by_text("Show as table").click()
    rows = page.locator(".cl-tables tbody tr").all()
    assert [row.inner_text().split("\t")[0] for row in rows] == ["0", "10", "25", "60"]
    axe(page)


@pytest.mark.browser
def test_it_plays_to_the_end(show, still_clock):
    page = show(figure())
    pass_time = still_clock(page)
    page.get_by_role("button", name="Play").click()
    for step in STEPS[1:]:
        pass_time(500)
        wait(page, f"After step {step} of 60")
    pass_time(500)
    page.get_by_role("button", name="Play").wait_for()


@pytest.mark.browser
def test_a_press_on_a_curve_goes_to_the_nearest_frame(show):
    page = show(figure(), width=390)
    plot = page.locator(".sp-style")
    box = plot.bounding_box()
    for share, step in [(0.45, 25), (0.13, 10), (0.9, 60)]:
        plot.click(position={"x": share * box["width"], "y": 20})
        wait(page, f"After step {step} of 60")
    rule = page.locator(".sp-style .sp-rule").bounding_box()
    assert rule["x"] == pytest.approx(box["x"] + box["width"], abs=2)


@pytest.mark.browser
def test_a_mix_is_chosen_by_weights_by_press_and_by_keys(show, axe):
    one = figure()
    page = show(one)
    image = page.locator(".sp-mixes .sp-picture img")
    assert page.locator(".sp-caption").inner_text() == "α = 0.1, β = 100"
    page.get_by_role("slider", name="Content weight").fill("1")
    wait(page, "α = 1, β = 100", ".sp-caption")
    assert image.get_attribute("src") == one.mixes[1][1]
    page.get_by_role("slider", name="Style weight").fill("2")
    wait(page, "α = 1, β = 1,000", ".sp-caption")
    assert image.get_attribute("src") == one.mixes[1][2]
    page.get_by_role("gridcell", name="α = 0.1, β = 10", exact=True).click()
    wait(page, "α = 0.1, β = 10", ".sp-caption")
    for key, words in [
        ("ArrowRight", "α = 0.1, β = 100"),
        ("ArrowDown", "α = 1, β = 100"),
        ("ArrowDown", "α = 1, β = 100"),
        ("End", "α = 1, β = 1,000"),
        ("Home", "α = 0.1, β = 10"),
    ]:
        page.keyboard.press(key)
        wait(page, words, ".sp-caption")
        focused = page.locator(".sp-grid td:focus")
        assert focused.get_attribute("aria-selected") == "true"
        assert focused.locator("img").get_attribute("alt") == words
    assert page.locator(".sp-grid td[aria-selected='true']").count() == 1
    axe(page)


@pytest.mark.browser
@pytest.mark.parametrize("width, lang", [(1280, "en"), (390, "es"), (320, "en")])
def test_five_by_five_fit_and_the_run_alone_does(show, axe, width, lang):
    weights = [(a, b) for a in range(1, 6) for b in (1e-7, 0.001, 10, 12_345, 1e9)]
    many = dict(zip(weights, pictures(25, 20, 12), strict=True))
    page = show(figure(mixes=many), width=width, lang=lang, dark=width == 390)
    axe(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page = show(figure(mixes=None), width=width, lang=lang)
    assert page.locator(".sp-mixes").count() == 0
    if lang == "es":
        assert said(page).startswith("Tras el paso 0 de 60: coste de contenido 0, coste de estilo")
    axe(page)


def test_pictures_are_sent_as_they_look():
    given = pictures(4, 90, 140)
    for url, one in zip(figure(frames=given).frames, given, strict=True):
        assert np.abs(decoded(url).astype(int) - one).mean() < 3
    large = pictures(2, 300, 400)
    one = figure(frames=large, steps=[0, 60])
    assert one.size == [192, 256] and decoded(one.frames[0]).shape == (192, 256, 3)
    assert np.abs(decoded(one.frames[1])[96, 10].astype(int) - large[1][150, 16]).max() < 12
    lossless = webp(given[0])
    np.testing.assert_array_equal(decoded(lossless), given[0])


def test_the_best_quality_that_fits_is_taken():
    noisy = list(np.random.default_rng(3).integers(0, 256, (3, 60, 80, 3), dtype=np.uint8))
    sizes = [sum(len(webp(one, quality)) for one in noisy) for quality in QUALITIES]
    assert sizes == sorted(sizes, reverse=True)
    for quality, size in zip(QUALITIES, sizes, strict=True):
        assert within("x", noisy, size) == [webp(one, quality) for one in noisy]
    with pytest.raises(ValueError, match=r"x has 3 pictures of 60 × 80, which take \d+ kB"):
        within("x", noisy, sizes[-1] - 1)


def test_twenty_frames_of_a_photograph_stay_small():
    from cnnlab.data import photo

    rng = np.random.default_rng(4)
    base = photo("astronaut", (170, 256))
    base = base / (255 if base.dtype == np.uint8 else 1)
    frames = [np.clip(base + rng.normal(0, s, base.shape), 0, 1) for s in np.linspace(0, 0.2, 20)]
    steps = list(range(0, 200, 10))
    costs = {name: np.linspace(1, 2, 191) for name in ("content", "style")}
    one = StylePlayer(frames, steps, costs)
    assert one.size == [170, 256] and sum(map(len, one.frames)) <= 400_000


def test_long_curves_are_thinned_and_keep_the_frames_steps():
    steps = [0, 333, 1777, 2999]
    costs = {"content": np.arange(3000.0), "style": np.arange(3000.0)[::-1]}
    one = figure(steps=steps, costs=costs)
    assert set(steps) <= set(one.curve_steps) and len(one.curve_steps) < 210
    assert one.content_costs == one.curve_steps
    assert one.style_costs == [2999 - step for step in one.curve_steps]


@pytest.mark.parametrize(
    "change, words",
    [
        ({"frames": pictures(1)}, "frames has 1 pictures; expected 2 to 60"),
        ({"frames": 5}, "frames has 0 pictures"),
        ({"frames": [*pictures(3), np.zeros((5, 6, 3))]}, "frames has pictures of the sizes"),
        ({"frames": [*pictures(3), np.full((17, 26), np.nan)]}, r"frames\[3\] holds NaN"),
        ({"steps": [0, 10]}, "steps has length 2; expected 4, one for each frame"),
        ({"steps": [0, 10, 10, 60]}, "steps is .*; expected numbers that rise"),
        ({"steps": [0, 1.5, 10, 60]}, r"steps\[1\] is 1.5; expected a whole number"),
        ({"costs": {"content": N}}, r"costs has \['content'\]; expected 'content' and 'style'"),
        ({"costs": None}, "costs has None"),
        ({"costs": COSTS | {"style": N[1:]}}, r"costs\['style'\] has length 60; expected 61"),
        ({"costs": COSTS | {"style": -N}}, r"costs\['style'\] has NaN, infinity or a negative"),
        ({"mixes": {}}, r"mixes has the keys \[\]; expected"),
        ({"mixes": {1: pictures(1)[0]}}, r"mixes has the keys \[1\]; expected"),
        ({"mixes": {(1, 1): pictures(1)[0], (2, 3): pictures(1)[0]}}, r"lacks \[\(1.0, 3.0\)"),
        ({"mixes": MIXES | {(1, 10): np.zeros((5, 6, 3))}}, "mixes has pictures of the sizes"),
    ],
)
def test_what_cannot_be_shown_is_refused(change, words):
    with pytest.raises(ValueError, match=words):
        figure(**change)


@pytest.mark.parametrize("name, most", [("position", 3), ("content", 1), ("style", 2)])
def test_what_is_not_there_cannot_be_chosen(name, most):
    with pytest.raises(ValueError, match=f"{name} is 9; expected a whole number from 0 to {most}"):
        setattr(figure(), name, 9)
