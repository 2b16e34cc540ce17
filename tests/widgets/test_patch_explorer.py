"""The patch explorer: against NumPy, against the pixels of a screenshot, and in use."""

import io
import json
from base64 import b64decode
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from cnnlab.widgets import PatchExplorer
from cnnlab.widgets.patch_explorer import read_patches

H, W = 40, 60
ARROWS = {"up": (-1, 0), "down": (1, 0), "left": (0, -1), "right": (0, 1)}
# For each layer the sides of its patches; for each unit, how many it has.
LAYERS = {"conv1": (3, {5: 9, 0: 4}), "conv2": (24, {7: 9, 12: 1, 3: 9})}


def photographs(count: int = 4) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (count, H, W, 3)).astype(np.uint8)


def some(side: int, count: int, rng, whole: bool = False) -> list[SimpleNamespace]:
    """Patches of one colour each; some reach beyond the border, and are cut off there."""
    found = []
    for i in range(count):
        y, x = rng.integers(0, H - side), rng.integers(0, W - side)
        cut = 0 if whole else i % 3 * side // 4
        box = (y, x, y + side - cut, x + side)
        colour = rng.integers(0, 256, 3)
        image = np.full((side - cut, side, 3), colour, np.uint8)
        picture = int(rng.choice([0, 2, 3]))
        found.append(SimpleNamespace(image=image, value=9.876 / (i + 1), picture=picture, box=box))
    return found


def make_patches(whole: bool = False, seed: int = 1) -> dict:
    rng = np.random.default_rng(seed)
    return {
        name: {unit: some(side, count, rng, whole) for unit, count in units.items()}
        for name, (side, units) in LAYERS.items()
    }


def inverted(patches: dict) -> dict:
    return {
        name: {unit: [255 - one.image for one in found] for unit, found in units.items()}
        for name, units in patches.items()
    }


def said(page) -> str:
    return page.locator(".cl-status").inner_text()


def wait(page, text: str) -> None:
    page.wait_for_function(
        "text => document.querySelector('.cl-status').textContent.includes(text)", arg=text
    )


def decoded(url: str) -> np.ndarray:
    kind, data = url.split(",")
    assert kind == "data:image/webp;base64"
    return np.asarray(Image.open(io.BytesIO(b64decode(data))).convert("RGB")).astype(int)


