"""The page about transfer: what its networks reach over seeds, and the time of one answer."""

from collections.abc import Sequence
from pathlib import Path
from time import perf_counter

from benchmarks import Numbers, seconds
from benchmarks.page import BOOK, SEEDS, run_page
from cnnlab.architectures import classify
from cnnlab.data import photo

PAGE = BOOK / "architectures" / "transfer.md"
NAMES = (
    *("features_five", "pixels_five", "scratch_five"),
    *("digit_pixels", "digit_features", "digit_lower"),
    *("untuned", "tuned", "spoiled", "mended"),
)


def run(page: Path = PAGE, seeds: Sequence[int] = SEEDS, repeats: int = 21) -> dict:
    """Accuracies on the test pictures; seconds of the page, and of one answer.

    Parameters
    ----------
    page
        It leaves `NAMES` behind.
    seeds
        One run of the page for each.
    repeats
        How often one picture is classified.
    """
    return {"seconds": answer(repeats), **run_page(page, NAMES, seeds)}


def answer(repeats: int) -> Numbers:
    """Seconds of `classify` for one photograph of 300×451, after the first, which loads."""
    cat = photo("cat")
    classify(cat)
    times = []
    for _ in range(repeats):
        start = perf_counter()
        classify(cat)
        times.append(perf_counter() - start)
    return {**seconds(times), "repeats": repeats}
