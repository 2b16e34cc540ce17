"""The architecture explorer: to scale, sums that add up, and every layer in reach of a key."""

import json
import re
from collections import defaultdict
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from cnnlab.convolution import Row, conv, dense, flatten, pool, trace
from cnnlab.widgets import ArchitectureExplorer
from cnnlab.widgets.architecture_explorer import KINDS, is_chain, kind_of, small_network

SLANT, TALL, THICK, BAR = 0.35, 160, 36, 10


def vgg(H: int = 224, W: int = 224) -> list[Row]:
    layers = []
    for repeats, filters in ((2, 64), (2, 128), (3, 256), (3, 512), (3, 512)):
        layers += [conv(3, filters, p=1)] * repeats + [pool(2)]
    return trace((H, W, 3), [*layers, flatten(), dense(4096), dense(4096), dense(1000)])


class OfTwoInputs(list):
    """As `layer_table` says it of a Siamese network."""

    sees = {"input a": [], "input b": []}  # noqa: RUF012


def residual(count: int = 150) -> list[Row]:
    """`count` rows of bottleneck blocks on oblong images, with the names that such layers have."""
    rows = [Row("input", (224, 192, 3), 224 * 192 * 3, 0, 0, 1, 1)]
    (H, W, C), field, jump = (112, 96, 64), 7, 2
    for i in range(count - 2):
        if i and i % 48 == 0:
            H, W, C, jump = H // 2, W // 2, C * 2, jump * 2
        name, filters = f"stage{i // 48 + 1}_block{i // 4 % 12 + 1}", (C, C, 4 * C, 4 * C)[i % 4]
        shape, size = (H, W, filters), H * W * filters
        if i % 4 == 3:
            rows.append(Row(f"{name}_add", shape, size, 0, 0, field, jump))
            continue
        f, before = (1, 3, 1)[i % 4], rows[-1].shape[-1]
        field += (f - 1) * jump
        products = f * f * before
        costs = (products * filters, products * size)
        rows.append(Row(f"{name}_conv{i % 4 + 1}", shape, size, *costs, field, jump))
    inputs = rows[-1].shape[-1]
    return [*rows, Row("classifier", (1000,), 1000, (inputs + 1) * 1000, inputs * 1000, None, None)]


def made(seed: int) -> list[Row]:
    """A network of random sizes: volumes, then vectors."""
    rng = np.random.default_rng(seed)
    shapes = [tuple(map(int, rng.integers(1, (300, 200, 700)))) for _ in range(rng.integers(2, 40))]
    shapes += [(int(n),) for n in rng.integers(1, 30_000, rng.integers(0, 4))]
    costs = rng.integers(0, 10**9, (len(shapes), 2)) * rng.integers(0, 2, (len(shapes), 1))
    return [
        Row(f"layer{i}", shape, int(np.prod(shape)), *map(int, cost), 1, 1)
        for i, (shape, cost) in enumerate(zip(shapes, costs, strict=True))
    ]


NETWORKS = {
    "small": small_network(),
    "VGG-16": vgg(),
    "residual": residual(),
    **{f"made {seed}": made(seed) for seed in range(12)},
}
THREE = {"ConvNet": small_network(), "VGG-16": vgg(), "residual": residual()}


@pytest.fixture(scope="module")
def sent() -> dict[str, list]:
    """Each network as the figure's script gets it: [name, chain, rows]."""
    return {network[0]: network for network in ArchitectureExplorer(NETWORKS).networks}


def scale(networks: list[list[Row]]) -> dict[str, float]:
    """What NumPy says of the shapes: pixels for a cell, and for the roots."""
    volumes = np.array([r.shape for rows in networks for r in rows if len(r.shape) == 3])
    vectors = np.array([r.shape[0] for rows in networks for r in rows if len(r.shape) == 1] + [1])
    return {
        "cell": TALL / np.max(volumes[:, 0] + SLANT * volumes[:, 1]),
        "channel": min(6, THICK / np.sqrt(volumes[:, 2].max())),
        "unit": min(3, TALL / np.sqrt(vectors.max())),
    }


@pytest.mark.browser
def test_the_scale_fits_the_largest_of_all(run_js, sent):
    groups = [list(NETWORKS), *([name] for name in NETWORKS)]
    found = run_js(ArchitectureExplorer, "scales", [[[sent[n] for n in group]] for group in groups])
    for group, ours in zip(groups, found, strict=True):
        assert ours == pytest.approx(scale([NETWORKS[name] for name in group]))


