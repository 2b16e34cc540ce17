"""Formulas are typeset when the book is built, and what cannot be is said at its line."""

import re
import sys
from pathlib import Path

import pytest
from bs4 import BeautifulSoup

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "book" / "_ext"))

pytest.importorskip("py_mini_racer", reason="the book's own extra")

from coursebook import mathematics, styles  # noqa: E402

SPACES = re.compile(r"[\s\u2061\u2062\u200b]+")


def parts(tex: str, display: bool = False) -> tuple[str, BeautifulSoup]:
    """What a formula shows, without spaces; and its MathML, for those who listen."""
    page = BeautifulSoup(mathematics.typeset(tex, display), "html.parser")
    return SPACES.sub("", page.select_one(".katex-html").text), page.select_one("math")


def test_a_formula_is_shown_and_heard():
    shown, heard = parts(r"n + 2p - f + 1")
    assert shown == "n+2p−f+1"
    assert [sign.text for sign in heard.select("mi, mn, mo")] == list("n+2p−f+1")


def test_a_fraction_stays_one():
    _, heard = parts(r"\frac{n + 2p - f}{s}")
    above, below = heard.select_one("mfrac").find_all(recursive=False)
    assert (SPACES.sub("", above.text), below.text) == ("n+2p−f", "s")


@pytest.mark.parametrize("display", [False, True])
def test_a_formula_for_display_has_a_line_of_its_own(display):
    html = mathematics.typeset(r"\sum_{i} x_i", display)
    assert html.startswith('<span class="katex-display">') == display
    assert ('display="block"' in html) == display


@pytest.mark.parametrize(
    "tex, said",
    [
        (r"\frac{a", "Unexpected end of input"),
        (r"\convolve{x}", r"Undefined control sequence: \convolve"),
        ("a_b_c", "Double subscript"),
        (r"{a \over b \over c}", "only one infix operator"),
        ("ñ", "Unicode"),  # \text{ñ} is meant
    ],
)
def test_what_is_no_formula_is_refused_by_its_text(tex, said):
    with pytest.raises(ValueError, match=re.escape(said)) as refused:
        mathematics.typeset(tex)
    assert str(refused.value).endswith(f"(the formula: {tex})")


def test_an_angle_bracket_is_no_element():
    shown, _ = parts("a < b")
    assert shown == "a<b"


def test_the_style_names_only_fonts_that_are_there():
    folder = ROOT / "book" / "_static" / "katex"
    style = (folder / "katex.min.css").read_text("utf-8")
    named = set(re.findall(r"url\(([^)]+)\)", style))
    assert named == {f"fonts/{font.name}" for font in folder.glob("fonts/*")}
    assert len(named) == 20


@pytest.mark.parametrize(
    "rule, moved",
    [
        ("src:url(fonts/a.woff2)", "src:url(../katex/fonts/a.woff2)"),
        ('src:url("fonts/a.woff2")', 'src:url("../katex/fonts/a.woff2")'),
        ("b:url(data:image/png;x)", "b:url(data:image/png;x)"),
        ("b:url('data:image/png;x')", "b:url('data:image/png;x')"),
        ("filter:url(#soft)", "filter:url(#soft)"),
    ],
)
def test_a_font_is_found_from_the_books_sheet(tmp_path, rule, moved):
    (tmp_path / "katex").mkdir()
    (tmp_path / "katex" / "a.css").write_text(f"p{{{rule}}}", "utf-8")
    assert styles.seen_from_book(tmp_path, tmp_path / "katex" / "a.css") == f"p{{{moved}}}"
