"""A search finds a page by what its figures do.

What an interactive figure says stands in its script, where no search looks. So the first line of
its class's description goes into the page's keywords, and with it its name.
"""

import ast
import json
import re
from functools import cache
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx

IMPORT = re.compile(r"from cnnlab\.widgets import (?P<names>\([^)]*\)|[^\n]*)")
EVERYWHERE = {"Predict"}  # it says nothing of the page


@cache
def descriptions(folder: Path) -> dict[str, str]:
    """For each figure its first line and its title."""
    found = {}
    for file in folder.glob("[!_]*.py"):
        for node in ast.parse(file.read_text("utf-8")).body:
            phrases = file.with_suffix(".json")
            if isinstance(node, ast.ClassDef) and phrases.exists():
                title = json.loads(phrases.read_text("utf-8"))["en"].get("title", "")
                first = (ast.get_docstring(node) or "").partition("\n\n")[0]
                found[node.name] = f"{node.name} {title} {first}"
    return found


def figures_in(code: str) -> list[str]:
    """The figures that a page's code brings in."""
    lists = (match["names"] for match in IMPORT.finditer(code))
    return [name for names in lists for name in re.findall(r"\w+", names)]


def add_keywords(app: Sphinx, doctree: nodes.document) -> None:
    code = "\n".join(block.astext() for block in doctree.findall(nodes.literal_block))
    names = [name for name in figures_in(code) if name not in EVERYWHERE]
    if not names:
        return
    said = descriptions(Path(app.srcdir, "cnnlab", "widgets"))
    words = re.findall(r"\w+", " ".join(said.get(name, "") for name in names))
    keywords = ", ".join(dict.fromkeys(words))
    doctree.insert(0, nodes.meta(name="keywords", content=keywords, lang="en"))


def setup(app: Sphinx) -> None:
    app.connect("doctree-read", add_keywords)
