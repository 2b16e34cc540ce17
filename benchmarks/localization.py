"""The page about localization: how well one box is placed, with the mask and without it."""

from collections.abc import Sequence
from pathlib import Path

from benchmarks import Numbers
from benchmarks.page import BOOK, SEEDS, run_page

PAGE = BOOK / "detection" / "localization.md"
NAMES = [
    *("mean_iou", "correct", "right_class", "right_there", "blind_iou"),
    *("careless_iou", "unsure_masked", "unsure_careless", "iou_pedestrian", "iou_car"),
]


def run(page: Path = PAGE, seeds: Sequence[int] = SEEDS) -> dict[str, Numbers]:
    """What the page finds on held-out windows, and the seconds that it takes.

    Parameters
    ----------
    page
        It leaves behind, as `NAMES` has them: mean IoU, the share of boxes with 0.5 or more, the
        shares of right classes and right p_c, the IoU of a rule that never looks; then the mean IoU
        without the mask, how high unsure boxes are with it and without, and IoU by class.
    seeds
        One run of the page for each.
    """
    return run_page(page, NAMES, seeds)
