"""The reference: all that the package offers, rightly described, and linked with the pages."""

import inspect
import re
import sys
from functools import cache
from importlib import import_module
from pathlib import Path

import pytest
import yaml
from bs4 import BeautifulSoup
from sphinx.ext.napoleon import Config
from sphinx.ext.napoleon.docstring import NumpyDocstring

from cnnlab.rooms import NAMES

ROOT = Path(__file__).resolve().parents[2]
HTML = ROOT / "_build" / "html"
sys.path.insert(0, str(ROOT / "book" / "_ext"))

from coursebook import functions  # noqa: E402

TOC = yaml.safe_load((ROOT / "_toc.yml").read_text("utf-8"))
CHAPTERS = [chapter["file"] for part in TOC["parts"] for chapter in part["chapters"]]
REFERENCE = [name for name in CHAPTERS if name.startswith("reference/")]
PACKAGES = [f"cnnlab.{name}" for name in (*NAMES, "data", "widgets")]


def offered(package: str) -> dict[str, object]:
    """The public names of a package, and what they stand for."""
    module = import_module(package)
    return {name: getattr(module, name) for name in module.__all__}


# ---- docstrings ----


def faults(docstring: str, arguments: set[str]) -> list[str]:
    """What a docstring says of arguments that there are not."""
    lines = NumpyDocstring(inspect.cleandoc(docstring), Config()).lines()
    said = [found[1] for line in lines if (found := re.match(r":param (.+?):", line))]
    return [name for name in said if name.replace("\\", "").lstrip("*") not in arguments]


def test_the_rule_sees_a_sentence_among_the_arguments():
    docstring = "Go.\n\nParameters\n----------\nx, y\n    Places.\n\nThe rest, here.\n"
    assert faults(docstring, {"x", "y"}) == ["The rest", "here."]
    assert faults(docstring.partition("\n\nThe")[0], {"x"}) == ["y"]


@pytest.mark.networks
@pytest.mark.parametrize("package", [*PACKAGES, "cnnlab"])
def test_what_is_offered_is_described(package):
    found = offered(package) if package != "cnnlab" else {}
    if package == "cnnlab":
        module = import_module(package)
        found = {name: getattr(module, name) for name in ("check", "exercise")}
    for name, item in found.items():
        if not callable(item):
            assert functions.remark(package, name), name
            continue
        assert item.__doc__, name
        own = item.__init__ if inspect.isclass(item) else item
        arguments = set(inspect.signature(own).parameters) | set(getattr(item, "_fields", ()))
        assert faults(item.__doc__, arguments) == [], name


# ---- what a page uses ----


def test_uses_are_read_from_cells():
    cells = [
        (
            "%matplotlib inline\nimport cnnlab\nfrom cnnlab.faces.losses import triplet_loss\n"
            "from cnnlab.convolution import pad as border, pool\nfrom numpy import pad",
            True,
        ),
        ("border(x)\ncnnlab.check('iou', mine)", True),
        ("triplet_loss(a); pad(y); pool.size; pooled(1)", False),
    ]
    assert functions.uses_of(cells) == {
        "cnnlab.convolution.pad": True,
        "cnnlab.check": True,
        "cnnlab.faces.triplet_loss": False,
        "cnnlab.convolution.pool": False,
        "cnnlab.convolution.pool.size": False,
    }


# ---- the built book ----


@cache
def parsed(name: str) -> BeautifulSoup:
    return BeautifulSoup((HTML / f"{name}.html").read_text("utf-8"), "html.parser")


def targets(name: str, selector: str) -> set[str]:
    """Where links of a page lead, as ``page#anchor`` from the book's root."""
    found = set()
    for link in parsed(name).select(selector):
        address, _, anchor = link["href"].partition("#")
        page = (HTML / name).parent.joinpath(address).resolve().relative_to(HTML)
        found.add(f"{page.with_suffix('').as_posix()}#{anchor}")
    return found


@pytest.mark.browser
@pytest.mark.parametrize("package", PACKAGES)
def test_the_reference_has_what_is_offered_and_nothing_else(site, package):
    page = parsed(f"reference/{package.removeprefix('cnnlab.')}")
    found = [name["id"] for name in page.select("article section > dl.py > dt")]
    assert sorted(found) == sorted(f"{package}.{name}" for name in offered(package))


@pytest.mark.browser
def test_pages_and_functions_are_linked_both_ways(site):
    """What a page links to, links back to it; and what is used on a page, is linked there."""
    there = {
        (target.partition("#")[2], name)
        for name in CHAPTERS
        if name.startswith("book/")
        for target in targets(name, "p.functions a")
    }
    back = set()
    for name in REFERENCE:
        for link in parsed(name).select("dl.py > dd > p.used-on a"):
            page = (HTML / name).parent.joinpath(link["href"].partition("#")[0]).resolve()
            page = page.relative_to(HTML).with_suffix("").as_posix()
            back.add((link.find_parent("dl", class_="py").dt["id"], page))
    assert there == back
    assert ("cnnlab.convolution.same_padding", "book/convolution/padding") in there
    assert len(there) > 200


@pytest.mark.browser
@pytest.mark.parametrize(
    ("function", "page"),
    [
        ("cnnlab.convolution.cross_correlate", "book/convolution/edges"),
        ("cnnlab.detection.encode", "book/detection/yolo"),
    ],
)
def test_a_function_names_first_the_page_that_teaches_it(site, function, page):
    name = f"reference/{function.split('.')[1]}"
    line = parsed(name).find(id=function).find_parent("dl").select_one("p.used-on")
    assert line.get_text().startswith("Taught on")
    target = (HTML / name).parent.joinpath(line.a["href"]).resolve().relative_to(HTML)
    assert target.with_suffix("").as_posix() == page


@pytest.mark.browser
def test_the_command_is_shown_as_it_says_itself(site):
    text = parsed("reference/grading").select_one("article pre").get_text()
    assert "--rules RULES.toml" in text and "Exit code" in text
    assert max(map(len, text.splitlines())) <= 100


# ---- what is ours to say ----


def test_what_another_package_says_of_a_method_is_left_out():
    class Ours:
        def told(self):
            """In our words."""

    from cnnlab.convolution import ReLU
    from cnnlab.faces import CollapseWatch, PKBatches

    assert functions.said_by_others(CollapseWatch.on_epoch_end)
    assert not functions.said_by_others(PKBatches.on_epoch_end)  # its own words
    assert not functions.said_by_others(ReLU.backward)  # a class of ours says it
    assert not functions.said_by_others(Ours.told)


@pytest.mark.parametrize(
    "given, shown",
    [
        ("(tell=<built-in function print>)", "(tell=print)"),
        ("(s=1, *, by=<function nearest at 0x7f00>)", "(s=1, *, by=nearest)"),
        ("(n=3)", "(n=3)"),
        (None, ""),
    ],
)
def test_a_function_in_a_signature_has_its_name(given, shown):
    assert functions.readable(None, "function", "f", None, None, given, "") == (shown, "")


@pytest.mark.browser
@pytest.mark.parametrize("name", REFERENCE)
def test_signatures_are_readable(site, name):
    page = BeautifulSoup((HTML / f"{name}.html").read_text("utf-8"), "html.parser")
    signatures = [line.get_text() for line in page.select("dt.sig")]
    assert [line for line in signatures if "<" in line] == []
