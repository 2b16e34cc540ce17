"""One style sheet in place of eight, with the rules that some page of the book can need.

Before a page is painted, its style sheets have to come. The theme brings all of Bootstrap: 311 kB
of rules, most of them for what no page has, and a browser matches each of them with each element.
"""

import os
import re
from collections.abc import Iterable, Iterator
from hashlib import sha256
from pathlib import Path

from bs4 import BeautifulSoup
from sphinx.application import Sphinx

# In the order in which a page names them. The first imports Sphinx's own style, and nothing else.
IMPORTED = {"styles/theme.css": "basic.css"}
SHEETS = (
    *("styles/theme.css", "styles/pydata-sphinx-theme.css", "pygments.css"),
    *("styles/sphinx-book-theme.css", "copybutton.css", "mystnb.*.css", "katex/katex.min.css"),
    "course.css",
)
BOOK = "styles/book.css"
ADDRESS = re.compile(r"""url\((?!["']?(?:data:|#))(["']?)""")
LINK = re.compile(r"styles/book\.css(\?v=\w+)?")
WORD = re.compile(r"[\w-]+")
COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
# A string, which may have any sign in it, or a sign that opens, closes or ends something.
SIGN = re.compile(r""""(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|[{}();,\[\]]""", re.DOTALL)
# What says nothing of a class that must be there: attributes, and what is one of several.
ASIDE = re.compile(r"\[[^\]]*\]|:(?:not|is|where|has)\((?:[^()]|\([^()]*\))*\)")
NAME = re.compile(r"[.#]((?:\\.|[\w-])+)")
SHORT = 4  # letters: "d-" and "p-" stand in prose too
NESTED = ("@media", "@supports", "@layer", "@container")


def blocks(style: str) -> Iterator[tuple[str, str | None]]:
    """A style's rules: what stands before the braces, and in them. ``None`` if there are none."""
    begin = opened = depth = 0
    for found in SIGN.finditer(style):
        sign, place = found[0], found.start()
        if sign == "{":
            opened, depth = (place, 1) if depth == 0 else (opened, depth + 1)
        elif sign == "}":
            depth -= 1
            if depth == 0:
                yield style[begin:opened].strip(), style[opened + 1 : place]
                begin = place + 1
        elif sign == ";" and depth == 0:
            yield style[begin:place].strip(), None
            begin = place + 1


def alternatives(selectors: str) -> Iterator[str]:
    """The selectors of a rule, which commas divide."""
    begin = depth = 0
    for found in SIGN.finditer(selectors):
        if found[0] in "([":
            depth += 1
        elif found[0] in ")]":
            depth -= 1
        elif found[0] == "," and depth == 0:
            yield selectors[begin : found.start()].strip()
            begin = found.end()
    yield selectors[begin:].strip()


def can_match(selector: str, words: set[str]) -> bool:
    """Whether each class and name that a selector asks for is a word of the book.

    A script may put a name together: ``bs-tooltip-`` and a side. A name with a backslash stays.
    """

    def known(name: str) -> bool:
        parts = name.split("-")
        begins = ("-".join(parts[:n]) + "-" for n in range(1, len(parts)))
        put_together = any(begin in words for begin in begins if len(begin) > SHORT)
        return name in words or put_together or "\\" in name

    return all(known(name) for name in NAME.findall(ASIDE.sub("", selector)))


def trimmed(style: str, words: set[str]) -> str:
    """A style without the rules that match nothing in a book that has these words."""
    kept = []
    for head, body in blocks(COMMENT.sub("", style)):
        if body is None:
            kept.append(f"{head};")
        elif head.startswith(NESTED):
            if inside := trimmed(body, words):
                kept.append(f"{head}{{{inside}}}")
        elif head.startswith("@"):
            kept.append(f"{head}{{{body.strip()}}}")
        elif matching := [one for one in alternatives(head) if can_match(one, words)]:
            kept.append(f"{','.join(matching)}{{{body.strip()}}}")
    return "\n".join(kept)


def one_style(page: BeautifulSoup) -> None:
    """A page asks for the book's sheet where it asked for the first of those that are in it."""
    first, *others = SHEETS
    for link in page.select('link[rel="stylesheet"]:not([media])'):
        folder, _, name = link["href"].partition("?")[0].rpartition("_static/")
        if name == first:
            link["href"] = f"{folder}_static/{BOOK}"
        elif any(Path(name).match(other) for other in others):
            link.decompose()


def words_of(texts: Iterable[Path]) -> set[str]:
    """All words of pages and scripts: the names of classes are among them."""
    return {word for path in texts for word in WORD.findall(path.read_text("utf-8"))}


def seen_from_book(static: Path, file: Path) -> str:
    """The text of a sheet; its fonts and pictures have addresses that lead from the book's."""
    lead = os.path.relpath(file.parent, (static / BOOK).parent)
    style = file.read_text("utf-8").removeprefix('@charset "UTF-8";')
    return style if lead == "." else ADDRESS.sub(rf"url(\1{lead}/", style)


def join(static: Path, words: set[str]) -> str:
    """The sheets as one, each trimmed."""
    files = [file for name in SHEETS for file in static.glob(IMPORTED.get(name, name))]
    texts = (trimmed(seen_from_book(static, file), words) for file in files)
    return '@charset "UTF-8";\n' + "\n".join(texts)


def write_one_style(app: Sphinx, exception: Exception | None) -> None:
    """Write the book's sheet, and its digest into the pages: a browser keeps it till it changes."""
    if exception or app.builder.format != "html":
        return
    out, static = Path(app.outdir), Path(app.outdir, "_static")
    pages = list(out.rglob("*.html"))
    style = join(static, words_of([*pages, *out.rglob("*.js")]))
    (static / BOOK).write_text(style, "utf-8")
    address = f"{BOOK}?v={sha256(style.encode()).hexdigest()[:8]}"
    for page in pages:
        text = page.read_text("utf-8")
        if (renewed := LINK.sub(address, text)) != text:
            page.write_text(renewed, "utf-8")


def setup(app: Sphinx) -> None:
    app.connect("build-finished", write_one_style, priority=600)  # the theme wrote its colours
