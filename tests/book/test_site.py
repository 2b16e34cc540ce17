"""The built book, as a reader's browser meets it: every page, wide and narrow, light and dark."""

import gzip
import itertools
from functools import cache
from pathlib import Path
from urllib.parse import unquote, urldefrag, urlsplit

import pytest
import yaml
from axe_playwright_python.sync_playwright import Axe
from bs4 import BeautifulSoup

pytestmark = pytest.mark.browser

ROOT = Path(__file__).resolve().parents[2]
HTML = ROOT / "_build" / "html"
TOC = yaml.safe_load((ROOT / "_toc.yml").read_text("utf-8"))
DOCUMENTS = [TOC["root"], *(c["file"] for part in TOC["parts"] for c in part["chapters"])]
PAGES = [f"{name}.html" for name in (*DOCUMENTS, "genindex", "search")]
LOOKS = {
    "light": {"width": 1280},
    "phone": {"width": 390, "height": 844, "dark": True},
    "dark": {"width": 1280, "dark": True},
}
# Every page light and wide, and dark and narrow. What only a wide dark page has, all of them have.
LOOKED_AT = [
    *((look, name) for look in ("light", "phone") for name in PAGES),
    *(("dark", name) for name in PAGES[:4]),
]
# Bytes that a new reader's browser gets, all pictures of the page included, from a server that
# compresses texts as a host of static sites does.
MOST = 600_000
OF_PICTURES = {  # pages whose results are pictures, many; and one that holds a whole network
    "book/architectures/classics.html": 700_000,
    "book/detection/localization.html": 750_000,
    "book/segmentation/segmenting-well.html": 700_000,
    "book/faces/siamese.html": 850_000,
    "book/style/patches.html": 900_000,
    "book/style/attribution.html": 1_000_000,
    "book/style/transfer.html": 1_200_000,
}
MOST_ICONS = 20_000  # bytes of the fonts that draw icons
TEXTS = (".html", ".css", ".js", ".json", ".svg")
DEAD = ("fontawesome.js", "thebe", "require.js", "cdn")
READY = """async () => {
  dispatchEvent(new Event("scroll"));  // figures below start with the reader's first move
  await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
}"""
LOADED = """() => performance.getEntriesByType("resource").map((entry) => (
  { address: entry.name, status: entry.responseStatus, bytes: entry.encodedBodySize }))"""
WIDGET_VIEW = 'script[type="application/vnd.jupyter.widget-view+json"]'


@cache
def parsed(name: str) -> BeautifulSoup:
    return BeautifulSoup((HTML / name).read_text("utf-8"), "html.parser")


def images(name: str) -> list:
    """The pictures of a page: alone, or in a drawing."""
    return parsed(name).select("img, svg.drawing image")


def has_code(name: str) -> bool:
    return bool(parsed(name).select(".cell_input, .cell_output"))


@pytest.fixture
def opened(site, open_page):
    """Open a page of the book and wait until it is still. Its console must have no error."""

    def open_(name: str, **look):
        page = open_page(site + name, quiet=True, **look)
        page.evaluate(READY)
        return page

    return open_


def test_every_page_is_in_the_table_of_contents(site):
    folders = ("book/**", "reference", "solutions")
    pages = [page for folder in folders for page in HTML.glob(f"{folder}/*.html")]
    built = {path.relative_to(HTML).as_posix() for path in pages}
    assert built == set(PAGES) - {"genindex.html", "search.html"}


def assert_alive(page, name: str) -> None:
    """Every formula is set, and can be heard; every figure answers."""
    formulas = len(parsed(name).select(".math"))
    assert page.locator(".math .katex-html").count() == formulas
    assert page.locator(".math .katex-mathml > math").count() == formulas
    figures = page.locator(".anywidget-lite")
    assert figures.count() == len(parsed(name).select(WIDGET_VIEW))
    for figure in figures.all():
        figure.locator("button, input, select").first.wait_for()


@cache
def on_the_wire(file: Path) -> int:
    """The bytes of a file as they travel."""
    data = file.read_bytes()
    return len(gzip.compress(data, 6)) if file.suffix in TEXTS else len(data)


def files_of(page, name: str) -> set[Path]:
    """What an open page loaded, and its pictures: the browser gets those below when it scrolls."""
    loaded = {urlsplit(each["address"]).path for each in page.evaluate(LOADED)}
    pictures = (image.get("src", image.get("href")) for image in images(name))
    found = {HTML / unquote(path).lstrip("/") for path in loaded}
    found |= {(HTML / name).parent.joinpath(unquote(picture)).resolve() for picture in pictures}
    return {file for file in found | {HTML / name} if file.is_file()}


def assert_light(page, name: str) -> None:
    """It loads little more than its text and its pictures."""
    files = files_of(page, name)
    icons = [file for file in files if file.match("fontawesome/webfonts/*")]
    assert 0 < sum(map(on_the_wire, icons)) < MOST_ICONS
    assert sum(map(on_the_wire, files)) < OF_PICTURES.get(name, MOST)


@pytest.mark.parametrize("look, name", LOOKED_AT)
def test_a_page_is_whole(opened, name, look):
    """Nothing is missing or dead, nothing sticks out, and axe-core finds no fault.

    All in one visit: to open a page takes as long as to look at it.
    """
    page = opened(name, **LOOKS[look])
    assert_alive(page, name)
    assert_light(page, name)
    loaded = page.evaluate(LOADED)
    assert [each for each in loaded if each["status"] >= 400] == []
    addresses = " ".join(each["address"] for each in loaded)
    assert not [word for word in DEAD if word in addresses]
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    theme = "dark" if LOOKS[look].get("dark") else "light"
    assert page.evaluate("document.documentElement.dataset.theme") == theme
    results = Axe().run(page, options={"preload": False})  # it would ask for styles anew
    assert results.violations_count == 0, results.generate_report()