@pytest.mark.browser
@pytest.mark.parametrize("room", [0, 300, 1200])
def test_boxes_have_their_sizes_and_their_places(run_js, sent, room):
    scales = scale(list(NETWORKS.values()))
    cases = [[sent[name][2], scales, room] for name in NETWORKS]
    found = run_js(ArchitectureExplorer, "layout", cases)
    for rows, placed in zip(NETWORKS.values(), found, strict=True):
        boxes = placed["boxes"]
        assert len(boxes) == len(rows)
        for row, box in zip(rows, boxes, strict=True):
            if len(row.shape) == 3:
                H, W, C = row.shape
                size = (H * scales["cell"], scales["channel"] * C**0.5, W * scales["cell"])
            else:
                size = (scales["unit"] * row.shape[0] ** 0.5, BAR, BAR)
            tall, thick, wide = np.maximum(2, size)
            assert [box["h"], box["w"], box["away"]] == pytest.approx([tall, thick, wide * SLANT])
        left, slot, x, w, away = (
            np.array([box[key] for box in boxes]) for key in ("left", "slot", "x", "w", "away")
        )
        assert left[0] == 0 and np.allclose(left[1:], (left + slot)[:-1])  # no gap, no overlap
        assert (slot >= 11).all() and (x >= left + 2).all() and (x + w <= left + slot).all()
        assert placed["width"] >= max((left + slot)[-1], (x + w + away).max())
        tight = np.maximum(11, w + 4)
        extra = np.clip((room - tight.sum()) / len(rows), 0, 72)
        assert np.allclose(slot, tight + extra)


@pytest.mark.browser
def test_a_place_belongs_to_one_layer(run_js, sent):
    (placed,) = run_js(ArchitectureExplorer, "layout", [[sent["VGG-16"][2], scale([vgg()]), 700]])
    boxes = placed["boxes"]
    places = [
        -5,
        *(box["left"] + part * box["slot"] for box in boxes for part in (0.01, 0.99)),
        9e9,
    ]
    found = run_js(ArchitectureExplorer, "at", [[boxes, x] for x in places])
    assert found == [0, *np.repeat(range(len(boxes)), 2).tolist(), len(boxes) - 1]


@pytest.mark.browser
def test_labels_stand_apart_and_no_room_is_wasted(run_js, sent):
    for name in NETWORKS:
        (placed,) = run_js(ArchitectureExplorer, "layout", [[sent[name][2], scale([vgg()]), 500]])
        boxes, width = placed["boxes"], placed["width"]
        widths = [7 * len(row.name) for row in NETWORKS[name]]
        (kept,) = run_js(ArchitectureExplorer, "labelled", [[boxes, widths, width]])
        ends = [
            (box["left"] + box["slot"] / 2 - w / 2, box["left"] + box["slot"] / 2 + w / 2)
            for box, w in zip(boxes, widths, strict=True)
        ]
        assert kept, name
        for before, after in pairwise(kept):
            assert ends[before][1] + 8 <= ends[after][0]
        for i in set(range(len(boxes))) - set(kept):
            last = max((ends[k][1] + 8 for k in kept if k < i), default=0)
            assert ends[i][0] < last or ends[i][1] > width


@pytest.mark.browser
def test_sums_are_python_s(run_js, sent):
    found = run_js(ArchitectureExplorer, "sums", [[sent[name][2]] for name in NETWORKS])
    for rows, ours in zip(NETWORKS.values(), found, strict=True):
        kinds = [kind_of(*pair) for pair in zip(rows, [None, *rows], strict=False)]
        expected = defaultdict(lambda: np.zeros(3, int))
        for row, kind in zip(rows, kinds, strict=True):
            for key in (kind, "total"):
                expected[key] += [kind != "input", row.parameters, row.multiply_adds]
        for kind, sums in zip([*KINDS, "total"], [*ours["kinds"], ours["total"]], strict=True):
            assert list(sums.values()) == expected[kind].tolist(), kind


@pytest.mark.browser
def test_the_field_is_in_the_middle_and_inside(run_js):
    cases = [[[H, W], field] for H in (9, 14) for W in (5, 12) for field in (1, 4, 5, 13, 40, None)]
    found = run_js(ArchitectureExplorer, "seen", cases)
    for ((H, W), field), (left, top, width, height) in zip(cases, found, strict=True):
        whole = field or 99
        assert (width, height) == (min(whole, W), min(whole, H))
        assert (2 * left + width, 2 * top + height) == (W, H)


