"""A page of solutions says that it is one, and does not show the marks of `tools/exercises.py`.

The page is the source of the exercise that students get, so its heading is the exercise's, and
marks say what is left out there.
"""

import re

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.transforms import SphinxTransform

MARKS = re.compile(r"^ *### (BEGIN|END) SOLUTION\n?", re.MULTILINE)
HEADING = "Exercises: "


class ShowAsSolutions(SphinxTransform):
    """Heading and code of a page in ``solutions/``, as readers of the book should see them."""

    default_priority = 400

    def apply(self, **kwargs) -> None:
        if not self.env.docname.startswith("solutions/"):
            return
        title = next(self.document.findall(nodes.title))
        for text in title.findall(nodes.Text):
            text.parent.replace(text, nodes.Text(text.replace(HEADING, "Solutions: ", 1)))
        for block in self.document.findall(nodes.literal_block):
            code = MARKS.sub("", block.astext()).rstrip("\n")
            block.rawsource, block.children = code, []
            block += nodes.Text(code)


def setup(app: Sphinx) -> None:
    app.add_transform(ShowAsSolutions)
