"""The Gram explorer: against NumPy, and in the reader's hands."""

import re

import numpy as np
import pytest

from cnnlab.widgets import GramExplorer

CASES = 120


def volumes(seed: int):
    """Volumes of unequal sides, of whole numbers and of others, with orders of both kinds."""
    rng = np.random.default_rng(seed)
    for number in range(CASES):
        H, W, C = rng.integers(1, 7, size=3)
        volume = rng.integers(-3, 4, (H, W, C)) if number % 2 else rng.normal(size=(H, W, C))
        yield volume.astype(float), rng.permutation(H * W), rng.permutation(C)


def said(page) -> str:
    return page.locator(".cl-status").inner_text()


def effect(page) -> str:
    return page.locator(".gram-effect").inner_text()


def wait(page, text: str) -> None:
    page.wait_for_function(
        "text => document.querySelector('.cl-status').textContent.includes(text)", arg=text
    )


@pytest.mark.browser
def test_javascript_makes_the_matrix_that_numpy_makes(run_js):
    chosen = list(volumes(1))
    found = run_js(GramExplorer, "gram", [[volume.tolist()] for volume, *_ in chosen])
    for (volume, *_), got in zip(chosen, found, strict=True):
        np.testing.assert_allclose(got, np.einsum("hwk,hwl->kl", volume, volume), atol=1e-12)


