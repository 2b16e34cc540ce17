"""Mends the pages that the theme writes: dead weight goes, faults of accessibility are put right.

Each function mends one thing in a parsed page. `tests/book/test_site.py` says what must hold.
"""

import json
import re
from collections.abc import Callable
from html import escape
from pathlib import Path

from bs4 import BeautifulSoup, NavigableString
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.jinja2glue import BuiltinTemplateLoader

from .rooms import tell_room
from .states import ENDING
from .styles import one_style

# Before the first paint, so that a dark page does not flash white. A browser may refuse storage.
THEME = """
(() => {
  const page = document.documentElement.dataset;
  let mode = null;
  try { mode = localStorage.getItem("mode"); } catch {}
  const dark = matchMedia("(prefers-color-scheme: dark)").matches;
  page.mode = ["light", "dark"].includes(mode) ? mode : "auto";
  page.theme = page.mode === "auto" ? (dark ? "dark" : "light") : page.mode;
})();
"""
FRONT = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>{title}</title>
<meta http-equiv="refresh" content="0; url={page}">
<link rel="canonical" href="{page}">
</head>
<body><main><h1>{title}</h1><p><a href="{page}">Open the book</a></p></main></body>
</html>
"""
# The web font draws every icon: the script that can, and the fonts for old browsers, serve nobody.
DEAD = ("scripts/fontawesome.js*", "vendor/fontawesome/webfonts/*.ttf", "**/*.map", "locales")
OPENING, CLOSING = re.compile(r"[(“‘]+$"), re.compile(r"^[.,;:!?)”’]+")
SEARCH = ("_static/searchtools.js", "_static/language_data.js", "searchindex.js")


def drop_dead_scripts(page: BeautifulSoup) -> None:
    """Icons need no script, and only the search page searches."""
    unwanted = ["scripts/fontawesome.js"]
    if not page.select_one("#search-results"):
        unwanted += SEARCH
    for script in page.select("script[src]"):
        if any(name in script["src"] for name in unwanted):
            script.decompose()


def no_script_waits(page: BeautifulSoup) -> None:
    """Text is painted before scripts come: they run in their order when the page is read.

    The theme asks for two of them early, and so takes the line from the styles.
    """
    for hint in page.select('link[rel="preload"][as="script"]'):
        hint.decompose()
    for script in page.select("head script[src]:not([type])"):
        if "documentation_options" not in script["src"]:  # the pages' own lines go on from it
            script["defer"] = "defer"


def no_sign_alone(page: BeautifulSoup) -> None:
    """A comma or a bracket stays in the line of the formula beside it.

    A browser may break the line at each end of what cannot be broken itself.
    """
    for formula in page.select("span.math"):
        if len(formula.select(".katex-base")) > 1:
            continue  # a long one is free to break
        before, after = formula.previous_sibling, formula.next_sibling
        opening = OPENING.search(before) if isinstance(before, NavigableString) else None
        closing = CLOSING.search(after) if isinstance(after, NavigableString) else None
        if opening or closing:
            line = formula.wrap(page.new_tag("span", attrs={"class": "one-line"}))
        if opening:
            before.replace_with(before[: opening.start()])
            line.insert(0, opening[0])
        if closing:
            after.replace_with(after[closing.end() :])
            line.append(closing[0])


def theme_before_paint(page: BeautifulSoup) -> None:
    """Light or dark as the reader's system says, unless the reader chose; light with no script."""
    page.html["data-theme"] = "light"
    script = page.find("script", string=lambda text: text and "dataset.theme" in text)
    script.string = THEME


def one_viewport(page: BeautifulSoup) -> None:
    for meta in page.select('meta[name="viewport"]')[1:]:
        meta.decompose()


def landmarks(page: BeautifulSoup) -> None:
    """Everything on a page lies in a landmark, and each landmark has a name of its own."""
    if sidebar := page.select_one("#pst-primary-sidebar"):
        sidebar["role"], sidebar["aria-label"] = "region", "Sidebar"
    for footer in page.select("footer.bd-footer:not(:has(*))"):
        footer.decompose()


def no_empty_headings(page: BeautifulSoup) -> None:
    """The page of a wrong address has none for print."""
    for heading in page.select("h1:empty"):
        heading.decompose()


def names_of_buttons(page: BeautifulSoup) -> None:
    """What a button shows is its name, so that it can be called by voice."""
    for summary in page.select("summary[aria-label]"):
        del summary["aria-label"]
    for button in page.select("button.search-button-field[aria-label]"):
        del button["aria-label"]
    names = {"primary-toggle": "Sidebar", "secondary-toggle": "On this page"}
    for kind, name in names.items():
        for button in page.select(f"button.{kind}"):
            button["aria-label"] = name


def icons_are_silent(page: BeautifulSoup) -> None:
    """A screen reader would read the number of an icon's sign among the words beside it."""
    for icon in page.select('i[class*="fa-"]'):
        icon["aria-hidden"] = "true"


