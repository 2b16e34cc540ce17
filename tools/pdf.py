"""Print the built book as one PDF: every page by headless Chromium, bound with a table of contents.

    python tools/pdf.py _toc.yml _build/html/cnnlab-book.pdf

It prints the book of ``_build/html`` as paper shows it (``book/_static/print.css``, then
``tools/pdf.js``): answers stand open, a figure is the picture it shows at first, and what is too
wide wraps or shrinks. If something is still cut off, it says what, and writes no file. A link
inside the book leads to its place in the PDF; a link to a file of the book leads to the web.
"""

import argparse
import functools
import http.server
import io
import os
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from html import escape
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote, urldefrag

import yaml
from bs4 import BeautifulSoup
from playwright.sync_api import Browser, Page, sync_playwright
from pypdf import PdfReader, PdfWriter
from pypdf.generic import ArrayObject, NameObject, NullObject
from sphinx_external_toc.parsing import parse_toc_yaml

ROOT = Path(__file__).resolve().parent.parent
HTML = ROOT / "_build" / "html"
SCRIPT = Path(__file__).with_suffix(".js")
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
WIDTH = 665  # pixels of CSS between the margins of A4 that print.css leaves
ALIVE = """() => [...document.querySelectorAll(".anywidget-lite")].every((el) => el.children.length)
  && document.querySelectorAll(".anywidget-lite").length ===
     document.querySelectorAll('script[type="application/vnd.jupyter.widget-view+json"]').length"""
INSIDE = "book:"  # what tools/pdf.js writes before a link to another page
CONTENTS = """<!DOCTYPE html><html lang="en"><meta charset="utf-8"><title>{title}</title><style>
@page {{ size: A4; margin: 25mm 22mm }}
body {{ font: 11pt/1.5 sans-serif; color: #1b1f24 }}
h1 {{ font-size: 30pt; line-height: 1.2; margin: 55mm 0 8mm }}
h2 {{ font-size: 18pt; break-before: page; margin: 0 }}
h3 {{ font-size: 11pt; margin: 5mm 0 1mm; break-after: avoid }}
a {{ color: inherit; text-decoration: none; display: flex; gap: 3mm }}
a i {{ flex: 1; border-bottom: 1px dotted #7b8490; margin-bottom: 1.5mm }}
</style><h1>{title}</h1><p>{author}</p><p>{web}</p><h2>Contents</h2>{lines}</html>"""


class Chapter(NamedTuple):
    """A page of the book: the part it opens (or ``""``), its file, and its title."""

    part: str
    file: str
    title: str


class Place(NamedTuple):
    """A place in the PDF: the number of its sheet, and how far up it lies, in points."""

    sheet: int
    top: float | None


def contents(toc: Path, html: Path) -> list[Chapter]:
    """The pages of the book in their order."""
    site = parse_toc_yaml(toc)
    found: list[Chapter] = []

    def add(name: str, part: str) -> None:
        page = BeautifulSoup((html / f"{name}.html").read_text("utf-8"), "html.parser")
        for mark in page.select("h1 .headerlink"):
            mark.decompose()
        found.append(Chapter(part, f"{name}.html", page.h1.get_text(strip=True)))
        for subtree in site[name].subtrees:
            for place, item in enumerate(subtree.items):
                add(str(item), subtree.caption if subtree.caption and not place else "")

    add(site.root.docname, "")
    return found


def linked_places(html: Path, files: list[str]) -> dict[str, set[str]]:
    """For each file, the fragments that some link of the book leads to."""
    found: dict[str, set[str]] = {file: set() for file in files}
    for file in files:
        page = BeautifulSoup((html / file).read_text("utf-8"), "html.parser")
        for link in page.select("article a[href*='#']"):
            address, place = urldefrag(link["href"])
            target = os.path.normpath(Path(file).parent / unquote(address)) if address else file
            if target in found and place:
                found[target].add(place)
    return found