@pytest.mark.browser
def test_javascript_rearranges_and_multiplies_as_numpy_does(run_js):
    chosen = list(volumes(2))
    arguments = [[v.tolist(), places.tolist(), ks.tolist()] for v, places, ks in chosen]
    found = run_js(GramExplorer, "rearranged", arguments)
    for (volume, places, ks), got in zip(chosen, found, strict=True):
        H, W, _ = volume.shape
        expected = [[volume[p // W, p % W, ks] for p in row] for row in places.reshape(H, W)]
        np.testing.assert_array_equal(got, expected)
    maps = run_js(GramExplorer, "channel", [[v.tolist(), int(ks[0])] for v, _, ks in chosen])
    for (volume, _, ks), got in zip(chosen, maps, strict=True):
        np.testing.assert_array_equal(got, volume[..., ks[0]])
    pairs = [[v[..., 0].tolist(), v[..., -1].tolist()] for v, *_ in chosen]
    for (a, b), got in zip(pairs, run_js(GramExplorer, "product", pairs), strict=True):
        np.testing.assert_array_equal(got, np.multiply(a, b))


@pytest.mark.browser
def test_shuffled_places_change_no_matrix_and_shuffled_channels_move_its_numbers(run_js):
    chosen = list(volumes(3))
    before = run_js(GramExplorer, "gram", [[v.tolist()] for v, *_ in chosen])
    other_places = [[v.tolist(), p.tolist(), list(range(v.shape[2]))] for v, p, _ in chosen]
    moved = run_js(GramExplorer, "rearranged", other_places)
    after = run_js(GramExplorer, "gram", [[one] for one in moved])
    pairs = [list(pair) for pair in zip(before, after, strict=True)]
    assert not any(np.any(one) for one in run_js(GramExplorer, "differing", pairs))
    both = [[v.tolist(), p.tolist(), ks.tolist()] for v, p, ks in chosen]
    grams = run_js(GramExplorer, "gram", [[x] for x in run_js(GramExplorer, "rearranged", both)])
    pairs = [list(pair) for pair in zip(before, grams, strict=True)]
    differing = run_js(GramExplorer, "differing", pairs)
    for (_, _, ks), old, new, marks in zip(chosen, before, grams, differing, strict=True):
        expected = np.array(old)[ks][:, ks]
        np.testing.assert_allclose(new, expected, atol=1e-12)
        np.testing.assert_array_equal(marks, ~np.isclose(old, expected, rtol=1e-8, atol=1e-8))
    assert sum(np.any(one) for one in differing) > CASES / 2


@pytest.mark.browser
def test_a_shuffle_is_that_of_fisher_and_yates(run_js):
    rng = np.random.default_rng(4)
    chosen = [(rng.permutation(n), rng.random(n)) for n in rng.integers(1, 30, 100)]
    found = run_js(GramExplorer, "shuffled", [[a.tolist(), b.tolist()] for a, b in chosen])
    for (order, draws), got in zip(chosen, found, strict=True):
        expected = list(order)
        for i in range(len(expected) - 1, 0, -1):
            j = int(draws[i - 1] * (i + 1))
            expected[i], expected[j] = expected[j], expected[i]
        assert got == expected
    # Every order of three, equally often: the draws on a grid of 2 × 3 cells.
    grid = [[[0, 1, 2], [(i + 0.5) / 2, (j + 0.5) / 3]] for i in range(2) for j in range(3)]
    assert len({tuple(one) for one in run_js(GramExplorer, "shuffled", grid)}) == 6


@pytest.mark.browser
def test_an_entry_is_the_sum_of_the_product(show, shown):
    page = show(GramExplorer())
    assert said(page) == (
        "Channel 1 (vertical stripes) and channel 2 (orange): 55, the sum of their products. "
        "At row 1, column 1: 3 · 2 = 6."
    )
    assert shown(page, "Gram matrix") == [["58", "55", "7"], ["55", "64", "8"], ["7", "8", "67"]]
    product = np.array(shown(page, "Product, cell by cell"), float)
    maps = [
        np.array(shown(page, name), float)
        for name in ("Channel 1: vertical stripes", "Channel 2: orange")
    ]
    np.testing.assert_array_equal(product, maps[0] * maps[1])
    assert product.sum() == 55
    written = page.locator(".cl-formula").inner_text().replace("\n", " ")
    assert written.startswith("Channels 1 and 2: (6 + 6 + 6 + 0 + 0) + (6 + 9 + 4 + 0 + 0)")
    assert written.endswith("= 55")
    page.get_by_role("gridcell", name="row 3, column 3: 67").click()
    wait(page, "Channel 3 (blue) with itself: 67, the sum of its squares.")


@pytest.mark.browser
def test_keys_choose_the_entry_and_the_place(show):
    page = show(GramExplorer())
    matrix = page.get_by_role("grid", name="Gram matrix")
    matrix.locator("td[tabindex='0']").focus()
    for key, words in [
        ("ArrowDown", "Channel 2 (orange) with itself: 64"),
        ("ArrowRight", "Channel 2 (orange) and channel 3 (blue): 8"),
        ("ArrowRight", "Channel 2 (orange) and channel 3 (blue): 8"),
        ("End", "Channel 3 (blue) with itself: 67"),
        ("Home", "Channel 1 (vertical stripes) with itself: 58"),
    ]:
        page.keyboard.press(key)
        wait(page, words)
        assert matrix.locator("td:focus").count() == 1
    page.get_by_role("grid", name="Product").locator("td[tabindex='0']").focus()
    for key, words in [
        ("ArrowDown", "At row 2, column 1: 2 · 2 = 4."),
        ("ArrowRight", "At row 2, column 2: 3 · 3 = 9."),
        ("End", "At row 4, column 5: 0 · 0 = 0."),
        ("Home", "At row 1, column 1: 3 · 3 = 9."),
    ]:
        page.keyboard.press(key)
        wait(page, words)
    marks = page.locator(".cl-grid:not(.gram-holder .cl-grid) td.cl-now")
    assert marks.all_inner_texts() == ["3", "3", "9"]


@pytest.mark.browser
def test_shuffled_places_leave_the_matrix_and_the_sum(show, shown, axe):
    page = show(GramExplorer())
    assert effect(page) == "Nothing is shuffled yet."
    before = shown(page, "Gram matrix")
    maps = ["Channel 1: vertical stripes", "Channel 2: orange"]
    first, second = (shown(page, name) for name in maps)
    page.get_by_role("button", name="Shuffle the places").click()
    assert effect(page) == (
        "The places are shuffled, in all channels alike. "
        "All 9 numbers of the matrix are what they were."
    )
    assert shown(page, "Gram matrix") == before
    now = [shown(page, name) for name in maps]
    pairs = [list(zip(np.ravel(a), np.ravel(b), strict=True)) for a, b in [(first, second), now]]
    assert pairs[0] != pairs[1] and sorted(pairs[0]) == sorted(pairs[1])  # pairs stay together
    assert page.locator(".gram-moved").count() == 0
    axe(page)


@pytest.mark.browser
def test_shuffled_channels_move_the_numbers_and_can_be_put_back(show, shown, axe):
    page = show(GramExplorer(), dark=True, width=390)
    back = page.get_by_role("button", name="As at first")
    assert back.get_attribute("aria-disabled") == "true"
    before = np.array(shown(page, "Gram matrix"))
    page.get_by_role("button", name="Shuffle the channels").click()
    heads = [int(text) - 1 for text in page.locator(".gram-column").all_inner_texts()]
    assert sorted(heads) == [0, 1, 2] != heads
    after = np.array([[re.sub(r"\D.*", "", x) for x in r] for r in shown(page, "Gram matrix")])
    np.testing.assert_array_equal(after, before[heads][:, heads])
    n = int((after != before).sum())
    assert effect(page).startswith(f"The channels are shuffled. {n} of the 9 numbers")
    assert page.locator(".gram-moved").count() == n > 0
    old = page.locator(".gram-moved").evaluate_all("all => all.map((td) => td.dataset.corner)")
    assert old == [f"({x})" for x in before[after != before]]
    axe(page)
    page.get_by_role("button", name="Shuffle the places").click()
    assert effect(page).startswith("The places and the channels are shuffled.")
    back.click()
    assert effect(page) == "Nothing is shuffled yet."
    np.testing.assert_array_equal(shown(page, "Gram matrix"), before)


@pytest.mark.browser
@pytest.mark.parametrize("width, lang", [(1280, "en"), (390, "es"), (320, "en")])
def test_the_largest_fits_and_speaks(show, axe, width, lang):
    rng = np.random.default_rng(5)
    names = ["a very long name of a channel", "<b>&", "c", "d", "e", "f"]
    page = show(GramExplorer(rng.normal(size=(8, 7, 6)) * 9, names), width=width, lang=lang)
    axe(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert "<b>&" in said(page)


@pytest.mark.browser
def test_it_speaks_spanish(show):
    page = show(GramExplorer(), lang="es")
    assert said(page).startswith("El canal 1 (rayas verticales) y el canal 2 (naranja): 55")
    page.get_by_role("button", name="Barajar los lugares").click()
    assert "siguen siendo los de antes" in effect(page)


def test_python_reads_the_matrix_back():
    figure = GramExplorer()
    assert figure.gram.tolist() == [[58, 55, 7], [55, 64, 8], [7, 8, 67]]
    figure.places = figure.places[::-1]
    assert figure.gram.tolist() == [[58, 55, 7], [55, 64, 8], [7, 8, 67]]
    figure.channels = [2, 0, 1]
    assert figure.gram.tolist() == [[67, 7, 8], [7, 58, 55], [8, 55, 64]]
    assert GramExplorer(np.ones((1, 2, 2))).names == ["1", "2"]


@pytest.mark.parametrize(
    "arguments, words",
    [
        ({"volume": [[1, 2], [3, 4]]}, r"volume is .*; expected numbers of shape \(H, W, C\)"),
        ({"volume": np.ones((9, 2, 2))}, r"volume has shape \(9, 2, 2\); expected at most"),
        ({"volume": np.ones((2, 2, 7))}, r"volume has shape \(2, 2, 7\)"),
        ({"volume": np.ones((4, 5, 1))}, "expected .* at least 2 channels"),
        ({"volume": np.ones((1, 1, 3))}, "at least 2 places"),
        ({"volume": np.full((2, 2, 2), np.nan)}, "volume holds NaN"),
        ({"names": ["a", "b", "c"]}, "names is .*, without volume"),
        ({"volume": np.ones((2, 2, 2)), "names": ["a"]}, "names is .*; expected 2"),
        ({"volume": np.ones((2, 2, 2)), "names": "ab"}, "names is 'ab'; expected 2"),
        ({"volume": np.ones((2, 2, 2)), "names": ["a", ""]}, "names is"),
        ({"volume": np.ones((2, 2, 2)), "names": ["a", "b" * 31]}, "at most 30 letters"),
    ],
)
def test_what_cannot_be_shown_is_refused(arguments, words):
    with pytest.raises(ValueError, match=words):
        GramExplorer(**arguments)


@pytest.mark.parametrize(
    "name, value, words",
    [
        ("first", 3, "first is 3; expected a whole number from 0 to 2"),
        ("position", 20, "position is 20; expected a whole number from 0 to 19"),
        ("channels", [0, 1, 1], r"channels is \[0, 1, 1\]; expected the numbers 0 to 2, each once"),
        ("places", [0], "places is .*; expected the numbers 0 to 19"),
    ],
)
def test_what_is_not_there_cannot_be_chosen(name, value, words):
    figure = GramExplorer()
    with pytest.raises(ValueError, match=words):
        setattr(figure, name, value)
