"""`make pdf`: nothing is cut off, links lead to their places, pages have their numbers."""

import io
import re
import shutil
import sys
from pathlib import Path

import pytest
import yaml
from bs4 import BeautifulSoup
from pypdf import PdfReader

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))

import pdf  # noqa: E402

pytestmark = pytest.mark.browser

HTML = ROOT / "_build" / "html"
TOC = yaml.safe_load((ROOT / "_toc.yml").read_text("utf-8"))
FIRST_PAGES = [part["chapters"][0]["file"] for part in TOC["parts"]]
WEB = "https://example.org/course/"
PAGE = """<!DOCTYPE html><html lang="en" data-theme="light"><head><meta charset="utf-8">
<title>{title}</title><link rel="canonical" href="{web}{file}">
<style>pre, .wide {{ overflow-x: auto }} {style}</style>
<link rel="stylesheet" media="print" href="{up}print.css"></head>
<body><main class="bd-main"><div class="bd-content"><article class="bd-article">
<h1>{title}<a class="headerlink" href="#x">#</a></h1>{body}</article></div></main></body></html>"""
LONG = "result = " + " + ".join(f"word{n:02}" for n in range(60))
ONE = f"""<pre>{LONG}</pre>
<div class="wide"><table><tr>{"".join(f"<td>cell{n:02}</td>" for n in range(40))}</tr></table></div>
<p><a href="sub/two.html#there">to two</a> <a href="data.csv">a file</a>
<a href="https://example.com/">outside</a> <a href="#end">to the end</a></p>
<details class="dropdown"><summary>Why?</summary><p>Because it folds.</p></details>
<div style="height: 1500px"></div><p id="end">The end.</p>"""
TWO = """<p><a href="../one.html">back</a></p><div style="height: 2500px"></div>
<h2 id="there">There</h2>"""


def write(folder: Path, file: str, title: str, body: str, style: str = "") -> None:
    path = folder / file
    path.parent.mkdir(exist_ok=True)
    up = "../" * file.count("/")
    text = PAGE.format(title=title, web=WEB, file=file, style=style, up=up, body=body)
    path.write_text(text, "utf-8")


def small_book(folder: Path, style: str = "") -> Path:
    """A book of two pages; the path of its table of contents."""
    shutil.copy(ROOT / "book" / "_static" / "print.css", folder)
    write(folder, "one.html", "One & all", ONE, style)
    write(folder, "sub/two.html", "Two", TWO)
    toc = folder / "toc.yml"
    toc.write_text(
        "format: jb-book\nroot: one\nparts:\n- caption: A part\n  chapters: [{file: sub/two}]\n"
    )
    return toc


@pytest.fixture(scope="module")
def small(browser, tmp_path_factory) -> PdfReader:
    """The small book, printed."""
    folder = tmp_path_factory.mktemp("small")
    toc = small_book(folder)
    return PdfReader(io.BytesIO(pdf.printed_book(browser, folder, toc)))


def words(reader: PdfReader, sheets: slice = slice(None)) -> str:
    """The text with no spaces: where a line wraps is not asked."""
    return re.sub(r"\s+", "", "".join(page.extract_text() for page in reader.pages[sheets]))


def links(reader: PdfReader) -> list[tuple[int, str | int]]:
    """For each link its sheet, and the address or the sheet that it leads to."""
    found = []
    for sheet, page in enumerate(reader.pages):
        for annotation in (one.get_object() for one in page.get("/Annots", [])):
            if "/A" in annotation:
                found.append((sheet, annotation["/A"]["/URI"]))
            else:
                there = annotation["/Dest"][0].get_object()
                found.append((sheet, [page.get_object() for page in reader.pages].index(there)))
    return found


def test_long_code_and_wide_tables_are_whole(small):
    text = words(small)
    assert LONG.replace(" ", "") in text
    assert all(f"cell{n:02}" in text for n in range(40))


def test_answers_stand_open(small):
    assert "Becauseitfolds." in words(small)


def test_links_lead_to_places_and_files_to_the_web(small):
    starts = [page for page, one in enumerate(small.pages) if "Two" in one.extract_text()][-1:]
    there = next(n for n, one in enumerate(small.pages) if "There" in one.extract_text())
    end = next(n for n, one in enumerate(small.pages) if "The end." in one.extract_text())
    assert there > starts[0] > end > 2  # each lies on another sheet than what comes before
    contents = [(1, 2), (1, starts[0])]
    own = [(2, there), (2, f"{WEB}data.csv"), (2, "https://example.com/"), (2, end)]
    assert links(small) == [*contents, *own, (starts[0], 2)]


def test_the_contents_name_the_pages_by_their_numbers(small):
    lines = small.pages[1].extract_text().split("\n")
    text = " ".join(lines)
    first, second = (int(n) for n in re.findall(r"(?:One & all|Two)\s+(\d+)", text))
    assert "A part" in text
    for number, title in ((first, "One & all"), (second, "Two")):
        page = small.pages[number + 1].extract_text()  # title and contents have no number
        assert title in page
        assert page.split()[0] == str(number) or page.split()[-1] == str(number)


def test_bookmarks_are_the_headings(small):
    titles = [one["/Title"] for one in small.outline if not isinstance(one, list)]
    assert titles == ["One & all", "Two"]


def test_what_stays_cut_off_is_an_error_with_its_page(browser, tmp_path):
    toc = small_book(tmp_path, style=".wide { zoom: 1 !important }")
    with pytest.raises(SystemExit, match=r"one\.html: .*cut off.*\n.*cell00"):
        pdf.printed_book(browser, tmp_path, toc)


# ---- the built book ----


@pytest.mark.parametrize("name", FIRST_PAGES)
def test_a_page_of_the_book_is_whole_on_paper(site, browser, name):
    """All of its open code can be read, and each picture and figure has its number."""
    given = {"web": WEB, "pages": [], "places": [], "before": 41, "chapter": "7."}
    reader = PdfReader(io.BytesIO(pdf.printed(browser, site, f"{name}.html", **given)))
    page = BeautifulSoup((HTML / f"{name}.html").read_text("utf-8"), "html.parser")
    for fold in page.select("details.hide"):
        fold.decompose()
    text = words(reader)
    for code in page.select("article .cell_input pre"):
        for line in code.get_text().splitlines():
            assert re.sub(r"\s+", "", line) in text, line
    assert text.count("42") and reader.pages[0].extract_text().split().count("42")
    figures = page.select(".cell_output:has(img, svg.drawing), figure:has(figcaption)")
    assert len(set(re.findall(r"Figure7\.(\d+)", text))) >= len(figures)
    assert "Showwithoutguessing" not in text
