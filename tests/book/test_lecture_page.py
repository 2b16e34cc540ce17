"""*The lecture, slide by slide*: what its tables say is what the pages prove."""

import ast
import re
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from pathlib import Path

import jupytext
import numpy as np
import pytest
import yaml

from cnnlab.rooms import ROOMS

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "book" / "lecture.md").read_text("utf-8")
TOC = yaml.safe_load((ROOT / "_toc.yml").read_text("utf-8"))
CHAPTERS = [chapter["file"] for part in TOC["parts"] for chapter in part["chapters"]]
ROW = re.compile(r"^\| [^|]+ \| \{doc\}`(?P<page>[^`]+)` \| (?P<numbers>.+) \|$", re.MULTILINE)
ROWS = [(f"book/{row['page']}", row["numbers"]) for row in ROW.finditer(PAGE)]
NOTHING = ("—", "formula", "both branches")  # how a part without a number of the lecture begins


def claimed(cell: str) -> list[float]:
    """The numbers that a cell of the table claims to be proved: they are bold."""
    words = " ".join(re.findall(r"\*\*(.+?)\*\*", cell)).replace(",", "").replace("−", "-")
    return [float(word) for word in words.split()]


def expected_values(source: str) -> Iterator[tuple[str, list[float]]]:
    """For each call of `lecture.says` on a page: the call, and the numbers that the lecture has.

    What it is given is a literal, or a name for one; other names stay unknown.
    """
    known: dict = {"np": np}
    for cell in jupytext.reads(source, fmt="md:myst").cells:
        if cell.cell_type != "code" or cell.source.startswith("%"):
            continue
        for node in ast.walk(ast.parse(cell.source)):
            if isinstance(node, ast.Assign | ast.AugAssign) and is_written_out(node.value):
                with suppress(Exception):  # it holds what was computed
                    exec(ast.unparse(node), {"__builtins__": {}}, known)
            elif isinstance(node, ast.Call) and ast.unparse(node.func) == "lecture.says":
                value = eval(ast.unparse(node.args[0]), {"__builtins__": {}}, known)
                yield ast.unparse(node), np.ravel(np.asarray(value, float)).tolist()


def is_written_out(value: ast.expr) -> bool:
    """Whether it calls nothing, `np.array` apart."""
    calls = [node for node in ast.walk(value) if isinstance(node, ast.Call)]
    return all(ast.unparse(call.func) == "np.array" for call in calls)


@cache
def proofs(page: str) -> list[tuple[str, list[float]]]:
    return list(expected_values((ROOT / f"{page}.md").read_text("utf-8")))


def test_the_numbers_are_read_as_they_are_written():
    assert claimed("10 filters: **280**; rows **0 −30 1.5**, **1,176**×**2**") == [
        *(280, 0, -30, 1.5, 1176, 2)
    ]
    source = """---
jupytext: {text_representation: {extension: .md, format_name: myst}}
---
```{code-cell} ipython3
a, b = [0, 0], [3]
b += [-1]
lecture.says([a, b] * 2, computed(a))
c = computed(b)
lecture.says(3 * 10**2, c)
```
"""
    assert [found for _, found in expected_values(source)] == [[0, 0, 3, -1] * 2, [300]]


@pytest.mark.parametrize(("page", "numbers"), ROWS)
def test_a_row_links_to_a_page_that_proves_its_numbers(page, numbers):
    assert page in CHAPTERS
    proved = {number for _, values in proofs(page) for number in values}
    assert set(claimed(numbers)) <= proved
    assert claimed(numbers) or numbers.startswith(NOTHING)


@pytest.mark.parametrize("page", [name for name in CHAPTERS if name.startswith("book/")])
def test_every_proof_is_in_the_table(page):
    """And no row says that there is none where a page has one."""
    said = {number for name, numbers in ROWS if name == page for number in claimed(numbers)}
    for call, values in proofs(page):
        assert said & set(values), f"{page}: {call} is not in the table"


def test_each_room_has_its_part_in_order_and_every_line_is_read():
    """The lecture's topics are these: what is left out would be missed here."""
    assert re.findall(r"^## (\w+)$", PAGE, re.MULTILINE) == [
        *("Start", *(room.name.capitalize() for room in ROOMS))
    ]
    lines = [line for line in PAGE.splitlines() if line.startswith("| ")]
    heads = [line for line in lines if line.startswith("| The lecture | The page |")]
    assert len(lines) == len(heads) + len(ROWS) == 7 + 35
