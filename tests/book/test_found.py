"""How readers come to a page: by the front page, the page before, a search, or another site."""

import json
import re
from functools import cache
from pathlib import Path
from xml.etree import ElementTree

import nbformat
import pytest
import yaml
from bs4 import BeautifulSoup

from cnnlab.rooms import NAMES

pytestmark = pytest.mark.browser

ROOT = Path(__file__).resolve().parents[2]
HTML = ROOT / "_build" / "html"
TOC = yaml.safe_load((ROOT / "_toc.yml").read_text("utf-8"))
CHAPTERS = [chapter["file"] for part in TOC["parts"] for chapter in part["chapters"]]
BASE = yaml.safe_load((ROOT / "_config.yml").read_text("utf-8"))["html"]["baseurl"]
# Names of buttons that the theme puts above a text.
BUTTONS = ("Repository", "Open issue", "Suggest edit", "Fullscreen", "Download this page", "Launch")


@cache
def parsed(name: str) -> BeautifulSoup:
    return BeautifulSoup((HTML / f"{name}.html").read_text("utf-8"), "html.parser")


def test_the_front_page_reads_what_one_draws_above_the_fold(site, open_page):
    page = open_page(f"{site}{TOC['root']}.html", height=800)
    pad, status = (
        page.locator(".lenet-pad"),
        page.locator(".lenet .cl-status, .lenet [role=status]"),
    )
    pad.wait_for()
    box = pad.bounding_box()
    assert box["y"] + box["height"] < 800
    start = page.locator(".admonition.start a")
    assert start.count() == 1 and start.bounding_box()["y"] < box["y"]
    page.get_by_role("button", name="Clear").click()
    x = box["x"] + box["width"] / 2
    page.mouse.move(x, box["y"] + 50)
    page.mouse.down()
    page.mouse.move(x, box["y"] + box["height"] - 50, steps=12)
    page.mouse.up()
    assert "It reads 1" in status.first.inner_text()
    start.click()
    page.wait_for_url(f"**/{CHAPTERS[0]}.html")


def test_the_words_of_a_card_begin_below_its_picture(site, open_page):
    for width in (1280, 390):
        page = open_page(f"{site}{TOC['root']}.html", width=width)
        cards = page.locator("figure.room")
        assert cards.count() == len(NAMES)
        edges = cards.evaluate_all("""cards => cards.map((card) =>
          ["img", ".caption-text a", ".legend p"].map((part) =>
            Math.round(card.querySelector(part).getBoundingClientRect().left)))""")
        for picture, title, text in edges:
            assert picture == title == text


def test_next_leads_through_the_whole_book_in_order(site):
    way, here = [], TOC["root"]
    while link := parsed(here).select_one("a.right-next"):
        here = (HTML / here).parent.joinpath(link["href"]).resolve()
        here = here.relative_to(HTML).with_suffix("").as_posix()
        way.append(here)
        back = parsed(here).select_one("a.left-prev")["href"]
        assert (HTML / here).parent.joinpath(back).resolve().is_file()
    assert way == CHAPTERS


@pytest.mark.parametrize("room", NAMES)
def test_an_overview_has_each_page_with_question_and_minutes(site, room):
    *rows, last = parsed(f"book/{room}/index").select("table.room-pages tbody tr")
    found = [[cell.get_text(" ", strip=True) for cell in row.select("td")] for row in rows]
    pages = [name for name in CHAPTERS if name.startswith(f"book/{room}/")][1:]
    titles = [parsed(name).h1.find(string=True).strip() for name in pages]
    assert [title for title, _, _ in found] == titles
    for name, (_, question, minutes) in zip(pages, found, strict=True):
        text = parsed(name).article.get_text(" ")
        assert question.endswith("?") and question in " ".join(text.split())
        assert f"{minutes} minutes" in text
    total = int(last.select("td")[-1].get_text())
    assert total == sum(int(minutes) for *_, minutes in found)


@pytest.mark.parametrize("room", NAMES)
def test_a_page_of_solutions_says_so_and_shows_no_marks(site, room):
    page = parsed(f"solutions/{room}")
    assert page.h1.find(string=True).strip() == f"Solutions: {room}"
    text = page.article.get_text()
    assert "SOLUTION" not in text and "cnnlab.check" in text


@pytest.mark.parametrize("name", [TOC["root"], *CHAPTERS])
def test_a_page_that_runs_offers_the_notebook_made_from_it(site, name):
    links = [a["href"] for a in parsed(name).select(".dropdown-download-buttons a")]
    found = [link for link in links if link.endswith(".ipynb")]
    if not parsed(name).select(".dropdown-launch-buttons a"):
        assert found == []
        return
    (link,) = found
    file = (HTML / name).parent.joinpath(link).resolve()
    cells = nbformat.read(file, 4).cells
    assert "google.colab" in cells[0].source and len(cells) > 3


# Search

# What `Search.htmlToText` leaves of a page in which every button, and what folds code, says MARK.
TEXT_OF = """async ([address, mark]) => {
  const page = new DOMParser().parseFromString(await (await fetch(address)).text(), "text/html");
  const buttons = [...page.querySelectorAll(
    "button, .btn, [role=button], .prev-next-area *, details.hide > summary")];
  for (const button of buttons) button.textContent = mark;
  return [buttons.length, Search.htmlToText(page.documentElement.outerHTML, "")];
}"""
MARK = "NAME-OF-A-BUTTON"


