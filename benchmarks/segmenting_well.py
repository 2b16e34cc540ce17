"""The page about segmenting well: rare tumours, a test that leaks, averages, forty X-rays."""

from collections.abc import Sequence
from pathlib import Path

from benchmarks.page import BOOK, SEEDS, run_page

PAGE = BOOK / "segmentation" / "segmenting-well.md"
NAMES = [
    *("ce_dice", "weighted_dice", "sum_dice", "caught"),
    *("mixed_white", "region_white", "mixed_low_white", "region_low_white"),
    *("slow_gray", "slow_white", "quick_gray", "quick_white"),
    *("nothing_mean", "lite0_mean"),
]


def run(page: Path = PAGE, seeds: Sequence[int] = SEEDS) -> dict:
    """What the page finds with each seed, and the seconds that it takes.

    Parameters
    ----------
    page
        It leaves behind, as `NAMES` has them: the tumours' Dice with each of three losses; the
        share of all mistakes that lies in the least sure pixels; the Dice of white matter with
        slices mixed or split by region, and of the low slices that are in both tests; the Dice of
        gray and white matter with slow and with quick averages; the mean Dice of X-rays without
        and with a trained encoder.
    seeds
        One run of the page for each.
    """
    found = run_page(page, NAMES, seeds)
    return {
        "page": {name: found[name] for name in NAMES},
        "all": {"seconds": found["page_seconds"]},
    }
