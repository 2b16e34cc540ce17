"""The role `beside`: a link to a file that lies beside the published book, such as its PDF.

Such a file is made from the finished book, so no page can find it when the book is built. The link
leads to where the book lives on the web.
"""

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import ReferenceRole


class Beside(ReferenceRole):
    """``{beside}`a PDF <cnnlab-book.pdf>```."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        return [nodes.reference("", self.title, refuri="", beside=self.target)], []


def fill_addresses(app: Sphinx, doctree: nodes.document, page: str) -> None:
    """Only now: whoever publishes may have said where the course lives since the page was read."""
    for link in doctree.findall(nodes.reference):
        if file := link.get("beside"):
            link["refuri"] = app.config.html_baseurl + file


def setup(app: Sphinx) -> None:
    app.add_role("beside", Beside())
    app.connect("doctree-resolved", fill_addresses)