def colour_in_the_middle(locator) -> np.ndarray:
    image = np.asarray(Image.open(io.BytesIO(locator.screenshot())).convert("RGB"))
    return image[image.shape[0] // 2, image.shape[1] // 2].astype(int)


@pytest.mark.browser
def test_boxes_and_tiles_are_found_in_percent(run_js):
    rng = np.random.default_rng(2)
    cases = []
    for _ in range(60):
        height, width = (int(n) for n in rng.integers(2, 300, 2))
        ys, xs = np.sort(rng.integers(0, height + 1, 2)), np.sort(rng.integers(0, width + 1, 2))
        cases.append([[int(xs[0]), int(ys[0]), int(xs[1]), int(ys[1])], [height, width]])
    for (box, size), got in zip(cases, run_js(PatchExplorer, "share", cases), strict=True):
        left, top, wide, high = np.array(got) / 100 * [size[1], size[0], size[1], size[0]]
        np.testing.assert_allclose([left, top, left + wide, top + high], box, atol=1e-9)
    # CSS puts p % of what is drawn upon p % of the box: the tile (c, r) then starts at the edge.
    cases = [
        [c, r, C, R] for C in range(1, 10) for R in range(1, 5) for c in range(C) for r in range(R)
    ]
    for (c, r, C, R), got in zip(cases, run_js(PatchExplorer, "tileAt", cases), strict=True):
        for i, n, p in [(c, C, got[0]), (r, R, got[1])]:
            assert (1 - n) * p / 100 == pytest.approx(-i)


@pytest.mark.browser
def test_an_arrow_leads_to_the_neighbour_in_a_grid_of_three(run_js):
    cases = [
        [i, list(arrow), count]
        for count in range(1, 10)
        for i in range(count)
        for arrow in ARROWS.values()
    ]
    for (i, (dr, dc), count), got in zip(
        cases, run_js(PatchExplorer, "neighbour", cases), strict=True
    ):
        grid = np.full((5, 5), -1)
        places = {k: (k // 3 + 1, k % 3 + 1) for k in range(count)}
        for k, place in places.items():
            grid[place] = k
        there = grid[places[i][0] + dr, places[i][1] + dc]
        assert got == (i if there < 0 else there)


def test_a_sheet_holds_each_patch_where_the_script_looks():
    patches = make_patches()
    one = PatchExplorer(photographs(), patches, inverted(patches))
    for layer, (name, (side, units)) in zip(one.layers, LAYERS.items(), strict=True):
        assert (layer["name"], layer["tile"]) == (name, side)
        assert [unit["unit"] for unit in layer["units"]] == list(units)
        sheets = [decoded(layer["sprite"]), decoded(layer["deconvolutions"])]
        for row, unit in enumerate(units):
            for column, patch in enumerate(patches[name][unit]):
                y, x = row * side + side // 2, column * side + side // 2
                colour = patch.image[0, 0].astype(int)
                slack = 0 if side < 20 else 12
                assert np.abs(sheets[0][y, x] - colour).max() <= slack
                assert np.abs(sheets[1][y, x] - (255 - colour)).max() <= slack
                if patch.image.shape[0] < side and side >= 20:  # gray above, where it was cut off
                    assert np.abs(sheets[0][row * side, x] - 128).max() <= 12


def test_only_pictures_with_a_patch_are_sent():
    one = PatchExplorer(photographs(), make_patches())
    assert one.numbers == [0, 2, 3] and one.sizes == [[H, W]] * 3 and len(one.photos) == 3
    patches = make_patches()
    for layer, (name, (_, units)) in zip(one.layers, LAYERS.items(), strict=True):
        assert layer["deconvolutions"] == ""
        for told, unit in zip(layer["units"], units, strict=True):
            for one_told, patch in zip(told["patches"], patches[name][unit], strict=True):
                top, left, bottom, right = patch.box
                assert one_told["box"] == [left, top, right, bottom]
                assert one.numbers[one_told["picture"]] == patch.picture
                assert one_told["value"] == pytest.approx(patch.value, rel=1e-4)


def test_four_layers_of_eight_units_stay_small():
    """Of noise, which nothing compresses, at the sizes of a real network's patches."""
    rng = np.random.default_rng(3)
    pictures = rng.integers(0, 256, (6, 224, 224, 3)).astype(np.uint8)
    patches = {}
    for name, side in {"a": 3, "b": 19, "c": 59, "d": 160}.items():
        patches[name] = {}
        for unit in range(8):
            corners = rng.integers(0, 224 - side, (9, 2)).tolist()
            patches[name][unit] = [
                SimpleNamespace(
                    image=pictures[i % 6, y : y + side, x : x + side],
                    value=1.0,
                    picture=i % 6,
                    box=(y, x, y + side, x + side),
                )
                for i, (y, x) in enumerate(corners)
            ]
    one = PatchExplorer(pictures, patches, inverted(patches))
    state = {name: getattr(one, name) for name in ("photos", "layers", "sizes", "numbers")}
    assert len(json.dumps(state)) < 700_000
    assert [layer["tile"] for layer in one.layers] == [3, 19, 48, 48]


@pytest.mark.browser
def test_what_is_chosen_is_shown(show, axe):
    patches = make_patches(whole=True)
    page = show(PatchExplorer(photographs(), patches, inverted(patches)))
    first = patches["conv1"][5]
    top, left, bottom, right = first[0].box
    assert said(page) == (
        "Unit 5 of conv1: it answers patch 1 of 9 with 9.88. The patch lies in picture "
        f"{first[0].picture}, rows {top}–{bottom - 1}, columns {left}–{right - 1}: 3 × 3 pixels."
    )
    page.get_by_role("combobox", name="Layer").select_option("conv2")
    wait(page, "Unit 7 of conv2: it answers patch 1 of 9")
    page.get_by_role("button", name="unit 3", exact=True).click()
    wait(page, "Unit 3 of conv2: it answers patch 1 of 9")
    grids = page.locator(".pe-nine")
    for i, patch in enumerate(patches["conv2"][3]):
        colour = patch.image[0, 0].astype(int)
        for grid, expected in [(0, colour), (1, 255 - colour)]:
            tile = grids.nth(grid).locator(".pe-tile").nth(i)
            assert np.abs(colour_in_the_middle(tile) - expected).max() <= 12
    grids.nth(1).locator("td").nth(4).click()
    chosen = patches["conv2"][3][4]
    wait(page, f"it answers patch 5 of 9 with 1.98. The patch lies in picture {chosen.picture}")
    photo, box = (page.locator(f".pe-{part}").bounding_box() for part in ("photo", "box"))
    assert photo["width"] / photo["height"] == pytest.approx(W / H, rel=0.01)
    scale = photo["width"] / W
    top, left, bottom, right = chosen.box
    assert box["x"] - photo["x"] == pytest.approx(left * scale, abs=1)
    assert box["y"] - photo["y"] == pytest.approx(top * scale, abs=1)
    assert box["width"] == pytest.approx((right - left) * scale, abs=1)
    assert box["height"] == pytest.approx((bottom - top) * scale, abs=1)
    page.get_by_text("Show as table").click()
    rows = page.locator(".cl-tables tbody tr").all()
    assert len(rows) == 9
    assert rows[4].inner_text().split("\t")[:3] == ["5", "1.98", str(chosen.picture)]
    axe(page)


@pytest.mark.browser
def test_keys_go_from_patch_to_patch(show):
    page = show(PatchExplorer(photographs(), make_patches()))
    assert page.locator(".pe-nine").count() == 1  # no deconvolutions
    page.get_by_role("button", name="unit 0", exact=True).click()
    wait(page, "Unit 0 of conv1: it answers patch 1 of 4")
    assert page.locator(".pe-nine .pe-tile:visible").count() == 4
    page.locator(".pe-nine td[tabindex='0']").focus()
    for key, number in [
        ("ArrowRight", 2),
        ("ArrowDown", 2),  # there is none
        ("ArrowLeft", 1),
        ("ArrowDown", 4),
        ("Home", 1),
        ("End", 4),
    ]:
        page.keyboard.press(key)
        wait(page, f"it answers patch {number} of 4")
        assert page.locator(".pe-nine td:focus").get_attribute("aria-selected") == "true"
    page.locator(".pe-nine td").nth(8).click(force=True)  # nothing is there
    assert "patch 4 of 4" in said(page)


@pytest.mark.browser
@pytest.mark.parametrize(
    "width, dark, lang", [(1280, True, "en"), (390, False, "es"), (320, True, "en")]
)
def test_all_layers_are_accessible_and_fit(show, axe, width, dark, lang):
    patches = make_patches()
    named = {"a_very_long_name_of_a_layer_" * 2: patches["conv1"], "conv2": patches["conv2"]}
    page = show(
        PatchExplorer(photographs(), named, inverted(named)), width=width, dark=dark, lang=lang
    )
    for layer in ("1", "0"):
        page.locator(".cnnlab select").select_option(layer)
        axe(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    if lang == "es":
        (name, _) = named
        assert f"Unidad 5 de {name}: responde al recorte 1 de 9 con 9,88" in said(page)


def changed(**fields) -> dict:
    patch = SimpleNamespace(image=np.zeros((3, 3)), value=1.0, picture=0, box=(0, 0, 3, 3))
    return {"a": {0: [SimpleNamespace(**vars(patch) | fields)]}}


@pytest.mark.parametrize(
    "patches, words",
    [
        ({}, r"patches has 0 layers; expected \{layer: \{unit: patches\}\}, from 1 to 8"),
        ([], "patches has 0 layers"),
        ({str(i): {} for i in range(9)}, "patches has 9 layers"),
        ({"a": {}}, r"patches\['a'\] has 0 units; expected .* from 1 to 12"),
        ({"a": {0: []}}, r"patches\['a'\]\[0\] has 0 patches; expected 1 to 9"),
        ({"a": {-1: [1]}}, "a unit of 'a' is -1; expected a whole number"),
        (changed(picture=4), r"patches\['a'\]\[0\]\[0\].picture is 4; expected .* from 0 to 3"),
        (changed(box=(0, 0, 41, 3)), r"box is \(0, 0, 41, 3\); expected .* 40 × 60 pixels"),
        (changed(box=(3, 0, 3, 3)), r"box is \(3, 0, 3, 3\)"),
        (changed(value=np.nan), r"\.value is nan; expected a number"),
        (
            changed(image=np.zeros((3, 2))),
            r"\[0\]\[0\] has 3 × 2 pixels; expected .* its box, 3 × 3",
        ),
        (changed(image=np.full((3, 3), np.nan)), r"patches\['a'\]\[0\]\[0\] holds NaN"),
    ],
)
def test_patches_that_cannot_be_shown_are_refused(patches, words):
    with pytest.raises(ValueError, match=words):
        PatchExplorer(photographs(), patches)


def test_deconvolutions_are_one_for_each_patch():
    patches = make_patches()
    for wrong in (
        {},
        [],
        inverted(patches) | {"conv2": {}},
        inverted(patches) | {"conv2": {7: [], 12: [], 3: []}},
    ):
        with pytest.raises(
            ValueError, match=r"deconvolutions\['conv.'\]\[.\] has 0 pictures; expec"
        ):
            PatchExplorer(photographs(), patches, wrong)
    smaller = inverted(patches)
    smaller["conv1"][0][1] = np.zeros((1, 1))
    with pytest.raises(ValueError, match=r"deconvolutions\['conv1'\]\[0\]\[1\] has 1 × 1 pixels"):
        PatchExplorer(photographs(), patches, smaller)


def test_patches_of_a_network_are_taken_as_they_are():
    """The fields are those of `cnnlab.style.Patch`."""
    from cnnlab.style import Box, Patch

    patch = Patch(np.zeros((3, 4, 3)), 2.0, 1, Box(5, 6, 8, 10), (2, 3))
    (layer,) = read_patches({"a": {9: [patch]}}, [(20, 30)] * 2)
    told = {"picture": 1, "box": [6, 5, 10, 8], "value": 2.0}
    assert layer == {"name": "a", "units": [{"unit": 9, "patches": [told]}], "side": 4, "tile": 4}


@pytest.mark.parametrize("name, most", [("layer", 1), ("unit", 11), ("patch", 8)])
def test_what_is_not_there_cannot_be_chosen(name, most):
    one = PatchExplorer(photographs(), make_patches())
    with pytest.raises(ValueError, match=f"{name} is 99; expected a whole number from 0 to {most}"):
        setattr(one, name, 99)
