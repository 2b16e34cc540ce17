"""`make offline`: a zip that works from a folder, and refuses what would not."""

import sys
import zipfile
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))

import offline  # noqa: E402

HTML = ROOT / "_build" / "html"
TOC = yaml.safe_load((ROOT / "_toc.yml").read_text("utf-8"))
OPENED = [TOC["root"], "book/convolution/edges", "book/style/live", "book/glossary"]
READY = """async () => {
  dispatchEvent(new Event("scroll"));  // figures below start with the reader's first move
  await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
}"""
WIDGET_VIEW = 'script[type="application/vnd.jupyter.widget-view+json"]'


def book(folder: Path, body: str = "") -> Path:
    """A book of one page, a picture, and what a server leaves beside it."""
    html = folder / "html"
    (html / "sub").mkdir(parents=True)
    (html / "sub" / "page.html").write_text(
        f'<a href="../index.html#a">up</a><img src="a%20b.png?v=1"><a href="https://a.org">.</a>{body}'
    )
    for name in ("index.html", "sub/a b.png", "404.html", "sitemap.xml", "old.pdf", "old.zip"):
        (html / name).write_text(f"<p>{name}</p>")
    return html


def names(zipped: Path) -> set[str]:
    with zipfile.ZipFile(zipped) as opened:
        return set(opened.namelist())


def test_it_holds_what_works_in_a_folder_and_says_how(tmp_path):
    offline.pack(book(tmp_path), tmp_path / "course.zip")
    inside = ("README.txt", "index.html", "sub/page.html", "sub/a b.png")
    assert names(tmp_path / "course.zip") == {f"course/{name}" for name in inside}


def test_the_same_book_gives_the_same_bytes(tmp_path):
    html = book(tmp_path)
    offline.pack(html, tmp_path / "course.zip")
    first = (tmp_path / "course.zip").read_bytes()
    (html / "index.html").touch()
    offline.pack(html, tmp_path / "course.zip")
    assert (tmp_path / "course.zip").read_bytes() == first


@pytest.mark.parametrize(
    "address", ["/index.html", "../missing.html", "//example.org/a.js", "../old.pdf", "../404.html"]
)
@pytest.mark.parametrize("element", ['<a href="{}">', '<script src="{}">', '<link href="{}">'])
def test_what_would_lead_nowhere_is_refused(tmp_path, element, address):
    html = book(tmp_path, element.format(address))
    with pytest.raises(SystemExit, match=r"sub/page\.html: ") as refused:
        offline.pack(html, tmp_path / "course.zip")
    assert address in str(refused.value)
    assert not (tmp_path / "course.zip").exists()


# ---- the built book ----


@pytest.fixture(scope="module")
def unpacked(site, tmp_path_factory) -> Path:
    """The folder that a reader gets."""
    folder = tmp_path_factory.mktemp("reader")
    offline.pack(HTML, folder / "cnnlab-book.zip")
    with zipfile.ZipFile(folder / "cnnlab-book.zip") as zipped:
        zipped.extractall(folder)
    return folder / "cnnlab-book"


@pytest.mark.browser
@pytest.mark.parametrize("name", OPENED)
def test_a_page_lives_in_the_folder(unpacked, open_page, name):
    """Its mathematics are set and its figures answer; `open_page` sees that it asks nobody."""
    page = open_page((unpacked / f"{name}.html").as_uri())
    page.evaluate(READY)
    assert page.locator(".katex-html").count() == page.locator(".math").count()
    figures = page.locator(".anywidget-lite")
    assert figures.count() == page.locator(WIDGET_VIEW).count()
    for figure in figures.all():
        figure.locator("button, input, select").first.wait_for()
    assert page.evaluate("[...document.images].every((one) => !one.complete || one.naturalWidth)")


@pytest.mark.browser
def test_what_a_folder_cannot_do_says_so(unpacked, open_page):
    page = open_page((unpacked / "book/style/live.html").as_uri())
    assert "python -m http.server 8000" in page.locator(".living-network").inner_text()
    assert "python -m http.server 8000" in (unpacked / "README.txt").read_text("utf-8")


@pytest.mark.browser
def test_the_front_door_and_the_search_work(unpacked, open_page):
    page = open_page((unpacked / "index.html").as_uri())
    page.wait_for_url(f"**/{TOC['root']}.html")
    page.goto((unpacked / "search.html").as_uri() + "?q=convolution")
    page.locator("#search-results li a").first.click()
    page.wait_for_url("**/book/**")