def answers_fold(page: BeautifulSoup) -> None:
    """An admonition of class `dropdown` folds, with no script: a `details` element."""
    for box in page.select("div.admonition.dropdown"):
        box.name = "details"
        title = box.select_one(".admonition-title")
        title.name = "summary"


def list_of_references(page: BeautifulSoup) -> None:
    """The roles that docutils gives to a bibliography are no longer ARIA."""
    for entry in page.select('[role="doc-biblioentry"]'):
        entry["role"] = "listitem"
    for label in page.select(".citation > .label"):
        label.decompose()


def room_for_pictures(page: BeautifulSoup) -> None:
    """Width and height as attributes: the browser keeps the room, and a phone can shrink it."""
    for image in page.select("img[style]"):
        rules = (rule.partition(":") for rule in image["style"].split(";") if rule.strip())
        style = {name.strip(): value.strip() for name, _, value in rules}
        for side in ("width", "height"):
            if style.get(side, "").endswith("px"):
                image[side] = style.pop(side).removesuffix("px")
        image["style"] = "; ".join(f"{name}: {value}" for name, value in style.items())
        if not image["style"]:
            del image["style"]
    for image in page.select("article img"):
        image["loading"] = "lazy"


def code_says_it_is_code(page: BeautifulSoup) -> None:
    """A box of code that scrolls takes the keyboard's focus, so it needs a name."""
    for cell, name in ((".cell_input", "Code"), (".cell_output", "Output")):
        for box in page.select(f"{cell} pre"):
            box["role"], box["aria-label"] = "group", name


def each_script_once(page: BeautifulSoup) -> None:
    """Figures of one kind have the same script and style: later ones name the first that has it."""
    for script in page.select('script[type="application/vnd.jupyter.widget-state+json"]'):
        states = json.loads(script.string)
        first: dict[str, str] = {}
        for model, each in states["state"].items():
            for key in ("_esm", "_css"):
                text = each["state"].get(key)
                if text and first.setdefault(text, model) != model:
                    each["state"][key] = {"as": first[text]}
        script.string = json.dumps(states, ensure_ascii=False).replace("<", r"\u003c")


MENDS: tuple[Callable[[BeautifulSoup], None], ...] = (
    drop_dead_scripts,
    no_script_waits,
    theme_before_paint,
    one_viewport,
    landmarks,
    no_empty_headings,
    names_of_buttons,
    icons_are_silent,
    answers_fold,
    list_of_references,
    no_sign_alone,
    room_for_pictures,
    code_says_it_is_code,
    each_script_once,
    one_style,
)


def mend(html: str, name: str = "") -> str:
    """A page of the theme, mended. Its name says to which room it belongs."""
    page = BeautifulSoup(html, "html.parser")
    for each in MENDS:
        each(page)
    tell_room(page, name)
    return page.decode(formatter="minimal")


class MendingLoader(BuiltinTemplateLoader):
    """Sphinx's templates, mended before they are written: an interrupted build leaves no fault."""

    def render(self, template: str, context: dict) -> str:
        html = super().render(template, context)
        return mend(html, context.get("pagename", "")) if "<html" in html else html


def mend_templates(app: Sphinx, config: Config) -> None:
    config.template_bridge = f"{__name__}.{MendingLoader.__name__}"


def drop_dead_files(app: Sphinx, exception: Exception | None) -> None:
    """Remove from the built book what no page asks for."""
    static = Path(app.outdir, "_static")
    for pattern in DEAD:
        for path in sorted(static.glob(pattern), reverse=True):
            if path.is_file():
                path.unlink()
            else:
                for file in sorted(path.rglob("*"), reverse=True):
                    file.rmdir() if file.is_dir() else file.unlink()
                path.rmdir()


def drop_pages_that_left(app: Sphinx, exception: Exception | None) -> None:
    """Remove pages that an earlier build wrote and that are no longer in the book.

    The book may be built without the solutions where it was built with them.
    """
    sources = Path(app.outdir, "_sources")
    for source in sources.rglob("*.*"):  # .md, or .ipynb of a page that runs
        page = source.relative_to(sources).with_suffix("").as_posix()
        if page not in app.env.found_docs:
            for ending in (".html", ENDING):
                Path(app.outdir, f"{page}{ending}").unlink(missing_ok=True)
            source.unlink()


def write_front_door(app: Sphinx, exception: Exception | None) -> None:
    """`index.html` sends the reader to the first page: a whole page, not a bare line."""
    if exception or app.builder.format != "html":
        return
    page = app.builder.get_target_uri(app.config.root_doc)
    text = FRONT.format(title=escape(app.config.html_title), page=escape(page))
    Path(app.outdir, "index.html").write_text(text, "utf-8")


def setup(app: Sphinx) -> None:
    app.connect("config-inited", mend_templates)
    app.connect("build-finished", drop_dead_files)
    app.connect("build-finished", drop_pages_that_left)
    app.connect("build-finished", write_front_door, priority=900)
