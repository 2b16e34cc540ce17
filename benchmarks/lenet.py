"""The page about the classical networks: LeNet-5 of today, of 1998, and one between, over seeds."""

from collections.abc import Sequence
from pathlib import Path

from benchmarks.page import BOOK, SEEDS, run_page

PAGE = BOOK / "architectures" / "classics.md"
NETWORKS = ("lenet", "original", "softmax")
NAMES = [f"{network}_accuracy" for network in NETWORKS]


def run(page: Path = PAGE, seeds: Sequence[int] = SEEDS) -> dict:
    """Accuracy on the test digits of three versions of LeNet-5.

    Parameters
    ----------
    page
        It leaves ``<network>_accuracy`` behind.
    seeds
        One run of the page for each.
    """
    found = run_page(page, NAMES, seeds)
    return {network: {"accuracy": found[f"{network}_accuracy"]} for network in NETWORKS}