@pytest.mark.browser
def test_a_share_says_when_it_is_small(run_js):
    cases = [[0, 5], [1, 3], [5, 5], [4, 10_000], [1, 10**9], [0, 0]]
    shares = ["0%", "33.3%", "100%", "< 0.1%", "< 0.1%", "0%"]
    assert run_js(ArchitectureExplorer, "share", cases) == shares


def test_kinds_come_from_names_and_numbers():
    def row(name, shape, parameters=0, multiply_adds=0):
        return Row(name, shape, int(np.prod(shape)), parameters, multiply_adds, 1, 1)

    before = row("conv1", (8, 6, 4), 10, 10)
    found = {
        kind_of(given, before): given
        for given in (
            row("stage1_shortcut", (8, 6, 5), 3, 3),
            row("fc", (7,), 3, 3),
            row("S2", (4, 3, 4), 8, 48),
        )
    }
    assert [*found] == ["conv", "dense", "pool"]
    cases = {
        "input": kind_of(before, None),
        "pool": kind_of(row("stride", (4, 3, 4)), before),
        "global": kind_of(row("squeeze", (4,)), before),
        "same": kind_of(row("max_pool", (8, 6, 4)), before),
        "concatenated": kind_of(row("mixed", (8, 6, 9)), before),
        "add": kind_of(row("stage1_add", (8, 6, 4)), before),
        "scaled": kind_of(row("block1_squeeze_scale", (8, 6, 4)), before),
        "padded": kind_of(row("address", (8, 6, 4)), before),
        "norm": kind_of(row("stem_norm1", (8, 6, 4), 16), before),
        "flat": kind_of(row("flatten1", (192,)), before),
        "project": kind_of(row("inception_pool_project", (8, 6, 2), 8, 384), before),
    }
    assert [*cases.values()] == [
        *("input", "pool", "pool", "pool", "join"),
        *("join", "join", "other", "other", "other", "conv"),
    ]


def test_the_line_above_is_called_the_input_only_in_a_chain():
    chains = [network[1] for network in ArchitectureExplorer(THREE).networks]
    assert chains == [True, True, False]
    branch = vgg()[:4]
    branch[3] = replace(branch[3], shape=(112, 112, 32))
    assert not is_chain(branch, ["input", "conv", "conv", "pool"])


def test_twelve_long_networks_stay_light():
    explorer = ArchitectureExplorer({f"network {i}": residual(150) for i in range(12)})
    assert len(json.dumps(explorer.networks).encode()) < 150_000
    assert len(explorer.networks) == 12
    assert all(len(rows) == 150 for _, _, rows in explorer.networks)


def broken(**changes) -> dict:
    rows = small_network()
    rows[2] = replace(rows[2], **changes)
    return {"ConvNet": rows}


@pytest.mark.parametrize(
    "networks, words",
    [
        ([small_network()], "networks is .*; expected a mapping from names to rows"),
        ({}, "networks is {}; expected a mapping"),
        ({3: small_network()}, "networks has the key 3; expected a name"),
        ({"A": 7}, r"networks\['A'\] is 7; expected a sequence of Row"),
        ({"A": small_network()[:1]}, r"networks\['A'\] has 1 rows"),
        ({"A": small_network() * 60}, r"networks\['A'\] has 540 rows; expected .* 499 layers"),
        ({"A": OfTwoInputs(small_network())}, r"networks\['A'\] is of a model with 2 inputs"),
        ({"A": [*small_network(), (4, 4)]}, r"networks\['A'\]\[9\] is \(4, 4\); expected a Row"),
        (
            {"A": small_network()[5:]},
            r"networks\['A'\]\[0\] has shape \(400,\); expected the image",
        ),
        (broken(name=" "), r"networks\['ConvNet'\]\[2\] has the name ' '"),
        (broken(shape=(4, 4)), r"networks\['ConvNet'\]\[2\] \(pool1\): shape is \(4, 4\)"),
        (broken(shape=()), r"\(pool1\): shape is \(\)"),
        (broken(shape=None), r"\(pool1\): shape is None"),
        (broken(shape=(4, 0, 2)), r"\(pool1\): shape\[1\] is 0"),
        (broken(parameters=-1), r"\(pool1\): parameters is -1; expected a whole number"),
        (broken(multiply_adds=1.5), r"\(pool1\): multiply_adds is 1.5"),
        (broken(receptive_field=0), r"\(pool1\): receptive_field is 0"),
        (broken(jump=0), r"\(pool1\): jump is 0; expected a positive number"),
    ],
)
def test_a_wrong_network_is_named(networks, words):
    with pytest.raises(ValueError, match=words):
        ArchitectureExplorer(networks)


