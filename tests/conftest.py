"""A real browser, and the built book served on loopback, for every test that asks."""

import functools
import http.server
import os
import shutil
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

ROOT = Path(__file__).resolve().parent.parent
HTML = ROOT / "_build" / "html"
WHOLE_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
# The first has no window to draw, and keeps no page that was left: one opens in half the time.
BROWSERS = ("chromium-headless-shell", *WHOLE_BROWSERS)
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
LOCAL = ("data:", "blob:", "about:")

# The same examples each time, and no limit in seconds: neither chance nor a busy machine makes a
# test red. To look for new examples: pytest --hypothesis-profile=default.
settings.register_profile(
    "repeatable",
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("repeatable")


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *args):
        pass


@contextmanager
def serve(folder: Path) -> Iterator[str]:
    """Serve a folder on a free port of loopback; yield its address, with a slash at the end."""
    handler = functools.partial(QuietHandler, directory=folder)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()


@pytest.fixture(scope="session", name="serve")
def serve_until_the_end():
    """Serve a folder until the session ends: ``serve(tmp_path)`` gives the address."""
    with ExitStack() as stack:
        yield functools.cache(lambda folder: stack.enter_context(serve(folder)))


@pytest.fixture(scope="session")
def site() -> Iterator[str]:
    """The address of the built book."""
    if not (HTML / "index.html").exists():
        pytest.fail("The book is not built: run `make book` first.")
    with serve(HTML) as address:
        yield address


def find_browser(names: Sequence[str] = BROWSERS) -> str:
    """The path of a Chromium. Without one: a failure where CI=true, elsewhere a skip."""
    found = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, names)), None)
    if found is None:
        sentence = "No Chromium or Chrome was found: install one, or set CHROMIUM to its path."
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(sentence)
    return found


@pytest.fixture(scope="session")
def launch():
    """What starts a headless Chromium."""
    found = find_browser()
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        yield functools.partial(playwright.chromium.launch, executable_path=found, args=FLAGS)


@pytest.fixture(scope="session")
def browser(launch):
    """The headless Chromium in which the tests open their pages."""
    chromium = launch()
    yield chromium
    chromium.close()


@pytest.fixture
def open_page(browser):
    """Open addresses in fresh pages: ``open_page(url, width=390, dark=True, locale="es")``.

    The test fails if a page throws, or asks any other host than its own for anything; with
    ``quiet=True``, if its console has an error too.
    """
    contexts, errors, outside = [], [], []

    def open_(
        url: str,
        width: int = 1280,
        height: int = 900,
        dark: bool = False,
        quiet: bool = False,
        **options,
    ):
        context = browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme="dark" if dark else "light",
            has_touch=width < 600,
            **options,
        )
        contexts.append(context)
        page = context.new_page()
        base = "file://" if url.startswith("file:") else "/".join(url.split("/")[:3]) + "/"

        def guard(route):
            if route.request.url.startswith((base, *LOCAL)):
                route.continue_()
            else:
                outside.append(route.request.url)
                route.abort()

        page.route("**/*", guard)
        page.on("pageerror", lambda error: errors.append(str(error)))
        if quiet:
            page.on("console", lambda said: said.type == "error" and errors.append(said.text))
        page.goto(url)
        return page

    yield open_
    for context in contexts:
        context.close()
    assert not errors, f"the page threw: {errors}"
    assert not outside, f"the page asked other hosts: {outside}"