def results(open_page, site, words: str) -> list[tuple[str, str]]:
    """The pages that a search finds, in order: the name, and what is shown of it."""
    page = open_page(f"{site}search.html?q={words}")
    page.wait_for_function("document.querySelector('.search-summary')?.innerText.includes('found')")
    page.wait_for_function("""[...document.querySelectorAll('#search-results li')].every(
      (one) => one.querySelector('.context, p, span') || one.innerText.trim())""")
    page.wait_for_load_state("networkidle")
    found = page.locator("#search-results li").evaluate_all(
        "all => all.map((one) => [one.querySelector('a').getAttribute('href'), one.innerText])"
    )
    return [(href.partition(".html")[0], text) for href, text in found]


def rank(name: str) -> int:
    """The pages of rooms, then what is around them and functions, then solutions."""
    if name.startswith("solutions/"):
        return 2
    return 0 if name.startswith("book/") and name.count("/") == 2 and "index" not in name else 1


@pytest.mark.parametrize(
    ("words", "first"),
    [
        ("padding", "book/convolution/padding"),
        ("nms", "book/detection/iou-and-nms"),
        ("IoU", "book/detection/iou-and-nms"),
        ("resnet", "book/architectures/resnet"),
        ("gram matrix", "book/style/transfer"),
        ("cross_correlate", "book/convolution/"),  # a function
        ("stamp filter", "book/segmentation/transposed"),  # what a figure does
    ],
)
def test_the_page_about_a_thing_comes_first_and_solutions_last(open_page, site, words, first):
    found = results(open_page, site, words)
    names = [name for name, _ in found]
    assert names[0].startswith(first)
    assert (ranks := [rank(name) for name in names]) == sorted(ranks)
    for _, text in found:
        assert not [button for button in BUTTONS if re.search(rf"\b{button}\b", text)]


def test_what_a_search_shows_of_a_page_has_no_button(open_page, site):
    page = open_page(f"{site}search.html")
    page.wait_for_function("typeof Search === 'object'")
    for name in (TOC["root"], *CHAPTERS):
        buttons, text = page.evaluate(TEXT_OF, [f"{site}{name}.html", MARK])
        assert buttons > 2
        assert MARK not in text, name
        assert parsed(name).h1.find(string=True).strip() in text


def test_a_function_is_found_in_the_reference_too(open_page, site):
    found = dict(results(open_page, site, "same_padding"))
    assert next(iter(found)) == "book/convolution/padding"
    assert "reference/convolution" in found


def test_the_words_of_the_field_and_their_index_are_linked(site):
    assert parsed(TOC["root"]).select('article a[href="glossary.html"]')
    assert parsed("book/glossary").select('article a[href="../genindex.html"]')


# What others see


def test_each_page_says_what_it_is_to_other_sites(site):
    for name in (TOC["root"], *CHAPTERS):
        said = {
            meta.get("property", meta.get("name")): meta["content"]
            for meta in parsed(name).select("meta[property], meta[name]")
        }
        assert said["og:url"] == f"{BASE}{name}.html"
        assert said["og:image"] == f"{BASE}_static/preview.jpg"
        assert said["og:image:alt"] and said["og:title"]
    descriptions = {name: parsed(name).select_one('meta[name="description"]') for name in CHAPTERS}
    for name, found in descriptions.items():
        if name.startswith("book/") and name != "book/bibliography":
            assert found and len(found["content"]) > 20, name
    assert (HTML / "_static" / "preview.jpg").stat().st_size < 300_000


def test_the_map_of_the_site_has_each_page_once(site):
    root = ElementTree.parse(HTML / "sitemap.xml").getroot()
    found = sorted(place.text for place in root.findall(".//{*}loc"))
    assert found == sorted(f"{BASE}{name}.html" for name in (TOC["root"], *CHAPTERS))


def test_a_wrong_address_leads_back_from_any_depth(site):
    """Its links are whole: the page is shown at the wrong address, however deep that is."""
    page = parsed("404")
    prefix = "/" + BASE.split("/", 3)[3]
    for link in page.select("a[href], link[href], script[src]"):
        address = link.get("href", link.get("src"))
        if address.startswith(("http", "#", BASE)):
            continue
        assert address.startswith(prefix), link
        file = address.removeprefix(prefix).partition("?")[0].partition("#")[0]
        assert (HTML / file).is_file(), link
    assert [heading.get_text() for heading in page.select("h1")] == ["This page is not here"]


def test_structured_text_in_pages_is_whole(site):
    """Nothing that a machine reads is broken by what was mended."""
    for script in parsed(TOC["root"]).select('script[type$="json"]:not([data-src])'):
        json.loads(script.string)
    beside = (HTML / f"{TOC['root']}.figures.js").read_text("utf-8")
    states = json.loads(beside.removeprefix("window.figureStates = ").rstrip(";\n"))["state"]
    assert {one["model_module"] for one in states.values()} >= {"anywidget"}
