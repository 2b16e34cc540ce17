"""Pack the built book into a zip that works from a folder, with no web server.

    python tools/offline.py _build/html/cnnlab-book.zip

The zip holds one folder with ``index.html`` and a note on how to open it. Left out is what only a
web server uses, what builds leave, and other files to download. The same book gives the same bytes.
A page that asks for a file by an address from the root of a host, or that is not in the zip, would
break in a folder: this refuses to pack it.
"""

import argparse
import os
import zipfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urldefrag, urlsplit

from bs4 import BeautifulSoup

ROOT = Path(__file__).resolve().parent.parent
HTML = ROOT / "_build" / "html"
FOR_A_SERVER = (
    "404.html",
    "_static/*macros.html",
    "sitemap*.xml",
    "robots.txt",
    ".nojekyll",
    ".buildinfo",
)
DOWNLOADS = ("*.zip", "*.pdf")
WHEN = (1980, 1, 1, 0, 0, 0)  # the earliest that a zip can say
READ_ME = """\
Open index.html in a browser. The book works from this folder, with no network.

What a browser allows only to pages from a web server stays out: the living network (its page says
so), and the words around what a search found. To have these too, run this in the folder, and open
http://localhost:8000:

    python -m http.server 8000

The buttons that open a page in Colab or Binder need the network.
"""
USES = {"a": "href", "link": "href", "script": "src", "img": "src", "image": "href"}


def files(html: Path) -> list[Path]:
    """What goes into the zip, in a fixed order."""
    left_out = {path for pattern in DOWNLOADS for path in html.glob(pattern)}
    left_out |= {path for pattern in FOR_A_SERVER for path in html.glob(pattern)}
    return sorted(
        path
        for path in html.rglob("*")
        if path.is_file() and not left_out.intersection((path, *path.parents))
    )


def faults(page: Path, html: Path, packed: set[Path]) -> Iterator[str]:
    """The addresses in a page that lead nowhere from a folder."""
    parsed = BeautifulSoup(page.read_text("utf-8"), "html.parser")
    for element in parsed.find_all(list(USES)):
        address = unquote(urldefrag(element.get(USES[element.name]) or "")[0])
        if not address or urlsplit(address).scheme:
            continue
        asked = Path(os.path.normpath(page.parent / address.partition("?")[0]))
        if address.startswith("/") or asked not in packed:
            yield f"{page.relative_to(html).as_posix()}: {address}"


def pack(html: Path, out: Path) -> None:
    """Write the zip.

    Raises
    ------
    SystemExit
        If a page would break in a folder, with the addresses that would.
    """
    chosen = files(html)
    pages = (path for path in chosen if path.suffix == ".html")
    if broken := [fault for page in pages for fault in faults(page, html, set(chosen))]:
        raise SystemExit("\n  ".join(["These would lead nowhere in a folder:", *broken]))
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as zipped:
        write(zipped, f"{out.stem}/README.txt", READ_ME.encode())
        for path in chosen:
            write(zipped, f"{out.stem}/{path.relative_to(html).as_posix()}", path.read_bytes())
    print(f"{out}: {len(chosen)} files, {out.stat().st_size / 1e6:.1f} MB")


def write(zipped: zipfile.ZipFile, name: str, data: bytes) -> None:
    """A file of the zip, with nothing in it of when or by whom it was written."""
    info = zipfile.ZipInfo(name, WHEN)
    info.compress_type, info.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
    zipped.writestr(info, data)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("out", type=Path)
    pack(HTML, parser.parse_args().out)


if __name__ == "__main__":
    main()
