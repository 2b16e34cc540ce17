"""What a page's figures begin with travels beside the page: its text need not wait for it.

On the front page these are the numbers of a whole network, ten times the page's own text. It is a
script, since a page that is opened from a folder may read no other file.
"""

import re
from hashlib import sha256
from pathlib import Path

from sphinx.application import Sphinx

KIND = "application/vnd.jupyter.widget-state+json"
STATES = re.compile(rf'<script type="{re.escape(KIND)}">(.*?)</script>', re.DOTALL)
ENDING = ".figures.js"
BESIDE = (
    '<link rel="preload" as="script" fetchpriority="low" href="{address}"/>\n'
    '<script type="{kind}" data-src="{address}"></script>'
)


def beside(html: str, name: str) -> tuple[str, str | None]:
    """A page that names its figures' states by their address, and the script of this file name.

    ``anywidget-lite.js`` asks for it. Of a page that has no states, or none any more: ``None``.
    """
    found = STATES.search(html)
    if not found:
        return html, None
    script = f"window.figureStates = {found[1].strip()};\n"
    address = f"{name}?v={sha256(script.encode()).hexdigest()[:8]}"
    return html.replace(found[0], BESIDE.format(kind=KIND, address=address), 1), script


def move_states(app: Sphinx, exception: Exception | None) -> None:
    """Move the states out of the pages that this build wrote."""
    if exception or app.builder.format != "html":
        return
    for path in Path(app.outdir).rglob("*.html"):
        script = path.with_suffix(ENDING)
        html, states = beside(path.read_text("utf-8"), script.name)
        if states is not None:
            script.write_text(states, "utf-8")
            path.write_text(html, "utf-8")


def setup(app: Sphinx) -> None:
    app.connect("build-finished", move_states, priority=650)  # icons and styles read them before
