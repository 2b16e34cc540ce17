"""The pattern of a page, as CONTRIBUTING.md describes it: all keep it."""

import ast
import re
from functools import cache
from io import BytesIO
from pathlib import Path

import jupytext
import pytest
import yaml
from PIL import Image

from cnnlab.rooms import NAMES

ROOT = Path(__file__).resolve().parents[2]
TOC = yaml.safe_load((ROOT / "_toc.yml").read_text("utf-8"))
CHAPTERS = [chapter["file"] for part in TOC["parts"] for chapter in part["chapters"]]
IN_ROOMS = [name for name in CHAPTERS if name.startswith(tuple(f"book/{room}/" for room in NAMES))]
# The first lesson stands before the rooms; an overview of a room teaches nothing.
PAGES = ["book/why-convolution", *(name for name in IN_ROOMS if not name.endswith("/index"))]
MOST_OPEN = 25
WIDEST = 72  # characters: what a page beside its table of contents shows without scrolling
FOLDED = {"hide-input", "hide-cell", "remove-input", "remove-cell"}
RECALL = re.compile(r"```\{admonition\}.*\n:class: dropdown recall\n(?P<answer>(?:.*\n)*?)```")


@cache
def cells(text: str) -> tuple:
    """The code cells of a page."""
    notebook = jupytext.reads(text, fmt="md:myst")
    return tuple(cell for cell in notebook.cells if cell.cell_type == "code")


def is_open(cell) -> bool:
    return not FOLDED & set(cell.metadata.get("tags", ()))


def all_calls(cell) -> list[ast.Call]:
    """The calls, wherever they stand in a cell."""
    code = "\n".join(line for line in cell.source.splitlines() if not line.startswith(("%", "!")))
    return [node for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Call)]


def calls(cell, name: str) -> list[ast.Call]:
    """The calls of a function by its name."""
    return [call for call in all_calls(cell) if getattr(call.func, "id", "") == name]


def few_open_cells(text: str) -> list[str]:
    number = sum(map(is_open, cells(text)))
    return [f"{number} open cells; at most {MOST_OPEN}"] if number > MOST_OPEN else []


def short_lines(text: str) -> list[str]:
    lines = (line for cell in cells(text) if is_open(cell) for line in cell.source.splitlines())
    return [
        f"{len(line)} characters in an open cell: {line}" for line in lines if len(line) > WIDEST
    ]


def folded_drawings(text: str) -> list[str]:
    drawing = (cell for cell in cells(text) if is_open(cell) and calls(cell, "show"))
    return [f"a cell that draws is open: {cell.source}" for cell in drawing]


def named_folds(text: str) -> list[str]:
    folds = (cell for cell in cells(text) if "hide-input" in cell.metadata.get("tags", ()))
    return [f"a fold without a title: {c.source}" for c in folds if not re.match(r"# \w", c.source)]


def words_apart(text: str) -> list[str]:
    """A description that is fixed is an option of the cell; one with measured numbers is code."""
    return [
        f"the alternative text stands in the code: {keyword.value.value}"
        for cell in cells(text)
        for call in calls(cell, "show")
        for keyword in call.keywords
        if keyword.arg == "alt" and isinstance(keyword.value, ast.Constant)
    ]


def predictions(text: str) -> list[str]:
    asking = [cell for cell in cells(text) if calls(cell, "Predict")]
    number = sum(len(calls(cell, "Predict")) for cell in asking)
    faults = [f"{number} predictions; at least 2"] if number < 2 else []
    return faults + ["a prediction shows its answer in open code"] * any(map(is_open, asking))


def questions_to_recall(text: str) -> list[str]:
    number = len(RECALL.findall(text))
    return [] if number == 3 else [f"{number} questions to recall; 3 are expected"]


def training_on_both(text: str) -> list[str]:
    """XLA is worth its time on JAX only: `cnnlab.backend` says why."""
    compiled = [
        call
        for cell in cells(text)
        for call in all_calls(cell)
        if isinstance(call.func, ast.Attribute)
        and call.func.attr == "compile"
        and ast.unparse(call.func) != "re.compile"
    ]
    return [
        f"expected jit_compile=ON_JAX: {ast.unparse(call)}"
        for call in compiled
        if "jit_compile=ON_JAX" not in map(ast.unparse, call.keywords)
    ]


RULES = (
    few_open_cells,
    short_lines,
    folded_drawings,
    named_folds,
    words_apart,
    predictions,
    questions_to_recall,
    training_on_both,
)


def faults(text: str) -> list[str]:
    return [fault for rule in RULES for fault in rule(text)]


def text_of(name: str) -> str:
    return (ROOT / f"{name}.md").read_text("utf-8")


