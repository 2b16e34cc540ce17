"""The page about localization: how well one box is placed, and what a forgotten mask does."""

from collections.abc import Sequence
from pathlib import Path

from benchmarks import Numbers
from benchmarks.page import BOOK, SEEDS, run_page

PAGE = BOOK / "detection" / "localization.md"
NAMES = [
    *("mean_iou", "correct", "right_class", "right_there", "blind_iou", "iou_pedestrian"),
    *("iou_car", "iou_motorcycle", "short_iou", "careless_iou"),
    *("unsure_masked", "unsure_careless", "processor_seconds"),
]


def run(page: Path = PAGE, seeds: Sequence[int] = SEEDS) -> dict[str, Numbers]:
    """What the page finds on held-out windows.

    Parameters
    ----------
    page
        It leaves behind, as `NAMES` has them: mean IoU, the share of boxes with 0.5 or more, the
        shares of right classes and right p_c, the IoU of a rule that never looks, and IoU by class;
        then, after a short training of a dense layer, the mean IoU with the mask and without, and
        how high unsure boxes are; and the seconds that the processor's cores worked, all together.
    seeds
        One run of the page for each.
    """
    found = run_page(page, NAMES, seeds)
    return {name: found[name] for name in NAMES}