def test_networks_may_be_given_later_and_a_wrong_one_changes_nothing():
    explorer = ArchitectureExplorer(THREE)
    explorer.networks = {"VGG-16": vgg(96, 64)}
    assert [name for name, _, _ in explorer.networks] == ["VGG-16"]
    with pytest.raises(ValueError, match="networks is 3"):
        explorer.networks = 3
    assert explorer.networks[0][2][0] == ["input", 0, [96, 64, 3], 0, 0, 1, 1]


def test_a_jump_below_a_pixel_is_kept():
    rows = trace((8, 6, 2), [conv(3, 4, p=1)])
    rows.append(replace(rows[-1], name="up", shape=(16, 12, 4), size=768, jump=0.5))
    assert ArchitectureExplorer({"enlarged": rows}).networks[0][2][2][-1] == 0.5


# ---- in the browser ----


def status(page) -> str:
    return page.get_by_role("status").inner_text()


def facts(page) -> dict[str, str]:
    lines = page.locator(".cl-net-facts div").all()
    return dict(line.locator("dt, dd").all_inner_texts() for line in lines)


def band(page, name: str = "now") -> tuple[float, float]:
    box = page.locator(f".cl-net-{name}").bounding_box()
    return box["x"], box["x"] + box["width"]


@pytest.mark.browser
def test_the_keyboard_walks_from_end_to_end(show):
    page = show(ArchitectureExplorer())
    slider = page.get_by_role("slider", name="Layers of the network")
    assert status(page).startswith("conv1: 32 × 32 × 3 → 28 × 28 × 6; 456 parameters;")
    slider.focus()
    slider.press("ArrowRight")
    slider.press("ArrowUp")
    assert status(page) == (
        "conv2: 14 × 14 × 6 → 10 × 10 × 16; 2,416 parameters; 240,000 multiply-adds; "
        "one output sees 14 × 14 pixels."
    )
    assert slider.get_attribute("aria-valuetext") == "conv2, 10 × 10 × 16"
    assert facts(page) == {
        "Output": "10 × 10 × 16 = 1,600 numbers",
        "Parameters": "2,416 (3.9% of 62,006)",
        "Multiply-adds": "240,000 (36.8% of 651,720)",
        "One output sees": "14 × 14 pixels",
        "Its neighbour sees": "a square shifted by 2",
    }
    names = []
    slider.press("Home")
    for _ in range(10):  # one press more than there are layers
        names.append(slider.get_attribute("aria-valuetext").split(",")[0])
        slider.press("ArrowRight")
    assert names == [row.name for row in small_network()] + ["dense3"]
    assert page.get_by_role("button", name="Next layer").get_attribute("aria-disabled") == "true"
    slider.press("ArrowLeft")
    slider.press("ArrowDown")
    assert status(page) == (
        "dense1: 400 → 120; 48,120 parameters; 48,000 multiply-adds; "
        "one output sees the whole image."
    )
    slider.press("PageDown")
    assert status(page) == "input: 32 × 32 × 3, the image."
    slider.press("PageUp")
    assert slider.get_attribute("aria-valuenow") == slider.get_attribute("aria-valuemax") == "8"
    page.get_by_role("button", name="Previous layer").click()
    assert status(page).startswith("dense2: 120 → 84; 10,164 parameters")


@pytest.mark.browser
def test_hover_reads_and_a_click_keeps(show):
    page = show(ArchitectureExplorer())
    boxes = page.locator(".cl-net-boxes g")
    assert boxes.count() == 9
    assert page.locator(".cl-net-over").is_hidden()
    kept = band(page)
    boxes.nth(4).hover()
    assert status(page).startswith("pool2: 10 × 10 × 16 → 5 × 5 × 16")
    assert page.locator(".cl-net-label").text_content() == "pool2"
    over = band(page, "over")
    front = boxes.nth(4).locator(".cl-net-front").bounding_box()
    assert over[0] <= front["x"] and front["x"] + front["width"] <= over[1]
    assert band(page) == kept
    page.mouse.move(5, 5)
    assert status(page).startswith("conv1:")
    assert page.locator(".cl-net-over").is_hidden()
    boxes.nth(6).click()
    page.mouse.move(5, 5)
    assert status(page).startswith("dense1:")
    assert band(page) != kept


