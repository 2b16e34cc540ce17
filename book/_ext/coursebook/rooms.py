"""The rooms as the book shows them: what a page says of itself, and the table of a room's pages.

A page of a room begins with its title, its question and its minutes. The directive `room-pages` of
a room's overview reads them there, so they are written once. Each page is told to which room it
belongs: `course.css` has a colour for each.
"""

import posixpath
import re
from pathlib import Path
from typing import NamedTuple

from bs4 import BeautifulSoup
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective
from sphinx_external_toc.api import FileItem

from .record import link, table

QUESTION = re.compile(r"^# .+\n\n\*(?P<question>[^*]+)\*$", re.MULTILINE)
MINUTES = re.compile(r"^\*\*Time:\*\* (?P<minutes>\d+) minutes\.", re.MULTILINE)
OVERVIEW = "index"  # a room's first page
logger = logging.getLogger(__name__)


class Head(NamedTuple):
    """What a page says of itself at its top."""

    question: str
    minutes: int


def head_of(text: str) -> Head:
    """The question and the minutes of a page.

    Raises
    ------
    ValueError
        If it lacks one of them.
    """
    question, minutes = QUESTION.search(text), MINUTES.search(text)
    if not question or not minutes:
        raise ValueError("it lacks its question below the title, or its minutes (**Time:** …)")
    return Head(" ".join(question["question"].split()), int(minutes["minutes"]))


def room_of(page: str) -> str:
    """The room of a page by its name: ``book/faces/siamese`` or ``solutions/faces``; else empty."""
    match page.split("/"):
        case ["book", room, _] | ["solutions", room]:
            return room
    return ""


def pages_of(config: Config, room: str) -> list[str]:
    """The pages of a room in the book's order, without its overview."""
    trees = [tree for page in config.external_site_map.values() for tree in page.subtrees]
    names = [str(item) for tree in trees for item in tree.items if isinstance(item, FileItem)]
    folder, overview = f"book/{room}", f"book/{room}/{OVERVIEW}"
    return [name for name in names if posixpath.dirname(name) == folder and name != overview]


class RoomPages(SphinxDirective):
    """``{room-pages}``: the pages of the room in which it stands, with question and minutes."""

    def run(self) -> list[nodes.Node]:
        here, rows, total = self.env.docname, [], 0
        self.env.note_dependency(str(Path(self.env.srcdir, self.config.external_toc_path)))
        for name in pages_of(self.config, room_of(here)):
            source = Path(self.env.srcdir, f"{name}.md")
            self.env.note_dependency(str(source))
            try:
                head = head_of(source.read_text("utf-8"))
            except ValueError as error:
                logger.warning("%s: %s", name, error, location=self.get_location())
                continue
            rows.append([link(here, name), head.question, str(head.minutes)])
            total += head.minutes
        rows.append(["All pages", "", str(total)])
        return [table(["Page", "Its question", "Minutes"], rows, "room-pages")]


def tell_room(page: BeautifulSoup, name: str) -> None:
    """Say in the page to which room it belongs, and which part of the contents is which room's."""
    if room := room_of(name):
        page.html["data-room"] = room
    for caption in page.select(".bd-links__title, p.caption"):
        caption["data-room"] = caption.get_text(strip=True).lower()


def setup(app: Sphinx) -> None:
    app.add_directive("room-pages", RoomPages)
