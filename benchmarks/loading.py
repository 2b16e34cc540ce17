"""How long a reader waits: each page of the built book on a slow line with a slow processor.

The line is the *slow 4G* of Lighthouse (150 ms there and back, 1.6 Mbit a second), the processor a
quarter of this machine's, the server compresses as a host of static sites does, and nothing is in
the browser's memory. The clock is this machine's, so run it when nothing else does.
"""

import functools
import gzip
import http.server
import os
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

from playwright.sync_api import Browser, sync_playwright

HTML = Path(__file__).parents[1] / "_build" / "html"
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
LINE = {
    "offline": False,
    "latency": 150,  # milliseconds
    "downloadThroughput": 1.6e6 / 8,  # bytes a second
    "uploadThroughput": 0.75e6 / 8,
}
SLOWER = 4
TEXTS = (".html", ".css", ".js", ".json", ".svg", ".txt")
# The page answers: its scripts ran, and the figures in view are there. (Those below start when the
# reader goes there.)
ALIVE = """async () => {
  const views = 'script[type="application/vnd.jupyter.widget-view+json"]';
  const all = () => [...document.querySelectorAll(".anywidget-lite")];
  const seen = (figure) => figure.getBoundingClientRect().top < innerHeight;
  while (document.readyState !== "complete") await new Promise((next) => setTimeout(next, 20));
  const waits = () =>
    all().length < document.querySelectorAll(views).length ||
    all().some((figure) => seen(figure) && !figure.children.length);
  while (waits()) await new Promise((next) => setTimeout(next, 20));
  const [paint] = performance.getEntriesByName("first-contentful-paint");
  const bytes = performance.getEntries().reduce((sum, one) => sum + (one.encodedBodySize ?? 0), 0);
  return { "first paint": paint.startTime / 1000, interactive: performance.now() / 1000, bytes };
}"""


class Compressing(http.server.SimpleHTTPRequestHandler):
    """Serves texts compressed."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def do_GET(self):
        path = Path(self.translate_path(self.path))
        if not path.is_file():
            self.send_error(404)
            return
        data = path.read_bytes()
        self.send_response(200)
        self.send_header("Content-Type", self.guess_type(str(path)))
        if path.suffix in TEXTS:
            data = gzip.compress(data, 6)
            self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """Serve a folder on loopback, compressed; yield its address."""
    server = http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), functools.partial(Compressing, directory=folder)
    )
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()


def visit(browser: Browser, address: str) -> dict[str, float]:
    """Open a page as a new reader does: seconds to the first paint, and until it answers; bytes."""
    context = browser.new_context(viewport={"width": 390, "height": 844})
    page = context.new_page()
    session = context.new_cdp_session(page)
    session.send("Network.enable")
    session.send("Network.emulateNetworkConditions", LINE)
    session.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
    page.goto(address, wait_until="commit")
    found = page.evaluate(ALIVE)
    context.close()
    return found


def run(html: Path = HTML, repeats: int = 3) -> dict:
    """Visit every page of the book: medians for each, and of all pages the median and the worst."""
    pages = sorted(path.relative_to(html).as_posix() for path in html.glob("book/**/*.html"))
    if not pages:
        raise SystemExit("The book is not built: run `make book` first.")
    found = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, BROWSERS)), None)
    by_page = {}
    with sync_playwright() as playwright, served(html) as site:
        browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        for name in pages:
            visits = [visit(browser, site + name) for _ in range(repeats)]
            by_page[name] = {key: median(one[key] for one in visits) for key in visits[0]}
        browser.close()
    both = {
        key: {"median": median(values), "worst": max(values)}
        for key in ("first paint", "interactive", "bytes")
        for values in [[one[key] for one in by_page.values()]]
    }
    return {"pages": by_page, "all": both}