@pytest.mark.parametrize("name", PAGES)
def test_a_page_keeps_the_pattern(name):
    assert faults(text_of(name)) == []
    if name != PAGES[0]:  # there is nothing earlier to recall
        assert any("{doc}" in answer for answer in RECALL.findall(text_of(name)))


HEAD = """\
---
jupytext: {text_representation: {extension: .md, format_name: myst}}
kernelspec: {display_name: Python 3, language: python, name: python3}
---
"""


def page(*sources: str, tags: str = "", recall: int = 3) -> str:
    """A page with these cells, and nothing wrong but what is in them."""
    option = f":tags: [{tags}]\n\n" if tags else ""
    blocks = [f"\n```{{code-cell}} ipython3\n{option}{source}\n```\n" for source in sources]
    asked = '# Predict: it\nPredict("?", 1)\nPredict("!", 2)'
    blocks.append(f"\n```{{code-cell}} ipython3\n:tags: [hide-input]\n\n{asked}\n```\n")
    blocks += ["\n```{admonition} What?\n:class: dropdown recall\nThat.\n```\n"] * recall
    return HEAD + "".join(blocks)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (page("x = 1"), None),
        (page(*["x = 1"] * 25), None),
        (page(*["x = 1"] * 26), "26 open cells"),
        (page("x" * 72), None),
        (page("x" * 73), "73 characters"),
        (page("# Draw\n" + "x" * 90, tags="hide-input"), None),
        (page("x = 1\nshow(x)"), "a cell that draws is open"),
        (page("for x in y:\n    show(x)"), "a cell that draws is open"),
        (page("# Draw: x\nshow(x)", tags="hide-input"), None),
        (page("show(x)", tags="hide-input"), "a fold without a title"),
        (page('# Draw\nshow(x, alt="a long story")', tags="hide-input"), "stands in the code"),
        (page('# Draw\nshow(x, alt=f"{n} cats")', tags="hide-input"), None),
        (page("x = 1").replace('Predict("!", 2)', ""), "1 predictions"),
        (page('Predict("?", 3)'), "shows its answer"),
        (page("x = 1", recall=2), "2 questions"),
        (page("net.compile(adam, jit_compile=ON_JAX)  # not jit_compile=False"), None),
        (page("net.compile(adam, jit_compile = False)"), "expected jit_compile=ON_JAX"),
        (page("# Set up\nnet.compile(adam)", tags="hide-input"), "expected jit_compile=ON_JAX"),
        (page('re.compile("a+")'), None),
    ],
)
def test_the_rules_see_what_they_should(text, found):
    seen = faults(text)
    assert (found in seen[0] and len(seen) == 1) if found else seen == []


# The built book

READY = """async () => {
  dispatchEvent(new Event("scroll"));  // figures below start with the reader's first move
  for (const fold of document.querySelectorAll("article details")) fold.open = true;
  await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
}"""
# Boxes that hide a part of what they hold, to the side, and do not say so at their edge.
SILENT = """() => [...document.querySelectorAll("article *")].filter((box) => {
  const style = getComputedStyle(box);
  if (box.scrollWidth <= box.clientWidth + 1 || !box.checkVisibility()) return false;
  if (!["auto", "scroll"].includes(style.overflowX)) return false;
  if (box.matches("input, textarea, select")) return false;
  return !(style.backgroundImage.split("linear-gradient").length === 5 &&
    style.backgroundAttachment.startsWith("local, local, scroll, scroll"));
}).map((box) => `${box.tagName} ${box.className}: ${box.textContent.slice(0, 60)}`)"""


@pytest.mark.browser
@pytest.mark.parametrize("name", CHAPTERS)
def test_what_goes_on_to_the_side_says_so(site, open_page, name):
    opened = open_page(f"{site}{name}.html", width=390)
    for width in (390, 320):
        opened.set_viewport_size({"width": width, "height": 844})
        opened.evaluate(READY)
        assert opened.evaluate(SILENT) == []
        assert opened.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.browser
@pytest.mark.parametrize("dark", [False, True])
def test_the_edge_can_be_seen_and_goes_at_the_end(site, open_page, dark):
    opened = open_page(f"{site}{PAGES[0]}.html", width=320, dark=dark)
    opened.evaluate(READY)
    box = opened.locator(".cell_input pre").first

    def edges() -> tuple[int, int]:
        """How far the left and the right edge stand out from the sheet, below all letters."""
        image = Image.open(BytesIO(box.screenshot())).convert("L")
        row = image.height - 5
        sheet = image.getpixel((image.width // 2, row))
        return tuple(abs(image.getpixel((x, row)) - sheet) for x in (4, image.width - 5))

    left, right = edges()
    assert left < 8 < 30 < right
    box.evaluate("box => { box.scrollLeft = box.scrollWidth }")
    left, right = edges()
    assert right < 8 < 30 < left