def test_the_book_has_mathematics_and_figures(site):
    assert any(parsed(name).select(".math") for name in PAGES)
    assert any(parsed(name).select(WIDGET_VIEW) for name in PAGES)


@pytest.mark.parametrize("name", PAGES)
def test_pictures_say_what_they_show(site, name):
    for image in images(name):
        alone = image.name == "img"
        words = image.get("alt") if alone else image.find_parent("svg").get("aria-label")
        assert len((words or "").split()) > 1, image
        file = image["src" if alone else "href"]
        assert (HTML / name).parent.joinpath(file).resolve().is_file(), image
    for drawing in parsed(name).select("svg.drawing"):
        assert len(drawing.get("aria-label", "").split()) > 1, drawing


@pytest.mark.parametrize("name", PAGES)
def test_links_inside_the_book_lead_somewhere(site, name):
    broken = []
    for link in parsed(name).select("a[href]"):
        address, anchor = urldefrag(link["href"])
        if urlsplit(address).scheme:
            continue
        target = (
            (HTML / name).parent.joinpath(unquote(address)).resolve() if address else HTML / name
        )
        if not target.is_file():
            broken.append(link["href"])
        elif anchor and target.suffix == ".html":
            other = parsed(target.relative_to(HTML).as_posix())
            if not other.find(id=anchor):
                broken.append(link["href"])
    assert broken == []


@pytest.mark.parametrize("name", [f"{name}.html" for name in DOCUMENTS])
def test_launch_buttons_are_where_code_is(site, name):
    links = [link["href"] for link in parsed(name).select(".dropdown-launch-buttons a")]
    if not has_code(name):
        assert links == []
        return
    notebook = name.removesuffix(".html") + ".ipynb"
    binder, colab = links
    assert binder.startswith("https://mybinder.org/v2/gh/")
    assert binder.endswith(f"/notebooks?urlpath=lab/tree/{notebook}")
    assert colab.startswith("https://colab.research.google.com/github/")
    assert colab.endswith(f"/blob/notebooks/{notebook}")


@pytest.mark.parametrize("name", [name for name in PAGES if name.startswith("book/convolution/")])
def test_a_downloaded_book_works_from_its_folder(site, open_page, name):
    page = open_page((HTML / name).as_uri())
    page.evaluate(READY)
    assert_alive(page, name)


@pytest.mark.parametrize("scheme", ["http", "file"])
def test_search_finds(site, open_page, scheme):
    base = site if scheme == "http" else HTML.as_uri() + "/"
    page = open_page(f"{base}search.html?q=convolution")
    first = page.locator("#search-results li a").first
    first.wait_for()
    page.get_by_role("status").filter(has_text="found").wait_for()  # a screen reader hears it
    first.click()
    page.wait_for_url("**/book/**")


def test_the_front_door_leads_to_the_first_page(open_page, site):
    page = open_page(f"{site}index.html")
    page.wait_for_url(f"{site}{DOCUMENTS[0]}.html")


def test_the_keyboard_can_skip_the_navigation(opened):
    page = opened(PAGES[1])
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.getAttribute('href')") == "#main-content"
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('#main-content') !== null")


def test_answers_fold_and_open_by_keyboard(opened):
    name = next(name for name in PAGES if parsed(name).select("details.dropdown"))
    answer = opened(name).locator("details.dropdown").first
    assert answer.get_attribute("open") is None
    answer.locator("summary").press("Enter")
    assert answer.get_attribute("open") is not None


def test_the_reader_chooses_the_theme_and_the_choice_stays(opened, site):
    page = opened(PAGES[0])
    theme = "document.documentElement.dataset.theme"
    switch = page.locator(".theme-switch-button").first
    seen = [page.evaluate(theme)]
    for _ in itertools.takewhile(lambda _: seen[-1] != "dark", range(3)):
        switch.click()
        seen.append(page.evaluate(theme))
    assert seen[-1] == "dark"
    page.goto(site + PAGES[1])
    assert page.evaluate(theme) == "dark"


def test_the_record_names_every_page_that_ran(site):
    ran = {f"{name}.html" for name in DOCUMENTS if has_code(f"{name}.html")}
    record = parsed("book/how-it-ran.html").select_one("table")
    links = {link["href"] for link in record.select("a")}
    assert {(HTML / "book" / link).resolve().relative_to(HTML).as_posix() for link in links} == ran


def test_versions_on_the_record_are_those_that_ran(site):
    """Those of this environment, or of Colab's if the pages ran there."""
    from coursebook.cache import machine_of_pages

    _, machine, _ = parsed("book/how-it-ran.html").select("table")
    facts = dict(
        [cell.get_text(strip=True) for cell in row.select("td")]
        for row in machine.select("tbody tr")
    )
    ran = machine_of_pages()["versions"]
    assert facts["numpy"] == ran["numpy"]
    assert facts["keras"] == ran["keras"]
    assert facts["Processor"]


def test_buttons_that_copy_have_a_name_and_show_on_touch(site, open_page):
    for width, opacity in ((390, "1"), (1280, "0")):  # a phone has nothing that hovers
        page = open_page(f"{site}book/convolution/edges.html", width=width)
        copy = page.get_by_role("button", name="Copy", exact=True).first
        copy.wait_for(state="attached")
        assert copy.evaluate("(el) => getComputedStyle(el).opacity") == opacity
        copy.focus()
        page.keyboard.press("Tab")
        page.keyboard.press("Shift+Tab")
        page.wait_for_function(
            "(el) => getComputedStyle(el).opacity === '1'", arg=copy.element_handle()
        )
