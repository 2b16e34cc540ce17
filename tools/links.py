"""List the links of the built book that lead to other hosts, and the pages that have them.

    python tools/links.py [--ask]

With ``--ask`` each address is asked once, gently, and those that do not answer well are named: this
fails then. Links to the course's own repository and site are left out: they are there once it is
published. What a host says to a program it may say only to programs, so look before you change one.
"""

import argparse
import sys
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

import yaml
from bs4 import BeautifulSoup

ROOT = Path(__file__).resolve().parent.parent
HTML = ROOT / "_build" / "html"
REFUSES_PROGRAMS = (401, 403, 405, 406, 418, 429)  # there, but not for a program
SECONDS = 20


def own_addresses() -> tuple[str, str]:
    """What is in every address of the course itself: its repository's name, and its site."""
    config = yaml.safe_load((ROOT / "_config.yml").read_text("utf-8"))
    return config["repository"]["url"].partition("github.com")[2], config["html"]["baseurl"]


def external(html: Path, own: tuple[str, ...]) -> dict[str, list[str]]:
    """The addresses in the articles of a book that lead to other hosts, with their pages."""
    found: dict[str, list[str]] = defaultdict(list)
    for path in sorted(html.rglob("*.html")):
        page = BeautifulSoup(path.read_text("utf-8"), "html.parser")
        addresses = {link["href"].partition("#")[0] for link in page.select("article a[href]")}
        for address in addresses:
            outside = address.startswith(("http://", "https://"))
            if outside and not any(each in address for each in own):
                found[address].append(path.relative_to(html).as_posix())
    return dict(sorted(found.items()))


def fault(address: str) -> str | None:
    """What is wrong with an address, in a few words."""
    request = Request(address, headers={"User-Agent": "Mozilla/5.0 (a book's check of its links)"})
    try:
        with urlopen(request, timeout=SECONDS):
            return None
    except HTTPError as error:
        return None if error.code in REFUSES_PROGRAMS else f"{error.code} {error.reason}"
    except (URLError, OSError) as error:
        return str(getattr(error, "reason", error))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--ask", action="store_true", help="ask each address whether it is there")
    ask = parser.parse_args().ask
    found = external(HTML, own_addresses())
    for address, pages in found.items():
        print(f"{address}  ({', '.join(pages)})")
    if not ask:
        return 0
    with ThreadPoolExecutor(4) as threads:
        answers = dict(zip(found, threads.map(fault, found), strict=True))
    dead = {address: what for address, what in answers.items() if what}
    for address, what in dead.items():
        print(f"DEAD {address}: {what} (on {', '.join(found[address])})")
    return int(bool(dead))


if __name__ == "__main__":
    sys.exit(main())
