"""Only the icons that the book shows.

The theme brings two thousand: 85 kB of rules, which a page has to wait for, and 300 kB of fonts.
What the built pages and their scripts name stays, and whatever other rules draw; the rest goes.
"""

import re
from collections.abc import Iterable
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTFont
from sphinx.application import Sphinx

from .states import ENDING

THEME = "styles/pydata-sphinx-theme.css"
FONTS = "vendor/fontawesome/webfonts"
NAME = re.compile(r"\bfa-[a-z0-9-]+")
RULE = re.compile(r'((?:\.fa-[a-z0-9-]+:before,?)+)\{content:"\\?([0-9a-f]+|.)"\}')
ESCAPED, WRITTEN = re.compile(r"\\([ef][0-9a-f]{3})\b"), re.compile("[\ue000-\uf8ff]")
SOURCES = re.compile(
    r"src:url\((\S+?)\.woff2\) format\(\"woff2\"\),url\(\S+?\) format\(\"truetype\"\)"
)


def names(texts: Iterable[str]) -> set[str]:
    """The icons that pages and scripts name."""
    return {name for text in texts for name in NAME.findall(text)}


def code(content: str) -> int:
    """The number of a character, written as a style writes it: ``f135``, or the character."""
    return ord(content) if len(content) == 1 else int(content, 16)


def trimmed(style: str, used: set[str]) -> tuple[str, set[int]]:
    """A style without the rules of other icons, and the characters of those that stay."""
    kept: set[int] = set()

    def rule(found: re.Match) -> str:
        if not used.intersection(NAME.findall(found[1])):
            return ""
        kept.add(code(found[2]))
        return found[0]

    return RULE.sub(rule, style), kept


def drawn(style: str) -> set[int]:
    """The characters of a font of icons that a style names, in whatever rule."""
    written = {int(found, 16) for found in ESCAPED.findall(style)}
    return written | {ord(found) for found in WRITTEN.findall(style)}


def reduce(font: Path, characters: set[int], out: Path) -> None:
    """Write the glyphs of these characters as a WOFF file."""
    options = subset.Options(layout_features=[], glyph_names=False, notdef_outline=True)
    with TTFont(font, recalcTimestamp=False) as opened:
        reducer = subset.Subsetter(options)
        reducer.populate(unicodes=characters)
        reducer.subset(opened)
        opened.flavor = "woff"
        opened.save(out)


def keep_what_is_shown(app: Sphinx, exception: Exception | None) -> None:
    """Sphinx copies the theme's files anew for each build, so this begins from the whole."""
    if exception or app.builder.format != "html":
        return
    out, static = Path(app.outdir), Path(app.outdir, "_static")
    scripts = (*static.glob("*.js"), *static.glob("scripts/*.js"), *out.rglob(f"*{ENDING}"))
    texts = (*out.rglob("*.html"), *scripts)
    used = names(path.read_text("utf-8") for path in texts if path.name != "fontawesome.js")
    style, characters = trimmed((static / THEME).read_text("utf-8"), used)
    (static / THEME).write_text(SOURCES.sub(r'src:url(\1.woff) format("woff")', style), "utf-8")
    for path in static.rglob("*.css"):
        characters |= drawn(path.read_text("utf-8"))
    for font in static.glob(f"{FONTS}/*.ttf"):
        reduce(font, characters, font.with_suffix(".woff"))
        font.with_suffix(".woff2").unlink(missing_ok=True)


def setup(app: Sphinx) -> None:
    app.connect("build-finished", keep_what_is_shown, priority=400)  # mend.py removes the .ttf
