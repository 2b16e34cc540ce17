"""The page about recognition: errors of strangers, and of a group that is rare in the training."""

from collections.abc import Sequence
from pathlib import Path

from benchmarks.page import BOOK, SEEDS, run_page

PAGE = BOOK / "faces" / "recognition.md"
NAMES = [
    *("test_accepts", "test_rejects", "strangers_in", "recognised", "turned_away", "confused"),
    *("rare_hatted_accepts", "rare_hatted_rejects", "rare_bare_accepts", "rare_bare_rejects"),
    *("fair_hatted_accepts", "fair_hatted_rejects", "fair_bare_accepts", "fair_bare_rejects"),
]


def run(page: Path = PAGE, seeds: Sequence[int] = SEEDS) -> dict:
    """What the page finds with each seed, and the seconds that it takes.

    Parameters
    ----------
    page
        It leaves behind, as `NAMES` has them: false accepts and false rejects on the test people;
        the share of strangers that is taken for somebody, and of enrolled people that is
        recognised, turned away, or taken for another; and both rates of both groups, with the
        hatted rare in the training and then not.
    seeds
        One run of the page for each.
    """
    found = run_page(page, NAMES, seeds)
    return {
        "page": {name: found[name] for name in NAMES},
        "all": {"seconds": found["page_seconds"]},
    }