def web_address(html: Path, file: str) -> str:
    """Where the book lives on the web, by what its page says of itself."""
    page = BeautifulSoup((html / file).read_text("utf-8"), "html.parser")
    return page.select_one('link[rel="canonical"]')["href"].removesuffix(file)


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """Serve a folder on loopback; yield its address."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *args):
            pass

    handler = functools.partial(Quiet, directory=folder)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()


@contextmanager
def chromium() -> Iterator[Browser]:
    """A headless Chromium or Chrome; CHROMIUM names it where it has another name."""
    found = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, BROWSERS)), None)
    if not found:
        raise SystemExit("No Chromium or Chrome was found: install one, or set CHROMIUM.")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        yield browser
        browser.close()


def start_living_network(page: Page) -> None:
    """On the page that has it, let it look at its first photograph."""
    if page.locator(".living-network").count():
        page.locator(".living-network .ln-start button").click()
        page.locator(".living-network .cl-stage:not([inert]) canvas").first.wait_for()


def printed(browser: Browser, site: str, file: str, **prepared) -> bytes:
    """A page of the book as a PDF.

    Raises
    ------
    SystemExit
        If something on it is cut off: with what that is.
    """
    context = browser.new_context(viewport={"width": WIDTH, "height": 950}, color_scheme="light")
    page = context.new_page()
    page.goto(site + file)
    page.evaluate("document.fonts.ready")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")  # all figures start, seen or not
    page.wait_for_function(ALIVE)
    start_living_network(page)
    page.emulate_media(media="print")
    page.evaluate("document.fonts.ready")
    page.add_script_tag(path=SCRIPT)
    if cut := page.evaluate("(given) => prepare(given)", {"site": site, **prepared}):
        raise SystemExit("\n  ".join([f"{file}: this is cut off on paper:", *cut]))
    data = page.pdf(prefer_css_page_size=True, print_background=True, outline=True, tagged=True)
    context.close()
    return data


def front(browser: Browser, chapters: list[Chapter], starts: list[int], **words: str) -> bytes:
    """The title and the table of contents as a PDF."""
    lines = []
    for chapter, start in zip(chapters, starts, strict=True):
        if chapter.part:
            lines.append(f"<h3>{escape(chapter.part)}</h3>")
        target = escape(INSIDE + chapter.file)
        lines.append(f'<a href="{target}">{escape(chapter.title)}<i></i>{start}</a>')
    page = browser.new_page()
    page.set_content(CONTENTS.format(lines="\n".join(lines), **words))
    data = page.pdf(prefer_css_page_size=True, tagged=True)
    page.close()
    return data


def places(reader: PdfReader, file: str, first: int) -> dict[str, Place]:
    """The places of a printed page that a link may lead to, by ``file`` and ``file#fragment``."""
    found = {file: Place(first, None)}
    for name, there in reader.named_destinations.items():
        sheet = first + reader.get_destination_page_number(there)
        found[f"{file}#{unquote(name.lstrip('/'))}"] = Place(sheet, there.get("/Top"))
    return found


def lead(writer: PdfWriter, known: dict[str, Place]) -> None:
    """Let the links inside the book lead to their places. An unknown fragment leads to its page."""
    for sheet in writer.pages:
        for annotation in (each.get_object() for each in sheet.get("/Annots", [])):
            address = str(annotation.get("/A", {}).get("/URI", ""))
            if not address.startswith(INSIDE):
                continue
            target = unquote(address.removeprefix(INSIDE))
            place = known.get(target) or known[urldefrag(target)[0]]
            to = writer.pages[place.sheet].indirect_reference
            top = NullObject() if place.top is None else place.top
            annotation[NameObject("/Dest")] = ArrayObject(
                [to, NameObject("/XYZ"), NullObject(), top, NullObject()]
            )
            del annotation["/A"]


def bind(beginning: bytes, chapters: list[Chapter], printed_pages: list[bytes]) -> PdfWriter:
    """Title, contents and pages as one PDF, with bookmarks and links."""
    writer, known = PdfWriter(), {}
    writer.append(io.BytesIO(beginning), import_outline=False)
    for chapter, data in zip(chapters, printed_pages, strict=True):
        reader = PdfReader(io.BytesIO(data))
        known |= places(reader, chapter.file, len(writer.pages))
        writer.append(reader)
    lead(writer, known)
    writer.compress_identical_objects()
    return writer


def printed_book(browser: Browser, html: Path, toc: Path) -> bytes:
    """The whole book as a PDF: print its pages, then the contents, which name their numbers."""
    config = yaml.safe_load((ROOT / "_config.yml").read_text("utf-8"))
    chapters = contents(toc, html)
    files = [chapter.file for chapter in chapters]
    wanted, web = linked_places(html, files), web_address(html, files[0])
    done: list[bytes] = []
    starts: list[int] = []
    before = 0
    with served(html) as site:
        for number, chapter in enumerate(chapters, 1):
            starts.append(before + 1)
            given = {
                "before": before,
                "chapter": f"{number}.",
                "places": sorted(wanted[chapter.file]),
            }
            done.append(printed(browser, site, chapter.file, web=web, pages=files, **given))
            before += len(PdfReader(io.BytesIO(done[-1])).pages)
            print(f"[{number:2}/{len(chapters)}] {chapter.file}: {before} pages so far", flush=True)
    words = {"title": config["title"], "author": config["author"], "web": web}
    beginning = front(browser, chapters, starts, **{k: escape(word) for k, word in words.items()})
    writer, out = bind(beginning, chapters, done), io.BytesIO()
    writer.add_metadata({"/Title": config["title"], "/Author": config["author"]})
    writer.write(out)
    return out.getvalue()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("toc", type=Path)
    parser.add_argument("out", type=Path)
    given = parser.parse_args()
    with chromium() as browser:
        data = printed_book(browser, HTML, given.toc)
    given.out.write_bytes(data)
    print(f"{given.out}: {len(data) / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
