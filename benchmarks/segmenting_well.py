"""The page about segmenting well: what its networks reach over seeds."""

from collections.abc import Sequence
from pathlib import Path

from benchmarks.page import BOOK, SEEDS, run_page

PAGE = BOOK / "segmentation" / "segmenting-well.md"
NAMES = (
    *("ce_dice", "weighted_dice", "sum_dice", "caught"),
    *("mixed_white", "region_white", "mixed_low_white"),
    *("slow_gray", "slow_white", "quick_gray", "quick_white"),
    *("nothing_mean", "lite0_mean"),
)


def run(page: Path = PAGE, seeds: Sequence[int] = SEEDS) -> dict:
    """Dice of the tumours by loss, of white matter by split, and of X-rays by the way down.

    Parameters
    ----------
    page
        It leaves `NAMES` behind.
    seeds
        One run of the page for each.
    """
    return run_page(page, NAMES, seeds)
