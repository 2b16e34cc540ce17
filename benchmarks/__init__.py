"""What the book measures rather than claims: ``python -m benchmarks`` (or ``make bench``).

Each module with a function ``run() -> dict`` is a topic. Its results go into
``cnnlab/measured.json`` under the module's name with hyphens, and pages read them from there with
:func:`cnnlab.measured.measured`.
"""

from collections.abc import Sequence
from statistics import mean, median

Numbers = dict[str, float | list[float]]


def over_seeds(runs: Sequence[float]) -> Numbers:
    """Mean, spread (largest − smallest) and the single results, of runs with different seeds."""
    return {"mean": mean(runs), "spread": max(runs) - min(runs), "runs": list(runs)}


def seconds(runs: Sequence[float]) -> Numbers:
    """Median, fastest and slowest of repeated timings."""
    return {"median": median(runs), "fastest": min(runs), "slowest": max(runs)}
