"""A folded cell says what it does, in the words of its first line.

A cell tagged ``hide-input`` begins with a comment such as ``# Draw: the two maps``. The comment is
what stands where the code is folded away, in place of myst-nb's one sentence for every cell.
"""

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util import logging

logger = logging.getLogger(__name__)


def title_of(source: str) -> str | None:
    """What the first line of a cell says about it, if it is a comment."""
    first = source.lstrip().partition("\n")[0]
    return first.lstrip("# ").rstrip() or None if first.startswith("#") else None


def name_folds(app: Sphinx, doctree: nodes.document) -> None:
    for cell in doctree.findall(nodes.container):
        if cell.get("nb_element") == "cell_code" and cell.get("hide_mode") == "input":
            title = title_of(cell.children[0].astext())
            if title:
                cell["prompt_show"] = cell["prompt_hide"] = title
            else:
                sentence = "a folded cell says nothing: begin it with a comment on what it does"
                logger.warning(sentence, location=cell, type="coursebook", subtype="fold")


def setup(app: Sphinx) -> None:
    app.connect("doctree-read", name_folds)
