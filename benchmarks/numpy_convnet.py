"""The page about the NumPy network: accuracy and seconds of both libraries, over seeds."""

from collections.abc import Sequence
from pathlib import Path

from benchmarks.page import BOOK, SEEDS, run_page

PAGE = BOOK / "convolution" / "numpy-convnet.md"
LIBRARIES = ("numpy", "keras")
WHAT = ("accuracy", "seconds")
NAMES = [f"{library}_{what}" for library in LIBRARIES for what in WHAT]


def run(page: Path = PAGE, seeds: Sequence[int] = SEEDS) -> dict:
    """Accuracy on the test digits and seconds of training, for each library; seconds of the page.

    Parameters
    ----------
    page
        It leaves ``<library>_accuracy`` and ``<library>_seconds`` behind.
    seeds
        One run of the page for each.
    """
    found = run_page(page, NAMES, seeds)
    return {
        library: {what: found[f"{library}_{what}"] for what in WHAT} for library in LIBRARIES
    } | {"page": {"seconds": found["page_seconds"]}}
