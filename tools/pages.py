"""Run the pages that the book's cache lacks: side by side, each as a student gets it.

    [PAGES_ON=.colab] python tools/pages.py --jobs 2 [--toc _toc.yml] [--exercises]

A page passed before if the cache holds a run of the same cells, with the same package, versions and
tools (`coursebook.cache` says what counts). The longest page begins first, so that no process is
left alone with it at the end. With PAGES_ON, pages run on Colab's packages in this folder, and have
a cache of their own; a book that is built with PAGES_ON shows it.
"""

import argparse
import os
import sys
from pathlib import Path

from sphinx_external_toc.parsing import parse_toc_yaml

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "book" / "_ext"))

from coursebook import cache, runs  # noqa: E402

PYTEST = (
    *("-m", "pytest", "-q", "-rN", "--no-header", "--nbval-lax", "--student"),
    *("--dist", "loadfile", "--no-loadscope-reorder"),  # a page at a time, in our order
)
TIMEOUT = 900  # seconds for one cell, on a machine that does other things too


def notebooks(toc: Path, exercises: bool = False) -> list[Path]:
    """The pages of the table of contents that run, and if asked for the exercises."""
    pages = [ROOT / f"{name}.md" for name in parse_toc_yaml(toc)]
    pages += sorted(ROOT.glob("exercises/*.md")) if exercises else []
    return [page for page in pages if page.read_text("utf-8").startswith("---\njupytext:")]


def name(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def length(page: Path, seconds: dict[str, float]) -> float:
    """The seconds of the last run, or a guess from how much the page speaks of training."""
    return seconds.get(name(page)) or 5.0 + page.read_text("utf-8").count("train")


def to_run(pages: list[Path]) -> tuple[Path, list[Path]]:
    """The cache, and those of the pages that did not pass yet as they stand."""
    store = cache.current(ROOT / "_build")
    return store, [page for page in pages if not runs.has_passed(store, page, ROOT)]


def command(store: Path, pages: list[Path], jobs: int, *options: str) -> list[str]:
    """The command that runs these pages, the longest first."""
    seconds = runs.last_seconds(store)
    order = sorted(pages, key=lambda page: length(page, seconds), reverse=True)
    jobs = min(jobs, len(pages))
    shared = ("-n", str(jobs), f"--nbval-cell-timeout={TIMEOUT}")
    return [sys.executable, *PYTEST, *shared, *options, *map(name, order)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--jobs", type=int, required=True, help="how many pages run at a time")
    parser.add_argument("--toc", type=Path, default=ROOT / "_toc.yml")
    parser.add_argument("--exercises", action="store_true", help="also those for students")
    given = parser.parse_args()

    pages = notebooks(given.toc, given.exercises)
    os.chdir(ROOT)
    store, missing = to_run(pages)
    if passed := len(pages) - len(missing):
        print(
            f"{passed} of {len(pages)} pages passed before, with the same cells, package and"
            " versions: they need not run again."
        )
    if not missing:
        return
    options, there = [f"--keep={store}"], ""
    if folder := os.environ.get(cache.PAGES_ON):
        options, there = [*options, f"--colab={folder}"], ", with Colab's packages"
    print(
        f"{len(missing)} pages run as a student gets them{there}, {given.jobs} at a time.",
        flush=True,
    )
    # In this process's place: Ctrl-C then reaches pytest alone, which ends the kernels.
    os.execv(sys.executable, command(store, missing, given.jobs, *options))


if __name__ == "__main__":
    main()
