"""The page about the NumPy network: accuracy with both libraries, over seeds."""

from collections.abc import Sequence
from pathlib import Path

from benchmarks.page import BOOK, SEEDS, run_page

PAGE = BOOK / "convolution" / "numpy-convnet.md"
LIBRARIES = ("numpy", "keras")
NAMES = [f"{library}_accuracy" for library in LIBRARIES]


def run(page: Path = PAGE, seeds: Sequence[int] = SEEDS) -> dict:
    """Accuracy on the test digits, for each library.

    Parameters
    ----------
    page
        It leaves ``<library>_accuracy`` behind.
    seeds
        One run of the page for each.
    """
    found = run_page(page, NAMES, seeds)
    return {library: {"accuracy": found[f"{library}_accuracy"]} for library in LIBRARIES}
