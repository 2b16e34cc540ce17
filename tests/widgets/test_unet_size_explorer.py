"""The U-Net size explorer: against arrays that go through the net, and in the reader's hands."""

import numpy as np
import pytest

from cnnlab.segmentation import unet_sizes
from cnnlab.widgets import UnetSizeExplorer


def walk(n: int, depth: int, padding: str) -> tuple[list[list[int]], str]:
    """Send n cells through a U-Net: every size, and "good", "odd" or "small".

    Convolutions cut, poolings take pairs, and the way up repeats: with arrays, not with formulas.
    """
    cut = slice(1, -1) if padding == "valid" else slice(None)
    x, sizes, copies, odd = np.arange(n), [], [], False

    def block(x: np.ndarray) -> np.ndarray:
        maps = [x, x[cut], x[cut][cut]]
        sizes.append([len(one) for one in maps])
        return maps[-1]

    for _ in range(depth):
        x = block(x)
        copies.append(x)
        odd |= len(x) % 2 == 1
        x = x[: len(x) // 2 * 2].reshape(-1, 2).max(1)
    x = block(x)
    for copy in reversed(copies):
        x = np.repeat(x, 2)
        room = len(copy) - len(x)
        odd |= room % 2 == 1 or room < 0
        x = block(x)
    empty = min(min(three) for three in sizes) < 1
    return sizes, "small" if empty else "odd" if odd else "good"


SETTINGS = [(depth, padding) for depth in range(1, 6) for padding in ("valid", "same")]


@pytest.mark.browser
def test_sizes_are_those_of_arrays_that_go_through(run_js):
    rng = np.random.default_rng(1)
    given = [
        [int(n), depth, padding]
        for depth, padding in SETTINGS
        for n in [*range(1, 30), *rng.integers(30, 1025, 40), 12 * 2**depth - 4, 2**depth * 16]
    ]
    given += [[572, 4, "valid"], [512, 4, "same"]]
    verdicts = {"good": 0, "odd": 0, "small": 0}
    for case, found in zip(given, run_js(UnetSizeExplorer, "unetSizes", given), strict=True):
        sizes, verdict = walk(*case)
        assert (found["problem"] is None) == (verdict == "good"), case
        ours = [*found["down"], found["bottom"], *found["up"]]
        if verdict != "small":
            assert ours == sizes, case
            verdicts[found["problem"]["kind"] if found["problem"] else "good"] += 1
        else:
            assert found["problem"]["kind"] in ("odd", "small")
            verdicts["small"] += 1
        if verdict == "good":
            assert unet_sizes(*case).output == ours[-1][-1]
        else:
            with pytest.raises(ValueError, match="expected"):
                unet_sizes(*case)
    assert min(verdicts.values()) > 50
    paper = run_js(UnetSizeExplorer, "unetSizes", [[572, 4, "valid"]])[0]
    assert [row[2] for row in paper["down"]] == [568, 280, 136, 64]
    assert paper["bottom"] == [32, 30, 28]
    assert [row[2] for row in paper["up"]] == [52, 100, 196, 388]


@pytest.mark.browser
def test_the_nearest_sizes_that_fit_are_found(run_js):
    sizes = range(1, 700)
    for depth, padding in SETTINGS:
        good = [n for n in range(1, 1100) if walk(n, depth, padding)[1] == "good"]
        given = [[n, depth, padding] for n in sizes[:: 2 * depth + 1]]
        for (n, *_), found in zip(
            given, run_js(UnetSizeExplorer, "neighbours", given), strict=True
        ):
            smaller = max((one for one in good if one < n), default=None)
            assert found == [smaller, min(one for one in good if one > n)], (n, depth, padding)


def test_python_reads_the_output_back():
    assert UnetSizeExplorer().output_size == (388, 388)
    assert UnetSizeExplorer((96, 128), 3, "same").output_size == (96, 128)
    assert UnetSizeExplorer((44, 60), 2).output_size == (4, 20)
    with pytest.raises(ValueError, match="n is 570"):
        _ = UnetSizeExplorer((572, 570)).output_size


@pytest.mark.parametrize(
    "arguments, words",
    [
        ({"input_size": 572}, r"input_size is 572; expected \(height, width\)"),
        ({"input_size": (572, 572, 1)}, r"expected \(height, width\)"),
        ({"input_size": (0, 8)}, "height is 0; expected a whole number from 1 to 1024"),
        ({"input_size": (8, 1025)}, "width is 1025"),
        ({"depth": 6}, "depth is 6; expected a whole number from 1 to 5"),
        ({"padding": "full"}, "padding is 'full'; expected 'valid' or 'same'"),
    ],
)
def test_a_wrong_argument_is_named(arguments, words):
    with pytest.raises(ValueError, match=words):
        UnetSizeExplorer(**arguments)


def rows(page) -> list[list[str]]:
    """The sizes of the picture, from the top down: on the way down, then on the way up."""
    maps = page.locator(".us-row").evaluate_all(
        "rows => rows.map((row) => [...row.querySelectorAll('.us-map')]"
        ".map((map) => [...map.querySelectorAll('span')].map((one) => one.textContent).join(' ')))"
    )
    return maps


def type_in(page, name: str, text: str) -> None:
    box = page.get_by_role("textbox", name=name, exact=True)
    box.fill(text)
    box.press("Enter")


@pytest.mark.browser
def test_the_paper_s_net_comes_first(show):
    page = show(UnetSizeExplorer())
    status = page.get_by_role("status")
    assert status.inner_text() == "572 × 572 fits. The prediction has 388 × 388 pixels."
    assert rows(page) == [
        ["572", "570", "568", "392", "390", "388"],
        ["284", "282", "280", "200", "198", "196"],
        ["140", "138", "136", "104", "102", "100"],
        ["68", "66", "64", "56", "54", "52"],
        ["32", "30", "28"],
    ]
    skips = page.locator(".us-skip").all_inner_texts()
    assert skips[0] == "copy, cropped from 568 to 392 →"
    rule = page.locator(".us-verdict .cl-hint").inner_text()
    assert "16 apart, and the prediction has 184 pixels fewer" in rule
    page.get_by_text("Show as table").click()
    cells = page.locator(".cl-tables tbody tr").last.locator("th, td").all_inner_texts()
    assert cells == ["Up, level 1", "392 → 390 → 388", "392 → 390 → 388"]


@pytest.mark.browser
def test_what_does_not_fit_says_why_and_offers_what_does(show):
    page = show(UnetSizeExplorer((572, 568)))
    lines = page.locator(".us-line")
    assert lines.nth(0).locator("p").inner_text() == "Height 572 fits."
    assert "Width 568 does not fit: on level 3, 135 is odd. Pooling makes 67" in (
        lines.nth(1).locator("p").inner_text()
    )
    assert page.locator(".us-bad").count() == page.locator(".us-lost").count() == 1
    assert "does not fit" in page.get_by_role("status").inner_text()
    page.get_by_role("button", name="Width: take 556").click()
    status = page.get_by_role("status")
    assert status.inner_text() == "572 × 556 fits. The prediction has 388 × 372 pixels."
    assert page.locator(".us-bad").count() == 0
    assert rows(page)[0] == ["572 ×556", "570 ×554", "568 ×552", "392 ×376", "390 ×374", "388 ×372"]
    skip = page.locator(".us-skip").first
    assert skip.inner_text() == "copy, cropped from 568 × 552 to 392 × 376 →"
    type_in(page, "Height", "108")
    assert lines.nth(0).locator("p").inner_text() == (
        "Height 108 does not fit: at the bottom, on level 5, nothing is left."
    )
    assert rows(page)[4] == ["3 ×31", "1 ×29", "– ×27"]
    none = page.get_by_role("button", name="no other size fits")
    assert none.count() == 1 and none.get_attribute("aria-disabled") == "true"
    page.get_by_role("button", name="Height: take 188").click()
    assert status.inner_text() == "188 × 556 fits. The prediction has 4 × 372 pixels."
    type_in(page, "Width", "2000")
    assert "not a whole number from 1 to 1024" in page.get_by_role("alert").inner_text()


@pytest.mark.browser
def test_with_same_padding_multiples_fit_and_others_do_not_meet(show):
    page = show(UnetSizeExplorer((96, 100), 3, "same"))
    width = page.locator(".us-line p").nth(1)
    assert width.inner_text() == (
        "Width 100 does not fit: on level 3, 25 is odd. Pooling makes 12 of it, and twice 12 is not"
        " 25 again, so nothing can be joined to the copy."
    )
    assert page.locator(".us-skip").all_inner_texts()[2] == "24 × 25 and 24 × 24 do not meet ✕"
    page.get_by_role("button", name="Depth: less").click()
    assert page.get_by_role("status").inner_text() == (
        "96 × 100 fits. The prediction has 96 × 100 pixels."
    )
    assert page.locator(".us-skip").all_inner_texts() == ["copy →"] * 2
    page.get_by_label("Convolutions").select_option("valid")
    assert page.get_by_role("status").inner_text() == (
        "96 × 100 fits. The prediction has 56 × 60 pixels."
    )


@pytest.mark.browser
@pytest.mark.parametrize("lang, dark, width", [("es", True, 320), ("en", False, 390)])
def test_every_depth_fits_a_phone_and_axe_finds_nothing(show, axe, lang, dark, width):
    figures = [UnetSizeExplorer((1023, 1024), 5), UnetSizeExplorer((8, 1000), 1, "same")]
    page = show(*figures, lang=lang, dark=dark, width=width)
    for summary in page.locator(".cnnlab summary").all():
        summary.click()
    axe(page)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    cut = page.locator(".us-net, .us-row").evaluate_all(
        "all => all.filter((el) => el.scrollWidth > el.clientWidth + 1).length"
    )
    assert cut == 0
