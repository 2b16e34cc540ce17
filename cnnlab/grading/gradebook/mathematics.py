"""Mathematics in a stranger's Markdown, drawn as pictures: a report runs no script that could.

Matplotlib draws the part of TeX that people write between dollar signs. What it does not know stays
text.
"""

import base64
import io
import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.rules_inline import StateInline
from markupsafe import Markup

# Between two dollars may stand spaces and ends of lines, between one and its formula none.
DOLLARS = re.compile(
    r"(?:(?P<two>\$\$)\s*|\$)(?=\S)(?P<tex>(?:[^$`\\]|\\.){1,400}?)(?<=\S)"
    r"(?(two)\s*\$\$|\$)(?!\d)",
    re.DOTALL,
)
# What people write and Matplotlib calls otherwise.
OTHERWISE = {
    r"\text": r"\mathrm",
    r"\lVert": r"\|",
    r"\rVert": r"\|",
    r"\le ": r"\leq ",
    r"\ge ": r"\geq ",
    r"\tfrac": r"\frac",
    r"\dfrac": r"\frac",
    "\n": " ",
}
MOST = 150  # formulas of a report that nobody else has written
KEPT = 4_000  # formulas; a class has most of them in common
POINTS = 12  # of the letters
SHARP = 2  # dots for a pixel


def mathematics(renderer: MarkdownIt) -> None:
    """Teach a renderer of Markdown what stands between dollar signs."""
    renderer.inline.ruler.before("escape", "mathematics", _found)
    renderer.add_render_rule("mathematics", _rendered)


def _rendered(renderer: Any, tokens: Sequence[Any], place: int, *_: Any) -> str:
    return str(shown(tokens[place].content))


def _found(state: StateInline, silent: bool) -> bool:
    if state.src[state.pos] != "$":
        return False
    match = DOLLARS.match(state.src, state.pos)
    if match is None:
        return False
    if not silent:
        state.push("mathematics", "", 0).content = match["tex"].strip()
    state.pos = match.end()
    return True


class _Allowed:
    until = MOST  # so many formulas may have been drawn in the life of this process


_allowed = _Allowed()


def begin() -> None:
    """From now on, `MOST` new formulas are drawn; those beyond stay text."""
    _allowed.until = drawn.cache_info().misses + MOST


def shown(tex: str) -> Markup:
    """A formula as a picture that says what it is, or as text."""
    picture = drawn(tex) if drawn.cache_info().misses < _allowed.until else b""
    if not picture:
        return Markup("<code>{}</code>").format(tex)
    width = int.from_bytes(picture[16:20], "big") // SHARP  # a PNG says it there
    text = base64.b64encode(picture).decode()
    image = Markup('<img class="formula" alt="{}" width="{}" src="data:image/png;base64,{}">')
    return image.format(tex, width, text)


@lru_cache(KEPT)
def drawn(tex: str) -> bytes:
    """The formula as a PNG; empty if it cannot be drawn."""
    from matplotlib import mathtext, rc_context

    for one, other in OTHERWISE.items():
        tex = tex.replace(one, other)
    file = io.BytesIO()
    try:
        with rc_context({"mathtext.fontset": "cm", "font.size": POINTS}):
            mathtext.math_to_image(f"${tex}$", file, format="png", dpi=96 * SHARP)
    except Exception:  # whatever it does not know
        return b""
    return file.getvalue()
