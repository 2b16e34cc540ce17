"""The page about sliding windows: accuracy on windows, and seconds of three ways, over seeds."""

from collections.abc import Sequence
from pathlib import Path

from benchmarks.page import BOOK, SEEDS, run_page

PAGE = BOOK / "detection" / "sliding-windows.md"
NAMES = ("accuracy", "one_by_one", "in_a_batch", "all_at_once", "beside_batch", "in_five")


def run(page: Path = PAGE, seeds: Sequence[int] = SEEDS) -> dict:
    """Accuracy of the window classifier; seconds of each way; how maps and crops agree.

    Parameters
    ----------
    page
        It leaves the numbers of `NAMES` behind.
    seeds
        One run of the page for each.
    """
    return run_page(page, NAMES, seeds)
