"""The page about the classical networks: LeNet-5 of today, of 1998, and one between, over seeds."""

from collections.abc import Sequence
from pathlib import Path

from benchmarks.page import BOOK, SEEDS, run_page

PAGE = BOOK / "architectures" / "classics.md"
NETWORKS = ("lenet", "original", "softmax")
NAMES = [*(f"{network}_accuracy" for network in NETWORKS), "lenet_seconds"]


def run(page: Path = PAGE, seeds: Sequence[int] = SEEDS) -> dict:
    """Accuracy on the test digits of three versions of LeNet-5, and seconds of training and page.

    Parameters
    ----------
    page
        It leaves ``<network>_accuracy`` and ``lenet_seconds`` behind.
    seeds
        One run of the page for each.
    """
    found = run_page(page, NAMES, seeds)
    results = {network: {"accuracy": found[f"{network}_accuracy"]} for network in NETWORKS}
    results["lenet"]["seconds"] = found["lenet_seconds"]
    return results | {"page": {"seconds": found["page_seconds"]}}
