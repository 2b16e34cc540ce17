"""What a reader waits for before a page is painted and answers, counted in bytes and requests.

A clock would measure the machine that tests. ``benchmarks/loading.py`` has the seconds.
"""

import gzip
import sys
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from benchmarks.loading import LINE
from tests.book.test_site import HTML, PAGES

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "book" / "_ext"))

from coursebook import states, styles

ROUND_TRIPS = 4  # the connection, its key, the page, what stops its paint
MOST_SECONDS = 1.2  # of the line, until all is there that the first paint needs; 1.5 with the work
MOST_AFTER = 3.5  # of the line, until a page without its pictures answers; 4 with the work
BLOCKING = """() => performance.getEntriesByType("resource")
  .filter((one) => one.renderBlockingStatus === "blocking").map((one) => one.name)"""
SCRIPTS = """() => performance.getEntriesByType("resource")
  .filter((one) => ["script", "link", "css"].includes(one.initiatorType)).map((one) => one.name)"""


def seconds(files: set[Path]) -> float:
    """How long files take on the slow line, compressed, with the trips before the first byte."""
    size = sum(len(gzip.compress(file.read_bytes(), 6)) for file in files)
    return ROUND_TRIPS * LINE["latency"] / 1000 + size / LINE["downloadThroughput"]


def loaded(page, name: str, which: str) -> set[Path]:
    """The page, and the files among what it loaded that a question in its browser picks."""
    paths = (urlsplit(address).path for address in page.evaluate(which))
    found = {HTML / unquote(path).lstrip("/") for path in paths}
    return {HTML / name} | {file for file in found if file.is_file()}


@pytest.mark.browser
@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_soon_painted_and_soon_answers(site, open_page, name):
    """One style sheet and 400 bytes of script stop the paint; figures' numbers come beside."""
    page = open_page(site + name, width=390, height=844)
    blocking = loaded(page, name, BLOCKING)
    extra = {file.name for file in blocking} - {Path(name).name}
    assert extra <= {"book.css", "documentation_options.js"}
    assert seconds(blocking) < MOST_SECONDS
    assert seconds(blocking | loaded(page, name, SCRIPTS)) < MOST_AFTER


@pytest.mark.browser
def test_a_figure_far_below_starts_when_the_reader_moves(site, browser):
    page = browser.new_page()
    page.clock.install(time=0)
    page.clock.pause_at(1000)  # or a slow machine would come to the time when all figures start
    page.goto(f"{site}book/convolution/padding.html")
    last = page.locator(".anywidget-lite").last
    assert last.evaluate("(figure) => figure.children.length") == 0
    page.keyboard.press("Shift")
    while not last.locator("button, input").count():
        page.clock.run_for(100)
    page.close()


@pytest.mark.browser
def test_mathematics_needs_no_script(site, browser):
    page = browser.new_page(java_script_enabled=False)
    page.goto(f"{site}book/convolution/padding.html")
    formula = page.locator(".math .katex-html").first
    assert "KaTeX_Main" in formula.evaluate("(it) => getComputedStyle(it).fontFamily")
    assert formula.bounding_box()["height"] < 40  # the style puts signs beside each other
    page.close()


# ---- one style sheet ----


@pytest.mark.parametrize(
    "style, kept",
    [
        (".old{a:b}.new{c:d}", ".new{c:d}"),
        (".old,.new:hover{a:b}", ".new:hover{a:b}"),
        (".new:not(.old){a:b}", ".new:not(.old){a:b}"),
        (".new:is(.old, .other){a:b}", ".new:is(.old, .other){a:b}"),
        (".hint-top{a:b}", ".hint-top{a:b}"),  # a script puts it together
        (r".w\:5{a:b}", r".w\:5{a:b}"),
        ('[href$=".old"]{a:b}', '[href$=".old"]{a:b}'),
        ("#old p{a:b}", ""),
        ("p{a:b}/* .old{ */", "p{a:b}"),
        ('p:after{content:"}.old{"}', 'p:after{content:"}.old{"}'),
        ("@media print{.old{a:b}.new{a:b}}", "@media print{.new{a:b}}"),
        ("@media print{.old{a:b}}", ""),
        ("@keyframes k{50%{a:b}}", "@keyframes k{50%{a:b}}"),
        ('@import "x.css";p{a:b}', '@import "x.css";\np{a:b}'),
        (".new{b:url(data:image/png;x,y)}", ".new{b:url(data:image/png;x,y)}"),
    ],
)
def test_rules_that_match_nothing_go(style, kept):
    assert styles.trimmed(style, {"new", "p", "hint-"}) == kept


@pytest.mark.browser
def test_no_rule_that_a_page_needs_went(site, open_page):
    """Each rule of the whole sheets that matches something of a page is in the book's sheet."""
    whole = "\n".join(
        (HTML / "_static" / styles.IMPORTED.get(name, name)).read_text("utf-8")
        for name in styles.SHEETS
        if "*" not in name
    )
    selectors = [
        selector
        for head, body in styles.blocks(styles.COMMENT.sub("", whole))
        if body is not None and not head.startswith("@")
        for selector in styles.alternatives(head)
    ]
    kept = {
        selector
        for head, _ in styles.blocks((HTML / "_static" / styles.BOOK).read_text("utf-8"))
        for selector in styles.alternatives(head)
    }
    gone = [selector for selector in selectors if selector not in kept]
    assert len(gone) > 1000
    page = open_page(f"{site}book/convolution/edges.html")
    matching = """(selectors) => selectors.filter((one) => {
      try { return document.querySelector(one.replace(/::?(before|after|placeholder)/g, "")); }
      catch { return false; }
    })"""
    assert page.evaluate(matching, gone) == []


# ---- states beside the page ----


def test_states_travel_beside_their_page():
    state = '{"state": {"a": {"n": "\\u003c/script>"}}}'
    html = f'<head><script type="{states.KIND}">{state}</script></head><p>text'
    page, script = states.beside(html, "edges.figures.js")
    assert script == f"window.figureStates = {state};\n"
    assert state not in page
    assert page.count("edges.figures.js?v=") == 2
    assert states.beside(page, "edges.figures.js") == (page, None)


@pytest.mark.browser
def test_figures_say_so_when_their_states_do_not_come(site, browser):
    page = browser.new_page()
    page.route("**/*.figures.js*", lambda route: route.abort())
    page.goto(f"{site}book/convolution/edges.html")
    page.get_by_text("This figure could not start").first.wait_for()
    page.close()
