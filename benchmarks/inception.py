"""The page about Inception: what its two small networks reach on the digits, over seeds."""

from collections.abc import Sequence
from pathlib import Path

from benchmarks.page import BOOK, SEEDS, run_page

PAGE = BOOK / "architectures" / "inception.md"
NAMES = ("naive_accuracy", "bottlenecks_accuracy")


def run(page: Path = PAGE, seeds: Sequence[int] = SEEDS) -> dict:
    """Accuracy on the test digits, without bottlenecks and with them; seconds of the page.

    Parameters
    ----------
    page
        It leaves `NAMES` behind.
    seeds
        One run of the page for each.
    """
    return run_page(page, NAMES, seeds)
