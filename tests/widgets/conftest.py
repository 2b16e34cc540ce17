"""The widgets' test bench: pages that show them without a kernel, and their JavaScript to call."""

import json
import shutil
from collections.abc import Callable
from itertools import count
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from ipywidgets.embed import dependency_state, embed_data, escape_script

RUNTIME = Path(__file__).resolve().parents[2] / "book" / "_static" / "anywidget-lite.js"

# The colours are those of the book's theme: axe-core measures contrast against them.
PAGE = """<!DOCTYPE html>
<html lang="{lang}" data-theme="{theme}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Bench</title>
<style>
body {{ margin: 1rem; font-family: sans-serif; background: #fff; color: #323232 }}
[data-theme="dark"] body {{ background: #14181e; color: #ced6dd }}
</style>
<script defer src="anywidget-lite.js"></script>
</head>
<body>
<main><h1>Bench</h1>
{views}
</main>
<script type="application/vnd.jupyter.widget-state+json">{state}</script>
</body>
</html>
"""
VIEW = '<section><script type="application/vnd.jupyter.widget-view+json">{}</script></section>'
CALL = """async ([source, name, cases]) => {
  const address = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
  const { [name]: called } = await import(address);
  return cases.map((values) => called(...values));
}"""


@pytest.fixture(scope="session")
def write_page(tmp_path_factory) -> Callable[..., Path]:
    """Write a page as the book would publish it: ``write_page(widget, …, lang=, theme=)``."""
    folder = tmp_path_factory.mktemp("bench")
    shutil.copy(RUNTIME, folder)
    names = (f"page{number}.html" for number in count())

    def write(*widgets, lang: str = "en", theme: str = "light") -> Path:
        data = embed_data(widgets, state=dependency_state(widgets, drop_defaults=False))
        page = PAGE.format(
            lang=lang,
            theme=theme,
            views="\n".join(VIEW.format(json.dumps(view)) for view in data["view_specs"]),
            state=escape_script(json.dumps(data["manager_state"])),
        )
        path = folder / next(names)
        path.write_text(page, "utf-8")
        return path

    return write


@pytest.fixture
def show(write_page, serve, open_page) -> Callable:
    """Open a page with these widgets: ``show(widget, …, lang="es", dark=True, width=390)``.

    ``scheme="file"`` opens it from the disk; other options are those of ``open_page``.
    """

    def show_(*widgets, lang: str = "en", dark: bool = False, scheme: str = "http", **options):
        path = write_page(*widgets, lang=lang, theme="dark" if dark else "light")
        url = path.as_uri() if scheme == "file" else serve(path.parent) + path.name
        page = open_page(url, dark=dark, locale=lang, **options)
        page.wait_for_function("() => document.querySelectorAll('.anywidget-lite > *').length")
        return page

    return show_


@pytest.fixture
def still_clock() -> Callable:
    """Stop a page's clock: ``still_clock(page)`` gives the function that lets time pass.

    A figure that plays takes a step at each beat. On a busy machine two beats pass before a test
    has looked once, so the test says itself when time goes on.
    """

    def stop(page) -> Callable[[int], None]:
        page.clock.install(time=0)
        page.clock.pause_at(1000)
        return page.clock.run_for

    return stop


@pytest.fixture
def run_js(browser) -> Callable[..., list]:
    """Call what a widget's module exports, in the browser, once per case.

    ``run_js(PoolingStepper, "pool", [[image, 2, 1], [image, 3, 2]])`` gives the two results.
    """
    page = browser.new_page()

    def run(widget: type, name: str, cases: list[list]) -> list:
        return page.evaluate(CALL, [str(widget._esm), name, cases])

    yield run
    page.close()


@pytest.fixture
def shown() -> Callable[..., list[list[str]]]:
    """Read a grid of numbers by its name: ``shown(page, "Output")`` gives its rows."""

    def read(page, name: str) -> list[list[str]]:
        grid = page.locator("table.cl-grid").and_(page.get_by_label(name, exact=True))
        return [row.locator("td").all_inner_texts() for row in grid.locator("tr").all()]

    return read


@pytest.fixture
def axe() -> Callable:
    """Assert that axe-core finds nothing wrong on a page: ``axe(page)``."""

    def check(page) -> None:
        found = Axe().run(page)
        assert found.violations_count == 0, found.generate_report()

    return check
