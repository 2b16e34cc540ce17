"""Formulas are typeset when the book is built: a reader's browser has only to draw them.

KaTeX writes each as HTML, and as MathML for those who listen. It is a script, so a JavaScript
engine runs it, which pip brings. A formula that KaTeX cannot read is a warning at its line.
"""

from functools import cache
from html import escape
from pathlib import Path

from docutils import nodes
from py_mini_racer import JSEvalException, MiniRacer
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.util.math import get_node_equation_number
from sphinx.writers.html5 import HTML5Translator

KATEX = Path(__file__).resolve().parents[1] / "katex" / "katex.min.js"
OPTIONS = {"strict": "error", "throwOnError": True}

logger = logging.getLogger(__name__)


@cache
def engine() -> MiniRacer:
    """A JavaScript engine that has read KaTeX."""
    racer = MiniRacer()
    racer.eval(KATEX.read_text("utf-8"))
    return racer


@cache
def typeset(tex: str, display: bool = False) -> str:
    """A formula as HTML with MathML beside it; a line of its own if it is for display.

    Raises
    ------
    ValueError
        If KaTeX does not know a command, or a brace is missing. It says what and where.
    """
    try:
        return engine().call("katex.renderToString", tex, OPTIONS | {"displayMode": display})
    except JSEvalException as error:
        said = next(line for line in str(error).splitlines() if line.startswith("ParseError: "))
        raise ValueError(f"{said.removeprefix('ParseError: ')} (the formula: {tex})") from None


def typeset_or_warn(node: nodes.Element, tex: str, display: bool = False) -> str:
    try:
        return typeset(tex, display)
    except ValueError as error:
        logger.warning("%s", error, location=node)
        return escape(tex)


def inline(self: HTML5Translator, node: nodes.math) -> None:
    opened = self.starttag(node, "span", "", CLASS="math notranslate nohighlight")
    self.body.append(f"{opened}{typeset_or_warn(node, node.astext())}</span>")
    raise nodes.SkipNode


def display(self: HTML5Translator, node: nodes.math_block) -> None:
    """A formula on a line of its own, with its number if a label gives it one."""
    self.body.append(self.starttag(node, "div", CLASS="math notranslate nohighlight"))
    if node["number"]:
        self.body.append(f'<span class="eqno">({get_node_equation_number(self, node)})')
        self.add_permalink_ref(node, "Link to this equation")
        self.body.append("</span>")
    self.body.append(typeset_or_warn(node, node.astext(), display=True) + "</div>\n")
    raise nodes.SkipNode


def setup(app: Sphinx) -> None:
    app.add_html_math_renderer("katex", (inline, None), (display, None))