@pytest.mark.browser
def test_boxes_are_to_scale_on_the_screen(show):
    page = show(ArchitectureExplorer({"VGG-16": vgg(160, 224)}))
    fronts = page.locator(".cl-net-boxes .cl-net-front").evaluate_all(
        "all => all.map((e) => { const b = e.getBBox(); return [b.width, b.height] })"
    )
    rows = vgg(160, 224)
    cell = TALL / (160 + SLANT * 224)
    for (width, height), row in zip(fronts, rows, strict=True):
        if len(row.shape) == 3:
            assert height == pytest.approx(max(2, row.shape[0] * cell), abs=0.01)
            assert width == pytest.approx(max(2, THICK * (row.shape[2] / 512) ** 0.5), abs=0.01)
    for name, column in (("parameters", 0), ("multiply_adds", 1)):
        values = [getattr(row, name) for row in rows if getattr(row, name)]
        heights = (
            page.locator(".cl-net-bars")
            .nth(column)
            .locator("rect")
            .evaluate_all("all => all.map((e) => +e.getAttribute('height'))")
        )
        assert heights == pytest.approx([max(1, 42 * v / max(values)) for v in values])
    captions = page.locator(".cl-net-caption").all_inner_texts()
    total = sum(row.parameters for row in rows)
    assert captions[0].startswith("Parameters of each layer. The tallest: dense1, ")
    assert captions[0].endswith(f"of {total:,}.")


@pytest.mark.browser
def test_another_network_another_scale(show):
    page = show(ArchitectureExplorer(THREE))
    height = (
        "() => document.querySelector('.cl-net-boxes .cl-net-front').getBoundingClientRect().height"
    )
    assert page.evaluate(height) == pytest.approx(TALL / 1.35, abs=0.01)  # no specks at first
    same = page.get_by_label("Same scale for all networks")
    same.check()
    assert page.evaluate(height) == pytest.approx(32 * TALL / (224 * 1.35), abs=0.01)
    same.uncheck()
    assert page.evaluate(height) == pytest.approx(TALL / 1.35, abs=0.01)
    same.check()
    page.get_by_role("slider").press("End")
    page.get_by_label("Network", exact=True).select_option("VGG-16")
    assert status(page).startswith("conv1: 224 × 224 × 3 → 224 × 224 × 64; 1,792 parameters")
    shares = {
        row.locator("th").inner_text(): row.locator("td").all_inner_texts()
        for row in page.locator(".cl-net-kinds tbody tr").all()
    }
    assert shares == {
        "convolution, 13": ["10.6%", "99.2%"],
        "pooling, 5": ["0%", "0%"],
        "dense, 3": ["89.4%", "0.8%"],
        "other, 1": ["0%", "0%"],
    }
    assert "138,357,544 parameters" in page.locator(".cl-net-kinds caption").inner_text()
    page.get_by_text("Show as table").click()
    rows = page.locator(".cl-tables tbody tr")
    assert rows.count() == 23
    assert rows.nth(3).locator("th, td").all_inner_texts() == [
        *("pool1", "pooling", "112 × 112 × 64", "802,816", "0", "0", "6 × 6 pixels")
    ]


@pytest.mark.browser
@pytest.mark.parametrize("name", THREE)
def test_labels_do_not_touch_on_the_screen(show, name):
    page = show(ArchitectureExplorer({name: THREE[name]}))
    texts = page.locator(".cl-net-boxes > text:not(.cl-net-label)")
    boxes = texts.evaluate_all(
        "all => all.map((e) => { const b = e.getBBox(); return [b.x, b.x + b.width] })"
    )
    assert len(boxes) > 10
    for line in (boxes[::2], boxes[1::2]):  # names, and shapes below them
        assert line[0][0] >= 0
        assert all(before[1] + 2 < after[0] for before, after in pairwise(line))


@pytest.mark.browser
def test_no_scale_to_choose_where_there_is_one_network(show):
    page = show(ArchitectureExplorer())
    assert page.get_by_label("Same scale for all networks").is_hidden()


