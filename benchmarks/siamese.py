"""The page about Siamese networks: errors on people and digits that were never in the training."""

from collections.abc import Sequence
from pathlib import Path

from benchmarks.page import BOOK, SEEDS, run_page

PAGE = BOOK / "faces" / "siamese.md"
NAMES = [
    *("eer", "one_shot", "pixels_eer", "pixels_one_shot", "useful"),
    *("eer_random", "eer_semi_hard", "eer_hard", "collapsed_eer"),
    *("digits_eer", "digits_shot", "flat_eer", "flat_shot"),
    *("seconds", "processor_seconds"),
]


def run(page: Path = PAGE, seeds: Sequence[int] = SEEDS) -> dict:
    """What the page finds with each seed, and the seconds that it takes.

    Parameters
    ----------
    page
        It leaves behind, as `NAMES` has them: equal error rate and 20-way one-shot accuracy on
        people never seen, of the encoder and of pixels, and the share of triplets that still have a
        loss; the equal error rate by the choice of triplets, and of a collapse; both
        measures on digits never seen; and the seconds of the main training, by the clock and of
        all the processor's cores together.
    seeds
        One run of the page for each.
    """
    found = run_page(page, NAMES, seeds)
    return {
        "page": {name: found[name] for name in NAMES},
        "all": {"seconds": found["page_seconds"]},
    }
