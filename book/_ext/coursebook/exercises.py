"""The role `exercise`: a link that opens the exercise of a room in Colab.

An exercise is no page of the book: it is there to be worked on, not to be read. Like the launch
buttons, the link points at the branch of the made notebooks.
"""

from pathlib import Path
from urllib.parse import urlsplit

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.util.docutils import ReferenceRole

logger = logging.getLogger(__name__)


class Exercise(ReferenceRole):
    """``{exercise}`convolution``` or ``{exercise}`text <convolution>```."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        source = Path(self.env.srcdir, "exercises", f"{self.target}.md")
        if not source.is_file():
            logger.warning("there is no exercise %r", self.target, location=self.get_location())
            return [nodes.Text(self.title)], []
        self.env.note_dependency(str(source))
        title = self.title if self.has_explicit_title else title_of(source.read_text("utf-8"))
        return [nodes.reference("", title, refuri="", exercise=self.target)], []


def title_of(text: str) -> str:
    """The first heading of a page; its header has lines that look like one."""
    lines = text.partition("\n---\n")[2].splitlines()
    return next(line for line in lines if line.startswith("# ")).removeprefix("# ")


def address(room: str, repository: str, branch: str, colab: str) -> str:
    """Where Colab opens the exercise's notebook."""
    return f"{colab}/github{urlsplit(repository).path}/blob/{branch}/exercises/{room}.ipynb"


def fill_addresses(app: Sphinx, doctree: nodes.document, page: str) -> None:
    """Only now: whoever publishes may have said where the course lives since the page was read."""
    options = app.config.html_theme_options
    for link in doctree.findall(nodes.reference):
        if room := link.get("exercise"):
            link["refuri"] = address(
                room,
                options["repository_url"],
                app.config.course_notebook_branch,
                options["launch_buttons"]["colab_url"],
            )


def setup(app: Sphinx) -> None:
    app.add_role("exercise", Exercise())
    app.connect("doctree-resolved", fill_addresses)