@pytest.mark.browser
def test_the_field_is_drawn_to_scale(show):
    page = show(ArchitectureExplorer({"oblong": vgg(128, 96)}))
    slider = page.get_by_role("slider")
    for _ in range(3):
        slider.press("ArrowRight")
    square = "e => ['x', 'y', 'width', 'height'].map((a) => +e.getAttribute(a))"
    assert status(page).endswith("one output sees 10 × 10 pixels.")  # conv3, after pool1
    assert page.locator(".cl-net-pixels").evaluate(square) == [0, 0, 96, 128]
    assert page.locator(".cl-net-seen").evaluate(square) == [43, 59, 10, 10]
    assert page.locator(".cl-net-beside").evaluate(square) == [45, 59, 10, 10]
    name = page.get_by_role("img").get_attribute("aria-label")
    assert name == "The image, 128 × 96, and what one output sees of it: 10 × 10 pixels"
    slider.press("PageUp")
    slider.press("PageUp")  # the last: dense layers see it all
    assert page.locator(".cl-net-seen").evaluate(square) == [0, 0, 96, 128]
    assert page.locator(".cl-net-beside").count() == 0
    assert facts(page)["Its neighbour sees"] == "no neighbours"
    assert facts(page)["Output"] == "1,000 numbers"


@pytest.mark.browser
@pytest.mark.parametrize("width", [390, 1280])
def test_a_long_network_scrolls_inside_and_keeps_the_layer_in_view(show, width):
    page = show(ArchitectureExplorer({"residual": residual(150)}), width=width)
    slider = page.get_by_role("slider")
    frame = slider.bounding_box()
    page.wait_for_function("document.querySelector('.cl-net-scroll').scrollWidth > innerWidth")
    slider.focus()
    top = page.evaluate("scrollY")
    for key in ("PageUp", "PageUp", "PageUp", "ArrowLeft", "End", "Home", "PageUp"):
        slider.press(key)
        left, right = band(page)
        assert frame["x"] <= left and right <= frame["x"] + frame["width"], key
    assert status(page).startswith("stage1_block3_conv2: 112 × 96 × 64; 36,864 parameters")
    assert page.evaluate("scrollY") == top
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    slider.press("End")
    assert page.locator(".cl-net-label").text_content() == "classifier"
    label = page.locator(".cl-net-label").bounding_box()
    assert label["x"] + label["width"] <= frame["x"] + frame["width"]


@pytest.mark.browser
def test_a_phone_taps_through_layers(show):
    page = show(ArchitectureExplorer(THREE), width=390)
    box = page.locator(".cl-net-boxes g").nth(3).bounding_box()
    page.touchscreen.tap(box["x"] + 2, box["y"] + box["height"] / 2)
    assert status(page).startswith("conv2:")
    assert page.locator(".cl-net-over").is_hidden()
    page.get_by_role("button", name="Next layer").tap()
    assert status(page).startswith("pool2:")
    table = page.locator(".cl-net-kinds").bounding_box()
    assert table["x"] + table["width"] <= 390 - 16
    small = page.evaluate(
        "[...document.querySelectorAll('.cnnlab :is(button, select, summary)')]"
        ".map((e) => e.getBoundingClientRect()).filter((b) => b.width < 32 || b.height < 32).length"
    )
    assert small == 0


@pytest.mark.browser
def test_the_drawing_uses_the_room_it_gets(show):
    page = show(ArchitectureExplorer())
    width = "() => document.querySelector('.cl-net-boxes').getBoundingClientRect().width"
    wide = page.evaluate(width)
    page.set_viewport_size({"width": 500, "height": 900})
    page.wait_for_function(f"before => ({width})() < before", arg=wide)
    slider = page.get_by_role("slider").bounding_box()
    assert page.evaluate(width) <= slider["width"]


@pytest.mark.browser
@pytest.mark.parametrize(
    "lang, word, dark, width",
    [("en", "convolution", True, 390), ("es", "convolución", False, 1280)],
)
def test_long_networks_are_accessible_too(show, axe, lang, word, dark, width):
    page = show(ArchitectureExplorer(THREE), lang=lang, dark=dark, width=width)
    page.locator("select").select_option("residual")
    assert word in page.locator(".cl-net-heading").inner_text()
    page.locator(".cnnlab summary").click()
    axe(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    numbers = page.locator(".cl-net-facts").inner_text()
    assert re.search(r"\d,\d{3}" if lang == "en" else r"\d\.\d{3}", numbers)
